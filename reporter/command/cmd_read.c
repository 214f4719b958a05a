/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/monotonic.h"
#include "command/command.h"
#include "command/print_received.h"
#include "lib/sandbox.h"
#include "lib/xalloc.h"
#include "reader/mailbox.h"
#include "reader/reader.h"
#include "store/store_received.h"

/*
 * So many reports, or so much text, are stored together: nothing is read while
 * the database waits for us.
 */
#define BATCH_REPORTS 200
#define BATCH_DETAILS 5000
/* Work that takes longer than this shows a line, so often. */
#define PROGRESS_AFTER_MS 2000
#define PROGRESS_MS 500

/* Keys of reports seen: open addressing; 0 is an empty slot. */
struct seen {
	uint64_t	*keys;
	size_t		 n;
	size_t		 size;
};

struct reading {
	const struct view *view;
	struct store	*store;		/* -s, or NULL */
	struct reader	 reader;
	struct seen	 seen;
	const char	*file;		/* being read */
	int		 may_wait;	/* a stream: store each at once */
	struct rd_report *batch[BATCH_REPORTS];
	size_t		 nbatch;
	size_t		 ndetails;	/* of these */
	int		 storing_failed;
	int64_t		 begun;		/* ms */
	int64_t		 progress;
	int		 tty;
	int		 shown;		/* a progress line stands there */
	int64_t		 items;
	int64_t		 unread;
	int64_t		 counted;	/* reports, each once */
	int64_t		 duplicates;
	int64_t		 sessions;
	int64_t		 failed;
	int		 only_failed;	/* -c: nothing else is shown */
	int		 any_failed;	/* a report tells of a failure */
	int64_t		 shown_reports;
	int64_t		 stored;
	int64_t		 known;
};

static void
progress_clear(struct reading *g)
{
	if (g->shown)
		fprintf(stderr, "\r%-60s\r", "");
	g->shown = 0;
}

static void
progress(struct reading *g)
{
	int64_t now;

	if (!g->tty)
		return;
	now = monotonic_ms();
	if (now - g->begun < PROGRESS_AFTER_MS ||
	    now - g->progress < PROGRESS_MS)
		return;
	g->progress = now;
	g->shown = 1;
	fprintf(stderr, "\r%lld files or mails, %lld reports read",
	    (long long)g->items, (long long)g->reader.reports);
	fflush(stderr);
}

static uint64_t
hash(uint64_t h, const char *s)
{
	/* FNV-1a, with the NUL. */
	do
		h = (h ^ (unsigned char)*s) * 1099511628211ULL;
	while (*s++ != '\0');
	return h;
}

static uint64_t
hash_number(uint64_t h, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	return hash(h, text);
}

/* All that the database tells reports of one id apart by. */
static uint64_t
hash_report(const struct rd_report *r)
{
	uint64_t h = 14695981039346656037ULL;
	const struct rd_policy *p;
	const struct rd_detail *d;

	h = hash_number(hash(hash(h, r->org), r->id), r->start);
	for (p = r->policies; p < r->policies + r->npolicies; p++) {
		h = hash(hash(hash(h, p->domain), p->type), p->mode);
		h = hash(hash(h, p->strings), p->mx);
		h = hash_number(hash_number(h, p->ok), p->fail);
		for (d = p->details; d < p->details + p->ndetails; d++) {
			h = hash(hash(hash(h, d->type), d->sip), d->rip);
			h = hash(hash(hash(h, d->mx), d->helo), d->reason);
			h = hash_number(hash(h, d->info), d->count);
		}
	}
	return h | (h == 0);
}

static void
seen_put(struct seen *s, uint64_t key)
{
	size_t i = key & (s->size - 1);

	while (s->keys[i] != 0)
		i = (i + 1) & (s->size - 1);
	s->keys[i] = key;
	s->n++;
}

/* Whether the very report was read before: 8 bytes for each are kept. */
static int
seen_before(struct seen *s, const struct rd_report *r)
{
	struct seen old = *s;
	uint64_t key = hash_report(r);
	size_t i;

	if (s->n * 2 >= s->size) {
		s->size = old.size == 0 ? 1024 : old.size * 2;
		s->n = 0;
		s->keys = xcalloc(s->size, sizeof(*s->keys));
		for (i = 0; i < old.size; i++)
			if (old.keys[i] != 0)
				seen_put(s, old.keys[i]);
		free(old.keys);
	}
	for (i = key & (s->size - 1); s->keys[i] != 0;
	    i = (i + 1) & (s->size - 1))
		if (s->keys[i] == key)
			return 1;
	seen_put(s, key);
	return 0;
}

static int
store_one(struct reading *g, const struct rd_report *r)
{
	switch (received_add(g->store, r, g->view->now, 0)) {
	case RECEIVED_NEW:
		g->stored++;
		return 0;
	case RECEIVED_KNOWN:
		g->known++;
		return 0;
	case RECEIVED_OVER:
	case RECEIVED_ERROR:
		break;
	}
	return -1;
}

/* Stores what was read so far, in one transaction. */
static void
store_batch(struct reading *g)
{
	size_t i;
	int rc = 0;

	if (g->nbatch == 0)
		return;
	if (!g->storing_failed && store_begin(g->store) == 0) {
		for (i = 0; i < g->nbatch && rc == 0; i++)
			rc = store_one(g, g->batch[i]);
		if (store_end(g->store, rc) == -1)
			g->storing_failed = 1;
	} else
		g->storing_failed = 1;
	for (i = 0; i < g->nbatch; i++)
		rd_report_free(g->batch[i]);
	g->nbatch = g->ndetails = 0;
}

/* Takes the report over. */
static void
keep(struct reading *g, struct rd_report *r)
{
	g->batch[g->nbatch++] = r;
	g->ndetails += r->ndetails;
	if (g->may_wait || g->nbatch == BATCH_REPORTS ||
	    g->ndetails >= BATCH_DETAILS)
		store_batch(g);
}

static void
print_json(struct reading *g, const struct rd_report *r, int duplicate)
{
	json_t *obj = rd_report_json(r), *file;

	json_object_set_new(obj, "view", json_string("read"));
	if ((file = json_string(g->file)) == NULL)
		file = json_string(view_clean(g->file, 0));
	json_object_set_new(obj, "file", file);
	json_object_set_new(obj, "duplicate", json_boolean(duplicate));
	json_dumpf(obj, g->view->out, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputc('\n', g->view->out);
	json_decref(obj);
}

static int
has_failures(const struct rd_report *r)
{
	size_t i;

	for (i = 0; i < r->npolicies; i++)
		if (rd_policy_failed(&r->policies[i]))
			return 1;
	return 0;
}

static void
print(struct reading *g, const struct rd_report *r, int duplicate)
{
	const struct view *v = g->view;

	if (v->form == FORM_JSON)
		print_json(g, r, duplicate);
	else if (v->form == FORM_PIPE) {
		if (!duplicate)
			read_pipe(v, g->file, r, g->only_failed);
	} else {
		if (g->shown_reports++ > 0)
			fputc('\n', v->out);
		if (duplicate)
			fprintf(v->out, "Report %s from %s: read already, not "
			    "counted again.\n", view_clean(r->id, 0),
			    view_clean(r->org, 0));
		else
			read_text(v, g->file, r, g->only_failed);
	}
}

static void
report(struct rd_report *r, void *arg)
{
	struct reading *g = arg;
	struct rd_total *totals;
	size_t i, n;
	int duplicate;

	duplicate = seen_before(&g->seen, r);
	progress_clear(g);
	g->any_failed |= has_failures(r);
	if (!g->only_failed || has_failures(r))
		print(g, r, duplicate);
	if (duplicate) {
		g->duplicates++;
	} else {
		g->counted++;
		n = rd_totals(r, &totals);
		for (i = 0; i < n; i++) {
			g->sessions += totals[i].sessions;
			g->failed += totals[i].failed;
		}
		free(totals);
	}
	/* Also a duplicate: it may be the one that is signed. */
	if (g->store != NULL)
		keep(g, r);
	else
		rd_report_free(r);
}

static void
problem(const char *text, void *arg)
{
	struct reading *g = arg;

	progress_clear(g);
	fflush(g->view->out);
	log_warnx("%s: %s", log_clean(g->file), text);
}

static int
item(const char *name, const unsigned char *data, size_t len,
    const char *error, void *arg)
{
	struct reading *g = arg;

	g->items++;
	g->file = name;
	if (error != NULL) {
		g->unread++;
		problem(error, g);
	} else
		reader_read(&g->reader, name, data, len);
	progress(g);
	return g->storing_failed ? -1 : 0;
}

static void
summary(const struct reading *g)
{
	const struct view *v = g->view;

	if (v->form != FORM_TEXT)
		return;
	if (g->counted != 1 || g->items > 1 || g->duplicates > 0 ||
	    g->shown_reports == 0) {
		fprintf(v->out, "%s%lld %s: %lld %s, %lld failed (%s).",
		    g->shown_reports > 0 ? "\n" : "", (long long)g->counted,
		    view_plural(g->counted, "report", "reports"),
		    (long long)g->sessions,
		    view_plural(g->sessions, "session", "sessions"),
		    (long long)g->failed,
		    view_share(g->failed, g->sessions));
		if (g->duplicates > 0)
			fprintf(v->out, "  %lld read twice, counted once.",
			    (long long)g->duplicates);
		fputc('\n', v->out);
	}
	if (g->store != NULL && !g->storing_failed)
		fprintf(v->out, "Stored %lld; %lld %s there already.\n",
		    (long long)g->stored, (long long)g->known,
		    view_plural(g->known, "was", "were"));
}

static void
read_all(struct reading *g, int argc, char *argv[])
{
	struct mailbox box;
	int i;

	memset(&box, 0, sizeof(box));
	box.item = item;
	box.arg = g;
	if (argc == 0) {
		g->may_wait = 1;
		mailbox_stream(&box, stdin, "standard input");
	}
	for (i = 0; i < argc; i++) {
		g->may_wait = strcmp(argv[i], "-") == 0;
		if ((g->may_wait ? mailbox_stream(&box, stdin,
		    "standard input") : mailbox_path(&box, argv[i])) == -1)
			break;
	}
	store_batch(g);
	mailbox_free(&box);
}

int
cmd_read(struct ctl *ctl, int argc, char *argv[])
{
	struct reading g;

	memset(&g, 0, sizeof(g));
	g.view = &ctl->view;
	g.only_failed = ctl_flag(ctl, 'c');
	sandbox_reader(ctl->conf);
	if (ctl_flag(ctl, 's')) {
		g.store = store_open(ctl->conf->database, STORE_WRITE);
		if (g.store == NULL)
			return 1;
	}
	g.reader.conf = ctl->conf;
	g.reader.now = ctl->view.now;
	g.reader.report = report;
	g.reader.problem = problem;
	g.reader.arg = &g;
	g.tty = isatty(STDERR_FILENO);
	g.begun = monotonic_ms();
	read_all(&g, argc, argv);
	progress_clear(&g);
	summary(&g);
	store_close(g.store);
	free(g.seen.keys);
	if (g.unread > 0 || g.storing_failed ||
	    g.reader.problems > g.reader.skipped)
		return 1;
	return g.only_failed && g.any_failed;
}
