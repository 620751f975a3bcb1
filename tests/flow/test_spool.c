/* SPDX-License-Identifier: MIT */
/* A spool in its pipeline: what goes in comes out, once, in order, also after a restart. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/run.h"
#include "support/spool_rig.h"

/* ---- through ---- */

START_TEST(what_goes_in_comes_out_in_order_and_the_pipeline_ends)
{
	struct spool_rig *rig = spool_rig_new();
	struct weir_spool_metrics metrics;

	rig->options.commit_bytes = (size_t)_i;
	spool_rig_start(rig);
	spool_rig_push(rig, 2000, 700);
	spool_rig_check_all(rig, 0, 2000);
	metrics = spool_rig_metrics(rig);
	ck_assert_uint_eq(metrics.stored, 2000);
	ck_assert_uint_eq(metrics.settled, 2000);
	ck_assert_uint_eq(metrics.oldest_ms, 0);
	ck_assert_uint_gt(metrics.commits, 0);
	spool_rig_end(rig);
}
END_TEST

START_TEST(an_empty_input_ends_at_once)
{
	struct spool_rig *rig = spool_rig_new();

	spool_rig_start(rig);
	spool_rig_check_all(rig, 0, 0);
	spool_rig_end(rig);
}
END_TEST

START_TEST(a_message_is_what_it_was)
{
	struct spool_rig *rig = spool_rig_new();
	const struct weir_header headers[] = { { "a", { "1\0002", 3 } }, { "", { "", 0 } } };
	const char *tweet = "{\"created_at\":\"Mon Jan 29 21:18:31 +0000 2018\",\"id\":77,"
			    "\"id_str\":\"77\",\"text\":\"t\",\"user\":{\"id\":1},"
			    "\"in_reply_to_status_id\":5}";

	spool_rig_start(rig);
	weir_push(rig->source, WEIR_WITH(weir_message_init, .body = { tweet, strlen(tweet) },
					 .headers = headers, .header_count = 2));
	SPOOL_UNTIL(rig, rig->out.count == 1);
	ck_assert_str_eq(rig->out.last, "in tweet 2 77 1517260711000 a=1 =");
	weir_push(rig->source, WEIR_WITH(weir_message_init, .body = { "", 0 },
					 .kind = WEIR_KIND_RECORD, .key = { "k y", 3 },
					 .time_ms = 12));
	SPOOL_UNTIL(rig, rig->out.count == 2);
	ck_assert_str_eq(rig->out.last, "in record 0 k y 12");
	ck_assert_int_eq(spool_rig_finish(rig), WEIR_END);
	spool_rig_end(rig);
}
END_TEST

START_TEST(a_message_larger_than_a_batch_has_one_of_its_own)
{
	struct spool_rig *rig = spool_rig_new();

	rig->options.commit_bytes = 10000;
	spool_rig_start(rig);
	for (unsigned i = 0; i < 10; i++) {
		spool_rig_push(rig, 3, 500);
		spool_rig_push(rig, 1, 1000000);
	}
	spool_rig_check_all(rig, 0, 40);
	spool_rig_end(rig);
}
END_TEST

START_TEST(a_message_too_large_for_the_spool_is_refused_by_name)
{
	struct spool_rig *rig = spool_rig_new();

	rig->options.max_bytes = 16u << 20;
	spool_rig_start(rig);
	spool_rig_push(rig, 1, (4u << 20) + 10);
	ck_assert_int_eq(spool_rig_finish(rig), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "raise max_bytes"));
	spool_rig_end(rig);
}
END_TEST

/* ---- waiting, restarts ---- */

START_TEST(the_stream_is_read_on_while_nothing_is_taken_behind_the_spool)
{
	struct spool_rig *rig = spool_rig_new();

	rig->out.settles = 0;
	rig->pipeline_options.window_messages = 100;
	spool_rig_start(rig);
	spool_rig_push(rig, 20000, 500);
	SPOOL_UNTIL(rig, spool_rig_metrics(rig).stored == 20000);
	ck_assert_uint_le(rig->out.count, 100);
	ck_assert_uint_eq(spool_rig_metrics(rig).waiting, 20000);
	ck_assert_uint_ge(spool_rig_metrics(rig).waiting_bytes, 20000 * 500);
	ck_assert_uint_gt(spool_rig_metrics(rig).oldest_ms, 0);
	spool_rig_settle(rig, UINT64_MAX);
	spool_rig_check_all(rig, 0, 20000);
	spool_rig_end(rig);
}
END_TEST

static const unsigned halves[] = { 0, 1, 499, 500, 501, 999, 1000 };

START_TEST(after_a_stop_it_goes_on_with_what_is_not_settled)
{
	struct spool_rig *rig = spool_rig_new();
	const unsigned settled = halves[_i];

	rig->out.settles = settled;
	rig->options.commit_bytes = 50000;
	rig->pipeline_options.drain_ms = 100;
	spool_rig_start(rig);
	spool_rig_push(rig, 1000, 300);
	SPOOL_UNTIL(rig, spool_rig_metrics(rig).stored == 1000 && rig->out.count == 1000);
	ck_assert_int_eq(spool_rig_stop(rig), WEIR_END);
	spool_rig_leave(rig);
	rig->out.settles = UINT64_MAX;
	spool_rig_start(rig);
	spool_rig_push(rig, 100, 300);
	spool_rig_check_all(rig, settled, 1100);
	ck_assert_uint_eq(spool_rig_metrics(rig).stored, 1100 - settled);
	spool_rig_end(rig);
}
END_TEST

START_TEST(without_a_close_the_position_is_a_second_old_at_most)
{
	struct spool_rig *rig = spool_rig_new();
	struct weir_spool_report report = { .size = sizeof report };
	char copy[100], command[400];

	rig->out.settles = 600;
	rig->options.commit_bytes = 20000;
	spool_rig_start(rig);
	spool_rig_push(rig, 1000, 300);
	SPOOL_UNTIL(rig, rig->out.settled == 600 && rig->out.count == 1000);
	fake_env_advance(&rig->fake, 1100);
	snprintf(copy, sizeof copy, "%s/copy", rig->dir.path);
	snprintf(command, sizeof command, "rm -rf %s; cp -r %s %s", copy, rig->folder, copy);
	SPOOL_UNTIL(rig, system(command) == 0 &&
				 weir_spool_inspect(copy, NULL, NULL, &report, NULL) == WEIR_OK &&
				 report.first == 601);
	ck_assert_uint_eq(report.messages, 400);
	snprintf(command, sizeof command, "rm -r %s", copy);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(spool_rig_stop(rig), WEIR_END);
	spool_rig_end(rig);
}
END_TEST

START_TEST(many_restarts_lose_nothing_and_double_nothing_settled)
{
	struct spool_rig *rig = spool_rig_new();
	unsigned expected = 0;

	rig->pipeline_options.drain_ms = 10;
	rig->options.commit_bytes = 5000;
	for (unsigned run = 0; run < 30; run++) {
		spool_rig_start(rig);
		spool_rig_push(rig, 100, 200);
		rig->out.settles = run * 7 % 150;
		SPOOL_UNTIL(rig, rig->out.count == rig->pushed - expected);
		ck_assert_int_eq(spool_rig_stop(rig), WEIR_END);
		spool_rig_check(rig, expected, rig->pushed);
		expected += (unsigned)rig->out.settled;
		spool_rig_leave(rig);
	}
	rig->out.settles = UINT64_MAX;
	spool_rig_start(rig);
	spool_rig_check_all(rig, expected, rig->pushed);
	spool_rig_end(rig);
}
END_TEST

START_TEST(what_has_waited_too_long_is_dropped_and_counted)
{
	struct spool_rig *rig = spool_rig_new();

	rig->out.settles = 0;
	rig->pipeline_options.drain_ms = 10;
	rig->options.max_age_ms = 60000;
	spool_rig_start(rig);
	spool_rig_push(rig, 100, 300);
	SPOOL_UNTIL(rig, spool_rig_metrics(rig).stored == 100);
	ck_assert_int_eq(spool_rig_stop(rig), WEIR_END);
	spool_rig_leave(rig);
	rig->out.settles = UINT64_MAX;
	fake_env_advance(&rig->fake, 59000);
	spool_rig_start(rig);
	spool_rig_push(rig, 10, 300);
	rig->out.settles = 50;
	SPOOL_UNTIL(rig, rig->out.settled == 50);
	ck_assert_int_eq(spool_rig_stop(rig), WEIR_END);
	spool_rig_leave(rig);
	fake_env_advance(&rig->fake, 2000);
	rig->out.settles = UINT64_MAX;
	spool_rig_start(rig);
	spool_rig_check_all(rig, 100, 110);
	ck_assert_uint_eq(spool_rig_metrics(rig).expired, 50);
	spool_rig_leave(rig);
	spool_rig_start(rig);
	spool_rig_check_all(rig, 0, 0);
	spool_rig_end(rig);
}
END_TEST

/* ---- who has it ---- */

START_TEST(a_second_pipeline_on_the_same_folder_is_told_who_has_it)
{
	struct spool_rig *rig = spool_rig_new();
	weir_pipeline *second = weir_pipeline_new(NULL);
	struct weir_spool_report report = { .size = sizeof report };
	struct weir_error err;
	char want[64];

	spool_rig_start(rig);
	SPOOL_UNTIL(rig, weir_pipeline_state(rig->pipeline) == WEIR_STATE_RUNNING);
	snprintf(want, sizeof want, "in use by process %ld", (long)getpid());
	weir_spool_add(second, "again", WEIR_WITH(weir_spool_options, .dir = rig->folder));
	ck_assert_int_eq(weir_pipeline_run(second), WEIR_ERR_IO);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(second)->text, want));
	weir_pipeline_free(second);
	ck_assert_int_eq(weir_spool_inspect(rig->folder, NULL, NULL, &report, &err), WEIR_ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, want));
	spool_rig_push(rig, 10, 100);
	spool_rig_check_all(rig, 0, 10);
	spool_rig_end(rig);
}
END_TEST

START_TEST(a_folder_without_permission_is_named)
{
	struct spool_rig *rig = spool_rig_new();

	if (geteuid() == 0) {	/* whom nothing is forbidden: a folder that cannot be made */
		rig->options.dir = "/proc/spool";
	} else {
		ck_assert_int_eq(mkdir(rig->folder, 0500), 0);
	}
	spool_rig_start(rig);
	ck_assert_int_eq(spool_rig_finish(rig), WEIR_ERR_IO);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, rig->options.dir));
	spool_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	struct weir_spool_options options;
} wrong[] = {
	{ "no folder", { .size = sizeof(struct weir_spool_options) } },
	{ "an empty folder", { .size = sizeof(struct weir_spool_options), .dir = "" } },
	{ "too small", { .size = sizeof(struct weir_spool_options), .dir = "x", .max_bytes = 1 } },
	{ "no end of waiting",
	  { .size = sizeof(struct weir_spool_options), .dir = "x", .commit_ms = UINT64_MAX } },
	{ "no size", { .dir = "x" } },
};

START_TEST(wrong_options_fail_the_pipeline)
{
	weir_pipeline *pipeline = weir_pipeline_new(NULL);

	ck_assert_msg(!weir_spool_add(pipeline, "s", &wrong[_i].options), "%s", wrong[_i].name);
	ck_assert_int_eq(weir_pipeline_error(pipeline)->status, WEIR_ERR_INVALID);
	weir_pipeline_free(pipeline);
}
END_TEST

START_TEST(a_spool_in_a_pipeline_that_never_ran_is_freed)
{
	weir_pipeline *pipeline = weir_pipeline_new(NULL);
	const struct weir_spool_options options = { .size = sizeof options, .dir = "/nowhere/x" };

	ck_assert_ptr_nonnull(weir_spool_add(pipeline, "s", &options));
	ck_assert_ptr_null(weir_spool_add(pipeline, "s", &options));
	weir_pipeline_free(pipeline);
	ck_assert_ptr_null(weir_spool_source(NULL));
	ck_assert_ptr_null(weir_spool_sink(NULL));
	ck_assert_ptr_null(weir_spool_add(NULL, "s", &options));
}
END_TEST

/* ---- memory ---- */

START_TEST(an_allocation_that_fails_loses_nothing_and_leaves_nothing)
{
	struct spool_rig *rig = spool_rig_new();
	enum weir_status status = WEIR_ERR_NOMEM;
	unsigned failed = 0;

	for (size_t at = 1; status != WEIR_END; at += 1 + at / 16) {
		rig->fake.calls = 0;
		rig->fake.fail_at = at;
		rig->pushed = 0;
		spool_rig_start(rig);
		for (unsigned i = 0; rig->pipeline && rig->source && i < 50; i++)
			weir_push(rig->source, WEIR_WITH(weir_message_init, .body = { "{}", 2 }));
		weir_push_end(rig->source);
		status = WEIR_OK;
		while (rig->pipeline && status == WEIR_OK)
			status = spool_rig_turn(rig);
		failed += status < 0;
		spool_rig_leave(rig);
		rig->fake.fail_at = 0;
		fake_env_check_empty(&rig->fake);
	}
	ck_assert_uint_gt(failed, 10);
	spool_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("spool");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, what_goes_in_comes_out_in_order_and_the_pipeline_ends, 0, 1);
	tcase_add_loop_test(tcase, what_goes_in_comes_out_in_order_and_the_pipeline_ends, 1, 2);
	tcase_add_loop_test(tcase, what_goes_in_comes_out_in_order_and_the_pipeline_ends, 9999,
			    10000);
	tcase_add_test(tcase, an_empty_input_ends_at_once);
	tcase_add_test(tcase, a_message_is_what_it_was);
	tcase_add_test(tcase, a_message_larger_than_a_batch_has_one_of_its_own);
	tcase_add_test(tcase, a_message_too_large_for_the_spool_is_refused_by_name);
	tcase_add_test(tcase, the_stream_is_read_on_while_nothing_is_taken_behind_the_spool);
	tcase_add_loop_test(tcase, after_a_stop_it_goes_on_with_what_is_not_settled, 0, 7);
	tcase_add_test(tcase, without_a_close_the_position_is_a_second_old_at_most);
	tcase_add_test(tcase, many_restarts_lose_nothing_and_double_nothing_settled);
	tcase_add_test(tcase, what_has_waited_too_long_is_dropped_and_counted);
	tcase_add_test(tcase, a_second_pipeline_on_the_same_folder_is_told_who_has_it);
	tcase_add_test(tcase, a_folder_without_permission_is_named);
	LOOP(tcase, wrong_options_fail_the_pipeline, wrong);
	tcase_add_test(tcase, a_spool_in_a_pipeline_that_never_ran_is_freed);
	tcase_add_test(tcase, an_allocation_that_fails_loses_nothing_and_leaves_nothing);
	return run_case("spool", tcase);
}
