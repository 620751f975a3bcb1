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
 * matters. The pass looks at blocks in which the depth is `watched` or less at some byte: that is
 * scan_place.h, which calls what is here.
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

static uint64_t bits_from(size_t first)
{
	return first < 64 ? UINT64_MAX << first : 0;
}

/* Empties the slots below `top`, which stay listed. Nothing is filled below what is not filled. */
static void clear_below(struct weir__scanner *scan, uint32_t top)
{
	const struct weir__node *nodes = scan->plan->nodes;
	uint32_t at = nodes[top].first_child;

	while (at) {
		const bool filled = scan->slots[at].type != WEIR_FIELD_ABSENT;

		scan->slots[at] = (struct weir__slot){ .next = scan->slots[at].next };
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

void weir__place_end_string(struct weir__scanner *scan, const struct weir__marks *marks)
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

/* Lists a slot, if it is not, among those that the next scan empties; answers what follows it. */
static uint16_t list_slot(struct weir__slot *slots, uint32_t node)
{
	const uint16_t next = slots[node].next ? slots[node].next : slots[0].next;

	if (!slots[node].next)
		slots[0].next = (uint16_t)node;
	return next;
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
	slot.next = list_slot(scan->slots, node);
	scan->slots[node] = slot;
}

uint32_t weir__place_escaped(const struct weir__scanner *scan, const uint8_t *name, size_t len)
{
	const uint32_t parent = scan->levels[scan->planned].node;
	char spelled[WEIR__PLAN_NAME_BYTES];

	len = weir__text_unescape((struct weir_slice){ name, len }, spelled, sizeof spelled);
	return len <= sizeof spelled ? weir__plan_member(scan->plan, parent, spelled, len) : 0;
}

/* Behind the name a colon stands, or what the pass will refuse. */
void weir__place_member(struct weir__scanner *scan, const struct weir__marks *marks, unsigned end,
			uint32_t node)
{
	const uint8_t *at = scan->text + marks->at + end + 1;

	at = weir__skip_space(at, scan->end);
	if (at < scan->end)
		begin_value(scan, node, weir__skip_space(at + 1, scan->end));
	if (scan->string != WEIR__UNPLANNED)
		weir__place_end_string(scan, marks);
}

static void begin_element(struct weir__scanner *scan, const struct weir__marks *marks, unsigned bit)
{
	struct weir__level *level = &scan->levels[scan->planned];
	const uint32_t node = weir__plan_element(scan->plan, level->node, level->elements++);

	if (!node)
		return;
	begin_value(scan, node, scan->text + marks->at + bit);
	if (scan->string != WEIR__UNPLANNED)
		weir__place_end_string(scan, marks);
}

void weir__place_elements(struct weir__scanner *scan, const struct weir__marks *marks,
			  uint64_t values)
{
	for (; values; values &= values - 1)
		begin_element(scan, marks, first_of(values));
}

static void watch(struct weir__scanner *scan)
{
	const struct weir__level *level = &scan->levels[scan->planned];

	scan->watched = scan->planned - !(level->has_members || level->has_elements);
}

void weir__place_open(struct weir__scanner *scan)
{
	const uint32_t node = scan->container;
	const struct weir__node *nodes = scan->plan->nodes;
	const bool object = scan->slots[node].type == WEIR_FIELD_OBJECT;

	scan->container = WEIR__UNPLANNED;
	scan->levels[++scan->planned] = (struct weir__level){
		.node = node,
		.has_members = object && nodes[node].has_members,
		.has_elements = !object && nodes[node].has_elements,
	};
	watch(scan);
}

void weir__place_close(struct weir__scanner *scan, const struct weir__marks *marks,
		       uint64_t brackets)
{
	struct weir__slot *slot = &scan->slots[scan->levels[scan->planned--].node];

	slot->len = (uint32_t)(marks->at + first_of(brackets) + 1) - slot->at;
	watch(scan);
}

void weir__places_begin(struct weir__scanner *scan)
{
	scan->planned = 0;
	scan->watched = 0;
	scan->container = WEIR__UNPLANNED;
	scan->string = WEIR__UNPLANNED;
	scan->name_at = 0;
	scan->name_escaped = false;
	scan->levels[0] = (struct weir__level){ .node = 0 };
	begin_value(scan, 0, weir__skip_space(scan->text, scan->end));
}
