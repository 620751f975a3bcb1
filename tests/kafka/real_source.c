/* SPDX-License-Identifier: MIT */
/*
 * Two processes of one group carry a topic into another, while one of them at random is killed (-9)
 * or stopped, and started again, KILLS times each; every time the partitions are shared out anew.
 * Then everything is read back.
 *
 *	MESSAGES=1000000   KILLS=4   SEED=n of who is killed
 *
 * The processes are this program again: real_source worker ADDRESS FROM TO.
 */
#include <check.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kafka/cluster.h"
#include "kafka/numbered.h"

#define PARTITIONS 6
#define BODY_BYTES 200
#define GROUP "carriers"
#define WORKERS 2
#define PATIENCE_MS 240000

/* ---- the worker ---- */

static weir_pipeline *pipeline;

static void stop(int signal_number)
{
	(void)signal_number;
	weir_pipeline_stop(pipeline);
}

static int work(const char *brokers, const char *from, const char *to)
{
	static const struct weir_env env = {
		.size = sizeof env,
		.logger = { .write = weir_log_to_stderr, .threshold = WEIR_LOG_INFO },
	};
	static const struct weir_property properties[] = {
		{ "session.timeout.ms", "6000" },
		{ "heartbeat.interval.ms", "500" },
	};
	weir_sink *sink;
	enum weir_status status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &env));
	signal(SIGTERM, stop);
	weir_kafka_source_add(pipeline, "from",
			      WEIR_WITH(weir_kafka_source_options, .brokers = brokers,
					.properties = properties, .property_count = 2,
					.group = GROUP, .topics = &from, .topic_count = 1,
					.kind = WEIR_KIND_RECORD));
	sink = weir_kafka_sink_add(pipeline, "to",
				   WEIR_WITH(weir_kafka_sink_options, .brokers = brokers,
					     .topic = to));
	weir_route_add(pipeline, NULL, sink);
	status = weir_pipeline_run(pipeline);
	if (status < 0)
		fprintf(stderr, "%s\n", weir_pipeline_error(pipeline)->text);
	weir_pipeline_free(pipeline);
	return status < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Check's handler, inherited, would end the whole group: no signal meets it between fork and exec. */
static pid_t start_worker(const char *from, const char *to)
{
	sigset_t term, before;
	pid_t pid;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	pid = fork();
	if (pid == 0)
		signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl("/proc/self/exe", "real_source", "worker", cluster_address(), from, to,
		      (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void end_worker(pid_t pid, int signal_number)
{
	int status;

	kill(pid, signal_number);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (signal_number == SIGTERM && !WIFSIGNALED(status))	/* else it had hardly begun */
		ck_assert_msg(WEXITSTATUS(status) == 0,
			      "a worker that was stopped ended with status %d", status);
}

/* ---- the topics ---- */

static rd_kafka_t *client_new(rd_kafka_type_t type, const char *group)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *client;
	char text[256];

	rd_kafka_conf_set(conf, "bootstrap.servers", cluster_address(), text, sizeof text);
	rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text);
	if (group)
		rd_kafka_conf_set(conf, "group.id", group, text, sizeof text);
	if (type == RD_KAFKA_PRODUCER)
		rd_kafka_conf_set(conf, "linger.ms", "20", text, sizeof text);
	client = rd_kafka_new(type, conf, text, sizeof text);
	ck_assert_msg(client != NULL, "%s", text);
	return client;
}

static void fill(const char *topic, uint64_t messages)
{
	rd_kafka_t *client = client_new(RD_KAFKA_PRODUCER, NULL);
	char body[NUMBERED_MOST_BYTES], key[16];

	for (uint64_t n = 0; n < messages;) {
		const size_t key_len = numbered_write(body, BODY_BYTES, key, n);
		const rd_kafka_resp_err_t code = rd_kafka_producev(
			client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_VALUE(body, BODY_BYTES),
			RD_KAFKA_V_KEY(key, key_len), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
			RD_KAFKA_V_END);

		rd_kafka_poll(client, code ? 20 : 0);
		n += code == RD_KAFKA_RESP_ERR_NO_ERROR;
		ck_assert_msg(!code || code == RD_KAFKA_RESP_ERR__QUEUE_FULL, "%s",
			      rd_kafka_err2str(code));
	}
	ck_assert_int_eq(rd_kafka_flush(client, 60000), 0);
	rd_kafka_destroy(client);
}

/* How many records the group has behind it. */
static uint64_t count_committed(rd_kafka_t *client, const char *topic)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
	uint64_t count = 0;

	for (int i = 0; i < PARTITIONS; i++)
		rd_kafka_topic_partition_list_add(list, topic, i);
	if (rd_kafka_committed(client, list, 10000) == RD_KAFKA_RESP_ERR_NO_ERROR)
		for (int i = 0; i < PARTITIONS; i++)
			count += list->elems[i].offset > 0 ? (uint64_t)list->elems[i].offset : 0;
	rd_kafka_topic_partition_list_destroy(list);
	return count;
}

/* Waits until the group has so many behind it. */
static void await_committed(rd_kafka_t *client, const char *topic, uint64_t count)
{
	const uint64_t until_ms = cluster_now_ms() + PATIENCE_MS;
	uint64_t now;

	while ((now = count_committed(client, topic)) < count) {
		ck_assert_msg(cluster_now_ms() < until_ms,
			      "%" PRIu64 " of %" PRIu64 " are committed, and no more", now, count);
		poll(NULL, 0, 50);
	}
}

/* ---- the test ---- */

static void trouble(pid_t workers[WORKERS], uint64_t messages, uint64_t times,
		    rd_kafka_t *client)
{
	unsigned seed = (unsigned)cluster_setting("SEED", cluster_now_ms());

	printf("source: seed %u\n", seed);
	for (uint64_t i = 0; i < times * 2; i++) {
		const int who = rand_r(&seed) % WORKERS;

		await_committed(client, "raw", messages * (i + 1) / (times * 2 + 1));
		end_worker(workers[who], i % 2 ? SIGTERM : SIGKILL);
		workers[who] = start_worker("raw", "carried");
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

	cluster_make_topic("raw", PARTITIONS, CLUSTER_BROKERS, NULL, NULL);
	cluster_make_topic("carried", PARTITIONS, CLUSTER_BROKERS, NULL, NULL);
	fill("raw", messages);
	client = client_new(RD_KAFKA_CONSUMER, GROUP);
	began_ms = cluster_now_ms();
	for (int i = 0; i < WORKERS; i++)
		workers[i] = start_worker("raw", "carried");
	trouble(workers, messages, times, client);
	await_committed(client, "raw", messages);
	for (int i = 0; i < WORKERS; i++)
		end_worker(workers[i], SIGTERM);
	ck_assert_uint_eq(count_committed(client, "raw"), messages);
	rd_kafka_destroy(client);
	printf("source: %" PRIu64 " messages, %" PRIu64 " kills, %" PRIu64 " stops, %.1f s\n",
	       messages, times, times, (double)(cluster_now_ms() - began_ms) / 1e3);
	verdict = numbered_judge(cluster_address(), "carried", PARTITIONS, messages, BODY_BYTES);
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

static Suite *source_suite(void)
{
	Suite *suite = suite_create("a group of processes");
	TCase *tcase = tcase_create("real cluster");

	tcase_set_timeout(tcase, 3600);	/* its own waits are all bounded */
	tcase_add_test(tcase, killed_and_stopped_processes_of_a_group_lose_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(int argc, char **argv)
{
	SRunner *runner;
	int failed;

	if (argc == 5 && strcmp(argv[1], "worker") == 0)
		return work(argv[2], argv[3], argv[4]);
	runner = srunner_create(source_suite());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
