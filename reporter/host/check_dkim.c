/* SPDX-License-Identifier: ISC */

/*
 * check config: DKIM of our reports (RFC 8460 3): the key's record, and with
 * -t a message to the rua mailbox, looked at as it arrives there.
 */

#include <sys/types.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/bounds.h"
#include "host/check_config.h"
#include "host/check_run.h"
#include "host/dkim_verify.h"
#include "ctl/ctl.h"
#include "lib/date.h"
#include "lib/ipc.h"
#include "base/log.h"
#include "host/smtpd_conf.h"
#include "lib/xalloc.h"
#include "store/unread_box.h"

#define PART "DKIM"
#define WAIT_SECONDS 60
#define MAIL_MAX (256 * 1024)

/*
 * What the key is for (RFC 6376 3.6.1: a list, all if it is missing), and who
 * is known to read that otherwise.
 */
static void
check_service(struct check *c, const char *name, const char *record)
{
	char value[256], shown[64];

	if (tag_value(record, "s", value, sizeof(value)) == -1 ||
	    strcmp(value, "*") == 0) {
		check_part(c, PART, CHECK_OK, "key at %s", name);
		return;
	}
	(void)strlcpy(shown, view_clean(value, 60), sizeof(shown));
	if (tag_has(value, "*"))
		check_part(c, PART, CHECK_WARN, "the key at %s is for s=%s, "
		    "which is good, but dkimpy takes only s=* or s=email: "
		    "without s= all verifiers pass", name, shown);
	else if (!tag_has(value, "tlsrpt"))
		check_part(c, PART, CHECK_BAD, "the key at %s is for s=%s: "
		    "who gets our reports may ignore them (RFC 8460 3); "
		    "take s= out", name, shown);
	else if (!tag_has(value, "email"))
		check_part(c, PART, CHECK_WARN, "the key at %s is for s=%s: "
		    "DMARC does not count it, and dkimpy fails every mail "
		    "under it; without s= it serves all", name, shown);
	else
		check_part(c, PART, CHECK_WARN, "the key at %s is for s=%s, "
		    "which RFC 8460 accepts, but dkimpy fails every mail "
		    "under it: without s= all verifiers pass", name, shown);
}

/* Whether what is published, "p=", is of the file that signs. */
static int
is_of(const char *path, const char *value)
{
	char own[DKIM_KEY_MAX];
	const char *type;

	return path == NULL || check_public_key(path, own, sizeof(own),
	    &type) != 0 || strcmp(own, value) == 0;
}

/* path: the key's file, or NULL; mail: a message signed with it, or NULL. */
static void
check_key(struct check *c, const char *selector, const char *domain,
    const char *path, const char *mail)
{
	const char *txts[TXT_RECORDS_MAX], *status;
	char name[DOMAIN_MAX + 128], value[DKIM_KEY_MAX], why[128];
	json_t *answer;
	size_t n;

	(void)snprintf(name, sizeof(name), "%s._domainkey.%s", selector,
	    domain);
	if (c->asker == NULL || strlen(name) >= DOMAIN_MAX) {
		check_part(c, PART, CHECK_DARK, "%s was not looked up", name);
		return;
	}
	answer = ask(c->asker, WORLD_RESOLVE, ask_dns("txt", name));
	status = ipc_string(answer, "status", "gone");
	n = ask_strings(answer, "txt", txts, TXT_RECORDS_MAX);
	if (ask_is_unknown(status))
		check_part(c, PART, CHECK_DARK, "the DNS gave no answer for "
		    "%s (%s)", name, status);
	else if (n == 0 && ask_is_too_long(answer))
		check_part(c, PART, CHECK_BAD, "a TXT record at %s of more "
		    "than %d bytes, which is not read", name, TXT_RECORD_MAX);
	else if (n == 0)
		check_part(c, PART, CHECK_BAD, "no key is published at %s: "
		    "sgectl record new -k %s -s %s %s prints what to publish",
		    name, path == NULL ? "KEY" : path, selector, domain);
	else if (n > 1)
		check_part(c, PART, CHECK_BAD, "%zu TXT records at %s: which "
		    "one verifiers take is up to them (RFC 6376 3.6.2.2); "
		    "leave that of the key", n, name);
	else if (tag_value(txts[0], "p", value, sizeof(value)) == -1 ||
	    *value == '\0')
		check_part(c, PART, CHECK_BAD, "the record at %s has no key",
		    name);
	else if (dkim_record(txts[0], why, sizeof(why)) == -1)
		check_part(c, PART, CHECK_BAD, "no verifier uses the record "
		    "at %s, since %s", name, why);
	else if (!is_of(path, value))
		check_part(c, PART, CHECK_BAD, "the key at %s is not that of "
		    "%s: no signature verifies; sgectl record new -k %s -s %s "
		    "%s prints what to publish", name, path, path, selector,
		    domain);
	else {
		check_service(c, name, txts[0]);
		if (mail == NULL)
			;
		else if (dkim_verify(mail, txts[0], why, sizeof(why)) == 0)
			check_part(c, PART, CHECK_OK, "its signature verifies "
			    "with the key at %s", name);
		else
			check_part(c, PART, CHECK_BAD, "its signature does not "
			    "verify with the key at %s, since %s", name, why);
	}
	json_decref(answer);
}

void
check_dkim_key(struct check *c, const struct smtpd_conf *s)
{
	const char *domain = c->view->conf->submitter, *command, *p;
	char selector[64], path[1024];
	size_t i, len;

	for (i = 0; i < s->nlines; i++) {
		command = smtpdconf_command(&s->line[i]);
		if (command == NULL || strstr(command, "dkimsign") == NULL)
			continue;
		for (p = command; (p = strstr(p, " -s")) != NULL; p += 3)
			if (p[3] == ' ' || p[3] == '\t')
				break;
		if (p == NULL)
			continue;
		p += 3 + strspn(p + 3, " \t");
		len = strcspn(p, " \t");
		(void)snprintf(selector, sizeof(selector), "%.*s",
		    (int)(len < sizeof(selector) ? len : 0), p);
		if (strstr(command, domain) == NULL)
			check_part(c, PART, CHECK_BAD, "%s:%d: "
			    "filter-dkimsign does not sign for %s, the domain "
			    "of contact: write -d %s", s->line[i].file,
			    s->line[i].number, domain, domain);
		else
			check_key(c, selector, domain, check_option(command,
			    'k', path, sizeof(path)), NULL);
		return;
	}
	check_part(c, PART, CHECK_DARK, "no filter-dkimsign with a selector "
	    "(-s) in smtpd.conf: if another program signs, use -t");
}

static int
write_mail(FILE *f, const struct conf *conf, const char *token)
{
	char date[64];

	time_print_mail(time(NULL), date, sizeof(date));
	fprintf(f, "From: <%s>\nTo: <%s>\nSubject: " UNREAD_TEST_SUBJECT "%s\n"
	    "Date: %s\nMessage-ID: <%s@%s>\nTLS-Report-Domain: %s\n"
	    "TLS-Report-Submitter: %s\nAuto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n"
	    "\nA test by sgectl check config; nothing is to be done.\n",
	    conf->report_from, conf->contact, token, date, token,
	    conf->submitter, conf->submitter, conf->submitter);
	return fflush(f) == EOF || ferror(f) ? -1 : 0;
}

/* Hands it to sendmail as sged does.  0 or -1 after a message. */
static int
send_mail(struct check *c, const char *token)
{
	const struct conf *conf = c->view->conf;
	FILE *f;
	int kept;

	if ((f = tmpfile()) == NULL || write_mail(f, conf, token) == -1)
		fatal("check config");
	kept = ctl_sendmail(conf, f, conf->contact);
	fclose(f);
	if (kept == 0)
		return 0;
	if (kept == 1)
		check_part(c, PART, CHECK_BAD, "smtpd does not run: the test "
		    "message goes when it does");
	else
		check_part(c, PART, CHECK_BAD, "%s did not take the test "
		    "message", conf->report_sendmail);
	return -1;
}

/* The file in the folder that has the token in it: its text, or NULL. */
static char *
find_mail(const char *folder, const char *token, char path[], size_t size)
{
	char *mail;
	struct dirent *de;
	size_t len;
	DIR *dir;
	FILE *f;

	if ((dir = opendir(folder)) == NULL)
		return NULL;
	mail = xmalloc(MAIL_MAX + 1);
	while ((de = readdir(dir)) != NULL) {
		(void)snprintf(path, size, "%s/%s", folder, de->d_name);
		if (de->d_name[0] == '.' || (f = fopen(path, "r")) == NULL)
			continue;
		len = fread(mail, 1, MAIL_MAX, f);
		fclose(f);
		mail[len] = '\0';
		if (strstr(mail, token) == NULL)
			continue;
		closedir(dir);
		return mail;
	}
	closedir(dir);
	free(mail);
	return NULL;
}

/* The first DKIM-Signature's tags, unfolded, into out. */
static int
signature(const char *mail, char out[], size_t outsz)
{
	size_t n = 0;

	while (strncasecmp(mail, "DKIM-Signature:", 15) != 0) {
		if (*mail == '\n' || (mail = strchr(mail, '\n')) == NULL)
			return -1;
		mail++;
	}
	mail += 15;
	for (; *mail != '\0' && n + 1 < outsz; mail++) {
		if (*mail == '\n' && mail[1] != ' ' && mail[1] != '\t')
			break;
		out[n++] = *mail;
	}
	out[n] = '\0';
	return 0;
}

static void
check_signature(struct check *c, const char *mail)
{
	const char *domain = c->view->conf->submitter;
	char tags[8192], value[2048], selector[256];

	if (signature(mail, tags, sizeof(tags)) == -1) {
		check_part(c, PART, CHECK_BAD, "the test message came back "
		    "without a signature");
		return;
	}
	if (tag_value(tags, "d", value, sizeof(value)) == -1 ||
	    strcasecmp(value, domain) != 0)
		check_part(c, PART, CHECK_BAD, "signed for d=%s, not for the "
		    "domain of contact, %s", view_clean(value, 100), domain);
	else
		check_part(c, PART, CHECK_OK, "the test message came back "
		    "signed for %s", domain);
	if (tag_value(tags, "l", value, sizeof(value)) == 0)
		check_part(c, PART, CHECK_BAD, "the signature has l=, which "
		    "RFC 8460 forbids");
	if (tag_value(tags, "h", value, sizeof(value)) == -1 ||
	    !tag_has(value, "tls-report-domain") ||
	    !tag_has(value, "tls-report-submitter"))
		check_part(c, PART, CHECK_WARN, "the signature does not cover "
		    "TLS-Report-Domain and TLS-Report-Submitter: add them to "
		    "filter-dkimsign's -h");
	if (tag_value(tags, "s", selector, sizeof(selector)) == 0)
		check_key(c, selector, domain, NULL, mail);
}

void
check_dkim_mail(struct check *c)
{
	const struct conf *conf = c->view->conf;
	char token[64], folder[1024], path[2048], *mail = NULL;
	int i;

	(void)snprintf(token, sizeof(token), "sge-%08x%08x", arc4random(),
	    arc4random());
	if (unread_path(conf, UNREAD_TEST, folder, sizeof(folder)) == -1 ||
	    send_mail(c, token) == -1)
		return;
	for (i = 0; i < WAIT_SECONDS && mail == NULL; i++) {
		if (i > 0)
			(void)poll(NULL, 0, 1000);
		mail = find_mail(folder, token, path, sizeof(path));
	}
	if (mail == NULL) {
		check_part(c, PART, CHECK_DARK, "the test message did not "
		    "come to %s within %d seconds: does the mailbox of %s "
		    "reach sgectl deliver?", folder, WAIT_SECONDS,
		    conf->contact);
		return;
	}
	check_signature(c, mail);
	(void)unlink(path);
	free(mail);
}
