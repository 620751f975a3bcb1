/* SPDX-License-Identifier: MIT */
/* weir_pipeline_flush and weir_push_flush while another thread runs the pipeline, or steps it. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "engine/engine.h"
#include "support/accounts.h"
#include "support/drive.h"
#include "support/run.h"

#define LONG_MS 60000		/* never passes: a test that waits so long has failed */

/* A sink that holds what it gets while its gate is shut. */
struct gate {
	_Atomic(weir_port *) port;
	weir_delivery *held[2000];
	size_t count;
	atomic_bool is_open, fails;
	atomic_uint flushes, settled;
	void (*on_submit)(void);
};

static enum weir_status gate_open(void *self, weir_port *port, struct weir_error *err)
{
	(void)err;
	atomic_store(&((struct gate *)self)->port, port);
	return WEIR_OK;
}

static enum weir_status gate_submit(void *self, weir_delivery *delivery, struct weir_error *err)
{
	struct gate *gate = self;

	(void)err;
	gate->held[gate->count++] = delivery;
	if (gate->on_submit)
		gate->on_submit();
	if (atomic_load(&gate->is_open))
		weir_port_wake(gate->port);
	return WEIR_OK;
}

static enum weir_status gate_step(void *self, uint64_t now_ms, struct weir_error *err)
{
	struct gate *gate = self;

	(void)now_ms;
	if (atomic_load(&gate->fails))
		return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP, "told to fail");
	while (atomic_load(&gate->is_open) && gate->count) {
		atomic_fetch_add(&gate->settled, 1);
		weir_delivery_done(gate->held[--gate->count]);
	}
	return WEIR_OK;
}

static void gate_flush(void *self)
{
	atomic_fetch_add(&((struct gate *)self)->flushes, 1);
}

static const struct weir_sink_ops gate_ops = { .size = sizeof gate_ops,
					       .open = gate_open,
					       .submit = gate_submit,
					       .step = gate_step,
					       .flush = gate_flush };

struct rig {
	struct gate gate;
	weir_pipeline *pipeline;
	weir_source *push;
	pthread_t runner;
	bool has_runner;
};

static struct rig rig;

static void *run(void *user)
{
	weir_pipeline_run(user);
	return NULL;
}

static void rig_make(bool is_open)
{
	memset(&rig, 0, sizeof rig);
	atomic_init(&rig.gate.is_open, is_open);
	rig.pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .drain_ms = 20));
	rig.push = weir_push_source_add(rig.pipeline, "push", NULL);
	weir_route_add(rig.pipeline, NULL,
		       weir_sink_add(rig.pipeline, "gate", &gate_ops, &rig.gate));
}

static void rig_start(bool is_open, bool by_run)
{
	rig_make(is_open);
	rig.has_runner = by_run;
	if (by_run)
		pthread_create(&rig.runner, NULL, run, rig.pipeline);
	else
		ck_assert_int_eq(weir_pipeline_start(rig.pipeline), WEIR_OK);
	while (!atomic_load(&rig.gate.port))
		sched_yield();
}

static enum weir_status push_one(void)
{
	return weir_push(rig.push, WEIR_WITH(weir_message_init, .body = { "x", 1 },
					     .kind = WEIR_KIND_RECORD));
}

static void open_gate(void)
{
	atomic_store(&rig.gate.is_open, true);
	weir_port_wake(rig.gate.port);
}

static void rig_end(enum weir_status want)
{
	weir_push_end(rig.push);
	if (rig.has_runner)
		pthread_join(rig.runner, NULL);
	else
		ck_assert_int_eq(weir_pipeline_join(rig.pipeline), want);
	check_accounts(rig.pipeline, rig.push);
	weir_pipeline_free(rig.pipeline);
}

/* Until so many are with the sink, or waiting for it. */
static void wait_for_received(uint64_t count)
{
	while (metrics_of(rig.pipeline).all.received < count)
		sched_yield();
}

START_TEST(a_flush_waits_for_the_thread_that_runs_the_pipeline)
{
	rig_start(false, _i);
	push_one();
	wait_for_received(1);
	ck_assert_int_eq(weir_pipeline_flush(rig.pipeline, 5), WEIR_ERR_TIMEOUT);
	ck_assert_int_eq(weir_pipeline_flush(rig.pipeline, 0), WEIR_ERR_TIMEOUT);
	open_gate();
	ck_assert_int_eq(weir_pipeline_flush(rig.pipeline, LONG_MS), WEIR_OK);
	ck_assert_uint_eq(atomic_load(&rig.gate.settled), 1);
	ck_assert_int_eq(weir_pipeline_flush(rig.pipeline, LONG_MS), WEIR_OK);
	rig_end(WEIR_OK);
}
END_TEST

static void *flush(void *user)
{
	*(enum weir_status *)user = weir_pipeline_flush(rig.pipeline, LONG_MS);
	return NULL;
}

START_TEST(flushes_of_several_threads_each_end)
{
	enum weir_status statuses[6];
	pthread_t threads[6];

	rig_start(false, false);
	push_one();
	wait_for_received(1);
	for (unsigned i = 0; i < 6; i++) {
		pthread_create(&threads[i], NULL, flush, &statuses[i]);
		while (atomic_load(&rig.pipeline->flush.asked) <= i ||
		       atomic_load(&rig.gate.flushes) == 0)
			sched_yield();	/* the first has begun, the others wait behind it */
	}
	open_gate();
	for (int i = 0; i < 6; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(statuses[i], WEIR_OK);
	}
	rig_end(WEIR_OK);
}
END_TEST

START_TEST(a_flush_ends_when_the_pipeline_does)
{
	enum weir_status status;
	pthread_t thread;

	rig_start(false, false);
	push_one();
	wait_for_received(1);
	pthread_create(&thread, NULL, flush, &status);
	while (atomic_load(&rig.gate.flushes) == 0)
		sched_yield();
	atomic_store(&rig.gate.fails, _i);
	if (_i)
		weir_port_wake(rig.gate.port);
	else
		weir_pipeline_stop(rig.pipeline);
	pthread_join(thread, NULL);
	ck_assert_int_eq(status, WEIR_ERR_STATE);
	ck_assert_int_eq(weir_pipeline_flush(rig.pipeline, LONG_MS), WEIR_ERR_STATE);
	rig_end(_i ? WEIR_ERR_IO : WEIR_ERR_TIMEOUT);
}
END_TEST

/* Each pushes and flushes: what it pushed is settled then. */
static void *push_and_flush(void *user)
{
	(void)user;
	for (int i = 0; i < 100; i++) {
		const unsigned before = atomic_load(&rig.gate.settled);

		while (push_one() == WEIR_AGAIN)
			sched_yield();
		ck_assert_int_eq(weir_push_flush(rig.push, LONG_MS), WEIR_OK);
		ck_assert_uint_gt(atomic_load(&rig.gate.settled), before);
	}
	return NULL;
}

START_TEST(many_threads_push_and_flush)
{
	pthread_t threads[4];

	rig_start(true, _i);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, push_and_flush, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(atomic_load(&rig.gate.settled), 400);
	rig_end(WEIR_OK);
}
END_TEST

/* ---- where none runs the pipeline */

static struct {
	weir_pipeline *pipeline;
	atomic_uint inside, most_inside, refused;
} stepped;

static enum weir_status take_slowly(void *user, weir_message *message, const char *to,
				    struct weir_error *err)
{
	const unsigned inside = atomic_fetch_add(&stepped.inside, 1) + 1;

	(void)user;
	(void)message;
	(void)to;
	(void)err;
	if (inside > atomic_load(&stepped.most_inside))
		atomic_store(&stepped.most_inside, inside);
	for (int i = 0; i < 20; i++)
		sched_yield();
	atomic_fetch_sub(&stepped.inside, 1);
	return WEIR_OK;
}

static void *flush_often(void *user)
{
	(void)user;
	for (int i = 0; i < 20; i++)
		if (weir_pipeline_flush(stepped.pipeline, LONG_MS) != WEIR_OK)
			atomic_fetch_add(&stepped.refused, 1);
	return NULL;
}

/* One steps, the others wait for it, and for the one that runs the pipeline when there is one. */
START_TEST(threads_that_flush_step_it_one_at_a_time)
{
	pthread_t threads[4], runner;
	weir_source *push;

	memset(&stepped, 0, sizeof stepped);
	stepped.pipeline = weir_pipeline_new(NULL);
	push = weir_push_source_add(stepped.pipeline, "push", NULL);
	weir_route_add(stepped.pipeline, NULL,
		       weir_callback_sink_add(stepped.pipeline, "slow",
					      WEIR_WITH(weir_callback_sink_options,
							.call = take_slowly)));
	for (int i = 0; i < 200; i++)
		weir_push(push, WEIR_WITH(weir_message_init, .body = { "x", 1 },
					  .kind = WEIR_KIND_RECORD));
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, flush_often, NULL);
	if (_i)
		pthread_create(&runner, NULL, run, stepped.pipeline);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	weir_push_end(push);
	if (_i)
		pthread_join(runner, NULL);
	ck_assert_uint_eq(atomic_load(&stepped.refused), 0);
	ck_assert_uint_eq(atomic_load(&stepped.most_inside), 1);
	ck_assert_uint_eq(metrics_of(stepped.pipeline).all.delivered, 200);
	weir_pipeline_free(stepped.pipeline);
}
END_TEST

/* ---- where the application steps it */

static struct {
	pthread_t thread;
	enum weir_status status;
	atomic_bool is_over;
} flusher;

static void *flush_once(void *user)
{
	(void)user;
	flusher.status = weir_pipeline_flush(rig.pipeline, LONG_MS);
	atomic_store(&flusher.is_over, true);
	return NULL;
}

static void start_flusher(void)
{
	atomic_store(&flusher.is_over, false);
	ck_assert_int_eq(pthread_create(&flusher.thread, NULL, flush_once, NULL), 0);
}

static void check_that_no_flush_steps(void)
{
	struct weir__flush *flush = &rig.pipeline->flush;
	bool has_stepper;

	pthread_mutex_lock(&flush->lock);
	has_stepper = flush->has_stepper;
	pthread_mutex_unlock(&flush->lock);
	ck_assert(!has_stepper);
}

/* It holds the lock from the asking on until it waits, or steps. */
static void start_flusher_inside(void)
{
	start_flusher();
	while (atomic_load(&rig.pipeline->flush.asked) == 0)
		sched_yield();
	check_that_no_flush_steps();
}

static void step_until_flushed(void)
{
	while (!atomic_load(&flusher.is_over)) {
		ck_assert_int_eq(weir_pipeline_step(rig.pipeline), WEIR_OK);
		sched_yield();
	}
	pthread_join(flusher.thread, NULL);
	ck_assert_int_eq(flusher.status, WEIR_OK);
	ck_assert_uint_eq(atomic_load(&rig.gate.settled), 1);
}

static void step_to_the_end(void)
{
	enum weir_status status = WEIR_OK;

	weir_push_end(rig.push);
	while (status == WEIR_OK)
		status = weir_pipeline_step(rig.pipeline);
	ck_assert_int_eq(status, WEIR_END);
	check_accounts(rig.pipeline, rig.push);
	weir_pipeline_free(rig.pipeline);
}

START_TEST(a_flush_waits_for_the_thread_that_steps_the_pipeline)
{
	rig_make(true);
	rig.gate.on_submit = start_flusher_inside;
	push_one();
	ck_assert_int_eq(weir_pipeline_step(rig.pipeline), WEIR_OK);
	step_until_flushed();
	step_to_the_end();
}
END_TEST

/* By its first step, or by asking when that is to be. */
START_TEST(a_loop_that_begins_takes_over_from_a_flush_that_steps)
{
	rig_make(false);
	push_one();
	start_flusher();
	while (atomic_load(&rig.gate.flushes) == 0)
		sched_yield();
	if (_i)
		weir_pipeline_timeout_ms(rig.pipeline);
	else
		ck_assert_int_eq(weir_pipeline_step(rig.pipeline), WEIR_OK);
	check_that_no_flush_steps();
	open_gate();
	step_until_flushed();
	step_to_the_end();
}
END_TEST

static void *step_once(void *user)
{
	*(enum weir_status *)user = weir_pipeline_step(rig.pipeline);
	return NULL;
}

START_TEST(a_flush_of_the_thread_that_stepped_last_steps)
{
	enum weir_status status;
	pthread_t thread;

	rig_make(true);
	push_one();
	pthread_create(&thread, NULL, step_once, &status);
	pthread_join(thread, NULL);
	ck_assert_int_eq(status, WEIR_OK);
	if (_i)
		ck_assert_int_eq(weir_pipeline_step(rig.pipeline), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_flush(rig.pipeline, _i ? LONG_MS : 5),
			 _i ? WEIR_OK : WEIR_ERR_TIMEOUT);
	step_to_the_end();
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, a_flush_waits_for_the_thread_that_runs_the_pipeline, 0, 2);
	tcase_add_test(t, flushes_of_several_threads_each_end);
	tcase_add_loop_test(t, a_flush_ends_when_the_pipeline_does, 0, 2);
	tcase_add_loop_test(t, many_threads_push_and_flush, 0, 2);
	tcase_add_loop_test(t, threads_that_flush_step_it_one_at_a_time, 0, 2);
	tcase_add_test(t, a_flush_waits_for_the_thread_that_steps_the_pipeline);
	tcase_add_loop_test(t, a_loop_that_begins_takes_over_from_a_flush_that_steps, 0, 2);
	tcase_add_loop_test(t, a_flush_of_the_thread_that_stepped_last_steps, 0, 2);
	return run_case("flush threads", t);
}
