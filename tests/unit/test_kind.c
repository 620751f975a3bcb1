/* SPDX-License-Identifier: MIT */
/*
 * Kinds of statuses and of what is in envelopes: a fixture for every shape, with its traits, key
 * and time; then members in any order, missing, null, extra and twice.
 *
 * Rows are named for what they show; those with a number in front (S1 … S14) are the
 * classification duties of a stream client.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/run.h"
#include "support/shapes.h"

static const struct shape statuses[] = {
	{ "S1 a tweet", TWEET, KIND(TWEET), 0, TWEET_KEY, STAMP },
	{ "S1 a retweet", WITH("\"retweeted_status\":{" PLAIN "}"), KIND(RETWEET), 0, TWEET_KEY,
	  STAMP },
	{ "S1 a quote", WITH("\"is_quote_status\":true,\"quoted_status_id\":1,"
			     "\"quoted_status_id_str\":\"1\",\"quoted_status\":{" PLAIN "}"),
	  KIND(TWEET), QUOTE, TWEET_KEY, STAMP },
	{ "S1 a quote of what is gone", WITH("\"is_quote_status\":true"), KIND(TWEET), QUOTE,
	  TWEET_KEY, STAMP },
	{ "S1 a quote by its id alone", WITH("\"quoted_status_id_str\":\"1\""), KIND(TWEET), QUOTE,
	  TWEET_KEY, STAMP },
	{ "S1 a quote by its number alone", WITH("\"quoted_status_id\":1"), KIND(TWEET), QUOTE,
	  TWEET_KEY, STAMP },
	{ "S1 a quote by the quoted status alone", WITH("\"quoted_status\":{}"), KIND(TWEET), QUOTE,
	  TWEET_KEY, STAMP },
	{ "not a quote when all of its marks are null or false",
	  WITH("\"is_quote_status\":false,\"quoted_status_id\":null,"
	       "\"quoted_status_id_str\":null,\"quoted_status\":null"),
	  KIND(TWEET), 0, TWEET_KEY, STAMP },
	{ "S1 a reply", WITH("\"in_reply_to_status_id\":5,\"in_reply_to_status_id_str\":\"5\""),
	  KIND(TWEET), REPLY, TWEET_KEY, STAMP },
	{ "S1 a reply by its number alone", WITH("\"in_reply_to_status_id\":5"), KIND(TWEET), REPLY,
	  TWEET_KEY, STAMP },
	{ "S2 words of notices in text and nested objects",
	  "{" ID ",\"text\":\"delete limit {\\\"delete\\\":{}} event\",\"user\":{\"id\":1,"
	  "\"delete\":{\"status\":{}},\"limit\":{},\"event\":\"follow\",\"retweeted_status\":{}}}",
	  KIND(TWEET), 0, TWEET_KEY, ID_TIME },
	{ "S2 words of notices as members of another type",
	  WITH("\"delete\":true,\"limit\":3,\"warning\":\"x\",\"event\":{},\"friends\":{},"
	       "\"disconnect\":null,\"retweeted_status\":null,\"data\":[],\"errors\":{}"),
	  KIND(TWEET), 0, TWEET_KEY, STAMP },
	{ "S3 a retweet of a quote",
	  WITH("\"is_quote_status\":true,\"quoted_status_id_str\":\"1\",\"quoted_status\":{},"
	       "\"retweeted_status\":{" PLAIN ",\"is_quote_status\":true}"),
	  KIND(RETWEET), 0, TWEET_KEY, STAMP },
	{ "S3 a retweet of a reply",
	  WITH("\"in_reply_to_status_id_str\":\"5\",\"retweeted_status\":{}"), KIND(RETWEET), 0,
	  TWEET_KEY, STAMP },
	{ "S4 a reply that quotes",
	  WITH("\"in_reply_to_status_id_str\":\"5\",\"is_quote_status\":true"), KIND(TWEET),
	  REPLY | QUOTE, TWEET_KEY, STAMP },
	{ "S4 a reply typed by hand",
	  WITH("\"in_reply_to_status_id\":null,\"in_reply_to_status_id_str\":null,"
	       "\"in_reply_to_user_id\":7,\"in_reply_to_user_id_str\":\"7\","
	       "\"in_reply_to_screen_name\":\"b\""),
	  KIND(TWEET), 0, TWEET_KEY, STAMP },
	{ "S5 an extended tweet",
	  WITH("\"truncated\":true,\"extended_tweet\":{\"full_text\":\"t\"}"),
	  KIND(TWEET), EXTENDED, TWEET_KEY, STAMP },
	{ "S5 truncated alone", WITH("\"truncated\":true"), KIND(TWEET), EXTENDED, TWEET_KEY,
	  STAMP },
	{ "S5 extended_tweet alone", WITH("\"extended_tweet\":{}"), KIND(TWEET), EXTENDED,
	  TWEET_KEY,
	  STAMP },
	{ "S5 full_text instead of text",
	  "{" ID ",\"full_text\":\"t\",\"user\":{}}", KIND(TWEET), EXTENDED, TWEET_KEY, ID_TIME },
	{ "S5 not extended when not truncated", WITH("\"truncated\":false,\"extended_tweet\":null"),
	  KIND(TWEET), 0, TWEET_KEY, STAMP },
	{ "S5 a retweet of an extended tweet",
	  WITH("\"truncated\":false,\"retweeted_status\":{\"extended_tweet\":{}}"), KIND(RETWEET),
	  EXTENDED, TWEET_KEY, STAMP },
	{ "S5 a retweet whose own text is cut is not extended",
	  WITH("\"truncated\":true,\"retweeted_status\":{}"), KIND(RETWEET), 0, TWEET_KEY, STAMP },
	{ "S12 an id above 2^53 keeps its last digit",
	  "{\"id_str\":\"1307025659294674945\"," BODY "}", KIND(TWEET), 0, "1307025659294674945",
	  1600454175195u },
	{ "S12 an id above 2^53 that is a number only", "{\"id\":1307025659294674945," BODY "}",
	  KIND(TWEET), 0, "1307025659294674945", 1600454175195u },
	{ "S12 the string is preferred to a rounded number",
	  "{\"id\":1307025659294674900,\"id_str\":\"1307025659294674945\"," BODY "}", KIND(TWEET),
	  0, "1307025659294674945", 1600454175195u },
	{ "T5 the time is created_at where there is no timestamp_ms",
	  "{" ID "," BODY ",\"created_at\":\"Mon Jan 29 21:18:31 +0000 2018\"}", KIND(TWEET), 0,
	  TWEET_KEY, CREATED },
	{ "T6 timestamp_ms may be a number", "{" ID "," BODY ",\"timestamp_ms\":1517260711665}",
	  KIND(TWEET), 0, TWEET_KEY, STAMP },
	{ "the time is the id's where nothing else says it", "{" ID "," BODY "}", KIND(TWEET), 0,
	  TWEET_KEY, ID_TIME },
	{ "an unreadable time counts as none",
	  "{" ID "," BODY ",\"timestamp_ms\":\"soon\",\"created_at\":\"yesterday\"}", KIND(TWEET),
	  0,
	  TWEET_KEY, ID_TIME },
	{ "a time beyond the year 9999 counts as none",
	  "{" ID "," BODY ",\"timestamp_ms\":\"18446744073709551615\"}", KIND(TWEET), 0, TWEET_KEY,
	  ID_TIME },
	{ "an id of before November 2010 says no time", "{\"id\":7004909093," BODY "}", KIND(TWEET),
	  0, "7004909093", 0 },
	{ "an id that is no decimal number is no key", "{\"id_str\":\"12a\"," BODY "}", KIND(TWEET),
	  0, NULL, 0 },
	{ "a fraction is no key", "{\"id\":12.5," BODY "}", KIND(TWEET), 0, NULL, 0 },
	{ "an endless id is no key", "{\"id\":123456789012345678901," BODY "}", KIND(TWEET), 0,
	  NULL,
	  0 },
	{ "an empty id is no key; the number stands in", "{\"id\":12,\"id_str\":\"\"," BODY "}",
	  KIND(TWEET), 0, "12", 0 },
};

TELLS_ITS_TABLE(statuses)

START_TEST(s8_a_status_in_an_envelope_is_what_it_is_outside)
{
	shape_expect_enveloped(&statuses[_i]);
}
END_TEST

static const struct shape envelopes[] = {
	{ "S8 an envelope of an unknown object", "{\"for_user\":1,\"message\":{\"sparkle\":1}}",
	  KIND(UNKNOWN), ENVELOPED, NULL, 0 },
	{ "S8 an envelope in an envelope is unknown",
	  "{\"for_user\":1,\"message\":{\"for_user\":2,\"message\":{\"limit\":{}}}}", KIND(UNKNOWN),
	  ENVELOPED, NULL, 0 },
	{ "S8 only the inner object counts",
	  "{\"for_user\":1,\"message\":{\"limit\":{}},\"delete\":{},\"timestamp_ms\":\"5\"}",
	  KIND(LIMIT), ENVELOPED, NULL, 0 },
	{ "S8 a message that is no object makes no envelope",
	  "{\"for_user\":1,\"message\":\"m\",\"limit\":{}}", KIND(LIMIT), 0, NULL, 0 },
	{ "S8 a user of null makes no envelope", "{\"for_user\":null,\"message\":{\"limit\":{}}}",
	  KIND(UNKNOWN), 0, NULL, 0 },
	{ "S8 a message alone is no envelope", "{\"message\":{\"limit\":{}}}", KIND(UNKNOWN), 0,
	  NULL,
	  0 },
	{ "S8 control comes without an envelope", "{\"control\":{\"control_uri\":\"/c\"}}",
	  KIND(CONTROL), 0, NULL, 0 },
};

TELLS_ITS_TABLE(envelopes)

/* The members of one reply that quotes, to be put in any order. */
static const char *const members[] = {
	ID, "\"text\":\"t\"", "\"user\":{\"id\":1,\"text\":\"no\",\"retweeted_status\":{}}", TIMES,
	"\"in_reply_to_status_id_str\":\"5\"", "\"is_quote_status\":true",
};
static const struct shape member_shape = {
	"members in any order", NULL, KIND(TWEET), REPLY | QUOTE, TWEET_KEY, STAMP,
};

static void expect_order(const size_t order[6], const char *extra)
{
	char text[1024] = "{";

	for (size_t i = 0; i < 6; i++) {
		strcat(text, i ? "," : "");
		strcat(text, members[order[i]]);
		strcat(text, extra);
	}
	strcat(text, "}");
	shape_expect(member_shape.name, text, &member_shape, 0);
}

static void permute(size_t order[6], size_t from, const char *extra)
{
	if (from == 6)
		expect_order(order, extra);
	for (size_t i = from; i < 6; i++) {
		const size_t kept = order[from];

		order[from] = order[i];
		order[i] = kept;
		permute(order, from + 1, extra);
		order[i] = order[from];
		order[from] = kept;
	}
}

START_TEST(s11_members_may_come_in_any_order)
{
	size_t order[] = { 0, 1, 2, 3, 4, 5 };

	permute(order, 0, "");
}
END_TEST

START_TEST(s11_unexpected_members_change_nothing)
{
	size_t order[] = { 0, 1, 2, 3, 4, 5 };

	permute(order, 0, ",\"scopes\":{\"delete\":{}},\"matching_rules\":[{\"limit\":{}}],\"\":0");
}
END_TEST

/* What is null is as if it were not there. */
static const struct shape nulls[] = {
	{ "S11 id_str null", "{\"id\":12,\"id_str\":null," BODY "}", KIND(TWEET), 0, "12", 0 },
	{ "S11 id null", "{\"id\":null,\"id_str\":\"12\"," BODY "}", KIND(TWEET), 0, "12", 0 },
	{ "S11 both ids null", "{\"id\":null,\"id_str\":null," BODY "}", KIND(UNKNOWN), 0, NULL,
	  0 },
	{ "S11 user null", "{" ID ",\"text\":\"t\",\"user\":null}", KIND(UNKNOWN), 0, NULL, 0 },
	{ "S11 text null", "{" ID ",\"text\":null,\"user\":{}}", KIND(UNKNOWN), 0, NULL, 0 },
	{ "S11 timestamp_ms null", "{" ID "," BODY ",\"timestamp_ms\":null}", KIND(TWEET), 0,
	  TWEET_KEY, ID_TIME },
	{ "S11 wrappers null", WITH("\"delete\":null,\"limit\":null,\"event\":null,\"data\":null"),
	  KIND(TWEET), 0, TWEET_KEY, STAMP },
	{ "S11 a delete's status null", "{\"delete\":{\"status\":null}}", KIND(DELETE), 0, NULL,
	  0 },
	{ "T4 counts of -1 and null", WITH("\"retweet_count\":-1,\"favorite_count\":null"),
	  KIND(TWEET), 0, TWEET_KEY, STAMP },
};

TELLS_ITS_TABLE(nulls)

static const struct shape duplicates[] = {
	{ "S11 the last of two ids", "{\"id_str\":\"1\"," BODY ",\"id_str\":\"2\"}", KIND(TWEET), 0,
	  "2", 0 },
	{ "S11 a retweet taken back", WITH("\"retweeted_status\":{},\"retweeted_status\":null"),
	  KIND(TWEET), 0, TWEET_KEY, STAMP },
	{ "S11 a retweet taken back with all below it",
	  WITH("\"retweeted_status\":{\"extended_tweet\":{}},\"retweeted_status\":{}"),
	  KIND(RETWEET), 0, TWEET_KEY, STAMP },
	{ "S11 a delete taken back", "{\"delete\":{\"status\":{\"id\":1}},\"delete\":1}",
	  KIND(UNKNOWN), 0, NULL, 0 },
	{ "S11 the last of two deletes",
	  "{\"delete\":{\"status\":{\"id_str\":\"1\"}},\"delete\":{\"status\":{\"id\":2}}}",
	  KIND(DELETE), 0, "2", 0 },
	{ "S11 an escaped name counts as what it spells",
	  "{\"del\\u0065te\":{\"status\":{\"id\":2}}}", KIND(DELETE), 0, "2", 0 },
};

TELLS_ITS_TABLE(duplicates)

START_TEST(s9_ten_thousand_friends_are_friends)
{
	const size_t count = 10001;
	char *text = malloc(count * 11 + 32), *at = text, *copy;
	struct weir__verdict got;

	ck_assert_ptr_nonnull(text);
	at += sprintf(at, "{\"friends\":[");
	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "%s%zu", i ? "," : "", 100000000 + i);
	at += sprintf(at, "]}");
	got = shape_tell(text, (size_t)(at - text), &copy);
	ck_assert_uint_eq(got.kind, WEIR_KIND_FRIENDS);
	free(copy);
	free(text);
}
END_TEST

START_TEST(an_id_tells_its_time)
{
	static const struct {
		const char *name;
		uint64_t id;
		bool told;
		uint64_t ms;
	} rows[] = {
		{ "an id of 2018", 958086982432735232u, true, 1517260711664u },
		{ "another id of 2018", 1050118621198921728u, true, 1539202764211u },
		{ "a serial number of 2009", 7004909093u, false, 0 },
		{ "the last serial numbers", 29700859247u, false, 0 },
		{ "zero", 0, false, 0 },
		{ "above 63 bits", UINT64_MAX, false, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t ms = 0;

		ck_assert_msg(weir__id_time(rows[i].id, &ms) == rows[i].told, "%s", rows[i].name);
		ck_assert_msg(ms == rows[i].ms, "%s: %ju", rows[i].name, (uintmax_t)ms);
	}
}
END_TEST

START_TEST(a_plan_that_runs_out_of_memory_says_so)
{
	for (size_t fail_at = 1;; fail_at++) {
		struct counted_memory memory = { .fail_at = fail_at };
		struct weir_env counted = counted_env(&memory);
		weir__plan *poor = weir__plan_new(&counted);
		struct weir__kind_slots poor_slots;
		struct weir_error err;
		enum weir_status status = WEIR_ERR_NOMEM;

		if (poor)
			status = weir__kind_plan(&poor_slots, poor, &err);
		weir__plan_free(poor);
		ck_assert_uint_eq(memory.now_bytes, 0);
		if (status == WEIR_OK)
			break;
		ck_assert_int_eq(status, WEIR_ERR_NOMEM);
		ck_assert_uint_lt(fail_at, 10000);
	}
}
END_TEST

int main(void)
{
	TCase *shapes = tcase_create("shapes");

	tcase_set_timeout(shapes, 60);
	tcase_add_checked_fixture(shapes, shapes_init, shapes_release);
	LOOP(shapes, every_row_of_statuses_is_told, statuses);
	LOOP(shapes, every_row_of_envelopes_is_told, envelopes);
	LOOP(shapes, every_row_of_nulls_is_told, nulls);
	LOOP(shapes, every_row_of_duplicates_is_told, duplicates);
	LOOP(shapes, s8_a_status_in_an_envelope_is_what_it_is_outside, statuses);
	tcase_add_test(shapes, s11_members_may_come_in_any_order);
	tcase_add_test(shapes, s11_unexpected_members_change_nothing);
	tcase_add_test(shapes, s9_ten_thousand_friends_are_friends);
	tcase_add_test(shapes, an_id_tells_its_time);
	tcase_add_test(shapes, a_plan_that_runs_out_of_memory_says_so);
	return run_case("kind", shapes);
}
