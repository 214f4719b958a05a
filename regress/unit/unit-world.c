/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/log.h"
#include "tap.h"
#include "helper/helper.h"

static struct loop *loop;
static struct world *world;
static struct ipc *peer;
static json_t	*held[8];
static int	 nheld, nanswers, wanted = 3, ngone, late_ones, within;
static char	 answers[256];

static void
answered(json_t *answer, void *arg)
{
	if (within)
		strlcat(answers, "WITHIN ", sizeof(answers));
	strlcat(answers, arg, sizeof(answers));
	strlcat(answers, ipc_string(answer, "status", "?"), sizeof(answers));
	strlcat(answers, " ", sizeof(answers));
	if (++nanswers == wanted)
		loop_stop(loop);
}

static void
peer_message(struct ipc *ipc __unused, json_t *obj, int fd __unused,
    void *arg __unused)
{
	held[nheld++] = json_incref(obj);
	if (nheld == 4)
		loop_stop(loop);
}

static void
peer_closed(struct ipc *ipc, void *arg __unused)
{
	ipc_free(ipc);
}

static void
gone(enum world_part part, void *arg __unused)
{
	ngone += part == WORLD_NET ? 1 : 100;
}

static void
late(void *arg __unused)
{
	late_ones++;
	loop_stop(loop);
}

static void
run(void)
{
	struct loop_timer *timer = loop_timer_add(loop, 20000, late, NULL);

	loop_run(loop);
	is_int(late_ones, 0, "in time");
	if (late_ones == 0)
		loop_timer_remove(loop, timer);
}

static json_t *
answer_to(int i, const char *status)
{
	json_t *obj = json_pack("{sIss}", "id",
	    (json_int_t)ipc_int(held[i], "id", 0), "status", status);

	json_decref(held[i]);
	return obj;
}

static uint64_t
ask(enum world_part part, const char *name)
{
	static char names[8][8];
	static int n;
	uint64_t number;

	strlcpy(names[n], name, sizeof(names[n]));
	within = 1;
	number = world_ask(world, part, json_pack("{ss}", "op", "probe"), -1,
	    answered, names[n++]);
	within = 0;
	return number;
}

static void
ask_net(const char *request, const char *name)
{
	within = 1;
	(void)world_ask(world, WORLD_NET, json_loads(request, 0, NULL), -1,
	    answered, (void *)(uintptr_t)name);
	within = 0;
}

/* What may not be contacted is not asked for, whatever net would do. */
static void
test_restricted(void)
{
	struct conf *conf = conf_defaults();
	char *text;

	if (conf == NULL)
		fatal("conf");
	world_restrict(world, conf);
	answers[0] = '\0';
	nanswers = 0;
	nheld = 3;
	json_decref(held[3]);
	ask_net("{\"op\":\"probe\",\"addr\":\"127.0.0.1\"}", "p");
	ask_net("{\"op\":\"get\",\"addrs\":[\"10.1.1.1\",\"::1\",\"x\"]}",
	    "q");
	ask_net("{\"op\":\"post\",\"addrs\":[\"169.254.169.254\"]}", "r");
	run();
	is_str(answers, "prefused qrefused rrefused ", "refused at once");
	is_int(nheld, 3, "and net was not asked");
	ask_net("{\"op\":\"get\",\"addrs\":[\"10.1.1.1\",\"9.9.9.9\","
	    "\"2620:fe::fe\"]}", "s");
	run();
	text = json_dumps(json_object_get(held[3], "addrs"), JSON_COMPACT);
	is_str(text, "[\"9.9.9.9\",\"2620:fe::fe\"]",
	    "the others of a name's addresses are");
	free(text);
	world_restrict(world, NULL);
	conf_free(conf);
}

int
main(void)
{
	int fds[2], parts[WORLD_PARTS] = { -1, -1, -1, -1 };
	uint64_t number;

	log_init("unit-world", 1, 0);
	loop = loop_new();
	if (ipc_pair(fds) == -1)
		fatal("pair");
	parts[WORLD_NET] = fds[0];
	peer = ipc_new(loop, fds[1], peer_message, peer_closed, NULL);
	world = world_new(loop, parts, gone, NULL);

	ask(WORLD_NET, "a");
	ask(WORLD_NET, "b");
	number = ask(WORLD_NET, "c");
	ask(WORLD_NET, "d");
	is_int(world_pending(world, WORLD_NET), 4, "four are pending");
	run();
	is_int(nheld, 4, "all arrive");
	world_forget(world, number);
	world_forget(world, number);
	world_forget(world, 12345678);
	is_int(world_pending(world, WORLD_NET), 3, "one is forgotten");

	ipc_send(peer, answer_to(1, "ok"), -1);
	ipc_send(peer, answer_to(2, "smtp"), -1);
	ipc_send(peer, json_pack("{siss}", "id", 999, "status", "x"), -1);
	ipc_send(peer, answer_to(0, "timeout"), -1);
	ask(WORLD_RESOLVE, "e");
	run();
	ok(strstr(answers, "bok ") != NULL, "answered out of order");
	ok(strstr(answers, "atimeout ") != NULL, "and the other");
	ok(strstr(answers, "egone ") != NULL, "no such part: gone");
	ok(strstr(answers, "smtp") == NULL, "the forgotten one is not");

	test_restricted();

	answers[0] = '\0';
	nanswers = 0;
	nheld = 0;
	json_decref(held[3]);
	ipc_free(peer);
	wanted = 4;
	ask(WORLD_NET, "f");
	within = 1;
	number = world_ask(world, WORLD_NET, json_pack("{ss}", "op", "probe"), -1,
	    answered, "g");
	within = 0;
	run();
	is_str(answers, "dgone sgone fgone ggone ", "a part that went away");
	is_int(ngone, 1, "is told once");
	ask(WORLD_NET, "h");
	world_free(world);
	loop_free(loop);
	return done_testing();
}
