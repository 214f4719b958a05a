/* SPDX-License-Identifier: ISC */

#include <sys/wait.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check_ask.h"
#include "lib/ipc.h"
#include "base/log.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

#define PROGRESS_MS 2000
#define PROGRESS_AGAIN_MS 500

struct asker {
	struct loop	*loop;
	struct world	*world;
	pid_t		 pids[WORLD_PARTS];
	struct loop_timer *timer;
	size_t		 asked;
	size_t		 left;
	int		 shown;		/* a progress line stands there */
};

/* One question on its way. */
struct pending {
	struct asker	*asker;
	struct check_question	*question;
};

/* world answers "gone" to what is asked of a part that is gone. */
static void
gone(enum world_part part __unused, void *arg __unused)
{
}

struct asker *
asker_new(const struct conf *conf, unsigned int parts)
{
	struct asker *a;
	int fds[WORLD_PARTS], i;

	a = xcalloc(1, sizeof(*a));
	for (i = 0; i < WORLD_PARTS; i++) {
		a->pids[i] = -1;
		fds[i] = -1;
	}
	/* What is buffered must not come out of a child too. */
	(void)fflush(NULL);
	if (world_start(conf, parts, fds, a->pids) == -1) {
		free(a);
		return NULL;
	}
	a->loop = loop_new();
	a->world = world_new(a->loop, fds, gone, a);
	world_restrict(a->world, conf);
	return a;
}

void
asker_free(struct asker *a)
{
	int i, status;

	if (a == NULL)
		return;
	/* They end when their descriptor closes. */
	world_free(a->world);
	loop_free(a->loop);
	for (i = 0; i < WORLD_PARTS; i++)
		while (a->pids[i] > 0 &&
		    waitpid(a->pids[i], &status, 0) == -1 && errno == EINTR)
			continue;
	free(a);
}

static void
progress(void *arg)
{
	struct asker *a = arg;

	fprintf(stderr, "\rasked %zu, answered %zu ", a->asked,
	    a->asked - a->left);
	a->shown = 1;
	a->timer = loop_timer_add(a->loop, PROGRESS_AGAIN_MS, progress, a);
}

static void
answered(json_t *answer, void *arg)
{
	struct pending *p = arg;
	struct asker *a = p->asker;

	p->question->answer = json_incref(answer);
	if (--a->left == 0)
		loop_stop(a->loop);
}

void
ask_all(struct asker *a, struct check_question *questions, size_t n)
{
	struct pending *pending;
	size_t i;

	if (n == 0)
		return;
	pending = xcalloc(n, sizeof(*pending));
	a->asked = a->left = n;
	for (i = 0; i < n; i++) {
		pending[i].asker = a;
		pending[i].question = &questions[i];
		questions[i].answer = NULL;
		(void)world_ask(a->world, questions[i].part,
		    questions[i].request, -1, answered, &pending[i]);
		questions[i].request = NULL;
	}
	if (isatty(STDERR_FILENO))
		a->timer = loop_timer_add(a->loop, PROGRESS_MS, progress, a);
	if (a->left > 0)
		loop_run(a->loop);
	loop_timer_remove(a->loop, a->timer);
	a->timer = NULL;
	if (a->shown)
		fprintf(stderr, "\r%40s\r", "");
	a->shown = 0;
	free(pending);
}

json_t *
ask(struct asker *a, enum world_part part, json_t *request)
{
	struct check_question question = { part, request, NULL };

	ask_all(a, &question, 1);
	return question.answer;
}

json_t *
ask_dns(const char *op, const char *name)
{
	json_t *request;

	request = json_pack("{s:s,s:s}", "op", op, "name", name);
	if (request == NULL)
		fatalx("ask_dns");
	return request;
}

size_t
ask_strings(const json_t *answer, const char *key, const char *out[],
    size_t max)
{
	json_t *array = json_object_get(answer, key), *value;
	size_t i, n = 0;

	json_array_foreach(array, i, value)
		if (json_is_string(value) && n < max)
			out[n++] = json_string_value(value);
	return n;
}

int
ask_is_too_long(const json_t *answer)
{
	return ipc_bool(answer, "toolong", 0);
}

int
ask_is_unknown(const char *status)
{
	return strcmp(status, "ok") != 0 && strcmp(status, "nxdomain") != 0 &&
	    strcmp(status, "nodata") != 0;
}
