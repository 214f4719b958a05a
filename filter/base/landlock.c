/* SPDX-License-Identifier: ISC */

#include "base/compat.h"
#include "base/landlock.h"

#include <errno.h>

#ifdef __linux__

#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/landlock.h>

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#define ACCESS_TRUNCATE (1ULL << 14)	/* ABI 3 */
#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | \
    LANDLOCK_ACCESS_FS_READ_DIR)
/* As in the first landlock; later kernels know more, which is denied too. */
#define ACCESS_WRITE (LANDLOCK_ACCESS_FS_WRITE_FILE | \
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
    ACCESS_TRUNCATE)
/* What may be said of anything but a folder. */
#define ACCESS_FILE (LANDLOCK_ACCESS_FS_READ_FILE | \
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | \
    ACCESS_TRUNCATE)
#define ACCESS_ALL ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define NET_TCP (1ULL << 0 | 1ULL << 1)	/* bind, connect: ABI 4 */
#define SCOPE_ALL (1ULL << 0 | 1ULL << 1)	/* sockets without a file,
						 * signals: ABI 6 */

/* As the kernel reads it; headers of an older system lack the last fields. */
struct ruleset {
	uint64_t	 fs;
	uint64_t	 net;
	uint64_t	 scoped;
};

long
landlock_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

static int
allow(int ruleset, const struct landlock_need *need, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = { 0 };
	struct stat sb;
	long rc;

	rule.allowed_access = ACCESS_READ;
	if (need->exec)
		rule.allowed_access |= LANDLOCK_ACCESS_FS_EXECUTE;
	if (need->write)
		rule.allowed_access |= ACCESS_WRITE;
	rule.allowed_access &= handled;
	if ((rule.parent_fd = open(need->path, O_PATH | O_CLOEXEC)) == -1)
		return errno == ENOENT || errno == EACCES ? 0 : -1;
	if (fstat(rule.parent_fd, &sb) == 0 && !S_ISDIR(sb.st_mode))
		rule.allowed_access &= ACCESS_FILE;
	/* A rule that allows nothing would be an error. */
	rc = rule.allowed_access == 0 ? 0 : syscall(SYS_landlock_add_rule,
	    ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
	return rc == -1 ? -1 : 0;
}

int
landlock_confine(const struct landlock_need *needs, size_t n, int flags)
{
	struct ruleset attr = { ACCESS_ALL, 0, 0 };
	long abi = landlock_version();
	size_t i, size = sizeof(attr.fs);
	int fd, rc = -1;

	if (abi == -1) {
		if (errno == EOPNOTSUPP || errno == EPERM)
			errno = ENOSYS;
		return -1;
	}
	if (abi >= 3)
		attr.fs |= ACCESS_TRUNCATE;
	if (flags & LANDLOCK_READ_ALL)
		attr.fs &= ~(uint64_t)ACCESS_READ;
	if (abi >= 4 && !(flags & LANDLOCK_INET)) {
		attr.net = NET_TCP;
		size = offsetof(struct ruleset, scoped);
	}
	if (abi >= 6) {
		attr.scoped = SCOPE_ALL;
		size = sizeof(attr);
	}
	if ((fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size,
	    0)) == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (needs[i].path != NULL &&
		    allow(fd, &needs[i], attr.fs) == -1)
			goto out;
	rc = (int)syscall(SYS_landlock_restrict_self, fd, 0);
out:
	close(fd);
	return rc;
}

#else

long
landlock_version(void)
{
	errno = ENOSYS;
	return -1;
}

int
landlock_confine(const struct landlock_need *needs __unused, size_t n __unused,
    int flags __unused)
{
	errno = ENOSYS;
	return -1;
}

#endif
