/* SPDX-License-Identifier: ISC */

#include "store/store_image.h"

int
store_image_clear(struct store *st)
{
	return store_exec(st, "DELETE FROM tally; DELETE FROM detail;"
	    "DELETE FROM policy; DELETE FROM report");
}

static int
policy_id(struct store *st, const struct store_image_policy *p, int64_t *id)
{
	*id = 0;
	if (p->domain[0] == '\0')
		return 0;
	if (store_run(st, "INSERT OR IGNORE INTO policy (domain, type, mode,"
	    " strings, mx) VALUES (?1, ?2, ?3, ?4, ?5)", "ttttt", p->domain,
	    p->type, p->mode, p->strings, p->mx) == -1)
		return -1;
	return store_number(st, id, "SELECT id FROM policy WHERE domain = ?1"
	    " AND type = ?2 AND strings = ?3 AND mx = ?4", "tttt", p->domain,
	    p->type, p->strings, p->mx) == 1 ? 0 : -1;
}

int
store_image_tally(struct store *st, int64_t day, const char *domain,
    const struct store_image_policy *p, int64_t ok, int64_t fail)
{
	int64_t id;

	/* One policy, that only its mode tells from another, is one. */
	if (policy_id(st, p, &id) == -1)
		return -1;
	return store_run(st, "INSERT INTO tally (day, domain, policy, ok, fail)"
	    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
	    " ok = ok + excluded.ok, fail = fail + excluded.fail", "itiii",
	    day, domain, id, ok, fail);
}

int
store_image_detail(struct store *st, int64_t day, const char *domain,
    const struct store_image_policy *p, const char *const texts[7],
    int64_t count)
{
	int64_t id;

	if (policy_id(st, p, &id) == -1)
		return -1;
	return store_run(st, "INSERT INTO detail (day, domain, policy, type,"
	    " sip, rip, mx, helo, reason, info, pending, count)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11)"
	    " ON CONFLICT DO UPDATE SET count = count + excluded.count",
	    "itittttttt" "i", day, domain, id, texts[0], texts[1], texts[2],
	    texts[3], texts[4], texts[5], texts[6], count);
}

int
store_image_report(struct store *st, int64_t day, const char *domain,
    const char *report_id)
{
	return store_run(st, "INSERT INTO report (day, domain, report_id,"
	    " state, due) VALUES (?1, ?2, ?3, 'due', 0)", "itt", day, domain,
	    report_id);
}
