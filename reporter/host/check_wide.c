/* SPDX-License-Identifier: ISC */

/*
 * check config: what sge.conf lets everybody do, and what of it is never used:
 * it parses, and is what nobody wants.
 */

#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "host/check_config.h"

#define PART "sge.conf"
/* As etc/sge.conf.example has them. */
#define EXAMPLE_ORGANIZATION "Minties"
#define EXAMPLE_DOMAIN "minties.govt.nz"

/* Addresses that no one network but all of them holds. */
static int
is_everybody(const struct cidr *list, size_t n)
{
	static const char *const far[2][2] = {
		{ "1.1.1.1", "203.0.113.9" }, { "2001:db8::1", "2a00::1" }
	};
	struct addr addr[2];
	size_t i, k;

	for (k = 0; k < nitems(far); k++) {
		if (addr_parse(far[k][0], strlen(far[k][0]), &addr[0]) == -1 ||
		    addr_parse(far[k][1], strlen(far[k][1]), &addr[1]) == -1)
			return 0;
		for (i = 0; i < n; i++)
			if (cidr_match(&list[i], &addr[0]) &&
			    cidr_match(&list[i], &addr[1]))
				return 1;
	}
	return 0;
}

/* Classes that no flow names; own domains that are in no class. */
static void
check_classes(struct check *c)
{
	const struct conf *conf = c->view->conf;
	const char *domain;
	size_t i, k, pos = 0;

	for (i = CLASS_PUBLIC + 1; i < conf->nclasses; i++) {
		if (conf->classes[i].ndomains == 0)
			check_part(c, PART, CHECK_BAD, "%s holds no domain: "
			    "nobody is in class %s, and no flow of it holds; "
			    "write one on each line",
			    conf->classes[i].file == NULL ? c->view->path :
			    conf->classes[i].file, conf->classes[i].name);
		for (k = 0; k < conf->nrules; k++)
			if ((conf->rules[k].from != CLASS_ANY &&
			    (conf->rules[k].from >> i & 1) != 0) ||
			    (conf->rules[k].to != CLASS_ANY &&
			    (conf->rules[k].to >> i & 1) != 0))
				break;
		if (k == conf->nrules)
			check_part(c, PART, CHECK_WARN, "class %s stands in no "
			    "flow: nothing is asked of its mail; write flow "
			    "from { %s } to { %s } require tls",
			    conf->classes[i].name, conf->classes[i].name,
			    conf->classes[i].name);
	}
	while (conf->nclasses > CLASS_PUBLIC + 1 &&
	    (domain = domset_next(conf->local, &pos)) != NULL)
		if (*domain != '.' &&
		    conf_class(conf, domain) == CLASS_PUBLIC)
			check_part(c, PART, CHECK_WARN, "%s, one of our own "
			    "domains, is in no class: its mail is judged as "
			    "public; add it to one, or take it out of local",
			    domain);
}

/* What etc/sge.conf.example has, in a file whose domains are others. */
static void
check_example(struct check *c)
{
	const struct conf *conf = c->view->conf;
	size_t len = strlen(EXAMPLE_DOMAIN), hostlen = strlen(conf->hostname);

	if (conf_is_local(conf, EXAMPLE_DOMAIN) || (hostlen >= len &&
	    strcasecmp(conf->hostname + hostlen - len, EXAMPLE_DOMAIN) == 0))
		return;
	if (strcmp(conf->organization, EXAMPLE_ORGANIZATION) == 0)
		check_part(c, PART, CHECK_WARN, "organization is still the "
		    "example's, \"" EXAMPLE_ORGANIZATION "\", and our reports "
		    "name it: write our own in %s", c->view->path);
	if (strcasecmp(conf->submitter, EXAMPLE_DOMAIN) == 0)
		check_part(c, PART, CHECK_WARN, "contact is still the "
		    "example's, %s, and our reports name it: write an address "
		    "of our own in %s", conf->contact, c->view->path);
}

void
check_wide(struct check *c)
{
	const struct conf *conf = c->view->conf;
	const struct conf_connector *con;
	size_t i;

	check_example(c);
	check_classes(c);
	for (i = 0; i < conf->nlegacies; i++)
		if (is_everybody(conf->legacies[i].hosts,
		    conf->legacies[i].nhosts))
			check_part(c, PART, CHECK_BAD, "legacy { } holds "
			    "every address: nobody needs TLS; name the hosts "
			    "that have none");
	for (i = 0; i < conf->nconnectors; i++) {
		con = &conf->connectors[i];
		if (con->domain == NULL)
			continue;
		if (is_everybody(con->from, con->nfrom))
			check_part(c, PART, CHECK_BAD, "connector \"%s\" takes "
			    "its mail from every address: write from { } with "
			    "those of its hosts", con->domain);
		if (con->domain[0] != '.' &&
		    conf_is_local(conf, con->domain))
			check_part(c, PART, CHECK_BAD, "connector \"%s\" is "
			    "never used: the domain stands under local",
			    con->domain);
	}
	if (is_everybody(conf->smarthosts, conf->nsmarthosts))
		check_part(c, PART, CHECK_BAD, "smarthost { } holds every "
		    "address: no session counts for our reports; name the "
		    "smart host's");
	if (is_everybody(conf->network, conf->nnetwork))
		check_part(c, PART, CHECK_WARN, "network allow { } holds "
		    "every address: a stranger's record can point sged at "
		    "hosts of our own network; name what it may reach");
}
