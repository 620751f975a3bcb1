/* SPDX-License-Identifier: MIT */
/* Short ways to fill a struct weir_error. */
#ifndef WEIR_GROUND_ERROR_H
#define WEIR_GROUND_ERROR_H

#include <stdarg.h>

#include "weir/error.h"

enum weir_status weir__error_no_memory(struct weir_error *err);

/*
 * Around a call into somebody else's code: `begin` empties the error before it; `end` fills it in
 * when the call failed without a word, and returns the status it is given.
 */
void weir__error_begin(struct weir_error *err);
enum weir_status weir__error_end(struct weir_error *err, enum weir_status status,
				 const char *format, ...) WEIR_PRINTF(3, 4);

/*
 * Puts who it was in front, "source 'x': ", unless the text says it already. What no longer fits is
 * cut off at the end.
 */
void weir__error_prefix(struct weir_error *err, const char *format, ...) WEIR_PRINTF(2, 3);

/* `cannot open 'x': No such file or directory`; status WEIR_ERR_IO, remedy STOP. */
enum weir_status weir__error_os(struct weir_error *err, int os_error, const char *format, ...)
	WEIR_PRINTF(3, 4);

/* WEIR_ERR_INVALID, remedy STOP: an option or argument. */
enum weir_status weir__error_invalid(struct weir_error *err, const char *format, ...)
	WEIR_PRINTF(2, 3);

#endif
