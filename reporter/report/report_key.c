/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/compat.h"
#include "base/log.h"
#include "lib/xalloc.h"
#include "report/report_key.h"

#define KEY_BYTES 32

static char *
key_path(const char *spool, const char *suffix)
{
	char *path;

	xasprintf(&path, "%s/" REPORT_KEY_FILE "%s", spool, suffix);
	return path;
}

/* Whole under its name, or not there at all. */
static int
key_write(const char *path, const char *fresh)
{
	unsigned char key[KEY_BYTES];
	int fd, rc = -1;

	arc4random_buf(key, sizeof(key));
	(void)unlink(fresh);
	/* Who may read the database may read this. */
	if ((fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0640)) == -1) {
		log_warn("%s", fresh);
		return -1;
	}
	if (write(fd, key, sizeof(key)) != (ssize_t)sizeof(key) ||
	    fsync(fd) == -1)
		log_warn("%s", fresh);
	else if (rename(fresh, path) == -1)
		log_warn("%s", path);
	else
		rc = 0;
	close(fd);
	explicit_bzero(key, sizeof(key));
	return rc;
}

int
report_key_make(const char *spool)
{
	char *path = key_path(spool, ""), *fresh = key_path(spool, ".new");
	int rc = 0;

	if (access(path, F_OK) == -1)
		rc = key_write(path, fresh);
	free(path);
	free(fresh);
	return rc;
}

int
report_key_digest(const char *spool, const char *text, uint64_t *out)
{
	unsigned char key[KEY_BYTES], mac[EVP_MAX_MD_SIZE];
	char *path = key_path(spool, "");
	unsigned int i, len = 0;
	ssize_t n = -1;
	int fd;

	if ((fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) != -1) {
		n = read(fd, key, sizeof(key));
		close(fd);
	}
	free(path);
	if (n != (ssize_t)sizeof(key)) {
		if (n != -1)
			errno = EINVAL;
		return -1;
	}
	if (HMAC(EVP_sha256(), key, (int)sizeof(key),
	    (const unsigned char *)text, strlen(text), mac, &len) == NULL)
		fatalx("HMAC");
	explicit_bzero(key, sizeof(key));
	for (*out = 0, i = 0; i < sizeof(*out) && i < len; i++)
		*out = *out << 8 | mac[i];
	return 0;
}
