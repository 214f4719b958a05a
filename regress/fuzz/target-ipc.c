/* SPDX-License-Identifier: ISC */

/*
 * What a process taken over, or who may connect to the socket, sends: messages
 * with descriptors or without, of any text.  No descriptor stays open.
 */

#include <sys/socket.h>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/ipc.h"
#include "fuzz.h"

#define FDS_MAX 3
#define PATIENCE_MS 2000

static struct loop *loop;

static int
descriptors(void)
{
	DIR *dir = opendir("/dev/fd");
	int n = 0;

	if (dir == NULL)
		abort();
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

static void
message(struct ipc *ipc, json_t *obj, int fd, void *arg)
{
	(void)arg;
	if (!json_is_object(obj))
		abort();
	if (fd != -1)
		close(fd);
	if (ipc_int(obj, "free", 0) != 0) {
		ipc_free(ipc);
		loop_stop(loop);
	} else if (ipc_string(obj, "say", NULL) != NULL)
		(void)ipc_send(ipc, json_deep_copy(obj), -1);
}

static void
closed(struct ipc *ipc, void *arg)
{
	(void)arg;
	ipc_free(ipc);
	loop_stop(loop);
}

static void
too_long(void *arg)
{
	(void)arg;
	abort();
}

static void
give(int sock, const void *text, size_t len, int nfds)
{
	union {
		struct cmsghdr	 hdr;
		char		 buf[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov = { (void *)(uintptr_t)text, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[FDS_MAX], i;

	memset(&control, 0, sizeof(control));
	for (i = 0; i < nfds; i++)
		if ((fds[i] = open("/dev/null", O_RDONLY)) == -1)
			abort();
	if (nfds > 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE((size_t)nfds * sizeof(int));
		control.hdr.cmsg_level = SOL_SOCKET;
		control.hdr.cmsg_type = SCM_RIGHTS;
		control.hdr.cmsg_len = CMSG_LEN((size_t)nfds * sizeof(int));
		memcpy(CMSG_DATA(&control.hdr), fds,
		    (size_t)nfds * sizeof(int));
	}
	(void)sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	for (i = 0; i < nfds; i++)
		close(fds[i]);
}

/* Two bytes say how long the next message is, and what comes with it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct loop_timer *timer;
	int before = descriptors(), pair[2], nfds;
	size_t n;

	if (ipc_pair(pair) == -1)
		abort();
	loop = loop_new();
	(void)ipc_new(loop, pair[0], message, closed, NULL);
	while (len > 2) {
		n = data[0] | (size_t)(data[1] & 0x1f) << 8;
		nfds = data[1] >> 6;
		data += 2;
		len -= 2;
		if (n > len)
			n = len;
		give(pair[1], data, n, nfds);
		data += n;
		len -= n;
	}
	close(pair[1]);
	timer = loop_timer_add(loop, PATIENCE_MS, too_long, NULL);
	loop_run(loop);
	loop_timer_remove(loop, timer);
	loop_free(loop);
	if (descriptors() != before)
		abort();
	return 0;
}
