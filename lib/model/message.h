/* SPDX-License-Identifier: MIT */
/*
 * The message: one block of memory that holds or refers to everything about it.
 *
 * The first part never changes after weir__message_new and weir__message_tell. The last, `transit`,
 * is the engine's record of the message's way through the pipeline.
 */
#ifndef WEIR_MODEL_MESSAGE_H
#define WEIR_MODEL_MESSAGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "model/kind.h"
#include "model/tracker.h"
#include "model/window.h"
#include "weir/source.h"

struct json_t;

struct weir__transit {
	weir_source *source;
	void *user;		/* the source's own */
	struct weir__track track;
	struct weir__holding *holding;	/* NULL: it keeps only what is its own */
	uint64_t own_bytes;	/* memory that goes with it alone */
	uint32_t pending;	/* deliveries not settled, and one while it is being routed */
	uint8_t epoch;		/* of weir_pipeline_flush, modulo 2 */
	uint8_t drop_cause;	/* an enum weir_drop_cause: the last one, if any */
	bool is_incomplete;	/* not every route that takes it has a delivery: never settled */
	bool delivered;		/* a sink has acknowledged it */
	bool dead_lettered;	/* the dead letters have acknowledged it */
};

struct weir_message {
	struct weir_allocator allocator;
	size_t block_size;
	atomic_uint references;
	unsigned kind;
	unsigned traits;
	struct weir_slice body;
	struct weir_slice key;
	uint64_t time_ms;
	uint64_t received_ms;
	struct weir_position position;
	const char *source;
	void (*release)(void *owner);
	void *owner;
	struct weir_header *headers;
	size_t header_count;
	struct json_t *tree;

	/*
	 * While it is being routed: the pipeline's plan and its slots. NULL at other times. Only
	 * the thread that routes may use them: others may hold the message already.
	 */
	_Atomic(const weir__plan *) plan;
	const struct weir__slot *slots;
	pthread_t router;

	struct weir__transit transit;
};

/* Whether body, key and headers are where they are said to be. */
bool weir__message_init_is_whole(const struct weir_message_init *init);

/*
 * A message with one reference. Takes init's owner, also when it fails (NULL: out of memory).
 * Kind, key and time are as given by `init`: weir__message_tell fills in what is not.
 */
weir_message *weir__message_new(const struct weir_env *env, const struct weir_message_init *init,
				const char *source, uint64_t received_ms);

/* What the bytes say, where the source did not. `slots` are of a scan that answered `valid`. */
void weir__message_tell(weir_message *message, const struct weir__kind_slots *kind_slots,
			bool valid, const struct weir__slot *slots);

/* The full text as a field, pointing into the body; absent when there is none. */
enum weir_status weir__message_full_text(const weir_message *message, struct weir_field *ret);

#endif
