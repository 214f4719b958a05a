/* SPDX-License-Identifier: ISC */

#ifndef SGE_CHECKCONFIG_H
#define SGE_CHECKCONFIG_H

#include <time.h>

#include "check/check.h"
#include "check/key_file.h"

/* The command; see sgectl.c's table. */
int	cmd_check_config(struct ctl *, int, char *[]);

/*
 * The parts of check config, each saying what is good, what is not, and what
 * to write where.
 */
struct smtpd_conf;
struct smtpd_line;
/* This host: users, files with their owners and modes, the clock. */
void	check_host(struct check *);
/* A file that says where mail goes: nobody but root may write it. */
void	check_config_file(struct check *, const char *path);
/* A table's file, which may be somebody's own: not everybody may write it. */
void	check_table_file(struct check *, const char *path);
/* sged as it runs: what it says of itself; waits for it 5 s at most. */
void	check_sged(struct check *);
/* The smtpd.conf that the running smtpd reads, or would. */
void	check_smtpd_conf(char path[], size_t size);
/*
 * Whether smtpd runs, and has that file as it is now: it ends where it meets
 * an action that it does not know.  0 and its spool folder, or -1 after a
 * message.
 */
int	check_smtpd_current(const struct smtpd_conf *, char spool[],
	    size_t size);
/*
 * What else smtpd, that program, read at its start and was changed since; -1
 * after a line of what it has to be restarted for.
 */
int	check_since(struct check *, const struct smtpd_conf *,
	    const char *program, const struct timespec *start);
/* The file that such a table is, which smtpd reads at its start; or NULL. */
const char *check_table_path(const struct smtpd_conf *, const char *name);
/* smtpd as it runs, and its file, or the one that is given. */
void	check_smtpd_service(struct check *, const char *path);
/* The job that reads the digest: that there is one, and that it can run. */
void	check_digest(struct check *);
/* What sged's status says of the fleet, or NULL. */
void	check_fleet(struct check *, const json_t *fleet);
/* What smtpd.conf must have, and which way each kind of mail takes. */
void	check_smtpd(struct check *, const struct smtpd_conf *);
void	check_matches(struct check *, const struct smtpd_conf *);
/* What may leave in the name of our reports beside them. */
void	check_report_sender(struct check *, const struct smtpd_conf *);
/* Whether somebody gets what root and postmaster are sent. */
void	check_persons(struct check *, const struct smtpd_conf *);
/* The certificate that a listener shows, by the first of its pki. */
void	check_cert(struct check *, const struct smtpd_conf *,
	    const struct smtpd_line *);
/* Every certificate and key that smtpd loads at its start. */
void	check_pki(struct check *, const struct smtpd_conf *);
/*
 * TLS as one listener or relay action has it; wanted: that it says which
 * protocols.  And what holds for all of them.
 */
void	check_tls_line(struct check *, const struct smtpd_conf *,
	    const struct smtpd_line *, int wanted);
void	check_tls_all(struct check *, const struct smtpd_conf *);
/* Whether reports about us, and bounces of ours, reach sgectl deliver. */
void	check_mailboxes(struct check *, const struct smtpd_conf *);
/* The programs that it runs, as who it runs them. */
void	check_filters(struct check *, const struct smtpd_conf *);
/* The path of a program in smtpd's folder; 0 or -1. */
int	check_libexec(const char *name, char path[], size_t size);
/* As whom smtpd runs what has no user of its own. */
const char *check_smtpd_user(void);
/* The DKIM key: the file for who signs; its record by the selector. */
void	check_dkim_file(struct check *, const struct smtpd_line *,
	    const char *key, const char *user, const char *group);
void	check_dkim_key(struct check *, const struct smtpd_conf *);
/* A test message to the rua mailbox, which takes up to a minute. */
void	check_dkim_mail(struct check *);
void	check_connectors(struct check *);
/* What smtpd.conf does with forwarded mail to a member that has none. */
void	check_nowhere(struct check *, const struct smtpd_conf *);
/* What the DNS says of this host and of our own domains. */
void	check_own(struct check *);
/* What is open to every address; connectors without use. */
void	check_wide(struct check *);

#endif
