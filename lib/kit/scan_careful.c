/* SPDX-License-Identifier: MIT */
/*
 * The scan byte by byte, without a plan: it says where and why a text is not JSON.
 *
 * Guarantees: accepts exactly what the pass accepts; no recursion; a bit for each open container
 * says whether it is an object. Functions that read take the place they read
 * from and answer the place behind, or NULL after fail(). Called for texts that are no object or
 * array, and for those that are not JSON when somebody asks why.
 */
#include <string.h>

#include "kit/scan_internal.h"
#include "kit/utf8.h"

struct reader {
	const uint8_t *text;
	const uint8_t *end;
	const uint8_t *wrong_at;
	const char *wrong;
	uint32_t depth;		/* open containers */
	uint64_t objects[WEIR__SCAN_DEPTH / 64];
};

static const uint8_t hex_digits[256] = {
	['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1,
	['8'] = 1, ['9'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1,
	['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1,
};

static const uint8_t short_escapes[256] = {
	['"'] = 1, ['\\'] = 1, ['/'] = 1, ['b'] = 1, ['f'] = 1, ['n'] = 1, ['r'] = 1, ['t'] = 1,
};

static const uint8_t *fail(struct reader *reader, const uint8_t *at, const char *reason)
{
	reader->wrong_at = at;
	reader->wrong = reason;
	return NULL;
}

/* The byte at `at`; behind the text a zero, which begins and continues nothing. */
static uint8_t peek(const struct reader *reader, const uint8_t *at)
{
	return at < reader->end ? *at : 0;
}

static const uint8_t *skip_space(const struct reader *reader, const uint8_t *at)
{
	while (at < reader->end && *at <= ' ' &&
	       (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	return at;
}

static bool is_digit(uint8_t byte)
{
	return (uint8_t)(byte - '0') < 10;
}

static const uint8_t *skip_digits(const struct reader *reader, const uint8_t *at)
{
	while (at < reader->end && is_digit(*at))
		at++;
	return at;
}

static const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at >= ' ' && *at < 0x80 && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* One escape or several in a row. */
static const uint8_t *read_escapes(struct reader *reader, const uint8_t *at)
{
	do {
		if (reader->end - at < 2)
			return fail(reader, reader->end, "the text ends inside an escape");
		if (at[1] != 'u') {
			if (!short_escapes[at[1]])
				return fail(reader, at, "an escape that is none");
			at += 2;
			continue;
		}
		if (reader->end - at < 6)
			return fail(reader, reader->end, "the text ends inside an escape");
		if (!(hex_digits[at[2]] & hex_digits[at[3]] & hex_digits[at[4]] &
		      hex_digits[at[5]]))
			return fail(reader, at, "a \\u without four hexadecimal digits");
		at += 6;
	} while (peek(reader, at) == '\\');
	return at;
}

static const uint8_t *read_wide_characters(struct reader *reader, const uint8_t *at)
{
	do {
		const size_t len = weir__utf8_read(at, (size_t)(reader->end - at));

		if (!len)
			return fail(reader, at, "bytes that are not UTF-8");
		at += len;
	} while (peek(reader, at) >= 0x80);
	return at;
}

/* From behind a string's opening quote to its closing one. */
static const uint8_t *read_string(struct reader *reader, const uint8_t *at)
{
	while (at) {
		at = skip_plain(at, reader->end);
		if (at == reader->end)
			return fail(reader, at, "the text ends inside a string");
		if (*at == '"')
			return at;
		if (*at == '\\')
			at = read_escapes(reader, at);
		else if (*at >= 0x80)
			at = read_wide_characters(reader, at);
		else
			return fail(reader, at, "a control character in a string");
	}
	return NULL;
}

static const uint8_t *read_number(struct reader *reader, const uint8_t *at)
{
	if (*at == '-')
		at++;
	if (!is_digit(peek(reader, at)))
		return fail(reader, at, "a '-' without a digit behind it");
	at = *at == '0' ? at + 1 : skip_digits(reader, at);
	if (peek(reader, at) == '.') {
		at++;
		if (!is_digit(peek(reader, at)))
			return fail(reader, at, "a number's '.' without a digit behind it");
		at = skip_digits(reader, at);
	}
	if (peek(reader, at) == 'e' || peek(reader, at) == 'E') {
		at++;
		if (peek(reader, at) == '+' || peek(reader, at) == '-')
			at++;
		if (!is_digit(peek(reader, at)))
			return fail(reader, at, "a number's exponent without a digit");
		at = skip_digits(reader, at);
	}
	return at;
}

static const uint8_t *read_literal(struct reader *reader, const uint8_t *at, const char *literal,
				   size_t len)
{
	if ((size_t)(reader->end - at) < len || memcmp(at, literal, len) != 0)
		return fail(reader, at, "neither a value nor an end of one");
	return at + len;
}

/* A value that is no container. */
static const uint8_t *read_scalar(struct reader *reader, const uint8_t *at)
{
	switch (peek(reader, at)) {
	case '"':
		at = read_string(reader, at + 1);
		return at ? at + 1 : NULL;
	case 'n':
		return read_literal(reader, at, "null", 4);
	case 't':
		return read_literal(reader, at, "true", 4);
	case 'f':
		return read_literal(reader, at, "false", 5);
	case '-': case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return read_number(reader, at);
	default:
		return fail(reader, at, at < reader->end ? "no value where one must stand"
						     : "the text ends where a value must stand");
	}
}

static bool is_in_object(const struct reader *reader)
{
	const uint32_t top = reader->depth - 1;

	return reader->objects[top / 64] >> (top % 64) & 1;
}

static void open_container(struct reader *reader, bool object)
{
	const uint64_t bit = (uint64_t)1 << (reader->depth % 64);
	uint64_t *word = &reader->objects[reader->depth / 64];

	*word = object ? *word | bit : *word & ~bit;
	reader->depth++;
}

/* A member's name and colon; behind them its value stands. */
static const uint8_t *read_name(struct reader *reader, const uint8_t *at)
{
	at = skip_space(reader, at);
	if (peek(reader, at) != '"')
		return fail(reader, at, "no member's name where one must stand");
	at = read_string(reader, at + 1);
	if (!at)
		return NULL;
	at = skip_space(reader, at + 1);
	if (peek(reader, at) != ':')
		return fail(reader, at, "no ':' behind a member's name");
	return at + 1;
}

/* From behind a value to the next one; depth 0 says that there is none. */
static const uint8_t *next_value(struct reader *reader, const uint8_t *at)
{
	while (reader->depth > 0) {
		const bool object = is_in_object(reader);
		uint8_t byte;

		at = skip_space(reader, at);
		byte = peek(reader, at);
		if (byte == ',')
			return object ? read_name(reader, at + 1) : at + 1;
		if (byte != (object ? '}' : ']'))
			return fail(reader, at, object ? "neither ',' nor '}' behind a member"
						       : "neither ',' nor ']' behind an element");
		reader->depth--;
		at++;
	}
	return at;
}

static const uint8_t *read_values(struct reader *reader, const uint8_t *at)
{
	do {
		uint8_t byte;

		at = skip_space(reader, at);
		byte = peek(reader, at);
		if (reader->depth == WEIR__SCAN_DEPTH)
			return fail(reader, at, "values nested too deep");
		if (byte == '{' || byte == '[') {
			open_container(reader, byte == '{');
			at = skip_space(reader, at + 1);
			if (peek(reader, at) != (byte == '{' ? '}' : ']')) {
				at = byte == '{' ? read_name(reader, at) : at;
				continue;
			}
		} else {
			at = read_scalar(reader, at);
		}
		if (at)
			at = next_value(reader, at);
	} while (at && reader->depth > 0);
	return at;
}

bool weir__scan_careful(const uint8_t *text, size_t len, struct weir__scan_error *ret_error)
{
	struct reader reader = { .text = text, .end = text + len };
	const uint8_t *at = read_values(&reader, text);

	if (at)
		at = skip_space(&reader, at);
	if (at && at < reader.end)
		at = fail(&reader, at, "something stands behind the value");
	if (!at && ret_error)
		*ret_error = (struct weir__scan_error){ .at = (size_t)(reader.wrong_at - text),
							.reason = reader.wrong };
	return at;
}
