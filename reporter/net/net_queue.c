/* SPDX-License-Identifier: ISC */

/*
 * How many transfers of a kind run at a time; the others wait here.
 */

#include <sys/queue.h>

#include <stdlib.h>

#include "base/log.h"
#include "lib/xalloc.h"
#include "net/net.h"

/* A request that waits for its turn. */
struct waiting {
	TAILQ_ENTRY(waiting) entry;
	json_t		*id;
	json_t		*request;
	int		 fd;
};

struct net_class {
	size_t		 running;
	size_t		 max;
	int		 beginning;
	void		(*begin)(struct net *, json_t *, const json_t *, int);
	TAILQ_HEAD(, waiting) queue;
};

struct net_class *
net_class_new(size_t max, void (*begin)(struct net *, json_t *, const json_t *,
    int))
{
	struct net_class *class;

	class = xcalloc(1, sizeof(*class));
	class->max = max;
	class->begin = begin;
	TAILQ_INIT(&class->queue);
	return class;
}

void
net_begin(struct net *net, struct net_class *class, json_t *request, int fd)
{
	json_t *id = json_object_get(request, "id");
	struct waiting *w;

	if (id == NULL)
		fatalx("request without id");
	if (class->running < class->max) {
		class->running++;
		class->begin(net, json_incref(id), request, fd);
		return;
	}
	w = xcalloc(1, sizeof(*w));
	w->id = json_incref(id);
	w->request = json_incref(request);
	w->fd = fd;
	TAILQ_INSERT_TAIL(&class->queue, w, entry);
}

void
net_answer(struct net *net, struct net_class *class, json_t *id, json_t *answer)
{
	struct waiting *w;

	if (json_object_set_new(answer, "id", id) == -1)
		fatalx("json_object_set");
	if (ipc_send(net->ipc, answer, -1) == -1)
		fatalx("answer too long");
	class->running--;
	/* One that ends as it begins is answered from within this loop. */
	if (class->beginning)
		return;
	class->beginning = 1;
	while (class->running < class->max &&
	    (w = TAILQ_FIRST(&class->queue)) != NULL) {
		TAILQ_REMOVE(&class->queue, w, entry);
		class->running++;
		class->begin(net, w->id, w->request, w->fd);
		json_decref(w->request);
		free(w);
	}
	class->beginning = 0;
}
