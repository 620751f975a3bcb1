/* SPDX-License-Identifier: MIT */
/*
 * The types that stand beside the recordings, and what each is here.
 *
 * The recordings are no part of the project: without them corpus_read says what is skipped.
 */
#ifndef WEIR_TESTS_RECORDED_H
#define WEIR_TESTS_RECORDED_H

#include "support/corpus.h"

#define RECORDED_FILES 5

struct recorded {
	const char *file;
	struct corpus messages, types;
	bool has_types;		/* false: every line is malformed */
	size_t known;		/* lines whose types are unknown there and known here */
	size_t want_known;
};

/* File number `index`, with its types; false when the recordings are not there. */
bool recorded_read(size_t index, struct recorded *ret);
void recorded_release(struct recorded *recorded);

/* Fails the test unless line `index` may be told as this. */
void recorded_check(struct recorded *recorded, size_t index, unsigned kind, unsigned traits);

#endif
