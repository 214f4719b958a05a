/* SPDX-License-Identifier: ISC */

/*
 * check config: the fleet: the file with the password, whether the database
 * answers sged, and whether all hosts do.
 */

#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "base/bounds.h"
#include "host/check_config.h"
#include "ctl/fleet_seen.h"
#include "lib/ipc.h"

#define PART "fleet"

/* libpq takes none that others can read, and says so to nobody. */
static void
check_passfile(struct check *c)
{
	const struct passwd *pw = getpwnam(SGE_NET_USER);
	char path[CONF_WORD_MAX];
	struct stat sb;

	if (conf_conninfo(c->view->conf->fleet, "passfile", path,
	    sizeof(path)) != 1)
		return;
	if (stat(path, &sb) == -1)
		check_part(c, PART, errno == EACCES ? CHECK_DARK : CHECK_BAD,
		    "passfile %s: %s", path, strerror(errno));
	else if ((sb.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		check_part(c, PART, CHECK_BAD, "passfile %s can be read by "
		    "others, and is not used: chmod 600 %s", path, path);
	else if (pw != NULL && sb.st_uid != pw->pw_uid)
		check_part(c, PART, CHECK_BAD, "passfile %s is not "
		    SGE_NET_USER "'s, who reads it: chown " SGE_NET_USER
		    " %s", path, path);
	else
		check_part(c, PART, CHECK_OK, "passfile %s", path);
}

void
check_fleet(struct check *c, const json_t *fleet)
{
	const char *state = ipc_string(fleet, "state", "");
	int64_t behind = ipc_int(fleet, "behind", 0);
	struct fleet_seen m;
	size_t i, silent = 0;

	if (c->view->conf->fleet == NULL)
		return;
	check_passfile(c);
	if (fleet == NULL) {
		check_part(c, PART, CHECK_DARK, "sged does not tell: it runs "
		    "without fleet postgresql");
		return;
	}
	if (strcmp(state, "ok") != 0) {
		check_part(c, PART, strcmp(state, "starting") == 0 ?
		    CHECK_DARK : CHECK_BAD, "the database %s%s%s",
		    strcmp(state, "refused") == 0 ? "can't be used" :
		    strcmp(state, "away") == 0 ? "is away" :
		    "was not reached yet", *ipc_string(fleet, "text", "") ==
		    '\0' ? "" : ": ", view_clean(ipc_string(fleet, "text",
		    ""), FLEET_TEXT_MAX));
		return;
	}
	for (i = 0; fleet_seen(fleet, i, &m); i++)
		if (m.silent) {
			silent++;
			check_part(c, PART, CHECK_WARN, "%s is silent since "
			    "%s: is its sged running?", view_clean(m.host,
			    100), view_instant(c->view, m.seen));
		}
	if (behind > 0)
		check_part(c, PART, CHECK_WARN, "%lld finished days are not "
		    "yet copied whole", (long long)behind);
	check_part(c, PART, CHECK_OK, "this host is in it, one of %zu; "
	    "%zu silent", i, silent);
}
