/* SPDX-License-Identifier: ISC */

/* check config: the file of DKIM's private key, for the program that signs. */

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "host/check_config.h"
#include "host/check_run.h"
#include "host/smtpd_conf.h"

#define PART "DKIM"

void
check_dkim_file(struct check *c, const struct smtpd_line *line,
    const char *key, const char *user, const char *group)
{
	char public[DKIM_KEY_MAX], folder[1024];
	unsigned int mode;
	const char *type;
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
	else if (may == 0 && check_closed(user, group, key, folder,
	    sizeof(folder), &mode) == 0)
		check_part(c, PART, CHECK_BAD, "%s has mode %04o: %s, who "
		    "signs (%s:%d), cannot pass it to %s: chmod 755 %s",
		    folder, mode, user, line->file, line->number, key,
		    folder);
	else if (may == 0)
		check_part(c, PART, CHECK_BAD, "%s cannot be read by %s, who "
		    "signs (%s:%d): chgrp %s %s; chmod 0640 %s", key, user,
		    line->file, line->number, group == NULL ? user : group,
		    key, key);
	else if (may == 1)
		check_part(c, PART, CHECK_OK, "%s can read %s", user, key);
	if (check_public_key(key, public, sizeof(public), &type) == -1)
		check_part(c, PART, CHECK_BAD, "%s is no private key in PEM "
		    "without a password: openssl genrsa -out %s 2048 makes "
		    "one", key, key);
}
