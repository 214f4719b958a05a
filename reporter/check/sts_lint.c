/* SPDX-License-Identifier: ISC */

/*
 * check domain: the lines of an MTA-STS policy (RFC 8461 3.2), each fault with
 * the number of its line; and a record that stands where nobody looks.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/bounds.h"
#include "base/domain.h"
#include "check/check.h"
#include "lib/ipc.h"
#include "rfc/sts.h"

#define PART "MTA-STS"

static const char *const keys[] = { "version", "mode", "max_age", "mx" };
#define KEY_MX 3

/* Where people publish it by mistake; "%s": the domain. */
static const char *const wrong_names[] = { "_mta_sts.%s", "_mtasts.%s",
    "mta-sts.%s", "_mta-sts.%s.%s", "%s" };

static void
check_mx_line(struct check *c, int number, const char *value)
{
	char name[DOMAIN_MAX], said[DOMAIN_SAID_MAX];
	struct addr addr;
	size_t len = strlen(value), star = strncmp(value, "*.", 2) == 0 ? 2 : 0;

	if (addr_parse(value, len, &addr) == 0)
		check_part(c, PART, CHECK_BAD, "line %d: mx is an address: "
		    "senders compare the name of the MX record; write that",
		    number);
	else if (len > 0 && value[len - 1] == '.')
		check_part(c, PART, CHECK_WARN, "line %d: mx ends in a dot, "
		    "which some senders do not match: take it away", number);
	else if (strchr(value, '*') != NULL && (strncmp(value, "*.", 2) != 0 ||
	    strchr(value + 2, '*') != NULL))
		check_part(c, PART, CHECK_BAD, "line %d: \"*\" may stand only "
		    "as \"*.\" before a domain", number);
	else if (domain_normal(value + star, len - star, name, sizeof(name)) ==
	    0)
		return;
	else if (strpbrk(value, " \t,;") != NULL)
		check_part(c, PART, CHECK_BAD, "line %d: mx is one host: write "
		    "a line \"mx: HOST\" for each", number);
	else if (*value == '.')
		check_part(c, PART, CHECK_BAD, "line %d: mx begins with a dot: "
		    "for all hosts of a domain write \"*%s\"", number,
		    view_clean(value, 200));
	else if (domain_explain(value + star, said, sizeof(said)) == 0)
		check_part(c, PART, CHECK_BAD, "line %d: mx %s", number, said);
	else
		check_part(c, PART, CHECK_BAD, "line %d: mx is no host name, "
		    "nor \"*.\" and a domain", number);
}

static void
check_max_age(struct check *c, int number, const char *value)
{
	size_t len = strlen(value);
	const char *error;

	(void)strtonum(value, 0, STS_MAX_AGE_MAX, &error);
	if (len == 0 || strspn(value, "0123456789") != len ||
	    len > STS_AGE_DIGITS)
		check_part(c, PART, CHECK_BAD, "line %d: max_age is a number "
		    "of seconds, at most %lld, of %d digits or fewer", number,
		    (long long)STS_MAX_AGE_MAX, STS_AGE_DIGITS);
	else if (error != NULL)
		check_part(c, PART, CHECK_WARN, "line %d: max_age is a number "
		    "of seconds, at most %lld", number,
		    (long long)STS_MAX_AGE_MAX);
}

static void
check_value(struct check *c, int number, size_t key, const char *value)
{
	switch (key) {
	case 0:
		if (strcmp(value, "STSv1") != 0)
			check_part(c, PART, CHECK_BAD, "line %d: write "
			    "version: STSv1", number);
		break;
	case 1:
		if (strcmp(value, "enforce") != 0 &&
		    strcmp(value, "testing") != 0 &&
		    strcmp(value, "none") != 0)
			check_part(c, PART, CHECK_BAD, "line %d: mode is "
			    "enforce, testing or none, in lower case", number);
		break;
	case 2:
		check_max_age(c, number, value);
		break;
	case KEY_MX:
		check_mx_line(c, number, value);
		break;
	}
}

/* "key: value", without blanks at its end; seen: bits of the keys so far. */
static void
check_line(struct check *c, int number, char *line, unsigned int *seen)
{
	char *value = strchr(line, ':');
	size_t i;

	if (*line == ' ' || *line == '\t') {
		check_part(c, PART, CHECK_BAD, "line %d begins with a blank: "
		    "take it away", number);
		return;
	}
	if (value == NULL) {
		check_part(c, PART, CHECK_BAD, "line %d has no \":\": write "
		    "key: value", number);
		return;
	}
	*value++ = '\0';
	value += strspn(value, " \t");
	for (i = 0; i < nitems(keys); i++)
		if (strcasecmp(line, keys[i]) == 0)
			break;
	if (i == nitems(keys))
		check_part(c, PART, CHECK_WARN, "line %d: %s is no key of RFC "
		    "8461: senders pass over it", number,
		    view_clean(line, 60));
	else if (strcmp(line, keys[i]) != 0)
		check_part(c, PART, CHECK_BAD, "line %d: upper and lower case "
		    "matter in keys: write %s", number, keys[i]);
	else if (i != KEY_MX && (*seen & (1U << i)) != 0)
		check_part(c, PART, CHECK_WARN, "line %d: %s again: only the "
		    "first counts", number, keys[i]);
	else {
		*seen |= 1U << i;
		check_value(c, number, i, value);
	}
}

void
check_policy_lines(struct check *c, const char *body, size_t len)
{
	char *text, *line, *rest;
	unsigned int seen = 0;
	size_t n;
	int number = 0;

	if ((text = strndup(body, len)) == NULL)
		return;
	for (rest = text; (line = strsep(&rest, "\n")) != NULL;) {
		number++;
		n = strlen(line);
		while (n > 0 && strchr(" \t\r", line[n - 1]) != NULL)
			line[--n] = '\0';
		if (n > 0)
			check_line(c, number, line, &seen);
	}
	free(text);
}

static int
has_record(const json_t *answer)
{
	const char *txts[TXT_RECORDS_MAX];
	size_t i, n = ask_strings(answer, "txt", txts, TXT_RECORDS_MAX);

	for (i = 0; i < n; i++)
		if (strncmp(txts[i], "v=STSv1", 7) == 0)
			return 1;
	return 0;
}

/*
 * Why a text that means to be an MTA-STS record is none to senders: NULL if it
 * means to be something else.
 */
static const char *
near_record(const char *text)
{
	const char *p = text + strspn(text, " \t\"");

	if (*p != 'v' && *p != 'V')
		return NULL;
	p += 1 + strspn(p + 1, " \t");
	if (*p != '=')
		return NULL;
	p += 1 + strspn(p + 1, " \t\"");
	if (strncasecmp(p, "sts", 3) != 0)
		return NULL;
	if (strchr(text, '"') != NULL)
		return "quotes are part of it";
	if (*text == ' ' || *text == '\t')
		return "it begins with a blank";
	if (strncmp(text, "v=STSv1", 7) != 0)
		return "it does not begin with v=STSv1, letter for letter";
	return "no \";\" follows v=STSv1";
}

int
check_sts_near(struct check *c, const char *const txts[], size_t n)
{
	const char *why;
	size_t i;
	int found = 0;

	for (i = 0; i < n; i++) {
		if ((why = near_record(txts[i])) == NULL)
			continue;
		check_part(c, PART, CHECK_BAD, "the record at _mta-sts.%s is "
		    "none to senders: %s; sgectl policy new %s makes one; "
		    "there is: %s", c->domain, why, c->domain,
		    view_clean(txts[i], 120));
		found = 1;
	}
	return found;
}

void
check_sts_twice(struct check *c, const char *const txts[], size_t n)
{
	const char *p;
	size_t i;
	int ids;

	for (i = 0; i < n; i++) {
		if (strncmp(txts[i], "v=STSv1", 7) != 0)
			continue;
		ids = 0;
		for (p = txts[i]; (p = strchr(p, ';')) != NULL;) {
			p += 1 + strspn(p + 1, " \t");
			ids += strncmp(p, "id=", 3) == 0;
		}
		if (ids > 1)
			check_part(c, PART, CHECK_WARN, "the record has %d "
			    "ids: the first counts, and senders may take "
			    "none: leave one", ids);
	}
}

void
check_sts_elsewhere(struct check *c)
{
	char name[2 * DOMAIN_MAX + 32];
	json_t *answer;
	size_t i;

	for (i = 0; i < nitems(wrong_names); i++) {
		check_format(name, sizeof(name), wrong_names[i], c->domain);
		if (strlen(name) >= DOMAIN_MAX)
			continue;
		answer = ask(c->asker, WORLD_RESOLVE, ask_dns("txt", name));
		if (has_record(answer))
			check_part(c, PART, CHECK_BAD, "an MTA-STS record "
			    "stands at %s, where no sender looks: move it to "
			    "_mta-sts.%s", name, c->domain);
		json_decref(answer);
	}
}

void
check_sts_wildcard(struct check *c)
{
	char name[DOMAIN_MAX + 32];
	json_t *answer;

	(void)snprintf(name, sizeof(name), "_sge-%08x.%s", arc4random(),
	    c->domain);
	if (strlen(name) >= DOMAIN_MAX)
		return;
	answer = ask(c->asker, WORLD_RESOLVE, ask_dns("txt", name));
	if (has_record(answer))
		check_part(c, PART, CHECK_WARN, "a wildcard answers with an "
		    "MTA-STS record for every name (%s too): publish it at "
		    "_mta-sts itself", name);
	json_decref(answer);
}
