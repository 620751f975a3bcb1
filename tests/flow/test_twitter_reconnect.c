/* SPDX-License-Identifier: MIT */
/*
 * When the Twitter source connects anew, and when it does not: liveness, statuses, delays. Hours of
 * backoff on a fake clock.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/twitter_rig.h"

#define HOUR_MS 3600000u
#define KEEP_ALIVE "\r\n"

/* A connection that was answered well, sent a keep-alive and lived for a minute. */
#define PROVEN { { { .status = 200, .text = KEEP_ALIVE }, { .at_ms = 60000, .ends = true } } }
#define QUIET { { { .status = 200, .text = KEEP_ALIVE } } }
#define NO_ANSWER { { { .at_ms = 1, .fails = WEIR_ERR_IO } } }
#define REFUSED { { { .refused = true, .fails = WEIR_ERR_IO } } }
#define STATUS(code) { { { .status = code, .text = "no", .ends = true } } }

static void check_delays(const struct twitter_rig *rig, size_t from, const uint64_t *want,
			 size_t count)
{
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(rig_delay(rig, from + i) == want[i],
			      "attempt %zu: waited %ju ms, want %ju", from + i + 2,
			      (uintmax_t)rig_delay(rig, from + i), (uintmax_t)want[i]);
}

#define CHECK_DELAYS(rig, from, ...) \
	check_delays(rig, from, (const uint64_t[]){ __VA_ARGS__ }, \
		     sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

/* ---- delays ---- */

START_TEST(K1_a_proven_connection_that_drops_is_replaced_at_once_then_by_class)
{
	static const struct script_answer answers[] = { PROVEN, NO_ANSWER, NO_ANSWER, QUIET };
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 80000), WEIR_OK);

	CHECK_DELAYS(rig, 0, 0, 250, 500);
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_DROPPED], 1);
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_NETWORK], 2);
	ck_assert_uint_eq(rig_metrics(rig).connects, 2);
	rig_end(rig);
}
END_TEST

static const struct script_answer no_networks[][1] = { { NO_ANSWER }, { REFUSED } };

START_TEST(K2_network_failures_grow_by_250_ms_to_16_s)
{
	struct twitter_rig *rig = rig_new(no_networks[_i], 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_OK);

	for (size_t i = 0; i < 70; i++)
		ck_assert_uint_eq(rig_delay(rig, i), i < 64 ? 250 * (i + 1) : 16000);
	rig_end(rig);
}
END_TEST

START_TEST(K3_http_errors_double_from_5_s_to_320_s)
{
	static const struct script_answer answers[] = { STATUS(503) };
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_OK);

	CHECK_DELAYS(rig, 0, 5000, 10000, 20000, 40000, 80000, 160000, 320000, 320000);
	ck_assert_uint_ge(rig_metrics(rig).reconnects[WEIR_RECONNECT_HTTP], 8);
	rig_end(rig);
}
END_TEST

static const struct script_answer calms[][1] = { { STATUS(420) }, { STATUS(429) } };

START_TEST(K4_rate_limits_double_from_60_s_to_960_s_and_alert)
{
	struct twitter_rig *rig = rig_new(calms[_i], 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 2 * HOUR_MS), WEIR_OK);

	CHECK_DELAYS(rig, 0, 60000, 120000, 240000, 480000, 960000, 960000);
	ck_assert_uint_ge(rig_metrics(rig).reconnects[WEIR_RECONNECT_RATE], 6);
	ck_assert_ptr_nonnull(strstr(rig->alerts, "connect less often"));
	rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	struct script_answer answer;
	uint64_t want_ms;
} resets[] = {
	{ "x-rate-limit-reset later than the backoff",
	  { { { .status = 420, .name = "X-Rate-Limit-Reset", .value = "1577837100", .ends = true } } },
	  300000 },
	{ "x-rate-limit-reset sooner than the backoff",
	  { { { .status = 429, .name = "x-rate-limit-reset", .value = "1577836805", .ends = true } } },
	  60000 },
	{ "x-rate-limit-reset by the server's clock",
	  { { { .status = 429, .name = "date", .value = "Wed, 01 Jan 2020 01:00:00 GMT" },
	      { .name = "x-rate-limit-reset", .value = "1577840500", .ends = true } } }, 100000 },
	{ "retry-after in seconds",
	  { { { .status = 429, .name = "Retry-After", .value = "200", .ends = true } } }, 200000 },
	{ "retry-after as a date",
	  { { { .status = 420, .name = "retry-after", .value = "Wed, 01 Jan 2020 00:02:00 GMT",
		.ends = true } } }, 120000 },
	{ "an absurd one is a day",
	  { { { .status = 420, .name = "Retry-After", .value = "99999999999", .ends = true } } },
	  86400000 },
	{ "nonsense",
	  { { { .status = 420, .name = "Retry-After", .value = "soon", .ends = true } } }, 60000 },
	{ "retry-after of a 503",
	  { { { .status = 503, .name = "Retry-After", .value = "30", .ends = true } } }, 30000 },
};

START_TEST(K4_a_later_reset_of_the_server_counts)
{
	struct twitter_rig *rig = rig_new(&resets[_i].answer, 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 90000000), WEIR_OK);

	ck_assert_msg(rig->script.opens >= 2, "%s: no second attempt", resets[_i].name);
	ck_assert_msg(rig_delay(rig, 0) == resets[_i].want_ms, "%s: %ju ms", resets[_i].name,
		      (uintmax_t)rig_delay(rig, 0));
	rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	struct script_answer answer;
} short_lived[] = {
	{ "closed at once", { { { .status = 200, .ends = true } } } },
	{ "a keep-alive, then closed", { { { .status = 200, .text = KEEP_ALIVE, .ends = true } } } },
	{ "just too short", { { { .status = 200, .text = KEEP_ALIVE },
				{ .at_ms = 4999, .ends = true } } } },
	{ "long, but without a byte", { { { .status = 200 }, { .at_ms = 60000, .ends = true } } } },
};

START_TEST(K5_a_short_lived_connection_counts_as_a_network_failure)
{
	struct twitter_rig *rig = rig_new(&short_lived[_i].answer, 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_OK);

	for (size_t i = 0; i < 50; i++)
		ck_assert_msg(rig_delay(rig, i) == 250 * (i + 1), "%s: attempt %zu after %ju ms",
			      short_lived[_i].name, i + 2, (uintmax_t)rig_delay(rig, i));
	rig_end(rig);
}
END_TEST

START_TEST(K6_a_proven_connection_resets_all_counters)
{
	static const struct script_answer answers[] = {
		STATUS(503), STATUS(503), STATUS(503), NO_ANSWER, STATUS(420),
		{ { { .status = 200, .text = KEEP_ALIVE }, { .at_ms = 5000, .ends = true } } },
		STATUS(503), NO_ANSWER, STATUS(420), QUIET,
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS / 2), WEIR_OK);

	CHECK_DELAYS(rig, 0, 5000, 10000, 20000, 250, 60000, 0, 5000, 250, 60000);
	rig_end(rig);
}
END_TEST

START_TEST(K6_an_unproven_connection_resets_nothing)
{
	static const struct script_answer answers[] = {
		STATUS(503), STATUS(503), { { { .status = 200, .text = KEEP_ALIVE, .ends = true } } },
		STATUS(503), QUIET,
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 100000), WEIR_OK);

	CHECK_DELAYS(rig, 0, 5000, 10000, 250, 20000);
	rig_end(rig);
}
END_TEST

START_TEST(K7_classes_keep_counters_of_their_own)
{
	static const struct script_answer answers[] = {
		REFUSED, STATUS(503), REFUSED, STATUS(503), STATUS(420), REFUSED, STATUS(420), QUIET,
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_OK);

	CHECK_DELAYS(rig, 0, 250, 5000, 500, 10000, 60000, 750, 120000);
	rig_end(rig);
}
END_TEST

START_TEST(K8_jitter_only_adds)
{
	static const struct script_answer answers[] = { STATUS(503) };
	struct twitter_rig *rig = RIG(answers);
	uint64_t want_ms = 5000;
	bool differs = false;

	rig->options.jitter_percent = 25;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 10 * HOUR_MS), WEIR_OK);

	for (size_t i = 0; i < 60; i++) {
		ck_assert_uint_ge(rig_delay(rig, i), want_ms);
		ck_assert_uint_le(rig_delay(rig, i), want_ms + want_ms / 4);
		differs |= rig_delay(rig, i) != want_ms;
		want_ms = want_ms < 160000 ? want_ms * 2 : 320000;
	}
	ck_assert(differs);
	rig_end(rig);
}
END_TEST

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

START_TEST(K9_a_416_is_tried_once_more_without_count)
{
	static const struct script_answer answers[] = { STATUS(416), QUIET };
	struct twitter_rig *rig = RIG(answers);

	rig->options.count = -100;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);

	ck_assert_ptr_nonnull(strstr(rig->script.requests[0].url, "count=-100"));
	ck_assert_ptr_null(strstr(rig->script.requests[1].url, "count"));
	CHECK_DELAYS(rig, 0, 0);
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

START_TEST(K10_a_delay_that_reaches_its_cap_raises_one_alert)
{
	static const struct script_answer answers[] = { STATUS(503) };
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 310000), WEIR_OK);
	ck_assert_uint_eq(rig->alert_count, 0);
	ck_assert_int_eq(rig_run(rig, 2 * HOUR_MS), WEIR_OK);

	ck_assert_uint_eq(rig->alert_count, 1);
	ck_assert_ptr_nonnull(strstr(rig->alerts, "reached its limit of 320 s"));
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "WARN twitter: the delay between attempts"));
	rig_end(rig);
}
END_TEST

START_TEST(K11_the_old_connection_is_closed_before_the_next)
{
	static const struct script_answer answers[] = {
		QUIET,	/* stalls */
		{ { { .status = 200, .text = "{\"disconnect\":{\"code\":12}}\r\n" } } },
		{ { { .status = 503, .text = "busy" } } },	/* never ends */
		QUIET,
	};
	struct twitter_rig *rig = RIG(answers);

	/* The scripted transport fails the test when there are two at once. */
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 200000), WEIR_OK);

	ck_assert_uint_ge(rig->script.opens, 4);
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

START_TEST(most_attempts_ends_a_row_of_failures)
{
	static const struct script_answer answers[] = { REFUSED };
	struct twitter_rig *rig = RIG(answers);

	rig->options.most_attempts = 3;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_ERR_IO);

	ck_assert_uint_eq(rig->script.opens, 3);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text,
				     "gave up after 3 attempts: no answer: scripted refusal"));
	rig_end(rig);
}
END_TEST

START_TEST(a_proven_connection_begins_the_row_anew)
{
	static const struct script_answer answers[] = { REFUSED, REFUSED, PROVEN, REFUSED, REFUSED,
							QUIET };
	struct twitter_rig *rig = RIG(answers);

	rig->options.most_attempts = 3;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 100000), WEIR_OK);

	ck_assert_uint_eq(rig->script.opens, 6);
	rig_end(rig);
}
END_TEST

START_TEST(a_proven_connection_gives_five_new_tries)
{
	static const struct script_answer answers[] = { STATUS(407), STATUS(407), STATUS(407),
							STATUS(407), PROVEN, STATUS(407), QUIET };
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 200000), WEIR_OK);

	ck_assert_uint_ge(rig->script.opens, 7);
	rig_end(rig);
}
END_TEST

START_TEST(what_no_second_attempt_cures_is_fatal)
{
	static const struct script_answer answers[] = {
		{ { { .refused = true, .fails = WEIR_ERR_INVALID } } }
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_ERR_INVALID);

	ck_assert_uint_eq(rig->script.opens, 1);
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
	CHECK_DELAYS(rig, 0, 0);
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_CLOCK], 1);
	rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	struct script_answer answer;
	size_t attempts;
} lasting_401s[] = {
	{ "a second 401 is fatal", DATED("Tue, 31 Dec 2019 23:00:00 GMT"), 2 },
	{ "a clock a minute off is no reason", DATED("Wed, 01 Jan 2020 00:01:00 GMT"), 1 },
	{ "no Date", STATUS(401), 1 },
	{ "a Date that is none", DATED("yesterday"), 1 },
};

START_TEST(O6_the_clock_is_corrected_only_once)
{
	struct twitter_rig *rig = rig_new(&lasting_401s[_i].answer, 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_ERR_AUTH);

	ck_assert_msg(rig->script.opens == lasting_401s[_i].attempts, "%s: %zu attempts",
		      lasting_401s[_i].name, rig->script.opens);
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

/* ---- liveness ---- */

START_TEST(L1_a_stall_is_90_s_without_a_byte)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = KEEP_ALIVE }, { .at_ms = 60000, .text = KEEP_ALIVE },
		    { .at_ms = 149999, .text = KEEP_ALIVE } } },
		QUIET,
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 149999 + 89999), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 1);
	ck_assert_int_eq(rig_run(rig, 1), WEIR_OK);

	ck_assert_uint_eq(rig->script.opens, 2);	/* L4: at once */
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_STALLED], 1);
	rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	struct script_answer answer;
} silent[] = {
	{ "not even an answer", { { { 0 } } } },
	{ "a status and nothing more", { { { .status = 200 } } } },
};

START_TEST(L3_the_stall_timer_runs_before_the_first_byte)
{
	struct twitter_rig *rig = rig_new(&silent[_i].answer, 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 90000 + 249), WEIR_OK);
	ck_assert_msg(rig->script.opens == 1, "%s", silent[_i].name);
	ck_assert_int_eq(rig_run(rig, 1), WEIR_OK);
	ck_assert_msg(rig->script.opens == 2, "%s", silent[_i].name);

	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_STALLED], 1);
	rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	struct script_answer answer;
} stop_in[] = {
	{ "connecting", { { { 0 } } } },
	{ "streaming", QUIET },
	{ "reading an error", { { { .status = 503, .text = "b" } } } },
	{ "backoff", STATUS(420) },
};

START_TEST(L5_a_stop_ends_every_wait_at_once)
{
	struct twitter_rig *rig = rig_new(&stop_in[_i].answer, 1);
	enum weir_status status;

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 100), WEIR_OK);
	weir_pipeline_stop(rig->pipeline);
	status = rig_run(rig, 0);

	ck_assert_msg(status == WEIR_END, "%s: %s", stop_in[_i].name, weir_status_name(status));
	ck_assert_msg(!rig->script.open, "%s: the connection is open", stop_in[_i].name);
	rig_end(rig);
}
END_TEST

/* ---- disconnect messages ---- */

enum after { AT_ONCE, NETWORK, MINUTE, END, FATAL };

static const struct {
	uint64_t code;
	enum after after;
	enum weir_status status;
	size_t alerts;
} partings[] = {
	{ 1, AT_ONCE, WEIR_OK, 0 },    { 2, MINUTE, WEIR_OK, 1 },
	{ 3, END, WEIR_END, 0 },       { 4, AT_ONCE, WEIR_OK, 1 },
	{ 5, AT_ONCE, WEIR_OK, 0 },    { 6, FATAL, WEIR_ERR_AUTH, 0 },
	{ 7, MINUTE, WEIR_OK, 1 },     { 8, NETWORK, WEIR_OK, 0 },
	{ 9, END, WEIR_END, 0 },       { 10, NETWORK, WEIR_OK, 0 },
	{ 11, NETWORK, WEIR_OK, 0 },   { 12, AT_ONCE, WEIR_OK, 0 },
	{ 13, FATAL, WEIR_ERR_AUTH, 0 }, { 14, FATAL, WEIR_ERR_AUTH, 0 },
	{ 99, NETWORK, WEIR_OK, 0 },
};

/* The server does not close: D3 is part of each. */
START_TEST(D1_each_disconnect_code_has_its_reaction)
{
	static const uint64_t delays[] = { [AT_ONCE] = 0, [NETWORK] = 250, [MINUTE] = 60000 };
	char message[128];
	struct script_answer answers[] = {
		{ { { .status = 200, .text = KEEP_ALIVE }, { .at_ms = 60000, .text = message } } },
		QUIET,
	};
	struct twitter_rig *rig = RIG(answers);
	enum weir_status status;

	snprintf(message, sizeof message, "{\"disconnect\":{\"code\":%ju,\"stream_name\":\"acct\","
		 "\"reason\":\"why\"}}\r\n", (uintmax_t)partings[_i].code);
	rig_start(rig);
	status = rig_run(rig, 130000);

	ck_assert_msg(status == partings[_i].status, "code %ju: %s", (uintmax_t)partings[_i].code,
		      weir_status_name(status));
	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_DISCONNECT), 1);
	ck_assert_uint_eq(rig->alert_count, partings[_i].alerts);
	ck_assert_ptr_null(strstr(rig->fake.log, "acct"));
	if (partings[_i].after < END) {
		ck_assert_uint_eq(rig_delay(rig, 0), delays[partings[_i].after]);
		ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_DISCONNECT], 1);
	} else {
		ck_assert_uint_eq(rig->script.opens, 1);
		ck_assert(!rig->script.open);
	}
	rig_end(rig);
}
END_TEST

static const uint64_t takeover_codes[] = { 2, 7 };

START_TEST(D2_another_consumer_is_not_fought)
{
	char message[64];
	struct script_answer answer = {
		{ { .status = 200, .text = KEEP_ALIVE }, { .at_ms = 60000, .text = message } }
	};
	struct twitter_rig *rig = rig_new(&answer, 1);

	snprintf(message, sizeof message, "{\"disconnect\":{\"code\":%ju}}\r\n",
		 (uintmax_t)takeover_codes[_i]);
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 24 * HOUR_MS), WEIR_ERR_REFUSED);

	ck_assert_uint_eq(rig->script.opens, 2);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text,
				     "stop the other consumer"));
	ck_assert_ptr_nonnull(strstr(rig->alerts, "another consumer"));
	rig_end(rig);
}
END_TEST

START_TEST(D2_a_takeover_long_ago_is_forgiven)
{
	struct script_answer answers[] = {
		{ { { .status = 200, .text = KEEP_ALIVE },
		    { .at_ms = 60000, .text = "{\"disconnect\":{\"code\":7}}\r\n" } } },
		{ { { .status = 200, .text = KEEP_ALIVE },
		    { .at_ms = 60000, .text = KEEP_ALIVE } } },
	};
	struct twitter_rig *rig;

	/* A second one that lived for more than an hour, by a stall limit that lets it. */
	answers[1].events[1] = (struct script_event){
		.at_ms = 2 * HOUR_MS, .text = "{\"disconnect\":{\"code\":7}}\r\n"
	};
	rig = RIG(answers);
	rig->options.stall_ms = 3 * HOUR_MS;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 3 * HOUR_MS), WEIR_OK);

	ck_assert_uint_eq(rig->script.opens, 3);
	rig_end(rig);
}
END_TEST

START_TEST(D3_messages_before_a_disconnect_are_delivered_and_the_connection_closed)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = "{\"text\":\"a\"}\r\n{\"disconnect\":{\"code\":1}}\r\n" },
		    { .at_ms = 100, .text = "{\"text\":\"too late\"}\r\n" } } },
		QUIET,
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	ck_assert(!rig->script.open);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);
	rig_check_messages(rig, WEIR_KIND_ANY & ~(unsigned)WEIR_KIND_GAP,
			   "{\"text\":\"a\"}\n{\"disconnect\":{\"code\":1}}\n");
	rig_end(rig);
}
END_TEST

START_TEST(D4_a_close_without_a_word_is_a_drop)
{
	static const struct script_answer answers[] = {
		PROVEN,
		{ { { .status = 200, .text = KEEP_ALIVE }, { .at_ms = 60000, .fails = WEIR_ERR_IO } } },
		QUIET,
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 150000), WEIR_OK);

	CHECK_DELAYS(rig, 0, 0, 0);
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_DROPPED], 2);
	rig_end(rig);
}
END_TEST

START_TEST(P4_thousands_of_reconnects_leave_nothing_behind)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = "{\"text\":\"a\"}\r\n{\"cut" },
		    { .at_ms = 10000, .ends = true } } }
	};
	struct twitter_rig *rig = RIG(answers);
	size_t early_bytes;

	rig->fake.env.logger.threshold = WEIR_LOG_WARN;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 100000), WEIR_OK);
	early_bytes = rig->fake.live_bytes;
	ck_assert_int_eq(rig_run(rig, 50000000), WEIR_OK);

	ck_assert_uint_ge(rig_metrics(rig).connects, 5000);
	ck_assert_uint_eq(rig_metrics(rig).truncated, rig_metrics(rig).connects - 1);
	ck_assert_uint_le(rig->fake.live_bytes, early_bytes + 4096);
	rig_end(rig);
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof *(rows))

static void add_delays(TCase *tcase)
{
	tcase_add_test(tcase, K1_a_proven_connection_that_drops_is_replaced_at_once_then_by_class);
	tcase_add_loop_test(tcase, K2_network_failures_grow_by_250_ms_to_16_s, 0, COUNT(no_networks));
	tcase_add_test(tcase, K3_http_errors_double_from_5_s_to_320_s);
	tcase_add_loop_test(tcase, K4_rate_limits_double_from_60_s_to_960_s_and_alert, 0,
			    COUNT(calms));
	tcase_add_loop_test(tcase, K4_a_later_reset_of_the_server_counts, 0, COUNT(resets));
	tcase_add_loop_test(tcase, K5_a_short_lived_connection_counts_as_a_network_failure, 0,
			    COUNT(short_lived));
	tcase_add_test(tcase, K6_a_proven_connection_resets_all_counters);
	tcase_add_test(tcase, K6_an_unproven_connection_resets_nothing);
	tcase_add_test(tcase, K7_classes_keep_counters_of_their_own);
	tcase_add_test(tcase, K8_jitter_only_adds);
	tcase_add_test(tcase, K10_a_delay_that_reaches_its_cap_raises_one_alert);
	tcase_add_test(tcase, K11_the_old_connection_is_closed_before_the_next);
	tcase_add_test(tcase, P4_thousands_of_reconnects_leave_nothing_behind);
}

static void add_statuses(TCase *tcase)
{
	tcase_add_loop_test(tcase, K9_fatal_statuses_stop_with_a_clear_error, 0, COUNT(fatals));
	tcase_add_test(tcase, K9_a_416_is_tried_once_more_without_count);
	tcase_add_test(tcase, K9_a_second_416_is_fatal);
	tcase_add_test(tcase, K15_an_error_body_is_read_to_a_bound_and_shown_in_part);
	tcase_add_test(tcase, K15_a_compressed_error_body_is_shown_as_text);
	tcase_add_test(tcase, K15_an_error_body_that_never_ends_is_not_waited_for);
	tcase_add_test(tcase, most_attempts_ends_a_row_of_failures);
	tcase_add_test(tcase, a_proven_connection_begins_the_row_anew);
	tcase_add_test(tcase, a_proven_connection_gives_five_new_tries);
	tcase_add_test(tcase, what_no_second_attempt_cures_is_fatal);
	tcase_add_test(tcase, O6_a_401_with_another_clock_is_tried_once_more_by_that_clock);
	tcase_add_test(tcase, O6_a_clock_that_moves_on_is_not_followed);
	tcase_add_test(tcase, O6_after_a_proven_connection_the_clock_may_be_corrected_again);
	tcase_add_loop_test(tcase, O6_the_clock_is_corrected_only_once, 0, COUNT(lasting_401s));
}

static void add_liveness(TCase *tcase)
{
	tcase_add_test(tcase, L1_a_stall_is_90_s_without_a_byte);
	tcase_add_loop_test(tcase, L3_the_stall_timer_runs_before_the_first_byte, 0, COUNT(silent));
	tcase_add_loop_test(tcase, L5_a_stop_ends_every_wait_at_once, 0, COUNT(stop_in));
	tcase_add_loop_test(tcase, D1_each_disconnect_code_has_its_reaction, 0, COUNT(partings));
	tcase_add_loop_test(tcase, D2_another_consumer_is_not_fought, 0, COUNT(takeover_codes));
	tcase_add_test(tcase, D2_a_takeover_long_ago_is_forgiven);
	tcase_add_test(tcase, D3_messages_before_a_disconnect_are_delivered_and_the_connection_closed);
	tcase_add_test(tcase, D4_a_close_without_a_word_is_a_drop);
}

static void add(Suite *suite, const char *name, void (*add_tests)(TCase *tcase))
{
	TCase *tcase = tcase_create(name);

	add_tests(tcase);
	suite_add_tcase(suite, tcase);
}

int main(void)
{
	Suite *suite = suite_create("twitter_reconnect");
	SRunner *runner = srunner_create(suite);
	int failed;

	add(suite, "delays", add_delays);
	add(suite, "statuses", add_statuses);
	add(suite, "liveness", add_liveness);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
