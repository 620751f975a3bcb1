/* SPDX-License-Identifier: MIT */
/*
 * Shared, reference-counted bytes: what a source reads into and messages are slices of.
 *
 * A buffer is freed with the last reference, on whichever thread that happens. Bytes that a
 * message refers to are never changed again; the owner only writes behind them.
 */
#ifndef WEIR_KIT_BUFFER_H
#define WEIR_KIT_BUFFER_H

#include <stdatomic.h>

#include "ground/env.h"

struct weir__buffer {
	struct weir_allocator allocator;
	atomic_size_t references;
	size_t size;
	uint8_t bytes[];
};

/* A buffer of `size` bytes, unset, with one reference; NULL when out of memory. */
struct weir__buffer *weir__buffer_new(const struct weir_env *env, size_t size);
struct weir__buffer *weir__buffer_ref(struct weir__buffer *buffer);
/* NULL is fine; returns NULL. */
struct weir__buffer *weir__buffer_unref(struct weir__buffer *buffer);
/* Whether anybody but the caller, who holds a reference, holds one. */
bool weir__buffer_is_shared(const struct weir__buffer *buffer);
/* A buffer nobody shares, made larger; it may move. NULL when out of memory, it then stays. */
struct weir__buffer *weir__buffer_grow(struct weir__buffer *buffer, size_t size);

#endif
