/* SPDX-License-Identifier: ISC */

/*
 * SPOOL/routes and its base as sged makes them, in a folder: a base of that
 * many routes; then, for so many seconds, lines are added, and each second a
 * new base takes the place of the old one.
 *
 *	routes-swap routes seconds folder
 */

#include <cdb.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long	 n;

static int
value(char out[], size_t outsz, long i)
{
	return snprintf(out, outsz, "enforce|4000000000|smtp+tls://mx1.agency-"
	    "%ld.govt.nz,smtp+tls://mx2.agency-%ld.govt.nz", i, i);
}

static void
make_base(void)
{
	struct cdb_make make;
	char domain[64], text[256];
	int fd, len;
	long i;

	if ((fd = open("routes.cdb.new", O_RDWR | O_CREAT | O_TRUNC, 0644)) ==
	    -1 || cdb_make_start(&make, fd) == -1)
		err(1, "routes.cdb.new");
	for (i = 0; i < n; i++) {
		len = value(text, sizeof(text), i);
		snprintf(domain, sizeof(domain), "agency-%ld.govt.nz", i);
		if (cdb_make_add(&make, domain, strlen(domain), text, len) ==
		    -1)
			err(1, "routes.cdb.new");
	}
	if (cdb_make_finish(&make) == -1 || close(fd) == -1)
		err(1, "routes.cdb.new");
}

static void
swap(void)
{
	static int held = -1;
	int fd;

	/* As sged: whoever closes a file last waits for its end. */
	if (held != -1)
		close(held);
	held = open("routes.cdb", O_RDONLY);
	if (rename("routes.cdb.new", "routes.cdb") == -1 ||
	    (fd = open("routes.new", O_WRONLY | O_CREAT | O_TRUNC, 0644)) ==
	    -1 || close(fd) == -1 || rename("routes.new", "routes") == -1)
		err(1, "rename");
}

/* As many as a busy host learns at once. */
static void
add(void)
{
	char text[256];
	FILE *f;
	int i;

	if ((f = fopen("routes", "a")) == NULL)
		err(1, "routes");
	for (i = 0; i < 500; i++) {
		value(text, sizeof(text), i);
		fprintf(f, "agency-%d.govt.nz|%s\n", i, text);
	}
	if (fclose(f) == EOF)
		err(1, "routes");
}

int
main(int argc, char *argv[])
{
	time_t end;
	int i;

	if (argc != 4 || (n = atol(argv[1])) < 1000 || chdir(argv[3]) == -1)
		errx(1, "usage: routes-swap routes seconds folder");
	make_base();
	swap();
	puts("ready");
	fflush(stdout);
	end = time(NULL) + atol(argv[2]);
	while (time(NULL) < end) {
		make_base();
		for (i = 0; i < 10; i++) {
			add();
			usleep(50 * 1000);
		}
		swap();
	}
	return 0;
}
