/* SPDX-License-Identifier: ISC */

/*
 * The least that an smtpd filter can do: keeps no state, looks at nothing but
 * a line's first byte, answers "proceed" to every request, one write a read.
 * What filter-sge is measured against.
 */

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char registrations[] =
    "register|report|smtp-in|link-connect\n"
    "register|report|smtp-in|link-tls\n"
    "register|report|smtp-in|tx-mail\n"
    "register|report|smtp-in|tx-rcpt\n"
    "register|report|smtp-in|tx-commit\n"
    "register|report|smtp-in|tx-rollback\n"
    "register|report|smtp-in|link-disconnect\n"
    "register|report|smtp-out|link-connect\n"
    "register|report|smtp-out|link-greeting\n"
    "register|report|smtp-out|link-tls\n"
    "register|report|smtp-out|protocol-client\n"
    "register|report|smtp-out|protocol-server\n"
    "register|report|smtp-out|tx-mail\n"
    "register|report|smtp-out|tx-rcpt\n"
    "register|report|smtp-out|tx-commit\n"
    "register|report|smtp-out|tx-rollback\n"
    "register|report|smtp-out|link-disconnect\n"
    "register|filter|smtp-in|rcpt-to\n"
    "register|ready\n";

static void
put(const char *p, size_t len)
{
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = write(STDOUT_FILENO, p, len)) <= 0)
			err(1, "write");
}

/* filter|version|time|direction|phase|session|token|...: the answer. */
static size_t
answer(const char *line, const char *end, char *out, size_t size)
{
	const char *p = line;
	int i;

	for (i = 0; i < 5; i++) {
		p = memchr(p, '|', (size_t)(end - p));
		if (p++ == NULL)
			errx(1, "short line");
	}
	i = snprintf(out, size, "filter-result|%.33s|proceed\n", p);
	return (size_t)i;
}

int
main(void)
{
	static char in[1 << 16], out[1 << 17];
	char *line, *end;
	size_t len = 0, filled;
	ssize_t n;
	int ready = 0;

	while ((n = read(STDIN_FILENO, in + len, sizeof(in) - len)) > 0) {
		len += (size_t)n;
		filled = 0;
		line = in;
		while ((end = memchr(line, '\n',
		    len - (size_t)(line - in))) != NULL) {
			if (*line == 'f')
				filled += answer(line, end, out + filled,
				    sizeof(out) - filled);
			else if (!ready &&
			    strncmp(line, "config|ready\n", 13) == 0) {
				ready = 1;
				put(registrations, sizeof(registrations) - 1);
			}
			line = end + 1;
		}
		put(out, filled);
		len -= (size_t)(line - in);
		memmove(in, line, len);
	}
	return 0;
}
