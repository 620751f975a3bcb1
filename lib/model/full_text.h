/* SPDX-License-Identifier: MIT */
/*
 * What the user wrote, in every form in which a status comes.
 *
 *     retweet    the original's text, never "RT @name: …" with a cut end
 *     extended   extended_tweet.full_text, of the retweeted status where it is a retweet
 *     v2         note_tweet.text before text; of a retweet, that of the post in includes.tweets
 *
 * Source: the protocol's data dictionary, "full text to use".
 */
#ifndef WEIR_MODEL_FULL_TEXT_H
#define WEIR_MODEL_FULL_TEXT_H

#include "kit/scan.h"

#define WEIR__FULL_TEXT_PATHS 19
#define WEIR__FULL_TEXT_POST_PATHS 4

struct weir__full_text {
	const struct weir_env *env;
	size_t at[WEIR__FULL_TEXT_PATHS];	/* slots of its paths */
	weir__plan *post;			/* of an element of includes.tweets */
	struct weir__slot *post_slots;
	size_t post_at[WEIR__FULL_TEXT_POST_PATHS];
};

/* Adds its paths to a plan. Release it also when this fails. */
enum weir_status weir__full_text_init(struct weir__full_text *full_text, const struct weir_env *env,
				      weir__plan *plan, struct weir_error *err);
void weir__full_text_release(struct weir__full_text *full_text);
/* The slot of the text, and in *ret_from what its place counts from; NULL: there is none. */
const struct weir__slot *weir__full_text_find(struct weir__full_text *full_text,
					      const void *text, const struct weir__slot *slots,
					      const char **ret_from);

#endif
