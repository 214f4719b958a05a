/* SPDX-License-Identifier: ISC */

#ifndef SGE_FLOW_CASE_H
#define SGE_FLOW_CASE_H

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "rule/flow.h"
#include "tap.h"

/* What a configuration says of one recipient, for tests of flows. */

#define NOON_31_MARCH 1806494400	/* 2027-03-31 12:00:00 UTC */

#define NO TLSVER_NONE
#define T10 TLSVER_1_0
#define T11 TLSVER_1_1
#define T12 TLSVER_1_2
#define T13 TLSVER_1_3

#define PASS VERDICT_PASS
#define REJECT VERDICT_REJECT
#define LEGACY VERDICT_LEGACY

#define IN 0			/* from outside */
#define OUR 1			/* trusted */

struct flow_case {
	const char	*name;
	const char	*from;
	const char	*to;
	const char	*remote;	/* NULL: the unix socket */
	int		 trusted;
	enum tlsver	 tls;
	enum verdict	 verdict;
	const char	*flow;
	const char	*reply;		/* how it begins */
};

static int
is_line(const char *s)
{
	for (; *s != '\0'; s++)
		if (!isprint((unsigned char)*s))
			return 0;
	return 1;
}

/* What the text says, for the record. */
static enum refusal
why_of(const struct flow_answer *a)
{
	if (a->verdict == VERDICT_PASS)
		return REFUSAL_NONE;
	if (a->verdict == VERDICT_LEGACY)
		return a->why == REFUSAL_OLD_TLS ? a->why : REFUSAL_NO_TLS;
	if (strncmp(a->reply, "530 ", 4) == 0)
		return REFUSAL_NO_TLS;
	if (strstr(a->reply, " This session has ") != NULL)
		return REFUSAL_OLD_TLS;
	if (strstr(a->reply, " is not accepted from ") != NULL)
		return REFUSAL_OTHER_ADDRESS;
	return strstr(a->reply, " has none here: ") != NULL ?
	    REFUSAL_NO_CONNECTOR : REFUSAL_NOT_ANNOUNCED;
}

/* Checks of one case: its verdict, why, flow and reply. */
__attribute__((__unused__)) static void
flow_run(const struct conf *conf, const struct flow_case *c)
{
	struct flow_query q;
	struct flow_answer a;
	struct addr remote;
	char flow[128];

	memset(&q, 0, sizeof(q));
	q.from = c->from;
	q.helo = "mx.example.com";
	q.to = c->to;
	if (c->remote != NULL) {
		if (addr_parse(c->remote, strlen(c->remote), &remote) == -1)
			ok(0, "%s: address", c->name);
		q.remote = &remote;
	}
	q.trusted = c->trusted;
	q.tls = c->tls;
	q.when = NOON_31_MARCH;
	flow_decide(conf, &q, &a);
	is_str(verdict_name(a.verdict), verdict_name(c->verdict), "%s",
	    c->name);
	is_int(a.why, why_of(&a), "%s: why", c->name);
	flow_name(conf, a.from_class, a.to_class, flow, sizeof(flow));
	is_str(flow, c->flow, "%s: flow", c->name);
	ok(is_line(a.reply), "%s: one line of ASCII", c->name);
	if (!ok(strncmp(a.reply, c->reply, strlen(c->reply)) == 0 &&
	    (c->reply[0] != '\0' || a.reply[0] == '\0'), "%s: reply",
	    c->name))
		printf("# got '%s'\n", a.reply);
}

/* The verdict on mail of ours, or handed over here, without TLS. */
__attribute__((__unused__)) static enum verdict
flow_of(const struct conf *conf, const char *from, const char *to)
{
	struct flow_query q = { from, "", 0, to, NULL, 1, TLSVER_NONE,
	    NOON_31_MARCH, 0 };
	struct flow_answer a;

	flow_decide(conf, &q, &a);
	return a.verdict;
}

#endif
