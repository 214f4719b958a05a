/* SPDX-License-Identifier: ISC */

#ifndef SGE_DELIVER_ANSWER_H
#define SGE_DELIVER_ANSWER_H

#include <jansson.h>

#include "command/deliver_bounce.h"
#include "command/deliver_nature.h"
#include "reader/reader.h"

/*
 * What the process that reads a mail says of it: one JSON object a line.  It
 * reads what strangers wrote, so nothing that it says is trusted: every member
 * is of its type and within its bounds, every text is fit to be kept, or all
 * of it is refused.
 */
struct answer {
	int		 is_bounce;
	struct dsn	 dsn;
	struct rd_report **reports;
	size_t		 nreports;
	size_t		 nrows;		/* of all reports */
	int64_t		 problems;
	char		*why;		/* the last problem, or NULL */
	int		 ended;		/* it came to its end */
	/* struct nature's; "" where somebody wrote the mail. */
	char		 automatic[64];
	int		 is_answer;
	int		 is_own_test;
	int		 has_words;
};

/* New references. */
json_t	*answer_report(const struct rd_report *);
json_t	*answer_bounce(const struct dsn *);
json_t	*answer_problem(const char *);
json_t	*answer_nature(const struct nature *);
json_t	*answer_end(void);

/* Adds what one line says; 0, or -1 where it is not as it must be. */
int	answer_read(struct answer *, const char *line, size_t len);
void	answer_free(struct answer *);

#endif
