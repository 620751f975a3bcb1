/* SPDX-License-Identifier: MIT */
/*
 * Framing.
 *
 * Guarantees: the frames are the same for every way of cutting the stream; MESSAGE, EMPTY,
 * TOO_LARGE and BROKEN frames tile it: each begins where the one before ended (in LENGTH with
 * its length's line). Memory is one buffer of at most max_message_bytes and a line end, or of one
 * segment, whichever is more, and for the moment of a move between two both; buffers that messages
 * hold come on top. That holds as long as the caller takes all frames before it reserves again.
 *
 *     bytes  │ taken by frames │ searched │ not yet searched │ room for the next read │
 *            0               begin   begin + seen           end              buffer->size
 *
 * Invariants: begin + seen <= end <= size; in the line modes nothing in [begin, begin + seen) ends
 * a line; bytes before begin are changed only when nobody else has a reference to the buffer.
 *
 *     line modes   a line ──► MESSAGE | EMPTY | TOO_LARGE
 *                  no line end and already above the limit ──► skipping: all but a last CR is
 *                  dropped until the line ends ──► TOO_LARGE
 *     LENGTH       line_len 0: a line ──► EMPTY | a length | BROKEN
 *                  body_len > 0: that many bytes ──► MESSAGE | EMPTY | BROKEN; above the limit:
 *                  skipping all but the last two ──► TOO_LARGE | BROKEN
 *
 * Callers: the HTTP source's body, the file source.
 */
#include "kit/frame.h"

#include <string.h>

#include "kit/text.h"

#define DEFAULT_SEGMENT_BYTES ((size_t)256 * 1024)
#define LENGTH_LINE_BYTES 256		/* a length's line of more is broken */
#define LENGTH_MOST 500000000u		/* what established clients refuse a thousandth of */

void weir__framer_init(struct weir__framer *framer, const struct weir_env *env,
		       enum weir__framing framing, size_t max_message_bytes, size_t segment_bytes)
{
	*framer = (struct weir__framer){
		.env = env,
		.framing = framing,
		.max_message_bytes = max_message_bytes,
		.segment_bytes = segment_bytes ? segment_bytes : DEFAULT_SEGMENT_BYTES,
	};
}

void weir__framer_release(struct weir__framer *framer)
{
	framer->buffer = weir__buffer_unref(framer->buffer);
	weir__framer_clear(framer, 0);
}

void weir__framer_clear(struct weir__framer *framer, uint64_t stream_offset)
{
	framer->begin = framer->buffer ? framer->end : 0;
	framer->end = framer->begin;
	framer->seen = 0;
	framer->stream_offset = stream_offset;
	framer->line_len = 0;
	framer->body_len = 0;
	framer->skipped = 0;
	framer->skipping = false;
	framer->broken = false;
}

/* A buffer must be able to hold the longest message with its line end, whatever its segment. */
static size_t most_bytes(const struct weir__framer *framer)
{
	const size_t around = framer->framing == WEIR__FRAMING_LENGTH ? LENGTH_LINE_BYTES + 2 : 2;

	if (framer->max_message_bytes > SIZE_MAX / 4)
		return SIZE_MAX / 4;
	return framer->max_message_bytes + around;
}

/* Reads get shorter at the end of a segment; below this a new one is cheaper than short reads. */
static size_t least_room(const struct weir__framer *framer)
{
	return framer->segment_bytes / 16 + 1;
}

/* The size of a buffer for a beginning of `tail` bytes: a segment, doubled up to the limit. */
static size_t wanted_bytes(const struct weir__framer *framer, size_t tail)
{
	const size_t most = most_bytes(framer);
	size_t wanted = framer->segment_bytes;

	while (wanted < tail + least_room(framer) && wanted <= SIZE_MAX / 2)
		wanted *= 2;
	if (wanted > most && wanted > framer->segment_bytes)
		wanted = most > framer->segment_bytes ? most : framer->segment_bytes;
	return wanted > tail ? wanted : tail + framer->segment_bytes;
}

static void move_tail(struct weir__framer *framer, struct weir__buffer *to)
{
	const size_t tail = framer->end - framer->begin;

	if (tail)
		memmove(to->bytes, framer->buffer->bytes + framer->begin, tail);
	framer->begin = 0;
	framer->end = tail;
}

static bool start_segment(struct weir__framer *framer, size_t size)
{
	struct weir__buffer *buffer = weir__buffer_new(framer->env, size);

	if (!buffer)
		return false;
	move_tail(framer, buffer);
	weir__buffer_unref(framer->buffer);
	framer->buffer = buffer;
	return true;
}

static bool grow_buffer(struct weir__framer *framer, size_t size)
{
	struct weir__buffer *buffer = weir__buffer_grow(framer->buffer, size);

	if (buffer)
		framer->buffer = buffer;
	return buffer;
}

/* A buffer that grew for one message is given back once that message is out of it. */
static bool is_outgrown(const struct weir__framer *framer, size_t tail)
{
	return framer->buffer->size > framer->segment_bytes && framer->begin > 0 &&
	       tail + least_room(framer) <= framer->segment_bytes;
}

static bool make_room(struct weir__framer *framer)
{
	const size_t tail = framer->end - framer->begin;
	const size_t wanted = wanted_bytes(framer, tail);
	struct weir__buffer *buffer = framer->buffer;
	bool shared;

	if (!buffer || is_outgrown(framer, tail))
		return start_segment(framer, wanted);
	shared = weir__buffer_is_shared(buffer);
	if (!shared && !tail)
		move_tail(framer, buffer);
	if (buffer->size - framer->end >= least_room(framer))
		return true;
	if (shared)
		return start_segment(framer, wanted);
	move_tail(framer, buffer);
	return wanted <= buffer->size || grow_buffer(framer, wanted);
}

uint8_t *weir__framer_reserve(struct weir__framer *framer, size_t *ret_room)
{
	if (framer->broken) {
		framer->begin = framer->end;
		framer->seen = 0;
	}
	if (!make_room(framer))
		return NULL;
	*ret_room = framer->buffer->size - framer->end;
	return framer->buffer->bytes + framer->end;
}

void weir__framer_commit(struct weir__framer *framer, size_t len)
{
	framer->end += len;
}

/* Forgets `len` bytes of a message that is too large. */
static void skip_bytes(struct weir__framer *framer, size_t len)
{
	framer->begin += len;
	framer->stream_offset += len;
	framer->skipped += len;
	framer->skipping = true;
}

/*
 * Makes a frame of the next `taken` bytes, of which `len` from `data` on are its own, and goes on
 * behind it.
 */
static enum weir__frame_type take_frame(struct weir__framer *framer, enum weir__frame_type type,
					const uint8_t *data, size_t len, size_t taken,
					struct weir__frame *ret)
{
	const bool has_data = type == WEIR__FRAME_MESSAGE || type == WEIR__FRAME_BROKEN;

	*ret = (struct weir__frame){
		.type = type,
		.buffer = framer->buffer,
		.data = has_data ? data : NULL,
		.len = has_data ? len : 0,
		.offset = framer->stream_offset - framer->skipped,
		.end = framer->stream_offset + taken,
	};
	framer->begin += taken;
	framer->stream_offset += taken;
	framer->seen = 0;
	framer->line_len = 0;
	framer->body_len = 0;
	framer->skipped = 0;
	framer->skipping = false;
	framer->broken = type == WEIR__FRAME_BROKEN;
	return type;
}

static enum weir__frame_type answer_more(const struct weir__framer *framer,
					 struct weir__frame *ret)
{
	*ret = (struct weir__frame){
		.type = framer->broken ? WEIR__FRAME_BROKEN : WEIR__FRAME_MORE,
		.offset = framer->stream_offset - framer->skipped,
		.end = framer->stream_offset + (framer->end - framer->begin),
	};
	return ret->type;
}

/* Where the next line's LF stands, NULL when it has not come. */
static const uint8_t *find_line_end(struct weir__framer *framer)
{
	const uint8_t *begin = framer->buffer->bytes + framer->begin;
	const uint8_t *end = framer->buffer->bytes + framer->end;

	for (const uint8_t *at = begin + framer->seen; at < end; at++) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at)
			break;
		if (framer->framing == WEIR__FRAMING_LF || (at > begin && at[-1] == '\r'))
			return at;
	}
	framer->seen = framer->end - framer->begin;
	return NULL;
}

static size_t without_cr(const uint8_t *line, size_t len)
{
	return len > 0 && line[len - 1] == '\r' ? len - 1 : len;
}

static enum weir__frame_type next_line(struct weir__framer *framer, struct weir__frame *ret)
{
	const uint8_t *lf = find_line_end(framer);
	const uint8_t *line = framer->buffer->bytes + framer->begin;
	size_t len;

	if (!lf) {
		len = without_cr(line, framer->end - framer->begin);
		if (framer->skipping || len > framer->max_message_bytes) {
			framer->seen -= len;
			skip_bytes(framer, len);
		}
		return answer_more(framer, ret);
	}
	len = without_cr(line, (size_t)(lf - line));
	if (framer->skipping || len > framer->max_message_bytes)
		return take_frame(framer, WEIR__FRAME_TOO_LARGE, NULL, 0, (size_t)(lf - line) + 1,
				  ret);
	return take_frame(framer, len ? WEIR__FRAME_MESSAGE : WEIR__FRAME_EMPTY, line, len,
			  (size_t)(lf - line) + 1, ret);
}

/*
 * LENGTH: the line before a body. An empty one is a frame; a good one leaves line_len and body_len
 * and answers MORE; anything else ends the stream's use.
 */
static enum weir__frame_type read_length(struct weir__framer *framer, struct weir__frame *ret)
{
	const uint8_t *line = framer->buffer->bytes + framer->begin;
	const size_t there = framer->end - framer->begin;
	const size_t searched = there < LENGTH_LINE_BYTES ? there : LENGTH_LINE_BYTES;
	const uint8_t *lf = memchr(line, '\n', searched);
	const size_t taken = lf ? (size_t)(lf - line) + 1 : searched;
	const size_t len = lf ? without_cr(line, taken - 1) : searched;
	uint64_t length;

	if (!lf && there < LENGTH_LINE_BYTES)
		return answer_more(framer, ret);
	if (lf && !len)
		return take_frame(framer, WEIR__FRAME_EMPTY, NULL, 0, taken, ret);
	if (!lf || !weir__text_to_u64((struct weir_slice){ line, len }, &length) || length < 2 ||
	    length > LENGTH_MOST)
		return take_frame(framer, WEIR__FRAME_BROKEN, line, len, taken, ret);
	framer->line_len = taken;
	framer->body_len = (size_t)length;
	if (framer->body_len - 2 > framer->max_message_bytes)
		skip_bytes(framer, taken);
	return answer_more(framer, ret);
}

/* LENGTH: throws away what is there of a large body, but for the two bytes that end it. */
static void skip_body(struct weir__framer *framer)
{
	const size_t there = framer->end - framer->begin;
	const size_t most = framer->body_len - 2;
	const size_t len = there < most ? there : most;

	skip_bytes(framer, len);
	framer->body_len -= len;
	framer->line_len = 0;
}

static enum weir__frame_type next_body(struct weir__framer *framer, struct weir__frame *ret)
{
	const uint8_t *body;
	size_t taken;

	if (framer->skipping)
		skip_body(framer);
	taken = framer->line_len + framer->body_len;
	if (framer->end - framer->begin < taken)
		return answer_more(framer, ret);
	body = framer->buffer->bytes + framer->begin + framer->line_len;
	if (memcmp(body + framer->body_len - 2, "\r\n", 2) != 0)
		return take_frame(framer, WEIR__FRAME_BROKEN, body, framer->body_len, taken, ret);
	if (framer->skipping)
		return take_frame(framer, WEIR__FRAME_TOO_LARGE, NULL, 0, taken, ret);
	return take_frame(framer, framer->body_len > 2 ? WEIR__FRAME_MESSAGE : WEIR__FRAME_EMPTY,
			  body, framer->body_len - 2, taken, ret);
}

static enum weir__frame_type next_delimited(struct weir__framer *framer, struct weir__frame *ret)
{
	if (!framer->body_len) {
		const enum weir__frame_type type = read_length(framer, ret);

		if (!framer->body_len)
			return type;
	}
	return next_body(framer, ret);
}

enum weir__frame_type weir__framer_next(struct weir__framer *framer, struct weir__frame *ret)
{
	if (framer->broken || framer->end == framer->begin)
		return answer_more(framer, ret);
	if (framer->framing == WEIR__FRAMING_LENGTH)
		return next_delimited(framer, ret);
	return next_line(framer, ret);
}

enum weir__frame_type weir__framer_finish(struct weir__framer *framer, struct weir__frame *ret)
{
	const size_t there = framer->end - framer->begin;
	const uint8_t *data = framer->buffer ? framer->buffer->bytes + framer->begin : NULL;
	const size_t len = without_cr(data, there);

	if (framer->broken)
		return answer_more(framer, ret);
	if (framer->skipping ||
	    (framer->framing != WEIR__FRAMING_LENGTH && len > framer->max_message_bytes))
		return take_frame(framer, WEIR__FRAME_TOO_LARGE, NULL, 0, there, ret);
	if (framer->framing == WEIR__FRAMING_LF && len)
		return take_frame(framer, WEIR__FRAME_MESSAGE, data, len, there, ret);
	take_frame(framer, WEIR__FRAME_MORE, NULL, 0, there, ret);
	if (len) {
		ret->data = data;
		ret->len = there;
	}
	return WEIR__FRAME_MORE;
}
