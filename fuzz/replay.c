/* SPDX-License-Identifier: MIT */
/*
 * Gives files to a fuzz target, without a fuzzer. Linked to fuzz_NAME.c it is called test_NAME:
 *
 *     test_NAME                 a test of all files in fuzz/corpus/NAME
 *     test_NAME FILE…           a test of each of these; with CK_FORK=no it dies where the target does
 */
#include <check.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[256];
static char **files;

static void replay(const char *name)
{
	FILE *file = fopen(name, "rb");
	uint8_t *bytes;
	long len;

	ck_assert_msg(file && fseek(file, 0, SEEK_END) == 0, "cannot read '%s'", name);
	len = ftell(file);
	ck_assert_int_ge(len, 0);
	rewind(file);
	bytes = malloc((size_t)len + 1);
	ck_assert_uint_eq(fread(bytes, 1, (size_t)len, file), (size_t)len);
	fclose(file);
	printf("%s\n", name);
	fflush(stdout);
	LLVMFuzzerTestOneInput(bytes, (size_t)len);
	free(bytes);
}

START_TEST(the_corpus_passes)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char name[1024];
	int count = 0;

	ck_assert_msg(dir != NULL, "cannot read '%s'", folder);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
		replay(name);
		count++;
	}
	closedir(dir);
	ck_assert_int_gt(count, 0);
}
END_TEST

START_TEST(a_file_passes)
{
	replay(files[_i]);
}
END_TEST

int main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/');
	const char *target = strstr(base ? base : argv[0], "test_");
	TCase *tcase = tcase_create("fuzz corpus");

	snprintf(folder, sizeof folder, "fuzz/corpus/%s", target ? target + strlen("test_") : "");
	files = argv + 1;
	if (argc > 1)
		tcase_add_loop_test(tcase, a_file_passes, 0, argc - 1);
	else
		tcase_add_test(tcase, the_corpus_passes);
	return run_case("fuzz corpus", tcase);
}
