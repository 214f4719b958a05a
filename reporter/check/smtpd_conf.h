/* SPDX-License-Identifier: ISC */

#ifndef SGE_SMTPDCONF_H
#define SGE_SMTPDCONF_H

#include "base/compat.h"

/*
 * smtpd.conf(5) read leniently, for check config: its lines as words, with
 * macros and includes in place.  What smtpd itself would refuse is no matter
 * of ours ("smtpd -n").
 */
struct smtpd_line {
	char		**word;		/* braces and commas are left out */
	size_t		  nwords;
	int		  number;
};

struct smtpd_conf {
	struct smtpd_line *line;
	size_t		  nlines;
	/* Macros: names and values in turn. */
	char		**macro;
	size_t		  nmacros;
	int		  depth;	/* of includes */
};

/* NULL with errno if the file can't be read. */
struct smtpd_conf *smtpdconf_read(const char *path);
void	smtpdconf_free(struct smtpd_conf *);

/* The word behind key in a line, or NULL. */
const char *smtpdconf_after(const struct smtpd_line *, const char *key);
int	smtpdconf_has(const struct smtpd_line *, const char *word);
/* "kind name ...": the line that defines it, or NULL. */
const struct smtpd_line *smtpdconf_find(const struct smtpd_conf *,
	    const char *kind, const char *name);
/*
 * Whether a filter is, or as a chain holds, one whose command has that
 * program.  name may be NULL.
 */
int	smtpdconf_filter_runs(const struct smtpd_conf *, const char *name,
	    const char *program);

#endif
