/* SPDX-License-Identifier: MIT */
/* How often a thing may be said. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "kit/limiter.h"
#include "support/run.h"

#define MINUTE_MS 60000u
#define NOT_SAID UINT64_MAX

/* How many were held back before this one, or NOT_SAID. */
static uint64_t pass(struct weir__limiter *limiter, const char *kind, uint64_t now_ms)
{
	uint64_t held = 12345;

	if (weir__limiter_pass(limiter, (struct weir_slice){ kind, strlen(kind) }, now_ms,
			       MINUTE_MS, &held))
		return held;
	ck_assert_uint_eq(held, 12345);
	return NOT_SAID;
}

START_TEST(the_first_is_said_at_once_then_one_in_each_interval)
{
	struct weir__limiter limiter = { 0 };

	ck_assert_uint_eq(pass(&limiter, "a", 0), 0);
	ck_assert_uint_eq(pass(&limiter, "a", 0), NOT_SAID);
	ck_assert_uint_eq(pass(&limiter, "a", MINUTE_MS - 1), NOT_SAID);
	ck_assert_uint_eq(pass(&limiter, "a", MINUTE_MS), 2);
	ck_assert_uint_eq(pass(&limiter, "a", MINUTE_MS + 1), NOT_SAID);
	ck_assert_uint_eq(pass(&limiter, "a", 10 * MINUTE_MS), 1);
	ck_assert_uint_eq(pass(&limiter, "a", 20 * MINUTE_MS), 0);
}
END_TEST

START_TEST(kinds_do_not_touch_each_other)
{
	struct weir__limiter limiter = { 0 };

	ck_assert_uint_eq(pass(&limiter, "a", 1000), 0);
	ck_assert_uint_eq(pass(&limiter, "a", 1000), NOT_SAID);
	ck_assert_uint_eq(pass(&limiter, "b", 1000), 0);
	ck_assert_uint_eq(pass(&limiter, "", 1000), 0);
	ck_assert_uint_eq(pass(&limiter, "b", 1000 + MINUTE_MS), 0);
	ck_assert_uint_eq(pass(&limiter, "a", 1000 + MINUTE_MS), 1);
}
END_TEST

START_TEST(any_number_of_kinds_says_at_most_eight_things_in_an_interval)
{
	struct weir__limiter limiter = { 0 };
	uint64_t said_ms[4000];
	size_t count = 0;
	char kind[32];

	for (uint64_t now_ms = 7; now_ms < 10 * MINUTE_MS; now_ms += 13) {
		snprintf(kind, sizeof kind, "kind %ju", (uintmax_t)(now_ms * now_ms % 977));
		if (pass(&limiter, kind, now_ms) == NOT_SAID)
			continue;
		ck_assert_uint_lt(count, sizeof said_ms / sizeof *said_ms);
		said_ms[count++] = now_ms;
		if (count > WEIR__LIMITER_KINDS)
			ck_assert_uint_ge(now_ms - said_ms[count - 1 - WEIR__LIMITER_KINDS],
					  MINUTE_MS);
	}
	ck_assert_uint_ge(count, 9 * WEIR__LIMITER_KINDS);
}
END_TEST

START_TEST(what_has_no_entry_of_its_own_is_counted_together)
{
	struct weir__limiter limiter = { 0 };
	char kind[8];

	for (unsigned i = 0; i < WEIR__LIMITER_KINDS + 2; i++) {
		snprintf(kind, sizeof kind, "%u", i);
		ck_assert_uint_eq(pass(&limiter, kind, i),
				  i < WEIR__LIMITER_KINDS ? 0 : NOT_SAID);
	}
	/* The first seven have kept theirs. */
	ck_assert_uint_eq(pass(&limiter, "0", MINUTE_MS - 1), NOT_SAID);
	for (unsigned i = 0; i < WEIR__LIMITER_KINDS - 1; i++) {
		snprintf(kind, sizeof kind, "%u", i);
		ck_assert_uint_eq(pass(&limiter, kind, MINUTE_MS + 7), i == 0);
	}
	ck_assert_uint_eq(pass(&limiter, "new", MINUTE_MS + 7), 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("limiter");

	tcase_add_test(tcase, the_first_is_said_at_once_then_one_in_each_interval);
	tcase_add_test(tcase, kinds_do_not_touch_each_other);
	tcase_add_test(tcase, any_number_of_kinds_says_at_most_eight_things_in_an_interval);
	tcase_add_test(tcase, what_has_no_entry_of_its_own_is_counted_together);
	return run_case("limiter", tcase);
}
