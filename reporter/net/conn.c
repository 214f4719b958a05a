/* SPDX-License-Identifier: ISC */

/*
 * A connection of the net process: addresses in turn, TLS by libtls.
 */

#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "lib/cert_text.h"
#include "net/net.h"

/* An address that does not answer is left for the next after this. */
#define CONNECT_MS 10000
/* A host that is slow in its handshake keeps no other from having one. */
#define TURN_MS 1000

static void
on_turn(void *arg)
{
	struct conn *c = arg;

	c->patience = NULL;
	c->ready(c->arg);
}

/* Called while another connection takes its step: ours comes from the loop. */
static void
conn_soon(void *arg)
{
	struct conn *c = arg;

	if (c->patience == NULL)
		c->patience = loop_timer_add(c->net->loop, 0, on_turn, c);
}

/* Fills sa for an address; IPv4 stands as a mapped one in struct addr. */
static socklen_t
sockaddr_of(const struct addr *addr, int port, struct sockaddr_storage *ss)
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	    0xff, 0xff };
	struct sockaddr_in sin = { 0 };
	struct sockaddr_in6 sin6 = { 0 };

	memset(ss, 0, sizeof(*ss));
	if (memcmp(addr->ip, mapped, sizeof(mapped)) == 0) {
		sin.sin_family = AF_INET;
		sin.sin_port = htons((uint16_t)port);
		memcpy(&sin.sin_addr, addr->ip + 12, 4);
		memcpy(ss, &sin, sizeof(sin));
		return sizeof(sin);
	}
	sin6.sin6_family = AF_INET6;
	sin6.sin6_port = htons((uint16_t)port);
	memcpy(&sin6.sin6_addr, addr->ip, 16);
	memcpy(ss, &sin6, sizeof(sin6));
	return sizeof(sin6);
}

/*
 * Whether it is one of this host's own: then what goes there comes from it.
 * Nothing is sent.
 */
static int
is_own(const struct addr *addr)
{
	struct sockaddr_storage to, from;
	socklen_t len = sockaddr_of(addr, 9, &to), fromlen = sizeof(from);
	const void *a, *b;
	size_t n;
	int fd, own = 0;

	if ((fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return 0;
	if (connect(fd, (struct sockaddr *)&to, len) == 0 &&
	    getsockname(fd, (struct sockaddr *)&from, &fromlen) == 0 &&
	    from.ss_family == to.ss_family) {
		if (to.ss_family == AF_INET) {
			a = &((struct sockaddr_in *)&to)->sin_addr;
			b = &((struct sockaddr_in *)&from)->sin_addr;
			n = sizeof(struct in_addr);
		} else {
			a = &((struct sockaddr_in6 *)&to)->sin6_addr;
			b = &((struct sockaddr_in6 *)&from)->sin6_addr;
			n = sizeof(struct in6_addr);
		}
		own = memcmp(a, b, n) == 0;
	}
	close(fd);
	return own;
}

/* Reports go where strangers' records say: not to what listens here. */
static int
is_refused(const struct conn *c, const struct addr *addr, int post)
{
	const struct conf *conf = c->net->conf;

	return !conf_may_contact(conf, addr) ||
	    (post && !conf_is_allowed(conf, addr) && is_own(addr));
}

const char *
conn_init(struct conn *c, struct net *net, const char *host,
    const json_t *request, void (*ready)(void *), void *arg)
{
	const json_t *list = json_object_get(request, "addrs"), *item;
	const char *text;
	size_t i, n;
	int post = strcmp(ipc_string(request, "op", ""), "post") == 0;

	memset(c, 0, sizeof(*c));
	c->net = net;
	c->host = host;
	c->fd = -1;
	c->use.turn = conn_soon;
	c->use.arg = c;
	c->ready = ready;
	c->arg = arg;
	c->port = (int)ipc_int(request, "port", 0);
	/* A probe has but one. */
	if ((text = ipc_string(request, "addr", NULL)) != NULL &&
	    addr_parse(text, strlen(text), &c->addrs[0]) == 0)
		c->naddrs = 1;
	json_array_foreach(list, i, item) {
		text = json_string_value(item);
		if (c->naddrs < nitems(c->addrs) && text != NULL &&
		    addr_parse(text, strlen(text), &c->addrs[c->naddrs]) == 0)
			c->naddrs++;
	}
	/* Beside a good address a bad one is passed over. */
	for (i = n = 0; i < c->naddrs; i++)
		if (!is_refused(c, &c->addrs[i], post))
			c->addrs[n++] = c->addrs[i];
	if (c->naddrs == 0 || c->port < 1 || c->port > 65535) {
		strlcpy(c->text, "no address", sizeof(c->text));
		return "connect";
	}
	if ((c->naddrs = n) == 0) {
		strlcpy(c->text, conf_may_contact(net->conf, &c->addrs[0]) ?
		    "its address is one of this host" :
		    "its address is not a global one", sizeof(c->text));
		return "refused";
	}
	return NULL;
}

static void
conn_shut(struct conn *c)
{
	if (c->event != NULL)
		loop_fd_remove(c->net->loop, c->event);
	c->event = NULL;
	loop_timer_remove(c->net->loop, c->patience);
	c->patience = NULL;
	if (c->tls != NULL)
		(void)tls_close(c->tls);
	tls_free(c->tls);
	c->tls = NULL;
	trust_drop(c->net->trust, &c->use);
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	c->connected = c->slow = 0;
}

void
conn_close(struct conn *c)
{
	conn_shut(c);
	c->next = 0;
	c->use.all = 0;
}

static void
on_event(int fd __unused, short revents __unused, void *arg)
{
	struct conn *c = arg;

	c->ready(c->arg);
}

static void
on_patience(void *arg)
{
	struct conn *c = arg;

	c->patience = NULL;
	c->slow = 1;
	c->ready(c->arg);
}

void
conn_wait(struct conn *c, enum want want)
{
	short events = want == WANT_WRITE ? POLLOUT : POLLIN;

	if (want == WANT_TURN) {
		if (c->event != NULL)
			loop_fd_remove(c->net->loop, c->event);
		c->event = NULL;
		return;
	}
	if (c->event == NULL)
		c->event = loop_fd_add(c->net->loop, c->fd, events, on_event,
		    c);
	else
		loop_fd_events(c->event, events);
}

static void
conn_failed(struct conn *c, const struct addr *addr, int error)
{
	char text[64];

	addr_print(addr, text, sizeof(text));
	(void)snprintf(c->text, sizeof(c->text), "%s port %d: %s", text,
	    c->port, strerror(error));
	conn_shut(c);
}

/* Begins with the next address: 0 if it is under way, -1 if it failed. */
static int
conn_begin(struct conn *c)
{
	const struct addr *addr = &c->addrs[c->next++];
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_of(addr, c->port, &ss);

	c->fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (c->fd == -1 || (connect(c->fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS)) {
		conn_failed(c, addr, errno);
		return -1;
	}
	c->patience = loop_timer_add(c->net->loop, CONNECT_MS, on_patience, c);
	return 0;
}

enum want
conn_connect(struct conn *c)
{
	struct pollfd pfd;
	socklen_t len;
	int error;

	for (;;) {
		if (c->fd == -1) {
			if (c->next == c->naddrs)
				return WANT_FAIL;
			if (conn_begin(c) == -1)
				continue;
		}
		pfd.fd = c->fd;
		pfd.events = POLLOUT;
		if (poll(&pfd, 1, 0) == 0) {
			if (!c->slow)
				return WANT_WRITE;
			conn_failed(c, &c->addrs[c->next - 1], ETIMEDOUT);
			continue;
		}
		len = sizeof(error);
		if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
			error = errno;
		if (error != 0) {
			conn_failed(c, &c->addrs[c->next - 1], error);
			continue;
		}
		loop_timer_remove(c->net->loop, c->patience);
		c->patience = NULL;
		c->connected = 1;
		return WANT_NEXT;
	}
}

static enum want
conn_tls_failed(struct conn *c, enum cert *cert)
{
	const char *text = tls_error(c->tls);

	if (text == NULL)
		text = "handshake failed";
	strlcpy(c->text, text, sizeof(c->text));
	*cert = cert_classify(c->text);
	return WANT_FAIL;
}

/* RFC 8461 3.3, 4.2 know names in subjectAltName only; libtls knows more. */
static int
has_dns_name(struct conn *c)
{
	const uint8_t *pem;
	json_t *names;
	size_t len, n;

	if ((pem = tls_peer_cert_chain_pem(c->tls, &len)) == NULL)
		return 0;
	names = cert_names(pem, len, 1);
	n = json_array_size(names);
	json_decref(names);
	return n > 0;
}

static void
on_turn_over(void *arg)
{
	struct conn *c = arg;

	c->patience = NULL;
	trust_drop(c->net->trust, &c->use);
}

/* WANT_NEXT when there is a TLS context to shake hands with. */
static enum want
conn_tls(struct conn *c, int verify, enum cert *cert)
{
	struct tls_config *config = c->net->unverified;

	if (verify && (config = trust_take(c->net->trust, &c->use)) == NULL)
		return WANT_TURN;
	if ((c->tls = tls_client()) == NULL)
		fatalx("tls_client");
	if (tls_configure(c->tls, config) == -1)
		fatalx("tls_configure: %s", tls_error(c->tls));
	if (tls_connect_socket(c->tls, c->fd, c->host) == -1)
		return conn_tls_failed(c, cert);
	loop_timer_remove(c->net->loop, c->patience);
	c->patience = loop_timer_add(c->net->loop, TURN_MS, on_turn_over, c);
	return WANT_NEXT;
}

/* A good handshake, verified: RFC 8461's rules are stricter. */
static enum want
conn_verified(struct conn *c, enum cert *cert)
{
	const uint8_t *pem;
	size_t len;

	if ((pem = tls_peer_cert_chain_pem(c->tls, &len)) != NULL)
		trust_good(c->net->trust, pem, len);
	if (!has_dns_name(c)) {
		strlcpy(c->text, CERT_TEXT_NO_DNS_NAME, sizeof(c->text));
		*cert = CERT_HOST_MISMATCH;
		return WANT_FAIL;
	}
	*cert = CERT_OK;
	return WANT_NEXT;
}

enum want
conn_handshake(struct conn *c, int verify, enum cert *cert)
{
	enum want want;

	*cert = CERT_UNKNOWN;
	if (c->tls == NULL && (want = conn_tls(c, verify, cert)) != WANT_NEXT)
		return want;
	switch (tls_handshake(c->tls)) {
	case 0:
		want = verify ? conn_verified(c, cert) : WANT_NEXT;
		trust_drop(c->net->trust, &c->use);
		return want;
	case TLS_WANT_POLLIN:
		return WANT_READ;
	case TLS_WANT_POLLOUT:
		return WANT_WRITE;
	}
	want = conn_tls_failed(c, cert);
	/* Not known to some of the authorities: all are to judge. */
	if (verify && *cert == CERT_NOT_TRUSTED && !c->use.all) {
		conn_close(c);
		c->use.all = 1;
		return WANT_AGAIN;
	}
	return want;
}

static enum want
conn_tls_want(struct conn *c, ssize_t n)
{
	if (n == TLS_WANT_POLLIN)
		return WANT_READ;
	if (n == TLS_WANT_POLLOUT)
		return WANT_WRITE;
	strlcpy(c->text, tls_error(c->tls) != NULL ? tls_error(c->tls) :
	    "TLS failed", sizeof(c->text));
	return WANT_FAIL;
}

static enum want
conn_errno(struct conn *c, enum want blocked)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return blocked;
	strlcpy(c->text, strerror(errno), sizeof(c->text));
	return WANT_FAIL;
}

ssize_t
conn_read(struct conn *c, void *buf, size_t len, enum want *want)
{
	ssize_t n;

	if (c->tls != NULL) {
		if ((n = tls_read(c->tls, buf, len)) >= 0)
			return n;
		*want = conn_tls_want(c, n);
		return -1;
	}
	if ((n = recv(c->fd, buf, len, 0)) >= 0)
		return n;
	*want = conn_errno(c, WANT_READ);
	return -1;
}

ssize_t
conn_write(struct conn *c, const void *buf, size_t len, enum want *want)
{
	ssize_t n;

	if (c->tls != NULL) {
		if ((n = tls_write(c->tls, buf, len)) > 0)
			return n;
		*want = conn_tls_want(c, n);
		return -1;
	}
	if ((n = send(c->fd, buf, len, MSG_NOSIGNAL)) > 0)
		return n;
	*want = conn_errno(c, WANT_WRITE);
	return -1;
}
