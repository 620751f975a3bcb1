/* SPDX-License-Identifier: MIT */
/*
 * The tables of kinds: paths, rules, traits. Data only.
 *
 * The order of the phases is the order of decision: notices in wrapper objects, user stream
 * events, v2, statuses, bare problems. A status has none of the wrappers' members, so it is safe
 * that they come first. A new shape is a row here, and nothing elsewhere. Read by kind.c.
 */
#include "model/kind_internal.h"

#include "ground/count.h"

#define NUM (1u << WEIR_FIELD_NUMBER)
#define STR (1u << WEIR_FIELD_STRING)
#define ARR (1u << WEIR_FIELD_ARRAY)
#define OBJ (1u << WEIR_FIELD_OBJECT)
#define YES (1u << WEIR_FIELD_TRUE)
#define NOTHING (1u << WEIR_FIELD_ABSENT | 1u << WEIR_FIELD_NULL)

const char *const weir__kind_paths[PATH_COUNT] = {
	[PATH_ID] = "id",
	[PATH_ID_STR] = "id_str",
	[PATH_TEXT] = "text",
	[PATH_FULL_TEXT] = "full_text",
	[PATH_USER] = "user",
	[PATH_TIMESTAMP_MS] = "timestamp_ms",
	[PATH_CREATED_AT] = "created_at",
	[PATH_RETWEETED_STATUS] = "retweeted_status",
	[PATH_RETWEETED_EXTENDED] = "retweeted_status.extended_tweet",
	[PATH_IS_QUOTE] = "is_quote_status",
	[PATH_QUOTED_ID] = "quoted_status_id",
	[PATH_QUOTED_ID_STR] = "quoted_status_id_str",
	[PATH_QUOTED_STATUS] = "quoted_status",
	[PATH_REPLY_TO] = "in_reply_to_status_id",
	[PATH_REPLY_TO_STR] = "in_reply_to_status_id_str",
	[PATH_TRUNCATED] = "truncated",
	[PATH_EXTENDED_TWEET] = "extended_tweet",
	[PATH_EVENT] = "event",

	[PATH_DELETE] = "delete",
	[PATH_DELETE_STATUS_ID_STR] = "delete.status.id_str",
	[PATH_DELETE_STATUS_ID] = "delete.status.id",
	[PATH_DELETE_DM_ID_STR] = "delete.direct_message.id_str",
	[PATH_DELETE_DM_ID] = "delete.direct_message.id",
	[PATH_DELETE_FAVORITE_ID_STR] = "delete.favorite.tweet_id_str",
	[PATH_DELETE_FAVORITE_ID] = "delete.favorite.tweet_id",
	[PATH_DELETE_TIME] = "delete.timestamp_ms",
	[PATH_SCRUB_GEO] = "scrub_geo",
	[PATH_SCRUB_GEO_TIME] = "scrub_geo.timestamp_ms",
	[PATH_LIMIT] = "limit",
	[PATH_LIMIT_TIME] = "limit.timestamp_ms",
	[PATH_STATUS_WITHHELD] = "status_withheld",
	[PATH_STATUS_WITHHELD_ID_STR] = "status_withheld.id_str",
	[PATH_STATUS_WITHHELD_ID] = "status_withheld.id",
	[PATH_STATUS_WITHHELD_STATUS_ID_STR] = "status_withheld.status.id_str",
	[PATH_STATUS_WITHHELD_STATUS_ID] = "status_withheld.status.id",
	[PATH_STATUS_WITHHELD_TIME] = "status_withheld.timestamp_ms",
	[PATH_USER_WITHHELD] = "user_withheld",
	[PATH_USER_WITHHELD_TIME] = "user_withheld.timestamp_ms",
	[PATH_USER_WITHHELD_TIME_TEXT] = "user_withheld.timestampMs",
	[PATH_DISCONNECT] = "disconnect",
	[PATH_WARNING] = "warning",
	[PATH_WARNING_TIME] = "warning.timestamp_ms",
	[PATH_CONTROL] = "control",
	[PATH_DM] = "direct_message",
	[PATH_DM_ID_STR] = "direct_message.id_str",
	[PATH_DM_ID] = "direct_message.id",
	[PATH_DM_CREATED_AT] = "direct_message.created_at",
	[PATH_DROP] = "drop",
	[PATH_DROP_ID_STR] = "drop.status.id_str",
	[PATH_DROP_ID] = "drop.status.id",
	[PATH_DROP_TIME] = "drop.timestamp_ms",
	[PATH_UNDROP] = "undrop",
	[PATH_UNDROP_ID_STR] = "undrop.status.id_str",
	[PATH_UNDROP_ID] = "undrop.status.id",
	[PATH_UNDROP_TIME] = "undrop.timestamp_ms",
	[PATH_TWEET_EDIT] = "tweet_edit",
	[PATH_TWEET_EDIT_ID] = "tweet_edit.id",
	[PATH_TWEET_EDIT_TIME] = "tweet_edit.timestamp_ms",
	[PATH_USER_DELETE] = "user_delete",
	[PATH_USER_DELETE_TIME] = "user_delete.timestamp_ms",
	[PATH_USER_UNDELETE] = "user_undelete",
	[PATH_USER_UNDELETE_TIME] = "user_undelete.timestamp_ms",
	[PATH_USER_PROTECT] = "user_protect",
	[PATH_USER_PROTECT_TIME] = "user_protect.timestamp_ms",
	[PATH_USER_UNPROTECT] = "user_unprotect",
	[PATH_USER_UNPROTECT_TIME] = "user_unprotect.timestamp_ms",
	[PATH_USER_SUSPEND] = "user_suspend",
	[PATH_USER_SUSPEND_TIME] = "user_suspend.timestamp_ms",
	[PATH_USER_UNSUSPEND] = "user_unsuspend",
	[PATH_USER_UNSUSPEND_TIME] = "user_unsuspend.timestamp_ms",
	[PATH_FRIENDS] = "friends",
	[PATH_FRIENDS_STR] = "friends_str",

	[PATH_FOR_USER] = "for_user",
	[PATH_MESSAGE] = "message",
	[PATH_ERRORS] = "errors",
	[PATH_TITLE] = "title",
	[PATH_TYPE] = "type",
	[PATH_DATA] = "data",
	[PATH_V2_ID] = "data.id",
	[PATH_V2_TEXT] = "data.text",
	[PATH_V2_CREATED_AT] = "data.created_at",
	[PATH_V2_EVENT_TYPE] = "data.event_type",
	[PATH_V2_EVENT_AT] = "data.event_at",
	[PATH_V2_NOTE_TWEET] = "data.note_tweet",
	[PATH_V2_NOTE_POST] = "data.note_post",
	[PATH_V2_TWEETS_0] = "data.referenced_tweets[0].type",
	[PATH_V2_TWEETS_1] = "data.referenced_tweets[1].type",
	[PATH_V2_TWEETS_2] = "data.referenced_tweets[2].type",
	[PATH_V2_TWEETS_3] = "data.referenced_tweets[3].type",
	[PATH_V2_POSTS_0] = "data.referenced_posts[0].type",
	[PATH_V2_POSTS_1] = "data.referenced_posts[1].type",
	[PATH_V2_POSTS_2] = "data.referenced_posts[2].type",
	[PATH_V2_POSTS_3] = "data.referenced_posts[3].type",
	[PATH_V2_DELETE] = "data.delete",
	[PATH_V2_DELETE_TWEET] = "data.delete.tweet.id",
	[PATH_V2_DELETE_FAVORITE] = "data.delete.favorite.id",
	[PATH_V2_DELETE_AT] = "data.delete.event_at",
	[PATH_V2_DROP] = "data.drop",
	[PATH_V2_DROP_TWEET] = "data.drop.tweet.id",
	[PATH_V2_DROP_AT] = "data.drop.event_at",
	[PATH_V2_UNDROP] = "data.undrop",
	[PATH_V2_UNDROP_TWEET] = "data.undrop.tweet.id",
	[PATH_V2_UNDROP_AT] = "data.undrop.event_at",
	[PATH_V2_WITHHELD] = "data.withheld",
	[PATH_V2_WITHHELD_TWEET] = "data.withheld.tweet.id",
	[PATH_V2_WITHHELD_AT] = "data.withheld.event_at",
	[PATH_V2_TWEET_EDIT] = "data.tweet_edit",
	[PATH_V2_TWEET_EDIT_TWEET] = "data.tweet_edit.tweet.id",
	[PATH_V2_TWEET_EDIT_AT] = "data.tweet_edit.event_at",
	[PATH_V2_USER_DELETE] = "data.user_delete",
	[PATH_V2_USER_DELETE_AT] = "data.user_delete.event_at",
	[PATH_V2_USER_UNDELETE] = "data.user_undelete",
	[PATH_V2_USER_UNDELETE_AT] = "data.user_undelete.event_at",
	[PATH_V2_USER_PROTECT] = "data.user_protect",
	[PATH_V2_USER_PROTECT_AT] = "data.user_protect.event_at",
	[PATH_V2_USER_UNPROTECT] = "data.user_unprotect",
	[PATH_V2_USER_UNPROTECT_AT] = "data.user_unprotect.event_at",
	[PATH_V2_USER_SUSPEND] = "data.user_suspend",
	[PATH_V2_USER_SUSPEND_AT] = "data.user_suspend.event_at",
	[PATH_V2_USER_UNSUSPEND] = "data.user_unsuspend",
	[PATH_V2_USER_UNSUSPEND_AT] = "data.user_unsuspend.event_at",
	[PATH_V2_USER_WITHHELD] = "data.user_withheld",
	[PATH_V2_USER_WITHHELD_AT] = "data.user_withheld.event_at",
	[PATH_V2_SCRUB_GEO] = "data.scrub_geo",
	[PATH_V2_SCRUB_GEO_AT] = "data.scrub_geo.event_at",
	[PATH_V2_PROFILE] = "data.user_profile_modification",
	[PATH_V2_PROFILE_AT] = "data.user_profile_modification.event_at",
};

#define IS(p, t) { .path = (p), .types = (t) }
#define EITHER(p, t, or_p, or_t) \
	{ .path = (p), .types = (t), .or_path = (or_p), .or_types = (or_t) }
#define WHEN(...) .when = { __VA_ARGS__ }
#define KEYS(...) .keys = { __VA_ARGS__ }
#define TIMES(...) .times = { __VA_ARGS__ }
#define KIND(name) .kind = WEIR_KIND_##name

static const struct weir__kind_rule wrappers[] = {
	{ WHEN(IS(PATH_DELETE, OBJ)), KIND(DELETE), TIMES(PATH_DELETE_TIME),
	  KEYS(PATH_DELETE_STATUS_ID_STR, PATH_DELETE_STATUS_ID, PATH_DELETE_DM_ID_STR,
	       PATH_DELETE_DM_ID, PATH_DELETE_FAVORITE_ID_STR, PATH_DELETE_FAVORITE_ID) },
	{ WHEN(IS(PATH_LIMIT, OBJ)), KIND(LIMIT), TIMES(PATH_LIMIT_TIME) },
	{ WHEN(IS(PATH_SCRUB_GEO, OBJ)), KIND(SCRUB_GEO), TIMES(PATH_SCRUB_GEO_TIME) },
	{ WHEN(IS(PATH_STATUS_WITHHELD, OBJ)), KIND(STATUS_WITHHELD),
	  TIMES(PATH_STATUS_WITHHELD_TIME),
	  KEYS(PATH_STATUS_WITHHELD_STATUS_ID_STR, PATH_STATUS_WITHHELD_STATUS_ID,
	       PATH_STATUS_WITHHELD_ID_STR, PATH_STATUS_WITHHELD_ID) },
	{ WHEN(IS(PATH_USER_WITHHELD, OBJ)), KIND(USER_WITHHELD),
	  TIMES(PATH_USER_WITHHELD_TIME, PATH_USER_WITHHELD_TIME_TEXT) },
	{ WHEN(IS(PATH_DISCONNECT, OBJ)), KIND(DISCONNECT) },
	{ WHEN(IS(PATH_WARNING, OBJ)), KIND(WARNING), TIMES(PATH_WARNING_TIME) },
	{ WHEN(IS(PATH_CONTROL, OBJ)), KIND(CONTROL) },
	{ WHEN(IS(PATH_DM, OBJ)), KIND(DIRECT_MESSAGE), TIMES(PATH_DM_CREATED_AT),
	  KEYS(PATH_DM_ID_STR, PATH_DM_ID), .own_id = true },
	{ WHEN(IS(PATH_FRIENDS, ARR)), KIND(FRIENDS) },
	{ WHEN(IS(PATH_FRIENDS_STR, ARR)), KIND(FRIENDS) },
	{ WHEN(IS(PATH_DROP, OBJ)), KIND(COMPLIANCE), TIMES(PATH_DROP_TIME),
	  KEYS(PATH_DROP_ID_STR, PATH_DROP_ID) },
	{ WHEN(IS(PATH_UNDROP, OBJ)), KIND(COMPLIANCE), TIMES(PATH_UNDROP_TIME),
	  KEYS(PATH_UNDROP_ID_STR, PATH_UNDROP_ID) },
	{ WHEN(IS(PATH_TWEET_EDIT, OBJ)), KIND(COMPLIANCE), TIMES(PATH_TWEET_EDIT_TIME),
	  KEYS(PATH_TWEET_EDIT_ID), .own_id = true },
	{ WHEN(IS(PATH_USER_DELETE, OBJ)), KIND(COMPLIANCE), TIMES(PATH_USER_DELETE_TIME) },
	{ WHEN(IS(PATH_USER_UNDELETE, OBJ)), KIND(COMPLIANCE), TIMES(PATH_USER_UNDELETE_TIME) },
	{ WHEN(IS(PATH_USER_PROTECT, OBJ)), KIND(COMPLIANCE), TIMES(PATH_USER_PROTECT_TIME) },
	{ WHEN(IS(PATH_USER_UNPROTECT, OBJ)), KIND(COMPLIANCE), TIMES(PATH_USER_UNPROTECT_TIME) },
	{ WHEN(IS(PATH_USER_SUSPEND, OBJ)), KIND(COMPLIANCE), TIMES(PATH_USER_SUSPEND_TIME) },
	{ WHEN(IS(PATH_USER_UNSUSPEND, OBJ)), KIND(COMPLIANCE), TIMES(PATH_USER_UNSUSPEND_TIME) },
};

static const struct weir__kind_rule events[] = {
	{ WHEN(IS(PATH_EVENT, STR)), KIND(EVENT) },
};

#define V2(name) KIND(name), .traits = WEIR_TRAIT_V2

static const struct weir__kind_rule v2[] = {
	{ WHEN(IS(PATH_ERRORS, ARR), IS(PATH_DATA, NOTHING)), V2(NOTICE) },
	{ WHEN(IS(PATH_V2_EVENT_TYPE, STR)), V2(COMPLIANCE),
	  TIMES(PATH_V2_EVENT_AT, PATH_V2_CREATED_AT) },
	{ WHEN(IS(PATH_V2_ID, STR), IS(PATH_V2_TEXT, STR)), V2(TWEET), KEYS(PATH_V2_ID),
	  TIMES(PATH_V2_CREATED_AT), .own_id = true },
	{ WHEN(IS(PATH_V2_DELETE, OBJ)), V2(COMPLIANCE), TIMES(PATH_V2_DELETE_AT, PATH_V2_EVENT_AT),
	  KEYS(PATH_V2_DELETE_TWEET, PATH_V2_DELETE_FAVORITE) },
	{ WHEN(IS(PATH_V2_DROP, OBJ)), V2(COMPLIANCE), KEYS(PATH_V2_DROP_TWEET),
	  TIMES(PATH_V2_DROP_AT, PATH_V2_EVENT_AT) },
	{ WHEN(IS(PATH_V2_UNDROP, OBJ)), V2(COMPLIANCE), KEYS(PATH_V2_UNDROP_TWEET),
	  TIMES(PATH_V2_UNDROP_AT, PATH_V2_EVENT_AT) },
	{ WHEN(IS(PATH_V2_WITHHELD, OBJ)), V2(COMPLIANCE), KEYS(PATH_V2_WITHHELD_TWEET),
	  TIMES(PATH_V2_WITHHELD_AT, PATH_V2_EVENT_AT) },
	{ WHEN(IS(PATH_V2_TWEET_EDIT, OBJ)), V2(COMPLIANCE), KEYS(PATH_V2_TWEET_EDIT_TWEET),
	  TIMES(PATH_V2_TWEET_EDIT_AT, PATH_V2_EVENT_AT), .own_id = true },
	{ WHEN(IS(PATH_V2_USER_DELETE, OBJ)), V2(COMPLIANCE),
	  TIMES(PATH_V2_USER_DELETE_AT, PATH_V2_EVENT_AT) },
	{ WHEN(IS(PATH_V2_USER_UNDELETE, OBJ)), V2(COMPLIANCE),
	  TIMES(PATH_V2_USER_UNDELETE_AT, PATH_V2_EVENT_AT) },
	{ WHEN(IS(PATH_V2_USER_PROTECT, OBJ)), V2(COMPLIANCE),
	  TIMES(PATH_V2_USER_PROTECT_AT, PATH_V2_EVENT_AT) },
	{ WHEN(IS(PATH_V2_USER_UNPROTECT, OBJ)), V2(COMPLIANCE),
	  TIMES(PATH_V2_USER_UNPROTECT_AT, PATH_V2_EVENT_AT) },
	{ WHEN(IS(PATH_V2_USER_SUSPEND, OBJ)), V2(COMPLIANCE),
	  TIMES(PATH_V2_USER_SUSPEND_AT, PATH_V2_EVENT_AT) },
	{ WHEN(IS(PATH_V2_USER_UNSUSPEND, OBJ)), V2(COMPLIANCE),
	  TIMES(PATH_V2_USER_UNSUSPEND_AT, PATH_V2_EVENT_AT) },
	{ WHEN(IS(PATH_V2_USER_WITHHELD, OBJ)), V2(COMPLIANCE),
	  TIMES(PATH_V2_USER_WITHHELD_AT, PATH_V2_EVENT_AT) },
	{ WHEN(IS(PATH_V2_SCRUB_GEO, OBJ)), V2(COMPLIANCE),
	  TIMES(PATH_V2_SCRUB_GEO_AT, PATH_V2_EVENT_AT) },
	{ WHEN(IS(PATH_V2_PROFILE, OBJ)), V2(COMPLIANCE),
	  TIMES(PATH_V2_PROFILE_AT, PATH_V2_EVENT_AT) },
};

/* An id, an author and a text, and so a status. */
#define STATUS                                                                                    \
	EITHER(PATH_ID_STR, STR, PATH_ID, NUM), IS(PATH_USER, OBJ),                               \
	EITHER(PATH_TEXT, STR, PATH_FULL_TEXT, STR)

/* A retweet of a quote has the marks of a quote, too: retweets come first. */
static const struct weir__kind_rule statuses[] = {
	{ WHEN(IS(PATH_RETWEETED_STATUS, OBJ), STATUS), KIND(RETWEET),
	  KEYS(PATH_ID_STR, PATH_ID), .own_id = true },
	{ WHEN(STATUS), KIND(TWEET), KEYS(PATH_ID_STR, PATH_ID), .own_id = true },
};

static const struct weir__kind_rule problems[] = {
	{ WHEN(IS(PATH_TITLE, STR), IS(PATH_TYPE, STR), IS(PATH_DATA, NOTHING),
	       IS(PATH_USER, NOTHING), IS(PATH_ID, NOTHING)), V2(NOTICE) },
};

#define PHASE(table) .rules = table, .count = WEIR__COUNT(table)

const struct weir__kind_phase weir__kind_phases[] = {
	{ PHASE(wrappers), .sole = true },
	{ PHASE(events) },
	{ PHASE(v2), .outer_only = true, .gate = EITHER(PATH_DATA, OBJ, PATH_ERRORS, ARR) },
	{ PHASE(statuses) },
	{ PHASE(problems), .outer_only = true },
};
const size_t weir__kind_phase_count = WEIR__COUNT(weir__kind_phases);

#define V1_TWEET .kinds = WEIR_KIND_TWEET
#define V1_RETWEET .kinds = WEIR_KIND_RETWEET
#define V2_POST .kinds = WEIR_KIND_TWEET | WEIR_KIND_RETWEET, .v2 = true

const struct weir__kind_trait weir__kind_traits[] = {
	{ EITHER(PATH_IS_QUOTE, YES, PATH_QUOTED_STATUS, OBJ), V1_TWEET,
	  .trait = WEIR_TRAIT_QUOTE },
	{ EITHER(PATH_QUOTED_ID, NUM | STR, PATH_QUOTED_ID_STR, STR), V1_TWEET,
	  .trait = WEIR_TRAIT_QUOTE },
	{ EITHER(PATH_REPLY_TO, NUM | STR, PATH_REPLY_TO_STR, STR), V1_TWEET,
	  .trait = WEIR_TRAIT_REPLY },
	{ EITHER(PATH_TRUNCATED, YES, PATH_EXTENDED_TWEET, OBJ), V1_TWEET,
	  .trait = WEIR_TRAIT_EXTENDED },
	{ IS(PATH_FULL_TEXT, STR), V1_TWEET, .trait = WEIR_TRAIT_EXTENDED },
	{ IS(PATH_RETWEETED_EXTENDED, OBJ), V1_RETWEET, .trait = WEIR_TRAIT_EXTENDED },
	{ EITHER(PATH_V2_NOTE_TWEET, OBJ, PATH_V2_NOTE_POST, OBJ), V2_POST,
	  .trait = WEIR_TRAIT_EXTENDED },
};
const size_t weir__kind_trait_count = WEIR__COUNT(weir__kind_traits);

const struct weir__kind_reference weir__kind_references[] = {
	{ "retweeted", .kind = WEIR_KIND_RETWEET },
	{ "quoted", .trait = WEIR_TRAIT_QUOTE },
	{ "replied_to", .trait = WEIR_TRAIT_REPLY },
};
const size_t weir__kind_reference_count = WEIR__COUNT(weir__kind_references);
