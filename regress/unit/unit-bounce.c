/* SPDX-License-Identifier: ISC */

/*
 * Bounced reports: which mail is one, of which report and address, and when an
 * address is rested.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "command/deliver_bounce.h"
#include "report/report.h"
#include "store/store_report.h"
#include "tap.h"

static char	 dir[] = "/tmp/unit-bounce.XXXXXXXXXX";

/* A mail's way through deliver, as far as it is a bounce. */
static int
bounce_read(struct store *st, const char *mail, size_t len)
{
	struct dsn dsn;

	return bounce_parse(mail, len, &dsn) ? bounce_take(st, &dsn) : 0;
}

static int64_t
number(struct store *st, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t n = -1;

	if (sqlite3_prepare_v2(st->db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

/* A report that was sent to both addresses. */
static void
sent(struct store *st, int id)
{
	char sql[1024], *err = NULL;

	(void)snprintf(sql, sizeof(sql), "INSERT INTO report (id, day, domain,"
	    " report_id, state, due) VALUES (%d, %d, 'x.nz', 'r%d.x.nz.0123',"
	    " 'sent', 0); INSERT INTO delivery (report, uri, state, tries,"
	    " next) VALUES (%d, 'mailto:tls@x.nz', 'sent', 1, 0),"
	    " (%d, 'mailto:other@x.nz', 'sent', 1, 0),"
	    " (%d, 'https://x.nz/', 'sent', 1, 0)", id, id, id, id, id, id);
	if (sqlite3_exec(st->db, sql, NULL, NULL, &err) != SQLITE_OK)
		ok(0, "%s", err);
}

/* A bounce, of report n to address; part: its third part. */
static char *
dsn(int n, const char *address, const char *action, const char *status,
    const char *part)
{
	char left[128], id[160], *mail;

	(void)snprintf(left, sizeof(left), "r%d.x.nz.0123", n);
	mail_id(left, address, id, sizeof(id));
	if (asprintf(&mail, "Return-Path: <>\n"
	    "Subject: Delivery status notification: error\n"
	    "From: Mailer Daemon <MAILER-DAEMON@mail.minties.govt.nz>\n"
	    "To: tlsrpt-noreply@minties.govt.nz\n"
	    "Date: Sun, 22 Nov 2026 02:03:04 +0000\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/report;report-type=delivery-status;\n"
	    "    boundary=\"1/mail\"\n"
	    "\nThis is a MIME-encapsulated message.\n\n"
	    "--1/mail\nContent-Description: Notification\n"
	    "Content-Type: text/plain; charset=us-ascii\n\n    Hi!\n\n"
	    "--1/mail\nContent-Description: Delivery Report\n"
	    "Content-Type: message/delivery-status\n\n"
	    "Reporting-MTA: dns; mail.minties.govt.nz\n\n"
	    "Final-Recipient: rfc822; alias-target@elsewhere.example\n"
	    "Action: %s\nStatus: %s\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 no such user\n\n"
	    "--1/mail\nContent-Description: Message headers\n"
	    "Content-Type: %s\n\n"
	    "From: tlsrpt-noreply@minties.govt.nz\nTo: <%s>\n"
	    "Subject: Report Domain: x.nz\n Submitter: minties.govt.nz\n"
	    " Report-ID: <%s@minties.govt.nz>\n"
	    "Message-ID: <%s@minties.govt.nz>\n\n--1/mail--\n", action, status,
	    part, address, left, id) == -1)
		return NULL;
	return mail;
}

static int
bounce(struct store *st, int n, const char *address, const char *action,
    const char *status, const char *part)
{
	char *mail = dsn(n, address, action, status, part);
	int rc = bounce_read(st, mail, strlen(mail));

	free(mail);
	return rc;
}

static void
counting(struct store *st)
{
	static const char headers[] = "text/rfc822-headers";
	int64_t now = time(NULL);
	int i;

	for (i = 1; i <= 5; i++)
		sent(st, i);
	is_int(bounce(st, 1, "tls@x.nz", "delayed", "4.0.0", headers), 1,
	    "that one is late is passed over");
	is_int(bounce(st, 1, "tls@x.nz", "failed", "4.4.7", headers), 1,
	    "and what may pass");
	is_int(bounce(st, 9, "tls@x.nz", "failed", "5.1.1", headers), 0,
	    "what names no report of ours is not");
	is_int(bounce(st, 1, "third@x.nz", "failed", "5.1.1", headers), 0,
	    "nor an address that it did not go to");
	is_int(number(st, "SELECT count(*) FROM bounce"), 0, "none counted");

	is_int(bounce(st, 1, "tls@x.nz", "failed", "5.1.1", headers), 1,
	    "a permanent failure is one");
	is_int(bounce(st, 1, "tls@x.nz", "failed", "5.1.1", headers), 1,
	    "again it is known");
	is_int(number(st, "SELECT count FROM bounce"), 1, "but counted once");
	is_int(number(st, "SELECT count(*) FROM delivery WHERE report = 1 AND"
	    " state = 'given-up' AND uri = 'mailto:tls@x.nz' AND text ="
	    " 'bounced: 550 5.1.1 no such user'"), 1, "its delivery says so");
	is_int(number(st, "SELECT count(*) FROM report WHERE id = 1 AND state"
	    " = 'sent'"), 1, "the report was taken by others");

	is_int(bounce(st, 2, "tls@x.nz", "failed", "5.1.1",
	    "message/rfc822"), 1, "the whole message came back");
	is_int(store_bounce_until(st, "tls@x.nz", now), 0,
	    "two do not rest an address");
	is_int(bounce(st, 3, "tls@x.nz", "failed (x)", "5.1.1", headers), 1,
	    "the third");
	ok(store_bounce_until(st, "tls@x.nz", now) >= now + 30 * 86400,
	    "rests it for 30 days");
	is_int(store_bounce_until(st, "tls@x.nz", now + 31 * 86400), 0,
	    "not longer");
	is_int(store_bounce_until(st, "other@x.nz", now), 0,
	    "and no other one");
	sqlite3_exec(st->db, "UPDATE bounce SET until = 1", NULL, NULL, NULL);
	is_int(bounce(st, 4, "tls@x.nz", "failed", "5.1.1", headers), 1,
	    "after the rest");
	is_int(number(st, "SELECT count FROM bounce"), 1, "it begins anew");
}

static void
all_bounced(struct store *st)
{
	sqlite3_exec(st->db, "DELETE FROM delivery WHERE report = 5 AND"
	    " uri <> 'mailto:tls@x.nz'", NULL, NULL, NULL);
	is_int(bounce(st, 5, "tls@x.nz", "failed", "5.1.1",
	    "text/rfc822-headers"), 1, "the only address bounced");
	is_int(number(st, "SELECT count(*) FROM report WHERE id = 5 AND state"
	    " = 'given-up'"), 1, "the report was not delivered");
}

/* What smtpd 7.6 really writes. */
static void
smtpd_bounce(struct store *st)
{
	char id[160], *mail;

	sent(st, 6);
	mail_id("r6.x.nz.0123", "tls@x.nz", id, sizeof(id));
	if (asprintf(&mail, "Delivered-To: tlsrpt-noreply@minties.govt.nz\n"
	    "Received: from mail.minties.govt.nz (mail.minties.govt.nz"
	    " [local])\n\tby mail.minties.govt.nz (OpenSMTPD) with ESMTPA id"
	    " f68d7389\n\tfor <tlsrpt-noreply@minties.govt.nz>;\n"
	    "\tSun, 22 Nov 2026 04:20:22 +0000 (UTC)\n"
	    "Subject: Delivery status notification: failed\n"
	    "From: Mailer Daemon <MAILER-DAEMON@mail.minties.govt.nz>\n"
	    "To: tlsrpt-noreply@minties.govt.nz\n"
	    "Date: Sun, 22 Nov 2026 04:20:22 +0000 (UTC)\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed;boundary=\"1519/mail.x\"\n"
	    "Message-ID: <e9ae626b9ecd9ef3@mail.minties.govt.nz>\n\n"
	    "This is a MIME-encapsulated message.\n\n"
	    "--1519/mail.x\nContent-Description: Notification\n"
	    "Content-Type: text/plain; charset=us-ascii\n\n    Hi!\n\n"
	    "    This is the MAILER-DAEMON, please DO NOT REPLY to this"
	    " email.\n\ntls@x.nz: 550 5.1.1 unknown user\n\n"
	    "    Below is a copy of the original message:\n\n"
	    "--1519/mail.x\nContent-Description: Delivery Report\n"
	    "Content-Type: message/delivery-status\n\n"
	    "Reporting-MTA: dns; mail.minties.govt.nz\n\n"
	    "Final-Recipient: rfc822; tls@x.nz\nAction: failed\n"
	    "Status: 5.0.0\n\n"
	    "--1519/mail.x\nContent-Description: Message headers\n"
	    "Content-Type: text/rfc822-headers\n\n"
	    "From: \"Minties\" <tlsrpt-noreply@minties.govt.nz>\n"
	    "To: <tls@x.nz>\nSubject: Report Domain: x.nz\n"
	    " Submitter: minties.govt.nz\n"
	    " Report-ID: <r6.x.nz.0123@minties.govt.nz>\n"
	    "Message-ID: <%s@minties.govt.nz>\n\n--1519/mail.x--\n", id) ==
	    -1)
		return;
	is_int(bounce_read(st, mail, strlen(mail)), 1, "as smtpd writes it");
	is_int(number(st, "SELECT count(*) FROM delivery WHERE report = 6 AND"
	    " uri = 'mailto:tls@x.nz' AND text = 'bounced: 550 5.1.1 unknown"
	    " user'"), 1, "with the reason, which it tells people only");
	free(mail);
}

static void
other_mails(struct store *st)
{
	static const char mdn[] = "Content-Type: multipart/report;"
	    " report-type=disposition-notification; boundary=x\n\n--x--\n";
	static const char tls[] = "Content-Type: multipart/report;"
	    " report-type=\"tlsrpt\"; boundary=x\n\n--x--\n";
	char *mail, *cut;
	size_t i, len, n = 0;

	is_int(bounce_read(st, "", 0), 0, "nothing");
	is_int(bounce_read(st, "\n\n", 2), 0, "no header");
	is_int(bounce_read(st, mdn, strlen(mdn)), 0, "a receipt");
	is_int(bounce_read(st, tls, strlen(tls)), 0, "a TLS report");
	/* Cut off anywhere: no crash, no loop, nothing made up. */
	mail = dsn(1, "tls@x.nz", "failed", "5.1.1", "text/rfc822-headers");
	len = strlen(mail);
	for (i = 0; i < len; i++) {
		cut = malloc(i + 1);
		memcpy(cut, mail, i);
		n += bounce_read(st, cut, i) != -1;
		free(cut);
	}
	is_int((long long)n, (long long)len, "cut off anywhere it is read");
	for (i = 0; i < len; i++) {
		cut = strdup(mail);
		cut[i] = '\n';
		n += bounce_read(st, cut, len) != -1;
		free(cut);
	}
	is_int((long long)n, (long long)len * 2, "and broken anywhere");
	free(mail);
}

int
main(void)
{
	struct store *st;
	char path[64];

	log_init("unit-bounce", 1, 0);
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/db", dir);
	if ((st = store_open(path, STORE_WRITE)) == NULL)
		return 1;
	counting(st);
	all_bounced(st);
	smtpd_bounce(st);
	other_mails(st);
	store_close(st);
	unlink(path);
	rmdir(dir);
	return done_testing();
}
