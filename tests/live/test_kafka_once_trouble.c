/* SPDX-License-Identifier: MIT */
/*
 * What a transaction of the Kafka sink meets: coordinators that load, commits in doubt, fences, its
 * own age. On librdkafka's mock cluster, which answers as it is told.
 */
#include <check.h>
#include <poll.h>
#include <string.h>

#include "support/accounts.h"
#include "support/once_rig.h"
#include "support/run.h"

/* Kafka's protocol guide, API keys. */
enum { PRODUCE = 0, INIT = 22, ADD_PARTITIONS = 24, ADD_OFFSETS = 25, END = 26, SEND = 28 };
enum { MOST_ERRORS = 4 };

/* ---- errors ---- */

#define CODE(name) RD_KAFKA_RESP_ERR_##name

static const struct {
	const char *name;
	int16_t api;
	rd_kafka_resp_err_t code;
	size_t times;
	unsigned aborts;	/* at least */
	bool is_new;		/* the client was made anew */
	const char *says;	/* in the log; NULL: nothing to look for */
} errors[] = {
	{ "the coordinator loads at first", INIT, CODE(COORDINATOR_LOAD_IN_PROGRESS), 3, 0, false,
	  NULL },
	{ "another transaction of the id ends", INIT, CODE(CONCURRENT_TRANSACTIONS), 3, 0, false,
	  NULL },
	{ "partitions later", ADD_PARTITIONS, CODE(CONCURRENT_TRANSACTIONS), 3, 0, false, NULL },
	{ "partitions refused", ADD_PARTITIONS, CODE(OPERATION_NOT_ATTEMPTED), 1, 1, false,
	  "a transaction was aborted" },
	{ "offsets later", ADD_OFFSETS, CODE(COORDINATOR_LOAD_IN_PROGRESS), 3, 0, false, NULL },
	{ "group later", SEND, CODE(COORDINATOR_LOAD_IN_PROGRESS), 3, 0, false, NULL },
	{ "another generation", SEND, CODE(ILLEGAL_GENERATION), 1, 1, false,
	  "shared out its partitions anew" },
	{ "put out of the group", SEND, CODE(UNKNOWN_MEMBER_ID), 2, 1, false,
	  "a transaction was aborted" },
	{ "the commit later", END, CODE(CONCURRENT_TRANSACTIONS), 3, 0, false, NULL },
	{ "the commit's coordinator moves", END, CODE(NOT_COORDINATOR), 2, 0, false, NULL },
	{ "a commit in doubt", END, CODE(INVALID_PRODUCER_ID_MAPPING), 1, 1, false,
	  "the commit in doubt was not made" },
	{ "a state that is none", END, CODE(INVALID_TXN_STATE), 1, 1, true, "made anew" },
	{ "a message that broke the sequence", PRODUCE, CODE(OUT_OF_ORDER_SEQUENCE_NUMBER), 1, 1,
	  false, NULL },
	{ "the id is forgotten", ADD_PARTITIONS, CODE(INVALID_PRODUCER_ID_MAPPING), 1, 0, false,
	  NULL },
};

START_TEST(what_a_transaction_meets_costs_nothing)
{
	const char *name = errors[_i].name;
	rd_kafka_resp_err_t codes[MOST_ERRORS];

	for (size_t i = 0; i < MOST_ERRORS; i++)
		codes[i] = errors[_i].code;
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	rd_kafka_mock_push_request_errors_array(once_cluster.mock, errors[_i].api, errors[_i].times,
						codes);
	once_start();
	once_run_to_end(name);
	ck_assert_msg(once_metrics_of(once_reader).transactions_aborted >= errors[_i].aborts,
		      "%s: %d aborted\n%s", name,
		      (int)once_metrics_of(once_reader).transactions_aborted,
		      once_reader->fake.log);
	ck_assert_msg((strstr(once_reader->fake.log, "made anew") != NULL) >= errors[_i].is_new,
		      "%s\n%s", name, once_reader->fake.log);
	ck_assert_msg(!errors[_i].says || strstr(once_reader->fake.log, errors[_i].says), "%s\n%s",
		      name, once_reader->fake.log);
	once_check_topic(name);
	kafka_reader_end(once_reader);
}
END_TEST

static void set_committed(int64_t offset)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_t *client;
	char text[256];

	rd_kafka_conf_set(conf, "bootstrap.servers", once_cluster.brokers, text, sizeof text);
	rd_kafka_conf_set(conf, "group.id", "readers", text, sizeof text);
	client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
	ck_assert_ptr_nonnull(client);
	rd_kafka_topic_partition_list_add(list, ONCE_FROM, 0)->offset = offset;
	ck_assert_int_eq(rd_kafka_commit(client, list, 0), 0);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(client);
}

static const struct {
	const char *says;
	rd_kafka_resp_err_t code;
	int64_t committed;
	uint64_t submitted;
} doubts[] = {
	{ "the commit in doubt was made", CODE(INVALID_PRODUCER_ID_MAPPING), ONCE_COUNT, ONCE_COUNT },
	{ "the commit in doubt was not made", CODE(INVALID_PRODUCER_ID_MAPPING), ONCE_COUNT - 1,
	  ONCE_COUNT * 2 },
	{ "the commit in doubt was made", CODE(INVALID_TXN_STATE), ONCE_COUNT, ONCE_COUNT },
	{ "the commit in doubt was not made", CODE(INVALID_TXN_STATE), ONCE_COUNT - 1, ONCE_COUNT * 2 },
};

START_TEST(a_commit_in_doubt_is_what_the_group_says_of_it)
{
	rd_kafka_resp_err_t code = doubts[_i].code;

	once_reader->options.until_end = false;
	once_reader->pipeline_options.drain_ms = ONCE_ENOUGH_MS;
	once_to.transaction_ms = 30000;
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	rd_kafka_mock_push_request_errors_array(once_cluster.mock, END, 1, &code);
	once_start();
	ck_assert(kafka_readers_turn(once_reader, NULL, ONCE_ENOUGH_MS, once_all_are_submitted, NULL));
	set_committed(doubts[_i].committed);
	weir_pipeline_stop(once_reader->pipeline);
	once_run_to_end(doubts[_i].says);
	ck_assert_msg(strstr(once_reader->fake.log, doubts[_i].says) != NULL, "%s: %s",
		      doubts[_i].says, once_reader->fake.log);
	ck_assert_uint_eq(once_metrics_of(once_reader).submitted, doubts[_i].submitted);
	kafka_reader_end(once_reader);
}
END_TEST

/* ---- fences ---- */

static const struct {
	const char *name;
	int16_t api;
	rd_kafka_resp_err_t code;
} fences[] = {
	{ "partitions", ADD_PARTITIONS, CODE(PRODUCER_FENCED) },
	{ "partitions, epoch", ADD_PARTITIONS, CODE(INVALID_PRODUCER_EPOCH) },
	{ "offsets", ADD_OFFSETS, CODE(INVALID_PRODUCER_EPOCH) },
	{ "group", SEND, CODE(INVALID_PRODUCER_EPOCH) },
	{ "commit", END, CODE(PRODUCER_FENCED) },
	{ "a message", PRODUCE, CODE(PRODUCER_FENCED) },
	{ "a message, epoch", PRODUCE, CODE(INVALID_PRODUCER_EPOCH) },
};

START_TEST(another_process_with_the_id_ends_the_pipeline_which_says_so)
{
	rd_kafka_resp_err_t code = fences[_i].code;
	const struct weir_error *err;

	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	rd_kafka_mock_push_request_errors_array(once_cluster.mock, fences[_i].api, 1, &code);
	once_start();
	kafka_reader_run(once_reader, ONCE_ENOUGH_MS);
	err = weir_pipeline_error(once_reader->pipeline);
	ck_assert_msg(once_reader->status == WEIR_ERR_STATE, "%s: %d, %s\n%s", fences[_i].name,
		      (int)once_reader->status, err->text, once_reader->fake.log);
	ck_assert_msg(strstr(err->text, "transactional_id '" ONCE_ID "'; give each process its own"),
		      "%s: %s", fences[_i].name, err->text);
	ck_assert_uint_eq(once_metrics_of(once_reader).delivered, 0);
	check_accounts(once_reader->pipeline, once_reader->source);
	kafka_reader_end(once_reader);
}
END_TEST

/* Nothing of it can go, and nobody says which message it was. */
START_TEST(a_topic_that_may_not_be_written_to_ends_the_pipeline)
{
	rd_kafka_resp_err_t code = CODE(TOPIC_AUTHORIZATION_FAILED);

	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	rd_kafka_mock_push_request_errors_array(once_cluster.mock, ADD_PARTITIONS, 1, &code);
	once_start();
	kafka_reader_run(once_reader, ONCE_ENOUGH_MS);
	ck_assert_msg(once_reader->status == WEIR_ERR_AUTH, "%d, %s\n%s", (int)once_reader->status,
		      weir_pipeline_error(once_reader->pipeline)->text, once_reader->fake.log);
	ck_assert_uint_eq(once_metrics_of(once_reader).delivered, 0);
	kafka_reader_end(once_reader);
}
END_TEST

static bool is_in_one(void *user)
{
	(void)user;
	return once_metrics_of(once_reader).submitted > 0 || once_reader->status != WEIR_OK;
}

/* The coordinator has ended it: what looks like a fence is our own transaction's age. */
START_TEST(a_transaction_that_was_held_for_too_long_is_recovered_from)
{
	rd_kafka_resp_err_t codes[] = { CODE(INVALID_PRODUCER_EPOCH),
					CODE(INVALID_PRODUCER_EPOCH) };

	once_set("transaction.timeout.ms", "1000");
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	once_start();
	kafka_readers_turn(once_reader, NULL, ONCE_ENOUGH_MS, is_in_one, NULL);
	rd_kafka_mock_push_request_errors_array(once_cluster.mock, END, 1, codes);
	poll(NULL, 0, 1100);	/* nobody turns the pipeline: as if it had been stopped */
	once_run_to_end("held");
	ck_assert_msg(strstr(once_reader->fake.log, "lasted longer than transaction.timeout.ms"), "%s",
		      once_reader->fake.log);
	once_check_topic("held");
	kafka_reader_end(once_reader);
}
END_TEST

/* The coordinator would end it, and take this process for a stranger afterwards. */
START_TEST(a_transaction_that_lasts_too_long_is_aborted_and_made_again)
{
	once_set("transaction.timeout.ms", "2000");
	once_reader->options.until_end = false;
	once_reader->pipeline_options.drain_ms = ONCE_ENOUGH_MS;
	kafka_fill(&once_cluster, ONCE_FROM, 0, 0, ONCE_COUNT);
	once_start_with_recorder();
	while (once_metrics_of(once_reader).transactions_aborted == 0)
		ck_assert(!kafka_readers_turn(once_reader, NULL, 20, once_has_ended, NULL));
	ck_assert_uint_eq(once_metrics_of(once_reader).transactions, 0);
	recorder_let_go(&once_reader->recorder);
	weir_pipeline_stop(once_reader->pipeline);
	once_run_to_end("let go");
	ck_assert_msg(strstr(once_reader->fake.log, "three quarters of transaction.timeout.ms"), "%s",
		      once_reader->fake.log);
	once_check_topic("let go");
	kafka_reader_end(once_reader);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mock cluster");

	tcase_set_timeout(tcase, 240);
	tcase_add_checked_fixture(tcase, once_set_up, once_tear_down);
	LOOP(tcase, what_a_transaction_meets_costs_nothing, errors);
	LOOP(tcase, a_commit_in_doubt_is_what_the_group_says_of_it, doubts);
	LOOP(tcase, another_process_with_the_id_ends_the_pipeline_which_says_so, fences);
	tcase_add_test(tcase, a_topic_that_may_not_be_written_to_ends_the_pipeline);
	tcase_add_test(tcase, a_transaction_that_was_held_for_too_long_is_recovered_from);
	tcase_add_test(tcase, a_transaction_that_lasts_too_long_is_aborted_and_made_again);
	return run_case("kafka, exactly once, in trouble", tcase);
}
