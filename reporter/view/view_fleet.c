/* SPDX-License-Identifier: ISC */

/*
 * What show status says of the fleet: whether this host is in it, how far its
 * counts are there, which hosts are silent.
 */

#include <stdio.h>
#include <string.h>

#include "ctl/fleet_seen.h"
#include "ctl/print.h"
#include "lib/ipc.h"
#include "view/view.h"

static void
print_members(const struct view *v, const json_t *fleet)
{
	struct fleet_seen m;
	size_t i;

	for (i = 0; fleet_seen(fleet, i, &m); i++) {
		if (v->form != FORM_TEXT)
			view_row(v, "fleet", "tetdi", "host", m.host, "seen",
			    m.seen, "version", m.version, "closed", m.closed,
			    "silent", (int64_t)m.silent);
		else if (m.silent)
			view_say(v, "         %s IS SILENT since %s",
			    view_clean(m.host, 60), view_instant(v, m.seen));
		else if (v->verbose)
			view_say(v, "         %s, %s, whole to %s",
			    view_clean(m.host, 40), view_clean(m.version, 20),
			    m.closed < 0 ? "none yet" : view_day(m.closed));
	}
}

void
view_fleet(const struct view *v, const json_t *fleet)
{
	size_t n = json_array_size(json_object_get(fleet, "members"));
	const char *state = ipc_string(fleet, "state", "");
	int64_t behind = ipc_int(fleet, "behind", 0);
	int64_t done = ipc_int(fleet, "done", 0);

	if (fleet == NULL)
		return;
	if (v->form == FORM_TEXT && strcmp(state, "ok") == 0)
		view_say(v, "fleet    %zu %s; %s %s", n, view_plural((int64_t)n,
		    "host", "hosts"), done == 0 ? "nothing is copied yet" :
		    "all was copied", done == 0 ? "" : view_instant(v, done));
	else if (v->form == FORM_TEXT && strcmp(state, "starting") == 0)
		view_say(v, "fleet    its database was not reached yet");
	else if (v->form == FORM_TEXT) {
		view_say(v, "fleet    ITS DATABASE %s since %s:",
		    strcmp(state, "refused") == 0 ? "CAN'T BE USED" :
		    "IS AWAY", view_instant(v, ipc_int(fleet, "since", 0)));
		view_wrap(v->out, "         ", "         ",
		    ipc_string(fleet, "text", ""));
	}
	if (v->form == FORM_TEXT && behind > 0)
		view_say(v, "         %lld finished %s not yet copied whole",
		    (long long)behind, view_plural(behind, "day is",
		    "days are"));
	print_members(v, fleet);
}
