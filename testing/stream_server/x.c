/* SPDX-License-Identifier: MIT */
/*
 * What the v2 service refuses a stream with, and what it is asked beside it.
 *
 * Guarantee: the order is that of the service: token, method, parameters, rate, usage, connections,
 * rules. Called by answer.c.
 */
#include "server.h"

#include "memory.h"

#include <inttypes.h>
#include <strings.h>

static struct x_answer problem(unsigned status, const char *type, const char *title)
{
	return (struct x_answer){ status, x_problem(type, title, "") };
}

/* A bearer token, or the user's context: a signature by OAuth 1.0a. */
static bool has_token(struct request *request)
{
	static const char scheme[] = "Bearer ";
	const char *given = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
							"Authorization");

	return request->server->settings.no_auth ||
	       (given && strncmp(given, scheme, sizeof scheme - 1) == 0 &&
		strcmp(given + sizeof scheme - 1, request->server->settings.bearer) == 0) ||
	       (given && strncmp(given, "OAuth ", 6) == 0 && request_is_signed(request));
}

/* 0 to 5, and only for those who may. */
static bool may_backfill(const struct request *request)
{
	const struct param *minutes = params_find(&request->params, "backfill_minutes");

	if (!minutes)
		return true;
	return request->server->settings.allow_backfill && minutes->value_len == 1 &&
	       minutes->value[0] >= '0' && minutes->value[0] <= '5';
}

static bool is_capped(struct server *server)
{
	return server->settings.usage_cap && atomic_load(&server->posts) >=
					     server->settings.usage_cap;
}

static bool has_open_stream(struct server *server)
{
	uint64_t streams, open, most_open;

	account_read(&server->account, &streams, &open, &most_open);
	return open > 0;
}

bool x_check(struct request *request, bool filtered, struct x_answer *ret_answer)
{
	struct server *server = request->server;

	if (!has_token(request))
		*ret_answer = problem(401, "unsupported-authentication", "Unauthorized");
	else if (strcmp(request->method, "GET") != 0)
		*ret_answer = problem(405, "about:blank", "Method Not Allowed");
	else if (!may_backfill(request))
		*ret_answer = problem(400, "invalid-request", "Invalid Request");
	else if (server->settings.strict_rate_ms && !account_may_open(server))
		*ret_answer = (struct x_answer){ 429, x_limit_problem("rate") };
	else if (is_capped(server))
		*ret_answer = (struct x_answer){ 429, x_limit_problem("monthly") };
	else if (server->settings.one_connection && has_open_stream(server))
		*ret_answer = (struct x_answer){ 429, x_limit_problem("connections") };
	else if (filtered && x_rules_count(&server->rules) == 0)
		*ret_answer = (struct x_answer){
			409, x_problem("streaming-connection", "ConnectionException",
				       "\"connection_issue\":\"RuleConfigurationIssue\",") };
	else
		return true;
	return false;
}

struct x_answer x_rules_request(struct request *request)
{
	if (!has_token(request))
		return problem(401, "unsupported-authentication", "Unauthorized");
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "POST") != 0)
		return problem(405, "about:blank", "Method Not Allowed");
	return x_rules_answer(request, request->server->settings.most_rules);
}

/* What was read or handed in is what it is; else posts are made for the first who asks. */
const struct pool *x_pool(struct server *server)
{
	const struct settings *settings = &server->settings;

	if (settings->file || settings->filled)
		return &server->pool;
	pthread_mutex_lock(&server->rules.lock);
	if (server->posts_pool.count == 0)
		pool_generate_x(&server->posts_pool, settings->generate, settings->seed);
	pthread_mutex_unlock(&server->rules.lock);
	return &server->posts_pool;
}
