/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <string.h>

#include "rfc/result.h"
#include "view/received_table.h"
#include "view/view.h"

static const char *
standing_name(const struct recv_row *r)
{
	switch (received_group(r)) {
	case GROUP_UNPROVED:
		return "unproved";
	case GROUP_FOREIGN:
		return "foreign";
	case GROUP_COUNTED:
		break;
	}
	return r->standing == RECEIVED_PROVED ? "proved" : "unjudged";
}

static void
machine_row(const struct view *v, const struct recv_row *r)
{
	char tls = received_tls(r);
	int ok = r->type[0] == '\0';
	const char *why;

	view_row(v, v->form == FORM_PIPE ? "recv" : "received",
	    "dttitttttttitt", "day", r->day, "reporter", r->reporter,
	    "sender", r->sip[0] != '\0' ? r->sip : NULL, "count", r->count,
	    "tls", tls == 'Y' ? "yes" : tls == 'N' ? "no" : "unknown",
	    "type", ok ? NULL : r->type,
	    "mx", r->mx[0] != '\0' ? r->mx : NULL,
	    "receiver", r->rip[0] != '\0' ? r->rip : NULL,
	    "reason", ok || r->reason[0] == '\0' ? NULL : r->reason,
	    "domain", r->domain[0] != '\0' ? r->domain : NULL,
	    "policy", ok ? r->reason : NULL,
	    "downgrade", (int64_t)r->downgrade, "standing", standing_name(r),
	    "delivered", ok ? NULL : result_delivered(r->type, r->under,
	    &why));
}

int
view_received(const struct view *v)
{
	struct received_count c;
	struct received_table t;
	size_t i;
	int rc = 1;

	memset(&t, 0, sizeof(t));
	t.view = v;
	if (received_count(v->store, v->first, v->last, v->domain, &c) == -1 ||
	    received_table_fill(&t) == -1)
		goto out;
	rc = 0;
	if (v->form == FORM_TEXT)
		rc = received_text(&t, &c) == -1;
	else
		for (i = 0; i < t.list.n && (v->top == 0 ||
		    (int64_t)i < v->top); i++)
			machine_row(v, &t.list.rows[i]);
out:
	recv_rows_free(&t.list);
	return rc;
}
