/* SPDX-License-Identifier: MIT */
/*
 * Gap messages: each hole in the stream is told once, with what is known of it, between the
 * statuses before it and those behind it; whatever comes in between, and however the source ends.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/accounts.h"
#include "support/run.h"
#include "support/twitter_answers.h"
#include "support/twitter_messages.h"

static const size_t pieces[] = { 0, 1, 7 };

/* 11 is the last status, 3 messages were missed, its last byte comes after 6 s, its end after 7. */
#define FIRST { { { .status = 200, .text = SENT(LIMIT("3")) SENT(TWEET("11")) }, \
		  { .at_ms = 6000, .text = KEEP_ALIVE }, { .at_ms = 7000, .ends = true } } }
#define TOLD_FIRST GOT(LIMIT("3")) GOT(TWEET("11"))
#define MOST_ANSWERS 5

static const struct story {
	const char *name;
	struct script_answer answers[MOST_ANSWERS];	/* the last of them stays */
	size_t count;
	uint64_t run_ms;
	bool stops;			/* then */
	uint32_t most_attempts;
	enum weir_status status;	/* what it ends with */
	const char *want;
} stories[] = {
	{ "the first status behind it is known",
	  { FIRST,
	    { { { .at_ms = 500, .status = 200, .text = KEEP_ALIVE SENT(TWEET("12")) },
		{ .at_ms = 600, .text = SENT(TWEET("13")) } } } },
	  2, 20000, false, 0, WEIR_OK,
	  TOLD_FIRST GOT(GAP("806000", "807500", "dropped", "3", ID("11"), ID("12")))
	  GOT(TWEET("12")) GOT(TWEET("13")) },
	{ "what is no status goes before it",
	  { FIRST,
	    { { { .status = 200, .text = SENT(DELETE("5")) SENT(LIMIT("1")) "Hello\r\n{\r\n" },
		{ .at_ms = 1000, .text = SENT("{\"id\":7,\"user\":{},\"geo\":\"t\"}") },
		{ .at_ms = 2000, .text = SENT(RETWEET("14")) } } } },
	  2, 20000, false, 0, WEIR_OK,
	  TOLD_FIRST GOT(DELETE("5")) GOT(LIMIT("1")) "Hello\n{\n"
	  GOT("{\"id\":7,\"user\":{},\"geo\":\"t\"}")
	  GOT(GAP("806000", "807000", "dropped", "3", ID("11"), ID("14"))) GOT(RETWEET("14")) },
	{ "a status in an envelope",
	  { FIRST,
	    { { { .status = 200, .text = SENT(ENVELOPED(DELETE("5")))
					 SENT(ENVELOPED(TWEET("12"))) } } } },
	  2, 20000, false, 0, WEIR_OK,
	  TOLD_FIRST GOT(ENVELOPED(DELETE("5")))
	  GOT(GAP("806000", "807000", "dropped", "3", ID("11"), ID("12")))
	  GOT(ENVELOPED(TWEET("12"))) },
	{ "a status of v2",
	  { FIRST, { { { .status = 200, .text = SENT(V2_POST("12")) } } } },
	  2, 20000, false, 0, WEIR_OK,
	  TOLD_FIRST GOT(GAP("806000", "807000", "dropped", "3", ID("11"), ID("12")))
	  GOT(V2_POST("12")) },
	{ "no status for a minute",
	  { FIRST,
	    { { { .status = 200, .text = KEEP_ALIVE },
		{ .at_ms = 59999, .text = SENT(DELETE("5")) },
		{ .at_ms = 60001, .text = SENT(TWEET("12")) } } } },
	  2, 80000, false, 0, WEIR_OK,
	  TOLD_FIRST GOT(DELETE("5")) GOT(GAP("806000", "807000", "dropped", "3", ID("11"), "null"))
	  GOT(TWEET("12")) },
	{ "a status after just a minute",
	  { FIRST,
	    { { { .status = 200, .text = KEEP_ALIVE },
		{ .at_ms = 60000, .text = SENT(TWEET("12")) } } } },
	  2, 80000, false, 0, WEIR_OK,
	  TOLD_FIRST GOT(GAP("806000", "807000", "dropped", "3", ID("11"), ID("12")))
	  GOT(TWEET("12")) },
	{ "it breaks again before a status",
	  { FIRST,
	    { { { .status = 200, .text = SENT(DELETE("5")) },
		{ .at_ms = 6000, .text = SENT(LIMIT("2")) },
		{ .at_ms = 6500, .fails = WEIR_ERR_IO } } },
	    { { { .status = 200, .text = SENT(TWEET("12")) } } } },
	  3, 20000, false, 0, WEIR_OK,
	  TOLD_FIRST GOT(DELETE("5")) GOT(LIMIT("2"))
	  GOT(GAP("806000", "807000", "dropped", "3", ID("11"), "null"))
	  GOT(GAP("813000", "813500", "dropped", "2", ID("11"), ID("12"))) GOT(TWEET("12")) },
	{ "three in a row without a message",
	  { FIRST, { { { .status = 200, .ends = true } } }, { { { .status = 200, .ends = true } } },
	    { { { .status = 200, .text = SENT(TWEET("12")) } } } },
	  4, 20000, false, 0, WEIR_OK,
	  TOLD_FIRST GOT(GAP("806000", "807000", "dropped", "3", ID("11"), "null"))
	  GOT(GAP("807000", "807250", "dropped", "0", ID("11"), "null"))
	  GOT(GAP("807250", "807750", "dropped", "0", ID("11"), ID("12"))) GOT(TWEET("12")) },
	{ "failed attempts are part of one",
	  { FIRST, REFUSED, STATUS(503), NO_ANSWER,
	    { { { .at_ms = 100, .status = 200, .text = SENT(TWEET("12")) } } } },
	  5, 20000, false, 0, WEIR_OK,
	  TOLD_FIRST GOT(GAP("806000", "812851", "dropped", "3", ID("11"), ID("12")))
	  GOT(TWEET("12")) },
	{ "each names its cause",
	  { FIRST,
	    { { { .status = 200, .text = SENT(TWEET("12")) },
		{ .at_ms = 6000, .text = SENT(DISCONNECT("12")) } } },
	    { { { .status = 200, .name = "Content-Encoding", .value = "gzip",
		.text = "no gzip" } } },
	    { { { .status = 200, .text = SENT(TWEET("13")) } } } },
	  4, 140000, false, 0, WEIR_OK,
	  TOLD_FIRST GOT(GAP("806000", "807000", "dropped", "3", ID("11"), ID("12")))
	  GOT(TWEET("12")) GOT(DISCONNECT("12"))
	  GOT(GAP("813000", "813000", "disconnect", "0", ID("12"), "null"))
	  GOT(GAP("813000", "813250", "protocol", "0", ID("12"), ID("13"))) GOT(TWEET("13"))
	  GOT(GAP("813250", "903250", "stalled", "0", ID("13"), ID("13"))) GOT(TWEET("13")) },
	{ "no status before it",
	  { { { { .status = 200, .text = SENT(LIMIT("1")) SENT(DELETE("9")) },
		{ .at_ms = 6000, .ends = true } } },
	    { { { .status = 200, .text = SENT(TWEET("12")) } } } },
	  2, 20000, false, 0, WEIR_OK,
	  GOT(LIMIT("1")) GOT(DELETE("9")) GOT(GAP("800000", "806000", "dropped", "1", "null",
						   ID("12"))) GOT(TWEET("12")) },
	{ "none before the first connection",
	  { STATUS(503), { { { .status = 200, .text = SENT(TWEET("12")) } } } },
	  2, 20000, true, 0, WEIR_END, GOT(TWEET("12")) },
	{ "a stop while it waits for its status",
	  { FIRST, { { { .status = 200, .text = SENT(DELETE("5")) "{\"cut" } } } },
	  2, 20000, true, 0, WEIR_END,
	  TOLD_FIRST GOT(DELETE("5"))
	  GOT(GAP("806000", "807000", "dropped", "3", ID("11"), "null")) },
	{ "a stop within it", { FIRST, STATUS(503) }, 2, 9000, true, 0, WEIR_END,
	  TOLD_FIRST GOT(GAP("806000", "809000", "dropped", "3", ID("11"), "null")) },
	{ "a stop while an attempt is not answered", { FIRST, { { { 0 } } } },
	  2, 9000, true, 0, WEIR_END,
	  TOLD_FIRST GOT(GAP("806000", "809000", "dropped", "3", ID("11"), "null")) },
	{ "a stop when all is told",
	  { FIRST, { { { .status = 200, .text = SENT(TWEET("12")) } } } },
	  2, 9000, true, 0, WEIR_END,
	  TOLD_FIRST GOT(GAP("806000", "807000", "dropped", "3", ID("11"), ID("12")))
	  GOT(TWEET("12")) },
	{ "the service ends the stream before a status",
	  { FIRST, { { { .status = 200, .text = SENT(DISCONNECT("9")) } } } },
	  2, 20000, false, 0, WEIR_END,
	  TOLD_FIRST GOT(DISCONNECT("9"))
	  GOT(GAP("806000", "807000", "dropped", "3", ID("11"), "null")) },
	{ "the service ends the stream, and there was none",
	  { { { { .status = 200, .text = SENT(TWEET("11")) SENT(DISCONNECT("9")) } } } },
	  1, 20000, false, 0, WEIR_END, GOT(TWEET("11")) GOT(DISCONNECT("9")) },
	{ "a fatal disconnect before a status",
	  { FIRST, { { { .status = 200, .text = SENT(DISCONNECT("6")) } } } },
	  2, 20000, false, 0, WEIR_ERR_AUTH,
	  TOLD_FIRST GOT(DISCONNECT("6"))
	  GOT(GAP("806000", "807000", "dropped", "3", ID("11"), "null")) },
	{ "a fatal status within it", { FIRST, STATUS(503), STATUS(404) },
	  3, 20000, false, 0, WEIR_ERR_REFUSED,
	  TOLD_FIRST GOT(GAP("806000", "812000", "dropped", "3", ID("11"), "null")) },
	{ "giving up within it", { FIRST, REFUSED }, 2, 20000, false, 2, WEIR_ERR_IO,
	  TOLD_FIRST GOT(GAP("806000", "807250", "dropped", "3", ID("11"), "null")) },
	{ "an attempt that nothing cures within it",
	  { FIRST, { { { .refused = true, .fails = WEIR_ERR_INVALID } } } },
	  2, 20000, false, 0, WEIR_ERR_INVALID,
	  TOLD_FIRST GOT(GAP("806000", "807000", "dropped", "3", ID("11"), "null")) },
};
#define STORIES ROWS(stories)

static uint64_t number_behind(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	ck_assert_msg(at, "no %s in %s", name, text);
	return strtoull(at + strlen(name), NULL, 10);
}

/* The metric is the total of what the messages say. */
static void check_total(const struct twitter_rig *rig)
{
	uint64_t sum_ms = 0;

	for (size_t i = 0; i < rig->recorder.count; i++) {
		const char *body = rig->recorder.records[i].body;

		if (rig->recorder.records[i].kind == WEIR_KIND_GAP)
			sum_ms += number_behind(body, "\"to_ms\":") -
				  number_behind(body, "\"from_ms\":");
	}
	ck_assert_uint_eq(rig_metrics(rig).gap_ms, sum_ms);
}

START_TEST(each_hole_is_told_once_and_in_its_place)
{
	const struct story *story = &stories[_i % STORIES];
	struct twitter_rig *rig = rig_new(story->answers, story->count);
	enum weir_status status;

	rig->script.piece = pieces[_i / STORIES];
	rig->options.most_attempts = story->most_attempts;
	rig_start(rig);
	status = rig_run(rig, story->run_ms);
	if (story->stops) {
		ck_assert_msg(status == WEIR_OK, "%s: %s", story->name, weir_status_name(status));
		weir_pipeline_stop(rig->pipeline);
		status = rig_run(rig, 0);
	}

	ck_assert_msg(status == story->status, "%s: %s", story->name, weir_status_name(status));
	rig_check_messages(rig, WEIR_KIND_ANY, story->want);
	check_total(rig);
	check_accounts(rig->pipeline, rig->source);
	rig_end(rig);
}
END_TEST

START_TEST(missed_is_the_total_of_the_gaps_and_of_the_connection_that_stands)
{
	static const struct script_answer answers[] = {
		FIRST,
		{ { { .status = 200, .text = SENT(LIMIT("2")) SENT(LIMIT("8")) SENT(LIMIT("5")) },
		    { .at_ms = 6000, .ends = true } } },
		{ { { .status = 200, .text = SENT(LIMIT("4")) SENT(TWEET("12")) } } },
	};
	struct twitter_rig *rig = RIG(answers);
	char *gaps;

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 20000), WEIR_OK);

	gaps = recorder_text(&rig->recorder, WEIR_KIND_GAP);
	ck_assert_uint_eq(number_behind(gaps, "\"missed\":"), 3);
	ck_assert_uint_eq(number_behind(strchr(gaps, '\n'), "\"missed\":"), 8);
	ck_assert_uint_eq(rig_metrics(rig).missed, 3 + 8 + 4);
	free(gaps);
	rig_end(rig);
}
END_TEST

START_TEST(a_gap_without_a_status_is_told_after_just_a_minute)
{
	static const struct script_answer answers[] = { FIRST, QUIET };
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 7000 + 59999), WEIR_OK);
	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_GAP), 0);
	ck_assert_int_eq(rig_run(rig, 1), WEIR_OK);
	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_GAP), 1);
	rig_end(rig);
}
END_TEST

/* ---- a full window ---- */

/* What waits for room is not late: the status was there in time. */
START_TEST(a_status_that_waits_for_room_is_still_the_first)
{
	static const struct script_answer answers[] = {
		FIRST,
		{ { { .status = 200, .text = SENT(DELETE("5")) SENT(DELETE("6")) SENT(DELETE("7"))
					     SENT(TWEET("12")) } } },
	};
	struct twitter_rig *rig = RIG(answers);

	rig->script.piece = pieces[_i];
	rig->pipeline_options.window_messages = 2;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 6500), WEIR_OK);
	rig->recorder.holds = true;
	ck_assert_int_eq(rig_run(rig, 150000), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 4);
	ck_assert_uint_eq(rig->script.opens, 2);

	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);
	rig_check_messages(rig, WEIR_KIND_ANY,
			   TOLD_FIRST GOT(DELETE("5")) GOT(DELETE("6")) GOT(DELETE("7"))
			   GOT(GAP("806000", "807000", "dropped", "3", ID("11"), ID("12")))
			   GOT(TWEET("12")));
	rig_end(rig);
}
END_TEST

/* One place at a time: the gap takes it, then its status. */
START_TEST(a_gap_and_its_status_may_find_room_one_after_the_other)
{
	static const struct script_answer answers[] = {
		FIRST,
		{ { { .status = 200, .text = SENT(DELETE("5")) SENT(TWEET("12")) } } },
	};
	struct twitter_rig *rig = RIG(answers);

	rig->pipeline_options.window_messages = 1;
	rig_start(rig);
	rig->recorder.holds = true;
	for (size_t i = 1; i <= 5; i++) {
		ck_assert_int_eq(rig_run(rig, 10000), WEIR_OK);
		ck_assert_uint_eq(rig->recorder.count, i);
		weir_delivery_done(rig->recorder.held[0]);
		rig->recorder.held_count = 0;
	}
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 5);
	ck_assert_uint_eq(rig->recorder.records[3].kind, WEIR_KIND_GAP);
	ck_assert_ptr_nonnull(strstr(rig->recorder.records[3].body, "\"first_after\":\"12\""));
	ck_assert_str_eq(rig->recorder.records[4].body, TWEET("12"));
	rig_end(rig);
}
END_TEST

/* The connection is lost with its gap not told, and there is no room: no other one is made. */
START_TEST(a_gap_that_finds_no_room_holds_up_the_next_connection)
{
	static const struct script_answer answers[] = {
		FIRST,
		{ { { .status = 200, .text = SENT(DELETE("5")) },
		    { .at_ms = 6000, .text = SENT(DELETE("6")) },
		    { .at_ms = 6000, .ends = true } } },
		{ { { .status = 200, .text = SENT(TWEET("12")) } } },
	};
	struct twitter_rig *rig = RIG(answers);

	rig->pipeline_options.window_messages = 2;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 6500), WEIR_OK);
	rig->recorder.holds = true;
	ck_assert_int_eq(rig_run(rig, 93500), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 4);
	ck_assert_uint_eq(rig->script.opens, 2);
	ck_assert(!rig->script.open);

	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);
	rig_check_messages(rig, WEIR_KIND_ANY,
			   TOLD_FIRST GOT(DELETE("5")) GOT(DELETE("6"))
			   GOT(GAP("806000", "807000", "dropped", "3", ID("11"), "null"))
			   GOT(GAP("813000", "900000", "dropped", "0", ID("11"), ID("12")))
			   GOT(TWEET("12")));
	check_total(rig);
	rig_end(rig);
}
END_TEST

/* ---- a pipeline that takes no more ---- */

static enum weir_status fail_step(void *self, uint64_t now_ms, struct weir_error *err)
{
	const bool *fails = self;

	(void)now_ms;
	return *fails ? weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP, "broken") : WEIR_OK;
}

static enum weir_status take(void *self, weir_delivery *delivery, struct weir_error *err)
{
	(void)self;
	(void)err;
	weir_delivery_done(delivery);
	return WEIR_OK;
}

static const struct weir_sink_ops broken_ops = {
	.size = sizeof broken_ops,
	.submit = take,
	.step = fail_step,
};

static const struct {
	const char *name;
	struct script_answer second;
	const char *want;
	uint64_t gap_ms;
} untold[] = {
	{ "held", QUIET, "from 1577836806000 to 1577836807000, dropped, 3 missed", 1000 },
	{ "open", STATUS(503), "from 1577836806000 to 1577836808000, dropped, 3 missed", 2000 },
};

START_TEST(a_gap_that_a_failed_pipeline_does_not_take_is_in_the_log)
{
	const struct script_answer answers[] = { FIRST, untold[_i].second };
	struct twitter_rig *rig = RIG(answers);
	bool fails = false;
	weir_sink *sink;

	rig_start(rig);
	sink = weir_sink_add(rig->pipeline, "broken", &broken_ops, &fails);
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "too"), sink);
	ck_assert_int_eq(rig_run(rig, 8000), WEIR_OK);
	fails = true;
	weir_pipeline_fail(rig->pipeline, &(struct weir_error){ .status = WEIR_ERR_IO });
	ck_assert_int_eq(rig_run(rig, 20000), WEIR_ERR_IO);

	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_GAP), 0);
	ck_assert_msg(strstr(rig->fake.log, untold[_i].want), "%s: %s", untold[_i].name,
		      rig->fake.log);
	ck_assert_uint_eq(rig_metrics(rig).gap_ms, untold[_i].gap_ms);
	rig_end(rig);
}
END_TEST

/* ---- memory ---- */

static enum weir_status run_over_the_gap(struct twitter_rig *rig)
{
	return rig_run(rig, 8000);
}

START_TEST(every_allocation_of_a_gap_may_fail)
{
	static const struct script_answer answers[] = {
		FIRST,
		{ { { .status = 200, .text = SENT(DELETE("5")) SENT(TWEET("12")) } } },
	};

	RIG_FAIL_ALLOCATIONS(answers, run_over_the_gap);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, each_hole_is_told_once_and_in_its_place, 0,
			    STORIES * ROWS(pieces));
	tcase_add_test(tcase, missed_is_the_total_of_the_gaps_and_of_the_connection_that_stands);
	tcase_add_test(tcase, a_gap_without_a_status_is_told_after_just_a_minute);
	LOOP(tcase, a_status_that_waits_for_room_is_still_the_first, pieces);
	tcase_add_test(tcase, a_gap_and_its_status_may_find_room_one_after_the_other);
	tcase_add_test(tcase, a_gap_that_finds_no_room_holds_up_the_next_connection);
	LOOP(tcase, a_gap_that_a_failed_pipeline_does_not_take_is_in_the_log, untold);
	tcase_add_test(tcase, every_allocation_of_a_gap_may_fail);
}

int main(void)
{
	TCase *tcase = tcase_create("twitter_gap");

	add_tests(tcase);
	return run_case("twitter_gap", tcase);
}
