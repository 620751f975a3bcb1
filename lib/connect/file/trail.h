/* SPDX-License-Identifier: MIT */
/*
 * The trail: from what a source has emitted back to the files it came from, and how far of it is
 * settled.
 *
 *     logical offsets   ──────────────────────────────────────────────────────────►
 *     stretches         │ x.log.1, from byte 500 │ x.log, from byte 0 ····►
 *                             ▲ settled                  ▲ emitted   ▲ passed
 *
 * Offsets on the lane go on growing from one file to the next, so that one lane does for all. The
 * first file's are those of its own bytes.
 */
#ifndef WEIR_FILE_TRAIL_H
#define WEIR_FILE_TRAIL_H

#include "connect/file/position.h"
#include "weir/port.h"

#define WEIR__TRAIL_MARKS 16
#define WEIR__TRAIL_MOST 16	/* stretches that are not settled */

/* What was read, or is, of one file. */
struct weir__stretch {
	struct weir__stretch *next;
	struct weir__identity identity;
	char *path;
	int fd;
	uint64_t base;		/* of its first byte; logical offsets less this are its own, also
				 * when that is below zero: all is modulo 2^64 */
	uint64_t end;		/* UINT64_MAX while it is read */
	size_t item;		/* of the list of files */
	bool is_packed;		/* offsets are of what it holds, but for the place: that is at
				 * raw_begin until all is taken and settled, then at raw_end */
	uint64_t raw_begin, raw_end;
};

struct weir__trail {
	const struct weir_env *env;
	weir_port *port;
	struct weir__stretch *first, *last;
	size_t count;		/* of stretches */
	size_t item;		/* of the list: which file those that begin are */
	uint64_t emitted;	/* behind the last message */
	uint64_t passed;	/* behind the last line that was taken, message or not */
	uint64_t settled;	/* all before it is */

	/* Messages, counted: what a kill would have emitted again. */
	uint64_t emitted_count;
	uint64_t settled_count;	/* at least so many */
	uint64_t saved_count;	/* of them: before the position on disk */
	uint64_t mark_every;
	struct weir__mark {
		uint64_t offset, count;
	} marks[WEIR__TRAIL_MARKS];	/* a ring */
	size_t mark_first, mark_count;
};

/* Zeroed but for these. */
void weir__trail_init(struct weir__trail *trail, const struct weir_env *env);
void weir__trail_release(struct weir__trail *trail);

/*
 * Goes on in a file, from this byte on. Takes `fd` and `path`, in any case. Answers the logical
 * offset of that byte in ret_at.
 */
enum weir_status weir__trail_begin(struct weir__trail *trail, int fd, char *path, uint64_t offset,
				   uint64_t *ret_at, struct weir_error *err);
/* The file that is read is over: nothing more of it. */
void weir__trail_leave(struct weir__trail *trail);
/* The file being read; NULL when there is none just now. */
struct weir__stretch *weir__trail_reading(const struct weir__trail *trail);
/* The file being read is packed. */
void weir__trail_note_packed(struct weir__trail *trail);
/* All that there is in the file being read was taken. */
void weir__trail_note_end(struct weir__trail *trail);
/*
 * In the file that is read, where the first line that was not taken begins; of a packed one, up to
 * where it was read.
 */
uint64_t weir__trail_offset(const struct weir__trail *trail);

/* A line was taken, up to `end`: as a message, or skipped. */
void weir__trail_emit(struct weir__trail *trail, uint64_t end);
void weir__trail_skip(struct weir__trail *trail, uint64_t end);
/* All messages up to this one are settled. */
void weir__trail_settle(struct weir__trail *trail, uint64_t upto);
bool weir__trail_is_settled(const struct weir__trail *trail);

/* Where to go on after a restart; false: nothing was read yet. */
bool weir__trail_place(struct weir__trail *trail, struct weir__place *ret);
/* The place as it is now is on disk. */
void weir__trail_note_saved(struct weir__trail *trail);

#endif
