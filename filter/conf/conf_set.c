/* SPDX-License-Identifier: ISC */

/* Directives of one value; see conf_read.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "conf/conf_read.h"
#include "base/log.h"

void
conf_set_macro(struct conf_reader *rd, const struct word *name,
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

static void
set_mode(struct conf_reader *rd, const struct word *w, enum conf_mode *mode)
{
	if (strcmp(w->text, "testing") == 0)
		*mode = MODE_TESTING;
	else if (strcmp(w->text, "enforce") == 0)
		*mode = MODE_ENFORCE;
	else
		conf_mistake(rd, &w->at, "unknown mode \"%s\": write enforce "
		    "or testing", log_clean(w->text));
}

static void
set_path(struct conf_reader *rd, const struct directive *d,
    const struct word *w, char **path)
{
	size_t len = strlen(w->text);

	if (d->most != 0 && len > (size_t)d->most)
		conf_mistake(rd, &w->at, "the path of a %s may have %d "
		    "characters, this has %zu", d->words, d->most, len);
	else
		(void)value_path(rd, w, path);
}

static void
set_host(struct conf_reader *rd, const struct word *w, char **p)
{
	char host[DOMAIN_MAX];

	if (value_domain(rd, w, 0, host, sizeof(host)) == 0)
		(void)value_copy(rd, p, host);
}

static void
set_field(struct conf_reader *rd, const struct directive *d,
    const struct word *w)
{
	void *field = (char *)rd->conf + d->at;
	void *count = (char *)rd->conf + d->count;

	switch (d->kind) {
	case KIND_TEXT:
		(void)value_text(rd, w, field);
		break;
	case KIND_EMAIL:
		(void)value_email(rd, w, field);
		break;
	case KIND_CONNINFO:
		(void)value_conninfo(rd, w, field);
		break;
	case KIND_HOST:
		set_host(rd, w, field);
		break;
	case KIND_PATH:
		set_path(rd, d, w, field);
		break;
	case KIND_MODE:
		set_mode(rd, w, field);
		break;
	case KIND_SECONDS:
		(void)value_seconds(rd, w, d->least, d->most, field);
		break;
	case KIND_DAYS:
		(void)value_days(rd, w, d->least, d->most, field);
		break;
	case KIND_NUMBER:
		(void)value_number(rd, w, d->least, d->most, field);
		break;
	case KIND_FLAG:
		*(int *)field = 1;
		break;
	case KIND_DOMAINS:
		conf_add_domains(rd, w, *(struct domset **)field);
		break;
	case KIND_CIDRS:
		(void)value_cidrs(rd, w, field, count);
		break;
	case KIND_TEXTS:
		conf_add_texts(rd, w, field, count);
		break;
	default:
		break;
	}
}

void
conf_set(struct conf_reader *rd, const struct directive *d,
    const struct word *w)
{
	if (conf_once(rd, d, w == NULL ? &rd->lex.first->at : &w->at) == 0)
		set_field(rd, d, w);
}

void
conf_set_resolver(struct conf_reader *rd, const struct word *w,
    const struct word *port)
{
	const char *err = NULL;
	char ip[64];
	struct addr a;

	if (conf_once(rd, directive_named("resolver"), &w->at) == -1)
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

/* As if it were written, but not seen. */
static void
preset(struct conf_reader *rd, const struct directive *d, const char *text)
{
	const struct word *w;

	if (rd->seen[d - directives].file == NULL &&
	    (w = lex_word(&rd->lex, text)) != NULL)
		set_field(rd, d, w);
}

static void
default_hostname(struct conf_reader *rd)
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
conf_set_defaults(struct conf_reader *rd)
{
	const struct directive *d;
	struct conf *conf = rd->conf;
	char from[DOMAIN_MAX + 32];

	for (d = directives; d->words != NULL; d++)
		if (d->preset != NULL)
			preset(rd, d, d->preset);
	if (conf_given(rd, "hostname") == NULL)
		default_hostname(rd);
	if (conf->contact != NULL)
		(void)value_copy(rd, &conf->submitter,
		    domain_of_address(conf->contact));
	if (conf->submitter != NULL) {
		(void)snprintf(from, sizeof(from), "tlsrpt-noreply@%s",
		    conf->submitter);
		preset(rd, directive_named("report from"), from);
	}
	preset(rd, directive_named("ca"), default_ca());
	if (conf->resolver_port == 0)
		conf->resolver_port = 53;
}
