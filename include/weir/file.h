/* SPDX-License-Identifier: MIT */
/**
 * Files as a source and as a sink: one message a line. What is recorded is replayed as it was.
 */
#ifndef WEIR_FILE_H
#define WEIR_FILE_H

#include "pipeline.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Options. One of `path`, `paths` and `glob` is needed; zero is the default elsewhere; strings are
 * borrowed: copied by the add. Since: 0.1.
 */
struct weir_file_source_options {
	size_t size;
	const char *path;		/* "-": standard input */
	bool crlf;			/* lines end in CR LF only, as recorded from the wire, and a
					 * last one without it is counted as truncated; default: LF,
					 * a CR before it is not part of the message, the last line
					 * needs none. Empty lines are skipped */
	unsigned kind;			/* 0: told as Twitter's messages; WEIR_KIND_RECORD: not
					 * Twitter's. With one given messages have no key, and the
					 * time of their arrival */
	size_t max_message_bytes;	/* longer lines are skipped, and counted when they pass it,
					 * also such as never end; default 4 MiB, at most 1 GiB */
	uint64_t start_offset;		/* byte to begin at; not for standard input; where a
					 * position is kept, before there is one */
	const char *state_dir;		/* keeps the position in this folder (which is made when it
					 * is not there, its parent is not), and goes on there the
					 * next time. Plain files only. Default: none is kept */
	uint64_t state_ms;		/* how often it is written while it moves; default 1,000 */
	bool follow;			/* goes on with what is appended, and with the file that
					 * comes in its place; ends only by a stop. Plain files
					 * only */
	uint64_t follow_ms;		/* how often it is looked at when nothing comes; default
					 * 250 */
	const char *const *paths;	/* files to read in this order, as if each began a new
					 * line; not to follow */
	size_t path_count;
	const char *glob;		/* the files that fit this pattern (glob(7)) at the start,
					 * in the order of the bytes of their paths */
	bool delimited;			/* each message behind its length, as recorded from the
					 * wire with delimited=length; not with crlf */
	double per_second;		/* most messages a second; default: as fast as it goes */
	bool original_timing;		/* each as long after the first as its time says (that of
					 * timestamp_ms, else created_at); those without a time,
					 * or with an earlier one, come with the one before */
	double speed;			/* of original_timing: 2 is twice as fast; default 1 */
	uint64_t most_gap_ms;		/* of original_timing: longer pauses between the times are
					 * made so long; default: they are kept */
};

/**
 * Adds a file to read once, from beginning to end, or several in order, or one to follow. The end
 * is where a read finds nothing more: do not let a pipeline write to the file it reads, it would
 * read its own lines without end and fill the disk.
 *
 * A file may be compressed with gzip, bzip2, xz or zstd, and be a tar of files, each of which may
 * be compressed; what it is, its first bytes say. A tar's files are read in its order, each begins
 * a new line. Through a pipe come plain bytes or gzip. Of a compressed file that ends early or is
 * damaged all that could be read is emitted (of gzip to the last byte, of the others up to the last
 * block that was whole: 64 KiB, 128 KiB of zstd, 900 kB of bzip2), half a line counted as
 * truncated; then the source fails with WEIR_ERR_CORRUPT, the file and the byte. What follows in a
 * list is not read. Damage in a zstd file that was made without a checksum cannot be found out.
 *
 * Positions are byte offsets on lane 0: that of the byte behind the line, in what a compressed file
 * holds. When another file takes the first one's place, or comes after it, they go on growing: its
 * first byte has the offset at which the last ended.
 *
 * With state_dir the position up to which all is settled is written to NAME.position there (the
 * name's bytes other than letters, digits, '.', '_' and '-', and a '.' at its beginning, as %XX),
 * atomically and synced: at the start, each state_ms, at the stop, and at the end. A later run
 * begins behind it, also after a kill -9: nothing is lost, and at most window_messages messages
 * are emitted again. Where more would lie behind the position it is written earlier, and when that
 * fails reading waits. What a stop leaves under way is no loss (weir_source_ops.keeps). NAME.lock
 * is locked until the pipeline is freed: a second source on it is refused. A damaged position is
 * an error until it is removed. Without follow the last line is whole also without its line end.
 * A compressed file or tar is read again from its beginning, unless all of it was settled; for the
 * time that it is read the bound on what is emitted again is the file. Of a list or pattern, the
 * file that the position is of is found by its path, and those before it are not read again.
 *
 * The file is known again by inode, and by prints (XXH3-64) of its first 1,024 bytes and of as many
 * before the position. So one that was renamed is read on under its new name in the same folder,
 * one that was truncated after a copy of it was made in the copy; then come the rotated files (the
 * file's name and a number or date behind it) that were written to since, in that order, and at
 * last the file itself from its start. What is not found, or compressed, is told (WARN) with the
 * byte behind which it could not be read; so is a file that was truncated or replaced in place.
 *
 * With follow the same goes on while it runs, by looking each follow_ms (no inotify: it works on
 * network file systems, too). Half a line waits for its end. A file that is not there is waited
 * for. A rotated file is left when it is at its end follow_ms later still; half a line there is
 * then whole. What comes to it after that, and before all of it is settled, is told (WARN).
 *
 * @param pipeline  NULL: nothing happens
 * @param name      borrows; not empty, unique among sources
 * @param options   borrows
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed. What the file itself
 *         is refused for (not there, not to be read) fails the pipeline when it starts
 * Since: 0.1.
 */
WEIR_API weir_source *weir_file_source_add(weir_pipeline *pipeline, const char *name,
					   const struct weir_file_source_options *options);

/** What a file sink compresses with. Since: 0.1. */
enum weir_file_compression {
	WEIR_FILE_PLAIN = 0,
	WEIR_FILE_GZIP = 1,
	WEIR_FILE_BZIP2 = 2,
	WEIR_FILE_XZ = 3,
	WEIR_FILE_ZSTD = 4
};

/**
 * Options. Zero is the default everywhere; strings are borrowed: copied by the add. Since: 0.1.
 */
struct weir_file_sink_options {
	size_t size;
	const char *path;	/* "-": standard output. All goes there: what destination a route
				 * names means nothing (the log says so, once). NULL: a route's
				 * destination names the file */
	const char *directory;	/* where relative names are; default: the current one. An
				 * absolute .path or destination is taken as it is */
	bool truncate;		/* begin with an empty file; default: append */
	bool sync;		/* delivered means fsync'ed; default: handed to the kernel */
	enum weir_file_compression compression;
	uint64_t rotate_bytes;	/* a file on disk has at most so many, but for one with a single
				 * line; a compressed one has a block more. Default: no limit */
	uint64_t rotate_ms;	/* a file ends so long after it was begun; default: never */
	uint64_t flush_ms;	/* with compression: lines wait at most so long for others to fill
				 * a block; default 1,000 */
};

/**
 * Adds a sink that writes each message and a line feed.
 *
 * One message is one line: LF and CR inside a message (in JSON they can only be white space)
 * become blanks. Lines are written whole and in order, in batches; a full disk makes them wait.
 * At most 64 files are open at a time. A destination may hold '/', but no part of it may be
 * empty, '.' or '..'; folders are not made. The file of .path, of each fixed destination and of
 * each fallback is made at the start, empty if it is new; others when the first message goes there.
 *
 * With compression or a rotate_… it makes recordings: no file is appended to, and none is under its
 * name before it is whole. It is written as NAME.part, and synced and renamed when it is rotated
 * and at the end; one without a line is removed. Names (.path, destinations) are templates: %Y %m
 * %d %H %M %S are the UTC time at which the file is begun, %N its number from 1, of six digits, %%
 * a '%'. A name that is taken is never overwritten: %N goes on to the next number; without it, .2,
 * .3 … is put behind the name. Not for `truncate`; standard output can be compressed, no more.
 *
 * A compressed message is delivered when its block is: 256 KiB of lines, or those of flush_ms, or
 * all there are at a flush and at the end. A block is a whole gzip member, bzip2 or xz stream, or
 * zstd frame, so what was delivered can be read whatever happens next. A window smaller than a
 * block is used up before it is full, and goes on each flush_ms. After a crash the .part
 * that fits a name is looked for when that is first used: a plain one is finished, half a line at
 * its end, which was never delivered, cut off; a compressed one stays as it is, for its last block
 * may be cut, which a file source tells when it reads it. The log says so (WARN).
 *
 * A file to append to may end in half a line, when an earlier run was killed or left a full disk:
 * a line feed is then put behind it before the first message, which the log tells (WARN) and
 * nothing counts. So it is, to be safe, with one that is not empty and cannot be read.
 *
 * @param pipeline  NULL: nothing happens
 * @param name      borrows; not empty, unique among sinks
 * @param options   borrows; NULL: every default
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed
 * Since: 0.1.
 */
WEIR_API weir_sink *weir_file_sink_add(weir_pipeline *pipeline, const char *name,
				       const struct weir_file_sink_options *options);

#ifdef __cplusplus
}
#endif

#endif
