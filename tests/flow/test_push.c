/* SPDX-License-Identifier: MIT */
/* The push source: order, bounds, room, positions, and other threads. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "support/push_rig.h"
#include "support/run.h"

/* ---- in and out ---- */

START_TEST(what_is_pushed_comes_out_in_order_before_and_during_the_run)
{
	struct push_rig *rig = push_rig_new();

	push_rig_start(rig);
	ck_assert_int_eq(push_text(rig, "a", 1), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "b", 2), WEIR_OK);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	push_rig_check(rig, "a\nb\n", "before the run");
	ck_assert_int_eq(push_text(rig, "c", 3), WEIR_OK);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 0, 10), WEIR_OK);
	push_rig_check(rig, "a\nb\nc\n", "during it");
	ck_assert_uint_eq(rig->settled.offset, 3);
	weir_push_end(rig->source);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	push_rig_end(rig);
}
END_TEST

START_TEST(what_was_pushed_before_the_end_still_comes_out)
{
	struct push_rig *rig = push_rig_new();

	push_rig_start(rig);
	ck_assert_int_eq(push_text(rig, "a", 1), WEIR_OK);
	weir_push_end(rig->source);
	weir_push_end(rig->source);
	ck_assert_int_eq(push_text(rig, "late", 2), WEIR_ERR_STATE);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	push_rig_check(rig, "a\n", "before the end");
	push_rig_end(rig);
}
END_TEST

static enum weir_status check_message(void *user, weir_message *message, const char *to,
				      struct weir_error *err)
{
	const struct weir_slice key = weir_message_key(message);

	(void)to;
	(void)err;
	ck_assert_uint_eq(key.len, 3);
	ck_assert_mem_eq(key.data, "key", 3);
	ck_assert_uint_eq(weir_message_time_ms(message), 42);
	ck_assert_uint_eq(weir_message_kind(message), WEIR_KIND_EVENT);
	(*(unsigned *)user)++;
	return WEIR_OK;
}

START_TEST(everything_said_of_a_message_is_copied)
{
	struct push_rig *rig = push_rig_new();
	unsigned seen = 0;
	char body[] = "body", key[] = "key", name[] = "name", value[] = "value";
	const struct weir_header header = { name, { value, 5 } };
	weir_sink *sink;

	push_rig_start(rig);
	sink = weir_callback_sink_add(rig->pipeline, "check",
				      WEIR_WITH(weir_callback_sink_options, .call = check_message,
						.user = &seen));
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "check"), sink);
	ck_assert_int_eq(weir_push(rig->source,
				   WEIR_WITH(weir_message_init, .body = { body, 4 },
					     .kind = WEIR_KIND_EVENT, .key = { key, 3 },
					     .time_ms = 42, .headers = &header,
					     .header_count = 1)),
			 WEIR_OK);
	memset(body, 'x', 4);
	memset(key, 'x', 3);
	memset(name, 'x', 4);
	memset(value, 'x', 5);
	weir_push_end(rig->source);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(seen, 1);
	push_rig_check(rig, "body\n", "copied");
	push_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	unsigned of_source, of_message;		/* kinds */
	const char *key;
	uint64_t time_ms;
} givens[] = {
	{ "no kind", 0, 0, "7", 1500000000000 },
	{ "the message's kind", 0, WEIR_KIND_TWEET, "", 0 },
	{ "the source's kind", WEIR_KIND_TWEET, 0, "", 0 },
};

static enum weir_status check_given(void *user, weir_message *message, const char *to,
				    struct weir_error *err)
{
	const struct weir_slice key = weir_message_key(message);
	const size_t row = *(const size_t *)user;
	const uint64_t want_ms = givens[row].time_ms ? givens[row].time_ms
						     : weir_message_received_ms(message);

	(void)to;
	(void)err;
	ck_assert_msg(key.len == strlen(givens[row].key) &&
			      (!key.len || memcmp(key.data, givens[row].key, key.len) == 0),
		      "%s: the key is '%.*s'", givens[row].name, (int)key.len,
		      (const char *)key.data);
	ck_assert_msg(weir_message_time_ms(message) == want_ms, "%s: the time is %llu",
		      givens[row].name, (unsigned long long)weir_message_time_ms(message));
	ck_assert_uint_eq(weir_message_kind(message), WEIR_KIND_TWEET);
	return WEIR_OK;
}

START_TEST(key_and_time_are_taken_from_a_body_that_tells_the_kind_too)
{
	struct push_rig *rig = push_rig_new();
	const char body[] = "{\"id\":7,\"id_str\":\"7\",\"text\":\"a\",\"user\":{},"
			    "\"timestamp_ms\":\"1500000000000\"}";
	size_t row = (size_t)_i;
	weir_sink *sink;

	rig->options.kind = givens[row].of_source;
	push_rig_start(rig);
	sink = weir_callback_sink_add(rig->pipeline, "check",
				      WEIR_WITH(weir_callback_sink_options, .call = check_given,
						.user = &row));
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "check"), sink);
	ck_assert_int_eq(weir_push(rig->source,
				   WEIR_WITH(weir_message_init, .body = { body, strlen(body) },
					     .kind = givens[row].of_message)),
			 WEIR_OK);
	weir_push_end(rig->source);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(sink_metrics_of(sink).delivered, 1);
	push_rig_end(rig);
}
END_TEST

START_TEST(a_body_with_a_release_is_taken_only_when_the_push_is)
{
	struct push_rig *rig = push_rig_new();

	rig->options.queue_messages = 2;
	push_rig_start(rig);
	ck_assert_int_eq(push_owned(rig, "a"), WEIR_OK);
	ck_assert_int_eq(push_owned(rig, "b"), WEIR_OK);
	ck_assert_int_eq(push_owned(rig, "c"), WEIR_AGAIN);
	ck_assert_uint_eq(rig->released, 0);
	weir_push_end(rig->source);
	ck_assert_int_eq(push_owned(rig, "d"), WEIR_ERR_STATE);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(rig->released, 2);
	push_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	struct weir_message_init init;
} invalid[] = {
	{ "a length without bytes", { .body = { NULL, 3 } } },
	{ "a key without bytes", { .body = { "x", 1 }, .key = { NULL, 3 } } },
	{ "two kinds", { .body = { "x", 1 }, .kind = 3 } },
	{ "headers that are not there", { .body = { "x", 1 }, .header_count = 1 } },
};

START_TEST(a_push_that_makes_no_sense_is_refused)
{
	struct push_rig *rig = push_rig_new();
	struct weir_message_init init = invalid[_i].init;

	push_rig_start(rig);
	init.size = sizeof init;
	ck_assert_msg(weir_push(rig->source, &init) == WEIR_ERR_INVALID, "%s", invalid[_i].name);
	ck_assert_int_eq(weir_push(rig->source, NULL), WEIR_ERR_INVALID);
	ck_assert_int_eq(weir_push(NULL, &init), WEIR_ERR_INVALID);
	weir_push_end(NULL);
	push_rig_end(rig);
}
END_TEST

START_TEST(another_source_cannot_be_pushed_to)
{
	struct push_rig *rig = push_rig_new();
	weir_source *file;

	push_rig_start(rig);
	file = weir_file_source_add(rig->pipeline, "file",
				    WEIR_WITH(weir_file_source_options, .path = "-"));
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(weir_push(file, WEIR_WITH(weir_message_init, .body = { "x", 1 })),
			 WEIR_ERR_INVALID);
	weir_push_end(file);
	push_rig_end(rig);
}
END_TEST

START_TEST(a_wrong_kind_is_an_error_of_the_pipeline)
{
	struct push_rig *rig = push_rig_new();

	rig->options.kind = 3;
	push_rig_start(rig);
	ck_assert_ptr_null(rig->source);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "kind 3"));
	ck_assert_ptr_null(weir_push_source_add(NULL, "in", &rig->options));
	push_rig_end(rig);
}
END_TEST

/* ---- bounds ---- */

START_TEST(a_full_queue_says_so_and_then_that_there_is_room)
{
	struct push_rig *rig = push_rig_new();

	rig->options.queue_messages = 2;
	push_rig_start(rig);
	ck_assert_int_eq(push_text(rig, "a", 1), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "b", 2), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "c", 3), WEIR_AGAIN);
	ck_assert_int_eq(push_text(rig, "c", 3), WEIR_AGAIN);
	ck_assert_uint_eq(rig->rooms, 0);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	ck_assert_uint_eq(rig->rooms, 1);
	ck_assert_int_eq(push_text(rig, "c", 3), WEIR_OK);
	weir_push_end(rig->source);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(rig->rooms, 1);
	push_rig_check(rig, "a\nb\nc\n", "with room");
	push_rig_end(rig);
}
END_TEST

START_TEST(the_queue_is_bounded_in_bytes_but_one_message_always_fits)
{
	struct push_rig *rig = push_rig_new();

	rig->options.queue_bytes = 10;
	push_rig_start(rig);
	ck_assert_int_eq(push_text(rig, "0123456789ab", 1), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "c", 2), WEIR_AGAIN);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "012345", 2), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "6789", 3), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "a", 4), WEIR_AGAIN);
	weir_push_end(rig->source);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(rig->recorder.count, 3);
	push_rig_end(rig);
}
END_TEST

START_TEST(room_is_not_told_of_before_something_was_taken_out)
{
	struct push_rig *rig = push_rig_new();

	rig->pipeline_options.window_messages = 1;
	rig->options.queue_bytes = 10;
	push_rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(push_text(rig, "a", 1), WEIR_OK);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 1000, 10), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "012345", 2), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "too much", 3), WEIR_AGAIN);
	ck_assert_int_eq(push_text(rig, "b", 4), WEIR_OK);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 1000, 10), WEIR_OK);
	ck_assert_uint_eq(rig->rooms, 0);
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 1000, 20), WEIR_OK);
	ck_assert_uint_eq(rig->rooms, 1);
	push_rig_end(rig);
}
END_TEST

START_TEST(a_full_window_leaves_messages_in_the_queue)
{
	struct push_rig *rig = push_rig_new();

	rig->pipeline_options.window_messages = 2;
	rig->options.queue_messages = 2;
	push_rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(push_text(rig, "a", 1), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "b", 2), WEIR_OK);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 1000, 10), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "c", 3), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "d", 4), WEIR_OK);
	ck_assert_int_eq(push_text(rig, "e", 5), WEIR_AGAIN);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 1000, 10), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 2);
	ck_assert_uint_eq(rig->rooms, 0);
	ck_assert_uint_eq(rig->settled.offset, 0);
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 1000, 20), WEIR_OK);
	ck_assert_uint_eq(rig->rooms, 1);
	ck_assert_uint_eq(rig->settled.offset, 4);
	push_rig_check(rig, "a\nb\nc\nd\n", "when it was let go");
	push_rig_end(rig);
}
END_TEST

/* ---- memory ---- */

START_TEST(memory_that_runs_out_is_said_and_leaks_nothing)
{
	bool has_failed = true;

	for (size_t at = 1; has_failed; at++) {
		struct push_rig *rig = push_rig_new();

		ck_assert_uint_lt(at, 1000);
		rig->fake.fail_at = at;
		push_rig_start(rig);
		if (rig->source) {
			const enum weir_status status = push_owned(rig, "x");

			ck_assert(status == WEIR_OK || status == WEIR_ERR_NOMEM);
			rig->released += status == WEIR_ERR_NOMEM;
			push_text(rig, "y", 2);
			weir_push_end(rig->source);
			drive(rig->pipeline, &rig->fake);
		}
		has_failed = rig->fake.calls >= at;
		weir_pipeline_free(rig->pipeline);
		rig->pipeline = NULL;
		ck_assert_uint_eq(rig->released, rig->source ? 1 : 0);
		push_rig_end(rig);
	}
}
END_TEST

/* ---- other threads ---- */

#define PUSHERS 3
#define PUSHES 20000

struct pusher {
	weir_source *source;
	uint32_t lane;
	uint64_t refused;
};

static void *push_all(void *user)
{
	struct pusher *pusher = user;
	char text[64];

	for (unsigned i = 0; i < PUSHES;) {
		enum weir_status status;

		snprintf(text, sizeof text, "{\"lane\":%u,\"n\":%u}", pusher->lane, i);
		status = weir_push(pusher->source,
				   WEIR_WITH(weir_message_init, .body = { text, strlen(text) },
					     .position = { pusher->lane, i + 1 }));
		if (status == WEIR_OK)
			i++;
		else
			pusher->refused++;
		if (status < 0)
			break;
	}
	return NULL;
}

static enum weir_status check_order(void *user, weir_message *message, const char *to,
				    struct weir_error *err)
{
	const struct weir_position position = weir_message_position(message);
	uint64_t *next = user;

	(void)to;
	if (position.offset != next[position.lane] + 1)
		return weir_error_set(err, WEIR_ERR_CORRUPT, WEIR_REMEDY_STOP, "out of order");
	next[position.lane]++;
	return WEIR_OK;
}

START_TEST(many_threads_push_and_each_keeps_its_order)
{
	weir_pipeline *pipeline = weir_pipeline_new(NULL);
	weir_source *source = weir_push_source_add(
		pipeline, "in",
		WEIR_WITH(weir_push_source_options, .queue_messages = 100,
			  .kind = WEIR_KIND_RECORD));
	uint64_t next[PUSHERS] = { 0 };
	weir_sink *sink = weir_callback_sink_add(
		pipeline, "out",
		WEIR_WITH(weir_callback_sink_options, .call = check_order, .user = next));
	struct pusher pushers[PUSHERS];
	pthread_t threads[PUSHERS];

	weir_route_add(pipeline, WEIR_WITH(weir_route, .name = "all"), sink);
	ck_assert_int_eq(weir_pipeline_start(pipeline), WEIR_OK);
	for (uint32_t i = 0; i < PUSHERS; i++) {
		pushers[i] = (struct pusher){ .source = source, .lane = i };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, push_all, &pushers[i]), 0);
	}
	for (unsigned i = 0; i < PUSHERS; i++)
		pthread_join(threads[i], NULL);
	weir_push_end(source);
	ck_assert_msg(weir_pipeline_join(pipeline) == WEIR_OK, "%s",
		      weir_pipeline_error(pipeline)->text);
	for (unsigned i = 0; i < PUSHERS; i++)
		ck_assert_uint_eq(next[i], PUSHES);
	weir_pipeline_free(pipeline);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("queue");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_is_pushed_comes_out_in_order_before_and_during_the_run);
	tcase_add_test(tcase, what_was_pushed_before_the_end_still_comes_out);
	tcase_add_test(tcase, everything_said_of_a_message_is_copied);
	LOOP(tcase, key_and_time_are_taken_from_a_body_that_tells_the_kind_too, givens);
	tcase_add_test(tcase, a_body_with_a_release_is_taken_only_when_the_push_is);
	LOOP(tcase, a_push_that_makes_no_sense_is_refused, invalid);
	tcase_add_test(tcase, another_source_cannot_be_pushed_to);
	tcase_add_test(tcase, a_wrong_kind_is_an_error_of_the_pipeline);
	tcase_add_test(tcase, a_full_queue_says_so_and_then_that_there_is_room);
	tcase_add_test(tcase, the_queue_is_bounded_in_bytes_but_one_message_always_fits);
	tcase_add_test(tcase, room_is_not_told_of_before_something_was_taken_out);
	tcase_add_test(tcase, a_full_window_leaves_messages_in_the_queue);
	tcase_add_test(tcase, memory_that_runs_out_is_said_and_leaks_nothing);
	tcase_add_test(tcase, many_threads_push_and_each_keeps_its_order);
	return run_case("push source", tcase);
}
