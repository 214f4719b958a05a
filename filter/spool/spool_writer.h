/* SPDX-License-Identifier: ISC */

#ifndef SGE_SPOOL_WRITER_H
#define SGE_SPOOL_WRITER_H

#include <sys/types.h>

#include <stdint.h>

#include "base/bounds.h"

/*
 * Who writes the segments.  A write(2) to a file system that is frozen, or
 * whose server is away, waits for as long as that lasts: it is left to a
 * process of its own, and one request at a time stands in memory that both
 * share.  Without that process the writing is done, and waited for, here.
 */
struct spool_writer;

#define SPOOL_CHUNK (2 * RECORD_LINE_MAX)

/* NULL without memory. */
struct spool_writer *writer_new(void);
/*
 * From now on a process writes, which first calls confine; 0, or -1 with
 * errno: this one goes on to.
 */
int	writer_start(struct spool_writer *, void (*confine)(const char *dir),
	    const char *dir);
/* Does not wait for what is being written; the process ends by itself. */
void	writer_free(struct spool_writer *);

enum writer_how {
	WRITER_NEXT,		/* behind what was written before */
	WRITER_REST,		/* the same, within a line */
	WRITER_ANEW		/* the segment is opened again */
};

/*
 * Asks for len bytes, SPOOL_CHUNK at most, to be appended to the segment of
 * that hour (epoch seconds) in DIR/sessions.  Nothing may be outstanding.
 */
void	writer_ask(struct spool_writer *, const char *dir, int64_t now,
	    enum writer_how, const char *text, size_t len);
/*
 * What became of it: as write(2), or -1 with EINPROGRESS where there is no
 * answer within ms; then it is called again.
 */
ssize_t	writer_answer(struct spool_writer *, int ms);

/* Readable when there is an answer; -1 where no process writes. */
int	writer_fd(const struct spool_writer *);

#endif
