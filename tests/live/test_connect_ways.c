/* SPDX-License-Identifier: MIT */
/*
 * examples/connect for those without a v1.1 account: with an X account the v2 stream and its rules,
 * with neither a recording, into Kafka, all of it by a file of keys.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/files.h"
#include "support/packer.h"
#include "support/program.h"
#include "support/run.h"
#include "weir.h"
#include "weir/testing.h"

#define CONNECT BUILD_DIR "/examples/connect"
#define POSTS 200
#define LINES 500

static struct test_dir dir;
static struct weir_error err;

static void setup(void)
{
	test_dir_make(&dir);
}

static void teardown(void)
{
	test_dir_remove(&dir);
}

static const char *config(const char *text)
{
	static char path[256];

	snprintf(path, sizeof path, "%s", test_path(&dir, "connect.properties"));
	file_write(path, text, strlen(text));
	return path;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

/* Asks for its metrics again and again until so many are delivered. */
static void await_delivered(struct program *program, unsigned long want)
{
	unsigned long delivered = 0;

	while (delivered < want) {
		const char *line;

		program->len = 0;
		program->text[0] = '\0';
		kill(program->pid, SIGUSR1);
		while (!(line = strstr(program->text, " received, ")) || !strchr(line, '\n'))
			ck_assert_msg(program_read(program), "it ended:\n%.2000s", program->text);
		delivered = strtoul(line + strlen(" received, "), NULL, 10);
	}
}

/* ---- v2 */

static const char x_keys[] =
	"weir.sources.x.type=x\n"
	"weir.sources.x.url=%s\n"
	"weir.sources.x.bearer_token=${file:%s}\n"
	"weir.sources.x.tweet_fields=author_id,created_at\n"
	"weir.sources.x.rule_prefix=weir.\n"
	"weir.sources.x.rules.1.value=cat has:images\n"
	"weir.sources.x.rules.1.tag=weir.cats\n"
	"weir.sinks.out.type=file\n"
	"weir.sinks.out.directory=%s\n"
	"weir.routes.1.kinds=tweet,retweet\n"
	"weir.routes.1.to={matching_rules.tag}\n"
	"weir.routes.1.fallback=other\n"
	"weir.routes.1.format=members\n"
	"weir.routes.1.format.fields=data.id,full_text,data.author_id\n";

START_TEST(an_account_of_v2_streams_by_its_rules_and_shows_no_token)
{
	weir_test_stream *stream = weir_test_stream_new(
		WEIR_WITH(weir_test_stream_options, .generate = POSTS, .repeat = true, .rate = 2000,
			  .bearer_token = "invented-bearer-token",
			  .record_file = test_path(&dir, "requests")), &err);
	struct program program;
	char text[2048], *got;
	const char *words[] = { NULL, NULL };

	ck_assert_msg(stream, "%s", err.text);
	file_write(test_path(&dir, "token"), "invented-bearer-token\n", 22);
	snprintf(text, sizeof text, x_keys, weir_test_stream_url(stream), test_path(&dir, "token"),
		 dir.path);
	words[0] = config(text);
	program_start(&program, CONNECT, words);
	await_delivered(&program, POSTS);
	ck_assert_msg(program_stop(&program) == 0, "%s", program.text);
	ck_assert_msg(!strstr(program.text, "invented"), "%s", program.text);
	got = file_read(test_path(&dir, "weir.cats"), NULL);
	ck_assert_uint_ge(count_lines(got), POSTS);
	ck_assert_msg(strncmp(got, "{\"data.id\":\"", 12) == 0, "%.300s", got);
	ck_assert_msg(strstr(got, "\",\"full_text\":\""), "%.300s", got);
	ck_assert_msg(strstr(got, "\",\"data.author_id\":\""), "%.300s", got);
	free(got);
	got = file_read(test_path(&dir, "other"), NULL);	/* made at the start */
	ck_assert_str_eq(got, "");
	free(got);
	got = file_read(test_path(&dir, "requests"), NULL);
	ck_assert_ptr_nonnull(strstr(got, "/2/tweets/search/stream/rules"));
	ck_assert_ptr_nonnull(strstr(got, "tweet.fields=author_id"));
	free(got);
	weir_test_stream_free(stream);
}
END_TEST

/* ---- a recording */

static const char replay_keys[] =
	"weir.sources.in.type=file\n"
	"weir.sources.in.glob=%s/r-*\n"
	"weir.sources.in.kind=record\n"
	"weir.sinks.kafka.type=kafka\n"
	"weir.sinks.kafka.brokers=%s\n"
	"weir.routes.1.to=replayed\n"
	"weir.routes.1.key={n}\n";

static void put_recording(const char *name, enum packer packer, unsigned from, unsigned to)
{
	char text[LINES * 16], *at = text, *bytes;
	size_t len;

	for (unsigned n = from; n < to; n++)
		at += sprintf(at, "{\"n\":%u}\r\n", n);
	bytes = pack_bytes(packer, text, (size_t)(at - text), &len);
	file_write(test_path(&dir, name), bytes, len);
	free(bytes);
}

static bool check_record(void *user, const struct weir_test_record *record)
{
	unsigned *next = user;
	char body[32], key[16];

	snprintf(body, sizeof body, "{\"n\":%u}", *next);
	snprintf(key, sizeof key, "%u", (*next)++);
	ck_assert_uint_eq(record->value.len, strlen(body));
	ck_assert_int_eq(memcmp(record->value.data, body, strlen(body)), 0);
	ck_assert_uint_eq(record->key.len, strlen(key));
	ck_assert_int_eq(memcmp(record->key.data, key, strlen(key)), 0);
	return true;
}

START_TEST(a_recording_is_replayed_into_kafka_and_the_program_ends)
{
	weir_test_broker *kafka = weir_test_broker_new(NULL, &err);
	const char *words[] = { NULL, NULL };
	struct program program;
	unsigned next = 0;
	char text[1024];

	ck_assert_msg(kafka, "%s", err.text);
	ck_assert_int_eq(weir_test_topic_add(kafka, "replayed", 1), WEIR_OK);
	put_recording("r-000001.gz", PACK_GZIP, 0, 200);
	put_recording("r-000002.zst", PACK_ZSTD, 200, 350);
	put_recording("r-000003", PACK_PLAIN, 350, LINES);
	snprintf(text, sizeof text, replay_keys, dir.path, weir_test_broker_addresses(kafka));
	words[0] = config(text);
	program_start(&program, CONNECT, words);
	ck_assert_msg(program_finish(&program) == 0, "%s", program.text);
	ck_assert_msg(strstr(program.text, "500 received, 500 delivered, 0 dead letters, 0 drop"),
		      "%s", program.text);
	ck_assert_msg(weir_test_topic_read(kafka, "replayed", check_record, &next, &err) == WEIR_OK,
		      "%s", err.text);
	ck_assert_uint_eq(next, LINES);
	weir_test_broker_free(kafka);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("connect, other ways");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, an_account_of_v2_streams_by_its_rules_and_shows_no_token);
	tcase_add_test(tcase, a_recording_is_replayed_into_kafka_and_the_program_ends);
	return run_case("connect, other ways", tcase);
}
