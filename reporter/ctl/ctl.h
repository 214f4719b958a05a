/* SPDX-License-Identifier: ISC */

#ifndef SGE_CTL_H
#define SGE_CTL_H

#include "base/bounds.h"
#include "conf/conf.h"
#include "store/store.h"
#include "ctl/print.h"

/*
 * The frame of sgectl: a table of commands, found by any unambiguous prefix
 * of each of their words, and the options that they share.
 */

/* Options that are not the frame's own, in the order they were given. */
#define CTL_OPTIONS_MAX 32

struct ctl_option {
	int		 letter;
	const char	*value;		/* NULL: takes none */
};

/* What the frame prepares before a command runs. */
#define CTL_CONF	0x01		/* sge.conf must be there, good */
#define CTL_CONF_MAY	0x02		/* the same, or built-in defaults */
#define CTL_STORE	0x04		/* the database, read-only */
#define CTL_VIEW	0x08		/* nothing but it, the spool, sged */
#define CTL_HOST	0x10		/* the addresses of this host */
#define CTL_PAIRS	0x20		/* its arguments: a word, its value */
#define CTL_PIPE	0x40		/* prints at once, with no row in hand */
#define CTL_SMARTHOST	0x80		/* -c: smart hosts are a class too */
/* -D and -d may be any: others wrote that, or it says itself what it lacks. */
#define CTL_REPORTER	0x100
/* What -H reads of the fleet: sessions; with whom; results; reports. */
#define CTL_FLOWS	0x200
#define CTL_PARTNERS	0x400
#define CTL_RESULTS	0x800
#define CTL_SENT	0x1000

struct ctl;

struct ctl_command {
	const char	*words;		/* one or two, "show flow" */
	/*
	 * getopt(3) letters beside -f -j -p -v.  "d:", "D:", "H:", "c:", "n:",
	 * "h" and "m:" in this very form go to the view, others to options[].
	 */
	const char	*options;
	const char	*operands;	/* the rest of the usage line */
	int		 least;		/* number of operands; most -1: any */
	int		 most;
	unsigned int	 needs;
	int		 days;		/* default period; 0 is 1 */
	int		 failure;	/* exit status of the frame's errors */
	/* Operands only; returns the exit status. */
	int		(*run)(struct ctl *, int argc, char *argv[]);
};

struct ctl {
	struct view	 view;		/* conf, store NULL where not needed */
	struct conf	*conf;
	const char	*program;	/* argv[0] */
	const char	*path;		/* of sge.conf */
	char		 domain[DOMAIN_MAX];	/* of -D */
	char		 host[DOMAIN_MAX];	/* of -H */
	const struct ctl_command *command;
	struct ctl_option options[CTL_OPTIONS_MAX];
	size_t		 noptions;
};

enum ctl_match {
	CTL_FOUND,
	CTL_UNKNOWN,
	CTL_AMBIGUOUS,
	CTL_MORE		/* a word is missing */
};

/*
 * Finds the command that argv's first words name; *used: how many words.
 * table ends with words NULL.  Takes no memory.
 */
enum ctl_match ctl_find(const struct ctl_command table[], int argc,
	    char *const argv[], const struct ctl_command **, int *used);
/*
 * Prints the commands that argv's first n words could mean, one a line.
 */
void	ctl_list(const struct ctl_command table[], int argc,
	    char *const argv[], FILE *);
/*
 * Options of the command; argv[0] is its last word.  Returns the index of the
 * first operand, or -1 after a message.
 */
int	ctl_options(struct ctl *, int argc, char *argv[]);
void	ctl_usage(const struct ctl_command *, FILE *);
/*
 * ctl_help.c: usage and one line for the command that argv names, or for all
 * that begin with its first word; without one, the list.  -1: there is none.
 */
int	ctl_help(const struct ctl_command table[], int argc,
	    char *const argv[], FILE *);
/* What makes a shell, "bash" or "ksh", complete them; -1: another one. */
int	ctl_complete(const struct ctl_command table[], const char *shell,
	    FILE *);

/*
 * Options of the view that stood before the command; 0, or -1 after a message
 * where the command takes one of them not, or not so.
 */
int	ctl_before(struct ctl *, const struct ctl_option[], size_t n);

/* Whether -c, where given, names a class of conf; 0, or -1 after a message. */
int	ctl_class(const struct ctl *);

/* Whether that letter was given, and its (last) value or NULL. */
int	ctl_flag(const struct ctl *, int letter);
const char *ctl_value(const struct ctl *, int letter);

/*
 * "7" (days up to the last finished one), "2026-03-05",
 * "2026-03-01..2026-03-05", "today".  0 or -1.
 */
int	ctl_period(const char *, int64_t now, int64_t *first, int64_t *last);

/*
 * Hands a mail, a file that it reads from the beginning, to the program of
 * report sendmail, as from report from.  Waits for it; 0; 1 if it goes when
 * smtpd runs again; or -1 if it was not taken.
 */
int	ctl_sendmail(const struct conf *, FILE *mail, const char *to);

#endif
