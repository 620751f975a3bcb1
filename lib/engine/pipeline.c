/* SPDX-License-Identifier: MIT */
/*
 * The pipeline: construction that remembers its first failure, state, stop, and the end of all.
 *
 * Invariants: the first error stays; a pipeline that has one takes nothing more on; what other
 * threads touch is `stop_asked`, `state`, ports' wakes and counters, all atomic. While it holds its
 * words, nothing of its error is logged.
 */
#include "engine/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/words.h"
#include "ground/error.h"
#include "ground/options.h"

#define DEFAULT_WINDOW_MESSAGES 16384
#define MOST_WINDOW_MESSAGES (1ull << 32)
#define DEFAULT_WINDOW_BYTES (16u << 20)
#define DEFAULT_DRAIN_MS 10000
#define DEFAULT_RETRY_FIRST_MS 100
#define DEFAULT_RETRY_MOST_MS 30000

static uint64_t or_default(uint64_t given, uint64_t otherwise)
{
	return given ? given : otherwise;
}

static enum weir_status read_options(weir_pipeline *pipeline,
				     const struct weir_pipeline_options *given,
				     struct weir_error *err)
{
	struct weir_pipeline_options *options = &pipeline->options;
	const enum weir_status status = weir__options_read(given, options, sizeof *options,
							   "weir_pipeline_options", err);

	const bool has_empty_env = options->env && options->env->size < sizeof(size_t);

	options->env = &pipeline->env;
	options->window_messages = or_default(options->window_messages, DEFAULT_WINDOW_MESSAGES);
	options->window_bytes = or_default(options->window_bytes, DEFAULT_WINDOW_BYTES);
	options->drain_ms = or_default(options->drain_ms, DEFAULT_DRAIN_MS);
	options->retry_first_ms = or_default(options->retry_first_ms, DEFAULT_RETRY_FIRST_MS);
	options->retry_most_ms = or_default(options->retry_most_ms,
					    options->retry_first_ms > DEFAULT_RETRY_MOST_MS
						    ? options->retry_first_ms
						    : DEFAULT_RETRY_MOST_MS);
	pipeline->window.most_messages = options->window_messages;
	pipeline->window.most_bytes = options->window_bytes;
	weir__window_limit(&pipeline->front, options->window_messages / 2,
			   options->window_bytes / 2);
	if (status < 0)
		return status;
	if (has_empty_env)
		return weir__error_invalid(err, "weir_env: size is 0; set it to sizeof the struct");
	if ((unsigned)options->unrouted > WEIR_UNROUTED_STOP)
		return weir__error_invalid(err, "weir_pipeline_options: unrouted is %d",
					   (int)options->unrouted);
	if (options->window_messages > MOST_WINDOW_MESSAGES)
		return weir__error_invalid(err,
					   "weir_pipeline_options: window_messages is above %llu",
					   MOST_WINDOW_MESSAGES);
	if (options->retry_first_ms > options->retry_most_ms)
		return weir__error_invalid(err,
					   "weir_pipeline_options: retry_first_ms is above "
					   "retry_most_ms, %llu and %llu",
					   (unsigned long long)options->retry_first_ms,
					   (unsigned long long)options->retry_most_ms);
	return WEIR_OK;
}

static enum weir_status make_plan(weir_pipeline *pipeline, struct weir_error *err)
{
	pipeline->plan = weir__plan_new(&pipeline->env);
	if (!pipeline->plan)
		return weir__error_no_memory(err);
	return weir__kind_plan(&pipeline->kind_slots, pipeline->plan, err);
}

static weir_pipeline *make(const struct weir_pipeline_options *options, bool holds_words)
{
	static const size_t recycled[WEIR__RECYCLED_SIZES] = { sizeof(weir_message),
							       sizeof(weir_delivery),
							       sizeof(struct weir__holding),
							       sizeof(struct weir__watch) };
	const bool has_env = options && options->size >= offsetof(struct weir_pipeline_options, env) +
								 sizeof options->env;
	const struct weir_env env = weir__env_complete(has_env ? options->env : NULL);
	weir_pipeline *pipeline = weir__alloc(&env, sizeof *pipeline);
	struct weir_error err;

	if (!pipeline)
		return NULL;
	pipeline->recycler = weir__recycler_new(&env.allocator, recycled);
	if (!pipeline->recycler)
		return weir__free(&env, pipeline, sizeof *pipeline);
	pipeline->env = env;
	pipeline->env.allocator = weir__recycler_allocator(pipeline->recycler);
	pipeline->allocator = env.allocator;
	pipeline->holds_words = holds_words;
	pipeline->sources_end = &pipeline->sources;
	pipeline->sinks_end = &pipeline->sinks;
	pipeline->rules_end = &pipeline->rules;
	pipeline->poller = (struct weir__poller){ .poll_fd = -1, .wake_fd = -1 };
	atomic_init(&pipeline->state, WEIR_STATE_IDLE);
	atomic_init(&pipeline->stop_asked, false);
	weir__flush_init(&pipeline->flush);
	weir__rendering_init(&pipeline->rendering, &pipeline->env);
	if (read_options(pipeline, options, &err) < 0 ||
	    weir__poller_open(&pipeline->poller, &err) < 0 || make_plan(pipeline, &err) < 0)
		weir_pipeline_fail(pipeline, &err);
	return pipeline;
}

weir_pipeline *weir_pipeline_new(const struct weir_pipeline_options *options)
{
	return make(options, false);
}

weir_pipeline *weir__pipeline_new_held(const struct weir_pipeline_options *options)
{
	return make(options, true);
}

/* Closes all before it frees any: what is closed may still refer to another part. */
static void free_parts(weir_pipeline *pipeline)
{
	weir__close_all(pipeline);
	while (pipeline->rules) {
		weir_rule *rule = pipeline->rules;

		pipeline->rules = rule->next;
		weir__rule_free(rule);
	}
	while (pipeline->sinks) {
		weir_sink *sink = pipeline->sinks;

		pipeline->sinks = sink->next;
		weir__sink_free(sink);
	}
	while (pipeline->sources) {
		weir_source *source = pipeline->sources;

		pipeline->sources = source->next;
		weir__source_free(source);
	}
}

weir_pipeline *weir_pipeline_free(weir_pipeline *pipeline)
{
	const struct weir_env *env = weir_pipeline_env(pipeline);
	struct weir_allocator allocator;

	if (!pipeline)
		return NULL;
	if (pipeline->has_thread) {
		weir_pipeline_stop(pipeline);
		weir_pipeline_join(pipeline);
	}
	free_parts(pipeline);
	weir__dedup_free_all(pipeline);
	weir__free(env, pipeline->slots, pipeline->slot_count * sizeof *pipeline->slots);
	weir__free(env, pipeline->scratch.headers,
		   pipeline->scratch.capacity * sizeof *pipeline->scratch.headers);
	weir__rendering_release(&pipeline->rendering);
	weir__plan_free(pipeline->plan);
	weir__poller_close(&pipeline->poller);
	weir__flush_release(&pipeline->flush);
	weir__recycler_release(pipeline->recycler);
	allocator = pipeline->allocator;
	allocator.resize(allocator.user, pipeline, sizeof *pipeline, 0);
	return NULL;
}

const struct weir_error *weir_pipeline_error(const weir_pipeline *pipeline)
{
	static const struct weir_error no_pipeline = { .status = WEIR_ERR_NOMEM,
						       .text = "out of memory: no pipeline" };

	return pipeline ? &pipeline->error : &no_pipeline;
}

enum weir_state weir_pipeline_state(const weir_pipeline *pipeline)
{
	return pipeline ? atomic_load(&pipeline->state) : WEIR_STATE_FAILED;
}

const struct weir_env *weir_pipeline_env(const weir_pipeline *pipeline)
{
	return pipeline ? &pipeline->env : NULL;
}

void weir__pipeline_log(const weir_pipeline *pipeline, enum weir_log_level level,
			const char *format, ...)
{
	char line[512];
	va_list args;

	if (!weir__log_enabled(&pipeline->env, level))
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	weir__log(&pipeline->env, level, "pipeline", "%s", line);
}

void weir__pipeline_enter(weir_pipeline *pipeline, enum weir_state state)
{
	if (atomic_load(&pipeline->state) == state)
		return;
	atomic_store(&pipeline->state, state);
	if (pipeline->options.on_state)
		pipeline->options.on_state(pipeline->options.user, pipeline, state);
}

static void say_error(const weir_pipeline *pipeline)
{
	weir__pipeline_log(pipeline, WEIR_LOG_ERROR, "%s", pipeline->error.text);
}

void weir_pipeline_fail(weir_pipeline *pipeline, const struct weir_error *reason)
{
	if (!pipeline || pipeline->error.status < 0)
		return;
	pipeline->error = *reason;
	if (reason->status >= 0)
		pipeline->error.status = WEIR_ERR_STATE;	/* a reason that is none */
	if (!pipeline->holds_words)
		say_error(pipeline);
	if (pipeline->poller.wake_fd >= 0)
		weir__poller_wake(&pipeline->poller);
}

void weir__pipeline_hold(weir_pipeline *pipeline)
{
	if (pipeline && pipeline->error.status >= 0)
		pipeline->holds_words = true;
}

void weir__pipeline_say(weir_pipeline *pipeline, const struct weir_error *reason)
{
	if (!pipeline || !pipeline->holds_words)
		return;
	pipeline->holds_words = false;
	if (pipeline->error.status >= 0)
		return;
	if (reason)
		pipeline->error = *reason;
	say_error(pipeline);
}

bool weir__pipeline_is_building(weir_pipeline *pipeline, const char *what, const char *name)
{
	struct weir_error err;

	if (!pipeline || pipeline->error.status < 0)
		return false;
	if (weir_pipeline_state(pipeline) == WEIR_STATE_IDLE)
		return true;
	weir_error_set(&err, WEIR_ERR_STATE, WEIR_REMEDY_STOP,
		       "%s%s%s%s: added after the start; add everything before", what,
		       name ? " '" : "", name ? name : "", name ? "'" : "");
	weir_pipeline_fail(pipeline, &err);
	return false;
}

void weir_pipeline_stop(weir_pipeline *pipeline)
{
	if (!pipeline)
		return;
	atomic_store(&pipeline->stop_asked, true);
	weir__poller_wake(&pipeline->poller);
}

int weir_pipeline_fd(const weir_pipeline *pipeline)
{
	return pipeline ? pipeline->poller.poll_fd : -1;
}
