/* SPDX-License-Identifier: MIT */
/**
 * Formats: what a route makes of a message's bytes. The default leaves them as they are.
 *
 * A message that a format cannot be made of (a delete has no text) is a dead letter, with its own
 * bytes and the reason; lead such kinds elsewhere. All forms but WEIR_FORM_CUSTOM are made from the
 * slots of the one scan that routes the message (the elements of arrays, for ENECO_STRUCTURED, by a
 * scan each), without a tree.
 */
#ifndef WEIR_FORMAT_H
#define WEIR_FORMAT_H

#include "message.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What the value is. Since: 0.1. */
enum weir_form {
	WEIR_FORM_RAW = 0,		/* the message's bytes, untouched */
	WEIR_FORM_TEXT = 1,		/* the status's text, as UTF-8: see weir_message_text */
	WEIR_FORM_MEMBERS = 2,		/* a JSON object of the members in `fields` */
	WEIR_FORM_TOMBSTONE = 3,	/* no value: with the key, it deletes on a compacted topic */
	WEIR_FORM_ENECO_STRING = 4,	/* kafka-connect-twitter's output.format=string … */
	WEIR_FORM_ENECO_STRUCTURED = 5,	/* … and =structured, byte for byte; v1.1 statuses only.
					 * Their key is the author's screen_name, unless the route
					 * has one, their record time created_at */
	WEIR_FORM_CUSTOM = 6		/* what `write` writes */
};

/** How Kafka Connect's converters put strings and structs into bytes. Since: 0.1. */
enum weir_encoding {
	WEIR_ENCODING_PLAIN = 0,	/* StringConverter; a struct as under JSON */
	WEIR_ENCODING_JSON = 1,		/* JsonConverter, schemas.enable=false: a string has quotes */
	WEIR_ENCODING_JSON_SCHEMA = 2	/* JsonConverter: {"schema":…,"payload":…} */
};

/** Where a format of the application's writes: lent for the call. Since: 0.1. */
typedef struct weir_output weir_output;

/**
 * Adds bytes to what is written. Without a call the value or key is empty.
 *
 * @param data  borrows; may be NULL when len is 0
 * Since: 0.1.
 */
WEIR_API void weir_output_add(weir_output *output, const void *data, size_t len);

/**
 * The application's own format. `value` gets the value, `key` the key: one that nothing was added
 * to stays the route's. Must not call the pipeline.
 *
 * @return WEIR_OK · below zero: `err` filled: the message is a dead letter (remedy SKIP), or the
 *         pipeline fails (STOP)
 * Thread: the pipeline's.  Since: 0.1.
 */
typedef enum weir_status weir_format_fn(void *user, const weir_message *message, weir_output *value,
					weir_output *key, struct weir_error *err);

/** A route's format. Zero is the default everywhere; arrays and strings are borrowed: copied by the
 * add. Since: 0.1. */
struct weir_format {
	enum weir_form form;
	enum weir_encoding key_encoding;	/* of WEIR_FORM_ENECO_… */
	enum weir_encoding value_encoding;	/* of WEIR_FORM_ENECO_… */
	bool full_text;		/* of WEIR_FORM_ENECO_…: the full text in place of `text` */
	bool references;	/* of WEIR_FORM_TEXT: HTML references such as &amp; stay */
	const char *const *fields;	/* of WEIR_FORM_MEMBERS: paths (weir_message_field), which
					 * are the members' names, too; values are copied as they
					 * are, null for what is absent. "full_text": the full text
					 * as a string */
	size_t field_count;
	weir_format_fn *write;	/* of WEIR_FORM_CUSTOM */
	void *user;		/* for write */
};

#ifdef __cplusplus
}
#endif

#endif
