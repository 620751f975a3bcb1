/* SPDX-License-Identifier: MIT */
/**
 * A message as a jansson tree, for whoever wants one: the only header that names jansson, and not
 * included by weir.h.
 */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

#include <jansson.h>

#include "message.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The message as a tree (jansson 2): parsed when first asked for, at most once.
 *
 * RFC 8259 allows what jansson cannot hold: numbers beyond its range, lone surrogate escapes,
 * `\u0000` in a member's name. Such a message is valid and is routed; only its tree is refused.
 *
 * @param message  borrows
 * @param err      filled on failure; may be NULL
 * @return lends, until the last unref of the message (json_incref to keep it); NULL with `err`:
 *         WEIR_ERR_CORRUPT not JSON, WEIR_ERR_UNSUPPORTED beyond jansson, WEIR_ERR_NOMEM
 * Thread: one at a time for one message.  Since: 0.1.
 */
WEIR_API json_t *weir_message_json(weir_message *message, struct weir_error *err);

#ifdef __cplusplus
}
#endif

#endif
