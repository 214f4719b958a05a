/* SPDX-License-Identifier: ISC */

#include <sys/tree.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "keep/kept.h"

#define HEX_LEN 16			/* a session, a token */
#define EVENT_MAX 100			/* "report|smtp-out|link-disconnect" */

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
	char		 id[HEX_LEN + 1];
	uint64_t	 start;		/* of the filter that knows it; 0 */
	char		 asked[HEX_LEN + 1];	/* token of a question; "" */
	char		 data[HEX_LEN + 1];	/* the same of a mail's lines */
	int		 commit;	/* what is asked is a whole mail */
	int		 whole;		/* smtpd has given the last of them */
	int		 owed;		/* looks since smtpd waits */
	int64_t		 given;		/* bytes of them, and of the answer */
	int64_t		 got;
	enum fate	 fate;
};

RB_HEAD(clients, client);

/* One line of smtpd's; fields point into it. */
struct asked {
	const char	*line;
	size_t		 len;
	size_t		 event;		/* bytes in front of the session */
	char		 id[HEX_LEN + 1];
	char		 token[HEX_LEN + 1];	/* of a question */
	const char	*text;		/* behind these */
	size_t		 textlen;
};

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
	return memcmp(a->id, b->id, HEX_LEN);
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
	char event[EVENT_MAX];
	int n;

	n = snprintf(event, sizeof(event), "%.*s%.*s",
	    (int)(version - a->line), a->line,
	    (int)(a->line + a->event - 1 - where), where);
	return n > 0 && (size_t)n < sizeof(event) && wants(k, event, n);
}

/* The next 16 digits up to a '|' or the end; NULL if it is none. */
static const char *
read_hex(const char *p, const char *end, char out[HEX_LEN + 1])
{
	if (end - p < HEX_LEN || (end - p > HEX_LEN && p[HEX_LEN] != '|') ||
	    strspn(p, "0123456789abcdef") < HEX_LEN)
		return NULL;
	memcpy(out, p, HEX_LEN);
	out[HEX_LEN] = '\0';
	return end - p > HEX_LEN ? p + HEX_LEN + 1 : end;
}

/* 0, or -1: it is no line about a session. */
static int
parse(const char *line, size_t len, struct asked *a)
{
	const char *p = line, *end = line + len;
	int i;

	for (i = 0; i < 5; i++, p++)
		if ((p = memchr(p, '|', end - p)) == NULL)
			return -1;
	a->line = line;
	a->len = len;
	a->event = p - line;
	a->token[0] = '\0';
	if ((p = read_hex(p, end, a->id)) == NULL ||
	    (*line == 'f' && (p = read_hex(p, end, a->token)) == NULL))
		return -1;
	a->text = p;
	a->textlen = end - p;
	return 0;
}

static int
is_event(const struct asked *a, const char *event)
{
	size_t len = strlen(event);

	return a->event > len + 1 && a->line[a->event - len - 2] == '|' &&
	    memcmp(a->line + a->event - len - 1, event, len) == 0;
}

static int
is_last(const char *text, size_t len)
{
	return len == 1 && *text == '.';
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

	if (is_event(a, "data-line")) {
		if (c != NULL && c->fate == FATE_WELL)
			c->fate = FATE_LATER;
		if (is_last(a->text, a->textlen))
			answer(k, "filter-dataline", a->id, a->token, ".");
		return;
	}
	if (is_event(a, "commit") && c != NULL) {
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
	if (is_event(a, "data-line")) {
		if (strcmp(c->data, a->token) != 0)
			c->given = c->got = 0;
		(void)strlcpy(c->data, a->token, sizeof(c->data));
		c->given += a->textlen + 1;
		c->whole = is_last(a->text, a->textlen);
		c->owed = 0;
	} else {
		(void)strlcpy(c->asked, a->token, sizeof(c->asked));
		c->commit = is_event(a, "commit");
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
	if (parse(line, len, &a) == -1)
		return;
	if ((c = find(k, a.id)) == NULL && is_event(&a, "link-connect"))
		c = add(k, a.id);
	if (*line == 'f') {
		question(k, c, &a);
		return;
	}
	if (knows(k, c) && wants_line(k, &a))
		k->to_filter(line, len, k->arg);
	if (c != NULL && is_event(&a, "link-disconnect"))
		forget(k, c);
}

static void
announce(struct kept *k, const char *event, size_t len)
{
	char line[EVENT_MAX + sizeof("register|")];
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
 * Whether smtpd can read that: it ends at any other.  Which events there are it
 * knows itself; of questions there is no "*".
 */
static int
is_registration(const char *text, size_t len)
{
	static const char *const said[] = { "report|smtp-in|",
	    "report|smtp-out|", "filter|smtp-in|" };
	char name[EVENT_MAX];
	size_t i, n;

	if (len >= EVENT_MAX)
		return 0;
	for (i = 0; i < nitems(said); i++) {
		n = strlen(said[i]);
		if (len <= n || memcmp(text, said[i], n) != 0)
			continue;
		memcpy(name, text + n, len - n);
		name[len - n] = '\0';
		return (*text == 'r' && strcmp(name, "*") == 0) ||
		    strspn(name, "abcdefghijklmnopqrstuvwxyz-") == len - n;
	}
	return 0;
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
		if (!is_registration(event, len) ||
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

/*
 * Whether smtpd can read that answer: it ends at any other, at one that is too
 * long for its own messages, and at "junk" of a mail that is whole.
 */
static int
is_answer(const struct client *c, const char *text, size_t len)
{
	static const char *const said[] = { "rewrite|", "reject|",
	    "disconnect|", "report|" };
	size_t i;

	if (len > KEPT_ANSWER_MAX)
		return 0;
	if (len == 7 && memcmp(text, "proceed", 7) == 0)
		return 1;
	if (len == 4 && memcmp(text, "junk", 4) == 0)
		return !c->commit;
	for (i = 0; i < nitems(said); i++)
		if (len >= strlen(said[i]) &&
		    memcmp(text, said[i], strlen(said[i])) == 0)
			return 1;
	return 0;
}

/* Whether smtpd waits for that answer; what is not asked ends smtpd. */
static int
is_asked(struct kept *k, const char *p, const char *end, int data)
{
	char id[HEX_LEN + 1], token[HEX_LEN + 1];
	struct client *c;

	if ((p = read_hex(p, end, id)) == NULL ||
	    (p = read_hex(p, end, token)) == NULL || p == end + 1 ||
	    !knows(k, c = find(k, id)) ||
	    strcmp(data ? c->data : c->asked, token) != 0)
		return 0;
	if (!data) {
		c->asked[0] = '\0';
		if (is_answer(c, p, end - p))
			return 1;
		answer(k, "filter-result", id, token, LATER);
		return 0;
	}
	if (is_last(p, end - p)) {
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
