/* SPDX-License-Identifier: MIT */
/*
 * The folder of a spool.
 *
 * Guarantees: one holder at a time, be it in another process or in this one (flock belongs to the
 * open file, not to the process); the system gives the lock back when its holder dies, however.
 * Callers: the store and the inspection.
 */
#include "connect/spool/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_FILE "lock"
#define SECTOR_BYTES 4096

int weir__read_at(int fd, void *bytes, size_t len, uint64_t offset)
{
	for (size_t done = 0; done < len;) {
		const ssize_t got = pread(fd, (char *)bytes + done, len - done,
					  (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? errno : EIO;
		done += (size_t)got;
	}
	return 0;
}

void weir__read_most(int fd, uint8_t *bytes, size_t len, uint64_t offset)
{
	if (weir__read_at(fd, bytes, len, offset) == 0)
		return;
	for (size_t done = 0; done < len; done += SECTOR_BYTES) {
		const size_t part = len - done < SECTOR_BYTES ? len - done : SECTOR_BYTES;

		if (weir__read_at(fd, bytes + done, part, offset + done))
			memset(bytes + done, 0, part);
	}
}

static int write_all(int fd, const void *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		const ssize_t put = write(fd, (const char *)bytes + done, len - done);

		if (put < 0 && errno != EINTR)
			return errno;
		if (put > 0)
			done += (size_t)put;
	}
	return fdatasync(fd) < 0 ? errno : 0;
}

int weir__file_put(const struct weir__folder *folder, const char *name, const void *bytes,
		   size_t len)
{
	const int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int os_error;

	if (fd < 0)
		return errno == EEXIST ? 0 : errno;
	os_error = write_all(fd, bytes, len);
	close(fd);
	if (os_error)
		unlinkat(folder->fd, name, 0);
	return os_error;
}

bool weir__is_full(int os_error)
{
	return os_error == ENOSPC || os_error == EDQUOT || os_error == EFBIG;
}

static enum weir_status lock(struct weir__folder *folder, bool writes, struct weir_error *err)
{
	char holder[24] = "";
	int len;

	folder->lock_fd = openat(folder->fd, LOCK_FILE,
				 (writes ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0600);
	if (folder->lock_fd < 0)
		return weir__error_os(err, errno, "cannot open '%.120s/" LOCK_FILE "'",
				      folder->path);
	if (flock(folder->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		const int os_error = errno;

		if (os_error != EWOULDBLOCK)
			return weir__error_os(err, os_error, "cannot lock '%.120s'", folder->path);
		if (pread(folder->lock_fd, holder, sizeof holder - 1, 0) < 0)
			holder[0] = '\0';
		holder[strcspn(holder, "\n")] = '\0';
		return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP,
				      "'%.120s' is in use by process %s: stop it, or give this one "
				      "another folder",
				      folder->path, *holder ? holder : "unknown");
	}
	if (!writes)
		return WEIR_OK;
	len = snprintf(holder, sizeof holder, "%ld\n", (long)getpid());
	if (ftruncate(folder->lock_fd, 0) < 0 ||
	    pwrite(folder->lock_fd, holder, (size_t)len, 0) < 0)
		return WEIR_OK;	/* the lock is what counts, not who is said to have it */
	return WEIR_OK;
}

enum weir_status weir__folder_open(struct weir__folder *folder, const char *path, bool makes,
				   struct weir_error *err)
{
	enum weir_status status;

	*folder = (struct weir__folder){ .path = path, .fd = -1, .lock_fd = -1 };
	if (makes && mkdir(path, 0700) < 0 && errno != EEXIST)
		return weir__error_os(err, errno, "cannot make the folder '%.150s'", path);
	folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder->fd < 0)
		return weir__error_os(err, errno, "cannot open the folder '%.150s'", path);
	status = lock(folder, makes, err);
	if (status < 0)
		weir__folder_close(folder);
	return status;
}

void weir__folder_close(struct weir__folder *folder)
{
	if (folder->lock_fd >= 0)
		close(folder->lock_fd);
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = folder->lock_fd = -1;
}
