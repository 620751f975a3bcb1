/* SPDX-License-Identifier: MIT */
/*
 * How messages lie on disk: records, one behind the other, in batches; and the spool's state.
 *
 *     batch    a head of 64 bytes, then `count` records
 *     record   a head of 72 bytes, then the source's name, headers, key and body, filled up to 8
 *
 *     batch head                       record head
 *      0  u64 checksum of the head      0  u64 checksum of all that follows
 *      8  u32 magic "wBAT"              8  u32 magic "wREC"
 *     12  u32 version, 1               12  u32 bytes of the record, a multiple of 8
 *     16  u64 first number             16  u64 checksum of bytes 8 to 15, 24 to 71
 *     24  u64 count                    24  u64 number
 *     32  u64 bytes, with the head     32  u64 session
 *     40  u64 session                  40  u64 stored, ms since 1970
 *     48  u64 seed                     48  u64 time of the message, ms since 1970
 *     56  u64 stored, ms since 1970    56  u32 kind, with the traits from bit 24 on
 *                                      60  u32 bytes of the key, with its zero; 0: none
 *                                      64  u32 bytes of the body
 *                                      68  u16 headers
 *                                      70  u16 bytes of the source's name, with its zero
 *
 *     header   u32 bytes of the name with its zero, u32 bytes of the value; name; value
 *
 * Numbers are the machine's own way round, as LMDB's are. Checksums are XXH3-64, a record's with
 * the spool's seed, which is random: no message that came in can hold what looks like a record.
 * Records begin at multiples of 8 also in the file, so that they are found without what leads to
 * them. A session is one opening of the spool: of two records of one number, the later one's
 * counts.
 *
 * All that is read is checked before it is used: the disk is hostile.
 */
#ifndef WEIR_CONNECT_SPOOL_BATCH_H
#define WEIR_CONNECT_SPOOL_BATCH_H

#include "weir/message.h"

#define WEIR__BATCH_HEAD 64
#define WEIR__RECORD_HEAD 72
#define WEIR__RECORD_MOST (1u << 30)	/* bytes */
#define WEIR__RECORD_HEADERS 64		/* most that are read back */
#define WEIR__STATE_BYTES 64

struct weir__batch_head {
	uint64_t first, count, bytes, session, seed, stored_ms;
};

/* A message; what it points to lies in the record, terminated where it is text. */
struct weir__record {
	uint64_t number, session, stored_ms, time_ms;
	unsigned kind, traits;
	const char *origin;
	struct weir_slice key, body;
	const struct weir_header *headers;	/* when read: those given to weir__record_headers */
	size_t header_count;
	const uint8_t *packed_headers;		/* when read */
	size_t len;				/* when read: bytes of the record */
};

/* What the spool knows of itself; stored with each commit. */
struct weir__spool_state {
	uint64_t seed, session;
	uint64_t next;		/* the number the next message gets */
	uint64_t settled;	/* the first number that is not settled */
	uint64_t commits;
};

/* Bytes of the record, or 0: it is too large, or has too many headers. */
size_t weir__record_size(const struct weir__record *record);
/* Writes that many. */
void weir__record_pack(const struct weir__record *record, uint64_t seed, uint8_t *bytes);
/* Whether a whole, sound record begins here; `ret` is then filled. */
bool weir__record_read(const uint8_t *bytes, size_t len, uint64_t seed, struct weir__record *ret);
/* The same for its head alone (WEIR__RECORD_HEAD bytes): number, session, stored_ms, len. */
bool weir__record_peek(const uint8_t *bytes, uint64_t seed, struct weir__record *ret);
/* The headers of a record that was read. */
void weir__record_headers(struct weir__record *record,
			  struct weir_header headers[WEIR__RECORD_HEADERS]);

void weir__batch_head_pack(const struct weir__batch_head *head, uint8_t bytes[WEIR__BATCH_HEAD]);
bool weir__batch_head_read(const uint8_t bytes[WEIR__BATCH_HEAD], struct weir__batch_head *ret);

void weir__state_pack(const struct weir__spool_state *state, uint8_t bytes[WEIR__STATE_BYTES]);
bool weir__state_read(const uint8_t bytes[WEIR__STATE_BYTES], struct weir__spool_state *ret);

/*
 * Walks the records of a batch's bytes, also damaged ones: what is not sound is stepped over to the
 * next record that is.
 */
struct weir__batch_walk {
	const uint8_t *bytes;
	size_t len, at;
	uint64_t seed;
	uint64_t expected;	/* the number that comes next */
	uint64_t end;		/* the number behind the last */
};

struct weir__batch_walk weir__batch_walk(const uint8_t *bytes, size_t len, uint64_t seed,
					 uint64_t first, uint64_t end);
/*
 * The next sound record from `expected` on and before `end`, which stays the next until
 * weir__batch_walk_on; false at the end. What is missing before it are the numbers from `expected`
 * to its own, or to `end`.
 */
bool weir__batch_walk_next(struct weir__batch_walk *walk, struct weir__record *ret);
void weir__batch_walk_on(struct weir__batch_walk *walk, const struct weir__record *record);

#endif
