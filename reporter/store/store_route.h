/* SPDX-License-Identifier: ISC */

#ifndef SGE_STORE_ROUTE_H
#define SGE_STORE_ROUTE_H

#include <stdint.h>

#include "base/bounds.h"
#include "store/store.h"

/*
 * Where mail goes: tables mx, mxaddr, route, probe (schema.c).  All return 0,
 * or -1 with a log line, unless said otherwise.
 */

/* A domain's MX hosts as they were just seen; what is not named is gone. */
struct store_mx {
	char		 host[DOMAIN_MAX];
	int64_t		 pref;
	int		 matches;	/* the policy, or there is none */
	int		 back;		/* 1: it failed; 2: has no address */
};

int	store_mx_set(struct store *, const char *domain,
	    const struct store_mx *, size_t n, int64_t now);
/*
 * The hosts of use, best first: those that are not moved back, by preference,
 * those of the same preference by name; last those without an address.
 * any: also those that do not match.  n: room in, count out.
 */
int	store_mx_best(struct store *, const char *domain, int any, int64_t now,
	    struct store_mx *, size_t *n);
/* All of them, by preference. */
int	store_mx_all(struct store *, const char *domain, struct store_mx *,
	    size_t *n);
/* Whether the policy in force allows each is told anew. */
int	store_mx_match(struct store *, const char *domain, const char *host,
	    int matches);
/*
 * A host failed (moved back until retry) or works again, for every domain that
 * has it.
 */
int	store_mx_failed(struct store *, const char *host, int64_t retry);
int	store_mx_works(struct store *, const char *host);
/*
 * What the DNS said of a host without an address, or "" of one that has some,
 * for every domain that has it.  1 if that is new, 0, or -1.
 */
int	store_mx_noaddr(struct store *, const char *host, const char *said);
/* How often in a row it failed; 0: it works; -1 with a log line. */
int64_t	store_mx_failures(struct store *, const char *host);
/* 1, 0, or -1. */
int	store_mx_is_back(struct store *, const char *host, int64_t now);
/* Calls back for each domain with a host that cb may then change. */
int	store_mx_domains(struct store *, const char *host,
	    int (*cb)(const char *domain, void *arg), void *arg);

/* That address is one of the host's, for that domain. */
int	store_mxaddr_set(struct store *, const char *addr, const char *domain,
	    const char *host, int64_t now);
/* Addresses of a domain that were not seen since. */
int	store_mxaddr_trim(struct store *, const char *domain, int64_t since);
/* The domain's mail now goes to that host. */
int	store_mxaddr_routed(struct store *, const char *domain,
	    const char *host, int64_t now);

struct store_route {
	char		 kind[16];	/* enforce, none; "" not known */
	int64_t		 until;
	char		 urls[ROUTE_LINE_MAX];
	int64_t		 learned;
	int64_t		 renew;
	int64_t		 used;
};

int	store_route_load(struct store *, const char *domain,
	    struct store_route *);
int	store_route_set(struct store *, const char *domain,
	    const struct store_route *, const char *why);
int	store_route_used(struct store *, const char *domain, int64_t now);
/* Only the order of its hosts. */
int	store_route_urls(struct store *, const char *domain, const char *urls);
/* Only when it is to be looked at again. */
int	store_route_renew(struct store *, const char *domain, int64_t renew);
/* Domains to be looked at again by now, at most max; cb is called for each. */
int	store_route_due(struct store *, int64_t now, int64_t max,
	    int (*cb)(const char *domain, void *arg), void *arg);
/* Those used since are due at once. */
int	store_route_all_due(struct store *, int64_t now, int64_t since);
/* When mail last went there or waits to, by sessions and questions; -1. */
int64_t	store_route_last_used(struct store *, const char *domain, int64_t now);
/*
 * Those that hold, by name, the first max behind after ("": from the start).
 * How many there were, or -1.
 */
int64_t	store_route_page(struct store *, const char *after, int64_t now,
	    int64_t max, int (*cb)(const char *domain, const char *kind,
	    int64_t until, const char *urls, void *arg), void *arg);

/*
 * A bounded step of forgetting what is long over: routes, their hosts and
 * addresses, looks, policies that nobody held since.
 */
int	store_route_trim(struct store *, int64_t before);

/* What a look at an MX host said, the newest. */
struct store_probe {
	int64_t		 probed;	/* 0: never */
	char		 status[16];
	char		 starttls[16];
	char		 tls[16];
	char		 type[40];	/* RFC 8460 result type, "" if good */
	char		 text[REPORT_TEXT_MAX + 1];
	char		 helo[HELO_MAX + 1];
	int64_t		 notafter;
	int		 handshake;	/* TLS came up, verified or not */
};

/* TLS came up, but nobody has looked at the certificate of late. */
enum unseen {
	UNSEEN_NOT,
	UNSEEN_CERT,		/* smtpd did not verify it either */
	UNSEEN_DNS_NAME		/* smtpd did, by a name in the subject too */
};

/*
 * Whether what the look has found makes a session whose TLS came up a failure
 * under its policy (RFC 8461 4.2).
 */
int	store_probe_denies(enum unseen, const struct store_probe *);

int	store_probe_set(struct store *, const char *host, const char *addr,
	    const struct store_probe *, const char *offers);
/* host NULL: of any host at the address. */
int	store_probe_load(struct store *, const char *host, const char *addr,
	    struct store_probe *);

/*
 * What waits for a look: failures whose reason it is to tell, and successes
 * that it may deny.  So many addresses and hosts of either, each once.
 */
int	store_pending(struct store *, int64_t max,
	    int (*cb)(const char *addr, const char *host, void *arg),
	    void *arg);
/* Failures of a domain under one policy, of one type, that wait so. */
struct store_waits {
	const char	*domain;
	const char	*type;
	int64_t		 policy;
};

/* Each of them. */
int	store_pending_of(struct store *, const char *addr, const char *host,
	    int (*cb)(const char *domain, const char *type, int64_t policy,
	    void *arg), void *arg);
/* The probe has answered: what waits for it gets type and reason. */
int	store_pending_settle(struct store *, const char *addr,
	    const char *host, const struct store_waits *, const char *type,
	    const char *reason);
/* These were no failures of TLS: they count nothing. */
int	store_pending_drop(struct store *, const char *addr, const char *host,
	    const struct store_waits *);
/*
 * The look was had.  What is unseen so (enum unseen) failed after all, or
 * all that is unseen there is good.
 */
int	store_unseen_bad(struct store *, const char *addr, const char *host,
	    int64_t unseen, const char *type, const char *reason);
int	store_unseen_good(struct store *, const char *addr, const char *host);
/* Whether sessions of that domain's day wait for a look: 1, 0, or -1. */
int	store_pending_day(struct store *, const char *domain, int64_t day);
/* Whether another address of the host was found good since: 1, 0, or -1. */
int	store_probe_other(struct store *, const char *host, const char *addr,
	    int64_t since);
/* Hosts that were moved back and may be asked again by now. */
int	store_mx_retry(struct store *, int64_t now, int64_t max,
	    int (*cb)(const char *host, const char *domain, int64_t failed,
	    void *arg), void *arg);
/* When mail for the domain last came in that waits; 0: none does; -1. */
int64_t	store_waiting_last(struct store *, const char *domain);
/* Domains with a route that mail waits for. */
int	store_waiting_routed(struct store *, int64_t before, int64_t since,
	    int64_t max, int (*cb)(const char *domain, void *arg), void *arg);

/*
 * The first column (or two texts and a number) of every row of a bound
 * statement, read whole before the first call: cb may change the tables.
 */
int	store_names(struct store *, sqlite3_stmt *,
	    int (*cb)(const char *, void *), void *arg);
int	store_pairs(struct store *, sqlite3_stmt *,
	    int (*cb)(const char *, const char *, int64_t, void *), void *arg);

/* Addresses that sessions failed at, or could not use TLS, since then. */
int	store_failing(struct store *, int64_t since,
	    int (*cb)(const char *host, const char *addr, int64_t last,
	    void *arg), void *arg);
/* A few addresses of a host. */
int	store_mxaddr_of(struct store *, const char *domain, const char *host,
	    char addrs[][64], size_t *n);
/* The host that an address belongs to for a domain; "" if it is not known. */
int	store_mxaddr_host(struct store *, const char *addr,
	    const char *domain, char host[], size_t hostsz);
/* Whether it is all that the domain's hosts of that address have; -1. */
int	store_mxaddr_alone(struct store *, const char *domain,
	    const char *addr);
/*
 * The domains that have the address: whether their mail was ever routed there,
 * and since when mail waits (0: none does).
 */
int	store_mxaddr_domains(struct store *, const char *addr,
	    int (*cb)(const char *domain, int routed, int64_t waits, void *arg),
	    void *arg);

#endif
