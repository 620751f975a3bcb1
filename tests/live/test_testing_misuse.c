/* SPDX-License-Identifier: MIT */
/* The fault kit misused: what cannot be is refused, in one line, and leaves nothing behind. */
#include "support/run.h"
#include "weir/testing.h"

#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static weir_test_stream *stream;
static weir_test_broker *cluster;
static struct weir_error why;

/* ---- the stream server */

static unsigned count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static const struct weir_slice some = { "{}", 2 };
static const struct weir_slice bad_slice = { NULL, 1 };

static const struct {
	const char *name;
	struct weir_test_stream_options options;
	enum weir_status status;
	const char *text;	/* in the error */
} refusals[] = {
	{ "a step that is none", { .faults = "ok,nothing" }, WEIR_ERR_INVALID, "step 2" },
	{ "a step without its number", { .faults = "cut" }, WEIR_ERR_INVALID, "step 1" },
	{ "a number that is none", { .faults = "ok,ok,cut=x" }, WEIR_ERR_INVALID, "step 3" },
	{ "a count without messages", { .message_count = 1 }, WEIR_ERR_INVALID, "message_count" },
	{ "a message of nothing", { .messages = &bad_slice, .message_count = 1 }, WEIR_ERR_INVALID,
	  "message" },
	{ "messages and a file", { .messages = &some, .file = "/dev/null" }, WEIR_ERR_INVALID,
	  "file" },
	{ "half a certificate", { .key_file = "/dev/null" }, WEIR_ERR_INVALID, "certificate" },
	{ "a socket and a port", { .unix_socket = "/tmp/a", .port = 1 }, WEIR_ERR_INVALID, "port" },
	{ "a socket without a name", { .unix_socket = "" }, WEIR_ERR_INVALID, "unix_socket" },
	{ "a path without a slash", { .path = "else" }, WEIR_ERR_INVALID, "path" },
	{ "no such file", { .file = "/nowhere/a" }, WEIR_ERR_IO, "'/nowhere/a': No such file" },
	{ "a folder as file", { .file = "/tmp" }, WEIR_ERR_IO, "'/tmp'" },
	{ "a log in no folder", { .log_file = "/nowhere/a" }, WEIR_ERR_IO, "'/nowhere/a'" },
	{ "a record in no folder", { .record_file = "/nowhere/a" }, WEIR_ERR_IO, "'/nowhere/a'" },
	{ "a socket in no folder", { .unix_socket = "/nowhere/a" }, WEIR_ERR_IO, "'/nowhere/a'" },
	{ "a certificate that is none", { .certificate_file = "Makefile", .key_file = "Makefile" },
	  WEIR_ERR_IO, "certificate" },
	{ "an empty certificate", { .certificate_file = "/dev/null", .key_file = "/dev/null" },
	  WEIR_ERR_IO, "'/dev/null'" },
};

START_TEST(options_that_cannot_be_are_refused_without_a_trace)
{
	struct weir_test_stream_options options = refusals[_i].options;
	const unsigned before = count_descriptors();

	options.size = sizeof options;
	stream = weir_test_stream_new(&options, &why);
	ck_assert_msg(!stream, "%s", refusals[_i].name);
	ck_assert_msg(why.status == refusals[_i].status, "%s: %d", refusals[_i].name, why.status);
	ck_assert_msg(strstr(why.text, refusals[_i].text) && !strchr(why.text, '\n'), "%s: %s",
		      refusals[_i].name, why.text);
	ck_assert_ptr_null(weir_test_stream_new(&options, NULL));
	ck_assert_uint_eq(count_descriptors(), before);
}
END_TEST

START_TEST(a_long_path_is_cut_in_the_error)
{
	char path[5000];

	memset(path, 'p', sizeof path);
	path[sizeof path - 1] = 0;
	ck_assert_ptr_null(weir_test_stream_new(WEIR_WITH(weir_test_stream_options,
							  .file = path), &why));
	ck_assert_ptr_nonnull(strstr(why.text, "File name too long"));
}
END_TEST

/* A release to come has more members: zero, they are nothing; set, they are refused. */
START_TEST(options_of_other_releases_are_understood_or_refused)
{
	struct {
		struct weir_test_stream_options known;
		uint64_t later;
	} newer = { .known = { .size = sizeof newer } };

	ck_assert_ptr_null(weir_test_stream_new(&(struct weir_test_stream_options){ 0 }, &why));
	ck_assert_int_eq(why.status, WEIR_ERR_INVALID);
	stream = weir_test_stream_new(&newer.known, &why);
	ck_assert_ptr_nonnull(stream);
	weir_test_stream_free(stream);
	newer.later = 1;
	ck_assert_ptr_null(weir_test_stream_new(&newer.known, &why));
	ck_assert_int_eq(why.status, WEIR_ERR_INVALID);
	newer.known.size = offsetof(struct weir_test_stream_options, faults);
	newer.known.faults = "nothing that is read";
	stream = weir_test_stream_new(&newer.known, &why);
	ck_assert_ptr_nonnull(stream);
	weir_test_stream_free(stream);
}
END_TEST

START_TEST(no_stream_answers_like_none)
{
	struct weir_test_stream_metrics read = { .size = sizeof read };

	ck_assert_int_eq(weir_test_stream_metrics(NULL, &read), WEIR_ERR_INVALID);
	ck_assert_str_eq(weir_test_stream_url(NULL), "");
	ck_assert_str_eq(weir_test_stream_filter_url(NULL), "");
	ck_assert_str_eq(weir_test_stream_sample_url(NULL), "");
	ck_assert_ptr_null(weir_test_stream_free(NULL));
	stream = weir_test_stream_new(NULL, &why);
	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(weir_test_stream_metrics(stream, NULL), WEIR_ERR_INVALID);
	read.size = 0;
	ck_assert_int_eq(weir_test_stream_metrics(stream, &read), WEIR_ERR_INVALID);
	weir_test_stream_free(stream);
}
END_TEST

START_TEST(metrics_are_filled_as_far_as_the_caller_knows_them)
{
	struct {
		struct weir_test_stream_metrics known;
		uint64_t later;
	} newer = { .known = { .size = sizeof newer, .requests = 5 }, .later = 5 };
	struct weir_test_stream_metrics older = {
		.size = offsetof(struct weir_test_stream_metrics, streams), .requests = 5, .streams = 5 };

	stream = weir_test_stream_new(NULL, &why);
	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(weir_test_stream_metrics(stream, &newer.known), WEIR_OK);
	ck_assert_uint_eq(newer.known.requests, 0);
	ck_assert_uint_eq(newer.known.size, sizeof newer);
	ck_assert_uint_eq(newer.later, 0);
	ck_assert_int_eq(weir_test_stream_metrics(stream, &older), WEIR_OK);
	ck_assert_uint_eq(older.requests, 0);
	ck_assert_uint_eq(older.streams, 5);
	weir_test_stream_free(stream);
}
END_TEST

/* ---- the Kafka cluster */

static bool take(void *user, const struct weir_test_record *record)
{
	(void)user;
	(void)record;
	return true;
}

static const struct {
	const char *name;
	struct weir_test_broker_options options;
} wrong_options[] = {
	{ "a size of 0", { 0 } },
	{ "33 brokers", { .size = sizeof wrong_options[0].options, .broker_count = 33 } },
	{ "brokers without number", { .size = sizeof wrong_options[0].options,
				      .broker_count = UINT32_MAX } },
	{ "patience of years", { .size = sizeof wrong_options[0].options,
				 .patience_ms = UINT32_MAX } },
};

START_TEST(a_cluster_s_options_that_cannot_be_are_refused)
{
	cluster = weir_test_broker_new(&wrong_options[_i].options, &why);
	ck_assert_msg(!cluster, "%s", wrong_options[_i].name);
	ck_assert_int_eq(why.status, WEIR_ERR_INVALID);
	ck_assert_ptr_null(weir_test_broker_new(&wrong_options[_i].options, NULL));
}
END_TEST

/* Each is WEIR_ERR_INVALID. */
START_TEST(arguments_that_cannot_be_are_invalid)
{
	static const int32_t far = 32768, below = -1;
	static const struct weir_test_answer late = { 0, 3600001 }, odd = { -2, 0 };
	const enum weir_test_request metadata = (enum weir_test_request)3;
	char name[251];
	uint64_t got;

	cluster = weir_test_broker_new(NULL, &why);
	ck_assert_ptr_nonnull(cluster);
	memset(name, 'n', sizeof name);
	name[250] = 0;
	ck_assert_int_eq(weir_test_topic_add(cluster, name, 1), WEIR_ERR_INVALID);
	name[249] = 0;
	ck_assert_int_eq(weir_test_topic_add(cluster, name, 1), WEIR_OK);
	const struct {
		const char *name;
		enum weir_status got;
	} calls[] = {
		{ "down without a cluster", weir_test_broker_set_down(NULL, 0) },
		{ "down of a broker that is none", weir_test_broker_set_down(cluster, 2) },
		{ "down of a broker beyond int", weir_test_broker_set_down(cluster, UINT32_MAX) },
		{ "up of a broker that is none", weir_test_broker_set_up(cluster, 2) },
		{ "slow without a cluster", weir_test_broker_set_rtt(NULL, 0, 1) },
		{ "slow for years", weir_test_broker_set_rtt(cluster, 0, UINT32_MAX) },
		{ "codes for metadata",
		  weir_test_broker_push_codes(cluster, metadata, &far, 0) },
		{ "a code too far",
		  weir_test_broker_push_codes(cluster, WEIR_TEST_PRODUCE, &far, 1) },
		{ "a code of nobody",
		  weir_test_broker_push_codes(cluster, WEIR_TEST_PRODUCE, &below, 1) },
		{ "codes from nowhere",
		  weir_test_broker_push_codes(cluster, WEIR_TEST_PRODUCE, NULL, 1) },
		{ "clearing metadata", weir_test_broker_clear_codes(cluster, metadata) },
		{ "an answer of all brokers",
		  weir_test_broker_push_answers(cluster, 0, WEIR_TEST_PRODUCE, &late, 0) },
		{ "an answer after years",
		  weir_test_broker_push_answers(cluster, 1, WEIR_TEST_PRODUCE, &late, 1) },
		{ "an answer of nobody's code",
		  weir_test_broker_push_answers(cluster, 1, WEIR_TEST_PRODUCE, &odd, 1) },
		{ "a topic without a name", weir_test_topic_add(cluster, "", 1) },
		{ "a topic of no name at all", weir_test_topic_add(cluster, NULL, 1) },
		{ "a topic with a blank", weir_test_topic_add(cluster, "a b", 1) },
		{ "a topic of dots", weir_test_topic_add(cluster, "..", 1) },
		{ "no partition", weir_test_topic_add(cluster, "p", 0) },
		{ "too many partitions", weir_test_topic_add(cluster, "p", 1001) },
		{ "a leader of no partition", weir_test_topic_set_leader(cluster, name, 1, 1) },
		{ "a leader that is none", weir_test_topic_set_leader(cluster, "q", 0, 2) },
		{ "a topic's error of nobody", weir_test_topic_set_error(cluster, "q", -195) },
		{ "a count without a cluster", weir_test_topic_count(NULL, "q", &got, &why) },
		{ "a count to nowhere", weir_test_topic_count(cluster, "q", NULL, &why) },
		{ "a count of no topic", weir_test_topic_count(cluster, "a/b", &got, &why) },
		{ "reading to nobody", weir_test_topic_read(cluster, "q", NULL, NULL, &why) },
		{ "reading without a cluster", weir_test_topic_read(NULL, "q", take, NULL, NULL) },
	};

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		ck_assert_msg(calls[i].got == WEIR_ERR_INVALID, "%s: %d", calls[i].name,
			      calls[i].got);
	ck_assert_uint_eq(weir_test_broker_answers_left(cluster, 1, WEIR_TEST_PRODUCE), 0);
	ck_assert_uint_eq(weir_test_broker_answers_left(NULL, 1, WEIR_TEST_PRODUCE), 0);
	ck_assert_str_eq(weir_test_broker_addresses(NULL), "");
	ck_assert_ptr_null(weir_test_broker_free(NULL));
	weir_test_broker_free(cluster);
}
END_TEST

START_TEST(nothing_is_printed)
{
	char path[] = "/tmp/weir_testing_XXXXXX";
	const int fd = mkstemp(path);
	struct stat said;
	uint64_t got;

	unlink(path);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	cluster = weir_test_broker_new(WEIR_WITH(weir_test_broker_options, .patience_ms = 100), &why);
	weir_test_topic_add(cluster, "t", 1);
	weir_test_broker_set_down(cluster, 0);
	weir_test_topic_count(cluster, "t", &got, NULL);
	weir_test_broker_free(cluster);
	ck_assert_int_eq(fstat(fd, &said), 0);
	ck_assert_int_eq(said.st_size, 0);
	close(fd);
}
END_TEST

static void add_tests(TCase *tcase)
{
	LOOP(tcase, options_that_cannot_be_are_refused_without_a_trace, refusals);
	tcase_add_test(tcase, a_long_path_is_cut_in_the_error);
	tcase_add_test(tcase, options_of_other_releases_are_understood_or_refused);
	tcase_add_test(tcase, no_stream_answers_like_none);
	tcase_add_test(tcase, metrics_are_filled_as_far_as_the_caller_knows_them);
	LOOP(tcase, a_cluster_s_options_that_cannot_be_are_refused, wrong_options);
	tcase_add_test(tcase, arguments_that_cannot_be_are_invalid);
	tcase_add_test(tcase, nothing_is_printed);
}

int main(void)
{
	TCase *tcase = tcase_create("testing_misuse");

	tcase_set_timeout(tcase, 60);
	add_tests(tcase);
	return run_case("testing_misuse", tcase);
}
