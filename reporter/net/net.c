/* SPDX-License-Identifier: ISC */

/*
 * The process that talks to others' hosts (world.h).  It opens no files: what
 * it sends is handed to it, and certificates are read before it is shut in.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "lib/process.h"
#include "lib/sandbox.h"
#include "net/net.h"

/* Where systems keep the certificates of authorities. */
static const char *const ca_files[] = {
	"/etc/ssl/cert.pem",
	"/etc/ssl/certs/ca-certificates.crt",
	"/usr/lib/ssl/cert.pem",
	"/etc/pki/tls/certs/ca-bundle.crt"
};

static void
pong(struct net *net, json_t *id, int fd)
{
	json_t *answer = json_pack("{s:O, s:s}", "id", id, "status", "ok");

	if (fd != -1)
		close(fd);
	if (answer == NULL)
		fatalx("json_pack");
	(void)ipc_send(net->ipc, answer, -1);
}

static void
on_request(struct ipc *ipc __unused, json_t *obj, int fd, void *arg)
{
	struct net *net = arg;
	const char *op = ipc_string(obj, "op", "");

	if (strcmp(op, "get") == 0 || strcmp(op, "post") == 0)
		net_begin(net, net->http, obj, fd);
	else if (strcmp(op, "probe") == 0)
		net_begin(net, net->probe, obj, fd);
	else if (strcmp(op, "ping") == 0)
		pong(net, json_object_get(obj, "id"), fd);
	else
		fatalx("unknown request");
}

static void
on_closed(struct ipc *ipc __unused, void *arg)
{
	struct net *net = arg;

	loop_stop(net->loop);
}

/* The authorities' certificates: conf's file, or the first of the system's. */
static uint8_t *
read_ca(const struct conf *conf, size_t *len)
{
	uint8_t *ca;
	size_t i;

	if (conf->ca != NULL) {
		if ((ca = tls_load_file(conf->ca, len, NULL)) == NULL)
			fatal("%s", conf->ca);
		return ca;
	}
	for (i = 0; i < nitems(ca_files); i++)
		if ((ca = tls_load_file(ca_files[i], len, NULL)) != NULL)
			return ca;
	fatalx("no file of certificate authorities: install the system's, or "
	    "name one in sge.conf: ca \"file\"");
}

/*
 * The ciphers are those that mail hosts are reached with; what is forbidden is
 * forbidden by the TLS version.
 */
static struct tls_config *
tls_settings(const uint8_t *ca, size_t calen)
{
	struct tls_config *config;

	if ((config = tls_config_new()) == NULL)
		fatalx("tls_config_new");
	if (tls_config_set_ca_mem(config, ca, calen) == -1 ||
	    tls_config_set_ciphers(config, "compat") == -1)
		fatalx("tls_config: %s", tls_config_error(config));
	return config;
}

__dead void
net_main(const struct conf *conf, int fd)
{
	struct net net = { 0 };
	uint8_t *ca;
	size_t calen;

	log_procname("net");
	json_object_seed(0);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Room for every transfer, where the system lets us. */
	process_files(2 * (HTTP_TRANSFERS_MAX + PROBES_MAX) + 64);
	if (tls_init() == -1)
		fatalx("tls_init");
	ca = read_ca(conf, &calen);
	net.conf = conf;
	net.trust = trust_new(ca, calen, tls_settings);
	net.unverified = tls_settings(ca, calen);
	tls_config_insecure_noverifycert(net.unverified);
	tls_config_insecure_noverifyname(net.unverified);
	tls_config_insecure_noverifytime(net.unverified);
	tls_unload_file(ca, calen);
	sandbox_drop_empty(SGE_NET_USER);
	sandbox_net();

	net.http = net_class_new(HTTP_TRANSFERS_MAX, http_start);
	net.probe = net_class_new(PROBES_MAX, probe_start);
	net.loop = loop_new();
	net.ipc = ipc_new(net.loop, fd, on_request, on_closed, &net);
	loop_run(net.loop);
	/* What runs ends with the process. */
	exit(0);
}
