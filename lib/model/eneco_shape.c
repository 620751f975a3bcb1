/* SPDX-License-Identifier: MIT */
/*
 * The tables of kafka-connect-twitter's struct: what its consumers have been reading for years, in
 * the order in which they read it. Called by format_eneco.c only.
 */
#include "model/eneco_shape.h"

#define PACKAGE "com.eneco.trading.kafka.connect.twitter."
#define SHAPE(name, table) { PACKAGE name, table, sizeof table / sizeof *table }

enum leaf {
	LEAF_ID,
	LEAF_TEXT,
	LEAF_SCREEN_NAME,
	LEAF_CREATED_AT,
	LEAF_LANG,
	LEAF_RETWEETED,
	LEAF_USER_ID,
	LEAF_USER_NAME,
	LEAF_LOCATION,
	LEAF_VERIFIED,
	LEAF_FRIENDS,
	LEAF_FOLLOWERS,
	LEAF_STATUSES,
	LEAF_HASHTAGS,
	LEAF_MEDIA,
	LEAF_URLS,
	LEAF_MENTIONS
};

const char *const weir__eneco_leaf_paths[] = {
	[LEAF_ID] = "id",
	[LEAF_TEXT] = "text",
	[LEAF_SCREEN_NAME] = "user.screen_name",
	[LEAF_CREATED_AT] = "created_at",
	[LEAF_LANG] = "lang",
	[LEAF_RETWEETED] = "retweeted_status",
	[LEAF_USER_ID] = "user.id",
	[LEAF_USER_NAME] = "user.name",
	[LEAF_LOCATION] = "user.location",
	[LEAF_VERIFIED] = "user.verified",
	[LEAF_FRIENDS] = "user.friends_count",
	[LEAF_FOLLOWERS] = "user.followers_count",
	[LEAF_STATUSES] = "user.statuses_count",
	[LEAF_HASHTAGS] = "entities.hashtags",
	[LEAF_MEDIA] = "entities.media",
	[LEAF_URLS] = "entities.urls",
	[LEAF_MENTIONS] = "entities.user_mentions",
};

enum element {
	ELEMENT_URL,
	ELEMENT_DISPLAY_URL,
	ELEMENT_EXPANDED_URL,
	ELEMENT_ID,
	ELEMENT_TYPE,
	ELEMENT_TEXT,
	ELEMENT_NAME,
	ELEMENT_SCREEN_NAME
};

const char *const weir__eneco_element_paths[] = {
	[ELEMENT_URL] = "url",
	[ELEMENT_DISPLAY_URL] = "display_url",
	[ELEMENT_EXPANDED_URL] = "expanded_url",
	[ELEMENT_ID] = "id",
	[ELEMENT_TYPE] = "type",
	[ELEMENT_TEXT] = "text",
	[ELEMENT_NAME] = "name",
	[ELEMENT_SCREEN_NAME] = "screen_name",
};

static const struct weir__eneco_member user_members[] = {
	{ "id", ENECO_INT64, false, LEAF_USER_ID, NULL },
	{ "name", ENECO_STRING, true, LEAF_USER_NAME, NULL },
	{ "screen_name", ENECO_STRING, true, LEAF_SCREEN_NAME, NULL },
	{ "location", ENECO_STRING, true, LEAF_LOCATION, NULL },
	{ "verified", ENECO_BOOLEAN, false, LEAF_VERIFIED, NULL },
	{ "friends_count", ENECO_INT32, false, LEAF_FRIENDS, NULL },
	{ "followers_count", ENECO_INT32, false, LEAF_FOLLOWERS, NULL },
	{ "statuses_count", ENECO_INT32, false, LEAF_STATUSES, NULL },
};

static const struct weir__eneco_member hashtag_members[] = {
	{ "text", ENECO_STRING, true, ELEMENT_TEXT, NULL },
};

static const struct weir__eneco_member medium_members[] = {
	{ "display_url", ENECO_STRING, true, ELEMENT_DISPLAY_URL, NULL },
	{ "expanded_url", ENECO_STRING, true, ELEMENT_EXPANDED_URL, NULL },
	{ "id", ENECO_INT64, false, ELEMENT_ID, NULL },
	{ "type", ENECO_STRING, true, ELEMENT_TYPE, NULL },
	{ "url", ENECO_STRING, true, ELEMENT_URL, NULL },
};

static const struct weir__eneco_member url_members[] = {
	{ "display_url", ENECO_URL, true, ELEMENT_DISPLAY_URL, NULL },
	{ "expanded_url", ENECO_URL, true, ELEMENT_EXPANDED_URL, NULL },
	{ "url", ENECO_STRING, true, ELEMENT_URL, NULL },
};

static const struct weir__eneco_member mention_members[] = {
	{ "id", ENECO_INT64, false, ELEMENT_ID, NULL },
	{ "name", ENECO_STRING, true, ELEMENT_NAME, NULL },
	{ "screen_name", ENECO_STRING, true, ELEMENT_SCREEN_NAME, NULL },
};

static const struct weir__eneco_shape user = SHAPE("User", user_members);
static const struct weir__eneco_shape hashtag = SHAPE("Hashtag", hashtag_members);
static const struct weir__eneco_shape medium = SHAPE("Medium", medium_members);
static const struct weir__eneco_shape url = SHAPE("Url", url_members);
static const struct weir__eneco_shape mention = SHAPE("UserMention", mention_members);

static const struct weir__eneco_member entities_members[] = {
	{ "hashtags", ENECO_ARRAY, true, LEAF_HASHTAGS, &hashtag },
	{ "media", ENECO_ARRAY, true, LEAF_MEDIA, &medium },
	{ "urls", ENECO_ARRAY, true, LEAF_URLS, &url },
	{ "user_mentions", ENECO_ARRAY, true, LEAF_MENTIONS, &mention },
};

static const struct weir__eneco_shape entities = SHAPE("Entities", entities_members);

static const struct weir__eneco_member tweet_members[] = {
	{ "id", ENECO_INT64, false, LEAF_ID, NULL },
	{ "created_at", ENECO_TIME, true, LEAF_CREATED_AT, NULL },
	{ "user", ENECO_STRUCT, false, 0, &user },
	{ "text", ENECO_TEXT, true, LEAF_TEXT, NULL },
	{ "lang", ENECO_STRING, true, LEAF_LANG, NULL },
	{ "is_retweet", ENECO_PRESENCE, false, LEAF_RETWEETED, NULL },
	{ "entities", ENECO_STRUCT, false, 0, &entities },
};

const struct weir__eneco_shape weir__eneco_tweet = SHAPE("Tweet", tweet_members);
