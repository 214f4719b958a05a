/* SPDX-License-Identifier: ISC */

/*
 * A mail to the rua mailbox, or a file: reports in it however packed, a mbox,
 * a bounce.  The first byte chooses.  What is handed on is fit to be shown.
 */

#include "command/deliver_bounce.h"
#include "reader/mailbox.h"
#include "reader/reader.h"
#include "fuzz.h"

static void
report(struct rd_report *r, void *arg)
{
	json_t *o = rd_report_json(r);
	char *text = json_dumps(o, 0);

	(void)arg;
	if (text == NULL)
		abort();
	free(text);
	json_decref(o);
	rd_report_free(r);
}

static void
problem(const char *text, void *arg)
{
	(void)arg;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == '\177')
			abort();
}

static int
item(const char *name, const unsigned char *data, size_t len,
    const char *error, void *arg)
{
	if ((data == NULL) == (error == NULL))
		abort();
	if (data != NULL)
		(void)reader_read(arg, name, data, len);
	return 0;
}

static void
stream(struct reader *r, void *data, size_t len)
{
	struct mailbox box = { .item = item, .arg = r };
	FILE *fp;

	if (len == 0)
		return;
	if ((fp = fmemopen(data, len, "r")) == NULL)
		abort();
	(void)mailbox_stream(&box, fp, "standard input");
	mailbox_free(&box);
	fclose(fp);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reader r = { .now = 1795308413, .report = report,
	    .problem = problem };
	struct dsn dsn;
	char *text;

	if (len < 1)
		return 0;
	text = text_of(data + 1, len - 1);
	switch (data[0] % 3) {
	case 0:
		(void)reader_read(&r, "a.nz!b.nz!1!2.json",
		    (unsigned char *)text, len - 1);
		break;
	case 1:
		stream(&r, text, len - 1);
		break;
	case 2:
		if (bounce_parse(text, len - 1, &dsn))
			free(dsn.words);
		break;
	}
	free(text);
	return 0;
}
