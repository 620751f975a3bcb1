/* SPDX-License-Identifier: MIT */
/* The file source: compressed files, tars, damage, bombs. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/corpus.h"
#include "support/packer.h"
#include "support/reading_rig.h"
#include "support/run.h"

#define LINES 20000

/* "line N" with something that does not compress well; terminated. Yours: free it. */
static char *many_lines(size_t count)
{
	char *text = malloc(count * 40 + 1), *at = text;
	uint64_t noise = 1;

	ck_assert_ptr_nonnull(text);
	*at = '\0';
	for (size_t i = 0; i < count; i++) {
		noise = noise * 6364136223846793005u + 1442695040888963407u;
		at += sprintf(at, "line %zu %016llx\n", i, (unsigned long long)noise);
	}
	return text;
}

static void start_packed(struct reading_rig *rig, enum packer packer, const char *text)
{
	size_t len;
	char *bytes = pack_bytes(packer, text, strlen(text), &len);

	reading_rig_start_with(rig, bytes, len);
	free(bytes);
}

/* ---- whole files ---- */

START_TEST(a_compressed_file_is_read_as_what_it_holds)
{
	struct reading_rig *rig = reading_rig_new();
	char *text = many_lines(LINES);

	start_packed(rig, (enum packer)_i, text);
	reading_rig_check_all(rig, text, packer_name((enum packer)_i));
	free(text);
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_compressed_file_of_nothing_has_no_messages)
{
	struct reading_rig *rig = reading_rig_new();

	start_packed(rig, (enum packer)_i, "");
	reading_rig_check_all(rig, "", packer_name((enum packer)_i));
	ck_assert_uint_eq(rig->recorder.count, 0);
	reading_rig_end(rig);
}
END_TEST

START_TEST(compressed_files_behind_each_other_are_one)
{
	struct reading_rig *rig = reading_rig_new();
	const enum packer packer = (enum packer)_i;
	size_t len, more;
	char *bytes = pack_bytes(packer, "a\nb", 3, &len);
	char *second = pack_bytes(packer, "b\nc\n", 4, &more);

	bytes = realloc(bytes, len + more);
	memcpy(bytes + len, second, more);
	reading_rig_start_with(rig, bytes, len + more);
	reading_rig_check_all(rig, "a\nbb\nc\n", packer_name(packer));
	free(bytes);
	free(second);
	reading_rig_end(rig);
}
END_TEST

/* Every compression of the tar by every compression of what is in it. */
START_TEST(the_files_of_a_tar_come_in_its_order)
{
	struct reading_rig *rig = reading_rig_new();
	const enum packer outer = (enum packer)(_i / PACKERS), inner = (enum packer)(_i % PACKERS);
	struct packed_member members[] = {
		{ "2020/", "", 0 },
		{ "2020/b", "b1\nb2", 5 },
		{ "2020/nothing", "", 0 },
		{ "2020/a", "a1\n\na2\n", 7 },
	};
	char *inside[4];
	size_t len;
	char *bytes;

	for (size_t i = 1; i < 4; i++)
		members[i].bytes = inside[i] =
			pack_bytes(inner, members[i].bytes, members[i].len, &members[i].len);
	bytes = pack_tar(outer, members, 4, &len);
	reading_rig_start_with(rig, bytes, len);
	ck_assert_msg(drive(rig->pipeline, &rig->fake) == WEIR_END, "%s in %s: %s",
		      packer_name(inner), packer_name(outer),
		      weir_pipeline_error(rig->pipeline)->text);
	reading_rig_check(rig, "b1\nb2\na1\na2\n", packer_name(outer));
	for (size_t i = 1; i < 4; i++)
		free(inside[i]);
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	const char *want;
} lookalikes[] = {
	{ "the beginning of gzip", "\x1f\x8b", 2, "\x1f\x8b\n" },
	{ "the beginning of bzip2", "BZh9 is a line\n", 15, "BZh9 is a line\n" },
	{ "the beginning of zstd", "\x28\xb5\n", 3, "\x28\xb5\n" },
	{ "a line feed first", "\n\x1f\x8b\x08\n", 5, "\x1f\x8b\x08\n" },
};

START_TEST(what_only_begins_like_a_packed_file_is_plain)
{
	struct reading_rig *rig = reading_rig_new();

	reading_rig_start_with(rig, lookalikes[_i].bytes, lookalikes[_i].len);
	reading_rig_check_all(rig, lookalikes[_i].want, lookalikes[_i].name);
	reading_rig_end(rig);
}
END_TEST

/* A plain file's line may begin as any packed file does. */
START_TEST(a_plain_file_is_plain_at_an_offset_too)
{
	struct reading_rig *rig = reading_rig_new();

	rig->options.start_offset = 2;
	reading_rig_start_with(rig, "a\n\x1f\x8b\x08 b\n", 8);
	reading_rig_check_all(rig, "\x1f\x8b\x08 b\n", "from the offset on");
	reading_rig_end(rig);
}
END_TEST

/* ---- damage ---- */

/* How many whole lines of `text` came, in order and nothing else. Fails the test otherwise. */
static size_t check_lines(const struct reading_rig *rig, const char *text)
{
	char *got = recorder_text(&rig->recorder, WEIR_KIND_ANY);
	const size_t len = strlen(got);

	ck_assert_msg(strncmp(got, text, len) == 0, "other lines than were packed");
	free(got);
	return len;
}

/* Cut to `len` bytes. Answers how many bytes of the text came in whole lines. */
static size_t run_cut(enum packer packer, const char *text, const char *bytes, size_t len)
{
	struct reading_rig *rig = reading_rig_new();
	const struct weir_error *err;
	size_t came;

	reading_rig_start_with(rig, bytes, len);
	if (len == 0)
		ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	else
		ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_ERR_CORRUPT);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_msg(len == 0 || (strstr(err->text, rig->options.path) &&
				   strstr(err->text, "ends early") &&
				   strstr(err->text, " at byte ")),
		      "%s cut to %zu: %s", packer_name(packer), len, err->text);
	came = check_lines(rig, text);
	reading_rig_end(rig);
	return came;
}

START_TEST(of_a_gzip_file_that_ends_early_all_that_it_still_gives_comes)
{
	char *text = many_lines(40);
	size_t len, most = 0;
	char *bytes = pack_bytes(PACK_GZIP, text, strlen(text), &len);

	for (size_t cut = 16; cut < len; cut += getenv("WEIR_QUICK") ? 37 : 7) {
		const size_t came = run_cut(PACK_GZIP, text, bytes, cut);

		ck_assert_uint_ge(came, most);
		most = came;
	}
	ck_assert_uint_eq(run_cut(PACK_GZIP, text, bytes, len - 1), strlen(text));
	free(bytes);
	free(text);
}
END_TEST

/* The last block that libarchive has not given out is lost: 128 KiB at most, of zstd. */
START_TEST(of_others_all_but_the_last_block_comes)
{
	const enum packer packer = (enum packer)_i;
	char *text = many_lines(LINES * 4);
	size_t len, came;
	char *bytes = pack_bytes(packer, text, strlen(text), &len);

	came = run_cut(packer, text, bytes, len - 1);
	ck_assert_msg(came + 140000 > strlen(text), "%s: only %zu of %zu bytes came",
		      packer_name(packer), came, strlen(text));
	run_cut(packer, text, bytes, len / 2);
	free(bytes);
	free(text);
}
END_TEST

START_TEST(a_flipped_bit_is_found)
{
	char *text = many_lines(40);
	size_t len;
	char *bytes = pack_bytes(PACK_GZIP, text, strlen(text), &len);

	for (size_t at = 10; at < len; at += 11) {
		struct reading_rig *rig = reading_rig_new();
		const struct weir_error *err;

		bytes[at] = (char)(bytes[at] ^ 4);
		reading_rig_start_with(rig, bytes, len);
		ck_assert_msg(drive(rig->pipeline, &rig->fake) == WEIR_ERR_CORRUPT,
			      "bit 2 of byte %zu", at);
		err = weir_pipeline_error(rig->pipeline);
		ck_assert_msg(strstr(err->text, rig->options.path) &&
				      strstr(err->text, " at byte "), "%s", err->text);
		bytes[at] = (char)(bytes[at] ^ 4);
		reading_rig_end(rig);
	}
	free(bytes);
	free(text);
}
END_TEST

START_TEST(damage_in_a_tar_names_the_member)
{
	struct reading_rig *rig = reading_rig_new();
	struct packed_member members[] = { { "good", "a\n", 2 }, { "bad.gz", NULL, 0 } };
	char *inside = pack_bytes(PACK_GZIP, "b\nc\n", 4, &members[1].len), *bytes;
	const struct weir_error *err;
	size_t len;

	members[1].bytes = inside;
	members[1].len -= 3;
	bytes = pack_tar(PACK_PLAIN, members, 2, &len);
	reading_rig_start_with(rig, bytes, len);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_ERR_CORRUPT);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_msg(strstr(err->text, "member 'bad.gz'") && strstr(err->text, "ends early"),
		      "%s", err->text);
	reading_rig_check(rig, "a\nb\nc\n", "what could be read");
	free(inside);
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_tar_that_ends_early_gives_what_is_there)
{
	struct reading_rig *rig = reading_rig_new();
	const struct packed_member member = { "x", "a\nb\nc\nd", 7 };
	size_t len;
	char *bytes = pack_tar(PACK_PLAIN, &member, 1, &len);

	reading_rig_start_with(rig, bytes, 512 + 5);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_ERR_CORRUPT);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "member 'x'"));
	reading_rig_check(rig, "a\nb\n", "what is there");
	ck_assert_uint_eq(source_metrics_of(rig->source).truncated, 1);
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

/* ---- bounds ---- */

START_TEST(a_bomb_is_only_a_long_line)
{
	struct reading_rig *rig = reading_rig_new();
	const size_t size = (getenv("WEIR_QUICK") ? 20u : 200u) << 20;
	char *zeros = calloc(1, size + 3);

	ck_assert_ptr_nonnull(zeros);
	memset(zeros, ' ', size);
	memcpy(zeros + size, "\na", 3);
	rig->options.max_message_bytes = 100000;
	start_packed(rig, (enum packer)_i, zeros);
	free(zeros);
	ck_assert_int_eq(weir_pipeline_step(rig->pipeline), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 0);
	reading_rig_check_all(rig, "a\n", "behind the bomb");
	ck_assert_uint_eq(source_metrics_of(rig->source).too_large, 1);
	ck_assert_uint_lt(rig->fake.most_bytes, 4u << 20);
	reading_rig_end(rig);
}
END_TEST

START_TEST(memory_that_runs_out_is_an_error_and_leaks_nothing)
{
	const struct packed_member member = { "x", "a\nbb\n", 5 };
	size_t len, packed_len;
	char *tar = pack_tar(PACK_PLAIN, &member, 1, &len);
	char *bytes = pack_bytes(PACK_GZIP, tar, len, &packed_len);
	bool has_failed = true;

	for (size_t at = 1; has_failed; at++) {
		struct reading_rig *rig = reading_rig_new();

		ck_assert_uint_lt(at, 1000);
		rig->fake.fail_at = at;
		rig->options.original_timing = true;
		reading_rig_start_with(rig, bytes, packed_len);
		if (rig->pipeline) {
			const enum weir_status status = drive(rig->pipeline, &rig->fake);

			ck_assert(status == WEIR_END || status == WEIR_ERR_NOMEM);
			ck_assert(status < 0 || rig->recorder.count == 2);
		}
		has_failed = rig->fake.calls >= at;
		reading_rig_end(rig);
	}
	free(tar);
	free(bytes);
}
END_TEST

/* ---- pipes ---- */

START_TEST(gzip_through_a_pipe_is_read_as_it_comes)
{
	struct reading_rig *rig = reading_rig_new();
	const int fd = reading_rig_open_fifo(rig);
	size_t len;
	char *bytes = pack_bytes(PACK_GZIP, "a\nb\n", 4, &len);

	for (size_t i = 0; i < len; i++) {
		ck_assert_int_eq(write(fd, bytes + i, 1), 1);
		ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_OK);
	}
	reading_rig_check(rig, "a\nb\n", "before its end");
	close(fd);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 20), WEIR_END);
	reading_rig_check(rig, "a\nb\n", "at its end");
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

START_TEST(through_a_pipe_others_are_refused_and_never_waited_for)
{
	struct reading_rig *rig = reading_rig_new();
	const int fd = reading_rig_open_fifo(rig);
	size_t len;
	char *bytes = pack_bytes((enum packer)_i, "a\nb\n", 4, &len);

	ck_assert_int_eq(write(fd, bytes, 20), 20);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "/fifo'"));
	close(fd);
	free(bytes);
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_file_as_standard_input_may_be_packed)
{
	struct reading_rig *rig = reading_rig_new();
	const char *path = test_path(&rig->dir, "x");
	size_t len;
	char *bytes = pack_bytes(PACK_XZ, "a\nb\n", 4, &len);
	int fd;

	file_write(path, bytes, len);
	free(bytes);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
	rig->descriptors = open_descriptors();
	rig->options.path = "-";
	reading_rig_start(rig);
	reading_rig_check_all(rig, "a\nb\n", "standard input");
	reading_rig_end(rig);
}
END_TEST

/* ---- with what is for plain files ---- */

static const struct {
	const char *name;
	uint64_t start_offset;
	bool follow;
} plain_only[] = {
	{ "start_offset", 3, false },
	{ "follow", 0, true },
};

START_TEST(what_is_for_plain_files_is_refused)
{
	struct reading_rig *rig = reading_rig_new();

	rig->options.start_offset = plain_only[_i].start_offset;
	rig->options.follow = plain_only[_i].follow;
	start_packed(rig, PACK_ZSTD, "a\nb\n");
	ck_assert_msg(drive(rig->pipeline, &rig->fake) == WEIR_ERR_INVALID, "%s",
		      plain_only[_i].name);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(rig->pipeline)->text, "is compressed"));
	reading_rig_end(rig);
}
END_TEST

/* ---- the corpus ---- */

static const char *const captures[] = {
	"malformed-lines.txt", "other-messages.jsonl", "v11-bulk.jsonl.gz", "v11-messages.jsonl",
	"v2-messages.jsonl",
};

/* As the file is; in every other form: test_file_corpus.c. */
START_TEST(recorded_messages_come_whole)
{
	const char *folder = getenv("WEIR_CORPUS"), *name = captures[_i];
	struct reading_rig *rig = reading_rig_new();
	struct corpus corpus;
	char path[512];

	if (!corpus_read(name, &corpus)) {
		reading_rig_end(rig);
		return;
	}
	snprintf(path, sizeof path, "%s/%s", folder ? folder : "../shared/corpus", name);
	rig->options.path = path;
	rig->options.kind = 0;
	reading_rig_start(rig);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_msg(rig->recorder.count == corpus.line_count, "%s: %zu messages, %zu lines", name,
		      rig->recorder.count, corpus.line_count);
	for (size_t i = 0; i < corpus.line_count; i++) {
		const struct record *record = &rig->recorder.records[i];
		size_t len = corpus.lines[i].len;

		len -= len && ((const char *)corpus.lines[i].data)[len - 1] == '\r';
		ck_assert_msg(record->len == len &&
				      memcmp(record->body, corpus.lines[i].data, len) == 0,
			      "%s: line %zu", name, i);
	}
	corpus_release(&corpus);
	reading_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("packed files");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_compressed_file_is_read_as_what_it_holds, 0, PACKERS);
	tcase_add_loop_test(tcase, a_compressed_file_of_nothing_has_no_messages, 0, PACKERS);
	tcase_add_loop_test(tcase, compressed_files_behind_each_other_are_one, 0, PACKERS);
	tcase_add_loop_test(tcase, the_files_of_a_tar_come_in_its_order, 0, PACKERS * PACKERS);
	LOOP(tcase, what_only_begins_like_a_packed_file_is_plain, lookalikes);
	tcase_add_test(tcase, a_plain_file_is_plain_at_an_offset_too);
	tcase_add_test(tcase, of_a_gzip_file_that_ends_early_all_that_it_still_gives_comes);
	tcase_add_loop_test(tcase, of_others_all_but_the_last_block_comes, PACK_XZ, PACKERS);
	tcase_add_test(tcase, a_flipped_bit_is_found);
	tcase_add_test(tcase, damage_in_a_tar_names_the_member);
	tcase_add_test(tcase, a_tar_that_ends_early_gives_what_is_there);
	tcase_add_loop_test(tcase, a_bomb_is_only_a_long_line, PACK_GZIP, PACKERS);
	tcase_add_test(tcase, memory_that_runs_out_is_an_error_and_leaks_nothing);
	tcase_add_test(tcase, gzip_through_a_pipe_is_read_as_it_comes);
	tcase_add_loop_test(tcase, through_a_pipe_others_are_refused_and_never_waited_for,
			    PACK_BZIP2, PACKERS);
	tcase_add_test(tcase, a_file_as_standard_input_may_be_packed);
	LOOP(tcase, what_is_for_plain_files_is_refused, plain_only);
	LOOP(tcase, recorded_messages_come_whole, captures);
	return run_case("file source: packed files", tcase);
}
