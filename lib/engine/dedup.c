/* SPDX-License-Identifier: MIT */
/*
 * De-duplication: windows that sources share.
 *
 * Guarantees: what is dropped here was received, is counted as dropped, and is settled like any
 * other, so positions go on; a source has one window at most. Called by sources for each message.
 */
#include "engine/engine.h"

#include "ground/error.h"
#include "ground/options.h"

#define MOST_ENTRIES (1u << 24)

bool weir__dedup_drops(weir_source *source, weir_message *message)
{
	const struct weir__dedup_window *window = source->dedup;

	if (!window || !(window->kinds & message->kind) ||
	    (message->traits & WEIR_TRAIT_ENVELOPED) ||
	    !weir__dedup_is_seen(window->seen, message->kind, message->key,
				 source->port.pipeline->now_ms))
		return false;
	message->transit.drop_cause = WEIR_DROP_DUPLICATE;
	return true;
}

void weir__dedup_forgets(weir_source *source, const weir_message *message)
{
	const struct weir__dedup_window *window = source->dedup;

	if (window && (window->kinds & message->kind) && !(message->traits & WEIR_TRAIT_ENVELOPED))
		weir__dedup_forget(window->seen, message->kind, message->key);
}

void weir__dedup_free_all(weir_pipeline *pipeline)
{
	while (pipeline->dedups) {
		struct weir__dedup_window *window = pipeline->dedups;

		pipeline->dedups = window->next;
		weir__dedup_free(window->seen);
		weir__free(&pipeline->env, window, sizeof *window);
	}
}

/* What is relayed came in through another source: that was its first time, not a second one. */
static bool is_wanted(const struct weir_dedup_options *options, const weir_source *source)
{
	for (size_t i = 0; i < options->source_count; i++)
		if (options->sources[i] == source)
			return true;
	return options->source_count == 0 && !source->ops.relays;
}

/* Every source that is named is one of the pipeline's, once, and has no window yet. */
static enum weir_status check_sources(const weir_pipeline *pipeline,
				      const struct weir_dedup_options *options,
				      struct weir_error *err)
{
	size_t found = 0, relaying = 0;

	for (const weir_source *source = pipeline->sources; source; source = source->next) {
		if (!is_wanted(options, source))
			continue;
		found++;
		relaying += source->ops.relays;
		if (source->dedup)
			return weir__error_invalid(err, "source '%s': it has a window of "
						   "de-duplication already", source->name);
	}
	if (found == 0 || found < options->source_count)
		return weir__error_invalid(err, "weir_dedup_options: sources names one that is not "
					   "of this pipeline, or there is none");
	if (relaying > 0 && found > 1)
		return weir__error_invalid(err, "weir_dedup_options: a spool's source shares no "
					   "window: what it emits came in before");
	return WEIR_OK;
}

static enum weir_status check(const weir_pipeline *pipeline,
			      const struct weir_dedup_options *options, struct weir_error *err)
{
	if (options->entries > MOST_ENTRIES)
		return weir__error_invalid(err, "weir_dedup_options: entries is above %u",
					   MOST_ENTRIES);
	if (options->kinds & ~WEIR_KIND_ANY)
		return weir__error_invalid(err, "weir_dedup_options: kinds 0x%x has bits that are no "
					   "kind", options->kinds);
	if (options->source_count && !options->sources)
		return weir__error_invalid(err, "weir_dedup_options: sources is NULL");
	return check_sources(pipeline, options, err);
}

static enum weir_status add(weir_pipeline *pipeline, const struct weir_dedup_options *options,
			    struct weir_error *err)
{
	struct weir__dedup_window *window = weir__alloc(&pipeline->env, sizeof *window);

	if (!window)
		return weir__error_no_memory(err);
	window->next = pipeline->dedups;
	pipeline->dedups = window;
	window->kinds = options->kinds ? options->kinds : WEIR__DEDUP_KINDS;
	window->seen = weir__dedup_new(&pipeline->env,
				       options->entries ? options->entries : WEIR__DEDUP_ENTRIES,
				       options->age_ms ? options->age_ms : WEIR__DEDUP_AGE_MS);
	if (!window->seen)
		return weir__error_no_memory(err);
	for (weir_source *source = pipeline->sources; source; source = source->next)
		if (is_wanted(options, source))
			source->dedup = window;
	return WEIR_OK;
}

enum weir_status weir_dedup_add(weir_pipeline *pipeline, const struct weir_dedup_options *given)
{
	struct weir_dedup_options options;
	struct weir_error err;

	if (!weir__pipeline_is_building(pipeline, "de-duplication", NULL))
		return weir_pipeline_error(pipeline)->status;
	if (weir__options_read(given, &options, sizeof options, "weir_dedup_options", &err) == WEIR_OK &&
	    check(pipeline, &options, &err) == WEIR_OK && add(pipeline, &options, &err) == WEIR_OK)
		return WEIR_OK;
	weir_pipeline_fail(pipeline, &err);
	return err.status;
}
