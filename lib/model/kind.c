/* SPDX-License-Identifier: MIT */
/*
 * What a message is, told from the slots of one scan by the tables of kind_rules.c.
 *
 * Guarantees: every text gets exactly one kind; a member counts only with a value of the right
 * JSON type, at the top level or, in a site stream's envelope, one level down in `message`; a key
 * is 1 to 20 decimal digits as they stand in the text; a time is between 1970 and the year 9999.
 * Nothing is allocated or copied. Called by the engine, once per message.
 */
#include "model/kind.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "kit/text.h"
#include "model/kind_internal.h"

#define KEY_BYTES 20			/* UINT64_MAX has so many digits */
#define MAX_TIME_MS 253402300799999u	/* the end of the year 9999 */
#define ID_EPOCH_MS 1288834974657u	/* ids count from here, in their bits from 22 up */
#define FIRST_TIMED_ID (1ull << 40)	/* above all serial numbers, below all ids with a time */

_Static_assert(PATH_COUNT <= WEIR__KIND_PATHS, "WEIR__KIND_PATHS holds all paths");
_Static_assert(PATH_COUNT <= UINT8_MAX, "a path's number fits a byte of the tables");

/* One message while it is looked at. */
struct view {
	const char *text;
	const struct weir__slot *slots;
	const uint16_t *at;	/* slots of the paths: of the outer object, or of `message` */
	const struct weir__kind_look *looks;	/* the same of the rules */
};

static enum weir_status add_path(struct weir__kind_slots *slots, weir__plan *plan, size_t path,
				 bool inner, struct weir_error *err)
{
	char text[64];
	size_t slot;
	enum weir_status status;

	snprintf(text, sizeof text, "%s%s", inner ? "message." : "", weir__kind_paths[path]);
	status = weir__plan_add(plan, text, &slot, err);
	if (status < 0)
		return status;
	slots->at[inner][path] = (uint16_t)slot;
	return WEIR_OK;
}

/* One that has a choice of two slots may hold whatever the first has. */
static void plan_looks(struct weir__kind_slots *slots, bool inner)
{
	struct weir__kind_look *look = slots->looks[inner];

	for (size_t i = 0; i < weir__kind_phase_count; i++) {
		const struct weir__kind_phase *phase = &weir__kind_phases[i];

		for (size_t j = 0; j < phase->count; j++, look++) {
			const struct weir__kind_condition *first = &phase->rules[j].when[0];

			assert(look < slots->looks[inner] + WEIR__KIND_RULES);
			look->slot = slots->at[inner][first->path];
			look->types = first->or_types ? UINT16_MAX : first->types;
		}
	}
}

enum weir_status weir__kind_plan(struct weir__kind_slots *slots, weir__plan *plan,
				 struct weir_error *err)
{
	*slots = (struct weir__kind_slots){ 0 };
	for (size_t path = PATH_NONE + 1; path < PATH_COUNT; path++) {
		enum weir_status status = add_path(slots, plan, path, false, err);

		if (status == WEIR_OK && path <= PATH_LAST_INNER)
			status = add_path(slots, plan, path, true, err);
		if (status < 0)
			return status;
	}
	plan_looks(slots, false);
	plan_looks(slots, true);
	return WEIR_OK;
}

static const struct weir__slot *slot_of(const struct view *view, unsigned path)
{
	return &view->slots[view->at[path]];
}

static bool has_type(const struct view *view, unsigned path, unsigned types)
{
	return types >> slot_of(view, path)->type & 1;
}

static struct weir_slice bytes_of(const struct view *view, const struct weir__slot *slot)
{
	return (struct weir_slice){ view->text + slot->at, slot->len };
}

static bool condition_holds(const struct view *view, const struct weir__kind_condition *when)
{
	return has_type(view, when->path, when->types) ||
	       (when->or_types && has_type(view, when->or_path, when->or_types));
}

static bool rule_holds(const struct view *view, const struct weir__kind_rule *rule)
{
	const size_t most = sizeof rule->when / sizeof *rule->when;

	for (size_t i = 0; i < most && rule->when[i].path != PATH_NONE; i++)
		if (!condition_holds(view, &rule->when[i]))
			return false;
	return true;
}

/* The rule of a phase that holds; of a sole phase only when all that hold agree on the kind. */
static const struct weir__kind_rule *find_in_phase(const struct view *view,
						   const struct weir__kind_phase *phase,
						   const struct weir__kind_look *looks)
{
	const struct weir__kind_rule *found = NULL;

	for (size_t i = 0; i < phase->count; i++) {
		const struct weir__kind_rule *rule = &phase->rules[i];

		if (!(looks[i].types >> view->slots[looks[i].slot].type & 1) ||
		    !rule_holds(view, rule))
			continue;
		if (!phase->sole)
			return rule;
		if (found && found->kind != rule->kind)
			return NULL;
		if (!found)
			found = rule;
	}
	return found;
}

static const struct weir__kind_rule *find_rule(const struct view *view, bool enveloped)
{
	const struct weir__kind_look *looks = view->looks, *next;

	for (size_t i = 0; i < weir__kind_phase_count; i++, looks = next) {
		const struct weir__kind_phase *phase = &weir__kind_phases[i];
		const struct weir__kind_rule *rule;

		next = looks + phase->count;
		if (enveloped && phase->outer_only)
			continue;
		if (phase->gate.path != PATH_NONE && !condition_holds(view, &phase->gate))
			continue;
		rule = find_in_phase(view, phase, looks);
		if (rule)
			return rule;
	}
	return NULL;
}

/* What a v2 post is by the posts it refers to; a retweet is nothing else. */
static void tell_references(const struct view *view, struct weir__verdict *verdict)
{
	unsigned traits = 0;

	for (unsigned path = PATH_V2_TWEETS_0; path <= PATH_V2_POSTS_3; path++) {
		const struct weir__slot *slot = slot_of(view, path);

		if (slot->type != WEIR_FIELD_STRING)
			continue;
		for (size_t i = 0; i < weir__kind_reference_count; i++) {
			const struct weir__kind_reference *reference = &weir__kind_references[i];
			const struct weir_slice type = { reference->type, strlen(reference->type) };

			if (!weir__text_equals(bytes_of(view, slot), slot->escaped, type))
				continue;
			traits |= reference->trait;
			if (reference->kind)
				verdict->kind = reference->kind;
		}
	}
	if (verdict->kind == WEIR_KIND_TWEET)
		verdict->traits |= traits;
}

static void tell_traits(const struct view *view, struct weir__verdict *verdict)
{
	const bool is_v2 = verdict->traits & WEIR_TRAIT_V2;

	if (!(verdict->kind & (WEIR_KIND_TWEET | WEIR_KIND_RETWEET)))
		return;
	if (is_v2)
		tell_references(view, verdict);
	for (size_t i = 0; i < weir__kind_trait_count; i++) {
		const struct weir__kind_trait *row = &weir__kind_traits[i];

		if (row->v2 == is_v2 && row->kinds & verdict->kind &&
		    condition_holds(view, &row->when))
			verdict->traits |= row->trait;
	}
}

static bool is_key(struct weir_slice bytes)
{
	const char *at = bytes.data;

	if (bytes.len == 0 || bytes.len > KEY_BYTES)
		return false;
	for (size_t i = 0; i < bytes.len; i++)
		if (at[i] < '0' || at[i] > '9')
			return false;
	return true;
}

static struct weir_slice find_key(const struct view *view, const struct weir__kind_rule *rule)
{
	const unsigned types = 1u << WEIR_FIELD_STRING | 1u << WEIR_FIELD_NUMBER;

	for (size_t i = 0; i < sizeof rule->keys && rule->keys[i] != PATH_NONE; i++) {
		const struct weir__slot *slot = slot_of(view, rule->keys[i]);

		if (types >> slot->type & 1 && is_key(bytes_of(view, slot)))
			return bytes_of(view, slot);
	}
	return (struct weir_slice){ NULL, 0 };
}

bool weir__id_time(uint64_t id, uint64_t *ret_ms)
{
	if (id < FIRST_TIMED_ID || id > INT64_MAX)
		return false;
	*ret_ms = (id >> 22) + ID_EPOCH_MS;
	return true;
}

/* Any of the forms in which a time stands in messages; 0 when it is none of them. */
static uint64_t read_time(const struct view *view, unsigned path)
{
	const struct weir__slot *slot = slot_of(view, path);
	const struct weir_slice bytes = bytes_of(view, slot);
	uint64_t ms = 0;

	if (slot->type != WEIR_FIELD_STRING && slot->type != WEIR_FIELD_NUMBER)
		return 0;
	if (!weir__text_to_u64(bytes, &ms) && !weir__text_to_created_at(bytes, &ms) &&
	    !weir__text_to_rfc3339(bytes, &ms))
		return 0;
	return ms <= MAX_TIME_MS ? ms : 0;
}

static uint64_t find_time(const struct view *view, const struct weir__kind_rule *rule,
			  struct weir_slice key)
{
	static const uint8_t everywhere[] = { PATH_TIMESTAMP_MS, PATH_CREATED_AT };
	uint64_t id, ms = 0;

	for (size_t i = 0; !ms && i < sizeof rule->times && rule->times[i] != PATH_NONE; i++)
		ms = read_time(view, rule->times[i]);
	for (size_t i = 0; !ms && i < sizeof everywhere; i++)
		ms = read_time(view, everywhere[i]);
	if (ms || !rule->own_id || !key.data)
		return ms;
	return weir__text_to_u64(key, &id) && weir__id_time(id, &ms) ? ms : 0;
}

/* Plain text, as servers send instead of JSON: "Exceeded connection limit for user". */
static bool is_plain_text(const char *text, size_t len)
{
	bool blank = true;

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f ||
		    memchr("\"{}[]", text[i], 5))
			return false;
		blank = blank && text[i] == ' ';
	}
	return !blank && weir__text_is_utf8((struct weir_slice){ text, len });
}

static bool is_envelope(const struct view *view)
{
	return has_type(view, PATH_MESSAGE, 1u << WEIR_FIELD_OBJECT) &&
	       has_type(view, PATH_FOR_USER, 1u << WEIR_FIELD_STRING | 1u << WEIR_FIELD_NUMBER);
}

struct weir__verdict weir__kind_tell(const struct weir__kind_slots *kind_slots, const void *text,
				     size_t len, bool valid, const struct weir__slot *slots)
{
	struct view view = { text, slots, kind_slots->at[0], kind_slots->looks[0] };
	struct weir__verdict verdict = { .kind = WEIR_KIND_UNKNOWN };
	const struct weir__kind_rule *rule;

	if (!valid) {
		verdict.kind = is_plain_text(text, len) ? WEIR_KIND_NOTICE : WEIR_KIND_MALFORMED;
		return verdict;
	}
	if (slots[0].type != WEIR_FIELD_OBJECT)
		return verdict;
	if (is_envelope(&view)) {
		verdict.traits = WEIR_TRAIT_ENVELOPED;
		view.at = kind_slots->at[1];
		view.looks = kind_slots->looks[1];
	}
	rule = find_rule(&view, verdict.traits != 0);
	if (!rule)
		return verdict;

	verdict.kind = rule->kind;
	verdict.traits |= rule->traits;
	tell_traits(&view, &verdict);
	verdict.key = find_key(&view, rule);
	verdict.time_ms = find_time(&view, rule, verdict.key);
	return verdict;
}
