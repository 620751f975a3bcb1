/* SPDX-License-Identifier: MIT */
/* Errors and options of the public calls, with nothing of libweir but its words. */
#ifndef WEIR_TESTING_GROUND_H
#define WEIR_TESTING_GROUND_H

#include "weir/error.h"

#include "memory.h"

/* Fills an error, when there is one to fill, and answers its status. */
enum weir_status fail_with(struct weir_error *err, enum weir_status status, const char *format, ...)
	WEIR_PRINTF(3, 4);

/*
 * Copies a caller's options, which begin with their size, over `to`, which is all zero; NULL is all
 * zero. False: a size of 0, or something is set that is not known here.
 */
bool read_options(const void *from, void *to, size_t to_size);

#endif
