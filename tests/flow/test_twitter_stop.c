/* SPDX-License-Identifier: MIT */
/*
 * The way down: a stop in each state of the Twitter source, with sinks that settle at once, late,
 * and never. The connection ends at once, nothing new is begun or taken in, a hole is still told,
 * and the pipeline has ended within its deadline.
 */
#include <check.h>
#include <string.h>

#include "support/accounts.h"
#include "support/run.h"
#include "support/twitter_answers.h"
#include "support/twitter_bodies.h"
#include "support/twitter_messages.h"

#define DRAIN_MS 2000
#define SLACK_MS 100
#define LATE_MS 700
#define WINDOW 4

#define T1 SENT(TWEET("11"))
#define T4 T1 T1 T1 T1
#define D2 SENT(DELETE("5")) SENT(DELETE("6"))
#define D4 D2 D2

static const struct state {
	const char *name;
	struct script_answer answers[3];
	size_t count;
	uint64_t run_ms;
	size_t piece;
	bool delimited;
	size_t before;		/* messages that are with the sink when the stop comes */
	bool gap;		/* one is told yet */
	bool full;		/* there is no room */
} states[] = {
	{ "connecting", { { { { 0 } } } }, 1, 100, 0, false, 0, false, false },
	{ "answered, without a header", { { { { .status = 200 } } } }, 1, 100, 0, false, 0, false,
	  false },
	{ "answered, without a body",
	  { { { { .status = 200, .name = "Content-Encoding", .value = "gzip" } } } },
	  1, 100, 0, false, 0, false, false },
	{ "reading an error's words", { { { { .status = 503, .text = "b" } } } }, 1, 100, 0, false,
	  0, false, false },
	{ "backoff, network", { REFUSED }, 1, 20000, 0, false, 0, false, false },
	{ "backoff, HTTP", { STATUS(503) }, 1, 20000, 0, false, 0, false, false },
	{ "backoff, rate", { STATUS(420) }, 1, 20000, 0, false, 0, false, false },
	{ "streaming", { { { { .status = 200, .text = T1 } } } }, 1, 100, 0, false, 1, false,
	  false },
	{ "in a message", { { { { .status = 200, .text = T1 "{\"text\":" } } } }, 1, 100, 1, false,
	  1, false, false },
	{ "between CR and LF", { { { { .status = 200, .text = T1 TWEET("12") "\r" } } } }, 1, 100,
	  0, false, 1, false, false },
	{ "in a length", { { { { .status = 200, .text = "12" } } } }, 1, 100, 0, true, 0, false,
	  false },
	{ "in a message with its length", { { { { .status = 200, .text = "12\r\n{\"a\"" } } } }, 1,
	  100, 1, true, 0, false, false },
	{ "in a gzip header", { { { { .status = 200, .name = "Content-Encoding", .value = "gzip",
				      .text = FLUSHED_M1, .len = 5 } } } },
	  1, 100, 0, false, 0, false, false },
	{ "in a compressed message", { { { { .status = 200, .name = "Content-Encoding",
					     .value = "gzip", .text = FLUSHED_M1, .len = 25 } } } },
	  1, 100, 1, false, 0, false, false },
	{ "behind a compressed message", { { { { .status = 200, .name = "Content-Encoding",
						 .value = "gzip", BYTES(FLUSHED_M1) } } } },
	  1, 100, 0, false, 1, false, false },
	{ "a window that has just no room", { { { { .status = 200, .text = T4 } } } }, 1, 100, 0,
	  false, WINDOW, false, false },
	{ "a full window, all bytes taken", { { { { .status = 200, .text = T4 T4 } } } }, 1, 100, 0,
	  false, WINDOW, false, true },
	{ "a full window, paused", { { { { .status = 200, .text = T4 T4 } } } }, 1, 100, 7, false,
	  WINDOW, false, true },
	{ "a full window for long", { { { { .status = 200, .text = T4 T4 } } } }, 1, 300000, 7,
	  false, WINDOW, false, true },
	{ "a full window, and the end behind it",
	  { { { { .status = 200, .text = T4 T4 }, { .at_ms = 50, .ends = true } } } },
	  1, 100, 0, false, WINDOW, false, true },
	{ "a hole", { PROVEN, STATUS(503) }, 2, 61000, 0, false, 0, true, false },
	{ "a hole, connecting", { PROVEN, { { { 0 } } } }, 2, 61000, 0, false, 0, true, false },
	{ "a gap that waits for a status", { PROVEN, { { { .status = 200, .text = D2 } } } },
	  2, 60010, 0, false, 2, true, false },
	{ "a gap that waits for a status, a full window",
	  { PROVEN, { { { .status = 200, .text = D4 D4 T1 } } } },
	  2, 61000, 0, false, WINDOW, true, true },
	{ "a gap that waits for room, its status behind it",
	  { PROVEN, { { { .status = 200, .text = D4 T1 } } } },
	  2, 61000, 0, false, WINDOW, true, true },
	{ "a gap that waits for room, a lost connection behind it",
	  { PROVEN, { { { .status = 200, .text = D4 }, { .at_ms = 500, .ends = true } } } },
	  2, 65000, 0, false, WINDOW, true, true },
};
#define STATES ROWS(states)

enum settling { AT_ONCE, LATE, NEVER, SETTLINGS };

static struct twitter_rig *rig_in(const struct state *state, bool holds)
{
	struct twitter_rig *rig = rig_new(state->answers, state->count);

	rig->script.piece = state->piece;
	rig->options.delimited = state->delimited;
	rig->pipeline_options.drain_ms = DRAIN_MS;
	rig->pipeline_options.window_messages = state->before == WINDOW ? WINDOW : 100;
	rig_start(rig);
	rig->recorder.holds = holds;
	ck_assert_int_eq(rig_run(rig, state->run_ms), WEIR_OK);
	ck_assert_msg(rig->recorder.count == state->before, "%s: %zu messages", state->name,
		      rig->recorder.count);
	return rig;
}

/* From the first moment: no connection, and none begun. */
static enum weir_status stop(struct twitter_rig *rig, const struct state *state)
{
	const size_t opens = rig->script.opens;
	enum weir_status status;

	weir_pipeline_stop(rig->pipeline);
	weir_pipeline_stop(rig->pipeline);
	status = rig_run(rig, 0);
	ck_assert_msg(!rig->script.open, "%s: the connection is open", state->name);
	ck_assert_msg(rig->script.opens == opens, "%s: one more was opened", state->name);
	return status;
}

/* What is with the sink, and a gap that can be told, must be settled before the end. */
static bool has_to_wait(const struct state *state)
{
	return state->before > 0 || state->gap;
}

static enum weir_status go_on(struct twitter_rig *rig, enum settling settling)
{
	enum weir_status status;

	if (settling == NEVER)
		return rig_run(rig, DRAIN_MS + SLACK_MS);
	status = rig_run(rig, LATE_MS);
	ck_assert_int_eq(status, WEIR_OK);
	recorder_let_go(&rig->recorder);
	return rig_run(rig, 0);
}

static void check_told(const struct twitter_rig *rig, const struct state *state,
		       enum settling settling)
{
	const bool no_room = state->full && settling == NEVER;
	const bool told = state->gap && !no_room;

	ck_assert_msg(rig->recorder.count == state->before + told, "%s: %zu messages, %zu before",
		      state->name, rig->recorder.count, state->before);
	ck_assert_msg(recorder_count(&rig->recorder, WEIR_KIND_GAP) == told, "%s: no gap",
		      state->name);
	ck_assert_msg((strstr(rig->fake.log, "no room for a gap") != NULL) ==
		      (state->gap && no_room), "%s: %s", state->name, rig->fake.log);
	if (told)
		ck_assert_ptr_nonnull(strstr(rig->recorder.records[state->before].body,
					     "\"first_after\":null"));
}

START_TEST(a_stop_ends_in_time_in_every_state)
{
	const struct state *state = &states[_i % STATES];
	const enum settling settling = (enum settling)(_i / STATES);
	const bool waits = settling != AT_ONCE && has_to_wait(state);
	const uint64_t want_ms = !waits ? 0 : settling == LATE ? LATE_MS : DRAIN_MS;
	struct twitter_rig *rig;
	enum weir_status status;
	uint64_t begun_ms, ms;

	if (settling == AT_ONCE && state->full)
		return;		/* there is no such state */
	rig = rig_in(state, settling != AT_ONCE);
	begun_ms = rig->fake.monotonic_ms;
	status = stop(rig, state);
	if (waits) {
		ck_assert_msg(status == WEIR_OK, "%s: %s", state->name, weir_status_name(status));
		status = go_on(rig, settling);
	}
	ms = rig->fake.monotonic_ms - begun_ms;

	ck_assert_msg(status == (waits && settling == NEVER ? WEIR_ERR_TIMEOUT : WEIR_END),
		      "%s: %s", state->name, weir_status_name(status));
	ck_assert_msg(ms == want_ms, "%s: took %ju ms, not %ju", state->name, (uintmax_t)ms,
		      (uintmax_t)want_ms);
	check_told(rig, state, settling);
	check_accounts(rig->pipeline, rig->source);
	rig_end(rig);
}
END_TEST

/* By the application's own clock and loop: it may come late, and step seldom. */
START_TEST(a_stop_that_is_stepped_late_ends_with_the_next_step)
{
	struct twitter_rig *rig = rig_in(&states[_i], true);
	enum weir_status status = WEIR_OK;

	weir_pipeline_stop(rig->pipeline);
	for (size_t steps = 0; status == WEIR_OK && steps < 4; steps++) {
		fake_env_advance(&rig->fake, DRAIN_MS);
		status = weir_pipeline_step(rig->pipeline);
		ck_assert_msg(steps == 0 || !rig->script.open, "%s: open", states[_i].name);
	}
	ck_assert_msg(status == WEIR_END || status == WEIR_ERR_TIMEOUT, "%s: %s", states[_i].name,
		      weir_status_name(status));
	check_accounts(rig->pipeline, rig->source);
	rig_end(rig);
}
END_TEST

START_TEST(a_stop_before_the_start_asks_nobody)
{
	static const struct script_answer answers[] = { QUIET };
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_END);
	ck_assert_uint_eq(rig->script.opens, 0);
	rig_end(rig);
}
END_TEST

START_TEST(a_free_without_a_stop_ends_the_connection)
{
	struct twitter_rig *rig = rig_in(&states[_i], true);

	/* The transport fails the test when it is freed with an open exchange. */
	rig_end(rig);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, a_stop_ends_in_time_in_every_state, 0, STATES * SETTLINGS);
	tcase_add_loop_test(tcase, a_stop_that_is_stepped_late_ends_with_the_next_step, 0, STATES);
	tcase_add_test(tcase, a_stop_before_the_start_asks_nobody);
	tcase_add_loop_test(tcase, a_free_without_a_stop_ends_the_connection, 0, STATES);
}

int main(void)
{
	TCase *tcase = tcase_create("twitter_stop");

	add_tests(tcase);
	return run_case("twitter_stop", tcase);
}
