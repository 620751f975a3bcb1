/* SPDX-License-Identifier: MIT */
/*
 * Reading file after file into the framer: from descriptors through what they are packed in.
 *
 * Guarantees: a call takes about STEP_BYTES of what the files hold and never waits: what may have
 * nothing to read is asked with poll first and watched through the port; without room nothing is
 * read. Damage ends it behind all that could be read. Called by the file source's steps.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "connect/file/packing.h"
#include "connect/file/source.h"
#include "ground/error.h"

#define STEP_BYTES (1u << 20)
#define LEAST_BYTES 4096	/* counted for a read that gave fewer: decoding is work, too */

/* ---- the descriptor ---- */

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

static enum weir_status pull(void *from, uint8_t *out, size_t room, size_t *ret_len,
			     struct weir_error *err)
{
	struct weir__file_source *source = from;
	const struct weir__stretch *stretch = weir__trail_reading(&source->reader.trail);
	enum weir_status status;
	ssize_t len;
	bool ready;

	*ret_len = 0;
	status = await(source, stretch->fd, &ready, err);
	if (status < 0 || !ready)
		return status < 0 ? status : WEIR_AGAIN;
	do {
		len = read(stretch->fd, out, room);
	} while (len < 0 && errno == EINTR);
	if (len < 0 && errno == EAGAIN)
		return WEIR_AGAIN;
	if (len < 0)
		return weir__error_os(err, errno, "cannot read '%s'", stretch->path);
	weir_port_count(source->port, WEIR_COUNT_WIRE_BYTES, (uint64_t)len);
	*ret_len = (size_t)len;
	return len > 0 ? WEIR_OK : WEIR_END;
}

/* ---- into the framer ---- */

static void note_packing(struct weir__file_source *source)
{
	struct weir__trail *trail = &source->reader.trail;

	if (!trail->last->is_packed &&
	    weir__unpack_packing(source->unpack) == WEIR__PACKING_PACKED)
		weir__trail_note_packed(trail);
}

/* WEIR_OK: *ret_len bytes, also none · WEIR_AGAIN: none now · WEIR_END: none behind the last. */
static enum weir_status fill(struct weir__file_source *source, size_t *ret_len,
			     struct weir_error *err)
{
	enum weir_status status;
	uint8_t *bytes;
	size_t room;

	bytes = weir__framer_reserve(&source->framer, &room);
	if (!bytes)
		return weir__error_no_memory(err);
	status = weir__unpack_read(source->unpack, bytes, room, ret_len, &source->is_member_over,
				   err);
	note_packing(source);
	weir__framer_commit(&source->framer, *ret_len);
	if (status < 0)
		weir__lines_cut(source);
	return status;
}

/* ---- from file to file ---- */

/* What a file is, its first bytes say; of those at an offset only a packed one asks again. */
static bool goes_on_plain(const struct weir__stretch *stretch)
{
	uint8_t bytes[WEIR__PACKING_BYTES];
	ssize_t len;

	if (!stretch->raw_begin)
		return false;
	len = pread(stretch->fd, bytes, sizeof bytes, 0);
	return len > 0 && !weir__unpack_is_packed(bytes, (size_t)len);
}

static enum weir_status begin_file(struct weir__file_source *source, struct weir_error *err)
{
	const struct weir__stretch *stretch = weir__trail_reading(&source->reader.trail);

	source->reader.is_new = false;
	weir__lines_begin(source, source->reader.at);
	weir__unpack_free(source->unpack);
	source->unpack = weir__unpack_new(source->env, stretch->path, pull, source,
					  source->reader.may_wait);
	if (!source->unpack)
		return weir__error_no_memory(err);
	if (goes_on_plain(stretch))
		weir__unpack_set_plain(source->unpack);
	return WEIR_OK;
}

void weir__file_read_close(struct weir__file_source *source)
{
	source->unpack = weir__unpack_free(source->unpack);
	source->is_member_over = false;
}

static void unwatch(struct weir__file_source *source)
{
	const struct weir__stretch *stretch = weir__trail_reading(&source->reader.trail);

	if (source->is_watched)
		weir_port_unwatch(source->port, stretch->fd);
	source->is_watched = false;
}

/* The list's next file. WEIR_AGAIN: when more is settled of those before · WEIR_END: none. */
static enum weir_status next_file(struct weir__file_source *source, uint64_t now_ms,
				  struct weir_error *err)
{
	if (!weir__reader_has_next(&source->reader))
		return WEIR_END;
	if (source->state_dir && source->reader.trail.count >= WEIR__TRAIL_MOST)
		return WEIR_AGAIN;
	unwatch(source);
	return weir__reader_next(&source->reader, now_ms, err);
}

/* The last line of a member; what follows is another's. */
static enum weir_status finish_member(struct weir__file_source *source, weir_outlet *outlet,
				      uint64_t now_ms, struct weir_error *err)
{
	const enum weir_status status = weir__lines_finish(source, outlet, now_ms, err);

	if (status != WEIR_OK)
		return status;
	source->is_member_over = false;
	weir__lines_begin(source, source->reader.trail.passed);
	return WEIR_OK;
}

/* What the reader's state asks for. WEIR_OK: go on · WEIR_AGAIN: not now · WEIR_END: no more. */
static enum weir_status turn_page(struct weir__file_source *source, weir_outlet *outlet,
				  uint64_t now_ms, struct weir_error *err)
{
	struct weir__reader *reader = &source->reader;
	enum weir_status status = WEIR_OK;

	if (reader->state == WEIR__LEFT || reader->state == WEIR__OVER) {
		status = weir__lines_finish(source, outlet, now_ms, err);
		if (status != WEIR_OK)
			return status;
		weir__trail_note_end(&reader->trail);
	}
	if (reader->state == WEIR__OVER)
		status = next_file(source, now_ms, err);
	else if (reader->state == WEIR__WAITING && now_ms < reader->look_ms)
		return WEIR_AGAIN;
	else if (reader->state == WEIR__WAITING)
		status = weir__reader_look(reader, now_ms, err);
	else if (reader->state != WEIR__READING)
		status = weir__reader_advance(reader, now_ms, err);
	if (status == WEIR_OK && reader->is_new)
		status = begin_file(source, err);
	return status;
}

enum weir_status weir__file_read(struct weir__file_source *source, weir_outlet *outlet,
				 uint64_t now_ms, struct weir_error *err)
{
	size_t budget = STEP_BYTES;

	while (budget > 0) {
		enum weir_status status = weir__lines_emit(source, outlet, now_ms, err);
		size_t len = 0;

		if (status == WEIR_OK && source->is_member_over)
			status = finish_member(source, outlet, now_ms, err);
		if (status == WEIR_OK)
			status = turn_page(source, outlet, now_ms, err);
		if (status != WEIR_OK)
			return status;
		if (source->reader.state != WEIR__READING)
			continue;
		status = fill(source, &len, err);
		if (status == WEIR_END)
			weir__reader_at_end(&source->reader, now_ms);
		else if (status != WEIR_OK)
			return status;
		len = len < LEAST_BYTES ? LEAST_BYTES : len;
		budget -= len < budget ? len : budget;
	}
	return WEIR_OK;
}
