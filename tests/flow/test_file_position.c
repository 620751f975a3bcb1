/* SPDX-License-Identifier: MIT */
/* The file source: positions on disk, and going on behind them. */
#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "support/reading_rig.h"
#include "support/rotations.h"
#include "support/run.h"

static struct reading_rig *new_rig(const char *bytes)
{
	struct reading_rig *rig = reading_rig_new();
	static char path[128];

	snprintf(path, sizeof path, "%s/log", rig->dir.path);
	rig->options.path = path;
	file_write(path, bytes, strlen(bytes));
	reading_rig_keep(rig);
	return rig;
}

/* A run that fails, and says so. */
static void run_into(struct reading_rig *rig, const char *want, const char *name)
{
	reading_rig_start(rig);
	ck_assert_msg(drive(rig->pipeline, &rig->fake) < 0, "%s: no error", name);
	ck_assert_msg(strstr(weir_pipeline_error(rig->pipeline)->text, want) != NULL,
		      "%s: %s", name, weir_pipeline_error(rig->pipeline)->text);
	ck_assert_uint_eq(rig->recorder.count, 0);
	reading_rig_stop(rig);
}

/* ---- from run to run ---- */

START_TEST(a_second_run_goes_on_where_the_first_ended)
{
	struct reading_rig *rig = new_rig("a\nbb\n");

	reading_rig_run(rig, "a\nbb\n", "the first run");
	ck_assert_int_eq(reading_rig_position(rig), 5);
	reading_rig_run(rig, "", "a run with nothing new");
	file_append(rig->options.path, "ccc\n");
	reading_rig_run(rig, "ccc\n", "a run with a line more");
	ck_assert_int_eq(reading_rig_position(rig), 9);
	reading_rig_end(rig);
}
END_TEST

START_TEST(what_happens_to_the_file_between_two_runs_is_made_out)
{
	const struct rotation *row = &rotations[_i];
	struct reading_rig *rig = new_rig(ROTATIONS_BEFORE);

	reading_rig_run(rig, ROTATIONS_BEFORE, "the first run");
	rig->fake.log_len = 0;
	row->happen(&rig->dir);
	reading_rig_run(rig, row->want, row->name);
	if (row->log)
		ck_assert_msg(strstr(rig->fake.log, row->log) != NULL, "%s: it says %s", row->name,
			      rig->fake.log);
	else
		ck_assert_msg(!strstr(rig->fake.log, "WARN"), "%s: it says %s", row->name,
			      rig->fake.log);
	reading_rig_run(rig, "", row->name);
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_file_with_the_beginning_and_the_inode_of_the_old_one_is_another)
{
	struct reading_rig *rig = new_rig("");
	char bytes[8001];

	memset(bytes, 'h', sizeof bytes - 1);
	for (size_t i = 99; i < sizeof bytes; i += 100)
		bytes[i] = '\n';
	bytes[8000] = '\0';
	file_append(rig->options.path, bytes);
	reading_rig_start(rig);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(rig->recorder.count, 80);
	reading_rig_stop(rig);

	memcpy(bytes + 7900, "other", 5);
	file_write(rig->options.path, bytes, 8000);
	reading_rig_start(rig);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(rig->recorder.count, 80);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "was replaced in place"));
	reading_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	const char *bytes;
	bool crlf;
	size_t max_message_bytes;
	long long settled;
} ends[] = {
	{ "nothing", "", false, 0, 0 },
	{ "a line", "a\n", false, 0, 2 },
	{ "a line without its end", "a\nbc", false, 0, 4 },
	{ "empty lines behind the last message", "a\n\n\r\n\n", false, 0, 6 },
	{ "nothing but empty lines", "\n\n", false, 0, 2 },
	{ "a line too long behind the last message", "a\n12345\n", false, 4, 8 },
	{ "a line too long between messages", "a\n12345\nb\n", false, 4, 10 },
	{ "crlf: a line that is cut stays before us", "a\r\nb", true, 0, 3 },
};

START_TEST(at_the_end_the_position_is_behind_all_that_was_taken)
{
	struct reading_rig *rig = new_rig(ends[_i].bytes);

	rig->options.crlf = ends[_i].crlf;
	rig->options.max_message_bytes = ends[_i].max_message_bytes;
	reading_rig_start(rig);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_msg(reading_rig_position(rig) == ends[_i].settled, "%s: %lld", ends[_i].name,
		      reading_rig_position(rig));
	reading_rig_end(rig);
}
END_TEST

START_TEST(start_offset_counts_until_there_is_a_position)
{
	struct reading_rig *rig = new_rig("a\nbb\n");

	rig->options.start_offset = 2;
	reading_rig_run(rig, "bb\n", "the first run");
	file_append(rig->options.path, "c\n");
	reading_rig_run(rig, "c\n", "the second run");
	reading_rig_end(rig);
}
END_TEST

/* ---- behind what is settled ---- */

START_TEST(the_position_does_not_pass_what_is_not_settled)
{
	struct reading_rig *rig = new_rig("a\nbb\nccc\n");

	reading_rig_start(rig);
	rig->recorder.holds = true;
	reading_rig_drive(rig, 5000);
	ck_assert_uint_eq(rig->recorder.count, 3);
	ck_assert_int_eq(reading_rig_position(rig), 0);
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_int_eq(reading_rig_position(rig), 9);
	reading_rig_end(rig);
}
END_TEST

START_TEST(what_a_stop_leaves_under_way_comes_again_and_is_no_failure)
{
	struct reading_rig *rig = new_rig("a\nbb\n");

	rig->options.follow = true;
	rig->options.state_ms = 5000;
	reading_rig_start(rig);
	reading_rig_drive(rig, 2000);
	rig->recorder.holds = true;
	file_append(rig->options.path, "ccc\nd\n");
	reading_rig_drive(rig, 8000);
	reading_rig_check(rig, "a\nbb\nccc\nd\n", "before the stop");
	ck_assert_int_eq(reading_rig_position(rig), 5);
	reading_rig_leave(rig);
	ck_assert_int_eq(reading_rig_position(rig), 5);

	rig->options.follow = false;
	reading_rig_run(rig, "ccc\nd\n", "after the stop");
	reading_rig_end(rig);
}
END_TEST

START_TEST(what_is_settled_after_the_stop_is_behind_the_position_too)
{
	struct reading_rig *rig = new_rig("a\nbb\n");

	reading_rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(weir_pipeline_step(rig->pipeline), WEIR_OK);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(weir_pipeline_step(rig->pipeline), WEIR_OK);
	ck_assert_int_eq(reading_rig_position(rig), 0);
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_int_eq(reading_rig_position(rig), 5);
	reading_rig_end(rig);
}
END_TEST

START_TEST(the_position_is_written_each_state_ms_while_it_moves)
{
	struct reading_rig *rig = new_rig("a\n");
	struct stat before, after;

	rig->options.follow = true;
	rig->options.state_ms = 3000;
	reading_rig_start(rig);
	ck_assert_int_eq(reading_rig_position(rig), -1);
	reading_rig_drive(rig, 2900);
	ck_assert_int_eq(reading_rig_position(rig), 0);
	reading_rig_drive(rig, 200);
	ck_assert_int_eq(reading_rig_position(rig), 2);
	ck_assert_int_eq(stat(test_path(&rig->dir, "state/in.position"), &before), 0);
	reading_rig_drive(rig, 60000);
	ck_assert_int_eq(stat(test_path(&rig->dir, "state/in.position"), &after), 0);
	ck_assert_uint_eq(after.st_ino, before.st_ino);
	ck_assert_int_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	file_append(rig->options.path, "bb\n");
	reading_rig_drive(rig, 3500);
	ck_assert_int_eq(reading_rig_position(rig), 5);
	reading_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	uint64_t window;
	unsigned lines;
} windows[] = {
	{ "one message", 1, 40 },
	{ "three", 3, 100 },
	{ "eight", 8, 300 },
	{ "a hundred", 100, 3000 },
	{ "a thousand", 1000, 20000 },
};

/* Behind the position: emitted, all the same whether it is settled or not. */
START_TEST(no_more_than_a_window_is_emitted_behind_the_position)
{
	struct reading_rig *rig = new_rig("");
	char line[16];
	FILE *file = fopen(rig->options.path, "w");

	for (unsigned i = 0; i < windows[_i].lines; i++)
		fprintf(file, "%09u\n", i);
	fclose(file);
	rig->pipeline_options.window_messages = windows[_i].window;
	rig->options.state_ms = 3600000;
	reading_rig_start(rig);
	for (unsigned turn = 0; weir_pipeline_step(rig->pipeline) == WEIR_OK; turn++) {
		const long long position = reading_rig_position(rig);
		const uint64_t behind = rig->recorder.count -
					(position < 0 ? 0 : (uint64_t)position / 10);

		ck_assert_msg(behind <= windows[_i].window, "%s: %ju behind", windows[_i].name,
			      (uintmax_t)behind);
		ck_assert_uint_lt(turn, 100000);
		if (turn % 3 == 0)
			rig->recorder.holds = true;
		else
			recorder_let_go(&rig->recorder);
	}
	ck_assert_uint_eq(rig->recorder.count, windows[_i].lines);
	snprintf(line, sizeof line, "%09u", windows[_i].lines - 1);
	ck_assert_str_eq(rig->recorder.records[windows[_i].lines - 1].body, line);
	ck_assert_int_eq(reading_rig_position(rig), (long long)windows[_i].lines * 10);
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_position_that_cannot_be_written_is_said_and_reading_waits_at_a_window)
{
	struct reading_rig *rig = new_rig("1\n2\n3\n4\n5\n6\n7\n8\n");
	const char *obstacle = test_path(&rig->dir, "state/in.position.new");
	const char *said;

	rig->pipeline_options.window_messages = 4;
	reading_rig_start(rig);
	ck_assert_int_eq(weir_pipeline_step(rig->pipeline), WEIR_OK);
	ck_assert_int_eq(mkdir(obstacle, 0700), 0);
	reading_rig_drive(rig, 60000);
	ck_assert_uint_eq(rig->recorder.count, 4);
	said = strstr(rig->fake.log, "cannot make");
	ck_assert_ptr_nonnull(said);
	ck_assert_ptr_null(strstr(said + 1, "cannot make"));
	ck_assert_int_eq(rmdir(obstacle), 0);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	reading_rig_check(rig, "1\n2\n3\n4\n5\n6\n7\n8\n", "all in the end");
	ck_assert_int_eq(reading_rig_position(rig), 16);
	reading_rig_end(rig);
}
END_TEST

/* ---- whose position it is ---- */

START_TEST(two_sources_on_one_position_are_refused)
{
	struct reading_rig *rig = new_rig("a\n"), *other = reading_rig_new();

	rig->options.follow = true;
	reading_rig_start(rig);
	reading_rig_drive(rig, 1000);
	other->options = rig->options;
	run_into(other, "is locked", "the second");
	reading_rig_end(rig);
	other->descriptors = open_descriptors();
	other->options.state_dir = NULL;
	reading_rig_end(other);
}
END_TEST

START_TEST(a_name_of_any_bytes_makes_a_file_in_the_folder)
{
	struct reading_rig *rig = new_rig("a\n");

	rig->name = "../\xc3\xbc b.c";
	reading_rig_run(rig, "a\n", "the first run");
	ck_assert_int_eq(access(test_path(&rig->dir, "state/%2E.%2F%C3%BC%20b.c.position"), F_OK),
			 0);
	reading_rig_run(rig, "", "the second run");
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_position_that_cannot_be_written_at_the_start_is_an_error)
{
	struct reading_rig *rig = new_rig("a\n");

	mkdir(test_path(&rig->dir, "state"), 0700);
	mkdir(test_path(&rig->dir, "state/in.position.new"), 0700);
	run_into(rig, "cannot make '", "an obstacle");
	reading_rig_end(rig);
}
END_TEST

/* Before anything is settled: the file was there when the source was opened. */
START_TEST(what_is_rotated_before_the_first_line_is_settled_is_found)
{
	struct reading_rig *rig = new_rig("a\n");

	reading_rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(weir_pipeline_step(rig->pipeline), WEIR_OK);
	reading_rig_leave(rig);
	ck_assert_int_eq(rename(rig->options.path, test_path(&rig->dir, "log.1")), 0);
	file_write(rig->options.path, "b\n", 2);
	reading_rig_run(rig, "a\nb\n", "the second run");
	reading_rig_end(rig);
}
END_TEST

START_TEST(the_position_of_another_file_is_refused)
{
	struct reading_rig *rig = new_rig("a\n");

	reading_rig_run(rig, "a\n", "the first run");
	file_write(test_path(&rig->dir, "else"), "x\ny\n", 4);
	rig->options.path = test_path(&rig->dir, "else");
	run_into(rig, "is of another file", "another path");
	ck_assert_int_eq(reading_rig_position(rig), 2);
	ck_assert_int_eq(rename(test_path(&rig->dir, "log"), test_path(&rig->dir, "moved")), 0);
	rig->options.path = test_path(&rig->dir, "moved");
	file_append(rig->options.path, "b\n");
	reading_rig_run(rig, "b\n", "the same file by another path");
	reading_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	struct weir_file_source_options options;
	const char *want;
} refused[] = {
	{ "standard input", { .path = "-", .state_dir = "/tmp" }, "state_dir is not for" },
	{ "standard input, to follow", { .path = "-", .follow = true }, "follow is not for" },
	{ "an empty folder", { .path = "x", .state_dir = "" }, "state_dir is empty" },
	{ "a folder in none", { .path = "/etc/passwd", .state_dir = "/nowhere/at/all" },
	  "cannot make the folder '/nowhere/at/all'" },
	{ "a device", { .path = "/dev/null", .follow = true }, "no plain file" },
};

START_TEST(what_cannot_have_a_position_is_refused)
{
	struct reading_rig *rig = reading_rig_new();

	rig->options = refused[_i].options;
	rig->options.size = sizeof rig->options;
	run_into(rig, refused[_i].want, refused[_i].name);
	reading_rig_end(rig);
}
END_TEST

/* ---- damage ---- */

/* What a whole run leaves; yours. */
static char *made_position(struct reading_rig *rig, size_t *ret_len)
{
	reading_rig_run(rig, "a\nbb\n", "the first run");
	return file_read(test_path(&rig->dir, "state/in.position"), ret_len);
}

static void put_position(struct reading_rig *rig, const char *bytes, size_t len, const char *name)
{
	file_write(test_path(&rig->dir, "state/in.position"), bytes, len);
	run_into(rig, "remove it to begin", name);
}

START_TEST(every_position_that_was_cut_is_refused)
{
	struct reading_rig *rig = new_rig("a\nbb\n");
	char name[48];
	size_t len;
	char *bytes = made_position(rig, &len);

	for (size_t cut = 0; cut < len; cut++) {
		snprintf(name, sizeof name, "cut to %zu bytes", cut);
		put_position(rig, bytes, cut, name);
	}
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

START_TEST(every_position_with_a_changed_byte_is_refused)
{
	struct reading_rig *rig = new_rig("a\nbb\n");
	char name[48];
	size_t len;
	char *bytes = made_position(rig, &len);

	for (size_t at = 0; at < len; at++) {
		const char was = bytes[at];

		bytes[at] = (char)(was ^ (1 << at % 8));
		snprintf(name, sizeof name, "byte %zu", at);
		put_position(rig, bytes, len, name);
		bytes[at] = was;
	}
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

START_TEST(random_bytes_are_no_position)
{
	struct reading_rig *rig = new_rig("a\n");
	char bytes[20000];

	reading_rig_run(rig, "a\n", "the first run");
	for (unsigned round = 0; round < 64; round++) {
		const size_t len = round % 2 ? round * 9u : sizeof bytes - round;

		rig->fake.env.random.fill(&rig->fake, bytes, len);
		if (round % 4 == 0)
			memcpy(bytes, "weir file position 1\npath ", 26);
		put_position(rig, bytes, len, "random bytes");
	}
	reading_rig_end(rig);
}
END_TEST

/* With a checksum that fits. */
static const struct {
	const char *name;
	const char *old, *new;
} forged[] = {
	{ "another release", "position 1", "position 2" },
	{ "an offset with a zero in front", "\noffset 5", "\noffset 05" },
	{ "an offset with a sign", "\noffset 5", "\noffset -5" },
	{ "an offset above all", "\noffset 5", "\noffset 18446744073709551616" },
	{ "an offset no file has", "\noffset 5", "\noffset 9223372036854775808" },
	{ "no offset", "\noffset 5", "" },
	{ "a member twice", "\noffset 5", "\noffset 5\noffset 5" },
	{ "a print of more than a print is of", "\nhead_bytes 5", "\nhead_bytes 1025" },
	{ "a print that begins before the file", "\ntail_bytes 5", "\ntail_bytes 6" },
	{ "another order", "\nhead_bytes 5\nhead_hash ", "\nhead_hash 5\nhead_bytes " },
	{ "blanks", "\noffset 5", "\noffset  5" },
};

START_TEST(a_forged_position_is_refused)
{
	struct reading_rig *rig = new_rig("a\nbb\n");
	size_t len;
	char *bytes = made_position(rig, &len), *at = strstr(bytes, forged[_i].old);
	char text[2048];
	int made;

	ck_assert_msg(at != NULL, "%s: '%s' is not in it", forged[_i].name, forged[_i].old);
	*strstr(bytes, "check ") = '\0';
	made = snprintf(text, 1024, "%.*s%s%s", (int)(at - bytes), bytes, forged[_i].new,
			at + strlen(forged[_i].old));
	made += snprintf(text + made, 64, "check %" PRIu64 "\n",
			 (uint64_t)XXH3_64bits(text, (size_t)made));
	put_position(rig, text, (size_t)made, forged[_i].name);
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_damaged_position_that_is_removed_begins_at_the_start)
{
	struct reading_rig *rig = new_rig("a\nbb\n");

	reading_rig_run(rig, "a\nbb\n", "the first run");
	put_position(rig, "x", 1, "damage");
	ck_assert_int_eq(unlink(test_path(&rig->dir, "state/in.position")), 0);
	reading_rig_run(rig, "a\nbb\n", "after it was removed");
	reading_rig_end(rig);
}
END_TEST

START_TEST(memory_that_runs_out_loses_nothing)
{
	bool has_failed = true;

	for (size_t at = 1; has_failed; at++) {
		struct reading_rig *rig = new_rig("a\n");

		ck_assert_uint_lt(at, 1000);
		reading_rig_run(rig, "a\n", "the first run");
		file_append(rig->options.path, "bb\n");
		ck_assert_int_eq(rename(rig->options.path, test_path(&rig->dir, "log.1")), 0);
		file_write(rig->options.path, "c\n", 2);
		rig->fake.fail_at = rig->fake.calls + at;
		reading_rig_start(rig);
		if (rig->pipeline) {
			const enum weir_status status = drive(rig->pipeline, &rig->fake);

			ck_assert(status == WEIR_END || status == WEIR_ERR_NOMEM);
			ck_assert(status < 0 || rig->recorder.count == 2);
		}
		has_failed = rig->fake.calls >= rig->fake.fail_at;
		if (rig->recorder.count == 0) {
			reading_rig_stop(rig);
			rig->fake.fail_at = 0;
			reading_rig_run(rig, "bb\nc\n", "once more");
		}
		reading_rig_end(rig);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file source: positions");
	TCase *tcase = tcase_create("runs");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_second_run_goes_on_where_the_first_ended);
	tcase_add_loop_test(tcase, what_happens_to_the_file_between_two_runs_is_made_out, 0,
			    ROTATIONS);
	tcase_add_test(tcase, a_file_with_the_beginning_and_the_inode_of_the_old_one_is_another);
	LOOP(tcase, at_the_end_the_position_is_behind_all_that_was_taken, ends);
	tcase_add_test(tcase, start_offset_counts_until_there_is_a_position);
	tcase_add_test(tcase, the_position_does_not_pass_what_is_not_settled);
	tcase_add_test(tcase, what_a_stop_leaves_under_way_comes_again_and_is_no_failure);
	tcase_add_test(tcase, what_is_settled_after_the_stop_is_behind_the_position_too);
	tcase_add_test(tcase, what_is_rotated_before_the_first_line_is_settled_is_found);
	tcase_add_test(tcase, the_position_is_written_each_state_ms_while_it_moves);
	LOOP(tcase, no_more_than_a_window_is_emitted_behind_the_position, windows);
	tcase_add_test(tcase,
		       a_position_that_cannot_be_written_is_said_and_reading_waits_at_a_window);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("refusals");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, two_sources_on_one_position_are_refused);
	tcase_add_test(tcase, a_name_of_any_bytes_makes_a_file_in_the_folder);
	tcase_add_test(tcase, a_position_that_cannot_be_written_at_the_start_is_an_error);
	tcase_add_test(tcase, the_position_of_another_file_is_refused);
	LOOP(tcase, what_cannot_have_a_position_is_refused, refused);
	tcase_add_test(tcase, every_position_that_was_cut_is_refused);
	tcase_add_test(tcase, every_position_with_a_changed_byte_is_refused);
	tcase_add_test(tcase, random_bytes_are_no_position);
	LOOP(tcase, a_forged_position_is_refused, forged);
	tcase_add_test(tcase, a_damaged_position_that_is_removed_begins_at_the_start);
	tcase_add_test(tcase, memory_that_runs_out_loses_nothing);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
