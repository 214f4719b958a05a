/* SPDX-License-Identifier: ISC */

/*
 * check config: whether an action keeps what table-sge and sge.conf(5) say of
 * the destination.
 */

#include <string.h>

#include "host/match_fault.h"

#define FOR_STRANGERS "anybody may send there by this host; add auth, or " \
	"from local; if it is ours, write it under local in sge.conf; if " \
	"this host is its backup MX, write relay backup"

static const struct {
	enum check_level level;
	const char	*text;
} faults[] = {
	{ CHECK_OK, "" },
	{ CHECK_BAD, "it may go in clear; write action \"encrypt\" relay tls "
	    "no-verify, and put the match with it before this one" },
	{ CHECK_BAD, "it goes in clear: write smtp+tls:// for its host" },
	{ CHECK_BAD, "no certificate is verified; take no-verify out, or "
	    "match it with the action that has relay tls domain "
	    "<sge-routes>" },
	{ CHECK_BAD, "it does not go to the host that the connector or the "
	    "policy names; write an action relay tls domain <sge-routes>, and "
	    "put the match with it before this one" },
	{ CHECK_BAD, "it waits in the queue for ever, since sge-routes has no "
	    "host for it; take domain <sge-routes> out" },
	{ CHECK_WARN, "hosts without TLS get no mail, which the guide leaves "
	    "to sge.conf's flows; write relay without tls" },
	{ CHECK_BAD, "the smart host gets it without forced TLS; write "
	    "smtp+tls:// for its host" },
	{ CHECK_WARN, "what its sessions say would be reported to the "
	    "recipients' domains; write smarthost { ADDRESS } in sge.conf" },
	{ CHECK_WARN, "hosts whose certificate no authority vouches for get "
	    "no mail, and require tls asks for TLS only; add no-verify" },
	{ CHECK_WARN, "its MTA-STS policy, should it have one, is not "
	    "applied; put the match for domain <sge-verify> before this one" },
	{ CHECK_BAD, "it may go by TLS 1.2; write protocols \"tlsv1.3\" in an "
	    "action of its own, and match for domain <sge-verify13> or "
	    "<sge-encrypt13> with that before this one" },
	{ CHECK_BAD, "a session that another action opened to the same host may "
	    "carry it, by TLS 1.2; write helo and the host's name" },
	{ CHECK_WARN, "hosts with TLS 1.2 get no mail, and sge.conf's flows "
	    "leave that to them; write protocols \"tlsv1.2,tlsv1.3\"" },
	{ CHECK_WARN, "hosts with TLS 1.2 get it in clear; take protocols "
	    "out" },
	{ CHECK_BAD, "it is delivered on this host" },
	{ CHECK_BAD, "this host is an open relay; add auth, or from local, "
	    "or the domains it takes mail for" },
	{ CHECK_BAD, FOR_STRANGERS },
	{ CHECK_WARN, FOR_STRANGERS },
	{ CHECK_BAD, "our reports would be held to forced TLS, which RFC 8460 "
	    "forbids; put match from socket mail-from before it, with an "
	    "action relay without tls" }
};

static int
begins(const char *s, const char *prefix)
{
	return s != NULL && strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Whether the URL of "relay host" forces TLS. */
static int
url_forces(const char *url)
{
	return begins(url, "smtp+tls://") || begins(url, "smtps://");
}

static enum fault
judge_verify(const struct smtpd_line *action)
{
	const char *table = smtpdconf_after(action, "domain");

	if (table == NULL || strcmp(table, "<sge-routes>") != 0)
		return FAULT_UNROUTED;
	if (smtpdconf_has(action, "no-verify"))
		return FAULT_UNVERIFIED;
	return smtpdconf_has(action, "tls") ? FAULT_NONE : FAULT_CLEAR;
}

/* What a relay action does to mail of that need, whatever the version. */
static enum fault
judge_need(const struct conf *conf, const struct smtpd_line *action,
    const struct mail *m)
{
	const char *host = smtpdconf_after(action, "host");
	const char *table = smtpdconf_after(action, "domain");
	int routed = table != NULL && strcmp(table, "<sge-routes>") == 0;
	int tls = smtpdconf_has(action, "tls") || url_forces(host);

	if (m->need == NEED_OWN)
		return routed ? FAULT_WAITS : begins(host, "smtp+notls://") ?
		    FAULT_NO_TLS : FAULT_NONE;
	if (m->need == NEED_VERIFY)
		return judge_verify(action);
	if (routed)
		return FAULT_WAITS;
	if (begins(host, "smtp+notls://"))
		return FAULT_NO_TLS;
	if (m->need == NEED_ENCRYPT && !tls)
		return FAULT_CLEAR;
	if (m->need == NEED_ENCRYPT)
		return host == NULL && !smtpdconf_has(action, "no-verify") ?
		    FAULT_STRICT : FAULT_NONE;
	if (host != NULL)
		return !tls ? FAULT_SMARTHOST : conf->nsmarthosts == 0 ?
		    FAULT_UNNAMED : FAULT_NONE;
	return tls ? FAULT_FORCED : FAULT_NONE;
}

enum fault
fault_of(const struct conf *conf, const struct smtpd_line *action,
    const struct mail *m)
{
	enum fault fault = judge_need(conf, action, m);
	int newest = match_newest(action);

	if (fault != FAULT_NONE || m->need == NEED_OWN)
		return fault;
	if (m->newest)
		return !newest ? FAULT_OLDER : smtpdconf_has(action, "helo") ?
		    FAULT_NONE : FAULT_LENT;
	if (!newest)
		return FAULT_NONE;
	return m->need == NEED_NOTHING ? FAULT_NEWER_CLEAR : FAULT_NEWER;
}

enum check_level
fault_level(enum fault fault)
{
	return faults[fault].level;
}

const char *
fault_text(enum fault fault)
{
	return faults[fault].text;
}
