/* SPDX-License-Identifier: MIT */
/*
 * Errors and options of the fault kit, as weir/base.h promises them, with no help from libweir.
 *
 * Guarantees: an error is one line, terminated, cut to what fits; options of an older or newer
 * caller are understood, or refused as a whole. Called by each part's public functions.
 */
#include "ground.h"

#include <stdarg.h>

enum weir_status fail_with(struct weir_error *err, enum weir_status status, const char *format, ...)
{
	va_list arguments;

	if (!err)
		return status;
	*err = (struct weir_error){ .status = status, .remedy = WEIR_REMEDY_STOP };
	va_start(arguments, format);
	vsnprintf(err->text, sizeof err->text, format, arguments);
	va_end(arguments);
	return status;
}

bool read_options(const void *from, void *to, size_t to_size)
{
	const unsigned char *bytes = from;
	size_t size;

	if (!from)
		return true;
	memcpy(&size, from, sizeof size);
	if (size < sizeof size)
		return false;
	for (size_t i = to_size; i < size; i++)
		if (bytes[i])
			return false;
	memcpy(to, from, size < to_size ? size : to_size);
	return true;
}
