/* SPDX-License-Identifier: ISC */

#ifndef SGE_TALK_H
#define SGE_TALK_H

#include <jansson.h>

#include "base/compat.h"

/*
 * Asks sged on its socket: steals request, waits that many seconds for one
 * answer, which the caller releases.  NULL: not there, or no answer (errno).
 */
json_t	*talk(const char *path, json_t *request, int seconds);

#endif
