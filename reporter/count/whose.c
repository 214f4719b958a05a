/* SPDX-License-Identifier: ISC */

/*
 * Whose a session was that ended before any recipient was named.
 */

#include <stdlib.h>
#include <string.h>

#include "count/judge.h"
#include "count/whose_try.h"
#include "store/store_attempt.h"
#include "store/store_route.h"

/* smtpd tries to send a mail within so many seconds of its coming in. */
#define AT_ONCE_SECONDS 15

/* Domains that have an address, by what speaks for each; the first of them. */
enum claim {
	CLAIM_ROUTED_NOW,	/* routed there, and its mail just came in */
	CLAIM_ROUTED_WAITS,
	CLAIM_NOW,
	CLAIM_WAITS,
	CLAIM_ROUTED,
	CLAIMS
};

struct claims {
	struct judge	*judge;
	struct whose_past *past;
	const struct record *record;
	int64_t		(*waits)(const char *, int64_t, void *);
	void		*arg;
	int		 domains;	/* that have the address */
	int		 forced;	/* of these, with TLS forced */
	int		 n[CLAIMS];
	char		 domain[CLAIMS][DOMAIN_MAX];
	struct tries	 tries;
	int		 noted;		/* attempts are, on this host */
	int		 waiting;	/* with mail, without attempts */
};

static void
claim(struct claims *c, enum claim i, const char *domain)
{
	if (c->n[i]++ == 0)
		strlcpy(c->domain[i], domain, sizeof(c->domain[i]));
}

static int
claim_domain(const char *domain, int routed, int64_t waits, void *arg)
{
	struct claims *c = arg;
	int64_t when = c->record->time;
	enum forced forced;
	int now;

	c->domains++;
	forced = judge_forced(c->judge, judge_known(c->judge, domain), domain,
	    when);
	if (forced == FORCED_NOT && c->record->mail == NULL)
		return 0;
	c->forced += forced != FORCED_NOT;
	waits = c->waits(domain, waits, c->arg);
	/* Where attempts are noted, mail that waits is none that was tried. */
	if (forced != FORCED_ROUTED)
		c->waiting += waits != 0;
	else if (c->noted) {
		tries_add(&c->tries, c->judge, c->past, c->record, domain);
		return 0;
	}
	now = waits != 0 && when - waits <= AT_ONCE_SECONDS;
	if (routed) {
		claim(c, CLAIM_ROUTED, domain);
		if (waits != 0)
			claim(c, CLAIM_ROUTED_WAITS, domain);
		if (now)
			claim(c, CLAIM_ROUTED_NOW, domain);
	}
	if (waits != 0)
		claim(c, CLAIM_WAITS, domain);
	if (now)
		claim(c, CLAIM_NOW, domain);
	return 0;
}

/* One domain alone is it; of many that wait, the one that just came in. */
static const char *
only_claim(const struct claims *c)
{
	static const struct {
		enum claim	 all;
		enum claim	 now;
	} orders[] = {
		{ CLAIM_ROUTED_WAITS, CLAIM_ROUTED_NOW },
		{ CLAIM_WAITS, CLAIM_NOW },
		/* Mail of which we know nothing more. */
		{ CLAIM_ROUTED, CLAIM_ROUTED }
	};
	size_t i;

	for (i = 0; i < nitems(orders); i++) {
		if (c->n[orders[i].all] == 1)
			return c->domain[orders[i].all];
		if (c->n[orders[i].now] == 1)
			return c->domain[orders[i].now];
		if (c->n[orders[i].all] > 0)
			return NULL;
	}
	return NULL;
}

void
whose_session(struct judge *j, struct whose_past *past,
    const struct record *r, int64_t (*waits)(const char *, int64_t, void *),
    void *arg, struct whose *out)
{
	struct claims c = { .judge = j, .past = past, .record = r,
	    .waits = waits, .arg = arg };
	const char *name;

	c.noted = store_attempt_any(judge_store(j));
	out->is = WHOSE_UNKNOWN;
	out->n = 0;
	if (r->remote == NULL || store_mxaddr_domains(judge_store(j),
	    r->remote, claim_domain, &c) == -1) {
		tries_free(&c.tries);
		return;
	}
	if (c.domains > 0 && c.forced == 0 && r->mail == NULL)
		out->is = WHOSE_NOBODYS;
	/* Where another's mail waits that has no attempts, they do not tell. */
	if (c.tries.n > 0 && c.waiting == 0)
		tries_take(&c.tries, j, r, out);
	else if (c.tries.n == 0 && (name = only_claim(&c)) != NULL) {
		out->is = WHOSE_FOUND;
		strlcpy(out->domain[out->n++], name, sizeof(out->domain[0]));
	}
	tries_free(&c.tries);
}
