/* SPDX-License-Identifier: MIT */
/*
 * Fields of a message by path: from the slots of the routing scan where they are at hand, else by
 * a scan of its own with a plan of one path. Callers: applications, connectors, predicates.
 */
#include <string.h>

#include "kit/text.h"
#include "model/alias.h"
#include "model/message.h"
#include "weir/json.h"

#include "kit/json.h"

static struct weir_field field_of(const weir_message *message, const struct weir__slot *slot)
{
	struct weir_field field = { .type = slot->type };

	if (slot->type == WEIR_FIELD_ABSENT)
		return field;
	field.escaped = slot->escaped;
	field.raw.data = (const char *)message->body.data + slot->at;
	field.raw.len = slot->len;
	return field;
}

static enum weir_status scan_for(const weir_message *message, const weir__plan *plan, size_t slot,
				 const struct weir_env *env, struct weir_field *ret_field)
{
	const size_t count = weir__plan_slot_count(plan);
	struct weir__slot *slots = weir__alloc_array(env, count, sizeof *slots);
	enum weir_status status = WEIR_OK;

	if (!slots)
		return WEIR_ERR_NOMEM;
	if (weir__scan(plan, message->body.data, message->body.len, slots, NULL))
		*ret_field = field_of(message, &slots[slot]);
	else
		status = WEIR_ERR_CORRUPT;
	weir__free(env, slots, count * sizeof *slots);
	return status;
}

/* The pipeline's plan, while it routes this message, on its thread; its slots are the message's. */
static const weir__plan *routing_plan(const weir_message *message)
{
	const weir__plan *plan =
		atomic_load_explicit(&message->plan, memory_order_relaxed);

	return plan && pthread_equal(message->router, pthread_self()) ? plan : NULL;
}

enum weir_status weir_message_field(const weir_message *message, const char *path,
				    struct weir_field *ret_field)
{
	const struct weir_env env = { .size = sizeof env, .allocator = message->allocator };
	const weir__plan *routing = routing_plan(message);
	enum weir_status status;
	weir__plan *plan;
	size_t slot;

	if (!path)
		return WEIR_ERR_INVALID;
	if (strcmp(path, WEIR__ALIAS_FULL_TEXT) == 0)
		return weir__message_full_text(message, ret_field);
	path = weir__alias_path(path);
	if (routing && weir__plan_find(routing, path, &slot)) {
		*ret_field = field_of(message, &message->slots[slot]);
		return WEIR_OK;
	}
	plan = weir__plan_new(&env);
	if (!plan)
		return WEIR_ERR_NOMEM;
	status = weir__plan_add(plan, path, &slot, NULL);
	if (status == WEIR_OK)
		status = scan_for(message, plan, slot, &env, ret_field);
	weir__plan_free(plan);
	return status;
}

size_t weir_field_text(const struct weir_field *field, char *buffer, size_t size)
{
	size_t len = field->raw.len;

	if (field->type == WEIR_FIELD_STRING && field->escaped)
		len = weir__text_unescape(field->raw, buffer, size);
	else if (buffer && size && len)
		memcpy(buffer, field->raw.data, len < size ? len : size);
	if (buffer && size)
		buffer[len < size ? len : size - 1] = '\0';
	return len;
}

json_t *weir_message_json(weir_message *message, struct weir_error *err)
{
	struct weir_field whole;

	if (message->tree)
		return message->tree;
	message->tree = weir__json_parse(message->body, err);
	if (!message->tree && err && err->status == WEIR_ERR_CORRUPT &&
	    weir_message_field(message, "a", &whole) == WEIR_OK)
		err->status = WEIR_ERR_UNSUPPORTED;	/* it is JSON: jansson cannot hold it */
	return message->tree;
}
