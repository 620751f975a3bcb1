/* SPDX-License-Identifier: MIT */
/*
 * What every sink owes the engine, asked of each: the library's and a user's own. A sink is one
 * row of `kinds`; the tests know nothing else of it.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/drive.h"
#include "support/files.h"
#include "support/kafka_rig.h"
#include "support/run.h"

#define ENOUGH_MS 20000
#define MOST_BYTES 65536

/* A user's own sink: takes three at a time, settles them in its step, the last first. */
struct own_sink {
	weir_port *port;
	weir_delivery *held[3];
	size_t held_count;
	struct bench *bench;
};

struct bench {
	struct fake_env fake;	/* but for its clock */
	struct test_dir dir;
	struct kafka_cluster cluster;
	struct own_sink own;
	unsigned own_frees, refusals;
	char text[MOST_BYTES];	/* what arrived, one a line, in that order */
	weir_pipeline *pipeline;
	weir_source *source;
	weir_sink *sink;
};

static void note_arrival(struct bench *bench, const void *bytes, size_t len)
{
	const size_t at = strlen(bench->text);

	ck_assert_uint_lt(at + len + 2, MOST_BYTES);
	memcpy(bench->text + at, bytes, len);
	memcpy(bench->text + at + len, "\n", 2);
}

/* ---- callback: says AGAIN to every third ---- */

static enum weir_status take(void *user, weir_message *message, const char *to,
			     struct weir_error *err)
{
	struct bench *bench = user;
	const struct weir_slice body = weir_message_body(message);

	(void)to;
	(void)err;
	if (++bench->refusals % 3 == 0)
		return WEIR_AGAIN;
	note_arrival(bench, body.data, body.len);
	return WEIR_OK;
}

static weir_sink *callback_add(struct bench *bench, const char *name)
{
	return weir_callback_sink_add(bench->pipeline, name,
				      WEIR_WITH(weir_callback_sink_options, .call = take,
						.user = bench, .again_ms = 1));
}

/* ---- file ---- */

static weir_sink *file_add(struct bench *bench, const char *name)
{
	return weir_file_sink_add(bench->pipeline, name,
				  WEIR_WITH(weir_file_sink_options, .directory = bench->dir.path));
}

static void file_collect(struct bench *bench)
{
	char *bytes = file_read(test_path(&bench->dir, "there"), NULL);

	snprintf(bench->text, sizeof bench->text, "%s", bytes);
	free(bytes);
}

/* ---- Kafka: a queue of ten ---- */

static void kafka_begin(struct bench *bench)
{
	kafka_cluster_start(&bench->cluster, 1);
	rd_kafka_mock_topic_create(bench->cluster.mock, "there", 1, 1);
}

static void kafka_end(struct bench *bench)
{
	kafka_cluster_stop(&bench->cluster);
}

static weir_sink *kafka_add(struct bench *bench, const char *name)
{
	static const struct weir_property properties[] = {
		{ "queue.buffering.max.messages", "10" },
	};

	return weir_kafka_sink_add(bench->pipeline, name,
				   WEIR_WITH(weir_kafka_sink_options,
					     .brokers = bench->cluster.brokers,
					     .properties = properties, .property_count = 1));
}

static void kafka_collect(struct bench *bench)
{
	struct kafka_topic topic;

	kafka_topic_read(&topic, &bench->cluster, "there", 1);
	for (size_t i = 0; i < topic.count; i++)
		note_arrival(bench, topic.messages[i]->payload, topic.messages[i]->len);
	kafka_topic_release(&topic);
}

/* ---- a user's own ---- */

static enum weir_status own_open(void *self, weir_port *port, struct weir_error *err)
{
	struct own_sink *own = self;

	(void)err;
	own->port = port;
	return WEIR_OK;
}

static enum weir_status own_submit(void *self, weir_delivery *delivery, struct weir_error *err)
{
	struct own_sink *own = self;
	const struct weir_slice value = weir_delivery_value(delivery);

	(void)err;
	weir_port_wake(own->port);
	if (own->held_count == 3)
		return WEIR_AGAIN;
	note_arrival(own->bench, value.data, value.len);
	own->held[own->held_count++] = delivery;
	return WEIR_OK;
}

static enum weir_status own_step(void *self, uint64_t now_ms, struct weir_error *err)
{
	struct own_sink *own = self;

	(void)now_ms;
	(void)err;
	while (own->held_count > 0)
		weir_delivery_done(own->held[--own->held_count]);
	return WEIR_OK;
}

static void own_free(void *self)
{
	((struct own_sink *)self)->bench->own_frees++;
}

static const struct weir_sink_ops own_ops = {
	.size = sizeof own_ops,
	.open = own_open,
	.submit = own_submit,
	.step = own_step,
	.free = own_free,
};

static weir_sink *own_add(struct bench *bench, const char *name)
{
	bench->own = (struct own_sink){ .bench = bench };
	return weir_sink_add(bench->pipeline, name, &own_ops, &bench->own);
}

/* ---- the bench ---- */

static const struct {
	const char *name;
	weir_sink *(*add)(struct bench *bench, const char *name);
	void (*begin)(struct bench *bench);	/* NULL: nothing to do */
	void (*collect)(struct bench *bench);	/* NULL: `text` is there already */
	void (*end)(struct bench *bench);
} kinds[] = {
	{ "callback", callback_add, NULL, NULL, NULL },
	{ "file", file_add, NULL, file_collect, NULL },
	{ "kafka", kafka_add, kafka_begin, kafka_collect, kafka_end },
	{ "a user's own", own_add, NULL, NULL, NULL },
};
#define KINDS ((int)(sizeof kinds / sizeof *kinds))

static struct bench *bench_new(int kind)
{
	struct bench *bench = calloc(1, sizeof *bench);

	ck_assert_ptr_nonnull(bench);
	fake_env_init(&bench->fake);
	bench->fake.env.clock = (struct weir_clock){ 0 };
	test_dir_make(&bench->dir);
	if (kinds[kind].begin)
		kinds[kind].begin(bench);
	bench->pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options,
						      .env = &bench->fake.env,
						      .window_messages = 50, .drain_ms = 2000));
	bench->source = weir_push_source_add(bench->pipeline, "in",
					     WEIR_WITH(weir_push_source_options,
						       .queue_messages = 2000,
						       .kind = WEIR_KIND_RECORD));
	return bench;
}

static struct bench *bench_with_sink(int kind)
{
	struct bench *bench = bench_new(kind);

	bench->sink = kinds[kind].add(bench, "out");
	ck_assert_msg(bench->sink != NULL, "%s: %s", kinds[kind].name,
		      weir_pipeline_error(bench->pipeline)->text);
	weir_route_add(bench->pipeline, WEIR_WITH(weir_route, .to = "there"), bench->sink);
	return bench;
}

/* Nothing may be left of it, whatever had been begun. */
static void bench_end(struct bench *bench, int kind)
{
	weir_pipeline_free(bench->pipeline);
	fake_env_check_empty(&bench->fake);
	if (kinds[kind].end)
		kinds[kind].end(bench);
	test_dir_remove(&bench->dir);
	free(bench);
}

static void push_numbers(struct bench *bench, unsigned count)
{
	char text[32];

	for (unsigned i = 0; i < count; i++) {
		const int len = snprintf(text, sizeof text, "%u", i);

		ck_assert_int_eq(weir_push(bench->source, WEIR_WITH(weir_message_init,
								    .body = { text, (size_t)len })),
				 WEIR_OK);
	}
}

static void check_numbers_arrived(struct bench *bench, int kind, unsigned count)
{
	const char *at = bench->text;
	unsigned got;
	int len;

	if (kinds[kind].collect)
		kinds[kind].collect(bench);
	at = bench->text;
	for (unsigned i = 0; i < count; i++) {
		ck_assert_msg(sscanf(at, "%u\n%n", &got, &len) == 1, "%s: only %u arrived",
			      kinds[kind].name, i);
		ck_assert_msg(got == i, "%s: %u arrived in the place of %u", kinds[kind].name, got,
			      i);
		at += len;
	}
	ck_assert_msg(!*at, "%s: more arrived: '%.20s'", kinds[kind].name, at);
}

/* ---- the contract ---- */

START_TEST(all_arrives_once_and_in_order_through_a_sink_that_is_often_full)
{
	struct bench *bench = bench_with_sink(_i);
	struct weir_sink_metrics metrics;

	push_numbers(bench, 1000);
	weir_push_end(bench->source);
	ck_assert_msg(drive_real(bench->pipeline, ENOUGH_MS) == WEIR_END, "%s: %s", kinds[_i].name,
		      weir_pipeline_error(bench->pipeline)->text);
	check_numbers_arrived(bench, _i, 1000);
	metrics = sink_metrics_of(bench->sink);
	ck_assert_uint_eq(metrics.submitted, 1000);
	ck_assert_uint_eq(metrics.delivered, 1000);
	ck_assert_uint_eq(metrics.failed, 0);
	ck_assert_uint_eq(metrics.in_flight, 0);
	ck_assert_uint_eq(metrics.waiting, 0);
	bench_end(bench, _i);
}
END_TEST

START_TEST(a_stop_settles_what_was_taken_in)
{
	struct bench *bench = bench_with_sink(_i);
	struct weir_metrics metrics;

	push_numbers(bench, 1000);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(weir_pipeline_step(bench->pipeline), WEIR_OK);
	weir_pipeline_stop(bench->pipeline);
	ck_assert_msg(drive_real(bench->pipeline, ENOUGH_MS) == WEIR_END, "%s: %s", kinds[_i].name,
		      weir_pipeline_error(bench->pipeline)->text);
	metrics = metrics_of(bench->pipeline);
	ck_assert_uint_gt(metrics.all.received, 0);
	ck_assert_uint_eq(metrics.all.delivered, metrics.all.received);
	check_numbers_arrived(bench, _i, (unsigned)metrics.all.received);
	bench_end(bench, _i);
}
END_TEST

START_TEST(it_waits_without_turning_the_loop)
{
	struct bench *bench = bench_with_sink(_i);
	unsigned steps = 0;

	push_numbers(bench, 10);
	drive_real(bench->pipeline, 300);
	ck_assert_uint_eq(metrics_of(bench->pipeline).all.delivered, 10);
	while (weir_pipeline_timeout_ms(bench->pipeline) == 0 && steps++ < 10)
		ck_assert_int_eq(weir_pipeline_step(bench->pipeline), WEIR_OK);
	ck_assert_msg(steps < 10, "%s has nothing to do, but asks for turns", kinds[_i].name);
	bench_end(bench, _i);
}
END_TEST

/* Kinds times moments: before the first step, and after some. */
START_TEST(a_pipeline_may_be_freed_at_any_moment)
{
	const int kind = _i % KINDS, steps = _i / KINDS;
	struct bench *bench = bench_with_sink(kind);

	push_numbers(bench, 100);
	for (int i = 0; i < steps; i++)
		weir_pipeline_step(bench->pipeline);
	bench_end(bench, kind);
}
END_TEST

START_TEST(an_add_that_fails_frees_what_it_took_once)
{
	struct bench *bench = bench_with_sink(_i);

	if (kinds[_i].add == own_add) {
		ck_assert_ptr_null(
			weir_sink_add(bench->pipeline, "out", &own_ops, &bench->own));
		ck_assert_uint_eq(bench->own_frees, 1);
	} else {
		ck_assert_ptr_null(kinds[_i].add(bench, "out"));
	}
	ck_assert_int_eq(weir_pipeline_error(bench->pipeline)->status, WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(bench->pipeline)->text, "'out'"));
	ck_assert_ptr_null(kinds[_i].add(bench, "later"));
	bench_end(bench, _i);
}
END_TEST

START_TEST(an_add_without_memory_fails_the_pipeline)
{
	bool has_failed = true;

	for (size_t more = 1; has_failed; more++) {
		struct bench *bench = bench_new(_i);

		bench->fake.fail_at = bench->fake.calls + more;
		bench->sink = kinds[_i].add(bench, "out");
		has_failed = bench->fake.calls >= bench->fake.fail_at;
		ck_assert_msg((bench->sink == NULL) == has_failed, "%s: allocation %zu",
			      kinds[_i].name, more);
		if (has_failed)
			ck_assert_int_eq(weir_pipeline_error(bench->pipeline)->status,
					 WEIR_ERR_NOMEM);
		bench->fake.fail_at = 0;
		bench_end(bench, _i);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("contract");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase,
			    all_arrives_once_and_in_order_through_a_sink_that_is_often_full, 0,
			    KINDS);
	tcase_add_loop_test(tcase, a_stop_settles_what_was_taken_in, 0, KINDS);
	tcase_add_loop_test(tcase, it_waits_without_turning_the_loop, 0, KINDS);
	tcase_add_loop_test(tcase, a_pipeline_may_be_freed_at_any_moment, 0, KINDS * 5);
	tcase_add_loop_test(tcase, an_add_that_fails_frees_what_it_took_once, 0, KINDS);
	tcase_add_loop_test(tcase, an_add_without_memory_fails_the_pipeline, 0, KINDS);
	return run_case("every sink", tcase);
}
