/* SPDX-License-Identifier: MIT */
/*
 * What a message holds of the windows, the pipeline's and its source's: one message, and the memory
 * that it keeps. Called by sources for each message they emit, and when it is settled.
 *
 * Invariant: memory that several messages of one owner keep together counts once, with the first of
 * them that is under way, until the last is settled.
 */
#include "engine/engine.h"

#include "ground/error.h"

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
