/* SPDX-License-Identifier: MIT */
/* A small body that grows without end must not take memory with it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/run.h"
#include "wire/inflate.h"

/* 10 MB of zeros in one gzip member; the caller frees it. */
static uint8_t *make_bomb(size_t size, size_t *ret_len)
{
	const size_t most = size / 100;
	uint8_t *zeros = calloc(1, size), *bomb = malloc(most);
	z_stream stream = { .zalloc = Z_NULL };

	ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8,
				      Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = zeros;
	stream.avail_in = (uInt)size;
	stream.next_out = bomb;
	stream.avail_out = (uInt)most;
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	*ret_len = stream.total_out;
	deflateEnd(&stream);
	free(zeros);
	return bomb;
}

START_TEST(f8_a_bomb_goes_through_a_small_output_in_bounded_memory)
{
	static const uint8_t zeros[4096];
	const size_t size = 10 * 1000 * 1000;
	struct counted_memory memory = { 0 };
	const struct weir_env counted = counted_env(&memory);
	size_t len, total = 0, steps = 0;
	uint8_t *bomb = make_bomb(size, &len);
	const uint8_t *in = bomb;
	struct weir__inflate decoder;
	enum weir_status status;

	ck_assert_int_eq(weir__inflate_init(&decoder, &counted, WEIR__INFLATE_GZIP, NULL), WEIR_OK);
	do {
		uint8_t out[4096];
		size_t written = 0;

		status = weir__inflate_step(&decoder, &in, &len, out, sizeof out, &written, NULL);
		if (memcmp(out, zeros, written) != 0)
			ck_abort_msg("wrong bytes behind %zu", total);
		total += written;
		steps++;
	} while (status == WEIR_AGAIN);
	ck_assert_int_eq(status, WEIR_OK);
	ck_assert_uint_eq(total, size);
	ck_assert_uint_eq(steps, size / 4096 + 1);
	ck_assert(weir__inflate_is_whole(&decoder));
	ck_assert_uint_lt(memory.most_bytes, 64 * 1024);
	weir__inflate_release(&decoder);
	ck_assert_uint_eq(memory.now_bytes, 0);
	free(bomb);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("inflate_bomb");

	tcase_add_test(tcase, f8_a_bomb_goes_through_a_small_output_in_bounded_memory);
	return run_case("inflate_bomb", tcase);
}
