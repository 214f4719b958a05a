/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "count/tally.h"
#include "lib/date.h"
#include "lib/text.h"

void
tally_unknown(struct tally *t, const struct record *r)
{
	struct unknown_count *count;
	char addr[64];
	struct key key;

	text_cut(r->remote, addr, sizeof(addr));
	key_start(&key);
	key_int(&key, day_of(r->time));
	key_text(&key, addr);
	key_text(&key, failure_name(r->failure));
	count = hash_get(t->unknown, key.buf, key.len, NULL);
	count->sessions++;
	if (r->time > count->last)
		count->last = r->time;
}

/*
 * A peer that shows another greeting each time must not make a row each time:
 * beyond the bound, one row of the type alone.
 */
static void
add_detail(struct tally *t, const struct record *r, const struct key *of,
    const struct judgement *j)
{
	char sip[64], rip[64], helo[HELO_MAX + 1];
	int64_t *n = hash_get(t->ndetails, of->buf, of->len, NULL);
	int64_t *count;
	struct key key = *of;
	size_t start;

	/* That a policy could not be had is no matter of a host's. */
	text_cut(j->without ? NULL : r->local, sip, sizeof(sip));
	text_cut(j->without ? NULL : r->remote, rip, sizeof(rip));
	text_cut(j->without ? NULL : r->helo, helo, sizeof(helo));
	key_text(&key, j->type);
	start = key.len;
	key_text(&key, sip);
	key_text(&key, rip);
	key_text(&key, j->mx);
	key_text(&key, helo);
	key_text(&key, j->reason);
	key_text(&key, j->info);
	key_int(&key, j->pending);
	count = hash_find(t->detail, key.buf, key.len);
	if (count == NULL && *n >= REPORT_DETAILS_MAX) {
		key.len = start;
		/* sip, rip, mx, helo, reason, info. */
		key_text(&key, "");
		key_text(&key, "");
		key_text(&key, "");
		key_text(&key, "");
		key_text(&key, "");
		key_text(&key, "");
		key_int(&key, 0);
		count = hash_find(t->detail, key.buf, key.len);
	}
	if (count == NULL) {
		count = hash_get(t->detail, key.buf, key.len, NULL);
		(*n)++;
	}
	(*count)++;
}

/* Which session it was: the fields of table trace, in that order. */
static void
add_trace(struct tally *t, const struct record *r, const char *domain,
    const struct judgement *j)
{
	char sip[64], rip[64], session[32], helo[HELO_MAX + 1];
	struct key key;

	text_cut(r->local, sip, sizeof(sip));
	text_cut(r->remote, rip, sizeof(rip));
	text_cut(r->session, session, sizeof(session));
	/* What is found by a look says nothing of the session's greeting. */
	text_cut(j->failed ? r->helo : NULL, helo, sizeof(helo));
	key_start(&key);
	key_int(&key, day_of(r->time));
	key_text(&key, domain);
	key_int(&key, j->policy);
	key_int(&key, r->time);
	key_text(&key, session);
	key_text(&key, rip);
	key_int(&key, j->pending);
	key_int(&key, j->failed ? UNSEEN_NOT : j->unseen);
	key_text(&key, j->failed ? j->type : "");
	key_text(&key, j->without ? "" : sip);
	key_text(&key, j->without ? "" : rip);
	key_text(&key, j->mx);
	key_text(&key, j->without ? "" : helo);
	key_text(&key, j->failed ? j->reason : "");
	key_text(&key, j->failed ? j->info : "");
	(void)hash_get(t->trace, key.buf, key.len, NULL);
}

/* Counted as good: that stands until its host has been looked at. */
static void
add_unseen(struct tally *t, const struct record *r, const struct key *of,
    const struct judgement *j)
{
	char sip[64], rip[64];
	struct key key = *of;

	text_cut(r->local, sip, sizeof(sip));
	text_cut(r->remote, rip, sizeof(rip));
	key_text(&key, sip);
	key_text(&key, rip);
	key_text(&key, j->mx);
	key_int(&key, j->unseen);
	(*(int64_t *)hash_get(t->unseen, key.buf, key.len, NULL))++;
}

static void
add_session(struct tally *t, const struct record *r, const char *domain)
{
	struct known *known = tally_known(t, domain);
	int64_t day = day_of(r->time);
	struct tally_count *count;
	struct judgement j;
	struct key key;

	if (r->ntx > 0 && r->tls != NULL && judge_forced(t->judge, known,
	    domain, r->time) == FORCED_ROUTED)
		whose_went(t->judge, t->past, r, domain);
	if (!judge_session(t->judge, known, domain, r, &j))
		return;
	count = tally_sessions(t, day, domain, j.policy);
	if (!j.failed && j.unseen == UNSEEN_NOT) {
		count->ok++;
		return;
	}
	tally_key(&key, day, domain, j.policy);
	if (j.failed) {
		count->fail++;
		add_detail(t, r, &key, &j);
		add_trace(t, r, domain, &j);
		return;
	}
	count->ok++;
	add_unseen(t, r, &key, &j);
	add_trace(t, r, domain, &j);
}

void
tally_session(struct tally *t, const struct record *r)
{
	size_t i;

	/*
	 * Each recipient domain once.  RFC 8460 3: reporting on reports would
	 * never end.
	 */
	for (i = 0; i < t->nsides; i++)
		if (t->sides[i].mail && *t->sides[i].domain != '*' &&
		    *t->sides[i].domain != '<')
			add_session(t, r, t->sides[i].domain);
}
