/* SPDX-License-Identifier: ISC */

/* The DNS, policy hosts and mail hosts of the unit-learn tests. */

#ifndef SGE_LEARN_WORLD_H
#define SGE_LEARN_WORLD_H

#include "lib/ipc.h"

/* What the world says of a domain; changed as the test goes on. */
struct site {
	const char	*domain;
	const char	*txt;		/* the record, or a status */
	const char	*mx[8];		/* by preference; [0] may be a status */
	int		 preference;	/* of all of them, if not 0 */
	const char	*policy;	/* body, or a status; NULL: never */
	int		 http;
	const char	*type;
	const char	*cert;
	int		 ttl;		/* of records, seconds; 0: one */
};

#define POLICY(mode, mx) \
    "version: STSv1\nmode: " mode "\nmx: " mx "\nmax_age: 86400\n"

/* With "_mta-sts." as long as a name may be. */
#define LABEL_58 \
    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffff"
#define LONG_DOMAIN \
    LABEL_58 "." LABEL_58 "." LABEL_58 "." LABEL_58 ".long.nz"

/* A domain that the tests know, to be changed; another ends the test. */
struct site	*site_of(const char *);

/* What the processes would answer; the last is the struct bench. */
void		 play_resolve(struct ipc *, json_t *, int, void *);
void		 play_net(struct ipc *, json_t *, int, void *);

#endif
