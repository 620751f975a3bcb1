/* SPDX-License-Identifier: MIT */
/* Options structs of any release, read by this one. */
#ifndef WEIR_GROUND_OPTIONS_H
#define WEIR_GROUND_OPTIONS_H

#include "weir/error.h"

/*
 * Copies what both sides know of: `given` starts with its size; members it does not have stay
 * zero in `ret`, members only it knows must be zero (else the caller counts on something this
 * release cannot do). A NULL `given` gives all zeroes.
 */
enum weir_status weir__options_read(const void *given, void *ret, size_t size, const char *what,
				    struct weir_error *err);

#endif
