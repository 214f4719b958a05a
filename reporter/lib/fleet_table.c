/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "base/compat.h"
#include "lib/fleet_table.h"

const struct fleet_table fleet_tables[] = {
	/* A host's own numbers; those that its tallies of the day name. */
	{ "policy", "id, domain, type, mode, strings, mx", "itttjt", "id",
	    "pkkkpe" },
	{ "tally", "domain, policy, ok, fail", "tiii", "domain, policy",
	    "kpss" },
	{ "detail", "domain, policy, type, sip, rip, mx, helo, reason, info, "
	    "pending, count", "titttttttii", "domain, policy, type, sip, rip, "
	    "mx, helo, reason, info, pending", "kpkkkkkkkks" },
	{ "flow", "hour, dir, class, tls13, tls12, older, clear, refused",
	    "iitiiiii", "hour, dir, class", "kkksssss" },
	{ "correspondent", "dir, domain, class, tls13, tls12, older, clear, "
	    "refused, legacy, testing, messages, rcpts, first, last",
	    "ittiiiiiiiiiii", "dir, domain", "kk>sssssssss<>" },
	{ "incident", "dir, domain, why, addr, host, sessions, first, last, "
	    "testing", "ittttiiii", "dir, domain, why, addr", "kkkk>s<>s" },
	{ "unknown", "addr, type, sessions, last", "ttii", "addr, type",
	    "kks>" },
	{ NULL, NULL, NULL, NULL, NULL }
};

const struct fleet_table fleet_reports = { "report", "domain, part, report_id,"
    " state, due, note, done, fail", "tittitii", "domain, part",
    "kkkkdmzf" };

const struct fleet_table *
fleet_table(const char *name)
{
	const struct fleet_table *t;

	for (t = fleet_tables; t->name != NULL; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

const struct fleet_table *
fleet_table_seen(const char *name)
{
	return strcmp(name, fleet_reports.name) == 0 ? &fleet_reports :
	    fleet_table(name);
}

int
fleet_table_has_day(const struct fleet_table *t)
{
	return strcmp(t->name, "policy") != 0;
}

const char *
fleet_column(const struct fleet_table *t, size_t n, char buf[], size_t bufsz)
{
	const char *p = t->columns;

	for (; n > 0; n--)
		p = strchr(p, ',') + 2;
	(void)snprintf(buf, bufsz, "%.*s", (int)strcspn(p, ","), p);
	return buf;
}
