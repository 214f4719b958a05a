/* SPDX-License-Identifier: ISC */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/mail_result.h"
#include "lib/xalloc.h"

/* Read of its beginning and of its end: a dialogue takes some 800 bytes. */
#define READ_MAX 8192

/* smtpd's answer to the end of the data, as sendmail -v prints it. */
#define TAKEN "<<< 250 2.0.0 "
#define TAKEN_END " Message accepted for delivery"

char *
mail_result_path(const struct conf *conf, int64_t delivery)
{
	char *path;

	xasprintf(&path, "%s/" MAIL_RESULT_PREFIX "%lld", conf->spool,
	    (long long)delivery);
	return path;
}

/* A line that is no part of the dialogue, for people. */
static void
add_said(struct mail_result *r, const char *line)
{
	size_t n = strlen(r->said);

	if (n > 0 && n < sizeof(r->said) - 1)
		r->said[n++] = ' ';
	for (; *line != '\0' && n < sizeof(r->said) - 1; line++)
		r->said[n++] = *line >= ' ' && *line < 0x7f ? *line : '?';
	r->said[n] = '\0';
}

static void
read_line(struct mail_result *r, const char *line, int *ended)
{
	const char *error;
	int code;

	if (strncmp(line, TAKEN, strlen(TAKEN)) == 0 &&
	    strstr(line, TAKEN_END) != NULL) {
		line += strlen(TAKEN);
		(void)snprintf(r->message, sizeof(r->message), "%.*s",
		    (int)strspn(line, "0123456789abcdef"), line);
	} else if (strncmp(line, "exit ", 5) == 0 &&
	    ((code = (int)strtonum(line + 5, 0, 255, &error)), error == NULL)) {
		r->code = code;
		*ended = 1;
	} else if (strncmp(line, "<<< ", 4) != 0 &&
	    strncmp(line, ">>> ", 4) != 0 && *line != '\0')
		add_said(r, line);
}

/*
 * OpenSMTPD's sendmail has one use for status 75: smtpd does not run, and the
 * message lies in its offline folder, from where smtpd takes it when it
 * starts.  It says nothing then.  Whoever else ends so says why.
 */
void
mail_result_read(int fd, struct mail_result *r)
{
	char buf[2 * READ_MAX + 2], *line, *rest = buf;
	ssize_t n, more = 0;
	off_t size;
	int ended = 0;

	memset(r, 0, sizeof(*r));
	r->code = EX_TEMPFAIL;
	if ((n = pread(fd, buf, READ_MAX, 0)) == -1)
		n = 0;
	size = lseek(fd, 0, SEEK_END);
	if (size > READ_MAX) {
		buf[n++] = '\n';
		if ((more = pread(fd, buf + n, READ_MAX, size - READ_MAX >
		    READ_MAX ? size - READ_MAX : READ_MAX)) == -1)
			more = 0;
	}
	buf[n + more] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL)
		read_line(r, line, &ended);
	r->unknown = size == 0;
	if (r->message[0] != '\0')
		r->code = EX_OK;
	else if (!ended)
		add_said(r, "sendmail was killed");
	r->kept = ended && r->code == EX_TEMPFAIL && r->said[0] == '\0';
	if (r->kept)
		r->code = EX_OK;
}
