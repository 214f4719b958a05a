/* SPDX-License-Identifier: ISC */

/* no-op filter on libopensmtpd 0.7 (Debian libopensmtpd-dev), same
 * registrations as regs.txt */
#include <sys/types.h>
#include <sys/socket.h>
#include <time.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <opensmtpd.h>
struct sess {
	uint32_t rcpts, tls, commits;
};
static void *
snew(struct osmtpd_ctx *c)
{
	(void)c;
	return calloc(1, sizeof(struct sess));
}
static void
sdel(struct osmtpd_ctx *c, void *s)
{
	(void)c;
	free(s);
}
#define S(c) ((struct sess *)(c)->local_session)
static void
conn(struct osmtpd_ctx *c, const char *r, enum osmtpd_status f,
    struct sockaddr_storage *s, struct sockaddr_storage *d)
{
	(void)c;
	(void)r;
	(void)f;
	(void)s;
	(void)d;
}
static void
disc(struct osmtpd_ctx *c)
{
	(void)c;
}
static void
str(struct osmtpd_ctx *c, const char *s)
{
	(void)c;
	(void)s;
}
static void
tls(struct osmtpd_ctx *c, const char *s)
{
	(void)s;
	S(c)->tls = 1;
}
static void
addr(struct osmtpd_ctx *c, uint32_t m, const char *a, enum osmtpd_status s)
{
	(void)m;
	(void)a;
	(void)s;
	S(c)->rcpts++;
}
static void
commit(struct osmtpd_ctx *c, uint32_t m, size_t n)
{
	(void)m;
	(void)n;
	S(c)->commits++;
}
static void
rollback(struct osmtpd_ctx *c, uint32_t m)
{
	(void)c;
	(void)m;
}
static void
rcptto(struct osmtpd_ctx *c, const char *a)
{
	(void)a;
	osmtpd_filter_proceed(c);
}
int
main(void)
{
	int i;
	osmtpd_local_session(snew, sdel);
	for (i = 0; i < 2; i++) {
		osmtpd_register_report_connect(i, conn);
		osmtpd_register_report_tls(i, tls);
		osmtpd_register_report_mail(i, addr);
		osmtpd_register_report_rcpt(i, addr);
		osmtpd_register_report_commit(i, commit);
		osmtpd_register_report_rollback(i, rollback);
		osmtpd_register_report_disconnect(i, disc);
	}
	osmtpd_register_report_client(0, str);
	osmtpd_register_report_server(0, str);
	/* osmtpd_register_report_greeting is in opensmtpd.h but not in
	 * libopensmtpd.so 0.7-2 */
	osmtpd_register_filter_rcptto(rcptto);
	osmtpd_run();
	return 0;
}
