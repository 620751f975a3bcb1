/* SPDX-License-Identifier: MIT */
/*
 * The example program `replay` on the recordings: with --kinds it prints, line by line, what the
 * types beside them say; without, how many there are of each kind.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/recorded.h"
#include "support/run.h"
#include "weir/message.h"

/* Its words: the kind, then the traits. */
static void parse(char *line, unsigned *kind, unsigned *traits)
{
	const char *word = strtok(line, " \n");

	ck_assert_ptr_nonnull(word);
	ck_assert_int_eq(weir_kinds_parse(word, kind, NULL), WEIR_OK);
	*traits = 0;
	while ((word = strtok(NULL, " \n"))) {
		unsigned trait = 1;

		while (weir_trait_name(trait) && strcmp(weir_trait_name(trait), word) != 0)
			trait <<= 1;
		ck_assert_msg(weir_trait_name(trait) != NULL, "no trait '%s'", word);
		*traits |= trait;
	}
}

/* The recording as a plain file: what it was read from may be compressed. */
static void write_plain(const struct recorded *recorded, char *path)
{
	const int fd = mkstemp(path);
	FILE *file;

	ck_assert_int_ge(fd, 0);
	file = fdopen(fd, "w");
	ck_assert_uint_eq(fwrite(recorded->messages.bytes, 1, recorded->messages.len, file),
			  recorded->messages.len);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(replay_tells_every_recorded_message_as_its_type_says)
{
	char path[] = "/tmp/weir-replay-XXXXXX", command[512], line[128];
	struct recorded recorded;
	size_t count = 0;
	FILE *replay;

	if (!recorded_read((size_t)_i, &recorded))
		return;
	write_plain(&recorded, path);
	snprintf(command, sizeof command, "%s/examples/replay --kinds %s", BUILD_DIR, path);
	replay = popen(command, "r");
	ck_assert_ptr_nonnull(replay);
	while (fgets(line, sizeof line, replay)) {
		unsigned kind, traits;

		parse(line, &kind, &traits);
		ck_assert_uint_lt(count, recorded.messages.line_count);
		recorded_check(&recorded, count++, kind, traits);
	}
	ck_assert_int_eq(pclose(replay), 0);
	unlink(path);
	ck_assert_uint_eq(count, recorded.messages.line_count);
	recorded_release(&recorded);
}
END_TEST

START_TEST(replay_counts_what_comes_on_its_standard_input)
{
	char command[512], text[4096];
	FILE *replay;
	size_t len;

	snprintf(command, sizeof command,
		 "printf '{\"limit\":{\"track\":1}}\\r\\n\\r\\n{\"a\":1}\\nbad \"line' | "
		 "%s/examples/replay -",
		 BUILD_DIR);
	replay = popen(command, "r");
	ck_assert_ptr_nonnull(replay);
	len = fread(text, 1, sizeof text - 1, replay);
	text[len] = '\0';
	ck_assert_int_eq(pclose(replay), 0);
	ck_assert_str_eq(text, "limit                     1 messages             21 bytes\n"
			       "unknown                   1 messages              7 bytes\n"
			       "malformed                 1 messages              9 bytes\n"
			       "all                       3 messages             37 bytes\n");
}
END_TEST

START_TEST(replay_names_a_file_that_is_not_there)
{
	char command[512], text[512];
	FILE *replay;

	snprintf(command, sizeof command, "%s/examples/replay /nowhere/at-all 2>&1", BUILD_DIR);
	replay = popen(command, "r");
	ck_assert_ptr_nonnull(replay);
	ck_assert_ptr_nonnull(fgets(text, sizeof text, replay));
	ck_assert_int_ne(pclose(replay), 0);
	ck_assert_ptr_nonnull(strstr(text, "'/nowhere/at-all'"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("replay");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, replay_tells_every_recorded_message_as_its_type_says, 0,
			    RECORDED_FILES);
	tcase_add_test(tcase, replay_counts_what_comes_on_its_standard_input);
	tcase_add_test(tcase, replay_names_a_file_that_is_not_there);
	return run_case("replay", tcase);
}
