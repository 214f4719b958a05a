/* SPDX-License-Identifier: ISC */

#ifndef SGE_SMTPDNAMES_H
#define SGE_SMTPDNAMES_H

#include "host/smtpd_conf.h"
#include "conf/conf.h"

/* Of what smtpd.conf names, so many are followed. */
#define NAMES_MAX 256
#define ADDRESSES_MAX 32

/*
 * What smtpd.conf's "match" statements name, of which each is a kind of mail
 * by itself.
 */
struct smtpd_names {
	struct smtpd_name {
		/*
		 * In normal form, or with a '*' as smtpd.conf(5) has it: any
		 * of the names that this stands for.
		 */
		char	*domain;
		int	 drawn;		/* of sge.conf, under a '*' */
	} *name;
	size_t		 n;
	const char	*address[ADDRESSES_MAX];	/* of "from src" */
	size_t		 naddresses;
};

/*
 * Domains and addresses that the statements name; of those that sge.conf has
 * under a "*.govt.nz" each whose need is not what that one has.  Addresses
 * point into the smtpd_conf.
 */
void	smtpd_names_collect(struct smtpd_names *, const struct smtpd_conf *,
	    const struct conf *);
void	smtpd_names_free(struct smtpd_names *);

#endif
