/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "keep/kept.h"
#include "tap.h"

#define A "00000000000000aa"
#define B "00000000000000bb"
#define T "0000000000000001"

/* What was written to either side, '\n' after each line. */
static char smtpd[4096], filter[4096];
static struct kept *k;
static int hung;

static void
keep_text(char out[sizeof(smtpd)], const char *line, size_t len)
{
	size_t n = strlen(out);

	(void)snprintf(out + n, sizeof(smtpd) - n, "%.*s\n", (int)len, line);
}

static void
to_smtpd(const char *line, size_t len, void *arg)
{
	(void)arg;
	keep_text(smtpd, line, len);
}

static void
to_filter(const char *line, size_t len, void *arg)
{
	(void)arg;
	keep_text(filter, line, len);
}

/* What smtpd says, or the filter; then what came of it on either side. */
static void
says(const char *line)
{
	smtpd[0] = filter[0] = '\0';
	kept_smtpd(k, line, strlen(line));
}

static void
answers(const char *line)
{
	smtpd[0] = filter[0] = '\0';
	kept_filter(k, line, strlen(line));
}

static void
answers_with(const char *id, const char *text)
{
	char line[4096];

	(void)snprintf(line, sizeof(line), "filter-result|%s|" T "|%s", id,
	    text);
	answers(line);
}

static void
ends(size_t hands)
{
	smtpd[0] = filter[0] = '\0';
	is_int(kept_ended(k, hung), hands, "ended with %zu mails in hand", hands);
}

#define REPORT(event, id) "report|0.7|1576146008.006099|smtp-in|" event "|" id
#define ASK(event, id) "filter|0.7|1576146008.006099|smtp-in|" event "|" id \
	"|" T
#define CONNECT(id) REPORT("link-connect", id) "|host.nz|pass|192.0.2.1:1|x:25"
#define GONE(id) REPORT("link-disconnect", id)

static void
start(void)
{
	if ((k = kept_new(to_smtpd, to_filter, NULL)) == NULL)
		exit(1);
	smtpd[0] = filter[0] = '\0';
	kept_started(k);
	says("config|smtpd-version|7.6.0");
	is_str(filter, "config|smtpd-version|7.6.0\n", "config is passed on");
	says("config|ready");
	answers("register|report|smtp-in|tx-begin");
	is_str(smtpd, "register|report|smtp-in|tx-begin\n", "so is a wish");
	ok(!kept_ready(k), "not ready yet");
	answers("register|filter|smtp-in|data-line");
	answers("register|filter|smtp-in|rcpt-to");
	answers("register|ready");
	is_str(smtpd, "register|report|smtp-in|link-connect\n"
	    "register|report|smtp-in|link-disconnect\n"
	    "register|filter|smtp-in|commit\nregister|ready\n",
	    "with what is needed here");
	ok(kept_ready(k), "ready");
}

static void
test_passing(void)
{
	says(CONNECT(A));
	is_str(filter, "", "it did not want that");
	says(REPORT("tx-begin", A) "|1ef1c203");
	is_str(filter, REPORT("tx-begin", A) "|1ef1c203\n", "it wanted that");
	says(ASK("rcpt-to", A) "|a|b@c.nz");
	is_str(filter, ASK("rcpt-to", A) "|a|b@c.nz\n", "a question");
	is_str(smtpd, "", "is not answered here");
	answers("filter-result|" B "|" T "|proceed");
	is_str(smtpd, "", "another session's answer is none");
	answers("filter-result|" A "|0000000000000002|proceed");
	is_str(smtpd, "", "nor is another question's");
	answers("filter-result|" A "|" T "|proceed");
	is_str(smtpd, "filter-result|" A "|" T "|proceed\n", "its answer is");
	answers("filter-result|" A "|" T "|proceed");
	is_str(smtpd, "", "and once only");
	answers("hello");
	is_str(smtpd, "", "what is no answer ends nobody");
	is_int(kept_dropped(k), 4, "all these are counted");
	says(ASK("commit", A));
	is_str(smtpd, "filter-result|" A "|" T "|proceed\n",
	    "what it did not want passes");
	says(ASK("data-line", A) "|x|y");
	is_str(filter, ASK("data-line", A) "|x|y\n", "a line of a mail");
	answers("filter-dataline|" A "|" T "|x|y");
	is_str(smtpd, "filter-dataline|" A "|" T "|x|y\n", "and back");
	answers("filter-dataline|" A "|" T "|.");
	is_str(smtpd, "", "no end before smtpd's");
	says(ASK("data-line", A) "|.");
	answers("filter-dataline|" A "|" T "|.");
	is_str(smtpd, "filter-dataline|" A "|" T "|.\n", "the end");
	says(ASK("commit", A));
	is_str(smtpd, "filter-result|" A "|" T "|proceed\n", "committed");
}

/* One mail in hand, then two. */
static void
test_ending(void)
{
	says(ASK("data-line", A) "|From: <@a:b@c>");
	ends(1);
	is_str(smtpd, "", "smtpd has more of it");
	says(ASK("data-line", A) "|more");
	is_str(smtpd, "", "which goes nowhere");
	ok(filter[0] == '\0', "not to who does not run");
	says(ASK("data-line", A) "|.");
	is_str(smtpd, "filter-dataline|" A "|" T "|.\n", "it ends");
	smtpd[0] = filter[0] = '\0';
	kept_started(k);
	is_str(filter, "config|smtpd-version|7.6.0\nconfig|ready\n",
	    "started again, it is told of smtpd");
	answers("register|report|smtp-in|tx-begin");
	ok(!kept_came_up(k), "it is not there yet");
	answers("register|ready");
	is_str(smtpd, "", "and smtpd not of it");
	ok(kept_came_up(k), "now it is");
	says(ASK("commit", A));
	is_str(smtpd, "filter-result|" A "|" T "|reject|554 5.6.0 A filter of "
	    "this host failed on this mail\n", "refused for good");
	says(REPORT("tx-begin", A) "|1ef1c204");
	is_str(filter, "", "it does not know the session");
	says(ASK("rcpt-to", A) "|b@c.nz");
	is_str(smtpd, "filter-result|" A "|" T "|reject|451 4.3.0 A filter of "
	    "this host failed: try again later\n", "which is to come again");
	says(ASK("data-line", A) "|.");
	is_str(smtpd, "filter-dataline|" A "|" T "|.\n", "nor its mail");
	says(ASK("commit", A));
	ok(strstr(smtpd, "|reject|451 ") != NULL, "which does not pass");
	says(CONNECT(B));
	says(REPORT("tx-begin", B) "|1ef1c205");
	ok(filter[0] != '\0', "a new one it knows");
	says(CONNECT("00000000000000cc"));
	says(ASK("data-line", "00000000000000cc") "|x");
	says(ASK("rcpt-to", B) "|b@c.nz");
	ends(1);
	is_str(smtpd, "filter-result|" B "|" T "|reject|451 4.3.0 A filter of "
	    "this host failed: try again later\n", "what it owed is answered");
	kept_started(k);
	says(GONE(A));
	says(GONE(B));
	says(GONE("00000000000000cc"));
	is_str(filter, "", "nothing is said of who it never knew");
	says(CONNECT(A));
	says(CONNECT(B));
	says(ASK("data-line", A) "|x");
	says(ASK("data-line", A) "|.");
	says(ASK("data-line", B) "|x");
	ends(2);
	is_str(smtpd, "filter-dataline|" A "|" T "|.\n", "a whole one ends");
	says(ASK("commit", A));
	ok(strstr(smtpd, "|reject|451 ") != NULL, "either may have done it");
	says(CONNECT("00000000000000dd"));
	says(ASK("rcpt-to", "00000000000000dd") "|b@c.nz");
	ok(strstr(smtpd, "|reject|451 ") != NULL, "nor is anybody asked who "
	    "is not there");
}

/* One that hangs; one that makes too much of a mail. */
static void
test_bounds(void)
{
	char line[4096];
	int i;

	kept_started(k);
	says(CONNECT("00000000000000ee"));
	ok(kept_look(k) == 0, "nothing is asked");
	says(ASK("rcpt-to", "00000000000000ee") "|b@c.nz");
	ok(kept_look(k) > 0, "a question");
	answers("filter-result|00000000000000ee|" T "|proceed");
	ok(kept_look(k) == 0, "answered");
	says(ASK("data-line", "00000000000000ee") "|x");
	ok(kept_look(k) == 0, "a mail that goes on");
	says(ASK("data-line", "00000000000000ee") "|.");
	is_int(kept_look(k), 1, "and is whole");
	answers("filter-dataline|00000000000000ee|" T "|x");
	is_int(kept_look(k), 2, "what is said of it is not its end");
	says(CONNECT("00000000000000ef"));
	says(ASK("rcpt-to", "00000000000000ef") "|b@c.nz");
	is_int(kept_look(k), 3, "the oldest counts");
	answers("filter-result|00000000000000ef|" T "|proceed");
	hung = 1;
	ends(1);
	hung = 0;
	is_int(kept_look(k), 0, "who has ended owes nothing");
	says(ASK("commit", "00000000000000ee"));
	ok(strstr(smtpd, "|reject|451 ") != NULL,
	    "a mail that it hung on is not refused for good");
	says(GONE("00000000000000ee"));

	kept_started(k);
	says(CONNECT("00000000000000ee"));
	says(ASK("data-line", "00000000000000ee") "|x");
	(void)snprintf(line, sizeof(line), "filter-dataline|%s|%s|%01023d",
	    "00000000000000ee", T, 0);
	for (i = 0; i < 1024; i++)
		answers(line);
	ok(!kept_talks_on(k) && smtpd[0] != '\0', "a megabyte for a byte");
	answers(line);
	ok(kept_talks_on(k), "is enough");
	is_str(smtpd, "", "and no more gets to smtpd");
	ends(1);
	kept_started(k);
	ok(!kept_talks_on(k), "the next one begins anew");
	says(GONE("00000000000000ee"));
}

/* An answer that was asked for, and that smtpd would end at. */
static void
test_answers(void)
{
	static const char *const odd[] = { "reject", "proceed ",
	    "proceed|x", "nonsense|x", "Junk", "|" };
	static const char *const good[] = { "junk", "rewrite|x", "report|x",
	    "reject|550 no", "disconnect|421 no" };
	char line[KEPT_ANSWER_MAX + 100];
	size_t i;

	kept_started(k);
	answers("register|ready");
	says(CONNECT("00000000000000ab"));
	for (i = 0; i < nitems(odd); i++) {
		says(ASK("rcpt-to", "00000000000000ab") "|b@c.nz");
		answers_with("00000000000000ab", odd[i]);
		is_str(smtpd, "filter-result|00000000000000ab|" T "|reject|451 "
		    "4.3.0 A filter of this host failed: try again later\n",
		    "no answer: %s", odd[i]);
		ok(kept_look(k) == 0, "it is answered");
	}
	for (i = 0; i < nitems(good); i++) {
		says(ASK("rcpt-to", "00000000000000ab") "|b@c.nz");
		answers_with("00000000000000ab", good[i]);
		ok(strstr(smtpd, good[i]) != NULL, "%s", good[i]);
	}
	for (i = KEPT_ANSWER_MAX; i <= KEPT_ANSWER_MAX + 1; i++) {
		says(ASK("rcpt-to", "00000000000000ab") "|b@c.nz");
		(void)snprintf(line, sizeof(line), "reject|451 %0*d",
		    (int)(i - strlen("reject|451 ")), 0);
		answers_with("00000000000000ab", line);
		is_int(strstr(smtpd, "4.3.0 A filter") == NULL,
		    i == KEPT_ANSWER_MAX, "%zu bytes", i);
	}
	says(ASK("data-line", "00000000000000ab") "|x");
	smtpd[0] = '\0';
	kept_filter(k, "filter-dataline|00000000000000ab|" T "|.\0x", 53);
	is_str(smtpd, "", "an end with more behind a NUL is an end");
	says(GONE("00000000000000ab"));
}

/* Of a whole mail smtpd cannot be told "junk". */
static void
test_commit(void)
{
	kept_free(k);
	if ((k = kept_new(to_smtpd, to_filter, NULL)) == NULL)
		exit(1);
	kept_started(k);
	answers("register|filter|smtp-in|commit");
	answers("register|filter|smtp-in|rcpt-to");
	answers("register|ready");
	says(CONNECT(A));
	says(ASK("rcpt-to", A) "|b@c.nz");
	answers("filter-result|" A "|" T "|junk");
	ok(strstr(smtpd, "|junk\n") != NULL, "a recipient of junk");
	says(ASK("commit", A));
	answers("filter-result|" A "|" T "|junk");
	ok(strstr(smtpd, "|reject|451 ") != NULL, "no mail of it");
	says(ASK("commit", A));
	answers("filter-result|" A "|" T "|proceed");
	ok(strstr(smtpd, "|proceed\n") != NULL, "the next one passes");
}

/* What it wants: smtpd ends at what is not like that, and would at its start. */
static void
test_wishes(void)
{
	static const char *const odd[] = { "register|",
	    "register|report", "register|report|smtp-in|",
	    "register|reports|smtp-in|link-connect",
	    "register|report|smtp-up|link-connect",
	    "register|report|SMTP-IN|link-connect",
	    "register|report|smtp-in|link-connect|x",
	    "register|filter|smtp-out|connect", "register|filter|smtp-in|*",
	    "register|report|smtp-in|link-*",
	    "register|report|smtp-in|"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	size_t i;

	kept_free(k);
	if ((k = kept_new(to_smtpd, to_filter, NULL)) == NULL)
		exit(1);
	kept_started(k);
	for (i = 0; i < nitems(odd); i++) {
		answers(odd[i]);
		is_str(smtpd, "", "not passed on: %s", odd[i]);
	}
	is_int(kept_dropped(k), nitems(odd), "and counted");
	answers("register|report|smtp-in|*");
	is_str(smtpd, "register|report|smtp-in|*\n", "all events");
	answers("register|filter|smtp-in|rcpt-to");
	answers("register|ready");
	is_str(smtpd, "register|ready\n", "what it has is not wished again");
	says(CONNECT(A));
	is_str(filter, CONNECT(A) "\n", "it gets all events");
	says(ASK("rcpt-to", A) "|b@c.nz");
	is_str(filter, ASK("rcpt-to", A) "|b@c.nz\n", "its questions");
	says(ASK("commit", A));
	is_str(filter, "", "and no others");
	for (i = 0; i < KEPT_EVENTS_MAX; i++)
		answers("register|ready");
	is_int(kept_dropped(k), nitems(odd), "what is said again is no fault");
}

/* More wishes than there are events. */
static void
test_many_wishes(void)
{
	int i;

	kept_free(k);
	if ((k = kept_new(to_smtpd, to_filter, NULL)) == NULL)
		exit(1);
	kept_started(k);
	for (i = 0; i < KEPT_EVENTS_MAX; i++)
		answers("register|filter|smtp-in|rcpt-to");
	is_int(kept_dropped(k), 0, "many wishes");
	answers("register|filter|smtp-in|rcpt-to");
	is_int(kept_dropped(k), 1, "one too many");
	answers("register|ready");
	ok(kept_ready(k), "which is no harm");
}

static void
test_odd(void)
{
	static const char *const odd[] = { "", "|", "filter", "report|",
	    "filter|0.7|1|smtp-in|data-line|" A,
	    "filter|0.7|1|smtp-in|data-line|" A "|",
	    "filter|0.7|1|smtp-in|data-line|short|" T "|x",
	    "report|0.7|1|smtp-in|link-connect|" A A,
	    "report|||||" A, "filter|||||" A "|" T };
	size_t i;

	for (i = 0; i < nitems(odd); i++)
		kept_smtpd(k, odd[i], strlen(odd[i]));
	answers("filter-result|" A);
	answers("filter-result|" A "|" T);
	answers("filter-dataline|" A "|" T);
	is_str(smtpd, "", "no odd line does harm");
}

int
main(void)
{
	start();
	test_passing();
	test_ending();
	test_bounds();
	test_answers();
	test_commit();
	test_odd();
	test_wishes();
	test_many_wishes();
	kept_free(k);
	return done_testing();
}
