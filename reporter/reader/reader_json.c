/* SPDX-License-Identifier: ISC */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bounds.h"
#include "lib/date.h"
#include "lib/xalloc.h"
#include "reader/reader.h"
#include "reader/reader_member.h"

static void
odd_of_scan(const char *text, void *arg)
{
	rd_odd(arg, text);
}

/* The n-th field (from 0) between '!' of a file name (RFC 8460 5.1). */
static char *
name_field(const char *name, int n)
{
	const char *p;
	char *s;

	if (name == NULL)
		return NULL;
	if ((p = strrchr(name, '/')) != NULL)
		name = p + 1;
	if (strchr(name, '!') == NULL)
		return NULL;
	for (; n > 0; n--) {
		if ((name = strchr(name, '!')) == NULL)
			return NULL;
		name++;
	}
	s = xstrndup(name, strcspn(name, "!"));
	/* A name's bytes need not be UTF-8. */
	for (p = s; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			s[p - s] = '?';
	return s;
}

/* A date member; where it can't be read, the file name's field. */
static int
read_time(struct rd_report *r, json_t *range, const char *name,
    const struct rd_hint *hint, int field, int64_t *when)
{
	char *s;
	int bad;

	s = rd_text(r, range, name);
	bad = reader_time(s, when) == -1;
	if (!bad && strlen(s) == 19 && s[10] == 'T')
		rd_odd(r, "dates without a zone: taken as UTC");
	if (s[0] != '\0' && bad)
		rd_odd(r, "a date that can't be read");
	free(s);
	if (bad && (s = name_field(hint->filename, field)) != NULL) {
		bad = reader_time(s, when) == -1;
		if (!bad)
			rd_odd(r, "dates taken from the file name");
		free(s);
	}
	/* Beyond years of four digits nothing is a date. */
	if (!bad && (*when < 0 || *when > 253402300799LL)) {
		rd_odd(r, "a date that can't be read");
		bad = 1;
	}
	return bad ? -1 : 0;
}

static void
read_range(struct rd_report *r, json_t *root, const struct rd_hint *hint)
{
	json_t *range = rd_member(r, root, "date-range");
	int start, end;

	if (range == NULL)
		rd_odd(r, "no date-range");
	start = read_time(r, range, "start-datetime", hint, 2, &r->start);
	end = read_time(r, range, "end-datetime", hint, 3, &r->finish);
	if (start == -1 && end == 0) {
		rd_odd(r, "no start date: a day before the end taken");
		r->start = (r->finish - 1) / DAY_SECONDS * DAY_SECONDS;
	} else if (start == -1) {
		rd_odd(r, "no dates: the day before it was read taken");
		r->start = (day_of(hint->now) - 1) * DAY_SECONDS;
	}
	if (end == -1)
		r->finish = r->start + DAY_SECONDS - 1;
	if (r->finish < r->start) {
		rd_odd(r, "its end is before its start");
		r->finish = r->start + DAY_SECONDS - 1;
	}
	if (r->finish - r->start > DAY_SECONDS)
		rd_odd(r, "covers more than a day: counted on its first");
	if (r->start > hint->now + 2 * DAY_SECONDS)
		rd_odd(r, "dates in the future");
	r->day = day_of(r->start);
}

/* The domain of contact-info; the caller frees, or NULL. */
static char *
contact_domain(const struct rd_report *r)
{
	const char *at = strrchr(r->contact, '@');
	char *written, *domain;

	if (at == NULL || at[1] == '\0')
		return NULL;
	written = xstrndup(at + 1, strcspn(at + 1, "> ?;,"));
	domain = reader_domain(written);
	free(written);
	return domain;
}

/* That of TLS-Report-Submitter, likewise. */
static char *
header_domain(const struct rd_hint *hint)
{
	return hint->submitter == NULL || hint->submitter[0] == '\0' ? NULL :
	    reader_domain(hint->submitter);
}

/* Who sent it: contact's domain, the header, the file name, the name. */
static void
read_submitter(struct rd_report *r, const struct rd_hint *hint,
    const char *contact, const char *header)
{
	char *s;

	if (contact != NULL) {
		r->submitter = xstrdup(contact);
		if (header != NULL && strcmp(r->submitter, header) != 0)
			rd_odd(r, "TLS-Report-Submitter is not contact's "
			    "domain");
	} else if (header != NULL)
		r->submitter = xstrdup(header);
	else if ((s = name_field(hint->filename, 0)) != NULL) {
		r->submitter = reader_domain(s);
		free(s);
	} else
		r->submitter = reader_domain(r->org);
}

/* A name for a report without one, the same when it is read again. */
static char *
content_id(const char *text, size_t len)
{
	uint64_t h = 14695981039346656037ULL;
	size_t i;
	char buf[40];

	/* FNV-1a */
	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 1099511628211ULL;
	snprintf(buf, sizeof(buf), "without-id-%016llx",
	    (unsigned long long)h);
	return xstrdup(buf);
}

/*
 * Who signed it, if that is whom all names in it are of: else a signature
 * proves only that somebody can sign.
 */
static void
read_mark(struct rd_report *r, const struct rd_hint *hint,
    const char *contact, const char *header)
{
	const char *names[3];
	char normal[DOMAIN_MAX];
	size_t n = 0;

	names[n++] = hint->from;
	if (header != NULL)
		names[n++] = header;
	/*
	 * All of one sender's have none (Stalwart): the header must then say
	 * whose it is.  What names nobody has nobody behind it.
	 */
	if (r->contact[0] != '\0' || header == NULL)
		names[n++] = contact != NULL && domain_normal(contact,
		    strlen(contact), normal, sizeof(normal)) == 0 ? normal : "";
	r->dkim = reader_mark(hint->dkim, names, n);
}

static void
read_names(struct rd_report *r, json_t *root, const struct rd_hint *hint,
    const char *text, size_t len)
{
	char *contact, *header = header_domain(hint);

	r->contact = rd_text(r, root, "contact-info");
	contact = contact_domain(r);
	if (r->contact[0] == '\0')
		rd_odd(r, "no contact-info");
	r->org = rd_text(r, root, "organization-name");
	if (r->org[0] == '\0')
		rd_odd(r, "no organization-name");
	read_submitter(r, hint, contact, header);
	if (r->org[0] == '\0') {
		free(r->org);
		r->org = xstrdup(r->submitter[0] != '\0' ? r->submitter :
		    "(not named)");
	}
	if (r->submitter[0] == '\0') {
		free(r->submitter);
		r->submitter = xstrdup(r->org);
	}
	r->id = rd_text(r, root, "report-id");
	if (r->id[0] == '\0') {
		rd_odd(r, "no report-id");
		free(r->id);
		r->id = hint->id != NULL && hint->id[0] != '\0' ?
		    reader_clean(hint->id, strlen(hint->id), NULL) :
		    content_id(text, len);
	}
	read_mark(r, hint, contact, header);
	free(contact);
	free(header);
}

/* The JSON as jansson sees it; NULL with *why. */
static json_t *
load(struct rd_report *r, const char *text, size_t len, const char **why)
{
	json_t *root;
	json_error_t error;
	size_t flags = JSON_REJECT_DUPLICATES;

	root = json_loadb(text, len, flags, &error);
	if (root == NULL && json_error_code(&error) ==
	    json_error_duplicate_key) {
		rd_odd(r, "a member given twice: the last taken");
		root = json_loadb(text, len, 0, &error);
	}
	if (root == NULL) {
		*why = "the JSON is malformed";
		return NULL;
	}
	if (json_is_array(root) && json_array_size(root) == 1 &&
	    json_is_object(json_array_get(root, 0))) {
		json_t *inner = json_incref(json_array_get(root, 0));

		json_decref(root);
		root = inner;
		rd_odd(r, "a list around the report");
	}
	return root;
}

struct rd_report *
reader_json(const char *text, size_t len, const struct rd_hint *given,
    size_t *used, const char **why)
{
	struct rd_hint hint = *given;
	struct rd_report *r;
	json_t *root = NULL;
	const char *good;
	char *mended = NULL, *domain = NULL;
	size_t goodlen;

	r = xcalloc(1, sizeof(*r));
	*used = len;
	good = reader_scan(text, len, &mended, &goodlen, used, odd_of_scan, r,
	    why);
	if (good == NULL || (root = load(r, good, goodlen, why)) == NULL)
		goto fail;
	if (!json_is_object(root) || (rd_member(r, root, "policies") == NULL &&
	    (rd_member(r, root, "date-range") == NULL ||
	    rd_member(r, root, "report-id") == NULL))) {
		*why = "JSON, but no TLS report";
		goto fail;
	}
	if (budget_keep(hint.budget, READ_ROW_SIZE) == -1) {
		*why = "more reports than are kept of one mail";
		goto fail;
	}
	if (hint.odd != NULL)
		rd_odd(r, hint.odd);
	if (hint.domain == NULL || hint.domain[0] == '\0')
		hint.domain = domain = name_field(hint.filename, 1);
	read_names(r, root, &hint, good, goodlen);
	read_range(r, root, &hint);
	reader_policies(r, root, &hint);
	goto out;
fail:
	rd_report_free(r);
	r = NULL;
out:
	json_decref(root);
	free(mended);
	free(domain);
	return r;
}
