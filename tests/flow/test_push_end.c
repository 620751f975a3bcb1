/* SPDX-License-Identifier: MIT */
/* The push source at the end: what was accepted comes out, or its number is said. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "support/push_rig.h"
#include "support/run.h"

/* Of `count` messages one is with the sink, which holds it; the window leaves the others queued. */
static void start_with_queue(struct push_rig *rig, unsigned count)
{
	rig->pipeline_options.window_messages = 1;
	push_rig_start(rig);
	rig->recorder.holds = true;
	for (unsigned i = 0; i < count; i++)
		ck_assert_int_eq(push_owned(rig, "x"), WEIR_OK);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 1000, 10), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 1);
}

/* ---- a stop ---- */

static const struct {
	const char *name;
	uint64_t window_messages;
	size_t queue_messages;
} widths[] = {
	{ "all at once", 1000, 1000 },
	{ "one by one, since the window is full", 1, 1000 },
	{ "a queue's length a step", 1000, 4 },
};

START_TEST(a_stop_loses_nothing_that_was_accepted)
{
	struct push_rig *rig = push_rig_new();
	uint64_t offset = 0;

	rig->pipeline_options.window_messages = widths[_i].window_messages;
	rig->options.queue_messages = widths[_i].queue_messages;
	push_rig_start(rig);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	while (offset < 4 && push_text(rig, offset % 2 ? "b" : "a", offset + 1) == WEIR_OK)
		offset++;
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	push_rig_check(rig, "a\nb\na\nb\n", widths[_i].name);
	ck_assert_uint_eq(rig->settled.offset, 4);
	ck_assert_uint_eq(metrics_of(rig->pipeline).all.delivered, 4);
	ck_assert_ptr_null(strstr(rig->fake.log, "not taken in"));
	push_rig_end(rig);
}
END_TEST

START_TEST(a_stop_waits_for_room_for_what_is_queued)
{
	struct push_rig *rig = push_rig_new();

	start_with_queue(rig, 4);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 1000, 10), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 1);
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(rig->recorder.count, 4);
	ck_assert_uint_eq(rig->released, 4);
	push_rig_end(rig);
}
END_TEST

START_TEST(nothing_is_accepted_from_the_stop_on)
{
	struct push_rig *rig = push_rig_new();

	start_with_queue(rig, 2);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(push_text(rig, "at once", 9), WEIR_ERR_STATE);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 1000, 10), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "while it drains", 9), WEIR_ERR_STATE);
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_int_eq(push_text(rig, "late", 9), WEIR_ERR_STATE);
	ck_assert_uint_eq(rig->recorder.count, 2);
	push_rig_end(rig);
}
END_TEST

START_TEST(a_deadline_that_passes_says_how_many_were_not_taken_in_and_releases_them)
{
	struct push_rig *rig = push_rig_new();

	start_with_queue(rig, 4);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_ERR_TIMEOUT);
	ck_assert_uint_eq(rig->recorder.count, 1);
	ck_assert_uint_ge(rig->released, 3);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "WARN in: closed: 3 messages"));
	weir_pipeline_free(rig->pipeline);
	rig->pipeline = NULL;
	ck_assert_uint_eq(rig->released, 4);
	push_rig_end(rig);
}
END_TEST

START_TEST(a_failure_says_how_many_were_not_taken_in)
{
	struct push_rig *rig = push_rig_new();
	struct weir_error err;

	start_with_queue(rig, 3);
	weir_error_set(&err, WEIR_ERR_IO, WEIR_REMEDY_STOP, "on purpose");
	weir_pipeline_fail(rig->pipeline, &err);
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_ERR_IO);
	ck_assert_uint_eq(rig->recorder.count, 1);
	ck_assert_uint_eq(rig->released, 3);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "WARN in: closed: 2 messages"));
	ck_assert_int_eq(push_text(rig, "late", 9), WEIR_ERR_STATE);
	push_rig_end(rig);
}
END_TEST

/* ---- never open ---- */

START_TEST(a_pipeline_that_was_never_open_releases_what_was_pushed_and_says_so)
{
	struct push_rig *rig = push_rig_new();

	push_rig_start(rig);
	ck_assert_int_eq(push_owned(rig, "x"), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "y", 1), WEIR_OK);
	if (_i > 0) {
		weir_pipeline_stop(rig->pipeline);
		ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
		ck_assert_int_eq(push_text(rig, "late", 9), WEIR_ERR_STATE);
	}
	weir_pipeline_free(rig->pipeline);
	rig->pipeline = NULL;
	ck_assert_uint_eq(rig->released, 1);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "WARN in: closed: 2 messages"));
	push_rig_end(rig);
}
END_TEST

/* ---- callbacks that call back ---- */

static void push_in_room(void *user)
{
	struct push_rig *rig = user;

	rig->rooms++;
	rig->last_push = push_text(rig, "c", 3);
}

static void push_when_settled(void *user, struct weir_position upto)
{
	struct push_rig *rig = user;

	if (++rig->settles == 1)
		rig->last_push = push_text(rig, "c", upto.offset + 1);
}

static void stop_in_room(void *user)
{
	struct push_rig *rig = user;

	rig->rooms++;
	weir_pipeline_stop(rig->pipeline);
	rig->last_push = push_text(rig, "c", 3);
}

static void stop_when_settled(void *user, struct weir_position upto)
{
	struct push_rig *rig = user;

	(void)upto;
	rig->settles++;
	weir_pipeline_stop(rig->pipeline);
	rig->last_push = push_text(rig, "c", 3);
}

static void end_when_settled(void *user, struct weir_position upto)
{
	struct push_rig *rig = user;

	(void)upto;
	rig->settles++;
	weir_push_end(rig->source);
	rig->last_push = push_text(rig, "c", 3);
}

static const struct {
	const char *name;
	void (*on_room)(void *user);
	void (*on_settled)(void *user, struct weir_position upto);
	enum weir_status want, want_push;
	const char *text;
} callbacks[] = {
	{ "on_room pushes", push_in_room, NULL, WEIR_OK, WEIR_OK, "a\nb\nc\n" },
	{ "on_settled pushes", NULL, push_when_settled, WEIR_OK, WEIR_OK, "a\nb\nc\n" },
	{ "on_room stops", stop_in_room, NULL, WEIR_END, WEIR_ERR_STATE, "a\nb\n" },
	{ "on_settled stops", NULL, stop_when_settled, WEIR_END, WEIR_ERR_STATE, "a\nb\n" },
	{ "on_settled ends", NULL, end_when_settled, WEIR_END, WEIR_ERR_STATE, "a\nb\n" },
};

START_TEST(callbacks_may_push_and_stop)
{
	struct push_rig *rig = push_rig_new();

	rig->options.queue_messages = 2;
	rig->options.on_room = callbacks[_i].on_room;
	rig->options.on_settled = callbacks[_i].on_settled;
	push_rig_start(rig);
	ck_assert_int_eq(push_text(rig, "a", 1), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "b", 2), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "refused", 3), WEIR_AGAIN);
	ck_assert_msg(drive(rig->pipeline, &rig->fake) == callbacks[_i].want, "%s",
		      callbacks[_i].name);
	ck_assert_uint_gt(rig->rooms + rig->settles, 0);
	ck_assert_msg(rig->last_push == callbacks[_i].want_push, "%s: %s", callbacks[_i].name,
		      weir_status_name(rig->last_push));
	push_rig_check(rig, callbacks[_i].text, callbacks[_i].name);
	push_rig_end(rig);
}
END_TEST

/* ---- other threads ---- */

#define PUSHERS 3

struct pusher {
	weir_source *source;
	atomic_uint *accepted;	/* by all */
};

static void *push_until_refused(void *user)
{
	const struct pusher *pusher = user;
	enum weir_status status;

	do {
		status = weir_push(pusher->source,
				   WEIR_WITH(weir_message_init, .body = { "x", 1 }));
		if (status == WEIR_OK)
			atomic_fetch_add(pusher->accepted, 1);
	} while (status >= 0);
	ck_assert_int_eq(status, WEIR_ERR_STATE);
	return NULL;
}

static enum weir_status count_call(void *user, weir_message *message, const char *to,
				   struct weir_error *err)
{
	(void)message;
	(void)to;
	(void)err;
	(*(unsigned *)user)++;
	return WEIR_OK;
}

START_TEST(a_stop_amid_pushes_of_many_threads_loses_none)
{
	weir_pipeline *pipeline = weir_pipeline_new(NULL);
	weir_source *source = weir_push_source_add(
		pipeline, "in",
		WEIR_WITH(weir_push_source_options, .kind = WEIR_KIND_RECORD));
	unsigned delivered = 0;
	weir_sink *sink = weir_callback_sink_add(
		pipeline, "out",
		WEIR_WITH(weir_callback_sink_options, .call = count_call, .user = &delivered));
	atomic_uint accepted = 0;
	struct pusher pusher = { source, &accepted };
	pthread_t threads[PUSHERS];

	weir_route_add(pipeline, WEIR_WITH(weir_route, .name = "all"), sink);
	ck_assert_int_eq(weir_pipeline_start(pipeline), WEIR_OK);
	for (unsigned i = 0; i < PUSHERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, push_until_refused, &pusher),
				 0);
	while (atomic_load(&accepted) < 5000)
		sched_yield();
	weir_pipeline_stop(pipeline);
	for (unsigned i = 0; i < PUSHERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_msg(weir_pipeline_join(pipeline) == WEIR_OK, "%s",
		      weir_pipeline_error(pipeline)->text);
	ck_assert_uint_eq(delivered, atomic_load(&accepted));
	weir_pipeline_free(pipeline);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("stops");

	tcase_set_timeout(tcase, 60);
	LOOP(tcase, a_stop_loses_nothing_that_was_accepted, widths);
	tcase_add_test(tcase, a_stop_waits_for_room_for_what_is_queued);
	tcase_add_test(tcase, nothing_is_accepted_from_the_stop_on);
	tcase_add_test(tcase,
		       a_deadline_that_passes_says_how_many_were_not_taken_in_and_releases_them);
	tcase_add_test(tcase, a_failure_says_how_many_were_not_taken_in);
	tcase_add_loop_test(tcase,
			    a_pipeline_that_was_never_open_releases_what_was_pushed_and_says_so,
			    0, 2);
	LOOP(tcase, callbacks_may_push_and_stop, callbacks);
	tcase_add_loop_test(tcase, a_stop_amid_pushes_of_many_threads_loses_none, 0, 10);
	return run_case("push source: the end", tcase);
}
