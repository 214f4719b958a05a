/* SPDX-License-Identifier: ISC */

/*
 * A look at a mail host's STARTTLS (world.h "probe"); no mail is sent.  It is
 * done in rounds, a connection each: verifying; if that failed, without, to
 * see the certificate; and if asked, one for each version of TLS.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "net/tls_hello.h"
#include "base/log.h"
#include "net/net.h"
#include "net/smtp_talk.h"

enum probe_state {
	PROBE_CONNECT,
	PROBE_BANNER,
	PROBE_EHLO,
	PROBE_STARTTLS,
	PROBE_HANDSHAKE,
	PROBE_HELLO,
	PROBE_HELLO_ANSWER
};

enum probe_round {
	ROUND_VERIFY,
	ROUND_LOOK,
	ROUND_VERSIONS		/* and the ones after it */
};

static const struct {
	int		 version;
	const char	*name;
} versions[] = {
	{ HELLO_TLS10, "1.0" },
	{ HELLO_TLS11, "1.1" },
	{ HELLO_TLS12, "1.2" },
	{ HELLO_TLS13, "1.3" }
};

struct probe {
	struct net	*net;
	json_t		*id;
	char		*host;
	enum probe_state state;
	unsigned int	 round;
	int		 all;		/* rounds for versions too */
	int		 chain;		/* is asked for */
	struct conn	 conn;
	struct smtp_talk talk;		/* over it */
	struct loop_timer *deadline;
	unsigned char	 answer[HELLO_ANSWER_MAX];
	size_t		 answerlen;
	/* What was found. */
	const char	*starttls;	/* NULL: not known */
	int		 handshake;
	enum cert	 cert;
	char		 text[CONN_TEXT_MAX];
	json_t		*found;
	json_t		*offers;
};

static void
set(json_t *obj, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(obj, key, value) == -1)
		fatalx("json_object_set");
}

/* Text of others: printable ASCII, so much of it. */
static json_t *
clean(const char *text)
{
	char buf[REPORT_TEXT_MAX + 1];
	size_t i;

	strlcpy(buf, text, sizeof(buf));
	for (i = 0; buf[i] != '\0'; i++)
		if ((unsigned char)buf[i] < 0x20 ||
		    (unsigned char)buf[i] > 0x7e)
			buf[i] = '?';
	return json_string(buf);
}

static void
probe_free(struct probe *p)
{
	conn_close(&p->conn);
	loop_timer_remove(p->net->loop, p->deadline);
	json_decref(p->id);
	json_decref(p->found);
	json_decref(p->offers);
	free(p->host);
	free(p);
}

static enum want
probe_end(struct probe *p, const char *status, const char *text)
{
	struct net *net = p->net;
	json_t *answer = json_incref(p->found), *id = json_incref(p->id);

	if (p->text[0] != '\0')
		text = p->text;
	set(answer, "status", json_string(status));
	set(answer, "text", clean(text));
	set(answer, "handshake", json_boolean(p->handshake));
	set(answer, "cert", json_string(cert_name(p->cert)));
	if (p->starttls != NULL)
		set(answer, "starttls", json_string(p->starttls));
	if (p->round >= ROUND_VERSIONS)
		set(answer, "offers", json_incref(p->offers));
	probe_free(p);
	net_answer(net, net->probe, id, answer);
	return WANT_END;
}

/* On with the next round, or to the end. */
static enum want
probe_next(struct probe *p)
{
	conn_close(&p->conn);
	p->state = PROBE_CONNECT;
	switch (p->round) {
	case ROUND_VERIFY:
		if (p->cert != CERT_OK) {
			p->round = ROUND_LOOK;
			return WANT_NEXT;
		}
		/* FALLTHROUGH */
	case ROUND_LOOK:
		if (!p->all)
			return probe_end(p, "ok", "");
		p->round = ROUND_VERSIONS;
		return WANT_NEXT;
	default:
		p->round++;
		if (p->round == ROUND_VERSIONS + nitems(versions))
			return probe_end(p, "ok", "");
		return WANT_NEXT;
	}
}

/*
 * A round came to nothing: of the first, that is the answer; in the others, no
 * more is learned by it.
 */
static enum want
probe_failed(struct probe *p, const char *status, const char *text)
{
	if (p->round == ROUND_VERIFY)
		return probe_end(p, status, text);
	return probe_next(p);
}

/* Politely, as far as that can be done at once. */
static enum want
probe_quit(struct probe *p)
{
	enum want want;

	(void)conn_write(&p->conn, "QUIT\r\n", 6, &want);
	return probe_next(p);
}

static enum want
probe_connect(struct probe *p)
{
	enum want want;

	if ((want = conn_connect(&p->conn)) == WANT_FAIL)
		return probe_failed(p, "connect", p->conn.text);
	if (want == WANT_NEXT) {
		talk_start(&p->talk, &p->conn);
		p->state = PROBE_BANNER;
	}
	return want;
}

static enum want
probe_banner(struct probe *p)
{
	enum want want;

	if ((want = talk_reply(&p->talk)) == WANT_FAIL)
		return probe_failed(p, "smtp", p->conn.text);
	if (want != WANT_NEXT)
		return want;
	if (p->round == ROUND_VERIFY)
		set(p->found, "banner", clean(p->talk.reply.text));
	if (p->talk.reply.code != 220)
		return probe_failed(p, "smtp", p->talk.reply.text);
	talk_say(&p->talk, "EHLO ", p->net->conf->hostname);
	p->state = PROBE_EHLO;
	return WANT_NEXT;
}

static enum want
probe_ehlo(struct probe *p)
{
	char helo[HELO_MAX];
	enum want want;

	if ((want = talk_reply(&p->talk)) == WANT_FAIL)
		return probe_failed(p, "smtp", p->conn.text);
	if (want != WANT_NEXT)
		return want;
	if (p->round == ROUND_VERIFY && p->talk.reply.code == 250) {
		strlcpy(helo, p->talk.reply.text, sizeof(helo));
		helo[strcspn(helo, " \t")] = '\0';
		set(p->found, "helo", clean(helo));
	}
	/* It blocks us or is busy: that says nothing of TLS. */
	if (p->talk.reply.code != 250)
		return probe_failed(p, "smtp", p->talk.reply.text);
	if (!p->talk.reply.starttls) {
		if (p->round == ROUND_VERIFY) {
			p->starttls = "absent";
			return probe_end(p, "ok", "STARTTLS is not offered");
		}
		return probe_quit(p);
	}
	talk_say(&p->talk, "STARTTLS", "");
	p->state = PROBE_STARTTLS;
	return WANT_NEXT;
}

static enum want
probe_starttls(struct probe *p)
{
	enum want want;

	if ((want = talk_reply(&p->talk)) == WANT_FAIL)
		return probe_failed(p, "smtp", p->conn.text);
	if (want != WANT_NEXT)
		return want;
	/* It goes away, whatever it was asked (RFC 5321 3.8). */
	if (p->talk.reply.code == 421) {
		if (p->round == ROUND_VERIFY)
			p->starttls = "busy";
		return probe_failed(p, "smtp", p->talk.reply.text);
	}
	if (p->talk.reply.code != 220) {
		if (p->round == ROUND_VERIFY) {
			p->starttls = "refused";
			return probe_end(p, "ok", p->talk.reply.text);
		}
		return probe_quit(p);
	}
	p->starttls = "offered";
	if (p->round < ROUND_VERSIONS) {
		p->state = PROBE_HANDSHAKE;
		return WANT_NEXT;
	}
	p->talk.outlen = hello_build(
	    versions[p->round - ROUND_VERSIONS].version, p->host, p->talk.out,
	    sizeof(p->talk.out));
	p->talk.outsent = p->answerlen = 0;
	p->state = PROBE_HELLO;
	return WANT_NEXT;
}

/* What can be seen of a TLS session that is up. */
static void
probe_look(struct probe *p)
{
	struct tls *tls = p->conn.tls;
	const char *version = tls_conn_version(tls);
	const uint8_t *pem;
	size_t len;

	p->handshake = 1;
	if (version != NULL)
		set(p->found, "tls", json_string(version));
	set(p->found, "notafter", json_integer(tls_peer_cert_notafter(tls)));
	if ((pem = tls_peer_cert_chain_pem(tls, &len)) == NULL)
		return;
	set(p->found, "names", cert_names(pem, len, CERT_NAMES_MAX));
	/* libtls' own writing: base64 and its two lines. */
	if (p->chain && len <= CHAIN_PEM_MAX)
		set(p->found, "pem", json_stringn((const char *)pem,
		    strnlen((const char *)pem, len)));
}

static enum want
probe_handshake(struct probe *p)
{
	enum cert cert = CERT_UNKNOWN;
	enum want want;

	want = conn_handshake(&p->conn, p->round == ROUND_VERIFY, &cert);
	if (want == WANT_AGAIN) {
		p->state = PROBE_CONNECT;
		return WANT_NEXT;
	}
	if (want != WANT_NEXT && want != WANT_FAIL)
		return want;
	if (p->round == ROUND_VERIFY) {
		p->cert = cert;
		if (want == WANT_FAIL)
			strlcpy(p->text, p->conn.text, sizeof(p->text));
	}
	if (want == WANT_FAIL)
		return probe_next(p);
	probe_look(p);
	return probe_quit(p);
}

static enum want
probe_hello(struct probe *p)
{
	enum want want;

	if ((want = talk_send(&p->talk)) == WANT_FAIL)
		return probe_next(p);
	if (want == WANT_NEXT)
		p->state = PROBE_HELLO_ANSWER;
	return want;
}

static enum want
probe_hello_answer(struct probe *p)
{
	const unsigned int i = p->round - ROUND_VERSIONS;
	enum want want;
	ssize_t n;
	int answer;

	do {
		if (p->answerlen == sizeof(p->answer))
			return probe_next(p);
		n = conn_read(&p->conn, p->answer + p->answerlen,
		    sizeof(p->answer) - p->answerlen, &want);
		if (n == -1 && want != WANT_FAIL)
			return want;
		if (n <= 0)
			return probe_next(p);
		p->answerlen += (size_t)n;
	} while ((answer = hello_answer(p->answer, p->answerlen)) == -1);
	if (answer == versions[i].version && json_array_append_new(p->offers,
	    json_string(versions[i].name)) == -1)
		fatalx("json_array_append");
	return probe_next(p);
}

static enum want
probe_step(struct probe *p)
{
	switch (p->state) {
	case PROBE_CONNECT:
		return probe_connect(p);
	case PROBE_BANNER:
		return probe_banner(p);
	case PROBE_EHLO:
		return probe_ehlo(p);
	case PROBE_STARTTLS:
		return probe_starttls(p);
	case PROBE_HANDSHAKE:
		return probe_handshake(p);
	case PROBE_HELLO:
		return probe_hello(p);
	case PROBE_HELLO_ANSWER:
		return probe_hello_answer(p);
	}
	fatalx("no such probe state");
}

static void
probe_run(void *arg)
{
	struct probe *p = arg;
	enum want want;

	while ((want = probe_step(p)) == WANT_NEXT)
		continue;
	if (want != WANT_END)
		conn_wait(&p->conn, want);
}

static void
probe_late(void *arg)
{
	struct probe *p = arg;

	p->deadline = NULL;
	/* What the first round found holds without the others. */
	(void)probe_end(p, p->round == ROUND_VERIFY ? "timeout" : "ok",
	    "no answer in time");
}

void
probe_start(struct net *net, json_t *id, const json_t *request, int fd)
{
	struct probe *p;
	const char *status;
	int64_t seconds;

	/* There is nothing to be sent. */
	if (fd != -1)
		close(fd);
	p = xcalloc(1, sizeof(*p));
	p->host = xstrdup(ipc_string(request, "host", ""));
	p->net = net;
	p->id = id;
	p->all = ipc_bool(request, "versions", 0);
	p->chain = ipc_bool(request, "chain", 0);
	p->found = json_object();
	p->offers = json_array();
	if (p->found == NULL || p->offers == NULL)
		fatalx("json_object");
	status = conn_init(&p->conn, net, p->host, request, probe_run, p);
	if (strlen(p->host) >= DOMAIN_MAX)
		status = "refused";
	if (status != NULL) {
		(void)probe_end(p, status, p->conn.text);
		return;
	}
	seconds = ipc_int(request, "seconds", PROBE_SECONDS);
	if (seconds < 1 || seconds > PROBE_SECONDS)
		seconds = PROBE_SECONDS;
	p->deadline = loop_timer_add(net->loop, seconds * 1000, probe_late, p);
	probe_run(p);
}
