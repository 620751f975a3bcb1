/* SPDX-License-Identifier: MIT */
/*
 * The salvage: every sound record of a damaged file that is not known to be settled goes into a new
 * one, in order, with its number; then the new file takes the old one's name.
 *
 * Guarantees: the damaged file is never deleted nor changed, it gets another name beside the new
 * one; whatever happens on the way, the spool's name leads to one of the two, whole. Caller: the
 * store, when it is opened.
 */
#include "connect/spool/salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connect/spool/scan.h"

#define NEW_FILE "salvage.mdb"

/* The records from `from` up to `upto`, their head before them. */
static struct weir__commit cut(const struct weir__salvaged *salvaged, const struct weir__run *run,
			       uint8_t *bytes)
{
	const size_t len = WEIR__BATCH_HEAD + (size_t)run->bytes;
	const uint64_t seed = salvaged->state.seed;
	struct weir__batch_walk walk = weir__batch_walk(bytes, len, seed, run->from, run->upto);
	struct weir__record record;
	struct weir__commit commit = { .first = run->from };
	size_t begin = 0;

	while (weir__batch_walk_next(&walk, &record)) {
		if (commit.count == 0)
			begin = walk.at - WEIR__BATCH_HEAD;
		weir__batch_walk_on(&walk, &record);
		commit.count++;
	}
	commit.bytes = bytes + begin;
	commit.len = walk.at - begin;
	return commit;
}

/* The walk runs to the end of the bytes when the run is cut short: the length is of the records. */
static size_t records_len(const struct weir__commit *commit, uint64_t seed)
{
	size_t at = WEIR__BATCH_HEAD;
	struct weir__record record;

	for (uint64_t i = 0; i < commit->count; i++) {
		if (!weir__record_peek(commit->bytes + at, seed, &record))
			break;
		at += record.len;
	}
	return at;
}

static enum weir_status copy_run(struct weir__store *to, const struct weir__salvaged *salvaged,
				 const struct weir__run *run, uint8_t *bytes,
				 struct weir_error *err)
{
	const int os_error = weir__run_read(salvaged, run, bytes);
	struct weir__commit commit;
	struct weir__batch_head head;
	uint64_t offset;

	if (os_error)
		return weir__error_os(err, os_error, "cannot read '%.150s'", to->dir);
	commit = cut(salvaged, run, bytes);
	if (commit.count == 0)
		return WEIR_OK;
	commit.len = records_len(&commit, salvaged->state.seed);
	head = (struct weir__batch_head){ .first = commit.first,
					  .count = commit.count,
					  .bytes = commit.len,
					  .session = run->session,
					  .seed = salvaged->state.seed,
					  .stored_ms = run->stored_ms };
	weir__batch_head_pack(&head, bytes + (commit.bytes - bytes));
	return weir__store_commit(to, &commit, &offset, err);
}

static enum weir_status copy_all(struct weir__store *to, const struct weir__salvaged *salvaged,
				 struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	for (size_t i = 0; i < salvaged->count && status == WEIR_OK; i++) {
		const struct weir__run *run = &salvaged->runs[i];
		const size_t size = WEIR__BATCH_HEAD + (size_t)run->bytes;
		uint8_t *bytes = weir__resize(to->env, NULL, 0, size);

		if (!bytes)
			return weir__error_no_memory(err);
		status = copy_run(to, salvaged, run, bytes, err);
		weir__free(to->env, bytes, size);
	}
	return status;
}

/* The state last: numbers go on behind those that are missing, too. */
static enum weir_status fill(struct weir__store *to, const struct weir__salvaged *salvaged,
			     struct weir_error *err)
{
	const struct weir__commit nothing = { .settled = salvaged->state.settled };
	enum weir_status status = copy_all(to, salvaged, err);
	uint64_t offset;

	to->state.next = salvaged->state.next;
	if (status == WEIR_OK)
		status = weir__store_commit(to, &nothing, &offset, err);
	if (status == WEIR_AGAIN) {	/* what is being salvaged does not wait for room */
		status = WEIR_ERR_IO;
		err->status = status;
		err->remedy = WEIR_REMEDY_STOP;
	}
	return status == WEIR_OK ? weir__store_sync(to, err) : status;
}

/* Into a file of its own, with room for all there can be. */
static enum weir_status write_new(const struct weir__store *store,
				  const struct weir__salvaged *salvaged, struct weir_error *err)
{
	struct weir__store to = {
		.env = store->env,
		.dir = store->dir,
		.name = NEW_FILE,
		.max_bytes = store->max_bytes + 2 * salvaged->file_bytes,
		.folder = store->folder,
		.fd = -1,
		.state = salvaged->state,
	};
	enum weir_status status;

	if (unlinkat(store->folder.fd, NEW_FILE, 0) < 0 && errno != ENOENT)
		return weir__error_os(err, errno, "cannot remove '%.120s/" NEW_FILE "'",
				      store->dir);
	status = weir__store_attach(&to, true, err);
	if (status < 0)
		return status;
	status = fill(&to, salvaged, err);
	weir__store_detach(&to);
	return status;
}

/* A name that no earlier one has. */
static void name_aside(struct weir__store *store)
{
	uint64_t at_ms = weir__wall_ms(store->env);

	do {
		snprintf(store->aside, sizeof store->aside, "damaged-%" PRIu64 ".mdb", at_ms++);
	} while (faccessat(store->folder.fd, store->aside, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

/* First a second name for the damaged file, then the new one in its place. */
static enum weir_status exchange(struct weir__store *store, struct weir_error *err)
{
	const int dir = store->folder.fd;

	name_aside(store);
	if (linkat(dir, store->name, dir, store->aside, 0) < 0 &&
	    renameat(dir, store->name, dir, store->aside) < 0)
		return weir__error_os(err, errno, "cannot rename '%.120s/%s'", store->dir,
				      store->name);
	if (renameat(dir, NEW_FILE, dir, store->name) < 0 || fsync(dir) < 0)
		return weir__error_os(err, errno, "cannot put '%.100s/" NEW_FILE "' in place",
				      store->dir);
	return WEIR_OK;
}

static enum weir_status replace(struct weir__store *store, const struct weir__salvaged *salvaged,
				struct weir_error *err)
{
	enum weir_status status;

	store->damage = *err;
	status = write_new(store, salvaged, err);
	if (status < 0)
		unlinkat(store->folder.fd, NEW_FILE, 0);
	if (status == WEIR_OK)
		status = exchange(store, err);
	store->was_salvaged = status == WEIR_OK;
	store->missing = salvaged->missing;
	return status == WEIR_OK ? WEIR_AGAIN : status;
}

enum weir_status weir__salvage(struct weir__store *store, const struct weir__pages *pages,
			       struct weir_error *err)
{
	struct weir__salvaged salvaged;
	struct weir_error why;
	enum weir_status status = weir__scan_file(&salvaged, pages, &why);

	if (status < 0)
		*err = why;
	else if (salvaged.has_seed)
		status = replace(store, &salvaged, err);
	else if (salvaged.is_blank)
		status = unlinkat(store->folder.fd, store->name, 0) < 0
				 ? weir__error_os(err, errno, "cannot remove '%.120s/%s'",
						  store->dir, store->name)
				 : WEIR_END;
	else {
		weir__error_prefix(err, "%s is no spool's, or nothing of it is left; move it away "
				   "to begin a new one: ", store->name);
		status = err->status;
	}
	weir__scan_release(&salvaged);
	return status;
}
