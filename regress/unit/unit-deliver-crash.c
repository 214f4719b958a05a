/* SPDX-License-Identifier: ISC */

/* sged is killed, reloaded or can't read: each report goes once. */

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "deliver_bench.h"
#include "tap.h"

/* Leaves the database of a sged killed with a mail at sendmail: was it? */
static int
killed(const struct conf *conf)
{
	struct bench b;
	int status;
	pid_t pid;

	fresh();
	fflush(stdout);
	if ((pid = fork()) == 0) {
		start(&b, conf);
		tally(&b, "mail.nz", 1);
		b.die = 1;
		run(&b, calm);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status);
}

/* sged is killed between sending a report and noting it. */
static void
crash(const struct conf *conf)
{
	struct bench b;
	char *first;
	size_t len;
	FILE *fp;

	ok(killed(conf), "killed when the mail was out");
	if ((fp = fopen("first-mail", "r")) == NULL) {
		ok(0, "a first mail");
		return;
	}
	first = slurp(fileno(fp), &len);
	fclose(fp);
	(void)unlink("first-mail");

	start(&b, conf);
	ok(run(&b, calm), "started again");
	is_int((long long)b.nmails, 1, "one copy more");
	is_str(line_of(b.mails[0], " Report-ID:"),
	    line_of(first, " Report-ID:"), "with the same report-id");
	is_str(line_of(b.mails[0], "Message-ID:"),
	    line_of(first, "Message-ID:"), "and Message-ID");
	is_str(line_of(b.mails[0], "H4sI"), line_of(first, "H4sI"),
	    "and the same report");
	is_str(state_of(&b, "mail.nz"), "sent:sent", "noted");
	stop(&b);

	start(&b, conf);
	ok(run(&b, calm), "and again");
	is_int((long long)b.nmails, 0, "no other copy");
	is_int(b.lookups, 0, "no look-up");
	stop(&b);
	free(first);
}

static int
mail_out(struct bench *b)
{
	return b->nmails == 1;
}

static int
troubled(struct bench *b)
{
	return b->lookups > 0 && b->e.deliver->mute;
}

/* What can't be read for a while is no day without sessions. */
static void
tallies_away(const struct conf *conf)
{
	struct bench b;

	fresh();
	start(&b, conf);
	tally(&b, "mail.nz", 1);
	sql(&b, "ALTER TABLE detail RENAME TO elsewhere");
	ok(run(&b, troubled), "the tallies can't be read");
	is_str(state_of(&b, "mail.nz"), "due:", "the report waits");
	sql(&b, "ALTER TABLE elsewhere RENAME TO detail");
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, one_sent), "they can again");
	is_str(state_of(&b, "mail.nz"), "sent:sent", "it is sent");
	stop(&b);
}

static int
written(const char *name, const char *said)
{
	int fd;

	if ((fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600)) == -1 ||
	    write(fd, said, strlen(said)) != (ssize_t)strlen(said))
		fatal("%s", name);
	return fd;
}

static int
a_while(struct bench *b)
{
	return b->ticks < DEADLINE_MS / 2 - 500;
}

/* sged was killed while sendmail ran: its file says what became of it. */
static void
recovered(const struct conf *conf)
{
	static const struct {
		const char	*said;
		const char	*state;
		const char	*text;
		int		 mails;
	} cases[] = {
		{ "\nexit 0\n", "sent:sent", "handed to sendmail", 0 },
		{ "\nexit 75\n", "sent:sent", "handed to sendmail, which keeps"
		    " it until smtpd runs", 0 },
		{ ">>> .\n<<< 250 2.0.0 12ab34cd Message accepted for delivery"
		    "\n", "sent:sent", "handed to sendmail, message 12ab34cd",
		    0 },
		{ "sendmail: write error\n\nexit 75\n", "sending:due",
		    "sendmail: exit 75: sendmail: write error", 0 },
		{ "<<< 220 mail ESMTP\n>>> EHLO localhost\n", "sending:due",
		    "sendmail: exit 75: sendmail was killed", 0 },
		{ "\nexit 0\nexit 0\nexit 70\n", "sending:due",
		    "sendmail: exit 70: ", 0 },
		{ "sendmail: command failed: 501 5.1.3 Recipient address"
		    " syntax error\n\nexit 70\n", "given-up:given-up",
		    "sendmail: exit 70: sendmail: command failed: 501 5.1.3"
		    " Recipient address syntax error", 0 },
		{ "no such host\n\nexit 68\n", "given-up:given-up",
		    "sendmail: exit 68: no such host", 0 },
		{ "command failed: 501 x\n\nexit 69\n", "sending:due",
		    "sendmail: exit 69: command failed: 501 x", 0 },
		{ "command failed: 502 x\n\nexit 70\n", "sending:due",
		    "sendmail: exit 70: command failed: 502 x", 0 },
		/* None: it was not begun. */
		{ NULL, "sent:sent", "handed to sendmail", 1 },
	};
	struct bench b;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!killed(conf))
			fatalx("test: not killed");
		if (cases[i].said != NULL)
			close(written("mailed.1", cases[i].said));
		start(&b, conf);
		ok(run(&b, calm), "started again");
		is_str(state_of(&b, "mail.nz"), cases[i].state, "%s",
		    cases[i].text);
		is_str(rows(&b, "SELECT text FROM delivery"), cases[i].text,
		    "and that is noted");
		is_int((long long)b.nmails, cases[i].mails, "mails");
		ok(access("mailed.1", F_OK) == -1, "its file is gone");
		stop(&b);
	}
	if (!killed(conf) || (fd = written("mailed.1", "")) == -1 ||
	    flock(fd, LOCK_EX) == -1)
		fatal("flock");
	start(&b, conf);
	ok(run(&b, a_while), "sendmail still runs");
	is_str(state_of(&b, "mail.nz"), "sending:sending", "it is waited for");
	if (write(fd, "\nexit 0\n", 8) != 8)
		fatal("mailed.1");
	close(fd);
	ok(run(&b, one_sent), "it ends");
	is_int((long long)b.nmails, 0, "and no other began");
	stop(&b);
}

/*
 * A sendmail that has left something running; and one that does not end, and
 * whose time is over, since who waited for it was killed.
 */
static void
goes_on(const struct conf *conf)
{
	static const struct {
		const char	*said;
		int64_t		 ms;
		const char	*state;
		const char	*text;
	} cases[] = {
		{ "\nexit 0\n", DEADLINE_MS, "sent:sent",
		    "handed to sendmail" },
		{ ">>> .\n", 0, "sending:due",
		    "sendmail: exit 75: sendmail was killed" },
		{ "<<< 250 2.0.0 12ab34cd Message accepted for delivery\n", 0,
		    "sent:sent", "handed to sendmail, message 12ab34cd" },
	};
	struct bench b;
	size_t i;
	int fd;

	for (i = 0; i < nitems(cases); i++) {
		if (!killed(conf) ||
		    (fd = written("mailed.1", cases[i].said)) == -1 ||
		    flock(fd, LOCK_EX) == -1)
			fatal("flock");
		start(&b, conf);
		b.e.deliver->recover_until = loop_now() + cases[i].ms;
		ok(run(&b, calm), "whoever has its file");
		is_int(b.e.deliver->recovering, 0, "other mail goes");
		is_str(state_of(&b, "mail.nz"), cases[i].state, "%s",
		    cases[i].text);
		is_str(rows(&b, "SELECT text FROM delivery"), cases[i].text,
		    "and that is noted");
		ok(access("mailed.1", F_OK) == -1, "its file is gone");
		close(fd);
		stop(&b);
	}
}

/* The mailer had nothing to do for a while when its last mail was noted. */
static void
noted_late(const struct conf *conf)
{
	struct bench b;

	fresh();
	start(&b, conf);
	b.slow = 1;
	tally(&b, "mail.nz", 1);
	ok(run(&b, mail_out), "a mail is handed over");
	close(written("mailed.1", "\nexit 0\n"));
	ok(run(&b, one_sent), "and noted");
	ok(access("mailed.1", F_OK) == -1, "its file is gone");
	ok(access("mailed-spare.1", F_OK) == -1, "under any name");
	stop(&b);
}

/* The database was found wanting, or asked often enough. */
static int
tried(struct bench *b)
{
	if (b->e.deliver->mute || b->rounds >= 3)
		return 1;
	b->e.deliver->looked = 0;
	deliver_soon(b->e.deliver, 0);
	return 0;
}

static int
both_sent(struct bench *b)
{
	return calm(b) && strcmp(rows(b, "SELECT count(*) FROM report WHERE"
	    " state = 'sent'"), "2") == 0;
}

/* Whatever can't be read or written for a while: each report goes once. */
static void
any_away(const struct conf *conf)
{
	static const char *const tables[] = { "meta", "tally", "report",
	    "bounce", "delivery", "policy", "detail", "unseen" };
	struct bench b;
	size_t i;

	for (i = 0; i < nitems(tables); i++) {
		/* Looks are waited for in the first hours of a day alone. */
		if (strcmp(tables[i], "unseen") == 0 &&
		    time(NULL) % 86400 >= 5 * 3600)
			continue;
		fresh();
		start(&b, conf);
		count_rounds(&b);
		tally(&b, "mail.nz", 1);
		tally(&b, "two.nz", 1);
		sql(&b, "ALTER TABLE %s RENAME TO away", tables[i]);
		ok(run(&b, tried), "without the table %s", tables[i]);
		is_int((long long)b.nmails, 0, "nothing goes");
		sql(&b, "ALTER TABLE away RENAME TO %s", tables[i]);
		b.e.deliver->looked = 0;
		deliver_soon(b.e.deliver, 0);
		ok(run(&b, both_sent), "with it, all goes");
		is_int(b.e.deliver->mute, 0, "and all is well");
		is_int((long long)b.nmails, 3, "each once");
		is_str(rows(&b, "SELECT DISTINCT tries FROM delivery"), "1",
		    "at the first try");
		stop(&b);
	}
}

static int
second_sent(struct bench *b)
{
	return strcmp(rows(b, "SELECT state FROM delivery WHERE id = 2"),
	    "sent") == 0;
}

/* One sendmail still runs: what others said is noted all the same. */
static void
other_runs(const struct conf *conf)
{
	struct bench b;
	int fd;

	if (!killed(conf))
		fatalx("test: not killed");
	start(&b, conf);
	sql(&b, "INSERT INTO delivery (id, report, uri, state, tries, next,"
	    " first, last, kind, target) SELECT 2, report, 'mailto:b@mail.nz',"
	    " state, tries, next, first, last, kind, 'b@mail.nz' FROM"
	    " delivery");
	if ((fd = written("mailed.1", "")) == -1 ||
	    flock(fd, LOCK_EX) == -1)
		fatal("flock");
	close(written("mailed.2", "\nexit 0\n"));
	ok(run(&b, second_sent), "a second one has ended");
	is_str(rows(&b, "SELECT state FROM delivery WHERE id = 1"), "sending",
	    "while the first runs");
	is_int(b.e.deliver->mute, 0, "which is no trouble of the database");
	close(fd);
	(void)unlink("mailed.1");
	stop(&b);
	(void)unlink("mailed.2");
}

/* What is put in the place of its file says nothing, and keeps nothing back. */
static void
strange(const struct conf *conf)
{
	static const char *const what[] = { "a link", "a pipe", "a folder",
	    "a file that others may write" };
	struct bench b;
	size_t i;
	int rc;

	for (i = 0; i < nitems(what); i++) {
		if (!killed(conf))
			fatalx("test: not killed");
		if (i == 0)
			rc = symlink("first-mail", "mailed.1");
		else if (i == 1)
			rc = mkfifo("mailed.1", 0600);
		else if (i == 2)
			rc = mkdir("mailed.1", 0700);
		else {
			close(written("mailed.1", "\nexit 0\n"));
			rc = chmod("mailed.1", 0666);
		}
		if (rc == -1 || symlink("first-mail", "mailed.77") == -1)
			fatal("%s", what[i]);
		start(&b, conf);
		(void)alarm(20);
		ok(run(&b, one_sent), "%s is in its place", what[i]);
		(void)alarm(0);
		is_int((long long)b.nmails, 1, "it is as if there was none");
		ok(access("mailed.1", F_OK) == -1, "and gone");
		is_int(unlink("mailed.77"), -1, "that of another, too");
		stop(&b);
		(void)unlink("mailed.1");
		(void)rmdir("mailed.1");
	}
}

/* A file of which nobody can tell what it says: nothing is sent meanwhile. */
static void
unreadable(const struct conf *conf)
{
	struct conf lost = *conf;
	struct bench b;
	char nowhere[] = "/nonexistent";

	if (!killed(conf))
		fatalx("test: not killed");
	/* Files of nobody's. */
	close(written("mailed.77", "\nexit 0\n"));
	close(written("mailed.x", "\nexit 0\n"));
	close(written("nailed.1", "\nexit 0\n"));
	lost.spool = nowhere;
	start(&b, &lost);
	count_rounds(&b);
	ok(run(&b, tried), "the folder can't be read");
	is_int(b.e.deliver->mute, 1, "which is one, too");
	is_str(state_of(&b, "mail.nz"), "sending:sending", "it is left");
	stop(&b);

	start(&b, conf);
	ok(run(&b, one_sent), "it can: it is sent");
	is_int((long long)b.nmails, 1, "once");
	ok(access("mailed.77", F_OK) == -1, "an old file is gone");
	ok(access("mailed.x", F_OK) == 0 && access("nailed.1", F_OK) == 0,
	    "others are not ours");
	(void)unlink("mailed.x");
	(void)unlink("nailed.1");
	stop(&b);
}

/* A reload while a mail is with sendmail: it is waited for. */
static void
reload(const struct conf *conf)
{
	struct bench b;

	fresh();
	start(&b, conf);
	tally(&b, "mail.nz", 1);
	b.slow = 1;
	ok(run(&b, mail_out), "a mail is with sendmail");
	is_str(state_of(&b, "mail.nz"), "sending:sending", "not yet taken");
	stop(&b);
	start(&b, conf);
	ok(run(&b, calm), "reloaded");
	is_str(state_of(&b, "mail.nz"), "sent:sent", "its end was noted");
	is_int((long long)b.nmails, 0, "there is no second one");
	stop(&b);
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-deliver-crash");

	crash(conf);
	recovered(conf);
	goes_on(conf);
	noted_late(conf);
	other_runs(conf);
	tallies_away(conf);
	any_away(conf);
	strange(conf);
	unreadable(conf);
	reload(conf);
	bench_end(conf);
	return done_testing();
}
