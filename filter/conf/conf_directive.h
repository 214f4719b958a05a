/* SPDX-License-Identifier: ISC */

#ifndef SGE_CONF_DIRECTIVE_H
#define SGE_CONF_DIRECTIVE_H

#include <stddef.h>

/*
 * The directives of sge.conf, in the order in which they are printed.  One of
 * one value or of one list is a line of the table and its field in struct
 * conf: reading, the default, printing and freeing go by its kind.  Those of
 * more than that have a kind, a rule and a function of their own.
 */

/* What stands behind the words, and what the field is. */
enum kind {
	KIND_TEXT,		/* char *: text for people */
	KIND_EMAIL,		/* char *: a mail address */
	KIND_HOST,		/* char *: one domain */
	KIND_PATH,		/* char *: an absolute path */
	KIND_MODE,		/* enum conf_mode */
	KIND_SECONDS,		/* int */
	KIND_DAYS,		/* int */
	KIND_NUMBER,		/* int */
	KIND_FLAG,		/* int: 1 where it is written; no value */
	KIND_DOMAINS,		/* struct domset *, always there; a list */
	KIND_CIDRS,		/* struct cidr * and how many; a list */
	KIND_TEXTS,		/* char ** and how many; a list */
	KIND_CONNINFO,		/* char *: how a database is reached */
	KIND_INCLUDE,		/* from here on: their own rules */
	KIND_CLASS,
	KIND_FLOW,
	KIND_CONNECTOR,
	KIND_LEGACY,
	KIND_RESOLVER
};

struct directive {
	const char	*words;		/* one blank between two */
	const char	*value;		/* an example, for messages */
	enum kind	 kind;
	size_t		 at;		/* of the field in struct conf */
	size_t		 count;		/* of its size_t, where a list */
	int		 least;		/* of a number, seconds or days */
	int		 most;		/* also: bytes of a path; 0: any */
	const char	*preset;	/* the default, as it is written */
};

/* For an array of what was seen of each. */
#define DIRECTIVES_MAX 64

/* Ends with a NULL in words. */
extern const struct directive directives[];

/* The one of exactly these words, which must exist. */
const struct directive *directive_named(const char *words);
/* The first whose first len bytes are those words and end there, or NULL. */
const struct directive *directive_begins(const char *words, size_t len);
/* Whether it is a word of any directive. */
int	directive_word(const char *word);
/*
 * How the directives that begin with this word are written, into buf, which is
 * returned; NULL if none does.
 */
const char *directive_usage(const char *word, char buf[], size_t bufsz);
/* A directive whose first word is most like word, or NULL. */
const struct directive *directive_similar(const char *word);
/* The length of its first word. */
size_t	directive_first(const struct directive *);

#endif
