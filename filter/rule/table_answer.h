/* SPDX-License-Identifier: ISC */

#ifndef SGE_ANSWER_H
#define SGE_ANSWER_H

#include <stdint.h>

#include "base/bounds.h"
#include "conf/conf.h"
#include "spool/routes.h"

/* Why a domain is in sge-verify or sge-encrypt, or in none. */
enum answer_why {
	WHY_NOTHING,		/* prefer tls, and no policy */
	WHY_LOCAL,		/* it is our own */
	WHY_CONNECTOR,		/* it has a connector */
	WHY_POLICY,		/* its MTA-STS policy says enforce */
	WHY_RULE,		/* a flow requires it */
	WHY_TESTING		/* a flow would require it: mode testing */
};

struct answer {
	int		 verify;	/* in sge-verify */
	int		 encrypt;	/* in sge-encrypt */
	int		 newest;	/* and in sge-verify13, sge-encrypt13 */
	enum answer_why	 why;
	const struct conf_rule *rule;	/* the strictest for it */
	struct route	 route;
	int		 excepted;	/* of mta-sts except: no policy holds */
	char		 url[ROUTE_URL_MAX]; /* sge-routes' answer, or "" */
};

/*
 * What table-sge says of a domain (in normal form).  Never fails or blocks;
 * route.urls is good until routes is asked again.
 */
void	answer_find(const struct conf *, struct routes *, const char *domain,
	    int64_t now, struct answer *);
/*
 * Whether it names no host, ever: all flows of ours require a connector there,
 * and sge.conf has none.
 */
int	answer_is_nowhere(const struct answer *);
/* The host of its URL; 0, or -1 where there is none. */
int	answer_host(const struct answer *, char out[], size_t outsz);

#endif
