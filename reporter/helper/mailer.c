/* SPDX-License-Identifier: ISC */

/*
 * The mailer process: runs sendmail(8) for messages that come as descriptors.
 */

#include <sys/queue.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/log.h"
#include "lib/process.h"
#include "lib/sandbox.h"
#include "helper/helper.h"

/* At once; smtpd takes a message in some milliseconds. */
#define CHILDREN_MAX 8
/* Waiting for one of these; the engine asks for fewer. */
#define JOBS_MAX 256
#define SENDMAIL_MS (60 * 1000)
/* After the engine is gone, running ones may end. */
#define LINGER_MS 5000
/* Kept of what sendmail says. */
#define TEXT_MAX 512

struct job {
	TAILQ_ENTRY(job) entry;
	struct mailer	*mailer;
	json_int_t	 id;
	char		**argv;		/* points into request */
	json_t		*request;
	int		 message;
	pid_t		 pid;		/* 0: not yet */
	int		 errors;	/* its stdout and stderr, or -1 */
	struct loop_fd	*event;
	struct loop_timer *timer;
	int		 timed_out;
	char		 text[TEXT_MAX];
	size_t		 len;
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
mailer_answer(struct mailer *m, json_int_t id, int status, const char *text)
{
	json_t *obj;

	if (m->ipc == NULL)
		return;
	obj = status == 0 ? json_pack("{sIss}", "id", id, "status", "ok") :
	    json_pack("{sIsssiss}", "id", id, "status", "error", "exit",
	    status, "text", text);
	if (obj == NULL)
		fatalx("mailer: no memory");
	(void)ipc_send(m->ipc, obj, -1);
}

static void
job_free(struct job *job)
{
	struct mailer *m = job->mailer;

	loop_timer_remove(m->loop, job->timer);
	loop_fd_remove(m->loop, job->event);
	if (job->errors != -1)
		close(job->errors);
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

/* sendmail -f FROM -- TO...; NULL if the request is not one. */
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
	if ((argv = calloc(nto + 5, sizeof(*argv))) == NULL)
		fatal("mailer");
	argv[n++] = conf->report_sendmail;
	argv[n++] = "-f";
	argv[n++] = (char *)(uintptr_t)json_string_value(from);
	argv[n++] = "--";
	for (i = 0; i < nto; i++)
		argv[n++] = (char *)(uintptr_t)json_string_value(
		    json_array_get(to, i));
	return argv;
}

__dead static void
job_exec(const struct job *job, int errors)
{
	static const char hint[] = ": can't be run\n";

	if (dup2(job->message, 0) == -1 || dup2(errors, 1) == -1 ||
	    dup2(errors, 2) == -1)
		_exit(EX_OSERR);
	closefrom(3);
	process_signals_default();
	execv(job->argv[0], job->argv);
	(void)!write(2, job->argv[0], strlen(job->argv[0]));
	(void)!write(2, hint, sizeof(hint) - 1);
	_exit(EX_UNAVAILABLE);
}

/* Text of another program, one line of printable ASCII. */
static void
job_text(struct job *job, const char *buf, size_t n)
{
	size_t i;

	for (i = 0; i < n && job->len < sizeof(job->text) - 1; i++)
		job->text[job->len++] = buf[i] == '\n' ? ' ' :
		    buf[i] >= ' ' && buf[i] < 0x7f ? buf[i] : '?';
	job->text[job->len] = '\0';
}

static void
job_errors(int fd, short revents __unused, void *arg)
{
	struct job *job = arg;
	char buf[1024];
	ssize_t n;

	if ((n = read(fd, buf, sizeof(buf))) > 0) {
		job_text(job, buf, (size_t)n);
		return;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	loop_fd_remove(job->mailer->loop, job->event);
	job->event = NULL;
}

static void
job_timeout(void *arg)
{
	struct job *job = arg;

	job->timer = NULL;
	job->timed_out = 1;
	(void)kill(job->pid, SIGKILL);
}

static int
job_run(struct job *job)
{
	struct mailer *m = job->mailer;
	int fds[2], flags;

	if (pipe(fds) == -1)
		return -1;
	if ((flags = fcntl(fds[0], F_GETFL)) == -1 ||
	    fcntl(fds[0], F_SETFL, flags | O_NONBLOCK) == -1)
		fatal("fcntl");
	if ((job->pid = process_fork()) == 0)
		job_exec(job, fds[1]);
	close(fds[1]);
	if (job->pid == -1) {
		job->pid = 0;
		close(fds[0]);
		return -1;
	}
	m->nrunning++;
	close(job->message);
	job->message = -1;
	job->errors = fds[0];
	job->event = loop_fd_add(m->loop, fds[0], POLLIN, job_errors, job);
	job->timer = loop_timer_add(m->loop, SENDMAIL_MS, job_timeout, job);
	return 0;
}

static void
jobs_run(struct mailer *m)
{
	struct job *job, *next;

	for (job = TAILQ_FIRST(&m->jobs); job != NULL &&
	    m->nrunning < CHILDREN_MAX; job = next) {
		next = TAILQ_NEXT(job, entry);
		if (job->pid != 0 || job_run(job) == 0)
			continue;
		mailer_answer(m, job->id, EX_OSERR, "no process or pipe");
		job_free(job);
	}
}

static void
job_ended(struct job *job, int status)
{
	char buf[TEXT_MAX];
	ssize_t n;
	int code;

	/* What it wrote last; others may still hold the pipe open. */
	while (job->event != NULL &&
	    (n = read(job->errors, buf, sizeof(buf))) > 0 &&
	    job->len < sizeof(job->text) - 1)
		job_text(job, buf, (size_t)n);
	if (job->timed_out) {
		code = EX_TEMPFAIL;
		strlcpy(job->text, "sendmail took too long",
		    sizeof(job->text));
	} else if (WIFEXITED(status))
		code = WEXITSTATUS(status);
	else {
		code = EX_TEMPFAIL;
		strlcpy(job->text, "sendmail was killed", sizeof(job->text));
	}
	mailer_answer(job->mailer, job->id, code, job->text);
	job_free(job);
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
		if (job != NULL)
			job_ended(job, status);
	}
	jobs_run(m);
	if (m->ipc == NULL && m->njobs == 0)
		loop_stop(m->loop);
}

static void
mailer_message(struct ipc *ipc __unused, json_t *obj, int fd, void *arg)
{
	struct mailer *m = arg;
	struct job *job;
	char **argv;

	if (fd == -1 || m->njobs >= JOBS_MAX ||
	    (argv = make_argv(m->conf, obj)) == NULL) {
		mailer_answer(m, ipc_int(obj, "id", 0),
		    fd != -1 && m->njobs >= JOBS_MAX ? EX_TEMPFAIL :
		    EX_USAGE, "not taken");
		if (fd != -1)
			close(fd);
		return;
	}
	if ((job = calloc(1, sizeof(*job))) == NULL)
		fatal("mailer");
	job->mailer = m;
	job->id = ipc_int(obj, "id", 0);
	job->argv = argv;
	job->request = json_incref(obj);
	job->message = fd;
	job->errors = -1;
	TAILQ_INSERT_TAIL(&m->jobs, job, entry);
	m->njobs++;
	jobs_run(m);
}

static void
linger_over(void *arg)
{
	struct mailer *m = arg;
	struct job *job;

	TAILQ_FOREACH(job, &m->jobs, entry)
		(void)kill(job->pid, SIGKILL);
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
