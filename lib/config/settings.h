/* SPDX-License-Identifier: MIT */
/*
 * Settings: keys and values with the places they came from, in the order in which they came.
 *
 * The last of a key counts. Each is marked when something understood it; those that nothing did
 * are told at the end.
 */
#ifndef WEIR_CONFIG_SETTINGS_H
#define WEIR_CONFIG_SETTINGS_H

#include "kit/table.h"
#include "weir/config.h"

struct weir__setting {
	struct weir__setting *next;
	struct weir__setting *before;	/* of the same key; NULL: it is the first */
	struct weir__setting *beside;	/* the next of the same part; NULL: it is the last */
	struct weir__setting *part_end;	/* of the first of a part: the last */
	struct weir__setting *next_secret;
	char *key, *value;
	const char *file;	/* NULL: set by a call */
	unsigned line;
	bool is_used;		/* understood, or a later one took its place */
	bool is_secret;		/* its value is a credential's, or came by ${…}: not shown */
};

struct weir__settings {
	const struct weir_env *env;
	struct weir__setting *first, **end;
	struct weir__table last;	/* of each key */
	struct weir__table parts;	/* the first of each: "weir.routes.1" */
	struct weir__setting *secrets;	/* all whose value is one, in no order */
	size_t count, bytes;	/* of values, with their zeros */
};

void weir__settings_init(struct weir__settings *settings, const struct weir_env *env);
void weir__settings_release(struct weir__settings *settings);
/* Copies key and value; `like` lends file, line and secrecy, NULL: none. NULL: out of memory. */
struct weir__setting *weir__settings_add(struct weir__settings *settings, const char *key,
					 const char *value, const struct weir__setting *like);
/* The one that counts; NULL: there is none. */
struct weir__setting *weir__settings_find(const struct weir__settings *settings, const char *key);
/* The same, marked as used, as are those it replaces. */
struct weir__setting *weir__settings_take(struct weir__settings *settings, const char *key);
/* Its value is not to be shown from now on. */
void weir__settings_hide(struct weir__settings *settings, struct weir__setting *setting);
/*
 * The first setting of the part that keys which begin with `prefix` are of, "weir.routes.1.where.":
 * at least three names; the others of it, and of none else, are beside it. NULL: there is none.
 */
struct weir__setting *weir__settings_part(const struct weir__settings *settings,
					  const char *prefix);
#define WEIR__PLACE_BYTES 256	/* always enough for a place */

/* The line it is on, "FILE:LINE: "; "" where there is none. Its length. */
size_t weir__settings_line(const struct weir__setting *setting, char *ret, size_t size);
/* Where it stands, for errors: "FILE:LINE: KEY". */
void weir__settings_place(const struct weir__setting *setting, char *ret, size_t size);
/* An error about a setting: "FILE:LINE: KEY: …". */
enum weir_status weir__settings_wrong(struct weir_error *err, const struct weir__setting *setting,
				      const char *format, ...) WEIR_PRINTF(3, 4);

#endif
