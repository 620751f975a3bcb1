/* SPDX-License-Identifier: MIT */
/*
 * Messages: made once, never changed, freed with the last reference on whichever thread.
 *
 * Invariant: a message is one block from the pipeline's allocator; body, key and headers that were
 * borrowed are copied into its tail, a body with an owner stays where it is.
 *
 *     | struct weir_message | headers | body (when copied) | key | names and values of headers |
 *     | origin |
 */
#include "model/message.h"

#include <string.h>

#include "kit/json.h"

static bool is_somewhere(struct weir_slice slice)
{
	return slice.data || !slice.len;
}

bool weir__message_init_is_whole(const struct weir_message_init *init)
{
	if (!is_somewhere(init->body) || !is_somewhere(init->key) ||
	    (init->header_count && !init->headers))
		return false;
	for (size_t i = 0; i < init->header_count; i++)
		if (!init->headers[i].name || !is_somewhere(init->headers[i].value))
			return false;
	return true;
}

static size_t tail_size(const struct weir_message_init *init)
{
	size_t size = init->header_count * sizeof(struct weir_header) + init->key.len;

	if (!init->release)
		size += init->body.len;
	if (init->origin)
		size += strlen(init->origin) + 1;
	for (size_t i = 0; i < init->header_count; i++)
		size += strlen(init->headers[i].name) + 1 + init->headers[i].value.len;
	return size;
}

/* Copies to the tail and moves it on. */
static void *append(uint8_t **tail, const void *data, size_t len)
{
	void *copy = *tail;

	if (len)
		memcpy(copy, data, len);
	*tail += len;
	return copy;
}

static void copy_headers(weir_message *message, const struct weir_message_init *init,
			 uint8_t **tail)
{
	for (size_t i = 0; i < init->header_count; i++) {
		const struct weir_header *from = &init->headers[i];

		message->headers[i].name = append(tail, from->name, strlen(from->name) + 1);
		message->headers[i].value.data = append(tail, from->value.data, from->value.len);
		message->headers[i].value.len = from->value.len;
	}
}

weir_message *weir__message_new(const struct weir_env *env, const struct weir_message_init *init,
				const char *source, uint64_t received_ms)
{
	const size_t size = sizeof(weir_message) + tail_size(init);
	weir_message *message = weir__resize(env, NULL, 0, size);
	uint8_t *tail;

	if (!message) {
		if (init->release)
			init->release(init->owner);
		return NULL;
	}
	*message = (weir_message){ .allocator = env->allocator,
				   .block_size = size,
				   .kind = init->kind,
				   .traits = init->kind ? init->traits : 0,
				   .body = init->body,
				   .time_ms = init->time_ms,
				   .received_ms = received_ms,
				   .position = init->position,
				   .source = source,
				   .release = init->release,
				   .owner = init->owner,
				   .headers = (struct weir_header *)(message + 1),
				   .header_count = init->header_count };
	atomic_init(&message->references, 1);
	atomic_init(&message->plan, NULL);
	tail = (uint8_t *)(message->headers + init->header_count);
	if (!init->release)
		message->body.data = append(&tail, init->body.data, init->body.len);
	if (init->key.data)
		message->key = (struct weir_slice){ append(&tail, init->key.data, init->key.len),
						    init->key.len };
	copy_headers(message, init, &tail);
	if (init->origin)
		message->source = append(&tail, init->origin, strlen(init->origin) + 1);
	return message;
}

void weir__message_tell(weir_message *message, const struct weir__kind_slots *kind_slots,
			bool valid, const struct weir__slot *slots)
{
	const struct weir__verdict verdict = weir__kind_tell(kind_slots, message->body.data,
							     message->body.len, valid, slots);

	if (!message->kind) {
		message->kind = verdict.kind;
		message->traits = verdict.traits;
		if (!message->key.data)
			message->key = verdict.key;
		if (!message->time_ms)
			message->time_ms = verdict.time_ms;
	}
}

weir_message *weir_message_ref(weir_message *message)
{
	if (message)
		atomic_fetch_add_explicit(&message->references, 1, memory_order_relaxed);
	return message;
}

weir_message *weir_message_unref(weir_message *message)
{
	struct weir_allocator allocator;

	if (!message)
		return NULL;
	/* Who has the only one is alone with it: no locked instruction. */
	if (atomic_load_explicit(&message->references, memory_order_acquire) != 1 &&
	    atomic_fetch_sub_explicit(&message->references, 1, memory_order_acq_rel) != 1)
		return NULL;
	if (message->release)
		message->release(message->owner);
	weir__json_unref(message->tree);
	allocator = message->allocator;
	allocator.resize(allocator.user, message, message->block_size, 0);
	return NULL;
}

struct weir_slice weir_message_body(const weir_message *message)
{
	return message->body;
}

unsigned weir_message_kind(const weir_message *message)
{
	return message->kind;
}

unsigned weir_message_traits(const weir_message *message)
{
	return message->traits;
}

struct weir_slice weir_message_key(const weir_message *message)
{
	return message->key;
}

uint64_t weir_message_time_ms(const weir_message *message)
{
	return message->time_ms ? message->time_ms : message->received_ms;
}

uint64_t weir_message_received_ms(const weir_message *message)
{
	return message->received_ms;
}

struct weir_position weir_message_position(const weir_message *message)
{
	return message->position;
}

const char *weir_message_source(const weir_message *message)
{
	return message->source;
}

const char *weir_outcome_name(enum weir_outcome outcome)
{
	static const char *const names[WEIR_OUTCOME_COUNT] = {
		[WEIR_OUTCOME_DELIVERED] = "delivered",
		[WEIR_OUTCOME_DEAD_LETTERED] = "dead_lettered",
		[WEIR_OUTCOME_DROPPED] = "dropped",
		[WEIR_OUTCOME_KEPT] = "kept",
		[WEIR_OUTCOME_LEFT] = "left",
	};

	return (unsigned)outcome < WEIR_OUTCOME_COUNT ? names[outcome] : "unknown";
}
