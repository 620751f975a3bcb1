/* SPDX-License-Identifier: MIT */
/*
 * The file source: lines of a file, a pipe or standard input, as messages.
 *
 *     read ─► framer's buffer ─► lines ─► messages that are slices of it
 *       ▲                                     │ settled
 *     reader: which file ◄── trail ◄──────────┘ ──► position on disk, each state_ms
 *
 * Guarantees: a step never waits, but for the disk that takes the position. The position on disk
 * never lies behind what is not settled, and never more than most_ahead messages, one window,
 * before the last one emitted; but for packed files, which have one at their ends alone.
 */
#include "connect/file/source.h"

#include <string.h>

#include "ground/env.h"
#include "ground/error.h"
#include "ground/options.h"
#include "weir/file.h"

#define DEFAULT_MESSAGE_BYTES (4u << 20)
#define MOST_MESSAGE_BYTES (1u << 30)
#define DEFAULT_STATE_MS 1000
#define DEFAULT_FOLLOW_MS 250
#define LEAST_RATE 1e-6
#define MOST_RATE 1e9

/* ---- the position on disk ---- */

static bool is_dirty(const struct weir__file_source *source)
{
	const struct weir__trail *trail = &source->reader.trail;

	return source->state_dir && trail->first && trail->settled != source->saved;
}

bool weir__file_is_far_ahead(const struct weir__file_source *source)
{
	const struct weir__trail *trail = &source->reader.trail;

	/* A packed file's is moved at its end only. */
	return source->most_ahead && !(trail->last && trail->last->is_packed) &&
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
	status = weir__position_save(&source->position, source->list.paths[place.item], &place,
				     err);
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

	if (source->has_held && (!at_ms || source->due_ms < at_ms))
		at_ms = source->due_ms;
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
	if (weir__file_is_far_ahead(source) || source->reader.state == WEIR__OVER)
		weir_port_wake(source->port);
}

/* ---- open and close ---- */

/* The list's file that the position on disk is of; of another path it is the first one's. */
static enum weir_status find_item(const struct weir__file_source *source,
				  struct weir__place *place, bool *ret_other,
				  struct weir_error *err)
{
	enum weir_status status = WEIR_OK;
	bool is_it = false;

	for (place->item = 0; place->item < source->list.count; place->item++) {
		status = weir__position_is_of(&source->position,
					      source->list.paths[place->item], &is_it, err);
		if (status < 0 || is_it)
			break;
	}
	*ret_other = !is_it;
	if (!is_it)
		place->item = 0;
	return status;
}

static enum weir_status load(struct weir__file_source *source, struct weir__place *ret_place,
			     bool *ret_other, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (!source->state_dir)
		return WEIR_END;
	if (!source->position.env)
		status = weir__position_open(&source->position, source->env, source->state_dir,
					     source->name, source->list.paths[0], err);
	if (status >= 0)
		status = weir__position_load(&source->position, ret_place, err);
	return status == WEIR_OK ? find_item(source, ret_place, ret_other, err) : status;
}

/* What fits the pattern now. */
static enum weir_status make_list(struct weir__file_source *source, struct weir_error *err)
{
	if (!source->glob)
		return WEIR_OK;
	weir__list_release(&source->list);
	return weir__list_add_fitting(&source->list, source->glob, err);
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
	weir__framer_init(&source->framer, source->env, source->framing,
			  source->max_message_bytes, 0);
	weir__pace_restart(&source->pace);
	status = make_list(source, err);
	if (status >= 0)
		status = weir__pace_init(&source->pace, source->env, err);
	if (status >= 0)
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
	weir__file_read_close(source);
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

static enum weir_status file_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				  struct weir_error *err)
{
	struct weir__file_source *source = self;
	enum weir_status status;

	save_if_due(source, now_ms);
	measure_window(source, outlet);
	status = weir__file_read(source, outlet, now_ms, err);
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
	weir__pace_release(&source->pace, source->env);
	weir__list_release(&source->list);
	weir__text_free(source->env, source->glob);
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

static bool is_stdin(const struct weir_file_source_options *options)
{
	return options->path && strcmp(options->path, "-") == 0;
}

/* One of three ways to say which files. */
static const char *check_files(const struct weir_file_source_options *options)
{
	const int ways = (options->path != NULL) + (options->path_count > 0) +
			 (options->glob != NULL);

	for (size_t i = 0; i < options->path_count; i++)
		if (!options->paths || !options->paths[i] || !*options->paths[i])
			return "one of paths is empty";
	if (ways == 0 || (options->path && !*options->path) || (options->glob && !*options->glob))
		return "set .path (\"-\": standard input), .paths or .glob";
	if (ways > 1)
		return "set one of .path, .paths and .glob";
	if (is_stdin(options) && options->start_offset)
		return "start_offset is not for standard input";
	if (is_stdin(options) && options->state_dir)
		return "state_dir is not for standard input";
	if (is_stdin(options) && options->follow)
		return "follow is not for standard input";
	if (!options->path && options->start_offset)
		return "start_offset is for one file, .path";
	if (!options->path && options->follow)
		return "follow is for one file, .path";
	return NULL;
}

static bool is_rate(double rate)
{
	return rate >= LEAST_RATE && rate <= MOST_RATE;
}

static const char *check_pace(const struct weir_file_source_options *options)
{
	const bool is_even = options->per_second != 0, has_speed = options->speed != 0;

	if (is_even && !is_rate(options->per_second))
		return "per_second is not from 0.000001 to 1000000000";
	if (has_speed && !is_rate(options->speed))
		return "speed is not from 0.000001 to 1000000000";
	if (is_even && options->original_timing)
		return "set one of per_second and original_timing";
	if ((has_speed || options->most_gap_ms) && !options->original_timing)
		return "speed and most_gap_ms are for original_timing";
	return NULL;
}

static enum weir_status check(const struct weir_file_source_options *options, const char *name,
			      struct weir_error *err)
{
	const char *wrong = check_files(options);

	if (!wrong)
		wrong = check_pace(options);
	if (!wrong && options->crlf && options->delimited)
		wrong = "set one of crlf and delimited";
	if (!wrong && options->state_dir && !*options->state_dir)
		wrong = "state_dir is empty";
	if (wrong)
		return weir__error_invalid(err, "source '%s': %s", name, wrong);
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
		.list = { .env = env },
		.glob = weir__text_copy(env, options->glob),
		.state_dir = weir__text_copy(env, options->state_dir),
		.name = weir__text_copy(env, name),
		.framing = options->crlf	? WEIR__FRAMING_CRLF
			   : options->delimited ? WEIR__FRAMING_LENGTH
						: WEIR__FRAMING_LF,
		.kind = options->kind,
		.max_message_bytes = options->max_message_bytes ? options->max_message_bytes
							       : DEFAULT_MESSAGE_BYTES,
		.state_ms = options->state_ms ? options->state_ms : DEFAULT_STATE_MS,
		.position = { .lock_fd = -1 },
		.reader = { .env = env,
			    .keeps = options->state_dir != NULL,
			    .follow = options->follow,
			    .follow_ms = options->follow_ms ? options->follow_ms
							    : DEFAULT_FOLLOW_MS,
			    .start_offset = options->start_offset },
		.pace = { .per_second = options->per_second,
			  .original = options->original_timing,
			  .speed = options->speed != 0 ? options->speed : 1,
			  .most_gap_ms = options->most_gap_ms },
	};
	source->reader.list = &source->list;
	weir__trail_init(&source->reader.trail, env);
	return source;
}

static enum weir_status list_files(struct weir__file_source *source,
				   const struct weir_file_source_options *options,
				   struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (options->path)
		status = weir__list_add(&source->list, options->path, err);
	for (size_t i = 0; i < options->path_count && status == WEIR_OK; i++)
		status = weir__list_add(&source->list, options->paths[i], err);
	return status;
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
	if (!source->name || (options.state_dir && !source->state_dir) ||
	    (options.glob && !source->glob))
		status = weir__error_no_memory(err);
	else
		status = list_files(source, &options, err);
	if (status < 0) {
		file_free(source);
		return status;
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
