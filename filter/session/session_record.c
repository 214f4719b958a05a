/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "session/session.h"

static void	id_text(uint64_t, char [17]);
static void	set_tls(const struct sessions *, const struct session *,
		    struct record *, char [], size_t);
static void	set_rows(const struct sessions *, const struct session *, int,
		    struct record *);
static void	write_one(struct sessions *, const struct session *,
		    const struct session *);

/*
 * Without a reason from smtpd what it did tells what happened.  Sessions that
 * ended before EHLO tell nothing, nor do those where EHLO was refused and
 * HELO led to no mail, or where the host went away when asked for TLS: after
 * "421" to STARTTLS smtpd says MAIL FROM to nobody.  That EHLO was refused or
 * not answered where TLS is forced looks as if STARTTLS was not offered; who
 * counts has to ask the host.
 */
void
session_outcome(const struct session *s, enum starttls *starttls,
    enum failure *failure)
{
	unsigned int f = s->flags;

	*starttls = STARTTLS_UNKNOWN;
	*failure = FAILURE_NONE;
	if (f & S_TLS)
		*starttls = f & S_IMPLICIT ? STARTTLS_IMPLICIT :
		    STARTTLS_OFFERED;
	if (!(f & S_OUT))
		return;
	if (f & S_TLS) {
		/* 6.8 looks at the certificate afterwards, and goes away. */
		if (!(f & S_MAIL) && (f & S_IMPLICIT ? !(f & S_EHLO) :
		    !(f & S_EHLO_AGAIN)))
			*failure = FAILURE_VALIDATION;
	} else if ((f & S_STARTTLS) && (f & S_MAIL)) {
		*starttls = STARTTLS_REFUSED;
		if (f & S_ANSWERED)
			*failure = FAILURE_NOT_SUPPORTED;
	} else if (f & S_STARTTLS) {
		*starttls = STARTTLS_OFFERED;
		*failure = FAILURE_VALIDATION;
	} else if (f & S_DOWNGRADED)
		*starttls = STARTTLS_OFFERED;
	else if ((f & S_HELO) && !(f & S_MAIL))
		return;
	else if (f & (S_EHLO | S_MAIL)) {
		*starttls = STARTTLS_ABSENT;
		*failure = FAILURE_NOT_SUPPORTED;
	}
}

static void
id_text(uint64_t id, char out[17])
{
	static const char hex[] = "0123456789abcdef";
	int i;

	for (i = 15; i >= 0; i--, id >>= 4)
		out[i] = hex[id & 15];
	out[16] = '\0';
}

/* "TLSv1.3:TLS_AES_256_GCM_SHA384:256" */
static void
set_tls(const struct sessions *ss, const struct session *s, struct record *r,
    char buf[], size_t bufsz)
{
	const struct str *tls = str_at(ss->pool, s->tls);
	char *cipher, *bits;

	r->tls = r->cipher = NULL;
	if (!(s->flags & S_TLS))
		return;
	buf[0] = '\0';
	if (tls != NULL && tls->len < bufsz)
		memcpy(buf, tls->s, tls->len + 1);
	r->tls = buf;
	if ((cipher = strchr(buf, ':')) == NULL)
		return;
	*cipher++ = '\0';
	if ((bits = strchr(cipher, ':')) != NULL)
		*bits = '\0';
	r->cipher = cipher;
}

/* counted: 0 for the connection before, which carried none of it. */
static void
set_rows(const struct sessions *ss, const struct session *s, int counted,
    struct record *r)
{
	struct record_tx *tx = r->tx;
	const struct row *row = session_row(ss, s->rows);

	for (; row != NULL; row = session_row(ss, row->next), tx++) {
		tx->from = str_text(ss->pool, row->from);
		tx->to = str_text(ss->pool, row->to);
		tx->flow = ss->flows[row->flow];
		tx->verdict = row->verdict;
		tx->why = row->why;
		tx->messages = counted ? row->messages : 0;
		tx->rcpts = counted ? row->rcpts : 0;
		tx->report = row->report;
	}
	r->ntx = s->nrows;
}

/* The connection is s, its mail that of rows. */
static void
write_one(struct sessions *ss, const struct session *s,
    const struct session *rows)
{
	struct record *r = &ss->record;
	char id[17], remote[64], tls[HELO_MAX + 1];

	id_text(s->id, id);
	r->time = s->time;
	r->host = ss->conf->hostname;
	r->dir = s->flags & S_OUT ? DIR_OUT : DIR_IN;
	r->session = id;
	r->local = str_text(ss->pool, s->local);
	r->remote = NULL;
	if (s->flags & S_REMOTE) {
		addr_print(&s->remote, remote, sizeof(remote));
		r->remote = remote;
	}
	r->rdns = str_text(ss->pool, s->rdns);
	r->helo = str_text(ss->pool, s->helo);
	session_outcome(s, &r->starttls, &r->failure);
	set_tls(ss, s, r, tls, sizeof(tls));
	set_rows(ss, rows, s == rows, r);
	r->mail = NULL;
	r->report = 0;
	r->began = 0;
	r->busy = BUSY_UNKNOWN;
	if ((s->flags & S_OUT) && r->ntx == 0) {
		r->began = s->began;
		r->busy = s->busy;
	}
	if ((rows->flags & S_OUT) && (rows->flags & S_MAIL) && r->ntx == 0) {
		r->mail = str_text(ss->pool, rows->from);
		r->report = (rows->flags & S_REPORT) != 0;
	}
	spool_put(ss->spool, r, ss->now);
}

void
session_finish(struct sessions *ss, struct session *s)
{
	const struct session *order[UINT8_MAX], *held;
	size_t n = 0;

	for (held = session_at(ss, s->held); held != NULL;
	    held = session_at(ss, held->held))
		order[n++] = held;
	while (n > 0)
		write_one(ss, order[--n], s);
	write_one(ss, s, s);
}
