/* SPDX-License-Identifier: MIT */
/*
 * A look ahead: what a gap message says of the first status behind it must be known before that
 * status is handed over, and with that it becomes a message.
 *
 * Guarantees: every text that becomes a tweet or a retweet with a key is seen as a status with that
 * id, in an envelope and in the form of v2, too. Not the other way round: an object that has an id,
 * an author and a text beside a notice's member is seen as a status, though its kind is another; no
 * server sends one. Callers: stream.c, while a gap waits for its status, and at no other time.
 */
#include "connect/twitter/peek.h"

#define MOST_DIGITS 20

/* An id, an author and a text. */
enum member { ID_STR, ID, USER, TEXT, FULL_TEXT, MEMBERS };

enum path {
	OUTER,			/* + enum member */
	INNER = OUTER + MEMBERS,	/* + enum member, inside an envelope */
	FOR_USER = INNER + MEMBERS, MESSAGE,
	V2_ID, V2_TEXT, V2_EVENT_TYPE,
	PATHS
};

_Static_assert(PATHS <= WEIR__TWITTER_FIELDS, "the fields hold all paths");

static const char *const paths[PATHS] = {
	[OUTER + ID_STR] = "id_str",
	[OUTER + ID] = "id",
	[OUTER + USER] = "user",
	[OUTER + TEXT] = "text",
	[OUTER + FULL_TEXT] = "full_text",
	[INNER + ID_STR] = "message.id_str",
	[INNER + ID] = "message.id",
	[INNER + USER] = "message.user",
	[INNER + TEXT] = "message.text",
	[INNER + FULL_TEXT] = "message.full_text",
	[FOR_USER] = "for_user",
	[MESSAGE] = "message",
	[V2_ID] = "data.id",
	[V2_TEXT] = "data.text",
	[V2_EVENT_TYPE] = "data.event_type",
};

enum weir_status weir__twitter_peek_init(struct weir__twitter_peek *peek,
					 const struct weir_env *env, struct weir_error *err)
{
	return weir__twitter_fields_init(&peek->fields, env, paths, PATHS, err);
}

void weir__twitter_peek_release(struct weir__twitter_peek *peek, const struct weir_env *env)
{
	weir__twitter_fields_release(&peek->fields, env);
}

static bool is(const struct weir__twitter_peek *peek, size_t path, enum weir_field_type type)
{
	return weir__twitter_fields_type(&peek->fields, path) == type;
}

/* The value when it is 1 to 20 digits, as a number or a string. */
static struct weir_slice read_id(const struct weir__twitter_peek *peek, size_t path)
{
	const enum weir_field_type type =
		is(peek, path, WEIR_FIELD_NUMBER) ? WEIR_FIELD_NUMBER : WEIR_FIELD_STRING;
	const struct weir_slice raw = weir__twitter_fields_raw(&peek->fields, path, type);
	const char *at = raw.data;

	for (size_t i = 0; i < raw.len; i++)
		if (at[i] < '0' || at[i] > '9')
			return (struct weir_slice){ NULL, 0 };
	return raw.len && raw.len <= MOST_DIGITS ? raw : (struct weir_slice){ NULL, 0 };
}

static struct weir_slice read_status(const struct weir__twitter_peek *peek, size_t base)
{
	struct weir_slice id = { NULL, 0 };

	if (!is(peek, base + USER, WEIR_FIELD_OBJECT) ||
	    (!is(peek, base + TEXT, WEIR_FIELD_STRING) &&
	     !is(peek, base + FULL_TEXT, WEIR_FIELD_STRING)) ||
	    (!is(peek, base + ID_STR, WEIR_FIELD_STRING) &&
	     !is(peek, base + ID, WEIR_FIELD_NUMBER)))
		return id;
	id = read_id(peek, base + ID_STR);
	return id.data ? id : read_id(peek, base + ID);
}

static bool is_envelope(const struct weir__twitter_peek *peek)
{
	return is(peek, MESSAGE, WEIR_FIELD_OBJECT) &&
	       (is(peek, FOR_USER, WEIR_FIELD_STRING) || is(peek, FOR_USER, WEIR_FIELD_NUMBER));
}

struct weir_slice weir__twitter_peek_id(struct weir__twitter_peek *peek, struct weir_slice text)
{
	if (!weir__twitter_fields_read(&peek->fields, text))
		return (struct weir_slice){ NULL, 0 };
	if (is_envelope(peek))
		return read_status(peek, INNER);
	if (is(peek, V2_ID, WEIR_FIELD_STRING) && is(peek, V2_TEXT, WEIR_FIELD_STRING) &&
	    !is(peek, V2_EVENT_TYPE, WEIR_FIELD_STRING))
		return read_id(peek, V2_ID);
	return read_status(peek, OUTER);
}
