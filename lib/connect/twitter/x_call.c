/* SPDX-License-Identifier: MIT */
/*
 * Exchanges beside the stream, over a transport of their own.
 *
 * Guarantees: bounded in bytes and in time; events of the transport only take notes. Callers:
 * x_rules.c.
 */
#include "connect/twitter/x_call.h"

#include "connect/twitter/request.h"
#include "connect/twitter/source.h"
#include "ground/error.h"

#define MOST_BYTES (16u << 20)	/* of an answer: a page of 1,000 rules has some 3 MiB */
#define MOST_MS 60000u

static void on_status(void *user, int status)
{
	struct weir__x_call *call = user;

	call->answer.status = status;
}

static void on_header(void *user, struct weir_slice name, struct weir_slice value)
{
	struct weir__x_call *call = user;

	weir__twitter_answer_header(&call->answer, name, value);
}

static bool on_body(void *user, struct weir_slice bytes)
{
	struct weir__x_call *call = user;

	if (bytes.len > MOST_BYTES - call->body.len)
		call->too_large = true;
	else
		weir__bytes_add(&call->body, bytes.data, bytes.len);
	return true;
}

static void on_end(void *user, const struct weir_error *error)
{
	struct weir__x_call *call = user;

	call->answer.over = true;
	if (error)
		call->end = *error;
}

void weir__x_call_init(struct weir__x_call *call, const struct weir_env *env,
		       struct weir_http http)
{
	*call = (struct weir__x_call){ .http = http };
	weir__bytes_init(&call->body, env);
}

void weir__x_call_release(struct weir__x_call *call)
{
	weir__x_call_close(call);
	weir__twitter_answer_clear(&call->answer);
	weir__bytes_release(&call->body);
	weir__twitter_http_free(call->http);
}

enum weir_status weir__x_call_begin(struct weir__x_call *call, struct weir__twitter_source *source,
				    char *url, char *body, struct weir_error *err)
{
	const struct weir_http_events events = {
		.user = call,
		.status = on_status,
		.header = on_header,
		.body = on_body,
		.end = on_end,
	};
	struct weir__twitter_request request;
	enum weir_status status;

	weir__twitter_answer_clear(&call->answer);
	weir__bytes_reset(&call->body);
	call->end = (struct weir_error){ .status = WEIR_OK };
	call->too_large = false;
	call->until_ms = source->now_ms + MOST_MS;
	status = weir__twitter_request_json(&request, &source->config,
					    weir__twitter_signing_ms(source), url, body, err);
	if (status < 0)
		return status;
	call->is_open = true;
	status = call->http.ops->open(call->http.self, source->port, &request.http, &events,
				      &call->end);
	weir__twitter_request_release(&request, source->config.env);
	if (status == WEIR_ERR_NOMEM || status == WEIR_ERR_INVALID ||
	    status == WEIR_ERR_UNSUPPORTED) {
		call->is_open = false;
		if (err)
			*err = call->end;
		return status;
	}
	if (status < 0) {
		call->end.status = status;
		call->answer.over = true;
	}
	return WEIR_OK;
}

bool weir__x_call_turn(struct weir__x_call *call, uint64_t now_ms)
{
	if (call->is_open && !call->answer.over)
		call->http.ops->step(call->http.self, now_ms);
	if (!call->answer.over && now_ms >= call->until_ms)
		weir_error_set(&call->end, WEIR_ERR_TIMEOUT, WEIR_REMEDY_RETRY,
			       "no whole answer for %u s", MOST_MS / 1000);
	else if (!call->answer.over && !call->too_large)
		return false;
	if (call->too_large)
		weir_error_set(&call->end, WEIR_ERR_PROTOCOL, WEIR_REMEDY_RETRY,
			       "the answer has more than %u bytes", MOST_BYTES);
	else if (call->body.has_failed)
		weir__error_no_memory(&call->end);
	weir__x_call_close(call);
	return true;
}

void weir__x_call_close(struct weir__x_call *call)
{
	if (call->is_open)
		call->http.ops->close(call->http.self);
	call->is_open = false;
}

uint64_t weir__x_call_deadline_ms(const struct weir__x_call *call)
{
	const struct weir_http *http = &call->http;
	uint64_t at_ms = 0;

	if (http->ops->deadline_ms)
		at_ms = http->ops->deadline_ms(http->self);
	return at_ms && at_ms < call->until_ms ? at_ms : call->until_ms;
}
