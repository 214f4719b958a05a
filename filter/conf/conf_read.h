/* SPDX-License-Identifier: ISC */

/*
 * What reading sge.conf needs, private to conf*.c and conf_parse.y: the
 * grammar's actions call conf_set*() and conf_add_*(); each says what is wrong
 * with its values and goes on, so that one run finds every mistake.
 */

#ifndef SGE_CONFREAD_H
#define SGE_CONFREAD_H

#include "conf/conf.h"
#include "conf/conf_directive.h"
#include "conf/conf_lex.h"

/* A flow as written: its classes may be defined further down. */
struct flow_words {
	struct flow_words	*next;
	struct word		*from;
	struct word		*to;
	struct conf_rule	 rule;
};

struct conf_reader {
	struct conf		*conf;
	FILE			*err;
	struct lexer		 lex;
	int			 mistakes;
	int			 nomem;
	struct where		 last;		/* where one was said */
	struct where		 seen[DIRECTIVES_MAX];
	struct where		 class_at[CLASS_MAX];
	struct where		*connector_at;
	struct where		*legacy_at;
	struct flow_words	*flows;
	struct flow_words	**flows_end;
	/* Classes whose line is wrong: not "undefined" too. */
	struct word		*broken;
	char			 words[64];	/* of a directive, so far */
};

/* parse.y: reads all that rd's lexer gives. */
void	conf_parse(struct conf_reader *);

/* conf_say.c */
void	conf_mistake(struct conf_reader *, const struct where *, const char *,
	    ...)
	    __attribute__((__format__(printf, 3, 4)));
void	conf_warning(struct conf_reader *, const struct where *, const char *,
	    ...)
	    __attribute__((__format__(printf, 3, 4)));
void	conf_syntax(struct conf_reader *);
/* A file of the configuration was read. */
void	conf_opened(struct conf_reader *, const char *path, uint64_t stamp);
/* 0 if this is its first time, else said and -1. */
int	conf_once(struct conf_reader *, const struct directive *,
	    const struct where *);
/* Where the directive of these words stands; NULL if it was not given. */
const struct where *conf_given(const struct conf_reader *, const char *words);

/* conf_set.c: the value, or the list, or NULL; linked as below. */
void	conf_set(struct conf_reader *, const struct directive *,
	    const struct word *);
void	conf_set_resolver(struct conf_reader *, const struct word *addr,
	    const struct word *port);
void	conf_set_macro(struct conf_reader *, const struct word *name,
	    const struct word *value);
/* What was not written. */
void	conf_set_defaults(struct conf_reader *);

/* conf_add.c; lists are linked by word.next, in order. */
void	conf_add_domains(struct conf_reader *, const struct word *list,
	    struct domset *);
void	conf_add_texts(struct conf_reader *, const struct word *list, char ***,
	    size_t *);
void	conf_add_class(struct conf_reader *, const struct word *name,
	    const struct word *list);
void	conf_add_class_file(struct conf_reader *, const struct word *name,
	    const struct word *file);
void	conf_add_flow(struct conf_reader *, struct word *from, struct word *to,
	    enum requirement, const struct word *version);
void	conf_add_connector(struct conf_reader *, const struct word *domain,
	    const struct word *url, const struct word *from);
void	conf_add_legacy(struct conf_reader *, const struct word *list,
	    const struct word *until, const struct word *reason);

/* conf_check.c: all that needs the whole file. */
void	conf_check(struct conf_reader *);

/* conf_value.c: 0, or -1 and the mistake is said. */
int	value_domain(struct conf_reader *, const struct word *, int dot,
	    char out[], size_t outsz);
int	value_domain_at(struct conf_reader *, const struct where *,
	    const char *text, int dot, char out[], size_t outsz);
int	value_email(struct conf_reader *, const struct word *, char **);
int	value_text(struct conf_reader *, const struct word *, char **);
int	value_path(struct conf_reader *, const struct word *, char **);
/* conf_conninfo.c: the string is taken even where a word of it is wrong. */
int	value_conninfo(struct conf_reader *, const struct word *, char **);
int	value_seconds(struct conf_reader *, const struct word *, int least,
	    int most, int *);
int	value_days(struct conf_reader *, const struct word *, int least,
	    int most, int *);
int	value_number(struct conf_reader *, const struct word *, int least,
	    int most, int *);
int	value_cidrs(struct conf_reader *, const struct word *list,
	    struct cidr **, size_t *);
int	value_date(struct conf_reader *, const struct word *, int64_t *end);
int	value_url(struct conf_reader *, const struct word *, char **);
/* Replaces *p by a copy; sets nomem and returns -1 where there is no room. */
int	value_copy(struct conf_reader *, char **p, const char *);

/* conf_file.c */

/* Whether such a reason ends in a command, which lacks the file's name. */
int	file_is_mended(const char *why);
/*
 * All of a file in memory, with a NUL behind it; *len without it.  NULL and in
 * *why the reason: it can't be read, is no regular file, others can write it,
 * or it has more than max bytes.  *stamp tells this content from a later one,
 * and from other files.
 */
char	*read_file(const char *path, size_t max, size_t *len,
	    uint64_t *stamp, const char **why);
/* One file's stamp into that of many. */
uint64_t conf_stamp_add(uint64_t all, uint64_t one);
/* path as seen from the file that names it; to be freed.  NULL: no memory. */
char	*path_beside(const char *file, const char *path);

#endif
