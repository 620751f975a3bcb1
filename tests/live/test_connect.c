/* SPDX-License-Identifier: MIT */
/*
 * examples/connect with the files that users of kafka-connect-twitter have (tests/data/connect),
 * against a stream server and a Kafka cluster: what lands there is what their consumers read
 * before. payloads.jsonl says it, a line for each status of messages.jsonl.
 */
#include <check.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/files.h"
#include "support/java_partition.h"
#include "support/program.h"
#include "support/run.h"
#include "weir.h"
#include "weir/testing.h"

#define DATA "tests/data/connect/"
#define CONNECT BUILD_DIR "/examples/connect"
#define MOST 64
#define PATIENCE_S 20
#define PARTITIONS 3

static struct test_dir dir;
static weir_test_broker *kafka;
static weir_test_stream *twitter;
static struct weir_error err;
static json_t *payloads[MOST];
static char *payload_lines[MOST];
static size_t payload_count;

/* ---- the world around it */

/* Asks for its metrics again and again until so many are delivered. */
static void await_delivered(struct program *program, unsigned long want)
{
	const time_t until = time(NULL) + PATIENCE_S;
	unsigned long delivered = 0;

	do {
		const char *line;

		program->len = 0;
		program->text[0] = '\0';
		kill(program->pid, SIGUSR1);
		while (!(line = strstr(program->text, " received, ")) || !strchr(line, '\n'))
			ck_assert_msg(program_read(program), "it ended:\n%.2000s", program->text);
		delivered = strtoul(line + strlen(" received, "), NULL, 10);
		ck_assert_msg(time(NULL) < until, "%lu of %lu delivered:\n%.2000s", delivered, want,
			      program->text);
	} while (delivered < want);
	ck_assert_uint_eq(delivered, want);
}

static void read_payloads(void)
{
	char *text = file_read(DATA "payloads.jsonl", NULL), *rest = text, *line;

	payload_count = 0;
	while ((line = strsep(&rest, "\n")) && *line) {
		payload_lines[payload_count] = strdup(line);
		payloads[payload_count] = json_loads(line, 0, NULL);
		ck_assert_ptr_nonnull(payloads[payload_count++]);
	}
	free(text);
}

static void serve(const char *faults, const char *secret)
{
	twitter = weir_test_stream_new(
		WEIR_WITH(weir_test_stream_options, .file = DATA "messages.jsonl", .hold = true,
			  .gzip = true, .consumer_key = "invented-consumer-key",
			  .consumer_secret = secret, .token = "47-invented-token",
			  .token_secret = "invented-token-secret", .faults = faults,
			  .record_file = test_path(&dir, "requests")), &err);
	ck_assert_msg(twitter, "%s", err.text);
}

static void setup(void)
{
	test_dir_make(&dir);
	read_payloads();
	kafka = weir_test_broker_new(NULL, &err);
	ck_assert_msg(kafka, "%s", err.text);
}

static void teardown(void)
{
	twitter = weir_test_stream_free(twitter);
	kafka = weir_test_broker_free(kafka);
	for (size_t i = 0; i < payload_count; i++) {
		json_decref(payloads[i]);
		free(payload_lines[i]);
	}
	test_dir_remove(&dir);
}

static char set_brokers[256];

/* Starts it with the file, and the worker's when there is one, as they are. */
static void start_with(struct program *program, const char *file, const char *worker)
{
	const char *words[8] = { "--url", weir_test_stream_url(twitter), "--set", set_brokers };
	size_t count = 4;
	static char paths[2][256];

	snprintf(set_brokers, sizeof set_brokers, "bootstrap.servers=%s",
		 weir_test_broker_addresses(kafka));
	snprintf(paths[0], sizeof paths[0], DATA "%s", file);
	snprintf(paths[1], sizeof paths[1], DATA "%s", worker ? worker : "");
	words[count++] = paths[0];
	if (worker)
		words[count++] = paths[1];
	program_start(program, CONNECT, words);
}

/* ---- what Kafka holds */

struct kept {
	char *key, *value;
	size_t key_len, value_len, header_count;
	uint32_t partition;
	int64_t time_ms;
};

static struct kept kept[MOST];
static size_t kept_count;

static bool keep(void *user, const struct weir_test_record *record)
{
	struct kept *at = &kept[kept_count++];

	(void)user;
	ck_assert_uint_le(kept_count, MOST);
	at->key_len = record->key.len;
	at->value_len = record->value.len;
	at->key = strndup(record->key.data, record->key.len);
	at->value = record->value.data ? strndup(record->value.data, record->value.len) : NULL;
	at->header_count = record->header_count;
	at->partition = record->partition;
	at->time_ms = record->time_ms;
	return kept_count < MOST;
}

enum encoding { PLAIN, JSON, SCHEMA };

static char *encode_string(const char *text, enum encoding encoding)
{
	json_t *string = json_string(text);
	char *encoded = json_dumps(string, JSON_ENCODE_ANY), *whole = NULL;

	json_decref(string);
	if (encoding == JSON)
		return encoded;
	if (encoding == PLAIN)
		whole = strdup(text);
	else if (asprintf(&whole, "{\"schema\":{\"type\":\"string\",\"optional\":false},"
			  "\"payload\":%s}", encoded) < 0)
		abort();
	free(encoded);
	return whole;
}

static const char *member(const json_t *payload, const char *outer, const char *inner)
{
	const json_t *value = json_object_get(payload, outer);

	return json_string_value(inner ? json_object_get(value, inner) : value);
}

static int64_t time_of(const json_t *payload)
{
	struct tm when = { 0 };

	ck_assert_ptr_nonnull(strptime(member(payload, "created_at", NULL),
				       "%Y-%m-%dT%H:%M:%S.000+0000", &when));
	return (int64_t)timegm(&when) * 1000;
}

struct shape {
	const char *name, *file, *worker, *topic;
	enum encoding key, value;
	bool is_string;
	const char *request;	/* as recorded: path and parameters */
};

static void check_value(const struct shape *shape, size_t index, const struct kept *got)
{
	static const char schema[] = "{\"schema\":{\"type\":\"struct\",\"fields\":["
				     "{\"type\":\"int64\",\"optional\":false,\"field\":\"id\"},";
	const char *line = payload_lines[index];
	char *want = NULL;

	ck_assert_ptr_nonnull(got->value);
	if (shape->is_string) {
		want = encode_string(member(payloads[index], "text", NULL), shape->value);
	} else if (shape->value == JSON) {
		want = strdup(line);
	} else {
		ck_assert_msg(!strncmp(got->value, schema, sizeof schema - 1), "%s: %s", shape->name,
			      got->value);
		ck_assert_int_ge(asprintf(&want, "%.*s,\"payload\":%s}",
					  (int)(strstr(got->value, ",\"payload\":") - got->value),
					  got->value, line), 0);
	}
	ck_assert_msg(!strcmp(got->value, want), "%s: got\n%s\nwant\n%s", shape->name, got->value,
		      want);
	ck_assert_uint_eq(got->value_len, strlen(want));
	free(want);
}

/* The next record of its partition that nothing was compared with yet. */
static struct kept *next_of(uint32_t partition, size_t *taken)
{
	for (size_t i = 0; i < kept_count; i++)
		if (kept[i].partition == partition && !(*taken & 1u << i)) {
			*taken |= 1u << i;
			return &kept[i];
		}
	return NULL;
}

static void check_topic(const struct shape *shape)
{
	size_t taken = 0;

	kept_count = 0;
	ck_assert_msg(weir_test_topic_read(kafka, shape->topic, keep, NULL, &err) == WEIR_OK,
		      "%s: %s", shape->name, err.text);
	ck_assert_uint_eq(kept_count, payload_count);
	for (size_t i = 0; i < payload_count; i++) {
		char *key = encode_string(member(payloads[i], "user", "screen_name"), shape->key);
		const uint32_t partition = java_partition(key, PARTITIONS);
		const struct kept *got = next_of(partition, &taken);

		ck_assert_msg(got, "%s: no more on partition %u", shape->name, partition);
		ck_assert_msg(!strcmp(got->key, key) && got->key_len == strlen(key),
			      "%s: key %s, want %s", shape->name, got->key, key);
		check_value(shape, i, got);
		ck_assert_int_eq(got->time_ms, time_of(payloads[i]));
		ck_assert_uint_eq(got->header_count, 0);
		free(key);
	}
	for (size_t i = 0; i < kept_count; i++) {
		free(kept[i].key);
		free(kept[i].value);
	}
}

static void check_request(const struct shape *shape)
{
	char *text = file_read(test_path(&dir, "requests"), NULL);
	static const char *const names[] = { "delimited", "follow", "language", "locations",
					     "track" };
	json_t *request = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
	const char *url = member(request, "url", NULL);
	char got[1024];
	size_t len;

	ck_assert_msg(request && url, "%s", text);
	len = (size_t)snprintf(got, sizeof got, "%s %.*s", member(request, "method", NULL),
			       (int)strcspn(url, "?"), url);
	for (int i = 0; i < ROWS(names); i++)
		if (member(request, "params", names[i]))
			len += (size_t)snprintf(got + len, sizeof got - len, " %s=%s", names[i],
						member(request, "params", names[i]));
	ck_assert_msg(!strcmp(got, shape->request), "%s: got\n%s\nwant\n%s\nof %s", shape->name, got,
		      shape->request, text);
	ck_assert_int_eq(json_integer_value(json_object_get(request, "status")), 200);
	json_decref(request);
	free(text);
}

/* ---- the shapes that people have */

#define FILTER "POST /1.1/statuses/filter.json "
#define SAMPLE "GET /1.1/statuses/sample.json "

static const struct shape shapes[] = {
	{ "plain words, converters beside the connector", "words.properties", "string-worker.properties",
	  "twitter", SCHEMA, SCHEMA, false, FILTER
	  "delimited=length language=en track=news,music,hadoop,clojure,scala,fp,golang,python" },
	{ "topic and topics", "topic-and-topics.properties", NULL, "demo-3-twitter", SCHEMA, SCHEMA,
	  false, FILTER "delimited=length language=en track=programming,java,kafka streams" },
	{ "topics alone, the worker's converters", "topics-alone.properties",
	  "json-worker.properties", "twitter-data", JSON, JSON, false,
	  FILTER "delimited=length language=en track=kafka" },
	{ "no topic", "no-topic.properties", NULL, "tweets", SCHEMA, SCHEMA, false,
	  FILTER "delimited=length track=ksql" },
	{ "a sample", "sample.properties", NULL, "sampled", PLAIN, JSON, false,
	  SAMPLE "delimited=length language=en,ko" },
	{ "strings", "string.properties", "string-worker.properties", "texts", PLAIN, PLAIN, true,
	  FILTER "delimited=length track=a,b c" },
	{ "everything", "everything.properties", NULL, "everything", SCHEMA, SCHEMA, false,
	  FILTER "delimited=length follow=1,2 language=en locations=-74,40,-73,41 "
	  "track=news,breaking news" },
	{ "distributed mode's document", "distributed.json", NULL, "documented", SCHEMA, SCHEMA,
	  false, FILTER "delimited=length language=en track=kafka" },
	{ "Korean in UTF-8", "utf8.properties", NULL, "hangul", SCHEMA, SCHEMA, false,
	  FILTER "delimited=length track=\ud55c\uae00,\uc815\uad6d \uc0dd\uc77c,\U0001f389" },
	{ "Korean by escapes", "escaped.properties", NULL, "hangul", SCHEMA, SCHEMA, false,
	  FILTER "delimited=length track=\ud55c\uae00,\uc815\uad6d \uc0dd\uc77c,\U0001f389" },
};

START_TEST(consumers_notice_nothing)
{
	const struct shape *shape = &shapes[_i];
	struct program program;

	serve(NULL, "invented-consumer-secret");
	ck_assert_int_eq(weir_test_topic_add(kafka, shape->topic, PARTITIONS), WEIR_OK);
	start_with(&program, shape->file, shape->worker);
	await_delivered(&program, payload_count);
	ck_assert_msg(program_stop(&program) == 0, "%s: %s", shape->name, program.text);
	ck_assert_msg(!strstr(program.text, "invented"), "%s: a secret in\n%s", shape->name,
		      program.text);
	check_topic(shape);
	check_request(shape);
}
END_TEST

/* ---- the program itself */

START_TEST(sigusr1_prints_all_metrics)
{
	static const char *const words[] = { "weir_received_total 13\n",
					     "weir_sink_delivered_total{sink=\"kafka\"} 9\n",
					     "weir_route_matched_total{route=\"statuses\"} 9\n" };
	struct program program;

	serve(NULL, "invented-consumer-secret");
	start_with(&program, "words.properties", NULL);
	await_delivered(&program, payload_count);
	for (int i = 0; i < ROWS(words); i++)
		ck_assert_msg(strstr(program.text, words[i]), "no %s in\n%.2000s", words[i],
			      program.text);
	ck_assert_int_eq(program_stop(&program), 0);
}
END_TEST

/* Nobody asks for it, and the run goes on. */
START_TEST(a_line_comes_by_itself_now_and_then)
{
	const char *words[] = { "--url", NULL, "--progress", "0.05", "--set", set_brokers,
				DATA "words.properties", NULL };
	struct program program;
	const char *line;

	serve(NULL, "invented-consumer-secret");
	words[1] = weir_test_stream_url(twitter);
	snprintf(set_brokers, sizeof set_brokers, "bootstrap.servers=%s",
		 weir_test_broker_addresses(kafka));
	program_start(&program, CONNECT, words);
	while (!(line = strstr(program.text, " received, ")) || !strstr(line + 1, " received, "))
		ck_assert_msg(program_read(&program), "it ended:\n%.2000s", program.text);
	ck_assert_msg(!strstr(program.text, "weir_received_total"), "%.2000s", program.text);
	ck_assert_int_eq(program_stop(&program), 0);
}
END_TEST

START_TEST(deletes_can_be_had_beside_the_statuses)
{
	const char *words[] = { "--url", NULL, "--set", set_brokers, "--set",
				"weir.routes.deletes.kinds=delete", "--set",
				"weir.routes.deletes.to=gone", "--set",
				"weir.routes.deletes.format=tombstone", DATA "words.properties",
				NULL };
	struct program program;

	serve(NULL, "invented-consumer-secret");
	words[1] = weir_test_stream_url(twitter);
	snprintf(set_brokers, sizeof set_brokers, "bootstrap.servers=%s",
		 weir_test_broker_addresses(kafka));
	program_start(&program, CONNECT, words);
	await_delivered(&program, payload_count + 1);
	ck_assert_int_eq(program_stop(&program), 0);
	kept_count = 0;
	ck_assert_int_eq(weir_test_topic_read(kafka, "gone", keep, NULL, &err), WEIR_OK);
	ck_assert_uint_eq(kept_count, 1);
	ck_assert_str_eq(kept[0].key, "719999999999999999");
	ck_assert_ptr_null(kept[0].value);
	free(kept[0].key);
}
END_TEST

/* A broker that is not there holds nothing up: the deadline of the drain does. */
START_TEST(sigterm_ends_it_also_when_nothing_is_acknowledged)
{
	struct program program;
	const char *words[] = { "--url", NULL, "--set", "bootstrap.servers=127.0.0.1:9", "--set",
				"weir.pipeline.drain_ms=500", DATA "words.properties", NULL };

	serve(NULL, "invented-consumer-secret");
	words[1] = weir_test_stream_url(twitter);
	program_start(&program, CONNECT, words);
	while (!strstr(program.text, "13 received")) {
		program.len = 0;
		kill(program.pid, SIGUSR1);
		ck_assert(program_read(&program));
	}
	ck_assert_int_eq(program_stop(&program), 1);
	ck_assert_msg(strstr(program.text, "9 under way"), "%s", program.text);
}
END_TEST

#define MESSAGE(text) { text, sizeof text - 1 }
#define BEGIN "{\"created_at\":\"Fri Apr 22 09:41:56 +0000 2016\",\"id\":1,\"id_str\":\"1\","

static const struct weir_slice odd[] = {
	MESSAGE(BEGIN "\"text\":\"x\",\"user\":{\"id\":1}}"),
	MESSAGE(BEGIN "\"text\":\"x\",\"user\":{\"id\":1,\"screen_name\":null}}"),
	MESSAGE(BEGIN "\"text\":\"x\"}"),
	MESSAGE("{\"for_user\":\"1\",\"message\":" BEGIN
		"\"text\":\"x\",\"user\":{\"id\":1,\"screen_name\":\"a\"}}}"),
	MESSAGE("{\"data\":{\"id\":\"5\",\"text\":\"t\"}}"),
	MESSAGE(BEGIN "\"full_text\":\"x\",\"user\":{\"id\":1,\"screen_name\":\"a\"}}"),
	MESSAGE("{\"half\":"),
	MESSAGE(BEGIN "\"text\":\"x\",\"user\":{\"id\":1,\"screen_name\":\"a\"}}"),
};

START_TEST(what_no_record_can_be_made_of_does_not_end_the_run)
{
	struct program program;

	twitter = weir_test_stream_new(WEIR_WITH(weir_test_stream_options, .messages = odd,
						 .message_count = (uint64_t)ROWS(odd), .hold = true,
						 .anonymous = true), &err);
	ck_assert_msg(twitter, "%s", err.text);
	start_with(&program, "string.properties", NULL);
	await_delivered(&program, 1);
	ck_assert_msg(strstr(program.text, "8 received, 1 delivered, 0 dead letters, 7 dropped"),
		      "%.2000s", program.text + (program.len > 2000 ? program.len - 2000 : 0));
	ck_assert_int_eq(program_stop(&program), 0);
}
END_TEST

static const struct {
	const char *name, *faults, *secret, *file, *words;
	int status;
} ends[] = {
	{ "a wrong secret", NULL, "another-secret", "words.properties", "401", 1 },
	{ "a path that is not there", "status=404", "invented-consumer-secret", "words.properties",
	  "404", 1 },
	{ "Avro", NULL, "invented-consumer-secret", "avro.properties",
	  "'io.confluent.connect.avro.AvroConverter' is not to be had; take "
	  "org.apache.kafka.connect.json.JsonConverter", 2 },
	{ "a file that is not there", NULL, "invented-consumer-secret", "none", "cannot open", 2 },
};

START_TEST(it_ends_with_a_reason_and_a_status)
{
	struct program program;

	serve(ends[_i].faults, ends[_i].secret);
	start_with(&program, ends[_i].file, NULL);
	ck_assert_msg(program_finish(&program) == ends[_i].status, "%s:\n%s", ends[_i].name, program.text);
	ck_assert_msg(strstr(program.text, ends[_i].words), "%s: '%s' is not in\n%s", ends[_i].name,
		      ends[_i].words, program.text);
	ck_assert_msg(!strstr(program.text, "invented"), "%s: a secret in\n%s", ends[_i].name,
		      program.text);
}
END_TEST

START_TEST(without_a_file_it_says_how_it_is_used)
{
	struct program program;
	const char *const nothing[] = { NULL }, *const halves[] = { "--set", "a", NULL };
	const char *const never[] = { "--progress", "0", DATA "words.properties", NULL };

	program_start(&program, CONNECT, nothing);
	ck_assert_int_eq(program_finish(&program), 2);
	ck_assert_ptr_nonnull(strstr(program.text, "usage: connect"));
	program_start(&program, CONNECT, halves);
	ck_assert_int_eq(program_finish(&program), 2);
	ck_assert_ptr_nonnull(strstr(program.text, "usage: connect"));
	program_start(&program, CONNECT, never);
	ck_assert_int_eq(program_finish(&program), 2);
	ck_assert_ptr_nonnull(strstr(program.text, "usage: connect"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("connect");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	LOOP(tcase, consumers_notice_nothing, shapes);
	tcase_add_test(tcase, sigusr1_prints_all_metrics);
	tcase_add_test(tcase, a_line_comes_by_itself_now_and_then);
	tcase_add_test(tcase, deletes_can_be_had_beside_the_statuses);
	tcase_add_test(tcase, sigterm_ends_it_also_when_nothing_is_acknowledged);
	tcase_add_test(tcase, what_no_record_can_be_made_of_does_not_end_the_run);
	LOOP(tcase, it_ends_with_a_reason_and_a_status, ends);
	tcase_add_test(tcase, without_a_file_it_says_how_it_is_used);
	return run_case("connect", tcase);
}
