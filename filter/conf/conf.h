/* SPDX-License-Identifier: ISC */

#ifndef SGE_CONF_H
#define SGE_CONF_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "base/addr.h"
#include "base/compat.h"
#include "base/domain.h"

#ifndef SGE_ETC			/* the Makefile's ETCDIR */
#define SGE_ETC "/etc"
#endif
#define CONF_PATH SGE_ETC "/mail/sge.conf"
/*
 * Who runs what, so that what one broken part can do ends at its own: sged's
 * engine and mailer and "sgectl deliver"; its processes with connections;
 * filter-sge.
 */
#define SGE_USER "_sged"
#define SGE_NET_USER "_sgenet"
#define SGE_FILTER_USER "_sgefilter"
/* The right owner of what sged makes; before a path in what is said. */
#define SGE_OWN "chown -R " SGE_USER ":" SGE_USER

enum conf_mode {
	MODE_ENFORCE,
	MODE_TESTING
};

enum requirement {
	REQ_PREFER_TLS,
	REQ_TLS,
	REQ_VERIFIED_TLS,
	REQ_CONNECTOR
};

/* In order: older ones are smaller. */
enum tlsver {
	TLSVER_NONE,
	TLSVER_SSL,
	TLSVER_1_0,
	TLSVER_1_1,
	TLSVER_1_2,
	TLSVER_1_3
};

/* Class 0 is "public", the others are numbered in the order of the file. */
#define CLASS_PUBLIC 0
#define CLASS_MAX 64
#define CLASS_ANY ((uint64_t)-1)

struct conf_class {
	char		 *name;
	char		 *file;		/* NULL: given in place */
	char		**entries;	/* in normal form; NULL: from a file */
	size_t		  nentries;
	size_t		  ndomains;	/* how many it holds, file or not */
};

struct conf_rule {
	uint64_t	 from;		/* bit n: class n; CLASS_ANY: "any" */
	uint64_t	 to;
	enum requirement req;
	enum tlsver	 minimum;	/* TLSVER_1_2 unless given */
};

struct conf_connector {
	char		*domain;
	char		*url;		/* smtp+tls://host[:port] */
	struct cidr	*from;
	size_t		 nfrom;
};

struct conf_legacy {
	struct cidr	*hosts;
	size_t		 nhosts;
	char		*until;		/* YYYY-MM-DD, the last day (UTC) */
	int64_t		 end;		/* first second after that day */
	char		*reason;
};

struct conf {
	char			*organization;
	char			*contact;
	char			*submitter;	/* contact's domain */
	char			*hostname;
	enum conf_mode		 mode;
	struct domset		*local;
	struct conf_class	*classes;	/* [0] is public */
	size_t			 nclasses;
	struct domset		*class_of;
	struct conf_rule	*rules;
	size_t			 nrules;
	struct conf_rule	 matrix[CLASS_MAX][CLASS_MAX];
	uint64_t		 local_classes;	/* of our own domains */
	struct conf_connector	*connectors;
	size_t			 nconnectors;
	struct domset		*connector_of;	/* value: its index */
	struct conf_legacy	*legacies;
	size_t			 nlegacies;
	struct domset		*sts_except;	/* no MTA-STS policy holds */
	struct cidr		*smarthosts;
	size_t			 nsmarthosts;
	char			*spool;
	char			*database;	/* path of the SQLite file */
	char			*socket;
	char			*report_from;
	char			*report_sendmail;
	int			 report_spread;	/* seconds */
	int			 report_retry;	/* seconds */
	struct domset		*report_except;
	int			 report_limit;	/* a UTC day, to one place */
	char			*report_copy;	/* an own address, or NULL */
	int			 report_https_verify;
	char		       **dkim_authserv;	/* whose results are believed */
	size_t			 ndkim_authserv;
	char			*unread_forward; /* an address, or NULL */
	char			*letters_reply_to; /* an address, or NULL */
	int			 learn_timeout;	/* seconds */
	int			 keep_sessions;	/* days */
	int			 keep_reports;	/* days */
	char			*resolver;	/* address, or NULL: system's */
	int			 resolver_port;
	char			*ca;		/* PEM file */
	struct cidr		*network;	/* "network allow" */
	size_t			 nnetwork;
	char			*fleet;		/* libpq's words, or NULL */
	int			 fleet_wait;	/* seconds */
	char		       **files;		/* all that were read */
	size_t			 nfiles;
	uint64_t		 stamp;		/* of them, when read */
};

/*
 * Reads file and what it includes.  Every mistake is written to err as
 * "FILE:LINE: message", all of them in one run; warnings likewise, with
 * "warning: " before the message.  Returns NULL if there was a mistake.  The
 * caller frees with conf_free.  Reads files, so not for a chroot.
 */
struct conf *conf_read(const char *file, FILE *err);
/* The same, to the log, for what runs on: each mistake is a line there. */
struct conf *conf_read_logged(const char *file);
/* What holds where no file is: for checks of others.  NULL without memory. */
struct conf *conf_defaults(void);
void	conf_free(struct conf *);
/*
 * A stamp of the files that conf was read from, as they are now (one stat(2)
 * each): where it is not conf->stamp, one of them has changed since.
 */
uint64_t conf_stamp(const struct conf *);
/*
 * What "-n" (n is 1) and "-nn" (2) do: read file, print what is wrong to
 * stderr, or "configuration OK"; with -nn the configuration to stdout.
 * Returns the exit status.
 */
int	conf_main_check(const char *file, int n);
/*
 * Prints a configuration that parses back to the same; classes are printed by
 * file name where they came from one.
 */
void	conf_print(const struct conf *, FILE *);

/* domain in normal form. */
int	conf_is_local(const struct conf *, const char *domain);
int	conf_class(const struct conf *, const char *domain);
const char *conf_class_name(const struct conf *, int class);
int	conf_class_by_name(const struct conf *, const char *name);
/* "prefer tls": what holds where no flow was written. */
extern const struct conf_rule conf_no_rule;
/*
 * What sessions with a smart host are counted as, under its address: no class
 * of sge.conf may have that name.
 */
#define CLASS_SMARTHOST "smarthost"
/* The rule for a pair of classes. */
const struct conf_rule *conf_rule(const struct conf *, int from, int to);
/*
 * The rule for mail from one of our own domains to another: what the same
 * list asks where it is not 5.1 of the guide, which is between two members.
 */
const struct conf_rule *conf_rule_own(const struct conf *, int from, int to);
/*
 * The strictest rule for mail of our local domains to that domain; smtpd's
 * tables know no sender.  One that requires a connector, where the domain has
 * none, holds only if nothing of ours may go there: the others' mail is what
 * comes that far, since the filter refuses mail under that one.  Not all of it:
 * what an alias or a .forward sends there, it never saw, so that nothing goes
 * there in clear (conf_rule_never_clear).  The host's own name writes, too:
 * never weaker than its class needs.
 */
const struct conf_rule *conf_rule_out(const struct conf *, const char *domain);
extern const struct conf_rule conf_rule_never_clear;
/*
 * The newest version that a flow of our local domains, or of the host's own
 * name, requires of mail to that domain; TLSVER_1_2 where none says more.
 */
enum tlsver conf_version_out(const struct conf *, const char *domain);
/* Of mail to a class, with a connector or without, and the most required. */
enum tlsver conf_version_class(const struct conf *, int to, int connector,
	    enum requirement *strictest);
/* NULL if the domain has none. */
const struct conf_connector *conf_connector(const struct conf *,
    const char *domain);
/*
 * The entry that holds the address at that time (epoch seconds; 0: at any), or
 * NULL.
 */
const struct conf_legacy *conf_legacy(const struct conf *, const struct addr *,
    int64_t when);
/* Whether that address is one of our smart hosts. */
int	conf_is_smarthost(const struct conf *, const struct addr *);
/* Whether that address may be contacted: global, or "network allow". */
int	conf_may_contact(const struct conf *, const struct addr *);
/* Whether "network allow" names it. */
int	conf_is_allowed(const struct conf *, const struct addr *);

/*
 * The value of one key of "fleet postgresql".  Returns 1; 0 if it is not
 * there; -1 if the text is malformed (key NULL: whether it is), or the value
 * does not fit.
 */
int	conf_conninfo(const char *text, const char *key, char out[],
	    size_t outsz);
/* Whether its hosts are all folders of Unix sockets. */
int	conf_conninfo_local(const char *text);

/* What it requires, as sge.conf has it. */
const char *rule_name(const struct conf_rule *);
/* "TLSv1.3" or "1.3"; unknown newer ones count as the newest known. */
enum tlsver tlsver_parse(const char *s, size_t len);
const char *tlsver_name(enum tlsver);

#endif
