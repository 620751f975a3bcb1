/* SPDX-License-Identifier: MIT */
/*
 * What a delivery carries: key, value and time, made when it is sent.
 *
 * Guarantees: without a template or format nothing is copied, key and value lie in the message;
 * what is made is the delivery's own and goes with it. Called by delivery.c, while the message is
 * being routed: the pipeline's slots are its own.
 */
#include "engine/engine.h"

#include <string.h>

#include "ground/error.h"

void weir__delivery_free(weir_pipeline *pipeline, weir_delivery *delivery)
{
	weir__free(&pipeline->env, delivery->key_block, delivery->key.len);
	weir__free(&pipeline->env, delivery->value_block, delivery->value.len);
	weir__free(&pipeline->env, delivery->death, sizeof *delivery->death);
	weir__free(&pipeline->env, delivery, sizeof *delivery);
}

/* A copy of what was made; empty is not the same as none. */
static enum weir_status keep(weir_pipeline *pipeline, const void *data, size_t len,
			     void **ret_block, struct weir_slice *ret, struct weir_error *err)
{
	*ret = (struct weir_slice){ "", 0 };
	if (len == 0)
		return WEIR_OK;
	*ret_block = weir__resize(&pipeline->env, NULL, 0, len);
	if (!*ret_block)
		return weir__error_no_memory(err);
	memcpy(*ret_block, data, len);
	*ret = (struct weir_slice){ *ret_block, len };
	return WEIR_OK;
}

enum weir_status weir__delivery_make_key(weir_delivery *delivery, const weir_rule *rule,
					 struct weir_error *err)
{
	weir_pipeline *pipeline = rule->pipeline;
	const weir_message *message = delivery->message;
	const struct weir__template_source from = { .text = message->body.data,
						    .slots = pipeline->slots,
						    .kind = weir_kind_name(message->kind),
						    .source = message->source };
	char text[WEIR__TEMPLATE_KEY_BYTES];
	size_t len;

	if (!rule->key)
		delivery->key = rule->without_key ? (struct weir_slice){ 0 } : message->key;
	if (!rule->key || !weir__template_key(rule->key, &from, text, sizeof text, &len))
		return WEIR_OK;
	return keep(pipeline, text, len, &delivery->key_block, &delivery->key, err);
}

/* Of a template, which a format replaces. */
static void drop_key(weir_pipeline *pipeline, weir_delivery *delivery)
{
	delivery->key_block = weir__free(&pipeline->env, delivery->key_block, delivery->key.len);
}

enum weir_status weir__delivery_make_value(weir_delivery *delivery, const weir_rule *rule,
					   struct weir_error *err)
{
	weir_pipeline *pipeline = rule->pipeline;
	struct weir__rendering *made = &pipeline->rendering;
	const struct weir__bytes *value = &made->value.bytes, *key = &made->key.bytes;
	enum weir_status status;

	status = weir__format_render(rule->format, delivery->message, pipeline->slots, made, err);
	if (status < 0)
		return status;
	if (made->time_ms)
		delivery->time_ms = made->time_ms;
	if (made->has_key) {
		drop_key(pipeline, delivery);
		status = keep(pipeline, key->data, key->len, &delivery->key_block, &delivery->key,
			      err);
	}
	delivery->value = (struct weir_slice){ 0 };
	if (status == WEIR_OK && !made->has_value && delivery->key.len == 0)
		return weir_error_set(err, WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
				      "no tombstone can be made of this %s: its key is empty",
				      weir_kind_name(delivery->message->kind));
	if (status == WEIR_OK && made->has_value)
		status = keep(pipeline, value->data, value->len, &delivery->value_block,
			      &delivery->value, err);
	return status;
}

void weir__delivery_unformat(weir_delivery *delivery)
{
	const weir_pipeline *pipeline = delivery->sink->port.pipeline;

	delivery->value_block =
		weir__free(&pipeline->env, delivery->value_block, delivery->value.len);
	delivery->value = delivery->message->body;
}
