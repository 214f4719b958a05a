/* SPDX-License-Identifier: ISC */

/*
 * What lies below SPOOL/routes, made once in a while; and files of both that
 * are not believed, since others may have written them.
 */

#include <cdb.h>

#include "routes_bench.h"
#include "said.h"

/* The base: domain and value, domain and value, ..., NULL; swapped. */
static void
make_base(const char *const *pairs)
{
	struct cdb_make make;
	int fd = open(next, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || cdb_make_start(&make, fd) == -1)
		fatal("%s", next);
	for (; *pairs != NULL; pairs += 2)
		if (cdb_make_add(&make, pairs[0], strlen(pairs[0]), pairs[1],
		    strlen(pairs[1])) == -1)
			fatal("%s", next);
	if (cdb_make_finish(&make) == -1 || close(fd) == -1 ||
	    rename(next, base) == -1)
		fatal("%s", base);
}

/* Another file, with these lines. */
static void
renew(const char *lines, mode_t mode)
{
	put(next, O_TRUNC, lines, strlen(lines));
	if (chmod(next, mode) == -1 || rename(next, path) == -1)
		fatal("%s", path);
}

/* As sged does it: first the base, then a file of what it has not. */
static void
swap(const char *const *pairs, const char *lines)
{
	make_base(pairs);
	renew(lines, 0600);
}

/* The descriptor that the next file gets. */
static int
lowest_fd(void)
{
	int fd = dup(STDIN_FILENO);

	if (fd == -1)
		fatal("dup");
	close(fd);
	return fd;
}

static void
based(void)
{
	static const char *const first[] = {
		"a.nz", "enforce|500|smtp+tls://mx.a.nz",
		"b.nz", "none|500|", "odd.nz", "enforce|x|",
		"bad.nz", "enforce|500|smtp+tls://a b", NULL
	};
	static const char *const second[] = {
		"a.nz", "enforce|900|smtp+tls://m2.a.nz", NULL
	};
	struct routes *r;
	struct stat sb;
	int before = lowest_fd();

	unlink(path);
	r = routes_open(path);
	swap(first, "b.nz|enforce|500|smtp+tls://mx.b.nz\n");
	want(r, "a.nz", 1, ROUTE_ENFORCE, "smtp+tls://mx.a.nz", "the base");
	want(r, "a.nz", 500, ROUTE_UNKNOWN, "smtp+tls://mx.a.nz",
	    "its time is over");
	want(r, "b.nz", 1, ROUTE_ENFORCE, "smtp+tls://mx.b.nz",
	    "the file goes before it");
	want(r, "c.nz", 1, ROUTE_UNKNOWN, "", "what it has not");
	want(r, "odd.nz", 1, ROUTE_UNKNOWN, "", "a value that is none");
	want(r, "bad.nz", 1, ROUTE_UNKNOWN, "", "URLs that smtpd can't read");
	is_int(total(r), 2, "each of them once");
	make_base(second);
	want(r, "a.nz", 1, ROUTE_ENFORCE, "smtp+tls://mx.a.nz",
	    "a new base is used when the file is new, too");
	swap(second, "");
	want(r, "a.nz", 1, ROUTE_ENFORCE, "smtp+tls://m2.a.nz", "swapped");
	want(r, "b.nz", 1, ROUTE_UNKNOWN, "", "nothing of before");
	add("b.nz|none|500|smtp+tls://mx.b.nz\n");
	want(r, "b.nz", 1, ROUTE_NONE, "smtp+tls://mx.b.nz", "a new line");
	/* It is away for a while. */
	unlink(base);
	renew("", 0600);
	want(r, "a.nz", 1, ROUTE_ENFORCE, "smtp+tls://m2.a.nz",
	    "what was read of it stays");
	swap(second, "b.nz|none|500|smtp+tls://mx.b.nz\n");
	/* Asked for all of them, it looks for what is new as well. */
	swap(second, "b.nz|none|500|smtp+tls://mx.b.nz\n"
	    "c.nz|none|500|smtp+tls://mx.c.nz\n");
	is_int(total(r), 3, "a new file's are told without a look before");
	/* Somebody cuts it off: no signal, and no answer of it. */
	if (stat(base, &sb) == -1 || truncate(base, sb.st_size / 2) == -1)
		fatal("%s", base);
	want(r, "a.nz", 1, ROUTE_UNKNOWN, "", "cut off");
	want(r, "b.nz", 1, ROUTE_NONE, "smtp+tls://mx.b.nz",
	    "the file is there still");
	routes_free(r);
	is_int(lowest_fd(), before, "and the base is closed in the end");
	unlink(base);
}

/* What is wrong with the base is said each time that it goes wrong, once. */
static void
said(void)
{
	static const char *const pairs[] = {
		"a.nz", "enforce|500|smtp+tls://mx.a.nz", NULL
	};
	static const mode_t modes[] = { 0666, 0666, 0644, 0666 };
	struct routes *r;
	size_t i;

	said_begin();
	unlink(path);
	r = routes_open(path);
	for (i = 0; i < nitems(modes); i++) {
		make_base(pairs);
		if (chmod(base, modes[i]) == -1)
			fatal("%s", base);
		renew("", 0600);
		want(r, "a.nz", 1, i < 2 ? ROUTE_UNKNOWN : ROUTE_ENFORCE,
		    i < 2 ? "" : "smtp+tls://mx.a.nz", i < 2 ?
		    "a base that others can write" : "what was good stays");
	}
	routes_free(r);
	unlink(base);
	is_int(said_end("others can write to it"), 2, "it goes wrong twice");
}

/* What is wrong with the file itself is said so, too. */
static void
said_of_the_file(void)
{
	static const mode_t modes[] = { 0666, 0666, 0644, 0666 };
	struct routes *r;
	size_t i;

	said_begin();
	unlink(path);
	r = routes_open(path);
	for (i = 0; i < nitems(modes); i++) {
		renew("a.nz|none|99|\n", modes[i]);
		want(r, "a.nz", 1, i < 2 ? ROUTE_UNKNOWN : ROUTE_NONE, "",
		    i < 2 ? "a file that others can write" :
		    "what was good stays");
	}
	is_int(said_end("others can write to it"), 2,
	    "it goes wrong twice, and is said twice");
	routes_free(r);
	unlink(path);
}

/* Who can write there says where mail goes. */
static void
writable(void)
{
	static const mode_t modes[] = { 0664, 0646, 0644 };
	char file[] = "/tmp/unit-routes.XXXXXXXXXX";
	struct routes *r;
	struct route route;
	size_t i;
	int fd = mkstemp(file);

	if (fd == -1 || write(fd, "a.nz|none|99|\n", 14) != 14)
		fatal("%s", file);
	said_begin();
	for (i = 0; i < nitems(modes); i++) {
		(void)fchmod(fd, modes[i]);
		r = routes_open(file);
		routes_find(r, "a.nz", 1, &route);
		is_int(route.kind, modes[i] == 0644 ? ROUTE_NONE :
		    ROUTE_UNKNOWN, "mode %04o", (unsigned int)modes[i]);
		routes_free(r);
	}
	is_int(said_end("others can write to it"), 2, "said each time");
	close(fd);
	(void)unlink(file);
}

/* A file with one policy; a stranger's, as only root can make it. */
static void
put_policy(const char *file, int strange)
{
	unlink(file);
	put(file, O_TRUNC, "a.nz|none|99|\n", 14);
	if (strange && chown(file, 12345, 12345) == -1)
		fatal("%s", file);
}

/* What is at path is not believed; all of it is said, once. */
static void
want_refused(const char *why)
{
	struct routes *r;
	struct route route;
	char text[128];

	said_begin();
	r = routes_open(path);
	routes_find(r, "a.nz", 1, &route);
	routes_find(r, "a.nz", 1, &route);
	is_int(route.kind, ROUTE_UNKNOWN, "%s: not believed", why);
	routes_free(r);
	(void)snprintf(text, sizeof(text), "%s: %s: policies are not known",
	    path, why);
	is_int(said_end(text), 1, "%s: said once", why);
	unlink(path);
}

/* Whoever owns it says where mail goes, too. */
static void
strangers(void)
{
	int root = geteuid() == 0;
	struct route route;
	struct routes *r;

	put_policy(next, root);
	if (symlink(next, path) == -1)
		fatal("%s", path);
	want_refused("it is a symbolic link");
	unlink(next);
	if (mkfifo(path, 0644) == -1)
		fatal("%s", path);
	want_refused("it is a pipe");
	if (!root) {
		ok(1, "a stranger's # SKIP only root gives away");
		return;
	}
	put_policy(path, 1);
	want_refused("it is another user's");
	/* sged's, who has the folder; we are another user then. */
	put_policy(path, 1);
	if (chown(dir, 12345, (gid_t)-1) == -1)
		fatal("%s", dir);
	r = routes_open(path);
	routes_find(r, "a.nz", 1, &route);
	is_int(route.kind, ROUTE_NONE, "one of who has the folder");
	routes_free(r);
	if (chown(dir, 0, (gid_t)-1) == -1)
		fatal("%s", dir);
	unlink(path);
}

int
main(void)
{
	if (bench_up() == -1)
		return 1;
	based();
	said();
	said_of_the_file();
	writable();
	strangers();
	return bench_down();
}
