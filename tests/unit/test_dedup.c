/* SPDX-License-Identifier: MIT */
/* The window of messages seen: what comes again, and what is forgotten. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "model/dedup.h"
#include "support/fake_env.h"
#include "support/run.h"

static struct fake_env fake;
static weir__dedup *dedup;

static void begin(size_t entries, uint64_t age_ms)
{
	fake_env_init(&fake);
	dedup = weir__dedup_new(&fake.env, entries, age_ms);
	ck_assert_ptr_nonnull(dedup);
}

static void end(void)
{
	dedup = weir__dedup_free(dedup);
	fake_env_check_empty(&fake);
}

static bool is_seen(unsigned kind, const char *key, uint64_t now_ms)
{
	return weir__dedup_is_seen(dedup, kind, (struct weir_slice){ key, strlen(key) }, now_ms);
}

START_TEST(what_comes_again_is_seen_and_never_across_kinds)
{
	begin(4, 0);
	ck_assert(!is_seen(1, "a", 0));
	ck_assert(is_seen(1, "a", 0));
	ck_assert(!is_seen(2, "a", 0));
	ck_assert(is_seen(2, "a", UINT64_MAX));
	ck_assert(!is_seen(1, "ab", 0));
	ck_assert(!is_seen(1, "", 0));
	ck_assert(!is_seen(1, "", 0));
	end();
}
END_TEST

START_TEST(keys_that_are_too_long_pass)
{
	char key[WEIR__DEDUP_KEY_BYTES + 2];

	begin(4, 0);
	memset(key, 'k', sizeof key);
	key[WEIR__DEDUP_KEY_BYTES + 1] = '\0';
	ck_assert(!is_seen(1, key, 0));
	ck_assert(!is_seen(1, key, 0));
	key[WEIR__DEDUP_KEY_BYTES] = '\0';
	ck_assert(!is_seen(1, key, 0));
	ck_assert(is_seen(1, key, 0));
	end();
}
END_TEST

START_TEST(the_oldest_makes_room)
{
	begin(2, 0);
	ck_assert(!is_seen(1, "a", 0));
	ck_assert(!is_seen(1, "b", 0));
	ck_assert(!is_seen(1, "c", 0));
	ck_assert(is_seen(1, "b", 0));
	ck_assert(is_seen(1, "c", 0));
	ck_assert(!is_seen(1, "a", 0));
	ck_assert(!is_seen(1, "b", 0));
	end();
}
END_TEST

START_TEST(what_was_seen_too_long_ago_is_new)
{
	begin(4, 100);
	ck_assert(!is_seen(1, "a", 1000));
	ck_assert(is_seen(1, "a", 1100));
	ck_assert(!is_seen(1, "a", 1101));
	ck_assert(is_seen(1, "a", 1201));
	end();
}
END_TEST

/* Against a plain list of the last ones: every size from one up, keys from a small set. */
START_TEST(it_agrees_with_a_list)
{
	const size_t size = (size_t)_i;
	unsigned list[32][2];
	size_t count = 0;
	uint64_t state = 7 + size;

	begin(size, 0);
	for (size_t turn = 0; turn < 20000; turn++) {
		unsigned kind, number;
		bool want = false;
		char key[16];

		state = state * 6364136223846793005u + 1442695040888963407u;
		kind = 1u << (state >> 60 & 1);
		number = (unsigned)(state >> 33) % (unsigned)(size + 3);
		snprintf(key, sizeof key, "%u", number * 1000003);
		for (size_t i = 0; i < count; i++)
			want |= list[i][0] == kind && list[i][1] == number;
		ck_assert_int_eq(is_seen(kind, key, turn), want);
		if (want)
			continue;
		if (count == size)
			memmove(list, list + 1, --count * sizeof *list);
		list[count][0] = kind;
		list[count++][1] = number;
	}
	end();
}
END_TEST

START_TEST(what_was_forgotten_is_new_and_leaves_its_place_when_that_is_due)
{
	begin(3, 0);
	ck_assert(!is_seen(1, "a", 0));
	ck_assert(!is_seen(1, "b", 0));
	weir__dedup_forget(dedup, 1, (struct weir_slice){ "a", 1 });
	weir__dedup_forget(dedup, 1, (struct weir_slice){ "a", 1 });
	weir__dedup_forget(dedup, 2, (struct weir_slice){ "b", 1 });
	ck_assert(is_seen(1, "b", 0));
	ck_assert(!is_seen(1, "a", 0));
	ck_assert(!is_seen(1, "c", 0));	/* in the place of the first "a" */
	ck_assert(is_seen(1, "a", 0));
	ck_assert(is_seen(1, "b", 0));
	ck_assert(!is_seen(1, "d", 0));	/* in that of "b" */
	ck_assert(is_seen(1, "a", 0));
	ck_assert(!is_seen(1, "b", 0));
	end();
}
END_TEST

START_TEST(out_of_memory_is_no_window)
{
	for (size_t fail_at = 1; fail_at <= 2; fail_at++) {
		fake_env_init(&fake);
		fake.fail_at = fail_at;
		ck_assert_ptr_null(weir__dedup_new(&fake.env, 100, 0));
		fake_env_check_empty(&fake);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("dedup");

	tcase_add_test(tcase, what_comes_again_is_seen_and_never_across_kinds);
	tcase_add_test(tcase, keys_that_are_too_long_pass);
	tcase_add_test(tcase, the_oldest_makes_room);
	tcase_add_test(tcase, what_was_seen_too_long_ago_is_new);
	tcase_add_loop_test(tcase, it_agrees_with_a_list, 1, 20);
	tcase_add_test(tcase, what_was_forgotten_is_new_and_leaves_its_place_when_that_is_due);
	tcase_add_test(tcase, out_of_memory_is_no_window);
	return run_case("dedup", tcase);
}
