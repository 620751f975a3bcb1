/* SPDX-License-Identifier: MIT */
/*
 * How long the Twitter source waits before it connects anew. Hours of backoff on a fake clock.
 */
#include <check.h>
#include <string.h>

#include "support/run.h"
#include "support/twitter_answers.h"

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
	  { { { .status = 420, .name = "X-Rate-Limit-Reset", .value = "1577837100",
		.ends = true } } },
	  300000 },
	{ "x-rate-limit-reset sooner than the backoff",
	  { { { .status = 429, .name = "x-rate-limit-reset", .value = "1577836805",
		.ends = true } } },
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
	{ "a keep-alive, then closed",
	  { { { .status = 200, .text = KEEP_ALIVE, .ends = true } } } },
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
		STATUS(503), STATUS(503),
		{ { { .status = 200, .text = KEEP_ALIVE, .ends = true } } },
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
		REFUSED, STATUS(503), REFUSED, STATUS(503), STATUS(420), REFUSED, STATUS(420),
		QUIET,
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

/* The lines of the log that begin with `start` and contain `words`. */
static size_t count_lines(const struct twitter_rig *rig, const char *start, const char *words)
{
	size_t count = 0;

	for (const char *line = rig->fake.log; *line; line += strcspn(line, "\n") + 1) {
		const char *at = strstr(line, words);

		count += strncmp(line, start, strlen(start)) == 0 && at &&
			 at < line + strcspn(line, "\n");
	}
	return count;
}

static const struct {
	const char *name;
	struct script_answer answer;
	const char *words;
	uint64_t capped_ms;	/* when the cap is reached */
	size_t attempts;	/* until then */
} rows[] = {
	{ "no answer", NO_ANSWER, "no answer: scripted failure", 504000, 64 },
	{ "refused", REFUSED, "no answer: scripted refusal", 504000, 64 },
	{ "closed at once", { { { .status = 200, .ends = true } } }, "the connection ended",
	  504000, 64 },
	{ "damaged", { { { .status = 200, .name = "Content-Encoding", .value = "gzip",
			   .text = "{\"text\":\"a\"}\r\n" } } }, "cannot decompress", 504000, 64 },
	{ "HTTP", STATUS(503), "HTTP 503", 315000, 7 },
};

START_TEST(a_row_of_failures_warns_at_its_first_and_at_the_cap)
{
	struct twitter_rig *rig = rig_new(&rows[_i].answer, 1);
	const char *words = rows[_i].words;
	size_t warned;

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 10), WEIR_OK);
	warned = count_lines(rig, "WARN", words);
	ck_assert_msg(warned == 1, "%s: %zu", rows[_i].name, warned);
	ck_assert_int_eq(rig_run(rig, rows[_i].capped_ms - 2000), WEIR_OK);
	warned = count_lines(rig, "WARN", words);
	ck_assert_msg(warned == 1, "%s: %zu", rows[_i].name, warned);
	ck_assert_int_eq(rig_run(rig, 2 * HOUR_MS), WEIR_OK);
	warned = count_lines(rig, "WARN", words);
	ck_assert_msg(warned == 2, "%s: %zu", rows[_i].name, warned);
	ck_assert_uint_ge(count_lines(rig, "INFO", words), rows[_i].attempts - 1);
	ck_assert_uint_eq(rig->alert_count, 1);
	rig_end(rig);
}
END_TEST

START_TEST(a_new_row_of_failures_warns_anew_and_a_drop_does_not)
{
	static const struct script_answer answers[] = {
		REFUSED, REFUSED, PROVEN, REFUSED, REFUSED, PROVEN, QUIET
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 140000), WEIR_OK);

	ck_assert_uint_eq(rig->script.opens, 7);
	ck_assert_uint_eq(count_lines(rig, "WARN", "no answer"), 2);
	ck_assert_uint_eq(count_lines(rig, "INFO", "no answer"), 2);
	ck_assert_uint_eq(count_lines(rig, "WARN", ""), 2);
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

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, K1_a_proven_connection_that_drops_is_replaced_at_once_then_by_class);
	LOOP(tcase, K2_network_failures_grow_by_250_ms_to_16_s, no_networks);
	tcase_add_test(tcase, K3_http_errors_double_from_5_s_to_320_s);
	LOOP(tcase, K4_rate_limits_double_from_60_s_to_960_s_and_alert, calms);
	LOOP(tcase, K4_a_later_reset_of_the_server_counts, resets);
	LOOP(tcase, K5_a_short_lived_connection_counts_as_a_network_failure, short_lived);
	tcase_add_test(tcase, K6_a_proven_connection_resets_all_counters);
	tcase_add_test(tcase, K6_an_unproven_connection_resets_nothing);
	tcase_add_test(tcase, K7_classes_keep_counters_of_their_own);
	tcase_add_test(tcase, K8_jitter_only_adds);
	tcase_add_test(tcase, K10_a_delay_that_reaches_its_cap_raises_one_alert);
	LOOP(tcase, a_row_of_failures_warns_at_its_first_and_at_the_cap, rows);
	tcase_add_test(tcase, a_new_row_of_failures_warns_anew_and_a_drop_does_not);
	tcase_add_test(tcase, K11_the_old_connection_is_closed_before_the_next);
	tcase_add_test(tcase, P4_thousands_of_reconnects_leave_nothing_behind);
	tcase_add_test(tcase, most_attempts_ends_a_row_of_failures);
	tcase_add_test(tcase, a_proven_connection_begins_the_row_anew);
	tcase_add_test(tcase, a_proven_connection_gives_five_new_tries);
	tcase_add_test(tcase, what_no_second_attempt_cures_is_fatal);
}

int main(void)
{
	TCase *tcase = tcase_create("twitter_reconnect");

	add_tests(tcase);
	return run_case("twitter_reconnect", tcase);
}
