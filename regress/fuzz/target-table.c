/* SPDX-License-Identifier: ISC */

/*
 * What smtpd asks table-sge, with names that strangers chose: whatever is
 * asked, the answers are lines that smtpd understands.
 */

#include <sys/types.h>

#include <unistd.h>

#define main table_main
#define write fuzz_write

static ssize_t	fuzz_write(int, const void *, size_t);

#include "../../filter/table-sge.c"
#undef write
#undef main

#include "conftext.h"
#include "fuzz.h"

static const char CONF[] = "organization O\n"
    "contact c@minties.govt.nz\n"
    "hostname mail.minties.govt.nz\n"
    "local { minties.govt.nz }\n"
    "class restricted { minties.govt.nz dia.govt.nz }\n"
    "class government { .govt.nz .mil.nz }\n"
    "flow from restricted to restricted require connector\n"
    "flow from { restricted government } to { restricted government } "
    "require tls\n"
    "flow from any to any prefer tls\n"
    "connector dia.govt.nz to \"smtp+tls://mx.dia.govt.nz\" "
    "from { 203.0.113.0/24 }\n"
    "report from r@minties.govt.nz\n";

static const char ROUTES[] =
    "example.com|enforce|4102444800|smtp+tls://mx.example.com\n"
    "old.example|none|5|smtp+tls://mx.old.example\n";

/* Each answer is written with one call. */
static ssize_t
fuzz_write(int fd __unused, const void *buf, size_t len)
{
	const char *p = buf;
	size_t i;

	if (len == 0 || p[len - 1] != '\n')
		abort();
	for (i = 0; i < len; i++)
		if (p[i] != '\n' && (p[i] < ' ' || p[i] > '~'))
			abort();
	return (ssize_t)len;
}

static struct routes *
some_routes(void)
{
	char path[] = "/tmp/fuzz-table.XXXXXXXXXX";
	struct routes *routes;
	int fd = mkstemp(path);

	if (fd == -1 || write(fd, ROUTES, sizeof(ROUTES) - 1) !=
	    (ssize_t)(sizeof(ROUTES) - 1) ||
	    (routes = routes_open(path)) == NULL)
		abort();
	close(fd);
	/* It holds the file. */
	routes_find(routes, "example.com", 0, &(struct route){ 0 });
	(void)unlink(path);
	return routes;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct table t;
	static struct conf *conf;
	static int fd[2];
	char *said;
	size_t n;

	if (conf == NULL) {
		if (pipe(fd) == -1 || (conf = conf_text(CONF, &said)) == NULL)
			abort();
		free(said);
		t.conf = conf;
		t.path = "sge.conf";
		t.routes = some_routes();
		t.stamp = conf_stamp(conf);
		t.ready = 1;
		/* There is no such folder: nothing is noted. */
		if ((t.attempts = attempts_new("/nonexistent")) == NULL ||
		    (t.notice = notice_new("/nonexistent/s")) == NULL ||
		    (t.turns = turns_open("/nonexistent")) == NULL ||
		    (t.book = turn_book_new()) == NULL)
			abort();
	}
	if (len < 1)
		return 0;
	t.kind = (enum table_kind)(data[0] % TABLE_UNKNOWN);
	line_in_init(&t.in, t.buf, sizeof(t.buf), sizeof(t.buf) - 1);
	for (data++, len--; len > 0; data += n, len -= n) {
		t.looked = t.complained = time(NULL);
		n = sizeof(t.buf) - (t.in.tail - t.in.head);
		if (n > len)
			n = len;
		if (write(fd[1], data, n) != (ssize_t)n ||
		    line_in_fill(&t.in, fd[0]) != (ssize_t)n)
			abort();
		lines(&t);
	}
	return 0;
}
