/* SPDX-License-Identifier: ISC */

/*
 * HTTPS transfers (world.h "get", "post"): one state machine each.  Nothing is
 * followed, nothing is kept.
 */

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/version.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "net/http_read.h"
#include "net/net.h"

#define SECONDS_MAX	600	/* whatever a request asks for */
#define UPLOAD_CHUNK	16384
#define POST_ANSWER_MAX	4096	/* what is read of an answer to a POST */

enum http_state {
	HTTP_CONNECT,
	HTTP_HANDSHAKE,
	HTTP_REQUEST,
	HTTP_UPLOAD,
	HTTP_RESPONSE
};

struct http {
	struct net	*net;
	json_t		*id;
	enum http_state	 state;
	int		 post;
	int		 verify;	/* now; a POST may go on without */
	int		 must_verify;
	enum cert	 cert;
	char		 cert_text[CONN_TEXT_MAX];
	char		*host;
	char		*head;		/* the request's */
	size_t		 headlen;
	size_t		 sent;		/* of the head, then of the chunk */
	int		 fd;		/* body, or -1 */
	off_t		 offset;
	char		 chunk[UPLOAD_CHUNK];
	size_t		 chunklen;
	struct conn	 conn;
	struct httpread	 answer;
	struct loop_timer *deadline;
};

static void
http_free(struct http *h)
{
	conn_close(&h->conn);
	loop_timer_remove(h->net->loop, h->deadline);
	httpread_free(&h->answer);
	if (h->fd != -1)
		close(h->fd);
	json_decref(h->id);
	free(h->host);
	free(h->head);
	free(h);
}

/* What no JSON string can hold, or only at many times its size. */
static int
is_text(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((unsigned char)s[i] < 0x20 &&
		    (s[i] == '\0' || strchr("\t\r\n", s[i]) == NULL)) ||
		    s[i] == 0x7f)
			return 0;
	return 1;
}

static char *
base64(const char *data, size_t len)
{
	const unsigned char *s = (const unsigned char *)data;
	char *out, *p;
	size_t i;

	out = p = xmalloc(len / 3 * 4 + 5);
	for (i = 0; i < len; i += 3, p += 4)
		base64_quartet(s + i, len - i > 2 ? 3 : len - i, p);
	*p = '\0';
	return out;
}

static void
add_body(json_t *answer, const struct httpread *r)
{
	json_t *body = NULL;
	char *text;

	if (r->bodylen == 0)
		body = json_string("");
	else if (is_text(r->body, r->bodylen))
		body = json_stringn(r->body, r->bodylen);
	if (body != NULL) {
		if (json_object_set_new(answer, "body", body) == -1)
			fatalx("json_object_set");
		return;
	}
	text = base64(r->body, r->bodylen);
	if (json_object_set_new(answer, "body64", json_string(text)) == -1)
		fatalx("json_object_set");
	free(text);
}

/*
 * Text of others in an answer, one line: control characters become '?', and
 * what is not ASCII where it is not UTF-8.
 */
static json_t *
clean(const char *text)
{
	json_t *json;
	char buf[CONN_TEXT_MAX];
	size_t i;

	strlcpy(buf, text, sizeof(buf));
	for (i = 0; buf[i] != '\0'; i++)
		if ((unsigned char)buf[i] < ' ' || buf[i] == 0x7f)
			buf[i] = '?';
	if ((json = json_string(buf)) != NULL)
		return json;
	for (i = 0; buf[i] != '\0'; i++)
		if ((unsigned char)buf[i] > 0x7e)
			buf[i] = '?';
	return json_string(buf);
}

static enum want
http_end(struct http *h, const char *status, const char *text)
{
	struct net *net = h->net;
	json_t *answer, *id = json_incref(h->id);

	/* The certificate's fault, if it had one, is what is to be told. */
	if (h->cert_text[0] != '\0')
		text = h->cert_text;
	answer = json_pack("{s:s, s:s, s:o}", "status", status, "cert",
	    cert_name(h->cert), "text", clean(text));
	if (answer == NULL)
		fatalx("json_pack");
	if (strcmp(status, "ok") == 0) {
		if (json_object_set_new(answer, "http",
		    json_integer(h->answer.http)) == -1 ||
		    json_object_set_new(answer, "type",
		    clean(h->answer.type)) == -1 ||
		    json_object_set_new(answer, "date",
		    clean(h->answer.date)) == -1 ||
		    json_object_set_new(answer, "notafter",
		    json_integer(h->conn.tls == NULL ? 0 :
		    tls_peer_cert_notafter(h->conn.tls))) == -1)
			fatalx("json_object_set");
		add_body(answer, &h->answer);
	}
	http_free(h);
	net_answer(net, net->http, id, answer);
	return WANT_END;
}

static enum want
http_connect(struct http *h)
{
	enum want want;

	if ((want = conn_connect(&h->conn)) == WANT_FAIL)
		return http_end(h, "connect", h->conn.text);
	if (want == WANT_NEXT)
		h->state = HTTP_HANDSHAKE;
	return want;
}

static enum want
http_handshake(struct http *h)
{
	enum cert cert;
	enum want want;

	want = conn_handshake(&h->conn, h->verify, &cert);
	if (want == WANT_AGAIN) {
		h->state = HTTP_CONNECT;
		return WANT_NEXT;
	}
	if (want != WANT_NEXT && want != WANT_FAIL)
		return want;
	/* What the first, verifying, attempt said stays. */
	if (h->cert == CERT_UNKNOWN)
		h->cert = cert;
	if (want == WANT_NEXT) {
		h->state = HTTP_REQUEST;
		return want;
	}
	if (h->cert_text[0] == '\0')
		strlcpy(h->cert_text, h->conn.text, sizeof(h->cert_text));
	if (h->must_verify || !h->verify)
		return http_end(h, "tls", h->conn.text);
	h->verify = 0;
	conn_close(&h->conn);
	h->state = HTTP_CONNECT;
	return WANT_NEXT;
}

static enum want
http_request(struct http *h)
{
	enum want want;
	ssize_t n;

	while (h->sent < h->headlen) {
		n = conn_write(&h->conn, h->head + h->sent,
		    h->headlen - h->sent, &want);
		if (n == -1)
			return want != WANT_FAIL ? want :
			    http_end(h, "http", h->conn.text);
		h->sent += (size_t)n;
	}
	h->sent = 0;
	h->state = h->post ? HTTP_UPLOAD : HTTP_RESPONSE;
	return WANT_NEXT;
}

static enum want
http_upload(struct http *h)
{
	enum want want;
	ssize_t n;

	for (;;) {
		if (h->sent == h->chunklen) {
			n = pread(h->fd, h->chunk, sizeof(h->chunk),
			    h->offset);
			if (n == -1)
				return http_end(h, "http", strerror(errno));
			h->offset += n;
			h->chunklen = (size_t)n;
			h->sent = 0;
			if (n == 0)
				break;
		}
		n = conn_write(&h->conn, h->chunk + h->sent,
		    h->chunklen - h->sent, &want);
		if (n == -1 && want == WANT_FAIL)
			break;		/* it may have said why */
		if (n == -1)
			return want;
		h->sent += (size_t)n;
	}
	h->state = HTTP_RESPONSE;
	return WANT_NEXT;
}

static enum want
http_response(struct http *h)
{
	char buf[8192];
	enum want want = WANT_FAIL;
	ssize_t n;
	int rc;

	do {
		n = conn_read(&h->conn, buf, sizeof(buf), &want);
		if (n == -1 && want != WANT_FAIL)
			return want;
		if (n == -1)
			return http_end(h, "http", h->conn.text);
		rc = n == 0 ? httpread_eof(&h->answer) :
		    httpread_feed(&h->answer, buf, (size_t)n);
	} while (rc == 0);
	/* Of a POST only the code counts. */
	if (rc == -1 && h->answer.too_large && h->post)
		rc = 1;
	if (rc == 1)
		return http_end(h, "ok", "");
	return http_end(h, h->answer.too_large ? "size" : "http",
	    h->answer.wrong);
}

static void
http_run(void *arg)
{
	struct http *h = arg;
	enum want want = WANT_NEXT;

	while (want == WANT_NEXT)
		switch (h->state) {
		case HTTP_CONNECT:
			want = http_connect(h);
			break;
		case HTTP_HANDSHAKE:
			want = http_handshake(h);
			break;
		case HTTP_REQUEST:
			want = http_request(h);
			break;
		case HTTP_UPLOAD:
			want = http_upload(h);
			break;
		case HTTP_RESPONSE:
			want = http_response(h);
			break;
		}
	if (want != WANT_END)
		conn_wait(&h->conn, want);
}

static void
http_late(void *arg)
{
	static const char *const doing[] = { "connecting", "the TLS handshake",
	    "sending", "sending", "waiting for the answer" };
	struct http *h = arg;
	char text[64];

	h->deadline = NULL;
	(void)snprintf(text, sizeof(text), "out of time in %s",
	    doing[h->state]);
	(void)http_end(h, "timeout", text);
}

/* Nothing from a request may end a line of the head early. */
static int
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f)
			return 0;
	return 1;
}

static int
http_head(struct http *h, const json_t *request)
{
	const char *path = ipc_string(request, "path", "/");
	const char *type = ipc_string(request, "type", "");
	int port = (int)ipc_int(request, "port", 443), n;
	char at[16] = "";
	struct stat st;
	size_t size;

	if (path[0] != '/' || !is_plain(path) || !is_plain(h->host) ||
	    !is_plain(type))
		return -1;
	if (port != 443)
		(void)snprintf(at, sizeof(at), ":%d", port);
	size = strlen(path) + strlen(h->host) + strlen(type) + 256;
	h->head = xmalloc(size);
	if (!h->post)
		n = snprintf(h->head, size, "GET %s HTTP/1.1\r\n"
		    "Host: %s%s\r\nUser-Agent: sged/" SGE_VERSION "\r\n"
		    "Accept: text/plain\r\nConnection: close\r\n\r\n",
		    path, h->host, at);
	else {
		if (h->fd == -1 || fstat(h->fd, &st) == -1)
			return -1;
		n = snprintf(h->head, size, "POST %s HTTP/1.1\r\n"
		    "Host: %s%s\r\nUser-Agent: sged/" SGE_VERSION "\r\n"
		    "Content-Type: %s\r\nContent-Length: %lld\r\n"
		    "Connection: close\r\n\r\n", path, h->host, at, type,
		    (long long)st.st_size);
	}
	if (n < 0 || (size_t)n >= size)
		fatalx("snprintf");
	h->headlen = (size_t)n;
	return 0;
}

void
http_start(struct net *net, json_t *id, const json_t *request, int fd)
{
	struct http *h;
	const char *status;
	int64_t max, seconds;

	h = xcalloc(1, sizeof(*h));
	h->host = xstrdup(ipc_string(request, "host", ""));
	h->net = net;
	h->id = id;
	h->fd = fd;
	h->post = strcmp(ipc_string(request, "op", ""), "post") == 0;
	h->verify = 1;
	h->must_verify = !h->post || ipc_bool(request, "verify", 0);
	max = ipc_int(request, "max", STS_POLICY_MAX);
	if (h->post)
		max = POST_ANSWER_MAX;
	else if (max < 0 || max > STS_POLICY_MAX)
		max = STS_POLICY_MAX;	/* one message has no room for more */
	httpread_init(&h->answer, (size_t)max);
	status = conn_init(&h->conn, net, h->host, request, http_run, h);
	if (status == NULL && http_head(h, request) == -1) {
		status = "http";
		strlcpy(h->conn.text, "not a request", sizeof(h->conn.text));
	}
	if (status != NULL) {
		(void)http_end(h, status, h->conn.text);
		return;
	}
	seconds = ipc_int(request, "seconds", STS_FETCH_SECONDS);
	if (seconds < 1 || seconds > SECONDS_MAX)
		seconds = SECONDS_MAX;
	h->deadline = loop_timer_add(net->loop, seconds * 1000, http_late, h);
	http_run(h);
}
