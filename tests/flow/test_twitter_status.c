/* SPDX-License-Identifier: MIT */
/*
 * What the Twitter source does about each HTTP status: which stop it, which are tried again, what
 * of the answer is shown.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/run.h"
#include "support/twitter_answers.h"

static const struct {
	int http;
	enum weir_status status;
	size_t attempts;
	const char *text;
} fatals[] = {
	{ 400, WEIR_ERR_REFUSED, 1, "HTTP 400 (bad request)" },
	{ 401, WEIR_ERR_AUTH, 1, "check the four credentials" },
	{ 403, WEIR_ERR_AUTH, 1, "HTTP 403 (forbidden)" },
	{ 404, WEIR_ERR_REFUSED, 1, "check the url" },
	{ 406, WEIR_ERR_REFUSED, 1, "check track, follow and locations" },
	{ 410, WEIR_ERR_REFUSED, 1, "HTTP 410 (gone)" },
	{ 413, WEIR_ERR_REFUSED, 1, "fewer phrases" },
	{ 416, WEIR_ERR_REFUSED, 1, "may not use count" },
	{ 301, WEIR_ERR_REFUSED, 1, "HTTP 301 (redirect)" },
	{ 302, WEIR_ERR_REFUSED, 1, "HTTP 302 (redirect)" },
	{ 407, WEIR_ERR_REFUSED, 5, "HTTP 407 (refused)" },
	{ 422, WEIR_ERR_REFUSED, 5, "HTTP 422 (refused)" },
	{ 204, WEIR_ERR_PROTOCOL, 5, "HTTP 204 (unexpected status)" },
};

START_TEST(K9_fatal_statuses_stop_with_a_clear_error)
{
	const struct script_answer answer = {
		{ { .status = fatals[_i].http, .text = "it is\r\nso", .ends = true } }
	};
	struct twitter_rig *rig = rig_new(&answer, 1);
	const struct weir_error *err;

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), fatals[_i].status);

	err = weir_pipeline_error(rig->pipeline);
	ck_assert_int_eq(err->status, fatals[_i].status);
	ck_assert_int_eq(err->remote_code, fatals[_i].http);
	ck_assert_msg(strstr(err->text, fatals[_i].text), "%d: %s", fatals[_i].http, err->text);
	ck_assert_msg(strstr(err->text, "it says: 'it is so'"), "%s", err->text);
	ck_assert_uint_eq(rig->script.opens, fatals[_i].attempts);
	rig_end(rig);
}
END_TEST

START_TEST(a_fatal_text_leaves_room_for_the_sources_name)
{
	const struct script_answer answer = {
		{ { .status = fatals[_i].http, .ends = true, .text =
		    "many words, many words, many words, many words, many words, many words, "
		    "many words, many words, many words, many words, many words, many words" } }
	};
	struct twitter_rig *rig = rig_new(&answer, 1);
	const char *text;

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), fatals[_i].status);

	text = weir_pipeline_error(rig->pipeline)->text;
	ck_assert_msg(strlen(text) <= 190 + strlen("source 'twitter': "), "%zu bytes: %s",
		      strlen(text), text);
	ck_assert_ptr_nonnull(strstr(text, "it says: 'many words, many words"));
	ck_assert_msg(text[strlen(text) - 1] == '\'', "cut: %s", text);
	rig_end(rig);
}
END_TEST

START_TEST(K9_a_416_is_tried_once_more_without_count)
{
	static const struct script_answer answers[] = { STATUS(416), QUIET };
	struct twitter_rig *rig = RIG(answers);

	rig->options.count = -100;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);

	ck_assert_ptr_nonnull(strstr(rig->script.requests[0].url, "count=-100"));
	ck_assert_ptr_null(strstr(rig->script.requests[1].url, "count"));
	ck_assert_uint_eq(rig_delay(rig, 0), 0);
	rig_end(rig);
}
END_TEST

START_TEST(K9_a_second_416_is_fatal)
{
	static const struct script_answer answers[] = { STATUS(416) };
	struct twitter_rig *rig = RIG(answers);

	rig->options.count = 5;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_ERR_REFUSED);

	ck_assert_uint_eq(rig->script.opens, 2);
	rig_end(rig);
}
END_TEST

START_TEST(K15_an_error_body_is_read_to_a_bound_and_shown_in_part)
{
	const size_t len = 5u << 20;
	char *body = malloc(len);
	struct script_answer answer = { { { .status = 403, .text = body, .len = len } } };
	struct twitter_rig *rig = rig_new(&answer, 1);
	const struct weir_error *err;

	ck_assert_ptr_nonnull(body);
	memset(body, 'x', len);
	memcpy(body, "<html>\n\t<b>\x01no</b>", 18);
	rig->script.piece = 1000;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_ERR_AUTH);

	err = weir_pipeline_error(rig->pipeline);
	ck_assert_ptr_nonnull(strstr(err->text, "it says: '<html> <b> no</b>xxx"));
	ck_assert_uint_lt(rig->fake.most_bytes, 1u << 20);
	rig_end(rig);
	free(body);
}
END_TEST

START_TEST(K15_a_compressed_error_body_is_shown_as_text)
{
	static const char zipped[] =
		"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\xcb\x57\x48\x4c"
		"\x4e\x4e\x2d\x2e\xe6\x02\x00\xbd\x55\xb3\x95\x0a\x00\x00\x00";
	static const struct script_answer answers[] = {
		{ { { .status = 403, .name = "Content-Encoding", .value = "gzip", .text = zipped,
		      .len = sizeof zipped - 1, .ends = true } } },
	};
	struct twitter_rig *rig = RIG(answers);

	rig->script.piece = 5;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_ERR_AUTH);

	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "'no access'"));
	rig_end(rig);
}
END_TEST

START_TEST(K15_an_error_body_that_never_ends_is_not_waited_for)
{
	static const struct script_answer answers[] = { { { { .status = 403, .text = "go" } } } };
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 4999), WEIR_OK);
	ck_assert_int_eq(rig_run(rig, 1), WEIR_ERR_AUTH);

	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "'go'"));
	rig_end(rig);
}
END_TEST

/* ---- the clock ---- */

#define DATED(text) \
	{ { { .status = 401, .name = "Date", .value = text, .ends = true } } }

static uint64_t read_timestamp(const struct script_request *request)
{
	char header[1024];
	const char *at;

	ck_assert(script_header(request, "Authorization", header, sizeof header));
	at = strstr(header, "oauth_timestamp=\"");
	ck_assert_ptr_nonnull(at);
	return strtoull(at + strlen("oauth_timestamp=\""), NULL, 10);
}

START_TEST(O6_a_401_with_another_clock_is_tried_once_more_by_that_clock)
{
	static const struct script_answer answers[] = {
		DATED("Wed, 01 Jan 2020 01:00:00 GMT"), QUIET
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);

	ck_assert_uint_eq(read_timestamp(&rig->script.requests[0]), 1577836800);
	ck_assert_uint_eq(read_timestamp(&rig->script.requests[1]), 1577836800 + 3600);
	ck_assert_uint_eq(rig_delay(rig, 0), 0);
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_CLOCK], 1);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "the server's is 3600 s ahead of it;"));
	rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	struct script_answer answer;
	size_t attempts;
	const char *said;	/* in the log; NULL: nothing of clocks */
} lasting_401s[] = {
	{ "a second 401 is fatal", DATED("Tue, 31 Dec 2019 23:00:00 GMT"), 2,
	  "the server's is 3600 s behind it;" },
	{ "a clock a minute off is no reason", DATED("Wed, 01 Jan 2020 00:01:00 GMT"), 1, NULL },
	{ "no Date", STATUS(401), 1, NULL },
	{ "a Date that is none", DATED("yesterday"), 1, NULL },
};

START_TEST(O6_the_clock_is_corrected_only_once)
{
	struct twitter_rig *rig = rig_new(&lasting_401s[_i].answer, 1);
	const char *said = lasting_401s[_i].said;

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_ERR_AUTH);

	ck_assert_msg(rig->script.opens == lasting_401s[_i].attempts, "%s: %zu attempts",
		      lasting_401s[_i].name, rig->script.opens);
	ck_assert_msg(said ? strstr(rig->fake.log, said) != NULL
			   : !strstr(rig->fake.log, "clock is off"),
		      "%s: %s", lasting_401s[_i].name, rig->fake.log);
	rig_end(rig);
}
END_TEST

START_TEST(O6_a_clock_that_moves_on_is_not_followed)
{
	static const struct script_answer answers[] = {
		DATED("Wed, 01 Jan 2020 01:00:00 GMT"), DATED("Wed, 01 Jan 2020 05:00:00 GMT"),
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_ERR_AUTH);

	ck_assert_uint_eq(rig->script.opens, 2);
	rig_end(rig);
}
END_TEST

START_TEST(O6_after_a_proven_connection_the_clock_may_be_corrected_again)
{
	static const struct script_answer answers[] = {
		DATED("Wed, 01 Jan 2020 01:00:00 GMT"), PROVEN,
		DATED("Wed, 01 Jan 2020 05:00:00 GMT"), QUIET,
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 61000), WEIR_OK);

	ck_assert_uint_eq(rig->script.opens, 4);
	ck_assert_uint_eq(read_timestamp(&rig->script.requests[3]), 1577836800 + 5 * 3600);
	rig_end(rig);
}
END_TEST

static void add_tests(TCase *tcase)
{
	LOOP(tcase, K9_fatal_statuses_stop_with_a_clear_error, fatals);
	LOOP(tcase, a_fatal_text_leaves_room_for_the_sources_name, fatals);
	tcase_add_test(tcase, K9_a_416_is_tried_once_more_without_count);
	tcase_add_test(tcase, K9_a_second_416_is_fatal);
	tcase_add_test(tcase, K15_an_error_body_is_read_to_a_bound_and_shown_in_part);
	tcase_add_test(tcase, K15_a_compressed_error_body_is_shown_as_text);
	tcase_add_test(tcase, K15_an_error_body_that_never_ends_is_not_waited_for);
	tcase_add_test(tcase, O6_a_401_with_another_clock_is_tried_once_more_by_that_clock);
	tcase_add_test(tcase, O6_a_clock_that_moves_on_is_not_followed);
	tcase_add_test(tcase, O6_after_a_proven_connection_the_clock_may_be_corrected_again);
	LOOP(tcase, O6_the_clock_is_corrected_only_once, lasting_401s);
}

int main(void)
{
	TCase *tcase = tcase_create("twitter_status");

	add_tests(tcase);
	return run_case("twitter_status", tcase);
}
