/* SPDX-License-Identifier: ISC */

/*
 * html DIR: the page, written beside the old one and moved over it.
 */

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "lib/date.h"
#include "store/query_flow.h"
#include "view/html.h"
#include "view/view.h"

/* Beyond so many days a column of a chart holds a week. */
#define DAILY_MAX 92
#define WEEK 7

static void
print_head(const struct html *h)
{
	const struct view *v = h->view;
	const char *whose = v->hosts == NULL ? v->conf->hostname : v->whose;

	fprintf(h->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" "
	    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	    "<title>");
	html_text(h->out, whose);
	fprintf(h->out, ": mail and TLS</title>\n<style>\n%s</style>\n</head>"
	    "\n<body>\n<header>\n<h1>Mail and TLS: ", html_style);
	html_text(h->out, whose);
	fprintf(h->out, "</h1>\n<p>");
	html_own(h->out, v->conf->organization);
	fprintf(h->out, ", %s.  Written %s.</p>\n<nav>"
	    "<a href=\"#problems\">Problems</a> <a href=\"#flows\">Flows</a> "
	    "<a href=\"#clear\">Share in clear</a> "
	    "<a href=\"#versions\">TLS versions</a> <a href=\"#top\">"
	    "Correspondents</a> <a href=\"#sent\">Sent</a> "
	    "%s</nav>\n</header>\n<main>\n", view_period(v),
	    view_instant(v, v->now), v->hosts != NULL ? "" :
	    "<a href=\"#received\">Received</a>");
}

static void
print_foot(const struct html *h)
{
	const struct view *v = h->view;
	int64_t unknown = seen_unknown(v->store, v->first, v->last);

	fprintf(h->out, "</main>\n<footer>\n<p>Not known: the domain of %lld "
	    "failed outbound %s; ", (long long)unknown,
	    view_plural(unknown, "session", "sessions"));
	if (v->missing != NULL) {
		html_text(h->out, v->missing);
		fputs("; ", h->out);
	}
	if (v->hosts != NULL)
		fprintf(h->out, "what others reported about us, which each "
		    "host knows of itself; ");
	fprintf(h->out, "what hosts other than ");
	html_text(h->out, v->whose);
	fprintf(h->out, " saw; senders that write no TLS reports.</p>\n"
	    "<p>Made by sgectl html.</p>\n</footer>\n</body>\n</html>\n");
}

static int
print_page(const struct html *h)
{
	print_head(h);
	html_problems(h);
	if (html_flows(h) == -1 || html_clear(h) == -1 ||
	    html_reports(h) == -1)
		return -1;
	print_foot(h);
	return 0;
}

static FILE *
open_beside(const char *dir, char path[], size_t size)
{
	FILE *f;
	int fd, n;

	if (mkdir(dir, 0755) == -1 && errno != EEXIST) {
		warn("%s", dir);
		return NULL;
	}
	n = snprintf(path, size, "%s/.index.XXXXXXXXXX", dir);
	if (n < 0 || (size_t)n >= size) {
		warnx("%s: name too long", dir);
		return NULL;
	}
	if ((fd = mkstemp(path)) == -1) {
		warn("%s", dir);
		return NULL;
	}
	if (fchmod(fd, 0644) == -1 || (f = fdopen(fd, "w")) == NULL) {
		warn("%s", path);
		close(fd);
		(void)unlink(path);
		return NULL;
	}
	return f;
}

int
view_html(const struct view *v, const char *dir)
{
	struct html h;
	char path[1024], final[1024];
	int bad;

	h.view = v;
	h.step = v->last - v->first + 1 > DAILY_MAX ? WEEK : 1;
	h.columns = (size_t)((v->last - v->first) / h.step) + 1;
	if ((h.out = open_beside(dir, path, sizeof(path))) == NULL)
		return 1;
	bad = print_page(&h) == -1;
	if (fflush(h.out) == EOF || ferror(h.out) ||
	    fsync(fileno(h.out)) == -1) {
		warn("%s", path);
		bad = 1;
	}
	if (fclose(h.out) == EOF)
		bad = 1;
	(void)snprintf(final, sizeof(final), "%s/index.html", dir);
	if (!bad && rename(path, final) == -1) {
		warn("%s", final);
		bad = 1;
	}
	if (bad)
		(void)unlink(path);
	return bad;
}
