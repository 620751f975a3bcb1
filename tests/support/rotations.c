/* SPDX-License-Identifier: MIT */
/* Rotations, truncations and replacements. */
#include "support/rotations.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LATER 4102444800	/* 2100-01-01: later than what was written before */

static void write_text(const struct test_dir *dir, const char *name, const char *text)
{
	file_write(test_path(dir, name), text, strlen(text));
}

static void append(const struct test_dir *dir, const char *name, const char *text)
{
	file_append(test_path(dir, name), text);
}

static void move(const struct test_dir *dir, const char *from, const char *to)
{
	ck_assert_int_eq(rename(test_path(dir, from), test_path(dir, to)), 0);
}

static void copy(const struct test_dir *dir, const char *from, const char *to)
{
	size_t len;
	char *bytes = file_read(test_path(dir, from), &len);

	file_write(test_path(dir, to), bytes, len);
	free(bytes);
}

static void at(const struct test_dir *dir, const char *name, time_t hour)
{
	file_set_time(test_path(dir, name), LATER + hour * 3600);
}

static void nothing(const struct test_dir *dir)
{
	(void)dir;
}

static void grow(const struct test_dir *dir)
{
	append(dir, "log", "c\n");
}

static void rotate(const struct test_dir *dir)
{
	append(dir, "log", "c\n");
	move(dir, "log", "log.1");
	write_text(dir, "log", "d\n");
}

static void rotate_with_nothing_left(const struct test_dir *dir)
{
	move(dir, "log", "log.1");
	write_text(dir, "log", "d\n");
}

static void rotate_to_another_name(const struct test_dir *dir)
{
	append(dir, "log", "c\n");
	move(dir, "log", "yesterday");
	write_text(dir, "log", "d\n");
}

static void rotate_while_half_a_line_is_written(const struct test_dir *dir)
{
	append(dir, "log", "c\nhalf");
	move(dir, "log", "log.1");
	write_text(dir, "log", "d\n");
}

static void rotate_twice(const struct test_dir *dir)
{
	append(dir, "log", "c\n");
	move(dir, "log", "log.2");
	write_text(dir, "log.1", "d\n");
	write_text(dir, "log", "e\n");
	at(dir, "log.2", 1);
	at(dir, "log.1", 2);
	at(dir, "log", 3);
}

/* The folder also holds what has nothing to do with it, and what was there long before. */
static void rotate_by_date(const struct test_dir *dir)
{
	append(dir, "log", "c\n");
	move(dir, "log", "log-21000101");
	write_text(dir, "log-20991231", "old\n");
	file_set_time(test_path(dir, "log-20991231"), 1000000000);
	write_text(dir, "log-21000103", "e\n");
	write_text(dir, "log-21000102", "d\n");
	write_text(dir, "log-notes", "no\n");
	write_text(dir, "log.idx2", "no\n");
	write_text(dir, "other-21000102", "no\n");
	write_text(dir, "log", "f\n");
	at(dir, "log-21000101", 1);
	at(dir, "log-21000102", 2);
	at(dir, "log-21000103", 3);
	at(dir, "log-notes", 2);
	at(dir, "log.idx2", 2);
	at(dir, "log", 4);
}

static void rotate_at_one_time(const struct test_dir *dir)
{
	rotate_twice(dir);
	at(dir, "log.2", 1);
	at(dir, "log.1", 1);
	at(dir, "log", 1);
}

static void truncate_it(const struct test_dir *dir)
{
	write_text(dir, "log", "d\n");
}

static void copy_and_truncate(const struct test_dir *dir)
{
	append(dir, "log", "c\n");
	copy(dir, "log", "log.1");
	write_text(dir, "log", "d\n");
}

static void replace_in_place(const struct test_dir *dir)
{
	write_text(dir, "log", "x\nyy\nz\n");
}

/* The old one is kept open elsewhere, so that its inode is not taken again. */
static void replace_by_another(const struct test_dir *dir)
{
	write_text(dir, "new", "x\nyy\nz\n");
	move(dir, "new", "log");
}

static void replace_by_a_copy(const struct test_dir *dir)
{
	copy(dir, "log", "new");
	append(dir, "new", "c\n");
	move(dir, "new", "log");
}

static void rotate_and_compress(const struct test_dir *dir)
{
	append(dir, "log", "c\n");
	write_text(dir, "log.1.gz", "packed");
	write_text(dir, "new", "d\n");
	at(dir, "log.1.gz", 1);
	move(dir, "new", "log");
}

static void change_a_byte_far_behind_the_beginning(const struct test_dir *dir)
{
	size_t len;
	char *bytes = file_read(test_path(dir, "log"), &len);

	bytes[len - 2] = 'X';
	file_write(test_path(dir, "log"), bytes, len);
	free(bytes);
}

const struct rotation rotations[] = {
	{ "nothing", nothing, "", NULL, NULL, NULL },
	{ "it grew", grow, "c\n", NULL, NULL, NULL },
	{ "it was rotated", rotate, "c\nd\n", "goes on in", NULL, NULL },
	{ "it was rotated, and all of it was read", rotate_with_nothing_left, "d\n", "goes on in",
	  NULL, NULL },
	{ "it was rotated to a name of its own", rotate_to_another_name, "c\nd\n", "yesterday",
	  NULL, NULL },
	{ "it was rotated and ends in half a line", rotate_while_half_a_line_is_written,
	  "c\nhalf\nd\n", "goes on in", NULL, NULL },
	{ "it was rotated twice", rotate_twice, "c\nd\ne\n", "log.1', byte 0", NULL,
	  "log.1', byte 0" },
	{ "it was rotated by date, three times", rotate_by_date, "c\nd\ne\nf\n", "log-21000103'",
	  NULL, "log-21000103'" },
	{ "it was rotated twice within a tick of the clock", rotate_at_one_time, "c\nd\ne\n",
	  "log.1', byte 0", NULL, "log.1', byte 0" },
	{ "it was truncated", truncate_it, "d\n",
	  "was truncated: what stood in the old one behind byte 5", NULL,
	  "was truncated: what stood in the old one behind byte 5" },
	{ "it was truncated after it was copied", copy_and_truncate, "c\nd\n", "log.1', byte 5",
	  NULL, "log.1', byte 5" },
	{ "it was replaced in place", replace_in_place, "x\nyy\nz\n",
	  "was replaced in place: what stood in the old one behind byte 5", NULL,
	  "was replaced in place: what stood in the old one behind byte 5" },
	{ "it was replaced by another file", replace_by_another, "x\nyy\nz\n",
	  "is another file now, and the one before is not found", NULL, NULL },
	{ "it was replaced by a copy that goes on", replace_by_a_copy, "c\n",
	  "was moved or copied: goes on at byte 5", NULL, NULL },
	{ "it was rotated and compressed", rotate_and_compress, "d\n",
	  "'log.1.gz' was written to since, and is compressed", "c\nd\n",
	  "'log.1.gz' was written to since, and is compressed" },
	{ "a byte of what was read has changed", change_a_byte_far_behind_the_beginning, "a\nbX\n",
	  "was replaced in place", NULL, "was replaced in place" },
};

_Static_assert(sizeof rotations / sizeof *rotations == ROTATIONS, "say how many there are");
