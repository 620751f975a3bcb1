/* SPDX-License-Identifier: MIT */
/*
 * Configuration files: how much of everything. What has no limit works beyond any number that one
 * would think of; what has one says it, with its place; memory is bounded in both.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/config_rig.h"
#include "support/run.h"

#define GIGABYTE (getenv("WEIR_QUICK") ? 1L << 26 : 1L << 30)	/* or a part of one */

static struct config_rig rig;

static void setup(void)
{
	config_rig_begin(&rig, NULL);
}

static void teardown(void)
{
	config_rig_end(&rig);
}

/* A text that grows. */
static char *text;
static size_t text_len, text_size;

static void begin_text(void)
{
	text_size = 16u << 20;
	text = malloc(text_size);
	ck_assert_ptr_nonnull(text);
	text[0] = '\0';
	text_len = 0;
}

#define ADD(...) (text_len += (size_t)snprintf(text + text_len, text_size - text_len, __VA_ARGS__))

static void put(const char *name, const char *content)
{
	file_write(test_path(&rig.dir, name), content, strlen(content));
}

static void put_text(const char *name)
{
	file_write(test_path(&rig.dir, name), text, text_len);
}

/* ---- without a limit */

START_TEST(any_number_of_parts_is_told_and_tried)
{
	begin_text();
	for (int i = 0; i < 100; i++)
		ADD("weir.sources.in%d.type=file\nweir.sources.in%d.path=DIR/in\n", i, i);
	for (int i = 0; i < 50; i++)
		ADD("weir.sinks.out%d.type=file\nweir.sinks.out%d.directory=DIR\n", i, i);
	for (int i = 0; i < 400; i++)
		ADD("weir.routes.%d.to=out%d\nweir.routes.%d.sink=out0\n", i, i, i);
	put("in", "{}\n");
	ck_assert_msg(config_rig_check(&rig, text) == WEIR_OK, "%s", rig.err.text);
	ck_assert_ptr_nonnull(strstr(rig.told, "ok source in0: 'in' can be read: 3 bytes, plain\n"));
	ck_assert_ptr_nonnull(strstr(rig.told, "ok source in99: 'in' can be read: 3 bytes, plain\n"));
	ck_assert_ptr_nonnull(strstr(rig.told, "plan route 399: every kind to out399 of sink out0\n"));
	ck_assert_ptr_nonnull(strstr(rig.told, "ok sink out0: 'out0' can be made\n"));
	ck_assert_ptr_nonnull(strstr(rig.told, "ok sink out0: 'out399' can be made\n"));
	ck_assert_ptr_nonnull(strstr(rig.told, "ok sink out49: the folder '' can be written to\n"));
	ck_assert_ptr_null(strstr(rig.told, "wrong"));
	free(text);
}
END_TEST

START_TEST(lists_are_of_any_length)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	weir_pipeline *pipeline;

	put("in", "{\"n\":\"9999\"}\n{\"n\":\"10000\"}\n");
	begin_text();
	ADD("weir.sources.in.type=file\nweir.sources.in.path=DIR/in\nweir.sources.in.kind=record\n"
	    "weir.sinks.out.type=file\nweir.sinks.out.path=DIR/out\n"
	    "weir.routes.1.where.1.path=n\nweir.routes.1.where.1.test=equals\n"
	    "weir.routes.1.where.1.any_of=");
	for (int i = 0; i < 10000; i++)
		ADD("%d,", i);
	pipeline = config_rig_must(&rig, text);
	ck_assert_int_eq(weir_pipeline_run(pipeline), WEIR_OK);
	weir_pipeline_metrics(pipeline, &metrics);
	ck_assert_uint_eq(metrics.all.delivered, 1);
	weir_pipeline_free(pipeline);
	free(text);
}
END_TEST

START_TEST(a_key_that_is_given_twice_is_told_however_many_there_are)
{
	begin_text();
	for (int i = 0; i < 5000; i++)
		ADD("weir.routes.%d.drop=true\n", i);
	ADD("weir.routes.4000.drop=true\n");
	ck_assert_int_eq(config_rig_read(&rig, text), WEIR_OK);
	ck_assert_str_eq(rig.notices, "f:5001: weir.routes.4000.drop: given twice; this one counts\n");
	free(text);
}
END_TEST

/* In reasonable time: nothing is looked for in all settings for each of them. */
START_TEST(as_many_settings_as_may_be_are_read)
{
	const int pairs = getenv("WEIR_QUICK") ? 6000 : 30000;
	weir_pipeline *pipeline;

	begin_text();
	ADD("weir.sinks.k.type=kafka\nweir.sinks.k.brokers=b:1\nweir.sources.x.type=x\n"
	    "weir.sources.x.bearer_token=b\nweir.sources.x.rule_prefix=w\n");
	for (int i = 0; i < pairs; i++)
		ADD("weir.sources.x.rules.%d.value=cat%d\nweir.sources.x.rules.%d.tag=w%d\n", i, i, i,
		    i);
	pipeline = config_rig_must(&rig, text);
	weir_pipeline_free(pipeline);
	ck_assert_str_eq(rig.notices, "");
	free(text);
}
END_TEST

static void hear(void *user, enum weir_check what, const char *line)
{
	(void)what;
	(void)line;
	++*(size_t *)user;
}

/* The CPU time that it takes to read and check so many routes. */
static double check_routes(int count)
{
	const clock_t began = clock();
	size_t lines = 0;

	begin_text();
	ADD("weir.sources.in.type=file\nweir.sources.in.path=/dev/null\n"
	    "weir.sinks.out.type=file\nweir.sinks.out.path=/dev/null\n");
	for (int i = 0; i < count; i++)
		ADD("weir.routes.%d.kinds=%s\nweir.routes.%d.where.1.path=a\n"
		    "weir.routes.%d.where.1.test=equals\nweir.routes.%d.where.1.any_of.1=%d\n"
		    "weir.routes.%d.final=true\n", i, i % 2 ? "tweet" : "retweet", i, i, i, i, i);
	ck_assert_int_eq(config_rig_read(&rig, text), WEIR_OK);
	ck_assert_msg(weir_config_check(rig.config, hear, &lines, &rig.err) == WEIR_OK, "%s",
		      rig.err.text);
	ck_assert_uint_ge(lines, 2 * (size_t)count);
	ck_assert_str_eq(rig.notices, "");
	free(text);
	return (double)(clock() - began) / CLOCKS_PER_SEC;
}

/* Eight times as many take eight times as long, or thereabouts; looked for in all, 64 times. */
START_TEST(as_many_routes_as_may_be_are_read_and_checked_in_linear_time)
{
	const int few = getenv("WEIR_QUICK") ? 400 : 1600;
	const double once = check_routes(few);
	double eight;

	config_rig_again(&rig);
	eight = check_routes(8 * few);
	ck_assert_msg(eight < 24 * once, "%d took %g s, %d took %g s", few, once, 8 * few, eight);
}
END_TEST

/* ---- with one */

START_TEST(too_many_settings_are_refused)
{
	begin_text();
	for (int i = 0; i < 65537; i++)
		ADD("k%d\n", i);
	ck_assert_int_eq(config_rig_read(&rig, text), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(rig.err.text, "f:65537: k65536: more than 65536 settings"));
	free(text);
}
END_TEST

START_TEST(too_many_bytes_of_values_are_refused)
{
	begin_text();
	memset(text, 'x', 3u << 20);
	text_len = 3u << 20;
	put_text("large");
	text_len = 0;
	for (int i = 0; i < 7; i++)
		ADD("k%d=${file:%s}\n", i, test_path(&rig.dir, "large"));
	ck_assert_int_eq(config_rig_read(&rig, text), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(rig.err.text, "f:6: k5: all values together are larger than "
				     "16777216 bytes"));
	ck_assert_uint_lt(rig.fake.most_bytes, 32u << 20);
	free(text);
}
END_TEST

START_TEST(a_name_has_64_bytes_at_most)
{
	char name[80], line[400];

	memset(name, 'n', sizeof name);
	name[64] = '\0';
	snprintf(line, sizeof line, "weir.sources.%s.type=file\nweir.sources.%s.path=-\n", name, name);
	weir_pipeline_free(config_rig_must(&rig, line));
	config_rig_again(&rig);
	name[64] = 'n';
	name[65] = '\0';
	snprintf(line, sizeof line, "weir.sources.%s.type=file\n", name);
	ck_assert_ptr_null(config_rig_make(&rig, line));
	ck_assert_ptr_nonnull(strstr(rig.err.text, "f:1: weir.sources.nnn"));
	ck_assert_ptr_nonnull(strstr(rig.err.text, ": a name of more than 64 bytes"));
}
END_TEST

START_TEST(the_longest_names_there_may_be_do_not_cut_a_key)
{
	static const char long_name[] =
		"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";

	begin_text();
	ADD("weir.sources.%s.type=x\nweir.sources.%s.bearer_token=b\n"
	    "weir.sources.%s.rule_prefix=w\nweir.sources.%s.rules.%s.value=cat\n"
	    "weir.sources.%s.rules.%s.tag=w\nweir.sinks.%s.type=file\nweir.sinks.%s.path=-\n"
	    "weir.routes.%s.where.%s.path=a\nweir.routes.%s.where.%s.any_of=b\n"
	    "weir.routes.%s.where.%s.test=equals\nweir.routes.%s.from=%s\n", long_name, long_name,
	    long_name, long_name, long_name, long_name, long_name, long_name, long_name, long_name,
	    long_name, long_name, long_name, long_name, long_name, long_name, long_name);
	weir_pipeline_free(config_rig_must(&rig, text));
	ck_assert_str_eq(rig.notices, "");
	free(text);
}
END_TEST

START_TEST(an_address_of_600_bytes_is_refused_with_its_line)
{
	begin_text();
	ADD("connector.class=com.eneco.trading.kafka.connect.twitter.TwitterSourceConnector\n"
	    "twitter.consumerkey=a\ntwitter.consumersecret=b\ntwitter.token=c\ntwitter.secret=d\n"
	    "track.terms=x\nweir.base_url=http://%0600d\n", 1);
	ck_assert_ptr_null(config_rig_make(&rig, text));
	ck_assert_ptr_nonnull(strstr(rig.err.text, "f:7: weir.base_url: it is longer than "));
	free(text);
}
END_TEST

/* What is cut in an error says so: the place of it never is. */
START_TEST(a_long_key_and_a_long_value_leave_the_place_and_the_reason)
{
	begin_text();
	ADD("weir.sources.in.type=file\nweir.sources.in.path=-\nweir.sources.in.crlf=%05000d\n"
	    "%05000d=${env:X}\n", 7, 7);
	ck_assert_int_eq(config_rig_read(&rig, text), WEIR_ERR_INVALID);
	ck_assert_msg(strstr(rig.err.text, "f:4: 0000000000") &&
		      strstr(rig.err.text, "0…: there is no variable X"), "%s", rig.err.text);
	text[strlen("weir.sources.in.type=file\nweir.sources.in.path=-\nweir.sources.in.crlf=\n") +
	     4999] = '\0';
	config_rig_again(&rig);
	ck_assert_ptr_null(config_rig_make(&rig, text));
	ck_assert_msg(strstr(rig.err.text, "f:3: weir.sources.in.crlf: '000000") &&
		      strstr(rig.err.text, "0' is neither true nor false"), "%s", rig.err.text);
	free(text);
}
END_TEST

/* ---- all words of a choice are said, none is cut off */

static char wrong_words[64][2][256];
static int wrong_count;

static void keep_choice(void *user, const char *key, const char *value, const char *help)
{
	(void)user;
	(void)help;
	if (!value)
		return;
	ck_assert_uint_lt(strlen(value), 255);
	if (!strstr(value, ", ") || strstr(value, "commas") || strcmp(value, "true, false") == 0 ||
	    strstr(value, "below 0") || wrong_count == 64)
		return;
	snprintf(wrong_words[wrong_count][0], 256, "%s", key);
	snprintf(wrong_words[wrong_count++][1], 256, "%s", value);
}

START_TEST(an_error_names_every_word_of_a_choice)
{
	weir_config_keys(keep_choice, NULL);
	ck_assert_int_ge(wrong_count, 10);
	for (int i = 0; i < wrong_count; i++) {
		const char *words = wrong_words[i][1];

		config_rig_again(&rig);
		begin_text();
		ADD("weir.sources.NAME.path=-\nweir.sinks.NAME.type=file\nweir.sinks.NAME.path=-\n"
		    "weir.sources.NAME.type=%s\n%s=zzz\n", strstr(words, "filtered") ? "x"
		    : strstr(words, "latest") ? "kafka" : "file", wrong_words[i][0]);
		ck_assert_ptr_null(config_rig_make(&rig, text));
		ck_assert_msg(strstr(rig.err.text, "'zzz' is none of ") &&
			      strstr(rig.err.text, words), "%s: '%s'", wrong_words[i][0],
			      rig.err.text);
		free(text);
	}
}
END_TEST

/* ---- one line of a gigabyte */

/* Sparse: it takes no room, and holds zeroes. */
static const char *make_gigabyte(void)
{
	put("gigabyte", "");
	ck_assert_int_eq(truncate(test_path(&rig.dir, "gigabyte"), GIGABYTE), 0);
	return test_path(&rig.dir, "gigabyte");
}

START_TEST(a_line_of_a_gigabyte_is_no_configuration)
{
	const char *path = make_gigabyte();
	char line[200];

	ck_assert_int_eq(weir_config_read(rig.config, path, &rig.err), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(rig.err.text, "gigabyte' is larger than 4194304 bytes"));
	snprintf(line, sizeof line, "a=${file:%s}\n", path);
	ck_assert_int_eq(config_rig_read(&rig, line), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(rig.err.text, "f:1: a: "));
	ck_assert_ptr_nonnull(strstr(rig.err.text, "is larger than 4194304 bytes"));
	ck_assert_uint_lt(rig.fake.most_bytes, 16u << 20);
}
END_TEST

START_TEST(a_line_of_a_gigabyte_is_skipped_and_counted_by_a_source)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	weir_pipeline *pipeline;

	make_gigabyte();
	file_append(test_path(&rig.dir, "gigabyte"), "\n{\"a\":1}\n");
	pipeline = config_rig_must(&rig, "weir.sources.in.type=file\n"
				   "weir.sources.in.path=DIR/gigabyte\n"
				   "weir.sinks.out.type=file\nweir.sinks.out.path=DIR/out\n"
				   "weir.routes.1.key=\n");
	ck_assert_int_eq(weir_pipeline_run(pipeline), WEIR_OK);
	weir_pipeline_metrics(pipeline, &metrics);
	ck_assert_uint_eq(metrics.all.received, 1);
	ck_assert_uint_eq(metrics.all.delivered, 1);
	ck_assert_uint_lt(rig.fake.most_bytes, 24u << 20);
	weir_pipeline_free(pipeline);
}
END_TEST

/* ---- files that name each other */

static const struct {
	const char *name, *a, *b, *words;
} circles[] = {
	{ "itself", "${file:DIR/a}", "", "f:1: k: ${file:…} more than 8 deep" },
	{ "each other", "${file:DIR/b}", "${file:DIR/a}", "f:1: k: ${file:…} more than 8 deep" },
	{ "through another key", "x${file:DIR/b}x", "<${file:DIR/a}>", "more than 8 deep" },
	{ "a folder", "${file:DIR}", "", "f:1: k: '" },
	{ "one that is not there", "${file:DIR/gone}", "", "f:1: k: cannot open '" },
	{ "nothing", "${file:}", "", "f:1: k: cannot open ''" },
};

/* DIR in it is the folder. */
static void put_own(const char *name, const char *content)
{
	const char *at = strstr(content, "DIR");
	char own[400];

	snprintf(own, sizeof own, "%.*s%s%s", at ? (int)(at - content) : (int)strlen(content), content,
		 at ? rig.dir.path : "", at ? at + 3 : "");
	put(name, own);
}

START_TEST(files_that_name_each_other_end)
{
	put_own("a", circles[_i].a);
	put_own("b", circles[_i].b);
	ck_assert_ptr_null(config_rig_make(&rig, "k=${file:DIR/a}\n"));
	ck_assert_msg(strstr(rig.err.text, circles[_i].words), "%s: '%s'", circles[_i].name,
		      rig.err.text);
}
END_TEST

/* Seven floors, each naming the next a thousand times: 10^21 files that hold nothing. */
START_TEST(files_that_name_others_many_times_end)
{
	char path[2][200];

	put("0", "");
	for (int floor = 1; floor <= 7; floor++) {
		snprintf(path[0], sizeof path[0], "%s/%d", rig.dir.path, floor - 1);
		snprintf(path[1], sizeof path[1], "%d", floor);
		begin_text();
		for (int i = 0; i < 1000; i++)
			ADD("${file:%s}", path[0]);
		put_text(path[1]);
		free(text);
	}
	ck_assert_ptr_null(config_rig_make(&rig, "k=${file:DIR/7}\n"));
	ck_assert_ptr_nonnull(strstr(rig.err.text, "f:1: k: more than 1000 ${file:…} in one value"));
}
END_TEST

START_TEST(a_secret_with_a_zero_byte_is_refused_not_cut)
{
	file_write(test_path(&rig.dir, "a"), "abc\0def", 7);
	ck_assert_ptr_null(config_rig_make(&rig, "k=${file:DIR/a}\n"));
	ck_assert_ptr_nonnull(strstr(rig.err.text, "f:1: k: there is a zero byte in"));
}
END_TEST

/* ---- templates of a file: what they may not give */

#define LONG                                                                                       \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *name, *value;
	bool falls;
} values[] = {
	{ "a word", "\"ko\"", false },
	{ "a number", "7", false },
	{ "dots and all that is legal", "\"a.b_c-D9\"", false },
	{ "100 bytes", "\"" LONG "\"", false },
	{ "101 bytes", "\"" LONG "x\"", true },
	{ "300 bytes", "\"" LONG LONG LONG "\"", true },
	{ "empty", "\"\"", true },
	{ "two dots", "\"..\"", true },
	{ "one dot", "\".\"", true },
	{ "a way up", "\"../../etc/passwd\"", true },
	{ "a slash", "\"a/b\"", true },
	{ "a blank", "\"a b\"", true },
	{ "Korean", "\"한글\"", true },
	{ "a zero", "\"a\\u0000b\"", true },
	{ "a line end", "\"a\\nb\"", true },
	{ "null", "null", true },
	{ "an object", "{}", true },
	{ "a list", "[1]", true },
};

START_TEST(an_illegal_destination_is_the_fallback_and_counted)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	char line[1024], *got;
	weir_pipeline *pipeline;

	snprintf(line, sizeof line, "{\"v\":%s}\n", values[_i].value);
	put("in", line);
	pipeline = config_rig_must(&rig, "weir.sources.in.type=file\nweir.sources.in.path=DIR/in\n"
				   "weir.sources.in.kind=record\nweir.sinks.out.type=file\n"
				   "weir.sinks.out.directory=DIR\nweir.routes.1.to={v}\n"
				   "weir.routes.1.fallback=fell\n");
	ck_assert_msg(weir_pipeline_run(pipeline) == WEIR_OK, "%s: %s", values[_i].name,
		      weir_pipeline_error(pipeline)->text);
	weir_pipeline_metrics(pipeline, &metrics);
	ck_assert_msg(metrics.fallbacks == values[_i].falls && metrics.all.delivered == 1,
		      "%s: %llu fallbacks", values[_i].name, (unsigned long long)metrics.fallbacks);
	weir_pipeline_free(pipeline);
	got = file_read(test_path(&rig.dir, "fell"), NULL);
	ck_assert_msg(!strcmp(got, values[_i].falls ? line : ""), "%s: '%s'", values[_i].name, got);
	free(got);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("limits");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, any_number_of_parts_is_told_and_tried);
	tcase_add_test(tcase, lists_are_of_any_length);
	tcase_add_test(tcase, a_key_that_is_given_twice_is_told_however_many_there_are);
	tcase_add_test(tcase, as_many_settings_as_may_be_are_read);
	tcase_add_test(tcase, as_many_routes_as_may_be_are_read_and_checked_in_linear_time);
	tcase_add_test(tcase, too_many_settings_are_refused);
	tcase_add_test(tcase, too_many_bytes_of_values_are_refused);
	tcase_add_test(tcase, a_name_has_64_bytes_at_most);
	tcase_add_test(tcase, the_longest_names_there_may_be_do_not_cut_a_key);
	tcase_add_test(tcase, an_address_of_600_bytes_is_refused_with_its_line);
	tcase_add_test(tcase, a_long_key_and_a_long_value_leave_the_place_and_the_reason);
	tcase_add_test(tcase, an_error_names_every_word_of_a_choice);
	tcase_add_test(tcase, a_line_of_a_gigabyte_is_no_configuration);
	tcase_add_test(tcase, a_line_of_a_gigabyte_is_skipped_and_counted_by_a_source);
	LOOP(tcase, files_that_name_each_other_end, circles);
	tcase_add_test(tcase, files_that_name_others_many_times_end);
	tcase_add_test(tcase, a_secret_with_a_zero_byte_is_refused_not_cut);
	LOOP(tcase, an_illegal_destination_is_the_fallback_and_counted, values);
	return run_case("config limits", tcase);
}
