/* SPDX-License-Identifier: MIT */
/*
 * The window: a ring of entries in the order in which they came, and a table into it.
 *
 *     ring     │ 7 │ 8 │ 9 │ 5 │ 6 │      the oldest, 5, makes room for the next
 *     buckets  │ · │ 9 │ · │ 6 │ 7 │ …    twice as many, open addressing, by hash
 *
 * Invariants: every entry of the ring is in the table once, but for those that were forgotten, whose
 * length is 0 until their place in the ring is due; an entry that leaves is taken out with
 * those behind it moved up, so that no bucket is ever marked as deleted and a look ends at the first
 * empty one. Called by the router, once for each message of a source that wants it.
 */
#include "model/dedup.h"

#include <string.h>

struct entry {
	uint64_t seen_ms;
	uint32_t kind;
	uint32_t hash;
	uint8_t len;
	uint8_t key[WEIR__DEDUP_KEY_BYTES];
};

struct weir__dedup {
	struct weir_env env;
	uint64_t age_ms;
	uint64_t seed;			/* of the hash: who sends does not know where ids fall */
	size_t size, count, next;	/* of the ring; next: where the next one goes */
	uint32_t mask;
	uint32_t *buckets;		/* number of an entry and one; 0: empty */
	struct entry ring[];
};

static size_t block_size(size_t entries)
{
	return sizeof(weir__dedup) + entries * sizeof(struct entry);
}

weir__dedup *weir__dedup_new(const struct weir_env *env, size_t entries, uint64_t age_ms)
{
	weir__dedup *dedup = weir__alloc(env, block_size(entries));
	uint32_t buckets = 2;

	if (!dedup)
		return NULL;
	while (buckets < 2 * entries)
		buckets *= 2;
	dedup->env = *env;
	dedup->age_ms = age_ms;
	dedup->size = entries;
	dedup->mask = buckets - 1;
	weir__random(env, &dedup->seed, sizeof dedup->seed);
	dedup->buckets = weir__alloc_array(env, buckets, sizeof *dedup->buckets);
	return dedup->buckets ? dedup : weir__dedup_free(dedup);
}

weir__dedup *weir__dedup_free(weir__dedup *dedup)
{
	struct weir_env env;

	if (!dedup)
		return NULL;
	env = dedup->env;
	if (dedup->buckets)
		weir__free(&env, dedup->buckets, (dedup->mask + 1) * sizeof *dedup->buckets);
	return weir__free(&env, dedup, block_size(dedup->size));
}

/* FNV-1a, its bits mixed once more: ids differ in their last digits. */
static uint32_t hash_of(const weir__dedup *dedup, unsigned kind, struct weir_slice key)
{
	const uint8_t *bytes = key.data;
	uint64_t hash = (UINT64_C(14695981039346656037) ^ dedup->seed) + kind;

	for (size_t i = 0; i < key.len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
	return (uint32_t)(hash ^ hash >> 32);
}

static bool is_it(const struct entry *entry, unsigned kind, uint32_t hash, struct weir_slice key)
{
	return entry->hash == hash && entry->kind == kind && entry->len == key.len &&
	       memcmp(entry->key, key.data, key.len) == 0;
}

/* Its bucket, or the empty one where it belongs. */
static uint32_t find(const weir__dedup *dedup, unsigned kind, uint32_t hash, struct weir_slice key)
{
	uint32_t at = hash & dedup->mask;

	while (dedup->buckets[at] &&
	       !is_it(&dedup->ring[dedup->buckets[at] - 1], kind, hash, key))
		at = (at + 1) & dedup->mask;
	return at;
}

/* Empties a bucket, and moves up what had to go past it. */
static void take_out(weir__dedup *dedup, uint32_t hole)
{
	const uint32_t mask = dedup->mask;

	for (uint32_t at = (hole + 1) & mask; dedup->buckets[at]; at = (at + 1) & mask) {
		const uint32_t home = dedup->ring[dedup->buckets[at] - 1].hash & mask;

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;	/* its home is behind the hole */
		dedup->buckets[hole] = dedup->buckets[at];
		hole = at;
	}
	dedup->buckets[hole] = 0;
}

static void forget_oldest(weir__dedup *dedup)
{
	const struct entry *oldest = &dedup->ring[dedup->next];
	const struct weir_slice key = { oldest->key, oldest->len };

	if (oldest->len > 0)
		take_out(dedup, find(dedup, oldest->kind, oldest->hash, key));
	dedup->count--;
}

static void remember(weir__dedup *dedup, unsigned kind, uint32_t hash, struct weir_slice key,
		     uint64_t now_ms)
{
	struct entry *entry = &dedup->ring[dedup->next];

	if (dedup->count == dedup->size)
		forget_oldest(dedup);
	*entry = (struct entry){ .seen_ms = now_ms,
				 .kind = kind,
				 .hash = hash,
				 .len = (uint8_t)key.len };
	memcpy(entry->key, key.data, key.len);
	dedup->buckets[find(dedup, kind, hash, key)] = (uint32_t)dedup->next + 1;
	dedup->next = (dedup->next + 1) % dedup->size;
	dedup->count++;
}

bool weir__dedup_is_seen(weir__dedup *dedup, unsigned kind, struct weir_slice key, uint64_t now_ms)
{
	struct entry *entry;
	uint32_t hash, at;

	if (key.len == 0 || key.len > WEIR__DEDUP_KEY_BYTES)
		return false;
	hash = hash_of(dedup, kind, key);
	at = find(dedup, kind, hash, key);
	if (!dedup->buckets[at]) {
		remember(dedup, kind, hash, key, now_ms);
		return false;
	}
	entry = &dedup->ring[dedup->buckets[at] - 1];
	if (!dedup->age_ms || now_ms - entry->seen_ms <= dedup->age_ms)
		return true;
	entry->seen_ms = now_ms;	/* too long ago: as if new, in its old place in the ring */
	return false;
}

void weir__dedup_forget(weir__dedup *dedup, unsigned kind, struct weir_slice key)
{
	struct entry *entry;
	uint32_t at;

	if (key.len == 0 || key.len > WEIR__DEDUP_KEY_BYTES)
		return;
	at = find(dedup, kind, hash_of(dedup, kind, key), key);
	if (!dedup->buckets[at])
		return;
	entry = &dedup->ring[dedup->buckets[at] - 1];
	take_out(dedup, at);
	entry->len = 0;
}
