/* SPDX-License-Identifier: ISC */

#ifndef SGE_CHECKRUN_H
#define SGE_CHECKRUN_H

#include <sys/types.h>

#include "base/compat.h"

/*
 * Running what smtpd runs, as who it runs it, to see whether it can.
 */
struct run {
	const char	*user;		/* NULL: as who we are */
	const char	*group;		/* NULL: the user's own */
	const char	*command;	/* for sh -c, as smtpd does */
	const char	*input;		/* may be NULL */
	const char	*until;		/* what ends it if it is printed */
};

/*
 * Runs it, waits at most ten seconds, and ends it then.  What it printed, on
 * both its outputs, goes to out, clean and NUL-terminated.  Returns its exit
 * status, 0 also if "until" was printed; -1 if it could not be run or did not
 * end.
 */
int	check_run(const struct run *, char out[], size_t outsz);
/* Whether that user may do that (access(2)); 1, 0, or -1: only root can ask. */
int	check_access(const char *user, const char *group, const char *path,
	    int mode);
/*
 * The first of the folders above a path that that user cannot pass: 0, its
 * path and its mode; -1 if there is none, or only root can ask.
 */
int	check_closed(const char *user, const char *group, const char *path,
	    char folder[], size_t size, unsigned int *mode);
/* The folder of a file. */
void	check_folder_of(const char *path, char out[], size_t size);
/* A program in PATH and the folders of system programs; 0 or -1. */
int	check_program(const char *name, char path[], size_t size);
/*
 * The first path that ends with that name among the strings of a program:
 * what is built into it.  0 or -1.
 */
int	check_built_in(const char *program, const char *name, char path[],
	    size_t size);

/*
 * What stands behind an option letter in a command: NULL
 * where it is not there or does not fit.
 */
const char *check_option(const char *command, char letter, char out[],
	    size_t size);

#endif
