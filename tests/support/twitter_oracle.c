/* SPDX-License-Identifier: MIT */
/* The rules of the Twitter source once more, as plainly as they can be put. */
#include "support/twitter_oracle.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP_WAITS_MS 60000

void oracle_init(struct oracle *oracle, const struct twitter_rig *rig)
{
	*oracle = (struct oracle){
		.due_ms = rig->fake.monotonic_ms,
		.wall_ahead_ms = rig->fake.wall_ms - rig->fake.monotonic_ms,
	};
}

void oracle_release(struct oracle *oracle)
{
	for (size_t i = 0; i < oracle->wanted_count; i++)
		free(oracle->wanted[i]);
	free(oracle->wanted);
}

/* ---- what arrives ---- */

static void __attribute__((format(printf, 2, 3)))
want(struct oracle *oracle, const char *format, ...)
{
	va_list arguments;

	if (oracle->wanted_count == oracle->wanted_size) {
		oracle->wanted_size = oracle->wanted_size ? oracle->wanted_size * 2 : 64;
		oracle->wanted = realloc(oracle->wanted,
					 oracle->wanted_size * sizeof *oracle->wanted);
		ck_assert_ptr_nonnull(oracle->wanted);
	}
	va_start(arguments, format);
	ck_assert_int_ge(vasprintf(&oracle->wanted[oracle->wanted_count++], format, arguments), 0);
	va_end(arguments);
}

static void want_gap(struct oracle *oracle, const char *first)
{
	const char *last = oracle->gap_last;
	const char *before = *last ? "\"" : "", *after = *first ? "\"" : "";

	if (!oracle->gap)
		return;
	oracle->gap = false;
	want(oracle, "{\"gap\":{\"source\":\"twitter\",\"from_ms\":%ju,\"to_ms\":%ju,"
	     "\"cause\":\"%s\",\"missed\":%ju,\"last_before\":%s%s%s,\"first_after\":%s%s%s}}",
	     (uintmax_t)(oracle->gap_from_ms + oracle->wall_ahead_ms),
	     (uintmax_t)(oracle->gap_to_ms + oracle->wall_ahead_ms),
	     weir_reconnect_cause_name(oracle->gap_cause), (uintmax_t)oracle->gap_missed, before,
	     *last ? last : "null", before, after, *first ? first : "null", after);
}

static void close_hole(struct oracle *oracle, uint64_t now_ms)
{
	if (!oracle->hole)
		return;
	ck_assert(!oracle->gap);
	oracle->hole = false;
	oracle->gap = true;
	oracle->gap_until_ms = now_ms + GAP_WAITS_MS;
	oracle->gap_from_ms = oracle->hole_ms;
	oracle->gap_to_ms = now_ms;
	oracle->gap_missed = oracle->missed;
	oracle->gap_cause = oracle->cause;
	memcpy(oracle->gap_last, oracle->last, sizeof oracle->last);
	oracle->metrics.gap_ms += now_ms - oracle->hole_ms;
}

static void play_message(struct oracle *oracle, const struct trial_message *message,
			 uint64_t at_ms)
{
	if (at_ms > oracle->gap_until_ms)
		want_gap(oracle, "");
	if (*message->id) {
		want_gap(oracle, message->id);
		memcpy(oracle->last, message->id, sizeof oracle->last);
	}
	want(oracle, "%s", message->body);
}

static void play_stream(struct oracle *oracle, const struct trial *trial, uint64_t start_ms)
{
	close_hole(oracle, start_ms + trial->answered_ms);
	oracle->metrics.connects++;
	oracle->metrics.missed += trial->missed;
	oracle->metrics.truncated += trial->truncated;
	oracle->metrics.too_large += trial->too_large;
	for (size_t i = 0; i < trial->message_count; i++)
		play_message(oracle, &trial->messages[i], start_ms + trial->messages[i].at_ms);
}

/* ---- when the next one comes ---- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_delay(struct oracle *oracle, enum trial_class class)
{
	uint64_t *last_ms = &oracle->delays_ms[class];

	switch (class) {
	case TRIAL_NETWORK:
		*last_ms = least(*last_ms + 250, 16000);
		break;
	case TRIAL_HTTP:
		*last_ms = *last_ms ? least(*last_ms * 2, 320000) : 5000;
		break;
	default:
		*last_ms = *last_ms ? least(*last_ms * 2, 960000) : 60000;
		break;
	}
	return *last_ms;
}

void oracle_play(struct oracle *oracle, const struct trial *trial, uint64_t start_ms)
{
	const uint64_t over_ms = start_ms + trial->over_ms;
	const bool proven = trial->answered && trial->heard &&
			    trial->over_ms - trial->answered_ms >= TRIAL_PROVEN_MS;

	if (trial->answered)
		play_stream(oracle, trial, start_ms);
	if (trial->ends != WEIR_OK) {
		oracle_leave(oracle, over_ms);
		return;
	}
	if (trial->answered) {
		want_gap(oracle, "");
		oracle->hole = true;
		oracle->hole_ms = start_ms + trial->heard_ms;
		oracle->missed = trial->missed;
		oracle->cause = trial->cause;
	}
	if (proven)
		memset(oracle->delays_ms, 0, sizeof oracle->delays_ms);
	oracle->delay_ms = 0;
	if (trial->pace == TRIAL_BY_CLASS || (trial->pace == TRIAL_FREE && !proven))
		oracle->delay_ms = next_delay(oracle, trial->class);
	if (oracle->delay_ms < trial->least_ms)
		oracle->delay_ms = trial->least_ms;
	oracle->due_ms = over_ms + oracle->delay_ms;
	oracle->metrics.reconnects[trial->cause]++;
}

void oracle_leave(struct oracle *oracle, uint64_t now_ms)
{
	close_hole(oracle, now_ms);
	want_gap(oracle, "");
}

/* ---- checks ---- */

void oracle_check_messages(struct oracle *oracle, const struct recorder *recorder,
			   const char *where)
{
	for (; oracle->checked < recorder->count; oracle->checked++) {
		const char *got = recorder->records[oracle->checked].body;

		ck_assert_msg(oracle->checked < oracle->wanted_count, "%s: not sent: %s", where,
			      got);
		ck_assert_msg(strcmp(got, oracle->wanted[oracle->checked]) == 0,
			      "%s: message %zu: want\n%s\ngot\n%s", where, oracle->checked,
			      oracle->wanted[oracle->checked], got);
	}
}

#define CHECK(metrics, want, member, where) \
	ck_assert_msg((metrics)->member == (want)->member, "%s: " #member " is %ju, not %ju", \
		      where, (uintmax_t)(metrics)->member, (uintmax_t)(want)->member)

void oracle_check_end(struct oracle *oracle, const struct twitter_rig *rig, const char *where)
{
	const struct weir_source_metrics got = rig_metrics(rig);
	const struct weir_source_metrics *all = &oracle->metrics;

	oracle_check_messages(oracle, &rig->recorder, where);
	ck_assert_msg(oracle->checked == oracle->wanted_count, "%s: lost: %s", where,
		      oracle->wanted[oracle->checked]);
	CHECK(&got, all, connects, where);
	CHECK(&got, all, missed, where);
	CHECK(&got, all, truncated, where);
	CHECK(&got, all, too_large, where);
	CHECK(&got, all, gap_ms, where);
	for (size_t cause = 0; cause < WEIR_RECONNECT_CAUSES; cause++)
		CHECK(&got, all, reconnects[cause], where);
}
