/* SPDX-License-Identifier: ISC */

/*
 * The policies of a report (RFC 8460 4.4) as I-JSON (RFC 7493).
 *
 * What readers are known to need or to choke on decides what the RFC leaves
 * open: policy-domain, policy-string and failure-details always stand there,
 * the latter two as arrays; mx-host is an array, and only there where it means
 * something, since some want a string; a member that is not known is left out,
 * never "" or null.
 */

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "base/utf8.h"
#include "lib/xalloc.h"
#include "report/report.h"
#include "store/store_report.h"

/* RFC 7493 2.2: beyond, numbers are not exact everywhere. */
#define INTEGER_MAX ((int64_t)9007199254740991)

/* Result types of which rows are summed; there are 11. */
#define TYPES_MAX 32

/* Of a row that stands for many. */
#define SUMMED "more kinds of failures than are told apart"

/* A domain's failures while they are collected. */
struct details {
	json_t		*rows;
	size_t		 nrows;
	int		 summed;
	struct {
		char	 type[64];
		int64_t	 count;
	} sums[TYPES_MAX];
	size_t		 nsums;
};

struct policies {
	struct store	*store;
	const char	*domain;
	int64_t		 day;
	int		 summed;
	json_t		*list;
	int64_t		 ok;
	int64_t		 failed;
};

/*
 * The length of a character of UTF-8 that JSON may hold, 0 if it is none:
 * no overlong form, surrogate or noncharacter.
 */
static size_t
character(const char *s, size_t left)
{
	uint32_t c;
	size_t n;

	if ((n = utf8_next(s, left, &c)) == 0 || c < ' ' ||
	    (c >= 0x7f && c <= 0x9f) ||
	    (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe)
		return 0;
	return n;
}

json_t *
report_string(const char *s, size_t max)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t left = strlen(s), n, outlen = 0;
	json_t *json;
	char *out;

	/* Three bytes, U+FFFD's, for each byte at worst. */
	if (left > max)
		left = max;
	out = xmalloc(3 * left + 1);
	while (left > 0) {
		if ((n = character((const char *)p, left)) > 0) {
			memcpy(out + outlen, p, n);
			outlen += n;
		} else if (*p < ' ' || *p == 0x7f) {
			n = 1;
			out[outlen++] = ' ';
		} else {
			/* Cut off in its middle: left out. */
			if (left == max - (size_t)(p -
			    (const unsigned char *)s) && left < 4 &&
			    p[left] != '\0')
				break;
			n = 1;
			memcpy(out + outlen, "\357\277\275", 3);
			outlen += 3;
		}
		p += n;
		left -= n;
	}
	if ((json = json_stringn(out, outlen)) == NULL)
		fatalx("report: not UTF-8 after all");
	free(out);
	return json;
}

static void
set(json_t *obj, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(obj, key, value) == -1)
		fatalx("report: no memory");
}

static void
append(json_t *array, json_t *value)
{
	if (value == NULL || json_array_append_new(array, value) == -1)
		fatalx("report: no memory");
}

static void
set_count(json_t *obj, const char *key, int64_t n)
{
	if (n < 0)
		n = 0;
	set(obj, key, json_integer(n > INTEGER_MAX ? INTEGER_MAX : n));
}

static void
set_text(json_t *obj, const char *key, const char *text)
{
	if (text[0] != '\0')
		set(obj, key, report_string(text, REPORT_TEXT_MAX));
}

/* In RFC 5952's form, or not at all: "" and words stop some readers. */
static void
set_address(json_t *obj, const char *key, const char *text)
{
	struct addr addr;
	char out[64];

	if (addr_parse(text, strlen(text), &addr) == -1)
		return;
	addr_print(&addr, out, sizeof(out));
	set(obj, key, json_string(out));
}

/* Only the type is known, or asked for: one row for each type. */
static void
sum(struct details *de, const char *type, int64_t count)
{
	size_t i;

	for (i = 0; i < de->nsums; i++)
		if (strcmp(de->sums[i].type, type) == 0)
			break;
	if (i == TYPES_MAX)
		i = TYPES_MAX - 1;
	else if (i == de->nsums) {
		/* Cut off: only an unknown type can be that long. */
		(void)strlcpy(de->sums[i].type, type,
		    sizeof(de->sums[i].type));
		de->sums[i].count = 0;
		de->nsums++;
	}
	de->sums[i].count += count;
}

/*
 * The host's name where we did not look it up: what it calls itself.  A
 * failure that came before any connection, or that stands for many, names no
 * host and no address: whatever stood there would be a guess.
 */
static void
set_host(json_t *row, const char *helo)
{
	char name[DOMAIN_MAX];

	if (json_object_get(row, "receiving-mx-hostname") == NULL &&
	    json_object_get(row, "receiving-ip") != NULL &&
	    domain_normal(helo, strlen(helo), name, sizeof(name)) == 0)
		set_text(row, "receiving-mx-hostname", name);
}

static int
add_detail(const struct store_detail *d, void *arg)
{
	struct details *de = arg;
	json_t *row;

	if (de->summed || de->nrows >= REPORT_DETAILS_MAX) {
		sum(de, d->type, d->count);
		return 0;
	}
	if ((row = json_object()) == NULL)
		fatalx("report: no memory");
	set(row, "result-type", report_string(d->type, REPORT_TEXT_MAX));
	set_address(row, "sending-mta-ip", d->sip);
	set_text(row, "receiving-mx-hostname", d->mx);
	set_text(row, "receiving-mx-helo", d->helo);
	set_address(row, "receiving-ip", d->rip);
	if (json_object_size(row) == 1 && d->info[0] == '\0' &&
	    d->reason[0] == '\0') {
		sum(de, d->type, d->count);
		json_decref(row);
		return 0;
	}
	set_host(row, d->helo);
	set_count(row, "failed-session-count", d->count);
	set_text(row, "additional-information", d->info);
	set_text(row, "failure-reason-code", d->reason);
	append(de->rows, row);
	de->nrows++;
	return 0;
}

static json_t *
details(struct policies *po, int64_t policy)
{
	struct details de;
	json_t *row;
	size_t i;

	memset(&de, 0, sizeof(de));
	de.summed = po->summed;
	if ((de.rows = json_array()) == NULL)
		fatalx("report: no memory");
	if (store_report_details(po->store, po->domain, po->day, policy,
	    add_detail, &de) == -1) {
		json_decref(de.rows);
		return NULL;
	}
	for (i = 0; i < de.nsums; i++) {
		if ((row = json_object()) == NULL)
			fatalx("report: no memory");
		set(row, "result-type",
		    report_string(de.sums[i].type, REPORT_TEXT_MAX));
		set_count(row, "failed-session-count", de.sums[i].count);
		set_text(row, "failure-reason-code", SUMMED);
		append(de.rows, row);
	}
	return de.rows;
}

/*
 * A stored JSON array of strings: always an array of strings here.  Summed,
 * it stays empty: policies alone can be too much, if one changes all day.
 */
static json_t *
strings(const char *text, int summed)
{
	json_t *in, *out, *item;
	size_t i;

	if ((out = json_array()) == NULL)
		fatalx("report: no memory");
	if (summed || (in = json_loads(text, 0, NULL)) == NULL)
		return out;
	json_array_foreach(in, i, item)
		if (json_is_string(item))
			append(out, report_string(json_string_value(item),
			    STS_POLICY_MAX));
	json_decref(in);
	return out;
}

static int
add_policy(const struct store_policy *p, void *arg)
{
	struct policies *po = arg;
	json_t *one, *policy, *summary, *mx, *rows;

	if ((rows = details(po, p->id)) == NULL)
		return -1;
	one = json_object();
	policy = json_object();
	summary = json_object();
	if (one == NULL || policy == NULL || summary == NULL)
		fatalx("report: no memory");
	set(policy, "policy-type", report_string(p->type, REPORT_TEXT_MAX));
	set(policy, "policy-string", strings(p->strings, po->summed));
	set(policy, "policy-domain", report_string(p->domain,
	    REPORT_TEXT_MAX));
	mx = strings(p->mx, po->summed);
	if (json_array_size(mx) > 0)
		set(policy, "mx-host", mx);
	else
		json_decref(mx);
	set_count(summary, "total-successful-session-count", p->ok);
	set_count(summary, "total-failure-session-count", p->fail);
	set(one, "policy", policy);
	set(one, "summary", summary);
	set(one, "failure-details", rows);
	append(po->list, one);
	po->ok += p->ok;
	po->failed += p->fail;
	return 0;
}

json_t *
report_policies(struct store *st, const char *domain, int64_t day, int summed,
    int64_t *ok, int64_t *failed, int *nothing)
{
	struct policies po;

	memset(&po, 0, sizeof(po));
	po.store = st;
	po.domain = domain;
	po.day = day;
	po.summed = summed;
	if ((po.list = json_array()) == NULL)
		fatalx("report: no memory");
	*nothing = 0;
	if (store_report_policies(st, domain, day, add_policy, &po) == -1) {
		json_decref(po.list);
		return NULL;
	}
	*nothing = json_array_size(po.list) == 0;
	*ok = po.ok;
	*failed = po.failed;
	return po.list;
}
