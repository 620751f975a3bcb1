/* SPDX-License-Identifier: MIT */
/*
 * The Kafka sink's transactions on librdkafka's mock cluster, and the group: what becomes of what was
 * under way of partitions that go, and come again.
 */
#include <check.h>
#include <string.h>
#include <time.h>

#include "support/accounts.h"
#include "support/once_rig.h"
#include "support/run.h"

enum { HEARTBEAT = 12, ADD_PARTITIONS = 24 };	/* Kafka's protocol guide, API keys */

static struct kafka_reader *second;

static bool second_has_all(void *user)
{
	(void)user;
	return once_metrics_of(second).delivered >= ONCE_COUNT || second->status != WEIR_OK;
}

static bool first_has_dropped(void *user)
{
	(void)user;
	return once_dropped(once_reader, WEIR_DROP_REVOKED) >= ONCE_COUNT ||
	       once_reader->status != WEIR_OK;
}

static bool never(void *user)
{
	(void)user;
	return false;
}

/* The first stands still for longer than its session: the second has all, the first nothing. */
START_TEST(who_wakes_up_after_its_partitions_went_delivers_nothing_of_them)
{
	once_join_group();
	once_to.transaction_ms = 30000;
	once_reader->options.until_end = false;
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	once_start();
	kafka_readers_turn(once_reader, NULL, ONCE_ENOUGH_MS, once_all_are_submitted, NULL);
	kafka_readers_turn(once_reader, NULL, 300, never, NULL);
	once_to.transaction_ms = 200;
	second = kafka_reader_new(&once_cluster);
	once_make(second, ONCE_ID "-2");
	weir_route_add(second->pipeline, NULL, second->sink);
	ck_assert_msg(kafka_readers_turn(second, NULL, ONCE_ENOUGH_MS, second_has_all, NULL), "%s",
		      second->fake.log);
	ck_assert_uint_eq(once_metrics_of(once_reader).delivered, 0);
	ck_assert_msg(kafka_readers_turn(once_reader, second, ONCE_ENOUGH_MS, first_has_dropped, NULL),
		      "%s\n%s", once_reader->fake.log, second->fake.log);
	ck_assert_int_eq(once_reader->status, WEIR_OK);
	ck_assert_uint_eq(once_metrics_of(once_reader).delivered, 0);
	ck_assert_uint_ge(once_metrics_of(once_reader).transactions_aborted, 1);
	check_accounts(once_reader->pipeline, once_reader->source);
	kafka_reader_end(second);
	kafka_reader_end(once_reader);
}
END_TEST

static bool first_has_given(void *user)
{
	(void)user;
	return strstr(once_reader->fake.log, "given back") != NULL;
}

/* A partition is asked back: what is in the transaction is committed before it is given. */
START_TEST(what_is_asked_back_is_committed_before_it_is_given)
{
	once_join_group();
	once_to.transaction_ms = 30000;
	once_reader->options.until_end = false;
	kafka_reader_set(once_reader, "partition.assignment.strategy", "range");
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	once_start();
	kafka_readers_turn(once_reader, NULL, ONCE_ENOUGH_MS, once_all_are_submitted, NULL);
	ck_assert_uint_eq(once_metrics_of(once_reader).delivered, 0);
	second = kafka_reader_new(&once_cluster);
	kafka_reader_set(second, "partition.assignment.strategy", "range");
	once_make(second, ONCE_ID "-2");
	weir_route_add(second->pipeline, NULL, second->sink);
	ck_assert_msg(kafka_readers_turn(once_reader, second, ONCE_ENOUGH_MS, first_has_given, NULL),
		      "%s\n%s", once_reader->fake.log, second->fake.log);
	ck_assert_uint_eq(once_metrics_of(once_reader).delivered, ONCE_COUNT);
	ck_assert_uint_eq(once_dropped(once_reader, WEIR_DROP_REVOKED), 0);
	ck_assert_uint_eq(once_metrics_of(second).submitted, 0);
	kafka_reader_end(second);
	kafka_reader_end(once_reader);
}
END_TEST

static uint64_t leap_ms;	/* of the pipeline's clock, ahead of time */

static uint64_t leaping_ms(void *user)
{
	struct timespec now;

	(void)user;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + leap_ms;
}

static bool is_back(void *user)
{
	const char *gone = strstr(once_reader->fake.log, "given back");

	(void)user;
	return gone && strstr(gone, "partitions to read");
}

static bool all_were_given_back(void *user)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);

	(void)user;
	weir_pipeline_metrics(once_reader->pipeline, &metrics);
	return metrics.all.received == ONCE_COUNT &&
	       once_metrics_of(once_reader).transactions_aborted > 0;
}

static bool all_came_again(void *user)
{
	(void)user;
	return once_metrics_of(once_reader).delivered >= ONCE_COUNT ||
	       once_dropped(once_reader, WEIR_DROP_DUPLICATE) > 0;
}

/* What was lost waits still to be dropped, and counts as seen, when the partition is ours again. */
START_TEST(what_comes_again_with_a_lost_partition_is_no_duplicate_of_what_waits_to_be_dropped)
{
	rd_kafka_resp_err_t refused = RD_KAFKA_RESP_ERR_OPERATION_NOT_ATTEMPTED;
	rd_kafka_resp_err_t lost = RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;

	once_join_group();
	once_reader->fake.env.clock = (struct weir_clock){ leaping_ms, leaping_ms, NULL };
	once_reader->options.until_end = false;
	once_reader->pipeline_options.retry_first_ms = 2 * ONCE_ENOUGH_MS;
	once_reader->pipeline_options.retry_most_ms = 2 * ONCE_ENOUGH_MS;
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	rd_kafka_mock_push_request_errors_array(once_cluster.mock, ADD_PARTITIONS, 1, &refused);
	once_make(once_reader, ONCE_ID);
	weir_dedup_add(once_reader->pipeline,
		       WEIR_WITH(weir_dedup_options, .kinds = WEIR_KIND_RECORD));
	weir_route_add(once_reader->pipeline, NULL, once_reader->sink);
	ck_assert_msg(kafka_readers_turn(once_reader, NULL, ONCE_ENOUGH_MS, all_were_given_back, NULL),
		      "%s", once_reader->fake.log);
	rd_kafka_mock_push_request_errors_array(once_cluster.mock, HEARTBEAT, 1, &lost);
	ck_assert_msg(kafka_readers_turn(once_reader, NULL, ONCE_ENOUGH_MS, is_back, NULL), "%s",
		      once_reader->fake.log);
	kafka_readers_turn(once_reader, NULL, 500, all_came_again, NULL);
	leap_ms = 2 * ONCE_ENOUGH_MS;
	kafka_readers_turn(once_reader, NULL, ONCE_ENOUGH_MS, all_came_again, NULL);
	ck_assert_msg(once_dropped(once_reader, WEIR_DROP_DUPLICATE) == 0 &&
			      once_dropped(once_reader, WEIR_DROP_REVOKED) == ONCE_COUNT &&
			      once_metrics_of(once_reader).delivered == ONCE_COUNT,
		      "%d duplicates, %d revoked\n%s",
		      (int)once_dropped(once_reader, WEIR_DROP_DUPLICATE),
		      (int)once_dropped(once_reader, WEIR_DROP_REVOKED), once_reader->fake.log);
	kafka_reader_end(once_reader);
}
END_TEST

static bool first_is_asked(void *user)
{
	(void)user;
	return strstr(once_reader->fake.log, "asked back") != NULL;
}

/*
 * A failure closes the source while the group is owed an answer, and an abort is under way for that:
 * what is given back goes out again, in the time that a drain has.
 */
START_TEST(a_failure_while_partitions_are_asked_back_does_not_hold_up_the_drain)
{
	const struct weir_error failure = { .status = WEIR_ERR_STATE, .text = "enough" };

	once_join_group();
	once_to.transaction_ms = 30000;
	once_reader->options.until_end = false;
	once_reader->pipeline_options.drain_ms = 2 * ONCE_ENOUGH_MS;
	kafka_reader_set(once_reader, "partition.assignment.strategy", "range");
	kafka_reader_set(once_reader, "session.timeout.ms", "30000");
	kafka_reader_set(once_reader, "max.poll.interval.ms", "60000");
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	once_start_with_recorder();
	kafka_readers_turn(once_reader, NULL, ONCE_ENOUGH_MS, once_all_are_submitted, NULL);
	second = kafka_reader_new(&once_cluster);
	kafka_reader_set(second, "partition.assignment.strategy", "range");
	once_make(second, ONCE_ID "-2");
	ck_assert(kafka_readers_turn(once_reader, second, ONCE_ENOUGH_MS, first_is_asked, NULL));
	rd_kafka_mock_broker_set_rtt(once_cluster.mock, 1, 6000);
	kafka_readers_turn(once_reader, second, 3500, never, NULL);	/* the group waits for 3 s */
	weir_pipeline_fail(once_reader->pipeline, &failure);
	rd_kafka_mock_broker_set_rtt(once_cluster.mock, 1, 0);
	kafka_readers_turn(once_reader, second, 100, never, NULL);
	recorder_let_go(&once_reader->recorder);
	once_reader->recorder.holds = false;
	ck_assert_msg(kafka_reader_run(once_reader, ONCE_ENOUGH_MS) == WEIR_ERR_STATE, "%d\n%s",
		      (int)once_reader->status, once_reader->fake.log);
	ck_assert_msg(once_metrics_of(once_reader).delivered == ONCE_COUNT &&
			      once_metrics_of(once_reader).transactions_aborted > 0,
		      "%s", once_reader->fake.log);
	kafka_reader_end(second);
	kafka_reader_end(once_reader);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mock cluster");

	tcase_set_timeout(tcase, 240);
	tcase_add_checked_fixture(tcase, once_set_up, once_tear_down);
	tcase_add_test(tcase, who_wakes_up_after_its_partitions_went_delivers_nothing_of_them);
	tcase_add_test(tcase, what_is_asked_back_is_committed_before_it_is_given);
	tcase_add_test(
		tcase,
		what_comes_again_with_a_lost_partition_is_no_duplicate_of_what_waits_to_be_dropped);
	tcase_add_test(tcase, a_failure_while_partitions_are_asked_back_does_not_hold_up_the_drain);
	return run_case("kafka, exactly once, in a group", tcase);
}
