/* SPDX-License-Identifier: MIT */
/* weir_push_wait and weir_push_flush: what they answer, and that nothing leaks. */
#include <check.h>
#include <pthread.h>
#include <sched.h>

#include "support/drive.h"
#include "support/run.h"
#include "support/wait_rig.h"

/* ---- what it answers */

static const struct {
	const char *name;
	enum wait_mode mode;
	unsigned kind;
	enum weir_outcome want;
} outcomes[] = {
	{ "delivered", WAIT_DELIVER, WEIR_KIND_RECORD, WEIR_OUTCOME_DELIVERED },
	{ "dead letter", WAIT_SKIP, WEIR_KIND_RECORD, WEIR_OUTCOME_DEAD_LETTERED },
	{ "dropped", WAIT_DELIVER, WEIR_KIND_DELETE, WEIR_OUTCOME_DROPPED },
};

START_TEST(a_wait_tells_what_became_of_the_message)
{
	struct weir_message_init init = wait_record;
	enum weir_outcome outcome = WEIR_OUTCOME_COUNT;

	init.kind = outcomes[_i].kind;
	wait_rig_begin(outcomes[_i].mode, 0);
	wait_rig_start();
	ck_assert_int_eq(weir_push_wait(wait_rig.push, &init, LONG_MS, &outcome), WEIR_OK);
	ck_assert_msg(outcome == outcomes[_i].want, "%s: %s", outcomes[_i].name,
		      weir_outcome_name(outcome));
	ck_assert_int_eq(weir_push_wait(wait_rig.push, &init, LONG_MS, NULL), WEIR_OK);
	ck_assert_int_eq(weir_push_flush(wait_rig.push, LONG_MS), WEIR_OK);
	ck_assert_uint_eq(atomic_load(&wait_rig.told[outcome]), 2);
	wait_rig_end(WEIR_OK);
}
END_TEST

START_TEST(a_wait_ends_by_its_deadline_and_the_message_goes_on)
{
	enum weir_outcome outcome = WEIR_OUTCOME_COUNT;

	wait_rig_begin(WAIT_HOLD, 0);
	wait_rig_start();
	ck_assert_int_eq(weir_push_wait(wait_rig.push, &wait_record, 5, &outcome),
			 WEIR_ERR_TIMEOUT);
	ck_assert_int_eq(weir_push_wait(wait_rig.push, &wait_record, 0, NULL), WEIR_ERR_TIMEOUT);
	ck_assert_int_eq(outcome, WEIR_OUTCOME_COUNT);
	atomic_store(&wait_rig.mode, WAIT_DELIVER);
	ck_assert_int_eq(weir_push_flush(wait_rig.push, LONG_MS), WEIR_OK);
	ck_assert_uint_eq(atomic_load(&wait_rig.told[WEIR_OUTCOME_DELIVERED]), 2);
	wait_rig_end(WEIR_OK);
}
END_TEST

static void release(void *owner)
{
	atomic_fetch_add((atomic_uint *)owner, 1);
}

START_TEST(no_room_in_time_takes_nothing)
{
	struct weir_message_init init = wait_record;
	atomic_uint released = 0;

	init.release = release;
	init.owner = &released;
	wait_rig_begin(WAIT_DELIVER, 1);
	ck_assert_int_eq(weir_push(wait_rig.push, &wait_record), WEIR_OK);
	ck_assert_int_eq(weir_push_wait(wait_rig.push, &init, 5, NULL), WEIR_AGAIN);
	ck_assert_int_eq(weir_push_wait(wait_rig.push, &init, 0, NULL), WEIR_AGAIN);
	ck_assert_uint_eq(atomic_load(&released), 0);
	wait_rig_start();
	ck_assert_int_eq(weir_push_wait(wait_rig.push, &init, LONG_MS, NULL), WEIR_OK);
	wait_rig_end(WEIR_OK);
	ck_assert_uint_eq(atomic_load(&released), 1);
}
END_TEST

START_TEST(room_that_comes_in_time_is_taken)
{
	struct waiter waiters[3];

	wait_rig_begin(WAIT_HOLD, 1);
	ck_assert_int_eq(weir_push(wait_rig.push, &wait_record), WEIR_OK);
	for (int i = 0; i < 3; i++)
		waiter_start(&waiters[i], 1);
	wait_rig_start();
	atomic_store(&wait_rig.mode, WAIT_DELIVER);
	for (int i = 0; i < 3; i++)
		waiter_check(&waiters[i], WEIR_OK, WEIR_OUTCOME_DELIVERED);
	wait_rig_end(WEIR_OK);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
	struct weir_message_init odd = wait_record;

	wait_rig_begin(WAIT_DELIVER, 0);
	odd.kind = 3;
	ck_assert_int_eq(weir_push_wait(NULL, &wait_record, 0, NULL), WEIR_ERR_INVALID);
	ck_assert_int_eq(weir_push_wait(wait_rig.push, NULL, 0, NULL), WEIR_ERR_INVALID);
	ck_assert_int_eq(weir_push_wait(wait_rig.push, &odd, 0, NULL), WEIR_ERR_INVALID);
	ck_assert_int_eq(weir_push_flush(NULL, 0), WEIR_ERR_INVALID);
	wait_rig_free();
}
END_TEST

/* ---- from inside */

static unsigned asked_inside;

static void check_inside(void)
{
	ck_assert_int_eq(weir_push_wait(wait_rig.push, &wait_record, LONG_MS, NULL),
			 WEIR_ERR_STATE);
	ck_assert_int_eq(weir_push_flush(wait_rig.push, LONG_MS), WEIR_ERR_STATE);
	asked_inside++;
}

static enum weir_status wait_inside(void *user, weir_message *message, const char *to,
				    struct weir_error *err)
{
	(void)user;
	(void)message;
	(void)to;
	(void)err;
	check_inside();
	return WEIR_OK;
}

static void outcome_inside(void *user, weir_message *message, enum weir_outcome outcome)
{
	(void)user;
	(void)message;
	(void)outcome;
	check_inside();
}

static void settled_inside(void *user, struct weir_position upto)
{
	(void)user;
	(void)upto;
	check_inside();
}

static enum weir_status emit_one(void *self, weir_outlet *outlet, uint64_t now_ms,
				 struct weir_error *err)
{
	const enum weir_status status = weir_outlet_emit(outlet, &wait_record, NULL, err);

	(void)self;
	(void)now_ms;
	return status < 0 ? status : WEIR_END;
}

/* Also before the push source is stepped for the first time: the other one comes before it. */
START_TEST(a_wait_from_inside_a_callback_is_refused)
{
	static const struct weir_source_ops ops = { .size = sizeof ops, .step = emit_one };

	asked_inside = 0;
	wait_rig.pipeline = weir_pipeline_new(
		WEIR_WITH(weir_pipeline_options, .on_outcome = outcome_inside));
	weir_source_add(wait_rig.pipeline, "first", &ops, NULL);
	wait_rig.push = weir_push_source_add(
		wait_rig.pipeline, "push",
		WEIR_WITH(weir_push_source_options, .on_settled = settled_inside));
	weir_route_add(wait_rig.pipeline, NULL,
		       weir_callback_sink_add(wait_rig.pipeline, "out",
					      WEIR_WITH(weir_callback_sink_options,
							.call = wait_inside)));
	ck_assert_int_eq(weir_push(wait_rig.push, &wait_record), WEIR_OK);
	weir_push_end(wait_rig.push);
	ck_assert_int_eq(weir_pipeline_run(wait_rig.pipeline), WEIR_OK);
	ck_assert_uint_eq(asked_inside, 5);
	weir_pipeline_free(wait_rig.pipeline);
}
END_TEST

/* ---- many */

static void *wait_for_many(void *user)
{
	unsigned *settled = user;

	for (int i = 0; i < 200; i++) {
		enum weir_outcome outcome = WEIR_OUTCOME_COUNT;
		const enum weir_status status =
			weir_push_wait(wait_rig.push, &wait_record, i % 10 ? LONG_MS : 0, &outcome);

		ck_assert(status == WEIR_OK || (i % 10 == 0 && (status == WEIR_ERR_TIMEOUT ||
								status == WEIR_AGAIN)));
		ck_assert_int_eq(outcome, status == WEIR_OK ? WEIR_OUTCOME_DELIVERED
							    : WEIR_OUTCOME_COUNT);
		*settled += status != WEIR_AGAIN;
	}
	return NULL;
}

START_TEST(many_threads_wait_each_for_its_own)
{
	pthread_t threads[4];
	unsigned settled[4] = { 0 };

	wait_rig_begin(WAIT_DELIVER, 2);
	wait_rig_start();
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, wait_for_many, &settled[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(weir_push_flush(wait_rig.push, LONG_MS), WEIR_OK);
	ck_assert_uint_eq(atomic_load(&wait_rig.told[WEIR_OUTCOME_DELIVERED]),
			  settled[0] + settled[1] + settled[2] + settled[3]);
	wait_rig_end(WEIR_OK);
}
END_TEST

/* ---- flush */

START_TEST(a_flush_of_a_source_waits_for_its_queue_too)
{
	wait_rig_begin(WAIT_HOLD, 0);
	wait_rig_start();
	ck_assert_int_eq(weir_push_flush(wait_rig.push, LONG_MS), WEIR_OK);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(weir_push(wait_rig.push, &wait_record), WEIR_OK);
	ck_assert_int_eq(weir_push_flush(wait_rig.push, 5), WEIR_ERR_TIMEOUT);
	atomic_store(&wait_rig.mode, WAIT_DELIVER);
	ck_assert_int_eq(weir_push_flush(wait_rig.push, LONG_MS), WEIR_OK);
	ck_assert_uint_eq(atomic_load(&wait_rig.told[WEIR_OUTCOME_DELIVERED]), 20);
	wait_rig_end(WEIR_OK);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_set_timeout(t, 30);
	LOOP(t, a_wait_tells_what_became_of_the_message, outcomes);
	tcase_add_test(t, a_wait_ends_by_its_deadline_and_the_message_goes_on);
	tcase_add_test(t, no_room_in_time_takes_nothing);
	tcase_add_test(t, room_that_comes_in_time_is_taken);
	tcase_add_test(t, what_makes_no_sense_is_refused);
	tcase_add_test(t, a_wait_from_inside_a_callback_is_refused);
	tcase_add_test(t, many_threads_wait_each_for_its_own);
	tcase_add_test(t, a_flush_of_a_source_waits_for_its_queue_too);
	return run_case("push wait", t);
}
