/* SPDX-License-Identifier: MIT */
/* An allocator that counts, and fails when told to. For one thread. */
#ifndef WEIR_TESTS_MEMORY_H
#define WEIR_TESTS_MEMORY_H

#include "weir/env.h"

struct counted_memory {
	size_t now_bytes;
	size_t most_bytes;	/* the highest now_bytes was */
	size_t calls;		/* allocations and growths asked for */
	size_t fail_at;		/* the call of this number fails, and all behind it; 0: none */
};

/* The default environment but for its allocator, which counts into `memory`. */
struct weir_env counted_env(struct counted_memory *memory);

#endif
