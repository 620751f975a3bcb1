/* SPDX-License-Identifier: MIT */
/* Counts by the sizes that callers state; a wrong old size shows as bytes left over. */
#include "support/memory.h"

#include <stdlib.h>

#include "ground/env.h"

static void *counted_resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
	struct counted_memory *memory = user;

	if (new_size == 0) {
		memory->now_bytes -= old_size;
		free(ptr);
		return NULL;
	}
	memory->calls++;
	if (memory->fail_at && memory->calls >= memory->fail_at)
		return NULL;
	ptr = realloc(ptr, new_size);
	if (!ptr)
		abort();
	memory->now_bytes += new_size - old_size;
	if (memory->now_bytes > memory->most_bytes)
		memory->most_bytes = memory->now_bytes;
	return ptr;
}

struct weir_env counted_env(struct counted_memory *memory)
{
	struct weir_env env = weir__env_complete(NULL);

	env.allocator = (struct weir_allocator){ .resize = counted_resize, .user = memory };
	return env;
}
