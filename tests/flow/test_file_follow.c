/* SPDX-License-Identifier: MIT */
/* The file source: following a file that grows, is rotated, truncated, replaced, or not there. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/reading_rig.h"
#include "support/rotations.h"
#include "support/run.h"

#define LOOKS 2000	/* time for some looks, ms */

/* "log" holds this; NULL: it is not there. */
static struct reading_rig *new_rig(const char *bytes)
{
	struct reading_rig *rig = reading_rig_new();
	static char path[128];

	snprintf(path, sizeof path, "%s/log", rig->dir.path);
	rig->options.path = path;
	rig->options.follow = true;
	if (bytes)
		file_write(path, bytes, strlen(bytes));
	return rig;
}

static void move(struct reading_rig *rig, const char *from, const char *to)
{
	ck_assert_int_eq(rename(test_path(&rig->dir, from), test_path(&rig->dir, to)), 0);
}

static void end(struct reading_rig *rig)
{
	reading_rig_leave(rig);
	reading_rig_end(rig);
}

static void start(struct reading_rig *rig)
{
	reading_rig_start(rig);
	reading_rig_drive(rig, LOOKS);
}

/* After some more looks these are the messages. */
static void look(struct reading_rig *rig, const char *want, const char *when)
{
	reading_rig_drive(rig, LOOKS);
	reading_rig_check(rig, want, when);
}

/* ---- growing ---- */

START_TEST(what_is_appended_comes_within_follow_ms)
{
	struct reading_rig *rig = new_rig("a\n");

	rig->options.follow_ms = 100;
	reading_rig_start(rig);
	reading_rig_drive(rig, 1000);
	reading_rig_check(rig, "a\n", "what was there");
	file_append(rig->options.path, "bb\nccc\n");
	reading_rig_drive(rig, 100);
	reading_rig_check(rig, "a\nbb\nccc\n", "what was appended");
	end(rig);
}
END_TEST

START_TEST(half_a_line_waits_for_its_end)
{
	struct reading_rig *rig = new_rig("a\nb");

	start(rig);
	reading_rig_check(rig, "a\n", "half a line");
	file_append(rig->options.path, "b");
	reading_rig_drive(rig, LOOKS);
	file_append(rig->options.path, "b\r\n");
	look(rig, "a\nbbb\n", "the whole line");
	end(rig);
}
END_TEST

START_TEST(a_stop_leaves_half_a_line_for_the_next_run)
{
	struct reading_rig *rig = new_rig("a\nb");

	reading_rig_keep(rig);
	start(rig);
	reading_rig_leave(rig);
	ck_assert_int_eq(reading_rig_position(rig), 2);
	file_append(rig->options.path, "b\n");
	start(rig);
	reading_rig_check(rig, "bb\n", "the next run");
	reading_rig_end(rig);
}
END_TEST

START_TEST(it_looks_no_more_often_than_each_follow_ms)
{
	struct reading_rig *rig = new_rig("a\n");

	rig->options.follow_ms = 1000;
	reading_rig_start(rig);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 60000, 130), WEIR_OK);
	end(rig);
}
END_TEST

/* ---- waiting for a file ---- */

START_TEST(a_file_that_is_not_there_yet_is_waited_for)
{
	struct reading_rig *rig = new_rig(NULL);
	const char *said;

	start(rig);
	said = strstr(rig->fake.log, "is not there: waiting for it");
	ck_assert_ptr_nonnull(said);
	ck_assert_ptr_null(strstr(said + 1, "is not there"));
	file_write(rig->options.path, "a\n", 2);
	look(rig, "a\n", "when it has come");
	end(rig);
}
END_TEST

START_TEST(a_position_is_kept_while_its_file_is_not_there)
{
	struct reading_rig *rig = new_rig("a\n");

	reading_rig_keep(rig);
	start(rig);
	reading_rig_leave(rig);
	file_append(rig->options.path, "b\n");
	move(rig, "log", "state/away");
	start(rig);
	reading_rig_check(rig, "", "while it is away");
	ck_assert_int_eq(reading_rig_position(rig), 2);
	move(rig, "state/away", "log");
	look(rig, "b\n", "when it is back");
	end(rig);
}
END_TEST

START_TEST(a_rotated_file_is_read_on_before_the_new_one_is_there)
{
	struct reading_rig *rig = new_rig("a\n");

	reading_rig_keep(rig);
	start(rig);
	reading_rig_leave(rig);
	file_append(rig->options.path, "b\n");
	move(rig, "log", "log.1");
	start(rig);
	reading_rig_check(rig, "b\n", "the rest of the old one");
	file_write(rig->options.path, "c\n", 2);
	look(rig, "b\nc\n", "the new one");
	reading_rig_leave(rig);
	ck_assert_int_eq(reading_rig_position(rig), 2);
	reading_rig_end(rig);
}
END_TEST

/* ---- rotation ---- */

static const bool keeps[] = { false, true };

START_TEST(what_happens_to_the_file_while_it_is_followed_is_made_out)
{
	const struct rotation *row = &rotations[_i % ROTATIONS];
	const char *want = row->want_watched ? row->want_watched : row->want;
	struct reading_rig *rig = new_rig(ROTATIONS_BEFORE);
	char all[128];

	if (keeps[_i / ROTATIONS])
		reading_rig_keep(rig);
	start(rig);
	rig->fake.log_len = 0;
	rig->fake.log[0] = '\0';
	row->happen(&rig->dir);
	reading_rig_drive(rig, LOOKS);
	snprintf(all, sizeof all, "%s%s", ROTATIONS_BEFORE, want);
	reading_rig_check(rig, all, row->name);
	if (row->log_watched)
		ck_assert_msg(strstr(rig->fake.log, row->log_watched) != NULL, "%s: it says %s",
			      row->name, rig->fake.log);
	else
		ck_assert_msg(!strstr(rig->fake.log, "WARN"), "%s: it says %s", row->name,
			      rig->fake.log);
	file_append(rig->options.path, "last\n");
	reading_rig_drive(rig, LOOKS);
	ck_assert_str_eq(rig->recorder.records[rig->recorder.count - 1].body, "last");
	end(rig);
}
END_TEST

START_TEST(what_a_writer_still_writes_to_the_rotated_file_is_read)
{
	struct reading_rig *rig = new_rig("a\n");

	rig->options.follow_ms = 1000;
	reading_rig_start(rig);
	reading_rig_drive(rig, 3500);
	move(rig, "log", "log.1");
	file_write(rig->options.path, "c\n", 2);
	reading_rig_drive(rig, 1000);
	file_append(test_path(&rig->dir, "log.1"), "b\n");
	reading_rig_drive(rig, 3000);
	reading_rig_check(rig, "a\nb\nc\n", "in order");
	ck_assert_ptr_null(strstr(rig->fake.log, "WARN"));
	end(rig);
}
END_TEST

START_TEST(what_comes_to_the_rotated_file_after_it_was_left_is_said)
{
	struct reading_rig *rig = new_rig("a\n");

	reading_rig_keep(rig);
	start(rig);
	move(rig, "log", "log.1");
	rig->recorder.holds = true;
	file_append(test_path(&rig->dir, "log.1"), "b\n");
	file_write(rig->options.path, "c\n", 2);
	look(rig, "a\nb\nc\n", "before it is settled");
	file_append(test_path(&rig->dir, "log.1"), "late\n");
	recorder_let_go(&rig->recorder);
	reading_rig_drive(rig, LOOKS);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "bytes 4 to 9 are not read"));
	end(rig);
}
END_TEST

START_TEST(a_cut_last_line_of_a_rotated_crlf_file_is_counted)
{
	struct reading_rig *rig = new_rig("a\r\nb");

	rig->options.crlf = true;
	start(rig);
	move(rig, "log", "log.1");
	file_write(rig->options.path, "c\r\n", 3);
	look(rig, "a\nc\n", "both");
	ck_assert_uint_eq(source_metrics_of(rig->source).truncated, 1);
	end(rig);
}
END_TEST

START_TEST(a_path_that_leads_nowhere_for_a_while_is_waited_for)
{
	struct reading_rig *rig = new_rig("a\n");

	start(rig);
	move(rig, "log", "log.1");
	reading_rig_drive(rig, LOOKS);
	file_append(test_path(&rig->dir, "log.1"), "b\n");
	look(rig, "a\nb\n", "the old one, by its new name");
	file_write(rig->options.path, "c\n", 2);
	look(rig, "a\nb\nc\n", "the new one");
	end(rig);
}
END_TEST

/* Half a line that was cut off with the rest is no message, nor put before what follows. */
START_TEST(a_truncation_forgets_half_a_line)
{
	struct reading_rig *rig = new_rig("aaaa\nhalf");

	start(rig);
	file_write(rig->options.path, "b\n", 2);
	look(rig, "aaaa\nb\n", "after the truncation");
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "behind byte 5 cannot be read"));
	end(rig);
}
END_TEST

START_TEST(half_a_line_goes_on_in_the_copy_that_was_made_before_a_truncation)
{
	struct reading_rig *rig = new_rig("aaaa\nha");

	start(rig);
	file_write(test_path(&rig->dir, "log.1"), "aaaa\nhalf\n", 10);
	file_write(rig->options.path, "b\n", 2);
	look(rig, "aaaa\nhalf\nb\n", "after the truncation");
	end(rig);
}
END_TEST

/* ---- positions over several files ---- */

static enum weir_status note_offset(void *user, weir_message *message, const char *to,
				    struct weir_error *err)
{
	uint64_t *offsets = user;

	(void)to;
	(void)err;
	ck_assert_uint_eq(weir_message_position(message).lane, 0);
	offsets[++offsets[0]] = weir_message_position(message).offset;
	return WEIR_OK;
}

START_TEST(offsets_go_on_growing_from_file_to_file)
{
	struct reading_rig *rig = new_rig("a\nbb\n");
	static const uint64_t want[] = { 2, 5, 8, 10, 14 };
	uint64_t offsets[16] = { 0 };
	weir_sink *sink;

	reading_rig_keep(rig);
	reading_rig_start(rig);
	sink = weir_callback_sink_add(rig->pipeline, "notes",
				      WEIR_WITH(weir_callback_sink_options, .call = note_offset,
						.user = offsets));
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "notes"), sink);
	reading_rig_drive(rig, LOOKS);
	file_append(rig->options.path, "cc\n");
	move(rig, "log", "log.1");
	file_write(rig->options.path, "d\neee\n", 6);
	reading_rig_drive(rig, LOOKS);
	ck_assert_uint_eq(offsets[0], 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_uint_eq(offsets[i + 1], want[i]);
	ck_assert_int_eq(reading_rig_position(rig), 6);
	end(rig);
}
END_TEST

static void rotate_with(struct reading_rig *rig, unsigned number)
{
	char name[32], text[32];

	snprintf(name, sizeof name, "log.%u", number);
	move(rig, "log", name);
	file_set_time(test_path(&rig->dir, name), (time_t)(4102444800 + number));
	snprintf(text, sizeof text, "%u\n", number);
	file_write(rig->options.path, text, strlen(text));
	file_set_time(rig->options.path, (time_t)(4102444801 + number));
}

START_TEST(many_rotations_with_nothing_settled_lose_nothing)
{
	struct reading_rig *rig = new_rig("0\n");
	char want[256] = "0\n";
	char *text;

	reading_rig_keep(rig);
	reading_rig_start(rig);
	rig->recorder.holds = true;
	reading_rig_drive(rig, LOOKS);
	for (unsigned i = 1; i < 40; i++) {
		rotate_with(rig, i);
		sprintf(want + strlen(want), "%u\n", i);
		reading_rig_drive(rig, LOOKS);
	}
	ck_assert_uint_le(rig->recorder.count, 16);
	ck_assert_int_eq(reading_rig_position(rig), 0);
	recorder_let_go(&rig->recorder);
	reading_rig_drive(rig, 60000);
	text = recorder_text(&rig->recorder, WEIR_KIND_ANY);
	ck_assert_str_eq(text, want);
	free(text);
	end(rig);
}
END_TEST

START_TEST(a_restart_goes_on_in_the_file_that_is_not_settled)
{
	struct reading_rig *rig = new_rig("0\n");

	reading_rig_keep(rig);
	start(rig);
	rig->recorder.holds = true;
	file_append(rig->options.path, "0b\n");
	reading_rig_drive(rig, LOOKS);
	rotate_with(rig, 1);
	reading_rig_drive(rig, LOOKS);
	rotate_with(rig, 2);
	look(rig, "0\n0b\n1\n2\n", "before the stop");
	reading_rig_leave(rig);
	start(rig);
	reading_rig_check(rig, "0b\n1\n2\n", "after it");
	end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("follow");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_is_appended_comes_within_follow_ms);
	tcase_add_test(tcase, half_a_line_waits_for_its_end);
	tcase_add_test(tcase, a_stop_leaves_half_a_line_for_the_next_run);
	tcase_add_test(tcase, it_looks_no_more_often_than_each_follow_ms);
	tcase_add_test(tcase, a_file_that_is_not_there_yet_is_waited_for);
	tcase_add_test(tcase, a_position_is_kept_while_its_file_is_not_there);
	tcase_add_test(tcase, a_rotated_file_is_read_on_before_the_new_one_is_there);
	tcase_add_loop_test(tcase, what_happens_to_the_file_while_it_is_followed_is_made_out, 0,
			    2 * ROTATIONS);
	tcase_add_test(tcase, what_a_writer_still_writes_to_the_rotated_file_is_read);
	tcase_add_test(tcase, what_comes_to_the_rotated_file_after_it_was_left_is_said);
	tcase_add_test(tcase, a_cut_last_line_of_a_rotated_crlf_file_is_counted);
	tcase_add_test(tcase, a_path_that_leads_nowhere_for_a_while_is_waited_for);
	tcase_add_test(tcase, a_truncation_forgets_half_a_line);
	tcase_add_test(tcase, half_a_line_goes_on_in_the_copy_that_was_made_before_a_truncation);
	tcase_add_test(tcase, offsets_go_on_growing_from_file_to_file);
	tcase_add_test(tcase, many_rotations_with_nothing_settled_lose_nothing);
	tcase_add_test(tcase, a_restart_goes_on_in_the_file_that_is_not_settled);
	return run_case("file source: follow", tcase);
}
