/* SPDX-License-Identifier: ISC */

/*
 * One domain's report of one UTC day (RFC 8460 4.4): built from the tallies,
 * packed for sending, read back from what was stored.
 */

#include <sys/types.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bounds.h"
#include "lib/date.h"
#include "base/log.h"
#include "lib/xalloc.h"
#include "report/report.h"
#include "report/report_key.h"
#include "store/store_report.h"

/* zlib's number for a gzip wrapper, and for 32 kB of window. */
#define GZIP_WRAPPER 16
#define WINDOW_MIN 9
#define WINDOW_MAX 15
#define GZIP_WINDOW (GZIP_WRAPPER + WINDOW_MAX)
/* zlib looks back for so many bytes less than its window has. */
#define WINDOW_LESS 262

/*
 * Once a report is stored its id is there and stays.  A new one: the day, the
 * domain, and 16 digits that stand for these, for the submitter and for this
 * host: what is sent again without a memory, since the database was lost, is
 * known as the same, and nobody else can tell.  sged has made the key; where
 * there never was one nothing is sent.  Fits dot-atom (RFC 5322 3.2.3).
 */
static char *
new_id(struct store *st, const struct conf *conf, const char *domain,
    int64_t day)
{
	struct store_report row;
	char date[11], *id, *text;
	uint64_t h = 0;
	int rc;

	if (store_report_find(st, domain, day, &row) == 1 &&
	    row.report_id[0] != '\0')
		return strdup(row.report_id);
	day_print(day, date, sizeof(date));
	if (asprintf(&text, "%s %s %s %s", date, domain, conf->submitter,
	    conf->hostname) == -1)
		return NULL;
	rc = report_key_digest(conf->spool, text, &h);
	free(text);
	if (rc == -1 && errno != ENOENT) {
		log_warn("%s/" REPORT_KEY_FILE, conf->spool);
		return NULL;
	}
	if (asprintf(&id, "%.4s%.2s%.2s.%s.%016llx", date, date + 5, date + 8,
	    domain, (unsigned long long)h) == -1)
		return NULL;
	return id;
}

static json_t *
date_range(int64_t day)
{
	char start[32], end[32];

	time_print(day * DAY_SECONDS, start, sizeof(start));
	time_print((day + 1) * DAY_SECONDS - 1, end, sizeof(end));
	return json_pack("{s:s, s:s}", "start-datetime", start,
	    "end-datetime", end);
}

/* All members; steals policies.  organization-name is never missing. */
static json_t *
whole(const struct conf *conf, int64_t day, const char *id, json_t *policies)
{
	const char *name = conf->organization;

	if (name == NULL || name[0] == '\0')
		name = conf->submitter;
	return json_pack("{s:o, s:o, s:o, s:s, s:o}",
	    "organization-name", report_string(name, REPORT_TEXT_MAX),
	    "date-range", date_range(day),
	    "contact-info", report_string(conf->contact, REPORT_TEXT_MAX),
	    "report-id", id,
	    "policies", policies);
}

static int
build(struct store *st, const struct conf *conf, const char *domain,
    int64_t day, int summed, struct report **out)
{
	struct report *re;
	json_t *policies;
	int nothing;

	*out = NULL;
	re = xcalloc(1, sizeof(*re));
	policies = report_policies(st, domain, day, summed, &re->ok,
	    &re->failed, &nothing);
	if (policies == NULL || nothing) {
		nothing = policies != NULL;
		json_decref(policies);
		free(re);
		return nothing ? 0 : -1;
	}
	re->day = day;
	re->domain = xstrdup(domain);
	re->id = new_id(st, conf, domain, day);
	if (re->id == NULL) {
		json_decref(policies);
		report_free(re);
		return -1;
	}
	if ((re->json = whole(conf, day, re->id, policies)) == NULL)
		fatalx("report: no memory");
	*out = re;
	return 1;
}

int
report_build(struct store *st, const struct conf *conf, const char *domain,
    int64_t day, struct report **out)
{
	int rc;

	if ((rc = build(st, conf, domain, day, 0, out)) != 1 ||
	    json_dumpb((*out)->json, NULL, 0, JSON_COMPACT) <= REPORT_SIZE_MAX)
		return rc;
	report_free(*out);
	log_warnx("report for %s: over %d bytes, failures summed by type",
	    log_clean(domain), REPORT_SIZE_MAX);
	return build(st, conf, domain, day, 1, out);
}

void
report_free(struct report *re)
{
	if (re == NULL)
		return;
	json_decref(re->json);
	free(re->domain);
	free(re->id);
	free(re->gz);
	free(re);
}

char *
report_text(const struct report *re, int indented)
{
	return json_dumps(re->json, indented ? JSON_INDENT(2) : JSON_COMPACT);
}

/*
 * zlib's memory for a text: a quarter of a megabyte, all written to before it
 * begins, costs more than to pack a report of some hundred bytes.  One that is
 * no shorter than the text, and as many symbols, packs as well.
 */
static int
gzip_begin(z_stream *z, size_t len)
{
	int window = WINDOW_MIN, level;

	while (window < WINDOW_MAX && ((size_t)1 << window) < len + WINDOW_LESS)
		window++;
	level = window - 6 < 8 ? window - 6 : 8;
	memset(z, 0, sizeof(*z));
	return deflateInit2(z, Z_BEST_COMPRESSION, Z_DEFLATED,
	    GZIP_WRAPPER + window, level, Z_DEFAULT_STRATEGY) == Z_OK ? 0 : -1;
}

unsigned char *
report_gzip(const char *text, size_t len, size_t *outlen)
{
	z_stream z;
	unsigned char *out;
	size_t size;

	/* zlib writes no name and no time: the same text, the same bytes. */
	if (gzip_begin(&z, len) == -1)
		return NULL;
	size = deflateBound(&z, len);
	if ((out = malloc(size)) == NULL) {
		deflateEnd(&z);
		return NULL;
	}
	z.next_in = (z_const Bytef *)(uintptr_t)text;
	z.avail_in = (uInt)len;
	z.next_out = out;
	z.avail_out = (uInt)size;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END) {
		deflateEnd(&z);
		free(out);
		return NULL;
	}
	*outlen = size - z.avail_out;
	deflateEnd(&z);
	return out;
}

int
report_pack(struct report *re)
{
	char *text;

	if (re->gz != NULL)
		return 0;
	if ((text = report_text(re, 0)) == NULL)
		fatalx("report: no memory");
	re->gz = report_gzip(text, strlen(text), &re->gzlen);
	free(text);
	if (re->gz == NULL) {
		log_warnx("report for %s: gzip failed",
		    log_clean(re->domain));
		return -1;
	}
	return 0;
}

/* What we packed ourselves; over REPORT_SIZE_MAX it isn't ours. */
static char *
gunzip(const unsigned char *gz, size_t len, size_t *outlen)
{
	z_stream z;
	char *out, *bigger;
	size_t size = 16384;
	int rc;

	memset(&z, 0, sizeof(z));
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return NULL;
	out = xmalloc(size);
	z.next_in = (z_const Bytef *)(uintptr_t)gz;
	z.avail_in = (uInt)len;
	for (;;) {
		z.next_out = (Bytef *)out + z.total_out;
		z.avail_out = (uInt)(size - z.total_out);
		rc = inflate(&z, Z_NO_FLUSH);
		if (rc != Z_OK || z.avail_out != 0 || size > REPORT_SIZE_MAX)
			break;
		size *= 2;
		if ((bigger = realloc(out, size)) == NULL)
			fatal("report");
		out = bigger;
	}
	*outlen = z.total_out;
	inflateEnd(&z);
	if (rc != Z_STREAM_END) {
		free(out);
		return NULL;
	}
	return out;
}

static void
totals(struct report *re)
{
	json_t *one, *summary;
	size_t i;

	json_array_foreach(json_object_get(re->json, "policies"), i, one) {
		summary = json_object_get(one, "summary");
		re->ok += json_integer_value(json_object_get(summary,
		    "total-successful-session-count"));
		re->failed += json_integer_value(json_object_get(summary,
		    "total-failure-session-count"));
	}
}

struct report *
report_load(const char *domain, int64_t day, const char *id,
    const unsigned char *gz, size_t gzlen)
{
	struct report *re;
	char *text;
	size_t len;

	re = xcalloc(1, sizeof(*re));
	re->day = day;
	re->domain = xstrdup(domain);
	re->id = xstrdup(id);
	re->gz = xmalloc(gzlen == 0 ? 1 : gzlen);
	memcpy(re->gz, gz, gzlen);
	re->gzlen = gzlen;
	if ((text = gunzip(gz, gzlen, &len)) != NULL)
		re->json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	if (re->json == NULL) {
		log_warnx("report for %s: what is stored is damaged",
		    log_clean(domain));
		report_free(re);
		return NULL;
	}
	totals(re);
	return re;
}

char *
report_filename(const struct conf *conf, const struct report *re)
{
	const char *unique;
	char *name;

	/* unique-id has letters and digits only: half of our id's end. */
	unique = strrchr(re->id, '.');
	if (unique != NULL && strlen(unique) > 9)
		unique += 8;
	xasprintf(&name, "%s!%s!%lld!%lld!%s", conf->submitter, re->domain,
	    (long long)(re->day * DAY_SECONDS), (long long)((re->day + 1) *
	    DAY_SECONDS - 1), unique == NULL ? "001" : unique + 1);
	return name;
}
