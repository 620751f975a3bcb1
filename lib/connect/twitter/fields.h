/* SPDX-License-Identifier: MIT */
/* A few members of small JSON texts, by path: what answers and notices are read with. */
#ifndef WEIR_TWITTER_FIELDS_H
#define WEIR_TWITTER_FIELDS_H

#include "kit/scan.h"

#define WEIR__TWITTER_FIELDS 16

/* Zeroed: release is fine. */
struct weir__twitter_fields {
	weir__plan *plan;
	struct weir__slot *slots;
	size_t slot_count;
	size_t at[WEIR__TWITTER_FIELDS];
	const char *text;	/* what was read last; lent */
};

/* `paths` are numbered from 0, at most WEIR__TWITTER_FIELDS. On failure nothing is to release. */
enum weir_status weir__twitter_fields_init(struct weir__twitter_fields *fields,
					   const struct weir_env *env, const char *const *paths,
					   size_t count, struct weir_error *err);
void weir__twitter_fields_release(struct weir__twitter_fields *fields, const struct weir_env *env);

/* False: it is not JSON, and has no fields. */
bool weir__twitter_fields_read(struct weir__twitter_fields *fields, struct weir_slice text);
enum weir_field_type weir__twitter_fields_type(const struct weir__twitter_fields *fields,
					       size_t path);
/* Its bytes in the text; NULL data: it is not of this type. */
struct weir_slice weir__twitter_fields_raw(const struct weir__twitter_fields *fields, size_t path,
					   enum weir_field_type type);
/* A string, decoded, terminated, cut to `size`. False: there is none; `ret` is then empty. */
bool weir__twitter_fields_text(const struct weir__twitter_fields *fields, size_t path, char *ret,
			       size_t size);
/* A string, decoded and whole; NULL: there is none, or out of memory. Free: weir__text_free. */
char *weir__twitter_fields_copy(const struct weir__twitter_fields *fields,
				const struct weir_env *env, size_t path);

#endif
