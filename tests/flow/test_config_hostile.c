/* SPDX-License-Identifier: MIT */
/*
 * Configuration files that nobody would write: every key with every value, files with bytes changed
 * at random. All of it is taken, or refused with the file and line; nothing leaks or hangs.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/config_rig.h"
#include "support/mutate.h"
#include "support/run.h"

#define MOST_KEYS 300

static struct config_rig rig;

static void setup(void)
{
	config_rig_begin(&rig, NULL);
}

static void teardown(void)
{
	config_rig_end(&rig);
}

/* ---- every key with every value */

static const char *const values[] = {
	"", "0", "1", "-1", "007", "1.5", "1e400", "nan", "-inf", "true", "18446744073709551615",
	"18446744073709551616", "2147483648", "99999999999999999999999999999999999999", ",,,",
	"a,b,,c", "{", "{}", "{{", "{a[99999999999999999999]}", "${", "%s%n%d", "..",
	"../../../etc/passwd", "/dev/null", "-", "a:b:c@@@", "a:0", "^(", "tweet,tweet", "plain",
	"\\u0001\\ud83c\\udf89", "\xc3\x28\xff\xfe\xfd", "'\"`;|&", "a b c", "http://a:99999",
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
	"8901234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
	"6789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
	"4567890123456789012345678901234567890123456789012345678901234567890123456789012345678901",
};

static struct {
	char key[128], type[32];
} keys[MOST_KEYS];
static int key_count;

static void keep_key(void *user, const char *key, const char *value, const char *help)
{
	char *type = user;
	const char *at = strstr(key, ".type=");

	(void)help;
	if (!value) {
		snprintf(type, 32, "%s", at ? at + strlen(".type=") : "");
		return;
	}
	ck_assert_int_lt(key_count, MOST_KEYS);
	snprintf(keys[key_count].key, sizeof keys->key, "%s", key);
	snprintf(keys[key_count++].type, sizeof keys->type, "%s", type);
}

static void list_keys(void)
{
	char type[32] = "";

	key_count = 0;
	weir_config_keys(keep_key, type);
	ck_assert_int_ge(key_count, 120);
}

/* What is well without that key: a part of each kind, called NAME as the key has it. */
static size_t write_base(char *text, size_t size, const char *type, const char *key)
{
	static const struct {
		const char *type, *keys;
	} sources[] = {
		{ "twitter", "weir.sources.NAME.anonymous=true\nweir.sources.NAME.track=a\n" },
		{ "x", "weir.sources.NAME.bearer_token=b\nweir.sources.NAME.rule_prefix=w\n"
		       "weir.sources.NAME.rules.N.value=cat\nweir.sources.NAME.rules.N.tag=w\n" },
		{ "kafka", "weir.sources.NAME.brokers=b:1\nweir.sources.NAME.group=g\n"
			   "weir.sources.NAME.topics=t\n" },
		{ "file", "weir.sources.NAME.path=/dev/null\n" },
	};
	const bool is_source = strstr(key, "weir.sources.") != NULL;
	const bool is_kafka_sink = strstr(key, "weir.sinks.") && strcmp(type, "kafka") == 0;
	const char *source_type = is_source ? *type ? type : "x" : "file";
	const char *source_keys = "";

	for (int i = 0; i < ROWS(sources); i++)
		if (strcmp(sources[i].type, source_type) == 0)
			source_keys = sources[i].keys;
	return (size_t)snprintf(text, size, "weir.sources.NAME.type=%s\n%sweir.sinks.NAME.type=%s\n%s"
				"weir.spools.q.dir=DIR/q\nweir.dedup.NAME.entries=5\n"
				"weir.routes.NAME.where.N.path=a\nweir.routes.NAME.sink=NAME\n",
				source_type, source_keys, is_kafka_sink ? "kafka" : "file",
				is_kafka_sink ? "weir.sinks.NAME.brokers=b:1\n"
					      : "weir.sinks.NAME.path=/dev/null\n");
}

static void set_key(char *text, size_t size, size_t len, const char *key, const char *value)
{
	const char *property = strstr(key, ".PROPERTY");

	snprintf(text + len, size - len, "%.*s%s=%s\n",
		 property ? (int)(property - key) : (int)strlen(key), key,
		 property ? ".client.id" : "", value);
}

START_TEST(every_key_takes_or_refuses_every_value)
{
	char text[4096];

	list_keys();
	for (int k = 0; k < key_count; k += getenv("WEIR_QUICK") ? 11 : 1) {
		const size_t len = write_base(text, sizeof text, keys[k].type, keys[k].key);
		weir_pipeline *pipeline;

		set_key(text, sizeof text, len, keys[k].key, values[_i]);
		config_rig_again(&rig);
		pipeline = config_rig_make(&rig, text);
		ck_assert_msg(pipeline || rig.err.status == WEIR_ERR_INVALID ||
			      rig.err.status == WEIR_ERR_IO, "%s=%s: %d '%s'",
			      keys[k].key, values[_i], rig.err.status, rig.err.text);
		ck_assert_msg(pipeline || !strncmp(rig.err.text, "f:", 2), "%s=%s: '%s'", keys[k].key,
			      values[_i], rig.err.text);
		ck_assert_msg(!strstr(rig.notices, "no such key"), "%s: %s", keys[k].key,
			      rig.notices);
		weir_pipeline_free(pipeline);
	}
}
END_TEST

START_TEST(the_base_of_every_key_is_well)
{
	char text[4096];

	list_keys();
	for (int k = 0; k < key_count; k += getenv("WEIR_QUICK") ? 11 : 1) {
		write_base(text, sizeof text, keys[k].type, keys[k].key);
		config_rig_again(&rig);
		weir_pipeline_free(config_rig_must(&rig, text));
		ck_assert_str_eq(rig.notices, "");
	}
}
END_TEST

/* ---- bytes changed at random */

static const char whole[] =
	"# a comment\n! another\nweir.sources.a.type=twitter\nweir.sources.a.anonymous = true\n"
	"weir.sources.a.track:\\ud55c\\uae00,b\\\n   c\nweir.sources.a.locations -3,2,-1,4.5\n"
	"weir.sources.k.type=kafka\nweir.sources.k.brokers=b:1\nweir.sources.k.group=g\n"
	"weir.sources.k.partitions=t:0,t:1@5,u:2\nweir.sources.k.property.client.id=x\n"
	"weir.sources.x.type=x\nweir.sources.x.bearer_token=b\nweir.sources.x.rule_prefix=w.\n"
	"weir.sources.x.rules.1.value=cat has:images\nweir.sources.x.rules.1.tag=w.c\n"
	"weir.spools.s.dir=DIR/s\nweir.spools.s.max_bytes=99999999\nweir.spools.s.from=a\n"
	"weir.sinks.o.type=file\nweir.sinks.o.path=/dev/null\nweir.sinks.o.share.messages=7\n"
	"weir.sinks.k.type=kafka\nweir.sinks.k.brokers=b:1\nweir.sinks.k.transactional_id=t\n"
	"weir.sinks.k.offsets_of=k\nweir.dedup.d.sources=a,x\nweir.dedup.d.age_ms=9\n"
	"weir.routes.2.kinds=tweet,retweet\nweir.routes.2.where.1.path=user.lang\n"
	"weir.routes.2.where.1.test=equals\nweir.routes.2.where.1.any_of=ko,en\n"
	"weir.routes.2.where.1.any_of.1=a, b\nweir.routes.2.to=t.{lang}.{{x}}\n"
	"weir.routes.2.sink=o\nweir.routes.1.drop=true\nweir.routes.1.kinds=delete\n"
	"weir.dead_letters.sink=o\nweir.pipeline.window_messages=100\n";

static void change(struct mutate *at, char *text, size_t *len)
{
	static const char bytes[] = "\0\n\r\\=:#!{}$@,.-09azAZ \t\xff\xc3\x80";
	const size_t place = mutate_random(at, *len), other = mutate_random(at, *len);
	const size_t most = *len - (place > other ? place : other);
	const size_t count = mutate_random(at, most < 40 ? most + 1 : 40);

	switch (mutate_random(at, 4)) {
	case 0:
		text[place] = bytes[mutate_random(at, sizeof bytes - 1)];
		break;
	case 1:		/* a part of it once more, over another */
		memmove(text + place, text + other, count);
		break;
	case 2:		/* a part of it gone */
		memmove(text + place, text + place + count, *len - place - count);
		*len -= count;
		break;
	default:
		*len = place + 1;
	}
}

START_TEST(a_file_with_changed_bytes_is_taken_or_refused)
{
	struct mutate at = { .state = (uint64_t)_i + 1 };
	char text[sizeof whole];
	int taken = 0;

	for (int round = 0; round < 150; round++) {
		size_t len = sizeof whole - 1;
		weir_pipeline *pipeline = NULL;

		memcpy(text, whole, len);
		for (size_t times = mutate_random(&at, 4); times > 0 && len > 1; times--)
			change(&at, text, &len);
		config_rig_again(&rig);
		file_write(test_path(&rig.dir, "f"), text, len);
		if (weir_config_read(rig.config, test_path(&rig.dir, "f"), &rig.err) == WEIR_OK)
			pipeline = weir_config_pipeline(rig.config, NULL, &rig.err);
		ck_assert_msg(pipeline || (rig.err.status < 0 && *rig.err.text), "%.*s", (int)len, text);
		taken += pipeline != NULL;
		weir_pipeline_free(pipeline);
	}
	ck_assert_int_gt(taken, 40);
	ck_assert_int_lt(taken, 145);
}
END_TEST

START_TEST(a_document_with_changed_bytes_is_taken_or_refused)
{
	static const char document[] =
		"{\"name\":\"x\",\"config\":{\"weir.sources.a.type\":\"file\",\"weir.sources.a.path\":"
		"\"-\",\"weir.sources.a.crlf\":true,\"weir.sources.a.state_ms\":5,\"weir.sinks.o.type\":"
		"\"file\",\"weir.routes.1.where.1.min\":0.5,\"weir.routes.1.to\":\"\\ud55c\"}}";
	struct mutate at = { .state = (uint64_t)_i + 1 };
	char text[sizeof document];

	for (int round = 0; round < 150; round++) {
		size_t len = sizeof document - 1;

		memcpy(text, document, len);
		for (size_t times = mutate_random(&at, 4); times > 0 && len > 1; times--)
			change(&at, text, &len);
		config_rig_again(&rig);
		file_write(test_path(&rig.dir, "f"), text, len);
		if (weir_config_read(rig.config, test_path(&rig.dir, "f"), &rig.err) == WEIR_OK)
			weir_pipeline_free(weir_config_pipeline(rig.config, NULL, &rig.err));
		else
			ck_assert(rig.err.status < 0 && *rig.err.text);
	}
}
END_TEST

/* ---- no memory */

START_TEST(out_of_memory_is_an_error_and_leaks_nothing)
{
	char text[sizeof whole + 256];
	size_t fail_at = 1;
	bool has_failed = true;

	for (; has_failed; fail_at += 1 + fail_at / 40) {
		weir_pipeline *pipeline;

		config_rig_again(&rig);
		strcpy(text, whole);
		rig.fake.fail_at = rig.fake.calls + fail_at;
		pipeline = config_rig_make(&rig, text);
		has_failed = rig.fake.calls >= rig.fake.fail_at;
		ck_assert_msg(pipeline || rig.err.status < 0, "%zu", fail_at);
		weir_pipeline_free(pipeline);
	}
	ck_assert_uint_gt(fail_at, 500);
}
END_TEST

/* One that was lost counts as many. */
static void count_line(void *user, enum weir_check what, const char *text)
{
	if (what == WEIR_CHECK_WRONG && strstr(text, "out of memory"))
		*(size_t *)user += MOST_KEYS;
	++*(size_t *)user;
}

START_TEST(out_of_memory_while_it_checks_is_an_error_and_leaks_nothing)
{
	static const char text[] =
		"weir.sources.in.type=file\nweir.sources.in.glob=/dev/nul*\nweir.spools.s.dir=DIR/s\n"
		"weir.sinks.o.type=file\nweir.sinks.o.directory=DIR\nweir.routes.1.to=a.{lang}\n"
		"weir.routes.1.sink=o\nweir.dead_letters.sink=o\nweir.sinks.o.pathh=a\n";
	static const char misspelt[] = "weir.sinks.o.pathh: no such key";
	const char *told;
	bool has_failed = true;
	size_t all = 0;

	ck_assert_int_eq(config_rig_read(&rig, text), WEIR_OK);
	ck_assert_int_eq(weir_config_check(rig.config, count_line, &all, &rig.err), WEIR_OK);
	ck_assert_uint_ge(all, 8);
	for (size_t fail_at = 1; has_failed; fail_at++) {
		size_t lines = 0;

		config_rig_again(&rig);
		ck_assert_int_eq(config_rig_read(&rig, text), WEIR_OK);
		rig.fake.fail_at = rig.fake.calls + fail_at;
		if (weir_config_check(rig.config, count_line, &lines, &rig.err) < 0)
			ck_assert_int_eq(rig.err.status, WEIR_ERR_NOMEM);
		else
			ck_assert_msg(lines >= all, "%zu: %zu of %zu lines, and it is not said",
				      fail_at, lines, all);
		told = strstr(rig.notices, misspelt);
		ck_assert_msg(!told || !strstr(told + 1, misspelt), "%zu: twice: %s", fail_at,
			      rig.notices);
		has_failed = rig.fake.calls >= rig.fake.fail_at;
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("hostile");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, the_base_of_every_key_is_well);
	LOOP(tcase, every_key_takes_or_refuses_every_value, values);
	tcase_add_loop_test(tcase, a_file_with_changed_bytes_is_taken_or_refused, 0, 6);
	tcase_add_loop_test(tcase, a_document_with_changed_bytes_is_taken_or_refused, 0, 2);
	tcase_add_test(tcase, out_of_memory_is_an_error_and_leaks_nothing);
	tcase_add_test(tcase, out_of_memory_while_it_checks_is_an_error_and_leaks_nothing);
	return run_case("hostile config", tcase);
}
