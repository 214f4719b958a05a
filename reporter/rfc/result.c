/* SPDX-License-Identifier: ISC */

#include <ctype.h>
#include <string.h>

#include "rfc/result.h"

#define TEST_MX "openssl s_client -starttls smtp -connect MXHOST:25 " \
	"-servername MXHOST -verify_hostname MXHOST;  sgectl check domain DOMAIN"
#define TEST_STS "ftp -o - https://mta-sts.DOMAIN/.well-known/mta-sts.txt " \
	"(or curl -v);  sgectl check domain DOMAIN"
#define TEST_TLSA "dig +dnssec _25._tcp.MXHOST TLSA;  openssl s_client " \
	"-starttls smtp -connect MXHOST:25 -dane_tlsa_domain MXHOST"
#define STS_HELD "Under MTA-STS mode enforce not to this host: the sender " \
	"tries another or waits.  In mode testing, or without a policy, the " \
	"mail was delivered."
#define DANE_HELD "No: with DANE the sender does not use such a host.  It " \
	"tries another, or waits and at last returns the mail."
#define FETCH_HELD "Yes, in general: without a policy the sender goes on as " \
	"if there were none, unless it still holds an older one in enforce " \
	"mode that the MX hosts do not meet."

/* RFC 8460 4.3. */
static const struct result types[] = {
	{ "starttls-not-supported", "STARTTLS", "not offered", 'N',
	    "the receiving host did not offer STARTTLS, or refused it, so mail "
	    "could only go in the clear.",
	    "The MX host did not offer STARTTLS, or refused it.",
	    STS_HELD,
	    "Give that host a certificate and let it offer STARTTLS on port "
	    "25 to everybody.  If it does and other senders had TLS there, "
	    "something on the way takes STARTTLS out: a firewall that "
	    "\"inspects\" SMTP, or an attacker.",
	    TEST_MX },
	{ "certificate-host-mismatch", "certificate", "wrong name", 'N',
	    "the certificate that the receiving host showed does not hold its "
	    "host name.",
	    "The certificate does not name the MX host that the sender "
	    "connected to.",
	    STS_HELD,
	    "Put every MX host's name into its certificate (subjectAltName), "
	    "and check that MX records and the policy name the same hosts.",
	    TEST_MX },
	{ "certificate-expired", "certificate", "expired", 'N',
	    "the certificate that the receiving host showed has expired.",
	    "The certificate's time was over.",
	    STS_HELD,
	    "Renew it, have smtpd read the new one (restart it), and "
	    "automate that.  Look at every MX host: often one was forgotten.",
	    TEST_MX },
	{ "certificate-not-trusted", "certificate", "not trusted", 'N',
	    "the certificate that the receiving host showed was not issued by "
	    "an authority that we trust, or its chain is incomplete.",
	    "No chain leads from the certificate to an authority that the "
	    "sender trusts.",
	    STS_HELD,
	    "Use a public authority's certificate and send its intermediate "
	    "certificates with it (the full chain file).",
	    TEST_MX },
	{ "validation-failure", "validation", "failed", 'N',
	    "the TLS handshake did not succeed.",
	    "TLS failed for a reason that has no name of its own; the reason "
	    "code, if any, is the sender's own words.",
	    STS_HELD,
	    "Look at the reason code.  Often: no TLS version or cipher in "
	    "common, an MX host that the policy does not list, or a "
	    "connection that broke in the handshake.",
	    TEST_MX },
	{ "tlsa-invalid", "DANE", "TLSA mismatch", 'N',
	    "none of the TLSA records of the receiving host could be used.",
	    "No TLSA record of the MX host fits its certificate, or the "
	    "records are malformed.",
	    DANE_HELD,
	    "Publish the new certificate's TLSA record before its change, and "
	    "keep the old one until its TTL is over.  \"3 1 1\" with a kept "
	    "key survives renewals.",
	    TEST_TLSA },
	{ "dnssec-invalid", "DNSSEC", "not valid", '?',
	    "DNSSEC validation of the receiving host's records failed.",
	    "The sender's resolver got no answer that DNSSEC proves: expired "
	    "signatures, a DS record without its key, or a dead server.",
	    DANE_HELD,
	    "Sign the zone again, and compare the DS record at the parent "
	    "with the keys in the zone.",
	    "dig +dnssec DOMAIN MX;  delv _25._tcp.MXHOST TLSA" },
	{ "dane-required", "DANE", "no TLSA record", '?',
	    "DANE was required of the receiving host, but it has no usable TLSA "
	    "record.",
	    "The sender is set to demand DANE for this domain, and there was "
	    "no TLSA record that DNSSEC proves.",
	    "No: this sender sends only with DANE.",
	    "Publish TLSA records for every MX host in a signed zone, or ask "
	    "the sender why it demands them.",
	    TEST_TLSA },
	{ "sts-policy-fetch-error", "policy fetch", "failed", '?',
	    "the MTA-STS policy could not be fetched, though the domain "
	    "announces one.",
	    "The sender saw the _mta-sts record, but could not fetch the "
	    "policy from https://mta-sts.DOMAIN/.well-known/mta-sts.txt.",
	    FETCH_HELD,
	    "Make that URL answer with status 200 and no redirect, over IPv4 "
	    "and IPv6, to everybody.",
	    TEST_STS },
	{ "sts-policy-invalid", "policy", "malformed", '?',
	    "the MTA-STS policy was fetched, but it is not written as RFC 8461 "
	    "says.",
	    "The policy was fetched, but is malformed: version, mode, max_age "
	    "or mx is missing or wrong.",
	    FETCH_HELD,
	    "Write it as RFC 8461 3.2 says: version: STSv1, mode, max_age and "
	    "one mx line for each host, served as text/plain.",
	    TEST_STS },
	{ "sts-webpki-invalid", "policy host", "certificate", '?',
	    "the MTA-STS policy's host showed a certificate that is not valid.",
	    "The web server's certificate for mta-sts.DOMAIN is not valid for "
	    "that name, expired, or not trusted.",
	    FETCH_HELD,
	    "Renew the certificate of mta-sts.DOMAIN; it must name exactly "
	    "that host.",
	    TEST_STS }
};

/*
 * Reason codes of senders' software.  A name that ends in '*' is the beginning
 * of many.
 */
static const struct result reasons[] = {
	{ "MX_HOSTS_MISMATCH", "policy", "MX not in policy", 'N', NULL,
	    "The MX record names a host that no mx line of the MTA-STS policy "
	    "matches.",
	    STS_HELD,
	    "List every MX host in the policy, then change the id of the "
	    "_mta-sts record; do both before MX records change.",
	    TEST_STS },
	{ "mx-mismatch", "policy", "MX not in policy", 'N', NULL,
	    "As MX_HOSTS_MISMATCH: an MX host that the policy does not list.",
	    STS_HELD,
	    "List every MX host in the policy, then change the id of the "
	    "_mta-sts record.",
	    TEST_STS },
	{ "VALIDATION_FAILURE", "validation", "policy not met", 'N', NULL,
	    "Microsoft's word for a host that does not meet the policy, "
	    "without saying how: its certificate's name, its chain, its end, "
	    "or a handshake that failed.",
	    STS_HELD,
	    "Check each of these at that host, or at every MX host where none "
	    "is named; the policy must name the host too.",
	    TEST_MX },
	{ "mtasts-policy-mx-mismatch", "policy", "MX not in policy", 'N', NULL,
	    "As MX_HOSTS_MISMATCH: an MX host that the policy does not list.",
	    STS_HELD,
	    "List every MX host in the policy, then change the id of the "
	    "_mta-sts record.",
	    TEST_STS },
	{ "X509_V_ERR_CERT_HAS_EXPIRED", "certificate", "expired", 'N', NULL,
	    "OpenSSL: a certificate of the chain has expired; it may be an "
	    "intermediate one.",
	    STS_HELD,
	    "Renew it, and send the current intermediate certificates.",
	    TEST_MX },
	{ "X509_V_ERR_HOSTNAME_MISMATCH", "certificate", "wrong name", 'N', NULL,
	    "OpenSSL: the certificate does not name the MX host.",
	    STS_HELD,
	    "Put every MX host's name into its certificate.",
	    TEST_MX },
	{ "X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT", "certificate",
	    "self-signed", 'N', NULL,
	    "OpenSSL: the certificate is signed by itself.",
	    STS_HELD,
	    "Use a public authority's certificate, or DANE with \"3 1 1\".",
	    TEST_MX },
	{ "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT*", "certificate",
	    "chain broken", 'N', NULL,
	    "OpenSSL: the chain is incomplete, or ends at an authority that "
	    "the sender does not know.",
	    STS_HELD,
	    "Send the intermediate certificates too (the full chain file).",
	    TEST_MX },
	{ "X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE", "certificate",
	    "chain broken", 'N', NULL,
	    "OpenSSL: only the host's own certificate came, without the "
	    "intermediate ones.",
	    STS_HELD,
	    "Send the intermediate certificates too (the full chain file).",
	    TEST_MX },
	{ "X509_V_ERR_*", "certificate", "not valid", 'N', NULL,
	    "OpenSSL's name for what is wrong with the chain; the words after "
	    "X509_V_ERR_ are listed in its verify(1) manual.",
	    STS_HELD,
	    "Check the certificate and the whole chain as the sender would.",
	    TEST_MX },
	{ "tls-remote-alert-40", "handshake", "no common cipher", 'N', NULL,
	    "Our host ended the handshake with alert 40, handshake_failure: "
	    "no TLS version, cipher or curve in common.",
	    STS_HELD,
	    "Offer TLS 1.2 and 1.3 with the default ciphers, and have both an "
	    "RSA and an ECDSA certificate if old senders matter.",
	    TEST_MX },
	{ "tls-remote-alert-70", "handshake", "no common version", 'N', NULL,
	    "Our host ended the handshake with alert 70, protocol_version: "
	    "the sender speaks only TLS versions that we refuse.",
	    STS_HELD,
	    "Nothing, if it is below TLS 1.2: the framework forbids that "
	    "between government.  Else offer TLS 1.2 and 1.3.",
	    TEST_MX },
	{ "tls-remote-alert-80", "handshake", "internal error", 'N', NULL,
	    "Our host ended the handshake with alert 80, internal_error.",
	    STS_HELD,
	    "Look into the mail log of that host at that time; often there "
	    "is no certificate for the name that was asked for.",
	    TEST_MX },
	{ "tls-remote-alert-*", "handshake", "alert", 'N', NULL,
	    "Our host ended the handshake with the alert of that number (RFC "
	    "8446 6).",
	    STS_HELD,
	    "Look into the mail log of that host at that time.",
	    TEST_MX },
	{ "dane-no-match", "DANE", "TLSA mismatch", 'N', NULL,
	    "No TLSA record of the MX host fits its certificate.",
	    DANE_HELD,
	    "Publish the current certificate's TLSA record.",
	    TEST_TLSA }
};

/* Some write VALIDATION_FAILURE for validation-failure. */
static int
is_name(const char *name, const char *given, size_t n)
{
	for (; n > 0; n--, name++, given++) {
		if (*given == '\0' || (tolower((unsigned char)*name) !=
		    tolower((unsigned char)*given) &&
		    strchr("-_", *name) == NULL))
			return 0;
		if (strchr("-_", *name) != NULL && strchr("-_", *given) == NULL)
			return 0;
	}
	return 1;
}

const struct result *
result_type(const char *type)
{
	size_t i, n;

	for (i = 0; i < nitems(types); i++) {
		n = strlen(types[i].name);
		if (is_name(types[i].name, type, n) && type[n] == '\0')
			return &types[i];
	}
	return NULL;
}

unsigned int
result_under(const char *policy_type, const char *mode)
{
	if (strcmp(policy_type, "tlsa") == 0)
		return UNDER_DANE;
	if (strcmp(policy_type, "sts") != 0)
		return UNDER_NONE;
	if (strcmp(mode, "enforce") == 0)
		return UNDER_ENFORCE;
	return strcmp(mode, "testing") == 0 || strcmp(mode, "none") == 0 ?
	    UNDER_TESTING : UNDER_STS;
}

const char *
result_delivered(const char *type, unsigned int under, const char **sentence)
{
	const struct result *e = result_type(type);

	if (e == NULL) {
		*sentence = "Not known: the type is none of RFC 8460's.";
		return "unknown";
	}
	/* It never came to a session that it could have stopped. */
	if (strncmp(e->name, "sts-", 4) == 0) {
		*sentence = FETCH_HELD;
		return "yes";
	}
	if (strcmp(e->kind, "DANE") == 0 || strcmp(e->kind, "DNSSEC") == 0) {
		*sentence = e->delivered;
		return "no";
	}
	if ((under & UNDER_DANE) != 0) {
		*sentence = DANE_HELD;
		return "no";
	}
	switch (under) {
	case UNDER_ENFORCE:
		*sentence = "Not to this host: mode enforce.  The sender "
		    "tries another MX host, or waits and at last returns the "
		    "mail.";
		return "no";
	case UNDER_TESTING:
		*sentence = "Yes: mode testing only has it reported.";
		return "yes";
	case UNDER_NONE:
		*sentence = "Yes, in general: without a policy the sender "
		    "goes on without TLS, or does not look at the "
		    "certificate.";
		return "yes";
	default:
		*sentence = STS_HELD;
		return "unknown";
	}
}

const struct result *
result_reason(const char *code)
{
	size_t i, n;

	for (i = 0; i < nitems(reasons); i++) {
		n = strlen(reasons[i].name);
		if (reasons[i].name[n - 1] == '*' ?
		    is_name(reasons[i].name, code, n - 1) :
		    is_name(reasons[i].name, code, n) && code[n] == '\0')
			return &reasons[i];
	}
	return NULL;
}

const struct result *
result_type_at(size_t i)
{
	return i < nitems(types) ? &types[i] : NULL;
}

const struct result *
result_reason_at(size_t i)
{
	return i < nitems(reasons) ? &reasons[i] : NULL;
}
