/* SPDX-License-Identifier: MIT */
/*
 * The tag of a matched rule, for routes: `matching_rules` is an array, and the paths of a plan name
 * an element by its number.
 *
 * Guarantee: every other path is what it says. Callers: template.c, match.c, format.c,
 * message_field.c.
 */
#include "model/alias.h"

#include <stdio.h>
#include <string.h>

static const char matched_tag[] = "matching_rules.tag";

const char *weir__alias_path(const char *path)
{
	return strcmp(path, matched_tag) == 0 ? "matching_rules[0].tag" : path;
}

enum weir_status weir__alias_add(weir__plan *plan, const char *path, size_t *ret_slot,
				 struct weir_error *err)
{
	return weir__plan_add(plan, weir__alias_path(path), ret_slot, err);
}

enum weir_status weir__alias_add_all(weir__plan *plan, const char *path,
				     size_t ret_slots[WEIR__ALIAS_RULES], size_t *ret_count,
				     struct weir_error *err)
{
	enum weir_status status = WEIR_OK;
	char element[40];

	*ret_count = strcmp(path, matched_tag) == 0 ? WEIR__ALIAS_RULES : 1;
	if (*ret_count == 1)
		return weir__plan_add(plan, path, &ret_slots[0], err);
	for (size_t i = 0; status == WEIR_OK && i < WEIR__ALIAS_RULES; i++) {
		snprintf(element, sizeof element, "matching_rules[%zu].tag", i);
		status = weir__plan_add(plan, element, &ret_slots[i], err);
	}
	return status;
}
