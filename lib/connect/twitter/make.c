/* SPDX-License-Identifier: MIT */
/*
 * How sources of either dialect come about.
 *
 * Guarantee: a transport that was handed in is freed whatever goes wrong, and only once. Callers:
 * v1.c and x.c.
 */
#include "connect/twitter/source.h"

#include "ground/error.h"
#include "wire/http.h"

void weir__twitter_http_free(struct weir_http http)
{
	if (http.ops && http.ops->free)
		http.ops->free(http.self);
}

struct weir__twitter_source *weir__twitter_source_new(const struct weir__twitter_config *given,
						      struct weir_error *err)
{
	struct weir__twitter_config with_http = *given;
	struct weir__twitter_source *source = weir__alloc(given->env, sizeof *source);
	enum weir_status status = source ? WEIR_OK : weir__error_no_memory(err);

	if (status == WEIR_OK && !with_http.http.ops)
		status = weir__http_curl_new(given->env, &with_http.http, err);
	if (status == WEIR_OK)
		status = weir__twitter_config_init(&source->config, &with_http, err);
	if (status == WEIR_OK) {
		weir__twitter_stream_init(&source->stream, &source->config);
		return source;
	}
	weir__twitter_http_free(with_http.http);
	weir__free(given->env, source, sizeof *source);
	return NULL;
}

weir_source *weir__twitter_source_add(weir_pipeline *pipeline, const char *name,
				      struct weir__twitter_source *source,
				      const struct weir_error *err)
{
	struct weir_error named;

	if (source)
		return weir_source_add(pipeline, name, &weir__twitter_source_ops, source);
	weir_error_set(&named, err->status, err->remedy, "source '%.40s': %s", name ? name : "",
		       err->text);
	named.os_error = err->os_error;
	weir_pipeline_fail(pipeline, &named);
	return NULL;
}

struct weir__twitter_source *weir__twitter_source_of(const weir_source *handle,
						     const struct weir__twitter_dialect *dialect)
{
	struct weir__twitter_source *source = weir_source_self(handle, &weir__twitter_source_ops);

	return source && source->config.dialect == dialect ? source : NULL;
}
