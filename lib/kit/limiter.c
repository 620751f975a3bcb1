/* SPDX-License-Identifier: MIT */
/*
 * A limit for what is said, by kind.
 *
 * Guarantees: fixed memory, no allocation; no entry says two things within an interval, whatever
 * the kinds are and in whatever order they come; a kind that was not said for an interval gives its
 * entry to a new one. Kinds are told apart by a hash: two that meet in one are one kind, which
 * holds back more, never less. Callers: live sources, before they log what a peer sent.
 */
#include "kit/limiter.h"

#define SHARED (WEIR__LIMITER_KINDS - 1)

/* FNV-1a */
static uint64_t hash_kind(struct weir_slice kind)
{
	const uint8_t *at = kind.data;
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < kind.len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return hash;
}

static bool is_due(const struct weir__limited *entry, uint64_t now_ms, uint64_t interval_ms)
{
	return !entry->used || now_ms - entry->said_ms >= interval_ms;
}

/* Its own entry, or a free one, or that of a kind nobody spoke of lately, or the shared one. */
static struct weir__limited *find_entry(struct weir__limiter *limiter, uint64_t kind,
					uint64_t now_ms, uint64_t interval_ms)
{
	struct weir__limited *entry = NULL;

	for (size_t i = 0; i < SHARED; i++)
		if (limiter->entries[i].used && limiter->entries[i].kind == kind)
			return &limiter->entries[i];
	for (size_t i = 0; i < SHARED && !entry; i++)
		if (is_due(&limiter->entries[i], now_ms, interval_ms))
			entry = &limiter->entries[i];
	if (!entry)
		return &limiter->entries[SHARED];
	*entry = (struct weir__limited){ .kind = kind };
	return entry;
}

bool weir__limiter_pass(struct weir__limiter *limiter, struct weir_slice kind, uint64_t now_ms,
			uint64_t interval_ms, uint64_t *ret_held)
{
	struct weir__limited *entry =
		find_entry(limiter, hash_kind(kind), now_ms, interval_ms);

	if (!is_due(entry, now_ms, interval_ms)) {
		entry->held++;
		return false;
	}
	*ret_held = entry->held;
	entry->said_ms = now_ms;
	entry->held = 0;
	entry->used = true;
	return true;
}
