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

/* Those that only stand inside a directive; in the order of the table. */
enum keyword {
	K_ANY, K_CONNECTOR, K_FILE, K_FROM, K_PORT, K_PREFER, K_REQUIRE,
	K_TLS, K_TO, K_UNTIL, K_VERIFIED,
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
	uint64_t	 stamp;		/* of a file, to know it again */
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
	const char	*why;		/* the first file can't be read */
	int		 files;		/* nested ones */
	int		 included;	/* files, in all */
	int		 nested;	/* macros in macros */
	int		 expanded;	/* texts of macros, in all */
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
/* The next token; its word in lx->last, its place in lx->at. */
enum token lex_next(struct lexer *);
/* The file to go on with once this line is over. */
void	lex_include(struct lexer *, const struct word *path);
/* Returns 0, or 1 if there is one of this name already. */
int	lex_macro(struct lexer *, const struct word *name,
	    const struct word *value);

/* conf_source.c: a word of the text; NULL: no memory. */
struct word *lex_new_word(struct lexer *, const char *text, size_t len,
	    int quoted);
/* A word that stands in no file, good until lex_close(); NULL: no memory. */
struct word *lex_word(struct lexer *, const char *text);
/*
 * Goes on in that file.  0, or -1: *why says what is wrong, but for memory.
 */
int	lex_push(struct lexer *, const char *path, const char **why);
/* Back to where the file or the macro stood. */
void	lex_pop(struct lexer *);
void	lex_close(struct lexer *);

/* conf_keyword.c: the keyword that a word is, or K_NONE; none in quotes. */
enum keyword lex_keyword(const struct word *);
/* Whether it must stand in quotes to be a name. */
int	lex_reserved(const char *text);

#endif
