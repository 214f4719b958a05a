/* SPDX-License-Identifier: ISC */

/* What was found in a record, in the order that it was. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/lint.h"
#include "lib/xalloc.h"

void
lint_add(struct lint *lint, enum lint_level level, size_t where,
    const char *fmt, ...)
{
	struct lint_finding *f;
	va_list ap;

	lint->finding = xreallocarray(lint->finding, lint->n + 1, sizeof(*f));
	f = &lint->finding[lint->n++];
	f->level = level;
	f->where = where;
	va_start(ap, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	lint->count[level]++;
	if (level > lint->worst)
		lint->worst = level;
}

void
lint_free(struct lint *lint)
{
	free(lint->finding);
	memset(lint, 0, sizeof(*lint));
}

const char *
lint_level_name(enum lint_level level)
{
	static const char *const names[] = { "ok", "info", "warn", "bad" };

	return names[level];
}
