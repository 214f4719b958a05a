/* SPDX-License-Identifier: ISC */

/*
 * Mail whose sendmail ended without a word, unseen, since who waited for it was
 * killed as well.  OpenSMTPD's says nothing when it keeps a message for when
 * smtpd runs again; nor does one that was killed.  What is in its folder is
 * not ours to see, but when something was put there is: where nothing was, it
 * is sent again as any that failed for now.  Else it waits until smtpd runs and
 * brings what it has: then filter-sge asks about its recipient.  Where it does
 * not, the message was not kept.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sged_client.h"
#include "base/system.h"
#include "deliver/deliver_job.h"
#include "lib/mail_result.h"

/* smtpd has brought all it has when nothing changed there for so long. */
#define DOUBT_SECONDS 60

int
doubt_is(const struct job *job)
{
	struct stat mail, offline;
	char *path;
	int rc;

	path = mail_result_path(job->deliver->engine->conf, job->delivery);
	rc = stat(path, &mail);
	free(path);
	if (rc == -1 || stat(SMTPD_OFFLINE, &offline) == -1)
		return 0;
	/* Its file is made first, and is empty. */
	return offline.st_mtim.tv_sec > mail.st_mtim.tv_sec ||
	    (offline.st_mtim.tv_sec == mail.st_mtim.tv_sec &&
	    offline.st_mtim.tv_nsec >= mail.st_mtim.tv_nsec);
}

void
doubt_add(struct job *job)
{
	job->doubt = 0;
	TAILQ_INSERT_TAIL(&job->deliver->doubtful, job, entry);
	log_info("report=%lld to=%s: what sendmail did with it is not known: "
	    "waits for smtpd to bring it, or not", (long long)job->report,
	    log_clean(job->place));
}

int
doubt_has(const struct deliver *d, int64_t delivery)
{
	const struct job *job;

	TAILQ_FOREACH(job, &d->doubtful, entry)
		if (job->delivery == delivery)
			return 1;
	return 0;
}

int
doubt_holds(const struct deliver *d, const char *address)
{
	const struct job *job;

	TAILQ_FOREACH(job, &d->doubtful, entry)
		if (strcasecmp(job_mail_address(job), address) == 0)
			return 1;
	return 0;
}

void
doubt_seen(struct deliver *d, const char *address)
{
	struct job *job;

	TAILQ_FOREACH(job, &d->doubtful, entry)
		if (!job->arrived &&
		    strcasecmp(job_mail_address(job), address) == 0) {
			job->arrived = 1;
			deliver_soon(d, 0);
			return;
		}
}

/* As sendmail finds out. */
static int
smtpd_runs(void)
{
	struct sockaddr_un sun;
	int fd, rc = -1;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	(void)strlcpy(sun.sun_path, SMTPD_SOCKET, sizeof(sun.sun_path));
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0)) != -1) {
		rc = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
		close(fd);
	}
	return rc == 0;
}

/* Whether smtpd ran for so long that what it has not brought is not there. */
static int
is_over(struct deliver *d, int64_t now)
{
	struct stat offline;

	if (!smtpd_runs()) {
		d->smtpd_up = 0;
		return 0;
	}
	if (d->smtpd_up == 0)
		d->smtpd_up = now;
	return now - d->smtpd_up >= DOUBT_SECONDS &&
	    (stat(SMTPD_OFFLINE, &offline) == -1 ||
	    now - offline.st_mtim.tv_sec >= DOUBT_SECONDS);
}

static void
clear_up(struct job *job)
{
	struct deliver *d = job->deliver;

	TAILQ_REMOVE(&d->doubtful, job, entry);
	json_decref(job->answer);
	job->answer = job->arrived ? json_pack("{s:s, s:b}", "status", "ok",
	    "kept", 1) : json_pack("{s:s, s:i, s:s}", "status", "error",
	    "exit", EX_TEMPFAIL, "text", "sendmail was killed");
	if (job->answer == NULL)
		fatalx("deliver: no memory");
	TAILQ_INSERT_TAIL(&d->answered, job, entry);
	d->count[job->stage]++;
	d->nanswered++;
}

void
doubt_round(struct deliver *d, int64_t now)
{
	struct job *job, *next;
	int over;

	if (TAILQ_EMPTY(&d->doubtful))
		return;
	over = is_over(d, now);
	for (job = TAILQ_FIRST(&d->doubtful); job != NULL; job = next) {
		next = TAILQ_NEXT(job, entry);
		if (job->arrived || over)
			clear_up(job);
	}
}
