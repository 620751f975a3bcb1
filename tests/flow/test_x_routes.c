/* SPDX-License-Identifier: MIT */
/* Routes by the rules that matched a v2 post. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/flow.h"
#include "support/run.h"
#include "weir.h"

#define POST(id, rules) "{\"data\":{\"id\":\"" id "\",\"text\":\"t\"},\"matching_rules\":[" rules "]}"
#define TAG(tag) "{\"id\":\"1\",\"tag\":\"" tag "\"}"
#define SEVENTEEN \
	TAG("0") "," TAG("1") "," TAG("2") "," TAG("3") "," TAG("4") "," TAG("5") "," TAG("6") "," \
	TAG("7") "," TAG("8") "," TAG("9") "," TAG("10") "," TAG("11") "," TAG("12") "," \
	TAG("13") "," TAG("14") "," TAG("15") "," TAG("16")

static struct flow flow;

static void set_up(void)
{
	flow_begin(&flow, NULL);
}

static void tear_down(void)
{
	flow_end(&flow);
}

START_TEST(a_template_takes_the_tag_of_the_first_rule)
{
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .to = "x-{matching_rules.tag}", .fallback = "none"),
		       flow.sink);
	flow_feed(&flow, POST("1", TAG("weir.a") "," TAG("weir.b")));
	flow_feed(&flow, POST("2", "{\"id\":\"1\"}"));
	flow_feed(&flow, POST("3", ""));
	flow_feed(&flow, "{\"data\":{\"id\":\"4\",\"text\":\"t\"}}");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);

	ck_assert_ptr_nonnull(strstr(flow.out.log, "x-weir.a 1 "));
	ck_assert_ptr_nonnull(strstr(flow.out.log, "none 2 "));
	ck_assert_ptr_nonnull(strstr(flow.out.log, "none 3 "));
	ck_assert_ptr_nonnull(strstr(flow.out.log, "none 4 "));
}
END_TEST

static const struct {
	const char *name;
	const char *text;
	enum weir_test test;
	bool wants_value;
	bool holds;
} matches[] = {
	{ "the first", POST("1", TAG("weir.b") "," TAG("weir.a")), WEIR_TEST_EQUALS, true, true },
	{ "the second", POST("1", TAG("weir.a") "," TAG("weir.b")), WEIR_TEST_EQUALS, true, true },
	{ "the sixteenth", POST("1", TAG("0") "," TAG("1") "," TAG("2") "," TAG("3") "," TAG("4") ","
				TAG("5") "," TAG("6") "," TAG("7") "," TAG("8") "," TAG("9") ","
				TAG("10") "," TAG("11") "," TAG("12") "," TAG("13") ","
				TAG("14") "," TAG("weir.b")), WEIR_TEST_EQUALS, true, true },
	{ "none of them", POST("1", TAG("weir.a") "," TAG("weir.c")), WEIR_TEST_EQUALS, true, false },
	{ "a prefix", POST("1", "{\"id\":\"1\"}," TAG("weir.bb")), WEIR_TEST_PREFIX, true, true },
	{ "there is one", POST("1", "{\"id\":\"1\"}," TAG("x")), WEIR_TEST_EXISTS, false, true },
	{ "there is none", POST("1", "{\"id\":\"1\"}"), WEIR_TEST_EXISTS, false, false },
	{ "absent", POST("1", ""), WEIR_TEST_ABSENT, false, true },
	{ "not absent", POST("1", "{\"id\":\"1\"}," TAG("x")), WEIR_TEST_ABSENT, false, false },
	{ "beyond the sixteenth", POST("1", SEVENTEEN "," TAG("weir.b")), WEIR_TEST_EQUALS, true,
	  false },
};

START_TEST(a_match_looks_at_every_rule)
{
	static const char *const values[] = { "other", "weir.b" };
	const struct weir_field_match match = {
		.path = "matching_rules.tag",
		.test = matches[_i].test,
		.any_of = matches[_i].wants_value ? values : NULL,
		.any_of_count = matches[_i].wants_value ? 2 : 0,
	};

	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .where = &match, .where_count = 1),
		       flow.sink);
	flow_feed(&flow, matches[_i].text);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_msg((flow.out.log_len > 0) == matches[_i].holds, "%s", matches[_i].name);
}
END_TEST

static bool sees_first_tag(void *user, const weir_message *message)
{
	struct weir_field field;
	char text[16];

	(void)user;
	ck_assert_int_eq(weir_message_field(message, "matching_rules.tag", &field), WEIR_OK);
	weir_field_text(&field, text, sizeof text);
	ck_assert_str_eq(text, "weir.a");
	return true;
}

START_TEST(the_field_of_a_message_is_the_first_tag)
{
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .match = sees_first_tag), flow.sink);
	flow_feed(&flow, POST("1", TAG("weir.a") "," TAG("weir.b")));
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_gt(flow.out.log_len, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("x_routes");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_template_takes_the_tag_of_the_first_rule);
	LOOP(tcase, a_match_looks_at_every_rule, matches);
	tcase_add_test(tcase, the_field_of_a_message_is_the_first_tag);
	return run_case("x_routes", tcase);
}
