/* SPDX-License-Identifier: MIT */
/*
 * Looking through a damaged file for what is still sound.
 *
 * Two passes: the first looks at pages for the spool's state and the heads of batches, which tell
 * the seed; the second, at every multiple of 8, for records, whose checksums the seed makes
 * unforgeable. What is found may be old: settled, or written by a transaction that never came to
 * its end. Guarantees: nothing before the position counts; a session begins where the one before
 * it had got to, so that records of an earlier one count only below the first of each later one; of
 * a number that is there twice one record counts. Sectors that cannot be read are taken as zeroes.
 * Callers: the salvage and the inspection.
 */
#include "connect/spool/scan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connect/spool/disk.h"

#define CHUNK_BYTES (4u << 20)
#define USUAL_PAGE 4096

/* Fills the chunk from there; the bytes it has. */
static size_t fill(struct weir__salvaged *salvaged, uint64_t offset)
{
	const uint64_t left = salvaged->file_bytes - offset;
	const size_t len = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;

	weir__read_most(salvaged->fd, salvaged->chunk, len, offset);
	return len;
}

/* ---- the first pass: state and seed ---- */

static void take_state(struct weir__salvaged *salvaged, const struct weir__spool_state *state)
{
	if (salvaged->has_state && state->commits <= salvaged->state.commits)
		return;
	salvaged->state = *state;
	salvaged->has_state = salvaged->has_seed = true;
}

static void look_at_leaf(struct weir__salvaged *salvaged, const uint8_t *page)
{
	struct weir__spool_state state;

	for (size_t at = WEIR__PAGE_HEAD; at + WEIR__STATE_BYTES <= salvaged->page_size; at += 2)
		if (memcmp(page + at + 8, "wSTA", 4) == 0 && weir__state_read(page + at, &state))
			take_state(salvaged, &state);
}

static void look_at_page(struct weir__salvaged *salvaged, const uint8_t *page, uint64_t number)
{
	struct weir__batch_head head;
	uint64_t said;
	uint16_t flags;

	memcpy(&said, page, sizeof said);
	memcpy(&flags, page + 10, sizeof flags);
	for (size_t i = 0; i < salvaged->page_size && salvaged->is_blank; i++)
		salvaged->is_blank = page[i] == 0;
	if (said != number)
		return;
	if (flags == 2)
		look_at_leaf(salvaged, page);
	if (flags != 4 || !weir__batch_head_read(page + WEIR__PAGE_HEAD, &head))
		return;
	if (!salvaged->has_seed)
		salvaged->state.seed = head.seed;
	salvaged->has_seed = true;
}

static void find_seed(struct weir__salvaged *salvaged)
{
	const size_t page_size = salvaged->page_size;

	salvaged->is_blank = true;
	for (uint64_t offset = 0; offset < salvaged->file_bytes; offset += CHUNK_BYTES) {
		const size_t len = fill(salvaged, offset);

		for (size_t at = 0; at + page_size <= len; at += page_size)
			look_at_page(salvaged, salvaged->chunk + at, (offset + at) / page_size);
		for (size_t at = len - len % page_size; at < len && salvaged->is_blank; at++)
			salvaged->is_blank = salvaged->chunk[at] == 0;
	}
}

/* ---- the second pass: records ---- */

static bool add_record(struct weir__salvaged *salvaged, const struct weir__record *record,
		       uint64_t offset)
{
	struct weir__run *last = salvaged->count ? &salvaged->runs[salvaged->count - 1] : NULL;
	const size_t size = salvaged->size ? 2 * salvaged->size : 64;
	struct weir__run *runs;

	if (last && last->end == record->number && last->session == record->session &&
	    last->offset + last->bytes == offset) {
		last->end++;
		last->bytes += record->len;
		return true;
	}
	if (salvaged->count == salvaged->size) {
		runs = weir__resize(salvaged->env, salvaged->runs, salvaged->size * sizeof *runs,
				    size * sizeof *runs);
		if (!runs)
			return false;
		salvaged->runs = runs;
		salvaged->size = size;
	}
	salvaged->runs[salvaged->count++] = (struct weir__run){
		.first = record->number,
		.end = record->number + 1,
		.session = record->session,
		.stored_ms = record->stored_ms,
		.offset = offset,
		.bytes = record->len,
	};
	return true;
}

/* Whether it is sound, read on its own when the chunk does not hold all of it. */
static bool is_sound(const struct weir__salvaged *salvaged, const uint8_t *bytes, size_t len,
		     uint64_t offset, const struct weir__record *peeked)
{
	struct weir__record record;
	uint8_t *whole;
	bool sound;

	if (peeked->len <= len)
		return weir__record_read(bytes, len, salvaged->state.seed, &record);
	if (peeked->len > salvaged->file_bytes - offset)
		return false;
	whole = weir__resize(salvaged->env, NULL, 0, peeked->len);
	sound = whole && weir__read_at(salvaged->fd, whole, peeked->len, offset) == 0 &&
		weir__record_read(whole, peeked->len, salvaged->state.seed, &record);
	weir__free(salvaged->env, whole, whole ? peeked->len : 0);
	return sound;
}

static bool find_records(struct weir__salvaged *salvaged)
{
	uint64_t offset = 0;

	while (offset + WEIR__RECORD_HEAD <= salvaged->file_bytes) {
		const size_t len = fill(salvaged, offset);
		size_t at = 0;

		while (at + WEIR__RECORD_HEAD <= len) {
			const uint8_t *bytes = salvaged->chunk + at;
			struct weir__record record;

			if (!weir__record_peek(bytes, salvaged->state.seed, &record) ||
			    !is_sound(salvaged, bytes, len - at, offset + at, &record)) {
				at += 8;
				continue;
			}
			if (record.number >= salvaged->state.settled &&
			    !add_record(salvaged, &record, offset + at))
				return false;
			at += record.len;	/* may be beyond the chunk */
		}
		offset += at;
	}
	return true;
}

/* ---- what of it counts ---- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int by_session(const void *a, const void *b)
{
	const struct weir__run *left = a, *right = b;

	return (left->session < right->session) - (left->session > right->session);
}

static int by_number(const void *a, const void *b)
{
	const struct weir__run *left = a, *right = b;

	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	return (left->end < right->end) - (left->end > right->end);
}

/* Latest session first: what an earlier one has from a later one's beginning on is void. */
static void limit_by_session(struct weir__salvaged *salvaged)
{
	uint64_t limit = UINT64_MAX, lowest = UINT64_MAX;

	qsort(salvaged->runs, salvaged->count, sizeof *salvaged->runs, by_session);
	for (size_t i = 0; i < salvaged->count; i++) {
		struct weir__run *run = &salvaged->runs[i];

		if (i > 0 && run->session != run[-1].session)
			limit = least(limit, lowest);
		lowest = least(lowest, run->first);
		run->upto = least(run->end, limit);
	}
}

/* In order, each number once; counts the holes from the position on. */
static void choose(struct weir__salvaged *salvaged)
{
	uint64_t next = salvaged->state.settled;
	size_t kept = 0;

	if (salvaged->count == 0) {
		salvaged->missing = salvaged->state.next - next;
		return;
	}
	limit_by_session(salvaged);
	qsort(salvaged->runs, salvaged->count, sizeof *salvaged->runs, by_number);
	if (!salvaged->has_state)
		next = salvaged->runs[0].first;
	for (size_t i = 0; i < salvaged->count; i++) {
		struct weir__run run = salvaged->runs[i];

		run.from = run.first > next ? run.first : next;
		if (run.from >= run.upto)
			continue;
		salvaged->missing += run.from - next;
		next = run.upto;
		salvaged->runs[kept++] = run;
	}
	salvaged->count = kept;
	if (salvaged->state.next > next)
		salvaged->missing += salvaged->state.next - next;
	else
		salvaged->state.next = next;
	if (!salvaged->has_state && kept) {
		salvaged->state.settled = salvaged->runs[0].from;
		salvaged->state.session = salvaged->runs[kept - 1].session;
	}
}

enum weir_status weir__scan_file(struct weir__salvaged *salvaged, const struct weir__pages *pages,
				 struct weir_error *err)
{
	*salvaged = (struct weir__salvaged){
		.env = pages->env,
		.fd = pages->fd,
		.file_bytes = pages->file_bytes,
		.page_size = pages->page_size ? pages->page_size : USUAL_PAGE,
		.state = { .next = 1, .settled = 1 },
		.chunk = weir__resize(pages->env, NULL, 0, CHUNK_BYTES),
	};
	if (!salvaged->chunk)
		return weir__error_no_memory(err);
	find_seed(salvaged);
	if (pages->has_state)
		take_state(salvaged, &pages->state);
	if (salvaged->has_seed && !find_records(salvaged))
		return weir__error_no_memory(err);
	choose(salvaged);
	return WEIR_OK;
}

void weir__scan_release(struct weir__salvaged *salvaged)
{
	weir__free(salvaged->env, salvaged->runs, salvaged->size * sizeof *salvaged->runs);
	weir__free(salvaged->env, salvaged->chunk, salvaged->chunk ? CHUNK_BYTES : 0);
}

int weir__run_read(const struct weir__salvaged *salvaged, const struct weir__run *run,
		   uint8_t *bytes)
{
	return weir__read_at(salvaged->fd, bytes + WEIR__BATCH_HEAD, (size_t)run->bytes,
			     run->offset);
}
