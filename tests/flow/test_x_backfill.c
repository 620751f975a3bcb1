/* SPDX-License-Identifier: MIT */
/*
 * What is asked for again after a hole came before, in part: a window of ids passes each post on
 * once.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/run.h"
#include "support/twitter_messages.h"
#include "support/x_answers.h"

#define DELETED "{\"data\":{\"delete\":{\"tweet\":{\"id\":\"12\",\"author_id\":\"2\"}}}}"
#define CUT(messages) \
	{ { { .status = 200, .text = messages }, { .at_ms = 6000, .ends = true } } }

static const struct script_answer answers[] = {
	CUT(SENT(V2_POST("11")) SENT(V2_POST("12"))),
	CUT(SENT(V2_POST("11")) SENT(V2_POST("12")) SENT(DELETED) SENT(V2_POST("13"))),
	{ { { .status = 200, .text = SENT(V2_POST("12")) SENT(V2_POST("13")) SENT(DELETED)
				     SENT(V2_POST("14")) } } },
};

static uint64_t duplicates(const struct twitter_rig *rig)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);

	weir_pipeline_metrics(rig->pipeline, &metrics);
	return metrics.drops[WEIR_DROP_DUPLICATE];
}

static struct twitter_rig *run(bool with_window)
{
	struct twitter_rig *rig = RIG_X(answers);

	rig->x_options.backfill_minutes = 5;
	rig_start(rig);
	if (with_window)
		ck_assert_int_eq(weir_dedup_add(rig->pipeline, NULL), WEIR_OK);
	ck_assert_int_eq(rig_run(rig, 15000), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 3);
	ck_assert_ptr_nonnull(strstr(rig->script.requests[1].url, "backfill_minutes=1"));
	ck_assert_ptr_nonnull(strstr(rig->script.requests[2].url, "backfill_minutes=1"));
	return rig;
}

START_TEST(with_a_window_each_post_comes_once_and_the_others_are_counted)
{
	struct twitter_rig *rig = run(true);

	rig_check_messages(rig, WEIR_KIND_TWEET, GOT(V2_POST("11")) GOT(V2_POST("12"))
			   GOT(V2_POST("13")) GOT(V2_POST("14")));
	/* Of a post there may be several, none like the other: they pass, whatever their id. */
	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_COMPLIANCE), 2);
	ck_assert_uint_eq(duplicates(rig), 4);
	rig_end(rig);
}
END_TEST

START_TEST(without_one_all_come)
{
	struct twitter_rig *rig = run(false);

	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_TWEET), 8);
	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_COMPLIANCE), 2);
	ck_assert_uint_eq(duplicates(rig), 0);
	rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("x_backfill");

	tcase_add_test(tcase, with_a_window_each_post_comes_once_and_the_others_are_counted);
	tcase_add_test(tcase, without_one_all_come);
	return run_case("x_backfill", tcase);
}
