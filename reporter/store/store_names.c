/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "store/store_route.h"

/* What a statement found, copied: callbacks may then change the tables. */
struct names {
	char		**v;
	size_t		  n;
	size_t		  room;
};

static void
names_add(struct names *names, const char *s)
{
	char **v;

	if (names->n == names->room) {
		names->room = names->room == 0 ? 64 : names->room * 2;
		v = xreallocarray(names->v, names->room, sizeof(*v));
		names->v = v;
	}
	names->v[names->n++] = xstrdup(s);
}

static void
names_free(struct names *names)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

int
store_names(struct store *st, sqlite3_stmt *stmt,
    int (*cb)(const char *, void *), void *arg)
{
	struct names names = { 0 };
	size_t i;
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		names_add(&names, store_text(stmt, 0));
	rc = store_done(st, stmt, rc);
	for (i = 0; i < names.n && rc == 0; i++)
		rc = cb(names.v[i], arg);
	names_free(&names);
	return rc;
}

int
store_pairs(struct store *st, sqlite3_stmt *stmt,
    int (*cb)(const char *, const char *, int64_t, void *), void *arg)
{
	struct names names = { 0 };
	int64_t *numbers = NULL, *p;
	size_t i;
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		names_add(&names, store_text(stmt, 0));
		names_add(&names, store_text(stmt, 1));
		p = xreallocarray(numbers, names.n, sizeof(*p));
		numbers = p;
		numbers[names.n / 2 - 1] = sqlite3_column_int64(stmt, 2);
	}
	rc = store_done(st, stmt, rc);
	for (i = 0; i < names.n && rc == 0; i += 2)
		rc = cb(names.v[i], names.v[i + 1], numbers[i / 2], arg);
	names_free(&names);
	free(numbers);
	return rc;
}
