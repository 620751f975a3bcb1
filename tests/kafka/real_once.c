/* SPDX-License-Identifier: MIT */
/*
 * Exactly once: two processes of one group carry a topic into another with transactions, while one
 * of them at random is killed (-9), stopped, or held (SIGSTOP) until the other has its partitions,
 * and then let go as a zombie; KILLS times each, and every time the partitions are shared out anew.
 * Then everything is read back by who reads what is committed: each message is there once.
 *
 *	COUNT=200000 messages   KILLS=1   SEED=n of who is killed
 *	The long form: COUNT=1000000 KILLS=5 ONLY=once make check-kafka
 */
#include <check.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "kafka/carry.h"
#include "kafka/cluster.h"
#include "kafka/numbered.h"
#include "support/run.h"

#define WORKERS 2
#define TROUBLES 3
#define HELD_MS 9000	/* a session is 6 s */
#define AWAKE_MS 1500

static const char *const ids[WORKERS] = { "carrier-0", "carrier-1" };

static void start(pid_t workers[WORKERS], int who)
{
	workers[who] = carry_start("once-raw", "once-carried", ids[who]);
}

/* Long enough for the other to have its partitions, and for itself to find out afterwards. */
static void hold(pid_t worker)
{
	fprintf(stderr, "%" PRIu64 " %d is held\n", cluster_now_ms(), (int)worker);
	kill(worker, SIGSTOP);
	poll(NULL, 0, HELD_MS);
	kill(worker, SIGCONT);
	poll(NULL, 0, AWAKE_MS);
}

/* Each time with a part of the messages just under way. */
static void trouble(pid_t workers[WORKERS], uint64_t messages, uint64_t times,
		    rd_kafka_t *client)
{
	unsigned seed = (unsigned)cluster_setting("SEED", cluster_now_ms());
	const uint64_t parts = times * TROUBLES + 1;

	printf("once: seed %u\n", seed);
	for (uint64_t i = 0; i < parts; i++) {
		const int who = rand_r(&seed) % WORKERS;
		const uint64_t from = messages * i / parts, to = messages * (i + 1) / parts;

		carry_fill("once-raw", from, to);
		if (i + 1 == parts)
			return;
		carry_await(client, "once-raw", from + (to - from) / 3);
		if (i % TROUBLES == 2) {
			hold(workers[who]);
			continue;
		}
		carry_end(workers[who], i % TROUBLES ? SIGTERM : SIGKILL);
		start(workers, who);
	}
}

static void judge(uint64_t messages, const char *what)
{
	const struct verdict verdict = numbered_judge(cluster_address(), "once-carried",
						      CARRY_PARTITIONS, messages, CARRY_BYTES);

	printf("%s: read %" PRIu64 ": lost %" PRIu64 ", twice %" PRIu64 ", out of order %" PRIu64
	       ", damaged %" PRIu64 "\n",
	       what, verdict.read, verdict.lost, verdict.duplicates, verdict.out_of_order,
	       verdict.damaged);
	fflush(stdout);
	ck_assert_uint_eq(verdict.read, messages);
	ck_assert_uint_eq(verdict.lost, 0);
	ck_assert_uint_eq(verdict.duplicates, 0);
	ck_assert_uint_eq(verdict.damaged, 0);
	ck_assert_uint_eq(verdict.out_of_order, 0);
}

static void set_up(void)
{
	cluster_make_topic("once-raw", CARRY_PARTITIONS, CLUSTER_BROKERS, NULL, NULL);
	cluster_make_topic("once-carried", CARRY_PARTITIONS, CLUSTER_BROKERS, NULL, NULL);
}

static void tear_down(void)
{
	cluster_remove_topic("once-raw");
	cluster_remove_topic("once-carried");
}

START_TEST(killed_stopped_and_held_processes_deliver_each_message_once)
{
	const uint64_t messages = cluster_setting("COUNT", 200000);
	const uint64_t times = cluster_setting("KILLS", 1);
	pid_t workers[WORKERS];
	uint64_t began_ms;
	rd_kafka_t *client;

	client = carry_client(RD_KAFKA_CONSUMER, CARRY_GROUP);
	began_ms = cluster_now_ms();
	for (int i = 0; i < WORKERS; i++)
		start(workers, i);
	trouble(workers, messages, times, client);
	carry_await(client, "once-raw", messages);
	for (int i = 0; i < WORKERS; i++)
		carry_end(workers[i], SIGTERM);
	ck_assert_uint_eq(carry_count(client, "once-raw"), messages);
	rd_kafka_destroy(client);
	printf("once: %" PRIu64 " messages, %" PRIu64 " kills, stops and zombies each, %.1f s\n",
	       messages, times, (double)(cluster_now_ms() - began_ms) / 1e3);
	judge(messages, "once");
}
END_TEST

/* The first has the id; the second takes it; the first ends, says so, and does no harm. */
START_TEST(a_second_process_with_the_same_id_ends_the_first)
{
	const uint64_t messages = cluster_setting("COUNT", 200000);
	rd_kafka_t *client;
	pid_t first, second;
	int status;

	carry_fill("once-raw", 0, messages);
	client = carry_client(RD_KAFKA_CONSUMER, CARRY_GROUP);
	first = carry_start("once-raw", "once-carried", "carrier-same");
	carry_await(client, "once-raw", messages / 10);
	second = carry_start("once-raw", "once-carried", "carrier-same");
	ck_assert_int_eq(waitpid(first, &status, 0), first);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
	carry_await(client, "once-raw", messages);
	carry_end(second, SIGTERM);
	rd_kafka_destroy(client);
	judge(messages, "same id");
}
END_TEST

/* The coordinators of transactions and of the group are on these brokers, too. */
START_TEST(killed_brokers_cost_no_message_and_no_copy)
{
	const uint64_t messages = cluster_setting("COUNT", 200000);
	const uint64_t times = cluster_setting("KILLS", 1);
	unsigned seed = (unsigned)cluster_setting("SEED", cluster_now_ms());
	pid_t workers[WORKERS];
	rd_kafka_t *client = carry_client(RD_KAFKA_CONSUMER, CARRY_GROUP);

	for (int i = 0; i < WORKERS; i++)
		start(workers, i);
	for (uint64_t i = 0; i <= times; i++) {
		const uint64_t from = messages * i / (times + 1);
		const uint64_t to = messages * (i + 1) / (times + 1);
		const char broker[2] = { (char)('1' + rand_r(&seed) % CLUSTER_BROKERS), '\0' };

		carry_fill("once-raw", from, to);
		carry_await(client, "once-raw", from + (to - from) / 3);
		if (i == times)
			break;
		fprintf(stderr, "%" PRIu64 " broker %s is killed\n", cluster_now_ms(), broker);
		cluster_do("kill", broker);
		poll(NULL, 0, (int)(rand_r(&seed) % 4000));
		cluster_do("start", broker);
	}
	carry_await(client, "once-raw", messages);
	for (int i = 0; i < WORKERS; i++)
		carry_end(workers[i], SIGTERM);
	rd_kafka_destroy(client);
	judge(messages, "brokers");
}
END_TEST

int main(int argc, char **argv)
{
	TCase *tcase;

	if (carry_is_worker(argc, argv))
		return carry_work(argv);
	tcase = tcase_create("real cluster");
	tcase_set_timeout(tcase, 3600);	/* its own waits are all bounded */
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, killed_stopped_and_held_processes_deliver_each_message_once);
	tcase_add_test(tcase, killed_brokers_cost_no_message_and_no_copy);
	tcase_add_test(tcase, a_second_process_with_the_same_id_ends_the_first);
	return run_case("exactly once", tcase);
}
