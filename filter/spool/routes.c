/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "base/sip_hash.h"
#include "spool/route_line.h"
#include "spool/routes.h"
#include "spool/routes_base.h"

struct entry {
	int64_t		 until;
	uint32_t	 hash;
	uint32_t	 name;		/* in the arena */
	uint32_t	 urls;
	uint16_t	 room;		/* that urls takes in the arena */
	uint8_t		 kind;		/* ROUTE_UNKNOWN: dropped */
	uint8_t		 reading;	/* the one that named it last */
};

/* Domains by open addressing over an array, their text in an arena. */
struct map {
	uint32_t	*slots;		/* entry's number plus 1; 0: free */
	size_t		 nslots;	/* a power of 2, or 0 */
	struct entry	*entries;
	size_t		 count;
	size_t		 dropped;	/* of these */
	size_t		 room;
	char		*arena;
	size_t		 used;
	size_t		 wasted;	/* of this */
	size_t		 size;
	uint8_t		 reading;	/* of the file from its start */
	struct sip_seed	 seed;
};

struct routes {
	char		*path;
	int		 fd;
	off_t		 offset;	/* behind the last whole line */
	off_t		 seen;		/* the size when we read last */
	int		 skipping;	/* in a line that is too long */
	int		 said;		/* why it can't be read */
	struct map	 map;		/* what stands in the file */
	int		 base;		/* what is beneath it; -1: nothing */
	int		 base_said;	/* why it can't be read */
	char		 value[ROUTE_LINE_MAX];	/* the last one of base */
	char		 buf[64 * 1024];
};

/* Who sends mail to domains of his own chooses their names. */
static uint32_t
hash_name(const struct map *m, const char *s)
{
	return (uint32_t)sip_hash(&m->seed, s, strlen(s));
}

static void
map_free(struct map *m)
{
	free(m->slots);
	free(m->entries);
	free(m->arena);
	memset(m, 0, sizeof(*m));
}

static uint32_t *
map_slot(const struct map *m, const char *name, uint32_t hash)
{
	const struct entry *e;
	size_t i;

	for (i = hash & (m->nslots - 1);; i = (i + 1) & (m->nslots - 1)) {
		if (m->slots[i] == 0)
			return &m->slots[i];
		e = &m->entries[m->slots[i] - 1];
		if (e->hash == hash && strcmp(m->arena + e->name, name) == 0)
			return &m->slots[i];
	}
}

static struct entry *
map_find(const struct map *m, const char *name)
{
	uint32_t *slot;

	if (m->count == 0)
		return NULL;
	slot = map_slot(m, name, hash_name(m, name));
	return *slot == 0 ? NULL : &m->entries[*slot - 1];
}

/* Three of four slots at most are taken. */
static int
map_grow(struct map *m)
{
	struct entry *e;
	uint32_t *slots;
	size_t n, i, j;

	if (m->count == m->room) {
		n = m->room + m->room / 2 + 16;
		e = reallocarray(m->entries, n, sizeof(*e));
		if (n > UINT32_MAX || e == NULL)
			return -1;
		m->entries = e;
		m->room = n;
	}
	if (m->nslots != 0 && m->count + 1 <= m->nslots / 4 * 3)
		return 0;
	n = m->nslots == 0 ? 16 : m->nslots * 2;
	if ((slots = calloc(n, sizeof(*slots))) == NULL)
		return -1;
	for (i = 0; i < m->count; i++) {
		j = m->entries[i].hash & (n - 1);
		while (slots[j] != 0)
			j = (j + 1) & (n - 1);
		slots[j] = (uint32_t)i + 1;
	}
	free(m->slots);
	m->slots = slots;
	m->nslots = n;
	return 0;
}

/* Copies s into the arena; -1 without memory. */
static int
map_text(struct map *m, const char *s, uint32_t *off)
{
	size_t len = strlen(s) + 1, size = m->size;
	char *p;

	if (size - m->used < len) {
		size += size / 2 + len + 4096;
		if (size > UINT32_MAX || (p = realloc(m->arena, size)) == NULL)
			return -1;
		m->arena = p;
		m->size = size;
	}
	*off = (uint32_t)m->used;
	memcpy(m->arena + m->used, s, len);
	m->used += len;
	return 0;
}

static int
map_put(struct map *m, const char *name, enum route_kind kind, int64_t until,
    const char *urls)
{
	struct entry *e, new;
	size_t len = strlen(urls);
	int is_new = 0;

	if ((e = map_find(m, name)) == NULL) {
		memset(&new, 0, sizeof(new));
		new.hash = hash_name(m, name);
		if (map_grow(m) == -1 || map_text(m, name, &new.name) == -1 ||
		    map_text(m, urls, &new.urls) == -1)
			return -1;
		new.room = (uint16_t)len;
		e = &m->entries[m->count];
		*e = new;
		*map_slot(m, name, e->hash) = (uint32_t)++m->count;
		is_new = 1;
	} else if (len <= e->room)
		/* A route renewed takes no more memory. */
		memcpy(m->arena + e->urls, urls, len + 1);
	else {
		if (map_text(m, urls, &e->urls) == -1)
			return -1;
		m->wasted += (size_t)e->room + 1;
		e->room = (uint16_t)len;
	}
	if (!is_new && e->kind == ROUTE_UNKNOWN)
		m->dropped--;
	e->reading = m->reading;
	e->kind = (uint8_t)kind;
	e->until = until;
	return 0;
}

/* Drops what the file, now read from its start, did not name. */
static void
map_sweep(struct map *m)
{
	struct entry *e;
	size_t i;

	for (i = 0; i < m->count; i++) {
		e = &m->entries[i];
		if (e->reading == m->reading || e->kind == ROUTE_UNKNOWN)
			continue;
		e->kind = ROUTE_UNKNOWN;
		e->until = 0;
		m->arena[e->urls] = '\0';
		m->wasted += e->room;
		m->dropped++;
	}
}

/* Copies what holds, once the rest is most of it.  Without memory: later. */
static void
map_tidy(struct map *m)
{
	struct map new;
	const struct entry *e;

	if (m->wasted < 65536 + m->used / 2 &&
	    m->dropped < 1000 + m->count / 2)
		return;
	memset(&new, 0, sizeof(new));
	new.reading = m->reading;
	new.seed = m->seed;
	for (e = m->entries; e < m->entries + m->count; e++)
		if (e->kind != ROUTE_UNKNOWN && map_put(&new,
		    m->arena + e->name, (enum route_kind)e->kind, e->until,
		    m->arena + e->urls) == -1) {
			map_free(&new);
			return;
		}
	map_free(m);
	*m = new;
}

/*
 * One line, NUL-terminated, changed in place.  What is wrong is passed over;
 * only memory can fail.
 */
static int
parse_line(struct map *m, char *line)
{
	char normal[DOMAIN_MAX];
	const char *domain = strsep(&line, "|");
	struct route route;

	if (line == NULL || domain_normal(domain, strlen(domain), normal,
	    sizeof(normal)) == -1 || strcmp(normal, domain) != 0 ||
	    route_parse(line, &route) == -1)
		return 0;
	return map_put(m, domain, route.kind, route.until, route.urls);
}

/* Whole lines in buf; returns how many bytes they were, or -1. */
static ssize_t
parse_lines(struct routes *r, struct map *m, size_t len)
{
	char *line = r->buf, *nl, *end = r->buf + len;

	while ((nl = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		*nl = '\0';
		if (r->skipping)
			r->skipping = 0;
		else if (strlen(line) == (size_t)(nl - line) &&
		    nl - line < ROUTE_LINE_MAX && parse_line(m, line) == -1)
			return -1;
		line = nl + 1;
	}
	if (end - line < ROUTE_LINE_MAX)
		return line - r->buf;
	/* Half a line so far, and too long already: wait for its end. */
	r->skipping = 1;
	return (ssize_t)len;
}

/* All that fd has behind r->offset. */
static int
read_more(struct routes *r, struct map *m)
{
	ssize_t n, done;

	for (;;) {
		n = pread(r->fd, r->buf, sizeof(r->buf), r->offset);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 || (done = parse_lines(r, m, (size_t)n)) == -1)
			return -1;
		r->offset += done;
		r->seen = r->offset + (n - done);
		if (done == 0)
			return 0;
	}
}

static void
say_unknown(const char *path, const char *suffix)
{
	if (errno == EPERM)
		log_warnx("%s%s: others can write to it: policies are not "
		    "known (chmod go-w %s%s)", path, suffix, path, suffix);
	else
		log_warn("%s%s: policies are not known", path, suffix);
}

/* What is there stays where there is no new one. */
static void
reopen_base(struct routes *r)
{
	int fd;

	if ((fd = base_open(r->path)) == -1) {
		if (errno != ENOENT && errno != r->base_said) {
			r->base_said = errno;
			say_unknown(r->path, ROUTES_BASE_SUFFIX);
		}
		return;
	}
	r->base_said = 0;
	if (r->base != -1)
		close(r->base);
	r->base = fd;
}

/*
 * The file anew, over what is known: most of it will be the same, and what is
 * known stays if the file can't be read.
 */
static void
reopen(struct routes *r)
{
	int fd;

	if ((fd = routes_open_file(r->path)) == -1) {
		/* No file: sged has learned nothing yet. */
		if (errno != ENOENT && errno != r->said) {
			r->said = errno;
			say_unknown(r->path, "");
		}
		return;
	}
	/* The base was swapped first: it has all that this file has not. */
	reopen_base(r);
	r->said = 0;
	if (r->fd != -1)
		close(r->fd);
	r->fd = fd;
	r->offset = r->seen = 0;
	r->skipping = 0;
	r->map.reading++;
	if (read_more(r, &r->map) == 0)
		map_sweep(&r->map);
	else {
		close(fd);
		r->fd = -1;
	}
}

static void
look(struct routes *r)
{
	struct stat st;

	if (r->fd == -1 || fstat(r->fd, &st) == -1 || st.st_nlink == 0 ||
	    st.st_size < r->seen)
		reopen(r);
	else if (st.st_size != r->seen)
		/* What fails now is tried again: offset stays. */
		(void)read_more(r, &r->map);
	map_tidy(&r->map);
}

struct routes *
routes_open(const char *path)
{
	struct routes *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->fd = r->base = -1;
	sip_seed(&r->map.seed);
	if ((r->path = strdup(path)) == NULL) {
		free(r);
		return NULL;
	}
	look(r);
	return r;
}

void
routes_free(struct routes *r)
{
	if (r == NULL)
		return;
	if (r->fd != -1)
		close(r->fd);
	if (r->base != -1)
		close(r->base);
	map_free(&r->map);
	free(r->path);
	free(r);
}

void
routes_find(struct routes *r, const char *domain, int64_t now,
    struct route *out)
{
	const struct entry *e;

	look(r);
	if ((e = map_find(&r->map, domain)) != NULL &&
	    e->kind != ROUTE_UNKNOWN) {
		out->kind = (enum route_kind)e->kind;
		out->until = e->until;
		out->urls = r->map.arena + e->urls;
	} else if (r->base == -1 || base_find(r->base, domain, r->value,
	    sizeof(r->value)) != 1 || route_parse(r->value, out) == -1) {
		out->kind = ROUTE_UNKNOWN;
		out->until = 0;
		out->urls = "";
	}
	out->stale = now >= out->until && out->kind == ROUTE_NONE;
	if (now >= out->until && !out->stale)
		out->kind = ROUTE_UNKNOWN;
}

struct each {
	struct routes	*routes;
	void		(*each)(const char *, const struct route *, void *);
	void		*arg;
};

/* What the file has newer is told from there. */
static void
each_base(const char *domain, char *value, void *arg)
{
	struct each *all = arg;
	const struct entry *e = map_find(&all->routes->map, domain);
	struct route route;

	if ((e == NULL || e->kind == ROUTE_UNKNOWN) &&
	    route_parse(value, &route) == 0)
		all->each(domain, &route, all->arg);
}

void
routes_each(struct routes *r,
    void (*each)(const char *domain, const struct route *, void *), void *arg)
{
	struct each all = { r, each, arg };
	const struct entry *e;
	struct route route;
	size_t i;

	look(r);
	if (r->base != -1)
		(void)base_each(r->base, each_base, &all);
	for (i = 0; i < r->map.count; i++) {
		e = &r->map.entries[i];
		if (e->kind == ROUTE_UNKNOWN)
			continue;
		route.kind = (enum route_kind)e->kind;
		route.until = e->until;
		route.urls = r->map.arena + e->urls;
		each(r->map.arena + e->name, &route, arg);
	}
}
