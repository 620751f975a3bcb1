/* SPDX-License-Identifier: MIT */
/* The id of a status, told from its text before it is a message. */
#ifndef WEIR_TWITTER_PEEK_H
#define WEIR_TWITTER_PEEK_H

#include "connect/twitter/fields.h"

/* Zeroed: release is fine. */
struct weir__twitter_peek {
	struct weir__twitter_fields fields;
};

/* On failure there is nothing to release. */
enum weir_status weir__twitter_peek_init(struct weir__twitter_peek *peek,
					 const struct weir_env *env, struct weir_error *err);
void weir__twitter_peek_release(struct weir__twitter_peek *peek, const struct weir_env *env);

/* Its digits, inside `text`; NULL data: it is no status, or has no id. */
struct weir_slice weir__twitter_peek_id(struct weir__twitter_peek *peek, struct weir_slice text);

#endif
