/* SPDX-License-Identifier: MIT */
/*
 * Settings: keys and values with the places they came from, in the order in which they came.
 *
 * The last of a key counts. Each is marked when something understood it; those that nothing did
 * are told at the end.
 */
#ifndef WEIR_CONFIG_SETTINGS_H
#define WEIR_CONFIG_SETTINGS_H

#include "ground/env.h"
#include "weir/config.h"

struct weir__setting {
	struct weir__setting *next;
	char *key, *value;
	const char *file;	/* NULL: set by a call */
	unsigned line;
	bool is_used;		/* understood, or a later one took its place */
	bool is_secret;		/* its value came from somewhere that is not shown */
};

struct weir__settings {
	const struct weir_env *env;
	struct weir__setting *first, **end;
};

void weir__settings_init(struct weir__settings *settings, const struct weir_env *env);
void weir__settings_release(struct weir__settings *settings);
/* Copies key and value; `like` lends file, line and secrecy, NULL: none. NULL: out of memory. */
struct weir__setting *weir__settings_add(struct weir__settings *settings, const char *key,
					 const char *value, const struct weir__setting *like);
/* The one that counts, marked as used, as are those it replaces; NULL: there is none. */
struct weir__setting *weir__settings_take(struct weir__settings *settings, const char *key);
/* Where it stands, for errors: "FILE:LINE: KEY". */
void weir__settings_place(const struct weir__setting *setting, char *ret, size_t size);
/* An error about a setting: "FILE:LINE: KEY: …". */
enum weir_status weir__settings_wrong(struct weir_error *err, const struct weir__setting *setting,
				      const char *format, ...) WEIR_PRINTF(3, 4);

#endif
