/* SPDX-License-Identifier: ISC */

/*
 * records count domains [time]: that many session records on standard output,
 * as filter-sge writes them, of the 20,000 seconds before time, always the
 * same ones.  What they add up to goes to standard error as name=value.
 */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t state = 88172645463325252ull;

struct sums {
	long in, out, tls13, tls12, older, clear, refused, ok, fail, unknown;
	long messages;
};

static unsigned int
number(unsigned int below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)((state >> 11) % below);
}

static void
head(const char *dir, int64_t when, unsigned int domain, const char *starttls,
    const char *tls, const char *failure)
{
	char stamp[32];
	time_t t = (time_t)when;

	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", gmtime(&t));
	printf("{\"v\":1,\"time\":\"%s\",\"host\":\"mail.minties.govt.nz\","
	    "\"dir\":\"%s\",\"session\":\"%08x%08x\",\"local\":\"192.0.2.1\","
	    "\"remote\":\"198.51.%u.%u\",\"rdns\":\"mx.d%u.example.nz\","
	    "\"helo\":\"mx.d%u.example.nz\",\"starttls\":%s,\"tls\":%s,"
	    "\"cipher\":%s,\"failure\":%s,\"tx\":[", stamp, dir,
	    number(1u << 31), number(1u << 31), domain / 250 % 250,
	    domain % 250, domain, domain, starttls, tls,
	    *tls == 'n' ? "null" : "\"TLS_AES_256_GCM_SHA384\"", failure);
}

static void
tail(int out, unsigned int domain, const char *verdict, int messages)
{
	char other[64];
	static const char own[] = "minties.govt.nz";

	snprintf(other, sizeof(other), "d%u.example.nz", domain);
	printf("{\"from\":\"%s\",\"to\":\"%s\",\"flow\":\"%s\","
	    "\"verdict\":\"%s\",\"messages\":%d,\"rcpts\":1}]}\n",
	    out ? own : other, out ? other : own,
	    out ? "government>public" : "public>government", verdict,
	    messages);
}

static void
record_out(struct sums *s, int64_t when, unsigned int domain)
{
	unsigned int kind = number(100);

	s->out++;
	if (kind < 80) {
		head("out", when, domain, "\"offered\"", "\"TLSv1.3\"",
		    "null");
		s->tls13++;
		s->ok++;
	} else if (kind < 92) {
		head("out", when, domain, "\"offered\"", "\"TLSv1.2\"",
		    "null");
		s->tls12++;
		s->ok++;
	} else if (kind < 95) {
		head("out", when, domain, "\"absent\"", "null",
		    "\"starttls-not-supported\"");
		s->clear++;
		s->fail++;
	} else if (kind < 97) {
		head("out", when, domain, "\"refused\"", "null",
		    "\"starttls-not-supported\"");
		s->clear++;
		s->fail++;
	} else if (kind < 98) {
		head("out", when, domain, "\"offered\"", "null",
		    "\"validation-failure\"");
		s->clear++;
		s->fail++;
		tail(1, domain, "pass", 0);
		return;
	} else if (kind < 99) {
		/* The second half of a downgrade. */
		head("out", when, domain, "\"offered\"", "null", "null");
		s->clear++;
	} else {
		head("out", when, domain, "\"offered\"", "null",
		    "\"validation-failure\"");
		printf("]}\n");
		s->refused++;
		s->unknown++;
		return;
	}
	s->messages++;
	tail(1, domain, "pass", 1);
}

static void
record_in(struct sums *s, int64_t when, unsigned int domain)
{
	unsigned int kind = number(100);

	s->in++;
	if (kind < 95) {
		head("in", when, domain, "\"offered\"", "\"TLSv1.3\"", "null");
		s->tls13++;
	} else if (kind < 96) {
		head("in", when, domain, "\"offered\"", "\"TLSv1.1\"", "null");
		s->older++;
	} else if (kind < 99) {
		head("in", when, domain, "null", "null", "null");
		s->clear++;
	} else {
		head("in", when, domain, "null", "null", "null");
		s->refused++;
		tail(0, domain, "reject", 0);
		return;
	}
	s->messages++;
	tail(0, domain, "pass", 1);
}

int
main(int argc, char *argv[])
{
	struct sums s = { 0 };
	unsigned int domains, domain;
	long i, count;
	int64_t end, when;

	if (argc < 3 || (count = atol(argv[1])) <= 0 ||
	    (domains = (unsigned int)atol(argv[2])) == 0) {
		fprintf(stderr, "usage: records count domains [time]\n");
		return 1;
	}
	end = argc > 3 ? atoll(argv[3]) : (int64_t)time(NULL);
	for (i = 0; i < count; i++) {
		when = end - 20000 + (int64_t)(i * 20000 / count);
		/* Some have much of the mail. */
		domain = number(number(2) ? domains : domains / 10 + 1);
		if (number(10) < 6)
			record_out(&s, when, domain);
		else
			record_in(&s, when, domain);
	}
	fprintf(stderr, "in=%ld\nout=%ld\ntls13=%ld\ntls12=%ld\nolder=%ld\n"
	    "clear=%ld\nrefused=%ld\nok=%ld\nfail=%ld\nunknown=%ld\n"
	    "messages=%ld\n", s.in, s.out, s.tls13, s.tls12, s.older, s.clear,
	    s.refused, s.ok, s.fail, s.unknown, s.messages);
	return fflush(stdout) == 0 ? 0 : 1;
}
