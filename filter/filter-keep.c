/* SPDX-License-Identifier: ISC */

/*
 * Runs another filter of smtpd's, so that smtpd does not end when that one
 * does: it is started again, and what it was asked is answered for it.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/line_in.h"
#include "base/log.h"
#include "base/monotonic.h"
#include "base/trouble.h"
#include "base/version.h"
#include "confine.h"
#include "keep/child.h"
#include "keep/kept.h"
#include "keep/line_out.h"

/*
 * One that ends at its start is not started again within this, nor one that has
 * lived for less so many times in a row.
 */
#define AGAIN_MS 1000
#define QUICK_MAX 8
#define COMPLAIN_MS 60000
/* What one that has ended may have said: a pipe's, and some. */
#define LAST_READS 16
/* smtpd has gone: how long the filter may take to do so too. */
#define LEAVE_MS 5000
#define LEAVE_LOOK_MS 10
/* How long one that owes an answer may say nothing, by itself. */
#define PATIENCE_SECONDS 240
#define PATIENCE_MAX 86400

struct in {
	int		 fd;
	struct line_in	 in;
	char		 buf[KEPT_LINE_MAX];
};

struct keeper {
	char *const	*argv;
	struct kept	*kept;
	struct in	 smtpd;
	struct in	 filter;
	struct line_out	 to_smtpd;
	struct line_out	 to_filter;
	struct child	 child;		/* the filter */
	int		 eof;		/* smtpd has gone */
	int64_t		 started;	/* monotonic milliseconds */
	int		 quick;		/* lives of less than AGAIN_MS */
	uint64_t	 said;		/* of kept_dropped, and when */
	int64_t		 said_at;
	int64_t		 look_ms;	/* how often it is looked */
	int64_t		 looked;
	uint64_t	 passed;	/* of kept_passed, then */
	uint64_t	 taken;		/* of to_filter, then */
	int		 looks;		/* in vain */
	int64_t		 deaf;		/* since when it does not read; 0 */
};

static __dead void
usage(void)
{
	fprintf(stderr, "usage: filter-keep [-t seconds] filter "
	    "[argument ...]\n"
	    "       filter-keep -V\n");
	exit(1);
}

static void
to_smtpd(const char *line, size_t len, void *arg)
{
	struct keeper *k = arg;

	line_out_put(&k->to_smtpd, line, len);
}

static void
to_filter(const char *line, size_t len, void *arg)
{
	struct keeper *k = arg;

	line_out_put(&k->to_filter, line, len);
}

/*
 * What is there.  0, or -1 at its end, which is that of a filter, too, that says
 * too much.
 */
static int
fill(struct keeper *k, struct in *in,
    void (*each)(struct kept *, const char *, size_t))
{
	enum line_kind kind;
	char *line;
	size_t len;
	ssize_t n = line_in_fill(&in->in, in->fd);

	if (n == -1 && trouble_passes(errno)) {
		if (!trouble_is_none(errno))
			trouble_wait();
		return 0;
	}
	if (n <= 0)
		return -1;
	while ((kind = line_in_next(&in->in, &line, &len)) != LINE_NONE) {
		if (kind == LINE_WHOLE)
			each(k->kept, line, len);
		else if (in == &k->filter)
			/* Its mail would lack it. */
			return -1;
	}
	return in == &k->filter && kept_talks_on(k->kept) ? -1 : 0;
}

static void
start(struct keeper *k, const char *self)
{
	k->started = monotonic_ms();
	if (child_start(&k->child, k->argv, self) == -1)
		return;
	k->to_filter.fd = k->child.feed;
	k->filter.fd = k->child.said;
	line_in_init(&k->filter.in, k->filter.buf, sizeof(k->filter.buf),
	    sizeof(k->filter.buf) - 1);
	kept_started(k->kept);
}

static void
ended(struct keeper *k, int hung)
{
	const char *why = child_end(&k->child);
	size_t n;

	k->filter.fd = k->to_filter.fd = -1;
	k->to_filter.head = k->to_filter.tail = 0;
	k->looks = 0;
	k->deaf = 0;
	k->quick = monotonic_ms() - k->started < AGAIN_MS ? k->quick + 1 : 0;
	n = kept_ended(k->kept, hung);
	/* smtpd waits for it at its start, and says so if it does not come. */
	if (!kept_ready(k->kept)) {
		log_warnx("%s ended at its start (%s)", k->argv[0],
		    why);
		exit(1);
	}
	log_warnx("%s ended (%s) with %zu mails in hand: they are refused, and "
	    "it is started again", k->argv[0], why, n);
}

/* Once a minute at most. */
static void
complain(struct keeper *k, int64_t now)
{
	uint64_t dropped = kept_dropped(k->kept);

	if (dropped == k->said ||
	    (k->said > 0 && now - k->said_at < COMPLAIN_MS))
		return;
	k->said = dropped;
	k->said_at = now;
	log_warnx("%s said %llu lines that smtpd would end at: not passed on",
	    k->argv[0], (unsigned long long)dropped);
}

/*
 * Ended though its pipes are open, since what it has started holds them: what
 * it has said is taken, and the rest of its group ended.
 */
static void
look_ended(struct keeper *k)
{
	struct pollfd pfd = { .fd = k->filter.fd, .events = POLLIN };
	int i;

	if (!child_has_ended(&k->child))
		return;
	for (i = 0; i < LAST_READS && poll(&pfd, 1, 0) > 0; i++)
		if (fill(k, &k->filter, kept_filter) == -1)
			break;
	ended(k, 0);
}

static void
hung(struct keeper *k, const char *how, int64_t looks)
{
	log_warnx("%s %s %lld s: it is ended", k->argv[0], how,
	    (long long)(k->look_ms * looks / 1000));
	ended(k, 1);
}

/*
 * One that hangs would have smtpd wait, and all mail; so would one that says
 * something now and then, and never ends.  Looks are counted, not time: a host
 * that was asleep finds much of it gone at once.
 */
static void
watch(struct keeper *k, int64_t now)
{
	uint64_t passed = kept_passed(k->kept);
	int owed;

	if (k->child.pid == -1 || now - k->looked < k->look_ms)
		return;
	k->looked = now;
	owed = kept_look(k->kept);
	if (passed == k->passed && (owed > 0 ||
	    (line_out_waiting(&k->to_filter) > 0 &&
	    k->taken == k->to_filter.gone)))
		k->looks++;
	else
		k->looks = 0;
	k->passed = passed;
	k->taken = k->to_filter.gone;
	if (k->looks > KEPT_LOOKS)
		hung(k, "says nothing for", KEPT_LOOKS);
	else if (owed > KEPT_LOOKS_MOST)
		hung(k, "has not answered for", KEPT_LOOKS_MOST);
}

/*
 * It has closed what it reads, or a line for it was lost: nothing that it says
 * from now on answers smtpd.  What it has said is taken first, and one that is
 * about to end has a moment to: the log says how.
 */
static int
is_deaf(struct keeper *k)
{
	if (k->child.pid == -1 || k->to_filter.fd != -1)
		return 0;
	if (k->deaf == 0)
		k->deaf = monotonic_ms();
	return 1;
}

static void
turn(struct keeper *k)
{
	struct pollfd pfd[4];
	struct timespec ts;
	int64_t ms;
	int n, deaf = is_deaf(k);

	memset(pfd, 0, sizeof(pfd));
	pfd[0].fd = deaf ||
	    line_out_waiting(&k->to_filter) > LINE_OUT_HIGH ? -1 : k->smtpd.fd;
	pfd[1].fd = line_out_waiting(&k->to_smtpd) > LINE_OUT_HIGH ? -1 :
	    k->filter.fd;
	pfd[0].events = pfd[1].events = POLLIN;
	pfd[2].fd = line_out_waiting(&k->to_smtpd) > 0 ? k->to_smtpd.fd : -1;
	pfd[2].events = POLLOUT;
	/* That nobody reads there is said without being asked for. */
	pfd[3].fd = k->to_filter.fd;
	pfd[3].events = line_out_waiting(&k->to_filter) > 0 ? POLLOUT : 0;
	ms = k->child.pid == -1 || deaf ? AGAIN_MS / 4 : k->look_ms;
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = ms % 1000 * 1000000;
	/* Nowhere else does the end of a child interrupt anything. */
	n = ppoll(pfd, nitems(pfd), &ts, child_signals());
	if (n > 0 && pfd[1].revents != 0 &&
	    fill(k, &k->filter, kept_filter) == -1) {
		/* Started again before smtpd says more. */
		ended(k, 0);
		return;
	}
	if (deaf && monotonic_ms() - k->deaf >= AGAIN_MS / 4) {
		log_warnx("%s does not read any more: it is ended",
		    k->argv[0]);
		ended(k, 0);
		return;
	}
	if (n > 0 && (pfd[3].revents & (POLLERR | POLLHUP)) != 0)
		k->to_filter.fd = -1;
	if (n > 0 && pfd[0].revents != 0 &&
	    fill(k, &k->smtpd, kept_smtpd) == -1)
		k->eof = 1;
	line_out_flush(&k->to_filter);
	line_out_flush(&k->to_smtpd);
	if (k->to_smtpd.fd == -1)
		k->eof = 1;
}

static void
keep(struct keeper *k, const char *self)
{
	while (!k->eof) {
		if (k->child.pid == -1 && !child_many_left(&k->child) &&
		    ((kept_came_up(k->kept) && k->quick < QUICK_MAX) ||
		    monotonic_ms() - k->started >= AGAIN_MS))
			start(k, self);
		complain(k, monotonic_ms());
		look_ended(k);
		watch(k, monotonic_ms());
		turn(k);
	}
}

/*
 * smtpd has gone: the filter sees it, and may end what it is at.  One that
 * hangs would stay for ever.
 */
static void
leave(struct keeper *k)
{
	int64_t until = monotonic_ms() + LEAVE_MS;
	struct pollfd pfd = { .fd = k->filter.fd, .events = POLLIN };
	char said[4096];

	if (k->child.pid == -1)
		return;
	close(k->child.feed);
	k->child.feed = -1;
	while (!child_is_gone(&k->child)) {
		if (monotonic_ms() >= until) {
			log_warnx("%s does not end when smtpd does: it is "
			    "ended", k->argv[0]);
			(void)child_end(&k->child);
			return;
		}
		/* Nobody wants it, but it may not end before it is read. */
		if (poll(&pfd, 1, LEAVE_LOOK_MS) > 0 &&
		    read(pfd.fd, said, sizeof(said)) == 0)
			pfd.fd = -1;
	}
}

int
main(int argc, char *argv[])
{
	static struct keeper k = {
		.smtpd = { .fd = STDIN_FILENO },
		.filter = { .fd = -1 },
		.to_smtpd = { .fd = STDOUT_FILENO },
		.to_filter = { .fd = -1 },
		.child = { .pid = -1, .feed = -1, .said = -1 },
		.started = -AGAIN_MS
	};
	const char *wrong = NULL;

	if (argc == 2 && strcmp(argv[1], "-V") == 0) {
		puts("filter-keep " SGE_VERSION);
		return 0;
	}
	log_init("filter-keep", 1, 0);
	k.argv = argv + 1;
	k.look_ms = PATIENCE_SECONDS * 1000 / KEPT_LOOKS;
	if (argc > 2 && strcmp(argv[1], "-t") == 0) {
		k.look_ms = strtonum(argv[2], 1, PATIENCE_MAX, &wrong) * 1000 /
		    KEPT_LOOKS;
		if (wrong != NULL)
			fatalx("-t: %s is %s", argv[2], wrong);
		k.argv += 2;
	}
	/* What follows the filter's name is its own. */
	if (k.argv[0] == NULL || k.argv[0][0] == '-')
		usage();
	(void)signal(SIGPIPE, SIG_IGN);
	child_watch();
	if ((k.kept = kept_new(to_smtpd, to_filter, &k)) == NULL)
		fatal("start");
	line_in_init(&k.smtpd.in, k.smtpd.buf, sizeof(k.smtpd.buf),
	    sizeof(k.smtpd.buf) - 1);
	confine_keeper();
	(void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	(void)fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
	keep(&k, argv[0]);
	leave(&k);
	kept_free(k.kept);
	return 0;
}
