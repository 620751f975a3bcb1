/* SPDX-License-Identifier: MIT */
/*
 * The file source: lines of a file, a pipe or standard input, as messages.
 *
 *     read ─► framer's buffer ─► lines ─► messages that are slices of it
 *       ▲                                     │ settled
 *     reader: which file ◄── trail ◄──────────┘ ──► position on disk, each state_ms
 *
 * Guarantees: a step reads at most STEP_BYTES and never waits, but for the disk that takes the
 * position: what may have nothing to read is asked with poll first and watched through the port;
 * without room nothing is read. The position on disk never lies behind what is not settled, and
 * never more than most_ahead messages, one window, before the last one emitted.
 */
#include "connect/file/source.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "ground/env.h"
#include "ground/error.h"
#include "ground/options.h"
#include "weir/file.h"

#define DEFAULT_MESSAGE_BYTES (4u << 20)
#define MOST_MESSAGE_BYTES (1u << 30)
#define DEFAULT_STATE_MS 1000
#define DEFAULT_FOLLOW_MS 250
#define STEP_BYTES (1u << 20)

/* ---- the position on disk ---- */

static bool is_dirty(const struct weir__file_source *source)
{
	const struct weir__trail *trail = &source->reader.trail;

	return source->state_dir && trail->first && trail->settled != source->saved;
}

bool weir__file_is_far_ahead(const struct weir__file_source *source)
{
	const struct weir__trail *trail = &source->reader.trail;

	return source->most_ahead &&
	       trail->emitted_count - trail->saved_count >= source->most_ahead;
}

static enum weir_status save(struct weir__file_source *source, uint64_t now_ms,
			     struct weir_error *err)
{
	struct weir__trail *trail = &source->reader.trail;
	struct weir__place place;
	enum weir_status status;

	source->save_ms = now_ms + source->state_ms;
	if (!source->state_dir || !weir__trail_place(trail, &place))
		return WEIR_OK;
	status = weir__position_save(&source->position, &place, err);
	if (status < 0)
		return status;
	source->saved = trail->settled;
	source->cannot_save = false;
	weir__trail_note_saved(trail);
	return WEIR_OK;
}

static void save_or_warn(struct weir__file_source *source, uint64_t now_ms)
{
	struct weir_error err;

	if (save(source, now_ms, &err) == WEIR_OK)
		return;
	if (!source->cannot_save)
		weir_port_log(source->port, WEIR_LOG_WARN,
			      "%s: tried again each %llu ms; until then reading stops a window "
			      "behind the last position",
			      err.text, (unsigned long long)source->state_ms);
	source->cannot_save = true;
}

/* Far ahead of it, it is moved as soon as that is worth a write: by a quarter of a window. */
static void save_if_due(struct weir__file_source *source, uint64_t now_ms)
{
	const struct weir__trail *trail = &source->reader.trail;
	const uint64_t gain = trail->settled_count - trail->saved_count;

	if (!is_dirty(source))
		return;
	if (now_ms >= source->save_ms ||
	    (weir__file_is_far_ahead(source) && !source->cannot_save && gain > 0 &&
	     gain >= source->most_ahead / 4))
		save_or_warn(source, now_ms);
}

/* A window is the most room there ever was with nothing of ours under way. */
static void measure_window(struct weir__file_source *source, const weir_outlet *outlet)
{
	struct weir__trail *trail = &source->reader.trail;
	uint64_t room;

	if (!source->state_dir || !weir__trail_is_settled(trail))
		return;
	room = weir_outlet_room(outlet);
	if (room <= source->most_ahead)
		return;
	source->most_ahead = room;
	trail->mark_every = room / 8 ? room / 8 : 1;
}

static void set_deadline(struct weir__file_source *source)
{
	const struct weir__reader *reader = &source->reader;
	uint64_t at_ms = reader->state == WEIR__WAITING ? reader->look_ms : 0;

	if (is_dirty(source) && (!at_ms || source->save_ms < at_ms))
		at_ms = source->save_ms;
	weir_port_deadline(source->port, at_ms);
}

/* Closed, and all is settled: no more will be said of the files. */
static void end_if_settled(struct weir__file_source *source, uint64_t now_ms)
{
	struct weir__trail *trail = &source->reader.trail;
	const bool is_settled = weir__trail_is_settled(trail);

	if (is_dirty(source) && (is_settled || now_ms >= source->save_ms))
		save_or_warn(source, now_ms);
	if (is_settled && !is_dirty(source))
		weir__trail_release(trail);
}

static void file_ack(void *self, struct weir_position upto)
{
	struct weir__file_source *source = self;

	weir__trail_settle(&source->reader.trail, upto.offset);
	if (!source->is_open) {
		end_if_settled(source, weir__monotonic_ms(source->env));
		return;
	}
	set_deadline(source);
	if (weir__file_is_far_ahead(source))
		weir_port_wake(source->port);
}

/* ---- open and close ---- */

static enum weir_status load(struct weir__file_source *source, struct weir__place *ret_place,
			     bool *ret_other, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (!source->state_dir)
		return WEIR_END;
	if (!source->position.env)
		status = weir__position_open(&source->position, source->env, source->state_dir,
					     source->name, source->path, err);
	return status < 0 ? status
			  : weir__position_load(&source->position, ret_place, ret_other, err);
}

/* From here on there is a position: what is rotated before a line of it is settled is found. */
static enum weir_status file_open(void *self, weir_port *port, struct weir_error *err)
{
	struct weir__file_source *source = self;
	const uint64_t now_ms = weir__monotonic_ms(source->env);
	struct weir__place place;
	bool is_other = false;
	enum weir_status status;

	source->port = source->reader.port = source->reader.trail.port = port;
	weir__framer_init(&source->framer, source->env,
			  source->crlf ? WEIR__FRAMING_CRLF : WEIR__FRAMING_LF,
			  source->max_message_bytes, 0);
	status = load(source, &place, &is_other, err);
	if (status >= 0)
		status = weir__reader_open(&source->reader, status == WEIR_OK ? &place : NULL,
					   is_other, now_ms, err);
	source->saved = UINT64_MAX;
	if (status >= 0)
		status = save(source, now_ms, err);
	if (status < 0) {
		weir__trail_release(&source->reader.trail);
		return status;
	}
	source->is_open = true;
	return WEIR_OK;
}

static void file_close(void *self)
{
	struct weir__file_source *source = self;
	const struct weir__stretch *stretch = weir__trail_reading(&source->reader.trail);

	if (source->is_watched)
		weir_port_unwatch(source->port, stretch->fd);
	source->is_watched = source->is_open = false;
	weir__lines_close(source);
	weir__trail_leave(&source->reader.trail);
	source->save_ms = 0;
	if (source->state_dir) {
		end_if_settled(source, weir__monotonic_ms(source->env));
		return;
	}
	weir__trail_release(&source->reader.trail);
	weir__trail_init(&source->reader.trail, source->env);
}

/* ---- reading ---- */

/* Whether a read now would not wait. Watches while it would; what cannot be watched is ready. */
static enum weir_status await(struct weir__file_source *source, int fd, bool *ret_ready,
			      struct weir_error *err)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	enum weir_status status;

	*ret_ready = !source->reader.may_wait || poll(&poll_fd, 1, 0) > 0;
	if (*ret_ready || source->is_watched)
		return WEIR_OK;
	status = weir_port_watch(source->port, fd, WEIR_READABLE, err);
	source->is_watched = status == WEIR_OK;
	return status;
}

/* One read into the framer. *ret_len 0: nothing to be had now; or the end: the reader is told. */
static enum weir_status fill(struct weir__file_source *source, uint64_t now_ms, size_t *ret_len,
			     struct weir_error *err)
{
	const struct weir__stretch *stretch = weir__trail_reading(&source->reader.trail);
	enum weir_status status;
	uint8_t *bytes;
	size_t room;
	ssize_t len;
	bool ready;

	*ret_len = 0;
	status = await(source, stretch->fd, &ready, err);
	if (status < 0 || !ready)
		return status;
	bytes = weir__framer_reserve(&source->framer, &room);
	if (!bytes)
		return weir__error_no_memory(err);
	do {
		len = read(stretch->fd, bytes, room);
	} while (len < 0 && errno == EINTR);
	if (len < 0 && errno == EAGAIN)
		return WEIR_OK;
	if (len < 0)
		return weir__error_os(err, errno, "cannot read '%s'", stretch->path);
	if (len == 0)
		weir__reader_at_end(&source->reader, now_ms);
	weir__framer_commit(&source->framer, (size_t)len);
	weir_port_count(source->port, WEIR_COUNT_WIRE_BYTES, (uint64_t)len);
	*ret_len = (size_t)len;
	return WEIR_OK;
}

/* What the reader's state asks for. WEIR_OK: go on · WEIR_AGAIN: not now · WEIR_END: no more. */
static enum weir_status turn_page(struct weir__file_source *source, weir_outlet *outlet,
				  uint64_t now_ms, struct weir_error *err)
{
	struct weir__reader *reader = &source->reader;
	enum weir_status status = WEIR_OK;

	if (reader->state == WEIR__LEFT || reader->state == WEIR__OVER)
		status = weir__lines_finish(source, outlet, err);
	if (status != WEIR_OK)
		return status;
	if (reader->state == WEIR__OVER)
		return WEIR_END;
	if (reader->state == WEIR__WAITING && now_ms < reader->look_ms)
		return WEIR_AGAIN;
	if (reader->state == WEIR__WAITING)
		status = weir__reader_look(reader, now_ms, err);
	else if (reader->state != WEIR__READING)
		status = weir__reader_advance(reader, now_ms, err);
	if (reader->is_new)
		weir__lines_begin(source, reader->at);
	reader->is_new = false;
	return status;
}

/* WEIR_OK: all that may be read at once was · else as turn_page. */
static enum weir_status read_on(struct weir__file_source *source, weir_outlet *outlet,
				uint64_t now_ms, struct weir_error *err)
{
	size_t budget = STEP_BYTES;
	enum weir_status status;

	while (budget > 0) {
		size_t len;

		status = weir__lines_emit(source, outlet, err);
		if (status == WEIR_OK)
			status = turn_page(source, outlet, now_ms, err);
		if (status != WEIR_OK)
			return status;
		if (source->reader.state != WEIR__READING)
			continue;
		status = fill(source, now_ms, &len, err);
		if (status < 0)
			return status;
		if (len == 0 && source->reader.state == WEIR__READING)
			return WEIR_AGAIN;
		budget -= len < budget ? len : budget;
	}
	return WEIR_OK;
}

static enum weir_status file_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				  struct weir_error *err)
{
	struct weir__file_source *source = self;
	enum weir_status status;

	save_if_due(source, now_ms);
	measure_window(source, outlet);
	status = read_on(source, outlet, now_ms, err);
	if (status == WEIR_OK)
		weir_port_wake(source->port);
	set_deadline(source);
	return status == WEIR_AGAIN ? WEIR_OK : status;
}

/* ---- add ---- */

static void file_free(void *self)
{
	struct weir__file_source *source = self;

	if (is_dirty(source))
		save_or_warn(source, 0);
	weir__trail_release(&source->reader.trail);
	weir__position_close(&source->position);
	weir__text_free(source->env, source->path);
	weir__text_free(source->env, source->state_dir);
	weir__text_free(source->env, source->name);
	weir__free(source->env, source, sizeof *source);
}

static const struct weir_source_ops file_ops = {
	.size = sizeof file_ops,
	.open = file_open,
	.step = file_step,
	.close = file_close,
	.free = file_free,
};

/* With a position. */
static const struct weir_source_ops keeping_ops = {
	.size = sizeof keeping_ops,
	.open = file_open,
	.step = file_step,
	.ack = file_ack,
	.close = file_close,
	.free = file_free,
	.keeps = true,
};

static enum weir_status check(const struct weir_file_source_options *options, const char *name,
			      struct weir_error *err)
{
	if (!options->path || !*options->path)
		return weir__error_invalid(err, "source '%s': set .path (\"-\": standard input)",
					   name);
	if (strcmp(options->path, "-") == 0 &&
	    (options->start_offset || options->state_dir || options->follow))
		return weir__error_invalid(err, "source '%s': %s is not for standard input", name,
					   options->start_offset ? "start_offset"
					   : options->state_dir	 ? "state_dir"
								 : "follow");
	if (options->state_dir && !*options->state_dir)
		return weir__error_invalid(err, "source '%s': state_dir is empty", name);
	if (options->start_offset > INT64_MAX)
		return weir__error_invalid(err, "source '%s': start_offset is above %lld", name,
					   (long long)INT64_MAX);
	if (options->max_message_bytes > MOST_MESSAGE_BYTES)
		return weir__error_invalid(err, "source '%s': max_message_bytes is above %u", name,
					   MOST_MESSAGE_BYTES);
	if (options->kind && !weir_kind_name(options->kind))
		return weir__error_invalid(err, "source '%s': kind %u is not one kind", name,
					   options->kind);
	return WEIR_OK;
}

static struct weir__file_source *source_new(const struct weir_env *env, const char *name,
					    const struct weir_file_source_options *options)
{
	struct weir__file_source *source = weir__alloc(env, sizeof *source);

	if (!source)
		return NULL;
	*source = (struct weir__file_source){
		.env = env,
		.path = weir__text_copy(env, options->path),
		.state_dir = weir__text_copy(env, options->state_dir),
		.name = weir__text_copy(env, name),
		.crlf = options->crlf,
		.kind = options->kind,
		.max_message_bytes = options->max_message_bytes ? options->max_message_bytes
							       : DEFAULT_MESSAGE_BYTES,
		.state_ms = options->state_ms ? options->state_ms : DEFAULT_STATE_MS,
		.position = { .lock_fd = -1 },
		.reader = { .env = env,
			    .is_stdin = strcmp(options->path, "-") == 0,
			    .keeps = options->state_dir != NULL,
			    .follow = options->follow,
			    .follow_ms = options->follow_ms ? options->follow_ms
							    : DEFAULT_FOLLOW_MS,
			    .start_offset = options->start_offset },
	};
	source->reader.path = source->path;
	weir__trail_init(&source->reader.trail, env);
	return source;
}

static enum weir_status make(const struct weir_env *env, const char *name,
			     const struct weir_file_source_options *given,
			     struct weir__file_source **ret_source, struct weir_error *err)
{
	struct weir_file_source_options options;
	enum weir_status status = weir__options_read(given, &options, sizeof options,
						     "weir_file_source_options", err);
	struct weir__file_source *source;

	if (status == WEIR_OK)
		status = check(&options, name, err);
	if (status < 0)
		return status;
	source = source_new(env, name, &options);
	if (!source)
		return weir__error_no_memory(err);
	if (!source->path || !source->name || (options.state_dir && !source->state_dir)) {
		file_free(source);
		return weir__error_no_memory(err);
	}
	*ret_source = source;
	return WEIR_OK;
}

weir_source *weir_file_source_add(weir_pipeline *pipeline, const char *name,
				  const struct weir_file_source_options *options)
{
	struct weir__file_source *source = NULL;
	struct weir_error err;

	if (!pipeline)
		return NULL;
	if (make(weir_pipeline_env(pipeline), name ? name : "", options, &source, &err) < 0) {
		weir_pipeline_fail(pipeline, &err);
		return NULL;
	}
	return weir_source_add(pipeline, name, source->state_dir ? &keeping_ops : &file_ops,
			       source);
}
