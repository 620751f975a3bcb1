/* SPDX-License-Identifier: MIT */
/*
 * Faults within a stream: a row for each of those steps of the stream server's --fault, named as
 * there, and for what only the scripted transport can do. Each says what is sent and what comes of
 * it.
 */
#include <stdio.h>
#include <string.h>

#include "support/twitter_trial_internal.h"

static void answer(struct trial_maker *maker, struct trial *trial)
{
	static const char *const codings[] = { NULL, NULL, "gzip", "deflate" };

	trial_answer(trial, trial_random(maker, 0, 1500), codings[trial_random(maker, 0, 3)]);
}

static void make_ok(struct trial_maker *maker, struct trial *trial)
{
	answer(maker, trial);
	trial_end(maker, trial, trial_live(maker, trial, 5000, 60000) +
				trial_random(maker, TRIAL_PROVEN_MS, 9000));
}

static void make_late(struct trial_maker *maker, struct trial *trial)
{
	trial_answer(trial, trial_random(maker, 10000, 89999), NULL);
	trial_end(maker, trial, trial_live(maker, trial, 5000, 60000) + TRIAL_PROVEN_MS);
}

static void make_short(struct trial_maker *maker, struct trial *trial)
{
	answer(maker, trial);
	trial_live(maker, trial, 0, 2000);
	trial_end(maker, trial, trial->answered_ms + trial_random(maker, 2000, 4999));
}

static void make_close(struct trial_maker *maker, struct trial *trial)
{
	answer(maker, trial);
	trial_end(maker, trial, trial->answered_ms);
}

static void make_keepalive_close(struct trial_maker *maker, struct trial *trial)
{
	answer(maker, trial);
	trial_add_keep_alive(trial);
	trial_send(trial, trial->answered_ms);
	trial_end(maker, trial, trial->answered_ms);
}

static void make_wordless(struct trial_maker *maker, struct trial *trial)
{
	answer(maker, trial);
	trial_end(maker, trial, trial->answered_ms + trial_random(maker, 0, 80000));
}

static void make_cut(struct trial_maker *maker, struct trial *trial)
{
	uint64_t at_ms;

	answer(maker, trial);
	at_ms = trial_live(maker, trial, 0, 20000) + trial_random(maker, 0, 50);
	trial_add_message(maker, trial, at_ms);
	trial_add_half(maker, trial);
	trial_send(trial, at_ms);
	trial_end(maker, trial, at_ms + trial_random(maker, 0, 50));
}

/* Before anything has come out of the decoder. */
static void make_cut_gzip(struct trial_maker *maker, struct trial *trial)
{
	trial_answer(trial, 0, "gzip");
	trial_raw(trial, 10, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
		  (size_t)trial_random(maker, 1, 10));
	trial_end(maker, trial, trial_random(maker, 10, 9000));
}

static void stall(struct trial *trial)
{
	trial->cause = WEIR_RECONNECT_STALLED;
	trial->over_ms = trial->heard_ms + TRIAL_STALL_MS;
}

static void make_stall(struct trial_maker *maker, struct trial *trial)
{
	answer(maker, trial);
	trial_live(maker, trial, 0, 20000);
	stall(trial);
}

static void make_stall_wordless(struct trial_maker *maker, struct trial *trial)
{
	answer(maker, trial);
	stall(trial);
}

static void make_idle(struct trial_maker *maker, struct trial *trial)
{
	uint64_t at_ms;

	answer(maker, trial);
	at_ms = trial_live(maker, trial, 0, 5000);
	for (unsigned i = 0; i < 4; i++) {
		at_ms += trial_random(maker, 30000, 89999);
		trial_add_keep_alive(trial);
		trial_send(trial, at_ms);
	}
	stall(trial);
}

/* One message over many reads. */
static void make_drip(struct trial_maker *maker, struct trial *trial)
{
	uint64_t at_ms;
	size_t len;

	trial_answer(trial, 0, NULL);
	at_ms = trial_random(maker, 8, 400);
	trial_add_message(maker, trial, at_ms);
	len = trial->batch_len;
	for (size_t i = 0; i < 8; i++)
		trial_raw(trial, at_ms * (i + 1) / 8, trial->batch + len * i / 8,
			  len * (i + 1) / 8 - len * i / 8);
	trial->batch_len = 0;
	trial_end(maker, trial, trial_random(maker, 1000, 20000));
}

static void part(struct trial_maker *maker, struct trial *trial, unsigned code)
{
	char body[128];
	uint64_t at_ms;

	answer(maker, trial);
	at_ms = trial_live(maker, trial, 0, 20000) + trial_random(maker, 0, 100);
	snprintf(body, sizeof body, "{\"disconnect\":{\"code\":%u,\"stream_name\":\"s\","
		 "\"reason\":\"r\"}}", code);
	trial_add_frame(maker, trial, body, 0);
	trial_expect(trial, at_ms, body, "");
	trial_send(trial, at_ms);
	trial->cause = WEIR_RECONNECT_DISCONNECT;
}

static void make_disconnect_hold(struct trial_maker *maker, struct trial *trial)
{
	static const unsigned drops[] = { 1, 4, 5, 12 }, others[] = { 8, 10, 11, 99 };
	const bool drop = trial_random(maker, 0, 1);
	const uint64_t which = trial_random(maker, 0, 3);

	part(maker, trial, drop ? drops[which] : others[which]);
	trial->pace = drop ? TRIAL_FREE : TRIAL_BY_CLASS;
}

/* And its end, which nobody waits for. */
static void make_disconnect(struct trial_maker *maker, struct trial *trial)
{
	uint64_t over_ms;

	make_disconnect_hold(maker, trial);
	over_ms = trial->over_ms;
	trial_end(maker, trial, over_ms + trial_random(maker, 0, 100));
	trial->over_ms = over_ms;
}

static bool may_take_over(const struct trial_maker *maker)
{
	return !maker->was_taken_over;
}

static void make_takeover(struct trial_maker *maker, struct trial *trial)
{
	maker->was_taken_over = true;
	part(maker, trial, trial_random(maker, 0, 1) ? 2 : 7);
	trial->pace = TRIAL_BY_CLASS;
	trial->class = TRIAL_RATE;
}

static void damage(struct trial *trial, uint64_t at_ms)
{
	trial_fail_with(trial, WEIR_RECONNECT_PROTOCOL, TRIAL_BY_CLASS, TRIAL_NETWORK);
	trial->over_ms = at_ms;
}

static void make_bad_gzip(struct trial_maker *maker, struct trial *trial)
{
	uint64_t at_ms;

	trial_answer(trial, trial_random(maker, 0, 1500), trial_random(maker, 0, 1) ? "gzip" :
									      "deflate");
	at_ms = trial_live(maker, trial, 0, 20000) + 1;
	trial_raw(trial, at_ms, "\xff\xff\xff\xff not deflate", 16);
	damage(trial, at_ms);
}

static void make_gzip_members(struct trial_maker *maker, struct trial *trial)
{
	uint64_t at_ms = 0;

	trial_answer(trial, 0, "gzip");
	for (unsigned i = 0; i < 5; i++) {
		at_ms += trial_random(maker, 0, 9000);
		trial_add_message(maker, trial, at_ms);
		trial_send_member(trial, at_ms);
	}
	trial_end(maker, trial, at_ms + trial_random(maker, 0, 9000));
}

static void make_unknown_coding(struct trial_maker *maker, struct trial *trial)
{
	struct script_event *event;

	trial_answer(trial, 0, NULL);
	event = &trial->answer.events[0];
	event->name = "content-encoding";
	event->value = "br";
	trial_raw(trial, trial_random(maker, 0, 9000), "\x0b\x02\x80", 3);
	damage(trial, trial->heard_ms);
}

static bool is_delimited(const struct trial_maker *maker)
{
	return maker->delimited;
}

/* Too long, so that it swallows the beginning of what follows; or no number at all. */
static void make_bad_length(struct trial_maker *maker, struct trial *trial)
{
	uint64_t at_ms;

	answer(maker, trial);
	at_ms = trial_live(maker, trial, 0, 20000) + 1;
	if (trial_random(maker, 0, 1))
		trial_add(trial, "0x17\r\n", 6);
	else
		trial_add_frame(maker, trial, "{\"n\":1}", 7);
	trial_add_frame(maker, trial, "{\"lost\":\"with the connection\"}", 0);
	trial_send(trial, at_ms);
	damage(trial, at_ms);
}

/* Where a length must stand it is no message, but damage. */
static void make_text(struct trial_maker *maker, struct trial *trial)
{
	static const char line[] = "Exceeded connection limit for user";

	answer(maker, trial);
	trial_add(trial, line, sizeof line - 1);
	trial_add_keep_alive(trial);
	trial_send(trial, trial->answered_ms);
	if (maker->delimited) {
		damage(trial, trial->answered_ms);
		return;
	}
	trial_expect(trial, trial->answered_ms, line, "");
	trial_end(maker, trial, trial_live(maker, trial, 5000, 60000));
}

/* A good connection with one odd message in it. */
static void make_odd(struct trial_maker *maker, struct trial *trial, const char *body)
{
	answer(maker, trial);
	trial_add_frame(maker, trial, body, 0);
	trial_expect(trial, trial->answered_ms, body, "");
	trial_send(trial, trial->answered_ms);
	trial_end(maker, trial, trial_live(maker, trial, 5000, 60000));
}

static void make_malformed(struct trial_maker *maker, struct trial *trial)
{
	make_odd(maker, trial, "{\"a\":");
}

static void make_bare_lf(struct trial_maker *maker, struct trial *trial)
{
	make_odd(maker, trial, "{\"limit\":\n{\"track\":\n0}}");
}

static void make_huge(struct trial_maker *maker, struct trial *trial)
{
	char body[2 * TRIAL_LARGEST];

	memset(body, 'x', sizeof body - 1);
	body[sizeof body - 1] = '\0';
	answer(maker, trial);
	trial_add_frame(maker, trial, body, 0);
	trial->too_large = 1;
	trial_send(trial, trial->answered_ms);
	trial_end(maker, trial, trial_live(maker, trial, 0, 60000));
}

const struct trial_fault trial_streams[] = {
	{ "ok", make_ok, NULL },
	{ "silent", make_late, NULL },
	{ "close", make_close, NULL },
	{ "keepalive-close", make_keepalive_close, NULL },
	{ "cut, cut-chunk, reset", make_cut, NULL },
	{ "stall", make_stall, NULL },
	{ "idle", make_idle, NULL },
	{ "drip", make_drip, NULL },
	{ "disconnect", make_disconnect, NULL },
	{ "disconnect-hold", make_disconnect_hold, NULL },
	{ "bad-gzip", make_bad_gzip, NULL },
	{ "gzip-members", make_gzip_members, NULL },
	{ "bad-length", make_bad_length, is_delimited },
	{ "text", make_text, NULL },
	{ "malformed", make_malformed, NULL },
	{ "bare-lf", make_bare_lf, NULL },
	{ "huge", make_huge, NULL },
	{ "disconnect=7", make_takeover, may_take_over },
	{ "a short life", make_short, NULL },
	{ "200 without a byte", make_wordless, NULL },
	{ "200 without a byte, and no end", make_stall_wordless, NULL },
	{ "cut in a gzip header", make_cut_gzip, NULL },
	{ "a coding that was not asked for", make_unknown_coding, NULL },
};
const size_t trial_stream_count = sizeof trial_streams / sizeof *trial_streams;

/* ---- the end ---- */

static void make_revoked(struct trial_maker *maker, struct trial *trial)
{
	part(maker, trial, 6);
	trial->ends = WEIR_ERR_AUTH;
}

static void make_complete(struct trial_maker *maker, struct trial *trial)
{
	part(maker, trial, 9);
	trial->ends = WEIR_END;
}

const struct trial_fault trial_stream_ends[] = {
	{ "disconnect=6", make_revoked, NULL },
	{ "disconnect=9", make_complete, NULL },
};
const size_t trial_stream_end_count = sizeof trial_stream_ends / sizeof *trial_stream_ends;
