/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "view/spool_lag.h"
#include "store/query_flow.h"

void
lag_measure(const struct view *v, struct lag *lag)
{
	char path[1024];
	struct dirent *de;
	struct stat sb;
	int64_t offset, behind;
	DIR *dir;
	int n;

	memset(lag, 0, sizeof(*lag));
	n = snprintf(path, sizeof(path), "%s/sessions", v->conf->spool);
	if (n < 0 || (size_t)n >= sizeof(path) ||
	    (dir = opendir(path)) == NULL)
		return;
	lag->readable = 1;
	while ((de = readdir(dir)) != NULL) {
		n = (int)strlen(de->d_name) - 6;
		if (n <= 0 || strcmp(de->d_name + n, ".jsonl") != 0 ||
		    fstatat(dirfd(dir), de->d_name, &sb,
		    AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(sb.st_mode))
			continue;
		lag->segments++;
		offset = seen_offset(v->store, de->d_name);
		behind = (int64_t)sb.st_size - (offset == -1 ? 0 : offset);
		if (behind <= 0)
			continue;
		lag->bytes += behind;
		if (lag->oldest[0] == '\0' ||
		    strcmp(de->d_name, lag->oldest) < 0)
			(void)strlcpy(lag->oldest, de->d_name,
			    sizeof(lag->oldest));
	}
	closedir(dir);
}
