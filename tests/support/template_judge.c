/* SPDX-License-Identifier: MIT */
/* Character by character, with the limits of the reference written out. */
#include "support/template_judge.h"

#include <stdlib.h>
#include <string.h>

#define MOST_FIELD_BYTES 100
#define MOST_TOPIC_BYTES 249

static void add(struct judged_text *text, const void *bytes, size_t len)
{
	if (len > sizeof text->bytes - text->len)
		len = sizeof text->bytes - text->len;
	if (len)
		memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

static bool is_dots(const char *bytes, size_t len)
{
	return (len == 1 && bytes[0] == '.') || (len == 2 && bytes[0] == '.' && bytes[1] == '.');
}

static void add_field(struct judged_text *text, struct weir_slice field)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	const char *bytes = field.data;

	text->is_fixed = false;
	text->is_gone |= bytes == NULL;
	text->is_illegal |= field.len == 0 || field.len > MOST_FIELD_BYTES;
	for (size_t i = 0; i < field.len; i++)
		text->is_illegal |= !memchr(plain, bytes[i], sizeof plain - 1);
	text->is_dotted |= is_dots(bytes, field.len);
	add(text, bytes, field.len);
}

void template_judge_fill(const char *source, template_judge_field_fn *field_of, void *user,
			 struct judged_text *ret)
{
	*ret = (struct judged_text){ .is_fixed = true };
	while (*source) {
		if (*source != '{' || source[1] == '{') {
			add(ret, source, 1);
			source += *source == '{' || *source == '}' ? 2 : 1;
		} else {
			char *field = strndup(source + 1, strcspn(source, "}") - 1);

			source += strlen(field) + 2;
			add_field(ret, field_of(user, field));
			free(field);
		}
	}
}

static bool has_dots_folder(const struct judged_text *text)
{
	size_t begin = 0;

	for (size_t at = 0; at <= text->len; at++) {
		if (at < text->len && text->bytes[at] != '/')
			continue;
		if (is_dots(text->bytes + begin, at - begin))
			return true;
		begin = at + 1;
	}
	return false;
}

bool template_judge_is_destination(const struct judged_text *text)
{
	return !text->is_gone && !text->is_illegal && text->len > 0 &&
	       text->len <= MOST_TOPIC_BYTES && !is_dots(text->bytes, text->len) &&
	       !(text->is_dotted && has_dots_folder(text));
}
