/* SPDX-License-Identifier: ISC */

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mail_path.h"

/* smtpd.conf(5): sub-addr-delim; check config says where it is another. */
#define TAG '+'

void
mail_path_read(const char *path, size_t len, struct mail_path *m)
{
	const char *colon, *end = path + len;
	const char *at = memrchr(path, '@', len);

	m->user = path;
	m->userlen = at == NULL ? len : (size_t)(at - path);
	m->domain = at == NULL ? end : at + 1;
	m->domainlen = (size_t)(end - m->domain);
	if ((colon = memchr(m->user, ':', m->userlen)) != NULL) {
		m->userlen -= (size_t)(colon + 1 - m->user);
		m->user = colon + 1;
	}
}

static int
is_same(const char *a, size_t len, const char *b, size_t blen)
{
	return len == blen && strncasecmp(a, b, len) == 0;
}

static int
is_same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

int
mail_domain_is(const char *domain, size_t len, const char *pattern)
{
	size_t i = 0;

	for (; *pattern != '\0' && i < len; pattern++) {
		if (*pattern != '*') {
			if (!is_same_letter(domain[i++], *pattern))
				return 0;
			continue;
		}
		while (pattern[1] == '*')
			pattern++;
		while (i < len && !is_same_letter(domain[i], pattern[1]))
			i++;
	}
	return *pattern == '\0' && i == len;
}

int
mail_path_is(const struct mail_path *m, const char *address)
{
	struct mail_path a;
	const char *tag;
	size_t len = m->userlen;

	mail_path_read(address, strlen(address), &a);
	if (m->domainlen > 0 && a.domainlen > 0 &&
	    !mail_domain_is(m->domain, m->domainlen, a.domain))
		return 0;
	if (a.userlen == 0)
		return 1;
	if (memchr(a.user, TAG, a.userlen) == NULL &&
	    (tag = memchr(m->user, TAG, len)) != NULL)
		len = (size_t)(tag - m->user);
	return is_same(m->user, len, a.user, a.userlen);
}
