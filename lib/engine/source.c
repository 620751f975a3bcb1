/* SPDX-License-Identifier: MIT */
/*
 * Sources: opened after the sinks, stepped while there is room, told what is settled.
 *
 * Invariants: a message is emitted only inside its source's step; every emitted message is in the
 * window and in its source's tracker until it is settled; acknowledgements are made between
 * turns of the connectors, never from inside emit.
 */
#include "engine/engine.h"

#include <string.h>

#include "ground/error.h"
#include "ground/options.h"
#include "kit/backoff.h"

#define REOPEN_FIRST_MS 1000
#define REOPEN_MOST_MS 60000

static bool is_taken(const weir_pipeline *pipeline, const char *name)
{
	const weir_source *source = pipeline->sources;

	while (source && strcmp(source->name, name) != 0)
		source = source->next;
	return source != NULL;
}

static enum weir_status check(const weir_pipeline *pipeline, const char *name,
			      const struct weir_source_ops *given, struct weir_source_ops *ret_ops,
			      struct weir_error *err)
{
	if (!name || !*name)
		return weir__error_invalid(err, "a source needs a name");
	if (weir__options_read(given, ret_ops, sizeof *ret_ops, "weir_source_ops", err) < 0)
		return err->status;
	if (!ret_ops->step)
		return weir__error_invalid(err, "source '%s': its ops need a step", name);
	if (is_taken(pipeline, name))
		return weir__error_invalid(err, "source '%s': there is one of that name", name);
	return WEIR_OK;
}

static weir_source *source_new(weir_pipeline *pipeline, const char *name,
			       const struct weir_source_ops *ops,
			       const struct weir_source_ops *given, void *self)
{
	const struct weir_env *env = &pipeline->env;
	weir_source *source = weir__alloc(env, sizeof *source);

	if (!source)
		return NULL;
	source->name = weir__text_copy(env, name);
	if (!source->name)
		return weir__free(env, source, sizeof *source);
	source->ops = *ops;
	source->given = given;
	source->self = self;
	source->outlet.source = source;
	weir__port_init(&source->port, pipeline, source->name, &source->counters);
	weir__tracker_init(&source->tracker, env);
	source->share = (struct weir__window)WEIR__WINDOW_UNLIMITED;
	if (ops->relays)	/* what comes through it needs room in front of it, too */
		weir__window_limit(&source->share, pipeline->options.window_messages / 2,
				   pipeline->options.window_bytes / 2);
	return source;
}

/* `self` is taken in any case; ops that are too short to say how to free it keep it. */
static void refuse(const struct weir_source_ops *ops, void *self)
{
	struct weir_source_ops known = { .size = 0 };

	if (ops)
		memcpy(&known, ops, ops->size < sizeof known ? ops->size : sizeof known);
	if (known.free)
		known.free(self);
}

weir_source *weir_source_add(weir_pipeline *pipeline, const char *name,
			     const struct weir_source_ops *ops, void *self)
{
	struct weir_source_ops read;
	struct weir_error err;
	weir_source *source = NULL;

	if (weir__pipeline_is_building(pipeline, "source", name)) {
		if (check(pipeline, name, ops, &read, &err) == WEIR_OK) {
			source = source_new(pipeline, name, &read, ops, self);
			if (!source)
				weir__error_no_memory(&err);
		}
		if (!source)
			weir_pipeline_fail(pipeline, &err);
	}
	if (!source) {
		refuse(ops, self);
		return NULL;
	}
	*pipeline->sources_end = source;
	pipeline->sources_end = &source->next;
	return source;
}

void *weir_source_self(const weir_source *source, const struct weir_source_ops *ops)
{
	return source && source->given == ops ? source->self : NULL;
}

uint64_t weir_source_deliveries(const weir_source *source)
{
	return source->deliveries;
}

void weir__source_free(weir_source *source)
{
	const struct weir_env *env = &source->port.pipeline->env;

	if (source->ops.free)
		source->ops.free(source->self);
	weir__port_release(&source->port);
	weir__tracker_release(&source->tracker);
	weir__free(env, source->blockers, source->blocker_capacity * sizeof(weir_sink *));
	weir__text_free(env, source->name);
	weir__free(env, source, sizeof *source);
}

static void reopen_later(weir_source *source, const struct weir_error *reason)
{
	const uint64_t delay =
		weir__backoff_delay(REOPEN_FIRST_MS, REOPEN_MOST_MS, source->reopens + 2);

	source->reopens++;
	source->phase = WEIR__REOPENING;
	source->reopen_ms = weir__later(source->port.pipeline, delay);
	weir_port_log(&source->port, WEIR_LOG_WARN, "%s; opened again in %llu ms", reason->text,
		      (unsigned long long)delay);
}

enum weir_status weir__source_open(weir_source *source, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	weir__error_begin(err);
	if (source->ops.open)
		status = source->ops.open(source->self, &source->port, err);
	if (status < 0) {
		weir__error_end(err, status, "its open failed and gave no reason");
		weir__error_prefix(err, "source '%s': ", source->name);
		weir__port_release(&source->port);
	}
	if (status < 0 && err->remedy == WEIR_REMEDY_RETRY) {
		reopen_later(source, err);
		return WEIR_OK;
	}
	if (status < 0)
		return status;
	source->phase = WEIR__OPEN;
	source->port.due = true;
	return WEIR_OK;
}

void weir__source_close(weir_source *source)
{
	const bool was_open = source->phase == WEIR__OPEN;

	source->phase = WEIR__CLOSED;
	source->port.deadline_ms = WEIR__NEVER;
	source->starved = false;
	if (was_open && source->ops.close)
		source->ops.close(source->self);
	weir__port_release(&source->port);
	source->port.is_muted = false;
}

/* What it may still be brought by: sources that do not relay, and those before it. */
static bool awaits(const weir_source *source)
{
	bool is_before = true;

	for (const weir_source *other = source->port.pipeline->sources; other; other = other->next) {
		if (other == source)
			is_before = false;
		else if ((is_before || !other->ops.relays) &&
			 (other->phase != WEIR__CLOSED ||
			  weir__counter_get(&other->counters.all.in_flight) > 0))
			return true;
	}
	return false;
}

void weir__source_tell_ending(weir_source *source)
{
	struct weir_port *port = &source->port;

	if (!source->ops.relays || port->is_ending || source->phase != WEIR__OPEN || awaits(source))
		return;
	port->is_ending = true;
	port->due = true;
}

bool weir__source_drains(const weir_source *source)
{
	return source->phase == WEIR__OPEN && source->ops.drains;
}

static bool is_due(weir_source *source)
{
	weir__overflow_unblock(source);
	if (weir__source_is_fed(source)) {
		source->starved = false;
		source->port.due = true;
	}
	return weir__port_take_due(&source->port, source->port.pipeline->now_ms);
}

static void forget_ready(struct weir_port *port)
{
	for (struct weir__watch *watch = port->watches; watch; watch = watch->next)
		watch->ready = 0;
}

static void forget_shown(weir_outlet *outlet)
{
	if (outlet->shown_is_over)
		weir_message_unref(outlet->shown);
	outlet->shown = NULL;
	outlet->shown_is_over = false;
}

static enum weir_status step(weir_source *source, struct weir_error *err)
{
	enum weir_status status;

	weir__error_begin(err);
	source->outlet.is_open = true;
	source->outlet.had_none = false;
	source->outlet.has_failed = false;
	status = source->ops.step(source->self, &source->outlet, source->port.pipeline->now_ms,
				   err);
	weir__error_end(err, status, "its step failed and gave no reason");
	if (status < 0 && !source->outlet.has_failed)
		weir__error_prefix(err, "source '%s': ", source->name);
	source->outlet.is_open = false;
	forget_shown(&source->outlet);
	forget_ready(&source->port);
	weir__port_mute(&source->port, source->outlet.had_none);
	if (status == WEIR_END || status < 0)
		weir__source_close(source);
	if (status < 0 && err->remedy == WEIR_REMEDY_RETRY) {
		reopen_later(source, err);
		return WEIR_OK;
	}
	if (status >= 0)
		source->reopens = 0;
	return status < 0 ? status : WEIR_OK;
}

enum weir_status weir__source_turn(weir_source *source, struct weir_error *err)
{
	if (source->phase == WEIR__REOPENING && source->reopen_ms <= source->port.pipeline->now_ms)
		return weir__source_open(source, err);
	if (source->phase != WEIR__OPEN || !is_due(source))
		return WEIR_OK;
	return step(source, err);
}

void weir__source_acknowledge(weir_source *source)
{
	struct weir_position upto;

	while (weir__tracker_take(&source->tracker, &upto)) {
		weir__counter_set(&source->counters.settled_lane, upto.lane);
		weir__counter_set(&source->counters.settled_offset, upto.offset);
		if (source->ops.ack)
			source->ops.ack(source->self, upto);
	}
}

static enum weir_status check_init(const weir_outlet *outlet, const struct weir_message_init *init,
				   struct weir_error *err)
{
	const char *name = outlet->source->name;

	if (!outlet->is_open)
		return weir_error_set(err, WEIR_ERR_STATE, WEIR_REMEDY_STOP,
				      "source '%s': emits outside of its step", name);
	if (init->body.len > WEIR__SCAN_MAX_BYTES)
		return weir__error_invalid(err, "source '%s': a message of %zu bytes; at most %u",
					   name, init->body.len, WEIR__SCAN_MAX_BYTES);
	if (!weir__message_init_is_whole(init))
		return weir__error_invalid(err, "source '%s': a message's body, key or headers are "
					   "NULL and have a length", name);
	if (init->kind && !weir_kind_name(init->kind))
		return weir__error_invalid(err, "source '%s': %u is not one kind", name, init->kind);
	if (init->traits >> WEIR_TRAIT_COUNT)
		return weir__error_invalid(err, "source '%s': traits 0x%x has bits that are no trait",
					   name, init->traits);
	return WEIR_OK;
}

/* From here on the message is the pipeline's: in the window, the counters and the tracker. */
static enum weir_status receive(weir_source *source, weir_message *message,
				const struct weir_message_init *init, struct weir_error *err)
{
	weir_pipeline *pipeline = source->port.pipeline;
	struct weir__transit *transit = &message->transit;

	if (source->ops.ack &&
	    weir__tracker_add(&source->tracker, message->position, &transit->track) < 0)
		return weir__error_no_memory(err);
	if (weir__source_occupy(source, message, init, err) < 0)
		return err->status;
	transit->source = source;
	transit->user = init->user;
	transit->pending = 1;
	transit->epoch = pipeline->flush.epoch;
	pipeline->flush.under_way[transit->epoch]++;
	weir__tally_receive(&pipeline->all, message->body.len);
	weir__tally_receive(&pipeline->kinds[weir__kind_index(message->kind)], message->body.len);
	weir__tally_receive(&source->counters.all, message->body.len);
	if (message->time_ms) {
		const uint64_t lag = message->received_ms > message->time_ms
					     ? message->received_ms - message->time_ms
					     : 0;

		weir__counter_set(&pipeline->lag_ms, lag);
		weir__counter_set(&source->counters.lag_ms, lag);
	}
	return WEIR_OK;
}

/* One scan, for kind and slots both. Answers whether the slots mean anything. */
static bool scan(weir_pipeline *pipeline, weir_message *message)
{
	bool valid = false;

	if (!message->kind || pipeline->asks_fields)
		valid = weir__scan(pipeline->plan, message->body.data, message->body.len,
				   pipeline->slots, NULL);
	if (!message->kind)
		weir__message_tell(message, &pipeline->kind_slots, valid, pipeline->slots);
	if (valid) {
		message->router = pthread_self();
		message->slots = pipeline->slots;
		atomic_store_explicit(&message->plan, pipeline->plan, memory_order_relaxed);
	}
	return valid;
}

/* Room for what weir_delivery_headers may have to make of this message. */
static enum weir_status reserve_headers(weir_pipeline *pipeline, size_t message_headers,
					struct weir_error *err)
{
	struct weir__header_scratch *scratch = &pipeline->scratch;
	const size_t wanted = message_headers + WEIR__OWN_HEADERS;
	struct weir_header *headers;

	if (wanted <= scratch->capacity)
		return WEIR_OK;
	headers = weir__resize(&pipeline->env, scratch->headers,
			       scratch->capacity * sizeof *headers, wanted * sizeof *headers);
	if (!headers)
		return weir__error_no_memory(err);
	scratch->headers = headers;
	scratch->capacity = wanted;
	return WEIR_OK;
}

/* Keeps the message for the source to look at, until it shows another or its step ends. */
static void show(weir_outlet *outlet, weir_message *message)
{
	forget_shown(outlet);
	outlet->shown = message;
}

/* Takes the reference: from `receive` on it is the pipeline's, until the message is settled. */
static enum weir_status take_in(weir_outlet *outlet, weir_message *message,
				const struct weir_message_init *init, bool is_shown,
				struct weir_error *err)
{
	weir_pipeline *pipeline = outlet->source->port.pipeline;
	enum weir_status status;

	if (!scan(pipeline, message))
		weir__slots_empty(pipeline->slots);
	status = reserve_headers(pipeline, message->header_count, err);
	if (status == WEIR_OK)
		status = receive(outlet->source, message, init, err);
	if (status < 0) {
		weir_message_unref(message);
		return status;
	}
	if (is_shown)
		show(outlet, message);
	if (!pipeline->served)
		pipeline->served = outlet->source;
	if (!weir__dedup_drops(outlet->source, message))
		status = weir__route(pipeline, message, err);
	atomic_store_explicit(&message->plan, NULL, memory_order_relaxed);
	message->transit.is_incomplete = status < 0;
	if (status < 0 && message->transit.pending > 1)
		outlet->source->deliveries++;	/* for good: the one that was not made */
	weir__message_release(message);
	return status;
}

/* Takes the owner, but when there is no room. */
static enum weir_status emit(weir_outlet *outlet, const struct weir_message_init *init,
			     const weir_message **ret_message, struct weir_error *err)
{
	weir_source *source = outlet->source;
	weir_pipeline *pipeline = source->port.pipeline;
	enum weir_status status = check_init(outlet, init, err);
	weir_message *message;

	if (status == WEIR_OK && weir_outlet_room(outlet) == 0)
		return WEIR_AGAIN;
	if (status < 0) {
		if (init->release)
			init->release(init->owner);
		return status;
	}
	message = weir__message_new(&pipeline->env, init, source->name, pipeline->wall_ms);
	if (!message)
		return weir__error_no_memory(err);
	status = take_in(outlet, message, init, ret_message != NULL, err);
	if (ret_message && status == WEIR_OK)
		*ret_message = message;
	return status;
}

enum weir_status weir_outlet_emit(weir_outlet *outlet, const struct weir_message_init *given,
				  const weir_message **ret_message, struct weir_error *err)
{
	struct weir_message_init init;
	enum weir_status status = WEIR_OK;

	if (!given || given->size != sizeof init) {
		status = weir__options_read(given, &init, sizeof init, "weir_message_init", err);
		given = &init;
	}
	if (status == WEIR_OK)
		status = emit(outlet, given, ret_message, err);
	if (status < 0)
		outlet->has_failed = true;
	return status;
}
