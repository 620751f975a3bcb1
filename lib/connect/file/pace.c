/* SPDX-License-Identifier: MIT */
/*
 * Pacing.
 *
 * Guarantees: no message is due before its time, and what is late does not make the next one late,
 * but for those so many a second: after a second lost they go on from there, and nothing comes in a
 * burst. A message without a time is due with the one before it, as is one whose time lies before
 * that. Pure: the time is a parameter. Called by the file source.
 */
#include "connect/file/pace.h"

#include "ground/error.h"
#include "kit/text.h"

#define MOST_LATE_MS 1000
#define MOST_TIME_MS 253402300799999	/* the end of the year 9999: what is above is no time */
#define MOST_ELAPSED_MS 1e15

/* Where times stand; the first that is there counts. */
static const char *const paths[] = {
	"timestamp_ms",
	"created_at",
	"data.created_at",
	"message.timestamp_ms",
	"message.created_at",
	"direct_message.created_at",
	"delete.timestamp_ms",
	"scrub_geo.timestamp_ms",
	"limit.timestamp_ms",
	"status_withheld.timestamp_ms",
	"user_withheld.timestamp_ms",
	"warning.timestamp_ms",
};

#define PATHS (sizeof paths / sizeof *paths)

enum weir_status weir__pace_init(struct weir__pace *pace, const struct weir_env *env,
				 struct weir_error *err)
{
	enum weir_status status = WEIR_OK;
	size_t slot;

	if (!pace->original || pace->plan)
		return WEIR_OK;
	pace->plan = weir__plan_new(env);
	if (!pace->plan)
		return weir__error_no_memory(err);
	for (size_t i = 0; i < PATHS && status == WEIR_OK; i++)
		status = weir__plan_add(pace->plan, paths[i], &slot, err);
	if (status < 0)
		return status;
	pace->slots = weir__alloc_array(env, weir__plan_slot_count(pace->plan),
					sizeof *pace->slots);
	return pace->slots ? WEIR_OK : weir__error_no_memory(err);
}

void weir__pace_release(struct weir__pace *pace, const struct weir_env *env)
{
	if (pace->slots)
		weir__free(env, pace->slots,
			   weir__plan_slot_count(pace->plan) * sizeof *pace->slots);
	pace->slots = NULL;
	pace->plan = weir__plan_free(pace->plan);
}

void weir__pace_restart(struct weir__pace *pace)
{
	pace->has_begun = false;
}

static uint64_t slot_time(const struct weir__slot *slot, const char *text)
{
	const struct weir_slice value = { text + slot->at, slot->len };
	uint64_t ms;

	if (slot->type != WEIR_FIELD_STRING && slot->type != WEIR_FIELD_NUMBER)
		return 0;
	if (!weir__text_to_u64(value, &ms) && !weir__text_to_created_at(value, &ms) &&
	    !weir__text_to_rfc3339(value, &ms))
		return 0;
	return ms <= MOST_TIME_MS ? ms : 0;
}

/* 0: it has none. */
static uint64_t find_time(const struct weir__pace *pace, struct weir_slice body)
{
	uint64_t ms = 0;
	size_t slot;

	if (body.len > WEIR__SCAN_MAX_BYTES ||
	    !weir__scan(pace->plan, body.data, body.len, pace->slots, NULL))
		return 0;
	for (size_t i = 0; i < PATHS && !ms; i++)
		if (weir__plan_find(pace->plan, paths[i], &slot))
			ms = slot_time(&pace->slots[slot], body.data);
	return ms;
}

static uint64_t due_ms(const struct weir__pace *pace)
{
	return pace->begin_ms + (uint64_t)pace->elapsed_ms;
}

static uint64_t next_original(struct weir__pace *pace, struct weir_slice body, uint64_t now_ms)
{
	const uint64_t time_ms = find_time(pace, body);
	uint64_t gap_ms;

	if (!time_ms)
		return pace->has_begun ? due_ms(pace) : now_ms;
	if (!pace->has_begun) {
		pace->has_begun = true;
		pace->begin_ms = now_ms;
		pace->elapsed_ms = 0;
		pace->last_time_ms = time_ms;
	}
	if (time_ms > pace->last_time_ms) {
		gap_ms = time_ms - pace->last_time_ms;
		if (pace->most_gap_ms && gap_ms > pace->most_gap_ms)
			gap_ms = pace->most_gap_ms;
		pace->elapsed_ms += (double)gap_ms / pace->speed;
		pace->last_time_ms = time_ms;
	}
	if (pace->elapsed_ms > MOST_ELAPSED_MS)
		pace->elapsed_ms = MOST_ELAPSED_MS;
	return due_ms(pace);
}

static uint64_t next_even(struct weir__pace *pace, uint64_t now_ms)
{
	pace->elapsed_ms = ++pace->count * 1000 / pace->per_second;
	if (!pace->has_begun || now_ms > due_ms(pace) + MOST_LATE_MS) {
		pace->has_begun = true;
		pace->begin_ms = now_ms;
		pace->elapsed_ms = pace->count = 0;
	}
	return due_ms(pace);
}

uint64_t weir__pace_next(struct weir__pace *pace, struct weir_slice body, uint64_t now_ms)
{
	if (pace->original)
		return next_original(pace, body, now_ms);
	return pace->per_second > 0 ? next_even(pace, now_ms) : 0;
}
