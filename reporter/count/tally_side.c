/* SPDX-License-Identifier: ISC */

/*
 * What a record says of each correspondent: whose mail it was, which way it
 * went, and what became of it.
 */

#include <string.h>

#include "count/tally.h"
#include "lib/text.h"

void
tally_domain(const char *name, char out[], size_t outsz)
{
	const char *at;

	/* filter-sge -v writes whole addresses. */
	if (name != NULL && (at = strrchr(name, '@')) != NULL)
		name = at + 1;
	if (name == NULL || *name == '\0')
		strlcpy(out, DOMAIN_NULL, outsz);
	else if (domain_normal(name, strlen(name), out, outsz) == -1)
		strlcpy(out, DOMAIN_OTHERS, outsz);
}

/* Sessions of this host's own programs and users, sged's looks among them. */
int
tally_is_local(const struct record *r)
{
	return r->dir == DIR_IN && (r->remote == NULL ||
	    strncmp(r->remote, "127.", 4) == 0 ||
	    strcmp(r->remote, "::1") == 0 ||
	    (r->local != NULL && strcmp(r->remote, r->local) == 0));
}

int
tally_is_smarthost(const struct tally *t, const struct record *r)
{
	struct addr addr;

	return r->dir == DIR_OUT && t->conf->nsmarthosts > 0 &&
	    r->remote != NULL &&
	    addr_parse(r->remote, strlen(r->remote), &addr) == 0 &&
	    conf_is_smarthost(t->conf, &addr);
}

/*
 * "government>public": the correspondent is right of it on the way out, left
 * on the way in.
 */
static void
class_of_flow(const char *flow, int right, char out[], size_t outsz)
{
	const char *gt = flow == NULL ? NULL : strchr(flow, '>');
	size_t len;

	if (gt == NULL) {
		strlcpy(out, "public", outsz);
		return;
	}
	if (right) {
		text_cut(gt + 1, out, outsz);
		return;
	}
	len = (size_t)(gt - flow) < outsz ? (size_t)(gt - flow) : outsz - 1;
	memcpy(out, flow, len);
	out[len] = '\0';
}

/*
 * What a verdict was for.  Records of before do not say; their TLS says it
 * where nothing else comes first: of a session of others.
 */
static enum refusal
refusal_of(const struct record *r, const struct record_tx *tx)
{
	if (tx->why != REFUSAL_NONE || tally_is_local(r))
		return tx->why;
	if (r->tls == NULL)
		return REFUSAL_NO_TLS;
	return tlsver_parse(r->tls, strlen(r->tls)) < TLSVER_1_2 ?
	    REFUSAL_OLD_TLS : REFUSAL_NONE;
}

/*
 * Refused mail of our own users, here or authenticated elsewhere: it did not
 * go out.  Only they get as far as these reasons in our own name.
 */
static int
is_ours(const struct tally *t, const struct record *r,
    const struct record_tx *tx)
{
	char from[DOMAIN_MAX];

	if (tally_is_local(r))
		return 1;
	if (tx->why != REFUSAL_NO_CONNECTOR && tx->why !=
	    REFUSAL_NOT_LEARNED && tx->why != REFUSAL_NOT_ANNOUNCED)
		return 0;
	tally_domain(tx->from, from, sizeof(from));
	return conf_is_local(t->conf, from);
}

struct side *
tally_side(struct tally *t, enum record_dir dir, const char *name,
    const char *flow)
{
	struct side *side = &t->sides[t->nsides];
	size_t i;

	memset(side, 0, sizeof(*side));
	tally_domain(name, side->domain, sizeof(side->domain));
	for (i = 0; i < t->nsides; i++)
		if (t->sides[i].dir == dir &&
		    strcmp(t->sides[i].domain, side->domain) == 0)
			return &t->sides[i];
	t->nsides++;
	side->dir = dir;
	class_of_flow(flow, dir == DIR_OUT, side->class, sizeof(side->class));
	return side;
}

/*
 * What a smart host does says nothing of the domains that the mail is for:
 * they become one correspondent, the host itself.
 */
static void
sides_join(struct tally *t, const struct record *r)
{
	struct side *all = &t->sides[0];
	size_t i;

	if (t->nsides == 0)
		memset(all, 0, sizeof(*all));
	for (i = 1; i < t->nsides; i++) {
		all->messages += t->sides[i].messages;
		all->rcpts += t->sides[i].rcpts;
		all->refused |= t->sides[i].refused;
		all->testing |= t->sides[i].testing;
		all->legacy |= t->sides[i].legacy;
		if (all->why == REFUSAL_NONE)
			all->why = t->sides[i].why;
	}
	all->dir = DIR_OUT;
	all->mail = 0;
	text_cut(r->remote, all->domain, sizeof(all->domain));
	strlcpy(all->class, CLASS_SMARTHOST, sizeof(all->class));
	t->nsides = 1;
}

void
tally_sides(struct tally *t, const struct record *r)
{
	const struct record_tx *tx;
	struct side *side;
	enum record_dir dir;
	size_t i;
	int reject, testing;

	t->nsides = 0;
	for (i = 0; i < r->ntx; i++) {
		tx = &r->tx[i];
		reject = tx->verdict == VERDICT_REJECT;
		testing = tx->verdict == VERDICT_TESTING;
		/* Of our own users' mail, what matters is where to. */
		if (tally_is_local(r) && !reject && !testing)
			continue;
		dir = r->dir;
		if ((reject || testing) && is_ours(t, r, tx))
			dir = DIR_OUT;
		side = tally_side(t, dir, dir == DIR_OUT ? tx->to : tx->from,
		    tx->flow);
		side->messages += tx->messages;
		side->rcpts += tx->rcpts;
		/* The first of several reasons, a refusal before others. */
		if (reject ? !side->refused : testing && !side->refused &&
		    !side->testing)
			side->why = refusal_of(r, tx);
		side->ours |= dir != r->dir;
		side->refused |= reject;
		side->testing |= testing;
		side->legacy |= tx->verdict == VERDICT_LEGACY;
		side->mail |= !tx->report;
	}
	if (tally_is_smarthost(t, r))
		sides_join(t, r);
}
