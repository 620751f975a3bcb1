/* SPDX-License-Identifier: MIT */
/*
 * JSON strings to and from UTF-8.
 *
 * Guarantees: what comes out is UTF-8 when what went in was (a cut by `size` aside); escapes that
 * spell no character (lone surrogates) come out as U+FFFD, so do bytes that are not UTF-8 on the
 * way in, one U+FFFD each; nothing is read outside the slice even if it is no valid string.
 *
 * Undoing goes piece by piece: a run of bytes that stand for themselves, or one escape. No piece
 * spells more bytes than it has, so a text can be undone in place.
 *
 * Callers: fields, matchers, templates, formats, the scan for names with escapes.
 */
#include "kit/text.h"

#include <string.h>

#include "kit/utf8.h"

#define REPLACEMENT 0xfffdu

/* What one piece of a string's inside spells. */
struct piece {
	const uint8_t *data;	/* in the text, or in `spelled` */
	size_t len;
	uint8_t spelled[4];
};

/* The value of four hexadecimal digits behind `\u` at `at`; UINT32_MAX when they are not there. */
static uint32_t read_unit(const uint8_t *at, const uint8_t *end)
{
	uint32_t unit = 0;

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return UINT32_MAX;
	for (size_t i = 2; i < 6; i++) {
		const uint8_t lower = at[i] | 0x20;

		if (at[i] >= '0' && at[i] <= '9')
			unit = unit << 4 | (at[i] - (uint32_t)'0');
		else if (lower >= 'a' && lower <= 'f')
			unit = unit << 4 | (lower - (uint32_t)'a' + 10);
		else
			return UINT32_MAX;
	}
	return unit;
}

/* `\uXXXX`, or a pair of them; answers the bytes it takes in the text. */
static size_t read_code_escape(const uint8_t *at, const uint8_t *end, struct piece *piece)
{
	const uint32_t high = read_unit(at, end);
	uint32_t code = high;
	size_t taken = 6;

	if (high >= 0xd800 && high < 0xdc00) {
		const uint32_t low = read_unit(at + 6, end);

		code = REPLACEMENT;
		if (low >= 0xdc00 && low < 0xe000) {
			code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
			taken = 12;
		}
	} else if (high >= 0xdc00 && high < 0xe000) {
		code = REPLACEMENT;
	} else if (high == UINT32_MAX) {	/* no valid string: it stands for itself */
		code = '\\';
		taken = 1;
	}
	piece->len = weir__utf8_write(code, piece->spelled);
	return taken;
}

static size_t read_escape(const uint8_t *at, const uint8_t *end, struct piece *piece)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *name = end - at >= 2 && at[1] ? strchr(names, at[1]) : NULL;

	piece->data = piece->spelled;
	if (!name)
		return read_code_escape(at, end, piece);
	piece->spelled[0] = (uint8_t)values[name - names];
	piece->len = 1;
	return 2;
}

/* Reads a piece at `at`, before `end`; answers the place behind. */
static const uint8_t *read_piece(const uint8_t *at, const uint8_t *end, struct piece *piece)
{
	const uint8_t *backslash;

	if (*at == '\\')
		return at + read_escape(at, end, piece);
	backslash = memchr(at, '\\', (size_t)(end - at));
	piece->data = at;
	piece->len = (size_t)((backslash ? backslash : end) - at);
	return at + piece->len;
}

size_t weir__text_unescape(struct weir_slice text, char *out, size_t size)
{
	const uint8_t *at = text.data;
	const uint8_t *end = text.len ? at + text.len : at;
	size_t len = 0;

	while (at != end) {
		struct piece piece;

		at = read_piece(at, end, &piece);
		if (len < size)
			memmove(out + len, piece.data,
				piece.len < size - len ? piece.len : size - len);
		len += piece.len;
	}
	return len;
}

/* Whether `text` spells `want`, or something that begins with it. */
static bool spells(struct weir_slice text, struct weir_slice want, bool whole)
{
	const uint8_t *at = text.data;
	const uint8_t *end = text.len ? at + text.len : at;
	size_t len = 0;

	while (at != end && len < want.len) {
		struct piece piece;
		size_t compared;

		at = read_piece(at, end, &piece);
		compared = piece.len < want.len - len ? piece.len : want.len - len;
		if (memcmp(piece.data, (const uint8_t *)want.data + len, compared) != 0 ||
		    (whole && compared < piece.len))
			return false;
		len += compared;
	}
	return len == want.len && (!whole || at == end);
}

bool weir__text_equals(struct weir_slice text, bool escaped, struct weir_slice want)
{
	if (escaped)
		return spells(text, want, true);
	return text.len == want.len && (!want.len || memcmp(text.data, want.data, want.len) == 0);
}

bool weir__text_starts(struct weir_slice text, bool escaped, struct weir_slice prefix)
{
	if (escaped)
		return spells(text, prefix, false);
	return text.len >= prefix.len &&
	       (!prefix.len || memcmp(text.data, prefix.data, prefix.len) == 0);
}

/* How the character at `at` stands in a JSON string; answers the bytes it takes in the text. */
static size_t escape_character(const uint8_t *at, size_t left, struct piece *piece,
			       uint8_t escape[6])
{
	static const char digits[] = "0123456789abcdef";
	const size_t taken = weir__utf8_read(at, left);

	*piece = (struct piece){ .data = at, .len = taken };
	if (!taken) {
		piece->len = weir__utf8_write(REPLACEMENT, escape);
		piece->data = escape;
		return 1;
	}
	if (*at == '"' || *at == '\\') {
		escape[0] = '\\';
		escape[1] = *at;
		piece->data = escape;
		piece->len = 2;
	} else if (*at < ' ') {
		memcpy(escape, "\\u00", 4);
		escape[4] = (uint8_t)digits[*at >> 4];
		escape[5] = (uint8_t)digits[*at & 15];
		piece->data = escape;
		piece->len = 6;
	}
	return taken;
}

size_t weir__text_escape(struct weir_slice bytes, char *out, size_t size)
{
	const uint8_t *data = bytes.data;
	size_t len = 0;

	for (size_t at = 0; at < bytes.len;) {
		struct piece piece;
		uint8_t escape[6];

		at += escape_character(data + at, bytes.len - at, &piece, escape);
		if (len < size)
			memcpy(out + len, piece.data,
			       piece.len < size - len ? piece.len : size - len);
		len += piece.len;
	}
	if (size)
		out[len < size ? len : size - 1] = '\0';
	return len;
}

bool weir__text_is_utf8(struct weir_slice bytes)
{
	const uint8_t *data = bytes.data;
	size_t at = 0;

	while (at < bytes.len) {
		uint64_t word;
		size_t len;

		while (bytes.len - at >= sizeof word) {
			memcpy(&word, data + at, sizeof word);
			if (word & 0x8080808080808080u)
				break;
			at += sizeof word;
		}
		if (at == bytes.len)
			break;
		len = weir__utf8_read(data + at, bytes.len - at);
		if (!len)
			return false;
		at += len;
	}
	return true;
}
