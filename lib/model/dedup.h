/* SPDX-License-Identifier: MIT */
/*
 * A window of the messages seen last, by kind and key: which ones come again.
 *
 * Bounded in entries and in age; memory is taken once. Two messages are the same when kind and key
 * are, byte for byte: nothing is ever called a duplicate by a hash alone.
 */
#ifndef WEIR_MODEL_DEDUP_H
#define WEIR_MODEL_DEDUP_H

#include "ground/env.h"
#include "weir/base.h"
#include "weir/message.h"

#define WEIR__DEDUP_KEY_BYTES 40	/* longer keys are let pass */

/* What weir_dedup_add takes where its options say nothing. */
#define WEIR__DEDUP_ENTRIES ((size_t)65536)
#define WEIR__DEDUP_AGE_MS UINT64_C(600000)
/* Their key is their own id. That of others is what they are about: two may say two things. */
#define WEIR__DEDUP_KINDS (WEIR_KIND_TWEET | WEIR_KIND_RETWEET | WEIR_KIND_DIRECT_MESSAGE)

typedef struct weir__dedup weir__dedup;

/* `entries` from 1 to 2^24; age_ms 0: no bound. NULL when out of memory. */
weir__dedup *weir__dedup_new(const struct weir_env *env, size_t entries, uint64_t age_ms);
weir__dedup *weir__dedup_free(weir__dedup *dedup);	/* NULL is fine; returns NULL */
/* Whether it was seen; if not, it is from now on. */
bool weir__dedup_is_seen(weir__dedup *dedup, unsigned kind, struct weir_slice key, uint64_t now_ms);
/* What is forgotten is new when it comes again. */
void weir__dedup_forget(weir__dedup *dedup, unsigned kind, struct weir_slice key);

#endif
