/* SPDX-License-Identifier: MIT */
/*
 * What a message is: kind, traits, key and time, told from the slots of one scan.
 *
 * The rules are rows of tables over slots: no code per field, no second look at the bytes. Only
 * top-level members count (those of `message` in a site stream's envelope, one level deep).
 */
#ifndef WEIR_MODEL_KIND_H
#define WEIR_MODEL_KIND_H

#include "kit/scan.h"

/* Slots of every path the rules look at; [0] at the top, [1] inside `message`. */
#define WEIR__KIND_PATHS 128
#define WEIR__KIND_RULES 48

/* A first look at a rule: it cannot hold unless the value of this slot has one of these types. */
struct weir__kind_look {
	uint16_t slot;
	uint16_t types;
};

struct weir__kind_slots {
	uint16_t at[2][WEIR__KIND_PATHS];
	struct weir__kind_look looks[2][WEIR__KIND_RULES];	/* of all phases, in order */
};

struct weir__verdict {
	unsigned kind;
	unsigned traits;
	struct weir_slice key;	/* inside the text, unescaped digits; NULL data: none */
	uint64_t time_ms;	/* 0: the message does not say */
};

/* Adds the paths of the rules to a plan. */
enum weir_status weir__kind_plan(struct weir__kind_slots *slots, weir__plan *plan,
				 struct weir_error *err);

/*
 * `valid` is what the scan answered. Not JSON: MALFORMED, or NOTICE when it is plain text (valid
 * UTF-8 without control characters, quotes, braces or brackets). Valid JSON of no rule: UNKNOWN.
 */
struct weir__verdict weir__kind_tell(const struct weir__kind_slots *kind_slots, const void *text,
				     size_t len, bool valid, const struct weir__slot *slots);

/* The number of a kind's bit, 0 … WEIR_KIND_COUNT - 1. */
unsigned weir__kind_index(unsigned kind);

/* Milliseconds since 1970 at which an id was issued; false for ids from before November 2010. */
bool weir__id_time(uint64_t id, uint64_t *ret_ms);

#endif
