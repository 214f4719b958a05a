/* SPDX-License-Identifier: ISC */

/*
 * A sendmail for measuring others: reads a message and adds its Message-ID as
 * one line to the file of its own name with ".ids" behind.
 */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	static char buf[1 << 20], path[4096];
	char *id, *end;
	size_t len = 0;
	ssize_t n;
	int fd;

	if (argc < 1 || snprintf(path, sizeof(path), "%s.ids", argv[0]) >=
	    (int)sizeof(path) ||
	    (fd = open(path, O_WRONLY | O_APPEND)) == -1)
		err(75, "%s", path);
	while (len < sizeof(buf) - 1 && (n = read(STDIN_FILENO, buf + len,
	    sizeof(buf) - 1 - len)) > 0)
		len += (size_t)n;
	if ((id = strstr(buf, "\nMessage-ID: ")) == NULL ||
	    (end = strchr(++id, '\n')) == NULL)
		errx(65, "not a message");
	n = end + 1 - id;
	if (write(fd, id, (size_t)n) != n)
		err(75, "write");
	return 0;
}
