/* SPDX-License-Identifier: ISC */

/*
 * Reports and mails as nobody should write them: the samples and made-up ones,
 * changed at random, then read, printed in every form, stored and shown.
 * Built with the sanitizers by regress/t/fuzz-reader.t.
 *
 *	fuzz-reader samples-folder [how-many [seed]]
 */

#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <unistd.h>

#include "command/print_received.h"
#include "conftext.h"
#include "make_report.h"
#include "store/store_received.h"
#include "view/view.h"

#define SEEDS_MAX 64

static struct bytes seeds[SEEDS_MAX];
static int nseeds;
static uint64_t state;
static int raw;			/* bytes that a terminal would act on */
static long long reports, problems;

/* xorshift64* */
static uint32_t
chance(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 2685821657736338717ULL >> 32) % n;
}

static const char *const tokens[] = {
	"\x1b[2J\x1b]0;x\x07", "\x9b" "31m", "\xc2\x9b" "31m", "\"", "{", "}",
	"[", "]", ",", ":", "\\", "\\u0000", "\\ud800", "\\u001b[31m",
	"\\u202e", "null", "true", "-1", "1e999", "99999999999999999999999",
	"-0.0", "\"\"", "[]", "{}", "\n--", "\n\n", "\r\n\r\n", "\nFrom ",
	"Content-Type: multipart/mixed; boundary=", "boundary=\"\"",
	"Content-Transfer-Encoding: base64\n", "message/rfc822", "=\n", "=0",
	"=XX", "\xff", "\xf0\x9f", "\xef\xbb\xbf", "\xfe\xff", "PK\x03\x04",
	"PK\x05\x06", "\x1f\x8b\x08", "H4sI", "2026-03-05", "24:00:00",
	"9999-99-99", "+13:00", "mx: ", "\"policy-domain\"", "\"policies\"",
	"filename*0*=''%", "%00", "%s%n", "(((((((((", "||||", "=cmd", "<",
	"&#x1b;", "\"\"\"\"", "Authentication-Results: mail.minties.govt.nz; "
	"dkim=pass header.d=", "begin 644 x\n", "sts\",\"", "!!!!"
};

static void
insert(struct bytes *b, size_t at, const void *data, size_t len)
{
	struct bytes n = { NULL, 0 };

	bytes_add(&n, b->p, at);
	bytes_add(&n, data, len);
	bytes_add(&n, b->p + at, b->len - at);
	bytes_free(b);
	*b = n;
}

static void
mutate(struct bytes *b)
{
	const char *token;
	size_t at, len, to;

	if (b->len == 0)
		bytes_text(b, "{");
	at = chance(b->len);
	len = 1 + chance(chance(10) == 0 ? b->len : 40);
	if (len > b->len - at)
		len = b->len - at;
	switch (chance(9)) {
	case 0:
		b->p[at] ^= 1 << chance(8);
		break;
	case 1:
		b->p[at] = chance(256);
		break;
	case 2:
		memmove(b->p + at, b->p + at + len, b->len - at - len);
		b->len -= len;
		b->p[b->len] = '\0';
		break;
	case 3:
		insert(b, at, b->p + at, len);
		break;
	case 4:
	case 5:
		token = tokens[chance(nitems(tokens))];
		insert(b, at, token, strlen(token));
		break;
	case 6:
		to = chance(b->len - len + 1);
		memmove(b->p + to, b->p + at, len);
		break;
	case 7:
		if (chance(8) == 0) {
			b->len = at;
			b->p[at] = '\0';
		}
		break;
	case 8:
		/* A number in the text becomes another. */
		for (; at < b->len; at++)
			if (b->p[at] >= '0' && b->p[at] <= '9')
				b->p[at] = '0' + chance(10);
			else if (chance(4) == 0)
				break;
		break;
	}
}

/* What was changed is packed and wrapped anew, so that it is reached. */
static void
wrap(struct bytes *b)
{
	struct bytes z, code, mail = { NULL, 0 };

	switch (chance(4)) {
	case 0:
		z = deflated(b->p, b->len, 31);
		break;
	case 1:
		z = zipped(b->p, b->len, "!a!b!c.json", chance(16),
		    1 + chance(3));
		break;
	default:
		return;
	}
	if (chance(3) == 0)
		mutate(&z);
	bytes_free(b);
	*b = z;
	if (chance(2) == 0)
		return;
	code = base64(b, chance(3) * 38, chance(2) ? "\n" : "\r\n");
	bytes_text(&mail, "From: a@google.com\nAuthentication-Results: "
	    "mail.minties.govt.nz; dkim=pass header.d=google.com\n"
	    "MIME-Version: 1.0\nTLS-Report-Domain: d.example\n"
	    "Content-Type: multipart/report; boundary=\"b\"\n\n--b\n\nText\n"
	    "--b\nContent-Type: application/tlsrpt+gzip; name=x\n"
	    "Content-Transfer-Encoding: base64\n\n");
	bytes_add(&mail, code.p, code.len);
	bytes_text(&mail, "\n--b--\n");
	bytes_free(&code);
	bytes_free(b);
	*b = mail;
}

static void
seed_add(const void *data, size_t len)
{
	if (nseeds < SEEDS_MAX)
		bytes_add(&seeds[nseeds++], data, len);
}

static void
seeds_read(const char *dir)
{
	static const char made[] = "{\"organization-name\":\"O\","
	    "\"date-range\":{\"start-datetime\":\"2026-03-05T00:00:00Z\","
	    "\"end-datetime\":\"2026-03-05T23:59:59Z\"},\"contact-info\":"
	    "\"a@o.example\",\"report-id\":\"i\",\"policies\":[{\"policy\":{"
	    "\"policy-type\":\"tlsa\",\"policy-string\":[\"[\\\"3 1 1 AB\\\"]\""
	    "],\"mx-host\":[\"mx: *.d\"]},\"summary\":{\"total-successful-"
	    "session-count\":\"7\",\"total-failure-session-count\":3},"
	    "\"failure-details\":[{\"result-type\":\"starttls-not-supported\","
	    "\"sending-mta-ip\":\"::1\",\"receiving-mx-hostname\":\"mx.d\","
	    "\"receiving-mx-helo\":\"x\",\"failed-session-count\":3,"
	    "\"failure-reason-code\":\"X509_V_ERR_X\",\"additional-"
	    "information\":\"https://x\"}]}]}";
	char path[1024], *buf;
	struct dirent *e;
	size_t len;
	FILE *fp;
	DIR *d;

	seed_add(made, sizeof(made) - 1);
	if ((d = opendir(dir)) == NULL || (buf = malloc(1 << 20)) == NULL)
		err(1, "%s", dir);
	while ((e = readdir(d)) != NULL) {
		if (strstr(e->d_name, ".json") == NULL &&
		    strstr(e->d_name, ".eml") == NULL)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if ((fp = fopen(path, "r")) == NULL)
			err(1, "%s", path);
		len = fread(buf, 1, 1 << 20, fp);
		fclose(fp);
		seed_add(buf, len);
	}
	closedir(d);
	free(buf);
	if (nseeds < 10)
		errx(1, "%s: %d samples", dir, nseeds);
}

/* Printable ASCII and newlines: all else would reach a terminal raw. */
static void
look(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~')) {
			if (raw++ == 0)
				printf("# raw byte %02x in: %.*s\n",
				    (unsigned char)text[i], 80,
				    text + (i > 40 ? i - 40 : 0));
			return;
		}
}

struct run {
	struct view	 view;
	struct store	*store;
	int		 stored;
};

static void
on_report(struct rd_report *r, void *arg)
{
	struct run *run = arg;
	char *text = NULL, *json;
	json_t *obj;
	size_t len;
	int form;

	reports++;
	for (form = FORM_TEXT; form <= FORM_PIPE; form++) {
		run->view.form = form;
		if ((run->view.out = open_memstream(&text, &len)) == NULL)
			err(1, "open_memstream");
		if (form == FORM_TEXT)
			read_text(&run->view, "file\x1b[31m", r, reports & 1);
		else if (form == FORM_PIPE)
			read_pipe(&run->view, "file\x1b[31m", r, reports & 1);
		else {
			obj = rd_report_json(r);
			json = json_dumps(obj, JSON_ENSURE_ASCII);
			if (json == NULL)
				errx(1, "json_dumps");
			fputs(json, run->view.out);
			free(json);
			json_decref(obj);
		}
		fclose(run->view.out);
		look(text, len);
		free(text);
		text = NULL;
	}
	if (received_add(run->store, r, GOT_NOW, 0) == RECEIVED_ERROR)
		errx(1, "received_add");
	rd_report_free(r);
	run->stored++;
}

static void
on_problem(const char *text, void *arg __unused)
{
	problems++;
	look(text, strlen(text));
}

static void
show_all(struct run *run)
{
	char *text = NULL;
	size_t len;
	int form;

	for (form = FORM_TEXT; form <= FORM_PIPE; form++) {
		run->view.form = form;
		if ((run->view.out = open_memstream(&text, &len)) == NULL)
			err(1, "open_memstream");
		if (view_received(&run->view) != 0 ||
		    view_reporters(&run->view) != 0)
			errx(1, "a view failed");
		fclose(run->view.out);
		look(text, len);
		free(text);
		text = NULL;
	}
}

static struct conf *
conf_make(void)
{
	struct conf *conf;
	char *said;

	if ((conf = conf_text("organization \"O\"\n"
	    "contact \"c@minties.govt.nz\"\n"
	    "hostname \"mail.minties.govt.nz\"\n"
	    "local { \"minties.govt.nz\" }\n"
	    "report from \"r@minties.govt.nz\"\n", &said)) == NULL)
		errx(1, "conf_read: %s", said == NULL ? "" : said);
	free(said);
	return conf;
}

int
main(int argc, char *argv[])
{
	struct conf *conf = conf_make();
	struct run run;
	struct reader reader;
	struct bytes b;
	long i, n = argc > 2 ? atol(argv[2]) : 10000;
	int k;

	state = argc > 3 ? strtoull(argv[3], NULL, 10) : 8460;
	seeds_read(argc > 1 ? argv[1] : "regress/data/samples");
	memset(&run, 0, sizeof(run));
	memset(&reader, 0, sizeof(reader));
	if ((run.store = store_open(":memory:", STORE_WRITE)) == NULL ||
	    received_ours(run.store, conf) == -1)
		return 1;
	run.view.conf = conf;
	run.view.store = run.store;
	run.view.verbose = 1;
	run.view.last = 100000;
	run.view.now = GOT_NOW;
	reader.conf = conf;
	reader.now = GOT_NOW;
	reader.report = on_report;
	reader.problem = on_problem;
	reader.arg = &run;
	for (i = 0; i < n; i++) {
		b.p = NULL;
		b.len = 0;
		k = chance(nseeds);
		bytes_add(&b, seeds[k].p, seeds[k].len);
		for (k = chance(1 + chance(10)); k >= 0; k--)
			mutate(&b);
		wrap(&b);
		/* A buffer of just that size: what reads on is seen. */
		unsigned char *exact = malloc(b.len > 0 ? b.len : 1);
		if (exact == NULL)
			err(1, NULL);
		memcpy(exact, b.p, b.len);
		reader_read(&reader, "a!b!1!2.json", exact, b.len);
		free(exact);
		bytes_free(&b);
		if (i % 2000 == 1999)
			show_all(&run);
	}
	show_all(&run);
	printf("# %ld inputs, %lld reports, %lld problems named\n", n, reports,
	    problems);
	ok(i == n, "%ld reports and mails are read", n);
	ok(reports > n / 20, "of many something came out");
	ok(problems > n / 20, "of many nothing did, and it was said");
	is_int(raw, 0, "nothing was printed raw");
	store_close(run.store);
	conf_free(conf);
	while (nseeds > 0)
		bytes_free(&seeds[--nseeds]);
	return done_testing();
}
