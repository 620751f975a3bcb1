/* SPDX-License-Identifier: MIT */
/*
 * The Kafka sink when its client can go on no more: it is made anew, and what was not acknowledged
 * is sent again in its order.
 *
 * The mock cluster does not look at sequence numbers, as a broker does: it would take a request
 * that stands behind a refused one. One request at a time is allowed, therefore, where order is
 * judged.
 */
#include <check.h>
#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support/kafka_order.h"
#include "support/run.h"

#define ENOUGH_MS 30000
#define PARTITIONS 3
#define COUNT 600
#define MANY 15000

/* ---- the sink's clients, seen from outside: the sink's calls come here ---- */

static struct {
	rd_kafka_t *last;
	unsigned made;
	unsigned to_fail;	/* so many of those after the first are refused */
} clients;

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *text, size_t size)
{
	union {
		void *found;
		rd_kafka_t *(*call)(rd_kafka_type_t, rd_kafka_conf_t *, char *, size_t);
	} real = { .found = dlsym(RTLD_NEXT, "rd_kafka_new") };
	char id[16] = "";
	size_t id_size = sizeof id;
	rd_kafka_t *client;

	rd_kafka_conf_get(conf, "client.id", id, &id_size);
	if (strcmp(id, "weir") != 0)
		return real.call(type, conf, text, size);
	if (clients.made > 0 && clients.to_fail > 0) {
		clients.to_fail--;
		snprintf(text, size, "no threads left");
		return NULL;
	}
	client = real.call(type, conf, text, size);
	clients.last = client;
	clients.made++;
	return client;
}

static struct kafka_rig *rig_new(int partitions, const char *in_flight)
{
	struct kafka_rig *rig = kafka_rig_new();

	clients.made = clients.to_fail = 0;
	rd_kafka_mock_topic_create(rig->cluster.mock, "tweets", partitions, 1);
	kafka_rig_set(rig, "max.in.flight", in_flight);
	kafka_rig_set(rig, "retry.backoff.ms", "10");
	kafka_rig_set(rig, "reconnect.backoff.max.ms", "100");
	kafka_rig_start_all(rig);
	return rig;
}

static double real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static unsigned times_said(const struct kafka_rig *rig, const char *words)
{
	unsigned times = 0;

	for (const char *at = rig->fake.log; (at = strstr(at, words)); at++)
		times++;
	return times;
}

/* All that was pushed is in the topic, in order, and no copy of it that is not counted. */
static unsigned check_all(struct kafka_rig *rig, int32_t partitions, const char *name)
{
	const struct weir_sink_metrics metrics = kafka_rig_metrics(rig);
	const unsigned copies = kafka_order_check(rig, "tweets", partitions, COUNT);

	ck_assert_msg(metrics.delivered == COUNT, "%s: %ju delivered", name,
		      (uintmax_t)metrics.delivered);
	ck_assert_msg(metrics.possible_duplicates >= copies, "%s: %u copies, %ju counted", name,
		      copies, (uintmax_t)metrics.possible_duplicates);
	printf("%-40s %u copies, %ju counted as possible, %u clients\n", name, copies,
	       (uintmax_t)metrics.possible_duplicates, clients.made);
	return copies;
}

/* ---- causes ---- */

static const struct {
	const char *name;
	int partitions;
	size_t count;
	rd_kafka_resp_err_t codes[2];	/* to requests that follow one another */
	unsigned clients;		/* how many it takes */
	const char *said;
} causes[] = {
	{ "out of order", 3, 1, { RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER }, 2,
	  "OUT_OF_ORDER_SEQUENCE_NUMBER" },
	{ "a producer not known, at a repetition", 1, 2,
	  { RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID }, 2,
	  "UNKNOWN_PRODUCER_ID" },
	{ "a producer not known, at first: librdkafka helps itself", 3, 1,
	  { RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID }, 1, NULL },
	{ "an epoch that is not its own", 3, 1, { RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH }, 2,
	  "INVALID_PRODUCER_EPOCH" },
	{ "a failure nobody knows", 3, 1, { RD_KAFKA_RESP_ERR_UNKNOWN }, 2, "UNKNOWN" },
	{ "the same twice", 1, 2,
	  { RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
	    RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER }, 3,
	  "OUT_OF_ORDER_SEQUENCE_NUMBER" },
};

START_TEST(a_client_that_can_go_on_no_more_is_made_anew_and_nothing_is_lost)
{
	struct kafka_rig *rig = rig_new(causes[_i].partitions, "1");

	kafka_order_push(rig, 0, COUNT / 3);
	ck_assert_int_eq(kafka_rig_run_until(rig, COUNT / 3, ENOUGH_MS), WEIR_OK);
	rd_kafka_mock_push_request_errors_array(rig->cluster.mock, KAFKA_API_PRODUCE,
						causes[_i].count, causes[_i].codes);
	kafka_order_push(rig, COUNT / 3, COUNT / 3);
	ck_assert_int_eq(kafka_rig_run_until(rig, COUNT / 3 + 1, ENOUGH_MS), WEIR_OK);
	kafka_order_push(rig, 2 * COUNT / 3, COUNT / 3);
	weir_push_end(rig->source);
	ck_assert_msg(kafka_rig_run(rig, ENOUGH_MS) == WEIR_END, "%s: %s", causes[_i].name,
		      weir_pipeline_error(rig->pipeline)->text);

	check_all(rig, causes[_i].partitions, causes[_i].name);
	ck_assert_msg(clients.made == causes[_i].clients, "%s: %u clients", causes[_i].name,
		      clients.made);
	if (causes[_i].said) {
		const char *line = strstr(rig->fake.log, "was made anew");

		ck_assert_msg(line != NULL, "%s: %s", causes[_i].name, rig->fake.log);
		ck_assert_msg(strstr(rig->fake.log, causes[_i].said) < line, "%s: %s",
			      causes[_i].name, rig->fake.log);
	}
	kafka_rig_end(rig);
}
END_TEST

/* ---- what was sent and not answered ---- */

START_TEST(what_the_broker_had_but_did_not_answer_comes_twice_and_is_counted)
{
	struct kafka_rig *rig = rig_new(PARTITIONS, "5");
	unsigned copies;

	kafka_order_push(rig, 0, COUNT / 2);
	ck_assert_int_eq(kafka_rig_run_until(rig, COUNT / 2, ENOUGH_MS), WEIR_OK);
	rd_kafka_mock_broker_set_rtt(rig->cluster.mock, 1, 10000);
	kafka_order_push(rig, COUNT / 2, COUNT / 4);
	ck_assert_int_eq(kafka_rig_run(rig, 300), WEIR_OK);
	rd_kafka_test_fatal_error(clients.last, RD_KAFKA_RESP_ERR__INCONSISTENT, "for a test");
	kafka_order_push(rig, 3 * COUNT / 4, COUNT / 4);
	ck_assert_int_eq(kafka_rig_run(rig, 1500), WEIR_OK);
	rd_kafka_mock_broker_set_rtt(rig->cluster.mock, 1, 0);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);

	copies = check_all(rig, PARTITIONS, "no answer to what was sent");
	ck_assert_uint_gt(copies, 0);
	ck_assert_uint_eq(kafka_rig_metrics(rig).possible_duplicates, copies);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "_INCONSISTENT"));
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "of them may arrive twice"));
	kafka_rig_end(rig);
}
END_TEST

START_TEST(what_is_answered_while_the_client_goes_is_not_sent_again)
{
	struct kafka_rig *rig = rig_new(PARTITIONS, "5");

	kafka_order_push(rig, 0, 1);
	ck_assert_int_eq(kafka_rig_run_until(rig, 1, ENOUGH_MS), WEIR_OK);
	rd_kafka_mock_broker_set_rtt(rig->cluster.mock, 1, 500);
	kafka_order_push(rig, 1, COUNT / 2);
	ck_assert_int_eq(kafka_rig_run(rig, 200), WEIR_OK);
	ck_assert_uint_eq(kafka_rig_metrics(rig).delivered, 1);
	rd_kafka_test_fatal_error(clients.last, RD_KAFKA_RESP_ERR__INCONSISTENT, "for a test");
	kafka_order_push(rig, COUNT / 2 + 1, COUNT / 2 - 1);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	ck_assert_uint_eq(check_all(rig, PARTITIONS, "answered in time"), 0);
	ck_assert_uint_eq(kafka_rig_metrics(rig).possible_duplicates, 0);
	ck_assert_uint_eq(clients.made, 2);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_broker_that_is_gone_when_the_client_fails_is_waited_for)
{
	struct kafka_rig *rig = rig_new(PARTITIONS, "1");

	kafka_order_push(rig, 0, COUNT / 2);
	ck_assert_int_eq(kafka_rig_run_until(rig, COUNT / 2, ENOUGH_MS), WEIR_OK);
	rd_kafka_mock_broker_set_down(rig->cluster.mock, -1);
	kafka_order_push(rig, COUNT / 2, COUNT / 2);
	ck_assert_int_eq(kafka_rig_run(rig, 100), WEIR_OK);
	rd_kafka_test_fatal_error(clients.last, RD_KAFKA_RESP_ERR__INCONSISTENT, "for a test");
	ck_assert_int_eq(kafka_rig_run(rig, 2500), WEIR_OK);
	rd_kafka_mock_broker_set_up(rig->cluster.mock, -1);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	check_all(rig, PARTITIONS, "the broker was gone, too");
	kafka_rig_end(rig);
}
END_TEST

/* One step of it, in real milliseconds. */
static double step_ms(struct kafka_rig *rig)
{
	struct pollfd wait = { .fd = weir_pipeline_fd(rig->pipeline), .events = POLLIN };
	const int timeout_ms = weir_pipeline_timeout_ms(rig->pipeline);
	double began_ms;

	poll(&wait, 1, timeout_ms < 0 || timeout_ms > 100 ? 100 : timeout_ms);
	began_ms = real_ms();
	ck_assert_int_eq(weir_pipeline_step(rig->pipeline), WEIR_OK);
	return real_ms() - began_ms;
}

START_TEST(making_a_client_anew_holds_up_the_thread_for_moments_only)
{
	struct kafka_rig *rig;
	double began_ms, longest_ms = 0;

	rig = rig_new(PARTITIONS, "5");
	kafka_order_push(rig, 0, 1);
	ck_assert_int_eq(kafka_rig_run_until(rig, 1, ENOUGH_MS), WEIR_OK);
	rd_kafka_mock_broker_set_rtt(rig->cluster.mock, 1, 20000);
	for (unsigned n = 0; n < MANY; n += 1000) {
		kafka_order_push(rig, n, 1000);
		ck_assert_int_eq(kafka_rig_run(rig, 20), WEIR_OK);
	}
	ck_assert_uint_eq(kafka_rig_metrics(rig).in_flight, MANY);
	rd_kafka_test_fatal_error(clients.last, RD_KAFKA_RESP_ERR__INCONSISTENT, "for a test");
	began_ms = real_ms();
	while (!strstr(rig->fake.log, "was made anew")) {
		const double took_ms = step_ms(rig);

		longest_ms = took_ms > longest_ms ? took_ms : longest_ms;
	}
	printf("with %d in flight a client is made anew in %.0f ms, the longest step takes %.1f "
	       "ms; %ju of them may arrive twice\n", MANY, real_ms() - began_ms, longest_ms,
	       (uintmax_t)kafka_rig_metrics(rig).possible_duplicates);
	ck_assert_msg(longest_ms < 500, "%.1f ms", longest_ms);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	kafka_rig_end(rig);
}
END_TEST

/* ---- a storm, and a client that cannot be had ---- */

START_TEST(there_is_one_new_client_a_second_at_most)
{
	rd_kafka_resp_err_t codes[100];
	struct kafka_rig *rig = rig_new(PARTITIONS, "1");

	for (size_t i = 0; i < 100; i++)
		codes[i] = RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
	rd_kafka_mock_push_request_errors_array(rig->cluster.mock, KAFKA_API_PRODUCE, 100, codes);
	kafka_order_push(rig, 0, COUNT);
	ck_assert_int_eq(kafka_rig_run(rig, 3500), WEIR_OK);
	ck_assert_uint_ge(clients.made, 3);
	ck_assert_uint_le(clients.made, 4);
	ck_assert_uint_lt(rig->steps, 1500);
	ck_assert_uint_eq(times_said(rig, "was made anew"), 1);

	rd_kafka_mock_clear_request_errors(rig->cluster.mock, KAFKA_API_PRODUCE);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	check_all(rig, PARTITIONS, "a storm");
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_client_that_cannot_be_had_is_tried_for_again)
{
	struct kafka_rig *rig = rig_new(PARTITIONS, "1");

	kafka_order_push(rig, 0, COUNT / 2);
	ck_assert_int_eq(kafka_rig_run_until(rig, COUNT / 2, ENOUGH_MS), WEIR_OK);
	clients.to_fail = 2;
	rd_kafka_test_fatal_error(clients.last, RD_KAFKA_RESP_ERR__INCONSISTENT, "for a test");
	kafka_order_push(rig, COUNT / 2, COUNT / 2);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	ck_assert_uint_eq(clients.to_fail, 0);
	ck_assert_uint_eq(times_said(rig, "no threads left; tried again in 1000 ms"), 1);
	check_all(rig, PARTITIONS, "no client to be had");
	kafka_rig_end(rig);
}
END_TEST

START_TEST(destinations_outlive_the_client_and_new_ones_need_none)
{
	static const char body[] = "{\"name\":\"late\"}";
	struct kafka_rig *rig = rig_new(PARTITIONS, "1");
	struct kafka_topic topic;

	rd_kafka_mock_topic_create(rig->cluster.mock, "late", 1, 1);
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .to = "{name}", .fallback = "tweets"),
		       rig->sink);
	kafka_rig_push(rig, 1, 10);
	ck_assert_int_eq(kafka_rig_run_until(rig, 2, ENOUGH_MS), WEIR_OK);
	clients.to_fail = 1;
	rd_kafka_test_fatal_error(clients.last, RD_KAFKA_RESP_ERR__INCONSISTENT, "for a test");
	while (clients.to_fail > 0)
		ck_assert_int_eq(kafka_rig_run(rig, 10), WEIR_OK);
	weir_push(rig->source, WEIR_WITH(weir_message_init, .body = { body, strlen(body) }));
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	kafka_topic_read(&topic, &rig->cluster, "late", 1);
	ck_assert_uint_eq(topic.count, 1);
	kafka_topic_release(&topic);
	kafka_topic_read(&topic, &rig->cluster, "tweets", PARTITIONS);
	ck_assert_uint_eq(topic.count, 3);
	kafka_topic_release(&topic);
	kafka_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mock cluster");

	tcase_set_timeout(tcase, 120);
	LOOP(tcase, a_client_that_can_go_on_no_more_is_made_anew_and_nothing_is_lost, causes);
	tcase_add_test(tcase, what_the_broker_had_but_did_not_answer_comes_twice_and_is_counted);
	tcase_add_test(tcase, what_is_answered_while_the_client_goes_is_not_sent_again);
	tcase_add_test(tcase, a_broker_that_is_gone_when_the_client_fails_is_waited_for);
	tcase_add_test(tcase, making_a_client_anew_holds_up_the_thread_for_moments_only);
	tcase_add_test(tcase, there_is_one_new_client_a_second_at_most);
	tcase_add_test(tcase, a_client_that_cannot_be_had_is_tried_for_again);
	tcase_add_test(tcase, destinations_outlive_the_client_and_new_ones_need_none);
	return run_case("kafka sink, clients made anew", tcase);
}
