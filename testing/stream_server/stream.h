/* SPDX-License-Identifier: MIT */
/* The body of one stream: what stream.c and stream_fault.c share. */
#ifndef WEIR_TESTING_STREAM_H
#define WEIR_TESTING_STREAM_H

#include "server.h"
#include "zip.h"

enum state { RUN, IDLE, SILENT, END, ABORT, RESET, CUT_CHUNK };

struct stream {
	struct server *server;
	const struct pool *pool;
	const struct fault *fault;
	struct zip *zip;		/* NULL without gzip */
	char *piece;			/* what goes into it */
	char *injected;			/* the frame's own bytes when they are no message */
	uint64_t number;
	int client_fd;
	int poke_fd;
	atomic_bool cut;		/* a newer stream took over */
	bool delimited;
	bool is_x;			/* v2: posts, and problems instead of disconnects */
	bool filtered;			/* … with the rules that match */
	uint64_t starved_us;		/* when there was no rule; 0: there are */
	bool fired;			/* the fault happened */
	bool garbage;			/* to be put between the compressed bytes */
	bool member_ends;		/* with this frame */
	bool zip_ended;
	enum state state;
	enum state then;		/* the state after this frame */
	char prefix[24];		/* the length line */
	size_t prefix_len;
	const char *body;
	size_t body_len;
	size_t at;			/* how much of prefix and body was given */
	size_t index;			/* the next message */
	uint64_t sent;
	uint64_t backfill;		/* with a negative count: this many, then the end */
	uint64_t bytes;
	uint64_t start_us;
	uint64_t last_us;		/* when the last byte was given */
};

/* The frame that goes next; `framed` ones have a length line, where that was asked for. */
void stream_set_frame(struct stream *stream, const char *body, size_t len, bool framed);
/* The same with bytes of its own. */
void stream_inject(struct stream *stream, bool framed, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void stream_inject_keep_alive(struct stream *stream);
const struct pool_message *stream_next_message(const struct stream *stream);
void stream_count_message(struct stream *stream);

/* Whether the fault happens now; and what it does. */
bool stream_fault_due(const struct stream *stream);
bool stream_take_fault(struct stream *stream);

#endif
