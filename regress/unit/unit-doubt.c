/* SPDX-License-Identifier: ISC */

/*
 * Mail whose hand-over nobody saw end: whether it may lie in smtpd's offline
 * folder, and when that is clear.  smtpd's folder and socket are this test's
 * own (unit-doubt.t).
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/system.h"
#include "deliver/deliver_job.h"
#include "lib/mail_result.h"
#include "tap.h"

#define T0 1795316645

static char	 spool[] = "/tmp/unit-doubt.XXXXXXXXXX";
static struct conf conf = { .spool = spool };
static struct engine e = { .conf = &conf };
static struct deliver d = { .engine = &e };

/* Mail number n, in doubt. */
static struct job *
doubtful(int64_t n, const char *place)
{
	struct store_delivery row = { .id = n, .report = n };
	struct job *job;

	(void)strlcpy(row.uri, place, sizeof(row.uri));
	if ((job = deliver_job(&d, &row)) == NULL)
		fatalx("test: %s", place);
	job->doubt = 1;
	doubt_add(job);
	return job;
}

/* Ends what was answered: "N STATUS" of each, in a static buffer. */
static const char *
answered(void)
{
	static char out[128];
	char one[64];
	struct job *job;

	out[0] = '\0';
	while ((job = TAILQ_FIRST(&d.answered)) != NULL) {
		TAILQ_REMOVE(&d.answered, job, entry);
		(void)snprintf(one, sizeof(one), "%s%lld %s", out[0] == '\0' ?
		    "" : ", ", (long long)job->delivery, json_string_value(
		    json_object_get(job->answer, "status")));
		(void)strlcat(out, one, sizeof(out));
		job_free(job);
	}
	d.nanswered = d.count[JOB_MAIL] = 0;
	return out;
}

/* When a file or folder changed: nanoseconds behind the second count. */
static void
changed(const char *path, int64_t seconds, long ns)
{
	struct timespec t[2] = { { .tv_sec = seconds, .tv_nsec = ns },
	    { .tv_sec = seconds, .tv_nsec = ns } };

	if (utimensat(AT_FDCWD, path, t, 0) == -1)
		fatal("%s", path);
}

static void
test_is(void)
{
	struct job *job = doubtful(7, "mailto:a@a.nz");
	char *path = mail_result_path(&conf, 7);
	FILE *f;

	is_int(doubt_is(job), 0, "sendmail never began");
	if ((f = fopen(path, "w")) == NULL || fclose(f) == EOF)
		fatal("%s", path);
	changed(path, T0, 500);
	is_int(doubt_is(job), 0, "smtpd has no such folder");
	if (mkdir(SMTPD_OFFLINE, 0700) == -1)
		fatal("%s", SMTPD_OFFLINE);
	changed(SMTPD_OFFLINE, T0 - 1, 900);
	is_int(doubt_is(job), 0, "nothing was put into it since");
	changed(SMTPD_OFFLINE, T0, 499);
	is_int(doubt_is(job), 0, "by so little");
	changed(SMTPD_OFFLINE, T0, 500);
	is_int(doubt_is(job), 1, "just then something was");
	job->doubt = 0;
	job->answer = json_pack("{s:b}", "unknown", 1);
	is_int(send_settle(job, T0), 0, "nobody saw sendmail end");
	is_int(job->doubt, 1, "it is in doubt");
	job->doubt = 0;
	changed(SMTPD_OFFLINE, T0 + 1, 0);
	is_int(doubt_is(job), 1, "and later");
	(void)unlink(path);
	free(path);
	job->arrived = 1;
	doubt_round(&d, T0);
	is_str(answered(), "7 ok", "it arrived");
}

static void
test_seen(void)
{
	(void)doubtful(1, "mailto:a@a.nz");
	(void)doubtful(2, "copy:B@b.nz");
	(void)doubtful(3, "mailto:a@a.nz");
	is_int(doubt_has(&d, 2), 1, "one is in doubt");
	is_int(doubt_has(&d, 4), 0, "another is not");
	is_int(doubt_holds(&d, "A@A.nz"), 1, "nor is one to that address");
	is_int(doubt_holds(&d, "c@a.nz"), 0, "to this one there is none");
	doubt_seen(&d, "c@a.nz");
	is_int(d.timer == NULL, 1, "a mail to somebody else says nothing");
	doubt_seen(&d, "A@a.nz");
	is_int(d.timer != NULL, 1, "one of these is seen to at once");
	is_int(d.timer_at <= loop_now(), 1, "without a wait");
	loop_timer_remove(e.loop, d.timer);
	d.timer = NULL;
	doubt_round(&d, T0);
	is_str(answered(), "1 ok", "the first of them arrived");
	doubt_seen(&d, "a@a.nz");
	loop_timer_remove(e.loop, d.timer);
	d.timer = NULL;
	doubt_round(&d, T0);
	is_str(answered(), "3 ok", "then the second");
	is_int(doubt_has(&d, 2), 1, "the other stays");
}

/* smtpd listens on its socket, as far as a program can tell that connects. */
static int
listens(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	(void)strlcpy(sun.sun_path, SMTPD_SOCKET, sizeof(sun.sun_path));
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(fd, 64) == -1)
		fatal("%s", SMTPD_SOCKET);
	return fd;
}

/* What smtpd has not brought when it ran for a minute is not there. */
static void
test_over(void)
{
	int fd;

	changed(SMTPD_OFFLINE, T0, 0);
	doubt_round(&d, T0 + 3600);
	is_str(answered(), "", "smtpd is away: nobody knows");
	fd = listens();
	doubt_round(&d, T0 + 3600);
	is_str(answered(), "", "it has just begun");
	doubt_round(&d, T0 + 3659);
	is_str(answered(), "", "not yet a minute ago");
	close(fd);
	doubt_round(&d, T0 + 3660);
	is_str(answered(), "", "it went away again");
	(void)unlink(SMTPD_SOCKET);
	fd = listens();
	doubt_round(&d, T0 + 3700);
	doubt_round(&d, T0 + 3759);
	is_str(answered(), "", "that minute begins anew");
	changed(SMTPD_OFFLINE, T0 + 3720, 0);
	doubt_round(&d, T0 + 3760);
	is_str(answered(), "", "it still takes mail out of the folder");
	doubt_round(&d, T0 + 3779);
	is_str(answered(), "", "a moment longer");
	doubt_round(&d, T0 + 3780);
	is_str(answered(), "2 error", "nothing came: it is sent again");
	(void)doubtful(9, "mailto:a@a.nz");
	if (rmdir(SMTPD_OFFLINE) == -1)
		fatal("%s", SMTPD_OFFLINE);
	doubt_round(&d, T0 + 3780);
	is_str(answered(), "9 error", "nor without that folder");
	close(fd);
	(void)unlink(SMTPD_SOCKET);
}

int
main(void)
{
	if (mkdtemp(spool) == NULL)
		fatal("%s", spool);
	e.loop = loop_new();
	TAILQ_INIT(&d.asked);
	TAILQ_INIT(&d.answered);
	TAILQ_INIT(&d.doubtful);
	test_is();
	test_seen();
	test_over();
	loop_free(e.loop);
	(void)rmdir(spool);
	return done_testing();
}
