/* SPDX-License-Identifier: ISC */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_read.h"
#include "base/log.h"

void
httpread_init(struct httpread *r, size_t max)
{
	memset(r, 0, sizeof(*r));
	r->max = max;
}

void
httpread_free(struct httpread *r)
{
	free(r->body);
	r->body = NULL;
}

static int
wrong(struct httpread *r, const char *text)
{
	r->wrong = text;
	return -1;
}

/* "HTTP/1.1 200 OK", with the reason missing at times. */
static int
read_status(struct httpread *r)
{
	const char *s = r->line;
	int i, code = 0;

	if (strncmp(s, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)s[7]) ||
	    s[8] != ' ')
		return wrong(r, "not an HTTP/1 answer");
	for (i = 9; i < 12; i++) {
		if (!isdigit((unsigned char)s[i]))
			return wrong(r, "malformed HTTP status");
		code = code * 10 + (s[i] - '0');
	}
	if ((s[12] != '\0' && s[12] != ' ') || code < 100)
		return wrong(r, "malformed HTTP status");
	r->http = code;
	r->type[0] = '\0';
	r->date[0] = '\0';
	r->chunked = r->has_length = 0;
	r->left = 0;
	r->state = HTTP_HEAD;
	return 0;
}

static int
read_length(struct httpread *r, const char *value)
{
	const char *error;
	uint64_t n;

	n = (uint64_t)strtonum(value, 0, INT64_MAX, &error);
	if (error != NULL || !isdigit((unsigned char)value[0]) ||
	    (r->has_length && r->left != n))
		return wrong(r, "malformed Content-Length");
	r->has_length = 1;
	r->left = n;
	return 0;
}

static void
read_type(struct httpread *r, const char *value)
{
	size_t i, len = strcspn(value, "; \t");

	if (len >= sizeof(r->type))
		len = sizeof(r->type) - 1;
	for (i = 0; i < len; i++)
		r->type[i] = (char)tolower((unsigned char)value[i]);
	r->type[len] = '\0';
}

static int
read_field(struct httpread *r)
{
	char *name = r->line, *value, *end;

	/* Folded lines: obsolete, and never of a field that counts here. */
	if (name[0] == ' ' || name[0] == '\t')
		return 0;
	if ((value = strchr(name, ':')) == NULL || value == name)
		return wrong(r, "malformed HTTP header");
	*value++ = '\0';
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	if (strcasecmp(name, "Content-Length") == 0)
		return read_length(r, value);
	if (strcasecmp(name, "Content-Type") == 0)
		read_type(r, value);
	else if (strcasecmp(name, "Date") == 0)
		/* One that is too long is no date: it is not looked at. */
		(void)strlcpy(r->date, value, sizeof(r->date));
	if (strcasecmp(name, "Transfer-Encoding") == 0) {
		if (strcasecmp(value, "chunked") != 0)
			return wrong(r, "unknown Transfer-Encoding");
		r->chunked = 1;
	}
	return 0;
}

/* The empty line behind the fields. */
static int
head_done(struct httpread *r)
{
	if (r->http == 101)
		return wrong(r, "answers with another protocol");
	if (r->http < 200)
		r->state = HTTP_STATUS;
	else if (r->http == 204 || r->http == 304)
		r->state = HTTP_DONE;
	else if (r->chunked)
		r->state = HTTP_CHUNK_SIZE;
	else if (!r->has_length)
		r->state = HTTP_BODY_END;
	else if (r->left == 0)
		r->state = HTTP_DONE;
	else
		r->state = HTTP_BODY;
	if (r->state == HTTP_BODY && r->left > r->max) {
		r->too_large = 1;
		return wrong(r, "answer too large");
	}
	return 0;
}

static int
read_chunk_size(struct httpread *r)
{
	uint64_t n = 0;
	const char *s;
	int c;

	for (s = r->line; isxdigit((unsigned char)*s); s++) {
		if (s - r->line == 15)
			return wrong(r, "malformed chunk");
		c = tolower((unsigned char)*s);
		n = n * 16 + (uint64_t)(c >= 'a' ? c - 'a' + 10 : c - '0');
	}
	if (s == r->line || (*s != '\0' && strchr("; \t", *s) == NULL))
		return wrong(r, "malformed chunk");
	r->left = n;
	r->state = n == 0 ? HTTP_TRAILER : HTTP_CHUNK;
	return 0;
}

static int
read_line(struct httpread *r)
{
	switch (r->state) {
	case HTTP_STATUS:
		return read_status(r);
	case HTTP_HEAD:
		return r->linelen == 0 ? head_done(r) : read_field(r);
	case HTTP_CHUNK_SIZE:
		return read_chunk_size(r);
	case HTTP_CHUNK_END:
		if (r->linelen != 0)
			return wrong(r, "malformed chunk");
		r->state = HTTP_CHUNK_SIZE;
		return 0;
	case HTTP_TRAILER:
		if (r->linelen == 0)
			r->state = HTTP_DONE;
		return 0;
	case HTTP_BODY:
	case HTTP_BODY_END:
	case HTTP_CHUNK:
	case HTTP_DONE:
		break;
	}
	fatalx("a line in state %d", r->state);
}

static int
take_body(struct httpread *r, const char *data, size_t len)
{
	char *body;

	if (len > r->max - r->bodylen) {
		r->too_large = 1;
		return wrong(r, "answer too large");
	}
	if ((body = realloc(r->body, r->bodylen + len + 1)) == NULL)
		fatal("realloc");
	memcpy(body + r->bodylen, data, len);
	r->body = body;
	r->bodylen += len;
	r->body[r->bodylen] = '\0';
	return 0;
}

static int
is_body(const struct httpread *r)
{
	return r->state == HTTP_BODY || r->state == HTTP_BODY_END ||
	    r->state == HTTP_CHUNK;
}

/* As much of data as is body; *used of it. */
static int
feed_body(struct httpread *r, const char *data, size_t len, size_t *used)
{
	if (r->state != HTTP_BODY_END && len > r->left)
		len = (size_t)r->left;
	if (take_body(r, data, len) == -1)
		return -1;
	*used = len;
	if (r->state == HTTP_BODY_END)
		return 0;
	r->left -= len;
	if (r->left == 0)
		r->state = r->state == HTTP_BODY ? HTTP_DONE : HTTP_CHUNK_END;
	return 0;
}

static int
feed_char(struct httpread *r, char c)
{
	if (c != '\n') {
		if (++r->head > HTTP_HEAD_MAX ||
		    r->linelen == sizeof(r->line) - 1)
			return wrong(r, "HTTP header too long");
		if (c == '\0')
			return wrong(r, "NUL in HTTP header");
		r->line[r->linelen++] = c;
		return 0;
	}
	/* Empty lines cost too, else they had no end. */
	if (++r->head > HTTP_HEAD_MAX)
		return wrong(r, "HTTP header too long");
	if (r->linelen > 0 && r->line[r->linelen - 1] == '\r')
		r->linelen--;
	r->line[r->linelen] = '\0';
	if (read_line(r) == -1)
		return -1;
	r->linelen = 0;
	return 0;
}

int
httpread_feed(struct httpread *r, const char *data, size_t len)
{
	size_t used;

	while (len > 0 && r->state != HTTP_DONE) {
		used = 1;
		if (is_body(r)) {
			if (feed_body(r, data, len, &used) == -1)
				return -1;
		} else if (feed_char(r, *data) == -1)
			return -1;
		data += used;
		len -= used;
		/* Framing of a body in many small chunks is not its head. */
		if (r->state == HTTP_CHUNK && r->bodylen > 0)
			r->head = 0;
	}
	return r->state == HTTP_DONE;
}

int
httpread_eof(struct httpread *r)
{
	if (r->state == HTTP_DONE || r->state == HTTP_BODY_END) {
		r->state = HTTP_DONE;
		return 1;
	}
	return wrong(r, "answer cut off");
}
