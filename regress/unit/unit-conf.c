/* SPDX-License-Identifier: ISC */

/*
 * sge.conf: what the values become, and that what is printed parses back to
 * the same.
 *
 *	unit-conf [file ...]	only these: they are right, and come back
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf_again.h"

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
    "network allow { 127.0.0.0/8 }\n"
#ifdef SGE_LIBPQ
    "fleet postgresql \"host=db1,db2 dbname='my sge' sslmode=verify-full\"\n"
#endif
    "fleet wait 6h\n";

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
	is_int(conf_rule_out(conf, "dia.govt.nz")->req, REQ_TLS,
	    "out, to a member, of no member");
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

/* smtpd's tables know no sender: the strictest of what our domains need. */
static void
leaving(void)
{
	static const struct {
		const char	*local;
		enum requirement alone;
		const char	*name;
	} cases[] = {
		{ "m.nz", REQ_CONNECTOR, "a member" },
		{ "g.nz", REQ_TLS, "a government domain" },
		{ "p.nz", REQ_PREFER_TLS, "a public one" },
		{ "m.nz g.nz", REQ_TLS, "member, government" },
		{ "m.nz p.nz", REQ_TLS, "member, public" },
		{ "m.nz g.nz p.nz", REQ_TLS, "all three" }
	};
	struct conf *conf;
	char text[600], *said;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		(void)snprintf(text, sizeof(text),
		    "organization O\ncontact \"a@m.nz\"\nlocal { %s }\n"
		    "class member { m.nz with.nz alone.nz }\n"
		    "class government { g.nz }\n"
		    "flow from member to member require connector\n"
		    "flow from government to member require tls\n"
		    "flow from any to any prefer tls\n"
		    "connector with.nz to \"smtp+tls://mx.with.nz\"\n",
		    cases[i].local);
		conf = conf_text(text, &said);
		free(said);
		if (!ok(conf != NULL, "ours: %s", cases[i].name))
			continue;
		is_int(conf_rule_out(conf, "alone.nz")->req, cases[i].alone,
		    "to a member without a connector");
		is_int(conf_rule_out(conf, "pub.nz")->req, REQ_PREFER_TLS,
		    "to the public");
		conf_free(conf);
	}
}

/* What writes is not always of the class of an entry of "local". */
static void
classes_below(void)
{
	static const struct {
		const char	*ours;
		int		 req;
		const char	*name;
	} cases[] = {
		{ "local { kiwi.nz .kiwi.nz }", REQ_TLS, "a subdomain" },
		{ "local { .nz }", REQ_TLS, "one far below" },
		{ "local { kiwi.nz }", REQ_PREFER_TLS, "no subdomain" },
		{ "local { xkiwi.nz .xkiwi.nz }", REQ_PREFER_TLS, "others'" },
		{ "local { kiwi.nz }\nhostname hq.kiwi.nz", REQ_TLS,
		    "the host itself" }
	};
	struct conf *conf;
	char text[600], *said;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		(void)snprintf(text, sizeof(text),
		    "organization O\ncontact \"a@kiwi.nz\"\n%s\n"
		    "class government { hq.kiwi.nz .govt.nz }\n"
		    "flow from government to government require tls\n"
		    "flow from any to any prefer tls\n", cases[i].ours);
		conf = conf_text(text, &said);
		free(said);
		if (!ok(conf != NULL, "ours: %s", cases[i].name))
			continue;
		is_int(conf_rule_out(conf, "plain.govt.nz")->req, cases[i].req,
		    "to the government");
		is_int(conf_rule_out(conf, "pub.nz")->req, REQ_PREFER_TLS,
		    "to the public");
		conf_free(conf);
	}
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

	for (; argc > 1; argc--, argv++) {
		conf = conf_read(argv[1], stderr);
		if (ok(conf != NULL, "%s is right", argv[1]))
			comes_back(conf, argv[1]);
		conf_free(conf);
		if (argc == 2)
			return done_testing();
	}
	values();
	classes_below();
	defaults();
	language();
	leaving();
	overlaps();
	mangled();
	return done_testing();
}
