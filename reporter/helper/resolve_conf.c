/* SPDX-License-Identifier: ISC */

/*
 * How libunbound is set up.  What it does not know by itself comes from the
 * system's files, read here, since the process lives in an empty directory
 * afterwards.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>
#include <unistd.h>

#include "base/log.h"
#include "helper/resolve.h"

#define RESOLV_CONF	"/etc/resolv.conf"
#define HOSTS		"/etc/hosts"
#define FORWARDERS_MAX	8

/* Where systems keep the root's key; the first that is there. */
static const char *const anchors[] = {
	"/var/unbound/db/root.key",
	"/var/lib/unbound/root.key",
	"/usr/share/dns/root.key"
};

/*
 * The library is made for a few questions at once; a burst of mail brings
 * hundreds, of which some hang.  A resolver that was away must be asked again
 * soon.  Answers that fail validation are used, not marked secure: nothing
 * here rests on the DNS (policies come by HTTPS), and resolvers that pass on
 * no signatures are common.  Names that libunbound would answer itself, but
 * for the hosts file, are the resolver's to answer.
 */
static const char server[] =
    "server:\n"
    "\toutgoing-range: 400\n"
    "\tnum-queries-per-thread: 1024\n"
    "\toutgoing-num-tcp: 32\n"
    "\tinfra-host-ttl: 30\n"
    "\tdo-not-query-localhost: no\n"
    "\tval-permissive-mode: yes\n"
    "\tunblock-lan-zones: yes\n"
    "\tinsecure-lan-zones: yes\n"
    "\tlocal-zone: \"test.\" nodefault\n"
    "\tlocal-zone: \"home.arpa.\" nodefault\n"
    "\tdomain-insecure: \"test.\"\n"
    "\tuse-syslog: no\n";

/*
 * A zone that forwards all and keeps nothing: the resolver behind it has a
 * cache, and a policy's new id is to be seen when that one sees it.
 */
static void
write_forwarder(FILE *out, int first, const char *addr, int port)
{
	if (first)
		fprintf(out, "forward-zone:\n\tname: \".\"\n"
		    "\tforward-no-cache: yes\n");
	fprintf(out, "\tforward-addr: %s@%d\n", addr, port);
}

/* Without any, the library asks the root's servers itself. */
static void
write_forwarders(FILE *out, const struct conf *conf)
{
	FILE *in;
	char line[512], addr[128];
	int n = 0;

	if (conf->resolver != NULL) {
		write_forwarder(out, 1, conf->resolver, conf->resolver_port);
		return;
	}
	if ((in = fopen(RESOLV_CONF, "r")) == NULL)
		return;
	while (n < FORWARDERS_MAX && fgets(line, sizeof(line), in) != NULL) {
		/* A zone index ("%eth0") is of no use to libunbound. */
		if (sscanf(line, "nameserver %127[0-9a-fA-F.:]", addr) != 1)
			continue;
		write_forwarder(out, n == 0, addr, 53);
		n++;
	}
	fclose(in);
}

/* libunbound takes some of this from a file only. */
static int
set_options(struct ub_ctx *ub, const struct conf *conf)
{
	char path[] = "/tmp/sged.XXXXXXXXXX";
	FILE *f = NULL;
	int fd, error, rc = -1;

	if ((fd = mkstemp(path)) == -1 || (f = fdopen(fd, "w")) == NULL) {
		log_warn("%s", path);
		goto out;
	}
	fputs(server, f);
	write_forwarders(f, conf);
	if (fflush(f) == EOF || ferror(f)) {
		log_warn("%s", path);
		goto out;
	}
	if ((error = ub_ctx_config(ub, path)) != 0) {
		log_warnx("resolver: %s", ub_strerror(error));
		goto out;
	}
	rc = 0;
 out:
	if (fd != -1)
		(void)unlink(path);
	if (f != NULL)
		fclose(f);
	else if (fd != -1)
		close(fd);
	return rc;
}

/* The records of the first key file there is. */
static void
add_anchors(struct ub_ctx *ub)
{
	FILE *f = NULL;
	char line[4096];
	size_t i;

	for (i = 0; i < nitems(anchors) && f == NULL; i++)
		f = fopen(anchors[i], "r");
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, ";\n")] = '\0';
		if (line[strspn(line, " \t")] == '\0')
			continue;
		if (ub_ctx_add_ta(ub, line) != 0)
			log_warnx("%s: a line is no trust anchor",
			    anchors[i - 1]);
	}
	fclose(f);
}

struct ub_ctx *
resolve_context(const struct conf *conf)
{
	struct ub_ctx *ub;
	int error;

	if ((ub = ub_ctx_create()) == NULL)
		fatalx("ub_ctx_create");
	(void)ub_ctx_debugout(ub, NULL);
	if (set_options(ub, conf) == -1) {
		ub_ctx_delete(ub);
		return NULL;
	}
	if (access(HOSTS, R_OK) == 0 && ub_ctx_hosts(ub, HOSTS) != 0)
		log_warnx("%s: not read", HOSTS);
	add_anchors(ub);
	/* A thread, not a process: it is to share what was read. */
	if ((error = ub_ctx_async(ub, 1)) != 0)
		fatalx("ub_ctx_async: %s", ub_strerror(error));
	return ub;
}
