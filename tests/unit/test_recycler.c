/* SPDX-License-Identifier: MIT */
/* The recycler: what it keeps, for whom, how much, and how long it lives. */
#include <check.h>
#include <pthread.h>

#include "ground/recycler.h"
#include "support/fake_env.h"
#include "support/run.h"

static const size_t sizes[WEIR__RECYCLED_SIZES] = { 200, 300, 400, 500 };

static struct fake_env memory;
static weir__recycler *recycler;
static struct weir_allocator allocator;

static void begin(void)
{
	fake_env_init(&memory);
	recycler = weir__recycler_new(&memory.env.allocator, sizes);
	ck_assert_ptr_nonnull(recycler);
	allocator = weir__recycler_allocator(recycler);
}

static void *take(size_t size)
{
	return allocator.resize(allocator.user, NULL, 0, size);
}

static void give(void *block, size_t size)
{
	ck_assert_ptr_null(allocator.resize(allocator.user, block, size, 0));
}

static void end(void)
{
	weir__recycler_release(recycler);
	fake_env_check_empty(&memory);
}

START_TEST(a_freed_block_of_a_kept_size_is_the_next_one)
{
	void *block;

	begin();
	weir__recycler_enter(recycler);
	block = take(sizes[_i]);
	give(block, sizes[_i]);
	ck_assert_ptr_eq(take(sizes[_i]), block);
	give(block, sizes[_i]);
	weir__recycler_leave(recycler);
	end();
}
END_TEST

START_TEST(blocks_of_other_sizes_go_back_at_once)
{
	size_t before;

	begin();
	before = memory.live_blocks;
	weir__recycler_enter(recycler);
	give(take(201), 201);
	ck_assert_uint_eq(memory.live_blocks, before);
	weir__recycler_leave(recycler);
	end();
}
END_TEST

START_TEST(outside_of_enter_and_leave_nothing_is_kept)
{
	size_t before;

	begin();
	before = memory.live_blocks;
	give(take(200), 200);
	weir__recycler_enter(recycler);
	weir__recycler_leave(recycler);
	give(take(200), 200);
	ck_assert_uint_eq(memory.live_blocks, before);
	end();
}
END_TEST

START_TEST(what_is_kept_is_bounded)
{
	enum { MANY = 60000, LARGE = 100 };
	static void *blocks[MANY], *large[LARGE];
	size_t before;

	begin();
	before = memory.live_bytes;
	weir__recycler_enter(recycler);
	for (size_t i = 0; i < MANY; i++)
		blocks[i] = take(200);
	for (size_t i = 0; i < LARGE; i++)
		large[i] = take(256 * 1024 + i);
	for (size_t i = 0; i < MANY; i++)
		give(blocks[i], 200);
	for (size_t i = 0; i < LARGE; i++)
		give(large[i], 256 * 1024 + i);
	ck_assert_uint_le(memory.live_bytes - before, (8u << 20) + (17u << 20));
	ck_assert_uint_ge(memory.live_bytes - before, (8u << 20) + (16u << 20));
	weir__recycler_leave(recycler);
	end();
}
END_TEST

START_TEST(a_large_block_is_used_again_and_a_huge_one_is_not_kept)
{
	size_t before;
	void *block;

	begin();
	weir__recycler_enter(recycler);
	block = take(300 * 1024);
	give(block, 300 * 1024);
	ck_assert_ptr_eq(take(300 * 1024), block);
	give(block, 300 * 1024);
	before = memory.live_blocks;
	give(take(600 * 1024), 600 * 1024);
	ck_assert_uint_eq(memory.live_blocks, before);
	weir__recycler_leave(recycler);
	end();
}
END_TEST

/* So many large blocks at once. */
static void use_large(size_t count)
{
	void *blocks[8];

	for (size_t i = 0; i < count; i++)
		blocks[i] = take(256 * 1024);
	while (count > 0)
		give(blocks[--count], 256 * 1024);
}

START_TEST(a_window_of_large_blocks_takes_no_memory_again)
{
	size_t calls;

	begin();
	weir__recycler_enter(recycler);
	use_large(8);
	calls = memory.calls;
	for (size_t i = 0; i < 100; i++) {
		use_large(8);
		weir__recycler_trim(recycler);
	}
	ck_assert_uint_eq(memory.calls, calls);
	weir__recycler_leave(recycler);
	end();
}
END_TEST

START_TEST(a_trim_gives_back_the_large_blocks_that_were_not_needed)
{
	size_t before;

	begin();
	before = memory.live_blocks;
	weir__recycler_enter(recycler);
	use_large(8);
	weir__recycler_trim(recycler);
	ck_assert_uint_eq(memory.live_blocks, before + 8);
	use_large(3);
	weir__recycler_trim(recycler);
	ck_assert_uint_eq(memory.live_blocks, before + 3);
	weir__recycler_trim(recycler);
	ck_assert_uint_eq(memory.live_blocks, before);
	weir__recycler_leave(recycler);
	end();
}
END_TEST

START_TEST(a_resized_block_keeps_its_bytes_and_its_count)
{
	char *block;

	begin();
	block = take(10);
	block[9] = 'x';
	block = allocator.resize(allocator.user, block, 10, 5000);
	ck_assert_int_eq(block[9], 'x');
	give(block, 5000);
	end();
}
END_TEST

static void *give_elsewhere(void *block)
{
	give(block, 200);
	return NULL;
}

START_TEST(another_thread_may_free)
{
	pthread_t thread;

	begin();
	weir__recycler_enter(recycler);
	pthread_create(&thread, NULL, give_elsewhere, take(200));
	pthread_join(thread, NULL);
	weir__recycler_leave(recycler);
	end();
}
END_TEST

START_TEST(it_lives_as_long_as_the_last_block)
{
	void *kept, *other;
	pthread_t thread;

	begin();
	weir__recycler_enter(recycler);
	kept = take(200);
	other = take(999);
	weir__recycler_leave(recycler);
	weir__recycler_release(recycler);
	ck_assert_uint_eq(memory.live_blocks, 3);
	give(other, 999);
	pthread_create(&thread, NULL, give_elsewhere, kept);
	pthread_join(thread, NULL);
	fake_env_check_empty(&memory);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
	begin();
	memory.fail_at = memory.calls + 1;
	ck_assert_ptr_null(take(200));
	memory.fail_at = memory.calls + 1;
	ck_assert_ptr_null(weir__recycler_new(&memory.env.allocator, sizes));
	weir__recycler_release(NULL);
	end();
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("blocks");

	tcase_add_loop_test(tcase, a_freed_block_of_a_kept_size_is_the_next_one, 0,
			    WEIR__RECYCLED_SIZES);
	tcase_add_test(tcase, blocks_of_other_sizes_go_back_at_once);
	tcase_add_test(tcase, outside_of_enter_and_leave_nothing_is_kept);
	tcase_add_test(tcase, what_is_kept_is_bounded);
	tcase_add_test(tcase, a_large_block_is_used_again_and_a_huge_one_is_not_kept);
	tcase_add_test(tcase, a_window_of_large_blocks_takes_no_memory_again);
	tcase_add_test(tcase, a_trim_gives_back_the_large_blocks_that_were_not_needed);
	tcase_add_test(tcase, a_resized_block_keeps_its_bytes_and_its_count);
	tcase_add_test(tcase, another_thread_may_free);
	tcase_add_test(tcase, it_lives_as_long_as_the_last_block);
	tcase_add_test(tcase, without_memory_there_is_none);
	return run_case("recycler", tcase);
}
