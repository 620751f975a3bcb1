/* SPDX-License-Identifier: MIT */
/*
 * The end of a message's way: settled with its last delivery, or abandoned with the pipeline.
 *
 * Guarantees: it is counted once, leaves the windows and the tracker, and its outcome is told,
 * before the pipeline lets go of it. Invariant: until then the pipeline has one reference, which
 * all deliveries share. Called by source.c and delivery.c.
 */
#include "engine/engine.h"

static void tell_outcome(weir_pipeline *pipeline, weir_message *message, enum weir_outcome outcome)
{
	weir_source *source = message->transit.source;

	if (source->ops.settled)
		source->ops.settled(source->self, message, message->transit.user, outcome);
	if (pipeline->options.on_outcome)
		pipeline->options.on_outcome(pipeline->options.user, message, outcome);
}

/* Its source may still be looking at it: it is then the outlet's. */
static void let_go(weir_message *message)
{
	weir_outlet *outlet = &message->transit.source->outlet;

	if (outlet->shown == message)
		outlet->shown_is_over = true;
	else
		weir_message_unref(message);
}

static void settle(weir_pipeline *pipeline, weir_message *message)
{
	const struct weir__transit *transit = &message->transit;
	const enum weir_outcome outcome = transit->dead_lettered ? WEIR_OUTCOME_DEAD_LETTERED
					  : transit->delivered	 ? WEIR_OUTCOME_DELIVERED
								 : WEIR_OUTCOME_DROPPED;
	weir_source *source = transit->source;

	weir__tally_settle(&pipeline->all, outcome);
	weir__tally_settle(&pipeline->kinds[weir__kind_index(message->kind)], outcome);
	weir__tally_settle(&source->counters.all, outcome);
	if (outcome == WEIR_OUTCOME_DROPPED)
		weir__counter_add(&pipeline->drops[transit->drop_cause], 1);
	pipeline->flush.under_way[transit->epoch]--;
	weir__source_let_go(source, message);
	weir__tracker_settle(&source->tracker, transit->track);
	if (outcome == WEIR_OUTCOME_DROPPED) /* behind one that is stuck that may go on for ever */
		weir__tracker_join(&source->tracker, transit->track);
	tell_outcome(pipeline, message, outcome);
	let_go(message);
}

void weir__message_abandon(weir_message *message)
{
	weir_source *source = message->transit.source;

	if (--message->transit.pending > 0)
		return;
	weir__source_forget(source, message);
	tell_outcome(source->port.pipeline, message,
		     source->ops.keeps ? WEIR_OUTCOME_KEPT : WEIR_OUTCOME_LEFT);
	let_go(message);
}

void weir__message_release(weir_message *message)
{
	if (message->transit.is_incomplete)
		weir__message_abandon(message);
	else if (--message->transit.pending == 0)
		settle(message->transit.source->port.pipeline, message);
}
