/* SPDX-License-Identifier: ISC */

#ifndef SGE_SMTPDADDRESS_H
#define SGE_SMTPDADDRESS_H

#include "base/mail_path.h"

/*
 * Whether smtpd takes such an address of MAIL FROM or RCPT TO at all; one that
 * it does not take it answers itself, without asking a filter.
 */
int	smtpd_takes_address(const struct mail_path *);
/* Whether its domain is an address literal, "[192.0.2.1]". */
int	is_address_literal(const struct mail_path *);

#endif
