/* SPDX-License-Identifier: MIT */
/* Messages in memory, for the benchmarks without a stream. */
#ifndef BENCH_TEXTS_H
#define BENCH_TEXTS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TEXT_PADDING 64	/* readable bytes behind each text, zero: simdjson wants them */

struct text {
	char *bytes;
	size_t len;
};

struct texts {
	struct text *list;
	size_t count;
	uint64_t bytes;		/* of all of them */
};

/* `what`: a number of generated messages, or a file, a message a line. None: says so and exits. */
struct texts texts_read(const char *what);
void texts_free(struct texts *texts);

#ifdef __cplusplus
}
#endif

#endif
