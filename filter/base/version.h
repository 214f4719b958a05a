/* SPDX-License-Identifier: ISC */

#ifndef SGE_VERSION_H
#define SGE_VERSION_H

/* The one place that says it; the Makefile reads it here too. */
#define SGE_VERSION "1.0.0"

#endif
