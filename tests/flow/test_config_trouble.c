/* SPDX-License-Identifier: MIT */
/* Configuration files that nobody should have: what is said of them, and that it is said soon. */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/fake_env.h"
#include "support/files.h"
#include "support/run.h"
#include "weir.h"

#define GIGABYTE (1L << 30)

static struct fake_env fake;
static struct test_dir dir;
static weir_config *config;
static struct weir_error err;
static char notices[4096];

static void notice(void *user, const char *text)
{
	const size_t len = strlen(notices);

	(void)user;
	snprintf(notices + len, sizeof notices - len, "%s\n", text);
}

static void setup(void)
{
	fake_env_init(&fake);
	test_dir_make(&dir);
	notices[0] = '\0';
	config = weir_config_new(WEIR_WITH(weir_config_options, .env = &fake.env,
					   .notice = notice));
}

static void teardown(void)
{
	config = weir_config_free(config);
	fake_env_check_empty(&fake);
	test_dir_remove(&dir);
}

static void put(const char *name, const char *text)
{
	file_write(test_path(&dir, name), text, strlen(text));
}

static enum weir_status read_text(const char *text)
{
	put("f", text);
	return weir_config_read(config, test_path(&dir, "f"), &err);
}

/* ---- size */

/* A line of 1 GB (a hole in the file) in front of good ones; none of it is read. */
START_TEST(a_line_of_a_gigabyte_is_refused_and_takes_no_memory)
{
	const char *path = test_path(&dir, "f");
	FILE *file;

	put("f", "a=");
	ck_assert_int_eq(truncate(path, GIGABYTE), 0);
	file = fopen(path, "a");
	ck_assert_int_gt(fprintf(file, "\nweir.pipeline.drain_ms=5\n"), 0);
	fclose(file);
	ck_assert_int_eq(weir_config_read(config, path, &err), WEIR_ERR_INVALID);
	ck_assert_msg(strstr(err.text, path) && strstr(err.text, "larger than"), "%s", err.text);
	ck_assert_uint_lt(fake.most_bytes, 32u << 20);
}
END_TEST

/* As a stand-in the same file is a secret that is too long. */
START_TEST(a_gigabyte_in_place_of_a_secret_is_refused)
{
	char text[300];

	put("large", "");
	ck_assert_int_eq(truncate(test_path(&dir, "large"), GIGABYTE), 0);
	snprintf(text, sizeof text, "a=1\nb=${file:%s}\n", test_path(&dir, "large"));
	ck_assert_int_lt(read_text(text), WEIR_OK);
	ck_assert_msg(strstr(err.text, "f:2: b: '") && strstr(err.text, "/large' is larger than"),
		      "%s", err.text);
	ck_assert_uint_lt(fake.most_bytes, 32u << 20);
}
END_TEST

/* ---- files that name each other */

START_TEST(files_that_name_each_other_end)
{
	char text[300];

	snprintf(text, sizeof text, "${file:%s}", test_path(&dir, "b"));
	put("a", text);
	snprintf(text, sizeof text, "<${file:%s}>", test_path(&dir, "c"));
	put("b", text);
	snprintf(text, sizeof text, "${file:%s}", test_path(&dir, "a"));
	put("c", text);
	snprintf(text, sizeof text, "x=1\n\ny=${file:%s}\n", test_path(&dir, "a"));
	ck_assert_int_eq(read_text(text), WEIR_ERR_INVALID);
	ck_assert_msg(strstr(err.text, "f:3: y: ") &&
			      strstr(err.text, "does a file name itself?"), "%s", err.text);
}
END_TEST

START_TEST(a_folder_in_place_of_a_secret_is_refused)
{
	char text[300], words[300];

	snprintf(text, sizeof text, "\ny=${file:%s}\n", dir.path);
	snprintf(words, sizeof words, "f:2: y: '%s' is a folder", dir.path);
	ck_assert_int_lt(read_text(text), WEIR_OK);
	ck_assert_msg(strstr(err.text, words), "%s", err.text);
}
END_TEST

/* ---- what is no secret any more when an error shows a part of it */

#define LONG_SECRET "hush-56789-123456789-123456789-123456789-123456789-123456789-123456789"
#define A_SOURCE "weir.sources.in.type=file\nweir.sources.in.path=x\n"
#define A_SINK "weir.sinks.out.type=file\nweir.sinks.out.path=-\n"

static const struct {
	const char *name, *short_one, *secret, *text;	/* %s: ${file:…}s of both */
} shown[] = {
	{ "one that begins as another", "some", "some-hush", "weir.a=%s\nweir.sources.in.type=%s\n" },
	{ "one that ends as another", "some", "hush-some", "weir.a=%s\nweir.sources.in.type=%s\n" },
	{ "one of which a part is shown", "", LONG_SECRET, "weir.a=%s\nweir.sources.in.type=%s\n" },
	{ "one of a list of kinds", "", "tweet, hush-hush",
	  A_SOURCE A_SINK "weir.a=%s\nweir.routes.1.kinds=%s\n" },
	{ "one of a list of sources", "", "in,hush-hush",
	  A_SOURCE A_SINK "weir.a=%s\nweir.dedup.1.sources=%s\n" },
	{ "a sink", "", LONG_SECRET, A_SOURCE A_SINK "weir.a=%s\nweir.routes.1.sink=%s\n" },
	{ "a connector", "", LONG_SECRET, "weir.a=%s\nconnector.class=%s\n" },
	{ "one that looks like a stand-in", "", "a${hush}b", "weir.a=%s\nweir.b=%s\n" },
	{ "one that looks like a variable", "", "a${env:hush}b", "weir.a=%s\nweir.b=%s\n" },
	{ "one that looks like a file", "", "a${file:hush}b", "weir.a=%s\nweir.b=%s\n" },
};

START_TEST(no_part_of_a_secret_is_in_an_error)
{
	char names[2][200], text[1000];

	put("short", shown[_i].short_one);
	put("secret", shown[_i].secret);
	snprintf(names[0], sizeof names[0], "${file:%s}", test_path(&dir, "short"));
	snprintf(names[1], sizeof names[1], "${file:%s}", test_path(&dir, "secret"));
	snprintf(text, sizeof text, shown[_i].text, names[0], names[1]);
	if (read_text(text) == WEIR_OK)
		ck_assert_ptr_null(weir_config_pipeline(config, NULL, &err));
	ck_assert_msg(err.status < WEIR_OK && !strstr(err.text, "hush"), "%s: %s", shown[_i].name,
		      err.text);
}
END_TEST

/* ---- letters */

START_TEST(what_is_no_utf_8_is_latin_1_with_a_warning)
{
	ck_assert_int_eq(read_text("weir.sources.x.track=caf\xe9\n"), WEIR_OK);
	ck_assert_msg(strstr(notices, "/f: it is not UTF-8, and was read as Latin-1"), "%s", notices);
	notices[0] = '\0';
	ck_assert_int_eq(read_text("weir.sources.x.track=caf\u00e9\n"), WEIR_OK);
	ck_assert_str_eq(notices, "");
}
END_TEST

/* ---- rules */

#define X_SOURCE                                                                                   \
	"weir.sources.x.type=x\nweir.sources.x.bearer_token=b\nweir.sources.x.rule_prefix=w.\n"     \
	"weir.sinks.out.type=file\nweir.sinks.out.path=/dev/null\n"
#define RULE(number, value, tag)                                                                   \
	"weir.sources.x.rules." number ".value=" value "\nweir.sources.x.rules." number ".tag=" tag \
	"\n"

static const struct {
	const char *name, *text, *words;
} rules[] = {
	{ "the same rule twice", X_SOURCE RULE("1", "cat", "w.a") RULE("2", "cat", "w.b"),
	  "rules[1]: its value is there already" },
	{ "a rule without a value", X_SOURCE "weir.sources.x.rules.1.tag=w.a\n", "has no value" },
	{ "a tag of somebody else's", X_SOURCE RULE("1", "cat", "cats"), "must begin with 'w.'" },
	{ "rules without a prefix",
	  "weir.sources.x.type=x\nweir.sources.x.bearer_token=b\n" RULE("1", "cat", "cats"),
	  "rule_prefix: missing" },
};

START_TEST(a_set_of_rules_that_cannot_be_is_refused)
{
	weir_pipeline *pipeline;

	ck_assert_int_eq(read_text(rules[_i].text), WEIR_OK);
	pipeline = weir_config_pipeline(config, NULL, &err);
	ck_assert_msg(!pipeline, "%s: taken", rules[_i].name);
	ck_assert_msg(strstr(err.text, rules[_i].words), "%s: %s", rules[_i].name, err.text);
}
END_TEST

/* A line that is written twice is a key that is given twice: that is told, and the last counts. */
START_TEST(a_line_of_a_rule_written_twice_is_told)
{
	weir_pipeline *pipeline;

	ck_assert_int_eq(read_text(X_SOURCE RULE("1", "cat", "w.a") RULE("1", "cat", "w.a")),
			 WEIR_OK);
	pipeline = weir_config_pipeline(config, NULL, &err);
	ck_assert_msg(pipeline, "%s", err.text);
	weir_pipeline_free(pipeline);
	ck_assert_msg(strstr(notices, "weir.sources.x.rules.1.value: given twice"), "%s", notices);
	ck_assert_msg(strstr(notices, "weir.sources.x.rules.1.tag: given twice"), "%s", notices);
}
END_TEST

/* ---- sizes beside which all others are nothing */

static void count_wrong(void *user, enum weir_check what, const char *text)
{
	(void)text;
	*(unsigned *)user += what == WEIR_CHECK_WRONG;
}

static const uint64_t sizes[] = { UINT64_MAX, UINT64_MAX / 5 * 4, UINT64_MAX / 5 * 4 - 1000 };

START_TEST(no_disk_has_room_for_a_spool_of_all_bytes_there_are)
{
	unsigned wrong = 0;

	ck_assert_int_eq(weir_spool_check(&fake.env, "s", WEIR_WITH(weir_spool_options,
								    .dir = dir.path,
								    .max_bytes = sizes[_i]),
					  count_wrong, &wrong, &err), WEIR_OK);
	ck_assert_uint_eq(wrong, 1);
}
END_TEST

/* ---- the other connector's keys that have no meaning here */

START_TEST(keys_of_the_other_connector_without_effect_are_taken)
{
	weir_pipeline *pipeline;

	ck_assert_int_eq(read_text("connector.class=com.github.jcustenborder.kafka.connect.twitter."
				   "TwitterSourceConnector\ntwitter.oauth.consumerKey=ck\n"
				   "twitter.oauth.consumerSecret=cs\ntwitter.oauth.accessToken=to\n"
				   "twitter.oauth.accessTokenSecret=ts\nfilter.keywords=a\n"
				   "kafka.status.topic=st\nprocess.deletes=false\n"
				   "twitter.debug=true\nqueue.empty.ms=100\nqueue.batch.size=10\n"),
			 WEIR_OK);
	pipeline = weir_config_pipeline(config, NULL, &err);
	ck_assert_msg(pipeline, "%s", err.text);
	weir_pipeline_free(pipeline);
	ck_assert_msg(!strstr(notices, "no such key"), "%s", notices);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("configurations in trouble");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_line_of_a_gigabyte_is_refused_and_takes_no_memory);
	tcase_add_test(tcase, a_gigabyte_in_place_of_a_secret_is_refused);
	tcase_add_test(tcase, files_that_name_each_other_end);
	tcase_add_test(tcase, a_folder_in_place_of_a_secret_is_refused);
	LOOP(tcase, no_part_of_a_secret_is_in_an_error, shown);
	tcase_add_test(tcase, what_is_no_utf_8_is_latin_1_with_a_warning);
	LOOP(tcase, a_set_of_rules_that_cannot_be_is_refused, rules);
	LOOP(tcase, no_disk_has_room_for_a_spool_of_all_bytes_there_are, sizes);
	tcase_add_test(tcase, a_line_of_a_rule_written_twice_is_told);
	tcase_add_test(tcase, keys_of_the_other_connector_without_effect_are_taken);
	return run_case("configurations in trouble", tcase);
}
