/* SPDX-License-Identifier: MIT */
/*
 * Predicates that are declared from wherever and whenever: before the start, at a stop, from
 * callbacks, without room, without memory, and wrong ones.
 */
#include <check.h>
#include <string.h>

#include "support/run.h"
#include "support/twitter_answers.h"
#include "support/twitter_messages.h"

#define KEPT(ms) { .at_ms = (ms), .text = KEEP_ALIVE }
/* A stream that goes on: its last byte but one is 6 minutes old. */
#define LONG { { { .status = 200, .text = KEEP_ALIVE }, KEPT(60000), KEPT(120000), KEPT(180000), \
		 KEPT(240000), KEPT(300000), KEPT(360000) } }
/* One that brings tweet 11 after 100 s, and one that brings 12 half a second after it was asked. */
#define OLD { { { .status = 200, .text = KEEP_ALIVE }, KEPT(60000), \
		{ .at_ms = 100000, .text = SENT(TWEET("11")) } } }
#define NEW { { { .at_ms = 500, .status = 200, .text = SENT(TWEET("12")) } } }

static enum weir_status set_track(struct twitter_rig *rig, const char *track)
{
	return weir_twitter_source_set_predicates(
		rig->source, WEIR_WITH(weir_twitter_predicates, .track = track), NULL);
}

/* ---- when the pipeline is not ready for it ---- */

START_TEST(before_the_start_it_is_the_first_attempt_that_asks)
{
	static const struct script_answer answers[] = { LONG };
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(set_track(rig, "b"), WEIR_OK);
	ck_assert_int_eq(set_track(rig, "c"), WEIR_OK);
	ck_assert_int_eq(rig_run_until(rig, 300000), WEIR_OK);
	rig_check_requests(rig, "0 track=c\n");
	ck_assert_uint_eq(rig_metrics(rig).gap_ms, 0);
	rig_end(rig);
}
END_TEST

/* Nothing is decided while messages wait for room: what came is handed over first. */
START_TEST(a_full_window_keeps_the_old_connection)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200,
		      .text = SENT(TWEET("1")) SENT(TWEET("2")) SENT(TWEET("3")) } } },
		NEW,
	};
	struct twitter_rig *rig = RIG(answers);

	rig->options.min_reconfigure_ms = 1000;
	rig->pipeline_options.window_messages = 2;
	rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(rig_run_until(rig, 500), WEIR_OK);
	ck_assert_int_eq(set_track(rig, "b"), WEIR_OK);
	ck_assert_int_eq(rig_run_until(rig, 60000), WEIR_OK);
	rig_check_requests(rig, "0 track=a\n");
	ck_assert(rig->script.open);

	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(rig_run_until(rig, 61000), WEIR_OK);
	rig_check_requests(rig, "0 track=a\n60000 track=b\n");
	rig_check_messages(rig, WEIR_KIND_ANY,
			   GOT(TWEET("1")) GOT(TWEET("2")) GOT(TWEET("3"))
			   GOT(GAP("800000", "860500", "reconfigured", "0", ID("3"), ID("12")))
			   GOT(TWEET("12")));
	rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	struct script_answer answer;
	uint64_t before_ms, after_ms;	/* of the change, and of the stop after it */
	const char *requests;
} stops[] = {
	{ "while it waits for its time", LONG, 1000, 1000, "0 track=a\n" },
	{ "before it was seen", LONG, 1000, 0, "0 track=a\n" },
	{ "before the start", LONG, 0, 0, "" },
	{ "in a backoff", STATUS(503), 1000, 1000, "0 track=a\n" },
	{ "in an attempt", { { { 0 } } }, 1000, 1000, "0 track=a\n" },
	{ "in the attempt for it", LONG, 120000, 0, "0 track=a\n" },
	{ "after it", LONG, 121000, 1000, "0 track=a\n121000 track=b\n" },
};

START_TEST(a_stop_with_a_change_under_way_ends_at_once)
{
	struct twitter_rig *rig = rig_new(&stops[_i].answer, 1);

	rig_start(rig);
	if (stops[_i].before_ms)
		ck_assert_int_eq(rig_run_until(rig, stops[_i].before_ms), WEIR_OK);
	ck_assert_int_eq(set_track(rig, "b"), WEIR_OK);
	if (stops[_i].after_ms)
		ck_assert_int_eq(rig_run(rig, stops[_i].after_ms), WEIR_OK);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_msg(rig_run(rig, 0) == WEIR_END, "%s: %s", stops[_i].name, rig->fake.log);
	ck_assert_int_eq(set_track(rig, "c"), WEIR_OK);	/* nothing comes of it */
	ck_assert_int_eq(weir_pipeline_step(rig->pipeline), WEIR_END);
	rig_check_requests(rig, stops[_i].requests);
	rig_end(rig);
}
END_TEST

/* ---- from inside callbacks ---- */

struct asking {
	struct twitter_rig *rig;
	char track[2];
	size_t calls;		/* each asks for the next letter, from b on */
};

static void ask_next(struct asking *asking)
{
	asking->track[0] = (char)('b' + asking->calls++);
	ck_assert_int_eq(set_track(asking->rig, asking->track), WEIR_OK);
	asking->track[0] = '!';		/* it was copied */
}

static enum weir_status on_message(void *user, weir_message *message, const char *to,
				   struct weir_error *err)
{
	(void)message;
	(void)to;
	(void)err;
	ask_next(user);
	return WEIR_OK;
}

static void on_state(void *user, weir_pipeline *pipeline, enum weir_state state)
{
	(void)pipeline;
	(void)state;
	ask_next(user);
}

static void on_alert(void *user, const char *text)
{
	(void)text;
	ask_next(user);
}

START_TEST(messages_may_change_what_is_asked_for)
{
	static const struct script_answer answers[] = { OLD, NEW };
	struct twitter_rig *rig = RIG(answers);
	struct asking asking = { .rig = rig };
	weir_sink *sink;

	rig_start(rig);
	sink = weir_callback_sink_add(rig->pipeline, "asks",
				      WEIR_WITH(weir_callback_sink_options, .call = on_message,
						.user = &asking));
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .kinds = WEIR_KIND_TWEET), sink);
	ck_assert_int_eq(rig_run_until(rig, 150000), WEIR_OK);
	rig_check_requests(rig, "0 track=a\n120000 track=b\n");
	ck_assert_uint_eq(asking.calls, 2);
	rig_end(rig);
}
END_TEST

START_TEST(states_and_alerts_may_change_what_is_asked_for)
{
	static const struct script_answer answers[] = { STATUS(420), LONG };
	struct twitter_rig *rig = RIG(answers);
	struct asking asking = { .rig = rig };

	rig->pipeline_options.on_state = on_state;
	rig->pipeline_options.user = &asking;
	rig->options.on_alert = on_alert;
	rig->options.user = &asking;
	rig_start(rig);
	ck_assert_int_eq(rig_run_until(rig, 70000), WEIR_OK);
	rig_check_requests(rig, "0 track=b\n60000 track=c\n");
	ck_assert_uint_eq(asking.calls, 2);
	rig_end(rig);
}
END_TEST

/* The gap finds room and is told in the very step that begins the next attempt. */
START_TEST(the_message_of_a_gap_may_change_what_the_next_attempt_asks_for)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = SENT(TWEET("1")) },
		    { .at_ms = 6000, .ends = true } } },
		{ { { .status = 200, .text = SENT(DELETE("5")) SENT(DELETE("6")) },
		    { .at_ms = 6000, .ends = true } } },
		LONG,
	};
	struct twitter_rig *rig = RIG(answers);
	struct asking asking = { .rig = rig };
	weir_sink *sink;

	rig->pipeline_options.window_messages = 2;
	rig_start(rig);
	sink = weir_callback_sink_add(rig->pipeline, "asks",
				      WEIR_WITH(weir_callback_sink_options, .call = on_message,
						.user = &asking));
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .kinds = WEIR_KIND_GAP), sink);
	ck_assert_int_eq(rig_run_until(rig, 5000), WEIR_OK);
	rig->recorder.holds = true;
	ck_assert_int_eq(rig_run_until(rig, 20000), WEIR_OK);
	rig_check_requests(rig, "0 track=a\n6000 track=a\n");
	ck_assert_uint_eq(asking.calls, 0);

	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(rig_run_until(rig, 21000), WEIR_OK);
	rig_check_requests(rig, "0 track=a\n6000 track=a\n20000 track=b\n");
	rig_end(rig);
}
END_TEST

/* ---- what is wrong ---- */

#define S60 "123456789012345678901234567890123456789012345678901234567890"

static const struct {
	const char *name;
	struct weir_twitter_predicates predicates;
	const char *want;
} wrong[] = {
	{ "none", { .track = NULL }, "a filter stream needs track, follow or locations" },
	{ "only what narrows", { .language = "ko" }, "needs track, follow or locations" },
	{ "a long phrase", { .track = "b," S60 "x" }, "track: phrase '" S60 "x' has 61 bytes" },
	{ "an empty phrase", { .track = "b," }, "track: phrase 2 is empty" },
	{ "not UTF-8", { .track = "\xff" }, "track: not UTF-8" },
	{ "many phrases", { .track = "b,c,d" }, "track: 3 phrases, the limit is 2 (max_phrases" },
	{ "a name", { .follow = "@jack" }, "follow: '@jack' is no numeric user id" },
	{ "many ids", { .follow = "1,2,3" }, "follow: 3 ids, the limit is 2 (max_follow" },
	{ "corners", { .locations = "1,2,0,3" }, "locations: box 1 does not begin with its" },
	{ "many boxes", { .locations = "1,2,3,4,1,2,3,4" }, "locations: 2 boxes, the limit is 1" },
	{ "a language", { .track = "b", .language = "k" }, "language: 'k' is no BCP 47 code" },
	{ "a level", { .track = "b", .filter_level = "high" }, "filter_level: 'high'; it is none" },
};

START_TEST(what_is_wrong_is_named_at_once_and_changes_nothing)
{
	static const struct script_answer answers[] = { LONG };
	struct twitter_rig *rig = RIG(answers);
	struct weir_twitter_predicates predicates = wrong[_i].predicates;
	struct weir_error err = { .status = WEIR_OK };

	predicates.size = sizeof predicates;
	rig->options.max_phrases = 2;
	rig->options.max_follow = 2;
	rig->options.max_boxes = 1;
	rig_start(rig);
	ck_assert_int_eq(rig_run_until(rig, 130000), WEIR_OK);
	ck_assert_int_eq(weir_twitter_source_set_predicates(rig->source, &predicates, &err),
			 WEIR_ERR_INVALID);
	ck_assert_msg(err.status == WEIR_ERR_INVALID && strstr(err.text, wrong[_i].want),
		      "%s: %s", wrong[_i].name, err.text);
	ck_assert_int_eq(weir_twitter_source_set_predicates(rig->source, &predicates, NULL),
			 WEIR_ERR_INVALID);
	ck_assert_int_eq(rig_run_until(rig, 300000), WEIR_OK);
	rig_check_requests(rig, "0 track=a\n");
	rig_end(rig);
}
END_TEST

START_TEST(a_change_that_was_accepted_outlives_a_wrong_one)
{
	static const struct script_answer answers[] = { LONG };
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run_until(rig, 1000), WEIR_OK);
	ck_assert_int_eq(set_track(rig, "b"), WEIR_OK);
	ck_assert_int_eq(set_track(rig, "c,"), WEIR_ERR_INVALID);
	ck_assert_int_eq(rig_run_until(rig, 200000), WEIR_OK);
	rig_check_requests(rig, "0 track=a\n120000 track=b\n");
	rig_end(rig);
}
END_TEST

static void check_no_such_source(weir_source *source, const char *want)
{
	struct weir_error err = { .status = WEIR_OK };

	ck_assert_int_eq(weir_twitter_source_set_predicates(
		source, WEIR_WITH(weir_twitter_predicates, .track = "b"), &err), WEIR_ERR_INVALID);
	ck_assert_msg(strstr(err.text, want), "%s", err.text);
}

START_TEST(other_sources_and_other_structs_are_refused)
{
	static const struct script_answer answers[] = { LONG };
	const struct weir_twitter_predicates no_size = { .track = "b" };
	struct twitter_rig *rig = RIG_X(answers);
	struct weir_error err;

	rig_start(rig);
	check_no_such_source(rig->source, "changed by weir_x_source_set_rules");
	check_no_such_source(NULL, "no source of weir_twitter_source_add");
	check_no_such_source(weir_push_source_add(rig->pipeline, "push", NULL), "no source of");
	rig_end(rig);

	rig = RIG(answers);
	rig_start(rig);
	ck_assert_int_eq(weir_twitter_source_set_predicates(rig->source, &no_size, &err),
			 WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "weir_twitter_predicates: size is 0"));
	rig_end(rig);
}
END_TEST

START_TEST(min_reconfigure_ms_is_a_day_at_most)
{
	static const struct script_answer answers[] = { LONG };
	struct twitter_rig *rig = RIG(answers);

	rig->options.min_reconfigure_ms = 86400001;
	rig_start(rig);
	ck_assert_msg(strstr(weir_pipeline_error(rig->pipeline)->text, "min_reconfigure_ms: "
			     "86400001; at most 86400000"), "%s",
		      weir_pipeline_error(rig->pipeline)->text);
	rig_end(rig);
}
END_TEST

/* ---- memory ---- */

START_TEST(without_memory_the_call_fails_and_what_was_wanted_before_stays)
{
	static const struct script_answer answers[] = { LONG };
	const struct weir_twitter_predicates all = {
		.size = sizeof all, .track = "c", .follow = "1", .locations = "1,2,3,4",
		.language = "ko", .filter_level = "low",
	};
	enum weir_status status;
	size_t at = 0;

	do {
		struct twitter_rig *rig = RIG(answers);

		rig_start(rig);
		ck_assert_int_eq(rig_run_until(rig, 1000), WEIR_OK);
		ck_assert_int_eq(set_track(rig, "b"), WEIR_OK);
		rig->fake.fail_at = rig->fake.calls + ++at;
		status = weir_twitter_source_set_predicates(rig->source, &all, NULL);
		ck_assert(status == WEIR_OK || status == WEIR_ERR_NOMEM);
		rig->fake.fail_at = 0;
		ck_assert_int_eq(rig_run_until(rig, 130000), WEIR_OK);
		ck_assert_uint_eq(rig->script.opens, 2);
		if (status == WEIR_ERR_NOMEM)
			ck_assert_str_eq(rig->script.requests[1].body, "track=b");
		rig_end(rig);
	} while (status == WEIR_ERR_NOMEM);
	ck_assert_uint_eq(at, 7);	/* the struct, five texts, and none */
}
END_TEST

static enum weir_status run_to_other_predicates(struct twitter_rig *rig)
{
	enum weir_status status = rig_run_until(rig, 1000);

	if (status == WEIR_OK)
		status = set_track(rig, "b");
	return status == WEIR_OK ? rig_run_until(rig, 130000) : status;
}

START_TEST(every_allocation_on_the_way_to_other_predicates_may_fail)
{
	static const struct script_answer answers[] = { OLD, STATUS(406), NEW };

	RIG_FAIL_ALLOCATIONS(answers, run_to_other_predicates);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, before_the_start_it_is_the_first_attempt_that_asks);
	tcase_add_test(tcase, a_full_window_keeps_the_old_connection);
	LOOP(tcase, a_stop_with_a_change_under_way_ends_at_once, stops);
	tcase_add_test(tcase, messages_may_change_what_is_asked_for);
	tcase_add_test(tcase,
		       the_message_of_a_gap_may_change_what_the_next_attempt_asks_for);
	tcase_add_test(tcase, states_and_alerts_may_change_what_is_asked_for);
	LOOP(tcase, what_is_wrong_is_named_at_once_and_changes_nothing, wrong);
	tcase_add_test(tcase, a_change_that_was_accepted_outlives_a_wrong_one);
	tcase_add_test(tcase, other_sources_and_other_structs_are_refused);
	tcase_add_test(tcase, min_reconfigure_ms_is_a_day_at_most);
	tcase_add_test(tcase, without_memory_the_call_fails_and_what_was_wanted_before_stays);
	tcase_add_test(tcase, every_allocation_on_the_way_to_other_predicates_may_fail);
}

int main(void)
{
	TCase *tcase = tcase_create("twitter_predicates_call");

	tcase_set_timeout(tcase, 30);
	add_tests(tcase);
	return run_case("twitter_predicates_call", tcase);
}
