/* SPDX-License-Identifier: MIT */
/*
 * The turn: everything that can be done without waiting, in bounded time.
 *
 *     poll ─► sinks (settle, offer) ─► sources (emit) ─► flush ─► acknowledge ─► state
 *
 * All three ways to run are this one function. Sinks come first, so that what they settle makes
 * room for the sources in the same turn. A failure starts a drain as a stop does: what the sinks
 * have is still waited for, as long as drain_ms says.
 */
#include "engine/engine.h"

#include <inttypes.h>

#include "ground/error.h"

#define TRIM_MS 10000

bool weir__has_ended(const weir_pipeline *pipeline)
{
	const enum weir_state state = weir_pipeline_state(pipeline);

	return state == WEIR_STATE_FINISHED || state == WEIR_STATE_FAILED;
}

static enum weir_status verdict(const weir_pipeline *pipeline)
{
	return pipeline->error.status < 0 ? pipeline->error.status : WEIR_END;
}

static void close_sources(weir_pipeline *pipeline)
{
	for (weir_source *source = pipeline->sources; source; source = source->next)
		weir__source_close(source);
}

void weir__close_all(weir_pipeline *pipeline)
{
	close_sources(pipeline);
	for (weir_sink *sink = pipeline->sinks; sink; sink = sink->next)
		weir__sink_close(sink);
	for (weir_sink *sink = pipeline->sinks; sink; sink = sink->next)
		weir__delivery_discard_all(sink);
}

uint64_t weir__later(const weir_pipeline *pipeline, uint64_t delay_ms)
{
	const uint64_t most_ms = WEIR__NEVER - 1 - pipeline->now_ms;

	return pipeline->now_ms + (delay_ms < most_ms ? delay_ms : most_ms);
}

static enum weir_status check_ready(const weir_pipeline *pipeline, struct weir_error *err)
{
	if (!pipeline->sources)
		return weir__error_invalid(err, "the pipeline has no source; add one");
	if (pipeline->options.unrouted == WEIR_UNROUTED_DEAD_LETTER && !pipeline->dead_sink)
		return weir__error_invalid(err,
					   "unrouted messages go to the dead letters, but there are "
					   "none; call weir_pipeline_set_dead_letters");
	return WEIR_OK;
}

/* Sinks are opened before the first byte is read, sources after them. */
static enum weir_status open_all(weir_pipeline *pipeline, struct weir_error *err)
{
	enum weir_status status = check_ready(pipeline, err);

	pipeline->slot_count = weir__plan_slot_count(pipeline->plan);
	pipeline->slots =
		weir__alloc_array(&pipeline->env, pipeline->slot_count, sizeof *pipeline->slots);
	if (status == WEIR_OK && !pipeline->slots)
		status = weir__error_no_memory(err);
	if (status == WEIR_OK)
		status = weir__overflow_prepare(pipeline, err);
	for (weir_sink *sink = pipeline->sinks; sink && status == WEIR_OK; sink = sink->next)
		status = weir__sink_open(sink, err);
	for (weir_source *source = pipeline->sources; source && status == WEIR_OK;
	     source = source->next)
		status = weir__source_open(source, err);
	return status;
}

static void start(weir_pipeline *pipeline)
{
	struct weir_error err;

	weir__pipeline_enter(pipeline, WEIR_STATE_RUNNING);
	if (open_all(pipeline, &err) < 0)
		weir_pipeline_fail(pipeline, &err);
}

static void drain(weir_pipeline *pipeline, uint64_t until_ms)
{
	pipeline->drain_until_ms = until_ms;
	if (weir_pipeline_state(pipeline) == WEIR_STATE_DRAINING)
		return;
	weir__pipeline_enter(pipeline, WEIR_STATE_DRAINING);
	for (weir_source *source = pipeline->sources; source; source = source->next) {
		if (pipeline->error.status == WEIR_OK && weir__source_drains(source))
			source->port.due = true;
		else
			weir__source_close(source);
	}
	for (weir_sink *sink = pipeline->sinks; sink; sink = sink->next)
		sink->has_unflushed = true;
}

static void turn_sinks(weir_pipeline *pipeline)
{
	struct weir_error err;

	for (weir_sink *sink = pipeline->sinks; sink; sink = sink->next) {
		if (weir__sink_turn(sink, &err) < 0)
			weir_pipeline_fail(pipeline, &err);
	}
}

/* Who emits first in this turn is last in the next: one that takes all room starves no other. */
static void turn_sources(weir_pipeline *pipeline)
{
	weir_source *const first = pipeline->first ? pipeline->first : pipeline->sources;
	weir_source *source = first;
	struct weir_error err;

	pipeline->served = NULL;
	do {
		if (pipeline->error.status < 0)
			return;
		if (weir__source_turn(source, &err) < 0)
			weir_pipeline_fail(pipeline, &err);
		source = source->next ? source->next : pipeline->sources;
	} while (source != first);
	if (pipeline->served)
		pipeline->first = pipeline->served->next;
}

static void acknowledge(weir_pipeline *pipeline)
{
	for (weir_source *source = pipeline->sources; source; source = source->next)
		weir__source_acknowledge(source);
	for (weir_source *source = pipeline->sources; source; source = source->next)
		weir__source_tell_ending(source);
}

static bool sources_have_ended(const weir_pipeline *pipeline)
{
	const weir_source *source = pipeline->sources;

	while (source && source->phase == WEIR__CLOSED)
		source = source->next;
	return !source;
}

static bool sinks_are_idle(const weir_pipeline *pipeline)
{
	const weir_sink *sink = pipeline->sinks;

	while (sink && weir__sink_is_idle(sink))
		sink = sink->next;
	return !sink;
}

/* All that came in, and that sources have yet to hand over, has got as far as it can. */
static bool is_settled(const weir_pipeline *pipeline)
{
	return (pipeline->error.status < 0 || sources_have_ended(pipeline)) &&
	       sinks_are_idle(pipeline);
}

/* What a sink that still gives back said last; empty when none does. */
static struct weir_error last_reason(const weir_pipeline *pipeline)
{
	struct weir_error reason = { .status = WEIR_OK };

	for (const weir_sink *sink = pipeline->sinks; sink; sink = sink->next) {
		if (!sink->is_retrying)
			continue;
		reason = sink->last_reason;
		weir__error_prefix(&reason, "; sink '%s': ", sink->name);
	}
	return reason;
}

/* Of what is under way, what sources keep. */
static uint64_t count_kept(const weir_pipeline *pipeline)
{
	uint64_t kept = 0;

	for (const weir_source *source = pipeline->sources; source; source = source->next)
		if (source->ops.keeps)
			kept += weir__counter_get(&source->counters.all.in_flight);
	return kept;
}

/* Says what a stop or failure left behind; with a clean error slot, that is the failure. */
static void report_undelivered(weir_pipeline *pipeline)
{
	const uint64_t kept = count_kept(pipeline);
	const uint64_t left = weir__counter_get(&pipeline->all.in_flight) - kept;
	const uint64_t delivered = weir__counter_get(&pipeline->all.delivered);
	const struct weir_error reason = last_reason(pipeline);
	struct weir_error err;

	if (kept > 0)
		weir__pipeline_log(pipeline, WEIR_LOG_INFO,
				   "%" PRIu64 " messages not acknowledged: their sources keep them "
				   "for the next run%s",
				   kept, reason.text);
	if (left == 0)
		return;
	weir__pipeline_log(pipeline, WEIR_LOG_WARN,
			   "%" PRIu64 " messages delivered, %" PRIu64 " not", delivered, left);
	weir_error_set(&err, WEIR_ERR_TIMEOUT, WEIR_REMEDY_STOP,
		       "stopped: %" PRIu64 " messages delivered, %" PRIu64
		       " not acknowledged within %" PRIu64 " ms%s",
		       delivered, left, pipeline->options.drain_ms, reason.text);
	weir_pipeline_fail(pipeline, &err);
}

/* Sinks may still settle while they close: only then is it counted what was left behind. */
static void finish(weir_pipeline *pipeline)
{
	for (weir_sink *sink = pipeline->sinks; sink; sink = sink->next)
		weir__sink_close(sink);
	report_undelivered(pipeline);
	acknowledge(pipeline);
	weir__close_all(pipeline);
	weir__pipeline_enter(pipeline, pipeline->error.status < 0 ? WEIR_STATE_FAILED
								  : WEIR_STATE_FINISHED);
}

static void change_state(weir_pipeline *pipeline)
{
	const bool must_end = atomic_load_explicit(&pipeline->stop_asked, memory_order_relaxed) ||
			      pipeline->error.status < 0;

	if (must_end && pipeline->drain_until_ms == WEIR__NEVER)
		drain(pipeline, weir__later(pipeline, pipeline->options.drain_ms));
	else if (weir_pipeline_state(pipeline) == WEIR_STATE_RUNNING &&
		 sources_have_ended(pipeline))
		drain(pipeline, WEIR__NEVER);
	if (weir_pipeline_state(pipeline) == WEIR_STATE_DRAINING)
		weir__sinks_flush(pipeline);	/* also what it submitted late */
	if (weir_pipeline_state(pipeline) == WEIR_STATE_DRAINING &&
	    (is_settled(pipeline) || pipeline->drain_until_ms <= pipeline->now_ms))
		finish(pipeline);
}

static void take_time(weir_pipeline *pipeline)
{
	pipeline->now_ms = weir__monotonic_ms(&pipeline->env);
	pipeline->wall_ms = weir__wall_ms(&pipeline->env);
}

/* Buffers that a busy time needed, and this one does not. */
static void trim(weir_pipeline *pipeline)
{
	if (pipeline->now_ms < pipeline->trim_ms)
		return;
	weir__recycler_trim(pipeline->recycler);
	pipeline->trim_ms = weir__later(pipeline, TRIM_MS);
}

static void turn(weir_pipeline *pipeline, int timeout_ms)
{
	if (weir_pipeline_state(pipeline) == WEIR_STATE_IDLE) {
		take_time(pipeline);
		pipeline->drain_until_ms = WEIR__NEVER;
		if (pipeline->error.status == WEIR_OK && !atomic_load(&pipeline->stop_asked))
			start(pipeline);
	} else {
		weir__poller_poll(&pipeline->poller, timeout_ms);
		take_time(pipeline);
	}
	turn_sinks(pipeline);
	if (weir_pipeline_state(pipeline) == WEIR_STATE_DRAINING ||
	    !atomic_load_explicit(&pipeline->stop_asked, memory_order_relaxed))
		turn_sources(pipeline);
	weir__flush_turn(pipeline);
	acknowledge(pipeline);
	change_state(pipeline);
	trim(pipeline);
	if (weir__has_ended(pipeline))
		weir__flush_leave(pipeline);
}

enum weir_status weir__turn(weir_pipeline *pipeline, int timeout_ms)
{
	if (weir__has_ended(pipeline))
		return verdict(pipeline);
	if (pipeline->in_turn)
		return WEIR_ERR_STATE;
	pipeline->in_turn = true;
	weir__recycler_enter(pipeline->recycler);
	turn(pipeline, timeout_ms);
	weir__recycler_leave(pipeline->recycler);
	pipeline->in_turn = false;
	return weir__has_ended(pipeline) ? verdict(pipeline) : WEIR_OK;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t sink_next_ms(const weir_sink *sink)
{
	uint64_t next_ms = weir__port_next_ms(&sink->port);

	if (!sink->is_open || sink->is_broken)
		return WEIR__NEVER;
	if (sink->waiting.head && weir__sink_has_room(sink))
		next_ms = sooner(next_ms, sink->retry_ms);
	return next_ms;
}

static uint64_t source_next_ms(const weir_source *source)
{
	if (source->phase == WEIR__REOPENING)
		return source->reopen_ms;
	if (source->phase == WEIR__CLOSED)
		return WEIR__NEVER;
	if (weir__source_is_fed(source))
		return 0;
	return weir__port_next_ms(&source->port);
}

/* When the next turn has work by time alone; 0: at once. */
static uint64_t next_ms(const weir_pipeline *pipeline)
{
	uint64_t at_ms = WEIR__NEVER;

	if (weir_pipeline_state(pipeline) == WEIR_STATE_IDLE || weir__has_ended(pipeline) ||
	    (pipeline->drain_until_ms == WEIR__NEVER &&
	     (atomic_load(&pipeline->stop_asked) || pipeline->error.status < 0)))
		return 0;
	if (weir_pipeline_state(pipeline) == WEIR_STATE_DRAINING)
		at_ms = pipeline->drain_until_ms;
	for (const weir_sink *sink = pipeline->sinks; sink; sink = sink->next)
		at_ms = sooner(at_ms, sink_next_ms(sink));
	if (pipeline->error.status == WEIR_OK)
		for (const weir_source *source = pipeline->sources; source; source = source->next)
			at_ms = sooner(at_ms, source_next_ms(source));
	return at_ms;
}

int weir__timeout_ms(const weir_pipeline *pipeline)
{
	const uint64_t at_ms = next_ms(pipeline);
	uint64_t now_ms;

	if (at_ms == WEIR__NEVER)
		return -1;
	now_ms = weir__monotonic_ms(&pipeline->env);
	if (at_ms <= now_ms)
		return 0;
	return at_ms - now_ms > INT32_MAX ? INT32_MAX : (int)(at_ms - now_ms);
}

int weir_pipeline_timeout_ms(weir_pipeline *pipeline)
{
	if (!pipeline)
		return 0;
	weir__flush_claim(pipeline);
	return weir__timeout_ms(pipeline);
}

enum weir_status weir_pipeline_step(weir_pipeline *pipeline)
{
	if (!pipeline)
		return WEIR_ERR_NOMEM;
	if (pipeline->has_thread)
		return WEIR_ERR_STATE;
	weir__flush_claim(pipeline);
	return weir__turn(pipeline, 0);
}
