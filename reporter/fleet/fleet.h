/* SPDX-License-Identifier: ISC */

#ifndef SGE_FLEET_H
#define SGE_FLEET_H

#include "conf/conf.h"

/*
 * The share process: the database that a fleet's hosts share, and all SQL of
 * PostgreSQL's.  It is asked one thing at a time, and answers once that is
 * committed, or is not.
 *
 * {"op":"beat","instance":"x","version":"v","since":day} -> this host runs,
 *	copies days from that one on, and goes on with what it claimed:
 *	{"status":"ok","now":epoch,"members":[["host",seen,"version",closed]..]}
 *	all hosts of the last month; closed: the last day that it closed, or -1
 * {"op":"begin","day":n} -> {"status":"ok"}, the rows of this host's day are
 *	gone, in a transaction; or {"status":"frozen"}: reports tell of them
 * {"op":"rows","table":"t","rows":[[..]..]} -> {"status":"ok"}, added
 * {"op":"end","closed":bool} -> {"status":"ok"}: committed; closed: all of it
 * {"op":"trim","day":n} -> {"status":"ok","more":bool}: what is older goes;
 *	more: not yet all of it
 * {"op":"open","spread":seconds} -> {"status":"ok"}: a day that is due has its
 *	reports
 * {"op":"claim","room":n} -> {"status":"ok","reports":
 *	[[day,"domain",part,"report-id"]..]}: this host's from now on, at most n;
 *	where none is due, of what a host that died left
 * {"op":"held","from":n} -> {"status":"ok","reports":as above,"next":n}: all
 *	that this host has
 * {"op":"sums","reports":[[day,"domain",part]..],"details":bool,"from":n} ->
 *	{"status":"ok","rows":[[..]..],"next":n}: what they tell; "next":
 *	"from" for more rows, or -1.  A row begins with which of the reports it
 *	is of; then its policy's domain, type, mode, strings and mx, all "" for
 *	none; then ok and fail; details: type, sip, rip, mx, helo, reason, info,
 *	count
 * {"op":"note","ended":[[day,"domain",part,"state"]..]} -> {"status":"ok",
 *	"own":[i..]}: which of them ended as this host's, now or as it was told
 *	before; the others are another host's
 * {"op":"ping"} -> {"status":"ok"}
 *
 * sgectl's, which makes no tables and changes none:
 * {"op":"look","host":"h" or "" for all,"first":day,"last":day} ->
 *	{"status":"ok","hosts":[["host",copied,"version",n]..]}: whose rows there
 *	are; copied: when last, or 0; n: of these days it has not copied whole
 * {"op":"seen","table":"t","domain":"d" or ""} -> {"status":"ok","rows":
 *	[[..]..],"more":bool}: the next rows of one of these tables, the day
 *	(of policy none) and its columns, all of "look"'s moment; more: ask again
 *
 * All may answer {"status":"away","text":".."}: the database is, or had an
 * error, and what was begun is undone; {"status":"refused","text":".."}: what
 * the operator has to mend.
 */
__dead void share_main(const struct conf *, int fd);

#endif
