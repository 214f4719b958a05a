/* SPDX-License-Identifier: ISC */

#ifndef SGE_CHECK_H
#define SGE_CHECK_H

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
	const char	*program;	/* check config: where we are */
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

#endif
