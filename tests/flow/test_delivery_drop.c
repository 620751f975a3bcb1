/* SPDX-License-Identifier: MIT */
/* What sinks that commit for a source stand on: deliveries counted, dropped, and none held back. */
#include <check.h>
#include <string.h>

#include "support/flow.h"
#include "support/run.h"

static struct flow flow;
static weir_rule *rule;

static void begin(void)
{
	flow_begin(&flow, NULL);
	rule = weir_route_add(flow.pipeline, NULL, flow.sink);
	flow.out.then = FLOW_HOLD;
}

static void drop(size_t held)
{
	weir_delivery *delivery = flow.out.held[held];

	flow.out.held_count--;
	memmove(&flow.out.held[held], &flow.out.held[held + 1],
		(flow.out.held_count - held) * sizeof(weir_delivery *));
	weir_delivery_drop(delivery);
}

static struct weir_route_metrics route_metrics(void)
{
	struct weir_route_metrics metrics = WEIR_METRICS(weir_route_metrics);

	weir_route_metrics(rule, &metrics);
	return metrics;
}

START_TEST(a_dropped_delivery_settles_its_message_and_counts_as_revoked)
{
	begin();
	for (int i = 0; i < 3; i++)
		flow_feed(&flow, "{}");
	flow_step(&flow);
	ck_assert_uint_eq(flow.out.held_count, 3);
	drop(0);
	drop(0);
	flow_step(&flow);
	ck_assert_uint_eq(flow.in.acks[flow.in.ack_count - 1].offset, 2);
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.dropped, 2);
	ck_assert_uint_eq(flow_metrics(&flow).drops[WEIR_DROP_REVOKED], 2);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	ck_assert_uint_eq(route_metrics().dropped_revoked, 2);
	ck_assert_uint_eq(route_metrics().delivered, 1);
	ck_assert_uint_eq(route_metrics().in_flight, 0);
	ck_assert_str_eq(weir_drop_cause_name(WEIR_DROP_REVOKED), "revoked");
	flow_end(&flow);
}
END_TEST

START_TEST(what_was_revoked_is_no_duplicate_when_it_comes_back)
{
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .window_messages = 1));
	ck_assert_int_eq(weir_dedup_add(flow.pipeline, NULL), WEIR_OK);
	rule = weir_route_add(flow.pipeline, NULL, flow.sink);
	flow.out.then = FLOW_HOLD;
	for (int i = 0; i < 3; i++)
		flow_feed(&flow, "{\"id\":1,\"id_str\":\"1\",\"text\":\"t\",\"user\":{\"id\":7}}");
	flow_step(&flow);
	ck_assert_uint_eq(flow.out.held_count, 1);
	drop(0);
	flow_step(&flow);
	ck_assert_uint_eq(flow.out.held_count, 1);
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	ck_assert_uint_eq(flow_metrics(&flow).drops[WEIR_DROP_REVOKED], 1);
	ck_assert_uint_eq(flow_metrics(&flow).drops[WEIR_DROP_DUPLICATE], 1);
	flow_end(&flow);
}
END_TEST

START_TEST(what_was_delivered_elsewhere_counts_as_delivered)
{
	begin();
	weir_route_add(flow.pipeline, NULL, flow.dead_sink);
	flow_feed(&flow, "{}");
	flow_step(&flow);
	drop(0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	ck_assert_uint_eq(flow_metrics(&flow).all.dropped, 0);
	flow_end(&flow);
}
END_TEST

/* Before the sink, with it, given back, with the dead letters: all count, until they are settled. */
START_TEST(deliveries_of_a_source_are_counted_wherever_they_are)
{
	struct flow_source other = { .count = 0 };
	weir_source *second;

	begin();
	second = flow_source_add(&flow, "second", &other);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "");
	flow.dead.then = FLOW_HOLD;
	flow.out.answers[0] = FLOW_HOLD;
	flow.out.answers[1] = FLOW_HOLD;
	flow.out.answers[2] = FLOW_FULL;
	flow.out.answer_count = 3;
	for (int i = 0; i < 4; i++)
		flow_feed(&flow, "{}");
	flow_feed_to(&other, 0, "{}");
	flow_step(&flow);
	ck_assert_uint_eq(weir_source_deliveries(flow.source), 4);
	ck_assert_uint_eq(weir_source_deliveries(second), 1);
	ck_assert_ptr_eq(weir_delivery_source(flow.out.held[0]), flow.source);
	flow_sink_fail(&flow.out, 0, WEIR_REMEDY_SKIP);
	flow_step(&flow);
	ck_assert_uint_eq(weir_source_deliveries(flow.source), 4);
	ck_assert_uint_eq(flow.dead.held_count, 1);
	while (flow.out.held_count)
		flow_sink_done(&flow.out, 0);
	ck_assert_uint_eq(weir_source_deliveries(second), 0);
	ck_assert_uint_eq(weir_source_deliveries(flow.source), 1);
	flow_sink_done(&flow.dead, 0);
	ck_assert_uint_eq(weir_source_deliveries(flow.source), 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

/* ---- a sink that keeps all until it commits */

struct keeper {
	weir_delivery *held[FLOW_MOST];
	size_t count;
};

static enum weir_status keep(void *self, weir_delivery *delivery, struct weir_error *err)
{
	struct keeper *keeper = self;

	(void)err;
	keeper->held[keeper->count++] = delivery;
	return WEIR_OK;
}

static size_t fill(bool holds)
{
	const struct weir_sink_ops ops = {
		.size = sizeof ops,
		.submit = keep,
		.holds = holds,
	};
	struct keeper keeper = { .count = 0 };
	weir_sink *sink;
	size_t count;

	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .window_messages = 32));
	sink = weir_sink_add(flow.pipeline, "keeper", &ops, &keeper);
	rule = weir_route_add(flow.pipeline,
			      WEIR_WITH(weir_route, .overflow = WEIR_OVERFLOW_DROP_OLD), sink);
	flow.in.stays = true;
	for (int i = 0; i < 100; i++)
		flow_feed(&flow, "{}");
	for (int i = 0; i < 10; i++)
		flow_step(&flow);
	count = keeper.count;
	ck_assert_uint_eq(weir_source_deliveries(flow.source), 16);	/* half of the window */
	while (keeper.count)
		weir_delivery_done(keeper.held[--keeper.count]);
	weir_pipeline_stop(flow.pipeline);
	for (int i = 0; i < 4; i++) {
		flow_step(&flow);
		while (keeper.count)
			weir_delivery_done(keeper.held[--keeper.count]);
	}
	flow_end(&flow);
	return count;
}

START_TEST(a_sink_that_holds_has_all_there_is_and_others_half)
{
	ck_assert_uint_eq(fill(false), 8);
	ck_assert_uint_eq(fill(true), 16);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("engine");

	tcase_add_test(tcase, a_dropped_delivery_settles_its_message_and_counts_as_revoked);
	tcase_add_test(tcase, what_was_revoked_is_no_duplicate_when_it_comes_back);
	tcase_add_test(tcase, what_was_delivered_elsewhere_counts_as_delivered);
	tcase_add_test(tcase, deliveries_of_a_source_are_counted_wherever_they_are);
	tcase_add_test(tcase, a_sink_that_holds_has_all_there_is_and_others_half);
	return run_case("deliveries: counted, dropped, held", tcase);
}
