/* SPDX-License-Identifier: MIT */
/*
 * A reader of JSON texts, for the rules endpoint alone.
 *
 * Guarantee: never reads beyond the final zero; what is no JSON ends the reading. Numbers and
 * literals are not checked in detail. Called by x_rules.c.
 */
#include "json.h"

#include "memory.h"

#include <stdint.h>

#define MOST_DEPTH 64

static void pass_blanks(struct json_reader *reader)
{
	if (reader->at)
		reader->at += strspn(reader->at, " \t\r\n");
}

bool json_take(struct json_reader *reader, char character)
{
	pass_blanks(reader);
	if (!reader->at || *reader->at != character)
		return false;
	reader->at++;
	return true;
}

/* Four hex digits; -1: they are none. */
static int32_t read_hex(const char *at)
{
	int32_t value = 0;

	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = at[i] ? strchr(digits, at[i] | 0x20) : NULL;

		if (!digit)
			return -1;
		value = value * 16 + (int32_t)(digit - digits);
	}
	return value;
}

static size_t put_utf8(char *out, uint32_t point)
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (char)(0xe0 | point >> 12);
		out[1] = (char)(0x80 | (point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | point >> 18);
	out[1] = (char)(0x80 | (point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

/* `*at` stands behind the backslash. Bytes written; 0: it is no escape. */
static size_t read_escape(const char **at, char *out)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name = **at ? strchr(names, **at) : NULL;
	int32_t point, low;

	if (name) {
		*out = values[name - names];
		++*at;
		return 1;
	}
	point = **at == 'u' ? read_hex(*at + 1) : -1;
	if (point < 0)
		return 0;
	*at += 5;
	if (point < 0xd800 || point > 0xdfff)
		return put_utf8(out, (uint32_t)point);
	low = point < 0xdc00 && (*at)[0] == '\\' && (*at)[1] == 'u' ? read_hex(*at + 2) : -1;
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*at += 6;
	return put_utf8(out, 0x10000u + ((uint32_t)(point - 0xd800) << 10) +
				     (uint32_t)(low - 0xdc00));
}

char *json_read_string(struct json_reader *reader)
{
	const char *at;
	char *out;
	size_t len = 0;

	if (!json_take(reader, '"')) {
		reader->at = NULL;
		return NULL;
	}
	at = reader->at;
	out = need(malloc(strlen(at) + 1));
	while (*at && *at != '"') {
		size_t step = 1;

		if (*at == '\\') {
			at++;
			step = read_escape(&at, out + len);
		} else {
			out[len] = *at++;
		}
		if (step == 0)
			break;
		len += step;
	}
	out[len] = 0;
	reader->at = *at == '"' ? at + 1 : NULL;
	if (reader->at)
		return out;
	free(out);
	return NULL;
}

static void skip_value(struct json_reader *reader, int depth);

static void skip_list(struct json_reader *reader, char end, int depth)
{
	if (json_take(reader, end))
		return;
	do {
		if (end == '}') {
			free(json_read_string(reader));
			if (!json_take(reader, ':'))
				reader->at = NULL;
		}
		skip_value(reader, depth + 1);
	} while (json_take(reader, ','));
	if (!json_take(reader, end))
		reader->at = NULL;
}

static void skip_value(struct json_reader *reader, int depth)
{
	size_t len;

	pass_blanks(reader);
	if (!reader->at)
		return;
	if (depth > MOST_DEPTH) {
		reader->at = NULL;
	} else if (json_take(reader, '{')) {
		skip_list(reader, '}', depth);
	} else if (json_take(reader, '[')) {
		skip_list(reader, ']', depth);
	} else if (*reader->at == '"') {
		free(json_read_string(reader));
	} else {
		len = strspn(reader->at, "+-.0123456789Eeaflnrstu");
		reader->at = len ? reader->at + len : NULL;
	}
}

void json_skip(struct json_reader *reader)
{
	skip_value(reader, 0);
}
