/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a line of a v2 stream: nothing crashes, and what they are told as is what jansson
 * and the words of the protocol say. Judged are texts that both take for JSON, and whose top-level
 * members are all v2's; others must only be told without a crash.
 *
 *     make fuzz                 with clang's libFuzzer
 *     test_v2 [FILE…]           the corpus again, without it
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/twitter/peek.h"
#include "connect/twitter/x_problem.h"
#include "model/kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void disagree(const char *what, const uint8_t *data, size_t size)
{
	fprintf(stderr, "%s: %.*s\n", what, (int)size, (const char *)data);
	abort();
}

/* ---- the judge ---- */

static bool is_v2_alone(const json_t *top)
{
	static const char *const names[] = { "data", "includes", "errors", "matching_rules",
					     "title", "detail", "type", "status" };
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)top, name, value) {
		bool known = false;

		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			known |= strcmp(name, names[i]) == 0;
		if (!known)
			return false;
	}
	return true;
}

/* The types of what a post refers to: the first four under either name. */
static bool refers(const json_t *data, const char *type)
{
	static const char *const lists[] = { "referenced_tweets", "referenced_posts" };

	for (size_t list = 0; list < 2; list++) {
		const json_t *references = json_object_get(data, lists[list]);

		for (size_t i = 0; i < 4 && json_is_array(references); i++) {
			const char *text = json_string_value(
				json_object_get(json_array_get(references, i), "type"));

			if (text && strcmp(text, type) == 0)
				return true;
		}
	}
	return false;
}

static bool is_compliance(const json_t *data)
{
	static const char *const events[] = {
		"delete", "drop", "undrop", "withheld", "tweet_edit", "user_delete",
		"user_undelete", "user_protect", "user_unprotect", "user_suspend",
		"user_unsuspend", "user_withheld", "scrub_geo", "user_profile_modification",
	};

	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (json_is_object(json_object_get(data, events[i])))
			return true;
	return false;
}

static unsigned judge_kind(const json_t *top)
{
	const json_t *data = json_object_get(top, "data");
	const bool no_data = !data || json_is_null(data);

	if (json_is_array(json_object_get(top, "errors")) && no_data)
		return WEIR_KIND_NOTICE;
	if (json_is_string(json_object_get(data, "event_type")))
		return WEIR_KIND_COMPLIANCE;
	if (json_is_string(json_object_get(data, "id")) &&
	    json_is_string(json_object_get(data, "text")))
		return refers(data, "retweeted") ? WEIR_KIND_RETWEET : WEIR_KIND_TWEET;
	if (is_compliance(data))
		return WEIR_KIND_COMPLIANCE;
	if (json_is_string(json_object_get(top, "title")) &&
	    json_is_string(json_object_get(top, "type")) && no_data)
		return WEIR_KIND_NOTICE;
	return WEIR_KIND_UNKNOWN;
}

static void judge(const json_t *top, const struct weir__verdict *told, const uint8_t *bytes,
		  size_t size)
{
	const json_t *data = json_object_get(top, "data");
	const unsigned kind = judge_kind(top);

	if (told->kind != kind)
		disagree("another kind", bytes, size);
	if ((kind != WEIR_KIND_UNKNOWN) != ((told->traits & WEIR_TRAIT_V2) != 0))
		disagree("another trait V2", bytes, size);
	if (kind != WEIR_KIND_TWEET)
		return;
	if (refers(data, "quoted") != ((told->traits & WEIR_TRAIT_QUOTE) != 0) ||
	    refers(data, "replied_to") != ((told->traits & WEIR_TRAIT_REPLY) != 0))
		disagree("other references", bytes, size);
	if ((json_is_object(json_object_get(data, "note_tweet")) ||
	     json_is_object(json_object_get(data, "note_post"))) !=
	    ((told->traits & WEIR_TRAIT_EXTENDED) != 0))
		disagree("another length", bytes, size);
}

/* ---- what reads the bytes ---- */

/* Made once; all that reads. */
struct readers {
	struct weir_env env;
	weir__plan *plan;
	struct weir__kind_slots kind_slots;
	struct weir__slot *slots;
	struct weir__twitter_peek peek;
};

static void readers_init(struct readers *readers)
{
	readers->env = weir__env_complete(NULL);
	readers->plan = weir__plan_new(&readers->env);
	if (!readers->plan ||
	    weir__kind_plan(&readers->kind_slots, readers->plan, NULL) < 0 ||
	    weir__twitter_peek_init(&readers->peek, &readers->env, NULL) < 0)
		abort();
	readers->slots = calloc(weir__plan_slot_count(readers->plan), sizeof *readers->slots);
	if (!readers->slots)
		abort();
}

static struct weir__verdict tell(struct readers *readers, const char *text, size_t len)
{
	const bool valid = weir__scan(readers->plan, text, len, readers->slots, NULL);

	return weir__kind_tell(&readers->kind_slots, text, len, valid, readers->slots);
}

/* Problems have a row; the id that is seen ahead is the key. */
static void read_beside(struct readers *readers, const char *text, size_t len,
			const struct weir__verdict *told)
{
	struct weir__x_said said;
	struct weir_slice id;

	if (weir__x_problem_read(&readers->env, (struct weir_slice){ text, len }, &said) &&
	    (!said.problem || strlen(said.words) >= sizeof said.words))
		disagree("a problem without a row", (const uint8_t *)text, len);
	id = weir__twitter_peek_id(&readers->peek, (struct weir_slice){ text, len });
	if (told->kind & (WEIR_KIND_TWEET | WEIR_KIND_RETWEET) && told->key.data &&
	    (id.len != told->key.len || memcmp(id.data, told->key.data, id.len) != 0))
		disagree("another id ahead", (const uint8_t *)text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct readers readers;
	/* With nothing behind it, so that a sanitizer sees what is read beyond. */
	char *copy = malloc(size ? size : 1);
	struct weir__verdict told;
	json_t *top;

	if (!copy)
		abort();
	if (!readers.plan)
		readers_init(&readers);
	if (size)
		memcpy(copy, data, size);
	told = tell(&readers, copy, size);
	top = json_loadb(copy, size, 0, NULL);
	if (json_is_object(top) && told.kind != WEIR_KIND_MALFORMED && is_v2_alone(top))
		judge(top, &told, data, size);
	read_beside(&readers, copy, size, &told);
	json_decref(top);
	free(copy);
	return 0;
}
