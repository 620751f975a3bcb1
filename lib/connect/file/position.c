/* SPDX-License-Identifier: MIT */
/*
 * Positions on disk.
 *
 * Guarantees: whatever happens, kill -9 and a power cut included, the file holds one position or
 * the next, whole; what is not byte for byte what this would have written is refused, not guessed
 * at; one at a time has a position. Called by the file source.
 */
#include "connect/file/position.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <xxhash.h>

#include "ground/error.h"
#include "kit/text.h"

#define FIRST_LINE "weir file position 1\n"
#define MOST_BYTES 16384	/* of a file; a path has 4096 at most, three times that escaped */
#define NUMBERS_BYTES 512	/* all but the path */

/* The members, in the order of their lines. */
static const struct {
	const char *name;
	size_t at;
} members[] = {
	{ "device", offsetof(struct weir__place, identity.device) },
	{ "inode", offsetof(struct weir__place, identity.inode) },
	{ "modified_ns", offsetof(struct weir__place, identity.modified_ns) },
	{ "head_bytes", offsetof(struct weir__place, identity.head.len) },
	{ "head_hash", offsetof(struct weir__place, identity.head.hash) },
	{ "tail_end", offsetof(struct weir__place, identity.tail.end) },
	{ "tail_bytes", offsetof(struct weir__place, identity.tail.len) },
	{ "tail_hash", offsetof(struct weir__place, identity.tail.hash) },
	{ "offset", offsetof(struct weir__place, offset) },
};

#define MEMBERS (sizeof members / sizeof *members)

static uint64_t *member(struct weir__place *place, size_t index)
{
	return (uint64_t *)(void *)((char *)place + members[index].at);
}

/* ---- names ---- */

/* Whether it stands for itself: in a file's name, where there is more to mind, or in a line. */
static bool is_plain(unsigned char byte, bool in_name, bool is_first)
{
	if (!in_name)
		return byte >= ' ' && byte != '%' && byte != 0x7f;
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') || byte == '_' || byte == '-' ||
	       (byte == '.' && !is_first);
}

/* What does not stand for itself becomes %XX. NULL when out of memory. */
static char *escape(const struct weir_env *env, const char *text, bool in_name)
{
	size_t len = 0;
	char *out, *at;

	for (size_t i = 0; text[i]; i++)
		len += is_plain((unsigned char)text[i], in_name, i == 0) ? 1 : 3;
	out = at = weir__alloc(env, len + 1);
	for (size_t i = 0; out && text[i]; i++) {
		if (is_plain((unsigned char)text[i], in_name, i == 0))
			*at++ = text[i];
		else
			at += snprintf(at, 4, "%%%02X", (unsigned char)text[i]);
	}
	return out;
}

/* ---- open and close ---- */

static enum weir_status lock(struct weir__position *position, const char *path,
			     struct weir_error *err)
{
	position->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (position->lock_fd < 0)
		return weir__error_os(err, errno, "cannot open '%s'", path);
	if (flock(position->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return WEIR_OK;
	if (errno == EWOULDBLOCK)
		return weir_error_set(err, WEIR_ERR_STATE, WEIR_REMEDY_STOP,
				      "'%s' is locked: another source, here or in another process, "
				      "has this position", path);
	return weir__error_os(err, errno, "cannot lock '%s'", path);
}

/* The shown path and the room for a text with it, in place of those that were there. */
static enum weir_status show(struct weir__position *position, const char *file,
			     struct weir_error *err)
{
	const struct weir_env *env = position->env;
	char *shown = escape(env, file, false);
	const size_t size = shown ? strlen(shown) + NUMBERS_BYTES : 0;
	char *text = weir__alloc(env, size);

	if (text && size <= MOST_BYTES) {
		weir__text_free(env, position->shown);
		weir__free(env, position->text, position->text_size);
		position->shown = shown;
		position->text = text;
		position->text_size = size;
		return WEIR_OK;
	}
	weir__text_free(env, shown);
	weir__free(env, text, size);
	return text ? weir__error_invalid(err, "the path '%.100s…' is too long for a position",
					  file)
		    : weir__error_no_memory(err);
}

static enum weir_status fill(struct weir__position *position, const char *dir, const char *name,
			     const char *file, struct weir_error *err)
{
	const struct weir_env *env = position->env;
	char *safe = escape(env, name, true);
	char *lock_path = safe ? weir__text_format(env, "%s/%s.lock", dir, safe) : NULL;
	enum weir_status status;

	position->dir = weir__text_copy(env, dir);
	if (safe) {
		position->path = weir__text_format(env, "%s/%s.position", dir, safe);
		position->new_path = weir__text_format(env, "%s/%s.position.new", dir, safe);
	}
	if (!lock_path || !position->dir || !position->path || !position->new_path)
		status = weir__error_no_memory(err);
	else
		status = show(position, file, err);
	if (status == WEIR_OK && mkdir(dir, 0777) < 0 && errno != EEXIST)
		status = weir__error_os(err, errno, "cannot make the folder '%s'", dir);
	if (status == WEIR_OK)
		status = lock(position, lock_path, err);
	weir__text_free(env, lock_path);
	weir__text_free(env, safe);
	return status;
}

enum weir_status weir__position_open(struct weir__position *position, const struct weir_env *env,
				     const char *dir, const char *name, const char *file,
				     struct weir_error *err)
{
	enum weir_status status;

	*position = (struct weir__position){ .env = env, .lock_fd = -1 };
	status = fill(position, dir, name, file, err);
	if (status < 0)
		weir__position_close(position);
	return status;
}

void weir__position_close(struct weir__position *position)
{
	const struct weir_env *env = position->env;

	if (!env)
		return;
	if (position->lock_fd >= 0)
		close(position->lock_fd);
	weir__text_free(env, position->dir);
	weir__text_free(env, position->path);
	weir__text_free(env, position->new_path);
	weir__text_free(env, position->shown);
	weir__text_free(env, position->loaded);
	weir__free(env, position->text, position->text_size);
	*position = (struct weir__position){ .lock_fd = -1 };
}

/* ---- the text ---- */

static size_t add_number(char *text, size_t len, size_t size, const char *name, uint64_t number)
{
	return len + (size_t)snprintf(text + len, size - len, "%s %" PRIu64 "\n", name, number);
}

/* Writes it to `text`, which has room for this path and NUMBERS_BYTES. Answers its length. */
static size_t render(char *text, size_t size, struct weir_slice path, struct weir__place *place)
{
	size_t len = (size_t)snprintf(text, size, FIRST_LINE "path %.*s\n", (int)path.len,
				      (const char *)path.data);

	for (size_t i = 0; i < MEMBERS; i++)
		len = add_number(text, len, size, members[i].name, *member(place, i));
	return add_number(text, len, size, "check", XXH3_64bits(text, len));
}

/* The value of the line at *at, which must be "NAME VALUE\n"; goes on behind it. */
static bool take_line(const char **at, const char *name, struct weir_slice *ret)
{
	const size_t len = strlen(name);
	const char *end = strchr(*at, '\n');

	if (!end || strncmp(*at, name, len) != 0 || (*at)[len] != ' ')
		return false;
	*ret = (struct weir_slice){ *at + len + 1, (size_t)(end - (*at + len + 1)) };
	*at = end + 1;
	return true;
}

static bool is_possible(const struct weir__place *place)
{
	const struct weir__print *head = &place->identity.head;
	const struct weir__print *tail = &place->identity.tail;

	return place->offset <= INT64_MAX && tail->end <= INT64_MAX &&
	       head->len <= WEIR__PRINT_BYTES && tail->len <= WEIR__PRINT_BYTES &&
	       tail->len <= tail->end;
}

/* Terminated text of `len` bytes. Only what `render` makes of it is taken. */
static bool parse(const char *text, size_t len, struct weir__place *ret_place,
		  struct weir_slice *ret_path)
{
	const char *at = text + strlen(FIRST_LINE);
	char again[MOST_BYTES + 1];
	struct weir_slice value;

	*ret_place = (struct weir__place){ .offset = 0 };
	if (strncmp(text, FIRST_LINE, strlen(FIRST_LINE)) != 0 ||
	    !take_line(&at, "path", ret_path) || ret_path->len > MOST_BYTES - NUMBERS_BYTES)
		return false;
	for (size_t i = 0; i < MEMBERS; i++)
		if (!take_line(&at, members[i].name, &value) ||
		    !weir__text_to_u64(value, member(ret_place, i)))
			return false;
	ret_place->identity.head.end = ret_place->identity.head.len;
	return is_possible(ret_place) &&
	       render(again, sizeof again, *ret_path, ret_place) == len &&
	       memcmp(again, text, len) == 0;
}

/* ---- load and save ---- */

/* Reads at most `size` bytes; a file that has more fills it. */
static ssize_t read_whole(const char *path, char *bytes, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t len = 0;
	ssize_t now = -1;
	int os_error;

	if (fd < 0)
		return -1;
	while (len < size && (now = read(fd, bytes + len, size - len)) != 0) {
		if (now < 0 && errno != EINTR)
			break;
		len += now > 0 ? (size_t)now : 0;
	}
	os_error = errno;
	close(fd);
	errno = os_error;
	return now < 0 ? -1 : (ssize_t)len;
}

enum weir_status weir__position_load(struct weir__position *position,
				     struct weir__place *ret_place, struct weir_error *err)
{
	char text[MOST_BYTES + 1];
	const ssize_t len = read_whole(position->path, text, MOST_BYTES);
	struct weir__place place;
	struct weir_slice path;

	if (len < 0 && errno == ENOENT)
		return WEIR_END;
	if (len < 0)
		return weir__error_os(err, errno, "cannot read '%s'", position->path);
	text[len] = '\0';
	if (!parse(text, (size_t)len, &place, &path))
		return weir_error_set(err, WEIR_ERR_CORRUPT, WEIR_REMEDY_STOP,
				      "'%s' is damaged, or of another release: remove it to begin "
				      "at the start of the file", position->path);
	weir__text_free(position->env, position->loaded);
	position->loaded = weir__text_copy_n(position->env, path.data, path.len);
	if (!position->loaded)
		return weir__error_no_memory(err);
	*ret_place = place;
	return WEIR_OK;
}

enum weir_status weir__position_is_of(const struct weir__position *position, const char *file,
				      bool *ret, struct weir_error *err)
{
	char *shown = escape(position->env, file, false);

	if (!shown)
		return weir__error_no_memory(err);
	*ret = strcmp(shown, position->loaded) == 0;
	weir__text_free(position->env, shown);
	return WEIR_OK;
}

static bool write_whole(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		const ssize_t now = write(fd, bytes, len);

		if (now < 0 && errno == EINTR)
			continue;
		if (now < 0)
			return false;
		bytes += now;
		len -= (size_t)now;
	}
	return true;
}

static enum weir_status write_new(const struct weir__position *position, size_t len,
				  struct weir_error *err)
{
	const int fd = open(position->new_path,
			    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	int os_error;
	bool is_safe;

	if (fd < 0)
		return weir__error_os(err, errno, "cannot make '%s'", position->new_path);
	is_safe = write_whole(fd, position->text, len) && fsync(fd) == 0;
	os_error = errno;
	close(fd);
	if (!is_safe)
		return weir__error_os(err, os_error, "cannot write '%s'", position->new_path);
	return WEIR_OK;
}

static enum weir_status sync_dir(const struct weir__position *position, struct weir_error *err)
{
	const int fd = open(position->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int os_error = errno;
	bool is_safe;

	/* EINVAL: this file system has no such thing. */
	is_safe = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
	if (fd >= 0) {
		os_error = errno;
		close(fd);
	}
	return is_safe ? WEIR_OK
		       : weir__error_os(err, os_error, "cannot sync '%s'", position->dir);
}

enum weir_status weir__position_save(struct weir__position *position, const char *file,
				     const struct weir__place *place, struct weir_error *err)
{
	struct weir__place copy = *place;
	struct weir_slice path;
	enum weir_status status = show(position, file, err);

	if (status < 0)
		return status;
	path = (struct weir_slice){ position->shown, strlen(position->shown) };
	status = write_new(position,
			   render(position->text, position->text_size, path, &copy), err);
	if (status < 0)
		return status;
	if (rename(position->new_path, position->path) < 0)
		return weir__error_os(err, errno, "cannot rename '%s'", position->new_path);
	return sync_dir(position, err);
}
