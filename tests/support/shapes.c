/* SPDX-License-Identifier: MIT */
/* The rig of the kinds' fixtures. One plan per process: tests fork. */
#include "support/shapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct weir_env env;
static weir__plan *plan;
static struct weir__kind_slots kind_slots;
static struct weir__slot *slots;

void shapes_init(void)
{
	struct weir_error err;

	env = weir__env_complete(NULL);
	plan = weir__plan_new(&env);
	ck_assert_ptr_nonnull(plan);
	ck_assert_msg(weir__kind_plan(&kind_slots, plan, &err) == WEIR_OK, "%s", err.text);
	slots = calloc(weir__plan_slot_count(plan), sizeof *slots);
	ck_assert_ptr_nonnull(slots);
}

void shapes_release(void)
{
	free(slots);
	weir__plan_free(plan);
}

struct weir__verdict shape_tell(const char *text, size_t len, char **ret_copy)
{
	char *copy = malloc(len ? len : 1);
	bool valid;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, len);
	valid = weir__scan(plan, copy, len, slots, NULL);
	*ret_copy = copy;
	return weir__kind_tell(&kind_slots, copy, len, valid, slots);
}

void shape_expect(const char *name, const char *text, const struct shape *want, unsigned traits)
{
	char *copy;
	const struct weir__verdict got = shape_tell(text, strlen(text), &copy);
	const size_t key_len = want->key ? strlen(want->key) : 0;

	ck_assert_msg(got.kind == want->kind, "%s: %s: kind %s", name, text,
		      weir_kind_name(got.kind));
	ck_assert_msg(got.traits == (want->traits | traits), "%s: %s: traits %x", name, text,
		      got.traits);
	ck_assert_msg((got.key.data != NULL) == (want->key != NULL), "%s: %s: key %.*s", name, text,
		      (int)got.key.len, got.key.data ? (const char *)got.key.data : "");
	ck_assert_msg(got.key.len == key_len && (!key_len || !memcmp(got.key.data, want->key,
	key_len)),
		      "%s: %s: key %.*s", name, text, (int)got.key.len, (const char *)got.key.data);
	ck_assert_msg(got.time_ms == want->time_ms, "%s: %s: time %ju", name, text,
		      (uintmax_t)got.time_ms);
	free(copy);
}

void shape_expect_enveloped(const struct shape *shape)
{
	static const char *const users[] = { "1888", "\"1888\"", "6358482000000" };
	char text[2048];

	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof text, "{\"for_user\":%s,\"message\":%s}", users[i],
			 shape->text);
		shape_expect(shape->name, text, shape, ENVELOPED);
		snprintf(text, sizeof text, "{\"message\":%s,\"for_user\":%s}", shape->text,
			 users[i]);
		shape_expect(shape->name, text, shape, ENVELOPED);
	}
}
