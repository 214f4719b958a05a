/* SPDX-License-Identifier: ISC */

/*
 * digest: one finding, and the command that shows more of it.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "lib/date.h"
#include "lib/xalloc.h"
#include "view/digest.h"

/* Items of one kind: beyond these only their number is said. */
#define ITEMS_MAX 200

void
digest_add(struct digest *digest, int level, const char *command,
    const char *fmt, ...)
{
	struct digest_item *item;
	va_list ap;

	if (level == DIGEST_FIX)
		digest->nfix++;
	else
		digest->nwatch++;
	digest->ngoes_on += level == DIGEST_GOES_ON;
	/* What failed has a bound of its own, and is told some day. */
	if (digest->kind != DIGEST_FAILED &&
	    digest->of_kind[digest->kind]++ >= ITEMS_MAX)
		return;
	digest->item = xreallocarray(digest->item, digest->n + 1,
	    sizeof(*item));
	item = &digest->item[digest->n++];
	item->fix = level == DIGEST_FIX;
	item->kind = digest->kind;
	item->command = NULL;
	va_start(ap, fmt);
	xvasprintf(&item->text, fmt, ap);
	va_end(ap);
	if (command != NULL)
		item->command = xstrdup(command);
}

void
digest_command(char out[], size_t outsz, const char *base, const char *domain)
{
	char normal[DOMAIN_MAX];
	size_t len;

	if (strcmp(domain, "<>") == 0 || strcmp(domain, "*") == 0)
		(void)snprintf(out, outsz, "%s '%s'", base, domain);
	else if (domain_normal(domain, strlen(domain), normal,
	    sizeof(normal)) == 0)
		(void)snprintf(out, outsz, "%s %s", base, normal);
	else {
		len = strlen(base);
		if (len > 3 && strcmp(base + len - 3, " -D") == 0)
			len -= 3;
		(void)snprintf(out, outsz, "%.*s", (int)len, base);
	}
}

const char *
digest_days(const struct digest *digest, const char *view, const char *rest)
{
	const struct view *v = digest->view;
	static char command[128 + DOMAIN_MAX];
	char first[16], last[16];

	day_print(v->first, first, sizeof(first));
	day_print(v->last, last, sizeof(last));
	(void)snprintf(command, sizeof(command), "%s%s%s -d %s%s%s%s%s", view,
	    v->hosts == NULL ? "" : " -H ", v->hosts == NULL ? "" : v->hosts,
	    first, v->first == v->last ? "" : "..", v->first == v->last ? "" :
	    last, *rest == '\0' ? "" : " ", rest);
	return command;
}
