/* SPDX-License-Identifier: MIT */
/* A pushed-to pipeline on a thread, its memory counted. */
#include "support/wait_rig.h"

#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "support/accounts.h"

struct wait_rig wait_rig;

static void *resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
	(void)user;
	(void)old_size;
	if (new_size == 0) {
		atomic_fetch_sub(&wait_rig.live, ptr != NULL);
		free(ptr);
		return NULL;
	}
	if (atomic_fetch_add(&wait_rig.calls, 1) + 1 == atomic_load(&wait_rig.fail_at))
		return NULL;
	atomic_fetch_add(&wait_rig.live, ptr == NULL);
	return realloc(ptr, new_size);
}

static enum weir_status take(void *user, weir_message *message, const char *to,
			     struct weir_error *err)
{
	(void)user;
	(void)message;
	(void)to;
	switch (atomic_load(&wait_rig.mode)) {
	case WAIT_HOLD:
		return WEIR_AGAIN;
	case WAIT_SKIP:
		return weir_error_set(err, WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP, "no");
	case WAIT_STOP:
		return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP, "broken");
	case WAIT_DELIVER:
		break;
	}
	return WEIR_OK;
}

static enum weir_status bury(void *user, weir_message *message, const char *to,
			     struct weir_error *err)
{
	(void)user;
	(void)message;
	(void)to;
	(void)err;
	return WEIR_OK;
}

static void on_outcome(void *user, weir_message *message, enum weir_outcome outcome)
{
	(void)user;
	(void)message;
	atomic_fetch_add(&wait_rig.told[outcome], 1);
}

void wait_rig_begin(enum wait_mode mode, size_t queue)
{
	static const struct weir_env env = { .size = sizeof env, .allocator = { resize, NULL } };

	memset(&wait_rig, 0, sizeof wait_rig);
	atomic_init(&wait_rig.mode, mode);
	wait_rig.pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &env,
						   .window_messages = 4, .drain_ms = 20,
						   .on_outcome = on_outcome));
	wait_rig.push = weir_push_source_add(wait_rig.pipeline, "push",
					     WEIR_WITH(weir_push_source_options,
						       .queue_messages = queue));
	wait_rig.sink = weir_callback_sink_add(
		wait_rig.pipeline, "out",
		WEIR_WITH(weir_callback_sink_options, .call = take, .again_ms = 1));
	weir_route_add_drop(wait_rig.pipeline, WEIR_WITH(weir_route, .kinds = WEIR_KIND_DELETE));
	weir_route_add(wait_rig.pipeline, NULL, wait_rig.sink);
	weir_pipeline_set_dead_letters(
		wait_rig.pipeline,
		weir_callback_sink_add(wait_rig.pipeline, "graves",
				       WEIR_WITH(weir_callback_sink_options, .call = bury)),
		NULL);
}

void wait_rig_start(void)
{
	ck_assert_int_eq(weir_pipeline_start(wait_rig.pipeline), WEIR_OK);
	while (weir_pipeline_state(wait_rig.pipeline) == WEIR_STATE_IDLE)
		sched_yield();
}

void wait_rig_free(void)
{
	check_accounts(wait_rig.pipeline, wait_rig.push);
	weir_pipeline_free(wait_rig.pipeline);
	ck_assert_int_eq(atomic_load(&wait_rig.live), 0);
}

void wait_rig_end(enum weir_status want)
{
	weir_push_end(wait_rig.push);
	ck_assert_int_eq(weir_pipeline_join(wait_rig.pipeline), want);
	wait_rig_free();
}

const struct weir_message_init wait_record = { .size = sizeof wait_record,
						 .body = { "x", 1 },
						 .kind = WEIR_KIND_RECORD };

static void *wait_for_one(void *user)
{
	struct waiter *waiter = user;

	waiter->outcome = WEIR_OUTCOME_COUNT;
	waiter->status =
		weir_push_wait(wait_rig.push, &wait_record, waiter->timeout_ms, &waiter->outcome);
	return NULL;
}

void waiter_start(struct waiter *waiter, long blocks)
{
	const long before = atomic_load(&wait_rig.calls);

	waiter->timeout_ms = LONG_MS;
	pthread_create(&waiter->thread, NULL, wait_for_one, waiter);
	while (atomic_load(&wait_rig.calls) < before + blocks)
		sched_yield();
}

void waiter_check(struct waiter *waiter, enum weir_status status, enum weir_outcome outcome)
{
	pthread_join(waiter->thread, NULL);
	ck_assert_int_eq(waiter->status, status);
	ck_assert_int_eq(waiter->outcome, outcome);
}
