/* SPDX-License-Identifier: ISC */

/*
 * What the table of commands says to people and to their shells.
 */

#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"

/* One line each; sgectl(8) has the rest. */
static const struct {
	const char	*words;
	const char	*what;
} what[] = {
	{ "show status", "sged, the spool, today so far, what needs attention" },
	{ "show flow", "sessions by class, direction and TLS version" },
	{ "show cleartext", "with whom mail goes without TLS, and why" },
	{ "show failures", "what our reports say of others, by domain" },
	{ "show sent", "each report of ours: due, waiting, sent, given up" },
	{ "show received", "what others reported of us, failures first" },
	{ "show reporters", "who reports on us, over 2, 14 and 90 days" },
	{ "show policy", "what is known of a domain: policy, MX hosts, looks" },
	{ "show route", "what table-sge answers for a domain, and why" },
	{ "show sessions", "single connections with a domain" },
	{ "show metrics", "numbers for Prometheus" },
	{ "digest", "what needs attention, for the daily mail" },
	{ "report", "a day's report on a domain, as JSON" },
	{ "send", "has a report sent now" },
	{ "record new", "the TLSRPT record to publish for a domain" },
	{ "policy new", "the MTA-STS record and policy to publish" },
	{ "check record", "judges a domain's TLSRPT record" },
	{ "check domain", "judges a domain's records, policy and MX hosts" },
	{ "check config", "judges sge.conf, smtpd.conf and the host" },
	{ "read", "reports received, in words" },
	{ "test", "what would become of one mail" },
	{ "release", "gives queued mail of a domain back to smtpd" },
	{ "deliver", "stores the report that smtpd hands it" },
	{ "explain", "what a result type means, and what to do" },
	{ "html", "the views as a page with charts" },
	{ "help", "this, or a command's usage" }
};

static void
help_one(const struct ctl_command *c, FILE *f)
{
	size_t i;

	ctl_usage(c, f);
	for (i = 0; i < nitems(what); i++)
		if (strcmp(what[i].words, c->words) == 0)
			fprintf(f, "\t%s\n", what[i].what);
}

int
ctl_help(const struct ctl_command table[], int argc, char *const argv[],
    FILE *f)
{
	const struct ctl_command *c, *found;
	int used, n = 0;

	if (argc == 0) {
		ctl_list(table, 0, NULL, f);
		return 0;
	}
	if (ctl_find(table, argc, argv, &found, &used) == CTL_FOUND) {
		help_one(found, f);
		return 0;
	}
	/* A word that several begin with. */
	for (c = table; c->words != NULL; c++)
		if (strncmp(c->words, argv[0], strlen(argv[0])) == 0) {
			help_one(c, f);
			n++;
		}
	return n == 0 ? -1 : 0;
}

/* The length of the n-th word, 0 or 1, which *word points to; 0: none. */
static size_t
word_at(const struct ctl_command *c, int n, const char **word)
{
	const char *blank = strchr(c->words, ' ');

	*word = c->words;
	if (n == 0)
		return blank == NULL ? strlen(c->words) :
		    (size_t)(blank - c->words);
	if (blank == NULL)
		return 0;
	*word = blank + 1;
	return strlen(*word);
}

/* Words that begin alike stand together: each first one is named once. */
static void
first_words(const struct ctl_command table[], FILE *f)
{
	const struct ctl_command *c;
	const char *word, *last = "";
	size_t len, lastlen = 0;

	for (c = table; c->words != NULL; c++) {
		len = word_at(c, 0, &word);
		if (len != lastlen || strncmp(word, last, len) != 0)
			fprintf(f, " %.*s", (int)len, word);
		last = word;
		lastlen = len;
	}
}

/* The second words behind that first one, or of all. */
static void
second_words(const struct ctl_command table[], const char *first, size_t len,
    FILE *f)
{
	const struct ctl_command *c;
	const char *word;

	for (c = table; c->words != NULL; c++) {
		if (first != NULL && (word_at(c, 0, &word) != len ||
		    strncmp(word, first, len) != 0))
			continue;
		if (word_at(c, 1, &word) > 0)
			fprintf(f, " %s", word);
	}
}

static void
option_words(const struct ctl_command *c, FILE *f)
{
	const char *p;

	fputs("-f -j -p -v", f);
	for (p = c->options; *p != '\0'; p++)
		if (*p != ':')
			fprintf(f, " -%c", *p);
}

/* Of "from address [helo name]" the first of each two words. */
static void
pair_words(const struct ctl_command *c, FILE *f)
{
	const char *p = c->operands;
	size_t len;
	int n;

	if ((c->needs & CTL_PAIRS) == 0)
		return;
	for (n = 0; *(p += strspn(p, " []")) != '\0'; p += len, n++) {
		len = strcspn(p, " []");
		if (n % 2 == 0)
			fprintf(f, " %.*s", (int)len, p);
	}
}

static void
complete_bash(const struct ctl_command table[], FILE *f)
{
	const struct ctl_command *c;
	const char *word, *last = "";
	size_t len, lastlen = 0;

	fputs("_sgectl()\n{\n"
	    "\tlocal i list= words=\n"
	    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	    "\t\tcase ${COMP_WORDS[i]} in\n"
	    "\t\t-f) i=$((i + 1)) ;;\n"
	    "\t\t-*) ;;\n"
	    "\t\t*) words=\"$words${words:+ }${COMP_WORDS[i]}\" ;;\n"
	    "\t\tesac\n"
	    "\tdone\n"
	    "\tcase $words in\n"
	    "\t'') list='-f -j -p -V -v", f);
	first_words(table, f);
	fputs("' ;;\n", f);
	for (c = table; c->words != NULL; c++) {
		fprintf(f, "\t'%s'*) list='", c->words);
		option_words(c, f);
		pair_words(c, f);
		fputs("' ;;\n", f);
	}
	for (c = table; c->words != NULL; c++) {
		len = word_at(c, 0, &word);
		if (c->words[len] != '\0' &&
		    (len != lastlen || strncmp(word, last, len) != 0)) {
			fprintf(f, "\t%.*s) list='", (int)len, word);
			second_words(table, word, len, f);
			fputs("' ;;\n", f);
		}
		last = word;
		lastlen = len;
	}
	fputs("\tesac\n"
	    "\tmapfile -t COMPREPLY < <(compgen -W \"$list\" -- "
	    "\"${COMP_WORDS[COMP_CWORD]}\")\n"
	    "}\ncomplete -o default -F _sgectl sgectl\n", f);
}

/* ksh(1) of OpenBSD goes by the position of a word alone. */
static void
complete_ksh(const struct ctl_command table[], FILE *f)
{
	fputs("set -A complete_sgectl_1 --", f);
	first_words(table, f);
	fputs("\nset -A complete_sgectl_2 --", f);
	second_words(table, NULL, 0, f);
	fputs("\n", f);
}

int
ctl_complete(const struct ctl_command table[], const char *shell, FILE *f)
{
	if (strcmp(shell, "bash") == 0)
		complete_bash(table, f);
	else if (strcmp(shell, "ksh") == 0)
		complete_ksh(table, f);
	else
		return -1;
	return 0;
}
