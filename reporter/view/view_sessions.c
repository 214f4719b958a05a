/* SPDX-License-Identifier: ISC */

/*
 * show sessions: single connections, as filter-sge wrote them down, with
 * smtpd's own id of each: the way from a count to the lines of its log (the
 * guide's 4.4).  It reads SPOOL/sessions, whatever sged has counted of it.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/line_in.h"
#include "base/log.h"
#include "base/system.h"
#include "lib/date.h"
#include "spool/record.h"
#include "view/view.h"
#include "lib/xalloc.h"

struct sessions {
	const struct view *view;
	int64_t		 day;		/* of the heading that stands last */
	int64_t		 found;
	int64_t		 shown;
	int64_t		 read;		/* of the period, of any domain */
	int64_t		 unreadable;
	char		 one[32];	/* a session that was shown */
};

/* The domain, or a name under it. */
static int
is_of(const char *name, const char *domain)
{
	size_t n, len = strlen(domain);

	if (name == NULL)
		return 0;
	/* With -v, filter-sge writes addresses. */
	if (strchr(name, '@') != NULL && (name = domain_of_address(name)) ==
	    NULL)
		return 0;
	n = strlen(name);
	return n >= len && strcasecmp(name + n - len, domain) == 0 &&
	    (n == len || name[n - len - 1] == '.');
}

static int
is_remote(const struct record *r, const char *address)
{
	return r->remote != NULL && strcmp(r->remote, address) == 0;
}

static int
is_tx_of(const struct record *r, const struct record_tx *tx,
    const char *domain)
{
	return domain == NULL || is_of(tx->from, domain) ||
	    is_of(tx->to, domain) || is_remote(r, domain);
}

/*
 * By a mail's domains; the host's own names, for what came to no mail; or by
 * its address.
 */
static int
is_wanted(const struct view *v, const struct record *r)
{
	size_t i;

	if (v->domain == NULL)
		return 1;
	for (i = 0; i < r->ntx; i++)
		if (is_tx_of(r, &r->tx[i], v->domain))
			return 1;
	return is_of(r->mail, v->domain) || is_of(r->rdns, v->domain) ||
	    is_of(r->helo, v->domain) || is_remote(r, v->domain);
}

static const char *
tls_name(const struct record *r)
{
	if (r->tls != NULL)
		return r->tls;
	return r->failure == FAILURE_VALIDATION ? "failed" : "clear";
}

/* A mail's sender: the null one is known, and has a name. */
static const char *
sender(const char *from)
{
	return from != NULL && *from == '\0' ? "<>" : from;
}

/* One row for each mail of that domain's; one without for what had none. */
static void
machine_rows(const struct view *v, const struct record *r)
{
	static const struct record_tx none;
	const struct record_tx *tx;
	size_t i, rows = 0;

	for (i = 0; i <= r->ntx; i++) {
		tx = i < r->ntx ? &r->tx[i] : &none;
		if (i < r->ntx ? !is_tx_of(r, tx, v->domain) : rows > 0)
			continue;
		rows++;
		view_row(v, "session", "etttttttttttttttii", "time", r->time,
		    "session", r->session, "dir", r->dir == DIR_IN ? "in" :
		    "out", "host", r->host, "remote", r->remote,
		    "rdns", r->rdns, "helo", r->helo,
		    "starttls", starttls_name(r->starttls), "tls", r->tls,
		    "cipher", r->cipher, "failure", failure_name(r->failure),
		    "from", sender(i < r->ntx ? tx->from :
		    r->mail), "to", tx->to,
		    "flow", tx->flow, "verdict", i < r->ntx ?
		    verdict_name(tx->verdict) : NULL,
		    "why", refusal_name(tx->why),
		    "messages", (int64_t)tx->messages,
		    "rcpts", (int64_t)tx->rcpts);
	}
}

static void
text_tx(const struct view *v, const struct record_tx *tx)
{
	char line[1024];

	(void)snprintf(line, sizeof(line), "%s to %s, %s: %s%s%s, %u %s",
	    tx->from == NULL ? "more" : view_clean(sender(tx->from), 250),
	    tx->to == NULL ? "more" :
	    view_clean(tx->to, 250), tx->flow == NULL ? "-" :
	    view_clean(tx->flow, 100), verdict_name(tx->verdict),
	    tx->why != REFUSAL_NONE ? " " : "", tx->why != REFUSAL_NONE ?
	    refusal_name(tx->why) : "", tx->messages,
	    view_plural(tx->messages, "message", "messages"));
	view_wrap(v->out, "    ", "      ", line);
}

static void
text_session(struct sessions *s, const struct record *r)
{
	const struct view *v = s->view;
	char host[600], line[800], when[32];
	size_t i;

	if (s->shown == 0 || s->day != day_of(r->time))
		fprintf(v->out, "%s UTC\n", view_day(s->day =
		    day_of(r->time)));
	(void)snprintf(host, sizeof(host), "%s%s[%s]", r->rdns != NULL ?
	    view_clean(r->rdns, 250) : r->helo != NULL ?
	    view_clean(r->helo, 250) : "", r->rdns != NULL ||
	    r->helo != NULL ? " " : "", r->remote != NULL ?
	    view_clean(r->remote, 80) : "-");
	time_print(r->time, when, sizeof(when));
	(void)snprintf(line, sizeof(line), "%s%s %s %s %s", when + 11,
	    view_local(v, r->time), view_clean(r->session, 24),
	    r->dir == DIR_IN ? "in from" : "out to", host);
	view_wrap(v->out, "  ", "      ", line);
	(void)snprintf(host, sizeof(host), "%s%s%s%s%s", tls_name(r),
	    r->cipher != NULL ? " " : "", r->cipher != NULL ?
	    view_clean(r->cipher, 60) : "", r->starttls != STARTTLS_UNKNOWN ?
	    ", STARTTLS " : "", r->starttls != STARTTLS_UNKNOWN ?
	    starttls_name(r->starttls) : "");
	view_wrap(v->out, "    ", "      ", host);
	for (i = 0; i < r->ntx; i++)
		if (is_tx_of(r, &r->tx[i], v->domain))
			text_tx(v, &r->tx[i]);
	if (r->ntx == 0)
		fprintf(v->out, "    no recipient was named%s%s\n",
		    r->mail != NULL ? ", mail from " : "", r->mail != NULL ?
		    view_clean(sender(r->mail), 250) : "");
	(void)strlcpy(s->one, view_clean(r->session, 24), sizeof(s->one));
}

static void
take_line(struct sessions *s, char *line, size_t len)
{
	const struct view *v = s->view;
	struct record r;

	if (len >= RECORD_LINE_MAX || record_parse(line, len, &r) !=
	    RECORD_OK) {
		s->unreadable++;
		return;
	}
	if (day_of(r.time) < v->first || day_of(r.time) > v->last)
		return;
	s->read++;
	if (!is_wanted(v, &r))
		return;
	s->found++;
	if (v->top > 0 && s->shown == v->top)
		return;
	if (v->form == FORM_TEXT)
		text_session(s, &r);
	else
		machine_rows(v, &r);
	s->shown++;
}

/* Another user's folder: what lies there may be anything. */
static int
segment_open(const char *path)
{
	struct stat sb;
	int fd;

	if ((fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC)) == -1) {
		/* It may be old enough to have gone just now. */
		if (errno != ENOENT)
			log_warn("%s", path);
		return -1;
	}
	if (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode)) {
		log_warnx("%s: not a regular file", path);
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

static int
take_segment(struct sessions *s, const char *dir, const char *name)
{
	struct line_in in;
	enum line_kind kind;
	char path[1300], *buf, *line;
	ssize_t n;
	size_t len;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((fd = segment_open(path)) == -1)
		return errno == ENOENT ? 0 : -1;
	buf = xmalloc(2 * RECORD_LINE_MAX);
	line_in_init(&in, buf, 2 * RECORD_LINE_MAX, RECORD_LINE_MAX);
	/* One that is being written has no end yet. */
	while ((n = line_in_fill(&in, fd)) > 0)
		while ((kind = line_in_next(&in, &line, &len)) != LINE_NONE) {
			if (kind == LINE_WHOLE)
				line[len] = '\0';
			take_line(s, line, kind == LINE_WHOLE ? len :
			    RECORD_LINE_MAX);
		}
	if (n == -1)
		log_warn("%s", path);
	free(buf);
	close(fd);
	return n == -1 ? -1 : 0;
}

/*
 * A record stands in the segment of the hour in which it was written; one
 * that waited for a full disk, in a later one.
 */
static int
may_hold(const struct view *v, const char *name)
{
	char first[16], last[16];
	size_t n = strlen(name);

	if (n <= 6 || strcmp(name + n - 6, ".jsonl") != 0)
		return 0;
	day_print(v->first, first, sizeof(first));
	day_print(v->last + 1, last, sizeof(last));
	/* "2026-03-05" to "20260305". */
	memmove(first + 4, first + 5, 2);
	memmove(first + 6, first + 8, 3);
	memmove(last + 4, last + 5, 2);
	memmove(last + 6, last + 8, 3);
	return strncmp(name, first, 8) >= 0 && strncmp(name, last, 8) <= 0;
}

static void
foot(const struct sessions *s)
{
	const struct view *v = s->view;

	if (v->form != FORM_TEXT)
		return;
	if (s->found > s->shown)
		fprintf(v->out, "+ %lld more (-n 0 for all)\n",
		    (long long)(s->found - s->shown));
	view_say(v, "%lld of %lld sessions in the records, %s%s%s.",
	    (long long)s->found, (long long)s->read, view_period(v),
	    v->domain != NULL ? ", are with " : "", v->domain != NULL ?
	    v->domain : "");
	if (s->shown > 0)
		view_say(v, "The id is smtpd's own: " SYSTEM_LOG_GREP
		    " has all that smtpd said of it.",
		    s->one);
	if (s->unreadable > 0)
		view_say(v, "%lld %s could not be read.",
		    (long long)s->unreadable, view_plural(s->unreadable,
		    "line", "lines"));
	view_unknown(v, "sessions of more than keep sessions (%lld days) ago, "
	    "and the domain of those that named no recipient: they stand "
	    "here by their host's name.",
	    (long long)v->conf->keep_sessions);
}

int
view_sessions(const struct view *v)
{
	struct sessions s = { v, 0, 0, 0, 0, 0, "" };
	struct dirent **list;
	char dir[1024];
	int i, n, rc = 0;

	if (snprintf(dir, sizeof(dir), "%s/sessions", v->conf->spool) >=
	    (int)sizeof(dir) || (n = scandir(dir, &list, NULL,
	    alphasort)) == -1) {
		log_warn("%s", dir);
		return 1;
	}
	for (i = 0; i < n; i++) {
		if (may_hold(v, list[i]->d_name) &&
		    take_segment(&s, dir, list[i]->d_name) == -1)
			rc = 1;
		free(list[i]);
	}
	free(list);
	foot(&s);
	return rc;
}
