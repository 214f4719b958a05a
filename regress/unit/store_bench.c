/* SPDX-License-Identifier: ISC */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/store.h"
#include "store_bench.h"

void
store_sql(struct store *st, const char *fmt, ...)
{
	char *text, *err = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		fatal("test");
	va_end(ap);
	if (sqlite3_exec(st->db, text, NULL, NULL, &err) != SQLITE_OK)
		fatalx("test: %s: %s", text, err);
	free(text);
}

const char *
store_rows(struct store *st, const char *fmt, ...)
{
	static char out[8192];
	sqlite3_stmt *stmt = NULL;
	const char *value;
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		fatal("test");
	va_end(ap);
	out[0] = '\0';
	if (sqlite3_prepare_v2(st->db, text, -1, &stmt, NULL) != SQLITE_OK)
		fatalx("test: %s: %s", text, sqlite3_errmsg(st->db));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		if (out[0] != '\0')
			strlcat(out, "|", sizeof(out));
		value = (const char *)sqlite3_column_text(stmt, 0);
		strlcat(out, value == NULL ? "" : value, sizeof(out));
	}
	sqlite3_finalize(stmt);
	free(text);
	return out;
}
