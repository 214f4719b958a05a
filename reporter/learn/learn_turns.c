/* SPDX-License-Identifier: ISC */

/*
 * SPOOL/turns: which failing hosts share an address, for table-sge.  Written
 * anew when it changed: after looks, and after sessions that failed.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "learn/lesson.h"
#include "lib/hash.h"
#include "lib/write_all.h"
#include "lib/xalloc.h"
#include "spool/turns.h"
#include "store/store_attempt.h"

struct turns_text {
	struct learn	*learn;
	size_t		 len;
	size_t		 size;
	char		*text;
};

/* What sessions with that address showed. */
static void
take_seen(struct learn *l, struct turn *turn)
{
	const struct addr_seen *seen;
	struct key key;

	if (l->engine->addrs == NULL)
		return;
	key_start(&key);
	key_text(&key, turn->addr);
	if ((seen = hash_find(l->engine->addrs, key.buf, key.len)) == NULL)
		return;
	turn->over = seen->over;
	turn->used = seen->used;
}

static void
add_turn(const char *host, const char *addr, int64_t attempt, int alone,
    void *arg)
{
	struct turns_text *t = arg;
	struct turn turn = { .tried = attempt / 1000 };
	int n;

	strlcpy(turn.host, host, sizeof(turn.host));
	strlcpy(turn.addr, addr, sizeof(turn.addr));
	take_seen(t->learn, &turn);
	/* A host of several addresses is tried at the others. */
	if (!alone)
		turn.over = 0;
	if (t->size - t->len < TURN_LINE_MAX) {
		t->size += 64 * TURN_LINE_MAX;
		t->text = xreallocarray(t->text, t->size, 1);
	}
	if ((n = turn_line(t->text + t->len, t->size - t->len, &turn)) > 0)
		t->len += (size_t)n;
}

static int
write_turns(const char *path, const struct turns_text *t)
{
	char new[1024];
	int fd, rc = -1;

	if (t->len == 0)
		return unlink(path) == -1 && errno != ENOENT ? -1 : 0;
	if (snprintf(new, sizeof(new), "%s.new", path) >= (int)sizeof(new) ||
	    (fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
	    O_CLOEXEC, ROUTES_MODE)) == -1)
		return -1;
	if (fchmod(fd, ROUTES_MODE) == 0 &&
	    write_all(fd, t->text, t->len) == 0)
		rc = 0;
	close(fd);
	return rc == 0 ? rename(new, path) : -1;
}

static int
is_news(const struct learn *l, const struct turns_text *t, int64_t now)
{
	if (t->len != l->turnslen || (t->len > 0 && memcmp(t->text, l->turns,
	    t->len) != 0))
		return 1;
	return t->len > 0 && llabs(now - l->turned) >= TURNS_AGAIN;
}

void
turns_write(struct learn *l)
{
	struct turns_text t = { .learn = l };
	int64_t now = time(NULL);
	char path[1024];

	if (store_turns(l->engine->store, TURNS_MAX, add_turn, &t) == -1 ||
	    !is_news(l, &t, now) || snprintf(path, sizeof(path),
	    "%s/" TURNS_FILE, l->engine->conf->spool) >= (int)sizeof(path)) {
		free(t.text);
		return;
	}
	if (write_turns(path, &t) == -1) {
		/* It is no more than that some sessions stay unknown. */
		if (l->turned != -1)
			log_warn("%s", path);
		l->turned = -1;
		free(t.text);
		return;
	}
	free(l->turns);
	l->turns = t.text;
	l->turnslen = t.len;
	l->turned = now;
}

void
turns_start(struct learn *l)
{
	/* Of what is there from before nobody knows whether it holds. */
	l->turnslen = SIZE_MAX;
	turns_write(l);
}

void
turns_stop(struct learn *l)
{
	free(l->turns);
}
