/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as what a spool reads from its file: a record, a batch's head, the state, a batch to be
 * walked. The checksums are made right first, so that what is behind them is reached.
 *
 *     make fuzz                 with clang's libFuzzer
 *     test_spool [FILE…]        the corpus again, without it
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "connect/spool/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The checksums of a record of this many bytes, over what it says. */
static void make_right(uint8_t *bytes, size_t size)
{
	const uint32_t magic = 0x43455277u, len = (uint32_t)size;
	uint64_t sum = 0;

	memcpy(bytes + 8, &magic, sizeof magic);
	memcpy(bytes + 12, &len, sizeof len);
	memcpy(bytes + 16, &sum, sizeof sum);
	sum = XXH3_64bits_withSeed(bytes + 8, WEIR__RECORD_HEAD - 8, 1);
	memcpy(bytes + 16, &sum, sizeof sum);
	sum = XXH3_64bits_withSeed(bytes + 8, size - 8, 1);
	memcpy(bytes, &sum, sizeof sum);
}

/* All that a sound record points to is read. */
static unsigned touch(struct weir__record *record)
{
	struct weir_header headers[WEIR__RECORD_HEADERS];
	unsigned sum = record->origin ? (unsigned)strlen(record->origin) : 0;

	weir__record_headers(record, headers);
	for (size_t i = 0; i < record->header_count; i++) {
		sum += (unsigned)strlen(headers[i].name);
		for (size_t at = 0; at < headers[i].value.len; at++)
			sum += ((const uint8_t *)headers[i].value.data)[at];
	}
	for (size_t at = 0; at < record->key.len; at++)
		sum += ((const uint8_t *)record->key.data)[at];
	for (size_t at = 0; at < record->body.len; at++)
		sum += ((const uint8_t *)record->body.data)[at];
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size + 1);
	volatile unsigned sum = 0;
	struct weir__record record;
	struct weir__batch_walk walk;
	struct weir__batch_head head;
	struct weir__spool_state state;

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	if (size >= WEIR__STATE_BYTES)
		sum += (unsigned)weir__batch_head_read(bytes, &head) +
		       (unsigned)weir__state_read(bytes, &state);
	if (size >= WEIR__RECORD_HEAD && size % 8 == 0)
		make_right(bytes, size);
	if (weir__record_read(bytes, size, 1, &record))
		sum += touch(&record);
	walk = weir__batch_walk(bytes, size, 1, 0, UINT64_MAX);
	while (weir__batch_walk_next(&walk, &record)) {
		sum += touch(&record);
		weir__batch_walk_on(&walk, &record);
	}
	(void)sum;
	free(bytes);
	return 0;
}
