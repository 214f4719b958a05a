/* SPDX-License-Identifier: ISC */

/*
 * What smtpd tells filter-sge of strangers: each answer is one line that smtpd
 * understands, each record one that is read.
 */

#include "base/bounds.h"
#include "conftext.h"
#include "session/event.h"
#include "session/session.h"
#include "spool/spool.h"
#include "fuzz.h"

static const char CONF[] = "organization O\n"
    "contact c@minties.govt.nz\n"
    "hostname mail.minties.govt.nz\n"
    "local { minties.govt.nz }\n"
    "class restricted { minties.govt.nz dia.govt.nz nzdf.mil.nz }\n"
    "class government { .govt.nz .mil.nz parliament.nz }\n"
    "flow from restricted to restricted require connector\n"
    "flow from { restricted government } to { restricted government } "
    "require tls\n"
    "flow from any to any prefer tls\n"
    "connector dia.govt.nz to \"smtp+tls://mx.dia.govt.nz\" "
    "from { 203.0.113.0/24 }\n"
    "legacy { 10.1.2.3 10.9.0.0/16 } until 2099-03-31 \"UPS\"\n"
    "report from r@minties.govt.nz\n";

/* In place of spool.c's: nothing is kept. */
void
spool_put(struct spool *spool __unused, struct record *r,
    int64_t now __unused)
{
	static struct record again;
	static char line[RECORD_LINE_MAX];
	char *copy;
	ssize_t n;

	r->lost = 0;
	if ((n = record_format(r, line, sizeof(line))) == -1)
		return;
	if (memchr(line, '\n', (size_t)n) != line + n - 1)
		abort();
	copy = text_of(line, (size_t)n - 1);
	if (record_parse(copy, (size_t)n - 1, &again) != RECORD_OK)
		abort();
	free(copy);
}

static void
rcpt(struct sessions *ss, const struct event *ev)
{
	struct decision d;
	const char *p;

	if (session_rcpt(ss, ev->session, ev->id, &ev->field[1],
	    LEARNED_NOT_ASKED, &d) == 1)
		(void)session_rcpt(ss, ev->session, ev->id, &ev->field[1],
		    LEARNED_TIMEOUT, &d);
	if (memchr(d.reply, '\0', sizeof(d.reply)) == NULL)
		abort();
	for (p = d.reply; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct conf *conf;
	const char *p = (const char *)data, *end = p + len, *nl;
	struct sessions *ss;
	struct event ev;
	char *said, *line;
	size_t n;

	if (conf == NULL) {
		if ((conf = conf_text(CONF, &said)) == NULL)
			abort();
		free(said);
	}
	if ((ss = sessions_new(conf, NULL, (int)(len & 1))) == NULL)
		abort();
	ss->max = 8;
	ss->now = 1795308413;
	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		n = (size_t)(nl - p);
		line = exact(p, n);
		if (n <= EVENT_LINE_MAX &&
		    event_parse(line, n, &ev) == EVENT_OK) {
			if (ev.kind == EVENT_RCPT_TO)
				rcpt(ss, &ev);
			else
				sessions_event(ss, &ev);
		}
		free(line);
	}
	sessions_free(ss);
	return 0;
}
