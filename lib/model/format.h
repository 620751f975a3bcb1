/* SPDX-License-Identifier: MIT */
/*
 * Formats: what a route makes of a message, from the slots of the routing scan.
 *
 * A format is compiled once, with its paths in the pipeline's plan, and renders into bytes that
 * the caller keeps from message to message.
 */
#ifndef WEIR_MODEL_FORMAT_H
#define WEIR_MODEL_FORMAT_H

#include "kit/bytes.h"
#include "kit/scan.h"
#include "weir/format.h"

typedef struct weir__format weir__format;

struct weir_output {
	struct weir__bytes bytes;
	bool is_written;
};

/* What becomes of a message; the caller's, cleared by weir__format_render. */
struct weir__rendering {
	struct weir_output value, key;
	bool has_key;		/* the format says the key */
	bool has_value;		/* false: no value, a tombstone */
	uint64_t time_ms;	/* 0: the message's own */
};

/* Errors name the member that is wrong. *ret NULL: raw, nothing is to be rendered. */
enum weir_status weir__format_new(const struct weir_env *env, weir__plan *plan,
				  const struct weir_format *given, bool has_own_key,
				  weir__format **ret, struct weir_error *err);
weir__format *weir__format_free(weir__format *format);	/* NULL is fine; returns NULL */
/*
 * Below zero: it cannot be made of this message (remedy SKIP), or what a format of the
 * application's says, or out of memory (STOP).
 */
enum weir_status weir__format_render(weir__format *format, const weir_message *message,
				     const struct weir__slot *slots, struct weir__rendering *ret,
				     struct weir_error *err);

void weir__rendering_init(struct weir__rendering *rendering, const struct weir_env *env);
void weir__rendering_release(struct weir__rendering *rendering);

#endif
