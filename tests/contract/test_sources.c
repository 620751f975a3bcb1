/* SPDX-License-Identifier: MIT */
/*
 * What every source owes the engine, asked of each: the library's and a user's own. A source is one
 * row of `kinds`; the tests know nothing else of it.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/drive.h"
#include "support/files.h"
#include "support/recorder.h"
#include "support/run.h"
#include "support/script_http.h"

#define MESSAGES 40	/* each brings in so many: {"n":0} … */

/* A user's own source: counts. */
struct own_source {
	struct bench *bench;
	unsigned next;
};

struct bench {
	struct fake_env fake;
	struct test_dir dir;
	struct recorder recorder;
	struct script_http script;
	struct script_answer answer;
	char stream[MESSAGES * 16];	/* {"n":0} CR LF … */
	struct own_source own;
	unsigned own_opens, own_closes, own_frees;
	weir_pipeline *pipeline;
	weir_source *source;
};

static size_t write_lines(char *text, size_t size, const char *line_end)
{
	size_t len = 0;

	for (unsigned i = 0; i < MESSAGES; i++)
		len += (size_t)snprintf(text + len, size - len, "{\"n\":%u}%s", i, line_end);
	return len;
}

/* ---- file ---- */

static weir_source *file_add(struct bench *bench, const char *name)
{
	char text[MESSAGES * 16];
	const size_t len = write_lines(text, sizeof text, "\n");

	file_write(test_path(&bench->dir, "in"), text, len);
	return weir_file_source_add(bench->pipeline, name,
				    WEIR_WITH(weir_file_source_options,
					      .path = test_path(&bench->dir, "in")));
}

/* ---- push ---- */

static weir_source *push_add(struct bench *bench, const char *name)
{
	weir_source *source = weir_push_source_add(bench->pipeline, name, NULL);
	char text[32];

	for (unsigned i = 0; i < MESSAGES && source; i++) {
		const int len = snprintf(text, sizeof text, "{\"n\":%u}", i);

		weir_push(source, WEIR_WITH(weir_message_init, .body = { text, (size_t)len }));
	}
	weir_push_end(source);
	return source;
}

/* ---- Twitter, on a scripted transport ---- */

static weir_source *twitter_add(struct bench *bench, const char *name)
{
	struct weir_http http;

	script_http_release(&bench->script);
	write_lines(bench->stream, sizeof bench->stream, "\r\n");
	bench->answer = (struct script_answer){ {
		{ .status = 200, .text = bench->stream },
		{ .at_ms = 60000, .text = "\r\n" },
	} };
	http = script_http_init(&bench->script, &bench->fake, &bench->answer, 1);
	bench->script.piece = 7;
	return weir_twitter_source_add(bench->pipeline, name,
				       WEIR_WITH(weir_twitter_source_options, .track = "a",
						 .anonymous = true, .http = &http));
}

/* ---- a user's own ---- */

static enum weir_status own_open(void *self, weir_port *port, struct weir_error *err)
{
	(void)port;
	(void)err;
	((struct own_source *)self)->bench->own_opens++;
	return WEIR_OK;
}

static enum weir_status own_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				 struct weir_error *err)
{
	struct own_source *own = self;
	enum weir_status status = WEIR_OK;
	char text[32];

	(void)now_ms;
	while (status == WEIR_OK && own->next < MESSAGES && weir_outlet_room(outlet) > 0) {
		const int len = snprintf(text, sizeof text, "{\"n\":%u}", own->next);

		status = weir_outlet_emit(outlet, WEIR_WITH(weir_message_init,
							    .body = { text, (size_t)len }),
					  NULL, err);
		own->next += status == WEIR_OK;
	}
	if (status < 0)
		return status;
	return own->next == MESSAGES ? WEIR_END : WEIR_OK;
}

static void own_close(void *self)
{
	((struct own_source *)self)->bench->own_closes++;
}

static void own_free(void *self)
{
	((struct own_source *)self)->bench->own_frees++;
}

static const struct weir_source_ops own_ops = {
	.size = sizeof own_ops,
	.open = own_open,
	.step = own_step,
	.close = own_close,
	.free = own_free,
};

static weir_source *own_add(struct bench *bench, const char *name)
{
	bench->own = (struct own_source){ .bench = bench };
	return weir_source_add(bench->pipeline, name, &own_ops, &bench->own);
}

/* ---- the bench ---- */

static const struct {
	const char *name;
	weir_source *(*add)(struct bench *bench, const char *name);
	bool is_live;	/* never ends by itself */
	bool drains;	/* has answered for all of them before they are taken in */
} kinds[] = {
	{ "file", file_add, false, false },
	{ "push", push_add, false, true },
	{ "twitter", twitter_add, true, false },
	{ "a user's own", own_add, false, false },
};
#define KINDS ((int)(sizeof kinds / sizeof *kinds))

static struct bench *bench_new(uint64_t window_messages)
{
	struct bench *bench = calloc(1, sizeof *bench);
	weir_sink *sink;

	ck_assert_ptr_nonnull(bench);
	fake_env_init(&bench->fake);
	test_dir_make(&bench->dir);
	bench->pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options,
						      .env = &bench->fake.env,
						      .window_messages = window_messages));
	sink = recorder_add(&bench->recorder, bench->pipeline, "out");
	weir_route_add(bench->pipeline, WEIR_WITH(weir_route, .name = "all"), sink);
	return bench;
}

static struct bench *bench_with_source(int kind, uint64_t window_messages)
{
	struct bench *bench = bench_new(window_messages);

	bench->source = kinds[kind].add(bench, "in");
	ck_assert_msg(bench->source != NULL, "%s: %s", kinds[kind].name,
		      weir_pipeline_error(bench->pipeline)->text);
	return bench;
}

static void bench_end(struct bench *bench)
{
	weir_pipeline_free(bench->pipeline);
	recorder_release(&bench->recorder);
	script_http_release(&bench->script);
	fake_env_check_empty(&bench->fake);
	test_dir_remove(&bench->dir);
	free(bench);
}

/* To the end, or for a while where there is none. */
static void run(struct bench *bench, int kind)
{
	const enum weir_status status = drive_for(bench->pipeline, &bench->fake, 30000, 1000);

	ck_assert_msg(status == (kinds[kind].is_live ? WEIR_OK : WEIR_END), "%s: %s: %s",
		      kinds[kind].name, weir_status_name(status),
		      weir_pipeline_error(bench->pipeline)->text);
}

static void check_numbers_arrived(const struct bench *bench, int kind, size_t count)
{
	char want[32];

	ck_assert_msg(bench->recorder.count == count, "%s: %zu messages, want %zu",
		      kinds[kind].name, bench->recorder.count, count);
	for (unsigned i = 0; i < count; i++) {
		snprintf(want, sizeof want, "{\"n\":%u}", i);
		ck_assert_msg(strcmp(bench->recorder.records[i].body, want) == 0,
			      "%s: '%s' in the place of '%s'", kinds[kind].name,
			      bench->recorder.records[i].body, want);
	}
}

/* ---- the contract ---- */

static const uint64_t windows[] = { 1, 7, 1000 };
#define WINDOWS ((int)(sizeof windows / sizeof *windows))

START_TEST(all_comes_in_once_and_in_order_whatever_the_window)
{
	const int kind = _i % KINDS;
	struct bench *bench = bench_with_source(kind, windows[_i / KINDS]);

	run(bench, kind);
	check_numbers_arrived(bench, kind, MESSAGES);
	ck_assert_uint_eq(metrics_of(bench->pipeline).all.delivered, MESSAGES);
	ck_assert_uint_eq(source_metrics_of(bench->source).all.received, MESSAGES);
	bench_end(bench);
}
END_TEST

START_TEST(without_room_nothing_comes_in_and_the_loop_rests)
{
	struct bench *bench = bench_with_source(_i, 3);

	bench->recorder.holds = true;
	ck_assert_int_eq(drive_for(bench->pipeline, &bench->fake, 1000, 50), WEIR_OK);
	check_numbers_arrived(bench, _i, 3);
	ck_assert_uint_eq(metrics_of(bench->pipeline).all.in_flight, 3);
	recorder_let_go(&bench->recorder);
	run(bench, _i);
	check_numbers_arrived(bench, _i, MESSAGES);
	bench_end(bench);
}
END_TEST

START_TEST(after_a_stop_nothing_comes_in_but_what_was_answered_for)
{
	struct bench *bench = bench_with_source(_i, 3);

	bench->recorder.holds = true;
	ck_assert_int_eq(drive_for(bench->pipeline, &bench->fake, 1000, 50), WEIR_OK);
	weir_pipeline_stop(bench->pipeline);
	ck_assert_int_eq(drive_for(bench->pipeline, &bench->fake, 1000, 50), WEIR_OK);
	recorder_let_go(&bench->recorder);
	ck_assert_int_eq(drive(bench->pipeline, &bench->fake), WEIR_END);
	check_numbers_arrived(bench, _i, kinds[_i].drains ? MESSAGES : 3);
	bench_end(bench);
}
END_TEST

/* Kinds times moments: before the first step, and after some. */
START_TEST(a_pipeline_may_be_freed_at_any_moment)
{
	const int kind = _i % KINDS, steps = _i / KINDS;
	struct bench *bench = bench_with_source(kind, 3);

	bench->recorder.holds = true;
	for (int i = 0; i < steps; i++)
		ck_assert_int_eq(weir_pipeline_step(bench->pipeline), WEIR_OK);
	if (kinds[kind].add == own_add) {
		weir_pipeline_free(bench->pipeline);
		bench->pipeline = NULL;
		ck_assert_uint_eq(bench->own_frees, 1);
		ck_assert_uint_eq(bench->own_closes, bench->own_opens);
	}
	bench_end(bench);
}
END_TEST

START_TEST(an_add_that_fails_frees_what_it_took_once)
{
	struct bench *bench = bench_new(3);

	ck_assert_ptr_nonnull(own_add(bench, "in"));
	if (kinds[_i].add == own_add) {
		ck_assert_ptr_null(
			weir_source_add(bench->pipeline, "in", &own_ops, &bench->own));
		ck_assert_uint_eq(bench->own_frees, 1);
	} else {
		ck_assert_ptr_null(kinds[_i].add(bench, "in"));
	}
	ck_assert_int_eq(weir_pipeline_error(bench->pipeline)->status, WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(bench->pipeline)->text, "'in'"));
	ck_assert(bench->script.requests == NULL || bench->script.freed);
	bench_end(bench);
}
END_TEST

START_TEST(an_add_without_memory_fails_the_pipeline)
{
	bool has_failed = true;

	for (size_t more = 1; has_failed; more++) {
		struct bench *bench = bench_new(3);

		ck_assert_uint_lt(more, 500);
		bench->fake.fail_at = bench->fake.calls + more;
		bench->source = kinds[_i].add(bench, "in");
		has_failed = bench->fake.calls >= bench->fake.fail_at;
		if (!bench->source)
			ck_assert_msg(weir_pipeline_error(bench->pipeline)->status ==
					      WEIR_ERR_NOMEM,
				      "%s, allocation %zu: %s", kinds[_i].name, more,
				      weir_pipeline_error(bench->pipeline)->text);
		ck_assert(bench->source || has_failed);
		bench_end(bench);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("contract");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, all_comes_in_once_and_in_order_whatever_the_window, 0,
			    KINDS * WINDOWS);
	tcase_add_loop_test(tcase, without_room_nothing_comes_in_and_the_loop_rests, 0, KINDS);
	tcase_add_loop_test(tcase, after_a_stop_nothing_comes_in_but_what_was_answered_for, 0, KINDS);
	tcase_add_loop_test(tcase, a_pipeline_may_be_freed_at_any_moment, 0, KINDS * 4);
	tcase_add_loop_test(tcase, an_add_that_fails_frees_what_it_took_once, 0, KINDS);
	tcase_add_loop_test(tcase, an_add_without_memory_fails_the_pipeline, 0, KINDS);
	return run_case("every source", tcase);
}
