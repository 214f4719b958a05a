/* SPDX-License-Identifier: ISC */

/*
 * The mailer process: runs sendmail(8) for messages that come as descriptors.
 * Each has a process of its own to wait for it, which outlives the mailer and
 * writes down how it ended; see mail_result.h.
 */

#include <sys/file.h>
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
#include "lib/process.h"
#include "lib/sandbox.h"
#include "helper/helper.h"
#include "lib/mail_result.h"
#include "lib/xalloc.h"

/* At once; smtpd takes a message in some milliseconds. */
#define CHILDREN_MAX 8
/* Waiting for one of these; the engine asks for fewer. */
#define JOBS_MAX 256
/* After the engine is gone, running ones are waited for. */
#define LINGER_MS 5000
/* How often it is looked whether an orphaned one has ended. */
#define LOOK_ORPHAN_MS 500

struct job {
	TAILQ_ENTRY(job) entry;
	struct mailer	*mailer;
	json_int_t	 id;
	char		**argv;		/* points into request */
	json_t		*request;
	int		 message;
	int		 result;	/* what sendmail says, or -1 */
	pid_t		 pid;		/* of who waits for it; 0: not yet */
	struct loop_timer *timer;	/* who waited for it was killed */
};

struct mailer {
	const struct conf *conf;
	struct loop	*loop;
	struct ipc	*ipc;
	TAILQ_HEAD(, job) jobs;
	size_t		 njobs;
	size_t		 nrunning;
};

static void	jobs_run(struct mailer *);

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
	if (job->pid != 0)
		m->nrunning--;
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

__dead static void
job_exec(const struct job *job)
{
	static const char hint[] = ": can't be run\n";

	(void)setpgid(0, 0);
	process_signals_default();
	execv(job->argv[0], job->argv);
	(void)!write(2, job->argv[0], strlen(job->argv[0]));
	(void)!write(2, hint, sizeof(hint) - 1);
	_exit(EX_UNAVAILABLE);
}

/* Waits for sendmail's end, and writes it down. */
__dead static void
job_wait(pid_t pid)
{
	int status = 0, code = EX_TEMPFAIL;

	if (process_wait(pid, SENDMAIL_MS, &status) == -1)
		dprintf(1, "\nsendmail took too long");
	else if (WIFEXITED(status))
		code = WEXITSTATUS(status);
	else
		dprintf(1, "\nsendmail was killed");
	dprintf(1, "\nexit %d\n", code);
	_exit(code);
}

/* sendmail and who waits for it have the message, and where to write to. */
__dead static void
job_begin(const struct job *job)
{
	pid_t pid;

	if (dup2(job->message, 0) == -1 || dup2(job->result, 1) == -1 ||
	    dup2(job->result, 2) == -1)
		_exit(EX_OSERR);
	closefrom(3);
	if ((pid = process_fork()) == 0)
		job_exec(job);
	if (pid == -1) {
		dprintf(1, "no process\nexit %d\n", EX_OSERR);
		_exit(EX_OSERR);
	}
	job_wait(pid);
}

/* Opens its file: 0; -1: *why says what is in the way. */
static int
job_open(struct job *job, const char **why)
{
	char *path;

	path = mail_result_path(job->mailer->conf, ipc_int(job->request,
	    "delivery", 0));
	*why = "its file in the spool can't be written";
	if ((job->result = open(path, O_RDWR | O_CREAT | O_APPEND |
	    O_NOFOLLOW | O_CLOEXEC, 0600)) == -1)
		log_warn("%s", path);
	free(path);
	if (job->result == -1)
		return -1;
	*why = "an earlier sendmail is still at it";
	return flock(job->result, LOCK_EX | LOCK_NB);
}

/* Returns 0, or -1: *why says what is in the way. */
static int
job_run(struct job *job, const char **why)
{
	struct mailer *m = job->mailer;

	if (job_open(job, why) == -1)
		return -1;
	*why = "no process, or no room in the spool";
	if (ftruncate(job->result, 0) == -1 ||
	    (job->pid = process_fork()) == -1) {
		job->pid = 0;
		return -1;
	}
	if (job->pid == 0)
		job_begin(job);
	m->nrunning++;
	close(job->message);
	job->message = -1;
	return 0;
}

static void
jobs_run(struct mailer *m)
{
	struct job *job, *next;
	const char *why;

	for (job = TAILQ_FIRST(&m->jobs); job != NULL &&
	    m->nrunning < CHILDREN_MAX; job = next) {
		next = TAILQ_NEXT(job, entry);
		if (job->pid != 0 || job_run(job, &why) == 0)
			continue;
		mailer_refuse(m, job->id, EX_OSERR, why);
		job_free(job);
	}
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

/* The turn of the next, or of our own end. */
static void
jobs_next(struct mailer *m)
{
	jobs_run(m);
	if (m->ipc == NULL && m->njobs == 0)
		loop_stop(m->loop);
}

/* Its lock says when sendmail itself has ended. */
static void
job_orphaned(void *arg)
{
	struct job *job = arg;
	struct mailer *m = job->mailer;
	const char *why;

	if (job->result != -1)
		close(job->result);
	job->timer = NULL;
	if (job_open(job, &why) == 0) {
		job_ended(job);
		jobs_next(m);
		return;
	}
	job->timer = loop_timer_add(m->loop, LOOK_ORPHAN_MS,
	    job_orphaned, job);
}

static void
child_ended(int signo __unused, void *arg)
{
	struct mailer *m = arg;
	struct job *job;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		TAILQ_FOREACH(job, &m->jobs, entry)
			if (job->pid == pid)
				break;
		if (job != NULL && WIFSIGNALED(status))
			job_orphaned(job);
		else if (job != NULL)
			job_ended(job);
	}
	jobs_next(m);
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
	if (fd == -1 || m->njobs >= JOBS_MAX ||
	    (argv = make_argv(m->conf, obj)) == NULL) {
		mailer_refuse(m, ipc_int(obj, "id", 0),
		    fd != -1 && m->njobs >= JOBS_MAX ? EX_TEMPFAIL :
		    EX_USAGE, "not taken");
		if (fd != -1)
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
	jobs_run(m);
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
		if (job->pid == 0)
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
	TAILQ_INIT(&m.jobs);
	m.conf = conf;
	m.loop = loop_new();
	loop_signal(m.loop, SIGCHLD, child_ended, &m);
	m.ipc = ipc_new(m.loop, fd, mailer_message, mailer_closed, &m);
	loop_run(m.loop);
	exit(0);
}
