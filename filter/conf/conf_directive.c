/* SPDX-License-Identifier: ISC */

/* The table of sge.conf's directives, and the search in it. */

#include <sys/socket.h>
#include <sys/un.h>

#include <stdio.h>
#include <string.h>

#include "base/compat.h"
#include "base/sged_notice.h"
#include "conf/conf.h"
#include "conf/conf_directive.h"

#define AT(field) offsetof(struct conf, field), 0
#define LIST(field) \
	offsetof(struct conf, field), offsetof(struct conf, n##field)
#define DAY 86400
/* The one beside it has a longer name. */
#define PATH_OF_SOCKET (int)(sizeof(((struct sockaddr_un *)0)->sun_path) - \
	sizeof(NOTICE_SUFFIX))

const struct directive directives[] = {
	{ "include", "\"FILE\"", KIND_INCLUDE, 0, 0, 0, 0, NULL },
	{ "organization", "\"NAME\"", KIND_TEXT, AT(organization), 0, 0,
	    NULL },
	{ "contact", "\"ADDRESS@DOMAIN\"", KIND_EMAIL, AT(contact), 0, 0,
	    NULL },
	{ "hostname", "\"HOST\"", KIND_HOST, AT(hostname), 0, 0, NULL },
	{ "mode", "enforce or mode testing", KIND_MODE, AT(mode), 0, 0,
	    "enforce" },
	{ "local", "{ DOMAIN ... }", KIND_DOMAINS, AT(local), 0, 0, NULL },
	{ "class", "NAME { DOMAIN ... } or class NAME file \"PATH\"",
	    KIND_CLASS, 0, 0, 0, 0, NULL },
	{ "flow", "from CLASS to CLASS require tls (or: require verified tls, "
	    "require connector, prefer tls)", KIND_FLOW, 0, 0, 0, 0, NULL },
	{ "connector", "\"DOMAIN\" to \"smtp+tls://HOST\" from { ADDRESS/BITS "
	    "... }", KIND_CONNECTOR, 0, 0, 0, 0, NULL },
	{ "legacy", "{ ADDRESS/BITS ... } until YYYY-MM-DD \"REASON\"",
	    KIND_LEGACY, 0, 0, 0, 0, NULL },
	{ "mta-sts except", "{ DOMAIN ... }", KIND_DOMAINS, AT(sts_except), 0,
	    0, NULL },
	{ "smarthost", "{ ADDRESS/BITS ... }", KIND_CIDRS, LIST(smarthosts), 0,
	    0, NULL },
	{ "spool", "\"/PATH\"", KIND_PATH, AT(spool), 0, 0,
	    "/var/spool/sged" },
	{ "database sqlite", "\"/PATH\"", KIND_PATH, AT(database), 0, 0,
	    "/var/db/sged/sged.db" },
	{ "socket", "\"/PATH\"", KIND_PATH, AT(socket), 0, PATH_OF_SOCKET,
	    "/var/run/sged.sock" },
	{ "report from", "\"ADDRESS\"", KIND_EMAIL, AT(report_from), 0, 0,
	    NULL },
	{ "report sendmail", "\"/PATH\"", KIND_PATH, AT(report_sendmail), 0, 0,
	    "/usr/sbin/sendmail" },
	/* RFC 8460 4.1: spread over hours, and all of them in a day. */
	{ "report spread", "4h", KIND_SECONDS, AT(report_spread), 0, DAY,
	    "4h" },
	{ "report retry", "24h", KIND_SECONDS, AT(report_retry), 0, 7 * DAY,
	    "24h" },
	{ "report except", "{ DOMAIN ... }", KIND_DOMAINS, AT(report_except),
	    0, 0, NULL },
	{ "report limit", "1000", KIND_NUMBER, AT(report_limit), 1, 1000000,
	    "1000" },
	{ "report copy", "\"ADDRESS\"", KIND_EMAIL, AT(report_copy), 0, 0,
	    NULL },
	{ "report https verify", "", KIND_FLAG, AT(report_https_verify), 0, 0,
	    NULL },
	{ "dkim verified by", "\"AUTHSERV-ID\"", KIND_TEXTS,
	    LIST(dkim_authserv), 0, 0, NULL },
	{ "forward unread to", "\"ADDRESS\"", KIND_EMAIL, AT(unread_forward),
	    0, 0, NULL },
	{ "letters reply-to", "\"ADDRESS\"", KIND_EMAIL, AT(letters_reply_to),
	    0, 0, NULL },
	/* smtpd's clients wait five minutes for RCPT (RFC 5321 4.5.3.2.3). */
	{ "learn timeout", "5s", KIND_SECONDS, AT(learn_timeout), 0, 120,
	    "5s" },
	{ "keep sessions", "14d", KIND_DAYS, AT(keep_sessions), 1, 3660,
	    "14d" },
	{ "keep reports", "90d", KIND_DAYS, AT(keep_reports), 1, 3660,
	    "90d" },
	{ "resolver", "ADDRESS port NUMBER", KIND_RESOLVER, 0, 0, 0, 0, NULL },
	{ "ca", "\"/path/of/cert.pem\"", KIND_PATH, AT(ca), 0, 0, NULL },
	{ "network allow", "{ ADDRESS/BITS ... }", KIND_CIDRS, LIST(network),
	    0, 0, NULL },
	{ "fleet postgresql", "\"host=DB dbname=sge user=sge\"", KIND_CONNINFO,
	    AT(fleet), 0, 0, NULL },
	/* Longer than a host is out of order, and than reports are of use. */
	{ "fleet wait", "6h", KIND_SECONDS, AT(fleet_wait), 0, 7 * DAY, "6h" },
	{ NULL, NULL, KIND_TEXT, 0, 0, 0, 0, NULL }
};

_Static_assert(nitems(directives) <= DIRECTIVES_MAX, "too many directives");

size_t
directive_first(const struct directive *d)
{
	return strcspn(d->words, " ");
}

const struct directive *
directive_begins(const char *words, size_t len)
{
	const struct directive *d;

	for (d = directives; d->words != NULL; d++)
		if (strncmp(d->words, words, len) == 0 &&
		    (d->words[len] == ' ' || d->words[len] == '\0'))
			return d;
	return NULL;
}

const struct directive *
directive_named(const char *words)
{
	const struct directive *d = directives;

	while (strcmp(d->words, words) != 0)
		d++;
	return d;
}

int
directive_word(const char *word)
{
	const struct directive *d;
	const char *p;
	size_t len = strlen(word), n;

	for (d = directives; d->words != NULL; d++)
		for (p = d->words; *p != '\0'; p += n + (p[n] == ' ')) {
			n = strcspn(p, " ");
			if (n == len && strncmp(p, word, n) == 0)
				return 1;
		}
	return 0;
}

const char *
directive_usage(const char *word, char buf[], size_t bufsz)
{
	const struct directive *d, *first, *last = NULL;
	size_t len = strlen(word), n = 0;

	if ((first = directive_begins(word, len)) == NULL)
		return NULL;
	/* Those of one first word stand together. */
	for (d = first; d->words != NULL && directive_first(d) == len &&
	    strncmp(d->words, word, len) == 0; d++)
		last = d;
	for (d = first; d <= last && n < bufsz; d++)
		n += (size_t)snprintf(buf + n, bufsz - n, "%s%s%s%s",
		    d == first ? "" : d == last ? " or " : ", ", d->words,
		    d->value[0] == '\0' ? "" : " ", d->value);
	return buf;
}

/* Edits between two short words, a swap of neighbours counting as one. */
static size_t
distance(const char *a, size_t la, const char *b, size_t lb)
{
	size_t d[20][20], i, j, best;

	if (la >= nitems(d) || lb >= nitems(d))
		return nitems(d);
	for (i = 0; i <= la; i++)
		for (j = 0; j <= lb; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[la][lb];
}

const struct directive *
directive_similar(const char *word)
{
	const struct directive *d, *best = NULL;
	size_t len, n, least = 3;

	for (d = directives; d->words != NULL; d++) {
		len = directive_first(d);
		n = distance(word, strlen(word), d->words, len);
		if (n < least && n < len / 2 + 1) {
			least = n;
			best = d;
		}
	}
	return best;
}
