%{
/* SPDX-License-Identifier: ISC */

#include <stdio.h>

#include "conf/conf_read.h"

static int	 yylex(void);
static void	 yyerror(const char *);

static struct word	*join(struct word *, struct word *);
static struct word	*reverse(struct word *);

/* yacc's parser has no argument; set for the time of conf_parse(). */
static struct reader	*rd;

%}

%union {
	struct word	*word;
}

%token	<word> WORD
%token	<word> ANY
%token	ALLOW CA CLASS CONNECTOR CONTACT COPY DATABASE EXCEPT FILENAME
%token	FLOW FROM HOSTNAME HTTPS INCLUDE KEEP LEARN LEGACY LOCAL MODE
%token	NETWORK ORGANIZATION PORT PREFER REPORT REPORTS REQUIRE RESOLVER
%token	RETRY SENDMAIL SESSIONS SOCKET SPOOL SPREAD SQLITE TIMEOUT TLS TO
%token	UNTIL VERIFIED VERIFY
%token	BAD
%type	<word> list words flowlist flowwords flowword version from

%%

grammar	: /* empty */
	| grammar '\n'
	| grammar directive '\n'
	| grammar error '\n'		{ yyerrok; }
	;

directive
	: WORD '=' WORD			{ conf_set_macro(rd, $1, $3); }
	| INCLUDE WORD			{ lex_include(&rd->lex, $2); }
	| ORGANIZATION WORD		{ conf_set_organization(rd, $2); }
	| CONTACT WORD			{ conf_set_contact(rd, $2); }
	| HOSTNAME WORD			{ conf_set_hostname(rd, $2); }
	| MODE WORD			{ conf_set_mode(rd, $2); }
	| LOCAL list			{ conf_add_local(rd, $2); }
	| CLASS WORD FILENAME WORD	{ conf_add_class_file(rd, $2, $4); }
	| CLASS WORD list		{ conf_add_class(rd, $2, $3); }
	| flow
	| CONNECTOR WORD TO WORD from	{
		conf_add_connector(rd, $2, $4, $5);
	}
	| LEGACY list UNTIL WORD WORD	{ conf_add_legacy(rd, $2, $4, $5); }
	| SPOOL WORD			{ conf_set_spool(rd, $2); }
	| DATABASE SQLITE WORD		{ conf_set_database(rd, $3); }
	| SOCKET WORD			{ conf_set_socket(rd, $2); }
	| REPORT report
	| LEARN TIMEOUT WORD		{ conf_set_learn_timeout(rd, $3); }
	| KEEP SESSIONS WORD		{ conf_set_keep_sessions(rd, $3); }
	| KEEP REPORTS WORD		{ conf_set_keep_reports(rd, $3); }
	| RESOLVER WORD			{ conf_set_resolver(rd, $2, NULL); }
	| RESOLVER WORD PORT WORD	{ conf_set_resolver(rd, $2, $4); }
	| CA WORD			{ conf_set_ca(rd, $2); }
	| NETWORK ALLOW list		{ conf_add_network(rd, $3); }
	;

report	: FROM WORD			{ conf_set_report_from(rd, $2); }
	| SENDMAIL WORD			{ conf_set_report_sendmail(rd, $2); }
	| SPREAD WORD			{ conf_set_report_spread(rd, $2); }
	| RETRY WORD			{ conf_set_report_retry(rd, $2); }
	| EXCEPT list			{ conf_add_except(rd, $2); }
	| COPY WORD			{ conf_set_report_copy(rd, $2); }
	| HTTPS VERIFY			{ conf_set_report_https_verify(rd); }
	;

flow	: FLOW FROM flowlist TO flowlist PREFER TLS {
		conf_add_flow(rd, $3, $5, REQ_PREFER_TLS, NULL);
	}
	| FLOW FROM flowlist TO flowlist REQUIRE TLS version {
		conf_add_flow(rd, $3, $5, REQ_TLS, $8);
	}
	| FLOW FROM flowlist TO flowlist REQUIRE VERIFIED TLS version {
		conf_add_flow(rd, $3, $5, REQ_VERIFIED_TLS, $9);
	}
	| FLOW FROM flowlist TO flowlist REQUIRE CONNECTOR {
		conf_add_flow(rd, $3, $5, REQ_CONNECTOR, NULL);
	}
	;

version	: /* empty */			{ $$ = NULL; }
	| WORD				{ $$ = $1; }
	;

from	: /* empty */			{ $$ = NULL; }
	| FROM list			{ $$ = $2; }
	;

list	: WORD				{ $$ = $1; }
	| '{' words '}'			{ $$ = reverse($2); }
	;

words	: WORD				{ $$ = $1; }
	| words WORD			{ $$ = join($1, $2); }
	;

flowlist
	: flowword			{ $$ = $1; }
	| '{' flowwords '}'		{ $$ = reverse($2); }
	;

flowwords
	: flowword			{ $$ = $1; }
	| flowwords flowword		{ $$ = join($1, $2); }
	;

flowword
	: WORD				{ $$ = $1; }
	| ANY				{ $$ = $1; }
	;

%%

/* In the order of enum keyword. */
static const int tokens[] = {
	ALLOW, ANY, CA, CLASS, CONNECTOR, CONTACT, COPY, DATABASE, EXCEPT,
	FILENAME, FLOW, FROM, HOSTNAME, HTTPS, INCLUDE, KEEP, LEARN, LEGACY,
	LOCAL, MODE, NETWORK, ORGANIZATION, PORT, PREFER, REPORT, REPORTS,
	REQUIRE, RESOLVER, RETRY, SENDMAIL, SESSIONS, SOCKET, SPOOL, SPREAD,
	SQLITE, TIMEOUT, TLS, TO, UNTIL, VERIFIED, VERIFY, WORD
};

/* The words of a list were put in front of each other. */
static struct word *
reverse(struct word *w)
{
	struct word *list = NULL, *next;

	for (; w != NULL; w = next) {
		next = w->next;
		w->next = list;
		list = w;
	}
	return list;
}

static struct word *
join(struct word *list, struct word *w)
{
	w->next = list;
	return w;
}

static int
yylex(void)
{
	switch (lex_next(&rd->lex)) {
	case T_END:
		return 0;
	case T_NEWLINE:
		return '\n';
	case T_OPEN:
		return '{';
	case T_CLOSE:
		return '}';
	case T_EQUALS:
		return '=';
	case T_COMMA:
		return ',';
	case T_WORD:
		/* The grammar links words, the lexer only owns them. */
		yylval.word = rd->lex.last;
		return tokens[lex_keyword(rd->lex.last)];
	case T_BAD:
		break;
	}
	return BAD;
}

static void
yyerror(const char *unused)
{
	(void)unused;
	conf_syntax(rd);
}

void
conf_parse(struct reader *reader)
{
	rd = reader;
	if (yyparse() != 0)
		rd->nomem = 1;
	rd = NULL;
}
