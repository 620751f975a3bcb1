/* SPDX-License-Identifier: MIT */
/*
 * The pass of scan_core.h in plain C: words of 8 bytes, no vectors.
 *
 * 64 bytes are 512 bits, which stand in a cube: in eight words, of eight bytes, of eight bits. What
 * is wanted is the planes: a word for each bit of the bytes, in which bit i belongs to byte i.
 * That is the cube turned: word → byte, byte → bit, bit → word. Six rounds of exchanges between
 * pairs of words do it; then a class of bytes is a boolean expression over planes.
 *
 *     a0 a1 a2 a3      a0 b0 a2 b2      a round exchanges between words that are 1, 2 or 4 apart
 *     b0 b1 b2 b3  →   a1 b1 a3 b3      what is as far apart in them, in bytes or in bits
 */
#include <string.h>

#include "kit/scan_bits.h"
#include "kit/scan_internal.h"

struct block {
	uint64_t planes[8];
};

/* What of *b is under `mask` for what of *a is `by` bits above it. */
static inline void exchange(uint64_t *a, uint64_t *b, unsigned by, uint64_t mask)
{
	const uint64_t differ = ((*a >> by) ^ *b) & mask;

	*b ^= differ;
	*a ^= differ << by;
}

#define ROUND(a, b, c, d, e, f, g, h, by, mask)                                                    \
	do {                                                                                       \
		exchange(&a, &b, by, mask);                                                        \
		exchange(&c, &d, by, mask);                                                        \
		exchange(&e, &f, by, mask);                                                        \
		exchange(&g, &h, by, mask);                                                        \
	} while (0)

static inline struct block load_block(const uint8_t *bytes)
{
	uint64_t a = load_word(bytes), b = load_word(bytes + 8), c = load_word(bytes + 16);
	uint64_t d = load_word(bytes + 24), e = load_word(bytes + 32), f = load_word(bytes + 40);
	uint64_t g = load_word(bytes + 48), h = load_word(bytes + 56);

	ROUND(a, e, b, f, c, g, d, h, 32, UINT64_MAX / (UINT32_MAX + UINT64_C(2)));
	ROUND(a, c, b, d, e, g, f, h, 16, UINT64_MAX / (UINT16_MAX + UINT64_C(2)));
	ROUND(a, b, c, d, e, f, g, h, 8, UINT64_MAX / (UINT8_MAX + UINT64_C(2)));
	ROUND(a, e, b, f, c, g, d, h, 4, UINT64_MAX / 17);
	ROUND(a, c, b, d, e, g, f, h, 2, UINT64_MAX / 5);
	ROUND(a, b, c, d, e, f, g, h, 1, UINT64_MAX / 3);
	return (struct block){ .planes = { a, b, c, d, e, f, g, h } };
}

/* All ones where bit k of the byte is as wanted. */
#define ALIKE(k) (byte >> (k) & 1 ? block->planes[k] : ~block->planes[k])

static inline uint64_t match(const struct block *block, char byte)
{
	return ALIKE(7) & ALIKE(6) & ALIKE(5) & ALIKE(4) & ALIKE(3) & ALIKE(2) & ALIKE(1) &
	       ALIKE(0);
}

/* 5B 5D 7B 7D: 01-1 1--1 */
static inline uint64_t match_brackets(const struct block *block)
{
	const uint64_t *b = block->planes;

	return ~b[7] & b[6] & b[4] & b[3] & b[0];
}

static inline uint64_t match_digits(const struct block *block)
{
	const uint64_t *b = block->planes;

	return ~b[7] & ~b[6] & b[5] & b[4] & ~(b[3] & (b[2] | b[1]));
}

/* 22 2F, 5C, 62 66 6E, 72 74 75: by their rows. */
static inline uint64_t match_escapable(const struct block *block)
{
	const uint64_t *b = block->planes;
	const uint64_t row2 = ~b[6] & b[5] & ~b[4];
	const uint64_t row5 = b[6] & ~b[5] & b[4];
	const uint64_t row6 = b[6] & b[5] & ~b[4];
	const uint64_t row7 = b[6] & b[5] & b[4];
	const uint64_t column2 = ~b[3] & ~b[2] & b[1] & ~b[0];
	const uint64_t column45 = ~b[3] & b[2] & ~b[1];
	const uint64_t column6 = ~b[3] & b[2] & b[1] & ~b[0];
	const uint64_t column_c = b[3] & b[2] & ~b[1] & ~b[0];
	const uint64_t column_e = b[3] & b[2] & b[1] & ~b[0];
	const uint64_t column_f = b[3] & b[2] & b[1] & b[0];

	return ~b[7] & ((row2 & (column2 | column_f)) | (row5 & column_c) |
			(row6 & (column2 | column6 | column_e)) | (row7 & (column2 | column45)));
}

static inline uint64_t match_hex(const struct block *block)
{
	const uint64_t *b = block->planes;

	return match_digits(block) | (~b[7] & b[6] & ~b[4] & ~b[3] & (b[2] | b[1] | b[0]) &
				      ~(b[2] & b[1] & b[0]));
}

static inline uint64_t has_special(const struct block *block)
{
	return block->planes[7] | ~(block->planes[6] | block->planes[5]);
}

static inline void split(const struct block *block, uint64_t planes[8])
{
	memcpy(planes, block->planes, sizeof block->planes);
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

#define SCAN_FORM weir__scan_portable
#include "kit/scan_core.h"
