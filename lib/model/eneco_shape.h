/* SPDX-License-Identifier: MIT */
/*
 * The struct that kafka-connect-twitter writes, as tables: its members in their order, with their
 * types. Value and schema are both made from it.
 */
#ifndef WEIR_MODEL_ENECO_SHAPE_H
#define WEIR_MODEL_ENECO_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

enum weir__eneco_type {
	ENECO_INT64,
	ENECO_INT32,
	ENECO_STRING,
	ENECO_BOOLEAN,
	ENECO_STRUCT,
	ENECO_ARRAY,		/* of structs */
	ENECO_TIME,		/* a string: created_at, written anew */
	ENECO_TEXT,		/* a string: the status's text */
	ENECO_PRESENCE,		/* a boolean: whether it is an object */
	ENECO_URL		/* a string: `url` stands in for it when it is null */
};

struct weir__eneco_shape;

struct weir__eneco_member {
	const char *name;
	enum weir__eneco_type type;
	bool is_optional;
	unsigned place;		/* of the value: among the leaves, or the element's paths */
	const struct weir__eneco_shape *shape;	/* of a struct, or an array's elements */
};

struct weir__eneco_shape {
	const char *name;
	const struct weir__eneco_member *members;
	size_t count;
};

extern const struct weir__eneco_shape weir__eneco_tweet;
/* Paths of the leaves, in a status, and of the places in an entity. */
extern const char *const weir__eneco_leaf_paths[];
extern const char *const weir__eneco_element_paths[];

#define ENECO_ELEMENT_URL 0	/* the place that ENECO_URL falls back to */
#define ENECO_LEAF_TEXT 1
#define ENECO_LEAF_SCREEN_NAME 2
#define ENECO_LEAF_CREATED_AT 3

#endif
