/* SPDX-License-Identifier: ISC */

/* The folder of mails that could not be read: what it keeps, and says. */

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bounds.h"
#include "conf/conf.h"
#include "said.h"
#include "store/unread_box.h"
#include "tap.h"

static char dir[] = "/tmp/unit-unread.XXXXXXXXXX";
static char database[64];
static struct conf conf;

/* A file in the folder, so many seconds old. */
static void
put(const char *box, const char *name, int64_t bytes, int64_t seconds)
{
	struct timespec ts[2] = { { time(NULL) - seconds, 0 },
	    { time(NULL) - seconds, 0 } };
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, box);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/%s/%s", dir, box, name);
	if ((fd = open(path, O_WRONLY | O_CREAT, 0600)) == -1 ||
	    ftruncate(fd, bytes) == -1 || futimens(fd, ts) == -1)
		fatal("%s", path);
	close(fd);
}

static int
is_there(const char *box, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s/%s", dir, box, name);
	return access(path, F_OK) == 0;
}

static int
keep(const char *box)
{
	char path[1200];

	return unread_keep(&conf, box, "mail", 4, NULL, path, sizeof(path));
}

/* What a deliver that was killed has begun. */
static void
check_begun(void)
{
	put(UNREAD_BOX, ".1700000000.aaaaaaaaaa", 1000, 90000);
	put(UNREAD_BOX, ".1700000000.bbbbbbbbbb", 2000, 90000);
	put(UNREAD_BOX, ".1700000000.cccccccccc", 4000, 3600);
	said_begin();
	is_int(keep(UNREAD_BOX), 0, "a mail is kept");
	is_int(said_end("tlsrpt unread removed begun=2 bytes=3000 folder="), 1,
	    "what was begun a day ago is removed, and said");
	ok(is_there(UNREAD_BOX, ".1700000000.cccccccccc"),
	    "what may go on is not");
	said_begin();
	is_int(keep(UNREAD_BOX), 0, "another is kept");
	is_int(said_end("unread removed"), 0, "and there is nothing to say");
}

/* No more files than that, nor bytes: the oldest go. */
static void
check_bounds(void)
{
	struct unread box;
	char name[32];
	int i;

	for (i = 0; i < UNREAD_TEST_MAX + 1; i++) {
		(void)snprintf(name, sizeof(name), "test%02d", i);
		put(UNREAD_TEST, name, 10, 1000 - i);
	}
	said_begin();
	is_int(keep(UNREAD_TEST), 0, "one test too many, and another");
	is_int(said_end("there are more than are kept"), 2,
	    "two have gone, each with a line");
	ok(!is_there(UNREAD_TEST, "test00") &&
	    !is_there(UNREAD_TEST, "test01") &&
	    is_there(UNREAD_TEST, "test02"), "the oldest");
	put(UNREAD_BOX, "old", UNREAD_SIZE_MAX - 10, 5000);
	put(UNREAD_BOX, "young", 8, 4000);
	is_int(keep(UNREAD_BOX), 0, "more bytes than may be");
	ok(!is_there(UNREAD_BOX, "old") && is_there(UNREAD_BOX, "young"),
	    "the oldest has gone, no other");
	is_int(unread_look(&conf, time(NULL) - 600, &box), 0, "what is there");
	is_int(box.count, 4, "is counted");
	is_int(box.fresh, 3, "and what is new");
	for (i = 0; i < UNREAD_MAX; i++) {
		(void)snprintf(name, sizeof(name), "mail%04d", i);
		put(UNREAD_BOX, name, 1, 9000);
	}
	said_begin();
	is_int(keep(UNREAD_BOX), 0, "more mails than may be");
	is_int(said_end("there are more than are kept"), 5, "so many go");
	is_int(unread_look(&conf, 0, &box), 0, "others");
	is_int(box.count, UNREAD_MAX, "stay");
}

int
main(void)
{
	char cmd[64];

	log_init("unit-unread", 1, 0);
	if (mkdtemp(dir) == NULL)
		fatal("%s", dir);
	(void)snprintf(database, sizeof(database), "%s/sged.db", dir);
	conf.database = database;
	check_begun();
	check_bounds();
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) != 0 || done_testing();
}
