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
	if ((stmt = store_select(st, "SELECT offset, lines, bad, newer, done"
	    " FROM segment WHERE name = ?1", "t", name)) == NULL)
		return -1;
	return store_first(st, stmt, "iiiin", &seg->offset, &seg->lines,
	    &seg->bad, &seg->newer, done) == -1 ? -1 : 0;
}

int
store_segment_save(struct store *st, const char *name,
    const struct segment_state *seg, int done, int64_t now)
{
	return store_run(st, "INSERT INTO segment (name, offset, lines, bad,"
	    " newer, done, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	    " ON CONFLICT (name) DO UPDATE SET offset = excluded.offset,"
	    " lines = excluded.lines, bad = excluded.bad,"
	    " newer = excluded.newer, done = excluded.done,"
	    " last = excluded.last", "tiiiiii", name, seg->offset, seg->lines,
	    seg->bad, seg->newer, (int64_t)done, now);
}

int
store_segment_trim(struct store *st, int64_t before)
{
	return store_run(st, "DELETE FROM segment WHERE last < ?1", "i",
	    before);
}
