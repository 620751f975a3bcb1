/* SPDX-License-Identifier: MIT */
/*
 * The file source: lines of a file, a pipe or standard input, as messages.
 *
 *     read ─► framer's buffer ─► lines ─► messages that are slices of it
 *
 * Guarantees: a step reads at most STEP_BYTES and never waits: what may have nothing to read is
 * asked with poll first and watched through the port; without room nothing is read.
 * A message's position is the offset of the byte behind its line.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ground/env.h"
#include "ground/error.h"
#include "ground/options.h"
#include "kit/frame.h"
#include "weir/file.h"
#include "weir/source.h"

#define DEFAULT_MESSAGE_BYTES (4u << 20)
#define MOST_MESSAGE_BYTES (1u << 30)
#define STEP_BYTES (1u << 20)

struct file_source {
	const struct weir_env *env;
	weir_port *port;
	char *path;
	bool is_stdin;
	bool crlf;
	unsigned kind;
	size_t max_message_bytes;
	uint64_t start_offset;
	struct weir__framer framer;
	struct weir__frame held;	/* a message there was no room for; its buffer is ours */
	bool has_held;
	int fd;
	bool may_wait;		/* a read of it may find nothing yet: a pipe, a terminal */
	bool is_watched;
	bool has_ended;		/* the file has */
	bool is_too_large;	/* the line at hand; it is counted */
	bool has_said_too_large;
};

/* ---- open and close ---- */

static enum weir_status check_plain(const struct file_source *source, const struct stat *stat,
				    struct weir_error *err)
{
	if (S_ISDIR(stat->st_mode))
		return weir__error_os(err, EISDIR, "cannot read '%s'", source->path);
	if (!source->start_offset)
		return WEIR_OK;
	if (!S_ISREG(stat->st_mode))
		return weir__error_invalid(err, "'%s' is no plain file: start_offset cannot be set",
					   source->path);
	if (source->start_offset > (uint64_t)stat->st_size)
		return weir__error_invalid(err, "'%s' has %lld bytes: start_offset %llu is beyond",
					   source->path, (long long)stat->st_size,
					   (unsigned long long)source->start_offset);
	if (lseek(source->fd, (off_t)source->start_offset, SEEK_SET) < 0)
		return weir__error_os(err, errno, "cannot go to byte %llu of '%s'",
				      (unsigned long long)source->start_offset, source->path);
	return WEIR_OK;
}

static void close_fd(struct file_source *source)
{
	if (source->is_watched)
		weir_port_unwatch(source->port, source->fd);
	if (source->fd >= 0 && !source->is_stdin)
		close(source->fd);
	source->is_watched = false;
	source->fd = -1;
}

/* Not blocking, for a FIFO that nobody writes to yet; standard input is left as it is. */
static enum weir_status open_fd(struct file_source *source, struct weir_error *err)
{
	struct stat stat;

	source->fd = source->is_stdin
			     ? STDIN_FILENO
			     : open(source->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (source->fd < 0)
		return weir__error_os(err, errno, "cannot open '%s'", source->path);
	if (fstat(source->fd, &stat) < 0)
		return weir__error_os(err, errno, "cannot look at '%s'", source->path);
	source->may_wait = !S_ISREG(stat.st_mode);
	return check_plain(source, &stat, err);
}

static enum weir_status file_open(void *self, weir_port *port, struct weir_error *err)
{
	struct file_source *source = self;
	enum weir_status status;

	source->port = port;
	status = open_fd(source, err);
	if (status < 0) {
		close_fd(source);
		return status;
	}
	weir__framer_init(&source->framer, source->env,
			  source->crlf ? WEIR__FRAMING_CRLF : WEIR__FRAMING_LF,
			  source->max_message_bytes, 0);
	weir__framer_clear(&source->framer, source->start_offset);
	source->has_ended = source->is_too_large = false;
	return WEIR_OK;
}

static void file_close(void *self)
{
	struct file_source *source = self;

	close_fd(source);
	if (source->has_held)
		weir__buffer_unref(source->held.buffer);
	source->has_held = false;
	weir__framer_release(&source->framer);
}

/* ---- reading ---- */

/* Whether a read now would not wait. Watches while it would; what cannot be watched is ready. */
static enum weir_status await(struct file_source *source, bool *ret_ready, struct weir_error *err)
{
	struct pollfd poll_fd = { .fd = source->fd, .events = POLLIN };
	enum weir_status status;

	*ret_ready = !source->may_wait || poll(&poll_fd, 1, 0) > 0;
	if (*ret_ready || source->is_watched)
		return WEIR_OK;
	status = weir_port_watch(source->port, source->fd, WEIR_READABLE, err);
	source->is_watched = status == WEIR_OK;
	return status;
}

/* One read into the framer. *ret_len 0: nothing to be had now, or the end. */
static enum weir_status fill(struct file_source *source, size_t *ret_len, struct weir_error *err)
{
	enum weir_status status;
	uint8_t *bytes;
	size_t room;
	ssize_t len;
	bool ready;

	*ret_len = 0;
	status = await(source, &ready, err);
	if (status < 0 || !ready)
		return status;
	bytes = weir__framer_reserve(&source->framer, &room);
	if (!bytes)
		return weir__error_no_memory(err);
	do {
		len = read(source->fd, bytes, room);
	} while (len < 0 && errno == EINTR);
	if (len < 0 && errno == EAGAIN)
		return WEIR_OK;
	if (len < 0)
		return weir__error_os(err, errno, "cannot read '%s'", source->path);
	source->has_ended = len == 0;
	weir__framer_commit(&source->framer, (size_t)len);
	weir_port_count(source->port, WEIR_COUNT_WIRE_BYTES, (uint64_t)len);
	*ret_len = (size_t)len;
	return WEIR_OK;
}

static void release_buffer(void *owner)
{
	weir__buffer_unref(owner);
}

/* The frame's buffer has a reference for the message. Without room it is held, for later. */
static enum weir_status emit(struct file_source *source, weir_outlet *outlet,
			     const struct weir__frame *frame, struct weir_error *err)
{
	const struct weir_message_init init = {
		.size = sizeof init,
		.body = { frame->data, frame->len },
		.release = release_buffer,
		.owner = frame->buffer,
		.kind = source->kind,
		.position = { .lane = 0, .offset = frame->end },
	};
	const enum weir_status status = weir_outlet_emit(outlet, &init, NULL, err);

	source->has_held = status == WEIR_AGAIN;
	if (source->has_held)
		source->held = *frame;
	return status;
}

/* The line that begins there is above the limit: once for each, whether or not it ever ends. */
static void note_too_large(struct file_source *source, uint64_t offset)
{
	if (source->is_too_large)
		return;
	source->is_too_large = true;
	weir_port_count(source->port, WEIR_COUNT_TOO_LARGE, 1);
	if (!source->has_said_too_large)
		weir_port_log(source->port, WEIR_LOG_WARN,
			      "'%s': the line at byte %llu is longer than %zu bytes: skipped "
			      "(others will only be counted)",
			      source->path, (unsigned long long)offset,
			      source->max_message_bytes);
	source->has_said_too_large = true;
}

static void skip_too_large(struct file_source *source, const struct weir__frame *frame)
{
	note_too_large(source, frame->offset);
	source->is_too_large = false;
}

/* Of a line without its end so far; the byte above the limit may be a CR that is part of that. */
static void look_at_rest(struct file_source *source, const struct weir__frame *frame)
{
	if (frame->end - frame->offset > (uint64_t)source->max_message_bytes + 1)
		note_too_large(source, frame->offset);
}

/* The last line of an LF file needs no line end; what the wire cut off is no message. */
static enum weir_status finish(struct file_source *source, weir_outlet *outlet,
			       struct weir_error *err)
{
	struct weir__frame frame;
	enum weir_status status = WEIR_OK;

	switch (weir__framer_finish(&source->framer, &frame)) {
	case WEIR__FRAME_MESSAGE:
		weir__buffer_ref(frame.buffer);
		status = emit(source, outlet, &frame, err);
		break;
	case WEIR__FRAME_TOO_LARGE:
		skip_too_large(source, &frame);
		break;
	case WEIR__FRAME_MORE:
		if (frame.len == 0)
			break;
		weir_port_count(source->port, WEIR_COUNT_TRUNCATED, 1);
		weir_port_log(source->port, WEIR_LOG_WARN,
			      "'%s' ends inside a line: its last %zu bytes are no message",
			      source->path, frame.len);
		break;
	default:
		break;
	}
	weir__framer_clear(&source->framer, 0);
	return status == WEIR_OK ? WEIR_END : status;
}

/* All whole lines that are there. WEIR_OK: more bytes, please · WEIR_AGAIN: no room. */
static enum weir_status emit_lines(struct file_source *source, weir_outlet *outlet,
				   struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (source->has_held)
		status = emit(source, outlet, &source->held, err);
	while (status == WEIR_OK) {
		struct weir__frame frame;

		if (weir_outlet_room(outlet) == 0)
			return WEIR_AGAIN;
		switch (weir__framer_next(&source->framer, &frame)) {
		case WEIR__FRAME_MESSAGE:
			weir__buffer_ref(frame.buffer);
			status = emit(source, outlet, &frame, err);
			break;
		case WEIR__FRAME_TOO_LARGE:
			skip_too_large(source, &frame);
			break;
		case WEIR__FRAME_EMPTY:
			break;
		default:
			look_at_rest(source, &frame);
			return WEIR_OK;
		}
	}
	return status;
}

static enum weir_status file_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				  struct weir_error *err)
{
	struct file_source *source = self;
	size_t budget = STEP_BYTES;
	enum weir_status status;
	size_t len;

	(void)now_ms;
	for (;;) {
		status = emit_lines(source, outlet, err);
		if (status == WEIR_OK && source->has_ended)
			status = finish(source, outlet, err);
		if (status != WEIR_OK)
			break;
		if (budget == 0) {
			weir_port_wake(source->port);
			return WEIR_OK;
		}
		status = fill(source, &len, err);
		if (status < 0 || (len == 0 && !source->has_ended))
			return status;
		budget -= len < budget ? len : budget;
	}
	return status == WEIR_AGAIN ? WEIR_OK : status;
}

/* ---- add ---- */

static void file_free(void *self)
{
	struct file_source *source = self;

	weir__text_free(source->env, source->path);
	weir__free(source->env, source, sizeof *source);
}

static const struct weir_source_ops file_ops = {
	.size = sizeof file_ops,
	.open = file_open,
	.step = file_step,
	.close = file_close,
	.free = file_free,
};

static enum weir_status check(const struct weir_file_source_options *options, const char *name,
			      struct weir_error *err)
{
	if (!options->path || !*options->path)
		return weir__error_invalid(err, "source '%s': set .path (\"-\": standard input)",
					   name);
	if (options->start_offset && strcmp(options->path, "-") == 0)
		return weir__error_invalid(err,
					   "source '%s': start_offset is not for standard input",
					   name);
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

static enum weir_status make(const struct weir_env *env, const char *name,
			     const struct weir_file_source_options *given,
			     struct file_source **ret_source, struct weir_error *err)
{
	struct weir_file_source_options options;
	enum weir_status status = weir__options_read(given, &options, sizeof options,
						     "weir_file_source_options", err);
	struct file_source *source;

	if (status == WEIR_OK)
		status = check(&options, name ? name : "", err);
	if (status < 0)
		return status;
	source = weir__alloc(env, sizeof *source);
	if (!source)
		return weir__error_no_memory(err);
	*source = (struct file_source){
		.env = env,
		.path = weir__text_copy(env, options.path),
		.is_stdin = strcmp(options.path, "-") == 0,
		.crlf = options.crlf,
		.kind = options.kind,
		.max_message_bytes = options.max_message_bytes ? options.max_message_bytes
							       : DEFAULT_MESSAGE_BYTES,
		.start_offset = options.start_offset,
		.fd = -1,
	};
	if (!source->path) {
		file_free(source);
		return weir__error_no_memory(err);
	}
	*ret_source = source;
	return WEIR_OK;
}

weir_source *weir_file_source_add(weir_pipeline *pipeline, const char *name,
				  const struct weir_file_source_options *options)
{
	struct file_source *source = NULL;
	struct weir_error err;

	if (!pipeline)
		return NULL;
	if (make(weir_pipeline_env(pipeline), name, options, &source, &err) < 0) {
		weir_pipeline_fail(pipeline, &err);
		return NULL;
	}
	return weir_source_add(pipeline, name, &file_ops, source);
}
