/* SPDX-License-Identifier: MIT */
/*
 * Secrets, taken out of what is said.
 *
 * A value that came through ${…}, or that is a credential's, may stand in the words of a connector:
 * as an address, as a path; as one item of a list; cut, where only its beginning is shown.
 * Guarantee: of LEAST_BYTES and more it does not leave the configuration, of a cut one its first
 * CUT_BYTES. What is found is marked first, so that one secret is no less hidden for being in
 * another. Called by config.c and check.c, for errors and lines.
 */
#include <ctype.h>
#include <string.h>

#include "config/internal.h"

#define LEAST_BYTES 4	/* shorter ones are no secret, and would hide half of a text */
#define CUT_BYTES 16
#define MASK "(secret)"

struct hiding {
	const char *text, *end;
	bool *is_hidden;	/* each byte */
};

static size_t count_alike(const char *text, const char *secret, size_t len)
{
	size_t alike = 0;

	while (alike < len && text[alike] == secret[alike])
		alike++;
	return alike;
}

/* Whether it is a word by itself, and not a part of one. */
static bool stands_alone(const struct hiding *in, const char *at, size_t len)
{
	return (at == in->text || !isalnum((unsigned char)at[-1])) &&
	       !isalnum((unsigned char)at[len]);
}

static void mark(const struct hiding *in, const char *secret, size_t len, bool is_item)
{
	const size_t least = len < CUT_BYTES ? len : CUT_BYTES;
	const char *at = in->text;
	size_t alike;

	for (; (at = memmem(at, (size_t)(in->end - at), secret, least)); at += alike) {
		alike = count_alike(at, secret, len);
		if (alike == len ? !is_item || stands_alone(in, at, len)
				 : at[alike] == '\'' || at + alike == in->end)
			memset(in->is_hidden + (at - in->text), true, alike);
	}
}

/* All of it, and where it is a list each item. */
static void mark_all(const struct hiding *in, const char *secret)
{
	const char *at = secret;

	mark(in, secret, strlen(secret), false);
	while (strchr(secret, ',') && *at) {
		const char *item = at + strspn(at, " \t\r\n\f");
		size_t len = strcspn(item, ",");

		at = item + len + (item[len] == ',');
		while (len > 0 && strchr(" \t\r\n\f", item[len - 1]))
			len--;
		if (len >= LEAST_BYTES)
			mark(in, item, len, true);
	}
}

static char *copy_without(const weir_config *config, const struct hiding *in)
{
	const size_t len = (size_t)(in->end - in->text);
	struct weir__bytes bytes;
	char *copy;

	weir__bytes_init(&bytes, &config->env);
	for (size_t i = 0; i < len; i++) {
		if (!in->is_hidden[i])
			weir__bytes_add(&bytes, in->text + i, 1);
		else if (i == 0 || !in->is_hidden[i - 1])
			weir__bytes_add_text(&bytes, MASK);
	}
	weir__bytes_add(&bytes, "", 1);
	copy = bytes.has_failed ? NULL : weir__text_copy(&config->env, bytes.data);
	weir__bytes_release(&bytes);
	return copy;
}

char *weir__secrets_hide(const weir_config *config, const char *text)
{
	const size_t len = strlen(text);
	struct hiding in = { text, text + len, weir__alloc(&config->env, len + 1) };
	char *hidden;

	if (!in.is_hidden)
		return NULL;
	for (const struct weir__setting *at = config->given.secrets; at; at = at->next_secret)
		if (strlen(at->value) >= LEAST_BYTES)
			mark_all(&in, at->value);
	hidden = copy_without(config, &in);
	weir__free(&config->env, in.is_hidden, len + 1);
	return hidden;
}

void weir__secrets_hide_error(const weir_config *config, struct weir_error *err)
{
	const struct weir_error given = *err;
	char *hidden = weir__secrets_hide(config, err->text);

	if (hidden && strcmp(hidden, given.text) == 0) {
		weir__text_free(&config->env, hidden);
		return;
	}
	weir_error_set(err, given.status, given.remedy, "%s",
		       hidden ? hidden : "out of memory, and the words may hold a secret");
	err->os_error = given.os_error;
	err->remote_code = given.remote_code;
	weir__text_free(&config->env, hidden);
}
