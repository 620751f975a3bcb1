/* SPDX-License-Identifier: MIT */
/*
 * Settings. Guarantees: their order is that of the files; a value is wiped before its memory goes,
 * for it may be a secret; errors name the place and never the value of a secret. Called by all of
 * config.
 */
#include "config/settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ground/error.h"
#include "wire/form.h"

#define MOST_PATH_BYTES 60

void weir__settings_init(struct weir__settings *settings, const struct weir_env *env)
{
	*settings = (struct weir__settings){ .env = env };
	settings->end = &settings->first;
}

static void setting_free(const struct weir_env *env, struct weir__setting *setting)
{
	weir__text_free(env, setting->key);
	weir__form_forget(env, setting->value);
	weir__free(env, setting, sizeof *setting);
}

void weir__settings_release(struct weir__settings *settings)
{
	while (settings->first) {
		struct weir__setting *setting = settings->first;

		settings->first = setting->next;
		setting_free(settings->env, setting);
	}
	settings->end = &settings->first;
}

struct weir__setting *weir__settings_add(struct weir__settings *settings, const char *key,
					 const char *value, const struct weir__setting *like)
{
	struct weir__setting *setting = weir__alloc(settings->env, sizeof *setting);

	if (!setting)
		return NULL;
	if (like) {
		setting->file = like->file;
		setting->line = like->line;
		setting->is_secret = like->is_secret;
	}
	setting->key = weir__text_copy(settings->env, key);
	setting->value = weir__text_copy(settings->env, value);
	if (!setting->key || !setting->value) {
		setting_free(settings->env, setting);
		return NULL;
	}
	*settings->end = setting;
	settings->end = &setting->next;
	return setting;
}

struct weir__setting *weir__settings_take(struct weir__settings *settings, const char *key)
{
	struct weir__setting *found = NULL;

	for (struct weir__setting *at = settings->first; at; at = at->next) {
		if (strcmp(at->key, key) != 0)
			continue;
		at->is_used = true;
		found = at;
	}
	return found;
}

/* A long path by its end: that names the file. */
void weir__settings_place(const struct weir__setting *setting, char *ret, size_t size)
{
	const size_t len = setting->file ? strlen(setting->file) : 0;
	const bool is_long = len > MOST_PATH_BYTES;

	if (setting->file)
		snprintf(ret, size, "%s%s:%u: %s", is_long ? "…" : "",
			 setting->file + (is_long ? len - MOST_PATH_BYTES : 0), setting->line,
			 setting->key);
	else
		snprintf(ret, size, "%s", setting->key);
}

enum weir_status weir__settings_wrong(struct weir_error *err, const struct weir__setting *setting,
				      const char *format, ...)
{
	char place[200], words[200];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	weir__settings_place(setting, place, sizeof place);
	return weir__error_invalid(err, "%s: %s", place, words);
}
