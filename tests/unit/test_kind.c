/* SPDX-License-Identifier: MIT */
/*
 * Kinds: a fixture for every shape of message, each with its traits, key and time.
 *
 * Rows are named for what they show; those with a number in front (S1 … S14) are the
 * classification duties of a stream client.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/kind.h"
#include "support/memory.h"

#define KIND(name) WEIR_KIND_##name
#define V2 WEIR_TRAIT_V2
#define QUOTE WEIR_TRAIT_QUOTE
#define REPLY WEIR_TRAIT_REPLY
#define EXTENDED WEIR_TRAIT_EXTENDED
#define ENVELOPED WEIR_TRAIT_ENVELOPED
#define COUNT_OF(array) ((int)(sizeof(array) / sizeof *(array)))

/* A status of 2018 without and with what tells its kind; its id's own time is …664. */
#define ID "\"id\":958086982432735232,\"id_str\":\"958086982432735232\""
#define TWEET_KEY "958086982432735232"
#define BODY "\"text\":\"t\",\"user\":{\"id\":1,\"id_str\":\"1\"}"
#define TIMES "\"created_at\":\"Mon Jan 29 21:18:31 +0000 2018\",\"timestamp_ms\":\"1517260711665\""
#define PLAIN TIMES "," ID "," BODY
#define TWEET "{" PLAIN "}"
#define WITH(more) "{" PLAIN "," more "}"
#define STAMP 1517260711665u
#define ID_TIME 1517260711664u
#define CREATED 1517260711000u

#define IDS(n) "\"id\":" #n ",\"id_str\":\"" #n "\",\"user_id\":3,\"user_id_str\":\"3\""
#define STAMPED "\"timestamp_ms\":\"1432228155593\""
#define STAMPED_MS 1432228155593u
#define EVENT_AT "\"event_at\":\"2021-07-06T18:40:40.000Z\""
#define EVENT_AT_MS 1625596840000u

struct shape {
	const char *name, *text;
	unsigned kind, traits;
	const char *key;	/* NULL: none */
	uint64_t time_ms;
};

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
	{ "S5 an extended tweet", WITH("\"truncated\":true,\"extended_tweet\":{\"full_text\":\"t\"}"),
	  KIND(TWEET), EXTENDED, TWEET_KEY, STAMP },
	{ "S5 truncated alone", WITH("\"truncated\":true"), KIND(TWEET), EXTENDED, TWEET_KEY, STAMP },
	{ "S5 extended_tweet alone", WITH("\"extended_tweet\":{}"), KIND(TWEET), EXTENDED, TWEET_KEY,
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
	  "{" ID "," BODY ",\"timestamp_ms\":\"soon\",\"created_at\":\"yesterday\"}", KIND(TWEET), 0,
	  TWEET_KEY, ID_TIME },
	{ "a time beyond the year 9999 counts as none",
	  "{" ID "," BODY ",\"timestamp_ms\":\"18446744073709551615\"}", KIND(TWEET), 0, TWEET_KEY,
	  ID_TIME },
	{ "an id of before November 2010 says no time", "{\"id\":7004909093," BODY "}", KIND(TWEET),
	  0, "7004909093", 0 },
	{ "an id that is no decimal number is no key", "{\"id_str\":\"12a\"," BODY "}", KIND(TWEET),
	  0, NULL, 0 },
	{ "a fraction is no key", "{\"id\":12.5," BODY "}", KIND(TWEET), 0, NULL, 0 },
	{ "an endless id is no key", "{\"id\":123456789012345678901," BODY "}", KIND(TWEET), 0, NULL,
	  0 },
	{ "an empty id is no key; the number stands in", "{\"id\":12,\"id_str\":\"\"," BODY "}",
	  KIND(TWEET), 0, "12", 0 },
};

static const struct shape notices[] = {
	{ "S1 S6 delete of a status", "{\"delete\":{\"status\":{" IDS(1234) "}," STAMPED "}}",
	  KIND(DELETE), 0, "1234", STAMPED_MS },
	{ "S6 delete of a status without id_str", "{\"delete\":{\"status\":{\"id\":1234}}}",
	  KIND(DELETE), 0, "1234", 0 },
	{ "S6 delete of a direct message", "{\"delete\":{\"direct_message\":{" IDS(1111) "}}}",
	  KIND(DELETE), 0, "1111", 0 },
	{ "S6 delete of a favorite",
	  "{\"delete\":{\"favorite\":{\"tweet_id\":9,\"tweet_id_str\":\"9\",\"user_id\":2},"
	  STAMPED "}}", KIND(DELETE), 0, "9", STAMPED_MS },
	{ "S6 delete of an unknown child", "{\"delete\":{\"moment\":{\"id\":3}}}", KIND(DELETE), 0,
	  NULL, 0 },
	{ "S6 delete of nothing", "{\"delete\":{}}", KIND(DELETE), 0, NULL, 0 },
	{ "S6 delete of a status that is no object", "{\"delete\":{\"status\":1234}}", KIND(DELETE),
	  0, NULL, 0 },
	{ "a delete is not as old as its tweet",
	  "{\"delete\":{\"status\":{\"id_str\":\"" TWEET_KEY "\"}}}", KIND(DELETE), 0, TWEET_KEY,
	  0 },
	{ "S1 scrub_geo",
	  "{\"scrub_geo\":{\"user_id\":14090452,\"user_id_str\":\"14090452\","
	  "\"up_to_status_id\":23260136625,\"up_to_status_id_str\":\"23260136625\"," STAMPED "}}",
	  KIND(SCRUB_GEO), 0, NULL, STAMPED_MS },
	{ "S1 limit", "{\"limit\":{\"track\":1234,\"timestamp_ms\":\"1526148056161\"}}", KIND(LIMIT),
	  0, NULL, 1526148056161u },
	{ "S1 limit of old", "{\"limit\":{\"track\":1}}", KIND(LIMIT), 0, NULL, 0 },
	{ "S7 status_withheld", "{\"status_withheld\":{\"id\":1234567890,\"user_id\":123456,"
	  "\"withheld_in_countries\":[\"DE\",\"AR\"]}}", KIND(STATUS_WITHHELD), 0, "1234567890", 0 },
	{ "S7 status_withheld of the compliance feed",
	  "{\"status_withheld\":{\"status\":{" IDS(601430178305220608) "},"
	  "\"withheld_in_countries\":[\"XY\"]," STAMPED "}}", KIND(STATUS_WITHHELD), 0,
	  "601430178305220608", STAMPED_MS },
	{ "S7 user_withheld", "{\"user_withheld\":{\"id\":123456,"
	  "\"withheld_in_countries\":[\"DE\",\"AR\"]}}", KIND(USER_WITHHELD), 0, NULL, 0 },
	{ "S7 user_withheld of the compliance feed",
	  "{\"user_withheld\":{\"user\":{\"id\":1375036644,\"id_str\":\"1375036644\"},"
	  "\"withheld_in_countries\":[\"XY\"],\"timestampMs\":\"2014-08-27T23:49:41.839+00:00\"}}",
	  KIND(USER_WITHHELD), 0, NULL, 1409183381839u },
	{ "S1 disconnect",
	  "{\"disconnect\":{\"code\":4,\"stream_name\":\"\",\"reason\":\"\"}}", KIND(DISCONNECT), 0,
	  NULL, 0 },
	{ "S1 warning: falling behind", "{\"warning\":{\"code\":\"FALLING_BEHIND\",\"message\":\"m\","
	  "\"percent_full\":60," STAMPED "}}", KIND(WARNING), 0, NULL, STAMPED_MS },
	{ "S1 warning: follows over limit", "{\"warning\":{\"code\":\"FOLLOWS_OVER_LIMIT\","
	  "\"message\":\"m\",\"user_id\":42}}", KIND(WARNING), 0, NULL, 0 },
	{ "S10 warning of an unknown code", "{\"warning\":{\"code\":\"NEW\"}}", KIND(WARNING), 0,
	  NULL, 0 },
	{ "S1 event",
	  "{\"event\":\"favorite\",\"created_at\":\"Sat Sep 04 16:10:54 +0000 2010\","
	  "\"source\":{\"id\":1},\"target\":{\"id\":2},\"target_object\":{" PLAIN "}}", KIND(EVENT),
	  0, NULL, 1283616654000u },
	{ "S10 event of an unknown name", "{\"event\":\"levitate\",\"target\":1,\"source\":2}",
	  KIND(EVENT), 0, NULL, 0 },
	{ "S9 friends", "{\"friends\":[1497,169686021,790205]}", KIND(FRIENDS), 0, NULL, 0 },
	{ "S9 friends as strings", "{\"friends_str\":[\"1497\",\"169686021\"]}", KIND(FRIENDS), 0,
	  NULL, 0 },
	{ "S9 friends of a lonely account", "{\"friends\":[]}", KIND(FRIENDS), 0, NULL, 0 },
	{ "S9 friends both ways", "{\"friends\":[1],\"friends_str\":[\"1\"]}", KIND(FRIENDS), 0, NULL,
	  0 },
	{ "S1 direct_message",
	  "{\"direct_message\":{\"id\":1,\"id_str\":\"1\",\"text\":\"t\","
	  "\"created_at\":\"Sat Sep 04 16:10:54 +0000 2010\",\"sender\":{},\"recipient\":{}}}",
	  KIND(DIRECT_MESSAGE), 0, "1", 1283616654000u },
	{ "S1 control", "{\"control\":{\"control_uri\":\"/1.1/site/c/01_225167\"}}", KIND(CONTROL), 0,
	  NULL, 0 },
	{ "S1 drop", "{\"drop\":{\"status\":{" IDS(1) "}," STAMPED "}}", KIND(COMPLIANCE), 0, "1",
	  STAMPED_MS },
	{ "S1 undrop", "{\"undrop\":{\"status\":{" IDS(1) "}," STAMPED "}}", KIND(COMPLIANCE), 0, "1",
	  STAMPED_MS },
	{ "S1 tweet_edit", "{\"tweet_edit\":{\"id\":\"9\",\"initial_tweet_id\":\"7\","
	  "\"edit_tweet_ids\":[\"7\",\"9\"]," STAMPED "}}", KIND(COMPLIANCE), 0, "9", STAMPED_MS },
	{ "S1 user_delete", "{\"user_delete\":{\"id\":771136850," STAMPED "}}", KIND(COMPLIANCE), 0,
	  NULL, STAMPED_MS },
	{ "S1 user_undelete", "{\"user_undelete\":{\"id\":7," STAMPED "}}", KIND(COMPLIANCE), 0, NULL,
	  STAMPED_MS },
	{ "S1 user_protect", "{\"user_protect\":{\"id\":7," STAMPED "}}", KIND(COMPLIANCE), 0, NULL,
	  STAMPED_MS },
	{ "S1 user_unprotect", "{\"user_unprotect\":{\"id\":7," STAMPED "}}", KIND(COMPLIANCE), 0,
	  NULL, STAMPED_MS },
	{ "S1 user_suspend without a time", "{\"user_suspend\":{\"id\":7}}", KIND(COMPLIANCE), 0,
	  NULL, 0 },
	{ "S1 user_unsuspend", "{\"user_unsuspend\":{\"id\":7," STAMPED "}}", KIND(COMPLIANCE), 0,
	  NULL, STAMPED_MS },
	{ "S1 a wrapper comes before a status", WITH("\"delete\":{}"), KIND(DELETE), 0, NULL, STAMP },
	{ "S1 two wrappers are neither", "{\"delete\":{},\"limit\":{}}", KIND(UNKNOWN), 0, NULL, 0 },
	{ "two wrappers of one kind are that kind",
	  "{\"undrop\":{\"status\":{\"id\":2}},\"drop\":{\"status\":{\"id\":1}}}", KIND(COMPLIANCE),
	  0, "1", 0 },
};

#define POST "\"id\":\"1234567890\",\"text\":\"t\""
#define REFER(name, ...) "{\"data\":{" POST ",\"" name "\":[" __VA_ARGS__ "]}}"
#define TYPE(type) "{\"type\":\"" type "\",\"id\":\"111\"}"
#define USER_EVENT(name) "{\"data\":{\"" name "\":{\"user\":{\"id\":\"2\"}," EVENT_AT "}}}"
#define TWEET_EVENT(name)                                                                         \
	"{\"data\":{\"" name "\":{\"tweet\":{\"id\":\"1\",\"author_id\":\"2\"}," EVENT_AT "}}}"

static const struct shape v2[] = {
	{ "S1 a post of v2",
	  "{\"data\":{" POST ",\"created_at\":\"2024-01-15T10:35:00.000Z\",\"lang\":\"ko\"},"
	  "\"includes\":{\"users\":[]},\"matching_rules\":[{\"id\":\"1\",\"tag\":\"t\"}]}",
	  KIND(TWEET), V2, "1234567890", 1705314900000u },
	{ "S1 a post of v2 with parts missing", "{\"data\":{" POST "},\"errors\":[{}]}", KIND(TWEET),
	  V2, "1234567890", 0 },
	{ "S12 a post's time is its id's where nothing else says it",
	  "{\"data\":{\"text\":\"t\",\"id\":\"1307025659294674945\"}}", KIND(TWEET), V2,
	  "1307025659294674945", 1600454175195u },
	{ "S13 referenced_tweets: retweeted", REFER("referenced_tweets", TYPE("retweeted")),
	  KIND(RETWEET), V2, "1234567890", 0 },
	{ "S13 referenced_posts: retweeted", REFER("referenced_posts", TYPE("retweeted")),
	  KIND(RETWEET), V2, "1234567890", 0 },
	{ "S13 referenced_tweets: quoted", REFER("referenced_tweets", TYPE("quoted")), KIND(TWEET),
	  V2 | QUOTE, "1234567890", 0 },
	{ "S13 referenced_posts: quoted", REFER("referenced_posts", TYPE("quoted")), KIND(TWEET),
	  V2 | QUOTE, "1234567890", 0 },
	{ "S13 referenced_tweets: replied_to", REFER("referenced_tweets", TYPE("replied_to")),
	  KIND(TWEET), V2 | REPLY, "1234567890", 0 },
	{ "S13 S4 referenced_posts: a reply that quotes",
	  REFER("referenced_posts", TYPE("replied_to") "," TYPE("quoted")), KIND(TWEET),
	  V2 | REPLY | QUOTE, "1234567890", 0 },
	{ "S13 the fourth reference counts",
	  REFER("referenced_tweets", TYPE("a") "," TYPE("b") "," TYPE("c") "," TYPE("quoted")),
	  KIND(TWEET), V2 | QUOTE, "1234567890", 0 },
	{ "S3 a v2 retweet is nothing else",
	  REFER("referenced_tweets", TYPE("quoted") "," TYPE("retweeted")), KIND(RETWEET), V2,
	  "1234567890", 0 },
	{ "S10 an unknown reference", REFER("referenced_tweets", TYPE("admired")), KIND(TWEET), V2,
	  "1234567890", 0 },
	{ "an escaped type counts as what it spells",
	  REFER("referenced_tweets", "{\"type\":\"quo\\u0074ed\"}"), KIND(TWEET), V2 | QUOTE,
	  "1234567890", 0 },
	{ "S5 a long post, note_tweet", "{\"data\":{" POST ",\"note_tweet\":{\"text\":\"t\"}}}",
	  KIND(TWEET), V2 | EXTENDED, "1234567890", 0 },
	{ "S5 S13 a long post, note_post", "{\"data\":{" POST ",\"note_post\":{\"text\":\"t\"}}}",
	  KIND(TWEET), V2 | EXTENDED, "1234567890", 0 },
	{ "marks of v1.1 mean nothing beside a post of v2",
	  "{\"data\":{" POST "},\"truncated\":true,\"is_quote_status\":true,"
	  "\"in_reply_to_status_id\":1}", KIND(TWEET), V2, "1234567890", 0 },
	{ "S14 v2 delete", TWEET_EVENT("delete"), KIND(COMPLIANCE), V2, "1", EVENT_AT_MS },
	{ "S14 v2 delete, the time beside it",
	  "{\"data\":{\"delete\":{\"tweet\":{\"id\":\"1\"}}," EVENT_AT "}}", KIND(COMPLIANCE), V2,
	  "1", EVENT_AT_MS },
	{ "S14 v2 delete of a like",
	  "{\"data\":{\"delete\":{\"favorite\":{\"id\":\"1\",\"user_id\":\"2\"}," EVENT_AT "}}}",
	  KIND(COMPLIANCE), V2, "1", EVENT_AT_MS },
	{ "S14 v2 drop", TWEET_EVENT("drop"), KIND(COMPLIANCE), V2, "1", EVENT_AT_MS },
	{ "S14 v2 undrop", TWEET_EVENT("undrop"), KIND(COMPLIANCE), V2, "1", EVENT_AT_MS },
	{ "S14 v2 withheld", TWEET_EVENT("withheld"), KIND(COMPLIANCE), V2, "1", EVENT_AT_MS },
	{ "S14 v2 tweet_edit", TWEET_EVENT("tweet_edit"), KIND(COMPLIANCE), V2, "1", EVENT_AT_MS },
	{ "S14 v2 user_delete", USER_EVENT("user_delete"), KIND(COMPLIANCE), V2, NULL, EVENT_AT_MS },
	{ "S14 v2 user_undelete", USER_EVENT("user_undelete"), KIND(COMPLIANCE), V2, NULL,
	  EVENT_AT_MS },
	{ "S14 v2 user_protect", USER_EVENT("user_protect"), KIND(COMPLIANCE), V2, NULL,
	  EVENT_AT_MS },
	{ "S14 v2 user_unprotect", USER_EVENT("user_unprotect"), KIND(COMPLIANCE), V2, NULL,
	  EVENT_AT_MS },
	{ "S14 v2 user_suspend", USER_EVENT("user_suspend"), KIND(COMPLIANCE), V2, NULL,
	  EVENT_AT_MS },
	{ "S14 v2 user_unsuspend", USER_EVENT("user_unsuspend"), KIND(COMPLIANCE), V2, NULL,
	  EVENT_AT_MS },
	{ "S14 v2 user_withheld", USER_EVENT("user_withheld"), KIND(COMPLIANCE), V2, NULL,
	  EVENT_AT_MS },
	{ "S14 v2 scrub_geo", USER_EVENT("scrub_geo"), KIND(COMPLIANCE), V2, NULL, EVENT_AT_MS },
	{ "S14 v2 user_profile_modification", USER_EVENT("user_profile_modification"),
	  KIND(COMPLIANCE), V2, NULL, EVENT_AT_MS },
	{ "S14 an activity event",
	  "{\"data\":{\"filter\":{\"user_id\":\"1\"},\"event_type\":\"profile.update.bio\","
	  "\"tag\":\"t\",\"payload\":{}," EVENT_AT "}}", KIND(COMPLIANCE), V2, NULL, EVENT_AT_MS },
	{ "S14 an activity event that looks like a post",
	  "{\"data\":{" POST ",\"event_type\":\"post.create\"}}", KIND(COMPLIANCE), V2, NULL, 0 },
	{ "S1 errors without data",
	  "{\"errors\":[{\"title\":\"operational-disconnect\",\"type\":\"about:blank\"}]}",
	  KIND(NOTICE), V2, NULL, 0 },
	{ "S1 errors with null data", "{\"errors\":[],\"data\":null}", KIND(NOTICE), V2, NULL, 0 },
	{ "S1 a bare problem",
	  "{\"title\":\"ConnectionException\",\"detail\":\"d\","
	  "\"connection_issue\":\"TooManyConnections\",\"type\":\"https://api.x.com/2/problems/s\"}",
	  KIND(NOTICE), V2, NULL, 0 },
	{ "a status with a title and a type stays one", WITH("\"title\":\"t\",\"type\":\"u\""),
	  KIND(TWEET), 0, TWEET_KEY, STAMP },
};

static const struct shape unknowns[] = {
	{ "S10 an unknown object", "{\"sparkle\":{\"id\":1}}", KIND(UNKNOWN), 0, NULL, 0 },
	{ "S10 an unknown compliance event", "{\"data\":{\"user_merge\":{" EVENT_AT "}}}",
	  KIND(UNKNOWN), 0, NULL, 0 },
	{ "S10 an unknown data object with errors", "{\"data\":{},\"errors\":[]}", KIND(UNKNOWN), 0,
	  NULL, 0 },
	{ "S10 a page of posts", "{\"data\":[{" POST "}],\"meta\":{}}", KIND(UNKNOWN), 0, NULL, 0 },
	{ "S10 metadata of a connection", "{\"type\":\"connection_metadata\",\"timestamp\":1}",
	  KIND(UNKNOWN), 0, NULL, 0 },
	{ "S10 a gap is made by weir, not told from bytes", "{\"gap\":{\"from_ms\":1}}",
	  KIND(UNKNOWN), 0, NULL, 0 },
	{ "S1 a post without its data object", "{" POST ",\"author_id\":\"1\"}", KIND(UNKNOWN), 0,
	  NULL, 0 },
	{ "S1 a status without its user", "{" ID ",\"text\":\"t\"}", KIND(UNKNOWN), 0, NULL, 0 },
	{ "S1 a status without a text", "{" ID ",\"user\":{}}", KIND(UNKNOWN), 0, NULL, 0 },
	{ "S1 a status without an id", "{" BODY "}", KIND(UNKNOWN), 0, NULL, 0 },
	{ "an id that is a string under id is none", "{\"id\":\"12\"," BODY "}", KIND(UNKNOWN), 0,
	  NULL, 0 },
	{ "an empty object", "{}", KIND(UNKNOWN), 0, NULL, 0 },
	{ "an array of tweets", "[" TWEET "]", KIND(UNKNOWN), 0, NULL, 0 },
	{ "a string", "\"delete\"", KIND(UNKNOWN), 0, NULL, 0 },
	{ "a number", "23", KIND(UNKNOWN), 0, NULL, 0 },
	{ "null", "null", KIND(UNKNOWN), 0, NULL, 0 },
	{ "F12 a line of plain text", "Exceeded connection limit for user", KIND(NOTICE), 0, NULL,
	  0 },
	{ "F12 plain text beyond ASCII", "\xec\x84\x9c\xeb\xb2\x84 \xec\x98\xa4\xeb\xa5\x98, can't",
	  KIND(NOTICE), 0, NULL, 0 },
	{ "F15 JSON cut in the middle", "{\"a\":", KIND(MALFORMED), 0, NULL, 0 },
	{ "F15 JSON without its beginning", "\"a\":1}", KIND(MALFORMED), 0, NULL, 0 },
	{ "F15 an array cut in the middle", "[1, 2", KIND(MALFORMED), 0, NULL, 0 },
	{ "F15 a control character", "text\x01", KIND(MALFORMED), 0, NULL, 0 },
	{ "F15 a delete character", "text\x7f", KIND(MALFORMED), 0, NULL, 0 },
	{ "F15 a bare line feed", "a\nb", KIND(MALFORMED), 0, NULL, 0 },
	{ "F15 not UTF-8", "caf\xe9", KIND(MALFORMED), 0, NULL, 0 },
	{ "F15 nothing at all", "", KIND(MALFORMED), 0, NULL, 0 },
	{ "F15 blanks", "   ", KIND(MALFORMED), 0, NULL, 0 },
};

static struct weir_env env;
static weir__plan *plan;
static struct weir__kind_slots kind_slots;
static struct weir__slot *slots;

static void make_plan(void)
{
	struct weir_error err;

	env = weir__env_complete(NULL);
	plan = weir__plan_new(&env);
	ck_assert_ptr_nonnull(plan);
	ck_assert_msg(weir__kind_plan(&kind_slots, plan, &err) == WEIR_OK, "%s", err.text);
	slots = calloc(weir__plan_slot_count(plan), sizeof *slots);
	ck_assert_ptr_nonnull(slots);
}

static void free_plan(void)
{
	free(slots);
	weir__plan_free(plan);
}

/* From a copy without anything behind it, so that a sanitizer sees a read too far. */
static struct weir__verdict tell(const char *text, size_t len, char **ret_copy)
{
	char *copy = malloc(len ? len : 1);
	bool valid;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, len);
	valid = weir__scan(plan, copy, len, slots, NULL);
	*ret_copy = copy;
	return weir__kind_tell(&kind_slots, copy, len, valid, slots);
}

static void expect(const char *name, const char *text, const struct shape *want, unsigned traits)
{
	char *copy;
	const struct weir__verdict got = tell(text, strlen(text), &copy);
	const size_t key_len = want->key ? strlen(want->key) : 0;

	ck_assert_msg(got.kind == want->kind, "%s: %s: kind %s", name, text,
		      weir_kind_name(got.kind));
	ck_assert_msg(got.traits == (want->traits | traits), "%s: %s: traits %x", name, text,
		      got.traits);
	ck_assert_msg((got.key.data != NULL) == (want->key != NULL), "%s: %s: key %.*s", name, text,
		      (int)got.key.len, got.key.data ? (const char *)got.key.data : "");
	ck_assert_msg(got.key.len == key_len && (!key_len || !memcmp(got.key.data, want->key, key_len)),
		      "%s: %s: key %.*s", name, text, (int)got.key.len, (const char *)got.key.data);
	ck_assert_msg(got.time_ms == want->time_ms, "%s: %s: time %ju", name, text,
		      (uintmax_t)got.time_ms);
	free(copy);
}

#define TELLS_ITS_TABLE(table)                                                                    \
	START_TEST(every_row_of_##table##_is_told)                                                \
	{                                                                                         \
		expect(table[_i].name, table[_i].text, &table[_i], 0);                            \
	}                                                                                         \
	END_TEST

TELLS_ITS_TABLE(statuses)
TELLS_ITS_TABLE(notices)
TELLS_ITS_TABLE(v2)
TELLS_ITS_TABLE(unknowns)

static void expect_enveloped(const struct shape *shape)
{
	static const char *const users[] = { "1888", "\"1888\"", "6358482000000" };
	char text[2048];

	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof text, "{\"for_user\":%s,\"message\":%s}", users[i],
			 shape->text);
		expect(shape->name, text, shape, ENVELOPED);
		snprintf(text, sizeof text, "{\"message\":%s,\"for_user\":%s}", shape->text,
			 users[i]);
		expect(shape->name, text, shape, ENVELOPED);
	}
}

START_TEST(s8_a_status_in_an_envelope_is_what_it_is_outside)
{
	expect_enveloped(&statuses[_i]);
}
END_TEST

START_TEST(s8_a_notice_in_an_envelope_is_what_it_is_outside)
{
	expect_enveloped(&notices[_i]);
}
END_TEST

static const struct shape envelopes[] = {
	{ "S8 v2 has no envelopes", "{\"for_user\":1,\"message\":{\"data\":{" POST "}}}",
	  KIND(UNKNOWN), ENVELOPED, NULL, 0 },
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
	{ "S8 a message alone is no envelope", "{\"message\":{\"limit\":{}}}", KIND(UNKNOWN), 0, NULL,
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
	expect(member_shape.name, text, &member_shape, 0);
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
	{ "S11 both ids null", "{\"id\":null,\"id_str\":null," BODY "}", KIND(UNKNOWN), 0, NULL, 0 },
	{ "S11 user null", "{" ID ",\"text\":\"t\",\"user\":null}", KIND(UNKNOWN), 0, NULL, 0 },
	{ "S11 text null", "{" ID ",\"text\":null,\"user\":{}}", KIND(UNKNOWN), 0, NULL, 0 },
	{ "S11 timestamp_ms null", "{" ID "," BODY ",\"timestamp_ms\":null}", KIND(TWEET), 0,
	  TWEET_KEY, ID_TIME },
	{ "S11 wrappers null", WITH("\"delete\":null,\"limit\":null,\"event\":null,\"data\":null"),
	  KIND(TWEET), 0, TWEET_KEY, STAMP },
	{ "S11 a delete's status null", "{\"delete\":{\"status\":null}}", KIND(DELETE), 0, NULL, 0 },
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
	got = tell(text, (size_t)(at - text), &copy);
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

static Suite *kind_suite(void)
{
	Suite *suite = suite_create("kind");
	TCase *shapes = tcase_create("shapes");

	tcase_set_timeout(shapes, 60);
	tcase_add_checked_fixture(shapes, make_plan, free_plan);
	tcase_add_loop_test(shapes, every_row_of_statuses_is_told, 0, COUNT_OF(statuses));
	tcase_add_loop_test(shapes, every_row_of_notices_is_told, 0, COUNT_OF(notices));
	tcase_add_loop_test(shapes, every_row_of_v2_is_told, 0, COUNT_OF(v2));
	tcase_add_loop_test(shapes, every_row_of_unknowns_is_told, 0, COUNT_OF(unknowns));
	tcase_add_loop_test(shapes, every_row_of_envelopes_is_told, 0, COUNT_OF(envelopes));
	tcase_add_loop_test(shapes, every_row_of_nulls_is_told, 0, COUNT_OF(nulls));
	tcase_add_loop_test(shapes, every_row_of_duplicates_is_told, 0, COUNT_OF(duplicates));
	tcase_add_loop_test(shapes, s8_a_status_in_an_envelope_is_what_it_is_outside, 0,
			    COUNT_OF(statuses));
	tcase_add_loop_test(shapes, s8_a_notice_in_an_envelope_is_what_it_is_outside, 0,
			    COUNT_OF(notices));
	tcase_add_test(shapes, s11_members_may_come_in_any_order);
	tcase_add_test(shapes, s11_unexpected_members_change_nothing);
	tcase_add_test(shapes, s9_ten_thousand_friends_are_friends);
	tcase_add_test(shapes, an_id_tells_its_time);
	tcase_add_test(shapes, a_plan_that_runs_out_of_memory_says_so);
	suite_add_tcase(suite, shapes);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(kind_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
