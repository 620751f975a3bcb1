/* SPDX-License-Identifier: MIT */
/*
 * The dialect of v1.1, and the add of its sources.
 *
 * Guarantee: a source exists only with options that were checked. Callers: applications.
 */
#include "connect/twitter/check.h"
#include "connect/twitter/notice.h"
#include "connect/twitter/source.h"
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
				     struct weir_twitter_source_options *ret,
				     struct weir_error *err)
{
	if (weir__options_read(given, ret, sizeof *ret, "weir_twitter_source_options", err) < 0)
		return err->status;
	weir__twitter_config_default(ret);
	return weir__twitter_check(ret, err);
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

	if (!config.env || read_options(options, &config.options, &err) < 0)
		weir__twitter_http_free(config.http);
	else
		source = weir__twitter_source_new(&config, &err);
	return config.env ? weir__twitter_source_add(pipeline, name, source, &err) : NULL;
}
