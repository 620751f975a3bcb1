/* SPDX-License-Identifier: MIT */
/*
 * The Kafka sink while brokers are away, slow, or cannot write: what was pushed waits, the source
 * feels it, and all is there in its order in the end.
 *
 * One request at a time is allowed: the mock cluster does not look at sequence numbers, and would
 * take a request that stands behind one that failed.
 */
#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/kafka_order.h"
#include "support/run.h"

#define ENOUGH_MS 60000
#define PARTITIONS 3
#define ROUNDS 8
#define EACH 75	/* messages of a round */

static struct kafka_rig *rig_new(int brokers)
{
	struct kafka_rig *rig = kafka_rig_new();

	kafka_cluster_stop(&rig->cluster);
	kafka_cluster_start(&rig->cluster, brokers);
	rd_kafka_mock_topic_create(rig->cluster.mock, "tweets", PARTITIONS, brokers);
	rig->options.brokers = rig->cluster.brokers;
	kafka_rig_set(rig, "max.in.flight", "1");
	kafka_rig_set(rig, "retry.backoff.ms", "10");
	kafka_rig_set(rig, "reconnect.backoff.ms", "10");
	kafka_rig_set(rig, "reconnect.backoff.max.ms", "50");
	return rig;
}

static void start(struct kafka_rig *rig)
{
	kafka_rig_start_all(rig);
}

/* ---- troubles that pass ---- */

static void each_goes_and_comes(rd_kafka_mock_cluster_t *mock, int round)
{
	const int32_t gone = 1 + round % 3;

	rd_kafka_mock_broker_set_up(mock, 1 + (round + 2) % 3);
	rd_kafka_mock_broker_set_down(mock, gone);
}

static void two_of_three_go(rd_kafka_mock_cluster_t *mock, int round)
{
	rd_kafka_mock_broker_set_up(mock, -1);
	for (int32_t i = 0; i < 2; i++)
		rd_kafka_mock_broker_set_down(mock, 1 + (round + i) % 3);
}

static void all_go_every_other_time(rd_kafka_mock_cluster_t *mock, int round)
{
	if (round % 2 == 0)
		rd_kafka_mock_broker_set_down(mock, -1);
	else
		rd_kafka_mock_broker_set_up(mock, -1);
}

static void leaders_move(rd_kafka_mock_cluster_t *mock, int round)
{
	for (int32_t i = 0; i < PARTITIONS; i++)
		rd_kafka_mock_partition_set_leader(mock, "tweets", i, 1 + (round + i) % 3);
}

static void answers_are_slow(rd_kafka_mock_cluster_t *mock, int round)
{
	rd_kafka_mock_broker_set_rtt(mock, -1, round % 2 == 0 ? 250 : 0);
}

static void push_codes(rd_kafka_mock_cluster_t *mock, size_t count, rd_kafka_resp_err_t code)
{
	rd_kafka_resp_err_t codes[16];

	for (size_t i = 0; i < count; i++)
		codes[i] = code;
	rd_kafka_mock_push_request_errors_array(mock, KAFKA_API_PRODUCE, count, codes);
}

static void replicas_are_missing(rd_kafka_mock_cluster_t *mock, int round)
{
	(void)round;
	push_codes(mock, 16, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
}

static void replicas_are_missing_afterwards(rd_kafka_mock_cluster_t *mock, int round)
{
	(void)round;
	push_codes(mock, 4, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND);
}

static void disks_fail(rd_kafka_mock_cluster_t *mock, int round)
{
	(void)round;
	push_codes(mock, 4, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR);
}

static void connections_break(rd_kafka_mock_cluster_t *mock, int round)
{
	(void)round;
	push_codes(mock, 3, RD_KAFKA_RESP_ERR__TRANSPORT);
}

static void the_broker_says_it_has_network_trouble(rd_kafka_mock_cluster_t *mock, int round)
{
	if (round % 4 == 0)
		push_codes(mock, 1, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION);
}

static const struct {
	const char *name;
	void (*trouble)(rd_kafka_mock_cluster_t *mock, int round);
} troubles[] = {
	{ "one broker after the other goes and comes", each_goes_and_comes },
	{ "two of three go at a time", two_of_three_go },
	{ "all go, and come", all_go_every_other_time },
	{ "leaders move", leaders_move },
	{ "answers are slow at times", answers_are_slow },
	{ "replicas are missing", replicas_are_missing },
	{ "replicas are found missing after the write", replicas_are_missing_afterwards },
	{ "disks fail", disks_fail },
	{ "connections break", connections_break },
	{ "what librdkafka would give up is recalled", the_broker_says_it_has_network_trouble },
};

START_TEST(what_passes_is_waited_for_and_nothing_is_lost_nor_overtaken)
{
	struct kafka_rig *rig = rig_new(3);
	rd_kafka_mock_cluster_t *mock = rig->cluster.mock;
	struct weir_sink_metrics metrics;
	unsigned copies;

	start(rig);
	for (int round = 0; round < ROUNDS; round++) {
		kafka_order_push(rig, (unsigned)round * EACH, EACH);
		ck_assert_int_eq(kafka_rig_run(rig, 30), WEIR_OK);
		troubles[_i].trouble(mock, round);
		ck_assert_int_eq(kafka_rig_run(rig, 100), WEIR_OK);
	}
	rd_kafka_mock_broker_set_up(mock, -1);
	rd_kafka_mock_broker_set_rtt(mock, -1, 0);
	weir_push_end(rig->source);
	ck_assert_msg(kafka_rig_run(rig, ENOUGH_MS) == WEIR_END, "%s: %s", troubles[_i].name,
		      weir_pipeline_error(rig->pipeline)->text);

	metrics = kafka_rig_metrics(rig);
	copies = kafka_order_check(rig, "tweets", PARTITIONS, ROUNDS * EACH);
	ck_assert_msg(metrics.delivered == ROUNDS * EACH, "%s: %ju delivered", troubles[_i].name,
		      (uintmax_t)metrics.delivered);
	printf("%-44s %u copies made by librdkafka's own repetitions, %ju sent again by the sink\n",
	       troubles[_i].name, copies, (uintmax_t)metrics.retried);
	kafka_rig_end(rig);
}
END_TEST

/* ---- the source feels it ---- */

static size_t heap_in_use(void)
{
	return mallinfo2().uordblks;
}

static unsigned push_while_there_is_room(struct kafka_rig *rig, unsigned n)
{
	enum weir_status status;
	char body[64], key[16];

	do {
		snprintf(key, sizeof key, "k%u", n % KAFKA_ORDER_KEYS);
		snprintf(body, sizeof body, "{\"n\":%u}", n);
		status = weir_push(rig->source,
				   WEIR_WITH(weir_message_init, .body = { body, strlen(body) },
					     .key = { key, strlen(key) }));
		n += status == WEIR_OK;
	} while (status == WEIR_OK);
	ck_assert_int_eq(status, WEIR_AGAIN);
	return n;
}

START_TEST(while_the_broker_is_away_the_source_is_held_and_memory_stays)
{
	struct kafka_rig *rig = rig_new(1);
	size_t ours, all, steps;
	unsigned n;

	rig->pipeline_options.window_messages = 200;
	rig->source_options.queue_messages = 100;
	start(rig);
	kafka_order_push(rig, 0, 1);
	ck_assert_int_eq(kafka_rig_run_until(rig, 1, ENOUGH_MS), WEIR_OK);
	rd_kafka_mock_broker_set_down(rig->cluster.mock, -1);
	n = push_while_there_is_room(rig, 1);
	ck_assert_int_eq(kafka_rig_run(rig, 200), WEIR_OK);
	n = push_while_there_is_room(rig, n);
	ck_assert_int_eq(kafka_rig_run(rig, 500), WEIR_OK);
	n = push_while_there_is_room(rig, n);

	ck_assert_uint_eq(n, 1 + 200 + 100);
	ours = rig->fake.live_bytes;
	all = heap_in_use();
	steps = rig->steps;
	ck_assert_int_eq(kafka_rig_run(rig, 3000), WEIR_OK);
	ck_assert_uint_eq(push_while_there_is_room(rig, n), n);
	ck_assert_uint_eq(rig->fake.live_bytes, ours);
	ck_assert_msg(heap_in_use() < all + 64 * 1024, "from %zu to %zu bytes", all, heap_in_use());
	ck_assert_uint_lt(rig->steps - steps, 1000);
	ck_assert_uint_eq(kafka_rig_metrics(rig).delivered, 1);
	ck_assert_uint_eq(kafka_rig_metrics(rig).failed, 0);

	rd_kafka_mock_broker_set_up(rig->cluster.mock, -1);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	ck_assert_uint_eq(kafka_order_check(rig, "tweets", PARTITIONS, n), 0);
	ck_assert_uint_eq(kafka_rig_metrics(rig).possible_duplicates, 0);
	kafka_rig_end(rig);
}
END_TEST

/* Real time, and what a test adds. */
static uint64_t ahead_ms;

static uint64_t clock_ms(void *user)
{
	struct timespec now;

	(void)user;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + ahead_ms;
}

static unsigned times_said(const struct kafka_rig *rig, const char *words)
{
	unsigned times = 0;

	for (const char *at = rig->fake.log; (at = strstr(at, words)); at++)
		times++;
	return times;
}

START_TEST(a_minute_without_an_answer_is_said)
{
	struct kafka_rig *rig = rig_new(1);

	rig->fake.env.clock = (struct weir_clock){ .monotonic_ms = clock_ms, .wall_ms = clock_ms };
	rd_kafka_mock_topic_set_error(rig->cluster.mock, "tweets",
				      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	start(rig);
	kafka_order_push(rig, 0, 20);
	ck_assert_int_eq(kafka_rig_run(rig, 100), WEIR_OK);
	ahead_ms = 59000;
	ck_assert_int_eq(kafka_rig_run(rig, 100), WEIR_OK);
	ck_assert_uint_eq(times_said(rig, "nothing was acknowledged"), 0);
	for (unsigned minute = 1; minute < 4; minute++) {
		ahead_ms = 60500 * minute;
		ck_assert_int_eq(kafka_rig_run(rig, 100), WEIR_OK);
		ck_assert_uint_eq(times_said(rig, "nothing was acknowledged for 60 s, and 20 "
						  "messages are in flight, the oldest to topic "
						  "'tweets'"),
				  minute);
	}

	rd_kafka_mock_topic_set_error(rig->cluster.mock, "tweets", RD_KAFKA_RESP_ERR_NO_ERROR);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	ck_assert_uint_eq(times_said(rig, "nothing was acknowledged"), 3);
	kafka_rig_end(rig);
}
END_TEST

/* ---- topics that will not have anything ---- */

static const struct {
	const char *name;
	rd_kafka_resp_err_t code;
	const char *reason, *advice;
} topic_errors[] = {
	{ "there is none", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "UNKNOWN_TOPIC",
	  "auto.create.topics.enable" },
	{ "not a name", RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, "TOPIC_EXCEPTION",
	  "choose another name" },
};

START_TEST(what_a_topic_will_never_have_is_a_dead_letter_with_its_reason)
{
	struct kafka_rig *rig = rig_new(1);
	struct kafka_topic dead;

	rd_kafka_mock_topic_create(rig->cluster.mock, "dead", 1, 1);
	rd_kafka_mock_topic_set_error(rig->cluster.mock, "tweets", topic_errors[_i].code);
	kafka_rig_set(rig, "topic.metadata.propagation.max.ms", "100");
	start(rig);
	weir_pipeline_set_dead_letters(rig->pipeline, rig->sink, "dead");
	kafka_order_push(rig, 0, 20);
	weir_push_end(rig->source);
	ck_assert_msg(kafka_rig_run(rig, ENOUGH_MS) == WEIR_END, "%s: %s", topic_errors[_i].name,
		      weir_pipeline_error(rig->pipeline)->text);
	kafka_topic_read(&dead, &rig->cluster, "dead", 1);
	ck_assert_msg(dead.count == 20, "%s: %zu", topic_errors[_i].name, dead.count);
	for (size_t i = 0; i < dead.count; i++) {
		kafka_check_header(dead.messages[i], "weir.reason", topic_errors[_i].reason);
		kafka_check_header(dead.messages[i], "weir.reason", topic_errors[_i].advice);
		kafka_check_header(dead.messages[i], "weir.reason", "'tweets'");
	}
	kafka_topic_release(&dead);
	kafka_rig_end(rig);
}
END_TEST

/* ---- librdkafka's own queue ---- */

START_TEST(a_window_larger_than_librdkafkas_queue_waits_in_order)
{
	struct kafka_rig *rig = rig_new(3);
	struct weir_sink_metrics metrics;

	kafka_rig_set(rig, "queue.buffering.max.messages", "20");
	rig->pipeline_options.window_messages = 2000;
	start(rig);
	kafka_order_push(rig, 0, ROUNDS * EACH);
	ck_assert_int_eq(kafka_rig_run_until(rig, 1, ENOUGH_MS), WEIR_OK);
	rd_kafka_mock_broker_set_down(rig->cluster.mock, -1);
	ck_assert_int_eq(kafka_rig_run(rig, 500), WEIR_OK);
	metrics = kafka_rig_metrics(rig);
	ck_assert_uint_le(metrics.in_flight, 20);
	ck_assert_uint_eq(metrics.in_flight + metrics.waiting + metrics.delivered, ROUNDS * EACH);
	rd_kafka_mock_broker_set_up(rig->cluster.mock, -1);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	kafka_order_check(rig, "tweets", PARTITIONS, ROUNDS * EACH);
	ck_assert_uint_eq(kafka_rig_metrics(rig).submitted, ROUNDS * EACH);
	kafka_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mock cluster");

	tcase_set_timeout(tcase, 120);
	LOOP(tcase, what_passes_is_waited_for_and_nothing_is_lost_nor_overtaken, troubles);
	tcase_add_test(tcase, while_the_broker_is_away_the_source_is_held_and_memory_stays);
	tcase_add_test(tcase, a_minute_without_an_answer_is_said);
	LOOP(tcase, what_a_topic_will_never_have_is_a_dead_letter_with_its_reason, topic_errors);
	tcase_add_test(tcase, a_window_larger_than_librdkafkas_queue_waits_in_order);
	return run_case("kafka sink, brokers away", tcase);
}
