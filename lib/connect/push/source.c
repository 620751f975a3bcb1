/* SPDX-License-Identifier: MIT */
/*
 * The push source: a bounded queue between any thread and the pipeline's. This is the pipeline's
 * side.
 *
 * Guarantees: what weir_push answered WEIR_OK for is emitted in the order of the pushes, also when
 * the pipeline is stopped: a stop ends the taking, and the queue is emptied before the source
 * ends. Only a failure, a stop's deadline, or a stop before the source was open leaves something
 * in it: that is released, and its number said in the log. The lock is never held while somebody
 * else's code runs but for the allocator.
 */
#include <string.h>

#include "connect/push/internal.h"
#include "ground/error.h"
#include "ground/options.h"
#include "ground/wait.h"

#define DEFAULT_QUEUE_MESSAGES 1024
#define DEFAULT_QUEUE_BYTES (4u << 20)

/* ---- the queue ---- */

static struct weir__entry *take_first(struct weir__push_source *source)
{
	struct weir__entry *entry = source->first;

	if (!entry)
		return NULL;
	source->first = entry->next;
	if (!source->first)
		source->end = &source->first;
	source->messages--;
	source->bytes -= entry->init.body.len;
	return entry;
}

/* One that had no room goes back to where it was. */
static void put_back(struct weir__push_source *source, struct weir__entry *entry)
{
	entry->next = source->first;
	if (!source->first)
		source->end = &entry->next;
	source->first = entry;
	source->messages++;
	source->bytes += entry->init.body.len;
}

bool weir__push_is_full(const struct weir__push_source *source, size_t len)
{
	return source->messages > 0 && (source->messages >= source->queue_messages ||
					source->bytes > source->queue_bytes ||
					len > source->queue_bytes - source->bytes);
}

/* ---- ops ---- */

static void note_thread(struct weir__push_source *source)
{
	source->thread = pthread_self();
	source->knows_thread = true;
}

static enum weir_status push_open(void *self, weir_port *port, struct weir_error *err)
{
	struct weir__push_source *source = self;

	(void)err;
	pthread_mutex_lock(&source->lock);
	note_thread(source);
	source->port = port;
	pthread_mutex_unlock(&source->lock);
	weir_port_wake(port);
	return WEIR_OK;
}

static struct weir__entry *take(struct weir__push_source *source)
{
	struct weir__entry *entry;

	pthread_mutex_lock(&source->lock);
	entry = take_first(source);
	pthread_mutex_unlock(&source->lock);
	return entry;
}

/* A push that saw no stop is in the queue before the lock is ours: nothing comes in behind this. */
static void begin_step(struct weir__push_source *source)
{
	pthread_mutex_lock(&source->lock);
	note_thread(source);
	if (source->phase == WEIR__PUSH_TAKING && weir_port_is_stopping(source->port)) {
		source->phase = WEIR__PUSH_ENDED;
		pthread_cond_broadcast(&source->moved);
	}
	pthread_mutex_unlock(&source->lock);
}

static bool is_done(struct weir__push_source *source)
{
	bool done;

	pthread_mutex_lock(&source->lock);
	done = source->phase == WEIR__PUSH_ENDED && !source->first;
	pthread_mutex_unlock(&source->lock);
	return done;
}

/* The message of an emit that failed was perhaps never made: nothing may come back of it. */
static void tell_left(struct weir__push_source *source)
{
	pthread_mutex_lock(&source->lock);
	weir__ticket_tell(source->untold, WEIR_OUTCOME_LEFT);
	pthread_mutex_unlock(&source->lock);
}

/* Its body is the message's then, and when that is in the block the block with it. */
static enum weir_status emit(struct weir__push_source *source, weir_outlet *outlet,
			     struct weir__entry *entry, struct weir_error *err)
{
	const struct weir_message_init init = entry->init;
	enum weir_status status;

	source->untold = init.user;
	status = weir_outlet_emit(outlet, &init, NULL, err);
	if (status >= 0)
		source->untold = NULL;
	else if (source->untold)
		tell_left(source);
	if (status == WEIR_AGAIN) {
		pthread_mutex_lock(&source->lock);
		put_back(source, entry);
		pthread_mutex_unlock(&source->lock);
		return status;
	}
	if (init.owner != entry)
		weir__entry_free(entry);
	return status;
}

/* So many are emitted: to those who were refused, and to those who sleep. */
static void tell_moved(struct weir__push_source *source, size_t emitted)
{
	bool is_owed;

	pthread_mutex_lock(&source->lock);
	source->emitted += emitted;
	is_owed = source->is_awaited && !weir__push_is_full(source, 1) &&
		  source->phase == WEIR__PUSH_TAKING;
	if (is_owed)
		source->is_awaited = false;
	if (source->sleepers)
		pthread_cond_broadcast(&source->moved);
	pthread_mutex_unlock(&source->lock);
	if (is_owed && source->on_room)
		source->on_room(source->user);
}

/* At most one queue's length a step: who pushes as fast as we emit must not keep the turn. */
static enum weir_status push_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				  struct weir_error *err)
{
	struct weir__push_source *source = self;
	enum weir_status status = WEIR_OK;
	size_t left = source->queue_messages;

	(void)now_ms;
	begin_step(source);
	while (status == WEIR_OK && left > 0 && weir_outlet_room(outlet) > 0) {
		struct weir__entry *entry = take(source);

		if (!entry)
			break;
		status = emit(source, outlet, entry, err);
		left -= status == WEIR_OK;
	}
	if (status < 0)
		return status;
	if (left < source->queue_messages)
		tell_moved(source, source->queue_messages - left);
	if (is_done(source))
		return WEIR_END;
	if (left == 0)
		weir_port_wake(source->port);
	return WEIR_OK;
}

static void push_ack(void *self, struct weir_position upto)
{
	const struct weir__push_source *source = self;

	if (source->on_settled)
		source->on_settled(source->user, upto);
}

static void push_settled(void *self, const weir_message *message, void *user,
			 enum weir_outcome outcome)
{
	struct weir__push_source *source = self;

	(void)message;
	if (!user)
		return;		/* nobody waits for this one */
	if (source->untold == user)
		source->untold = NULL;
	pthread_mutex_lock(&source->lock);
	weir__ticket_settle(user, outcome);
	pthread_mutex_unlock(&source->lock);
}

/* What is left in the queue, for nobody will emit it. */
static struct weir__entry *take_all(struct weir__push_source *source)
{
	struct weir__entry *all;

	pthread_mutex_lock(&source->lock);
	source->phase = WEIR__PUSH_CLOSED;
	source->port = NULL;
	all = source->first;
	source->first = NULL;
	source->end = &source->first;
	source->messages = source->bytes = 0;
	for (struct weir__entry *entry = all; entry; entry = entry->next)
		weir__ticket_settle(entry->init.user, WEIR_OUTCOME_LEFT);
	pthread_cond_broadcast(&source->moved);
	pthread_mutex_unlock(&source->lock);
	return all;
}

static void push_close(void *self)
{
	struct weir__push_source *source = self;
	struct weir__entry *entry = take_all(source);
	size_t count = 0;

	while (entry) {
		struct weir__entry *next = entry->next;

		weir__entry_drop(entry);
		entry = next;
		count++;
	}
	if (count)
		weir__log(source->env, WEIR_LOG_WARN, source->name,
			  "closed: %zu messages that were pushed were not taken in", count);
}

/* One that was never open has not been closed. */
static void push_free(void *self)
{
	struct weir__push_source *source = self;

	push_close(source);
	if (source->untold)
		weir__ticket_let_go(source->untold);
	pthread_cond_destroy(&source->moved);
	pthread_mutex_destroy(&source->lock);
	weir__text_free(source->env, source->name);
	weir__free(source->env, source, sizeof *source);
}

const struct weir_source_ops weir__push_ops = {
	.size = sizeof weir__push_ops,
	.open = push_open,
	.step = push_step,
	.ack = push_ack,
	.close = push_close,
	.free = push_free,
	.drains = true,
	.settled = push_settled,
};

/* ---- add ---- */

static enum weir_status make(weir_pipeline *pipeline, const char *name,
			     const struct weir_push_source_options *given,
			     struct weir__push_source **ret_source, struct weir_error *err)
{
	const struct weir_env *env = weir_pipeline_env(pipeline);
	struct weir_push_source_options options;
	const enum weir_status status = weir__options_read(given, &options, sizeof options,
							   "weir_push_source_options", err);
	struct weir__push_source *source;

	if (status < 0)
		return status;
	if (options.kind && !weir_kind_name(options.kind))
		return weir__error_invalid(err, "source '%s': kind %u is not one kind",
					   name ? name : "", options.kind);
	source = weir__alloc(env, sizeof *source);
	if (!source)
		return weir__error_no_memory(err);
	*source = (struct weir__push_source){
		.env = env,
		.pipeline = pipeline,
		.name = weir__text_copy(env, name ? name : ""),
		.queue_messages = options.queue_messages ? options.queue_messages
							 : DEFAULT_QUEUE_MESSAGES,
		.queue_bytes = options.queue_bytes ? options.queue_bytes : DEFAULT_QUEUE_BYTES,
		.kind = options.kind,
		.on_room = options.on_room,
		.on_settled = options.on_settled,
		.user = options.user,
	};
	if (!source->name) {
		weir__free(env, source, sizeof *source);
		return weir__error_no_memory(err);
	}
	pthread_mutex_init(&source->lock, NULL);
	weir__cond_init(&source->moved);
	source->end = &source->first;
	*ret_source = source;
	return WEIR_OK;
}

weir_source *weir_push_source_add(weir_pipeline *pipeline, const char *name,
				  const struct weir_push_source_options *options)
{
	struct weir__push_source *source = NULL;
	struct weir_error err;

	if (!pipeline)
		return NULL;
	if (make(pipeline, name, options, &source, &err) < 0) {
		weir_pipeline_fail(pipeline, &err);
		return NULL;
	}
	return weir_source_add(pipeline, name, &weir__push_ops, source);
}
