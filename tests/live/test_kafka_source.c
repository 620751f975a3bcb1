/* SPDX-License-Identifier: MIT */
/*
 * The Kafka source, on librdkafka's mock cluster: what it reads, carries through, commits, and what
 * it refuses.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

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

static void fill_all(void)
{
	for (int32_t i = 0; i < PARTITIONS; i++)
		kafka_fill(&cluster, "in", i, (unsigned)i * EACH, (unsigned)(i + 1) * EACH);
}

/* All arrived once, and each partition's in order. */
static void check_arrived(const struct recorder *recorder, unsigned from, unsigned to)
{
	unsigned next[PARTITIONS];
	unsigned n = 0;

	for (unsigned i = 0; i < PARTITIONS; i++)
		next[i] = i * EACH + from;
	for (size_t i = 0; i < recorder->count; i++) {
		ck_assert_int_eq(sscanf(recorder->records[i].body, "{\"n\":%u}", &n), 1);
		ck_assert_uint_lt(n / EACH, PARTITIONS);
		ck_assert_uint_eq(n, next[n / EACH]);
		next[n / EACH]++;
	}
	for (unsigned i = 0; i < PARTITIONS; i++)
		ck_assert_uint_eq(next[i], i * EACH + to);
}

static bool never(void *user)
{
	(void)user;
	return false;
}

/* Windows: one message at a time, some, all. */
static const uint64_t windows[] = { 1, 7, 1000 };

START_TEST(all_partitions_come_in_to_their_ends_in_order_and_are_committed)
{
	struct kafka_reader *reader = kafka_reader_new(&cluster);

	fill_all();
	reader->options.until_end = true;
	reader->pipeline_options.window_messages = windows[_i];
	kafka_reader_start(reader, &cluster, NULL);
	kafka_reader_run(reader, ENOUGH_MS);
	kafka_reader_check_ended(reader);
	check_arrived(&reader->recorder, 0, EACH);
	kafka_reader_end(reader);
	for (int32_t i = 0; i < PARTITIONS; i++)
		ck_assert_int_eq(kafka_committed(&cluster, "in", i), EACH);
}
END_TEST

START_TEST(the_next_run_goes_on_where_the_last_one_was_stopped)
{
	struct kafka_reader *reader = kafka_reader_new(&cluster);

	kafka_fill(&cluster, "in", 0, 0, 10);
	kafka_reader_start(reader, &cluster, NULL);
	kafka_reader_await(reader, 10, ENOUGH_MS);
	weir_pipeline_stop(reader->pipeline);
	kafka_reader_run(reader, ENOUGH_MS);
	kafka_reader_check_ended(reader);
	ck_assert_int_eq(kafka_committed(&cluster, "in", 0), 10);	/* before the free */
	kafka_reader_end(reader);

	reader = kafka_reader_new(&cluster);
	kafka_fill(&cluster, "in", 0, 10, 20);
	reader->options.until_end = true;
	kafka_reader_start(reader, &cluster, NULL);
	kafka_reader_run(reader, ENOUGH_MS);
	kafka_reader_check_ended(reader);
	ck_assert_uint_eq(reader->recorder.count, 10);
	ck_assert_str_eq(reader->recorder.records[0].body, "{\"n\":10}");
	kafka_reader_end(reader);
	ck_assert_int_eq(kafka_committed(&cluster, "in", 0), 20);
}
END_TEST

START_TEST(what_is_not_settled_is_not_committed_and_comes_again)
{
	struct kafka_reader *reader = kafka_reader_new(&cluster);

	kafka_fill(&cluster, "in", 0, 0, 10);
	reader->pipeline_options.drain_ms = 100;
	kafka_reader_start(reader, &cluster, NULL);
	reader->recorder.holds = true;
	kafka_reader_await(reader, 10, ENOUGH_MS);
	weir_pipeline_stop(reader->pipeline);
	kafka_reader_run(reader, ENOUGH_MS);
	kafka_reader_check_ended(reader);	/* no failure: the topic has them still */
	kafka_reader_end(reader);
	ck_assert_int_lt(kafka_committed(&cluster, "in", 0), 0);

	reader = kafka_reader_new(&cluster);
	reader->options.until_end = true;
	kafka_reader_start(reader, &cluster, NULL);
	kafka_reader_run(reader, ENOUGH_MS);
	kafka_reader_check_ended(reader);
	ck_assert_uint_eq(reader->recorder.count, 10);
	kafka_reader_end(reader);
	ck_assert_int_eq(kafka_committed(&cluster, "in", 0), 10);
}
END_TEST

/* All is settled before the pipeline is freed, but only after the source has ended. */
START_TEST(what_is_settled_after_the_end_of_the_topic_is_committed_too)
{
	struct kafka_reader *reader = kafka_reader_new(&cluster);

	kafka_fill(&cluster, "in", 0, 0, 10);
	reader->options.until_end = true;
	kafka_reader_start(reader, &cluster, NULL);
	reader->recorder.holds = true;
	kafka_reader_await(reader, 10, ENOUGH_MS);
	kafka_readers_turn(reader, NULL, 300, never, NULL);
	ck_assert_int_lt(kafka_committed(&cluster, "in", 0), 0);
	recorder_let_go(&reader->recorder);
	kafka_reader_run(reader, ENOUGH_MS);
	kafka_reader_check_ended(reader);
	kafka_reader_end(reader);
	ck_assert_int_eq(kafka_committed(&cluster, "in", 0), 10);
}
END_TEST

static void make_record(rd_kafka_t *client, const char *value, size_t len, bool with_headers)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(2);

	rd_kafka_header_add(headers, "color", -1, "red", 3);
	rd_kafka_header_add(headers, "nothing", -1, NULL, 0);
	if (!with_headers) {
		rd_kafka_headers_destroy(headers);
		headers = NULL;
	}
	ck_assert_int_eq(rd_kafka_producev(client, RD_KAFKA_V_TOPIC("in"), RD_KAFKA_V_PARTITION(1),
					   RD_KAFKA_V_VALUE((void *)(uintptr_t)value, len),
					   RD_KAFKA_V_KEY("key", 3),
					   RD_KAFKA_V_TIMESTAMP(1234567890123),
					   RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
					   RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END),
			 0);
}

START_TEST(key_headers_time_and_even_no_value_come_through_to_another_topic)
{
	struct kafka_reader *reader = kafka_reader_new(&cluster);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	struct kafka_topic topic;
	rd_kafka_t *client;
	char text[256];

	rd_kafka_conf_set(conf, "bootstrap.servers", cluster.brokers, text, sizeof text);
	client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	ck_assert_msg(client != NULL, "%s", text);
	ck_assert_int_eq(rd_kafka_mock_topic_create(cluster.mock, "out", 1, 1), 0);
	make_record(client, "not JSON", 8, true);
	make_record(client, NULL, 0, true);
	make_record(client, "bare", 4, false);
	ck_assert_int_eq(rd_kafka_flush(client, 10000), 0);
	rd_kafka_destroy(client);
	reader->options.until_end = true;
	reader->options.place_headers = true;
	kafka_reader_start(reader, &cluster, "out");
	kafka_reader_run(reader, ENOUGH_MS);
	kafka_reader_check_ended(reader);
	kafka_topic_read(&topic, &cluster, "out", 1);
	ck_assert_uint_eq(topic.count, 3);
	ck_assert_uint_eq(topic.messages[0]->len, 8);
	ck_assert_ptr_null(topic.messages[1]->payload);
	for (size_t i = 0; i < 3; i++) {
		char offset[4];

		snprintf(offset, sizeof offset, "%zu", i);
		ck_assert_uint_eq(topic.messages[i]->key_len, 3);
		ck_assert_int_eq(rd_kafka_message_timestamp(topic.messages[i], NULL),
				 1234567890123);
		if (i < 2)
			kafka_check_header(topic.messages[i], "color", "red");
		kafka_check_header(topic.messages[i], "weir.topic", "in");
		kafka_check_header(topic.messages[i], "weir.partition", "1");
		kafka_check_header(topic.messages[i], "weir.offset", offset);
	}
	kafka_topic_release(&topic);
	kafka_reader_end(reader);
}
END_TEST

START_TEST(a_regular_expression_finds_topics_that_are_made_later)
{
	static const char *const topics[] = { "^in\\..*" };
	struct kafka_reader *reader = kafka_reader_new(&cluster);

	ck_assert_int_eq(rd_kafka_mock_topic_create(cluster.mock, "in.a", 1, 1), 0);
	kafka_fill(&cluster, "in.a", 0, 0, 5);
	reader->options.topics = topics;
	kafka_reader_start(reader, &cluster, NULL);
	kafka_reader_await(reader, 5, ENOUGH_MS);
	ck_assert_int_eq(rd_kafka_mock_topic_create(cluster.mock, "in.b", 1, 1), 0);
	kafka_fill(&cluster, "in.b", 0, 5, 10);
	kafka_reader_await(reader, 10, ENOUGH_MS);
	kafka_reader_end(reader);
}
END_TEST

START_TEST(a_sink_that_stands_still_costs_no_membership)
{
	struct kafka_reader *reader = kafka_reader_new(&cluster);

	fill_all();
	reader->pipeline_options.window_messages = 3;
	kafka_reader_start(reader, &cluster, NULL);
	reader->recorder.holds = true;
	kafka_reader_await(reader, 3, ENOUGH_MS);
	kafka_readers_turn(reader, NULL, 7000, never, NULL);	/* max.poll.interval.ms: 4,500 */
	ck_assert_uint_eq(reader->recorder.count, 3);
	recorder_let_go(&reader->recorder);
	kafka_reader_await(reader, (size_t)PARTITIONS * EACH, ENOUGH_MS);
	check_arrived(&reader->recorder, 0, EACH);
	ck_assert_ptr_null(strstr(reader->fake.log, "given back"));
	ck_assert_ptr_null(strstr(reader->fake.log, "MAX_POLL"));
	kafka_reader_end(reader);
}
END_TEST

/* So that none of them may come again. */
static bool are_ten_committed(void *user)
{
	(void)user;
	return kafka_committed(&cluster, "in", 0) == 10;
}

START_TEST(brokers_that_are_away_are_waited_for_and_said)
{
	struct kafka_reader *reader = kafka_reader_new(&cluster);

	kafka_fill(&cluster, "in", 0, 0, 10);
	kafka_reader_start(reader, &cluster, NULL);
	kafka_reader_await(reader, 10, ENOUGH_MS);
	ck_assert(kafka_readers_turn(reader, NULL, ENOUGH_MS, are_ten_committed, NULL));
	ck_assert_int_eq(rd_kafka_mock_broker_set_down(cluster.mock, 1), 0);
	kafka_readers_turn(reader, NULL, 1500, never, NULL);
	ck_assert_int_eq(reader->status, WEIR_OK);
	ck_assert_ptr_nonnull(strstr(reader->fake.log, "WARN in: "));
	ck_assert_int_eq(rd_kafka_mock_broker_set_up(cluster.mock, 1), 0);
	kafka_fill(&cluster, "in", 0, 10, 20);
	kafka_reader_await(reader, 20, ENOUGH_MS);
	ck_assert_str_eq(reader->recorder.records[19].body, "{\"n\":19}");
	kafka_reader_end(reader);
}
END_TEST

START_TEST(a_group_that_is_forbidden_ends_the_pipeline_with_advice)
{
	struct kafka_reader *reader = kafka_reader_new(&cluster);

	rd_kafka_mock_push_request_errors(cluster.mock, 11 /* JoinGroup */, 1,
					  RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
	kafka_reader_start(reader, &cluster, NULL);
	ck_assert_int_eq(kafka_reader_run(reader, ENOUGH_MS), WEIR_ERR_AUTH);
	ck_assert_ptr_nonnull(
		strstr(weir_pipeline_error(reader->pipeline)->text, "allow this client its group"));
	kafka_reader_end(reader);
}
END_TEST

START_TEST(a_message_may_outlive_the_pipeline)
{
	struct kafka_reader *reader = kafka_reader_new(&cluster);
	weir_message *kept;

	kafka_fill(&cluster, "in", 0, 0, 1);
	kafka_reader_start(reader, &cluster, NULL);
	reader->recorder.holds = true;
	kafka_reader_await(reader, 1, ENOUGH_MS);
	kept = weir_message_ref(weir_delivery_message(reader->recorder.held[0]));
	weir_pipeline_free(reader->pipeline);
	reader->pipeline = NULL;
	ck_assert_uint_eq(weir_message_body(kept).len, 7);
	ck_assert_int_eq(memcmp(weir_message_body(kept).data, "{\"n\":0}", 7), 0);
	weir_message_unref(kept);
	kafka_reader_end(reader);
}
END_TEST

/* ---- wrong options ---- */

static const char *const no_topic[] = { "a b" };
static const struct weir_kafka_partition no_partition = { .topic = "in", .partition = -1 };

static const struct {
	const char *name;
	struct weir_kafka_source_options options;
	struct weir_property property;
	const char *want;
} wrong[] = {
	{ "nothing to read", { .group = "g" }, { 0 }, ".topics or .partitions" },
	{ "both", { .group = "g", .topics = no_topic, .topic_count = 1,
		    .partitions = &no_partition, .partition_count = 1 }, { 0 },
	  ".topics or .partitions" },
	{ "no group", { .topics = no_topic, .topic_count = 1 }, { 0 }, "no group" },
	{ "an illegal topic", { .group = "g", .topics = no_topic, .topic_count = 1 }, { 0 },
	  "illegal topic name 'a b'" },
	{ "an illegal partition", { .partitions = &no_partition, .partition_count = 1 }, { 0 },
	  "no partition -1" },
	{ "a count without topics", { .group = "g", .topic_count = 1 }, { 0 }, "NULL" },
	{ "a time for nothing", { .group = "g", .topics = no_topic, .topic_count = 1,
				  .start_time_ms = 1 }, { 0 }, "WEIR_KAFKA_START_TIME" },
	{ "several kinds", { .group = "g", .topics = no_topic, .topic_count = 1, .kind = 3 }, { 0 },
	  "not one kind" },
	{ "commits behind our back", { .group = "g", .topics = (const char *const[]){ "in" },
				       .topic_count = 1 },
	  { "enable.auto.commit", "true" }, "only what is settled" },
	{ "an unknown property", { .group = "g", .topics = (const char *const[]){ "in" },
				   .topic_count = 1 },
	  { "group.idd", "x" }, "'group.idd'" },
};

START_TEST(what_is_wrong_is_named)
{
	struct kafka_reader *reader = kafka_reader_new(&cluster);
	struct weir_kafka_source_options *options = &reader->options;

	*options = wrong[_i].options;
	options->size = sizeof *options;
	options->brokers = cluster.brokers;
	if (wrong[_i].property.name) {
		options->properties = &wrong[_i].property;
		options->property_count = 1;
	}
	kafka_reader_start(reader, &cluster, NULL);
	ck_assert_msg(!reader->source, "%s", wrong[_i].name);
	ck_assert_msg(strstr(weir_pipeline_error(reader->pipeline)->text, wrong[_i].want) != NULL,
		      "%s: %s", wrong[_i].name, weir_pipeline_error(reader->pipeline)->text);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(reader->pipeline)->text, "'in'"));
	ck_assert_int_eq(weir_pipeline_error(reader->pipeline)->status, WEIR_ERR_INVALID);
	kafka_reader_end(reader);
}
END_TEST

/* An allocation fails: the first, the second …; in the add and while it runs. */
START_TEST(without_memory_the_pipeline_fails_and_nothing_is_left)
{
	bool has_failed = true;

	kafka_fill(&cluster, "in", 0, 0, 2);
	for (size_t at = 1; has_failed; at++) {
		static const struct weir_kafka_partition partition = { .topic = "in" };
		struct kafka_reader *reader = kafka_reader_new(&cluster);

		ck_assert_uint_lt(at, 500);
		reader->options.topics = NULL;
		reader->options.topic_count = 0;
		reader->options.partitions = &partition;
		reader->options.partition_count = 1;
		reader->options.group = NULL;
		reader->options.until_end = true;
		reader->options.place_headers = true;
		reader->fake.fail_at = at;
		kafka_reader_start(reader, &cluster, NULL);
		if (reader->pipeline)
			kafka_reader_run(reader, ENOUGH_MS);
		has_failed = reader->fake.calls >= at;
		if (!has_failed)
			kafka_reader_check_ended(reader);
		kafka_reader_end(reader);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mock cluster");

	tcase_set_timeout(tcase, 180);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	LOOP(tcase, all_partitions_come_in_to_their_ends_in_order_and_are_committed, windows);
	tcase_add_test(tcase, the_next_run_goes_on_where_the_last_one_was_stopped);
	tcase_add_test(tcase, what_is_not_settled_is_not_committed_and_comes_again);
	tcase_add_test(tcase, what_is_settled_after_the_end_of_the_topic_is_committed_too);
	tcase_add_test(tcase, key_headers_time_and_even_no_value_come_through_to_another_topic);
	tcase_add_test(tcase, a_regular_expression_finds_topics_that_are_made_later);
	tcase_add_test(tcase, a_sink_that_stands_still_costs_no_membership);
	tcase_add_test(tcase, brokers_that_are_away_are_waited_for_and_said);
	tcase_add_test(tcase, a_group_that_is_forbidden_ends_the_pipeline_with_advice);
	tcase_add_test(tcase, a_message_may_outlive_the_pipeline);
	LOOP(tcase, what_is_wrong_is_named, wrong);
	tcase_add_test(tcase, without_memory_the_pipeline_fails_and_nothing_is_left);
	return run_case("Kafka source", tcase);
}
