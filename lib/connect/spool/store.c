/* SPDX-License-Identifier: MIT */
/*
 * The store: LMDB as the one who makes changes whole.
 *
 *     key 0           the state: seed, session, next number, position, commits
 *     key of 8 bytes  number of a batch's first message, big-endian; the batch, on pages of its own
 *
 * Invariants: a batch, the position and the deletions it allows are one transaction; batches lie in
 * the first max_bytes of the file (but for one that has the spool for itself), so that behind them
 * there is always room for what a deletion writes: a full spool can be emptied. No lock file and no
 * readers of LMDB's: the folder's lock has been taken before, and one thread calls at a time.
 * Callers: opening (pipeline's thread), the writer, the salvage.
 */
#include "connect/spool/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lmdb.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connect/spool/pages.h"
#include "connect/spool/salvage.h"

#define SLACK_BYTES (16u << 20)
#define TREE_BYTES (4u << 20)	/* of the slack: never for a batch */
#define MOST_DELETED 256	/* batches, in one commit */
#define LAG 2

#define KEY_BYTES 8

/* ---- errors ---- */

static enum weir_status say(const struct weir__store *store, int rc, const char *what,
			    struct weir_error *err)
{
	if (rc > 0)
		return weir__error_os(err, rc, "cannot %s '%.100s'", what, store->path);
	return weir_error_set(err, rc == MDB_PANIC ? WEIR_ERR_IO : WEIR_ERR_CORRUPT,
			      WEIR_REMEDY_STOP, "cannot %s '%.100s': %.80s", what, store->path,
			      mdb_strerror(rc));
}

static enum weir_status say_full(const struct weir__store *store, int rc, struct weir_error *err)
{
	if (rc > 0)
		weir__error_os(err, rc, "cannot write '%.120s', which goes on when there is room",
			       store->path);
	else
		weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_RETRY,
			       "full: %" PRIu64 " of %" PRIu64 " bytes wait in '%.100s'; raise "
			       "max_bytes, or see what is behind it",
			       store->used_bytes, store->max_bytes, store->path);
	return WEIR_AGAIN;
}

/* ---- changes ---- */

static MDB_val key_val(uint64_t number, uint8_t bytes[KEY_BYTES])
{
	for (size_t i = 0; i < KEY_BYTES; i++)
		bytes[i] = (uint8_t)(number >> (56 - 8 * i));
	return (MDB_val){ KEY_BYTES, bytes };
}

static uint64_t key_number(const MDB_val *key)
{
	uint64_t number = 0;

	for (size_t i = 0; i < KEY_BYTES; i++)
		number = number << 8 | ((const uint8_t *)key->mv_data)[i];
	return number;
}

/* A batch never shares a page: it is at least as long as LMDB puts on pages of their own. */
static size_t stored_len(const struct weir__store *store, size_t len)
{
	return len < store->page_size / 2 ? store->page_size / 2 : len;
}

uint64_t weir__store_room(const struct weir__store *store, size_t len)
{
	const uint64_t pages = (stored_len(store, len) + WEIR__PAGE_HEAD + store->page_size - 1) /
			       store->page_size;

	return pages * store->page_size;
}

/* The batches before the position, as far as the next one's number says that they are. */
static int find_settled(const struct weir__store *store, MDB_txn *txn, uint64_t settled,
			uint64_t keys[MOST_DELETED], size_t *ret_count, uint64_t *ret_bytes)
{
	uint8_t bytes[KEY_BYTES];
	MDB_val key = key_val(1, bytes), data;
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(txn, store->dbi, &cursor);

	if (rc)
		return rc;
	rc = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE);
	while (!rc && *ret_count < MOST_DELETED) {
		const uint64_t number = key_number(&key), room = weir__store_room(store,
										  data.mv_size);
		uint64_t end = store->state.next;

		rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
		if (!rc)
			end = key_number(&key);
		if ((rc && rc != MDB_NOTFOUND) || end > settled)
			break;
		keys[(*ret_count)++] = number;
		*ret_bytes += room;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int delete_settled(const struct weir__store *store, MDB_txn *txn, uint64_t settled,
			  uint64_t *ret_bytes)
{
	uint64_t keys[MOST_DELETED];
	uint8_t bytes[KEY_BYTES];
	size_t count = 0;
	int rc;

	*ret_bytes = 0;
	rc = find_settled(store, txn, settled, keys, &count, ret_bytes);
	for (size_t i = 0; i < count && !rc; i++) {
		MDB_val key = key_val(keys[i], bytes);

		rc = mdb_del(txn, store->dbi, &key, NULL);
	}
	return rc;
}

/* MDB_MAP_FULL also when it would lie where only the trees may. */
static int put_batch(const struct weir__store *store, MDB_txn *txn,
		     const struct weir__commit *commit, uint64_t used, uint64_t *ret_offset)
{
	const uint64_t room = weir__store_room(store, commit->len);
	const uint64_t limit = used ? store->max_bytes : store->map_bytes - TREE_BYTES;
	uint8_t bytes[KEY_BYTES];
	MDB_val key = key_val(commit->first, bytes);
	MDB_val data = { stored_len(store, commit->len), NULL };
	uint64_t page;
	int rc;

	if (used + room > limit)
		return MDB_MAP_FULL;
	rc = mdb_put(txn, store->dbi, &key, &data, MDB_RESERVE | MDB_NOOVERWRITE | MDB_APPEND);
	if (rc)
		return rc;
	memcpy(&page, (const uint8_t *)data.mv_data - WEIR__PAGE_HEAD, sizeof page);
	if (page * store->page_size + room > limit)
		return MDB_MAP_FULL;
	memcpy(data.mv_data, commit->bytes, commit->len);
	memset((uint8_t *)data.mv_data + commit->len, 0, data.mv_size - commit->len);
	*ret_offset = page * store->page_size + WEIR__PAGE_HEAD;
	return 0;
}

static int put_state(const struct weir__store *store, MDB_txn *txn,
		     const struct weir__spool_state *state)
{
	uint8_t bytes[WEIR__STATE_BYTES], number[KEY_BYTES];
	MDB_val key = key_val(0, number), data = { sizeof bytes, bytes };

	weir__state_pack(state, bytes);
	return mdb_put(txn, store->dbi, &key, &data, 0);
}

/*
 * LMDB says EIO also of a write that a full disk has cut short. Then there is no room for more of
 * the file either, or there was none a moment ago: only if the next write fails as well it is what
 * it says.
 */
static int tell_short_write(struct weir__store *store, size_t len)
{
	const bool was_short = store->was_short;
	struct stat stat;
	int os_error;

	if (fstat(store->fd, &stat) < 0)
		return EIO;
	os_error = posix_fallocate(store->fd, stat.st_size, (off_t)(len + TREE_BYTES));
	store->was_short = os_error == 0;
	if (os_error == 0 && !was_short)
		return ENOSPC;
	return weir__is_full(os_error) ? os_error : EIO;
}

/* One transaction; what it changed here is changed only when it is through. */
static int change(struct weir__store *store, const struct weir__commit *commit, bool with_batch,
		  uint64_t *ret_offset)
{
	struct weir__spool_state state = store->state;
	uint64_t freed = 0;
	MDB_txn *txn;
	int rc = mdb_txn_begin(store->mdb, NULL, 0, &txn);

	if (rc)
		return rc;
	if (commit->settled > state.settled)
		state.settled = commit->settled;
	state.commits++;
	rc = delete_settled(store, txn, state.settled, &freed);
	if (!rc && with_batch) {
		rc = put_batch(store, txn, commit, store->used_bytes - freed, ret_offset);
		state.next = commit->first + commit->count;
	}
	if (!rc)
		rc = put_state(store, txn, &state);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	rc = mdb_txn_commit(txn);
	if (rc)
		return rc == EIO ? tell_short_write(store, with_batch ? commit->len : 0) : rc;
	store->was_short = false;
	store->state = state;
	store->used_bytes -= freed;
	if (with_batch)
		store->used_bytes += weir__store_room(store, commit->len);
	store->lagging = freed ? LAG : store->lagging - (store->lagging > 0);
	return 0;
}

static bool is_lack_of_room(int rc)
{
	return rc == MDB_MAP_FULL || (rc > 0 && weir__is_full(rc));
}

/*
 * Without room, the position alone is stored, and what is settled deleted: LMDB uses its pages
 * again from the second transaction after that on.
 */
enum weir_status weir__store_commit(struct weir__store *store, const struct weir__commit *commit,
				    uint64_t *ret_offset, struct weir_error *err)
{
	const bool has_batch = commit->bytes != NULL;
	int rc = change(store, commit, has_batch, ret_offset);

	for (unsigned i = 0; has_batch && is_lack_of_room(rc) && i <= LAG; i++) {
		if (commit->settled <= store->state.settled && !store->lagging)
			break;
		if (change(store, commit, false, ret_offset))
			break;
		rc = change(store, commit, true, ret_offset);
	}
	if (!rc)
		return WEIR_OK;
	return is_lack_of_room(rc) ? say_full(store, rc, err) : say(store, rc, "write", err);
}

enum weir_status weir__store_sync(struct weir__store *store, struct weir_error *err)
{
	const int rc = mdb_env_sync(store->mdb, 1);

	return rc ? say(store, rc, "write", err) : WEIR_OK;
}

/* ---- opening ---- */

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static int open_mdb(struct weir__store *store, uint64_t file_bytes)
{
	const unsigned flags = MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS | MDB_NORDAHEAD |
			       (store->syncs ? 0 : MDB_NOSYNC);
	MDB_env *env = NULL;
	int rc = mdb_env_create(&env);

	if (rc)
		return rc;
	store->map_bytes = most(store->max_bytes + store->max_bytes / 4, file_bytes) + SLACK_BYTES;
	rc = mdb_env_set_mapsize(env, store->map_bytes);
	if (!rc)
		rc = mdb_env_open(env, store->path, flags, 0600);
	if (rc) {
		mdb_env_close(env);
		return rc;
	}
	store->mdb = env;
	return 0;
}

/* The main tree's handle; in a new file the first state, too. */
static int begin(struct weir__store *store, bool is_new)
{
	MDB_stat stat;
	MDB_txn *txn;
	int rc = mdb_env_stat(store->mdb, &stat);

	store->page_size = rc ? 0 : stat.ms_psize;
	if (!rc)
		rc = mdb_txn_begin(store->mdb, NULL, is_new ? 0 : MDB_RDONLY, &txn);
	if (rc)
		return rc;
	rc = mdb_dbi_open(txn, NULL, 0, &store->dbi);
	if (!rc && is_new)
		rc = put_state(store, txn, &store->state);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

enum weir_status weir__store_attach(struct weir__store *store, bool is_new, struct weir_error *err)
{
	struct stat stat = { .st_size = 0 };
	int major, minor, rc;

	mdb_version(&major, &minor, NULL);
	if (major != 0 || minor != 9)
		return weir_error_set(err, WEIR_ERR_UNSUPPORTED, WEIR_REMEDY_STOP,
				      "LMDB %d.%d writes files that this release cannot check; it "
				      "needs 0.9",
				      major, minor);
	store->path = weir__text_format(store->env, "%s/%s", store->dir, store->name);
	if (!store->path)
		return weir__error_no_memory(err);
	store->fd = openat(store->folder.fd, store->name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->fd < 0 || fstat(store->fd, &stat) < 0)
		rc = errno;
	else
		rc = open_mdb(store, (uint64_t)stat.st_size);
	if (!rc)
		rc = begin(store, is_new);
	if (!rc && is_new && fsync(store->folder.fd) < 0)
		rc = errno;
	if (rc) {
		say(store, rc, "open", err);
		weir__store_detach(store);
		return err->status;
	}
	return WEIR_OK;
}

void weir__store_detach(struct weir__store *store)
{
	if (store->mdb)
		mdb_env_close(store->mdb);
	if (store->fd >= 0)
		close(store->fd);
	store->path = weir__text_free(store->env, store->path);
	store->mdb = NULL;
	store->fd = -1;
}

/* Checks what is there. WEIR_END: nothing is. */
static enum weir_status examine(struct weir__store *store, struct weir__index *index,
				struct weir_error *err)
{
	struct weir__pages pages = { .env = store->env, .index = index };
	struct stat stat;
	enum weir_status status = WEIR_OK;

	pages.fd = openat(store->folder.fd, store->name, O_RDONLY | O_CLOEXEC);
	if (pages.fd < 0 && errno == ENOENT)
		return WEIR_END;
	if (pages.fd < 0 || fstat(pages.fd, &stat) < 0 || !S_ISREG(stat.st_mode))
		status = weir__error_os(err, pages.fd < 0 ? errno : EINVAL,
					"cannot open '%.120s/%s'", store->dir, store->name);
	else if (stat.st_size == 0)
		status = WEIR_END;
	else {
		pages.file_bytes = (uint64_t)stat.st_size;
		status = weir__pages_check(&pages, err);
		if (status == WEIR_OK && !pages.has_state)
			status = WEIR_END;
		store->damaged_heads = pages.damaged_heads;
		store->state = pages.state;
		if (status == WEIR_ERR_CORRUPT)
			status = weir__salvage(store, &pages, err);
	}
	if (pages.fd >= 0)
		close(pages.fd);
	return status;
}

/* A session is later than all before it, also when the clock was set back. */
static enum weir_status begin_session(struct weir__store *store, bool is_new,
				      struct weir_error *err)
{
	const uint64_t now_ms = weir__wall_ms(store->env);
	struct weir__spool_state *state = &store->state;

	if (is_new) {
		*state = (struct weir__spool_state){ .next = 1, .settled = 1 };
		if (!weir__random(store->env, &state->seed, sizeof state->seed))
			return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP,
					      "no random bytes to be had");
	}
	state->session = now_ms > state->session ? now_ms : state->session + 1;
	return WEIR_OK;
}

static enum weir_status open_file(struct weir__store *store, struct weir__index *index,
				  struct weir_error *err)
{
	enum weir_status status = examine(store, index, err);
	bool is_new;

	if (status == WEIR_AGAIN) {	/* salvaged: a new file, with the same name */
		weir__index_release(index);
		status = examine(store, index, err);
		if (status == WEIR_AGAIN)
			return weir_error_set(err, WEIR_ERR_CORRUPT, WEIR_REMEDY_STOP,
					      "'%.120s' is damaged again", store->dir);
	}
	is_new = status == WEIR_END;
	if (status >= 0)
		status = begin_session(store, is_new, err);
	if (status >= 0)
		status = weir__store_attach(store, is_new, err);
	if (status < 0)
		return status;
	for (size_t i = 0; i < index->count; i++)
		store->used_bytes += weir__store_room(store, (size_t)weir__index_at(index, i)->len);
	return WEIR_OK;
}

enum weir_status weir__store_open(struct weir__store *store, struct weir__index *index,
				  struct weir_error *err)
{
	enum weir_status status;

	store->fd = -1;
	status = weir__folder_open(&store->folder, store->dir, true, err);
	if (status < 0)
		return status;
	status = open_file(store, index, err);
	if (status < 0) {
		weir__index_release(index);
		weir__folder_close(&store->folder);
	}
	return status;
}

void weir__store_close(struct weir__store *store)
{
	weir__store_detach(store);
	weir__folder_close(&store->folder);
}
