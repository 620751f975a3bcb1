/* SPDX-License-Identifier: MIT */
/*
 * Routing: a message along every rule that takes it, and what happens when none does.
 *
 * Invariant: while a message is being routed it has one pending more than its deliveries, so that
 * a sink that settles at once does not settle the message under the router's feet.
 */
#include "engine/engine.h"

#include <string.h>

#include "ground/error.h"

static enum weir_status unrouted(weir_pipeline *pipeline, weir_message *message,
				 struct weir_error *err)
{
	switch (pipeline->options.unrouted) {
	case WEIR_UNROUTED_DEAD_LETTER:
		return weir__delivery_send_unrouted(pipeline, message, err);
	case WEIR_UNROUTED_STOP:
		return weir_error_set(err, WEIR_ERR_STATE, WEIR_REMEDY_STOP,
				      "no route takes a %s of source '%s'; add one, or a drop route",
				      weir_kind_name(message->kind), message->source);
	case WEIR_UNROUTED_DROP:
		break;
	}
	message->transit.drop_cause = WEIR_DROP_UNROUTED;
	return WEIR_OK;
}

static enum weir_status send(weir_pipeline *pipeline, weir_message *message, weir_rule *rule,
			     struct weir_error *err)
{
	struct weir__destination *to;

	weir__counter_add(&rule->matched, 1);
	if (!rule->sink || !weir__overflow_admits(rule, message))
		return WEIR_OK;
	to = weir__rule_destination(rule, message, pipeline->slots);
	if (!to)
		return weir__error_no_memory(err);
	return weir__delivery_send(pipeline, message, rule, rule->sink, to, err);
}

enum weir_status weir__route(weir_pipeline *pipeline, weir_message *message, struct weir_error *err)
{
	bool taken = false;

	for (weir_rule *rule = pipeline->rules; rule; rule = rule->next) {
		enum weir_status status;

		if (!weir__rule_takes(rule, message, pipeline->slots))
			continue;
		taken = true;
		status = send(pipeline, message, rule, err);
		if (status < 0)
			return status;
		if (rule->final)
			return WEIR_OK;
	}
	return taken ? WEIR_OK : unrouted(pipeline, message, err);
}

enum weir_status weir_pipeline_set_dead_letters(weir_pipeline *pipeline, weir_sink *sink,
						const char *to)
{
	const char *name = to ? to : "";
	struct weir_error err;
	bool is_new;

	if (!weir__pipeline_is_building(pipeline, "dead letters", to))
		return weir_pipeline_error(pipeline)->status;
	if (!weir__has_sink(pipeline, sink)) {
		weir__error_invalid(&err, "dead letters: they need a sink of this pipeline");
		weir_pipeline_fail(pipeline, &err);
		return err.status;
	}
	pipeline->dead_sink = sink;
	pipeline->dead_destination = weir__sink_destination(sink, name, strlen(name), &is_new);
	if (pipeline->dead_destination)
		return WEIR_OK;
	weir__error_no_memory(&err);
	weir_pipeline_fail(pipeline, &err);
	return err.status;
}
