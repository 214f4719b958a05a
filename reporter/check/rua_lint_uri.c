/* SPDX-License-Identifier: ISC */

/*
 * The addresses of a TLSRPT record that parses: whether anybody reaches them,
 * and whether they would still tell when the domain's own mail breaks.
 */

#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/bounds.h"
#include "base/domain.h"
#include "check/rua_lint_uri.h"
#include "ctl/print.h"

static int
is_under(const char *name, const char *domain)
{
	size_t n = strlen(name), d = strlen(domain);

	return strcasecmp(name, domain) == 0 || (n > d &&
	    name[n - d - 1] == '.' && strcasecmp(name + n - d, domain) == 0);
}

/* Why no sender of reports gets to a host; NULL where they may. */
static const char *
unreachable(const char *host)
{
	static const char *const inner[] = { "localhost", "localdomain",
	    "local", "internal" };
	const char *last = strrchr(host, '.');
	struct addr addr;
	size_t i;

	if (addr_parse(host, strlen(host), &addr) == 0)
		return addr_is_global(&addr) ? NULL :
		    "this address is of no host on the Internet";
	for (i = 0; i < nitems(inner); i++)
		if (strcasecmp(last == NULL ? host : last + 1, inner[i]) == 0)
			return "this name leads nowhere from outside";
	return last == NULL ? "a name of one label leads nowhere from outside" :
	    NULL;
}

void
lint_uris(struct lint *lint, const char *text, const struct rua *rua,
    const char *domain)
{
	const struct rua_uri *u;
	const char *host, *why;
	size_t i, outside = 0;

	for (i = 0; i < rua->nuris; i++) {
		u = &rua->uris[i];
		host = u->scheme == RUA_HTTPS ? u->host :
		    domain_of_address(u->address);
		if (host != NULL && (why = unreachable(host)) != NULL) {
			lint_add(lint, LINT_BAD, LINT_NOWHERE, "%s is never "
			    "contacted: %s: write one that others can reach",
			    view_clean(u->uri, 200), why);
			continue;
		}
		if (u->scheme == RUA_HTTPS) {
			lint_add(lint, LINT_OK, LINT_NOWHERE, "reports go to "
			    "%s by HTTPS", view_clean(u->uri, 200));
			lint_add(lint, LINT_INFO, LINT_NOWHERE, "its server "
			    "must take a POST of application/tlsrpt+gzip and "
			    "answer 200 or 201");
			outside++;
			continue;
		}
		lint_add(lint, LINT_OK, LINT_NOWHERE, "reports go to %s",
		    view_clean(u->address, 200));
		if (host == NULL || domain == NULL || !is_under(host, domain))
			outside++;
	}
	if (rua->nover > 0)
		lint_add(lint, LINT_WARN, LINT_NOWHERE, "more addresses than "
		    "senders use: sged takes %d, some take one",
		    RUA_URIS_MAX);
	if (rua->nunknown > 0)
		lint_add(lint, rua->nuris == 0 ? LINT_BAD : LINT_WARN,
		    (size_t)(strstr(text, "rua=") - text) + 4, "%s: %s: %s",
		    rua->nuris == 0 ? "none of the addresses can be used" :
		    "one or more of the addresses cannot be used",
		    view_clean(rua->unusable, 100), rua->unusable_why);
	if (domain != NULL && rua->nuris > 0 && outside == 0)
		lint_add(lint, LINT_INFO, LINT_NOWHERE, "all addresses are in "
		    "the domain that is watched: when its mail breaks no "
		    "report arrives; add one elsewhere?");
}

/* The parser unites what stands twice: look at the text. */
void
lint_twice(struct lint *lint, const char *text)
{
	const char *p, *q;
	size_t len;

	for (p = text; (p = strstr(p, "mailto:")) != NULL; p += len) {
		len = strcspn(p, ",; \t");
		for (q = p + len; (q = strstr(q, "mailto:")) != NULL; q++)
			if (strcspn(q, ",; \t") == len &&
			    strncasecmp(p, q, len) == 0) {
				lint_add(lint, LINT_WARN,
				    (size_t)(q - text), "the same address "
				    "twice: some senders send the report "
				    "twice");
				return;
			}
	}
}
