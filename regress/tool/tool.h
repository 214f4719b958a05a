/* SPDX-License-Identifier: ISC */

/*
 * What the test bed's programs share: addresses, TLS contexts, and lines over
 * a connection that may be clear or TLS.  Header only; all failures exit, as
 * each connection has a process of its own.
 */

#ifndef SGE_TOOL_H
#define SGE_TOOL_H

#include <sys/socket.h>
#include <sys/types.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <err.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOOL_UNUSED __attribute__((__unused__))

/* A connection: fd, and ssl once TLS is on it. */
struct wire {
	int		 fd;
	SSL		*ssl;
	char		 buf[16384];
	size_t		 len;
};

TOOL_UNUSED static struct addrinfo *
tool_resolve(const char *host, const char *port)
{
	struct addrinfo hints, *res;
	int error;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	if ((error = getaddrinfo(host, port, &hints, &res)) != 0)
		errx(1, "%s port %s: %s", host, port, gai_strerror(error));
	return res;
}

TOOL_UNUSED static int
tool_listen(const char *host, const char *port)
{
	struct addrinfo *ai = tool_resolve(host, port);
	int fd, one = 1;

	if ((fd = socket(ai->ai_family, SOCK_STREAM, 0)) == -1)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    listen(fd, 1024) == -1)
		err(1, "%s port %s", host, port);
	freeaddrinfo(ai);
	return fd;
}

/* "1.0" to "1.3" as OpenSSL's number. */
TOOL_UNUSED static int
tool_version(const char *s)
{
	if (strcmp(s, "1.0") == 0)
		return TLS1_VERSION;
	if (strcmp(s, "1.1") == 0)
		return TLS1_1_VERSION;
	if (strcmp(s, "1.2") == 0)
		return TLS1_2_VERSION;
	if (strcmp(s, "1.3") == 0)
		return TLS1_3_VERSION;
	errx(1, "no TLS version: %s", s);
}

/* versions: "1.2" or "1.0-1.2" or NULL.  Old ones need security level 0. */
TOOL_UNUSED static void
tool_versions(SSL_CTX *ctx, const char *versions)
{
	char low[4] = "", high[4] = "";

	SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
	if (versions == NULL)
		return;
	if (sscanf(versions, "%3[0-9.]-%3[0-9.]", low, high) < 1)
		errx(1, "TLS versions: %s", versions);
	if (SSL_CTX_set_min_proto_version(ctx, tool_version(low)) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx,
	    tool_version(*high == '\0' ? low : high)) != 1)
		errx(1, "TLS versions: %s", versions);
}

TOOL_UNUSED static SSL_CTX *
tool_server(const char *cert, const char *key, const char *versions)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL)
		errx(1, "SSL_CTX_new");
	tool_versions(ctx, versions);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		ERR_print_errors_fp(stderr);
		errx(1, "%s, %s", cert, key);
	}
	return ctx;
}

TOOL_UNUSED static const char *
tool_tls_error(void)
{
	const char *s = ERR_reason_error_string(ERR_peek_last_error());

	return s == NULL ? "connection lost" : s;
}

TOOL_UNUSED static ssize_t
wire_read(struct wire *w, void *buf, size_t len)
{
	if (w->ssl != NULL)
		return SSL_read(w->ssl, buf, (int)len);
	return read(w->fd, buf, len);
}

/* 0, or -1: the peer is gone. */
TOOL_UNUSED static int
wire_write(struct wire *w, const char *buf, size_t len)
{
	ssize_t n;

	while (len > 0) {
		if (w->ssl != NULL)
			n = SSL_write(w->ssl, buf, (int)len);
		else
			n = write(w->fd, buf, len);
		if (n <= 0)
			return -1;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A line without its line end, at most size - 1 of it.  0, or -1 at the end. */
TOOL_UNUSED static int
wire_line(struct wire *w, char *line, size_t size)
{
	char *end;
	size_t len;
	ssize_t n;

	while ((end = memchr(w->buf, '\n', w->len)) == NULL) {
		if (w->len == sizeof(w->buf))
			return -1;
		n = wire_read(w, w->buf + w->len, sizeof(w->buf) - w->len);
		if (n <= 0)
			return -1;
		w->len += (size_t)n;
	}
	len = (size_t)(end - w->buf);
	snprintf(line, size, "%.*s", (int)len, w->buf);
	line[strcspn(line, "\r")] = '\0';
	w->len -= len + 1;
	memmove(w->buf, end + 1, w->len);
	return 0;
}

__attribute__((__format__(printf, 2, 3)))
TOOL_UNUSED static int
wire_print(struct wire *w, const char *fmt, ...)
{
	char line[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line) - 2, fmt, ap);
	va_end(ap);
	strcat(line, "\r\n");
	return wire_write(w, line, strlen(line));
}

#endif
