/* SPDX-License-Identifier: MIT */
/*
 * What the Twitter source asks for: options checked before anything is sent, requests as the
 * service documented them, and no secret anywhere but in the header it belongs to.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/twitter_rig.h"
#include "wire/oauth1.h"

static const struct script_answer quiet[] = { { { { .status = 200, .text = "\r\n" } } } };

/* ---- options ---- */

#define KEYS .consumer_key = "ck", .consumer_secret = "cs", .token = "t", .token_secret = "ts"
#define S60 "123456789012345678901234567890123456789012345678901234567890"
#define HAN20 "가가가가가가가가가가가가가가가가가가가가"
#define SAMPLE .url = WEIR_TWITTER_SAMPLE_URL

static const struct weir_property no_value[] = { { "with", NULL } };
static const struct weir_property no_name[] = { { "", "x" } };
static const struct weir_property track[] = { { "track", "a" } };

static const struct {
	const char *name;
	struct weir_twitter_source_options options;
	const char *want;	/* NULL: accepted */
} rows[] = {
	{ "no options", { .consumer_key = NULL },
	  "consumer_key, consumer_secret, token, token_secret" },
	{ "one credential missing", { .consumer_key = "ck", .token = "t", .token_secret = "ts",
	  .track = "a" }, "missing: consumer_secret; set all four" },
	{ "an empty one is missing", { .consumer_key = "ck", .consumer_secret = "cs", .token = "",
	  .token_secret = "ts", .track = "a" }, "missing: token;" },
	{ "a line end in one", { .consumer_key = "ck", .consumer_secret = "cs", .token = "t\n",
	  .token_secret = "ts", .track = "a" }, "token: holds white space or a line end" },
	{ "anonymous", { .track = "a", .anonymous = true }, NULL },

	{ "R1: nothing to filter by", { KEYS }, "needs track, follow or locations" },
	{ "R1: only narrowed", { KEYS, .language = "ko", .filter_level = "low" },
	  "needs track, follow or locations" },
	{ "R1: an empty track is none", { KEYS, .track = "" }, "needs track, follow or locations" },
	{ "R1: another filter URL", { KEYS, .url = "http://h/1.1/statuses/filter.json?x=1" },
	  "needs track, follow or locations" },
	{ "R1: a predicate among the parameters", { KEYS, .parameters = track,
	  .parameter_count = 1 }, NULL },
	{ "R1: sample needs none", { KEYS, SAMPLE }, NULL },

	{ "R2: 1 byte", { KEYS, .track = "a" }, NULL },
	{ "R2: 60 bytes", { KEYS, .track = S60 }, NULL },
	{ "R2: 61 bytes", { KEYS, .track = "ok," S60 "x" },
	  "track: phrase '" S60 "x' has 61 bytes of UTF-8, the limit is 60" },
	{ "R2: 20 Hangul syllables", { KEYS, .track = HAN20 }, NULL },
	{ "R2: 21 Hangul syllables", { KEYS, .track = HAN20 "가" },
	  "'" HAN20 "가' has 63 bytes" },
	{ "R2: an empty phrase", { KEYS, .track = "a,,b" }, "phrase 2 is empty (0 bytes)" },
	{ "R2: a comma at the end", { KEYS, .track = "a," }, "phrase 2 is empty" },
	{ "R2: a phrase of blanks", { KEYS, .track = "a,  " }, "phrase 2 is empty" },
	{ "R2: a very long one is shown in part", { KEYS, .track = HAN20 HAN20 HAN20 },
	  "…' has 180 bytes" },
	{ "R2: not UTF-8", { KEYS, .track = "\xc3(" }, "track: not UTF-8" },

	{ "follow: ids", { KEYS, .follow = "6253282,2244994945" }, NULL },
	{ "follow: a screen name", { KEYS, .follow = "12,@jack" },
	  "'@jack' is no numeric user id" },
	{ "follow: negative", { KEYS, .follow = "-1" }, "'-1' is no numeric user id" },

	{ "R4: a box", { KEYS, .locations = "-122.75,36.8,-121.75,37.8" }, NULL },
	{ "R4: two boxes", { KEYS, .locations = "-122.75,36.8,-121.75,37.8, -74,40,-73,41" },
	  NULL },
	{ "R4: the whole world", { KEYS, .locations = "-180,-90,180,90" }, NULL },
	{ "R4: three numbers", { KEYS, .locations = "1,2,3" }, "3 numbers; each box takes four" },
	{ "R4: swapped corners", { KEYS, .locations = "-121.75,37.8,-122.75,36.8" },
	  "box 1 does not begin with its south-west corner" },
	{ "R4: latitude before longitude", { KEYS, .locations = "36.8,-122.75,37.8,-121.75" },
	  "latitude beyond ±90" },
	{ "R4: a longitude too far", { KEYS, .locations = "-74,40,-73,41,179,0,181,1" },
	  "box 2 has a longitude beyond ±180" },
	{ "R4: no number", { KEYS, .locations = "a,1,2,3" }, "'a' is no number" },
	{ "R4: not a number", { KEYS, .locations = "nan,1,2,3" }, "'nan' is no number" },

	{ "language", { KEYS, .track = "a", .language = "ko,en,zh-Hant" }, NULL },
	{ "language: a blank", { KEYS, .track = "a", .language = "ko, en" }, "' en' is no BCP 47" },
	{ "filter_level", { KEYS, .track = "a", .filter_level = "medium" }, NULL },
	{ "filter_level: unknown", { KEYS, .track = "a", .filter_level = "high" },
	  "'high'; it is" },
	{ "count: the most", { KEYS, .track = "a", .count = -150000 }, NULL },
	{ "count: too much", { KEYS, .track = "a", .count = 150001 }, "count: 150001" },
	{ "parameters: no value", { KEYS, .track = "a", .parameters = no_value,
	  .parameter_count = 1 }, "'with' has no value" },
	{ "parameters: no name", { KEYS, .track = "a", .parameters = no_name,
	  .parameter_count = 1 }, "parameters[0]: has no name" },
	{ "parameters: none", { KEYS, .track = "a", .parameter_count = 1 }, "parameters: NULL" },

	{ "url: https", { KEYS, .url = "https://h/s.json" }, NULL },
	{ "url: another scheme", { KEYS, .url = "ftp://h/s" },
	  "must begin with https:// or http://" },
	{ "url: no host", { KEYS, .url = "http:///s" }, "url: has no host" },
	{ "url: only a port", { KEYS, .url = "http://:80/s" }, "url: has no host" },
	{ "url: a password", { KEYS, .url = "http://u:p@h/s" }, "user name or password" },
	{ "url: a blank", { KEYS, .url = "http://h/a b" }, "url: holds white space" },
	{ "url: a fragment", { KEYS, .url = "http://h/a#b" }, "url: has a fragment" },
	{ "method: another", { KEYS, .track = "a", .method = "PUT" }, "method: 'PUT'" },
	{ "user_agent: a line end", { KEYS, .track = "a", .user_agent = "x\r\nA: b" },
	  "user_agent: holds a control character" },
	{ "ca_file: not there", { KEYS, .track = "a", .ca_file = "/nowhere/ca.pem" },
	  "ca_file: cannot open '/nowhere/ca.pem': No such file" },
	{ "ca_file: a directory", { KEYS, .track = "a", .ca_file = "/" }, "Is a directory" },
	{ "ca_file: empty", { KEYS, .track = "a", .ca_file = "/dev/null" }, "is empty" },
	{ "ca_file: readable", { KEYS, .track = "a", .ca_file = "Makefile" }, NULL },
	{ "stall_ms: more than a day", { KEYS, .track = "a", .stall_ms = 86400001 }, "stall_ms:" },
	{ "connect_ms: the most", { KEYS, .track = "a", .connect_ms = UINT64_MAX }, "connect_ms:" },
	{ "jitter_percent", { KEYS, .track = "a", .jitter_percent = 26 }, "jitter_percent: 26" },
	{ "max_message_bytes", { KEYS, .track = "a", .max_message_bytes = SIZE_MAX },
	  "max_message_bytes:" },
};

/* Starts a rig with these options; what it says, or NULL when it is accepted. */
static const char *refusal(struct twitter_rig *rig,
			   const struct weir_twitter_source_options *options)
{
	const struct weir_error *err;

	rig->options = *options;
	rig->options.size = sizeof rig->options;
	rig->options.http = &rig->http;
	rig_start(rig);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert((rig->source == NULL) == (err->status < 0));
	return err->status < 0 ? err->text : NULL;
}

START_TEST(options_are_checked_before_anything_is_sent)
{
	struct twitter_rig *rig = RIG(quiet);
	const char *text = refusal(rig, &rows[_i].options);
	const char *want = rows[_i].want;

	ck_assert_msg(!want == !text && (!want || strstr(text, want)), "%s: %s", rows[_i].name,
		      text ? text : "accepted");
	if (want) {
		ck_assert_ptr_nonnull(strstr(text, "source 'twitter': "));
		ck_assert_int_lt(rig_run(rig, 100), 0);
		ck_assert_uint_eq(rig->script.opens, 0);
	}
	rig_end(rig);
}
END_TEST

/* `item` so many times, joined by commas. Yours: free it. */
static char *repeat(const char *item, size_t count)
{
	const size_t len = strlen(item) + 1;
	char *list = malloc(count * len + 1);

	ck_assert_ptr_nonnull(list);
	for (size_t i = 0; i < count; i++)
		sprintf(list + i * len, "%s,", item);
	list[count * len - 1] = '\0';
	return list;
}

static const struct {
	const char *name;
	size_t phrases, ids, boxes;
	uint32_t most;		/* 0: the default limits */
	const char *want;
} counts[] = {
	{ "400 phrases", 400, 1, 1, 0, NULL },
	{ "401 phrases", 401, 1, 1, 0, "track: 401 phrases, the limit is 400 (max_phrases" },
	{ "5,000 ids", 1, 5000, 1, 0, NULL },
	{ "5,001 ids", 1, 5001, 1, 0, "follow: 5001 ids, the limit is 5000 (max_follow" },
	{ "25 boxes", 1, 1, 25, 0, NULL },
	{ "26 boxes", 1, 1, 26, 0, "locations: 26 boxes, the limit is 25 (max_boxes" },
	{ "other limits: enough", 6000, 6000, 6000, 6000, NULL },
	{ "other limits: phrases", 3, 2, 2, 2, "track: 3 phrases, the limit is 2" },
	{ "other limits: ids", 2, 3, 2, 2, "follow: 3 ids, the limit is 2" },
	{ "other limits: boxes", 2, 2, 3, 2, "locations: 3 boxes, the limit is 2" },
};

START_TEST(R3_counts_above_the_limits_are_refused)
{
	struct twitter_rig *rig = RIG(quiet);
	char *phrases = repeat("a b", counts[_i].phrases);
	char *ids = repeat("12", counts[_i].ids);
	char *boxes = repeat("-74,40,-73,41", counts[_i].boxes);
	const struct weir_twitter_source_options options = {
		KEYS, .track = phrases, .follow = ids, .locations = boxes,
		.max_phrases = counts[_i].most, .max_follow = counts[_i].most,
		.max_boxes = counts[_i].most,
	};
	const char *text = refusal(rig, &options);
	const char *want = counts[_i].want;

	ck_assert_msg(!want == !text && (!want || strstr(text, want)), "%s: %s", counts[_i].name,
		      text ? text : "accepted");
	rig_end(rig);
	free(phrases);
	free(ids);
	free(boxes);
}
END_TEST

START_TEST(a_failed_pipeline_still_takes_the_transport)
{
	struct twitter_rig *rig = RIG(quiet);
	weir_source *second;

	rig_start(rig);
	second = weir_twitter_source_add(NULL, "x", &rig->options);
	ck_assert_ptr_null(second);
	ck_assert(rig->script.freed);
	rig->script.freed = false;	/* the rig's own source still has it */
	rig_end(rig);
}
END_TEST

/* ---- requests ---- */

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

#define COUNT(table) (int)(sizeof(table) / sizeof *(table))

int main(void)
{
	Suite *suite = suite_create("twitter_request");
	TCase *options = tcase_create("options");
	TCase *requests = tcase_create("requests");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(options, options_are_checked_before_anything_is_sent, 0, COUNT(rows));
	tcase_add_loop_test(options, R3_counts_above_the_limits_are_refused, 0, COUNT(counts));
	tcase_add_test(options, a_failed_pipeline_still_takes_the_transport);
	tcase_add_test(requests, R5_R6_R7_R8_a_filter_is_a_form_as_documented);
	tcase_add_test(requests,
		       everything_that_narrows_goes_into_the_form_and_the_manner_into_the_query);
	tcase_add_loop_test(requests, parameters_go_where_the_method_wants_them, 0, COUNT(places));
	tcase_add_test(requests, headers_are_left_out_when_asked);
	tcase_add_test(requests, O5_every_attempt_is_signed_anew);
	tcase_add_test(requests, without_random_bytes_nothing_is_sent);
	tcase_add_loop_test(requests, R10_secrets_are_never_said, 0, COUNT(echoes));
	suite_add_tcase(suite, options);
	suite_add_tcase(suite, requests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
