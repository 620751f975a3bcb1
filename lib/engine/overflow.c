/* SPDX-License-Identifier: MIT */
/*
 * Overflow: what a route does with a message when its sink's share of the window is used up.
 *
 *     block   the message goes on, and its source has no room until the share has eased
 *     drop    the new one, or the oldest that waits on such a route, goes away, counted
 *
 * Guarantees: a share is exceeded by one message of each source at most; what others rely on
 * (WEIR__SPARED_KINDS) is never dropped. Called by the router for each delivery to be.
 */
#include "engine/engine.h"

#include "ground/error.h"

static bool drops(const weir_rule *rule)
{
	return rule->overflow == WEIR_OVERFLOW_DROP_NEW || rule->overflow == WEIR_OVERFLOW_DROP_OLD;
}

static bool make_room(weir_sink *sink)
{
	while (weir__window_room(&sink->share) == 0)
		if (!weir__delivery_drop_oldest(sink))
			return false;
	return true;
}

bool weir__overflow_admits(weir_rule *rule, weir_message *message)
{
	weir_sink *sink = rule->sink;

	if (weir__window_room(&sink->share) > 0)
		return true;
	if (rule->overflow == WEIR_OVERFLOW_DROP_OLD && make_room(sink))
		return true;
	if (!drops(rule) || (message->kind & WEIR__SPARED_KINDS))
		return true;
	weir__counter_add(&rule->dropped_new, 1);
	message->transit.drop_cause = WEIR_DROP_OVERFLOW_NEW;
	return false;
}

enum weir_status weir__overflow_check(const struct weir_route *route, struct weir_error *err)
{
	if ((unsigned)route->overflow > WEIR_OVERFLOW_SPOOL)
		return weir__error_invalid(err, "overflow is %d", (int)route->overflow);
	if (route->overflow == WEIR_OVERFLOW_SPOOL && !(route->from && route->from->ops.relays))
		return weir__error_invalid(err, "overflow is WEIR_OVERFLOW_SPOOL, and from is not a "
					   "spool's source; set from to weir_spool_source(…)");
	return WEIR_OK;
}

void weir__overflow_block(weir_source *source, weir_sink *sink)
{
	for (size_t i = 0; i < source->blocker_count; i++)
		if (source->blockers[i] == sink)
			return;
	source->blockers[source->blocker_count++] = sink;
}

bool weir__overflow_blocks(const weir_source *source)
{
	for (size_t i = 0; i < source->blocker_count; i++)
		if (!weir__window_has_eased(&source->blockers[i]->share))
			return true;
	return false;
}

void weir__overflow_unblock(weir_source *source)
{
	size_t kept = 0;

	for (size_t i = 0; i < source->blocker_count; i++)
		if (!weir__window_has_eased(&source->blockers[i]->share))
			source->blockers[kept++] = source->blockers[i];
	source->blocker_count = kept;
}

/* Every sink may block a source at a time. */
static enum weir_status make_blockers(weir_pipeline *pipeline, struct weir_error *err)
{
	size_t count = 0;

	for (const weir_sink *sink = pipeline->sinks; sink; sink = sink->next)
		count++;
	for (weir_source *source = pipeline->sources; source && count; source = source->next) {
		source->blockers = weir__alloc_array(&pipeline->env, count, sizeof(weir_sink *));
		if (!source->blockers)
			return weir__error_no_memory(err);
		source->blocker_capacity = count;
	}
	return WEIR_OK;
}

/* Of a sink that may have to drop, half the share waits where it can be dropped. */
static void limit_shares(weir_pipeline *pipeline)
{
	for (weir_rule *rule = pipeline->rules; rule; rule = rule->next) {
		weir_sink *sink = rule->sink;

		if (!sink || !drops(rule))
			continue;
		if (sink->share.most_messages == UINT64_MAX)
			weir__window_limit(&sink->share, pipeline->options.window_messages / 2,
					   pipeline->options.window_bytes / 2);
		if (rule->overflow == WEIR_OVERFLOW_DROP_OLD && !sink->ops.holds)
			weir__window_limit(&sink->offers, sink->share.most_messages / 2,
					   sink->share.most_bytes / 2);
	}
}

enum weir_status weir__overflow_prepare(weir_pipeline *pipeline, struct weir_error *err)
{
	limit_shares(pipeline);
	return make_blockers(pipeline, err);
}
