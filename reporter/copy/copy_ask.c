/* SPDX-License-Identifier: ISC */

#include <string.h>
#include <time.h>

#include "base/log.h"
#include "copy/copy_job.h"

void
copy_ask(struct copy *c, json_t *request, void (*answered)(json_t *, void *))
{
	if (request == NULL)
		fatalx("copy: no memory");
	c->question = world_ask(c->engine->world, WORLD_SHARE, request, -1,
	    answered, c);
}

void
copy_state(struct copy *c, const char *state, const char *text)
{
	int same = strcmp(c->state, state) == 0;

	if (same && strcmp(c->text, text) == 0)
		return;
	(void)strlcpy(c->state, state, sizeof(c->state));
	(void)strlcpy(c->text, text, sizeof(c->text));
	if (!same)
		c->since = time(NULL);
	if (strcmp(state, "ok") == 0)
		log_info("fleet: in touch with its database");
	else if (strcmp(state, "refused") == 0)
		log_warnx("fleet: its database can't be used: %s",
		    log_clean(text));
	else
		log_warnx("fleet: its database is away: %s", log_clean(text));
}

int
copy_good(struct copy *c, json_t *answer)
{
	const char *status = ipc_string(answer, "status", "");

	c->question = 0;
	if (strcmp(status, "ok") == 0 || strcmp(status, "frozen") == 0)
		return 1;
	/* What it claims, or no longer has, is asked for once more. */
	c->synced = 0;
	copy_state(c, strcmp(status, "refused") == 0 ? "refused" : "away",
	    ipc_string(answer, "text", "the share process is gone"));
	copy_again(c, BEAT_MS);
	return 0;
}

void
copy_again(struct copy *c, int64_t ms)
{
	store_copy_close(c->source);
	c->source = NULL;
	json_decref(c->claims);
	c->claims = NULL;
	loop_timer_remove(c->engine->loop, c->timer);
	c->timer = loop_timer_add(c->engine->loop, ms, c->turn, c);
}
