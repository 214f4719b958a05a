/* SPDX-License-Identifier: ISC */

/* The values of directives: what is wrong with one, and what to write. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "base/utf8.h"
#include "conf/conf_read.h"

/* RFC 5321 4.5.3.1.1 */
#define LOCAL_PART_MAX 64

int
value_copy(struct conf_reader *rd, char **p, const char *s)
{
	char *copy;

	if ((copy = strdup(s)) == NULL) {
		rd->nomem = 1;
		return -1;
	}
	free(*p);
	*p = copy;
	return 0;
}

static void
bad_domain(struct conf_reader *rd, const struct where *at, const char *text)
{
	char said[DOMAIN_SAID_MAX];
	const char *p;

	if (domain_explain(text, said, sizeof(said)) == 0)
		conf_mistake(rd, at, "%s", said);
	else if (strncmp(text, "*.", 2) == 0)
		conf_mistake(rd, at, "\"%s\" is not a domain name: for all "
		    "subdomains write \"%s\"", log_clean(text),
		    log_clean(text + 1));
	else if ((p = domain_of_address(text)) != NULL && *p != '\0')
		conf_mistake(rd, at, "\"%s\" is not a domain name: write only "
		    "the domain, \"%s\"", log_clean(text), log_clean(p));
	else
		conf_mistake(rd, at, "\"%s\" is not a domain name",
		    log_clean(text));
}

int
value_domain_at(struct conf_reader *rd, const struct where *at,
    const char *text, int dot, char out[], size_t outsz)
{
	size_t skip = text[0] == '.';
	struct addr a;

	if (skip && !dot) {
		conf_mistake(rd, at, "\"%s\" stands for many domains; here "
		    "must be one: write it without the first dot",
		    log_clean(text));
		return -1;
	}
	out[0] = '.';
	if (domain_normal(text + skip, strlen(text + skip), out + skip,
	    outsz - skip) == -1 || addr_parse(text, strlen(text), &a) == 0) {
		bad_domain(rd, at, text + (skip && text[1] != '\0'));
		return -1;
	}
	return 0;
}

int
value_domain(struct conf_reader *rd, const struct word *w, int dot, char out[],
    size_t outsz)
{
	return value_domain_at(rd, &w->at, w->text, dot, out, outsz);
}

/* RFC 5321's dot-string: what needs quotes is not worth the trouble here. */
static int
is_local_part(const char *s, size_t len)
{
	size_t i;

	if (len == 0 || len > LOCAL_PART_MAX || s[0] == '.' ||
	    s[len - 1] == '.')
		return 0;
	for (i = 0; i < len; i++) {
		if (s[i] == '.' && s[i + 1] == '.')
			return 0;
		if (s[i] == '.' || isalnum((unsigned char)s[i]))
			continue;
		if ((unsigned char)s[i] >= 0x80 ||
		    strchr("!#$%&'*+-/=?^_`{|}~", s[i]) == NULL)
			return 0;
	}
	return 1;
}

int
value_email(struct conf_reader *rd, const struct word *w, char **p)
{
	char domain[DOMAIN_MAX], all[DOMAIN_MAX + LOCAL_PART_MAX + 1];
	const char *d = domain_of_address(w->text);
	size_t len;

	len = d == NULL ? 0 : (size_t)(d - w->text) - 1;
	if (!is_local_part(w->text, len)) {
		conf_mistake(rd, &w->at, "\"%s\" is not a mail address: write "
		    "it as \"name@example.govt.nz\"", log_clean(w->text));
		return -1;
	}
	if (value_domain_at(rd, &w->at, d, 0, domain, sizeof(domain)) == -1)
		return -1;
	(void)snprintf(all, sizeof(all), "%.*s@%s", (int)len, w->text, domain);
	return value_copy(rd, p, all);
}

/* Text for people and for JSON: UTF-8 without control characters. */
static int
is_text(const char *s)
{
	uint32_t cp;
	size_t n;

	for (; *s != '\0'; s += n)
		if ((n = utf8_next(s, UTF8_MAX, &cp)) == 0 || cp < ' ' ||
		    (cp >= 0x7f && cp < 0xa0))
			return 0;
	return 1;
}

int
value_text(struct conf_reader *rd, const struct word *w, char **p)
{
	if (w->text[strspn(w->text, " ")] == '\0') {
		conf_mistake(rd, &w->at, "the text is empty");
		return -1;
	}
	if (!is_text(w->text)) {
		conf_mistake(rd, &w->at, "\"%s\" has characters that are not "
		    "printable UTF-8", log_clean(w->text));
		return -1;
	}
	return value_copy(rd, p, w->text);
}

int
value_path(struct conf_reader *rd, const struct word *w, char **p)
{
	if (w->text[0] != '/') {
		conf_mistake(rd, &w->at, "\"%s\" is not an absolute path: it "
		    "must begin with /", log_clean(w->text));
		return -1;
	}
	if (!is_text(w->text)) {
		conf_mistake(rd, &w->at, "\"%s\" has characters that are not "
		    "printable UTF-8", log_clean(w->text));
		return -1;
	}
	return value_copy(rd, p, w->text);
}

int
value_seconds(struct conf_reader *rd, const struct word *w, int least, int most,
    int *p)
{
	static const char units[] = "smhdw";
	static const int seconds[] = { 1, 60, 3600, 86400, 604800 };
	char digits[16];
	const char *unit, *err = NULL;
	size_t n = strspn(w->text, "0123456789");
	long long v;

	unit = w->text[n] == '\0' ? NULL : strchr(units, w->text[n]);
	if (n == 0 || n >= sizeof(digits) || unit == NULL ||
	    w->text[n + 1] != '\0') {
		conf_mistake(rd, &w->at, "\"%s\" is not a time: write a number "
		    "and s, m, h, d or w, as 5s, 4h or 14d",
		    log_clean(w->text));
		return -1;
	}
	memcpy(digits, w->text, n);
	digits[n] = '\0';
	v = strtonum(digits, 0, 1000000000, &err) * seconds[unit - units];
	if (err != NULL || v < least || v > most) {
		conf_mistake(rd, &w->at, "%s is out of bounds: write from %d%s "
		    "to %d%s", w->text,
		    least % 86400 == 0 ? least / 86400 : least,
		    least % 86400 == 0 ? "d" : "s",
		    most % 86400 == 0 ? most / 86400 : most,
		    most % 86400 == 0 ? "d" : "s");
		return -1;
	}
	*p = (int)v;
	return 0;
}

int
value_days(struct conf_reader *rd, const struct word *w, int least, int most,
    int *p)
{
	int seconds;

	if (value_seconds(rd, w, least * 86400, most * 86400, &seconds) == -1)
		return -1;
	if (seconds % 86400 != 0) {
		conf_mistake(rd, &w->at, "%s is not a number of whole days: "
		    "write it as 14d", w->text);
		return -1;
	}
	*p = seconds / 86400;
	return 0;
}

int
value_number(struct conf_reader *rd, const struct word *w, int least, int most,
    int *p)
{
	const char *err = NULL;
	int v;

	v = (int)strtonum(w->text, least, most, &err);
	if (err != NULL || w->text[strspn(w->text, "0123456789")] != '\0') {
		conf_mistake(rd, &w->at, "\"%s\" is not a number from %d to "
		    "%d", log_clean(w->text), least, most);
		return -1;
	}
	*p = v;
	return 0;
}

int
value_cidrs(struct conf_reader *rd, const struct word *list, struct cidr **p,
    size_t *np)
{
	const struct word *w;
	struct cidr *v;
	size_t n = 0;
	int rv = 0;

	for (w = list; w != NULL; w = w->next)
		n++;
	if ((v = reallocarray(NULL, n, sizeof(*v))) == NULL) {
		rd->nomem = 1;
		return -1;
	}
	for (n = 0, w = list; w != NULL; w = w->next) {
		if (cidr_parse(w->text, &v[n]) == 0) {
			n++;
			continue;
		}
		conf_mistake(rd, &w->at, "\"%s\" is not an address or network: "
		    "write it as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32",
		    log_clean(w->text));
		rv = -1;
	}
	free(*p);
	*p = v;
	*np = n;
	return rv;
}

int
value_date(struct conf_reader *rd, const struct word *w, int64_t *end)
{
	struct tm tm, back;
	time_t t;
	const char *s = w->text;
	size_t i;

	for (i = 0; i < 10 && s[i] != '\0'; i++)
		if (i == 4 || i == 7 ? s[i] != '-' :
		    !isdigit((unsigned char)s[i]))
			break;
	if (i != 10 || s[i] != '\0') {
		conf_mistake(rd, &w->at, "\"%s\" is not a date: write it as "
		    "2027-03-31", log_clean(s));
		return -1;
	}
	memset(&tm, 0, sizeof(tm));
	tm.tm_year = (s[0] - '0') * 1000 + (s[1] - '0') * 100 +
	    (s[2] - '0') * 10 + (s[3] - '0') - 1900;
	tm.tm_mon = (s[5] - '0') * 10 + (s[6] - '0') - 1;
	tm.tm_mday = (s[8] - '0') * 10 + (s[9] - '0');
	back = tm;
	t = timegm(&back);
	if (back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday ||
	    back.tm_year != tm.tm_year || tm.tm_year < 70) {
		conf_mistake(rd, &w->at, "there is no day %s", s);
		return -1;
	}
	*end = (int64_t)t + 86400;
	return 0;
}

/* Only what smtpd verifies: it checks the certificate against this name. */
int
value_url(struct conf_reader *rd, const struct word *w, char **p)
{
	static const char *const schemes[] = { "smtp+tls://", "smtps://" };
	char host[DOMAIN_MAX], url[DOMAIN_MAX + 32];
	const char *s = NULL, *colon, *err = NULL;
	struct addr a;
	size_t i, len = 0;

	for (i = 0; i < nitems(schemes); i++) {
		len = strlen(schemes[i]);
		if (strncmp(w->text, schemes[i], len) == 0) {
			s = w->text + len;
			break;
		}
	}
	if (s == NULL) {
		conf_mistake(rd, &w->at, "\"%s\" would not verify the host: "
		    "write \"smtp+tls://HOST\" or \"smtps://HOST\"",
		    log_clean(w->text));
		return -1;
	}
	colon = strchr(s, ':');
	len = colon == NULL ? strlen(s) : (size_t)(colon - s);
	if (s[0] == '[' || addr_parse(s, len, &a) == 0) {
		conf_mistake(rd, &w->at, "\"%s\" names an address: write the "
		    "host's name, which its certificate holds",
		    log_clean(w->text));
		return -1;
	}
	if (domain_normal(s, len, host, sizeof(host)) == -1 ||
	    (colon != NULL && (strspn(colon + 1, "0123456789") !=
	    strlen(colon + 1) || strtonum(colon + 1, 1, 65535, &err) == 0))) {
		conf_mistake(rd, &w->at, "\"%s\" is not an URL of a mail host: "
		    "write \"%sHOST\" or \"%sHOST:PORT\"", log_clean(w->text),
		    schemes[i], schemes[i]);
		return -1;
	}
	(void)snprintf(url, sizeof(url), "%s%s%s", schemes[i], host,
	    colon == NULL ? "" : colon);
	return value_copy(rd, p, url);
}
