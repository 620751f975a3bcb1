/* SPDX-License-Identifier: MIT */
/* Files of tests. */
#include "support/files.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void test_dir_make(struct test_dir *dir)
{
	const char *base = getenv("TMPDIR");

	snprintf(dir->path, sizeof dir->path, "%.40s/weir-XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir->path));
}

void test_dir_remove(struct test_dir *dir)
{
	DIR *entries = opendir(dir->path);
	const struct dirent *entry;

	ck_assert_ptr_nonnull(entries);
	while ((entry = readdir(entries)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			ck_assert(unlinkat(dirfd(entries), entry->d_name, 0) == 0 ||
				  unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR) == 0);
	closedir(entries);
	ck_assert_int_eq(rmdir(dir->path), 0);
}

const char *test_path(const struct test_dir *dir, const char *name)
{
	static char paths[8][512];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", dir->path, name);
	return path;
}

void file_write(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	ck_assert_msg(file != NULL, "cannot write '%s'", path);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
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
