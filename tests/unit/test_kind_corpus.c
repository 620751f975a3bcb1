/* SPDX-License-Identifier: MIT */
/*
 * Kinds of recorded messages agree with the types that stand beside the recordings.
 *
 * The recordings are no part of the project: without them the test says that it skipped. Their
 * types name some things differently, or not at all; the two tables below are the whole difference.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/kind.h"
#include "support/corpus.h"

#define STATUS (WEIR_KIND_TWEET | WEIR_KIND_RETWEET)
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
} files[] = {
	{ "v11-messages.jsonl", "v11-messages.types", 0 },
	{ "v2-messages.jsonl", "v2-messages.types", 0 },
	{ "other-messages.jsonl", "other-messages.types", KNOWN_COUNT },
	{ "malformed-lines.txt", NULL, 0 },
	{ "v11-bulk.jsonl.gz", "v11-bulk.types", 0 },
};

struct teller {
	struct weir_env env;
	weir__plan *plan;
	struct weir__kind_slots kind_slots;
	struct weir__slot *slots;
};

static void teller_init(struct teller *teller)
{
	struct weir_error err;

	teller->env = weir__env_complete(NULL);
	teller->plan = weir__plan_new(&teller->env);
	ck_assert_ptr_nonnull(teller->plan);
	ck_assert_int_eq(weir__kind_plan(&teller->kind_slots, teller->plan, &err), WEIR_OK);
	teller->slots = calloc(weir__plan_slot_count(teller->plan), sizeof *teller->slots);
	ck_assert_ptr_nonnull(teller->slots);
}

static void teller_release(struct teller *teller)
{
	free(teller->slots);
	weir__plan_free(teller->plan);
}

static struct weir__verdict tell(struct teller *teller, struct weir_slice line)
{
	const bool valid = weir__scan(teller->plan, line.data, line.len, teller->slots, NULL);

	return weir__kind_tell(&teller->kind_slots, line.data, line.len, valid, teller->slots);
}

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

/* Every recorded status has an id and, by one way or another, a time. */
static void check_status(const char *file, size_t number, struct weir__verdict got)
{
	if (!(got.kind & STATUS))
		return;
	ck_assert_msg(got.key.len >= 1 && got.key.len <= 19, "%s:%zu: key of %zu digits", file,
		      number, got.key.len);
	ck_assert_msg(got.time_ms == 0 || (got.time_ms > 1230768000000u &&
					   got.time_ms < 1893456000000u),
		      "%s:%zu: time %ju", file, number, (uintmax_t)got.time_ms);
	ck_assert_msg(got.time_ms || got.traits & V2, "%s:%zu: no time", file, number);
}

static void check_line(const char *file, size_t number, struct weir__verdict got, size_t type,
		       bool known)
{
	const unsigned kinds = known ? (unsigned)WEIR_KIND_COMPLIANCE : types[type].kinds;

	ck_assert_msg(got.kind == kinds, "%s:%zu: %s is told as %s", file, number,
		      types[type].type, weir_kind_name(got.kind));
	ck_assert_msg((got.traits & types[type].traits) == types[type].traits,
		      "%s:%zu: %s has traits %x", file, number, types[type].type, got.traits);
	ck_assert_msg(!(got.traits & types[type].not_traits), "%s:%zu: %s has traits %x", file,
		      number, types[type].type, got.traits);
	check_status(file, number, got);
}

START_TEST(recorded_messages_are_told_as_their_types_say)
{
	const char *file = files[_i].messages;
	const struct weir_slice malformed = { "malformed", 9 };
	struct corpus messages, expected = { .line_count = 0 };
	struct teller teller;
	size_t known_count = 0;

	if (!corpus_read(file, &messages))
		return;
	if (files[_i].types) {
		ck_assert(corpus_read(files[_i].types, &expected));
		ck_assert_uint_eq(expected.line_count, messages.line_count);
	}
	ck_assert_uint_gt(messages.line_count, 0);
	teller_init(&teller);
	for (size_t i = 0; i < messages.line_count; i++) {
		const size_t type = find_type(files[_i].types ? expected.lines[i] : malformed);
		const bool known = is_known(messages.lines[i]);

		known_count += known;
		check_line(file, i + 1, tell(&teller, messages.lines[i]), type, known);
	}
	ck_assert_uint_eq(known_count, files[_i].known);
	teller_release(&teller);
	corpus_release(&messages);
	if (files[_i].types)
		corpus_release(&expected);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kind_corpus");
	TCase *tcase = tcase_create("corpus");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, recorded_messages_are_told_as_their_types_say, 0,
			    (int)(sizeof files / sizeof *files));
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
