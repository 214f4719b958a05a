/* SPDX-License-Identifier: ISC */

/*
 * One URI of a record at a time: what is kept of it, the one form of its place,
 * why it can't be used, and the last length that each part may have.  And what
 * is wrong with a whole record, and where.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfc/rua.h"
#include "tap.h"

/* head, n times c, and tail. */
static const char *
stretched(const char *head, char c, size_t n, const char *tail)
{
	static char out[4096];
	size_t len = strlen(head);

	memcpy(out, head, len);
	memset(out + len, c, n);
	strlcpy(out + len + n, tail, sizeof(out) - len - n);
	return out;
}

/* The places, with blanks between; then "!" and why one can't be used. */
static const char *
places(const char *uri)
{
	static char out[4096];
	struct rua rua;
	char *place;
	size_t i;

	memset(&rua, 0, sizeof(rua));
	if (rua_add(&rua, uri, strlen(uri)) == -1)
		return "no URI";
	out[0] = '\0';
	for (i = 0; i < rua.nuris; i++) {
		place = rua_place(&rua.uris[i]);
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%s",
		    i == 0 ? "" : " ", place);
		free(place);
	}
	if (rua.unusable != NULL)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s! %s",
		    i == 0 ? "" : " ", rua.unusable_why);
	rua_free(&rua);
	return out;
}

static const char no_host[] = "! no host that it names";
static const char dots[] = "! a '.' at an end, or two together";
static const char odd[] = "! a character that no local part may have";
static const char inside[] =
    "! its domain is not a name that everybody can resolve";

static const struct {
	const char	*uri;
	const char	*want;
} cases[] = {
	/* The place of an https URI: its port and the way in it. */
	{ "https://a.nz", "https://a.nz/" },
	{ "https://a.nz:443/x", "https://a.nz/x" },
	{ "https://a.nz:442/x", "https://a.nz:442/x" },
	{ "https://a.nz:444/x", "https://a.nz:444/x" },
	{ "https://a.nz:1/", "https://a.nz:1/" },
	{ "https://a.nz:65535/", "https://a.nz:65535/" },
	{ "https://a.nz:00001/", "https://a.nz:1/" },
	{ "https://192.0.2.1:8443/", "https://192.0.2.1:8443/" },
	{ "https://[2001:db8::1]", "https://[2001:db8::1]/" },
	{ "https://[2001:db8::1]:", "https://[2001:db8::1]/" },
	{ "https://[2001:db8::1]:44/x?y#z", "https://[2001:db8::1]:44/x?y" },
	{ "https://m%C3%BCnchen.example/x",
	  "https://xn--mnchen-3ya.example/x" },
	{ "https://a.nz#x?y/z", "https://a.nz/" },
	{ "https://a.nz?", "https://a.nz/?" },
	{ "https://a.nz/?@", "https://a.nz/?@" },
	{ "https://a.nz#@", "https://a.nz/" },
	{ "https://a", "https://a/" },
	{ "https:", no_host },
	{ "https:/", no_host },
	{ "https://", no_host },
	{ "https:/a.nz/", no_host },
	{ "https:x/a.nz/", no_host },
	{ "https://?x", no_host },
	{ "https://#x", no_host },
	{ "https://:443/", no_host },
	{ "https://[]/", no_host },
	{ "https://[/", no_host },
	{ "https://[::1]443/", no_host },
	{ "https://[::1]:x/", no_host },
	{ "https://a.nz:443:443/", no_host },
	{ "https://a..nz/", no_host },
	{ "https://a@b.nz/", "! a user or password in it" },
	{ "https://@/", "! a user or password in it" },

	/* A list, and what has to be encoded when it stands alone. */
	{ "mailto:a@b.nz%2Cc@d.nz", "mailto:a@b.nz mailto:c@d.nz" },
	{ "mailto:a%2Fb%3Fc%23d@b.nz%2C%7B%7D%60%5E%26%25!@d.nz",
	  "mailto:a%2Fb%3Fc%23d@b.nz mailto:%7B%7D%60%5E%26%25%21@d.nz" },
	{ "mailto:%2Ca@b.nz", "mailto:a@b.nz ! not an address: no '@' in it" },
	{ "mailto:a%2C@b.nz", "! not an address: no '@' in it" },
	{ "MAILTO:A@B.NZ", "mailto:A@b.nz" },
	{ "mailto:a@b.nz#x?y", "mailto:a@b.nz" },
	{ "mailto:a@b.nz?#", "mailto:a@b.nz" },
	{ "mailto:", "! not an address: no '@' in it" },

	/* Quotes, which are no part of the name; and where they are. */
	{ "mailto:%22a%22@b.nz", "mailto:a@b.nz" },
	{ "mailto:%22%22@b.nz", "! OpenSMTPD sends to no quoted local part" },
	{ "mailto:%22@b.nz", "! OpenSMTPD sends to no quoted local part" },
	{ "mailto:%22a..b%22@b.nz",
	  "! OpenSMTPD sends to no quoted local part" },
	{ "mailto:%22a%5C%22%2Cb%22@b.nz%2Cc@d.nz",
	  "mailto:c@d.nz ! OpenSMTPD sends to no quoted local part" },
	{ "mailto:%22a%5C%5C%22@b.nz%2Cc@d.nz",
	  "mailto:c@d.nz ! OpenSMTPD sends to no quoted local part" },
	{ "mailto:a%22@b.nz%2Cc%22@d.nz", odd },
	{ "mailto:a@b.nz%2C%22a%5C",
	  "mailto:a@b.nz ! not an address: no '@' in it" },
	{ "mailto:a%5C@b.nz%2Cc@d.nz", "mailto:c@d.nz ! a character that no "
	  "local part may have" },

	/* What a local part is made of. */
	{ "mailto:a.b.c@d.nz", "mailto:a.b.c@d.nz" },
	{ "mailto:.a@b.nz", dots },
	{ "mailto:a.@b.nz", dots },
	{ "mailto:.@b.nz", dots },
	{ "mailto:a..b@b.nz", dots },
	{ "mailto:AZ09az@b.nz", "mailto:AZ09az@b.nz" },
	{ "mailto:%3A@b.nz", odd },
	{ "mailto:a:b@b.nz", odd },
	{ "mailto:a%5Bb@b.nz", odd },
	{ "mailto:a@b@c.nz", odd },
	{ "mailto:a-b@c.nz", "mailto:a-b@c.nz" },
	{ "mailto:-a@c.nz", "! it begins with '-'" },
	{ "mailto:@c.nz", "! nothing stands before the '@'" },

	/* Blanks and controls; the first and the last. */
	{ "mailto:a%01@b.nz", "! a blank or control character in it" },
	{ "mailto:a%20@b.nz", "! a blank or control character in it" },
	{ "mailto:a@b.nz%20", "! a blank or control character in it" },
	{ "mailto:%20a@b.nz", "! a blank or control character in it" },
	{ "mailto:a%21@b.nz", "mailto:a%21@b.nz" },
	{ "mailto:a%7E@b.nz", "mailto:a~@b.nz" },

	/* Domains: names that the whole world can ask for. */
	{ "mailto:a@b", inside },
	{ "mailto:a@b.localhost", inside },
	{ "mailto:a@b.localdomain", inside },
	{ "mailto:a@localhost.nz", "mailto:a@localhost.nz" },
	{ "mailto:a@b.xlocalhost", "mailto:a@b.xlocalhost" },
	{ "mailto:a@b.nz.", inside },
	{ "mailto:a@", inside },
	{ "mailto:-a@b", inside },

	/* What each is called. */
	{ "ftp://a.nz", "! neither mailto: nor https:" },
	{ "http://a.nz", "! neither mailto: nor https:" },
	{ "mailtox:a@b.nz", "! neither mailto: nor https:" },
	{ "httpsx://a.nz", "! neither mailto: nor https:" },
	{ "mailt:", "! neither mailto: nor https:" },
	{ "http:", "! neither mailto: nor https:" },
	{ "a0+-.9:", "! neither mailto: nor https:" },
	{ "mailto", "no URI" },
	{ ":a@b.nz", "no URI" },
	{ "0a:x", "no URI" },
	{ "+a:x", "no URI" },
	{ "a_:x", "no URI" },
	{ "a@b.nz:x", "no URI" },
	{ "[:x", "no URI" },
	{ "{:x", "no URI" },
	{ "`:x", "no URI" },
	{ "", "no URI" },

	/* No character. */
	{ "mailto:a%", "no URI" },
	{ "mailto:a%4", "no URI" },
	{ "mailto:a%4z@b.nz", "no URI" },
	{ "mailto:a%z4@b.nz", "no URI" },
	{ "mailto:a@b.nz?%zz", "mailto:a@b.nz" },
	{ "https://a.nz/%", "no URI" },
	{ "https://a.nz/%4", "no URI" },
	{ "https://a.nz/%z4", "no URI" },
	{ "https://a.nz/%4z#", "no URI" },
};

/* Of several that can't be used the first is shown, with its own reason. */
static void
first_of_several(void)
{
	static const char first[] = "ftp://a.nz", second[] = "mailto:x";
	struct rua rua;

	memset(&rua, 0, sizeof(rua));
	is_int(rua_add(&rua, first, strlen(first)), 0, "ftp is a URI");
	is_int(rua_add(&rua, second, strlen(second)), 0, "a bare x as well");
	is_int((long long)rua.nunknown, 2, "neither can be used");
	is_str(rua.unusable, first, "the first is kept");
	is_str(rua.unusable_why, "neither mailto: nor https:",
	    "with its reason");
	is_int(rua_add(&rua, "mailto:a%41@b.nz", 10), -1,
	    "of a longer text so much only");
	rua_free(&rua);
	ok(rua.unusable == NULL && rua.uris == NULL && rua.nunknown == 0,
	    "nothing is left of it");
}

/* Places that differ in one part only; and the same ones again. */
static void
once_each(void)
{
	static const char *const uris[] = {
		"https://a.nz/x", "https://b.nz/x", "https://a.nz:444/x",
		"https://a.nz/y#z", "mailto:a@a.nz", "mailto:b@a.nz?c=d",
		"mailto:a@b.nz"
	};
	const size_t n = sizeof(uris) / sizeof(uris[0]);
	struct rua rua;
	char uri[64];
	size_t i;

	memset(&rua, 0, sizeof(rua));
	for (i = 0; i < 2 * n; i++)
		(void)rua_add(&rua, uris[i % n], strlen(uris[i % n]));
	is_int((long long)rua.nuris, (long long)n, "each place once");
	for (i = 0; i < rua.nuris; i++)
		is_str(rua.uris[i].uri, uris[i], "as it was published: %s",
		    uris[i]);
	is_int((long long)rua.nover, 0, "none too many");
	for (i = 0; i < 3; i++) {
		snprintf(uri, sizeof(uri), "https://c.nz/%zu", i);
		is_int(rua_add(&rua, uri, strlen(uri)), 0, "%s", uri);
	}
	is_int((long long)rua.nuris, RUA_URIS_MAX, "as many as there may be");
	is_int((long long)rua.nover, 2, "two https URIs too many");
	(void)rua_add(&rua, uris[0], strlen(uris[0]));
	(void)rua_add(&rua, uris[4], strlen(uris[4]));
	is_int((long long)rua.nover, 2, "what is there is not too much");
	rua_free(&rua);
}

/* The last length that is taken, and the first that is not. */
static void
lengths(void)
{
	char domain[300], one[400];
	struct rua rua;
	const char *uri;
	size_t i, n;

	uri = stretched("mailto:", 'x', 64, "@b.nz");
	is_str(places(uri), uri, "64 characters before the '@'");
	uri = stretched("mailto:", 'x', 65, "@b.nz");
	is_str(places(uri), "! more than 64 characters stand before the '@'",
	    "65 of them");

	for (n = 253; n < 255; n++) {
		memset(domain, 0, sizeof(domain));
		for (i = 0; i < n; i++)
			domain[i] = i % 50 == 49 ? '.' : 'x';
		snprintf(one, sizeof(one), "mailto:a@%s", domain);
		is_str(places(one), n == 253 ? one : inside,
		    "mail to a domain of %zu characters", n);
		uri = stretched("mailto:", 'x', 64, "@");
		snprintf(one, sizeof(one), "%s%s", uri, domain);
		is_str(places(one), n == 253 ? one : inside,
		    "with a local part of 64 as well");
		snprintf(one, sizeof(one), "https://%s/", domain);
		is_str(places(one), n == 253 ? one : no_host,
		    "https to one of %zu", n);
	}

	uri = stretched("https://a.nz/", 'x', RUA_URI_MAX - 13, "");
	is_str(places(uri), uri, "a URI of %d bytes", RUA_URI_MAX);
	uri = stretched("https://a.nz?", 'x', RUA_URI_MAX - 13, "");
	is_int((long long)strlen(places(uri)), RUA_URI_MAX + 1,
	    "one that a '/' comes to");
	uri = stretched("mailto:a@b.nz?", 'x', RUA_URI_MAX - 14, "");
	is_str(places(uri), "mailto:a@b.nz", "mailto of as many");
	uri = stretched("https://a.nz/", 'x', RUA_URI_MAX - 12, "");
	is_str(places(uri), "! far too long", "one byte more");

	memset(&rua, 0, sizeof(rua));
	(void)rua_add(&rua, uri, strlen(uri));
	is_str(rua.unusable, "https://a.nz/xxxxxxxxxxxxxxxxxxxxxxxxxxx",
	    "40 characters of it are shown");
	rua_free(&rua);
}

/* What a record's owner is told: the offset, and what is wrong there. */
static void
records(void)
{
	static const char percent[] =
	    "two hexadecimal digits must follow a '%'";
	static const char odd_uri[] = "a character that no URI may have";
	static const struct {
		const char	*fields;	/* behind "v=TLSRPTv1" */
		int		 where;		/* there; -1: all is well */
		const char	*why;
	} of[] = {
		{ ";rua=mailto:a@b.nz\t;", -1, NULL },
		{ ";rua=mailto:a@b.nz\t,\tmailto:c@d.nz", -1, NULL },
		{ "\t \t;rua=mailto:a@b.nz", -1, NULL },
		{ ";rua=mailto:a@b.nz?azAZ09-._~:/?#[]@$&'()*+=%2F", -1,
		  NULL },
		{ ";rua=mailto:a@b.nz?\"", 19, odd_uri },
		{ ";rua=mailto:a@b.nz?`", 19, odd_uri },
		{ ";rua=mailto:a@b.nz?{", 19, odd_uri },
		{ ";rua=mailto:a@b.nz?\\", 19, odd_uri },
		{ ";rua=mailto:a@b.nz?\r", 19, odd_uri },
		{ ";rua=mailto:a@b.nz!10m", 18, "'!' must be written as %21" },
		{ ";rua=!", 5, "'!' must be written as %21" },
		{ ";rua=%zz", 5, percent },
		{ ";rua=a:%z1", 7, percent },
		{ ";rua=a:%1z", 7, percent },
		{ ";rua=a:%1", 7, percent },
		{ ";rua=a:%", 7, percent },
		{ ";rua=a:%41%", 10, percent },
		{ ";rua=;", 5, "a URI is missing" },
		{ ";rua=a:b,", 9, "a URI is missing" },
		{ ";rua=a:b, ,c:d", 10, "a URI is missing" },
		{ ";rua=a.b", 5,
		  "not a URI: it begins with mailto: or https:" },
		{ ";a=!<>[]~;rua=a:b", -1, NULL },
		{ ";aZ09_-.=z;rua=a:b", -1, NULL },
		{ ";a=1 2;rua=a:b", 5, "';' or the end expected" },
		{ ";a=1=2;rua=a:b", 4, "';' or the end expected" },
		{ ";a=1\177;rua=a:b", 4, "';' or the end expected" },
		{ ";a=\303\244;rua=a:b", 3, "a field has no value" },
		{ ";a= 1;rua=a:b", 3, "a field has no value" },
		{ ";a=;rua=a:b", 3, "a field has no value" },
		{ ";_a=1;rua=a:b", 1, "a field is missing" },
		{ ";=1;rua=a:b", 1, "a field is missing" },
		{ "; ;rua=a:b", 2, "a field is missing" },
		{ ";a;rua=a:b", 2, "'=' expected" },
		{ ";a+b=1;rua=a:b", 2, "'=' expected" },
		{ ";a2345678901234567890123456789012=1;rua=a:b", -1, NULL },
		{ ";a23456789012345678901234567890123=1;rua=a:b", 1,
		  "the name of a field is too long" },
		{ ";rua=a:b c:d", 9, "';' or the end expected" },
		{ ";rua=a:b ", 8, "a blank at the end" },
		{ ";a=b\t", 4, "a blank at the end" },
		{ ";rua=a:b; ", -1, NULL },
		{ ";a=b", 4, "there is no rua field" },
		{ ";a=b; ", 6, "there is no rua field" },
		{ ";rua", 4, "'=' expected" },
		{ ";ruax=a:b", 9, "there is no rua field" },
	};
	const char *txt, *why;
	struct rua rua;
	char line[160];
	size_t i, where;
	int record;

	txt = line;
	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		snprintf(line, sizeof(line), "v=TLSRPTv1%s", of[i].fields);
		if (rua_parse(&txt, 1, &rua, &record, &why, &where) ==
		    RUA_OK) {
			is_int(of[i].where, -1, "%s: ok", line);
			rua_free(&rua);
			continue;
		}
		is_str(why, of[i].why, "%s: %s", line, why);
		is_int((long long)where, 10 + of[i].where, "at %d",
		    of[i].where);
		is_int(record, 0, "of the first record");
	}
	record = 7;
	txt = "v=spf1 -all";
	is_int(rua_parse(&txt, 1, &rua, &record, &why, &where), RUA_NONE,
	    "another record");
	is_int(record, -1, "is none of these");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_str(places(cases[i].uri), cases[i].want, "%s",
		    cases[i].uri);
	first_of_several();
	once_each();
	lengths();
	records();
	return done_testing();
}
