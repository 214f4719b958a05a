/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <string.h>

#include "spool/record.h"
#include "base/json_scan.h"

/*
 * A parser for this one kind of object: sged reads a busy host's records by
 * the million, so strings stay in the line, and nothing is allocated.
 */
enum key {
	KEY_V, KEY_TIME, KEY_HOST, KEY_DIR, KEY_SESSION, KEY_LOCAL,
	KEY_REMOTE, KEY_RDNS, KEY_HELO, KEY_STARTTLS, KEY_TLS, KEY_CIPHER,
	KEY_FAILURE, KEY_LOST, KEY_MAIL, KEY_BEGAN, KEY_BUSY,
	KEY_TX, KEY_FROM, KEY_TO, KEY_FLOW,
	KEY_VERDICT, KEY_WHY, KEY_MESSAGES, KEY_RCPTS, KEY_REPORT, KEY_UNKNOWN
};

static const char *const keys[] = {
	"v", "time", "host", "dir", "session", "local",
	"remote", "rdns", "helo", "starttls", "tls", "cipher",
	"failure", "lost", "mail", "began", "busy", "tx", "from", "to", "flow",
	"verdict", "why", "messages", "rcpts", "report"
};

static const char *const starttls[] = {
	NULL, "offered", "absent", "refused", "implicit"
};

static const char *const failures[] = {
	NULL, "starttls-not-supported", "validation-failure"
};

static const char *const verdicts[] = {
	"pass", "reject", "testing", "legacy"
};

static const char *const refusals[] = {
	NULL, "no-tls", "old-tls", "no-connector", "other-address",
	"not-learned", "not-announced"
};

/* What the record itself does not tell. */
struct seen {
	uint64_t	 version;
	int		 time;
	int		 dir;
	int		 bad;		/* a known key has an unfit value */
};

static enum scanned get_count(struct scan *, uint32_t *);
static enum scanned get_time(struct scan *, int64_t *);
static int	 get_key(struct scan *, enum key *, enum key *);
static int	 more(struct scan *, char);
static enum scanned tx_member(struct scan *, enum key, struct record_tx *);
static int	 get_tx(struct scan *, struct record_tx *, struct seen *);
static enum scanned get_txs(struct scan *, struct record *, struct seen *);
static enum scanned member(struct scan *, enum key, struct record *,
		    struct seen *);

const char *
starttls_name(enum starttls s)
{
	return (unsigned int)s < nitems(starttls) ? starttls[s] : NULL;
}

const char *
failure_name(enum failure f)
{
	return (unsigned int)f < nitems(failures) ? failures[f] : NULL;
}

const char *
verdict_name(enum verdict v)
{
	return (unsigned int)v < nitems(verdicts) ? verdicts[v] : "";
}

const char *
refusal_name(enum refusal why)
{
	return (unsigned int)why < nitems(refusals) ? refusals[why] : NULL;
}

static enum scanned
get_count(struct scan *in, uint32_t *out)
{
	uint64_t n = 0;
	enum scanned got;

	got = scan_number(in, UINT32_MAX, &n);
	*out = n;
	return got;
}

/* "2026-11-21T03:04:05Z", nothing else (RFC 3339's form that we write). */
static enum scanned
get_time(struct scan *in, int64_t *out)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	static const int before[] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334
	};
	const char *s;
	int part[6] = { 0 };
	size_t i, n = 0;
	int64_t days, y;
	enum scanned got;

	if ((got = scan_text(in, &s)) != SCAN_OK)
		return got;
	if (s == NULL)
		return SCAN_OTHER;
	for (i = 0; form[i] != '\0'; i++)
		if (form[i] != 'd') {
			if (s[i] != form[i])
				return SCAN_OTHER;
			n++;
		} else if (s[i] < '0' || s[i] > '9')
			return SCAN_OTHER;
		else
			part[n] = part[n] * 10 + (s[i] - '0');
	if (s[i] != '\0' || part[0] < 1970 || part[1] < 1 || part[1] > 12 ||
	    part[2] < 1 || part[2] > 31 || part[3] > 23 || part[4] > 59 ||
	    part[5] > 60)
		return SCAN_OTHER;
	y = part[0] - (part[1] <= 2);
	days = 365 * (part[0] - 1970) + y / 4 - y / 100 + y / 400 - 477 +
	    before[part[1] - 1] + part[2] - 1;
	*out = days * 86400 + part[3] * 3600 + part[4] * 60 + part[5];
	return SCAN_OK;
}

/*
 * A key, its colon, and the blanks behind it.  Our own records have their keys
 * in order, so the one behind the last is tried first.
 */
static int
get_key(struct scan *in, enum key *last, enum key *key)
{
	char *s;
	size_t i, k = *last;

	*key = KEY_UNKNOWN;
	scan_blanks(in);
	if (scan_string(in, &s) == -1 || scan_expect(in, ':') == -1)
		return -1;
	scan_blanks(in);
	for (i = 0; i < nitems(keys); i++) {
		if (++k >= nitems(keys))
			k = 0;
		if (keys[k][0] == s[0] && strcmp(keys[k], s) == 0) {
			*key = *last = k;
			break;
		}
	}
	return 0;
}

/* Behind a value: 1 another one comes, 0 that was the last, -1 neither. */
static int
more(struct scan *in, char close)
{
	scan_blanks(in);
	if (*in->p != ',' && *in->p != close)
		return -1;
	return *in->p++ == ',';
}

static enum scanned
tx_member(struct scan *in, enum key key, struct record_tx *tx)
{
	unsigned int n = 0;
	enum scanned got;

	switch (key) {
	case KEY_FROM:
		return scan_text(in, &tx->from);
	case KEY_TO:
		return scan_text(in, &tx->to);
	case KEY_FLOW:
		return scan_text(in, &tx->flow);
	case KEY_VERDICT:
		got = scan_name(in, verdicts, nitems(verdicts), &n);
		tx->verdict = n;
		return got;
	case KEY_WHY:
		got = scan_name(in, refusals, nitems(refusals), &n);
		tx->why = n;
		return got;
	case KEY_MESSAGES:
		return get_count(in, &tx->messages);
	case KEY_RCPTS:
		return get_count(in, &tx->rcpts);
	case KEY_REPORT:
		return scan_bool(in, &tx->report);
	default:
		return scan_skip(in) == -1 ? SCAN_SYNTAX : SCAN_OK;
	}
}

static int
get_tx(struct scan *in, struct record_tx *tx, struct seen *seen)
{
	enum key key, last = KEY_TX;
	enum scanned got;
	int again;

	memset(tx, 0, sizeof(*tx));
	in->p++;
	scan_blanks(in);
	if (*in->p == '}') {
		in->p++;
		return 0;
	}
	do {
		if (get_key(in, &last, &key) == -1)
			return -1;
		if ((got = tx_member(in, key, tx)) == SCAN_SYNTAX)
			return -1;
		if (got == SCAN_OTHER)
			seen->bad = 1;
	} while ((again = more(in, '}')) == 1);
	return again;
}

static enum scanned
get_txs(struct scan *in, struct record *r, struct seen *seen)
{
	struct record_tx spare, *tx;
	int again;

	r->ntx = 0;
	if (*in->p != '[')
		return scan_skip(in) == -1 ? SCAN_SYNTAX : SCAN_OTHER;
	in->p++;
	scan_blanks(in);
	if (*in->p == ']') {
		in->p++;
		return SCAN_OK;
	}
	do {
		scan_blanks(in);
		if (*in->p != '{') {
			if (scan_skip(in) == -1)
				return SCAN_SYNTAX;
			seen->bad = 1;
			continue;
		}
		tx = &spare;
		if (r->ntx < RECORD_TX_MAX)
			tx = &r->tx[r->ntx++];
		else
			seen->bad = 1;
		if (get_tx(in, tx, seen) == -1)
			return SCAN_SYNTAX;
	} while ((again = more(in, ']')) == 1);
	return again == -1 ? SCAN_SYNTAX : SCAN_OK;
}

static enum scanned
member(struct scan *in, enum key key, struct record *r, struct seen *seen)
{
	static const char *const dirs[] = { "in", "out" };
	unsigned int n = 0;
	uint64_t busy = 0;
	enum scanned got;

	switch (key) {
	case KEY_V:
		return scan_number(in, UINT64_MAX, &seen->version);
	case KEY_TIME:
		got = get_time(in, &r->time);
		seen->time = got == SCAN_OK;
		return got;
	case KEY_HOST:
		return scan_text(in, &r->host);
	case KEY_DIR:
		got = scan_name(in, dirs, nitems(dirs), &n);
		seen->dir = got == SCAN_OK;
		r->dir = n;
		return got;
	case KEY_SESSION:
		return scan_text(in, &r->session);
	case KEY_LOCAL:
		return scan_text(in, &r->local);
	case KEY_REMOTE:
		return scan_text(in, &r->remote);
	case KEY_RDNS:
		return scan_text(in, &r->rdns);
	case KEY_HELO:
		return scan_text(in, &r->helo);
	case KEY_STARTTLS:
		got = scan_name(in, starttls, nitems(starttls), &n);
		r->starttls = n;
		return got;
	case KEY_TLS:
		return scan_text(in, &r->tls);
	case KEY_CIPHER:
		return scan_text(in, &r->cipher);
	case KEY_FAILURE:
		got = scan_name(in, failures, nitems(failures), &n);
		r->failure = n;
		return got;
	case KEY_LOST:
		return scan_number(in, UINT64_MAX, &r->lost);
	case KEY_MAIL:
		return scan_text(in, &r->mail);
	case KEY_BEGAN:
		return get_time(in, &r->began);
	case KEY_BUSY:
		got = scan_number(in, UINT32_MAX, &busy);
		r->busy = (int64_t)busy;
		return got;
	case KEY_REPORT:
		return scan_bool(in, &r->report);
	case KEY_TX:
		return get_txs(in, r, seen);
	default:
		return scan_skip(in) == -1 ? SCAN_SYNTAX : SCAN_OK;
	}
}

enum record_result
record_parse(char *line, size_t len, struct record *r)
{
	struct scan in = { line };
	struct seen seen = { 0 };
	enum key key, last = KEY_UNKNOWN;
	enum scanned got;
	int again;

	/* Not the rows, which are many: each is cleared when it comes. */
	memset(r, 0, offsetof(struct record, tx));
	r->busy = -1;
	r->ntx = 0;
	if (scan_expect(&in, '{') == -1)
		return RECORD_BAD;
	do {
		if (get_key(&in, &last, &key) == -1)
			return RECORD_BAD;
		if ((got = member(&in, key, r, &seen)) == SCAN_SYNTAX)
			return RECORD_BAD;
		if (got == SCAN_OTHER)
			seen.bad = 1;
	} while ((again = more(&in, '}')) == 1);
	scan_blanks(&in);
	if (again == -1 || in.p != line + len)
		return RECORD_BAD;
	if (seen.version > 1)
		return RECORD_NEWER;
	if (seen.bad || seen.version != 1 || !seen.time || !seen.dir ||
	    r->session == NULL)
		return RECORD_BAD;
	return RECORD_OK;
}
