/* SPDX-License-Identifier: MIT */
/*
 * Recorded messages, read from the corpus folder, which is not part of the project.
 *
 * The folder is WEIR_CORPUS, or ../shared/corpus as seen from the checkout's root.
 */
#ifndef WEIR_TESTS_CORPUS_H
#define WEIR_TESTS_CORPUS_H

#include "weir/base.h"

struct corpus {
	char *bytes;
	size_t len;
	struct weir_slice *lines;	/* without their LF; the last may lack one; no empty ones */
	size_t line_count;
};

/* The names of the message files, ended by NULL. */
extern const char *const corpus_files[];

/* Reads a file, also a .gz one. False when it is not there, and says on stdout what is skipped. */
bool corpus_read(const char *name, struct corpus *ret);
void corpus_release(struct corpus *corpus);

#endif
