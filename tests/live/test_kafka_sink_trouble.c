/* SPDX-License-Identifier: MIT */
/*
 * The Kafka sink against librdkafka's mock cluster: what the brokers will not have, what is waited
 * for, and how it ends when they do not answer.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/kafka_rig.h"
#include "support/run.h"

#define ENOUGH_MS 20000

/* ---- what cannot be delivered ---- */

START_TEST(a_message_too_large_becomes_a_dead_letter_that_says_why)
{
	struct kafka_rig *rig = kafka_rig_new();
	struct kafka_topic topic;

	rd_kafka_mock_topic_create(rig->cluster.mock, "dead", 1, 1);
	kafka_rig_set(rig, "message.max.bytes", "2000");
	kafka_rig_start_all(rig);
	weir_pipeline_set_dead_letters(rig->pipeline,
				       weir_kafka_sink_add(rig->pipeline, "dead",
							   WEIR_WITH(weir_kafka_sink_options,
								     .brokers =
									     rig->cluster.brokers)),
				       "dead");
	kafka_rig_push(rig, 1, 10);
	kafka_rig_push(rig, 2, 3000);
	kafka_rig_push(rig, 3, 10);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);

	kafka_topic_read(&topic, &rig->cluster, "dead", 1);
	ck_assert_uint_eq(topic.count, 1);
	ck_assert_mem_eq(topic.messages[0]->payload, "{\"n\":2,", 7);
	kafka_check_header(topic.messages[0], "weir.reason", "MSG_SIZE_TOO_LARGE");
	kafka_check_header(topic.messages[0], "weir.reason", "message.max.bytes");
	kafka_check_header(topic.messages[0], "weir.code", "10");
	kafka_check_header(topic.messages[0], "weir.sink", "kafka");
	kafka_check_header(topic.messages[0], "weir.source", "push");
	kafka_topic_release(&topic);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(without_dead_letters_a_message_too_large_stops_the_pipeline)
{
	struct kafka_rig *rig = kafka_rig_new();
	const struct weir_error *err;

	kafka_rig_set(rig, "message.max.bytes", "2000");
	kafka_rig_start_all(rig);
	kafka_rig_push(rig, 2, 3000);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_ERR_REFUSED);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_ptr_nonnull(strstr(err->text, "MSG_SIZE_TOO_LARGE"));
	ck_assert_ptr_nonnull(strstr(err->text, "'tweets'"));
	ck_assert_ptr_nonnull(strstr(err->text, "weir_pipeline_set_dead_letters"));
	ck_assert_int_eq(err->remote_code, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_message_larger_than_the_whole_queue_is_a_dead_letter)
{
	struct kafka_rig *rig = kafka_rig_new();

	kafka_rig_set(rig, "queue.buffering.max.kbytes", "1");
	kafka_rig_start_all(rig);
	kafka_rig_push(rig, 2, 3000);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text,
				     "queue.buffering.max.kbytes"));
	kafka_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	rd_kafka_resp_err_t code;
	uint64_t dead;	/* of two; librdkafka remembers of a topic that it may not write there */
} skipped_codes[] = {
	{ "too large", RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1 },
	{ "not allowed", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 2 },
	{ "refused by the topic's rules", RD_KAFKA_RESP_ERR_INVALID_RECORD, 1 },
	{ "its time is wrong", RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, 1 },
};

START_TEST(what_the_broker_will_not_have_is_a_dead_letter_and_the_rest_arrives)
{
	struct kafka_rig *rig = kafka_rig_new();
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);

	kafka_rig_start_all(rig);
	weir_pipeline_set_dead_letters(rig->pipeline, rig->sink, "dead");
	rd_kafka_mock_push_request_errors(rig->cluster.mock, KAFKA_API_PRODUCE, 1,
					  skipped_codes[_i].code);
	kafka_rig_push(rig, 1, 10);
	ck_assert_int_eq(kafka_rig_run_until(rig, 1, ENOUGH_MS), WEIR_OK);
	kafka_rig_push(rig, 2, 10);
	weir_push_end(rig->source);
	ck_assert_msg(kafka_rig_run(rig, ENOUGH_MS) == WEIR_END, "%s: %s", skipped_codes[_i].name,
		      weir_pipeline_error(rig->pipeline)->text);
	weir_pipeline_metrics(rig->pipeline, &metrics);
	ck_assert_msg(metrics.all.dead_lettered == skipped_codes[_i].dead, "%s: %ju dead letters",
		      skipped_codes[_i].name, (uintmax_t)metrics.all.dead_lettered);
	ck_assert_uint_eq(metrics.all.delivered, 2 - skipped_codes[_i].dead);
	ck_assert_uint_eq(rig->outcomes.failed, 1);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_client_that_may_not_write_at_all_stops_the_pipeline)
{
	struct kafka_rig *rig = kafka_rig_new();
	const struct weir_error *err;

	rig->pipeline_options.drain_ms = 200;
	kafka_rig_start_all(rig);
	rd_kafka_mock_push_request_errors(rig->cluster.mock, KAFKA_API_INIT_PRODUCER_ID, 1,
					  RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
	kafka_rig_push(rig, 1, 10);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_ERR_AUTH);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_msg(strstr(err->text, "CLUSTER_AUTHORIZATION_FAILED") != NULL, "%s", err->text);
	ck_assert_msg(strstr(err->text, "enable.idempotence=false") != NULL, "%s", err->text);
	kafka_rig_end(rig);
}
END_TEST

/* ---- brokers that are not there, queues that are full ---- */

START_TEST(a_full_queue_holds_messages_back_and_loses_none)
{
	struct kafka_rig *rig = kafka_rig_new();
	struct kafka_topic topic;

	rd_kafka_mock_topic_create(rig->cluster.mock, "tweets", 1, 1);
	kafka_rig_set(rig, "queue.buffering.max.messages", "10");
	kafka_rig_start_all(rig);
	for (unsigned n = 0; n < 1000; n++)
		kafka_rig_push(rig, n, 100);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);

	kafka_topic_read(&topic, &rig->cluster, "tweets", 1);
	ck_assert_uint_eq(topic.count, 1000);
	for (unsigned n = 0; n < 1000; n++) {
		unsigned got;

		ck_assert_int_eq(sscanf(topic.messages[n]->payload, "{\"n\":%u", &got), 1);
		ck_assert_uint_eq(got, n);
	}
	ck_assert_uint_eq(kafka_rig_metrics(rig).submitted, 1000);
	kafka_topic_release(&topic);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_broker_that_is_down_is_waited_for_without_spinning)
{
	struct kafka_rig *rig = kafka_rig_new();
	struct kafka_topic topic;
	size_t steps;

	rd_kafka_mock_topic_create(rig->cluster.mock, "tweets", 1, 1);
	kafka_rig_set(rig, "queue.buffering.max.messages", "10");
	kafka_rig_set(rig, "reconnect.backoff.ms", "10");
	kafka_rig_set(rig, "reconnect.backoff.max.ms", "50");
	kafka_rig_start_all(rig);
	kafka_rig_push(rig, 0, 10);
	ck_assert_int_eq(kafka_rig_run_until(rig, 1, ENOUGH_MS), WEIR_OK);
	rd_kafka_mock_broker_set_down(rig->cluster.mock, -1);
	for (unsigned n = 1; n < 100; n++)
		kafka_rig_push(rig, n, 10);
	steps = rig->steps;
	ck_assert_int_eq(kafka_rig_run(rig, 500), WEIR_OK);
	ck_assert_uint_lt(rig->steps - steps, 100);
	ck_assert_uint_gt(kafka_rig_metrics(rig).waiting, 0);

	rd_kafka_mock_broker_set_up(rig->cluster.mock, -1);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	kafka_topic_read(&topic, &rig->cluster, "tweets", 1);
	ck_assert_uint_eq(topic.count, 100);
	kafka_topic_release(&topic);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(what_librdkafka_gave_up_is_tried_again)
{
	struct kafka_rig *rig = kafka_rig_new();

	kafka_rig_set(rig, "message.timeout.ms", "100");
	kafka_rig_set(rig, "enable.idempotence", "false");
	kafka_rig_set(rig, "reconnect.backoff.ms", "10");
	kafka_rig_set(rig, "reconnect.backoff.max.ms", "50");
	kafka_rig_start_all(rig);
	rd_kafka_mock_broker_set_down(rig->cluster.mock, -1);
	kafka_rig_push(rig, 1, 10);
	weir_push_end(rig->source);
	while (kafka_rig_metrics(rig).retried == 0)
		ck_assert_int_eq(kafka_rig_run(rig, 100), WEIR_OK);
	ck_assert_int_eq(rig->outcomes.last_code, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
	rd_kafka_mock_broker_set_up(rig->cluster.mock, -1);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	ck_assert_uint_eq(rig->outcomes.delivered, 1);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_stop_while_the_broker_is_down_ends_in_time_and_says_what_is_left)
{
	struct kafka_rig *rig = kafka_rig_new();
	const struct weir_error *err;

	rig->pipeline_options.drain_ms = 200;
	kafka_rig_start_all(rig);
	rd_kafka_mock_broker_set_down(rig->cluster.mock, -1);
	for (unsigned n = 0; n < 50; n++)
		kafka_rig_push(rig, n, 10);
	ck_assert_int_eq(kafka_rig_run(rig, 100), WEIR_OK);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(kafka_rig_run(rig, 3000), WEIR_ERR_TIMEOUT);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_msg(strstr(err->text, "50 not acknowledged") != NULL, "%s", err->text);
	ck_assert_uint_eq(rig->outcomes.delivered, 0);
	ck_assert_uint_eq(rig->outcomes.failed, 50);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(an_unreachable_cluster_is_said_and_not_said_over_and_over)
{
	struct kafka_rig *rig = kafka_rig_new();
	const char *first;

	rig->options.brokers = "127.0.0.1:1";
	rig->pipeline_options.drain_ms = 10;
	kafka_rig_set(rig, "reconnect.backoff.ms", "1");
	kafka_rig_set(rig, "reconnect.backoff.max.ms", "5");
	kafka_rig_start_all(rig);
	kafka_rig_push(rig, 1, 10);
	ck_assert_int_eq(kafka_rig_run(rig, 1000), WEIR_OK);
	first = strstr(rig->fake.log, "_ALL_BROKERS_DOWN");
	ck_assert_msg(first != NULL, "%s", rig->fake.log);
	ck_assert_ptr_null(strstr(first + 1, "_ALL_BROKERS_DOWN"));
	ck_assert_msg(strstr(rig->fake.log, "librdkafka FAIL") != NULL, "%s", rig->fake.log);
	kafka_rig_end(rig);
}
END_TEST

static unsigned times_said(const struct kafka_rig *rig, const char *words)
{
	unsigned times = 0;

	for (const char *at = rig->fake.log; (at = strstr(at, words)); at++)
		times++;
	return times;
}

START_TEST(a_broker_that_comes_and_goes_is_said_once_in_a_while)
{
	struct kafka_rig *rig = kafka_rig_new();

	kafka_rig_set(rig, "reconnect.backoff.ms", "1");
	kafka_rig_set(rig, "reconnect.backoff.max.ms", "5");
	kafka_rig_start_all(rig);
	for (unsigned n = 1; n <= 5; n++) {
		kafka_rig_push(rig, n, 10);
		ck_assert_int_eq(kafka_rig_run_until(rig, n, ENOUGH_MS), WEIR_OK);
		rd_kafka_mock_broker_set_down(rig->cluster.mock, -1);
		while (times_said(rig, "librdkafka FAIL") < n)
			ck_assert_int_eq(kafka_rig_run(rig, 10), WEIR_OK);
		rd_kafka_mock_broker_set_up(rig->cluster.mock, -1);
	}
	ck_assert_uint_eq(times_said(rig, "WARN kafka: _TRANSPORT"), 1);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_long_linger_does_not_hold_up_the_end)
{
	struct kafka_rig *rig = kafka_rig_new();

	kafka_rig_set(rig, "linger.ms", "900000");
	kafka_rig_start_all(rig);
	for (unsigned n = 0; n < 50; n++)
		kafka_rig_push(rig, n, 10);
	ck_assert_int_eq(kafka_rig_run(rig, 100), WEIR_OK);
	ck_assert_uint_eq(kafka_rig_metrics(rig).delivered, 0);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	ck_assert_uint_eq(kafka_rig_metrics(rig).delivered, 50);
	kafka_rig_end(rig);
}
END_TEST

static bool is_big(void *user, const weir_message *message)
{
	(void)user;
	return weir_message_body(message).len > 1000;
}

/* A batch that is full does not linger: with its report the sink has a turn while others do. */
START_TEST(a_long_linger_does_not_hold_up_a_flush_and_is_heeded_after_it)
{
	struct kafka_rig *rig = kafka_rig_new();

	kafka_rig_set(rig, "linger.ms", "900000");
	kafka_rig_set(rig, "batch.size", "1000");
	kafka_rig_start(rig);
	weir_route_add(rig->pipeline,
		       WEIR_WITH(weir_route, .match = is_big, .to = "big", .final = true),
		       rig->sink);
	weir_route_add(rig->pipeline, NULL, rig->sink);
	for (unsigned from = 0; from < 33; from += 11) {
		for (unsigned n = from; n < from + 10; n++)
			kafka_rig_push(rig, n, 10);
		kafka_rig_push(rig, from + 10, 2000);
		ck_assert_int_eq(kafka_rig_run_until(rig, from + 1, ENOUGH_MS), WEIR_OK);
		ck_assert_int_eq(kafka_rig_run(rig, 300), WEIR_OK);
		ck_assert_uint_eq(kafka_rig_metrics(rig).delivered, from + 1);
		ck_assert_int_eq(weir_pipeline_flush(rig->pipeline, ENOUGH_MS), WEIR_OK);
		ck_assert_uint_eq(kafka_rig_metrics(rig).delivered, from + 11);
	}
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_long_linger_does_not_hold_up_dead_letters_made_at_the_end)
{
	struct kafka_rig *rig = kafka_rig_new();

	kafka_rig_set(rig, "linger.ms", "900000");
	kafka_rig_start_all(rig);
	weir_pipeline_set_dead_letters(rig->pipeline, rig->sink, "dead");
	rd_kafka_mock_push_request_errors(rig->cluster.mock, KAFKA_API_PRODUCE, 1,
					  RD_KAFKA_RESP_ERR_INVALID_RECORD);
	kafka_rig_push(rig, 1, 10);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	ck_assert_uint_eq(kafka_rig_metrics(rig).delivered, 1);
	ck_assert_uint_eq(kafka_rig_metrics(rig).failed, 1);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_long_linger_does_not_hold_up_a_retry_at_the_end)
{
	struct kafka_rig *rig = kafka_rig_new();

	rig->pipeline_options.retry_first_ms = 100;
	rig->pipeline_options.retry_most_ms = 200;
	kafka_rig_set(rig, "linger.ms", "900000");
	kafka_rig_set(rig, "enable.idempotence", "false");
	kafka_rig_set(rig, "retries", "0");
	kafka_rig_start_all(rig);
	rd_kafka_mock_push_request_errors(rig->cluster.mock, KAFKA_API_PRODUCE, 2,
					  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
					  RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
	kafka_rig_push(rig, 1, 10);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	ck_assert_uint_eq(kafka_rig_metrics(rig).delivered, 1);
	ck_assert_uint_eq(kafka_rig_metrics(rig).retried, 2);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_pipeline_freed_without_a_run_or_a_stop_leaves_nothing)
{
	struct kafka_rig *rig = kafka_rig_new();

	kafka_rig_start_all(rig);
	for (unsigned n = 0; n < 50 && _i > 0; n++)
		kafka_rig_push(rig, n, 10);
	if (_i > 1)
		ck_assert_int_eq(kafka_rig_run(rig, 5), WEIR_OK);
	kafka_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mock cluster");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_message_too_large_becomes_a_dead_letter_that_says_why);
	tcase_add_test(tcase, without_dead_letters_a_message_too_large_stops_the_pipeline);
	tcase_add_test(tcase, a_message_larger_than_the_whole_queue_is_a_dead_letter);
	LOOP(tcase, what_the_broker_will_not_have_is_a_dead_letter_and_the_rest_arrives,
	     skipped_codes);
	tcase_add_test(tcase, a_client_that_may_not_write_at_all_stops_the_pipeline);
	tcase_add_test(tcase, a_full_queue_holds_messages_back_and_loses_none);
	tcase_add_test(tcase, a_broker_that_is_down_is_waited_for_without_spinning);
	tcase_add_test(tcase, what_librdkafka_gave_up_is_tried_again);
	tcase_add_test(tcase, a_stop_while_the_broker_is_down_ends_in_time_and_says_what_is_left);
	tcase_add_test(tcase, an_unreachable_cluster_is_said_and_not_said_over_and_over);
	tcase_add_test(tcase, a_broker_that_comes_and_goes_is_said_once_in_a_while);
	tcase_add_test(tcase, a_long_linger_does_not_hold_up_the_end);
	tcase_add_test(tcase, a_long_linger_does_not_hold_up_a_flush_and_is_heeded_after_it);
	tcase_add_test(tcase, a_long_linger_does_not_hold_up_dead_letters_made_at_the_end);
	tcase_add_test(tcase, a_long_linger_does_not_hold_up_a_retry_at_the_end);
	tcase_add_loop_test(tcase, a_pipeline_freed_without_a_run_or_a_stop_leaves_nothing, 0, 3);
	return run_case("kafka sink in trouble", tcase);
}
