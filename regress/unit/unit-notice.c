/* SPDX-License-Identifier: ISC */

/*
 * Telling sged of a domain: one datagram, not again at once, not too many, and
 * never a wait, whether sged is there or not.
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/sged_notice.h"
#include "tap.h"

static char	 dir[] = "/tmp/unit-notice.XXXXXXXXXX";
static char	 path[64], there[80];
static char	 heard[256];

static int
sged_start(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	(void)unlink(there);
	strlcpy(sun.sun_path, there, sizeof(sun.sun_path));
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		exit(1);
	return fd;
}

/* Datagrams since; the last one is in heard. */
static int
count(int fd)
{
	ssize_t len;
	int n = 0;

	heard[0] = '\0';
	while ((len = recv(fd, heard, sizeof(heard) - 1, 0)) >= 0) {
		heard[len] = '\0';
		n++;
	}
	return n;
}

static void
test_once(struct notice *n, int fd)
{
	notice_send(n, "alias.nz", 0);
	is_int(count(fd), 1, "one datagram");
	is_str(heard, "alias.nz", "it is the name");
	notice_send(n, "alias.nz", NOTICE_AGAIN_MS - 1);
	is_int(count(fd), 0, "not again at once");
	notice_send(n, "other.nz", NOTICE_AGAIN_MS - 1);
	is_int(count(fd), 1, "another one is");
	notice_send(n, "alias.nz", NOTICE_AGAIN_MS);
	is_int(count(fd), 1, "later it is");
}

static void
test_away(struct notice *n, int fd)
{
	int64_t now = 10 * NOTICE_AGAIN_MS;

	close(fd);
	notice_send(n, "away.nz", now);
	(void)unlink(there);
	notice_send(n, "away.nz", now);
	fd = sged_start();
	notice_send(n, "away.nz", now);
	is_int(count(fd), 1, "what nobody took is told when sged is back");
	close(fd);
}

static void
test_many(struct notice *n)
{
	int64_t now = 20 * NOTICE_AGAIN_MS;
	char domain[32];
	int i, got = 0, fd = sged_start();

	for (i = 0; i < 3 * NOTICES_MAX; i++) {
		snprintf(domain, sizeof(domain), "d%d.nz", i);
		notice_send(n, domain, now);
		got += count(fd);
	}
	is_int(got, NOTICES_MAX, "of many at once some");
	notice_send(n, "late.nz", now + NOTICE_MS);
	notice_send(n, "later.nz", now + NOTICE_MS);
	is_int(count(fd), 1, "then one each NOTICE_MS");
	/* Nobody reads: the socket is full, and that is all. */
	now *= 2;
	for (i = 0; i < NOTICES_MAX; i++) {
		snprintf(domain, sizeof(domain), "f%d.nz", i);
		notice_send(n, domain, now);
	}
	got = count(fd);
	ok(got > 0 && got <= NOTICES_MAX, "nobody waits for a full one: %d",
	    got);
	notice_path(n, "/nonexistent/sock");
	notice_send(n, "moved.nz", now * 2);
	is_int(count(fd), 0, "a new path holds");
	close(fd);
}

int
main(void)
{
	struct notice *n;
	int fd;

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/sock", dir);
	snprintf(there, sizeof(there), "%s%s", path, NOTICE_SUFFIX);
	if ((n = notice_new(path)) == NULL)
		return 1;
	fd = sged_start();
	test_once(n, fd);
	test_away(n, fd);
	test_many(n);
	notice_free(n);
	(void)unlink(there);
	(void)rmdir(dir);
	return done_testing();
}
