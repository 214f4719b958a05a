/* SPDX-License-Identifier: ISC */

/*
 * sgectl(8): the operator's view of it all.
 */

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/version.h"
#include "check/check.h"
#include "command/command.h"
#include "ctl/ctl.h"
#include "host/check_config.h"
#include "lib/date.h"
#include "hosts.h"
#include "lib/sandbox.h"
#include "release.h"
#include "store/store_received.h"
#include "view/view.h"
#include "lib/xalloc.h"

#define TOP_DEFAULT 20

static int
run_status(struct ctl *ctl, int argc __unused, char *argv[] __unused)
{
	return view_status(&ctl->view);
}

static int
run_flow(struct ctl *ctl, int argc __unused, char *argv[] __unused)
{
	return view_flow(&ctl->view);
}

static int
run_cleartext(struct ctl *ctl, int argc __unused, char *argv[] __unused)
{
	return view_cleartext(&ctl->view);
}

static int
run_sessions(struct ctl *ctl, int argc __unused, char *argv[] __unused)
{
	return view_sessions(&ctl->view);
}

static int
run_failures(struct ctl *ctl, int argc __unused, char *argv[] __unused)
{
	return view_failures(&ctl->view);
}

static int
run_sent(struct ctl *ctl, int argc, char *argv[])
{
	if (argc == 0)
		return view_sent(&ctl->view);
	if (ctl->view.hosts == NULL)
		return view_sent_one(&ctl->view, argv[0]);
	warnx("-H: a report itself is only with the host that made it");
	return 1;
}

static int
run_policy(struct ctl *ctl, int argc __unused, char *argv[])
{
	return view_policy(&ctl->view, argv[0]);
}

static int
run_route(struct ctl *ctl, int argc __unused, char *argv[])
{
	return view_route(&ctl->view, argv[0]);
}

static int
run_test(struct ctl *ctl, int argc, char *argv[])
{
	return view_test(&ctl->view, argc, argv);
}

static int
run_metrics(struct ctl *ctl, int argc __unused, char *argv[] __unused)
{
	return view_metrics(&ctl->view);
}

static int
run_html(struct ctl *ctl, int argc __unused, char *argv[])
{
	return view_html(&ctl->view, argv[0]);
}

static int
run_digest(struct ctl *ctl, int argc __unused, char *argv[] __unused)
{
	return view_digest(&ctl->view, ctl_flag(ctl, 'a'));
}

static int
run_received(struct ctl *ctl, int argc __unused, char *argv[] __unused)
{
	return view_received(&ctl->view);
}

static int
run_reporters(struct ctl *ctl, int argc __unused, char *argv[] __unused)
{
	return view_reporters(&ctl->view);
}

static int
run_explain(struct ctl *ctl, int argc, char *argv[])
{
	return view_explain(&ctl->view, argc > 0 ? argv[0] : NULL);
}

static int	run_help(struct ctl *, int, char *[]);

#define VIEW (CTL_CONF | CTL_STORE | CTL_VIEW)

/*
 * In the order of the manual.  Commands whose words begin alike stand
 * together.
 */
static const struct ctl_command commands[] = {
	{ "show status", "", "", 0, 0, VIEW, 1, 1,
	    run_status },
	{ "show flow", "d:D:H:c:n:h",
	    "[-h] [-c class] [-D domain] [-d days] [-H host] [-n top]",
	    0, 0, VIEW | CTL_SMARTHOST | CTL_FLOWS, 1, 1, run_flow },
	{ "show cleartext", "d:D:H:c:n:m:",
	    "[-c class] [-D domain] [-d days] [-H host] [-m domain] "
	    "[-n top]", 0, 0, VIEW | CTL_SMARTHOST | CTL_FLOWS | CTL_PARTNERS,
	    1, 1, run_cleartext },
	{ "show sessions", "d:D:n:", "[-D domain] [-d days] [-n top]", 0, 0,
	    CTL_CONF | CTL_VIEW, 1, 1, run_sessions },
	{ "show failures", "d:D:H:c:n:",
	    "[-c class] [-D domain] [-d days] [-H host] [-n top]", 0, 0,
	    VIEW | CTL_RESULTS, 1, 1, run_failures },
	{ "show sent", "d:D:H:c:n:",
	    "[-c class] [-D domain] [-d days] [-H host] [-n top] [id]", 0, 1,
	    VIEW | CTL_SENT, 1, 1, run_sent },
	{ "show received", "d:D:c:n:",
	    "[-c class] [-D domain] [-d days] [-n top]",
	    0, 0, VIEW | CTL_REPORTER, 1, 1, run_received },
	{ "show reporters", "d:D:c:n:",
	    "[-c class] [-D domain] [-d days] [-n top]",
	    0, 0, VIEW | CTL_REPORTER, 1, 1, run_reporters },
	{ "show policy", "n:", "domain", 1, 1, VIEW, 1, 1,
	    run_policy },
	{ "show route", "", "domain", 1, 1, VIEW, 1, 1,
	    run_route },
	{ "show metrics", "d:H:", "[-d days] [-H host]", 0, 0,
	    VIEW | CTL_FLOWS | CTL_RESULTS | CTL_SENT, 1, 1, run_metrics },
	{ "digest", "ad:H:m:n:",
	    "[-a] [-d days] [-H host] [-m domain] [-n top]", 0, 0,
	    VIEW | CTL_PIPE | CTL_FLOWS | CTL_PARTNERS | CTL_SENT, 1, 1,
	    run_digest },
	{ "report", "d:", "[-d days] domain", 1, 1, VIEW | CTL_REPORTER, 1,
	    1, cmd_report },
	{ "send", "d:t:", "[-d days] [-t address] [domain | id]", 0, 1,
	    CTL_CONF, 1, 1,
	    cmd_send },
	{ "record new", "r:k:s:", "[-r uri] ... [-k key [-s selector]] domain",
	    1, 1, 0, 1, 1,
	    cmd_record_new },
	{ "policy new", "e", "[-e] domain", 1, 1, CTL_CONF_MAY, 1, 1,
	    cmd_policy_new },
	{ "check record", "s:", "domain | -s text [domain]", 0, 1, CTL_CONF_MAY,
	    1, 1, cmd_check_record },
	{ "check domain", "", "[domain ...]", 0, -1, CTL_CONF_MAY, 1, 1,
	    cmd_check_domain },
	{ "check config", "t", "[-t] [smtpd.conf]", 0, 1, 0, 1, 1,
	    cmd_check_config },
	{ "read", "csn:", "[-cs] [-n top] [file ...]",
	    0, -1, CTL_CONF_MAY, 0, 1, cmd_read },
	{ "release", "", "domain", 1, 1, CTL_CONF | CTL_HOST, 0, 1,
	    cmd_release },
	{ "test", "", "from address to address [from-address ip] "
	    "[helo name] [tls version]", 4, 10,
	    CTL_CONF | CTL_VIEW | CTL_HOST | CTL_PAIRS, 1, 2, run_test },
	{ "deliver", "", "", 0, 0, CTL_CONF, 0, EX_TEMPFAIL, cmd_deliver },
	{ "explain", "", "[type]", 0, 1, 0, 0, 1, run_explain },
	{ "html", "d:H:n:", "[-d days] [-H host] [-n top] dir", 1, 1,
	    CTL_CONF | CTL_STORE | CTL_FLOWS | CTL_PARTNERS | CTL_SENT, 30, 1,
	    run_html },
	{ "help", "s:", "[-s shell] [command]", 0, 2, 0, 0, 1, run_help },
	{ NULL, NULL, NULL, 0, 0, 0, 0, 0, NULL }
};

static int
run_help(struct ctl *ctl, int argc, char *argv[])
{
	size_t i;

	for (i = 0; i < ctl->noptions; i++)
		if (ctl_complete(commands, ctl->options[i].value,
		    stdout) == -1) {
			warnx("-s %s: bash and ksh are known",
			    ctl->options[i].value);
			return 1;
		}
	if (ctl->noptions > 0 && argc == 0)
		return 0;
	if (ctl_help(commands, argc, argv, stdout) == -1) {
		warnx("no command \"%s\"; \"sgectl help\" names all",
		    argv[0]);
		return 1;
	}
	return 0;
}

static __dead void
usage(void)
{
	fprintf(stderr, "usage: sgectl [-jpVv] [-f file] command [argument ...]"
	    "\n");
	ctl_list(commands, 0, NULL, stderr);
	exit(1);
}

static const struct ctl_command *
find(int argc, char *argv[], int *used)
{
	const struct ctl_command *found;

	switch (ctl_find(commands, argc, argv, &found, used)) {
	case CTL_FOUND:
		return found;
	case CTL_UNKNOWN:
		fprintf(stderr, "sgectl: no command \"%s%s%s\"; there are:\n",
		    argv[0], *used > 1 ? " " : "", *used > 1 ? argv[1] : "");
		ctl_list(commands, *used - 1, argv, stderr);
		break;
	case CTL_AMBIGUOUS:
		fprintf(stderr, "sgectl: \"%s%s%s\" could be:\n", argv[0],
		    *used > 1 ? " " : "", *used > 1 ? argv[1] : "");
		ctl_list(commands, *used, argv, stderr);
		break;
	case CTL_MORE:
		if (argc == 0)
			usage();
		fprintf(stderr, "sgectl: \"%s\" what?\n", argv[0]);
		ctl_list(commands, argc, argv, stderr);
		break;
	}
	return NULL;
}

/* Mistakes are said; warnings, that sged said too, only with -v. */
static int
read_conf(struct ctl *ctl)
{
	char *said = NULL;
	size_t len;
	FILE *err;

	err = xmemstream(&said, &len);
	ctl->conf = conf_read(ctl->path == NULL ? CONF_PATH : ctl->path, err);
	xmemclose(err, &said);
	if (ctl->conf == NULL || ctl->view.verbose)
		fputs(said, stderr);
	free(said);
	return ctl->conf == NULL ? -1 : 0;
}

/* Reads what the command needs; 0 or -1 after a message. */
static int
prepare(struct ctl *ctl)
{
	unsigned int needs = ctl->command->needs;

	if ((needs & CTL_CONF_MAY) != 0 && ctl->path == NULL &&
	    access(CONF_PATH, F_OK) == -1 && errno == ENOENT) {
		if ((ctl->conf = conf_defaults()) == NULL)
			fatal("sgectl");
	} else if ((needs & (CTL_CONF | CTL_CONF_MAY)) != 0) {
		if (read_conf(ctl) == -1)
			return -1;
	}
	if (ctl_class(ctl) == -1)
		return -1;
	ctl->view.conf = ctl->conf;
	ctl->view.path = ctl->path == NULL ? CONF_PATH : ctl->path;
	ctl->view.whose = ctl->conf == NULL ? NULL : ctl->conf->hostname;
	if ((needs & CTL_HOST) != 0 && addr_own(&ctl->view.own) == -1)
		warn("addresses of this host");
	/* By a process of its own, before this one is shut in. */
	if (ctl->view.hosts != NULL && hosts_read(ctl) == -1)
		return -1;
	/* -D of show flow reads the lists of domains too. */
	if ((needs & CTL_VIEW) != 0 && ctl->view.domain != NULL)
		sandbox_reader(ctl->conf);
	else if ((needs & CTL_VIEW) != 0)
		sandbox_view(ctl->conf);
	if ((needs & CTL_STORE) != 0 && ctl->view.store == NULL) {
		if (access(ctl->conf->database, R_OK) == -1) {
			if (errno == ENOENT)
				warnx("no database yet: sged makes it when it "
				    "starts");
			else
				warn("%s, which root and " SGE_USER " read",
				    ctl->conf->database);
			return -1;
		}
		ctl->view.store = store_open(ctl->conf->database, STORE_READ);
		if (ctl->view.store == NULL)
			return -1;
		if (received_ours(ctl->view.store, ctl->conf) == -1)
			return -1;
	}
	return 0;
}

/*
 * What a view prints is kept until the database is closed: a reader left in a
 * pager would hold a transaction, and the log of what is written meanwhile
 * would grow as long.
 */
static int
run_kept(struct ctl *ctl, int argc, char *argv[])
{
	struct view *v = &ctl->view;
	char *text = NULL;
	size_t len = 0;
	int status;

	v->out = xmemstream(&text, &len);
	status = ctl->command->run(ctl, argc, argv);
	xmemclose(v->out, &text);
	/* What could not be read is not what is not there. */
	if (v->store->errors > 0) {
		warnx("%s %s: what is printed is not all%s", ctl->conf->database,
		    v->store->damaged ? "is damaged" : "could not be read",
		    v->store->damaged ? "; see sgectl check config" : "");
		if (status == 0)
			status = ctl->command->failure;
	}
	store_close(v->store);
	v->store = NULL;
	(void)fwrite(text, 1, len, stdout);
	free(text);
	return status;
}

static int
run(struct ctl *ctl, int argc, char *argv[], const struct ctl_option before[],
    size_t nbefore)
{
	struct view *v = &ctl->view;
	int first, status;

	v->out = stdout;
	v->now = time(NULL);
	v->top = TOP_DEFAULT;
	v->last = day_of(v->now) - 1;
	v->first = v->last - (ctl->command->days > 1 ?
	    ctl->command->days - 1 : 0);
	if (ctl_before(ctl, before, nbefore) == -1 ||
	    (first = ctl_options(ctl, argc, argv)) == -1 ||
	    prepare(ctl) == -1)
		status = ctl->command->failure;
	else if ((ctl->command->needs & (CTL_STORE | CTL_PIPE)) == CTL_STORE)
		status = run_kept(ctl, argc - first, argv + first);
	else
		status = ctl->command->run(ctl, argc - first, argv + first);
	if ((fflush(stdout) == EOF || ferror(stdout)) && status == 0) {
		warn("standard output");
		status = ctl->command->failure;
	}
	/* What could not be read is not what is not there. */
	if (v->store != NULL && v->store->errors > 0 && status == 0)
		status = ctl->command->failure;
	store_close(v->store);
	free(v->own.addr);
	conf_free(ctl->conf);
	return status;
}

int
main(int argc, char *argv[])
{
	char name[] = "sgectl";
	struct ctl_option before[CTL_OPTIONS_MAX];
	struct ctl ctl;
	size_t nbefore = 0;
	int ch, used;

	memset(&ctl, 0, sizeof(ctl));
	ctl.program = argv[0];
	/* Views show local time too; its file is behind the sandbox. */
	tzset();
	log_init("sgectl", 1, 0);
	/* A file at its limit is as a full disk: each command says so. */
	(void)signal(SIGXFSZ, SIG_IGN);
	xalloc_json();
	/* "+": options behind the command are the command's. */
	while ((ch = getopt(argc, argv, "+f:jpVvc:D:d:H:n:")) != -1) {
		switch (ch) {
		case 'f':
			ctl.path = optarg;
			break;
		case 'j':
			ctl.view.form = FORM_JSON;
			break;
		case 'p':
			ctl.view.form = FORM_PIPE;
			break;
		case 'V':
			puts("sgectl " SGE_VERSION);
			return 0;
		case 'v':
			ctl.view.verbose = 1;
			break;
		case 'c':
		case 'D':
		case 'd':
		case 'H':
		case 'n':
			if (nbefore == nitems(before))
				usage();
			before[nbefore].letter = ch;
			before[nbefore++].value = optarg;
			break;
		default:
			usage();
		}
	}
	argc -= optind;
	argv += optind;
	if ((ctl.command = find(argc, argv, &used)) == NULL)
		return 1;
	log_fatal(ctl.command->failure);
	/* getopt's messages begin with what stands before the options. */
	argv[used - 1] = name;
	return run(&ctl, argc - used + 1, argv + used - 1, before, nbefore);
}
