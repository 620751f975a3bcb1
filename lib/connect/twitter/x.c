/* SPDX-License-Identifier: MIT */
/*
 * The dialect of v2, and the add of its sources.
 *
 * Guarantees: a source exists only with options that were checked; transports that were handed in
 * are freed whatever goes wrong; backfill asks for the minutes of the hole, never for more than was
 * allowed. Callers: applications.
 */
#include <stdio.h>
#include <string.h>

#include "connect/twitter/source.h"
#include "connect/twitter/x_check.h"
#include "connect/twitter/x_problem.h"
#include "connect/twitter/x_rules.h"
#include "ground/error.h"
#include "ground/options.h"
#include "wire/http.h"

/* ---- the dialect ---- */

/* Whole minutes, as many as it takes to reach back over the hole. */
static int32_t backfill_value(const struct weir__twitter_source *source)
{
	const uint32_t most = source->config.backfill_minutes;
	uint64_t minutes;

	if (!most || !source->hole.is_open)
		return 0;
	minutes = (source->now_ms - source->hole.since_ms + 59999) / 60000;
	return (int32_t)(minutes < 1 ? 1 : minutes < most ? minutes : most);
}

/* Without rules the service answers 409: if there ought to be some, somebody has removed them. */
static void explain(struct weir__twitter_source *source, char *buffer, size_t size,
		    struct weir__twitter_refusal *ret)
{
	const struct weir__twitter_answer *answer = &source->answer;

	weir__x_problem_explain(source->config.env,
				(struct weir_slice){ answer->text, answer->text_len }, buffer, size,
				ret);
	if (answer->status == 409 && source->beside)
		weir__x_rules_again(source->beside);
}

static enum weir_status turn(struct weir__twitter_source *source, struct weir_error *err)
{
	return weir__x_rules_turn(source->beside, source, err);
}

static bool may_connect(const struct weir__twitter_source *source)
{
	const struct weir__x_rules *rules = source->beside;

	return rules->ready;
}

static uint64_t deadline_ms(const struct weir__twitter_source *source)
{
	return weir__x_rules_deadline_ms(source->beside);
}

static void open_beside(struct weir__twitter_source *source)
{
	struct weir__x_rules *rules = source->beside;

	atomic_store(&rules->port, source->port);
}

static void close_beside(struct weir__twitter_source *source)
{
	weir__x_rules_close(source->beside);
}

static void free_beside(struct weir__twitter_source *source)
{
	weir__x_rules_free(source->beside);
}

static const struct weir__twitter_dialect dialect = {
	.statuses = weir__x_statuses,
	.notices = weir__x_notices,
	.notice_count = WEIR__X_NOTICES,
	.extra = "backfill_minutes",
	.extra_value = backfill_value,
	.explain = explain,
	.turn = turn,
	.may_connect = may_connect,
	.deadline_ms = deadline_ms,
	.open = open_beside,
	.close = close_beside,
	.free = free_beside,
};

/* ---- the add ---- */

/* What an add makes of the options on its way; texts and transports are its own until the end. */
struct making {
	const struct weir_env *env;
	struct weir_x_source_options options;
	struct weir_http http, rules_http;
	char *url;
	struct weir_property *parameters;
	size_t parameter_count;
	char partition[16];
};

/* A transport is ours from the start, whatever is wrong with the rest. */
static struct weir_http take_http(const struct weir_x_source_options *given, size_t offset)
{
	const struct weir_http *http;

	if (!given || given->size < offset + sizeof http)
		return (struct weir_http){ NULL, NULL };
	memcpy(&http, (const char *)given + offset, sizeof http);
	return http ? *http : (struct weir_http){ NULL, NULL };
}

static enum weir_status read_options(struct making *making,
				     const struct weir_x_source_options *given,
				     struct weir_error *err)
{
	struct weir_x_source_options *options = &making->options;
	const char *path;
	size_t len;

	if (weir__options_read(given, options, sizeof *options, "weir_x_source_options", err) < 0)
		return err->status;
	weir__x_default(options);
	path = weir__x_path(options);
	len = strlen(options->url);
	making->url = weir__text_format(making->env, "%.*s%s",
					(int)(len - (len && options->url[len - 1] == '/')),
					options->url, path ? path : "");
	if (!making->url)
		return weir__error_no_memory(err);
	return weir__x_check(options, making->url, err);
}

static enum weir_status make_parameters(struct making *making, struct weir_error *err)
{
	const struct weir_x_source_options *options = &making->options;
	const char *values[WEIR__X_PARAMETERS];
	size_t count = 0;

	weir__x_parameter_values(options, values);
	if (options->partition) {
		snprintf(making->partition, sizeof making->partition, "%u", options->partition);
		values[WEIR__X_PARAMETERS - 1] = making->partition;
	}
	making->parameters = weir__alloc_array(making->env,
					       WEIR__X_PARAMETERS + options->parameter_count,
					       sizeof *making->parameters);
	if (!making->parameters)
		return weir__error_no_memory(err);
	for (size_t i = 0; i < WEIR__X_PARAMETERS; i++)
		if (values[i])
			making->parameters[count++] =
				(struct weir_property){ weir__x_parameter_names[i], values[i] };
	for (size_t i = 0; i < options->parameter_count; i++)
		making->parameters[count++] = options->parameters[i];
	making->parameter_count = count;
	return WEIR_OK;
}

/* The rules, and the first set of them; takes the transport. */
static enum weir_status make_rules(struct making *making, struct weir__twitter_source *source,
				   struct weir_error *err)
{
	const struct weir_x_source_options *options = &making->options;
	struct weir_http http = making->rules_http;
	struct weir__x_set *set;

	making->rules_http = (struct weir_http){ NULL, NULL };
	set = weir__x_set_new(making->env, options->rule_prefix, options->rules,
			      options->rule_count, err);
	if (!set || (!http.ops && weir__http_curl_new(making->env, &http, err) < 0)) {
		weir__twitter_http_free(http);
		weir__x_set_free(set);
		return err->status;
	}
	source->beside = weir__x_rules_new(making->env, making->url, options, http, set, err);
	if (source->beside)
		return WEIR_OK;
	weir__x_set_free(set);
	return err->status;
}

/* Takes what `making` holds of transports, also when this fails. */
static struct weir__twitter_source *make_source(struct making *making, struct weir_error *err)
{
	const struct weir_x_source_options *options = &making->options;
	struct weir__twitter_config config = {
		.env = making->env,
		.dialect = &dialect,
		.options = weir__x_shared(options, making->url),
		.backfill_minutes = options->backfill_minutes,
		.finite = options->end_time != NULL,
		.http = making->http,
	};
	struct weir__twitter_source *source;

	if (make_parameters(making, err) < 0)
		return NULL;
	config.options.parameters = making->parameters;
	config.options.parameter_count = making->parameter_count;
	making->http = (struct weir_http){ NULL, NULL };
	source = weir__twitter_source_new(&config, err);
	if (!source || !options->rule_prefix || make_rules(making, source, err) == WEIR_OK)
		return source;
	weir__twitter_source_free(source);
	return NULL;
}

weir_source *weir_x_source_add(weir_pipeline *pipeline, const char *name,
			       const struct weir_x_source_options *options)
{
	struct making making = {
		.env = weir_pipeline_env(pipeline),
		.http = take_http(options, offsetof(struct weir_x_source_options, http)),
		.rules_http = take_http(options,
					offsetof(struct weir_x_source_options, rules_http)),
	};
	struct weir__twitter_source *source = NULL;
	struct weir_error err = { .status = WEIR_OK };

	if (making.env && read_options(&making, options, &err) == WEIR_OK)
		source = make_source(&making, &err);
	weir__twitter_http_free(making.http);
	weir__twitter_http_free(making.rules_http);
	if (!making.env)
		return NULL;
	weir__text_free(making.env, making.url);
	weir__free(making.env, making.parameters,
		   (WEIR__X_PARAMETERS + making.options.parameter_count) *
			   sizeof *making.parameters);
	return weir__twitter_source_add(pipeline, name, source, &err);
}

enum weir_status weir_x_source_set_rules(weir_source *handle, const struct weir_x_rule *rules,
					 size_t count, struct weir_error *err)
{
	struct weir__twitter_source *source = weir__twitter_source_of(handle, &dialect);
	struct weir_error why;
	struct weir__x_rules *own;
	struct weir__x_set *set;

	if (!source)
		return weir__error_invalid(err, "this is no source of weir_x_source_add");
	own = source->beside;
	if (!own)
		return weir_error_set(err, WEIR_ERR_STATE, WEIR_REMEDY_STOP, "the source was added "
				      "without a rule_prefix: its rules are not ours");
	set = weir__x_set_new(source->config.env, own->prefix, rules, count, &why);
	if (!set) {
		if (err)
			*err = why;
		return why.status;
	}
	weir__x_rules_hand_in(own, set);
	return WEIR_OK;
}
