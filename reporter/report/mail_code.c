/* SPDX-License-Identifier: ISC */

#include <sys/types.h>

#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "report/report_mail.h"

/* RFC 5322 2.1.1 would like lines no longer than this. */
#define LINE_CHARS 78
/* RFC 2045 6.7, 6.8 */
#define ENCODED_CHARS 76
/* RFC 2047 2: an encoded word has at most 75 characters. */
#define WORD_CHARS 75

int
mail_is_plain(const char *text)
{
	size_t column = 0;

	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			column = 0;
			continue;
		}
		if ((unsigned char)*text < ' ' || *text == 0x7f ||
		    (unsigned char)*text > 0x7f || ++column > LINE_CHARS)
			return 0;
	}
	return 1;
}

void
mail_quoted_printable(FILE *fp, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t column = 0, need;
	int plain;

	for (; *s != '\0'; s++) {
		if (*s == '\n') {
			fputc('\n', fp);
			column = 0;
			continue;
		}
		/* A blank before the line's end would get lost. */
		plain = *s >= ' ' && *s <= '~' && *s != '=' &&
		    !(*s == ' ' && (s[1] == '\n' || s[1] == '\0'));
		/* So that no server adds or takes a dot or "From ". */
		if (column == 0 && (*s == '.' || *s == 'F'))
			plain = 0;
		need = plain ? 1 : 3;
		if (column + need > ENCODED_CHARS - 1) {
			fputs("=\n", fp);
			column = 0;
		}
		if (plain)
			fputc(*s, fp);
		else
			fprintf(fp, "=%02X", (unsigned int)*s);
		column += need;
	}
}

void
mail_base64(FILE *fp, const unsigned char *in, size_t len)
{
	size_t i, column = 0;
	char four[5];

	for (i = 0; i < len; i += 3) {
		base64_quartet(in + i, len - i > 2 ? 3 : len - i, four);
		fputs(four, fp);
		if ((column += 4) == ENCODED_CHARS) {
			fputc('\n', fp);
			column = 0;
		}
	}
	if (column > 0)
		fputc('\n', fp);
}

/* Bytes of the character that begins there; the text is UTF-8. */
static size_t
character(const unsigned char *s)
{
	size_t n = 1;

	while ((s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* Whole characters only in a word, each word on a line of its own. */
static size_t
encoded_words(FILE *fp, const char *name, size_t at)
{
	static const char head[] = "=?UTF-8?B?";
	const unsigned char *s = (const unsigned char *)name;
	size_t room, len, n, i;
	char four[5];

	while (*s != '\0') {
		room = LINE_CHARS - at < WORD_CHARS ? LINE_CHARS - at :
		    WORD_CHARS;
		room = (room - strlen(head) - 2) / 4 * 3;
		for (len = 0; s[len] != '\0'; len += n)
			if (len + (n = character(s + len)) > room)
				break;
		if (len == 0)
			break;
		fputs(head, fp);
		for (i = 0; i < len; i += 3) {
			base64_quartet(s + i, len - i > 2 ? 3 : len - i, four);
			fputs(four, fp);
		}
		fputs("?=", fp);
		s += len;
		at += strlen(head) + (len + 2) / 3 * 4 + 2;
		if (*s == '\0')
			break;
		fputs("\n ", fp);
		at = 1;
	}
	return at;
}

size_t
mail_phrase(FILE *fp, const char *name, size_t at)
{
	const char *s;

	for (s = name; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			break;
	if (*s != '\0' || strlen(name) > LINE_CHARS - 20)
		return encoded_words(fp, name, at);
	fputc('"', fp);
	for (s = name; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\') {
			fputc('\\', fp);
			at++;
		}
		fputc(*s, fp);
		at++;
	}
	fputc('"', fp);
	return at + 2;
}
