/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/smtpd_queue.h"
#include "tap.h"

/* Whoever smtpd's queue belongs to is not root. */
#define OWNER 65534

#define ID "42fa61fd2107772e"
#define COPY "2107772e42fa61fd"

static char spool[] = "/tmp/unit-queue.XXXXXX";

static const char envelope[] =
    "version: 3\ndispatcher: verify\ntype: mta\n"
    "sender: \"dispatcher: x\"@minties.govt.nz\n"
    "rcpt: info@minties.govt.nz\ndest: u@late.co.nz\nctime: 1795664368\n"
    "last-try: 1795664400\nlast-bounce: 0\nttl: 0\nretry: 7\n"
    "errorline: it is so\nflags: authenticated\ndsn-notify: 3\n"
    "dsn-ret: HDRS\ndsn-envid: env1\n"
    "dsn-orcpt: rfc822;dispatcher: a@club.co.nz\n";
static const char wanted[] =
    "version: 3\ndispatcher: outbound\ntype: mta\n"
    "sender: \"dispatcher: x\"@minties.govt.nz\n"
    "rcpt: info@minties.govt.nz\ndest: u@late.co.nz\nctime: 1795664368\n"
    "last-try: 0\nlast-bounce: 0\nttl: 0\nretry: 0\n"
    "flags: authenticated\ndsn-notify: 3\n"
    "dsn-ret: HDRS\ndsn-envid: env1\n"
    "dsn-orcpt: rfc822;dispatcher: a@club.co.nz\n";

static const char *
at(const char *name)
{
	static char path[8][256];
	static int n;
	char *p = path[n++ % 8];

	(void)snprintf(p, sizeof(path[0]), "%s/%s", spool, name);
	return p;
}

static void
own(const char *path)
{
	if (geteuid() == 0 && chown(path, OWNER, OWNER) == -1)
		err(1, "chown");
}

static void
folder(const char *name)
{
	if (mkdir(at(name), 0700) == -1)
		err(1, "mkdir");
	own(at(name));
}

static void
file(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	if (f == NULL || fputs(text, f) == EOF || fclose(f) == EOF)
		err(1, "file");
	own(at(name));
}

static const char *
text_of(const char *name)
{
	static char buf[4096];
	FILE *f = fopen(at(name), "r");
	size_t n;

	if (f == NULL)
		return "none";
	n = fread(buf, 1, sizeof(buf) - 1, f);
	buf[n] = '\0';
	fclose(f);
	return buf;
}

static int
is_there(const char *name)
{
	return access(at(name), F_OK) == 0;
}

static void
test_ids(void)
{
	char copy[EVPID_SIZE], again[EVPID_SIZE];

	is_int(smtpdq_copy_id(ID, copy), 0, "a copy's id");
	is_str(copy, COPY, "the halves exchanged");
	is_int(smtpdq_copy_id(copy, again), 0, "and again");
	is_str(again, ID, "gives the first");
	is_int(smtpdq_copy_id("42fa61fd00000000", copy), -1,
	    "no message has the id 0");
	is_int(smtpdq_copy_id("42fa61fd", copy), -1, "nor is it half of one");
}

static void
test_copy(void)
{
	struct stat one, two;

	folder("queue/42");
	folder("queue/42/42fa61fd");
	file("queue/42/42fa61fd/message", "Subject: x\n\nhello\n");
	file("queue/42/42fa61fd/" ID, envelope);
	/* A killed one's. */
	folder("temporary/2107772e.sgectl");
	file("temporary/2107772e.sgectl/" COPY, "half");
	is_int(smtpdq_copy(spool, ID, "outbound"), 0, "copied");
	is_str(text_of("queue/21/2107772e/" COPY), wanted,
	    "all of it but action and tries");
	is_str(text_of("queue/42/42fa61fd/" ID), envelope, "the first stays");
	if (stat(at("queue/42/42fa61fd/message"), &one) == -1 ||
	    stat(at("queue/21/2107772e/message"), &two) == -1)
		err(1, "no message");
	ok(one.st_ino == two.st_ino, "the mail is the same");
	if (stat(at("queue/21/2107772e/" COPY), &two) == -1)
		err(1, "no envelope");
	ok(one.st_uid == two.st_uid && (two.st_mode & 07777) == 0600,
	    "of the same owner, and nobody else's");
	ok(!is_there("temporary/2107772e.sgectl"), "nothing is left beside");
	is_int(smtpdq_copy(spool, ID, "encrypt"), 0, "once more");
	is_str(text_of("queue/21/2107772e/" COPY), wanted, "changes nothing");
}

static void
test_refused(void)
{
	if (freopen("/dev/null", "w", stderr) == NULL)
		err(1, "stderr");
	is_int(smtpdq_copy(spool, "1111111122222222", "outbound"), -1,
	    "no such envelope");
	file("queue/42/42fa61fd/42fa61fdaaaaaaaa", "\x1f\x8b compressed");
	is_int(smtpdq_copy(spool, "42fa61fdaaaaaaaa", "outbound"), -1,
	    "a compressed queue");
	ok(!is_there("queue/aa/aaaaaaaa"), "leaves nothing");
	file("queue/42/42fa61fd/42fa61fdbbbbbbbb", envelope);
	folder("queue/bb");
	folder("queue/bb/bbbbbbbb");
	file("queue/bb/bbbbbbbb/message", "another's\n");
	is_int(smtpdq_copy(spool, "42fa61fdbbbbbbbb", "outbound"), -1,
	    "where another mail has the copy's id");
	is_str(text_of("queue/bb/bbbbbbbb/message"), "another's\n",
	    "that one stays");
}

int
main(void)
{
	char command[64];

	if (mkdtemp(spool) == NULL)
		err(1, "mkdtemp");
	own(spool);
	folder("queue");
	folder("temporary");
	test_ids();
	test_copy();
	test_refused();
	(void)snprintf(command, sizeof(command), "rm -rf %s", spool);
	if (system(command) != 0)
		warnx("%s: not removed", spool);
	return done_testing();
}
