/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "lib/date.h"

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const weekdays[] = { "Thu", "Fri", "Sat", "Sun", "Mon",
    "Tue", "Wed" };

struct civil {
	int64_t	 year;
	int	 month;		/* 1 to 12 */
	int	 day;		/* 1 to 31 */
};

int64_t
day_of(int64_t epoch)
{
	/* Rounds down, before 1970 too. */
	return epoch / DAY_SECONDS - (epoch % DAY_SECONDS < 0);
}

/*
 * Both count from 1 March of year 0, so that a leap day is the last one of its
 * year; a Gregorian cycle of 400 years has 146097 days.
 */
static int64_t
civil_to_day(const struct civil *c)
{
	int64_t y = c->year - (c->month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t m = (c->month + 9) % 12;
	int64_t doy = (153 * m + 2) / 5 + c->day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void
day_to_civil(int64_t day, struct civil *c)
{
	int64_t z = day + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t m = (5 * doy + 2) / 153;

	c->day = (int)(doy - (153 * m + 2) / 5 + 1);
	c->month = (int)(m < 10 ? m + 3 : m - 9);
	c->year = yoe + era * 400 + (c->month <= 2);
}

/* Exactly n digits; -1 if they are not there. */
static int
digits(const char **s, int n)
{
	int value = 0;

	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return -1;
		value = value * 10 + (**s - '0');
	}
	return value;
}

static int
date_parse(const char **s, int64_t *day)
{
	struct civil c, back;

	if ((c.year = digits(s, 4)) == -1 || *(*s)++ != '-' ||
	    (c.month = digits(s, 2)) < 1 || c.month > 12 || *(*s)++ != '-' ||
	    (c.day = digits(s, 2)) < 1 || c.day > 31)
		return -1;
	*day = civil_to_day(&c);
	/* 30 February would come back as a day of March. */
	day_to_civil(*day, &back);
	return back.day == c.day ? 0 : -1;
}

int
day_parse(const char *s, int64_t *day)
{
	return date_parse(&s, day) == -1 || *s != '\0' ? -1 : 0;
}

void
day_print(int64_t day, char out[], size_t outsz)
{
	struct civil c;

	day_to_civil(day, &c);
	(void)snprintf(out, outsz, "%04lld-%02d-%02d", (long long)c.year,
	    c.month, c.day);
}

void
time_print(int64_t epoch, char out[], size_t outsz)
{
	int64_t day = day_of(epoch);
	int s = (int)(epoch - day * DAY_SECONDS);
	char date[32];

	day_print(day, date, sizeof(date));
	(void)snprintf(out, outsz, "%sT%02d:%02d:%02dZ", date, s / 3600,
	    s / 60 % 60, s % 60);
}

void
time_print_mail(int64_t epoch, char out[], size_t outsz)
{
	int64_t day = day_of(epoch);
	int s = (int)(epoch - day * DAY_SECONDS);
	struct civil c;

	day_to_civil(day, &c);
	(void)snprintf(out, outsz, "%s, %02d %s %04lld %02d:%02d:%02d +0000",
	    weekdays[((day % 7) + 7) % 7], c.day, months[c.month - 1],
	    (long long)c.year, s / 3600, s / 60 % 60, s % 60);
}

/* "", "Z", "+12:00", "+1200", "+12"; seconds east of UTC. */
static int
zone_parse(const char *s, int *east)
{
	int sign, hours, minutes = 0;

	*east = 0;
	if (*s == '\0')
		return 0;
	if (*s == 'Z' || *s == 'z')
		return s[1] == '\0' ? 0 : -1;
	if (*s != '+' && *s != '-')
		return -1;
	sign = *s++ == '-' ? -1 : 1;
	if ((hours = digits(&s, 2)) == -1 || hours > 23)
		return -1;
	if (*s == ':')
		s++;
	if (*s != '\0' && ((minutes = digits(&s, 2)) == -1 || minutes > 59))
		return -1;
	*east = sign * (hours * 3600 + minutes * 60);
	return *s == '\0' ? 0 : -1;
}

int
time_parse(const char *s, int64_t *epoch)
{
	int64_t day;
	int hour, minute, second = 0, east;

	if (date_parse(&s, &day) == -1)
		return -1;
	*epoch = day * DAY_SECONDS;
	if (*s == '\0')
		return 0;
	if (*s != 'T' && *s != 't' && *s != ' ')
		return -1;
	s++;
	if ((hour = digits(&s, 2)) == -1 || hour > 23 || *s++ != ':' ||
	    (minute = digits(&s, 2)) == -1 || minute > 59)
		return -1;
	if (*s == ':') {
		s++;
		/* 60: a leap second (RFC 3339 5.7). */
		if ((second = digits(&s, 2)) == -1 || second > 60)
			return -1;
		if (*s == '.' || *s == ',') {
			if (*++s < '0' || *s > '9')
				return -1;
			s += strspn(s, "0123456789");
		}
	}
	if (*s == ' ')
		s++;
	if (zone_parse(s, &east) == -1)
		return -1;
	*epoch += hour * 3600 + minute * 60 + second - east;
	return 0;
}
