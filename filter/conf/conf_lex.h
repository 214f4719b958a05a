/* SPDX-License-Identifier: ISC */

#ifndef SGE_LEX_H
#define SGE_LEX_H

#include <stdint.h>

#include "base/compat.h"

/*
 * Reads sge.conf's files as words.  No globals: everything is in the struct.
 */

struct where {
	const char	*file;
	int		 line;
};

/* Owned by the lexer, good until lex_close(). */
struct word {
	struct word	*all;		/* every word, to free them */
	struct word	*next;		/* in a list of the grammar */
	struct where	 at;
	int		 quoted;
	char		 text[];
};

/* In the order of lex.c's table, which is sorted. */
enum keyword {
	K_ALLOW, K_ANY, K_CA, K_CLASS, K_CONNECTOR, K_CONTACT, K_COPY,
	K_DATABASE, K_EXCEPT, K_FILE, K_FLOW, K_FROM, K_HOSTNAME, K_HTTPS,
	K_INCLUDE, K_KEEP, K_LEARN, K_LEGACY, K_LOCAL, K_MODE, K_NETWORK,
	K_ORGANIZATION, K_PORT, K_PREFER, K_REPORT, K_REPORTS, K_REQUIRE,
	K_RESOLVER, K_RETRY, K_SENDMAIL, K_SESSIONS, K_SOCKET, K_SPOOL,
	K_SPREAD, K_SQLITE, K_TIMEOUT, K_TLS, K_TO, K_UNTIL, K_VERIFIED,
	K_VERIFY,
	K_NONE
};

enum token {
	T_END,
	T_BAD,			/* said already */
	T_NEWLINE,		/* never inside braces */
	T_OPEN,
	T_CLOSE,
	T_EQUALS,
	T_COMMA,		/* never inside braces */
	T_WORD
};

/* A file, or the text of a macro while it is read. */
struct source {
	struct source	*up;
	char		*text;		/* NULL: a macro's, not owned */
	const char	*pos;
	const char	*end;
	struct where	 at;
	int		 macro;
};

struct macro {
	struct macro	*next;
	const struct word *name;
	const struct word *value;
};

struct lexer {
	struct source	*src;
	struct word	*words;
	struct macro	*macros;
	const struct word *include;	/* to open at the line's end */
	int		 files;		/* nested ones */
	int		 nested;	/* macros in macros */
	int		 bol;		/* nothing read of this line yet */
	int		 forced;	/* a newline that the text lacks */
	int		 braces;
	struct where	 open;		/* the { that is open */
	struct where	 at;		/* the last token's */
	const struct word *first;	/* of this directive, or NULL */
	const struct word *second;
	struct word	*last;		/* the last token's, or NULL */
	enum token	 token;		/* the last one */
	int		 nomem;
	/* Says a mistake; arg is the caller's. */
	void		(*say)(void *arg, const struct where *, const char *);
	/* A file was read; see conf.h on stamps. */
	void		(*opened)(void *arg, const char *path, uint64_t stamp);
	void		*arg;
};

/*
 * Begins with file.  Returns 0, or -1 if it can't be read (said).  Blocks on
 * the file system only.
 */
int	lex_open(struct lexer *, const char *file,
	    void (*say)(void *, const struct where *, const char *),
	    void (*opened)(void *, const char *, uint64_t), void *arg);
void	lex_close(struct lexer *);
/* The next token; its word in lx->last, its place in lx->at. */
enum token lex_next(struct lexer *);
/* The file to go on with once this line is over. */
void	lex_include(struct lexer *, const struct word *path);
/* Returns 0, or 1 if there is one of this name already. */
int	lex_macro(struct lexer *, const struct word *name,
	    const struct word *value);

/* words.c: the keyword that a word is, or K_NONE. */
enum keyword word_keyword(const char *);
/* The same, but none where it stands in quotes. */
enum keyword lex_keyword(const struct word *);
/*
 * How the directive that begins with this word is written; NULL if none does.
 */
const char *word_usage(const char *word);
/* The directive that is most like word, or NULL. */
const char *word_similar(const char *word);

#endif
