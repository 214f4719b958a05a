/* SPDX-License-Identifier: ISC */

#ifndef SGE_LEARN_H
#define SGE_LEARN_H

/*
 * The engine's part that learns where mail may go: MTA-STS policies, MX hosts
 * and what looks at these showed become routes, in the database and in
 * SPOOL/routes.  Nothing blocks.
 */
struct engine;

/* Takes in what SPOOL/routes has of use, and writes the file anew. */
void	learn_start(struct engine *);
void	learn_stop(struct engine *);
/*
 * For control (sged_client.h): learned is called from the loop once the
 * domain's route stands in SPOOL/routes, with "enforce" or "none"; with NULL
 * if it can't be learned now.
 */
void	learn_ask(struct engine *, const char *domain,
	    void (*learned)(const char *domain, const char *route, void *arg),
	    void *arg);
/* How many were not learned so far, since too many are waited for. */
int64_t	learn_refused(const struct engine *);
/* Who asked with arg is not told any more. */
void	learn_forget(struct engine *, void *arg);
/* Between them: learns what is told at engine->notices (sged_notice.h). */
void	notice_start(struct engine *);
void	notice_stop(struct engine *);

#endif
