/* SPDX-License-Identifier: ISC */

/* A line of SPOOL/sessions: what is read is written so that it is read. */

#include "base/bounds.h"
#include "spool/record.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct record record, again;
	static char out[8 * RECORD_LINE_MAX];
	char *line, *copy;
	ssize_t n;

	if (len > 0 && (memchr(data, '\0', len) != NULL ||
	    memchr(data, '\n', len) != NULL))
		return 0;
	line = text_of(data, len);
	if (record_parse(line, len, &record) == RECORD_OK &&
	    (n = record_format(&record, out, sizeof(out))) > 0) {
		copy = text_of(out, (size_t)n - 1);
		if (record_parse(copy, (size_t)n - 1, &again) != RECORD_OK)
			abort();
		free(copy);
	}
	free(line);
	return 0;
}
