/* SPDX-License-Identifier: MIT */
/*
 * A recycler: an allocator that keeps freed blocks for the next of their size, in front of the
 * application's. In a steady state a pipeline then asks the application for no memory at all.
 *
 * Kept are blocks of the sizes named at the start, and large ones (buffers), both bounded; of the
 * large ones those that are not needed go back with the next trim.
 * Any thread may allocate and free; only one that has entered it keeps blocks and takes them again.
 * It lives as long as the last block that came from it, so that messages may outlive their
 * pipeline.
 */
#ifndef WEIR_GROUND_RECYCLER_H
#define WEIR_GROUND_RECYCLER_H

#include "weir/env.h"

#define WEIR__RECYCLED_SIZES 4

typedef struct weir__recycler weir__recycler;

/* NULL when out of memory. */
weir__recycler *weir__recycler_new(const struct weir_allocator *base,
				   const size_t sizes[WEIR__RECYCLED_SIZES]);
/* Gives back what is kept; the recycler itself goes with its last block. NULL is fine. */
void weir__recycler_release(weir__recycler *recycler);
/* What to allocate with. */
struct weir_allocator weir__recycler_allocator(weir__recycler *recycler);
/* Between the two the calling thread is its owner; one thread at a time. NULL is fine. */
void weir__recycler_enter(weir__recycler *recycler);
void weir__recycler_leave(weir__recycler *recycler);
/* Gives back the large blocks that were not needed since it was last called. By the owner. */
void weir__recycler_trim(weir__recycler *recycler);

#endif
