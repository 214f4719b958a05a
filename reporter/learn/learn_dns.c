/* SPDX-License-Identifier: ISC */

/*
 * A lesson's questions to the DNS.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/domain.h"
#include "learn/lesson.h"
#include "base/log.h"
#include "lib/xalloc.h"

static void
lesson_ask_dns(struct lesson *lesson, const char *op, const char *name,
    const char *host, void (*cb)(struct lesson *, struct ask *, json_t *))
{
	lesson_ask(lesson, WORLD_RESOLVE, json_pack("{s:s, s:s}", "op", op,
	    "name", name), host, cb);
}

static enum facts
facts_of(const json_t *answer)
{
	const char *status = ipc_string(answer, "status", "");

	if (strcmp(status, "ok") == 0)
		return FACTS_OK;
	if (strcmp(status, "nodata") == 0 || strcmp(status, "nxdomain") == 0)
		return FACTS_ABSENT;
	return FACTS_FAILED;
}

static void
take_ttl(struct lesson *lesson, const json_t *answer)
{
	int64_t ttl = ipc_int(answer, "ttl", 0);

	if (lesson->ttl == -1 || ttl < lesson->ttl)
		lesson->ttl = ttl;
}

static void
on_txt(struct lesson *lesson, struct ask *ask __unused, json_t *answer)
{
	const char *txts[TXT_RECORDS_MAX], *why;
	const json_t *list = json_object_get(answer, "txt"), *item;
	size_t i, n = 0;

	take_ttl(lesson, answer);
	lesson->txt = facts_of(answer);
	(void)strlcpy(lesson->trouble, ipc_string(answer, "status",
	    "no answer"), sizeof(lesson->trouble));
	if (lesson->txt == FACTS_OK) {
		json_array_foreach(list, i, item)
			if (n < nitems(txts) &&
			    json_string_value(item) != NULL)
				txts[n++] = json_string_value(item);
		switch (sts_record_parse(txts, n, lesson->id,
		    sizeof(lesson->id), &why)) {
		case STS_OK:
			break;
		case STS_INVALID:
		case STS_AMBIGUOUS:
			log_info("%s: MTA-STS record: %s", lesson->domain,
			    why);
			lesson->record = why;
			/* FALLTHROUGH */
		case STS_ABSENT:
			lesson->txt = FACTS_ABSENT;
			break;
		}
	}
	lesson_step(lesson);
}

static void
on_mx(struct lesson *lesson, struct ask *ask __unused, json_t *answer)
{
	const json_t *list = json_object_get(answer, "mx"), *item;
	struct store_mx *mx;
	const char *host;
	size_t i;

	take_ttl(lesson, answer);
	lesson->mx = facts_of(answer);
	lesson->nxdomain = strcmp(ipc_string(answer, "status", ""),
	    "nxdomain") == 0;
	lesson->null_mx = ipc_bool(answer, "null", 0);
	if (lesson->mx == FACTS_OK)
		lesson->mxs = xcalloc(MX_RECORDS_MAX, sizeof(*lesson->mxs));
	json_array_foreach(list, i, item) {
		host = json_string_value(json_array_get(item, 1));
		if (lesson->mx != FACTS_OK || host == NULL ||
		    lesson->nmxs == MX_RECORDS_MAX)
			break;
		mx = &lesson->mxs[lesson->nmxs++];
		strlcpy(mx->host, host, sizeof(mx->host));
		mx->pref = json_integer_value(json_array_get(item, 0));
	}
	lesson_step(lesson);
}

void
lesson_begin(struct lesson *lesson)
{
	char name[DOMAIN_MAX + 16];

	lesson->ttl = -1;
	if (store_sts_load(lesson->learn->engine->store, lesson->domain,
	    &lesson->held) == -1)
		log_warnx("%s: what is held of it can't be read",
		    lesson->domain);
	(void)snprintf(name, sizeof(name), "_mta-sts.%s", lesson->domain);
	lesson_ask_dns(lesson, "txt", name, "", on_txt);
	lesson_ask_dns(lesson, "mx", lesson->domain, "", on_mx);
}

void
lesson_step(struct lesson *lesson)
{
	int64_t now = time(NULL);

	if (lesson->txt == FACTS_ASKED || lesson->mx == FACTS_ASKED)
		return;
	if (lesson->fetch == FETCH_NONE && policy_wanted(lesson, now)) {
		policy_fetch(lesson);
		/*
		 * The policy host may be slow: its time is its own, and what
		 * is held is told meanwhile.
		 */
		lesson_idle(lesson);
		if (policy_is_held(&lesson->held, now))
			lesson_ready(lesson);
		return;
	}
	if (lesson->fetch != FETCH_ADDRESS && lesson->fetch != FETCH_POLICY) {
		lesson_idle(lesson);
		lesson_ready(lesson);
	}
}

static void
on_addresses(struct lesson *lesson, struct ask *ask, json_t *answer)
{
	struct lesson_addr *addr;
	const json_t *list = json_object_get(answer, "addr"), *item;
	size_t i, n = json_array_size(list);

	lesson->addrs = xreallocarray(lesson->addrs, lesson->naddrs + n + 1,
	    sizeof(*lesson->addrs));
	if (n == 0) {
		addr = &lesson->addrs[lesson->naddrs++];
		memset(addr, 0, sizeof(*addr));
		strlcpy(addr->host, ask->host, sizeof(addr->host));
		if (facts_of(answer) == FACTS_ABSENT)
			strlcpy(addr->said, ipc_string(answer, "status", ""),
			    sizeof(addr->said));
	}
	json_array_foreach(list, i, item) {
		if (json_string_value(item) == NULL)
			continue;
		addr = &lesson->addrs[lesson->naddrs++];
		memset(addr, 0, sizeof(*addr));
		strlcpy(addr->host, ask->host, sizeof(addr->host));
		strlcpy(addr->addr, json_string_value(item),
		    sizeof(addr->addr));
	}
}

void
lesson_addresses(struct lesson *lesson)
{
	size_t i;

	for (i = 0; i < lesson->nmxs; i++)
		lesson_ask_dns(lesson, "addr", lesson->mxs[i].host,
		    lesson->mxs[i].host, on_addresses);
	if (lesson->nmxs == 0)
		lesson_ready(lesson);
}
