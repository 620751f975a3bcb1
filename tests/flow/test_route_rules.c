/* SPDX-License-Identifier: MIT */
/* Drop routes, the unrouted, headers, what is refused when routes are added, trees. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "support/flow.h"
#include "support/run.h"
#include "weir/json.h"

static struct flow flow;

static const char tweet[] = "{\"id\":21,\"id_str\":\"21\",\"text\":\"a\",\"user\":{\"id\":7,"
			    "\"lang\":\"ko\"},\"n\":\"x\"}";
static const char removal[] = "{\"delete\":{\"status\":{\"id\":21,\"id_str\":\"21\"}}}";

static const char *error_text(void)
{
	return weir_pipeline_error(flow.pipeline)->text;
}

/* ---- drop routes and the unrouted */

START_TEST(a_drop_route_drops_what_no_route_before_it_took)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .kinds = WEIR_KIND_DELETE), flow.sink);
	weir_route_add_drop(flow.pipeline, NULL);
	weir_route_add(flow.pipeline, NULL, flow.dead_sink);
	flow_feed(&flow, removal);
	flow_feed(&flow, "1");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	ck_assert_uint_eq(flow_metrics(&flow).all.dropped, 1);
	ck_assert_uint_eq(flow_metrics(&flow).drops[WEIR_DROP_UNROUTED], 0);
	ck_assert_uint_eq(flow.dead.submits, 0);
	ck_assert_uint_eq(flow.in.acks[flow.in.ack_count - 1].offset, 2);
	flow_end(&flow);
}
END_TEST

START_TEST(what_a_route_before_took_is_delivered_not_dropped)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, NULL, flow.sink);
	weir_route_add_drop(flow.pipeline, NULL);
	flow_feed(&flow, "1");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	ck_assert_uint_eq(flow_metrics(&flow).all.dropped, 0);
	flow_end(&flow);
}
END_TEST

START_TEST(what_no_route_takes_is_dropped_and_counted_as_unrouted)
{
	flow_begin(&flow, NULL);
	flow_feed(&flow, "1");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.dropped, 1);
	ck_assert_uint_eq(flow_metrics(&flow).drops[WEIR_DROP_UNROUTED], 1);
	ck_assert_uint_eq(flow.in.ack_count, 1);
	flow_end(&flow);
}
END_TEST

START_TEST(what_no_route_takes_goes_to_the_dead_letters_if_so_chosen)
{
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .unrouted = WEIR_UNROUTED_DEAD_LETTER));
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "{graves}");
	flow_feed(&flow, removal);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.dead_lettered, 1);
	ck_assert_uint_eq(flow_metrics(&flow).drops[WEIR_DROP_UNROUTED], 0);
	ck_assert_int_eq(strncmp(flow.dead.log, "{graves} 21 {", 13), 0);
	ck_assert_str_eq(flow.dead.headers,
			 "weir.source=in\nweir.reason=no route takes a delete of source 'in'\n"
			 "weir.code=0\nweir.sink=\nweir.destination=\nweir.time=1577836800000\n");
	flow_end(&flow);
}
END_TEST

START_TEST(unrouted_to_dead_letters_that_are_not_set_is_an_error_at_the_start)
{
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .unrouted = WEIR_UNROUTED_DEAD_LETTER));
	flow_feed(&flow, "1");
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(error_text(), "weir_pipeline_set_dead_letters"));
	ck_assert_uint_eq(flow.in.opens, 0);
	flow_end(&flow);
}
END_TEST

START_TEST(what_no_route_takes_stops_the_pipeline_if_so_chosen)
{
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .unrouted = WEIR_UNROUTED_STOP));
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .kinds = WEIR_KIND_UNKNOWN), flow.sink);
	flow_feed(&flow, "1");
	flow_feed(&flow, removal);
	flow_feed(&flow, "2");
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_STATE);
	ck_assert_ptr_nonnull(strstr(error_text(), "no route takes a delete of source 'in'"));
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	ck_assert_uint_eq(flow_metrics(&flow).all.in_flight, 1);
	ck_assert_uint_eq(flow.in.acks[flow.in.ack_count - 1].offset, 1);
	flow_end(&flow);
}
END_TEST

/* ---- headers */

static const struct {
	unsigned headers;
	const char *want;
} headers[] = {
	{ 0, "" },
	{ WEIR_HEADER_KIND, "weir.kind=tweet\n" },
	{ WEIR_HEADER_ID, "weir.id=21\n" },
	{ WEIR_HEADER_SOURCE, "weir.source=in\n" },
	{ WEIR_HEADER_RECEIVED, "weir.received=1577836800000\n" },
	{ WEIR_HEADER_ROUTE, "weir.route=mine\n" },
	{ 31, "weir.kind=tweet\nweir.id=21\nweir.source=in\nweir.received=1577836800000\n"
	      "weir.route=mine\n" },
};

START_TEST(routes_add_headers)
{
	const struct weir_header own = { "own", { "a", 1 } };
	char want[512] = "own=a\n";

	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .headers = headers[_i].headers, .name = "mine"),
		       flow.sink);
	flow_feed(&flow, tweet);
	flow.in.items[0].headers = &own;
	flow.in.items[0].header_count = 1;
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_str_eq(flow.out.headers, strcat(want, headers[_i].want));
	flow_end(&flow);
}
END_TEST

START_TEST(a_route_without_a_name_is_called_by_its_number)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, NULL, flow.dead_sink);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .headers = WEIR_HEADER_ROUTE),
		       flow.sink);
	flow_feed(&flow, tweet);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_str_eq(flow.out.headers, "weir.route=route 2\n");
	flow_end(&flow);
}
END_TEST

/* ---- refused */

static const char *const some[] = { "a" };

static const struct {
	const char *name;
	struct weir_route route;
	bool drop;
	const char *want;
} refused[] = {
	{ "bits that are no kind", { .kinds = 1u << WEIR_KIND_COUNT }, false, "kinds 0x80000" },
	{ "bits that are no trait", { .traits = 1u << WEIR_TRAIT_COUNT }, false, "trait" },
	{ "and none to do without", { .without_traits = 1u << 31 }, false, "trait" },
	{ "an open brace in to", { .to = "t.{lang" }, false, "never closed" },
	{ "a closing brace in to", { .to = "t}" }, false, "closes nothing" },
	{ "an empty field", { .to = "{}" }, false, "empty" },
	{ "no path in a field", { .to = "{a..b}" }, false, "a..b" },
	{ "an open brace in key", { .key = "{" }, false, "never closed" },
	{ "where is counted but not given", { .where_count = 1 }, false, "where" },
	{ "a test without a path",
	  { .where = &(const struct weir_field_match){ .path = NULL }, .where_count = 1 },
	  false, "no path" },
	{ "a test that is none",
	  { .where = &(const struct weir_field_match){ .path = "a", .test = (enum weir_test)9 },
	    .where_count = 1 },
	  false, "no test 9" },
	{ "equal to nothing",
	  { .where = &(const struct weir_field_match){ .path = "a", .test = WEIR_TEST_EQUALS },
	    .where_count = 1 },
	  false, "any_of" },
	{ "a range the wrong way round",
	  { .where = &(const struct weir_field_match){ .path = "a", .test = WEIR_TEST_RANGE,
						       .min = 2, .max = 1 },
	    .where_count = 1 },
	  false, "above max" },
	{ "a range of no number",
	  { .where = &(const struct weir_field_match){ .path = "a", .test = WEIR_TEST_RANGE,
						       .min = NAN },
	    .where_count = 1 },
	  false, "not a number" },
	{ "a drop route with to", { .to = "t" }, true, "drop route" },
	{ "a drop route with key", { .key = "" }, true, "drop route" },
	{ "a drop route with fallback", { .fallback = "t" }, true, "drop route" },
	{ "a drop route with headers", { .headers = WEIR_HEADER_ID }, true, "drop route" },
};

static weir_rule *add_refused(int row, const char *name)
{
	struct weir_route route = refused[row].route;

	route.size = sizeof route;
	route.name = name;
	return refused[row].drop ? weir_route_add_drop(flow.pipeline, &route)
				 : weir_route_add(flow.pipeline, &route, flow.sink);
}

static void check_refused(const char *name, const char *begin, const char *want)
{
	ck_assert_msg(!strncmp(error_text(), begin, strlen(begin)) && strstr(error_text(), want),
		      "%s: %s", name, error_text());
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_INVALID);
	ck_assert_uint_eq(flow.in.opens, 0);
	flow_end(&flow);
}

START_TEST(a_wrong_route_is_refused_by_number_and_reason)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .where = &(struct weir_field_match){
			       .path = "a", .test = WEIR_TEST_PREFIX, .any_of = some,
			       .any_of_count = 1 }, .where_count = 1), flow.sink);
	ck_assert_ptr_null(add_refused(_i, NULL));
	check_refused(refused[_i].name, "route 2: ", refused[_i].want);
}
END_TEST

START_TEST(a_wrong_route_is_refused_by_name_and_reason)
{
	flow_begin(&flow, NULL);
	ck_assert_ptr_null(add_refused(_i, "match"));
	check_refused(refused[_i].name, "match: ", refused[_i].want);
}
END_TEST

START_TEST(a_route_without_a_sink_is_refused)
{
	flow_begin(&flow, NULL);
	ck_assert_ptr_null(weir_route_add(flow.pipeline, NULL, NULL));
	check_refused("unnamed", "route 1: ", "no sink");
	flow_begin(&flow, NULL);
	ck_assert_ptr_null(
		weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .name = "mine"), NULL));
	check_refused("named", "mine: ", "no sink");
}
END_TEST

static enum weir_status swallow(void *user, weir_message *message, const char *to,
				struct weir_error *err)
{
	(void)user;
	(void)message;
	(void)to;
	(void)err;
	return WEIR_OK;
}

START_TEST(sinks_and_sources_of_another_pipeline_are_refused)
{
	weir_pipeline *other = weir_pipeline_new(NULL);
	weir_source *source = weir_push_source_add(other, "in", NULL);
	weir_sink *sink = weir_callback_sink_add(
		other, "out", WEIR_WITH(weir_callback_sink_options, .call = swallow));

	flow_begin(&flow, NULL);
	ck_assert_ptr_null(weir_route_add(flow.pipeline, NULL, sink));
	check_refused("sink", "route 1: ", "sink");
	flow_begin(&flow, NULL);
	ck_assert_ptr_null(
		weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .from = source), flow.sink));
	check_refused("source", "route 1: ", "from");
	flow_begin(&flow, NULL);
	ck_assert_int_eq(weir_pipeline_set_dead_letters(flow.pipeline, sink, "t"),
			 WEIR_ERR_INVALID);
	check_refused("dead letters", "dead letters: ", "sink");
	flow_begin(&flow, NULL);
	ck_assert_int_eq(weir_pipeline_set_dead_letters(flow.pipeline, NULL, "t"),
			 WEIR_ERR_INVALID);
	check_refused("no dead letters", "dead letters: ", "sink");
	weir_pipeline_free(other);
}
END_TEST

START_TEST(routes_added_after_the_start_fail_the_pipeline)
{
	flow_begin(&flow, NULL);
	flow.in.stays = true;
	flow_step(&flow);
	ck_assert_ptr_null(
		weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .name = "late"), flow.sink));
	ck_assert_ptr_nonnull(strstr(error_text(), "'late'"));
	ck_assert_ptr_nonnull(strstr(error_text(), "after the start"));
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_STATE);
	flow_end(&flow);
}
END_TEST

START_TEST(late_drop_routes_and_dead_letters_fail_it_too)
{
	flow_begin(&flow, NULL);
	flow.in.stays = true;
	flow_step(&flow);
	if (_i)
		ck_assert_ptr_null(weir_route_add_drop(
			flow.pipeline, WEIR_WITH(weir_route, .name = "late")));
	else
		ck_assert_int_eq(
			weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "late"),
			WEIR_ERR_STATE);
	ck_assert_ptr_nonnull(strstr(error_text(), "'late'"));
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_STATE);
	flow_end(&flow);
}
END_TEST

/* ---- a message's tree */

static const struct {
	const char *name, *body;
	enum weir_status status;
} trees[] = {
	{ "an object", "{\"a\":[1]}", WEIR_OK },
	{ "a scalar", "3", WEIR_OK },
	{ "a zero in a string", "[\"\\u0000\"]", WEIR_OK },
	{ "not JSON", "{\"a\":", WEIR_ERR_CORRUPT },
	{ "nothing", "", WEIR_ERR_CORRUPT },
	{ "not UTF-8", "\"\xff\"", WEIR_ERR_CORRUPT },
	{ "a surrogate half that is not closed", "\"\\ud800", WEIR_ERR_CORRUPT },
	{ "an integer beyond 64 bits", "12345678901234567890123", WEIR_ERR_UNSUPPORTED },
	{ "a number beyond double", "[1e999]", WEIR_ERR_UNSUPPORTED },
	{ "a lone surrogate", "\"\\ud800\"", WEIR_ERR_UNSUPPORTED },
	{ "a lone second surrogate", "\"\\udc00\"", WEIR_ERR_UNSUPPORTED },
	{ "a zero in a name", "{\"\\u0000\":1}", WEIR_ERR_UNSUPPORTED },
};

static int row;

static enum weir_status ask_for_tree(void *user, weir_message *message, const char *to,
				     struct weir_error *err)
{
	json_t *tree = weir_message_json(message, err);

	(void)user;
	(void)to;
	ck_assert_msg((tree ? WEIR_OK : err->status) == trees[row].status, "%s: %s",
		      trees[row].name, tree ? "a tree" : err->text);
	ck_assert_ptr_eq(weir_message_json(message, err), tree);
	return WEIR_OK;
}

START_TEST(a_tree_is_made_once_or_refused_for_what_it_is)
{
	weir_sink *sink;

	row = _i;
	flow_begin(&flow, NULL);
	sink = weir_callback_sink_add(flow.pipeline, "tree",
				      WEIR_WITH(weir_callback_sink_options, .call = ask_for_tree));
	weir_route_add(flow.pipeline, NULL, sink);
	flow_feed(&flow, trees[_i].body);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	flow_end(&flow);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_add_test(t, a_drop_route_drops_what_no_route_before_it_took);
	tcase_add_test(t, what_a_route_before_took_is_delivered_not_dropped);
	tcase_add_test(t, what_no_route_takes_is_dropped_and_counted_as_unrouted);
	tcase_add_test(t, what_no_route_takes_goes_to_the_dead_letters_if_so_chosen);
	tcase_add_test(t, unrouted_to_dead_letters_that_are_not_set_is_an_error_at_the_start);
	tcase_add_test(t, what_no_route_takes_stops_the_pipeline_if_so_chosen);
	LOOP(t, routes_add_headers, headers);
	tcase_add_test(t, a_route_without_a_name_is_called_by_its_number);
	LOOP(t, a_wrong_route_is_refused_by_number_and_reason, refused);
	LOOP(t, a_wrong_route_is_refused_by_name_and_reason, refused);
	tcase_add_test(t, a_route_without_a_sink_is_refused);
	tcase_add_test(t, sinks_and_sources_of_another_pipeline_are_refused);
	tcase_add_test(t, routes_added_after_the_start_fail_the_pipeline);
	tcase_add_loop_test(t, late_drop_routes_and_dead_letters_fail_it_too, 0, 2);
	LOOP(t, a_tree_is_made_once_or_refused_for_what_it_is, trees);
	return run_case("route rules", t);
}
