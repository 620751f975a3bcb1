/* SPDX-License-Identifier: MIT */
/*
 * The batches of a spool that are not wholly settled, in order: a ring that grows.
 *
 * 40 bytes each; a batch takes a page of the file at least, so that the index of a full spool is
 * never above a hundredth of max_bytes, and mostly some kilobytes.
 */
#ifndef WEIR_CONNECT_SPOOL_INDEX_H
#define WEIR_CONNECT_SPOOL_INDEX_H

#include "ground/env.h"

/* A batch in the file; what lies there is stable until it is deleted. */
struct weir__spooled {
	uint64_t first, count;	/* numbers; when its head is damaged, up to the next batch */
	uint64_t offset, len;	/* bytes in the file */
	uint64_t stored_ms;	/* 0: not known */
};

struct weir__index {
	const struct weir_env *env;
	struct weir__spooled *items;
	size_t head, count, size;	/* size: a power of 2, or 0 */
	uint64_t bytes;			/* of all its batches */
};

/* The batch of this place, counted from the front; it must be there. */
struct weir__spooled *weir__index_at(const struct weir__index *index, size_t at);
/* Room for so many more, so that adding them does not fail; false when out of memory. */
bool weir__index_reserve(struct weir__index *index, size_t more);
/* At the end; false when out of memory. */
bool weir__index_add(struct weir__index *index, const struct weir__spooled *spooled);
void weir__index_drop_first(struct weir__index *index);
void weir__index_release(struct weir__index *index);

#endif
