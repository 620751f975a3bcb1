/* SPDX-License-Identifier: MIT */
/*
 * The look ahead of the Twitter source against what the library tells: whatever becomes a status
 * with a key was seen as one with that id, in recorded messages and in invented ones.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/twitter/peek.h"
#include "support/corpus.h"
#include "support/mutate.h"
#include "support/run.h"
#include "support/shapes.h"

#define STATUS (WEIR_KIND_TWEET | WEIR_KIND_RETWEET)

static struct weir_env env;
static struct weir__twitter_peek peek;

static void set_up(void)
{
	struct weir_error err;

	env = weir__env_complete(NULL);
	ck_assert_int_eq(weir__twitter_peek_init(&peek, &env, &err), WEIR_OK);
	shapes_init();
}

static void tear_down(void)
{
	shapes_release();
	weir__twitter_peek_release(&peek, &env);
}

/* Whether it is a status with a key; fails the test when the look ahead does not see it so. */
static bool expect_seen(const char *text, size_t len, bool exactly)
{
	char *copy;
	const struct weir__verdict told = shape_tell(text, len, &copy);
	const bool is_status = told.kind & STATUS && told.key.len;
	const struct weir_slice id =
		weir__twitter_peek_id(&peek, (struct weir_slice){ copy, len });

	if (is_status)
		ck_assert_msg(id.len == told.key.len && memcmp(id.data, told.key.data, id.len) == 0,
			      "%.*s: seen as '%.*s'", (int)len, text, (int)id.len,
			      id.data ? (const char *)id.data : "");
	else if (exactly)
		ck_assert_msg(!id.data, "%.*s: seen as %.*s", (int)len, text, (int)id.len,
			      (const char *)id.data);
	free(copy);
	return is_status;
}

START_TEST(recorded_messages_are_seen_as_what_they_are)
{
	for (size_t file = 0; corpus_files[file]; file++) {
		struct corpus corpus;

		if (!corpus_read(corpus_files[file], &corpus))
			continue;
		for (size_t i = 0; i < corpus.line_count; i++)
			expect_seen(corpus.lines[i].data, corpus.lines[i].len, true);
		corpus_release(&corpus);
	}
}
END_TEST

static const struct {
	const char *text;
	bool is_status;
} texts[] = {
	{ TWEET, true },
	{ WITH("\"retweeted_status\":{}"), true },
	{ WITH("\"delete\":true,\"event\":null,\"data\":[],\"errors\":{}"), true },
	{ "{\"full_text\":\"\",\"user\":{},\"id\":7}", true },
	{ "{\"text\":\"\",\"user\":{},\"id\":7,\"id_str\":\"8\"}", true },
	{ "{\"text\":\"\",\"user\":{},\"id\":7,\"id_str\":\"x\"}", true },
	{ "{\"text\":\"\",\"user\":{},\"id\":7e0,\"id_str\":\"18446744073709551615\"}", true },
	{ "{\"text\":\"\",\"user\":{},\"id_str\":\"123456789012345678901\"}", false },
	{ "{\"text\":\"\",\"user\":{},\"id_str\":\"\"}", false },
	{ "{\"text\":\"\",\"user\":{},\"id\":-7}", false },
	{ "{\"text\":\"\",\"user\":{},\"id_str\":\"\\u0037\"}", false },
	{ "{\"text\":\"\",\"user\":1,\"id\":7}", false },
	{ "{\"text\":1,\"user\":{},\"id\":7}", false },
	{ "{\"text\":\"\",\"user\":{},\"id\":7", false },
	{ "[{\"text\":\"\",\"user\":{},\"id\":7}]", false },
	{ "{\"for_user\":1,\"message\":" TWEET "}", true },
	{ "{\"for_user\":\"1\",\"message\":" TWEET "}", true },
	{ "{\"for_user\":1,\"message\":{\"id\":7}," PLAIN "}", false },
	{ "{\"for_user\":null,\"message\":" TWEET "}", false },
	{ "{\"message\":" TWEET "," PLAIN "}", true },
	{ "{\"data\":{\"id\":\"7\",\"text\":\"\"}}", true },
	{ "{\"data\":{\"id\":\"7\",\"text\":\"\"},\"errors\":[]}", true },
	{ "{\"data\":{\"id\":\"7\",\"text\":\"\",\"event_type\":\"x\"}}", false },
	{ "{\"data\":{\"id\":7,\"text\":\"\"}}", false },
	{ "{\"for_user\":1,\"message\":{},\"data\":{\"id\":\"7\",\"text\":\"\"}}", false },
	{ "{\"delete\":{\"status\":{\"id\":7,\"user_id\":3}}}", false },
	{ "{\"event\":\"favorite\",\"target_object\":" TWEET "}", false },
	{ "{\"direct_message\":{\"id\":7,\"text\":\"\",\"sender\":{}}}", false },
	{ "Exceeded connection limit for user", false },
	{ "", false },
};

START_TEST(odd_shapes_are_seen_as_what_they_are)
{
	const bool is_status = expect_seen(texts[_i].text, strlen(texts[_i].text), true);

	ck_assert_msg(is_status == texts[_i].is_status, "%s", texts[_i].text);
}
END_TEST

/* ---- invented ---- */

#define TEXT_BYTES 4096

static const struct {
	const char *name, *fits;
} members[] = {
	{ "id", "7" }, { "id_str", "\"8\"" }, { "user", "{}" }, { "text", "\"t\"" },
	{ "full_text", "\"t\"" }, { "id", "9" }, { "user", "{}" }, { "text", "\"t\"" },
	{ "retweeted_status", "{}" }, { "delete", "{}" }, { "limit", "{}" }, { "event", "\"e\"" },
	{ "data", "{}" }, { "data", "{\"id\":\"5\",\"text\":\"t\"}" }, { "errors", "[]" },
	{ "for_user", "1" }, { "message", "{}" }, { "event_type", "\"e\"" }, { "title", "\"t\"" },
};

static const char *const values[] = {
	"7", "\"8\"", "\"t\"", "\"\\n\"", "{}", "[]", "null", "true", "-1",
	"\"123456789012345678901\"",
};

/* An object of some of these members, with values that fit or do not, or objects like it. */
static size_t invent(struct mutate *chance, char *text, size_t len, unsigned depth)
{
	const size_t count = mutate_random(chance, 8);

	text[len++] = '{';
	for (size_t i = 0; i < count; i++) {
		const size_t member = mutate_random(chance, ROWS(members));
		const char *odd = values[mutate_random(chance, ROWS(values))];
		const bool nests = depth < 2 && len < TEXT_BYTES / 2 &&
				   mutate_random(chance, 6) == 0;
		const char *value = mutate_random(chance, 4) ? members[member].fits : odd;

		len += (size_t)snprintf(text + len, TEXT_BYTES - len, "%s\"%s\":%s", i ? "," : "",
					members[member].name, nests ? "" : value);
		if (nests)
			len = invent(chance, text, len, depth + 1);
	}
	text[len++] = '}';
	return len;
}

START_TEST(whatever_becomes_a_status_was_seen_as_one)
{
	const size_t count = getenv("WEIR_QUICK") ? 50000 : 500000;
	struct mutate chance = { .state = 20120817 };
	char text[TEXT_BYTES];
	size_t statuses = 0;

	for (size_t i = 0; i < count; i++) {
		const size_t len = invent(&chance, text, 0, 0);

		statuses += expect_seen(text, len, false);
	}
	ck_assert_uint_gt(statuses, count / 100);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("twitter_peek");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, recorded_messages_are_seen_as_what_they_are);
	LOOP(tcase, odd_shapes_are_seen_as_what_they_are, texts);
	tcase_add_test(tcase, whatever_becomes_a_status_was_seen_as_one);
	return run_case("twitter_peek", tcase);
}
