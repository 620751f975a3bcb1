/* SPDX-License-Identifier: MIT */
/*
 * Sinks: opened before the sources, offered deliveries in order, closed last.
 *
 * Invariants: a delivery is either in `waiting` (the engine's) or in `submitted` (the sink's);
 * nothing overtakes a waiting delivery; destinations live as long as their sink.
 */
#include "engine/engine.h"

#include <string.h>

#include "ground/error.h"
#include "ground/options.h"

static bool is_taken(const weir_pipeline *pipeline, const char *name)
{
	const weir_sink *sink = pipeline->sinks;

	while (sink && strcmp(sink->name, name) != 0)
		sink = sink->next;
	return sink != NULL;
}

static enum weir_status check(const weir_pipeline *pipeline, const char *name,
			      const struct weir_sink_ops *given, struct weir_sink_ops *ret_ops,
			      struct weir_error *err)
{
	if (!name || !*name)
		return weir__error_invalid(err, "a sink needs a name");
	if (weir__options_read(given, ret_ops, sizeof *ret_ops, "weir_sink_ops", err) < 0)
		return err->status;
	if (!ret_ops->submit)
		return weir__error_invalid(err, "sink '%s': its ops need a submit", name);
	if (is_taken(pipeline, name))
		return weir__error_invalid(err, "sink '%s': there is one of that name", name);
	return WEIR_OK;
}

static weir_sink *sink_new(weir_pipeline *pipeline, const char *name,
			   const struct weir_sink_ops *ops, void *self)
{
	const struct weir_env *env = &pipeline->env;
	weir_sink *sink = weir__alloc(env, sizeof *sink);

	if (!sink)
		return NULL;
	sink->name = weir__text_copy(env, name);
	if (!sink->name)
		return weir__free(env, sink, sizeof *sink);
	sink->ops = *ops;
	sink->self = self;
	weir__port_init(&sink->port, pipeline, sink->name, NULL);
	sink->port.sink_counts = sink->counts;
	sink->share = sink->offers = (struct weir__window)WEIR__WINDOW_UNLIMITED;
	weir__table_init(&sink->destinations, env);
	return sink;
}

/* `self` is taken in any case; ops that are too short to say how to free it keep it. */
static void refuse(const struct weir_sink_ops *ops, void *self)
{
	struct weir_sink_ops known = { .size = 0 };

	if (ops)
		memcpy(&known, ops, ops->size < sizeof known ? ops->size : sizeof known);
	if (known.free)
		known.free(self);
}

weir_sink *weir_sink_add(weir_pipeline *pipeline, const char *name, const struct weir_sink_ops *ops,
			 void *self)
{
	struct weir_sink_ops read;
	struct weir_error err;
	weir_sink *sink = NULL;

	if (weir__pipeline_is_building(pipeline, "sink", name)) {
		if (check(pipeline, name, ops, &read, &err) == WEIR_OK) {
			sink = sink_new(pipeline, name, &read, self);
			if (!sink)
				weir__error_no_memory(&err);
		}
		if (!sink)
			weir_pipeline_fail(pipeline, &err);
	}
	if (!sink) {
		refuse(ops, self);
		return NULL;
	}
	*pipeline->sinks_end = sink;
	pipeline->sinks_end = &sink->next;
	return sink;
}

enum weir_status weir_sink_set_share(weir_sink *sink, uint64_t messages, uint64_t bytes)
{
	weir_pipeline *pipeline = sink ? sink->port.pipeline : NULL;

	if (!sink)
		return WEIR_ERR_INVALID;
	if (!weir__pipeline_is_building(pipeline, "a share for sink", sink->name))
		return pipeline->error.status;
	weir__window_limit(&sink->share, messages ? messages : pipeline->options.window_messages,
			   bytes ? bytes : pipeline->options.window_bytes);
	return WEIR_OK;
}

void weir__sink_free(weir_sink *sink)
{
	const struct weir_env *env = &sink->port.pipeline->env;
	struct weir__table_entry *entry;
	size_t index = 0;

	if (sink->ops.free)
		sink->ops.free(sink->self);
	weir__port_release(&sink->port);
	while ((entry = weir__table_next(&sink->destinations, &index)))
		weir__free(env, entry->value, sizeof(struct weir__destination));
	weir__table_release(&sink->destinations);
	weir__text_free(env, sink->name);
	weir__free(env, sink, sizeof *sink);
}

struct weir__destination *weir__sink_destination(weir_sink *sink, const char *name, size_t len,
						 bool *ret_is_new)
{
	const struct weir_env *env = &sink->port.pipeline->env;
	struct weir__table_entry *entry = weir__table_find(&sink->destinations, name, len);
	struct weir__destination *to;

	*ret_is_new = !entry;
	if (entry)
		return entry->value;
	to = weir__alloc(env, sizeof *to);
	if (!to)
		return NULL;
	entry = weir__table_add(&sink->destinations, name, len, to);
	if (!entry)
		return weir__free(env, to, sizeof *to);
	to->name = entry->name;
	return to;
}

enum weir_status weir__sink_prepare(weir_sink *sink, struct weir__destination *to,
				    struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (to->prepared)
		return WEIR_OK;
	weir__error_begin(err);
	if (sink->ops.prepare)
		status = sink->ops.prepare(sink->self, to->name, &to->handle, err);
	weir__error_end(err, status, "it refused '%s' and gave no reason", to->name);
	to->prepared = status == WEIR_OK;
	return status;
}

static enum weir_status prepare_all(weir_sink *sink, struct weir_error *err)
{
	struct weir__table_entry *entry;
	size_t index = 0;

	while ((entry = weir__table_next(&sink->destinations, &index))) {
		const enum weir_status status = weir__sink_prepare(sink, entry->value, err);

		if (status >= 0 || err->remedy == WEIR_REMEDY_RETRY)
			continue;
		weir__error_prefix(err, "sink '%s': ", sink->name);
		return status;
	}
	return WEIR_OK;
}

enum weir_status weir__sink_open(weir_sink *sink, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	weir__error_begin(err);
	if (sink->ops.open)
		status = sink->ops.open(sink->self, &sink->port, err);
	if (status < 0) {
		weir__port_release(&sink->port);
		weir__error_end(err, status, "its open failed and gave no reason");
		weir__error_prefix(err, "sink '%s': ", sink->name);
		return status;
	}
	sink->is_open = true;
	return prepare_all(sink, err);
}

enum weir_status weir__sink_turn(weir_sink *sink, struct weir_error *err)
{
	const uint64_t now_ms = sink->port.pipeline->now_ms;
	enum weir_status status = WEIR_OK;

	if (!sink->is_open || sink->is_broken)
		return WEIR_OK;
	if (weir__port_take_due(&sink->port, now_ms)) {
		weir__error_begin(err);
		if (sink->ops.step)
			status = sink->ops.step(sink->self, now_ms, err);
		for (struct weir__watch *watch = sink->port.watches; watch; watch = watch->next)
			watch->ready = 0;
		sink->is_full = false;
	}
	if (status < 0) {
		sink->is_broken = true;
		weir__port_release(&sink->port);
		weir__error_end(err, status, "its step failed and gave no reason");
		weir__error_prefix(err, "sink '%s': ", sink->name);
		return status;
	}
	return weir__delivery_offer_waiting(sink, err);
}

void weir__sink_flush(weir_sink *sink)
{
	sink->has_unflushed = false;
	if (sink->is_open && !sink->is_broken && sink->ops.flush)
		sink->ops.flush(sink->self);
}

/* More is offered to it with the next turn, which is at once. */
static bool is_offered_more(const weir_sink *sink)
{
	return sink->waiting.head && weir__sink_has_room(sink) &&
	       sink->retry_ms <= sink->port.pipeline->now_ms;
}

void weir__sinks_flush(weir_pipeline *pipeline)
{
	for (weir_sink *sink = pipeline->sinks; sink; sink = sink->next)
		if (sink->has_unflushed && !is_offered_more(sink))
			weir__sink_flush(sink);
}

bool weir__sink_has_room(const weir_sink *sink)
{
	return sink->is_open && !sink->is_stuck && !sink->is_broken && !sink->is_full &&
	       weir__window_room(&sink->offers) > 0;
}

void weir__sink_close(weir_sink *sink)
{
	const bool was_open = sink->is_open;

	sink->is_open = false;
	if (was_open && sink->ops.close)
		sink->ops.close(sink->self);
	weir__port_release(&sink->port);
}

bool weir__sink_is_idle(const weir_sink *sink)
{
	return sink->is_broken ||
	       (!sink->submitted.head && (sink->is_stuck || !sink->waiting.head));
}

bool weir__has_sink(const weir_pipeline *pipeline, const weir_sink *sink)
{
	const weir_sink *at = pipeline->sinks;

	while (at && at != sink)
		at = at->next;
	return at != NULL;
}
