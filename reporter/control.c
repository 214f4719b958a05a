/* SPDX-License-Identifier: ISC */

#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bounds.h"
#include "lib/date.h"
#include "base/domain.h"
#include "base/sged_client.h"
#include "control.h"
#include "copy/copy.h"
#include "deliver/deliver.h"
#include "engine/engine.h"
#include "learn/learn.h"
#include "count/ingest.h"
#include "base/log.h"
#include "base/version.h"
#include "lib/xalloc.h"

/* A client that does not read its answers is shown the door. */
#define ANSWERS_MAX 1000
/* Without descriptors, accepting has to wait. */
#define ACCEPT_PAUSE_MS 1000

struct client {
	TAILQ_ENTRY(client) entry;
	struct control	*control;
	struct ipc	*ipc;
	int		 ours;		/* root's, or of our own user */
};

/* Mails of sgectl's own at once, and how long sendmail may take for one. */
#define ANNOUNCED_MAX 16
#define ANNOUNCED_SECONDS 60

struct control {
	struct engine	*engine;
	struct {
		char	 address[QUESTION_MAX];
		int64_t	 until;		/* epoch seconds */
	}		 announced[ANNOUNCED_MAX];
	int		 listener;
	struct loop_fd	*event;
	struct loop_timer *pause;
	TAILQ_HEAD(, client) clients;
	size_t		 nclients;
	int64_t		 learns;
};

static void	listener_watch(void *);

static void
client_free(struct client *c)
{
	struct control *control = c->control;

	learn_forget(control->engine, c);
	ipc_free(c->ipc);
	TAILQ_REMOVE(&control->clients, c, entry);
	control->nclients--;
	free(c);
}

static void
client_closed(struct ipc *ipc __unused, void *arg)
{
	client_free(arg);
}

static void
answer(struct client *c, json_t *obj)
{
	if (obj == NULL)
		fatalx("control: no memory");
	(void)ipc_send(c->ipc, obj, -1);
}

static void
refuse(struct client *c, const char *why)
{
	answer(c, json_pack("{ss}", "error", why));
}

static void
learned(const char *domain, const char *route, void *arg)
{
	if (route == NULL)
		answer(arg, json_pack("{ss}", "failed", domain));
	else
		answer(arg, json_pack("{ssss}", "learned", domain, "route",
		    route));
}

static void
request_learn(struct client *c, const json_t *value)
{
	const char *name = json_string_value(value);
	char domain[DOMAIN_MAX];

	if (name == NULL || domain_normal(name, strlen(name), domain,
	    sizeof(domain)) == -1) {
		refuse(c, "not a domain name");
		return;
	}
	c->control->learns++;
	learn_ask(c->control->engine, domain, learned, c);
}

/*
 * filter-sge asks at RCPT, while sendmail runs: what is not being sent at that
 * moment is not from us.
 */
static void
request_announced(struct client *c, const json_t *value)
{
	struct control *control = c->control;
	const char *address = json_string_value(value);
	int64_t now = time(NULL);
	int found = 0;
	size_t i;

	if (address == NULL) {
		refuse(c, "not an address");
		return;
	}
	for (i = 0; i < ANNOUNCED_MAX && !found; i++)
		found = now < control->announced[i].until &&
		    strcasecmp(control->announced[i].address, address) == 0;
	if (!found && *address != '\0')
		found = deliver_announces(control->engine, address);
	answer(c, json_pack("{ss}", found == -1 ? "failed" : found ?
	    "announced" : "unannounced", address));
}

/* sgectl sends one itself: a copy of a report, a test. */
static void
request_announce(struct client *c, const json_t *value)
{
	struct control *control = c->control;
	const char *address = json_string_value(value);
	int64_t now = time(NULL);
	size_t i;

	if (address == NULL || *address == '\0' || !client_can_ask(address)) {
		refuse(c, "not an address");
		return;
	}
	for (i = 0; i < ANNOUNCED_MAX; i++)
		if (control->announced[i].until <= now)
			break;
	if (i == ANNOUNCED_MAX) {
		refuse(c, "too many mails at once");
		return;
	}
	(void)strlcpy(control->announced[i].address, address,
	    sizeof(control->announced[i].address));
	control->announced[i].until = now + ANNOUNCED_SECONDS;
	answer(c, json_pack("{sb}", "ok", 1));
}

static void
request_status(struct client *c, const json_t *value __unused)
{
	struct engine *e = c->control->engine;
	struct ingest *in = e->ingest;
	int64_t late = 0, lost = 0;
	char since[32], stamp[32];

	time_print(c->control->engine->since, since, sizeof(since));
	/* Which configuration this is, for check config. */
	(void)snprintf(stamp, sizeof(stamp), "%016" PRIx64, e->conf->stamp);
	(void)store_meta(e->store, "late", &late);
	(void)store_meta(e->store, "lost", &lost);
	answer(c, json_pack("{s{sssssssIsssIsssIsIsIsIsIsIsIsbso*}}", "status",
	    "version", SGE_VERSION,
	    "conf", log_clean(e->conf->files[0]), "stamp", stamp,
	    "pid", (json_int_t)getppid(), "since", since,
	    "clients", (json_int_t)c->control->nclients,
	    "spool", in->reading ? "reading" : in->trouble ? "in trouble" :
	    "read",
	    "late", (json_int_t)late, "lost", (json_int_t)lost,
	    "learned", (json_int_t)c->control->learns,
	    "refused", (json_int_t)learn_refused(e),
	    "dns", (json_int_t)world_pending(e->world, WORLD_RESOLVE),
	    "net", (json_int_t)world_pending(e->world, WORLD_NET),
	    "mails", (json_int_t)world_pending(e->world, WORLD_MAILER),
	    "damaged", e->store->damaged,
	    "fleet", copy_status(e)));
}

static void
request_send(struct client *c, const json_t *value)
{
	struct engine *e = c->control->engine;
	const char *day = ipc_string(value, "day", NULL);
	const char *name = ipc_string(value, "domain", NULL);
	char domain[DOMAIN_MAX], text[512];
	int64_t number = day_of(time(NULL)) - 1;

	if (day != NULL && day_parse(day, &number) == -1) {
		refuse(c, "not a day");
		return;
	}
	if (name != NULL && domain_normal(name, strlen(name), domain,
	    sizeof(domain)) == -1) {
		refuse(c, "not a domain name");
		return;
	}
	if (deliver_now(e, number, name == NULL ? NULL : domain, text,
	    sizeof(text)) == -1)
		refuse(c, text);
	else
		answer(c, json_pack("{sbss}", "ok", 1, "text", text));
}

static const struct {
	const char	*key;
	void		(*handle)(struct client *, const json_t *);
	int		 any;		/* filter-sge may ask it too */
} requests[] = {
	{ "learn", request_learn, 1 },
	{ "announced", request_announced, 1 },
	{ "announce", request_announce, 0 },
	{ "status", request_status, 0 },
	{ "send", request_send, 0 },
};

static void
client_message(struct ipc *ipc, json_t *obj, int fd, void *arg)
{
	struct client *c = arg;
	const json_t *value;
	size_t i;

	if (fd != -1)
		close(fd);
	for (i = 0; i < nitems(requests); i++)
		if ((value = json_object_get(obj, requests[i].key)) != NULL)
			break;
	if (i < nitems(requests) && !requests[i].any && !c->ours)
		refuse(c, "not allowed");
	else if (i < nitems(requests))
		requests[i].handle(c, value);
	else
		refuse(c, "unknown request");
	if (ipc_queued(ipc) > ANSWERS_MAX)
		client_free(c);
}

static void
client_accept(int fd, short revents __unused, void *arg)
{
	struct control *control = arg;
	struct client *c;
	uid_t uid;
	gid_t gid;
	int s, ours;

	if ((s = accept(fd, NULL, NULL)) == -1) {
		if (errno != EMFILE && errno != ENFILE && errno != ENOMEM)
			return;
		loop_fd_remove(control->engine->loop, control->event);
		control->event = NULL;
		control->pause = loop_timer_add(control->engine->loop,
		    ACCEPT_PAUSE_MS, listener_watch, control);
		return;
	}
	/* However many filters ask, an operator can. */
	ours = getpeereid(s, &uid, &gid) == 0 &&
	    (uid == 0 || uid == geteuid());
	if (control->nclients >= SOCKET_CLIENTS_MAX + (ours ?
	    SOCKET_OURS_MAX : 0) ||
	    fcntl(s, F_SETFD, FD_CLOEXEC) == -1) {
		close(s);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->control = control;
	c->ours = ours;
	c->ipc = ipc_new(control->engine->loop, s, client_message,
	    client_closed, c);
	ipc_accept(c->ipc, SOCKET_ASK_MAX);
	TAILQ_INSERT_TAIL(&control->clients, c, entry);
	control->nclients++;
}

static void
listener_watch(void *arg)
{
	struct control *control = arg;

	control->pause = NULL;
	control->event = loop_fd_add(control->engine->loop, control->listener,
	    POLLIN, client_accept, control);
}

void
control_start(struct engine *e)
{
	struct control *control;
	int flags;

	control = xcalloc(1, sizeof(*control));
	/* A client may be gone before it is accepted. */
	if ((flags = fcntl(e->listener, F_GETFL)) == -1 ||
	    fcntl(e->listener, F_SETFL, flags | O_NONBLOCK) == -1)
		fatal("fcntl");
	control->engine = e;
	control->listener = e->listener;
	TAILQ_INIT(&control->clients);
	e->control = control;
	listener_watch(control);
}

void
control_stop(struct engine *e)
{
	struct control *control = e->control;
	struct client *c;

	if (control == NULL)
		return;
	while ((c = TAILQ_FIRST(&control->clients)) != NULL)
		client_free(c);
	loop_fd_remove(e->loop, control->event);
	loop_timer_remove(e->loop, control->pause);
	close(control->listener);
	free(control);
	e->control = NULL;
}
