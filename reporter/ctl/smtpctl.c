/* SPDX-License-Identifier: ISC */

#include <sys/wait.h>

#include <ctype.h>
#include <err.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/log.h"
#include "ctl/smtpctl.h"
#include "lib/process.h"
#include "lib/xalloc.h"

/* It stands where root's PATH has it, but cron's may not. */
#define SMTPCTL "PATH=$PATH:/usr/sbin:/usr/local/sbin:/sbin; exec smtpctl "

/* Of smtpd's, which answers within a second; a long queue takes some. */
#define SMTPCTL_MS (60 * 1000)

/* Numbers of "show queue" behind the addresses, in front of the state. */
#define QUEUE_TIMES 4

/*
 * What it prints, from the beginning, which the caller closes; NULL if it
 * failed, or was ended since it took too long.
 */
static FILE *
smtpctl_run(const char *what, const char *id)
{
	char command[256];
	FILE *said;
	pid_t pid;
	int status;

	(void)snprintf(command, sizeof(command), SMTPCTL "%s %s", what, id);
	if ((said = tmpfile()) == NULL || fflush(NULL) == EOF ||
	    (pid = fork()) == -1)
		fatal("smtpctl");
	if (pid == 0) {
		if (dup2(fileno(said), STDOUT_FILENO) == -1 ||
		    setpgid(0, 0) == -1)
			_exit(EX_OSERR);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(EX_UNAVAILABLE);
	}
	if (process_wait(pid, SMTPCTL_MS, &status) == -1)
		warnx("smtpctl %s: not done within %d s", what,
		    SMTPCTL_MS / 1000);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		rewind(said);
		return said;
	}
	fclose(said);
	return NULL;
}

static int
is_evpid(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isxdigit((unsigned char)s[i]))
			return 0;
	return len == EVPID_SIZE - 1;
}

/* The next field, up to a '|'; NULL behind the last one. */
static char *
field(char **p)
{
	char *start = *p;

	if (start != NULL && (*p = strchr(start, '|')) != NULL)
		*(*p)++ = '\0';
	return start;
}

/* What follows the destination: four times, the state, and its seconds. */
static int
read_state(char *p, struct smtpctl_queued *q)
{
	const char *state, *seconds, *error = NULL;
	int i;

	for (i = 0; i < QUEUE_TIMES; i++)
		(void)field(&p);
	state = field(&p);
	seconds = field(&p);
	if (state == NULL || seconds == NULL)
		return -1;
	q->offline = strcmp(state, "offline") == 0;
	q->busy = strcmp(state, "pending") != 0;
	q->next = 0;
	if (!q->busy) {
		/* It may be due already. */
		q->next = strtonum(seconds, INT32_MIN, INT32_MAX, &error);
		q->busy = error != NULL;
	}
	return 0;
}

/*
 * EVPID|inet4|mta|FLAGS|SENDER|RCPT|DEST|...  Addresses may have a '|' of their
 * own: what follows them is found behind the domain.
 */
static int
read_line(char *line, const char *domain, struct smtpctl_queued *q)
{
	char *p = line, *id = field(&p), *type, *flags, *at, *found = NULL;
	size_t len = strlen(domain);

	(void)field(&p);
	type = field(&p);
	flags = field(&p);
	if (p == NULL || !is_evpid(id, strlen(id)) || strcmp(type, "mta") != 0)
		return -1;
	for (at = p; (at = strchr(at, '@')) != NULL; at++)
		if (strncasecmp(at + 1, domain, len) == 0 &&
		    at[len + 1] == '|')
			found = at + len + 2;
	if (found == NULL || read_state(found, q) == -1)
		return -1;
	(void)strlcpy(q->id, id, sizeof(q->id));
	q->suspended = strstr(flags, "suspend") != NULL;
	return 0;
}

int
smtpctl_queue(const char *domain,
    int (*each)(const struct smtpctl_queued *, void *), void *arg)
{
	struct smtpctl_queued q;
	char *line = NULL;
	size_t size = 0;
	FILE *f = smtpctl_run("show queue", "");
	int rc = 0;

	if (f == NULL)
		return -1;
	while (xgetline(&line, &size, f) != -1) {
		line[strcspn(line, "\n")] = '\0';
		if (rc == 0 && read_line(line, domain, &q) == 0)
			rc = each(&q, arg);
	}
	free(line);
	fclose(f);
	return rc;
}

/* Copies a value; 0, or -1 if it is too long. */
static int
take(char out[], size_t size, const char *value)
{
	return strlcpy(out, value, size) >= size ? -1 : 0;
}

/* Of "key: value"; NULL if the line is another's. */
static const char *
value_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	if (strncmp(line, key, len) != 0 || line[len] != ':')
		return NULL;
	return line + len + 1 + strspn(line + len + 1, " ");
}

/* -1 if it can't be used. */
static int
envelope_line(const char *line, struct smtpctl_envelope *e)
{
	const char *v;

	if ((v = value_of(line, "dispatcher")) != NULL)
		return take(e->action, sizeof(e->action), v);
	if ((v = value_of(line, "sender")) != NULL)
		return take(e->sender, sizeof(e->sender),
		    strcmp(v, "@") == 0 ? "" : v);
	if ((v = value_of(line, "rcpt")) != NULL)
		return take(e->rcpt, sizeof(e->rcpt), v);
	if ((v = value_of(line, "dest")) != NULL)
		return take(e->dest, sizeof(e->dest), v);
	if ((v = value_of(line, "sockaddr")) != NULL) {
		e->remote = strcmp(v, "local") != 0;
		return take(e->address, sizeof(e->address), v);
	}
	if ((v = value_of(line, "flags")) != NULL)
		e->authenticated = strstr(v, "authenticated") != NULL;
	return 0;
}

int
smtpctl_envelope(const char *id, struct smtpctl_envelope *e)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = smtpctl_run("show envelope", id);
	int good = 1;

	memset(e, 0, sizeof(*e));
	if (f == NULL)
		return 0;
	while (xgetline(&line, &size, f) != -1) {
		line[strcspn(line, "\n")] = '\0';
		if (envelope_line(line, e) == -1) {
			warnx("%s: envelope: can't be used: %s", id,
			    log_clean(line));
			good = 0;
		}
	}
	free(line);
	fclose(f);
	return good && e->dest[0] != '\0' &&
	    e->action[0] != '\0';
}

/*
 * The number of "1 envelope removed", as said by a command that exits with 0
 * whatever became of it; -1 if it says none.
 */
static int
counted(FILE *f, const char *what)
{
	char line[256];
	const char *error;
	int n = -1;

	if (f == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, what) != NULL) {
			line[strcspn(line, " ")] = '\0';
			n = (int)strtonum(line, 0, INT_MAX, &error);
			if (error != NULL)
				n = -1;
		}
	fclose(f);
	return n;
}

int
smtpctl_remove(const char *id)
{
	return counted(smtpctl_run("remove", id), "removed");
}

int
smtpctl_discover(const char *id)
{
	char msgid[9];

	(void)strlcpy(msgid, id, sizeof(msgid));
	return counted(smtpctl_run("discover", msgid), "discovered");
}
