/* SPDX-License-Identifier: MIT */
/*
 * Reading options structs of older and newer callers. Guarantees: never reads past the size the
 * caller states; never ignores a member the caller set and this release does not know.
 */
#include "ground/options.h"

#include <string.h>

#include "ground/error.h"

static bool all_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

enum weir_status weir__options_read(const void *given, void *ret, size_t size, const char *what,
				    struct weir_error *err)
{
	size_t given_size;

	memset(ret, 0, size);
	memcpy(ret, &size, sizeof size);
	if (!given)
		return WEIR_OK;
	memcpy(&given_size, given, sizeof given_size);
	if (given_size < sizeof given_size)
		return weir__error_invalid(err, "%s: size is %zu; use WEIR_WITH(%s, …) or set it",
					   what, given_size, what);
	if (given_size > size && !all_zero((const uint8_t *)given + size, given_size - size))
		return weir__error_invalid(err, "%s: sets a member that weir %s does not know", what,
					   weir_version());
	memcpy(ret, given, given_size < size ? given_size : size);
	memcpy(ret, &size, sizeof size);
	return WEIR_OK;
}
