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

#include "ground/error.h"

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

_Static_assert(PATHS <= WEIR__TWITTER_PEEK_PATHS, "WEIR__TWITTER_PEEK_PATHS holds all paths");

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
	enum weir_status status = WEIR_OK;

	*peek = (struct weir__twitter_peek){ .plan = weir__plan_new(env) };
	if (!peek->plan)
		return weir__error_no_memory(err);
	for (size_t i = 0; status == WEIR_OK && i < PATHS; i++)
		status = weir__plan_add(peek->plan, paths[i], &peek->at[i], err);
	peek->slot_count = weir__plan_slot_count(peek->plan);
	if (status == WEIR_OK)
		peek->slots = weir__alloc_array(env, peek->slot_count, sizeof *peek->slots);
	if (status == WEIR_OK && !peek->slots)
		status = weir__error_no_memory(err);
	if (status < 0)
		weir__twitter_peek_release(peek, env);
	return status;
}

void weir__twitter_peek_release(struct weir__twitter_peek *peek, const struct weir_env *env)
{
	weir__free(env, peek->slots, peek->slot_count * sizeof *peek->slots);
	weir__plan_free(peek->plan);
	*peek = (struct weir__twitter_peek){ .plan = NULL };
}

static bool is(const struct weir__twitter_peek *peek, size_t path, enum weir_field_type type)
{
	return peek->slots[peek->at[path]].type == type;
}

/* The value when it is 1 to 20 digits, as a number or a string. */
static struct weir_slice read_id(const struct weir__twitter_peek *peek, struct weir_slice text,
				 size_t path)
{
	const struct weir__slot *slot = &peek->slots[peek->at[path]];
	const char *at = (const char *)text.data + slot->at;
	const struct weir_slice none = { NULL, 0 };

	if ((slot->type != WEIR_FIELD_STRING && slot->type != WEIR_FIELD_NUMBER) ||
	    slot->len == 0 || slot->len > MOST_DIGITS)
		return none;
	for (size_t i = 0; i < slot->len; i++)
		if (at[i] < '0' || at[i] > '9')
			return none;
	return (struct weir_slice){ at, slot->len };
}

static struct weir_slice read_status(const struct weir__twitter_peek *peek, struct weir_slice text,
				     size_t base)
{
	struct weir_slice id = { NULL, 0 };

	if (!is(peek, base + USER, WEIR_FIELD_OBJECT) ||
	    (!is(peek, base + TEXT, WEIR_FIELD_STRING) &&
	     !is(peek, base + FULL_TEXT, WEIR_FIELD_STRING)) ||
	    (!is(peek, base + ID_STR, WEIR_FIELD_STRING) &&
	     !is(peek, base + ID, WEIR_FIELD_NUMBER)))
		return id;
	id = read_id(peek, text, base + ID_STR);
	return id.data ? id : read_id(peek, text, base + ID);
}

static bool is_envelope(const struct weir__twitter_peek *peek)
{
	return is(peek, MESSAGE, WEIR_FIELD_OBJECT) &&
	       (is(peek, FOR_USER, WEIR_FIELD_STRING) || is(peek, FOR_USER, WEIR_FIELD_NUMBER));
}

struct weir_slice weir__twitter_peek_id(struct weir__twitter_peek *peek, struct weir_slice text)
{
	if (!weir__scan(peek->plan, text.data, text.len, peek->slots, NULL))
		return (struct weir_slice){ NULL, 0 };
	if (is_envelope(peek))
		return read_status(peek, text, INNER);
	if (is(peek, V2_ID, WEIR_FIELD_STRING) && is(peek, V2_TEXT, WEIR_FIELD_STRING) &&
	    !is(peek, V2_EVENT_TYPE, WEIR_FIELD_STRING))
		return read_id(peek, text, V2_ID);
	return read_status(peek, text, OUTER);
}
