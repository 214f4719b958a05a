/* SPDX-License-Identifier: ISC */

/*
 * Delivery status notifications (RFC 3464) that come back to "report from":
 * an address that bounces one report after the other is left in peace for a
 * while.  What is believed of such a mail is only what names a report by its
 * id, of which 64 bits are random: nobody else can rest an address.
 */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/bounds.h"
#include "base/log.h"
#include "command/deliver_bounce.h"
#include "lib/date.h"
#include "lib/xalloc.h"
#include "reader/mime.h"
#include "report/report.h"
#include "rfc/rua.h"
#include "store/store_report.h"

/* An address that bounced three reports is rested so long. */
#define REST_SECONDS (30 * DAY_SECONDS)

/* Cut off where it is too long: then it is none of ours, or only shown. */
static void
copy_value(char out[READ_TEXT_MAX], const char *value)
{
	(void)strlcpy(out, value, READ_TEXT_MAX);
}

/* "rfc822; a@b" -> "a@b" */
static const char *
behind_type(const char *value)
{
	const char *p = strchr(value, ';');

	if (p == NULL)
		return value;
	return p + 1 + strspn(p + 1, " \t");
}

/*
 * One group of fields about a recipient.  Only permanent failures count: a
 * delay may end well.
 */
static void
status_group(const struct mime *group, struct dsn *dsn)
{
	char name[64], *value, status[READ_TEXT_MAX] = "";
	char recipient[READ_TEXT_MAX] = "", text[READ_TEXT_MAX] = "";
	size_t at = 0;
	int failed = 0;

	while ((value = mime_next(group, &at, name, sizeof(name))) != NULL) {
		if (strcasecmp(name, "Action") == 0) {
			failed = strncasecmp(value, "failed", 6) == 0;
			dsn->told = 1;
		} else if (strcasecmp(name, "Status") == 0)
			copy_value(status, value);
		else if (strcasecmp(name, "Diagnostic-Code") == 0)
			copy_value(text, behind_type(value));
		else if (strcasecmp(name, "Original-Recipient") == 0 ||
		    (strcasecmp(name, "Final-Recipient") == 0 &&
		    recipient[0] == '\0'))
			copy_value(recipient, behind_type(value));
		free(value);
	}
	/* RFC 3463: the class of a failure is 5. */
	if (!failed || status[0] == '4' || dsn->failed)
		return;
	dsn->failed = 1;
	copy_value(dsn->recipient, recipient);
	copy_value(dsn->text, text);
	copy_value(dsn->status, status);
}

/* Groups of fields with empty lines between them. */
static void
delivery_status(const char *data, size_t len, struct dsn *dsn)
{
	struct mime group;

	while (len > 0) {
		if (*data == '\n' || *data == '\r') {
			data++;
			len--;
			continue;
		}
		mime_split(data, len, &group);
		if (group.body == data)
			return;		/* no field at all */
		status_group(&group, dsn);
		len -= (size_t)(group.body - data);
		data = group.body;
	}
}

/* What is between '<' and '@'. */
static void
left_side(const char *value, char out[READ_TEXT_MAX])
{
	size_t n;

	if (*value != '<')
		return;
	n = strcspn(++value, "@>");
	if (value[n] != '@' || n >= READ_TEXT_MAX)
		return;
	memcpy(out, value, n);
	out[n] = '\0';
}

static void
original(const struct mime *mail, struct dsn *dsn)
{
	const char *p;
	char *value;

	if ((value = mime_header(mail, "Message-ID")) != NULL)
		left_side(value + strspn(value, " \t"), dsn->message_id);
	free(value);
	if ((value = mime_header(mail, "Subject")) != NULL &&
	    (p = strstr(value, "Report-ID:")) != NULL)
		left_side(p + 10 + strspn(p + 10, " \t"), dsn->report_id);
	free(value);
}

static void
leaf(const struct mime_leaf *part, void *arg)
{
	struct dsn *dsn = arg;
	struct mime headers;

	if (part->nested) {
		original(part->mail, dsn);
		return;
	}
	if (strcmp(part->type, "text/plain") == 0 && dsn->words == NULL) {
		dsn->words = xstrndup((const char *)part->data, part->len);
	}
	if (strcmp(part->type, "message/delivery-status") == 0)
		delivery_status((const char *)part->data, part->len, dsn);
	else if (strcmp(part->type, "text/rfc822-headers") == 0) {
		mime_split((const char *)part->data, part->len, &headers);
		original(&headers, dsn);
	}
}

/*
 * RFC 3464 wants multipart/report; smtpd writes multipart/mixed.  What counts
 * is a part of type message/delivery-status.
 */
static int
is_multipart(const char *mail, size_t len)
{
	struct mime head;
	char *type;
	int yes;

	mime_split(mail, len, &head);
	if ((type = mime_header(&head, "Content-Type")) == NULL)
		return 0;
	yes = strncasecmp(type + strspn(type, " \t"), "multipart/", 10) == 0;
	free(type);
	return yes;
}

/* smtpd tells the reason only to people: "ADDRESS: 550 no such user". */
static void
reason(struct dsn *dsn)
{
	size_t n = strlen(dsn->recipient), len;
	const char *p;

	if (dsn->words == NULL || n == 0)
		return;
	for (p = dsn->words; *p != '\0'; p += len + (p[len] == '\n')) {
		len = strcspn(p, "\r\n");
		if (len > n + 2 && strncasecmp(p, dsn->recipient, n) == 0 &&
		    p[n] == ':') {
			(void)snprintf(dsn->text, sizeof(dsn->text), "%.*s",
			    (int)(len - n - 2 < sizeof(dsn->text) ?
			    len - n - 2 : sizeof(dsn->text) - 1), p + n + 2);
			return;
		}
		if (p[len] == '\r')
			len++;
	}
}

/* Which of a report's deliveries it was. */
struct search {
	const struct dsn *dsn;
	const char	*report_id;
	int64_t		 id;		/* 0: none yet */
	char		 address[READ_TEXT_MAX];
};

static int
search_one(const struct store_delivery *d, void *arg)
{
	struct search *se = arg;
	struct rua rua;
	char id[600];
	size_t i;

	memset(&rua, 0, sizeof(rua));
	/* Copies to ourselves have no URI of RFC 8460's. */
	if (se->id != 0 || rua_add(&rua, d->uri, strlen(d->uri)) == -1)
		return 0;
	for (i = 0; i < rua.nuris; i++) {
		if (rua.uris[i].address == NULL)
			continue;
		mail_id(se->report_id, rua.uris[i].address, id, sizeof(id));
		/* The recipient may be what an alias led to: our id is not. */
		if (se->dsn->message_id[0] != '\0' ?
		    strcmp(id, se->dsn->message_id) != 0 :
		    strcasecmp(rua.uris[i].address, se->dsn->recipient) != 0)
			continue;
		se->id = d->id;
		copy_value(se->address, rua.uris[i].address);
	}
	rua_free(&rua);
	return 0;
}

static int
note(struct store *st, const struct dsn *dsn, int64_t report,
    const char *report_id)
{
	struct search se;
	char text[READ_TEXT_MAX + 16];
	int64_t now = time(NULL);
	int rc;

	memset(&se, 0, sizeof(se));
	se.dsn = dsn;
	se.report_id = report_id;
	if (store_delivery_each(st, report, search_one, &se) == -1)
		return -1;
	if (se.id == 0)
		return 0;
	if ((rc = store_bounce_add(st, report_id, se.address, now,
	    REST_SECONDS, dsn->text)) != 1)
		return rc == -1 ? -1 : 1;
	(void)snprintf(text, sizeof(text), "bounced: %s", dsn->text);
	if (store_delivery_note(st, se.id, "given-up", now, 0, 0, text) == -1 ||
	    store_delivery_settle(st, report, now) == -1)
		return -1;
	log_info("report %s bounced from %s: %s", log_clean(report_id),
	    log_clean(se.address), log_clean(dsn->text));
	return 1;
}

int
bounce_parse(const char *mail, size_t len, struct dsn *dsn)
{
	struct budget budget;
	char *dot;

	memset(dsn, 0, sizeof(*dsn));
	if (len > READ_MAIL_MAX || !is_multipart(mail, len))
		return 0;
	budget_start(&budget);
	(void)mime_walk(mail, len, &budget, leaf, dsn);
	if (dsn->text[0] == '\0')
		reason(dsn);
	if (dsn->text[0] == '\0')
		copy_value(dsn->text, dsn->status);
	free(dsn->words);
	dsn->words = NULL;
	if (!dsn->told)
		return 0;
	/* Our Message-ID has the report-id and the address in it. */
	if (dsn->report_id[0] == '\0') {
		copy_value(dsn->report_id, dsn->message_id);
		if ((dot = strrchr(dsn->report_id, '.')) != NULL)
			*dot = '\0';
	}
	return dsn->report_id[0] != '\0';
}

int
bounce_take(struct store *st, const struct dsn *dsn)
{
	struct store_report re;
	int rc;

	if (store_begin(st) == -1)
		return -1;
	rc = store_report_by_id(st, dsn->report_id, &re);
	/* That one is late, or was tried for too long, counts for nothing. */
	if (rc == 1 && dsn->failed)
		rc = note(st, dsn, re.id, re.report_id);
	if (rc == -1) {
		store_rollback(st);
		return -1;
	}
	return store_commit(st) == -1 ? -1 : rc;
}
