/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/smtpd_queue.h"
#include "lib/write_all.h"
#include "lib/xalloc.h"

/* Digits of a message's id, the first ones of its envelopes'. */
#define MSGID_LEN 8

struct copy {
	const char	*id;
	char		 from[PATH_MAX];	/* where its mail is */
	char		 new[EVPID_SIZE];
	char		 bucket[PATH_MAX];	/* in the queue */
	char		 place[PATH_MAX];
	char		 work[PATH_MAX];	/* until it is whole */
};

int
smtpdq_copy_id(const char *id, char copy[EVPID_SIZE])
{
	if (strlen(id) != EVPID_SIZE - 1 ||
	    strncmp(id + MSGID_LEN, "00000000", MSGID_LEN) == 0)
		return -1;
	memcpy(copy, id + MSGID_LEN, MSGID_LEN);
	memcpy(copy + MSGID_LEN, id, MSGID_LEN);
	copy[EVPID_SIZE - 1] = '\0';
	return 0;
}

/* "key: ", and what follows it is to be another. */
static int
is_key(const char *line, const char *key)
{
	size_t len = strlen(key);

	return strncmp(line, key, len) == 0 && line[len] == ':';
}

/*
 * The envelope with another action; NULL if it is none (a queue can be
 * compressed or encrypted).  The caller frees it.
 */
static char *
rewrite(FILE *in, const char *action)
{
	char *line = NULL, *out = NULL;
	size_t size = 0, outsz, n = 0;
	int actions = 0, bad = 0;
	FILE *f = xmemstream(&out, &outsz);

	while (xgetline(&line, &size, in) != -1) {
		if (n++ == 0)
			bad = !is_key(line, "version");
		if (is_key(line, "dispatcher")) {
			actions++;
			fprintf(f, "dispatcher: %s\n", action);
		} else if (is_key(line, "last-try") || is_key(line, "retry"))
			fprintf(f, "%.*s: 0\n", (int)strcspn(line, ":"), line);
		else if (!is_key(line, "errorline"))
			fputs(line, f);
	}
	bad |= ferror(in) | (actions != 1);
	free(line);
	xmemclose(f, &out);
	if (bad) {
		free(out);
		return NULL;
	}
	return out;
}

static int
write_envelope(const struct copy *c, const char *text)
{
	char path[PATH_MAX + EVPID_SIZE + 1];
	int fd, rc;

	(void)snprintf(path, sizeof(path), "%s/%s", c->work, c->new);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	rc = write_all(fd, text, strlen(text)) == -1 || fsync(fd) == -1 ?
	    -1 : 0;
	return close(fd) == -1 ? -1 : rc;
}

/* All of it beside the queue, then into it at once. */
static int
build(const struct copy *c, const char *mail, const char *text)
{
	char path[PATH_MAX + sizeof("/message")];

	(void)snprintf(path, sizeof(path), "%s/message", c->work);
	if (mkdir(c->work, 0700) == -1 || link(mail, path) == -1 ||
	    write_envelope(c, text) == -1 ||
	    (mkdir(c->bucket, 0700) == -1 && errno != EEXIST))
		return -1;
	return rename(c->work, c->place);
}

/* What a killed one, or this one, left beside the queue. */
static void
sweep(const struct copy *c)
{
	char path[PATH_MAX + EVPID_SIZE + 1];

	(void)snprintf(path, sizeof(path), "%s/message", c->work);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/%s", c->work, c->new);
	(void)unlink(path);
	(void)rmdir(c->work);
}

/* 1 if the copy is there, 0; -1 if another mail has its place. */
static int
is_there(const struct copy *c)
{
	char path[PATH_MAX + EVPID_SIZE + 1];
	struct stat sb;

	(void)snprintf(path, sizeof(path), "%s/%s", c->place, c->new);
	if (stat(path, &sb) == 0)
		return 1;
	return stat(c->place, &sb) == 0 ? -1 : 0;
}

/* As smtpd's own user: 0 or 1. */
static int
copy(const struct copy *c, const char *action)
{
	char path[PATH_MAX + EVPID_SIZE + 1], *text;
	FILE *f;
	int rc, there = is_there(c);

	if (there == -1)
		warnx("%s: another mail has this id: left as it is", c->place);
	if (there != 0)
		return there == -1;
	(void)snprintf(path, sizeof(path), "%s/%s", c->from, c->id);
	if ((f = fopen(path, "r")) == NULL) {
		warn("%s", path);
		return 1;
	}
	text = rewrite(f, action);
	fclose(f);
	if (text == NULL) {
		warnx("%s: not readable: smtpd's queue may be compressed or "
		    "encrypted", path);
		return 1;
	}
	(void)snprintf(path, sizeof(path), "%s/message", c->from);
	sweep(c);
	if ((rc = build(c, path, text)) == -1)
		warn("%s", c->place);
	sweep(c);
	free(text);
	return rc == -1;
}

/* The folders are that user's, who may put anything in our way. */
static int
become(uid_t uid, gid_t gid)
{
	if (geteuid() != 0)
		return 0;
	return uid == 0 || setgroups(1, &gid) == -1 ||
	    setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1 ?
	    -1 : 0;
}

int
smtpdq_copy(const char *spool, const char *id, const char *action)
{
	struct copy c = { .id = id };
	struct stat sb;
	int status;
	pid_t pid;

	if (smtpdq_copy_id(id, c.new) == -1 || strlen(spool) > PATH_MAX / 2) {
		warnx("%s: no copy of it can have an id", id);
		return -1;
	}
	(void)snprintf(c.from, sizeof(c.from), "%s/queue/%.2s/%.8s", spool,
	    id, id);
	(void)snprintf(c.bucket, sizeof(c.bucket), "%s/queue/%.2s", spool,
	    c.new);
	(void)snprintf(c.place, sizeof(c.place), "%s/queue/%.2s/%.8s", spool,
	    c.new, c.new);
	(void)snprintf(c.work, sizeof(c.work), "%s/temporary/%.8s.sgectl",
	    spool, c.new);
	if (lstat(c.from, &sb) == -1 || fflush(NULL) == EOF ||
	    (pid = fork()) == -1) {
		warn("%s", c.from);
		return -1;
	}
	if (pid == 0) {
		if (become(sb.st_uid, sb.st_gid) == -1) {
			warn("%s: its owner", c.from);
			_exit(1);
		}
		_exit(copy(&c, action));
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			fatal("waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}
