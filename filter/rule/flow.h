/* SPDX-License-Identifier: ISC */

#ifndef SGE_FLOW_H
#define SGE_FLOW_H

#include "conf/conf.h"
#include "rule/table_answer.h"
#include "spool/record.h"

/* What is known of a session when a recipient is named. */
struct flow_query {
	const char	*from;		/* sender's domain; "" null sender */
	const char	*helo;
	int		 fcrdns;	/* forward-confirmed reverse DNS */
	const char	*to;		/* recipient's domain */
	const struct addr *remote;	/* NULL: unix socket */
	int		 trusted;	/* local submission, authenticated */
	enum tlsver	 tls;
	int64_t		 when;		/* epoch seconds, smtpd's own */
	int		 normal;	/* from and to are in normal form */
};

struct flow_answer {
	enum verdict	 verdict;
	enum refusal	 why;		/* NONE with VERDICT_PASS */
	int		 from_class;
	int		 to_class;
	const struct conf_rule *rule;
	/*
	 * "530 5.7.0 ...", printable ASCII, one line; "" when it passes.
	 * With VERDICT_TESTING it is what would have been answered, for the
	 * log: the mail proceeds.
	 */
	char		 reply[512];
};

/* "restricted>public", as in replies and records; 66 bytes at most. */
void	flow_name(const struct conf *, int from, int to, char out[],
	    size_t outsz);

/*
 * The rule for mail between two domains in normal form ("": none) of these
 * classes: conf_rule, but for two that are both ours.
 */
const struct conf_rule *flow_rule(const struct conf *, const char *from,
	    int from_class, const char *to, int to_class);

/*
 * Decides by DESIGN's table of rules.  Names need not be in normal
 * form; where they are, "normal" saves time.  No
 * memory is taken, nothing blocks.
 */
void	flow_decide(const struct conf *, const struct flow_query *,
	    struct flow_answer *);
/*
 * Then for a recipient of others, to whose domain (in normal form) table-sge
 * answers so: refuses as well what would wait for a host that never comes.
 */
void	flow_nowhere(const struct conf *, const char *to, const struct answer *,
	    struct flow_answer *);

#endif
