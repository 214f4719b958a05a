/* SPDX-License-Identifier: ISC */

/*
 * check config: what was found wrong with the ways that mail takes, each fault
 * of a statement said once.
 */

#include <stdlib.h>
#include <string.h>

#include "host/match_found.h"
#include "lib/xalloc.h"

/* Whether what one statement does to mail says what another one would. */
static int
is_same(const struct finding *f, const struct finding *other)
{
	if (f->match != other->match)
		return 0;
	if (f->fault == FAULT_OPEN)
		return other->fault == FAULT_OPEN ||
		    other->fault == FAULT_WIDE ||
		    other->fault == FAULT_STRANGER;
	return f->fault == other->fault && (f->fault == FAULT_WIDE ||
	    (f->need == other->need && (f->domain == other->domain ||
	    (f->drawn && other->drawn))));
}

void
findings_add(struct findings *l, const struct finding *new)
{
	struct finding *f;
	size_t i;

	for (i = 0; i < l->n; i++) {
		f = &l->v[i];
		if (is_same(f, new)) {
			f->others |= f->domain != new->domain &&
			    (f->drawn || !new->drawn);
			f->sources |= new->sources;
			f->some &= new->some;
			return;
		}
	}
	l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = *new;
}

void
findings_free(struct findings *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}

/* "this host, authenticated users": who meets it. */
static void
who(unsigned int sources, char out[], size_t outsz)
{
	static const char *const names[SOURCES] = { "this host",
	    "authenticated users", "hosts that from src names", "anybody" };
	size_t i;

	out[0] = '\0';
	for (i = 0; i < nitems(names); i++) {
		if ((sources & (1U << i)) == 0)
			continue;
		if (out[0] != '\0')
			(void)strlcat(out, ", ", outsz);
		(void)strlcat(out, names[i], outsz);
	}
}

const char *
need_text(enum mail_need need)
{
	static const char *const texts[] = {
		"domains of sge-verify (connector, MTA-STS enforce)",
		"domains of sge-encrypt (require tls)",
		"other domains",
		"our own domains"
	};

	return texts[need];
}

static const char *
what(const struct finding *f)
{
	if (f->fault == FAULT_OPEN)
		return "any domain";
	if (f->domain != NULL)
		return f->domain;
	return f->fault != FAULT_OLDER && f->fault !=
	    FAULT_LENT ? need_text(f->need) :
	    f->need == NEED_VERIFY ? "domains of sge-verify that a flow "
	    "requires TLS 1.3 of" : "domains of sge-encrypt that a flow "
	    "requires TLS 1.3 of";
}

void
findings_say(const struct findings *l, struct check *c)
{
	const struct finding *f;
	char sources[128];
	size_t i;

	for (i = 0; i < l->n; i++) {
		f = &l->v[i];
		who(f->sources, sources, sizeof(sources));
		check_part(c, "smtpd", fault_level(f->fault), "%s:%d: "
		    "mail of %s to %s%s %s action \"%s\": %s",
		    f->match->file, f->match->number, sources, what(f),
		    f->others && (f->drawn || f->fault == FAULT_WIDE) ?
		    " and others" : "", f->some ? "may leave by" : "leaves by",
		    f->action->word[1], fault_text(f->fault));
	}
}
