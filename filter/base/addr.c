/* SPDX-License-Identifier: ISC */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

static const unsigned char mapped[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

struct range {
	unsigned char	 ip[16];
	int		 bits;
};

/* IANA's special-purpose registry (RFC 6890), and multicast. */
static const struct range special4[] = {
	{ { 0 }, 8 },				/* this network */
	{ { 10 }, 8 },				/* private */
	{ { 100, 64 }, 10 },			/* shared */
	{ { 127 }, 8 },				/* loopback */
	{ { 169, 254 }, 16 },			/* link-local */
	{ { 172, 16 }, 12 },			/* private */
	{ { 192, 0, 0 }, 24 },			/* protocol assignments */
	{ { 192, 0, 2 }, 24 },			/* documentation */
	{ { 192, 88, 99 }, 24 },		/* 6to4 relays, gone */
	{ { 192, 168 }, 16 },			/* private */
	{ { 198, 18 }, 15 },			/* benchmarking */
	{ { 198, 51, 100 }, 24 },		/* documentation */
	{ { 203, 0, 113 }, 24 },		/* documentation */
	{ { 224 }, 4 },				/* multicast */
	{ { 240 }, 4 },				/* reserved, broadcast */
};

static const struct range special6[] = {
	{ { 0x20, 0x01, 0x00, 0x02 }, 48 },	/* benchmarking */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },	/* documentation */
	{ { 0x20, 0x01, 0x00, 0x10 }, 28 },	/* ORCHID */
	{ { 0x20, 0x01, 0x00, 0x20 }, 28 },	/* ORCHIDv2 */
	{ { 0x3f, 0xff }, 20 },			/* documentation */
};

static const struct range global6 = { { 0x20 }, 3 };
static const struct range nat64 = {
	{ 0x00, 0x64, 0xff, 0x9b }, 96
};
static const struct range sixto4 = { { 0x20, 0x02 }, 16 };
static const struct range teredo = { { 0x20, 0x01 }, 32 };

static int
same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
	int bytes = bits / 8, rest = bits % 8, mask;

	if (memcmp(a, b, (size_t)bytes) != 0)
		return 0;
	if (rest == 0)
		return 1;
	mask = 0xff << (8 - rest) & 0xff;
	return (a[bytes] & mask) == (b[bytes] & mask);
}

int
addr_is_ipv4(const struct addr *a)
{
	return memcmp(a->ip, mapped, sizeof(mapped)) == 0;
}

/* Four numbers of at most three digits, none with a zero before it. */
static int
parse4(const char *s, size_t len, unsigned char ip[4])
{
	size_t i = 0, start;
	unsigned int n;
	int part;

	for (part = 0; part < 4; part++) {
		if (part > 0 && (i == len || s[i++] != '.'))
			return -1;
		start = i;
		for (n = 0; i < len && s[i] >= '0' && s[i] <= '9'; i++)
			if ((n = n * 10 + (s[i] - '0')) > 255)
				return -1;
		if (i == start || (s[start] == '0' && i - start > 1))
			return -1;
		ip[part] = n;
	}
	return i == len ? 0 : -1;
}

static char *
print_number(unsigned int n, char *out)
{
	if (n >= 100)
		*out++ = '0' + n / 100;
	if (n >= 10)
		*out++ = '0' + n / 10 % 10;
	*out++ = '0' + n % 10;
	return out;
}

static char *
print_group(unsigned int n, char *out)
{
	static const char hex[] = "0123456789abcdef";
	int shift = 12;

	while (shift > 0 && n >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*out++ = hex[n >> shift & 15];
	return out;
}

int
addr_parse(const char *s, size_t len, struct addr *a)
{
	char buf[INET6_ADDRSTRLEN];
	int bracket = len >= 2 && s[0] == '[' && s[len - 1] == ']';

	if (bracket) {
		s++;
		len -= 2;
	}
	if (memchr(s, ':', len) == NULL) {
		if (bracket)
			return -1;
		memcpy(a->ip, mapped, sizeof(mapped));
		return parse4(s, len, a->ip + sizeof(mapped));
	}
	if (len >= sizeof(buf) || memchr(s, '\0', len) != NULL)
		return -1;
	memcpy(buf, s, len);
	buf[len] = '\0';
	return inet_pton(AF_INET6, buf, a->ip) == 1 ? 0 : -1;
}

/* The longest run of two or more zero groups, or -1. */
static int
zero_run(const unsigned int group[8], int *len)
{
	int i, j, at = -1;

	*len = 1;
	for (i = 0; i < 8; i = j + 1) {
		for (j = i; j < 8 && group[j] == 0; j++)
			;
		if (j - i > *len) {
			*len = j - i;
			at = i;
		}
	}
	return at;
}

/* inet_ntop differs between systems (::a.b.c.d, ::ffff:0:0). */
void
addr_print(const struct addr *a, char out[], size_t outsz)
{
	unsigned int group[8];
	char buf[INET6_ADDRSTRLEN], *p = buf;
	int i, at, len;

	if (addr_is_ipv4(a)) {
		for (i = 12; i < 16; i++) {
			p = print_number(a->ip[i], p);
			*p++ = i < 15 ? '.' : '\0';
		}
		(void)strlcpy(out, buf, outsz);
		return;
	}
	for (i = 0; i < 8; i++)
		group[i] = (unsigned int)a->ip[2 * i] << 8 | a->ip[2 * i + 1];
	at = zero_run(group, &len);
	for (i = 0; i < 8; i++) {
		if (i == at) {
			*p++ = ':';
			*p++ = ':';
			i += len - 1;
			continue;
		}
		if (i > 0 && p[-1] != ':')
			*p++ = ':';
		p = print_group(group[i], p);
	}
	*p = '\0';
	(void)strlcpy(out, buf, outsz);
}

int
addr_is_loopback(const struct addr *a)
{
	static const unsigned char one[16] = { [15] = 1 };

	return addr_is_ipv4(a) ? a->ip[12] == 127 :
	    memcmp(a->ip, one, sizeof(one)) == 0;
}

static int
in_range(const unsigned char *ip, const struct range *r, size_t n)
{
	for (; n > 0; n--, r++)
		if (same_bits(ip, r->ip, r->bits))
			return 1;
	return 0;
}

static int
is_global4(const unsigned char *ip)
{
	return !in_range(ip, special4, nitems(special4));
}

int
addr_is_nat64(const struct addr *a)
{
	return in_range(a->ip, &nat64, 1);
}

int
addr_is_global(const struct addr *a)
{
	unsigned char client[4];
	int i;

	if (addr_is_ipv4(a))
		return is_global4(a->ip + 12);
	if (addr_is_nat64(a))
		return is_global4(a->ip + 12);
	if (!in_range(a->ip, &global6, 1) ||
	    in_range(a->ip, special6, nitems(special6)))
		return 0;
	if (in_range(a->ip, &sixto4, 1))
		return is_global4(a->ip + 2);
	if (in_range(a->ip, &teredo, 1)) {
		/* RFC 4380: the client's address stands inverted. */
		for (i = 0; i < 4; i++)
			client[i] = (unsigned char)~a->ip[12 + i];
		return is_global4(client) && is_global4(a->ip + 4);
	}
	return 1;
}

int
cidr_parse(const char *s, struct cidr *c)
{
	const char *slash = strchr(s, '/'), *err;
	size_t len = slash == NULL ? strlen(s) : (size_t)(slash - s);
	int most, i;

	if (addr_parse(s, len, &c->addr) == -1)
		return -1;
	/* ::ffff:0:0/96 is written in IPv6, and counts in IPv6. */
	most = memchr(s, ':', len) == NULL ? 32 : 128;
	c->bits = most;
	if (slash != NULL) {
		/* strtonum would take " 8" and "+8" too. */
		if (strspn(slash + 1, "0123456789") != strlen(slash + 1))
			return -1;
		c->bits = (int)strtonum(slash + 1, 0, most, &err);
		if (err != NULL)
			return -1;
	}
	c->bits += 128 - most;
	for (i = c->bits; i < 128; i++)
		c->addr.ip[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	return 0;
}

void
cidr_print(const struct cidr *c, char out[], size_t outsz)
{
	char ip[INET6_ADDRSTRLEN];
	int most = 128, bits = c->bits;

	if (addr_is_ipv4(&c->addr)) {
		most = 32;
		bits -= 96;
	}
	addr_print(&c->addr, ip, sizeof(ip));
	if (bits == most)
		(void)snprintf(out, outsz, "%s", ip);
	else
		(void)snprintf(out, outsz, "%s/%d", ip, bits);
}

int
cidr_match(const struct cidr *c, const struct addr *a)
{
	/* "::/0" is all of IPv6, not IPv4 too because that stands mapped. */
	if (c->bits < 96 && addr_is_ipv4(a))
		return 0;
	return same_bits(c->addr.ip, a->ip, c->bits);
}
