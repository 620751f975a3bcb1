/* SPDX-License-Identifier: MIT */
/*
 * Snapshots of the counters. Guarantees: never writes past the size the caller states; each number
 * is one atomic read.
 */
#include <string.h>

#include "engine/engine.h"

static struct weir_tally read_tally(const struct weir__tally *tally)
{
	return (struct weir_tally){ .received = weir__counter_get(&tally->received),
				    .delivered = weir__counter_get(&tally->delivered),
				    .dead_lettered = weir__counter_get(&tally->dead_lettered),
				    .dropped = weir__counter_get(&tally->dropped),
				    .in_flight = weir__counter_get(&tally->in_flight),
				    .bytes = weir__counter_get(&tally->bytes) };
}

/* Copies what the caller's struct has room for, and leaves its size as it was. */
static void hand_over(void *ret, const void *snapshot, size_t size)
{
	size_t room;

	memcpy(&room, ret, sizeof room);
	if (room <= sizeof room)
		return;
	room = room < size ? room : size;
	memcpy((uint8_t *)ret + sizeof(size_t), (const uint8_t *)snapshot + sizeof(size_t),
	       room - sizeof(size_t));
}

void weir_pipeline_metrics(const weir_pipeline *pipeline, struct weir_metrics *ret)
{
	struct weir_metrics snapshot = { .size = sizeof snapshot };

	if (pipeline) {
		snapshot.all = read_tally(&pipeline->all);
		for (size_t i = 0; i < WEIR_KIND_COUNT; i++)
			snapshot.kinds[i] = read_tally(&pipeline->kinds[i]);
		snapshot.in_flight_bytes = weir__counter_get(&pipeline->in_flight_bytes);
		for (size_t i = 0; i < WEIR_DROP_CAUSES; i++)
			snapshot.drops[i] = weir__counter_get(&pipeline->drops[i]);
		snapshot.fallbacks = weir__counter_get(&pipeline->fallbacks);
		snapshot.lag_ms = weir__counter_get(&pipeline->lag_ms);
	}
	hand_over(ret, &snapshot, sizeof snapshot);
}

void weir_source_metrics(const weir_source *source, struct weir_source_metrics *ret)
{
	struct weir_source_metrics snapshot = { .size = sizeof snapshot };

	if (source) {
		const struct weir__source_counters *from = &source->counters;

		snapshot.all = read_tally(&from->all);
		snapshot.connects = weir__counter_get(&from->counts[WEIR_COUNT_CONNECTS]);
		for (size_t i = 0; i < WEIR_RECONNECT_CAUSES; i++)
			snapshot.reconnects[i] =
				weir__counter_get(&from->counts[WEIR_COUNT_RECONNECTS + i]);
		snapshot.keep_alives = weir__counter_get(&from->counts[WEIR_COUNT_KEEP_ALIVES]);
		snapshot.missed = weir__counter_get(&from->counts[WEIR_COUNT_MISSED]);
		snapshot.too_large = weir__counter_get(&from->counts[WEIR_COUNT_TOO_LARGE]);
		snapshot.truncated = weir__counter_get(&from->counts[WEIR_COUNT_TRUNCATED]);
		snapshot.gap_ms = weir__counter_get(&from->counts[WEIR_COUNT_GAP_MS]);
		snapshot.percent_full = weir__counter_get(&from->counts[WEIR_GAUGE_PERCENT_FULL]);
		snapshot.wire_bytes = weir__counter_get(&from->counts[WEIR_COUNT_WIRE_BYTES]);
		snapshot.lag_ms = weir__counter_get(&from->lag_ms);
		snapshot.settled.lane = (uint32_t)weir__counter_get(&from->settled_lane);
		snapshot.settled.offset = weir__counter_get(&from->settled_offset);
	}
	hand_over(ret, &snapshot, sizeof snapshot);
}

void weir_sink_metrics(const weir_sink *sink, struct weir_sink_metrics *ret)
{
	struct weir_sink_metrics snapshot = { .size = sizeof snapshot };

	if (sink) {
		snapshot.submitted = weir__counter_get(&sink->attempts);
		snapshot.delivered = weir__counter_get(&sink->delivered);
		snapshot.failed = weir__counter_get(&sink->failed);
		snapshot.retried = weir__counter_get(&sink->retried);
		snapshot.in_flight = weir__counter_get(&sink->in_flight);
		snapshot.waiting = weir__counter_get(&sink->waiting_count);
		snapshot.bytes = weir__counter_get(&sink->bytes);
		snapshot.possible_duplicates = weir__counter_get(&sink->counts[0]);
		snapshot.transactions = weir__counter_get(&sink->counts[1]);
		snapshot.transactions_aborted = weir__counter_get(&sink->counts[2]);
	}
	hand_over(ret, &snapshot, sizeof snapshot);
}

void weir_route_metrics(const weir_rule *rule, struct weir_route_metrics *ret)
{
	struct weir_route_metrics snapshot = { .size = sizeof snapshot };

	if (rule) {
		snapshot.matched = weir__counter_get(&rule->matched);
		snapshot.delivered = weir__counter_get(&rule->delivered);
		snapshot.dead_lettered = weir__counter_get(&rule->dead_lettered);
		snapshot.in_flight = weir__counter_get(&rule->in_flight);
		snapshot.fallbacks = weir__counter_get(&rule->fallbacks);
		snapshot.dropped_new = weir__counter_get(&rule->dropped_new);
		snapshot.dropped_old = weir__counter_get(&rule->dropped_old);
		snapshot.dropped_revoked = weir__counter_get(&rule->dropped_revoked);
	}
	hand_over(ret, &snapshot, sizeof snapshot);
}

const char *weir_reconnect_cause_name(enum weir_reconnect_cause cause)
{
	static const char *const names[WEIR_RECONNECT_CAUSES] = {
		[WEIR_RECONNECT_DROPPED] = "dropped",	[WEIR_RECONNECT_STALLED] = "stalled",
		[WEIR_RECONNECT_NETWORK] = "network",	[WEIR_RECONNECT_HTTP] = "http",
		[WEIR_RECONNECT_RATE] = "rate",		[WEIR_RECONNECT_DISCONNECT] = "disconnect",
		[WEIR_RECONNECT_PROTOCOL] = "protocol", [WEIR_RECONNECT_CLOCK] = "clock",
		[WEIR_RECONNECT_RECONFIGURED] = "reconfigured",
	};

	return (unsigned)cause < WEIR_RECONNECT_CAUSES ? names[cause] : "unknown";
}

const char *weir_drop_cause_name(enum weir_drop_cause cause)
{
	static const char *const names[WEIR_DROP_CAUSES] = {
		[WEIR_DROP_ROUTE] = "route",
		[WEIR_DROP_UNROUTED] = "unrouted",
		[WEIR_DROP_OVERFLOW_NEW] = "overflow_new",
		[WEIR_DROP_OVERFLOW_OLD] = "overflow_old",
		[WEIR_DROP_DUPLICATE] = "duplicate",
		[WEIR_DROP_REVOKED] = "revoked",
	};

	return (unsigned)cause < WEIR_DROP_CAUSES ? names[cause] : "unknown";
}
