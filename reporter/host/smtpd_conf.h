/* SPDX-License-Identifier: ISC */

#ifndef SGE_SMTPDCONF_H
#define SGE_SMTPDCONF_H

#include "base/compat.h"

/*
 * smtpd.conf(5) read leniently, for check config: its statements as words, as
 * smtpd's own lexer sees them (macros are text that is read again, a newline
 * within braces ends nothing, "\" at the end of a line joins it with the
 * next).  What smtpd itself would refuse is no matter of ours ("smtpd -n").
 */
struct smtpd_line {
	char		**word;		/* "{", "}", "!", "=", "<table>" too */
	char		 *quoted;	/* 1: in quotes, so no keyword */
	size_t		  nwords;
	const char	 *file;
	int		  number;
};

struct smtpd_conf {
	struct smtpd_line *line;
	size_t		  nlines;
	char		**macro;	/* names and values in turn */
	size_t		  nmacros;
	char		**file;		/* all that were read, in order */
	size_t		  nfiles;
	char		**missing;	/* "FILE: why", of includes */
	size_t		  nmissing;
};

/* NULL with errno if the file can't be read. */
struct smtpd_conf *smtpdconf_read(const char *path);
void	smtpdconf_free(struct smtpd_conf *);

/* Whether word i is that keyword or punctuation. */
int	smtpdconf_is(const struct smtpd_line *, size_t i, const char *word);
/* The word behind a keyword, the first of a list; or NULL. */
const char *smtpdconf_after(const struct smtpd_line *, const char *key);
int	smtpdconf_has(const struct smtpd_line *, const char *word);
/* "kind name ...": the line that defines it, or NULL. */
const struct smtpd_line *smtpdconf_find(const struct smtpd_conf *,
	    const char *kind, const char *name);

/*
 * The line that says which command a filter is: itself, its "proc", or one of
 * its chain, whose command has that program, by filter-keep too.  NULL if there
 * is none; name may be NULL.
 */
const struct smtpd_line *smtpdconf_filter(const struct smtpd_conf *,
	    const char *name, const char *program);
/* The command of such a line, or NULL. */
const char *smtpdconf_command(const struct smtpd_line *);
/* What filter-keep runs in a command; the command where it is none. */
const char *smtpdconf_kept(const char *command);

/*
 * What a table holds: the keys of a list in place, of a "file:", of one word.
 * name without "<" and ">".  Calls each with every one of them; -1 if what is
 * in it can't be told from here (another back end, a file that can't be read).
 */
int	smtpdconf_table(const struct smtpd_conf *, const char *name,
	    void (*each)(const char *, void *), void *);
/*
 * The values of one of its keys, as aliases(5) has them; how many, or -1 as
 * above.  And of a list in place, "{ key = value }", behind that word of a
 * statement.
 */
int	smtpdconf_values(const struct smtpd_conf *, const char *name,
	    const char *key, void (*each)(const char *, void *), void *arg);
int	smtpdconf_pairs(const struct smtpd_line *, const char *word,
	    const char *key, void (*each)(const char *, void *), void *arg);

#endif
