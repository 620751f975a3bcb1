/* SPDX-License-Identifier: MIT */
/*
 * The push source: a bounded queue between any thread and the pipeline's.
 *
 *     weir_push (any thread) ─► queue ─► step (the pipeline's) ─► outlet
 *                  ▲                       │
 *                  └────── on_room ◄───────┘
 *
 * Guarantees: what weir_push answered WEIR_OK for is emitted in the order of the pushes, also when
 * the pipeline is stopped: a stop ends the taking, and the queue is emptied before the source
 * ends. Only a failure, a stop's deadline, or a stop before the source was open leaves something
 * in it: that is released, and its number said in the log. The lock is never held while somebody
 * else's code runs but for the allocator.
 */
#include <pthread.h>
#include <string.h>

#include "ground/env.h"
#include "ground/error.h"
#include "ground/options.h"
#include "weir/callback.h"

#define DEFAULT_QUEUE_MESSAGES 1024
#define DEFAULT_QUEUE_BYTES (4u << 20)

/*
 * One pushed message in one block: this, its headers, then their bytes, its key's and its body's.
 * It frees itself: a message may outlive the source.
 */
struct entry {
	struct entry *next;
	struct weir_allocator allocator;
	size_t block_size;
	struct weir_message_init init;	/* refers into the block, or to the pusher's own body */
	struct weir_header headers[];
};

enum phase {
	TAKING,		/* pushes are taken */
	ENDED,		/* weir_push_end, or a stop: the rest is emitted */
	CLOSED
};

struct push_source {
	const struct weir_env *env;
	weir_pipeline *pipeline;
	char *name;
	size_t queue_messages, queue_bytes;
	unsigned kind;
	void (*on_room)(void *user);
	void (*on_settled)(void *user, struct weir_position upto);
	void *user;

	pthread_mutex_t lock;	/* for all below */
	weir_port *port;	/* NULL: not open */
	enum phase phase;
	struct entry *first, **end;
	size_t messages, bytes;
	bool is_awaited;	/* a push was refused: on_room is owed */
};

/* ---- entries ---- */

/* Adds up sizes; false when that is more than memory can be. */
static bool add_size(size_t *total, size_t size)
{
	return !__builtin_add_overflow(*total, size, total);
}

static bool block_size(const struct weir_message_init *init, size_t *ret)
{
	size_t total = sizeof(struct entry);
	bool fits = init->header_count < SIZE_MAX / sizeof(struct weir_header) &&
		    add_size(&total, init->header_count * sizeof(struct weir_header)) &&
		    add_size(&total, init->key.len) &&
		    add_size(&total, init->release ? 0 : init->body.len);

	for (size_t i = 0; fits && i < init->header_count; i++)
		fits = add_size(&total, strlen(init->headers[i].name) + 1) &&
		       add_size(&total, init->headers[i].value.len);
	*ret = total;
	return fits;
}

static void *put(char **at, const void *data, size_t len)
{
	char *const place = *at;

	if (len)
		memcpy(place, data, len);
	*at += len;
	return place;
}

static struct weir_slice put_slice(char **at, struct weir_slice slice)
{
	if (!slice.data)
		return slice;
	return (struct weir_slice){ put(at, slice.data, slice.len), slice.len };
}

static void entry_free(void *owner)
{
	struct entry *entry = owner;
	const struct weir_allocator allocator = entry->allocator;

	allocator.resize(allocator.user, entry, entry->block_size, 0);
}

static struct entry *entry_new(const struct push_source *source,
			       const struct weir_message_init *init)
{
	struct entry *entry;
	size_t size;
	char *at;

	if (!block_size(init, &size))
		return NULL;
	entry = weir__resize(source->env, NULL, 0, size);
	if (!entry)
		return NULL;
	*entry = (struct entry){ .allocator = source->env->allocator,
				 .block_size = size,
				 .init = *init };
	at = (char *)(entry->headers + init->header_count);
	for (size_t i = 0; i < init->header_count; i++) {
		const struct weir_header *header = &init->headers[i];

		entry->headers[i].name = put(&at, header->name, strlen(header->name) + 1);
		entry->headers[i].value = put_slice(&at, header->value);
	}
	entry->init.headers = init->header_count ? entry->headers : NULL;
	entry->init.key = put_slice(&at, init->key);
	if (!entry->init.kind)
		entry->init.kind = source->kind;
	if (!init->release) {
		entry->init.body = put_slice(&at, init->body);
		entry->init.release = entry_free;
		entry->init.owner = entry;
	}
	return entry;
}

/* With its body. */
static void entry_drop(struct entry *entry)
{
	const struct weir_message_init init = entry->init;

	if (init.owner != entry)
		entry_free(entry);
	init.release(init.owner);
}

/* ---- the queue ---- */

static void append(struct push_source *source, struct entry *entry)
{
	*source->end = entry;
	source->end = &entry->next;
	source->messages++;
	source->bytes += entry->init.body.len;
}

static struct entry *take_first(struct push_source *source)
{
	struct entry *entry = source->first;

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
static void put_back(struct push_source *source, struct entry *entry)
{
	entry->next = source->first;
	if (!source->first)
		source->end = &entry->next;
	source->first = entry;
	source->messages++;
	source->bytes += entry->init.body.len;
}

/* One message always has room: it may be larger than the whole queue. */
static bool is_full(const struct push_source *source, size_t len)
{
	return source->messages > 0 && (source->messages >= source->queue_messages ||
					source->bytes > source->queue_bytes ||
					len > source->queue_bytes - source->bytes);
}

static bool has_ended(const struct push_source *source)
{
	const enum weir_state state = weir_pipeline_state(source->pipeline);

	return source->phase != TAKING || state == WEIR_STATE_FINISHED ||
	       state == WEIR_STATE_FAILED ||
	       (source->port && weir_port_is_stopping(source->port));
}

/* The answer to a push, before anything is copied. With the lock. */
static enum weir_status admit(struct push_source *source, size_t len)
{
	if (has_ended(source))
		return WEIR_ERR_STATE;
	if (is_full(source, len)) {
		source->is_awaited = true;
		return WEIR_AGAIN;
	}
	return WEIR_OK;
}

static const struct weir_source_ops push_ops;

static bool is_valid(const struct weir_message_init *init)
{
	if (!init->body.data && init->body.len)
		return false;
	if (!init->key.data && init->key.len)
		return false;
	if (init->kind && !weir_kind_name(init->kind))
		return false;
	if (init->header_count && !init->headers)
		return false;
	for (size_t i = 0; i < init->header_count; i++)
		if (!init->headers[i].name || (!init->headers[i].value.data &&
					       init->headers[i].value.len))
			return false;
	return init->body.len < UINT32_MAX;
}

enum weir_status weir_push(weir_source *handle, const struct weir_message_init *given)
{
	struct push_source *source = weir_source_self(handle, &push_ops);
	struct weir_message_init init;
	enum weir_status status;
	struct entry *entry;

	if (!source || !given ||
	    weir__options_read(given, &init, sizeof init, "weir_message_init", NULL) < 0 ||
	    !is_valid(&init))
		return WEIR_ERR_INVALID;
	pthread_mutex_lock(&source->lock);
	status = admit(source, init.body.len);
	if (status == WEIR_OK) {
		entry = entry_new(source, &init);
		if (entry)
			append(source, entry);
		else
			status = WEIR_ERR_NOMEM;
	}
	if (status == WEIR_OK && source->port)
		weir_port_wake(source->port);
	pthread_mutex_unlock(&source->lock);
	return status;
}

void weir_push_end(weir_source *handle)
{
	struct push_source *source = weir_source_self(handle, &push_ops);

	if (!source)
		return;
	pthread_mutex_lock(&source->lock);
	if (source->phase == TAKING)
		source->phase = ENDED;
	if (source->port)
		weir_port_wake(source->port);
	pthread_mutex_unlock(&source->lock);
}

/* ---- ops ---- */

static enum weir_status push_open(void *self, weir_port *port, struct weir_error *err)
{
	struct push_source *source = self;

	(void)err;
	pthread_mutex_lock(&source->lock);
	source->port = port;
	pthread_mutex_unlock(&source->lock);
	weir_port_wake(port);
	return WEIR_OK;
}

static struct entry *take(struct push_source *source)
{
	struct entry *entry;

	pthread_mutex_lock(&source->lock);
	entry = take_first(source);
	pthread_mutex_unlock(&source->lock);
	return entry;
}

/* A push that saw no stop is in the queue before the lock is ours: nothing comes in behind this. */
static void end_when_stopping(struct push_source *source)
{
	pthread_mutex_lock(&source->lock);
	if (source->phase == TAKING && weir_port_is_stopping(source->port))
		source->phase = ENDED;
	pthread_mutex_unlock(&source->lock);
}

static bool is_done(struct push_source *source)
{
	bool done;

	pthread_mutex_lock(&source->lock);
	done = source->phase == ENDED && !source->first;
	pthread_mutex_unlock(&source->lock);
	return done;
}

/* Its body is the message's then, and when that is in the block the block with it. */
static enum weir_status emit(struct push_source *source, weir_outlet *outlet, struct entry *entry,
			     struct weir_error *err)
{
	const struct weir_message_init init = entry->init;
	enum weir_status status;

	status = weir_outlet_emit(outlet, &init, NULL, err);
	if (status == WEIR_AGAIN) {
		pthread_mutex_lock(&source->lock);
		put_back(source, entry);
		pthread_mutex_unlock(&source->lock);
		return status;
	}
	if (init.owner != entry)
		entry_free(entry);
	return status;
}

static void tell_room(struct push_source *source)
{
	bool is_owed;

	pthread_mutex_lock(&source->lock);
	is_owed = source->is_awaited && !is_full(source, 1) && source->phase == TAKING;
	if (is_owed)
		source->is_awaited = false;
	pthread_mutex_unlock(&source->lock);
	if (is_owed && source->on_room)
		source->on_room(source->user);
}

/* At most one queue's length a step: who pushes as fast as we emit must not keep the turn. */
static enum weir_status push_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				  struct weir_error *err)
{
	struct push_source *source = self;
	enum weir_status status = WEIR_OK;
	size_t left = source->queue_messages;

	(void)now_ms;
	end_when_stopping(source);
	while (status == WEIR_OK && left > 0 && weir_outlet_room(outlet) > 0) {
		struct entry *entry = take(source);

		if (!entry)
			break;
		status = emit(source, outlet, entry, err);
		left--;
	}
	if (status < 0)
		return status;
	if (is_done(source))
		return WEIR_END;
	if (left == 0)
		weir_port_wake(source->port);
	if (left < source->queue_messages)
		tell_room(source);
	return WEIR_OK;
}

static void push_ack(void *self, struct weir_position upto)
{
	const struct push_source *source = self;

	if (source->on_settled)
		source->on_settled(source->user, upto);
}

static size_t drop_all(struct push_source *source)
{
	struct entry *entry;
	size_t count = 0;

	pthread_mutex_lock(&source->lock);
	source->phase = CLOSED;
	source->port = NULL;
	entry = source->first;
	source->first = NULL;
	source->end = &source->first;
	source->messages = source->bytes = 0;
	pthread_mutex_unlock(&source->lock);
	while (entry) {
		struct entry *next = entry->next;

		entry_drop(entry);
		entry = next;
		count++;
	}
	return count;
}

static void push_close(void *self)
{
	struct push_source *source = self;
	const size_t count = drop_all(source);

	if (count)
		weir__log(source->env, WEIR_LOG_WARN, source->name,
			  "closed: %zu messages that were pushed were not taken in", count);
}

/* One that was never open has not been closed. */
static void push_free(void *self)
{
	struct push_source *source = self;

	push_close(source);
	pthread_mutex_destroy(&source->lock);
	weir__text_free(source->env, source->name);
	weir__free(source->env, source, sizeof *source);
}

static const struct weir_source_ops push_ops = {
	.size = sizeof push_ops,
	.open = push_open,
	.step = push_step,
	.ack = push_ack,
	.close = push_close,
	.free = push_free,
	.drains = true,
};

/* ---- add ---- */

static enum weir_status make(weir_pipeline *pipeline, const char *name,
			     const struct weir_push_source_options *given,
			     struct push_source **ret_source, struct weir_error *err)
{
	const struct weir_env *env = weir_pipeline_env(pipeline);
	struct weir_push_source_options options;
	const enum weir_status status = weir__options_read(given, &options, sizeof options,
							   "weir_push_source_options", err);
	struct push_source *source;

	if (status < 0)
		return status;
	if (options.kind && !weir_kind_name(options.kind))
		return weir__error_invalid(err, "source '%s': kind %u is not one kind",
					   name ? name : "", options.kind);
	source = weir__alloc(env, sizeof *source);
	if (!source)
		return weir__error_no_memory(err);
	*source = (struct push_source){
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
	source->end = &source->first;
	*ret_source = source;
	return WEIR_OK;
}

weir_source *weir_push_source_add(weir_pipeline *pipeline, const char *name,
				  const struct weir_push_source_options *options)
{
	struct push_source *source = NULL;
	struct weir_error err;

	if (!pipeline)
		return NULL;
	if (make(pipeline, name, options, &source, &err) < 0) {
		weir_pipeline_fail(pipeline, &err);
		return NULL;
	}
	return weir_source_add(pipeline, name, &push_ops, source);
}
