/* SPDX-License-Identifier: MIT */
/*
 * Recordings of this library's own making, and others', that were damaged on the disk: what can be
 * read comes, and then an error that names the file and the byte.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/file_rig.h"
#include "support/packer.h"
#include "support/reading_rig.h"
#include "support/run.h"

#define LINES 2000

static const char *const names[] = { "plain", "gzip", "bzip2", "xz", "zstd" };

static char *numbers(size_t count)
{
	char *text = malloc(count * 40 + 1), *at = text;
	uint64_t noise = 1;

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < count; i++) {
		noise = noise * 6364136223846793005u + 1442695040888963407u;
		at += sprintf(at, "%zu %016llx\n", i, (unsigned long long)noise);
	}
	return text;
}

/* Reads the bytes, which must be found damaged. Yours: what came. */
static char *read_damaged(const char *bytes, size_t len, const char *what)
{
	struct reading_rig *rig = reading_rig_new();
	const struct weir_error *err;
	enum weir_status status;
	char *got;

	reading_rig_start_with(rig, bytes, len);
	status = drive(rig->pipeline, &rig->fake);
	err = weir_pipeline_error(rig->pipeline);
	got = recorder_text(&rig->recorder, WEIR_KIND_ANY);
	ck_assert_msg(status == WEIR_ERR_CORRUPT, "%s: %s", what, weir_status_name(status));
	ck_assert_msg(strstr(err->text, rig->options.path) && strstr(err->text, " at byte "),
		      "%s: %s", what, err->text);
	reading_rig_end(rig);
	return got;
}

/* Where nothing was changed, what comes is a beginning of the text. */
static size_t check_cut(const char *text, const char *bytes, size_t len, const char *what)
{
	char *got = read_damaged(bytes, len, what);
	const size_t came = strlen(got);

	ck_assert_msg(strncmp(got, text, came) == 0, "%s: other lines than were packed", what);
	free(got);
	return came;
}

/*
 * A byte is changed. The sums stand behind what they are of, so a line of the piece that is damaged
 * may come before it is found out; all that stands in front of that piece comes as it was.
 */
static void check_changed(char *bytes, size_t len, size_t at, const char *what)
{
	char place[96];

	snprintf(place, sizeof place, "%s, byte %zu of %zu", what, at, len);
	bytes[at] = (char)(bytes[at] ^ 4);
	free(read_damaged(bytes, len, place));
	bytes[at] = (char)(bytes[at] ^ 4);
}

/* Of a file that ends early: a block of bzip2's is up to 900,000 bytes of text. */
START_TEST(of_a_bzip2_file_that_ends_early_all_but_the_last_block_comes)
{
	char *text = numbers(100000);
	size_t len, came;
	char *bytes = pack_bytes(PACK_BZIP2, text, strlen(text), &len);

	came = check_cut(text, bytes, len - 1, "cut by one byte");
	ck_assert_msg(came + 900100 > strlen(text), "%zu of %zu bytes", came, strlen(text));
	ck_assert_uint_gt(check_cut(text, bytes, len * 3 / 4, "cut by a quarter"), 0);
	free(bytes);
	free(text);
}
END_TEST

/*
 * Anywhere behind the first ones, which say what the file is. zstd's sum may be left out, and is,
 * by what packs for tests: see the recordings below.
 */
START_TEST(a_changed_byte_is_found)
{
	const enum packer packer = (enum packer)_i;
	const size_t step = getenv("WEIR_QUICK") ? 971 : 311;
	char *text = numbers(LINES);
	size_t len;
	char *bytes = pack_bytes(packer, text, strlen(text), &len);

	for (size_t at = 12; at < len; at += step)
		check_changed(bytes, len, at, packer_name(packer));
	free(bytes);
	free(text);
}
END_TEST

/* The last line of its last member is whole by then, though it has no end. */
START_TEST(damage_behind_the_end_of_a_tar_is_found)
{
	const enum packer packer = (enum packer)_i;
	const struct packed_member member = { "x", "a\nb", 3 };
	size_t tar_len, len;
	char *filler = numbers(100000), *tar = pack_tar(PACK_PLAIN, &member, 1, &tar_len), *bytes;
	char *got;

	tar = realloc(tar, tar_len + strlen(filler));
	ck_assert_ptr_nonnull(tar);
	memcpy(tar + tar_len, filler, strlen(filler));
	bytes = pack_bytes(packer, tar, tar_len + strlen(filler), &len);
	got = read_damaged(bytes, len - 1, packer_name(packer));
	ck_assert_str_eq(got, "a\nb\n");
	free(got);
	free(bytes);
	free(tar);
	free(filler);
}
END_TEST

/* What this library's file sink has written. Yours: free it. */
static char *record(enum weir_file_compression compression, unsigned count, size_t *ret_len)
{
	struct file_rig *rig = file_rig_new();
	char *bytes;

	rig->options.compression = compression;
	rig->options.path = "all";
	file_rig_start(rig, NULL);
	file_rig_push_numbers(rig, 0, count);
	ck_assert_int_eq(file_rig_finish(rig), WEIR_END);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	bytes = file_read(test_path(&rig->dir, "all"), ret_len);
	file_rig_end(rig);
	return bytes;
}

/* What comes back of it undamaged. Yours: free it. */
static char *replay(const char *bytes, size_t len)
{
	struct reading_rig *rig = reading_rig_new();
	char *text;

	reading_rig_start_with(rig, bytes, len);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	text = recorder_text(&rig->recorder, WEIR_KIND_ANY);
	reading_rig_end(rig);
	return text;
}

START_TEST(a_recording_that_was_damaged_is_found_out)
{
	const enum weir_file_compression compression = (enum weir_file_compression)_i;
	size_t len;
	char *bytes = record(compression, 5000, &len);
	char *text = replay(bytes, len);

	check_numbers(text, 5000);
	text = replay(bytes, len);
	for (size_t at = 12; at < len; at += len / 40)
		check_changed(bytes, len, at, names[_i]);
	check_cut(text, bytes, len - 3, names[_i]);
	free(text);
	free(bytes);
}
END_TEST

/* Frames of zstd that hold an index, say, are passed over; what is no frame is damage. */
START_TEST(what_stands_between_frames_is_no_text)
{
	static const char skipped[] = "\x5e\x2a\x4d\x18\x05\0\0\0index";
	size_t len, more = sizeof skipped - 1;
	char *frame = record(WEIR_FILE_ZSTD, 1, &len), *at, *text;
	char *bytes = malloc(2 * len + 3 * more);

	ck_assert_ptr_nonnull(bytes);
	at = mempcpy(bytes, frame, len);
	at = mempcpy(at, skipped, more);
	at = mempcpy(at, skipped, more);
	at = mempcpy(at, frame, len);
	at = mempcpy(at, skipped, more);
	text = replay(bytes, (size_t)(at - bytes));
	ck_assert_uint_gt(strlen(text), 0);
	ck_assert_uint_eq(strlen(text) % 2, 0);
	ck_assert_int_eq(memcmp(text, text + strlen(text) / 2, strlen(text) / 2), 0);
	free(text);
	free(read_damaged(bytes, (size_t)(at - bytes) - 1, "a skipped frame that is cut"));
	free(read_damaged(bytes, (size_t)(at - bytes) - more + 5, "the header of one"));
	memcpy(bytes + len, "garbage!", 8);
	free(read_damaged(bytes, len + 8, "what is no frame"));
	free(read_damaged(bytes, len + 1, "too little for one"));
	free(bytes);
	free(frame);
}
END_TEST

/* As pzstd writes them, which says there how long the frame is. */
START_TEST(what_stands_before_the_first_frame_is_no_text)
{
	static const char skipped[] = "\x50\x2a\x4d\x18\x04\0\0\0size\x5f\x2a\x4d\x18\0\0\0\0";
	const size_t before = sizeof skipped - 1;
	size_t len;
	char *frame = record(WEIR_FILE_ZSTD, 1, &len), *want = replay(frame, len), *got;
	char *bytes = malloc(before + len);

	ck_assert_ptr_nonnull(bytes);
	memcpy(mempcpy(bytes, skipped, before), frame, len);
	got = replay(bytes, before + len);
	ck_assert_uint_gt(strlen(want), 0);
	ck_assert_str_eq(got, want);
	free(got);
	got = replay(bytes, before);
	ck_assert_str_eq(got, "");
	free(got);
	free(read_damaged(bytes, before - 1, "a skipped frame that is cut"));
	free(read_damaged(bytes, before - 9, "the first of them, cut"));
	free(read_damaged(bytes, before + 3, "too little of the frame behind it"));
	free(read_damaged(bytes, before + len - 1, "a frame behind it that is cut"));
	bytes[before] ^= 1;
	free(read_damaged(bytes, before + len, "what is no frame behind it"));
	free(bytes);
	free(want);
	free(frame);
}
END_TEST

/* What was written before the piece that is damaged is there, and nothing else before that. */
START_TEST(the_blocks_in_front_of_the_damage_come_as_they_were)
{
	const enum weir_file_compression compression = (enum weir_file_compression)_i;
	size_t first, second;
	char *one = record(compression, 5000, &first), *two = record(compression, 5000, &second);
	char *text = replay(one, first), *both = malloc(first + second), *got;

	ck_assert_ptr_nonnull(both);
	memcpy(both, one, first);
	memcpy(both + first, two, second);
	both[first + second / 2] = (char)(both[first + second / 2] ^ 4);
	got = read_damaged(both, first + second, names[_i]);
	ck_assert_msg(strncmp(got, text, strlen(text)) == 0, "%s: %zu bytes came", names[_i],
		      strlen(got));
	free(got);
	free(both);
	free(text);
	free(two);
	free(one);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("damage");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, of_a_bzip2_file_that_ends_early_all_but_the_last_block_comes);
	tcase_add_loop_test(tcase, a_changed_byte_is_found, PACK_GZIP, PACK_ZSTD);
	tcase_add_loop_test(tcase, damage_behind_the_end_of_a_tar_is_found, PACK_GZIP, PACKERS);
	tcase_add_loop_test(tcase, a_recording_that_was_damaged_is_found_out, WEIR_FILE_GZIP,
			    WEIR_FILE_ZSTD + 1);
	tcase_add_test(tcase, what_stands_between_frames_is_no_text);
	tcase_add_test(tcase, what_stands_before_the_first_frame_is_no_text);
	tcase_add_loop_test(tcase, the_blocks_in_front_of_the_damage_come_as_they_were,
			    WEIR_FILE_GZIP, WEIR_FILE_ZSTD + 1);
	return run_case("file source: damage", tcase);
}
