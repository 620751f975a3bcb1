/* SPDX-License-Identifier: MIT */
/*
 * One plan and its slots: read a text, then ask for what stood where.
 *
 * Guarantee: nothing is built, and nothing but a copy that is asked for is allocated after init.
 * Callers: peek.c, notice.c, x_problem.c, x_answer.c.
 */
#include "connect/twitter/fields.h"

#include <assert.h>

#include "ground/error.h"
#include "kit/text.h"

enum weir_status weir__twitter_fields_init(struct weir__twitter_fields *fields,
					   const struct weir_env *env, const char *const *paths,
					   size_t count, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	assert(count <= WEIR__TWITTER_FIELDS);
	*fields = (struct weir__twitter_fields){ .plan = weir__plan_new(env) };
	if (!fields->plan)
		return weir__error_no_memory(err);
	for (size_t i = 0; status == WEIR_OK && i < count; i++)
		status = weir__plan_add(fields->plan, paths[i], &fields->at[i], err);
	fields->slot_count = weir__plan_slot_count(fields->plan);
	if (status == WEIR_OK)
		fields->slots = weir__alloc_array(env, fields->slot_count, sizeof *fields->slots);
	if (status == WEIR_OK && !fields->slots)
		status = weir__error_no_memory(err);
	if (status < 0)
		weir__twitter_fields_release(fields, env);
	return status;
}

void weir__twitter_fields_release(struct weir__twitter_fields *fields, const struct weir_env *env)
{
	weir__free(env, fields->slots, fields->slot_count * sizeof *fields->slots);
	weir__plan_free(fields->plan);
	*fields = (struct weir__twitter_fields){ .plan = NULL };
}

bool weir__twitter_fields_read(struct weir__twitter_fields *fields, struct weir_slice text)
{
	fields->text = text.data;
	return weir__scan(fields->plan, text.data, text.len, fields->slots, NULL);
}

enum weir_field_type weir__twitter_fields_type(const struct weir__twitter_fields *fields,
					       size_t path)
{
	return fields->slots[fields->at[path]].type;
}

struct weir_slice weir__twitter_fields_raw(const struct weir__twitter_fields *fields, size_t path,
					   enum weir_field_type type)
{
	const struct weir__slot *slot = &fields->slots[fields->at[path]];

	if (slot->type != type)
		return (struct weir_slice){ NULL, 0 };
	return (struct weir_slice){ fields->text + slot->at, slot->len };
}

bool weir__twitter_fields_text(const struct weir__twitter_fields *fields, size_t path, char *ret,
			       size_t size)
{
	const struct weir_slice raw = weir__twitter_fields_raw(fields, path, WEIR_FIELD_STRING);
	size_t len = 0;

	if (raw.data)
		len = weir__text_unescape(raw, ret, size - 1);
	ret[len < size ? len : size - 1] = '\0';
	return raw.data != NULL;
}

char *weir__twitter_fields_copy(const struct weir__twitter_fields *fields,
				const struct weir_env *env, size_t path)
{
	const struct weir_slice raw = weir__twitter_fields_raw(fields, path, WEIR_FIELD_STRING);
	char *copy = raw.data ? weir__alloc(env, raw.len + 1) : NULL;
	char *exact;

	if (!copy)
		return NULL;
	copy[weir__text_unescape(raw, copy, raw.len)] = '\0';
	exact = weir__text_copy(env, copy);
	weir__free(env, copy, raw.len + 1);
	return exact;
}
