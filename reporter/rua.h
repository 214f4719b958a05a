/* SPDX-License-Identifier: ISC */

#ifndef SGE_RUA_H
#define SGE_RUA_H

#include "bounds.h"
#include "compat.h"

/*
 * The _smtp._tls TXT record (RFC 8460 3).
 */
enum rua_scheme {
	RUA_MAILTO,
	RUA_HTTPS
};

struct rua_uri {
	enum rua_scheme	 scheme;
	char		*uri;		/* as published */
	char		*address;	/* mailto: decoded once, no hfields */
	char		*host;		/* https */
	int		 port;
	char		*path;		/* with query, "/" at least */
};

struct rua {
	struct rua_uri	*uris;
	size_t		 nuris;
	size_t		 nover;		/* beyond RUA_URIS_MAX */
	size_t		 nunknown;	/* other schemes, or unusable */
};

enum rua_result {
	RUA_OK,
	RUA_NONE,		/* no TLSRPT record among them */
	RUA_MANY,		/* more than one: as none (RFC 8460 3) */
	RUA_INVALID		/* one, but malformed: as none */
};

/*
 * txts: all TXT records at the name.  *why: a static text of what is wrong,
 * *where: offset of the fault in the record, both only with RUA_INVALID.
 * *record: index of the record, or -1.  rua_free when RUA_OK.
 */
enum rua_result rua_parse(const char *const txts[], size_t ntxts,
	    struct rua *out, int *record, const char **why, size_t *where);
void	rua_free(struct rua *);

#endif
