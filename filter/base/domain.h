/* SPDX-License-Identifier: ISC */

#ifndef SGE_DOMAIN_H
#define SGE_DOMAIN_H

#include "base/bounds.h"
#include "base/compat.h"

/*
 * Domain names as A-labels, lower case, without a final dot.
 */

/*
 * Writes the normal form of name (len bytes, need not end in NUL) to out:
 * lower case, final dot dropped.  Returns 0, or -1 if it is not a name of
 * letters, digits, '-' and '_' in labels of 1 to 63 characters: out is "" then.
 */
int	domain_normal(const char *name, size_t len, char out[], size_t outsz);

/*
 * The A-label form of an UTF-8 name.  Returns 0, or -1 where it can't be told.
 * Of UTS 46's mapping it has the capitals of Latin, Greek and Cyrillic letters
 * and the commonest marks that follow a letter; a name that holds anything
 * else has none (RFC 3492 is applied label by label).
 */
int	domain_to_alabel(const char *name, char out[], size_t outsz);

/*
 * What is wrong with a name that is not ASCII, and what to write, for the
 * operator: a sentence that begins with the name in quotes, safe to print.
 * Returns 0, or -1 where nothing can be said of it but that it is no name.
 */
#define DOMAIN_SAID_MAX (4 * DOMAIN_MAX)
int	domain_explain(const char *name, char out[], size_t outsz);

/* The domain of an address: behind the last '@'; NULL if there is none. */
const char *domain_of_address(const char *address);
/* The last labels of a name, so many, or all of it: a part of it. */
const char *domain_last_labels(const char *name, int labels);

/*
 * A map from names to small numbers (class indices), with "all subdomains"
 * entries.  A look-up takes constant time for each label of the name.
 */
struct domset;

struct domset *domset_new(void);
void	domset_free(struct domset *);
/*
 * name may start with a dot: all subdomains of the rest, not the rest itself.
 * Returns 0; 1 if the very entry was there already (the first value stays);
 * -1 without memory.
 */
int	domset_add(struct domset *, const char *name, int value);
/*
 * The lowest value of all entries that hold name, or -1.  name must be in
 * normal form.
 */
int	domset_find(const struct domset *, const char *name);
size_t	domset_count(const struct domset *);
/*
 * The names in the order in which they were added: begin with *pos 0.  NULL
 * behind the last; a name is good until the set changes.
 */
const char *domset_next(const struct domset *, size_t *pos);

#endif
