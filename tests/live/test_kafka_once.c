/* SPDX-License-Identifier: MIT */
/*
 * The Kafka sink's transactions on librdkafka's mock cluster: when they end, what is in them, sinks
 * that wait for each other. What a group and a reader find is tests/kafka/real_once.c's matter.
 */
#include <check.h>
#include <string.h>

#include "support/accounts.h"
#include "support/once_rig.h"
#include "support/run.h"

enum { PRODUCE = 0 };	/* Kafka's protocol guide, API keys */

START_TEST(all_is_committed_together_with_where_the_source_stands)
{
	once_join_group();
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	once_start();
	once_run_to_end("plain");
	ck_assert_uint_eq(once_metrics_of(once_reader).transactions_aborted, 0);
	ck_assert_uint_eq(once_metrics_of(once_reader).submitted, ONCE_COUNT);
	once_check_topic("plain");
	kafka_reader_end(once_reader);
}
END_TEST

/* ---- when ---- */

START_TEST(a_full_window_ends_a_transaction_before_its_time)
{
	once_to.transaction_ms = 30000;
	once_reader->pipeline_options.window_messages = 10;
	once_reader->options.until_end = false;
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	once_start();
	while (once_metrics_of(once_reader).delivered < ONCE_COUNT)
		ck_assert_msg(!kafka_readers_turn(once_reader, NULL, 20, once_has_ended, NULL) &&
				      once_reader->steps < 20000,
			      "%s", once_reader->fake.log);
	ck_assert_uint_ge(once_metrics_of(once_reader).transactions, 10);
	weir_pipeline_stop(once_reader->pipeline);
	once_run_to_end("stopped");
	kafka_reader_end(once_reader);
}
END_TEST

START_TEST(a_flush_and_a_stop_end_a_transaction_at_once)
{
	once_to.transaction_ms = 30000;
	once_reader->options.until_end = false;
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT / 2);
	once_start();
	while (once_metrics_of(once_reader).submitted < ONCE_COUNT / 2)
		ck_assert(!kafka_readers_turn(once_reader, NULL, 20, once_has_ended, NULL));
	ck_assert_uint_eq(once_metrics_of(once_reader).delivered, 0);
	ck_assert_int_eq(weir_pipeline_flush(once_reader->pipeline, ONCE_ENOUGH_MS), WEIR_OK);
	ck_assert_uint_eq(once_metrics_of(once_reader).delivered, ONCE_COUNT / 2);
	ck_assert_uint_eq(once_metrics_of(once_reader).transactions, 1);
	kafka_fill(&once_cluster, ONCE_FROM, 0, ONCE_COUNT / 2, ONCE_COUNT);
	while (once_metrics_of(once_reader).submitted < ONCE_COUNT)
		ck_assert(!kafka_readers_turn(once_reader, NULL, 20, once_has_ended, NULL));
	weir_pipeline_stop(once_reader->pipeline);
	once_run_to_end("stopped");
	ck_assert_uint_eq(once_metrics_of(once_reader).transactions, 2);
	kafka_reader_end(once_reader);
}
END_TEST

START_TEST(what_no_route_takes_is_committed_as_well)
{
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	once_make(once_reader, ONCE_ID);
	weir_route_add(once_reader->pipeline, WEIR_WITH(weir_route, .kinds = WEIR_KIND_TWEET),
		       once_reader->sink);
	ck_assert_msg(kafka_reader_run(once_reader, ONCE_ENOUGH_MS) == WEIR_END, "%s",
		      once_reader->fake.log);
	ck_assert_uint_ge(once_metrics_of(once_reader).transactions, 1);
	ck_assert_uint_eq(once_dropped(once_reader, WEIR_DROP_UNROUTED), ONCE_COUNT);
	check_accounts(once_reader->pipeline, once_reader->source);
	kafka_reader_end(once_reader);
}
END_TEST

START_TEST(what_waits_at_another_sink_holds_the_offsets_back)
{
	once_reader->options.until_end = false;
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	once_start_with_recorder();
	while (once_reader->recorder.count < ONCE_COUNT)
		ck_assert(!kafka_readers_turn(once_reader, NULL, 20, once_has_ended, NULL));
	kafka_readers_turn(once_reader, NULL, 500, once_has_ended, NULL);	/* two commits */
	ck_assert_uint_eq(once_metrics_of(once_reader).transactions, 0);
	recorder_let_go(&once_reader->recorder);
	weir_pipeline_stop(once_reader->pipeline);
	once_run_to_end("let go");
	kafka_reader_end(once_reader);
}
END_TEST

static bool one_was_committed(void *user)
{
	const struct weir_sink_metrics metrics = once_metrics_of(user);

	return metrics.transactions + metrics.transactions_aborted > 0;
}

START_TEST(what_another_sink_lets_go_of_is_committed_without_being_asked)
{
	once_set("transaction.timeout.ms", "20000");
	once_reader->options.until_end = false;
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	once_start_with_recorder();
	while (once_reader->recorder.count < ONCE_COUNT)
		ck_assert(!kafka_readers_turn(once_reader, NULL, 20, once_has_ended, NULL));
	kafka_readers_turn(once_reader, NULL, 500, once_has_ended, NULL);	/* two commits */
	recorder_let_go(&once_reader->recorder);
	ck_assert(kafka_readers_turn(once_reader, NULL, ONCE_ENOUGH_MS, one_was_committed,
				     once_reader));
	ck_assert_uint_eq(once_metrics_of(once_reader).transactions_aborted, 0);
	weir_pipeline_stop(once_reader->pipeline);
	once_run_to_end("stopped");
	kafka_reader_end(once_reader);
}
END_TEST

START_TEST(a_message_that_can_go_nowhere_is_a_dead_letter_and_the_others_go)
{
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	weir_sink *dead;

	once_set("linger.ms", "0");
	once_set("batch.num.messages", "1");	/* one message for the error */
	once_set("max.in.flight", "1");
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	rd_kafka_mock_push_request_errors_array(once_cluster.mock, PRODUCE, 1, &code);
	once_start();
	dead = recorder_add(&once_reader->recorder, once_reader->pipeline, "dead");
	weir_pipeline_set_dead_letters(once_reader->pipeline, dead, "");
	ck_assert_msg(kafka_reader_run(once_reader, ONCE_ENOUGH_MS) == WEIR_END, "%s",
		      once_reader->fake.log);
	weir_pipeline_metrics(once_reader->pipeline, &metrics);
	ck_assert_uint_eq(metrics.all.dead_lettered, 1);
	ck_assert_uint_eq(metrics.all.delivered, ONCE_COUNT - 1);
	ck_assert_uint_eq(once_reader->recorder.count, 1);
	ck_assert_uint_ge(once_metrics_of(once_reader).transactions_aborted, 1);
	kafka_reader_end(once_reader);
}
END_TEST

/* Allocations of one message: itself, its record's place in the window, its deliveries, … */
START_TEST(a_message_that_memory_ran_out_for_is_committed_with_all_of_its_routes_or_none)
{
	uint64_t delivered;

	once_to.transaction_ms = 30000;
	once_reader->options.until_end = false;
	once_reader->pipeline_options.drain_ms = 1500;
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT / 2);
	once_start();
	weir_route_add(once_reader->pipeline, NULL, once_reader->sink);
	while (once_metrics_of(once_reader).submitted < ONCE_COUNT)
		ck_assert(!kafka_readers_turn(once_reader, NULL, 20, once_has_ended, NULL));
	once_reader->fake.fail_at = once_reader->fake.calls + (size_t)_i;
	kafka_fill(&once_cluster, ONCE_FROM, 0, ONCE_COUNT / 2, ONCE_COUNT);
	ck_assert(kafka_readers_turn(once_reader, NULL, ONCE_ENOUGH_MS, once_has_ended, NULL));
	ck_assert_int_eq(once_reader->status, WEIR_ERR_NOMEM);
	delivered = once_metrics_of(once_reader).delivered;
	ck_assert_msg(delivered % 2 == 0, "%d: %d deliveries of two each were committed", _i,
		      (int)delivered);
	kafka_reader_end(once_reader);
}
END_TEST

/* ---- several sinks ---- */

#define MOST_SINKS 3

/* To which sinks the messages of each source go; sink N commits the offsets of source N. */
static const struct {
	const char *name;
	size_t count;
	const char *to[MOST_SINKS];
	bool waits;
} crossings[] = {
	{ "each has the other's", 2, { "1", "0" }, true },
	{ "each has both", 2, { "01", "01" }, true },
	{ "three in a ring", 3, { "1", "2", "0" }, true },
	{ "one has both", 2, { "0", "01" }, false },
	{ "three in a row", 3, { "01", "12", "2" }, false },
};

static void make_crossing(int row, weir_sink **sinks)
{
	static const char *const names[] = { "in", "in-1", "in-2", "out", "out-1", "out-2" };
	struct weir_kafka_partition from = { .topic = NULL };
	weir_source *sources[MOST_SINKS];
	const size_t count = crossings[row].count;

	once_reader->pipeline = weir_pipeline_new(&once_reader->pipeline_options);
	once_reader->options.partitions = &from;
	for (size_t i = 0; i < count; i++) {
		from.topic = names[i];
		kafka_fill(&once_cluster, from.topic, 0, 0, ONCE_COUNT);
		sources[i] = weir_kafka_source_add(once_reader->pipeline, names[i],
						   &once_reader->options);
		once_to.offsets_of = sources[i];
		once_to.transactional_id = names[3 + i];
		sinks[i] = weir_kafka_sink_add(once_reader->pipeline, names[3 + i], &once_to);
	}
	for (size_t i = 0; i < count; i++)
		for (const char *to = crossings[row].to[i]; *to; to++)
			weir_route_add(once_reader->pipeline,
				       WEIR_WITH(weir_route, .from = sources[i]), sinks[*to - '0']);
}

START_TEST(sinks_that_wait_for_each_other_s_commit_end_the_pipeline_which_names_them)
{
	static const char *const words[] = { "sink 'out", "it and sink 'out", "source 'in",
					     "read all with one source" };
	weir_sink *sinks[MOST_SINKS];
	const struct weir_error *err;
	enum weir_status status;

	make_crossing(_i, sinks);
	status = kafka_reader_run(once_reader, ONCE_ENOUGH_MS);
	err = weir_pipeline_error(once_reader->pipeline);
	ck_assert_msg(status == (crossings[_i].waits ? WEIR_ERR_INVALID : WEIR_END), "%s: %d, %s\n%s",
		      crossings[_i].name, (int)status, err->text, once_reader->fake.log);
	for (size_t i = 0; i < 4 && crossings[_i].waits; i++)
		ck_assert_msg(strstr(err->text, words[i]), "%s: %s", crossings[_i].name, err->text);
	kafka_reader_end(once_reader);
}
END_TEST

/* ---- the end ---- */

static bool never(void *user)
{
	(void)user;
	return false;
}

START_TEST(a_stop_while_no_coordinator_answers_ends_in_time_and_keeps_all)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);

	once_to.transaction_ms = 30000;
	once_reader->options.until_end = false;
	once_reader->pipeline_options.drain_ms = 300;
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	once_start();
	kafka_readers_turn(once_reader, NULL, ONCE_ENOUGH_MS, once_all_are_submitted, NULL);
	kafka_readers_turn(once_reader, NULL, 300, never, NULL);
	rd_kafka_mock_broker_set_rtt(once_cluster.mock, 1, 6000);
	weir_pipeline_stop(once_reader->pipeline);
	kafka_reader_run(once_reader, 5000);
	ck_assert_msg(once_reader->status == WEIR_END, "%d\n%s", (int)once_reader->status,
		      once_reader->fake.log);
	weir_pipeline_metrics(once_reader->pipeline, &metrics);
	ck_assert_uint_eq(metrics.all.delivered, 0);
	ck_assert_uint_eq(metrics.all.in_flight, ONCE_COUNT);
	check_accounts(once_reader->pipeline, once_reader->source);
	kafka_reader_end(once_reader);
}
END_TEST

/* ---- options ---- */

static const struct {
	const char *name;
	const char *id, *property, *value, *isolation;
	bool without_source, without_group, other_pipeline, twice;
	uint64_t transaction_ms;
	const char *says;
} mistakes[] = {
	{ .name = "no source", .id = ONCE_ID, .without_source = true, .says = "go together" },
	{ .name = "no id", .id = NULL, .says = "go together" },
	{ .name = "an empty id", .id = "", .says = "go together" },
	{ .name = "no group", .id = ONCE_ID, .without_group = true, .says = "with a group" },
	{ .name = "another pipeline's", .id = ONCE_ID, .other_pipeline = true,
	  .says = "another pipeline" },
	{ .name = "two sinks", .id = ONCE_ID, .twice = true, .says = "another sink" },
	{ .name = "isolation", .id = ONCE_ID, .isolation = "read_uncommitted",
	  .says = "isolation.level" },
	{ .name = "idempotence", .id = ONCE_ID, .property = "enable.idempotence", .value = "false",
	  .says = "enable.idempotence" },
	{ .name = "as a property", .id = ONCE_ID, .property = "transactional.id", .value = "x",
	  .says = ".transactional_id and .offsets_of" },
	{ .name = "too long", .id = ONCE_ID, .transaction_ms = 30001, .says = "transaction_ms" },
};

START_TEST(what_is_wrong_with_the_options_is_said_at_once)
{
	weir_pipeline *other = NULL;
	const struct weir_error *err;

	if (mistakes[_i].isolation)
		kafka_reader_set(once_reader, "isolation.level", mistakes[_i].isolation);
	if (mistakes[_i].without_group)
		once_reader->options.group = NULL;
	if (mistakes[_i].property)
		once_set(mistakes[_i].property, mistakes[_i].value);
	if (mistakes[_i].transaction_ms)
		once_to.transaction_ms = mistakes[_i].transaction_ms;
	once_reader->pipeline = weir_pipeline_new(&once_reader->pipeline_options);
	other = mistakes[_i].other_pipeline ? weir_pipeline_new(NULL) : NULL;
	once_reader->source = weir_kafka_source_add(other ? other : once_reader->pipeline, "in",
					       &once_reader->options);
	once_to.offsets_of = mistakes[_i].without_source ? NULL : once_reader->source;
	once_to.transactional_id = mistakes[_i].id;
	if (mistakes[_i].twice)
		ck_assert_ptr_nonnull(weir_kafka_sink_add(once_reader->pipeline, "first", &once_to));
	ck_assert_ptr_null(weir_kafka_sink_add(once_reader->pipeline, "out", &once_to));
	err = weir_pipeline_error(once_reader->pipeline);
	ck_assert_msg(err->status == WEIR_ERR_INVALID && strstr(err->text, mistakes[_i].says) &&
			      strstr(err->text, "sink 'out'"),
		      "%s: %s", mistakes[_i].name, err->text);
	weir_pipeline_free(other);
	kafka_reader_end(once_reader);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mock cluster");

	tcase_set_timeout(tcase, 240);
	tcase_add_checked_fixture(tcase, once_set_up, once_tear_down);
	tcase_add_test(tcase, all_is_committed_together_with_where_the_source_stands);
	tcase_add_test(tcase, a_full_window_ends_a_transaction_before_its_time);
	tcase_add_test(tcase, a_flush_and_a_stop_end_a_transaction_at_once);
	tcase_add_test(tcase, what_no_route_takes_is_committed_as_well);
	tcase_add_test(tcase, what_waits_at_another_sink_holds_the_offsets_back);
	tcase_add_test(tcase, what_another_sink_lets_go_of_is_committed_without_being_asked);
	tcase_add_test(tcase,
		       a_message_that_can_go_nowhere_is_a_dead_letter_and_the_others_go);
	tcase_add_loop_test(
		tcase, a_message_that_memory_ran_out_for_is_committed_with_all_of_its_routes_or_none,
		1, 6);
	LOOP(tcase, sinks_that_wait_for_each_other_s_commit_end_the_pipeline_which_names_them,
	     crossings);
	tcase_add_test(tcase, a_stop_while_no_coordinator_answers_ends_in_time_and_keeps_all);
	LOOP(tcase, what_is_wrong_with_the_options_is_said_at_once, mistakes);
	return run_case("kafka, exactly once", tcase);
}
