/* SPDX-License-Identifier: ISC */

/* When a clock is believed. */

#include "lib/steady.h"
#include "tap.h"

#define NOW 1800000000
#define YEAR (365 * 86400)

int
main(void)
{
	struct steady s;
	int64_t i;

	steady_init(&s, 0, NOW, 100);
	ok(steady_for(&s, YEAR), "nothing is known of before: believed");
	for (i = 0; i < 1000; i++)
		steady_look(&s, NOW + i, 100 + i);
	ok(steady_for(&s, YEAR), "it goes as time does");
	steady_look(&s, NOW + 1000 + 20, 1100);
	steady_look(&s, NOW + 1001 - 5, 1101);
	ok(steady_for(&s, YEAR), "small steps of a time server");
	steady_look(&s, NOW + 3 * YEAR, 1102);
	ok(!steady_for(&s, 1), "three years ahead");
	steady_look(&s, NOW + 3 * YEAR + 75, 1177);
	ok(!steady_for(&s, 300), "for 75 s");
	steady_look(&s, NOW + 1078, 1178);
	ok(!steady_for(&s, 1), "and back: another jump");
	for (i = 0; i <= 300; i++)
		steady_look(&s, NOW + 1078 + i, 1178 + i);
	ok(steady_for(&s, 300) && !steady_for(&s, 301), "steady for 300 s");
	steady_init(&s, NOW, NOW + 3600, 5);
	ok(steady_for(&s, YEAR), "off for an hour");
	steady_init(&s, NOW, NOW + 6 * 86400, 5);
	ok(!steady_for(&s, 1), "off for six days, or not set yet");
	steady_look(&s, NOW + 6 * 86400 + 299, 304);
	ok(!steady_for(&s, 1), "for some minutes");
	steady_look(&s, NOW + 6 * 86400 + 300, 305);
	ok(steady_for(&s, YEAR), "then it is believed");
	steady_init(&s, NOW, NOW + 30 * 86400, 5);
	ok(!steady_for(&s, 300), "for a month, or a wrong clock");
	steady_init(&s, NOW, NOW - 3600, 5);
	ok(!steady_for(&s, 300), "behind what was known");
	return done_testing();
}
