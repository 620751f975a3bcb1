/* SPDX-License-Identifier: MIT */
/* The fault kit's Kafka cluster, met by librdkafka's own producer: each call does what it says. */
#include "support/run.h"
#include "weir/testing.h"

#include <check.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PATIENCE_MS 20000

static weir_test_broker *cluster;
static struct weir_error why;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void start(uint32_t brokers)
{
	cluster = weir_test_broker_new(WEIR_WITH(weir_test_broker_options, .broker_count = brokers),
				       &why);
	ck_assert_msg(cluster != NULL, "%s", why.text);
}

static void stop(void)
{
	ck_assert_ptr_null(weir_test_broker_free(cluster));
}

/* ---- a client of it */

struct producer {
	rd_kafka_t *client;
	unsigned told;			/* delivery reports */
	rd_kafka_resp_err_t last;	/* what the latest says */
};

static void note_report(rd_kafka_t *client, const rd_kafka_message_t *report, void *user)
{
	struct producer *producer = user;

	(void)client;
	producer->told++;
	producer->last = report->err;
}

/* With `retries` of "0" the first failure is the last. */
static void producer_open(struct producer *producer, const char *retries, const char *timeout_ms)
{
	const char *const set[][2] = {
		{ "bootstrap.servers", weir_test_broker_addresses(cluster) },
		{ "retries", retries },
		{ "message.timeout.ms", timeout_ms },
		{ "retry.backoff.ms", "10" },
		{ "reconnect.backoff.max.ms", "200" },
		{ "topic.metadata.refresh.interval.ms", "100" },
		{ "topic.metadata.refresh.fast.interval.ms", "50" },
		{ "linger.ms", "0" },
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char text[256];

	*producer = (struct producer){ 0 };
	rd_kafka_conf_set_opaque(conf, producer);
	rd_kafka_conf_set_dr_msg_cb(conf, note_report);
	rd_kafka_conf_set_log_cb(conf, NULL);
	for (size_t i = 0; i < sizeof set / sizeof *set; i++)
		ck_assert_msg(rd_kafka_conf_set(conf, set[i][0], set[i][1], text, sizeof text) ==
			      RD_KAFKA_CONF_OK, "%s", text);
	producer->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	ck_assert_msg(producer->client != NULL, "%s", text);
}

static void producer_close(struct producer *producer)
{
	rd_kafka_destroy(producer->client);
}

/* Sends one and waits for its report. */
static rd_kafka_resp_err_t produce(struct producer *producer, const char *topic, int32_t partition,
				   const char *value)
{
	const unsigned before = producer->told;
	const int64_t until_ms = now_ms() + PATIENCE_MS;

	ck_assert_int_eq(rd_kafka_producev(producer->client, RD_KAFKA_V_TOPIC(topic),
					   RD_KAFKA_V_PARTITION(partition),
					   RD_KAFKA_V_KEY("key", 3),
					   RD_KAFKA_V_VALUE((void *)(uintptr_t)value, strlen(value)),
					   RD_KAFKA_V_HEADER("a", "1", 1),
					   RD_KAFKA_V_HEADER("b", NULL, 0),
					   RD_KAFKA_V_TIMESTAMP(1500000000000),
					   RD_KAFKA_V_END), 0);
	while (producer->told == before && now_ms() < until_ms)
		rd_kafka_poll(producer->client, 100);
	ck_assert_uint_eq(producer->told, before + 1);
	return producer->last;
}

/* One record from a client of its own. */
static rd_kafka_resp_err_t produce_once(const char *topic, const char *timeout_ms)
{
	struct producer producer;
	rd_kafka_resp_err_t code;

	producer_open(&producer, "0", timeout_ms);
	code = produce(&producer, topic, RD_KAFKA_PARTITION_UA, "once");
	producer_close(&producer);
	return code;
}

static uint64_t count(const char *topic)
{
	uint64_t got = 0;

	ck_assert_msg(weir_test_topic_count(cluster, topic, &got, &why) == WEIR_OK, "%s", why.text);
	return got;
}

/* ---- topics */

struct seen {
	char text[256];		/* "PARTITION:OFFSET=VALUE " of each */
	unsigned most;		/* 0: all */
	unsigned records;
};

static bool note(void *user, const struct weir_test_record *record)
{
	struct seen *seen = user;
	const size_t len = strlen(seen->text);

	snprintf(seen->text + len, sizeof seen->text - len, "%u:%ju=%.*s ", record->partition,
		 (uintmax_t)record->offset, (int)record->value.len,
		 (const char *)record->value.data);
	ck_assert_uint_eq(record->key.len, 3);
	ck_assert_mem_eq(record->key.data, "key", 3);
	ck_assert_int_eq(record->time_ms, 1500000000000);
	ck_assert_uint_eq(record->header_count, 2);
	ck_assert_str_eq(record->headers[0].name, "a");
	ck_assert_uint_eq(record->headers[0].value.len, 1);
	ck_assert_mem_eq(record->headers[0].value.data, "1", 1);
	ck_assert_str_eq(record->headers[1].name, "b");
	ck_assert_uint_eq(record->headers[1].value.len, 0);
	return ++seen->records != seen->most;
}

static void fill(const char *topic)
{
	struct producer producer;

	producer_open(&producer, "0", "20000");
	ck_assert_int_eq(produce(&producer, topic, 2, "e"), 0);
	ck_assert_int_eq(produce(&producer, topic, 0, "a"), 0);
	ck_assert_int_eq(produce(&producer, topic, 1, "c"), 0);
	ck_assert_int_eq(produce(&producer, topic, 1, "d"), 0);
	ck_assert_int_eq(produce(&producer, topic, 0, "b"), 0);
	producer_close(&producer);
}

START_TEST(what_was_written_is_read_partition_by_partition)
{
	struct seen seen = { 0 };

	start(1);
	ck_assert_int_eq(weir_test_topic_add(cluster, "t", 3), WEIR_OK);
	ck_assert_uint_eq(count("t"), 0);
	ck_assert_int_eq(weir_test_topic_read(cluster, "t", note, &seen, &why), WEIR_OK);
	ck_assert_str_eq(seen.text, "");
	fill("t");
	ck_assert_uint_eq(count("t"), 5);
	ck_assert_int_eq(weir_test_topic_read(cluster, "t", note, &seen, NULL), WEIR_OK);
	ck_assert_str_eq(seen.text, "0:0=a 0:1=b 1:0=c 1:1=d 2:0=e ");
	stop();
}
END_TEST

START_TEST(reading_ends_when_the_callback_has_enough)
{
	struct seen seen = { .most = 2 };

	start(1);
	weir_test_topic_add(cluster, "t", 3);
	fill("t");
	ck_assert_int_eq(weir_test_topic_read(cluster, "t", note, &seen, &why), WEIR_OK);
	ck_assert_str_eq(seen.text, "0:0=a 0:1=b ");
	stop();
}
END_TEST

/* Asking for a topic can make one: not here. */
START_TEST(a_topic_that_is_not_there_is_refused_each_time)
{
	struct seen seen = { 0 };
	uint64_t got = 7;

	start(1);
	weir_test_topic_add(cluster, "other", 1);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(weir_test_topic_count(cluster, "t", &got, &why), WEIR_ERR_REFUSED);
		ck_assert_int_eq(why.status, WEIR_ERR_REFUSED);
		ck_assert_int_eq(why.remote_code, WEIR_TEST_UNKNOWN_TOPIC);
		ck_assert_ptr_nonnull(strstr(why.text, "'t'"));
		ck_assert_int_eq(weir_test_topic_read(cluster, "t", note, &seen, NULL),
				 WEIR_ERR_REFUSED);
	}
	ck_assert_uint_eq(got, 7);
	stop();
}
END_TEST

START_TEST(a_topic_is_made_once)
{
	start(1);
	ck_assert_int_eq(weir_test_topic_add(cluster, "t", 1), WEIR_OK);
	ck_assert_int_eq(weir_test_topic_add(cluster, "t", 1), WEIR_ERR_STATE);
	stop();
}
END_TEST

START_TEST(a_topic_s_error_is_told_until_it_is_taken_back)
{
	uint64_t got;

	start(1);
	weir_test_topic_add(cluster, "t", 1);
	ck_assert_int_eq(weir_test_topic_set_error(cluster, "t", WEIR_TEST_TOPIC_FORBIDDEN),
			 WEIR_OK);
	ck_assert_int_eq(weir_test_topic_count(cluster, "t", &got, &why), WEIR_ERR_REFUSED);
	ck_assert_int_eq(why.remote_code, WEIR_TEST_TOPIC_FORBIDDEN);
	ck_assert_int_eq(produce_once("t", "300"), RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
	ck_assert_int_eq(weir_test_topic_set_error(cluster, "t", WEIR_TEST_OK), WEIR_OK);
	ck_assert_int_eq(produce_once("t", "20000"), 0);
	ck_assert_uint_eq(count("t"), 1);
	stop();
}
END_TEST

/* ---- codes */

static const struct {
	const char *name;
	int32_t code;
	rd_kafka_resp_err_t want;
} codes[] = {
	{ "a topic that is forbidden", WEIR_TEST_TOPIC_FORBIDDEN,
	  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED },
	{ "a batch too large", WEIR_TEST_TOO_LARGE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE },
	{ "too few replicas", WEIR_TEST_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS },
	{ "a disk that fails", WEIR_TEST_STORAGE_ERROR, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR },
	{ "a connection cut", WEIR_TEST_CUT, RD_KAFKA_RESP_ERR__TRANSPORT },
};

START_TEST(a_code_is_answered_once_and_nothing_is_written)
{
	struct producer producer;
	rd_kafka_resp_err_t got;

	start(1);
	weir_test_topic_add(cluster, "t", 1);
	producer_open(&producer, "0", "20000");
	ck_assert_int_eq(weir_test_broker_push_codes(cluster, WEIR_TEST_PRODUCE, &codes[_i].code,
						     1), WEIR_OK);
	got = produce(&producer, "t", 0, "refused");
	ck_assert_msg(got == codes[_i].want, "%s: %s", codes[_i].name, rd_kafka_err2name(got));
	producer_close(&producer);
	ck_assert_uint_eq(count("t"), 0);
	ck_assert_int_eq(produce_once("t", "20000"), 0);
	ck_assert_uint_eq(count("t"), 1);
	stop();
}
END_TEST

START_TEST(codes_come_in_order_and_can_be_taken_back)
{
	static const int32_t some[] = { WEIR_TEST_TOO_LARGE, WEIR_TEST_OK,
					WEIR_TEST_STORAGE_ERROR, WEIR_TEST_TOO_LARGE };
	struct producer producer;

	start(1);
	weir_test_topic_add(cluster, "t", 1);
	producer_open(&producer, "0", "20000");
	ck_assert_int_eq(weir_test_broker_push_codes(cluster, WEIR_TEST_PRODUCE, some, 1), WEIR_OK);
	ck_assert_int_eq(weir_test_broker_push_codes(cluster, WEIR_TEST_PRODUCE, some + 1, 3),
			 WEIR_OK);
	ck_assert_int_eq(produce(&producer, "t", 0, "1"), RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	ck_assert_int_eq(produce(&producer, "t", 0, "2"), 0);
	ck_assert_int_eq(produce(&producer, "t", 0, "3"), RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR);
	ck_assert_int_eq(weir_test_broker_clear_codes(cluster, WEIR_TEST_PRODUCE), WEIR_OK);
	ck_assert_int_eq(produce(&producer, "t", 0, "4"), 0);
	producer_close(&producer);
	stop();
}
END_TEST

START_TEST(one_broker_s_answers_are_late_and_counted_down)
{
	static const struct weir_test_answer answers[] = {
		{ WEIR_TEST_CUT, 0 }, { WEIR_TEST_NOT_LEADER, 0 }, { WEIR_TEST_OK, 300 },
	};
	struct producer producer;
	int64_t started_ms;

	start(2);
	weir_test_topic_add(cluster, "t", 1);
	weir_test_topic_set_leader(cluster, "t", 0, 2);
	ck_assert_int_eq(weir_test_broker_push_answers(cluster, 2, WEIR_TEST_PRODUCE, answers, 3),
			 WEIR_OK);
	ck_assert_uint_eq(weir_test_broker_answers_left(cluster, 2, WEIR_TEST_PRODUCE), 3);
	ck_assert_uint_eq(weir_test_broker_answers_left(cluster, 1, WEIR_TEST_PRODUCE), 0);
	producer_open(&producer, "10", "20000");
	started_ms = now_ms();
	ck_assert_int_eq(produce(&producer, "t", 0, "a"), 0);
	ck_assert_int_ge(now_ms() - started_ms, 300);
	ck_assert_uint_eq(weir_test_broker_answers_left(cluster, 2, WEIR_TEST_PRODUCE), 0);
	producer_close(&producer);
	stop();
}
END_TEST

/* ---- brokers */

START_TEST(a_broker_goes_away_and_comes_back_with_what_it_had)
{
	uint64_t got;

	cluster = weir_test_broker_new(WEIR_WITH(weir_test_broker_options, .patience_ms = 300), &why);
	ck_assert_ptr_nonnull(cluster);
	weir_test_topic_add(cluster, "t", 1);
	ck_assert_int_eq(produce_once("t", "20000"), 0);
	ck_assert_int_eq(weir_test_broker_set_down(cluster, 1), WEIR_OK);
	ck_assert_int_eq(weir_test_broker_set_down(cluster, 0), WEIR_OK);
	ck_assert_int_eq(produce_once("t", "300"), RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
	ck_assert_int_eq(weir_test_topic_count(cluster, "t", &got, &why), WEIR_ERR_TIMEOUT);
	ck_assert_int_eq(why.status, WEIR_ERR_TIMEOUT);
	ck_assert_int_eq(weir_test_broker_set_up(cluster, 0), WEIR_OK);
	ck_assert_int_eq(weir_test_broker_set_up(cluster, 1), WEIR_OK);
	ck_assert_int_eq(produce_once("t", "20000"), 0);
	stop();
}
END_TEST

START_TEST(a_slow_broker_answers_late)
{
	int64_t started_ms;

	start(1);
	weir_test_topic_add(cluster, "t", 1);
	ck_assert_int_eq(weir_test_broker_set_rtt(cluster, 0, 200), WEIR_OK);
	started_ms = now_ms();
	ck_assert_int_eq(produce_once("t", "20000"), 0);
	ck_assert_int_ge(now_ms() - started_ms, 200);
	ck_assert_int_eq(weir_test_broker_set_rtt(cluster, 1, 0), WEIR_OK);
	stop();
}
END_TEST

START_TEST(a_partition_moves_to_another_broker_or_to_none)
{
	struct producer producer;

	start(2);
	weir_test_topic_add(cluster, "t", 1);
	ck_assert_int_eq(weir_test_topic_set_leader(cluster, "t", 0, 1), WEIR_OK);
	producer_open(&producer, "100", "20000");
	ck_assert_int_eq(produce(&producer, "t", 0, "a"), 0);
	ck_assert_int_eq(weir_test_topic_set_leader(cluster, "t", 0, 2), WEIR_OK);
	ck_assert_int_eq(weir_test_broker_set_down(cluster, 1), WEIR_OK);
	ck_assert_int_eq(produce(&producer, "t", 0, "b"), 0);
	producer_close(&producer);
	ck_assert_int_eq(weir_test_broker_set_up(cluster, 1), WEIR_OK);
	ck_assert_int_eq(weir_test_topic_set_leader(cluster, "t", 0, 0), WEIR_OK);
	ck_assert_int_eq(produce_once("t", "300"), RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
	stop();
}
END_TEST

START_TEST(a_cluster_has_the_brokers_that_were_asked_for)
{
	unsigned ports[3];
	int end = 0;

	start(3);
	ck_assert_int_eq(sscanf(weir_test_broker_addresses(cluster),
				"127.0.0.1:%u,127.0.0.1:%u,127.0.0.1:%u%n", &ports[0], &ports[1],
				&ports[2], &end), 3);
	ck_assert_uint_eq((size_t)end, strlen(weir_test_broker_addresses(cluster)));
	ck_assert_int_eq(weir_test_broker_set_down(cluster, 3), WEIR_OK);
	stop();
}
END_TEST

START_TEST(two_clusters_share_nothing)
{
	weir_test_broker *first;
	uint64_t got;

	start(1);
	weir_test_topic_add(cluster, "t", 1);
	first = cluster;
	start(1);
	ck_assert_str_ne(weir_test_broker_addresses(first), weir_test_broker_addresses(cluster));
	ck_assert_int_eq(weir_test_broker_set_down(first, 0), WEIR_OK);
	ck_assert_int_eq(weir_test_topic_count(cluster, "t", &got, NULL), WEIR_ERR_REFUSED);
	weir_test_broker_free(first);
	weir_test_topic_add(cluster, "t", 1);
	ck_assert_int_eq(produce_once("t", "20000"), 0);
	stop();
}
END_TEST

/* ---- any thread */

static void *add_topics(void *user)
{
	for (int i = 0; i < 20; i++) {
		char name[32];

		snprintf(name, sizeof name, "%s-%d", (const char *)user, i);
		if (weir_test_topic_add(cluster, name, 1) != WEIR_OK ||
		    weir_test_broker_set_rtt(cluster, 0, (uint32_t)i % 2) != WEIR_OK ||
		    weir_test_broker_push_codes(cluster, WEIR_TEST_END_TXN, (int32_t[]){ 7 }, 1) < 0)
			return user;
	}
	return NULL;
}

START_TEST(every_thread_may_call)
{
	static char names[4][2] = { "a", "b", "c", "d" };
	pthread_t threads[4];
	void *result;

	start(1);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_topics, names[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], &result);
		ck_assert_ptr_null(result);
	}
	ck_assert_uint_eq(count("d-19"), 0);
	stop();
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, what_was_written_is_read_partition_by_partition);
	tcase_add_test(tcase, reading_ends_when_the_callback_has_enough);
	tcase_add_test(tcase, a_topic_that_is_not_there_is_refused_each_time);
	tcase_add_test(tcase, a_topic_is_made_once);
	tcase_add_test(tcase, a_topic_s_error_is_told_until_it_is_taken_back);
	LOOP(tcase, a_code_is_answered_once_and_nothing_is_written, codes);
	tcase_add_test(tcase, codes_come_in_order_and_can_be_taken_back);
	tcase_add_test(tcase, one_broker_s_answers_are_late_and_counted_down);
	tcase_add_test(tcase, a_broker_goes_away_and_comes_back_with_what_it_had);
	tcase_add_test(tcase, a_slow_broker_answers_late);
	tcase_add_test(tcase, a_partition_moves_to_another_broker_or_to_none);
	tcase_add_test(tcase, a_cluster_has_the_brokers_that_were_asked_for);
	tcase_add_test(tcase, two_clusters_share_nothing);
	tcase_add_test(tcase, every_thread_may_call);
}

int main(void)
{
	TCase *tcase = tcase_create("testing_broker");

	tcase_set_timeout(tcase, 60);
	add_tests(tcase);
	return run_case("testing_broker", tcase);
}
