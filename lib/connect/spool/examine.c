/* SPDX-License-Identifier: MIT */
/*
 * Checks of a spool's folder.
 *
 * Guarantees: nothing is made that stays, no lock is kept, no message is read. Callers:
 * applications, the checks of configurations.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "connect/spool/disk.h"
#include "connect/spool/internal.h"
#include "ground/folder.h"
#include "ground/options.h"
#include "weir/check.h"

#define PATH_BYTES 4096
#define SLACK_BYTES (UINT64_C(16) << 20)

struct examination {
	const char *name;
	weir_check_fn *tell;
	void *user;
};

static void tell(const struct examination *of, enum weir_check what, const char *format, ...)
	WEIR_PRINTF(3, 4);

static void tell(const struct examination *of, enum weir_check what, const char *format, ...)
{
	char words[PATH_BYTES + 256], text[PATH_BYTES + 384];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	snprintf(text, sizeof text, "spool %.80s: %s", of->name, words);
	of->tell(of->user, what, text);
}

static void tell_os(const struct examination *of, const char *what, const char *path, int os_error)
{
	struct weir_error reason;

	weir__error_os(&reason, os_error, "%s '%.150s'", what, path);
	tell(of, WEIR_CHECK_WRONG, "%s; make it, allow this user to, or name another", reason.text);
}

/* The lock that disk.c takes. */
static bool is_in_use(const char *dir)
{
	char path[PATH_BYTES];
	bool is;
	int fd;

	if ((size_t)snprintf(path, sizeof path, "%s/lock", dir) >= sizeof path)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	is = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return is;
}

/* What the queue's file takes already. */
static uint64_t used_bytes(const char *dir)
{
	char path[PATH_BYTES];
	struct stat about;

	if ((size_t)snprintf(path, sizeof path, "%s/" WEIR__SPOOL_FILE, dir) >= sizeof path ||
	    stat(path, &about) < 0)
		return 0;
	return (uint64_t)about.st_blocks * 512;
}

/* The file grows to max_bytes, a quarter more, and what LMDB needs. */
static void look_at_space(const struct examination *of, const char *dir, uint64_t used,
			  uint64_t max_bytes)
{
	const uint64_t want = max_bytes > UINT64_MAX / 2 ? UINT64_MAX
						       : max_bytes + max_bytes / 4 + SLACK_BYTES;
	struct statvfs disk;
	uint64_t free_bytes;

	if (statvfs(dir, &disk) < 0)
		return;
	free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize + used;
	if (free_bytes < want)
		tell(of, WEIR_CHECK_WRONG, "max_bytes is %" PRIu64 ", which may take %" PRIu64
		     " on disk, and %" PRIu64 " are free; set it lower, or make room", max_bytes,
		     want, free_bytes);
	else
		tell(of, WEIR_CHECK_OK, "the disk has room for its %" PRIu64 " bytes", max_bytes);
}

static void look_at(const struct examination *of, const char *dir, uint64_t max_bytes)
{
	char parent[PATH_BYTES];
	struct stat about;
	int os_error;

	weir__folder_of(dir, parent, sizeof parent);
	if (stat(dir, &about) < 0) {
		os_error = errno == ENOENT ? weir__folder_try(parent) : errno;
		if (os_error) {
			tell_os(of, "cannot make the folder", dir, os_error);
			return;
		}
		tell(of, WEIR_CHECK_OK, "the folder '%s' can be made", dir);
		look_at_space(of, parent, 0, max_bytes);
		return;
	}
	os_error = S_ISDIR(about.st_mode) ? weir__folder_try(dir) : ENOTDIR;
	if (os_error) {
		tell_os(of, "cannot write to the folder", dir, os_error);
	} else if (is_in_use(dir)) {
		tell(of, WEIR_CHECK_WRONG, "'%s' is in use by another pipeline; stop it, or name "
		     "another folder", dir);
	} else {
		tell(of, WEIR_CHECK_OK, "the folder '%s' can be written to%s", dir,
		     used_bytes(dir) ? ", what is in it comes first" : "");
		look_at_space(of, dir, used_bytes(dir), max_bytes);
	}
}

enum weir_status weir_spool_check(const struct weir_env *env, const char *name,
				  const struct weir_spool_options *given, weir_check_fn *call,
				  void *user, struct weir_error *err)
{
	const struct examination of = { name ? name : "", call, user };
	struct weir_spool_options options;

	(void)env;
	if (weir__options_read(given, &options, sizeof options, "weir_spool_options", err) < 0)
		return WEIR_ERR_INVALID;
	if (!options.dir || !*options.dir || strlen(options.dir) >= PATH_BYTES)
		return weir__error_invalid(err, "spool '%s': dir is needed", of.name);
	look_at(&of, options.dir, options.max_bytes ? options.max_bytes : WEIR__SPOOL_BYTES);
	return WEIR_OK;
}
