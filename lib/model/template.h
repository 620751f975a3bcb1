/* SPDX-License-Identifier: MIT */
/*
 * Templates: "tweets.{lang}" → text, from the slots of one message. See struct weir_route.
 */
#ifndef WEIR_MODEL_TEMPLATE_H
#define WEIR_MODEL_TEMPLATE_H

#include "kit/scan.h"

#define WEIR__TEMPLATE_FIELD_BYTES 100	/* most a field may give to a destination */
#define WEIR__TEMPLATE_MAX_BYTES 249	/* most a destination may have: Kafka's limit for topics */
#define WEIR__TEMPLATE_KEY_BYTES 4096	/* most a key may have */

typedef struct weir__template weir__template;

/* What a template is filled from. */
struct weir__template_source {
	const void *text;	/* what was scanned */
	const struct weir__slot *slots;
	const char *kind;	/* {kind} */
	const char *source;	/* {source} */
};

/* Errors name the template and the place: "'{lang' at byte 7: the brace is never closed". */
enum weir_status weir__template_new(const struct weir_env *env, weir__plan *plan, const char *text,
				    weir__template **ret, struct weir_error *err);
weir__template *weir__template_free(const struct weir_env *env, weir__template *template_);
/* It has no fields: every message gives the same text. */
bool weir__template_is_fixed(const weir__template *template_);
/* The text with `filler` in place of each field ({kind} and {source} too); as snprintf. */
size_t weir__template_fill(const weir__template *template_, const char *filler, char *out,
			   size_t size);
/*
 * A destination: every field must give 1 to WEIR__TEMPLATE_FIELD_BYTES letters, digits, `.`, `_`,
 * `-`; the whole 1 to WEIR__TEMPLATE_MAX_BYTES and neither "." nor "..". False: use the fallback.
 * `out` has WEIR__TEMPLATE_MAX_BYTES + 1 bytes and is terminated.
 */
bool weir__template_destination(const weir__template *template_,
				const struct weir__template_source *from, char *out,
				size_t *ret_len);
/*
 * A key: any bytes. False when a field is absent, null, an object or an array, or the whole is
 * longer than `size`: the message then has no key.
 */
bool weir__template_key(const weir__template *template_, const struct weir__template_source *from,
			char *out, size_t size, size_t *ret_len);

#endif
