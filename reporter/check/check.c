/* SPDX-License-Identifier: ISC */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"

void
check_say(const struct view *v, const char *name, const char *level,
    const char *fmt, ...)
{
	char text[1024], first[16];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (v->form != FORM_TEXT) {
		view_row(v, "check", "ttitt", "name", name, "level", level,
		    "position", (int64_t)-1, "text", text, "record", NULL);
		return;
	}
	(void)snprintf(first, sizeof(first), "%-7s ", level);
	view_wrap(v->out, first, "        ", text);
}

int
check_worse(int a, int b)
{
	if (a == CHECK_FIX || b == CHECK_FIX)
		return CHECK_FIX;
	return a > b ? a : b;
}

void
check_part(struct check *c, const char *part, enum check_level level,
    const char *fmt, ...)
{
	static const char *const names[CHECK_LEVELS] = { "ok", "info", "warn",
	    "bad", "unknown" };
	const struct view *v = c->view;
	char text[1024], first[32];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->nlevel[level]++;
	if (level == CHECK_WARN || level == CHECK_BAD)
		c->status = check_worse(c->status, CHECK_FIX);
	else if (level == CHECK_DARK)
		c->status = check_worse(c->status, CHECK_UNKNOWN);
	if (v->form != FORM_TEXT) {
		view_row(v, "domain", "tttt", "domain", c->domain, "part",
		    part, "level", names[level], "text", text);
		return;
	}
	(void)snprintf(first, sizeof(first), "  %-8s %-7s ", part,
	    names[level]);
	view_wrap(v->out, first, "                   ", text);
}

void
check_format(char out[], size_t outsz, const char *fmt, const char *text)
{
	size_t n = 0, len;

	for (; *fmt != '\0' && n + 1 < outsz; fmt++) {
		if (fmt[0] != '%' || fmt[1] != 's') {
			out[n++] = *fmt;
			continue;
		}
		len = strlcpy(out + n, text, outsz - n);
		n = len < outsz - n ? n + len : outsz - 1;
		fmt++;
	}
	out[n] = '\0';
}
