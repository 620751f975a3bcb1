/* SPDX-License-Identifier: MIT */
/* What a route does when its sink's share is used up: waits, drops the new, drops the old. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/drive.h"
#include "support/flow.h"
#include "support/run.h"

#define SPARED                                                                                    \
	(WEIR_KIND_DELETE | WEIR_KIND_SCRUB_GEO | WEIR_KIND_STATUS_WITHHELD |                      \
	 WEIR_KIND_USER_WITHHELD | WEIR_KIND_COMPLIANCE | WEIR_KIND_LIMIT | WEIR_KIND_DISCONNECT | \
	 WEIR_KIND_GAP)

static struct flow flow;
static struct flow_source other;
static struct flow_sink live;
static char outcomes[65536];

static void note_outcome(void *user, weir_message *message, enum weir_outcome outcome)
{
	const struct weir_slice body = weir_message_body(message);
	const size_t len = strlen(outcomes);

	(void)user;
	snprintf(outcomes + len, sizeof outcomes - len, "%.*s %s\n", (int)body.len,
		 (const char *)body.data, weir_outcome_name(outcome));
}

/* Sink "out" takes and does not settle: as good as dead. */
static void begin(uint64_t window, uint64_t share, uint64_t share_bytes)
{
	outcomes[0] = '\0';
	memset(&other, 0, sizeof other);
	memset(&live, 0, sizeof live);
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .window_messages = window,
				    .on_outcome = note_outcome));
	flow.out.then = FLOW_HOLD;
	flow.in.stays = true;
	if (share || share_bytes)
		ck_assert_int_eq(weir_sink_set_share(flow.sink, share, share_bytes), WEIR_OK);
}

static weir_rule *add_route(enum weir_overflow overflow)
{
	return weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .overflow = overflow),
			      flow.sink);
}

/* Texts of four bytes each: "m001". */
static void feed(struct flow_source *source, unsigned kind, int first, int count)
{
	static char texts[1000][5];

	for (int i = first; i < first + count; i++) {
		snprintf(texts[i], sizeof texts[i], "m%03d", i % 1000);
		flow_feed_to(source, kind, texts[i]);
	}
	if (source->port)
		weir_port_wake(source->port);
}

/* Runs until nothing more can be done, and nothing spins. */
static void settle_down(void)
{
	const unsigned steps = flow.in.steps;

	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), -1);
	ck_assert_uint_le(flow.in.steps - steps, 3);
}

/* The sink lets go of all it holds, as often as it is given more. */
static void let_go(void)
{
	while (flow.out.held_count) {
		flow_sink_done(&flow.out, 0);
		settle_down();
	}
}

static void finish(void)
{
	flow.out.then = FLOW_DONE;
	flow.in.stays = other.stays = false;
	weir_port_wake(flow.in.port);
	if (other.port)
		weir_port_wake(other.port);
	while (flow_run(&flow) == WEIR_OK && flow.out.held_count)
		flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_step(&flow), WEIR_END);
	flow_end(&flow);
}

static uint64_t at_sink(const weir_sink *sink)
{
	const struct weir_sink_metrics metrics = sink_metrics_of(sink);

	return metrics.in_flight + metrics.waiting;
}

static struct weir_route_metrics route_metrics(const weir_rule *rule)
{
	struct weir_route_metrics metrics = WEIR_METRICS(weir_route_metrics);

	weir_route_metrics(rule, &metrics);
	return metrics;
}

/* ---- each policy, each kind */

static const struct {
	const char *name;
	enum weir_overflow overflow;
	unsigned fill;		/* the kind that fills the share of four */
	uint64_t at_sink, dropped_new, dropped_old;	/* after one more of a spared kind */
	uint64_t at_sink_other, new_other, old_other;	/* … of another */
} policies[] = {
	{ "block", WEIR_OVERFLOW_BLOCK, WEIR_KIND_TWEET, 5, 0, 0, 5, 0, 0 },
	{ "drop new", WEIR_OVERFLOW_DROP_NEW, WEIR_KIND_TWEET, 5, 0, 0, 4, 1, 0 },
	{ "drop old", WEIR_OVERFLOW_DROP_OLD, WEIR_KIND_TWEET, 4, 0, 1, 4, 0, 1 },
	{ "drop old, all old is spared", WEIR_OVERFLOW_DROP_OLD, WEIR_KIND_DELETE, 5, 0, 0, 4, 1,
	  0 },
};

static void check_policy(int row, unsigned kind)
{
	const bool spared = kind & SPARED;
	struct weir_route_metrics metrics;
	weir_rule *rule;
	uint64_t want;

	begin(64, 4, 0);
	rule = add_route(policies[row].overflow);
	feed(&flow.in, policies[row].fill, 1, 4);
	feed(&flow.in, kind, 5, 1);
	settle_down();
	metrics = route_metrics(rule);
	want = spared ? policies[row].at_sink : policies[row].at_sink_other;
	ck_assert_msg(at_sink(flow.sink) == want, "%s, %s: %ju at the sink", policies[row].name,
		      weir_kind_name(kind), (uintmax_t)at_sink(flow.sink));
	ck_assert_msg(metrics.dropped_new ==
			      (spared ? policies[row].dropped_new : policies[row].new_other),
		      "%s, %s", policies[row].name, weir_kind_name(kind));
	ck_assert_msg(metrics.dropped_old ==
			      (spared ? policies[row].dropped_old : policies[row].old_other),
		      "%s, %s", policies[row].name, weir_kind_name(kind));
	feed(&flow.in, WEIR_KIND_DELETE, 6, 1);
	settle_down();
	ck_assert_msg(flow.in.next == (want > 4 ? 5 : 6),
		      "%s, %s: the source waits when the share is exceeded, and only then",
		      policies[row].name, weir_kind_name(kind));
	ck_assert_uint_eq(metrics.matched, 5);
	finish();
}

/* A sink that takes nothing any more: what is dropped behind it uses nothing up. */
START_TEST(a_source_with_positions_goes_on_dropping)
{
	unsigned long long taken = 0;
	weir_source *push;

	memset(&other, 0, sizeof other);
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .window_messages = 16));
	push = weir_push_source_add(flow.pipeline, "push", NULL);
	add_route(WEIR_OVERFLOW_DROP_NEW);
	flow.out.then = FLOW_HOLD;
	for (int i = 0; i < 2000; i++) {
		taken += weir_push(push, WEIR_WITH(weir_message_init, .body = { "x", 1 },
						   .kind = WEIR_KIND_RECORD)) == WEIR_OK;
		ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	}
	ck_assert_uint_eq(taken, 2000);
	ck_assert_uint_eq(flow_metrics(&flow).drops[WEIR_DROP_OVERFLOW_NEW], 2000 - 8);
	weir_push_end(push);
	finish();
}
END_TEST

START_TEST(what_becomes_of_a_message_depends_on_the_policy_and_its_kind)
{
	for (int kind = 0; kind < WEIR_KIND_COUNT; kind++)
		check_policy(_i, 1u << kind);
}
END_TEST

START_TEST(what_is_dropped_is_counted_by_its_cause)
{
	struct weir_metrics metrics;

	begin(64, 4, 0);
	add_route(_i ? WEIR_OVERFLOW_DROP_OLD : WEIR_OVERFLOW_DROP_NEW);
	feed(&flow.in, WEIR_KIND_TWEET, 1, 20);
	settle_down();
	metrics = flow_metrics(&flow);
	ck_assert_uint_eq(metrics.all.dropped, 16);
	ck_assert_uint_eq(metrics.drops[WEIR_DROP_OVERFLOW_NEW], _i ? 0 : 16);
	ck_assert_uint_eq(metrics.drops[WEIR_DROP_OVERFLOW_OLD], _i ? 16 : 0);
	ck_assert_uint_eq(metrics.kinds[0].dropped, 16);
	finish();
}
END_TEST

/* ---- drop old */

START_TEST(drop_old_drops_the_oldest_first_and_in_order)
{
	begin(64, 4, 0);
	add_route(WEIR_OVERFLOW_DROP_OLD);
	feed(&flow.in, WEIR_KIND_TWEET, 1, 10);
	settle_down();
	ck_assert_str_eq(outcomes, "m003 dropped\nm004 dropped\nm005 dropped\nm006 dropped\n"
				   "m007 dropped\nm008 dropped\n");
	let_go();
	ck_assert_str_eq(flow.out.log, " - m001\n - m002\n - m009\n - m010\n");
	finish();
}
END_TEST

START_TEST(drop_old_passes_over_what_is_spared_and_what_waits_on_other_routes)
{
	static const char want[] = " - m001\n - m002\n - m003\n - m005\nx - m007\n - m009\n";

	begin(64, 6, 0);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .kinds = WEIR_KIND_EVENT, .to = "x"), flow.sink);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .kinds = WEIR_KIND_ANY - WEIR_KIND_EVENT,
				 .overflow = WEIR_OVERFLOW_DROP_OLD),
		       flow.sink);
	feed(&flow.in, WEIR_KIND_TWEET, 1, 4);
	feed(&flow.in, WEIR_KIND_DELETE, 5, 1);
	feed(&flow.in, WEIR_KIND_TWEET, 6, 1);
	settle_down();
	ck_assert_uint_eq(at_sink(flow.sink), 6);
	feed(&flow.in, WEIR_KIND_TWEET, 8, 1);		/* m004 goes */
	settle_down();
	flow_sink_done(&flow.out, 0);
	settle_down();
	feed(&flow.in, WEIR_KIND_EVENT, 7, 1);
	feed(&flow.in, WEIR_KIND_TWEET, 9, 1);		/* m006 goes */
	feed(&flow.in, WEIR_KIND_TWEET, 9, 1);		/* m008 goes */
	settle_down();
	ck_assert_str_eq(outcomes, "m004 dropped\nm001 delivered\nm006 dropped\nm008 dropped\n");
	let_go();
	ck_assert_int_eq(strncmp(flow.out.log, want, sizeof want - 1), 0);
	finish();
}
END_TEST

START_TEST(drop_old_drops_what_the_sink_gave_back_and_never_what_it_has)
{
	begin(64, 4, 0);
	add_route(WEIR_OVERFLOW_DROP_OLD);
	flow.out.answers[0] = FLOW_HOLD;
	flow.out.answers[1] = FLOW_RETRY;
	flow.out.answer_count = 2;
	feed(&flow.in, WEIR_KIND_TWEET, 1, 6);
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	ck_assert_str_eq(outcomes, "m002 dropped\nm003 dropped\n");
	ck_assert_str_eq(flow.out.log, " - m001\n");
	settle_down();
	let_go();
	ck_assert_str_eq(flow.out.log, " - m001\n - m004\n - m005\n - m006\n");
	finish();
}
END_TEST

START_TEST(drop_old_finds_what_comes_back_before_what_it_passed_over)
{
	begin(64, 4, 0);
	add_route(WEIR_OVERFLOW_DROP_OLD);
	feed(&flow.in, WEIR_KIND_TWEET, 1, 2);
	feed(&flow.in, WEIR_KIND_DELETE, 3, 2);
	feed(&flow.in, WEIR_KIND_TWEET, 5, 1);
	settle_down();
	ck_assert_str_eq(outcomes, "m005 dropped\n");
	flow_sink_fail(&flow.out, 0, WEIR_REMEDY_RETRY);
	feed(&flow.in, WEIR_KIND_TWEET, 6, 2);
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	ck_assert_str_eq(outcomes, "m005 dropped\nm001 dropped\nm006 dropped\n");
	finish();
}
END_TEST

START_TEST(a_message_of_two_routes_to_one_sink_is_dropped_when_both_are)
{
	weir_rule *rules[2];

	begin(64, 4, 0);
	rules[0] = add_route(WEIR_OVERFLOW_DROP_OLD);
	rules[1] = add_route(WEIR_OVERFLOW_DROP_OLD);
	feed(&flow.in, WEIR_KIND_TWEET, 1, 4);
	settle_down();
	ck_assert_str_eq(outcomes, "m002 dropped\nm003 dropped\n");
	ck_assert_uint_eq(route_metrics(rules[0]).dropped_old, 2);
	ck_assert_uint_eq(route_metrics(rules[1]).dropped_old, 2);
	ck_assert_uint_eq(route_metrics(rules[1]).in_flight, 2);
	finish();
}
END_TEST

/* ---- one sink that is dead, another that is not */

static const struct {
	const char *name;
	enum weir_overflow overflow;
} droppers[] = {
	{ "drop new", WEIR_OVERFLOW_DROP_NEW },
	{ "drop old", WEIR_OVERFLOW_DROP_OLD },
};

START_TEST(a_dead_sink_that_drops_does_not_starve_another)
{
	weir_sink *sink;
	weir_rule *rule;

	begin(32, 8, 0);
	sink = flow_sink_add(&flow, "live", &live);
	rule = add_route(droppers[_i].overflow);
	weir_route_add(flow.pipeline, NULL, sink);
	feed(&flow.in, WEIR_KIND_TWEET, 1, 200);
	settle_down();
	ck_assert_msg(live.submits == 200, "%s: %zu", droppers[_i].name, live.submits);
	ck_assert_uint_eq(at_sink(flow.sink), 8);
	ck_assert_uint_eq(route_metrics(rule).dropped_new + route_metrics(rule).dropped_old, 192);
	/* The message is delivered, by the route that delivers it; the other has counted it. */
	ck_assert_uint_eq(flow_metrics(&flow).all.dropped, 0);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 192);
	ck_assert_ptr_nonnull(strstr(outcomes, "m050 delivered\n"));
	finish();
}
END_TEST

START_TEST(a_dead_sink_that_blocks_holds_up_only_sources_that_lead_to_it)
{
	weir_sink *sink;

	begin(32, 8, 0);
	other.stays = true;
	sink = flow_sink_add(&flow, "live", &live);
	flow_source_add(&flow, "other", &other);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .from = flow.source), flow.sink);
	weir_route_add(flow.pipeline, NULL, sink);
	feed(&flow.in, WEIR_KIND_TWEET, 1, 50);
	feed(&other, WEIR_KIND_TWEET, 51, 200);
	settle_down();
	ck_assert_uint_eq(flow.in.next, 9);
	ck_assert_uint_eq(other.next, 200);
	ck_assert_uint_eq(live.submits, 209);
	finish();
}
END_TEST

START_TEST(a_source_goes_on_when_a_quarter_of_the_share_is_free_again)
{
	begin(64, 8, 0);
	add_route(WEIR_OVERFLOW_BLOCK);
	feed(&flow.in, WEIR_KIND_TWEET, 1, 50);
	settle_down();
	ck_assert_uint_eq(flow.in.next, 9);
	for (int i = 0; i < 2; i++)
		flow_sink_done(&flow.out, 0);
	settle_down();
	ck_assert_uint_eq(flow.in.next, 9);
	flow_sink_done(&flow.out, 0);
	settle_down();
	ck_assert_uint_eq(flow.in.next, 12);
	let_go();
	ck_assert_uint_eq(flow.in.next, 50);
	finish();
}
END_TEST

START_TEST(a_sink_that_comes_back_gets_what_comes_then)
{
	begin(64, 8, 0);
	add_route(droppers[_i].overflow);
	feed(&flow.in, WEIR_KIND_TWEET, 1, 50);
	settle_down();
	ck_assert_uint_eq(flow_metrics(&flow).all.dropped, 42);
	flow.out.then = FLOW_DONE;
	let_go();
	feed(&flow.in, WEIR_KIND_TWEET, 51, 100);
	settle_down();
	ck_assert_msg(flow_metrics(&flow).all.dropped == 42, "%s", droppers[_i].name);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 108);
	finish();
}
END_TEST

/* ---- the size of a share */

static const struct {
	const char *name;
	uint64_t messages, bytes;
	enum weir_overflow overflow;
	uint64_t at_sink;
} shares[] = {
	{ "block, 20 bytes", 0, 20, WEIR_OVERFLOW_BLOCK, 6 },
	{ "drop new, 20 bytes", 0, 20, WEIR_OVERFLOW_DROP_NEW, 5 },
	{ "drop old, 20 bytes", 0, 20, WEIR_OVERFLOW_DROP_OLD, 5 },
	{ "drop new, 21 bytes: one message over", 0, 21, WEIR_OVERFLOW_DROP_NEW, 6 },
	{ "drop old, 21 bytes: one message over", 0, 21, WEIR_OVERFLOW_DROP_OLD, 6 },
	{ "messages before bytes", 3, 20, WEIR_OVERFLOW_DROP_NEW, 3 },
	{ "bytes before messages", 30, 8, WEIR_OVERFLOW_DROP_NEW, 2 },
	{ "one message, block", 1, 0, WEIR_OVERFLOW_BLOCK, 2 },
	{ "one message, drop new", 1, 0, WEIR_OVERFLOW_DROP_NEW, 1 },
	{ "one message, drop old", 1, 0, WEIR_OVERFLOW_DROP_OLD, 1 },
	{ "two messages, drop old", 2, 0, WEIR_OVERFLOW_DROP_OLD, 2 },
	{ "one byte, block", 0, 1, WEIR_OVERFLOW_BLOCK, 2 },
	{ "four bytes, block", 0, 4, WEIR_OVERFLOW_BLOCK, 2 },
	{ "one byte, drop old", 0, 1, WEIR_OVERFLOW_DROP_OLD, 1 },
	{ "as large as the window", 0, 1u << 30, WEIR_OVERFLOW_BLOCK, 32 },
	{ "not set, block: the window", 0, 0, WEIR_OVERFLOW_BLOCK, 32 },
	{ "not set, drop new: half of the window", 0, 0, WEIR_OVERFLOW_DROP_NEW, 16 },
	{ "not set, drop old: half of the window", 0, 0, WEIR_OVERFLOW_DROP_OLD, 16 },
};

START_TEST(a_share_is_in_messages_and_in_bytes)
{
	const char *name = shares[_i].name;

	begin(32, shares[_i].messages, shares[_i].bytes);
	add_route(shares[_i].overflow);
	feed(&flow.in, WEIR_KIND_TWEET, 1, 60);
	settle_down();
	ck_assert_msg(at_sink(flow.sink) == shares[_i].at_sink, "%s: %ju at the sink", name,
		      (uintmax_t)at_sink(flow.sink));
	ck_assert_msg(shares[_i].overflow == WEIR_OVERFLOW_BLOCK || flow.in.next == 60, "%s", name);
	finish();
}
END_TEST

START_TEST(half_of_the_window_is_meant_in_bytes_too)
{
	outcomes[0] = '\0';
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .window_bytes = 80));
	flow.out.then = FLOW_HOLD;
	flow.in.stays = true;
	add_route(droppers[_i].overflow);
	feed(&flow.in, WEIR_KIND_TWEET, 1, 60);
	settle_down();
	ck_assert_uint_eq(flow.in.next, 60);
	ck_assert_uint_eq(at_sink(flow.sink), 10);
	memset(&other, 0, sizeof other);
	finish();
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	LOOP(t, what_becomes_of_a_message_depends_on_the_policy_and_its_kind, policies);
	tcase_add_test(t, a_source_with_positions_goes_on_dropping);
	tcase_add_loop_test(t, what_is_dropped_is_counted_by_its_cause, 0, 2);
	tcase_add_test(t, drop_old_drops_the_oldest_first_and_in_order);
	tcase_add_test(t, drop_old_passes_over_what_is_spared_and_what_waits_on_other_routes);
	tcase_add_test(t, drop_old_drops_what_the_sink_gave_back_and_never_what_it_has);
	tcase_add_test(t, drop_old_finds_what_comes_back_before_what_it_passed_over);
	tcase_add_test(t, a_message_of_two_routes_to_one_sink_is_dropped_when_both_are);
	LOOP(t, a_dead_sink_that_drops_does_not_starve_another, droppers);
	tcase_add_test(t, a_dead_sink_that_blocks_holds_up_only_sources_that_lead_to_it);
	tcase_add_test(t, a_source_goes_on_when_a_quarter_of_the_share_is_free_again);
	LOOP(t, a_sink_that_comes_back_gets_what_comes_then, droppers);
	LOOP(t, a_share_is_in_messages_and_in_bytes, shares);
	LOOP(t, half_of_the_window_is_meant_in_bytes_too, droppers);
	return run_case("overflow", t);
}
