/* SPDX-License-Identifier: MIT */
/*
 * Kinds of notices, of v2's messages, and of what is none: a fixture for every shape, with its
 * traits, key and time. Rows with a number in front (S1 … S14, F12, F15) are the duties of a
 * stream client.
 */
#include "support/run.h"
#include "support/shapes.h"

#define IDS(n) "\"id\":" #n ",\"id_str\":\"" #n "\",\"user_id\":3,\"user_id_str\":\"3\""
#define STAMPED "\"timestamp_ms\":\"1432228155593\""
#define STAMPED_MS 1432228155593u
#define EVENT_AT "\"event_at\":\"2021-07-06T18:40:40.000Z\""
#define EVENT_AT_MS 1625596840000u

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
	{ "S1 limit", "{\"limit\":{\"track\":1234,\"timestamp_ms\":\"1526148056161\"}}",
	  KIND(LIMIT),
	  0, NULL, 1526148056161u },
	{ "S1 limit of old", "{\"limit\":{\"track\":1}}", KIND(LIMIT), 0, NULL, 0 },
	{ "S7 status_withheld", "{\"status_withheld\":{\"id\":1234567890,\"user_id\":123456,"
	  "\"withheld_in_countries\":[\"DE\",\"AR\"]}}", KIND(STATUS_WITHHELD), 0, "1234567890",
	  0 },
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
	{ "S1 warning: falling behind",
	  "{\"warning\":{\"code\":\"FALLING_BEHIND\",\"message\":\"m\","
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
	{ "S9 friends both ways", "{\"friends\":[1],\"friends_str\":[\"1\"]}", KIND(FRIENDS), 0,
	  NULL,
	  0 },
	{ "S1 direct_message",
	  "{\"direct_message\":{\"id\":1,\"id_str\":\"1\",\"text\":\"t\","
	  "\"created_at\":\"Sat Sep 04 16:10:54 +0000 2010\",\"sender\":{},\"recipient\":{}}}",
	  KIND(DIRECT_MESSAGE), 0, "1", 1283616654000u },
	{ "S1 control", "{\"control\":{\"control_uri\":\"/1.1/site/c/01_225167\"}}", KIND(CONTROL),
	  0,
	  NULL, 0 },
	{ "S1 drop", "{\"drop\":{\"status\":{" IDS(1) "}," STAMPED "}}", KIND(COMPLIANCE), 0, "1",
	  STAMPED_MS },
	{ "S1 undrop", "{\"undrop\":{\"status\":{" IDS(1) "}," STAMPED "}}", KIND(COMPLIANCE), 0,
	  "1",
	  STAMPED_MS },
	{ "S1 tweet_edit", "{\"tweet_edit\":{\"id\":\"9\",\"initial_tweet_id\":\"7\","
	  "\"edit_tweet_ids\":[\"7\",\"9\"]," STAMPED "}}", KIND(COMPLIANCE), 0, "9", STAMPED_MS },
	{ "S1 user_delete", "{\"user_delete\":{\"id\":771136850," STAMPED "}}", KIND(COMPLIANCE), 0,
	  NULL, STAMPED_MS },
	{ "S1 user_undelete", "{\"user_undelete\":{\"id\":7," STAMPED "}}", KIND(COMPLIANCE), 0,
	  NULL,
	  STAMPED_MS },
	{ "S1 user_protect", "{\"user_protect\":{\"id\":7," STAMPED "}}", KIND(COMPLIANCE), 0, NULL,
	  STAMPED_MS },
	{ "S1 user_unprotect", "{\"user_unprotect\":{\"id\":7," STAMPED "}}", KIND(COMPLIANCE), 0,
	  NULL, STAMPED_MS },
	{ "S1 user_suspend without a time", "{\"user_suspend\":{\"id\":7}}", KIND(COMPLIANCE), 0,
	  NULL, 0 },
	{ "S1 user_unsuspend", "{\"user_unsuspend\":{\"id\":7," STAMPED "}}", KIND(COMPLIANCE), 0,
	  NULL, STAMPED_MS },
	{ "S1 a wrapper comes before a status", WITH("\"delete\":{}"), KIND(DELETE), 0, NULL,
	  STAMP },
	{ "S1 two wrappers are neither", "{\"delete\":{},\"limit\":{}}", KIND(UNKNOWN), 0, NULL,
	  0 },
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
	{ "S1 a post of v2 with parts missing", "{\"data\":{" POST "},\"errors\":[{}]}",
	  KIND(TWEET),
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
	{ "S13 the fourth reference counts in the other spelling",
	  REFER("referenced_posts", TYPE("a") "," TYPE("b") "," TYPE("c") "," TYPE("quoted")),
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
	{ "S14 v2 user_delete", USER_EVENT("user_delete"), KIND(COMPLIANCE), V2, NULL,
	  EVENT_AT_MS },
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
	  "\"connection_issue\":\"TooMany\",\"type\":\"https://api.x.com/2/problems/s\"}",
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

TELLS_ITS_TABLE(notices)
TELLS_ITS_TABLE(v2)
TELLS_ITS_TABLE(unknowns)

START_TEST(s8_a_notice_in_an_envelope_is_what_it_is_outside)
{
	shape_expect_enveloped(&notices[_i]);
}
END_TEST

START_TEST(s8_v2_has_no_envelopes)
{
	static const struct shape want = { .kind = KIND(UNKNOWN), .traits = ENVELOPED };

	shape_expect("a post", "{\"for_user\":1,\"message\":{\"data\":{" POST "}}}", &want, 0);
	shape_expect("errors", "{\"for_user\":1,\"message\":{\"errors\":[]}}", &want, 0);
}
END_TEST

int main(void)
{
	TCase *shapes = tcase_create("shapes");

	tcase_add_checked_fixture(shapes, shapes_init, shapes_release);
	LOOP(shapes, every_row_of_notices_is_told, notices);
	LOOP(shapes, every_row_of_v2_is_told, v2);
	LOOP(shapes, every_row_of_unknowns_is_told, unknowns);
	LOOP(shapes, s8_a_notice_in_an_envelope_is_what_it_is_outside, notices);
	tcase_add_test(shapes, s8_v2_has_no_envelopes);
	return run_case("kind_notice", shapes);
}
