/* SPDX-License-Identifier: MIT */
/*
 * The file source's data, for those that share it: source.c, which the engine calls, read.c, which
 * reads file after file, and lines.c, which makes messages of what was read.
 */
#ifndef WEIR_FILE_SOURCE_H
#define WEIR_FILE_SOURCE_H

#include "connect/file/pace.h"
#include "connect/file/reader.h"
#include "connect/file/unpack.h"
#include "kit/frame.h"
#include "weir/source.h"

struct weir__file_source {
	const struct weir_env *env;
	weir_port *port;
	struct weir__list list;
	char *glob;		/* the list is what fits this; NULL: it was named */
	char *state_dir;	/* NULL: no position is kept */
	char *name;
	enum weir__framing framing;
	unsigned kind;
	size_t max_message_bytes;
	struct weir__reader reader;
	bool is_watched;

	/* read.c */
	struct weir__unpack *unpack;	/* of the file that is read */
	bool is_member_over;	/* its last line is to be taken; then another begins */

	/* lines.c */
	struct weir__pace pace;
	uint64_t due_ms;	/* of `held` */
	struct weir__framer framer;
	struct weir__frame held;	/* a message there was no room for; its buffer is ours */
	bool has_held;
	bool is_too_large;	/* the line at hand; it is counted */
	bool has_said_too_large;

	/* The position on disk. */
	struct weir__position position;
	uint64_t state_ms;
	uint64_t save_ms;	/* not before this, unless too much is emitted ahead of it */
	uint64_t saved;		/* the logical offset on disk; UINT64_MAX: none of this run */
	uint64_t most_ahead;	/* messages that may be emitted behind it; 0: not known yet */
	bool is_open;
	bool cannot_save;	/* the last time */
};

/* Whether so many messages are emitted behind the position on disk that it must be moved first. */
bool weir__file_is_far_ahead(const struct weir__file_source *source);

/*
 * read.c. WEIR_OK: all that may be read at once was · WEIR_AGAIN: not now · WEIR_END: no more.
 */
enum weir_status weir__file_read(struct weir__file_source *source, weir_outlet *outlet,
				 uint64_t now_ms, struct weir_error *err);
void weir__file_read_close(struct weir__file_source *source);

/* All whole lines that are there. WEIR_OK: more bytes, please · WEIR_AGAIN: no room, or not due. */
enum weir_status weir__lines_emit(struct weir__file_source *source, weir_outlet *outlet,
				  uint64_t now_ms, struct weir_error *err);
/* The file is over: its last line. WEIR_AGAIN: lines_emit first, when there is room. */
enum weir_status weir__lines_finish(struct weir__file_source *source, weir_outlet *outlet,
				    uint64_t now_ms, struct weir_error *err);
/* What is left is damaged: no message, but counted. */
void weir__lines_cut(struct weir__file_source *source);
/* Another file begins, at this logical offset; what was left of the last is forgotten. */
void weir__lines_begin(struct weir__file_source *source, uint64_t at);
void weir__lines_close(struct weir__file_source *source);

#endif
