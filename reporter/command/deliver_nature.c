/* SPDX-License-Identifier: ISC */

/*
 * Who wrote a mail that holds no report.  What a program wrote is handed to
 * nobody: an answer to it would be one to a program, or go in a circle.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "command/deliver_nature.h"
#include "reader/mime.h"
#include "store/unread_box.h"

#define BOUNCE "a bounce"
#define ANSWER "an automatic answer"
#define LIST "one of a list"
#define REPORT "a report"

/* A field whose presence is enough (value NULL), or that begins so. */
static const struct {
	const char	*name;
	const char	*value;
	const char	*what;
} signs[] = {
	/* smtpd writes it for its mda; RFC 5321 4.5.5: the null sender. */
	{ "Return-Path", "<>", BOUNCE },
	{ "From", "<>", BOUNCE },
	{ "X-Failed-Recipients", NULL, BOUNCE },
	{ "X-Autoreply", NULL, ANSWER },
	{ "X-Autorespond", NULL, ANSWER },
	{ "Precedence", "auto_reply", ANSWER },
	{ "Precedence", "bulk", LIST },
	{ "Precedence", "junk", LIST },
	{ "Precedence", "list", LIST },
	{ "List-Id", NULL, LIST },
	{ "List-Post", NULL, LIST },
	{ "TLS-Report-Domain", NULL, REPORT },
	{ "TLS-Report-Submitter", NULL, REPORT },
	{ "Content-Type", "multipart/report", REPORT },
	{ "Content-Type", "message/delivery-status", BOUNCE },
	{ "Content-Type", "message/feedback-report", REPORT },
	{ "Content-Type", "application/tlsrpt", REPORT }
};

/* What the parts of a mail are, but those of mails within it. */
struct parts {
	struct nature	*nature;
	int		 files;		/* there are others than text */
};

static int
begins(const char *value, const char *with)
{
	value += strspn(value, " \t");
	return strncasecmp(value, with, strlen(with)) == 0;
}

/* RFC 3834 5: anything but "no". */
static int
is_automatic(const char *value)
{
	value += strspn(value, " \t");
	return strncasecmp(value, "no", 2) != 0 ||
	    strchr(" \t;(", value[2]) == NULL;
}

static const char *
field(const char *name, const char *value, const struct conf *conf)
{
	size_t i;

	for (i = 0; i < nitems(signs); i++)
		if (strcasecmp(signs[i].name, name) == 0 &&
		    (signs[i].value == NULL || begins(value, signs[i].value)))
			return signs[i].what;
	if (strcasecmp(name, "Auto-Submitted") == 0 && is_automatic(value))
		return ANSWER;
	if (strcasecmp(name, "From") == 0) {
		if (strcasestr(value, "mailer-daemon@") != NULL)
			return BOUNCE;
		/* It would be one of ours that came back. */
		if (conf->report_from != NULL &&
		    strcasestr(value, conf->report_from) != NULL)
			return REPORT;
	}
	return NULL;
}

/* Of RFC 8460 5.3, and DMARC: "Report Domain: d Submitter: s ..." */
static int
is_report_subject(const char *value)
{
	return begins(value, "Report Domain:") &&
	    strcasestr(value, "Submitter:") != NULL;
}

/* Text that somebody, or a form letter, has beside a report; or alone. */
static int
has_words(const struct mime_leaf *part)
{
	size_t i = 0;

	if (strncmp(part->type, "text/", 5) != 0 || part->filename[0] != '\0')
		return 0;
	while (i < part->len && strchr(" \t\r\n", part->data[i]) != NULL)
		i++;
	return i < part->len && part->data[i] != '{';
}

/*
 * RFC 3464 wants multipart/report; smtpd writes multipart/mixed, with a part
 * of that type.
 */
static void
leaf(const struct mime_leaf *part, void *arg)
{
	struct parts *parts = arg;

	if (part->nested)
		return;
	if (strcmp(part->type, "message/delivery-status") == 0 ||
	    strcmp(part->type, "message/disposition-notification") == 0)
		parts->nature->automatic = BOUNCE;
	if (has_words(part))
		parts->nature->words = 1;
	if (strncmp(part->type, "text/", 5) != 0)
		parts->files = 1;
}

void
nature_of(const char *mail, size_t len, const struct conf *conf,
    struct nature *n)
{
	struct parts parts = { n, 0 };
	struct budget budget;
	struct mime head;
	const char *what;
	char name[64], *value;
	size_t at = 0;
	int ours = 0, test = 0, report = 0;

	memset(n, 0, sizeof(*n));
	mime_split(mail, len, &head);
	while ((value = mime_next(&head, &at, name, sizeof(name))) != NULL) {
		if ((what = field(name, value, conf)) != NULL)
			n->automatic = what;
		if (strcasecmp(name, "In-Reply-To") == 0 ||
		    strcasecmp(name, "References") == 0)
			n->answer = 1;
		if (strcasecmp(name, "Subject") == 0) {
			test = begins(value, UNREAD_TEST_SUBJECT "sge-");
			report = is_report_subject(value);
		}
		if (strcasecmp(name, "From") == 0)
			ours = conf->report_from != NULL &&
			    strcasestr(value, conf->report_from) != NULL;
		free(value);
	}
	n->own_test = ours && test;
	/* Who answers by way of a list is a person all the same. */
	if (n->answer && n->automatic != NULL &&
	    strcmp(n->automatic, LIST) == 0)
		n->automatic = NULL;
	budget_start(&budget);
	(void)mime_walk(mail, len, &budget, leaf, &parts);
	if (n->automatic == NULL && report && parts.files)
		n->automatic = REPORT;
}
