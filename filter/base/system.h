/* SPDX-License-Identifier: ISC */

#ifndef SGE_SYSTEM_H
#define SGE_SYSTEM_H

/*
 * What the operator's system calls things, for what is printed.  No other
 * place knows: manuals and examples have OpenBSD's words, and where another
 * system installs them etc/words makes that system's of each, by these lines.
 * One "%s" at most, for one word.
 */
#ifdef __OpenBSD__
#define SYSTEM_ALIASES		"/etc/mail/aliases"
#define SYSTEM_SMTPD_CONF	"/etc/mail/smtpd.conf"
#define SYSTEM_SMTPD_START	"rcctl start smtpd"
#define SYSTEM_SMTPD_RESTART	"rcctl restart smtpd"
#define SYSTEM_SGED_START	"rcctl start sged"
#define SYSTEM_SGED_RESTART	"rcctl restart sged"
#define SYSTEM_SGED_RELOAD	"rcctl reload sged"
#define SYSTEM_LOG_GREP		"grep %s /var/log/maillog"
#define SYSTEM_DAILY_JOB	"echo %s digest >>/etc/daily.local"
#else
#define SYSTEM_ALIASES		"/etc/aliases"
#define SYSTEM_SMTPD_CONF	"/etc/smtpd.conf"
#define SYSTEM_SMTPD_START	"systemctl start opensmtpd"
#define SYSTEM_SMTPD_RESTART	"systemctl restart opensmtpd"
#define SYSTEM_SGED_START	"systemctl start sged"
#define SYSTEM_SGED_RESTART	"systemctl restart sged"
#define SYSTEM_SGED_RELOAD	"systemctl reload sged"
#define SYSTEM_LOG_GREP		"journalctl -u opensmtpd -g %s"
#define SYSTEM_DAILY_JOB	"echo '30 1 * * * root %s digest' >/etc/cron.d/sge"
#endif

/* smtpd's own, the same everywhere: who is asked, what waits for its start. */
#define SMTPD_SOCKET		"/var/run/smtpd.sock"
#define SMTPD_OFFLINE		"/var/spool/smtpd/offline"
/* As whom its tables run; a host may have more than one of them. */
#define SMTPD_USERS		"_smtpd", "opensmtpd", "smtpd"
#define SMTPD_USERS_MAX		3

/*
 * Makes a user of ours; before its name.  Manuals have both, so it is none of
 * those above.
 */
#ifdef __OpenBSD__
#define USERADD "useradd -d /var/empty -s /sbin/nologin"
#else
#define USERADD "useradd -r -U -d / -s /usr/sbin/nologin"
#endif

#endif
