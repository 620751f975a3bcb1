/* SPDX-License-Identifier: MIT */
/*
 * From a body's bytes to messages in the outlet.
 *
 * Guarantees: order is kept; payloads are forwarded byte for byte, copied once from the transport
 * (inflated bodies: never) and shared from there on; memory is the framer's bound, for a message
 * that finds no room stops the reading. A transport whose piece was used in part keeps all of it
 * and hands it in again; `taken` says how much of it to pass over. A gap is told once, behind every
 * status from before the hole and before every one from after it.
 *
 *     write ──► inflate or copy ──► framer ──► held ──► outlet
 *                      ▲                         │ ▲
 *                      └──── only when drained ──┘ gap, before the first status
 *
 * Invariants: bytes enter the framer only when it has no whole message left; a connection begins
 * only when no gap is here. Callers: source.c.
 */
#include "connect/twitter/stream.h"

#include <string.h>

#include "connect/twitter/notice.h"
#include "connect/twitter/show.h"
#include "ground/error.h"

void weir__twitter_stream_init(struct weir__twitter_stream *stream,
			       const struct weir__twitter_config *config)
{
	const struct weir_twitter_source_options *options = &config->options;

	*stream = (struct weir__twitter_stream){ .config = config };
	weir__framer_init(&stream->framer, config->env,
			  options->delimited ? WEIR__FRAMING_LENGTH : WEIR__FRAMING_CRLF,
			  options->max_message_bytes, 0);
}

static void release_buffer(void *owner)
{
	weir__buffer_unref(owner);
}

static void drop_pending(struct weir__twitter_stream *stream)
{
	if (stream->holding)
		weir__buffer_unref(stream->held.buffer);
	stream->holding = false;
	stream->inflating = false;
	stream->taken = 0;
	if (stream->compressed)
		weir__inflate_release(&stream->inflate);
	stream->compressed = false;
	weir__framer_clear(&stream->framer, 0);
}

void weir__twitter_stream_release(struct weir__twitter_stream *stream)
{
	drop_pending(stream);
	weir__framer_release(&stream->framer);
	weir__twitter_peek_release(&stream->peek, stream->config->env);
	weir__twitter_fields_release(&stream->notices, stream->config->env);
}

void weir__twitter_stream_clear(struct weir__twitter_stream *stream)
{
	drop_pending(stream);
	stream->gap.first_after[0] = '\0';
	weir__twitter_stream_settle_gap(stream);
	stream->missed = 0;
	stream->parting = NULL;
	stream->broken = (struct weir_error){ .status = WEIR_OK };
}

enum weir_status weir__twitter_stream_inflate(struct weir__twitter_stream *stream,
					      enum weir__inflate_coding coding,
					      struct weir_error *err)
{
	const enum weir_status status =
		weir__inflate_init(&stream->inflate, stream->config->env, coding, err);

	stream->compressed = status == WEIR_OK;
	return status;
}

/* ---- the gap ---- */

void weir__twitter_stream_hold_gap(struct weir__twitter_stream *stream,
				   const struct weir__twitter_gap *gap)
{
	stream->gap = *gap;
	memcpy(stream->gap.last_before, stream->last_id, sizeof stream->last_id);
	stream->gap.first_after[0] = '\0';
	stream->gap_state = WEIR__TWITTER_GAP_HELD;
	stream->gap_until_ms = stream->now_ms + WEIR__TWITTER_GAP_MS;
}

void weir__twitter_stream_settle_gap(struct weir__twitter_stream *stream)
{
	if (stream->gap_state == WEIR__TWITTER_GAP_HELD)
		stream->gap_state = WEIR__TWITTER_GAP_SETTLED;
}

void weir__twitter_stream_drop_gap(struct weir__twitter_stream *stream)
{
	const struct weir__twitter_gap *gap = &stream->gap;

	if (stream->gap_state != WEIR__TWITTER_NO_GAP)
		weir_port_log(stream->port, WEIR_LOG_WARN, "no room for a gap message: from %ju to "
			      "%ju, %s, %ju missed", (uintmax_t)gap->from_ms,
			      (uintmax_t)gap->to_ms, weir_reconnect_cause_name(gap->cause),
			      (uintmax_t)gap->missed);
	stream->gap_state = WEIR__TWITTER_NO_GAP;
}

void weir__twitter_stream_end(struct weir__twitter_stream *stream)
{
	struct weir__frame rest;
	const enum weir__frame_type type = weir__framer_finish(&stream->framer, &rest);

	if (type == WEIR__FRAME_MORE && rest.len) {
		weir_port_count(stream->port, WEIR_COUNT_TRUNCATED, 1);
		weir_port_log(stream->port, WEIR_LOG_INFO, "the connection's end cut a message "
			      "after %zu bytes", rest.len);
	}
	if (type == WEIR__FRAME_TOO_LARGE)
		weir_port_count(stream->port, WEIR_COUNT_TOO_LARGE, 1);
	drop_pending(stream);
	weir__twitter_stream_settle_gap(stream);
}

/* ---- out: frames to messages ---- */

static bool has_room(const struct weir__twitter_stream *stream)
{
	return stream->outlet && weir_outlet_room(stream->outlet) > 0;
}

static void remember_id(struct weir__twitter_stream *stream, const weir_message *message)
{
	const struct weir_slice key = weir_message_key(message);

	if (weir_message_kind(message) & (WEIR_KIND_TWEET | WEIR_KIND_RETWEET) && key.len)
		weir__twitter_id_set(stream->last_id, key);
}

static enum weir_status emit(struct weir__twitter_stream *stream,
			     const struct weir_message_init *init, struct weir_error *err)
{
	const weir_message *message = NULL;
	enum weir_status status;

	if (!stream->outlet)
		return WEIR_AGAIN;
	status = weir_outlet_emit(stream->outlet, init, &message, err);
	if (status != WEIR_OK)
		return status;
	remember_id(stream, message);
	weir__twitter_notice(stream, message);
	return WEIR_OK;
}

static enum weir_status emit_gap(struct weir__twitter_stream *stream, struct weir_error *err)
{
	const struct weir_env *env = stream->config->env;
	struct weir_message_init init = { .size = sizeof init, .kind = WEIR_KIND_GAP };
	enum weir_status status;
	char *text;

	if (!has_room(stream))
		return WEIR_AGAIN;
	text = weir__twitter_gap_write(&stream->gap, env, weir_port_name(stream->port));
	if (!text)
		return weir__error_no_memory(err);
	init.body = (struct weir_slice){ text, strlen(text) };
	status = emit(stream, &init, err);
	if (status == WEIR_OK)
		stream->gap_state = WEIR__TWITTER_NO_GAP;
	weir__text_free(env, text);
	return status;
}

/* The reference of `held` goes to the outlet in every case but WEIR_AGAIN. */
static enum weir_status emit_held(struct weir__twitter_stream *stream, struct weir_error *err)
{
	const struct weir_message_init init = {
		.size = sizeof init,
		.body = { stream->held.data, stream->held.len },
		.release = release_buffer,
		.owner = stream->held.buffer,
		.owner_bytes = stream->held.buffer->size,
	};
	const enum weir_status status = emit(stream, &init, err);

	if (status != WEIR_AGAIN)
		stream->holding = false;
	return status;
}

static void on_broken(struct weir__twitter_stream *stream, const struct weir__frame *frame)
{
	char line[WEIR__TWITTER_SHOWN];

	if (stream->broken.status < 0)
		return;
	weir__twitter_show(stream->config, (struct weir_slice){ frame->data, frame->len }, line);
	weir_error_set(&stream->broken, WEIR_ERR_PROTOCOL, WEIR_REMEDY_RETRY,
		       "no message's length where one must stand: '%.100s'", line);
}

static void on_too_large(struct weir__twitter_stream *stream)
{
	char more[WEIR__TWITTER_MORE];

	weir_port_count(stream->port, WEIR_COUNT_TOO_LARGE, 1);
	if (weir__twitter_may_say(stream, "too large", more))
		weir_port_log(stream->port, WEIR_LOG_WARN, "skipped a message larger than %zu "
			      "bytes (max_message_bytes)%s",
			      stream->config->options.max_message_bytes, more);
}

/* Takes the next message out of the framer into `held`; false: there is none. */
static bool hold_next(struct weir__twitter_stream *stream)
{
	struct weir__frame frame;

	for (;;) {
		switch (weir__framer_next(&stream->framer, &frame)) {
		case WEIR__FRAME_MESSAGE:
			stream->held = frame;
			weir__buffer_ref(frame.buffer);
			stream->holding = true;
			return true;
		case WEIR__FRAME_EMPTY:
			weir_port_count(stream->port, WEIR_COUNT_KEEP_ALIVES, 1);
			break;
		case WEIR__FRAME_TOO_LARGE:
			on_too_large(stream);
			break;
		case WEIR__FRAME_BROKEN:
			on_broken(stream, &frame);
			return false;
		case WEIR__FRAME_MORE:
			return false;
		}
	}
}

/* What is held may be the first status behind a hole. */
static enum weir_status look_at_held(struct weir__twitter_stream *stream, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;
	struct weir_slice id;

	if (!stream->peek.fields.plan)
		status = weir__twitter_peek_init(&stream->peek, stream->config->env, err);
	if (status < 0)
		return status;
	id = weir__twitter_peek_id(&stream->peek,
				   (struct weir_slice){ stream->held.data, stream->held.len });
	if (!id.data)
		return WEIR_OK;
	weir__twitter_id_set(stream->gap.first_after, id);
	weir__twitter_stream_settle_gap(stream);
	return WEIR_OK;
}

static enum weir_status emit_next(struct weir__twitter_stream *stream, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (stream->gap_state == WEIR__TWITTER_GAP_HELD)
		status = look_at_held(stream, err);
	if (status == WEIR_OK && stream->gap_state == WEIR__TWITTER_GAP_SETTLED)
		status = emit_gap(stream, err);
	return status == WEIR_OK ? emit_held(stream, err) : status;
}

static enum weir_status emit_frames(struct weir__twitter_stream *stream, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (stream->gap_state == WEIR__TWITTER_GAP_SETTLED)
		status = emit_gap(stream, err);
	while (status == WEIR_OK && (stream->holding || hold_next(stream)))
		status = emit_next(stream, err);
	return status;
}

/* ---- in: bytes to the framer ---- */

static enum weir_status copy_bytes(struct weir__twitter_stream *stream, struct weir_slice *bytes,
				   struct weir_error *err)
{
	size_t room;
	uint8_t *at = weir__framer_reserve(&stream->framer, &room);
	const size_t len = bytes->len < room ? bytes->len : room;

	if (!at)
		return weir__error_no_memory(err);
	memcpy(at, bytes->data, len);
	weir__framer_commit(&stream->framer, len);
	*bytes = (struct weir_slice){ (const uint8_t *)bytes->data + len, bytes->len - len };
	return WEIR_OK;
}

/* Straight into the framer's room. Damage is remembered; it ends the connection, no more. */
static enum weir_status inflate_bytes(struct weir__twitter_stream *stream, struct weir_slice *bytes,
				      struct weir_error *err)
{
	size_t room;
	size_t made = 0;
	uint8_t *at = weir__framer_reserve(&stream->framer, &room);
	const uint8_t *from = bytes->data;
	enum weir_status status;

	if (!at)
		return weir__error_no_memory(err);
	status = weir__inflate_step(&stream->inflate, &from, &bytes->len, at, room, &made,
				    &stream->broken);
	if (status == WEIR_ERR_NOMEM)
		return weir__error_no_memory(err);
	stream->inflating = status == WEIR_AGAIN;
	if (status < 0)
		return WEIR_OK;
	bytes->data = from;
	weir__framer_commit(&stream->framer, made);
	return WEIR_OK;
}

enum weir_status weir__twitter_stream_drain(struct weir__twitter_stream *stream,
					    struct weir_error *err)
{
	struct weir_slice nothing = { "", 0 };
	enum weir_status status = emit_frames(stream, err);

	while (status == WEIR_OK && stream->inflating && stream->broken.status == WEIR_OK) {
		status = inflate_bytes(stream, &nothing, err);
		if (status == WEIR_OK)
			status = emit_frames(stream, err);
	}
	return status;
}

/* After a message that ends it, and of a damaged body, nothing more is wanted. */
static bool is_over(const struct weir__twitter_stream *stream)
{
	return stream->parting || stream->broken.status < 0;
}

enum weir_status weir__twitter_stream_write(struct weir__twitter_stream *stream,
					    struct weir_slice bytes, struct weir_error *err)
{
	const size_t again = bytes.len < stream->taken ? bytes.len : stream->taken;
	struct weir_slice rest = { (const uint8_t *)bytes.data + again, bytes.len - again };
	enum weir_status status = weir__twitter_stream_drain(stream, err);

	while (status == WEIR_OK && rest.len && !is_over(stream)) {
		const size_t before = rest.len;

		status = stream->compressed ? inflate_bytes(stream, &rest, err) :
					      copy_bytes(stream, &rest, err);
		weir_port_count(stream->port, WEIR_COUNT_WIRE_BYTES, before - rest.len);
		if (status == WEIR_OK)
			status = weir__twitter_stream_drain(stream, err);
	}
	if (status < 0)
		return status;
	if (status == WEIR_AGAIN && rest.len && !is_over(stream)) {
		stream->taken += bytes.len - again - rest.len;
		return WEIR_AGAIN;
	}
	stream->taken -= again;
	return WEIR_OK;
}
