/* SPDX-License-Identifier: ISC */

/*
 * The _smtp._tls record: the published samples, and the grammar of RFC 8460 3
 * piece by piece.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfc/rua.h"
#include "tap.h"

/*
 * What a record gives, in words: "ok a@b https://h:443/p +2 ?1", "none",
 * "many", or "invalid OFFSET".
 */
static const char *
words_of(const char *const txts[], size_t ntxts)
{
	static char out[16384];
	struct rua rua;
	const char *why = NULL;
	size_t where = 0, i, n;
	int record;

	switch (rua_parse(txts, ntxts, &rua, &record, &why, &where)) {
	case RUA_NONE:
		return "none";
	case RUA_MANY:
		return "many";
	case RUA_INVALID:
		snprintf(out, sizeof(out), "invalid %zu", where);
		return why == NULL ? "no reason" : out;
	case RUA_OK:
		break;
	}
	n = (size_t)snprintf(out, sizeof(out), "ok");
	for (i = 0; i < rua.nuris; i++) {
		if (rua.uris[i].scheme == RUA_MAILTO)
			n += (size_t)snprintf(out + n, sizeof(out) - n, " %s",
			    rua.uris[i].address);
		else
			n += (size_t)snprintf(out + n, sizeof(out) - n,
			    " https %s %d %s", rua.uris[i].host,
			    rua.uris[i].port, rua.uris[i].path);
	}
	if (rua.nover != 0)
		n += (size_t)snprintf(out + n, sizeof(out) - n, " +%zu",
		    rua.nover);
	if (rua.nunknown != 0)
		n += (size_t)snprintf(out + n, sizeof(out) - n, " ?%zu",
		    rua.nunknown);
	rua_free(&rua);
	return out;
}

static const char *
words(const char *txt)
{
	return words_of(&txt, 1);
}

/* verdict TAB record TAB origin; every verdict is one of the file's head. */
static void
samples(const char *path)
{
	char line[4096], *verdict, *txt, *rest;
	const char *got;
	int n = 0, good;
	FILE *fp;

	if (!ok((fp = fopen(path, "r")) != NULL, "%s opens", path))
		return;
	while (fgets(line, sizeof(line), fp) != NULL) {
		if (line[0] == '#')
			continue;
		rest = line;
		verdict = strsep(&rest, "\t");
		txt = strsep(&rest, "\t");
		if (txt == NULL)
			continue;
		n++;
		got = words(txt);
		good = strncmp(verdict, "ok", 2) == 0;
		ok((strncmp(got, "ok ", 3) == 0) == good, "%s is %s: %s", txt,
		    verdict, got);
	}
	fclose(fp);
	ok(n >= 20, "%d samples were tried", n);
}

static const struct {
	const char	*txt;
	const char	*want;
} cases[] = {
	/* Versions, and what does not count as a record of ours. */
	{ "v=TLSRPTv1;rua=mailto:a@b.nz", "ok a@b.nz" },
	{ "v=TLSRPTv1\t;\trua=mailto:a@b.nz", "ok a@b.nz" },
	{ "v=TLSRPTv2; rua=mailto:a@b.nz", "none" },
	{ "v=tlsrptv1; rua=mailto:a@b.nz", "none" },
	{ " v=TLSRPTv1; rua=mailto:a@b.nz", "none" },
	{ "v =TLSRPTv1; rua=mailto:a@b.nz", "none" },
	{ "", "none" },

	/* Delimiters. */
	{ "v=TLSRPTv1; rua=mailto:a@b.nz;", "ok a@b.nz" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz ; ", "ok a@b.nz" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz ", "invalid 29" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz;;", "invalid 30" },
	{ "v=TLSRPTv1;; rua=mailto:a@b.nz", "invalid 11" },
	{ "v=TLSRPTv1;", "invalid 11" },
	{ "v=TLSRPTv1; x=1", "invalid 15" },

	/* Extensions before, between and after; superset records. */
	{ "v=TLSRPTv1; a=1; rua=mailto:a@b.nz; z_-.9=~:<", "ok a@b.nz" },
	{ "v=TLSRPTv1; RUA=mailto:a@b.nz", "invalid 29" },
	{ "v=TLSRPTv1; v=TLSRPTv1; rua=mailto:a@b.nz", "ok a@b.nz" },
	{ "v=TLSRPTv1; a=; rua=mailto:a@b.nz", "invalid 14" },
	{ "v=TLSRPTv1; a =1; rua=mailto:a@b.nz", "invalid 13" },
	{ "v=TLSRPTv1; -a=1; rua=mailto:a@b.nz", "invalid 12" },
	{ "v=TLSRPTv1; a2345678901234567890123456789012=1; "
	  "rua=mailto:a@b.nz", "ok a@b.nz" },

	/* Several rua fields, several URIs, each place once. */
	{ "v=TLSRPTv1; rua=mailto:a@b.nz; rua=mailto:c@d.nz",
	  "ok a@b.nz c@d.nz" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz,mailto:c@d.nz,mailto:c@d.nz,"
	  "mailto:e@f.nz,mailto:a@b.nz", "ok a@b.nz c@d.nz e@f.nz" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz \t,  mailto:c@d.nz,https://e.nz",
	  "ok a@b.nz c@d.nz https e.nz 443 /" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz,MAILTO:a@B.NZ; rua=mailto:%61@b.nz",
	  "ok a@b.nz" },
	{ "v=TLSRPTv1; rua=https://e.nz/x,https://E.nz:443/x#y",
	  "ok https e.nz 443 /x" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz,", "invalid 30" },
	{ "v=TLSRPTv1; rua=,mailto:a@b.nz", "invalid 16" },
	{ "v=TLSRPTv1; rua= mailto:a@b.nz", "invalid 16" },
	{ "v=TLSRPTv1; rua =mailto:a@b.nz", "invalid 15" },

	/* Schemes: of others only the URI is passed over. */
	{ "v=TLSRPTv1; rua=http://e.nz/,mailto:a@b.nz", "ok a@b.nz ?1" },
	{ "v=TLSRPTv1; rua=ftp://e.nz/", "ok ?1" },
	{ "v=TLSRPTv1; rua=a+B-9.z:x", "ok ?1" },
	{ "v=TLSRPTv1; rua=a_b:x", "invalid 16" },
	{ "v=TLSRPTv1; rua=9a:x", "invalid 16" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz,c@d.nz", "invalid 30" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz!10m", "invalid 29" },
	{ "v=TLSRPTv1; rua=https://e.nz/%zz", "invalid 29" },
	{ "v=TLSRPTv1; rua=mailto:a%4@b.nz", "invalid 24" },
	{ "v=TLSRPTv1; rua=mailto:<a@b.nz>", "invalid 23" },
	{ "v=TLSRPTv1; rua=mailto:\303\244@b.nz", "invalid 23" },

	/* mailto: decoded once, header fields dropped, lists. */
	{ "v=TLSRPTv1; rua=mailto:a%2540c@b.nz", "ok a%40c@b.nz" },
	{ "v=TLSRPTv1; rua=mailto:tls%2Breports@b.nz", "ok tls+reports@b.nz" },
	{ "v=TLSRPTv1; rua=mailto:a%21b@c.nz", "ok a!b@c.nz" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz?subject=x&bcc=z@y.nz", "ok a@b.nz" },
	{ "v=TLSRPTv1; rua=mailto:?to=a@b.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz%2Cc@d.nz%2Ca@b.nz",
	  "ok a@b.nz c@d.nz" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz%2C", "ok a@b.nz ?1" },
	{ "v=TLSRPTv1; rua=mailto:%22a%2Cb%22@c.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:%22a%5C%22b%22@c.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:%22a%22b%22@c.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:%22a.b%22@c.nz", "ok a.b@c.nz" },
	{ "v=TLSRPTv1; rua=mailto:%22-t%22@c.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:0", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a@m%C3%BCnchen.example",
	  "ok a@xn--mnchen-3ya.example" },

	/* mailto: what could be an option, a header, a host inside. */
	{ "v=TLSRPTv1; rua=mailto:-oQ/tmp@b.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:%2Dt@b.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz%0D%0ABcc:c@d.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a%0Ab@c.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a%00@c.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a@c.nz%00.example", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a%20b@c.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a%7Fb@c.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:%C3%A4@b.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a.@b.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a..b@b.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a@b@c.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:@b.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a@", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a@b.nz.", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:root@localhost", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:%22abc@b.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:abc%22@b.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=Z:x", "ok ?1" },
	{ "v=TLSRPTv1; rua=zZ9:x", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:root@localhost.localdomain", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a@[127.0.0.1]", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a@[IPv6:::1]", "ok ?1" },
	{ "v=TLSRPTv1; rua=mailto:a@b_c.-d.nz/../x", "ok ?1" },

	/* https */
	{ "v=TLSRPTv1; rua=https://r.nz:8443/in?tenant=7&x=%2C",
	  "ok https r.nz 8443 /in?tenant=7&x=%2C" },
	{ "v=TLSRPTv1; rua=HTTPS://R.nz", "ok https r.nz 443 /" },
	{ "v=TLSRPTv1; rua=https://r.nz?x", "ok https r.nz 443 /?x" },
	{ "v=TLSRPTv1; rua=https://r.nz:/x", "ok https r.nz 443 /x" },
	{ "v=TLSRPTv1; rua=https://%72.nz/x", "ok https r.nz 443 /x" },
	{ "v=TLSRPTv1; rua=https://192.0.2.1/x",
	  "ok https 192.0.2.1 443 /x" },
	{ "v=TLSRPTv1; rua=https://[2001:DB8:0::1]:8443/x",
	  "ok https 2001:db8::1 8443 /x" },
	{ "v=TLSRPTv1; rua=https://[2001:db8::1]/x",
	  "ok https 2001:db8::1 443 /x" },
	{ "v=TLSRPTv1; rua=https://[2001:db8::1/x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https://[v1.x]/x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https://[192.0.2.1]/x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https://[2001:db8::1]x/x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https://u:p@r.nz/x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https://r.nz@127.0.0.1/x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https://r.nz/x@y", "ok https r.nz 443 /x@y" },
	{ "v=TLSRPTv1; rua=https://r.nz:0/x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https://r.nz:65536/x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https://r.nz:4x/x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https://r.nz:00443/x", "ok https r.nz 443 /x" },
	{ "v=TLSRPTv1; rua=https://r.nz:000443/x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https://r.nz:+44/x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https:///x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https:r.nz", "ok ?1" },
	{ "v=TLSRPTv1; rua=https://r%0D%0A.nz/x", "ok ?1" },
	{ "v=TLSRPTv1; rua=https://r.nz%00.x/x", "ok ?1" },
};

static void
several_records(void)
{
	const char *spf = "v=spf1 -all", *one = "v=TLSRPTv1; rua=mailto:a@b.nz";
	const char *two = "v=TLSRPTv1; rua=mailto:c@d.nz";
	const char *bad = "v=TLSRPTv1; nothing";
	const char *a[] = { spf, one }, *b[] = { one, two };
	const char *c[] = { one, one }, *d[] = { one, bad };
	struct rua rua;
	const char *why;
	size_t where;
	int record;

	is_str(words_of(a, 2), "ok a@b.nz", "other records do not count");
	is_str(words_of(b, 2), "many", "two records are none");
	is_str(words_of(c, 2), "many", "the same twice as well");
	is_str(words_of(d, 2), "many", "a malformed second one counts");
	is_str(words_of(NULL, 0), "none", "no record at all");
	if (ok(rua_parse(a, 2, &rua, &record, &why, &where) == RUA_OK,
	    "it is said which record")) {
		is_int(record, 1, "the second");
		rua_free(&rua);
	}
}

/* What is wrong, in words: those of a URI that can't be used, or the record. */
static void
reasons(void)
{
	static const struct {
		const char	*txt;
		const char	*want;
	} of[] = {
		{ "v=TLSRPTv1; rua=", "a URI is missing" },
		{ "v=TLSRPTv1; rua=x",
		  "not a URI: it begins with mailto: or https:" },
		{ "v=TLSRPTv1; rua=mailto:%20a@b.nz",
		  "a blank or control character in it" },
		{ "v=TLSRPTv1; rua=mailto:a%7F@b.nz",
		  "a blank or control character in it" },
		{ "v=TLSRPTv1; rua=mailto:a!b@b.nz",
		  "'!' must be written as %21" },
	};
	struct rua rua;
	const char *why;
	size_t where, i;
	int record;

	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		why = NULL;
		if (rua_parse(&of[i].txt, 1, &rua, &record, &why, &where) !=
		    RUA_OK) {
			is_str(why, of[i].want, "%s", of[i].txt);
			continue;
		}
		is_str(rua.unusable_why, of[i].want, "%s", of[i].txt);
		rua_free(&rua);
	}
}

static void
limits(void)
{
	char txt[TXT_RECORD_MAX + 4096], long_name[DOMAIN_MAX + 8];
	const char *p = txt;
	size_t n;
	int i;

	n = (size_t)snprintf(txt, sizeof(txt), "v=TLSRPTv1; rua=");
	for (i = 0; i < RUA_URIS_MAX + 3; i++)
		n += (size_t)snprintf(txt + n, sizeof(txt) - n,
		    "%smailto:a%d@b.nz", i == 0 ? "" : ",", i);
	ok(strstr(words(p), "a7@b.nz +3") != NULL,
	    "URIs beyond the limit are counted: %s", words(p));

	memset(txt, 0, sizeof(txt));
	snprintf(txt, sizeof(txt), "v=TLSRPTv1; rua=https://r.nz/");
	memset(txt + strlen(txt), 'x', RUA_URI_MAX);
	strlcat(txt, ",mailto:a@b.nz", sizeof(txt));
	is_str(words(p), "ok a@b.nz ?1", "an overlong URI is passed over");

	memset(long_name, 'x', 65);
	long_name[65] = '\0';
	snprintf(txt, sizeof(txt), "v=TLSRPTv1; rua=mailto:%s@b.nz", long_name);
	is_str(words(p), "ok ?1", "a local part of 65 characters");

	memset(long_name, 0, sizeof(long_name));
	for (i = 0; i < (int)sizeof(long_name) - 1; i++)
		long_name[i] = i % 50 == 49 ? '.' : 'x';
	snprintf(txt, sizeof(txt), "v=TLSRPTv1; rua=mailto:a@%s.nz,https://%s/",
	    long_name, long_name);
	is_str(words(p), "ok ?2", "a domain of over 253 characters");
}

/* What stands in the database must give the same place when read again. */
static void
again(void)
{
	static const char *const txts[] = {
		"v=TLSRPTv1; rua=mailto:a%2Cb@c.nz,mailto:a@b.nz%2C"
		"x%7C%25%60y@d.nz,mailto:p%2525%5E@q.nz?x,"
		"https://[2001:db8::1]:44/x?y#z"
	};
	struct rua rua, one;
	const char *why;
	size_t where, i, n;
	int record;

	if (!ok(rua_parse(txts, 1, &rua, &record, &why, &where) == RUA_OK,
	    "a record of odd URIs"))
		return;
	is_int((long long)rua.nuris, 5, "has five places");
	for (i = n = 0; i < rua.nuris; i++) {
		memset(&one, 0, sizeof(one));
		if (rua_add(&one, rua.uris[i].uri,
		    strlen(rua.uris[i].uri)) == 0 && one.nuris == 1 &&
		    (rua.uris[i].scheme == RUA_MAILTO ?
		    strcmp(one.uris[0].address, rua.uris[i].address) == 0 :
		    strcmp(one.uris[0].path, rua.uris[i].path) == 0))
			n++;
		else
			printf("# %s\n", rua.uris[i].uri);
		rua_free(&one);
	}
	is_int((long long)n, (long long)rua.nuris,
	    "each URI alone leads to the same place");
	rua_free(&rua);
}

/* Every record cut off, and with each byte changed: no crash, no overread. */
static void
mangled(void)
{
	static const char txt[] = "v=TLSRPTv1 ; a=1; rua=mailto:%22a%5Cb%22@"
	    "c.nz%2Cd@e.nz?x , https://[2001:db8::1]:8443/x%20y ; b=2;";
	char *copy;
	const char *p;
	size_t i, runs = 0;
	int c;

	for (i = 0; i < sizeof(txt); i++) {
		if ((copy = strndup(txt, i)) == NULL)
			return;
		p = copy;
		runs += words_of(&p, 1) != NULL;
		free(copy);
		for (c = 1; c < 256; c++) {
			if ((copy = strdup(txt)) == NULL)
				return;
			copy[i] = (char)c;
			p = copy;
			if (i < sizeof(txt) - 1)
				runs += words_of(&p, 1) != NULL;
			free(copy);
		}
	}
	is_int((long long)runs, (long long)(sizeof(txt) * 256 - 255),
	    "every mangled record was read");
}

/* What can't be used is called what it is. */
static void
unusable(void)
{
	static const char *const txts[] = {
		"v=TLSRPTv1; rua=https:", "v=TLSRPTv1; rua=ftp://a.nz"
	};
	struct rua rua;
	const char *why = NULL;
	size_t where = 0, i;
	int record;

	for (i = 0; i < sizeof(txts) / sizeof(txts[0]); i++) {
		is_int(rua_parse(&txts[i], 1, &rua, &record, &why, &where),
		    RUA_OK, "%s: parses", txts[i]);
		is_int(strcmp(rua.unusable_why, "neither mailto: nor https:")
		    == 0, (long long)i, "%s: %s", txts[i], rua.unusable_why);
		rua_free(&rua);
	}
}

int
main(int argc, char *argv[])
{
	size_t i;

	samples(argc > 1 ? argv[1] : "regress/data/samples/records.tsv");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_str(words(cases[i].txt), cases[i].want, "%s -> %s",
		    cases[i].txt, cases[i].want);
	several_records();
	reasons();
	limits();
	again();
	mangled();
	unusable();
	return done_testing();
}
