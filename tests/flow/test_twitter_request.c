/* SPDX-License-Identifier: MIT */
/*
 * What the Twitter source asks for: requests as the service documented them, and no secret
 * anywhere but in the header it belongs to.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/run.h"
#include "support/twitter_rig.h"
#include "wire/oauth1.h"

static const struct script_answer quiet[] = { { { { .status = 200, .text = "\r\n" } } } };

static const struct script_request *ask(struct twitter_rig *rig)
{
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 1);
	return &rig->script.requests[0];
}

#define C1_BODY "track=%ED%95%9C%EA%B5%AD%EC%96%B4%2C%EC%B9%B4%ED%94%84%EC%B9%B4%20" \
		"%EC%8A%A4%ED%8A%B8%EB%A6%BC"

START_TEST(R5_R6_R7_R8_a_filter_is_a_form_as_documented)
{
	struct twitter_rig *rig = RIG(quiet);
	const struct script_request *request;

	rig->options.track = "한국어,카프카 스트림";
	rig->options.delimited = true;
	rig->options.stall_warnings = true;
	request = ask(rig);

	ck_assert_str_eq(request->method, "POST");
	ck_assert_str_eq(request->url, WEIR_TWITTER_FILTER_URL
			 "?delimited=length&stall_warnings=true");
	ck_assert_str_eq(request->body, C1_BODY);
	ck_assert_uint_eq(strlen(request->body), 93);
	ck_assert_msg(strncmp(request->headers, "User-Agent: weir/0.1.0\n"
			      "Accept-Encoding: deflate, gzip\n"
			      "Content-Type: application/x-www-form-urlencoded\n"
			      "Authorization: OAuth oauth_consumer_key=\"" RIG_CONSUMER_KEY "\", ",
			      150) == 0, "%s", request->headers);
	ck_assert_uint_eq(request->header_count, 4);	/* no Expect, no Accept, nothing else */
	rig_end(rig);
}
END_TEST

START_TEST(everything_that_narrows_goes_into_the_form_and_the_manner_into_the_query)
{
	static const struct weir_property more[] = { { "with", "user s" }, { "x&y", "" } };
	struct twitter_rig *rig = RIG(quiet);
	const struct script_request *request;

	rig->options.track = "#파이썬,touché ☃";
	rig->options.follow = "6253282,2244994945";
	rig->options.locations = "-122.75,36.8,-121.75,37.8";
	rig->options.language = "ko,en";
	rig->options.filter_level = "low";
	rig->options.count = -5;
	rig->options.parameters = more;
	rig->options.parameter_count = 2;
	request = ask(rig);

	ck_assert_str_eq(request->url, WEIR_TWITTER_FILTER_URL "?count=-5");
	ck_assert_str_eq(request->body,
			 "track=%23%ED%8C%8C%EC%9D%B4%EC%8D%AC%2Ctouch%C3%A9%20%E2%98%83"
			 "&follow=6253282%2C2244994945"
			 "&locations=-122.75%2C36.8%2C-121.75%2C37.8&language=ko%2Cen"
			 "&filter_level=low&with=user%20s&x%26y=");
	rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	const char *url;
	const char *method;
	const char *want_method;
	const char *want_url;
	bool body;
} places[] = {
	{ "GET: all in the query", "http://h/1.1/statuses/filter.json", "GET", "GET",
	  "http://h/1.1/statuses/filter.json?delimited=length&track=a", false },
	{ "another path is a GET", "http://h/stream", NULL, "GET",
	  "http://h/stream?delimited=length&track=a", false },
	{ "… unless it is asked for", "http://h/stream", "POST", "POST",
	  "http://h/stream?delimited=length", true },
	{ "a query is kept", "http://h/filter.json?key=1&b=%20", NULL, "POST",
	  "http://h/filter.json?key=1&b=%20&delimited=length", true },
	{ "an empty query", "http://h/filter.json?", NULL, "POST",
	  "http://h/filter.json?delimited=length", true },
};

START_TEST(parameters_go_where_the_method_wants_them)
{
	struct twitter_rig *rig = RIG(quiet);
	const struct script_request *request;
	char value[256];

	rig->options.url = places[_i].url;
	rig->options.method = places[_i].method;
	rig->options.delimited = true;
	request = ask(rig);

	ck_assert_msg(strcmp(request->url, places[_i].want_url) == 0, "%s: %s", places[_i].name,
		      request->url);
	ck_assert_str_eq(request->method, places[_i].want_method);
	ck_assert(request->has_body == places[_i].body);
	ck_assert(script_header(request, "Content-Type", value, sizeof value) == places[_i].body);
	rig_end(rig);
}
END_TEST

START_TEST(headers_are_left_out_when_asked)
{
	struct twitter_rig *rig = RIG(quiet);
	const struct script_request *request;

	rig->options.anonymous = true;
	rig->options.uncompressed = true;
	rig->options.user_agent = "mine/2";
	request = ask(rig);

	ck_assert_str_eq(request->headers, "User-Agent: mine/2\n"
			 "Content-Type: application/x-www-form-urlencoded\n");
	rig_end(rig);
}
END_TEST

static void read_value(const char *header, const char *name, char *ret, size_t size)
{
	const char *at = strstr(header, name);

	ck_assert_ptr_nonnull(at);
	at += strlen(name) + strlen("=\"");
	snprintf(ret, size, "%.*s", (int)strcspn(at, "\""), at);
}

/* What was sent, signed again with the nonce and time it states, has the same header. */
static void check_signature(const struct twitter_rig *rig, const struct script_request *request)
{
	const struct weir__oauth1_keys keys = {
		RIG_CONSUMER_KEY, RIG_CONSUMER_SECRET, RIG_TOKEN, RIG_TOKEN_SECRET
	};
	char got[1024], nonce[64], timestamp[32];
	struct weir__oauth1_request again = {
		.method = request->method,
		.url = request->url,
		.form_body = request->has_body ? request->body : NULL,
		.nonce = nonce,
	};
	struct weir_error err;
	char *header;

	ck_assert(script_header(request, "Authorization", got, sizeof got));
	read_value(got, "oauth_nonce", nonce, sizeof nonce);
	read_value(got, "oauth_timestamp", timestamp, sizeof timestamp);
	again.timestamp_s = strtoull(timestamp, NULL, 10);
	ck_assert_int_eq(weir__oauth1_header(&rig->fake.env, &keys, &again, &header, &err),
			 WEIR_OK);
	ck_assert_str_eq(got, header);
	weir__text_free(&rig->fake.env, header);
}

START_TEST(O5_every_attempt_is_signed_anew)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = "\r\n" }, { .at_ms = 6000, .ends = true } } },
		{ { { .status = 200, .ends = true } } },
		{ { { .status = 503, .ends = true } } },
		{ { { .status = 200, .text = "\r\n" } } },
	};
	struct twitter_rig *rig = RIG(answers);
	char nonces[4][64];
	char header[1024];

	rig->options.url = "https://h/filter.json?key=%2b1";
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 20000), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 4);

	for (size_t i = 0; i < 4; i++) {
		check_signature(rig, &rig->script.requests[i]);
		script_header(&rig->script.requests[i], "Authorization", header, sizeof header);
		read_value(header, "oauth_nonce", nonces[i], sizeof nonces[i]);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(nonces[i], nonces[j]);
	}
	rig_end(rig);
}
END_TEST

START_TEST(without_random_bytes_nothing_is_sent)
{
	struct twitter_rig *rig = RIG(quiet);

	rig->fake.no_random = true;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_ERR_IO);

	ck_assert_uint_eq(rig->script.opens, 0);
	rig_end(rig);
}
END_TEST

/* ---- secrets ---- */

/* rig_end greps everything said for each of them; here the server says them to us. */
#define ECHO_HEADER "Authorization: OAuth oauth_consumer_key=\"" RIG_CONSUMER_KEY \
		    "\", oauth_token=\"" RIG_TOKEN "\", oauth_signature=\"abc%2B\""

static const struct {
	const char *name;
	struct script_answer answer;
	enum weir_status status;
	const char *shown;
} echoes[] = {
	{ "an error's body echoes the header",
	  { { { .status = 400, .text = "you sent " ECHO_HEADER, .ends = true } } },
	  WEIR_ERR_REFUSED, "you sent Authorization: OAuth" },
	{ "an error's body echoes a secret",
	  { { { .status = 403, .text = "bad token " RIG_TOKEN " and " RIG_TOKEN_SECRET,
		.ends = true } } }, WEIR_ERR_AUTH, "bad token ****" },
	{ "… cut at the end of what is read",
	  { { { .status = 403, .text = RIG_CONSUMER_SECRET, .ends = true } } }, WEIR_ERR_AUTH,
	  "'*******************************************'" },
	{ "words about OAuth are shown",
	  { { { .status = 400, .text = "Invalid oauth_token.", .ends = true } } }, WEIR_ERR_REFUSED,
	  "'Invalid oauth_token.'" },
	{ "a rate limit, in an alert",
	  { { { .status = 420, .text = "token " RIG_TOKEN, .ends = true } } }, WEIR_OK,
	  "token ***" },
	{ "a disconnect message",
	  { { { .status = 200, .text = "{\"disconnect\":{\"code\":1,\"stream_name\":\"" RIG_TOKEN
		"\",\"reason\":\"of " RIG_TOKEN "\"}}\r\n" } } }, WEIR_OK, "('of ***" },
	{ "a plain line",
	  { { { .status = 200, .text = "who is " RIG_CONSUMER_KEY "?\r\n" } } }, WEIR_OK,
	  "who is **********************?" },
	{ "a warning",
	  { { { .status = 200, .text = "{\"warning\":{\"code\":\"" RIG_CONSUMER_KEY
		"\"}}\r\n" } } }, WEIR_OK, "warns: *****" },
};

START_TEST(R10_secrets_are_never_said)
{
	struct twitter_rig *rig = rig_new(&echoes[_i].answer, 1);
	const char *text;

	rig->options.url = "http://h/filter.json?key=" RIG_TOKEN_SECRET;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 100000), echoes[_i].status);

	text = weir_pipeline_error(rig->pipeline)->text;
	ck_assert_msg(strstr(text, echoes[_i].shown) || strstr(rig->fake.log, echoes[_i].shown),
		      "%s: error '%s', log %s", echoes[_i].name, text, rig->fake.log);
	rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *requests = tcase_create("requests");

	tcase_add_test(requests, R5_R6_R7_R8_a_filter_is_a_form_as_documented);
	tcase_add_test(requests,
		       everything_that_narrows_goes_into_the_form_and_the_manner_into_the_query);
	LOOP(requests, parameters_go_where_the_method_wants_them, places);
	tcase_add_test(requests, headers_are_left_out_when_asked);
	tcase_add_test(requests, O5_every_attempt_is_signed_anew);
	tcase_add_test(requests, without_random_bytes_nothing_is_sent);
	LOOP(requests, R10_secrets_are_never_said, echoes);
	return run_case("twitter_request", requests);
}
