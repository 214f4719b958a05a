/* SPDX-License-Identifier: ISC */

/* The parts of a mail, and of the mails in it. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "reader/mime.h"
#include "reader/mime_code.h"

struct walk {
	void		(*leaf)(const struct mime_leaf *, void *);
	void		*arg;
	struct budget	*budget;
	int		 parts;
	int		 over;		/* something was left out */
	int		 stop;
};

static void	walk_mail(struct walk *, const char *, size_t, int, int);
static void	walk_part(struct walk *, const struct mime *,
		    const struct mime *, const char *, int, int);

/* Whether the line is the boundary: 1, its end "--": 2, or 0. */
static int
at_boundary(const char *p, size_t n, const char *boundary, size_t blen)
{
	if (n < blen + 2 || p[0] != '-' || p[1] != '-' ||
	    memcmp(p + 2, boundary, blen) != 0)
		return 0;
	p += blen + 2;
	n -= blen + 2;
	if (n >= 2 && p[0] == '-' && p[1] == '-')
		return 2;
	while (n > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	return n == 0;
}

/* Where no boundary was named: the first line that looks like one. */
static void
guess_boundary(const struct mime *part, char out[], size_t outsz)
{
	const char *p, *next, *end = part->body + part->bodylen;
	size_t n;

	out[0] = '\0';
	for (p = part->body; p < end; p = next) {
		n = mime_line(p, end, &next);
		if (n > 4 && n - 2 < outsz && p[0] == '-' && p[1] == '-') {
			memcpy(out, p + 2, n - 2);
			out[n - 2] = '\0';
			return;
		}
	}
}

/* Returns how many parts there were; plain: the type of one that names none. */
static int
walk_multipart(struct walk *w, const struct mime *mail,
    const struct mime *part, const char *plain, const char *boundary,
    int depth, int nested)
{
	const char *p, *next, *start = NULL, *end;
	size_t n, blen = strlen(boundary), len;
	struct mime sub;
	int kind, parts = 0;

	if (blen == 0)
		return 0;
	end = part->body + part->bodylen;
	for (p = part->body; p <= end && !w->stop; p = next) {
		kind = 0;
		next = end + 1;
		if (p < end) {
			n = mime_line(p, end, &next);
			kind = at_boundary(p, n, boundary, blen);
			if (kind == 0)
				continue;
		}
		/* A part ends here, or at the end of a mail cut off. */
		if (start != NULL && p >= start) {
			len = p - start;
			if (kind != 0 && len > 0 && start[len - 1] == '\n')
				len--;
			if (kind != 0 && len > 0 && start[len - 1] == '\r')
				len--;
			mime_split(start, len, &sub);
			walk_part(w, mail, &sub, plain, depth + 1, nested);
			parts++;
		}
		start = kind == 1 ? next : NULL;
		if (kind == 2)
			break;
	}
	return parts;
}

static void
walk_leaf(struct walk *w, const struct mime *mail, const struct mime *part,
    const char *type, int depth, int nested)
{
	struct mime_leaf leaf;
	char *cte, *disposition, *ctype, name[256] = "";
	unsigned char *data;
	size_t len;

	cte = mime_header(part, "Content-Transfer-Encoding");
	disposition = mime_header(part, "Content-Disposition");
	ctype = mime_header(part, "Content-Type");
	if (disposition == NULL || mime_param(disposition, "filename", name,
	    sizeof(name)) == -1) {
		if (ctype != NULL)
			mime_param(ctype, "name", name, sizeof(name));
	}
	data = mime_decode(part->body, part->bodylen, cte, &len);
	if (strcmp(type, "message/rfc822") == 0 ||
	    strcmp(type, "message/global") == 0)
		walk_mail(w, (const char *)data, len, depth + 1, 1);
	else {
		leaf.mail = mail;
		leaf.nested = nested;
		leaf.type = type;
		leaf.filename = name;
		leaf.data = data;
		leaf.len = len;
		w->leaf(&leaf, w->arg);
	}
	free(data);
	free(cte);
	free(disposition);
	free(ctype);
}

static void
walk_part(struct walk *w, const struct mime *mail, const struct mime *part,
    const char *plain, int depth, int nested)
{
	char *ctype, type[80], boundary[256];
	size_t n;

	(void)strlcpy(type, plain, sizeof(type));
	/* A part is searched for parts, and decoded. */
	if (!w->stop && depth <= READ_MIME_DEPTH_MAX)
		w->stop = ++w->parts > READ_MIME_PARTS_MAX ||
		    budget_take(w->budget, 2 * (int64_t)part->bodylen, 1) == -1;
	if (w->stop || depth > READ_MIME_DEPTH_MAX) {
		w->over = 1;
		return;
	}
	if ((ctype = mime_header(part, "Content-Type")) != NULL) {
		n = strcspn(ctype, "; (");
		if (n > 0 && n < sizeof(type))
			snprintf(type, sizeof(type), "%.*s", (int)n, ctype);
		for (n = 0; type[n] != '\0'; n++)
			type[n] = tolower((unsigned char)type[n]);
	}
	if (strncmp(type, "multipart/", 10) == 0) {
		/* Mails, each behind an empty header (RFC 2046 5.1.5). */
		plain = strcmp(type, "multipart/digest") == 0 ?
		    "message/rfc822" : "text/plain";
		if (mime_param(ctype, "boundary", boundary,
		    sizeof(boundary)) == -1)
			boundary[0] = '\0';
		if (walk_multipart(w, mail, part, plain, boundary, depth,
		    nested) > 0)
			goto out;
		guess_boundary(part, boundary, sizeof(boundary));
		if (walk_multipart(w, mail, part, plain, boundary, depth,
		    nested) > 0)
			goto out;
	}
	walk_leaf(w, mail, part, type, depth, nested);
out:
	free(ctype);
}

static void
walk_mail(struct walk *w, const char *data, size_t len, int depth, int nested)
{
	struct mime mail;

	mime_split(data, len, &mail);
	walk_part(w, &mail, &mail, "text/plain", depth, nested);
}

int
mime_walk(const char *data, size_t len, struct budget *budget,
    void (*leaf)(const struct mime_leaf *, void *arg), void *arg)
{
	struct walk w = { leaf, arg, budget, 0, 0, 0 };

	walk_mail(&w, data, len, 0, 0);
	return w.over ? -1 : 0;
}
