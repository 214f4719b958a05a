/* SPDX-License-Identifier: ISC */

#ifndef SGE_MAILPATH_H
#define SGE_MAILPATH_H

#include <stddef.h>

/* The two halves of a path of MAIL FROM or RCPT TO; they point into it. */
struct mail_path {
	const char	*user;
	size_t		 userlen;
	const char	*domain;
	size_t		 domainlen;	/* 0: none, smtpd appends its own */
};

/*
 * A path without its "<>", len bytes, as smtpd reads it: the last '@' parts
 * it, and of what stands before all up to the first ':' is a source route (RFC
 * 5321 C), which is dropped: "@a.nz,@b.nz:user@c.nz", but "x:user" too.
 */
void	mail_path_read(const char *path, size_t len, struct mail_path *);
/*
 * Whether smtpd.conf(5)'s mail-from or rcpt-to with that address holds it: in
 * small letters or capitals, and with any "+tag" that the address itself has
 * not; "user", "@domain" and "@" hold all with that half.  One without a domain
 * is held: its domain is the server's name, which may be the address's.
 */
int	mail_path_is(const struct mail_path *, const char *address);
/*
 * Whether "for domain" holds that name, len bytes: a '*' of the pattern stands
 * for what there is up to the first of the character behind it.
 */
int	mail_domain_is(const char *domain, size_t len, const char *pattern);

#endif
