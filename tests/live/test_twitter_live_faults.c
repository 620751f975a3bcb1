/* SPDX-License-Identifier: MIT */
/*
 * The Twitter source against the local stream server, when something goes wrong: connections that
 * break in every way, answers that are none, and what the client does about each, by the real
 * clock.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/live_rig.h"
#include "support/run.h"

#define SEED 7
#define MESSAGES "40"
#define ALL 40
#define PROMPT_MS (LIVE_SANITIZED ? 1000 : 200)

/* ---- broken connections ---- */

#define CODE_4 "{\"disconnect\":{\"code\":4,\"stream_name\":\"mossgrove-statuses\"," \
	       "\"reason\":\"as the script says\"}}"

/* What the second connection sends is all there is, from the start. */
static const struct {
	const char *name;
	const char *fault;
	bool gzip;
	bool delimited;
	size_t before;		/* messages on the first connection */
	const char *last;	/* the script's own message after them; NULL: none */
	uint64_t truncated;
	bool gap;		/* there was a good answer before */
	enum weir_reconnect_cause cause;
} breaks[] = {
	{ "D4 cut in a message", "cut=5,ok", false, false, 5, NULL, 1, true,
	  WEIR_RECONNECT_DROPPED },
	{ "F13 cut in a compressed message", "cut=5,ok", true, false, 5, NULL, 1, true,
	  WEIR_RECONNECT_DROPPED },
	{ "F13 cut in a message with its length", "cut=5,ok", false, true, 5, NULL, 1, true,
	  WEIR_RECONNECT_DROPPED },
	{ "F13 cut in a chunk", "cut-chunk=5,ok", false, false, 5, NULL, 1, true,
	  WEIR_RECONNECT_DROPPED },
	{ "D4 closed at once", "close,ok", false, false, 0, NULL, 0, true,
	  WEIR_RECONNECT_DROPPED },
	{ "K5 closed after a keep-alive", "keepalive-close,ok", false, false, 0, NULL, 0, true,
	  WEIR_RECONNECT_DROPPED },
	{ "K2 no answer", "drop,ok", false, false, 0, NULL, 0, false, WEIR_RECONNECT_NETWORK },
	{ "L3 silence instead of an answer", "silent=0,ok", false, false, 0, NULL, 0, false,
	  WEIR_RECONNECT_STALLED },
	{ "L4 silence in the stream", "stall=5,ok", false, false, 5, NULL, 0, true,
	  WEIR_RECONNECT_STALLED },
	{ "F10 what is no gzip", "bad-gzip=5,ok", true, false, 5, NULL, 0, true,
	  WEIR_RECONNECT_PROTOCOL },
	{ "F6 a wrong length", "bad-length=5,ok", false, true, 5, NULL, 0, true,
	  WEIR_RECONNECT_PROTOCOL },
	{ "D1 a disconnect message", "disconnect=4:5,ok", false, false, 5, CODE_4, 0, true,
	  WEIR_RECONNECT_DISCONNECT },
	{ "D3 a disconnect message and no close", "disconnect-hold=4:5,ok", true, true, 5, CODE_4,
	  0, true, WEIR_RECONNECT_DISCONNECT },
};

static void serve(struct live *live, const char *fault, bool gzip)
{
	live_serve(live, LIVE_FILTER, WORDS("--generate", MESSAGES, "--seed", "7", "--then", "hold",
					    "--keep-alive-ms", "50", "--fault", fault,
					    gzip ? "--gzip" : NULL));
}

static void check_gap(const struct live *live, size_t at, const char *cause)
{
	const json_int_t now_ms = (json_int_t)time(NULL) * 1000;
	const char *source, *got_cause;
	json_t *last, *first;
	json_int_t from_ms, to_ms, missed;
	json_error_t error;
	json_t *gap;

	ck_assert_uint_eq(live->gap_count, 1);
	ck_assert_uint_eq(live->gap_at[0], at);
	gap = json_loads(live->gaps.data, 0, &error);
	ck_assert_msg(gap, "%s: %s", error.text, live->gaps.data);
	ck_assert_int_eq(json_unpack(gap, "{s:{s:s, s:I, s:I, s:s, s:I, s:o, s:o !} !}", "gap",
				     "source", &source, "from_ms", &from_ms, "to_ms", &to_ms,
				     "cause", &got_cause, "missed", &missed, "last_before", &last,
				     "first_after", &first), 0);
	ck_assert(json_is_string(last) || json_is_null(last));
	ck_assert_msg(json_is_string(first), "%s", live->gaps.data);
	ck_assert_str_eq(source, "twitter");
	ck_assert_str_eq(got_cause, cause);
	ck_assert_msg(from_ms <= to_ms && from_ms > now_ms - 60000 && to_ms < now_ms + 2000,
		      "%s", live->gaps.data);
	ck_assert_int_ge(missed, 0);
	json_decref(gap);
}

START_TEST(a_broken_connection_is_replaced_and_nothing_lost_or_invented)
{
	const size_t first = breaks[_i].before + (breaks[_i].last != NULL);
	struct live_text want = { .data = NULL };
	struct live *live = live_new();
	struct weir_source_metrics metrics;

	serve(live, breaks[_i].fault, breaks[_i].gzip);
	live->options.delimited = breaks[_i].delimited;
	live->options.stall_ms = breaks[_i].cause == WEIR_RECONNECT_STALLED ? 400 : 0;
	live->options.proven_ms = 1;
	live_start(live);
	LIVE_UNTIL(live, live->message_count >= first + ALL);
	live_stop(live);

	live_add_sample(&want, SEED, breaks[_i].before);
	if (breaks[_i].last) {
		live_add(&want, breaks[_i].last, strlen(breaks[_i].last));
		live_add(&want, "\n", 1);
	}
	live_add_sample(&want, SEED, ALL);
	live_check_messages(live, &want);
	metrics = live_metrics(live);
	ck_assert_msg(metrics.truncated == breaks[_i].truncated, "%s: %ju truncated",
		      breaks[_i].name, (uintmax_t)metrics.truncated);
	for (int cause = 0; cause < WEIR_RECONNECT_CAUSES; cause++)
		ck_assert_msg(metrics.reconnects[cause] == (cause == (int)breaks[_i].cause),
			      "%s: %ju reconnects for cause %d", breaks[_i].name,
			      (uintmax_t)metrics.reconnects[cause], cause);
	ck_assert_uint_eq(live_requests(live), 2);
	if (breaks[_i].gap)
		check_gap(live, first, weir_reconnect_cause_name(breaks[_i].cause));
	else
		ck_assert_uint_eq(live->gap_count, 0);
	live_end(live);
}
END_TEST

/* What was on its way may be lost with a reset, but not out of the middle. */
START_TEST(a_reset_connection_is_replaced_and_nothing_invented)
{
	struct live_text want = { .data = NULL };
	struct live *live = live_new();

	serve(live, "reset=5,ok", false);
	live_start(live);
	LIVE_UNTIL(live, live->gap_count == 1 && live->message_count >= live->gap_at[0] + ALL);
	live_stop(live);

	ck_assert_uint_le(live->gap_at[0], 5);
	live_add_sample(&want, SEED, live->gap_at[0]);
	live_add_sample(&want, SEED, ALL);
	live_check_messages(live, &want);
	ck_assert_uint_eq(live_metrics(live).reconnects[WEIR_RECONNECT_DROPPED], 1);
	live_end(live);
}
END_TEST

/* ---- odd lines in a good connection ---- */

static const struct {
	const char *name;
	const char *fault;
	bool delimited;
	size_t before;
	const char *line;
	unsigned kind;
} lines[] = {
	{ "F12 plain text", "text=Exceeded connection limit for user", false, 0,
	  "Exceeded connection limit for user", WEIR_KIND_NOTICE },
	{ "F15 no JSON", "malformed=3", false, 3, "{\"a\":", WEIR_KIND_MALFORMED },
	{ "F15 no JSON, with its length", "malformed=3", true, 3, "{\"a\":", WEIR_KIND_MALFORMED },
	{ "F2 line feeds", "bare-lf=3", false, 3, "{\"limit\":\n{\"track\":\n1}}",
	  WEIR_KIND_LIMIT },
};

START_TEST(an_odd_line_is_passed_on_as_what_it_is_and_the_stream_goes_on)
{
	struct live_text want = { .data = NULL };
	struct live *live = live_new();
	size_t of_kind;

	serve(live, lines[_i].fault, false);
	live->options.delimited = lines[_i].delimited;
	live_start(live);
	LIVE_UNTIL(live, live->message_count >= lines[_i].before + 1);
	of_kind = live->kinds[__builtin_ctz(lines[_i].kind)];
	ck_assert_msg(of_kind >= 1, "%s", lines[_i].name);
	LIVE_UNTIL(live, live->message_count >= ALL + 1);
	live_stop(live);

	live_add_sample(&want, SEED, ALL);
	want.len = 0;
	for (size_t i = 0; i < lines[_i].before; i++)
		want.len += strcspn(want.data + want.len, "\n") + 1;
	live_add(&want, lines[_i].line, strlen(lines[_i].line));
	live_add(&want, "\n", 1);
	ck_assert_msg(strncmp(live->messages.data, want.data, want.len) == 0, "%s",
		      lines[_i].name);
	live_clear(&want);
	ck_assert_uint_eq(live->message_count, ALL + 1);
	ck_assert_uint_eq(live_metrics(live).connects, 1);
	live_end(live);
}
END_TEST

static const struct {
	bool gzip;
	bool delimited;
} carriers[] = { { false, false }, { true, false }, { false, true }, { true, true } };

START_TEST(F8_a_huge_message_is_skipped_in_bounded_memory)
{
	struct live_text want = { .data = NULL };
	struct live *live = live_new();

	serve(live, "huge=20000000", carriers[_i].gzip);
	live->options.delimited = carriers[_i].delimited;
	live->options.max_message_bytes = 100000;
	live_start(live);
	LIVE_UNTIL(live, live->message_count >= ALL);
	live_stop(live);

	live_add_sample(&want, SEED, ALL);
	live_check_messages(live, &want);
	ck_assert_uint_eq(live_metrics(live).too_large, 1);
	ck_assert_uint_lt(live->memory.most_bytes, 2000000);
	live_end(live);
}
END_TEST

/* ---- answers that are no stream ---- */

static const struct {
	const char *name;
	const char *fault;
	const char *delay;	/* what the log says of the wait */
	enum weir_reconnect_cause cause;
} waits[] = {
	{ "K3 503", "status=503", "next attempt in 5000 ms", WEIR_RECONNECT_HTTP },
	{ "K15 503 with five megabytes of HTML", "html-error=5000000", "next attempt in 5000 ms",
	  WEIR_RECONNECT_HTTP },
	{ "K4 420", "status=420:Enhance your calm", "next attempt in 60000 ms",
	  WEIR_RECONNECT_RATE },
	{ "K4 429 with a reset", "status=429;x-rate-limit-reset=now+100:Too many",
	  "next attempt in ", WEIR_RECONNECT_RATE },
};

START_TEST(L5_a_stop_within_a_long_delay_is_prompt)
{
	struct live *live = live_new();
	uint64_t ms;

	serve(live, waits[_i].fault, false);
	live_start(live);
	LIVE_UNTIL(live, live_metrics(live).reconnects[waits[_i].cause] == 1);
	ck_assert_msg(strstr(live->log.data, waits[_i].delay), "%s:\n%s", waits[_i].name,
		      live->log.data);
	ck_assert_int_gt(weir_pipeline_timeout_ms(live->pipeline), 4000);

	ms = live_stop(live);
	ck_assert_msg(ms < PROMPT_MS, "%s: %ju ms", waits[_i].name, (uintmax_t)ms);
	ck_assert_int_eq(live->status, WEIR_END);
	ck_assert_uint_lt(live->memory.most_bytes, 1000000);
	ck_assert_uint_eq(live_requests(live), 1);
	live_end(live);
}
END_TEST

START_TEST(K15_a_fatal_answer_with_a_long_body_is_an_error_of_one_line)
{
	const struct weir_error *error;
	struct live *live = live_new();

	serve(live, "html-error=5000000:403", false);
	live_start(live);
	LIVE_UNTIL(live, live->status != WEIR_OK);
	error = weir_pipeline_error(live->pipeline);
	ck_assert_int_eq(live->status, WEIR_ERR_AUTH);
	ck_assert_int_eq(error->remote_code, 403);
	ck_assert_msg(strstr(error->text, "<html>") && !strchr(error->text, '\n'), "%s",
		      error->text);
	ck_assert_uint_lt(live->memory.most_bytes, 1000000);
	ck_assert_uint_eq(live_requests(live), 1);
	live_end(live);
}
END_TEST

START_TEST(R8_a_redirect_to_another_host_is_not_followed)
{
	struct live *other = live_new();
	struct live *live;
	char fault[400];

	live_serve(other, LIVE_FILTER, WORDS("--no-auth"));
	live_start(other);
	live = live_new();
	snprintf(fault, sizeof fault, "redirect=%s", other->url);
	serve(live, fault, false);
	live_start(live);
	LIVE_UNTIL(live, live->status != WEIR_OK);

	ck_assert_int_eq(live->status, WEIR_ERR_REFUSED);
	ck_assert_int_eq(weir_pipeline_error(live->pipeline)->remote_code, 302);
	ck_assert_uint_eq(live_requests(live), 1);
	ck_assert_uint_eq(live_requests(other), 0);
	live_end(live);
	live_end(other);
}
END_TEST

/* ---- clocks ---- */

static const char *const clocks[] = { "wrong-date=7200", "wrong-date=-7200" };
static const int64_t shifts_s[] = { 7200, -7200 };

static int64_t signed_at_s(const struct live *live, size_t number)
{
	json_t *request = live_request(live, number);
	const char *at = strstr(live_member(request, "headers", "Authorization"),
				"oauth_timestamp=\"");
	const int64_t at_s = at ? strtoll(at + strlen("oauth_timestamp=\""), NULL, 10) : 0;

	json_decref(request);
	return at_s;
}

START_TEST(O6_a_clock_that_is_off_follows_the_servers_and_streams)
{
	struct live_text want = { .data = NULL };
	struct live *live = live_new();
	int64_t shift_s;

	serve(live, clocks[_i], false);
	live_start(live);
	LIVE_UNTIL(live, live->message_count >= ALL);
	live_stop(live);

	live_add_sample(&want, SEED, ALL);
	live_check_messages(live, &want);
	ck_assert_uint_eq(live_metrics(live).reconnects[WEIR_RECONNECT_CLOCK], 1);
	ck_assert_uint_eq(live_requests(live), 2);
	shift_s = signed_at_s(live, 1) - signed_at_s(live, 0);
	ck_assert_msg(shift_s >= shifts_s[_i] - 5 && shift_s <= shifts_s[_i] + 5, "%jd s",
		      (intmax_t)shift_s);
	live_end(live);
}
END_TEST

/* ---- disconnect messages that say: do not come back ---- */

static const struct {
	const char *fault;
	int64_t code;
	enum weir_status status;
} partings[] = {
	{ "disconnect=6:5,ok", 6, WEIR_ERR_AUTH },
	{ "disconnect-hold=13:5,ok", 13, WEIR_ERR_AUTH },
	{ "disconnect=9:5,ok", 0, WEIR_END },
	{ "disconnect-hold=3:5,ok", 0, WEIR_END },
};

START_TEST(D1_a_code_that_ends_the_stream_ends_it_after_its_messages)
{
	struct live *live = live_new();

	serve(live, partings[_i].fault, false);
	live_start(live);
	LIVE_UNTIL(live, live->status != WEIR_OK);
	ck_assert_int_eq(live->status, partings[_i].status);
	ck_assert_int_eq(weir_pipeline_error(live->pipeline)->remote_code, partings[_i].code);
	ck_assert_uint_eq(live->message_count, 6);
	ck_assert_uint_eq(live_requests(live), 1);
	live_end(live);
}
END_TEST

START_TEST(D2_of_two_clients_of_one_account_the_older_waits_and_the_newer_streams)
{
	struct live *older = live_new();
	struct live *newer;

	live_serve(older, LIVE_FILTER, WORDS("--generate", MESSAGES, "--seed", "7", "--then",
					     "hold", "--one-connection"));
	live_start(older);
	LIVE_UNTIL(older, older->message_count == ALL);
	newer = live_new();
	newer->options.url = older->url;
	live_start(newer);
	LIVE_UNTIL(newer, (live_turn_within(older, 0), newer->message_count == ALL) &&
			  live_metrics(older).reconnects[WEIR_RECONNECT_DISCONNECT] == 1);

	ck_assert_uint_eq(older->message_count, ALL + 1);
	ck_assert_msg(strstr(older->alerts.data, "another consumer"), "%s", older->alerts.data);
	ck_assert_msg(strstr(older->log.data, "next attempt in 60000 ms"), "%s", older->log.data);
	ck_assert_uint_eq(live_requests(older), 2);
	ck_assert_uint_eq(live_metrics(newer).connects, 1);
	ck_assert_int_eq(newer->status, WEIR_OK);
	ck_assert_uint_lt(live_stop(older), PROMPT_MS);
	live_stop(newer);
	live_end(newer);
	live_end(older);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("faults");

	tcase_set_timeout(tcase, 60);
	LOOP(tcase, a_broken_connection_is_replaced_and_nothing_lost_or_invented, breaks);
	tcase_add_test(tcase, a_reset_connection_is_replaced_and_nothing_invented);
	LOOP(tcase, an_odd_line_is_passed_on_as_what_it_is_and_the_stream_goes_on, lines);
	LOOP(tcase, F8_a_huge_message_is_skipped_in_bounded_memory, carriers);
	LOOP(tcase, L5_a_stop_within_a_long_delay_is_prompt, waits);
	tcase_add_test(tcase, K15_a_fatal_answer_with_a_long_body_is_an_error_of_one_line);
	tcase_add_test(tcase, R8_a_redirect_to_another_host_is_not_followed);
	LOOP(tcase, O6_a_clock_that_is_off_follows_the_servers_and_streams, clocks);
	LOOP(tcase, D1_a_code_that_ends_the_stream_ends_it_after_its_messages, partings);
	tcase_add_test(tcase,
		       D2_of_two_clients_of_one_account_the_older_waits_and_the_newer_streams);
	return run_case("twitter, live, faults", tcase);
}
