/* SPDX-License-Identifier: MIT */
/*
 * The file source with a position, killed with SIGKILL at random moments, again and again: nothing
 * is lost, and no kill makes more than a window of messages come again.
 *
 * A child runs file → standard output, which is a pipe; what the parent finds in it was delivered.
 * Each kill comes when the parent has read a random number of bytes. WEIR_QUICK=1: fewer kills.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/files.h"
#include "support/run.h"
#include "weir.h"

#define LINE_BYTES 100

struct crash {
	const char *name;
	uint64_t window;
	uint64_t state_ms;
	unsigned lines;		/* a kill */
	bool rotates;		/* it is followed, and rotated while the child runs */
};

static const struct crash crashes[] = {
	{ "positions by time", 4096, 2, 1500, false },
	{ "positions by messages alone", 500, 3600000, 1500, false },
	{ "a window of eight", 8, 3600000, 60, false },
	{ "followed and rotated", 2000, 10, 0, true },
};

struct bench {
	const struct crash *crash;
	struct test_dir dir;
	unsigned *seen;		/* by number of line */
	unsigned lines;		/* written */
	unsigned rotations;
	unsigned distinct;	/* lines seen */
	unsigned again;		/* lines seen again since the last kill … */
	unsigned most_again;	/* … at most … */
	unsigned all_again;	/* … and in all */
	char part[LINE_BYTES];	/* of a line whose rest is not read yet */
	size_t part_len;
};

static unsigned kills(void)
{
	return getenv("WEIR_QUICK") ? 10 : 50;
}

/* ---- the child ---- */

static void run_child(const struct bench *bench, int fd)
{
	char path[128], state[128];
	weir_pipeline *pipeline;
	weir_source *source;
	weir_sink *sink;

	snprintf(path, sizeof path, "%s/log", bench->dir.path);
	snprintf(state, sizeof state, "%s/state", bench->dir.path);
	dup2(fd, STDOUT_FILENO);
	pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options,
					       .window_messages = bench->crash->window));
	source = weir_file_source_add(pipeline, "in",
				      WEIR_WITH(weir_file_source_options, .path = path,
						.kind = WEIR_KIND_RECORD, .state_dir = state,
						.state_ms = bench->crash->state_ms,
						.follow = bench->crash->rotates, .follow_ms = 3));
	sink = weir_file_sink_add(pipeline, "out", WEIR_WITH(weir_file_sink_options, .path = "-"));
	weir_route_add(pipeline, WEIR_WITH(weir_route, .from = source), sink);
	_exit(weir_pipeline_run(pipeline) == WEIR_OK ? 0 : 1);
}

static pid_t start_child(const struct bench *bench, int *ret_fd)
{
	int ends[2];
	pid_t child;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		run_child(bench, ends[1]);
	close(ends[1]);
	*ret_fd = ends[0];
	return child;
}

/* ---- what it delivered ---- */

static void see_line(struct bench *bench, const char *line)
{
	const unsigned long number = strtoul(line, NULL, 10);

	ck_assert_msg(number < bench->lines && line[8] == ' ' && line[LINE_BYTES - 2] == 'x',
		      "%s: no line: %.*s", bench->crash->name, LINE_BYTES - 1, line);
	if (bench->seen[number]++ == 0)
		bench->distinct++;
	else
		bench->again++;
}

/* One read; false at the end. */
static bool see(struct bench *bench, int fd, size_t most, size_t *ret_len)
{
	static char bytes[65536];
	const ssize_t len = read(fd, bytes, most < sizeof bytes ? most : sizeof bytes);

	ck_assert_int_ge(len, 0);
	for (ssize_t i = 0; i < len; i++) {
		bench->part[bench->part_len++] = bytes[i];
		if (bench->part_len < LINE_BYTES)
			continue;
		ck_assert_int_eq(bytes[i], '\n');
		see_line(bench, bench->part);
		bench->part_len = 0;
	}
	*ret_len = (size_t)len;
	return len > 0;
}

static void see_bytes(struct bench *bench, int fd, size_t bytes)
{
	size_t len;

	while (bytes > 0 && see(bench, fd, bytes, &len))
		bytes -= len;
}

/* Kills it, and sees what was in the pipe. */
static int end_child(struct bench *bench, pid_t child, int fd)
{
	int status;

	kill(child, SIGKILL);
	see_bytes(bench, fd, SIZE_MAX);
	close(fd);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	bench->part_len = 0;
	bench->all_again += bench->again;
	if (bench->again > bench->most_again)
		bench->most_again = bench->again;
	bench->again = 0;
	return status;
}

/* ---- what it reads ---- */

static void write_lines(struct bench *bench, unsigned count)
{
	char *text = malloc((size_t)count * LINE_BYTES + 1);

	ck_assert_ptr_nonnull(text);
	for (unsigned i = 0; i < count; i++)
		snprintf(text + (size_t)i * LINE_BYTES, LINE_BYTES + 1, "%08u %090d\n",
			 bench->lines + i, 0);
	for (unsigned i = 1; i <= count; i++)
		text[(size_t)i * LINE_BYTES - 2] = 'x';
	bench->seen = realloc(bench->seen, (bench->lines + count) * sizeof *bench->seen);
	ck_assert_ptr_nonnull(bench->seen);
	memset(bench->seen + bench->lines, 0, count * sizeof *bench->seen);
	bench->lines += count;
	file_append(test_path(&bench->dir, "log"), text);
	free(text);
}

static bool is_newer(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
						      : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/* The clock of file times ticks some hundred times a second: waits for the next tick. */
static void rotate(struct bench *bench)
{
	const char *path = test_path(&bench->dir, "log");
	struct stat old, new;
	char name[32];

	snprintf(name, sizeof name, "log.%u", ++bench->rotations);
	ck_assert_int_eq(stat(path, &old), 0);
	ck_assert_int_eq(rename(path, test_path(&bench->dir, name)), 0);
	file_write(path, "", 0);
	do {
		ck_assert_int_eq(utimensat(AT_FDCWD, path, NULL, 0), 0);
		ck_assert_int_eq(stat(path, &new), 0);
	} while (!is_newer(&new, &old));
}

/* ---- the tests ---- */

static void one_life(struct bench *bench, size_t bytes)
{
	const bool rotates = bench->crash->rotates;
	int fd;
	pid_t child;

	if (rotates)
		write_lines(bench, (unsigned)rand() % 500);
	child = start_child(bench, &fd);
	if (rotates) {
		see_bytes(bench, fd, bench->distinct + 10 < bench->lines ? 1000 : 0);
		rotate(bench);
		write_lines(bench, (unsigned)rand() % 1000);
		if (rand() % 2) {
			rotate(bench);
			write_lines(bench, 1 + (unsigned)rand() % 1000);
		}
		bytes = (bench->lines - bench->distinct) * (size_t)(rand() % LINE_BYTES);
	}
	see_bytes(bench, fd, bytes);
	end_child(bench, child, fd);
}

/* Until all is there; a child that does not follow ends well by itself. */
static void last_life(struct bench *bench)
{
	size_t len;
	int fd, status;
	const pid_t child = start_child(bench, &fd);

	while ((!bench->crash->rotates || bench->distinct < bench->lines) &&
	       see(bench, fd, SIZE_MAX, &len))
		;
	if (!bench->crash->rotates) {
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
		close(fd);
		bench->all_again += bench->again;
		return;
	}
	end_child(bench, child, fd);
}

START_TEST(killed_again_and_again_nothing_is_lost_and_a_window_comes_again)
{
	struct bench bench = { .crash = &crashes[_i] };
	const size_t most_bytes = bench.crash->lines * LINE_BYTES + 1;
	unsigned lost = 0;

	srand(20260000u + (unsigned)_i);
	test_dir_make(&bench.dir);
	write_lines(&bench, bench.crash->rotates ? 1000 : kills() * bench.crash->lines);
	for (unsigned i = 0; i < kills(); i++)
		one_life(&bench, i % 10 ? (size_t)rand() % most_bytes : 0);
	last_life(&bench);
	for (unsigned i = 0; i < bench.lines; i++)
		lost += bench.seen[i] == 0;
	printf("%s: %u kills, %u messages, %u rotations: %u lost, %u came again, at most %u after "
	       "one kill (window %ju)\n",
	       bench.crash->name, kills(), bench.lines, bench.rotations, lost, bench.all_again,
	       bench.most_again, (uintmax_t)bench.crash->window);
	fflush(stdout);
	ck_assert_uint_eq(lost, 0);
	ck_assert_uint_le(bench.most_again, bench.crash->window);
	free(bench.seen);
	test_dir_remove(&bench.dir);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("crash");

	tcase_set_timeout(tcase, 60);
	LOOP(tcase, killed_again_and_again_nothing_is_lost_and_a_window_comes_again, crashes);
	return run_case("file source: crash", tcase);
}
