/* SPDX-License-Identifier: ISC */

#ifndef SGE_FLEET_TABLE_H
#define SGE_FLEET_TABLE_H

#include <stddef.h>

/*
 * The tables of the database that a fleet's hosts share, each with a day: what
 * is copied from SQLite into PostgreSQL, where host and day stand before these
 * columns.  Both sides, and the messages between them (an array of a row's
 * values, in this order), are made from this.
 */
struct fleet_table {
	const char	*name;
	const char	*columns;	/* ", " between two */
	/*
	 * Of each: 'i' a number, 't' a text, 'j' a text that holds JSON, or
	 * nothing: as it is long, a message has it without quotes around it.
	 */
	const char	*types;
	const char	*key;		/* what is unique in a host's day */
	/*
	 * Of each, how the rows of several hosts become one: 'k' alike in all,
	 * 's' the sum, '<' the least, '>' the greatest, 'p' which policy, 'e'
	 * empty.
	 */
	const char	*merge;
};

/* Ends with a NULL in name. */
extern const struct fleet_table fleet_tables[];

/*
 * What is read and not copied: the reports as all hosts have them; the note is
 * who sends it.  merge is here also 'd' when it is due, 'm' its host, 'z' 0
 * where nothing is, 'f' its failed sessions.
 */
extern const struct fleet_table fleet_reports;

/* The one of that name, or NULL; fleet_reports is one only to be seen. */
const struct fleet_table *fleet_table(const char *name);
const struct fleet_table *fleet_table_seen(const char *name);
/* Whether its rows in SQLite have a day: a policy has none. */
int	fleet_table_has_day(const struct fleet_table *);
/* The n-th column's name into buf, which is returned. */
const char *fleet_column(const struct fleet_table *, size_t n, char buf[],
	    size_t bufsz);

#endif
