/* SPDX-License-Identifier: MIT */
/*
 * The file sink: each destination a file, or all of them one.
 *
 * Guarantees: what was submitted in a turn is written in the next, in one piece; at most
 * MOST_OPEN files are open at a time, the others are opened again when they are written to; a
 * destination cannot leave its directory by a `..` in it. Callers: the engine, through the ops.
 */
#include <string.h>

#include "connect/file/line_file.h"
#include "connect/file/recording.h"
#include "ground/error.h"
#include "ground/options.h"
#include "weir/file.h"

#define MOST_OPEN 64
#define RETRY_MS 1000	/* for a line that a full disk has cut */
#define DEFAULT_FLUSH_MS 1000

struct file_sink {
	const struct weir_env *env;
	weir_port *port;
	char *directory;	/* NULL: the current one */
	bool truncate;
	bool sync;
	enum weir_file_compression compression;
	bool records;
	uint64_t rotate_bytes, rotate_ms;	/* 0: not */
	uint64_t flush_ms;
	struct weir__line_file *only;	/* all goes here; NULL: destinations name files */
	char *only_name;	/* as the options named it */
	bool has_said_only;
	struct weir__line_file *files;
	struct weir__line_file *open;	/* at most MOST_OPEN */
	size_t open_count;
	uint64_t uses;
};

/* ---- files ---- */

static char *join(const struct file_sink *sink, const char *name)
{
	if (!sink->directory || *name == '/')
		return weir__text_copy(sink->env, name);
	return weir__text_format(sink->env, "%s/%s", sink->directory, name);
}

static void *file_delete(const struct file_sink *sink, struct weir__line_file *file)
{
	weir__text_free(sink->env, file->recording.pattern);
	weir__text_free(sink->env, file->recording.name);
	weir__text_free(sink->env, file->path);
	return weir__free(sink->env, file, sizeof *file);
}

static struct weir__line_file *file_new(struct file_sink *sink, const char *name, bool is_stdout)
{
	struct weir__line_file *file = weir__alloc(sink->env, sizeof *file);

	if (!file)
		return NULL;
	*file = (struct weir__line_file){
		.env = sink->env,
		.port = sink->port,
		.path = is_stdout ? weir__text_copy(sink->env, "standard output")
				  : join(sink, name),
		.is_stdout = is_stdout,
		.truncate = sink->truncate,
		.sync = sink->sync,
		.compression = sink->compression,
		.packed = { .env = sink->env },
		.recording = { .is_on = sink->records && !is_stdout },
		.fd = -1,
	};
	if (file->recording.is_on)
		file->recording.pattern = weir__text_copy(sink->env, file->path);
	if (!file->path || (file->recording.is_on && !file->recording.pattern))
		return file_delete(sink, file);
	file->next = sink->files;
	sink->files = file;
	return file;
}

static void drop_open(struct file_sink *sink, const struct weir__line_file *file)
{
	struct weir__line_file **at = &sink->open;

	while (*at && *at != file)
		at = &(*at)->next_open;
	if (!*at)
		return;
	*at = file->next_open;
	sink->open_count--;
}

static void close_file(struct file_sink *sink, struct weir__line_file *file)
{
	drop_open(sink, file);
	weir__line_file_close(file);
}

static struct weir__line_file *least_used(const struct file_sink *sink)
{
	struct weir__line_file *least = sink->open;

	for (struct weir__line_file *file = sink->open; file; file = file->next_open)
		if (file->used < least->used)
			least = file;
	return least;
}

/* WEIR_AGAIN: the one to be closed has lines that cannot be written yet. */
static enum weir_status make_way(struct file_sink *sink, struct weir_error *err)
{
	struct weir__line_file *file = least_used(sink);
	enum weir_status status = WEIR_OK;

	if (sink->open_count < MOST_OPEN)
		return WEIR_OK;
	if (!weir__line_file_is_idle(file))
		status = weir__line_file_write(file, true, err);
	if (status < 0)
		return status;
	if (!weir__line_file_is_idle(file))
		return WEIR_AGAIN;
	close_file(sink, file);
	return WEIR_OK;
}

static enum weir_status ensure_open(struct file_sink *sink, struct weir__line_file *file,
				    struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	file->used = ++sink->uses;
	if (file->fd >= 0)
		return WEIR_OK;
	status = make_way(sink, err);
	if (status == WEIR_OK)
		status = file->recording.is_on ? weir__recording_open(file, err)
					       : weir__line_file_open(file, err);
	if (status != WEIR_OK)
		return status;
	file->next_open = sink->open;
	sink->open = file;
	sink->open_count++;
	return WEIR_OK;
}

/* ---- recordings ---- */

static enum weir_status finish(struct file_sink *sink, struct weir__line_file *file,
			       struct weir_error *err)
{
	drop_open(sink, file);
	return weir__recording_finish(file, err);
}

/* Whether the file is to end before a line of this length (0: now). */
static bool is_full(const struct file_sink *sink, const struct weir__line_file *file, size_t len)
{
	const uint64_t lines = file->compression ? 0 : file->end - file->begin + len;

	return sink->rotate_bytes && file->recording.is_begun &&
	       (file->size >= sink->rotate_bytes ||
		(file->size + lines > sink->rotate_bytes && file->size + lines > len));
}

static bool is_old(const struct file_sink *sink, const struct weir__line_file *file,
		   uint64_t now_ms)
{
	return sink->rotate_ms && file->recording.is_begun && (file->size > 0 || file->first) &&
	       now_ms >= file->recording.begun_ms + sink->rotate_ms;
}

/* Ends a file, and what is in the buffer stands in it. WEIR_AGAIN: that cannot be written yet. */
static enum weir_status rotate(struct file_sink *sink, struct weir__line_file *file,
			       struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (!weir__line_file_is_idle(file))
		status = weir__line_file_write(file, true, err);
	if (status < 0)
		return status;
	return weir__line_file_is_idle(file) ? finish(sink, file, err) : WEIR_AGAIN;
}

/* When something is to be done about a file without being asked; UINT64_MAX: never. */
static uint64_t next_ms(const struct file_sink *sink, const struct weir__line_file *file)
{
	uint64_t at_ms = UINT64_MAX;

	if (file->first && file->compression)
		at_ms = file->first_ms + sink->flush_ms;
	if (sink->rotate_ms && file->recording.is_begun && (file->size > 0 || file->first) &&
	    file->recording.begun_ms + sink->rotate_ms < at_ms)
		at_ms = file->recording.begun_ms + sink->rotate_ms;
	return at_ms;
}

/* ---- ops ---- */

static enum weir_status file_open(void *self, weir_port *port, struct weir_error *err)
{
	struct file_sink *sink = self;

	sink->port = port;
	if (!sink->only)
		return WEIR_OK;
	sink->only->port = port;
	return ensure_open(sink, sink->only, err);
}

/* A route names a destination that is not the one file: worth a line, since it means nothing. */
static void say_only(struct file_sink *sink, const char *to)
{
	if (sink->has_said_only || !*to || strcmp(to, sink->only_name) == 0)
		return;
	sink->has_said_only = true;
	weir_port_log(sink->port, WEIR_LOG_INFO,
		      "all goes to '%s', as .path says: the destination '%.150s' of a route names "
		      "no file (others will not be told)",
		      sink->only->path, to);
}

/* No empty part, and none that leads elsewhere: a field of a template may spell "..". */
static enum weir_status check_name(const char *name, struct weir_error *err)
{
	const char *at = *name == '/' ? name + 1 : name;

	for (;;) {
		const size_t len = strcspn(at, "/");

		if (len == 0 || (len == 1 && *at == '.') || (len == 2 && memcmp(at, "..", 2) == 0))
			return weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_SKIP,
					      "illegal file name '%.150s': a part of it is empty, "
					      "'.' or '..'",
					      name);
		if (!at[len])
			return WEIR_OK;
		at += len + 1;
	}
}

static enum weir_status file_prepare(void *self, const char *to, void **ret_handle,
				     struct weir_error *err)
{
	struct file_sink *sink = self;
	struct weir__line_file *file = sink->only;
	enum weir_status status;

	if (file) {
		say_only(sink, to);
		*ret_handle = file;
		return WEIR_OK;
	}
	if (!*to)
		return weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_SKIP,
				      "a route names no file: set .to there or .path here");
	status = check_name(to, err);
	if (status < 0)
		return status;
	file = file_new(sink, to, false);
	if (!file)
		return weir__error_no_memory(err);
	status = ensure_open(sink, file, err);
	if (status < 0) {
		sink->files = file->next;	/* it is the newest */
		file_delete(sink, file);
		return status;
	}
	*ret_handle = file;
	return WEIR_OK;
}

static enum weir_status file_submit(void *self, weir_delivery *delivery, struct weir_error *err)
{
	struct file_sink *sink = self;
	struct weir__line_file *file = weir_delivery_handle(delivery);
	enum weir_status status = WEIR_OK;

	if (is_full(sink, file, weir_delivery_value(delivery).len + 1))
		status = rotate(sink, file, err);
	if (status == WEIR_OK)
		status = ensure_open(sink, file, err);
	if (status == WEIR_OK)
		status = weir__line_file_add(file, delivery, err);
	if (status == WEIR_OK)
		weir_port_wake(sink->port);	/* to be written when this turn's are all here */
	return status;
}

/* *ret_again: a full disk has been answered by giving deliveries back, or by waiting. */
static enum weir_status step_file(struct file_sink *sink, struct weir__line_file *file,
				  uint64_t now_ms, bool *ret_again, struct weir_error *err)
{
	const bool flush = now_ms >= file->first_ms + sink->flush_ms;
	enum weir_status status = WEIR_OK;

	if (!weir__line_file_is_idle(file))
		status = weir__line_file_write(file, flush, err);
	if (status == WEIR_OK && (is_full(sink, file, 0) || is_old(sink, file, now_ms)))
		status = rotate(sink, file, err);
	*ret_again = status == WEIR_AGAIN || (status < 0 && err->remedy == WEIR_REMEDY_RETRY);
	return *ret_again ? WEIR_OK : status;
}

static enum weir_status file_step(void *self, uint64_t now_ms, struct weir_error *err)
{
	struct file_sink *sink = self;
	const bool all = sink->rotate_ms > 0;	/* also those that are not open grow old */
	struct weir__line_file *file = all ? sink->files : sink->open, *next;
	uint64_t at_ms = UINT64_MAX;

	for (; file; file = next) {
		enum weir_status status;
		uint64_t due_ms;
		bool again;

		next = all ? file->next : file->next_open;
		status = step_file(sink, file, now_ms, &again, err);
		if (status < 0)
			return status;
		due_ms = again ? now_ms + RETRY_MS : next_ms(sink, file);
		at_ms = due_ms < at_ms ? due_ms : at_ms;
	}
	if (at_ms != UINT64_MAX)
		weir_port_deadline(sink->port, at_ms);
	return WEIR_OK;
}

static void file_flush(void *self)
{
	struct file_sink *sink = self;

	if (!sink->compression)
		return;
	for (struct weir__line_file *file = sink->open; file; file = file->next_open)
		weir__line_file_flush(file);
	weir_port_wake(sink->port);
}

/* What is not settled is in no recording. */
static void file_close(void *self)
{
	struct file_sink *sink = self;
	struct weir_error err;

	for (struct weir__line_file *file = sink->files; file; file = file->next)
		if (file->recording.is_begun && finish(sink, file, &err) < 0)
			weir_port_log(sink->port, WEIR_LOG_ERROR, "%s", err.text);
	while (sink->open)
		close_file(sink, sink->open);
}

static void file_free(void *self)
{
	struct file_sink *sink = self;

	while (sink->files) {
		struct weir__line_file *file = sink->files;

		sink->files = file->next;
		file_delete(sink, file);
	}
	weir__text_free(sink->env, sink->only_name);
	weir__text_free(sink->env, sink->directory);
	weir__free(sink->env, sink, sizeof *sink);
}

static const struct weir_sink_ops file_ops = {
	.size = sizeof file_ops,
	.open = file_open,
	.prepare = file_prepare,
	.submit = file_submit,
	.step = file_step,
	.flush = file_flush,
	.close = file_close,
	.free = file_free,
};

/* ---- add ---- */

static enum weir_status fill(struct file_sink *sink, const struct weir_file_sink_options *options,
			     struct weir_error *err)
{
	sink->directory = weir__text_copy(sink->env, options->directory);
	if (options->directory && !sink->directory)
		return weir__error_no_memory(err);
	sink->truncate = options->truncate;
	sink->sync = options->sync;
	sink->compression = options->compression;
	sink->rotate_bytes = options->rotate_bytes;
	sink->rotate_ms = options->rotate_ms;
	sink->flush_ms = options->flush_ms ? options->flush_ms : DEFAULT_FLUSH_MS;
	sink->records = sink->compression || sink->rotate_bytes || sink->rotate_ms;
	if (!options->path)
		return WEIR_OK;
	sink->only_name = weir__text_copy(sink->env, options->path);
	sink->only = file_new(sink, options->path, strcmp(options->path, "-") == 0);
	return sink->only && sink->only_name ? WEIR_OK : weir__error_no_memory(err);
}

/* What is wrong with them; NULL: nothing. */
static const char *check(const struct weir_file_sink_options *options)
{
	const bool is_stdout = options->path && strcmp(options->path, "-") == 0;
	const bool rotates = options->rotate_bytes || options->rotate_ms;

	if (options->path && !*options->path)
		return "path is empty";
	if (options->directory && !*options->directory)
		return "directory is empty";
	if ((unsigned)options->compression > WEIR_FILE_ZSTD)
		return "compression is none of enum weir_file_compression";
	if (options->flush_ms && !options->compression)
		return "flush_ms is for compression";
	if (rotates && is_stdout)
		return "rotate_bytes and rotate_ms are not for standard output";
	if (options->truncate && (rotates || options->compression))
		return "truncate is not for recordings, which overwrite nothing";
	return NULL;
}

static enum weir_status make(const struct weir_env *env, const char *name,
			     const struct weir_file_sink_options *given,
			     struct file_sink **ret_sink, struct weir_error *err)
{
	struct weir_file_sink_options options;
	enum weir_status status = weir__options_read(given, &options, sizeof options,
						     "weir_file_sink_options", err);
	struct file_sink *sink;
	const char *wrong;

	if (status < 0)
		return status;
	wrong = check(&options);
	if (wrong)
		return weir__error_invalid(err, "sink '%s': %s", name ? name : "", wrong);
	sink = weir__alloc(env, sizeof *sink);
	if (!sink)
		return weir__error_no_memory(err);
	sink->env = env;
	status = fill(sink, &options, err);
	if (status < 0) {
		file_free(sink);
		return status;
	}
	*ret_sink = sink;
	return WEIR_OK;
}

weir_sink *weir_file_sink_add(weir_pipeline *pipeline, const char *name,
			      const struct weir_file_sink_options *options)
{
	struct file_sink *sink = NULL;
	struct weir_error err;

	if (!pipeline)
		return NULL;
	if (make(weir_pipeline_env(pipeline), name, options, &sink, &err) < 0) {
		weir_pipeline_fail(pipeline, &err);
		return NULL;
	}
	return weir_sink_add(pipeline, name, &file_ops, sink);
}
