/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "store/store_segment.h"

int
store_segment_load(struct store *st, const char *name,
    struct segment_state *seg, int *done)
{
	sqlite3_stmt *stmt;

	memset(seg, 0, sizeof(*seg));
	*done = 0;
	if ((stmt = store_select(st, "SELECT offset, lines, bad, newer, ino,"
	    " head, done FROM segment WHERE name = ?1", "t", name)) == NULL)
		return -1;
	return store_first(st, stmt, "iiiiiin", &seg->offset, &seg->lines,
	    &seg->bad, &seg->newer, &seg->ino, &seg->head, done);
}

int
store_segment_save(struct store *st, const char *name,
    const struct segment_state *seg, int done, int64_t now)
{
	return store_run(st, "INSERT INTO segment (name, offset, lines, bad,"
	    " newer, done, last, ino, head) VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
	    " ?7, ?8, ?9)"
	    " ON CONFLICT (name) DO UPDATE SET offset = excluded.offset,"
	    " lines = excluded.lines, bad = excluded.bad,"
	    " newer = excluded.newer, done = excluded.done,"
	    " last = excluded.last, ino = excluded.ino,"
	    " head = excluded.head", "tiiiiiiii", name, seg->offset,
	    seg->lines, seg->bad, seg->newer, (int64_t)done, now, seg->ino,
	    seg->head);
}

int
store_segment_find(struct store *st, int64_t ino, int64_t head, char name[],
    size_t namesz)
{
	sqlite3_stmt *stmt;

	if ((stmt = store_select(st, "SELECT name FROM segment WHERE ino = ?1"
	    " AND head = ?2 ORDER BY last DESC LIMIT 1", "ii", ino, head)) ==
	    NULL)
		return -1;
	return store_first(st, stmt, "s", name, namesz);
}

int
store_segment_rename(struct store *st, const char *from, const char *to)
{
	return store_run(st, "UPDATE OR REPLACE segment SET name = ?2"
	    " WHERE name = ?1", "tt", from, to);
}

int
store_segment_trim(struct store *st, int64_t before)
{
	return store_run(st, "DELETE FROM segment WHERE last < ?1", "i",
	    before);
}
