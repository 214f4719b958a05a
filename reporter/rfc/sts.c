/* SPDX-License-Identifier: ISC */

/*
 * MTA-STS records and policies (RFC 8461 3.1, 3.2, 4.1).  Nothing here takes
 * more memory than the text it is given; texts of others never reach a format.
 */

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "base/log.h"
#include "lib/xalloc.h"
#include "rfc/sts.h"

#define STS_ID_MAX	32	/* RFC 8461 3.1: 1*32(ALPHA / DIGIT) */
#define STS_NAME_MAX	32	/* of an extension */

static int
is_wsp(int c)
{
	return c == ' ' || c == '\t';
}

static int
is_alnum(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

/* The length of a field's name at s, or 0 if there is none. */
static size_t
name_len(const char *s, size_t len)
{
	size_t i;

	if (len == 0 || !is_alnum((unsigned char)s[0]))
		return 0;
	for (i = 1; i < len; i++)
		if (!is_alnum((unsigned char)s[i]) &&
		    strchr("_-.", s[i]) == NULL)
			break;
	return i > STS_NAME_MAX ? 0 : i;
}

/*
 * Whether txt is a record of this version: strictly by RFC 8461 3.1's words
 * ("v=STSv1;"), or as its grammar has it, with blanks before the ';'.
 */
static int
record_begins(const char *txt, int strict)
{
	static const char version[] = "v=STSv1";
	const char *p;

	if (strncmp(txt, version, sizeof(version) - 1) != 0)
		return 0;
	p = txt + sizeof(version) - 1;
	while (!strict && is_wsp((unsigned char)*p))
		p++;
	return *p == ';';
}

static enum sts_result
record_invalid(const char **why, const char *text)
{
	*why = text;
	return STS_INVALID;
}

/* One field after the version; *p is moved behind it. */
static const char *
record_field(const char **p, const char **name, size_t *namelen,
    const char **value, size_t *valuelen)
{
	const char *s = *p;

	*name = s;
	if ((*namelen = name_len(s, strlen(s))) == 0)
		return "a field without a name";
	s += *namelen;
	if (*s != '=')
		return "a field without \"=\" after its name";
	*value = ++s;
	while ((unsigned char)*s > 0x20 && (unsigned char)*s < 0x7f &&
	    *s != '=' && *s != ';')
		s++;
	if ((*valuelen = s - *value) == 0)
		return "a field without a value";
	*p = s;
	return NULL;
}

/* id is 1*32(ALPHA / DIGIT). */
static int
is_id(const char *s, size_t len)
{
	size_t i;

	if (len == 0 || len > STS_ID_MAX)
		return 0;
	for (i = 0; i < len; i++)
		if (!is_alnum((unsigned char)s[i]))
			return 0;
	return 1;
}

/* Fields of a record that begins well; the first id counts. */
static enum sts_result
record_fields(const char *txt, char id[], size_t idsz, const char **why)
{
	const char *p = txt + strlen("v=STSv1"), *name, *value, *wrong;
	size_t namelen, valuelen;

	id[0] = '\0';
	for (;;) {
		while (is_wsp((unsigned char)*p))
			p++;
		if (*p != ';') {
			if (*p == '\0' && is_wsp((unsigned char)p[-1]))
				return record_invalid(why,
				    "blanks at the end");
			if (*p != '\0')
				return record_invalid(why,
				    "something else than \";\" after a field");
			break;
		}
		for (p++; is_wsp((unsigned char)*p); p++)
			continue;
		if (*p == '\0')
			break;
		wrong = record_field(&p, &name, &namelen, &value, &valuelen);
		if (wrong != NULL)
			return record_invalid(why, wrong);
		if (namelen != 2 || memcmp(name, "id", 2) != 0 ||
		    id[0] != '\0')
			continue;
		if (!is_id(value, valuelen) || valuelen >= idsz)
			return record_invalid(why,
			    "id is not 1 to 32 letters and digits");
		memcpy(id, value, valuelen);
		id[valuelen] = '\0';
	}
	if (id[0] == '\0')
		return record_invalid(why, "no id");
	return STS_OK;
}

enum sts_result
sts_record_parse(const char *const txts[], size_t ntxts, char id[], size_t idsz,
    const char **why)
{
	const char *found;
	size_t i, n;
	int strict;

	for (strict = 1; strict >= 0; strict--) {
		for (found = NULL, n = i = 0; i < ntxts; i++)
			if (record_begins(txts[i], strict)) {
				found = txts[i];
				n++;
			}
		if (n == 1)
			return record_fields(found, id, idsz, why);
		if (n > 1) {
			*why = "more than one MTA-STS record";
			return STS_AMBIGUOUS;
		}
	}
	*why = "no MTA-STS record";
	return STS_ABSENT;
}

/* What is known of a policy while its lines are read. */
struct reading {
	struct sts_policy	*policy;
	int			 version;
	int			 mode;
	int			 max_age;
};

static int
is_word(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(s, word, len) == 0;
}

static void
add(char ***list, size_t *n, char *item)
{
	char **p;

	p = xreallocarray(*list, *n + 1, sizeof(*p));
	p[(*n)++] = item;
	*list = p;
}

/* ["*."] Domain, into lower case. */
static const char *
read_mx(struct sts_policy *policy, const char *s, size_t len)
{
	char pattern[DOMAIN_MAX + 2];
	size_t off = 0;

	if (len > 2 && s[0] == '*' && s[1] == '.') {
		memcpy(pattern, "*.", 2);
		off = 2;
	}
	if (domain_normal(s + off, len - off, pattern + off,
	    sizeof(pattern) - off) == -1)
		return "mx is not a host name, or \"*.\" and a domain";
	add(&policy->mx, &policy->nmx, xstrndup(pattern, strlen(pattern)));
	return NULL;
}

static const char *
read_mode(struct reading *r, const char *s, size_t len)
{
	if (is_word(s, len, "enforce"))
		r->policy->mode = STS_ENFORCE;
	else if (is_word(s, len, "testing"))
		r->policy->mode = STS_TESTING;
	else if (is_word(s, len, "none"))
		r->policy->mode = STS_NONE;
	else
		return "mode is not enforce, testing or none";
	r->mode = 1;
	return NULL;
}

static const char *
read_max_age(struct reading *r, const char *s, size_t len)
{
	int64_t age = 0;
	size_t i;

	if (len == 0 || len > STS_AGE_DIGITS)
		return "max_age is not a number of 1 to 10 digits";
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return "max_age is not a number of 1 to 10 digits";
		age = age * 10 + (s[i] - '0');
	}
	/* The RFC's maximum; it does not say what more means. */
	if (age > STS_MAX_AGE_MAX)
		age = STS_MAX_AGE_MAX;
	r->policy->max_age = age;
	r->max_age = 1;
	return NULL;
}

static int
has_control(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return 1;
	return 0;
}

/* One line, without its end and the blanks before it. */
static const char *
read_line(struct reading *r, const char *s, size_t len)
{
	size_t n = name_len(s, len);
	const char *value;
	size_t vlen;

	if (n == 0 || n == len || s[n] != ':')
		return "a line that is not \"name: value\"";
	value = s + n + 1;
	vlen = len - n - 1;
	while (vlen > 0 && is_wsp((unsigned char)*value)) {
		value++;
		vlen--;
	}
	if (vlen == 0)
		return "a line without a value";
	if (has_control(value, vlen))
		return "a control character";
	/* All but the first of a field are passed over, mx excepted. */
	if (is_word(s, n, "mx"))
		return read_mx(r->policy, value, vlen);
	if (is_word(s, n, "version") && !r->version) {
		r->version = 1;
		return is_word(value, vlen, "STSv1") ? NULL :
		    "version is not STSv1";
	}
	if (is_word(s, n, "mode") && !r->mode)
		return read_mode(r, value, vlen);
	if (is_word(s, n, "max_age") && !r->max_age)
		return read_max_age(r, value, vlen);
	return NULL;
}

/* Every line; the text is as received, line ends taken off. */
static const char *
read_lines(struct reading *r, const char *body, size_t len)
{
	const char *end, *wrong;
	size_t n, left = len;

	for (; left > 0; body += n, left -= n) {
		end = memchr(body, '\n', left);
		n = end == NULL ? left : (size_t)(end - body) + 1;
		len = end == NULL ? n : n - 1;
		if (end != NULL && len > 0 && body[len - 1] == '\r')
			len--;
		if (len == 0)
			continue;
		if (r->policy->nlines == STS_POLICY_LINES_MAX)
			return "too many lines";
		add(&r->policy->lines, &r->policy->nlines, xstrndup(body, len));
		while (len > 0 && is_wsp((unsigned char)body[len - 1]))
			len--;
		if (len > 0 && (wrong = read_line(r, body, len)) != NULL)
			return wrong;
	}
	return NULL;
}

static int
is_utf8(const char *s, size_t len)
{
	json_t *text = json_stringn(s, len);

	json_decref(text);
	return text != NULL;
}

struct sts_policy *
sts_policy_parse(const char *body, size_t len, const char **why)
{
	struct reading r = { 0 };

	*why = NULL;
	if (len > STS_POLICY_MAX)
		*why = "longer than 64 kB";
	else if (!is_utf8(body, len))
		*why = "not UTF-8";
	else if (memchr(body, '\0', len) != NULL)
		*why = "a control character";
	if (*why != NULL)
		return NULL;
	r.policy = xcalloc(1, sizeof(*r.policy));
	if ((*why = read_lines(&r, body, len)) != NULL)
		goto invalid;
	if (!r.version)
		*why = "no version";
	else if (!r.mode)
		*why = "no mode";
	else if (!r.max_age)
		*why = "no max_age";
	else if (r.policy->nmx == 0 && r.policy->mode != STS_NONE)
		*why = "no mx";
	if (*why == NULL)
		return r.policy;
 invalid:
	sts_policy_free(r.policy);
	return NULL;
}

void
sts_policy_free(struct sts_policy *policy)
{
	size_t i;

	if (policy == NULL)
		return;
	for (i = 0; i < policy->nmx; i++)
		free(policy->mx[i]);
	free(policy->mx);
	for (i = 0; i < policy->nlines; i++)
		free(policy->lines[i]);
	free(policy->lines);
	free(policy);
}

int
sts_pattern_matches(const char *pattern, const char *mx)
{
	const char *rest;

	if (strncmp(pattern, "*.", 2) != 0)
		return strcasecmp(pattern, mx) == 0;
	/* Exactly one label stands for the asterisk. */
	rest = strchr(mx, '.');
	return rest != NULL && rest != mx &&
	    strcasecmp(pattern + 2, rest + 1) == 0;
}

int
sts_policy_matches(const struct sts_policy *policy, const char *mx)
{
	size_t i;

	for (i = 0; i < policy->nmx; i++)
		if (sts_pattern_matches(policy->mx[i], mx))
			return 1;
	return 0;
}

const char *
sts_mode_name(enum sts_mode mode)
{
	switch (mode) {
	case STS_NONE:
		return "none";
	case STS_TESTING:
		return "testing";
	case STS_ENFORCE:
		return "enforce";
	}
	fatalx("no such mode");
}

int
sts_mode_parse(const char *name, enum sts_mode *mode)
{
	for (*mode = STS_NONE; *mode <= STS_ENFORCE; (*mode)++)
		if (strcmp(name, sts_mode_name(*mode)) == 0)
			return 0;
	return -1;
}
