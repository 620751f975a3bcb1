/* SPDX-License-Identifier: MIT */
/* De-duplication in a pipeline: one source, several, what is counted and what is refused. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/flow.h"
#include "support/run.h"

#define TWEET(id) "{\"id\":" id ",\"id_str\":\"" id "\",\"text\":\"t\",\"user\":{\"id\":7}}"
#define DELETE(id) "{\"delete\":{\"status\":{\"id\":" id ",\"id_str\":\"" id "\"}}}"

static struct flow flow;

static uint64_t duplicates(void)
{
	return flow_metrics(&flow).drops[WEIR_DROP_DUPLICATE];
}

START_TEST(what_comes_twice_is_delivered_once_and_settled_twice)
{
	flow_begin(&flow, NULL);
	ck_assert_int_eq(weir_dedup_add(flow.pipeline, NULL), WEIR_OK);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "t"), flow.sink);
	flow_feed(&flow, TWEET("1"));
	flow_feed(&flow, DELETE("1"));
	flow_feed(&flow, TWEET("1"));
	flow_feed(&flow, TWEET("2"));
	flow_feed(&flow, "no key");
	flow_feed(&flow, "no key");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(duplicates(), 1);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 5);
	ck_assert_uint_eq(flow_metrics(&flow).all.dropped, 1);
	ck_assert_uint_eq(flow.in.acks[flow.in.ack_count - 1].offset, 6);
	flow_end(&flow);
}
END_TEST

START_TEST(a_duplicate_does_not_overtake_the_first_one)
{
	flow_begin(&flow, NULL);
	weir_dedup_add(flow.pipeline, NULL);
	weir_route_add(flow.pipeline, NULL, flow.sink);
	flow.out.then = FLOW_HOLD;
	flow_feed(&flow, TWEET("1"));
	flow_feed(&flow, TWEET("1"));
	flow_step(&flow);
	flow_step(&flow);
	ck_assert_uint_eq(duplicates(), 1);
	ck_assert_uint_eq(flow.in.ack_count, 0);
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow.in.acks[flow.in.ack_count - 1].offset, 2);
	flow_end(&flow);
}
END_TEST

/* Two connections to the same stream: with one window, with one each, with one of the two. */
static const struct {
	const char *name;
	bool shared, first, second;
	unsigned delivered;
} pairs[] = {
	{ "shared", true, true, true, 2 },
	{ "one each", false, true, true, 4 },
	{ "of the first only", false, true, false, 4 },
};

START_TEST(sources_share_a_window_when_told_to)
{
	static struct flow_source other;
	weir_source *second;

	flow_begin(&flow, NULL);
	memset(&other, 0, sizeof other);
	second = flow_source_add(&flow, "second", &other);
	if (pairs[_i].shared)
		weir_dedup_add(flow.pipeline, NULL);
	if (!pairs[_i].shared && pairs[_i].first)
		weir_dedup_add(flow.pipeline,
			       WEIR_WITH(weir_dedup_options,
					 .sources = (const weir_source *const[]){ flow.source },
					 .source_count = 1));
	if (!pairs[_i].shared && pairs[_i].second)
		weir_dedup_add(flow.pipeline,
			       WEIR_WITH(weir_dedup_options,
					 .sources = (const weir_source *const[]){ second },
					 .source_count = 1));
	weir_route_add(flow.pipeline, NULL, flow.sink);
	flow_feed(&flow, TWEET("1"));
	flow_feed(&flow, TWEET("2"));
	flow_feed_to(&other, 0, TWEET("2"));
	flow_feed_to(&other, 0, TWEET("1"));
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_msg(flow_metrics(&flow).all.delivered == pairs[_i].delivered, "%s: %ju",
		      pairs[_i].name, (uintmax_t)flow_metrics(&flow).all.delivered);
	ck_assert_uint_eq(duplicates(), 4 - pairs[_i].delivered);
	flow_end(&flow);
}
END_TEST

/* Of one status, and not the same. */
static const struct {
	const char *name, *first, *second;
} different[] = {
	{ "a drop and its undrop", "{\"drop\":{\"status\":{\"id\":1}}}",
	  "{\"undrop\":{\"status\":{\"id\":1}}}" },
	{ "a v2 drop and its undrop", "{\"data\":{\"drop\":{\"tweet\":{\"id\":\"1\"}}}}",
	  "{\"data\":{\"undrop\":{\"tweet\":{\"id\":\"1\"}}}}" },
	{ "a favorite's delete and the status's",
	  "{\"delete\":{\"favorite\":{\"tweet_id\":1,\"user_id\":7}}}", DELETE("1") },
	{ "withheld in one country and then in two",
	  "{\"status_withheld\":{\"id\":1,\"withheld_in_countries\":[\"DE\"]}}",
	  "{\"status_withheld\":{\"id\":1,\"withheld_in_countries\":[\"DE\",\"FR\"]}}" },
	{ "for two users", "{\"for_user\":\"1\",\"message\":" TWEET("1") "}",
	  "{\"for_user\":\"2\",\"message\":" TWEET("1") "}" },
};

START_TEST(what_says_two_things_of_one_status_is_no_duplicate)
{
	flow_begin(&flow, NULL);
	weir_dedup_add(flow.pipeline, NULL);
	weir_route_add(flow.pipeline, NULL, flow.sink);
	flow_feed(&flow, different[_i].first);
	flow_feed(&flow, different[_i].second);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_msg(flow_metrics(&flow).all.delivered == 2, "%s: %s", different[_i].name,
		      flow.out.log);
	flow_end(&flow);
}
END_TEST

static enum weir_status end_at_once(void *self, weir_outlet *outlet, uint64_t now_ms,
				    struct weir_error *err)
{
	(void)self;
	(void)outlet;
	(void)now_ms;
	(void)err;
	return WEIR_END;
}

static enum weir_status add_window(weir_source *first, weir_source *second)
{
	return weir_dedup_add(flow.pipeline,
			      WEIR_WITH(weir_dedup_options,
					.sources = (const weir_source *const[]){ first, second },
					.source_count = second ? 2 : 1));
}

/* What a spool emits came in before: in a window with where it came from all of it would go. */
START_TEST(what_is_relayed_shares_no_window_with_where_it_came_from)
{
	static const struct weir_source_ops ops = { .size = sizeof ops,
						    .step = end_at_once,
						    .relays = true };
	weir_source *relay;

	flow_begin(&flow, NULL);
	relay = weir_source_add(flow.pipeline, "relay", &ops, NULL);
	ck_assert_int_eq(weir_dedup_add(flow.pipeline, NULL), WEIR_OK);
	ck_assert_int_eq(add_window(relay, NULL), WEIR_OK);	/* it was in none */
	flow_end(&flow);
	flow_begin(&flow, NULL);
	relay = weir_source_add(flow.pipeline, "relay", &ops, NULL);
	ck_assert_int_eq(add_window(flow.source, relay), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(flow.pipeline)->text, "spool"));
	flow_end(&flow);
}
END_TEST

START_TEST(records_are_looked_at_only_when_named)
{
	for (int named = 0; named < 2; named++) {
		flow_begin(&flow, NULL);
		weir_dedup_add(flow.pipeline, WEIR_WITH(weir_dedup_options,
							.kinds = named ? WEIR_KIND_RECORD : 0));
		weir_route_add(flow.pipeline, NULL, flow.sink);
		for (size_t i = 0; i < 2; i++) {
			flow_feed_to(&flow.in, WEIR_KIND_RECORD, "body");
			flow.in.items[i].key = (struct weir_slice){ "k", 1 };
		}
		ck_assert_int_eq(flow_run(&flow), WEIR_END);
		ck_assert_uint_eq(duplicates(), (unsigned)named);
		flow_end(&flow);
	}
}
END_TEST

START_TEST(what_cannot_be_a_window_is_refused)
{
	const weir_source *nobody[] = { NULL };
	const struct {
		struct weir_dedup_options options;
		const char *words;
	} wrong[] = {
		{ { .size = sizeof wrong[0].options, .entries = (1u << 24) + 1 }, "entries" },
		{ { .size = sizeof wrong[0].options, .kinds = 1u << 30 }, "kinds" },
		{ { .size = sizeof wrong[0].options, .source_count = 1 }, "NULL" },
		{ { .size = sizeof wrong[0].options, .sources = nobody, .source_count = 1 },
		  "not of this pipeline" },
		{ { 0 }, "size" },
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		flow_begin(&flow, NULL);
		ck_assert_int_eq(weir_dedup_add(flow.pipeline, &wrong[i].options), WEIR_ERR_INVALID);
		ck_assert_msg(strstr(weir_pipeline_error(flow.pipeline)->text, wrong[i].words),
			      "'%s'", weir_pipeline_error(flow.pipeline)->text);
		flow_end(&flow);
	}
	flow_begin(&flow, NULL);
	ck_assert_int_eq(weir_dedup_add(flow.pipeline, NULL), WEIR_OK);
	ck_assert_int_eq(weir_dedup_add(flow.pipeline, NULL), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(flow.pipeline)->text, "already"));
	flow_end(&flow);
	ck_assert_int_eq(weir_dedup_add(NULL, NULL), WEIR_ERR_NOMEM);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("dedup_sources");

	tcase_add_test(tcase, what_comes_twice_is_delivered_once_and_settled_twice);
	tcase_add_test(tcase, a_duplicate_does_not_overtake_the_first_one);
	LOOP(tcase, sources_share_a_window_when_told_to, pairs);
	LOOP(tcase, what_says_two_things_of_one_status_is_no_duplicate, different);
	tcase_add_test(tcase, what_is_relayed_shares_no_window_with_where_it_came_from);
	tcase_add_test(tcase, records_are_looked_at_only_when_named);
	tcase_add_test(tcase, what_cannot_be_a_window_is_refused);
	return run_case("dedup_sources", tcase);
}
