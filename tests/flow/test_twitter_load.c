/* SPDX-License-Identifier: MIT */
/*
 * The Twitter source in need: full sinks, bursts, failing allocations.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "support/run.h"
#include "support/twitter_bodies.h"
#include "support/twitter_rig.h"

/* ---- backpressure ---- */

/* Numbered messages; the caller frees. */
static char *write_many(size_t count, const char *padding)
{
	const size_t size = count * (strlen(padding) + 40) + 1;
	char *text = malloc(size);
	size_t len = 0;

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, size - len, "{\"text\":\"%zu %s\"}\r\n", i,
					padding);
	return text;
}

static void check_order(const struct twitter_rig *rig, size_t count)
{
	char want[40];

	ck_assert_uint_eq(recorder_count(&rig->recorder, NOT_GAP), count);
	for (size_t i = 0; i < count; i++) {
		snprintf(want, sizeof want, "{\"text\":\"%zu ", i);
		ck_assert_msg(strncmp(rig->recorder.records[i].body, want, strlen(want)) == 0,
			      "message %zu is %s", i, rig->recorder.records[i].body);
	}
}

START_TEST(P1_a_stalled_sink_stops_the_reading_and_loses_nothing)
{
	char *body = write_many(500, "");
	const struct script_answer answer = { { { .status = 200, .text = body } } };
	struct twitter_rig *rig = rig_cut_new(&answer, 1, _i);

	rig->pipeline_options.window_messages = 10;
	rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 10);
	ck_assert(rig->script.refusals >= 1 || rig->script.piece == 0);

	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);
	check_order(rig, 500);
	ck_assert_uint_eq(rig_metrics(rig).wire_bytes, strlen(body));
	rig_end(rig);
	free(body);
}
END_TEST

START_TEST(P1_a_full_outlet_is_no_stall)
{
	static const struct script_answer answer = {
		{ { .status = 200, .text = M1 "\r\n" M1 "\r\n" M1 "\r\n" },
		  { .at_ms = 1000, .text = M2 "\r\n" } }
	};
	struct twitter_rig *rig = rig_new(&answer, 1);

	rig->pipeline_options.window_messages = 2;
	rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(rig_run(rig, 80000), WEIR_OK);
	ck_assert_int_eq(rig_run(rig, 300000), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 1);

	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(rig_run(rig, 89999), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 1);
	rig_check_messages(rig, WEIR_KIND_ANY, M1 "\n" M1 "\n" M1 "\n" M2 "\n");
	rig_end(rig);
}
END_TEST

/* All that had come was taken, though not all of it could be handed over. */
START_TEST(P1_a_full_outlet_is_no_stall_when_nothing_was_refused)
{
	static const struct script_answer answer = {
		{ { .status = 200, .text = M1 "\r\n" M1 "\r\n" M2 "\r\n" } }
	};
	struct twitter_rig *rig = rig_new(&answer, 1);

	rig->pipeline_options.window_messages = 1;
	rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(rig_run(rig, 300000), WEIR_OK);
	ck_assert_uint_eq(rig->script.refusals, 0);

	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(rig_run(rig, 89999), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 1);
	rig_check_messages(rig, WEIR_KIND_ANY, M1 "\n" M1 "\n" M2 "\n");
	ck_assert_int_eq(rig_run(rig, 1), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 2);
	rig_end(rig);
}
END_TEST

START_TEST(P1_held_messages_are_waited_for_without_spinning)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = M1 "\r\n" M1 "\r\n" M2 "\r\n" } } },
		{ { { .status = 200 } } },
	};
	struct twitter_rig *rig = RIG(answers);

	rig->pipeline_options.window_messages = 1;
	rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(rig_run(rig, 300000), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 1);
	ck_assert_uint_eq(rig->script.opens, 1);

	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);
	rig_check_messages(rig, NOT_GAP, M1 "\n" M1 "\n" M2 "\n");
	rig_end(rig);
}
END_TEST

START_TEST(P1_what_came_before_the_end_is_delivered_when_there_is_room)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = M1 "\r\n" M1 "\r\n" M1 "\r\n" M1 "\r\n" },
		    { .at_ms = 6000, .ends = true } } },
		{ { { .status = 200, .text = M2 "\r\n" } } },
	};
	struct twitter_rig *rig = rig_new(answers, 2);

	rig->pipeline_options.window_messages = 1;
	rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(rig_run(rig, 10000), WEIR_OK);
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(rig_run(rig, 10000), WEIR_OK);

	rig_check_messages(rig, NOT_GAP, M1 "\n" M1 "\n" M1 "\n" M1 "\n" M2 "\n");
	rig_end(rig);
}
END_TEST

/* The gzip of a text. Yours: free it. */
static char *zip(const char *text, size_t *ret_len)
{
	const size_t size = compressBound(strlen(text)) + 64;
	char *out = malloc(size);
	z_stream stream = { .next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)strlen(text) };

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_out = (Bytef *)out;
	stream.avail_out = (uInt)size;
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	*ret_len = size - stream.avail_out;
	deflateEnd(&stream);
	return out;
}

static const size_t burst_pieces[] = { 0, 16384, 777 };

/* Compressed, 40 MB come out of some 100 kB: a full outlet must stop the decoder as well. */
START_TEST(P2_a_burst_keeps_its_order_in_bounded_memory)
{
	const bool compressed = _i / 3;
	char padding[2001];
	char *text, *zipped;
	size_t zipped_len;
	struct script_answer answer = { { { .status = 200 } } };
	struct twitter_rig *rig;

	memset(padding, 'p', 2000);
	padding[2000] = '\0';
	text = write_many(20000, padding);
	zipped = zip(text, &zipped_len);
	answer.events[0].name = "Content-Encoding";
	answer.events[0].value = compressed ? "gzip" : "identity";
	answer.events[0].text = compressed ? zipped : text;
	answer.events[0].len = compressed ? zipped_len : strlen(text);
	rig = rig_new(&answer, 1);
	rig->script.piece = burst_pieces[_i % 3];
	rig->pipeline_options.window_messages = 100;
	rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 100);
	ck_assert_uint_lt(rig->fake.live_bytes, 4u << 20);
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	check_order(rig, 20000);
	ck_assert_uint_lt(rig->fake.most_bytes, 4u << 20);
	ck_assert_uint_eq(rig_metrics(rig).wire_bytes, answer.events[0].len);
	rig_end(rig);
	free(text);
	free(zipped);
}
END_TEST

START_TEST(P1_compressed_bodies_wait_as_well)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .name = "Content-Encoding", .value = "gzip",
		      BYTES(FLUSHED) } } },
	};
	struct twitter_rig *rig = rig_cut_new(answers, 1, _i);

	rig->pipeline_options.window_messages = 1;
	rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);
	rig_check_messages(rig, WEIR_KIND_ANY, M1 "\n");
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);

	rig_check_messages(rig, WEIR_KIND_ANY, M1 "\n" M2 "\n");
	rig_end(rig);
}
END_TEST

/* ---- memory ---- */

static enum weir_status run_both(struct twitter_rig *rig)
{
	const enum weir_status status = rig_run(rig, 7000);

	if (status == WEIR_ERR_NOMEM)
		ck_assert_int_eq(weir_pipeline_error(rig->pipeline)->status, WEIR_ERR_NOMEM);
	return status;
}

/* Whatever allocation fails: an error of that name, nothing leaked, no secret said. */
START_TEST(every_allocation_may_fail)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .name = "Content-Encoding", .value = "gzip", BYTES(FLUSHED) },
		    { .at_ms = 6000, .ends = true } } },
		{ { { .status = 200, .text = M2 "\r\n" } } },
	};

	RIG_FAIL_ALLOCATIONS(answers, run_both);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, P1_a_stalled_sink_stops_the_reading_and_loses_nothing, 0,
			    RIG_CUTS);
	tcase_add_test(tcase, P1_a_full_outlet_is_no_stall);
	tcase_add_test(tcase, P1_a_full_outlet_is_no_stall_when_nothing_was_refused);
	tcase_add_test(tcase, P1_held_messages_are_waited_for_without_spinning);
	tcase_add_test(tcase, P1_what_came_before_the_end_is_delivered_when_there_is_room);
	tcase_add_loop_test(tcase, P1_compressed_bodies_wait_as_well, 0, RIG_CUTS);
	tcase_add_loop_test(tcase, P2_a_burst_keeps_its_order_in_bounded_memory, 0, 6);
	tcase_add_test(tcase, every_allocation_may_fail);
}

int main(void)
{
	TCase *tcase = tcase_create("twitter_load");

	add_tests(tcase);
	return run_case("twitter_load", tcase);
}
