/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/smtpctl.h"
#include "lib/date.h"
#include "tap.h"

static int
nothing(struct ctl *ctl, int argc, char *argv[])
{
	(void)ctl;
	(void)argc;
	(void)argv;
	return 0;
}

#define NONE 0, 0, 0, 1, 1, nothing

static const struct ctl_command table[] = {
	{ "show status", "", "", NONE },
	{ "show received", "d:", "", NONE },
	{ "show reporters", "d:", "", NONE },
	{ "show report", "d:", "", NONE },
	{ "send", "d:", "", NONE },
	{ "report", "d:", "domain", 1, 1, 0, 1, 1, nothing },
	{ "record new", "r:", "domain", 1, 1, 0, 1, 1, nothing },
	{ "read", "csD:", "", 0, -1, 0, 1, 1, nothing },
	{ "check record", "s:", "", NONE },
	{ NULL, NULL, NULL, 0, 0, 0, 0, 0, NULL }
};

static void
expect(const char *first, const char *second, enum ctl_match match,
    const char *words)
{
	const struct ctl_command *found = NULL;
	char a[32], b[32], *argv[3];
	int argc = 0, used = 0, got;

	(void)strlcpy(a, first, sizeof(a));
	argv[argc++] = a;
	if (second != NULL) {
		(void)strlcpy(b, second, sizeof(b));
		argv[argc++] = b;
	}
	argv[argc] = NULL;
	got = (int)ctl_find(table, argc, argv, &found, &used);
	is_int(got, match, "%s %s", first, second == NULL ? "" : second);
	if (match == CTL_FOUND && found != NULL)
		is_str(found->words, words, "%s is \"%s\"", first, words);
}

static void
test_find(void)
{
	expect("show", "status", CTL_FOUND, "show status");
	expect("sh", "st", CTL_FOUND, "show status");
	expect("sh", "rec", CTL_FOUND, "show received");
	expect("sh", "re", CTL_AMBIGUOUS, NULL);
	expect("sh", "report", CTL_FOUND, "show report");
	expect("sh", "reporte", CTL_FOUND, "show reporters");
	expect("sh", "repor", CTL_AMBIGUOUS, NULL);
	expect("sh", NULL, CTL_MORE, NULL);
	expect("sh", "x", CTL_UNKNOWN, NULL);
	expect("s", "st", CTL_AMBIGUOUS, NULL);
	expect("se", NULL, CTL_FOUND, "send");
	expect("send", "status", CTL_FOUND, "send");
	expect("re", NULL, CTL_AMBIGUOUS, NULL);
	expect("rec", "n", CTL_FOUND, "record new");
	expect("rep", NULL, CTL_FOUND, "report");
	expect("rea", NULL, CTL_FOUND, "read");
	expect("c", "r", CTL_FOUND, "check record");
	expect("", NULL, CTL_UNKNOWN, NULL);
	expect("showx", "status", CTL_UNKNOWN, NULL);
	expect("SHOW", "status", CTL_UNKNOWN, NULL);
}

static void
test_period(void)
{
	int64_t now, first, last, day;

	(void)time_parse("2026-03-06T04:05:06Z", &now);
	(void)day_parse("2026-03-05", &day);
	ok(ctl_period("1", now, &first, &last) == 0 && first == day &&
	    last == day, "one day is the last finished one");
	ok(ctl_period("30", now, &first, &last) == 0 && last == day &&
	    first == day - 29, "30 days end with it");
	ok(ctl_period("2026-02-28", now, &first, &last) == 0 &&
	    first == last && day - first == 5, "a date is that day");
	ok(ctl_period("today", now, &first, &last) == 0 && first == day + 1 &&
	    last == day + 1, "today so far");
	ok(ctl_period("0", now, &first, &last) == -1, "0 days");
	ok(ctl_period("", now, &first, &last) == -1, "nothing");
	ok(ctl_period("2026-02-30", now, &first, &last) == -1, "no such date");
	ok(ctl_period("7d", now, &first, &last) == -1, "trailing text");
	ok(ctl_period("99999999999999999999", now, &first, &last) == -1,
	    "overflow");
}

static int
options(struct ctl *ctl, const struct ctl_command *c, const char *line)
{
	static char copy[256];
	char *argv[16], *p, *rest;
	int argc = 0;

	memset(ctl, 0, sizeof(*ctl));
	ctl->command = c;
	ctl->view.now = 1772800000;
	(void)strlcpy(copy, line, sizeof(copy));
	for (rest = copy; argc < 15 && (p = strsep(&rest, " ")) != NULL;)
		argv[argc++] = p;
	argv[argc] = NULL;
	return ctl_options(ctl, argc, argv);
}

static void
test_options(void)
{
	struct ctl ctl;

	is_int(options(&ctl, &table[5], "sgectl -d 2026-03-05 -jv example.nz"),
	    4, "options before the operand");
	ok(ctl.view.form == FORM_JSON && ctl.view.verbose, "-j and -v");
	is_int(ctl.view.first, 20517, "-d");
	is_int(options(&ctl, &table[5], "sgectl -p -- -x"), 3, "--");
	is_int(ctl.view.form, FORM_PIPE, "-p");
	is_int(options(&ctl, &table[6],
	    "sgectl -r mailto:a@b -r https://c/ example.nz"), 5, "-r twice");
	is_int(ctl.noptions, 2, "both are kept");
	is_str(ctl_value(&ctl, 'r'), "https://c/", "the last is the value");
	ok(options(&ctl, &table[7], "sgectl -c -s -D example.nz file") == 5 &&
	    ctl_flag(&ctl, 'c') && ctl_flag(&ctl, 's') &&
	    ctl.view.class == NULL, "-c of read takes no value");
	is_str(ctl.view.domain, "example.nz", "and its -D does");
	if (freopen("/dev/null", "w", stderr) == NULL)
		return;
	is_int(options(&ctl, &table[5], "sgectl -x example.nz"), -1,
	    "an option it has not");
	is_int(options(&ctl, &table[5], "sgectl"), -1, "no operand");
	is_int(options(&ctl, &table[5], "sgectl a b"), -1, "too many");
	is_int(options(&ctl, &table[5], "sgectl -d"), -1, "no value");
	is_int(options(&ctl, &table[5], "sgectl -d x a"), -1, "a bad value");
}

/* An smtpctl that does not end; a minute of it goes fast by tool/clock.c. */
static void
test_hang(void)
{
	char dir[] = "/tmp/sge-ctl.XXXXXX", path[64], list[64];
	struct smtpctl_envelope e;
	FILE *f;

	if (getenv("SGE_HURRY") == NULL) {
		ok(1, "smtpctl hangs # SKIP not in a hurry");
		return;
	}
	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	(void)snprintf(path, sizeof(path), "%s/smtpctl", dir);
	if ((f = fopen(path, "w")) == NULL)
		err(1, "%s", path);
	fputs("#!/bin/sh\necho 1 envelope removed\nsleep 3600 & wait\n", f);
	fclose(f);
	(void)snprintf(list, sizeof(list), "%s:/usr/bin:/bin", dir);
	if (chmod(path, 0755) == -1 || setenv("PATH", list, 1) == -1)
		err(1, "%s", path);
	is_int(smtpctl_remove("0123456789abcdef"), -1, "smtpctl hangs");
	is_int(smtpctl_envelope("0123456789abcdef", &e), 0, "at all it does");
	is_int(smtpctl_queue("example.nz", NULL, NULL), -1, "for ever");
	(void)unlink(path);
	(void)rmdir(dir);
}

static void
test_clean(void)
{
	is_str(view_clean("abcdef", 6), "abcdef", "as wide as may be");
	is_str(view_clean("abcdefg", 6), "abcd..", "one more");
	is_str(view_clean("\303\251", 8), "\\303\\251", "escapes");
	is_str(view_clean("\303\251\303", 9), "\\303..",
	    "are not cut in two");
	is_str(view_clean("\303\251\303", 10), "\\303\\251..", "nor more");
	is_str(view_clean("\303", 3), "..", "where none fits");
}

int
main(void)
{
	test_find();
	test_period();
	test_hang();
	test_clean();
	test_options();
	return done_testing();
}
