/* SPDX-License-Identifier: ISC */

#ifndef SGE_ADDR_H
#define SGE_ADDR_H

#include <sys/socket.h>

#include "base/compat.h"

/* An IPv4 or IPv6 address; IPv4 stands as ::ffff:a.b.c.d. */
struct addr {
	unsigned char	 ip[16];
};

/* An address and how many of its 128 bits count. */
struct cidr {
	struct addr	 addr;
	int		 bits;
};

/*
 * "192.0.2.1", "2001:db8::1", "[2001:db8::1]", len bytes.  Returns 0 or -1.
 * A mapped ::ffff:192.0.2.1 is the same address as 192.0.2.1.
 */
int	addr_parse(const char *s, size_t len, struct addr *);
/* In RFC 5952's form; out holds at least 46 bytes. */
void	addr_print(const struct addr *, char out[], size_t outsz);
int	addr_is_ipv4(const struct addr *);
/* Whether it stands for one of IPv4 (RFC 6052, 64:ff9b::/96). */
int	addr_is_nat64(const struct addr *);
int	addr_is_loopback(const struct addr *);
/*
 * Whether it is a global unicast address: not loopback, private, link-local,
 * multicast, documentation, shared, benchmarking, reserved, nor such an IPv4
 * address inside a mapped, NAT64 (64:ff9b::/96), 6to4 or Teredo one.
 */
int	addr_is_global(const struct addr *);

/* "192.0.2.0/24", "2001:db8::/32", or one address.  Returns 0 or -1. */
int	cidr_parse(const char *s, struct cidr *);
void	cidr_print(const struct cidr *, char out[], size_t outsz);
int	cidr_match(const struct cidr *, const struct addr *);

#endif
