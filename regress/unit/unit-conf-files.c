/* SPDX-License-Identifier: ISC */

/* sge.conf: the files that it names, large ones, and those without an end. */

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "conf_again.h"

static char dir[] = "/tmp/unit-conf.XXXXXXXXXX";

static void
put(const char *name, const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "w")) == NULL)
		return;
	fputs(text, f);
	fclose(f);
}

/* Reads dir/main; what is said without the folder's name. */
static struct conf *
from_dir(char **said)
{
	char path[64], *p;
	struct conf *conf;
	size_t len;
	FILE *err;

	snprintf(path, sizeof(path), "%s/main", dir);
	err = open_memstream(said, &len);
	conf = conf_read(path, err);
	fclose(err);
	while ((p = strstr(*said, dir)) != NULL)
		memmove(p, p + strlen(dir) + 1,
		    strlen(p + strlen(dir) + 1) + 1);
	return conf;
}

static void
files(void)
{
	struct conf *conf;
	char *said;

	put("main", NLOCAL "include \"classes\"\nmode testing\n"
	    "class r file members\n");
	put("classes", "class g { .govt.nz }\n# no newline at the end\n"
	    "flow from g to r require tls");
	put("members", "# members\n\n  DIA.govt.nz. # one\r\n.moe.govt.nz\n"
	    "dia.govt.nz");
	conf = from_dir(&said);
	is_str(said, "", "an include, a class file");
	free(said);
	if (ok(conf != NULL, "they are right")) {
		is_int(conf_class(conf, "x.moe.govt.nz"), 1, "first class");
		is_int(conf->classes[2].ndomains, 2, "two domains");
		is_int(conf->mode, MODE_TESTING, "what is behind the include");
		is_int(conf->nfiles, 3, "three files were read");
		ok(conf_stamp(conf) == conf->stamp, "none has changed");
		comes_back(conf, "files");
		put("members", "other.nz\n");
		ok(conf_stamp(conf) != conf->stamp, "one has changed");
	}
	conf_free(conf);
	put("main", NLOCAL "include classes\nclass r file members\n"
	    "include main\n");
	put("classes", "class g {\n.govt.nz\n");
	put("members", "a.nz\nb.nz c.nz\n\nd..nz\nm\xc3\xb6.nz\n");
	conf = from_dir(&said);
	ok(conf == NULL, "mistakes in other files");
	ok(strstr(said, "classes:1: the { of this line is not closed") != NULL,
	    "an include ends in a list");
	ok(strstr(said, "members:2: \"b.nz c.nz\" is more than one word: write "
	    "one domain a line\n") != NULL, "two words");
	ok(strstr(said, "members:4: \"d..nz\" is not a domain name\n") != NULL,
	    "no domain");
	ok(strstr(said, "members:5: \"m\xc3\xb6.nz\" is not how the DNS writes "
	    "it: write \"xn--m-1ga.nz\"\n") != NULL, "not an A-label");
	ok(strstr(said, "main:6: can't read \"main\": it includes itself\n") !=
	    NULL, "an include of itself");
	free(said);
}

static void
mode(const char *name, mode_t to)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)chmod(path, to);
}

/* Who writes it says where mail goes: all of its files are held to that. */
static void
writable(void)
{
	static const char *const names[] = { "main", "classes", "members" };
	struct conf *conf;
	char *said, want[64];
	size_t i;

	put("main", NLOCAL "include classes\nclass r file members\n");
	put("classes", "class g { .govt.nz }\n");
	put("members", "a.nz\n");
	for (i = 0; i < nitems(names); i++) {
		mode(names[i], 0646);
		conf = from_dir(&said);
		ok(conf == NULL, "others can write to %s", names[i]);
		(void)snprintf(want, sizeof(want), "others can write to it: "
		    "chmod go-w %s\n", names[i]);
		ok(strstr(said, want) != NULL, "which is said, and the command");
		free(said);
		conf_free(conf);
		mode(names[i], 0664);
		conf = from_dir(&said);
		ok(conf == NULL, "its group can write to %s", names[i]);
		free(said);
		conf_free(conf);
		mode(names[i], 0644);
	}
	conf = from_dir(&said);
	ok(conf != NULL, "nobody else can");
	free(said);
	conf_free(conf);
}

/* A comment would reach to the end of such a file, and hide who is a member. */
static void
bare_cr(void)
{
	struct conf *conf;
	char *said;

	put("main", NLOCAL "class r file members\n");
	put("members", "dia.govt.nz\rmoe.govt.nz\r");
	conf = from_dir(&said);
	ok(conf == NULL, "lines that end in CR alone");
	is_str(said, "main:4: can't read \"members\": its lines end in CR "
	    "alone: end them with a newline\n", "are said");
	free(said);
	put("members", "# members\rdia.govt.nz\r\n");
	conf = from_dir(&said);
	ok(conf == NULL, "one alone, in a comment");
	free(said);
	put("members", "dia.govt.nz\r\r\nmoe.govt.nz\r");
	conf = from_dir(&said);
	is_str(said, "", "before a newline and at the end they do no harm");
	ok(conf != NULL && conf->classes[1].ndomains == 2, "to either");
	free(said);
	conf_free(conf);
}

/* What would read for ever, or many times over; each is refused by name. */
static void
endless(void)
{
	char path[600], text[4096];
	struct conf *conf;
	char *said;
	int i, k;

	put("main", NLOCAL "include main\ninclude main\ninclude main\n"
	    "include other\n");
	put("other", "include main\ninclude other\n");
	conf = from_dir(&said);
	ok(conf == NULL, "files that include themselves");
	is_str(said, "main:4: can't read \"main\": it includes itself\n"
	    "main:5: can't read \"main\": it includes itself\n"
	    "main:6: can't read \"main\": it includes itself\n"
	    "other:1: can't read \"main\": it includes itself\n"
	    "other:2: can't read \"other\": it includes itself\n",
	    "each is named");
	free(said);
	/* 3^15 of them. */
	put("main", NLOCAL "include f0\n");
	for (i = 0; i < 15; i++) {
		snprintf(path, sizeof(path), "f%d", i);
		snprintf(text, sizeof(text), "include f%d\ninclude f%d\n"
		    "include f%d\n", i + 1, i + 1, i + 1);
		put(path, i == 14 ? "# the last\n" : text);
	}
	conf = from_dir(&said);
	ok(conf == NULL && strstr(said, ": too many files are included\n") !=
	    NULL, "files that include many");
	free(said);
	snprintf(text, sizeof(text), NLOCAL "m0 = \"{ a.nz }\"\n");
	for (i = 1; i < 16; i++) {
		snprintf(path, sizeof(path), "m%d = \"{", i);
		strlcat(text, path, sizeof(text));
		for (k = 0; k < 10; k++) {
			snprintf(path, sizeof(path), " $m%d", i - 1);
			strlcat(text, path, sizeof(text));
		}
		strlcat(text, " }\"\n", sizeof(text));
	}
	strlcat(text, "class x { $m15 }\n", sizeof(text));
	conf = conf_text(text, &said);
	ok(conf == NULL && strstr(said, ": macros stand for too much\n") !=
	    NULL, "10^15 words");
	free(said);
	put("main", NLOCAL "class r file pipe\ninclude pipe\n"
	    "class s file \"/dev/zero\"\nclass t file \".\"\n");
	snprintf(path, sizeof(path), "%s/pipe", dir);
	if (mkfifo(path, 0600) == -1)
		ok(0, "mkfifo");
	conf = from_dir(&said);
	is_str(said, "main:4: can't read \"pipe\": it is not a regular file\n"
	    "main:5: can't read \"pipe\": it is not a regular file\n"
	    "main:6: can't read \"/dev/zero\": it is not a regular file\n"
	    "main:7: can't read \".\": it is not a regular file\n",
	    "what is no file");
	ok(conf == NULL, "and no configuration");
	free(said);
	(void)unlink(path);
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
large(void)
{
	struct conf *conf;
	char path[64], name[64], *said;
	double t;
	FILE *f;
	int i, hits = 0;

	snprintf(path, sizeof(path), "%s/members", dir);
	if ((f = fopen(path, "w")) == NULL)
		return;
	for (i = 0; i < 100000; i++)
		fprintf(f, "%sagency-%d.govt.nz\n", i % 4 == 0 ? "." : "", i);
	fclose(f);
	put("main", NLOCAL "class r file members\n");
	t = seconds();
	conf = from_dir(&said);
	t = seconds() - t;
	free(said);
	if (!ok(conf != NULL && t < 1, "100,000 domains in less than 1 s"))
		printf("# %g s\n", t);
	if (conf == NULL)
		return;
	is_int(conf->classes[1].ndomains, 100000, "all of them");
	t = seconds();
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "x.agency-%d.govt.nz", i);
		hits += conf_class(conf, name) == 1;
	}
	t = seconds() - t;
	is_int(hits, 25000, "a quarter has subdomains");
	if (!ok(t < 0.5, "a look-up in microseconds"))
		printf("# %g s for 100,000\n", t);
	conf_free(conf);
}

int
main(void)
{
	char cmd[64];

	log_init("unit-conf-files", 1, 0);
	if (mkdtemp(dir) == NULL)
		fatal("%s", dir);
	files();
	writable();
	bare_cr();
	endless();
	large();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) != 0 || done_testing();
}
