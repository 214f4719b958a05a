/* SPDX-License-Identifier: ISC */

/*
 * A mail host that behaves as it is told:
 *
 *	peer [-a address] [-c cert -k key] [-d ms] [-g text] [-m mode]
 *	    [-n name] [-o dir] [-p port] [-v versions]
 *
 * modes: ok; nostarttls (does not offer it); 454 (offers, then refuses);
 * drop (closes after the ClientHello); garbage (answers it with text);
 * hangup (closes at once); reject, tempfail (answer every RCPT so);
 * banner421, ehlo421, ehlo450, ehlo554, starttls421, mail450 (answer that
 * so; with 421 they close); ehlodrop, starttlsdrop (close when they see it).
 * -v: TLS versions, "1.1" or "1.0-1.2".  -d: waits before each answer.
 * -g: the 220 greeting's text; "%d" in it becomes the process id.
 * Each message taken goes to a file of its own in dir, NAME.PID.N, with the
 * session in X-Peer- lines above it.  One process a connection.
 */

#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <strings.h>

#include "tool.h"

enum mode {
	MODE_OK,
	MODE_NOSTARTTLS,
	MODE_454,
	MODE_DROP,
	MODE_GARBAGE,
	MODE_HANGUP,
	MODE_REJECT,
	MODE_TEMPFAIL,
	MODE_BANNER421,
	MODE_EHLO421,
	MODE_EHLO450,
	MODE_EHLO554,
	MODE_EHLODROP,
	MODE_STARTTLS421,
	MODE_STARTTLSDROP,
	MODE_MAIL450
};

static const char *const modes[] = {
	"ok", "nostarttls", "454", "drop", "garbage", "hangup", "reject",
	"tempfail", "banner421", "ehlo421", "ehlo450", "ehlo554", "ehlodrop",
	"starttls421", "starttlsdrop", "mail450", NULL
};

struct peer {
	enum mode	 mode;
	const char	*name;
	const char	*dir;
	const char	*greeting;
	int		 delay;
	SSL_CTX		*ctx;
};

struct session {
	struct wire	 wire;
	char		 remote[INET6_ADDRSTRLEN];
	char		 helo[256];
	char		 from[512];
	char		 to[4096];
	int		 messages;
};

static void
sleep_ms(int ms)
{
	if (ms > 0)
		usleep((useconds_t)ms * 1000);
}

/* Where a message goes: written under a hidden name, then renamed. */
static FILE *
message_open(const struct peer *p, struct session *s, char *tmp, char *path,
    size_t size)
{
	const char *sni = NULL;
	FILE *fp;

	s->messages++;
	snprintf(tmp, size, "%s/.%s.%ld.%d", p->dir, p->name, (long)getpid(),
	    s->messages);
	snprintf(path, size, "%s/%s.%ld.%d", p->dir, p->name, (long)getpid(),
	    s->messages);
	if ((fp = fopen(tmp, "w")) == NULL)
		err(1, "%s", tmp);
	if (s->wire.ssl != NULL)
		sni = SSL_get_servername(s->wire.ssl,
		    TLSEXT_NAMETYPE_host_name);
	fprintf(fp, "X-Peer-Host: %s\nX-Peer-Remote: %s\nX-Peer-Helo: %s\n"
	    "X-Peer-Tls: %s\nX-Peer-Sni: %s\nX-Peer-From: <%s>\n"
	    "X-Peer-To: %s\n", p->name, s->remote, s->helo,
	    s->wire.ssl == NULL ? "none" : SSL_get_version(s->wire.ssl),
	    sni == NULL ? "none" : sni, s->from, s->to);
	return fp;
}

static int
take_message(const struct peer *p, struct session *s)
{
	char line[4096], tmp[1024], path[1024];
	FILE *fp = NULL;

	if (wire_print(&s->wire, "354 go on") == -1)
		return -1;
	if (p->dir != NULL)
		fp = message_open(p, s, tmp, path, sizeof(path));
	for (;;) {
		if (wire_line(&s->wire, line, sizeof(line)) == -1)
			return -1;
		if (strcmp(line, ".") == 0)
			break;
		if (fp != NULL)
			fprintf(fp, "%s\n", line[0] == '.' ? line + 1 : line);
	}
	if (fp != NULL && (fclose(fp) != 0 || rename(tmp, path) == -1))
		err(1, "%s", path);
	sleep_ms(p->delay);
	return wire_print(&s->wire, "250 2.0.0 taken");
}

/* What stands between < and > into out. */
static void
address(const char *line, char *out, size_t size)
{
	const char *p = strchr(line, '<');
	size_t len;

	out[0] = '\0';
	if (p == NULL)
		return;
	len = strcspn(++p, ">");
	snprintf(out, size, "%.*s", (int)len, p);
}

static int
start_tls(const struct peer *p, struct session *s)
{
	char hello[4096];
	const char *sni;
	int up;

	if (p->mode == MODE_STARTTLSDROP)
		return -1;
	if (p->mode == MODE_STARTTLS421) {
		wire_print(&s->wire, "421 4.3.2 shutting down");
		return -1;
	}
	if (p->mode == MODE_454)
		return wire_print(&s->wire, "454 4.7.0 TLS not available now");
	if (wire_print(&s->wire, "220 2.0.0 ready") == -1)
		return -1;
	if (p->mode == MODE_DROP || p->mode == MODE_GARBAGE) {
		if (read(s->wire.fd, hello, sizeof(hello)) > 0 &&
		    p->mode == MODE_GARBAGE)
			wire_print(&s->wire, "this is not TLS");
		return -1;
	}
	s->wire.len = 0;
	if ((s->wire.ssl = SSL_new(p->ctx)) == NULL ||
	    SSL_set_fd(s->wire.ssl, s->wire.fd) != 1)
		errx(1, "SSL_new");
	up = SSL_accept(s->wire.ssl) == 1;
	/* Whom the client wanted, whatever it makes of the certificate. */
	sni = SSL_get_servername(s->wire.ssl, TLSEXT_NAMETYPE_host_name);
	fprintf(stderr, "%s: sni %s\n", p->name, sni == NULL ? "none" : sni);
	if (!up) {
		fprintf(stderr, "%s: handshake: %s\n", p->name,
		    tool_tls_error());
		return -1;
	}
	return 0;
}

static int
recipient(const struct peer *p, struct session *s, const char *line)
{
	char to[512];
	size_t len = strlen(s->to);

	if (p->mode == MODE_REJECT)
		return wire_print(&s->wire, "550 5.1.1 no such user");
	if (p->mode == MODE_TEMPFAIL)
		return wire_print(&s->wire, "450 4.2.0 later");
	address(line, to, sizeof(to));
	snprintf(s->to + len, sizeof(s->to) - len, "%s<%s>",
	    len == 0 ? "" : " ", to);
	return wire_print(&s->wire, "250 2.1.5 fine");
}

static int
hello(const struct peer *p, struct session *s, const char *line)
{
	snprintf(s->helo, sizeof(s->helo), "%.255s", line + 5);
	switch (p->mode) {
	case MODE_EHLO421:
		wire_print(&s->wire, "421 4.7.0 try again later");
		return -1;
	case MODE_EHLO450:
		return wire_print(&s->wire, "450 4.7.1 greylisted");
	case MODE_EHLO554:
		return wire_print(&s->wire, "554 5.7.1 you are listed");
	case MODE_EHLODROP:
		return -1;
	default:
		break;
	}
	if (s->wire.ssl != NULL || p->mode == MODE_NOSTARTTLS)
		return wire_print(&s->wire,
		    "250-%s\r\n250 ENHANCEDSTATUSCODES", p->name);
	return wire_print(&s->wire, "250-%s\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250 STARTTLS", p->name);
}

/* One command; -1 ends the session. */
static int
command(const struct peer *p, struct session *s, const char *line)
{
	if (strncasecmp(line, "EHLO ", 5) == 0 ||
	    strncasecmp(line, "HELO ", 5) == 0)
		return hello(p, s, line);
	if (strcasecmp(line, "STARTTLS") == 0 && p->mode != MODE_NOSTARTTLS &&
	    s->wire.ssl == NULL)
		return start_tls(p, s);
	if (strncasecmp(line, "MAIL FROM:", 10) == 0) {
		address(line, s->from, sizeof(s->from));
		s->to[0] = '\0';
		if (p->mode == MODE_MAIL450)
			return wire_print(&s->wire, "450 4.7.1 not now");
		return wire_print(&s->wire, "250 2.1.0 fine");
	}
	if (strncasecmp(line, "RCPT TO:", 8) == 0)
		return recipient(p, s, line);
	if (strcasecmp(line, "DATA") == 0) {
		if (s->to[0] == '\0')
			return wire_print(&s->wire, "503 5.5.1 no recipient");
		return take_message(p, s);
	}
	if (strcasecmp(line, "RSET") == 0 || strcasecmp(line, "NOOP") == 0)
		return wire_print(&s->wire, "250 2.0.0 fine");
	if (strcasecmp(line, "QUIT") == 0) {
		wire_print(&s->wire, "221 2.0.0 bye");
		return -1;
	}
	return wire_print(&s->wire, "500 5.5.1 what?");
}

static void
serve(const struct peer *p, int fd, const struct sockaddr *sa, socklen_t len)
{
	struct session s;
	char line[4096], pid[16], *mark;

	memset(&s, 0, sizeof(s));
	s.wire.fd = fd;
	getnameinfo(sa, len, s.remote, sizeof(s.remote), NULL, 0,
	    NI_NUMERICHOST);
	alarm(600);
	sleep_ms(p->delay);
	if (p->mode == MODE_HANGUP)
		return;
	if (p->mode == MODE_BANNER421) {
		wire_print(&s.wire, "421 4.3.2 too busy");
		return;
	}
	snprintf(line, sizeof(line), "220 %s",
	    p->greeting != NULL ? p->greeting : p->name);
	if ((mark = strstr(line, "%d")) != NULL) {
		snprintf(pid, sizeof(pid), "%ld", (long)getpid());
		memmove(mark + strlen(pid), mark + 2, strlen(mark + 2) + 1);
		memcpy(mark, pid, strlen(pid));
	}
	if (wire_print(&s.wire, "%s", line) == -1)
		return;
	while (wire_line(&s.wire, line, sizeof(line)) == 0) {
		sleep_ms(p->delay);
		if (command(p, &s, line) == -1)
			break;
	}
	if (s.wire.ssl != NULL)
		SSL_shutdown(s.wire.ssl);
}

static enum mode
mode_parse(const char *s)
{
	int i;

	for (i = 0; modes[i] != NULL; i++)
		if (strcmp(s, modes[i]) == 0)
			return (enum mode)i;
	errx(1, "no such mode: %s", s);
}

static void
usage(void)
{
	fprintf(stderr, "usage: peer [-a address] [-c cert -k key] [-d ms] "
	    "[-g text] [-m mode]\n\t[-n name] [-o dir] [-p port] "
	    "[-v versions]\n");
	exit(1);
}

static void
accept_loop(const struct peer *p, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int conn;

	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	printf("%s: listening\n", p->name);
	fflush(stdout);
	for (;;) {
		len = sizeof(ss);
		conn = accept(fd, (struct sockaddr *)&ss, &len);
		if (conn == -1)
			continue;
		switch (fork()) {
		case -1:
			warn("fork");
			break;
		case 0:
			close(fd);
			serve(p, conn, (struct sockaddr *)&ss, len);
			_exit(0);
		}
		close(conn);
	}
}

int
main(int argc, char *argv[])
{
	struct peer p = { .mode = MODE_OK, .name = "peer" };
	const char *host = "127.0.0.1", *port = "25", *cert = NULL;
	const char *key = NULL, *versions = NULL;
	int ch;

	while ((ch = getopt(argc, argv, "a:c:d:g:k:m:n:o:p:v:")) != -1) {
		switch (ch) {
		case 'a': host = optarg; break;
		case 'c': cert = optarg; break;
		case 'd': p.delay = atoi(optarg); break;
		case 'g': p.greeting = optarg; break;
		case 'k': key = optarg; break;
		case 'm': p.mode = mode_parse(optarg); break;
		case 'n': p.name = optarg; break;
		case 'o': p.dir = optarg; break;
		case 'p': port = optarg; break;
		case 'v': versions = optarg; break;
		default: usage();
		}
	}
	if (argc != optind || (cert == NULL) != (key == NULL))
		usage();
	if (cert != NULL)
		p.ctx = tool_server(cert, key, versions);
	else if (p.mode != MODE_NOSTARTTLS && p.mode != MODE_454 &&
	    p.mode != MODE_DROP && p.mode != MODE_GARBAGE &&
	    p.mode != MODE_HANGUP)
		errx(1, "%s: -c and -k are needed", modes[p.mode]);
	accept_loop(&p, tool_listen(host, port));
}
