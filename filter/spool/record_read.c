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

/* As it stands in a line, behind its first quote. */
#define KEY(name) { name "\":", sizeof(name) + 1 }

static const struct {
	const char	*text;
	size_t		 len;
} keys[] = {
	KEY("v"), KEY("time"), KEY("host"), KEY("dir"), KEY("session"),
	KEY("local"), KEY("remote"), KEY("rdns"), KEY("helo"),
	KEY("starttls"), KEY("tls"), KEY("cipher"), KEY("failure"),
	KEY("lost"), KEY("mail"), KEY("began"), KEY("busy"), KEY("tx"),
	KEY("from"), KEY("to"), KEY("flow"), KEY("verdict"), KEY("why"),
	KEY("messages"), KEY("rcpts"), KEY("report")
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

/* Two digits, or -1. */
static int
two(const char *s)
{
	return s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' ? -1 :
	    (s[0] - '0') * 10 + (s[1] - '0');
}

/* "2026-11-21T03:04:05Z", nothing else (RFC 3339's form that we write). */
static enum scanned
get_time(struct scan *in, int64_t *out)
{
	static const int before[] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334
	};
	const char *s;
	int century, year, month, day, hour, minute, second;
	int64_t days, y;
	enum scanned got;

	if ((got = scan_text(in, &s)) != SCAN_OK)
		return got;
	/* In this order none looks behind its end. */
	if (s == NULL || (century = two(s)) == -1 ||
	    (year = two(s + 2)) == -1 || s[4] != '-' ||
	    (month = two(s + 5)) == -1 || s[7] != '-' ||
	    (day = two(s + 8)) == -1 || s[10] != 'T' ||
	    (hour = two(s + 11)) == -1 || s[13] != ':' ||
	    (minute = two(s + 14)) == -1 || s[16] != ':' ||
	    (second = two(s + 17)) == -1 || s[19] != 'Z' || s[20] != '\0')
		return SCAN_OTHER;
	year += century * 100;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 ||
	    hour > 23 || minute > 59 || second > 60)
		return SCAN_OTHER;
	y = year - (month <= 2);
	days = 365 * (year - 1970) + y / 4 - y / 100 + y / 400 - 477 +
	    before[month - 1] + day - 1;
	*out = days * 86400 + hour * 3600 + minute * 60 + second;
	return SCAN_OK;
}

/* Which one begins there; those behind last are tried first. */
static enum key
key_at(const char *s, enum key last)
{
	size_t i, k = last;

	for (i = 0; i < nitems(keys); i++) {
		if (++k >= nitems(keys))
			k = 0;
		if (*keys[k].text == *s &&
		    strncmp(keys[k].text, s, keys[k].len) == 0)
			return k;
	}
	return KEY_UNKNOWN;
}

/* The same, and its colon, where it is written in another way. */
static int
other_key(struct scan *in, enum key *key)
{
	char *s;
	size_t k, len;

	if (scan_string(in, &s) == -1 || scan_expect(in, ':') == -1)
		return -1;
	*key = KEY_UNKNOWN;
	len = strlen(s);
	for (k = 0; k < nitems(keys); k++)
		if (keys[k].len == len + 2 &&
		    memcmp(keys[k].text, s, len) == 0)
			*key = k;
	return 0;
}

/*
 * A key, its colon, and the blanks behind it.  Our own records have their keys
 * in order, and written in one way, so that is tried first.
 */
static int
get_key(struct scan *in, enum key *last, enum key *key)
{
	if (*in->p != '"')
		scan_blanks(in);
	if (*in->p == '"' &&
	    (*key = key_at(in->p + 1, *last)) != KEY_UNKNOWN)
		in->p += 1 + keys[*key].len;
	else if (other_key(in, key) == -1)
		return -1;
	if (*key != KEY_UNKNOWN)
		*last = *key;
	if ((unsigned char)*in->p <= ' ')
		scan_blanks(in);
	return 0;
}

/* Behind a value: 1 another one comes, 0 that was the last, -1 neither. */
static int
more(struct scan *in, char close)
{
	if (*in->p != ',' && *in->p != close)
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
