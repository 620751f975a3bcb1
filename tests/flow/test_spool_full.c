/* SPDX-License-Identifier: MIT */
/* A spool without room: full itself, or on a full disk. The sources wait, and it goes on. */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/run.h"
#include "support/spool_rig.h"

/* ---- full ---- */

static off_t file_bytes(const struct spool_rig *rig)
{
	struct stat stat_of;
	char path[128];

	snprintf(path, sizeof path, "%s/queue.mdb", rig->folder);
	ck_assert_int_eq(stat(path, &stat_of), 0);
	return stat_of.st_size;
}

START_TEST(a_full_spool_holds_the_source_back_until_there_is_room)
{
	struct spool_rig *rig = spool_rig_new();

	rig->options.max_bytes = 16u << 20;
	rig->options.sync_ms = _i ? 100 : 0;
	rig->out.settles = 0;
	spool_rig_start(rig);
	spool_rig_push(rig, 40000, 1000);
	SPOOL_UNTIL(rig, spool_rig_metrics(rig).full_ms > 300);
	ck_assert_uint_ge(spool_rig_metrics(rig).stored, 12000);
	ck_assert_uint_lt(spool_rig_metrics(rig).stored, 16000);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "raise max_bytes"));
	ck_assert_int_eq(weir_pipeline_state(rig->pipeline), WEIR_STATE_RUNNING);
	spool_rig_settle(rig, UINT64_MAX);
	spool_rig_check_all(rig, 0, 40000);
	spool_rig_end(rig);
}
END_TEST

START_TEST(a_spool_filled_and_emptied_many_times_keeps_to_its_size)
{
	struct spool_rig *rig = spool_rig_new();
	uint64_t settles = 0;

	rig->options.max_bytes = 16u << 20;
	rig->options.sync_ms = 60000;
	rig->out.settles = 0;
	spool_rig_start(rig);
	for (unsigned round = 0; round < 15; round++) {
		spool_rig_push(rig, 1, 3000000);
		spool_rig_push(rig, 6000, 1000 + round * 100);
		spool_rig_push(rig, 1, 3900000);
		spool_rig_push(rig, 6000, 1000);
		SPOOL_UNTIL(rig, spool_rig_metrics(rig).full_ms > round * 20);
		settles = rig->pushed - (round % 3 ? 0 : 2000);
		spool_rig_settle(rig, settles);
		SPOOL_UNTIL(rig, rig->out.settled == settles);
	}
	spool_rig_settle(rig, UINT64_MAX);
	spool_rig_check_all(rig, 0, rig->pushed);
	ck_assert_int_le(file_bytes(rig), (20 << 20) + (16 << 20));
	spool_rig_end(rig);
}
END_TEST

START_TEST(a_stop_while_it_is_full_says_what_was_not_stored)
{
	struct spool_rig *rig = spool_rig_new();
	unsigned stored;

	rig->options.max_bytes = 16u << 20;
	rig->pipeline_options.drain_ms = 500;
	rig->out.settles = 0;
	spool_rig_start(rig);
	spool_rig_push(rig, 40000, 1000);
	SPOOL_UNTIL(rig, spool_rig_metrics(rig).full_ms > 500);
	stored = (unsigned)spool_rig_metrics(rig).stored;
	ck_assert_int_eq(spool_rig_stop(rig), WEIR_ERR_TIMEOUT);
	spool_rig_leave(rig);
	rig->out.settles = UINT64_MAX;
	spool_rig_start(rig);
	ck_assert_int_eq(spool_rig_finish(rig), WEIR_END);
	ck_assert_uint_ge(rig->out.count, stored);
	spool_rig_check(rig, 0, (unsigned)rig->out.count);
	spool_rig_end(rig);
}
END_TEST

/* ---- a full disk ---- */

/* Fills the disk by pushing, frees it, and sees all arrive. */
static void check_full_disk(struct spool_rig *rig, const char *want, void (*free_disk)(void *user),
			    void *user)
{
	rig->out.settles = 0;
	spool_rig_start(rig);
	spool_rig_push(rig, 20000, 1000);
	SPOOL_UNTIL(rig, spool_rig_metrics(rig).full_ms > 500);
	ck_assert_msg(strstr(rig->fake.log, want) != NULL, "%s", rig->fake.log);
	ck_assert_uint_lt(spool_rig_metrics(rig).stored, 20000);
	free_disk(user);
	SPOOL_UNTIL(rig, spool_rig_metrics(rig).stored == 20000);
	ck_assert_ptr_nonnull(strstr(rig->fake.log, "there is room again"));
	spool_rig_settle(rig, UINT64_MAX);
	spool_rig_check_all(rig, 0, 20000);
}

static void lift_limit(void *user)
{
	struct rlimit limit;

	(void)user;
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_limit_on_the_files_size_is_waited_for)
{
	struct spool_rig *rig = spool_rig_new();
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = 8u << 20;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	check_full_disk(rig, "File too large", lift_limit, NULL);
	spool_rig_end(rig);
}
END_TEST

static void remove_ballast(void *user)
{
	ck_assert_int_eq(unlink(user), 0);
}

/* A disk of 40 MB in a mount namespace of this test's own, most of it taken by something else. */
START_TEST(a_full_disk_is_waited_for)
{
	struct spool_rig *rig = spool_rig_new();
	char ballast[100], *bytes = calloc(1, 30u << 20);

	if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", rig->dir.path, "tmpfs", 0, "size=40m") < 0) {
		printf("skipped: no tmpfs can be mounted here: %s\n", strerror(errno));
	} else {
		snprintf(ballast, sizeof ballast, "%s/ballast", rig->dir.path);
		file_write(ballast, bytes, 30u << 20);
		check_full_disk(rig, "No space left on device", remove_ballast, ballast);
		spool_rig_leave(rig);
		umount2(rig->dir.path, MNT_DETACH);
	}
	free(bytes);
	spool_rig_end(rig);
}
END_TEST

START_TEST(with_a_full_disk_from_the_start_what_is_there_comes_out)
{
	struct spool_rig *rig = spool_rig_new();
	struct rlimit limit;

	rig->out.settles = 0;
	rig->pipeline_options.drain_ms = 10;
	spool_rig_start(rig);
	spool_rig_push(rig, 12000, 1000);
	SPOOL_UNTIL(rig, spool_rig_metrics(rig).stored == 12000);
	ck_assert_int_eq(spool_rig_stop(rig), WEIR_END);
	spool_rig_leave(rig);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = (rlim_t)file_bytes(rig);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, SIG_IGN);	/* the test's own thread closes the spool */
	rig->out.settles = UINT64_MAX;
	spool_rig_start(rig);
	SPOOL_UNTIL(rig, rig->out.settled == 12000);
	lift_limit(NULL);
	spool_rig_check_all(rig, 0, 12000);
	spool_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("spool_full");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, a_full_spool_holds_the_source_back_until_there_is_room, 0, 2);
	tcase_add_test(tcase, a_spool_filled_and_emptied_many_times_keeps_to_its_size);
	tcase_add_test(tcase, a_stop_while_it_is_full_says_what_was_not_stored);
	tcase_add_test(tcase, a_limit_on_the_files_size_is_waited_for);
	tcase_add_test(tcase, a_full_disk_is_waited_for);
	tcase_add_test(tcase, with_a_full_disk_from_the_start_what_is_there_comes_out);
	return run_case("spool_full", tcase);
}
