/* SPDX-License-Identifier: ISC */

/*
 * The grammar of the _smtp._tls record (RFC 8460 3):
 *
 *	record = "v=TLSRPTv1" 1*(delim field) [delim]
 *	delim  = *WSP ";" *WSP
 *	field  = "rua=" URI *(*WSP "," *WSP URI) / name "=" value
 *
 * "v=TLSRPTv1" and "rua" are case-sensitive.  The order of the fields is free
 * and nothing forbids a second rua: what they name is united.
 */

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "rfc/rua.h"

#define VERSION "v=TLSRPTv1"

/* RFC 8460 3: a name of an extension has at most this many characters. */
#define NAME_MAX_CHARS 32

struct rua_scan {
	const char	*text;
	size_t		 at;
	const char	*why;		/* set where it went wrong */
};

static int
is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

static int
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

static size_t
wsp(const char *s)
{
	return strspn(s, " \t");
}

/*
 * Whether it counts as a TLSRPT record: the version, then a delimiter.  The
 * text of RFC 8460 wants the ';' at once, its grammar allows blanks before.
 */
static int
is_tlsrpt(const char *txt)
{
	if (strncmp(txt, VERSION, strlen(VERSION)) != 0)
		return 0;
	txt += strlen(VERSION);
	return txt[wsp(txt)] == ';';
}

static int
fault(struct rua_scan *sc, size_t at, const char *why)
{
	sc->at = at;
	sc->why = why;
	return -1;
}

/* The characters of a URI, without those that RFC 8460 wants encoded. */
static size_t
uri_length(const char *s)
{
	static const char marks[] = "-._~:/?#[]@$&'()*+=%";
	size_t n;

	for (n = 0; s[n] != '\0'; n++)
		if (!is_alnum(s[n]) && strchr(marks, s[n]) == NULL)
			break;
	return n;
}

/* Where a '%' stands that is the beginning of no character; len: nowhere. */
static size_t
bad_percent(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] == '%' && (i + 2 >= len || hex_digit(s[i + 1]) == -1 ||
		    hex_digit(s[i + 2]) == -1))
			break;
	return i;
}

static int
scan_uri(struct rua_scan *sc, struct rua *out)
{
	const char *s = sc->text + sc->at;
	size_t len = uri_length(s), percent;

	if (s[len] == '!')
		return fault(sc, sc->at + len, "'!' must be written as %21");
	if (len == 0)
		return fault(sc, sc->at, "a URI is missing");
	if (s[len] != '\0' && s[len] != ';' && s[len] != ',' &&
	    !is_wsp(s[len]))
		return fault(sc, sc->at + len,
		    "a character that no URI may have");
	if ((percent = bad_percent(s, len)) != len)
		return fault(sc, sc->at + percent,
		    "two hexadecimal digits must follow a '%'");
	if (rua_add(out, s, len) == -1)
		return fault(sc, sc->at,
		    "not a URI: it begins with mailto: or https:");
	sc->at += len;
	return 0;
}

/* What follows "rua=", up to the delimiter. */
static int
scan_rua(struct rua_scan *sc, struct rua *out)
{
	const char *s;
	size_t blanks;

	for (;;) {
		if (scan_uri(sc, out) == -1)
			return -1;
		s = sc->text + sc->at;
		blanks = wsp(s);
		if (s[blanks] != ',')
			return 0;
		sc->at += blanks + 1;
		sc->at += wsp(sc->text + sc->at);
	}
}

static int
scan_extension(struct rua_scan *sc)
{
	const char *s = sc->text + sc->at;
	size_t name, value;

	for (name = 0; is_alnum(s[name]) || (name > 0 && s[name] != '\0' &&
	    strchr("_-.", s[name]) != NULL); name++)
		continue;
	if (name == 0)
		return fault(sc, sc->at, "a field is missing");
	if (name > NAME_MAX_CHARS)
		return fault(sc, sc->at, "the name of a field is too long");
	if (s[name] != '=')
		return fault(sc, sc->at + name, "'=' expected");
	for (value = name + 1; s[value] > ' ' && s[value] <= '~' &&
	    s[value] != '=' && s[value] != ';'; value++)
		continue;
	if (value == name + 1)
		return fault(sc, sc->at + value, "a field has no value");
	sc->at += value;
	return 0;
}

/*
 * From behind the version to the end.  What belongs to no field is a fault,
 * a blank at the end too: RFC 8460 has no other place for it than around ';'.
 */
static int
scan_fields(struct rua_scan *sc, struct rua *out)
{
	size_t blanks;
	int nrua = 0;

	for (;;) {
		blanks = wsp(sc->text + sc->at);
		if (sc->text[sc->at] == '\0')
			break;
		if (sc->text[sc->at + blanks] == '\0')
			return fault(sc, sc->at, "a blank at the end");
		if (sc->text[sc->at + blanks] != ';')
			return fault(sc, sc->at + blanks,
			    "';' or the end expected");
		sc->at += blanks + 1;
		sc->at += wsp(sc->text + sc->at);
		if (sc->text[sc->at] == '\0')
			break;
		if (strncmp(sc->text + sc->at, "rua=", 4) == 0) {
			sc->at += 4;
			if (scan_rua(sc, out) == -1)
				return -1;
			nrua++;
		} else if (scan_extension(sc) == -1)
			return -1;
	}
	if (nrua == 0)
		return fault(sc, sc->at, "there is no rua field");
	return 0;
}

enum rua_result
rua_parse(const char *const txts[], size_t ntxts, struct rua *out,
    int *record, const char **why, size_t *where)
{
	struct rua_scan sc;
	size_t i, found = 0, n = 0;

	memset(out, 0, sizeof(*out));
	*record = -1;
	for (i = 0; i < ntxts; i++) {
		if (!is_tlsrpt(txts[i]))
			continue;
		found = i;
		n++;
	}
	if (n == 0)
		return RUA_NONE;
	if (n > 1)
		return RUA_MANY;
	*record = (int)found;

	sc.text = txts[found];
	sc.at = strlen(VERSION);
	sc.why = NULL;
	if (scan_fields(&sc, out) == -1) {
		*why = sc.why;
		*where = sc.at;
		rua_free(out);
		return RUA_INVALID;
	}
	return RUA_OK;
}

void
rua_free(struct rua *rua)
{
	size_t i;

	for (i = 0; i < rua->nuris; i++) {
		free(rua->uris[i].uri);
		free(rua->uris[i].address);
		free(rua->uris[i].host);
		free(rua->uris[i].path);
	}
	free(rua->uris);
	free(rua->unusable);
	memset(rua, 0, sizeof(*rua));
}
