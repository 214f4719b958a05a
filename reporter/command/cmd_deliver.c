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

#include "base/log.h"
#include "command/command.h"
#include "command/deliver_forward.h"
#include "command/deliver_parse.h"
#include "lib/sandbox.h"
#include "lib/xalloc.h"
#include "reader/reader.h"
#include "report/report.h"
#include "store/store_received.h"
#include "store/unread_box.h"

struct line {
	char		*text;
	int		 failed;	/* sessions failed: a warning */
};

struct delivery {
	struct store	*store;
	struct forward	 forward;
	int64_t		 now;
	int		 over;		/* a report was above what is kept */
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
	mail = xmalloc(size + 1);
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

	d->lines = xreallocarray(d->lines, d->nlines + 1, sizeof(*d->lines));
	line = &d->lines[d->nlines++];
	line->failed = !known && t->failed > 0;
	snprintf(dkim, sizeof(dkim), "%s", r->dkim[0] == '\0' ? "unknown" :
	    r->dkim);
	dkim[strcspn(dkim, " ")] = '\0';
	xasprintf(&line->text, "tlsrpt received reporter=%.100s "
	    "domain=%.255s sessions=%lld failed=%lld id=%.200s dkim=%s%s",
	    log_clean(r->submitter), log_clean(t->domain),
	    (long long)t->sessions, (long long)t->failed, log_clean(r->id),
	    log_clean(dkim), known ? " known=yes" : "");
}

/* A report of many domains is logged by so many of them. */
#define LINES_MAX 100

static int
store_report(struct delivery *d, const struct rd_report *r)
{
	struct rd_total *totals;
	size_t i, n;
	enum received_result result;

	if ((result = received_add(d->store, r, d->now, 1)) == RECEIVED_ERROR)
		return -1;
	if (result == RECEIVED_OVER) {
		d->over = 1;
		return 0;
	}
	n = rd_totals(r, &totals);
	for (i = 0; i < n && d->nlines < LINES_MAX; i++)
		add_line(d, r, &totals[i], result == RECEIVED_KNOWN);
	free(totals);
	return 0;
}

/* All reports of the mail in one transaction: 0, or -1, to be tried again. */
static int
store_all(struct delivery *d, const struct answer *answer)
{
	size_t i;
	int rc = 0;

	if (received_durable(d->store) == -1 || store_begin(d->store) == -1)
		return -1;
	for (i = 0; i < answer->nreports && rc == 0; i++)
		rc = store_report(d, answer->reports[i]);
	/* From here on the reports are safe. */
	return store_end(d->store, rc);
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

	if (unread_keep(conf, UNREAD_BOX, mail, len, rest, path,
	    sizeof(path)) == -1)
		return EX_TEMPFAIL;
	log_warnx("tlsrpt unread reason=\"%s\" file=%s", log_clean(why),
	    path);
	return EX_OK;
}

/*
 * Whether somebody wrote it: a reply to a letter of ours, say, or a question
 * with somebody's report, whatever is attached.  Reports say that they are
 * some, but those of DMARC.  smtpd tells its mda of a null sender by an empty
 * SENDER.
 */
static int
is_persons(const struct answer *answer)
{
	const char *sender = getenv("SENDER");

	if (!answer->ended || answer->automatic[0] != '\0' ||
	    answer->is_bounce || (sender != NULL && *sender == '\0'))
		return 0;
	if (answer->nreports > 0)
		return answer->has_words;
	return answer->is_answer || answer->why == NULL ||
	    strcmp(answer->why, READER_DMARC) != 0;
}

/* Whether all that it holds is stored, or is nothing but somebody's words. */
static int
is_done(const struct delivery *d, const struct answer *answer, int handed_on)
{
	if (answer->nreports > 0)
		return answer->problems == 0 && answer->ended && !d->over;
	/* What can't be read may be a report as well. */
	return handed_on && (answer->is_answer || answer->why == NULL ||
	    strcmp(answer->why, READER_NOTHING) == 0);
}

/* 1: a person has it; 0: keep it; -1: smtpd is to try again. */
static int
hand_on(const struct conf *conf, struct forward *forward, const char *mail,
    size_t len)
{
	int rc = forward_end(forward, mail, len);

	if (rc == 1) {
		log_warnx("tlsrpt not forwarded to=%s: %s took too long",
		    conf->unread_forward, conf->report_sendmail);
		return -1;
	}
	if (rc == 0)
		log_info("tlsrpt forwarded to=%s", conf->unread_forward);
	return rc == 0;
}

static int
take(const struct conf *conf, struct delivery *d, const char *mail, size_t len,
    struct answer *answer)
{
	char path[1200];
	int bounce = 0, persons, handed_on = 0;

	/* All that is of strangers is read before the database is touched. */
	if (deliver_parse(conf, d->now, mail, len, answer) == -1 ||
	    (d->store = store_open(conf->database, STORE_WRITE)) == NULL)
		return EX_TEMPFAIL;
	if (answer->is_bounce &&
	    (bounce = bounce_take(d->store, &answer->dsn)) == -1)
		return EX_TEMPFAIL;
	if (bounce == 1)
		return EX_OK;
	if (answer->nreports > 0 && store_all(d, answer) == -1)
		return EX_TEMPFAIL;
	log_lines(d);
	if ((persons = is_persons(answer)) && (handed_on =
	    hand_on(conf, &d->forward, mail, len)) == -1)
		return EX_TEMPFAIL;
	if ((handed_on || !persons || answer->nreports == 0) &&
	    is_done(d, answer, handed_on))
		return EX_OK;
	if (answer->is_own_test && answer->nreports == 0)
		return unread_keep(conf, UNREAD_TEST, mail, len, NULL, path,
		    sizeof(path)) == -1 ? EX_TEMPFAIL : EX_OK;
	return keep(conf, mail, len, NULL, d->over ?
	    "more reports than are kept of a sender and day" :
	    answer->why != NULL ? answer->why : answer->nreports > 0 ?
	    "words beside a report" : READER_NOTHING);
}

int
cmd_deliver(struct ctl *ctl, int argc __unused, char *argv[] __unused)
{
	struct delivery d;
	struct answer answer;
	char *mail;
	size_t len, i;
	int more, status;

	memset(&d, 0, sizeof(d));
	memset(&answer, 0, sizeof(answer));
	d.now = ctl->view.now;
	log_init("sgectl", 0, ctl->view.verbose);
	forward_start(ctl->conf, &d.forward);
	sandbox_reader(ctl->conf);
	mail = read_mail(stdin, &len, &more);
	if (ferror(stdin)) {
		log_warn("standard input");
		status = EX_TEMPFAIL;
	} else if (more)
		status = keep(ctl->conf, mail, len, stdin,
		    "longer than is read");
	else
		status = take(ctl->conf, &d, mail, len, &answer);
	(void)forward_end(&d.forward, NULL, 0);
	store_close(d.store);
	for (i = 0; i < d.nlines; i++)
		free(d.lines[i].text);
	free(d.lines);
	answer_free(&answer);
	free(mail);
	return status;
}
