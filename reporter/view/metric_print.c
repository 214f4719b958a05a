/* SPDX-License-Identifier: ISC */

/*
 * show metrics: one family, and its samples, in OpenMetrics or a machine form.
 */

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "view/metrics.h"

static void
escaped(FILE *out, const char *text)
{
	text = view_clean(text, 200);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

void
metric_family(struct metric *m, const struct view *v, const char *name,
    const char *help)
{
	memset(m, 0, sizeof(*m));
	m->view = v;
	m->name = name;
	if (v->hosts != NULL) {
		m->label[METRIC_LABELS - 2] = "host";
		m->value[METRIC_LABELS - 2] = v->hosts;
	}
	if (v->form == FORM_TEXT)
		fprintf(v->out, "# TYPE %s gauge\n# HELP %s %s\n", name, name,
		    help);
}

/* A machine form has all labels that there are, each in its place. */
static void
row(const struct metric *m, int64_t n)
{
	static const char *const names[] = { "class", "direction", "tls",
	    "result", "state", "host" };
	const char *values[nitems(names)] = { NULL };
	size_t i, j;

	for (i = 0; i < nitems(names); i++)
		for (j = 0; j < METRIC_LABELS; j++)
			if (m->label[j] != NULL &&
			    strcmp(m->label[j], names[i]) == 0)
				values[i] = m->value[j];
	view_row(m->view, "metric", "dttttttit", "day", m->view->last,
	    "name", m->name, names[0], values[0], names[1], values[1],
	    names[2], values[2], names[3], values[3], names[4], values[4],
	    "value", n, names[5], values[5]);
}

void
metric_sample(const struct metric *m, int64_t n)
{
	FILE *out = m->view->out;
	const char *before = "{";
	size_t i;

	if (m->view->form != FORM_TEXT) {
		row(m, n);
		return;
	}
	fputs(m->name, out);
	for (i = 0; i < METRIC_LABELS; i++) {
		if (m->label[i] == NULL)
			continue;
		fprintf(out, "%s%s=\"", before, m->label[i]);
		escaped(out, m->value[i]);
		fputc('"', out);
		before = ",";
	}
	fprintf(out, "%s %lld\n", *before == ',' ? "}" : "", (long long)n);
}

/* With one label: what it is called was said before. */
void
metric_value(struct metric *m, const char *label, const char *text, int64_t n)
{
	m->label[METRIC_LABELS - 1] = label;
	m->value[METRIC_LABELS - 1] = text;
	metric_sample(m, n);
}
