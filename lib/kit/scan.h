/* SPDX-License-Identifier: MIT */
/*
 * The planned scan: one pass over a JSON text that checks all of it and remembers what was asked.
 *
 * A plan is a small trie of member paths, made once. A scan validates the text against RFC 8259
 * and UTF-8 (RFC 3629), builds nothing, and fills one slot per path of the plan. The plan is
 * read-only while scanning: threads may share it.
 *
 *     plan: id_str, user.lang, entities.urls[0]      slots: [0] the whole text
 *                                                           [n] what stands at the path n
 *
 * Rules: the last of duplicate members counts, with everything below it; an escaped name counts
 * as what it spells; a member whose name is no part of the plan costs only its validation; nesting
 * of more than WEIR__SCAN_DEPTH values (a scalar counts as one) is invalid.
 */
#ifndef WEIR_KIT_SCAN_H
#define WEIR_KIT_SCAN_H

#include "ground/env.h"
#include "weir/message.h"

#define WEIR__SCAN_DEPTH 2048
#define WEIR__SCAN_MAX_BYTES UINT32_MAX

struct weir__slot {
	uint32_t at;		/* strings: first byte behind the quote; others: first byte */
	uint32_t len;		/* strings: bytes between the quotes; others: the whole value */
	uint16_t next;		/* the scan's own: where the next stands that it has filled */
	uint8_t type;		/* enum weir_field_type */
	uint8_t escaped;	/* a string with at least one backslash */
};

/* Where and why a text is not JSON. */
struct weir__scan_error {
	size_t at;
	const char *reason;
};

typedef struct weir__plan weir__plan;

/* NULL when out of memory. A new plan has one path, the whole text, in slot 0. */
weir__plan *weir__plan_new(const struct weir_env *env);
weir__plan *weir__plan_free(weir__plan *plan);	/* NULL is fine; returns NULL */
/*
 * Adds a path ("user.screen_name", "a[0].b"; the syntax is that of weir_message_field) and says
 * its slot; a path that is there already keeps its slot. Errors name the path and the place in it.
 * At most 64 steps deep, names of at most 1024 bytes, at most 4096 slots.
 */
enum weir_status weir__plan_add(weir__plan *plan, const char *path, size_t *ret_slot,
				struct weir_error *err);
/* The slot of a path that was added; false when it was not. Parents of added paths count. */
bool weir__plan_find(const weir__plan *plan, const char *path, size_t *ret_slot);
size_t weir__plan_slot_count(const weir__plan *plan);

/*
 * True when `text` is one valid JSON value with nothing but white space around it.
 *
 * The slots (weir__plan_slot_count of them) are zeros before their first text. Whatever is left in
 * them of one text is gone with the next, valid or not, for the price of what was filled: so
 * nobody else writes them, but for setting all to zero again. Of an invalid text they mean nothing.
 * `ret_error` is written when the answer is false; NULL is fine.
 */
bool weir__scan(const weir__plan *plan, const void *text, size_t len, struct weir__slot *slots,
		struct weir__scan_error *ret_error);
/* The slots of no text, at the same price. */
void weir__slots_empty(struct weir__slot *slots);

/*
 * The scan has several forms, which differ in nothing but speed. A new plan takes the best of those
 * that this machine has; tests and benchmarks choose. False: this machine has no such form.
 */
enum weir__scan_form { WEIR__SCAN_PORTABLE, WEIR__SCAN_SSE2, WEIR__SCAN_AVX2, WEIR__SCAN_FORMS };
bool weir__plan_use(weir__plan *plan, enum weir__scan_form form);
const char *weir__scan_form_name(enum weir__scan_form form);

#endif
