/* SPDX-License-Identifier: MIT */
/* Small invented JSON texts, changed at random; the same seed gives the same texts everywhere. */
#ifndef WEIR_TESTS_MUTATE_H
#define WEIR_TESTS_MUTATE_H

#include "weir/base.h"

#define MUTATE_BYTES 1024

struct mutate {
	uint64_t state;		/* the seed, not 0 */
	char text[MUTATE_BYTES];
	size_t len;
};

/* Picks a text and changes it once to three times; it is then in `text`. */
void mutate_next(struct mutate *mutate);
/* A number below `below`, which is not 0. */
size_t mutate_random(struct mutate *mutate, size_t below);

#endif
