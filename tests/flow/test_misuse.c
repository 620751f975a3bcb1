/* SPDX-License-Identifier: MIT */
/* What callers get wrong, and what the pipeline says instead of guessing. */
#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "support/flow.h"
#include "support/run.h"

static struct flow flow;

static void begin(const struct weir_pipeline_options *options, size_t messages)
{
	flow_begin(&flow, options);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "t"), flow.sink);
	for (size_t i = 0; i < messages; i++)
		flow_feed(&flow, "{\"a\":1}");
}

static const char *error_text(void)
{
	return weir_pipeline_error(flow.pipeline)->text;
}

/* ---- what sources hand over */

START_TEST(a_message_without_a_size_is_refused_not_made_empty)
{
	begin(NULL, 1);
	flow.in.items[0].size = 0;
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_INVALID);
	ck_assert_str_eq(error_text(), "weir_message_init: size is 0; use WEIR_WITH("
				       "weir_message_init, …) or set it");
	ck_assert_uint_eq(flow_metrics(&flow).all.received, 0);
	flow_end(&flow);
}
END_TEST

START_TEST(a_header_without_a_name_is_refused)
{
	const struct weir_header header = { .name = NULL };

	begin(NULL, 1);
	flow.in.items[0].headers = &header;
	flow.in.items[0].header_count = 1;
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_INVALID);
	flow_end(&flow);
}
END_TEST

static const struct weir_source_ops empty_source_ops = { .size = 0 };
static const struct weir_sink_ops empty_sink_ops = { .size = 0 };

START_TEST(ops_without_a_size_are_refused)
{
	begin(NULL, 0);
	ck_assert_ptr_null(weir_source_add(flow.pipeline, "x", &empty_source_ops, NULL));
	ck_assert_ptr_nonnull(strstr(error_text(), "weir_source_ops: size is 0"));
	flow_end(&flow);
	begin(NULL, 0);
	ck_assert_ptr_null(weir_sink_add(flow.pipeline, "x", &empty_sink_ops, NULL));
	ck_assert_ptr_nonnull(strstr(error_text(), "weir_sink_ops: size is 0"));
	flow_end(&flow);
}
END_TEST

/* ---- options */

START_TEST(an_env_without_a_size_is_refused)
{
	const struct weir_env env = { .size = 0 };
	weir_pipeline *p = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &env));

	ck_assert_str_eq(weir_pipeline_error(p)->text,
			 "weir_env: size is 0; set it to sizeof the struct");
	weir_pipeline_free(p);
}
END_TEST

START_TEST(a_long_first_wait_raises_the_default_of_the_longest)
{
	weir_pipeline *p =
		weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .retry_first_ms = 60000));

	ck_assert_int_eq(weir_pipeline_error(p)->status, WEIR_OK);
	weir_pipeline_free(p);
}
END_TEST

static const struct {
	const char *name;
	struct weir_field_match match;
	const char *want;
} forgotten[] = {
	{ "values without a test that takes them",
	  { .path = "a", .any_of = (const char *const[]){ "x" }, .any_of_count = 1 },
	  "does not look at any_of" },
	{ "bounds without a test that takes them", { .path = "a", .min = 1, .max = 2 },
	  "does not look at min and max" },
	{ "a bound of an absent field", { .path = "a", .test = WEIR_TEST_ABSENT, .max = INFINITY },
	  "does not look at min and max" },
};

START_TEST(a_matcher_whose_test_was_forgotten_says_so)
{
	begin(NULL, 0);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .where = &forgotten[_i].match, .where_count = 1),
		       flow.sink);
	ck_assert_msg(strstr(error_text(), forgotten[_i].want), "%s: %s", forgotten[_i].name,
		      error_text());
	flow_end(&flow);
}
END_TEST

START_TEST(traits_that_contradict_each_other_are_refused)
{
	begin(NULL, 0);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .traits = WEIR_TRAIT_QUOTE,
				 .without_traits = WEIR_TRAIT_QUOTE),
		       flow.sink);
	ck_assert_ptr_nonnull(strstr(error_text(), "no message has both"));
	flow_end(&flow);
}
END_TEST

/* ---- wrong times */

START_TEST(a_pipeline_with_a_thread_is_not_stepped_by_another)
{
	begin(NULL, 1);
	flow.in.stays = true;
	ck_assert_int_eq(weir_pipeline_start(flow.pipeline), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_step(flow.pipeline), WEIR_ERR_STATE);
	ck_assert_int_eq(weir_pipeline_run(flow.pipeline), WEIR_ERR_STATE);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(weir_pipeline_join(flow.pipeline), WEIR_OK);
	flow_end(&flow);
}
END_TEST

static enum weir_status inner;

static bool step_inside(void *user, const weir_message *message)
{
	(void)user;
	(void)message;
	inner = weir_pipeline_step(flow.pipeline);
	return true;
}

START_TEST(a_callback_cannot_step_the_pipeline_that_calls_it)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .match = step_inside), flow.sink);
	flow_feed(&flow, "{}");
	inner = WEIR_OK;
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_int_eq(inner, WEIR_ERR_STATE);
	flow_end(&flow);
}
END_TEST

/* ---- what is said */

START_TEST(a_sink_that_gives_back_is_heard_once_and_in_the_end)
{
	const char *first;

	begin(WEIR_WITH(weir_pipeline_options, .drain_ms = 1000), 3);
	flow.in.stays = true;
	flow.out.then = FLOW_RETRY;
	flow_step(&flow);
	fake_env_advance(&flow.fake, 100);
	flow_step(&flow);
	ck_assert_ptr_nonnull(strstr(flow.fake.log, "not now; tried again in 100 ms"));
	first = strstr(flow.fake.log, "tried again");
	ck_assert_ptr_null(strstr(first + 1, "tried again"));
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_TIMEOUT);
	ck_assert_str_eq(error_text(), "stopped: 0 messages delivered, 3 not acknowledged within "
				       "1000 ms; sink 'out': not now");
	flow_end(&flow);
}
END_TEST

START_TEST(a_source_s_error_names_the_source_and_a_sink_s_the_sink)
{
	begin(NULL, 1);
	flow.in.fail = WEIR_ERR_IO;
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_IO);
	ck_assert_str_eq(error_text(), "source 'in': step was told to fail");
	flow_end(&flow);
	begin(NULL, 1);
	flow.out.then = FLOW_STOP;
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_IO);
	ck_assert_str_eq(error_text(), "sink 'out': broken");
	flow_end(&flow);
}
END_TEST

/* ---- descriptors that belong to others */

START_TEST(a_closed_standard_output_is_not_taken_for_the_pipeline_s_own)
{
	const int in = fcntl(STDIN_FILENO, F_DUPFD, 10), out = fcntl(STDOUT_FILENO, F_DUPFD, 10);
	weir_pipeline *p;

	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	p = weir_pipeline_new(NULL);
	ck_assert_int_gt(weir_pipeline_fd(p), STDERR_FILENO);
	ck_assert_int_eq(fcntl(STDIN_FILENO, F_GETFD), -1);
	ck_assert_int_eq(fcntl(STDOUT_FILENO, F_GETFD), -1);
	weir_pipeline_free(p);
	ck_assert_int_eq(dup2(in, STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(dup2(out, STDOUT_FILENO), STDOUT_FILENO);
	close(in);
	close(out);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_add_test(t, a_message_without_a_size_is_refused_not_made_empty);
	tcase_add_test(t, a_header_without_a_name_is_refused);
	tcase_add_test(t, ops_without_a_size_are_refused);
	tcase_add_test(t, an_env_without_a_size_is_refused);
	tcase_add_test(t, a_long_first_wait_raises_the_default_of_the_longest);
	LOOP(t, a_matcher_whose_test_was_forgotten_says_so, forgotten);
	tcase_add_test(t, traits_that_contradict_each_other_are_refused);
	tcase_add_test(t, a_pipeline_with_a_thread_is_not_stepped_by_another);
	tcase_add_test(t, a_callback_cannot_step_the_pipeline_that_calls_it);
	tcase_add_test(t, a_sink_that_gives_back_is_heard_once_and_in_the_end);
	tcase_add_test(t, a_source_s_error_names_the_source_and_a_sink_s_the_sink);
	tcase_add_test(t, a_closed_standard_output_is_not_taken_for_the_pipeline_s_own);
	return run_case("misuse", t);
}
