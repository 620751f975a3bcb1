/* SPDX-License-Identifier: MIT */
/*
 * Which file is read now, and what comes after it: the one way through files that grow, are
 * rotated, truncated and replaced.
 *
 *     open ─► READING ─ at_end ─► LEFT, CUT ─ advance ─► READING …     OVER
 *                │  ▲                                       │
 *          at_end│  │look, at look_ms                       │
 *                ▼  │                                       │
 *               WAITING ◄───────────────────────────────────┘
 */
#ifndef WEIR_FILE_READER_H
#define WEIR_FILE_READER_H

#include "connect/file/list.h"
#include "connect/file/trail.h"

#define WEIR__READER_LEFT 8	/* files remembered as read */

enum weir__reading {
	WEIR__READING,	/* there may be bytes */
	WEIR__WAITING,	/* none before look_ms */
	WEIR__LEFT,	/* the file is over, and another comes: its last line is to be taken */
	WEIR__CUT,	/* what was read of it is no longer there: half a line is to be forgotten */
	WEIR__OVER	/* no more will come of it */
};

enum weir__awaits {
	WEIR__AWAITS_BYTES,
	WEIR__AWAITS_START,	/* a file, to begin with */
	WEIR__AWAITS_PLACE,	/* one, to go on in */
	WEIR__AWAITS_NEXT	/* one, to come after the last */
};

struct weir__reader {
	const struct weir_env *env;
	weir_port *port;
	const struct weir__list *list;	/* borrowed; of one file, unless it ends by itself */
	const char *path;	/* borrowed: of the list's file at trail.item */
	bool keeps;		/* a position: what was read is told apart from what is settled */
	bool follow;
	uint64_t follow_ms;
	uint64_t start_offset;
	struct weir__trail trail;

	enum weir__reading state;
	enum weir__awaits awaits;	/* WAITING: for what */
	uint64_t look_ms;		/* WAITING: until when */
	bool may_wait;		/* a read may find nothing yet: a pipe, a terminal */
	bool is_stdin;
	bool is_new;		/* another file was begun … */
	uint64_t at;		/* … at this logical offset; for the caller to take note of */

	bool is_behind;		/* what is read is not what the path leads to */
	uint64_t rotated_ms;	/* since when that is known, 0: it is not so */
	struct weir__place place;	/* up to where all was read of what came before */
	bool is_other;		/* that was by another path */
	struct weir__identity left[WEIR__READER_LEFT + 1];	/* a ring, and the path's own */
	size_t left_count;
};

/* Begins at start_offset, or goes on at a place (NULL: none). On failure nothing is open. */
enum weir_status weir__reader_open(struct weir__reader *reader, const struct weir__place *place,
				   bool is_other, uint64_t now_ms, struct weir_error *err);
/* OVER, and whether the list has another file; goes on with that. */
bool weir__reader_has_next(const struct weir__reader *reader);
enum weir_status weir__reader_next(struct weir__reader *reader, uint64_t now_ms,
				   struct weir_error *err);
/* A read found nothing more: what now. */
void weir__reader_at_end(struct weir__reader *reader, uint64_t now_ms);
/* WAITING, and look_ms has come. */
enum weir_status weir__reader_look(struct weir__reader *reader, uint64_t now_ms,
				   struct weir_error *err);
/* LEFT or CUT, and the last line is taken. */
enum weir_status weir__reader_advance(struct weir__reader *reader, uint64_t now_ms,
				      struct weir_error *err);

#endif
