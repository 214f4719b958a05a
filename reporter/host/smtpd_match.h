/* SPDX-License-Identifier: ISC */

#ifndef SGE_SMTPDMATCH_H
#define SGE_SMTPDMATCH_H

#include "host/smtpd_conf.h"
#include "conf/conf.h"

/*
 * smtpd.conf's "match" statements, followed as smtpd does for each mail: in
 * order, and the first that matches holds.  What is asked for is not one mail
 * but all of a kind, so that a statement may match some of them only.
 */

/* Who hands the mail over. */
enum mail_source {
	SOURCE_LOCAL,		/* a program of this host: sendmail(8) */
	SOURCE_AUTH,		/* an authenticated user, from anywhere */
	SOURCE_ADDRESS,		/* a host that a "from src" names */
	SOURCE_STRANGER		/* anybody else */
};
#define SOURCES 4

/* Where it goes: as table-sge, or sge.conf, has the domain. */
enum mail_need {
	NEED_VERIFY,		/* in sge-verify */
	NEED_ENCRYPT,		/* in sge-encrypt */
	NEED_NOTHING,		/* in neither */
	NEED_OWN		/* one of our own domains */
};

struct mail {
	enum mail_source source;
	/*
	 * Where it came from, "" or NULL where that is not known; of
	 * SOURCE_ADDRESS it may be an entry of "from src" itself.
	 */
	const char	*address;
	const char	*sender;	/* NULL: an ordinary one */
	enum mail_need	 need;
	int		 newest;	/* by TLS 1.3: in sge-verify13, too */
	int		 nowhere;	/* in sge-nowhere, too */
	/* NULL: any of that need; "*.govt.nz": any that this stands for. */
	const char	*domain;
	const char	*rcpt;		/* an address in domain; NULL: any */
	/*
	 * Of SOURCE_LOCAL: not by sendmail(8), but by an address of this host,
	 * or for whom an alias named; authenticated all the same, as what
	 * sendmail(8) hands over always is.
	 */
	int		 inside;
	int		 login;
};

enum match_answer {
	MATCH_NO,
	MATCH_SOME,		/* or: it can't be told from here */
	MATCH_ALL
};

enum match_answer match_asks(const struct smtpd_conf *, const struct conf *,
	    const struct smtpd_line *match, const struct mail *);
/* The statement that takes all such mail, or NULL. */
const struct smtpd_line *match_first(const struct smtpd_conf *,
	    const struct conf *, const struct mail *);
/*
 * Whether what follows word i of a match (one word, a list, a table) holds
 * that value: a domain, or an address where it has an '@'.
 */
enum match_answer match_holds(const struct smtpd_conf *,
	    const struct smtpd_line *match, size_t i, const char *value);
/* Calls each with every word there; -1 if it can't be told. */
int	match_each(const struct smtpd_conf *, const struct smtpd_line *match,
	    size_t i, void (*each)(const char *, void *), void *arg);
/* Whether a relay action uses TLS 1.3 and no other. */
int	match_newest(const struct smtpd_line *action);
/* What sge.conf alone says that a domain (in normal form) needs. */
enum mail_need match_need(const struct conf *, const char *domain);
int	match_nowhere(const struct conf *, const char *domain);

#endif
