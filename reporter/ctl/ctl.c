/* SPDX-License-Identifier: ISC */

/*
 * sgectl's command line.
 */

#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/domain.h"
#include "ctl/ctl.h"
#include "lib/date.h"

#define WORDS_MAX 2
#define DAYS_MAX 3660

/* The n-th word of a command: its start and length; 0 if there is none. */
static size_t
word_of(const struct ctl_command *c, int n, const char **start)
{
	const char *p = c->words;

	while (n-- > 0) {
		p += strcspn(p, " ");
		p += strspn(p, " ");
	}
	*start = p;
	return strcspn(p, " ");
}

static int
is_exact(const struct ctl_command *c, int n, const char *arg)
{
	const char *word;
	size_t len = word_of(c, n, &word);

	return len != 0 && strlen(arg) == len && strncmp(word, arg, len) == 0;
}

/* An exact word beats those that it begins: "report", "reporters". */
static int
exact_exists(const struct ctl_command table[], int n, char *const argv[]);

static int
word_matches(const struct ctl_command table[], const struct ctl_command *c,
    int n, char *const argv[])
{
	const char *word;
	size_t len = word_of(c, n, &word);

	if (len == 0 || argv[n][0] == '\0' ||
	    strncmp(word, argv[n], strlen(argv[n])) != 0)
		return 0;
	return is_exact(c, n, argv[n]) || !exact_exists(table, n, argv);
}

/* Whether the first n words of argv lead to the command. */
static int
matches(const struct ctl_command table[], const struct ctl_command *c, int n,
    char *const argv[])
{
	int i;

	for (i = 0; i < n; i++)
		if (!word_matches(table, c, i, argv))
			return 0;
	return 1;
}

static int
exact_exists(const struct ctl_command table[], int n, char *const argv[])
{
	const struct ctl_command *c;

	for (c = table; c->words != NULL; c++)
		if (is_exact(c, n, argv[n]) && matches(table, c, n, argv))
			return 1;
	return 0;
}

enum ctl_match
ctl_find(const struct ctl_command table[], int argc, char *const argv[],
    const struct ctl_command **found, int *used)
{
	const struct ctl_command *c, *first;
	const char *a, *b;
	size_t alen, blen;
	int n;

	*found = NULL;
	for (n = 1; n <= WORDS_MAX; n++) {
		if (n > argc)
			return CTL_MORE;
		first = NULL;
		for (c = table; c->words != NULL; c++) {
			if (!matches(table, c, n, argv))
				continue;
			if (first == NULL) {
				first = c;
				continue;
			}
			alen = word_of(first, n - 1, &a);
			blen = word_of(c, n - 1, &b);
			if (alen != blen || strncmp(a, b, alen) != 0) {
				*used = n;
				return CTL_AMBIGUOUS;
			}
		}
		*used = n;
		if (first == NULL)
			return CTL_UNKNOWN;
		if (word_of(first, n, &a) == 0) {
			*found = first;
			return CTL_FOUND;
		}
	}
	return CTL_UNKNOWN;
}

void
ctl_list(const struct ctl_command table[], int argc, char *const argv[],
    FILE *f)
{
	const struct ctl_command *c;

	for (c = table; c->words != NULL; c++)
		if (matches(table, c, argc, argv))
			fprintf(f, "\t%s%s%s\n", c->words,
			    c->operands[0] == '\0' ? "" : " ", c->operands);
}

void
ctl_usage(const struct ctl_command *c, FILE *f)
{
	fprintf(f, "usage: sgectl [-jpv] [-f file] %s%s%s\n", c->words,
	    c->operands[0] == '\0' ? "" : " ", c->operands);
}

int
ctl_period(const char *text, int64_t now, int64_t *first, int64_t *last)
{
	const char *error, *to;
	char from[16];
	int64_t days;

	if (strcmp(text, "today") == 0) {
		*first = *last = day_of(now);
		return 0;
	}
	if ((to = strstr(text, "..")) != NULL) {
		if ((size_t)(to - text) >= sizeof(from))
			return -1;
		(void)snprintf(from, sizeof(from), "%.*s", (int)(to - text),
		    text);
		return day_parse(from, first) == -1 ||
		    day_parse(to + 2, last) == -1 || *first > *last ? -1 : 0;
	}
	if (strchr(text, '-') != NULL) {
		if (day_parse(text, first) == -1)
			return -1;
		*last = *first;
		return 0;
	}
	days = strtonum(text, 1, DAYS_MAX, &error);
	if (error != NULL)
		return -1;
	*last = day_of(now) - 1;
	*first = *last - days + 1;
	return 0;
}

/* Whether the command takes the option in the form the frame knows. */
static int
is_view_option(const struct ctl_command *c, int letter)
{
	const char *p = strchr(c->options, letter);

	if (p == NULL || strchr("dDHcnhm", letter) == NULL)
		return 0;
	return letter == 'h' ? p[1] != ':' : p[1] == ':';
}

/* What stands in a tally beside names and addresses: no sender, the rest. */
static int
is_tallied(const char *value)
{
	return strcmp(value, "<>") == 0 || strcmp(value, "*") == 0;
}

/*
 * In normal form, as is a smart host's address; what is no name stays as it is
 * where it may stand for something: a reporter without a domain is in its
 * reports by whatever it calls itself.
 */
static int
take_domain(struct ctl *ctl, const char *value)
{
	int any = (ctl->command->needs & CTL_REPORTER) != 0;
	struct addr addr;
	const char *p;

	if (*value == '\0') {
		warnx("-D: want a domain");
		return -1;
	}
	ctl->view.domain = value;
	if (domain_normal(value, strlen(value), ctl->domain,
	    sizeof(ctl->domain)) == 0) {
		ctl->view.domain = ctl->domain;
		return 0;
	}
	if (addr_parse(value, strlen(value), &addr) == 0) {
		addr_print(&addr, ctl->domain, sizeof(ctl->domain));
		ctl->view.domain = ctl->domain;
		return 0;
	}
	for (p = value; *p != '\0' && (unsigned char)*p < 0x80; p++)
		;
	if (*p == '\0' && (any || is_tallied(value)))
		return 0;
	return view_normal(value, ctl->domain, sizeof(ctl->domain));
}

/* A host's name in normal form, or "all". */
static int
take_host(struct ctl *ctl, const char *value)
{
	if (strcmp(value, "all") == 0)
		(void)strlcpy(ctl->host, value, sizeof(ctl->host));
	else if (view_normal(value, ctl->host, sizeof(ctl->host)) == -1)
		return -1;
	ctl->view.hosts = ctl->host;
	return 0;
}

static int
view_option(struct ctl *ctl, int letter, const char *value)
{
	struct view *v = &ctl->view;
	const char *error = NULL;

	switch (letter) {
	case 'd':
		if (ctl_period(value, v->now, &v->first, &v->last) == -1) {
			warnx("-d %s: want today, a number of days (1 to "
			    "%d), YYYY-MM-DD, or two of these with \"..\" "
			    "between", value, DAYS_MAX);
			return -1;
		}
		/* A report may come from who has another calendar. */
		if (v->first > day_of(v->now) &&
		    (ctl->command->needs & CTL_REPORTER) == 0) {
			warnx("-d %s: that day has not begun", value);
			return -1;
		}
		v->period = strspn(value, "0123456789") == strlen(value) ?
		    PERIOD_DAYS : PERIOD_DATES;
		break;
	case 'D':
		return take_domain(ctl, value);
	case 'H':
		return take_host(ctl, value);
	case 'c':
		v->class = value;
		break;
	case 'n':
		v->top = strtonum(value, 0, INT_MAX, &error);
		if (error != NULL) {
			warnx("-n %s: number is %s", value, error);
			return -1;
		}
		break;
	case 'h':
		v->hours = 1;
		break;
	case 'm':
		v->letter = value;
		break;
	}
	return 0;
}

int
ctl_class(const struct ctl *ctl)
{
	const char *class = ctl->view.class;
	size_t i;

	if (class == NULL || conf_class_by_name(ctl->conf, class) != -1 ||
	    ((ctl->command->needs & CTL_SMARTHOST) != 0 &&
	    strcmp(class, CLASS_SMARTHOST) == 0))
		return 0;
	fprintf(stderr, "%s: -c %s: no class of that name in sge.conf, which "
	    "has", getprogname(), class);
	for (i = 0; i < ctl->conf->nclasses; i++)
		fprintf(stderr, " %s", conf_class_name(ctl->conf, (int)i));
	fprintf(stderr, "\n");
	return -1;
}

static int
take_option(struct ctl *ctl, int letter, const char *value)
{
	switch (letter) {
	case 'f':
		ctl->path = value;
		return 0;
	case 'j':
		ctl->view.form = FORM_JSON;
		return 0;
	case 'p':
		ctl->view.form = FORM_PIPE;
		return 0;
	case 'v':
		ctl->view.verbose = 1;
		return 0;
	}
	if (is_view_option(ctl->command, letter))
		return view_option(ctl, letter, value);
	if (ctl->noptions == CTL_OPTIONS_MAX) {
		warnx("more than %d options", CTL_OPTIONS_MAX);
		return -1;
	}
	ctl->options[ctl->noptions].letter = letter;
	ctl->options[ctl->noptions++].value = value;
	return 0;
}

int
ctl_options(struct ctl *ctl, int argc, char *argv[])
{
	char letters[64];
	int ch, n;

	/* "+": glibc's getopt must not reorder operands. */
	n = snprintf(letters, sizeof(letters), "+f:jpv%s",
	    ctl->command->options);
	if (n < 0 || (size_t)n >= sizeof(letters))
		return -1;
	optind = 1;
	optreset = 1;
	while ((ch = getopt(argc, argv, letters)) != -1) {
		if (ch == '?' || ch == '+') {
			ctl_usage(ctl->command, stderr);
			return -1;
		}
		if (take_option(ctl, ch, strchr(letters, ch)[1] == ':' ?
		    optarg : NULL) == -1)
			return -1;
	}
	n = argc - optind;
	if (n < ctl->command->least ||
	    (ctl->command->most != -1 && n > ctl->command->most)) {
		if (n >= ctl->command->least)
			warnx("%s: %s is one too many", ctl->command->words,
			    argv[optind + ctl->command->most]);
		else
			warnx("%s: something is missing",
			    ctl->command->words);
		ctl_usage(ctl->command, stderr);
		return -1;
	}
	return optind;
}

int
ctl_before(struct ctl *ctl, const struct ctl_option given[], size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!is_view_option(ctl->command, given[i].letter)) {
			warnx("%s takes no -%c", ctl->command->words,
			    given[i].letter);
			ctl_usage(ctl->command, stderr);
			return -1;
		}
		if (view_option(ctl, given[i].letter, given[i].value) == -1)
			return -1;
	}
	return 0;
}

int
ctl_flag(const struct ctl *ctl, int letter)
{
	size_t i;

	for (i = 0; i < ctl->noptions; i++)
		if (ctl->options[i].letter == letter)
			return 1;
	return 0;
}

const char *
ctl_value(const struct ctl *ctl, int letter)
{
	const char *value = NULL;
	size_t i;

	for (i = 0; i < ctl->noptions; i++)
		if (ctl->options[i].letter == letter)
			value = ctl->options[i].value;
	return value;
}
