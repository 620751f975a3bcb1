/* SPDX-License-Identifier: MIT */
/* Shares: what bounds them, what may be asked of them, and that nothing spins. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/drive.h"
#include "support/flow.h"
#include "support/run.h"

#define SOURCES 3
#define SINKS 3
#define ROUTES 6
#define MESSAGES 200

static struct flow flow;

/* ---- what may be asked */

static void begin(void)
{
	flow_begin(&flow, NULL);
}

static bool error_says(const char *text)
{
	return strstr(weir_pipeline_error(flow.pipeline)->text, text) != NULL;
}

START_TEST(a_spool_needs_a_source_that_relays)
{
	begin();
	ck_assert_ptr_null(weir_route_add(flow.pipeline,
					  WEIR_WITH(weir_route, .overflow = WEIR_OVERFLOW_SPOOL,
						    .from = _i ? flow.source : NULL),
					  flow.sink));
	ck_assert_int_eq(weir_pipeline_step(flow.pipeline), WEIR_ERR_INVALID);
	ck_assert(error_says("route 1") && error_says("WEIR_OVERFLOW_SPOOL"));
	weir_pipeline_free(flow.pipeline);
}
END_TEST

static enum weir_status end_at_once(void *self, weir_outlet *outlet, uint64_t now_ms,
				    struct weir_error *err)
{
	(void)self;
	(void)outlet;
	(void)now_ms;
	(void)err;
	return WEIR_END;
}

START_TEST(a_spool_with_a_source_that_relays_is_fine)
{
	static const struct weir_source_ops ops = { .size = sizeof ops,
						    .step = end_at_once,
						    .relays = true };

	begin();
	ck_assert_ptr_nonnull(weir_route_add(
		flow.pipeline,
		WEIR_WITH(weir_route, .overflow = WEIR_OVERFLOW_SPOOL,
			  .from = weir_source_add(flow.pipeline, "relay", &ops, NULL)),
		flow.sink));
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

START_TEST(an_overflow_that_is_none_is_refused)
{
	static const int values[] = { 4, -1, 1000 };

	begin();
	ck_assert_ptr_null(weir_route_add(flow.pipeline,
					  WEIR_WITH(weir_route, .name = "odd",
						    .overflow = (enum weir_overflow)values[_i]),
					  flow.sink));
	ck_assert_int_eq(weir_pipeline_step(flow.pipeline), WEIR_ERR_INVALID);
	ck_assert(error_says("odd") && error_says("overflow"));
	weir_pipeline_free(flow.pipeline);
}
END_TEST

START_TEST(a_route_that_leads_nowhere_has_no_overflow)
{
	begin();
	ck_assert_ptr_null(weir_route_add_drop(
		flow.pipeline, WEIR_WITH(weir_route, .overflow = WEIR_OVERFLOW_DROP_NEW)));
	ck_assert_int_eq(weir_pipeline_step(flow.pipeline), WEIR_ERR_INVALID);
	weir_pipeline_free(flow.pipeline);
}
END_TEST

START_TEST(a_share_is_set_before_the_start_and_of_a_sink)
{
	ck_assert_int_eq(weir_sink_set_share(NULL, 1, 1), WEIR_ERR_INVALID);
	begin();
	flow.in.stays = true;
	ck_assert_int_eq(weir_sink_set_share(flow.sink, 1, 1), WEIR_OK);
	ck_assert_int_eq(weir_sink_set_share(flow.sink, 0, 0), WEIR_OK);
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	ck_assert_int_eq(weir_sink_set_share(flow.sink, 1, 1), WEIR_ERR_STATE);
	ck_assert(error_says("share") && error_says("'out'"));
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_STATE);
	flow_end(&flow);
}
END_TEST

/* ---- nothing spins */

/* Runs until there is nothing to do by time alone; how many turns that took. */
static unsigned count_turns(void)
{
	unsigned turns = 0;

	do {
		ck_assert_int_eq(flow_step(&flow), WEIR_OK);
		ck_assert_uint_lt(++turns, 20);
	} while (weir_pipeline_timeout_ms(flow.pipeline) == 0);
	return turns;
}

static uint64_t at_sink(const weir_sink *sink)
{
	const struct weir_sink_metrics metrics = sink_metrics_of(sink);

	return metrics.in_flight + metrics.waiting;
}

static void begin_dead(const struct weir_pipeline_options *options)
{
	flow_begin(&flow, options);
	flow.out.then = FLOW_HOLD;
	flow.in.stays = true;
	for (int i = 0; i < 100; i++)
		flow_feed_to(&flow.in, WEIR_KIND_TWEET, "x");
}

static void finish(void)
{
	flow.out.then = FLOW_DONE;
	flow.in.stays = false;
	weir_port_wake(flow.in.port);
	while (flow_run(&flow) == WEIR_OK && flow.out.held_count)
		flow_sink_done(&flow.out, 0);
	ck_assert_uint_eq(flow.in.next, flow.in.count);
	ck_assert_uint_eq(flow_metrics(&flow).in_flight_bytes, 0);
	flow_end(&flow);
}

START_TEST(a_share_of_few_bytes_holds_and_does_not_spin)
{
	const uint64_t bytes = (uint64_t)_i;

	begin_dead(NULL);
	weir_sink_set_share(flow.sink, 0, bytes);
	weir_route_add(flow.pipeline, NULL, flow.sink);
	count_turns();
	ck_assert_uint_eq(at_sink(flow.sink), bytes + 1);
	finish();
}
END_TEST

START_TEST(a_window_of_few_bytes_holds_and_does_not_spin)
{
	const uint64_t bytes = (uint64_t)_i;

	begin_dead(WEIR_WITH(weir_pipeline_options, .window_bytes = bytes));
	weir_route_add(flow.pipeline, NULL, flow.sink);
	count_turns();
	ck_assert_uint_eq(at_sink(flow.sink), bytes);
	finish();
}
END_TEST

static const struct {
	const char *name;
	enum weir_overflow overflow;
	uint64_t messages, bytes;
} dead[] = {
	{ "block", WEIR_OVERFLOW_BLOCK, 3, 0 },
	{ "block, bytes", WEIR_OVERFLOW_BLOCK, 0, 3 },
	{ "drop new", WEIR_OVERFLOW_DROP_NEW, 3, 0 },
	{ "drop new, bytes", WEIR_OVERFLOW_DROP_NEW, 0, 3 },
	{ "drop old", WEIR_OVERFLOW_DROP_OLD, 3, 0 },
	{ "drop old, bytes", WEIR_OVERFLOW_DROP_OLD, 0, 3 },
	{ "drop old, one", WEIR_OVERFLOW_DROP_OLD, 1, 0 },
};

START_TEST(a_dead_sink_with_a_share_leaves_the_pipeline_at_rest)
{
	unsigned turns;

	begin_dead(NULL);
	weir_sink_set_share(flow.sink, dead[_i].messages, dead[_i].bytes);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .overflow = dead[_i].overflow),
		       flow.sink);
	turns = count_turns();
	ck_assert_msg(turns <= 3, "%s: %u turns", dead[_i].name, turns);
	ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), -1);
	weir_pipeline_stop(flow.pipeline);	/* and at a stop it sleeps until its deadline */
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), 10000);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_TIMEOUT);
	flow_end(&flow);
}
END_TEST

/* ---- what waits behind the half that is offered */

/* Settles all it has when it is told to flush, and never before. */
struct hoarder {
	weir_delivery *held[100];
	size_t count;
};

static enum weir_status hoard(void *self, weir_delivery *delivery, struct weir_error *err)
{
	struct hoarder *hoarder = self;

	(void)err;
	hoarder->held[hoarder->count++] = delivery;
	return WEIR_OK;
}

static void give_out(void *self)
{
	struct hoarder *hoarder = self;

	while (hoarder->count)
		weir_delivery_done(hoarder->held[--hoarder->count]);
}

START_TEST(an_end_flushes_a_sink_that_is_offered_no_more_before_it_settles)
{
	static const struct weir_sink_ops ops = { .size = sizeof ops,
						  .submit = hoard,
						  .flush = give_out };
	static struct hoarder hoarder;
	weir_sink *sink;

	begin();
	sink = weir_sink_add(flow.pipeline, "hoarder", &ops, &hoarder);
	weir_sink_set_share(sink, 8, 0);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .overflow = WEIR_OVERFLOW_DROP_OLD),
		       sink);
	for (int i = 0; i < 8; i++)
		flow_feed(&flow, "1");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 8);
	flow_end(&flow);
}
END_TEST

/* ---- the dead letters' sink */

START_TEST(dead_letters_count_in_their_sinks_share_and_hold_up_who_makes_them)
{
	static struct flow_source other;
	static struct flow_sink live;

	memset(&other, 0, sizeof other);
	memset(&live, 0, sizeof live);
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .window_messages = 32));
	flow_source_add(&flow, "other", &other);
	other.stays = flow.in.stays = true;
	flow.out.then = FLOW_SKIP;
	flow.dead.then = FLOW_HOLD;
	weir_sink_set_share(flow.dead_sink, 4, 0);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "graves");
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .from = flow.source), flow.sink);
	weir_route_add(flow.pipeline, NULL, flow_sink_add(&flow, "live", &live));
	for (int i = 0; i < 100; i++) {
		flow_feed(&flow, "1");
		flow_feed_to(&other, WEIR_KIND_TWEET, "2");
	}
	count_turns();
	ck_assert_uint_eq(at_sink(flow.dead_sink), 5);
	ck_assert_uint_eq(flow.in.next, 5);
	ck_assert_uint_eq(other.next, 100);
	flow.dead.then = FLOW_DONE;
	other.stays = false;
	weir_port_wake(other.port);
	while (flow.dead.held_count)
		flow_sink_done(&flow.dead, 0);
	finish();
}
END_TEST

START_TEST(what_no_route_takes_counts_in_the_dead_letters_share)
{
	begin_dead(WEIR_WITH(weir_pipeline_options, .unrouted = WEIR_UNROUTED_DEAD_LETTER));
	weir_sink_set_share(flow.sink, 4, 0);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.sink, "graves");
	count_turns();
	ck_assert_uint_eq(at_sink(flow.sink), 5);
	finish();
}
END_TEST

/* ---- never exceeded by more than one message of each source, whatever happens */

static const uint64_t most[SINKS] = { 3, 7, 16 };

struct chaos {
	struct flow_source more[SOURCES - 1];
	struct flow_sink live;
	weir_source *sources[SOURCES];
	weir_sink *sinks[SINKS];
	struct flow_sink *selves[SINKS];
	unsigned routes[SINKS];		/* that lead there */
	struct flow_source *from[SOURCES];
	uint64_t seed;
	size_t told[WEIR_OUTCOME_COUNT];
	uint8_t outcomes[SOURCES][MESSAGES];	/* how often each was told */
};

static struct chaos chaos;

static unsigned roll(unsigned sides)
{
	chaos.seed = chaos.seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(chaos.seed >> 33) % sides;
}

static void note(void *user, weir_message *message, enum weir_outcome outcome)
{
	const struct weir_slice body = weir_message_body(message);
	const char *text = body.data;
	const int source = text[0] - '0';
	const int number = (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';

	(void)user;
	chaos.told[outcome]++;
	ck_assert_uint_eq(++chaos.outcomes[source][number], 1);
	if (weir_message_kind(message) == WEIR_KIND_DELETE)
		ck_assert_int_ne(outcome, WEIR_OUTCOME_DROPPED);
}

static void build_chaos(uint64_t seed)
{
	static char texts[SOURCES][MESSAGES][8];

	chaos = (struct chaos){ .seed = seed };
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .window_messages = 64,
				    .on_outcome = note));
	chaos.sources[0] = flow.source;
	chaos.from[0] = &flow.in;
	for (int i = 1; i < SOURCES; i++) {
		chaos.from[i] = &chaos.more[i - 1];
		chaos.sources[i] = flow_source_add(&flow, i == 1 ? "b" : "c", chaos.from[i]);
	}
	chaos.selves[0] = &flow.out;
	chaos.selves[1] = &flow.dead;
	chaos.selves[2] = &chaos.live;
	chaos.sinks[0] = flow.sink;
	chaos.sinks[1] = flow.dead_sink;
	chaos.sinks[2] = flow_sink_add(&flow, "live", &chaos.live);
	for (int i = 0; i < SINKS; i++) {
		chaos.selves[i]->then = FLOW_HOLD;
		weir_sink_set_share(chaos.sinks[i], most[i], 0);
	}
	for (int i = 0; i < ROUTES; i++) {
		const unsigned to = i < SINKS ? (unsigned)i : roll(SINKS);

		chaos.routes[to]++;
		weir_route_add(flow.pipeline,
			       WEIR_WITH(weir_route, .overflow = (enum weir_overflow)roll(3),
					 .from = roll(2) ? chaos.sources[roll(SOURCES)] : NULL),
			       chaos.sinks[to]);
	}
	for (int i = 0; i < SOURCES; i++)
		for (int n = 0; n < MESSAGES; n++) {
			snprintf(texts[i][n], sizeof texts[i][n], "%d%03d", i % 10, n % 1000);
			flow_feed_to(chaos.from[i], roll(4) ? WEIR_KIND_TWEET : WEIR_KIND_DELETE,
				     texts[i][n]);
		}
}

static void check_bounds(int seed)
{
	for (int i = 0; i < SINKS; i++)
		ck_assert_msg(at_sink(chaos.sinks[i]) <= most[i] + SOURCES * chaos.routes[i],
			      "seed %d: %ju at sink %d", seed,
			      (uintmax_t)at_sink(chaos.sinks[i]), i);
}

/* One held delivery of a sink, or none, or one given back. */
static void act(void)
{
	struct flow_sink *sink = chaos.selves[roll(SINKS)];

	if (sink->held_count && roll(5) == 0)
		flow_sink_fail(sink, 0, WEIR_REMEDY_RETRY);
	else if (sink->held_count)
		flow_sink_done(sink, roll((unsigned)sink->held_count));
}

START_TEST(a_share_is_never_exceeded_by_more_than_one_message_of_each_source)
{
	enum weir_status status = WEIR_OK;
	size_t told = 0;

	build_chaos((uint64_t)_i);
	for (int i = 0; i < 100000 && status == WEIR_OK; i++) {
		status = flow_step(&flow);
		check_bounds(_i);
		act();
		fake_env_advance(&flow.fake, 50);
	}
	ck_assert_int_eq(status, WEIR_END);
	for (size_t i = 0; i < WEIR_OUTCOME_COUNT; i++)
		told += chaos.told[i];
	ck_assert_uint_eq(told, SOURCES * MESSAGES);
	ck_assert_uint_eq(flow_metrics(&flow).all.dropped, chaos.told[WEIR_OUTCOME_DROPPED]);
	flow_end(&flow);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, a_spool_needs_a_source_that_relays, 0, 2);
	tcase_add_test(t, a_spool_with_a_source_that_relays_is_fine);
	tcase_add_loop_test(t, an_overflow_that_is_none_is_refused, 0, 3);
	tcase_add_test(t, a_route_that_leads_nowhere_has_no_overflow);
	tcase_add_test(t, a_share_is_set_before_the_start_and_of_a_sink);
	tcase_add_loop_test(t, a_share_of_few_bytes_holds_and_does_not_spin, 1, 9);
	tcase_add_loop_test(t, a_window_of_few_bytes_holds_and_does_not_spin, 1, 9);
	LOOP(t, a_dead_sink_with_a_share_leaves_the_pipeline_at_rest, dead);
	tcase_add_test(t, an_end_flushes_a_sink_that_is_offered_no_more_before_it_settles);
	tcase_add_test(t, dead_letters_count_in_their_sinks_share_and_hold_up_who_makes_them);
	tcase_add_test(t, what_no_route_takes_counts_in_the_dead_letters_share);
	tcase_add_loop_test(t, a_share_is_never_exceeded_by_more_than_one_message_of_each_source,
			    0, getenv("WEIR_QUICK") ? 8 : 40);
	return run_case("overflow bounds", t);
}
