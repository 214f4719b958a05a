/* SPDX-License-Identifier: ISC */

/*
 * unit-fill DATABASE FILE: makes a database and runs the SQL of the file, for
 * tests that need stored data.  Not a test itself.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/store.h"

int
main(int argc, char *argv[])
{
	struct store *st;
	char *sql = NULL, *error = NULL;
	size_t size = 0;
	FILE *f;

	log_init("unit-fill", 1, 0);
	if (argc != 3 || (f = fopen(argv[2], "r")) == NULL ||
	    getdelim(&sql, &size, '\0', f) == -1)
		fatal("usage: unit-fill DATABASE FILE");
	fclose(f);
	if ((st = store_open(argv[1], STORE_OWN)) == NULL)
		return 1;
	if (sqlite3_exec(st->db, sql, NULL, NULL, &error) != SQLITE_OK)
		fatalx("%s: %s", argv[2], error);
	store_close(st);
	free(sql);
	return 0;
}
