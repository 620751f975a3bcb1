/* SPDX-License-Identifier: MIT */
/*
 * Faults instead of a stream: no answer, or one that is none; a row for each of those steps of the
 * stream server's --fault, named as there, and for what only the scripted transport can do.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support/twitter_trial_internal.h"

#define CLOCK_OFF_MS 864000000u	/* ten days */

void trial_fail_with(struct trial *trial, enum weir_reconnect_cause cause, enum trial_pace pace,
		     enum trial_class class)
{
	trial->cause = cause;
	trial->pace = pace;
	trial->class = class;
}

static void make_drop(struct trial_maker *maker, struct trial *trial)
{
	trial_fail_with(trial, WEIR_RECONNECT_NETWORK, TRIAL_BY_CLASS, TRIAL_NETWORK);
	trial_end(maker, trial, trial_random(maker, 0, 9000));
}

static void make_refused(struct trial_maker *maker, struct trial *trial)
{
	struct script_event *event = trial_event(trial, 0);

	(void)maker;
	trial_fail_with(trial, WEIR_RECONNECT_NETWORK, TRIAL_BY_CLASS, TRIAL_NETWORK);
	event->refused = true;
	event->fails = WEIR_ERR_IO;
}

static void make_silent(struct trial_maker *maker, struct trial *trial)
{
	(void)maker;
	trial_fail_with(trial, WEIR_RECONNECT_STALLED, TRIAL_FREE, TRIAL_NETWORK);
	trial->over_ms = TRIAL_STALL_MS;
}

/* A status that is no stream's, with some words, and an end, perhaps. */
static struct script_event *refuse(struct trial_maker *maker, struct trial *trial, int code)
{
	const uint64_t at_ms = trial_random(maker, 0, 2000);
	struct script_event *event = trial_event(trial, at_ms);

	trial_fail_with(trial, WEIR_RECONNECT_HTTP, TRIAL_BY_CLASS, TRIAL_HTTP);
	event->status = code;
	event->text = "{\"errors\":[{\"code\":130,\"message\":\"Over capacity\"}]}";
	trial->over_ms = at_ms + TRIAL_WORDS_MS;
	if (trial_random(maker, 0, 3))
		trial_end(maker, trial, at_ms + trial_random(maker, 0, 3000));
	return event;
}

static void make_status(struct trial_maker *maker, struct trial *trial)
{
	static const int codes[] = { 500, 502, 503, 504, 599 };

	refuse(maker, trial, codes[trial_random(maker, 0, 4)]);
}

static void make_retry_after(struct trial_maker *maker, struct trial *trial)
{
	struct script_event *event = refuse(maker, trial, 503);
	char seconds[24];

	trial->least_ms = trial_random(maker, 1, 600) * 1000;
	snprintf(seconds, sizeof seconds, "%" PRIu64, trial->least_ms / 1000);
	event->name = "Retry-After";
	event->value = trial_text(trial, seconds);
}

/* Longer than what is kept of an error's words: that is enough of them. */
static void make_html_error(struct trial_maker *maker, struct trial *trial)
{
	struct script_event *event = refuse(maker, trial, 503);
	const size_t len = (size_t)trial_random(maker, 2048, 9000);
	char html[9001];

	memset(html, '<', len);
	html[len] = '\0';
	event->text = trial_text(trial, html);
	trial->over_ms = event->at_ms;
}

static void make_rate(struct trial_maker *maker, struct trial *trial)
{
	refuse(maker, trial, trial_random(maker, 0, 1) ? 420 : 429);
	trial_fail_with(trial, WEIR_RECONNECT_RATE, TRIAL_BY_CLASS, TRIAL_RATE);
}

/* x-rate-limit-reset, by the server's own clock. */
static void make_rate_reset(struct trial_maker *maker, struct trial *trial)
{
	struct script_event *event;
	char seconds[24];

	make_rate(maker, trial);
	event = &trial->answer.events[0];
	trial->least_ms = trial_random(maker, 0, 2000) * 1000;
	snprintf(seconds, sizeof seconds, "%" PRIu64, 1577840400 + trial->least_ms / 1000);
	event->text = NULL;
	event->name = "Date";
	event->value = "Wed, 01 Jan 2020 01:00:00 GMT";
	if (trial->event_count > 1)
		trial->event_count--;
	event = trial_event(trial, event->at_ms);
	event->name = "x-rate-limit-reset";
	event->value = trial_text(trial, seconds);
	event->ends = true;
}

static bool may_try(const struct trial_maker *maker)
{
	return maker->tries < 4;
}

/* Statuses that are tried five times. */
static void make_try(struct trial_maker *maker, struct trial *trial)
{
	static const int codes[] = { 204, 402, 407, 409, 600 };

	maker->tries++;
	refuse(maker, trial, codes[trial_random(maker, 0, 4)]);
}

static bool may_correct(const struct trial_maker *maker)
{
	return !maker->clock_corrected;
}

/* The server's clock is ten days off, to the one side and to the other in turn. */
static void make_wrong_date(struct trial_maker *maker, struct trial *trial)
{
	struct script_event *event = refuse(maker, trial, 401);
	const uint64_t now_ms = maker->clock_ahead ? maker->wall_ms - CLOCK_OFF_MS :
						     maker->wall_ms + CLOCK_OFF_MS;
	const time_t seconds = (time_t)(now_ms / 1000);
	char date[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	event->name = "Date";
	event->value = trial_text(trial, date);
	trial_fail_with(trial, WEIR_RECONNECT_CLOCK, TRIAL_AT_ONCE, TRIAL_HTTP);
	maker->clock_corrected = true;
	maker->clock_ahead = !maker->clock_ahead;
}

static bool may_leave_out_count(const struct trial_maker *maker)
{
	return !maker->count_left_out;
}

static void make_count(struct trial_maker *maker, struct trial *trial)
{
	maker->count_left_out = true;
	refuse(maker, trial, 416);
	trial->pace = TRIAL_AT_ONCE;
}

const struct trial_fault trial_refusals[] = {
	{ "drop", make_drop, NULL },
	{ "silent=0", make_silent, NULL },
	{ "status=503", make_status, NULL },
	{ "status=420", make_rate, NULL },
	{ "status=429;x-rate-limit-reset", make_rate_reset, NULL },
	{ "status=407", make_try, may_try },
	{ "html-error", make_html_error, NULL },
	{ "wrong-date", make_wrong_date, may_correct },
	{ "503 with Retry-After", make_retry_after, NULL },
	{ "status=416", make_count, may_leave_out_count },
	{ "an attempt that cannot begin", make_refused, NULL },
};
const size_t trial_refusal_count = sizeof trial_refusals / sizeof *trial_refusals;

/* ---- the end ---- */

static void end_with(struct trial_maker *maker, struct trial *trial, int code,
		     enum weir_status status)
{
	refuse(maker, trial, code);
	trial->ends = status;
}

static void make_redirect(struct trial_maker *maker, struct trial *trial)
{
	end_with(maker, trial, 302, WEIR_ERR_REFUSED);
}

static void make_gone(struct trial_maker *maker, struct trial *trial)
{
	end_with(maker, trial, 410, WEIR_ERR_REFUSED);
}

static void make_unauthorized(struct trial_maker *maker, struct trial *trial)
{
	end_with(maker, trial, 401, WEIR_ERR_AUTH);
}

static void make_invalid(struct trial_maker *maker, struct trial *trial)
{
	make_refused(maker, trial);
	trial->answer.events[0].fails = WEIR_ERR_UNSUPPORTED;
	trial->ends = WEIR_ERR_UNSUPPORTED;
}

const struct trial_fault trial_refusal_ends[] = {
	{ "redirect", make_redirect, NULL },
	{ "status=410", make_gone, NULL },
	{ "status=401", make_unauthorized, NULL },
	{ "an attempt that nothing cures", make_invalid, NULL },
};
const size_t trial_refusal_end_count = sizeof trial_refusal_ends / sizeof *trial_refusal_ends;
