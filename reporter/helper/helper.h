/* SPDX-License-Identifier: ISC */

#ifndef SGE_WORLD_H
#define SGE_WORLD_H

#include <jansson.h>

#include "conf/conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"

/*
 * The world outside, as the engine (and sgectl's checks) sees it: four
 * processes that are asked and answer later, in any order.
 *
 * resolve  {"op":"txt"|"mx"|"addr"|"tlsa","name":"d"} ->
 *	{"status":"ok"|"nxdomain"|"nodata"|"servfail"|"timeout",
 *	 "ttl":seconds,"secure":bool,"canon":"name behind CNAMEs",
 *	 "txt":["..."], "mx":[[preference,"host"]...], "addr":["..."],
 *	 "tlsa":[[usage,selector,matching type,"hex"]...]}
 *	TXT: the strings of a record joined; one longer than TXT_RECORD_MAX is
 *	left out, and then "toolong" is true.  MX: sorted by preference; a
 *	domain without MX but with addresses answers itself at preference 0
 *	(RFC 5321 5.1); a null MX (RFC 7505) is "nodata" with "null":true.
 *	Names come in normal form.
 *
 * net	see net/net.h
 *
 * mailer {"op":"mail","delivery":n,"from":"a@d","to":["b@e"]} with a descriptor
 *	of the message -> {"status":"ok","kept":bool,"message":"smtpd's number"}
 *	or {"status":"error","exit":n,"text":".."}.  "kept": for when smtpd runs
 *	again.  "unknown" with an error: who waited for sendmail was killed,
 *	and it said nothing.  SPOOL/mailed.n (mail_result.h) says so too.
 *
 * share	see fleet/fleet.h
 *
 * All answer {"op":"ping"} with {"status":"ok"} at once.
 *
 * Every request's "id" and every answer's "id" are added here.  A process
 * that is gone answers {"status":"gone"}.  What does not fit the question or is
 * out of bounds is left out, whoever asked (helper_answer.h).
 */
struct world;

enum world_part {
	WORLD_RESOLVE,
	WORLD_NET,
	WORLD_MAILER,
	WORLD_SHARE			/* only where there is a fleet */
};
#define WORLD_PARTS 4

/* fds: one end of an ipc_pair for each part, -1 where there is none. */
struct world *world_new(struct loop *, const int fds[WORLD_PARTS],
	    void (*gone)(enum world_part, void *arg), void *arg);
void	world_free(struct world *);
/*
 * From now on net is given no address that conf forbids to contact: what is
 * asked with none but such answers "refused".  conf is borrowed.
 */
void	world_restrict(struct world *, const struct conf *);
/*
 * From now on each is asked {"op":"ping"} now and then; one that hangs for
 * minutes is gone.
 */
void	world_watch(struct world *);
/* Whether that is why a part is gone: it is there, and ends by no word. */
int	world_hangs(const struct world *, enum world_part);

/*
 * Steals request, takes fd (-1: none).  answered is called once, later, never
 * from within; its answer is borrowed.  Returns a number for world_forget.
 */
uint64_t world_ask(struct world *, enum world_part, json_t *request, int fd,
	    void (*answered)(json_t *answer, void *arg), void *arg);
/* answered will not be called. */
void	world_forget(struct world *, uint64_t number);
/* Questions asked of a part and not yet answered. */
size_t	world_pending(const struct world *, enum world_part);

/*
 * The processes themselves: run on fd until it closes; never return.  They
 * drop what they do not need (sandbox.c) after reading what conf names.
 * The others are net_main() and share_main().
 */
__dead void resolve_main(const struct conf *, int fd);
__dead void mailer_main(const struct conf *, int fd);

/*
 * helper_start.c: forks them, for sged before it drops its privileges, and
 * for sgectl.  parts: bits 1 << WORLD_RESOLVE and so on.  fds as world_new
 * wants them.
 */
int	world_start(const struct conf *, unsigned int parts,
	    int fds[WORLD_PARTS], pid_t pids[WORLD_PARTS]);

#endif
