/* SPDX-License-Identifier: MIT */
/* The example program `replay` with a position, and following a file. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/files.h"
#include "support/run.h"

static struct test_dir dir;

static void write_text(const char *text)
{
	file_write(test_path(&dir, "log"), text, strlen(text));
}

/* What it prints; the next call overwrites it. */
static const char *replay(void)
{
	static char text[4096];
	char command[512];
	FILE *out;

	snprintf(command, sizeof command, "%s/examples/replay --kinds --state %s %s", BUILD_DIR,
		 test_path(&dir, "state"), test_path(&dir, "log"));
	out = popen(command, "r");
	ck_assert_ptr_nonnull(out);
	text[fread(text, 1, sizeof text - 1, out)] = '\0';
	ck_assert_int_eq(pclose(out), 0);
	return text;
}

START_TEST(replay_goes_on_where_its_last_run_ended)
{
	test_dir_make(&dir);
	write_text("{\"a\":1}\n");
	ck_assert_str_eq(replay(), "unknown\n");
	ck_assert_str_eq(replay(), "");
	file_append(test_path(&dir, "log"), "{\"limit\":{\"track\":1}}\n");
	ck_assert_str_eq(replay(), "limit\n");
	test_dir_remove(&dir);
}
END_TEST

static pid_t start_following(int *ret_fd)
{
	int ends[2];
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl(BUILD_DIR "/examples/replay", "replay", "--follow", "--state",
		      test_path(&dir, "state"), test_path(&dir, "log"), (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	*ret_fd = ends[0];
	return child;
}

/* Interrupted when the file of the position is there: it has begun to read. */
START_TEST(replay_follows_until_it_is_interrupted)
{
	char text[512];
	int fd, status;
	pid_t child;
	ssize_t len;

	test_dir_make(&dir);
	write_text("{\"a\":1}\n");
	child = start_following(&fd);
	while (access(test_path(&dir, "state/recording.position"), F_OK) < 0)
		ck_assert_int_eq(waitpid(child, &status, WNOHANG), 0);
	kill(child, SIGINT);
	len = read(fd, text, sizeof text - 1);
	ck_assert_int_gt(len, 0);
	text[len] = '\0';
	ck_assert_ptr_nonnull(strstr(text, "all"));
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	close(fd);
	test_dir_remove(&dir);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("replay");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, replay_goes_on_where_its_last_run_ended);
	tcase_add_test(tcase, replay_follows_until_it_is_interrupted);
	return run_case("file source: replay", tcase);
}
