/* SPDX-License-Identifier: MIT */
/*
 * Numbers, byte by byte: those that the pass cannot judge by bits.
 *
 * Guarantees: accepts what RFC 8259 calls a number, if what is behind it may stand there; reads no
 * byte outside the text. Called by the pass.
 */
#include "kit/scan_internal.h"

/* The byte at `at`; behind the text a blank, which ends everything. */
static uint8_t peek(const uint8_t *at, const uint8_t *end)
{
	return at < end ? *at : ' ';
}

/* Behind one digit or more; NULL when there is none. */
static const uint8_t *read_digits(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *begin = at;

	while (at < end && (uint8_t)(*at - '0') < 10)
		at++;
	return at > begin ? at : NULL;
}

static const uint8_t *read_number(const uint8_t *at, const uint8_t *end)
{
	at += *at == '-';
	at = peek(at, end) == '0' ? at + 1 : read_digits(at, end);
	if (at && peek(at, end) == '.')
		at = read_digits(at + 1, end);
	if (at && (peek(at, end) == 'e' || peek(at, end) == 'E')) {
		at++;
		at += peek(at, end) == '+' || peek(at, end) == '-';
		at = read_digits(at, end);
	}
	return at;
}

const uint8_t *weir__number_read(const uint8_t *at, const uint8_t *end)
{
	at = read_number(at, end);
	if (!at)
		return NULL;
	switch (peek(at, end)) {
	case ' ': case '\t': case '\n': case '\r': case ',': case ']': case '}':
		return at;
	default:
		return NULL;
	}
}
