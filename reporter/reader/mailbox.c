/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/log.h"
#include "lib/xalloc.h"
#include "reader/mailbox.h"

/* A piece of a line: From_ lines are shorter. */
#define PIECE 8192

static void
keep(struct mailbox *m, const char *data, size_t len)
{
	size_t size = m->size;

	while (m->len + len + 1 > size)
		size = size == 0 ? 65536 : size * 2;
	if (size != m->size) {
		if ((m->buf = realloc(m->buf, size)) == NULL)
			fatal("realloc");
		m->size = size;
	}
	memcpy(m->buf + m->len, data, len);
	m->len += len;
	m->buf[m->len] = '\0';
}

void
mailbox_free(struct mailbox *m)
{
	free(m->buf);
	m->buf = NULL;
	m->len = m->size = 0;
}

/*
 * "From sender Thu Mar  5 10:00:00 2026": a time in it tells it from a line of
 * text that begins so.
 */
static int
is_from_line(const char *p, size_t len)
{
	size_t i;

	if (len < 12)
		return 0;
	for (i = 6; i + 3 < len; i++)
		if (p[i] == ':' && isdigit((unsigned char)p[i - 1]) &&
		    isdigit((unsigned char)p[i + 1]) &&
		    isdigit((unsigned char)p[i + 2]))
			return 1;
	return 0;
}

/* Reads a piece of a line: up to its newline, or PIECE - 1 bytes. */
static size_t
piece_read(FILE *fp, char buf[PIECE])
{
	size_t n = 0;
	int c;

	while (n < PIECE - 1 && (c = getc_unlocked(fp)) != EOF) {
		buf[n++] = c;
		if (c == '\n')
			break;
	}
	buf[n] = '\0';
	return n;
}

static int
begins_from(const char *p, size_t len)
{
	return len > 5 && memcmp(p, "From ", 5) == 0;
}

/* "Name: ...", as a mail's header has it. */
static int
is_field(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len && p[i] > ' ' && p[i] < 0x7f && p[i] != ':'; i++)
		continue;
	return i > 0 && i < len && p[i] == ':';
}

/*
 * Whether a mail begins at a line, of which blank says that none is before it.
 * One without a time, or behind a line of text, needs a header behind it: that
 * is read ahead into next then, its length in *ahead.
 */
static int
is_separator(const char *p, size_t len, int blank, FILE *fp, char *next,
    size_t *ahead)
{
	int timed;

	if (!begins_from(p, len))
		return 0;
	timed = is_from_line(p, len);
	if (!blank && !timed)
		return 0;
	if (blank && timed)
		return 1;
	*ahead = piece_read(fp, next);
	return is_field(next, *ahead);
}

/* Hands over what was kept, unless it was too long. */
static int
flush(struct mailbox *m, const char *name, int over)
{
	int r;

	if (over)
		r = m->item(name, NULL, 0, "longer than is read", m->arg);
	else if (m->len > 0)
		r = m->item(name, m->buf, m->len, NULL, m->arg);
	else
		r = 0;
	m->len = 0;
	return r;
}

static int
read_mbox(struct mailbox *m, FILE *fp, const char *name, char piece[PIECE],
    size_t n)
{
	const size_t unread = (size_t)-1;
	char other[PIECE], *next = other, *swap;
	const char *p;
	size_t ahead;
	int fresh = 1, blank = 1, over = 0;

	for (; n > 0; n = ahead) {
		ahead = unread;
		/* fresh: at a line's beginning; blank: none before it. */
		if (fresh && is_separator(piece, n, blank, fp, next, &ahead)) {
			if (flush(m, name, over) == -1)
				return -1;
			over = 0;
		}
		p = piece;
		if (fresh && n > 6 && *p == '>' &&
		    strncmp(p + strspn(p, ">"), "From ", 5) == 0) {
			p++;
			n--;
		}
		if (m->len + n > READ_MAIL_MAX)
			over = 1;
		else if (!over)
			keep(m, p, n);
		if (fresh)
			blank = n <= 2 && (*p == '\n' || *p == '\r');
		fresh = n > 0 && p[n - 1] == '\n';
		if (ahead == unread)
			ahead = piece_read(fp, next);
		swap = piece;
		piece = next;
		next = swap;
	}
	return flush(m, name, over);
}

int
mailbox_stream(struct mailbox *m, FILE *fp, const char *name)
{
	char piece[PIECE];
	const char *p;
	size_t n, max = READ_MAIL_MAX;

	m->len = 0;
	n = piece_read(fp, piece);
	if (begins_from(piece, n))
		return read_mbox(m, fp, name, piece, n);
	/* A bare report may be as long as one that was packed. */
	for (p = piece; *p == ' ' || *p == '\t' || *p == '\r' || *p == '\n';
	    p++)
		;
	if (*p == '{' || *p == '[' || *p == '\xef' || *p == '\xff' ||
	    *p == '\xfe')
		max = READ_REPORT_MAX;
	while (n > 0) {
		keep(m, piece, n);
		if (m->len > max) {
			m->len = 0;
			return m->item(name, NULL, 0, "longer than is read",
			    m->arg);
		}
		n = fread(piece, 1, sizeof(piece), fp);
	}
	if (ferror(fp))
		return m->item(name, NULL, 0, strerror(errno), m->arg);
	if (m->len == 0)
		return m->item(name, NULL, 0, "empty", m->arg);
	return flush(m, name, 0);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
names_free(char **names, size_t n)
{
	while (n > 0)
		free(names[--n]);
	free(names);
}

/* The names in a folder, sorted; -1 with errno. */
static int
names_read(const char *path, char ***out, size_t *nout)
{
	struct dirent *entry;
	DIR *dir;
	char **names = NULL;
	size_t n = 0, size = 0;

	if ((dir = opendir(path)) == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (n == size) {
			size = size == 0 ? 64 : size * 2;
			names = xreallocarray(names, size, sizeof(*names));
		}
		names[n++] = xstrdup(entry->d_name);
	}
	closedir(dir);
	if (n > 0)
		qsort(names, n, sizeof(*names), by_name);
	*out = names;
	*nout = n;
	return 0;
}

static char *
joined(const char *path, const char *name)
{
	char *s;

	xasprintf(&s, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/",
	    name);
	return s;
}

static int
is_folder(const char *path, const char *name)
{
	struct stat st;
	char *sub = joined(path, name);
	int r;

	r = stat(sub, &st) == 0 && S_ISDIR(st.st_mode);
	free(sub);
	return r;
}

static int	read_path(struct mailbox *, const char *, int);

static int
read_folder(struct mailbox *m, const char *path, int depth)
{
	char **names, *sub;
	size_t i, n;
	int r = 0, maildir;

	if (depth > READ_FOLDER_DEPTH_MAX)
		return m->item(path, NULL, 0, "folders within folders, "
		    "too deep", m->arg);
	if (names_read(path, &names, &n) == -1)
		return m->item(path, NULL, 0, strerror(errno), m->arg);
	maildir = is_folder(path, "cur") && is_folder(path, "new");
	for (i = 0; i < n && r == 0; i++) {
		/* Of a Maildir: mails, and sub-folders (".name"). */
		if (maildir && strcmp(names[i], "cur") != 0 &&
		    strcmp(names[i], "new") != 0 && names[i][0] != '.')
			continue;
		sub = joined(path, names[i]);
		if (!maildir || is_folder(path, names[i]))
			r = read_path(m, sub, depth + 1);
		free(sub);
	}
	names_free(names, n);
	return r;
}

static int
read_path(struct mailbox *m, const char *path, int depth)
{
	struct stat st;
	FILE *fp;
	int r;

	/* Within a folder nothing leads out of it, or round in circles. */
	if ((depth > 0 ? lstat(path, &st) : stat(path, &st)) == -1)
		return m->item(path, NULL, 0, strerror(errno), m->arg);
	if (S_ISDIR(st.st_mode))
		return read_folder(m, path, depth);
	if (depth > 0 && !S_ISREG(st.st_mode))
		return 0;
	if ((fp = fopen(path, "r")) == NULL)
		return m->item(path, NULL, 0, strerror(errno), m->arg);
	r = mailbox_stream(m, fp, path);
	fclose(fp);
	return r;
}

int
mailbox_path(struct mailbox *m, const char *path)
{
	if (*path == '\0')
		return m->item("\"\"", NULL, 0, "no such file", m->arg);
	return read_path(m, path, 0);
}
