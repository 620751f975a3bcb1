/* SPDX-License-Identifier: MIT */
/* Files of tests. */
#include "support/files.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void test_dir_make(struct test_dir *dir)
{
	const char *base = getenv("TMPDIR");

	snprintf(dir->path, sizeof dir->path, "%.40s/weir-XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir->path));
}

static int remove_entry(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

void test_dir_remove(struct test_dir *dir)
{
	ck_assert_int_eq(nftw(dir->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *test_path(const struct test_dir *dir, const char *name)
{
	static char paths[8][512];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", dir->path, name);
	return path;
}

static void put(const char *path, const char *mode, const void *bytes, size_t len)
{
	FILE *file = fopen(path, mode);

	ck_assert_msg(file != NULL, "cannot write '%s'", path);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

void file_write(const char *path, const void *bytes, size_t len)
{
	put(path, "w", bytes, len);
}

void file_append(const char *path, const char *text)
{
	put(path, "a", text, strlen(text));
}

void file_set_time(const char *path, time_t seconds)
{
	const struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

char *file_read(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "r");
	size_t len = 0, size = 4096;
	char *bytes = malloc(size);

	ck_assert_msg(file != NULL, "cannot read '%s'", path);
	while (bytes && (len += fread(bytes + len, 1, size - 1 - len, file)) == size - 1)
		bytes = realloc(bytes, size *= 2);
	ck_assert_ptr_nonnull(bytes);
	bytes[len] = '\0';
	fclose(file);
	if (ret_len)
		*ret_len = len;
	return bytes;
}

size_t open_descriptors(void)
{
	DIR *entries = opendir("/proc/self/fd");
	size_t count = 0;

	ck_assert_ptr_nonnull(entries);
	while (readdir(entries))
		count++;
	closedir(entries);
	return count;
}
