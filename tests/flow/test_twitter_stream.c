/* SPDX-License-Identifier: MIT */
/*
 * From the body of an answer to messages: framing, compression, losses. Every stream test
 * runs with the body in one piece, byte by byte, and in odd pieces.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/run.h"
#include "support/twitter_bodies.h"
#include "support/twitter_rig.h"

/* ---- framing ---- */

static const struct {
	const char *name;
	bool delimited;
	const char *body;
	const char *want;
	uint64_t keep_alives;
} framings[] = {
	{ "A1: keep-alives", false, "\r\n\r\n\r\n", "", 3 },
	{ "A2: lines", false, M1 "\r\n" M2 "\r\n", M1 "\n" M2 "\n", 0 },
	{ "A3: a keep-alive between", false, M1 "\r\n\r\n" M2 "\r\n", M1 "\n" M2 "\n", 1 },
	{ "A4: a bare LF", false, "{\"a\":\n1}\r\n", "{\"a\":\n1}\n", 0 },
	{ "A5: delimited", true, "23\r\n" M1 "\r\n", M1 "\n", 0 },
	{ "A6: delimited with keep-alives", true, "\r\n\r\n23\r\n" M1 "\r\n\r\n31\r\n" M2 "\r\n",
	  M1 "\n" M2 "\n", 3 },
	{ "A7: LF after the length", true, "23\n" M1 "\r\n", M1 "\n", 0 },
	{ "F12: plain text", false, "Exceeded connection limit for user\r\n" M1 "\r\n",
	  "Exceeded connection limit for user\n" M1 "\n", 0 },
	{ "F14: raw UTF-8 and escapes", false,
	  "{\"text\":\"한국어 😎\",\"u\":\"http:\\/\\/t\\u003c\\ud83d\\ude0e\"}\r\n",
	  "{\"text\":\"한국어 😎\",\"u\":\"http:\\/\\/t\\u003c\\ud83d\\ude0e\"}\n", 0 },
	{ "F15: invalid JSON", false, "{\"a\":\r\n" M1 "\r\n", "{\"a\":\n" M1 "\n", 0 },
	{ "T3: repeated and disordered", false, M2 "\r\n" M1 "\r\n" M2 "\r\n",
	  M2 "\n" M1 "\n" M2 "\n", 0 },
};
#define FRAMINGS (int)(sizeof framings / sizeof *framings)

START_TEST(T1_F_payloads_arrive_byte_for_byte_however_they_are_cut)
{
	const int row = _i / RIG_CUTS;
	const struct script_answer answer = {
		{ { .status = 200, .text = framings[row].body } }
	};
	struct twitter_rig *rig = rig_cut_new(&answer, 1, _i % RIG_CUTS);

	rig->options.delimited = framings[row].delimited;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);

	rig_check_messages(rig, WEIR_KIND_ANY, framings[row].want);
	ck_assert_msg(rig_metrics(rig).keep_alives == framings[row].keep_alives, "%s",
		      framings[row].name);
	ck_assert_uint_eq(rig_metrics(rig).wire_bytes, strlen(framings[row].body));
	rig_end(rig);
}
END_TEST

static const char *const lengths[] = {
	"99999999999\r\n", "-5\r\n", "abc\r\n", "1\r\n", "23 \r\n", "0x17\r\n",
	"20\r\n" M1 "\r\n", "24\r\n" M1 "\r\n\r\n",
};

START_TEST(F6_F7_a_wrong_length_ends_the_connection_and_no_more)
{
	const struct script_answer answers[] = {
		{ { { .status = 200, .text = "23\r\n" M1 "\r\n" },
		    { .at_ms = 6000, .text = lengths[_i] } } },
		{ { { .status = 200, .text = "31\r\n" M2 "\r\n" } } },
	};
	struct twitter_rig *rig = rig_new(answers, 2);

	rig->options.delimited = true;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 10000), WEIR_OK);

	rig_check_messages(rig, NOT_GAP, M1 "\n" M2 "\n");
	ck_assert_uint_eq(rig_delay(rig, 0), 250);
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_PROTOCOL], 1);
	rig_end(rig);
}
END_TEST

START_TEST(F8_a_message_above_the_cap_is_skipped_and_counted)
{
	const size_t large = 10u << 20;
	char *body = malloc(large + 64);
	struct script_answer answer = { { { .status = 200, .text = body } } };
	struct twitter_rig *rig = rig_new(&answer, 1);

	ck_assert_ptr_nonnull(body);
	memset(body, 'x', large);
	strcpy(body + large, "\r\n" M1 "\r\n");
	rig->script.piece = 16384;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	rig_check_messages(rig, WEIR_KIND_ANY, M1 "\n");
	ck_assert_uint_eq(rig_metrics(rig).too_large, 1);
	ck_assert_uint_lt(rig->fake.most_bytes, 13u << 20);
	ck_assert_uint_eq(rig->script.opens, 1);
	rig_end(rig);
	free(body);
}
END_TEST

START_TEST(F13_a_cut_message_is_counted_and_not_delivered)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = M1 "\r\n{\"text\":\"c" },
		    { .at_ms = 6000, .ends = true } } },
		{ { { .status = 200, .text = M2 "\r\n" } } },
	};
	struct twitter_rig *rig = rig_cut_new(answers, 2, _i);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 7000), WEIR_OK);

	rig_check_messages(rig, NOT_GAP, M1 "\n" M2 "\n");
	ck_assert_uint_eq(rig_metrics(rig).truncated, 1);
	rig_end(rig);
}
END_TEST

/* ---- compression ---- */

static const struct {
	const char *name;
	const char *coding;
	const char *body;
	size_t len;
	uint64_t keep_alives;
} codings[] = {
	{ "F9: one member, sync-flushed", "gzip", FLUSHED, sizeof(FLUSHED) - 1, 1 },
	{ "F10: two members", "GZIP", ZIPPED_M1 ZIPPED_M2,
	  sizeof(ZIPPED_M1 ZIPPED_M2) - 1, 0 },
	{ "F11: identity although gzip was asked", "identity", M1 "\r\n" M2 "\r\n", 0, 0 },
	{ "F11: x-gzip", "x-gzip", ZIPPED_M1 ZIPPED_M2,
	  sizeof(ZIPPED_M1 ZIPPED_M2) - 1, 0 },
};
#define CODINGS (int)(sizeof codings / sizeof *codings)

START_TEST(F9_F10_F11_the_answers_header_decides_about_compression)
{
	const int row = _i / RIG_CUTS;
	const struct script_answer answer = {
		{ { .status = 200, .name = "Content-Encoding", .value = codings[row].coding,
		    .text = codings[row].body, .len = codings[row].len } }
	};
	struct twitter_rig *rig = rig_cut_new(&answer, 1, _i % RIG_CUTS);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);

	rig_check_messages(rig, WEIR_KIND_ANY, M1 "\n" M2 "\n");
	ck_assert_msg(rig_metrics(rig).keep_alives == codings[row].keep_alives, "%s",
		      codings[row].name);
	rig_end(rig);
}
END_TEST

START_TEST(F9_each_flushed_piece_gives_its_message_at_once)
{
	static const struct script_answer answer = {
		{ { .status = 200, .name = "content-encoding", .value = "gzip",
		    BYTES(FLUSHED_M1) },
		  { .at_ms = 1000, BYTES(FLUSHED_KEEP_ALIVE) },
		  { .at_ms = 2000, BYTES(FLUSHED_M2) } }
	};
	struct twitter_rig *rig = rig_new(&answer, 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);
	rig_check_messages(rig, WEIR_KIND_ANY, M1 "\n");
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);
	ck_assert_uint_eq(rig_metrics(rig).keep_alives, 1);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);
	rig_check_messages(rig, WEIR_KIND_ANY, M1 "\n" M2 "\n");
	rig_end(rig);
}
END_TEST

static const struct {
	const char *name;
	const char *coding;
	const char *body;
	size_t len;
} damaged[] = {
	{ "a flipped byte", "gzip",
	  "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff\xff\xff", 14 },
	{ "no gzip at all", "gzip", "{\"text\":\"a\"}\r\n", 0 },
	{ "a coding not asked for", "br", "\x0b\x02\x80", 3 },
};

START_TEST(F10_a_damaged_body_reconnects)
{
	const struct script_answer answers[] = {
		{ { { .status = 200, .name = "Content-Encoding", .value = damaged[_i].coding,
		      .text = damaged[_i].body, .len = damaged[_i].len } } },
		{ { { .status = 200, .text = M2 "\r\n" } } },
	};
	struct twitter_rig *rig = rig_new(answers, 2);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);

	rig_check_messages(rig, NOT_GAP, M2 "\n");
	ck_assert_msg(rig_metrics(rig).reconnects[WEIR_RECONNECT_PROTOCOL] == 1, "%s",
		      damaged[_i].name);
	ck_assert_uint_eq(rig_delay(rig, 0), 250);
	rig_end(rig);
}
END_TEST

/* ---- losses, warnings ---- */

#define LIMIT(n) "{\"limit\":{\"track\":" #n ",\"timestamp_ms\":\"1577836800000\"}}\r\n"

START_TEST(T2_missed_is_the_maximum_of_each_connection_summed)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = LIMIT(5) LIMIT(9) LIMIT(7) },
		    { .at_ms = 6000, .ends = true } } },
		{ { { .status = 200, .text = LIMIT(2) "{\"limit\":{\"track\":\"x\"}}\r\n"
					     "{\"limit\":{\"track\":-4}}\r\n"
					     "{\"limit\":{}}\r\n" } } },
	};
	struct twitter_rig *rig = rig_cut_new(answers, 2, _i);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 7000), WEIR_OK);

	ck_assert_uint_eq(rig_metrics(rig).missed, 11);
	ck_assert_uint_ge(recorder_count(&rig->recorder, WEIR_KIND_LIMIT), 4);
	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_DROPPED], 1);
	rig_end(rig);
}
END_TEST

static const struct {
	const char *body;
	uint64_t percent;
	const char *alert;
} warnings[] = {
	{ "{\"warning\":{\"code\":\"FALLING_BEHIND\",\"message\":\"m\",\"percent_full\":60}}\r\n",
	  60, "FALLING_BEHIND, its queue is 60% full" },
	{ "{\"warning\":{\"code\":\"FALLING_BEHIND\",\"message\":\"m\"}}\r\n", 0,
	  "the service warns: FALLING_BEHIND\n" },
	{ "{\"warning\":{\"code\":\"FOLLOWS_OVER_LIMIT\",\"message\":\"m\",\"user_id\":42}}\r\n", 0,
	  "the service warns: FOLLOWS_OVER_LIMIT\n" },
	{ "{\"for_user\":1,\"message\":{\"warning\":{\"code\":\"FALLING_BEHIND\",\"message\":\"m\","
	  "\"percent_full\":7}}}\r\n", 7, "its queue is 7% full" },
};

START_TEST(T7_falling_behind_is_a_gauge_and_an_alert)
{
	const struct script_answer answer = {
		{ { .status = 200, .text = warnings[_i].body } }
	};
	struct twitter_rig *rig = rig_new(&answer, 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	ck_assert_uint_eq(rig_metrics(rig).percent_full, warnings[_i].percent);
	ck_assert_msg(strstr(rig->alerts, warnings[_i].alert), "%s", rig->alerts);
	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_WARNING), 1);
	rig_end(rig);
}
END_TEST

START_TEST(F12_what_the_service_says_in_plain_text_is_logged)
{
	static const struct script_answer answer = {
		{ { .status = 200, .text = "Exceeded connection limit for user\r\n" } }
	};
	struct twitter_rig *rig = rig_new(&answer, 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	ck_assert_ptr_nonnull(strstr(rig->fake.log, "says: Exceeded connection limit for user"));
	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_NOTICE), 1);
	rig_end(rig);
}
END_TEST

static void add_framing(TCase *tcase)
{
	const int rows = (int)(sizeof damaged / sizeof *damaged);

	tcase_add_loop_test(tcase, T1_F_payloads_arrive_byte_for_byte_however_they_are_cut, 0,
			    FRAMINGS * RIG_CUTS);
	LOOP(tcase, F6_F7_a_wrong_length_ends_the_connection_and_no_more, lengths);
	tcase_add_test(tcase, F8_a_message_above_the_cap_is_skipped_and_counted);
	tcase_add_loop_test(tcase, F13_a_cut_message_is_counted_and_not_delivered, 0, RIG_CUTS);
	tcase_add_loop_test(tcase, F9_F10_F11_the_answers_header_decides_about_compression, 0,
			    CODINGS * RIG_CUTS);
	tcase_add_test(tcase, F9_each_flushed_piece_gives_its_message_at_once);
	tcase_add_loop_test(tcase, F10_a_damaged_body_reconnects, 0, rows);
	tcase_add_test(tcase, F12_what_the_service_says_in_plain_text_is_logged);
}

static void add_duties(TCase *tcase)
{
	tcase_add_loop_test(tcase, T2_missed_is_the_maximum_of_each_connection_summed, 0, RIG_CUTS);
	LOOP(tcase, T7_falling_behind_is_a_gauge_and_an_alert, warnings);
}

int main(void)
{
	TCase *tcase = tcase_create("twitter_stream");

	add_framing(tcase);
	add_duties(tcase);
	return run_case("twitter_stream", tcase);
}
