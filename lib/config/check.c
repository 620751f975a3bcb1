/* SPDX-License-Identifier: MIT */
/*
 * A configuration, told and tried.
 *
 * The pipeline is built as for a run, so that what a run would refuse is refused here, and what it
 * is built from is watched; it is freed and never runs. Then what can never be is told, and those
 * it names are tried, in the order of the file. Guarantees: nothing is tried when anything is
 * wrong; no secret is told; where a line is lost for want of memory, that is told. Called by
 * applications.
 */
#include <string.h>

#include "config/watched.h"
#include "ground/error.h"

/* Of v2 the server is tried as that of v1.1: by what a connection needs. */
static enum weir_status try_x(const struct weir__watch *watch, const struct weir__party *source,
			      struct weir_error *err)
{
	const struct weir_x_source_options *x = source->options;
	const struct weir_twitter_source_options options = {
		.size = sizeof options,
		.url = x->url && *x->url ? x->url : WEIR_X_URL,
		.anonymous = true,
		.user_agent = x->user_agent,
		.ca_file = x->ca_file,
		.proxy = x->proxy,
		.unix_socket = x->unix_socket,
	};

	return weir_twitter_check_server(watch->env, source->name, &options, watch->call,
					 watch->user, err);
}

static void try_source(const struct weir__watch *watch, const struct weir__party *source)
{
	struct weir_error reason;
	enum weir_status status;

	if (strcmp(source->type, "twitter") == 0)
		status = weir_twitter_check_server(watch->env, source->name, source->options,
						   watch->call, watch->user, &reason);
	else if (strcmp(source->type, "x") == 0)
		status = try_x(watch, source, &reason);
	else if (strcmp(source->type, "kafka") == 0)
		status = weir_kafka_check_source(watch->env, source->name, source->options,
						 watch->call, watch->user, &reason);
	else
		status = weir_file_check_source(watch->env, source->name, source->options,
						watch->call, watch->user, &reason);
	if (status < 0)
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "source %s: %s", source->name,
				 reason.text);
}

static void try_spool(const struct weir__watch *watch, const struct weir__party *spool)
{
	struct weir_error reason;

	if (weir_spool_check(watch->env, spool->name, spool->options, watch->call, watch->user,
			     &reason) < 0)
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "spool %s: %s", spool->name, reason.text);
}

/* It may be so, but then what befalls a transaction costs messages that nothing is wrong with. */
static void try_attempts(const struct weir__watch *watch, const struct weir__party *sink)
{
	const struct weir_kafka_sink_options *kafka = sink->options;

	if (strcmp(sink->type, "kafka") == 0 && kafka->transactional_id && watch->retry_attempts)
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "sink %s: weir.pipeline.retry_attempts is "
				 "%u: each abort of a transaction uses up one, and a message that "
				 "was in so many becomes a dead letter, whatever they were aborted "
				 "for; set it to 0", sink->name, (unsigned)watch->retry_attempts);
}

static void try_sink(const struct weir__watch *watch, const struct weir__party *sink)
{
	const size_t size = (sink->destination_count + 1) * sizeof(char *);
	const char **names = weir__alloc(watch->env, size);
	struct weir_error reason;
	enum weir_status status;
	size_t count = 0;

	try_attempts(watch, sink);
	for (const struct weir__watched_destination *at = sink->destinations; names && at;
	     at = at->next)
		names[count++] = at->name;
	if (!names)
		status = weir__error_no_memory(&reason);
	else if (strcmp(sink->type, "kafka") == 0)
		status = weir_kafka_check(watch->env, sink->name, sink->options, names, count,
					  watch->call, watch->user, &reason);
	else
		status = weir_file_check_sink(watch->env, sink->name, sink->options, names, count,
					      watch->call, watch->user, &reason);
	if (status < 0)
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "sink %s: %s", sink->name, reason.text);
	weir__free(watch->env, names, size);
}

enum weir_status weir__watch_end(struct weir__watch *watch, struct weir_error *err)
{
	if (weir__watch_try_routes(watch, err) < 0)
		return err->status;
	for (const struct weir__party *at = watch->sources; at; at = at->next)
		try_source(watch, at);
	for (const struct weir__party *at = watch->spools; at; at = at->next)
		try_spool(watch, at);
	for (const struct weir__party *at = watch->sinks; at; at = at->next)
		try_sink(watch, at);
	return WEIR_OK;
}

/* Whom the lines are for. */
struct listener {
	const weir_config *config;
	weir_check_fn *call;
	void *user;
};

static void tell_without_secrets(void *user, enum weir_check what, const char *text)
{
	const struct listener *to = user;
	char *hidden = weir__secrets_hide(to->config, text);

	to->call(to->user, hidden ? what : WEIR_CHECK_WRONG, hidden ? hidden : WEIR__NO_LINE);
	weir__text_free(&to->config->env, hidden);
}

enum weir_status weir_config_check(weir_config *config, weir_check_fn *call, void *user,
				   struct weir_error *err)
{
	struct listener listener = { config, call, user };
	struct weir__watch watch = { .env = &config->env,
				     .call = tell_without_secrets,
				     .user = &listener,
				     .arena = { .env = &config->env } };
	weir_pipeline *pipeline;
	struct weir_error reason;

	config->watch = &watch;
	pipeline = weir_config_pipeline(config, NULL, &reason);
	config->watch = NULL;
	weir__watch_release(&watch);
	if (!pipeline && err)
		*err = reason;
	if (!pipeline)
		return reason.status;
	weir_pipeline_free(pipeline);
	return WEIR_OK;
}
