/* SPDX-License-Identifier: MIT */
/*
 * One attempt of a Twitter source: what a server does to it, made by chance, and what comes of it.
 *
 * There is a row for each step of the stream server's --fault, and for what the scripted transport
 * can do beyond them. The same seed gives the same attempts everywhere.
 */
#ifndef WEIR_TESTS_TWITTER_TRIAL_H
#define WEIR_TESTS_TWITTER_TRIAL_H

#include <zlib.h>

#include "support/mutate.h"
#include "support/script_http.h"
#include "weir/metrics.h"

#define TRIAL_MESSAGES 48
#define TRIAL_BLOCKS 96
#define TRIAL_ID_BYTES 24
#define TRIAL_LARGEST 4096	/* max_message_bytes of the source under trial */
#define TRIAL_STALL_MS 90000
#define TRIAL_PROVEN_MS 5000
#define TRIAL_WORDS_MS 5000	/* how long an error's words are waited for */

enum trial_class { TRIAL_NETWORK, TRIAL_HTTP, TRIAL_RATE, TRIAL_CLASSES };
enum trial_pace { TRIAL_FREE, TRIAL_BY_CLASS, TRIAL_AT_ONCE };

struct trial_message {
	uint64_t at_ms;
	char *body;
	char id[TRIAL_ID_BYTES];	/* of a status; else empty */
};

/* All times are milliseconds after its start. */
struct trial {
	const char *name;
	struct script_answer answer;
	size_t event_count;

	bool answered;			/* with 200 */
	uint64_t answered_ms;
	bool heard;			/* a byte of the body */
	uint64_t heard_ms;		/* the last of anything */
	uint64_t over_ms;		/* when the source has to be done with it */
	struct trial_message messages[TRIAL_MESSAGES];	/* in order; each is to arrive */
	size_t message_count;
	uint64_t missed, truncated, too_large;

	enum weir_reconnect_cause cause;
	enum trial_pace pace;
	enum trial_class class;
	uint64_t least_ms;		/* of the delay after it */
	enum weir_status ends;		/* the pipeline, with it; WEIR_OK: it goes on */

	const char *coding;		/* NULL: none */
	z_stream zip;
	char *batch;			/* bytes to be sent with the next event */
	size_t batch_len;
	char *blocks[TRIAL_BLOCKS];
	size_t block_count;
};

/* What they are made from, one after the other. */
struct trial_maker {
	struct mutate chance;
	bool delimited;
	uint64_t next_id;
	uint64_t wall_ms;	/* at about the next attempt's start */
	/* What may happen only so often; the maker counts. */
	bool clock_corrected;	/* since the last proven connection */
	bool clock_ahead;
	unsigned tries;
	bool count_left_out, was_taken_over;
};

/* How many faults there are that a source goes on after, and that are the end of it. */
size_t trial_fault_count(void);
size_t trial_end_count(void);

/*
 * Fault number `which` or, where that is not allowed now, number 0, a good connection. `trial` was
 * cleared, and is to be cleared.
 */
void trial_make(struct trial_maker *maker, struct trial *trial, size_t which);
/* One of those that are the end. */
void trial_make_end(struct trial_maker *maker, struct trial *trial, size_t which);
void trial_clear(struct trial *trial);

uint64_t trial_random(struct trial_maker *maker, uint64_t from, uint64_t to);

#endif
