/* SPDX-License-Identifier: ISC */

#ifndef SGE_PRINT_H
#define SGE_PRINT_H

#include <stdio.h>

#include "base/addr_own.h"
#include "conf/conf.h"
#include "store/store.h"

/*
 * A view reads the store and prints rows: for people in 80 columns, one JSON
 * object a line (-j), or '|'-separated (-p).
 */
enum view_form {
	FORM_TEXT,
	FORM_JSON,
	FORM_PIPE
};

enum view_period {
	PERIOD_DEFAULT,
	PERIOD_DAYS,			/* -d 7 */
	PERIOD_DATES			/* -d 2026-03-05, or two with ".." */
};

struct view {
	const struct conf *conf;
	const char	*path;		/* of sge.conf */
	struct store	*store;
	FILE		*out;
	enum view_form	 form;
	int		 verbose;
	int64_t		 first;		/* days, both included */
	int64_t		 last;
	enum view_period period;	/* how these were given */
	const char	*domain;	/* -D, or NULL */
	const char	*class;		/* -c, or NULL */
	int64_t		 top;		/* -n; 0: all */
	int		 hours;		/* -h */
	const char	*letter;	/* -m domain, or NULL */
	struct addr_own	 own;		/* CTL_HOST */
	const char	*hosts;		/* -H: a host, "all", or NULL */
	/* Whose numbers these are, "mx1.example.nz", "all 3 hosts". */
	const char	*whose;
	const char	*missing;	/* -H: what is not among them, or NULL */
	int64_t		 nhosts;	/* -H */
	int64_t		 nmissing;	/* of these have not copied it whole */
	int64_t		 now;
};

/*
 * One row of a machine form: kind, then name and value pairs; types: 't'
 * const char * or NULL, 'i' int64_t, 'd' day, 'e' epoch seconds.  In JSON the
 * names are keys; in the pipe form only values stand, vis(3)-escaped.
 */
void	view_row(const struct view *, const char *kind, const char *types, ...);
/* Text of others for a terminal, at most width columns; static buffers. */
const char *view_clean(const char *, int width);
/* "0.5%" of base; "-" where base is 0, or part is more.  Static buffers. */
const char *view_share(int64_t part, int64_t base);
/* "2026-03-05"; "03:40Z" or "-". Static buffers. */
const char *view_day(int64_t day);
const char *view_clock(int64_t when);
/* "2026-03-05T03:04:05Z" or "-", with view_local's. */
const char *view_instant(const struct view *, int64_t when);
/*
 * " (16:04 NZDT)", with the date where that is another than the UTC one: the
 * same instant as this host's clock shows it.  "" in the machine forms, and
 * where that is UTC.  Static buffers.
 */
const char *view_local(const struct view *, int64_t when);
/* An operand's normal form; 0, or -1 with a message. */
int	view_normal(const char *arg, char out[], size_t outsz);
/* "2026-03-05 UTC", "30 days to 2026-03-05 UTC", "... so far". */
const char *view_period(const struct view *);
/*
 * A name in a column of that width; one that is longer gets a line of its own,
 * so that none is cut.
 */
void	view_name(const struct view *, int width, const char *name);
/* Clean text in lines of 79 columns; first and next begin them. */
void	view_wrap(FILE *, const char *first, const char *next,
	    const char *text);
/* A line, or more of them where it is too long for one. */
void	view_say(const struct view *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));
/* The end of every view: "Not known: ...", wrapped. */
void	view_unknown(const struct view *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));
/* The same, of what other hosts saw. */
void	view_unknown_hosts(const struct view *);
/* One of two texts by number: view_plural(n, "session", "sessions"). */
const char *view_plural(int64_t n, const char *one, const char *many);

#endif
