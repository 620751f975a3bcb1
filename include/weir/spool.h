/* SPDX-License-Identifier: MIT */
/**
 * A spool: a durable queue on disk (LMDB) between a source and the router.
 *
 *     source ─► spool's sink ─► disk ─► spool's source ─► routes ─► sinks
 *       ▲            │ stored                  ▲               │ acknowledged
 *       └── forgets ◄┘                         └── forgets ◄───┘
 *
 * What the spool has stored is safe from the end of the process, kill -9 included, and from a
 * power cut (see sync_ms); it is emitted again after a restart, in order, from where the
 * acknowledgements had reached: at least once. While the sinks behind it take nothing, the stream
 * goes on being read, until max_bytes are full: then its sink takes nothing more, and the sources
 * wait.
 */
#ifndef WEIR_SPOOL_H
#define WEIR_SPOOL_H

#include "pipeline.h"
#include "router.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A spool in place; lent by weir_spool_add, until the pipeline is freed. Since: 0.1. */
typedef struct weir_spool weir_spool;

/**
 * Options. `dir` is needed; zero is the default elsewhere; strings are borrowed: copied by the add.
 * Since: 0.1.
 */
struct weir_spool_options {
	size_t size;
	const char *dir;	/* a folder of its own; made when it is not there (its parent is
				 * not). One pipeline of one process at a time: another gets an
				 * error */
	const weir_source *from;	/* whose messages go into it: a final route is added for
					 * them, so add the spool before the other routes, which
					 * then name weir_spool_source as their `from`, or none.
					 * NULL: no route is added; lead what you like to
					 * weir_spool_sink */
	uint64_t max_bytes;	/* most bytes of messages on disk; default 1 GiB, at least 16 MiB.
				 * The file is never larger than that, a quarter more and 16 MiB; it
				 * does not shrink. A message may take a quarter of max_bytes */
	uint64_t max_age_ms;	/* what has waited longer is dropped when its turn comes, and
				 * counted as expired; default 0: kept for ever */
	size_t commit_bytes;	/* messages are stored in batches of so many bytes … default 1 MiB,
				 * at most an eighth of max_bytes */
	uint64_t commit_ms;	/* … or this long after the first of a batch; default 20 */
	uint64_t sync_ms;	/* 0: stored means on the disk, with each batch (fdatasync). Else
				 * the disk is waited for every so many ms: a kill -9 still loses
				 * nothing, a power cut at most what came since */
};

/**
 * Adds a spool: a sink and a source, both of this name.
 *
 * @param pipeline  NULL: nothing happens
 * @param name      borrows; not empty, unique among sources and among sinks
 * @param options   borrows
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed. What the folder is
 *         refused for (permission, another process, damage) fails the pipeline when it starts
 * Since: 0.1.
 */
WEIR_API weir_spool *weir_spool_add(weir_pipeline *pipeline, const char *name,
				    const struct weir_spool_options *options);

/**
 * Its two ends, for routes. Lend, until the pipeline is freed; NULL for NULL.
 * Thread: any.  Since: 0.1.
 */
WEIR_API weir_source *weir_spool_source(const weir_spool *spool);
WEIR_API weir_sink *weir_spool_sink(const weir_spool *spool);

/**
 * A spool's counters. stored = settled + expired + damaged + waiting, counted from the start of the
 * process: what was found at the start counts as stored. Since: 0.1.
 */
struct weir_spool_metrics {
	size_t size;
	uint64_t stored;	/* messages */
	uint64_t settled;	/* of them: emitted, and acknowledged by what comes behind */
	uint64_t expired;	/* of them: older than max_age_ms, dropped */
	uint64_t damaged;	/* of them: could not be read any more; the log says which, the
				 * bytes are kept in the folder */
	uint64_t waiting;	/* gauge: messages on disk that are not settled */
	uint64_t waiting_bytes;	/* gauge: their bytes on disk */
	uint64_t oldest_ms;	/* gauge: when the oldest of them was stored, ms since 1970 UTC;
				 * 0: nothing waits */
	uint64_t commits;	/* batches stored */
	uint64_t full_ms;	/* time during which it was full: nothing was taken */
};

/**
 * A snapshot.
 *
 * @param spool  borrows; NULL gives zeroes
 * @param ret    written as far as its `size` goes; must not be NULL, its `size` must be set
 * Thread: any.  Since: 0.1.
 */
WEIR_API void weir_spool_metrics(const weir_spool *spool, struct weir_spool_metrics *ret);

/** What is in a spool's folder. Times are ms since 1970 UTC, 0 when there is none. Since: 0.1. */
struct weir_spool_report {
	size_t size;
	uint64_t batches, messages, bytes;	/* readable, and not settled */
	uint64_t first, last;		/* numbers of the first and last: they count up from 1 */
	uint64_t first_ms, last_ms;	/* when those were stored */
	uint64_t damaged_batches;	/* whose checksum is wrong, or that cannot be reached */
	uint64_t damaged_messages;	/* the holes in the numbers */
};

/**
 * Told of each readable message of a spool, in order: its number, when it was stored (ms since
 * 1970 UTC), its kind and its body; all lent for the call. Since: 0.1.
 */
typedef void weir_spool_visit_fn(void *user, uint64_t number, uint64_t stored_ms, unsigned kind,
				 struct weir_slice body);

/**
 * Looks through a spool without changing it, and verifies all of it. Not while a pipeline has it.
 *
 * @param dir     borrows
 * @param visit   NULL, or called for each message
 * @param user    its first argument
 * @param ret     written as far as its `size` goes, also with WEIR_ERR_CORRUPT; must not be NULL
 * @param err     filled below zero
 * @return WEIR_OK: all that is there is sound · WEIR_ERR_CORRUPT: something is damaged: `err` says
 *         what and where, `ret` how much was readable all the same · WEIR_ERR_IO: it cannot be
 *         opened, or another process has it · WEIR_ERR_NOMEM
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_spool_inspect(const char *dir, weir_spool_visit_fn *visit,
					     void *user, struct weir_spool_report *ret,
					     struct weir_error *err);

#ifdef __cplusplus
}
#endif

#endif
