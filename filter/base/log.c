/* SPDX-License-Identifier: ISC */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <vis.h>

#include "base/log.h"

static int	 fatal_status = 1;
static int	 to_stderr = 1;
static int	 verbose;
static const char *process = "sge";

static void	 vlog(int, const char *, va_list, const char *)
		    __attribute__((__format__(printf, 2, 0)));

void
log_init(const char *name, int use_stderr, int be_verbose)
{
	process = name;
	to_stderr = use_stderr;
	verbose = be_verbose;
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
	char line[2048];
	int saved = errno;

	/* A cut-off log line is still one line; nothing else reads it. */
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	if (to_stderr)
		fprintf(stderr, "%s: %s%s%s\n", process, line,
		    why == NULL ? "" : ": ", why == NULL ? "" : why);
	else
		syslog(priority, "%s: %s%s%s", process, line,
		    why == NULL ? "" : ": ", why == NULL ? "" : why);
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
	int saved = errno;
	ssize_t n;

	/* What smtpd does not take at once is not worth waiting for. */
	n = write(STDERR_FILENO, line, len);
	(void)n;
	errno = saved;
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
