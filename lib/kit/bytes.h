/* SPDX-License-Identifier: MIT */
/*
 * Bytes that grow: what a format writes into, kept from message to message.
 *
 * Running out of memory is remembered, not answered: what is added then is lost, and the one who
 * reads the bytes asks once.
 */
#ifndef WEIR_KIT_BYTES_H
#define WEIR_KIT_BYTES_H

#include <stdbool.h>
#include <string.h>

#include "ground/env.h"

struct weir__bytes {
	const struct weir_env *env;
	char *data;
	size_t len, capacity;
	bool has_failed;
	bool is_secret;		/* wiped before its memory goes, also when it grows */
};

void weir__bytes_init(struct weir__bytes *bytes, const struct weir_env *env);
void weir__bytes_init_secret(struct weir__bytes *bytes, const struct weir_env *env);
void weir__bytes_release(struct weir__bytes *bytes);
/* Empty again; the memory stays, unless it is large. What has failed stays so. */
void weir__bytes_clear(struct weir__bytes *bytes);
/* The same, and forgiven. */
void weir__bytes_reset(struct weir__bytes *bytes);
/* Room for so many more; NULL when out of memory. What is written there is counted by the caller. */
char *weir__bytes_reserve(struct weir__bytes *bytes, size_t len);
void weir__bytes_add(struct weir__bytes *bytes, const void *data, size_t len);
/* Any UTF-8 as a JSON string, with its quotes; what is beyond ASCII stays. */
void weir__bytes_add_json(struct weir__bytes *bytes, struct weir_slice text);

static inline void weir__bytes_add_text(struct weir__bytes *bytes, const char *text)
{
	weir__bytes_add(bytes, text, strlen(text));
}

#endif
