/* SPDX-License-Identifier: MIT */
/* The callback sink: what the answer of the call makes of a message. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/drive.h"
#include "support/recorder.h"
#include "support/run.h"

#define MOST_CALLS 16

struct rig {
	struct fake_env fake;
	struct weir_callback_sink_options options;
	struct recorder dead;
	weir_pipeline *pipeline;
	weir_source *source;
	weir_sink *sink;

	enum weir_status answers[MOST_CALLS];	/* of the first calls; then WEIR_OK */
	enum weir_remedy remedy;
	bool is_silent;		/* fails without filling err */
	size_t calls;
	uint64_t at_ms[MOST_CALLS];
	char seen[256];		/* "TO:BODY " … of all calls */
	weir_message *kept;
};

static enum weir_status answer(void *user, weir_message *message, const char *to,
			       struct weir_error *err)
{
	struct rig *rig = user;
	const struct weir_slice body = weir_message_body(message);
	const size_t call = rig->calls++;

	ck_assert_uint_lt(call, MOST_CALLS);
	rig->at_ms[call] = rig->fake.monotonic_ms;
	strcat(rig->seen, to);
	strcat(rig->seen, ":");
	strncat(rig->seen, body.data, body.len);
	strcat(rig->seen, " ");
	if (rig->answers[call] < 0 && !rig->is_silent)
		return weir_error_set(err, rig->answers[call], rig->remedy, "the reason");
	return rig->answers[call];
}

static struct rig *rig_new(void)
{
	struct rig *rig = calloc(1, sizeof *rig);

	ck_assert_ptr_nonnull(rig);
	fake_env_init(&rig->fake);
	rig->options = (struct weir_callback_sink_options){ .size = sizeof rig->options,
							    .call = answer,
							    .user = rig };
	return rig;
}

static void start(struct rig *rig)
{
	rig->pipeline = weir_pipeline_new(
		WEIR_WITH(weir_pipeline_options, .env = &rig->fake.env, .retry_first_ms = 200));
	rig->source = weir_push_source_add(
		rig->pipeline, "in", WEIR_WITH(weir_push_source_options, .kind = WEIR_KIND_RECORD));
	rig->sink = weir_callback_sink_add(rig->pipeline, "out", &rig->options);
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .to = "there"), rig->sink);
}

static void push(struct rig *rig, const char *text)
{
	ck_assert_int_eq(weir_push(rig->source,
				   WEIR_WITH(weir_message_init, .body = { text, strlen(text) })),
			 WEIR_OK);
}

static enum weir_status run_with(struct rig *rig, const char *first, const char *second)
{
	start(rig);
	push(rig, first);
	push(rig, second);
	weir_push_end(rig->source);
	return drive(rig->pipeline, &rig->fake);
}

static void rig_end(struct rig *rig)
{
	weir_pipeline_free(rig->pipeline);
	weir_message_unref(rig->kept);
	recorder_release(&rig->dead);
	fake_env_check_empty(&rig->fake);
	free(rig);
}

START_TEST(an_ok_is_a_delivery)
{
	struct rig *rig = rig_new();

	ck_assert_int_eq(run_with(rig, "a", "b"), WEIR_END);
	ck_assert_str_eq(rig->seen, "there:a there:b ");
	ck_assert_uint_eq(metrics_of(rig->pipeline).all.delivered, 2);
	rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	uint64_t again_ms, want_ms;
} delays[] = {
	{ "by default after 10 ms", 0, 10 },
	{ "or as long as it was told", 700, 700 },
};

START_TEST(an_again_is_offered_again_in_a_while_and_before_any_other)
{
	struct rig *rig = rig_new();

	rig->options.again_ms = delays[_i].again_ms;
	rig->answers[0] = WEIR_AGAIN;
	rig->answers[1] = WEIR_AGAIN;
	ck_assert_int_eq(run_with(rig, "a", "b"), WEIR_END);
	ck_assert_str_eq(rig->seen, "there:a there:a there:a there:b ");
	ck_assert_msg(rig->at_ms[1] - rig->at_ms[0] == delays[_i].want_ms, "%s: %ju ms",
		      delays[_i].name, (uintmax_t)(rig->at_ms[1] - rig->at_ms[0]));
	ck_assert_uint_eq(rig->at_ms[2] - rig->at_ms[1], delays[_i].want_ms);
	ck_assert_uint_eq(sink_metrics_of(rig->sink).retried, 0);
	rig_end(rig);
}
END_TEST

START_TEST(a_retry_waits_as_the_pipeline_says)
{
	struct rig *rig = rig_new();

	rig->answers[0] = WEIR_ERR_IO;
	rig->remedy = WEIR_REMEDY_RETRY;
	ck_assert_int_eq(run_with(rig, "a", "b"), WEIR_END);
	ck_assert_str_eq(rig->seen, "there:a there:a there:b ");
	ck_assert_uint_eq(rig->at_ms[1] - rig->at_ms[0], 200);
	ck_assert_uint_eq(sink_metrics_of(rig->sink).retried, 1);
	rig_end(rig);
}
END_TEST

START_TEST(a_skip_is_a_dead_letter)
{
	struct rig *rig = rig_new();

	rig->answers[0] = WEIR_ERR_REFUSED;
	rig->remedy = WEIR_REMEDY_SKIP;
	start(rig);
	weir_pipeline_set_dead_letters(rig->pipeline,
				       recorder_add(&rig->dead, rig->pipeline, "dead"), "dead");
	push(rig, "a");
	push(rig, "b");
	weir_push_end(rig->source);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(rig->dead.count, 1);
	ck_assert_str_eq(rig->dead.records[0].body, "a");
	ck_assert_uint_eq(metrics_of(rig->pipeline).all.delivered, 1);
	rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	bool is_silent;
	const char *want;
} stops[] = {
	{ "with the reason it gave", false, "the reason" },
	{ "and without one it is said that there is none", true, "gave no reason" },
};

START_TEST(a_stop_fails_the_pipeline)
{
	struct rig *rig = rig_new();
	const struct weir_error *err;

	rig->answers[0] = WEIR_ERR_CORRUPT;
	rig->remedy = WEIR_REMEDY_STOP;
	rig->is_silent = stops[_i].is_silent;
	ck_assert_int_eq(run_with(rig, "a", "b"), WEIR_ERR_CORRUPT);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_msg(strstr(err->text, stops[_i].want) && strstr(err->text, "'out'"), "%s: %s",
		      stops[_i].name, err->text);
	ck_assert_uint_eq(rig->calls, 1);
	rig_end(rig);
}
END_TEST

static const enum weir_status no_answers[] = { WEIR_END, (enum weir_status)3 };

START_TEST(what_is_no_answer_is_no_delivery_and_fails_the_pipeline)
{
	struct rig *rig = rig_new();
	const struct weir_error *err;

	rig->answers[0] = no_answers[_i];
	ck_assert_int_eq(run_with(rig, "a", "b"), WEIR_ERR_INVALID);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_msg(strstr(err->text, "'out'") && strstr(err->text, "callback answered"), "%s",
		      err->text);
	ck_assert_ptr_nonnull(strstr(err->text, weir_status_name(no_answers[_i])));
	ck_assert_uint_eq(rig->calls, 1);
	ck_assert_uint_eq(metrics_of(rig->pipeline).all.delivered, 0);
	rig_end(rig);
}
END_TEST

static enum weir_status keep(void *user, weir_message *message, const char *to,
			     struct weir_error *err)
{
	struct rig *rig = user;

	(void)to;
	(void)err;
	weir_message_unref(rig->kept);
	rig->kept = weir_message_ref(message);
	return WEIR_OK;
}

START_TEST(a_message_may_be_kept_beyond_the_pipeline)
{
	struct rig *rig = rig_new();
	struct weir_slice body;

	rig->options.call = keep;
	ck_assert_int_eq(run_with(rig, "a", "b"), WEIR_END);
	weir_pipeline_free(rig->pipeline);
	rig->pipeline = NULL;
	body = weir_message_body(rig->kept);
	ck_assert_uint_eq(body.len, 1);
	ck_assert_mem_eq(body.data, "b", 1);
	rig_end(rig);
}
END_TEST

static enum weir_status stop(void *user, weir_message *message, const char *to,
			     struct weir_error *err)
{
	struct rig *rig = user;

	(void)message;
	(void)to;
	(void)err;
	rig->calls++;
	weir_pipeline_stop(rig->pipeline);
	return WEIR_OK;
}

START_TEST(the_call_may_stop_the_pipeline)
{
	struct rig *rig = rig_new();

	rig->options.call = stop;
	start(rig);
	push(rig, "a");
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(rig->calls, 1);
	rig_end(rig);
}
END_TEST

START_TEST(no_function_to_call_is_an_error)
{
	struct rig *rig = rig_new();

	rig->options.call = NULL;
	start(rig);
	ck_assert_ptr_null(rig->sink);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, ".call"));
	ck_assert_ptr_null(weir_callback_sink_add(NULL, "out", &rig->options));
	rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("answers");

	tcase_add_test(tcase, an_ok_is_a_delivery);
	tcase_add_loop_test(tcase, an_again_is_offered_again_in_a_while_and_before_any_other, 0,
			    2);
	tcase_add_test(tcase, a_retry_waits_as_the_pipeline_says);
	tcase_add_test(tcase, a_skip_is_a_dead_letter);
	tcase_add_loop_test(tcase, a_stop_fails_the_pipeline, 0, 2);
	tcase_add_loop_test(tcase, what_is_no_answer_is_no_delivery_and_fails_the_pipeline, 0, 2);
	tcase_add_test(tcase, a_message_may_be_kept_beyond_the_pipeline);
	tcase_add_test(tcase, the_call_may_stop_the_pipeline);
	tcase_add_test(tcase, no_function_to_call_is_an_error);
	return run_case("callback sink", tcase);
}
