/* SPDX-License-Identifier: MIT */
/* The file sink in trouble: full disks, and pipes that are slow or gone. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/file_rig.h"
#include "support/reading_rig.h"
#include "support/run.h"

/*
 * What a full disk answers: this program's write is the library's, too. It takes `room` bytes of
 * `disk_fd`, then answers ENOSPC until there is more.
 */
static int disk_fd = -1;
static size_t disk_room;
static unsigned disk_refusals;

ssize_t write(int fd, const void *bytes, size_t len);

ssize_t write(int fd, const void *bytes, size_t len)
{
	if (fd != disk_fd || fd < 0)
		return syscall(SYS_write, fd, bytes, len);
	if (disk_room == 0) {
		disk_refusals++;
		errno = ENOSPC;
		return -1;
	}
	len = len < disk_room ? len : disk_room;
	disk_room -= len;
	return syscall(SYS_write, fd, bytes, len);
}

/* ---- full disks ---- */

static int find_disk(const struct file_rig *rig, const char *name)
{
	char link[64], target[512];

	for (int fd = 0; fd < 256; fd++) {
		ssize_t len;

		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		len = readlink(link, target, sizeof target - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (strcmp(target, test_path(&rig->dir, name)) == 0)
			return fd;
	}
	ck_abort_msg("'%s' is not open", name);
	return -1;
}

START_TEST(a_full_disk_is_waited_for_and_cuts_no_line)
{
	struct file_rig *rig = file_rig_new();

	rig->options.path = "all";
	file_rig_start(rig, NULL);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	disk_fd = find_disk(rig, "all");
	disk_room = (size_t)_i;		/* also in the middle of a line, and at its end */
	file_rig_push_numbers(rig, 0, 100);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 60000, 1000), WEIR_OK);
	ck_assert_uint_gt(disk_refusals, 1);
	ck_assert_uint_eq(sink_metrics_of(rig->sink).delivered, (size_t)_i / 8);
	ck_assert_ptr_null(strstr(rig->fake.log, "ERROR"));
	disk_room = SIZE_MAX;
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	disk_fd = -1;
	check_numbers(file_read(test_path(&rig->dir, "all"), NULL), 100);
	file_rig_end(rig);
}
END_TEST

START_TEST(a_disk_that_stays_full_makes_dead_letters_when_attempts_are_used_up)
{
	struct file_rig *rig = file_rig_new();
	struct recorder recorder;

	rig->pipeline_options.retry_attempts = 3;
	rig->options.path = "all";
	file_rig_start(rig, NULL);
	weir_pipeline_set_dead_letters(rig->pipeline,
				       recorder_add(&recorder, rig->pipeline, "dead"), "dead");
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	disk_fd = find_disk(rig, "all");
	disk_room = 0;
	file_rig_push_numbers(rig, 0, 5);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	disk_fd = -1;
	ck_assert_uint_eq(recorder.count, 5);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "No space left"));
	recorder_release(&recorder);
	file_rig_end(rig);
}
END_TEST

START_TEST(a_stop_with_a_full_disk_ends_in_time)
{
	struct file_rig *rig = file_rig_new();

	rig->options.path = "all";
	file_rig_start(rig, NULL);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	disk_fd = find_disk(rig, "all");
	disk_room = 3;
	file_rig_push_numbers(rig, 0, 5);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 1000, 100), WEIR_OK);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 11000, 200), WEIR_ERR_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "5 not"));
	disk_fd = -1;
	file_rig_end(rig);
}
END_TEST

/* A second pipeline, into the first one's folder. */
static struct file_rig *rig_beside(const struct file_rig *first)
{
	struct file_rig *rig = file_rig_new();

	rig->options.directory = first->dir.path;
	rig->options.path = "all";
	file_rig_start(rig, NULL);
	return rig;
}

START_TEST(a_line_that_a_full_disk_cut_for_good_is_not_glued_to_the_next_run)
{
	struct file_rig *rig = file_rig_new();
	struct file_rig *next;

	rig->options.path = "all";
	file_rig_start(rig, NULL);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	disk_fd = find_disk(rig, "all");
	disk_room = 3;
	file_rig_push_numbers(rig, 0, 2);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 1000, 100), WEIR_OK);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 11000, 200), WEIR_ERR_TIMEOUT);
	file_rig_check(rig, "all", "{\"n");
	disk_fd = -1;

	next = rig_beside(rig);
	file_rig_push_numbers(next, 0, 2);
	ck_assert_int_eq(file_rig_finish(next), WEIR_END);
	ck_assert_uint_eq(sink_metrics_of(next->sink).delivered, 2);
	file_rig_end(next);
	file_rig_check(rig, "all", "{\"n\n{\"n\":0}\n{\"n\":1}\n");
	file_rig_end(rig);
}
END_TEST

START_TEST(the_end_of_a_cut_line_waits_for_a_full_disk_too)
{
	struct file_rig *rig = file_rig_new();

	file_write(test_path(&rig->dir, "all"), "half", 4);
	rig->options.path = "all";
	file_rig_start(rig, NULL);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	disk_fd = find_disk(rig, "all");
	disk_room = (size_t)_i;		/* for none, the feed, the feed and part of a line */
	file_rig_push_numbers(rig, 0, 2);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 60000, 1000), WEIR_OK);
	ck_assert_uint_gt(disk_refusals, 1);
	ck_assert_uint_eq(sink_metrics_of(rig->sink).delivered, 0);
	ck_assert_int_eq(strstr(rig->fake.log, "cut line") != NULL, _i > 0);
	disk_room = SIZE_MAX;
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	disk_fd = -1;
	file_rig_check(rig, "all", "half\n{\"n\":0}\n{\"n\":1}\n");
	file_rig_end(rig);
}
END_TEST

/* Whoever runs the tests, root too, may then not read it. */
START_TEST(a_file_that_may_not_be_read_is_taken_to_end_in_a_cut_line)
{
	struct file_rig *rig = file_rig_new();
	const uid_t user = geteuid();

	file_write(test_path(&rig->dir, "all"), "half", 4);
	ck_assert_int_eq(chmod(test_path(&rig->dir, "all"), 0222), 0);
	ck_assert_int_eq(chmod(rig->dir.path, 0711), 0);
	rig->options.path = "all";
	file_rig_start(rig, NULL);
	file_rig_push(rig, "new");
	ck_assert(user != 0 || seteuid(65534) == 0);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	ck_assert(user != 0 || seteuid(user) == 0);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "may end in a cut line and cannot be read"));
	ck_assert_int_eq(chmod(test_path(&rig->dir, "all"), 0600), 0);
	file_rig_check(rig, "all", "half\nnew\n");
	file_rig_end(rig);
}
END_TEST

/* ---- pipes ---- */

/* Standard output becomes a pipe; the end to read from is given. */
static int redirect_stdout(int *ret_before)
{
	int ends[2];

	fflush(stdout);
	*ret_before = dup(STDOUT_FILENO);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	close(ends[1]);
	return ends[0];
}

static void restore_stdout(int before)
{
	dup2(before, STDOUT_FILENO);
	close(before);
}

/* As a shell's `>>` does, or its `1<>`: only behind what is appended to is there an end. */
START_TEST(standard_output_that_appends_to_half_a_line_ends_it_first)
{
	struct file_rig *rig = file_rig_new();
	const int before = dup(STDOUT_FILENO);
	int fd;

	fflush(stdout);
	file_write(test_path(&rig->dir, "all"), "half", 4);
	fd = open(test_path(&rig->dir, "all"), O_WRONLY | (_i ? O_APPEND : 0));
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	close(fd);
	rig->options.path = "-";
	file_rig_start(rig, NULL);
	file_rig_push(rig, "new");
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	restore_stdout(before);
	file_rig_check(rig, "all", _i ? "half\nnew\n" : "new\n");
	file_rig_end(rig);
}
END_TEST

START_TEST(a_slow_reader_of_standard_output_slows_the_pipeline_and_loses_nothing)
{
	struct file_rig *rig = file_rig_new();
	char *bytes = malloc(4u << 20);
	enum weir_status status;
	size_t len = 0;
	int before, fd;

	ck_assert_ptr_nonnull(bytes);
	rig->options.path = "-";
	rig->pipeline_options.window_messages = 1000;
	file_rig_start(rig, NULL);
	file_rig_push_numbers(rig, 0, 50000);
	weir_push_end(rig->source);
	fd = redirect_stdout(&before);
	do {
		ssize_t got;

		status = drive_for(rig->pipeline, &rig->fake, 1000, 2000);
		ck_assert_int_eq(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0);
		if (status == WEIR_OK)
			ck_assert_uint_eq(metrics_of(rig->pipeline).all.in_flight, 1000);
		got = read(fd, bytes + len, status == WEIR_OK ? 50000 : (4u << 20) - 1 - len);
		ck_assert_int_gt(got, 0);
		len += (size_t)got;
	} while (status == WEIR_OK);
	restore_stdout(before);
	ck_assert_int_eq(status, WEIR_END);
	bytes[len] = '\0';
	check_numbers(bytes, 50000);
	close(fd);
	file_rig_end(rig);
}
END_TEST

/* Lines that do not compress well. Yours: free it. */
static char *push_noise(struct file_rig *rig, unsigned count)
{
	char *text = malloc((size_t)count * 301 + 1), *at = text;
	uint64_t noise = 1;

	ck_assert_ptr_nonnull(text);
	for (unsigned i = 0; i < count; i++) {
		for (unsigned j = 0; j < 300; j++) {
			noise = noise * 6364136223846793005u + 1442695040888963407u;
			at[j] = (char)(' ' + (noise >> 33) % 95);
		}
		file_rig_push_bytes(rig, at, 300);
		at[300] = '\n';
		at += 301;
	}
	*at = '\0';
	return text;
}

/* What the bytes are as a file. */
static void check_replay(const char *bytes, size_t len, const char *want)
{
	struct reading_rig *rig = reading_rig_new();

	reading_rig_start_with(rig, bytes, len);
	reading_rig_check_all(rig, want, "read again");
	reading_rig_end(rig);
}

/* At the stop a block waits for the reader, and lines wait behind it. */
START_TEST(a_flush_reaches_the_lines_behind_a_block_that_waits_for_a_reader)
{
	struct file_rig *rig = file_rig_new();
	char *bytes = malloc(1u << 20), *text;
	enum weir_status status;
	size_t len = 0;
	int before, fd;

	ck_assert_ptr_nonnull(bytes);
	rig->options.path = "-";
	rig->options.compression = WEIR_FILE_GZIP;
	rig->options.flush_ms = 3600000;
	file_rig_start(rig, NULL);
	text = push_noise(rig, 1000);
	weir_push_end(rig->source);
	fd = redirect_stdout(&before);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 1000, 2000), WEIR_OK);
	weir_pipeline_stop(rig->pipeline);
	do {
		ssize_t got;

		status = drive_for(rig->pipeline, &rig->fake, 100, 2000);
		got = read(fd, bytes + len, status == WEIR_OK ? 50000 : (1u << 20) - len);
		if (got > 0)
			len += (size_t)got;
		else
			fake_env_advance(&rig->fake, 1000);
	} while (status == WEIR_OK);
	restore_stdout(before);
	close(fd);
	ck_assert_msg(status == WEIR_END, "%s", weir_pipeline_error(rig->pipeline)->text);
	ck_assert_uint_eq(metrics_of(rig->pipeline).all.in_flight, 0);
	ck_assert_uint_eq(sink_metrics_of(rig->sink).delivered, 1000);
	check_replay(bytes, len, text);
	free(text);
	free(bytes);
	file_rig_end(rig);
}
END_TEST

START_TEST(a_reader_that_has_gone_stops_the_pipeline_and_not_the_program)
{
	struct file_rig *rig = file_rig_new();
	const struct weir_error *err;
	int before, fd;

	rig->options.path = "-";
	file_rig_start(rig, NULL);
	file_rig_push(rig, "x");
	fd = redirect_stdout(&before);
	close(fd);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_ERR_IO);
	restore_stdout(before);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_ptr_nonnull(strstr(err->text, "standard output"));
	ck_assert_int_eq(err->os_error, EPIPE);
	ck_assert_uint_eq(metrics_of(rig->pipeline).all.in_flight, 1);
	file_rig_end(rig);
}
END_TEST

START_TEST(a_pipe_that_nobody_reads_is_not_waited_for_at_the_start)
{
	struct file_rig *rig = file_rig_new();

	ck_assert_int_eq(mkfifo(test_path(&rig->dir, "fifo"), 0600), 0);
	rig->options.path = "fifo";
	file_rig_start(rig, NULL);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_ERR_IO);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "fifo"));
	file_rig_end(rig);
}
END_TEST

START_TEST(a_device_without_poll_is_written_to)
{
	struct file_rig *rig = file_rig_new();

	rig->options.path = "/dev/null";
	file_rig_start(rig, NULL);
	file_rig_push_numbers(rig, 0, 1000);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	ck_assert_uint_eq(sink_metrics_of(rig->sink).delivered, 1000);
	file_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("files and pipes");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_full_disk_is_waited_for_and_cuts_no_line, 0, 18);
	tcase_add_test(tcase,
		       a_disk_that_stays_full_makes_dead_letters_when_attempts_are_used_up);
	tcase_add_test(tcase, a_stop_with_a_full_disk_ends_in_time);
	tcase_add_test(tcase,
		       a_line_that_a_full_disk_cut_for_good_is_not_glued_to_the_next_run);
	tcase_add_loop_test(tcase, the_end_of_a_cut_line_waits_for_a_full_disk_too, 0, 4);
	tcase_add_test(tcase, a_file_that_may_not_be_read_is_taken_to_end_in_a_cut_line);
	tcase_add_loop_test(tcase, standard_output_that_appends_to_half_a_line_ends_it_first, 0,
			    2);
	tcase_add_test(tcase,
		       a_slow_reader_of_standard_output_slows_the_pipeline_and_loses_nothing);
	tcase_add_test(tcase, a_flush_reaches_the_lines_behind_a_block_that_waits_for_a_reader);
	tcase_add_test(tcase, a_reader_that_has_gone_stops_the_pipeline_and_not_the_program);
	tcase_add_test(tcase, a_pipe_that_nobody_reads_is_not_waited_for_at_the_start);
	tcase_add_test(tcase, a_device_without_poll_is_written_to);
	return run_case("file sink in trouble", tcase);
}
