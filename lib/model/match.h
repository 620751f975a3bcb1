/* SPDX-License-Identifier: MIT */
/* Field matchers: comparisons of slots, compiled once. See struct weir_field_match. */
#ifndef WEIR_MODEL_MATCH_H
#define WEIR_MODEL_MATCH_H

#include "kit/scan.h"
#include "weir/router.h"

struct weir__match;

/* Copies `count` matchers, adds their paths to the plan. Free with weir__matches_free. */
enum weir_status weir__matches_new(const struct weir_env *env, weir__plan *plan,
				   const struct weir_field_match *matches, size_t count,
				   struct weir__match **ret, struct weir_error *err);
void weir__matches_free(const struct weir_env *env, struct weir__match *matches, size_t count);
/* Whether all hold. `text` is what was scanned. */
bool weir__matches_hold(const struct weir__match *matches, size_t count, const void *text,
			const struct weir__slot *slots);

#endif
