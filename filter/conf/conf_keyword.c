/* SPDX-License-Identifier: ISC */

/* The words of sge.conf's language. */

#include <string.h>

#include "conf/conf_directive.h"
#include "conf/conf_lex.h"

/* In the order of enum keyword. */
static const char *const keywords[] = {
	"any", "connector", "file", "from", "port", "prefer", "require",
	"tls", "to", "until", "verified"
};

enum keyword
lex_keyword(const struct word *w)
{
	size_t i;

	for (i = 0; i < nitems(keywords) && !w->quoted; i++)
		if (strcmp(w->text, keywords[i]) == 0)
			return (enum keyword)i;
	return K_NONE;
}

int
lex_reserved(const char *text)
{
	size_t i;

	for (i = 0; i < nitems(keywords); i++)
		if (strcmp(text, keywords[i]) == 0)
			return 1;
	return directive_word(text);
}
