/* SPDX-License-Identifier: MIT */
/*
 * The body of one connection after the other: bytes → frames → messages → the outlet.
 *
 * The owner sets `outlet` for the time of its step; nothing is emitted outside of it, and never
 * more than the outlet has room for. What finds no room stays with the transport or, at most one
 * buffer of it, here.
 */
#ifndef WEIR_TWITTER_STREAM_H
#define WEIR_TWITTER_STREAM_H

#include "connect/twitter/config.h"
#include "connect/twitter/gap.h"
#include "connect/twitter/peek.h"
#include "connect/twitter/reaction.h"
#include "kit/frame.h"
#include "kit/limiter.h"
#include "weir/source.h"
#include "wire/inflate.h"

/* How long a gap waits for the first status behind it. */
#define WEIR__TWITTER_GAP_MS 60000u

enum weir__twitter_gap_state {
	WEIR__TWITTER_NO_GAP,
	WEIR__TWITTER_GAP_HELD,		/* for the first status, or until gap_until_ms */
	WEIR__TWITTER_GAP_SETTLED	/* goes before anything else */
};

struct weir__twitter_stream {
	const struct weir__twitter_config *config;
	weir_port *port;
	weir_outlet *outlet;
	uint64_t now_ms;		/* of the step; as `outlet`, the owner sets it */
	struct weir__limiter limiter;	/* of what a peer can make us say; over all connections */
	struct weir__framer framer;
	struct weir__inflate inflate;	/* in use while `compressed`; must not move */
	bool compressed;		/* this connection's body is */
	bool inflating;			/* there is output that found no room in the framer */
	size_t taken;			/* bytes already used of those that will come again */

	struct weir__frame held;	/* a message that found no room; with a reference */
	bool holding;

	struct weir__twitter_gap gap;
	enum weir__twitter_gap_state gap_state;
	uint64_t gap_until_ms;		/* monotonic */
	struct weir__twitter_peek peek;	/* made when the first gap is held */
	struct weir__twitter_fields notices;	/* made with the first of them */
	char last_id[WEIR__TWITTER_ID_BYTES];	/* of the last status handed over; empty: none */

	/* What this connection told so far. */
	uint64_t missed;		/* the largest limit.track */
	const struct weir__twitter_disconnect *parting;	/* a message that ends it came */
	char parting_name[64];		/* its code or kind, and the words that came with it */
	char parting_reason[128];
	int64_t parting_code;		/* 0: none */
	struct weir_error broken;	/* framing or compression is damaged; WEIR_OK: no */
};

void weir__twitter_stream_init(struct weir__twitter_stream *stream,
			       const struct weir__twitter_config *config);
void weir__twitter_stream_release(struct weir__twitter_stream *stream);

/*
 * A new connection begins, or there is to be none: what is here is forgotten, but for a gap, which
 * waits no longer.
 */
void weir__twitter_stream_clear(struct weir__twitter_stream *stream);
/* Before the first byte of a body that is compressed. */
enum weir_status weir__twitter_stream_inflate(struct weir__twitter_stream *stream,
					      enum weir__inflate_coding coding,
					      struct weir_error *err);
/*
 * There was a hole, up to now: `gap` (its ids are filled in here) goes right before the first
 * status, or when that is waited for no longer. The one before must have been handed over.
 */
void weir__twitter_stream_hold_gap(struct weir__twitter_stream *stream,
				   const struct weir__twitter_gap *gap);
/* Waits no longer: a gap that is held goes next, with no first status. Without one: nothing. */
void weir__twitter_stream_settle_gap(struct weir__twitter_stream *stream);
/* There is to be no room any more: a gap that is here is said in the log, and forgotten. */
void weir__twitter_stream_drop_gap(struct weir__twitter_stream *stream);
/* The connection has ended, and all was drained: what is left is a cut message; settles the gap. */
void weir__twitter_stream_end(struct weir__twitter_stream *stream);

/*
 * Bytes of the body. WEIR_OK: taken · WEIR_AGAIN: not (all) taken; they are expected to come
 * again · below zero: the pipeline's failure.
 */
enum weir_status weir__twitter_stream_write(struct weir__twitter_stream *stream,
					    struct weir_slice bytes, struct weir_error *err);
/* Emits what is there. WEIR_OK: nothing whole is left · WEIR_AGAIN: no room · below zero. */
enum weir_status weir__twitter_stream_drain(struct weir__twitter_stream *stream,
					    struct weir_error *err);

#endif
