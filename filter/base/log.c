/* SPDX-License-Identifier: ISC */

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <vis.h>

#include "base/log.h"
#include "base/trouble.h"

/* Some tens of lines. */
#define QUEUE_SIZE 8192
/* A second of waiting at the end. */
#define END_LOOKS (1000 / TROUBLE_MS)

static int	 fatal_status = 1;
static int	 to_stderr = 1;
static int	 verbose;
static const char *process = "sge";
/* What stderr is still to take: whole lines, but the first may be begun. */
static char	 queue[QUEUE_SIZE];
static size_t	 nqueue;

static void	 forget(void);
static size_t	 at_once(const char *, size_t);
static void	 vlog(int, const char *, va_list, const char *)
		    __attribute__((__format__(printf, 2, 0)));

void
log_init(const char *name, int use_stderr, int be_verbose)
{
	process = name;
	to_stderr = use_stderr;
	verbose = be_verbose;
	/* Without memory for it, a child may say something twice. */
	(void)pthread_atfork(NULL, NULL, forget);
	log_reopen();
}

void
log_reopen(void)
{
	if (!to_stderr)
		openlog("sged", LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void
log_procname(const char *name)
{
	process = name;
}

int
log_verbose(void)
{
	return verbose;
}

static void
vlog(int priority, const char *fmt, va_list ap, const char *why)
{
	char text[2048], line[sizeof(text) + 512];
	int saved = errno;
	size_t len;

	/* A cut-off log line is still one line; nothing else reads it. */
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	(void)snprintf(line, sizeof(line) - 1, "%s: %s%s%s", process, text,
	    why == NULL ? "" : ": ", why == NULL ? "" : why);
	if (to_stderr) {
		len = strlen(line);
		line[len++] = '\n';
		log_event(line, len);
		log_flush();
	} else
		syslog(priority, "%s", line);
	errno = saved;
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_ERR, fmt, ap, strerror(errno));
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_ERR, fmt, ap, NULL);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_INFO, fmt, ap, NULL);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	vlog(LOG_DEBUG, fmt, ap, NULL);
	va_end(ap);
}

void
log_event(const char *line, size_t len)
{
	if (len > sizeof(queue) - nqueue)
		log_flush();
	/* What smtpd does not take is not worth waiting for. */
	if (len > sizeof(queue) - nqueue)
		return;
	memcpy(queue + nqueue, line, len);
	nqueue += len;
}

/* In a child of fork(2): its parent still says what it has to say. */
static void
forget(void)
{
	nqueue = 0;
}

/*
 * Whole lines that a pipe takes all or nothing of, so that no line of who else
 * writes there (filter-keep and its filter share it) stands within one of ours.
 */
static size_t
at_once(const char *lines, size_t len)
{
	const char *nl;

	if (len <= PIPE_BUF)
		return len;
	if ((nl = memrchr(lines, '\n', PIPE_BUF)) == NULL)
		nl = memchr(lines, '\n', len);
	return nl == NULL ? len : (size_t)(nl + 1 - lines);
}

void
log_flush(void)
{
	int saved = errno;
	size_t done = 0;
	ssize_t n;

	while (done < nqueue) {
		n = write(STDERR_FILENO, queue + done,
		    at_once(queue + done, nqueue - done));
		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR) {
			if (n == -1 && !trouble_passes(errno))
				done = nqueue;
			break;
		}
	}
	nqueue -= done;
	memmove(queue, queue + done, nqueue);
	errno = saved;
}

int
log_waiting(void)
{
	return nqueue > 0;
}

void
log_end(void)
{
	struct pollfd pfd = { .fd = STDERR_FILENO, .events = POLLOUT };
	int i;

	log_flush();
	for (i = 0; i < END_LOOKS && nqueue > 0; i++) {
		(void)poll(&pfd, 1, TROUBLE_MS);
		log_flush();
	}
}

void
log_fatal(int status)
{
	fatal_status = status;
}

__dead void
fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_CRIT, fmt, ap, strerror(errno));
	va_end(ap);
	exit(fatal_status);
}

__dead void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_CRIT, fmt, ap, NULL);
	va_end(ap);
	exit(fatal_status);
}

/* libbsd's strnvis(3) writes its NUL behind a buffer that is full. */
void
log_vis(char out[], size_t outsz, const char *s, int flags)
{
	int saved = errno;
	size_t i;

	out[0] = out[outsz - 1] = '\0';
	(void)strnvis(out, s, outsz - 1, flags);
	errno = saved;
	if (out[0] != '\0' || *s == '\0')
		return;
	/* It needs memory, too, and had none. */
	for (i = 0; i < outsz - 1 && s[i] != '\0'; i++)
		out[i] = isgraph((unsigned char)s[i]) || s[i] == ' ' ? s[i] :
		    '?';
	out[i] = '\0';
}

const char *
log_clean(const char *s)
{
	static char buf[4][512];
	static unsigned int next;
	char *out = buf[next++ % nitems(buf)];

	if (s == NULL)
		return "-";
	/* Cut off at the buffer's end: this is for people to read. */
	log_vis(out, sizeof(buf[0]), s, VIS_SAFE | VIS_NL | VIS_CSTYLE);
	return out;
}
