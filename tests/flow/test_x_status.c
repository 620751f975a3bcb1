/* SPDX-License-Identifier: MIT */
/*
 * What the v2 source does about refused connections: which stop it, which are tried again and when,
 * and which of the three kinds a 429 is.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/run.h"
#include "support/x_answers.h"

#define DAY_MS 86400000u

static const struct {
	int http;
	const char *body;
	enum weir_status status;
	size_t attempts;
	const char *text;
} fatals[] = {
	{ 400, "no", WEIR_ERR_REFUSED, 1, "HTTP 400 (bad request)" },
	{ 400, "{\"errors\":[{\"message\":\"bad field\",\"parameters\":{}}],\"title\":"
	       "\"Invalid Request\"," X_TYPE("invalid-request") "}", WEIR_ERR_REFUSED, 1,
	  "it says: 'Invalid Request: bad field'" },
	{ 401, X_PROBLEM("about:blank", "\"status\":401,"), WEIR_ERR_AUTH, 1,
	  "check the credentials; it says: 'T: D'" },
	{ 403, X_PROBLEM("client-forbidden", "\"reason\":\"client-not-enrolled\","), WEIR_ERR_AUTH,
	  1, "HTTP 403 (forbidden)" },
	{ 403, X_PROBLEM("unsupported-authentication", ""), WEIR_ERR_AUTH, 1,
	  "unsupported authentication" },
	{ 404, "", WEIR_ERR_REFUSED, 1, "check url and path" },
	{ 406, "", WEIR_ERR_REFUSED, 1, "HTTP 406" },
	{ 410, "", WEIR_ERR_REFUSED, 1, "HTTP 410 (gone)" },
	{ 413, "", WEIR_ERR_REFUSED, 1, "HTTP 413" },
	{ 416, "", WEIR_ERR_REFUSED, 1, "HTTP 416" },
	{ 301, "", WEIR_ERR_REFUSED, 1, "HTTP 301 (redirect)" },
	{ 422, "", WEIR_ERR_REFUSED, 5, "HTTP 422 (refused)" },
	{ 204, "", WEIR_ERR_PROTOCOL, 5, "HTTP 204 (unexpected status)" },
	{ -1, "", WEIR_ERR_PROTOCOL, 5, "HTTP -1 (unexpected status)" },
};

START_TEST(K9_fatal_statuses_stop_with_a_clear_error)
{
	const struct script_answer answer = X_REFUSED(fatals[_i].http, fatals[_i].body);
	struct twitter_rig *rig = rig_x_new(&answer, 1);
	const struct weir_error *err;

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), fatals[_i].status);

	err = weir_pipeline_error(rig->pipeline);
	ck_assert_int_eq(err->status, fatals[_i].status);
	ck_assert_int_eq(err->remote_code, fatals[_i].http);
	ck_assert_msg(strstr(err->text, fatals[_i].text), "%d: %s", fatals[_i].http, err->text);
	ck_assert_uint_eq(rig->script.opens, fatals[_i].attempts);
	rig_end(rig);
}
END_TEST

START_TEST(K3_server_trouble_doubles_from_5_s_to_320_s)
{
	static const uint64_t want[] = { 5000, 10000, 20000, 40000, 80000, 160000, 320000, 320000 };
	static const struct script_answer answers[] = { STATUS(503) };
	struct twitter_rig *rig = RIG_X(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_OK);

	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		ck_assert_uint_eq(rig_delay(rig, i), want[i]);
	rig_end(rig);
}
END_TEST

static const char *const calm_bodies[] = {
	"Too Many Requests", X_PROBLEM("rate-limit-exceeded", ""),
	X_PROBLEM("about:blank", "\"status\":429,"), X_ISSUE("TooManyConnections"),
	X_ERRORS(X_ISSUE("TooManyConnections")),
};

START_TEST(K4_a_429_doubles_from_60_s_to_960_s_and_alerts)
{
	static const uint64_t want[] = { 60000, 120000, 240000, 480000, 960000, 960000 };
	const struct script_answer answer = X_REFUSED(429, calm_bodies[_i]);
	struct twitter_rig *rig = rig_x_new(&answer, 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 2 * HOUR_MS), WEIR_OK);

	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		ck_assert_uint_eq(rig_delay(rig, i), want[i]);
	ck_assert_uint_ge(rig_metrics(rig).reconnects[WEIR_RECONNECT_RATE], 6);
	ck_assert_uint_ge(rig->alert_count, 6);
	rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	struct script_answer answer;
	uint64_t want_ms;
} resets[] = {
	{ "a later reset counts",
	  { { { .status = 429, .name = "x-rate-limit-reset", .value = "1577837100",
		.ends = true } } }, 300000 },
	{ "an earlier one does not",
	  { { { .status = 429, .name = "x-rate-limit-reset", .value = "1577836805",
		.ends = true } } }, 60000 },
	{ "also with too many connections",
	  { { { .status = 429, .name = "x-rate-limit-reset", .value = "1577837100",
		.text = X_ISSUE("TooManyConnections"), .ends = true } } }, 300000 },
	{ "a 503 that leaves no attempts",
	  { { { .status = 503, .name = "x-rate-limit-remaining", .value = "0" },
	      { .name = "x-rate-limit-reset", .value = "1577837700", .ends = true } } }, 900000 },
};

START_TEST(K4_never_before_the_reset_of_the_server)
{
	struct twitter_rig *rig = rig_x_new(&resets[_i].answer, 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_OK);

	ck_assert_msg(rig_delay(rig, 0) == resets[_i].want_ms, "%s: %ju ms", resets[_i].name,
		      (uintmax_t)rig_delay(rig, 0));
	rig_end(rig);
}
END_TEST

START_TEST(an_answer_that_leaves_no_attempts_is_not_followed_by_one)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .name = "x-rate-limit-remaining", .value = "0" },
		    { .name = "x-rate-limit-reset", .value = "1577837700", .text = KEEP_ALIVE },
		    { .at_ms = 15000, .text = KEEP_ALIVE }, { .at_ms = 30000, .ends = true } } },
		QUIET,
	};
	struct twitter_rig *rig = RIG_X(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_OK);

	ck_assert_uint_eq(rig_delay(rig, 0), 900000 - 30000);
	rig_end(rig);
}
END_TEST

/* The clock of the rig stands at midnight. */
static const struct {
	const char *name;
	struct script_answer answer;
	uint64_t want_ms;
	const char *alert;
	const char *error;
} kinds[] = {
	{ "the rate of attempts", X_REFUSED(429, "Too Many Requests"), 60000,
	  "connect less often", "too many requests" },
	{ "connections", X_REFUSED(429, X_ISSUE("TooManyConnections")), 60000,
	  "DELETE /2/connections/all", "too many connections" },
	{ "the day's cap", X_REFUSED(429, X_CAPPED("Daily")), DAY_MS, "next midnight UTC",
	  "usage cap" },
	{ "the month's cap", X_REFUSED(429, X_CAPPED("Monthly")), DAY_MS, "next midnight UTC",
	  "monthly usage cap" },
	{ "connections with a later reset",
	  { { { .status = 429, .name = "x-rate-limit-reset", .value = "1577837100",
		.text = X_ISSUE("TooManyConnections"), .ends = true } } }, 300000,
	  "DELETE /2/connections/all", "too many connections" },
};

START_TEST(K13_the_three_kinds_of_429_are_told_apart)
{
	struct twitter_rig *rig = rig_x_new(&kinds[_i].answer, 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 2 * DAY_MS), WEIR_OK);

	ck_assert_msg(rig_delay(rig, 0) == kinds[_i].want_ms, "%s: %ju ms", kinds[_i].name,
		      (uintmax_t)rig_delay(rig, 0));
	ck_assert_msg(strstr(rig->alerts, kinds[_i].alert), "%s: %s", kinds[_i].name, rig->alerts);
	ck_assert_msg(strstr(rig->fake.log, kinds[_i].error), "%s", kinds[_i].name);
	rig_end(rig);
}
END_TEST

/* An hour before midnight. */
static const struct {
	const char *name;
	struct script_answer answer;
	uint64_t want_ms;
} caps[] = {
	{ "it says no time", X_REFUSED(429, X_CAPPED("Daily")), HOUR_MS },
	{ "a reset after midnight",
	  { { { .status = 429, .name = "Retry-After", .value = "7200", .text = X_CAPPED("Daily"),
		.ends = true } } }, 2 * HOUR_MS },
	{ "a reset before midnight",
	  { { { .status = 429, .name = "Retry-After", .value = "600", .text = X_CAPPED("Monthly"),
		.ends = true } } }, HOUR_MS },
};

START_TEST(K13_a_cap_lasts_until_the_day_ends_not_for_a_day)
{
	const struct script_answer answers[] = { caps[_i].answer, QUIET };
	struct twitter_rig *rig = RIG_X(answers);

	rig->fake.wall_ms += 23 * HOUR_MS;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 3 * HOUR_MS), WEIR_OK);

	ck_assert_msg(rig_delay(rig, 0) == caps[_i].want_ms, "%s: %ju ms", caps[_i].name,
		      (uintmax_t)rig_delay(rig, 0));
	rig_end(rig);
}
END_TEST

static const struct script_answer without_rules[] = {
	X_REFUSED(409, ""), X_REFUSED(409, X_ISSUE("RuleConfigurationIssue")),
	X_REFUSED(400, X_ISSUE("RuleConfigurationIssue")),
};

START_TEST(K14_without_rules_it_says_so_and_tries_slowly)
{
	struct twitter_rig *rig = rig_x_new(&without_rules[_i], 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_OK);

	ck_assert_uint_eq(rig_delay(rig, 0), 60000);
	ck_assert_uint_eq(rig_delay(rig, 1), 120000);
	ck_assert_ptr_nonnull(strstr(rig->alerts, "no rules"));
	ck_assert_ptr_nonnull(strstr(rig->alerts, "add rules"));
	ck_assert_uint_ge(rig_metrics(rig).reconnects[WEIR_RECONNECT_HTTP], 2);
	rig_end(rig);
}
END_TEST

START_TEST(K15_an_error_body_may_be_anything_and_any_size)
{
	static const char *const starts[] = {
		"<html><b>no</b>", "plain text", "{\"title\":\"T\",\"type\":\"x\"", "{\"errors\":[",
		"{\"errors\":[{}]}", "{\"errors\":[1,null,\"a\"]}", "{\"errors\":{}}", "[]",
		"\xff\xfe",
		"{\"type\":1,\"title\":[]}",
	};
	const size_t len = 5u << 20;
	char *body = malloc(len);
	struct script_answer answer = { { { .status = 403, .text = body, .len = len } } };
	struct twitter_rig *rig = rig_x_new(&answer, 1);

	ck_assert_ptr_nonnull(body);
	memset(body, ' ', len);
	memcpy(body, starts[_i], strlen(starts[_i]));
	rig->script.piece = 1000;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 6000), WEIR_ERR_AUTH);

	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "HTTP 403"));
	ck_assert_uint_lt(rig->fake.most_bytes, 1u << 20);
	rig_end(rig);
	free(body);
}
END_TEST

static void add_tests(TCase *tcase)
{
	LOOP(tcase, K9_fatal_statuses_stop_with_a_clear_error, fatals);
	tcase_add_test(tcase, K3_server_trouble_doubles_from_5_s_to_320_s);
	LOOP(tcase, K4_a_429_doubles_from_60_s_to_960_s_and_alerts, calm_bodies);
	LOOP(tcase, K4_never_before_the_reset_of_the_server, resets);
	tcase_add_test(tcase, an_answer_that_leaves_no_attempts_is_not_followed_by_one);
	LOOP(tcase, K13_the_three_kinds_of_429_are_told_apart, kinds);
	LOOP(tcase, K13_a_cap_lasts_until_the_day_ends_not_for_a_day, caps);
	LOOP(tcase, K14_without_rules_it_says_so_and_tries_slowly, without_rules);
	tcase_add_loop_test(tcase, K15_an_error_body_may_be_anything_and_any_size, 0, 10);
}

int main(void)
{
	TCase *tcase = tcase_create("x_status");

	add_tests(tcase);
	return run_case("x_status", tcase);
}
