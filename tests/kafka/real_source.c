/* SPDX-License-Identifier: MIT */
/*
 * Two processes of one group carry a topic into another, while one of them at random is killed (-9)
 * or stopped, and started again, KILLS times each; every time the partitions are shared out anew.
 * Then everything is read back.
 *
 *	MESSAGES=1000000   KILLS=4   SEED=n of who is killed
 */
#include <check.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "kafka/carry.h"
#include "kafka/cluster.h"
#include "kafka/numbered.h"
#include "support/run.h"

#define WORKERS 2

/* ---- the test ---- */

static void trouble(pid_t workers[WORKERS], uint64_t messages, uint64_t times,
		    rd_kafka_t *client)
{
	unsigned seed = (unsigned)cluster_setting("SEED", cluster_now_ms());

	printf("source: seed %u\n", seed);
	for (uint64_t i = 0; i < times * 2; i++) {
		const int who = rand_r(&seed) % WORKERS;

		carry_await(client, "raw", messages * (i + 1) / (times * 2 + 1));
		carry_end(workers[who], i % 2 ? SIGTERM : SIGKILL);
		workers[who] = carry_start("raw", "carried", NULL);
	}
}

START_TEST(killed_and_stopped_processes_of_a_group_lose_nothing)
{
	const uint64_t messages = cluster_setting("MESSAGES", 1000000);
	const uint64_t times = cluster_setting("KILLS", 4);
	pid_t workers[WORKERS];
	struct verdict verdict;
	uint64_t began_ms;
	rd_kafka_t *client;

	cluster_make_topic("raw", CARRY_PARTITIONS, CLUSTER_BROKERS, NULL, NULL);
	cluster_make_topic("carried", CARRY_PARTITIONS, CLUSTER_BROKERS, NULL, NULL);
	carry_fill("raw", 0, messages);
	client = carry_client(RD_KAFKA_CONSUMER, CARRY_GROUP);
	began_ms = cluster_now_ms();
	for (int i = 0; i < WORKERS; i++)
		workers[i] = carry_start("raw", "carried", NULL);
	trouble(workers, messages, times, client);
	carry_await(client, "raw", messages);
	for (int i = 0; i < WORKERS; i++)
		carry_end(workers[i], SIGTERM);
	ck_assert_uint_eq(carry_count(client, "raw"), messages);
	rd_kafka_destroy(client);
	printf("source: %" PRIu64 " messages, %" PRIu64 " kills, %" PRIu64 " stops, %.1f s\n",
	       messages, times, times, (double)(cluster_now_ms() - began_ms) / 1e3);
	verdict = numbered_judge(cluster_address(), "carried", CARRY_PARTITIONS, messages, CARRY_BYTES);
	printf("source: read %" PRIu64 ": lost %" PRIu64 ", duplicates %" PRIu64
	       ", out of order %" PRIu64 ", damaged %" PRIu64 "\n",
	       verdict.read, verdict.lost, verdict.duplicates, verdict.out_of_order,
	       verdict.damaged);
	fflush(stdout);
	ck_assert_uint_eq(verdict.lost, 0);
	ck_assert_uint_eq(verdict.damaged, 0);
	ck_assert_uint_eq(verdict.out_of_order, 0);
	cluster_remove_topic("raw");
	cluster_remove_topic("carried");
}
END_TEST

int main(int argc, char **argv)
{
	TCase *tcase;

	if (carry_is_worker(argc, argv))
		return carry_work(argv);
	tcase = tcase_create("real cluster");
	tcase_set_timeout(tcase, 3600);	/* its own waits are all bounded */
	tcase_add_test(tcase, killed_and_stopped_processes_of_a_group_lose_nothing);
	return run_case("a group of processes", tcase);
}
