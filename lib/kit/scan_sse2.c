/* SPDX-License-Identifier: MIT */
/* The pass of scan_core.h with 16 bytes at a time: SSE2, which every x86-64 has. */
#include "kit/scan_internal.h"

#ifdef __x86_64__
#include <emmintrin.h>

struct block {
	__m128i part[4];
};

static inline uint64_t join(__m128i a, __m128i b, __m128i c, __m128i d)
{
	const uint64_t low = (uint32_t)_mm_movemask_epi8(a) | (uint32_t)_mm_movemask_epi8(b) << 16;
	const uint64_t high = (uint32_t)_mm_movemask_epi8(c) | (uint32_t)_mm_movemask_epi8(d) << 16;

	return low | high << 32;
}

static inline struct block load_block(const uint8_t *bytes)
{
	const __m128i *from = (const __m128i *)(const void *)bytes;

	return (struct block){ { _mm_loadu_si128(from), _mm_loadu_si128(from + 1),
				 _mm_loadu_si128(from + 2), _mm_loadu_si128(from + 3) } };
}

static inline uint64_t match(const struct block *block, char byte)
{
	const __m128i want = _mm_set1_epi8(byte);
	const __m128i *part = block->part;

	return join(_mm_cmpeq_epi8(part[0], want), _mm_cmpeq_epi8(part[1], want),
		    _mm_cmpeq_epi8(part[2], want), _mm_cmpeq_epi8(part[3], want));
}

/* 5B 5D 7B 7D differ in the bits of 26. */
static inline __m128i compare_brackets(__m128i part)
{
	return _mm_cmpeq_epi8(_mm_and_si128(part, _mm_set1_epi8((char)~0x26)), _mm_set1_epi8(0x59));
}

static inline uint64_t match_brackets(const struct block *block)
{
	const __m128i *part = block->part;

	return join(compare_brackets(part[0]), compare_brackets(part[1]),
		    compare_brackets(part[2]), compare_brackets(part[3]));
}

/* Moved to the end of the range of signed bytes, digits are what is above all others. */
static inline __m128i compare_digits(__m128i part)
{
	return _mm_cmpgt_epi8(_mm_add_epi8(part, _mm_set1_epi8(INT8_MAX - '9')),
			      _mm_set1_epi8(INT8_MAX - 10));
}

static inline uint64_t match_digits(const struct block *block)
{
	const __m128i *part = block->part;

	return join(compare_digits(part[0]), compare_digits(part[1]), compare_digits(part[2]),
		    compare_digits(part[3]));
}

/* Those that may stand behind a backslash: 62 72 and 74 75 differ in one bit. */
static inline __m128i compare_escapable(__m128i part)
{
	const __m128i punctuation =
		_mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(part, _mm_set1_epi8('"')),
					  _mm_cmpeq_epi8(part, _mm_set1_epi8('/'))),
			     _mm_cmpeq_epi8(part, _mm_set1_epi8('\\')));
	const __m128i fn = _mm_or_si128(_mm_cmpeq_epi8(part, _mm_set1_epi8('f')),
					_mm_cmpeq_epi8(part, _mm_set1_epi8('n')));
	const __m128i br = _mm_cmpeq_epi8(_mm_or_si128(part, _mm_set1_epi8(0x10)),
					  _mm_set1_epi8('r'));
	const __m128i tu = _mm_cmpeq_epi8(_mm_or_si128(part, _mm_set1_epi8(0x01)),
					  _mm_set1_epi8('u'));

	return _mm_or_si128(_mm_or_si128(punctuation, fn), _mm_or_si128(br, tu));
}

static inline uint64_t match_escapable(const struct block *block)
{
	const __m128i *part = block->part;

	return join(compare_escapable(part[0]), compare_escapable(part[1]),
		    compare_escapable(part[2]), compare_escapable(part[3]));
}

/* Letters as digits, after the bit is set that makes them small. */
static inline __m128i compare_hex(__m128i part)
{
	const __m128i small = _mm_or_si128(part, _mm_set1_epi8(0x20));
	const __m128i letters = _mm_cmpgt_epi8(_mm_add_epi8(small, _mm_set1_epi8(INT8_MAX - 'f')),
					       _mm_set1_epi8(INT8_MAX - 6));

	return _mm_or_si128(compare_digits(part), letters);
}

static inline uint64_t match_hex(const struct block *block)
{
	const __m128i *part = block->part;

	return join(compare_hex(part[0]), compare_hex(part[1]), compare_hex(part[2]),
		    compare_hex(part[3]));
}

/* As signed bytes, those that are not ASCII are below the control characters. */
static inline uint64_t has_special(const struct block *block)
{
	const __m128i blank = _mm_set1_epi8(' ');
	const __m128i *part = block->part;
	const __m128i low = _mm_or_si128(_mm_cmplt_epi8(part[0], blank),
					 _mm_cmplt_epi8(part[1], blank));
	const __m128i high = _mm_or_si128(_mm_cmplt_epi8(part[2], blank),
					  _mm_cmplt_epi8(part[3], blank));

	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(low, high));
}

/* A shift of 16 bits at a time is fine: only the top bit of each byte is looked at. */
#define PLANE(k)                                                                                   \
	join(_mm_slli_epi16(block->part[0], 7 - (k)), _mm_slli_epi16(block->part[1], 7 - (k)),     \
	     _mm_slli_epi16(block->part[2], 7 - (k)), _mm_slli_epi16(block->part[3], 7 - (k)))

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

static inline uint64_t prefix_xor(uint64_t bits)
{
	bits ^= bits << 1;
	bits ^= bits << 2;
	bits ^= bits << 4;
	bits ^= bits << 8;
	bits ^= bits << 16;
	return bits ^ bits << 32;
}

#define SCAN_FORM weir__scan_sse2
#include "kit/scan_core.h"
#endif
