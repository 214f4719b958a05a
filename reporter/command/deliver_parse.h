/* SPDX-License-Identifier: ISC */

#ifndef SGE_DELIVER_PARSE_H
#define SGE_DELIVER_PARSE_H

#include "command/deliver_answer.h"
#include "conf/conf.h"

/*
 * Has a mail read by a process of its own, which has the mail and a pipe for
 * its answer and nothing else, and so much time and memory.  Waits for it.
 * Returns 0 with *answer, which the caller frees, also where that process came
 * to a bad end (then ended is 0 and why says so); -1 with a log line where
 * there can be none now.
 */
int	deliver_parse(const struct conf *, int64_t now, const char *mail,
	    size_t len, struct answer *);

#endif
