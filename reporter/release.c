/* SPDX-License-Identifier: ISC */

/*
 * release: smtpd chose a mail's action when it came and never asks again, so
 * that what came under "enforce" waits for a verified host when the policy is
 * long gone, and what came before it would go without.  Each such mail is
 * copied in the queue with the action of today, and then the first one is taken
 * out: in that order, so that whatever ends us leaves one of them, or both,
 * never none.
 */

#include <sys/file.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/domain.h"
#include "ctl/smtpctl.h"
#include "ctl/smtpd_queue.h"
#include "host/check_config.h"
#include "host/smtpd_conf.h"
#include "host/smtpd_match.h"
#include "lib/xalloc.h"
#include "release.h"
#include "rule/report_sender.h"
#include "rule/table_answer.h"
#include "view/view_route.h"

/* One that is to be tried within these is left to smtpd until it was. */
#define NEXT_SECONDS 10
/* For those, the queue is looked at so often, and so far apart. */
#define ROUNDS 30
#define ROUND_SECONDS 2

/* What became of an envelope. */
enum fate {
	FATE_OTHER,		/* its action is the right one */
	FATE_BUSY,
	FATE_SUSPENDED,
	FATE_FAILED,
	FATE_RELEASED
};

struct release {
	struct ctl	*ctl;
	const char	*domain;
	enum mail_need	 need;		/* the domain's, now */
	int		 newest;	/* by TLS 1.3 */
	int		 nowhere;	/* for want of a connector */
	const char	*why;
	struct smtpd_conf *smtpd;
	char		 spool[1024];	/* smtpd's */
	struct smtpctl_queued *queued;
	size_t		 nqueued;
	size_t		 n[FATE_RELEASED + 1];
};

static int
collect(const struct smtpctl_queued *q, void *arg)
{
	struct release *r = arg;

	r->queued = xreallocarray(r->queued, r->nqueued + 1, sizeof(*q));
	r->queued[r->nqueued++] = *q;
	return 0;
}

/*
 * Its action asks sge-routes for a host to verify where none is needed any
 * more, or for TLS, or for its newest version; or it asks for less than is
 * needed now; or there is none.
 */
static int
is_behind(const struct release *r, const struct smtpctl_envelope *e)
{
	const struct smtpd_line *action;
	const char *table;
	int routed, tls;

	/* Reports have rules of their own (RFC 8460 3). */
	if (report_sender_is(r->ctl->conf, e->sender, strlen(e->sender)))
		return 0;
	action = smtpdconf_find(r->smtpd, "action", e->action);
	if (action == NULL)
		return 1;
	if (!smtpdconf_has(action, "relay"))
		return 0;
	table = smtpdconf_after(action, "domain");
	routed = table != NULL && strcmp(table, "<sge-routes>") == 0;
	tls = smtpdconf_has(action, "tls");
	if (match_newest(action) != r->newest)
		return 1;
	switch (r->need) {
	case NEED_VERIFY:
		return !routed;
	case NEED_ENCRYPT:
		return routed || !tls;
	case NEED_NOTHING:
		/* With a host of its own it is no action for a class. */
		return routed || (tls && !smtpdconf_has(action, "host"));
	default:
		return routed;
	}
}

static int
is_for(const char *domain, const struct smtpctl_envelope *e)
{
	const char *of = domain_of_address(e->dest);
	char name[DOMAIN_MAX];

	return of != NULL && domain_normal(of, strlen(of), name,
	    sizeof(name)) == 0 && strcmp(name, domain) == 0;
}

static void
say(const struct release *r, const char *id, const struct smtpctl_envelope *e,
    const char *what)
{
	const struct view *v = &r->ctl->view;

	if (v->form != FORM_TEXT)
		view_row(v, "release", "ttttt", "id", id, "from", e->sender,
		    "to", e->dest, "action", e->action, "what", what);
	else
		view_say(v, "%s %s: %s", id, view_clean(e->dest, 0), what);
}

/*
 * Who smtpd took it from.  Where an alias led abroad, it asks as for local
 * mail; what came over the network from this host itself is local, too.  0, or
 * -1 if the address can't be read.
 */
static int
source_of(const struct release *r, const struct smtpctl_envelope *e,
    struct mail *m)
{
	int alias = strcasecmp(e->rcpt, e->dest) != 0;
	struct addr addr;

	m->source = SOURCE_LOCAL;
	m->inside = alias || e->remote;
	m->login = e->authenticated;
	if (alias || !e->remote)
		return 0;
	if (addr_parse(e->address, strlen(e->address), &addr) == -1)
		return -1;
	m->address = e->address;
	if (addr_is_loopback(&addr) || addr_is_own(&r->ctl->view.own, &addr))
		return 0;
	m->inside = 0;
	m->source = e->authenticated ? SOURCE_AUTH : SOURCE_ADDRESS;
	return 0;
}

/*
 * The action that smtpd would choose now; NULL if there is none, or if that
 * can't be told.
 */
static const char *
action_now(const struct release *r, const struct smtpctl_envelope *e)
{
	struct mail mail = { .sender = e->sender, .need = r->need,
	    .newest = r->newest, .nowhere = r->nowhere, .domain = r->domain,
	    .rcpt = e->dest };
	const struct smtpd_line *line, *action;
	enum match_answer answer;
	const char *name;
	size_t i;

	if (source_of(r, e, &mail) == -1)
		return NULL;
	for (i = 0; i < r->smtpd->nlines; i++) {
		line = &r->smtpd->line[i];
		if (!smtpdconf_is(line, 0, "match") || (answer = match_asks(
		    r->smtpd, r->ctl->conf, line, &mail)) == MATCH_NO)
			continue;
		name = smtpdconf_after(line, "action");
		if (answer != MATCH_ALL || name == NULL)
			return NULL;
		action = smtpdconf_find(r->smtpd, "action", name);
		return action != NULL && smtpdconf_has(action, "relay") ?
		    name : NULL;
	}
	return NULL;
}

static int
is_queued(const struct release *r, const char *id)
{
	size_t i;

	for (i = 0; i < r->nqueued; i++)
		if (strcmp(r->queued[i].id, id) == 0)
			return 1;
	return 0;
}

static enum fate
put_back(struct release *r, const char *id, const struct smtpctl_envelope *e,
    const char *action)
{
	char copy[EVPID_SIZE];

	if (action == NULL) {
		warnx("%s: what smtpd.conf would do now with mail from <%s> to "
		    "<%s> can't be told: it waits as before", id,
		    view_clean(e->sender, 0), view_clean(e->dest, 0));
		return FATE_FAILED;
	}
	if (smtpdq_copy_id(id, copy) == -1 ||
	    smtpdq_copy(r->spool, id, action) == -1)
		return FATE_FAILED;
	/* From here on there are two, of which one is to go. */
	if (!is_queued(r, copy) && smtpctl_discover(copy) < 1) {
		warnx("%s: smtpctl does not discover its copy %s: it waits as "
		    "before", id, copy);
		return FATE_FAILED;
	}
	switch (smtpctl_remove(id)) {
	case -1:
		warnx("%s: released, and smtpctl does not remove the first "
		    "one: it may arrive twice", id);
		return FATE_FAILED;
	case 0:
		say(r, id, e, "released; smtpd was done with it meanwhile, so "
		    "that it may arrive twice");
		break;
	default:
		say(r, id, e, "released");
	}
	return FATE_RELEASED;
}

static enum fate
release_one(struct release *r, const struct smtpctl_queued *q, int64_t since)
{
	struct smtpctl_envelope e;
	const char *action;

	if (!smtpctl_envelope(q->id, &e) || !is_for(r->domain, &e) ||
	    !is_behind(r, &e))
		return FATE_OTHER;
	action = action_now(r, &e);
	if (action != NULL && strcmp(action, e.action) == 0)
		return FATE_OTHER;
	if (q->suspended) {
		say(r, q->id, &e, "paused by smtpctl: left as it is");
		return FATE_SUSPENDED;
	}
	/* It might be on its way while we send another. */
	if (q->busy || q->next - (time(NULL) - since) < NEXT_SECONDS)
		return FATE_BUSY;
	return put_back(r, q->id, &e, action);
}

/* One look at the queue; 0, or -1 if it can't be seen. */
static int
release_round(struct release *r)
{
	int64_t since = time(NULL);
	size_t i;

	r->nqueued = r->n[FATE_BUSY] = r->n[FATE_SUSPENDED] = 0;
	if (smtpctl_queue(r->domain, collect, r) == -1) {
		warnx("smtpd's queue can't be seen: smtpctl fails");
		return -1;
	}
	for (i = 0; i < r->nqueued && r->n[FATE_FAILED] == 0; i++) {
		if (r->queued[i].offline) {
			warnx("smtpd does not run: it has to, for this");
			return -1;
		}
		r->n[release_one(r, &r->queued[i], since)]++;
	}
	return 0;
}

static int
release_all(struct release *r)
{
	const struct view *v = &r->ctl->view;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (i > 0)
			(void)sleep(ROUND_SECONDS);
		if (release_round(r) == -1)
			return 1;
		if (r->n[FATE_BUSY] == 0 || r->n[FATE_FAILED] > 0)
			break;
	}
	if (v->form == FORM_TEXT) {
		view_say(v, "%zu %s released", r->n[FATE_RELEASED],
		    view_plural((int64_t)r->n[FATE_RELEASED], "mail",
		    "mails"));
		if (r->n[FATE_BUSY] > 0)
			view_say(v, "%zu being tried now: once more, later",
			    r->n[FATE_BUSY]);
	}
	if (r->n[FATE_FAILED] > 0 || r->n[FATE_BUSY] > 0)
		return 1;
	if (r->need != NEED_VERIFY || r->n[FATE_RELEASED] > 0)
		return 0;
	warnx("%s needs a verified host: %s; what waits for that stays",
	    r->domain, r->why);
	return 1;
}

/* What the domain needs now; -1 after a message if none is known for it. */
static int
need_now(struct release *r)
{
	struct routes *routes = view_routes_open(r->ctl->conf);
	struct answer answer;

	answer_find(r->ctl->conf, routes, r->domain, r->ctl->view.now,
	    &answer);
	r->need = answer.verify ? NEED_VERIFY : answer.encrypt ?
	    NEED_ENCRYPT : answer.why == WHY_LOCAL ? NEED_OWN : NEED_NOTHING;
	r->newest = answer.newest;
	r->nowhere = answer_is_nowhere(&answer);
	r->why = view_route_why(&answer);
	routes_free(routes);
	if (!answer.verify || answer.url[0] != '\0')
		return 0;
	warnx("%s needs a verified host, and none is known: %s; nothing is "
	    "released", r->domain, r->why);
	return -1;
}

/*
 * Two at once would make the same copies, and each would take the other's for
 * somebody's.  It is the queue that is locked, whoever's sge.conf asks.  The
 * lock, which ends with its descriptor; or -1 after a message.
 */
static int
lock_queue(const char *spool)
{
	int fd;

	if ((fd = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
		warn("%s", spool);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		warnx("another \"sgectl release\" runs: once more when it is "
		    "done");
	else
		warn("%s", spool);
	close(fd);
	return -1;
}

int
cmd_release(struct ctl *ctl, int argc __unused, char *argv[])
{
	struct release r = { .ctl = ctl };
	char domain[DOMAIN_MAX], path[1024];
	int rc = 1, lock = -1;

	if (view_normal(argv[0], domain, sizeof(domain)) == -1)
		return 1;
	r.domain = domain;
	if (need_now(&r) == -1)
		return 1;
	check_smtpd_conf(path, sizeof(path));
	if ((r.smtpd = smtpdconf_read(path)) == NULL)
		warn("%s", path);
	else if (check_smtpd_current(r.smtpd, r.spool, sizeof(r.spool)) == 0 &&
	    (lock = lock_queue(r.spool)) != -1) {
		rc = release_all(&r);
		close(lock);
	}
	smtpdconf_free(r.smtpd);
	free(r.queued);
	return rc;
}
