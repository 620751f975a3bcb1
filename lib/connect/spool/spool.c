/* SPDX-License-Identifier: MIT */
/*
 * The spool as it is added to a pipeline: one thing with two ends, which lives until the pipeline
 * has freed both.
 */
#include <string.h>

#include "connect/spool/internal.h"
#include "ground/options.h"

#define LEAST_BYTES (UINT64_C(16) << 20)
#define MOST_BYTES (UINT64_C(1) << 46)
#define DEFAULT_COMMIT_BYTES (1u << 20)
#define DEFAULT_COMMIT_MS 20
#define BATCHES_LEAST 8		/* so many batches are to have room in the spool */
#define RECORDS_LEAST 4		/* so many of the largest messages */

static void spool_free(weir_spool *spool)
{
	const struct weir_env *env = spool->env;

	weir__writer_release(&spool->writer);
	if (spool->is_open)
		weir__store_close(&spool->store);
	for (unsigned i = 0; i < WEIR__WRITER_BATCHES; i++) {
		struct weir__batch *batch = &spool->writer.batches[i];

		weir__free(env, batch->bytes, batch->size);
		weir__free(env, batch->deliveries,
			   batch->deliveries_size * sizeof *batch->deliveries);
	}
	weir__buffer_unref(spool->buffer);
	weir__index_release(&spool->index);
	weir__text_free(env, spool->name);
	weir__text_free(env, spool->dir);
	weir__free(env, spool, sizeof *spool);
}

void weir__spool_unref(weir_spool *spool)
{
	if (--spool->references == 0)
		spool_free(spool);
}

static enum weir_status check(const struct weir_spool_options *options, const char *name,
			      struct weir_error *err)
{
	if (!name || !*name)
		return weir__error_invalid(err, "a spool needs a name");
	if (!options->dir || !*options->dir)
		return weir__error_invalid(err, "spool '%s': dir is needed", name);
	if (options->max_bytes && (options->max_bytes < LEAST_BYTES ||
				   options->max_bytes > MOST_BYTES))
		return weir__error_invalid(err,
					   "spool '%s': max_bytes is %llu; at least %llu, at most "
					   "2^46",
					   name, (unsigned long long)options->max_bytes,
					   (unsigned long long)LEAST_BYTES);
	if (options->commit_ms > 60000 || options->sync_ms > 3600000)
		return weir__error_invalid(err, "spool '%s': commit_ms is at most a minute, "
					   "sync_ms an hour", name);
	return WEIR_OK;
}

/* Zero is the default; batches are small against the spool: it can be filled and emptied. */
static void set_sizes(weir_spool *spool, const struct weir_spool_options *options)
{
	const uint64_t max_bytes = options->max_bytes ? options->max_bytes : WEIR__SPOOL_BYTES;
	const uint64_t most = max_bytes / RECORDS_LEAST;

	spool->store.max_bytes = max_bytes;
	spool->store.syncs = options->sync_ms == 0;
	spool->sync_ms = options->sync_ms;
	spool->max_age_ms = options->max_age_ms;
	spool->commit_ms = options->commit_ms ? options->commit_ms : DEFAULT_COMMIT_MS;
	spool->commit_bytes = options->commit_bytes ? options->commit_bytes : DEFAULT_COMMIT_BYTES;
	if (spool->commit_bytes > max_bytes / BATCHES_LEAST)
		spool->commit_bytes = (size_t)(max_bytes / BATCHES_LEAST);
	spool->most_bytes = most < WEIR__RECORD_MOST ? (size_t)most : WEIR__RECORD_MOST;
}

static weir_spool *spool_new(const struct weir_env *env, const char *name,
			     const struct weir_spool_options *options)
{
	weir_spool *spool = weir__alloc(env, sizeof *spool);

	if (!spool)
		return NULL;
	spool->env = env;
	spool->name = weir__text_copy(env, name);
	spool->dir = weir__text_copy(env, options->dir);
	spool->references = 2;
	spool->index.env = env;
	spool->writer.store = &spool->store;
	spool->store.env = env;
	spool->store.dir = spool->dir;
	spool->store.name = WEIR__SPOOL_FILE;
	set_sizes(spool, options);
	if (!spool->name || !spool->dir) {
		spool_free(spool);
		return NULL;
	}
	return spool;
}

/* An end that could not be added has been freed: the spool is gone when the second one is, too. */
static weir_spool *add_ends(weir_pipeline *pipeline, weir_spool *spool, const weir_source *from)
{
	const char *name = spool->name;
	weir_sink *sink = weir_sink_add(pipeline, name, &weir__spool_sink_ops, spool);
	weir_source *source = weir_source_add(pipeline, name, &weir__spool_source_ops, spool);

	if (!sink || !source)
		return NULL;
	spool->sink = sink;
	spool->source = source;
	if (from && !weir_route_add(pipeline, WEIR_WITH(weir_route, .from = from, .final = true,
							.name = name), sink))
		return NULL;
	return spool;
}

weir_spool *weir_spool_add(weir_pipeline *pipeline, const char *name,
			   const struct weir_spool_options *given)
{
	struct weir_spool_options options;
	struct weir_error err;
	weir_spool *spool = NULL;
	enum weir_status status;

	if (!pipeline)
		return NULL;
	status = weir__options_read(given, &options, sizeof options, "weir_spool_options", &err);
	if (status == WEIR_OK)
		status = check(&options, name, &err);
	if (status == WEIR_OK) {
		spool = spool_new(weir_pipeline_env(pipeline), name, &options);
		if (!spool)
			status = weir__error_no_memory(&err);
	}
	if (status < 0) {
		weir_pipeline_fail(pipeline, &err);
		return NULL;
	}
	return add_ends(pipeline, spool, options.from);
}

weir_source *weir_spool_source(const weir_spool *spool)
{
	return spool ? spool->source : NULL;
}

weir_sink *weir_spool_sink(const weir_spool *spool)
{
	return spool ? spool->sink : NULL;
}

/* ---- metrics ---- */

/* What is wholly read and acknowledged is in the index until the next step: not more than that. */
void weir__spool_gauge(weir_spool *spool)
{
	uint64_t oldest_ms = 0;

	if (spool->index.count > spool->reading ||
	    (spool->index.count > 0 && spool->emitted != spool->acked))
		oldest_ms = weir__index_at(&spool->index, 0)->stored_ms;
	weir__spool_set(&spool->counters.waiting_bytes, spool->index.bytes);
	weir__spool_set(&spool->counters.oldest_ms, oldest_ms);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Of counters that move meanwhile, those that are subtracted are read first. */
void weir_spool_metrics(const weir_spool *spool, struct weir_spool_metrics *ret)
{
	struct weir_spool_metrics metrics = { .size = ret->size };

	if (spool) {
		const struct weir__spool_counters *counters = &spool->counters;

		metrics.settled = get(&counters->settled);
		metrics.expired = get(&counters->expired);
		metrics.damaged = get(&counters->damaged);
		metrics.stored = get(&counters->stored);
		metrics.waiting = metrics.stored - metrics.settled - metrics.expired -
				  metrics.damaged;
		metrics.waiting_bytes = get(&counters->waiting_bytes);
		metrics.oldest_ms = get(&counters->oldest_ms);
		metrics.commits = get(&counters->commits);
		metrics.full_ms = get(&counters->full_ms);
	}
	memcpy(ret, &metrics, ret->size < sizeof metrics ? ret->size : sizeof metrics);
}
