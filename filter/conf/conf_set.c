/* SPDX-License-Identifier: ISC */

/* Directives of one value; see confread.h. */

#include <sys/socket.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "conf/conf_read.h"
#include "base/log.h"

#define DAY 86400

void
conf_set_macro(struct reader *rd, const struct word *name,
    const struct word *value)
{
	const char *p;

	for (p = name->text; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || *p == '_' || *p == '-'))
			break;
	if (*p != '\0' || name->quoted)
		conf_mistake(rd, &name->at, "\"%s\" can't name a macro: use "
		    "letters, digits, - and _, without quotes",
		    log_clean(name->text));
	else if (lex_macro(&rd->lex, name, value) == 1)
		conf_mistake(rd, &name->at, "the macro \"%s\" is defined "
		    "already: choose another name", name->text);
}

void
conf_set_organization(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_ORGANIZATION, &w->at) == 0)
		(void)value_text(rd, w, &rd->conf->organization);
}

void
conf_set_contact(struct reader *rd, const struct word *w)
{
	struct conf *conf = rd->conf;

	if (conf_once(rd, ONCE_CONTACT, &w->at) == 0 &&
	    value_email(rd, w, &conf->contact) == 0)
		(void)value_copy(rd, &conf->submitter,
		    domain_of_address(conf->contact));
}

void
conf_set_hostname(struct reader *rd, const struct word *w)
{
	char host[DOMAIN_MAX];

	if (conf_once(rd, ONCE_HOSTNAME, &w->at) == 0 &&
	    value_domain(rd, w, 0, host, sizeof(host)) == 0)
		(void)value_copy(rd, &rd->conf->hostname, host);
}

void
conf_set_mode(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_MODE, &w->at) == -1)
		return;
	if (strcmp(w->text, "testing") == 0)
		rd->conf->mode = MODE_TESTING;
	else if (strcmp(w->text, "enforce") == 0)
		rd->conf->mode = MODE_ENFORCE;
	else
		conf_mistake(rd, &w->at, "unknown mode \"%s\": write enforce "
		    "or testing", log_clean(w->text));
}

void
conf_set_spool(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_SPOOL, &w->at) == 0)
		(void)value_path(rd, w, &rd->conf->spool);
}

void
conf_set_database(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_DATABASE, &w->at) == 0)
		(void)value_path(rd, w, &rd->conf->database);
}

void
conf_set_socket(struct reader *rd, const struct word *w)
{
	static const struct sockaddr_un sun;

	if (conf_once(rd, ONCE_SOCKET, &w->at) == -1)
		return;
	if (strlen(w->text) >= sizeof(sun.sun_path))
		conf_mistake(rd, &w->at, "the path of a socket may have %zu "
		    "characters, this has %zu", sizeof(sun.sun_path) - 1,
		    strlen(w->text));
	else
		(void)value_path(rd, w, &rd->conf->socket);
}

void
conf_set_report_from(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_REPORT_FROM, &w->at) == 0)
		(void)value_email(rd, w, &rd->conf->report_from);
}

void
conf_set_report_sendmail(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_REPORT_SENDMAIL, &w->at) == 0)
		(void)value_path(rd, w, &rd->conf->report_sendmail);
}

/* RFC 8460 4.1 wants reports spread over hours, and all of them in a day. */
void
conf_set_report_spread(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_REPORT_SPREAD, &w->at) == 0)
		(void)value_seconds(rd, w, 0, DAY, &rd->conf->report_spread);
}

void
conf_set_report_retry(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_REPORT_RETRY, &w->at) == 0)
		(void)value_seconds(rd, w, 0, 7 * DAY,
		    &rd->conf->report_retry);
}

void
conf_set_report_copy(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_REPORT_COPY, &w->at) == 0)
		(void)value_email(rd, w, &rd->conf->report_copy);
}

void
conf_set_report_https_verify(struct reader *rd)
{
	if (conf_once(rd, ONCE_REPORT_HTTPS, &rd->lex.first->at) == 0)
		rd->conf->report_https_verify = 1;
}

/* smtpd's clients wait five minutes for an answer to RCPT (RFC 5321 4.5.3). */
void
conf_set_learn_timeout(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_LEARN_TIMEOUT, &w->at) == 0)
		(void)value_seconds(rd, w, 0, 120, &rd->conf->learn_timeout);
}

void
conf_set_keep_sessions(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_KEEP_SESSIONS, &w->at) == 0)
		(void)value_days(rd, w, &rd->conf->keep_sessions);
}

void
conf_set_keep_reports(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_KEEP_REPORTS, &w->at) == 0)
		(void)value_days(rd, w, &rd->conf->keep_reports);
}

void
conf_set_resolver(struct reader *rd, const struct word *w,
    const struct word *port)
{
	const char *err = NULL;
	char ip[64];
	struct addr a;

	if (conf_once(rd, ONCE_RESOLVER, &w->at) == -1)
		return;
	if (addr_parse(w->text, strlen(w->text), &a) == -1)
		conf_mistake(rd, &w->at, "\"%s\" is not an address: write the "
		    "resolver's address, as 127.0.0.1", log_clean(w->text));
	else {
		addr_print(&a, ip, sizeof(ip));
		(void)value_copy(rd, &rd->conf->resolver, ip);
	}
	if (port == NULL)
		return;
	if (strspn(port->text, "0123456789") == strlen(port->text))
		rd->conf->resolver_port = (int)strtonum(port->text, 1, 65535,
		    &err);
	else
		err = "";
	if (err != NULL)
		conf_mistake(rd, &port->at, "\"%s\" is not a port: write a "
		    "number from 1 to 65535", log_clean(port->text));
}

void
conf_set_ca(struct reader *rd, const struct word *w)
{
	if (conf_once(rd, ONCE_CA, &w->at) == 0)
		(void)value_path(rd, w, &rd->conf->ca);
}

static void
default_text(struct reader *rd, enum once what, char **p, const char *text)
{
	if (rd->seen[what].file == NULL)
		(void)value_copy(rd, p, text);
}

static void
default_number(struct reader *rd, enum once what, int *p, int value)
{
	if (rd->seen[what].file == NULL)
		*p = value;
}

static void
default_hostname(struct reader *rd)
{
	char name[256], host[DOMAIN_MAX];

	if (gethostname(name, sizeof(name)) == -1)
		name[0] = '\0';
	name[sizeof(name) - 1] = '\0';
	if (domain_normal(name, strlen(name), host, sizeof(host)) == -1)
		(void)strlcpy(host, "localhost", sizeof(host));
	(void)value_copy(rd, &rd->conf->hostname, host);
}

/* Where the systems keep the authorities they trust. */
static const char *
default_ca(void)
{
	static const char *const paths[] = {
		"/etc/ssl/cert.pem",
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt"
	};
	size_t i;

	for (i = 0; i < nitems(paths); i++)
		if (access(paths[i], R_OK) == 0)
			return paths[i];
	return paths[0];
}

void
conf_set_defaults(struct reader *rd)
{
	struct conf *conf = rd->conf;
	char from[DOMAIN_MAX + 32];

	if (rd->seen[ONCE_HOSTNAME].file == NULL)
		default_hostname(rd);
	if (rd->seen[ONCE_REPORT_FROM].file == NULL &&
	    conf->submitter != NULL) {
		(void)snprintf(from, sizeof(from), "tlsrpt-noreply@%s",
		    conf->submitter);
		(void)value_copy(rd, &conf->report_from, from);
	}
	default_text(rd, ONCE_SPOOL, &conf->spool, "/var/spool/sged");
	default_text(rd, ONCE_DATABASE, &conf->database,
	    "/var/db/sged/sged.db");
	default_text(rd, ONCE_SOCKET, &conf->socket, "/var/run/sged.sock");
	default_text(rd, ONCE_REPORT_SENDMAIL, &conf->report_sendmail,
	    "/usr/sbin/sendmail");
	default_text(rd, ONCE_CA, &conf->ca, default_ca());
	default_number(rd, ONCE_REPORT_SPREAD, &conf->report_spread, 4 * 3600);
	default_number(rd, ONCE_REPORT_RETRY, &conf->report_retry, DAY);
	default_number(rd, ONCE_LEARN_TIMEOUT, &conf->learn_timeout, 5);
	default_number(rd, ONCE_KEEP_SESSIONS, &conf->keep_sessions, 14);
	default_number(rd, ONCE_KEEP_REPORTS, &conf->keep_reports, 90);
	if (conf->resolver_port == 0)
		conf->resolver_port = 53;
}
