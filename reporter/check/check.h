/* SPDX-License-Identifier: ISC */

#ifndef SGE_CHECK_H
#define SGE_CHECK_H

#include <time.h>

#include "base/bounds.h"
#include "check/check_ask.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "rfc/sts.h"

/* The commands; see sgectl.c's table. */
int	cmd_record_new(struct ctl *, int, char *[]);
int	cmd_policy_new(struct ctl *, int, char *[]);
int	cmd_check_record(struct ctl *, int, char *[]);
int	cmd_check_domain(struct ctl *, int, char *[]);
int	cmd_check_config(struct ctl *, int, char *[]);

/*
 * What sgectl's checks share.  Three answers, never two.
 */
#define CHECK_GOOD	0
#define CHECK_FIX	1	/* something is to be mended */
#define CHECK_UNKNOWN	2	/* could not be found out */

/*
 * One line of a check: level "ok", "info", "warn", "bad", "unknown"; wrapped
 * for people, a row in the machine forms.
 */
void	check_say(const struct view *, const char *name, const char *level,
	    const char *, ...) __attribute__((__format__(printf, 4, 5)));
/* The worse of two: something to mend beats what is not known. */
int	check_worse(int, int);
/* Replaces every "%s" of a table's format by one text. */
void	check_format(char out[], size_t outsz, const char *fmt,
	    const char *text);

/* The TLSRPT record of a domain, in full. */
int	check_record_dns(const struct view *, struct asker *,
	    const char *domain);

/*
 * What stands around it, for check domain too: a record at a name that no
 * sender asks for; the same record at a name that nobody made.  Both ask the
 * DNS, and add to the lint.
 */
struct lint;
void	check_record_elsewhere(struct asker *, const char *domain,
	    struct lint *);
void	check_record_wildcard(struct asker *, const char *domain,
	    const char *text, struct lint *);

/* check domain: one domain on its way through the parts. */
enum check_level {
	CHECK_OK,
	CHECK_INFO,
	CHECK_WARN,
	CHECK_BAD,
	CHECK_DARK,		/* could not be found out */
	CHECK_LEVELS
};

struct check {
	const struct view *view;
	struct asker	*asker;
	const char	*domain;
	struct sts_policy *policy;	/* as fetched now, or NULL */
	int		 no_mail;	/* neither an MX host nor an address */
	int		 status;
	size_t		 nlevel[CHECK_LEVELS];	/* lines of each */
	const char	*program;	/* check config: where we are installed */
};

void	check_part(struct check *, const char *part, enum check_level,
	    const char *, ...) __attribute__((__format__(printf, 4, 5)));
/* The lines of an MTA-STS policy, each fault with its number. */
void	check_policy_lines(struct check *, const char *body, size_t len);
/*
 * Of the TXT records at _mta-sts: those that mean to be one, and are none to
 * senders, each with its fault; whether there are.  And more than one id.
 */
int	check_sts_near(struct check *, const char *const txts[], size_t n);
void	check_sts_twice(struct check *, const char *const txts[], size_t n);
/* A record of it where no sender looks; one that a wildcard gives. */
void	check_sts_elsewhere(struct check *);
void	check_sts_wildcard(struct check *);
/* What leads to an MX host: resolve's answers. */
struct check_dane {
	const char	*host;
	const json_t	*mx;
	const json_t	*addrs;
	const json_t	*tlsa;
};

/* What to ask of its TLSA records. */
json_t	*check_dane_question(const char *host);
/* Once of a host; and of each address, by the answer of its probe. */
void	check_dane_host(struct check *, const struct check_dane *);
void	check_dane_chain(struct check *, const struct check_dane *,
	    const char *where, const json_t *probe);
/* From the answer to "mx". */
void	check_mx(struct check *, const json_t *answer);
/*
 * The hosts of an answer to "mx", each once, borrowed.  How many.  And whether
 * it has as many records as are read: there may be more.
 */
size_t	check_mx_hosts(const json_t *answer,
	    const char *hosts[MX_RECORDS_MAX]);
int	check_mx_is_cut(const json_t *answer);
/* What is wrong with the MX records themselves: the whole line, or NULL. */
const char *check_mx_fault(const json_t *answer, const char *host,
	    char out[], size_t outsz);

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
/*
 * The private key of a PEM file, which the caller frees; NULL, and errno 0 where
 * the file has none, or one with a password: nobody is asked for it.
 */
struct evp_pkey_st *check_read_key(const char *path);
/*
 * What is to be published of a private key's file, as "p=" has it: base64 of
 * its SubjectPublicKeyInfo, of Ed25519 the bare key (RFC 8463); type: its
 * "k=".  0, 1 where the file can't be read, -1 where it is no key or has a
 * password.
 */
#define DKIM_KEY_MAX 4096	/* 16384 bits and more */
int	check_public_key(const char *path, char out[], size_t outsz,
	    const char **type);
void	check_dkim_key(struct check *, const struct smtpd_conf *);
/* A test message to the rua mailbox, which takes up to a minute. */
void	check_dkim_mail(struct check *);
void	check_connectors(struct check *);
/* What the DNS says of this host and of our own domains. */
void	check_own(struct check *);
/* What is open to every address; connectors without use. */
void	check_wide(struct check *);

#endif
