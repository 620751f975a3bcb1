/* SPDX-License-Identifier: MIT */
/* The elements of a JSON array one by one: of a text that a scan has found valid. */
#ifndef WEIR_KIT_ELEMENTS_H
#define WEIR_KIT_ELEMENTS_H

#include <stdbool.h>

#include "weir/base.h"

struct weir__elements {
	const char *at, *end;	/* between the brackets: what is left */
};

/* `array` with its brackets. */
struct weir__elements weir__elements_of(struct weir_slice array);
/* The next one, without white space around it; false: there is none. */
bool weir__elements_next(struct weir__elements *elements, struct weir_slice *ret);

#endif
