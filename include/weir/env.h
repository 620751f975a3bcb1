/* SPDX-License-Identifier: MIT */
/**
 * The one door to the outside: memory, time, chance, and words for the log.
 *
 * A pipeline made with a NULL env uses malloc, the system's clocks, the kernel's random bytes,
 * and says nothing. Tests hand in scripted ones: five minutes of backoff then take a millisecond.
 * Memory of the libraries weir stands on (librdkafka, libcurl, jansson, …) does not come this way.
 */
#ifndef WEIR_ENV_H
#define WEIR_ENV_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Memory, by one function: `ptr` NULL allocates, `new_size` 0 frees (and answers NULL), else
 * resizes. Sizes are in bytes; `old_size` is what the block was last asked for with, 0 for NULL.
 * Blocks are aligned as malloc's. NULL for a non-zero `new_size` means out of memory; the old block
 * is then untouched. It is needed until the last message is released, which may be after the
 * pipeline is freed.
 * Thread: any (messages may be released on other threads).  Since: 0.1.
 */
struct weir_allocator {
	void *(*resize)(void *user, void *ptr, size_t old_size, size_t new_size);
	void *user;
};

/**
 * Time, both in milliseconds: `monotonic_ms` from any beginning, never going back; `wall_ms` since
 * 1970-01-01 UTC. Both are given, or neither. Thread: the pipeline's. Since: 0.1.
 */
struct weir_clock {
	uint64_t (*monotonic_ms)(void *user);
	uint64_t (*wall_ms)(void *user);
	void *user;
};

/**
 * Random bytes, for nonces (RFC 5849 section 3.3) and jitter: fills `len` of them, or returns false
 * when there are none to be had. Thread: the pipeline's. Since: 0.1.
 */
struct weir_random {
	bool (*fill)(void *user, void *bytes, size_t len);
	void *user;
};

/** How much a line of the log matters; as a threshold: what is said at all. Since: 0.1. */
enum weir_log_level {
	WEIR_LOG_NONE = 0,	/* as a threshold: say nothing */
	WEIR_LOG_ERROR = 1,	/* the pipeline fails */
	WEIR_LOG_WARN = 2,	/* handled, but somebody should look */
	WEIR_LOG_INFO = 3,	/* connected, reconnecting, stopped */
	WEIR_LOG_DEBUG = 4
};

/**
 * The log. `write` gets finished lines without a line end, each at most 511 bytes, never a secret;
 * both strings are lent for the call. `component` is the name of a source or sink, or "pipeline".
 * It must not call back into the pipeline.
 * Thread: the pipeline's.  Since: 0.1.
 */
struct weir_logger {
	void (*write)(void *user, enum weir_log_level level, const char *component,
		      const char *text);
	void *user;
	enum weir_log_level threshold;	/* nothing above it is formatted */
};

/**
 * All four. A member whose functions are NULL means the default. Borrowed by weir_pipeline_new and
 * copied; what the `user` pointers lead to stays the application's, and is to live until the
 * pipeline is freed (the allocator's: until the last message is released). Since: 0.1.
 */
struct weir_env {
	size_t size;
	struct weir_allocator allocator;
	struct weir_clock clock;
	struct weir_random random;
	struct weir_logger logger;
};

/**
 * A logger's write that prints a line to stderr, for examples and small programs; `user` is not
 * looked at. Both strings are borrowed. Thread: any. Since: 0.1.
 */
WEIR_API void weir_log_to_stderr(void *user, enum weir_log_level level, const char *component,
				 const char *text);

#ifdef __cplusplus
}
#endif

#endif
