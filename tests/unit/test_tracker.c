/* SPDX-License-Identifier: MIT */
/*
 * The tracker against a model that is too simple to be wrong: an array of flags per lane.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "model/tracker.h"
#include "support/memory.h"
#include "support/run.h"

#define LANES 40
#define STEPS 20000
#define MOST_OPEN 300

static struct counted_memory memory;
static struct weir_env env;
static struct weir__tracker tracker;

static void init(void)
{
	memory = (struct counted_memory){ 0 };
	env = counted_env(&memory);
	weir__tracker_init(&tracker, &env);
}

static void release(void)
{
	weir__tracker_release(&tracker);
	ck_assert_uint_eq(memory.now_bytes, 0);
}

static struct weir__track add(uint32_t lane, uint64_t offset)
{
	const struct weir_position position = { .lane = lane, .offset = offset };
	struct weir__track track;

	ck_assert_int_eq(weir__tracker_add(&tracker, position, &track), WEIR_OK);
	return track;
}

static void expect_taken(uint32_t lane, uint64_t offset)
{
	struct weir_position got;

	ck_assert(weir__tracker_take(&tracker, &got));
	ck_assert_uint_eq(got.lane, lane);
	ck_assert_uint_eq(got.offset, offset);
}

static void expect_none(void)
{
	struct weir_position got;

	ck_assert(!weir__tracker_take(&tracker, &got));
}

START_TEST(nothing_is_acknowledged_of_an_empty_tracker)
{
	expect_none();
	ck_assert_uint_eq(weir__tracker_count(&tracker), 0);
	ck_assert_uint_eq(memory.calls, 0);
}
END_TEST

START_TEST(a_settled_position_is_acknowledged_once)
{
	const struct weir__track track = add(0, 100);

	expect_none();
	weir__tracker_settle(&tracker, track);
	expect_taken(0, 100);
	expect_none();
}
END_TEST

START_TEST(a_position_waits_for_those_before_it)
{
	const struct weir__track first = add(0, 1), second = add(0, 2), third = add(0, 3);

	weir__tracker_settle(&tracker, third);
	expect_none();
	weir__tracker_settle(&tracker, first);
	expect_taken(0, 1);
	ck_assert_uint_eq(weir__tracker_count(&tracker), 2);
	weir__tracker_settle(&tracker, second);
	expect_taken(0, 3);
	expect_none();
	ck_assert_uint_eq(weir__tracker_count(&tracker), 0);
}
END_TEST

START_TEST(only_the_furthest_position_of_a_lane_is_told)
{
	for (uint64_t i = 0; i < 100; i++)
		weir__tracker_settle(&tracker, add(5, i));
	expect_taken(5, 99);
	expect_none();
}
END_TEST

START_TEST(a_stuck_lane_does_not_hold_another)
{
	const struct weir__track stuck = add(1, 10);

	weir__tracker_settle(&tracker, add(2, 20));
	weir__tracker_settle(&tracker, add(1, 11));
	expect_taken(2, 20);
	expect_none();
	weir__tracker_settle(&tracker, stuck);
	expect_taken(1, 11);
}
END_TEST

START_TEST(lanes_of_any_number_are_kept_apart)
{
	static const uint32_t numbers[] = { 7, 0, UINT32_MAX, 3, 1u << 31, 8, 6, 5, 4, 100, 2 };
	const size_t count = sizeof numbers / sizeof *numbers;
	bool seen[sizeof numbers / sizeof *numbers] = { false };
	struct weir__track tracks[sizeof numbers / sizeof *numbers];
	struct weir_position got;

	for (size_t i = 0; i < count; i++)
		tracks[i] = add(numbers[i], numbers[i] + 1ull);
	for (size_t i = 0; i < count; i++)
		weir__tracker_settle(&tracker, tracks[i]);
	while (weir__tracker_take(&tracker, &got)) {
		size_t i = 0;

		while (i < count && numbers[i] != got.lane)
			i++;
		ck_assert_uint_lt(i, count);
		ck_assert(!seen[i]);
		ck_assert_uint_eq(got.offset, numbers[i] + 1ull);
		seen[i] = true;
	}
	for (size_t i = 0; i < count; i++)
		ck_assert(seen[i]);
	for (size_t i = 1; i < tracker.lane_count; i++)
		ck_assert_ptr_ne(tracker.lanes[i - 1], tracker.lanes[i]);
	ck_assert_uint_eq(tracker.lane_count, count);
}
END_TEST

static void drop(struct weir__track track)
{
	weir__tracker_settle(&tracker, track);
	weir__tracker_join(&tracker, track);
}

START_TEST(what_is_dropped_behind_a_stuck_one_takes_no_room)
{
	const struct weir__track stuck = add(0, 1);
	struct weir__track later[2];
	size_t bytes;

	drop(add(0, 2));
	bytes = memory.now_bytes;
	for (uint64_t offset = 3; offset < 1000; offset++)
		drop(add(0, offset));
	ck_assert_uint_eq(weir__tracker_count(&tracker), 2);
	later[0] = add(0, 1000);
	later[1] = add(0, 1001);
	drop(add(0, 1002));
	drop(later[1]);
	ck_assert_uint_eq(weir__tracker_count(&tracker), 4);
	drop(later[0]);
	ck_assert_uint_eq(weir__tracker_count(&tracker), 2);
	expect_none();
	drop(stuck);
	expect_taken(0, 1002);
	ck_assert_uint_eq(weir__tracker_count(&tracker), 0);
	ck_assert_uint_eq(memory.now_bytes, bytes);
	weir__tracker_join(&tracker, (struct weir__track){ .lane = NULL });
}
END_TEST

START_TEST(what_is_not_tracked_settles_without_effect)
{
	weir__tracker_settle(&tracker, (struct weir__track){ .lane = NULL });
	expect_none();
}
END_TEST

START_TEST(offsets_may_be_any_numbers)
{
	weir__tracker_settle(&tracker, add(0, UINT64_MAX));
	expect_taken(0, UINT64_MAX);
	weir__tracker_settle(&tracker, add(0, 0));
	expect_taken(0, 0);
}
END_TEST

START_TEST(memory_follows_what_is_under_way_not_what_has_been)
{
	for (uint64_t i = 0; i < 100000; i++)
		weir__tracker_settle(&tracker, add(0, i));
	ck_assert_uint_lt(memory.most_bytes, 1024);
	expect_taken(0, 99999);
}
END_TEST

/* One message of the model. */
struct item {
	struct weir__track track;
	uint32_t lane;
	uint64_t offset;
	bool settled;
};

/* All messages of a run, in the order in which they were added, and what was told of each lane. */
struct model {
	struct item *items;
	size_t count, open;
	uint64_t told[LANES];	/* the last acknowledged offset; 0: none */
	bool joins;
};

static uint32_t random_below(uint64_t *state, uint32_t bound)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*state >> 33) % bound);
}

static void model_add(struct model *model, uint32_t lane, uint64_t *random)
{
	struct item *item = &model->items[model->count];

	/* offsets only rise, by leaps */
	item->offset = (model->count + 1) * 1000 + random_below(random, 1000);
	item->lane = lane;
	item->settled = false;
	item->track = add(lane, item->offset);
	model->count++;
	model->open++;
}

static void model_settle(struct model *model, uint64_t *random)
{
	uint32_t pick = random_below(random, (uint32_t)model->open);

	for (size_t i = model->count; i-- > 0;) {
		if (model->items[i].settled || pick--)
			continue;
		model->items[i].settled = true;
		model->open--;
		weir__tracker_settle(&tracker, model->items[i].track);
		if (model->joins)
			weir__tracker_join(&tracker, model->items[i].track);
		return;
	}
}

/* The furthest offset of a lane with nothing open up to it; how many stand behind that. */
static uint64_t model_furthest(const struct model *model, uint32_t lane, size_t *ret_behind)
{
	uint64_t furthest = 0;
	bool stuck = false;

	for (size_t i = 0; i < model->count; i++) {
		if (model->items[i].lane != lane)
			continue;
		stuck = stuck || !model->items[i].settled;
		if (stuck)
			++*ret_behind;
		else
			furthest = model->items[i].offset;
	}
	return furthest;
}

static void compare(struct model *model)
{
	size_t under_way = 0;
	struct weir_position got;

	while (weir__tracker_take(&tracker, &got)) {
		ck_assert_uint_lt(got.lane, LANES);
		ck_assert_uint_gt(got.offset, model->told[got.lane]);
		model->told[got.lane] = got.offset;
	}
	for (uint32_t lane = 0; lane < LANES; lane++)
		ck_assert_uint_eq(model->told[lane], model_furthest(model, lane, &under_way));
	if (model->joins) {	/* some of the settled ones are one */
		ck_assert_uint_le(weir__tracker_count(&tracker), under_way);
		ck_assert_uint_ge(weir__tracker_count(&tracker), model->open);
		return;
	}
	ck_assert_uint_eq(weir__tracker_count(&tracker), under_way);
}

START_TEST(any_order_of_settling_agrees_with_the_model)
{
	uint64_t random = (uint64_t)_i * 7919 + 1;
	const uint32_t lanes = _i % 2 ? LANES : 1 + (uint32_t)_i / 2;
	struct model model = { .items = calloc(STEPS, sizeof *model.items), .joins = _i >= 12 };

	ck_assert_ptr_nonnull(model.items);
	for (int step = 0; step < STEPS; step++) {
		const bool full = model.open == MOST_OPEN;

		if (model.open && (full || random_below(&random, 2)))
			model_settle(&model, &random);
		else
			model_add(&model, random_below(&random, lanes), &random);
		if (random_below(&random, 100) == 0)
			compare(&model);
	}
	while (model.open)
		model_settle(&model, &random);
	compare(&model);
	ck_assert_uint_eq(weir__tracker_count(&tracker), 0);
	ck_assert_uint_gt(model.count, STEPS / 4);
	free(model.items);
}
END_TEST

START_TEST(a_failed_add_tracks_nothing_and_may_be_tried_again)
{
	struct weir__track tracks[200];
	size_t failures = 0;

	for (uint32_t i = 0; i < 200; i++) {
		const struct weir_position position = { .lane = i % 10, .offset = i };

		for (size_t fail_at = 1;; fail_at++) {
			memory.fail_at = memory.calls + fail_at;
			ck_assert_uint_eq(weir__tracker_count(&tracker), i);
			if (weir__tracker_add(&tracker, position, &tracks[i]) == WEIR_OK)
				break;
			failures++;
		}
		memory.fail_at = 0;
	}
	ck_assert_uint_gt(failures, 20);
	for (uint32_t i = 200; i-- > 0;)
		weir__tracker_settle(&tracker, tracks[i]);
	for (size_t i = 0; i < 10; i++) {
		struct weir_position got;

		ck_assert(weir__tracker_take(&tracker, &got));
		ck_assert_uint_eq(got.offset, 190 + got.lane);
	}
	expect_none();
}
END_TEST

START_TEST(release_forgets_what_is_under_way)
{
	for (uint32_t i = 0; i < 100; i++)
		add(i % 3, i);
	weir__tracker_settle(&tracker, add(9, 9));
	weir__tracker_release(&tracker);
	ck_assert_uint_eq(memory.now_bytes, 0);
	ck_assert_uint_eq(weir__tracker_count(&tracker), 0);
	expect_none();
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("tracker");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, init, release);
	tcase_add_test(tcase, nothing_is_acknowledged_of_an_empty_tracker);
	tcase_add_test(tcase, a_settled_position_is_acknowledged_once);
	tcase_add_test(tcase, a_position_waits_for_those_before_it);
	tcase_add_test(tcase, only_the_furthest_position_of_a_lane_is_told);
	tcase_add_test(tcase, a_stuck_lane_does_not_hold_another);
	tcase_add_test(tcase, lanes_of_any_number_are_kept_apart);
	tcase_add_test(tcase, what_is_dropped_behind_a_stuck_one_takes_no_room);
	tcase_add_test(tcase, what_is_not_tracked_settles_without_effect);
	tcase_add_test(tcase, offsets_may_be_any_numbers);
	tcase_add_test(tcase, memory_follows_what_is_under_way_not_what_has_been);
	tcase_add_loop_test(tcase, any_order_of_settling_agrees_with_the_model, 0, 24);
	tcase_add_test(tcase, a_failed_add_tracks_nothing_and_may_be_tried_again);
	tcase_add_test(tcase, release_forgets_what_is_under_way);
	return run_case("tracker", tcase);
}
