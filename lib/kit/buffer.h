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

#endif
