/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/compat.h"
#include "base/domain.h"
#include "base/log.h"
#include "spool/attempts.h"
#include "spool/writer_fork.h"

/* Files that nobody took away: the older ones go. */
#define FILES_KEPT 24
#define COMPLAIN_SECONDS 60
/* How long the end waits for what was handed over. */
#define END_MS 3000
#define ATTEMPT_LINE_MAX (DOMAIN_MAX + ROUTE_URL_MAX + 64)

struct attempts {
	char		*dir;
	int		 sock;		/* to the process that writes, or -1 */
	int		 fd;
	int64_t		 hour;		/* of the open file */
	off_t		 size;
	char		 names[FILES_KEPT][40];
	size_t		 next;		/* the name to be replaced */
	int64_t		 complained;
};

struct attempts *
attempts_new(const char *spool)
{
	struct attempts *a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->fd = a->sock = -1;
	if (asprintf(&a->dir, "%s/attempts", spool) == -1) {
		free(a);
		return NULL;
	}
	return a;
}

/* It ends once it has written all; one that hangs, later by itself. */
static void
writer_end(struct attempts *a)
{
	struct pollfd pfd = { .fd = a->sock, .events = POLLIN };

	(void)shutdown(a->sock, SHUT_WR);
	(void)poll(&pfd, 1, END_MS);
	close(a->sock);
}

void
attempts_free(struct attempts *a)
{
	if (a == NULL)
		return;
	if (a->sock != -1)
		writer_end(a);
	if (a->fd != -1)
		close(a->fd);
	free(a->dir);
	free(a);
}

static void
complain(struct attempts *a, int64_t now)
{
	int saved = errno;

	if (a->complained != 0 && now - a->complained < COMPLAIN_SECONDS)
		return;
	a->complained = now;
	log_warnx("can't write to %s: %s: failed sessions will not tell their "
	    "domain", a->dir, strerror(saved));
}

static int
file_path(const struct attempts *a, const char *name, char path[],
    size_t pathsz)
{
	return (size_t)snprintf(path, pathsz, "%s/%s", a->dir, name) < pathsz ?
	    0 : -1;
}

/* A new file, and an end of the oldest of ours. */
static int
file_open(struct attempts *a, int64_t now)
{
	char path[1024], *name = a->names[a->next];
	time_t t = now;
	struct tm tm;

	if (a->fd != -1)
		close(a->fd);
	a->fd = -1;
	if (name[0] != '\0' && file_path(a, name, path, sizeof(path)) == 0)
		(void)unlink(path);
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(name, sizeof(a->names[0]), "%Y%m%dT%HZ", &tm) == 0)
		return -1;
	(void)snprintf(name + strlen(name), sizeof(a->names[0]) -
	    strlen(name), ".%08x%08x", (unsigned int)arc4random(),
	    (unsigned int)arc4random());
	if (file_path(a, name, path, sizeof(path)) == -1) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((a->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0644)) == -1)
		return -1;
	a->next = (a->next + 1) % FILES_KEPT;
	a->hour = now / 3600;
	a->size = 0;
	return 0;
}

static void
line_write(struct attempts *a, const char *line, ssize_t len, int64_t now)
{
	struct stat sb;
	ssize_t n;

	if (a->fd != -1 && (a->hour != now / 3600 ||
	    a->size + len > ATTEMPTS_FILE_MAX || fstat(a->fd, &sb) == -1 ||
	    sb.st_nlink == 0)) {
		close(a->fd);
		a->fd = -1;
	}
	if (a->fd == -1 && file_open(a, now) == -1) {
		complain(a, now);
		return;
	}
	/* In one piece, or not at all: a full disk may leave a part. */
	if ((n = write(a->fd, line, (size_t)len)) == len) {
		a->size += len;
		return;
	}
	complain(a, now);
	if (n > 0) {
		close(a->fd);
		a->fd = -1;
	}
}

static __dead void
serve(struct attempts *a, int sock)
{
	char line[ATTEMPT_LINE_MAX];
	ssize_t n;

	for (;;) {
		n = recv(sock, line, sizeof(line), 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		line_write(a, line, n, time(NULL));
	}
}

int
attempts_start(struct attempts *a, void (*confine)(const char *spool),
    const char *spool)
{
	int rc, sock;

	/* What it can't write it says where smtpd hears it. */
	if ((rc = writer_fork(SOCK_SEQPACKET, STDOUT_FILENO, &sock)) == 1) {
		confine(spool);
		serve(a, sock);
	}
	if (rc == 0)
		a->sock = sock;
	return rc;
}

void
attempts_note(struct attempts *a, const char *domain, const char *url)
{
	char line[ATTEMPT_LINE_MAX];
	struct timespec ts;
	int len, gone;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	len = snprintf(line, sizeof(line), "%lld.%03ld %s %s\n",
	    (long long)ts.tv_sec, ts.tv_nsec / 1000000, domain,
	    *url == '\0' ? "-" : url);
	if (len < 0 || (size_t)len >= sizeof(line))
		return;
	if (a->sock == -1)
		line_write(a, line, len, ts.tv_sec);
	else if (send(a->sock, line, (size_t)len, MSG_NOSIGNAL |
	    MSG_DONTWAIT) == -1) {
		gone = errno == EPIPE || errno == ECONNRESET;
		complain(a, ts.tv_sec);
		/* It was killed: from now on the disk is waited for. */
		if (gone) {
			writer_end(a);
			a->sock = -1;
			line_write(a, line, len, ts.tv_sec);
		}
	}
}

int
attempt_parse(char *line, struct attempt *out)
{
	char *ms, *domain, *url, name[DOMAIN_MAX];
	const char *why;
	long long sec, frac;

	if ((domain = strchr(line, ' ')) == NULL)
		return -1;
	*domain++ = '\0';
	if ((url = strchr(domain, ' ')) == NULL ||
	    (ms = strchr(line, '.')) == NULL || strlen(ms) != 4)
		return -1;
	*url++ = '\0';
	*ms++ = '\0';
	sec = strtonum(line, 0, INT64_MAX / 1000 - 1, &why);
	if (why != NULL)
		return -1;
	frac = strtonum(ms, 0, 999, &why);
	if (why != NULL || domain_normal(domain, strlen(domain), name,
	    sizeof(name)) == -1 || strcmp(name, domain) != 0 ||
	    strlen(url) >= ROUTE_URL_MAX ||
	    url[strspn(url, "abcdefghijklmnopqrstuvwxyz0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ+-.:/[]_@")] != '\0')
		return -1;
	out->at = sec * 1000 + frac;
	out->domain = domain;
	out->url = strcmp(url, "-") == 0 ? "" : url;
	return 0;
}
