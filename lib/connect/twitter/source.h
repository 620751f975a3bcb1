/* SPDX-License-Identifier: MIT */
/* What source.c, reconnect.c and the dialects share: one source. */
#ifndef WEIR_TWITTER_SOURCE_H
#define WEIR_TWITTER_SOURCE_H

#include "connect/twitter/answer.h"
#include "connect/twitter/change.h"
#include "connect/twitter/dialect.h"
#include "connect/twitter/stream.h"
#include "kit/backoff.h"

enum weir__twitter_state {
	WEIR__TWITTER_CLOSED,
	WEIR__TWITTER_WAITING,		/* until due_ms, then an attempt */
	WEIR__TWITTER_LEAVING,		/* for good, once a gap is handed over; says `verdict` then */
	WEIR__TWITTER_CONNECTING,	/* no status yet */
	WEIR__TWITTER_STREAMING,	/* 200 */
	WEIR__TWITTER_REFUSED		/* another status; its words are being read */
};

/* The hole in the stream: since when there is no connection, and what the last one told. */
struct weir__twitter_hole {
	bool is_open;
	uint64_t since_ms;	/* its last byte */
	uint64_t missed;
	enum weir_reconnect_cause cause;
};

struct weir__twitter_source {
	struct weir__twitter_config config;
	struct weir__twitter_stream stream;
	struct weir__twitter_answer answer;
	weir_port *port;
	enum weir__twitter_state state;
	uint64_t now_ms;	/* of this step, as all times here: monotonic */
	uint64_t due_ms;
	uint64_t answered_ms;	/* the status line */
	uint64_t heard_ms;	/* the last byte, or the start of the attempt */
	uint64_t waited_ms;	/* until then the outlet had no room: no silence of the server's */
	bool heard;		/* at least one byte of a body */
	bool paused;		/* the transport keeps bytes for us: the outlet had no room */
	bool crowded;		/* it has none now; always so while paused */
	struct weir_error end;	/* how the exchange ended; status WEIR_OK: well */
	struct weir_error failure;	/* the pipeline's, found in an event, or that of `verdict` */
	enum weir_status verdict;

	struct weir__backoff backoff;
	uint32_t failures;	/* in a row */
	uint32_t tries;		/* of those, statuses that are tried only so often */
	uint32_t takeovers;	/* by other consumers, one soon after the other */
	bool corrected;		/* the clock, since the last good connection */
	int32_t extra;		/* what this attempt asks for by the dialect's parameter; 0: not */
	bool without_extra;	/* it is not permitted */
	int64_t clock_offset_ms;	/* the server's clock minus ours */
	struct weir__twitter_hole hole;
	struct weir__twitter_change change;	/* of the predicates: v1.1 */
	void *beside;		/* the dialect's: what goes on beside the stream; NULL: nothing */
};

extern const struct weir_source_ops weir__twitter_source_ops;

/* Makes a source. Takes `given->http`, also when this fails: then the answer is NULL. */
struct weir__twitter_source *weir__twitter_source_new(const struct weir__twitter_config *given,
						      struct weir_error *err);
/* Gives it to the pipeline; NULL, with what `err` says: that fails, in the name of the source. */
weir_source *weir__twitter_source_add(weir_pipeline *pipeline, const char *name,
				      struct weir__twitter_source *source,
				      const struct weir_error *err);
void weir__twitter_source_free(struct weir__twitter_source *source);
/* The source behind a handle, when it speaks this dialect; else NULL. */
struct weir__twitter_source *weir__twitter_source_of(const weir_source *handle,
						     const struct weir__twitter_dialect *dialect);
void weir__twitter_http_free(struct weir_http http);

/* By the server's clock, where that is known. */
uint64_t weir__twitter_signing_ms(const struct weir__twitter_source *source);

/*
 * After the transport's turn, with everything drained: whether the connection is over, and what
 * follows. WEIR_OK: go on · WEIR_END: the stream is complete · below zero: the pipeline fails.
 */
enum weir_status weir__twitter_react(struct weir__twitter_source *source, struct weir_error *err);

/* The answer may have used up the attempts of its time: how long there are none; 0: it has not. */
uint64_t weir__twitter_permitted_ms(const struct weir__twitter_source *source);

/* When it has been silent for too long. */
uint64_t weir__twitter_stall_ms(const struct weir__twitter_source *source);

/* How long a status other than 200 waits for the rest of its words. */
#define WEIR__TWITTER_WORDS_MS 5000

#endif
