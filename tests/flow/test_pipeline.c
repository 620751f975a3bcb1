/* SPDX-License-Identifier: MIT */
/* The pipeline's life: construction, three ways to run, stop in every state, the drain. */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "support/flow.h"
#include "support/run.h"

static struct flow flow;

static const char body[] = "{\"delete\":{\"status\":{\"id\":1,\"id_str\":\"1\"}}}";

static void begin(const struct weir_pipeline_options *options, size_t messages)
{
	flow_begin(&flow, options);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "t"), flow.sink);
	for (size_t i = 0; i < messages; i++)
		flow_feed(&flow, body);
}

static const char *error_text(void)
{
	return weir_pipeline_error(flow.pipeline)->text;
}

/* ---- construction */

START_TEST(the_first_failure_stays_and_run_returns_it)
{
	begin(NULL, 1);
	ck_assert_ptr_null(weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "x"), NULL));
	ck_assert_ptr_null(
		weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "{"), flow.sink));
	ck_assert_ptr_nonnull(strstr(error_text(), "no sink"));
	ck_assert_int_eq(weir_pipeline_run(flow.pipeline), WEIR_ERR_INVALID);
	ck_assert_int_eq(weir_pipeline_state(flow.pipeline), WEIR_STATE_FAILED);
	ck_assert_uint_eq(flow.in.opens + flow.out.opens, 0);
	flow_end(&flow);
}
END_TEST

START_TEST(every_call_takes_a_null_pipeline)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);

	ck_assert_ptr_null(weir_pipeline_free(NULL));
	ck_assert_ptr_null(weir_route_add(NULL, WEIR_WITH(weir_route, .to = "x"), NULL));
	ck_assert_ptr_null(weir_source_add(NULL, "x", NULL, NULL));
	ck_assert_ptr_null(weir_sink_add(NULL, "x", NULL, NULL));
	ck_assert_int_eq(weir_pipeline_run(NULL), WEIR_ERR_NOMEM);
	ck_assert_int_eq(weir_pipeline_start(NULL), WEIR_ERR_NOMEM);
	ck_assert_int_eq(weir_pipeline_step(NULL), WEIR_ERR_NOMEM);
	ck_assert_int_eq(weir_pipeline_error(NULL)->status, WEIR_ERR_NOMEM);
	ck_assert_int_eq(weir_pipeline_fd(NULL), -1);
	ck_assert_ptr_null(weir_pipeline_env(NULL));
	weir_pipeline_stop(NULL);
	weir_pipeline_metrics(NULL, &metrics);
	ck_assert_uint_eq(metrics.all.received, 0);
	ck_assert_uint_eq(weir_metrics_write(NULL, NULL, 0), 0);
}
END_TEST

START_TEST(a_pipeline_without_a_source_says_so)
{
	weir_pipeline *p = weir_pipeline_new(NULL);

	ck_assert_int_eq(weir_pipeline_run(p), WEIR_ERR_INVALID);
	ck_assert_str_eq(weir_pipeline_error(p)->text, "the pipeline has no source; add one");
	weir_pipeline_free(p);
}
END_TEST

static const struct {
	const char *name;
	struct weir_pipeline_options options;
	const char *want;
} bad_options[] = {
	{ "unrouted out of range",
	  { .size = sizeof(struct weir_pipeline_options), .unrouted = (enum weir_unrouted)7 },
	  "unrouted is 7" },
	{ "retry bounds the wrong way round",
	  { .size = sizeof(struct weir_pipeline_options), .retry_first_ms = 5, .retry_most_ms = 1 },
	  "retry_first_ms is above retry_most_ms" },
	{ "a window beyond reason",
	  { .size = sizeof(struct weir_pipeline_options), .window_messages = UINT64_MAX },
	  "window_messages is above 4294967296" },
	{ "no size", { .size = 0 }, "size is 0" },
};

START_TEST(wrong_options_are_remembered_until_run)
{
	weir_pipeline *p = weir_pipeline_new(&bad_options[_i].options);

	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(weir_pipeline_run(p), WEIR_ERR_INVALID);
	ck_assert_msg(strstr(weir_pipeline_error(p)->text, bad_options[_i].want), "%s: %s",
		      bad_options[_i].name, weir_pipeline_error(p)->text);
	weir_pipeline_free(p);
}
END_TEST

START_TEST(options_of_another_release_are_read_by_their_size)
{
	struct {
		struct weir_pipeline_options known;
		uint64_t unknown;
	} newer = { .known = { .size = sizeof newer } };
	weir_pipeline *p = weir_pipeline_new(&newer.known);

	ck_assert_int_eq(weir_pipeline_error(p)->status, WEIR_OK);
	weir_pipeline_free(p);
	newer.unknown = 1;
	p = weir_pipeline_new(&newer.known);
	ck_assert_int_eq(weir_pipeline_error(p)->status, WEIR_ERR_INVALID);
	weir_pipeline_free(p);
}
END_TEST

/* ---- ways to run */

START_TEST(run_blocks_until_all_is_settled)
{
	begin(NULL, 3);
	ck_assert_int_eq(weir_pipeline_run(flow.pipeline), WEIR_OK);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 3);
	ck_assert_int_eq(weir_pipeline_step(flow.pipeline), WEIR_END);
	ck_assert_int_eq(weir_pipeline_run(flow.pipeline), WEIR_OK);
	flow_end(&flow);
}
END_TEST

START_TEST(start_runs_on_a_thread_that_join_waits_for)
{
	begin(NULL, 3);
	ck_assert_int_eq(weir_pipeline_start(flow.pipeline), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_start(flow.pipeline), WEIR_ERR_STATE);
	ck_assert_int_eq(weir_pipeline_join(flow.pipeline), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_join(flow.pipeline), WEIR_ERR_STATE);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 3);
	flow_end(&flow);
}
END_TEST

START_TEST(freeing_a_pipeline_with_a_thread_stops_and_joins_it)
{
	begin(NULL, 1);
	flow.in.stays = true;
	ck_assert_int_eq(weir_pipeline_start(flow.pipeline), WEIR_OK);
	flow_end(&flow);
}
END_TEST

START_TEST(an_application_s_loop_is_woken_through_the_descriptor)
{
	struct pollfd wait;

	begin(NULL, 1);
	flow.in.stays = true;
	flow.out.then = FLOW_HOLD;
	wait = (struct pollfd){ .fd = weir_pipeline_fd(flow.pipeline), .events = POLLIN };
	ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), 0);
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), -1);
	ck_assert_int_eq(poll(&wait, 1, 0), 0);
	weir_port_wake(flow.in.port);
	ck_assert_int_eq(poll(&wait, 1, 0), 1);
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	ck_assert_uint_eq(flow.in.steps, 2);
	ck_assert_int_eq(poll(&wait, 1, 0), 0);
	flow_sink_done(&flow.out, 0);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(poll(&wait, 1, 0), 1);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

static void *run_other(void *user)
{
	static struct flow other;
	size_t *delivered = user;

	flow_begin(&other, NULL);
	weir_route_add(other.pipeline, WEIR_WITH(weir_route, .to = "t"), other.sink);
	for (int i = 0; i < 100; i++)
		flow_feed(&other, body);
	weir_pipeline_run(other.pipeline);
	*delivered = flow_metrics(&other).all.delivered;
	flow_end(&other);
	return NULL;
}

START_TEST(two_pipelines_in_two_threads_share_nothing)
{
	size_t delivered = 0;
	pthread_t thread;

	begin(NULL, 100);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_other, &delivered), 0);
	ck_assert_int_eq(weir_pipeline_run(flow.pipeline), WEIR_OK);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(delivered, 100);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 100);
	flow_end(&flow);
}
END_TEST

/* ---- stop */

START_TEST(stop_before_the_start_opens_nothing)
{
	begin(NULL, 3);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow.in.opens + flow.out.opens, 0);
	ck_assert_int_eq(weir_pipeline_state(flow.pipeline), WEIR_STATE_FINISHED);
	flow_end(&flow);
}
END_TEST

START_TEST(stop_closes_sources_at_once_and_waits_for_the_sinks)
{
	begin(NULL, 2);
	flow.in.stays = true;
	flow.out.then = FLOW_HOLD;
	flow_step(&flow);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	ck_assert_uint_eq(flow.in.closes, 1);
	ck_assert_uint_eq(flow.out.flushes, 1);
	ck_assert_int_eq(weir_pipeline_state(flow.pipeline), WEIR_STATE_DRAINING);
	flow_sink_done(&flow.out, 0);
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_step(&flow), WEIR_END);
	ck_assert_uint_eq(flow.in.acks[flow.in.ack_count - 1].offset, 2);
	flow_end(&flow);
}
END_TEST

START_TEST(a_stop_gives_up_at_its_deadline_and_says_how_many)
{
	uint64_t begun;

	begin(WEIR_WITH(weir_pipeline_options, .drain_ms = 700), 3);
	flow.in.stays = true;
	flow.out.then = FLOW_HOLD;
	flow_step(&flow);
	flow_sink_done(&flow.out, 0);
	weir_pipeline_stop(flow.pipeline);
	begun = flow.fake.monotonic_ms;
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_TIMEOUT);
	ck_assert_uint_eq(flow.fake.monotonic_ms - begun, 700);
	ck_assert_str_eq(error_text(), "stopped: 1 messages delivered, 2 not acknowledged within 700 ms");
	ck_assert_uint_eq(flow_metrics(&flow).all.in_flight, 2);
	flow_end(&flow);
}
END_TEST

START_TEST(stop_ends_the_wait_of_a_retry)
{
	begin(WEIR_WITH(weir_pipeline_options, .drain_ms = 500, .retry_first_ms = 60000,
			.retry_most_ms = 60000),
	      1);
	flow.in.stays = true;
	flow.out.then = FLOW_RETRY;
	flow_step(&flow);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_TIMEOUT);
	flow_end(&flow);
}
END_TEST

START_TEST(a_drain_without_stop_waits_as_long_as_it_takes)
{
	begin(WEIR_WITH(weir_pipeline_options, .drain_ms = 10), 1);
	flow.out.then = FLOW_HOLD;
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	fake_env_advance(&flow.fake, 3600000);
	ck_assert_int_eq(flow_step(&flow), WEIR_OK);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_TIMEOUT);
	flow_end(&flow);
}
END_TEST

static weir_pipeline *to_stop;

static void stop_in_handler(int signal_number)
{
	(void)signal_number;
	weir_pipeline_stop(to_stop);
}

static void *kill_after_start(void *user)
{
	const pthread_t *runner = user;

	while (flow_metrics(&flow).all.delivered == 0)
		sched_yield();
	pthread_kill(*runner, SIGUSR1);
	return NULL;
}

START_TEST(stop_works_from_a_signal_handler)
{
	const struct sigaction action = { .sa_handler = stop_in_handler };
	pthread_t runner = pthread_self(), killer;

	begin(NULL, 1);
	flow.in.stays = true;
	to_stop = flow.pipeline;
	sigaction(SIGUSR1, &action, NULL);
	ck_assert_int_eq(pthread_create(&killer, NULL, kill_after_start, &runner), 0);
	ck_assert_int_eq(weir_pipeline_run(flow.pipeline), WEIR_OK);
	pthread_join(killer, NULL);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	flow_end(&flow);
}
END_TEST

/* ---- states and metrics */

static enum weir_state seen[8];
static size_t seen_count;

static void note_state(void *user, weir_pipeline *pipeline, enum weir_state state)
{
	(void)pipeline;
	ck_assert_ptr_eq(user, seen);
	seen[seen_count++] = state;
}

START_TEST(every_change_of_state_is_told)
{
	seen_count = 0;
	begin(WEIR_WITH(weir_pipeline_options, .on_state = note_state, .user = seen), 1);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(seen_count, 3);
	ck_assert_int_eq(seen[0], WEIR_STATE_RUNNING);
	ck_assert_int_eq(seen[1], WEIR_STATE_DRAINING);
	ck_assert_int_eq(seen[2], WEIR_STATE_FINISHED);
	flow_end(&flow);
}
END_TEST

START_TEST(metrics_come_as_prometheus_text)
{
	char text[32768], cut[64];
	size_t len;

	begin(NULL, 2);
	flow_run(&flow);
	len = weir_metrics_write(flow.pipeline, text, sizeof text);
	ck_assert_uint_lt(len, sizeof text);
	ck_assert_uint_eq(len, strlen(text));
	ck_assert_ptr_nonnull(strstr(text, "# TYPE weir_received_total counter\n"
					   "weir_received_total 2\n"));
	ck_assert_ptr_nonnull(strstr(text, "weir_kind_delivered_total{kind=\"delete\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(text, "weir_source_received_total{source=\"in\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(text, "weir_sink_delivered_total{sink=\"out\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(text, "weir_route_matched_total{route=\"route 1\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(text, "{source=\"in\",cause=\"stalled\"} 0\n"));
	ck_assert_uint_eq(weir_metrics_write(flow.pipeline, cut, sizeof cut), len);
	ck_assert_uint_eq(strlen(cut), sizeof cut - 1);
	flow_end(&flow);
}
END_TEST

static void leave_where_it_is(void *owner)
{
	(void)owner;
}

START_TEST(a_steady_stream_takes_no_memory_per_message)
{
	size_t calls;

	begin(WEIR_WITH(weir_pipeline_options, .window_messages = 16), 50);
	flow.in.stays = true;
	for (size_t i = 0; i < 50; i++)
		flow.in.items[i].release = leave_where_it_is;
	flow_run(&flow);
	calls = flow.fake.calls;
	for (int i = 0; i < 100; i++) {
		flow.in.next = 0;
		flow.in.count = 20;
		flow.out.log_len = 0;
		weir_port_wake(flow.in.port);
		flow_run(&flow);
	}
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 50 + 100 * 20);
	ck_assert_uint_eq(flow.fake.calls, calls);
	weir_pipeline_stop(flow.pipeline);
	flow_run(&flow);
	flow_end(&flow);
}
END_TEST

START_TEST(a_large_block_that_was_kept_goes_back_when_it_is_not_needed)
{
	enum { LARGE = 100000 };
	static char name[LARGE];
	size_t before;

	memset(name, 'n', sizeof name - 1);
	begin(NULL, 1);
	flow.in.stays = true;
	flow.in.items[0].origin = name;
	flow_run(&flow);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	before = flow.fake.live_bytes;
	for (int i = 0; i < 2; i++) {
		flow.fake.monotonic_ms += 10000;
		weir_port_wake(flow.in.port);
		flow_run(&flow);
	}
	ck_assert_uint_le(flow.fake.live_bytes, before - LARGE);
	weir_pipeline_stop(flow.pipeline);
	flow_run(&flow);
	flow_end(&flow);
}
END_TEST

START_TEST(a_metrics_struct_of_another_size_is_not_overrun)
{
	struct {
		struct weir_sink_metrics metrics;
		uint64_t beyond;
	} small = { .metrics = { .size = 2 * sizeof(uint64_t), .delivered = 77 }, .beyond = 99 };

	begin(NULL, 2);
	flow_run(&flow);
	weir_sink_metrics(flow.sink, &small.metrics);
	ck_assert_uint_eq(small.metrics.submitted, 2);
	ck_assert_uint_eq(small.metrics.delivered, 77);
	ck_assert_uint_eq(small.beyond, 99);
	flow_end(&flow);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("life");

	tcase_add_test(t, the_first_failure_stays_and_run_returns_it);
	tcase_add_test(t, every_call_takes_a_null_pipeline);
	tcase_add_test(t, a_pipeline_without_a_source_says_so);
	LOOP(t, wrong_options_are_remembered_until_run, bad_options);
	tcase_add_test(t, options_of_another_release_are_read_by_their_size);
	tcase_add_test(t, run_blocks_until_all_is_settled);
	tcase_add_test(t, start_runs_on_a_thread_that_join_waits_for);
	tcase_add_test(t, freeing_a_pipeline_with_a_thread_stops_and_joins_it);
	tcase_add_test(t, an_application_s_loop_is_woken_through_the_descriptor);
	tcase_add_test(t, two_pipelines_in_two_threads_share_nothing);
	tcase_add_test(t, stop_before_the_start_opens_nothing);
	tcase_add_test(t, stop_closes_sources_at_once_and_waits_for_the_sinks);
	tcase_add_test(t, a_stop_gives_up_at_its_deadline_and_says_how_many);
	tcase_add_test(t, stop_ends_the_wait_of_a_retry);
	tcase_add_test(t, a_drain_without_stop_waits_as_long_as_it_takes);
	tcase_add_test(t, stop_works_from_a_signal_handler);
	tcase_add_test(t, every_change_of_state_is_told);
	tcase_add_test(t, metrics_come_as_prometheus_text);
	tcase_add_test(t, a_steady_stream_takes_no_memory_per_message);
	tcase_add_test(t, a_large_block_that_was_kept_goes_back_when_it_is_not_needed);
	tcase_add_test(t, a_metrics_struct_of_another_size_is_not_overrun);
	return run_case("pipeline", t);
}
