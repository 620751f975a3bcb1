/* SPDX-License-Identifier: MIT */
/*
 * From options to a signed HTTP request.
 *
 *     POST   query: delimited, stall_warnings, the extra     form body: everything else
 *     GET    query: everything
 *
 * Four credentials sign by OAuth 1.0a; a token alone is a bearer token.
 *
 * Guarantees: what is sent is what is signed, a query that the URL already has included; the
 * header goes to the transport and nowhere else, and is wiped with the request. Callers: source.c,
 * for each attempt anew.
 */
#include "connect/twitter/request.h"

#include <stdio.h>
#include <string.h>

#include "connect/twitter/predicate.h"
#include "ground/error.h"
#include "wire/form.h"
#include "wire/oauth1.h"

struct parameter {
	const char *name;
	const char *value;	/* NULL: not asked for */
};

static enum weir_status append(const struct weir_env *env, char **form,
			       const struct parameter *parameters, size_t count,
			       struct weir_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (parameters[i].value &&
		    weir__form_append(env, form, parameters[i].name, parameters[i].value, err) < 0)
			return WEIR_ERR_NOMEM;
	return WEIR_OK;
}

/* What changes how the stream comes, rather than what is in it. */
static enum weir_status append_manner(const struct weir__twitter_config *config, int32_t extra,
				      char **form, struct weir_error *err)
{
	const struct weir_twitter_source_options *options = &config->options;
	char number[16];
	const struct parameter parameters[] = {
		{ "delimited", options->delimited ? "length" : NULL },
		{ "stall_warnings", options->stall_warnings ? "true" : NULL },
		{ config->dialect->extra, extra ? number : NULL },
	};

	snprintf(number, sizeof number, "%d", extra);
	return append(config->env, form, parameters, sizeof parameters / sizeof *parameters, err);
}

static enum weir_status append_predicates(const struct weir__twitter_config *config, char **form,
					  struct weir_error *err)
{
	const struct weir_twitter_source_options *options = &config->options;
	struct parameter parameters[WEIR__TWITTER_PREDICATES];

	for (size_t i = 0; i < WEIR__TWITTER_PREDICATES; i++)
		parameters[i] = (struct parameter){ weir__twitter_predicates[i].name,
						    weir__twitter_predicate(&config->predicates,
									    i) };
	if (append(config->env, form, parameters, WEIR__TWITTER_PREDICATES, err) < 0)
		return WEIR_ERR_NOMEM;
	for (size_t i = 0; i < options->parameter_count; i++)
		if (weir__form_append(config->env, form, options->parameters[i].name,
				      options->parameters[i].value, err) < 0)
			return WEIR_ERR_NOMEM;
	return WEIR_OK;
}

static char *join(const struct weir_env *env, const char *url, const char *query)
{
	const char *mark = strchr(url, '?');
	const char *between = !query ? "" : !mark ? "?" : mark[1] ? "&" : "";

	return weir__text_format(env, "%s%s%s", url, between, query ? query : "");
}

static enum weir_status write_parameters(struct weir__twitter_request *request,
					 const struct weir__twitter_config *config, int32_t extra,
					 struct weir_error *err)
{
	const bool posts = strcmp(config->options.method, "POST") == 0;
	char *query = NULL;
	enum weir_status status = append_manner(config, extra, &query, err);

	if (status == WEIR_OK)
		status = append_predicates(config, posts ? &request->body : &query, err);
	if (status == WEIR_OK) {
		request->url = join(config->env, config->options.url, query);
		if (!request->url)
			status = weir__error_no_memory(err);
	}
	weir__form_forget(config->env, query);
	return status;
}

static enum weir_status sign(struct weir__twitter_request *request,
			     const struct weir__twitter_config *config, const char *method,
			     const char *form, uint64_t wall_ms, struct weir_error *err)
{
	const struct weir_twitter_source_options *options = &config->options;
	char nonce[WEIR__OAUTH1_NONCE_LEN + 1];
	const struct weir__oauth1_keys keys = {
		.consumer_key = options->consumer_key,
		.consumer_secret = options->consumer_secret,
		.token = options->token,
		.token_secret = options->token_secret,
	};
	const struct weir__oauth1_request signing = {
		.method = method,
		.url = request->url,
		.form_body = form,
		.nonce = nonce,
		.timestamp_s = wall_ms >= 1000 ? wall_ms / 1000 : 1,
	};

	if (!weir__oauth1_nonce(config->env, nonce))
		return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP,
				      "no random bytes for a nonce: the system gives none");
	return weir__oauth1_header(config->env, &keys, &signing, &request->authorization, err);
}

static enum weir_status authorize(struct weir__twitter_request *request,
				  const struct weir__twitter_config *config, const char *method,
				  const char *form, uint64_t wall_ms, struct weir_error *err)
{
	const struct weir_twitter_source_options *options = &config->options;

	if (options->anonymous)
		return WEIR_OK;
	if (options->consumer_key)
		return sign(request, config, method, form, wall_ms, err);
	request->authorization = weir__text_format(config->env, "Bearer %s", options->token);
	return request->authorization ? WEIR_OK : weir__error_no_memory(err);
}

/* `type` is that of the body. */
static void write_headers(struct weir__twitter_request *request,
			  const struct weir__twitter_config *config, const char *method,
			  const char *type, bool compressed)
{
	const struct weir_twitter_source_options *options = &config->options;
	const struct weir_property headers[WEIR__TWITTER_HEADERS] = {
		{ "User-Agent", options->user_agent },
		{ "Accept-Encoding", compressed ? "deflate, gzip" : NULL },
		{ "Content-Type", request->body ? type : NULL },
		{ "Authorization", request->authorization },
	};
	size_t count = 0;

	for (size_t i = 0; i < WEIR__TWITTER_HEADERS; i++)
		if (headers[i].value)
			request->headers[count++] = headers[i];
	request->http = (struct weir_http_request){
		.size = sizeof request->http,
		.method = method,
		.url = request->url,
		.headers = request->headers,
		.header_count = count,
		.body = { request->body, request->body ? strlen(request->body) : 0 },
		.ca_file = options->ca_file,
		.proxy = options->proxy,
		.unix_socket = options->unix_socket,
		.connect_ms = options->connect_ms,
	};
}

enum weir_status weir__twitter_request_init(struct weir__twitter_request *request,
					    const struct weir__twitter_config *config,
					    uint64_t wall_ms, int32_t extra,
					    struct weir_error *err)
{
	const char *method = config->options.method;
	enum weir_status status;

	*request = (struct weir__twitter_request){ .url = NULL };
	status = write_parameters(request, config, extra, err);
	if (status == WEIR_OK)
		status = authorize(request, config, method, request->body, wall_ms, err);
	if (status < 0) {
		weir__twitter_request_release(request, config->env);
		return status;
	}
	write_headers(request, config, method, "application/x-www-form-urlencoded",
		      !config->options.uncompressed);
	return WEIR_OK;
}

enum weir_status weir__twitter_request_json(struct weir__twitter_request *request,
					    const struct weir__twitter_config *config,
					    uint64_t wall_ms, char *url, char *body,
					    struct weir_error *err)
{
	const char *method = body ? "POST" : "GET";
	enum weir_status status;

	*request = (struct weir__twitter_request){ .url = url, .body = body };
	status = authorize(request, config, method, NULL, wall_ms, err);
	if (status < 0) {
		weir__twitter_request_release(request, config->env);
		return status;
	}
	write_headers(request, config, method, "application/json", false);
	return WEIR_OK;
}

void weir__twitter_request_release(struct weir__twitter_request *request,
				   const struct weir_env *env)
{
	weir__form_forget(env, request->url);
	weir__form_forget(env, request->body);
	weir__form_forget(env, request->authorization);
	*request = (struct weir__twitter_request){ .url = NULL };
}
