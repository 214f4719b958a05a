/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/sged_client.h"
#include "base/log.h"
#include "ctl/sged_ask.h"

static int
wait_for(int fd, short events, int seconds)
{
	struct pollfd pfd;
	int n;

	pfd.fd = fd;
	pfd.events = events;
	while ((n = poll(&pfd, 1, seconds * 1000)) == -1 && errno == EINTR)
		continue;
	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0 ? 0 : -1;
}

/* As filter-sge does, but we may wait. */
static int
connect_to(const char *path)
{
	int fd, saved;

	if ((fd = client_connect(path)) == -1)
		return -1;
	if (fcntl(fd, F_SETFL, 0) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

json_t *
talk(const char *path, json_t *request, int seconds)
{
	json_t *answer = NULL;
	char *text = NULL, *buf = NULL;
	int fd = -1, saved;
	ssize_t n;

	if (request == NULL ||
	    (text = json_dumps(request, JSON_COMPACT)) == NULL ||
	    (buf = malloc(IPC_MESSAGE_MAX)) == NULL)
		fatal("talk");
	if ((fd = connect_to(path)) == -1 ||
	    wait_for(fd, POLLOUT, seconds) == -1 ||
	    send(fd, text, strlen(text), MSG_NOSIGNAL) == -1 ||
	    wait_for(fd, POLLIN, seconds) == -1)
		goto out;
	if ((n = recv(fd, buf, IPC_MESSAGE_MAX, 0)) <= 0) {
		if (n == 0)
			errno = ECONNRESET;
		goto out;
	}
	answer = json_loadb(buf, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(answer)) {
		json_decref(answer);
		answer = NULL;
		errno = EPROTO;
	}
out:
	saved = errno;
	if (fd != -1)
		close(fd);
	json_decref(request);
	free(text);
	free(buf);
	errno = saved;
	return answer;
}
