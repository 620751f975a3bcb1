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
	if (!drops(rule) || (message->kind & WEIR__SPARED_KINDS)) {
		message->transit.source->blocker = sink;
		return true;
	}
	if (rule->overflow == WEIR_OVERFLOW_DROP_OLD && make_room(sink))
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

/* Of a sink that may have to drop, half the share waits where it can be dropped. */
void weir__overflow_prepare(weir_pipeline *pipeline)
{
	for (weir_rule *rule = pipeline->rules; rule; rule = rule->next) {
		weir_sink *sink = rule->sink;

		if (!sink || !drops(rule))
			continue;
		if (sink->share.most_messages == UINT64_MAX)
			weir__window_limit(&sink->share, pipeline->options.window_messages / 2,
					   pipeline->options.window_bytes / 2);
		if (rule->overflow == WEIR_OVERFLOW_DROP_OLD)
			weir__window_limit(&sink->offers, sink->share.most_messages / 2,
					   sink->share.most_bytes / 2);
	}
}
