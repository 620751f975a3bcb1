/* SPDX-License-Identifier: MIT */
/*
 * What scan_place.c explains, as far as it runs for every name that may be a place: included by
 * scan_core.h, so that each form has it with its own instructions.
 */
#ifndef WEIR_KIT_SCAN_PLACE_H
#define WEIR_KIT_SCAN_PLACE_H

#include "kit/scan_internal.h"

/* Names that end at `ends`, directly inside the innermost level. */
static inline void read_members(struct weir__scanner *scan, const struct weir__marks *marks,
				uint64_t ends)
{
	const uint32_t parent = scan->levels[scan->planned].node;

	for (; ends; ends &= ends - 1) {
		const unsigned end = (unsigned)__builtin_ctzll(ends);
		const uint64_t before = (ends & -ends) - 1;
		const uint64_t names = marks->names & before;
		const size_t begin = names ? weir__mark_last(marks, names) : scan->name_at;
		const bool escaped = (marks->backslashes & before) > names ||
				     (!names && scan->name_escaped);
		const uint8_t *name = scan->text + begin + 1;
		const size_t len = marks->at + end - begin - 1;
		const uint32_t node = escaped ? weir__place_escaped(scan, name, len)
					      : weir__plan_member(scan->plan, parent, name, len);

		if (node)
			weir__place_member(scan, marks, end, node);
	}
}

/* What begins directly inside the innermost level, in `bits` of a block. */
static inline void read_between(struct weir__scanner *scan, const struct weir__marks *marks,
				uint64_t bits)
{
	const struct weir__level *level = &scan->levels[scan->planned];

	if (level->has_members)
		read_members(scan, marks, marks->name_ends & bits);
	else if (level->has_elements)
		weir__place_elements(scan, marks, marks->values & bits);
}

/* A name that has no end in this block has one in the next, or in one behind it. */
static inline void keep_name(struct weir__scanner *scan, const struct weir__marks *marks)
{
	scan->name_escaped = marks->backslashes > marks->names ||
			     (!marks->names && scan->name_escaped);
	if (marks->names)
		scan->name_at = weir__mark_last(marks, marks->names);
}

/* Fills the slots of what begins or ends in these bytes, which begin `depth` containers deep. */
static inline void read_places(struct weir__scanner *scan, const struct weir__marks *marks,
			       uint32_t depth)
{
	uint64_t brackets = marks->opening | marks->closing;
	uint64_t rest = UINT64_MAX;

	if (scan->string != WEIR__UNPLANNED)
		weir__place_end_string(scan, marks);
	for (; brackets; brackets &= brackets - 1) {
		const uint64_t upto = brackets ^ (brackets - 1);
		const bool opening = marks->opening & brackets & -brackets;

		if (depth == scan->planned) {
			read_between(scan, marks, rest & upto);
			if (!opening)
				weir__place_close(scan, marks, brackets);
			else if (scan->container != WEIR__UNPLANNED)
				weir__place_open(scan);
		}
		rest &= ~upto;
		depth = opening ? depth + 1 : depth - 1;
	}
	if (depth == scan->planned)
		read_between(scan, marks, rest);
	keep_name(scan, marks);
}

#endif
