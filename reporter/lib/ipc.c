/* SPDX-License-Identifier: ISC */

#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "lib/ipc.h"
#include "base/log.h"
#include "lib/xalloc.h"

/*
 * What is read of one peer before others have their turn: so many messages, or
 * so many bytes, as JSON made for it takes a millisecond for some kilobytes.
 */
#define IPC_ROUND 64
#define IPC_ROUND_BYTES (64 * 1024)
/*
 * A message that the system has no room for, though the peer's socket has, is
 * tried again then: poll(2) would say at once that it can be sent.
 */
#define AGAIN_MS 10

enum sending {
	SENT,
	FULL,			/* until the peer reads */
	REFUSED,		/* by the system, for now */
	GONE
};

struct ipc_message {
	TAILQ_ENTRY(ipc_message) entry;
	char		*text;
	size_t		 len;
	int		 fd;
};

struct ipc {
	struct loop	*loop;
	struct loop_fd	*event;
	struct loop_timer *again;
	int		 fd;
	int		 busy;		/* within a callback */
	int		 freed;		/* by a callback: free it after */
	int		 over;		/* closed was called, or will be */
	void		(*message)(struct ipc *, json_t *, int, void *);
	void		(*closed)(struct ipc *, void *);
	void		*arg;
	TAILQ_HEAD(, ipc_message) queue;
	size_t		 queued;
	size_t		 most;		/* bytes of a message to us */
	char		*buf;		/* IPC_MESSAGE_MAX + 1 */
};

/* Room for one descriptor, aligned as cmsg(3) wants it. */
union control {
	struct cmsghdr	 hdr;
	char		 buf[CMSG_SPACE(sizeof(int))];
};

static void	ipc_event(int, short, void *);
static void	send_again(void *);

struct ipc *
ipc_new(struct loop *loop, int fd,
    void (*message)(struct ipc *, json_t *, int, void *),
    void (*closed)(struct ipc *, void *), void *arg)
{
	struct ipc *ipc;
	int flags, size = IPC_MESSAGE_MAX + 4096;

	ipc = xcalloc(1, sizeof(*ipc));
	ipc->buf = xmalloc(IPC_MESSAGE_MAX + 1);
	if ((flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		fatal("fcntl");
	/* A message goes out whole or not at all, so it must fit in. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	TAILQ_INIT(&ipc->queue);
	ipc->loop = loop;
	ipc->fd = fd;
	ipc->most = IPC_MESSAGE_MAX;
	ipc->message = message;
	ipc->closed = closed;
	ipc->arg = arg;
	ipc->event = loop_fd_add(loop, fd, POLLIN, ipc_event, ipc);
	return ipc;
}

void
ipc_accept(struct ipc *ipc, size_t most)
{
	ipc->most = most;
}

static void
message_free(struct ipc *ipc, struct ipc_message *m)
{
	TAILQ_REMOVE(&ipc->queue, m, entry);
	ipc->queued--;
	if (m->fd != -1)
		close(m->fd);
	free(m->text);
	free(m);
}

void
ipc_free(struct ipc *ipc)
{
	struct ipc_message *m;

	if (ipc == NULL)
		return;
	if (ipc->fd != -1) {
		loop_timer_remove(ipc->loop, ipc->again);
		loop_fd_remove(ipc->loop, ipc->event);
		close(ipc->fd);
		ipc->fd = -1;
	}
	if (ipc->busy) {
		ipc->freed = 1;
		return;
	}
	while ((m = TAILQ_FIRST(&ipc->queue)) != NULL)
		message_free(ipc, m);
	free(ipc->buf);
	free(ipc);
}

size_t
ipc_queued(const struct ipc *ipc)
{
	return ipc->queued;
}

/*
 * Linux has a user's descriptors that are on their way between processes be no
 * more than RLIMIT_NOFILE, OpenBSD all users' a tenth of kern.maxfiles.
 */
static enum sending
not_sent(int error)
{
	switch (error) {
	case EAGAIN:
#if EWOULDBLOCK != EAGAIN
	case EWOULDBLOCK:
#endif
	case ENOBUFS:
		return FULL;
	case ETOOMANYREFS:
	case EMFILE:
	case ENOMEM:
		return REFUSED;
	default:
		return GONE;
	}
}

static enum sending
message_send(struct ipc *ipc, const struct ipc_message *m)
{
	struct msghdr msg;
	struct iovec iov;
	struct cmsghdr *cmsg;
	union control control;
	ssize_t n;

	memset(&msg, 0, sizeof(msg));
	memset(&control, 0, sizeof(control));
	iov.iov_base = m->text;
	iov.iov_len = m->len;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (m->fd != -1) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &m->fd, sizeof(int));
	}
	do
		n = sendmsg(ipc->fd, &msg, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n == -1 ? not_sent(errno) : SENT;
}

static void
queue_send(struct ipc *ipc)
{
	enum sending sending = SENT;
	struct ipc_message *m;

	while ((m = TAILQ_FIRST(&ipc->queue)) != NULL) {
		sending = message_send(ipc, m);
		if (sending == FULL || sending == REFUSED)
			break;
		/* A peer that is gone is noticed when reading. */
		message_free(ipc, m);
	}
	loop_fd_events(ipc->event, sending == FULL ? POLLIN | POLLOUT :
	    POLLIN);
	if (sending == REFUSED && ipc->again == NULL)
		ipc->again = loop_timer_add(ipc->loop, AGAIN_MS, send_again,
		    ipc);
}

static void
send_again(void *arg)
{
	struct ipc *ipc = arg;

	ipc->again = NULL;
	queue_send(ipc);
}

int
ipc_send(struct ipc *ipc, json_t *obj, int fd)
{
	struct ipc_message *m;

	m = xcalloc(1, sizeof(*m));
	if ((m->text = json_dumps(obj, JSON_COMPACT)) == NULL)
		fatalx("ipc: no memory, or not an object");
	json_decref(obj);
	m->len = strlen(m->text);
	m->fd = fd;
	TAILQ_INSERT_TAIL(&ipc->queue, m, entry);
	ipc->queued++;
	if (m->len > IPC_MESSAGE_MAX || ipc->fd == -1) {
		message_free(ipc, m);
		return -1;
	}
	/* In order: behind what waits. */
	if (ipc->queued == 1)
		queue_send(ipc);
	return 0;
}

static void
close_all(struct msghdr *msg, int *keep)
{
	struct cmsghdr *cmsg;
	size_t i, n;
	int fd;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL;
	    cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, (char *)CMSG_DATA(cmsg) + i * sizeof(int),
			    sizeof(fd));
			if (keep != NULL && *keep == -1)
				*keep = fd;
			else
				close(fd);
		}
	}
}

/* 1 and *obj, *fd; 0 nothing now; -1 over, or nonsense. */
static int
message_read(struct ipc *ipc, json_t **obj, int *fd, size_t *bytes)
{
	struct msghdr msg;
	struct iovec iov;
	union control control;
	ssize_t n;

	memset(&msg, 0, sizeof(msg));
	iov.iov_base = ipc->buf;
	iov.iov_len = IPC_MESSAGE_MAX + 1;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.buf;
	msg.msg_controllen = sizeof(control.buf);
	*fd = -1;
	do
		n = recvmsg(ipc->fd, &msg, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	close_all(&msg, fd);
	*bytes += (size_t)n;
	if (n > 0 && (size_t)n <= ipc->most && !(msg.msg_flags & MSG_TRUNC) &&
	    (*obj = json_loadb(ipc->buf, (size_t)n, 0, NULL)) != NULL) {
		if (json_is_object(*obj))
			return 1;
		json_decref(*obj);
	}
	if (*fd != -1)
		close(*fd);
	return -1;
}

static void
ipc_over(struct ipc *ipc)
{
	if (ipc->over || ipc->freed)
		return;
	ipc->over = 1;
	/* Nothing more of it, even if the owner frees it later. */
	loop_timer_remove(ipc->loop, ipc->again);
	ipc->again = NULL;
	loop_fd_remove(ipc->loop, ipc->event);
	close(ipc->fd);
	ipc->fd = -1;
	ipc->closed(ipc, ipc->arg);
}

static void
ipc_event(int sock __unused, short revents, void *arg)
{
	struct ipc *ipc = arg;
	json_t *obj;
	size_t bytes = 0;
	int i, fd, got = 0;

	ipc->busy = 1;
	if (revents & POLLOUT)
		queue_send(ipc);
	if (revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL))
		for (i = 0; i < IPC_ROUND && bytes < IPC_ROUND_BYTES &&
		    !ipc->freed; i++) {
			if ((got = message_read(ipc, &obj, &fd, &bytes)) != 1)
				break;
			ipc->message(ipc, obj, fd, ipc->arg);
			json_decref(obj);
		}
	if (got == -1)
		ipc_over(ipc);
	ipc->busy = 0;
	if (ipc->freed)
		ipc_free(ipc);
}

void
ipc_read(struct ipc *ipc)
{
	if (ipc != NULL && ipc->fd != -1)
		ipc_event(ipc->fd, POLLIN, ipc);
}

int
ipc_pair(int fds[2])
{
	int i;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == -1)
		return -1;
	for (i = 0; i < 2; i++)
		if (fcntl(fds[i], F_SETFD, FD_CLOEXEC) == -1) {
			close(fds[0]);
			close(fds[1]);
			return -1;
		}
	return 0;
}

const char *
ipc_string(const json_t *obj, const char *key, const char *other)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s == NULL ? other : s;
}

int64_t
ipc_int(const json_t *obj, const char *key, int64_t other)
{
	const json_t *value = json_object_get(obj, key);

	return json_is_integer(value) ? json_integer_value(value) : other;
}

int
ipc_bool(const json_t *obj, const char *key, int other)
{
	const json_t *value = json_object_get(obj, key);

	return json_is_boolean(value) ? json_is_true(value) : other;
}
