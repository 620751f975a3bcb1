/* SPDX-License-Identifier: MIT */
/*
 * What the v2 source asks for, and which options it refuses before it asks for anything.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/run.h"
#include "support/twitter_answers.h"
#include "support/twitter_messages.h"

static const struct script_answer quiet[] = { QUIET };

static const struct script_request *ask(struct twitter_rig *rig)
{
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 1);
	return &rig->script.requests[0];
}

START_TEST(R7_R8_R9_a_filtered_stream_is_asked_for_with_bearer_and_fields)
{
	static const struct weir_property more[] = { { "space.fields", "a b" } };
	struct twitter_rig *rig = RIG_X(quiet);
	const struct script_request *request;

	rig->x_options.tweet_fields = "author_id,created_at";
	rig->x_options.expansions = "author_id,referenced_tweets.id";
	rig->x_options.user_fields = "username";
	rig->x_options.media_fields = "url";
	rig->x_options.poll_fields = "options";
	rig->x_options.place_fields = "geo";
	rig->x_options.parameters = more;
	rig->x_options.parameter_count = 1;
	rig->x_options.backfill_minutes = 5;	/* without a hole nothing is asked for again */
	request = ask(rig);

	ck_assert_str_eq(request->method, "GET");
	ck_assert_str_eq(request->url, "https://api.x.com/2/tweets/search/stream"
			 "?tweet.fields=author_id%2Ccreated_at"
			 "&expansions=author_id%2Creferenced_tweets.id&user.fields=username"
			 "&media.fields=url&poll.fields=options&place.fields=geo"
			 "&space.fields=a%20b");
	ck_assert_str_eq(request->headers, "User-Agent: weir/0.1.0\n"
			 "Accept-Encoding: deflate, gzip\n"
			 "Authorization: Bearer " RIG_BEARER "\n");
	ck_assert(!request->has_body);
	rig_end(rig);
}
END_TEST

static const struct {
	enum weir_x_stream stream;
	uint32_t partition;
	const char *url;
	const char *path;
	const char *want;
} places[] = {
	{ WEIR_X_SAMPLE, 0, NULL, NULL, "https://api.x.com/2/tweets/sample/stream" },
	{ WEIR_X_SAMPLE10, 2, NULL, NULL,
	  "https://api.x.com/2/tweets/sample10/stream?partition=2" },
	{ WEIR_X_FIREHOSE, 20, NULL, NULL,
	  "https://api.x.com/2/tweets/firehose/stream?partition=20" },
	{ WEIR_X_TWEETS_COMPLIANCE, 4, NULL, NULL,
	  "https://api.x.com/2/tweets/compliance/stream?partition=4" },
	{ WEIR_X_USERS_COMPLIANCE, 1, "http://h:1/", NULL,
	  "http://h:1/2/users/compliance/stream?partition=1" },
	{ WEIR_X_LIKES_COMPLIANCE, 0, NULL, NULL, "https://api.x.com/2/likes/compliance/stream" },
	{ WEIR_X_LABELS, 0, NULL, NULL, "https://api.x.com/2/tweets/label/stream" },
	{ WEIR_X_ACTIVITY, 0, NULL, NULL, "https://api.x.com/2/activity/stream" },
	{ WEIR_X_FILTERED, 0, "https://h/x/", NULL, "https://h/x/2/tweets/search/stream" },
	{ WEIR_X_FILTERED, 7, "https://h", "/3/s", "https://h/3/s?partition=7" },
};

START_TEST(every_stream_has_its_place)
{
	struct twitter_rig *rig = RIG_X(quiet);

	rig->x_options.stream = places[_i].stream;
	rig->x_options.partition = places[_i].partition;
	rig->x_options.url = places[_i].url;
	rig->x_options.path = places[_i].path;
	ck_assert_str_eq(ask(rig)->url, places[_i].want);
	rig_end(rig);
}
END_TEST

START_TEST(four_credentials_sign_by_oauth_and_anonymous_sends_none)
{
	struct twitter_rig *rig = RIG_X(quiet);
	const struct script_request *request;
	char value[1024];

	rig->x_options.bearer_token = NULL;
	rig->x_options.consumer_key = RIG_CONSUMER_KEY;
	rig->x_options.consumer_secret = RIG_CONSUMER_SECRET;
	rig->x_options.token = RIG_TOKEN;
	rig->x_options.token_secret = RIG_TOKEN_SECRET;
	request = ask(rig);
	ck_assert(script_header(request, "Authorization", value, sizeof value));
	ck_assert_msg(strncmp(value, "OAuth oauth_consumer_key=\"", 26) == 0, "%s", value);
	rig_end(rig);

	rig = RIG_X(quiet);
	rig->x_options.bearer_token = NULL;
	rig->x_options.anonymous = true;
	rig->x_options.uncompressed = true;
	ck_assert_str_eq(ask(rig)->headers, "User-Agent: weir/0.1.0\n");
	rig_end(rig);
}
END_TEST

/* ---- what is refused ---- */

static const struct weir_property own_parameter[] = { { "tweet.fields", "id" } };
static const struct weir_x_rule no_value[] = { { "", "weir.a" } };
static const struct weir_x_rule no_prefix[] = { { "cat", "a" } };
static const struct weir_x_rule twice[] = { { "cat", "weir.a" }, { "cat", "weir.b" } };
static const struct weir_x_rule not_text[] = { { "caf\xe9", "weir.a" } };

static const struct {
	const char *text;
	struct weir_x_source_options options;
	bool no_bearer;
} wrong[] = {
	{ "backfill_minutes: 6; at most 5", { .backfill_minutes = 6 }, false },
	{ "bearer_token: missing", { .size = 0 }, true },
	{ "bearer_token: missing", { .consumer_key = "a", .token = "b" }, true },
	{ "too; set one of them", { .consumer_key = "a" }, false },
	{ "anonymous: there are credentials", { .anonymous = true }, false },
	{ "bearer_token: holds white space", { .bearer_token = "abc\n" }, true },
	{ "holds white space or a line end",
	  { .consumer_key = "a ", .consumer_secret = "b", .token = "c", .token_secret = "d" },
	  true },
	{ "stream: 9", { .stream = (enum weir_x_stream)9 }, false },
	{ "partition: WEIR_X_FILTERED has none", { .partition = 1 }, false },
	{ "WEIR_X_SAMPLE10 has 1 to 2", { .stream = WEIR_X_SAMPLE10 }, false },
	{ "WEIR_X_FIREHOSE has 1 to 20", { .stream = WEIR_X_FIREHOSE, .partition = 21 }, false },
	{ "path: it is", { .path = "2/stream" }, false },
	{ "path: it is", { .path = "/2/stream?a=b" }, false },
	{ "url: scheme and host", { .url = "https://h?a" }, false },
	{ "url: must begin with", { .url = "ftp://h" }, false },
	{ "tweet.fields: holds white space", { .tweet_fields = "id, text" }, false },
	{ "has an option of its own",
	  { .parameters = own_parameter, .parameter_count = 1 }, false },
	{ "parameters: NULL", { .parameter_count = 1 }, false },
	{ "needs both", { .start_time = "2024-01-15T10:30:00Z" }, false },
	{ "start_time: '15 January'",
	  { .start_time = "15 January", .end_time = "2024-01-15T10:30:00Z" }, false },
	{ "end_time: '2024-01-15T10:30:00.000Z'",
	  { .start_time = "2024-01-15T10:30:00Z", .end_time = "2024-01-15T10:30:00.000Z" },
	  false },
	{ "not before end_time",
	  { .start_time = "2024-01-15T10:30:00Z", .end_time = "2024-01-15T10:30:00Z" }, false },
	{ "a recovery has none",
	  { .start_time = "2024-01-15T10:30:00Z", .end_time = "2024-01-15T10:31:00Z",
	    .backfill_minutes = 1 }, false },
	{ "WEIR_X_SAMPLE has no recovery",
	  { .stream = WEIR_X_SAMPLE, .start_time = "2024-01-15T10:30:00Z",
	    .end_time = "2024-01-15T10:31:00Z" }, false },
	{ "rule_prefix: missing", { .rules = no_value, .rule_count = 1 }, false },
	{ "WEIR_X_SAMPLE has no rules", { .stream = WEIR_X_SAMPLE, .rule_prefix = "a" }, false },
	{ "rules: NULL, but there are 2", { .rule_prefix = "weir.", .rule_count = 2 }, false },
	{ "rules[0]: has no value",
	  { .rule_prefix = "weir.", .rules = no_value, .rule_count = 1 }, false },
	{ "rules[0]: its tag 'a' must begin with 'weir.'",
	  { .rule_prefix = "weir.", .rules = no_prefix, .rule_count = 1 }, false },
	{ "rules[1]: its value is there already",
	  { .rule_prefix = "weir.", .rules = twice, .rule_count = 2 }, false },
	{ "rules[0]: is not UTF-8",
	  { .rule_prefix = "weir.", .rules = not_text, .rule_count = 1 }, false },
	{ "jitter_percent: 26", { .jitter_percent = 26 }, false },
	{ "stall_ms: 86400001", { .stall_ms = 86400001 }, false },
	{ "proxy: it is http://", { .proxy = "socks5://h:1" }, false },
	{ "user_agent: holds a control character", { .user_agent = "a\nb" }, false },
};

START_TEST(R9_wrong_options_are_refused_before_anything_is_asked)
{
	struct twitter_rig *rig = RIG_X(quiet);
	const struct weir_x_source_options given = rig->x_options;
	const char *text;

	rig->x_options = wrong[_i].options;
	rig->x_options.size = given.size;
	rig->x_options.http = given.http;
	if (!wrong[_i].no_bearer)
		rig->x_options.bearer_token = given.bearer_token;
	rig_start(rig);

	ck_assert_ptr_null(rig->source);
	text = weir_pipeline_error(rig->pipeline)->text;
	ck_assert_msg(strstr(text, wrong[_i].text), "want %s, got %s", wrong[_i].text, text);
	ck_assert_uint_eq(rig->script.opens, 0);
	rig_end(rig);
}
END_TEST

START_TEST(R10_what_echoes_the_token_is_masked)
{
	static const struct script_answer answers[] = {
		{ { { .status = 403, .text = "you sent Bearer " RIG_BEARER " to me",
		      .ends = true } } },
	};
	struct twitter_rig *rig = RIG_X(answers);
	const char *text;

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_ERR_AUTH);

	text = weir_pipeline_error(rig->pipeline)->text;
	ck_assert_ptr_null(strstr(text, RIG_BEARER));
	ck_assert_ptr_nonnull(strstr(text, "***"));
	rig_end(rig);
}
END_TEST

START_TEST(R8_a_redirect_is_not_followed_with_the_token)
{
	static const struct script_answer answers[] = {
		{ { { .status = 302, .name = "Location", .value = "https://h/", .ends = true } } },
	};
	struct twitter_rig *rig = RIG_X(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_ERR_REFUSED);
	ck_assert_uint_eq(rig->script.opens, 1);
	rig_end(rig);
}
END_TEST

/* Every allocation of making and freeing a source may fail. */
START_TEST(out_of_memory_leaves_nothing_behind)
{
	static const struct weir_x_rule rules[] = { { "cat", "weir.a" } };
	bool failed = true;

	for (size_t at = 1; failed; at++) {
		struct twitter_rig *rig = RIG_X(quiet);

		RIG_X_RULES(rig, rules, quiet);
		rig->x_options.tweet_fields = "id";
		rig->fake.fail_at = rig->fake.calls + at;
		rig->pipeline = weir_pipeline_new(&rig->pipeline_options);
		if (!rig->pipeline) {
			rig->fake.fail_at = 0;
			rig->pipeline = weir_pipeline_new(&rig->pipeline_options);
			ck_assert_ptr_nonnull(rig->pipeline);
		}
		rig->source = weir_x_source_add(rig->pipeline, "twitter", &rig->x_options);
		failed = rig->fake.calls >= rig->fake.fail_at && rig->fake.fail_at;
		if (!rig->source)
			ck_assert_int_eq(weir_pipeline_error(rig->pipeline)->status,
					 WEIR_ERR_NOMEM);
		if (!rig->fake.fail_at)
			failed = true;
		rig->fake.fail_at = 0;
		ck_assert_uint_lt(at, 500);
		rig_end(rig);
	}
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, R7_R8_R9_a_filtered_stream_is_asked_for_with_bearer_and_fields);
	LOOP(tcase, every_stream_has_its_place, places);
	tcase_add_test(tcase, four_credentials_sign_by_oauth_and_anonymous_sends_none);
	LOOP(tcase, R9_wrong_options_are_refused_before_anything_is_asked, wrong);
	tcase_add_test(tcase, R10_what_echoes_the_token_is_masked);
	tcase_add_test(tcase, R8_a_redirect_is_not_followed_with_the_token);
	tcase_add_test(tcase, out_of_memory_leaves_nothing_behind);
}

int main(void)
{
	TCase *tcase = tcase_create("x_request");

	add_tests(tcase);
	return run_case("x_request", tcase);
}
