/* SPDX-License-Identifier: ISC */

#include <string.h>
#include <strings.h>

#include "base/word.h"
#include "session/event.h"

/* Where an event is asked for. */
#define IN	0x1
#define OUT	0x2
#define FILTER	0x4

/* Of 8 to 16 bytes: two words, which may overlap, are all of it. */
#define NAME(s) s "|", sizeof(s)

struct kind {
	const char	*name;		/* with the '|' behind it */
	size_t		 len;
	unsigned int	 where;
	int		 fields;
};

/* Indexed by enum event_kind. */
static const struct kind kinds[] = {
	{ NAME("link-connect"),	IN | OUT,	 4 },
	{ NAME("link-greeting"),OUT,	 1 },
	{ NAME("link-identify"),IN,		 2 },
	{ NAME("link-tls"),	IN | OUT,	 1 },
	{ NAME("link-auth"),	IN,		 2 },
	{ NAME("tx-mail"),	IN,		 3 },
	{ NAME("tx-rcpt"),	IN,		 3 },
	{ NAME("tx-commit"),	IN | OUT,	 0 },
	{ NAME("protocol-client"),OUT,	 1 },
	{ NAME("link-disconnect"),IN | OUT,	 0 },
	{ NAME("rcpt-to"),	IN | FILTER, 2 }
};

/*
 * On the way out the client is smtpd itself, and what it says (MAIL FROM, RCPT
 * TO) tells all that tx-mail and tx-rcpt would, and also of a recipient whose
 * tx-rcpt never comes.  On the way in, tx-rcpt alone tells whether smtpd took a
 * recipient that a stranger named.
 */
static const char registration[] =
    "register|report|smtp-in|link-connect\n"
    "register|report|smtp-in|link-identify\n"
    "register|report|smtp-in|link-tls\n"
    "register|report|smtp-in|link-auth\n"
    "register|report|smtp-in|tx-mail\n"
    "register|report|smtp-in|tx-rcpt\n"
    "register|report|smtp-in|tx-commit\n"
    "register|report|smtp-in|link-disconnect\n"
    "register|report|smtp-out|link-connect\n"
    "register|report|smtp-out|link-greeting\n"
    "register|report|smtp-out|link-tls\n"
    "register|report|smtp-out|protocol-client\n"
    "register|report|smtp-out|tx-commit\n"
    "register|report|smtp-out|link-disconnect\n"
    "register|filter|smtp-in|rcpt-to\n"
    "register|ready\n";

static const char *parse_version(const char *, const char *, int *);
static const char *parse_time(const char *, const char *, int64_t *);
static const char *parse_head(const char *, size_t, int *, int64_t *);
static inline int is_decimal(uint64_t);
static uint32_t	 decimal(uint64_t);
static inline int hex(const char [8], uint32_t *);
static inline const char *parse_id(const char *, const char *, uint64_t *);
static size_t	 guess(const char *);
static const char *parse_kind(const char *, const char *, size_t *);
static int	 split(const char *, const char *, int, struct text []);
static int	 split_back(const char *, const char *, int, struct text []);
static int	 fields(struct event *, const char *, const char *, int);

const char *
event_registration(void)
{
	return registration;
}

int
text_is(const struct text *t, const char *s)
{
	size_t len = strlen(s);

	return t->len == len && strncasecmp(t->s, s, len) == 0;
}

size_t
text_path(const struct text *t)
{
	const char *close = memchr(t->s, '>', t->len);
	size_t i = close == NULL ? t->len : (size_t)(close - t->s);
	int quoted = 0;

	/* It may stand in quotes. */
	if (memchr(t->s, '"', i) == NULL)
		return i;
	for (i = 0; i < t->len && (quoted || t->s[i] != '>'); i++)
		if (t->s[i] == '"')
			quoted = !quoted;
		else if (quoted && t->s[i] == '\\' && i + 1 < t->len)
			i++;
	return i;
}

/*
 * "0.7|": 7.  What can't be read, and a newer major version, counts as the
 * newest known: a request is answered whatever its version.
 */
static const char *
parse_version(const char *p, const char *end, int *minor)
{
	const char *bar;

	if ((bar = memchr(p, '|', end - p)) == NULL)
		return NULL;
	*minor = 7;
	if (bar - p == 3 && p[0] == '0' && p[2] >= '0' && p[2] <= '9')
		*minor = p[2] - '0';
	return bar + 1;
}

/* "1795308413.156641|"; the fraction is not used.  0 if it can't be read. */
static const char *
parse_time(const char *p, const char *end, int64_t *out)
{
	const char *bar, *digits = p;
	int64_t t = 0;

	if ((bar = memchr(p, '|', end - p)) == NULL)
		return NULL;
	for (; *p >= '0' && *p <= '9' && p - digits < 12; p++)
		t = t * 10 + (*p - '0');
	if (p - digits > 11 || (*p != '.' && *p != '|'))
		t = 0;
	*out = t;
	return bar + 1;
}

/* Eight digits at once, without a branch on each: whether all are decimal. */
static inline int
is_decimal(uint64_t word)
{
	return ((word | word_outside(word, '0', '9')) & BIT7) == 0;
}

/* Their number. */
static uint32_t
decimal(uint64_t word)
{
	/* Pairs, fours, all: the first of two is the higher. */
	word &= EACH(0x0f);
	word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ffULL;
	word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffffULL;
	return (uint32_t)(word * 10000 + (word >> 32));
}

/* 0 with the number of eight hexadecimal ones, in either case, or -1. */
static inline int
hex(const char s[8], uint32_t *out)
{
	uint64_t word = word_at(s), lower = word | EACH(0x20);

	if (((word | (word_outside(word, '0', '9') &
	    word_outside(lower, 'a', 'f'))) & BIT7) != 0)
		return -1;
	/* Letters have bit 6, and the low bits of 1 to 6. */
	word = (word & EACH(0x0f)) + (word >> 6 & EACH(1)) * 9;
	word = (word << 4 | word >> 8) & 0x00ff00ff00ff00ffULL;
	word = (word << 8 | word >> 16) & 0x0000ffff0000ffffULL;
	*out = (uint32_t)(word << 16 | word >> 32);
	return 0;
}

/* 16 hexadecimal digits; what follows them is '|' or the end. */
static inline const char *
parse_id(const char *p, const char *end, uint64_t *out)
{
	uint32_t high, low;

	if (end - p < 16 || hex(p, &high) == -1 ||
	    hex(p + 8, &low) == -1 || (p + 16 < end && p[16] != '|'))
		return NULL;
	*out = (uint64_t)high << 32 | low;
	return p + 16 < end ? p + 17 : end;
}

/* n fields; the last one may hold '|'. */
static int
split(const char *p, const char *end, int n, struct text f[])
{
	const char *bar;
	int i;

	for (i = 0; i < n - 1; i++) {
		if ((bar = memchr(p, '|', end - p)) == NULL)
			return -1;
		f[i].s = p;
		f[i].len = bar - p;
		p = bar + 1;
	}
	f[i].s = p;
	f[i].len = end - p;
	return 0;
}

/* n fields; the first one may hold '|'. */
static int
split_back(const char *p, const char *end, int n, struct text f[])
{
	const char *bar;

	while (--n > 0) {
		if ((bar = memrchr(p, '|', end - p)) == NULL)
			return -1;
		f[n].s = bar + 1;
		f[n].len = end - f[n].s;
		end = bar;
	}
	f[0].s = p;
	f[0].len = end - p;
	return 0;
}

/*
 * What a stranger chose (a PTR record, a user's name) is cut off from the far
 * end, so that no '|' of his can pass for smtpd's word on him.
 */
static int
fields(struct event *ev, const char *p, const char *end, int minor)
{
	struct text f[3];

	if (ev->kind == EVENT_CONNECT)
		return split_back(p, end, 4, ev->field);
	if (ev->kind == EVENT_AUTH && minor < 7) {
		if (split_back(p, end, 2, f) == -1)
			return -1;
		ev->field[0] = f[1];
		ev->field[1] = f[0];
		return 0;
	}
	if ((ev->kind == EVENT_MAIL || ev->kind == EVENT_RCPT) && minor < 6) {
		if (split(p, end, 2, f) == -1)
			return -1;
		ev->field[0] = f[0];
		if (split_back(f[1].s, end, 2, f) == -1)
			return -1;
		ev->field[1] = f[1];
		ev->field[2] = f[0];
		return 0;
	}
	return split(p, end, kinds[ev->kind].fields, ev->field);
}

/*
 * "report|0.7|1795308413.156641|" as it mostly looks; NULL if not, and then it
 * is taken apart with more care.
 */
static const char *
parse_head(const char *p, size_t len, int *minor, int64_t *out)
{
	uint64_t first, last;

	if (len < 29 || p[7] != '0' || p[8] != '.' || p[9] < '0' ||
	    p[9] > '9' || p[10] != '|' || p[21] != '.' || p[28] != '|' ||
	    !is_decimal(word_at(p + 20) ^ ('.' ^ '0') << 8))
		return NULL;
	/* Eight of ten, and the last eight. */
	first = word_at(p + 11);
	last = word_at(p + 13);
	if (!is_decimal(first) || !is_decimal(last))
		return NULL;
	*minor = p[9] - '0';
	*out = (int64_t)decimal(first) * 100 + decimal(last) % 100;
	return p + 29;
}

/* The only kind that it can be; eight bytes of it are there. */
static size_t
guess(const char *name)
{
	switch (name[0]) {
	case 'l':
		switch (name[5]) {
		case 'c':
			return EVENT_CONNECT;
		case 'g':
			return EVENT_GREETING;
		case 'i':
			return EVENT_IDENTIFY;
		case 't':
			return EVENT_TLS;
		case 'a':
			return EVENT_AUTH;
		default:
			return EVENT_DISCONNECT;
		}
	case 'p':
		return EVENT_COMMAND;
	case 'r':
		return EVENT_RCPT_TO;
	default:
		return name[3] == 'm' ? EVENT_MAIL :
		    name[3] == 'r' ? EVENT_RCPT : EVENT_COMMIT;
	}
}

/* What follows the name and its '|'; NULL: it is none of ours. */
static const char *
parse_kind(const char *name, const char *end, size_t *kind)
{
	const struct kind *k;

	if (end - name < 8)
		return NULL;
	*kind = guess(name);
	k = &kinds[*kind];
	if ((size_t)(end - name) < k->len ||
	    word_at(name) != word_at(k->name) ||
	    word_at(name + k->len - 8) != word_at(k->name + k->len - 8))
		return NULL;
	return name + k->len;
}

enum event_result
event_parse(const char *line, size_t len, struct event *ev)
{
	const char *p = line, *end = line + len, *name;
	uint64_t token;
	size_t i;
	unsigned int where;
	int minor;

	if (len < 7)
		return EVENT_BAD;
	if (memcmp(p, "report|", 7) == 0)
		where = 0;
	else if (memcmp(p, "filter|", 7) == 0)
		where = FILTER;
	else
		return EVENT_BAD;
	if ((p = parse_head(line, len, &minor, &ev->time)) == NULL &&
	    ((p = parse_version(line + 7, end, &minor)) == NULL ||
	    (p = parse_time(p, end, &ev->time)) == NULL))
		return EVENT_BAD;
	if (end - p > 8 && memcmp(p, "smtp-in|", 8) == 0) {
		where |= IN;
		p += 8;
	} else if (end - p > 9 && memcmp(p, "smtp-out|", 9) == 0) {
		where |= OUT;
		p += 9;
	} else
		return EVENT_BAD;
	name = p;
	if ((p = parse_kind(name, end, &i)) == NULL)
		return memchr(name, '|', end - name) == NULL ? EVENT_BAD :
		    EVENT_OTHER;
	if ((kinds[i].where & where) != where ||
	    (kinds[i].where & FILTER) != (where & FILTER))
		return EVENT_OTHER;
	ev->kind = i;
	ev->out = (where & OUT) != 0;
	ev->id = p;
	if ((p = parse_id(p, end, &ev->session)) == NULL)
		return EVENT_BAD;
	if (kinds[i].fields > 0 && fields(ev, p, end, minor) == -1)
		return EVENT_BAD;
	if (ev->kind == EVENT_RCPT_TO && (ev->field[0].len != 16 ||
	    parse_id(ev->field[0].s, ev->field[0].s + 16, &token) == NULL))
		return EVENT_BAD;
	return EVENT_OK;
}
