/* SPDX-License-Identifier: MIT */
/*
 * Blocks used again.
 *
 *     free by the owner ─► shelf of its size, or of large ones ─► next allocation by the owner
 *     free by another, or a full shelf ─► the application's allocator
 *     large, and not needed between two trims ─► the same
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
#define LARGE_BYTES (17u << 20)	/* of large ones: as many as a window has, and one being filled */

struct block {
	struct block *next;
};

struct shelf {
	size_t size;
	size_t count, most;
	struct block *blocks;
};

/* A large block that is kept: the list begins with the one that came last. */
struct large {
	struct large *next;
	size_t size;
};

struct weir__recycler {
	struct weir_allocator base;
	_Atomic uintptr_t owner;	/* a pthread_t; 0: nobody */
	_Atomic int64_t elsewhere;
	int64_t live;
	struct shelf shelves[WEIR__RECYCLED_SIZES];
	struct large *large;
	size_t large_bytes, large_count;
	size_t large_least;	/* so few they were since the last trim */
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

static void large_is_out(weir__recycler *recycler, size_t size)
{
	recycler->large_bytes -= size;
	recycler->large_count--;
	if (recycler->large_least > recycler->large_count)
		recycler->large_least = recycler->large_count;
}

/* The last of that size is the one that a cache may still have. */
static void *take_large(weir__recycler *recycler, size_t size)
{
	struct large **at = &recycler->large;
	struct large *large;

	while (*at && (*at)->size != size)
		at = &(*at)->next;
	large = *at;
	if (!large)
		return NULL;
	*at = large->next;
	large_is_out(recycler, size);
	return large;
}

/* Gives back all but the `most` that came last. */
static void drop_large(weir__recycler *recycler, size_t most)
{
	struct large **at = &recycler->large;

	for (size_t i = 0; i < most && *at; i++)
		at = &(*at)->next;
	while (*at) {
		struct large *large = *at;

		*at = large->next;
		large_is_out(recycler, large->size);
		base_resize(recycler, large, large->size, 0);
	}
}

static void keep_large(weir__recycler *recycler, void *block, size_t size)
{
	struct large *large = block;

	while (recycler->large_bytes + size > LARGE_BYTES)
		drop_large(recycler, recycler->large_count - 1);
	*large = (struct large){ .next = recycler->large, .size = size };
	recycler->large = large;
	recycler->large_bytes += size;
	recycler->large_count++;
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

void weir__recycler_trim(weir__recycler *recycler)
{
	drop_large(recycler, recycler->large_count - recycler->large_least);
	recycler->large_least = recycler->large_count;
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
	drop_large(recycler, 0);
}

void weir__recycler_release(weir__recycler *recycler)
{
	if (!recycler)
		return;
	empty(recycler);
	count(recycler, false, recycler->live - ALIVE);
}
