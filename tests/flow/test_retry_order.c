/* SPDX-License-Identifier: MIT */
/* Whatever comes back, and in whatever order: it is offered in the order in which it came. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/flow.h"
#include "support/run.h"

#define MESSAGES 9

static struct flow flow;

static char bodies[MESSAGES][8];

static void feed(int from, int to)
{
	for (int i = from; i < to; i++) {
		snprintf(bodies[i], sizeof bodies[i], "%d", i);
		flow_feed(&flow, bodies[i]);
	}
	weir_port_wake(flow.in.port);
}

static void forget_log(struct flow_sink *sink)
{
	sink->log_len = 0;
	sink->log[0] = '\0';
}

/* Six under way; some come back, by chance which and when; three more come in; some again. */
static void shuffle(unsigned chance, enum weir_remedy remedy)
{
	bool has_fed = false;

	while (flow.out.held_count) {
		chance = chance * 1103515245 + 12345;
		flow_sink_fail(&flow.out, chance / 65536 % flow.out.held_count, remedy);
		if (flow.out.held_count == 3 && !has_fed) {
			has_fed = true;
			feed(6, MESSAGES);
			flow_step(&flow);
		}
	}
}

START_TEST(deliveries_are_offered_again_in_the_order_in_which_they_came)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "t"), flow.sink);
	flow.in.stays = true;
	flow.out.then = FLOW_HOLD;
	flow_step(&flow);
	feed(0, 6);
	flow_step(&flow);
	ck_assert_uint_eq(flow.out.held_count, 6);
	shuffle((unsigned)_i, WEIR_REMEDY_RETRY);
	forget_log(&flow.out);
	flow.out.then = FLOW_DONE;
	fake_env_advance(&flow.fake, 100);
	flow_step(&flow);
	ck_assert_str_eq(flow.out.log, "t - 0\nt - 1\nt - 2\nt - 3\nt - 4\nt - 5\nt - 6\nt - 7\n"
				       "t - 8\n");
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

START_TEST(two_routes_to_one_sink_keep_their_order_through_a_retry)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "a"), flow.sink);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "b"), flow.sink);
	flow.out.answers[0] = FLOW_DONE;
	flow.out.answers[1] = _i ? FLOW_FULL : FLOW_RETRY;
	flow.out.answer_count = 2;
	flow_feed(&flow, "0");
	flow_feed(&flow, "1");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_str_eq(flow.out.log, "a - 0\nb - 0\na - 1\nb - 1\n");
	flow_end(&flow);
}
END_TEST

START_TEST(dead_letters_stand_in_the_order_of_their_deaths)
{
	flow_begin(&flow, NULL);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "g");
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "t"), flow.sink);
	flow.out.then = FLOW_HOLD;
	flow_feed(&flow, "0");
	flow_feed(&flow, "1");
	flow_feed(&flow, "2");
	flow_step(&flow);
	flow_sink_fail(&flow.out, 2, WEIR_REMEDY_SKIP);
	flow_sink_fail(&flow.out, 0, WEIR_REMEDY_SKIP);
	flow_sink_fail(&flow.out, 0, WEIR_REMEDY_SKIP);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_str_eq(flow.dead.log, "g - 2\ng - 0\ng - 1\n");
	flow_end(&flow);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_add_loop_test(t, deliveries_are_offered_again_in_the_order_in_which_they_came, 0, 200);
	tcase_add_loop_test(t, two_routes_to_one_sink_keep_their_order_through_a_retry, 0, 2);
	tcase_add_test(t, dead_letters_stand_in_the_order_of_their_deaths);
	return run_case("retry order", t);
}
