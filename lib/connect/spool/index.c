/* SPDX-License-Identifier: MIT */
/*
 * A ring of batches.
 *
 * Guarantee: adding fails before it changes anything. Callers: the check of a spool's pages fills
 * it when it is opened; then the sink adds what was stored, and the source drops what is settled.
 */
#include "connect/spool/index.h"

#define FIRST_SIZE 64

struct weir__spooled *weir__index_at(const struct weir__index *index, size_t at)
{
	return &index->items[(index->head + at) & (index->size - 1)];
}

static bool grow(struct weir__index *index)
{
	const size_t size = index->size ? 2 * index->size : FIRST_SIZE;
	struct weir__spooled *items = weir__alloc_array(index->env, size, sizeof *items);

	if (!items)
		return false;
	for (size_t i = 0; i < index->count; i++)
		items[i] = *weir__index_at(index, i);
	weir__free(index->env, index->items, index->size * sizeof *items);
	index->items = items;
	index->size = size;
	index->head = 0;
	return true;
}

bool weir__index_reserve(struct weir__index *index, size_t more)
{
	while (index->size - index->count < more)
		if (!grow(index))
			return false;
	return true;
}

bool weir__index_add(struct weir__index *index, const struct weir__spooled *spooled)
{
	if (!weir__index_reserve(index, 1))
		return false;
	index->count++;
	index->bytes += spooled->len;
	*weir__index_at(index, index->count - 1) = *spooled;
	return true;
}

void weir__index_drop_first(struct weir__index *index)
{
	index->bytes -= index->items[index->head].len;
	index->head = (index->head + 1) & (index->size - 1);
	index->count--;
}

void weir__index_release(struct weir__index *index)
{
	weir__free(index->env, index->items, index->size * sizeof *index->items);
	*index = (struct weir__index){ .env = index->env };
}
