/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "base/addr.h"
#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "helper/dns_rdata.h"

#define WIRE_NAME_MAX 255	/* RFC 1035 3.1 */

int
wire_name(const unsigned char *data, size_t len, char out[], size_t outsz)
{
	char text[WIRE_NAME_MAX + 1];
	size_t n = 0, label;

	for (;;) {
		if (len == 0)
			return -1;
		label = *data++;
		len--;
		if (label == 0)
			break;
		if (label > 63 || label > len ||
		    n + label + 1 > WIRE_NAME_MAX)
			return -1;
		/* A dot inside a label would make two of it. */
		if (memchr(data, '.', label) != NULL)
			return -1;
		memcpy(text + n, data, label);
		n += label;
		text[n++] = '.';
		data += label;
		len -= label;
	}
	if (n == 0)
		return 1;
	return domain_normal(text, n, out, outsz);
}

json_t *
wire_txt(const unsigned char *data, size_t len, int *toolong)
{
	char text[TXT_RECORD_MAX] = "";
	json_t *json;
	size_t i, n = 0, part;

	while (len > 0) {
		part = *data++;
		len--;
		if (part > len)
			return NULL;
		if (part > sizeof(text) - n) {
			*toolong = 1;
			return NULL;
		}
		memcpy(text + n, data, part);
		n += part;
		data += part;
		len -= part;
	}
	for (i = 0; i < n; i++)
		if (((unsigned char)text[i] < 0x20 && text[i] != '\t') ||
		    text[i] == 0x7f)
			text[i] = '?';
	if ((json = json_stringn(text, n)) != NULL)
		return json;
	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] > 0x7f)
			text[i] = '?';
	if ((json = json_stringn(text, n)) == NULL)
		fatalx("json_stringn");
	return json;
}

json_t *
wire_mx(const unsigned char *data, size_t len)
{
	char host[DOMAIN_MAX];
	json_t *json;

	if (len < 3 || wire_name(data + 2, len - 2, host, sizeof(host)) != 0)
		return NULL;
	json = json_pack("[i, s]", data[0] << 8 | data[1], host);
	if (json == NULL)
		fatalx("json_pack");
	return json;
}

int
wire_mx_null(const unsigned char *data, size_t len)
{
	return len == 3 && data[2] == 0;
}

json_t *
wire_tlsa(const unsigned char *data, size_t len)
{
	char hex[2 * TLSA_DATA_MAX + 1];
	json_t *json;
	size_t i;

	if (len < 4 || len - 3 > TLSA_DATA_MAX)
		return NULL;
	for (i = 3; i < len; i++)
		(void)snprintf(hex + 2 * (i - 3), 3, "%02x", data[i]);
	if ((json = json_pack("[i, i, i, s]", data[0], data[1], data[2],
	    hex)) == NULL)
		fatalx("json_pack");
	return json;
}

json_t *
wire_addr(const unsigned char *data, size_t len)
{
	struct addr addr = { { 0 } };
	char text[64];
	json_t *json;

	if (len == 4) {
		addr.ip[10] = addr.ip[11] = 0xff;
		memcpy(addr.ip + 12, data, 4);
	} else if (len == 16)
		memcpy(addr.ip, data, 16);
	else
		return NULL;
	addr_print(&addr, text, sizeof(text));
	if ((json = json_string(text)) == NULL)
		fatalx("json_string");
	return json;
}
