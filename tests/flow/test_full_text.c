/* SPDX-License-Identifier: MIT */
/*
 * What the user wrote, in every form in which a status comes, and by every way to ask for it: the
 * function, the path in a predicate, in a test of a route, in a key, among members, the format.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/flow.h"
#include "support/run.h"

#define TEXT "all I wrote"
#define V1(more) "{\"id\":1,\"id_str\":\"1\",\"user\":{\"id\":7,\"screen_name\":\"a\"}," more "}"
#define V2(more, beside) "{\"data\":{\"id\":\"5\"," more "}" beside "}"
#define RETWEETED "\"referenced_tweets\":[{\"type\":\"retweeted\",\"id\":\"3\"}]"

static struct flow flow;

static const struct {
	const char *name, *body;
	bool has_none;
} forms[] = {
	{ "old", V1("\"text\":\"" TEXT "\""), false },
	{ "extended, compatible", V1("\"text\":\"cut\",\"truncated\":true,\"extended_tweet\":{"
				     "\"full_text\":\"" TEXT "\"}"), false },
	{ "extended as the whole", V1("\"full_text\":\"" TEXT "\",\"text\":\"cut\""), false },
	{ "escaped", V1("\"text\":\"all\\u0020I \\u0077rote\""), false },
	{ "retweet", V1("\"text\":\"RT @b: cut\",\"retweeted_status\":{\"text\":\"" TEXT "\"}"),
	  false },
	{ "retweet of an extended one",
	  V1("\"text\":\"RT @b: cut\",\"retweeted_status\":{\"text\":\"cut\",\"extended_tweet\":{"
	     "\"full_text\":\"" TEXT "\"}}"), false },
	{ "retweet of one extended as the whole",
	  V1("\"full_text\":\"RT @b: cut\",\"retweeted_status\":{\"full_text\":\"" TEXT "\"}"),
	  false },
	{ "in an envelope", "{\"for_user\":\"9\",\"message\":" V1("\"text\":\"" TEXT "\"") "}",
	  false },
	{ "v2", V2("\"text\":\"" TEXT "\"", ""), false },
	{ "v2 with a note", V2("\"text\":\"cut\",\"note_tweet\":{\"text\":\"" TEXT "\"}", ""),
	  false },
	{ "v2 with a note under its other name",
	  V2("\"text\":\"cut\",\"note_post\":{\"text\":\"" TEXT "\"}", ""), false },
	{ "v2 retweet whose post came along",
	  V2("\"text\":\"RT @b: cut\"," RETWEETED,
	     ",\"includes\":{\"tweets\":[{\"id\":\"2\",\"text\":\"no\"},"
	     "{\"id\":\"3\",\"text\":\"" TEXT "\"}]}"), false },
	{ "v2 retweet of a note",
	  V2("\"text\":\"RT @b: cut\"," RETWEETED,
	     ",\"includes\":{\"posts\":[{\"id\":\"3\",\"text\":\"cut\","
	     "\"note_tweet\":{\"text\":\"" TEXT "\"}}]}"), false },
	{ "v2 retweet alone", V2("\"text\":\"" TEXT "\"," RETWEETED, ""), false },
	{ "a delete", "{\"delete\":{\"status\":{\"id\":1,\"id_str\":\"1\"}}}", true },
	{ "a text that is none", V1("\"text\":null"), true },
};

static size_t asked;

static bool ask(void *user, const weir_message *message)
{
	const bool has_none = forms[*(const int *)user].has_none;
	const char *name = forms[*(const int *)user].name;
	struct weir_field field;
	char text[64];
	size_t len;

	asked++;
	ck_assert_int_eq(weir_message_field(message, "full_text", &field), WEIR_OK);
	ck_assert_msg((field.type == WEIR_FIELD_ABSENT) == has_none, "%s", name);
	ck_assert_int_eq(weir_message_text(message, false, text, sizeof text, &len),
			 has_none ? WEIR_ERR_UNSUPPORTED : WEIR_OK);
	if (has_none)
		return true;
	ck_assert_msg(strcmp(text, TEXT) == 0 && len == strlen(TEXT), "%s: %s", name, text);
	weir_field_text(&field, text, sizeof text);
	ck_assert_msg(strcmp(text, TEXT) == 0, "%s: %s", name, text);
	return true;
}

START_TEST(the_function_and_the_path_give_what_the_user_wrote)
{
	int row = _i;

	asked = 0;
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .match = ask, .user = &row), flow.sink);
	flow_feed(&flow, forms[_i].body);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(asked, 1);
	flow_end(&flow);
}
END_TEST

static const char *const wanted[] = { "something else", TEXT };
static const char *const begun[] = { "all I" };

static const struct {
	const char *name;
	struct weir_field_match match;
	bool holds, holds_of_none;
} tests[] = {
	{ "equals",
	  { .test = WEIR_TEST_EQUALS, .any_of = wanted, .any_of_count = 2 }, true, false },
	{ "equals something else",
	  { .test = WEIR_TEST_EQUALS, .any_of = wanted, .any_of_count = 1 }, false, false },
	{ "begins", { .test = WEIR_TEST_PREFIX, .any_of = begun, .any_of_count = 1 }, true, false },
	{ "exists", { .test = WEIR_TEST_EXISTS }, true, false },
	{ "absent", { .test = WEIR_TEST_ABSENT }, false, true },
	{ "is a number", { .test = WEIR_TEST_RANGE, .min = -1e9, .max = 1e9 }, false, false },
};

START_TEST(a_route_may_ask_for_it)
{
	const bool has_none = forms[_i / ROWS(tests)].has_none;
	struct weir_field_match match = tests[_i % ROWS(tests)].match;

	match.path = "full_text";
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .where = &match, .where_count = 1),
		       flow.sink);
	flow_feed(&flow, forms[_i / ROWS(tests)].body);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_msg((flow.out.log_len > 0) == (has_none ? tests[_i % ROWS(tests)].holds_of_none
							   : tests[_i % ROWS(tests)].holds),
		      "%s: %s", forms[_i / ROWS(tests)].name, tests[_i % ROWS(tests)].name);
	flow_end(&flow);
}
END_TEST

START_TEST(a_key_may_be_made_of_it_and_a_destination_is_not)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .to = "t.{full_text}", .fallback = "blanks",
				 .key = "<{full_text}>"), flow.sink);
	flow_feed(&flow, forms[_i].body);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_msg(strncmp(flow.out.log, forms[_i].has_none ? "blanks - " : "blanks <" TEXT "> ",
			      forms[_i].has_none ? 9 : strlen("blanks <" TEXT "> ")) == 0,
		      "%s: %s", forms[_i].name, flow.out.log);
	ck_assert_uint_eq(flow_metrics(&flow).fallbacks, 1);
	flow_end(&flow);
}
END_TEST

START_TEST(the_format_and_a_member_are_made_of_it)
{
	static const char *const fields[] = { "full_text" };
	const struct weir_format formats[] = {
		{ .form = WEIR_FORM_TEXT },
		{ .form = WEIR_FORM_MEMBERS, .fields = fields, .field_count = 1 },
	};
	static const char *const wants[] = { " " TEXT "\n", "{\"full_text\":\"" TEXT "\"}\n" };

	for (size_t i = 0; i < 2; i++) {
		flow_begin(&flow, NULL);
		weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "dead");
		weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .format = formats[i]),
			       flow.sink);
		flow_feed(&flow, forms[_i].body);
		ck_assert_int_eq(flow_run(&flow), WEIR_END);
		if (forms[_i].has_none)
			ck_assert_msg(i ? strstr(flow.out.log, "{\"full_text\":null}\n") != NULL
					: flow.dead.log_len > 0, "%s: %s", forms[_i].name,
				      flow.out.log);
		else if (!strstr(forms[_i].body, "\\u"))	/* members are copied as they are */
			ck_assert_msg(strstr(flow.out.log, wants[i]), "%s: %s", forms[_i].name,
				      flow.out.log);
		flow_end(&flow);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("full text");

	LOOP(tcase, the_function_and_the_path_give_what_the_user_wrote, forms);
	tcase_add_loop_test(tcase, a_route_may_ask_for_it, 0, ROWS(forms) * ROWS(tests));
	LOOP(tcase, a_key_may_be_made_of_it_and_a_destination_is_not, forms);
	LOOP(tcase, the_format_and_a_member_are_made_of_it, forms);
	return run_case("full text", tcase);
}
