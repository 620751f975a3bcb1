/* SPDX-License-Identifier: MIT */
/*
 * A login module's line, as Kafka's clients read it with Java's StreamTokenizer:
 *
 *     MODULE required username="alice" password='it\'s; "so"';
 *
 * Guarantees: a value is what stands between its quotes, of either kind, escapes undone; of an
 * option given twice the last counts, as there. Quotes that do not end are an error, never a
 * shorter value. Called by worker.c.
 */
#include <string.h>

#include "config/foreign.h"
#include "ground/error.h"
#include "kit/utf8.h"

#define BLANKS " \t\r\n\f\v"

/* A word of the line, its escapes still in it. */
struct word {
	const char *text;
	size_t len;
	bool is_quoted;
};

/* Behind the word, which ends where its quotes do, or one of `ends` is; NULL: the quotes do not. */
static const char *take_word(const char *at, const char *ends, struct word *ret)
{
	const char quote = *at;

	*ret = (struct word){ .text = at, .is_quoted = quote == '"' || quote == '\'' };
	if (!ret->is_quoted) {
		ret->len = strcspn(at, ends);
		return at + ret->len;
	}
	ret->text = ++at;
	for (; *at != quote; at++) {
		if (!*at || *at == '\n' || *at == '\r')
			return NULL;
		if (*at == '\\' && !*++at)
			return NULL;
	}
	ret->len = (size_t)(at - ret->text);
	return at + 1;
}

static bool is_octal(char digit)
{
	return digit >= '0' && digit <= '7';
}

/* Up to three digits, of which the first is there: a character's number, up to 0377. */
static const char *add_octal(struct weir__bytes *value, const char *at)
{
	const int most = *at <= '3' ? 3 : 2;
	uint8_t bytes[4];
	uint32_t code = 0;

	for (int i = 0; i < most && is_octal(*at); i++)
		code = code * 8 + (uint32_t)(*at++ - '0');
	weir__bytes_add(value, bytes, weir__utf8_write(code, bytes));
	return at;
}

/* What stands behind a backslash; a character that means nothing there is itself. */
static const char *add_escaped(struct weir__bytes *value, const char *at)
{
	static const char letters[] = "abfnrtv", codes[] = "\a\b\f\n\r\t\v";
	const char *letter = strchr(letters, *at);

	if (is_octal(*at))
		return add_octal(value, at);
	weir__bytes_add(value, letter ? codes + (letter - letters) : at, 1);
	return at + 1;
}

/* The word as it is meant; yours. */
static enum weir_status read_value(const struct weir_env *env, const struct word *word, char **ret,
				   struct weir_error *err)
{
	const char *at = word->text, *const end = at + word->len;
	enum weir_status status = WEIR_OK;
	struct weir__bytes value;

	weir__bytes_init_secret(&value, env);
	while (at < end) {
		if (word->is_quoted && *at == '\\')
			at = add_escaped(&value, at + 1);
		else
			weir__bytes_add(&value, at++, 1);
	}
	if (value.len && memchr(value.data, '\0', value.len))
		status = weir__error_invalid(err, "there is a zero byte in a value");
	else if (!value.has_failed)
		*ret = weir__text_copy_n(env, value.data, value.len);
	if (status == WEIR_OK && !*ret)
		status = weir__error_no_memory(err);
	weir__bytes_release(&value);
	return status;
}

enum weir_status weir__jaas_option(const struct weir_env *env, const char *text, const char *name,
				   char **ret, struct weir_error *err)
{
	struct word key, value, found = { .text = NULL };
	const char *at = text + strspn(text, BLANKS ";");

	*ret = NULL;
	for (; *at; at += strspn(at, BLANKS ";")) {
		at = take_word(at, BLANKS ";=", &key);
		if (at && at[strspn(at, BLANKS)] == '=') {
			at += strspn(at, BLANKS) + 1;
			at = take_word(at + strspn(at, BLANKS), BLANKS ";", &value);
			if (key.len == strlen(name) && memcmp(key.text, name, key.len) == 0)
				found = value;
		}
		if (!at)
			return weir__error_invalid(err, "there are quotes in it that do not end");
	}
	return found.text ? read_value(env, &found, ret, err) : WEIR_OK;
}
