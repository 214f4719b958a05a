/* SPDX-License-Identifier: ISC */

/*
 * The filter that smtpd runs.  smtpd stops when a filter exits or prints a line
 * that it does not understand, and each session waits for its answers: after
 * "register|ready" nothing here exits but for smtpd's own end, and nothing
 * waits for anybody but in poll(2).
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "session/reply_queue.h"
#include "base/addr_own.h"
#include "base/announced.h"
#include "base/bounds.h"
#include "base/line_in.h"
#include "base/monotonic.h"
#include "base/sged_notice.h"
#include "base/trouble.h"
#include "conf/conf.h"
#include "confine.h"
#include "session/event.h"
#include "session/event_ahead.h"
#include "base/log.h"
#include "base/version.h"
#include "session/session.h"
#include "session/learn_wait.h"

/* What is read at once: some hundred events of a busy smtpd. */
#define IN_SIZE (64 * 1024)
/* No more events are read while so many bytes of answers wait. */
#define OUT_HIGH (256 * 1024)

#define CONF_CHECK_MS 5000
#define COMPLAIN_MS 60000
#define IDLE_MS 60000
/* smtpd's end follows that of its system; if not, somebody wants ours. */
#define TERM_MS 3000

struct filter {
	const char	*conf_path;
	struct conf	*conf;
	uint64_t	 conf_stamp;	/* of the files that were last read */
	int64_t		 conf_checked;
	struct spool	*spool;
	struct routes	*routes;
	struct sessions	*sessions;
	struct addr_own	 own;
	struct waits	*waits;
	int64_t		 now;		/* monotonic milliseconds */
	int64_t		 term;		/* when to go; 0 */
	int64_t		 rest;		/* smtpd is not read before */
	int		 eof;
	struct line_in	 in;
	struct answers	 answers;
	struct ahead	 ahead;
	uint64_t	 said;		/* troubles of all kinds, and when */
	int64_t		 said_at;
	char		 buf[IN_SIZE];
};

static volatile sig_atomic_t got_hup, got_term;

static __dead void usage(void);
static void	 on_signal(int);
static void	 use_conf(struct filter *, struct conf *);
static void	 check_conf(struct filter *);
static void	 set_now(struct filter *);
static void	 answered(const struct waiter *, enum waited, void *);
static void	 request(struct filter *, const struct event *);
static void	 event(const struct event *, void *);
static void	 lines(struct filter *);
static void	 fill(struct filter *);
static void	 complain(struct filter *);
static int	 timeout(const struct filter *);
static void	 turn(struct filter *);
static void	 handshake(struct filter *);
static void	 setup(struct filter *, int);

static __dead void
usage(void)
{
	fprintf(stderr, "usage: filter-sge [-nVv] [-f file]\n");
	exit(1);
}

static void
on_signal(int signo)
{
	if (signo == SIGHUP)
		got_hup = 1;
	else
		got_term = 1;
}

/* Takes conf over; the old one stays where there is no memory for this. */
static void
use_conf(struct filter *f, struct conf *conf)
{
	struct routes *routes = f->routes;

	if (f->conf == NULL || strcmp(f->conf->spool, conf->spool) != 0)
		routes = routes_open_in(conf->spool);
	if (sessions_conf(f->sessions, conf) == -1) {
		if (routes != f->routes)
			routes_free(routes);
		conf_free(conf);
		return;
	}
	if (routes != f->routes) {
		routes_free(f->routes);
		f->routes = routes;
	}
	f->sessions->routes = routes;
	spool_move(f->spool, conf->spool);
	waits_path(f->waits, conf->socket);
	notice_path(f->sessions->notice, conf->socket);
	conf_free(f->conf);
	f->conf = conf;
}

/* smtpd's child is not easily signalled: its files are looked at instead. */
static void
check_conf(struct filter *f)
{
	struct conf *conf;
	uint64_t stamp;

	f->conf_checked = f->now;
	stamp = conf_stamp(f->conf);
	if (stamp == f->conf_stamp && !got_hup)
		return;
	got_hup = 0;
	/* A mistake is not said again until something is changed again. */
	f->conf_stamp = stamp;
	if ((conf = conf_read_logged(f->conf_path)) == NULL) {
		log_warnx("%s: the old configuration stays in use",
		    f->conf_path);
		return;
	}
	use_conf(f, conf);
	f->conf_stamp = f->conf->stamp;
	log_info("%s: read again", f->conf_path);
}

static void
set_now(struct filter *f)
{
	f->now = monotonic_ms();
	f->sessions->now = time(NULL);
	f->sessions->clock = f->now;
}

/*
 * sged does not say whether a report goes there: where its list does, the
 * mail goes, and sged hears of it when it is back.
 */
static enum learned
look_up(struct filter *f, uint64_t session, const char *address)
{
	const struct session *s = session_find(f->sessions, session);

	if (s == NULL || !(s->flags & S_REPORT) || announced_has(
	    f->conf->spool, address, f->sessions->now) != 1)
		return LEARNED_TIMEOUT;
	waits_tell(f->waits, address);
	return LEARNED_YES;
}

static void
answered(const struct waiter *wait, enum waited waited, void *arg)
{
	static const enum learned learned[] = {
		[WAITED_YES] = LEARNED_YES,
		[WAITED_NO] = LEARNED_NO,
		[WAITED_VAIN] = LEARNED_TIMEOUT
	};
	struct filter *f = arg;
	struct decision d;
	struct text rcpt = { wait->rcpt, wait->rcptlen };
	struct session *s;

	if ((s = session_find(f->sessions, wait->session)) != NULL)
		s->flags &= ~S_WAITS;
	(void)session_rcpt(f->sessions, wait->session, wait->id, &rcpt,
	    waited == WAITED_VAIN ? look_up(f, wait->session, rcpt.s) :
	    learned[waited], &d);
	answers_add(&f->answers, wait->id, wait->token, d.reply);
	free(wait->rcpt);
}

static void
request(struct filter *f, const struct event *ev)
{
	const struct text *rcpt = &ev->field[1];
	const char *token = ev->field[0].s;
	struct waiter wait;
	struct session *s;
	struct decision d;
	int64_t ms = (int64_t)f->conf->learn_timeout * 1000;

	if (session_rcpt(f->sessions, ev->session, ev->id, rcpt,
	    LEARNED_NOT_ASKED, &d) == 0) {
		answers_add(&f->answers, ev->id, token, d.reply);
		return;
	}
	s = session_find(f->sessions, ev->session);
	wait.session = ev->session;
	memcpy(wait.id, ev->id, sizeof(wait.id));
	memcpy(wait.token, token, sizeof(wait.token));
	if ((wait.rcpt = malloc(rcpt->len + 1)) != NULL) {
		memcpy(wait.rcpt, rcpt->s, rcpt->len);
		wait.rcpt[rcpt->len] = '\0';
		wait.rcptlen = rcpt->len;
	}
	/* An address is asked for whether a report goes there. */
	if (strchr(d.ask, '@') != NULL && ms < WAITS_ANNOUNCED_MS)
		ms = WAITS_ANNOUNCED_MS;
	if (wait.rcpt != NULL && waits_ask(f->waits, d.ask, &wait, ms,
	    f->now) == 0) {
		if (s != NULL)
			s->flags |= S_WAITS;
		return;
	}
	free(wait.rcpt);
	(void)session_rcpt(f->sessions, ev->session, ev->id, rcpt,
	    look_up(f, ev->session, d.ask), &d);
	answers_add(&f->answers, ev->id, token, d.reply);
}

static void
event(const struct event *ev, void *arg)
{
	struct filter *f = arg;
	const struct session *s;

	if (ev->kind == EVENT_RCPT_TO) {
		request(f, ev);
		return;
	}
	/* Whose client went away meanwhile is judged as far as it came. */
	if (waits_waiting(f->waits) > 0 &&
	    (s = session_find(f->sessions, ev->session)) != NULL &&
	    (s->flags & S_WAITS))
		waits_give_up(f->waits, ev->session);
	sessions_event(f->sessions, ev);
}

/*
 * All whole lines.  Of one too long the beginning is taken for all of it: even
 * such a request is answered.
 */
static void
lines(struct filter *f)
{
	char *p;
	size_t len;

	while (line_in_next(&f->in, &p, &len) != LINE_NONE)
		ahead_line(&f->ahead, p, len);
	/* They point into the buffer. */
	ahead_flush(&f->ahead);
}

static void
fill(struct filter *f)
{
	ssize_t n;

	n = line_in_fill(&f->in, STDIN_FILENO);
	if (n == 0 || (n == -1 && !trouble_passes(errno))) {
		f->eof = 1;
		return;
	}
	if (n == -1 && !trouble_is_none(errno))
		f->rest = f->now + TROUBLE_MS;
	if (n > 0)
		lines(f);
}

/* Once a minute at most, and only if there is something new. */
static void
complain(struct filter *f)
{
	const struct sessions *ss = f->sessions;
	uint64_t troubles = f->ahead.bad + ss->evicted + ss->nomem;

	if (troubles == f->said ||
	    (f->said > 0 && f->now - f->said_at < COMPLAIN_MS))
		return;
	f->said = troubles;
	f->said_at = f->now;
	log_warnx("since the start: %llu lines of smtpd not understood, %llu "
	    "sessions given up (too many open), %llu times out of memory",
	    (unsigned long long)f->ahead.bad, (unsigned long long)ss->evicted,
	    (unsigned long long)ss->nomem);
}

/* Milliseconds for poll(2). */
static int
timeout(const struct filter *f)
{
	int64_t next = f->now + IDLE_MS, t;

	if ((t = waits_next(f->waits)) != -1 && t < next)
		next = t;
	if ((spool_waiting(f->spool) || log_waiting()) && f->now + 1000 < next)
		next = f->now + 1000;
	if (f->rest > f->now && f->rest < next)
		next = f->rest;
	if (f->answers.trouble && f->now + TROUBLE_MS < next)
		next = f->now + TROUBLE_MS;
	if (f->term != 0 && f->term < next)
		next = f->term;
	return next <= f->now ? 0 : (int)(next - f->now);
}

static void
turn(struct filter *f)
{
	struct pollfd pfd[4];
	int n;

	memset(pfd, 0, sizeof(pfd));
	pfd[0].fd = answers_waiting(&f->answers) > OUT_HIGH ||
	    f->rest > f->now ? -1 : STDIN_FILENO;
	pfd[0].events = POLLIN;
	pfd[1].fd = answers_waiting(&f->answers) > 0 && !f->answers.trouble ?
	    STDOUT_FILENO : -1;
	pfd[1].events = POLLOUT;
	pfd[2].fd = waits_fd(f->waits);
	pfd[2].events = waits_events(f->waits);
	pfd[3].fd = spool_fd(f->spool);
	pfd[3].events = POLLIN;
	n = poll(pfd, nitems(pfd), timeout(f));
	set_now(f);
	if (got_term && f->term == 0)
		f->term = f->now + TERM_MS;
	if (f->term != 0 && f->term <= f->now)
		f->eof = 1;
	if (got_hup || f->now - f->conf_checked >= CONF_CHECK_MS)
		check_conf(f);
	if (n > 0 && pfd[0].revents != 0)
		fill(f);
	/* The descriptor may have changed since; then it is not ready. */
	waits_run(f->waits, n > 0 && pfd[2].fd == waits_fd(f->waits) ?
	    pfd[2].revents : 0, f->now);
	log_flush();
	answers_flush(&f->answers);
	if (f->answers.gone)
		f->eof = 1;
	spool_flush(f->spool, f->sessions->now);
	complain(f);
}

/*
 * Before "register|ready" there is nobody to harm: smtpd waits for it at its
 * start, and says so if it does not come.
 */
static void
handshake(struct filter *f)
{
	const char *p = event_registration();
	char *s;
	ssize_t n;
	size_t left = strlen(p), len;

	do {
		while (line_in_next(&f->in, &s, &len) == LINE_NONE) {
			n = line_in_fill(&f->in, STDIN_FILENO);
			if (n == -1 && trouble_passes(errno))
				trouble_wait();
			else if (n <= 0)
				exit(n == 0 ? 0 : 1);
		}
	} while (len != 12 || memcmp(s, "config|ready", len) != 0);
	while (left > 0) {
		n = write(STDOUT_FILENO, p, left);
		if (n == -1 && trouble_passes(errno)) {
			trouble_wait();
			continue;
		}
		if (n <= 0)
			exit(1);
		p += n;
		left -= n;
	}
}

static void
setup(struct filter *f, int verbose)
{
	struct conf *conf;
	struct sigaction sa;

	line_in_init(&f->in, f->buf, sizeof(f->buf), EVENT_LINE_MAX);
	if ((conf = conf_read_logged(f->conf_path)) == NULL)
		exit(1);
	if ((f->spool = spool_new(conf->spool)) == NULL)
		fatal("start");
	/* Now: it would hold what is open later, after that is replaced. */
	if (spool_start(f->spool, confine_writer) == -1)
		log_warn("a disk that hangs will be waited for");
	if (answers_init(&f->answers) == -1 ||
	    (f->sessions = sessions_new(conf, f->spool, verbose)) == NULL ||
	    (f->sessions->notice = notice_new(conf->socket)) == NULL ||
	    (f->waits = waits_new(conf->socket, answered, f)) == NULL)
		fatal("start");
	/* Without them, more sessions must have TLS: nothing is let through. */
	if (addr_own(&f->own) == -1)
		log_warn("addresses of this host");
	f->sessions->own = &f->own;
	ahead_init(&f->ahead, f->sessions, event, f);
	use_conf(f, conf);
	if (f->conf == NULL)
		fatalx("start: no memory");
	f->conf_stamp = f->conf->stamp;
	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	/* A file at its limit is as a full disk. */
	sigaction(SIGXFSZ, &sa, NULL);
	sa.sa_handler = on_signal;
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

int
main(int argc, char *argv[])
{
	static struct filter f;
	int c, check = 0, verbose = 0;

	f.conf_path = CONF_PATH;
	while ((c = getopt(argc, argv, "f:nVv")) != -1) {
		switch (c) {
		case 'f':
			f.conf_path = optarg;
			break;
		case 'n':
			check++;
			break;
		case 'V':
			puts("filter-sge " SGE_VERSION);
			return 0;
		case 'v':
			verbose = 1;
			break;
		default:
			usage();
		}
	}
	if (argc != optind)
		usage();
	log_init("filter-sge", 1, verbose);
	if (check)
		return conf_main_check(f.conf_path, check);
	setup(&f, verbose);
	confine_filter(f.conf);
	handshake(&f);
	/* Neither smtpd's socket nor its log must make us wait. */
	(void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	(void)fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
	(void)fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
	set_now(&f);
	f.conf_checked = f.now;
	lines(&f);
	log_flush();
	while (!f.eof)
		turn(&f);
	waits_free(f.waits);
	log_flush();
	answers_flush(&f.answers);
	notice_free(f.sessions->notice);
	f.sessions->notice = NULL;
	sessions_free(f.sessions);
	spool_free(f.spool);
	log_end();
	return 0;
}
