/* SPDX-License-Identifier: MIT */
/*
 * Reading on.
 *
 * Guarantees: of a file that was read before, each byte behind the place is read once, wherever it
 * was moved or copied to in its folder, and then the files that were written after it, in the order
 * in which they were; what cannot be read is said, with the byte it begins at. A file is only left
 * when it was at its end at two looks follow_ms apart: its writer may not know yet that it was
 * rotated. Nothing waits. Called by the file source.
 */
#include "connect/file/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "connect/file/packing.h"
#include "connect/file/siblings.h"
#include "connect/file/unpack.h"
#include "ground/error.h"

static bool is_tracked(const struct weir__reader *reader)
{
	return reader->keeps || reader->follow;
}

static enum weir_status wait_for(struct weir__reader *reader, enum weir__awaits awaits,
				 uint64_t now_ms)
{
	if (awaits != WEIR__AWAITS_BYTES && reader->awaits != awaits)
		weir_port_log(reader->port, WEIR_LOG_INFO, "'%s' is not there: waiting for it",
			      reader->path);
	reader->state = WEIR__WAITING;
	reader->awaits = awaits;
	reader->look_ms = now_ms + reader->follow_ms;
	return WEIR_OK;
}

/* ---- beginning with a file ---- */

static enum weir_status check_file(const struct weir__reader *reader, const struct stat *stat,
				   struct weir_error *err)
{
	if (S_ISDIR(stat->st_mode))
		return weir__error_os(err, EISDIR, "cannot read '%s'", reader->path);
	if (S_ISREG(stat->st_mode))
		return WEIR_OK;
	if (is_tracked(reader))
		return weir__error_invalid(err, "'%s' is no plain file: state_dir and follow "
					   "cannot be set", reader->path);
	if (reader->start_offset)
		return weir__error_invalid(err, "'%s' is no plain file: start_offset cannot be set",
					   reader->path);
	return WEIR_OK;
}

/* Not blocking, for a FIFO that nobody writes to yet; standard input is left as it is. */
static int open_file(const struct weir__reader *reader)
{
	if (reader->is_stdin)
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return open(reader->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* *ret_fd -1: it is not there, and can be waited for. */
static enum weir_status open_path(struct weir__reader *reader, int *ret_fd, struct stat *ret_stat,
				  struct weir_error *err)
{
	const int fd = open_file(reader);
	enum weir_status status;

	*ret_fd = -1;
	if (fd < 0 && errno == ENOENT && reader->follow)
		return WEIR_OK;
	if (fd < 0)
		return weir__error_os(err, errno, "cannot open '%s'", reader->path);
	if (fstat(fd, ret_stat) < 0)
		status = weir__error_os(err, errno, "cannot look at '%s'", reader->path);
	else
		status = check_file(reader, ret_stat, err);
	if (status < 0)
		close(fd);
	else
		*ret_fd = fd;
	return status;
}

/* Takes `fd` and `path`. */
static enum weir_status begin(struct weir__reader *reader, int fd, char *path, uint64_t offset,
			      struct weir_error *err)
{
	enum weir_status status;

	if (!reader->keeps)
		weir__trail_settle(&reader->trail, reader->trail.passed);
	status = weir__trail_begin(&reader->trail, fd, path, offset, &reader->at, err);
	if (status < 0)
		return status;
	if (offset && lseek(fd, (off_t)offset, SEEK_SET) < 0)
		return weir__error_os(err, errno, "cannot go to byte %llu of '%s'",
				      (unsigned long long)offset, path);
	if (is_tracked(reader) && !weir__identity_take(&reader->trail.last->identity, fd, offset))
		return weir__error_os(err, errno, "cannot look at '%s'", path);
	reader->state = WEIR__READING;
	reader->awaits = WEIR__AWAITS_BYTES;
	reader->is_new = true;
	reader->is_behind = false;
	reader->rotated_ms = 0;
	return WEIR_OK;
}

static enum weir_status begin_path(struct weir__reader *reader, int fd, uint64_t offset,
				   struct weir_error *err)
{
	return begin(reader, fd, weir__text_copy(reader->env, reader->path), offset, err);
}

/* Takes the sibling. */
static enum weir_status begin_sibling(struct weir__reader *reader, struct weir__sibling *sibling,
				      uint64_t offset, struct weir_error *err)
{
	enum weir_status status;

	weir_port_log(reader->port, WEIR_LOG_INFO, "'%s' was rotated: goes on in '%s', byte %llu",
		      reader->path, sibling->path, (unsigned long long)offset);
	status = begin(reader, sibling->fd, sibling->path, offset, err);
	reader->is_behind = true;
	return status;
}

/* What can only be done with the bytes of the file as they are. */
static enum weir_status check_packing(const struct weir__reader *reader, int fd,
				      const struct stat *stat, struct weir_error *err)
{
	uint8_t bytes[WEIR__PACKING_BYTES];
	ssize_t len;

	if (reader->start_offset > (uint64_t)stat->st_size)
		return weir__error_invalid(err, "'%s' has %lld bytes: start_offset %llu is beyond",
					   reader->path, (long long)stat->st_size,
					   (unsigned long long)reader->start_offset);
	if (!reader->start_offset && !reader->follow)
		return WEIR_OK;
	len = pread(fd, bytes, sizeof bytes, 0);
	if (len > 0 && weir__unpack_is_packed(bytes, (size_t)len))
		return weir__error_invalid(err, "'%s' is compressed, or a tar: start_offset and "
					   "follow cannot be set", reader->path);
	return WEIR_OK;
}

static enum weir_status start(struct weir__reader *reader, uint64_t now_ms, struct weir_error *err)
{
	enum weir_status status;
	struct stat stat;
	int fd;

	status = open_path(reader, &fd, &stat, err);
	if (status < 0)
		return status;
	if (fd < 0)
		return wait_for(reader, WEIR__AWAITS_START, now_ms);
	reader->may_wait = !S_ISREG(stat.st_mode);
	status = check_packing(reader, fd, &stat, err);
	if (status < 0) {
		close(fd);
		return status;
	}
	return begin_path(reader, fd, reader->start_offset, err);
}

/* ---- what comes after a file ---- */

/* The next one that was written to; in the end the path's, `fd`, which it takes (-1: none). */
static enum weir_status begin_next(struct weir__reader *reader, int fd, const struct stat *stat,
				   uint64_t now_ms, struct weir_error *err)
{
	size_t skip_count = reader->left_count < WEIR__READER_LEFT ? reader->left_count
								    : WEIR__READER_LEFT;
	struct weir__sibling sibling;
	enum weir_status status;

	if (fd >= 0)
		reader->left[skip_count++] = (struct weir__identity){
			.device = (uint64_t)stat->st_dev, .inode = (uint64_t)stat->st_ino };
	status = weir__sibling_next(reader->port, reader->path, &reader->place.identity,
				    reader->left, skip_count, &sibling, err);
	if (fd >= 0 && (status < 0 || sibling.fd >= 0))
		close(fd);
	if (status < 0)
		return status;
	if (sibling.fd >= 0)
		return begin_sibling(reader, &sibling, 0, err);
	if (fd >= 0)
		return begin_path(reader, fd, 0, err);
	return wait_for(reader, WEIR__AWAITS_NEXT, now_ms);
}

static bool goes_on_in(const struct weir__reader *reader, int fd, const struct stat *stat)
{
	return fd >= 0 && weir__identity_is_place(&reader->place.identity, stat) &&
	       weir__identity_fits(&reader->place.identity, fd, reader->place.offset);
}

/* ---- going on at a place ---- */

static void tell_lost(const struct weir__reader *reader, const struct stat *stat)
{
	const struct weir__place *place = &reader->place;
	const char *why = "is another file now, and the one before is not found";

	if (weir__identity_is_place(&place->identity, stat))
		why = (uint64_t)stat->st_size < place->offset ? "was truncated"
							      : "was replaced in place";
	weir_port_log(reader->port, WEIR_LOG_WARN,
		      "'%s' %s: what stood in the old one behind byte %llu cannot be read; "
		      "begins at the start of the new one",
		      reader->path, why, (unsigned long long)place->offset);
}

/* Whether it holds what was read, wherever that was before. */
static bool is_copy(const struct weir__reader *reader, int fd)
{
	return fd >= 0 && reader->place.identity.head.len > 0 &&
	       weir__identity_fits(&reader->place.identity, fd, reader->place.offset);
}

/* Where the file of the place is now. `fd` is the path's. */
static enum weir_status find_place(struct weir__reader *reader, int fd, struct weir__sibling *ret,
				   struct weir_error *err)
{
	const struct weir__place *place = &reader->place;
	enum weir_status status;

	status = weir__sibling_by_inode(reader->port, reader->path, &place->identity,
					place->offset, ret, err);
	if (status < 0 || ret->fd >= 0 || is_copy(reader, fd) || !place->identity.head.len)
		return status;
	return weir__sibling_by_print(reader->port, reader->path, &place->identity, place->offset,
				      ret, err);
}

/* Takes `fd`, the path's, which is not the file of the place. */
static enum weir_status resume_elsewhere(struct weir__reader *reader, int fd,
					 const struct stat *stat, uint64_t now_ms,
					 struct weir_error *err)
{
	struct weir__sibling sibling;
	const enum weir_status status = find_place(reader, fd, &sibling, err);

	if (fd >= 0 && (status < 0 || sibling.fd >= 0))
		close(fd);
	if (status < 0)
		return status;
	if (sibling.fd >= 0)
		return begin_sibling(reader, &sibling, reader->place.offset, err);
	if (fd < 0)
		return wait_for(reader, WEIR__AWAITS_PLACE, now_ms);
	if (is_copy(reader, fd)) {
		weir_port_log(reader->port, WEIR_LOG_INFO,
			      "'%s' was moved or copied: goes on at byte %llu", reader->path,
			      (unsigned long long)reader->place.offset);
		return begin_path(reader, fd, reader->place.offset, err);
	}
	tell_lost(reader, stat);
	return begin_next(reader, fd, stat, now_ms, err);
}

static enum weir_status refuse_other(const struct weir__reader *reader, int fd,
				     struct weir_error *err)
{
	if (fd >= 0)
		close(fd);
	return weir__error_invalid(err, "the position in state_dir is of another file than '%s': "
				   "give the source another name, or remove it", reader->path);
}

static enum weir_status resume(struct weir__reader *reader, uint64_t now_ms,
			       struct weir_error *err)
{
	enum weir_status status;
	struct stat stat;
	int fd;

	status = open_path(reader, &fd, &stat, err);
	if (status < 0)
		return status;
	if (goes_on_in(reader, fd, &stat))
		return begin_path(reader, fd, reader->place.offset, err);
	if (reader->is_other && !is_copy(reader, fd))
		return refuse_other(reader, fd, err);
	if (fd < 0 && reader->awaits == WEIR__AWAITS_PLACE)
		return wait_for(reader, WEIR__AWAITS_PLACE, now_ms);
	return resume_elsewhere(reader, fd, &stat, now_ms, err);
}

/* ---- behind a file that was read to its end ---- */

/* It was replaced by a file that goes on where it ended: an editor's work, not a rotation's. */
static bool is_replaced_by_copy(const struct weir__reader *reader, int fd)
{
	const struct weir__stretch *old = reader->trail.last;
	struct stat stat;

	return is_copy(reader, fd) && old && old->fd >= 0 && fstat(old->fd, &stat) == 0 &&
	       stat.st_nlink == 0;
}

/* It may also be back at its path. */
static enum weir_status go_on(struct weir__reader *reader, uint64_t now_ms, struct weir_error *err)
{
	enum weir_status status;
	struct stat stat;
	int fd;

	status = open_path(reader, &fd, &stat, err);
	if (status < 0)
		return status;
	if (goes_on_in(reader, fd, &stat) || is_replaced_by_copy(reader, fd))
		return begin_path(reader, fd, reader->place.offset, err);
	return begin_next(reader, fd, &stat, now_ms, err);
}

/* ---- from state to state ---- */

static void choose(struct weir__reader *reader, size_t item)
{
	reader->trail.item = item;
	reader->path = reader->list->paths[item];
	reader->is_stdin = strcmp(reader->path, "-") == 0;
	reader->awaits = WEIR__AWAITS_BYTES;
	reader->left_count = 0;
}

enum weir_status weir__reader_open(struct weir__reader *reader, const struct weir__place *place,
				   bool is_other, uint64_t now_ms, struct weir_error *err)
{
	choose(reader, place ? place->item : 0);
	if (!place)
		return start(reader, now_ms, err);
	reader->place = *place;
	reader->is_other = is_other;
	return resume(reader, now_ms, err);
}

bool weir__reader_has_next(const struct weir__reader *reader)
{
	return reader->trail.item + 1 < reader->list->count;
}

enum weir_status weir__reader_next(struct weir__reader *reader, uint64_t now_ms,
				   struct weir_error *err)
{
	weir__trail_leave(&reader->trail);
	choose(reader, reader->trail.item + 1);
	return start(reader, now_ms, err);
}

/* It is shorter than what was read of it, or its beginning is another. */
static bool has_changed(const struct weir__stretch *stretch)
{
	const off_t read = lseek(stretch->fd, 0, SEEK_CUR);

	return read < 0 || !weir__identity_fits(&stretch->identity, stretch->fd, (uint64_t)read);
}

/* Whether the path leads to another file, and that for follow_ms at least. */
static bool is_rotated_away(struct weir__reader *reader, const struct weir__stretch *stretch,
			    uint64_t now_ms)
{
	struct stat stat_path;

	if (stat(reader->path, &stat_path) < 0 ||
	    weir__identity_is_place(&stretch->identity, &stat_path)) {
		reader->rotated_ms = 0;
		return false;
	}
	if (!reader->rotated_ms)
		reader->rotated_ms = now_ms ? now_ms : 1;
	return now_ms >= reader->rotated_ms + reader->follow_ms;
}

void weir__reader_at_end(struct weir__reader *reader, uint64_t now_ms)
{
	struct weir__stretch *stretch = weir__trail_reading(&reader->trail);
	bool is_left;

	reader->state = WEIR__OVER;
	if (!is_tracked(reader))
		return;
	if (has_changed(stretch) ||
	    !weir__identity_renew(&stretch->identity, stretch->fd,
				  weir__trail_offset(&reader->trail))) {
		reader->state = WEIR__CUT;
		return;
	}
	is_left = reader->is_behind ||
		  (reader->follow && is_rotated_away(reader, stretch, now_ms));
	if (is_left && reader->trail.count < WEIR__TRAIL_MOST)
		reader->state = WEIR__LEFT;
	else if (is_left || reader->follow)
		wait_for(reader, WEIR__AWAITS_BYTES, now_ms);
}

enum weir_status weir__reader_look(struct weir__reader *reader, uint64_t now_ms,
				   struct weir_error *err)
{
	switch (reader->awaits) {
	case WEIR__AWAITS_START:
		return start(reader, now_ms, err);
	case WEIR__AWAITS_PLACE:
		return resume(reader, now_ms, err);
	case WEIR__AWAITS_NEXT:
		return go_on(reader, now_ms, err);
	default:
		reader->state = has_changed(weir__trail_reading(&reader->trail)) ? WEIR__CUT
										 : WEIR__READING;
		return WEIR_OK;
	}
}

enum weir_status weir__reader_advance(struct weir__reader *reader, uint64_t now_ms,
				      struct weir_error *err)
{
	const bool is_cut = reader->state == WEIR__CUT;
	const struct weir__stretch *stretch = weir__trail_reading(&reader->trail);

	reader->place = (struct weir__place){ stretch->identity,
					      weir__trail_offset(&reader->trail), stretch->item };
	reader->is_other = false;
	weir__trail_leave(&reader->trail);
	if (is_cut)
		return resume(reader, now_ms, err);
	reader->left[reader->left_count++ % WEIR__READER_LEFT] = reader->place.identity;
	return go_on(reader, now_ms, err);
}
