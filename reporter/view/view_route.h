/* SPDX-License-Identifier: ISC */

#ifndef SGE_VIEWROUTE_H
#define SGE_VIEWROUTE_H

#include "conf/conf.h"
#include "rule/table_answer.h"

/* SPOOL/routes as table-sge has it; routes_free after it. */
struct routes *view_routes_open(const struct conf *);
/* Why table-sge answers so, in a sentence without its end. */
const char *view_route_why(const struct answer *);

/* The action of smtpd.conf.example that takes mail to it. */
const char *view_route_action(const struct answer *);

/* Whether sged has to look at the domain before anybody can tell. */
int	view_route_unknown(const struct answer *);

#endif
