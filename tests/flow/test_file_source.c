/* SPDX-License-Identifier: MIT */
/* The file source: lines, offsets, pipes, standard input, and what cannot be read. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/reading_rig.h"
#include "support/run.h"

/* ---- lines ---- */

static const struct {
	const char *name;
	const char *bytes;
	bool crlf;
	uint64_t start_offset;
	const char *want;	/* each message and a LF */
	uint64_t settled;	/* the position behind the last */
	uint64_t truncated;
} files[] = {
	{ "an empty file", "", false, 0, "", 0, 0 },
	{ "one line", "a\n", false, 0, "a\n", 2, 0 },
	{ "the last line needs no end", "a\nbc", false, 0, "a\nbc\n", 4, 0 },
	{ "empty lines are skipped", "\n\na\n\r\n\nb\n\n", false, 0, "a\nb\n", 8, 0 },
	{ "a CR before the LF is not part of it", "a\r\nb\r\n", false, 0, "a\nb\n", 6, 0 },
	{ "crlf: lines as from the wire", "a\r\n\r\nb\r\n", true, 0, "a\nb\n", 8, 0 },
	{ "crlf: a bare LF does not split", "a\nb\r\n", true, 0, "a\nb\n", 5, 0 },
	{ "crlf: a cut last line is counted", "a\r\nb", true, 0, "a\n", 3, 1 },
	{ "an offset begins later", "a\nbb\nccc\n", false, 2, "bb\nccc\n", 9, 0 },
	{ "an offset inside a line", "a\nbb\n", false, 3, "b\n", 5, 0 },
	{ "an offset at the end", "a\n", false, 2, "", 0, 0 },
};

START_TEST(a_file_is_read_line_by_line)
{
	struct reading_rig *rig = reading_rig_new();
	struct weir_source_metrics metrics;

	rig->options.crlf = files[_i].crlf;
	rig->options.start_offset = files[_i].start_offset;
	reading_rig_start_with(rig, files[_i].bytes, strlen(files[_i].bytes));
	reading_rig_check_all(rig, files[_i].want, files[_i].name);
	metrics = source_metrics_of(rig->source);
	ck_assert_msg(metrics.truncated == files[_i].truncated, "%s: truncated %ju",
		      files[_i].name, (uintmax_t)metrics.truncated);
	ck_assert_uint_eq(metrics.wire_bytes, strlen(files[_i].bytes) - files[_i].start_offset);
	reading_rig_end(rig);
}
END_TEST

static void note_position(uint64_t *offsets, const weir_message *message)
{
	const struct weir_position position = weir_message_position(message);

	ck_assert_uint_eq(position.lane, 0);
	offsets[offsets[0]++] = position.offset;
}

static enum weir_status note_call(void *user, weir_message *message, const char *to,
				  struct weir_error *err)
{
	(void)to;
	(void)err;
	note_position(user, message);
	return WEIR_OK;
}

START_TEST(a_position_is_the_byte_behind_the_line)
{
	struct reading_rig *rig = reading_rig_new();
	uint64_t offsets[8] = { 1 };
	weir_sink *sink;

	file_write(test_path(&rig->dir, "in"), "skip\na\r\n\nbb\nc", 13);
	rig->options.path = test_path(&rig->dir, "in");
	rig->options.start_offset = 5;
	reading_rig_start(rig);
	sink = weir_callback_sink_add(rig->pipeline, "notes",
				      WEIR_WITH(weir_callback_sink_options, .call = note_call,
						.user = offsets));
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "notes"), sink);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(offsets[0], 4);
	ck_assert_uint_eq(offsets[1], 8);
	ck_assert_uint_eq(offsets[2], 12);
	ck_assert_uint_eq(offsets[3], 13);
	reading_rig_end(rig);
}
END_TEST

START_TEST(kinds_are_told_unless_they_are_given)
{
	struct reading_rig *rig = reading_rig_new();

	rig->options.kind = 0;
	reading_rig_start_with(rig, "{\"delete\":{\"status\":{\"id\":1}}}\n{\"x\":1}\n", 40);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_DELETE), 1);
	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_UNKNOWN), 1);
	reading_rig_end(rig);
}
END_TEST

/* ---- bounds ---- */

static char *many_lines(size_t count, size_t *ret_len)
{
	char *bytes = malloc(count * 10 + 1);

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < count; i++)
		snprintf(bytes + i * 10, 11, "%09zu\n", i);
	*ret_len = count * 10;
	return bytes;
}

START_TEST(a_turn_reads_a_bounded_part_of_a_large_file)
{
	struct reading_rig *rig = reading_rig_new();
	size_t len;
	char *bytes = many_lines(400000, &len);

	rig->pipeline_options.window_messages = 1000000;
	reading_rig_start_with(rig, bytes, len);
	ck_assert_int_eq(weir_pipeline_step(rig->pipeline), WEIR_OK);
	ck_assert_uint_gt(source_metrics_of(rig->source).all.received, 0);
	ck_assert_uint_lt(source_metrics_of(rig->source).all.received, 200000);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(rig->recorder.count, 400000);
	ck_assert_str_eq(rig->recorder.records[399999].body, "000399999");
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_full_window_stops_the_reading_until_there_is_room)
{
	struct reading_rig *rig = reading_rig_new();
	size_t len;
	char *bytes = many_lines(100000, &len);

	rig->pipeline_options.window_messages = 10;
	reading_rig_start_with(rig, bytes, len);
	rig->recorder.holds = true;
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 50), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 10);
	ck_assert_uint_lt(source_metrics_of(rig->source).wire_bytes, len);
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(rig->recorder.count, 100000);
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

/* ---- pipes ---- */

static void put(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(a_pipe_is_waited_for_and_ends_with_its_writer)
{
	struct reading_rig *rig = reading_rig_new();
	const int fd = reading_rig_open_fifo(rig);

	put(fd, "a\nb");
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_OK);
	reading_rig_check(rig, "a\n", "the first whole line");
	put(fd, "b\n");
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_OK);
	reading_rig_check(rig, "a\nbb\n", "the second line");
	put(fd, "last");
	close(fd);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 20), WEIR_END);
	reading_rig_check(rig, "a\nbb\nlast\n", "the rest");
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_pipe_with_more_to_read_does_not_turn_the_loop_while_the_window_is_full)
{
	struct reading_rig *rig = reading_rig_new();
	int fd;

	rig->pipeline_options.window_messages = 2;
	fd = reading_rig_open_fifo(rig);
	rig->recorder.holds = true;
	put(fd, "1\n2\n3\n");
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_OK);
	put(fd, "4\n5\n");
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 2);
	close(fd);
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 30), WEIR_END);
	reading_rig_check(rig, "1\n2\n3\n4\n5\n", "all in order");
	reading_rig_end(rig);
}
END_TEST

START_TEST(standard_input_is_a_source_too)
{
	struct reading_rig *rig = reading_rig_new();
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	rig->descriptors = open_descriptors() - 1;
	rig->options.path = "-";
	reading_rig_start(rig);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_OK);
	put(ends[1], "a\nb\n");
	close(ends[1]);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_END);
	reading_rig_check(rig, "a\nb\n", "standard input");
	ck_assert_int_eq(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
	reading_rig_end(rig);
}
END_TEST

/* ---- refusals ---- */

static const struct {
	const char *name;
	struct weir_file_source_options options;
	const char *want;
} wrong_options[] = {
	{ "no path", { .path = NULL }, ".path" },
	{ "an empty path", { .path = "" }, ".path" },
	{ "an offset into standard input", { .path = "-", .start_offset = 1 }, "start_offset" },
	{ "two kinds", { .path = "x", .kind = 3 }, "kind 3" },
	{ "a limit too high", { .path = "x", .max_message_bytes = 1u << 31 },
	  "max_message_bytes" },
};

START_TEST(a_wrong_option_is_an_error_of_the_pipeline)
{
	reading_rig_check_mistake(&wrong_options[_i].options, wrong_options[_i].want,
				  wrong_options[_i].name);
}
END_TEST

static const struct {
	const char *name;
	const char *file;
	uint64_t offset;
	const char *want;
} unreadable[] = {
	{ "a file that is not there", "nowhere", 0, "No such file" },
	{ "a folder", ".", 0, "Is a directory" },
	{ "an offset beyond the end", "in", 7, "start_offset 7 is beyond" },
	{ "a path through a file", "in/x", 0, "Not a directory" },
};

START_TEST(what_cannot_be_read_is_an_error_that_names_it)
{
	struct reading_rig *rig = reading_rig_new();
	const struct weir_error *err;
	const char *path;

	file_write(test_path(&rig->dir, "in"), "abc\n12", 6);
	path = test_path(&rig->dir, unreadable[_i].file);
	rig->options.path = path;
	rig->options.start_offset = unreadable[_i].offset;
	reading_rig_start(rig);
	ck_assert_int_lt(drive(rig->pipeline, &rig->fake), 0);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_msg(strstr(err->text, unreadable[_i].want) && strstr(err->text, path), "%s: %s",
		      unreadable[_i].name, err->text);
	ck_assert_uint_eq(rig->recorder.count, 0);
	reading_rig_end(rig);
}
END_TEST

START_TEST(an_offset_into_a_pipe_is_refused)
{
	struct reading_rig *rig = reading_rig_new();
	const char *path = test_path(&rig->dir, "fifo");

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	rig->options.path = path;
	rig->options.start_offset = 1;
	reading_rig_start(rig);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "no plain file"));
	reading_rig_end(rig);
}
END_TEST

START_TEST(memory_that_runs_out_is_an_error_and_leaks_nothing)
{
	bool has_failed = true;

	for (size_t at = 1; has_failed; at++) {
		struct reading_rig *rig = reading_rig_new();

		ck_assert_uint_lt(at, 1000);
		rig->fake.fail_at = at;
		reading_rig_start_with(rig, "a\nbb\n", 5);
		if (rig->pipeline) {
			const enum weir_status status = drive(rig->pipeline, &rig->fake);

			ck_assert(status == WEIR_END || status == WEIR_ERR_NOMEM);
			ck_assert(status < 0 || rig->recorder.count == 2);
		}
		has_failed = rig->fake.calls >= at;
		reading_rig_end(rig);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("files and pipes");

	tcase_set_timeout(tcase, 30);
	LOOP(tcase, a_file_is_read_line_by_line, files);
	tcase_add_test(tcase, a_position_is_the_byte_behind_the_line);
	tcase_add_test(tcase, kinds_are_told_unless_they_are_given);
	tcase_add_test(tcase, a_turn_reads_a_bounded_part_of_a_large_file);
	tcase_add_test(tcase, a_full_window_stops_the_reading_until_there_is_room);
	tcase_add_test(tcase, a_pipe_is_waited_for_and_ends_with_its_writer);
	tcase_add_test(tcase,
		       a_pipe_with_more_to_read_does_not_turn_the_loop_while_the_window_is_full);
	tcase_add_test(tcase, standard_input_is_a_source_too);
	LOOP(tcase, a_wrong_option_is_an_error_of_the_pipeline, wrong_options);
	LOOP(tcase, what_cannot_be_read_is_an_error_that_names_it, unreadable);
	tcase_add_test(tcase, an_offset_into_a_pipe_is_refused);
	tcase_add_test(tcase, memory_that_runs_out_is_an_error_and_leaks_nothing);
	return run_case("file source", tcase);
}
