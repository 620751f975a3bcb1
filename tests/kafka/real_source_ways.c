/* SPDX-License-Identifier: MIT */
/*
 * What the mock cluster cannot show of the Kafka source: beginning at a time, and the example
 * `validate`, which sorts a topic into two.
 */
#include <check.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kafka/cluster.h"
#include "support/kafka_source_rig.h"
#include "support/run.h"

#define FIRST_MS 1500000000000	/* kafka_fill's times */
#define RECORDS 3000
#define ENOUGH_MS 60000

static struct kafka_cluster real(void)
{
	return (struct kafka_cluster){ .brokers = cluster_address() };
}

/* From this time on, as that group, to the end: the first and the count of what comes. */
static size_t read_from_time(const char *group, uint64_t time_ms, unsigned *ret_first)
{
	static const char *const topics[] = { "timed" };
	const struct kafka_cluster cluster = real();
	struct kafka_reader *reader = kafka_reader_new(&cluster);
	size_t count;

	reader->options.property_count = 0;
	reader->options.group = group;
	reader->options.topics = topics;
	reader->options.start = WEIR_KAFKA_START_TIME;
	reader->options.start_time_ms = time_ms;
	reader->options.until_end = true;
	kafka_reader_start(reader, &cluster, NULL);
	ck_assert_msg(kafka_reader_run(reader, ENOUGH_MS) == WEIR_END, "%s\n%s",
		      weir_pipeline_error(reader->pipeline)->text, reader->fake.log);
	count = reader->recorder.count;
	*ret_first = 0;
	if (count)
		sscanf(reader->recorder.records[0].body, "{\"n\":%u}", ret_first);
	kafka_reader_end(reader);
	return count;
}

START_TEST(a_time_is_where_a_group_begins_that_has_committed_nothing)
{
	const struct kafka_cluster cluster = real();
	unsigned first;

	cluster_make_topic("timed", 1, CLUSTER_BROKERS, NULL, NULL);
	kafka_fill(&cluster, "timed", 0, 0, 100);
	ck_assert_uint_eq(read_from_time("timers", FIRST_MS + 70, &first), 30);
	ck_assert_uint_eq(first, 70);
	kafka_fill(&cluster, "timed", 0, 100, 110);
	ck_assert_uint_eq(read_from_time("timers", FIRST_MS + 20, &first), 10);
	ck_assert_uint_eq(first, 100);
	ck_assert_uint_eq(read_from_time("late", FIRST_MS + 5000, &first), 0);
	cluster_remove_topic("timed");
}
END_TEST

/* ---- the example ---- */

/* Every third is in range, every third is not, and of the others none is a number. */
static size_t write_raw(char *body, size_t size, unsigned n)
{
	static const char *const formats[] = {
		"{\"n\":%u,\"value\":42.5}", "{\"n\":%u,\"value\":-1}", "not JSON: %u",
		"{\"n\":%u,\"value\":\"100\"}", "{\"n\":%u,\"value\":1e9}",
		"{\"n\":%u,\"value\":\"warm\"}",
	};

	return (size_t)snprintf(body, size, formats[n % 6], n);
}

static void fill_raw(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *client;
	char text[256];

	rd_kafka_conf_set(conf, "bootstrap.servers", cluster_address(), text, sizeof text);
	client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	ck_assert_msg(client != NULL, "%s", text);
	for (unsigned n = 0; n < RECORDS; n++)
		ck_assert_int_eq(
			rd_kafka_producev(client, RD_KAFKA_V_TOPIC("raw-messages"),
					  RD_KAFKA_V_VALUE(text, write_raw(text, sizeof text, n)),
					  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
					  RD_KAFKA_V_END),
			0);
	ck_assert_int_eq(rd_kafka_flush(client, ENOUGH_MS), 0);
	rd_kafka_destroy(client);
}

/* Reads a topic to its end and marks what is in it. */
static void mark(const char *topic, unsigned *counts)
{
	const struct kafka_cluster cluster = real();
	const struct weir_kafka_partition partition = { .topic = topic };
	struct kafka_reader *reader = kafka_reader_new(&cluster);

	reader->options.property_count = 0;
	reader->options.group = NULL;
	reader->options.topics = NULL;
	reader->options.topic_count = 0;
	reader->options.partitions = &partition;
	reader->options.partition_count = 1;
	reader->options.until_end = true;
	kafka_reader_start(reader, &cluster, NULL);
	ck_assert_int_eq(kafka_reader_run(reader, ENOUGH_MS), WEIR_END);
	for (size_t i = 0; i < reader->recorder.count; i++) {
		const char *body = reader->recorder.records[i].body;
		const unsigned n = (unsigned)strtoul(body + strcspn(body, "0123456789"), NULL, 10);

		ck_assert_uint_lt(n, RECORDS);
		counts[n]++;
	}
	kafka_reader_end(reader);
}

static size_t sum(const unsigned *counts)
{
	size_t ret = 0;

	for (unsigned n = 0; n < RECORDS; n++)
		ret += counts[n];
	return ret;
}

START_TEST(the_example_sorts_a_topic_by_a_range_and_loses_nothing)
{
	static const char *const topics[] = { "raw-messages", "valid-messages",
					      "invalid-messages" };
	const uint64_t until_ms = cluster_now_ms() + ENOUGH_MS;
	static unsigned valid[RECORDS], invalid[RECORDS];
	pid_t pid;
	int status;

	for (size_t i = 0; i < 3; i++)
		cluster_make_topic(topics[i], 1, CLUSTER_BROKERS, NULL, NULL);
	fill_raw();
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl(BUILD_DIR "/examples/validate", "validate", cluster_address(), "value", "0",
		      "100", (char *)NULL);
		_exit(127);
	}
	do {
		memset(valid, 0, sizeof valid);
		memset(invalid, 0, sizeof invalid);
		mark("valid-messages", valid);
		mark("invalid-messages", invalid);
	} while (sum(valid) + sum(invalid) < RECORDS && cluster_now_ms() < until_ms);
	kill(pid, SIGTERM);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	for (unsigned n = 0; n < RECORDS; n++) {
		ck_assert_msg(valid[n] == (n % 3 == 0), "%u: %u times valid", n, valid[n]);
		ck_assert_msg(invalid[n] == (n % 3 != 0), "%u: %u times invalid", n, invalid[n]);
	}
	for (size_t i = 0; i < 3; i++)
		cluster_remove_topic(topics[i]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("real cluster");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, a_time_is_where_a_group_begins_that_has_committed_nothing);
	tcase_add_test(tcase, the_example_sorts_a_topic_by_a_range_and_loses_nothing);
	return run_case("ways to read", tcase);
}
