/* SPDX-License-Identifier: ISC */

/*
 * What all views share: the machine forms, safe text, shares, headings.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vis.h>

#include <jansson.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "ctl/print.h"
#include "lib/date.h"
#include "lib/xalloc.h"

#define ROTATE 8
#define TEXT_WIDTH 79

/* One value in the pipe form: what would break a line or a field is escaped. */
static void
pipe_text(FILE *out, const char *text)
{
	char buf[8];

	if (text == NULL || *text == '\0') {
		fputc('-', out);
		return;
	}
	/* A spreadsheet would take such a text of others for a formula. */
	if (strchr("=+-@", *text) != NULL && text[1] != '\0')
		fprintf(out, "\\%03o", (unsigned char)*text++);
	for (; *text != '\0'; text++) {
		if (*text == '|') {
			fputs("\\174", out);
			continue;
		}
		xvis(buf, (unsigned char)*text, VIS_OCTAL | VIS_NL | VIS_TAB,
		    (unsigned char)text[1]);
		fputs(buf, out);
	}
}

static void
pipe_row(FILE *out, const char *kind, const char *types, va_list ap)
{
	char day[16];
	int64_t n;

	fputs(kind, out);
	for (; *types != '\0'; types++) {
		(void)va_arg(ap, const char *);
		fputc('|', out);
		if (*types == 't') {
			pipe_text(out, va_arg(ap, const char *));
			continue;
		}
		n = va_arg(ap, int64_t);
		if (*types == 'd') {
			day_print(n, day, sizeof(day));
			fputs(day, out);
		} else if (*types == 'e' && n == 0)
			fputc('-', out);
		else
			fprintf(out, "%lld", (long long)n);
	}
	fputc('\n', out);
}

/* Bytes that are not UTF-8 become '?', so that jansson takes the text. */
static json_t *
json_text(const char *text)
{
	json_t *value;
	char *copy, *p;

	/* Not known, as in the pipe form. */
	if (text == NULL || *text == '\0')
		return json_null();
	if ((value = json_string(text)) != NULL)
		return value;
	copy = xstrdup(text);
	for (p = copy; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	if ((value = json_string(copy)) == NULL)
		fatalx("json_string");
	free(copy);
	return value;
}

static void
json_row(FILE *out, const char *kind, const char *types, va_list ap)
{
	json_t *row, *value;
	const char *name;
	char day[16];
	int64_t n;

	if ((row = json_object()) == NULL)
		fatalx("json_object");
	if (json_object_set_new(row, "view", json_string(kind)) == -1)
		fatalx("json_object_set");
	for (; *types != '\0'; types++) {
		name = va_arg(ap, const char *);
		if (*types == 't')
			value = json_text(va_arg(ap, const char *));
		else {
			n = va_arg(ap, int64_t);
			if (*types == 'd') {
				day_print(n, day, sizeof(day));
				value = json_string(day);
			} else if (*types == 'e' && n == 0)
				value = json_null();
			else
				value = json_integer(n);
		}
		if (json_object_set_new(row, name, value) == -1)
			fatalx("json_object_set");
	}
	if (json_dumpf(row, out, JSON_COMPACT | JSON_ENSURE_ASCII) == -1)
		log_warnx("output: cannot write");
	fputc('\n', out);
	json_decref(row);
}

void
view_row(const struct view *v, const char *kind, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	if (v->form == FORM_JSON)
		json_row(v->out, kind, types, ap);
	else
		pipe_row(v->out, kind, types, ap);
	va_end(ap);
}

const char *
view_clean(const char *text, int width)
{
	static char bufs[ROTATE][512];
	static int turn;
	char *buf = bufs[turn = (turn + 1) % ROTATE];
	size_t len = 0, fit = 0, most = sizeof(bufs[0]) - 1, n;
	char one[8];

	if (width > 0 && (size_t)width < most)
		most = (size_t)width;
	for (; *text != '\0'; text++) {
		xvis(one, (unsigned char)*text, VIS_OCTAL | VIS_NL | VIS_TAB,
		    (unsigned char)text[1]);
		n = strlen(one);
		if (len + n > most) {
			/* Two dots say that there was more. */
			if (most > 2) {
				memcpy(buf + fit, "..", 2);
				len = fit + 2;
			}
			break;
		}
		memcpy(buf + len, one, n);
		len += n;
		/* No escape is cut in two. */
		if (len + 2 <= most)
			fit = len;
	}
	buf[len] = '\0';
	return buf;
}

const char *
view_share(int64_t part, int64_t base)
{
	static char bufs[ROTATE][16];
	static int turn;
	char *buf = bufs[turn = (turn + 1) % ROTATE];
	double share;

	if (base <= 0 || part > base)
		return "-";
	share = 100.0 * (double)part / (double)base;
	/* Neither "0.0%" of something nor "100.0%" of not all. */
	if (part > 0 && share < 0.05)
		return "<0.1%";
	if (part < base && share > 99.95)
		return ">99.9%";
	(void)snprintf(buf, sizeof(bufs[0]), part == 0 || part == base ?
	    "%.0f%%" : "%.1f%%", share);
	return buf;
}

const char *
view_day(int64_t day)
{
	static char bufs[ROTATE][16];
	static int turn;
	char *buf = bufs[turn = (turn + 1) % ROTATE];

	day_print(day, buf, sizeof(bufs[0]));
	return buf;
}

const char *
view_clock(int64_t when)
{
	static char bufs[ROTATE][32];
	static int turn;
	char *buf = bufs[turn = (turn + 1) % ROTATE];

	if (when == 0)
		return "-";
	time_print(when, buf, sizeof(bufs[0]));
	/* "2026-03-05T03:40:05Z" to "03:40Z". */
	memmove(buf, buf + 11, 5);
	memcpy(buf + 5, "Z", 2);
	return buf;
}

const char *
view_local(const struct view *v, int64_t when)
{
	static char bufs[ROTATE][48];
	static int turn;
	char *buf = bufs[turn = (turn + 1) % ROTATE];
	time_t t = (time_t)when;
	struct tm tm;

	buf[0] = '\0';
	if (v->form != FORM_TEXT || when == 0 ||
	    localtime_r(&t, &tm) == NULL || tm.tm_gmtoff == 0)
		return buf;
	/* A buffer without room has no defined content. */
	if (strftime(buf, sizeof(bufs[0]), day_of(when + tm.tm_gmtoff) ==
	    day_of(when) ? " (%H:%M %Z)" : " (%d %b %H:%M %Z)", &tm) == 0)
		buf[0] = '\0';
	return buf;
}

const char *
view_instant(const struct view *v, int64_t when)
{
	static char bufs[ROTATE][80];
	static int turn;
	char *buf = bufs[turn = (turn + 1) % ROTATE];
	char utc[32];

	if (when == 0)
		return "-";
	time_print(when, utc, sizeof(utc));
	(void)snprintf(buf, sizeof(bufs[0]), "%s%s", utc, view_local(v, when));
	return buf;
}

const char *
view_period(const struct view *v)
{
	static char buf[64];
	const char *state = v->last >= day_of(v->now) ? " UTC so far" : " UTC";

	if (v->first == v->last)
		(void)snprintf(buf, sizeof(buf), "%s%s", view_day(v->last),
		    state);
	else
		(void)snprintf(buf, sizeof(buf), "%lld days to %s%s",
		    (long long)(v->last - v->first + 1), view_day(v->last),
		    state);
	return buf;
}

void
view_name(const struct view *v, int width, const char *name)
{
	const char *text = view_clean(name, 0);

	if ((int)strlen(text) > width)
		fprintf(v->out, "%s\n%-*s", text, width, "");
	else
		fprintf(v->out, "%-*s", width, text);
}

void
view_wrap(FILE *out, const char *first, const char *next, const char *text)
{
	size_t column = strlen(first), len;
	int fresh = 1;

	fputs(first, out);
	while (*(text += strspn(text, " ")) != '\0') {
		len = strcspn(text, " ");
		if (!fresh && column + 1 + len > TEXT_WIDTH) {
			fprintf(out, "\n%s", next);
			column = strlen(next);
			fresh = 1;
		}
		if (!fresh) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, len, out);
		column += len;
		text += len;
		fresh = 0;
	}
	fputc('\n', out);
}

const char *
view_plural(int64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

void
view_say(const struct view *v, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (strlen(text) <= TEXT_WIDTH)
		fprintf(v->out, "%s\n", text);
	else
		view_wrap(v->out, "", "  ", text);
}

void
view_unknown(const struct view *v, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	view_wrap(v->out, "Not known: ", "  ", text);
}

void
view_unknown_hosts(const struct view *v)
{
	if (v->missing != NULL)
		view_unknown(v, "%s.", v->missing);
	else if (v->hosts != NULL && strcmp(v->hosts, "all") == 0)
		view_unknown(v, "what mail hosts of yours outside the fleet "
		    "saw.");
	else
		view_unknown(v, "what other mail hosts of yours saw; this is "
		    "%s alone%s.", v->whose, v->conf->fleet != NULL ?
		    " (-H all: the fleet)" : "");
}

int
view_normal(const char *arg, char out[], size_t outsz)
{
	char said[DOMAIN_SAID_MAX];

	if (domain_normal(arg, strlen(arg), out, outsz) == 0)
		return 0;
	if (domain_explain(arg, said, sizeof(said)) == 0)
		log_warnx("%s", said);
	else
		log_warnx("%s: not a domain name", log_clean(arg));
	return -1;
}
