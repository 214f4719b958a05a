/* SPDX-License-Identifier: ISC */

/* sge.conf: what each mistake is answered. */

#include <sys/socket.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sged_notice.h"
#include "conftext.h"
#include "tap.h"

struct mistake {
	const char	*text;		/* added behind what is required */
	const char	*said;		/* all of it; NULL: nothing */
};

/* The added text begins on line 4. */
static const struct mistake mistakes[] = {
	{ "", NULL },
	{ "# only a comment, without a newline", NULL },
	{ "organisation \"x\"",
	    "4: unknown directive \"organisation\"; did you mean "
	    "\"organization\"?\n" },
	{ "xyzzy 1\n", "4: unknown directive \"xyzzy\": see sge.conf(5)\n" },
	{ "\"mode\" testing\n",
	    "4: unknown directive \"mode\"; did you mean \"mode\"?\n" },
	{ "mode\n", "4: something is missing; write: mode enforce or mode "
	    "testing\n" },
	{ "mode strict\n",
	    "4: unknown mode \"strict\": write enforce or testing\n" },
	{ "mode enforce testing\n", "4: unexpected \"testing\"; write: mode "
	    "enforce or mode testing\n" },
	{ "mode testing\nmode testing\n",
	    "5: this is given twice, first at CONF:4: remove one\n" },
	{ "organization \"N\"\n",
	    "4: this is given twice, first at CONF:1: remove one\n" },
	{ "} x\n", "4: unexpected \"}\": a line begins with a directive\n" },
	{ "mode = testing\n", "4: unexpected \"=\"; write: mode enforce or "
	    "mode testing\n" },
	{ "hostname \"a..b\"\n", "4: \"a..b\" is not a domain name\n" },
	{ "hostname \".b.nz\"\n", "4: \".b.nz\" stands for many domains; here "
	    "must be one: write it without the first dot\n" },
	{ "hostname 192.0.2.1\n", "4: \"192.0.2.1\" is not a domain name\n" },
	{ "class a { \"m\xc4\x81ori.nz\" }\n", "4: \"m\xc4\x81ori.nz\" is not "
	    "how the DNS writes it: write \"xn--mori-qsa.nz\"\n" },
	{ "class a { \"M\xc4\x80ORI.nz\" }\n", "4: \"M\xc4\x80ORI.nz\" is not "
	    "how the DNS writes it: write \"xn--mori-qsa.nz\"\n" },
	{ "class a { \"\xef\xbb\xbf" "b.nz\" }\n",
	    "4: \"\\M-o\\M-;\\M-?b.nz\" is not a domain name: take out the "
	    "bytes EF BB BF, a byte order mark\n" },
	{ "class a { \"b.nz\xc2\xa0\" }\n", "4: \"b.nz\\M-B\\240\" is not a "
	    "domain name: take out the bytes C2 A0\n" },
	{ "\xef\xbb\xbfmode testing\n", "4: unknown directive "
	    "\"\\M-o\\M-;\\M-?mode\": take out the bytes EF BB BF, a byte "
	    "order mark\n" },
	{ "class a { \"\xff.nz\" }\n",
	    "4: \"\\M^?.nz\" is not a domain name\n" },
	{ "class a { *.x.nz }\n", "4: \"*.x.nz\" is not a domain name: for "
	    "all subdomains write \".x.nz\"\n" },
	{ "class a { joe@x.nz }\n", "4: \"joe@x.nz\" is not a domain name: "
	    "write only the domain, \"x.nz\"\n" },
	{ "class a { }\n", "4: unexpected \"}\"; write: class NAME { DOMAIN "
	    "... } or class NAME file \"PATH\"\n" },
	{ "class a { b.nz\n\nmode testing\n", "4: the { of this line is not "
	    "closed: a } is missing\n" },
	{ "class a {\n b.nz\n", "4: the { of this line is not closed: a } is "
	    "missing\n" },
	{ "class a { b.nz { c.nz } }\nmode x\n",
	    "4: unexpected \"{\"; write: class NAME { DOMAIN ... } or class "
	    "NAME file \"PATH\"\n"
	    "CONF:5: unknown mode \"x\": write enforce or testing\n" },
	{ "class public b.nz\n", "4: \"public\" has a meaning of its own: "
	    "choose another name for this class\n" },
	{ "class \"a b\" b.nz\n", "4: \"a b\" can't name a class: use up to "
	    "32 letters, digits, - and _\n" },
	{ "class a b.nz\nclass a c.nz\n", "5: the class \"a\" is defined "
	    "twice, first at CONF:4: put its domains together\n" },
	{ "class a file \"/nonexistent\"\n", "4: can't read \"/nonexistent\": "
	    "No such file or directory\n" },
	{ "class a file \"/dev\"\n",
	    "4: can't read \"/dev\": it is not a regular file\n" },
	{ "include \"/nonexistent\"\n", "4: can't read \"/nonexistent\": No "
	    "such file or directory\n" },
	{ "flow from gov to any require tls\n", "4: the class \"gov\" is not "
	    "defined: write class gov { DOMAIN ... }, or name public or "
	    "any\n" },
	{ "class gov\nflow from gov to any require tls\n", "4: something is "
	    "missing; write: class NAME { DOMAIN ... } or class NAME file "
	    "\"PATH\"\n" },
	{ "flow from any to any require magic\n", "4: unexpected \"magic\"; "
	    "write: flow from CLASS to CLASS require tls (or: require verified "
	    "tls, require connector, prefer tls)\n" },
	{ "flow from any to any require tls 1.1\n", "4: \"1.1\" is too old to "
	    "be required: write \"1.2\" or \"1.3\"\n" },
	{ "flow from any to any require tls \"2.0\"\n", "4: \"2.0\" is not a "
	    "version of TLS: write \"1.2\" or \"1.3\"\n" },
	{ "flow from local to any prefer tls\n", "4: unexpected \"local\" "
	    "(quote it if it is a name); write: flow from CLASS to CLASS "
	    "require tls (or: require verified tls, require connector, prefer "
	    "tls)\n" },
	{ "class a x.nz\nflow from a to any require connector\n"
	    "connector x.nz to \"smtp://h.nz\" from 192.0.2.1\n",
	    "6: \"smtp://h.nz\" would not verify the host: write "
	    "\"smtp+tls://HOST\" or \"smtps://HOST\"\n" },
	{ "class a x.nz\nflow from a to any require connector\n"
	    "connector x.nz to \"smtp+tls://[192.0.2.1]\" from 192.0.2.1\n",
	    "6: \"smtp+tls://[192.0.2.1]\" names an address: write the host's "
	    "name, which its certificate holds\n" },
	{ "class a x.nz\nflow from a to any require connector\n"
	    "connector x.nz to \"smtps://h.nz:99999\" from 192.0.2.1\n",
	    "6: \"smtps://h.nz:99999\" is not an URL of a mail host: write "
	    "\"smtps://HOST\" or \"smtps://HOST:PORT\"\n" },
	{ "class a x.nz\nflow from a to any require connector\n"
	    "connector x.nz to \"smtps://h.nz\" from 192.0.2.1\n"
	    "connector x.nz to \"smtps://i.nz\" from 192.0.2.1\n",
	    "7: the connector of \"x.nz\" is given twice, first at CONF:6: "
	    "remove one\n" },
	{ "connector x.nz to \"smtps://h.nz\" from 192.0.2.1\n",
	    "4: warning: no flow of \"x.nz\" requires a connector: is the "
	    "domain missing in a class, or the flow?\n" },
	{ "class a x.nz\nflow from any to a require connector\n"
	    "connector x.nz to \"smtps://h.nz\"\n",
	    "6: warning: mail of \"x.nz\" is accepted from any address: add "
	    "from { ADDRESS/BITS ... }\n" },
	{ "legacy 10.0.0.0/33 until 2077-01-01 x\n", "4: \"10.0.0.0/33\" is "
	    "not an address or network: write it as 192.0.2.1, 192.0.2.0/24 "
	    "or 2001:db8::/32\n" },
	{ "legacy { 10.0.0.256 ::/129 10.1/8 } until 2077-01-01 x\n",
	    "4: \"10.0.0.256\" is not an address or network: write it as "
	    "192.0.2.1, 192.0.2.0/24 or 2001:db8::/32\n"
	    "CONF:4: \"::/129\" is not an address or network: write it as "
	    "192.0.2.1, 192.0.2.0/24 or 2001:db8::/32\n"
	    "CONF:4: \"10.1/8\" is not an address or network: write it as "
	    "192.0.2.1, 192.0.2.0/24 or 2001:db8::/32\n" },
	{ "legacy 10.0.0.1 until 2077-02-29 x\n",
	    "4: there is no day 2077-02-29\n" },
	{ "legacy 10.0.0.1 until 2077-13-01 x\n",
	    "4: there is no day 2077-13-01\n" },
	{ "legacy 10.0.0.1 until 2077-00-00 x\n",
	    "4: there is no day 2077-00-00\n" },
	{ "legacy 10.0.0.1 until 31.3.2077 x\n", "4: \"31.3.2077\" is not a "
	    "date: write it as 2027-03-31\n" },
	{ "legacy 10.0.0.1 until 2020-02-29 x\n", "4: warning: 2020-02-29 is "
	    "over: this line has no effect; remove it\n" },
	{ "legacy 10.0.0.1 until 2077-01-01 \"\"\n",
	    "4: the text is empty\n" },
	{ "legacy 10.0.0.1 until 2077-01-01\n", "4: something is missing; "
	    "write: legacy { ADDRESS/BITS ... } until YYYY-MM-DD "
	    "\"REASON\"\n" },
	{ "spool here/spool\n", "4: \"here/spool\" is not an absolute path: it "
	    "must begin with /\n" },
	{ "database postgresql \"x\"\n", "4: unexpected \"postgresql\" "
	    "(quote it if it is a name); write: database sqlite \"/PATH\"\n" },
	{ "report from \"x@other.nz\"\n", "4: \"x@other.nz\" is not in "
	    "contact's domain: write an address @m.nz, for the report's "
	    "signature\n" },
	{ "report from \"x y@m.nz\"\n", "4: \"x y@m.nz\" is not a mail "
	    "address: write it as \"name@example.govt.nz\"\n" },
	{ "report copy x@\n", "4: \"\" is not a domain name\n" },
	{ "report spread 2d\n",
	    "4: 2d is out of bounds: write from 0d to 1d\n" },
	{ "report often\n", "4: unexpected \"often\"; write: report from "
	    "\"ADDRESS\", report sendmail \"/PATH\", report spread 4h, report "
	    "retry 24h, report except { DOMAIN ... }, report limit 1000, "
	    "report copy \"ADDRESS\" or report https verify\n" },
	{ "report limit 0\n", "4: \"0\" is not a number from 1 to 1000000\n" },
	{ "report limit 5x\n",
	    "4: \"5x\" is not a number from 1 to 1000000\n" },
	{ "report limit -1\n",
	    "4: \"-1\" is not a number from 1 to 1000000\n" },
	{ "report limit +1\n",
	    "4: \"+1\" is not a number from 1 to 1000000\n" },
	{ "report limit 1\nreport limit 2\n",
	    "5: this is given twice, first at CONF:4: remove one\n" },
	{ "report\n", "4: something is missing; write: report from "
	    "\"ADDRESS\", report sendmail \"/PATH\", report spread 4h, report "
	    "retry 24h, report except { DOMAIN ... }, report limit 1000, "
	    "report copy \"ADDRESS\" or report https verify\n" },
	{ "report \"limit\" 5\n", "4: unexpected \"limit\"; write: report "
	    "from \"ADDRESS\", report sendmail \"/PATH\", report spread 4h, "
	    "report retry 24h, report except { DOMAIN ... }, report limit "
	    "1000, report copy \"ADDRESS\" or report https verify\n" },
	{ "report https verify now\n", "4: unexpected \"now\"; write: report "
	    "from \"ADDRESS\", report sendmail \"/PATH\", report spread 4h, "
	    "report retry 24h, report except { DOMAIN ... }, report limit "
	    "1000, report copy \"ADDRESS\" or report https verify\n" },
	{ "mta-sts except { a..nz }\n",
	    "4: \"a..nz\" is not a domain name\n" },
	{ "mta-sts\n", "4: something is missing; write: mta-sts except "
	    "{ DOMAIN ... }\n" },
	{ "smarthost mail.x.nz\n", "4: \"mail.x.nz\" is not an address or "
	    "network: write it as 192.0.2.1, 192.0.2.0/24 or "
	    "2001:db8::/32\n" },
	{ "smarthosts 192.0.2.1\n", "4: unknown directive \"smarthosts\"; did "
	    "you mean \"smarthost\"?\n" },
	{ "dkim verified by \"\"\n", "4: the text is empty\n" },
	{ "dkim verified \"m.nz\"\n", "4: unexpected \"m.nz\"; write: dkim "
	    "verified by \"AUTHSERV-ID\"\n" },
	{ "dkim verified by { }\n", "4: unexpected \"}\"; write: dkim "
	    "verified by \"AUTHSERV-ID\"\n" },
	{ "forward unread to m.nz\n", "4: \"m.nz\" is not a mail address: "
	    "write it as \"name@example.govt.nz\"\n" },
	{ "forward unread { a@m.nz }\n", "4: unexpected \"{\"; write: forward "
	    "unread to \"ADDRESS\"\n" },
	{ "letters reply-to { a@m.nz }\n", "4: unexpected \"{\"; write: "
	    "letters reply-to \"ADDRESS\"\n" },
	{ "class a limit\n", "4: unexpected \"limit\" (quote it if it is a "
	    "name); write: class NAME { DOMAIN ... } or class NAME file "
	    "\"PATH\"\n" },
	{ "l = \"limit 7\"\nreport $l\n", NULL },
	{ "learn timeout 5\n", "4: \"5\" is not a time: write a number and s, "
	    "m, h, d or w, as 5s, 4h or 14d\n" },
	{ "learn timeout 99999999999999999999s\n", "4: \"99999999999999999999"
	    "s\" is not a time: write a number and s, m, h, d or w, as 5s, 4h "
	    "or 14d\n" },
	{ "learn timeout 5 s\n", "4: \"5\" is not a time: write a number and "
	    "s, m, h, d or w, as 5s, 4h or 14d\n" },
	{ "keep sessions 36h\n", "4: 36h is not a number of whole days: write "
	    "it as 14d\n" },
	{ "keep reports 0d\n",
	    "4: 0d is out of bounds: write from 1d to 3660d\n" },
	{ "resolver dns.nz\n", "4: \"dns.nz\" is not an address: write the "
	    "resolver's address, as 127.0.0.1\n" },
	{ "resolver ::1 port 70000\n", "4: \"70000\" is not a port: write a "
	    "number from 1 to 65535\n" },
#ifdef SGE_LIBPQ
	{ "fleet postgresql \"host=db sslmode=verify-full "
	    "target_session_attrs=read-write\"\n", NULL },
	{ "fleet postgresql \"host=/run/postgresql sslmode=disable\"\n",
	    NULL },
	{ "fleet postgresql \"host=db 'dbname'=x\"\n", "4: not a connection "
	    "string of key=value words: write fleet postgresql \"host=DB "
	    "dbname=sge user=sge passfile=/etc/mail/sge/pgpass\"\n" },
	{ "fleet postgresql \"host='db\"\n", "4: not a connection "
	    "string of key=value words: write fleet postgresql \"host=DB "
	    "dbname=sge user=sge passfile=/etc/mail/sge/pgpass\"\n" },
	{ "fleet postgresql \"dbname=sge\"\n", "4: the database's host is "
	    "missing: write fleet postgresql \"host=DB dbname=sge user=sge "
	    "passfile=/etc/mail/sge/pgpass\"\n" },
	{ "fleet postgresql \"host=db password = 'a b'\"\n", "4: many can read "
	    "this file: put the password into one of mode 600 that is "
	    "_sgenet's, and write passfile=/path/of/it\n" },
	{ "fleet postgresql \"host=db passfile=pgpass\"\n", "4: passfile "
	    "\"pgpass\" is not an absolute path: it must begin with /\n" },
	{ "fleet postgresql \"host=db,/run sslmode=require\"\n", "4: warning: "
	    "with sslmode=require nobody knows that it is the database who "
	    "answers: leave it out\n" },
#else
	{ "fleet postgresql \"host=db\"\n", "4: this program was built without "
	    "PostgreSQL: install libpq-dev (OpenBSD: pkg_add "
	    "postgresql-client) and build it again\n" },
#endif
	{ "ca \"/nonexistent\"\n", "4: warning: can't read \"/nonexistent\": "
	    "No such file or directory\n" },
	{ "mode $m\n", "4: the macro \"m\" is not defined: write m = \"VALUE\""
	    " above\n" },
	{ "a = b\na = c\n", "5: the macro \"a\" is defined already: choose "
	    "another name\n" },
	{ "a = \"$a\"\nclass x { $a }\n", "5: a macro uses itself\n" },
	{ "hostname \"x\nmode testing\n",
	    "4: the quotes are not closed on this line\n" },
	{ "hostname \x01x\n", "4: the character 0x01 has no meaning here\n" },
	{ "report except { \"a.nz\" \"b@c.nz\"\n\t\"d..nz\"\n}\n",
	    "4: \"b@c.nz\" is not a domain name: write only the domain, "
	    "\"c.nz\"\n"
	    "CONF:5: \"d..nz\" is not a domain name\n" },
};

static void
one_mistake(const struct mistake *m)
{
	char text[1024], want[1024], *said;
	struct conf *conf;
	int fails;

	snprintf(text, sizeof(text), "%s%s", NLOCAL, m->text);
	snprintf(want, sizeof(want), "%s%s", m->said == NULL ? "" : "CONF:",
	    m->said == NULL ? "" : m->said);
	conf = conf_text(text, &said);
	is_str(said, want, "said of: %.*s", (int)strcspn(m->text, "\n"),
	    m->text);
	fails = m->said != NULL && strstr(m->said, ": warning: ") == NULL;
	ok((conf == NULL) == fails, "and it is %s", fails ? "wrong" :
	    "right");
	conf_free(conf);
	free(said);
}

static void
missing(void)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1], text[512];
	char *said;

	conf_free(conf_text("", &said));
	ok(strstr(said, "CONF:1: the organization is missing: write ") !=
	    NULL, "nothing at all: organization");
	ok(strstr(said, "CONF:1: the contact is missing: write ") != NULL,
	    "nothing at all: contact");
	free(said);
	ok(conf_read("/nonexistent.conf", stdout) == NULL, "no file");
	/* A longer path can't be connected to, nor the one beside it. */
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	snprintf(text, sizeof(text), NLOCAL "socket \"%s\"\n", path);
	conf_free(conf_text(text, &said));
	snprintf(text, sizeof(text), "CONF:4: the path of a socket may have "
	    "%zu characters, this has %zu\n", sizeof(path) - 2 -
	    strlen(NOTICE_SUFFIX), sizeof(path) - 1);
	is_str(said, text, "a socket's path that is too long");
	free(said);
	/* A line that is wrong is not missing too. */
	conf_free(conf_text("organisation M\ncontact\n", &said));
	ok(strstr(said, "is missing: write") == NULL, "wrong, not missing");
	free(said);
}

/* Ten different mistakes: ten lines. */
static void
ten(void)
{
	static const char text[] =
	    "organization \"M\"\ncontact \"m.nz\"\nmode off\n"
	    "local { a_b..nz }\n"
	    "class a { }\nflow from a to b require tls\nspool here\n"
	    "learn timeout ever\nconnector m.nz to mx.m.nz from 192.0.2.1\n"
	    "keep sessions 14\nresolver 127.0.0.1 port x\n";
	char *said, *p;
	int lines = 0, placed = 0, line;

	ok(conf_text(text, &said) == NULL, "ten mistakes");
	for (p = said; *p != '\0'; p = strchr(p, '\n') + 1) {
		if (strstr(p, "warning: ") != NULL &&
		    strstr(p, "warning: ") < strchr(p, '\n'))
			continue;
		lines++;
		placed += sscanf(p, "CONF:%d: ", &line) == 1 && line > 1;
	}
	is_int(lines, 10, "give ten lines");
	is_int(placed, 10, "each with its place");
	if (lines != 10)
		printf("# %s\n", said);
	free(said);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < nitems(mistakes); i++)
		one_mistake(&mistakes[i]);
	missing();
	ten();
	return done_testing();
}
