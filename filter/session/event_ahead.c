/* SPDX-License-Identifier: ISC */

#include "session/event_ahead.h"
#include "session/session.h"

void
ahead_init(struct ahead *a, struct sessions *sessions,
    void (*take)(const struct event *, void *), void *arg)
{
	a->sessions = sessions;
	a->n = 0;
	a->bad = 0;
	a->take = take;
	a->arg = arg;
}

void
ahead_line(struct ahead *a, const char *line, size_t len)
{
	struct event *ev = &a->events[a->n];

	switch (event_parse(line, len, ev)) {
	case EVENT_OK:
		session_prefetch(a->sessions, ev->session, PREFETCH_SLOT);
		if (++a->n == nitems(a->events))
			ahead_flush(a);
		break;
	case EVENT_OTHER:
		break;
	case EVENT_BAD:
		a->bad++;
		break;
	}
}

void
ahead_flush(struct ahead *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		session_prefetch(a->sessions, a->events[i].session,
		    PREFETCH_SESSION);
	for (i = 0; i < a->n; i++)
		if (a->events[i].kind == EVENT_DISCONNECT)
			session_prefetch(a->sessions, a->events[i].session,
			    PREFETCH_TEXTS);
	for (i = 0; i < a->n; i++)
		a->take(&a->events[i], a->arg);
	a->n = 0;
}
