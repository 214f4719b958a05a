/* SPDX-License-Identifier: ISC */

/* Which reports go, to whom, and which do not. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deliver_bench.h"
#include "lib/date.h"
#include "tap.h"

static void
records(const struct conf *conf)
{
	static const struct {
		const char	*domain;
		const char	*state;
		const char	*note;
	} want[] = {
		{ "mail.nz", "sent:sent", "" },
		{ "two.nz", "sent:sent,sent", "" },
		{ "both.nz", "sent:due,sent", "" },
		{ "many.nz", "no-rua:",
		  "more than one TLSRPT record, which counts as none" },
		{ "hex.nz", "no-rua:", "malformed record: two hexadecimal"
		    " digits must follow a '%' (at character 25)" },
		{ "bad.nz", "no-rua:", "malformed record: not a URI:"
		  " it begins with mailto: or https: (at character 17)" },
		{ "useless.nz", "no-rua:",
		  "no URI of the record can be used: ftp://useless.nz/:"
		  " neither mailto: nor https:" },
		{ "zero.nz", "no-rua:", "no URI of the record can be used:"
		  " mailto:0: not an address: no '@' in it" },
		{ "quoted.nz", "no-rua:", "no URI of the record can be used:"
		  " mailto:%22a%20b%22@q.nz:"
		  " a blank or control character in it" },
		{ "comma.nz", "sent:sent", "URIs not used: 1 unusable"
		  " (mailto:%22a%2Cb%22@q.nz:"
		  " OpenSMTPD sends to no quoted local part)" },
		{ "long.nz", "no-rua:", "a TXT record of more than 8192"
		  " bytes, which is not read" },
		{ "spf.nz", "no-rua:", "no TLSRPT record" },
		{ "nodata.nz", "no-rua:", "no TLSRPT record" },
		{ "nx.nz", "no-rua:", "no TLSRPT record" },
		{ "servfail.nz", "due:", "look-up failed: servfail" },
		{ "timeout.nz", "due:", "look-up failed: timeout" },
		{ "except.nz", "excepted:", "report except" },
		{ "full.nz", "sending:due", "" },
		{ "nouser.nz", "given-up:given-up", "" },
		{ "syntax.nz", "given-up:given-up", "" },
		{ "rested.nz", "given-up:rested", "" },
		{ "nowhere.nz", "sending:due", "" },
		{ "nine.nz", "sent:sent,sent,sent,sent,sent,sent,sent,sent",
		  "URIs not used: 1 beyond the first 8" },
		{ "over.nz", "sent:sent,sent,sent,sent,sent,sent,sent,sent",
		  "URIs not used: 1 beyond the first 8, 1 unusable (x:y:"
		  " neither mailto: nor https:)" },
	};
	struct bench b;
	size_t i, n;

	fresh();
	start(&b, conf);
	sql(&b, "INSERT INTO bounce VALUES ('tls@rested.nz', 3, 1, %lld, '')",
	    (long long)time(NULL) + 1000);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		tally(&b, want[i].domain, 1);
	ok(run(&b, calm), "every report was looked at");
	is_int(b.e.deliver->mute, 0, "and the database gave no trouble");
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		is_str(state_of(&b, want[i].domain), want[i].state, "%s",
		    want[i].domain);
		is_str(rows(&b, "SELECT coalesce(note, '') FROM report"
		    " WHERE domain = '%s'", want[i].domain), want[i].note,
		    "%s: its note", want[i].domain);
	}
	sql(&b, "INSERT INTO report (day, domain, state, due) VALUES (1,"
	    " 'two.nz', 'due', 0)");
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, calm), "a day whose sessions are gone");
	is_str(rows(&b, "SELECT state || ' ' || note FROM report WHERE day ="
	    " 1"), "empty nothing was tallied", "has no report");
	is_int(b.e.deliver->mute, 0, "which is no trouble");
	sql(&b, "DELETE FROM report WHERE day = 1");
	sql(&b, "INSERT INTO tally VALUES (%lld, 'd.https.nz', 0, 7, 0)",
	    (long long)day_of(time(NULL)) - 1);
	sql(&b, "DELETE FROM meta");
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, calm) && b.posts > 1, "a day without failures is told, too");
	ok(has(rows(&b, "SELECT text FROM delivery WHERE state = 'rested'"),
	    "rested until 20"), "a rested address says until when");
	is_str(rows(&b, "SELECT uri FROM delivery d, report r WHERE"
	    " d.report = r.id AND domain = 'two.nz' ORDER BY uri"),
	    "mailto:a@two.nz|mailto:b@two.nz",
	    "a blank behind the comma belongs to no URI");
	is_str(rows(&b, "SELECT count(*) FROM report WHERE state IN ('due',"
	    " 'sending') AND domain <> 'both.nz' AND id NOT IN (SELECT report"
	    " FROM delivery) AND due <= %lld + 2", (long long)time(NULL) +
	    3600), "2", "failed look-ups are asked again, later");
	for (i = n = 0; i < b.nmails; i++)
		n += has(b.mails[i], "To: <tls@mail.nz>\n");
	is_int((long long)n, 1, "one mail to the one address");
	stop(&b);
}

/* sgectl send */
static void
on_demand(const struct conf *conf)
{
	struct conf slow = *conf;
	struct bench b;
	char text[256], date[11];
	int64_t today = day_of(time(NULL));

	fresh();
	slow.report_spread = 14400;
	start(&b, &slow);
	tally(&b, "mail.nz", 1);
	tally(&b, "two.nz", 1);
	tally(&b, "except.nz", 1);
	b.ingest.caught_up = 0;		/* the day is not closed by itself */
	b.ingest.dirfd = -1;
	b.ingest.path = strdup("/nonexistent");
	TAILQ_INIT(&b.ingest.segments);
	b.ingest.engine = &b.e;

	is_int(deliver_now(&b.e, today - 1, "mail.nz", text, sizeof(text)), 0,
	    "send one: %s", text);
	ok(run(&b, one_sent), "it goes");
	is_str(state_of(&b, "mail.nz"), "sent:sent", "it is sent at once");
	is_str(state_of(&b, "two.nz"), "", "others are not");
	is_int(deliver_now(&b.e, today - 1, "mail.nz", text, sizeof(text)), -1,
	    "not twice");
	ok(has(text, "taken already"), "said: %s", text);
	is_int(deliver_now(&b.e, today - 1, "nobody.nz", text, sizeof(text)),
	    -1, "nothing known");
	is_int(deliver_now(&b.e, today, "mail.nz", text, sizeof(text)), -1,
	    "not before the day is over: %s", text);
	is_int(deliver_now(&b.e, today - 4000, "mail.nz", text, sizeof(text)),
	    -1, "not what may have been sent: %s", text);
	is_int(deliver_now(&b.e, today - 2, NULL, text, sizeof(text)), -1,
	    "a day without sessions: %s", text);
	is_int(deliver_now(&b.e, today - 1, NULL, text, sizeof(text)), 0,
	    "all of the day: %s", text);
	run(&b, calm);
	is_str(state_of(&b, "two.nz"), "sent:sent,sent", "the others");
	is_str(state_of(&b, "except.nz"), "excepted:", "but not that one");
	is_int((long long)b.nmails, 3, "and nobody twice");
	day_print(today - 1, date, sizeof(date));
	free(b.ingest.path);
	stop(&b);
}

static void
copies(const struct conf *conf)
{
	struct conf more = *conf;
	char address[] = "me@minties.govt.nz";
	struct bench b;

	fresh();
	more.report_copy = address;
	start(&b, &more);
	tally(&b, "mail.nz", 1);
	tally(&b, "nouser.nz", 1);
	tally(&b, "spf.nz", 1);
	run(&b, calm);
	is_str(rows(&b, "SELECT uri || d.state FROM delivery d, report r WHERE"
	    " d.report = r.id AND domain = 'mail.nz' ORDER BY 1"),
	    "copy:me@minties.govt.nzsent|mailto:tls@mail.nzsent",
	    "a copy goes to our own address");
	is_str(state_of(&b, "nouser.nz"), "given-up:sent,given-up",
	    "which does not make a report delivered");
	is_str(state_of(&b, "spf.nz"), "no-rua:", "no rua, no copy");
	stop(&b);
}

static int
both_sent(struct bench *b)
{
	return strcmp(rows(b, "SELECT count(*) FROM report WHERE state ="
	    " 'sent'"), "2") == 0 && b->e.deliver->count[JOB_MAIL] == 0;
}

/* What was built goes as it is, when its record is looked up again. */
static void
built_before(const struct conf *conf)
{
	struct bench b;
	char ids[512];

	fresh();
	start(&b, conf);
	tally(&b, "mail.nz", 1);
	tally(&b, "over.nz", 1);
	ok(run(&b, both_sent), "two reports");
	(void)strlcpy(ids, rows(&b, "SELECT report_id || hex(body) FROM report"
	    " ORDER BY domain"), sizeof(ids));
	sql(&b, "DELETE FROM delivery; UPDATE report SET state = 'due',"
	    " due = 0, note = NULL, record = 'x'; UPDATE tally SET ok = 77");
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, both_sent), "are looked up again");
	is_str(state_of(&b, "mail.nz"), "sent:sent", "and sent");
	ok(strncmp(rows(&b, "SELECT report_id || hex(body) FROM report ORDER"
	    " BY domain"), ids, sizeof(ids) - 1) == 0, "as they were");
	is_str(rows(&b, "SELECT coalesce(note, 'none') FROM report ORDER BY"
	    " domain"), "none|URIs not used: 1 beyond the first 8, 1 unusable"
	    " (x:y: neither mailto: nor https:)", "with what is said of the"
	    " record now");
	is_str(rows(&b, "SELECT substr(record, 1, 26) FROM report WHERE domain"
	    " = 'mail.nz'"), "v=TLSRPTv1; rua=mailto:tls", "which is noted");
	stop(&b);
}

/* What can't be read any more is not sent as something else. */
static void
unreadable(const struct conf *conf)
{
	struct bench b;

	fresh();
	start(&b, conf);
	sql(&b, "INSERT INTO report (id, day, domain, report_id, state, due,"
	    " body) VALUES (1, 1, 'torn.nz', 'r.torn.nz', 'sending', 0,"
	    " x'1f8b08'), (2, 1, 'lost.nz', 'r.lost.nz', 'sending', 0, NULL)");
	sql(&b, "INSERT INTO delivery (report, uri, state, tries, next, first,"
	    " kind) VALUES (1, 'mailto:tls@torn.nz', 'due', 0, 0, %lld, 0),"
	    " (2, 'https://200.https.nz/x', 'due', 0, 0, %lld, 1)",
	    (long long)time(NULL), (long long)time(NULL));
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, calm), "two reports whose body is no good");
	is_int((long long)b.nmails + b.posts, 0, "are not sent");
	is_str(rows(&b, "SELECT state || ':' || text FROM delivery"),
	    "due:not readable, or not written out|"
	    "due:not readable, or not written out", "nor taken for sent");
	stop(&b);
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-deliver");

	records(conf);
	on_demand(conf);
	copies(conf);
	built_before(conf);
	unreadable(conf);
	bench_end(conf);
	return done_testing();
}
