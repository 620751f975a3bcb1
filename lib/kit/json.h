/* SPDX-License-Identifier: MIT */
/* JSON trees by jansson, for whoever asks for one. The hot path never does. */
#ifndef WEIR_KIT_JSON_H
#define WEIR_KIT_JSON_H

#include "weir/error.h"

struct json_t;

/* A new reference; NULL with `err` when the text is not JSON or beyond what jansson can hold. */
struct json_t *weir__json_parse(struct weir_slice text, struct weir_error *err);
void weir__json_unref(struct json_t *tree);	/* NULL is fine */

#endif
