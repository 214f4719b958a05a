/* SPDX-License-Identifier: ISC */

/*
 * sged: reads the configuration, sees to it that all is there that it needs,
 * and becomes the parent of its processes.
 */

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/version.h"
#include "control.h"
#include "copy/copy.h"
#include "count/ingest.h"
#include "deliver/deliver.h"
#include "learn/learn.h"
#include "lib/xalloc.h"
#include "parent.h"
#include "setup.h"
#include "store/store.h"

/*
 * Who takes in stands before who asks of it; the socket is there for as long
 * as deliver_stop waits for mail, about which filter-sge asks.
 */
static const struct engine_part parts[] = {
	{ ingest_start, ingest_stop },
	{ learn_start, learn_stop },
	{ notice_start, notice_stop },
	{ control_start, control_stop },
	{ deliver_start, deliver_stop },
	{ copy_start, copy_stop }
};

__dead static void
usage(void)
{
	fprintf(stderr, "usage: sged [-dnVv] [-f file]\n");
	exit(1);
}

/* -n: the configuration, then the database where there is one. */
static int
check(const char *file, int noaction)
{
	struct conf *conf;
	struct store *st = NULL;
	char text[256];
	int rc;

	if ((rc = conf_main_check(file, noaction)) != 0 || noaction > 1 ||
	    (conf = conf_read(file, stderr)) == NULL)
		return rc;
	if (access(conf->database, R_OK) == 0) {
		if ((st = store_open(conf->database, STORE_READ)) == NULL)
			rc = 1;
		else if (store_whole(st, text, sizeof(text)) == 0) {
			log_warnx("%s is damaged: %s: sgectl check config "
			    "says how to go on", conf->database, text);
			rc = 1;
		}
		store_close(st);
	}
	conf_free(conf);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct parent p = { .file = CONF_PATH, .parts = parts,
	    .nparts = nitems(parts), .lock = -1, .spool_lock = -1,
	    .listener = -1, .notices = -1 };
	sigset_t hangup;
	int ch, debug = 0, verbose = 0, noaction = 0;

	while ((ch = getopt(argc, argv, "df:nVv")) != -1) {
		switch (ch) {
		case 'd':
			debug = 1;
			break;
		case 'f':
			p.file = optarg;
			break;
		case 'n':
			noaction++;
			break;
		case 'V':
			puts("sged " SGE_VERSION);
			return 0;
		case 'v':
			verbose = 1;
			break;
		default:
			usage();
		}
	}
	if (argc != optind)
		usage();
	log_init("sged", 1, verbose);
	xalloc_json();
	if (noaction)
		return check(p.file, noaction);
	if ((p.conf = conf_read(p.file, stderr)) == NULL)
		return 1;
	if (!debug && geteuid() != 0)
		errx(1, "need root privileges, or -d");
	if (setup_users() == -1)
		return 1;
	/* daemon(3) goes to /: what is read again must be found from there. */
	if (!debug && (p.file = realpath(p.file, NULL)) == NULL)
		err(1, "realpath");
	/* One that comes while we wait for the lock is for what we read. */
	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &hangup, NULL);
	if (setup_dirs(p.conf) == -1 ||
	    (p.lock = setup_lock(p.conf->database,
	    PARENT_LOCK_SECONDS)) == -1 ||
	    (p.spool_lock = setup_lock_spool(p.conf,
	    PARENT_LOCK_SECONDS)) == -1 ||
	    (p.listener = setup_listen(p.conf)) == -1 ||
	    (p.notices = setup_notices(p.conf)) == -1)
		return 1;
	if (!debug && daemon(0, 0) == -1)
		err(1, "daemon");
	log_init("parent", debug, verbose);
	return parent_run(&p, &hangup);
}
