/* SPDX-License-Identifier: ISC */

/*
 * A claimed report is built of what all hosts tallied, by the same way as one
 * host's: their sums are put into a database in memory, and read as if it were
 * this host's.  It is stored in SQLite, whole, as due; the rest is deliver's.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "copy/copy_job.h"
#include "deliver/deliver.h"
#include "report/report.h"
#include "store/store_image.h"

/*
 * Members of a row: of which claim it is, the policy's, the texts of a failure,
 * a number behind.
 */
#define POLICY_AT 1
#define COUNTS_AT 6
#define DETAIL_TEXTS 7
/* Reports that are asked for at once: a domain's failures may be many rows. */
#define BATCH_MAX 16

static void	next_claims(struct copy *);

void
claim_read(const json_t *one, struct store_claim *claim, const char **id)
{
	const char *name = json_string_value(json_array_get(one, 1));

	memset(claim, 0, sizeof(*claim));
	claim->day = json_integer_value(json_array_get(one, 0));
	/* A name in normal form fits. */
	(void)strlcpy(claim->domain, name == NULL ? "" : name,
	    sizeof(claim->domain));
	claim->part = json_integer_value(json_array_get(one, 2));
	*id = json_string_value(json_array_get(one, 3));
}

static const char *
text(const json_t *row, size_t i)
{
	const char *s = json_string_value(json_array_get(row, i));

	return s == NULL ? "" : s;
}

static int64_t
number(const json_t *row, size_t i)
{
	return json_integer_value(json_array_get(row, i));
}

static int
take_row(struct copy *c, const json_t *row)
{
	/* An array, or "". */
	char *lines = json_dumps(json_array_get(row, POLICY_AT + 3),
	    JSON_COMPACT);
	const struct store_image_policy p = { text(row, POLICY_AT),
	    text(row, POLICY_AT + 1), text(row, POLICY_AT + 2),
	    lines == NULL ? "" : lines, text(row, POLICY_AT + 4) };
	const char *texts[DETAIL_TEXTS], *id;
	struct store_claim claim;
	size_t i;
	int rc;

	claim_read(json_array_get(c->claims, c->claim + (size_t)number(row,
	    0)), &claim, &id);
	for (i = 0; i < DETAIL_TEXTS; i++)
		texts[i] = text(row, COUNTS_AT + i);
	if (c->details)
		rc = store_image_detail(c->image, claim.day, claim.domain, &p,
		    texts, number(row, COUNTS_AT + DETAIL_TEXTS));
	else
		rc = store_image_tally(c->image, claim.day, claim.domain, &p,
		    number(row, COUNTS_AT), number(row, COUNTS_AT + 1));
	free(lines);
	return rc;
}

static int
store_it(struct copy *c, const struct store_claim *claim, const char *id)
{
	struct engine *e = c->engine;
	struct report *re = NULL;
	int rc;

	if (store_image_report(c->image, claim->day, claim->domain, id) == -1
	    || (rc = report_build(c->image, e->conf, claim->domain,
	    claim->day, &re)) == -1)
		return -1;
	if (rc == 0)
		return store_claim_add(e->store, claim, id, 0, 0, NULL, 0,
		    time(NULL));
	rc = report_pack(re) == -1 ? -1 : store_claim_add(e->store, claim,
	    re->id, re->ok, re->failed, re->gz, re->gzlen, time(NULL));
	report_free(re);
	return rc;
}

/* The database is full, or fails: what is claimed is found again. */
static void
give_up(struct copy *c)
{
	c->synced = 0;
	copy_again(c, BEAT_MS);
}

/* Those that were asked for, now that all their rows are there. */
static int
store_claims(struct copy *c)
{
	struct store_claim claim;
	const char *id;
	size_t i;

	for (i = 0; i < c->nasked; i++) {
		claim_read(json_array_get(c->claims, c->claim + i), &claim,
		    &id);
		if (store_it(c, &claim, id) == -1)
			return -1;
	}
	deliver_due(c->engine);
	return 0;
}

static void	ask_sums(struct copy *, int64_t);

static void
sums_came(json_t *answer, void *arg)
{
	struct copy *c = arg;
	json_t *row;
	int64_t next;
	size_t i;

	if (!copy_good(c, answer))
		return;
	json_array_foreach(json_object_get(answer, "rows"), i, row)
		if (take_row(c, row) == -1) {
			give_up(c);
			return;
		}
	if ((next = ipc_int(answer, "next", -1)) > 0) {
		ask_sums(c, next);
		return;
	}
	if (!c->details) {
		c->details = 1;
		ask_sums(c, 0);
		return;
	}
	if (store_claims(c) == -1) {
		give_up(c);
		return;
	}
	c->claim += c->nasked;
	next_claims(c);
}

static void
ask_sums(struct copy *c, int64_t from)
{
	json_t *list;
	size_t i;

	if ((list = json_array()) == NULL)
		fatalx("copy: no memory");
	for (i = 0; i < c->nasked; i++)
		if (json_array_append(list, json_array_get(c->claims,
		    c->claim + i)) == -1)
			fatalx("copy: no memory");
	copy_ask(c, json_pack("{s:s, s:o, s:b, s:I}", "op", "sums", "reports",
	    list, "details", c->details, "from", (json_int_t)from),
	    sums_came);
}

static void
next_claims(struct copy *c)
{
	size_t left = json_array_size(c->claims) - c->claim;

	if (left == 0) {
		json_decref(c->claims);
		c->claims = NULL;
		c->built(c);
		return;
	}
	c->nasked = left < BATCH_MAX ? left : BATCH_MAX;
	c->details = 0;
	if (store_image_clear(c->image) == -1)
		give_up(c);
	else
		ask_sums(c, 0);
}

void
claim_build(struct copy *c, void (*built)(struct copy *))
{
	c->claim = 0;
	c->built = built;
	if (json_array_size(c->claims) > 0 && c->image == NULL &&
	    (c->image = store_open(STORE_IMAGE, STORE_WRITE)) == NULL)
		give_up(c);
	else
		next_claims(c);
}
