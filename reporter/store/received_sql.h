/* SPDX-License-Identifier: ISC */

#ifndef SGE_RECEIVED_SQL_H
#define SGE_RECEIVED_SQL_H

/*
 * What statements about reports received have in common: r is a row of
 * received, p one of received_policy.  For query_*.c.
 */

/* enum received_standing of r. */
#define RECEIVED_STANDING "CASE WHEN r.dkim LIKE 'pass %' THEN 0" \
	" WHEN r.dkim <> '' OR EXISTS (SELECT 1 FROM received same" \
	" WHERE same.org = r.org AND same.given = r.given" \
	" AND same.id <> r.id AND same.dkim LIKE 'pass %') THEN 2 ELSE 1 END"

/*
 * Whether a name is of a domain of ours, or of a host that takes its mail;
 * tlsa: whether it is a TLSA policy's, which may name the host.
 */
#define RECEIVED_OURS(name, tlsa) "(ours(" name ", " tlsa ") OR EXISTS" \
	" (SELECT 1 FROM mx WHERE mx.host = " name " AND ours(mx.domain, 0)))"
/* The same of the policy p. */
#define RECEIVED_POLICY_OURS RECEIVED_OURS("p.domain", "p.type = 'tlsa'")

/*
 * The sum of a number over the policies of a report and domain, each session
 * once; see struct rd_total.  Within GROUP BY r.id, p.domain.
 */
#define RECEIVED_ONCE(n) "(max(sum(iif(p.type = 'sts', " n ", 0))," \
	" sum(iif(p.type = 'tlsa', " n ", 0)))" \
	" + sum(iif(p.type IN ('sts', 'tlsa'), 0, " n ")))"

#endif
