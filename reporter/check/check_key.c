/* SPDX-License-Identifier: ISC */

/*
 * check config: the private key of DKIM, as the program that signs reads it.
 */

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "check/check_run.h"
#include "check/smtpd_conf.h"

#define PART "DKIM"

void
check_dkim_file(struct check *c, const struct smtpd_line *line,
    const char *key, const char *user, const char *group)
{
	struct stat sb;
	int may;

	if (stat(key, &sb) == -1) {
		check_part(c, PART, errno == EACCES ? CHECK_DARK : CHECK_BAD,
		    "%s:%d: key %s: %s", line->file, line->number, key,
		    strerror(errno));
		return;
	}
	may = check_access(user, group, key, R_OK);
	if ((sb.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		check_part(c, PART, CHECK_BAD, "%s has mode %04o: whoever "
		    "reads it signs as us (chgrp %s %s; chmod 0640 %s)", key,
		    (unsigned int)sb.st_mode & 07777, group == NULL ? user :
		    group, key, key);
	else if (may == 0)
		check_part(c, PART, CHECK_BAD, "%s cannot be read by %s, who "
		    "signs (%s:%d): chgrp %s %s; chmod 0640 %s", key, user,
		    line->file, line->number, group == NULL ? user : group,
		    key, key);
	else if (may == 1)
		check_part(c, PART, CHECK_OK, "%s can read %s", user, key);
}
