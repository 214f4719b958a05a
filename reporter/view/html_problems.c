/* SPDX-License-Identifier: ISC */

/*
 * The page's first section: what the digest of the last day has to fix and to
 * watch.
 */

#include "view/digest.h"
#include "view/html.h"

static void
list(const struct html *h, const struct digest *digest, int fix)
{
	const struct digest_item *item;
	size_t i, n = 0, left = 0;

	for (i = 0; i < digest->n; i++) {
		item = &digest->item[i];
		if (item->fix != fix)
			continue;
		if (n++ == 0)
			fprintf(h->out, "<h3>%s</h3>\n<ul class=\"%s\">\n",
			    fix ? "To fix" : "To watch", fix ? "fix" :
			    "watch");
		fprintf(h->out, "<li>");
		html_text(h->out, item->text);
		if (item->command != NULL) {
			fprintf(h->out, " <code>sgectl ");
			html_text(h->out, item->command);
			fprintf(h->out, "</code>");
		}
		fprintf(h->out, "</li>\n");
	}
	for (i = 0; i < digest->nleft; i++)
		left += digest->left[i].fix == fix;
	if (left > 0)
		fprintf(h->out, "<li>and %zu more days of reporters with "
		    "failures <code>sgectl %s</code></li>\n", left,
		    digest_days(digest, "digest", "-n 0"));
	if (n > 0)
		fprintf(h->out, "</ul>\n");
}

void
html_problems(const struct html *h)
{
	struct view day = *h->view;
	struct digest digest;

	day.first = day.last;
	digest_find(&day, 0, &digest);
	html_section(h, "problems", "Problems", view_period(&day));
	if (digest.n == 0)
		fprintf(h->out, "<p>None: nothing to fix, nothing to watch."
		    "</p>\n");
	list(h, &digest, 1);
	list(h, &digest, 0);
	html_section_end(h);
	digest_free(&digest);
}
