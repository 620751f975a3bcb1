/* SPDX-License-Identifier: MIT */
/*
 * The pass of scan_core.h with 32 bytes at a time: AVX2, BMI and carry-less multiplication.
 *
 * Guarantees: called only where scan.c found that the machine has all three.
 */
#include "kit/scan_internal.h"

#ifdef __x86_64__
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,pclmul"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2,pclmul")
#endif

struct block {
	__m256i low;
	__m256i high;
};

/* 32 times an ASCII byte. */
static inline __m256i repeat(char byte)
{
	return *(const __m256i *)(const void *)weir__scan_repeated[(uint8_t)byte];
}

static inline uint64_t join(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline struct block load_block(const uint8_t *bytes)
{
	return (struct block){ _mm256_loadu_si256((const __m256i *)(const void *)bytes),
			       _mm256_loadu_si256((const __m256i *)(const void *)(bytes + 32)) };
}

static inline uint64_t match(const struct block *block, char byte)
{
	const __m256i want = repeat(byte);

	return join(_mm256_cmpeq_epi8(block->low, want), _mm256_cmpeq_epi8(block->high, want));
}

/* 5B 5D 7B 7D differ in the bits of 26. */
static inline uint64_t match_brackets(const struct block *block)
{
	const __m256i fixed = _mm256_set1_epi8((char)~0x26);
	const __m256i want = repeat(0x59);

	return join(_mm256_cmpeq_epi8(_mm256_and_si256(block->low, fixed), want),
		    _mm256_cmpeq_epi8(_mm256_and_si256(block->high, fixed), want));
}

/* Moved to the end of the range of signed bytes, digits are what is above all others. */
static inline __m256i compare_digits(__m256i part)
{
	return _mm256_cmpgt_epi8(_mm256_add_epi8(part, repeat(INT8_MAX - '9')),
				 repeat(INT8_MAX - 10));
}

static inline uint64_t match_digits(const struct block *block)
{
	return join(compare_digits(block->low), compare_digits(block->high));
}

/*
 * Those that may stand behind a backslash: 22 2F, 5C, 62 66 6E, 72 74 75. For each row, 2 5 6 7,
 * there is a bit; a byte has one by its row, and one for each row in which its column has such.
 */
static inline __m256i compare_no_escapable(__m256i part)
{
	const __m256i rows = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0));
	const __m256i columns = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(0, 0, 1 | 4 | 8, 0, 8, 8, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1));
	const __m256i row = _mm256_and_si256(_mm256_srli_epi16(part, 4), repeat(15));
	const __m256i both = _mm256_and_si256(_mm256_shuffle_epi8(rows, row),
					      _mm256_shuffle_epi8(columns, part));

	return _mm256_cmpeq_epi8(both, _mm256_setzero_si256());
}

static inline uint64_t match_escapable(const struct block *block)
{
	return ~join(compare_no_escapable(block->low), compare_no_escapable(block->high));
}

/* Letters as digits, after the bit is set that makes them small. */
static inline __m256i compare_hex(__m256i part)
{
	const __m256i small = _mm256_or_si256(part, repeat(0x20));
	const __m256i moved = _mm256_add_epi8(small, repeat(INT8_MAX - 'f'));

	return _mm256_or_si256(compare_digits(part),
			       _mm256_cmpgt_epi8(moved, repeat(INT8_MAX - 6)));
}

static inline uint64_t match_hex(const struct block *block)
{
	return join(compare_hex(block->low), compare_hex(block->high));
}

/* As signed bytes, those that are not ASCII are below the control characters. */
static inline uint64_t has_special(const struct block *block)
{
	const __m256i least = _mm256_min_epi8(block->low, block->high);

	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(repeat(' '), least));
}

/* A shift of 16 bits at a time is fine: only the top bit of each byte is looked at. */
#define PLANE(k)                                                                                   \
	join(_mm256_slli_epi16(block->low, 7 - (k)), _mm256_slli_epi16(block->high, 7 - (k)))

static inline void split(const struct block *block, uint64_t planes[8])
{
	planes[0] = PLANE(0);
	planes[1] = PLANE(1);
	planes[2] = PLANE(2);
	planes[3] = PLANE(3);
	planes[4] = PLANE(4);
	planes[5] = PLANE(5);
	planes[6] = PLANE(6);
	planes[7] = PLANE(7);
}

/* Without carries, a product with all ones adds up each bit and all below it. */
static inline uint64_t prefix_xor(uint64_t bits)
{
	const __m128i ones = _mm_set1_epi8(-1);

	return (uint64_t)_mm_cvtsi128_si64(
		_mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)bits), ones, 0));
}

#define SCAN_FORM weir__scan_avx2
#include "kit/scan_core.h"

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
