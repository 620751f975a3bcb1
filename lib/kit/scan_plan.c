/* SPDX-License-Identifier: MIT */
/*
 * Plans: paths become a trie, the trie's places are the slots.
 *
 *     user.lang, user.id, a[0]          [0] the whole text
 *                                        ├─ user [1] ─┬─ lang [2]
 *                                        │            └─ id   [3]
 *                                        └─ a    [4] ─── [0]  [5]
 *
 * All children of all places stand in one hash table, under (parent, length, first byte, last
 * byte), at most an eighth full: most names of a message meet an empty bucket and are done with.
 *
 * Guarantees: slots keep their numbers; a path that is not one adds nothing; after out of memory
 * the plan works on (some parents of the failed path may have slots). Callers: whoever asks for
 * fields adds paths; scan_place.c looks up.
 */
#include <string.h>

#include "ground/error.h"
#include "kit/scan_internal.h"

#define LEAST_BUCKET_BITS 6

/* One step of a path, and where the path goes on behind it. */
struct step {
	const char *next;
	bool element;
	uint32_t index;
	size_t len;
	char name[WEIR__PLAN_NAME_BYTES];
};

uint32_t weir__plan_probe(const weir__plan *plan, uint32_t at, uint32_t parent, const void *name,
			  size_t len)
{
	const uint32_t mask = (1u << plan->bucket_bits) - 1;

	for (; plan->buckets[at]; at = (at + 1) & mask) {
		const struct weir__node *node = &plan->nodes[plan->buckets[at]];

		if (node->parent == parent && node->name && node->name_len == len &&
		    memcmp(node->name, name, len) == 0)
			return plan->buckets[at];
	}
	return 0;
}

uint32_t weir__plan_element(const weir__plan *plan, uint32_t parent, uint32_t index)
{
	const uint32_t mask = (1u << plan->bucket_bits) - 1;
	uint32_t at = weir__plan_hash(plan, parent, index);

	for (; plan->buckets[at]; at = (at + 1) & mask) {
		const struct weir__node *node = &plan->nodes[plan->buckets[at]];

		if (node->parent == parent && !node->name && node->name_len == index)
			return plan->buckets[at];
	}
	return 0;
}

static void enter_bucket(weir__plan *plan, size_t id)
{
	const uint32_t mask = (1u << plan->bucket_bits) - 1;
	const struct weir__node *node = &plan->nodes[id];
	const uint8_t *name = (const uint8_t *)node->name;
	const uint32_t key = name ? weir__plan_key(name, node->name_len) : node->name_len;
	uint32_t at = weir__plan_hash(plan, node->parent, key);

	while (plan->buckets[at])
		at = (at + 1) & mask;
	plan->buckets[at] = (uint16_t)id;
}

static size_t bucket_bytes(const weir__plan *plan)
{
	return plan->buckets ? sizeof *plan->buckets << plan->bucket_bits : 0;
}

static bool grow_buckets(weir__plan *plan, unsigned bits)
{
	uint16_t *buckets = weir__alloc(&plan->env, sizeof *buckets << bits);

	if (!buckets)
		return false;
	weir__free(&plan->env, plan->buckets, bucket_bytes(plan));
	plan->buckets = buckets;
	plan->bucket_bits = bits;
	for (size_t id = 1; id < plan->node_count; id++)
		enter_bucket(plan, id);
	return true;
}

static bool grow_nodes(weir__plan *plan)
{
	const size_t room = plan->node_room ? 2 * plan->node_room : 16;
	struct weir__node *nodes = weir__resize(&plan->env, plan->nodes,
						plan->node_room * sizeof *nodes,
						room * sizeof *nodes);

	if (!nodes)
		return false;
	plan->nodes = nodes;
	plan->node_room = room;
	return true;
}

/* 0 when out of memory. */
static size_t add_child(weir__plan *plan, size_t parent, const struct step *step)
{
	struct weir__node node = { .parent = (uint16_t)parent, .name_len = step->index };
	const size_t id = plan->node_count;

	if (id == plan->node_room && !grow_nodes(plan))
		return 0;
	if ((id + 1) << 3 > (size_t)1 << plan->bucket_bits &&
	    !grow_buckets(plan, plan->bucket_bits + 1))
		return 0;
	if (!step->element) {
		node.name_len = (uint32_t)step->len;
		node.name = weir__resize(&plan->env, NULL, 0, step->len);
		if (!node.name)
			return 0;
		memcpy(node.name, step->name, step->len);
	}
	node.next_sibling = plan->nodes[parent].first_child;
	plan->nodes[parent].first_child = (uint16_t)id;
	plan->nodes[parent].has_members |= !step->element;
	plan->nodes[parent].has_elements |= step->element;
	plan->nodes[id] = node;
	plan->node_count++;
	enter_bucket(plan, id);
	return id;
}

weir__plan *weir__plan_new(const struct weir_env *env)
{
	weir__plan *plan = weir__alloc(env, sizeof *plan);

	if (!plan)
		return NULL;
	plan->env = *env;
	if (!grow_nodes(plan) || !grow_buckets(plan, LEAST_BUCKET_BITS))
		return weir__plan_free(plan);
	plan->form = weir__scan_best_form();
	plan->nodes[0] = (struct weir__node){ .name = NULL };
	plan->node_count = 1;
	return plan;
}

weir__plan *weir__plan_free(weir__plan *plan)
{
	struct weir_env env;

	if (!plan)
		return NULL;
	env = plan->env;
	for (size_t i = 1; i < plan->node_count; i++)
		weir__free(&env, plan->nodes[i].name, plan->nodes[i].name_len);
	weir__free(&env, plan->nodes, plan->node_room * sizeof *plan->nodes);
	weir__free(&env, plan->buckets, bucket_bytes(plan));
	return weir__free(&env, plan, sizeof *plan);
}

/* `[N]`: NULL, or what is wrong with it, at step->next. */
static const char *read_index(const char *at, struct step *step)
{
	const char *digits = ++at;
	uint64_t index = 0;

	for (; *at >= '0' && *at <= '9' && index <= UINT32_MAX; at++)
		index = index * 10 + (uint64_t)(*at - '0');
	step->next = at;
	if (at == digits)
		return "an index is missing";
	if (index > UINT32_MAX)
		return "an index is too large";
	if (*at != ']')
		return "a ']' is missing";
	step->next = at + 1;
	step->element = true;
	step->index = (uint32_t)index;
	return NULL;
}

static const char *read_name(const char *at, struct step *step)
{
	step->len = 0;
	for (; *at && *at != '.' && *at != '['; at++) {
		step->next = at;
		if (*at == ']')
			return "a ']' without '['";
		if (*at == '\\' && (!*++at || !strchr(".[]\\", *at)))
			return "a backslash without '.', '[', ']' or '\\' behind it";
		if (step->len == sizeof step->name)
			return "a name is too long";
		step->name[step->len++] = *at;
	}
	step->next = at;
	step->element = false;
	step->index = 0;
	return step->len ? NULL : "a name is missing";
}

/* The step at `at`, which is not the path's end. NULL, or what is wrong, at step->next. */
static const char *read_step(const char *path, const char *at, struct step *step)
{
	step->next = at;
	if (*at == '[')
		return read_index(at, step);
	if (at == path)
		return read_name(at, step);
	if (*at != '.')
		return "neither '.' nor '[' behind a ']'";
	return read_name(at + 1, step);
}

/* Whether all of `path` is one. The message's place counts characters from 1. */
static enum weir_status check_path(const char *path, struct weir_error *err)
{
	struct step step = { .next = path };
	size_t steps = 0;

	do {
		const char *wrong = read_step(path, step.next, &step);

		if (!wrong && ++steps > WEIR__PLAN_STEPS)
			wrong = "more than 64 steps";
		if (wrong)
			return weir__error_invalid(err, "%s at character %zu of path '%s'", wrong,
						   (size_t)(step.next - path) + 1, path);
	} while (*step.next);
	return WEIR_OK;
}

static size_t find_child(const weir__plan *plan, size_t parent, const struct step *step)
{
	return step->element ? weir__plan_element(plan, (uint32_t)parent, step->index)
			     : weir__plan_member(plan, (uint32_t)parent, step->name, step->len);
}

enum weir_status weir__plan_add(weir__plan *plan, const char *path, size_t *ret_slot,
				struct weir_error *err)
{
	enum weir_status status = check_path(path, err);
	struct step step = { .next = path };
	size_t id = 0;

	if (status < 0)
		return status;
	while (*step.next) {
		size_t child;

		read_step(path, step.next, &step);
		child = find_child(plan, id, &step);
		if (!child && plan->node_count == WEIR__PLAN_SLOTS)
			return weir__error_invalid(err, "no room for path '%s': %d are there", path,
						   WEIR__PLAN_SLOTS);
		if (!child)
			child = add_child(plan, id, &step);
		if (!child)
			return weir__error_no_memory(err);
		id = child;
	}
	*ret_slot = id;
	return WEIR_OK;
}

bool weir__plan_find(const weir__plan *plan, const char *path, size_t *ret_slot)
{
	struct step step = { .next = path };
	size_t id = 0;

	do {
		if (read_step(path, step.next, &step))
			return false;
		id = find_child(plan, id, &step);
		if (!id)
			return false;
	} while (*step.next);
	*ret_slot = id;
	return true;
}

size_t weir__plan_slot_count(const weir__plan *plan)
{
	return plan->node_count;
}
