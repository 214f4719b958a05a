/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "lib/text.h"

void
text_cut(const char *s, char out[], size_t outsz)
{
	size_t n;

	if (s == NULL)
		s = "";
	if ((n = strlen(s)) >= outsz) {
		n = outsz - 1;
		while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out, s, n);
	out[n] = '\0';
}
