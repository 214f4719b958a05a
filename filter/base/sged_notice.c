/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/recent.h"
#include "base/sged_notice.h"

struct notice {
	int		 fd;		/* -1: none yet */
	struct sockaddr_un sun;
	int64_t		 left;		/* of NOTICES_MAX */
	int64_t		 filled;	/* when it grew last */
	struct recent	 told;
};

struct notice *
notice_new(const char *socket)
{
	struct notice *n;

	if ((n = calloc(1, sizeof(*n))) == NULL)
		return NULL;
	n->fd = -1;
	n->left = NOTICES_MAX;
	recent_init(&n->told);
	notice_path(n, socket);
	return n;
}

void
notice_free(struct notice *n)
{
	if (n == NULL)
		return;
	if (n->fd != -1)
		close(n->fd);
	free(n);
}

void
notice_path(struct notice *n, const char *path)
{
	int len;

	n->sun.sun_family = AF_UNIX;
	/* sge.conf's path is short enough for both. */
	len = snprintf(n->sun.sun_path, sizeof(n->sun.sun_path), "%s%s", path,
	    NOTICE_SUFFIX);
	if (len < 0 || (size_t)len >= sizeof(n->sun.sun_path))
		n->sun.sun_path[0] = '\0';
}

/* Another one each NOTICE_MS. */
static void
fill(struct notice *n, int64_t now)
{
	int64_t more = (now - n->filled) / NOTICE_MS;

	if (more <= 0)
		return;
	n->filled += more * NOTICE_MS;
	n->left = more > NOTICES_MAX - n->left ? NOTICES_MAX : n->left + more;
}

static int
open_socket(struct notice *n)
{
	if (n->fd != -1)
		return 0;
	if (n->sun.sun_path[0] == '\0' ||
	    (n->fd = socket(AF_UNIX, SOCK_DGRAM, 0)) == -1)
		return -1;
	if (fcntl(n->fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(n->fd, F_SETFL, O_NONBLOCK) == -1) {
		close(n->fd);
		n->fd = -1;
		return -1;
	}
	return 0;
}

void
notice_send(struct notice *n, const char *text, int64_t now)
{
	fill(n, now);
	if (recent_has(&n->told, text, now) || n->left == 0 ||
	    open_socket(n) == -1)
		return;
	/* Not connected: sged may have been started again since. */
	if (sendto(n->fd, text, strlen(text), MSG_NOSIGNAL,
	    (struct sockaddr *)&n->sun, sizeof(n->sun)) == -1)
		return;
	n->left--;
	recent_put(&n->told, text, now + NOTICE_AGAIN_MS);
}
