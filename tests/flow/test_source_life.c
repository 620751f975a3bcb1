/* SPDX-License-Identifier: MIT */
/* Sources: the port, positions by lanes, opening again, ends and failures. */
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "support/flow.h"
#include "support/probe.h"
#include "support/run.h"

static struct flow flow;
static struct probe probe;
static weir_source *source;

static void begin(const struct weir_pipeline_options *options,
		  enum weir_status (*step)(struct probe *, weir_outlet *, struct weir_error *))
{
	flow_begin(&flow, options);
	probe = (struct probe){ .step = step, .remedy = WEIR_REMEDY_RETRY };
	source = probe_add(flow.pipeline, "probe", &probe);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "t"), flow.sink);
}

static void end(void)
{
	flow_end(&flow);
	ck_assert_uint_eq(probe.frees, 1);
}

static void stop(enum weir_status want)
{
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), want);
	end();
}

static bool is_ready(void)
{
	struct pollfd wait = { .fd = weir_pipeline_fd(flow.pipeline), .events = POLLIN };

	return poll(&wait, 1, 0) == 1;
}

/* Empties the pipeline's own wakes; fails when something keeps it awake. */
static void check_sleeps(const char *when)
{
	for (int i = 0; i < 4 && (is_ready() || weir_pipeline_timeout_ms(flow.pipeline) == 0); i++)
		flow_step(&flow);
	ck_assert_msg(!is_ready(), "%s: the descriptor stays readable", when);
	ck_assert_msg(weir_pipeline_timeout_ms(flow.pipeline) < 0, "%s: a timeout of %d", when,
		      weir_pipeline_timeout_ms(flow.pipeline));
}

static enum weir_status emit_at(weir_outlet *outlet, uint32_t lane, uint64_t offset,
				struct weir_error *err)
{
	const struct weir_message_init init = { .size = sizeof init,
						.body = { "1", 1 },
						.position = { lane, offset } };

	return weir_outlet_emit(outlet, &init, NULL, err);
}

/* ---- the port */

static enum weir_status idle(struct probe *at, weir_outlet *outlet, struct weir_error *err)
{
	(void)at;
	(void)outlet;
	(void)err;
	return WEIR_OK;
}

static enum weir_status read_bytes(struct probe *at, weir_outlet *outlet, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;
	char byte;

	if (at->steps == 1)
		return weir_port_watch(at->port, at->fd, WEIR_READABLE, err);
	while (status == WEIR_OK && weir_outlet_room(outlet) > 0) {
		const ssize_t got = read(at->fd, &byte, 1);

		if (got == 0)
			return WEIR_END;
		if (got < 0)
			return WEIR_OK;
		status = emit_at(outlet, 0, ++at->emitted, err);
	}
	return status;
}

static int begin_pipe(const struct weir_pipeline_options *options)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	begin(options, read_bytes);
	probe.fd = ends[0];
	flow_step(&flow);
	check_sleeps("nothing to read");
	ck_assert_uint_eq(probe.steps, 1);
	return ends[1];
}

START_TEST(a_readable_descriptor_wakes_the_step)
{
	const int end_of_pipe = begin_pipe(NULL);

	ck_assert_int_eq(write(end_of_pipe, "ab", 2), 2);
	ck_assert(is_ready());
	flow_step(&flow);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 2);
	ck_assert_uint_eq(weir_port_events(probe.port, probe.fd), 0);
	check_sleeps("all is read");
	weir_port_unwatch(probe.port, probe.fd);
	weir_port_unwatch(probe.port, probe.fd);
	ck_assert_int_eq(write(end_of_pipe, "c", 1), 1);
	check_sleeps("not watched");
	ck_assert_uint_eq(probe.emitted, 2);
	close(end_of_pipe);
	close(probe.fd);
	stop(WEIR_END);
}
END_TEST

START_TEST(a_source_without_room_does_not_keep_the_loop_awake)
{
	const int end_of_pipe = begin_pipe(WEIR_WITH(weir_pipeline_options, .window_messages = 2));

	flow.out.then = FLOW_HOLD;
	ck_assert_int_eq(write(end_of_pipe, "abc", 3), 3);
	if (_i)
		close(end_of_pipe);
	flow_step(&flow);
	ck_assert_uint_eq(probe.emitted, 2);
	check_sleeps("readable, no room");
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), 0);
	flow_step(&flow);
	ck_assert_uint_eq(probe.emitted, 3);
	while (flow.out.held_count)
		flow_sink_done(&flow.out, 0);
	flow.out.then = FLOW_DONE;
	flow_step(&flow);
	if (!_i) {	/* it is watched as before */
		ck_assert_int_eq(write(end_of_pipe, "d", 1), 1);
		ck_assert(is_ready());
		close(end_of_pipe);
	}
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	close(probe.fd);
	end();
}
END_TEST

START_TEST(a_source_that_needs_no_room_hears_its_descriptors)
{
	const int end_of_pipe = begin_pipe(WEIR_WITH(weir_pipeline_options, .window_messages = 1));

	flow.out.then = FLOW_HOLD;
	ck_assert_int_eq(write(end_of_pipe, "ab", 2), 2);
	flow_step(&flow);
	check_sleeps("readable, no room");
	probe.step = idle;	/* from here on, something that asks for no room */
	weir_port_deadline(probe.port, 1);
	flow_step(&flow);
	ck_assert(is_ready());
	flow_sink_done(&flow.out, 0);
	close(end_of_pipe);
	close(probe.fd);
	stop(WEIR_END);
}
END_TEST

static enum weir_status end_watching(struct probe *at, weir_outlet *outlet, struct weir_error *err)
{
	(void)outlet;
	ck_assert_int_eq(weir_port_watch(at->port, at->fd, WEIR_READABLE, err), WEIR_OK);
	return WEIR_END;
}

START_TEST(what_an_ended_source_watched_does_not_keep_the_loop_awake)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	begin(NULL, end_watching);
	flow.in.stays = true;
	probe.fd = ends[0];
	ck_assert_int_eq(write(ends[1], "a", 1), 1);
	flow_step(&flow);
	ck_assert_uint_eq(probe.closes, 1);
	check_sleeps("ended");
	close(ends[0]);
	close(ends[1]);
	stop(WEIR_END);
}
END_TEST

START_TEST(what_cannot_be_watched_is_said)
{
	struct weir_error err;

	begin(NULL, idle);
	flow_step(&flow);
	ck_assert_int_eq(weir_port_watch(probe.port, -1, WEIR_READABLE, &err), WEIR_ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "cannot watch descriptor -1"));
	stop(WEIR_END);
}
END_TEST

START_TEST(a_deadline_calls_the_step_once)
{
	begin(NULL, idle);
	flow_step(&flow);
	weir_port_deadline(probe.port, flow.fake.monotonic_ms + 50);
	ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), 50);
	fake_env_advance(&flow.fake, 49);
	flow_step(&flow);
	ck_assert_uint_eq(probe.steps, 1);
	fake_env_advance(&flow.fake, 1);
	ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), 0);
	flow_step(&flow);
	flow_step(&flow);
	ck_assert_uint_eq(probe.steps, 2);
	check_sleeps("after the deadline");
	weir_port_deadline(probe.port, 1);
	flow_step(&flow);
	ck_assert_uint_eq(probe.steps, 3);
	weir_port_deadline(probe.port, flow.fake.monotonic_ms + 1);
	weir_port_deadline(probe.port, 0);
	check_sleeps("it was forgotten");
	stop(WEIR_END);
}
END_TEST

static enum weir_status fill(struct probe *at, weir_outlet *outlet, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	while (status == WEIR_OK && weir_outlet_room(outlet) > 0)
		status = emit_at(outlet, 0, ++at->emitted, err);
	return status;
}

START_TEST(a_deadline_is_kept_without_room)
{
	begin(WEIR_WITH(weir_pipeline_options, .window_messages = 2), fill);
	flow.out.then = FLOW_HOLD;
	flow_step(&flow);
	weir_port_deadline(probe.port, flow.fake.monotonic_ms + 50);
	flow_step(&flow);
	ck_assert_uint_eq(probe.steps, 1);
	fake_env_advance(&flow.fake, 50);
	flow_step(&flow);
	ck_assert_uint_eq(probe.steps, 2);
	check_sleeps("no room, no deadline");
	while (flow.out.held_count)
		flow_sink_done(&flow.out, 0);
	flow.out.then = FLOW_DONE;
	probe.step = idle;
	stop(WEIR_END);
}
END_TEST

static void *wake(void *port)
{
	weir_port_wake(port);
	weir_port_wake(port);
	return NULL;
}

START_TEST(a_wake_from_another_thread_calls_the_step)
{
	pthread_t thread;

	begin(NULL, idle);
	flow_step(&flow);
	check_sleeps("at first");
	pthread_create(&thread, NULL, wake, probe.port);
	pthread_join(thread, NULL);
	ck_assert(is_ready());
	flow_step(&flow);
	ck_assert_uint_eq(probe.steps, 2);
	check_sleeps("after the wake");
	stop(WEIR_END);
}
END_TEST

/* ---- positions */

static enum weir_status emit_lanes(struct probe *at, weir_outlet *outlet, struct weir_error *err)
{
	static const struct weir_position order[] = { { 1, 10 }, { 2, 5 }, { 1, 11 },
						      { 2, 6 },	 { 1, 12 } };

	(void)at;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		ck_assert_int_eq(emit_at(outlet, order[i].lane, order[i].offset, err), WEIR_OK);
	return WEIR_OK;
}

static void check_acks(size_t from, size_t count, const struct weir_position *want)
{
	ck_assert_uint_eq(probe.ack_count, from + count);
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(probe.acks[from + i].lane, want[i].lane);
		ck_assert_uint_eq(probe.acks[from + i].offset, want[i].offset);
	}
}

START_TEST(positions_are_acknowledged_lane_by_lane_in_order)
{
	struct weir_source_metrics metrics = WEIR_METRICS(weir_source_metrics);

	begin(NULL, emit_lanes);
	flow.out.then = FLOW_HOLD;
	flow_step(&flow);
	flow_sink_done(&flow.out, 2);	/* lane 1, offset 11 */
	flow_sink_done(&flow.out, 1);	/* lane 2, offset 5 */
	ck_assert_uint_eq(probe.ack_count, 0);	/* never from inside another call */
	flow_step(&flow);
	check_acks(0, 1, &(struct weir_position){ 2, 5 });
	flow_sink_done(&flow.out, 0);	/* lane 1, offset 10 */
	flow_step(&flow);
	check_acks(1, 1, &(struct weir_position){ 1, 11 });
	weir_source_metrics(source, &metrics);
	ck_assert_uint_eq(metrics.settled.lane, 1);
	ck_assert_uint_eq(metrics.settled.offset, 11);
	weir_pipeline_stop(flow.pipeline);
	flow_step(&flow);
	ck_assert_uint_eq(probe.closes, 1);
	flow_sink_done(&flow.out, 0);
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(probe.ack_count, 4);	/* also after close */
	end();
}
END_TEST

/* ---- opening again */

static enum weir_status fail_to_retry(struct probe *at, weir_outlet *outlet, struct weir_error *err)
{
	(void)outlet;
	return at->emitted ? WEIR_OK
			   : weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_RETRY, "it broke");
}

START_TEST(a_source_that_fails_is_opened_again_after_a_growing_wait)
{
	static const int waits[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };

	begin(NULL, fail_to_retry);
	flow.in.stays = true;
	flow_step(&flow);
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		ck_assert_uint_eq(probe.opens, i + 1);
		ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), waits[i]);
		fake_env_advance(&flow.fake, (uint64_t)waits[i] - 1);
		flow_step(&flow);
		ck_assert_uint_eq(probe.opens, i + 1);
		fake_env_advance(&flow.fake, 1);
		probe.fail_open = i % 2 ? WEIR_OK : WEIR_ERR_IO;
		flow_step(&flow);
		flow_step(&flow);
	}
	ck_assert_uint_eq(probe.closes, 1 + 4);	/* not after an open that failed */
	probe.fail_open = WEIR_OK;
	probe.emitted = 1;	/* a step goes well: the waits begin anew */
	fake_env_advance(&flow.fake, 60000);
	flow_step(&flow);
	flow_step(&flow);
	probe.emitted = 0;
	weir_port_wake(probe.port);
	flow_step(&flow);
	ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), 1000);
	stop(WEIR_END);
}
END_TEST

START_TEST(an_open_that_says_stop_fails_the_pipeline_also_later)
{
	begin(NULL, fail_to_retry);
	flow_step(&flow);
	probe.fail_open = WEIR_ERR_AUTH;
	probe.remedy = WEIR_REMEDY_STOP;
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_AUTH);
	ck_assert_uint_eq(probe.closes, 1);
	end();
}
END_TEST

START_TEST(a_stop_while_a_source_waits_to_be_opened_ends_at_once)
{
	begin(NULL, fail_to_retry);
	flow_step(&flow);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_step(&flow), WEIR_END);
	ck_assert_uint_eq(probe.opens, 1);
	ck_assert_uint_eq(probe.closes, 1);
	ck_assert_int_eq(flow_step(&flow), WEIR_END);
	end();
}
END_TEST

/* ---- ends */

START_TEST(one_of_two_sources_may_end)
{
	begin(NULL, idle);
	flow_feed(&flow, "1");
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_uint_eq(flow.in.closes, 1);
	ck_assert_uint_eq(probe.closes, 0);
	ck_assert_int_eq(weir_pipeline_state(flow.pipeline), WEIR_STATE_RUNNING);
	stop(WEIR_END);
}
END_TEST

static enum weir_status emit_and_fail(struct probe *at, weir_outlet *outlet, struct weir_error *err)
{
	ck_assert_int_eq(emit_at(outlet, 0, ++at->emitted, err), WEIR_OK);
	return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP, "source 'probe': the source broke");
}

START_TEST(what_is_under_way_is_settled_before_a_failure_ends_the_pipeline)
{
	begin(NULL, emit_and_fail);
	flow.in.stays = true;
	flow.out.then = FLOW_HOLD;
	flow_step(&flow);
	ck_assert_int_eq(weir_pipeline_state(flow.pipeline), WEIR_STATE_DRAINING);
	ck_assert_uint_eq(probe.closes, 1);
	ck_assert_uint_eq(flow.in.closes, 1);
	ck_assert_uint_eq(flow.out.flushes, 1);
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_IO);
	ck_assert_str_eq(weir_pipeline_error(flow.pipeline)->text, "source 'probe': the source broke");
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	ck_assert_uint_eq(probe.ack_count, 1);
	end();
}
END_TEST

static enum weir_status fail_in_silence(struct probe *at, weir_outlet *outlet,
					struct weir_error *err)
{
	(void)at;
	(void)outlet;
	(void)err;
	return WEIR_ERR_PROTOCOL;
}

START_TEST(a_failure_without_a_word_is_a_failure)
{
	begin(NULL, fail_in_silence);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_PROTOCOL);
	ck_assert_str_eq(weir_pipeline_error(flow.pipeline)->text,
			 "source 'probe': its step failed and gave no reason");
	end();
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_add_test(t, a_readable_descriptor_wakes_the_step);
	tcase_add_loop_test(t, a_source_without_room_does_not_keep_the_loop_awake, 0, 2);
	tcase_add_test(t, a_source_that_needs_no_room_hears_its_descriptors);
	tcase_add_test(t, what_an_ended_source_watched_does_not_keep_the_loop_awake);
	tcase_add_test(t, what_cannot_be_watched_is_said);
	tcase_add_test(t, a_deadline_calls_the_step_once);
	tcase_add_test(t, a_deadline_is_kept_without_room);
	tcase_add_test(t, a_wake_from_another_thread_calls_the_step);
	tcase_add_test(t, positions_are_acknowledged_lane_by_lane_in_order);
	tcase_add_test(t, a_source_that_fails_is_opened_again_after_a_growing_wait);
	tcase_add_test(t, an_open_that_says_stop_fails_the_pipeline_also_later);
	tcase_add_test(t, a_stop_while_a_source_waits_to_be_opened_ends_at_once);
	tcase_add_test(t, one_of_two_sources_may_end);
	tcase_add_test(t, what_is_under_way_is_settled_before_a_failure_ends_the_pipeline);
	tcase_add_test(t, a_failure_without_a_word_is_a_failure);
	return run_case("source life", t);
}
