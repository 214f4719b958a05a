/* SPDX-License-Identifier: ISC */

/*
 * A record with its faults marked, and what is to be said of it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vis.h>

#include "check/rua_lint.h"
#include "lib/xalloc.h"

#define LINE 76

/* The record as it is shown: escaped, with the column of each byte. */
struct shown {
	char		*text;
	size_t		*column;	/* of each byte, and of the end */
	size_t		 len;
};

static void
show(const char *text, struct shown *out)
{
	size_t i, n = strlen(text);

	out->text = xreallocarray(NULL, n + 1, 4);
	out->column = xreallocarray(NULL, n + 1, sizeof(*out->column));
	out->len = 0;
	for (i = 0; i < n; i++) {
		out->column[i] = out->len;
		if (text[i] == '\\') {
			out->text[out->len++] = '\\';
			continue;
		}
		xvis(out->text + out->len, (unsigned char)text[i],
		    VIS_OCTAL | VIS_NL | VIS_TAB, (unsigned char)text[i + 1]);
		out->len += strlen(out->text + out->len);
	}
	out->column[n] = out->len;
	out->text[out->len] = '\0';
}

static void
print_marked(FILE *out, const char *text, const struct lint *lint)
{
	struct shown shown;
	size_t from, i, n = strlen(text), column;
	char marks[LINE + 2];
	int any;

	show(text, &shown);
	for (from = 0; from < shown.len || from == 0; from += LINE) {
		fprintf(out, "  %.*s\n", LINE, shown.text + from);
		memset(marks, ' ', sizeof(marks));
		any = 0;
		for (i = 0; i < lint->n; i++) {
			if (lint->finding[i].where > n ||
			    lint->finding[i].level < LINT_WARN)
				continue;
			column = shown.column[lint->finding[i].where];
			if (column < from || (column >= from + LINE &&
			    column != shown.len) || column > from + LINE)
				continue;
			marks[column - from] = '^';
			any = 1;
		}
		marks[LINE + 1] = '\0';
		for (i = LINE + 1; i > 0 && marks[i - 1] == ' '; i--)
			marks[i - 1] = '\0';
		if (any)
			fprintf(out, "  %s\n", marks);
	}
	free(shown.text);
	free(shown.column);
}

void
lint_print(const struct view *v, const char *name, const char *text,
    const struct lint *lint)
{
	static const enum lint_level order[] = { LINT_BAD, LINT_WARN, LINT_OK,
	    LINT_INFO };
	const struct lint_finding *f;
	char first[8];
	size_t i;
	size_t turn;

	if (v->form == FORM_TEXT && text != NULL)
		print_marked(v->out, text, lint);
	for (turn = 0; turn < nitems(order); turn++)
		for (i = 0; i < lint->n; i++) {
			f = &lint->finding[i];
			if (f->level != order[turn])
				continue;
			if (v->form != FORM_TEXT) {
				view_row(v, "check", "ttitt", "name", name,
				    "level", lint_level_name(f->level),
				    "position", f->where == LINT_NOWHERE ?
				    (int64_t)-1 : (int64_t)f->where, "text",
				    f->text, "record", text);
				continue;
			}
			(void)snprintf(first, sizeof(first), "%-5s ",
			    lint_level_name(f->level));
			view_wrap(v->out, first, "      ", f->text);
		}
}
