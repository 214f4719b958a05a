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
#include "view/digest.h"

/* Items of one digest: beyond these only their number is said. */
#define ITEMS_MAX 200

void
digest_add(struct digest *digest, int fix, const char *command,
    const char *fmt, ...)
{
	struct digest_item *item;
	va_list ap;
	int n;

	if (fix)
		digest->nfix++;
	else
		digest->nwatch++;
	if (digest->n == ITEMS_MAX)
		return;
	digest->item = reallocarray(digest->item, digest->n + 1,
	    sizeof(*item));
	if (digest->item == NULL)
		fatal("digest");
	item = &digest->item[digest->n++];
	item->fix = fix;
	item->command = NULL;
	va_start(ap, fmt);
	n = vasprintf(&item->text, fmt, ap);
	va_end(ap);
	if (n == -1 || (command != NULL &&
	    (item->command = strdup(command)) == NULL))
		fatal("digest");
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
