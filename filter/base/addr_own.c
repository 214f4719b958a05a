/* SPDX-License-Identifier: ISC */

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr_own.h"

static int
take(const struct sockaddr *sa, struct addr *a)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (sa == NULL)
		return 0;
	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&sin, sa, sizeof(sin));
		memcpy(a->ip, mapped, sizeof(mapped));
		memcpy(a->ip + sizeof(mapped), &sin.sin_addr, 4);
		return 1;
	case AF_INET6:
		memcpy(&sin6, sa, sizeof(sin6));
		memcpy(a->ip, &sin6.sin6_addr, sizeof(a->ip));
		return 1;
	default:
		return 0;
	}
}

int
addr_own(struct addr_own *own)
{
	struct ifaddrs *all, *one;
	size_t n = 0;

	memset(own, 0, sizeof(*own));
	if (getifaddrs(&all) == -1)
		return -1;
	for (one = all; one != NULL; one = one->ifa_next)
		n++;
	if (n > 0 && (own->addr = calloc(n, sizeof(*own->addr))) == NULL) {
		freeifaddrs(all);
		return -1;
	}
	for (one = all; one != NULL; one = one->ifa_next)
		own->n += (size_t)take(one->ifa_addr, &own->addr[own->n]);
	freeifaddrs(all);
	return 0;
}

int
addr_is_own(const struct addr_own *own, const struct addr *a)
{
	size_t i;

	for (i = 0; i < own->n; i++)
		if (memcmp(own->addr[i].ip, a->ip, sizeof(a->ip)) == 0)
			return 1;
	return 0;
}
