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

/* Other messages passed over at once; what is left is read the next time. */
#define NONSENSE_MAX 64

static int	 parse_learned(char *, char [], size_t);

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
client_learn(int fd, const char *domain)
{
	char msg[DOMAIN_MAX + 32];
	int n;

	/* A name in normal form has nothing that JSON escapes. */
	n = snprintf(msg, sizeof(msg), "{\"learn\":\"%s\"}", domain);
	if (n < 0 || (size_t)n >= sizeof(msg)) {
		errno = EMSGSIZE;
		return -1;
	}
	return send(fd, msg, n, MSG_NOSIGNAL) == -1 ? -1 : 0;
}

/* The value of "learned" in a flat or nested object. */
static int
parse_learned(char *msg, char out[], size_t outsz)
{
	struct scan in = { msg };
	const char *found = NULL, *value;
	enum scanned got;
	char *key;

	if (scan_expect(&in, '{') == -1)
		return -1;
	do {
		scan_blanks(&in);
		if (scan_string(&in, &key) == -1 ||
		    scan_expect(&in, ':') == -1)
			return -1;
		scan_blanks(&in);
		if ((got = scan_text(&in, &value)) == SCAN_SYNTAX)
			return -1;
		if (got == SCAN_OK && strcmp(key, "learned") == 0)
			found = value;
		scan_blanks(&in);
	} while (*in.p == ',' && in.p++);
	if (found == NULL || *in.p != '}')
		return -1;
	return strlcpy(out, found, outsz) < outsz ? 0 : -1;
}

int
client_learned(int fd, char out[], size_t outsz)
{
	char msg[DOMAIN_MAX + 256];
	ssize_t n;
	int i;

	for (i = 0; i < NONSENSE_MAX; i++) {
		n = recv(fd, msg, sizeof(msg) - 1, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n <= 0)
			return -1;
		/* Of a longer one the rest is gone: it won't parse. */
		msg[n] = '\0';
		if (parse_learned(msg, out, outsz) == 0)
			return 1;
	}
	return 0;
}
