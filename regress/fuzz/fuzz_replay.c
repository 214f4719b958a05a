/* SPDX-License-Identifier: ISC */

/* Runs a target with each file named, for compilers without libFuzzer. */

#include <err.h>
#include <stdio.h>

#include "fuzz.h"

#define INPUT_MAX (1024 * 1024)

int
main(int argc, char *argv[])
{
	static uint8_t buf[INPUT_MAX];
	size_t len;
	FILE *fp;
	int i;

	for (i = 1; i < argc; i++) {
		if ((fp = fopen(argv[i], "r")) == NULL)
			err(1, "%s", argv[i]);
		len = fread(buf, 1, sizeof(buf), fp);
		fclose(fp);
		(void)LLVMFuzzerTestOneInput(buf, len);
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}
