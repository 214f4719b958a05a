/* SPDX-License-Identifier: ISC */

/*
 * What became of mail that was being sent when sged ended, however it ended:
 * each message has a file in the spool (mail_result.h).  One without was not
 * begun and is due again.  Until all is known no other mail is begun.
 */

#include <sys/file.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/spool_file.h"
#include "deliver/deliver_job.h"
#include "lib/mail_result.h"

/*
 * Whether its sendmail still runs.  What that has left running may have the
 * file as well, for as long as it likes; and no one ends a sendmail if who
 * waited for it was killed: other mail does not wait for that.
 */
static int
is_running(const struct deliver *d, int fd)
{
	struct mail_result r;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	mail_result_read(fd, &r);
	return !r.over && loop_now() < d->recover_until;
}

/* As if the mailer had answered just now. */
static int
settle_row(struct deliver *d, const struct store_delivery *row, int fd,
    int64_t now)
{
	struct mail_result r;
	struct job *job;
	int rc;

	if ((job = deliver_job(d, row)) == NULL)
		return 0;
	mail_result_read(fd, &r);
	job->answer = r.code == 0 ? json_pack("{s:s, s:b, s:s}", "status",
	    "ok", "kept", r.kept, "message", r.message) :
	    json_pack("{s:s, s:i, s:b, s:s}", "status", "error", "exit",
	    r.code, "unknown", r.unknown, "text", r.said);
	if (job->answer == NULL)
		fatalx("deliver: no memory");
	rc = send_settle(job, now);
	if (job->doubt)
		doubt_add(job);
	else
		job_free(job);
	return rc;
}

/* One file.  Returns 0; 1: its sendmail still runs; -1: trouble. */
static int
settle_file(struct deliver *d, int64_t delivery, int64_t now)
{
	struct store_delivery row;
	char *path;
	int fd, rc = 0;

	if (doubt_has(d, delivery))
		return 0;
	path = mail_result_path(d->engine->conf, delivery);
	if ((fd = spool_file_open(path, NULL)) == -1) {
		/* What can't be ours is as none: all mail would wait for it. */
		if (errno != ENOENT) {
			rc = mail_result_is_strange(errno) ? 0 : -1;
			log_warn("%s", path);
		}
	} else if (is_running(d, fd))
		rc = 1;
	else if ((rc = store_delivery_sending(d->engine->store, delivery,
	    &row)) == 1)
		rc = settle_row(d, &row, fd, now);
	if (fd != -1)
		close(fd);
	free(path);
	return rc;
}

/* Each file there; returns how many sendmails still run, or -1. */
static int
settle_files(struct deliver *d, int64_t now,
    void (*each)(struct deliver *, int64_t))
{
	const char *error;
	struct dirent *de;
	int64_t delivery;
	int running = 0, rc = 0;
	DIR *dir;

	if ((dir = opendir(d->engine->conf->spool)) == NULL) {
		log_warn("%s", d->engine->conf->spool);
		return -1;
	}
	while (rc != -1 && (de = readdir(dir)) != NULL) {
		if (strncmp(de->d_name, MAIL_RESULT_PREFIX,
		    strlen(MAIL_RESULT_PREFIX)) != 0)
			continue;
		delivery = strtonum(de->d_name + strlen(MAIL_RESULT_PREFIX),
		    0, INT64_MAX, &error);
		if (error != NULL)
			continue;
		if (each != NULL && !doubt_has(d, delivery))
			each(d, delivery);
		else if (each != NULL)
			continue;
		else if ((rc = settle_file(d, delivery, now)) == 1)
			running++;
	}
	closedir(dir);
	return rc == -1 ? -1 : running;
}

static void
forget(struct deliver *d, int64_t delivery)
{
	char *path;

	path = mail_result_path(d->engine->conf, delivery);
	if (mail_result_remove(path) == -1 && errno != ENOENT)
		log_warn("%s", path);
	free(path);
}

/* Those in doubt are no more due than any other that is being sent. */
static int
keep_doubtful(struct deliver *d, int64_t now)
{
	const struct job *job;

	TAILQ_FOREACH(job, &d->doubtful, entry)
		if (store_delivery_again(d->engine->store, job->delivery,
		    now) == -1)
			return -1;
	return 0;
}

int
deliver_recover(struct deliver *d, int64_t now)
{
	struct store *st = d->engine->store;
	const struct job *job;
	int running, n = 0;

	if (store_begin(st) == -1)
		return -1;
	if ((running = settle_files(d, now, NULL)) == -1 || (running == 0 &&
	    ((n = store_delivery_recover(st, DELIVERY_MAIL, now)) == -1 ||
	    keep_doubtful(d, now) == -1))) {
		store_rollback(st);
		return -1;
	}
	if (store_commit(st) == -1)
		return -1;
	if (running > 0)
		return 1;
	TAILQ_FOREACH(job, &d->doubtful, entry)
		n--;
	if (n > 0)
		log_info("%d reports were not yet given to sendmail", n);
	return settle_files(d, now, forget) == -1 ? -1 : 0;
}
