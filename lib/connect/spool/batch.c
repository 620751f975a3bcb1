/* SPDX-License-Identifier: MIT */
/*
 * Packing and reading back (the layout is drawn in batch.h).
 *
 * Guarantees: what was packed is read back as it was; bytes that are anything else are refused
 * without reading past their end, whatever they say of themselves. Callers: the sink packs, the
 * source, the inspection and the salvage read.
 */
#include "connect/spool/batch.h"

#include <string.h>
#include <xxhash.h>

#define BATCH_MAGIC 0x54414277u		/* "wBAT" */
#define RECORD_MAGIC 0x43455277u	/* "wREC" */
#define STATE_MAGIC 0x41545377u		/* "wSTA" */
#define VERSION 1u
#define KIND_BITS 24

struct batch_layout {
	uint64_t checksum;
	uint32_t magic, version;
	uint64_t first, count, bytes, session, seed, stored_ms;
};

struct record_layout {
	uint64_t checksum;
	uint32_t magic, len;
	uint64_t head_checksum;
	uint64_t number, session, stored_ms, time_ms;
	uint32_t kind, key_len, body_len;
	uint16_t header_count, origin_len;
};

struct state_layout {
	uint64_t checksum;
	uint32_t magic, version;
	uint64_t seed, session, next, settled, commits, zero;
};

_Static_assert(sizeof(struct batch_layout) == WEIR__BATCH_HEAD, "no padding");
_Static_assert(sizeof(struct record_layout) == WEIR__RECORD_HEAD, "no padding");
_Static_assert(sizeof(struct state_layout) == WEIR__STATE_BYTES, "no padding");

static uint64_t checksum(const void *bytes, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(bytes, len, seed);
}

/* ---- records ---- */

static size_t text_len(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

size_t weir__record_size(const struct weir__record *record)
{
	const size_t origin_len = text_len(record->origin);
	size_t len = WEIR__RECORD_HEAD + origin_len;

	if (record->header_count > WEIR__RECORD_HEADERS || origin_len > UINT16_MAX ||
	    record->key.len >= WEIR__RECORD_MOST || record->body.len >= WEIR__RECORD_MOST)
		return 0;
	for (size_t i = 0; i < record->header_count; i++) {
		const struct weir_header *header = &record->headers[i];
		const size_t name_len = strlen(header->name);

		if (name_len >= WEIR__RECORD_MOST || header->value.len >= WEIR__RECORD_MOST)
			return 0;
		len += 2 * sizeof(uint32_t) + name_len + 1 + header->value.len;
	}
	len += record->body.len + (record->key.data ? record->key.len + 1 : 0);
	len = (len + 7) & ~(size_t)7;
	return len <= WEIR__RECORD_MOST ? len : 0;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t len)
{
	if (len)
		memcpy(at, bytes, len);
	return at + len;
}

static uint8_t *put_header(uint8_t *at, const struct weir_header *header)
{
	const uint32_t lens[2] = { (uint32_t)strlen(header->name) + 1,
				   (uint32_t)header->value.len };

	at = put(at, lens, sizeof lens);
	at = put(at, header->name, lens[0]);
	return put(at, header->value.data, header->value.len);
}

static uint64_t head_checksum(const struct record_layout *layout, uint64_t seed)
{
	struct record_layout copy = *layout;

	copy.head_checksum = 0;
	return checksum(&copy.magic, sizeof copy - sizeof copy.checksum, seed);
}

void weir__record_pack(const struct weir__record *record, uint64_t seed, uint8_t *bytes)
{
	const size_t len = weir__record_size(record);
	struct record_layout layout = {
		.magic = RECORD_MAGIC,
		.len = (uint32_t)len,
		.number = record->number,
		.session = record->session,
		.stored_ms = record->stored_ms,
		.time_ms = record->time_ms,
		.kind = record->kind | record->traits << KIND_BITS,
		.key_len = record->key.data ? (uint32_t)record->key.len + 1 : 0,
		.body_len = record->body.data ? (uint32_t)record->body.len + 1 : 0,
		.header_count = (uint16_t)record->header_count,
		.origin_len = (uint16_t)text_len(record->origin),
	};
	uint8_t *at = bytes + sizeof layout;

	layout.head_checksum = head_checksum(&layout, seed);
	memcpy(bytes, &layout, sizeof layout);
	at = put(at, record->origin, layout.origin_len);
	for (size_t i = 0; i < record->header_count; i++)
		at = put_header(at, &record->headers[i]);
	if (layout.key_len) {
		at = put(at, record->key.data, record->key.len);
		*at++ = '\0';
	}
	at = put(at, record->body.data, record->body.len);
	memset(at, 0, (size_t)(bytes + len - at));
	layout.checksum = checksum(bytes + 8, len - 8, seed);
	memcpy(bytes, &layout.checksum, sizeof layout.checksum);
}

static bool read_head(const uint8_t *bytes, uint64_t seed, struct record_layout *ret)
{
	memcpy(ret, bytes, sizeof *ret);
	return ret->magic == RECORD_MAGIC && ret->len >= WEIR__RECORD_HEAD &&
	       ret->len <= WEIR__RECORD_MOST && ret->len % 8 == 0 &&
	       ret->head_checksum == head_checksum(ret, seed);
}

bool weir__record_peek(const uint8_t *bytes, uint64_t seed, struct weir__record *ret)
{
	struct record_layout layout;

	if (!read_head(bytes, seed, &layout))
		return false;
	*ret = (struct weir__record){ .number = layout.number,
				      .session = layout.session,
				      .stored_ms = layout.stored_ms,
				      .len = layout.len };
	return true;
}

/* The next `len` bytes, or NULL when they are not there. */
static const uint8_t *take(const uint8_t **at, const uint8_t *end, size_t len)
{
	const uint8_t *taken = *at;

	if ((size_t)(end - taken) < len)
		return NULL;
	*at += len;
	return taken;
}

/* Terminated, as its length says. */
static const uint8_t *take_text(const uint8_t **at, const uint8_t *end, size_t len)
{
	const uint8_t *text = len ? take(at, end, len) : NULL;

	return text && text[len - 1] == '\0' ? text : NULL;
}

static bool take_header(const uint8_t **at, const uint8_t *end, struct weir_header *ret)
{
	uint32_t lens[2];
	const uint8_t *bytes = take(at, end, sizeof lens);

	if (!bytes)
		return false;
	memcpy(lens, bytes, sizeof lens);
	ret->name = (const char *)take_text(at, end, lens[0]);
	ret->value.data = take(at, end, lens[1]);
	ret->value.len = lens[1];
	return ret->name && ret->value.data && strlen(ret->name) + 1 == lens[0];
}

static bool take_parts(const struct record_layout *layout, const uint8_t *bytes,
		       struct weir__record *record)
{
	const uint8_t *at = bytes + WEIR__RECORD_HEAD;
	const uint8_t *const end = bytes + layout->len;
	struct weir_header header;

	record->origin = (const char *)take_text(&at, end, layout->origin_len);
	if (layout->origin_len && !record->origin)
		return false;
	record->packed_headers = at;
	for (size_t i = 0; i < record->header_count; i++)
		if (!take_header(&at, end, &header))
			return false;
	record->key.data = take_text(&at, end, layout->key_len);
	if (layout->key_len && !record->key.data)
		return false;
	record->key.len = layout->key_len ? layout->key_len - 1 : 0;
	if (layout->body_len)	/* 0: it has none, a tombstone */
		record->body.data = take(&at, end, layout->body_len - 1);
	record->body.len = layout->body_len ? layout->body_len - 1 : 0;
	return (!layout->body_len || record->body.data) && end - at < 8;
}

bool weir__record_read(const uint8_t *bytes, size_t len, uint64_t seed, struct weir__record *ret)
{
	struct record_layout layout;

	if (len < WEIR__RECORD_HEAD || !read_head(bytes, seed, &layout) || layout.len > len ||
	    layout.checksum != checksum(bytes + 8, layout.len - 8, seed) ||
	    layout.header_count > WEIR__RECORD_HEADERS)
		return false;
	*ret = (struct weir__record){ .number = layout.number,
				      .session = layout.session,
				      .stored_ms = layout.stored_ms,
				      .time_ms = layout.time_ms,
				      .kind = layout.kind & ((1u << KIND_BITS) - 1),
				      .traits = layout.kind >> KIND_BITS,
				      .header_count = layout.header_count,
				      .len = layout.len };
	return take_parts(&layout, bytes, ret) && weir_kind_name(ret->kind) &&
	       ret->traits < 1u << WEIR_TRAIT_COUNT;
}

void weir__record_headers(struct weir__record *record,
			  struct weir_header headers[WEIR__RECORD_HEADERS])
{
	const uint8_t *at = record->packed_headers;

	for (size_t i = 0; i < record->header_count; i++)
		take_header(&at, at + WEIR__RECORD_MOST, &headers[i]);	/* read before: sound */
	record->headers = record->header_count ? headers : NULL;
}

/* ---- batches and the state ---- */

void weir__batch_head_pack(const struct weir__batch_head *head, uint8_t bytes[WEIR__BATCH_HEAD])
{
	struct batch_layout layout = { .magic = BATCH_MAGIC,
				       .version = VERSION,
				       .first = head->first,
				       .count = head->count,
				       .bytes = head->bytes,
				       .session = head->session,
				       .seed = head->seed,
				       .stored_ms = head->stored_ms };

	layout.checksum = checksum(&layout.magic, sizeof layout - 8, 0);
	memcpy(bytes, &layout, sizeof layout);
}

bool weir__batch_head_read(const uint8_t bytes[WEIR__BATCH_HEAD], struct weir__batch_head *ret)
{
	struct batch_layout layout;

	memcpy(&layout, bytes, sizeof layout);
	if (layout.magic != BATCH_MAGIC || layout.version != VERSION ||
	    layout.checksum != checksum(&layout.magic, sizeof layout - 8, 0))
		return false;
	*ret = (struct weir__batch_head){ layout.first,	  layout.count, layout.bytes,
					  layout.session, layout.seed,	layout.stored_ms };
	return ret->first > 0 && ret->count > 0 && ret->first <= UINT64_MAX - ret->count;
}

void weir__state_pack(const struct weir__spool_state *state, uint8_t bytes[WEIR__STATE_BYTES])
{
	struct state_layout layout = { .magic = STATE_MAGIC,
				       .version = VERSION,
				       .seed = state->seed,
				       .session = state->session,
				       .next = state->next,
				       .settled = state->settled,
				       .commits = state->commits };

	layout.checksum = checksum(&layout.magic, sizeof layout - 8, 0);
	memcpy(bytes, &layout, sizeof layout);
}

bool weir__state_read(const uint8_t bytes[WEIR__STATE_BYTES], struct weir__spool_state *ret)
{
	struct state_layout layout;

	memcpy(&layout, bytes, sizeof layout);
	if (layout.magic != STATE_MAGIC || layout.version != VERSION ||
	    layout.checksum != checksum(&layout.magic, sizeof layout - 8, 0))
		return false;
	*ret = (struct weir__spool_state){ layout.seed, layout.session, layout.next,
					   layout.settled, layout.commits };
	return ret->next > 0 && ret->settled > 0 && ret->settled <= ret->next;
}

/* ---- walking ---- */

struct weir__batch_walk weir__batch_walk(const uint8_t *bytes, size_t len, uint64_t seed,
					 uint64_t first, uint64_t end)
{
	return (struct weir__batch_walk){ bytes, len, WEIR__BATCH_HEAD, seed, first, end };
}

bool weir__batch_walk_next(struct weir__batch_walk *walk, struct weir__record *ret)
{
	while (walk->at + WEIR__RECORD_HEAD <= walk->len) {
		if (!weir__record_read(walk->bytes + walk->at, walk->len - walk->at, walk->seed,
				       ret))
			walk->at += 8;
		else if (ret->number < walk->expected || ret->number >= walk->end)
			walk->at += ret->len;
		else
			return true;
	}
	return false;
}

void weir__batch_walk_on(struct weir__batch_walk *walk, const struct weir__record *record)
{
	walk->at += record->len;
	walk->expected = record->number + 1;
}
