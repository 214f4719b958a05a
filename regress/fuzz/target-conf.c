/* SPDX-License-Identifier: ISC */

/*
 * sge.conf, and a file that it includes or takes for a class: what is printed
 * ("-nn") is read again and then the same.
 */

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "conf/conf.h"
#include "fuzz.h"

static struct conf *
take(const char *path, const void *text, size_t len)
{
	struct conf *conf;
	char *said = NULL;
	size_t size;
	FILE *err;
	int fd;

	if ((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) == -1 ||
	    write(fd, text, len) != (ssize_t)len ||
	    (err = open_memstream(&said, &size)) == NULL)
		abort();
	close(fd);
	conf = conf_read(path, err);
	fclose(err);
	/* A refusal says why. */
	if (conf == NULL && *said == '\0')
		abort();
	free(said);
	return conf;
}

static char *
printed(const struct conf *conf)
{
	char *text = NULL;
	size_t size;
	FILE *fp;

	if ((fp = open_memstream(&text, &size)) == NULL)
		abort();
	conf_print(conf, fp);
	fclose(fp);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char dir[] = "/tmp/fuzz-conf.XXXXXXXXXX", path[64];
	struct conf *conf;
	char *once, *twice;

	if (mkdtemp(dir) == NULL)
		abort();
	(void)snprintf(path, sizeof(path), "%s/sge.conf", dir);
	if ((conf = take(path, data, len)) != NULL) {
		once = printed(conf);
		conf_free(conf);
		if ((conf = take(path, once, strlen(once))) == NULL)
			abort();
		twice = printed(conf);
		if (strcmp(once, twice) != 0)
			abort();
		free(once);
		free(twice);
		conf_free(conf);
	}
	(void)unlink(path);
	(void)rmdir(dir);
	return 0;
}
