/* SPDX-License-Identifier: ISC */

/*
 * Finds reports by what they look like: names and types are hints at best.
 */

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "lib/xalloc.h"
#include "reader/mailbox.h"
#include "reader/mime_code.h"
#include "reader/reader.h"
#include "reader/sniff.h"
#include "reader/unpack.h"

/* gzip in zip in gzip: nobody means well who goes deeper. */
#define PACK_DEPTH_MAX 3
/* So many of a list that are no report: it is no list of reports. */
#define LIST_BAD_MAX 5

struct find {
	struct reader	*reader;
	struct rd_hint	 hint;
	const char	*name;		/* of the file or part */
	int		 packs;		/* depth */
	int		 mails;
	int		 found;		/* reports in this mail or file */
	int		 said;		/* problems */
	const struct mime *mail;	/* outermost */
};

static const char spent[] = "takes more work than is given to one mail";

static void	find_any(struct find *, const unsigned char *, size_t);
static void	find_mail(struct find *, const char *, size_t);

static void
problem(struct find *f, const char *text, int skipped)
{
	f->reader->problems++;
	f->reader->skipped += skipped;
	f->said++;
	if (f->reader->problem != NULL)
		f->reader->problem(text, f->reader->arg);
}

/* Charges work that is about to be done; -1: that is said, leave it. */
static int
charge(struct find *f, size_t bytes, int64_t members)
{
	int was = f->hint.budget->spent;

	if (budget_take(f->hint.budget, (int64_t)bytes, members) == 0)
		return 0;
	if (!was)
		problem(f, spent, 0);
	return -1;
}

/* Hands a report on, which is the callee's from now on. */
static void
found_report(struct find *f, struct rd_report *r)
{
	f->found++;
	f->reader->reports++;
	f->reader->report(r, f->reader->arg);
}

/* JSON that ends early may do so since what packed it did. */
static const char *
cause(const struct find *f, const char *why)
{
	return f->hint.odd != NULL && strcmp(why, "the JSON ends early") == 0 ?
	    f->hint.odd : why;
}

/* A list of reports as some tools write it: each by itself. */
static void
find_list(struct find *f, const char *text, size_t len)
{
	struct rd_report *r;
	const char *why;
	size_t at = 1, used;
	int bad = 0;

	while (at < len) {
		at += strspn(text + at, " \t\r\n,");
		if (at >= len || text[at] != '{' || charge(f, 0, 1) == -1)
			break;
		r = reader_json(text + at, len - at, &f->hint, &used, &why);
		/* What follows it may be one. */
		at += used;
		if (r == NULL) {
			problem(f, cause(f, why), 0);
			if (++bad == LIST_BAD_MAX)
				return;
			continue;
		}
		rd_odd(r, "a list of reports");
		found_report(f, r);
	}
}

/* text has a NUL behind it. */
static void
find_json(struct find *f, const char *text, size_t len)
{
	struct rd_report *r;
	const char *why;
	size_t at, used;
	int first = 1;

	if (charge(f, len, 0) == -1)
		return;
	at = sniff_blanks((const unsigned char *)text, len);
	if (text[at] == '[') {
		find_list(f, text + at, len - at);
		return;
	}
	while (at < len && text[at] == '{' && charge(f, 0, 1) == 0) {
		r = reader_json(text + at, len - at, &f->hint, &used, &why);
		if (r == NULL) {
			/* A text that just begins like one is no loss. */
			if (first || strcmp(why, "JSON, but no TLS report"))
				problem(f, cause(f, why), 0);
			return;
		}
		at += used;
		at += sniff_blanks((const unsigned char *)text + at, len - at);
		while (at < len && text[at] == '\0')
			at++;
		if (at < len && text[at] != '{')
			rd_odd(r, "text after the report");
		found_report(f, r);
		first = 0;
	}
}

static void
find_gzip(struct find *f, const unsigned char *data, size_t len)
{
	const char *why, *odd, *before = f->hint.odd;
	unsigned char *out;
	size_t outlen;

	if (len > READ_PACKED_MAX) {
		problem(f, "packed data are longer than is read", 0);
		return;
	}
	if (unpack_gzip(data, len, READ_REPORT_MAX, f->hint.budget, &out,
	    &outlen, &odd, &why) == -1) {
		problem(f, why, 0);
		return;
	}
	if (odd != NULL)
		f->hint.odd = odd;
	f->packs++;
	find_any(f, out, outlen);
	f->packs--;
	f->hint.odd = before;
	free(out);
}

static void
found_in_zip(const char *name, const unsigned char *data, size_t len,
    const char *why, void *arg)
{
	struct find *f = arg;
	const char *before = f->hint.filename;
	unsigned char *copy;

	if (data == NULL) {
		problem(f, why, 0);
		return;
	}
	if (charge(f, len, 0) == -1)
		return;
	copy = xmalloc(len + 1);
	memcpy(copy, data, len);
	copy[len] = '\0';
	f->hint.filename = name;
	find_any(f, copy, len);
	f->hint.filename = before;
	free(copy);
}

static void
find_zip(struct find *f, const unsigned char *data, size_t len)
{
	const char *why;
	int found = f->found, said = f->said;

	if (len > READ_PACKED_MAX) {
		problem(f, "packed data are longer than is read", 0);
		return;
	}
	f->packs++;
	if (unpack_zip(data, len, READ_REPORT_MAX, f->hint.budget,
	    found_in_zip, f, &why) == -1)
		problem(f, why, 0);
	else if (f->found == found && f->said == said)
		problem(f, "zip archive without a report", 0);
	f->packs--;
}

static void
find_xml(struct find *f, const char *text, size_t len)
{
	size_t n = len < 4096 ? len : 4096;

	if (memmem(text, n, "<feedback", 9) != NULL)
		problem(f, READER_DMARC, 1);
	else if (f->packs > 0)
		problem(f, "XML, skipped", 1);
}

static int
found_in_mbox(const char *name __unused, const unsigned char *data, size_t len,
    const char *error, void *arg)
{
	if (error != NULL)
		problem(arg, error, 0);
	else
		find_mail(arg, (const char *)data, len);
	return ((struct find *)arg)->hint.budget->spent ? -1 : 0;
}

/* A mail, or an mbox, that was packed. */
static void
find_mails(struct find *f, const unsigned char *data, size_t len)
{
	struct mailbox box;
	FILE *fp;

	if (charge(f, len, 0) == -1)
		return;
	memset(&box, 0, sizeof(box));
	box.item = found_in_mbox;
	box.arg = f;
	/* Only read: its bytes stay as they are. */
	if ((fp = fmemopen((void *)(uintptr_t)data, len, "r")) == NULL)
		fatal("fmemopen");
	mailbox_stream(&box, fp, f->name);
	fclose(fp);
	mailbox_free(&box);
}

/* data has a NUL behind it. */
static void
find_any(struct find *f, const unsigned char *data, size_t len)
{
	char *text;
	size_t n;

	switch (sniff(data, len)) {
	case KIND_JSON:
		find_json(f, (const char *)data, len);
		return;
	case KIND_GZIP:
	case KIND_ZIP:
		if (f->packs >= PACK_DEPTH_MAX)
			problem(f, "packed too many times", 0);
		else if (data[0] == 'P')
			find_zip(f, data, len);
		else
			find_gzip(f, data, len);
		return;
	case KIND_OTHER_PACK:
		problem(f, "packed, but neither gzip nor zip", 0);
		return;
	case KIND_TAR:
		problem(f, "a tar archive: RFC 8460 asks for gzip of the JSON "
		    "itself", 0);
		return;
	case KIND_UTF32:
		problem(f, "UTF-32: RFC 8460 asks for JSON in UTF-8", 0);
		return;
	case KIND_UTF16:
		if ((text = reader_utf16(data, len, &n)) != NULL &&
		    sniff((unsigned char *)text, n) == KIND_JSON) {
			f->hint.odd = "UTF-16, not UTF-8";
			find_json(f, text, n);
		}
		free(text);
		return;
	case KIND_XML:
		find_xml(f, (const char *)data, len);
		return;
	case KIND_MAIL:
	case KIND_NOTHING:
		break;
	}
	if (f->packs > 0 && mime_looks_like((const char *)data, len))
		find_mails(f, data, len);
	else if (f->packs > 0)
		problem(f, "packed, but no report", 0);
}

/* Wrappings that are named, not opened: a report may be within. */
static void
find_wrapping(struct find *f, const struct mime_leaf *leaf)
{
	if (strcmp(leaf->type, "application/pkcs7-mime") == 0 ||
	    strcmp(leaf->type, "application/x-pkcs7-mime") == 0)
		problem(f, "in S/MIME (smime.p7m), which is not opened", 0);
	else if (strcmp(leaf->type, "application/pgp-encrypted") == 0)
		problem(f, "encrypted with OpenPGP", 0);
	else if (strcmp(leaf->type, "application/ms-tnef") == 0 ||
	    strcasecmp(leaf->filename, "winmail.dat") == 0)
		problem(f, "in TNEF (winmail.dat), which is not opened", 0);
}

static void
found_leaf(const struct mime_leaf *leaf, void *arg)
{
	struct find *f = arg;
	struct rd_hint before = f->hint;
	int found = f->found, said = f->said;
	char *domain, *submitter;
	unsigned char *data;
	size_t len;

	if (f->hint.budget->spent)
		return;
	domain = reader_field(leaf->mail, "TLS-Report-Domain");
	submitter = reader_field(leaf->mail, "TLS-Report-Submitter");
	if (domain != NULL)
		f->hint.domain = domain;
	if (submitter != NULL)
		f->hint.submitter = submitter;
	if (leaf->filename[0] != '\0')
		f->hint.filename = leaf->filename;
	/* The signature is of the outer mail's sender, not of one within. */
	if (leaf->nested)
		f->hint.from = "";
	if (sniff_base64(leaf->data, leaf->len)) {
		data = mime_base64((const char *)leaf->data, leaf->len, &len);
		f->hint.odd = "base64, not said so";
		find_any(f, data, len);
		free(data);
	} else if (sniff(leaf->data, leaf->len) == KIND_NOTHING &&
	    strncmp(leaf->type, "text/", 5) != 0 &&
	    strncmp(leaf->type, "message/", 8) != 0 &&
	    mime_looks_like((const char *)leaf->data, leaf->len)) {
		/* A mail attached as a file. */
		find_mail(f, (const char *)leaf->data, leaf->len);
	} else
		find_any(f, leaf->data, leaf->len);
	if (f->found == found && f->said == said)
		find_wrapping(f, leaf);
	free(domain);
	free(submitter);
	f->hint = before;
}

static void
find_mail(struct find *f, const char *data, size_t len)
{
	struct mime mail;
	struct rd_hint before = f->hint;
	struct rd_dkim dkim;
	char *id, *lines, from[DOMAIN_MAX];
	int found = f->found, said = f->said;

	if (f->mails >= 3) {
		problem(f, "mails within mails, too deep", 0);
		return;
	}
	if (charge(f, len, 1) == -1)
		return;
	if ((lines = mime_cr_lines(data, len)) != NULL)
		data = lines;
	mime_split(data, len, &mail);
	id = reader_report_id(&mail);
	reader_from(&mail, from, sizeof(from));
	reader_dkim(&mail, f->reader->conf, &dkim);
	/* What is packed, or within another mail, no verifier has seen. */
	if (f->mails > 0 || f->packs > 0)
		dkim.nsigners = 0;
	f->hint.id = id;
	f->hint.from = from;
	f->hint.dkim = &dkim;
	f->mails++;
	if (mime_walk(data, len, f->hint.budget, found_leaf, f) == -1 &&
	    !f->hint.budget->spent)
		problem(f, "more parts than are read", 0);
	f->mails--;
	if (f->mails == 0 && f->found == found && f->said == said)
		problem(f, READER_NOTHING, 0);
	free(id);
	free(lines);
	f->hint = before;
}

int
reader_read(struct reader *r, const char *name, const unsigned char *data,
    size_t len)
{
	struct budget budget;
	struct find f;
	struct mime no_mail;
	struct rd_dkim dkim;
	unsigned char *copy;

	budget_start(&budget);
	memset(&f, 0, sizeof(f));
	/* What came without a mail no verifier has seen. */
	memset(&no_mail, 0, sizeof(no_mail));
	reader_dkim(&no_mail, r->conf, &dkim);
	f.hint.dkim = &dkim;
	f.hint.from = "";
	f.reader = r;
	f.hint.budget = &budget;
	f.name = name;
	f.hint.filename = name;
	f.hint.now = r->now;
	if (sniff(data, len) == KIND_NOTHING) {
		if (sniff_base64(data, len) &&
		    !mime_looks_like((const char *)data, len)) {
			copy = mime_base64((const char *)data, len, &len);
			f.hint.odd = "base64, not said so";
			find_any(&f, copy, len);
			free(copy);
		} else
			find_mail(&f, (const char *)data, len);
	} else {
		/* Parsers want a NUL behind. */
		copy = xmalloc(len + 1);
		memcpy(copy, data, len);
		copy[len] = '\0';
		find_any(&f, copy, len);
		free(copy);
	}
	if (budget.spent && f.said == 0)
		problem(&f, spent, 0);
	if (f.found == 0 && f.said == 0)
		problem(&f, READER_NOTHING, 0);
	return f.found;
}
