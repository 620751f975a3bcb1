/* SPDX-License-Identifier: MIT */
/*
 * Records into messages.
 *
 * Guarantees: a record's value is not copied, librdkafka's event is the message's owner; a record
 * of a partition that is not ours any more is not emitted: its next owner reads it. Called by
 * source.c.
 */
#include "connect/kafka/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ground/env.h"
#include "ground/error.h"

#define MOST_RECORDS 2000	/* of one step */
#define EVENT_BYTES 256		/* librdkafka's struct around a record, about */
#define PLACES 3		/* headers: topic, partition, offset */

struct place {
	char partition[12], offset[24];
};

static void release_event(void *owner)
{
	rd_kafka_event_destroy(owner);
}

/* Room for that many headers; false when out of memory. */
static bool reserve(struct weir__kafka_source *source, size_t count)
{
	struct weir_header *headers;

	if (count <= source->header_capacity)
		return true;
	headers = weir__resize(source->env, source->headers,
			       source->header_capacity * sizeof *headers, count * sizeof *headers);
	if (!headers)
		return false;
	source->headers = headers;
	source->header_capacity = count;
	return true;
}

static size_t add_places(const struct weir__kafka_source *source,
			 const rd_kafka_message_t *record, struct place *place, size_t count)
{
	const char *topic = rd_kafka_topic_name(record->rkt);
	const int partition = snprintf(place->partition, sizeof place->partition, "%" PRId32,
				       record->partition);
	const int offset =
		snprintf(place->offset, sizeof place->offset, "%" PRId64, record->offset);

	source->headers[count++] =
		(struct weir_header){ "weir.topic", { topic, strlen(topic) } };
	source->headers[count++] =
		(struct weir_header){ "weir.partition", { place->partition, (size_t)partition } };
	source->headers[count++] =
		(struct weir_header){ "weir.offset", { place->offset, (size_t)offset } };
	return count;
}

/* Fills init's headers, which are lent until the next record. False when out of memory. */
static bool take_headers(struct weir__kafka_source *source, const rd_kafka_message_t *record,
			 struct place *place, struct weir_message_init *init)
{
	const size_t places = source->place_headers ? PLACES : 0;
	rd_kafka_headers_t *given = NULL;
	size_t own = 0;

	if (rd_kafka_message_headers(record, &given) == RD_KAFKA_RESP_ERR_NO_ERROR)
		own = rd_kafka_header_cnt(given);
	if (own + places == 0)
		return true;
	if (!reserve(source, own + places))
		return false;
	for (size_t i = 0; i < own; i++) {
		struct weir_header *header = &source->headers[i];

		rd_kafka_header_get_all(given, i, &header->name, &header->value.data,
					&header->value.len);
	}
	init->headers = source->headers;
	init->header_count = places ? add_places(source, record, place, own) : own;
	return true;
}

static uint64_t time_of(const rd_kafka_message_t *record)
{
	rd_kafka_timestamp_type_t type;
	const int64_t time_ms = rd_kafka_message_timestamp(record, &type);

	return time_ms > 0 ? (uint64_t)time_ms : 0;
}

/* Where the partition's end is now, as librdkafka knows from its last answer. */
static void find_end(const struct weir__kafka_source *source, struct weir__kafka_lane *lane)
{
	int64_t low, high;

	if (lane->has_end ||
	    rd_kafka_get_watermark_offsets(source->client, lane->topic, lane->partition, &low,
					   &high) != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    high < 0)
		return;
	lane->end = (uint64_t)high;
	lane->has_end = true;
}

static void note_emitted(const struct weir__kafka_source *source, struct weir__kafka_lane *lane,
			 int64_t offset)
{
	lane->emitted = (uint64_t)offset + 1;
	if (!source->until_end)
		return;
	find_end(source, lane);
	if (lane->has_end && lane->emitted >= lane->end)
		lane->is_done = true;
}

/* Takes the event. There is room: the engine was asked. */
static enum weir_status emit(struct weir__kafka_source *source, weir_outlet *outlet,
			     rd_kafka_event_t *event, const rd_kafka_message_t *record,
			     struct weir__kafka_lane *lane, struct weir_error *err)
{
	const int64_t offset = record->offset;
	struct weir_message_init init = {
		.size = sizeof init,
		.body = { record->payload, record->len },
		.release = release_event,
		.owner = event,
		.kind = record->payload ? source->kind : WEIR_KIND_RECORD,
		.key = { record->key, record->key_len },
		.time_ms = time_of(record),
		.position = { (uint32_t)(lane - source->lanes.all), (uint64_t)offset },
		.owner_bytes = record->len + record->key_len + EVENT_BYTES,
	};
	struct place place;
	enum weir_status status;

	if (!take_headers(source, record, &place, &init)) {
		rd_kafka_event_destroy(event);
		return weir__error_no_memory(err);
	}
	status = weir_outlet_emit(outlet, &init, NULL, err);
	if (status == WEIR_AGAIN) {
		rd_kafka_event_destroy(event);
		return weir_error_set(err, WEIR_ERR_STATE, WEIR_REMEDY_STOP,
				      "a record was refused for which there was room");
	}
	if (status == WEIR_OK)
		note_emitted(source, lane, offset);
	return status;
}

/* One record, error or end. Takes the event. */
static enum weir_status take(struct weir__kafka_source *source, weir_outlet *outlet,
			     rd_kafka_event_t *event, uint64_t now_ms, struct weir_error *err)
{
	const rd_kafka_message_t *record;
	struct weir__kafka_lane *lane;

	if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_FETCH)
		return weir__kafka_source_event(source, event, now_ms, err);
	record = rd_kafka_event_message_next(event);
	lane = record ? weir__kafka_lane_of(&source->lanes, record) : NULL;
	if (!lane || lane->state != WEIR__LANE_OURS) {
		rd_kafka_event_destroy(event);
		return WEIR_OK;
	}
	weir_port_count(source->port, WEIR_COUNT_WIRE_BYTES, record->len + record->key_len);
	return emit(source, outlet, event, record, lane, err);
}

enum weir_status weir__kafka_read(struct weir__kafka_source *source, weir_outlet *outlet,
				  uint64_t now_ms, bool *ret_more, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	*ret_more = false;
	for (size_t i = 0; i < MOST_RECORDS; i++) {
		rd_kafka_event_t *event;

		if (weir_outlet_room(outlet) == 0)
			return WEIR_OK;
		event = rd_kafka_queue_poll(source->records, 0);
		if (!event)
			return WEIR_OK;
		status = take(source, outlet, event, now_ms, err);
		if (status < 0)
			return status;
	}
	*ret_more = true;
	return WEIR_OK;
}
