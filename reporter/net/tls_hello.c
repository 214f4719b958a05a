/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "net/tls_hello.h"
#include "base/log.h"

#define RECORD_ALERT		21
#define RECORD_HANDSHAKE	22
#define CLIENT_HELLO		1
#define SERVER_HELLO		2
#define EXT_SERVER_NAME		0
#define EXT_GROUPS		10
#define EXT_POINT_FORMATS	11
#define EXT_SIGNATURES		13
#define EXT_EXTENDED_MASTER	23
#define EXT_VERSIONS		43
#define EXT_PSK_MODES		45
#define EXT_KEY_SHARE		51

/* All that servers of that age may want: nothing is encrypted with them. */
static const unsigned char old_ciphers[] = {
	0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc, 0xa8,
	0x00, 0x9e, 0x00, 0x9f, 0xc0, 0x23, 0xc0, 0x27, 0xc0, 0x24, 0xc0, 0x28,
	0xc0, 0x09, 0xc0, 0x13, 0xc0, 0x0a, 0xc0, 0x14, 0x00, 0x33, 0x00, 0x39,
	0x00, 0x9c, 0x00, 0x9d, 0x00, 0x3c, 0x00, 0x3d, 0x00, 0x2f, 0x00, 0x35,
	0x00, 0x16, 0x00, 0x0a, 0xc0, 0x12, 0xc0, 0x08, 0x00, 0x05, 0x00, 0x04
};
static const unsigned char new_ciphers[] = {
	0x13, 0x01, 0x13, 0x02, 0x13, 0x03
};
static const unsigned char groups[] = {
	0x00, 0x08, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x18, 0x00, 0x19
};
static const unsigned char point_formats[] = { 0x01, 0x00 };
static const unsigned char signatures[] = {
	0x00, 0x18,
	0x04, 0x03, 0x05, 0x03, 0x06, 0x03, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06,
	0x08, 0x07, 0x04, 0x01, 0x05, 0x01, 0x06, 0x01, 0x02, 0x01, 0x02, 0x03
};
static const unsigned char version13[] = { 0x02, 0x03, 0x04 };
static const unsigned char psk_modes[] = { 0x01, 0x01 };
/* No share: a server of 1.3 then asks for one in what is a ServerHello. */
static const unsigned char key_share[] = { 0x00, 0x00 };

struct out {
	unsigned char	*p;
	size_t		 len;
	size_t		 size;
};

static void
put(struct out *o, const void *data, size_t len)
{
	if (len > o->size - o->len)
		fatalx("ClientHello too long");
	memcpy(o->p + o->len, data, len);
	o->len += len;
}

static void
put_number(struct out *o, size_t value, int bytes)
{
	unsigned char c;

	while (bytes-- > 0) {
		c = value >> (8 * bytes) & 0xff;
		put(o, &c, 1);
	}
}

/* The length of what was put behind at, which is so many bytes. */
static void
set_length(struct out *o, size_t at, int bytes)
{
	struct out length = { o->p + at, 0, (size_t)bytes };

	put_number(&length, o->len - at - (size_t)bytes, bytes);
}

static void
put_extension(struct out *o, int type, const void *data, size_t len)
{
	put_number(o, (size_t)type, 2);
	put_number(o, len, 2);
	put(o, data, len);
}

static void
put_server_name(struct out *o, const char *host)
{
	size_t len = strlen(host);

	put_number(o, EXT_SERVER_NAME, 2);
	put_number(o, len + 5, 2);
	put_number(o, len + 3, 2);
	put_number(o, 0, 1);
	put_number(o, len, 2);
	put(o, host, len);
}

static void
put_extensions(struct out *o, int version, const char *host)
{
	size_t at = o->len;

	put_number(o, 0, 2);
	put_server_name(o, host);
	put_extension(o, EXT_GROUPS, groups, sizeof(groups));
	if (version == HELLO_TLS13) {
		put_extension(o, EXT_VERSIONS, version13, sizeof(version13));
		put_extension(o, EXT_PSK_MODES, psk_modes, sizeof(psk_modes));
		put_extension(o, EXT_KEY_SHARE, key_share, sizeof(key_share));
	} else {
		put_extension(o, EXT_POINT_FORMATS, point_formats,
		    sizeof(point_formats));
		put_extension(o, EXT_EXTENDED_MASTER, "", 0);
	}
	if (version >= HELLO_TLS12)
		put_extension(o, EXT_SIGNATURES, signatures,
		    sizeof(signatures));
	set_length(o, at, 2);
}

size_t
hello_build(int version, const char *host, unsigned char out[], size_t outsz)
{
	struct out o = { out, 0, outsz };
	const unsigned char *ciphers = old_ciphers;
	size_t n = sizeof(old_ciphers), handshake;
	unsigned char random[32];
	int legacy = version > HELLO_TLS12 ? HELLO_TLS12 : version;

	if (version == HELLO_TLS13) {
		ciphers = new_ciphers;
		n = sizeof(new_ciphers);
	}
	put_number(&o, RECORD_HANDSHAKE, 1);
	put_number(&o, HELLO_TLS10, 2);
	put_number(&o, 0, 2);			/* length of the record */
	put_number(&o, CLIENT_HELLO, 1);
	handshake = o.len;
	put_number(&o, 0, 3);
	put_number(&o, (size_t)legacy, 2);
	arc4random_buf(random, sizeof(random));
	put(&o, random, sizeof(random));
	put_number(&o, sizeof(random), 1);	/* session id */
	arc4random_buf(random, sizeof(random));
	put(&o, random, sizeof(random));
	put_number(&o, n, 2);
	put(&o, ciphers, n);
	put_number(&o, 0x0100, 2);		/* no compression */
	put_extensions(&o, version, host);
	set_length(&o, handshake, 3);
	set_length(&o, 3, 2);
	return o.len;
}

static unsigned int
number(const unsigned char *p, int bytes)
{
	unsigned int n = 0;

	while (bytes-- > 0)
		n = n << 8 | *p++;
	return n;
}

/* The version in a ServerHello's body. */
static int
server_version(const unsigned char *p, size_t len)
{
	size_t at = 34, end, n;
	unsigned int type;

	if (len < 35)
		return -2;
	at += 1 + (size_t)p[34] + 3;	/* session id, cipher, compression */
	if (at > len)
		return -2;
	if (at + 2 > len)
		return (int)number(p, 2);
	end = at + 2 + number(p + at, 2);
	if (end > len)
		return -2;
	for (at += 2; at + 4 <= end; at += 4 + n) {
		type = number(p + at, 2);
		n = number(p + at + 2, 2);
		if (at + 4 + n > end)
			return -2;
		if (type == EXT_VERSIONS && n == 2)
			return (int)number(p + at + 4, 2);
	}
	return (int)number(p, 2);
}

int
hello_answer(const unsigned char *data, size_t len)
{
	size_t record, hello;

	if (len < 1)
		return -1;
	if (data[0] == RECORD_ALERT)
		return 0;
	if (data[0] != RECORD_HANDSHAKE || (len > 1 && data[1] != 3))
		return -2;
	if (len < 5)
		return -1;
	record = number(data + 3, 2);
	if (record < 4 || record > HELLO_ANSWER_MAX - 5)
		return -2;
	if (len < 5 + record)
		return -1;
	hello = number(data + 6, 3);
	/* A ServerHello is short: cut into records it is not seen. */
	if (data[5] != SERVER_HELLO || hello > record - 4)
		return -2;
	return server_version(data + 9, hello);
}
