/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "host/check_run.h"
#include "lib/loop.h"
#include "lib/process.h"

#define RUN_MS 10000
#define SAID_MAX 16384
#define SBIN_PATH "/usr/sbin:/usr/local/sbin:/sbin"

/* In a child: 0, or -1 where there is no such user or it may not be done. */
static int
become(const char *user, const char *group)
{
	const struct passwd *pw;
	const struct group *gr;
	gid_t gid;

	if (user == NULL)
		return 0;
	if ((pw = getpwnam(user)) == NULL)
		return -1;
	gid = pw->pw_gid;
	if (group != NULL) {
		if ((gr = getgrnam(group)) == NULL)
			return -1;
		gid = gr->gr_gid;
	}
	if (geteuid() != 0)
		return geteuid() == pw->pw_uid ? 0 : -1;
	/* As smtpd: that one group and no other. */
	return setgroups(1, &gid) == -1 || setgid(gid) == -1 ||
	    setuid(pw->pw_uid) == -1 ? -1 : 0;
}

static __dead void
run_child(const struct run *r, int in, int out)
{
	process_signals_default();
	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1 ||
	    dup2(out, STDERR_FILENO) == -1)
		_exit(126);
	closefrom(3);
	(void)setpgid(0, 0);
	if (become(r->user, r->group) == -1) {
		dprintf(STDERR_FILENO, "no user %s", r->user);
		_exit(126);
	}
	execl("/bin/sh", "sh", "-c", r->command, (char *)NULL);
	_exit(127);
}

/*
 * What it prints, until its end (0), the end of patience (-1), or what was
 * wanted (1).
 */
static int
listen_to(const struct run *r, int fd, char out[], size_t outsz)
{
	int64_t end = loop_now() + RUN_MS, left;
	struct pollfd pfd = { fd, POLLIN, 0 };
	size_t used = 0, i;
	char rest[1024];
	ssize_t n;

	out[0] = '\0';
	while ((left = end - loop_now()) > 0 &&
	    poll(&pfd, 1, (int)left) > 0) {
		if (used + 1 < outsz)
			n = read(fd, out + used, outsz - used - 1);
		else
			n = read(fd, rest, sizeof(rest));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		for (i = 0; used + 1 < outsz && i < (size_t)n; i++, used++)
			if (out[used] == '\0')
				out[used] = ' ';
		out[used] = '\0';
		if (r->until != NULL && strstr(out, r->until) != NULL)
			return 1;
	}
	return -1;
}

int
check_run(const struct run *r, char out[], size_t outsz)
{
	char said[SAID_MAX];
	int in[2], text[2], status, heard;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, in) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, text) == -1)
		fatal("check config");
	(void)fflush(NULL);
	if ((pid = process_fork()) == -1)
		fatal("fork");
	if (pid == 0)
		run_child(r, in[1], text[1]);
	close(in[1]);
	close(text[1]);
	if (r->input != NULL)
		(void)send(in[0], r->input, strlen(r->input), MSG_NOSIGNAL);
	else
		(void)shutdown(in[0], SHUT_WR);
	heard = listen_to(r, text[0], said, sizeof(said));
	(void)strlcpy(out, said, outsz);
	close(in[0]);
	close(text[0]);
	if (heard != 0) {
		(void)kill(-pid, SIGKILL);
		(void)kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	if (heard == 1)
		return 0;
	return heard == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
check_access(const char *user, const char *group, const char *path, int mode)
{
	int status;
	pid_t pid;

	if ((pid = process_fork()) == -1)
		fatal("fork");
	if (pid == 0) {
		if (become(user, group) == -1)
			_exit(2);
		_exit(access(path, mode) == 0 ? 0 : 1);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 2)
		return -1;
	return WEXITSTATUS(status) == 0;
}

int
check_closed(const char *user, const char *group, const char *path,
    char folder[], size_t size, unsigned int *mode)
{
	const char *slash = path;
	struct stat sb;

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		(void)snprintf(folder, size, "%.*s", (int)(slash - path),
		    path);
		if (stat(folder, &sb) == 0 &&
		    check_access(user, group, folder, X_OK) == 0) {
			*mode = (unsigned int)sb.st_mode & 07777;
			return 0;
		}
	}
	return -1;
}

void
check_folder_of(const char *path, char out[], size_t size)
{
	char *slash;

	(void)strlcpy(out, path, size);
	if ((slash = strrchr(out, '/')) != NULL && slash != out)
		*slash = '\0';
}

int
check_program(const char *name, char path[], size_t size)
{
	const char *folders[] = { getenv("PATH"), SBIN_PATH }, *p;
	size_t i, len;

	for (i = 0; i < nitems(folders); i++)
		for (p = folders[i]; p != NULL && *p != '\0';
		    p += len + (p[len] == ':')) {
			len = strcspn(p, ":");
			(void)snprintf(path, size, "%.*s/%s", (int)len, p,
			    name);
			if (*p == '/' && access(path, X_OK) == 0)
				return 0;
		}
	return -1;
}

static int
in_path(int ch)
{
	return isalnum(ch) || (ch != '\0' && strchr("/._-+@", ch) != NULL);
}

int
check_built_in(const char *program, const char *name, char path[],
    size_t size)
{
	size_t len = strlen(name), n = 0;
	int ch;
	FILE *f;

	if ((f = fopen(program, "r")) == NULL)
		return -1;
	while ((ch = getc(f)) != EOF) {
		if (in_path(ch)) {
			if (n == 0 && ch != '/')
				n = size;	/* not the start of a path */
			if (n + 1 < size)
				path[n++] = (char)ch;
			else
				n = size;
			continue;
		}
		if (n < size && n > len) {
			path[n] = '\0';
			if (path[n - len - 1] == '/' &&
			    strcmp(path + n - len, name) == 0) {
				fclose(f);
				return 0;
			}
		}
		n = 0;
	}
	fclose(f);
	return -1;
}

const char *
check_option(const char *command, char letter, char out[], size_t size)
{
	const char *p;
	size_t len;

	for (p = command; (p = strchr(p, '-')) != NULL; p++) {
		if (p == command || (p[-1] != ' ' && p[-1] != '\t') ||
		    p[1] != letter)
			continue;
		p += 2;
		p += strspn(p, " \t'");
		len = strcspn(p, " \t'");
		if (len == 0 || len >= size)
			return NULL;
		memcpy(out, p, len);
		out[len] = '\0';
		return out;
	}
	return NULL;
}
