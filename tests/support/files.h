/* SPDX-License-Identifier: MIT */
/* A folder of a test's own, and files in it. */
#ifndef WEIR_TESTS_FILES_H
#define WEIR_TESTS_FILES_H

#include <stddef.h>
#include <time.h>

struct test_dir {
	char path[64];
};

void test_dir_make(struct test_dir *dir);
void test_dir_remove(struct test_dir *dir);	/* with all that is in it */

/* "FOLDER/NAME", lent until the eighth next call. */
const char *test_path(const struct test_dir *dir, const char *name);
void file_write(const char *path, const void *bytes, size_t len);
void file_append(const char *path, const char *text);
/* When it was last written to, in seconds since 1970. */
void file_set_time(const char *path, time_t seconds);
/* Terminated, *ret_len without the zero (NULL is fine). Yours: free it. */
char *file_read(const char *path, size_t *ret_len);
/* How many descriptors this process has open. */
size_t open_descriptors(void);

#endif
