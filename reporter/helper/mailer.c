/* SPDX-License-Identifier: ISC */

/*
 * The mailer process: has sendmail(8) run for messages that come as
 * descriptors, by processes that outlive it; see mail_runner.h.
 */

#include <sys/queue.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/log.h"
#include "helper/helper.h"
#include "helper/mail_runner.h"
#include "lib/mail_result.h"
#include "lib/process.h"
#include "lib/sandbox.h"
#include "lib/xalloc.h"

/* At once; smtpd takes a message in some milliseconds. */
#define RUNNERS_MAX 8
/* Waiting for one of these; the engine asks for fewer. */
#define JOBS_MAX 256
/* After the engine is gone, running ones are waited for. */
#define LINGER_MS 5000
/* How often it is looked whether an orphaned one has ended. */
#define LOOK_ORPHAN_MS 500
/* Processes with nothing to run are kept for so long. */
#define IDLE_MS 1000

struct job {
	TAILQ_ENTRY(job) entry;
	struct mailer	*mailer;
	json_int_t	 id;
	char		**argv;		/* points into request */
	json_t		*request;
	int		 message;
	int		 result;	/* what sendmail says, or -1 */
	int		 begun;
	struct loop_timer *timer;	/* who waited for it was killed */
	int64_t		 until;		/* then it is not waited for */
};

struct runner {
	struct mailer	*mailer;
	pid_t		 pid;		/* 0: none */
	int		 fd;
	struct loop_fd	*event;
	struct job	*job;		/* NULL: idle */
};

struct mailer {
	const struct conf *conf;
	struct loop	*loop;
	struct ipc	*ipc;
	TAILQ_HEAD(, job) jobs;
	size_t		 njobs;
	struct runner	 runners[RUNNERS_MAX];
	struct loop_timer *idle;
};

static void	jobs_next(struct mailer *);

static void
mailer_send(struct mailer *m, json_t *answer)
{
	if (answer == NULL)
		fatalx("mailer: no memory");
	if (m->ipc != NULL)
		(void)ipc_send(m->ipc, answer, -1);
	else
		json_decref(answer);
}

static void
mailer_refuse(struct mailer *m, json_int_t id, int code, const char *text)
{
	mailer_send(m, json_pack("{sIsssiss}", "id", id, "status", "error",
	    "exit", code, "text", text));
}

static void
job_free(struct job *job)
{
	struct mailer *m = job->mailer;

	loop_timer_remove(m->loop, job->timer);
	if (job->result != -1)
		close(job->result);
	if (job->message != -1)
		close(job->message);
	m->njobs--;
	TAILQ_REMOVE(&m->jobs, job, entry);
	json_decref(job->request);
	free(job->argv);
	free(job);
}

/* An address that sendmail can't take for an option, nor a log for two. */
static int
is_address(const json_t *value)
{
	const char *s = json_string_value(value);

	if (s == NULL || *s == '-' || *s == '\0' || strlen(s) > RUA_URI_MAX)
		return 0;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return 0;
	return 1;
}

/*
 * sendmail -v -f FROM -- TO...; NULL if the request is not one.  -v: it tells
 * of its dialogue with smtpd, and so whether smtpd took the message.
 */
static char **
make_argv(const struct conf *conf, const json_t *request)
{
	const json_t *from = json_object_get(request, "from");
	const json_t *to = json_object_get(request, "to");
	char **argv;
	size_t i, n = 0, nto = json_array_size(to);

	if (!is_address(from) || nto == 0 || nto > RUA_URIS_MAX)
		return NULL;
	for (i = 0; i < nto; i++)
		if (!is_address(json_array_get(to, i)))
			return NULL;
	argv = xcalloc(nto + 6, sizeof(*argv));
	argv[n++] = conf->report_sendmail;
	argv[n++] = "-v";
	argv[n++] = "-f";
	argv[n++] = (char *)(uintptr_t)json_string_value(from);
	argv[n++] = "--";
	for (i = 0; i < nto; i++)
		argv[n++] = (char *)(uintptr_t)json_string_value(
		    json_array_get(to, i));
	return argv;
}

static int64_t
job_delivery(const struct job *job)
{
	return ipc_int(job->request, "delivery", 0);
}

static void
job_ended(struct job *job)
{
	struct mail_result r;

	mail_result_read(job->result, &r);
	if (r.unknown)
		mailer_send(job->mailer, json_pack("{sIsssisbss}", "id",
		    job->id, "status", "error", "exit", r.code, "unknown", 1,
		    "text", r.said));
	else if (r.code == 0)
		mailer_send(job->mailer, json_pack("{sIsssbss}", "id", job->id,
		    "status", "ok", "kept", r.kept, "message", r.message));
	else
		mailer_refuse(job->mailer, job->id, r.code, r.said);
	job_free(job);
}

/*
 * Its lock says when sendmail itself has ended, and all that it began.  Nobody
 * ends one that does not: it has as long as any other.
 */
static void
job_orphaned(void *arg)
{
	struct job *job = arg;
	struct mailer *m = job->mailer;
	const char *why;

	if (job->result != -1)
		close(job->result);
	job->timer = NULL;
	job->result = mail_result_open(m->conf, job_delivery(job), &why);
	if (job->result != -1 || loop_now() >= job->until) {
		if (job->result == -1)
			job->result = mail_result_look(m->conf,
			    job_delivery(job));
		job_ended(job);
		jobs_next(m);
		return;
	}
	job->timer = loop_timer_add(m->loop, LOOK_ORPHAN_MS,
	    job_orphaned, job);
}

/*
 * It ends by itself, at once if it has nothing to do; but one that somebody has
 * stopped does not, and we would wait for it.
 */
static void
runner_end(struct runner *r)
{
	int status;

	(void)kill(r->pid, SIGKILL);

	loop_fd_remove(r->mailer->loop, r->event);
	close(r->fd);
	while (waitpid(r->pid, &status, 0) == -1 && errno == EINTR)
		continue;
	r->pid = 0;
	r->job = NULL;
}

static void
runner_said(int fd, short revents __unused, void *arg)
{
	struct runner *r = arg;
	struct mailer *m = r->mailer;
	struct job *job = r->job;
	char said[RUNNER_SAYS];

	if (read(fd, said, sizeof(said)) == (ssize_t)sizeof(said)) {
		r->job = NULL;
		if (job != NULL)
			job_ended(job);
	} else {
		/* Killed. */
		runner_end(r);
		if (job != NULL) {
			job->until = loop_now() + SENDMAIL_MS;
			job_orphaned(job);
		}
	}
	jobs_next(m);
}

/* One that has nothing to do, or a new one; NULL: no process. */
static struct runner *
runner_find(struct mailer *m)
{
	struct runner *r, *none = NULL;

	for (r = m->runners; r < m->runners + RUNNERS_MAX; r++) {
		if (r->pid != 0 && r->job == NULL)
			return r;
		if (r->pid == 0 && none == NULL)
			none = r;
	}
	if (none == NULL || (none->pid = runner_start(&none->fd)) == -1) {
		if (none != NULL)
			none->pid = 0;
		return NULL;
	}
	none->mailer = m;
	none->event = loop_fd_add(m->loop, none->fd, POLLIN, runner_said,
	    none);
	return none;
}

static int
is_busy(const struct mailer *m)
{
	const struct runner *r;

	for (r = m->runners; r < m->runners + RUNNERS_MAX; r++)
		if (r->pid == 0 || r->job == NULL)
			return 0;
	return 1;
}

/* One that was killed since it was last of use is no reason to give up. */
static int
job_give(struct job *job)
{
	struct runner *r;
	int i;

	for (i = 0; i <= RUNNERS_MAX; i++) {
		if ((r = runner_find(job->mailer)) == NULL)
			return -1;
		if (runner_give(r->fd, job->argv, job->message,
		    job->result) == 0) {
			r->job = job;
			return 0;
		}
		runner_end(r);
	}
	return -1;
}

/* Returns 0, or -1: *why says what is in the way. */
static int
job_run(struct job *job, const char **why)
{
	if ((job->result = mail_result_new(job->mailer->conf,
	    job_delivery(job), why)) == -1)
		return -1;
	*why = "no process";
	if (job_give(job) == -1)
		return -1;
	job->begun = 1;
	close(job->message);
	job->message = -1;
	return 0;
}

static void
jobs_run(struct mailer *m)
{
	struct job *job, *next;
	const char *why;

	for (job = TAILQ_FIRST(&m->jobs); job != NULL && !is_busy(m);
	    job = next) {
		next = TAILQ_NEXT(job, entry);
		if (job->begun || job_run(job, &why) == 0)
			continue;
		mailer_refuse(m, job->id, EX_OSERR, why);
		job_free(job);
	}
}

static void
idle_over(void *arg)
{
	struct mailer *m = arg;
	struct runner *r;

	m->idle = NULL;
	for (r = m->runners; r < m->runners + RUNNERS_MAX; r++)
		if (r->pid != 0)
			runner_end(r);
	mail_result_tidy(m->conf);
}

/* The turn of the next, or of our own end. */
static void
jobs_next(struct mailer *m)
{
	jobs_run(m);
	if (m->njobs != 0)
		return;
	if (m->ipc == NULL)
		loop_stop(m->loop);
	else if (m->idle == NULL)
		m->idle = loop_timer_add(m->loop, IDLE_MS, idle_over, m);
}

static void
mailer_message(struct ipc *ipc __unused, json_t *obj, int fd, void *arg)
{
	struct mailer *m = arg;
	struct job *job;
	char **argv;

	if (strcmp(ipc_string(obj, "op", ""), "ping") == 0) {
		mailer_send(m, json_pack("{sIss}", "id", ipc_int(obj, "id", 0),
		    "status", "ok"));
		if (fd != -1)
			close(fd);
		return;
	}
	/* There was one, but for the limit of open files. */
	if (fd == -1) {
		mailer_refuse(m, ipc_int(obj, "id", 0), EX_OSERR,
		    "no descriptor came: too many open files");
		return;
	}
	if (m->njobs >= JOBS_MAX ||
	    (argv = make_argv(m->conf, obj)) == NULL) {
		mailer_refuse(m, ipc_int(obj, "id", 0), m->njobs >= JOBS_MAX ?
		    EX_TEMPFAIL : EX_USAGE, "not taken");
		close(fd);
		return;
	}
	job = xcalloc(1, sizeof(*job));
	job->mailer = m;
	job->id = ipc_int(obj, "id", 0);
	job->argv = argv;
	job->request = json_incref(obj);
	job->message = fd;
	job->result = -1;
	TAILQ_INSERT_TAIL(&m->jobs, job, entry);
	m->njobs++;
	loop_timer_remove(m->loop, m->idle);
	m->idle = NULL;
	/* It may end at once. */
	jobs_next(m);
}

static void
linger_over(void *arg)
{
	struct mailer *m = arg;

	loop_stop(m->loop);
}

static void
mailer_closed(struct ipc *ipc, void *arg)
{
	struct mailer *m = arg;
	struct job *job, *next;

	ipc_free(ipc);
	m->ipc = NULL;
	for (job = TAILQ_FIRST(&m->jobs); job != NULL; job = next) {
		next = TAILQ_NEXT(job, entry);
		if (!job->begun)
			job_free(job);
	}
	if (m->njobs == 0)
		loop_stop(m->loop);
	else
		loop_timer_add(m->loop, LINGER_MS, linger_over, m);
}

__dead void
mailer_main(const struct conf *conf, int fd)
{
	struct mailer m = { 0 };

	sandbox_drop(SGE_USER, NULL);
	sandbox_mailer(conf);
	mail_result_tidy(conf);
	TAILQ_INIT(&m.jobs);
	m.conf = conf;
	m.loop = loop_new();
	m.ipc = ipc_new(m.loop, fd, mailer_message, mailer_closed, &m);
	loop_run(m.loop);
	exit(0);
}
