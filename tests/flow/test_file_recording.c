/* SPDX-License-Identifier: MIT */
/* The file sink's recordings: compressed, rotated, under their names only when whole. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connect/file/recording.h"
#include "support/corpus.h"
#include "support/file_rig.h"
#include "support/recorder.h"
#include "support/run.h"

#define COMPRESSIONS (WEIR_FILE_ZSTD + 1)

static const char *const names[COMPRESSIONS] = { "plain", "gzip", "bzip2", "xz", "zstd" };

static bool is_there(const struct file_rig *rig, const char *name)
{
	return access(test_path(&rig->dir, name), F_OK) == 0;
}

static size_t count_files(const struct file_rig *rig)
{
	DIR *dir = opendir(rig->dir.path);
	const struct dirent *entry;
	size_t count = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* What a file source makes of the files that fit. Yours: free it. */
static char *replay(const struct file_rig *rig, const char *pattern)
{
	struct fake_env *fake = malloc(sizeof *fake);
	struct recorder recorder = { 0 };
	weir_pipeline *pipeline;
	char *text;

	ck_assert_ptr_nonnull(fake);
	fake_env_init(fake);
	pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &fake->env));
	weir_file_source_add(pipeline, "in",
			     WEIR_WITH(weir_file_source_options, .kind = WEIR_KIND_RECORD,
				       .glob = test_path(&rig->dir, pattern)));
	weir_route_add(pipeline, WEIR_WITH(weir_route, .name = "all"),
		       recorder_add(&recorder, pipeline, "out"));
	ck_assert_msg(drive(pipeline, fake) == WEIR_END, "%s",
		      weir_pipeline_error(pipeline)->text);
	weir_pipeline_free(pipeline);
	text = recorder_text(&recorder, WEIR_KIND_ANY);
	recorder_release(&recorder);
	free(fake);
	return text;
}

static struct file_rig *new_rig(enum weir_file_compression compression, const char *path)
{
	struct file_rig *rig = file_rig_new();

	rig->options.compression = compression;
	rig->options.path = path;
	return rig;
}

static uint64_t delivered(const struct file_rig *rig)
{
	return sink_metrics_of(rig->sink).delivered;
}

/* So much of the clock's time. */
static void pass(struct file_rig *rig, uint64_t ms)
{
	const uint64_t until_ms = rig->fake.monotonic_ms + ms;

	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, ms, 10000), WEIR_OK);
	fake_env_advance(&rig->fake, until_ms - rig->fake.monotonic_ms);
}

/* ---- names ---- */

static const struct {
	const char *pattern;
	uint64_t time_ms;
	uint64_t count;
	const char *want;
	bool counts;
} patterns[] = {
	{ "plain", 0, 1, "plain", false },
	{ "%Y-%m-%dT%H:%M:%S", 0, 1, "1970-01-01T00:00:00", false },
	{ "%Y%m%d", 951782400000, 1, "20000229", false },
	{ "%Y%m%d", 1582934400000, 1, "20200229", false },
	{ "%Y%m%d", 1583020800000, 1, "20200301", false },
	{ "%Y%m%d", 4107542400000, 1, "21000301", false },
	{ "%Y%m%d%H%M%S", 1609459199999, 1, "20201231235959", false },
	{ "x-%N.gz", 0, 7, "x-000007.gz", true },
	{ "%N", 0, 1234567, "1234567", true },
	{ "%%N %q %", 0, 1, "%N %q %", false },
};

START_TEST(a_name_is_made_of_a_pattern)
{
	char name[64];
	bool counts;
	size_t len = weir__recording_name(patterns[_i].pattern, patterns[_i].time_ms,
					  patterns[_i].count, name, sizeof name, &counts);

	ck_assert_str_eq(name, patterns[_i].want);
	ck_assert_uint_eq(len, strlen(name));
	ck_assert_int_eq(counts, patterns[_i].counts);
	ck_assert_uint_eq(weir__recording_name(patterns[_i].pattern, patterns[_i].time_ms,
					       patterns[_i].count, name, 4, &counts),
			  len);
	ck_assert_uint_eq(strlen(name), len < 3 ? len : 3);
}
END_TEST

/* ---- compressed ---- */

START_TEST(what_was_recorded_is_replayed)
{
	struct file_rig *rig = new_rig((enum weir_file_compression)_i, "all");
	const unsigned count = getenv("WEIR_QUICK") ? 5000 : 50000;
	char *text;

	rig->options.rotate_bytes = 1u << 30;
	file_rig_start(rig, NULL);
	file_rig_push_numbers(rig, 0, count);
	ck_assert_msg(file_rig_finish(rig) == WEIR_END, "%s: %s", names[_i],
		      weir_pipeline_error(rig->pipeline)->text);
	ck_assert_uint_eq(delivered(rig), count);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	ck_assert_uint_eq(count_files(rig), 1);
	text = replay(rig, "all");
	check_numbers(text, count);
	file_rig_end(rig);
}
END_TEST

START_TEST(a_file_has_its_name_only_when_it_is_whole)
{
	struct file_rig *rig = new_rig((enum weir_file_compression)_i, "all");

	rig->options.rotate_bytes = 1u << 30;
	file_rig_start(rig, NULL);
	file_rig_push_numbers(rig, 0, 10);
	pass(rig, 5000);
	ck_assert(is_there(rig, "all.part"));
	ck_assert(!is_there(rig, "all"));
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	ck_assert(!is_there(rig, "all.part"));
	ck_assert(is_there(rig, "all"));
	file_rig_end(rig);
}
END_TEST

START_TEST(a_compressed_message_is_delivered_when_its_block_is)
{
	struct file_rig *rig = new_rig((enum weir_file_compression)_i, "all");
	char *text;

	rig->options.flush_ms = 700;
	rig->pipeline_options.window_messages = 100000;
	file_rig_start(rig, NULL);
	file_rig_push_numbers(rig, 0, 1);
	pass(rig, 600);
	ck_assert_uint_eq(delivered(rig), 0);
	pass(rig, 200);
	ck_assert_uint_eq(delivered(rig), 1);
	text = replay(rig, "all.part");
	check_numbers(text, 1);
	file_rig_push_numbers(rig, 1, 40000);
	pass(rig, 100);
	ck_assert_uint_gt(delivered(rig), 10000);
	ck_assert_uint_lt(delivered(rig), 40000);
	file_rig_end(rig);
}
END_TEST

START_TEST(a_window_that_is_smaller_than_a_block_goes_on_by_age)
{
	struct file_rig *rig = new_rig(WEIR_FILE_GZIP, "all");
	char *text;

	rig->pipeline_options.window_messages = 10;
	file_rig_start(rig, NULL);
	file_rig_push_numbers(rig, 0, 100);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	text = replay(rig, "all");
	check_numbers(text, 100);
	file_rig_end(rig);
}
END_TEST

/* ---- rotation ---- */

START_TEST(a_full_file_is_followed_by_the_next)
{
	const enum weir_file_compression compression = (enum weir_file_compression)_i;
	const unsigned thousands = getenv("WEIR_QUICK") ? 40 : 60;
	struct file_rig *rig = new_rig(compression, "x-%N");
	struct stat stat_first;
	char *text;

	rig->options.rotate_bytes = compression ? 5000 : 1000;
	file_rig_start(rig, NULL);
	for (unsigned i = 0; i < thousands; i++) {
		file_rig_push_numbers(rig, i * 1000, i * 1000 + 1000);
		pass(rig, 2000);
	}
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	ck_assert_uint_ge(count_files(rig), 3);
	ck_assert_int_eq(stat(test_path(&rig->dir, "x-000001"), &stat_first), 0);
	ck_assert_int_gt(stat_first.st_size, compression ? 4999 : 980);
	ck_assert_int_le(stat_first.st_size, compression ? 12000 : 1000);
	text = replay(rig, "x-*");
	check_numbers(text, thousands * 1000);
	file_rig_end(rig);
}
END_TEST

START_TEST(a_line_longer_than_a_file_has_one_for_itself)
{
	struct file_rig *rig = new_rig(WEIR_FILE_PLAIN, "x%N");

	rig->options.rotate_bytes = 5;
	file_rig_start(rig, NULL);
	file_rig_push(rig, "a");
	file_rig_push(rig, "long enough");
	file_rig_push(rig, "b");
	file_rig_push(rig, "c");
	file_rig_push(rig, "d");
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	file_rig_check(rig, "x000001", "a\n");
	file_rig_check(rig, "x000002", "long enough\n");
	file_rig_check(rig, "x000003", "b\nc\n");
	file_rig_check(rig, "x000004", "d\n");
	ck_assert_uint_eq(count_files(rig), 4);
	file_rig_end(rig);
}
END_TEST

START_TEST(an_old_file_is_followed_by_the_next)
{
	struct file_rig *rig = new_rig(_i ? WEIR_FILE_GZIP : WEIR_FILE_PLAIN, NULL);

	rig->options.rotate_ms = 60000;
	file_rig_start(rig, "t-%H%M");
	file_rig_push(rig, "a");
	pass(rig, 59000);
	ck_assert(is_there(rig, "t-0000.part"));
	pass(rig, 2000);
	ck_assert(is_there(rig, "t-0000"));
	ck_assert_uint_eq(count_files(rig), 1);
	fake_env_advance(&rig->fake, 600000);
	file_rig_push(rig, "b");
	pass(rig, 10);
	ck_assert(is_there(rig, "t-0011.part"));
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	ck_assert(is_there(rig, "t-0011"));
	file_rig_end(rig);
}
END_TEST

START_TEST(more_destinations_than_files_may_be_open_are_recorded)
{
	struct file_rig *rig = new_rig((enum weir_file_compression)_i, NULL);
	char *text, body[32];

	rig->options.rotate_bytes = 1u << 20;
	file_rig_start(rig, "f{n}");
	for (unsigned i = 0; i < 300; i++) {
		snprintf(body, sizeof body, "{\"n\":%u,\"i\":%u}", i % 100, i);
		file_rig_push(rig, body);
	}
	ck_assert_msg(file_rig_finish(rig) == WEIR_END, "%s",
		      weir_pipeline_error(rig->pipeline)->text);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	ck_assert_uint_eq(count_files(rig), 100);
	text = replay(rig, "f42");
	ck_assert_str_eq(text, "{\"n\":42,\"i\":42}\n{\"n\":42,\"i\":142}\n{\"n\":42,\"i\":242}\n");
	free(text);
	file_rig_end(rig);
}
END_TEST

/* ---- names that are taken, and what a crash leaves ---- */

/*
 * What a file system may lack: this program's calls are the library's, too. 1: a rename that never
 * replaces a file; 2: links neither.
 */
static int lacks;

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	if (lacks > 0 && flags) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int link(const char *from, const char *to)
{
	if (lacks > 1) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* By a name with a number, and one without; on three kinds of file systems. */
START_TEST(nothing_is_overwritten)
{
	const bool counts = _i % 2;
	struct file_rig *rig = new_rig(WEIR_FILE_PLAIN, counts ? "x%N" : "x");

	lacks = _i / 2;
	rig->options.rotate_bytes = 1000;
	file_write(test_path(&rig->dir, counts ? "x000001" : "x"), "old", 3);
	file_rig_start(rig, NULL);
	file_rig_push(rig, "new");
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	file_write(test_path(&rig->dir, counts ? "x000002" : "x.2"), "late", 4);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	file_rig_check(rig, counts ? "x000001" : "x", "old");
	file_rig_check(rig, counts ? "x000002" : "x.2", "late");
	file_rig_check(rig, counts ? "x000002.2" : "x.2.2", "new\n");
	ck_assert_uint_eq(count_files(rig), 3);
	file_rig_end(rig);
}
END_TEST

START_TEST(a_file_without_a_line_is_not_kept)
{
	struct file_rig *rig = new_rig(WEIR_FILE_GZIP, "x");

	file_rig_start(rig, NULL);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	ck_assert_uint_eq(count_files(rig), 0);
	file_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	enum weir_file_compression compression;
	const char *left;	/* in x-1999.part */
	const char *want;	/* in x-1999; NULL: none */
	bool stays;		/* the .part */
	const char *said;
} leftovers[] = {
	{ "whole lines", WEIR_FILE_PLAIN, "a\nb\n", "a\nb\n", false, "finished" },
	{ "half a line", WEIR_FILE_PLAIN, "a\nb", "a\n", false, "finished" },
	{ "only half a line", WEIR_FILE_PLAIN, "b", NULL, false, "removed" },
	{ "compressed", WEIR_FILE_GZIP, "a\nb", NULL, true, "stays as it is" },
};

START_TEST(what_a_crash_left_is_finished_or_left_alone)
{
	struct file_rig *rig = new_rig(leftovers[_i].compression, "x-%Y");

	rig->options.rotate_bytes = 1000;
	file_write(test_path(&rig->dir, "x-1999.part"), leftovers[_i].left,
		   strlen(leftovers[_i].left));
	file_rig_start(rig, NULL);
	file_rig_push(rig, "new");
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	ck_assert_msg(is_there(rig, "x-1999.part") == leftovers[_i].stays, "%s",
		      leftovers[_i].name);
	if (leftovers[_i].want)
		file_rig_check(rig, "x-1999", leftovers[_i].want);
	else
		ck_assert(!is_there(rig, "x-1999"));
	ck_assert(is_there(rig, "x-2020"));
	ck_assert_msg(strstr(rig->fake.log, leftovers[_i].said), "%s", rig->fake.log);
	file_rig_end(rig);
}
END_TEST

static const struct {
	const char *left;
	const char *want;	/* its name afterwards */
} numbered[] = {
	{ "x.part", "x" },	     { "x.2.part", "x.2" },
	{ "x.9.part", "x.9" },	     { "x.12.part", "x.12" },
	{ "x.1000.part", "x.1000" }, { "x2.part", "x2.part" },
	{ "x..part", "x..part" },    { "x.2a.part", "x.2a.part" },
	{ "x.a.2.part", "x.a.2.part" },
};

/* Those of other patterns stay. */
START_TEST(what_a_crash_left_is_found_by_any_number)
{
	struct file_rig *rig = new_rig(WEIR_FILE_PLAIN, "x");

	rig->options.rotate_bytes = 1000;
	file_write(test_path(&rig->dir, numbered[_i].left), "a\nb\n", 4);
	file_rig_start(rig, NULL);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	ck_assert_uint_eq(count_files(rig), 1);
	file_rig_check(rig, numbered[_i].want, "a\nb\n");
	ck_assert_int_eq(strstr(rig->fake.log, "finished") != NULL,
			 strcmp(numbered[_i].left, numbered[_i].want) != 0);
	file_rig_end(rig);
}
END_TEST

START_TEST(the_file_of_a_sink_that_lives_is_no_leftover)
{
	struct file_rig *rig = new_rig(WEIR_FILE_PLAIN, "x-%N");
	struct file_rig *other = file_rig_new();

	rig->options.rotate_bytes = other->options.rotate_bytes = 1000;
	file_rig_start(rig, NULL);
	file_rig_push(rig, "a");
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_OK);
	other->options.path = "x-%N";
	other->options.directory = rig->dir.path;
	file_rig_start(other, NULL);
	file_rig_push(other, "b");
	ck_assert_int_eq(file_rig_finish(other), WEIR_END);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	other->pipeline = weir_pipeline_free(other->pipeline);
	file_rig_check(rig, "x-000001", "a\n");
	file_rig_check(rig, "x-000002", "b\n");
	other->descriptors = open_descriptors();
	file_rig_end(other);
	file_rig_end(rig);
}
END_TEST

/* A process that ends without a word, in the middle: what it was told is delivered is there. */
START_TEST(after_a_crash_all_that_was_delivered_can_be_read)
{
	struct file_rig *rig = new_rig((enum weir_file_compression)_i, "x");
	unsigned told = 0, came = 0;
	char *text;
	int status, ends[2];
	pid_t child;

	rig->options.rotate_bytes = 1u << 30;
	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		file_rig_start(rig, NULL);
		file_rig_push_numbers(rig, 0, 70000);
		pass(rig, 1500);
		told = (unsigned)delivered(rig);
		_exit(write(ends[1], &told, sizeof told) != sizeof told);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(read(ends[0], &told, sizeof told), sizeof told);
	close(ends[0]);
	close(ends[1]);
	ck_assert_uint_gt(told, 10000);
	text = replay(rig, "x.part");
	for (const char *at = text; *at; at = strchr(at, '\n') + 1)
		came++;
	ck_assert_msg(came >= told, "%s: %u were delivered, %u are there", names[_i], told, came);
	check_numbers(text, came);
	file_rig_end(rig);
}
END_TEST

/* ---- recorded messages ---- */

/* The text of the corpus, its lines joined by line feeds. Yours: free it; NULL: it is not here. */
static char *corpus_text(const char *name, size_t *ret_len)
{
	struct corpus corpus;
	char *text, *at;

	if (!corpus_read(name, &corpus))
		return NULL;
	text = at = malloc(corpus.len + 1);
	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < corpus.line_count; i++) {
		memcpy(at, corpus.lines[i].data, corpus.lines[i].len);
		at += corpus.lines[i].len;
		*at++ = '\n';
	}
	*at = '\0';
	*ret_len = (size_t)(at - text);
	corpus_release(&corpus);
	return text;
}

/* From a file through a pipeline into recordings, rotated, and back. */
START_TEST(recorded_messages_are_the_same_bytes_after_a_replay)
{
	struct file_rig *rig = new_rig((enum weir_file_compression)_i, "r-%N");
	size_t len = 0;
	char *want = corpus_text("v11-messages.jsonl", &len), *got;
	weir_source *source;

	if (!want) {
		file_rig_end(rig);
		return;
	}
	file_write(test_path(&rig->dir, "in"), want, len);
	rig->options.rotate_bytes = 200000;
	file_rig_start(rig, NULL);
	source = weir_file_source_add(rig->pipeline, "file",
				      WEIR_WITH(weir_file_source_options,
						.path = test_path(&rig->dir, "in")));
	ck_assert_ptr_nonnull(source);
	ck_assert_msg(file_rig_finish(rig) == WEIR_END, "%s",
		      weir_pipeline_error(rig->pipeline)->text);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	ck_assert_uint_ge(count_files(rig), 3);
	got = replay(rig, "r-*");
	ck_assert_msg(strlen(got) == len && memcmp(got, want, len) == 0, "%s: other bytes",
		      names[_i]);
	free(got);
	free(want);
	file_rig_end(rig);
}
END_TEST

/* ---- refusals ---- */

static const struct {
	const char *name;
	struct weir_file_sink_options options;
	const char *want;
} wrong_options[] = {
	{ "an unknown compression", { .compression = (enum weir_file_compression)5 },
	  "compression" },
	{ "a rotated standard output", { .path = "-", .rotate_ms = 5 }, "standard output" },
	{ "truncated recordings", { .truncate = true, .rotate_bytes = 5 }, "truncate" },
	{ "flush_ms of plain files", { .flush_ms = 5 }, "flush_ms" },
};

START_TEST(a_wrong_option_is_an_error_of_the_pipeline)
{
	struct file_rig *rig = file_rig_new();

	rig->options = wrong_options[_i].options;
	rig->options.size = sizeof rig->options;
	file_rig_start(rig, NULL);
	ck_assert_ptr_null(rig->sink);
	ck_assert_msg(strstr(weir_pipeline_error(rig->pipeline)->text, wrong_options[_i].want),
		      "%s: %s", wrong_options[_i].name, weir_pipeline_error(rig->pipeline)->text);
	file_rig_end(rig);
}
END_TEST

START_TEST(memory_that_runs_out_loses_nothing_that_was_delivered)
{
	bool has_failed = true;

	for (size_t at = 1; has_failed; at++) {
		struct file_rig *rig = new_rig(_i ? WEIR_FILE_ZSTD : WEIR_FILE_PLAIN, "x-%N");
		uint64_t count = 0;

		ck_assert_uint_lt(at, 1000);
		rig->options.rotate_bytes = 20;
		rig->fake.fail_at = at;
		file_rig_start(rig, NULL);
		if (rig->source && rig->sink) {
			for (unsigned i = 0; i < 5; i++)
				weir_push(rig->source, WEIR_WITH(weir_message_init,
								 .body = { "12345678", 8 }));
			file_rig_finish(rig);
			count = delivered(rig);
		}
		has_failed = rig->fake.calls >= at;
		rig->pipeline = weir_pipeline_free(rig->pipeline);
		if (count > 0) {
			char *text = replay(rig, "x-*");

			ck_assert_uint_eq(strlen(text), 9 * count);
			free(text);
		}
		file_rig_end(rig);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("recordings");

	tcase_set_timeout(tcase, 60);
	LOOP(tcase, a_name_is_made_of_a_pattern, patterns);
	tcase_add_loop_test(tcase, what_was_recorded_is_replayed, 0, COMPRESSIONS);
	tcase_add_loop_test(tcase, a_file_has_its_name_only_when_it_is_whole, 0, COMPRESSIONS);
	tcase_add_loop_test(tcase, a_compressed_message_is_delivered_when_its_block_is, 1,
			    COMPRESSIONS);
	tcase_add_test(tcase, a_window_that_is_smaller_than_a_block_goes_on_by_age);
	tcase_add_loop_test(tcase, a_full_file_is_followed_by_the_next, 0, COMPRESSIONS);
	tcase_add_test(tcase, a_line_longer_than_a_file_has_one_for_itself);
	tcase_add_loop_test(tcase, an_old_file_is_followed_by_the_next, 0, 2);
	tcase_add_loop_test(tcase, more_destinations_than_files_may_be_open_are_recorded, 0, 2);
	tcase_add_loop_test(tcase, nothing_is_overwritten, 0, 6);
	tcase_add_test(tcase, a_file_without_a_line_is_not_kept);
	LOOP(tcase, what_a_crash_left_is_finished_or_left_alone, leftovers);
	LOOP(tcase, what_a_crash_left_is_found_by_any_number, numbered);
	tcase_add_test(tcase, the_file_of_a_sink_that_lives_is_no_leftover);
	tcase_add_loop_test(tcase, after_a_crash_all_that_was_delivered_can_be_read, 0,
			    COMPRESSIONS);
	tcase_add_loop_test(tcase, recorded_messages_are_the_same_bytes_after_a_replay, 0,
			    COMPRESSIONS);
	LOOP(tcase, a_wrong_option_is_an_error_of_the_pipeline, wrong_options);
	tcase_add_loop_test(tcase, memory_that_runs_out_loses_nothing_that_was_delivered, 0, 2);
	return run_case("file sink: recordings", tcase);
}
