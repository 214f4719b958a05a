/* SPDX-License-Identifier: ISC */

/* Names, sets of names, addresses and networks. */

#include <arpa/inet.h>
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vis.h>

#include "base/addr.h"
#include "base/domain.h"
#include "base/log.h"
#include "base/mail_path.h"
#include "tap.h"

static const struct {
	const char	*name;
	const char	*normal;	/* NULL: not a name */
} normals[] = {
	{ "example.nz", "example.nz" },
	{ "Example.NZ", "example.nz" },
	{ "example.nz.", "example.nz" },
	{ "_dmarc.x-y.nz", "_dmarc.x-y.nz" },
	{ "a", "a" },
	{ "0.0.127.in-addr.arpa", "0.0.127.in-addr.arpa" },
	{ "", NULL }, { ".", NULL }, { ".nz", NULL }, { "a..b", NULL },
	{ "a.nz..", NULL }, { "a b", NULL }, { "a\tb", NULL },
	{ "a|b", NULL }, { "a/b", NULL }, { "m\xc3\xb6.nz", NULL },
	{ "[192.0.2.1]", NULL }, { "a\n", NULL },
};

static const struct {
	const char	*name;
	const char	*alabel;	/* NULL: can't be told */
} alabels[] = {
	{ "m\xc4\x81ori.nz", "xn--mori-qsa.nz" },
	{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
	{ "\xe4\xbe\x8b\xe3\x81\x88.jp", "xn--r8jz45g.jp" },
	{ "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
	    "\xc3\xbc\xc3\xbc", "xn--tdaaaaaaaaaa" },
	{ "\xf0\x9f\x92\xa9.la", "xn--ls8h.la" },
	{ "Example.NZ.", "example.nz" },
	/* Capitals, as UTS 46 maps them; a macron that follows its letter. */
	{ "M\xc4\x80ORI.nz", "xn--mori-qsa.nz" },
	{ "ma\xcc\x84ori.nz", "xn--mori-qsa.nz" },
	{ "MA\xcc\x84ORI.nz", "xn--mori-qsa.nz" },
	{ "\xc4\x80\xc4\x92\xc4\xaa\xc5\x8c\xc5\xaa",
	    "xn--yda0b4dqg4f" },
	{ "\xc4\x81\xc4\x93\xc4\xab\xc5\x8d\xc5\xab",
	    "xn--yda0b4dqg4f" },
	{ "B\xc3\x9c" "CHER.example", "xn--bcher-kva.example" },
	{ "\xc5\xbb\xc5\xb8.pl", "xn--wda3w.pl" },
	{ "\xd0\x81\xd0\x96.ru", "xn--f1a7c.ru" },
	/* Mapped, joined or turned by rules that are not known here. */
	{ "\xef\xbc\xa1.nz", NULL }, { "\xc4\xb0.nz", NULL },
	{ "a\xe3\x80\x82" "b.nz", NULL }, { "a\xcc\xa3.nz", NULL },
	{ "a\xcc\x84\xcc\x84.nz", NULL }, { "\xcc\x84" "a.nz", NULL },
	{ "\xe2\x80\xae" "a.nz", NULL }, { "a\xe2\x80\x8d" "b.nz", NULL },
	{ "\xc2\x85" "a.nz", NULL }, { "\xc3\x97.nz", NULL },
	{ "xn--\xc4\x81.nz", NULL },
	{ "a\xff.nz", NULL }, { "\xc0\x80.nz", NULL }, { "a..nz", NULL },
	{ "\xed\xa0\x80.nz", NULL }, { "", NULL }, { "\xc4\x81 b.nz", NULL },
};

static const struct {
	const char	*name;
	const char	*said;		/* NULL: nothing */
} explained[] = {
	{ "M\xc4\x80ORI.nz", "\"M\xc4\x80ORI.nz\" is not how the DNS writes "
	    "it: write \"xn--mori-qsa.nz\"" },
	{ "\xe2\x80\xae" "a.nz", "\"\\M-b\\M^@\\M-.a.nz\" is not a domain "
	    "name: take out the bytes E2 80 AE" },
	{ "a.\xc2\x85" "a.nz", "\"a.\\M-B\\M^Ea.nz\" is not a domain name: "
	    "take out the bytes C2 85" },
	{ "a.\xef\xbc\xa1", "\"a.\\M-o\\M-<\\M-!\" is not how the DNS writes "
	    "it, and the bytes EF BC A1 are no letter known here: write its "
	    "A-label (xn--...)" },
	{ "\xff.nz", NULL }, { "a b.nz", NULL }, { "\xc4\x81 b.nz", NULL },
};

static void
names(void)
{
	char out[300], longest[300], said[DOMAIN_SAID_MAX];
	size_t i;

	for (i = 0; i < nitems(normals); i++) {
		out[0] = '\0';
		if (domain_normal(normals[i].name, strlen(normals[i].name),
		    out, sizeof(out)) == -1)
			ok(normals[i].normal == NULL, "no name: \"%s\"",
			    normals[i].name[0] == '\xc3' ? "" : "...");
		else
			is_str(out, normals[i].normal, "name %s", out);
	}
	for (i = 0; i < nitems(alabels); i++) {
		if (domain_to_alabel(alabels[i].name, out, sizeof(out)) == -1)
			ok(alabels[i].alabel == NULL, "no A-label, %zu", i);
		else
			is_str(out, alabels[i].alabel, "A-label %s", out);
	}
	for (i = 0; i < nitems(explained); i++) {
		if (domain_explain(explained[i].name, said, sizeof(said)) == -1)
			ok(explained[i].said == NULL, "not explained, %zu", i);
		else
			is_str(said, explained[i].said, "explained, %zu", i);
	}
	for (i = 0; i < sizeof(longest); i++)
		longest[i] = i % 64 == 63 ? '.' : 'a';
	is_int(domain_normal(longest, 253, out, sizeof(out)), 0, "253 bytes");
	is_int(strlen(out), 253, "are kept");
	is_int(domain_normal(longest, 254, out, sizeof(out)), -1, "254 bytes");
	is_int(domain_normal(longest, 100, out, 100), -1, "no room for it");
	longest[63] = 'a';
	is_int(domain_normal(longest, 100, out, sizeof(out)), -1,
	    "a label of 64");
	is_int(domain_normal("a\0b", 3, out, sizeof(out)), -1, "a NUL");
	is_str(out, "", "of which nothing stays");
	memset(out, 'x', sizeof(out));
	is_int(domain_normal("two.nz!", 7, out, sizeof(out)), -1,
	    "no name from its middle on");
	is_str(out, "", "nor of that");
	memset(out, 'x', sizeof(out));
	is_int(domain_normal("", 0, out, 2), -1, "no name at all");
	is_str(out, "", "nor of that");
	is_str(domain_of_address("joe@x.nz"), "x.nz", "of an address");
	is_str(domain_of_address("\"a@b\"@x.nz"), "x.nz", "the last @");
	ok(domain_of_address("joe") == NULL, "no @");
}

static void
sets(void)
{
	struct domset *ds = domset_new();
	char name[64];
	int i, bad = 0;

	is_int(domset_find(ds, "a.nz"), -1, "an empty set");
	is_int(domset_add(ds, ".govt.nz", 2), 0, "add");
	is_int(domset_add(ds, "dia.govt.nz", 1), 0, "add");
	is_int(domset_add(ds, "x.govt.nz", 3), 0, "add");
	is_int(domset_add(ds, ".a.b.c.d.nz", 4), 0, "add");
	is_int(domset_add(ds, "dia.govt.nz", 7), 1, "again");
	is_int(domset_count(ds), 4, "four");
	is_int(domset_find(ds, "dia.govt.nz"), 1, "the lowest of two");
	is_int(domset_find(ds, "x.govt.nz"), 2, "the lowest is the parent's");
	is_int(domset_find(ds, "y.x.govt.nz"), 2, "deeper");
	is_int(domset_find(ds, "govt.nz"), -1, "not the name itself");
	is_int(domset_find(ds, "agovt.nz"), -1, "not part of a label");
	is_int(domset_find(ds, "z.a.b.c.d.nz"), 4, "a deep entry");
	is_int(domset_find(ds, "a.b.c.d.nz"), -1, "and not itself");
	is_int(domset_find(ds, "nz"), -1, "not the top");
	is_int(domset_find(ds, ""), -1, "nothing");
	domset_free(ds);
	ds = domset_new();
	for (i = 0; i < 50000; i++) {
		snprintf(name, sizeof(name), "%sd%d.nz", i % 2 ? "." : "", i);
		bad += domset_add(ds, name, i) != 0;
	}
	for (i = 0; i < 50000; i++) {
		snprintf(name, sizeof(name), "%sd%d.nz", i % 2 ? "x." : "", i);
		bad += domset_find(ds, name) != i;
		snprintf(name, sizeof(name), "%sd%d.nz", i % 2 ? "" : "x.", i);
		bad += domset_find(ds, name) != -1;
	}
	is_int(bad, 0, "50,000 entries");
	domset_free(ds);
	domset_free(NULL);
}

/* Names of all lengths in sets of one name, which is as long, or is not. */
static void
set_lengths(void)
{
	struct domset *ds;
	char all[201];
	const char *entry, *name;
	size_t i, held, asked;
	int bad = 0, found;

	for (i = 0; i < 200; i++)
		all[i] = i % 5 == 0 ? '.' : 'a' + i % 2;
	all[200] = '\0';
	for (held = 1; held <= 200; held++) {
		entry = all + 200 - held;
		ds = domset_new();
		bad += domset_add(ds, entry, 1) != 0;
		for (asked = 1; asked <= 200; asked++) {
			name = all + 200 - asked;
			found = asked == held ||
			    (asked > held && entry[0] == '.');
			bad += domset_find(ds, name) != (found ? 1 : -1);
		}
		domset_free(ds);
	}
	is_int(bad, 0, "all lengths, of a name and of a parent");
}

static const struct {
	const char	*text;
	const char	*printed;	/* NULL: no address */
	int		 global;
} addrs[] = {
	{ "192.0.2.1", "192.0.2.1", 0 },
	{ "8.8.8.8", "8.8.8.8", 1 },
	{ "::ffff:8.8.8.8", "8.8.8.8", 1 },
	{ "::ffff:10.0.0.1", "10.0.0.1", 0 },
	{ "[2606:4700::1111]", "2606:4700::1111", 1 },
	{ "2001:DB8::1", "2001:db8::1", 0 },
	{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", 0 },
	{ "2606:0:0:1:0:0:0:1", "2606:0:0:1::1", 1 },
	{ "2606:1:0:1:1:1:1:1", "2606:1:0:1:1:1:1:1", 1 },
	{ "::", "::", 0 }, { "::1", "::1", 0 }, { "fe80::1", "fe80::1", 0 },
	{ "fc00::1", "fc00::1", 0 }, { "ff02::1", "ff02::1", 0 },
	{ "1::", "1::", 0 },
	{ "64:ff9b::808:808", "64:ff9b::808:808", 1 },
	{ "64:ff9b::a00:1", "64:ff9b::a00:1", 0 },
	{ "64:ff9b:1::808:808", "64:ff9b:1::808:808", 0 },
	{ "2002:808:808::1", "2002:808:808::1", 1 },
	{ "2002:7f00:1::1", "2002:7f00:1::1", 0 },
	/* Teredo: server 65.54.227.120, client 192.0.2.45 and 8.8.8.8 */
	{ "2001:0:4136:e378:8000:63bf:3fff:fdd2",
	    "2001:0:4136:e378:8000:63bf:3fff:fdd2", 0 },
	{ "2001:0:4136:e378:8000:63bf:f7f7:f7f7",
	    "2001:0:4136:e378:8000:63bf:f7f7:f7f7", 1 },
	{ "0.0.0.0", "0.0.0.0", 0 }, { "127.1.2.3", "127.1.2.3", 0 },
	{ "172.16.0.1", "172.16.0.1", 0 }, { "172.32.0.1", "172.32.0.1", 1 },
	{ "100.64.0.1", "100.64.0.1", 0 }, { "169.254.1.1", "169.254.1.1", 0 },
	{ "198.18.0.1", "198.18.0.1", 0 }, { "224.0.0.1", "224.0.0.1", 0 },
	{ "255.255.255.255", "255.255.255.255", 0 },
	{ "", NULL, 0 }, { "1.2.3", NULL, 0 }, { "1.2.3.256", NULL, 0 },
	{ "[1.2.3.4]", NULL, 0 }, { "[::1", NULL, 0 }, { "::1%lo", NULL, 0 },
	{ "1.2.3.4 ", NULL, 0 }, { "g::", NULL, 0 }, { "localhost", NULL, 0 },
};

static const struct {
	const char	*text;
	const char	*printed;	/* NULL: wrong */
	const char	*in;
	const char	*out;
} cidrs[] = {
	{ "192.0.2.77/24", "192.0.2.0/24", "192.0.2.255", "192.0.3.0" },
	{ "192.0.2.77", "192.0.2.77", "192.0.2.77", "192.0.2.78" },
	{ "192.0.2.77/32", "192.0.2.77", "::ffff:192.0.2.77", "192.0.2.78" },
	{ "192.0.2.128/25", "192.0.2.128/25", "192.0.2.128", "192.0.2.127" },
	{ "0.0.0.0/0", "0.0.0.0/0", "255.1.2.3", "2001:db8::1" },
	{ "::/0", "::/0", "2001:db8::1", "192.0.2.1" },
	{ "2001:db8::1/32", "2001:db8::/32", "2001:db8:ffff::", "2001:db9::" },
	{ "2001:db8::/47", "2001:db8::/47", "2001:db8:1::", "2001:db8:2::" },
	{ "::1", "::1", "::1", "::2" },
	{ "192.0.2.0/33", NULL, NULL, NULL },
	{ "::/129", NULL, NULL, NULL }, { "192.0.2.0/", NULL, NULL, NULL },
	{ "192.0.2.0/-1", NULL, NULL, NULL },
	{ "192.0.2.0/ 8", NULL, NULL, NULL },
	{ "/8", NULL, NULL, NULL }, { "192.0.2/24", NULL, NULL, NULL },
	{ "192.0.2.0/8/8", NULL, NULL, NULL },
};

/* Groups of each length, and zeros wherever they can stand. */
static void
printed(void)
{
	static const unsigned int groups[] = { 0, 0xa, 0x1f, 0x20e, 0x1002 };
	struct addr a, b;
	char out[64];
	unsigned int i, k, n, wrong = 0;

	for (i = 0; i < 390625; i++) {
		for (k = 0, n = i; k < 8; k++, n /= 5) {
			a.ip[2 * k] = (unsigned char)(groups[n % 5] >> 8);
			a.ip[2 * k + 1] = (unsigned char)groups[n % 5];
		}
		addr_print(&a, out, sizeof(out));
		wrong += inet_pton(AF_INET6, out, b.ip) != 1 ||
		    memcmp(a.ip, b.ip, sizeof(a.ip)) != 0;
	}
	is_int(wrong, 0, "each is printed as what is read again as it");
}

static void
addresses(void)
{
	struct addr a;
	struct cidr c;
	char out[64];
	size_t i;

	for (i = 0; i < nitems(addrs); i++) {
		if (addr_parse(addrs[i].text, strlen(addrs[i].text), &a) ==
		    -1) {
			ok(addrs[i].printed == NULL, "no address: %s",
			    addrs[i].text);
			continue;
		}
		addr_print(&a, out, sizeof(out));
		is_str(out, addrs[i].printed, "address %s", addrs[i].text);
		is_int(addr_is_global(&a), addrs[i].global, "%s is %sglobal",
		    addrs[i].text, addrs[i].global ? "" : "not ");
	}
	is_int(addr_parse("127.0.0.1|x", 9, &a), 0, "its length counts");
	ok(addr_is_loopback(&a), "127.0.0.1 is loopback");
	(void)addr_parse("::1", 3, &a);
	ok(addr_is_loopback(&a), "::1 is loopback");
	(void)addr_parse("128.0.0.1", 9, &a);
	ok(!addr_is_loopback(&a), "128.0.0.1 is not");
	for (i = 0; i < nitems(cidrs); i++) {
		if (cidr_parse(cidrs[i].text, &c) == -1) {
			ok(cidrs[i].printed == NULL, "no network: %s",
			    cidrs[i].text);
			continue;
		}
		cidr_print(&c, out, sizeof(out));
		is_str(out, cidrs[i].printed, "network %s", cidrs[i].text);
		if (cidrs[i].in == NULL)
			continue;
		(void)addr_parse(cidrs[i].in, strlen(cidrs[i].in), &a);
		ok(cidr_match(&c, &a), "holds %s", cidrs[i].in);
		(void)addr_parse(cidrs[i].out, strlen(cidrs[i].out), &a);
		ok(!cidr_match(&c, &a), "does not hold %s", cidrs[i].out);
	}
}

/* Text that is as long as its buffer, and longer: nothing behind is touched. */
static void
test_vis(void)
{
	char out[64], text[64];
	size_t size, len;
	int good = 1;

	for (size = 2; size < 32; size++)
		for (len = 0; len < 40; len++) {
			memset(out, 'X', sizeof(out));
			memset(text, 'a', sizeof(text));
			text[len / 2] = '\033';
			text[len] = '\0';
			log_vis(out, size, text, VIS_SAFE | VIS_NL);
			good = good && out[size] == 'X' &&
			    memchr(out, '\0', size) != NULL &&
			    strchr(out, '\033') == NULL;
		}
	ok(good, "text made safe stays in its buffer");
	memset(text, 'a', sizeof(text));
	text[15] = '\0';
	log_vis(out, 20, text, VIS_SAFE);
	is_str(out, text, "what has room is whole");
}

/* smtpd.conf's mail-from, rcpt-to and "for domain", as smtpd compares. */
static void
paths(void)
{
	static const struct {
		const char	*path;
		const char	*entry;
		int		 holds;
	} cases[] = {
		{ "a@b.nz", "A@B.nz", 1 },
		{ "a+tag@b.nz", "a@b.nz", 1 },
		{ "a+tag@b.nz", "a+tag@b.nz", 1 },
		{ "a+tag@b.nz", "a+other@b.nz", 0 },
		{ "a@b.nz", "a+tag@b.nz", 0 },
		{ "a@b.nz", "@b.nz", 1 },
		{ "a@b.nz", "@c.nz", 0 },
		{ "a@b.nz", "@", 1 },
		{ "a@b.nz", "a", 1 },
		{ "a@b.nz", "ab", 0 },
		{ "a@x.b.nz", "a@*.nz", 0 },
		{ "a@x.b.nz", "@*b.nz", 1 },
		{ "a@x.b.nz", "@x.*", 1 },
		{ "a@b.nz", "@*.b.nz", 0 },
		{ "@x.nz:a@b.nz", "a@b.nz", 1 }
	};
	struct mail_path m;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		mail_path_read(cases[i].path, strlen(cases[i].path), &m);
		is_int(mail_path_is(&m, cases[i].entry), cases[i].holds,
		    "%s, of %s", cases[i].path, cases[i].entry);
	}
	is_int(mail_domain_is("", 0, "*"), 0, "no name is none of any");
	is_int(mail_domain_is("b.nz", 4, "**"), 1, "any");
}

/* Any byte at any place of names that are longer or shorter than words. */
static void
everywhere(void)
{
	static const char take[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	char *name, out[DOMAIN_MAX];
	size_t len, at;
	int c, want, wrong = 0;

	for (len = 2; len < 40; len++) {
		/* Not a byte more, so that a sanitizer sees what is read. */
		if ((name = malloc(len)) == NULL)
			fatal("malloc");
		for (at = 0; at < len; at++)
			name[at] = at % 5 == 2 && at + 1 < len ? '.' : 'a';
		for (at = 0; at < len; at++) {
			for (c = 1; c < 256; c++) {
				name[at] = (char)c;
				want = strchr(take, c) != NULL;
				if (c == '.')
					want = at > 0 && name[at - 1] != '.' &&
					    (at + 1 == len ||
					    name[at + 1] != '.');
				wrong += (domain_normal(name, len, out,
				    sizeof(out)) == 0) != want;
			}
			name[at] = at % 5 == 2 && at + 1 < len ? '.' : 'a';
		}
		free(name);
	}
	is_int(wrong, 0, "any byte at any place of a name");
}

int
main(void)
{
	paths();
	names();
	everywhere();
	sets();
	set_lengths();
	addresses();
	printed();
	test_vis();
	return done_testing();
}
