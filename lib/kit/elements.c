/* SPDX-License-Identifier: MIT */
/*
 * Walking an array whose text is known to be valid: brackets are counted, strings are passed over.
 *
 * Guarantees: reads no byte outside the array, whatever is in it; linear. Callers: formats.
 */
#include "kit/elements.h"

struct weir__elements weir__elements_of(struct weir_slice array)
{
	const char *text = array.data;

	if (array.len < 2)
		return (struct weir__elements){ 0 };
	return (struct weir__elements){ text + 1, text + array.len - 1 };
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Behind the string that begins at `at`. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : end;
}

/* Behind the value: at the comma or the end. */
static const char *skip_value(const char *at, const char *end)
{
	size_t depth = 0;

	while (at < end) {
		if (*at == '"') {
			at = skip_string(at, end);
			continue;
		}
		if (*at == ',' && depth == 0)
			break;
		depth += *at == '{' || *at == '[';
		depth -= (*at == '}' || *at == ']') && depth > 0;
		at++;
	}
	return at;
}

bool weir__elements_next(struct weir__elements *elements, struct weir_slice *ret)
{
	const char *at = elements->at, *behind;

	while (at < elements->end && is_space(*at))
		at++;
	if (at >= elements->end)
		return false;
	behind = skip_value(at, elements->end);
	elements->at = behind < elements->end ? behind + 1 : behind;
	while (behind > at && is_space(behind[-1]))
		behind--;
	*ret = (struct weir_slice){ at, (size_t)(behind - at) };
	return true;
}
