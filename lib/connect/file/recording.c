/* SPDX-License-Identifier: MIT */
/*
 * Recordings.
 *
 * Guarantees: nothing is overwritten, and what is under a name that is not a .part's is whole: all
 * of its lines were delivered, and it was on disk before it had that name. A .part is locked while
 * it is written (flock), so that another sink does not take it for one that a crash left.
 * Called by the file sink.
 */
#include "connect/file/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connect/file/list.h"
#include "ground/error.h"

#define NAME_BYTES 4096
#define MOST_NAMES 1000000
#define SUFFIX ".part"
#define LOOK_BACK 4096

/* ---- names ---- */

struct utc {
	unsigned year, month, day, hour, minute, second;
};

/* Days are counted in eras of 400 years, from the first of March. */
static struct utc to_utc(uint64_t time_ms)
{
	const uint64_t seconds = time_ms / 1000, days = seconds / 86400 + 719468;
	const uint64_t era = days / 146097, day_of_era = days % 146097;
	const uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
				      day_of_era / 146096) / 365;
	const uint64_t day = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	const uint64_t month = (5 * day + 2) / 153;

	return (struct utc){
		.year = (unsigned)(era * 400 + year_of_era + (month >= 10)),
		.month = (unsigned)(month < 10 ? month + 3 : month - 9),
		.day = (unsigned)(day - (153 * month + 2) / 5 + 1),
		.hour = (unsigned)(seconds / 3600 % 24),
		.minute = (unsigned)(seconds / 60 % 60),
		.second = (unsigned)(seconds % 60),
	};
}

/* What a letter behind a '%' stands for. Answers the bytes of it; 0: nothing, it stays. */
static int expand(char letter, const struct utc *utc, uint64_t count, char *out, size_t size)
{
	switch (letter) {
	case 'Y':
		return snprintf(out, size, "%04u", utc->year);
	case 'm':
		return snprintf(out, size, "%02u", utc->month);
	case 'd':
		return snprintf(out, size, "%02u", utc->day);
	case 'H':
		return snprintf(out, size, "%02u", utc->hour);
	case 'M':
		return snprintf(out, size, "%02u", utc->minute);
	case 'S':
		return snprintf(out, size, "%02u", utc->second);
	case 'N':
		return snprintf(out, size, "%06llu", (unsigned long long)count);
	case '%':
		return snprintf(out, size, "%%");
	default:
		return 0;
	}
}

static size_t put(char *out, size_t size, size_t len, const char *text, size_t text_len)
{
	for (size_t i = 0; i < text_len; i++)
		if (len + i + 1 < size)
			out[len + i] = text[i];
	return len + text_len;
}

size_t weir__recording_name(const char *pattern, uint64_t time_ms, uint64_t count, char *out,
			    size_t size, bool *ret_counts)
{
	const struct utc utc = to_utc(time_ms);
	size_t len = 0;
	char text[32];

	*ret_counts = false;
	for (const char *at = pattern; *at; at++) {
		const int expanded = *at == '%' ? expand(at[1], &utc, count, text, sizeof text) : 0;

		if (expanded > 0) {
			*ret_counts = *ret_counts || at[1] == 'N';
			len = put(out, size, len, text, (size_t)expanded);
			at++;
		} else {
			len = put(out, size, len, at, 1);
		}
	}
	if (size > 0)
		out[len < size ? len : size - 1] = '\0';
	return len;
}

/* The name of this number. False: it is too long. */
static bool make_name(const struct weir__line_file *file, uint64_t count, char *name, size_t size)
{
	bool counts;
	size_t len = weir__recording_name(file->recording.pattern, weir__wall_ms(file->env), count,
					  name, size, &counts);

	if (!counts && count > 1 && len < size)
		len += (size_t)snprintf(name + len, size - len, ".%llu", (unsigned long long)count);
	return len < size;
}

/* ---- what a crash left ---- */

#define DIGITS "[0-9][0-9]"

/* For glob, what stands behind a '%': nothing but digits, so that no other file fits. */
static const char *glob_of(char letter)
{
	switch (letter) {
	case 'Y':
		return DIGITS DIGITS;
	case 'N':
		return DIGITS DIGITS DIGITS;
	case '%':
		return "%";
	default:
		return letter && strchr("mdHMS", letter) ? DIGITS : NULL;
	}
}

/* The .parts that a pattern may have given, and some more, for glob. False: it is too long. */
static bool glob_of_parts(const char *pattern, char *out, size_t size)
{
	size_t len = 0;

	for (const char *at = pattern; *at; at++) {
		const char *digits = *at == '%' ? glob_of(at[1]) : NULL;

		if (digits) {
			len = put(out, size, len, digits, strlen(digits));
			at++;
			continue;
		}
		if (strchr("*?[]\\", *at))
			len = put(out, size, len, "\\", 1);
		len = put(out, size, len, at, 1);
	}
	len = put(out, size, len, "*" SUFFIX, sizeof "*" SUFFIX);
	return len < size;
}

static size_t base_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strlen(slash ? slash + 1 : path);
}

/* What fits that: whether behind a name's `stem` bytes there is nothing, or `.` and a number. */
static bool is_part(const char *path, size_t stem)
{
	const char *at = path + strlen(path) - base_len(path) + stem;
	const size_t digits = *at == '.' ? strspn(at + 1, "0123456789") : 0;

	return strcmp(digits ? at + 1 + digits : at, SUFFIX) == 0;
}

/* Up to behind its last line feed. False: it cannot be read. */
static bool find_whole(int fd, off_t size, off_t *ret)
{
	char bytes[LOOK_BACK];

	while (size > 0) {
		const off_t at = size > LOOK_BACK ? size - LOOK_BACK : 0;
		const ssize_t len = pread(fd, bytes, (size_t)(size - at), at);
		const char *feed;

		if (len != size - at)
			return false;
		feed = memrchr(bytes, '\n', (size_t)len);
		if (feed) {
			*ret = at + (feed - bytes) + 1;
			return true;
		}
		size = at;
	}
	*ret = 0;
	return true;
}

/* Where a file system cannot be told not to replace, or has no links either: then it is looked. */
static bool rename_by_link(const char *from, const char *to)
{
	if (link(from, to) == 0)
		return unlink(from) == 0;
	if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP)
		return false;
	if (faccessat(AT_FDCWD, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return false;
	}
	return rename(from, to) == 0;
}

/* Never over another file: errno is EEXIST then. */
static bool rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	return errno == EINVAL && rename_by_link(from, to);
}

/* Renames `path`, which ends in SUFFIX, to what stands before that. */
static bool rename_part(const char *path, char *name, size_t size)
{
	snprintf(name, size, "%.*s", (int)(strlen(path) - strlen(SUFFIX)), path);
	return rename_new(path, name);
}

/* A plain one of an earlier run, locked by nobody: half a line was never delivered. */
static bool finish_left(int fd, const char *path, char *name, size_t name_size)
{
	struct stat stat;
	off_t whole;

	if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) ||
	    !find_whole(fd, stat.st_size, &whole))
		return false;
	if (whole == 0)
		return unlink(path) == 0;
	return (whole == stat.st_size || ftruncate(fd, whole) == 0) && fsync(fd) == 0 &&
	       rename_part(path, name, name_size);
}

static void look_at_left(struct weir__line_file *file, const char *path)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	char name[NAME_BYTES] = "";

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return;
	}
	if (file->compression)
		weir_port_log(file->port, WEIR_LOG_WARN,
			      "'%s' was left by a run that did not end: stays as it is, its last "
			      "block may be cut", path);
	else if (finish_left(fd, path, name, sizeof name))
		weir_port_log(file->port, WEIR_LOG_WARN,
			      "'%s' was left by a run that did not end: %s", path,
			      *name ? "finished" : "nothing was delivered to it, removed");
	else
		weir_port_log(file->port, WEIR_LOG_WARN,
			      "'%s' was left by a run that did not end, and cannot be finished",
			      path);
	close(fd);
}

/* Failures are no reason not to record. */
static enum weir_status look_for_left(struct weir__line_file *file, struct weir_error *err)
{
	struct weir__list list = { .env = file->env };
	enum weir_status status = WEIR_OK;
	char pattern[2 * NAME_BYTES], name[NAME_BYTES];

	file->recording.has_looked = true;
	if (make_name(file, 1, name, sizeof name) &&
	    glob_of_parts(file->recording.pattern, pattern, sizeof pattern))
		status = weir__list_add_fitting(&list, pattern, err);
	for (size_t i = 0; i < list.count && status != WEIR_ERR_NOMEM; i++)
		if (is_part(list.paths[i], base_len(name)))
			look_at_left(file, list.paths[i]);
	weir__list_release(&list);
	return status == WEIR_ERR_NOMEM ? status : WEIR_OK;
}

/* ---- begin ---- */

static enum weir_status set_names(struct weir__line_file *file, const char *name,
				  struct weir_error *err)
{
	char *copy = weir__text_copy(file->env, name);
	char *part = weir__text_format(file->env, "%s" SUFFIX, name);

	if (!copy || !part) {
		weir__text_free(file->env, copy);
		weir__text_free(file->env, part);
		return weir__error_no_memory(err);
	}
	weir__text_free(file->env, file->recording.name);
	weir__text_free(file->env, file->path);
	file->recording.name = copy;
	file->path = part;
	return WEIR_OK;
}

/* The counts of names without %N begin again with each time. */
static uint64_t first_count(const struct weir__line_file *file)
{
	char name[2];
	bool counts;

	weir__recording_name(file->recording.pattern, 0, 0, name, sizeof name, &counts);
	return counts ? file->recording.count + 1 : 1;
}

static enum weir_status create(struct weir__line_file *file, struct weir_error *err)
{
	const uint64_t first = first_count(file);
	enum weir_status status = WEIR_OK;
	char name[NAME_BYTES];
	bool exists = true;

	for (uint64_t count = first; exists && count < first + MOST_NAMES; count++) {
		if (!make_name(file, count, name, sizeof name))
			return weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_SKIP,
					      "the file name '%.100s…' is too long", name);
		if (faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		status = set_names(file, name, err);
		if (status == WEIR_OK)
			status = weir__line_file_create(file, &exists, err);
		if (status < 0)
			return status;
		file->recording.count = count;
	}
	return exists ? weir__error_invalid(err, "no name that '%s' gives is free",
					    file->recording.pattern)
		      : WEIR_OK;
}

enum weir_status weir__recording_open(struct weir__line_file *file, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (!file->recording.is_begun && !file->recording.has_looked)
		status = look_for_left(file, err);
	if (status == WEIR_OK)
		status = file->recording.is_begun ? weir__line_file_open(file, err)
						  : create(file, err);
	if (status < 0)
		return status;
	flock(file->fd, LOCK_EX | LOCK_NB);
	if (!file->recording.is_begun)
		file->recording.begun_ms = weir__monotonic_ms(file->env);
	file->recording.is_begun = true;
	return WEIR_OK;
}

/* ---- finish ---- */

static bool sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[NAME_BYTES];
	int fd;

	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	fsync(fd);
	close(fd);
	return true;
}

/* The name was free when the file was begun: who took it since keeps it. */
static bool rename_to_free(struct weir__line_file *file)
{
	char name[NAME_BYTES + 16];

	snprintf(name, sizeof name, "%s", file->recording.name);
	for (unsigned i = 2; i < MOST_NAMES; i++) {
		if (rename_new(file->path, name))
			return true;
		if (errno != EEXIST)
			return false;
		snprintf(name, sizeof name, "%s.%u", file->recording.name, i);
	}
	return false;
}

enum weir_status weir__recording_finish(struct weir__line_file *file, struct weir_error *err)
{
	bool is_done;
	int os_error;

	if (!file->recording.is_begun)
		return WEIR_OK;
	if (file->fd < 0 && weir__line_file_open(file, err) < 0)
		return err->status;
	file->recording.is_begun = false;
	if (file->whole_size == 0)
		is_done = unlink(file->path) == 0;
	else
		is_done = (file->whole_size == file->size ||
			   ftruncate(file->fd, (off_t)file->whole_size) == 0) &&
			  fsync(file->fd) == 0 && rename_to_free(file) && sync_folder(file->path);
	os_error = errno;
	weir__line_file_close(file);
	if (is_done)
		return WEIR_OK;
	return weir__error_os(err, os_error, "cannot finish '%s'", file->path);
}
