/* SPDX-License-Identifier: ISC */

#ifndef SGE_RESOLVE_H
#define SGE_RESOLVE_H

#include "conf/conf.h"

struct ub_ctx;

/*
 * A libunbound context that asks conf's resolver, or the system's, with the
 * system's hosts file and root trust anchor where they are.  Reads all files
 * it will ever need.  NULL with a log line.
 */
struct ub_ctx *resolve_context(const struct conf *);

#endif
