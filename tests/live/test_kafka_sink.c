/* SPDX-License-Identifier: MIT */
/* The Kafka sink against librdkafka's mock cluster: what is read back, what is refused. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/kafka_rig.h"
#include "support/run.h"

#define ENOUGH_MS 20000
#define PARTITIONS 4

/* ---- what arrives ---- */

/* Java's murmur2, as its clients choose a key's partition. */
static uint32_t murmur2(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	const uint32_t m = 0x5bd1e995;
	uint32_t h = 0x9747b28cu ^ (uint32_t)len;

	for (; len >= 4; bytes += 4, len -= 4) {
		uint32_t k = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
			     (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;

		k *= m;
		k ^= k >> 24;
		h = h * m ^ k * m;
	}
	if (len == 3)
		h ^= (uint32_t)bytes[2] << 16;
	if (len >= 2)
		h ^= (uint32_t)bytes[1] << 8;
	if (len >= 1)
		h = (h ^ bytes[0]) * m;
	h = (h ^ h >> 13) * m;
	return h ^ h >> 15;
}

static void check_record(const rd_kafka_message_t *record)
{
	char key[16], head[32];
	rd_kafka_timestamp_type_t type;
	unsigned n;

	ck_assert_int_eq(sscanf(record->payload, "{\"n\":%u", &n), 1);
	snprintf(key, sizeof key, "k%u", n);
	snprintf(head, sizeof head, "{\"n\":%u,\"fill\":\"", n);
	ck_assert_uint_eq(record->len, strlen(head) + 100 + 2);
	ck_assert_mem_eq(record->payload, head, strlen(head));
	ck_assert_uint_eq(record->key_len, strlen(key));
	ck_assert_mem_eq(record->key, key, strlen(key));
	ck_assert_int_eq(rd_kafka_message_timestamp(record, &type), 1500000000000 + n);
	ck_assert_int_eq(record->partition,
			 (int32_t)((murmur2(key, strlen(key)) & 0x7fffffff) % PARTITIONS));
}

START_TEST(what_was_sent_can_be_read_back_byte_for_byte)
{
	struct kafka_rig *rig = kafka_rig_new();
	struct kafka_topic topic;

	rd_kafka_mock_topic_create(rig->cluster.mock, "tweets", PARTITIONS, 1);
	kafka_rig_start_all(rig);
	for (unsigned n = 0; n < 200; n++)
		kafka_rig_push(rig, n, 100);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);

	kafka_topic_read(&topic, &rig->cluster, "tweets", PARTITIONS);
	ck_assert_uint_eq(topic.count, 200);
	for (size_t i = 0; i < topic.count; i++)
		check_record(topic.messages[i]);
	ck_assert_uint_eq(rig->outcomes.delivered, 200);
	ck_assert_uint_eq(rig->outcomes.failed, 0);
	ck_assert_int_ge(rig->outcomes.last_offset, 0);
	ck_assert_int_ge(rig->outcomes.last_partition, 0);
	ck_assert_str_eq(rig->outcomes.last_topic, "tweets");
	kafka_topic_release(&topic);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(headers_of_message_and_route_are_sent)
{
	static const struct weir_header headers[] = {
		{ "trace", { "a\0b", 3 } },
		{ "empty", { "", 0 } },
	};
	struct kafka_rig *rig = kafka_rig_new();
	struct kafka_topic topic;

	rd_kafka_mock_topic_create(rig->cluster.mock, "tweets", 1, 1);
	kafka_rig_start(rig);
	weir_route_add(rig->pipeline,
		       WEIR_WITH(weir_route, .headers = WEIR_HEADER_KIND | WEIR_HEADER_SOURCE),
		       rig->sink);
	weir_push(rig->source, WEIR_WITH(weir_message_init, .body = { "{}", 2 },
					 .headers = headers, .header_count = 2));
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);

	kafka_topic_read(&topic, &rig->cluster, "tweets", 1);
	ck_assert_uint_eq(topic.count, 1);
	kafka_check_header(topic.messages[0], "weir.kind", "record");
	kafka_check_header(topic.messages[0], "weir.source", "push");
	kafka_check_header(topic.messages[0], "empty", "");
	{
		rd_kafka_headers_t *got;
		const void *value;
		size_t len;

		rd_kafka_message_headers(topic.messages[0], &got);
		ck_assert_int_eq(rd_kafka_header_get_last(got, "trace", &value, &len), 0);
		ck_assert_uint_eq(len, 3);
		ck_assert_mem_eq(value, "a\0b", 3);
	}
	ck_assert_ptr_null(topic.messages[0]->key);
	kafka_topic_release(&topic);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_destination_is_a_topic_and_none_is_the_sinks_own)
{
	struct kafka_rig *rig = kafka_rig_new();
	struct kafka_topic topic;
	static const char *const names[] = { "tweets", "copies", "of_record" };

	for (size_t i = 0; i < 3; i++)
		rd_kafka_mock_topic_create(rig->cluster.mock, names[i], 1, 1);
	kafka_rig_start(rig);
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "own"), rig->sink);
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .to = "copies"), rig->sink);
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .to = "of_{kind}"), rig->sink);
	kafka_rig_push(rig, 1, 10);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);

	for (size_t i = 0; i < 3; i++) {
		kafka_topic_read(&topic, &rig->cluster, names[i], 1);
		ck_assert_msg(topic.count == 1, "topic '%s' has %zu", names[i], topic.count);
		kafka_topic_release(&topic);
	}
	kafka_rig_end(rig);
}
END_TEST

/* ---- what is refused before anything starts ---- */

static const struct {
	const char *name;
	const char *property, *value;
	const char *want, *secret;
} wrong_properties[] = {
	{ "an unknown property", "compresion.codec", "lz4", "'compresion.codec'", NULL },
	{ "a wrong value", "acks", "most", "'acks'", NULL },
	{ "a value out of range", "linger.ms", "-7", "'linger.ms'", NULL },
	{ "a password is not shown", "ssl.key.password", NULL, "'ssl.key.password'", NULL },
	{ "a sasl value is not shown", "sasl.oauthbearer.method", "hunter2",
	  "'sasl.oauthbearer.method'", "hunter2" },
	{ "nor is a number of those", "sasl.kerberos.min.time.before.relogin", "-31337",
	  "'sasl.kerberos.min.time.before.relogin'", "31337" },
	{ "an unknown secret is not shown", "sasl.pasword", "hunter2", "'sasl.pasword'",
	  "hunter2" },
	{ "transactions", "transactional.id", "t1", "'transactional.id'", NULL },
	{ "silence about success", "delivery.report.only.error", "true",
	  "'delivery.report.only.error'", NULL },
};

START_TEST(a_wrong_property_is_named_before_anything_starts)
{
	struct kafka_rig *rig = kafka_rig_new();
	const struct weir_error *err;

	kafka_rig_set(rig, wrong_properties[_i].property, wrong_properties[_i].value);
	kafka_rig_start(rig);
	ck_assert_ptr_null(rig->sink);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_msg(err->status == WEIR_ERR_INVALID, "%s: %s", wrong_properties[_i].name,
		      err->text);
	ck_assert_msg(strstr(err->text, wrong_properties[_i].want) != NULL, "%s: %s",
		      wrong_properties[_i].name, err->text);
	ck_assert_msg(strstr(err->text, "'kafka'") != NULL, "%s: %s", wrong_properties[_i].name,
		      err->text);
	if (wrong_properties[_i].secret)
		ck_assert_msg(!strstr(err->text, wrong_properties[_i].secret), "%s: %s",
			      wrong_properties[_i].name, err->text);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(no_brokers_is_an_error_with_a_remedy)
{
	struct kafka_rig *rig = kafka_rig_new();

	rig->options.brokers = NULL;
	kafka_rig_start(rig);
	ck_assert_ptr_null(rig->sink);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, ".brokers ="));
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_property_overrides_the_brokers_option)
{
	struct kafka_rig *rig = kafka_rig_new();

	rig->options.brokers = NULL;
	kafka_rig_set(rig, "bootstrap.servers", rig->cluster.brokers);
	kafka_rig_start_all(rig);
	kafka_rig_push(rig, 1, 10);
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	kafka_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	const char *acks, *idempotence;
	bool works;
} acks_cases[] = {
	{ "fewer acks do without idempotence", "1", NULL, true },
	{ "no acks do too", "0", NULL, true },
	{ "all acks keep it", "-1", NULL, true },
	{ "who asks for both is told", "1", "true", false },
};

START_TEST(acks_and_idempotence_agree)
{
	struct kafka_rig *rig = kafka_rig_new();
	enum weir_status status;

	kafka_rig_set(rig, "acks", acks_cases[_i].acks);
	if (acks_cases[_i].idempotence)
		kafka_rig_set(rig, "enable.idempotence", acks_cases[_i].idempotence);
	kafka_rig_start_all(rig);
	kafka_rig_push(rig, 1, 10);
	weir_push_end(rig->source);
	status = kafka_rig_run(rig, ENOUGH_MS);
	ck_assert_msg(status == (acks_cases[_i].works ? WEIR_END : WEIR_ERR_INVALID), "%s: %s: %s",
		      acks_cases[_i].name, weir_status_name(status),
		      weir_pipeline_error(rig->pipeline)->text);
	if (!acks_cases[_i].works)
		ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "acks"));
	kafka_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	const char *topic;
} illegal_topics[] = {
	{ "a blank", "two words" },
	{ "a slash", "a/b" },
	{ "a letter that is not ASCII", "트윗" },
	{ "a single dot", "." },
	{ "two dots", ".." },
	{ "250 bytes",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaa" },
};

START_TEST(an_illegal_topic_stops_the_pipeline_before_it_starts)
{
	struct kafka_rig *rig = kafka_rig_new();
	const struct weir_error *err;

	kafka_rig_start(rig);
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .to = illegal_topics[_i].topic),
		       rig->sink);
	kafka_rig_push(rig, 1, 10);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_ERR_INVALID);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_msg(strstr(err->text, "illegal topic name") != NULL, "%s: %s",
		      illegal_topics[_i].name, err->text);
	ck_assert_uint_eq(kafka_rig_metrics(rig).submitted, 0);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_route_without_a_topic_is_an_error_when_the_sink_has_none)
{
	struct kafka_rig *rig = kafka_rig_new();

	rig->options.topic = NULL;
	kafka_rig_start_all(rig);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, ".topic"));
	kafka_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mock cluster");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_was_sent_can_be_read_back_byte_for_byte);
	tcase_add_test(tcase, headers_of_message_and_route_are_sent);
	tcase_add_test(tcase, a_destination_is_a_topic_and_none_is_the_sinks_own);
	LOOP(tcase, a_wrong_property_is_named_before_anything_starts, wrong_properties);
	tcase_add_test(tcase, no_brokers_is_an_error_with_a_remedy);
	tcase_add_test(tcase, a_property_overrides_the_brokers_option);
	LOOP(tcase, acks_and_idempotence_agree, acks_cases);
	LOOP(tcase, an_illegal_topic_stops_the_pipeline_before_it_starts, illegal_topics);
	tcase_add_test(tcase, a_route_without_a_topic_is_an_error_when_the_sink_has_none);
	return run_case("kafka sink", tcase);
}
