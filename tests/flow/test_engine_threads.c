/* SPDX-License-Identifier: MIT */
/* Messages that are looked at and freed on other threads; pipelines side by side. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/run.h"
#include "weir.h"
#include "support/accounts.h"

#define MESSAGES 2000

/* Hands references from the pipeline's thread to another one. */
struct relay {
	pthread_mutex_t lock;
	pthread_cond_t more;
	weir_message *messages[MESSAGES];
	size_t put, taken;
	uint64_t sum;
};

static enum weir_status hand_over(void *user, weir_message *message, const char *to,
				  struct weir_error *err)
{
	struct relay *relay = user;

	(void)to;
	(void)err;
	pthread_mutex_lock(&relay->lock);
	relay->messages[relay->put++] = weir_message_ref(message);
	pthread_cond_signal(&relay->more);
	pthread_mutex_unlock(&relay->lock);
	return WEIR_OK;
}

static weir_message *take(struct relay *relay)
{
	weir_message *message;

	pthread_mutex_lock(&relay->lock);
	while (relay->taken == relay->put)
		pthread_cond_wait(&relay->more, &relay->lock);
	message = relay->messages[relay->taken++];
	pthread_mutex_unlock(&relay->lock);
	return message;
}

/* Every message holds its own number, at a place of its own. */
static void *read_fields(void *user)
{
	struct relay *relay = user;

	for (size_t i = 0; i < MESSAGES; i++) {
		weir_message *message = take(relay);
		const struct weir_slice body = weir_message_body(message);
		struct weir_field field;
		char text[32];

		ck_assert_int_eq(weir_message_field(message, "n", &field), WEIR_OK);
		ck_assert_int_eq(field.type, WEIR_FIELD_NUMBER);
		ck_assert_ptr_eq(field.raw.data, (const char *)body.data + body.len - 1 -
							 field.raw.len);
		weir_field_text(&field, text, sizeof text);
		relay->sum += strtoull(text, NULL, 10);
		weir_message_unref(message);
	}
	return NULL;
}

static bool look(void *user, const weir_message *message)
{
	struct weir_field field;

	(void)user;
	return weir_message_field(message, "n", &field) == WEIR_OK &&
	       field.type == WEIR_FIELD_NUMBER;
}

static void push_all(weir_source *push)
{
	char body[1200];

	for (int i = 0; i < MESSAGES; i++) {
		const int len = snprintf(body, sizeof body, "{\"%0*d\":0,\"n\":%d}",
					 i * 37 % 1000 + 1, i, i);
		enum weir_status status;

		do
			status = weir_push(push, WEIR_WITH(weir_message_init,
							   .body = { body, (size_t)len }));
		while (status == WEIR_AGAIN && sched_yield() == 0);
		ck_assert_int_eq(status, WEIR_OK);
	}
	weir_push_end(push);
}

struct lane {
	struct relay relay;
	weir_pipeline *pipeline;
	weir_source *push;
	pthread_t reader;
};

static void lane_start(struct lane *lane)
{
	weir_sink *sink;

	memset(lane, 0, sizeof *lane);
	pthread_mutex_init(&lane->relay.lock, NULL);
	pthread_cond_init(&lane->relay.more, NULL);
	lane->pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .window_messages = 64));
	lane->push = weir_push_source_add(lane->pipeline, "push", NULL);
	sink = weir_callback_sink_add(lane->pipeline, "call",
				      WEIR_WITH(weir_callback_sink_options, .call = hand_over,
						.user = &lane->relay));
	weir_route_add(lane->pipeline, WEIR_WITH(weir_route, .to = "{n}"), sink);
	weir_route_add_drop(lane->pipeline, WEIR_WITH(weir_route, .match = look));
	ck_assert_int_eq(weir_pipeline_start(lane->pipeline), WEIR_OK);
	pthread_create(&lane->reader, NULL, read_fields, &lane->relay);
}

static void lane_end(struct lane *lane)
{
	ck_assert_int_eq(weir_pipeline_join(lane->pipeline), WEIR_OK);
	pthread_join(lane->reader, NULL);
	ck_assert_uint_eq(lane->relay.sum, (uint64_t)MESSAGES * (MESSAGES - 1) / 2);
	check_accounts(lane->pipeline, lane->push);
	weir_pipeline_free(lane->pipeline);
	pthread_mutex_destroy(&lane->relay.lock);
	pthread_cond_destroy(&lane->relay.more);
}

START_TEST(another_thread_reads_fields_while_the_pipeline_routes)
{
	static struct lane lane;

	lane_start(&lane);
	push_all(lane.push);
	lane_end(&lane);
}
END_TEST

START_TEST(two_pipelines_share_nothing)
{
	static struct lane lanes[2];

	lane_start(&lanes[0]);
	lane_start(&lanes[1]);
	push_all(lanes[0].push);
	push_all(lanes[1].push);
	lane_end(&lanes[0]);
	lane_end(&lanes[1]);
}
END_TEST

static void *poke(void *user)
{
	weir_pipeline *pipeline = user;
	char text[256];

	for (int i = 0; i < 2000; i++) {
		struct weir_metrics metrics = WEIR_METRICS(weir_metrics);

		weir_pipeline_metrics(pipeline, &metrics);
		weir_metrics_write(pipeline, text, sizeof text);
		if (weir_pipeline_state(pipeline) == WEIR_STATE_FINISHED)
			break;
	}
	weir_pipeline_stop(pipeline);
	weir_pipeline_stop(pipeline);
	return NULL;
}

START_TEST(any_thread_may_read_metrics_and_stop)
{
	weir_pipeline *pipeline = weir_pipeline_new(NULL);
	weir_source *push = weir_push_source_add(pipeline, "push", NULL);
	pthread_t thread;

	weir_route_add_drop(pipeline, NULL);
	ck_assert_int_eq(weir_pipeline_start(pipeline), WEIR_OK);
	pthread_create(&thread, NULL, poke, pipeline);
	for (int i = 0; i < 500; i++)
		weir_push(push, WEIR_WITH(weir_message_init, .body = { "1", 1 }));
	pthread_join(thread, NULL);
	ck_assert_int_eq(weir_pipeline_join(pipeline), WEIR_OK);
	ck_assert_int_eq(weir_push(push, WEIR_WITH(weir_message_init, .body = { "1", 1 })),
			 WEIR_ERR_STATE);
	check_accounts(pipeline, push);
	weir_pipeline_free(pipeline);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, another_thread_reads_fields_while_the_pipeline_routes);
	tcase_add_test(t, two_pipelines_share_nothing);
	tcase_add_test(t, any_thread_may_read_metrics_and_stop);
	return run_case("engine threads", t);
}
