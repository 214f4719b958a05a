/* SPDX-License-Identifier: ISC */

#include <string.h>
#include <strings.h>
#include <tls.h>

#include "base/addr.h"
#include "base/mail_path.h"
#include "host/smtpd_match.h"

enum mail_need
match_need(const struct conf *conf, const char *domain)
{
	const struct conf_rule *rule;

	if (conf_is_local(conf, domain))
		return NEED_OWN;
	if (conf_connector(conf, domain) != NULL)
		return NEED_VERIFY;
	rule = conf_rule_out(conf, domain);
	if (rule->req == REQ_PREFER_TLS)
		return NEED_NOTHING;
	return rule->req == REQ_TLS ? NEED_ENCRYPT : NEED_VERIFY;
}

int
match_nowhere(const struct conf *conf, const char *domain)
{
	return !conf_is_local(conf, domain) &&
	    conf_connector(conf, domain) == NULL &&
	    conf_rule_out(conf, domain)->req == REQ_CONNECTOR;
}

int
match_newest(const struct smtpd_line *action)
{
	const char *list = smtpdconf_after(action, "protocols");
	uint32_t bits = 0;

	return list != NULL && tls_config_parse_protocols(&bits, list) == 0 &&
	    bits == TLS_PROTOCOL_TLSv1_3;
}

int
match_each(const struct smtpd_conf *s, const struct smtpd_line *line,
    size_t i, void (*each)(const char *, void *), void *arg)
{
	char name[256];
	size_t len;

	if (smtpdconf_is(line, i, "regex"))
		return -1;
	if (i >= line->nwords)
		return 0;
	if (smtpdconf_is(line, i, "{")) {
		while (++i < line->nwords && !smtpdconf_is(line, i, "}"))
			each(line->word[i], arg);
		return 0;
	}
	len = strlen(line->word[i]);
	if (line->word[i][0] != '<' || line->quoted[i] || len < 3 ||
	    len >= sizeof(name)) {
		each(line->word[i], arg);
		return 0;
	}
	memcpy(name, line->word[i] + 1, len - 2);
	name[len - 2] = '\0';
	return smtpdconf_table(s, name, each, arg);
}

struct search {
	const char	*value;
	struct mail_path path;		/* value, where it has an '@' */
	int		 found;
};

static void
search_domain(const char *entry, void *arg)
{
	struct search *s = arg;
	const char *at = strrchr(entry, '@');

	s->found |= strcmp(entry, "@") == 0 || mail_domain_is(s->value,
	    strlen(s->value), at == NULL ? entry : at + 1);
}

static void
search_address(const char *entry, void *arg)
{
	struct search *s = arg;

	/* The null sender has neither half. */
	s->found |= strcmp(entry, "@") == 0 || (s->path.domainlen > 0 &&
	    mail_path_is(&s->path, entry));
}

enum match_answer
match_holds(const struct smtpd_conf *s, const struct smtpd_line *line,
    size_t i, const char *value)
{
	struct search search = { .value = value };
	int domain = strchr(value, '@') == NULL;

	mail_path_read(value, strlen(value), &search.path);
	if (match_each(s, line, i, domain ? search_domain : search_address,
	    &search) == -1)
		return MATCH_SOME;
	return search.found ? MATCH_ALL : MATCH_NO;
}

/* "*" and "**" stand for every domain. */
static int
is_every(const char *domain)
{
	return *domain == '*' && domain[strspn(domain, "*")] == '\0';
}

struct covered {
	const char	*domain;	/* NULL: any */
	enum match_answer answer;
};

static void
covers_domain(const char *entry, void *arg)
{
	struct covered *c = arg;

	if (is_every(entry) || strcmp(entry, "@") == 0 ||
	    (entry[0] == '@' && is_every(entry + 1)))
		c->answer = MATCH_ALL;
}

/* An entry with a user holds one of the domain's, not all. */
static void
covers_users(const char *entry, void *arg)
{
	struct covered *c = arg;
	struct mail_path path;
	enum match_answer answer;

	mail_path_read(entry, strlen(entry), &path);
	if (path.domainlen > 0 && (c->domain == NULL ? !is_every(path.domain) :
	    !mail_domain_is(c->domain, strlen(c->domain), path.domain)))
		return;
	answer = path.userlen == 0 ? MATCH_ALL : MATCH_SOME;
	if (answer > c->answer)
		c->answer = answer;
}

/*
 * For mail to anybody in a domain, or in any domain of a need.  Domains that
 * are named are asked for by their name, each with what it needs itself: where
 * any is meant they are none.
 */
static enum match_answer
covers(const struct smtpd_conf *s, const struct smtpd_line *line, size_t i,
    int address, const struct mail *m)
{
	struct covered c = { m->domain, MATCH_NO };

	/* What strangers may send to: a list of those that are taken here. */
	if (match_each(s, line, i, address ? covers_users : covers_domain,
	    &c) == -1)
		return m->source == SOURCE_STRANGER && m->domain == NULL ?
		    MATCH_NO : MATCH_SOME;
	return c.answer;
}

/* "for domain X", "for rcpt-to X", "rcpt-to X": X at word i. */
static enum match_answer
asks_rcpt(const struct smtpd_conf *s, const struct smtpd_line *line, size_t i,
    int address, const struct mail *m)
{
	if (smtpdconf_is(line, i, "<sge-verify>"))
		return m->need == NEED_VERIFY ? MATCH_ALL : MATCH_NO;
	if (smtpdconf_is(line, i, "<sge-encrypt>"))
		return m->need == NEED_ENCRYPT ? MATCH_ALL : MATCH_NO;
	if (smtpdconf_is(line, i, "<sge-verify13>"))
		return m->need == NEED_VERIFY && m->newest ? MATCH_ALL :
		    MATCH_NO;
	if (smtpdconf_is(line, i, "<sge-encrypt13>"))
		return m->need == NEED_ENCRYPT && m->newest ? MATCH_ALL :
		    MATCH_NO;
	if (smtpdconf_is(line, i, "<sge-nowhere>"))
		return m->nowhere ? MATCH_ALL : MATCH_NO;
	if (m->domain == NULL || (address && m->rcpt == NULL))
		return covers(s, line, i, address, m);
	return match_holds(s, line, i, address ? m->rcpt : m->domain);
}

static enum match_answer
asks_for(const struct smtpd_conf *s, const struct conf *conf,
    const struct smtpd_line *line, size_t i, const struct mail *m)
{
	if (smtpdconf_is(line, i, "any"))
		return MATCH_ALL;
	/* The host's own names. */
	if (smtpdconf_is(line, i, "local"))
		return m->domain != NULL && strcmp(m->domain,
		    conf->hostname) == 0 ? MATCH_ALL : MATCH_NO;
	return asks_rcpt(s, line, i + 1, smtpdconf_is(line, i, "rcpt-to"), m);
}

struct addresses {
	const char	*text;
	struct addr	 addr;
	int		 known;		/* text is one address */
	int		 anybody;
	int		 local;
	int		 found;
};

static void
address_one(const char *entry, void *arg)
{
	struct addresses *a = arg;
	struct cidr net;

	a->anybody |= strcmp(entry, "0.0.0.0/0") == 0 ||
	    strcmp(entry, "::/0") == 0 || strcmp(entry, "any") == 0;
	a->local |= strcmp(entry, "local") == 0 ||
	    strncmp(entry, "127.", 4) == 0 || strcmp(entry, "::1") == 0;
	if (a->known)
		a->found |= cidr_parse(entry, &net) == 0 &&
		    cidr_match(&net, &a->addr);
	else
		a->found |= a->text != NULL && strcmp(entry, a->text) == 0;
}

static enum match_answer
asks_src(const struct smtpd_conf *s, const struct smtpd_line *line, size_t i,
    const struct mail *m)
{
	struct addresses a = { .text = m->address };

	a.known = a.text != NULL && addr_parse(a.text, strlen(a.text),
	    &a.addr) == 0;
	if (match_each(s, line, i, address_one, &a) == -1)
		return m->source == SOURCE_LOCAL && !a.known ? MATCH_NO :
		    MATCH_SOME;
	if (a.known)
		return a.found ? MATCH_ALL : MATCH_NO;
	if (a.anybody)
		return MATCH_ALL;
	if (m->source == SOURCE_LOCAL)
		return a.local ? MATCH_ALL : MATCH_NO;
	return m->source == SOURCE_ADDRESS && a.found ? MATCH_ALL : MATCH_NO;
}

struct others {
	const char	*one;
	int		 there;
};

static void
others_one(const char *entry, void *arg)
{
	struct others *o = arg;

	o->there |= strcasecmp(entry, o->one) != 0;
}

/* Strangers name themselves as they like; the report's sender is only sged. */
static enum match_answer
asks_sender(const struct smtpd_conf *s, const struct conf *conf,
    const struct smtpd_line *line, size_t i, const struct mail *m)
{
	struct others others = { conf->report_from, 0 };

	if (m->sender != NULL)
		return match_holds(s, line, i, *m->sender == '\0' ? "@" :
		    m->sender);
	if (m->source != SOURCE_STRANGER && match_each(s, line, i, others_one,
	    &others) == 0 && !others.there)
		return MATCH_NO;
	return MATCH_SOME;
}

/* sendmail(8) speaks to the socket, which smtpd takes for a login. */
static int
is_login(const struct mail *m)
{
	return m->source == SOURCE_AUTH || m->login ||
	    (m->source == SOURCE_LOCAL && !m->inside);
}

static enum match_answer
asks_from(const struct smtpd_conf *s, const struct conf *conf,
    const struct smtpd_line *line, size_t i, const struct mail *m)
{
	if (smtpdconf_is(line, i, "any"))
		return MATCH_ALL;
	if (smtpdconf_is(line, i, "local"))
		return m->source == SOURCE_LOCAL ? MATCH_ALL : MATCH_NO;
	if (smtpdconf_is(line, i, "socket"))
		return m->source == SOURCE_LOCAL && !m->inside ? MATCH_ALL :
		    MATCH_NO;
	if (smtpdconf_is(line, i, "auth"))
		return is_login(m) ? MATCH_ALL : MATCH_NO;
	if (smtpdconf_is(line, i, "src"))
		return asks_src(s, line, i + 1, m);
	if (smtpdconf_is(line, i, "mail-from"))
		return asks_sender(s, conf, line, i + 1, m);
	return MATCH_SOME;		/* rdns */
}

/* Whether mail of that source can come in by a listener with the tag. */
static enum match_answer
asks_tag(const struct smtpd_conf *s, const char *tag, const struct mail *m)
{
	const struct smtpd_line *line;
	const char *name;
	size_t i;
	int socket;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (!smtpdconf_is(line, 0, "listen") ||
		    (name = smtpdconf_after(line, "tag")) == NULL ||
		    strcmp(name, tag) != 0)
			continue;
		socket = smtpdconf_is(line, 2, "socket");
		if (m->inside)
			return MATCH_SOME;
		if (m->source == SOURCE_LOCAL && socket)
			return MATCH_ALL;
		if (m->source == SOURCE_AUTH && (smtpdconf_has(line, "auth") ||
		    smtpdconf_has(line, "auth-optional")))
			return MATCH_SOME;
		if (m->source >= SOURCE_ADDRESS && !socket &&
		    !smtpdconf_has(line, "auth"))
			return MATCH_SOME;
	}
	return MATCH_NO;
}

/* Whether word i begins a value, and is no keyword of "match". */
static int
is_value(const struct smtpd_line *line, size_t i)
{
	return i < line->nwords && (line->quoted[i] ||
	    line->word[i][0] == '<' || line->word[i][0] == '{');
}

/* Behind a value: a word, or a list with its braces. */
static size_t
skip_value(const struct smtpd_line *line, size_t i)
{
	if (smtpdconf_is(line, i, "regex"))
		i++;
	if (smtpdconf_is(line, i, "{"))
		while (i < line->nwords && !smtpdconf_is(line, i, "}"))
			i++;
	return i + 1;
}

/* One criterion at *i, which moves behind it. */
static enum match_answer
criterion(const struct smtpd_conf *s, const struct conf *conf,
    const struct smtpd_line *line, size_t *i, const struct mail *m)
{
	size_t at = (*i)++;

	if (smtpdconf_is(line, at, "from") || smtpdconf_is(line, at, "for")) {
		*i = smtpdconf_is(line, at + 1, "any") || smtpdconf_is(line,
		    at + 1, "local") || smtpdconf_is(line, at + 1, "socket") ?
		    at + 2 : ((smtpdconf_is(line, at + 1, "auth") ||
		    smtpdconf_is(line, at + 1, "rdns")) && !is_value(line,
		    at + 2)) ? at + 2 : skip_value(line, at + 2);
		return smtpdconf_is(line, at, "from") ? asks_from(s, conf,
		    line, at + 1, m) : asks_for(s, conf, line, at + 1, m);
	}
	if (smtpdconf_is(line, at, "auth")) {
		if (is_value(line, at + 1)) {
			*i = skip_value(line, at + 1);
			return is_login(m) ? MATCH_SOME : MATCH_NO;
		}
		return is_login(m) ? MATCH_ALL : MATCH_NO;
	}
	if (smtpdconf_is(line, at, "tls"))
		return m->source == SOURCE_AUTH ? MATCH_ALL : m->source ==
		    SOURCE_LOCAL && !m->inside ? MATCH_NO : MATCH_SOME;
	*i = skip_value(line, at + 1);
	if (smtpdconf_is(line, at, "mail-from"))
		return asks_sender(s, conf, line, at + 1, m);
	if (smtpdconf_is(line, at, "rcpt-to"))
		return asks_rcpt(s, line, at + 1, 1, m);
	if (smtpdconf_is(line, at, "tag") && at + 1 < line->nwords)
		return asks_tag(s, line->word[at + 1], m);
	return MATCH_SOME;		/* helo, and what we do not know */
}

enum match_answer
match_asks(const struct smtpd_conf *s, const struct conf *conf,
    const struct smtpd_line *line, const struct mail *m)
{
	enum match_answer all = MATCH_ALL, one;
	size_t i = 1;
	int from = 0, to = 0, not;

	while (i < line->nwords && !smtpdconf_is(line, i, "action") &&
	    !smtpdconf_is(line, i, "reject")) {
		if ((not = smtpdconf_is(line, i, "!")))
			i++;
		from |= smtpdconf_is(line, i, "from");
		to |= smtpdconf_is(line, i, "for");
		one = criterion(s, conf, line, &i, m);
		if (not && one != MATCH_SOME)
			one = one == MATCH_ALL ? MATCH_NO : MATCH_ALL;
		if (one < all)
			all = one;
	}
	/* smtpd.conf(5): without them, "from local" and "for local". */
	if (!from && m->source != SOURCE_LOCAL)
		return MATCH_NO;
	if (!to && (m->domain == NULL || strcmp(m->domain, conf->hostname) !=
	    0))
		return MATCH_NO;
	return all;
}

const struct smtpd_line *
match_first(const struct smtpd_conf *s, const struct conf *conf,
    const struct mail *m)
{
	size_t i;

	for (i = 0; m->domain != NULL && i < s->nlines; i++)
		if (smtpdconf_is(&s->line[i], 0, "match") &&
		    match_asks(s, conf, &s->line[i], m) == MATCH_ALL)
			return &s->line[i];
	return NULL;
}
