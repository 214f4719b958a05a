/* SPDX-License-Identifier: ISC */

/*
 * The mailer process, with a sendmail of ours that does as its recipient says.
 */

#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "tap.h"
#include "helper/helper.h"
#include "lib/mail_result.h"

#define SENDMAIL "#!/bin/sh\n" \
    "echo \"$@\" >>\"$0.args\"\n" \
    "case $5 in\n" \
    "fail@*) echo 'no   such user' >&2; printf '\\001\\377x' >&2; exit 67;;\n" \
    "loud@*) i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i + 1)); done;" \
    " exit 70;;\n" \
    "killed@*) kill -9 $$;;\n" \
    "kept@*) exit 75;;\n" \
    "busy@*) echo 'disk full' >&2; exit 75;;\n" \
    "smtpd@*) printf '>>> EHLO localhost\\n<<< 250 2.0.0 1a2b3c4d Message" \
    " accepted for delivery\\n>>> QUIT\\n'; kill -9 $$;;\n" \
    "*) echo $PPID >>\"$0.parents\"; cat >>\"$0.mail\";;\n" \
    "esac\n"

static char	 dir[] = "/tmp/unit-mailer.XXXXXXXXXX";
static char	 sendmail_path[64];
static struct loop *loop;
static struct world *world;
static int	 left, nok;
static char	 status[64], text[1024], number[64];
static int	 code, kept;
static json_int_t delivery;

static void
answered(json_t *answer, void *arg __unused)
{
	strlcpy(status, ipc_string(answer, "status", "?"), sizeof(status));
	strlcpy(text, ipc_string(answer, "text", ""), sizeof(text));
	strlcpy(number, ipc_string(answer, "message", "?"), sizeof(number));
	kept = ipc_bool(answer, "kept", -1);
	code = (int)ipc_int(answer, "exit", -1);
	nok += strcmp(status, "ok") == 0;
	if (--left == 0)
		loop_stop(loop);
}

static void
late(void *arg __unused)
{
	ok(0, "in time");
	loop_stop(loop);
}

static int
message(const char *body)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/XXXXXXXXXX", dir);
	if ((fd = mkstemp(path)) == -1 || unlink(path) == -1 ||
	    write(fd, body, strlen(body)) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1)
		fatal("%s", path);
	return fd;
}

static void
ask(const char *from, const char *rcpt, int fd)
{
	left++;
	world_ask(world, WORLD_MAILER, json_pack("{sssIsss[s]}", "op", "mail",
	    "delivery", ++delivery, "from", from, "to", rcpt), fd, answered, NULL);
}

static void
run(void)
{
	struct loop_timer *timer = loop_timer_add(loop, 30000, late, NULL);

	loop_run(loop);
	loop_timer_remove(loop, timer);
}

static const char *
contents(const char *suffix)
{
	static char buf[8192];
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s%s", sendmail_path, suffix);
	if ((fd = open(path, O_RDONLY)) == -1)
		return "";
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	(void)unlink(path);
	return buf;
}

static void
check_results(void)
{
	char why[128];

	ask("r@minties.govt.nz", "a@a.example", message("Subject: x\n\nhi\n"));
	run();
	is_str(status, "ok", "taken");
	is_str(contents(".args"), "-v -f r@minties.govt.nz -- a@a.example\n",
	    "its arguments");
	is_str(contents(".mail"), "Subject: x\n\nhi\n", "its input");
	/* All of these may stand in a local part. */
	ask("r@minties.govt.nz", "`id`$HOME|x&{a,b}*?'#~!@a.example",
	    message("x"));
	run();
	is_str(contents(".args"), "-v -f r@minties.govt.nz -- "
	    "`id`$HOME|x&{a,b}*?'#~!@a.example\n", "no shell sees an address");
	(void)contents(".mail");
	ask("r@minties.govt.nz", "fail@a.example", message("x"));
	run();
	is_str(status, "error", "refused");
	is_int(code, 67, "with its status");
	is_str(text, "no   such user ??x", "and its words, cleaned");
	ask("r@minties.govt.nz", "loud@a.example", message("x"));
	run();
	is_int(code, 70, "one that says much");
	is_int(strlen(text), 511, "is cut off");
	ask("r@minties.govt.nz", "killed@a.example", message("x"));
	run();
	is_int(code, 75, "one that is killed: try again");
	is_str(text, "sendmail was killed", "and it is said");
	/* What OpenSMTPD's does while smtpd does not run. */
	ask("r@minties.govt.nz", "kept@a.example", message("x"));
	run();
	is_str(status, "ok", "75 without a word: kept for later");
	is_int(kept, 1, "which is said");
	ask("r@minties.govt.nz", "busy@a.example", message("x"));
	run();
	is_int(code, 75, "75 with a word: not taken");
	is_str(text, "disk full", "with its word");
	ask("r@minties.govt.nz", "smtpd@a.example", message("x"));
	run();
	is_str(status, "ok", "what smtpd took is taken, however it ends");
	is_str(number, "1a2b3c4d", "with smtpd's number of it");
	if (chmod(sendmail_path, 0644) == -1)
		fatal("chmod");
	snprintf(why, sizeof(why), "%s: can't be run", sendmail_path);
	ask("r@minties.govt.nz", "a@a.example", message("x"));
	run();
	is_int(code, 69, "a sendmail that can't be run");
	is_str(text, why, "is said by its name");
	if (chmod(sendmail_path, 0755) == -1)
		fatal("chmod");
	(void)contents(".args");
}

static void
check_nonsense(void)
{
	ask("r@minties.govt.nz", "-oQ/tmp@a.example", message("x"));
	run();
	is_str(status, "error", "an option is no address");
	ask("r@minties.govt.nz", "a@a.example\nX: y", message("x"));
	run();
	is_str(status, "error", "nor are two lines");
	ask("-v", "a@a.example", message("x"));
	run();
	is_str(status, "error", "for the sender too");
	ask("r@minties.govt.nz", "a@a.example", -1);
	run();
	is_str(status, "error", "nothing without a message");
	is_str(contents(".args"), "", "none of these ran");
}

static int
number_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* How many processes ran sendmail. */
static int
parents(void)
{
	char *rest, *line, *lines[128];
	size_t i, n = 0;
	int distinct = 0;

	if ((rest = strdup(contents(".parents"))) == NULL)
		fatal("strdup");
	while ((line = strsep(&rest, "\n")) != NULL && n < nitems(lines))
		if (*line != '\0')
			lines[n++] = line;
	qsort(lines, n, sizeof(*lines), number_cmp);
	for (i = 0; i < n; i++)
		distinct += i == 0 || strcmp(lines[i], lines[i - 1]) != 0;
	return distinct;
}

static void
check_many(void)
{
	int i;

	(void)contents(".parents");
	nok = 0;
	for (i = 0; i < 50; i++)
		ask("r@minties.govt.nz", "a@a.example", message("x\n"));
	run();
	is_int(nok, 50, "fifty at once");
	is_int(strlen(contents(".mail")), 100, "each once");
	ok(parents() <= 8, "by eight processes");
}

/* They stay while there is mail now and then, for more than a second. */
static void
check_kept(void)
{
	int64_t began, ended = loop_now(), gap = 0;
	int i;

	(void)contents(".parents");
	for (i = 0; i < 30; i++) {
		began = loop_now();
		if (i > 0 && began - ended > gap)
			gap = began - ended;
		ask("r@minties.govt.nz", "a@a.example", message("x"));
		run();
		ended = loop_now();
		(void)poll(NULL, 0, 60);
	}
	/* On a host that stood still they may end. */
	ok(parents() == 1 || gap >= 900, "one process for all");
	(void)contents(".mail");
	(void)contents(".args");
}

static void
look(void *arg)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/" MAIL_SPARE_PREFIX "1", dir);
	if (access(path, F_OK) == -1)
		loop_stop(loop);
	else
		loop_timer_add(loop, 20, look, arg);
}

/* The file of one mail becomes another's, without what stood in it. */
static void
check_spare(const struct conf *conf)
{
	struct stat before, after;
	char *path;

	path = mail_result_path(conf, 1);
	is_int(stat(path, &before), 0, "a file of what it said");
	mail_result_forget(conf, 1);
	is_int(access(path, F_OK), -1, "which is forgotten");
	free(path);
	/* ask() gives the next number, which finds the first one's. */
	while (delivery % MAIL_SPARES != 0)
		delivery++;
	ask("r@minties.govt.nz", "fail@a.example", message("x"));
	run();
	is_int(code, 67, "the next");
	path = mail_result_path(conf, delivery);
	is_int(stat(path, &after), 0, "has its own name");
	ok(before.st_ino == after.st_ino, "of the same file");
	mail_result_forget(conf, delivery);
	free(path);
	loop_timer_add(loop, 0, look, NULL);
	run();
	ok(1, "gone when there is nothing to do");
}

static int	 pinged;

static void
ponged(json_t *answer __unused, void *arg __unused)
{
	pinged = 1;
	loop_stop(loop);
}

/* The children of a process; Linux says which. */
static int
each_child(pid_t pid, int sig)
{
	char path[64], list[512], *word, *rest = list;
	ssize_t n;
	int fd, found = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
	    (int)pid, (int)pid);
	if ((fd = open(path, O_RDONLY)) == -1)
		return 0;
	n = read(fd, list, sizeof(list) - 1);
	close(fd);
	list[n < 0 ? 0 : n] = '\0';
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0') {
			(void)kill((pid_t)strtonum(word, 1, INT_MAX, NULL),
			    sig);
			found++;
		}
	return found;
}

/* A process of its that is stopped while it has nothing to do. */
static void
check_stopped(pid_t mailer)
{
	int i, pings = 0;

	ask("r@minties.govt.nz", "a@a.example", message("x"));
	run();
	if (each_child(mailer, SIGSTOP) == 0)
		return;
	/* It is ended within a second; and the mailer answers meanwhile. */
	for (i = 0; i < 600 && (pings == 0 || each_child(mailer, 0) > 0); i++) {
		pinged = 0;
		world_ask(world, WORLD_MAILER, json_pack("{ss}", "op", "ping"),
		    -1, ponged, NULL);
		run();
		pings += pinged;
		(void)poll(NULL, 0, 50);
	}
	is_int(each_child(mailer, 0), 0, "one that was stopped is ended");
	is_int(pings, i, "and not waited for");
}

static int
spare(const struct conf *conf, const char *words)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/" MAIL_SPARE_PREFIX "7", conf->spool);
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1 ||
	    write(fd, words, strlen(words)) == -1)
		fatal("%s", path);
	return fd;
}

/* A mail that goes while nobody can write so would go again. */
static void
check_room(const struct conf *conf)
{
	struct rlimit before, none;
	const char *why = "";
	int fd;

	if (getrlimit(RLIMIT_FSIZE, &before) == -1)
		fatal("getrlimit");
	none = before;
	none.rlim_cur = 0;
	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &none) == -1)
		fatal("setrlimit");
	is_int(mail_result_new(conf, 11, &why), -1, "the disk is full");
	if (setrlimit(RLIMIT_FSIZE, &before) == -1)
		fatal("setrlimit");
	is_str(why, "no room in the spool", "which is said");
	fd = mail_result_new(conf, 11, &why);
	ok(fd != -1, "there is room again");
	close(fd);
}

/* Somebody else's, in the place of one: it makes room. */
static void
check_strange(const struct conf *conf)
{
	char *path = mail_result_path(conf, 109);
	const char *why;
	char inner[256], aside[256];
	struct stat sb;
	int i, fd, rc;

	for (i = 0; i < 3; i++) {
		rc = i == 0 ? symlink(dir, path) : i == 1 ?
		    mkfifo(path, 0600) : mkdir(path, 0700);
		if (rc == -1)
			fatal("%s", path);
		fd = mail_result_new(conf, 109, &why);
		ok(fd != -1 && lstat(path, &sb) == 0 && S_ISREG(sb.st_mode),
		    "a file in the place of what is none");
		close(fd);
		(void)mail_result_remove(path);
	}
	/* Nobody but its owner can empty it: it has another name then. */
	(void)snprintf(inner, sizeof(inner), "%s/x", path);
	(void)snprintf(aside, sizeof(aside), "%s" MAIL_ASIDE "0/x", path);
	if (mkdir(path, 0700) == -1 || mkdir(inner, 0700) == -1)
		fatal("%s", path);
	fd = mail_result_new(conf, 109, &why);
	ok(fd != -1 && lstat(path, &sb) == 0 && S_ISREG(sb.st_mode),
	    "also of a folder that is not empty");
	is_int(access(aside, F_OK), 0, "which is kept");
	close(fd);
	(void)mail_result_remove(path);
	free(path);
}

static void
check_files(const struct conf *conf)
{
	const char *why = "";
	struct mail_result r;
	int fd, held, other;

	close(spare(conf, "exit 0\n"));
	fd = mail_result_new(conf, 1000 * MAIL_SPARES + 7, &why);
	mail_result_read(fd, &r);
	is_int(r.unknown, 1, "of a mail that was not begun nothing is known");
	is_int(mail_result_new(conf, 1000 * MAIL_SPARES + 7, &why), -1,
	    "not while it is sent");
	is_str(why, "an earlier sendmail is still at it", "which is said");
	close(fd);
	/* What sendmail left running has it open, and so its lock. */
	held = spare(conf, "");
	if (flock(held, LOCK_EX) == -1)
		fatal("flock");
	other = mail_result_new(conf, 1001 * MAIL_SPARES + 7, &why);
	ok(other != -1, "one that is written to is not taken");
	if (write(held, "exit 0\n", 7) != 7)
		fatal("write");
	mail_result_read(other, &r);
	is_int(r.unknown, 1, "and changes nothing");
	close(held);
	close(other);
	check_strange(conf);
	check_room(conf);
}

int
main(void)
{
	struct conf conf = { 0 };
	int fds[WORLD_PARTS] = { -1, -1, -1, -1 }, pair[2], rc = -1, fd;
	char cmd[128];
	pid_t pid;

	log_init("unit-mailer", 1, 0);
	if (mkdtemp(dir) == NULL || chmod(dir, 0777) == -1)
		fatal("%s", dir);
	snprintf(sendmail_path, sizeof(sendmail_path), "%s/sendmail", dir);
	if ((fd = open(sendmail_path, O_WRONLY | O_CREAT, 0755)) == -1 ||
	    write(fd, SENDMAIL, strlen(SENDMAIL)) == -1 || close(fd) == -1)
		fatal("%s", sendmail_path);
	conf.report_sendmail = sendmail_path;
	conf.spool = dir;
	if (ipc_pair(pair) == -1 || (pid = fork()) == -1)
		fatal("fork");
	if (pid == 0) {
		close(pair[0]);
		/* As this user: becoming _sged is not what is tested. */
		if (geteuid() == 0 && (setgid(65534) == -1 ||
		    setuid(65534) == -1))
			fatal("setuid");
		mailer_main(&conf, pair[1]);
	}
	close(pair[1]);
	fds[WORLD_MAILER] = pair[0];
	loop = loop_new();
	world = world_new(loop, fds, NULL, NULL);
	check_results();
	check_nonsense();
	check_many();
	check_kept();
	check_spare(&conf);
	check_stopped(pid);
	world_free(world);
	is_int(waitpid(pid, &rc, 0), pid, "it ends with its descriptor");
	is_int(rc, 0, "cleanly");
	loop_free(loop);
	check_files(&conf);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) != 0 || done_testing();
}
