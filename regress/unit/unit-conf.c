/* SPDX-License-Identifier: ISC */

/*
 * sge.conf: what each mistake is answered, what the values become, and that
 * what is printed parses back to the same.
 *
 *	unit-conf [file ...]	only these: they are right, and come back
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "conftext.h"
#include "base/log.h"
#include "base/sged_notice.h"
#include "tap.h"

static char dir[] = "/tmp/sge-conf.XXXXXXXXXX";

#define NLOCAL "organization M\ncontact t@m.nz\nlocal m.nz\n"

/* The design's own example, but for the file of the class. */
static const char full[] =
    "organization \"Minties\"                 # organization-name\n"
    "contact \"tls-reports@minties.govt.nz\"  # contact-info\n"
    "hostname \"mail.minties.govt.nz\"        # default: the host's name\n"
    "mode enforce                           # or testing\n"
    "local { \"minties.govt.nz\" }\n"
    "\n"
    "class restricted { \"dia.govt.nz\" }\n"
    "class government { \".govt.nz\" \".mil.nz\" \"parliament.nz\" }\n"
    "flow from restricted to restricted require connector\n"
    "flow from { restricted government } to { restricted government } "
    "require tls\n"
    "flow from any to any prefer tls\n"
    "connector \"dia.govt.nz\" to \"smtp+tls://mx.dia.govt.nz\" "
    "from { 203.0.113.0/24 }\n"
    "legacy { 10.1.2.3 10.9.0.0/16 } until 2077-03-31 \"UPS monitors\"\n"
    "mta-sts except { \"partner.example\" \".partner.example\" }\n"
    "smarthost { 192.0.2.25 2001:db8::/64 }\n"
    "spool \"/var/spool/sged\"\n"
    "database sqlite \"/var/db/sged/sged.db\"\n"
    "socket \"/var/run/sged.sock\"\n"
    "report from \"tlsrpt-noreply@minties.govt.nz\"  # same domain\n"
    "report sendmail \"/usr/sbin/sendmail\"\n"
    "report spread 4h\n"
    "report retry 24h\n"
    "report except { \"example.com\" }\n"
    "report limit 20\n"
    "report copy \"me@elsewhere.example\"\n"
    "report https verify\n"
    "dkim verified by { \"mail.minties.govt.nz\" \"mx two\" }\n"
    "forward unread to \"postmaster@minties.govt.nz\"\n"
    "letters reply-to \"tls@minties.govt.nz\"\n"
    "learn timeout 5s\n"
    "keep sessions 14d\n"
    "keep reports 90d\n"
    "resolver 127.0.0.1 port 53\n"
    "ca \"/dev/null\"\n"
    "network allow { 127.0.0.0/8 }\n";

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
	{ "database postgresql \"x\"\n", "4: unexpected \"postgresql\"; "
	    "write: database sqlite \"/PATH\"\n" },
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

static char *
printed(const struct conf *conf)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	conf_print(conf, f);
	fclose(f);
	return text;
}

/* print, parse, print: the same. */
static void
comes_back(const struct conf *conf, const char *name)
{
	char *first = printed(conf), *second, *said;
	struct conf *again = conf_text(first, &said);

	if (!ok(again != NULL, "%s: what is printed is right", name)) {
		printf("# %s# %s\n", said, first);
		free(first);
		free(said);
		return;
	}
	second = printed(again);
	is_str(second, first, "%s: and is printed the same again", name);
	conf_free(again);
	free(first);
	free(second);
	free(said);
}

static void
values(void)
{
	struct conf *conf;
	struct addr a;
	char *said;

	conf = conf_text(full, &said);
	is_str(said, "", "the full example: nothing is said");
	free(said);
	if (!ok(conf != NULL, "and it is right"))
		return;
	is_str(conf->organization, "Minties", "organization");
	is_str(conf->contact, "tls-reports@minties.govt.nz", "contact");
	is_str(conf->submitter, "minties.govt.nz", "its domain");
	is_str(conf->hostname, "mail.minties.govt.nz", "hostname");
	is_int(conf->mode, MODE_ENFORCE, "mode");
	ok(conf_is_local(conf, "minties.govt.nz") &&
	    !conf_is_local(conf, "x.minties.govt.nz"), "local");
	is_int(conf_class(conf, "dia.govt.nz"), 1, "class: the first wins");
	is_int(conf_class(conf, "x.dia.govt.nz"), 2, "class: a subdomain");
	is_int(conf_class(conf, "govt.nz"), 0, "class: not the parent");
	is_int(conf_class(conf, "xgovt.nz"), 0, "class: a dot is a dot");
	is_int(conf_rule(conf, 1, 1)->req, REQ_CONNECTOR, "rule 1 1");
	is_int(conf_rule(conf, 1, 2)->req, REQ_TLS, "rule 1 2");
	is_int(conf_rule(conf, 2, 2)->req, REQ_TLS, "rule 2 2");
	is_int(conf_rule(conf, 2, 0)->req, REQ_PREFER_TLS, "rule 2 0");
	is_int(conf_rule_out(conf, "parliament.nz")->req, REQ_TLS, "out");
	is_int(conf_rule_out(conf, "a.nz")->req, REQ_PREFER_TLS, "out, public");
	is_str(conf_connector(conf, "dia.govt.nz")->url,
	    "smtp+tls://mx.dia.govt.nz", "connector");
	ok(conf_connector(conf, "x.dia.govt.nz") == NULL, "only of that one");
	(void)addr_parse("10.9.8.7", 8, &a);
	ok(conf_legacy(conf, &a, 0) != NULL, "legacy");
	ok(!conf_may_contact(conf, &a), "a private address");
	(void)addr_parse("127.0.0.9", 9, &a);
	ok(conf_may_contact(conf, &a), "a private address that is allowed");
	is_str(conf->database, "/var/db/sged/sged.db", "database");
	is_int(conf->report_spread, 4 * 3600, "spread");
	is_int(conf->report_retry, 86400, "retry");
	is_str(conf->report_copy, "me@elsewhere.example", "copy");
	is_int(conf->report_https_verify, 1, "https verify");
	ok(domset_find(conf->report_except, "example.com") != -1, "except");
	ok(domset_find(conf->sts_except, "x.partner.example") != -1 &&
	    domset_find(conf->sts_except, "a.example") == -1, "mta-sts except");
	(void)addr_parse("2001:db8::7", 11, &a);
	ok(conf_is_smarthost(conf, &a), "smarthost");
	(void)addr_parse("192.0.2.26", 10, &a);
	ok(!conf_is_smarthost(conf, &a), "not its neighbour");
	is_int(conf->report_limit, 20, "report limit");
	is_int(conf->ndkim_authserv, 2, "dkim verified by");
	is_str(conf->dkim_authserv[1], "mx two", "in order");
	is_str(conf->unread_forward, "postmaster@minties.govt.nz",
	    "forward unread to");
	is_str(conf->letters_reply_to, "tls@minties.govt.nz",
	    "letters reply-to");
	is_int(conf->learn_timeout, 5, "learn timeout");
	is_int(conf->keep_sessions, 14, "keep sessions");
	is_int(conf->keep_reports, 90, "keep reports");
	is_str(conf->resolver, "127.0.0.1", "resolver");
	comes_back(conf, "the full example");
	conf_free(conf);
}

static void
defaults(void)
{
	struct conf *conf;
	char *said;

	conf = conf_text("organization \"Te Puni \xc4\x80\"\n"
	    "contact A.b+c@MINTIES.govt.nz.", &said);
	is_str(said, "CONF:2: warning: no local domains are given: taking "
	    "\"minties.govt.nz\", the domain of contact\n",
	    "without local: a warning");
	free(said);
	if (!ok(conf != NULL, "two lines do"))
		return;
	is_str(conf->contact, "A.b+c@minties.govt.nz", "contact's domain");
	is_str(conf->report_from, "tlsrpt-noreply@minties.govt.nz",
	    "report from");
	ok(conf_is_local(conf, "minties.govt.nz"), "local");
	ok(conf->hostname[0] != '\0', "hostname");
	is_str(conf->spool, "/var/spool/sged", "spool");
	is_str(conf->socket, "/var/run/sged.sock", "socket");
	is_int(conf->report_spread, 14400, "spread");
	is_int(conf->report_limit, 1000, "limit");
	is_int(conf->mode, MODE_ENFORCE, "mode");
	ok(domset_count(conf->sts_except) == 0 && conf->nsmarthosts == 0 &&
	    conf->ndkim_authserv == 0 && conf->unread_forward == NULL &&
	    conf->letters_reply_to == NULL, "what has no default");
	is_int(conf->resolver_port, 53, "port");
	ok(conf->resolver == NULL, "resolver: the system's");
	is_int(conf_rule(conf, 0, 0)->req, REQ_PREFER_TLS, "no flow");
	comes_back(conf, "defaults");
	conf_free(conf);
}

static void
language(void)
{
	struct conf *conf;
	char *said;

	conf = conf_text("org = \"Ministry of \\\"Mint\\\" \\\\ Co\"\n"
	    "nets = \"10.1.0.0/16, 2001:db8::/32\"\nlist = \"{ $nets }\"\n"
	    "req = \"require tls\"\ngov=government\n"
	    "organization $org contact = 1\n", &said);
	ok(conf == NULL, "two directives on one line");
	free(said);
	conf = conf_text("org = \"Ministry of \\\"Mint\\\" \\\\ Co\"\n"
	    "nets = \"10.1.0.0/16, 2001:db8::/32\"\nlist = \"{ $nets }\"\n"
	    "req = \"require tls\"\ngov=government\n"
	    "organization $org\ncontact \\\n  t@m.nz\r\n\r\n"
	    "local {\n\t# a comment } {\n\tm.nz,\n\tn.nz , .o.nz\n}\n"
	    "class $gov{a.nz}\nflow from $gov to {any} $req\n"
	    "legacy $list until 2077-01-01 \"a # no comment\"\n"
	    "network allow { $nets }\n"
	    "class \"class\" { \"b.nz\" }\n"
	    "flow from \"class\" to public require verified tls 1.3",
	    &said);
	is_str(said, "", "macros, lists, continued lines");
	free(said);
	if (!ok(conf != NULL, "they are right"))
		return;
	is_str(conf->organization, "Ministry of \"Mint\" \\ Co", "quotes");
	is_int(domset_count(conf->local), 3, "a list over lines");
	is_int(conf->legacies[0].nhosts, 2, "macro in a macro");
	is_str(conf->legacies[0].reason, "a # no comment", "# in quotes");
	is_int(conf->nnetwork, 2, "a macro in a list");
	is_int(conf_rule(conf, 1, 0)->req, REQ_TLS, "a macro of keywords");
	is_int(conf_rule(conf, 2, 0)->req, REQ_VERIFIED_TLS,
	    "a class named as a keyword");
	is_int(conf_rule(conf, 2, 0)->minimum, TLSVER_1_3, "1.3, bare");
	comes_back(conf, "language");
	conf_free(conf);
}

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

static void
overlaps(void)
{
	static const char text[] = NLOCAL
	    "class a { x.govt.nz x.govt.nz }\nclass b { .govt.nz }\n"
	    "class c { y.govt.nz x.govt.nz }\n";
	char *said;

	conf_free(conf_text(text, &said));
	is_str(said, "", "repeated and overlapping: silent");
	free(said);
	log_init("unit-conf", 1, 1);
	conf_free(conf_text(text, &said));
	is_str(said, "CONF:4: warning: \"x.govt.nz\" is given twice\n"
	    "CONF:6: warning: \"y.govt.nz\" is in class \"b\" already, which "
	    "comes first\n"
	    "CONF:6: warning: \"x.govt.nz\" is in class \"a\" already, which "
	    "comes first\n", "with -v they are named");
	free(said);
	log_init("unit-conf", 1, 0);
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

/* Whatever stands there: no crash, and lines with a place. */
static void
mangled(void)
{
	static const char junk[] = "{}\"$#,=\\\n\n \xff" "a1.@:/-";
	char text[sizeof(full) + 1], *said, *p;
	unsigned int seed = 8460, i, j;
	int bad = 0, line, wrong = 0;

	for (i = 0; i < 3000; i++) {
		memcpy(text, full, sizeof(full));
		for (j = 0; j < 1 + i % 8; j++) {
			seed = seed * 1103515245 + 12345;
			text[(seed >> 8) % (sizeof(full) - 1)] =
			    junk[(seed >> 4) % (sizeof(junk) - 1)];
		}
		if (i % 3 == 0)
			text[(seed >> 9) % (sizeof(full) - 1)] = '\0';
		conf_free(conf_text(text, &said));
		for (p = said; *p != '\0'; p = strchr(p, '\n') + 1) {
			wrong++;
			if (sscanf(p, "CONF:%d: ", &line) != 1)
				bad++;
		}
		free(said);
	}
	ok(wrong > 1000, "3,000 mangled files: mistakes are said");
	is_int(bad, 0, "each line has its place");
}

int
main(int argc, char *argv[])
{
	struct conf *conf;
	size_t i;

	for (; argc > 1; argc--, argv++) {
		conf = conf_read(argv[1], stderr);
		if (ok(conf != NULL, "%s is right", argv[1]))
			comes_back(conf, argv[1]);
		conf_free(conf);
		if (argc == 2)
			return done_testing();
	}
	if (mkdtemp(dir) == NULL)
		return 1;
	for (i = 0; i < nitems(mistakes); i++)
		one_mistake(&mistakes[i]);
	missing();
	ten();
	values();
	defaults();
	language();
	files();
	endless();
	overlaps();
	large();
	mangled();
	put("main", "");
	for (i = 0; i < 19; i++) {
		static const char *const names[] = { "main", "classes",
		    "members", "other", "f0", "f1", "f2", "f3", "f4", "f5",
		    "f6", "f7", "f8", "f9", "f10", "f11", "f12", "f13",
		    "f14" };
		char path[64];

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
	return done_testing();
}
