/* SPDX-License-Identifier: ISC */

/*
 * What a look at a host says of the sessions with it that wait for that.
 */

#include <stdio.h>
#include <string.h>

#include "learn/lesson.h"

struct settling {
	struct learn	*learn;
	const char	*addr;
	const char	*host;
	const struct store_probe *probe;
};

/*
 * Nothing was sent, and whether the answer to EHLO was a good one is not on
 * record: only a host that answers it well and does not offer STARTTLS has
 * failed in TLS.  Nor has one that goes away when asked for it.
 */
static int
is_no_failure(const char *type, const struct store_probe *p)
{
	if (strcmp(type, "starttls-not-supported") == 0)
		return strcmp(p->status, "ok") != 0 ||
		    strcmp(p->starttls, "absent") != 0;
	return strcmp(p->starttls, "busy") == 0;
}

static int
settle(const char *domain, const char *failed, int64_t policy, void *arg)
{
	struct settling *s = arg;
	struct store *st = s->learn->engine->store;
	const struct store_waits waits = { domain, failed, policy };
	const struct store_probe *p = s->probe;
	const char *type = p->type, *reason = p->text;
	char text[REPORT_TEXT_MAX + 1];

	if (is_no_failure(failed, p))
		return store_pending_drop(st, s->addr, s->host, &waits);
	if (strcmp(p->status, "ok") != 0) {
		type = "validation-failure";
		(void)snprintf(text, sizeof(text), "TLS handshake failed; no "
		    "answer when asked again: %.150s", p->text);
		reason = text;
	} else if (*type == '\0' || (p->handshake &&
	    strncmp(type, "certificate-", 12) == 0 &&
	    policy == 0 && !is_verified(s->learn->engine->conf, domain))) {
		/* Where nothing is verified, a certificate stops nothing. */
		type = "validation-failure";
		reason = "TLS handshake failed; when asked again it did not";
	}
	return store_pending_settle(st, s->addr, s->host, &waits, type,
	    reason);
}

int
look_settle(struct learn *l, const char *addr, const char *host,
    const struct store_probe *probe)
{
	struct settling s = { l, addr, host, probe };
	struct store *st = l->engine->store;
	enum unseen unseen;

	/* Counted as good, each as far as smtpd has verified it. */
	for (unseen = UNSEEN_CERT; unseen <= UNSEEN_DNS_NAME; unseen++)
		if (store_probe_denies(unseen, probe) &&
		    store_unseen_bad(st, addr, host, unseen, probe->type,
		    probe->text) == -1)
			return -1;
	if (store_unseen_good(st, addr, host) == -1)
		return -1;
	return store_pending_of(st, addr, host, settle, &s);
}
