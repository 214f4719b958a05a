/* SPDX-License-Identifier: ISC */

/*
 * The mda for the mailbox that reports come to.  A mail is answered for only
 * when the database or a file holds it; whatever keeps it from that now makes
 * smtpd try again (EX_TEMPFAIL).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/ctl.h"
#include "base/log.h"
#include "store/store_received.h"
#include "report/report.h"
#include "lib/sandbox.h"
#include "store/unread_box.h"

struct line {
	char		*text;
	int		 failed;	/* sessions failed: a warning */
};

struct delivery {
	struct store	*store;
	int64_t		 now;
	int		 error;
	const char	*why;		/* the last problem, a static text */
	struct line	*lines;		/* to be logged once it is stored */
	size_t		 nlines;
};

/* All of a mail up to the bound; *more: there is more to read. */
static char *
read_mail(FILE *in, size_t *len, int *more)
{
	size_t size = 65536, n;
	char *mail;
	int c;

	*len = 0;
	if ((mail = malloc(size + 1)) == NULL)
		fatal("malloc");
	while ((n = fread(mail + *len, 1, size - *len, in)) > 0) {
		*len += n;
		if (*len >= READ_MAIL_MAX)
			break;
		if (*len == size) {
			size *= 2;
			if (size > READ_MAIL_MAX)
				size = READ_MAIL_MAX;
			if ((mail = realloc(mail, size + 1)) == NULL)
				fatal("realloc");
		}
	}
	mail[*len] = '\0';
	*more = (c = getc(in)) != EOF;
	if (*more)
		ungetc(c, in);
	return mail;
}

/* UX: one line, key=value; text of others is cleaned and cut. */
static void
add_line(struct delivery *d, const struct rd_report *r,
    const struct rd_total *t, int known)
{
	struct line *line;
	char dkim[300];

	if ((d->lines = reallocarray(d->lines, d->nlines + 1,
	    sizeof(*d->lines))) == NULL)
		fatal("reallocarray");
	line = &d->lines[d->nlines++];
	line->failed = !known && t->failed > 0;
	snprintf(dkim, sizeof(dkim), "%s", r->dkim[0] == '\0' ? "unknown" :
	    r->dkim);
	dkim[strcspn(dkim, " ")] = '\0';
	if (asprintf(&line->text, "tlsrpt received reporter=%.100s "
	    "domain=%.255s sessions=%lld failed=%lld id=%.200s dkim=%s%s",
	    log_clean(r->submitter), log_clean(t->domain),
	    (long long)t->sessions, (long long)t->failed, log_clean(r->id),
	    log_clean(dkim), known ? " known=yes" : "") == -1)
		fatal("asprintf");
}

/* A report of many domains is logged by so many of them. */
#define LINES_MAX 100

static void
store_report(const struct rd_report *r, void *arg)
{
	struct delivery *d = arg;
	struct rd_total *totals;
	size_t i, n;
	enum received_result result;

	if (d->error)
		return;
	if ((result = received_add(d->store, r, d->now, 1)) == RECEIVED_ERROR) {
		d->error = 1;
		return;
	}
	n = rd_totals(r, &totals);
	for (i = 0; i < n && d->nlines < LINES_MAX; i++)
		add_line(d, r, &totals[i], result == RECEIVED_KNOWN);
	free(totals);
}

static void
note_problem(const char *text, void *arg)
{
	struct delivery *d = arg;

	d->why = text;
}

/*
 * Stores every report of the mail in one transaction.  Returns how many there
 * were, or -1: to be tried again.
 */
static int
store_all(struct delivery *d, struct reader *reader, const char *mail,
    size_t len)
{
	int found;

	if (received_durable(d->store) == -1 || store_begin(d->store) == -1)
		return -1;
	found = reader_read(reader, "", (const unsigned char *)mail, len);
	if (d->error) {
		store_rollback(d->store);
		return -1;
	}
	/* From here on the reports are safe. */
	return store_commit(d->store) == -1 ? -1 : found;
}

static void
log_lines(struct delivery *d)
{
	size_t i;

	for (i = 0; i < d->nlines; i++) {
		if (d->lines[i].failed)
			log_warnx("%s", d->lines[i].text);
		else
			log_info("%s", d->lines[i].text);
	}
}

static int
keep(const struct conf *conf, const char *mail, size_t len, FILE *rest,
    const char *why)
{
	char path[1200];

	if (unread_keep(conf, mail, len, rest, path, sizeof(path)) == -1)
		return EX_TEMPFAIL;
	log_warnx("tlsrpt unread reason=\"%s\" file=%s", why, path);
	return EX_OK;
}

static int
take(const struct conf *conf, struct delivery *d, const char *mail, size_t len)
{
	struct reader reader;
	int found, bounce;

	memset(&reader, 0, sizeof(reader));
	reader.conf = conf;
	reader.now = d->now;
	reader.report = store_report;
	reader.problem = note_problem;
	reader.arg = d;
	if ((d->store = store_open(conf->database, STORE_WRITE)) == NULL)
		return EX_TEMPFAIL;
	/* One of our own reports comes back: the report may be in it too. */
	if ((bounce = bounce_read(d->store, mail, len)) == -1)
		return EX_TEMPFAIL;
	if (bounce == 1)
		return EX_OK;
	if ((found = store_all(d, &reader, mail, len)) == -1)
		return EX_TEMPFAIL;
	log_lines(d);
	if (found > 0 && reader.problems == 0)
		return EX_OK;
	return keep(conf, mail, len, NULL, d->why != NULL ? d->why :
	    "no report in it");
}

int
cmd_deliver(struct ctl *ctl, int argc __unused, char *argv[] __unused)
{
	struct delivery d;
	char *mail;
	size_t len, i;
	int more, status;

	memset(&d, 0, sizeof(d));
	d.now = ctl->view.now;
	log_init("sgectl", 0, ctl->view.verbose);
	sandbox_reader(ctl->conf);
	mail = read_mail(stdin, &len, &more);
	if (ferror(stdin)) {
		log_warn("standard input");
		status = EX_TEMPFAIL;
	} else if (more)
		status = keep(ctl->conf, mail, len, stdin,
		    "longer than is read");
	else
		status = take(ctl->conf, &d, mail, len);
	store_close(d.store);
	for (i = 0; i < d.nlines; i++)
		free(d.lines[i].text);
	free(d.lines);
	free(mail);
	return status;
}
