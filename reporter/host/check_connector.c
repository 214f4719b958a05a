/* SPDX-License-Identifier: ISC */

/*
 * check config: the connectors of sge.conf(5), each looked at as its mail
 * would meet it, and the members that have none.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/log.h"
#include "host/check_config.h"
#include "host/smtpd_match.h"
#include "lib/ipc.h"
#include "lib/xalloc.h"

#define PART "connect"
#define MEMBERS_SHOWN 8
#define SMTP_PORT 25

/* "smtp+tls://host[:port]" */
static int
url_host(const char *url, char host[], size_t size)
{
	const char *p = strstr(url, "://"), *error;
	int port = SMTP_PORT;
	size_t len;

	p = p == NULL ? url : p + 3;
	len = strcspn(p, ":/");
	(void)snprintf(host, size, "%.*s", (int)(len < size ? len : 0), p);
	if (p[len] == ':') {
		port = (int)strtonum(p + len + 1, 1, 65535, &error);
		if (error != NULL)
			port = SMTP_PORT;
	}
	return port;
}

/* What a probe of its host found, in the words of an operator. */
static void
say_probe(struct check *c, const struct conf_connector *k, const char *where,
    const json_t *answer)
{
	const char *status = ipc_string(answer, "status", "gone");
	const char *starttls = ipc_string(answer, "starttls", "");
	const char *cert = ipc_string(answer, "cert", "");
	const char *tls = ipc_string(answer, "tls", "");

	if (strcmp(status, "ok") != 0)
		check_part(c, PART, strcmp(status, "refused") == 0 ?
		    CHECK_BAD : CHECK_DARK, "%s: %s could not be tried (%s): "
		    "%s", k->domain, where, status, strcmp(status,
		    "refused") == 0 ? "no global address; write network allow "
		    "in sge.conf if it is right" : "is its port open from "
		    "here?");
	else if (strcmp(starttls, "offered") != 0)
		check_part(c, PART, CHECK_BAD, "%s: %s offers no STARTTLS: "
		    "mail to it waits in the queue; ask the member for its "
		    "connector's host", k->domain, where);
	else if (strcmp(cert, "ok") != 0)
		check_part(c, PART, CHECK_BAD, "%s: %s %s: mail to it waits "
		    "in the queue; %s", k->domain, where, strcmp(cert,
		    "expired") == 0 ? "has a certificate that is over" :
		    strcmp(cert, "host-mismatch") == 0 ? "has a certificate "
		    "of another name" : strcmp(cert, "not-trusted") == 0 ?
		    "has a certificate of no authority that is trusted here" :
		    "has no TLS that holds", strcmp(cert, "not-trusted") ==
		    0 ? "smtpd trusts the system's file; has it all of the "
		    "chain?" : "ask the member, or mend the connector's "
		    "host");
	else if (strcmp(tls, "TLSv1.2") != 0 && strcmp(tls, "TLSv1.3") != 0)
		check_part(c, PART, CHECK_BAD, "%s: %s has %s, and TLS 1.2 is "
		    "asked", k->domain, where, view_clean(tls, 20));
	else
		check_part(c, PART, CHECK_OK, "%s: %s %s, certificate good",
		    k->domain, where, tls);
}

/* The DNS has no host of that name, or was not to be asked. */
static void
say_no_address(struct check *c, const struct conf_connector *k,
    const json_t *answer)
{
	const char *status = ipc_string(answer, "status", "gone");
	char host[DOMAIN_MAX];

	(void)url_host(k->url, host, sizeof(host));
	check_part(c, PART, ask_is_unknown(status) ? CHECK_DARK : CHECK_BAD,
	    "%s: %s has no address in the DNS (%s): mail to it waits in the "
	    "queue; is its name right in sge.conf?", k->domain, host, status);
}

static json_t *
ask_probe(const struct conf_connector *k, const char *addr)
{
	char host[DOMAIN_MAX];
	int port = url_host(k->url, host, sizeof(host));
	json_t *request;

	request = json_pack("{s:s,s:s,s:s,s:i,s:b}", "op", "probe", "host",
	    host, "addr", addr, "port", port, "versions", 0);
	if (request == NULL)
		fatalx("check config");
	return request;
}

/* All at once: first their addresses, then a probe of the first of each. */
static void
probe_all(struct check *c, const struct conf_connector *k, size_t n)
{
	struct check_question *dns, *net;
	const char *addr[1];
	char host[DOMAIN_MAX], where[DOMAIN_MAX + 64];
	size_t i, asked = 0;

	dns = xcalloc(n, sizeof(*dns));
	net = xcalloc(n, sizeof(*net));
	for (i = 0; i < n; i++) {
		(void)url_host(k[i].url, host, sizeof(host));
		dns[i].part = WORLD_RESOLVE;
		dns[i].request = ask_dns("addr", host);
	}
	ask_all(c->asker, dns, n);
	for (i = 0; i < n; i++) {
		if (ask_strings(dns[i].answer, "addr", addr, 1) == 0)
			continue;
		net[asked].part = WORLD_NET;
		net[asked++].request = ask_probe(&k[i], addr[0]);
	}
	ask_all(c->asker, net, asked);
	asked = 0;
	for (i = 0; i < n; i++) {
		if (ask_strings(dns[i].answer, "addr", addr, 1) == 0)
			say_no_address(c, &k[i], dns[i].answer);
		else {
			(void)url_host(k[i].url, host, sizeof(host));
			(void)snprintf(where, sizeof(where), "%s [%s]", host,
			    addr[0]);
			say_probe(c, &k[i], where, net[asked].answer);
			json_decref(net[asked++].answer);
		}
		json_decref(dns[i].answer);
	}
	free(dns);
	free(net);
}

/* Whether mail of one of our domains to that one must have a connector. */
static int
needs_connector(const struct conf *conf, const char *domain)
{
	int to = conf_class(conf, domain);
	size_t i;

	for (i = 0; i < conf->nclasses; i++)
		if ((conf->local_classes >> i & 1) != 0 &&
		    conf->matrix[i][to].req == REQ_CONNECTOR)
			return 1;
	return 0;
}

static void
check_members(struct check *c)
{
	const struct conf *conf = c->view->conf;
	const char *name;
	char list[MEMBERS_SHOWN * 80] = "";
	size_t pos = 0, n = 0;

	while ((name = domset_next(conf->class_of, &pos)) != NULL) {
		if (*name == '.' || conf_is_local(conf, name) ||
		    !needs_connector(conf, name) ||
		    conf_connector(conf, name) != NULL)
			continue;
		if (n++ < MEMBERS_SHOWN) {
			(void)strlcat(list, n == 1 ? "" : ", ", sizeof(list));
			(void)strlcat(list, view_clean(name, 70),
			    sizeof(list));
		}
	}
	if (n > 0)
		check_part(c, PART, CHECK_WARN, "%zu %s without a connector, "
		    "so that no mail goes to or comes from %s: %s%s; write "
		    "connector \"DOMAIN\" to \"smtp+tls://HOST\" from { ... "
		    "} in sge.conf", n, view_plural((int64_t)n, "member",
		    "members"), view_plural((int64_t)n, "it", "them"), list,
		    n > MEMBERS_SHOWN ? ", ..." : "");
}

void
check_nowhere(struct check *c, const struct smtpd_conf *s)
{
	const struct conf *conf = c->view->conf;
	/* As of an alias; whoever names the member himself is refused. */
	struct mail m = { .source = SOURCE_LOCAL, .inside = 1,
	    .need = NEED_VERIFY, .nowhere = 1 };
	const struct smtpd_line *line;
	const char *action;
	size_t pos = 0;

	while ((m.domain = domset_next(conf->class_of, &pos)) != NULL)
		if (*m.domain != '.' && match_nowhere(conf, m.domain))
			break;
	if (m.domain == NULL || (line = match_first(s, conf, &m)) == NULL ||
	    (action = smtpdconf_after(line, "action")) == NULL ||
	    (line = smtpdconf_find(s, "action", action)) == NULL ||
	    !smtpdconf_has(line, "relay"))
		return;
	check_part(c, PART, CHECK_WARN, "%s:%d: what an alias or a .forward "
	    "sends to a member without a connector, such as %s, waits in the "
	    "queue until it is too old; to have it bounce at once, write what "
	    "table-sge(8) has for sge-nowhere", line->file, line->number,
	    m.domain);
}

void
check_connectors(struct check *c)
{
	const struct conf *conf = c->view->conf;

	check_members(c);
	if (c->asker != NULL && conf->nconnectors > 0)
		probe_all(c, conf->connectors, conf->nconnectors);
}
