/* SPDX-License-Identifier: MIT */
/* weir_pipeline_flush: from a loop of steps, while a thread runs it, from inside, at the end. */
#include <check.h>
#include <stdatomic.h>
#include <string.h>

#include "engine/engine.h"
#include "support/drive.h"
#include "support/flow.h"
#include "support/run.h"

#define LONG_MS 60000		/* never passes: a test that waits so long has failed */

static struct flow flow;

static void begin(void)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, NULL, flow.sink);
	flow.in.stays = true;
}

static void feed(int count)
{
	for (int i = 0; i < count; i++)
		flow_feed_to(&flow.in, WEIR_KIND_RECORD, "x");
	if (flow.in.port)
		weir_port_wake(flow.in.port);
}

static void finish(void)
{
	flow.in.stays = false;
	flow.out.then = FLOW_DONE;
	weir_port_wake(flow.in.port);
	while (flow.out.held_count)
		flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}

static uint64_t delivered(void)
{
	return flow_metrics(&flow).all.delivered;
}

/* ---- from a loop of steps */

START_TEST(a_flush_starts_a_pipeline_and_steps_it)
{
	begin();
	feed(10);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, 0), WEIR_OK);
	ck_assert_uint_eq(delivered(), 10);
	feed(5);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, 0), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, LONG_MS), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_state(flow.pipeline), WEIR_STATE_RUNNING);
	finish();
}
END_TEST

START_TEST(a_flush_of_nothing_is_over_at_once)
{
	begin();
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, 0), WEIR_OK);
	finish();
}
END_TEST

START_TEST(a_flush_waits_for_all_that_came_before_it_and_for_nothing_behind)
{
	begin();
	flow.out.then = FLOW_HOLD;
	feed(3);
	flow_step(&flow);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, 0), WEIR_ERR_TIMEOUT);
	feed(2);
	flow_step(&flow);
	ck_assert_uint_eq(flow.out.held_count, 5);
	flow_sink_done(&flow.out, 2);
	flow_sink_done(&flow.out, 0);
	flow_step(&flow);
	ck_assert_uint_eq(atomic_load(&flow.pipeline->flush.done), 0);
	flow_sink_done(&flow.out, 0);
	flow_step(&flow);
	ck_assert_uint_eq(atomic_load(&flow.pipeline->flush.done), 1);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, 0), WEIR_ERR_TIMEOUT);
	finish();
}
END_TEST

START_TEST(a_flush_that_waits_for_another_follows_it_without_a_wake)
{
	begin();
	flow.out.then = FLOW_HOLD;
	feed(1);
	flow_step(&flow);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, 0), WEIR_ERR_TIMEOUT);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, 0), WEIR_ERR_TIMEOUT);
	flow_sink_done(&flow.out, 0);
	flow_step(&flow);
	ck_assert_uint_eq(atomic_load(&flow.pipeline->flush.done), 2);
	finish();
}
END_TEST

START_TEST(sinks_are_told_to_send_what_they_have)
{
	unsigned before;

	begin();
	flow.out.then = FLOW_HOLD;
	feed(1);
	flow_step(&flow);
	before = flow.out.flushes;
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, 0), WEIR_ERR_TIMEOUT);
	ck_assert_uint_gt(flow.out.flushes, before);
	before = flow.out.flushes;
	flow_step(&flow);
	ck_assert_uint_eq(flow.out.flushes, before);	/* nothing new for it to send */
	finish();
}
END_TEST

/* A stop, a flush, the end of the input: with a delivery that waits for its next attempt. */
START_TEST(a_sink_is_told_to_send_what_it_has_also_while_a_retry_waits)
{
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .retry_first_ms = 20000));
	weir_route_add(flow.pipeline, NULL, flow.sink);
	flow.in.stays = _i < 2;
	flow.out.answers[0] = FLOW_HOLD;
	flow.out.answers[1] = FLOW_RETRY;
	flow.out.answer_count = 2;
	feed(2);
	flow_step(&flow);
	ck_assert_uint_eq(flow.out.flushes, _i == 2);	/* the input has ended */
	if (_i == 0)
		weir_pipeline_stop(flow.pipeline);
	if (_i == 1)
		weir_pipeline_flush(flow.pipeline, 0);
	flow_step(&flow);
	ck_assert_uint_eq(flow.out.flushes, 1);
	flow_step(&flow);
	ck_assert_uint_eq(flow.out.flushes, 1);	/* nothing new for it to send */
	if (_i != 0) {
		finish();
		return;
	}
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_TIMEOUT);
	flow_end(&flow);
}
END_TEST

START_TEST(a_sink_that_broke_is_told_nothing_more)
{
	begin();
	feed(1);
	flow_step(&flow);
	flow.out.fail_step = WEIR_ERR_IO;
	weir_port_wake(flow.out.port);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_IO);
	ck_assert_uint_eq(flow.out.flushes, 0);
	flow_end(&flow);
}
END_TEST

/* Settles all it has when it is told to flush, and never before. */
static enum weir_status hoard(void *self, weir_delivery *delivery, struct weir_error *err)
{
	(void)err;
	*(weir_delivery **)self = delivery;
	return WEIR_OK;
}

static void give_out(void *self)
{
	weir_delivery **held = self;

	if (*held)
		weir_delivery_done(*held);
	*held = NULL;
}

START_TEST(what_a_sink_settles_when_it_is_told_to_send_ends_the_flush_in_that_turn)
{
	static const struct weir_sink_ops ops = { .size = sizeof ops,
						  .submit = hoard,
						  .flush = give_out };
	weir_delivery *held = NULL;

	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, NULL,
		       weir_sink_add(flow.pipeline, "hoarder", &ops, &held));
	flow.in.stays = true;
	feed(1);
	flow_step(&flow);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, 0), WEIR_OK);
	ck_assert_uint_eq(flow.in.ack_count, 1);
	finish();
}
END_TEST

/* One more in each step, each settled three steps later: the pipeline is never empty. */
static struct {
	weir_port *in_port, *out_port;
	weir_delivery *line[8];
	size_t count, emitted;
} stream;

static enum weir_status stream_open(void *self, weir_port *port, struct weir_error *err)
{
	(void)err;
	*(weir_port **)self = port;
	return WEIR_OK;
}

static enum weir_status stream_emit(void *self, weir_outlet *outlet, uint64_t now_ms,
				    struct weir_error *err)
{
	(void)self;
	(void)now_ms;
	stream.emitted++;
	weir_port_wake(stream.in_port);
	weir_port_wake(stream.out_port);
	return weir_outlet_emit(outlet,
				WEIR_WITH(weir_message_init, .body = { "x", 1 },
					  .kind = WEIR_KIND_RECORD),
				NULL, err);
}

static enum weir_status stream_take(void *self, weir_delivery *delivery, struct weir_error *err)
{
	(void)self;
	(void)err;
	stream.line[stream.count++] = delivery;
	return WEIR_OK;
}

static enum weir_status stream_settle(void *self, uint64_t now_ms, struct weir_error *err)
{
	(void)self;
	(void)now_ms;
	(void)err;
	if (stream.count < 3)
		return WEIR_OK;
	weir_delivery_done(stream.line[0]);
	memmove(stream.line, stream.line + 1, --stream.count * sizeof *stream.line);
	return WEIR_OK;
}

START_TEST(a_flush_ends_though_messages_never_cease_to_come)
{
	static const struct weir_source_ops in = { .size = sizeof in,
						   .open = stream_open,
						   .step = stream_emit };
	static const struct weir_sink_ops out = { .size = sizeof out,
						  .open = stream_open,
						  .submit = stream_take,
						  .step = stream_settle };
	struct fake_env fake;
	weir_pipeline *pipeline;
	weir_source *source;

	memset(&stream, 0, sizeof stream);
	fake_env_init(&fake);
	pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &fake.env));
	source = weir_source_add(pipeline, "in", &in, &stream.in_port);
	weir_route_add(pipeline, NULL, weir_sink_add(pipeline, "out", &out, &stream.out_port));
	for (int i = 0; i < 20; i++) {
		const size_t before = stream.emitted;

		ck_assert_int_eq(weir_pipeline_flush(pipeline, LONG_MS), WEIR_OK);
		ck_assert_uint_le(stream.emitted - before, 6);
		ck_assert_uint_ge(metrics_of(pipeline).all.delivered, before);
		ck_assert_uint_gt(metrics_of(pipeline).all.in_flight, 0);
		check_accounts(pipeline, source);
	}
	weir_pipeline_free(pipeline);
	fake_env_check_empty(&fake);
}
END_TEST

/* A clock that moves when it is looked at. */
static uint64_t tick(void *user)
{
	return ++*(uint64_t *)user;
}

START_TEST(a_flush_waits_for_retries_and_ends_by_its_deadline)
{
	uint64_t ticks = 1000;
	struct weir_env env = { .size = sizeof env, .clock = { tick, tick, &ticks } };
	struct flow_source *in = &flow.in;
	weir_pipeline *pipeline;
	weir_sink *sink;

	memset(&flow, 0, sizeof flow);
	pipeline = weir_pipeline_new(
		WEIR_WITH(weir_pipeline_options, .env = &env, .retry_first_ms = 2));
	flow.pipeline = pipeline;
	flow_source_add(&flow, "in", in);
	sink = flow_sink_add(&flow, "out", &flow.out);
	weir_route_add(pipeline, NULL, sink);
	in->stays = true;
	flow_feed_to(in, WEIR_KIND_RECORD, "x");
	flow.out.answers[0] = flow.out.answers[1] = FLOW_RETRY;
	flow.out.answer_count = 2;
	flow.out.then = _i ? FLOW_RETRY : FLOW_DONE;
	ck_assert_int_eq(weir_pipeline_flush(pipeline, _i ? 20 : LONG_MS),
			 _i ? WEIR_ERR_TIMEOUT : WEIR_OK);
	ck_assert_uint_ge(flow.out.submits, 3);
	weir_pipeline_free(pipeline);
}
END_TEST

/* ---- the end */

START_TEST(after_the_end_a_flush_says_whether_all_was_settled)
{
	begin();
	feed(2);
	flow.in.stays = false;
	if (_i)
		flow.out.then = FLOW_STOP;
	ck_assert_int_eq(flow_run(&flow), _i ? WEIR_ERR_IO : WEIR_END);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, 0), _i ? WEIR_ERR_STATE : WEIR_OK);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, LONG_MS),
			 _i ? WEIR_ERR_STATE : WEIR_OK);
	flow_end(&flow);
}
END_TEST

START_TEST(a_flush_runs_a_pipeline_to_its_end)
{
	begin();
	feed(2);
	flow.in.stays = false;
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, LONG_MS), WEIR_OK);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

START_TEST(a_flush_of_what_a_stop_leaves_says_so)
{
	begin();
	flow.out.then = FLOW_HOLD;
	feed(2);
	flow_step(&flow);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, 0), WEIR_ERR_TIMEOUT);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_TIMEOUT);
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, LONG_MS), WEIR_ERR_STATE);
	flow_end(&flow);
}
END_TEST

START_TEST(a_pipeline_that_was_made_wrong_has_nothing_to_flush)
{
	begin();
	ck_assert_ptr_null(weir_route_add(flow.pipeline, NULL, NULL));
	ck_assert_int_eq(weir_pipeline_flush(flow.pipeline, LONG_MS), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_state(flow.pipeline), WEIR_STATE_FAILED);
	ck_assert_int_eq(weir_pipeline_flush(NULL, 0), WEIR_ERR_NOMEM);
	flow_end(&flow);
}
END_TEST

/* ---- from inside */

static enum weir_status inside;
static unsigned asked_inside;

static enum weir_status flush_inside(void *user, weir_message *message, const char *to,
				     struct weir_error *err)
{
	(void)message;
	(void)to;
	(void)err;
	inside = weir_pipeline_flush(*(weir_pipeline **)user, LONG_MS);
	asked_inside++;
	return WEIR_OK;
}

static void flush_at_state(void *user, weir_pipeline *pipeline, enum weir_state state)
{
	(void)user;
	if (state == WEIR_STATE_FINISHED)
		return;
	ck_assert_int_eq(weir_pipeline_flush(pipeline, LONG_MS), WEIR_ERR_STATE);
	asked_inside++;
}

START_TEST(a_flush_from_inside_is_refused)
{
	weir_pipeline *pipeline =
		weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .on_state = flush_at_state));
	weir_source *push = weir_push_source_add(pipeline, "push", NULL);

	asked_inside = 0;
	weir_route_add(pipeline, NULL,
		       weir_callback_sink_add(pipeline, "call",
					      WEIR_WITH(weir_callback_sink_options,
							.call = flush_inside, .user = &pipeline)));
	weir_push(push, WEIR_WITH(weir_message_init, .body = { "1", 1 }));
	weir_push_end(push);
	if (_i == 0)
		ck_assert_int_eq(weir_pipeline_run(pipeline), WEIR_OK);
	if (_i == 1) {
		ck_assert_int_eq(weir_pipeline_start(pipeline), WEIR_OK);
		ck_assert_int_eq(weir_pipeline_join(pipeline), WEIR_OK);
	}
	while (_i == 2 && weir_pipeline_step(pipeline) == WEIR_OK)
		;
	ck_assert_int_eq(inside, WEIR_ERR_STATE);
	ck_assert_uint_eq(asked_inside, 3);
	weir_pipeline_free(pipeline);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_add_test(t, a_flush_starts_a_pipeline_and_steps_it);
	tcase_add_test(t, a_flush_of_nothing_is_over_at_once);
	tcase_add_test(t, a_flush_waits_for_all_that_came_before_it_and_for_nothing_behind);
	tcase_add_test(t, a_flush_that_waits_for_another_follows_it_without_a_wake);
	tcase_add_test(t, sinks_are_told_to_send_what_they_have);
	tcase_add_loop_test(t, a_sink_is_told_to_send_what_it_has_also_while_a_retry_waits, 0, 3);
	tcase_add_test(t, a_sink_that_broke_is_told_nothing_more);
	tcase_add_test(t, what_a_sink_settles_when_it_is_told_to_send_ends_the_flush_in_that_turn);
	tcase_add_test(t, a_flush_ends_though_messages_never_cease_to_come);
	tcase_add_loop_test(t, a_flush_waits_for_retries_and_ends_by_its_deadline, 0, 2);
	tcase_add_loop_test(t, after_the_end_a_flush_says_whether_all_was_settled, 0, 2);
	tcase_add_test(t, a_flush_runs_a_pipeline_to_its_end);
	tcase_add_test(t, a_flush_of_what_a_stop_leaves_says_so);
	tcase_add_test(t, a_pipeline_that_was_made_wrong_has_nothing_to_flush);
	tcase_add_loop_test(t, a_flush_from_inside_is_refused, 0, 3);
	return run_case("flush", t);
}
