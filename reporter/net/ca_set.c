/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "lib/xalloc.h"
#include "net/net.h"

#define ALL_MAX		4	/* connections that all authorities judge */
#define SOME_MAX	24	/* authorities in the set tried first */
#define CHAIN_MAX	8	/* certificates of a peer that are looked at */

struct authority {
	const char	*pem;		/* in trust->text */
	size_t		 len;
	struct cert_party subject;
	uint64_t	 used;		/* a count that grows; 0: never */
};

struct trust {
	char		*text;
	struct authority *authorities;
	size_t		 n;
	struct tls_config *(*settings)(const uint8_t *, size_t);
	struct tls_config *all;
	struct tls_config *some;	/* NULL: none was of use yet */
	size_t		 nsome;
	uint64_t	 uses;
	size_t		 nall;		/* connections under way with all */
	TAILQ_HEAD(, trust_use) waiting;
};

/* The certificates of the text, as far as they can be told apart. */
static void
read_authorities(struct trust *t)
{
	struct authority *a;
	struct cert_party issuer;
	const char *p, *next;

	for (p = strstr(t->text, CERT_BEGIN); p != NULL; p = next) {
		next = strstr(p + 1, CERT_BEGIN);
		t->authorities = xreallocarray(t->authorities, t->n + 1,
		    sizeof(*a));
		a = &t->authorities[t->n];
		memset(a, 0, sizeof(*a));
		a->pem = p;
		a->len = next == NULL ? strlen(p) : (size_t)(next - p);
		if (cert_parties(p, &issuer, &a->subject) == 0)
			t->n++;
	}
}

struct trust *
trust_new(const uint8_t *pem, size_t len,
    struct tls_config *(*settings)(const uint8_t *, size_t))
{
	struct trust *t;

	t = xcalloc(1, sizeof(*t));
	t->text = xstrndup((const char *)pem, len);
	t->settings = settings;
	t->all = settings(pem, len);
	TAILQ_INIT(&t->waiting);
	read_authorities(t);
	return t;
}

struct tls_config *
trust_take(struct trust *t, struct trust_use *u)
{
	/* Waiting, the set may have become of use. */
	if (t->some != NULL && !u->all) {
		if (u->waits)
			TAILQ_REMOVE(&t->waiting, u, waiting);
		u->waits = 0;
		return u->config = t->some;
	}
	if (t->nall >= ALL_MAX) {
		if (!u->waits)
			TAILQ_INSERT_TAIL(&t->waiting, u, waiting);
		u->waits = 1;
		return NULL;
	}
	if (u->waits)
		TAILQ_REMOVE(&t->waiting, u, waiting);
	u->waits = 0;
	t->nall++;
	u->all = 1;
	return u->config = t->all;
}

/* Lets those go on that may: one for each place, or all if there is a set. */
static void
wake(struct trust *t)
{
	struct trust_use *u, *next;
	size_t places = t->nall < ALL_MAX ? ALL_MAX - t->nall : 0;

	for (u = TAILQ_FIRST(&t->waiting); u != NULL; u = next) {
		next = TAILQ_NEXT(u, waiting);
		if (t->some != NULL && !u->all)
			u->turn(u->arg);
		else if (places > 0) {
			places--;
			u->turn(u->arg);
		}
	}
}

void
trust_drop(struct trust *t, struct trust_use *u)
{
	if (u->waits)
		TAILQ_REMOVE(&t->waiting, u, waiting);
	u->waits = 0;
	if (u->config != NULL && u->config == t->all) {
		t->nall--;
		wake(t);
	}
	u->config = NULL;
}

/* The set anew, of those used last. */
static void
make_set(struct trust *t)
{
	struct authority *a, *oldest;
	char *pem = NULL, *p;
	size_t i, len = 0;

	while (t->nsome > SOME_MAX) {
		for (oldest = NULL, i = 0; i < t->n; i++) {
			a = &t->authorities[i];
			if (a->used != 0 && (oldest == NULL ||
			    a->used < oldest->used))
				oldest = a;
		}
		oldest->used = 0;
		t->nsome--;
	}
	for (i = 0; i < t->n; i++) {
		a = &t->authorities[i];
		if (a->used == 0)
			continue;
		if ((p = realloc(pem, len + a->len)) == NULL)
			fatal("realloc");
		pem = p;
		memcpy(pem + len, a->pem, a->len);
		len += a->len;
	}
	/* Connections that use the old one hold on to it. */
	tls_config_free(t->some);
	t->some = t->settings((const uint8_t *)pem, len);
	free(pem);
}

void
trust_good(struct trust *t, const uint8_t *pem, size_t len)
{
	struct cert_party issuer, subject;
	struct authority *a;
	const char *p;
	char *text;
	size_t i, n = 0;
	int is_new = 0;

	text = xstrndup((const char *)pem, len);
	for (p = strstr(text, CERT_BEGIN); p != NULL && n++ < CHAIN_MAX;
	    p = strstr(p + 1, CERT_BEGIN)) {
		if (cert_parties(p, &issuer, &subject) == -1)
			continue;
		for (i = 0; i < t->n; i++) {
			a = &t->authorities[i];
			if (a->subject.len != issuer.len || memcmp(
			    a->subject.name, issuer.name, issuer.len) != 0)
				continue;
			if (a->used == 0) {
				t->nsome++;
				is_new = 1;
			}
			a->used = ++t->uses;
		}
	}
	free(text);
	if (is_new) {
		make_set(t);
		wake(t);
	}
}
