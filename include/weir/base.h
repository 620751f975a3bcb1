/* SPDX-License-Identifier: MIT */
/**
 * Words that every other header of weir uses: slices, options, versions.
 *
 * The contract of the whole library, stated once:
 *
 * - A pipeline belongs to one thread at a time; different pipelines share nothing.
 *   The few calls any thread may make say "Thread: any". What calls back comes on the pipeline's
 *   thread: the one inside run or step, or the one weir_pipeline_start made. Only the env's
 *   allocator and a message's `release` are called by others, too: by threads of yours that make
 *   such a call, and by helpers that end a Kafka client.
 * - Four words describe ownership. **borrows**: used during the call only. **takes**: the
 *   library's from now on, also when the call fails. **returns**, or "yours": free it with the
 *   named function. **lends**: the library's, valid until the named event.
 * - Functions that can fail return `enum weir_status`; failures are below zero.
 * - Handles are borrowed where nothing else is said, and are of use until the pipeline is freed.
 *   A pointer may be NULL where its description says so, and nowhere else. What a function writes
 *   (`ret_…`) it writes on success; a `struct weir_error *err` is filled on failure.
 * - A struct of options or operations begins with its `size`: sizeof the struct (WEIR_WITH fills it
 *   in). A caller built against an older or newer release is understood by it; a size of 0, or a
 *   member that is set and that this release does not know, is WEIR_ERR_INVALID. Such a struct is
 *   borrowed: what is needed of it is copied. NULL for options: every default.
 * - The library never prints, exits, aborts, reads the environment, or touches signal handlers,
 *   the locale, or another library's global state (but that a live source calls curl_global_init,
 *   which counts its calls and is safe among threads, and that liboauth, which signs for v1.1, ends
 *   the process when it is out of memory).
 */
#ifndef WEIR_BASE_H
#define WEIR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** For these headers: a public function, and one that takes a format as printf. Since: 0.1. */
#if defined(__GNUC__)
#define WEIR_API __attribute__((visibility("default")))
#define WEIR_PRINTF(at, first) __attribute__((__format__(__printf__, at, first)))
#else
#define WEIR_API
#define WEIR_PRINTF(at, first)
#endif

/** The version of these headers; weir_version tells that of the library. Since: 0.1. */
#define WEIR_VERSION_MAJOR 0
#define WEIR_VERSION_MINOR 1
#define WEIR_VERSION_PATCH 0

/**
 * An options struct on the stack, its size filled in, everything else zero but what is named:
 *
 *     weir_route_add(p, WEIR_WITH(weir_route, .kinds = WEIR_KIND_TWEET, .to = "tweets"), kafka);
 *
 * Members are named in the order in which the header declares them (C++ demands it). The struct
 * lives until the end of the enclosing block in C, of the enclosing statement in C++; every call
 * that takes one copies what it needs.
 *
 * In C++ these are designated initialisers: C++20, or an extension of gcc and clang before it, of
 * which -pedantic warns. g++ warns of the members that are not named, too, with -Wextra:
 * -Wno-missing-field-initializers.
 * Since: 0.1.
 */
#ifdef __cplusplus
#define WEIR_WITH(type, ...) (weir_with_(type{ .size = sizeof(struct type), __VA_ARGS__ }))
#else
#define WEIR_WITH(type, ...) (&(struct type){ .size = sizeof(struct type), __VA_ARGS__ })
#endif

#ifdef __cplusplus
template <typename T> inline const T *weir_with_(const T &options)
{
	return &options;
}
extern "C" {
#endif

/**
 * Some bytes, not terminated: `len` of them at `data`, which may be NULL when `len` is 0. Whose
 * they are and how long they live is said where one is used. Since: 0.1.
 */
struct weir_slice {
	const void *data;
	size_t len;
};

/** A name with its value, both UTF-8 text, both terminated, both borrowed. Since: 0.1. */
struct weir_property {
	const char *name;
	const char *value;
};

/** The version of the library that is linked, "0.1.0". Lends, for good. Thread: any. Since: 0.1. */
WEIR_API const char *weir_version(void);

#ifdef __cplusplus
}
#endif

#endif
