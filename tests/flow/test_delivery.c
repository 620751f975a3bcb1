/* SPDX-License-Identifier: MIT */
/* Deliveries: order, retries, dead letters, acknowledgements. */
#include <check.h>
#include <string.h>

#include "support/flow.h"
#include "support/run.h"

static struct flow flow;

static const char *const bodies[] = { "{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}" };

static void begin(const struct weir_pipeline_options *options, size_t messages)
{
	flow_begin(&flow, options);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "t"), flow.sink);
	for (size_t i = 0; i < messages; i++)
		flow_feed(&flow, bodies[i % 4]);
}

static void check_log(const char *want)
{
	ck_assert_str_eq(flow.out.log, want);
}

START_TEST(everything_is_delivered_in_order)
{
	begin(NULL, 4);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_log("t - {\"n\":1}\nt - {\"n\":2}\nt - {\"n\":3}\nt - {\"n\":4}\n");
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 4);
	ck_assert_int_eq(weir_pipeline_state(flow.pipeline), WEIR_STATE_FINISHED);
	flow_end(&flow);
}
END_TEST

START_TEST(a_full_sink_is_offered_the_same_again_before_any_other)
{
	begin(NULL, 3);
	memcpy(flow.out.answers, (enum flow_answer[]){ FLOW_DONE, FLOW_FULL, FLOW_FULL, FLOW_FULL },
	       4 * sizeof(enum flow_answer));
	flow.out.answer_count = 4;
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_log("t - {\"n\":1}\nt - {\"n\":2}\nt - {\"n\":3}\n");
	ck_assert_uint_eq(flow.out.submits, 6);
	flow_end(&flow);
}
END_TEST

START_TEST(a_refused_delivery_waits_and_keeps_its_place)
{
	uint64_t begun;

	begin(WEIR_WITH(weir_pipeline_options, .retry_first_ms = 100, .retry_most_ms = 1000), 3);
	memcpy(flow.out.answers, (enum flow_answer[]){ FLOW_RETRY, FLOW_RETRY, FLOW_RETRY },
	       3 * sizeof(enum flow_answer));
	flow.out.answer_count = 3;
	begun = flow.fake.monotonic_ms;
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_log("t - {\"n\":1}\nt - {\"n\":2}\nt - {\"n\":3}\n");
	ck_assert_uint_eq(flow.fake.monotonic_ms - begun, 100 + 200 + 400);
	flow_end(&flow);
}
END_TEST

START_TEST(deliveries_that_fail_later_are_sent_again_in_their_order)
{
	begin(NULL, 3);
	flow.out.then = FLOW_HOLD;
	flow_step(&flow);
	ck_assert_uint_eq(flow.out.held_count, 3);
	flow_sink_fail(&flow.out, 2, WEIR_REMEDY_RETRY);
	flow_sink_fail(&flow.out, 0, WEIR_REMEDY_RETRY);
	flow_sink_fail(&flow.out, 0, WEIR_REMEDY_RETRY);
	flow.out.log_len = 0;
	flow.out.then = FLOW_DONE;
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_log("t - {\"n\":1}\nt - {\"n\":2}\nt - {\"n\":3}\n");
	flow_end(&flow);
}
END_TEST

START_TEST(a_delivery_that_cannot_go_becomes_a_dead_letter_with_its_reason)
{
	begin(NULL, 2);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "graves");
	flow.out.answers[0] = FLOW_SKIP;
	flow.out.answer_count = 1;
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_log("t - {\"n\":2}\n");
	ck_assert_str_eq(flow.dead.log, "graves - {\"n\":1}\n");
	ck_assert_str_eq(flow.dead.headers, "weir.source=in\nweir.reason=cannot go\nweir.code=10\n"
					    "weir.sink=out\nweir.destination=t\n"
					    "weir.time=1577836800000\n");
	ck_assert_uint_eq(flow_metrics(&flow).all.dead_lettered, 1);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	flow_end(&flow);
}
END_TEST

START_TEST(a_dead_letter_counts_only_when_the_dead_letters_have_acknowledged_it)
{
	begin(NULL, 1);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "graves");
	flow.out.then = FLOW_SKIP;
	flow.dead.then = FLOW_HOLD;
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_uint_eq(flow_metrics(&flow).all.in_flight, 1);
	flow_sink_done(&flow.dead, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.dead_lettered, 1);
	flow_end(&flow);
}
END_TEST

START_TEST(without_dead_letters_the_pipeline_stops_and_says_so)
{
	begin(NULL, 2);
	flow.out.answers[0] = FLOW_SKIP;
	flow.out.answer_count = 1;
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(flow.pipeline)->text, "sink 'out': cannot go"));
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(flow.pipeline)->text, "dead letters"));
	ck_assert_uint_eq(flow_metrics(&flow).all.in_flight, 1);
	ck_assert_int_eq(weir_pipeline_state(flow.pipeline), WEIR_STATE_FAILED);
	flow_end(&flow);
}
END_TEST

START_TEST(a_dead_letter_that_cannot_go_stops_the_pipeline)
{
	begin(NULL, 1);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "graves");
	flow.out.then = FLOW_SKIP;
	flow.dead.then = FLOW_SKIP;
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(flow.pipeline)->text, "sink 'dead'"));
	ck_assert_uint_eq(flow_metrics(&flow).all.in_flight, 1);
	flow_end(&flow);
}
END_TEST

START_TEST(used_up_retries_lead_to_the_dead_letters)
{
	begin(WEIR_WITH(weir_pipeline_options, .retry_attempts = 3), 1);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "graves");
	flow.out.then = FLOW_RETRY;
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow.out.submits, 3);
	ck_assert_uint_eq(flow_metrics(&flow).all.dead_lettered, 1);
	flow_end(&flow);
}
END_TEST

START_TEST(a_sink_that_says_stop_fails_the_pipeline)
{
	begin(NULL, 3);
	flow.out.answers[1] = FLOW_STOP;
	flow.out.answer_count = 2;
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_IO);
	ck_assert_str_eq(weir_pipeline_error(flow.pipeline)->text, "sink 'out': broken");
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	ck_assert_uint_eq(flow_metrics(&flow).all.in_flight, 1);
	flow_end(&flow);
}
END_TEST

START_TEST(a_sink_whose_step_fails_fails_the_pipeline)
{
	begin(NULL, 2);
	flow.out.then = FLOW_HOLD;
	flow_step(&flow);
	flow.out.fail_step = WEIR_ERR_IO;
	weir_port_wake(flow.out.port);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_IO);
	ck_assert_str_eq(weir_pipeline_error(flow.pipeline)->text, "sink 'out': the sink broke");
	flow_end(&flow);
}
END_TEST

START_TEST(a_sink_is_told_to_flush_again_what_a_drain_submits_late)
{
	begin(NULL, 2);
	flow.out.answers[0] = flow.out.answers[1] = FLOW_FULL;
	flow.out.answer_count = 2;
	flow.out.then = FLOW_HOLD;
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_state(flow.pipeline), WEIR_STATE_DRAINING);
	ck_assert_uint_eq(flow.out.held_count, 2);
	ck_assert_uint_ge(flow.out.flushes, 1);
	flow_sink_fail(&flow.out, 1, WEIR_REMEDY_RETRY);
	flow.out.flushes = 0;
	flow_run(&flow);
	ck_assert_uint_eq(flow.out.held_count, 2);
	ck_assert_uint_eq(flow.out.flushes, 1);
	flow_sink_done(&flow.out, 0);
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

START_TEST(positions_are_acknowledged_in_order_whatever_settles_first)
{
	begin(NULL, 3);
	flow.in.stays = true;
	flow.out.then = FLOW_HOLD;
	flow_step(&flow);
	flow_sink_done(&flow.out, 1);
	flow_step(&flow);
	ck_assert_uint_eq(flow.in.ack_count, 0);
	flow_sink_done(&flow.out, 0);
	flow_step(&flow);
	ck_assert_uint_eq(flow.in.ack_count, 1);
	ck_assert_uint_eq(flow.in.acks[0].offset, 2);
	flow_sink_done(&flow.out, 0);
	flow_step(&flow);
	ck_assert_uint_eq(flow.in.acks[1].offset, 3);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

START_TEST(one_message_that_does_not_settle_stops_the_source_in_the_end)
{
	begin(WEIR_WITH(weir_pipeline_options, .window_messages = 4), 200);
	flow.out.answers[0] = FLOW_HOLD;
	flow.out.answer_count = 1;
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_uint_eq(flow_metrics(&flow).all.received, 4 * 16);
	ck_assert_uint_eq(flow_metrics(&flow).all.in_flight, 1);
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 200);
	flow_end(&flow);
}
END_TEST

START_TEST(a_message_on_two_routes_is_settled_when_both_are)
{
	begin(NULL, 1);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "copy"), flow.dead_sink);
	flow.dead.then = FLOW_HOLD;
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_uint_eq(flow_metrics(&flow).all.in_flight, 1);
	ck_assert_uint_eq(flow.in.ack_count, 0);
	flow_sink_done(&flow.dead, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	ck_assert_uint_eq(flow.in.ack_count, 1);
	flow_end(&flow);
}
END_TEST

START_TEST(a_bad_destination_at_the_start_is_an_error_before_anything_is_read)
{
	flow_begin(&flow, NULL);
	flow.out.fail_prepare = WEIR_ERR_INVALID;
	flow.out.prepare_remedy = WEIR_REMEDY_SKIP;
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "bad one"), flow.sink);
	flow_feed(&flow, bodies[0]);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_INVALID);
	ck_assert_uint_eq(flow.in.opens, 0);
	flow_end(&flow);
}
END_TEST

START_TEST(a_bad_destination_of_a_template_makes_a_dead_letter)
{
	flow_begin(&flow, NULL);
	flow.out.fail_prepare = WEIR_ERR_INVALID;
	flow.out.prepare_remedy = WEIR_REMEDY_SKIP;
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "{n}"), flow.sink);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "graves");
	flow_feed(&flow, "{\"n\":\"bad\"}");
	flow_feed(&flow, "{\"n\":\"good\"}");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_log("good - {\"n\":\"good\"}\n");
	ck_assert_str_eq(flow.dead.log, "graves - {\"n\":\"bad\"}\n");
	flow_end(&flow);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_add_test(t, everything_is_delivered_in_order);
	tcase_add_test(t, a_full_sink_is_offered_the_same_again_before_any_other);
	tcase_add_test(t, a_refused_delivery_waits_and_keeps_its_place);
	tcase_add_test(t, deliveries_that_fail_later_are_sent_again_in_their_order);
	tcase_add_test(t, a_delivery_that_cannot_go_becomes_a_dead_letter_with_its_reason);
	tcase_add_test(t, a_dead_letter_counts_only_when_the_dead_letters_have_acknowledged_it);
	tcase_add_test(t, without_dead_letters_the_pipeline_stops_and_says_so);
	tcase_add_test(t, a_dead_letter_that_cannot_go_stops_the_pipeline);
	tcase_add_test(t, used_up_retries_lead_to_the_dead_letters);
	tcase_add_test(t, a_sink_that_says_stop_fails_the_pipeline);
	tcase_add_test(t, a_sink_whose_step_fails_fails_the_pipeline);
	tcase_add_test(t, a_sink_is_told_to_flush_again_what_a_drain_submits_late);
	tcase_add_test(t, positions_are_acknowledged_in_order_whatever_settles_first);
	tcase_add_test(t, one_message_that_does_not_settle_stops_the_source_in_the_end);
	tcase_add_test(t, a_message_on_two_routes_is_settled_when_both_are);
	tcase_add_test(t, a_bad_destination_at_the_start_is_an_error_before_anything_is_read);
	tcase_add_test(t, a_bad_destination_of_a_template_makes_a_dead_letter);
	return run_case("delivery", t);
}
