/* SPDX-License-Identifier: MIT */
/*
 * Ports: a connector's line to the loop.
 *
 * Guarantees: `due` is set by a ready descriptor (the poller), a passed deadline, a wake, or the
 * engine itself, and taken exactly once; a wake from any thread or signal handler costs at most
 * one write until it was taken.
 */
#include "engine/engine.h"

#include <stdarg.h>
#include <stdio.h>

#include "ground/error.h"

void weir__port_init(struct weir_port *port, weir_pipeline *pipeline, const char *name,
		     struct weir__source_counters *counters)
{
	port->pipeline = pipeline;
	port->name = name;
	port->deadline_ms = WEIR__NEVER;
	port->counters = counters;
	atomic_init(&port->woken, false);
}

void weir__port_release(struct weir_port *port)
{
	while (port->watches)
		weir_port_unwatch(port, port->watches->fd);
}

static struct weir__watch *find(const struct weir_port *port, int fd)
{
	struct weir__watch *watch = port->watches;

	while (watch && watch->fd != fd)
		watch = watch->next;
	return watch;
}

static bool is_muted(const struct weir_port *port, unsigned events)
{
	return port->is_muted && !(events & WEIR_ALWAYS);
}

enum weir_status weir_port_watch(weir_port *port, int fd, unsigned events, struct weir_error *err)
{
	weir_pipeline *pipeline = port->pipeline;
	struct weir__watch *watch = find(port, fd);
	enum weir_status status;

	if (watch) {
		watch->events = events;
		watch->is_muted = is_muted(port, events);
		return weir__poller_watch(&pipeline->poller, watch, false, err);
	}
	watch = weir__alloc(&pipeline->env, sizeof *watch);
	if (!watch)
		return weir__error_no_memory(err);
	*watch = (struct weir__watch){ .fd = fd,
				       .events = events,
				       .is_muted = is_muted(port, events),
				       .owner_ready = &port->due };
	status = weir__poller_watch(&pipeline->poller, watch, true, err);
	if (status < 0) {
		weir__free(&pipeline->env, watch, sizeof *watch);
		return status;
	}
	watch->next = port->watches;
	port->watches = watch;
	return WEIR_OK;
}

void weir_port_unwatch(weir_port *port, int fd)
{
	for (struct weir__watch **at = &port->watches; *at; at = &(*at)->next) {
		struct weir__watch *watch = *at;

		if (watch->fd != fd)
			continue;
		*at = watch->next;
		weir__poller_unwatch(&port->pipeline->poller, watch);
		weir__free(&port->pipeline->env, watch, sizeof *watch);
		return;
	}
}

void weir__port_mute(struct weir_port *port, bool is_muted)
{
	if (port->is_muted == is_muted)
		return;
	port->is_muted = is_muted;
	for (struct weir__watch *watch = port->watches; watch; watch = watch->next) {
		if (watch->events & WEIR_ALWAYS)
			continue;
		watch->is_muted = is_muted;
		weir__poller_watch(&port->pipeline->poller, watch, false, NULL);
	}
}

unsigned weir_port_events(const weir_port *port, int fd)
{
	const struct weir__watch *watch = find(port, fd);

	return watch ? watch->ready : 0;
}

void weir_port_deadline(weir_port *port, uint64_t at_ms)
{
	port->deadline_ms = at_ms ? at_ms : WEIR__NEVER;
}

void weir_port_wake(weir_port *port)
{
	if (!atomic_exchange(&port->woken, true))
		weir__poller_wake(&port->pipeline->poller);
}

bool weir__port_take_due(struct weir_port *port, uint64_t now_ms)
{
	bool due = port->due;

	port->due = false;
	if (atomic_load_explicit(&port->woken, memory_order_relaxed) &&
	    atomic_exchange(&port->woken, false))
		due = true;
	if (port->deadline_ms <= now_ms) {
		port->deadline_ms = WEIR__NEVER;
		due = true;
	}
	return due;
}

uint64_t weir__port_next_ms(const struct weir_port *port)
{
	return port->due || atomic_load_explicit(&port->woken, memory_order_relaxed)
		       ? 0
		       : port->deadline_ms;
}

bool weir_port_is_stopping(const weir_port *port)
{
	return atomic_load(&port->pipeline->stop_asked) ||
	       weir_pipeline_state(port->pipeline) >= WEIR_STATE_DRAINING;
}

bool weir_port_is_ending(const weir_port *port)
{
	return port->is_ending || weir_port_is_stopping(port);
}

const struct weir_env *weir_port_env(const weir_port *port)
{
	return &port->pipeline->env;
}

const char *weir_port_name(const weir_port *port)
{
	return port->name;
}

void weir_port_log(const weir_port *port, enum weir_log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	weir__log_v(&port->pipeline->env, level, port->name, format, args);
	va_end(args);
}

void weir_port_count(weir_port *port, unsigned counter, uint64_t amount)
{
	if (port->sink_counts && counter >= WEIR_COUNT_POSSIBLE_DUPLICATES &&
	    counter - WEIR_COUNT_POSSIBLE_DUPLICATES < WEIR__SINK_COUNTS)
		weir__counter_add(&port->sink_counts[counter - WEIR_COUNT_POSSIBLE_DUPLICATES],
				  amount);
	if (!port->counters || counter >= WEIR_COUNT_RECONNECTS + WEIR_RECONNECT_CAUSES)
		return;
	if (counter == WEIR_GAUGE_PERCENT_FULL)
		weir__counter_set(&port->counters->counts[counter], amount);
	else
		weir__counter_add(&port->counters->counts[counter], amount);
}
