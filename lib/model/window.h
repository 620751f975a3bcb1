/* SPDX-License-Identifier: MIT */
/*
 * The window: how much may be under way, in messages and in bytes.
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
	return window->messages <= window->most_messages - (window->most_messages + 3) / 4 &&
	       window->bytes <= window->most_bytes - window->most_bytes / 4;
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

#endif
