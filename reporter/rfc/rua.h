/* SPDX-License-Identifier: ISC */

#ifndef SGE_RUA_H
#define SGE_RUA_H

#include "base/bounds.h"
#include "base/compat.h"

/*
 * The _smtp._tls TXT record (RFC 8460 3).
 */
enum rua_scheme {
	RUA_MAILTO,
	RUA_HTTPS
};

struct rua_uri {
	enum rua_scheme	 scheme;
	/*
	 * As published, of one address; where a mailto names several
	 * (RFC 6068 2) each becomes an entry, with the URI of it alone.
	 */
	char		*uri;
	char		*address;	/* mailto: decoded once, no hfields */
	char		*host;		/* https: a name or a bare address */
	int		 port;
	char		*path;		/* with query, "/" at least */
};

struct rua {
	struct rua_uri	*uris;
	size_t		 nuris;
	size_t		 nover;		/* beyond RUA_URIS_MAX */
	size_t		 nunknown;	/* other schemes, or unusable */
	char		*unusable;	/* the first of these, or NULL */
	const char	*unusable_why;	/* a static text */
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

/*
 * The URI in one form for each place, however it was published: what was
 * delivered to is known by it.  The caller frees.
 */
char	*rua_place(const struct rua_uri *);

/*
 * Adds one URI (len bytes, characters of RFC 3986 only) to out: what it holds
 * that can be used, once each.  What can't is counted in nunknown, what is too
 * much in nover.  Returns 0, or -1 if it isn't a URI at all.
 */
int	rua_add(struct rua *out, const char *uri, size_t len);

#endif
