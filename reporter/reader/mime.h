/* SPDX-License-Identifier: ISC */

#ifndef SGE_MIME_H
#define SGE_MIME_H

#include "reader/budget.h"

/*
 * Mails as they come (RFC 5322, 2045, 2046), read with every tolerance: types,
 * names and encodings are hints.  Nothing here fails: what is no mail is one
 * part without a header.
 */

/* A mail or part: its header and its body, both within the given bytes. */
struct mime {
	const char	*head;
	size_t		 headlen;
	const char	*body;
	size_t		 bodylen;
};

/* The length of the line at p without its end; *next: where the next is. */
size_t	mime_line(const char *p, const char *end, const char **next);
/* Whether the bytes begin like a mail's header. */
int	mime_looks_like(const char *data, size_t len);
/* Splits header from body.  A From_ line of an mbox is left out. */
void	mime_split(const char *data, size_t len, struct mime *);

/*
 * The next header field from offset *at: its name (cut to namesz) and its
 * unfolded value, which the caller frees.  Returns NULL at the end.
 */
char	*mime_next(const struct mime *, size_t *at, char name[],
	    size_t namesz);
/* The first field of that name; the caller frees; NULL if it has none. */
char	*mime_header(const struct mime *, const char *name);
/*
 * A parameter of a Content-Type or Content-Disposition value, continuations
 * and percent-encoding (RFC 2231) resolved.  Returns 0, or -1 if absent.
 */
int	mime_param(const char *value, const char *name, char out[],
	    size_t outsz);

/* A part that holds no others, its transfer encoding undone. */
struct mime_leaf {
	const struct mime *mail;	/* the mail whose part it is */
	int		 nested;	/* a mail within another */
	const char	*type;		/* "text/plain", lower case */
	const char	*filename;	/* "" if it has none */
	const unsigned char *data;
	size_t		 len;
};

/*
 * mime_walk.c: calls leaf for every part of a mail, of mails within it too
 * (message/rfc822), down to READ_MIME_DEPTH_MAX and READ_MIME_PARTS_MAX, and
 * as far as the budget reaches (NULL: none).  Returns 0, or -1 if there were
 * more.
 */
int	mime_walk(const char *data, size_t len, struct budget *,
	    void (*leaf)(const struct mime_leaf *, void *arg), void *arg);

/*
 * Undoes base64 of any line length, passing over what is not of its alphabet.
 * The caller frees; there is a NUL behind the *outlen bytes.
 */
unsigned char *mime_base64(const char *in, size_t len, size_t *outlen);

#endif
