/* SPDX-License-Identifier: ISC */

/*
 * -H: the fleet's rows of the view's days, each host's or all hosts' merged,
 * are put into a database in memory, which the views read as they read this
 * host's own.  sged is not asked, and need not run.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "base/log.h"
#include "check/check_ask.h"
#include "hosts.h"
#include "lib/fleet_table.h"
#include "lib/xalloc.h"
#include "store/store_image.h"

/* Of hosts that have not copied all so many are named. */
#define NAMED_MAX 8

/* What each of ctl_command's needs reads, in this order. */
static const struct {
	unsigned int	 needs;
	const char	*table;
	int		 of_domain;	/* where there is one: of it alone */
} reads[] = {
	{ CTL_FLOWS, "flow", 0 },
	{ CTL_FLOWS | CTL_RESULTS, "unknown", 0 },
	{ CTL_FLOWS, "incident", 1 },
	{ CTL_FLOWS, "correspondent", 1 },
	{ CTL_PARTNERS, "incident", 0 },
	{ CTL_RESULTS, "policy", 0 },
	{ CTL_RESULTS, "tally", 0 },
	{ CTL_RESULTS, "detail", 0 },
	{ CTL_SENT, "report", 0 },
};

/* The answer, or NULL after a message. */
static json_t *
question(struct asker *a, json_t *request)
{
	const char *status;
	json_t *answer;

	if (request == NULL)
		fatalx("hosts: no memory");
	answer = ask(a, WORLD_SHARE, request);
	status = ipc_string(answer, "status", "gone");
	if (strcmp(status, "ok") == 0)
		return answer;
	warnx("-H: the fleet's database %s%s%s", strcmp(status, "away") == 0 ?
	    "is away" : "can't be used", *ipc_string(answer, "text", "") ==
	    '\0' ? "" : ": ", view_clean(ipc_string(answer, "text", ""), 0));
	json_decref(answer);
	return NULL;
}

static json_t *
look(struct ctl *ctl, struct asker *a, const char *host)
{
	return question(a, json_pack("{s:s, s:s, s:I, s:I}", "op", "look",
	    "host", host, "first", (json_int_t)ctl->view.first, "last",
	    (json_int_t)ctl->view.last));
}

static int
read_table(struct ctl *ctl, struct asker *a, const char *name,
    const char *domain)
{
	json_t *answer;
	int more, rc;

	do {
		if ((answer = question(a, json_pack("{s:s, s:s, s:s}", "op",
		    "seen", "table", name, "domain", domain))) == NULL)
			return -1;
		rc = store_image_rows(ctl->view.store, fleet_table_seen(name),
		    json_object_get(answer, "rows"));
		more = ipc_bool(answer, "more", 0);
		json_decref(answer);
	} while (rc == 0 && more);
	return rc;
}

/* A name in another form is the same domain; what is none stays. */
static const char *
domain_of(const struct ctl *ctl, char buf[], size_t bufsz)
{
	const char *d = ctl->view.domain != NULL ? ctl->view.domain :
	    ctl->view.letter;

	if (d == NULL)
		return "";
	return domain_normal(d, strlen(d), buf, bufsz) == 0 ? buf : d;
}

static int
read_tables(struct ctl *ctl, struct asker *a)
{
	char buf[DOMAIN_MAX];
	const char *domain = domain_of(ctl, buf, sizeof(buf));
	unsigned int needs = ctl->command->needs;
	size_t i, j;

	if (store_image_reports(ctl->view.store) == -1 ||
	    store_begin(ctl->view.store) == -1)
		return -1;
	for (i = 0; i < nitems(reads); i++) {
		if ((needs & reads[i].needs) == 0 ||
		    (reads[i].of_domain && *domain == '\0'))
			continue;
		/* Not again what another need has read. */
		for (j = 0; j < i; j++)
			if (strcmp(reads[j].table, reads[i].table) == 0 &&
			    (needs & reads[j].needs) != 0 &&
			    (!reads[j].of_domain || *domain != '\0'))
				break;
		if (j == i && read_table(ctl, a, reads[i].table, domain) == -1)
			return store_end(ctl->view.store, -1);
	}
	return store_end(ctl->view.store, 0);
}

static const char *
name_of(const json_t *hosts, size_t i)
{
	return json_string_value(json_array_get(json_array_get(hosts, i), 0));
}

/* No host of that name: which there are. */
static void
say_unknown(struct ctl *ctl, struct asker *a)
{
	json_t *answer = look(ctl, a, ""), *hosts;
	char *text = NULL;
	size_t i, len;
	FILE *f;

	if (answer == NULL)
		return;
	f = xmemstream(&text, &len);
	hosts = json_object_get(answer, "hosts");
	for (i = 0; i < json_array_size(hosts); i++)
		fprintf(f, " %s", name_of(hosts, i));
	xmemclose(f, &text);
	warnx("-H %s: the fleet has no host of that name; it has%s",
	    ctl->view.hosts, len == 0 ? " none" : text);
	free(text);
	json_decref(answer);
}

static int
is_whole(const json_t *host)
{
	return json_integer_value(json_array_get(host, 3)) == 0;
}

/* Those that have not copied the days whole: NULL, or as a sentence goes on. */
static char *
missing(const json_t *hosts)
{
	char *text = NULL;
	size_t i, len, n = 0;
	const json_t *one;
	json_int_t when;
	FILE *f;

	f = xmemstream(&text, &len);
	json_array_foreach(hosts, i, one) {
		if (is_whole(one))
			continue;
		when = json_integer_value(json_array_get(one, 1));
		if (n++ >= NAMED_MAX)
			continue;
		fprintf(f, "%s%s", n == 1 ? "what " : ", ", name_of(hosts, i));
		if (when == 0)
			fputs(" saw (it has copied nothing)", f);
		else
			fprintf(f, " saw and has not copied (last at %s %sZ)",
			    view_day(when / 86400), view_clock(when));
	}
	if (n > NAMED_MAX)
		fprintf(f, ", and %zu more hosts", n - NAMED_MAX);
	xmemclose(f, &text);
	if (n > 0)
		return text;
	free(text);
	return NULL;
}

static void
describe(struct view *v, const json_t *hosts, int all)
{
	size_t n = json_array_size(hosts);
	const json_t *one;
	char *text = NULL;
	size_t i, len;
	FILE *f;

	v->missing = missing(hosts);
	v->nhosts = (int64_t)n;
	json_array_foreach(hosts, i, one)
		v->nmissing += !is_whole(one);
	f = xmemstream(&text, &len);
	if (all)
		fprintf(f, "all %zu %s of the fleet", n,
		    view_plural((int64_t)n, "host", "hosts"));
	else
		fputs(name_of(hosts, 0), f);
	xmemclose(f, &text);
	v->whose = text;
}

static int
read_all(struct ctl *ctl, struct asker *a)
{
	struct view *v = &ctl->view;
	int all = strcmp(v->hosts, "all") == 0, rc = -1;
	json_t *answer, *hosts;

	if ((answer = look(ctl, a, all ? "" : v->hosts)) == NULL)
		return -1;
	hosts = json_object_get(answer, "hosts");
	if (json_array_size(hosts) == 0)
		say_unknown(ctl, a);
	else if ((v->store = store_open(STORE_IMAGE, STORE_WRITE)) != NULL) {
		describe(v, hosts, all);
		rc = read_tables(ctl, a);
	}
	json_decref(answer);
	return rc;
}

int
hosts_read(struct ctl *ctl)
{
	struct asker *a;
	int rc;

	if (ctl->conf->fleet == NULL) {
		warnx("-H: no \"fleet postgresql\" in %s: this host is in no "
		    "fleet", ctl->view.path);
		return -1;
	}
	if ((a = asker_new(ctl->conf, 1U << WORLD_SHARE)) == NULL)
		return -1;
	rc = read_all(ctl, a);
	asker_free(a);
	return rc;
}
