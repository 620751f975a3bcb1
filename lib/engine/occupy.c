/* SPDX-License-Identifier: MIT */
/*
 * The windows, the pipeline's and its source's: how much room there is, and what a message holds of
 * it: one message, and the memory that it keeps. Called by sources for each message they emit, and
 * when it is settled.
 *
 * Invariant: memory that several messages of one owner keep together counts once, with the first of
 * them that is under way, until the last is settled.
 */
#include "engine/engine.h"

#include "ground/error.h"

#define TRACKER_WINDOWS 16	/* most positions a source keeps, in windows */

/* ---- room ---- */

/*
 * How many more positions a source may have that cannot be acknowledged: one message that does not
 * settle must not let the tracker grow behind it for ever.
 */
static size_t tracker_room(const weir_source *source)
{
	const uint64_t most = source->port.pipeline->options.window_messages * TRACKER_WINDOWS;
	const size_t count = weir__tracker_count(&source->tracker);

	return count < most ? (size_t)(most - count) : 0;
}

/*
 * The room that counts for it beside its share. One that relays has its share to itself: what waits
 * to come through it may fill the pipeline's window, and goes on only when it has emitted. Others
 * have half of that window to themselves: what was relayed, a whole batch of it maybe, or one
 * message larger than the window, may have to wait for long, and they go on.
 */
static size_t window_room(const weir_source *source)
{
	const weir_pipeline *pipeline = source->port.pipeline;
	const size_t own = weir__window_room(&pipeline->front);
	const size_t all = weir__window_room(&pipeline->window);

	if (source->ops.relays)
		return weir__window_room(&source->share);
	return own > all ? own : all;
}

static bool window_has_eased(const weir_source *source)
{
	const weir_pipeline *pipeline = source->port.pipeline;

	if (source->ops.relays)
		return weir__window_has_eased(&source->share);
	return weir__window_has_eased(&pipeline->front) ||
	       weir__window_has_eased(&pipeline->window);
}

bool weir__source_is_fed(const weir_source *source)
{
	return source->starved && window_has_eased(source) &&
	       weir__window_has_eased(&source->share) && !weir__overflow_blocks(source) &&
	       tracker_room(source) > 0;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t weir_outlet_room(const weir_outlet *outlet)
{
	weir_source *source = outlet->source;
	const weir_pipeline *pipeline = source->port.pipeline;
	size_t room = 0;

	weir__overflow_unblock(source);
	if (outlet->is_open && pipeline->error.status == WEIR_OK && source->blocker_count == 0) {
		room = least(window_room(source), weir__window_room(&source->share));
		room = least(room, tracker_room(source));
	}
	if (room == 0)
		source->starved = source->outlet.had_none = true;
	return room;
}

/* ---- what is held of it ---- */

/* Counts memory that messages of one owner keep together with the first of them. */
static enum weir_status hold(weir_source *source, weir_message *message, uint64_t bytes,
			     struct weir_error *err)
{
	struct weir__holding *holding = source->holding;

	if (!holding || holding->owner != message->owner) {
		holding = weir__alloc(&source->port.pipeline->env, sizeof *holding);
		if (!holding)
			return weir__error_no_memory(err);
		holding->owner = message->owner;
		holding->bytes = bytes;
		source->holding = holding;
	}
	holding->messages++;
	message->transit.holding = holding;
	return WEIR_OK;
}

static uint64_t hold_no_more(weir_source *source, struct weir__holding *holding)
{
	uint64_t bytes;

	if (!holding || --holding->messages > 0)
		return 0;
	bytes = holding->bytes;
	if (source->holding == holding)
		source->holding = NULL;
	weir__free(&source->port.pipeline->env, holding, sizeof *holding);
	return bytes;
}

enum weir_status weir__source_occupy(weir_source *source, weir_message *message,
				     const struct weir_message_init *init, struct weir_error *err)
{
	weir_pipeline *pipeline = source->port.pipeline;
	struct weir__transit *transit = &message->transit;
	uint64_t bytes;

	transit->own_bytes = message->block_size - sizeof *message;
	if (init->release && init->owner_bytes == 0)
		transit->own_bytes += message->body.len;
	if (init->release && init->owner_bytes > 0 &&
	    hold(source, message, init->owner_bytes, err) < 0)
		return err->status;
	bytes = transit->own_bytes;
	if (transit->holding && transit->holding->messages == 1)
		bytes += transit->holding->bytes;
	weir__window_enter(&pipeline->window, bytes);
	weir__window_enter(&source->share, bytes);
	if (!source->ops.relays)
		weir__window_enter(&pipeline->front, bytes);
	weir__counter_set(&pipeline->in_flight_bytes, pipeline->window.bytes);
	return WEIR_OK;
}

void weir__source_let_go(weir_source *source, weir_message *message)
{
	weir_pipeline *pipeline = source->port.pipeline;
	const uint64_t bytes = message->transit.own_bytes +
			       hold_no_more(source, message->transit.holding);

	weir__window_leave(&pipeline->window, bytes);
	weir__window_leave(&source->share, bytes);
	if (!source->ops.relays)
		weir__window_leave(&pipeline->front, bytes);
	weir__counter_set(&pipeline->in_flight_bytes, pipeline->window.bytes);
}

void weir__source_forget(weir_source *source, weir_message *message)
{
	hold_no_more(source, message->transit.holding);
}
