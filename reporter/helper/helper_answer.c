/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "helper/helper_answer.h"
#include "helper/helper_take.h"
#include "lib/mail_result.h"
#include "net/http_read.h"

/* The last second of the year 9999. */
#define TIME_MAX	253402300799LL
/* RFC 2181 8. */
#define TTL_MAX		INT32_MAX

static const char *const dns_status[] = { "ok", "nxdomain", "nodata",
    "servfail", "timeout", NULL };
static const char *const http_status[] = { "ok", "refused", "connect",
    "timeout", "tls", "http", "size", NULL };
static const char *const probe_status[] = { "ok", "refused", "connect",
    "timeout", "smtp", NULL };
static const char *const mail_status[] = { "ok", "error", NULL };
static const char *const share_status[] = { "ok", "frozen", "away", "refused",
    NULL };
static const char *const ping_status[] = { "ok", NULL };
static const char *const certs[] = { "unknown", "ok", "expired", "host-mismatch",
    "not-trusted", "other", NULL };
static const char *const starttls[] = { "offered", "absent", "refused",
    "busy", NULL };
static const char *const sessions[] = { "SSLv3", "TLSv1", "TLSv1.1",
    "TLSv1.2", "TLSv1.3", NULL };
static const char *const versions[] = { "1.0", "1.1", "1.2", "1.3", NULL };

#define WORD(key, words) { key, take_word, 0, 0, words }
#define TRUTH(key) { key, take_bool, 0, 0, NULL }
#define NUMBER(key, max) { key, take_int, max, 0, NULL }
#define TEXT(key, max) { key, take_text, max, 0, NULL }
#define LIST(key, take, max, n, words) { key, take, max, n, words }
#define END { NULL, NULL, 0, 0, NULL }

static const struct member dns_members[] = {
	WORD("status", dns_status),
	NUMBER("ttl", TTL_MAX),
	TRUTH("secure"),
	TRUTH("toolong"),
	{ "canon", take_name, 0, 0, NULL },
	END
}, txt_members[] = {
	LIST("txt", take_text, TXT_RECORD_MAX, TXT_RECORDS_MAX, NULL),
	END
}, mx_members[] = {
	LIST("mx", take_mx, 0, MX_RECORDS_MAX, NULL),
	TRUTH("null"),
	TRUTH("nullbeside"),
	TRUTH("implicit"),
	END
}, tlsa_members[] = {
	LIST("tlsa", take_tlsa, 2 * TLSA_DATA_MAX, TLSA_RECORDS_MAX, NULL),
	END
}, addr_members[] = {
	LIST("addr", take_addr, 0, MX_ADDRS_MAX, NULL),
	END
}, http_members[] = {
	WORD("status", http_status),
	NUMBER("http", 999),
	TEXT("type", HTTP_TYPE_MAX),
	TEXT("date", HTTP_DATE_MAX),
	NUMBER("notafter", TIME_MAX),
	WORD("cert", certs),
	TEXT("text", REPORT_TEXT_MAX),
	{ "body", take_body, 0, 0, NULL },
	{ "body64", take_base64, 0, 0, NULL },
	END
}, probe_members[] = {
	WORD("status", probe_status),
	TEXT("banner", REPORT_TEXT_MAX),
	TEXT("helo", HELO_MAX),
	WORD("starttls", starttls),
	TRUTH("handshake"),
	WORD("tls", sessions),
	WORD("cert", certs),
	TEXT("text", REPORT_TEXT_MAX),
	NUMBER("notafter", TIME_MAX),
	LIST("names", take_text, DOMAIN_MAX, CERT_NAMES_MAX, NULL),
	LIST("offers", take_version, 0, 4, versions),
	{ "pem", take_pem, CHAIN_PEM_MAX, 0, NULL },
	END
}, mail_members[] = {
	WORD("status", mail_status),
	TRUTH("kept"),
	TRUTH("unknown"),
	{ "message", take_hexadecimal, 8, 0, NULL },
	NUMBER("exit", 255),
	TEXT("text", MAIL_SAID_MAX),
	END
}, share_members[] = {
	WORD("status", share_status),
	TEXT("text", FLEET_TEXT_MAX),
	END
}, beat_members[] = {
	NUMBER("now", TIME_MAX),
	LIST("members", take_member, 32, FLEET_MEMBERS_MAX, NULL),
	END
}, trim_members[] = {
	TRUTH("more"),
	END
}, claim_members[] = {
	LIST("reports", take_claim, DOMAIN_MAX + 32, FLEET_CLAIMS_MAX, NULL),
	END
}, held_members[] = {
	LIST("reports", take_claim, DOMAIN_MAX + 32, FLEET_CLAIMS_MAX, NULL),
	NUMBER("next", TIME_MAX),
	END
}, sums_members[] = {
	LIST("rows", take_row, STS_POLICY_MAX, FLEET_SUMS_MAX, NULL),
	NUMBER("next", TIME_MAX),
	END
}, note_members[] = {
	LIST("own", take_int, FLEET_ENDED_MAX, FLEET_ENDED_MAX, NULL),
	END
}, look_members[] = {
	LIST("hosts", take_member, 32, FLEET_MEMBERS_MAX, NULL),
	END
}, seen_members[] = {
	LIST("rows", take_seen, STS_POLICY_MAX, FLEET_SUMS_MAX, NULL),
	TRUTH("more"),
	END
}, ping_members[] = {
	WORD("status", ping_status),
	END
};

static const struct {
	enum world_part	 part;
	const char	*op;
	const struct member *members[2];
} questions[] = {
	{ WORLD_RESOLVE, "txt", { dns_members, txt_members } },
	{ WORLD_RESOLVE, "mx", { dns_members, mx_members } },
	{ WORLD_RESOLVE, "addr", { dns_members, addr_members } },
	{ WORLD_RESOLVE, "tlsa", { dns_members, tlsa_members } },
	{ WORLD_NET, "get", { http_members, NULL } },
	{ WORLD_NET, "post", { http_members, NULL } },
	{ WORLD_NET, "probe", { probe_members, NULL } },
	{ WORLD_MAILER, "mail", { mail_members, NULL } },
	{ WORLD_SHARE, "beat", { share_members, beat_members } },
	{ WORLD_SHARE, "begin", { share_members, NULL } },
	{ WORLD_SHARE, "rows", { share_members, NULL } },
	{ WORLD_SHARE, "end", { share_members, NULL } },
	{ WORLD_SHARE, "trim", { share_members, trim_members } },
	{ WORLD_SHARE, "open", { share_members, NULL } },
	{ WORLD_SHARE, "claim", { share_members, claim_members } },
	{ WORLD_SHARE, "held", { share_members, held_members } },
	{ WORLD_SHARE, "sums", { share_members, sums_members } },
	{ WORLD_SHARE, "note", { share_members, note_members } },
	{ WORLD_SHARE, "look", { share_members, look_members } },
	{ WORLD_SHARE, "seen", { share_members, seen_members } },
	{ WORLD_SHARE, "ping", { ping_members, NULL } },
	{ WORLD_RESOLVE, "ping", { ping_members, NULL } },
	{ WORLD_NET, "ping", { ping_members, NULL } },
	{ WORLD_MAILER, "ping", { ping_members, NULL } },
};

static void
set(json_t *obj, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(obj, key, value) == -1)
		fatalx("world: no memory");
}

/* What is wrong is left out; NULL: it is no list, or too long a one. */
static json_t *
take_list(const struct helper_asked *q, const struct member *m,
    const json_t *value, const char **odd)
{
	json_t *list, *item;
	size_t i;

	if (!json_is_array(value) || json_array_size(value) > m->list)
		return NULL;
	if ((list = json_array()) == NULL)
		fatalx("world: no memory");
	for (i = 0; i < json_array_size(value); i++) {
		item = m->take(q, m, json_array_get(value, i));
		if (item == NULL)
			*odd = m->key;
		else if (json_array_append_new(list, item) == -1)
			fatalx("world: no memory");
	}
	return list;
}

static void
take_members(json_t *out, const struct helper_asked *q,
    const struct member *m, const json_t *answer, const char **odd)
{
	const json_t *value;
	json_t *taken;

	for (; m->key != NULL; m++) {
		if ((value = json_object_get(answer, m->key)) == NULL)
			continue;
		taken = m->list > 0 ? take_list(q, m, value, odd) :
		    m->take(q, m, value);
		if (taken == NULL)
			*odd = m->key;
		else
			set(out, m->key, taken);
	}
}

static json_int_t
preference(const json_t *list, size_t i)
{
	return json_integer_value(json_array_get(json_array_get(list, i), 0));
}

static int
is(const json_t *obj, const char *key, const char *value)
{
	return strcmp(ipc_string(obj, key, ""), value) == 0;
}

/* The DNS: what was found has to be there, and in order. */
static const char *
odd_dns(const struct helper_asked *q, const json_t *out)
{
	const json_t *list = json_object_get(out, q->op);
	size_t i;

	if (!is(out, "status", "ok"))
		return json_array_size(list) > 0 ? q->op : NULL;
	if (json_array_size(list) == 0)
		return q->op;
	if (strcmp(q->op, "mx") != 0)
		return NULL;
	for (i = 1; i < json_array_size(list); i++)
		if (preference(list, i) < preference(list, i - 1))
			return q->op;
	/* Without an MX record the domain is its own host. */
	if (ipc_bool(out, "implicit", 0) && (json_array_size(list) != 1 ||
	    preference(list, 0) != 0 || strcmp(json_string_value(
	    json_array_get(json_array_get(list, 0), 1)), q->name) != 0))
		return "implicit";
	return ipc_bool(out, "null", 0) ? "null" : NULL;
}

static const char *
odd_net(const struct helper_asked *q, const json_t *out)
{
	int ok = is(out, "status", "ok");

	if (strcmp(q->op, "probe") == 0) {
		/* TLS comes of STARTTLS, and a good certificate of TLS. */
		if (ipc_bool(out, "handshake", 0) &&
		    !is(out, "starttls", "offered"))
			return "handshake";
		return is(out, "cert", "ok") &&
		    !ipc_bool(out, "handshake", 0) ? "cert" : NULL;
	}
	if (ok && ipc_int(out, "http", 0) < 100)
		return "http";
	/* A policy is fetched from a host that is who it says it is. */
	if (ok && strcmp(q->op, "get") == 0 && !is(out, "cert", "ok"))
		return "cert";
	return NULL;
}

/* What no single member shows. */
static const char *
odd_whole(const struct helper_asked *q, const json_t *out)
{
	if (json_object_get(out, "status") == NULL)
		return "status";
	if (strcmp(q->op, "ping") == 0)
		return NULL;
	if (q->part == WORLD_RESOLVE)
		return odd_dns(q, out);
	if (q->part == WORLD_NET)
		return odd_net(q, out);
	if (q->part == WORLD_SHARE)
		return NULL;
	/* sendmail that ends well has taken the mail. */
	return is(out, "status", "error") && ipc_int(out, "exit", 0) < 1 ?
	    "exit" : NULL;
}

void
helper_asked(struct helper_asked *q, enum world_part part,
    const json_t *request)
{
	const char *name = ipc_string(request, part == WORLD_RESOLVE ?
	    "name" : "host", "");

	memset(q, 0, sizeof(*q));
	q->part = part;
	(void)strlcpy(q->op, ipc_string(request, "op", ""), sizeof(q->op));
	if (part != WORLD_RESOLVE || domain_normal(name, strlen(name), q->name,
	    sizeof(q->name)) == -1)
		(void)strlcpy(q->name, name, sizeof(q->name));
	q->max = (size_t)ipc_int(request, "max", STS_POLICY_MAX);
	q->versions = ipc_bool(request, "versions", 0);
	q->chain = ipc_bool(request, "chain", 0);
}

json_t *
helper_answer(const struct helper_asked *q, const json_t *answer,
    const char **odd)
{
	const char *why;
	json_t *out;
	size_t i, k;

	*odd = NULL;
	if ((out = json_object()) == NULL)
		fatalx("world: no memory");
	for (i = 0; i < nitems(questions); i++)
		if (questions[i].part == q->part &&
		    strcmp(questions[i].op, q->op) == 0)
			break;
	for (k = 0; i < nitems(questions) &&
	    k < nitems(questions[i].members); k++)
		if (questions[i].members[k] != NULL)
			take_members(out, q, questions[i].members[k], answer,
			    odd);
	if ((why = odd_whole(q, out)) == NULL)
		return out;
	*odd = why;
	if (json_object_clear(out) == -1)
		fatalx("world: no memory");
	set(out, "status", json_string(q->part == WORLD_RESOLVE ? "servfail" :
	    "gone"));
	return out;
}
