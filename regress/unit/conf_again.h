/* SPDX-License-Identifier: ISC */

/* That a configuration which is printed comes back the same. */

#ifndef SGE_CONF_AGAIN_H
#define SGE_CONF_AGAIN_H

#include "conftext.h"
#include "tap.h"

static char *
printed(const struct conf *conf)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	conf_print(conf, f);
	fclose(f);
	return text;
}

/* print, parse, print: the same. */
static void
comes_back(const struct conf *conf, const char *name)
{
	char *first = printed(conf), *second, *said;
	struct conf *again = conf_text(first, &said);

	if (!ok(again != NULL, "%s: what is printed is right", name)) {
		printf("# %s# %s\n", said, first);
		free(first);
		free(said);
		return;
	}
	second = printed(again);
	is_str(second, first, "%s: and is printed the same again", name);
	conf_free(again);
	free(first);
	free(second);
	free(said);
}

#endif
