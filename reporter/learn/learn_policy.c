/* SPDX-License-Identifier: ISC */

/*
 * A lesson's policy: when it is fetched, how, and what then holds (RFC 8461
 * 3.3, 5.1, 10.2).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "learn/lesson.h"
#include "base/log.h"

/* Domains whose sessions are judged in one turn. */
#define FETCHED_MAX 1000

#define POLICY_PATH "/.well-known/mta-sts.txt"

int
policy_is_held(const struct store_sts *held, int64_t now)
{
	return held->policy != NULL && held->expires > now;
}

/*
 * It had many policies within a day, and the newest not long ago: or so it has
 * to be taken where the database can't say.
 */
static int
changes_often(const struct lesson *lesson, int64_t now)
{
	int64_t changes;

	if (now - lesson->held.fetched >= CHANGES_REST)
		return 0;
	changes = store_sts_changes(lesson->learn->engine->store,
	    lesson->domain, now - 86400);
	return changes == -1 || changes >= CHANGES_MAX;
}

int
policy_wanted(const struct lesson *lesson, int64_t now)
{
	const struct store_sts *held = &lesson->held;
	int is_held = policy_is_held(held, now);
	int same = lesson->txt == FACTS_OK && strcmp(lesson->id, held->id) == 0;
	const char *id = lesson->txt == FACTS_OK ? lesson->id : held->id;

	/*
	 * RFC 8461 3.3: what failed not again within five minutes, for the
	 * same id.  What did not may end sooner than that.
	 */
	if (now - held->tried < (held->error[0] != '\0' ? STS_RETRY_SECONDS :
	    RENEW_MIN) && strcmp(id, held->tried_id) == 0)
		return 0;
	if (lesson->txt == FACTS_OK && !(is_held && same))
		return !changes_often(lesson, now);
	/* Kept alive whatever the record says (RFC 8461 10.2). */
	return is_held && now >= held->refresh;
}

static void
failed(struct lesson *lesson, const char *type, const char *what,
    const char *detail)
{
	if (*detail == '\0')
		strlcpy(lesson->error, what, sizeof(lesson->error));
	else
		(void)snprintf(lesson->error, sizeof(lesson->error),
		    "%s: %s", what, detail);
	lesson->error_type = type;
	lesson->fetch = FETCH_FAILED;
	log_info("%s: MTA-STS policy: %s (%s)", lesson->domain,
	    log_clean(lesson->error), type);
	lesson_ready(lesson);
}

/* The transfer itself went wrong. */
static void
transfer_failed(struct lesson *lesson, const char *status,
    const json_t *answer)
{
	static const struct {
		const char	*status;
		const char	*what;
	} texts[] = {
		{ "refused", "the policy host may not be contacted" },
		{ "connect", "the policy host can't be reached" },
		{ "timeout", "no policy within the time" },
		{ "tls", "TLS with the policy host failed" },
		{ "http", "the policy host does not speak HTTP" },
		{ "size", "larger than 64 kB" }
	};
	const char *cert = ipc_string(answer, "cert", "");
	const char *text = ipc_string(answer, "text", "");
	const char *type = "sts-policy-fetch-error", *what = "not fetched";
	size_t i;

	for (i = 0; i < nitems(texts); i++)
		if (strcmp(status, texts[i].status) == 0)
			what = texts[i].what;
	if (strcmp(status, "tls") == 0 && (strcmp(cert, "expired") == 0 ||
	    strcmp(cert, "host-mismatch") == 0 ||
	    strcmp(cert, "not-trusted") == 0)) {
		type = "sts-webpki-invalid";
		what = "certificate of the policy host";
	}
	failed(lesson, type, what, text);
}

static void
on_policy(struct lesson *lesson, struct ask *ask __unused, json_t *answer)
{
	const char *status = ipc_string(answer, "status", "gone");
	const char *type = ipc_string(answer, "type", "");
	const json_t *body = json_object_get(answer, "body");
	int64_t http = ipc_int(answer, "http", 0);
	const char *why;
	char text[64];

	if (strcmp(status, "ok") != 0) {
		transfer_failed(lesson, status, answer);
		return;
	}
	if (http != 200) {
		(void)snprintf(text, sizeof(text), "HTTP status %lld",
		    (long long)http);
		failed(lesson, "sts-policy-fetch-error", text, "");
		return;
	}
	if (strcmp(type, "text/plain") != 0) {
		failed(lesson, "sts-policy-fetch-error",
		    "its media type is not text/plain", type);
		return;
	}
	/* Without "body" it has bytes that no policy may have. */
	why = "not a text";
	if (body != NULL && (lesson->fetched = sts_policy_parse(
	    json_string_value(body), json_string_length(body), &why)) !=
	    NULL) {
		lesson->fetch = FETCH_OK;
		lesson_ready(lesson);
		return;
	}
	failed(lesson, "sts-policy-invalid", why, "");
}

static void
on_host(struct lesson *lesson, struct ask *ask, json_t *answer)
{
	const char *status = ipc_string(answer, "status", "gone");
	json_t *addrs = json_object_get(answer, "addr");

	if (json_array_size(addrs) == 0) {
		failed(lesson, "sts-policy-fetch-error",
		    "no address of the policy host", status);
		return;
	}
	lesson->fetch = FETCH_POLICY;
	lesson_ask(lesson, WORLD_NET, json_pack("{s:s, s:s, s:i, s:s, s:O,"
	    " s:i, s:i}", "op", "get", "host", ask->host, "port", 443, "path",
	    POLICY_PATH, "addrs", addrs, "max", STS_POLICY_MAX, "seconds",
	    STS_FETCH_SECONDS), "", on_policy);
}

void
policy_fetch(struct lesson *lesson)
{
	char host[DOMAIN_MAX];
	int64_t now = time(NULL);

	lesson->fetch = FETCH_ADDRESS;
	/* What goes out until it is there goes without. */
	if (!policy_is_held(&lesson->held, now))
		(void)store_sts_fetching(lesson->learn->engine->store,
		    lesson->domain, now);
	if (snprintf(host, sizeof(host), "mta-sts.%s", lesson->domain) >=
	    (int)sizeof(host)) {
		failed(lesson, "sts-policy-fetch-error",
		    "the policy host's name is too long", "");
		return;
	}
	lesson_ask(lesson, WORLD_RESOLVE, json_pack("{s:s, s:s}", "op",
	    "addr", "name", host), host, on_host);
}

/* Times of many domains are not to come together. */
static int64_t
spread(int64_t seconds)
{
	return seconds - seconds / 10 +
	    (int64_t)arc4random_uniform((uint32_t)(seconds / 5 + 1));
}

static int
same_text(const struct sts_policy *a, const struct sts_policy *b)
{
	size_t i;

	if (a->nlines != b->nlines)
		return 0;
	for (i = 0; i < a->nlines; i++)
		if (strcmp(a->lines[i], b->lines[i]) != 0)
			return 0;
	return 1;
}

static int
apply_fetched(struct lesson *lesson, int64_t now)
{
	struct store_sts *held = &lesson->held;
	const char *id = lesson->txt == FACTS_OK ? lesson->id : held->id;
	int64_t life = lesson->fetched->max_age / 2;

	if (life > REFRESH)
		life = REFRESH;
	/* RFC 8461 8.1: a new id and the old text is a change under way. */
	if (held->policy != NULL && strcmp(id, held->id) != 0 &&
	    same_text(held->policy, lesson->fetched) && life > RENEW_MAX)
		life = RENEW_MAX;
	if (store_sts_hold(lesson->learn->engine->store, lesson->domain, id,
	    lesson->fetched, now, now + spread(life), &held->policy_id) == -1)
		return -1;
	log_debug("%s: MTA-STS policy %s, mode %s", lesson->domain, id,
	    sts_mode_name(lesson->fetched->mode));
	held->expires = now + lesson->fetched->max_age;
	held->refresh = now + life;
	sts_policy_free(held->policy);
	held->policy = lesson->fetched;
	lesson->fetched = NULL;
	return 0;
}

static int
apply_failed(struct lesson *lesson, int64_t now)
{
	struct store_sts *held = &lesson->held;
	struct store *st = lesson->learn->engine->store;
	const char *id = lesson->txt == FACTS_OK ? lesson->id : held->id;
	int64_t again = STS_RETRY_SECONDS;

	if (policy_is_held(held, now)) {
		again = (held->expires - now) / 8;
		if (again > BACK_MAX)
			again = BACK_MAX;
		if (again < STS_RETRY_SECONDS)
			again = STS_RETRY_SECONDS;
	}
	held->refresh = now + again;
	return store_sts_failed(st, lesson->domain, id, lesson->error_type,
	    lesson->error, now, held->refresh);
}

/*
 * RFC 8461 6, RFC 8460 4.3: whether mail goes without a policy that the domain
 * announces.  Each session that does so is a failure, no fetch of ours is.
 */
static int
apply_without(const struct lesson *lesson, int64_t now)
{
	struct store *st = lesson->learn->engine->store;

	if (policy_is_held(&lesson->held, now) || lesson->txt == FACTS_ABSENT)
		return store_sts_with(st, lesson->domain, now);
	if (lesson->fetch == FETCH_FAILED && lesson->txt == FACTS_OK)
		return store_sts_without(st, lesson->domain, now,
		    lesson->error_type, lesson->error);
	return 0;
}

/* Said when it begins and when it ends, not each time. */
static int
note_broken(struct lesson *lesson, int64_t now)
{
	struct store *st = lesson->learn->engine->store;
	int rc;

	if (lesson->txt != FACTS_FAILED) {
		if ((rc = store_sts_mended(st, lesson->domain)) == 1)
			log_info("_mta-sts.%s: can be looked up again",
			    lesson->domain);
		return rc == -1 ? -1 : 0;
	}
	rc = store_sts_broken(st, lesson->domain, lesson->trouble, now);
	if (rc == 1)
		log_warnx("_mta-sts.%s: can't be looked up (%s): its mail "
		    "goes %s", lesson->domain, lesson->trouble,
		    policy_is_held(&lesson->held, now) ? "by the policy held" :
		    "without a policy");
	return rc == -1 ? -1 : 0;
}

int
policy_apply(struct lesson *lesson, int64_t now)
{
	struct store_sts *held = &lesson->held;
	struct store *st = lesson->learn->engine->store;
	int rc;

	if ((rc = note_broken(lesson, now)) == -1)
		return -1;
	if (lesson->fetch == FETCH_OK)
		rc = apply_fetched(lesson, now);
	else if (lesson->fetch == FETCH_FAILED)
		rc = apply_failed(lesson, now);
	else if (lesson->txt != FACTS_FAILED)
		rc = store_sts_checked(st, lesson->domain, now);
	if (rc == 0 && held->expires != 0 && !policy_is_held(held, now))
		rc = store_sts_over(st, lesson->domain, held->expires);
	if (rc == 0 && lesson->fetch != FETCH_ADDRESS &&
	    lesson->fetch != FETCH_POLICY)
		rc = apply_without(lesson, now);
	return rc;
}

static int
fetched(const char *domain, void *arg)
{
	struct learn *l = arg;
	struct store *st = l->engine->store;
	struct store_sts_error e;

	if (store_sts_error_at(st, domain, time(NULL), &e) == -1)
		return -1;
	if (!e.without)
		return store_fetching_good(st, domain);
	if (*e.type != '\0')
		return store_fetching_failed(st, domain, e.type, e.text);
	/* Begun before we were started anew. */
	(void)lesson_new(l, domain);
	return 0;
}

void
policy_tick(struct learn *l)
{
	struct store *st = l->engine->store;

	if (store_begin(st) == 0)
		(void)store_end(st, store_fetching(st, FETCHED_MAX, fetched,
		    l));
}
