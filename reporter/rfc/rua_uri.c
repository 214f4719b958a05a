/* SPDX-License-Identifier: ISC */

/*
 * The URIs of a TLSRPT record: mailto (RFC 6068) and https.  They come from
 * whoever we sent mail to, so what they make us do is bounded here: an address
 * must be one that sendmail takes for nothing else and that leads out of this
 * host, an https URI may carry no credentials.
 */

#include <sys/types.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/domain.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "rfc/rua.h"

/* RFC 5321 4.5.3.1.1 */
#define LOCAL_PART_MAX 64

static int
is_atext(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* One that can't be used; of the first it is kept why. */
static void
unusable(struct rua *out, const char *uri, size_t len, const char *why)
{
	if (out->nunknown++ > 0)
		return;
	out->unusable = xstrndup(uri, len);
	out->unusable_why = why;
}

/* Percent-decoding, once.  Returns the length, or -1 if %xx is malformed. */
static ssize_t
decode(const char *s, size_t len, char out[])
{
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		if (s[i] != '%') {
			out[n++] = s[i];
			continue;
		}
		if (i + 2 >= len || hex_digit(s[i + 1]) == -1 ||
		    hex_digit(s[i + 2]) == -1)
			return -1;
		out[n++] = (char)(hex_digit(s[i + 1]) << 4 |
		    hex_digit(s[i + 2]));
		i += 2;
	}
	out[n] = '\0';
	return (ssize_t)n;
}

/*
 * What keeps it from being RFC 5322's dot-atom; NULL: nothing.  A quoted
 * string that says more than a dot-atom can is none that smtpd would take in
 * RCPT TO.  No '-' in front, since sendmail could take it for an option.
 */
static const char *
local_part_fault(const char *s, size_t len)
{
	size_t i;

	if (len == 0)
		return "nothing stands before the '@'";
	if (len > LOCAL_PART_MAX)
		return "more than 64 characters stand before the '@'";
	if (s[0] == '-')
		return "it begins with '-'";
	if (s[0] == '"')
		return "OpenSMTPD sends to no quoted local part";
	for (i = 0; i < len; i++) {
		if (s[i] == '.') {
			if (i == 0 || i == len - 1 || s[i - 1] == '.')
				return "a '.' at an end, or two together";
		} else if (!is_atext(s[i]))
			return "a character that no local part may have";
	}
	return NULL;
}

/* RFC 5321 4.1.2: quotes that are not needed are no part of it. */
static void
unquote(const char **s, size_t *len)
{
	if (*len < 3 || (*s)[0] != '"' || (*s)[*len - 1] != '"' ||
	    local_part_fault(*s + 1, *len - 2) != NULL)
		return;
	(*s)++;
	*len -= 2;
}

/*
 * A public domain's name: an address literal or a name of one label would let
 * others' records send mail to hosts inside, or to this one.
 */
static int
mail_domain(const char *s, size_t len, char out[], size_t outsz)
{
	char name[DOMAIN_MAX];
	const char *last;

	if (len == 0 || len >= sizeof(name) || s[len - 1] == '.')
		return -1;
	memcpy(name, s, len);
	name[len] = '\0';
	if (domain_normal(name, len, out, outsz) == -1 &&
	    domain_to_alabel(name, out, outsz) == -1)
		return -1;
	if (strlcpy(name, out, sizeof(name)) >= sizeof(name) ||
	    domain_normal(name, strlen(name), out, outsz) == -1)
		return -1;
	if ((last = strrchr(out, '.')) == NULL ||
	    strcmp(last, ".localhost") == 0 ||
	    strcmp(last, ".localdomain") == 0)
		return -1;
	return 0;
}

/* The same place again is dropped; a new entry is NULL beyond the limit. */
static struct rua_uri *
entry(struct rua *out)
{
	struct rua_uri *uris;

	if (out->nuris == RUA_URIS_MAX) {
		out->nover++;
		return NULL;
	}
	uris = xreallocarray(out->uris, out->nuris + 1, sizeof(*uris));
	out->uris = uris;
	memset(&uris[out->nuris], 0, sizeof(*uris));
	return &uris[out->nuris++];
}

/* "mailto:" and the address, with what a record can't hold encoded. */
static char *
mailto_of(const char *address)
{
	char *uri, *p;

	uri = xmalloc(strlen("mailto:") + 3 * strlen(address) + 1);
	p = stpcpy(uri, "mailto:");
	for (; *address != '\0'; address++) {
		if (strchr("%,!;?#/[]&\"\\^`{|}<>", *address) == NULL) {
			*p++ = *address;
			continue;
		}
		*p++ = '%';
		*p++ = "0123456789ABCDEF"[(unsigned char)*address >> 4];
		*p++ = "0123456789ABCDEF"[*address & 15];
	}
	*p = '\0';
	return uri;
}

/* One addr-spec, decoded, of a URI; listed: of several there. */
static void
add_address(struct rua *out, const char *s, size_t len, const char *uri,
    size_t urilen, int listed)
{
	char address[LOCAL_PART_MAX + 1 + DOMAIN_MAX], domain[DOMAIN_MAX];
	struct rua_uri *u;
	const char *at = NULL, *why;
	size_t i, local;

	for (i = 0; i < len; i++)
		if (s[i] == '@')
			at = s + i;
	if (at == NULL) {
		unusable(out, uri, urilen, "not an address: no '@' in it");
		return;
	}
	local = (size_t)(at - s);
	why = mail_domain(at + 1, len - local - 1, domain,
	    sizeof(domain)) == 0 ? NULL :
	    "its domain is not a name that everybody can resolve";
	unquote(&s, &local);
	if (why != NULL || (why = local_part_fault(s, local)) != NULL) {
		unusable(out, uri, urilen, why);
		return;
	}
	/* Fits: both parts were measured. */
	(void)snprintf(address, sizeof(address), "%.*s@%s", (int)local, s,
	    domain);
	for (i = 0; i < out->nuris; i++)
		if (out->uris[i].address != NULL &&
		    strcmp(out->uris[i].address, address) == 0)
			return;
	if ((u = entry(out)) == NULL)
		return;
	u->scheme = RUA_MAILTO;
	u->address = xstrndup(address, strlen(address));
	u->uri = listed ? mailto_of(address) : xstrndup(uri, urilen);
}

/*
 * RFC 6068: [to] ["?" hfields].  RFC 8460 gives hfields no meaning; they are
 * dropped, never copied into a message.  A ',' in a record has to be written
 * as %2C, so after decoding it parts addresses, unless in quotes.
 */
static int
add_mailto(struct rua *out, const char *uri, size_t len)
{
	char text[RUA_URI_MAX + 1];
	const char *to = uri + strlen("mailto:"), *p;
	size_t tolen, start, i;
	ssize_t n;
	int quoted = 0, many = 0;

	tolen = len - strlen("mailto:");
	if ((p = memchr(to, '#', tolen)) != NULL)
		tolen = (size_t)(p - to);
	if ((p = memchr(to, '?', tolen)) != NULL)
		tolen = (size_t)(p - to);
	if ((n = decode(to, tolen, text)) == -1)
		return -1;
	/* A NUL, line end or blank is in no address: none of it is used. */
	for (i = 0; i < (size_t)n; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f) {
			unusable(out, uri, len,
			    "a blank or control character in it");
			return 0;
		}
	for (start = i = 0; i <= (size_t)n; i++) {
		if (text[i] == '\\' && quoted && text[i + 1] != '\0') {
			i++;
			continue;
		}
		if (text[i] == '"')
			quoted = !quoted;
		if ((text[i] == ',' && !quoted) || i == (size_t)n) {
			many |= i < (size_t)n;
			add_address(out, text + start, i - start, uri, len,
			    many);
			start = i + 1;
		}
	}
	return 0;
}

/* "host", "host:port", "[v6]:port" as RFC 3986 3.2 writes them. */
static int
authority(const char *s, size_t len, char host[], size_t hostsz, int *port)
{
	char text[RUA_URI_MAX + 1], number[6], printed[46];
	const char *p, *errstr;
	struct addr addr;
	size_t hostlen = len, n;
	ssize_t declen;

	if (len > 0 && s[0] == '[') {
		if ((p = memchr(s, ']', len)) == NULL)
			return -1;
		hostlen = (size_t)(p - s) + 1;
		if (addr_parse(s + 1, hostlen - 2, &addr) == -1 ||
		    memchr(s, ':', hostlen) == NULL)
			return -1;
		addr_print(&addr, printed, sizeof(printed));
		if (strlcpy(host, printed, hostsz) >= hostsz)
			return -1;
	} else {
		if ((p = memchr(s, ':', len)) != NULL)
			hostlen = (size_t)(p - s);
		if ((declen = decode(s, hostlen, text)) <= 0 ||
		    declen >= DOMAIN_MAX || strlen(text) != (size_t)declen)
			return -1;
		if (domain_normal(text, strlen(text), host, hostsz) == -1 &&
		    domain_to_alabel(text, host, hostsz) == -1)
			return -1;
	}
	*port = 443;
	if (hostlen == len)
		return 0;
	n = len - hostlen - 1;
	if (s[hostlen] != ':' || n >= sizeof(number))
		return -1;
	if (n == 0)
		return 0;
	memcpy(number, s + hostlen + 1, n);
	number[n] = '\0';
	if (strspn(number, "0123456789") != n)
		return -1;
	*port = (int)strtonum(number, 1, 65535, &errstr);
	return errstr == NULL ? 0 : -1;
}

static int
add_https(struct rua *out, const char *uri, size_t len)
{
	char host[DOMAIN_MAX], path[RUA_URI_MAX + 2], text[RUA_URI_MAX + 1];
	const char *s = uri + strlen("https:"), *end = uri + len, *p;
	struct rua_uri *u;
	size_t n, i;
	int port;

	if (decode(uri, len, text) == -1)
		return -1;
	if ((p = memchr(s, '#', (size_t)(end - s))) != NULL)
		end = p;
	if (end - s < 3 || strncmp(s, "//", 2) != 0)
		goto bad;
	s += 2;
	n = strcspn(s, "/?");
	if (n > (size_t)(end - s))
		n = (size_t)(end - s);
	/* No "user:password@": nothing of ours goes where it would lead. */
	if (memchr(s, '@', n) != NULL) {
		unusable(out, uri, len, "a user or password in it");
		return 0;
	}
	if (authority(s, n, host, sizeof(host), &port) == -1)
		goto bad;
	s += n;
	/* Fits: it is a part of a URI that was measured. */
	(void)snprintf(path, sizeof(path), "%s%.*s", *s == '/' ? "" : "/",
	    (int)(end - s), s);
	for (i = 0; i < out->nuris; i++)
		if (out->uris[i].host != NULL && out->uris[i].port == port &&
		    strcmp(out->uris[i].host, host) == 0 &&
		    strcmp(out->uris[i].path, path) == 0)
			return 0;
	if ((u = entry(out)) == NULL)
		return 0;
	u->scheme = RUA_HTTPS;
	u->uri = xstrndup(uri, len);
	u->host = xstrndup(host, strlen(host));
	u->port = port;
	u->path = xstrndup(path, strlen(path));
	return 0;
bad:
	unusable(out, uri, len, "no host that it names");
	return 0;
}

/* Whether a scheme stands in front (RFC 3986 3.1). */
static int
has_scheme(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len && s[i] != ':'; i++) {
		if ((s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z'))
			continue;
		if (i == 0 || strchr("0123456789+-.", s[i]) == NULL)
			return 0;
	}
	return i > 0 && i < len;
}

int
rua_add(struct rua *out, const char *uri, size_t len)
{
	if (!has_scheme(uri, len))
		return -1;
	if (len > RUA_URI_MAX) {
		unusable(out, uri, 40, "far too long");
		return 0;
	}
	if (len >= 7 && strncasecmp(uri, "mailto:", 7) == 0)
		return add_mailto(out, uri, len);
	if (len >= 6 && strncasecmp(uri, "https:", 6) == 0)
		return add_https(out, uri, len);
	unusable(out, uri, len, "neither mailto: nor https:");
	return 0;
}

char *
rua_place(const struct rua_uri *u)
{
	char *place, port[16] = "";
	int v6;

	if (u->scheme == RUA_MAILTO)
		return mailto_of(u->address);
	v6 = strchr(u->host, ':') != NULL;
	if (u->port != 443)
		/* Fits: a port has five digits. */
		(void)snprintf(port, sizeof(port), ":%d", u->port);
	xasprintf(&place, "https://%s%s%s%s%s", v6 ? "[" : "", u->host, v6 ? "]"
	    : "", port, u->path);
	return place;
}
