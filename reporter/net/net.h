/* SPDX-License-Identifier: ISC */

#ifndef SGE_NET_H
#define SGE_NET_H

#include <sys/queue.h>

#include <jansson.h>
#include <stdint.h>
#include <tls.h>

#include "base/addr.h"
#include "base/bounds.h"
#include "conf/conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"

/*
 * The net process: connections, and what is done over them.  Nothing here
 * blocks: each step says what it waits for.  It is asked and answers:
 *
 *	{"op":"get","host":"h","port":443,"path":"/..","addrs":[..],
 *	 "max":bytes,"seconds":n}
 *	{"op":"post","host","port","path","addrs","type":"media/type",
 *	 "verify":bool,"seconds":n} with a descriptor of the body
 *	-> {"status":"ok","http":200,"type":"text/plain","body":"...",
 *	    "date":"the server's clock","notafter":epoch,
 *	    "cert":"ok"|"expired"|"host-mismatch"|"not-trusted"|"other",
 *	    "text":"TLS library's words"}
 *	   "status" otherwise "refused" (address not allowed), "connect",
 *	   "timeout", "tls" (with "cert" and "text"), "http" (not an HTTP
 *	   answer), "size".  The body is UTF-8 or "body64" (base64).
 *	{"op":"probe","host":"mx","addr":"a","port":25,"versions":bool,
 *	 "chain":bool,"seconds":n} ->
 *	   {"status":"ok"|"connect"|"timeout"|"smtp"|"refused","banner":"..",
 *	    "helo":"..","starttls":"offered"|"absent"|"refused",
 *	    "handshake":bool,"tls":"TLSv1.3","cert":as above,"text":"..",
 *	    "notafter":epoch,"names":[..],"offers":["1.0","1.2",..],
 *	    "pem":"the chain that it showed, if that was asked for"}
 *	"cert":"ok" means chain and name hold for "host".
 */

/* Runs on fd until it closes; never returns.  Reads what conf names first. */
__dead void net_main(const struct conf *, int fd);

/* A host's certificate, in these words. */
enum cert {
	CERT_UNKNOWN,		/* none was seen */
	CERT_OK,
	CERT_EXPIRED,
	CERT_HOST_MISMATCH,
	CERT_NOT_TRUSTED,
	CERT_OTHER		/* the handshake failed for another reason */
};

/* What a step of a state machine wants next. */
enum want {
	WANT_NEXT,		/* go on with the state it set */
	WANT_READ,
	WANT_WRITE,
	WANT_TURN,		/* it is called again, nothing to wait for */
	WANT_AGAIN,		/* of a handshake: connect anew, and again */
	WANT_FAIL,		/* of a connection: it is of no use any more */
	WANT_END		/* of a transfer: it is over, and freed */
};

/* The authorities that certificates are verified by; ca_set.c. */
struct trust;

/* Who verifies by them, or waits for that. */
struct trust_use {
	TAILQ_ENTRY(trust_use) waiting;
	int		 waits;		/* for its turn with all of them */
	int		 all;		/* of the authorities, not some */
	struct tls_config *config;	/* in use, or NULL */
	void		(*turn)(void *);	/* its turn has come */
	void		*arg;
};

struct net {
	const struct conf *conf;
	struct loop	*loop;
	struct ipc	*ipc;
	struct trust	*trust;
	struct tls_config *unverified;
	struct net_class *http;		/* running and waiting */
	struct net_class *probe;
};

/* Transfers of one kind, so many at a time; net_queue.c. */
struct net_class;

/* begin takes id and fd over; it may end at once, within it. */
struct net_class *net_class_new(size_t max, void (*begin)(struct net *,
	    json_t *id, const json_t *request, int fd));
/* Begins what is asked for, or lets it wait.  fd is taken over, or -1. */
void	net_begin(struct net *, struct net_class *, json_t *request, int fd);
/* A transfer is over: sends answer (stolen) for id (stolen). */
void	net_answer(struct net *, struct net_class *, json_t *id,
	    json_t *answer);

#define CONN_TEXT_MAX 256

struct conn {
	struct net	*net;
	const char	*host;		/* the owner's */
	int		 port;
	struct addr	 addrs[MX_ADDRS_MAX];
	size_t		 naddrs;
	size_t		 next;		/* the one after that in use */
	int		 fd;
	int		 connected;
	int		 slow;		/* to connect */
	struct tls	*tls;
	struct trust_use use;
	struct loop_fd	*event;
	struct loop_timer *patience;
	char		 text[CONN_TEXT_MAX];	/* why it failed */
	void		(*ready)(void *);
	void		*arg;
};

/*
 * Takes "port" and "addrs" of a request.  host: for SNI and verification,
 * borrowed.  ready is called from the loop when a step may go on.  NULL, or
 * the status that it failed with: "refused" if any address is not allowed (a
 * name that has such a one is not to be trusted with the others), "connect" if
 * there is none.
 */
const char *conn_init(struct conn *, struct net *, const char *host,
	    const json_t *request, void (*ready)(void *), void *arg);
/* Closes; the addresses stay, conn_connect begins again with the first. */
void	conn_close(struct conn *);
/* Each address in turn until one takes the connection. */
enum want conn_connect(struct conn *);
/*
 * TLS on top, name and chain verified or not.  On WANT_FAIL *cert says why, as
 * does conn->text.  WANT_AGAIN: the connection is closed; connect and do as
 * before.
 */
enum want conn_handshake(struct conn *, int verify, enum cert *);
/* Bytes, 0 at the end, or -1 with *want READ, WRITE or FAIL. */
ssize_t	conn_read(struct conn *, void *buf, size_t len, enum want *);
ssize_t	conn_write(struct conn *, const void *buf, size_t len, enum want *);
/* Waits for READ, WRITE or TURN, then ready is called. */
void	conn_wait(struct conn *, enum want);

/*
 * libtls reads all authorities anew for each connection, which takes longer
 * than all else.  So those that were of use stand in a set of their own, tried
 * first; only a certificate that they do not vouch for is judged by all, a few
 * at a time.
 */
struct trust *trust_new(const uint8_t *pem, size_t len,
	    struct tls_config *(*settings)(const uint8_t *, size_t));
/*
 * What to verify by, or NULL: it is to wait, and turn is called, which must
 * not take at once.
 */
struct tls_config *trust_take(struct trust *, struct trust_use *);
/* It is not in use any more, or not waited for any more. */
void	trust_drop(struct trust *, struct trust_use *);
/* The peer's chain was good: its authority is of use. */
void	trust_good(struct trust *, const uint8_t *pem, size_t len);

#define CERT_BEGIN "-----BEGIN CERTIFICATE-----"

/* A distinguished name, DER. */
struct cert_party {
	unsigned char	 name[1024];
	size_t		 len;
};

/* Those of the first certificate in a PEM text; 0 or -1. */
int	cert_parties(const char *pem, struct cert_party *issuer,
	    struct cert_party *subject);
const char *cert_name(enum cert);
/* By libtls' words for a failed handshake. */
enum cert cert_classify(const char *text);
/*
 * The DNS names (subjectAltName) of the first certificate in a PEM text, at
 * most max, as a JSON array; empty if there are none or it can't be read.
 */
json_t	*cert_names(const uint8_t *pem, size_t len, size_t max);

/*
 * Begin what a request asks for (world.h).  id and fd are theirs now; request
 * is borrowed.
 */
void	http_start(struct net *, json_t *id, const json_t *request, int fd);
void	probe_start(struct net *, json_t *id, const json_t *request, int fd);

#endif
