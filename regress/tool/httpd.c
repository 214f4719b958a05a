/* SPDX-License-Identifier: ISC */

/*
 * An HTTPS server that answers what it is told:
 *
 *	httpd [-a address] [-p port] [-v versions] -c certs -d answers -o dir
 *
 * certs/HOST.crt and .key are chosen by SNI, certs/default.* otherwise.
 * answers/HOST/PATH, '/' in the path as '_', is sent as it stands: status
 * line, head, body; lines that begin with '@' above it say how:
 *	@delay MS	waits first
 *	@never		reads the request and answers nothing, for ten minutes
 *	@close		closes instead
 *	@continue	sends "100 Continue" before it
 *	@pad BYTES	sends so many 'x' after it
 *	@drip MS	sends byte by byte, so slowly
 * Without the file: answers/default/PATH, or else 404.  Each request goes into files of its own in dir,
 * HOST.PID.head and .body, byte for byte.  One process a connection.
 */

#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <strings.h>

#include "tool.h"

#define BODY_MAX (64 * 1024 * 1024)

struct httpd {
	const char	*certs;
	const char	*answers;
	const char	*dir;
	SSL_CTX		*ctx;
};

/* How an answer is sent. */
struct manner {
	int		 delay;
	int		 never;
	int		 close;
	int		 cont;
	int		 drip;
	long		 pad;
};

/* Only what can be a host or a path without leaving the folder. */
static int
safe(const char *s)
{
	return *s != '\0' && *s != '.' && strchr(s, '/') == NULL &&
	    strlen(s) < 256;
}

static int
choose_certificate(SSL *ssl, int *alert, void *arg)
{
	const struct httpd *h = arg;
	const char *host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	char cert[1024], key[1024];

	(void)alert;
	if (host == NULL || !safe(host))
		return SSL_TLSEXT_ERR_OK;
	snprintf(cert, sizeof(cert), "%s/%s.crt", h->certs, host);
	snprintf(key, sizeof(key), "%s/%s.key", h->certs, host);
	if (access(cert, R_OK) == -1)
		return SSL_TLSEXT_ERR_OK;
	if (SSL_use_certificate_chain_file(ssl, cert) != 1 ||
	    SSL_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1)
		errx(1, "%s", cert);
	return SSL_TLSEXT_ERR_OK;
}

static void
record(const struct httpd *h, const char *host, const char *part,
    const char *data, size_t len)
{
	char tmp[1024], path[1024];
	FILE *fp;

	snprintf(tmp, sizeof(tmp), "%s/.%s.%ld.%s", h->dir, host,
	    (long)getpid(), part);
	snprintf(path, sizeof(path), "%s/%s.%ld.%s", h->dir, host,
	    (long)getpid(), part);
	if ((fp = fopen(tmp, "w")) == NULL ||
	    fwrite(data, 1, len, fp) != len || fclose(fp) != 0 ||
	    rename(tmp, path) == -1)
		err(1, "%s", path);
}

/* The request's head into head, its length; 0 when the peer gives up. */
static size_t
read_head(struct wire *w, char *head, size_t size, char *host,
    size_t hostsize, long *length)
{
	char line[8192];
	size_t len = 0;

	*length = 0;
	for (;;) {
		if (wire_line(w, line, sizeof(line)) == -1)
			return 0;
		if (line[0] == '\0')
			return len;
		len += (size_t)snprintf(head + len, size - len, "%s\n", line);
		if (len >= size)
			return 0;
		if (strncasecmp(line, "Host: ", 6) == 0)
			snprintf(host, hostsize, "%.*s",
			    (int)strcspn(line + 6, ":"), line + 6);
		if (strncasecmp(line, "Content-Length: ", 16) == 0)
			*length = atol(line + 16);
	}
}

static char *
read_body(struct wire *w, long length)
{
	char *body;
	long have;
	ssize_t n;

	if (length < 0 || length > BODY_MAX)
		return NULL;
	if ((body = malloc((size_t)length + 1)) == NULL)
		err(1, NULL);
	have = w->len < (size_t)length ? (long)w->len : length;
	memcpy(body, w->buf, (size_t)have);
	while (have < length) {
		n = wire_read(w, body + have, (size_t)(length - have));
		if (n <= 0) {
			free(body);
			return NULL;
		}
		have += n;
	}
	return body;
}

static char *
answer_read(const struct httpd *h, const char *host, const char *path,
    size_t *len)
{
	char file[1024], name[256];
	struct stat st;
	char *text = NULL;
	size_t i;
	int fd;

	snprintf(name, sizeof(name), "%s", path);
	for (i = 0; name[i] != '\0'; i++)
		if (name[i] == '/')
			name[i] = '_';
	if (!safe(host) || !safe(name))
		return NULL;
	snprintf(file, sizeof(file), "%s/%s/%s", h->answers, host, name);
	if ((fd = open(file, O_RDONLY)) == -1) {
		snprintf(file, sizeof(file), "%s/default/%s", h->answers,
		    name);
		if ((fd = open(file, O_RDONLY)) == -1)
			return NULL;
	}
	if (fstat(fd, &st) == 0 &&
	    (text = malloc((size_t)st.st_size + 1)) != NULL) {
		if (read(fd, text, (size_t)st.st_size) != st.st_size)
			errx(1, "%s", file);
		*len = (size_t)st.st_size;
		text[*len] = '\0';
	}
	close(fd);
	return text;
}

/* Takes the '@' lines; returns where the answer begins. */
static const char *
manner_parse(const char *text, struct manner *m)
{
	memset(m, 0, sizeof(*m));
	while (*text == '@') {
		if (strncmp(text, "@delay ", 7) == 0)
			m->delay = atoi(text + 7);
		else if (strncmp(text, "@never\n", 7) == 0)
			m->never = 1;
		else if (strncmp(text, "@close\n", 7) == 0)
			m->close = 1;
		else if (strncmp(text, "@continue\n", 10) == 0)
			m->cont = 1;
		else if (strncmp(text, "@pad ", 5) == 0)
			m->pad = atol(text + 5);
		else if (strncmp(text, "@drip ", 6) == 0)
			m->drip = atoi(text + 6);
		else
			errx(1, "unknown: %.20s", text);
		text += strcspn(text, "\n") + 1;
	}
	return text;
}

static void
answer_send(struct wire *w, const char *text, size_t len,
    const struct manner *m)
{
	char fill[4096];
	long left, n;
	size_t i;

	if (m->cont)
		wire_print(w, "HTTP/1.1 100 Continue\r\n");
	if (m->drip == 0) {
		wire_write(w, text, len);
	} else {
		for (i = 0; i < len && wire_write(w, text + i, 1) == 0; i++)
			usleep((useconds_t)m->drip * 1000);
	}
	memset(fill, 'x', sizeof(fill));
	for (left = m->pad; left > 0; left -= n) {
		n = left < (long)sizeof(fill) ? left : (long)sizeof(fill);
		if (wire_write(w, fill, (size_t)n) == -1)
			return;
	}
}

static void
respond(const struct httpd *h, struct wire *w, const char *host,
    const char *path)
{
	struct manner m;
	const char *begin;
	char *text;
	size_t len;

	if ((text = answer_read(h, host, path, &len)) == NULL) {
		wire_print(w, "HTTP/1.1 404 Not Found\r\n"
		    "Content-Length: 0\r\nConnection: close\r\n");
		return;
	}
	begin = manner_parse(text, &m);
	if (m.never) {
		sleep(600);
	} else if (!m.close) {
		usleep((useconds_t)m.delay * 1000);
		answer_send(w, begin, len - (size_t)(begin - text), &m);
	}
	free(text);
}

static void
serve(const struct httpd *h, int fd)
{
	struct wire w;
	char head[16384], host[256] = "none", path[256] = "";
	char *body;
	size_t len;
	long length;

	alarm(700);
	memset(&w, 0, sizeof(w));
	w.fd = fd;
	if ((w.ssl = SSL_new(h->ctx)) == NULL || SSL_set_fd(w.ssl, fd) != 1)
		errx(1, "SSL_new");
	if (SSL_accept(w.ssl) != 1) {
		fprintf(stderr, "httpd: handshake: %s\n", tool_tls_error());
		return;
	}
	len = read_head(&w, head, sizeof(head), host, sizeof(host), &length);
	if (len == 0 || !safe(host) ||
	    sscanf(head, "%*15s %255s", path) != 1)
		return;
	if ((body = read_body(&w, length)) == NULL)
		return;
	record(h, host, "body", body, (size_t)length);
	record(h, host, "head", head, len);
	free(body);
	respond(h, &w, host, path);
	SSL_shutdown(w.ssl);
}

static void
usage(void)
{
	fprintf(stderr, "usage: httpd [-a address] [-p port] [-v versions] "
	    "-c certs -d answers -o dir\n");
	exit(1);
}

/* The test is over: with all who still hold a connection open. */
static void
on_term(int sig __attribute__((__unused__)))
{
	kill(0, SIGKILL);
}

static void
accept_loop(const struct httpd *h, int fd)
{
	int conn;

	(void)setpgid(0, 0);
	signal(SIGTERM, on_term);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	printf("httpd: listening\n");
	fflush(stdout);
	for (;;) {
		if ((conn = accept(fd, NULL, NULL)) == -1)
			continue;
		switch (fork()) {
		case -1:
			warn("fork");
			break;
		case 0:
			close(fd);
			serve(h, conn);
			_exit(0);
		}
		close(conn);
	}
}

int
main(int argc, char *argv[])
{
	struct httpd h = { NULL, NULL, NULL, NULL };
	const char *address = "127.0.0.1", *port = "443", *versions = NULL;
	char cert[1024], key[1024];
	int ch;

	while ((ch = getopt(argc, argv, "a:c:d:o:p:v:")) != -1) {
		switch (ch) {
		case 'a': address = optarg; break;
		case 'c': h.certs = optarg; break;
		case 'd': h.answers = optarg; break;
		case 'o': h.dir = optarg; break;
		case 'p': port = optarg; break;
		case 'v': versions = optarg; break;
		default: usage();
		}
	}
	if (argc != optind || h.certs == NULL || h.answers == NULL ||
	    h.dir == NULL)
		usage();
	snprintf(cert, sizeof(cert), "%s/default.crt", h.certs);
	snprintf(key, sizeof(key), "%s/default.key", h.certs);
	h.ctx = tool_server(cert, key, versions);
	SSL_CTX_set_tlsext_servername_callback(h.ctx, choose_certificate);
	SSL_CTX_set_tlsext_servername_arg(h.ctx, &h);
	accept_loop(&h, tool_listen(address, port));
}
