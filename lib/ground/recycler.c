/* SPDX-License-Identifier: MIT */
/*
 * Blocks used again.
 *
 *     free by the owner ─► shelf of its size, or of large ones ─► next allocation by the owner
 *     free by another, or a full shelf ─► the application's allocator
 *
 * Invariants: shelves are touched by the owner only, the thread between enter and leave: no other
 * can take itself for it. `live` counts the blocks the owner has taken
 * less those it has freed; `elsewhere` is ALIVE plus the same of all other threads. Release
 * takes ALIVE away and adds `live`: from then on `elsewhere` counts every block that is out, and
 * whoever brings it to zero frees the recycler.
 */
#include "ground/recycler.h"

#include <pthread.h>
#include <stdatomic.h>

#define ALIVE (INT64_C(1) << 62)
#define SHELF_BYTES (8u << 20)	/* most that is kept of one size */
#define LARGE_LEAST (64u << 10)
#define LARGE_MOST (512u << 10)
#define LARGE_COUNT 4

struct block {
	struct block *next;
};

struct shelf {
	size_t size;
	size_t count, most;
	struct block *blocks;
};

struct large {
	void *block;
	size_t size;
};

struct weir__recycler {
	struct weir_allocator base;
	_Atomic uintptr_t owner;	/* a pthread_t; 0: nobody */
	_Atomic int64_t elsewhere;
	int64_t live;
	struct shelf shelves[WEIR__RECYCLED_SIZES];
	struct large large[LARGE_COUNT];
	size_t next_large;	/* the place to be used when all are taken: the oldest */
};

static void *base_resize(const weir__recycler *recycler, void *ptr, size_t old_size,
			 size_t new_size)
{
	return recycler->base.resize(recycler->base.user, ptr, old_size, new_size);
}

static bool is_owner(const weir__recycler *recycler)
{
	return atomic_load_explicit(&recycler->owner, memory_order_relaxed) ==
	       (uintptr_t)pthread_self();
}

/* ---- shelves ---- */

static struct shelf *shelf_of(weir__recycler *recycler, size_t size)
{
	for (size_t i = 0; i < WEIR__RECYCLED_SIZES; i++)
		if (recycler->shelves[i].size == size)
			return &recycler->shelves[i];
	return NULL;
}

static bool is_large(size_t size)
{
	return size >= LARGE_LEAST && size <= LARGE_MOST;
}

static void *take_large(weir__recycler *recycler, size_t size)
{
	for (size_t i = 0; i < LARGE_COUNT; i++) {
		void *block = recycler->large[i].block;

		if (!block || recycler->large[i].size != size)
			continue;
		recycler->large[i].block = NULL;
		return block;
	}
	return NULL;
}

static void keep_large(weir__recycler *recycler, void *block, size_t size)
{
	size_t at = 0;

	while (at < LARGE_COUNT && recycler->large[at].block)
		at++;
	if (at == LARGE_COUNT) {
		at = recycler->next_large;
		recycler->next_large = (at + 1) % LARGE_COUNT;
		base_resize(recycler, recycler->large[at].block, recycler->large[at].size, 0);
	}
	recycler->large[at] = (struct large){ block, size };
}

static void *take(weir__recycler *recycler, size_t size)
{
	struct shelf *shelf = shelf_of(recycler, size);
	struct block *block = shelf ? shelf->blocks : NULL;

	if (!block)
		return is_large(size) ? take_large(recycler, size) : NULL;
	shelf->blocks = block->next;
	shelf->count--;
	__builtin_prefetch(shelf->blocks, 1);	/* the next one asked for: it may be cold */
	return block;
}

static bool keep(weir__recycler *recycler, void *ptr, size_t size)
{
	struct shelf *shelf = shelf_of(recycler, size);
	struct block *block = ptr;

	if (!shelf && is_large(size)) {
		keep_large(recycler, ptr, size);
		return true;
	}
	if (!shelf || shelf->count == shelf->most)
		return false;
	block->next = shelf->blocks;
	shelf->blocks = block;
	shelf->count++;
	return true;
}

/* ---- the allocator ---- */

static void free_self(weir__recycler *recycler)
{
	const struct weir_allocator base = recycler->base;

	base.resize(base.user, recycler, sizeof *recycler, 0);
}

/* `blocks` more (or fewer) are out; the last one in takes a released recycler along. */
static void count(weir__recycler *recycler, bool owner, int64_t blocks)
{
	if (owner)
		recycler->live += blocks;
	else if (atomic_fetch_add_explicit(&recycler->elsewhere, blocks, memory_order_acq_rel) +
			 blocks ==
		 0)
		free_self(recycler);
}

static void *allocate(weir__recycler *recycler, size_t size)
{
	const bool owner = is_owner(recycler);
	void *block = owner ? take(recycler, size) : NULL;

	if (!block)
		block = base_resize(recycler, NULL, 0, size);
	if (block)
		count(recycler, owner, 1);
	return block;
}

static void give_back(weir__recycler *recycler, void *ptr, size_t size)
{
	const bool owner = is_owner(recycler);

	if (!owner || !keep(recycler, ptr, size))
		base_resize(recycler, ptr, size, 0);
	count(recycler, owner, -1);
}

static void *resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
	weir__recycler *recycler = user;

	if (!ptr)
		return new_size ? allocate(recycler, new_size) : NULL;
	if (new_size)
		return base_resize(recycler, ptr, old_size, new_size);
	give_back(recycler, ptr, old_size);
	return NULL;
}

/* ---- its life ---- */

weir__recycler *weir__recycler_new(const struct weir_allocator *base,
				   const size_t sizes[WEIR__RECYCLED_SIZES])
{
	weir__recycler *recycler = base->resize(base->user, NULL, 0, sizeof *recycler);

	if (!recycler)
		return NULL;
	*recycler = (weir__recycler){ .base = *base };
	for (size_t i = 0; i < WEIR__RECYCLED_SIZES; i++)
		recycler->shelves[i] =
			(struct shelf){ .size = sizes[i], .most = SHELF_BYTES / sizes[i] };
	atomic_init(&recycler->elsewhere, ALIVE);
	return recycler;
}

void weir__recycler_enter(weir__recycler *recycler)
{
	if (recycler)
		atomic_store_explicit(&recycler->owner, (uintptr_t)pthread_self(),
				      memory_order_relaxed);
}

void weir__recycler_leave(weir__recycler *recycler)
{
	if (recycler)
		atomic_store_explicit(&recycler->owner, 0, memory_order_relaxed);
}

struct weir_allocator weir__recycler_allocator(weir__recycler *recycler)
{
	return (struct weir_allocator){ .resize = resize, .user = recycler };
}

static void empty(weir__recycler *recycler)
{
	for (size_t i = 0; i < WEIR__RECYCLED_SIZES; i++) {
		struct shelf *shelf = &recycler->shelves[i];

		while (shelf->blocks) {
			struct block *block = shelf->blocks;

			shelf->blocks = block->next;
			base_resize(recycler, block, shelf->size, 0);
		}
	}
	for (size_t i = 0; i < LARGE_COUNT; i++)
		if (recycler->large[i].block)
			base_resize(recycler, recycler->large[i].block, recycler->large[i].size, 0);
}

void weir__recycler_release(weir__recycler *recycler)
{
	if (!recycler)
		return;
	empty(recycler);
	count(recycler, false, recycler->live - ALIVE);
}
