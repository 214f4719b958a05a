/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bounds.h"
#include "base/log.h"
#include "reader/unpack.h"

/* zlib's windowBits: raw deflate, or gzip with its header. */
#define BITS_RAW -15
#define BITS_GZIP (15 + 16)

#define ZIP_LOCAL 0x04034b50u
#define ZIP_CENTRAL 0x02014b50u
#define ZIP_END 0x06054b50u
#define ZIP_LOCAL_SIZE 30
#define ZIP_CENTRAL_SIZE 46
#define ZIP_END_SIZE 22
#define ZIP_ENCRYPTED 1
#define ZIP_STORED 0
#define ZIP_DEFLATED 8

struct output {
	unsigned char	*data;
	size_t		 len;
	size_t		 size;
	size_t		 max;
	struct budget	*budget;
};

static const char too_big[] = "expands to more than is read";
static const char spent[] = "takes more work than is given to one mail";

static int
is_spent(const struct budget *budget)
{
	return budget != NULL && budget->spent;
}

/* Makes room; -1 when the bound is reached. */
static int
output_grow(struct output *o)
{
	size_t size;
	unsigned char *data;

	if (o->len >= o->max)
		return -1;
	size = o->size == 0 ? 16384 : o->size * 2;
	if (size > o->max)
		size = o->max;
	if (budget_take(o->budget, size - o->size, 0) == -1)
		return -1;
	if ((data = realloc(o->data, size + 1)) == NULL)
		fatal("realloc");
	o->data = data;
	o->size = size;
	return 0;
}

/*
 * One deflate stream.  Returns how much of the input it took, -1 with *why
 * when the bound was met; *end: Z_STREAM_END, Z_BUF_ERROR (input ended early)
 * or Z_DATA_ERROR, with what came out so far kept.
 */
static ssize_t
inflate_one(const unsigned char *in, size_t len, int bits, struct output *o,
    int *end, const char **why)
{
	z_stream z;
	size_t before;
	ssize_t took = -1;
	int r;

	if (budget_take(o->budget, len, 1) == -1) {
		*why = spent;
		return -1;
	}
	memset(&z, 0, sizeof(z));
	if (inflateInit2(&z, bits) != Z_OK)
		fatalx("inflateInit2");
	/* zlib does not write to its input. */
	z.next_in = (Bytef *)(uintptr_t)in;
	z.avail_in = len;
	do {
		if (o->len == o->size && output_grow(o) == -1) {
			*why = is_spent(o->budget) ? spent : too_big;
			goto out;
		}
		before = o->size - o->len;
		z.next_out = o->data + o->len;
		z.avail_out = before;
		r = inflate(&z, Z_NO_FLUSH);
		o->len += before - z.avail_out;
	} while (r == Z_OK && (z.avail_in > 0 || z.avail_out == 0));
	*end = r == Z_OK ? Z_BUF_ERROR : r == Z_NEED_DICT ? Z_DATA_ERROR : r;
	took = len - z.avail_in;
out:
	inflateEnd(&z);
	return took;
}

int
unpack_gzip(const unsigned char *in, size_t len, size_t max,
    struct budget *budget, unsigned char **out, size_t *outlen,
    const char **odd, const char **why)
{
	struct output o = { NULL, 0, 0, max, budget };
	size_t at = 0;
	ssize_t took;
	int end;

	*odd = NULL;
	while (len - at >= 2 && in[at] == 0x1f && in[at + 1] == 0x8b) {
		took = inflate_one(in + at, len - at, BITS_GZIP, &o, &end,
		    why);
		if (took == -1)
			goto fail;
		if (end != Z_STREAM_END) {
			*odd = end == Z_BUF_ERROR ? "gzip data end early" :
			    "gzip data are damaged";
			at = len;
			break;
		}
		at += took;
	}
	/* Zero bytes are padding (RFC 1952 says nothing, tar does it). */
	while (at < len && in[at] == '\0')
		at++;
	if (at < len && *odd == NULL)
		*odd = "bytes after the gzip data";
	if (o.len == 0) {
		*why = "gzip data can not be expanded";
		goto fail;
	}
	o.data[o.len] = '\0';
	*out = o.data;
	*outlen = o.len;
	return 0;
fail:
	free(o.data);
	return -1;
}

static uint32_t
le(const unsigned char *p, int n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

struct member {
	char		 name[256];
	unsigned int	 flags;
	unsigned int	 method;
	uint32_t	 packed;	/* 0: not known */
	size_t		 data;		/* offset */
};

/* Reads the local header at offset at; -1 where there is none. */
static int
local_header(const unsigned char *in, size_t len, size_t at, struct member *m)
{
	const unsigned char *p;
	size_t namelen, extra, n;

	if (at > len || len - at < ZIP_LOCAL_SIZE ||
	    le(in + at, 4) != ZIP_LOCAL)
		return -1;
	p = in + at;
	m->flags = le(p + 6, 2);
	m->method = le(p + 8, 2);
	m->packed = le(p + 18, 4);
	namelen = le(p + 26, 2);
	extra = le(p + 28, 2);
	if (namelen + extra > len - at - ZIP_LOCAL_SIZE)
		return -1;
	n = namelen < sizeof(m->name) ? namelen : sizeof(m->name) - 1;
	memcpy(m->name, p + ZIP_LOCAL_SIZE, n);
	m->name[n] = '\0';
	m->data = at + ZIP_LOCAL_SIZE + namelen + extra;
	return 0;
}

/* Methods that zlib alone does not undo, by name. */
static const char *
method_text(unsigned int method)
{
	switch (method) {
	case 9:
		return "zip method deflate64 is not read, only deflate";
	case 12:
		return "zip method bzip2 is not read, only deflate";
	case 14:
		return "zip method lzma is not read, only deflate";
	case 93:
		return "zip method zstd is not read, only deflate";
	case 95:
		return "zip method xz is not read, only deflate";
	case 99:
		return "zip file is encrypted";
	default:
		return "zip method is not deflate";
	}
}

typedef void zip_found(const char *, const unsigned char *, size_t,
    const char *, void *);

/* Hands one member over; returns where its data end, 0 if not known. */
static size_t
member_read(const unsigned char *in, size_t len, const struct member *m,
    size_t *left, struct budget *budget, zip_found *found, void *arg)
{
	struct output o = { NULL, 0, 0, *left, budget };
	const char *why = NULL;
	size_t avail = len - m->data;
	ssize_t took;
	int end;

	if (m->packed > 0 && m->packed < avail)
		avail = m->packed;
	if (m->flags & ZIP_ENCRYPTED) {
		found(m->name, NULL, 0, "zip file is encrypted", arg);
		return m->packed > 0 ? m->data + avail : 0;
	}
	if (m->method == ZIP_STORED) {
		if (budget_take(budget, avail, 1) == -1)
			found(m->name, NULL, 0, spent, arg);
		else if (avail > *left)
			found(m->name, NULL, 0, too_big, arg);
		else if (avail > 0) {
			*left -= avail;
			found(m->name, in + m->data, avail, NULL, arg);
		}
		return m->data + avail;
	}
	if (m->method != ZIP_DEFLATED) {
		found(m->name, NULL, 0, method_text(m->method), arg);
		return m->packed > 0 ? m->data + avail : 0;
	}
	took = inflate_one(in + m->data, avail, BITS_RAW, &o, &end, &why);
	/* What came out was work, also where it is of no use. */
	*left -= o.len;
	if (took == -1 || o.len == 0) {
		found(m->name, NULL, 0, why != NULL ? why :
		    "zip data can not be expanded", arg);
	} else {
		o.data[o.len] = '\0';
		found(m->name, o.data, o.len, NULL, arg);
	}
	free(o.data);
	if (took == -1 || end != Z_STREAM_END)
		return 0;
	return m->data + took;
}

/* The offset of the central directory, or len where it is lost. */
static size_t
find_directory(const unsigned char *in, size_t len, unsigned int *n)
{
	size_t at, stop;
	uint32_t dir;

	if (len < ZIP_END_SIZE)
		return len;
	stop = len > 65536 + ZIP_END_SIZE ? len - 65536 - ZIP_END_SIZE : 0;
	for (at = len - ZIP_END_SIZE;; at--) {
		if (le(in + at, 4) == ZIP_END) {
			*n = le(in + at + 10, 2);
			dir = le(in + at + 16, 4);
			if (dir < at && le(in + dir, 4) == ZIP_CENTRAL)
				return dir;
		}
		if (at == stop)
			return len;
	}
}

int
unpack_zip(const unsigned char *in, size_t len, size_t max,
    struct budget *budget, zip_found *found, void *arg, const char **why)
{
	struct member m;
	size_t at, left = max;
	unsigned int n, seen = 0;

	at = find_directory(in, len, &n);
	if (at < len) {
		while (seen < n && seen < READ_ZIP_FILES_MAX &&
		    !is_spent(budget) && len - at >= ZIP_CENTRAL_SIZE &&
		    le(in + at, 4) == ZIP_CENTRAL) {
			if (local_header(in, len, le(in + at + 42, 4),
			    &m) == 0) {
				/* Sizes stand here even for streamed ones. */
				m.packed = le(in + at + 20, 4);
				member_read(in, len, &m, &left, budget, found,
				    arg);
				seen++;
			} else
				n--;
			at += ZIP_CENTRAL_SIZE + le(in + at + 28, 2) +
			    le(in + at + 30, 2) + le(in + at + 32, 2);
			if (at > len)
				break;
		}
		if (seen < n && seen == READ_ZIP_FILES_MAX)
			found("", NULL, 0, "more files than are read", arg);
		if (seen > 0)
			return 0;
	}
	/* No directory, or one that leads nowhere: go from file to file. */
	for (at = 0; seen < READ_ZIP_FILES_MAX && !is_spent(budget) &&
	    local_header(in, len, at, &m) == 0; seen++) {
		if ((at = member_read(in, len, &m, &left, budget, found,
		    arg)) == 0)
			return 0;
		/* A data descriptor (12 or 16 bytes) may follow. */
		for (n = 0; n < 24 && at + 4 <= len &&
		    le(in + at, 4) != ZIP_LOCAL; n++)
			at++;
	}
	if (seen == 0) {
		*why = len >= ZIP_END_SIZE && le(in, 4) == ZIP_END ?
		    "zip archive is empty" : "zip archive can not be read";
		return -1;
	}
	return 0;
}
