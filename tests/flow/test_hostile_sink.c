/* SPDX-License-Identifier: MIT */
/* Sinks and callbacks that do what they should not, or at the worst moment. */
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "support/flow.h"
#include "support/run.h"

static struct flow flow;

/* A sink whose submit, step and close the test writes. */
struct rogue {
	enum weir_status (*submit)(struct rogue *rogue, weir_delivery *delivery,
				   struct weir_error *err);
	enum weir_status (*step)(struct rogue *rogue, struct weir_error *err);
	void (*close)(struct rogue *rogue);
	weir_port *port;
	weir_delivery *held[16];
	size_t held_count;
	unsigned submits, steps, inside;
	enum weir_status answer;
	enum weir_remedy remedy;
	int fds[2];
};

static struct rogue rogue;

static enum weir_status rogue_open(void *self, weir_port *port, struct weir_error *err)
{
	(void)err;
	((struct rogue *)self)->port = port;
	return WEIR_OK;
}

static enum weir_status rogue_submit(void *self, weir_delivery *delivery, struct weir_error *err)
{
	struct rogue *at = self;

	at->submits++;
	return at->submit(at, delivery, err);
}

static enum weir_status rogue_step(void *self, uint64_t now_ms, struct weir_error *err)
{
	struct rogue *at = self;

	(void)now_ms;
	at->steps++;
	return at->step ? at->step(at, err) : WEIR_OK;
}

static void rogue_close(void *self)
{
	struct rogue *at = self;

	if (at->close)
		at->close(at);
}

static const struct weir_sink_ops rogue_ops = {
	.size = sizeof rogue_ops,
	.open = rogue_open,
	.submit = rogue_submit,
	.step = rogue_step,
	.close = rogue_close,
};

static weir_sink *begin(const struct weir_pipeline_options *options, size_t messages,
			enum weir_status (*submit)(struct rogue *, weir_delivery *,
						   struct weir_error *))
{
	static const char *const bodies[] = { "1", "2", "3", "4" };
	weir_sink *sink;

	flow_begin(&flow, options);
	rogue = (struct rogue){ .submit = submit };
	sink = weir_sink_add(flow.pipeline, "rogue", &rogue_ops, &rogue);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "t"), sink);
	for (size_t i = 0; i < messages; i++)
		flow_feed(&flow, bodies[i]);
	return sink;
}

static void give_back(weir_delivery *delivery, enum weir_remedy remedy)
{
	struct weir_error reason;

	weir_error_set(&reason, WEIR_ERR_IO, remedy, "no");
	weir_delivery_fail(delivery, &reason);
}

static enum weir_status hold(struct rogue *at, weir_delivery *delivery, struct weir_error *err)
{
	(void)err;
	at->held[at->held_count++] = delivery;
	return WEIR_OK;
}

/* ---- settled inside submit, and then something else said */

static enum weir_status done_and_say(struct rogue *at, weir_delivery *delivery,
				     struct weir_error *err)
{
	weir_delivery_done(delivery);
	return at->answer < 0 ? weir_error_set(err, at->answer, at->remedy, "late") : at->answer;
}

static enum weir_status fail_and_say(struct rogue *at, weir_delivery *delivery,
				     struct weir_error *err)
{
	if (at->submits > 2) {
		weir_delivery_done(delivery);
		return WEIR_OK;
	}
	give_back(delivery, WEIR_REMEDY_RETRY);
	return at->answer < 0 ? weir_error_set(err, at->answer, at->remedy, "late") : at->answer;
}

static const struct {
	enum weir_status answer;
	enum weir_remedy remedy;
} answers[] = {
	{ WEIR_OK, WEIR_REMEDY_STOP },
	{ WEIR_AGAIN, WEIR_REMEDY_STOP },
	{ WEIR_ERR_IO, WEIR_REMEDY_STOP },
	{ WEIR_ERR_IO, WEIR_REMEDY_RETRY },
	{ WEIR_ERR_IO, WEIR_REMEDY_SKIP },
};

START_TEST(a_delivery_done_inside_submit_is_done_whatever_is_said_after)
{
	begin(NULL, 2, done_and_say);
	rogue.answer = answers[_i].answer;
	rogue.remedy = answers[_i].remedy;
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(rogue.submits, 2);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 2);
	flow_end(&flow);
}
END_TEST

START_TEST(a_delivery_failed_inside_submit_comes_again_whatever_is_said_after)
{
	begin(NULL, 2, fail_and_say);
	rogue.answer = answers[_i].answer;
	rogue.remedy = answers[_i].remedy;
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(rogue.submits, 4);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 2);
	flow_end(&flow);
}
END_TEST

static enum weir_status refuse_in_silence(struct rogue *at, weir_delivery *delivery,
					  struct weir_error *err)
{
	(void)at;
	(void)delivery;
	(void)err;
	return WEIR_ERR_REFUSED;
}

START_TEST(a_refusal_without_a_word_stops_the_pipeline)
{
	begin(NULL, 1, refuse_in_silence);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_REFUSED);
	ck_assert_str_eq(weir_pipeline_error(flow.pipeline)->text,
			 "sink 'rogue': its submit failed and gave no reason");
	flow_end(&flow);
}
END_TEST

START_TEST(a_failure_that_is_none_fails_the_pipeline_all_the_same)
{
	const struct weir_error none = { .status = WEIR_OK };

	begin(NULL, 1, hold);
	weir_pipeline_fail(flow.pipeline, &none);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_STATE);
	flow_end(&flow);
}
END_TEST

/* ---- dead letters of the sink that is their destination */

static enum weir_status count_inside(struct rogue *at, weir_delivery *delivery,
				     struct weir_error *err)
{
	ck_assert_uint_eq(at->inside, 0);
	return hold(at, delivery, err);
}

static enum weir_status fail_all(struct rogue *at, struct weir_error *err)
{
	const size_t count = at->held_count;

	(void)err;
	at->inside++;
	at->held_count = 0;
	for (size_t i = 0; i < count; i++)
		if (*weir_delivery_to(at->held[i]) == 'g')
			weir_delivery_done(at->held[i]);
		else
			give_back(at->held[i], WEIR_REMEDY_SKIP);
	at->inside--;
	return WEIR_OK;
}

START_TEST(a_sink_that_buries_its_own_is_not_called_from_inside_its_step)
{
	weir_sink *sink = begin(NULL, 3, count_inside);

	weir_pipeline_set_dead_letters(flow.pipeline, sink, "graves");
	rogue.step = fail_all;
	flow_run(&flow);
	weir_port_wake(rogue.port);
	flow_run(&flow);
	ck_assert_uint_eq(rogue.submits, 6);
	weir_port_wake(rogue.port);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.dead_lettered, 3);
	flow_end(&flow);
}
END_TEST

/* ---- close */

static void settle_all(struct rogue *at)
{
	for (size_t i = 0; i < at->held_count; i++)
		if (i % 2)
			give_back(at->held[i], at->remedy);
		else
			weir_delivery_done(at->held[i]);
}

static void close_rogue(enum weir_remedy remedy, bool run, bool bury_at_itself)
{
	weir_sink *sink = begin(WEIR_WITH(weir_pipeline_options, .drain_ms = 1), 4, hold);

	weir_pipeline_set_dead_letters(flow.pipeline, bury_at_itself ? sink : flow.dead_sink, "g");
	rogue.close = settle_all;
	rogue.remedy = remedy;
	flow_step(&flow);
	if (run) {
		weir_pipeline_stop(flow.pipeline);
		ck_assert_int_eq(flow_run(&flow), remedy == WEIR_REMEDY_STOP ? WEIR_ERR_IO
									     : WEIR_ERR_TIMEOUT);
		ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 2);
		ck_assert_uint_eq(flow_metrics(&flow).all.in_flight, 2);
	}
	flow_end(&flow);
	ck_assert_uint_eq(rogue.submits, 4);
	ck_assert_uint_eq(flow.dead.submits, 0);
}

START_TEST(a_sink_may_settle_in_close_and_gets_nothing_new)
{
	close_rogue((enum weir_remedy)(_i % 3), _i / 3 % 2, _i / 6);
}
END_TEST

/* ---- what happens to the rest when one thing fails */

START_TEST(what_a_sink_has_is_waited_for_when_another_delivery_of_it_fails_for_good)
{
	begin(NULL, 4, hold);
	flow_run(&flow);
	ck_assert_uint_eq(rogue.held_count, 4);
	give_back(rogue.held[1], WEIR_REMEDY_STOP);
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	ck_assert_int_gt(weir_pipeline_timeout_ms(flow.pipeline), 0);
	weir_delivery_done(rogue.held[0]);
	weir_port_wake(rogue.port);
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	ck_assert_uint_eq(rogue.steps, 1);
	weir_delivery_done(rogue.held[2]);
	give_back(rogue.held[3], WEIR_REMEDY_RETRY);	/* nothing more is offered: it stays */
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_IO);
	ck_assert_uint_eq(rogue.submits, 4);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 2);
	ck_assert_uint_eq(flow_metrics(&flow).all.in_flight, 2);
	ck_assert_uint_eq(flow.in.acks[flow.in.ack_count - 1].offset, 1);
	flow_end(&flow);
}
END_TEST

static enum weir_status break_now(struct rogue *at, struct weir_error *err)
{
	(void)at;
	return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP, "broken");
}

START_TEST(a_broken_sink_does_not_keep_the_loop_awake)
{
	struct pollfd wait = { .events = POLLIN };
	struct weir_error err;

	begin(NULL, 1, hold);
	weir_route_add(flow.pipeline, NULL, flow.sink);
	flow.out.then = FLOW_HOLD;
	flow_step(&flow);
	ck_assert_int_eq(pipe2(rogue.fds, O_NONBLOCK), 0);
	ck_assert_int_eq(weir_port_watch(rogue.port, rogue.fds[0], WEIR_READABLE, &err), WEIR_OK);
	ck_assert_int_eq(write(rogue.fds[1], "a", 1), 1);
	rogue.step = break_now;
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	wait.fd = weir_pipeline_fd(flow.pipeline);
	ck_assert_int_eq(poll(&wait, 1, 0), 0);
	ck_assert_int_gt(weir_pipeline_timeout_ms(flow.pipeline), 0);
	ck_assert_uint_eq(rogue.steps, 1);
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_IO);
	close(rogue.fds[0]);
	close(rogue.fds[1]);
	flow_end(&flow);
}
END_TEST

START_TEST(a_healthy_sink_keeps_on_when_the_dead_letters_fail)
{
	begin(NULL, 2, hold);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "graves");
	flow.dead.then = FLOW_STOP;
	flow_run(&flow);
	give_back(rogue.held[0], WEIR_REMEDY_SKIP);
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	flow_step(&flow);
	weir_delivery_done(rogue.held[1]);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_IO);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(flow.pipeline)->text, "sink 'dead'"));
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	flow_end(&flow);
}
END_TEST

/* ---- times without end */

START_TEST(a_drain_without_end_waits)
{
	begin(WEIR_WITH(weir_pipeline_options, .drain_ms = UINT64_MAX), 1, hold);
	flow_run(&flow);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), INT32_MAX);
	weir_delivery_done(rogue.held[0]);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

static enum weir_status refuse_to_retry(struct rogue *at, weir_delivery *delivery,
					struct weir_error *err)
{
	(void)at;
	(void)delivery;
	return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_RETRY, "not now");
}

START_TEST(waits_that_cannot_be_doubled_do_not_become_short)
{
	const uint64_t first_ms = UINT64_C(1) << 62;

	begin(WEIR_WITH(weir_pipeline_options, .retry_first_ms = first_ms,
			.retry_most_ms = UINT64_MAX),
	      1, refuse_to_retry);
	flow_step(&flow);
	fake_env_advance(&flow.fake, first_ms);
	flow_step(&flow);
	fake_env_advance(&flow.fake, first_ms * 2);
	flow_step(&flow);
	flow_step(&flow);
	ck_assert_uint_eq(rogue.submits, 3);
	ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), INT32_MAX);
	flow_end(&flow);
}
END_TEST

/* ---- callbacks that stop or fail the pipeline */

static void on_state(void *user, weir_pipeline *pipeline, enum weir_state state)
{
	const struct weir_error reason = { .status = WEIR_ERR_CANCELED, .text = "so be it" };
	const int *what = user;

	if ((int)state != *what % 4)
		return;
	if (*what / 4)
		weir_pipeline_fail(pipeline, &reason);
	else
		weir_pipeline_stop(pipeline);
}

START_TEST(a_callback_may_stop_or_fail_the_pipeline_in_any_state)
{
	int what = _i;
	const bool fails = _i / 4 && _i % 4 && _i % 4 != WEIR_STATE_FINISHED;

	begin(WEIR_WITH(weir_pipeline_options, .on_state = on_state, .user = &what), 2,
	      done_and_say);
	if (_i % 4 == WEIR_STATE_FINISHED && _i / 4) {
		flow_end(&flow);	/* too late to fail; nothing to see */
		return;
	}
	ck_assert_int_eq(flow_run(&flow), fails ? WEIR_ERR_CANCELED : WEIR_END);
	ck_assert_int_eq(weir_pipeline_state(flow.pipeline),
			 fails ? WEIR_STATE_FAILED : WEIR_STATE_FINISHED);
	flow_end(&flow);
}
END_TEST

static bool stop_in_match(void *user, const weir_message *message)
{
	const struct weir_error reason = { .status = WEIR_ERR_CANCELED, .text = "so be it" };

	(void)message;
	if (*(int *)user)
		weir_pipeline_fail(flow.pipeline, &reason);
	else
		weir_pipeline_stop(flow.pipeline);
	return true;
}

START_TEST(a_predicate_that_ends_the_pipeline_loses_nothing)
{
	int fails = _i;

	flow_begin(&flow, NULL);
	flow.in.stays = true;
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .match = stop_in_match, .user = &fails), flow.sink);
	flow_feed(&flow, "1");
	flow_feed(&flow, "2");
	ck_assert_int_eq(flow_run(&flow), _i ? WEIR_ERR_CANCELED : WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, _i ? 1 : 2);
	ck_assert_uint_eq(flow_metrics(&flow).all.in_flight, 0);
	flow_end(&flow);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_add_loop_test(t, a_delivery_done_inside_submit_is_done_whatever_is_said_after, 0, 5);
	tcase_add_loop_test(t, a_delivery_failed_inside_submit_comes_again_whatever_is_said_after,
			    0, 5);
	tcase_add_test(t, a_refusal_without_a_word_stops_the_pipeline);
	tcase_add_test(t, a_failure_that_is_none_fails_the_pipeline_all_the_same);
	tcase_add_test(t, a_sink_that_buries_its_own_is_not_called_from_inside_its_step);
	tcase_add_loop_test(t, a_sink_may_settle_in_close_and_gets_nothing_new, 0, 12);
	tcase_add_test(t, what_a_sink_has_is_waited_for_when_another_delivery_of_it_fails_for_good);
	tcase_add_test(t, a_broken_sink_does_not_keep_the_loop_awake);
	tcase_add_test(t, a_healthy_sink_keeps_on_when_the_dead_letters_fail);
	tcase_add_test(t, a_drain_without_end_waits);
	tcase_add_test(t, waits_that_cannot_be_doubled_do_not_become_short);
	tcase_add_loop_test(t, a_callback_may_stop_or_fail_the_pipeline_in_any_state, 0, 8);
	tcase_add_loop_test(t, a_predicate_that_ends_the_pipeline_loses_nothing, 0, 2);
	return run_case("hostile sink", t);
}
