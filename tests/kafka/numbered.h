/* SPDX-License-Identifier: MIT */
/*
 * A source of numbered messages, by the public calls alone, and the judge of what became of them,
 * which is librdkafka's consumer and knows nothing of weir.
 *
 * Message n has the key n % NUMBERED_KEYS and a body that its number alone determines, so that the
 * judge can tell a damaged one; within a key, the numbers say the order.
 */
#ifndef WEIR_TESTS_KAFKA_NUMBERED_H
#define WEIR_TESTS_KAFKA_NUMBERED_H

#include "weir.h"

#define NUMBERED_KEYS 1000
#define NUMBERED_MOST_BYTES 4096

struct numbered {
	size_t body_bytes;	/* of each message: 64 at least */
	uint64_t allowed;	/* emits while it has emitted fewer: raise it and wake the port */
	uint64_t ends_at;	/* WEIR_END when that many are emitted */

	uint64_t emitted;
	uint64_t settled;	/* told by ack: all below this number */
	bool backwards;		/* an ack went back, or beyond what was emitted */
	weir_port *port;	/* from the first open on */
};

/* The body and key of message n; returns the key's length. */
size_t numbered_write(char *body, size_t body_bytes, char key[16], uint64_t n);

/* Adds it to the pipeline; `numbered` stays the caller's. */
weir_source *numbered_add(weir_pipeline *pipeline, struct numbered *numbered);

/* What was read back of messages 0 … count - 1. */
struct verdict {
	uint64_t read;
	uint64_t lost;
	uint64_t duplicates;
	uint64_t out_of_order;	/* come for the first time behind a later one of their key */
	uint64_t damaged;	/* or without a right key, or numbered beyond the last */
	uint64_t ms;		/* that the reading took */
};

struct verdict numbered_judge(const char *brokers, const char *topic, int partitions,
			      uint64_t count, size_t body_bytes);

#endif
