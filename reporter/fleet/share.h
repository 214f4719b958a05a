/* SPDX-License-Identifier: ISC */

#ifndef SGE_SHARE_H
#define SGE_SHARE_H

#include <jansson.h>

#include "base/bounds.h"
#include "fleet/fleet.h"
#include "fleet/pq.h"
#include "lib/fleet_table.h"
#include "lib/ipc.h"

/* The share process, within itself. */
struct share {
	const struct conf *conf;
	struct loop	*loop;
	struct ipc	*ipc;
	struct pq	*pq;
	int		 ready;		/* the schema of this connection is */
	int		 begun;		/* what "begin", or "look", began */
	int64_t		 day;		/* of what is copied */
	/* Of "look": whose days, the table that is read, its next row. */
	char		 host[DOMAIN_MAX];
	int64_t		 first;
	int64_t		 last;
	const struct fleet_table *seen;
	int		 row;
};

/* PostgreSQL's clock, in seconds; an index can be read up to it. */
#define FLEET_NOW "extract(epoch FROM statement_timestamp())::bigint"
/* A host that was seen before then is taken over from: a lease of a minute. */
#define FLEET_LAPSED FLEET_NOW " - 60"
/* A host that was not seen for so long is no longer spoken of. */
#define FLEET_MEMBER_SECONDS "(30 * 86400)"

/* A number as a parameter. */
struct share_number {
	char		 text[24];
};
const char *share_number(struct share_number *, int64_t);

/*
 * What each question does: fills answer.  Returns 0, 1: refused, with *why; or
 * -1: see pq_why.
 */
typedef int share_op(struct share *, const json_t *question, json_t *answer,
	    const char **why);

share_op share_beat, share_begin, share_rows, share_end, share_trim;
share_op share_open, share_claim, share_held, share_sums, share_note;
share_op share_look, share_seen;

/* A member of an answer; steals value. */
void	share_set(json_t *answer, const char *key, json_t *value);

#endif
