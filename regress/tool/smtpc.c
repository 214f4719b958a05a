/* SPDX-License-Identifier: ISC */

/*
 * Hands one mail to a mail host and prints the conversation, "C: " what we
 * said and "S: " what it answered:
 *
 *	smtpc [-dit] [-b address] [-f from] [-h helo] [-m file] [-o params]
 *	    [-p port] [-u user:password] [-v versions] host rcpt ...
 *
 * -t: STARTTLS, -i: TLS from the start, -v: TLS versions of "1.1" or
 * "1.2-1.3"; -b: our own address; -d: no DATA; -m: the message (default: a
 * short one); -o: what follows each RCPT's address.  How long each RCPT took: "#  rcpt N us"; at the end, all of it
 * from the greeting on: "#  N ms".
 * Exits 0 when every recipient was accepted (and the message
 * taken), 2 when one was not, 1 when the conversation broke.
 */

#include <arpa/inet.h>
#include <time.h>

#include "tool.h"

struct client {
	struct wire	 wire;
	SSL_CTX		*ctx;
	const char	*helo;
	const char	*from;
	const char	*login;
	const char	*message;
	const char	*params;
	int		 starttls;
	int		 implicit;
	int		 nodata;
};

/* The whole reply; its code.  Exits when the server is gone. */
static int
reply(struct client *c)
{
	char line[4096];

	do {
		if (wire_line(&c->wire, line, sizeof(line)) == -1)
			errx(1, "the server closed the connection");
		printf("S: %s\n", line);
	} while (strlen(line) > 3 && line[3] == '-');
	return atoi(line);
}

__attribute__((__format__(printf, 2, 3)))
static int
say(struct client *c, const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	printf("C: %s\n", line);
	if (wire_print(&c->wire, "%s", line) == -1)
		errx(1, "the server closed the connection");
	return reply(c);
}

static void
secure(struct client *c)
{
	c->wire.len = 0;
	if ((c->wire.ssl = SSL_new(c->ctx)) == NULL ||
	    SSL_set_fd(c->wire.ssl, c->wire.fd) != 1)
		errx(1, "SSL_new");
	if (SSL_connect(c->wire.ssl) != 1)
		errx(1, "handshake: %s", tool_tls_error());
	printf("#  now %s\n", SSL_get_version(c->wire.ssl));
}

static void
dial(struct client *c, const char *host, const char *port, const char *own)
{
	struct addrinfo *ai = tool_resolve(host, port), *from;

	c->wire.fd = socket(ai->ai_family, SOCK_STREAM, 0);
	if (c->wire.fd == -1)
		err(1, "socket");
	if (own != NULL) {
		from = tool_resolve(own, NULL);
		if (bind(c->wire.fd, from->ai_addr, from->ai_addrlen) == -1)
			err(1, "bind %s", own);
		freeaddrinfo(from);
	}
	if (connect(c->wire.fd, ai->ai_addr, ai->ai_addrlen) == -1)
		err(1, "connect %s port %s", host, port);
	freeaddrinfo(ai);
}

static void
login(struct client *c)
{
	unsigned char plain[256], coded[512];
	int len;

	/* RFC 4616: NUL user NUL password. */
	len = snprintf((char *)plain, sizeof(plain), "%c%s", 0, c->login);
	for (int i = 1; i < len; i++)
		if (plain[i] == ':') {
			plain[i] = '\0';
			break;
		}
	EVP_EncodeBlock(coded, plain, len);
	if (say(c, "AUTH PLAIN %s", coded) != 235)
		errx(1, "login failed");
}

static int
send_message(struct client *c)
{
	char line[2048];
	FILE *fp = NULL;

	if (say(c, "DATA") != 354)
		return 2;
	if (c->message != NULL && (fp = fopen(c->message, "r")) == NULL)
		err(1, "%s", c->message);
	if (fp == NULL)
		wire_print(&c->wire, "From: <%s>\r\nSubject: test\r\n"
		    "Message-ID: <%ld@test.invalid>\r\n\r\nHello.",
		    c->from, (long)getpid());
	while (fp != NULL && fgets(line, sizeof(line), fp) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		wire_print(&c->wire, "%s%s", line[0] == '.' ? "." : "", line);
	}
	if (fp != NULL)
		fclose(fp);
	printf("C: (the message)\n");
	wire_print(&c->wire, ".");
	return reply(c) == 250 ? 0 : 2;
}

static long
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int
converse(struct client *c, char *rcpts[])
{
	int accepted = 0, status = 0, code;
	long began, asked;

	if (c->implicit)
		secure(c);
	code = reply(c);
	began = now_us();
	if (code != 220 || say(c, "EHLO %s", c->helo) != 250)
		return 1;
	if (c->starttls) {
		if (say(c, "STARTTLS") != 220)
			return 1;
		secure(c);
		if (say(c, "EHLO %s", c->helo) != 250)
			return 1;
	}
	if (c->login != NULL)
		login(c);
	if (say(c, "MAIL FROM:<%s>", c->from) != 250)
		return 2;
	for (; *rcpts != NULL; rcpts++) {
		asked = now_us();
		if (say(c, "RCPT TO:<%s>%s", *rcpts, c->params) == 250)
			accepted++;
		else
			status = 2;
		printf("#  rcpt %ld us\n", now_us() - asked);
	}
	if (accepted > 0 && !c->nodata && send_message(c) != 0)
		status = 2;
	say(c, "QUIT");
	printf("#  %ld ms\n", (now_us() - began) / 1000);
	return status;
}

static void
usage(void)
{
	fprintf(stderr, "usage: smtpc [-dit] [-b address] [-f from] [-h helo] "
	    "[-m file] [-o params]\n\t[-p port] [-u user:password] "
	    "[-v versions] host rcpt ...\n");
	exit(1);
}

int
main(int argc, char *argv[])
{
	struct client c = { .helo = "client.example.org", .from = "",
	    .params = "" };
	const char *port = "25", *own = NULL, *versions = NULL;
	int ch;

	while ((ch = getopt(argc, argv, "b:df:h:im:o:p:tu:v:")) != -1) {
		switch (ch) {
		case 'b': own = optarg; break;
		case 'd': c.nodata = 1; break;
		case 'f': c.from = optarg; break;
		case 'h': c.helo = optarg; break;
		case 'i': c.implicit = 1; break;
		case 'm': c.message = optarg; break;
		case 'o': c.params = optarg; break;
		case 'p': port = optarg; break;
		case 't': c.starttls = 1; break;
		case 'u': c.login = optarg; break;
		case 'v': versions = optarg; break;
		default: usage();
		}
	}
	if (argc - optind < 2)
		usage();
	alarm(120);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if ((c.ctx = SSL_CTX_new(TLS_client_method())) == NULL)
		errx(1, "SSL_CTX_new");
	tool_versions(c.ctx, versions);
	dial(&c, argv[optind], port, own);
	return converse(&c, argv + optind + 1);
}
