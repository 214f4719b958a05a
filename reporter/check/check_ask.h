/* SPDX-License-Identifier: ISC */

#ifndef SGE_ASK_H
#define SGE_ASK_H

#include <jansson.h>

#include "conf/conf.h"
#include "helper/helper.h"

/*
 * sgectl's checks ask the world outside: own processes as sged has them, many
 * questions at once, one wait for all answers.
 */
struct asker;

struct check_question {
	enum world_part	 part;
	json_t		*request;	/* stolen */
	json_t		*answer;	/* filled; the caller releases */
};

/* parts: bits 1 << WORLD_RESOLVE and so on.  NULL after a message. */
struct asker *asker_new(const struct conf *, unsigned int parts);
void	asker_free(struct asker *);
/*
 * Asks all of them and waits; on a terminal a line on standard error says how
 * far it is after two seconds.  Every question has an answer after it, at
 * worst {"status":"gone"}.
 */
void	ask_all(struct asker *, struct check_question *, size_t n);
/* One; the caller releases the answer. */
json_t	*ask(struct asker *, enum world_part, json_t *request);

/* The DNS question for resolve. */
json_t	*ask_dns(const char *op, const char *name);
/* Strings of an array in an answer: at most max, borrowed.  How many. */
size_t	ask_strings(const json_t *answer, const char *key, const char *out[],
	    size_t max);
/*
 * Whether an answer without TXT records left one out that is longer than is
 * read (TXT_RECORD_MAX): "none" would not be true.
 */
int	ask_is_too_long(const json_t *answer);
/* Whether a status says that it could not be found out: exit 2. */
int	ask_is_unknown(const char *status);

#endif
