/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conf_directive.h"

static void
free_strings(char **v, size_t n)
{
	while (n > 0)
		free(v[--n]);
	free(v);
}

static void
free_field(struct conf *conf, const struct directive *d)
{
	void *field = (char *)conf + d->at;

	switch (d->kind) {
	case KIND_TEXT:
	case KIND_EMAIL:
	case KIND_HOST:
	case KIND_PATH:
	case KIND_CONNINFO:
		free(*(char **)field);
		break;
	case KIND_DOMAINS:
		domset_free(*(struct domset **)field);
		break;
	case KIND_CIDRS:
		free(*(struct cidr **)field);
		break;
	case KIND_TEXTS:
		free_strings(*(char ***)field,
		    *(size_t *)(void *)((char *)conf + d->count));
		break;
	default:
		break;
	}
}

void
conf_free(struct conf *conf)
{
	const struct directive *d;
	size_t i;

	if (conf == NULL)
		return;
	for (d = directives; d->words != NULL; d++)
		free_field(conf, d);
	free(conf->submitter);
	for (i = 0; i < conf->nclasses; i++) {
		free(conf->classes[i].name);
		free(conf->classes[i].file);
		free_strings(conf->classes[i].entries,
		    conf->classes[i].nentries);
	}
	free(conf->classes);
	domset_free(conf->class_of);
	free(conf->rules);
	for (i = 0; i < conf->nconnectors; i++) {
		free(conf->connectors[i].domain);
		free(conf->connectors[i].url);
		free(conf->connectors[i].from);
	}
	free(conf->connectors);
	domset_free(conf->connector_of);
	for (i = 0; i < conf->nlegacies; i++) {
		free(conf->legacies[i].hosts);
		free(conf->legacies[i].until);
		free(conf->legacies[i].reason);
	}
	free(conf->legacies);
	free(conf->resolver);
	free_strings(conf->files, conf->nfiles);
	free(conf);
}

int
conf_is_local(const struct conf *conf, const char *domain)
{
	return domset_find(conf->local, domain) != -1;
}

int
conf_class(const struct conf *conf, const char *domain)
{
	int class = domset_find(conf->class_of, domain);

	return class == -1 ? CLASS_PUBLIC : class;
}

const char *
conf_class_name(const struct conf *conf, int class)
{
	return conf->classes[class].name;
}

int
conf_class_by_name(const struct conf *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->nclasses; i++)
		if (strcmp(conf->classes[i].name, name) == 0)
			return (int)i;
	return -1;
}

const struct conf_rule *
conf_rule(const struct conf *conf, int from, int to)
{
	return &conf->matrix[from][to];
}

const struct conf_rule conf_no_rule = {
	CLASS_ANY, CLASS_ANY, REQ_PREFER_TLS, TLSVER_1_2
};

const struct conf_rule conf_rule_never_clear = {
	CLASS_ANY, CLASS_ANY, REQ_TLS, TLSVER_1_2
};

const struct conf_rule *
conf_rule_own(const struct conf *conf, int from, int to)
{
	const struct conf_rule *rule = conf->rules;
	size_t i;

	for (i = 0; i < conf->nrules; i++, rule++)
		if (rule->req != REQ_CONNECTOR && (rule->from >> from & 1) &&
		    (rule->to >> to & 1))
			return rule;
	return &conf_no_rule;
}

static int
is_stricter(const struct conf_rule *a, const struct conf_rule *b)
{
	return a->req != b->req ? a->req > b->req : a->minimum > b->minimum;
}

/* The strictest of what our own domains need there that can be had at all. */
static const struct conf_rule *
rule_of_locals(const struct conf *conf, const char *domain, int to)
{
	const struct conf_rule *rule, *best = NULL, *refused = NULL;
	size_t i;

	for (i = 0; i < conf->nclasses; i++) {
		if ((conf->local_classes >> i & 1) == 0)
			continue;
		rule = &conf->matrix[i][to];
		if (rule->req == REQ_CONNECTOR &&
		    conf_connector(conf, domain) == NULL) {
			refused = rule;
			continue;
		}
		if (best == NULL || is_stricter(rule, best))
			best = rule;
	}
	if (best == NULL)
		return refused;
	return refused != NULL && best->req == REQ_PREFER_TLS ?
	    &conf_rule_never_clear : best;
}

const struct conf_rule *
conf_rule_out(const struct conf *conf, const char *domain)
{
	int to = conf_class(conf, domain);
	const struct conf_rule *rule = rule_of_locals(conf, domain, to), *host;

	if (conf->hostname == NULL)
		return rule;
	/* What the host itself writes has the class of its own name. */
	host = &conf->matrix[conf_class(conf, conf->hostname)][to];
	if (host->req == REQ_CONNECTOR && conf_connector(conf, domain) == NULL)
		host = &conf_rule_never_clear;
	return rule == NULL || is_stricter(host, rule) ? host : rule;
}

enum tlsver
conf_version_class(const struct conf *conf, int to, int connector,
    enum requirement *strictest)
{
	enum tlsver newest = TLSVER_1_2;
	int host = -1;
	const struct conf_rule *rule;
	size_t i;

	*strictest = REQ_PREFER_TLS;
	if (conf->hostname != NULL)
		host = conf_class(conf, conf->hostname);
	for (i = 0; i < conf->nclasses; i++) {
		if ((conf->local_classes >> i & 1) == 0 && (int)i != host)
			continue;
		rule = &conf->matrix[i][to];
		if (rule->req == REQ_PREFER_TLS ||
		    (rule->req == REQ_CONNECTOR && !connector))
			continue;
		if (rule->req > *strictest)
			*strictest = rule->req;
		if (rule->minimum > newest)
			newest = rule->minimum;
	}
	return newest;
}

enum tlsver
conf_version_out(const struct conf *conf, const char *domain)
{
	enum requirement strictest;

	return conf_version_class(conf, conf_class(conf, domain),
	    conf_connector(conf, domain) != NULL, &strictest);
}

const struct conf_connector *
conf_connector(const struct conf *conf, const char *domain)
{
	int i = domset_find(conf->connector_of, domain);

	return i == -1 ? NULL : &conf->connectors[i];
}

static int
holds(const struct cidr *v, size_t n, const struct addr *a)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (cidr_match(&v[i], a))
			return 1;
	return 0;
}

const struct conf_legacy *
conf_legacy(const struct conf *conf, const struct addr *a, int64_t when)
{
	const struct conf_legacy *l = conf->legacies;
	size_t i;

	for (i = 0; i < conf->nlegacies; i++, l++)
		if (when < l->end && holds(l->hosts, l->nhosts, a))
			return l;
	return NULL;
}

int
conf_is_smarthost(const struct conf *conf, const struct addr *a)
{
	return holds(conf->smarthosts, conf->nsmarthosts, a);
}

int
conf_may_contact(const struct conf *conf, const struct addr *a)
{
	return addr_is_global(a) || conf_is_allowed(conf, a);
}

int
conf_is_allowed(const struct conf *conf, const struct addr *a)
{
	return holds(conf->network, conf->nnetwork, a);
}

const char *
rule_name(const struct conf_rule *rule)
{
	static const char *const names[][2] = {
		[REQ_PREFER_TLS] = { "prefer tls", "prefer tls \"1.3\"" },
		[REQ_TLS] = { "require tls", "require tls \"1.3\"" },
		[REQ_VERIFIED_TLS] = { "require verified tls",
		    "require verified tls \"1.3\"" },
		[REQ_CONNECTOR] = { "require connector",
		    "require connector \"1.3\"" }
	};

	return names[rule->req][rule->minimum > TLSVER_1_2];
}

static const char *const versions[] = {
	[TLSVER_NONE] = "none",
	[TLSVER_SSL] = "SSL",
	[TLSVER_1_0] = "TLSv1",
	[TLSVER_1_1] = "TLSv1.1",
	[TLSVER_1_2] = "TLSv1.2",
	[TLSVER_1_3] = "TLSv1.3",
};

const char *
tlsver_name(enum tlsver v)
{
	return versions[v];
}

/* "SSLv3", "TLSv1", "TLSv1.2", "1.3"; OpenSSL and LibreSSL agree on these. */
enum tlsver
tlsver_parse(const char *s, size_t len)
{
	if (len >= 3 && strncmp(s, "SSL", 3) == 0)
		return TLSVER_SSL;
	if (len >= 4 && strncmp(s, "TLSv", 4) == 0) {
		s += 4;
		len -= 4;
	}
	if (len == 0 || s[0] < '1' || s[0] > '9')
		return TLSVER_NONE;
	if (s[0] > '1')
		return TLSVER_1_3;
	if (len == 1)
		return TLSVER_1_0;
	if (s[1] != '.' || len < 3 || s[2] < '0' || s[2] > '9')
		return TLSVER_NONE;
	if (len > 3 || s[2] > '3')
		return TLSVER_1_3;
	return (enum tlsver)(TLSVER_1_0 + (s[2] - '0'));
}
