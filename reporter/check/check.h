/* SPDX-License-Identifier: ISC */

#ifndef SGE_CHECK_H
#define SGE_CHECK_H

#include "check/check_ask.h"
#include "rfc/sts.h"
#include "ctl/print.h"

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

/* check domain: one domain on its way through the parts. */
enum check_level {
	CHECK_OK,
	CHECK_INFO,
	CHECK_WARN,
	CHECK_BAD,
	CHECK_DARK		/* could not be found out */
};

struct check {
	const struct view *view;
	struct asker	*asker;
	const char	*domain;
	struct sts_policy *policy;	/* as fetched now, or NULL */
	int		 status;
};

void	check_part(struct check *, const char *part, enum check_level,
	    const char *, ...) __attribute__((__format__(printf, 4, 5)));
/* From the answer to "mx". */
void	check_mx(struct check *, const json_t *answer);

/*
 * check config: smtpd.conf; the DKIM key of the selector that it names; a test
 * message to the rua mailbox, which takes up to a minute.
 */
struct smtpd_conf;
void	check_smtpd(struct check *, const char *path);
void	check_dkim_key(struct check *, const struct smtpd_conf *);
void	check_dkim_mail(struct check *);

#endif
