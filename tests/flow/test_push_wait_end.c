/* SPDX-License-Identifier: MIT */
/* Whoever waits in weir_push_wait or weir_push_flush is told of the end, however it comes. */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include "support/drive.h"
#include "support/run.h"
#include "support/wait_rig.h"

/* ---- the end of the pipeline */

static const struct {
	const char *name;
	enum weir_status want;
} ends[] = {
	{ "end", WEIR_OK },
	{ "stop", WEIR_ERR_TIMEOUT },
	{ "failure", WEIR_ERR_IO },
};

static void end_it(int row)
{
	if (row == 0) {
		weir_push_end(wait_rig.push);
		atomic_store(&wait_rig.mode, WAIT_DELIVER);
	} else if (row == 1) {
		weir_pipeline_stop(wait_rig.pipeline);
	} else {
		atomic_store(&wait_rig.mode, WAIT_STOP);
	}
}

START_TEST(who_waits_to_be_settled_is_told_at_the_end)
{
	struct waiter waiter;

	wait_rig_begin(WAIT_HOLD, 0);
	wait_rig_start();
	waiter_start(&waiter, 2);
	while (metrics_of(wait_rig.pipeline).all.received == 0)
		sched_yield();
	end_it(_i);
	waiter_check(&waiter, WEIR_OK, _i ? WEIR_OUTCOME_LEFT : WEIR_OUTCOME_DELIVERED);
	wait_rig_end(ends[_i].want);
}
END_TEST

/* The window takes four, the queue one more: the last one waits for room. */
START_TEST(who_waits_for_room_is_told_at_the_end)
{
	struct waiter waiter;

	wait_rig_begin(WAIT_HOLD, 1);
	wait_rig_start();
	for (int i = 0; i < 5; i++)
		while (weir_push(wait_rig.push, &wait_record) == WEIR_AGAIN)
			sched_yield();
	waiter_start(&waiter, 1);
	end_it(_i);
	waiter_check(&waiter, WEIR_ERR_STATE, WEIR_OUTCOME_COUNT);
	wait_rig_end(ends[_i].want);
}
END_TEST

START_TEST(who_waits_in_the_queue_is_told_at_the_end)
{
	struct waiter waiter;

	wait_rig_begin(WAIT_HOLD, 1);
	wait_rig_start();
	for (int i = 0; i < 4; i++)
		while (weir_push(wait_rig.push, &wait_record) == WEIR_AGAIN)
			sched_yield();
	while (metrics_of(wait_rig.pipeline).all.received < 4)
		sched_yield();
	waiter_start(&waiter, 2);
	end_it(_i);
	waiter_check(&waiter, WEIR_OK, _i ? WEIR_OUTCOME_LEFT : WEIR_OUTCOME_DELIVERED);
	wait_rig_end(ends[_i].want);
}
END_TEST

static enum weir_status fail_to_open(void *self, weir_port *port, struct weir_error *err)
{
	(void)self;
	(void)port;
	return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP, "told to fail");
}

static enum weir_status never_called(void *self, weir_delivery *delivery, struct weir_error *err)
{
	(void)self;
	(void)delivery;
	return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP, "not open");
}

START_TEST(who_waits_is_told_when_the_source_is_never_opened)
{
	static const struct weir_sink_ops ops = { .size = sizeof ops,
						  .open = fail_to_open,
						  .submit = never_called };
	struct waiter waiter;

	wait_rig_begin(WAIT_DELIVER, 0);
	if (_i)
		weir_sink_add(wait_rig.pipeline, "bad", &ops, NULL);
	else
		weir_pipeline_stop(wait_rig.pipeline);
	waiter_start(&waiter, 2);
	ck_assert_int_eq(weir_pipeline_run(wait_rig.pipeline), _i ? WEIR_ERR_IO : WEIR_OK);
	waiter_check(&waiter, WEIR_OK, WEIR_OUTCOME_LEFT);
	ck_assert_int_eq(weir_push_flush(wait_rig.push, LONG_MS), WEIR_ERR_STATE);
	ck_assert_int_eq(weir_push_wait(wait_rig.push, &wait_record, LONG_MS, NULL),
			 WEIR_ERR_STATE);
	wait_rig_free();
}
END_TEST

/* One allocation of the step that takes the message in fails, the next one in the next round. */
START_TEST(who_waits_is_told_when_memory_runs_out)
{
	bool has_failed = true;

	for (long n = 1; has_failed; n++) {
		struct pollfd woken = { .events = POLLIN };
		struct waiter waiter;

		wait_rig_begin(WAIT_HOLD, 0);
		for (int i = 0; i < 2; i++)
			ck_assert_int_eq(weir_pipeline_step(wait_rig.pipeline), WEIR_OK);
		woken.fd = weir_pipeline_fd(wait_rig.pipeline);
		waiter_start(&waiter, 2);
		ck_assert_int_eq(poll(&woken, 1, LONG_MS), 1);
		atomic_store(&wait_rig.fail_at, atomic_load(&wait_rig.calls) + n);
		weir_pipeline_step(wait_rig.pipeline);
		has_failed = atomic_load(&wait_rig.calls) >= atomic_load(&wait_rig.fail_at);
		ck_assert(has_failed || n > 2);
		weir_pipeline_stop(wait_rig.pipeline);
		ck_assert_int_eq(weir_pipeline_run(wait_rig.pipeline),
				 has_failed ? WEIR_ERR_NOMEM : WEIR_ERR_TIMEOUT);
		waiter_check(&waiter, WEIR_OK, WEIR_OUTCOME_LEFT);
		wait_rig_free();
	}
}
END_TEST

/* ---- several */

START_TEST(a_stop_amid_waits_of_many_threads_answers_each)
{
	struct waiter waiters[8];

	wait_rig_begin(WAIT_HOLD, 1);
	wait_rig_start();
	for (int i = 0; i < 8; i++)
		waiter_start(&waiters[i], 1);
	weir_pipeline_stop(wait_rig.pipeline);
	for (int i = 0; i < 8; i++) {
		pthread_join(waiters[i].thread, NULL);
		ck_assert(waiters[i].status == WEIR_ERR_STATE ||
			  (waiters[i].status == WEIR_OK &&
			   waiters[i].outcome == WEIR_OUTCOME_LEFT));
	}
	weir_pipeline_join(wait_rig.pipeline);
	wait_rig_free();
}
END_TEST

static void *flush(void *user)
{
	*(enum weir_status *)user = weir_push_flush(wait_rig.push, LONG_MS);
	return NULL;
}

START_TEST(a_flush_of_a_source_ends_when_the_pipeline_does)
{
	enum weir_status status;
	pthread_t thread;

	wait_rig_begin(WAIT_HOLD, 0);
	wait_rig_start();
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(weir_push(wait_rig.push, &wait_record), WEIR_OK);
	pthread_create(&thread, NULL, flush, &status);
	end_it(_i);
	pthread_join(thread, NULL);
	ck_assert_int_eq(status, _i ? WEIR_ERR_STATE : WEIR_OK);
	wait_rig_end(ends[_i].want);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_set_timeout(t, 30);
	LOOP(t, who_waits_to_be_settled_is_told_at_the_end, ends);
	LOOP(t, who_waits_for_room_is_told_at_the_end, ends);
	LOOP(t, who_waits_in_the_queue_is_told_at_the_end, ends);
	tcase_add_loop_test(t, who_waits_is_told_when_the_source_is_never_opened, 0, 2);
	tcase_add_test(t, who_waits_is_told_when_memory_runs_out);
	tcase_add_test(t, a_stop_amid_waits_of_many_threads_answers_each);
	LOOP(t, a_flush_of_a_source_ends_when_the_pipeline_does, ends);
	return run_case("push wait: the end", t);
}
