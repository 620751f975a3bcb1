/* SPDX-License-Identifier: MIT */
/*
 * One file that lines are appended to: buffered, written in whole batches, settled when written.
 *
 *     add ─► buffer ─ write ─► the kernel ─ sync, if asked ─► weir_delivery_done
 *              └─ compressed, when a block is full ─┘
 */
#ifndef WEIR_FILE_LINE_FILE_H
#define WEIR_FILE_LINE_FILE_H

#include "kit/bytes.h"
#include "weir/file.h"
#include "weir/sink.h"

#define WEIR__LINE_FILE_BYTES 65536	/* buffered of one file, unless one line is longer */
#define WEIR__LINE_FILE_BLOCK (256u * 1024)	/* the same, of one that is compressed */

struct weir__line_file {
	const struct weir_env *env;
	weir_port *port;
	char *path;		/* ours; for messages too */
	bool is_stdout;
	bool truncate;		/* the first open begins with an empty file */
	bool sync;
	bool has_begun;		/* it was open once: what is in it ends in a line feed, or `cut` */
	const char *cut;	/* a line feed is owed before the next line, for it …; NULL: none */
	int fd;			/* -1: not open */
	bool may_wait;		/* a write may block: a pipe, a terminal, a socket */
	bool is_watched;
	uint8_t *bytes;		/* [begin, end): not yet written */
	size_t capacity, begin, end;
	size_t written;		/* bytes that are written of lines not yet settled */
	uint64_t size;		/* on disk, of one that was begun empty … */
	uint64_t whole_size;	/* … up to the last line or block that is settled */

	enum weir_file_compression compression;
	struct weir__bytes packed;	/* a block; */
	size_t packed_begin;	/* written of it, */
	size_t packed_lines;	/* and how many bytes of lines are in it */
	bool is_flushing;	/* the lines in the buffer wait for no others */
	uint64_t first_ms;	/* when the first that is not settled was added */

	struct weir__recording {
		bool is_on;
		bool is_begun;		/* there is a file, NAME.part */
		bool has_looked;	/* for what a crash left */
		char *pattern;		/* of names */
		char *name;		/* the name it gets when it is whole */
		uint64_t count;
		uint64_t begun_ms;
	} recording;
	weir_delivery *first, *last;	/* in the buffer; chained through their user pointer */
	uint64_t used;		/* the sink's: when last, in its own count */
	struct weir__line_file *next;		/* the sink's: all of them */
	struct weir__line_file *next_open;	/* the sink's: those that are open */
};

/*
 * Does not block, nor wait for the reader of a FIFO. Remedies as for a destination. A plain file
 * that somebody left with half a line gets a line feed behind it before the first line is written.
 */
enum weir_status weir__line_file_open(struct weir__line_file *file, struct weir_error *err);
/* One that is not there yet, for a recording. *ret_exists: it is there, and nothing was opened. */
enum weir_status weir__line_file_create(struct weir__line_file *file, bool *ret_exists,
					struct weir_error *err);
/* Gives up what is not written: those deliveries are not settled. */
void weir__line_file_close(struct weir__line_file *file);
bool weir__line_file_is_idle(const struct weir__line_file *file);
/* Of a compressed file: the lines in the buffer are a block of their own, if not a whole one. */
void weir__line_file_flush(struct weir__line_file *file);

/*
 * Puts a delivery's bytes and a LF into the buffer of an open file; LF and CR inside become
 * blanks. WEIR_AGAIN: no room before more is written.
 */
enum weir_status weir__line_file_add(struct weir__line_file *file, weir_delivery *delivery,
				     struct weir_error *err);
/*
 * Writes what can be written without waiting, and settles it; of a compressed file only what is
 * in whole blocks, unless `flush` or is_flushing. On a full disk: gives back (RETRY) all of which
 * no byte is written, keeps a line that is cut, and answers below zero with remedy RETRY; every
 * other failure has remedy STOP and settles nothing.
 */
enum weir_status weir__line_file_write(struct weir__line_file *file, bool flush,
				       struct weir_error *err);

#endif
