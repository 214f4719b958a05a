/* SPDX-License-Identifier: ISC */

/*
 * The mailer process, with a sendmail of ours that does as its recipient says.
 */

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "tap.h"
#include "helper/helper.h"

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
    "*) cat >>\"$0.mail\";;\n" \
    "esac\n"

static char	 dir[] = "/tmp/unit-mailer.XXXXXXXXXX";
static char	 sendmail_path[64];
static struct loop *loop;
static struct world *world;
static int	 left, nok;
static char	 status[64], text[1024], number[64];
static int	 code, kept;

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
	static json_int_t delivery;

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

int
main(void)
{
	struct conf conf = { 0 };
	int fds[WORLD_PARTS] = { -1, -1, -1, -1 }, pair[2], i, rc = -1, fd;
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
	nok = 0;
	for (i = 0; i < 50; i++)
		ask("r@minties.govt.nz", "a@a.example", message("x\n"));
	run();
	is_int(nok, 50, "fifty at once");
	is_int(strlen(contents(".mail")), 100, "each once");
	world_free(world);
	is_int(waitpid(pid, &rc, 0), pid, "it ends with its descriptor");
	is_int(rc, 0, "cleanly");
	loop_free(loop);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) != 0 || done_testing();
}
