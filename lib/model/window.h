/* SPDX-License-Identifier: MIT */
/*
 * A window: how much may be under way, in messages and in bytes. The pipeline has one, and each
 * source and sink one of its own, its share: as large as the pipeline's unless it was told less.
 *
 * A message is let in while there is any room at all, so the bytes may exceed their limit by one
 * message: a message larger than the window still gets through. Sources that found it full are
 * called again once a quarter of it is free.
 */
#ifndef WEIR_MODEL_WINDOW_H
#define WEIR_MODEL_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir__window {
	uint64_t most_messages, most_bytes;
	uint64_t messages, bytes;
};

static inline size_t weir__window_room(const struct weir__window *window)
{
	if (window->bytes >= window->most_bytes || window->messages >= window->most_messages)
		return 0;
	return (size_t)(window->most_messages - window->messages);
}

static inline bool weir__window_has_eased(const struct weir__window *window)
{
	const uint64_t messages = window->most_messages / 4 + (window->most_messages % 4 != 0);
	const uint64_t bytes = window->most_bytes / 4 + (window->most_bytes % 4 != 0);

	return window->messages <= window->most_messages - messages &&
	       window->bytes <= window->most_bytes - bytes;
}

static inline void weir__window_enter(struct weir__window *window, uint64_t bytes)
{
	window->messages++;
	window->bytes += bytes;
}

static inline void weir__window_leave(struct weir__window *window, uint64_t bytes)
{
	window->messages--;
	window->bytes -= bytes;
}

static inline void weir__window_limit(struct weir__window *window, uint64_t messages,
				      uint64_t bytes)
{
	window->most_messages = messages ? messages : 1;
	window->most_bytes = bytes ? bytes : 1;
}

#define WEIR__WINDOW_UNLIMITED { .most_messages = UINT64_MAX, .most_bytes = UINT64_MAX }

/*
 * Memory that several messages keep together: counted with the first that is under way, until the
 * last is settled.
 */
struct weir__holding {
	void *owner;
	uint64_t bytes;
	uint32_t messages;
};

#endif
