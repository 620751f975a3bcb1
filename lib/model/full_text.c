/* SPDX-License-Identifier: MIT */
/*
 * The full text: the first of a table of places that holds a string.
 *
 * Guarantees: no look at bytes but those of includes.tweets, for a v2 retweet only. Callers:
 * formats, templates, field matchers, weir_message_text, and the path "full_text".
 */
#include "model/full_text.h"

#include "ground/error.h"
#include "kit/elements.h"
#include "kit/text.h"

enum path {
	V2_REFERENCE = 15,
	V2_REFERENCED_ID,
	V2_TWEETS,
	V2_POSTS
};

static const char *const paths[WEIR__FULL_TEXT_PATHS] = {
	"retweeted_status.extended_tweet.full_text",
	"retweeted_status.full_text",
	"retweeted_status.text",
	"extended_tweet.full_text",
	"full_text",
	"text",
	"message.retweeted_status.extended_tweet.full_text",
	"message.retweeted_status.full_text",
	"message.retweeted_status.text",
	"message.extended_tweet.full_text",
	"message.full_text",
	"message.text",
	"data.note_tweet.text",
	"data.note_post.text",
	"data.text",
	[V2_REFERENCE] = "data.referenced_tweets[0].type",
	[V2_REFERENCED_ID] = "data.referenced_tweets[0].id",
	[V2_TWEETS] = "includes.tweets",
	[V2_POSTS] = "includes.posts",
};

enum post_path { POST_ID, POST_NOTE_TWEET, POST_NOTE_POST, POST_TEXT };

static const char *const post_paths[WEIR__FULL_TEXT_POST_PATHS] = {
	[POST_ID] = "id",
	[POST_NOTE_TWEET] = "note_tweet.text",
	[POST_NOTE_POST] = "note_post.text",
	[POST_TEXT] = "text",
};

enum weir_status weir__full_text_init(struct weir__full_text *full_text, const struct weir_env *env,
				      weir__plan *plan, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	*full_text = (struct weir__full_text){ .env = env, .post = weir__plan_new(env) };
	if (!full_text->post)
		return weir__error_no_memory(err);
	for (size_t i = 0; i < WEIR__FULL_TEXT_PATHS && status == WEIR_OK; i++)
		status = weir__plan_add(plan, paths[i], &full_text->at[i], err);
	for (size_t i = 0; i < WEIR__FULL_TEXT_POST_PATHS && status == WEIR_OK; i++)
		status = weir__plan_add(full_text->post, post_paths[i], &full_text->post_at[i],
					err);
	if (status < 0)
		return status;
	full_text->post_slots =
		weir__alloc_array(env, weir__plan_slot_count(full_text->post),
				  sizeof *full_text->post_slots);
	return full_text->post_slots ? WEIR_OK : weir__error_no_memory(err);
}

void weir__full_text_release(struct weir__full_text *full_text)
{
	if (full_text->post_slots)
		weir__free(full_text->env, full_text->post_slots,
			   weir__plan_slot_count(full_text->post) * sizeof *full_text->post_slots);
	weir__plan_free(full_text->post);
	*full_text = (struct weir__full_text){ .env = full_text->env };
}

static struct weir_slice slice_of(const char *text, const struct weir__slot *slot)
{
	return (struct weir_slice){ text + slot->at, slot->len };
}

static bool is_retweet(const struct weir__full_text *full_text, const char *text,
		       const struct weir__slot *slots)
{
	static const struct weir_slice retweeted = { "retweeted", 9 };
	const struct weir__slot *type = &slots[full_text->at[V2_REFERENCE]];

	return type->type == WEIR_FIELD_STRING &&
	       weir__text_equals(slice_of(text, type), type->escaped, retweeted);
}

/* The text of this post, if it is the one of that id. */
static const struct weir__slot *read_post(struct weir__full_text *full_text, struct weir_slice post,
					  struct weir_slice id)
{
	const struct weir__slot *const slots = full_text->post_slots;
	const struct weir__slot *slot;

	if (!weir__scan(full_text->post, post.data, post.len, full_text->post_slots, NULL))
		return NULL;
	slot = &slots[full_text->post_at[POST_ID]];
	if (slot->type != WEIR_FIELD_STRING ||
	    !weir__text_equals(slice_of(post.data, slot), slot->escaped, id))
		return NULL;
	for (enum post_path path = POST_NOTE_TWEET; path < WEIR__FULL_TEXT_POST_PATHS; path++) {
		slot = &slots[full_text->post_at[path]];
		if (slot->type == WEIR_FIELD_STRING)
			return slot;
	}
	return NULL;
}

/* Of a v2 retweet: the text of the post it refers to, where that came along. */
static const struct weir__slot *find_included(struct weir__full_text *full_text, const char *text,
					      const struct weir__slot *slots, const char **ret_from)
{
	const struct weir__slot *id = &slots[full_text->at[V2_REFERENCED_ID]];
	const struct weir__slot *found = NULL;

	if (id->type != WEIR_FIELD_STRING || id->escaped)
		return NULL;
	for (size_t path = V2_TWEETS; path <= V2_POSTS && !found; path++) {
		const struct weir__slot *posts = &slots[full_text->at[path]];
		struct weir__elements elements;
		struct weir_slice post;

		if (posts->type != WEIR_FIELD_ARRAY)
			continue;
		elements = weir__elements_of(slice_of(text, posts));
		while (!found && weir__elements_next(&elements, &post)) {
			found = read_post(full_text, post, slice_of(text, id));
			*ret_from = post.data;
		}
	}
	return found;
}

const struct weir__slot *weir__full_text_find(struct weir__full_text *full_text, const void *text,
					      const struct weir__slot *slots, const char **ret_from)
{
	const struct weir__slot *found = NULL;

	if (is_retweet(full_text, text, slots))
		found = find_included(full_text, text, slots, ret_from);
	if (found)
		return found;
	*ret_from = text;
	for (size_t i = 0; i < V2_REFERENCE; i++)
		if (slots[full_text->at[i]].type == WEIR_FIELD_STRING)
			return &slots[full_text->at[i]];
	return NULL;
}
