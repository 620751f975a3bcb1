/* SPDX-License-Identifier: MIT */
/*
 * The tracker: messages settle in any order, positions are acknowledged in order.
 *
 *     lane 7:   settled  settled │ open  settled  open  settled │ free …
 *               gone, acknowledged ▲ first                       ▲ next
 *
 * Guarantees: a position is acknowledged once it and everything added before it on its lane are
 * settled, never earlier; settling costs the same however many are under way (each place is
 * passed once). Invariant: the place at `first` is open, or first == next; `changed` lists exactly
 * the lanes whose acknowledged position moved since it was last taken.
 * A place is under way until it can be acknowledged: one stuck message holds those behind it.
 * Called by the engine, per source with positions.
 */
#include "model/tracker.h"

#include <assert.h>
#include <string.h>

#define FIRST_PLACES 16
#define FIRST_LANES 4

struct place {
	uint64_t offset;
	bool settled;
};

struct weir__lane {
	uint32_t number;
	bool changed;
	struct weir__lane *next_changed;
	uint64_t acknowledged;	/* offset; of meaning while `changed` */
	struct place *places;	/* a ring; the capacity is a power of two */
	size_t capacity;
	uint64_t first, next;	/* sequence numbers: oldest under way, next to add */
};

void weir__tracker_init(struct weir__tracker *tracker, const struct weir_env *env)
{
	*tracker = (struct weir__tracker){ .env = env };
}

void weir__tracker_release(struct weir__tracker *tracker)
{
	for (size_t i = 0; i < tracker->lane_count; i++) {
		struct weir__lane *lane = tracker->lanes[i];

		weir__free(tracker->env, lane->places, lane->capacity * sizeof *lane->places);
		weir__free(tracker->env, lane, sizeof *lane);
	}
	weir__free(tracker->env, tracker->lanes,
		   tracker->lane_capacity * sizeof *tracker->lanes);
	weir__tracker_init(tracker, tracker->env);
}

/* Where the lane stands among the sorted ones, or would stand. */
static size_t search_lane(const struct weir__tracker *tracker, uint32_t number)
{
	size_t low = 0, high = tracker->lane_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (tracker->lanes[middle]->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool grow_lanes(struct weir__tracker *tracker)
{
	const size_t size = sizeof *tracker->lanes;
	const size_t capacity = tracker->lane_capacity ? tracker->lane_capacity * 2 : FIRST_LANES;
	struct weir__lane **lanes = weir__resize(tracker->env, tracker->lanes,
						 tracker->lane_capacity * size, capacity * size);

	if (!lanes)
		return false;
	tracker->lanes = lanes;
	tracker->lane_capacity = capacity;
	return true;
}

static struct weir__lane *insert_lane(struct weir__tracker *tracker, size_t at, uint32_t number)
{
	struct weir__lane *lane;

	if (tracker->lane_count == tracker->lane_capacity && !grow_lanes(tracker))
		return NULL;
	lane = weir__alloc(tracker->env, sizeof *lane);
	if (!lane)
		return NULL;

	lane->number = number;
	memmove(&tracker->lanes[at + 1], &tracker->lanes[at],
		(tracker->lane_count - at) * sizeof *tracker->lanes);
	tracker->lanes[at] = lane;
	tracker->lane_count++;
	return lane;
}

static struct weir__lane *find_lane(struct weir__tracker *tracker, uint32_t number)
{
	size_t at;

	if (tracker->last && tracker->last->number == number)
		return tracker->last;
	at = search_lane(tracker, number);
	if (at < tracker->lane_count && tracker->lanes[at]->number == number)
		return tracker->lanes[at];
	return insert_lane(tracker, at, number);
}

static struct place *place_of(const struct weir__lane *lane, uint64_t sequence)
{
	return &lane->places[sequence & (lane->capacity - 1)];
}

/* Doubles the ring; each place moves to where its sequence number puts it now. */
static bool grow_places(const struct weir_env *env, struct weir__lane *lane)
{
	struct weir__lane bigger = *lane;

	bigger.capacity = lane->capacity ? lane->capacity * 2 : FIRST_PLACES;
	bigger.places = weir__alloc_array(env, bigger.capacity, sizeof *bigger.places);
	if (!bigger.places)
		return false;
	for (uint64_t i = lane->first; i != lane->next; i++)
		*place_of(&bigger, i) = *place_of(lane, i);
	weir__free(env, lane->places, lane->capacity * sizeof *lane->places);
	*lane = bigger;
	return true;
}

enum weir_status weir__tracker_add(struct weir__tracker *tracker, struct weir_position position,
				   struct weir__track *ret)
{
	struct weir__lane *lane = find_lane(tracker, position.lane);

	if (!lane)
		return WEIR_ERR_NOMEM;
	tracker->last = lane;
	if (lane->next - lane->first == lane->capacity && !grow_places(tracker->env, lane))
		return WEIR_ERR_NOMEM;
	*place_of(lane, lane->next) = (struct place){ .offset = position.offset };
	*ret = (struct weir__track){ .lane = lane, .sequence = lane->next++ };
	tracker->count++;
	return WEIR_OK;
}

static void mark_changed(struct weir__tracker *tracker, struct weir__lane *lane)
{
	if (lane->changed)
		return;
	lane->changed = true;
	lane->next_changed = tracker->changed;
	tracker->changed = lane;
}

void weir__tracker_settle(struct weir__tracker *tracker, struct weir__track track)
{
	struct weir__lane *lane = track.lane;

	if (!lane)
		return;
	assert(track.sequence - lane->first < lane->next - lane->first);
	assert(!place_of(lane, track.sequence)->settled);
	place_of(lane, track.sequence)->settled = true;
	if (track.sequence != lane->first)
		return;

	while (lane->first != lane->next && place_of(lane, lane->first)->settled) {
		lane->acknowledged = place_of(lane, lane->first++)->offset;
		tracker->count--;
	}
	mark_changed(tracker, lane);
}

/* Nobody refers to what is settled any more, and the positions of a row of such are told together. */
void weir__tracker_join(struct weir__tracker *tracker, struct weir__track track)
{
	struct weir__lane *lane = track.lane;

	while (lane && lane->next - lane->first >= 2) {
		const struct place *last = place_of(lane, lane->next - 1);
		struct place *before = place_of(lane, lane->next - 2);

		if (!last->settled || !before->settled)
			return;
		before->offset = last->offset;
		lane->next--;
		tracker->count--;
	}
}

bool weir__tracker_take(struct weir__tracker *tracker, struct weir_position *ret)
{
	struct weir__lane *lane = tracker->changed;

	if (!lane)
		return false;
	tracker->changed = lane->next_changed;
	lane->next_changed = NULL;
	lane->changed = false;
	*ret = (struct weir_position){ .lane = lane->number, .offset = lane->acknowledged };
	return true;
}

size_t weir__tracker_count(const struct weir__tracker *tracker)
{
	return tracker->count;
}
