/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bounds.h"
#include "base/log.h"
#include "session/session.h"

#define SLOTS_MIN 1024
/* smtpd connects twice in one session at most (TLS, then without). */
#define HELD_MAX 4

static void	 finish_oldest(struct sessions *);
static void	 set_text(struct sessions *, pool_ref *, const char *, size_t);
static int	 set_addr(const struct text *, struct addr *);
static void	 set_local(struct sessions *, struct session *,
		    const struct text *);
static void	 hold(struct sessions *, struct session *);
static struct session *connected(struct sessions *, const struct event *);
static void	 set_ends(struct sessions *, struct session *,
		    const struct event *);
static void	 tls_on(struct sessions *, struct session *,
		    const struct text *);
static void	 identified(struct sessions *, struct session *,
		    const struct text *);
static void	 command(struct sessions *, struct session *,
		    const struct text *);
static void	 committed(const struct sessions *, struct session *);
static void	 handle(struct sessions *, struct session *,
		    const struct event *);

struct sessions *
sessions_new(const struct conf *conf, struct spool *spool, int verbose)
{
	struct sessions *ss;

	if ((ss = calloc(1, sizeof(*ss))) == NULL)
		return NULL;
	ss->spool = spool;
	ss->verbose = verbose;
	ss->max = SESSIONS_MAX;
	ss->mask = SLOTS_MIN - 1;
	if ((ss->pool = pool_new()) == NULL || (ss->open = pool_new()) == NULL ||
	    (ss->busy = busy_new()) == NULL ||
	    (ss->slots = calloc(SLOTS_MIN, sizeof(*ss->slots))) == NULL ||
	    sessions_conf(ss, conf) == -1) {
		sessions_free(ss);
		return NULL;
	}
	return ss;
}

static void
finish_oldest(struct sessions *ss)
{
	struct session *s = session_at(ss, ss->oldest);

	session_finish(ss, s);
	session_remove(ss, s);
}

void
sessions_free(struct sessions *ss)
{
	size_t i;

	if (ss == NULL)
		return;
	while (ss->count > 0)
		finish_oldest(ss);
	for (i = 0; i < ss->nflows; i++)
		free(ss->flows[i]);
	free(ss->flows);
	free(ss->flow_of);
	free(ss->slots);
	pool_free(ss->pool);
	pool_free(ss->open);
	busy_free(ss->busy);
	free(ss);
}

static void
set_text(struct sessions *ss, pool_ref *at, const char *s, size_t len)
{
	const struct str *old = str_at(ss->pool, *at);
	pool_ref was = *at;

	if (len > HELO_MAX)
		len = HELO_MAX;
	if (old != NULL && old->len == len && memcmp(old->s, s, len) == 0)
		return;
	*at = str_get(ss->pool, s, len);
	str_put(ss->pool, was);
}

/* "192.0.2.1:25", "[2001:db8::1]:25", "[fe80::1%eth0]:25"; 0 or -1. */
static int
set_addr(const struct text *t, struct addr *addr)
{
	const char *end, *scope;

	if (t->len > 0 && t->s[0] == '[') {
		if ((end = memchr(t->s, ']', t->len)) == NULL)
			return -1;
		scope = memchr(t->s, '%', end - t->s);
		if (scope != NULL)
			end = scope;
		return addr_parse(t->s + 1, end - t->s - 1, addr);
	}
	for (end = t->s + t->len; end > t->s && end[-1] != ':'; end--)
		;
	return end == t->s ? addr_parse(t->s, t->len, addr) :
	    addr_parse(t->s, end - 1 - t->s, addr);
}

static void
set_local(struct sessions *ss, struct session *s, const struct text *t)
{
	struct addr addr;
	char text[64];

	if (set_addr(t, &addr) == -1)
		return;
	if (ss->local == 0 ||
	    memcmp(&addr, &ss->local_addr, sizeof(addr)) != 0) {
		addr_print(&addr, text, sizeof(text));
		set_text(ss, &ss->local, text, strlen(text));
		ss->local_addr = addr;
	}
	s->local = str_ref(ss->pool, ss->local);
}

static void
set_ends(struct sessions *ss, struct session *s, const struct event *ev)
{
	const struct text *f = ev->field;

	if (f[0].len > 0 && !text_is(&f[0], "<unknown>"))
		set_text(ss, &s->rdns, f[0].s, f[0].len);
	if (text_is(&f[1], "pass"))
		s->flags |= S_FCRDNS;
	if (ev->out)
		s->flags |= S_OUT;
	/* On the way out smtpd is the source. */
	if (set_addr(&f[ev->out ? 3 : 2], &s->remote) == 0)
		s->flags |= S_REMOTE;
	set_local(ss, s, &f[ev->out ? 2 : 3]);
	if (ev->out && (s->flags & S_REMOTE)) {
		s->began = s->time;
		s->busy = (int32_t)busy_begin(ss->busy, &s->remote, s->began);
	}
	if (!ev->out && ((f[2].len >= 5 && memcmp(f[2].s, "unix:", 5) == 0) ||
	    ((s->flags & S_REMOTE) && (addr_is_loopback(&s->remote) ||
	    (ss->own != NULL && addr_is_own(ss->own, &s->remote))))))
		s->flags |= S_TRUSTED;
}

/*
 * smtpd connects again, without TLS, in the same session: what became of the
 * first connection is written when the second has told whose mail it was.
 */
static void
hold(struct sessions *ss, struct session *s)
{
	struct session *h;
	pool_ref held = 0;
	enum starttls starttls;
	enum failure failure;
	int downgraded;

	session_outcome(s, &starttls, &failure);
	downgraded = failure == FAILURE_VALIDATION;
	if (s->nrows == 0 && s->nheld < HELD_MAX)
		held = pool_get(ss->open, sizeof(*h));
	if ((h = session_at(ss, held)) == NULL) {
		session_finish(ss, s);
		session_clear(ss, s);
	} else {
		*h = *s;
		s->held = held;
		s->nheld++;
		s->rdns = s->helo = s->tls = s->from = s->local = 0;
		s->flags &= S_WAITS;
		s->tlsver = TLSVER_NONE;
	}
	if (downgraded)
		s->flags |= S_DOWNGRADED;
}

static struct session *
connected(struct sessions *ss, const struct event *ev)
{
	struct session *s = session_find(ss, ev->session);

	/* smtpd has long forgotten that one. */
	if (s == NULL && ss->count >= ss->max) {
		finish_oldest(ss);
		ss->evicted++;
	}
	if (s != NULL) {
		if (ev->time != 0)
			s->time = session_time(ev->time);
		if (ev->out && (s->flags & S_OUT))
			hold(ss, s);
		else {
			session_finish(ss, s);
			session_clear(ss, s);
		}
	} else if ((s = session_add(ss, ev->session)) == NULL)
		return NULL;
	s->time = session_time(ev->time != 0 ? ev->time : ss->now);
	set_ends(ss, s, ev);
	return s;
}

static void
tls_on(struct sessions *ss, struct session *s, const struct text *t)
{
	const char *colon = memchr(t->s, ':', t->len);

	set_text(ss, &ss->tls, t->s, t->len);
	str_put(ss->pool, s->tls);
	s->tls = str_ref(ss->pool, ss->tls);
	s->tlsver = tlsver_parse(t->s, colon == NULL ? t->len :
	    (size_t)(colon - t->s));
	s->flags |= S_TLS;
	if (!(s->flags & S_EHLO))
		s->flags |= S_IMPLICIT;
}

/*
 * Most hosts call themselves what the DNS calls them, which is at hand: the
 * table of all texts, that of many sessions lies in slow memory, is not asked.
 */
static void
set_helo(struct sessions *ss, struct session *s, const struct text *name)
{
	const struct str *rdns = str_at(ss->pool, s->rdns);

	if (s->helo == 0 && rdns != NULL && rdns->len == name->len &&
	    memcmp(rdns->s, name->s, name->len) == 0)
		s->helo = str_ref(ss->pool, s->rdns);
	else
		set_text(ss, &s->helo, name->s, name->len);
}

static void
identified(struct sessions *ss, struct session *s, const struct text *name)
{
	s->flags |= S_EHLO;
	set_helo(ss, s, name);
}

/* What smtpd says to another host. */
static void
command(struct sessions *ss, struct session *s, const struct text *t)
{
	struct text path;

	/* smtpd sends one at a time: the one before had its answer. */
	if (s->flags & S_MAIL)
		s->flags |= S_ANSWERED;
	/* "RSET", "QUIT", "DATA" and "." say no more than that. */
	if (t->len < 5)
		return;
	/* Parameters may follow a path; in quotes '>' is not its end. */
	switch (t->s[0]) {
	case 'M':
		if (t->len < 11 || strncasecmp(t->s, "MAIL FROM:<", 11) != 0)
			break;
		path.s = t->s + 11;
		path.len = t->len - 11;
		path.len = text_path(&path);
		s->flags |= S_MAIL;
		session_mail(ss, s, &path);
		break;
	case 'R':
		if (t->len < 9 || strncasecmp(t->s, "RCPT TO:<", 9) != 0)
			break;
		path.s = t->s + 9;
		path.len = t->len - 9;
		path.len = text_path(&path);
		session_rcpt_out(ss, s, &path);
		break;
	case 'S':
		if (text_is(t, "STARTTLS"))
			s->flags |= S_STARTTLS;
		break;
	case 'E':
	case 'H':
	case 'L':
		if (strncasecmp(t->s + 1, "HLO ", 4) != 0 &&
		    strncasecmp(t->s + 1, "ELO ", 4) != 0)
			break;
		s->flags |= S_EHLO;
		if (t->s[0] == 'H')
			s->flags |= S_HELO;
		if (s->flags & S_STARTTLS)
			s->flags |= S_EHLO_AGAIN;
		break;
	}
}

static void
committed(const struct sessions *ss, struct session *s)
{
	struct row *row = session_row(ss, s->rows);

	for (; row != NULL; row = session_row(ss, row->next)) {
		/* A refused recipient's mail is not in the message. */
		if (row->open && row->verdict != VERDICT_REJECT &&
		    row->messages < UINT32_MAX)
			row->messages++;
		row->open = 0;
	}
}

static void
handle(struct sessions *ss, struct session *s, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_GREETING:
		set_helo(ss, s, &ev->field[0]);
		break;
	case EVENT_IDENTIFY:
		identified(ss, s, &ev->field[1]);
		break;
	case EVENT_TLS:
		tls_on(ss, s, &ev->field[0]);
		break;
	case EVENT_AUTH:
		if (text_is(&ev->field[0], "pass"))
			s->flags |= S_TRUSTED;
		break;
	case EVENT_MAIL:
		if (text_is(&ev->field[1], "ok"))
			session_mail(ss, s, &ev->field[2]);
		break;
	case EVENT_RCPT:
		if (text_is(&ev->field[1], "ok"))
			session_rcpt_taken(ss, s, &ev->field[2]);
		break;
	case EVENT_COMMIT:
		committed(ss, s);
		break;
	case EVENT_COMMAND:
		command(ss, s, &ev->field[0]);
		break;
	case EVENT_CONNECT:
	case EVENT_DISCONNECT:
	case EVENT_RCPT_TO:
		break;
	}
}

void
sessions_event(struct sessions *ss, const struct event *ev)
{
	struct session *s;

	if (ev->kind == EVENT_CONNECT)
		s = connected(ss, ev);
	else
		s = session_find(ss, ev->session);
	if (s == NULL || (s->flags & S_OUT) != (ev->out ? S_OUT : 0)) {
		ss->unknown++;
		return;
	}
	s->time = session_time(ev->time != 0 ? ev->time : ss->now);
	if (ev->kind == EVENT_DISCONNECT) {
		session_finish(ss, s);
		session_remove(ss, s);
		return;
	}
	handle(ss, s, ev);
}
