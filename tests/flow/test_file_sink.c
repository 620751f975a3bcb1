/* SPDX-License-Identifier: MIT */
/* The file sink: lines, destinations, many files. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/file_rig.h"
#include "support/recorder.h"
#include "support/run.h"

/* ---- lines ---- */

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	const char *want;
} bodies[] = {
	{ "as it is", "{\"a\":1}", 7, "{\"a\":1}\n" },
	{ "an empty message is an empty line", "", 0, "\n" },
	{ "a line end inside becomes a blank", "{\n\"a\":\r\n1}", 10, "{ \"a\":  1}\n" },
	{ "only line ends", "\r\n\n", 3, "   \n" },
};

START_TEST(one_message_is_one_line)
{
	struct file_rig *rig = file_rig_new();

	rig->options.path = "all";
	file_rig_start(rig, NULL);
	file_rig_push_bytes(rig, bodies[_i].bytes, bodies[_i].len);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	file_rig_check(rig, "all", bodies[_i].want);
	file_rig_end(rig);
}
END_TEST

START_TEST(a_long_line_and_many_short_ones_are_written_whole)
{
	struct file_rig *rig = file_rig_new();
	char *line = malloc(300000);
	size_t len;
	char *bytes;

	ck_assert_ptr_nonnull(line);
	memset(line, 'x', 300000);
	rig->options.path = "all";
	file_rig_start(rig, NULL);
	file_rig_push(rig, "before");
	file_rig_push_bytes(rig, line, 300000);
	file_rig_push_numbers(rig, 0, 20000);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	bytes = file_read(test_path(&rig->dir, "all"), &len);
	ck_assert_mem_eq(bytes, "before\nxxx", 10);
	ck_assert_mem_eq(bytes + 7 + 299998, "xx\n{\"n\":0}\n", 11);
	memmove(bytes, bytes + 7 + 300001, len + 1 - 7 - 300001);
	check_numbers(bytes, 20000);
	free(line);
	file_rig_end(rig);
}
END_TEST

START_TEST(the_memory_a_long_line_took_is_given_back)
{
	struct file_rig *rig = file_rig_new();
	char *line = calloc(1, 1000000);

	ck_assert_ptr_nonnull(line);
	rig->options.path = "all";
	file_rig_start(rig, NULL);
	file_rig_push_bytes(rig, line, 1000000);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	ck_assert_uint_eq(sink_metrics_of(rig->sink).delivered, 1);
	ck_assert_uint_gt(rig->fake.most_bytes, 2000000);
	ck_assert_uint_lt(rig->fake.live_bytes, 500000);
	free(line);
	file_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	bool truncate, sync;
	const char *want;
} beginnings[] = {
	{ "it appends", false, false, "old\nnew\n" },
	{ "it truncates when asked", true, false, "new\n" },
	{ "it syncs when asked", false, true, "old\nnew\n" },
};

START_TEST(an_existing_file_is_kept_or_emptied)
{
	struct file_rig *rig = file_rig_new();

	file_write(test_path(&rig->dir, "all"), "old\n", 4);
	rig->options.path = "all";
	rig->options.truncate = beginnings[_i].truncate;
	rig->options.sync = beginnings[_i].sync;
	file_rig_start(rig, NULL);
	file_rig_push(rig, "new");
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	file_rig_check(rig, "all", beginnings[_i].want);
	file_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	const char *before;
	bool truncate;
	const char *want;
	bool is_cut;
} leftovers[] = {
	{ "half a line", "{\"created_at\":\"Wed", false, "{\"created_at\":\"Wed\nnew\n", true },
	{ "half a line behind whole ones", "a\nb", false, "a\nb\nnew\n", true },
	{ "a line without its feed", "a\r", false, "a\r\nnew\n", true },
	{ "whole lines", "a\nb\n", false, "a\nb\nnew\n", false },
	{ "nothing", "", false, "new\n", false },
	{ "half a line that is thrown away", "b", true, "new\n", false },
};

START_TEST(half_a_line_of_an_earlier_run_is_not_glued_to_a_message)
{
	struct file_rig *rig = file_rig_new();
	const char *path = test_path(&rig->dir, "all");
	const bool is_destination = _i % 2;
	const int row = _i / 2;
	struct weir_sink_metrics metrics;

	file_write(path, leftovers[row].before, strlen(leftovers[row].before));
	rig->options.truncate = leftovers[row].truncate;
	rig->options.path = is_destination ? NULL : "all";
	file_rig_start(rig, is_destination ? "all" : NULL);
	file_rig_push(rig, "new");
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	file_rig_check(rig, "all", leftovers[row].want);
	ck_assert_msg(leftovers[row].is_cut ==
			      (strstr(rig->fake.log, "ends in a cut line; a line feed was put") &&
			       strstr(rig->fake.log, "WARN out: '")),
		      "%s: %s", leftovers[row].name, rig->fake.log);
	metrics = sink_metrics_of(rig->sink);
	ck_assert_uint_eq(metrics.delivered, 1);
	ck_assert_uint_eq(metrics.bytes, 3);
	file_rig_end(rig);
}
END_TEST

START_TEST(half_a_line_is_left_as_it_is_when_nothing_comes)
{
	struct file_rig *rig = file_rig_new();

	file_write(test_path(&rig->dir, "all"), "half", 4);
	rig->options.path = "all";
	file_rig_start(rig, NULL);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	file_rig_check(rig, "all", "half");
	file_rig_end(rig);
}
END_TEST

START_TEST(what_is_delivered_is_in_the_file_while_the_pipeline_runs)
{
	struct file_rig *rig = file_rig_new();

	rig->options.path = "all";
	file_rig_start(rig, NULL);
	file_rig_push_numbers(rig, 0, 3);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	ck_assert_uint_eq(sink_metrics_of(rig->sink).delivered, 3);
	check_numbers(file_read(test_path(&rig->dir, "all"), NULL), 3);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	file_rig_end(rig);
}
END_TEST

/* ---- destinations ---- */

START_TEST(destinations_are_files_of_the_folder)
{
	struct file_rig *rig = file_rig_new();

	ck_assert_int_eq(mkdir(test_path(&rig->dir, "sub"), 0700), 0);
	file_rig_start(rig, "by-{lang}.json");
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .to = "sub/all"), rig->sink);
	file_rig_push(rig, "{\"lang\":\"ko\"}");
	file_rig_push(rig, "{\"lang\":\"en\"}");
	file_rig_push(rig, "{\"lang\":\"ko\",\"n\":2}");
	file_rig_push(rig, "{\"lang\":\"../x\"}");
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	file_rig_check(rig, "by-ko.json", "{\"lang\":\"ko\"}\n{\"lang\":\"ko\",\"n\":2}\n");
	file_rig_check(rig, "by-en.json", "{\"lang\":\"en\"}\n");
	file_rig_check(rig, "by-other.json", "{\"lang\":\"../x\"}\n");
	ck_assert_int_eq(truncate(test_path(&rig->dir, "sub/all"), 0), 0);
	ck_assert_int_eq(unlink(test_path(&rig->dir, "sub/all")), 0);
	file_rig_end(rig);
}
END_TEST

START_TEST(more_files_than_may_be_open_are_all_written)
{
	struct file_rig *rig = file_rig_new();
	char text[64];

	rig->options.truncate = true;
	file_rig_start(rig, "f{n}");
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 200; i++) {
			snprintf(text, sizeof text, "{\"n\":%u}", i);
			file_rig_push(rig, text);
		}
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	ck_assert_uint_le(open_descriptors(), rig->descriptors + 64 + 8);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	for (unsigned i = 0; i < 200; i++) {
		char name[16];

		snprintf(name, sizeof name, "f%u", i);
		snprintf(text, sizeof text, "{\"n\":%u}\n{\"n\":%u}\n", i, i);
		file_rig_check(rig, name, text);
	}
	file_rig_end(rig);
}
END_TEST

START_TEST(an_absolute_destination_is_not_of_the_folder)
{
	struct file_rig *rig = file_rig_new();

	rig->options.directory = "/nowhere";
	file_rig_start(rig, test_path(&rig->dir, "there"));
	file_rig_push(rig, "x");
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	file_rig_check(rig, "there", "x\n");
	file_rig_end(rig);
}
END_TEST

START_TEST(fixed_destinations_and_fallbacks_are_made_at_the_start)
{
	struct file_rig *rig = file_rig_new();

	file_rig_start(rig, "fixed");
	weir_route_add(rig->pipeline,
		       WEIR_WITH(weir_route, .to = "by-{lang}", .fallback = "none"), rig->sink);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	file_rig_check(rig, "fixed", "");
	file_rig_check(rig, "none", "");
	file_rig_end(rig);
}
END_TEST

static unsigned count_of(const char *text, const char *what)
{
	unsigned count = 0;

	for (; (text = strstr(text, what)); text++)
		count++;
	return count;
}

START_TEST(with_one_path_another_destination_means_nothing_and_that_is_said_once)
{
	struct file_rig *rig = file_rig_new();

	rig->options.path = "all";
	file_rig_start(rig, "all");
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "none named"), rig->sink);
	if (_i > 0) {
		weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .to = "other"), rig->sink);
		weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .to = "another"), rig->sink);
	}
	file_rig_push(rig, "x");
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	ck_assert_uint_eq(count_of(rig->fake.log, "of a route names no file"), _i > 0);
	ck_assert_uint_eq(count_of(rig->fake.log, "INFO out: all goes to '"), _i > 0);
	file_rig_check(rig, "all", _i > 0 ? "x\nx\nx\nx\n" : "x\nx\n");
	ck_assert_int_lt(access(test_path(&rig->dir, "other"), F_OK), 0);
	file_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	const char *to;
	const char *want;
} wrong_destinations[] = {
	{ "none at all", NULL, ".path" },
	{ "the folder above", "../x", "illegal file name" },
	{ "a way back up", "sub/../x", "illegal file name" },
	{ "this folder", "./x", "illegal file name" },
	{ "an empty part", "a//b", "illegal file name" },
	{ "a folder", "sub", "Is a directory" },
	{ "a folder that is not there", "none/x", "No such file" },
};

START_TEST(a_destination_that_cannot_be_stops_the_pipeline_before_it_starts)
{
	struct file_rig *rig = file_rig_new();
	const struct weir_error *err;

	ck_assert_int_eq(mkdir(test_path(&rig->dir, "sub"), 0700), 0);
	file_rig_start(rig, wrong_destinations[_i].to);
	file_rig_push(rig, "x");
	ck_assert_int_lt(drive(rig->pipeline, &rig->fake), 0);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_msg(strstr(err->text, wrong_destinations[_i].want) != NULL, "%s: %s",
		      wrong_destinations[_i].name, err->text);
	ck_assert_uint_eq(metrics_of(rig->pipeline).all.received, 0);
	file_rig_end(rig);
}
END_TEST

START_TEST(a_late_destination_that_cannot_be_opened_makes_a_dead_letter)
{
	struct file_rig *rig = file_rig_new();
	struct recorder recorder;

	file_rig_start(rig, "other");
	weir_route_add(rig->pipeline,
		       WEIR_WITH(weir_route, .to = "none/{lang}", .fallback = "other"), rig->sink);
	weir_pipeline_set_dead_letters(rig->pipeline,
				       recorder_add(&recorder, rig->pipeline, "dead"), "dead");
	file_rig_push(rig, "{\"lang\":\"ko\"}");
	file_rig_push(rig, "{}");
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	ck_assert_uint_eq(recorder.count, 1);
	ck_assert_uint_eq(metrics_of(rig->pipeline).all.dead_lettered, 1);
	file_rig_check(rig, "other", "{\"lang\":\"ko\"}\n{}\n{}\n");
	recorder_release(&recorder);
	file_rig_end(rig);
}
END_TEST

START_TEST(an_empty_option_is_an_error)
{
	struct file_rig *rig = file_rig_new();

	if (_i == 0)
		rig->options.path = "";
	else
		rig->options.directory = "";
	file_rig_start(rig, NULL);
	ck_assert_ptr_null(rig->sink);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "is empty"));
	ck_assert_ptr_null(weir_file_sink_add(NULL, "out", &rig->options));
	file_rig_end(rig);
}
END_TEST

START_TEST(memory_that_runs_out_leaks_nothing)
{
	bool has_failed = true;

	for (size_t at = 1; has_failed; at++) {
		struct file_rig *rig = file_rig_new();

		ck_assert_uint_lt(at, 1000);
		rig->fake.fail_at = at;
		file_rig_start(rig, "f{n}");
		if (rig->source)
			weir_push(rig->source, WEIR_WITH(weir_message_init,
							 .body = { "{\"n\":1}", 7 }));
		if (rig->pipeline) {
			const enum weir_status status = file_rig_finish(rig);

			ck_assert(status == WEIR_END || status == WEIR_ERR_NOMEM);
		}
		has_failed = rig->fake.calls >= at;
		file_rig_end(rig);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("files and pipes");

	tcase_set_timeout(tcase, 60);
	LOOP(tcase, one_message_is_one_line, bodies);
	tcase_add_test(tcase, a_long_line_and_many_short_ones_are_written_whole);
	tcase_add_test(tcase, the_memory_a_long_line_took_is_given_back);
	LOOP(tcase, an_existing_file_is_kept_or_emptied, beginnings);
	tcase_add_loop_test(tcase, half_a_line_of_an_earlier_run_is_not_glued_to_a_message, 0,
			    2 * (int)(sizeof leftovers / sizeof *leftovers));
	tcase_add_test(tcase, half_a_line_is_left_as_it_is_when_nothing_comes);
	tcase_add_test(tcase, what_is_delivered_is_in_the_file_while_the_pipeline_runs);
	tcase_add_test(tcase, destinations_are_files_of_the_folder);
	tcase_add_test(tcase, more_files_than_may_be_open_are_all_written);
	tcase_add_test(tcase, an_absolute_destination_is_not_of_the_folder);
	tcase_add_test(tcase, fixed_destinations_and_fallbacks_are_made_at_the_start);
	tcase_add_loop_test(tcase,
			    with_one_path_another_destination_means_nothing_and_that_is_said_once,
			    0, 2);
	LOOP(tcase, a_destination_that_cannot_be_stops_the_pipeline_before_it_starts,
	     wrong_destinations);
	tcase_add_test(tcase, a_late_destination_that_cannot_be_opened_makes_a_dead_letter);
	tcase_add_loop_test(tcase, an_empty_option_is_an_error, 0, 2);
	tcase_add_test(tcase, memory_that_runs_out_leaks_nothing);
	return run_case("file sink", tcase);
}
