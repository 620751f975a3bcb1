/* SPDX-License-Identifier: MIT */
/*
 * What the pass computes with marks: words of 64 bits, a bit for each byte of a block, the first
 * byte's the lowest.
 *
 * Some of it needs to know the bytes themselves. Planes say that: bit i of planes[k] is bit k of
 * byte i, so that a class of bytes is a boolean expression, of 64 bytes at once.
 */
#ifndef WEIR_KIT_SCAN_BITS_H
#define WEIR_KIT_SCAN_BITS_H

#include <stdint.h>
#include <string.h>

/* What characters of several bytes leave to the next block. */
struct utf8_carry {
	uint64_t continuation;		/* these must be continuation bytes */
	uint64_t e0, ed, f0, f4;	/* the first byte is the second of such a character */
};

/* 8 bytes, the first the lowest. */
static inline uint64_t load_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/*
 * Moves each mark that stands on a run to the byte behind the run: the sum's carry walks there.
 *
 *     runs       ...111111....111.      marks stand at the beginnings of runs,
 *     marks      ...1..........1..      or where there is no run
 *     sum        .........1.......
 */
static inline uint64_t pass(uint64_t marks, uint64_t runs, uint64_t *overflow)
{
	const uint64_t sum = marks + runs;

	*overflow = sum < marks;
	return sum & ~runs;
}

/* What comes next behind these tokens, past white space. */
static inline uint64_t follow(uint64_t tokens, uint64_t space, uint64_t *carry)
{
	uint64_t next = tokens << 1 | *carry;
	uint64_t overflow;

	*carry = tokens >> 63;
	if (space) {
		next = pass(next, space, &overflow);
		*carry |= overflow;
	}
	return next;
}

/*
 * The characters with a backslash before them that is not one of these itself: behind runs of
 * backslashes of odd length. A run that begins at an even byte and ends at an odd one is such.
 */
static inline uint64_t find_escaped(uint64_t backslash, uint64_t *carry)
{
	const uint64_t even = UINT64_MAX / 3;
	const uint64_t open = backslash & ~*carry;
	const uint64_t begin = open & ~(open << 1);
	uint64_t overflow_even, overflow_odd;
	const uint64_t from_even = pass(begin & even, open, &overflow_even);
	const uint64_t from_odd = pass(begin & ~even, open, &overflow_odd);
	const uint64_t escaped = (from_even & ~even) | (from_odd & even) | *carry;

	*carry = overflow_odd;	/* 64 is even */
	return escaped;
}

/* The four bytes behind each mark. */
static inline uint64_t next_four(uint64_t marks, uint64_t *carry)
{
	const uint64_t next = marks << 1 | marks << 2 | marks << 3 | marks << 4 | *carry;

	*carry = marks >> 63 | marks >> 62 | marks >> 61 | marks >> 60;
	return next;
}

/* Bytes that break UTF-8: as RFC 3629 has it, without overlong forms and surrogates. */
static inline uint64_t check_utf8(const uint64_t b[8], struct utf8_carry *carry)
{
	const uint64_t lead = b[7] & b[6];		/* C0 … FF */
	const uint64_t lead34 = lead & b[5];		/* E0 … FF */
	const uint64_t lead4 = lead34 & b[4];		/* F0 … FF */
	const uint64_t column0 = ~(b[3] | b[2] | b[1] | b[0]);
	const uint64_t e0 = lead34 & ~b[4] & column0;
	const uint64_t ed = lead34 & ~b[4] & b[3] & b[2] & ~b[1] & b[0];
	const uint64_t f0 = lead4 & column0;
	const uint64_t f4 = lead4 & b[2];
	const uint64_t c0c1 = lead & ~b[5] & ~(b[4] | b[3] | b[2] | b[1]);
	const uint64_t above_f4 = lead4 & (b[3] | (b[2] & (b[1] | b[0])));
	const uint64_t must = lead << 1 | lead34 << 2 | lead4 << 3 | carry->continuation;
	const uint64_t second = ((e0 << 1 | carry->e0) & ~b[5]) |
				((ed << 1 | carry->ed) & b[5]) |
				((f0 << 1 | carry->f0) & ~(b[5] | b[4])) |
				((f4 << 1 | carry->f4) & (b[5] | b[4]));

	*carry = (struct utf8_carry){
		.continuation = lead >> 63 | lead34 >> 62 | lead4 >> 61,
		.e0 = e0 >> 63,
		.ed = ed >> 63,
		.f0 = f0 >> 63,
		.f4 = f4 >> 63,
	};
	return (must ^ (b[7] & ~b[6])) | c0c1 | above_f4 | second;
}

/* Tabulator, line feed and carriage return: white space other than blanks. */
static inline uint64_t find_other_space(const uint64_t b[8])
{
	return ~(b[7] | b[6] | b[5] | b[4]) & b[3] &
	       ((~b[2] & (b[1] ^ b[0])) | (b[2] & ~b[1] & b[0]));
}

#endif
