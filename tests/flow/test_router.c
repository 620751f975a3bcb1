/* SPDX-License-Identifier: MIT */
/* Routes: which messages go where, under which destination and key. */
#include <check.h>
#include <string.h>

#include "support/flow.h"
#include "support/run.h"

#define NAME_100                                                                                   \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
	"890123456789"

static struct flow flow;

static const char tweet[] = "{\"id\":21,\"id_str\":\"21\",\"text\":\"a\",\"user\":{\"id\":7,"
			    "\"lang\":\"ko\"},\"n\":\"x\"}";
static const char reply[] = "{\"id\":22,\"id_str\":\"22\",\"text\":\"b\",\"user\":{\"id\":7},"
			    "\"in_reply_to_status_id\":21,\"in_reply_to_status_id_str\":\"21\"}";
static const char removal[] = "{\"delete\":{\"status\":{\"id\":21,\"id_str\":\"21\"}}}";

static void end(void)
{
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}

static void check_one(const char *name, const char *want)
{
	ck_assert_msg(!strcmp(flow.out.log, want), "%s: got\n%swant\n%s", name, flow.out.log, want);
}

static struct weir_route_metrics route_metrics(const weir_rule *rule)
{
	struct weir_route_metrics metrics = WEIR_METRICS(weir_route_metrics);

	weir_route_metrics(rule, &metrics);
	return metrics;
}

/* ---- which routes */

START_TEST(every_route_that_matches_gets_the_message_in_the_order_of_the_routes)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "a"), flow.sink);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "b"), flow.sink);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "c"), flow.dead_sink);
	flow_feed(&flow, "1");
	flow_feed(&flow, "2");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_str_eq(flow.out.log, "a - 1\nb - 1\na - 2\nb - 2\n");
	ck_assert_str_eq(flow.dead.log, "c - 1\nc - 2\n");
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 2);
	flow_end(&flow);
}
END_TEST

START_TEST(a_final_route_ends_the_search_only_for_what_it_takes)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "first"), flow.sink);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .kinds = WEIR_KIND_DELETE, .to = "final",
				 .final = true),
		       flow.sink);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "rest"), flow.sink);
	flow_feed(&flow, removal);
	flow_feed(&flow, "1");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_ptr_nonnull(strstr(flow.out.log, "first 21 {"));
	ck_assert_ptr_nonnull(strstr(flow.out.log, "final 21 {"));
	ck_assert_ptr_null(strstr(flow.out.log, "rest 21 {"));
	ck_assert_ptr_nonnull(strstr(flow.out.log, "first - 1\nrest - 1\n"));
	flow_end(&flow);
}
END_TEST

START_TEST(a_message_on_two_routes_has_one_body)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, NULL, flow.sink);
	weir_route_add(flow.pipeline, NULL, flow.dead_sink);
	flow.out.then = flow.dead.then = FLOW_HOLD;
	flow_feed(&flow, tweet);
	flow_step(&flow);
	ck_assert_ptr_eq(weir_delivery_value(flow.out.held[0]).data,
			 weir_delivery_value(flow.dead.held[0]).data);
	ck_assert_ptr_eq(weir_delivery_message(flow.out.held[0]),
			 weir_delivery_message(flow.dead.held[0]));
	flow_sink_done(&flow.out, 0);
	flow_sink_done(&flow.dead, 0);
	end();
}
END_TEST

START_TEST(from_takes_the_messages_of_one_source)
{
	weir_source *push;

	flow_begin(&flow, NULL);
	push = weir_push_source_add(flow.pipeline, "push", NULL);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .from = push, .to = "{source}"),
		       flow.sink);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .from = flow.source, .to = "{source}"),
		       flow.dead_sink);
	flow_feed(&flow, "1");
	ck_assert_int_eq(weir_push(push, WEIR_WITH(weir_message_init, .body = { "2", 1 },
						   .kind = WEIR_KIND_RECORD)),
			 WEIR_OK);
	weir_push_end(push);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_str_eq(flow.out.log, "push - 2\n");
	ck_assert_str_eq(flow.dead.log, "in - 1\n");
	flow_end(&flow);
}
END_TEST

static const struct {
	const char *name;
	unsigned kinds, traits, without_traits;
	const char *body;
	bool taken;
} sorts[] = {
	{ "no kinds are all kinds", 0, 0, 0, tweet, true },
	{ "every kind", WEIR_KIND_ANY, 0, 0, "[", true },
	{ "its kind", WEIR_KIND_TWEET, 0, 0, tweet, true },
	{ "one of two kinds", WEIR_KIND_LIMIT | WEIR_KIND_TWEET, 0, 0, tweet, true },
	{ "another kind", WEIR_KIND_DELETE, 0, 0, tweet, false },
	{ "all kinds but its own", WEIR_KIND_ANY & ~(unsigned)WEIR_KIND_TWEET, 0, 0, tweet, false },
	{ "a delete", WEIR_KIND_DELETE, 0, 0, removal, true },
	{ "not JSON", WEIR_KIND_MALFORMED, 0, 0, "{\"a\":", true },
	{ "a trait it has", 0, WEIR_TRAIT_REPLY, 0, reply, true },
	{ "a trait it lacks", 0, WEIR_TRAIT_REPLY, 0, tweet, false },
	{ "all traits must hold", 0, WEIR_TRAIT_REPLY | WEIR_TRAIT_QUOTE, 0, reply, false },
	{ "without a trait it has", 0, 0, WEIR_TRAIT_REPLY, reply, false },
	{ "without a trait it lacks", 0, 0, WEIR_TRAIT_QUOTE, reply, true },
	{ "without either", 0, 0, WEIR_TRAIT_QUOTE | WEIR_TRAIT_REPLY, reply, false },
};

START_TEST(kinds_and_traits_choose)
{
	weir_rule *rule;

	flow_begin(&flow, NULL);
	rule = weir_route_add(flow.pipeline,
			      WEIR_WITH(weir_route, .kinds = sorts[_i].kinds,
					.traits = sorts[_i].traits,
					.without_traits = sorts[_i].without_traits),
			      flow.sink);
	flow_feed(&flow, sorts[_i].body);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_msg(route_metrics(rule).matched == sorts[_i].taken, "%s", sorts[_i].name);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, sorts[_i].taken);
	ck_assert_uint_eq(flow_metrics(&flow).drops[WEIR_DROP_UNROUTED], !sorts[_i].taken);
	flow_end(&flow);
}
END_TEST

static const char *const few[] = { "ko", "ja", "7", "true", "a/b" };

#define EXISTS(p) { .path = p, .test = WEIR_TEST_EXISTS }
#define ABSENT(p) { .path = p, .test = WEIR_TEST_ABSENT }
#define EQUALS(p) { .path = p, .test = WEIR_TEST_EQUALS, .any_of = few, .any_of_count = 5 }
#define PREFIX(p) { .path = p, .test = WEIR_TEST_PREFIX, .any_of = few, .any_of_count = 2 }
#define RANGE(p, a, b) { .path = p, .test = WEIR_TEST_RANGE, .min = a, .max = b }

static const struct {
	const char *name;
	struct weir_field_match where[2];
	size_t count;
	const char *body;
	bool taken;
} wheres[] = {
	{ "exists", { EXISTS("a.b") }, 1, "{\"a\":{\"b\":0}}", true },
	{ "null does not exist", { EXISTS("a") }, 1, "{\"a\":null}", false },
	{ "the last duplicate counts", { EXISTS("a") }, 1, "{\"a\":1,\"a\":null}", false },
	{ "absent", { ABSENT("a") }, 1, "{\"b\":1}", true },
	{ "null is absent", { ABSENT("a") }, 1, "{\"a\":null}", true },
	{ "present is not absent", { ABSENT("a") }, 1, "{\"a\":false}", false },
	{ "absent holds of what is not JSON", { ABSENT("a") }, 1, "{\"a\":1", true },
	{ "exists does not", { EXISTS("a") }, 1, "{\"a\":1", false },
	{ "equals a string", { EQUALS("a") }, 1, "{\"a\":\"ja\"}", true },
	{ "equals an escaped string", { EQUALS("a") }, 1, "{\"a\":\"\\u006ba\\/b\"}", false },
	{ "equals what escapes spell", { EQUALS("a") }, 1, "{\"a\":\"a\\/\\u0062\"}", true },
	{ "equals a number as written", { EQUALS("a") }, 1, "{\"a\":7}", true },
	{ "not another spelling of it", { EQUALS("a") }, 1, "{\"a\":7.0}", false },
	{ "equals true", { EQUALS("a") }, 1, "{\"a\":true}", true },
	{ "equals nothing longer", { EQUALS("a") }, 1, "{\"a\":\"kor\"}", false },
	{ "equals fails of nothing", { EQUALS("a") }, 1, "{}", false },
	{ "prefix", { PREFIX("a") }, 1, "{\"a\":\"kor\"}", true },
	{ "no prefix", { PREFIX("a") }, 1, "{\"a\":\"k\"}", false },
	{ "a number has no prefix", { PREFIX("a") }, 1, "{\"a\":7}", false },
	{ "the lower end of a range", { RANGE("a", 1, 2) }, 1, "{\"a\":1}", true },
	{ "the upper end of a range", { RANGE("a", 1, 2) }, 1, "{\"a\":2e0}", true },
	{ "above the range", { RANGE("a", 1, 2) }, 1, "{\"a\":2.001}", false },
	{ "a string that holds a number", { RANGE("a", 1, 2) }, 1, "{\"a\":\"1.5\"}", true },
	{ "a string that does not", { RANGE("a", 1, 2) }, 1, "{\"a\":\"1.5x\"}", false },
	{ "a number beyond double", { RANGE("a", 1, 2) }, 1, "{\"a\":1e999}", false },
	{ "all must hold: they do", { EXISTS("a"), RANGE("b[1]", 2, 2) }, 2,
	  "{\"a\":1,\"b\":[1,2]}", true },
	{ "all must hold: one does not", { EXISTS("a"), RANGE("b[1]", 2, 2) }, 2,
	  "{\"a\":1,\"b\":[2]}", false },
};

START_TEST(tests_of_fields_choose)
{
	weir_rule *rule;

	flow_begin(&flow, NULL);
	rule = weir_route_add(flow.pipeline,
			      WEIR_WITH(weir_route, .where = wheres[_i].where,
					.where_count = wheres[_i].count),
			      flow.sink);
	flow_feed(&flow, wheres[_i].body);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_msg(route_metrics(rule).matched == wheres[_i].taken, "%s", wheres[_i].name);
	flow_end(&flow);
}
END_TEST

START_TEST(what_a_source_calls_a_record_has_fields_all_the_same)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .kinds = WEIR_KIND_RECORD,
				 .where = &(struct weir_field_match)EQUALS("a"), .where_count = 1,
				 .to = "t"),
		       flow.sink);
	flow_feed(&flow, "{\"a\":\"ko\"}");
	flow_feed(&flow, "{\"a\":\"en\"}");
	flow_feed(&flow, "{\"a\":\"ko\"");
	for (size_t i = 0; i < 3; i++)
		flow.in.items[i].kind = WEIR_KIND_RECORD;
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_str_eq(flow.out.log, "t - {\"a\":\"ko\"}\n");
	flow_end(&flow);
}
END_TEST

/* ---- match */

static const struct {
	const char *path;
	enum weir_status status;
	enum weir_field_type type;
	const char *raw;
} fields[] = {
	{ "named.by", WEIR_OK, WEIR_FIELD_STRING, "a route" },
	{ "named", WEIR_OK, WEIR_FIELD_OBJECT, "{\"by\":\"a route\",\"not\":[1,{\"x\":2}]}" },
	{ "named.not[1].x", WEIR_OK, WEIR_FIELD_NUMBER, "2" },
	{ "named.not[2]", WEIR_OK, WEIR_FIELD_ABSENT, NULL },
	{ "nobody", WEIR_OK, WEIR_FIELD_TRUE, "true" },
	{ "nowhere", WEIR_OK, WEIR_FIELD_ABSENT, NULL },
	{ "id_str", WEIR_OK, WEIR_FIELD_ABSENT, NULL },
	{ "a..b", WEIR_ERR_INVALID, WEIR_FIELD_ABSENT, NULL },
	{ "a[", WEIR_ERR_INVALID, WEIR_FIELD_ABSENT, NULL },
};

static bool look(void *user, const weir_message *message)
{
	unsigned *calls = user;

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct weir_field field = { .type = WEIR_FIELD_ABSENT };

		ck_assert_msg(weir_message_field(message, fields[i].path, &field) ==
				      fields[i].status, "%s", fields[i].path);
		ck_assert_msg(field.type == fields[i].type, "%s", fields[i].path);
		if (fields[i].raw)
			ck_assert_msg(field.raw.len == strlen(fields[i].raw) &&
					      !memcmp(field.raw.data, fields[i].raw, field.raw.len),
				      "%s: %.*s", fields[i].path, (int)field.raw.len,
				      (const char *)field.raw.data);
	}
	return ++*calls % 2 == 1;
}

START_TEST(a_predicate_sees_fields_that_routes_name_and_others)
{
	unsigned calls = 0;

	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .match = look, .user = &calls, .to = "{named.by}",
				 .fallback = "fell"),
		       flow.sink);
	for (size_t i = 0; i < 3; i++)
		flow_feed(&flow, "{\"named\":{\"by\":\"a route\",\"not\":[1,{\"x\":2}]},"
				 "\"nobody\":true}");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(calls, 3);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 2);
	ck_assert_uint_eq(flow_metrics(&flow).drops[WEIR_DROP_UNROUTED], 1);
	flow_end(&flow);
}
END_TEST

static bool count_field(void *user, const weir_message *message)
{
	const struct fake_env *fake = &flow.fake;
	const size_t before = fake->calls;
	struct weir_field field;

	ck_assert_int_eq(weir_message_field(message, user, &field), WEIR_OK);
	ck_assert_int_eq(field.type, WEIR_FIELD_STRING);
	ck_assert_uint_eq(fake->calls, before);
	return true;
}

START_TEST(a_field_that_another_route_names_costs_a_predicate_nothing)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .match = count_field, .user = (char[]){ "a.b" }),
		       flow.sink);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "{a.b}"), flow.dead_sink);
	flow_feed(&flow, "{\"a\":{\"b\":\"x\"}}");
	end();
}
END_TEST

START_TEST(a_predicate_is_asked_last)
{
	unsigned calls = 0;

	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .kinds = WEIR_KIND_LIMIT, .match = look,
				 .user = &calls),
		       flow.sink);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .where = &(struct weir_field_match)EXISTS("zz"),
				 .where_count = 1, .match = look, .user = &calls),
		       flow.sink);
	flow_feed(&flow, tweet);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(calls, 0);
	flow_end(&flow);
}
END_TEST

/* ---- templates */

static const struct {
	const char *name, *to, *key, *fallback, *body, *want;
} templates[] = {
	{ "a field", "t.{v}", NULL, NULL, "{\"v\":\"x\"}", "t.x - " },
	{ "two fields", "{a}-{b.c}", NULL, NULL, "{\"a\":1,\"b\":{\"c\":true}}", "1-true - " },
	{ "an escaped value", "{v}", NULL, NULL, "{\"v\":\"\\u0061\"}", "a - " },
	{ "the kind and the source", "{source}.{kind}", NULL, NULL, "{\"v\":1}", "in.unknown - " },
	{ "braces", "{{{v}}}", NULL, NULL, "{\"v\":1}", "{1} - " },
	{ "braces alone", "{{v}}", NULL, NULL, "{\"v\":1}", "{v} - " },
	{ "no destination", NULL, NULL, NULL, "{\"v\":1}", " - " },
	{ "a hundred bytes", "{v}", NULL, NULL, "{\"v\":\"" NAME_100 "\"}", NAME_100 " - " },
	{ "a key of a field", "t", "{v}", NULL, "{\"v\":7}", "t 7 " },
	{ "a key of any bytes", "t", "<{v}>", NULL, "{\"v\":\"\\ud55c/..\"}", "t <한/..> " },
	{ "a key of nothing", "t", "{v}", NULL, "{}", "t - " },
	{ "a key of null", "t", "{v}", NULL, "{\"v\":null}", "t - " },
	{ "a key of an empty string", "t", "{v}", NULL, "{\"v\":\"\"}", "t  " },
	{ "a fixed key", "t", "k", NULL, "{}", "t k " },
	{ "no key", "t", "", NULL, "{\"id_str\":\"9\",\"text\":\"\",\"user\":{}}", "t - " },
	{ "missing", "t.{v}", NULL, NULL, "{}", "t.other - " },
	{ "null", "t.{v}", NULL, NULL, "{\"v\":null}", "t.other - " },
	{ "empty", "t.{v}", NULL, NULL, "{\"v\":\"\"}", "t.other - " },
	{ "an object", "t.{v}", NULL, NULL, "{\"v\":{\"a\":1}}", "t.other - " },
	{ "an array", "t.{v}", NULL, NULL, "{\"v\":[]}", "t.other - " },
	{ "a number with a sign", "t.{v}", NULL, NULL, "{\"v\":1e+5}", "t.other - " },
	{ "two dots", "{v}", NULL, NULL, "{\"v\":\"..\"}", "other - " },
	{ "two dots between slashes", "a/{v}/b", NULL, NULL, "{\"v\":\"..\"}", "a/other/b - " },
	{ "a slash", "t.{v}", NULL, NULL, "{\"v\":\"a/b\"}", "t.other - " },
	{ "an escaped slash", "t.{v}", NULL, NULL, "{\"v\":\"\\u002fa\"}", "t.other - " },
	{ "an escaped zero", "t.{v}", NULL, NULL, "{\"v\":\"a\\u0000b\"}", "t.other - " },
	{ "a blank", "t.{v}", NULL, NULL, "{\"v\":\"a b\"}", "t.other - " },
	{ "Korean", "t.{v}", NULL, NULL, "{\"v\":\"한글\"}", "t.other - " },
	{ "101 bytes", "t.{v}", NULL, NULL, "{\"v\":\"" NAME_100 "x\"}", "t.other - " },
	{ "more than 249 together", "{v}{v}{v}", NULL, NULL, "{\"v\":\"" NAME_100 "\"}",
	  "otherotherother - " },
	{ "not JSON", "t.{v}", NULL, NULL, "{\"v\":", "t.other - " },
	{ "each field is replaced", "{a}.{b}", NULL, NULL, "{\"a\":1}", "other.other - " },
	{ "a fallback that is given", "t.{v}", NULL, "lost", "{}", "lost - " },
};

START_TEST(templates_make_destinations_and_keys)
{
	const bool fell = strstr(templates[_i].want, "other") || templates[_i].fallback;
	char want[512];
	weir_rule *rule;

	flow_begin(&flow, NULL);
	rule = weir_route_add(flow.pipeline,
			      WEIR_WITH(weir_route, .to = templates[_i].to,
					.key = templates[_i].key,
					.fallback = templates[_i].fallback),
			      flow.sink);
	flow_feed(&flow, templates[_i].body);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	strcat(strcat(strcpy(want, templates[_i].want), templates[_i].body), "\n");
	check_one(templates[_i].name, want);
	ck_assert_uint_eq(flow_metrics(&flow).fallbacks, fell);
	ck_assert_uint_eq(route_metrics(rule).fallbacks, fell);
	flow_end(&flow);
}
END_TEST

START_TEST(beyond_max_destinations_only_new_ones_fall_back)
{
	weir_rule *rule;

	flow_begin(&flow, NULL);
	rule = weir_route_add(flow.pipeline,
			      WEIR_WITH(weir_route, .to = "t.{v}", .max_destinations = 2),
			      flow.sink);
	flow_feed(&flow, "{\"v\":1}");
	flow_feed(&flow, "{\"v\":2}");
	flow_feed(&flow, "{\"v\":3}");
	flow_feed(&flow, "{\"v\":1}");
	flow_feed(&flow, "{\"v\":4}");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_str_eq(flow.out.log, "t.1 - {\"v\":1}\nt.2 - {\"v\":2}\nt.other - {\"v\":3}\n"
				       "t.1 - {\"v\":1}\nt.other - {\"v\":4}\n");
	ck_assert_str_eq(flow.out.prepared, "t.other\nt.1\nt.2\n");
	ck_assert_uint_eq(route_metrics(rule).fallbacks, 2);
	ck_assert_uint_eq(route_metrics(rule).delivered, 5);
	flow_end(&flow);
}
END_TEST

START_TEST(a_delete_has_the_key_of_its_tweet)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "t"), flow.sink);
	flow_feed(&flow, tweet);
	flow_feed(&flow, removal);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_int_eq(strncmp(flow.out.log, "t 21 {\"id\"", 10), 0);
	ck_assert_ptr_nonnull(strstr(flow.out.log, "\nt 21 {\"delete\""));
	flow_end(&flow);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_add_test(t, every_route_that_matches_gets_the_message_in_the_order_of_the_routes);
	tcase_add_test(t, a_final_route_ends_the_search_only_for_what_it_takes);
	tcase_add_test(t, a_message_on_two_routes_has_one_body);
	tcase_add_test(t, from_takes_the_messages_of_one_source);
	LOOP(t, kinds_and_traits_choose, sorts);
	LOOP(t, tests_of_fields_choose, wheres);
	tcase_add_test(t, what_a_source_calls_a_record_has_fields_all_the_same);
	tcase_add_test(t, a_predicate_sees_fields_that_routes_name_and_others);
	tcase_add_test(t, a_field_that_another_route_names_costs_a_predicate_nothing);
	tcase_add_test(t, a_predicate_is_asked_last);
	LOOP(t, templates_make_destinations_and_keys, templates);
	tcase_add_test(t, beyond_max_destinations_only_new_ones_fall_back);
	tcase_add_test(t, a_delete_has_the_key_of_its_tweet);
	return run_case("router", t);
}
