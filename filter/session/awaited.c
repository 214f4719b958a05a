/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "session/awaited.h"

static int
question_cmp(const struct awaited *a, const struct awaited *b)
{
	return strcmp(a->text, b->text);
}

RB_PROTOTYPE_STATIC(awaited_tree, awaited, entry, question_cmp)
RB_GENERATE_STATIC(awaited_tree, awaited, entry, question_cmp)

void
awaited_init(struct awaited_list *l)
{
	RB_INIT(&l->questions);
	TAILQ_INIT(&l->unsent);
	TAILQ_INIT(&l->waits);
	l->nwaits = 0;
}

struct awaited *
awaited_find(struct awaited_list *l, const char *text)
{
	struct awaited *q = RB_ROOT(&l->questions);
	int cmp;

	while (q != NULL && (cmp = strcmp(text, q->text)) != 0)
		q = cmp < 0 ? RB_LEFT(q, entry) : RB_RIGHT(q, entry);
	return q;
}

struct awaited *
awaited_new(struct awaited_list *l, const char *text, int64_t now)
{
	struct awaited *q;
	size_t len = strlen(text) + 1;

	if ((q = malloc(sizeof(*q) + len)) == NULL)
		return NULL;
	memcpy(q->text, text, len);
	TAILQ_INIT(&q->waits);
	q->sent = q->vain = 0;
	q->asked = now;
	RB_INSERT(awaited_tree, &l->questions, q);
	TAILQ_INSERT_TAIL(&l->unsent, q, unsent);
	return q;
}

void
awaited_drop(struct awaited_list *l, struct awaited *q)
{
	RB_REMOVE(awaited_tree, &l->questions, q);
	if (!q->sent)
		TAILQ_REMOVE(&l->unsent, q, unsent);
	free(q);
}

void
awaited_add(struct awaited_list *l, struct awaited *q, struct waiting *w)
{
	struct waiting *before;

	w->question = q;
	TAILQ_INSERT_TAIL(&q->waits, w, same);
	TAILQ_FOREACH_REVERSE(before, &l->waits, waitings, all)
		if (before->deadline <= w->deadline)
			break;
	if (before == NULL)
		TAILQ_INSERT_HEAD(&l->waits, w, all);
	else
		TAILQ_INSERT_AFTER(&l->waits, before, w, all);
	l->nwaits++;
}

void
awaited_end(struct awaited_list *l, struct waiting *w)
{
	struct awaited *q = w->question;

	TAILQ_REMOVE(&l->waits, w, all);
	TAILQ_REMOVE(&q->waits, w, same);
	l->nwaits--;
	if (TAILQ_EMPTY(&q->waits))
		awaited_drop(l, q);
}
