/* SPDX-License-Identifier: ISC */

/*
 * SMTP sessions as fast as a host takes them, without TLS:
 *
 *	smtp-load [-c connections] [-d domain] [-n sessions] [-r recipients]
 *	    [-t seconds] [-u user] host port
 *
 * The recipients are user0@domain, user1@domain and so on, or user@domain each
 * time.  Each session is EHLO, MAIL, the recipients, RSET, QUIT, one command at a
 * time.  Prints one line: sessions, failed, rejects, secs, rate.
 */

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
/* smtpd listens with a backlog of five: more at once wait for a SYN again. */
#define GREETINGS_MAX 4

enum state {
	ST_GREETING,
	ST_EHLO,
	ST_MAIL,
	ST_RCPT,
	ST_RSET,
	ST_QUIT
};

struct conn {
	int		 fd;
	enum state	 state;
	int		 rcpts;
	size_t		 len;
	char		 buf[2048];
};

struct load {
	struct addrinfo	*ai;
	const char	*domain;
	const char	*user;		/* NULL: many */
	int		 connections;
	int		 rcpts;
	long		 total;
	long		 started;
	long		 finished;
	long		 failed;
	long		 rejects;
	int		 greetings;	/* connections without a 220 yet */
	int		 open;
	struct conn	 conns[CONNECTIONS_MAX];
	struct pollfd	 pfds[CONNECTIONS_MAX];
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
conn_end(struct load *l, int i, int good)
{
	struct conn *c = &l->conns[i];

	if (c->state == ST_GREETING)
		l->greetings--;
	close(c->fd);
	c->fd = l->pfds[i].fd = -1;
	l->open--;
	if (good)
		l->finished++;
	else
		l->failed++;
}

static void
conn_start(struct load *l, int i)
{
	struct conn *c = &l->conns[i];
	int one = 1;

	memset(c, 0, sizeof(*c));
	l->started++;
	c->fd = socket(l->ai->ai_family, SOCK_STREAM, 0);
	if (c->fd == -1)
		err(1, "socket");
	if (connect(c->fd, l->ai->ai_addr, l->ai->ai_addrlen) == -1)
		err(1, "connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	l->pfds[i].fd = c->fd;
	l->pfds[i].events = POLLIN;
	l->greetings++;
	l->open++;
}

static void
say(struct conn *c, enum state next, const char *line)
{
	size_t len = strlen(line);

	c->state = next;
	if (write(c->fd, line, len) != (ssize_t)len)
		warn("write");
}

/* A whole reply has come; returns 1 when the session is over. */
static int
step(struct load *l, struct conn *c, int code)
{
	char line[512];

	if (code >= 400)
		l->rejects++;
	switch (c->state) {
	case ST_GREETING:
		l->greetings--;
		say(c, ST_EHLO, "EHLO client.example.org\r\n");
		return 0;
	case ST_EHLO:
		say(c, ST_MAIL, "MAIL FROM:<sender@example.org>\r\n");
		return 0;
	case ST_MAIL:
	case ST_RCPT:
		if (c->rcpts == l->rcpts) {
			say(c, ST_RSET, "RSET\r\n");
			return 0;
		}
		if (l->user != NULL)
			snprintf(line, sizeof(line), "RCPT TO:<%s@%s>\r\n",
			    l->user, l->domain);
		else
			snprintf(line, sizeof(line), "RCPT TO:<user%d@%s>\r\n",
			    c->rcpts, l->domain);
		c->rcpts++;
		say(c, ST_RCPT, line);
		return 0;
	case ST_RSET:
		say(c, ST_QUIT, "QUIT\r\n");
		return 0;
	case ST_QUIT:
		break;
	}
	return 1;
}

static void
conn_read(struct load *l, int i)
{
	struct conn *c = &l->conns[i];
	char *line, *end;
	ssize_t n;

	n = read(c->fd, c->buf + c->len, sizeof(c->buf) - c->len - 1);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0) {
		conn_end(l, i, c->state == ST_QUIT);
		return;
	}
	c->len += (size_t)n;
	c->buf[c->len] = '\0';
	for (line = c->buf; (end = strchr(line, '\n')) != NULL;
	    line = end + 1) {
		if (end - line >= 4 && line[3] != '-' &&
		    step(l, c, atoi(line))) {
			conn_end(l, i, 1);
			return;
		}
	}
	c->len = strlen(line);
	memmove(c->buf, line, c->len);
	if (c->len == sizeof(c->buf) - 1)
		conn_end(l, i, 0);
}

static void
run(struct load *l, double limit)
{
	double began = now(), secs;
	int i;

	for (i = 0; i < l->connections; i++)
		l->conns[i].fd = l->pfds[i].fd = -1;
	while (l->finished + l->failed < l->total && now() - began < limit) {
		for (i = 0; i < l->connections; i++)
			if (l->pfds[i].fd == -1 && l->started < l->total &&
			    l->greetings < GREETINGS_MAX)
				conn_start(l, i);
		if (poll(l->pfds, (nfds_t)l->connections, 200) == -1)
			err(1, "poll");
		for (i = 0; i < l->connections; i++)
			if (l->pfds[i].fd != -1 && l->pfds[i].revents != 0)
				conn_read(l, i);
	}
	secs = now() - began;
	printf("sessions=%ld failed=%ld rejects=%ld secs=%.2f rate=%.1f\n",
	    l->finished, l->failed, l->rejects, secs,
	    (double)l->finished / secs);
}

static void
usage(void)
{
	fprintf(stderr, "usage: smtp-load [-c connections] [-d domain] "
	    "[-n sessions] [-r recipients]\n\t[-t seconds] [-u user] host port\n");
	exit(1);
}

int
main(int argc, char *argv[])
{
	static struct load l;
	struct addrinfo hints;
	double limit = 60;
	int ch, error;

	l.connections = 50;
	l.rcpts = 2;
	l.total = 1000;
	l.domain = "example.org";
	while ((ch = getopt(argc, argv, "c:d:n:r:t:u:")) != -1) {
		switch (ch) {
		case 'c': l.connections = atoi(optarg); break;
		case 'd': l.domain = optarg; break;
		case 'n': l.total = atol(optarg); break;
		case 'r': l.rcpts = atoi(optarg); break;
		case 't': limit = atof(optarg); break;
		case 'u': l.user = optarg; break;
		default: usage();
		}
	}
	if (argc - optind != 2 || l.connections < 1 ||
	    l.connections > CONNECTIONS_MAX)
		usage();
	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	error = getaddrinfo(argv[optind], argv[optind + 1], &hints, &l.ai);
	if (error != 0)
		errx(1, "%s: %s", argv[optind], gai_strerror(error));
	run(&l, limit);
	return l.failed > 0 || l.finished < l.total;
}
