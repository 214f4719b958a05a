/* SPDX-License-Identifier: ISC */

#include <ctype.h>
#include <string.h>

#include "net/smtp_read.h"

void
smtpread_init(struct smtpread *r)
{
	memset(r, 0, sizeof(*r));
}

/* Returns 1 for the last line, 0 for another, -1 if it is none. */
static int
read_line(struct smtpread *r)
{
	const char *s = r->line, *text;
	int code;

	if (!isdigit((unsigned char)s[0]) || !isdigit((unsigned char)s[1]) ||
	    !isdigit((unsigned char)s[2]) ||
	    (s[3] != '\0' && s[3] != ' ' && s[3] != '-'))
		return -1;
	code = (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
	if (code < 200 || code > 599 || (r->lines > 0 && code != r->code))
		return -1;
	text = s[3] == '\0' ? "" : s + 4;
	if (r->lines++ == 0)
		strlcpy(r->text, text, sizeof(r->text));
	r->code = code;
	if (strncasecmp(text, "STARTTLS", 8) == 0 &&
	    (text[8] == '\0' || text[8] == ' '))
		r->starttls = 1;
	return s[3] != '-';
}

int
smtpread_feed(struct smtpread *r, const char *data, size_t len, size_t *used)
{
	size_t i;
	int rc;

	for (i = 0; i < len; i++) {
		if (++r->total > SMTP_REPLY_MAX)
			return -1;
		if (data[i] != '\n') {
			if (data[i] == '\0' ||
			    r->linelen == sizeof(r->line) - 1)
				return -1;
			r->line[r->linelen++] = data[i];
			continue;
		}
		if (r->linelen > 0 && r->line[r->linelen - 1] == '\r')
			r->linelen--;
		r->line[r->linelen] = '\0';
		r->linelen = 0;
		if ((rc = read_line(r)) != 0) {
			*used = i + 1;
			return rc;
		}
	}
	*used = len;
	return 0;
}
