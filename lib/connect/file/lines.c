/* SPDX-License-Identifier: MIT */
/*
 * From what was read of a file to messages: slices of the framer's buffers.
 *
 * Guarantees: without room nothing is taken from the framer but one message, which is held; the
 * trail hears of every line once, in order. Called by the file source's steps.
 */
#include "connect/file/source.h"

static void release_buffer(void *owner)
{
	weir__buffer_unref(owner);
}

/* A frame whose buffer has a reference for the message, for later. */
static void hold(struct weir__file_source *source, const struct weir__frame *frame)
{
	source->held = *frame;
	source->has_held = true;
}

/* The frame's buffer has a reference for the message. Without room it is held. */
static enum weir_status emit(struct weir__file_source *source, weir_outlet *outlet,
			     const struct weir__frame *frame, struct weir_error *err)
{
	const struct weir_message_init init = {
		.size = sizeof init,
		.body = { frame->data, frame->len },
		.release = release_buffer,
		.owner = frame->buffer,
		.owner_bytes = frame->buffer->size,
		.kind = source->kind,
		.position = { .lane = 0, .offset = frame->end },
	};
	const uint64_t end = frame->end;
	const enum weir_status status = weir_outlet_emit(outlet, &init, NULL, err);

	source->has_held = false;
	if (status == WEIR_AGAIN)
		hold(source, frame);
	if (status == WEIR_OK)
		weir__trail_emit(&source->reader.trail, end);
	return status;
}

/* What the framer lends becomes a message, when it is due. */
static enum weir_status take(struct weir__file_source *source, weir_outlet *outlet,
			     const struct weir__frame *frame, uint64_t now_ms,
			     struct weir_error *err)
{
	const struct weir_slice body = { frame->data, frame->len };

	weir__buffer_ref(frame->buffer);
	source->due_ms = weir__pace_next(&source->pace, body, now_ms);
	if (source->due_ms <= now_ms)
		return emit(source, outlet, frame, err);
	hold(source, frame);
	return WEIR_AGAIN;
}

/* Out of step for good: nothing behind it can be told apart. */
static enum weir_status refuse_broken(const struct weir__file_source *source,
				      const struct weir__frame *frame, struct weir_error *err)
{
	return weir_error_set(err, WEIR_ERR_CORRUPT, WEIR_REMEDY_STOP,
			      "'%s' is not framed by lengths at byte %llu", source->reader.path,
			      (unsigned long long)(frame->offset -
						   source->reader.trail.last->base));
}

static unsigned long long own_offset(const struct weir__file_source *source, uint64_t offset)
{
	return offset - source->reader.trail.last->base;
}

/* The line that begins there is above the limit: once for each, whether or not it ever ends. */
static void note_too_large(struct weir__file_source *source, uint64_t offset)
{
	if (source->is_too_large)
		return;
	source->is_too_large = true;
	weir_port_count(source->port, WEIR_COUNT_TOO_LARGE, 1);
	if (!source->has_said_too_large)
		weir_port_log(source->port, WEIR_LOG_WARN,
			      "'%s': the line at byte %llu is longer than %zu bytes: skipped "
			      "(others will only be counted)",
			      source->reader.path, own_offset(source, offset),
			      source->max_message_bytes);
	source->has_said_too_large = true;
}

static void skip_too_large(struct weir__file_source *source, const struct weir__frame *frame)
{
	note_too_large(source, frame->offset);
	source->is_too_large = false;
	weir__trail_skip(&source->reader.trail, frame->end);
}

/* Of a line without its end so far. */
static void look_at_rest(struct weir__file_source *source, const struct weir__frame *frame)
{
	if (source->framer.skipping)
		note_too_large(source, frame->offset);
}

static void skip_cut(struct weir__file_source *source, const struct weir__frame *frame)
{
	if (frame->len > 0) {
		weir_port_count(source->port, WEIR_COUNT_TRUNCATED, 1);
		weir_port_log(source->port, WEIR_LOG_WARN,
			      "'%s' ends inside a line: its last %zu bytes are no message",
			      source->reader.path, frame->len);
	}
	if (source->reader.state == WEIR__LEFT)
		weir__trail_skip(&source->reader.trail, frame->end);
}

/* The last line of an LF file needs no line end; what the wire cut off is no message. */
enum weir_status weir__lines_finish(struct weir__file_source *source, weir_outlet *outlet,
				    uint64_t now_ms, struct weir_error *err)
{
	struct weir__frame frame;
	enum weir_status status = WEIR_OK;

	if (source->framer.end == source->framer.begin && !source->framer.skipping)
		return WEIR_OK;
	switch (weir__framer_finish(&source->framer, &frame)) {
	case WEIR__FRAME_MESSAGE:
		status = take(source, outlet, &frame, now_ms, err);
		break;
	case WEIR__FRAME_TOO_LARGE:
		skip_too_large(source, &frame);
		break;
	default:
		skip_cut(source, &frame);
		break;
	}
	return status;
}

void weir__lines_cut(struct weir__file_source *source)
{
	const size_t len = source->framer.end - source->framer.begin;

	if (len == 0)
		return;
	weir_port_count(source->port, WEIR_COUNT_TRUNCATED, 1);
	weir__framer_clear(&source->framer, source->reader.trail.passed);
}

enum weir_status weir__lines_emit(struct weir__file_source *source, weir_outlet *outlet,
				  uint64_t now_ms, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (source->has_held && source->due_ms > now_ms)
		return WEIR_AGAIN;
	if (source->has_held)
		status = emit(source, outlet, &source->held, err);
	while (status == WEIR_OK) {
		struct weir__frame frame;

		if (weir__file_is_far_ahead(source) || weir_outlet_room(outlet) == 0)
			return WEIR_AGAIN;
		switch (weir__framer_next(&source->framer, &frame)) {
		case WEIR__FRAME_MESSAGE:
			status = take(source, outlet, &frame, now_ms, err);
			break;
		case WEIR__FRAME_BROKEN:
			return refuse_broken(source, &frame, err);
		case WEIR__FRAME_TOO_LARGE:
			skip_too_large(source, &frame);
			break;
		case WEIR__FRAME_EMPTY:
			weir__trail_skip(&source->reader.trail, frame.end);
			break;
		default:
			look_at_rest(source, &frame);
			return WEIR_OK;
		}
	}
	return status;
}

void weir__lines_begin(struct weir__file_source *source, uint64_t at)
{
	weir__framer_clear(&source->framer, at);
	source->is_too_large = false;
}

void weir__lines_close(struct weir__file_source *source)
{
	if (source->has_held)
		weir__buffer_unref(source->held.buffer);
	source->has_held = false;
	weir__framer_release(&source->framer);
}
