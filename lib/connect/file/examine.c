/* SPDX-License-Identifier: MIT */
/*
 * Checks of file sources and sinks: whether what they name is there, and can be read or written.
 *
 * Guarantees: nothing is made that stays, no lock is kept, nothing waits for a reader or a writer;
 * of a file no more than its first block is read. Callers: applications, the checks of
 * configurations.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connect/file/list.h"
#include "connect/file/packing.h"
#include "connect/file/recording.h"
#include "ground/error.h"
#include "ground/folder.h"
#include "ground/options.h"
#include "weir/check.h"

#define NAME_BYTES 4096

struct examination {
	struct weir_env env;
	const char *role;	/* "source" */
	const char *name;
	weir_check_fn *tell;
	void *user;
};

static void tell(const struct examination *of, enum weir_check what, const char *format, ...)
	WEIR_PRINTF(3, 4);

static void tell(const struct examination *of, enum weir_check what, const char *format, ...)
{
	char words[2 * NAME_BYTES], text[2 * NAME_BYTES + 128];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	snprintf(text, sizeof text, "%s %.80s: %s", of->role, of->name, words);
	of->tell(of->user, what, text);
}

/* What the system said of a path, with what to do. */
static void tell_os(const struct examination *of, const char *what, const char *path, int os_error)
{
	static const struct {
		int os_error;
		const char *advice;
	} rows[] = {
		{ ENOENT, "make it, or look at the name" },
		{ ENOTDIR, "a part of it is no folder; look at the name" },
		{ EACCES, "allow this user to" },
		{ EPERM, "allow this user to" },
		{ EISDIR, "name a file" },
		{ EROFS, "name another place" },
		{ ENOSPC, "make room" },
	};
	struct weir_error reason;
	const char *advice = "look at it";

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].os_error == os_error)
			advice = rows[i].advice;
	weir__error_os(&reason, os_error, "%s '%.150s'", what, path);
	tell(of, WEIR_CHECK_WRONG, "%s; %s", reason.text, advice);
}

/* ---- sources ---- */

static const char *coding_of(int fd)
{
	static const char *const words[] = {
		[WEIR__CODING_UNKNOWN] = "plain", [WEIR__CODING_NONE] = "plain",
		[WEIR__CODING_GZIP] = "gzip",	  [WEIR__CODING_BZIP2] = "bzip2",
		[WEIR__CODING_XZ] = "xz",	  [WEIR__CODING_ZSTD] = "zstd",
		[WEIR__CODING_TAR] = "tar",
	};
	uint8_t bytes[WEIR__PACKING_BYTES];
	const ssize_t len = pread(fd, bytes, sizeof bytes, 0);
	enum weir__coding coding;

	if (len < 0)
		return NULL;
	coding = weir__coding_of_stream(bytes, (size_t)len, true);
	if (coding == WEIR__CODING_NONE)
		coding = weir__coding_of_archive(bytes, (size_t)len, true);
	return words[coding];
}

/* A plain file. */
static void look_into(const struct examination *of, const char *path,
		      const struct weir_file_source_options *options)
{
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const char *coding = fd < 0 ? NULL : coding_of(fd);
	const int os_error = errno;
	struct stat about;

	if (!coding || fstat(fd, &about) < 0)
		tell_os(of, "cannot read", path, os_error);
	else if (options->follow && strcmp(coding, "plain") != 0)
		tell(of, WEIR_CHECK_WRONG, "'%s' is packed (%s); follow is for plain files", path,
		     coding);
	else
		tell(of, WEIR_CHECK_OK, "'%s' can be read: %lld bytes, %s", path,
		     (long long)about.st_size, coding);
	if (fd >= 0)
		close(fd);
}

/* A FIFO is not opened: its writer would take this for its reader. */
static void look_at(const struct examination *of, const char *path,
		    const struct weir_file_source_options *options)
{
	const bool is_tracked = options->follow || options->state_dir;
	const bool is_there = faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
	const int os_error = errno;
	char folder[NAME_BYTES];
	struct stat about;

	weir__folder_of(path, folder, sizeof folder);
	if (!is_there && os_error == ENOENT && options->follow &&
	    faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS) == 0)
		tell(of, WEIR_CHECK_OK, "'%s' is not there: it is waited for", path);
	else if (!is_there || stat(path, &about) < 0)
		tell_os(of, "cannot open", path, os_error);
	else if (S_ISDIR(about.st_mode))
		tell_os(of, "cannot read", path, EISDIR);
	else if (S_ISREG(about.st_mode))
		look_into(of, path, options);
	else if (is_tracked)
		tell(of, WEIR_CHECK_WRONG, "'%s' is no plain file; leave out follow and state_dir",
		     path);
	else
		tell(of, WEIR_CHECK_OK, "'%s' is there, and no plain file", path);
}

/* NAME.lock, as position.c calls it for names that need no escape. */
static bool is_locked(const struct examination *of, const char *folder)
{
	char path[NAME_BYTES];
	bool is;
	int fd;

	if ((size_t)snprintf(path, sizeof path, "%s/%s.lock", folder, of->name) >= sizeof path)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	is = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return is;
}

static void look_at_state(const struct examination *of, const char *folder)
{
	char parent[NAME_BYTES];
	struct stat about;
	int os_error = 0;

	if (stat(folder, &about) < 0) {
		weir__folder_of(folder, parent, sizeof parent);
		os_error = errno == ENOENT ? weir__folder_try(parent) : errno;
		if (os_error)
			tell_os(of, "cannot make the folder", folder, os_error);
		else
			tell(of, WEIR_CHECK_OK, "the folder '%s' can be made: there is no position "
			     "yet", folder);
		return;
	}
	os_error = S_ISDIR(about.st_mode) ? weir__folder_try(folder) : ENOTDIR;
	if (os_error)
		tell_os(of, "cannot write to the folder", folder, os_error);
	else if (is_locked(of, folder))
		tell(of, WEIR_CHECK_WRONG, "another source has its position in '%s'; stop it, or "
		     "name another folder", folder);
	else
		tell(of, WEIR_CHECK_OK, "the folder '%s' can be written to", folder);
}

static enum weir_status look_at_all(const struct examination *of,
				    const struct weir_file_source_options *options,
				    struct weir_error *err)
{
	struct weir__list list = { .env = &of->env };
	enum weir_status status = WEIR_OK;

	if (options->glob)
		status = weir__list_add_fitting(&list, options->glob, err);
	if (status == WEIR_ERR_INVALID) {
		tell(of, WEIR_CHECK_WRONG, "%s; look at the pattern", err->text);
		status = WEIR_OK;
	}
	if (options->path && strcmp(options->path, "-") != 0)
		look_at(of, options->path, options);
	for (size_t i = 0; i < options->path_count; i++)
		look_at(of, options->paths[i], options);
	for (size_t i = 0; i < list.count; i++)
		look_at(of, list.paths[i], options);
	weir__list_release(&list);
	if (options->state_dir)
		look_at_state(of, options->state_dir);
	return status;
}

enum weir_status weir_file_check_source(const struct weir_env *env, const char *name,
					const struct weir_file_source_options *given,
					weir_check_fn *call, void *user, struct weir_error *err)
{
	const struct examination of = { weir__env_complete(env), "source", name ? name : "", call,
					user };
	struct weir_file_source_options options;
	struct weir_error reason;
	enum weir_status status = weir__options_read(given, &options, sizeof options,
						     "weir_file_source_options", &reason);

	if (status == WEIR_OK)
		status = look_at_all(&of, &options, &reason);
	if (status < 0 && err)
		*err = reason;
	return status;
}

/* ---- sinks ---- */

/* A file that is there already; 0, or errno. */
static int try_file(const char *path, bool *ret_is_there)
{
	struct stat about;

	*ret_is_there = stat(path, &about) == 0;
	if (!*ret_is_there)
		return errno == ENOENT ? 0 : errno;
	if (S_ISDIR(about.st_mode))
		return EISDIR;
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/* Of a recording the folder alone: no file of it is written to that is there already. */
static void look_at_target(const struct examination *of, const char *path, bool is_recording)
{
	char folder[NAME_BYTES];
	bool is_there = false;
	int os_error = is_recording ? 0 : try_file(path, &is_there);

	weir__folder_of(path, folder, sizeof folder);
	if (!os_error && !is_there)
		os_error = weir__folder_try(folder);
	if (!os_error)
		tell(of, WEIR_CHECK_OK, "'%s' can be %s", path, is_there ? "written to" : "made");
	else if (is_there || os_error == EISDIR)
		tell_os(of, "cannot write to", path, os_error);
	else
		tell_os(of, "cannot write to the folder", folder, os_error);
}

/* The first name it would give, of a recording; in the sink's folder. */
static bool name_target(const struct examination *of, const struct weir_file_sink_options *options,
			const char *name, bool is_recording, char *ret, size_t size)
{
	const bool is_inside = options->directory && *name != '/';
	char whole[NAME_BYTES];
	bool counts;

	if ((size_t)snprintf(whole, sizeof whole, "%s%s%s", is_inside ? options->directory : "",
			     is_inside ? "/" : "", name) >= sizeof whole)
		return false;
	if (is_recording)
		return weir__recording_name(whole, weir__wall_ms(&of->env), 1, ret, size,
					    &counts) < size;
	return (size_t)snprintf(ret, size, "%s", whole) < size;
}

static void look_at_targets(const struct examination *of,
			    const struct weir_file_sink_options *options,
			    const char *const *names, size_t count)
{
	const bool is_recording = options->compression || options->rotate_bytes ||
				  options->rotate_ms;
	char path[NAME_BYTES];

	for (size_t i = 0; i < count; i++) {
		if (name_target(of, options, names[i], is_recording, path, sizeof path))
			look_at_target(of, path, is_recording);
		else
			tell(of, WEIR_CHECK_WRONG, "a path of more than %d bytes; shorten it",
			     NAME_BYTES - 1);
	}
	if (count == 0) {
		const char *folder = options->directory ? options->directory : ".";
		const int os_error = weir__folder_try(folder);

		if (os_error)
			tell_os(of, "cannot write to the folder", folder, os_error);
		else
			tell(of, WEIR_CHECK_OK, "the folder '%s' can be written to", folder);
	}
}

enum weir_status weir_file_check_sink(const struct weir_env *env, const char *name,
				      const struct weir_file_sink_options *given,
				      const char *const *names, size_t name_count,
				      weir_check_fn *call, void *user, struct weir_error *err)
{
	const struct examination of = { weir__env_complete(env), "sink", name ? name : "", call,
					user };
	struct weir_file_sink_options options;

	if (weir__options_read(given, &options, sizeof options, "weir_file_sink_options", err) < 0)
		return WEIR_ERR_INVALID;
	if (options.path && strcmp(options.path, "-") == 0)
		return WEIR_OK;
	if (options.path)	/* all goes there, whatever destinations are named */
		look_at_targets(&of, &options, &options.path, 1);
	else
		look_at_targets(&of, &options, names, name_count);
	return WEIR_OK;
}
