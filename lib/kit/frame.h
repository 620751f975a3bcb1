/* SPDX-License-Identifier: MIT */
/*
 * Frames: from a stream of bytes, cut anywhere, to messages in shared buffers.
 *
 * The reader of a socket or file writes straight into the framer's buffer (reserve, commit); the
 * frames that come out are slices of it. A byte is copied again only when its message straddles
 * two buffers. Memory is bounded by max_message_bytes plus one segment, whatever comes in.
 *
 *     reserve ─► write ─► commit ─► next, next, next … WEIR__FRAME_MORE ─► reserve …   end: finish
 */
#ifndef WEIR_KIT_FRAME_H
#define WEIR_KIT_FRAME_H

#include "kit/buffer.h"

enum weir__framing {
	WEIR__FRAMING_CRLF,	/* lines end in CR LF; a bare LF is part of the message */
	WEIR__FRAMING_LENGTH,	/* v1.1 delimited=length: decimal length, CR LF or LF, the bytes */
	WEIR__FRAMING_LF	/* files: lines end in LF, a CR before it is no part of the message */
};

enum weir__frame_type {
	WEIR__FRAME_MORE,	/* nothing whole: more bytes, please */
	WEIR__FRAME_MESSAGE,	/* a message, without its line end */
	WEIR__FRAME_EMPTY,	/* an empty line: a keep-alive */
	WEIR__FRAME_TOO_LARGE,	/* a message above the limit was skipped; said once, at its end */
	WEIR__FRAME_BROKEN	/* LENGTH only: no length where one must stand (`data` is that line), or
				 * one that does not fit its message (`data` is the body). The stream is
				 * out of step for good: later calls answer BROKEN with no data */
};

struct weir__frame {
	enum weir__frame_type type;
	struct weir__buffer *buffer;	/* lent: take a reference to keep `data` */
	const uint8_t *data;		/* MESSAGE, BROKEN: the bytes, inside buffer */
	size_t len;
	uint64_t offset;	/* where in the stream the frame (LENGTH: its length's line) begins */
	uint64_t end;		/* where in the stream the byte behind it and its line end is */
};

struct weir__framer {
	const struct weir_env *env;
	enum weir__framing framing;
	size_t max_message_bytes;
	size_t segment_bytes;
	struct weir__buffer *buffer;
	size_t begin;		/* first byte that no frame has taken */
	size_t seen;		/* bytes from begin already searched for the line end */
	size_t end;		/* bytes written */
	uint64_t stream_offset;	/* of `begin` */
	size_t line_len;	/* LENGTH: bytes of the length's line, which stands at begin */
	size_t body_len;	/* LENGTH: bytes of the body awaited, 0 while reading a length */
	uint64_t skipped;	/* bytes of a too large message thrown away so far */
	bool skipping;
	bool broken;
};

/* `env` is borrowed for the framer's life. segment_bytes 0: 256 KiB. */
void weir__framer_init(struct weir__framer *framer, const struct weir_env *env,
		       enum weir__framing framing, size_t max_message_bytes, size_t segment_bytes);
void weir__framer_release(struct weir__framer *framer);
/* Forgets what was read, for a new stream that begins at `stream_offset`. */
void weir__framer_clear(struct weir__framer *framer, uint64_t stream_offset);

/* Room to write at least one byte, more as a rule; NULL when out of memory. */
uint8_t *weir__framer_reserve(struct weir__framer *framer, size_t *ret_room);
/* `len` bytes were written at the place reserve gave. */
void weir__framer_commit(struct weir__framer *framer, size_t len);
enum weir__frame_type weir__framer_next(struct weir__framer *framer, struct weir__frame *ret);
/*
 * The stream has ended: what is left over. LF: the last line without its end is a MESSAGE.
 * CRLF, LENGTH: a cut message is not one; answers MORE with `data` its bytes, len 0 when the stream
 * ended between messages (or inside an empty line). A cut one above the limit is TOO_LARGE.
 */
enum weir__frame_type weir__framer_finish(struct weir__framer *framer, struct weir__frame *ret);

#endif
