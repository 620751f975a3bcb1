/* SPDX-License-Identifier: MIT */
/*
 * The Kafka source, on librdkafka's mock cluster: where it begins on a partition, and begins anew.
 */
#include <check.h>
#include <stdio.h>

#include "support/kafka_source_rig.h"
#include "support/run.h"

#define ENOUGH_MS 60000
#define PARTITIONS 3
#define EACH 40	/* records in each of them */

static struct kafka_cluster cluster;

static void set_up(void)
{
	kafka_cluster_start(&cluster, 1);
	ck_assert_int_eq(rd_kafka_mock_topic_create(cluster.mock, "in", PARTITIONS, 1), 0);
}

static void tear_down(void)
{
	kafka_cluster_stop(&cluster);
}

static bool never(void *user)
{
	(void)user;
	return false;
}

/* Reads these to their ends. */
static struct kafka_reader *reader_of(const struct weir_kafka_partition *partitions, size_t count)
{
	struct kafka_reader *reader = kafka_reader_new(&cluster);

	reader->options.topics = NULL;
	reader->options.topic_count = 0;
	reader->options.partitions = partitions;
	reader->options.partition_count = count;
	reader->options.until_end = true;
	return reader;
}

START_TEST(without_a_group_partitions_are_read_from_where_one_says)
{
	static const struct weir_kafka_partition partitions[] = {
		{ .topic = "in", .partition = 2, .offset = 30 },
		{ .topic = "in", .partition = 0 },
	};
	struct kafka_reader *reader = reader_of(partitions, 2);

	for (int32_t i = 0; i < PARTITIONS; i++)
		kafka_fill(&cluster, "in", i, 0, EACH);
	reader->options.group = NULL;
	kafka_reader_start(reader, &cluster, NULL);
	kafka_reader_run(reader, ENOUGH_MS);
	kafka_reader_check_ended(reader);
	ck_assert_uint_eq(reader->recorder.count, EACH + 10);
	kafka_reader_end(reader);
	ck_assert_int_lt(kafka_committed(&cluster, "in", 2), 0);
}
END_TEST

START_TEST(latest_begins_with_what_comes_from_now_on)
{
	static const struct weir_kafka_partition partition = { .topic = "in" };
	struct kafka_reader *reader = reader_of(&partition, 1);

	kafka_fill(&cluster, "in", 0, 0, 10);
	reader->options.until_end = false;
	reader->options.start = WEIR_KAFKA_START_LATEST;
	kafka_reader_start(reader, &cluster, NULL);
	kafka_readers_turn(reader, NULL, 1000, never, NULL);
	kafka_fill(&cluster, "in", 0, 10, 12);
	kafka_reader_await(reader, 2, ENOUGH_MS);
	ck_assert_str_eq(reader->recorder.records[0].body, "{\"n\":10}");
	kafka_reader_end(reader);
}
END_TEST

/* Of partition 0 the group has some; of partition 1 nothing, and nothing is as new as that time. */
START_TEST(a_time_is_for_partitions_of_which_the_group_has_committed_nothing)
{
	static const struct weir_kafka_partition partitions[] = {
		{ .topic = "in", .partition = 0 },
		{ .topic = "in", .partition = 1 },
	};
	struct kafka_reader *reader = reader_of(partitions, 1);

	kafka_fill(&cluster, "in", 0, 0, 10);
	kafka_fill(&cluster, "in", 1, 100, 110);
	kafka_reader_start(reader, &cluster, NULL);
	kafka_reader_run(reader, ENOUGH_MS);
	kafka_reader_check_ended(reader);
	kafka_reader_end(reader);

	kafka_fill(&cluster, "in", 0, 10, 20);
	reader = reader_of(partitions, 2);
	reader->options.start = WEIR_KAFKA_START_TIME;
	reader->options.start_time_ms = 1600000000000;
	kafka_reader_start(reader, &cluster, NULL);
	kafka_reader_run(reader, ENOUGH_MS);
	kafka_reader_check_ended(reader);
	ck_assert_uint_eq(reader->recorder.count, 10);
	ck_assert_str_eq(reader->recorder.records[0].body, "{\"n\":10}");
	kafka_reader_end(reader);
	ck_assert_int_eq(kafka_committed(&cluster, "in", 0), 20);
}
END_TEST

/* Where "now" is, is known to the client alone: what is written goes on until some of it comes. */
START_TEST(a_new_group_begins_with_what_comes_from_now_on)
{
	struct kafka_reader *reader = kafka_reader_new(&cluster);
	unsigned written = 10, first;

	kafka_fill(&cluster, "in", 0, 0, 10);
	reader->options.start = WEIR_KAFKA_START_LATEST;
	kafka_reader_start(reader, &cluster, NULL);
	for (; reader->recorder.count == 0 && written < 1000; written++) {
		kafka_fill(&cluster, "in", 0, written, written + 1);
		kafka_readers_turn(reader, NULL, 100, never, NULL);
	}
	ck_assert_int_eq(reader->status, WEIR_OK);
	ck_assert_uint_gt(reader->recorder.count, 0);
	ck_assert_int_eq(sscanf(reader->recorder.records[0].body, "{\"n\":%u}", &first), 1);
	ck_assert_uint_ge(first, 10);
	kafka_reader_end(reader);
}
END_TEST

static bool are_ten_committed(void *user)
{
	(void)user;
	return kafka_committed(&cluster, "in", 0) == 10;
}

/* A log that was cut off, or a topic made again: the client begins anew, with what there is. */
START_TEST(what_is_settled_after_a_reset_is_committed_though_the_group_was_further)
{
	static const struct weir_kafka_partition partition = { .topic = "in" };
	struct kafka_reader *reader = reader_of(&partition, 1);

	kafka_fill(&cluster, "in", 0, 0, 10);
	reader->options.until_end = false;
	reader->pipeline_options.window_messages = 3;
	reader->pipeline_options.drain_ms = ENOUGH_MS;
	kafka_reader_start(reader, &cluster, NULL);
	kafka_reader_await(reader, 10, ENOUGH_MS);
	ck_assert(kafka_readers_turn(reader, NULL, ENOUGH_MS, are_ten_committed, NULL));
	reader->recorder.holds = true;
	rd_kafka_mock_push_request_errors(cluster.mock, 1 /* Fetch */, 1,
					  RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
	kafka_reader_await(reader, 13, ENOUGH_MS);
	ck_assert_str_eq(reader->recorder.records[10].body, "{\"n\":0}");
	weir_pipeline_stop(reader->pipeline);
	recorder_let_go(&reader->recorder);
	kafka_reader_run(reader, ENOUGH_MS);
	kafka_reader_check_ended(reader);
	ck_assert_uint_eq(reader->recorder.count, 13);
	kafka_reader_end(reader);
	ck_assert_int_eq(kafka_committed(&cluster, "in", 0), 3);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mock cluster");

	tcase_set_timeout(tcase, 180);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, without_a_group_partitions_are_read_from_where_one_says);
	tcase_add_test(tcase, latest_begins_with_what_comes_from_now_on);
	tcase_add_test(tcase, a_time_is_for_partitions_of_which_the_group_has_committed_nothing);
	tcase_add_test(tcase, a_new_group_begins_with_what_comes_from_now_on);
	tcase_add_test(tcase,
		       what_is_settled_after_a_reset_is_committed_though_the_group_was_further);
	return run_case("Kafka source, where it begins", tcase);
}
