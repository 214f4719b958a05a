/* SPDX-License-Identifier: ISC */

#include "ctl/fleet_seen.h"
#include "lib/ipc.h"

/* A host says that it runs every ten seconds. */
#define SILENT_SECONDS 180

int
fleet_seen(const json_t *fleet, size_t n, struct fleet_seen *m)
{
	const json_t *one;

	one = json_array_get(json_object_get(fleet, "members"), n);
	if (json_array_size(one) != 4)
		return 0;
	m->host = json_string_value(json_array_get(one, 0));
	m->seen = json_integer_value(json_array_get(one, 1));
	m->version = json_string_value(json_array_get(one, 2));
	m->closed = json_integer_value(json_array_get(one, 3));
	if (m->host == NULL || m->version == NULL)
		return 0;
	/* Both by the database's clock. */
	m->silent = m->seen < ipc_int(fleet, "now", 0) - SILENT_SECONDS;
	return 1;
}
