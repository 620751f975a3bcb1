/* SPDX-License-Identifier: MIT */
/*
 * The dialect of v1.1, the add of its sources, and what changes them.
 *
 * Guarantee: a source exists only with options, and changes only to predicates, that were checked.
 * Callers: applications.
 */
#include "connect/twitter/check.h"
#include "connect/twitter/notice.h"
#include "connect/twitter/predicate.h"
#include "connect/twitter/source.h"
#include "ground/error.h"
#include "ground/options.h"

static int32_t count_value(const struct weir__twitter_source *source)
{
	return source->config.options.count;
}

const struct weir__twitter_dialect weir__twitter_v1 = {
	.statuses = weir__twitter_v1_statuses,
	.notices = weir__twitter_v1_notices,
	.notice_count = WEIR__TWITTER_V1_NOTICES,
	.extra = "count",
	.extra_value = count_value,
};

/* The transport is ours from the start, whatever is wrong with the rest. */
static struct weir_http take_http(const struct weir_twitter_source_options *given)
{
	const size_t least = offsetof(struct weir_twitter_source_options, http) +
			     sizeof given->http;

	if (!given || given->size < least || !given->http)
		return (struct weir_http){ NULL, NULL };
	return *given->http;
}

static enum weir_status read_options(const struct weir_twitter_source_options *given,
				     struct weir__twitter_config *ret, struct weir_error *err)
{
	struct weir_twitter_source_options *options = &ret->options;

	if (weir__options_read(given, options, sizeof *options, "weir_twitter_source_options",
			       err) < 0)
		return err->status;
	weir__twitter_config_default(options);
	ret->predicates = weir__twitter_take_predicates(options);
	return weir__twitter_check(options, &ret->predicates, err);
}

weir_source *weir_twitter_source_add(weir_pipeline *pipeline, const char *name,
				     const struct weir_twitter_source_options *options)
{
	struct weir__twitter_config config = {
		.env = weir_pipeline_env(pipeline),
		.dialect = &weir__twitter_v1,
		.http = take_http(options),
	};
	struct weir__twitter_source *source = NULL;
	struct weir_error err = { .status = WEIR_OK };

	if (!config.env || read_options(options, &config, &err) < 0)
		weir__twitter_http_free(config.http);
	else
		source = weir__twitter_source_new(&config, &err);
	return config.env ? weir__twitter_source_add(pipeline, name, source, &err) : NULL;
}

enum weir_status
weir_twitter_source_set_predicates(weir_source *handle,
				   const struct weir_twitter_predicates *predicates,
				   struct weir_error *err)
{
	struct weir__twitter_source *source = weir__twitter_source_of(handle, &weir__twitter_v1);
	struct weir_twitter_predicates *wanted;
	struct weir_error why;

	if (!source)
		return weir__error_invalid(err, "this is no source of weir_twitter_source_add; "
					   "rules of weir_x_source_add are changed by "
					   "weir_x_source_set_rules");
	wanted = weir__twitter_wanted_new(&source->config, predicates, &why);
	if (!wanted) {
		if (err)
			*err = why;
		return why.status;
	}
	weir__twitter_change_hand_in(source, wanted);
	return WEIR_OK;
}
