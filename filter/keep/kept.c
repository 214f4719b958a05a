/* SPDX-License-Identifier: ISC */

#include <sys/tree.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "keep/kept.h"
#include "keep/kept_line.h"

#define LATER "reject|451 4.3.0 A filter of this host failed: try again later"
#define NEVER "reject|554 5.6.0 A filter of this host failed on this mail"

/* What became of the mail that a session hands over. */
enum fate {
	FATE_WELL,
	FATE_LATER,		/* its filter ended, as one of several */
	FATE_NEVER		/* alone */
};

struct client {
	RB_ENTRY(client) entry;
	char		 id[KEPT_HEX_LEN + 1];
	uint64_t	 start;		/* of the filter that knows it; 0 */
	char		 asked[KEPT_HEX_LEN + 1];	/* a question's */
	char		 data[KEPT_HEX_LEN + 1];	/* a mail's lines' */
	int		 commit;	/* what is asked is a whole mail */
	int		 whole;		/* smtpd has given the last of them */
	int		 owed;		/* looks since smtpd waits */
	int64_t		 given;		/* bytes of them, and of the answer */
	int64_t		 got;
	enum fate	 fate;
};

RB_HEAD(clients, client);

struct kept {
	kept_line	 to_smtpd;
	kept_line	 to_filter;
	void		*arg;
	struct clients	 clients;
	uint64_t	 starts;
	int		 runs;
	int		 ready;
	int		 came_up;	/* ready since its last start */
	char		*config;	/* smtpd's lines, each with its end */
	size_t		 configlen;
	char		*wanted[KEPT_EVENTS_MAX];
	size_t		 nwanted;
	int		 talks_on;
	uint64_t	 passed;
	uint64_t	 dropped;
};

static int
client_cmp(const struct client *a, const struct client *b)
{
	return memcmp(a->id, b->id, KEPT_HEX_LEN);
}

RB_PROTOTYPE_STATIC(clients, client, entry, client_cmp)
RB_GENERATE_STATIC(clients, client, entry, client_cmp)

struct kept *
kept_new(kept_line to_smtpd, kept_line to_filter, void *arg)
{
	struct kept *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->to_smtpd = to_smtpd;
	k->to_filter = to_filter;
	k->arg = arg;
	RB_INIT(&k->clients);
	return k;
}

static void
forget(struct kept *k, struct client *c)
{
	RB_REMOVE(clients, &k->clients, c);
	free(c);
}

void
kept_free(struct kept *k)
{
	struct client *c;

	while ((c = RB_MIN(clients, &k->clients)) != NULL)
		forget(k, c);
	while (k->nwanted > 0)
		free(k->wanted[--k->nwanted]);
	free(k->config);
	free(k);
}

int
kept_ready(const struct kept *k)
{
	return k->ready;
}

int
kept_came_up(const struct kept *k)
{
	return k->came_up;
}

int
kept_talks_on(const struct kept *k)
{
	return k->talks_on;
}

uint64_t
kept_passed(const struct kept *k)
{
	return k->passed;
}

uint64_t
kept_dropped(const struct kept *k)
{
	return k->dropped;
}

static struct client *
find(struct kept *k, const char *id)
{
	struct client key;

	(void)strlcpy(key.id, id, sizeof(key.id));
	return RB_FIND(clients, &k->clients, &key);
}

/* Of a session that begins; without memory the filter is not asked. */
static struct client *
add(struct kept *k, const char *id)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	(void)strlcpy(c->id, id, sizeof(c->id));
	c->start = k->runs ? k->starts : 0;
	RB_INSERT(clients, &k->clients, c);
	return c;
}

/* Whether the filter as it runs has seen the session begin. */
static int
knows(const struct kept *k, const struct client *c)
{
	return k->runs && c != NULL && c->start == k->starts;
}

/* "report|smtp-in|tx-begin" of its registration, or "report|smtp-in|*". */
static int
wants(const struct kept *k, const char *event, size_t len)
{
	const char *wanted;
	size_t i, n;

	for (i = 0; i < k->nwanted; i++) {
		wanted = k->wanted[i];
		n = strlen(wanted);
		if (wanted[n - 1] == '*' ? len >= n &&
		    memcmp(wanted, event, n - 1) == 0 :
		    len == n && memcmp(wanted, event, n) == 0)
			return 1;
	}
	return 0;
}

/* The same of a line: "report|0.7|TIME|smtp-in|tx-begin|...". */
static int
wants_line(const struct kept *k, const struct asked *a)
{
	const char *version = memchr(a->line, '|', a->len);
	const char *time = memchr(version + 1, '|', a->event);
	const char *where = memchr(time + 1, '|', a->event);
	char event[KEPT_EVENT_MAX];
	int n;

	n = snprintf(event, sizeof(event), "%.*s%.*s",
	    (int)(version - a->line), a->line,
	    (int)(a->line + a->event - 1 - where), where);
	return n > 0 && (size_t)n < sizeof(event) && wants(k, event, n);
}

static void
answer(struct kept *k, const char *kind, const char *id, const char *token,
    const char *what)
{
	char line[256];
	int n;

	n = snprintf(line, sizeof(line), "%s|%s|%s|%s", kind, id, token, what);
	k->to_smtpd(line, n, k->arg);
}

/* What the filter does not get is answered for it. */
static void
answer_for(struct kept *k, struct client *c, const struct asked *a, int wanted)
{
	const char *what = LATER;

	if (kept_is_event(a, "data-line")) {
		if (c != NULL && c->fate == FATE_WELL)
			c->fate = FATE_LATER;
		if (kept_is_last(a->text, a->textlen))
			answer(k, "filter-dataline", a->id, a->token, ".");
		return;
	}
	if (kept_is_event(a, "commit") && c != NULL) {
		if (c->fate == FATE_NEVER)
			what = NEVER;
		else if (c->fate == FATE_WELL && !wanted)
			what = "proceed";
		c->fate = FATE_WELL;
	}
	answer(k, "filter-result", a->id, a->token, what);
}

static void
question(struct kept *k, struct client *c, const struct asked *a)
{
	int wanted = wants_line(k, a);

	if (!wanted || !knows(k, c) || c->fate != FATE_WELL) {
		answer_for(k, c, a, wanted);
		return;
	}
	if (kept_is_event(a, "data-line")) {
		if (strcmp(c->data, a->token) != 0)
			c->given = c->got = 0;
		(void)strlcpy(c->data, a->token, sizeof(c->data));
		c->given += a->textlen + 1;
		c->whole = kept_is_last(a->text, a->textlen);
		c->owed = 0;
	} else {
		(void)strlcpy(c->asked, a->token, sizeof(c->asked));
		c->commit = kept_is_event(a, "commit");
		c->owed = 0;
	}
	k->to_filter(a->line, a->len, k->arg);
}

static void
config(struct kept *k, const char *line, size_t len)
{
	char *grown = realloc(k->config, k->configlen + len + 1);

	if (grown == NULL)
		return;
	k->config = grown;
	memcpy(grown + k->configlen, line, len);
	grown[k->configlen + len] = '\n';
	k->configlen += len + 1;
	if (k->runs)
		k->to_filter(line, len, k->arg);
}

void
kept_smtpd(struct kept *k, const char *line, size_t len)
{
	struct asked a;
	struct client *c;

	if (len > 7 && memcmp(line, "config|", 7) == 0) {
		config(k, line, len);
		return;
	}
	if (kept_parse(line, len, &a) == -1)
		return;
	if ((c = find(k, a.id)) == NULL && kept_is_event(&a, "link-connect"))
		c = add(k, a.id);
	if (*line == 'f') {
		question(k, c, &a);
		return;
	}
	if (knows(k, c) && wants_line(k, &a))
		k->to_filter(line, len, k->arg);
	if (c != NULL && kept_is_event(&a, "link-disconnect"))
		forget(k, c);
}

static void
announce(struct kept *k, const char *event, size_t len)
{
	char line[KEPT_EVENT_MAX + sizeof("register|")];
	int n;

	n = snprintf(line, sizeof(line), "register|%.*s", (int)len, event);
	k->to_smtpd(line, n, k->arg);
}

/* What is needed here, whether the filter wants it or not. */
static void
need(struct kept *k, const char *event)
{
	if (!wants(k, event, strlen(event)))
		announce(k, event, strlen(event));
}

/*
 * What it wants, and what is needed here, at its first start only.  0, or -1:
 * that can't be had.
 */
static int
registration(struct kept *k, const char *event, size_t len)
{
	size_t i;
	int out = 0;

	k->came_up |= len == 5 && memcmp(event, "ready", len) == 0;
	if (k->ready)
		return 0;
	if (!k->came_up) {
		if (!kept_is_registration(event, len) ||
		    k->nwanted == nitems(k->wanted) ||
		    (k->wanted[k->nwanted] = strndup(event, len)) == NULL)
			return -1;
		k->nwanted++;
		announce(k, event, len);
		return 0;
	}
	for (i = 0; i < k->nwanted; i++)
		out |= strstr(k->wanted[i], "|smtp-out|") != NULL;
	need(k, "report|smtp-in|link-connect");
	need(k, "report|smtp-in|link-disconnect");
	if (out) {
		need(k, "report|smtp-out|link-connect");
		need(k, "report|smtp-out|link-disconnect");
	}
	if (wants(k, "filter|smtp-in|data-line", 24))
		need(k, "filter|smtp-in|commit");
	k->ready = 1;
	k->to_smtpd("register|ready", 14, k->arg);
	return 0;
}

/* Whether smtpd waits for that answer; what is not asked ends smtpd. */
static int
is_asked(struct kept *k, const char *p, const char *end, int data)
{
	char id[KEPT_HEX_LEN + 1], token[KEPT_HEX_LEN + 1];
	struct client *c;

	if ((p = kept_hex(p, end, id)) == NULL ||
	    (p = kept_hex(p, end, token)) == NULL || p == end + 1 ||
	    !knows(k, c = find(k, id)) ||
	    strcmp(data ? c->data : c->asked, token) != 0)
		return 0;
	if (!data) {
		c->asked[0] = '\0';
		if (kept_is_answer(p, end - p, c->commit))
			return 1;
		answer(k, "filter-result", id, token, LATER);
		return 0;
	}
	if (kept_is_last(p, end - p)) {
		/* smtpd would go on, and what it says next be lost. */
		if (!c->whole)
			return 0;
		c->data[0] = '\0';
		return 1;
	}
	c->got += end - p + 1;
	k->talks_on |= c->got > KEPT_GROWTH_TIMES * c->given +
	    KEPT_GROWTH_BYTES;
	return !k->talks_on;
}

void
kept_filter(struct kept *k, const char *line, size_t len)
{
	const char *end;

	/* smtpd reads a line up to a NUL. */
	len = strnlen(line, len);
	end = line + len;
	if (len > 9 && memcmp(line, "register|", 9) == 0)
		k->dropped += registration(k, line + 9, len - 9) == -1;
	else if ((len > 14 && memcmp(line, "filter-result|", 14) == 0 &&
	    is_asked(k, line + 14, end, 0)) ||
	    (len > 16 && memcmp(line, "filter-dataline|", 16) == 0 &&
	    is_asked(k, line + 16, end, 1))) {
		k->passed++;
		k->to_smtpd(line, len, k->arg);
	} else
		k->dropped++;
}

int
kept_look(struct kept *k)
{
	struct client *c;
	int most = 0;

	/* Up to a mail's last line the client is waited for. */
	RB_FOREACH(c, clients, &k->clients)
		if (knows(k, c) && (c->asked[0] != '\0' ||
		    (c->data[0] != '\0' && c->whole)) && ++c->owed > most)
			most = c->owed;
	return most;
}

void
kept_started(struct kept *k)
{
	const char *p = k->config, *end = p + k->configlen, *nl;

	k->starts++;
	k->runs = 1;
	k->came_up = k->talks_on = 0;
	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', end - p);
		k->to_filter(p, nl - p, k->arg);
	}
}

size_t
kept_ended(struct kept *k, int hung)
{
	struct client *c;
	size_t n = 0;

	RB_FOREACH(c, clients, &k->clients)
		n += c->start == k->starts && c->data[0] != '\0';
	RB_FOREACH(c, clients, &k->clients) {
		if (c->start != k->starts)
			continue;
		if (c->asked[0] != '\0')
			answer(k, "filter-result", c->id, c->asked, LATER);
		if (c->data[0] != '\0') {
			c->fate = n == 1 && !hung ? FATE_NEVER : FATE_LATER;
			if (c->whole)
				answer(k, "filter-dataline", c->id, c->data,
				    ".");
		}
		c->asked[0] = c->data[0] = '\0';
	}
	k->runs = 0;
	return n;
}
