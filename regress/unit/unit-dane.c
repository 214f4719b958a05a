/* SPDX-License-Identifier: ISC */

/*
 * DANE of MX hosts: TLSA records against a chain (openssl(1) made both), and
 * what "check domain" says where answers are signed and where not.
 */

#include <stdlib.h>

#include "check/check.h"
#include "check/tlsa.h"
#include "tap.h"

#define LEAF \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBfzCCASWgAwIBAgIUPpjPmVWs3wvqpFPWNjKcEpAMdYswCgYIKoZIzj0EAwIw\n" \
    "DTELMAkGA1UEAwwCQ0EwIBcNMjYxMTI2MDExMzI2WhgPMjEwOTAxMTUwMTEzMjZa\n" \
    "MBUxEzARBgNVBAMMCm14LmRhbmUubnowWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n" \
    "AAQ2YnKcqXvUO77Ol9NE2V64an9IOEzOXpwcSRHdNJnCGd0AmFZNb1lCTuFfYSOU\n" \
    "nISwGwR/OrfF/wafBeOxCFJ9o1kwVzAVBgNVHREEDjAMggpteC5kYW5lLm56MB0G\n" \
    "A1UdDgQWBBQACHcQJz8ItO2KhzzGYdFZWwVS/TAfBgNVHSMEGDAWgBTy6D5Yai+8\n" \
    "miZaSkZbJLGCDqDYiTAKBggqhkjOPQQDAgNIADBFAiEA8gDlwtAgeBMSf9z+Sff+\n" \
    "DQVLOPzDmk4FIn6BIvftlH0CIBFZSyS50fbDnSburOEqKTlYb9bjRYp8qLL2+HaE\n" \
    "7CQA\n" \
    "-----END CERTIFICATE-----\n"

#define AUTHORITY \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBcTCCARegAwIBAgIUOiLZ/OgucKdAGEdcm0uhxYretAIwCgYIKoZIzj0EAwIw\n" \
    "DTELMAkGA1UEAwwCQ0EwIBcNMjYxMTI2MDExMzI0WhgPMjEwOTAxMTUwMTEzMjRa\n" \
    "MA0xCzAJBgNVBAMMAkNBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvvmruHkf\n" \
    "tbl3NauLnvvxV/MLZB288R7pInFTTSoxt18osWU9c0XP83mFSGavAG7Gq75JjYPv\n" \
    "A6t5DVTZYfCW1KNTMFEwHQYDVR0OBBYEFPLoPlhqL7yaJlpKRlsksYIOoNiJMB8G\n" \
    "A1UdIwQYMBaAFPLoPlhqL7yaJlpKRlsksYIOoNiJMA8GA1UdEwEB/wQFMAMBAf8w\n" \
    "CgYIKoZIzj0EAwIDSAAwRQIhAIjEBBcrDlxGBDrK9nwoQs90i/PORywAyaBpnlqh\n" \
    "H10EAiBu/6eR7O1N1TmctIDyVNyAgXnboC7Cvysq1s0HfiC7DQ==\n" \
    "-----END CERTIFICATE-----\n"

#define KEY_SHA256 \
    "e714c640902f303345db07ccf968ee7c" "5279d2ffb86576c76678e284892711af"
#define KEY_SHA512 \
    "8de756b1bc60119c73086bf9a8a152fc4e7680a8598980efd0061f23" \
    "ec6a0e35b63dc9f1bd8fad5233ff1b5f58dd17907c0df1bec296faad" \
    "1864967a76411f97"
#define CERT_SHA256 \
    "143787cd82b840d2fe2aa016a26fc7d3" "d079ab355d5cdfb67410e7c25be01185"
#define CA_SHA256 \
    "050100dc28c4bbda15bc24dd2e38650d" "01b0decae4dae12b9c079c81fa3730c4"
#define CA_KEY_SHA256 \
    "5b04a2157859c2ae425042d6fd4e77dc" "341fd992346c662368e8af9166a0ec30"
#define KEY \
    "3059301306072a8648ce3d020106082a8648ce3d0301070342000436" \
    "62729ca97bd43bbece97d344d95eb86a7f48384cce5e9c1c4911dd34" \
    "99c219dd0098564d6f59424ee15f6123949c84b01b047f3ab7c5ff06" \
    "9f05e3b108527d"

static void
test_match(void)
{
	static const struct {
		struct tlsa	 t;
		const char	*pem;
		int		 named;
		enum tlsa_result want;
	} tests[] = {
		{ { 3, 1, 1, KEY_SHA256 }, LEAF AUTHORITY, 1, TLSA_MATCHES },
		{ { 3, 1, 1, KEY_SHA256 }, LEAF, 0, TLSA_MATCHES },
		{ { 3, 1, 2, KEY_SHA512 }, LEAF, 1, TLSA_MATCHES },
		{ { 3, 1, 0, KEY }, LEAF, 1, TLSA_MATCHES },
		{ { 3, 0, 1, CERT_SHA256 }, LEAF, 1, TLSA_MATCHES },
		{ { 3, 0, 1, KEY_SHA256 }, LEAF, 1, TLSA_DIFFERS },
		{ { 3, 1, 1, CA_KEY_SHA256 }, LEAF AUTHORITY, 1,
		    TLSA_DIFFERS },
		{ { 2, 0, 1, CA_SHA256 }, LEAF AUTHORITY, 1, TLSA_MATCHES },
		{ { 2, 1, 1, CA_KEY_SHA256 }, LEAF AUTHORITY, 1,
		    TLSA_MATCHES },
		{ { 2, 0, 1, CA_SHA256 }, LEAF AUTHORITY, 0, TLSA_DIFFERS },
		{ { 2, 0, 1, CA_SHA256 }, LEAF, 1, TLSA_DIFFERS },
		/* The authority is there, and has not signed the first. */
		{ { 2, 0, 1, CERT_SHA256 }, AUTHORITY LEAF, 1, TLSA_DIFFERS },
		{ { 1, 1, 1, KEY_SHA256 }, LEAF, 1, TLSA_UNUSABLE },
		{ { 0, 1, 1, KEY_SHA256 }, LEAF, 1, TLSA_UNUSABLE },
		{ { 3, 2, 1, KEY_SHA256 }, LEAF, 1, TLSA_UNUSABLE },
		{ { 3, 1, 3, KEY_SHA256 }, LEAF, 1, TLSA_UNUSABLE },
		{ { 255, 255, 255, "" }, LEAF, 1, TLSA_UNUSABLE },
		{ { 3, 1, 1, KEY_SHA256 }, "", 1, TLSA_DIFFERS },
		{ { 3, 1, 1, "" }, LEAF, 1, TLSA_DIFFERS }
	};
	char key[65];
	size_t i;

	for (i = 0; i < nitems(tests); i++)
		is_int(tlsa_match(&tests[i].t, tests[i].pem, tests[i].named),
		    tests[i].want, "%d %d %d, case %zu", tests[i].t.usage,
		    tests[i].t.selector, tests[i].t.matching, i);
	is_int(tlsa_publish(LEAF AUTHORITY, key, sizeof(key)), 0, "a chain");
	is_str(key, KEY_SHA256, "what to publish of it");
	is_int(tlsa_publish("no PEM", key, sizeof(key)), -1, "none");
	is_int(tlsa_publish(LEAF, key, 64), -1, "and no room");
}

/* What is said of one host and its address, where so much is signed. */
static void
said(int mx, int addrs, int tlsa, const char *records, const char *cert,
    int exit, const char *want)
{
	struct view v = { .form = FORM_PIPE };
	struct check c = { .view = &v, .domain = "dane.nz" };
	struct check_dane d = { "mx.dane.nz", NULL, NULL, NULL };
	json_t *answer[3], *probe;
	char *text = NULL;
	size_t len;

	answer[0] = json_pack("{s:s, s:b}", "status", "ok", "secure", mx);
	answer[1] = json_pack("{s:s, s:b}", "status", "ok", "secure", addrs);
	answer[2] = json_loads(records, 0, NULL);
	json_object_set_new(answer[2], "secure", json_boolean(tlsa));
	d.mx = answer[0];
	d.addrs = answer[1];
	d.tlsa = answer[2];
	probe = json_pack("{s:s, s:s}", "cert", cert, "pem", LEAF AUTHORITY);
	if ((v.out = open_memstream(&text, &len)) == NULL)
		abort();
	check_dane_host(&c, &d);
	check_dane_chain(&c, &d, "mx.dane.nz [192.0.2.1]", probe);
	fclose(v.out);
	if (!ok(strstr(text, want) != NULL, "%s", want))
		printf("# %s\n", text);
	is_int(c.status, exit, "exit %d", exit);
	free(text);
	json_decref(answer[0]);
	json_decref(answer[1]);
	json_decref(answer[2]);
	json_decref(probe);
}

#define OK(u, s, m, hex) "{\"status\":\"ok\",\"tlsa\":[[3,1,1,\"00\"]," \
	"[" #u "," #s "," #m ",\"" hex "\"]]}"

static void
test_said(void)
{
	said(1, 1, 1, OK(3, 1, 1, KEY_SHA256), "not-trusted", CHECK_GOOD,
	    "ok|mx.dane.nz: DNSSEC secure, with TLSA records; smtpd does not "
	    "apply it\ndomain|dane.nz|DANE|ok|mx.dane.nz [192.0.2.1] TLSA "
	    "3 1 1 matches");
	said(0, 1, 1, OK(3, 1, 1, KEY_SHA256), "ok", CHECK_FIX,
	    "warn|mx.dane.nz: TLSA records, but the MX record is not secured");
	said(1, 0, 1, OK(3, 1, 1, KEY_SHA256), "ok", CHECK_FIX,
	    "but the host's address is not secured");
	said(1, 1, 0, OK(3, 1, 1, KEY_SHA256), "ok", CHECK_FIX,
	    "but the TLSA record is not secured");
	said(1, 1, 1, OK(3, 1, 1, CA_SHA256), "ok", CHECK_FIX,
	    "bad|mx.dane.nz [192.0.2.1] no TLSA record matches its "
	    "certificate: senders that apply DANE keep their mail: publish "
	    "_25._tcp.mx.dane.nz TLSA 3 1 1 " KEY_SHA256);
	said(1, 1, 1, OK(2, 0, 1, CA_SHA256), "host-mismatch", CHECK_FIX,
	    "bad|mx.dane.nz [192.0.2.1] no TLSA record matches");
	said(1, 1, 1, "{\"status\":\"ok\",\"tlsa\":[[1,1,1,\"00\"]]}", "ok",
	    CHECK_FIX, "warn|mx.dane.nz [192.0.2.1] no TLSA record is of a "
	    "usage for SMTP");
	said(1, 1, 1, "{\"status\":\"nodata\"}", "ok", CHECK_GOOD,
	    "info|mx.dane.nz: DNSSEC yes, no TLSA record; smtpd does not");
	said(0, 1, 0, "{\"status\":\"nxdomain\"}", "ok", CHECK_GOOD,
	    "info|mx.dane.nz: DNSSEC no, no TLSA record");
	said(1, 1, 0, "{\"status\":\"servfail\"}", "ok", CHECK_UNKNOWN,
	    "unknown|mx.dane.nz: the DNS gave no answer for _25._tcp.mx.dane"
	    ".nz (servfail): senders that apply DANE let their mail wait");
}

int
main(void)
{
	test_match();
	test_said();
	return done_testing();
}
