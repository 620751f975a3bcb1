/* SPDX-License-Identifier: MIT */
/*
 * JSON trees by jansson.
 *
 * Guarantees: any value is taken, not only objects; \u0000 in strings is kept; jansson's global
 * hooks (allocator, hash seed) are left alone, so trees are not made by the pipeline's allocator.
 */
#include "kit/json.h"

#include <jansson.h>

/* jansson says these of texts that RFC 8259 allows; all others mean the text is not JSON. */
static bool is_beyond_jansson(const json_error_t *error)
{
	const enum json_error_code code = json_error_code(error);

	return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
	       code == json_error_null_character;
}

struct json_t *weir__json_parse(struct weir_slice text, struct weir_error *err)
{
	json_error_t error;
	json_t *tree = json_loadb(text.data ? text.data : "", text.len,
				  JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

	if (tree)
		return tree;
	if (json_error_code(&error) == json_error_out_of_memory)
		weir_error_set(err, WEIR_ERR_NOMEM, WEIR_REMEDY_STOP, "out of memory");
	else
		weir_error_set(err,
			       is_beyond_jansson(&error) ? WEIR_ERR_UNSUPPORTED : WEIR_ERR_CORRUPT,
			       WEIR_REMEDY_SKIP, "no JSON tree: %s at byte %d", error.text,
			       error.position);
	return NULL;
}

void weir__json_unref(struct json_t *tree)
{
	json_decref(tree);
}
