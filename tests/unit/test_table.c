/* SPDX-License-Identifier: MIT */
/* The table: names that are there are found, others are not, and a failed add changes nothing. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/table.h"
#include "support/memory.h"
#include "support/run.h"

#define MANY 10000

static struct counted_memory memory;
static struct weir_env env;
static struct weir__table table;

static void init(void)
{
	memory = (struct counted_memory){ 0 };
	env = counted_env(&memory);
	weir__table_init(&table, &env);
}

static void release(void)
{
	weir__table_release(&table);
	ck_assert_uint_eq(memory.now_bytes, 0);
}

static size_t name_number(char *name, size_t size, int number)
{
	return (size_t)snprintf(name, size, "tweets.%d", number);
}

START_TEST(an_empty_table_has_nothing)
{
	size_t index = 0;

	ck_assert_ptr_null(weir__table_find(&table, "a", 1));
	ck_assert_ptr_null(weir__table_find(&table, "", 0));
	ck_assert_ptr_null(weir__table_next(&table, &index));
	ck_assert_uint_eq(memory.now_bytes, 0);
}
END_TEST

START_TEST(ten_thousand_names_are_found_again)
{
	static int values[MANY];
	char name[32];

	for (int i = 0; i < MANY; i++) {
		const size_t len = name_number(name, sizeof name, i);
		const struct weir__table_entry *entry =
			weir__table_add(&table, name, len, &values[i]);

		ck_assert_ptr_nonnull(entry);
		ck_assert_str_eq(entry->name, name);
		ck_assert_uint_le(table.count * 2, table.capacity);
	}
	ck_assert_uint_eq(table.count, MANY);
	for (int i = 0; i < 2 * MANY; i++) {
		const size_t len = name_number(name, sizeof name, i);
		const struct weir__table_entry *entry = weir__table_find(&table, name, len);

		ck_assert_msg((entry != NULL) == (i < MANY), "%s", name);
		ck_assert(!entry || entry->value == &values[i]);
	}
}
END_TEST

START_TEST(a_name_stays_where_it_is_while_the_table_grows)
{
	const char *first = weir__table_add(&table, "first", 5, NULL)->name;
	char name[32];

	for (int i = 0; i < 1000; i++)
		weir__table_add(&table, name, name_number(name, sizeof name, i), NULL);
	ck_assert_ptr_eq(weir__table_find(&table, "first", 5)->name, first);
}
END_TEST

static const struct {
	const char *name, *bytes;
	size_t len;
} odd_names[] = {
	{ "no bytes at all", "", 0 },
	{ "a zero", "\0", 1 },
	{ "two zeros", "\0\0", 2 },
	{ "a zero in the middle", "a\0b", 3 },
	{ "another behind the zero", "a\0c", 3 },
	{ "what stands before the zero", "a", 1 },
	{ "bytes beyond ASCII", "\xff\xfe\x80", 3 },
	{ "Hangul", "\xed\x95\x9c", 3 },
};
#define ODD_COUNT (sizeof odd_names / sizeof *odd_names)

START_TEST(names_are_any_bytes_and_compared_whole)
{
	for (size_t i = 0; i < ODD_COUNT; i++) {
		ck_assert_msg(!weir__table_find(&table, odd_names[i].bytes, odd_names[i].len), "%s",
			      odd_names[i].name);
		ck_assert_ptr_nonnull(weir__table_add(&table, odd_names[i].bytes, odd_names[i].len,
						      (void *)(uintptr_t)(i + 1)));
	}
	for (size_t i = 0; i < ODD_COUNT; i++) {
		const struct weir__table_entry *entry =
			weir__table_find(&table, odd_names[i].bytes, odd_names[i].len);

		ck_assert_msg(entry && entry->value == (void *)(uintptr_t)(i + 1), "%s",
			      odd_names[i].name);
		ck_assert_uint_eq(entry->len, odd_names[i].len);
	}
}
END_TEST

START_TEST(a_name_need_not_be_terminated)
{
	char *bytes = malloc(3);

	memcpy(bytes, "abc", 3);
	weir__table_add(&table, bytes, 3, NULL);
	ck_assert_ptr_nonnull(weir__table_find(&table, bytes, 3));
	ck_assert_ptr_null(weir__table_find(&table, bytes, 2));
	free(bytes);
	ck_assert_str_eq(weir__table_find(&table, "abc", 3)->name, "abc");
}
END_TEST

START_TEST(a_visit_sees_each_entry_once)
{
	static char seen[1000];
	const struct weir__table_entry *entry;
	char name[32];
	size_t index = 0;

	for (int i = 0; i < 1000; i++)
		weir__table_add(&table, name, name_number(name, sizeof name, i), &seen[i]);
	while ((entry = weir__table_next(&table, &index)))
		++*(char *)entry->value;
	for (size_t i = 0; i < sizeof seen; i++)
		ck_assert_int_eq(seen[i], 1);
}
END_TEST

START_TEST(a_failed_add_leaves_the_table_as_it_was)
{
	char name[32];
	int failures = 0;

	for (int i = 0; i < 100; i++) {
		const size_t len = name_number(name, sizeof name, i);

		memory.fail_at = memory.calls + 1;
		if (!weir__table_add(&table, name, len, NULL))
			failures++;
		ck_assert_uint_eq(table.count, (size_t)i);
		ck_assert_ptr_null(weir__table_find(&table, name, len));
		memory.fail_at = memory.calls + 2;	/* growth succeeds, the name's copy fails */
		if (!weir__table_find(&table, name, len) && table.count * 2 + 2 > table.capacity)
			ck_assert_ptr_null(weir__table_add(&table, name, len, NULL));
		memory.fail_at = 0;
		ck_assert_ptr_nonnull(weir__table_add(&table, name, len, NULL));
	}
	ck_assert_int_eq(failures, 100);
	for (int i = 0; i < 100; i++)
		ck_assert_ptr_nonnull(
			weir__table_find(&table, name, name_number(name, sizeof name, i)));
}
END_TEST

START_TEST(a_released_table_is_empty_and_usable)
{
	weir__table_add(&table, "a", 1, NULL);
	weir__table_release(&table);
	ck_assert_uint_eq(memory.now_bytes, 0);
	ck_assert_ptr_null(weir__table_find(&table, "a", 1));
	ck_assert_ptr_nonnull(weir__table_add(&table, "a", 1, NULL));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("table");

	tcase_add_checked_fixture(tcase, init, release);
	tcase_add_test(tcase, an_empty_table_has_nothing);
	tcase_add_test(tcase, ten_thousand_names_are_found_again);
	tcase_add_test(tcase, a_name_stays_where_it_is_while_the_table_grows);
	tcase_add_test(tcase, names_are_any_bytes_and_compared_whole);
	tcase_add_test(tcase, a_name_need_not_be_terminated);
	tcase_add_test(tcase, a_visit_sees_each_entry_once);
	tcase_add_test(tcase, a_failed_add_leaves_the_table_as_it_was);
	tcase_add_test(tcase, a_released_table_is_empty_and_usable);
	return run_case("table", tcase);
}
