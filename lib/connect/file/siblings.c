/* SPDX-License-Identifier: MIT */
/*
 * Looking through a folder.
 *
 * Guarantees: opens plain files only, and none that it need not; one pass over the folder a look,
 * which keeps the best file so far. A rotated file follows another when it was written to later, or
 * at the same time and is not among those to be skipped: so a walk from each to the next ends.
 * Called by the reader.
 */
#include "connect/file/siblings.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ground/env.h"
#include "ground/error.h"

struct look {
	weir_port *port;
	const char *path;
	const char *base;	/* the name in it */
	size_t base_len;
	const struct weir__identity *identity;
	uint64_t offset;
	const struct weir__identity *skip;
	size_t skip_count;
	int dir_fd;
	struct weir__sibling best;
	uint64_t best_rank;
	struct weir_error *err;
};

/* Judges one entry of the folder; keeps it when it is the best so far. Below zero ends the look. */
typedef enum weir_status judge_fn(struct look *look, const char *name, const struct stat *stat);

/* ---- one entry ---- */

static enum weir_status keep(struct look *look, int fd, const char *name)
{
	const struct weir_env *env = weir_port_env(look->port);
	char *path = weir__text_format(env, "%.*s%s", (int)(look->base - look->path), look->path,
				       name);

	if (!path) {
		close(fd);
		return weir__error_no_memory(look->err);
	}
	weir__sibling_release(look->port, &look->best);
	look->best = (struct weir__sibling){ fd, path };
	return WEIR_OK;
}

static int open_entry(const struct look *look, const char *name)
{
	return openat(look->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* Opens it, and keeps it when it holds what was looked for. */
static enum weir_status keep_fitting(struct look *look, const char *name)
{
	const int fd = open_entry(look, name);

	if (fd < 0)
		return WEIR_OK;
	if (weir__identity_fits(look->identity, fd, look->offset))
		return keep(look, fd, name);
	close(fd);
	return WEIR_OK;
}

static enum weir_status judge_inode(struct look *look, const char *name, const struct stat *stat)
{
	if (look->best.fd >= 0 || !weir__identity_is_place(look->identity, stat))
		return WEIR_OK;
	return keep_fitting(look, name);
}

static bool begins_with_base(const struct look *look, const char *name)
{
	return strncmp(name, look->base, look->base_len) == 0 && name[look->base_len];
}

static enum weir_status judge_print(struct look *look, const char *name, const struct stat *stat)
{
	const uint64_t size = (uint64_t)stat->st_size;
	const int before = look->best.fd;
	enum weir_status status;

	if (!begins_with_base(look, name) || size < look->offset ||
	    (before >= 0 && size <= look->best_rank))
		return WEIR_OK;
	status = keep_fitting(look, name);
	if (look->best.fd != before)
		look->best_rank = size;
	return status;
}

enum rotated { NOT_ROTATED, ROTATED, COMPRESSED };

/* By what stands behind the file's name: a number or a date, and what a compressor adds. */
static enum rotated tell_rotated(const struct look *look, const char *name)
{
	static const char *const endings[] = { ".gz", ".xz", ".bz2", ".zst", ".lz4", ".lzo", ".Z" };
	const char *at = name + look->base_len;
	size_t len;

	if (!begins_with_base(look, name))
		return NOT_ROTATED;
	len = strspn(at, "0123456789.-_:T");
	if (!at[len] && strpbrk(at, "0123456789"))
		return ROTATED;
	while (len > 0 && at[len - 1] == '.')
		len--;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (strcmp(at + len, endings[i]) == 0)
			return COMPRESSED;
	return NOT_ROTATED;
}

static bool is_skipped(const struct look *look, const struct stat *stat)
{
	for (size_t i = 0; i < look->skip_count; i++)
		if (weir__identity_is_place(&look->skip[i], stat))
			return true;
	return weir__identity_is_place(look->identity, stat);
}

static enum weir_status judge_next(struct look *look, const char *name, const struct stat *stat)
{
	const uint64_t modified_ns = weir__modified_ns(stat);
	const enum rotated rotated = tell_rotated(look, name);
	int fd;

	if (rotated == NOT_ROTATED || modified_ns < look->identity->modified_ns ||
	    stat->st_size == 0 || is_skipped(look, stat))
		return WEIR_OK;
	if (rotated == COMPRESSED) {
		if (modified_ns > look->identity->modified_ns)
			weir_port_log(look->port, WEIR_LOG_WARN,
				      "'%s' was written to since, and is compressed: not read",
				      name);
		return WEIR_OK;
	}
	if (look->best.fd >= 0 && modified_ns >= look->best_rank)
		return WEIR_OK;
	fd = open_entry(look, name);
	if (fd < 0) {
		weir_port_log(look->port, WEIR_LOG_WARN,
			      "'%s' was written to since, and cannot be opened: not read", name);
		return WEIR_OK;
	}
	look->best_rank = modified_ns;
	return keep(look, fd, name);
}

/* ---- the folder ---- */

static DIR *open_folder(struct look *look)
{
	const char *slash = strrchr(look->path, '/');
	const struct weir_env *env = weir_port_env(look->port);
	char *name;
	DIR *dir;

	look->base = slash ? slash + 1 : look->path;
	look->base_len = strlen(look->base);
	name = slash ? weir__text_copy_n(env, look->path, (size_t)(slash - look->path) + 1)
		     : weir__text_copy(env, ".");
	dir = name ? opendir(name) : NULL;
	if (name && !dir)
		weir_port_log(look->port, WEIR_LOG_WARN,
			      "cannot look through '%s' for rotated files", name);
	if (!name)
		weir__error_no_memory(look->err);
	weir__text_free(env, name);
	return dir;
}

static enum weir_status look_through(struct look *look, judge_fn *judge, struct weir__sibling *ret)
{
	enum weir_status status = WEIR_OK;
	const struct dirent *entry;
	struct stat stat;
	DIR *dir;

	look->best = (struct weir__sibling){ .fd = -1 };
	weir__error_begin(look->err);
	dir = open_folder(look);
	if (!dir) {
		*ret = look->best;
		return look->err->status;
	}
	look->dir_fd = dirfd(dir);
	while (status == WEIR_OK && (entry = readdir(dir)))
		if (strcmp(entry->d_name, look->base) != 0 &&
		    fstatat(look->dir_fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(stat.st_mode))
			status = judge(look, entry->d_name, &stat);
	closedir(dir);
	if (status < 0)
		weir__sibling_release(look->port, &look->best);
	*ret = look->best;
	return status;
}

enum weir_status weir__sibling_by_inode(weir_port *port, const char *path,
					const struct weir__identity *identity, uint64_t offset,
					struct weir__sibling *ret, struct weir_error *err)
{
	struct look look = { .port = port, .path = path, .identity = identity,
			     .offset = offset, .err = err };

	return look_through(&look, judge_inode, ret);
}

enum weir_status weir__sibling_by_print(weir_port *port, const char *path,
					const struct weir__identity *identity, uint64_t offset,
					struct weir__sibling *ret, struct weir_error *err)
{
	struct look look = { .port = port, .path = path, .identity = identity,
			     .offset = offset, .err = err };

	return look_through(&look, judge_print, ret);
}

enum weir_status weir__sibling_next(weir_port *port, const char *path,
				    const struct weir__identity *identity,
				    const struct weir__identity *skip, size_t skip_count,
				    struct weir__sibling *ret, struct weir_error *err)
{
	struct look look = { .port = port, .path = path, .identity = identity,
			     .skip = skip, .skip_count = skip_count, .err = err };

	return look_through(&look, judge_next, ret);
}

void weir__sibling_release(weir_port *port, struct weir__sibling *sibling)
{
	if (sibling->fd >= 0)
		close(sibling->fd);
	weir__text_free(weir_port_env(port), sibling->path);
	*sibling = (struct weir__sibling){ .fd = -1 };
}
