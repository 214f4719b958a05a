/* SPDX-License-Identifier: ISC */

/*
 * Domains that table-sge and filter-sge tell of where nobody waits for an
 * answer (sged_notice.h).  Anybody on this host may write there: a name is all
 * that is taken, and only so many of them.
 */

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/domain.h"
#include "base/sged_notice.h"
#include "learn/learn.h"
#include "learn/lesson.h"
#include "base/log.h"

/* Datagrams read at once; the rest is read in the next turn. */
#define NOTICE_ROUND 64

/* Another one each NOTICE_MS; whether there is one. */
static int
may_learn(struct learn *l)
{
	int64_t more = (loop_now() - l->notices_filled) / NOTICE_MS;

	if (more > 0) {
		l->notices_filled += more * NOTICE_MS;
		l->notices_left = more > NOTICES_MAX - l->notices_left ?
		    NOTICES_MAX : l->notices_left + more;
	}
	if (l->notices_left == 0)
		return 0;
	l->notices_left--;
	return 1;
}

static void
told_nobody(const char *domain, const char *route, void *arg __unused)
{
	log_debug("%s: learned on notice: %s", domain, route == NULL ?
	    "not known" : route);
}

static void
noticed(struct learn *l, const char *text, size_t len)
{
	char domain[DOMAIN_MAX];

	if (len > 0 && text[0] == NOTICE_KNOWN) {
		if (domain_normal(text + 1, len - 1, domain,
		    sizeof(domain)) == 0 && may_learn(l))
			look_mail(l, domain);
		return;
	}
	if (domain_normal(text, len, domain, sizeof(domain)) == -1 ||
	    lesson_find(l, domain) != NULL || !may_learn(l))
		return;
	learn_ask(l->engine, domain, told_nobody, l);
}

static void
on_notice(int fd, short revents __unused, void *arg)
{
	char text[DOMAIN_MAX + 2];
	ssize_t n;
	int i;

	for (i = 0; i < NOTICE_ROUND; i++) {
		if ((n = recv(fd, text, sizeof(text), 0)) == -1) {
			if (errno == EINTR)
				continue;
			return;
		}
		/* One that is longer than any name was cut off. */
		if ((size_t)n < sizeof(text))
			noticed(arg, text, (size_t)n);
	}
}

void
notice_start(struct engine *e)
{
	struct learn *l = e->learn;
	int flags;

	if ((flags = fcntl(e->notices, F_GETFL)) == -1 ||
	    fcntl(e->notices, F_SETFL, flags | O_NONBLOCK) == -1)
		fatal("fcntl");
	l->notices_left = NOTICES_MAX;
	l->notices_filled = loop_now();
	l->notices = loop_fd_add(e->loop, e->notices, POLLIN, on_notice, l);
}

void
notice_stop(struct engine *e)
{
	loop_fd_remove(e->loop, e->learn->notices);
	close(e->notices);
}
