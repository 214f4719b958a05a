/* SPDX-License-Identifier: ISC */

/*
 * policy new: the MTA-STS record and policy file of a domain (RFC 8461 3), of
 * the MX hosts that it has, and how to serve the file.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bounds.h"
#include "base/log.h"
#include "check/check.h"
#include "ctl/ctl.h"
#include "lib/ipc.h"

/* A week lets a mistake be mended; what is enforced is to be remembered. */
#define TESTING_AGE (7 * 86400)
#define ENFORCE_AGE (28 * 86400)

/* A host that has no address gets no mail, whatever the policy says. */
static int
warn_no_address(struct asker *a, const char *host)
{
	json_t *answer = ask(a, WORLD_RESOLVE, ask_dns("addr", host));
	const char *status = ipc_string(answer, "status", "gone");
	int bad = 0;

	if (!ask_is_unknown(status) && strcmp(status, "ok") != 0) {
		warnx("the MX host %s has no address in the DNS (%s)", host,
		    status);
		bad = 1;
	}
	json_decref(answer);
	return bad;
}

/*
 * The lines of the file, with LF; -1 after a message.  *faults: of the MX
 * records, which were said.
 */
static int
write_policy(struct asker *a, const json_t *answer, const char *domain,
    const char *mode, char out[], size_t size, int *faults)
{
	const char *hosts[MX_RECORDS_MAX], *fault;
	char line[DOMAIN_MAX + 64];
	size_t i, n, lines = 0;

	(void)snprintf(out, size, "version: STSv1\nmode: %s\n", mode);
	if ((fault = check_mx_fault(answer, NULL, line, sizeof(line))) !=
	    NULL) {
		warnx("%s", fault);
		++*faults;
	}
	if (check_mx_is_cut(answer)) {
		warnx("%s has %d MX records or more, of which so many are "
		    "read: no policy is made that may leave a host out",
		    domain, MX_RECORDS_MAX);
		return -1;
	}
	n = check_mx_hosts(answer, hosts);
	for (i = 0; i < n; i++) {
		if ((fault = check_mx_fault(answer, hosts[i], line,
		    sizeof(line))) != NULL) {
			warnx("%s", fault);
			++*faults;
			continue;
		}
		*faults += warn_no_address(a, hosts[i]);
		(void)snprintf(line, sizeof(line), "mx: %s\n", hosts[i]);
		if (strlcat(out, line, size) >= size)
			goto long_one;
		lines++;
	}
	if (n == 0)
		warnx("%s has no MX host: a domain that takes no mail needs "
		    "no policy", domain);
	if (lines == 0)
		return -1;
	(void)snprintf(line, sizeof(line), "max_age: %d\n",
	    strcmp(mode, "enforce") == 0 ? ENFORCE_AGE : TESTING_AGE);
	if (strlcat(out, line, size) < size)
		return 0;
 long_one:
	warnx("the MX hosts of %s make a policy of more than %d bytes, which "
	    "senders need not take: use fewer, or shorter names", domain,
	    STS_POLICY_MAX);
	return -1;
}

static void
print_servers(FILE *f, const char *domain)
{
	fprintf(f, "Serve it with httpd(8), in /etc/httpd.conf:\n"
	    "    server \"mta-sts.%s\" {\n"
	    "        listen on * tls port 443\n"
	    "        tls certificate \"/etc/ssl/mta-sts.%s.crt\"\n"
	    "        tls key \"/etc/ssl/private/mta-sts.%s.key\"\n"
	    "        location \"/.well-known/mta-sts.txt\" {\n"
	    "            root \"/mta-sts\"\n"
	    "        }\n"
	    "        location * {\n"
	    "            block return 404\n"
	    "        }\n"
	    "    }\n", domain, domain, domain);
	fprintf(f, "or with nginx:\n"
	    "    server {\n"
	    "        listen 443 ssl;\n"
	    "        listen [::]:443 ssl;\n"
	    "        server_name mta-sts.%s;\n"
	    "        ssl_certificate /etc/ssl/mta-sts.%s.crt;\n"
	    "        ssl_certificate_key /etc/ssl/private/mta-sts.%s.key;\n"
	    "        location = /.well-known/mta-sts.txt {\n"
	    "            root /var/www/mta-sts;\n"
	    "            default_type text/plain;\n"
	    "        }\n"
	    "        location / { return 404; }\n"
	    "    }\n", domain, domain, domain);
	fprintf(f, "The file is "
	    "/var/www/mta-sts/.well-known/mta-sts.txt for both.\n");
}

static void
print(const struct view *v, const char *domain, const char *id,
    const char *policy, const char *mode)
{
	fprintf(v->out, "Name   _mta-sts.%s.      (in the portal: _mta-sts)\n"
	    "Type   TXT        TTL 3600\n"
	    "Value  v=STSv1; id=%s;\n"
	    "Zone   _mta-sts IN TXT \"v=STSv1; id=%s;\"\n\n", domain, id, id);
	fprintf(v->out, "Name   mta-sts.%s.      (in the portal: mta-sts)\n"
	    "Type   A, AAAA    the address of the web server\n\n", domain);
	fprintf(v->out, "https://mta-sts.%s/.well-known/mta-sts.txt:\n%s\n",
	    domain, policy);
	print_servers(v->out, domain);
	fputc('\n', v->out);
	view_wrap(v->out, "Then: ", "  ", strcmp(mode, "enforce") == 0 ?
	    "publish the file first, then the record; check domain goes "
	    "through the same points." : "publish the file first, then the "
	    "record; check domain goes through the same points. When reports "
	    "show no failure for a few weeks, policy new -e makes the "
	    "next one; each has a new id.");
}

int
cmd_policy_new(struct ctl *ctl, int argc __unused, char *argv[])
{
	const struct view *v = &ctl->view;
	const char *mode = ctl_flag(ctl, 'e') ? "enforce" : "testing";
	const char *status;
	char domain[DOMAIN_MAX], name[DOMAIN_MAX + 64], id[32], value[64];
	char policy[STS_POLICY_MAX];
	struct asker *a;
	struct tm *tm;
	time_t now = (time_t)v->now;
	json_t *answer;
	int rc = CHECK_FIX, faults = 0;

	if (view_normal(argv[0], domain, sizeof(domain)) == -1)
		return CHECK_FIX;
	if ((a = asker_new(ctl->conf, 1U << WORLD_RESOLVE)) == NULL)
		return CHECK_UNKNOWN;
	answer = ask(a, WORLD_RESOLVE, ask_dns("mx", domain));
	status = ipc_string(answer, "status", "gone");
	if (ask_is_unknown(status)) {
		warnx("the DNS gave no answer for the MX of %s (%s): ask "
		    "again later", domain, status);
		rc = CHECK_UNKNOWN;
	} else if (write_policy(a, answer, domain, mode, policy,
	    sizeof(policy), &faults) == 0) {
		/* An id is any 32 letters and digits: the time never recurs. */
		if ((tm = gmtime(&now)) == NULL || strftime(id, sizeof(id),
		    "%Y%m%d%H%M%S", tm) == 0)
			fatalx("policy new");
		(void)snprintf(value, sizeof(value), "v=STSv1; id=%s;", id);
		(void)snprintf(name, sizeof(name), "_mta-sts.%s", domain);
		if (v->form != FORM_TEXT) {
			view_row(v, "record", "ttit", "name", name, "type",
			    "TXT", "ttl", (int64_t)3600, "value", value);
			(void)snprintf(name, sizeof(name), "https://mta-sts."
			    "%s/.well-known/mta-sts.txt", domain);
			view_row(v, "file", "tt", "url", name, "text",
			    policy);
		} else
			print(v, domain, id, policy, mode);
		rc = faults == 0 ? CHECK_GOOD : CHECK_FIX;
	}
	json_decref(answer);
	asker_free(a);
	return rc;
}
