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
#define MOST_KEY_BYTES 100
#define PART_NAMES 3	/* weir.SECTION.NAME */

void weir__settings_init(struct weir__settings *settings, const struct weir_env *env)
{
	*settings = (struct weir__settings){ .env = env };
	settings->end = &settings->first;
	weir__table_init(&settings->last, env);
	weir__table_init(&settings->parts, env);
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
	settings->secrets = NULL;
	weir__table_release(&settings->last);
	weir__table_release(&settings->parts);
}

/* Of a key, or of the beginning of one: its first three names, without the last of all. */
static size_t part_len(const char *key)
{
	size_t len = 0;

	for (int names = 0; names < PART_NAMES; names++) {
		const char *dot = strchr(key + len + (len > 0), '.');

		if (!dot)
			break;
		len = (size_t)(dot - key);
	}
	return len;
}

/* False when out of memory: the part may then be there, and empty. */
static bool make_part(struct weir__settings *settings, const char *key)
{
	const size_t len = part_len(key);

	return weir__table_find(&settings->parts, key, len) ||
	       weir__table_add(&settings->parts, key, len, NULL);
}

/* There is the part. */
static void join_part(struct weir__settings *settings, struct weir__setting *setting)
{
	struct weir__table_entry *entry =
		weir__table_find(&settings->parts, setting->key, part_len(setting->key));
	struct weir__setting *first = entry->value;

	if (first)
		first->part_end->beside = setting;
	else
		entry->value = first = setting;
	first->part_end = setting;
}

struct weir__setting *weir__settings_part(const struct weir__settings *settings,
					  const char *prefix)
{
	const struct weir__table_entry *entry =
		weir__table_find(&settings->parts, prefix, part_len(prefix));

	return entry ? entry->value : NULL;
}

/* Makes it the last of its key. */
static bool enter(struct weir__settings *settings, struct weir__setting *setting)
{
	const size_t len = strlen(setting->key);
	struct weir__table_entry *entry = weir__table_find(&settings->last, setting->key, len);

	if (!entry)
		return weir__table_add(&settings->last, setting->key, len, setting) != NULL;
	setting->before = entry->value;
	entry->value = setting;
	return true;
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
	}
	setting->key = weir__text_copy(settings->env, key);
	setting->value = weir__text_copy(settings->env, value);
	if (!setting->key || !setting->value || !make_part(settings, key) ||
	    !enter(settings, setting)) {
		setting_free(settings->env, setting);
		return NULL;
	}
	join_part(settings, setting);
	if (like && like->is_secret)
		weir__settings_hide(settings, setting);
	*settings->end = setting;
	settings->end = &setting->next;
	settings->count++;
	settings->bytes += strlen(value) + 1;
	return setting;
}

void weir__settings_hide(struct weir__settings *settings, struct weir__setting *setting)
{
	if (setting->is_secret)
		return;
	setting->is_secret = true;
	setting->next_secret = settings->secrets;
	settings->secrets = setting;
}

struct weir__setting *weir__settings_find(const struct weir__settings *settings, const char *key)
{
	const struct weir__table_entry *entry = weir__table_find(&settings->last, key, strlen(key));

	return entry ? entry->value : NULL;
}

struct weir__setting *weir__settings_take(struct weir__settings *settings, const char *key)
{
	struct weir__setting *found = weir__settings_find(settings, key);

	for (struct weir__setting *at = found; at; at = at->before)
		at->is_used = true;
	return found;
}

/* A long path by its end: that names the file. */
size_t weir__settings_line(const struct weir__setting *setting, char *ret, size_t size)
{
	const size_t len = setting->file ? strlen(setting->file) : 0;
	const char *path = setting->file;

	*ret = '\0';
	if (!path)
		return 0;
	if (len > MOST_PATH_BYTES) {
		path += len - MOST_PATH_BYTES;
		while (((unsigned char)*path & 0xc0) == 0x80)
			path++;
	}
	return (size_t)snprintf(ret, size, "%s%s:%u: ", path == setting->file ? "" : "…", path,
				setting->line);
}

/* A long key by its beginning. */
void weir__settings_place(const struct weir__setting *setting, char *ret, size_t size)
{
	const size_t len = weir__settings_line(setting, ret, size), key_len = strlen(setting->key);
	const bool is_long = key_len > MOST_KEY_BYTES;

	snprintf(ret + len, size - len, "%.*s%s", is_long ? MOST_KEY_BYTES : (int)key_len,
		 setting->key, is_long ? "…" : "");
}

enum weir_status weir__settings_wrong(struct weir_error *err, const struct weir__setting *setting,
				      const char *format, ...)
{
	char place[WEIR__PLACE_BYTES], words[sizeof err->text];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	weir__settings_place(setting, place, sizeof place);
	return weir__error_invalid(err, "%s: %s", place, words);
}
