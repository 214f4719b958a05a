/* SPDX-License-Identifier: ISC */

/*
 * Which addresses smtpd takes: words with dots between before the '@', without
 * quotes (RFC 5321's Dot-string), and behind it an address in brackets or what
 * the system's resolver calls a host name.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>

#include <ctype.h>
#include <resolv.h>
#include <string.h>
#include <strings.h>

#include "base/bounds.h"
#include "view/smtpd_address.h"

/* Beside letters and digits. */
#define USER_CHARS "!#$%&'*/?^`{|}~+-=_"
#define IPV6_TAG "[IPv6:"

static int
is_user(const char *s, size_t len)
{
	int atom = 0;

	for (; len > 0; s++, len--) {
		if (*s != '.') {
			if (*s == '\0' || (!isalnum((unsigned char)*s) &&
			    strchr(USER_CHARS, *s) == NULL))
				return 0;
			atom = 1;
		} else if (atom)
			atom = 0;
		else
			return 0;
	}
	return atom;
}

int
is_address_literal(const struct mail_path *m)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char addr[16];
	size_t skip = sizeof(IPV6_TAG) - 1;

	if (m->domainlen < 2 || m->domain[0] != '[' ||
	    m->domain[m->domainlen - 1] != ']')
		return 0;
	if (m->domainlen <= skip ||
	    strncasecmp(m->domain, IPV6_TAG, skip) != 0)
		skip = 1;
	if (m->domainlen - skip - 1 >= sizeof(text))
		return 0;
	memcpy(text, m->domain + skip, m->domainlen - skip - 1);
	text[m->domainlen - skip - 1] = '\0';
	return inet_pton(AF_INET6, text, addr) == 1 ||
	    inet_pton(AF_INET, text, addr) == 1;
}

int
smtpd_takes_address(const struct mail_path *m)
{
	char domain[DOMAIN_MAX + 1];

	if (!is_user(m->user, m->userlen))
		return 0;
	if (m->domainlen == 0)
		return 1;		/* it has its own name for them */
	if (m->domain[0] == '[')
		return is_address_literal(m);
	if (m->domainlen >= sizeof(domain) ||
	    m->domain[m->domainlen - 1] == '.')
		return 0;
	memcpy(domain, m->domain, m->domainlen);
	domain[m->domainlen] = '\0';
	return res_hnok(domain);
}
