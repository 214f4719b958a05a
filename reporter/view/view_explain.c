/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "rfc/result.h"
#include "view/view.h"

static void
show(const struct view *v, const struct result *e, const char *name)
{
	if (v->form != FORM_TEXT) {
		view_row(v, "explain", "tttttt", "type", name,
		    "tls", e->tls == 'N' ? "no" : "unknown", "saw", e->saw,
		    "delivered", e->delivered, "fix", e->fix,
		    "test", e->test);
		return;
	}
	fprintf(v->out, "%s\n", view_clean(name, 0));
	view_wrap(v->out, "  Seen:      ", "             ", e->saw);
	view_wrap(v->out, "  Delivered: ", "             ", e->delivered);
	view_wrap(v->out, "  Fix:       ", "             ", e->fix);
	view_wrap(v->out, "  Test:      ", "             ", e->test);
}

static void
list(const struct view *v)
{
	const struct result *e;
	size_t i;

	if (v->form == FORM_TEXT)
		fprintf(v->out, "Result types of TLS reports (RFC 8460 4.3)\n");
	for (i = 0; (e = result_type_at(i)) != NULL; i++) {
		if (v->verbose || v->form != FORM_TEXT)
			show(v, e, e->name);
		else
			fprintf(v->out, "  %-26s %s: %s\n", e->name, e->kind,
			    e->short_text);
	}
	if (v->form == FORM_TEXT)
		fprintf(v->out, "Reason codes of senders' software\n");
	for (i = 0; (e = result_reason_at(i)) != NULL; i++) {
		if (v->verbose || v->form != FORM_TEXT)
			show(v, e, e->name);
		else
			fprintf(v->out, "  %-44s %s\n", e->name,
			    e->short_text);
	}
	if (v->form == FORM_TEXT)
		fprintf(v->out, "sgectl explain NAME tells what it means and "
		    "what to do.  Other reason codes\nare the sender's own "
		    "words; a report does not say more than they do.\n");
}

int
view_explain(const struct view *v, const char *type)
{
	const struct result *e;
	size_t i, hits = 0;

	if (type == NULL) {
		list(v);
		return 0;
	}
	if ((e = result_type(type)) == NULL)
		e = result_reason(type);
	if (e != NULL) {
		show(v, e, type);
		return 0;
	}
	/* A word out of the name will do: "expired", "tlsa". */
	for (i = 0; (e = result_type_at(i)) != NULL; i++) {
		if (strcasestr(e->name, type) == NULL)
			continue;
		if (hits++ > 0 && v->form == FORM_TEXT)
			fputc('\n', v->out);
		show(v, e, e->name);
	}
	if (hits > 0)
		return 0;
	log_warnx("%s: not a result type of RFC 8460 nor a reason code known "
	    "here; sgectl explain lists them", log_clean(type));
	return 1;
}
