/* SPDX-License-Identifier: ISC */

/*
 * Copies standard input, damaged in ways that a seed tells: bytes changed,
 * lines cut off, doubled, dropped, swapped with the one before.
 *
 *	mutate seed per-thousand-lines
 */

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

static unsigned int
dice(unsigned int sides)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(state >> 33) % sides;
}

int
main(int argc, char *argv[])
{
	static const char odd[] = "|||\n\0\r :@>\"\\\377\200";
	char *line = NULL, *before = NULL, *spare;
	size_t size = 0, spare_size, before_size = 0;
	ssize_t len, before_len = 0;
	unsigned int rate;
	int i;

	if (argc != 3)
		errx(2, "usage: mutate seed per-thousand");
	state = strtoull(argv[1], NULL, 10) * 2654435761u + 1;
	rate = strtoul(argv[2], NULL, 10);
	while ((len = getline(&line, &size, stdin)) > 0) {
		if (dice(1000) < rate) {
			switch (dice(6)) {
			case 0:
				len = dice(len);
				break;
			case 1:
				fwrite(line, 1, len, stdout);
				break;
			case 2:
				len = 0;
				break;
			case 3:
				for (i = dice(8); i >= 0; i--)
					line[dice(len)] = dice(256);
				break;
			case 4:
				for (i = dice(3); i >= 0; i--)
					line[dice(len)] =
					    odd[dice(sizeof(odd) - 1)];
				break;
			default:
				fwrite(line, 1, len, stdout);
				fwrite(before, 1, before_len, stdout);
				len = 0;
			}
		}
		fwrite(line, 1, len, stdout);
		spare = before, spare_size = before_size;
		before = line, before_size = size, before_len = len;
		line = spare, size = spare_size;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
