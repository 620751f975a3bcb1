/* SPDX-License-Identifier: MIT */
/*
 * Looking through a spool without LMDB and without writing: the same checks as at an opening, and
 * every batch read.
 *
 * Guarantees: nothing is changed, but for the lock while it lasts; what a damaged spool would still
 * give is what is shown. Callers: applications, spool_show.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connect/spool/disk.h"
#include "connect/spool/scan.h"
#include "weir/spool.h"

struct inspection {
	const struct weir_env *env;
	int fd;
	uint64_t seed, settled;
	weir_spool_visit_fn *visit;
	void *user;
	struct weir_spool_report report;
};

/* The records of a batch from the position on; counts what is missing of it. */
static void look_at_records(struct inspection *inspection, const uint8_t *bytes, size_t len,
			    uint64_t first, uint64_t end)
{
	struct weir_spool_report *report = &inspection->report;
	const uint64_t from = first > inspection->settled ? first : inspection->settled;
	struct weir__batch_walk walk = weir__batch_walk(bytes, len, inspection->seed, from, end);
	struct weir__record record;
	uint64_t found = 0;

	while (weir__batch_walk_next(&walk, &record)) {
		if (report->messages == 0) {
			report->first = record.number;
			report->first_ms = record.stored_ms;
		}
		report->last = record.number;
		report->last_ms = record.stored_ms;
		report->messages++;
		report->bytes += record.len;
		found++;
		if (inspection->visit)
			inspection->visit(inspection->user, record.number, record.stored_ms,
					  record.kind, record.body);
		weir__batch_walk_on(&walk, &record);
	}
	report->batches += found > 0;
	report->damaged_batches += found < end - from;
	report->damaged_messages += end - from - found;
}

static enum weir_status look_at(struct inspection *inspection, uint64_t offset, size_t len,
				size_t head, uint64_t first, uint64_t end, struct weir_error *err)
{
	const size_t size = head + len;
	uint8_t *bytes;

	if (end <= inspection->settled || end <= first)
		return WEIR_OK;
	bytes = weir__resize(inspection->env, NULL, 0, size);
	if (!bytes)
		return weir__error_no_memory(err);
	weir__read_most(inspection->fd, bytes + head, len, offset);
	look_at_records(inspection, bytes, size, first, end);
	weir__free(inspection->env, bytes, size);
	return WEIR_OK;
}

static enum weir_status look_at_batches(struct inspection *inspection,
					const struct weir__index *index, struct weir_error *err)
{
	const struct weir_spool_report *report = &inspection->report;
	enum weir_status status = WEIR_OK;

	for (size_t i = 0; i < index->count && status == WEIR_OK; i++) {
		const struct weir__spooled *at = weir__index_at(index, i);

		status = look_at(inspection, at->offset, (size_t)at->len, 0, at->first,
				 at->first + at->count, err);
	}
	if (status == WEIR_OK && report->damaged_batches)
		return weir_error_set(err, WEIR_ERR_CORRUPT, WEIR_REMEDY_STOP,
				      "%" PRIu64 " messages in %" PRIu64 " batches are damaged; "
				      "the others are sound, and a pipeline goes on with them",
				      report->damaged_messages, report->damaged_batches);
	return status;
}

/* With damaged trees: what a salvage would find. `err` stays what the check said. */
static enum weir_status look_at_rest(struct inspection *inspection,
				     const struct weir__pages *pages, struct weir_error *err)
{
	struct weir__salvaged salvaged;
	struct weir_error why;
	enum weir_status status = weir__scan_file(&salvaged, pages, &why);

	inspection->seed = salvaged.state.seed;
	inspection->settled = salvaged.state.settled;
	for (size_t i = 0; i < salvaged.count && status == WEIR_OK; i++) {
		const struct weir__run *run = &salvaged.runs[i];

		status = look_at(inspection, run->offset, (size_t)run->bytes, WEIR__BATCH_HEAD,
				 run->from, run->upto, &why);
	}
	inspection->report.damaged_messages += salvaged.missing;
	inspection->report.damaged_batches += inspection->report.damaged_messages > 0;
	weir__scan_release(&salvaged);
	if (status < 0) {
		*err = why;
		return status;
	}
	return WEIR_ERR_CORRUPT;
}

static enum weir_status look_at_file(struct inspection *inspection, struct weir_error *err)
{
	struct weir__index index = { .env = inspection->env };
	struct weir__pages pages = { .env = inspection->env,
				     .fd = inspection->fd,
				     .index = &index };
	struct stat stat;
	enum weir_status status;

	if (fstat(inspection->fd, &stat) < 0)
		return weir__error_os(err, errno, "cannot look at " WEIR__SPOOL_FILE);
	if (stat.st_size == 0)
		return WEIR_OK;
	pages.file_bytes = (uint64_t)stat.st_size;
	status = weir__pages_check(&pages, err);
	inspection->seed = pages.state.seed;
	inspection->settled = pages.state.settled;
	if (status == WEIR_OK)
		status = look_at_batches(inspection, &index, err);
	else if (status == WEIR_ERR_CORRUPT)
		status = look_at_rest(inspection, &pages, err);
	weir__index_release(&index);
	return status;
}

enum weir_status weir_spool_inspect(const char *dir, weir_spool_visit_fn *visit, void *user,
				    struct weir_spool_report *ret, struct weir_error *err)
{
	const struct weir_env env = weir__env_complete(NULL);
	struct inspection inspection = { .env = &env, .visit = visit, .user = user };
	struct weir__folder folder;
	struct weir_error ignored;
	enum weir_status status;

	err = err ? err : &ignored;
	status = weir__folder_open(&folder, dir, false, err);
	inspection.report.size = ret->size;
	if (status == WEIR_OK) {
		inspection.fd = openat(folder.fd, WEIR__SPOOL_FILE, O_RDONLY | O_CLOEXEC);
		if (inspection.fd >= 0)
			status = look_at_file(&inspection, err);
		else if (errno != ENOENT)
			status = weir__error_os(err, errno, "cannot open '%.150s/" WEIR__SPOOL_FILE
						"'", dir);
		if (inspection.fd >= 0)
			close(inspection.fd);
		weir__folder_close(&folder);
	}
	memcpy(ret, &inspection.report,
	       ret->size < sizeof inspection.report ? ret->size : sizeof inspection.report);
	return status;
}
