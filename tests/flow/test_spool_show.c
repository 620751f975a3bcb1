/* SPDX-License-Identifier: MIT */
/* A damaged spool in its pipeline, and what spool_show says of it. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/run.h"
#include "support/spool_rig.h"

#define PAGE 4096

/* Stores `count` messages of some 1,000 bytes, and stops. */
static struct spool_rig *rig_with_spool(unsigned count)
{
	struct spool_rig *rig = spool_rig_new();

	rig->out.settles = 0;
	rig->pipeline_options.drain_ms = 10;
	rig->options.commit_bytes = 200000;
	spool_rig_start(rig);
	spool_rig_push(rig, count, 1000);
	SPOOL_UNTIL(rig, spool_rig_metrics(rig).stored == count);
	ck_assert_int_eq(spool_rig_stop(rig), WEIR_END);
	spool_rig_leave(rig);
	rig->out.settles = UINT64_MAX;
	return rig;
}

/* A page of sevens: this one of the file, or, 0, the one that holds this text. */
static void damage(const struct spool_rig *rig, size_t page, const char *text)
{
	char path[128], garbage[PAGE], *bytes;
	size_t len;
	int fd;

	snprintf(path, sizeof path, "%s/queue.mdb", rig->folder);
	bytes = file_read(path, &len);
	if (text) {
		const char *at = memmem(bytes, len, text, strlen(text));

		ck_assert_ptr_nonnull(at);
		page = (size_t)(at - bytes) / PAGE;
	}
	free(bytes);
	memset(garbage, 7, sizeof garbage);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, garbage, PAGE, (off_t)(page * PAGE)), PAGE);
	close(fd);
}

/* Runs it; its exit status, and what it says, which is yours. */
static int show(const struct spool_rig *rig, const char *option, char said[8192])
{
	char command[400];
	FILE *out;
	size_t len;

	snprintf(command, sizeof command, "%s/examples/spool_show %s %s 2>&1", BUILD_DIR,
		 rig->folder, option);
	out = popen(command, "r");
	ck_assert_ptr_nonnull(out);
	len = fread(said, 1, 8191, out);
	said[len] = '\0';
	while (fgetc(out) != EOF)
		;
	return WEXITSTATUS(pclose(out));
}

START_TEST(a_damaged_batch_costs_the_messages_that_are_damaged)
{
	struct spool_rig *rig = rig_with_spool(1000);
	struct weir_spool_metrics metrics;
	char said[8192];
	unsigned next = 0;

	damage(rig, 0, "\"n\":500,");
	ck_assert_int_eq(show(rig, "", said), 1);
	ck_assert_ptr_nonnull(strstr(said, "a pipeline goes on with them"));
	spool_rig_start(rig);
	ck_assert_int_eq(spool_rig_finish(rig), WEIR_END);
	metrics = spool_rig_metrics(rig);
	ck_assert_uint_ge(metrics.damaged, 1);
	ck_assert_uint_le(metrics.damaged, 6);
	ck_assert_uint_eq(rig->out.count, 1000 - metrics.damaged);
	ck_assert_uint_eq(metrics.waiting, 0);
	for (size_t i = 0; i < rig->out.count; i++) {
		ck_assert_uint_ge(rig->out.numbers[i], next);
		next = rig->out.numbers[i] + 1;
		ck_assert_uint_ne(rig->out.numbers[i], 500);
	}
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "WARN spool: a batch on disk is damaged"));
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "/damaged-"));
	spool_rig_end(rig);
}
END_TEST

START_TEST(a_damaged_tree_costs_nothing_and_is_said)
{
	struct spool_rig *rig = rig_with_spool(1000);
	char said[8192];

	damage(rig, 1, NULL);
	ck_assert_int_eq(show(rig, "", said), 1);
	ck_assert_ptr_nonnull(strstr(said, "page 1: it is no meta page"));
	spool_rig_start(rig);
	spool_rig_check_all(rig, 0, 1000);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "WARN spool: the spool's file was damaged"));
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "0 are missing"));
	spool_rig_end(rig);
}
END_TEST

START_TEST(spool_show_tells_how_many_and_that_they_are_sound)
{
	struct spool_rig *rig = rig_with_spool(50);
	char said[8192];

	ck_assert_int_eq(show(rig, "", said), 0);
	ck_assert_ptr_nonnull(strstr(said, "waiting   50 messages"));
	ck_assert_ptr_nonnull(strstr(said, "first     number 1, stored 2020-01-01T"));
	ck_assert_ptr_nonnull(strstr(said, "last      number 50, stored"));
	ck_assert_ptr_nonnull(strstr(said, "all of it is sound"));
	ck_assert_int_eq(show(rig, "--bodies | grep -c '^{\"n\":'", said), 0);
	ck_assert_ptr_nonnull(strstr(said, "50\n"));
	ck_assert_int_eq(show(rig, "--nonsense", said), 2);
	spool_rig_end(rig);
}
END_TEST

START_TEST(spool_show_names_a_folder_that_is_none)
{
	struct spool_rig *rig = spool_rig_new();
	char said[8192];

	ck_assert_int_eq(show(rig, "", said), 2);
	ck_assert_ptr_nonnull(strstr(said, rig->folder));
	ck_assert_ptr_nonnull(strstr(said, "No such file"));
	spool_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("spool_show");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_damaged_batch_costs_the_messages_that_are_damaged);
	tcase_add_test(tcase, a_damaged_tree_costs_nothing_and_is_said);
	tcase_add_test(tcase, spool_show_tells_how_many_and_that_they_are_sound);
	tcase_add_test(tcase, spool_show_names_a_folder_that_is_none);
	return run_case("spool_show", tcase);
}
