/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "reader/reader.h"

char *
reader_field(const struct mime *mail, const char *name)
{
	char *value, *p;

	if ((value = mime_header(mail, name)) != NULL)
		for (p = value; *p != '\0'; p++)
			if (*p < ' ' || *p > '~')
				*p = '?';
	return value;
}

char *
reader_report_id(const struct mime *mail)
{
	char *subject, *p, *id = NULL;

	if ((subject = reader_field(mail, "Subject")) == NULL)
		return NULL;
	if ((p = strcasestr(subject, "Report-ID:")) != NULL) {
		p += 10;
		p += strspn(p, " <");
		p[strcspn(p, "> ")] = '\0';
		id = xstrdup(p);
	}
	free(subject);
	return id;
}
