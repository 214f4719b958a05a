/* SPDX-License-Identifier: ISC */

/*
 * -m domain: a short letter to a correspondent's postmaster, text only, to be
 * read and sent by a person.
 */

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "lib/date.h"
#include "store/query_flow.h"
#include "view/view.h"

struct letter {
	const struct view *view;
	int64_t		 in;		/* sessions without the TLS required */
	int64_t		 out;
	int64_t		 elsewhere;	/* sessions from another address */
	int64_t		 first;
	int64_t		 last;
	size_t		 rows;
};

static void
add_up(const struct seen_incident *row, void *arg)
{
	struct letter *letter = arg;

	/* What is ours to mend they are not asked for. */
	if (!seen_why_theirs(row->why))
		return;
	if (strcmp(row->why, "other-address") == 0)
		letter->elsewhere += row->sessions;
	else if (row->dir == 0)
		letter->in += row->sessions;
	else
		letter->out += row->sessions;
	if (letter->first == 0 || row->first < letter->first)
		letter->first = row->first;
	if (row->last > letter->last)
		letter->last = row->last;
	letter->rows++;
}

static void
list(const struct seen_incident *row, void *arg)
{
	struct letter *letter = arg;
	FILE *out = letter->view->out;

	if (!seen_why_theirs(row->why))
		return;
	if (letter->view->top != 0 && letter->rows++ >=
	    (size_t)letter->view->top)
		return;
	view_say(letter->view, "  %s %s [%s]",
	    row->dir == 0 ? "from" : "to", *row->host == '\0' ?
	    "a host without a name" : view_clean(row->host, 0),
	    *row->addr == '\0' ? "address not known" :
	    view_clean(row->addr, 46));
	fprintf(out, "    %s", view_day(day_of(row->first)));
	if (day_of(row->last) != day_of(row->first))
		fprintf(out, " to %s", view_day(day_of(row->last)));
	fprintf(out, " UTC: %lld %s\n", (long long)row->sessions,
	    view_plural(row->sessions, "session", "sessions"));
	view_wrap(out, "    ", "    ", seen_why_sentence(row->why));
}

/* The strictest that any flow between them and us asks of a session. */
static enum tlsver
version(const struct conf *conf, const char *domain)
{
	enum tlsver best = TLSVER_1_2;
	const struct conf_rule *rule;
	const char *ours;
	size_t pos = 0;
	int i, us, them = conf_class(conf, domain);

	while ((ours = domset_next(conf->local, &pos)) != NULL) {
		us = conf_class(conf, *ours == '.' ? ours + 1 : ours);
		for (i = 0; i < 2; i++) {
			rule = i == 0 ? conf_rule(conf, them, us) :
			    conf_rule(conf, us, them);
			if (rule->req != REQ_PREFER_TLS &&
			    rule->minimum > best)
				best = rule->minimum;
		}
	}
	return best;
}

static void
head(const struct letter *letter, const char *domain)
{
	const struct view *v = letter->view;
	int64_t tls = letter->in + letter->out;
	char text[1024], when[64];

	(void)snprintf(when, sizeof(when), "%s%s%s",
	    day_of(letter->first) == day_of(letter->last) ? "on " :
	    "between ", view_day(day_of(letter->first)),
	    day_of(letter->first) == day_of(letter->last) ? "" : " and ");
	if (day_of(letter->first) != day_of(letter->last))
		(void)strlcat(when, view_day(day_of(letter->last)),
		    sizeof(when));
	fprintf(v->out, "From: %s\nTo: postmaster@%s\n", v->conf->contact,
	    domain);
	/* The contact's mailbox is read by a program. */
	if (v->conf->letters_reply_to != NULL)
		fprintf(v->out, "Reply-To: %s\n", v->conf->letters_reply_to);
	fprintf(v->out, "Subject: Mail between %s and %s %s\n\n", domain,
	    v->conf->submitter, tls > 0 ? "without TLS" :
	    "outside the connector");
	fprintf(v->out, "Kia ora,\n\n");
	if (tls > 0) {
		(void)snprintf(text, sizeof(text), "%s (UTC), %lld SMTP %s "
		    "between your mail hosts and ours (%s) went without TLS, "
		    "or failed because of it: %lld from you to us, %lld from "
		    "us to you. Without TLS, mail can be read and changed on "
		    "its way, like a postcard.", when, (long long)tls,
		    view_plural(tls, "session", "sessions"),
		    v->whose, (long long)letter->in,
		    (long long)letter->out);
		view_wrap(v->out, "", "", text);
		if (letter->elsewhere > 0)
			fputc('\n', v->out);
	}
	if (letter->elsewhere > 0) {
		(void)snprintf(text, sizeof(text), "%s (UTC), %lld %s with "
		    "mail of your domain came to our host (%s) from an "
		    "address that we do not know as yours.", when,
		    (long long)letter->elsewhere,
		    view_plural(letter->elsewhere, "session", "sessions"),
		    v->whose);
		view_wrap(v->out, "", "", text);
	}
	fprintf(v->out, "\nWhat we saw:\n\n");
}

/* What we would have them do. */
static void
ask(const struct letter *letter, const char *domain)
{
	const struct view *v = letter->view;
	enum tlsver least = version(v->conf, domain);
	char text[512];

	fputc('\n', v->out);
	if (letter->in + letter->out > 0) {
		(void)snprintf(text, sizeof(text), "Could you offer STARTTLS "
		    "with %s%s on the hosts named as receiving, and use it on "
		    "those named as sending?  The Secure Government Email "
		    "framework asks it of us.  If a system is too old for it, "
		    "tell us which one and until when.  All times are UTC.",
		    least == TLSVER_1_2 ? "TLS 1.2" : "TLS 1.3",
		    least == TLSVER_1_2 ? " or later" : "");
		view_wrap(v->out, "", "", text);
	}
	if (letter->elsewhere > 0)
		view_wrap(v->out, "", "", "Could you send mail of your domain "
		    "by the connector agreed on, or tell us the addresses to "
		    "add to it?");
}

int
view_letter(const struct view *v)
{
	struct letter letter;
	char domain[DOMAIN_MAX];

	if (domain_normal(v->letter, strlen(v->letter), domain,
	    sizeof(domain)) == -1) {
		log_warnx("-m %s: not a domain name", log_clean(v->letter));
		return 1;
	}
	memset(&letter, 0, sizeof(letter));
	letter.view = v;
	if (seen_incidents(v->store, v->first, v->last, domain, add_up,
	    &letter) == -1)
		return 1;
	if (letter.rows == 0) {
		log_warnx("%s: nothing of theirs to mend is on record for %s",
		    domain, view_period(v));
		return 1;
	}
	head(&letter, domain);
	letter.rows = 0;
	if (seen_incidents(v->store, v->first, v->last, domain, list,
	    &letter) == -1)
		return 1;
	ask(&letter, domain);
	fprintf(v->out, "\n%s\n%s\n", v->conf->organization,
	    v->conf->contact);
	return 0;
}
