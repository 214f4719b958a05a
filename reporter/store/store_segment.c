/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "count/segment.h"

int
store_segment_load(struct store *st, struct segment *seg)
{
	sqlite3_stmt *stmt;
	int rc;

	memset(&seg->saved, 0, sizeof(seg->saved));
	seg->done = 0;
	if ((stmt = store_prepare(st, "SELECT offset, lines, bad, newer, done"
	    " FROM segment WHERE name = ?1")) == NULL ||
	    store_bind(stmt, "t", seg->name) == -1)
		return -1;
	if ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		seg->saved.offset = sqlite3_column_int64(stmt, 0);
		seg->saved.lines = sqlite3_column_int64(stmt, 1);
		seg->saved.bad = sqlite3_column_int64(stmt, 2);
		seg->saved.newer = sqlite3_column_int64(stmt, 3);
		seg->done = sqlite3_column_int(stmt, 4);
	}
	sqlite3_reset(stmt);
	segment_rewind(seg);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

int
store_segment_save(struct store *st, const struct segment *seg, int64_t now)
{
	return store_run(st, "INSERT INTO segment (name, offset, lines, bad,"
	    " newer, done, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	    " ON CONFLICT (name) DO UPDATE SET offset = excluded.offset,"
	    " lines = excluded.lines, bad = excluded.bad,"
	    " newer = excluded.newer, done = excluded.done,"
	    " last = excluded.last", "tiiiiii", seg->name, seg->now.offset,
	    seg->now.lines, seg->now.bad, seg->now.newer, (int64_t)seg->done,
	    now);
}

int
store_segment_trim(struct store *st, int64_t before)
{
	return store_run(st, "DELETE FROM segment WHERE last < ?1", "i",
	    before);
}
