/* SPDX-License-Identifier: MIT */
/*
 * The types of the recordings. They name some things differently, or not at all; the two tables
 * below are the whole difference.
 */
#include "support/recorded.h"

#include <check.h>
#include <string.h>

#include "weir/message.h"

#define V2 WEIR_TRAIT_V2
#define QUOTE WEIR_TRAIT_QUOTE
#define REPLY WEIR_TRAIT_REPLY
#define ENVELOPED WEIR_TRAIT_ENVELOPED

/* What each type of the recordings is here: the kind, traits it must have, traits it may not. */
static const struct {
	const char *type;
	unsigned kinds, traits, not_traits;
} types[] = {
	{ "tweet", WEIR_KIND_TWEET, 0, QUOTE | REPLY | V2 | ENVELOPED },
	{ "retweet", WEIR_KIND_RETWEET, 0, QUOTE | REPLY | V2 | ENVELOPED },
	{ "quote", WEIR_KIND_TWEET, QUOTE, V2 | ENVELOPED },	/* may be a reply, too */
	{ "reply", WEIR_KIND_TWEET, REPLY, QUOTE | V2 | ENVELOPED },
	{ "delete", WEIR_KIND_DELETE, 0, ~0u },
	{ "limit", WEIR_KIND_LIMIT, 0, ~0u },
	{ "scrub_geo", WEIR_KIND_SCRUB_GEO, 0, ~0u },
	{ "status_withheld", WEIR_KIND_STATUS_WITHHELD, 0, ~0u },
	{ "user_withheld", WEIR_KIND_USER_WITHHELD, 0, ~0u },
	{ "warning", WEIR_KIND_WARNING, 0, ~0u },
	{ "disconnect", WEIR_KIND_DISCONNECT, 0, ~0u },
	{ "event", WEIR_KIND_EVENT, 0, ~0u },
	{ "friends", WEIR_KIND_FRIENDS, 0, ~0u },
	{ "direct_message", WEIR_KIND_DIRECT_MESSAGE, 0, ~0u },
	{ "control", WEIR_KIND_CONTROL, 0, ~0u },
	{ "for_user", WEIR_KIND_FRIENDS, ENVELOPED,
	  ~(unsigned)ENVELOPED },	/* all that were recorded */
	{ "v2_tweet", WEIR_KIND_TWEET, V2, QUOTE | REPLY | ENVELOPED },
	{ "v2_retweet", WEIR_KIND_RETWEET, V2, QUOTE | REPLY | ENVELOPED },
	{ "v2_quote", WEIR_KIND_TWEET, V2 | QUOTE, ENVELOPED },
	{ "v2_reply", WEIR_KIND_TWEET, V2 | REPLY, QUOTE | ENVELOPED },
	{ "v2_activity", WEIR_KIND_COMPLIANCE, V2, ~(unsigned)V2 },
	{ "v2_errors", WEIR_KIND_NOTICE, V2, ~(unsigned)V2 },
	{ "v2_problem", WEIR_KIND_NOTICE, V2, ~(unsigned)V2 },
	{ "v2_page", WEIR_KIND_UNKNOWN, 0, ~0u },
	{ "v2_connection_metadata", WEIR_KIND_UNKNOWN, 0, ~0u },
	{ "unknown", WEIR_KIND_UNKNOWN, 0, ~0u },
	{ "malformed", WEIR_KIND_MALFORMED, 0, ~0u },
};

/* Unknown to the recordings' types, known here, by how the message begins. */
static const char *const known_beginnings[] = {
	"{\"drop\":", "{\"undrop\":", "{\"user_delete\":", "{\"user_undelete\":",
	"{\"user_protect\":", "{\"user_unprotect\":", "{\"user_suspend\":", "{\"user_unsuspend\":",
};
#define KNOWN_COUNT (sizeof known_beginnings / sizeof *known_beginnings)

static const struct {
	const char *messages, *types;	/* NULL: every line is malformed */
	size_t known;			/* how many begin with a known beginning */
} files[RECORDED_FILES] = {
	{ "v11-messages.jsonl", "v11-messages.types", 0 },
	{ "v2-messages.jsonl", "v2-messages.types", 0 },
	{ "other-messages.jsonl", "other-messages.types", KNOWN_COUNT },
	{ "malformed-lines.txt", NULL, 0 },
	{ "v11-bulk.jsonl.gz", "v11-bulk.types", 0 },
};

static size_t find_type(struct weir_slice name)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strlen(types[i].type) == name.len &&
		    memcmp(types[i].type, name.data, name.len) == 0)
			return i;
	ck_abort_msg("no type '%.*s' in the table", (int)name.len, (const char *)name.data);
	return 0;
}

static bool is_known(struct weir_slice line)
{
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		const size_t len = strlen(known_beginnings[i]);

		if (line.len > len && memcmp(line.data, known_beginnings[i], len) == 0)
			return true;
	}
	return false;
}

bool recorded_read(size_t index, struct recorded *ret)
{
	*ret = (struct recorded){ .file = files[index].messages,
				  .has_types = files[index].types != NULL,
				  .want_known = files[index].known };
	if (!corpus_read(ret->file, &ret->messages))
		return false;
	ck_assert_uint_gt(ret->messages.line_count, 0);
	if (ret->has_types) {
		ck_assert(corpus_read(files[index].types, &ret->types));
		ck_assert_uint_eq(ret->types.line_count, ret->messages.line_count);
	}
	return true;
}

void recorded_release(struct recorded *recorded)
{
	ck_assert_uint_eq(recorded->known, recorded->want_known);
	corpus_release(&recorded->messages);
	if (recorded->has_types)
		corpus_release(&recorded->types);
}

void recorded_check(struct recorded *recorded, size_t index, unsigned kind, unsigned traits)
{
	const struct weir_slice malformed = { "malformed", 9 };
	const size_t type = find_type(recorded->has_types ? recorded->types.lines[index] : malformed);
	const bool known = is_known(recorded->messages.lines[index]);
	const unsigned want = known ? (unsigned)WEIR_KIND_COMPLIANCE : types[type].kinds;

	recorded->known += known;
	ck_assert_msg(kind == want, "%s:%zu: %s is told as %s", recorded->file, index + 1,
		      types[type].type, weir_kind_name(kind));
	ck_assert_msg((traits & types[type].traits) == types[type].traits &&
			      !(traits & types[type].not_traits),
		      "%s:%zu: %s has traits %x", recorded->file, index + 1, types[type].type,
		      traits);
}
