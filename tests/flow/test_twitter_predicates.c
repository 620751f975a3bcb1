/* SPDX-License-Identifier: MIT */
/*
 * Predicates that change while the source runs: when the next connection asks for them, what is
 * asked for until then, and what is told of the hole.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/run.h"
#include "support/twitter_answers.h"
#include "support/twitter_messages.h"

#define MOST_ANSWERS 4
#define MOST_CHANGES 4

#define KEPT(ms) { .at_ms = (ms), .text = KEEP_ALIVE }
/* A stream that goes on: its last byte but one is 6 minutes old. */
#define LONG { { { .status = 200, .text = KEEP_ALIVE }, KEPT(60000), KEPT(120000), KEPT(180000), \
		 KEPT(240000), KEPT(300000), KEPT(360000) } }
/* One that brings tweet 11 after 100 s, and one that brings 12 half a second after it was asked. */
#define OLD { { { .status = 200, .text = KEEP_ALIVE }, KEPT(60000), \
		{ .at_ms = 100000, .text = SENT(TWEET("11")) } } }
#define NEW { { { .at_ms = 500, .status = 200, .text = SENT(TWEET("12")) } } }

struct change {
	uint64_t at_ms;		/* since the start; before the rest of that time */
	const char *track;	/* NULL: there is no such change */
};

static const struct story {
	const char *name;
	struct script_answer answers[MOST_ANSWERS];	/* the last of them stays */
	size_t count;
	struct change changes[MOST_CHANGES];
	uint64_t min_ms;
	uint64_t run_ms;
	const char *requests;		/* "TIME BODY", a line each */
	const char *messages;		/* NULL: whatever comes */
	uint64_t reconfigured;
	enum weir_status status;	/* what it ends with */
} stories[] = {
	{ "the old stream is read until it has stood for two minutes", { OLD, NEW }, 2,
	  { { 10000, "b" } }, 0, 150000, "0 track=a\n120000 track=b\n",
	  GOT(TWEET("11")) GOT(GAP("900000", "920500", "reconfigured", "0", ID("11"), ID("12")))
	  GOT(TWEET("12")), 1, WEIR_OK },
	{ "one that has stood for longer is given up at once", { LONG }, 1, { { 150000, "b" } }, 0,
	  400000, "0 track=a\n150000 track=b\n", NULL, 1, WEIR_OK },
	{ "one that has stood for just as long", { LONG }, 1, { { 120000, "b" } }, 0, 400000,
	  "0 track=a\n120000 track=b\n", NULL, 1, WEIR_OK },
	{ "it counts from the answer", { { { { .at_ms = 9000, .status = 200, .text = KEEP_ALIVE },
					     KEPT(90000), KEPT(130000) } } }, 1,
	  { { 10000, "b" } }, 0, 130000, "0 track=a\n129000 track=b\n", NULL, 1, WEIR_OK },
	{ "another time", { LONG }, 1, { { 10000, "b" } }, 30000, 400000,
	  "0 track=a\n30000 track=b\n", NULL, 1, WEIR_OK },
	{ "of several the last counts", { LONG }, 1,
	  { { 10000, "b" }, { 20000, "c" }, { 20000, "d" }, { 119999, "e" } }, 0, 230000,
	  "0 track=a\n120000 track=e\n", NULL, 1, WEIR_OK },
	{ "there is one in two minutes, however many come", { LONG }, 1,
	  { { 130000, "b" }, { 131000, "c" }, { 200000, "d" }, { 249000, "e" } }, 0, 500000,
	  "0 track=a\n130000 track=b\n250000 track=e\n", NULL, 2, WEIR_OK },
	{ "a change back to what the stream has takes it back", { LONG }, 1,
	  { { 10000, "b" }, { 20000, "a" } }, 0, 300000, "0 track=a\n", NULL, 0, WEIR_OK },
	{ "what the stream has anyway is no change", { LONG }, 1, { { 130000, "a" } }, 0, 300000,
	  "0 track=a\n", NULL, 0, WEIR_OK },
	{ "a change back to what the stream had before is one", { LONG }, 1,
	  { { 130000, "b" }, { 260000, "a" } }, 0, 300000,
	  "0 track=a\n130000 track=b\n260000 track=a\n", NULL, 2, WEIR_OK },

	{ "a connection that is lost takes it along at once", { PROVEN, LONG }, 2,
	  { { 10000, "b" } }, 0, 400000, "0 track=a\n60000 track=b\n", NULL, 0, WEIR_OK },
	{ "a stalled one, too", { QUIET, LONG }, 2, { { 10000, "b" } }, 0, 400000,
	  "0 track=a\n90000 track=b\n", NULL, 0, WEIR_OK },
	{ "a disconnect message, too",
	  { { { { .status = 200, .text = KEEP_ALIVE },
		{ .at_ms = 20000, .text = SENT(DISCONNECT("12")) } } }, LONG }, 2,
	  { { 10000, "b" } }, 0, 150000, "0 track=a\n20000 track=b\n",
	  GOT(DISCONNECT("12")) GOT(GAP("820000", "820000", "disconnect", "0", "null", "null")),
	  0, WEIR_OK },
	{ "lost at the very time", { { { { .status = 200, .text = KEEP_ALIVE }, KEPT(60000),
					 { .at_ms = 120000, .ends = true } } }, LONG }, 2,
	  { { 10000, "b" } }, 0, 200000, "0 track=a\n120000 track=b\n", NULL, 0, WEIR_OK },

	{ "a delay is neither cut short nor begun anew: HTTP", { STATUS(503), STATUS(503), LONG },
	  3, { { 1000, "b" }, { 6000, "c" } }, 0, 140000,
	  "0 track=a\n5000 track=b\n15000 track=c\n", NULL, 0, WEIR_OK },
	{ "… rate", { STATUS(420), LONG }, 2, { { 1000, "b" }, { 2000, "c" } }, 0, 150000,
	  "0 track=a\n60000 track=c\n", NULL, 0, WEIR_OK },
	{ "… network", { REFUSED, REFUSED, LONG }, 3, { { 100, "b" } }, 0, 100000,
	  "0 track=a\n250 track=b\n750 track=b\n", NULL, 0, WEIR_OK },
	{ "… of a server that ends each stream at once",
	  { { { { .status = 200, .ends = true } } }, { { { .status = 200, .ends = true } } },
	    LONG }, 3, { { 100, "b" }, { 300, "c" } }, 1, 100000,
	  "0 track=a\n250 track=b\n750 track=c\n", NULL, 0, WEIR_OK },
	{ "an attempt that is not answered is left to its answer",
	  { { { { .at_ms = 8000, .status = 200, .text = KEEP_ALIVE }, KEPT(90000),
		KEPT(128000) } }, LONG }, 2,
	  { { 1000, "b" } }, 1000, 20000, "0 track=a\n9000 track=b\n", NULL, 1, WEIR_OK },
	{ "… and to its failure", { { { { .at_ms = 8000, .fails = WEIR_ERR_IO } } }, LONG }, 2,
	  { { 1000, "b" } }, 1, 20000, "0 track=a\n8250 track=b\n", NULL, 0, WEIR_OK },
	{ "a refusal is left to its words", { { { { .status = 503, .text = "no" } } }, LONG }, 2,
	  { { 1000, "b" } }, 1, 20000, "0 track=a\n10000 track=b\n", NULL, 0, WEIR_OK },
	{ "what the server's answer left no attempts for waits for them",
	  { { { { .status = 200, .name = "x-rate-limit-remaining", .value = "0" },
		{ .name = "x-rate-limit-reset", .value = "1577836950", .text = KEEP_ALIVE },
		KEPT(60000), { .at_ms = 140000, .text = SENT(TWEET("11")) } } }, NEW }, 2,
	  { { 10000, "b" } }, 0, 160000, "0 track=a\n150000 track=b\n",
	  GOT(TWEET("11")) GOT(GAP("940000", "950500", "reconfigured", "0", ID("11"), ID("12")))
	  GOT(TWEET("12")), 1, WEIR_OK },

	{ "it is no failure: the first delay after it is the first", { LONG, STATUS(503), LONG }, 3,
	  { { 130000, "b" } }, 0, 300000, "0 track=a\n130000 track=b\n135000 track=b\n", NULL, 1,
	  WEIR_OK },
	{ "it is no failure before a connection is proven, either", { LONG }, 1,
	  { { 500, "b" }, { 1500, "c" }, { 2500, "d" } }, 1000, 100000,
	  "0 track=a\n1000 track=b\n2000 track=c\n3000 track=d\n", NULL, 3, WEIR_OK },
	{ "the hole before is told, too",
	  { { { { .status = 200, .text = SENT(TWEET("11")) }, { .at_ms = 6000, .ends = true } } },
	    { { { .status = 200, .text = SENT(DELETE("5")) } } }, NEW }, 3,
	  { { 7000, "b" } }, 10000, 20000, "0 track=a\n6000 track=a\n16000 track=b\n",
	  GOT(TWEET("11")) GOT(DELETE("5"))
	  GOT(GAP("800000", "806000", "dropped", "0", ID("11"), "null"))
	  GOT(GAP("806000", "816500", "reconfigured", "0", ID("11"), ID("12"))) GOT(TWEET("12")),
	  1, WEIR_OK },
	{ "attempts that fail after it are part of its hole", { OLD, STATUS(503), NEW }, 3,
	  { { 10000, "b" } }, 0, 150000, "0 track=a\n120000 track=b\n125000 track=b\n",
	  GOT(TWEET("11")) GOT(GAP("900000", "925500", "reconfigured", "0", ID("11"), ID("12")))
	  GOT(TWEET("12")), 1, WEIR_OK },

	{ "refused for what they are: those before again", { OLD, STATUS(406), NEW }, 3,
	  { { 10000, "b" } }, 0, 150000, "0 track=a\n120000 track=b\n120000 track=a\n",
	  GOT(TWEET("11")) GOT(GAP("900000", "920500", "reconfigured", "0", ID("11"), ID("12")))
	  GOT(TWEET("12")), 1, WEIR_OK },
	{ "refused as too long, after an attempt that failed",
	  { OLD, STATUS(503), STATUS(413), NEW }, 4, { { 10000, "b" }, { 121000, "c" } }, 0, 150000,
	  "0 track=a\n120000 track=b\n125000 track=c\n125000 track=a\n", NULL, 1, WEIR_OK },
	{ "others after that are asked for again", { OLD, STATUS(406), LONG }, 3,
	  { { 10000, "b" }, { 130000, "c" } }, 0, 300000,
	  "0 track=a\n120000 track=b\n120000 track=a\n240000 track=c\n", NULL, 2, WEIR_OK },
	{ "refused, and those before as well", { OLD, STATUS(406) }, 2, { { 10000, "b" } }, 0,
	  150000, "0 track=a\n120000 track=b\n120000 track=a\n", NULL, 1, WEIR_ERR_REFUSED },
	{ "refused where no stream had any", { STATUS(503), STATUS(406) }, 2, { { 1000, "b" } }, 0,
	  150000, "0 track=a\n5000 track=b\n", NULL, 0, WEIR_ERR_REFUSED },
	{ "refused for another reason", { OLD, STATUS(403) }, 2, { { 10000, "b" } }, 0, 150000,
	  "0 track=a\n120000 track=b\n", NULL, 1, WEIR_ERR_AUTH },
};

static enum weir_status set_track(struct twitter_rig *rig, const char *track)
{
	return weir_twitter_source_set_predicates(
		rig->source, WEIR_WITH(weir_twitter_predicates, .track = track), NULL);
}

static enum weir_status play(struct twitter_rig *rig, const struct story *story)
{
	for (size_t i = 0; i < MOST_CHANGES && story->changes[i].track; i++) {
		ck_assert_int_eq(rig_run_until(rig, story->changes[i].at_ms), WEIR_OK);
		ck_assert_int_eq(set_track(rig, story->changes[i].track), WEIR_OK);
	}
	return rig_run_until(rig, story->run_ms);
}

START_TEST(a_change_is_asked_for_when_that_is_allowed_and_its_hole_is_told)
{
	const struct story *story = &stories[_i];
	struct twitter_rig *rig = rig_new(story->answers, story->count);
	enum weir_status status;

	rig->options.min_reconfigure_ms = story->min_ms;
	rig_start(rig);
	status = play(rig, story);
	ck_assert_msg(status == story->status, "%s: %s", story->name, weir_status_name(status));
	rig_check_requests(rig, story->requests);
	ck_assert_msg(rig_metrics(rig).reconnects[WEIR_RECONNECT_RECONFIGURED] ==
		      story->reconfigured, "%s: %s", story->name, rig->fake.log);
	if (story->messages)
		rig_check_messages(rig, WEIR_KIND_ANY, story->messages);
	rig_end(rig);
}
END_TEST

/* ---- what is said ---- */

START_TEST(the_log_says_what_changes_and_when_and_no_words_of_it)
{
	static const struct script_answer answers[] = { LONG };
	struct twitter_rig *rig = RIG(answers);
	static char metrics[65536];

	rig->options.track = "a,secretive";
	rig->options.language = "ko";
	rig_start(rig);
	ck_assert_int_eq(rig_run_until(rig, 20000), WEIR_OK);
	ck_assert_int_eq(weir_twitter_source_set_predicates(
		rig->source, WEIR_WITH(weir_twitter_predicates, .track = "a,confidential,c",
				       .follow = "12", .locations = "-74,40,-73,41,1,2,3,4",
				       .filter_level = "low"), NULL), WEIR_OK);
	ck_assert_int_eq(rig_run_until(rig, 130000), WEIR_OK);

	ck_assert_msg(strstr(rig->fake.log, "other predicates in 100000 ms, by a new connection: "
			     "track: 3 (before: 2), follow: 1 (before: 0), "
			     "locations: 2 (before: 0), language: 0 (before: 1), "
			     "filter_level: 1 (before: 0)\n"), "%s", rig->fake.log);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "closed, to ask for other predicates; next "
				     "attempt in 0 ms"));
	ck_assert_ptr_null(strstr(rig->fake.log, "secretive"));
	ck_assert_ptr_null(strstr(rig->fake.log, "confidential"));
	ck_assert_str_eq(rig->script.requests[1].body, "track=a%2Cconfidential%2Cc&follow=12"
			 "&locations=-74%2C40%2C-73%2C41%2C1%2C2%2C3%2C4&filter_level=low");
	weir_metrics_write(rig->pipeline, metrics, sizeof metrics);
	ck_assert_ptr_nonnull(strstr(metrics, "cause=\"reconfigured\"} 1\n"));
	ck_assert_uint_eq(rig->alert_count, 0);
	rig_end(rig);
}
END_TEST

START_TEST(an_alert_tells_that_other_predicates_are_refused_and_why)
{
	static const struct script_answer answers[] = { OLD, STATUS(406), LONG };
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(set_track(rig, "b"), WEIR_OK);
	ck_assert_int_eq(set_track(rig, "a"), WEIR_OK);
	ck_assert_int_eq(rig_run_until(rig, 1000), WEIR_OK);
	ck_assert_int_eq(set_track(rig, "b"), WEIR_OK);
	ck_assert_int_eq(rig_run_until(rig, 150000), WEIR_OK);
	ck_assert_uint_eq(rig->alert_count, 1);
	ck_assert_msg(strstr(rig->alerts, "other predicates are refused, going on with those "
			     "before: HTTP 406 (not acceptable)"), "%s", rig->alerts);
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_HTTP], 1);
	rig_end(rig);
}
END_TEST

START_TEST(in_a_GET_they_are_in_the_query_and_a_sample_stream_may_have_none)
{
	static const struct script_answer answers[] = { LONG };
	struct twitter_rig *rig = RIG(answers);

	rig->options.url = "http://h/sample.json?key=1";
	rig_start(rig);
	ck_assert_int_eq(rig_run_until(rig, 130000), WEIR_OK);
	ck_assert_int_eq(weir_twitter_source_set_predicates(rig->source, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(rig_run_until(rig, 260000), WEIR_OK);
	ck_assert_int_eq(set_track(rig, ""), WEIR_OK);	/* that is none as well */
	ck_assert_int_eq(rig_run_until(rig, 261000), WEIR_OK);
	ck_assert_int_eq(set_track(rig, "b"), WEIR_OK);
	ck_assert_int_eq(rig_run_until(rig, 262000), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 3);
	ck_assert_str_eq(rig->script.requests[0].url, "http://h/sample.json?key=1&track=a");
	ck_assert_str_eq(rig->script.requests[1].url, "http://h/sample.json?key=1");
	ck_assert_str_eq(rig->script.requests[2].url, "http://h/sample.json?key=1&track=b");
	rig_end(rig);
}
END_TEST

static void add_tests(TCase *tcase)
{
	LOOP(tcase, a_change_is_asked_for_when_that_is_allowed_and_its_hole_is_told, stories);
	tcase_add_test(tcase, the_log_says_what_changes_and_when_and_no_words_of_it);
	tcase_add_test(tcase, an_alert_tells_that_other_predicates_are_refused_and_why);
	tcase_add_test(tcase, in_a_GET_they_are_in_the_query_and_a_sample_stream_may_have_none);
}

int main(void)
{
	TCase *tcase = tcase_create("twitter_predicates");

	add_tests(tcase);
	return run_case("twitter_predicates", tcase);
}
