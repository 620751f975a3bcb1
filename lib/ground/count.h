/* SPDX-License-Identifier: MIT */
/* The length of an array that is a table of the code's. Callers: everything. */
#ifndef WEIR_GROUND_COUNT_H
#define WEIR_GROUND_COUNT_H

/* How many elements it has; an array, not a pointer. */
#define WEIR__COUNT(array) (sizeof(array) / sizeof *(array))

#endif
