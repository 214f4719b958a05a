/* SPDX-License-Identifier: ISC */

#include <stdio.h>

#include "base/log.h"
#include "fleet/share.h"

const char *
share_number(struct share_number *n, int64_t value)
{
	(void)snprintf(n->text, sizeof(n->text), "%lld", (long long)value);
	return n->text;
}

void
share_set(json_t *answer, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(answer, key, value) == -1)
		fatalx("share: no memory");
}
