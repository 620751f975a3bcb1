/* SPDX-License-Identifier: MIT */
/*
 * An environment that tests hold in their hand: a clock that moves when told, chance with a seed,
 * memory that is counted and can fail, a log that can be read. For one thread.
 */
#ifndef WEIR_TESTS_FAKE_ENV_H
#define WEIR_TESTS_FAKE_ENV_H

#include "weir/env.h"

#define FAKE_LOG_BYTES (256u * 1024)

struct fake_env {
	struct weir_env env;	/* what to hand in */

	uint64_t monotonic_ms;	/* set them as you like; they do not move by themselves */
	uint64_t wall_ms;

	uint64_t seed;		/* of the random bytes; advances */
	bool no_random;

	size_t live_blocks;
	size_t live_bytes;
	size_t most_bytes;	/* the highest live_bytes was */
	size_t calls;		/* allocations and growths asked for */
	size_t fail_at;		/* the call of this number fails, once; 0: none */

	size_t log_len;
	char log[FAKE_LOG_BYTES];	/* "LEVEL component: text\n" …, terminated; then cut */
};

/* Clocks at a million seconds and at 2020-01-01, everything logged. */
void fake_env_init(struct fake_env *fake);

/* Moves both clocks. */
void fake_env_advance(struct fake_env *fake, uint64_t ms);

/* Fails the test when a block is still allocated. */
void fake_env_check_empty(const struct fake_env *fake);

#endif
