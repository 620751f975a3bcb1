/* SPDX-License-Identifier: MIT */
/*
 * The v2 source while it streams: posts, errors beside and instead of them, keep-alives, holes and
 * what is asked for again after them, recoveries.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/run.h"
#include "support/twitter_messages.h"
#include "support/x_answers.h"

/* ---- what comes ---- */

#define POST_A \
	"{\"data\":{\"id\":\"1307025659294674945\",\"text\":\"a \\\"errors\\\" b\"}," \
	"\"matching_rules\":[{\"id\":\"1\",\"tag\":\"weir.a\"}]}"
#define POST_WITH_ERRORS \
	"{\"data\":{\"id\":\"2\",\"text\":\"t\",\"referenced_tweets\":[{\"type\":\"quoted\"," \
	"\"id\":\"1\"}]},\"errors\":[" X_PROBLEM("resource-not-found", "") "]}"
#define POST_OTHER_NAMES \
	"{\"data\":{\"id\":\"3\",\"text\":\"t\",\"referenced_posts\":[{\"type\":\"retweeted\"," \
	"\"id\":\"1\"}]}}"
#define COMPLIANCE "{\"data\":{\"delete\":{\"tweet\":{\"id\":\"1\",\"author_id\":\"2\"}," \
		   "\"event_at\":\"2021-07-06T18:40:40.000Z\"}}}"
#define PARTIAL X_ERRORS(X_PROBLEM("not-authorized-for-resource", ""))

START_TEST(D6_T1_posts_come_byte_for_byte_and_errors_beside_them_are_no_failure)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = SENT(POST_A) "\r\n" SENT(POST_WITH_ERRORS) } } },
	};
	struct twitter_rig *rig = RIG_X(answers);

	rig->script.piece = (size_t)_i;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);

	rig_check_messages(rig, WEIR_KIND_TWEET, GOT(POST_A) GOT(POST_WITH_ERRORS));
	ck_assert_uint_eq(rig->recorder.count, 2);
	ck_assert_uint_eq(rig->script.opens, 1);
	ck_assert_uint_eq(rig_metrics(rig).keep_alives, 1);
	rig_end(rig);
}
END_TEST

START_TEST(S12_S13_S14_kinds_of_v2)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = SENT(POST_A) SENT(POST_OTHER_NAMES) SENT(COMPLIANCE)
				     SENT(PARTIAL) SENT("{\"data\":{\"new\":1}}")
				     SENT("{\"a\":") SENT("Exceeded connection limit") } } },
	};
	struct twitter_rig *rig = RIG_X(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);

	rig_check_messages(rig, WEIR_KIND_TWEET, GOT(POST_A));
	rig_check_messages(rig, WEIR_KIND_RETWEET, GOT(POST_OTHER_NAMES));
	rig_check_messages(rig, WEIR_KIND_COMPLIANCE, GOT(COMPLIANCE));
	rig_check_messages(rig, WEIR_KIND_NOTICE, GOT(PARTIAL) GOT("Exceeded connection limit"));
	rig_check_messages(rig, WEIR_KIND_UNKNOWN, GOT("{\"data\":{\"new\":1}}"));
	rig_check_messages(rig, WEIR_KIND_MALFORMED, GOT("{\"a\":"));
	ck_assert_uint_eq(rig->script.opens, 1);	/* none of these ends the connection */
	rig_end(rig);
}
END_TEST

/* ---- keep-alives ---- */

START_TEST(L2_a_keep_alive_at_20_3_s_is_no_stall_and_21_s_without_one_are)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = KEEP_ALIVE }, { .at_ms = 20300, .text = KEEP_ALIVE },
		    { .at_ms = 40600, .text = KEEP_ALIVE }, { .at_ms = 600000, .ends = true } } },
		QUIET,
	};
	struct twitter_rig *rig = RIG_X(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 40600 + 20999), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 1);
	ck_assert_int_eq(rig_run(rig, 1), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 2);	/* L4: at once */
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_STALLED], 1);
	rig_end(rig);
}
END_TEST

static const struct script_answer silent[] = {
	{ { { .at_ms = 600000, .status = 200 } } }, { { { .status = 200 }, { .at_ms = 600000,
									     .ends = true } } },
};

START_TEST(L3_the_stall_timer_runs_before_the_first_byte)
{
	struct twitter_rig *rig = rig_x_new(&silent[_i], 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 20999), WEIR_OK);
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_STALLED], 0);
	ck_assert_int_eq(rig_run(rig, 1), WEIR_OK);
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_STALLED], 1);
	rig_end(rig);
}
END_TEST

/* ---- errors without data ---- */

static const struct {
	const char *text;
	uint64_t delay_ms;	/* after a proven connection */
	const char *alert;	/* NULL: none */
	enum weir_status status;	/* below zero: the pipeline fails with this */
	const char *says;
} partings[] = {
	{ X_PARTED("OperationalDisconnect"), 0, NULL, WEIR_OK, "OperationalDisconnect" },
	{ X_PARTED("UpstreamOperationalDisconnect"), 0, NULL, WEIR_OK, "closes connections" },
	{ X_PARTED("UpstreamUncleanDisconnect"), 0, NULL, WEIR_OK, "'T: D'" },
	{ X_PARTED("ForceDisconnect"), 0, "too slow", WEIR_OK, "cut off" },
	{ X_PARTED("SlowReader"), 0, "too slow", WEIR_OK, "reads too slowly" },
	{ X_PARTED("InternalError"), 0, NULL, WEIR_OK, "InternalError" },
	{ X_PARTED("InvalidRules"), 60000, "no valid rules", WEIR_OK, "InvalidRules" },
	{ X_PARTED("ClientApplicationStateDegraded"), 60000, "degraded", WEIR_OK, "degraded" },
	{ X_PARTED("SomethingNew"), 0, NULL, WEIR_OK, "SomethingNew" },
	{ X_ISSUE("TooManyConnections"), 60000, "DELETE /2/connections/all", WEIR_OK,
	  "too many connections" },
	{ X_ERRORS(X_ISSUE("RuleConfigurationIssue")), 60000, "no valid rules", WEIR_OK, "rules" },
	{ X_ISSUE("RulesInvalidIssue"), 60000, "no valid rules", WEIR_OK, "rules" },
	{ X_ISSUE("ProvisioningSubscription"), 60000, "provisioned", WEIR_OK, "provisioned" },
	{ X_ISSUE("SomethingNew"), 250, NULL, WEIR_OK, "SomethingNew" },
	{ X_PROBLEM("client-disconnected", ""), 0, NULL, WEIR_OK, "client-disconnected" },
	{ X_ERRORS(X_CAPPED("Daily")), 86400000 - 60000, "next midnight UTC", WEIR_OK, "usage cap" },
	{ X_CAPPED("Monthly"), 86400000 - 60000, "monthly usage cap", WEIR_OK, "Monthly" },
	{ X_PROBLEM("rate-limit-exceeded", ""), 60000, "connect less often", WEIR_OK, "rate" },
	{ X_ERRORS("{\"title\":\"T\",\"status\":429,\"type\":\"about:blank\"}"), 60000, "too many",
	  WEIR_OK, "429" },
	{ X_ERRORS("{\"title\":\"T\",\"status\":503,\"type\":\"about:blank\"}"), 250, NULL, WEIR_OK,
	  "503" },
	{ X_PROBLEM("brand-new", ""), 250, NULL, WEIR_OK, "brand-new" },
	{ X_ERRORS("{\"code\":32,\"message\":\"old style\"}"), 250, NULL, WEIR_OK, "old style" },
	{ X_ERRORS(X_PROBLEM("resource-not-found", "") "," X_PROBLEM("client-disconnected", "")), 0,
	  NULL, WEIR_OK, "client-disconnected" },
	{ X_PROBLEM("client-forbidden", "\"reason\":\"client-not-enrolled\","), 0, NULL,
	  WEIR_ERR_AUTH, "client-not-enrolled" },
	{ X_PROBLEM("unsupported-authentication", ""), 0, NULL, WEIR_ERR_AUTH, "bearer token" },
	{ X_PROBLEM("invalid-request", ""), 0, NULL, WEIR_ERR_REFUSED, "check the parameters" },
	{ X_ERRORS("{\"title\":\"T\",\"status\":401,\"type\":\"about:blank\"}"), 0, NULL,
	  WEIR_ERR_AUTH, "unauthorized" },
};

START_TEST(D5_each_error_without_data_has_its_reaction)
{
	char text[1024];
	const struct script_answer answers[] = {
		{ { { .status = 200, .text = KEEP_ALIVE },
		    { .at_ms = 20000, .text = KEEP_ALIVE }, { .at_ms = 40000, .text = KEEP_ALIVE },
		    { .at_ms = 60000, .text = text },
		    { .at_ms = 60001, .text = "{\"too\":\"late\"}\r\n" } } },
		QUIET,
	};
	struct twitter_rig *rig = RIG_X(answers);
	const enum weir_status want = partings[_i].status;
	enum weir_status status;
	uint64_t delay_ms;

	snprintf(text, sizeof text, "%s\r\n", partings[_i].text);
	rig_start(rig);
	status = rig_run(rig, 60000 + partings[_i].delay_ms);

	ck_assert_msg(status == want, "%s: %d", partings[_i].text, status);
	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_NOTICE), 1);
	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_UNKNOWN), 0);	/* D3 */
	ck_assert_msg(strstr(want < 0 ? weir_pipeline_error(rig->pipeline)->text : rig->fake.log,
			     partings[_i].says), "%s: %s", partings[_i].text, rig->fake.log);
	if (want == WEIR_OK) {
		ck_assert_uint_eq(rig->script.opens, 2);
		delay_ms = rig->script.requests[1].at_ms - rig->begun_ms - 60000;
		ck_assert_msg(delay_ms == partings[_i].delay_ms, "%s: %ju ms", partings[_i].text,
			      (uintmax_t)delay_ms);
		ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_DISCONNECT], 1);
	}
	ck_assert_uint_eq(rig->alert_count, partings[_i].alert != NULL);
	if (partings[_i].alert)
		ck_assert_ptr_nonnull(strstr(rig->alerts, partings[_i].alert));
	rig_end(rig);
}
END_TEST

START_TEST(D3_after_an_error_the_connection_is_closed_even_if_the_server_does_not)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = SENT(V2_POST("1"))
				     SENT(X_PARTED("OperationalDisconnect")) } } },
		QUIET,
	};
	struct twitter_rig *rig = RIG_X(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);
	ck_assert(!rig->script.open);
	rig_end(rig);
}
END_TEST

START_TEST(D4_a_close_without_a_word_is_a_drop)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = KEEP_ALIVE }, { .at_ms = 15000, .ends = true } } },
		QUIET,
	};
	struct twitter_rig *rig = RIG_X(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 20000), WEIR_OK);
	ck_assert_uint_eq(rig_delay(rig, 0), 0);
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_DROPPED], 1);
	rig_end(rig);
}
END_TEST

/* ---- holes ---- */

#define FIRST \
	{ { { .status = 200, .text = SENT(V2_POST("11")) }, { .at_ms = 6000, .ends = true } } }
#define NEXT(wait) { { { .at_ms = wait, .status = 200, .text = SENT(V2_POST("12")) } } }
#define LATER(after) { { { .at_ms = after, .fails = WEIR_ERR_IO } } }

static const struct {
	uint32_t most;
	uint64_t hole_ms;	/* from the last byte to the second attempt that is answered */
	const char *want;	/* in the URL of that attempt */
	bool alert;
} holes[] = {
	{ 5, 8000, "backfill_minutes=1", false },
	{ 5, 60000, "backfill_minutes=1", false },
	{ 5, 60001, "backfill_minutes=2", false },
	{ 5, 90000, "backfill_minutes=2", false },
	{ 5, 299999, "backfill_minutes=5", false },
	{ 5, 300000, "backfill_minutes=5", false },
	{ 5, 300001, "backfill_minutes=5", true },
	{ 5, 3000000, "backfill_minutes=5", true },
	{ 2, 240000, "backfill_minutes=2", true },
	{ 0, 90000, NULL, false },
};

START_TEST(T8_backfill_is_the_hole_in_whole_minutes)
{
	/* The attempt in between takes as long as the hole is to be: the first byte was at 0. */
	const struct script_answer answers[] = {
		FIRST, LATER(holes[_i].hole_ms - 6000 - 250), NEXT(0),
	};
	struct twitter_rig *rig = RIG_X(answers);
	const char *url;

	rig->x_options.backfill_minutes = holes[_i].most;
	rig->x_options.stall_ms = 4000000;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, holes[_i].hole_ms + 1000), WEIR_OK);

	ck_assert_uint_eq(rig->script.opens, 3);
	ck_assert_uint_eq(rig->script.requests[2].at_ms - rig->begun_ms, holes[_i].hole_ms);
	url = rig->script.requests[2].url;
	if (holes[_i].want)
		ck_assert_msg(strstr(url, holes[_i].want), "%s", url);
	else
		ck_assert_msg(!strstr(url, "backfill"), "%s", url);
	ck_assert_ptr_null(strstr(rig->script.requests[0].url, "backfill"));
	ck_assert_msg((strstr(rig->alerts, "is longer than") != NULL) == holes[_i].alert, "%s",
		      rig->alerts);
	rig_end(rig);
}
END_TEST

START_TEST(T8_a_gap_says_how_much_was_asked_for_again)
{
	static const struct script_answer answers[] = { FIRST, LATER(83750), NEXT(500) };
	struct twitter_rig *rig = RIG_X(answers);
	char *gaps;

	rig->x_options.backfill_minutes = 5;
	rig->x_options.stall_ms = 600000;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 100000), WEIR_OK);

	gaps = recorder_text(&rig->recorder, WEIR_KIND_GAP);
	ck_assert_msg(strstr(gaps, "\"last_before\":\"11\",\"first_after\":\"12\","
			     "\"backfill_minutes\":2}}"), "%s", gaps);
	ck_assert_uint_eq(rig_metrics(rig).gap_ms, 90500);
	free(gaps);
	rig_end(rig);
}
END_TEST

static const struct script_answer no_backfills[] = { STATUS(400), STATUS(403) };

START_TEST(T8_backfill_that_is_not_permitted_is_left_out_for_good)
{
	const struct script_answer answers[] = {
		FIRST, no_backfills[_i], FIRST, QUIET,
	};
	struct twitter_rig *rig = RIG_X(answers);

	rig->x_options.backfill_minutes = 5;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 20000), WEIR_OK);

	ck_assert_uint_eq(rig->script.opens, 4);
	ck_assert_ptr_nonnull(strstr(rig->script.requests[1].url, "backfill_minutes=1"));
	ck_assert_ptr_null(strstr(rig->script.requests[2].url, "backfill"));
	ck_assert_ptr_null(strstr(rig->script.requests[3].url, "backfill"));
	ck_assert_uint_eq(rig_delay(rig, 1), 0);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "backfill_minutes is not permitted"));
	rig_end(rig);
}
END_TEST

/* ---- recoveries ---- */

static void recover(struct twitter_rig *rig)
{
	rig->x_options.start_time = "2019-12-31T10:30:00Z";
	rig->x_options.end_time = "2019-12-31T10:40:00Z";
	rig_start(rig);
}

START_TEST(D7_the_end_of_a_recovery_is_the_end_of_the_source)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = SENT(V2_POST("1")) SENT(V2_POST("2")) },
		    { .at_ms = 10, .ends = true } } },
	};
	struct twitter_rig *rig = RIG_X(answers);

	recover(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_END);

	ck_assert_ptr_nonnull(strstr(rig->script.requests[0].url,
				     "start_time=2019-12-31T10%3A30%3A00Z"
				     "&end_time=2019-12-31T10%3A40%3A00Z"));
	ck_assert_uint_eq(rig->script.opens, 1);
	ck_assert_uint_eq(rig->alert_count, 0);
	rig_check_messages(rig, WEIR_KIND_ANY, GOT(V2_POST("1")) GOT(V2_POST("2")));
	rig_end(rig);
}
END_TEST

START_TEST(D7_a_recovery_that_breaks_begins_again)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = SENT(V2_POST("1")) },
		    { .at_ms = 10, .fails = WEIR_ERR_IO } } },
		{ { { .status = 200, .text = SENT(V2_POST("1")) SENT(V2_POST("2")) },
		    { .at_ms = 10, .ends = true } } },
	};
	struct twitter_rig *rig = RIG_X(answers);

	recover(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_END);
	ck_assert_uint_eq(rig->script.opens, 2);
	rig_check_messages(rig, NOT_GAP,
			   GOT(V2_POST("1")) GOT(V2_POST("1")) GOT(V2_POST("2")));
	rig_end(rig);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase,
			    D6_T1_posts_come_byte_for_byte_and_errors_beside_them_are_no_failure, 0,
			    8);
	tcase_add_test(tcase, S12_S13_S14_kinds_of_v2);
	tcase_add_test(tcase, L2_a_keep_alive_at_20_3_s_is_no_stall_and_21_s_without_one_are);
	LOOP(tcase, L3_the_stall_timer_runs_before_the_first_byte, silent);
	LOOP(tcase, D5_each_error_without_data_has_its_reaction, partings);
	tcase_add_test(tcase,
		       D3_after_an_error_the_connection_is_closed_even_if_the_server_does_not);
	tcase_add_test(tcase, D4_a_close_without_a_word_is_a_drop);
	LOOP(tcase, T8_backfill_is_the_hole_in_whole_minutes, holes);
	tcase_add_test(tcase, T8_a_gap_says_how_much_was_asked_for_again);
	LOOP(tcase, T8_backfill_that_is_not_permitted_is_left_out_for_good, no_backfills);
	tcase_add_test(tcase, D7_the_end_of_a_recovery_is_the_end_of_the_source);
	tcase_add_test(tcase, D7_a_recovery_that_breaks_begins_again);
}

int main(void)
{
	TCase *tcase = tcase_create("x_stream");

	add_tests(tcase);
	return run_case("x_stream", tcase);
}
