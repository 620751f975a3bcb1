/* SPDX-License-Identifier: MIT */
/* The delays between attempts. */
#include <check.h>

#include "kit/backoff.h"
#include "support/run.h"

static const struct {
	const char *name;
	enum weir__backoff_class class;
	unsigned number;	/* of the failure, from 1 */
	uint64_t want_ms;
	bool capped;
} schedule[] = {
	{ "network: the first", WEIR__BACKOFF_NETWORK, 1, 250, false },
	{ "network: grows by the first", WEIR__BACKOFF_NETWORK, 3, 750, false },
	{ "network: just below the cap", WEIR__BACKOFF_NETWORK, 63, 15750, false },
	{ "network: the 64th reaches it", WEIR__BACKOFF_NETWORK, 64, 16000, true },
	{ "network: and stays, said once", WEIR__BACKOFF_NETWORK, 65, 16000, false },
	{ "http: the first", WEIR__BACKOFF_HTTP, 1, 5000, false },
	{ "http: doubles", WEIR__BACKOFF_HTTP, 4, 40000, false },
	{ "http: the 7th reaches the cap", WEIR__BACKOFF_HTTP, 7, 320000, true },
	{ "http: stays", WEIR__BACKOFF_HTTP, 1000, 320000, false },
	{ "rate: the first", WEIR__BACKOFF_RATE, 1, 60000, false },
	{ "rate: the 5th reaches the cap", WEIR__BACKOFF_RATE, 5, 960000, true },
	{ "rate: stays", WEIR__BACKOFF_RATE, 6, 960000, false },
};

START_TEST(each_class_follows_its_schedule)
{
	struct weir__backoff backoff = { { 0 } };
	uint64_t got_ms = 0;
	bool capped = false;

	for (unsigned i = 0; i < schedule[_i].number; i++)
		got_ms = weir__backoff_next(&backoff, schedule[_i].class, &capped);

	ck_assert_msg(got_ms == schedule[_i].want_ms && capped == schedule[_i].capped,
		      "%s: %ju ms, capped %d", schedule[_i].name, (uintmax_t)got_ms, capped);
}
END_TEST

START_TEST(classes_do_not_touch_each_other)
{
	struct weir__backoff backoff = { { 0 } };

	weir__backoff_next(&backoff, WEIR__BACKOFF_HTTP, NULL);
	weir__backoff_next(&backoff, WEIR__BACKOFF_RATE, NULL);

	ck_assert_uint_eq(weir__backoff_next(&backoff, WEIR__BACKOFF_NETWORK, NULL), 250);
	ck_assert_uint_eq(weir__backoff_next(&backoff, WEIR__BACKOFF_HTTP, NULL), 10000);
}
END_TEST

START_TEST(a_reset_begins_every_class_again)
{
	struct weir__backoff backoff = { { 0 } };
	bool capped = false;

	for (int i = 0; i < 100; i++) {
		weir__backoff_next(&backoff, WEIR__BACKOFF_NETWORK, NULL);
		weir__backoff_next(&backoff, WEIR__BACKOFF_RATE, NULL);
	}
	weir__backoff_reset(&backoff);

	ck_assert_uint_eq(weir__backoff_next(&backoff, WEIR__BACKOFF_NETWORK, NULL), 250);
	for (int i = 0; i < 5; i++)
		weir__backoff_next(&backoff, WEIR__BACKOFF_RATE, &capped);
	ck_assert(capped);	/* and the cap is said again */
}
END_TEST

static const struct {
	const char *name;
	uint64_t first_ms, most_ms;
	uint32_t attempt;
	uint64_t want_ms;
} delays[] = {
	{ "the first retry waits the first delay", 100, 5000, 2, 100 },
	{ "every further one doubles it", 100, 5000, 4, 400 },
	{ "the ceiling holds", 100, 5000, 10, 5000 },
	{ "also far beyond", 100, 5000, UINT32_MAX, 5000 },
	{ "a ceiling below the first", 100, 50, 2, 50 },
	{ "no overflow", UINT64_MAX / 2 + 1, UINT64_MAX, 9, UINT64_MAX },
	{ "no delay at all", 0, 5000, 2, 0 },
};

START_TEST(a_delivery_waits_twice_as_long_each_time)
{
	const uint64_t got_ms = weir__backoff_delay(delays[_i].first_ms, delays[_i].most_ms,
						    delays[_i].attempt);

	ck_assert_msg(got_ms == delays[_i].want_ms, "%s: %ju", delays[_i].name,
		      (uintmax_t)got_ms);
}
END_TEST

START_TEST(jitter_stays_between_the_delay_and_its_share_on_top)
{
	static const uint64_t from[] = { 0, 1, 3, 99, 250, 16000, 960000, UINT64_MAX / 2 };
	static const uint32_t percents[] = { 0, 1, 10, 25 };
	bool reaches_both_ends[2] = { false, false };

	for (uint32_t chance = 0; chance < 100000; chance += 7) {
		const uint64_t delay_ms = from[chance % 8];
		const uint32_t percent = percents[chance / 8 % 4];
		const uint64_t got_ms = weir__backoff_jitter(delay_ms, percent, chance * 2654435761u);

		ck_assert_uint_ge(got_ms, delay_ms);
		ck_assert_uint_le(got_ms - delay_ms, delay_ms / 100 * percent + percent);
		reaches_both_ends[0] |= delay_ms == 250 && percent == 25 && got_ms == 250;
		reaches_both_ends[1] |= delay_ms == 250 && percent == 25 && got_ms == 312;
	}
	ck_assert(reaches_both_ends[0]);
	ck_assert(reaches_both_ends[1]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("backoff");

	LOOP(tcase, each_class_follows_its_schedule, schedule);
	tcase_add_test(tcase, classes_do_not_touch_each_other);
	tcase_add_test(tcase, a_reset_begins_every_class_again);
	LOOP(tcase, a_delivery_waits_twice_as_long_each_time, delays);
	tcase_add_test(tcase, jitter_stays_between_the_delay_and_its_share_on_top);
	return run_case("backoff", tcase);
}
