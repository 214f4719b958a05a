/* SPDX-License-Identifier: ISC */

/*
 * What the DNS of others says: records, and the texts in them.  The first byte
 * chooses.
 */

#include "base/bounds.h"
#include "helper/dns_rdata.h"
#include "rfc/rua.h"
#include "rfc/sts.h"
#include "fuzz.h"

#define TEXTS 8

static void
uris(const struct rua *rua)
{
	const struct rua_uri *u;
	struct rua again = { 0 };
	char *place;
	size_t i;

	for (i = 0; i < rua->nuris; i++) {
		u = &rua->uris[i];
		if (u->address != NULL && (u->address[0] == '-' ||
		    strpbrk(u->address, " \r\n\t") != NULL))
			abort();
		if (u->host != NULL && strpbrk(u->host, "/ \r\n@") != NULL)
			abort();
		if (u->path != NULL && strpbrk(u->path, " \r\n") != NULL)
			abort();
		place = rua_place(u);
		(void)rua_add(&again, place, strlen(place));
		free(place);
	}
	rua_free(&again);
}

/* One text a line. */
static void
records(char *text)
{
	const char *texts[TEXTS], *why;
	struct rua rua;
	char id[64];
	size_t n = 0, where;
	int record;

	while (n < TEXTS && text != NULL)
		texts[n++] = strsep(&text, "\n");
	(void)sts_record_parse(texts, n, id, sizeof(id), &why);
	if (rua_parse(texts, n, &rua, &record, &why, &where) == RUA_OK) {
		uris(&rua);
		rua_free(&rua);
	}
}

static void
rdata(const unsigned char *data, size_t len)
{
	char name[DOMAIN_MAX];
	int toolong;

	json_decref(wire_txt(data, len, &toolong));
	json_decref(wire_mx(data, len));
	json_decref(wire_tlsa(data, len));
	json_decref(wire_addr(data, len));
	(void)wire_mx_null(data, len);
	(void)wire_name(data, len, name, sizeof(name));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_policy *policy;
	unsigned char *raw;
	const char *why;
	char *text;

	if (len < 1)
		return 0;
	text = text_of(data + 1, len - 1);
	switch (data[0] % 3) {
	case 0:
		records(text);
		break;
	case 1:
		policy = sts_policy_parse(text, len - 1, &why);
		if (policy != NULL)
			(void)sts_policy_matches(policy, "mx.example.com");
		sts_policy_free(policy);
		break;
	case 2:
		raw = exact(data + 1, len - 1);
		rdata(raw, len - 1);
		free(raw);
		break;
	}
	free(text);
	return 0;
}
