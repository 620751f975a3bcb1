/* SPDX-License-Identifier: MIT */
/* Formats: what a route makes of a message's bytes. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/drive.h"
#include "support/flow.h"
#include "support/run.h"

static struct flow flow;

/* A v1.1 status with these members beside those that all have. */
#define STATUS(more)                                                                               \
	"{\"created_at\":\"Fri Apr 22 09:41:56 +0000 2016\",\"id\":720000000000000001,"             \
	"\"id_str\":\"720000000000000001\",\"timestamp_ms\":\"1461318116789\","                     \
	"\"user\":{\"id\":42,\"name\":\"Bob\",\"screen_name\":\"bob\",\"location\":null,"            \
	"\"verified\":false,\"friends_count\":1,\"followers_count\":2,\"statuses_count\":3}," more "}"
#define NO_ENTITIES                                                                                \
	"\"entities\":{\"hashtags\":[],\"urls\":[],\"user_mentions\":[],\"symbols\":[]}"
#define CREATED_MS 1461318116000u
#define USER                                                                                       \
	"\"user\":{\"id\":42,\"name\":\"Bob\",\"screen_name\":\"bob\",\"location\":null,"            \
	"\"verified\":false,\"friends_count\":1,\"followers_count\":2,\"statuses_count\":3}"
#define HEAD "{\"id\":720000000000000001,\"created_at\":\"2016-04-22T09:41:56.000+0000\"," USER ","
#define NOTHING                                                                                    \
	"\"entities\":{\"hashtags\":[],\"media\":[],\"urls\":[],\"user_mentions\":[]}}"

static const char *const members[] = { "id", "user.screen_name", "text", "entities.hashtags",
				       "gone", "full_text" };

#define MEMBERS { .form = WEIR_FORM_MEMBERS, .fields = members, .field_count = 6 }
#define STRUCTURED { .form = WEIR_FORM_ENECO_STRUCTURED }

#define SCHEMA_FIELD(type, optional, name)                                                         \
	"{\"type\":\"" type "\",\"optional\":" optional ",\"field\":\"" name "\"}"
#define SCHEMA_OF(name, fields)                                                                    \
	"{\"type\":\"struct\",\"fields\":[" fields "],\"optional\":false,"                          \
	"\"name\":\"com.eneco.trading.kafka.connect.twitter." name "\""
#define SCHEMA_ARRAY(name, fields, field)                                                          \
	"{\"type\":\"array\",\"items\":" SCHEMA_OF(name, fields) "},\"optional\":true,"             \
	"\"field\":\"" field "\"}"
#define INT64(name) SCHEMA_FIELD("int64", "false", name)
#define INT32(name) SCHEMA_FIELD("int32", "false", name)
#define BOOLEAN(name) SCHEMA_FIELD("boolean", "false", name)
#define STRING(name) SCHEMA_FIELD("string", "true", name)

/* Written out from the description of the connector's schemas, not from our tables. */
static const char structured_with_schema[] =
	"{\"schema\":" SCHEMA_OF("Tweet",
		INT64("id") "," STRING("created_at") ","
		SCHEMA_OF("User", INT64("id") "," STRING("name") "," STRING("screen_name") ","
			  STRING("location") "," BOOLEAN("verified") "," INT32("friends_count") ","
			  INT32("followers_count") "," INT32("statuses_count"))
		",\"field\":\"user\"}," STRING("text") "," STRING("lang") "," BOOLEAN("is_retweet") ","
		SCHEMA_OF("Entities",
			  SCHEMA_ARRAY("Hashtag", STRING("text"), "hashtags") ","
			  SCHEMA_ARRAY("Medium", STRING("display_url") "," STRING("expanded_url") ","
				       INT64("id") "," STRING("type") "," STRING("url"), "media") ","
			  SCHEMA_ARRAY("Url", STRING("display_url") "," STRING("expanded_url") ","
				       STRING("url"), "urls") ","
			  SCHEMA_ARRAY("UserMention", INT64("id") "," STRING("name") ","
				       STRING("screen_name"), "user_mentions"))
		",\"field\":\"entities\"}")
	"},\"payload\":" HEAD "\"text\":\"a & b\",\"lang\":\"en\",\"is_retweet\":false," NOTHING "}";

struct sort {
	const char *name;
	struct weir_format format;
	const char *key_template;
	const char *body;
	const char *key;	/* "-": none */
	const char *value;	/* NULL: a dead letter */
	uint64_t time_ms;
};

#define ID "720000000000000001"
#define OWN_MS 1461318116789u

static const struct sort sorts[] = {
	{ "raw", { 0 }, NULL, STATUS("\"text\":\"a\""), ID, STATUS("\"text\":\"a\""), OWN_MS },
	{ "text", { .form = WEIR_FORM_TEXT }, NULL, STATUS("\"text\":\"a &amp; \\u00e9\""), ID,
	  "a & \u00e9", OWN_MS },
	{ "text, references kept", { .form = WEIR_FORM_TEXT, .references = true }, NULL,
	  STATUS("\"text\":\"a &amp; b\""), ID, "a &amp; b", OWN_MS },
	{ "text of an extended status", { .form = WEIR_FORM_TEXT }, NULL,
	  STATUS("\"text\":\"cut\",\"truncated\":true,\"extended_tweet\":{\"full_text\":\"whole\"}"),
	  ID, "whole", OWN_MS },
	{ "text of a retweet", { .form = WEIR_FORM_TEXT }, NULL,
	  STATUS("\"text\":\"RT @b: cu\",\"retweeted_status\":{\"text\":\"what b wrote\"}"), ID,
	  "what b wrote", OWN_MS },
	{ "text of a retweet of an extended status", { .form = WEIR_FORM_TEXT }, NULL,
	  STATUS("\"text\":\"RT @b: cu\",\"retweeted_status\":{\"text\":\"cut\","
		 "\"extended_tweet\":{\"full_text\":\"all b wrote\"}}"),
	  ID, "all b wrote", OWN_MS },
	{ "text of v2", { .form = WEIR_FORM_TEXT }, NULL,
	  "{\"data\":{\"id\":\"5\",\"text\":\"short\",\"created_at\":\"2024-01-15T10:35:00.000Z\","
	  "\"note_tweet\":{\"text\":\"long\"}}}", "5", "long", 1705314900000u },
	{ "text of a v2 retweet", { .form = WEIR_FORM_TEXT }, NULL,
	  "{\"data\":{\"id\":\"5\",\"text\":\"RT @x: s\",\"created_at\":\"2024-01-15T10:35:00.000Z\","
	  "\"referenced_tweets\":[{\"type\":\"retweeted\",\"id\":\"3\"}]},\"includes\":{\"tweets\":["
	  "{\"id\":\"2\",\"text\":\"no\"},{\"id\":\"3\",\"text\":\"]yes, \\\"this\\\"\"}]}}", "5",
	  "]yes, \"this\"", 1705314900000u },
	{ "text of a v2 retweet whose post did not come along", { .form = WEIR_FORM_TEXT }, NULL,
	  "{\"data\":{\"id\":\"5\",\"text\":\"RT @x: s\",\"created_at\":\"2024-01-15T10:35:00.000Z\","
	  "\"referenced_tweets\":[{\"type\":\"retweeted\",\"id\":\"3\"}]}}", "5", "RT @x: s",
	  1705314900000u },
	{ "text of a delete", { .form = WEIR_FORM_TEXT }, NULL,
	  "{\"delete\":{\"status\":{\"id\":21,\"id_str\":\"21\"}}}", NULL, NULL, 0 },
	{ "members", MEMBERS, NULL,
	  STATUS("\"text\":\"a\\\"\\u00e9\",\"entities\":{\"hashtags\":[ 1, {} ]}"), ID,
	  "{\"id\":720000000000000001,\"user.screen_name\":\"bob\",\"text\":\"a\\\"\\u00e9\","
	  "\"entities.hashtags\":[ 1, {} ],\"gone\":null,\"full_text\":\"a\\\"\\u00e9\"}", OWN_MS },
	{ "members of what is not JSON", MEMBERS, NULL, "{\"a\":", NULL, NULL, 0 },
	{ "tombstone", { .form = WEIR_FORM_TOMBSTONE }, NULL,
	  "{\"delete\":{\"status\":{\"id\":21,\"id_str\":\"21\"},\"timestamp_ms\":\"1461318116789\"}}",
	  "21", "", OWN_MS },
	{ "members of a line of plain text", MEMBERS, NULL, "Exceeded connection limit", NULL, NULL,
	  0 },
	{ "tombstone whose key template gives nothing", { .form = WEIR_FORM_TOMBSTONE }, "{gone}",
	  "{\"delete\":{\"status\":{\"id\":21,\"id_str\":\"21\"}}}", NULL, NULL, 0 },
	{ "tombstone of what has no key", { .form = WEIR_FORM_TOMBSTONE }, NULL, "[1]", NULL, NULL,
	  0 },
	{ "eneco string", { .form = WEIR_FORM_ENECO_STRING }, NULL,
	  STATUS("\"text\":\"a &lt; b\\nc\""), "bob", "a < b\nc", CREATED_MS },
	{ "eneco string is the text, cut as it is", { .form = WEIR_FORM_ENECO_STRING }, NULL,
	  STATUS("\"text\":\"cut\",\"extended_tweet\":{\"full_text\":\"whole\"}"), "bob", "cut",
	  CREATED_MS },
	{ "eneco string with the full text",
	  { .form = WEIR_FORM_ENECO_STRING, .full_text = true }, NULL,
	  STATUS("\"text\":\"cut\",\"extended_tweet\":{\"full_text\":\"whole\"}"), "bob", "whole",
	  CREATED_MS },
	{ "eneco string through JsonConverter",
	  { .form = WEIR_FORM_ENECO_STRING, .key_encoding = WEIR_ENCODING_JSON,
	    .value_encoding = WEIR_ENCODING_JSON_SCHEMA }, NULL, STATUS("\"text\":\"a\\tb\""),
	  "\"bob\"",
	  "{\"schema\":{\"type\":\"string\",\"optional\":false},\"payload\":\"a\\tb\"}",
	  CREATED_MS },
	{ "eneco structured", STRUCTURED, NULL,
	  STATUS("\"text\":\"a &amp; b\",\"lang\":\"en\"," NO_ENTITIES), "bob",
	  HEAD "\"text\":\"a & b\",\"lang\":\"en\",\"is_retweet\":false," NOTHING, CREATED_MS },
	{ "eneco structured with schemas",
	  { .form = WEIR_FORM_ENECO_STRUCTURED, .key_encoding = WEIR_ENCODING_JSON_SCHEMA,
	    .value_encoding = WEIR_ENCODING_JSON_SCHEMA }, NULL,
	  STATUS("\"text\":\"a &amp; b\",\"lang\":\"en\"," NO_ENTITIES),
	  "{\"schema\":{\"type\":\"string\",\"optional\":false},\"payload\":\"bob\"}",
	  structured_with_schema, CREATED_MS },
	{ "eneco structured, a retweet with everything", STRUCTURED, NULL,
	  STATUS("\"text\":\"\\u0001\\\"\",\"retweeted_status\":{\"id\":1},\"entities\":{"
		 "\"hashtags\":[{\"text\":\"kafka\",\"indices\":[0,6]},{\"text\":\"b\"}],"
		 "\"media\":[{\"id\":9,\"type\":\"photo\",\"url\":\"u\",\"display_url\":\"d\"}],"
		 "\"urls\":[{\"url\":\"u\",\"expanded_url\":null}],"
		 "\"user_mentions\":[{\"name\":\"N\",\"screen_name\":\"s\"}]}"), "bob",
	  HEAD "\"text\":\"\\u0001\\\"\",\"lang\":null,\"is_retweet\":true,\"entities\":{"
	       "\"hashtags\":[{\"text\":\"kafka\"},{\"text\":\"b\"}],"
	       "\"media\":[{\"display_url\":\"d\",\"expanded_url\":null,\"id\":9,\"type\":\"photo\","
	       "\"url\":\"u\"}],\"urls\":[{\"display_url\":\"u\",\"expanded_url\":\"u\",\"url\":\"u\"}],"
	       "\"user_mentions\":[{\"id\":-1,\"name\":\"N\",\"screen_name\":\"s\"}]}}",
	  CREATED_MS },
	{ "eneco structured, characters beyond U+FFFF are two escapes, as Jackson writes them",
	  STRUCTURED, NULL,
	  STATUS("\"text\":\"\U0001f389\u00e9 \\ud83c\\udf89\\n\",\"lang\":\"\U0010ffff\U00010000\","
		 NO_ENTITIES), "bob",
	  HEAD "\"text\":\"\\uD83C\\uDF89\u00e9 \\uD83C\\uDF89\\n\","
	       "\"lang\":\"\\uDBFF\\uDFFF\\uD800\\uDC00\",\"is_retweet\":false," NOTHING,
	  CREATED_MS },
	{ "eneco string with such a character",
	  { .form = WEIR_FORM_ENECO_STRING, .value_encoding = WEIR_ENCODING_JSON }, NULL,
	  STATUS("\"text\":\"\U0001f389\""), "bob", "\"\\uD83C\\uDF89\"", CREATED_MS },
	{ "eneco string with such a character, plain", { .form = WEIR_FORM_ENECO_STRING }, NULL,
	  STATUS("\"text\":\"\U0001f389\""), "bob", "\U0001f389", CREATED_MS },
	{ "eneco keeps a route's key", STRUCTURED, "{user.id}",
	  STATUS("\"text\":\"a &amp; b\",\"lang\":\"en\"," NO_ENTITIES), "42",
	  HEAD "\"text\":\"a & b\",\"lang\":\"en\",\"is_retweet\":false," NOTHING, CREATED_MS },
	{ "eneco of a delete", STRUCTURED, NULL,
	  "{\"delete\":{\"status\":{\"id\":21,\"id_str\":\"21\"}}}", NULL, NULL, 0 },
	{ "eneco of v2", STRUCTURED, NULL, "{\"data\":{\"id\":\"5\",\"text\":\"t\"}}", NULL, NULL, 0 },
};

START_TEST(a_format_makes_these_bytes)
{
	const struct sort *sort = &sorts[_i];
	char want[8192];

	flow_begin(&flow, NULL);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "dead");
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .format = sort->format, .key = sort->key_template),
		       flow.sink);
	flow.out.then = FLOW_HOLD;
	flow_feed(&flow, sort->body);
	flow_step(&flow);
	flow_step(&flow);
	if (!sort->value) {
		ck_assert_msg(flow.out.held_count == 0, "%s: delivered", sort->name);
		ck_assert_int_eq(flow_run(&flow), WEIR_END);
		ck_assert_msg(strstr(flow.dead.log, sort->body), "%s: the dead letter is %s",
			      sort->name, flow.dead.log);
		ck_assert_uint_eq(sink_metrics_of(flow.sink).failed, 0);	/* it never had it */
		flow_end(&flow);
		return;
	}
	snprintf(want, sizeof want, " %s %s\n", sort->key, sort->value);
	ck_assert_msg(flow.out.held_count == 1 && strstr(flow.out.log, want),
		      "%s: got\n%s\nwant\n%s", sort->name, flow.out.log, want);
	ck_assert_msg(weir_delivery_time_ms(flow.out.held[0]) == sort->time_ms, "%s: time %ju",
		      sort->name, (uintmax_t)weir_delivery_time_ms(flow.out.held[0]));
	ck_assert_int_eq(!weir_delivery_value(flow.out.held[0]).data,
			 sort->format.form == WEIR_FORM_TOMBSTONE);
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

/* ---- the application's own */

static enum weir_status shout(void *user, const weir_message *message, weir_output *value,
			      weir_output *key, struct weir_error *err)
{
	const struct weir_slice body = weir_message_body(message);
	const char *how = user;

	if (*how == 's')
		return weir_error_set(err, WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP, "too quiet");
	if (*how == 'f')
		return weir_error_set(err, WEIR_ERR_STATE, WEIR_REMEDY_STOP, "broken");
	weir_output_add(value, body.data, body.len);
	weir_output_add(value, "!", 1);
	if (*how == 'k')
		weir_output_add(key, "loud", 4);
	return WEIR_OK;
}

static void run_custom(const char *how, enum weir_status want)
{
	flow_begin(&flow, NULL);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "dead");
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .key = "r",
				 .format = { .form = WEIR_FORM_CUSTOM, .write = shout,
						 .user = (void *)(uintptr_t)how }),
		       flow.sink);
	flow_feed(&flow, "1");
	ck_assert_int_eq(flow_run(&flow), want);
}

START_TEST(a_format_of_the_applications_writes_value_and_key)
{
	run_custom("k", WEIR_END);
	ck_assert_str_eq(flow.out.log, " loud 1!\n");
	flow_end(&flow);
	run_custom("v", WEIR_END);
	ck_assert_str_eq(flow.out.log, " r 1!\n");
	flow_end(&flow);
}
END_TEST

START_TEST(what_it_refuses_is_a_dead_letter_as_it_came)
{
	run_custom("s", WEIR_END);
	ck_assert_str_eq(flow.out.log, "");
	ck_assert_str_eq(flow.dead.log, "dead r 1\n");
	ck_assert_ptr_nonnull(strstr(flow.dead.headers, "too quiet"));
	flow_end(&flow);
}
END_TEST

START_TEST(what_it_fails_with_fails_the_pipeline)
{
	run_custom("f", WEIR_ERR_STATE);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(flow.pipeline)->text, "broken"));
	ck_assert_uint_eq(flow_metrics(&flow).all.in_flight, 1);
	flow_end(&flow);
}
END_TEST

START_TEST(without_dead_letters_a_refusal_stops_the_pipeline)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .format = { .form = WEIR_FORM_TEXT }), flow.sink);
	flow_feed(&flow, "1");
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(flow.pipeline)->text, "no text can be made"));
	flow_end(&flow);
}
END_TEST

START_TEST(a_formatted_delivery_keeps_its_bytes_over_retries)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .to = "t", .format = { .form = WEIR_FORM_TEXT }),
		       flow.sink);
	flow.out.answers[0] = flow.out.answers[1] = FLOW_RETRY;
	flow.out.answer_count = 2;
	flow_feed(&flow, STATUS("\"text\":\"first\""));
	flow_feed(&flow, STATUS("\"text\":\"second\""));
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_str_eq(flow.out.log, "t " ID " first\nt " ID " second\n");
	flow_end(&flow);
}
END_TEST

/* ---- what is refused when the route is added */

static const char *const no_field[] = { NULL };
static const char *const bad_field[] = { "a..b" };

static const struct {
	const char *name;
	struct weir_format format;
	const char *key;
	const char *words;
} wrong[] = {
	{ "form out of range", { .form = (enum weir_form)7 }, NULL, "format.form is 7" },
	{ "encoding out of range",
	  { .form = WEIR_FORM_ENECO_STRING, .key_encoding = (enum weir_encoding)3 }, NULL, "encoding" },
	{ "custom without write", { .form = WEIR_FORM_CUSTOM }, NULL, "write" },
	{ "write without custom", { .write = shout }, NULL, "write" },
	{ "members without fields", { .form = WEIR_FORM_MEMBERS }, NULL, "fields" },
	{ "fields without members", { .form = WEIR_FORM_TEXT, .fields = members, .field_count = 1 },
	  NULL, "fields" },
	{ "fields NULL", { .form = WEIR_FORM_MEMBERS, .field_count = 1 }, NULL, "fields" },
	{ "a field NULL",
	  { .form = WEIR_FORM_MEMBERS, .fields = no_field, .field_count = 1 }, NULL, "NULL" },
	{ "a field that is no path",
	  { .form = WEIR_FORM_MEMBERS, .fields = bad_field, .field_count = 1 }, NULL, "a..b" },
	{ "a tombstone without a key", { .form = WEIR_FORM_TOMBSTONE }, "", "key" },
};

START_TEST(a_wrong_format_fails_the_pipeline_and_names_itself)
{
	flow_begin(&flow, NULL);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .format = wrong[_i].format, .key = wrong[_i].key,
				 .name = "the route"),
		       flow.sink);
	ck_assert_msg(weir_pipeline_error(flow.pipeline)->status == WEIR_ERR_INVALID, "%s: taken",
		      wrong[_i].name);
	ck_assert_msg(strstr(weir_pipeline_error(flow.pipeline)->text, wrong[_i].words), "%s: '%s'",
		      wrong[_i].name, weir_pipeline_error(flow.pipeline)->text);
	flow_end(&flow);
}
END_TEST

/* ---- the same without a route */

static enum weir_status look(void *user, weir_message *message, const char *to,
			     struct weir_error *err)
{
	char text[16];
	struct weir_field field;
	size_t len;

	(void)user;
	(void)to;
	(void)err;
	ck_assert_int_eq(weir_message_text(message, false, text, sizeof text, &len), WEIR_OK);
	ck_assert_str_eq(text, "a & b");
	ck_assert_uint_eq(len, 5);
	ck_assert_int_eq(weir_message_text(message, true, text, 8, &len), WEIR_OK);
	ck_assert_str_eq(text, "a &amp;");
	ck_assert_uint_eq(len, 9);
	ck_assert_int_eq(weir_message_text(message, false, NULL, 0, &len), WEIR_OK);
	ck_assert_int_eq(weir_message_field(message, "full_text", &field), WEIR_OK);
	ck_assert_int_eq(field.type, WEIR_FIELD_STRING);
	ck_assert_uint_eq(field.raw.len, 9);
	return WEIR_OK;
}

START_TEST(an_application_gets_the_full_text_by_call_and_by_path)
{
	weir_sink *sink;

	flow_begin(&flow, NULL);
	sink = weir_callback_sink_add(flow.pipeline, "look",
				      WEIR_WITH(weir_callback_sink_options, .call = look));
	weir_route_add(flow.pipeline, NULL, sink);
	flow_feed(&flow, STATUS("\"text\":\"cut\",\"extended_tweet\":{\"full_text\":\"a &amp; b\"}"));
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 1);
	flow_end(&flow);
}
END_TEST

/* ---- failing allocations */

START_TEST(out_of_memory_leaks_nothing_and_delivers_nothing_half)
{
	for (size_t fail_at = 1; fail_at < 400; fail_at++) {
		flow_begin_failing(&flow, NULL, fail_at);
		if (flow.pipeline) {
			weir_route_add(flow.pipeline,
				       WEIR_WITH(weir_route, .to = "t",
						 .format = { .form = WEIR_FORM_ENECO_STRUCTURED }),
				       flow.sink);
			flow_feed(&flow, STATUS("\"text\":\"a\\n\",\"lang\":\"en\"," NO_ENTITIES));
			if (flow_run(&flow) == WEIR_END)
				ck_assert_str_eq(flow.out.log, "t bob " HEAD
						 "\"text\":\"a\\n\",\"lang\":\"en\",\"is_retweet\":"
						 "false," NOTHING "\n");
			else
				ck_assert_str_eq(flow.out.log, "");
		}
		flow_end(&flow);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("format");

	LOOP(tcase, a_format_makes_these_bytes, sorts);
	tcase_add_test(tcase, a_format_of_the_applications_writes_value_and_key);
	tcase_add_test(tcase, what_it_refuses_is_a_dead_letter_as_it_came);
	tcase_add_test(tcase, what_it_fails_with_fails_the_pipeline);
	tcase_add_test(tcase, without_dead_letters_a_refusal_stops_the_pipeline);
	tcase_add_test(tcase, a_formatted_delivery_keeps_its_bytes_over_retries);
	LOOP(tcase, a_wrong_format_fails_the_pipeline_and_names_itself, wrong);
	tcase_add_test(tcase, an_application_gets_the_full_text_by_call_and_by_path);
	tcase_add_test(tcase, out_of_memory_leaks_nothing_and_delivers_nothing_half);
	return run_case("format", tcase);
}
