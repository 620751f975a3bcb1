/* SPDX-License-Identifier: MIT */
/*
 * How the Twitter source notices that a connection is over: silence, a stop, a disconnect message.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/run.h"
#include "support/twitter_answers.h"

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

START_TEST(D3_a_disconnect_closes_the_connection_after_what_came_before)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = "{\"text\":\"a\"}\r\n"
					     "{\"disconnect\":{\"code\":1}}\r\n" },
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
		{ { { .status = 200, .text = KEEP_ALIVE },
		    { .at_ms = 60000, .fails = WEIR_ERR_IO } } },
		QUIET,
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 150000), WEIR_OK);

	ck_assert_uint_eq(rig_delay(rig, 0), 0);
	ck_assert_uint_eq(rig_delay(rig, 1), 0);
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_DROPPED], 2);
	rig_end(rig);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, L1_a_stall_is_90_s_without_a_byte);
	LOOP(tcase, L3_the_stall_timer_runs_before_the_first_byte, silent);
	LOOP(tcase, L5_a_stop_ends_every_wait_at_once, stop_in);
	LOOP(tcase, D1_each_disconnect_code_has_its_reaction, partings);
	LOOP(tcase, D2_another_consumer_is_not_fought, takeover_codes);
	tcase_add_test(tcase, D2_a_takeover_long_ago_is_forgiven);
	tcase_add_test(tcase, D3_a_disconnect_closes_the_connection_after_what_came_before);
	tcase_add_test(tcase, D4_a_close_without_a_word_is_a_drop);
}

int main(void)
{
	TCase *tcase = tcase_create("twitter_liveness");

	add_tests(tcase);
	return run_case("twitter_liveness", tcase);
}
