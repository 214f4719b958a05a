/* SPDX-License-Identifier: ISC */

/*
 * What is kept of a recipient and of what was answered: its row in the
 * session's record, and a line of the log.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vis.h>

#include "base/domain.h"
#include "base/mail_path.h"
#include "base/log.h"
#include "rule/flow.h"
#include "session/session.h"

/* A path of SMTP: local part, '@', domain (RFC 5321 4.5.3.1). */
#define ADDRESS_MAX (64 + 1 + 255)

/* Rows kept for "from and to no longer told apart". */
#define ROWS_SUMS 8

struct line {
	char	 s[2048];
	size_t	 len;
};

int
session_domain(const struct sessions *ss, const struct text *t, char out[],
    size_t outsz)
{
	const char *host = ss->conf->hostname;
	struct mail_path m;
	size_t i;

	mail_path_read(t->s, t->len, &m);
	out[0] = '\0';
	if (t->len == 0)
		return 0;
	if (m.domainlen == 0)
		return domain_normal(host, strlen(host), out, outsz) == 0;
	if (domain_normal(m.domain, m.domainlen, out, outsz) == 0)
		return 1;
	if (m.domainlen >= outsz)
		m.domainlen = outsz - 1;
	for (i = 0; i < m.domainlen; i++)
		out[i] = m.domain[i] >= 'A' && m.domain[i] <= 'Z' ?
		    m.domain[i] | 0x20 : m.domain[i];
	out[i] = '\0';
	return 0;
}

const char *
session_part(const char *s)
{
	const char *at = strrchr(s, '@');

	return at == NULL ? s : at + 1;
}

pool_ref
session_address(struct sessions *ss, const struct text *t, const char *domain)
{
	char whole[ADDRESS_MAX + DOMAIN_MAX];
	struct mail_path m;
	size_t len;
	int n;

	if (!ss->verbose)
		return str_get(ss->pool, domain, strlen(domain));
	mail_path_read(t->s, t->len, &m);
	if (t->len == 0 || m.domainlen > 0) {
		len = (size_t)(t->s + t->len - m.user);
		return str_get(ss->pool, m.user, len > ADDRESS_MAX ?
		    ADDRESS_MAX : len);
	}
	if (m.userlen > ADDRESS_MAX)
		m.userlen = ADDRESS_MAX;
	/* Without a domain of its own, it gets the one that it is judged by. */
	n = snprintf(whole, sizeof(whole), "%.*s@%s", (int)m.userlen, m.user,
	    domain);
	return n < 0 ? 0 : str_get(ss->pool, whole,
	    (size_t)n < sizeof(whole) ? (size_t)n : sizeof(whole) - 1);
}

int
sessions_conf(struct sessions *ss, const struct conf *conf)
{
	uint16_t *flow_of;
	size_t i, n = conf->nclasses;

	if ((flow_of = calloc(n * n, sizeof(*flow_of))) == NULL)
		return -1;
	for (i = 0; i < n * n; i++)
		flow_of[i] = UINT16_MAX;
	free(ss->flow_of);
	ss->flow_of = flow_of;
	ss->nclasses = n;
	ss->conf = conf;
	return 0;
}

/* Names outlive the configuration: rows of open sessions use them. */
static uint16_t
flow_id(struct sessions *ss, int from, int to)
{
	uint16_t *id = &ss->flow_of[from * ss->nclasses + to];
	char name[128], **grown;
	size_t i;

	if (*id != UINT16_MAX)
		return *id;
	flow_name(ss->conf, from, to, name, sizeof(name));
	for (i = 0; i < ss->nflows; i++)
		if (strcmp(ss->flows[i], name) == 0)
			return *id = i;
	if (i >= UINT16_MAX - 1)
		return UINT16_MAX;
	grown = reallocarray(ss->flows, i + 1, sizeof(*grown));
	if (grown == NULL)
		return UINT16_MAX;
	ss->flows = grown;
	if ((ss->flows[i] = strdup(name)) == NULL)
		return UINT16_MAX;
	ss->nflows++;
	return *id = i;
}

static int
has_row(const struct sessions *ss, const struct session *s, pool_ref to)
{
	const struct row *row = session_row(ss, s->rows);

	while (row != NULL && (row->to != to || row->from != s->from))
		row = session_row(ss, row->next);
	return row != NULL;
}

/* The row of that kind, or a new one; takes to over.  NULL without memory. */
static struct row *
row_get(struct sessions *ss, struct session *s, pool_ref to, uint16_t flow,
    const struct flow_answer *a)
{
	struct row *row, *last = NULL;
	pool_ref from = s->from, ref;
	int report = session_is_report(s, a);

	if (s->nrows >= RECORD_TX_MAX - ROWS_SUMS && !has_row(ss, s, to)) {
		str_put(ss->pool, to);
		from = to = 0;
	}
	for (row = session_row(ss, s->rows); row != NULL;
	    row = session_row(ss, row->next)) {
		if (row->from == from && row->to == to && row->flow == flow &&
		    row->verdict == a->verdict && row->why == a->why &&
		    row->report == report) {
			str_put(ss->pool, to);
			return row;
		}
		last = row;
	}
	if (s->nrows == RECORD_TX_MAX) {
		str_put(ss->pool, to);
		return last;
	}
	ref = pool_get(ss->pool, sizeof(*row));
	if ((row = session_row(ss, ref)) == NULL) {
		ss->nomem++;
		str_put(ss->pool, to);
		return NULL;
	}
	s->nrows++;
	if (last == NULL)
		s->rows = ref;
	else
		last->next = ref;
	memset(row, 0, sizeof(*row));
	row->from = str_ref(ss->pool, from);
	row->to = to;
	row->flow = flow;
	row->verdict = a->verdict;
	row->why = a->why;
	row->report = report;
	return row;
}

void
session_note(struct sessions *ss, struct session *s, pool_ref to,
    const struct flow_answer *a)
{
	struct row *row;
	uint16_t flow;

	if (s->from == 0)
		s->from = str_get(ss->pool, "", 0);
	flow = flow_id(ss, a->from_class, a->to_class);
	if (s->from == 0 || to == 0 || flow == UINT16_MAX) {
		str_put(ss->pool, to);
		ss->nomem++;
		return;
	}
	if ((row = row_get(ss, s, to, flow, a)) == NULL)
		return;
	if (row->rcpts < UINT32_MAX)
		row->rcpts++;
	row->open = 1;
}

static void
add(struct line *l, const char *s)
{
	size_t len = strlen(s);

	/* Cut off at the end: this is for people and their scripts. */
	if (len > sizeof(l->s) - 1 - l->len)
		len = sizeof(l->s) - 1 - l->len;
	memcpy(l->s + l->len, s, len);
	l->len += len;
}

/* A domain as somebody wrote it, as one word. */
static void
add_domain(struct line *l, const char *s)
{
	char buf[DOMAIN_MAX * 4];

	if (strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_") < strlen(s)) {
		log_vis(buf, sizeof(buf), s, VIS_SAFE | VIS_WHITE);
		s = buf;
	}
	add(l, s);
}

void
session_say(struct sessions *ss, const struct session *s, const char *id,
    const char *from, const char *to, const struct flow_answer *a)
{
	static const char *const words[] = {
		" passed", " refused", " would-refuse", " legacy"
	};
	uint16_t flow = flow_id(ss, a->from_class, a->to_class);
	struct line l;
	char remote[64] = "-";

	memcpy(l.s, id, 16);
	l.len = 16;
	if (s != NULL && (s->flags & S_REMOTE))
		addr_print(&s->remote, remote, sizeof(remote));
	else if (s != NULL && (s->flags & S_TRUSTED))
		(void)strlcpy(remote, "local", sizeof(remote));
	add(&l, words[a->verdict]);
	add(&l, " flow=");
	add(&l, flow == UINT16_MAX ? "-" : ss->flows[flow]);
	add(&l, " from=");
	add_domain(&l, from);
	add(&l, " to=");
	add_domain(&l, to);
	add(&l, " tls=");
	add(&l, s == NULL || !(s->flags & S_TLS) ? "none" :
	    tlsver_name(s->tlsver));
	add(&l, " remote=");
	add(&l, remote);
	if (a->reply[0] != '\0') {
		add(&l, " reply=\"");
		add(&l, a->reply);
		add(&l, "\"");
	}
	l.s[l.len++] = '\n';
	log_event(l.s, l.len);
}
