/* SPDX-License-Identifier: MIT */
/* The rules of kinds as data, shared by kind.c (which reads them) and kind_rules.c (the tables). */
#ifndef WEIR_MODEL_KIND_INTERNAL_H
#define WEIR_MODEL_KIND_INTERNAL_H

#include "model/kind.h"

/* Numbers of paths; 0 ends a list. Those up to LAST_INNER are also looked for in `message`. */
enum weir__kind_path {
	PATH_NONE = 0,

	PATH_ID, PATH_ID_STR, PATH_TEXT, PATH_FULL_TEXT, PATH_USER, PATH_TIMESTAMP_MS,
	PATH_CREATED_AT, PATH_RETWEETED_STATUS, PATH_RETWEETED_EXTENDED, PATH_IS_QUOTE,
	PATH_QUOTED_ID, PATH_QUOTED_ID_STR, PATH_QUOTED_STATUS, PATH_REPLY_TO, PATH_REPLY_TO_STR,
	PATH_TRUNCATED, PATH_EXTENDED_TWEET, PATH_EVENT,

	PATH_DELETE, PATH_DELETE_STATUS_ID_STR, PATH_DELETE_STATUS_ID, PATH_DELETE_DM_ID_STR,
	PATH_DELETE_DM_ID, PATH_DELETE_FAVORITE_ID_STR, PATH_DELETE_FAVORITE_ID, PATH_DELETE_TIME,
	PATH_SCRUB_GEO, PATH_SCRUB_GEO_TIME, PATH_LIMIT, PATH_LIMIT_TIME,
	PATH_STATUS_WITHHELD, PATH_STATUS_WITHHELD_ID_STR, PATH_STATUS_WITHHELD_ID,
	PATH_STATUS_WITHHELD_STATUS_ID_STR, PATH_STATUS_WITHHELD_STATUS_ID,
	PATH_STATUS_WITHHELD_TIME, PATH_USER_WITHHELD, PATH_USER_WITHHELD_TIME,
	PATH_USER_WITHHELD_TIME_TEXT, PATH_DISCONNECT, PATH_WARNING, PATH_WARNING_TIME,
	PATH_CONTROL, PATH_DM, PATH_DM_ID_STR, PATH_DM_ID, PATH_DM_CREATED_AT,
	PATH_DROP, PATH_DROP_ID_STR, PATH_DROP_ID, PATH_DROP_TIME,
	PATH_UNDROP, PATH_UNDROP_ID_STR, PATH_UNDROP_ID, PATH_UNDROP_TIME,
	PATH_TWEET_EDIT, PATH_TWEET_EDIT_ID, PATH_TWEET_EDIT_TIME,
	PATH_USER_DELETE, PATH_USER_DELETE_TIME, PATH_USER_UNDELETE, PATH_USER_UNDELETE_TIME,
	PATH_USER_PROTECT, PATH_USER_PROTECT_TIME, PATH_USER_UNPROTECT, PATH_USER_UNPROTECT_TIME,
	PATH_USER_SUSPEND, PATH_USER_SUSPEND_TIME, PATH_USER_UNSUSPEND, PATH_USER_UNSUSPEND_TIME,
	PATH_FRIENDS, PATH_FRIENDS_STR,
	PATH_LAST_INNER = PATH_FRIENDS_STR,

	PATH_FOR_USER, PATH_MESSAGE, PATH_ERRORS, PATH_TITLE, PATH_TYPE,
	PATH_DATA, PATH_V2_ID, PATH_V2_TEXT, PATH_V2_CREATED_AT, PATH_V2_EVENT_TYPE,
	PATH_V2_EVENT_AT, PATH_V2_NOTE_TWEET, PATH_V2_NOTE_POST,
	PATH_V2_TWEETS_0, PATH_V2_TWEETS_1, PATH_V2_TWEETS_2, PATH_V2_TWEETS_3,
	PATH_V2_POSTS_0, PATH_V2_POSTS_1, PATH_V2_POSTS_2, PATH_V2_POSTS_3,
	PATH_V2_DELETE, PATH_V2_DELETE_TWEET, PATH_V2_DELETE_FAVORITE, PATH_V2_DELETE_AT,
	PATH_V2_DROP, PATH_V2_DROP_TWEET, PATH_V2_DROP_AT,
	PATH_V2_UNDROP, PATH_V2_UNDROP_TWEET, PATH_V2_UNDROP_AT,
	PATH_V2_WITHHELD, PATH_V2_WITHHELD_TWEET, PATH_V2_WITHHELD_AT,
	PATH_V2_TWEET_EDIT, PATH_V2_TWEET_EDIT_TWEET, PATH_V2_TWEET_EDIT_AT,
	PATH_V2_USER_DELETE, PATH_V2_USER_DELETE_AT, PATH_V2_USER_UNDELETE,
	PATH_V2_USER_UNDELETE_AT, PATH_V2_USER_PROTECT, PATH_V2_USER_PROTECT_AT,
	PATH_V2_USER_UNPROTECT, PATH_V2_USER_UNPROTECT_AT, PATH_V2_USER_SUSPEND,
	PATH_V2_USER_SUSPEND_AT, PATH_V2_USER_UNSUSPEND, PATH_V2_USER_UNSUSPEND_AT,
	PATH_V2_USER_WITHHELD, PATH_V2_USER_WITHHELD_AT, PATH_V2_SCRUB_GEO, PATH_V2_SCRUB_GEO_AT,
	PATH_V2_PROFILE, PATH_V2_PROFILE_AT,
	PATH_COUNT
};

/* Holds when the value at `path` has one of `types` (enum weir_field_type), or the other. */
struct weir__kind_condition {
	uint8_t path, types;
	uint8_t or_path, or_types;
};

/* A kind holds when all of its conditions do. */
struct weir__kind_rule {
	struct weir__kind_condition when[5];	/* up to PATH_NONE */
	uint8_t keys[6];	/* paths of its key, best first */
	uint8_t times[2];	/* paths of its time, best first; timestamp_ms, created_at follow */
	uint8_t traits;
	bool own_id;		/* the key is the message's own id: it may tell the time */
	unsigned kind;
};

/* Rules tried together, the first that holds counts. */
struct weir__kind_phase {
	struct weir__kind_condition gate;	/* one row to pass all others by; PATH_NONE: none */
	const struct weir__kind_rule *rules;
	size_t count;
	bool outer_only;	/* not inside an envelope */
	bool sole;		/* only when no other kind of this phase holds, too */
};

/* A trait that messages of these kinds have when the condition holds. */
struct weir__kind_trait {
	struct weir__kind_condition when;
	unsigned kinds;
	bool v2;	/* of v2 messages only; else of v1.1 messages only */
	uint8_t trait;
};

/* What a v2 post is by the type of a post that it refers to. */
struct weir__kind_reference {
	const char *type;
	unsigned kind;	/* 0: stays what it is */
	uint8_t trait;
};

extern const char *const weir__kind_paths[PATH_COUNT];
extern const struct weir__kind_phase weir__kind_phases[];
extern const size_t weir__kind_phase_count;
extern const struct weir__kind_trait weir__kind_traits[];
extern const size_t weir__kind_trait_count;
extern const struct weir__kind_reference weir__kind_references[];
extern const size_t weir__kind_reference_count;

#endif
