/* SPDX-License-Identifier: ISC */

#ifndef SGE_FUZZ_H
#define SGE_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * A target reads what strangers, or a process taken over, may send.  libFuzzer
 * calls it; so does fuzz_replay.c, with every file of a corpus.  abort(3) is a
 * finding, as is all that the sanitizers see.
 */
int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A copy of just that size: what reads on is seen.  The caller frees. */
static inline void *
exact(const void *data, size_t len)
{
	void *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

/* The same with a NUL behind it. */
static inline char *
text_of(const void *data, size_t len)
{
	char *copy = malloc(len + 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

#endif
