/* SPDX-License-Identifier: MIT */
/*
 * A message's full text: for applications, by a scan of its own. Formats have theirs from the slots
 * of the routing scan.
 */
#include "ground/error.h"
#include "kit/html.h"
#include "kit/text.h"
#include "model/full_text.h"
#include "model/message.h"

enum weir_status weir__message_full_text(const weir_message *message, struct weir_field *ret)
{
	const struct weir_env env = { .size = sizeof env, .allocator = message->allocator };
	weir__plan *plan = weir__plan_new(&env);
	struct weir__slot *slots = NULL;
	struct weir__full_text full_text;
	const struct weir__slot *slot;
	enum weir_status status;
	const char *from;

	if (!plan)
		return WEIR_ERR_NOMEM;
	status = weir__full_text_init(&full_text, &env, plan, NULL);
	if (status == WEIR_OK)
		slots = weir__alloc_array(&env, weir__plan_slot_count(plan), sizeof *slots);
	if (!slots)
		status = WEIR_ERR_NOMEM;
	else if (!weir__scan(plan, message->body.data, message->body.len, slots, NULL))
		status = WEIR_ERR_CORRUPT;
	*ret = (struct weir_field){ .type = WEIR_FIELD_ABSENT };
	slot = status == WEIR_OK ? weir__full_text_find(&full_text, message->body.data, slots, &from)
				 : NULL;
	if (slot)
		*ret = (struct weir_field){ .type = slot->type,
					    .escaped = slot->escaped,
					    .raw = { from + slot->at, slot->len } };
	if (slots)
		weir__free(&env, slots, weir__plan_slot_count(plan) * sizeof *slots);
	weir__full_text_release(&full_text);
	weir__plan_free(plan);
	return status;
}

enum weir_status weir_message_text(const weir_message *message, bool references, char *buffer,
				   size_t size, size_t *ret_len)
{
	struct weir_field field;
	enum weir_status status = weir__message_full_text(message, &field);
	size_t len;

	*ret_len = 0;
	if (buffer && size)
		buffer[0] = '\0';
	if (status < 0)
		return status;
	if (field.type == WEIR_FIELD_ABSENT)
		return WEIR_ERR_UNSUPPORTED;
	len = weir_field_text(&field, buffer, size);
	if (!references && buffer && len < size) {
		len = weir__html_undo(buffer, len);
		buffer[len] = '\0';
	}
	*ret_len = len;
	return WEIR_OK;
}
