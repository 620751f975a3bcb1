/* SPDX-License-Identifier: MIT */
/*
 * Field matchers: comparisons of slots, compiled once per route.
 *
 * Guarantees: whatever holds or not is decided by the slots of one scan and the caller's values,
 * without allocation; a matcher that could never be meant (no path, nothing to compare with, an
 * empty range) is refused when it is made. Called by the engine's routes.
 */
#include "model/match.h"

#include <math.h>
#include <string.h>

#include "ground/error.h"
#include "kit/text.h"
#include "model/alias.h"
#include "model/full_text.h"

#define NUMBER_BYTES 64	/* an escaped string that holds a number is shorter than this, or none */

struct weir__match {
	size_t slots[WEIR__ALIAS_RULES];	/* of the places that its path names */
	size_t slot_count;
	struct weir__full_text *full_text;	/* its path is that alias; NULL: it is not */
	enum weir_test test;
	struct weir_slice *any_of;	/* owned copies */
	size_t any_of_count;
	double min, max;
};

static struct weir_slice raw_of(const void *text, const struct weir__slot *slot)
{
	return (struct weir_slice){ (const char *)text + slot->at, slot->len };
}

static bool test_exists(const struct weir__match *match, const void *text,
			const struct weir__slot *slot)
{
	(void)match;
	(void)text;
	return slot->type != WEIR_FIELD_ABSENT && slot->type != WEIR_FIELD_NULL;
}

static bool test_absent(const struct weir__match *match, const void *text,
			const struct weir__slot *slot)
{
	return !test_exists(match, text, slot);
}

static bool test_equals(const struct weir__match *match, const void *text,
			const struct weir__slot *slot)
{
	if (slot->type < WEIR_FIELD_FALSE || slot->type > WEIR_FIELD_STRING)
		return false;
	for (size_t i = 0; i < match->any_of_count; i++)
		if (weir__text_equals(raw_of(text, slot), slot->escaped, match->any_of[i]))
			return true;
	return false;
}

static bool test_prefix(const struct weir__match *match, const void *text,
			const struct weir__slot *slot)
{
	if (slot->type != WEIR_FIELD_STRING)
		return false;
	for (size_t i = 0; i < match->any_of_count; i++)
		if (weir__text_starts(raw_of(text, slot), slot->escaped, match->any_of[i]))
			return true;
	return false;
}

static bool test_range(const struct weir__match *match, const void *text,
		       const struct weir__slot *slot)
{
	struct weir_slice number = raw_of(text, slot);
	char plain[NUMBER_BYTES];
	double value;

	if (slot->type != WEIR_FIELD_NUMBER && slot->type != WEIR_FIELD_STRING)
		return false;
	if (slot->escaped) {
		number.len = weir__text_unescape(number, plain, sizeof plain);
		number.data = plain;
		if (number.len > sizeof plain)
			return false;
	}
	return weir__text_to_double(number, &value) && match->min <= value && value <= match->max;
}

static const struct {
	const char *name;
	bool (*holds)(const struct weir__match *match, const void *text,
		      const struct weir__slot *slot);
	bool takes_values;
} tests[] = {
	[WEIR_TEST_EXISTS] = { "EXISTS", test_exists, false },
	[WEIR_TEST_ABSENT] = { "ABSENT", test_absent, false },
	[WEIR_TEST_EQUALS] = { "EQUALS", test_equals, true },
	[WEIR_TEST_PREFIX] = { "PREFIX", test_prefix, true },
	[WEIR_TEST_RANGE] = { "RANGE", test_range, false },
};

static enum weir_status check_values(const struct weir_field_match *given, struct weir_error *err)
{
	const char *test = tests[given->test].name;

	if (!given->any_of || given->any_of_count == 0)
		return weir__error_invalid(err, "match on '%.80s': %s compares with nothing; give "
					   "at least one text in any_of", given->path, test);
	for (size_t i = 0; i < given->any_of_count; i++)
		if (!given->any_of[i])
			return weir__error_invalid(err, "match on '%.80s': any_of[%zu] is NULL; "
						   "any_of_count counts texts", given->path, i);
	return WEIR_OK;
}

static enum weir_status check(const struct weir_field_match *given, size_t number,
			      struct weir_error *err)
{
	if (!given->path || !*given->path)
		return weir__error_invalid(err, "match %zu has no path; name the field it reads, "
					   "as user.lang", number);
	if ((size_t)given->test >= sizeof tests / sizeof *tests)
		return weir__error_invalid(err, "match on '%.80s': there is no test %d; use one of "
					   "enum weir_test", given->path, (int)given->test);
	if (tests[given->test].takes_values)
		return check_values(given, err);
	if (given->any_of_count)
		return weir__error_invalid(err, "match on '%.80s': %s does not look at any_of; set "
					   "test to WEIR_TEST_EQUALS or WEIR_TEST_PREFIX",
					   given->path, tests[given->test].name);
	if (given->test != WEIR_TEST_RANGE && (given->min < 0 || given->min > 0 || given->max < 0 ||
					       given->max > 0))
		return weir__error_invalid(err, "match on '%.80s': %s does not look at min and max; "
					   "set test to WEIR_TEST_RANGE", given->path,
					   tests[given->test].name);
	if (given->test != WEIR_TEST_RANGE)
		return WEIR_OK;
	if (isnan(given->min) || isnan(given->max))
		return weir__error_invalid(err, "match on '%.80s': min or max is not a number; use "
					   "-INFINITY or INFINITY for no limit", given->path);
	if (given->min > given->max)
		return weir__error_invalid(err, "match on '%.80s': min %g is above max %g; swap "
					   "them", given->path, given->min, given->max);
	return WEIR_OK;
}

static enum weir_status copy_values(const struct weir_env *env, struct weir__match *match,
				    const struct weir_field_match *given, struct weir_error *err)
{
	match->any_of = weir__alloc_array(env, given->any_of_count, sizeof *match->any_of);
	if (!match->any_of)
		return weir__error_no_memory(err);
	match->any_of_count = given->any_of_count;
	for (size_t i = 0; i < given->any_of_count; i++) {
		match->any_of[i].data = weir__text_copy(env, given->any_of[i]);
		if (!match->any_of[i].data)
			return weir__error_no_memory(err);
		match->any_of[i].len = strlen(given->any_of[i]);
	}
	return WEIR_OK;
}

static enum weir_status compile_path(const struct weir_env *env, weir__plan *plan, const char *path,
				     struct weir__match *match, struct weir_error *err)
{
	if (strcmp(path, WEIR__ALIAS_FULL_TEXT) != 0)
		return weir__alias_add_all(plan, path, match->slots, &match->slot_count, err);
	match->full_text = weir__alloc(env, sizeof *match->full_text);
	if (!match->full_text)
		return weir__error_no_memory(err);
	return weir__full_text_init(match->full_text, env, plan, err);
}

static enum weir_status compile(const struct weir_env *env, weir__plan *plan,
				const struct weir_field_match *given, size_t number,
				struct weir__match *match, struct weir_error *err)
{
	enum weir_status status = check(given, number, err);

	if (status < 0)
		return status;
	status = compile_path(env, plan, given->path, match, err);
	if (status < 0)
		return status;
	match->test = given->test;
	match->min = given->min;
	match->max = given->max;
	return tests[given->test].takes_values ? copy_values(env, match, given, err) : WEIR_OK;
}

enum weir_status weir__matches_new(const struct weir_env *env, weir__plan *plan,
				   const struct weir_field_match *matches, size_t count,
				   struct weir__match **ret, struct weir_error *err)
{
	struct weir__match *made;

	*ret = NULL;
	if (count == 0)
		return WEIR_OK;
	if (!matches)
		return weir__error_invalid(err, "%zu matches are counted but none are given",
					   count);
	made = weir__alloc_array(env, count, sizeof *made);
	if (!made)
		return weir__error_no_memory(err);
	for (size_t i = 0; i < count; i++) {
		const enum weir_status status =
			compile(env, plan, &matches[i], i + 1, &made[i], err);

		if (status < 0) {
			weir__matches_free(env, made, count);
			return status;
		}
	}
	*ret = made;
	return WEIR_OK;
}

static void release(const struct weir_env *env, struct weir__match *match)
{
	for (size_t i = 0; i < match->any_of_count; i++) {
		void *copy = (void *)(uintptr_t)match->any_of[i].data;

		weir__free(env, copy, match->any_of[i].len + 1);
	}
	weir__free(env, match->any_of, match->any_of_count * sizeof *match->any_of);
	if (match->full_text)
		weir__full_text_release(match->full_text);
	weir__free(env, match->full_text, sizeof *match->full_text);
}

void weir__matches_free(const struct weir_env *env, struct weir__match *matches, size_t count)
{
	if (!matches)
		return;
	for (size_t i = 0; i < count; i++)
		release(env, &matches[i]);
	weir__free(env, matches, count * sizeof *matches);
}

static bool full_text_holds(const struct weir__match *match, const void *text,
			    const struct weir__slot *slots)
{
	static const struct weir__slot absent = { .type = WEIR_FIELD_ABSENT };
	const char *from;
	const struct weir__slot *slot = weir__full_text_find(match->full_text, text, slots, &from);

	return tests[match->test].holds(match, from, slot ? slot : &absent);
}

/* ABSENT holds when it does of every place, any other test when it does of one. */
static bool holds(const struct weir__match *match, const void *text, const struct weir__slot *slots)
{
	const bool all = match->test == WEIR_TEST_ABSENT;

	if (match->full_text)
		return full_text_holds(match, text, slots);
	for (size_t i = 0; i < match->slot_count; i++)
		if (tests[match->test].holds(match, text, &slots[match->slots[i]]) != all)
			return !all;
	return all;
}

bool weir__matches_hold(const struct weir__match *matches, size_t count, const void *text,
			const struct weir__slot *slots)
{
	for (size_t i = 0; i < count; i++)
		if (!holds(&matches[i], text, slots))
			return false;
	return true;
}
