/* SPDX-License-Identifier: MIT */
/*
 * Appending lines to a file.
 *
 * Guarantees: lines stand whole and in order, also after partial writes and after a full disk had
 * room again, and behind half a line of an earlier run; a delivery is done only when all of its
 * line is written (and synced, if asked); nothing waits, and a pipe without a reader raises no
 * signal. Called by the file sink only.
 */
#include "connect/file/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "connect/file/encode.h"
#include "ground/error.h"

/* What to do about a file that cannot be opened. Others: STOP. */
static const struct {
	int os_error;
	enum weir_remedy remedy;
} open_remedies[] = {
	{ ENOSPC, WEIR_REMEDY_RETRY },	{ EDQUOT, WEIR_REMEDY_RETRY },
	{ EMFILE, WEIR_REMEDY_RETRY },	{ ENFILE, WEIR_REMEDY_RETRY },
	{ ENAMETOOLONG, WEIR_REMEDY_SKIP }, { EISDIR, WEIR_REMEDY_SKIP },
	{ ENOENT, WEIR_REMEDY_SKIP },	{ ENOTDIR, WEIR_REMEDY_SKIP },
	{ EACCES, WEIR_REMEDY_SKIP },	{ ENXIO, WEIR_REMEDY_SKIP },
};

static enum weir_remedy open_remedy(int os_error)
{
	for (size_t i = 0; i < sizeof open_remedies / sizeof *open_remedies; i++)
		if (open_remedies[i].os_error == os_error)
			return open_remedies[i].remedy;
	return WEIR_REMEDY_STOP;
}

/* In which way its last line may lack its end, for the log; NULL: it does not. */
static const char *find_cut(const struct weir__line_file *file, const struct stat *stat)
{
	char last = '\0';
	ssize_t len;
	int fd;

	if (!S_ISREG(stat->st_mode) || stat->st_size == 0 ||
	    !(fcntl(file->fd, F_GETFL) & O_APPEND))
		return NULL;
	fd = open(file->is_stdout ? "/dev/stdout" : file->path,
		  O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	len = fd < 0 ? -1 : pread(fd, &last, 1, stat->st_size - 1);
	if (fd >= 0)
		close(fd);
	if (len != 1)
		return "may end in a cut line and cannot be read";
	return last == '\n' ? NULL : "ends in a cut line";
}

/* O_NONBLOCK is for FIFOs; it means nothing for plain files. */
static enum weir_status open_with(struct weir__line_file *file, int more_flags,
				  struct weir_error *err)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct stat stat;
	int os_error;

	file->fd = file->is_stdout ? STDOUT_FILENO : open(file->path, flags | more_flags, 0666);
	if (file->fd < 0 || fstat(file->fd, &stat) < 0) {
		os_error = errno;
		weir__line_file_close(file);
		weir__error_os(err, os_error, "cannot open '%s'", file->path);
		err->remedy = open_remedy(os_error);
		return WEIR_ERR_IO;
	}
	file->truncate = false;
	file->may_wait = !S_ISREG(stat.st_mode);
	if (!file->has_begun && !file->compression)
		file->cut = find_cut(file, &stat);
	file->has_begun = true;
	return WEIR_OK;
}

enum weir_status weir__line_file_open(struct weir__line_file *file, struct weir_error *err)
{
	return open_with(file, file->truncate ? O_TRUNC : 0, err);
}

enum weir_status weir__line_file_create(struct weir__line_file *file, bool *ret_exists,
					struct weir_error *err)
{
	const enum weir_status status = open_with(file, O_EXCL | O_NOFOLLOW, err);

	*ret_exists = status < 0 && err->os_error == EEXIST;
	if (status == WEIR_OK)
		file->size = file->whole_size = 0;
	return *ret_exists ? WEIR_OK : status;
}

static void unwatch(struct weir__line_file *file)
{
	if (file->is_watched)
		weir_port_unwatch(file->port, file->fd);
	file->is_watched = false;
}

void weir__line_file_close(struct weir__line_file *file)
{
	unwatch(file);
	if (file->fd >= 0 && !file->is_stdout)
		close(file->fd);
	file->fd = -1;
	file->bytes = weir__free(file->env, file->bytes, file->capacity);
	file->capacity = file->begin = file->end = file->written = 0;
	weir__bytes_release(&file->packed);
	file->packed_begin = file->packed_lines = 0;
	file->is_flushing = false;
	file->first = file->last = NULL;
}

bool weir__line_file_is_idle(const struct weir__line_file *file)
{
	return !file->first;
}

/* ---- the buffer ---- */

static void make_contiguous(struct weir__line_file *file)
{
	if (file->begin > 0 && file->end > file->begin)
		memmove(file->bytes, file->bytes + file->begin, file->end - file->begin);
	file->end -= file->begin;
	file->begin = 0;
}

static size_t usual_capacity(const struct weir__line_file *file)
{
	return file->compression ? WEIR__LINE_FILE_BLOCK : WEIR__LINE_FILE_BYTES;
}

/* A longer buffer only ever holds one line, and is given back behind it. */
static enum weir_status resize(struct weir__line_file *file, size_t capacity)
{
	uint8_t *bytes = weir__resize(file->env, file->bytes, file->capacity, capacity);

	if (!bytes)
		return WEIR_ERR_NOMEM;
	file->bytes = bytes;
	file->capacity = capacity;
	return WEIR_OK;
}

static enum weir_status make_room(struct weir__line_file *file, size_t len, struct weir_error *err)
{
	const size_t usual = usual_capacity(file);
	const size_t wanted = len > usual ? len : usual;

	if (file->capacity - file->end >= len)
		return WEIR_OK;
	make_contiguous(file);
	if (file->capacity - file->end >= len)
		return WEIR_OK;
	if (file->end > 0)
		return WEIR_AGAIN;
	if (resize(file, wanted) < 0)
		return weir__error_no_memory(err);
	return WEIR_OK;
}

static void blank_out(uint8_t *bytes, size_t len, int byte)
{
	uint8_t *const end = bytes + len;

	while ((bytes = memchr(bytes, byte, (size_t)(end - bytes))))
		*bytes++ = ' ';
}

static void append_line(struct weir__line_file *file, struct weir_slice value)
{
	uint8_t *line = file->bytes + file->end;

	if (value.len)
		memcpy(line, value.data, value.len);
	blank_out(line, value.len, '\n');
	blank_out(line, value.len, '\r');
	line[value.len] = '\n';
	file->end += value.len + 1;
}

static void chain(struct weir__line_file *file, weir_delivery *delivery)
{
	weir_delivery_set_user(delivery, NULL);
	if (file->last)
		weir_delivery_set_user(file->last, delivery);
	else
		file->first = delivery;
	file->last = delivery;
}

static weir_delivery *unchain(struct weir__line_file *file)
{
	weir_delivery *delivery = file->first;

	file->first = weir_delivery_user(delivery);
	if (!file->first)
		file->last = NULL;
	return delivery;
}

enum weir_status weir__line_file_add(struct weir__line_file *file, weir_delivery *delivery,
				     struct weir_error *err)
{
	const struct weir_slice value = weir_delivery_value(delivery);
	enum weir_status status = make_room(file, value.len + 1, err);

	if (status == WEIR_AGAIN) {
		status = weir__line_file_write(file, true, err);
		if (status == WEIR_OK)
			status = make_room(file, value.len + 1, err);
	}
	if (status != WEIR_OK)
		return status;
	if (!file->first)
		file->first_ms = weir__monotonic_ms(file->env);
	append_line(file, value);
	chain(file, delivery);
	return WEIR_OK;
}

/* ---- writing ---- */

/* Whether a write now would not wait. Watches while it would; what cannot be watched is ready. */
static enum weir_status await(struct weir__line_file *file, bool *ret_ready, struct weir_error *err)
{
	struct pollfd poll_fd = { .fd = file->fd, .events = POLLOUT };
	enum weir_status status;

	*ret_ready = !file->may_wait || poll(&poll_fd, 1, 0) > 0;
	if (*ret_ready || file->is_watched)
		return WEIR_OK;
	status = weir_port_watch(file->port, file->fd, WEIR_WRITABLE, err);
	file->is_watched = status == WEIR_OK;
	return status;
}

/* As write, but that a pipe without a reader answers EPIPE and does not signal. */
static ssize_t write_unsignalled(int fd, const void *bytes, size_t len)
{
	const struct timespec at_once = { 0 };
	sigset_t pipe_signal, before, pending;
	ssize_t written;
	int os_error;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	written = write(fd, bytes, len);
	os_error = errno;
	if (written < 0 && os_error == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe_signal, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = os_error;
	return written;
}

/* What is to be written next: a line feed that is owed, a block, or lines as they are. */
static struct weir_slice pending(const struct weir__line_file *file)
{
	const size_t packed_len = file->packed.len - file->packed_begin;

	if (file->compression && packed_len > 0)
		return (struct weir_slice){ file->packed.data + file->packed_begin, packed_len };
	if (file->compression || file->begin == file->end)
		return (struct weir_slice){ NULL, 0 };
	if (file->cut)
		return (struct weir_slice){ "\n", 1 };
	return (struct weir_slice){ file->bytes + file->begin, file->end - file->begin };
}

/* A pipe that is ready takes PIPE_BUF bytes at once without waiting, and no more for sure. */
static ssize_t write_some(const struct weir__line_file *file, struct weir_slice bytes)
{
	if (!file->may_wait)
		return write(file->fd, bytes.data, bytes.len);
	return write_unsignalled(file->fd, bytes.data, bytes.len < PIPE_BUF ? bytes.len : PIPE_BUF);
}

/* Lines count as written when all of their block is. */
static void note_packed(struct weir__line_file *file, size_t len)
{
	file->packed_begin += len;
	if (file->packed_begin < file->packed.len)
		return;
	file->written += file->packed_lines;
	file->packed_begin = file->packed_lines = 0;
	weir__bytes_clear(&file->packed);
}

static void note_written(struct weir__line_file *file, size_t len)
{
	file->size += len;
	if (file->compression) {
		note_packed(file, len);
	} else if (!file->cut) {
		file->begin += len;
		file->written += len;
	} else if (len > 0) {
		weir_port_log(file->port, WEIR_LOG_WARN, "'%s' %s; a line feed was put behind it",
			      file->path, file->cut);
		file->cut = NULL;
	}
}

/* Writes until nothing is left or it would wait. *ret_os_error 0: no failure. */
static enum weir_status drain(struct weir__line_file *file, int *ret_os_error,
			      struct weir_error *err)
{
	struct weir_slice bytes;

	*ret_os_error = 0;
	while ((bytes = pending(file)).len > 0) {
		enum weir_status status;
		ssize_t len;
		bool ready;

		status = await(file, &ready, err);
		if (status < 0 || !ready)
			return status;
		len = write_some(file, bytes);
		if (len < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (len < 0) {
			*ret_os_error = errno;
			return WEIR_OK;
		}
		note_written(file, (size_t)len);
	}
	unwatch(file);
	return WEIR_OK;
}

static size_t line_len(const weir_delivery *delivery)
{
	return weir_delivery_value(delivery).len + 1;
}

static enum weir_status settle_written(struct weir__line_file *file, struct weir_error *err)
{
	if (!file->first || file->written < line_len(file->first))
		return WEIR_OK;
	if (file->sync && fdatasync(file->fd) < 0 && errno != EINVAL && errno != ENOTSUP)
		return weir__error_os(err, errno, "cannot sync '%s'", file->path);
	while (file->first && file->written >= line_len(file->first)) {
		file->written -= line_len(file->first);
		weir_delivery_done(unchain(file));
	}
	file->whole_size = file->size - file->written;
	file->first_ms = weir__monotonic_ms(file->env);
	return WEIR_OK;
}

/* All but a line that is cut: its rest stays in the buffer, to be written before anything else. */
static void give_back(struct weir__line_file *file, const struct weir_error *reason)
{
	weir_delivery *cut = file->written > 0 ? unchain(file) : NULL;
	weir_delivery *delivery = file->first;

	file->first = file->last = NULL;
	file->end = file->begin;
	if (cut) {
		file->end = file->begin + line_len(cut) - file->written;
		chain(file, cut);
	}
	while (delivery) {
		weir_delivery *next = weir_delivery_user(delivery);

		weir_delivery_fail(delivery, reason);
		delivery = next;
	}
}

static enum weir_status fail(struct weir__line_file *file, int os_error, struct weir_error *err)
{
	weir__error_os(err, os_error, "cannot write to '%s'", file->path);
	if (os_error != ENOSPC && os_error != EDQUOT)
		return WEIR_ERR_IO;
	err->remedy = WEIR_REMEDY_RETRY;
	if (!file->compression)
		give_back(file, err);
	return WEIR_ERR_IO;
}

/* A buffer that one long line needed is not kept. */
static void shrink(struct weir__line_file *file)
{
	if (file->begin < file->end)
		return;
	file->begin = file->end = 0;
	if (file->capacity > usual_capacity(file))
		resize(file, usual_capacity(file));
}

/* The lines become a block, unless one is there that is not written yet. */
static enum weir_status encode(struct weir__line_file *file, struct weir_error *err)
{
	struct weir_slice lines = { NULL, file->end - file->begin };
	enum weir_status status;

	if (file->packed.len > 0 || lines.len == 0)
		return WEIR_OK;
	lines.data = file->bytes + file->begin;
	weir__bytes_reset(&file->packed);
	status = weir__encode_block(file->compression, lines, &file->packed, err);
	if (status < 0) {
		weir__bytes_clear(&file->packed);
		return status;
	}
	file->packed_lines = lines.len;
	file->begin = file->end;
	file->is_flushing = false;
	return WEIR_OK;
}

/* A block, or the lines as they are, as far as can be written. */
static enum weir_status write_on(struct weir__line_file *file, bool flush, struct weir_error *err)
{
	enum weir_status status = WEIR_OK, settled;
	int os_error;

	if (file->compression && flush)
		status = encode(file, err);
	if (status < 0)
		return status;
	status = drain(file, &os_error, err);
	settled = settle_written(file, status < 0 ? NULL : err);
	if (status < 0 || settled < 0)
		return status < 0 ? status : settled;
	if (os_error)
		return fail(file, os_error, err);
	shrink(file);
	return WEIR_OK;
}

void weir__line_file_flush(struct weir__line_file *file)
{
	file->is_flushing = file->begin < file->end;
}

enum weir_status weir__line_file_write(struct weir__line_file *file, bool flush,
				       struct weir_error *err)
{
	const bool all = flush || file->is_flushing;
	enum weir_status status = write_on(file, all, err);

	/* Lines that stood behind a block, which is written now. */
	if (status == WEIR_OK && all && file->compression && file->packed.len == 0 &&
	    file->begin < file->end)
		status = write_on(file, true, err);
	return status;
}
