/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/sged_client.h"
#include "base/json_scan.h"

int
client_connect(const char *path)
{
	struct sockaddr_un sun;
	int fd, saved;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = socket(AF_UNIX, SOCK_SEQPACKET, 0)) == -1)
		return -1;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

int
client_can_ask(const char *s)
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\')
			return 0;
	return i < QUESTION_MAX;
}

int
client_ask(int fd, const char *question)
{
	char msg[QUESTION_MAX + 32];
	int n;

	n = snprintf(msg, sizeof(msg), "{\"%s\":\"%s\"}", *question == '\0' ||
	    strchr(question, '@') != NULL ? "announced" : "learn", question);
	if (n < 0 || (size_t)n >= sizeof(msg) || !client_can_ask(question)) {
		errno = EINVAL;
		return -1;
	}
	return send(fd, msg, n, MSG_NOSIGNAL) == -1 ? -1 : 0;
}

/* What a flat or nested object says. */
static enum client_said
parse_answer(char *msg, char out[], size_t outsz)
{
	static const struct {
		const char	*key;
		enum client_said said;
	} keys[] = {
		{ "learned", CLIENT_YES },
		{ "failed", CLIENT_FAILED },
		{ "announced", CLIENT_YES },
		{ "unannounced", CLIENT_NO }
	};
	struct scan in = { msg };
	const char *found = NULL, *value;
	enum client_said said = CLIENT_OTHER;
	enum scanned got;
	char *key;
	size_t i;

	if (scan_expect(&in, '{') == -1)
		return CLIENT_OTHER;
	do {
		scan_blanks(&in);
		if (scan_string(&in, &key) == -1 ||
		    scan_expect(&in, ':') == -1)
			return CLIENT_OTHER;
		scan_blanks(&in);
		if ((got = scan_text(&in, &value)) == SCAN_SYNTAX)
			return CLIENT_OTHER;
		for (i = 0; i < nitems(keys); i++)
			if (got == SCAN_OK && strcmp(key, keys[i].key) == 0) {
				found = value;
				said = keys[i].said;
			}
		scan_blanks(&in);
	} while (*in.p == ',' && in.p++);
	if (found == NULL || *in.p != '}' ||
	    strlcpy(out, found, outsz) >= outsz)
		return CLIENT_OTHER;
	return said;
}

enum client_said
client_answer(int fd, char out[], size_t outsz)
{
	char msg[QUESTION_MAX + 256];
	ssize_t n;

	while ((n = recv(fd, msg, sizeof(msg) - 1, 0)) == -1 && errno == EINTR)
		continue;
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return CLIENT_NOTHING;
	if (n <= 0)
		return CLIENT_GONE;
	/* Of a longer one the rest is gone: it won't parse. */
	msg[n] = '\0';
	return parse_answer(msg, out, outsz);
}
