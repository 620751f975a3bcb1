/* SPDX-License-Identifier: MIT */
/*
 * Reference-counted bytes.
 *
 * Guarantees: a buffer goes back to the allocator it came from, exactly once, with the last
 * reference, whichever thread gives it back; what was written before a reference was given back
 * is seen by whoever frees. Callers: the framer, messages, connectors that make bodies.
 */
#include "kit/buffer.h"

struct weir__buffer *weir__buffer_new(const struct weir_env *env, size_t size)
{
	struct weir__buffer *buffer;

	if (size > SIZE_MAX - sizeof *buffer)
		return NULL;
	buffer = weir__resize(env, NULL, 0, sizeof *buffer + size);
	if (!buffer)
		return NULL;
	buffer->allocator = env->allocator;
	buffer->size = size;
	atomic_init(&buffer->references, 1);
	return buffer;
}

struct weir__buffer *weir__buffer_grow(struct weir__buffer *buffer, size_t size)
{
	const struct weir_allocator allocator = buffer->allocator;

	if (size > SIZE_MAX - sizeof *buffer)
		return NULL;
	buffer = allocator.resize(allocator.user, buffer, sizeof *buffer + buffer->size,
				  sizeof *buffer + size);
	if (buffer)
		buffer->size = size;
	return buffer;
}

struct weir__buffer *weir__buffer_ref(struct weir__buffer *buffer)
{
	atomic_fetch_add_explicit(&buffer->references, 1, memory_order_relaxed);
	return buffer;
}

struct weir__buffer *weir__buffer_unref(struct weir__buffer *buffer)
{
	struct weir_allocator allocator;

	if (!buffer || atomic_fetch_sub_explicit(&buffer->references, 1, memory_order_acq_rel) > 1)
		return NULL;
	allocator = buffer->allocator;
	allocator.resize(allocator.user, buffer, sizeof *buffer + buffer->size, 0);
	return NULL;
}

bool weir__buffer_is_shared(const struct weir__buffer *buffer)
{
	return atomic_load_explicit(&buffer->references, memory_order_acquire) > 1;
}
