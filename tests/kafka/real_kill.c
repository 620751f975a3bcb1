/* SPDX-License-Identifier: MIT */
/*
 * A numbered stream goes through a pipeline into three brokers while one of them at random is
 * killed (-9) and started again, KILLS times. Then everything is read back.
 *
 *	KILLS=5          RATE=25000 messages a second, at full speed behind an outage
 *	MESSAGES=1000000 at least; the stream goes on until the last broker is back
 *	SEED=n           of who is killed when; else another one each time
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kafka/wire.h"
#include "support/run.h"

#define BODY_BYTES 200
#define EACH_KILL_MS 60000	/* at most */
#define THE_REST_MS 180000	/* at most */

enum stage { CALM, DOWN, STARTING };

struct killer {
	enum stage stage;
	uint64_t due_ms;	/* of the next stage */
	uint64_t random;
	char broker[2];
	pid_t starting;
	uint64_t kills, most;	/* kills: done, the broker is back */
	uint64_t down_ms;	/* summed: from the kill until it answers */
	uint64_t killed_ms;
};

static uint64_t draw(struct killer *killer, uint64_t below)
{
	killer->random = killer->random * 6364136223846793005u + 1442695040888963407u;
	return (killer->random >> 33) % below;
}

static void kill_one(struct killer *killer, uint64_t now_ms)
{
	killer->broker[0] = (char)('1' + draw(killer, CLUSTER_BROKERS));
	cluster_do("kill", killer->broker);
	killer->killed_ms = now_ms;
	killer->stage = DOWN;
	killer->due_ms = now_ms + draw(killer, 5000);
}

/* One look: does what is due. The pipeline goes on meanwhile, a start takes seconds. */
static void killer_turn(struct killer *killer)
{
	const uint64_t now_ms = cluster_now_ms();

	if (killer->stage == STARTING) {
		if (!cluster_has_ended(killer->starting))
			return;
		killer->kills++;
		killer->down_ms += now_ms - killer->killed_ms;
		killer->stage = CALM;
		killer->due_ms = now_ms + 500 + draw(killer, 2000);
	} else if (killer->stage == DOWN && now_ms >= killer->due_ms) {
		killer->starting = cluster_begin("start", killer->broker);
		killer->stage = STARTING;
	} else if (killer->stage == CALM && now_ms >= killer->due_ms &&
		   killer->kills < killer->most) {
		kill_one(killer, now_ms);
	}
}

static void run_stream(struct wire *wire, struct killer *killer, uint64_t messages, uint64_t rate)
{
	const uint64_t began_ms = cluster_now_ms();
	const uint64_t until_ms = began_ms + messages * 2000 / rate + killer->most * EACH_KILL_MS;

	killer->due_ms = began_ms + 1000;
	while (killer->kills < killer->most || wire->numbered.emitted < messages) {
		wire_allow(wire, (cluster_now_ms() - began_ms) * rate / 1000);
		wire_turn(wire, 10);
		killer_turn(killer);
		ck_assert_msg(cluster_now_ms() < until_ms,
			      "%" PRIu64 " kills, %" PRIu64 " emitted, %" PRIu64 " settled",
			      killer->kills, wire->numbered.emitted, wire->numbered.settled);
	}
}

START_TEST(killed_brokers_cost_no_message_no_order_and_no_duplicate)
{
	struct wire wire = {
		.numbered = { .body_bytes = BODY_BYTES, .ends_at = UINT64_MAX },
	};
	struct killer killer = {
		.most = cluster_setting("KILLS", 5),
		.random = cluster_setting("SEED", cluster_now_ms() ^ (uint64_t)getpid() << 20),
	};
	const uint64_t seed = killer.random;
	const uint64_t began_ms = cluster_now_ms();
	double seconds;

	printf("kill: seed %" PRIu64 "\n", seed);
	fflush(stdout);
	wire_start(&wire, "killed");
	run_stream(&wire, &killer, cluster_setting("MESSAGES", 1000000),
		   cluster_setting("RATE", 25000));
	wire.numbered.ends_at = wire.numbered.emitted;
	weir_port_wake(wire.numbered.port);
	wire_finish(&wire, THE_REST_MS);
	seconds = (double)(cluster_now_ms() - began_ms) / 1e3;
	printf("kill: %" PRIu64 " kills, a broker was away %.1f s each time; %.1f s in all, %.0f "
	       "messages/s\n", killer.kills,
	       killer.kills ? (double)killer.down_ms / 1e3 / (double)killer.kills : 0, seconds,
	       (double)wire.numbered.emitted / seconds);
	wire_judge(&wire, "kill");
	wire_free(&wire);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("real cluster");

	tcase_set_timeout(tcase, 3600);	/* its own waits are all bounded */
	tcase_add_test(tcase, killed_brokers_cost_no_message_no_order_and_no_duplicate);
	return run_case("brokers are killed", tcase);
}
