%{
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "conf/conf_read.h"

static int	 yylex(void);
static void	 yyerror(const char *);

static struct word	*join(struct word *, struct word *);
static struct word	*reverse(struct word *);

/* yacc's parser has no argument; set for the time of conf_parse(). */
static struct conf_reader	*rd;

%}

%union {
	struct word		*word;
	const struct directive	*directive;
}

%token	<word> WORD
%token	<word> ANY
%token	<directive> ONE LIST FLAG
%token	SIMPLE
%token	CLASS CONNECTOR FILENAME FLOW FROM INCLUDE LEGACY PORT PREFER REQUIRE
%token	RESOLVER TLS TO UNTIL VERIFIED
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
	| SIMPLE ONE WORD		{ conf_set(rd, $2, $3); }
	| SIMPLE LIST list		{ conf_set(rd, $2, $3); }
	| SIMPLE FLAG			{ conf_set(rd, $2, NULL); }
	| CLASS WORD FILENAME WORD	{ conf_add_class_file(rd, $2, $4); }
	| CLASS WORD list		{ conf_add_class(rd, $2, $3); }
	| flow
	| CONNECTOR WORD TO WORD from	{
		conf_add_connector(rd, $2, $4, $5);
	}
	| LEGACY list UNTIL WORD WORD	{ conf_add_legacy(rd, $2, $4, $5); }
	| RESOLVER WORD			{ conf_set_resolver(rd, $2, NULL); }
	| RESOLVER WORD PORT WORD	{ conf_set_resolver(rd, $2, $4); }
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
	ANY, CONNECTOR, FILENAME, FROM, PORT, PREFER, REQUIRE, TLS, TO, UNTIL,
	VERIFIED, WORD
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

/* What the grammar calls a directive of this kind. */
static int
token_of(enum kind kind)
{
	switch (kind) {
	case KIND_FLAG:
		return FLAG;
	case KIND_DOMAINS:
	case KIND_CIDRS:
	case KIND_TEXTS:
		return LIST;
	case KIND_INCLUDE:
		return INCLUDE;
	case KIND_CLASS:
		return CLASS;
	case KIND_FLOW:
		return FLOW;
	case KIND_CONNECTOR:
		return CONNECTOR;
	case KIND_LEGACY:
		return LEGACY;
	case KIND_RESOLVER:
		return RESOLVER;
	default:
		return ONE;
	}
}

static int
token(enum token t)
{
	const struct word *w = rd->lex.last;
	enum keyword k;

	switch (t) {
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
		k = lex_keyword(w);
		return k == K_NONE && !w->quoted && lex_reserved(w->text) ?
		    BAD : tokens[k];
	case T_BAD:
		break;
	}
	return BAD;
}

/* The directive of what was read of its words, and one more; or NULL. */
static const struct directive *
more_words(const struct word *w)
{
	size_t len = strlen(rd->words), n = strlen(w->text);

	if (w->quoted || len + n + 2 > sizeof(rd->words))
		return NULL;
	(void)snprintf(rd->words + len, sizeof(rd->words) - len, "%s%s",
	    len == 0 ? "" : " ", w->text);
	return directive_begins(rd->words, strlen(rd->words));
}

/* Behind SIMPLE: the rest of the words, then what must follow them. */
static int
rest_of_words(void)
{
	const struct directive *d;
	enum token t;

	d = directive_begins(rd->words, strlen(rd->words));
	while (d->words[strlen(rd->words)] != '\0') {
		t = lex_next(&rd->lex);
		if (t != T_WORD || (d = more_words(rd->lex.last)) == NULL) {
			rd->words[0] = '\0';
			return token(t);
		}
	}
	rd->words[0] = '\0';
	yylval.directive = d;
	return token_of(d->kind);
}

static int
yylex(void)
{
	const struct directive *d;
	const struct word *w;
	enum token t;

	if (rd->words[0] != '\0')
		return rest_of_words();
	t = lex_next(&rd->lex);
	w = rd->lex.last;
	if (t != T_WORD || w != rd->lex.first)
		return token(t);
	if ((d = more_words(w)) == NULL || d->kind >= KIND_INCLUDE) {
		rd->words[0] = '\0';
		return d == NULL ? token(t) : token_of(d->kind);
	}
	return SIMPLE;
}

static void
yyerror(const char *unused)
{
	(void)unused;
	conf_syntax(rd);
}

void
conf_parse(struct conf_reader *reader)
{
	rd = reader;
	if (yyparse() != 0)
		rd->nomem = 1;
	rd = NULL;
}
