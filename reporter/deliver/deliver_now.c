/* SPDX-License-Identifier: ISC */

/*
 * "sgectl send": reports that do not wait for their turn.
 */

#include <sys/types.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/date.h"
#include "count/ingest.h"
#include "deliver/deliver.h"
#include "deliver/deliver_job.h"

static int
hurry_domain(struct engine *e, int64_t day, const char *domain, char text[],
    size_t textsz)
{
	int64_t waiting, taken, now = time(NULL);
	char date[11];
	int rc;

	day_print(day, date, sizeof(date));
	rc = store_report_open_one(e->store, day, domain, now);
	if (rc == 1)
		rc = store_report_hurry(e->store, day, domain, now, &waiting,
		    &taken) == -1 ? -1 : 1;
	if (rc == -1) {
		(void)strlcpy(text, "the database can't be written", textsz);
		return -1;
	}
	if (rc == 0) {
		(void)snprintf(text, textsz, "no session with %s on %s",
		    domain, date);
		return -1;
	}
	if (waiting > 0)
		(void)snprintf(text, textsz, "%s: the report of %s is on its"
		    " way", domain, date);
	else if (taken > 0)
		(void)snprintf(text, textsz, "%s: the report of %s was taken"
		    " already, it is not sent again", domain, date);
	else
		(void)snprintf(text, textsz, "%s: excepted from reports",
		    domain);
	return waiting > 0 ? 0 : -1;
}

int
deliver_now(struct engine *e, int64_t day, const char *domain, char text[],
    size_t textsz)
{
	char date[11];
	int64_t n = 0;
	int rc = 0;

	day_print(day, date, sizeof(date));
	if (day >= day_of(time(NULL))) {
		(void)snprintf(text, textsz, "%s (UTC) is not over yet", date);
		return -1;
	}
	/* Whether it was sent once is not known any more. */
	if (day <= day_of(time(NULL)) - e->conf->keep_reports) {
		(void)snprintf(text, textsz, "%s is longer ago than reports"
		    " are kept", date);
		return -1;
	}
	if (e->conf->fleet != NULL) {
		(void)strlcpy(text, "this host is in a fleet, which sends its"
		    " reports when all hosts have copied the day", textsz);
		return -1;
	}
	ingest_now(e);
	/* Not all may be counted. */
	if (store_is_locked(e->store)) {
		(void)strlcpy(text, "another program has the database; try "
		    "again when it ends", textsz);
		return -1;
	}
	if (domain == NULL)
		n = store_report_count_day(e->store, day);
	if (domain != NULL)
		rc = hurry_domain(e, day, domain, text, textsz);
	else if (n == -1) {
		(void)strlcpy(text, "the database can't be read", textsz);
		rc = -1;
	} else if (n == 0) {
		(void)snprintf(text, textsz, "no sessions on %s", date);
		rc = -1;
	} else if (pass_hurry(e->deliver, day, n) == -1) {
		(void)snprintf(text, textsz, "another day is just being"
		    " opened; try again in a minute");
		rc = -1;
	} else
		(void)snprintf(text, textsz, "the reports of %s are on their"
		    " way, but for those that were taken already", date);
	deliver_soon(e->deliver, 0);
	return rc;
}
