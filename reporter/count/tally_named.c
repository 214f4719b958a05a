/* SPDX-License-Identifier: ISC */

/*
 * A session counts in several tables by the same domain.  A busy host has more
 * domains than a processor's cache holds, so that each look into a table is a
 * wait for memory: where the rows of a domain are is kept in one place.
 */

#include <string.h>

#include "count/tally.h"
#include "lib/date.h"

static struct named *
named_of(struct tally *t, const char *domain)
{
	struct key key;

	if (t->last != NULL && strcmp(t->last_name, domain) == 0)
		return t->last;
	key_start(&key);
	key_text(&key, domain);
	t->last = hash_get(t->named, key.buf, key.len, NULL);
	strlcpy(t->last_name, domain, sizeof(t->last_name));
	return t->last;
}

struct flow_count *
tally_flow(struct tally *t, int64_t when, enum record_dir dir,
    const char *class)
{
	struct flow_recent *recent = &t->recent[dir][*class == '*'];
	int64_t day = day_of(when), hour = when / 3600;
	struct key key;

	if (recent->count != NULL && recent->hour == hour &&
	    strcmp(recent->class, class) == 0)
		return recent->count;
	key_start(&key);
	key_int(&key, day);
	key_int(&key, hour - day * 24);
	key_int(&key, dir);
	key_text(&key, class);
	recent->hour = hour;
	strlcpy(recent->class, class, sizeof(recent->class));
	return recent->count = hash_get(t->flow, key.buf, key.len, NULL);
}

struct correspondent_count *
tally_correspondent(struct tally *t, int64_t day, enum record_dir dir,
    const char *domain, int *is_new)
{
	struct named *named = named_of(t, domain);
	struct key key;

	*is_new = 0;
	if (named->correspondent[dir] != NULL &&
	    named->correspondent_day[dir] == day)
		return named->correspondent[dir];
	key_start(&key);
	key_int(&key, day);
	key_int(&key, dir);
	key_text(&key, domain);
	named->correspondent_day[dir] = day;
	return named->correspondent[dir] = hash_get(t->correspondent, key.buf,
	    key.len, is_new);
}

struct waiting_count *
tally_waiting(struct tally *t, const char *domain)
{
	struct named *named = named_of(t, domain);
	struct key key;

	if (named->waiting != NULL)
		return named->waiting;
	key_start(&key);
	key_text(&key, domain);
	return named->waiting = hash_get(t->waiting, key.buf, key.len, NULL);
}

void
tally_key(struct key *key, int64_t day, const char *domain, int64_t policy)
{
	key_start(key);
	key_int(key, day);
	key_text(key, domain);
	key_int(key, policy);
}

struct tally_count *
tally_sessions(struct tally *t, int64_t day, const char *domain,
    int64_t policy)
{
	struct named *named = named_of(t, domain);
	struct key key;

	if (named->sessions != NULL && named->sessions_day == day &&
	    named->sessions_policy == policy)
		return named->sessions;
	tally_key(&key, day, domain, policy);
	named->sessions_day = day;
	named->sessions_policy = policy;
	return named->sessions = hash_get(t->session, key.buf, key.len, NULL);
}

struct known *
tally_known(struct tally *t, const char *domain)
{
	struct named *named = named_of(t, domain);

	if (named->known == NULL)
		named->known = judge_known(t->judge, domain);
	return named->known;
}
