/* SPDX-License-Identifier: MIT */
/*
 * The places of a plan that a text has: slots are filled here.
 *
 * Of the containers that are open, the outermost are places of the plan, down to some depth; only
 * directly inside the innermost of these can a member or an element be a place:
 *
 *     text      {"user":{"lang":"ko","a":[[7▲         plan   [0]─┬─ id_str [1]
 *     levels    [0] [2]                                          └─ user [2] ── lang [3]
 *     depth     1   2                 3 4             planned 2, depth 4: nothing to do here
 *
 * `watched` is `planned`, or one less when the innermost has no places inside and only its end
 * matters. The pass calls for blocks in which the depth is `watched` or less at some byte.
 *
 * Guarantees: a slot is filled when its value begins, so a filled slot tells a duplicate, and an
 * empty slot has nothing but empty slots below it. What the pass found in a block and before is
 * right; what is behind need not be, and is looked at with care: of a text that turns out not to be
 * JSON the slots mean nothing, but no byte outside of it is read.
 */
#include <string.h>

#include "kit/scan_internal.h"
#include "kit/text.h"

static unsigned first_of(uint64_t bits)
{
	return (unsigned)__builtin_ctzll(bits);
}

static unsigned last_of(uint64_t bits)
{
	return 63 - (unsigned)__builtin_clzll(bits);
}

static uint64_t bits_from(size_t first)
{
	return first < 64 ? UINT64_MAX << first : 0;
}

/* Empties the slots below `top`. Nothing is filled below what is not filled. */
static void clear_below(struct weir__scanner *scan, uint32_t top)
{
	const struct weir__node *nodes = scan->plan->nodes;
	uint32_t at = nodes[top].first_child;

	while (at) {
		const bool filled = scan->slots[at].type != WEIR_FIELD_ABSENT;

		scan->slots[at] = (struct weir__slot){ .type = WEIR_FIELD_ABSENT };
		if (filled && nodes[at].first_child) {
			at = nodes[at].first_child;
			continue;
		}
		while (!nodes[at].next_sibling && nodes[at].parent != top)
			at = nodes[at].parent;
		at = nodes[at].next_sibling;
	}
}

static uint32_t measure_number(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *begin = at;

	while (at < end && ((uint8_t)(*at - '0') < 10 || *at == '-' || *at == '+' || *at == '.' ||
			    *at == 'e' || *at == 'E'))
		at++;
	return (uint32_t)(at - begin);
}

/* The end of a string that is a place, if it is in this block; its escapes in any case. */
static void end_string(struct weir__scanner *scan, const struct weir__marks *marks)
{
	struct weir__slot *slot = &scan->slots[scan->string];
	const uint64_t inside = bits_from(slot->at > marks->at ? slot->at - marks->at : 0);
	const uint64_t ends = marks->string_ends & inside;
	uint64_t backslashes = marks->backslashes & inside;

	if (ends) {
		backslashes &= ends ^ (ends - 1);
		slot->len = (uint32_t)(marks->at + first_of(ends)) - slot->at;
		scan->string = WEIR__UNPLANNED;
	}
	slot->escaped |= backslashes != 0;
}

/* A value that is a place begins at `at`. Ends of strings and containers come later. */
static void begin_value(struct weir__scanner *scan, uint32_t node, const uint8_t *at)
{
	struct weir__slot slot = { .at = (uint32_t)(at - scan->text), .type = WEIR_FIELD_NUMBER };

	if (at == scan->end)
		return;
	switch (*at) {
	case '"':
		slot.type = WEIR_FIELD_STRING;
		slot.at++;
		scan->string = node;
		break;
	case '{':
	case '[':
		slot.type = *at == '{' ? WEIR_FIELD_OBJECT : WEIR_FIELD_ARRAY;
		scan->container = node;
		break;
	case 'n':
	case 't':
		slot.type = *at == 'n' ? WEIR_FIELD_NULL : WEIR_FIELD_TRUE;
		slot.len = 4;
		break;
	case 'f':
		slot.type = WEIR_FIELD_FALSE;
		slot.len = 5;
		break;
	default:
		slot.len = measure_number(at, scan->end);
	}
	if (scan->slots[node].type >= WEIR_FIELD_ARRAY)
		clear_below(scan, node);
	scan->slots[node] = slot;
}

static uint32_t find_escaped_member(const struct weir__scanner *scan, uint32_t parent,
				    const uint8_t *name, size_t len)
{
	char spelled[WEIR__PLAN_NAME_BYTES];

	len = weir__text_unescape((struct weir_slice){ name, len }, spelled, sizeof spelled);
	return len <= sizeof spelled ? weir__plan_member(scan->plan, parent, spelled, len) : 0;
}

/* The name that ends at bit `bit`, and began in this block or before. */
static uint32_t find_member(const struct weir__scanner *scan, const struct weir__marks *marks,
			    unsigned bit)
{
	const uint32_t parent = scan->levels[scan->planned].node;
	const uint64_t names = marks->names & (((uint64_t)1 << bit) - 1);
	const size_t begin = names ? marks->at + last_of(names) : scan->name_at;
	const uint8_t *name = scan->text + begin + 1;
	const size_t len = marks->at + bit - begin - 1;

	if ((marks->backslashes || !names) && memchr(name, '\\', len))
		return find_escaped_member(scan, parent, name, len);
	return weir__plan_member(scan->plan, parent, name, len);
}

/* A name ends at bit `bit`; behind it a colon stands, or what the pass will refuse. */
static void begin_member(struct weir__scanner *scan, const struct weir__marks *marks, unsigned bit)
{
	const uint8_t *at = scan->text + marks->at + bit + 1;
	const uint32_t node = find_member(scan, marks, bit);

	if (!node)
		return;
	at = weir__skip_space(at, scan->end);
	if (at < scan->end)
		begin_value(scan, node, weir__skip_space(at + 1, scan->end));
	if (scan->string != WEIR__UNPLANNED)
		end_string(scan, marks);
}

static void begin_element(struct weir__scanner *scan, const struct weir__marks *marks, unsigned bit)
{
	struct weir__level *level = &scan->levels[scan->planned];
	const uint32_t node = weir__plan_element(scan->plan, level->node, level->elements++);

	if (!node)
		return;
	begin_value(scan, node, scan->text + marks->at + bit);
	if (scan->string != WEIR__UNPLANNED)
		end_string(scan, marks);
}

/* What begins directly inside the innermost level, in `bits` of a block. */
static void read_between(struct weir__scanner *scan, const struct weir__marks *marks, uint64_t bits)
{
	const struct weir__level *level = &scan->levels[scan->planned];

	if (level->has_members)
		for (uint64_t left = marks->name_ends & bits; left; left &= left - 1)
			begin_member(scan, marks, first_of(left));
	if (level->has_elements)
		for (uint64_t left = marks->values & bits; left; left &= left - 1)
			begin_element(scan, marks, first_of(left));
}

static void watch(struct weir__scanner *scan)
{
	const struct weir__level *level = &scan->levels[scan->planned];

	scan->watched = scan->planned - !(level->has_members || level->has_elements);
}

/* A container begins directly inside the innermost level. */
static void open_level(struct weir__scanner *scan)
{
	const uint32_t node = scan->container;
	const struct weir__node *nodes = scan->plan->nodes;
	bool object;

	if (node == WEIR__UNPLANNED)
		return;
	object = scan->slots[node].type == WEIR_FIELD_OBJECT;
	scan->container = WEIR__UNPLANNED;
	scan->levels[++scan->planned] = (struct weir__level){
		.node = node,
		.has_members = object && nodes[node].has_members,
		.has_elements = !object && nodes[node].has_elements,
	};
	watch(scan);
}

static void close_level(struct weir__scanner *scan, size_t at)
{
	struct weir__slot *slot = &scan->slots[scan->levels[scan->planned--].node];

	slot->len = (uint32_t)(at + 1) - slot->at;
	watch(scan);
}

void weir__places_read(struct weir__scanner *scan, const struct weir__marks *marks, uint32_t depth)
{
	uint64_t brackets = marks->opening | marks->closing;
	uint64_t rest = UINT64_MAX;

	if (scan->string != WEIR__UNPLANNED)
		end_string(scan, marks);
	for (; brackets; brackets &= brackets - 1) {
		const uint64_t upto = brackets ^ (brackets - 1);
		const bool opening = marks->opening & brackets & -brackets;

		if (depth == scan->planned) {
			read_between(scan, marks, rest & upto);
			if (opening)
				open_level(scan);
			else
				close_level(scan, marks->at + first_of(brackets));
		}
		rest &= ~upto;
		depth = opening ? depth + 1 : depth - 1;
	}
	if (depth == scan->planned)
		read_between(scan, marks, rest);
	if (marks->names)
		scan->name_at = marks->at + last_of(marks->names);
}

void weir__places_begin(struct weir__scanner *scan)
{
	scan->planned = 0;
	scan->watched = 0;
	scan->container = WEIR__UNPLANNED;
	scan->string = WEIR__UNPLANNED;
	scan->name_at = 0;
	scan->levels[0] = (struct weir__level){ .node = 0 };
	begin_value(scan, 0, weir__skip_space(scan->text, scan->end));
}
