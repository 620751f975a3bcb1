/* SPDX-License-Identifier: MIT */
/*
 * Writing and reading forms.
 *
 * Guarantees: what weir__form_append wrote, weir__form_next reads back; a broken escape is an
 * error and never a guess; everything decoded is wiped when it is released, as a form may carry a
 * secret. Callers: oauth1.c, and connectors for their bodies and queries.
 */
#include "wire/form.h"

#include <string.h>

#include "ground/error.h"
#include "wire/liboauth.h"

char *weir__form_escape(const struct weir_env *env, const char *text)
{
	return weir__liboauth_escape(env, text);
}

char *weir__form_forget(const struct weir_env *env, char *text)
{
	size_t len;

	if (!text)
		return NULL;
	len = strlen(text);
	explicit_bzero(text, len);
	return weir__free(env, text, len + 1);
}

void weir__form_field_release(const struct weir_env *env, struct weir__form_field *field)
{
	field->name = weir__form_forget(env, field->name);
	field->value = weir__form_forget(env, field->value);
}

enum weir_status weir__form_append(const struct weir_env *env, char **form, const char *name,
				   const char *value, struct weir_error *err)
{
	struct weir__form_field escaped = {
		.name = weir__form_escape(env, name),
		.value = weir__form_escape(env, value),
	};
	char *longer = NULL;

	if (escaped.name && escaped.value)
		longer = weir__text_format(env, "%s%s%s=%s", *form ? *form : "", *form ? "&" : "",
					   escaped.name, escaped.value);
	weir__form_field_release(env, &escaped);
	if (!longer)
		return weir__error_no_memory(err);
	weir__form_forget(env, *form);
	*form = longer;
	return WEIR_OK;
}

/* Below zero when it is no hex digit. */
static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The byte at `*at`, which moves behind it; below zero when it is a broken escape or a zero. */
static int decode_byte(struct weir_slice text, size_t *at)
{
	const char *chars = text.data;
	const char c = chars[*at];
	int high, low;

	if (c != '%') {
		*at += 1;
		return c == '+' ? ' ' : c == '\0' ? -1 : (unsigned char)c;
	}
	if (text.len - *at < 3)
		return -1;
	high = digit_value(chars[*at + 1]);
	low = digit_value(chars[*at + 2]);
	*at += 3;
	return high < 0 || low < 0 || high + low == 0 ? -1 : high * 16 + low;
}

static enum weir_status decode(const struct weir_env *env, struct weir_slice text, const char *what,
			       char **ret, struct weir_error *err)
{
	char *decoded;
	size_t len = 0;

	for (size_t at = 0; at < text.len; len++) {
		if (decode_byte(text, &at) < 0)
			return weir__error_invalid(err, "cannot read %s: it has a zero byte, or a "
						   "'%%' without two hex digits behind it", what);
	}
	decoded = weir__alloc(env, len + 1);
	if (!decoded)
		return weir__error_no_memory(err);
	for (size_t at = 0, n = 0; at < text.len; n++)
		decoded[n] = (char)decode_byte(text, &at);
	*ret = decoded;
	return WEIR_OK;
}

/* What stands before `separator`; `rest` moves behind it. */
static struct weir_slice cut(struct weir_slice *rest, char separator)
{
	const char *start = rest->data;
	const char *end = rest->len ? memchr(start, separator, rest->len) : NULL;
	const size_t len = end ? (size_t)(end - start) : rest->len;
	const size_t skip = end ? len + 1 : len;

	*rest = (struct weir_slice){ .data = skip ? start + skip : start, .len = rest->len - skip };
	return (struct weir_slice){ .data = start, .len = len };
}

enum weir_status weir__form_next(const struct weir_env *env, struct weir_slice *rest,
				 const char *what, struct weir__form_field *ret_field,
				 struct weir_error *err)
{
	struct weir__form_field field = { 0 };
	struct weir_slice after = *rest;
	struct weir_slice value = { 0 };
	struct weir_slice name;
	enum weir_status status;

	while (value.len == 0 && after.len > 0)
		value = cut(&after, '&');
	if (value.len == 0)
		return WEIR_END;
	name = cut(&value, '=');
	status = decode(env, name, what, &field.name, err);
	if (status == WEIR_OK)
		status = decode(env, value, what, &field.value, err);
	if (status < 0) {
		weir__form_field_release(env, &field);
		return status;
	}
	*ret_field = field;
	*rest = after;
	return WEIR_OK;
}
