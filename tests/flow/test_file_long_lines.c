/* SPDX-License-Identifier: MIT */
/* The file source: lines above the limit, whether or not they end. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/reading_rig.h"
#include "support/run.h"

START_TEST(a_line_above_the_limit_is_counted_and_skipped)
{
	struct reading_rig *rig = reading_rig_new();
	char *bytes = malloc(1000010);

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'x', 1000010);
	memcpy(bytes, "12345\n", 6);		/* as long as is allowed */
	bytes[20] = '\n';
	memcpy(bytes + 1000000, "\nlast\n1234", 10);
	rig->options.max_message_bytes = 5;
	reading_rig_start_with(rig, bytes, 1000010);
	reading_rig_check_all(rig, "12345\nlast\n1234\n", "lines within the limit");
	ck_assert_uint_eq(source_metrics_of(rig->source).too_large, 2);
	ck_assert_uint_lt(rig->fake.most_bytes, 600000);
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

static void put(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static const struct {
	const char *name;
	size_t len;		/* of a line without an end, the limit being 1000 */
	bool crlf;
	bool is_too_large;
} endless[] = {
	{ "as long as is allowed", 1000, false, false },
	{ "longer", 1002, false, true },
	{ "much longer", 700000, false, true },
	{ "from the wire", 700000, true, true },
};

/* A pipe, of which only a part has come. */
START_TEST(a_line_that_does_not_end_is_counted_and_said_when_it_passes_the_limit)
{
	struct reading_rig *rig = reading_rig_new();
	const uint64_t want = endless[_i].is_too_large;
	char *bytes = malloc(endless[_i].len);
	size_t sent = 0;
	int fd;

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'x', endless[_i].len);
	rig->options.crlf = endless[_i].crlf;
	rig->options.max_message_bytes = 1000;
	fd = reading_rig_open_fifo(rig);
	put(fd, "first\r\n");
	while (sent < endless[_i].len) {
		const size_t left = endless[_i].len - sent;
		const ssize_t len = write(fd, bytes + sent, left < 60000 ? left : 60000);

		ck_assert_int_gt(len, 0);
		sent += (size_t)len;
		ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 50), WEIR_OK);
	}
	ck_assert_msg(source_metrics_of(rig->source).too_large == want, "%s: %s",
		      endless[_i].name, rig->fake.log);
	ck_assert(endless[_i].is_too_large ==
		  (strstr(rig->fake.log, "line at byte 7 is longer than 1000") != NULL));
	put(fd, "\r\nlast\r\n");
	close(fd);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 20), WEIR_END);
	ck_assert_uint_eq(source_metrics_of(rig->source).too_large, want);
	ck_assert_uint_eq(rig->recorder.count, want ? 2 : 3);
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

START_TEST(each_line_above_the_limit_is_counted_once_whether_it_ends_or_not)
{
	struct reading_rig *rig = reading_rig_new();
	int fd;

	rig->options.max_message_bytes = 3;
	fd = reading_rig_open_fifo(rig);
	put(fd, "12345");
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_OK);
	put(fd, "6\n12345\n123456");
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_OK);
	ck_assert_uint_eq(source_metrics_of(rig->source).too_large, 3);
	close(fd);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_END);
	ck_assert_uint_eq(source_metrics_of(rig->source).too_large, 3);
	ck_assert_uint_eq(rig->recorder.count, 0);
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_message_behind_its_length_is_too_large_by_that_alone)
{
	struct reading_rig *rig = reading_rig_new();
	int fd;

	rig->options.delimited = true;
	rig->options.max_message_bytes = 3;
	fd = reading_rig_open_fifo(rig);
	put(fd, "5\r\nabc\r");
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_OK);
	ck_assert_uint_eq(source_metrics_of(rig->source).too_large, 0);
	put(fd, "\n");
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_OK);
	reading_rig_check(rig, "abc\n", "as long as is allowed");
	ck_assert_uint_eq(source_metrics_of(rig->source).too_large, 0);
	put(fd, "6\r\nab");
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_OK);
	ck_assert_uint_eq(source_metrics_of(rig->source).too_large, 1);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "line at byte 8 is longer than 3"));
	put(fd, "cd\r\n");
	close(fd);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_END);
	ck_assert_uint_eq(source_metrics_of(rig->source).too_large, 1);
	reading_rig_check(rig, "abc\n", "at the end");
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_device_that_never_ends_a_line_is_said_and_can_be_stopped)
{
	struct reading_rig *rig = reading_rig_new();

	rig->options.path = "/dev/zero";
	reading_rig_start(rig);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_eq(weir_pipeline_step(rig->pipeline), WEIR_OK);
	ck_assert_uint_gt(source_metrics_of(rig->source).wire_bytes, 5u << 20);
	ck_assert_uint_eq(source_metrics_of(rig->source).too_large, 1);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "line at byte 0 is longer"));
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(source_metrics_of(rig->source).too_large, 1);
	reading_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("files and pipes");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, a_line_above_the_limit_is_counted_and_skipped);
	LOOP(tcase, a_line_that_does_not_end_is_counted_and_said_when_it_passes_the_limit, endless);
	tcase_add_test(tcase, each_line_above_the_limit_is_counted_once_whether_it_ends_or_not);
	tcase_add_test(tcase, a_message_behind_its_length_is_too_large_by_that_alone);
	tcase_add_test(tcase, a_device_that_never_ends_a_line_is_said_and_can_be_stopped);
	return run_case("file source: long lines", tcase);
}
