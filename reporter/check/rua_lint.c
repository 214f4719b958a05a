/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "check/rua_lint.h"
#include "check/rua_lint_uri.h"
#include "rfc/rua.h"

#define VERSION "v=TLSRPTv1"
#define VERSION_LEN (sizeof(VERSION) - 1)

/* DNS: one character-string of a TXT record (RFC 1035 3.3). */
#define TXT_STRING_MAX 255

/* Typographic quotes in UTF-8: U+2018 to U+201F, U+00AB, U+00BB. */
static size_t
curly_quote(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0x98 && p[2] <= 0x9f)
		return 3;
	if (p[0] == 0xc2 && (p[1] == 0xab || p[1] == 0xbb))
		return 2;
	return 0;
}

/* Blanks that come with what is pasted: U+00A0, U+200B to U+200D, U+FEFF. */
static size_t
odd_blank(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0x8b && p[2] <= 0x8d)
		return 3;
	if (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf)
		return 3;
	return p[0] == 0xc2 && p[1] == 0xa0 ? 2 : 0;
}

/* What a page or a word processor put in; 1 if it did. */
static int
check_pasted(struct lint *lint, const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if (curly_quote(text + i) != 0) {
			lint_add(lint, LINT_BAD, i, "a quote character is part "
			    "of the record: take it out");
			return 1;
		} else if (odd_blank(text + i) != 0) {
			lint_add(lint, LINT_BAD, i, "a blank that is not ASCII "
			    "is part of the record: take it out");
			return 1;
		}
	return 0;
}

/* Records of other kinds that people put here. */
static const char *
other_kind(const char *s)
{
	static const struct {
		const char	*begin;
		const char	*what;
	} kinds[] = {
		{ "v=DMARC1", "DMARC" }, { "v=spf1", "SPF" },
		{ "v=STSv1", "MTA-STS" }, { "v=DKIM1", "DKIM" },
		{ "v=BIMI1", "BIMI" }
	};
	size_t i;

	for (i = 0; i < nitems(kinds); i++)
		if (strncasecmp(s, kinds[i].begin,
		    strlen(kinds[i].begin)) == 0)
			return kinds[i].what;
	return NULL;
}

/*
 * What stands where "v=TLSRPTv1" and a delimiter should.  Returns 1 if the
 * rest is worth looking at.
 */
static int
check_version(struct lint *lint, const char *s)
{
	const char *kind;
	size_t blanks;

	if (curly_quote(s) != 0 || *s == '"' || *s == '\'') {
		lint_add(lint, LINT_BAD, 0, "a quote character is part of the "
		    "record: take the quotes out of the DNS portal's field");
		return 0;
	}
	if ((kind = other_kind(s)) != NULL) {
		lint_add(lint, LINT_BAD, 0, "this is a record of %s, not of "
		    "TLS reporting: senders see no TLSRPT record", kind);
		return 0;
	}
	if (*s == ' ' || *s == '\t') {
		lint_add(lint, LINT_BAD, 0, "a blank before the version: the "
		    "record must begin with " VERSION ";");
		return 0;
	}
	if (strncmp(s, "v-", 2) == 0) {
		lint_add(lint, LINT_BAD, 1, "write " VERSION " with '=' (the "
		    "\"v-TLSRPTv1\" in the SGE guide's text is a misprint)");
		return 0;
	}
	if (strncmp(s, VERSION, VERSION_LEN) != 0) {
		if (strncasecmp(s, VERSION, VERSION_LEN) == 0)
			lint_add(lint, LINT_BAD, 0, "upper and lower case "
			    "matter in the version: write " VERSION);
		else
			lint_add(lint, LINT_BAD, 0, "the record must begin "
			    "with " VERSION ";");
		return 0;
	}
	s += VERSION_LEN;
	blanks = strspn(s, " \t");
	if (s[blanks] == ';')
		return 1;
	if (*s == '\\')
		lint_add(lint, LINT_BAD, VERSION_LEN, "a backslash is part of "
		    "the record: the escape of a zone file was pasted into a "
		    "portal; write " VERSION ";");
	else if (s[blanks] == '\0')
		lint_add(lint, LINT_BAD, VERSION_LEN, "there is no rua: "
		    "write " VERSION "; rua=mailto:ADDRESS");
	else
		lint_add(lint, LINT_BAD, VERSION_LEN, "the version is not "
		    "TLSRPTv1 followed by ';'");
	return 0;
}

/* An address that is not ASCII: its domain's A-label where there is one. */
static void
add_utf8(struct lint *lint, size_t where, const char *address, size_t len)
{
	const char *at = memchr(address, '@', len);
	char name[DOMAIN_MAX], alabel[DOMAIN_MAX];
	size_t local = at == NULL ? len : (size_t)(at - address), i;

	for (i = 0; i < local; i++)
		if ((unsigned char)address[i] > 0x7e) {
			lint_add(lint, LINT_BAD, where, "the address is not "
			    "ASCII, which few senders can send to: use one "
			    "that is");
			return;
		}
	if (at == NULL || len - local - 1 >= sizeof(name))
		return;
	memcpy(name, at + 1, len - local - 1);
	name[len - local - 1] = '\0';
	if (domain_to_alabel(name, alabel, sizeof(alabel)) == -1)
		lint_add(lint, LINT_BAD, where, "the domain is not ASCII: "
		    "write its A-label (xn--...)");
	else
		lint_add(lint, LINT_BAD, where, "the domain is not ASCII: "
		    "write mailto:%.*s@%s", (int)local, address, alabel);
}

/* Forms of mailto that people take from elsewhere; 1 if there was one. */
static int
check_mailto(struct lint *lint, const char *text)
{
	const char *p = text, *address, *at;
	size_t len, i, where;
	int found = 0;

	for (; (p = strstr(p, "mailto:")) != NULL; p = address + len) {
		address = p + 7;
		len = strcspn(address, ",; \t");
		where = (size_t)(address - text);
		at = memchr(address, '@', len);
		for (i = 0; i < len; i++)
			if ((unsigned char)address[i] > 0x7e)
				break;
		if (len > 2 && strncmp(address, "//", 2) == 0)
			lint_add(lint, LINT_BAD, where, "mailto has no //, "
			    "which would be part of the address: write "
			    "mailto:%.*s", (int)len - 2, address + 2);
		else if (len > 2 && *address == '<')
			lint_add(lint, LINT_BAD, where, "no < and > around "
			    "the address: write mailto:%.*s", (int)len -
			    (address[len - 1] == '>' ? 2 : 1), address + 1);
		else if (at != NULL && at[1] == '[')
			lint_add(lint, LINT_BAD, where, "an address literal: "
			    "senders send to a domain's name only");
		else if (i < len)
			add_utf8(lint, where, address, len);
		else
			continue;
		found = 1;
	}
	return found;
}

/*
 * An address where a field was looked for, or one without scheme: 1 if one
 * stands around where.
 */
static int
add_address_fault(struct lint *lint, const char *text, size_t where)
{
	const char *begin = text + where, *before, *rua;
	size_t len;
	int mailto;

	while (begin > text && strchr(",;= \t", begin[-1]) == NULL)
		begin--;
	for (before = begin; before > text && (before[-1] == ' ' ||
	    before[-1] == '\t'); before--)
		continue;
	len = strcspn(begin, ",; \t");
	mailto = strncasecmp(begin, "mailto:", 7) == 0;
	if (memchr(begin, '@', len) == NULL || before == text || (!mailto &&
	    memchr(begin, ':', len) != NULL))
		return 0;
	if (len > 100)
		len = 100;
	rua = strstr(text, "rua=");
	if (before[-1] == ';' && (rua == NULL || rua > begin))
		lint_add(lint, LINT_BAD, (size_t)(begin - text), "an address "
		    "is the value of rua: write rua=%s%.*s", mailto ? "" :
		    "mailto:", (int)len, begin);
	else if (before[-1] == ';')
		lint_add(lint, LINT_BAD, (size_t)(before - text) - 1, "';' ends "
		    "rua, a ',' stands between addresses: write ,%s%.*s",
		    mailto ? "" : "mailto:", (int)len, begin);
	else if (mailto)
		return 0;
	else
		lint_add(lint, LINT_BAD, (size_t)(begin - text), "an address "
		    "needs its scheme: write mailto:%.*s (senders drop the "
		    "whole record)", (int)len, begin);
	return 1;
}

/* What rua_parse says, in words that help where the cause is a usual one. */
static void
add_fault(struct lint *lint, const char *text, size_t where, const char *why)
{
	const char *at = text + where, *value;
	size_t len = strcspn(at, ",; \t"), i;

	for (i = 0; i < len && (unsigned char)at[i] >= ' ' && at[i] != 0x7f; i++)
		continue;
	if (i < len)
		lint_add(lint, LINT_BAD, where + i, "a control character (byte "
		    "0x%02x) is part of the record: take it out",
		    (unsigned char)at[i]);
	else if (curly_quote(at) != 0 || *at == '"')
		lint_add(lint, LINT_BAD, where, "a quote character is part of "
		    "the record: take it out");
	else if (*at == '\\')
		lint_add(lint, LINT_BAD, where, "a backslash is part of the "
		    "record: the escape of a zone file was pasted");
	else if (add_address_fault(lint, text, where))
		return;
	else if (strstr(text, "rua=") == NULL &&
	    (value = strcasestr(text, "rua=")) != NULL)
		lint_add(lint, LINT_BAD, (size_t)(value - text), "upper and "
		    "lower case matter in rua: write rua=");
	else if ((value = strstr(text, "rua=")) != NULL &&
	    value[4 + strspn(value + 4, ", \t;")] == '\0')
		lint_add(lint, LINT_BAD, (size_t)(value - text) + 4, "rua is "
		    "empty: write rua=mailto:ADDRESS");
	else
		lint_add(lint, LINT_BAD, where, "%s", why);
}

static void
check_rua_text(struct lint *lint, const char *text, size_t from, size_t len)
{
	size_t i;
	int equals = 0, blanks = 0;

	for (i = from; i < from + len; i++) {
		if (text[i] == '=' && !equals) {
			equals = 1;
			lint_add(lint, LINT_WARN, i, "'=' inside an address: "
			    "MailCheck calls the record malformed; write %%3D");
		}
		if (text[i] == ',' && !blanks && (text[i + 1] == ' ' ||
		    text[i + 1] == '\t' || text[i - 1] == ' ' ||
		    text[i - 1] == '\t')) {
			blanks = 1;
			lint_add(lint, LINT_WARN, i + 1, "a blank at a comma: "
			    "Postfix senders (tlsrpt-reporter) take it into "
			    "the address and cannot deliver; remove it");
		}
	}
}

static void
check_field(struct lint *lint, const char *text, size_t at, size_t len,
    int number, int *nrua)
{
	if (strncmp(text + at, "rua=", 4) == 0) {
		if (++*nrua == 2)
			lint_add(lint, LINT_WARN, at, "a second rua: some "
			    "senders use only the first; put all addresses "
			    "into one, with commas");
		if (number > 0 && *nrua == 1)
			lint_add(lint, LINT_WARN, at, "rua is not the first "
			    "field: Postfix senders (tlsrpt-reporter) find no "
			    "rua and report nothing");
		check_rua_text(lint, text, at + 4, len - 4);
	} else if (strncmp(text + at, "pct=", 4) == 0)
		lint_add(lint, LINT_WARN, at, "pct is not in RFC 8460: it has "
		    "no effect, and checkdmarc before 6.0 calls the record "
		    "invalid; remove it");
	else
		lint_add(lint, LINT_WARN, at, "%.*s is not a field of RFC "
		    "8460: senders ignore it, some checkers call the record "
		    "invalid", (int)strcspn(text + at, "="), text + at);
}

static void
check_fields(struct lint *lint, const char *text)
{
	size_t at = VERSION_LEN, len;
	int number = 0, nrua = 0;

	if (text[at] != ';')
		lint_add(lint, LINT_WARN, at, "a blank before the first ';': "
		    "Postfix senders (tlsrpt-reporter) and Halon take the "
		    "record for none");
	while (text[at] != '\0') {
		at += strspn(text + at, " \t;");
		len = strcspn(text + at, ";");
		if (len == 0)
			break;
		check_field(lint, text, at, len, number++, &nrua);
		at += len;
	}
}

void
lint_record(const char *text, const char *domain, struct lint *lint)
{
	const char *why = NULL;
	struct rua rua;
	size_t where = 0;
	int record;

	memset(lint, 0, sizeof(*lint));
	if (*text == '\0') {
		lint_add(lint, LINT_BAD, 0, "the record is empty");
		return;
	}
	if (!check_version(lint, text) || check_pasted(lint, text) ||
	    check_mailto(lint, text))
		return;
	switch (rua_parse(&text, 1, &rua, &record, &why, &where)) {
	case RUA_OK:
		check_fields(lint, text);
		lint_twice(lint, text);
		lint_uris(lint, text, &rua, domain);
		rua_free(&rua);
		break;
	case RUA_INVALID:
		add_fault(lint, text, where, why);
		break;
	case RUA_NONE:
	case RUA_MANY:
		lint_add(lint, LINT_BAD, 0, "senders see no TLSRPT record");
		break;
	}
	if (strlen(text) > TXT_STRING_MAX)
		lint_add(lint, LINT_INFO, LINT_NOWHERE, "longer than %d "
		    "characters: publish it as several strings of one TXT "
		    "record; senders join them without blanks",
		    TXT_STRING_MAX);
}
