/* SPDX-License-Identifier: MIT */
/* The file source: lists and patterns of files, lengths, and what a position says of them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/packer.h"
#include "support/reading_rig.h"
#include "support/run.h"

static void put(const struct reading_rig *rig, const char *name, enum packer packer,
		const char *text)
{
	size_t len;
	char *bytes = pack_bytes(packer, text, strlen(text), &len);

	if (packer == PACK_PLAIN)
		file_write(test_path(&rig->dir, name), text, strlen(text));
	else
		file_write(test_path(&rig->dir, name), bytes, len);
	free(bytes);
}

/* Three files; to be read as `rig->options` say. */
static struct reading_rig *new_rig(void)
{
	struct reading_rig *rig = reading_rig_new();

	put(rig, "b", PACK_PLAIN, "b1\nb2");
	put(rig, "a", PACK_ZSTD, "a1\na2\n");
	put(rig, "c", PACK_GZIP, "\nc1");
	return rig;
}

/* ---- order ---- */

START_TEST(a_list_is_read_in_its_order)
{
	struct reading_rig *rig = new_rig();
	const char *paths[] = { test_path(&rig->dir, "b"), test_path(&rig->dir, "c"),
				test_path(&rig->dir, "a"), test_path(&rig->dir, "b") };

	rig->options.paths = paths;
	rig->options.path_count = 4;
	reading_rig_run(rig, "b1\nb2\nc1\na1\na2\nb1\nb2\n", "the list");
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_pattern_is_read_in_the_order_of_names)
{
	struct reading_rig *rig = new_rig();

	rig->options.glob = test_path(&rig->dir, "[abc]");
	reading_rig_run(rig, "a1\na2\nb1\nb2\nc1\n", "the pattern");
	reading_rig_end(rig);
}
END_TEST

START_TEST(offsets_go_on_growing_from_file_to_file)
{
	struct reading_rig *rig = new_rig();

	rig->options.glob = test_path(&rig->dir, "[abc]");
	reading_rig_keep(rig);
	reading_rig_start(rig);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(source_metrics_of(rig->source).settled.offset, 6 + 5 + 3);
	reading_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	const char *pattern;
	enum weir_status want;
	const char *text;
} unreadable[] = {
	{ "nothing fits", "x*", WEIR_ERR_INVALID, "no file fits '" },
	{ "a folder fits", "d*", WEIR_ERR_IO, "Is a directory" },
};

START_TEST(a_pattern_without_files_is_an_error)
{
	struct reading_rig *rig = new_rig();

	ck_assert_int_eq(mkdir(test_path(&rig->dir, "dir"), 0700), 0);
	rig->options.glob = test_path(&rig->dir, unreadable[_i].pattern);
	reading_rig_start(rig);
	ck_assert_msg(drive(rig->pipeline, &rig->fake) == unreadable[_i].want, "%s",
		      unreadable[_i].name);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text,
				     unreadable[_i].text));
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_file_of_the_list_that_is_not_there_ends_it_behind_those_before)
{
	struct reading_rig *rig = new_rig();
	const char *paths[] = { test_path(&rig->dir, "b"), test_path(&rig->dir, "nowhere"),
				test_path(&rig->dir, "a") };

	rig->options.paths = paths;
	rig->options.path_count = 3;
	reading_rig_start(rig);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_ERR_IO);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "/nowhere'"));
	reading_rig_check(rig, "b1\nb2\n", "before it");
	reading_rig_end(rig);
}
END_TEST

static const char *const some[] = { "x", "y" };
static const char *const with_empty[] = { "x", "" };

static const struct {
	const char *name;
	struct weir_file_source_options options;
	const char *want;
} wrong_options[] = {
	{ "a path and a list", { .path = "x", .paths = some, .path_count = 2 }, "one of .path" },
	{ "a path and a pattern", { .path = "x", .glob = "x*" }, "one of .path" },
	{ "an empty pattern", { .glob = "" }, ".glob" },
	{ "an empty path in the list", { .paths = with_empty, .path_count = 2 }, "paths" },
	{ "a list that is not there", { .path_count = 2 }, "paths" },
	{ "a list to follow", { .paths = some, .path_count = 2, .follow = true }, "follow" },
	{ "an offset into a list", { .glob = "x*", .start_offset = 1 }, "start_offset" },
	{ "two framings", { .path = "x", .crlf = true, .delimited = true }, "delimited" },
	{ "two paces", { .path = "x", .per_second = 1, .original_timing = true }, "per_second" },
	{ "less than nothing a second", { .path = "x", .per_second = -1 }, "per_second" },
	{ "a speed without timing", { .path = "x", .speed = 2 }, "speed" },
	{ "a gap without timing", { .path = "x", .most_gap_ms = 2 }, "most_gap_ms" },
	{ "backwards", { .path = "x", .original_timing = true, .speed = -1 }, "speed" },
};

START_TEST(a_wrong_option_is_an_error_of_the_pipeline)
{
	reading_rig_check_mistake(&wrong_options[_i].options, wrong_options[_i].want,
				  wrong_options[_i].name);
}
END_TEST

/* ---- lengths ---- */

static const struct {
	const char *name;
	const char *bytes;
	const char *want;
	enum weir_status status;
	uint64_t truncated;
} delimited[] = {
	{ "messages behind their lengths", "3\r\na\r\n6\r\nb\nb\r\r\n", "a\nb\nb\r\n",
	  WEIR_END, 0 },
	{ "keep-alives between them", "\r\n3\r\na\r\n\r\n\r\n3\r\nb\r\n\r\n", "a\nb\n",
	  WEIR_END, 0 },
	{ "one that is cut", "3\r\na\r\n9\r\nbbb", "a\n", WEIR_END, 1 },
	{ "no length", "3\r\na\r\n{\"x\":1}\r\n", "a\n", WEIR_ERR_CORRUPT, 0 },
	{ "a length that is wrong", "3\r\na\r\n2\r\nbb\r\n", "a\n", WEIR_ERR_CORRUPT, 0 },
};

START_TEST(messages_may_stand_behind_their_lengths)
{
	struct reading_rig *rig = reading_rig_new();

	rig->options.delimited = true;
	reading_rig_start_with(rig, delimited[_i].bytes, strlen(delimited[_i].bytes));
	ck_assert_msg(drive(rig->pipeline, &rig->fake) == delimited[_i].status, "%s: %s",
		      delimited[_i].name, weir_pipeline_error(rig->pipeline)->text);
	if (delimited[_i].status < 0)
		ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "byte 6"));
	reading_rig_check(rig, delimited[_i].want, delimited[_i].name);
	ck_assert_uint_eq(source_metrics_of(rig->source).truncated, delimited[_i].truncated);
	reading_rig_end(rig);
}
END_TEST

/* ---- positions ---- */

START_TEST(a_packed_file_is_read_again_until_all_of_it_is_settled)
{
	struct reading_rig *rig = new_rig();

	rig->options.path = test_path(&rig->dir, "a");
	reading_rig_keep(rig);
	reading_rig_start(rig);
	rig->recorder.holds = true;
	reading_rig_drive(rig, 5000);
	ck_assert_uint_eq(rig->recorder.count, 2);
	ck_assert_int_eq(reading_rig_position(rig), 0);
	reading_rig_stop(rig);
	rig->recorder.holds = false;

	reading_rig_run(rig, "a1\na2\n", "again from its beginning");
	ck_assert_int_gt(reading_rig_position(rig), 0);
	reading_rig_run(rig, "", "no more when all is settled");
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_stop_inside_a_packed_file_leaves_the_position_at_its_beginning)
{
	struct reading_rig *rig = new_rig();

	put(rig, "a", PACK_XZ, "1\n2\n3\n4\n5\n6\n7\n8\n");
	rig->options.path = test_path(&rig->dir, "a");
	rig->options.per_second = 1;
	reading_rig_keep(rig);
	reading_rig_start(rig);
	reading_rig_drive(rig, 3500);
	ck_assert_uint_eq(rig->recorder.count, 4);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_int_eq(reading_rig_position(rig), 0);
	reading_rig_stop(rig);
	rig->options.per_second = 0;
	reading_rig_run(rig, "1\n2\n3\n4\n5\n6\n7\n8\n", "again");
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_packed_file_may_be_longer_than_the_window)
{
	struct reading_rig *rig = new_rig();

	put(rig, "a", PACK_XZ, "1\n2\n3\n4\n5\n6\n7\n8\n");
	rig->pipeline_options.window_messages = 2;
	rig->options.glob = test_path(&rig->dir, "[ab]");
	reading_rig_keep(rig);
	reading_rig_run(rig, "1\n2\n3\n4\n5\n6\n7\n8\nb1\nb2\n", "all of it");
	reading_rig_end(rig);
}
END_TEST

START_TEST(members_that_are_appended_later_are_read_alone)
{
	struct reading_rig *rig = new_rig();
	const char *path = test_path(&rig->dir, "c");
	char *bytes, *both;
	size_t len, more;

	rig->options.path = path;
	reading_rig_keep(rig);
	reading_rig_run(rig, "c1\n", "the first run");
	both = file_read(path, &len);
	bytes = pack_bytes(PACK_GZIP, "c2\n", 3, &more);
	both = realloc(both, len + more);
	memcpy(both + len, bytes, more);
	file_write(path, both, len + more);
	reading_rig_run(rig, "c2\n", "the second run");
	free(both);
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

#define TAR_BYTES 71680	/* its end mark is below 64 KiB, what fills it up above */

/* A tar of one file of so many bytes, filled up with zeros, as tars are to whole blocks. */
static const char *put_filled_tar(const struct reading_rig *rig, const char *text)
{
	const struct packed_member member = { "x", text, strlen(text) };
	const char *path = test_path(&rig->dir, "d.tar");
	size_t len;
	char *bytes = pack_tar(PACK_PLAIN, &member, 1, &len);

	ck_assert_uint_lt(len, 65536);
	bytes = realloc(bytes, TAR_BYTES);
	ck_assert_ptr_nonnull(bytes);
	memset(bytes + len, 0, TAR_BYTES - len);
	file_write(path, bytes, TAR_BYTES);
	free(bytes);
	return path;
}

/* 60,000 bytes; terminated. Yours: free it. */
static char *long_text(void)
{
	char *text = malloc(60001);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', 60000);
	memcpy(text + 59990, "\nlast one\n", 11);
	return text;
}

START_TEST(what_fills_a_tar_up_is_part_of_it)
{
	struct reading_rig *rig = reading_rig_new();
	char *text = long_text();

	rig->options.path = put_filled_tar(rig, text);
	reading_rig_keep(rig);
	reading_rig_run(rig, text, "the first run");
	ck_assert_int_eq(reading_rig_position(rig), TAR_BYTES);
	reading_rig_run(rig, "", "the second run");
	free(text);
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_tar_that_is_filled_up_has_not_grown)
{
	struct reading_rig *rig = new_rig();
	char *text = long_text(), want[60100];
	const char *paths[] = { put_filled_tar(rig, text), test_path(&rig->dir, "b") };

	rig->options.paths = paths;
	rig->options.path_count = 2;
	snprintf(want, sizeof want, "%sb1\nb2\n", text);
	reading_rig_run(rig, want, "the tar and what follows");
	ck_assert_ptr_null(strstr(rig->fake.log, "grew after"));
	free(text);
	reading_rig_end(rig);
}
END_TEST

START_TEST(what_stands_behind_the_end_of_a_tar_is_passed_over_in_steps)
{
	struct reading_rig *rig = reading_rig_new();
	const struct packed_member member = { "x", "a\nb", 3 };
	const size_t more = 8u << 20;
	size_t len;
	char *bytes = pack_tar(PACK_PLAIN, &member, 1, &len);
	uint64_t wire_bytes;

	bytes = realloc(bytes, len + more);
	ck_assert_ptr_nonnull(bytes);
	memset(bytes + len, '\n', more);
	reading_rig_start_with(rig, bytes, len + more);
	free(bytes);
	ck_assert_int_eq(weir_pipeline_step(rig->pipeline), WEIR_OK);
	wire_bytes = source_metrics_of(rig->source).wire_bytes;
	ck_assert_uint_lt(wire_bytes, 2u << 20);
	reading_rig_check_all(rig, "a\nb\n", "garbage behind it");
	ck_assert_uint_eq(source_metrics_of(rig->source).wire_bytes, len + more);
	reading_rig_end(rig);
}
END_TEST

/* By the clock a message a second: the stop comes after so many of the five. */
START_TEST(a_list_goes_on_in_the_file_of_the_position)
{
	static const struct {
		uint64_t ms;
		const char *rest;
	} stops[] = {
		{ 500, "a1\na2\nb1\nb2\nc1\n" },	/* in a, which is packed */
		{ 2500, "b2\nc1\n" },			/* in b */
		{ 3500, "c1\n" },			/* behind b's last line */
		{ 4500, "" },
	};
	struct reading_rig *rig = new_rig();

	rig->options.glob = test_path(&rig->dir, "[abc]");
	rig->options.per_second = 1;
	reading_rig_keep(rig);
	reading_rig_start(rig);
	drive_for(rig->pipeline, &rig->fake, stops[_i].ms, 10000);
	reading_rig_leave(rig);
	rig->options.per_second = 0;
	reading_rig_run(rig, stops[_i].rest, "the rest");
	reading_rig_run(rig, "", "nothing more");
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_position_of_a_file_outside_the_list_is_refused)
{
	struct reading_rig *rig = new_rig();

	rig->options.glob = test_path(&rig->dir, "[ab]");
	reading_rig_keep(rig);
	reading_rig_run(rig, "a1\na2\nb1\nb2\n", "the first run");
	rig->options.glob = test_path(&rig->dir, "c");
	reading_rig_start(rig);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "another file"));
	reading_rig_end(rig);
}
END_TEST

START_TEST(many_small_files_wait_for_acknowledgements)
{
	struct reading_rig *rig = reading_rig_new();
	char want[2000] = "", name[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "f%03d", i);
		file_write(test_path(&rig->dir, name), name, strlen(name));
		strcat(strcat(want, name), "\n");
	}
	rig->options.glob = test_path(&rig->dir, "f*");
	reading_rig_keep(rig);
	reading_rig_start(rig);
	rig->recorder.holds = true;
	reading_rig_drive(rig, 5000);
	ck_assert_uint_ge(rig->recorder.count, 10);
	ck_assert_uint_lt(rig->recorder.count, 20);
	rig->recorder.holds = false;
	recorder_let_go(&rig->recorder);
	reading_rig_check_all(rig, want, "all of them");
	reading_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("lists");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_list_is_read_in_its_order);
	tcase_add_test(tcase, a_pattern_is_read_in_the_order_of_names);
	tcase_add_test(tcase, offsets_go_on_growing_from_file_to_file);
	LOOP(tcase, a_pattern_without_files_is_an_error, unreadable);
	tcase_add_test(tcase, a_file_of_the_list_that_is_not_there_ends_it_behind_those_before);
	LOOP(tcase, a_wrong_option_is_an_error_of_the_pipeline, wrong_options);
	LOOP(tcase, messages_may_stand_behind_their_lengths, delimited);
	tcase_add_test(tcase, a_packed_file_is_read_again_until_all_of_it_is_settled);
	tcase_add_test(tcase, a_stop_inside_a_packed_file_leaves_the_position_at_its_beginning);
	tcase_add_test(tcase, a_packed_file_may_be_longer_than_the_window);
	tcase_add_test(tcase, members_that_are_appended_later_are_read_alone);
	tcase_add_test(tcase, what_fills_a_tar_up_is_part_of_it);
	tcase_add_test(tcase, a_tar_that_is_filled_up_has_not_grown);
	tcase_add_test(tcase, what_stands_behind_the_end_of_a_tar_is_passed_over_in_steps);
	tcase_add_loop_test(tcase, a_list_goes_on_in_the_file_of_the_position, 0, 4);
	tcase_add_test(tcase, a_position_of_a_file_outside_the_list_is_refused);
	tcase_add_test(tcase, many_small_files_wait_for_acknowledgements);
	return run_case("file source: lists", tcase);
}
