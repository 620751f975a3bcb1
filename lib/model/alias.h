/* SPDX-License-Identifier: MIT */
/*
 * Paths that stand for another one. "full_text" is what the user wrote, wherever it stands:
 * full_text.c finds it. "matching_rules.tag" is the tag of the first of the rules that
 * a v2 post was matched by; where fields are matched, it is that of any of the first
 * WEIR__ALIAS_RULES.
 */
#ifndef WEIR_MODEL_ALIAS_H
#define WEIR_MODEL_ALIAS_H

#include "kit/scan.h"

#define WEIR__ALIAS_RULES 16
#define WEIR__ALIAS_FULL_TEXT "full_text"

/* As weir__plan_add, for a path that may be an alias. */
enum weir_status weir__alias_add(weir__plan *plan, const char *path, size_t *ret_slot,
				 struct weir_error *err);
/*
 * Every place that the path names, at most WEIR__ALIAS_RULES; one, where it is no alias of several.
 */
enum weir_status weir__alias_add_all(weir__plan *plan, const char *path,
				     size_t ret_slots[WEIR__ALIAS_RULES], size_t *ret_count,
				     struct weir_error *err);
/* The path itself when it is no alias. */
const char *weir__alias_path(const char *path);

#endif
