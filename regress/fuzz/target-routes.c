/* SPDX-License-Identifier: ISC */

/* SPOOL/routes, and that it grows and is cut: what comes out is printable. */

#include <fcntl.h>
#include <unistd.h>

#include "spool/routes.h"
#include "fuzz.h"

static void
each(const char *domain, const struct route *r, void *arg)
{
	const char *p;

	(void)arg;
	if (strlen(domain) > 253)
		abort();
	for (p = r->urls; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char dir[] = "/tmp/fuzz-routes.XXXXXXXXXX", path[64];
	struct routes *routes;
	struct route r;
	size_t half = len / 2;
	int fd;

	if (mkdtemp(dir) == NULL)
		abort();
	(void)snprintf(path, sizeof(path), "%s/routes", dir);
	if ((fd = open(path, O_RDWR | O_CREAT, 0600)) == -1 ||
	    write(fd, data, half) != (ssize_t)half ||
	    (routes = routes_open(path)) == NULL)
		abort();
	routes_find(routes, "example.com", 1000, &r);
	if (write(fd, data + half, len - half) != (ssize_t)(len - half))
		abort();
	routes_find(routes, "example.com", 1000, &r);
	routes_each(routes, each, NULL);
	if (len > 3 && (data[0] & 1)) {
		if (ftruncate(fd, (off_t)(len / 4)) == -1)
			abort();
		routes_each(routes, each, NULL);
	}
	routes_free(routes);
	close(fd);
	(void)unlink(path);
	(void)rmdir(dir);
	return 0;
}
