/* SPDX-License-Identifier: MIT */
/* The scripted transport. */
#include "support/script_http.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep_request(struct script_http *script, const struct weir_http_request *request)
{
	struct script_request *kept;
	size_t len = 0;

	if (script->opens >= SCRIPT_REQUESTS)
		return;
	kept = &script->requests[script->opens];
	kept->at_ms = script->fake->monotonic_ms;
	kept->header_count = request->header_count;
	kept->has_body = request->body.data != NULL;
	snprintf(kept->method, sizeof kept->method, "%s", request->method);
	snprintf(kept->url, sizeof kept->url, "%s", request->url);
	if (request->body.data)
		snprintf(kept->body, sizeof kept->body, "%.*s", (int)request->body.len,
			 (const char *)request->body.data);
	for (size_t i = 0; i < request->header_count; i++)
		len += (size_t)snprintf(kept->headers + len, sizeof kept->headers - len, "%s: %s\n",
					request->headers[i].name, request->headers[i].value);
	ck_assert_uint_lt(len, sizeof kept->headers);
}

static bool is_none(const struct script_event *event)
{
	return !event->at_ms && !event->refused && !event->status && !event->name &&
	       !event->text && !event->ends && !event->fails;
}

static const struct script_event *next_event(const struct script_http *script)
{
	const struct script_event *event;

	if (!script->open || script->event >= SCRIPT_EVENTS)
		return NULL;
	event = &script->answer->events[script->event];
	return is_none(event) ? NULL : event;
}

static enum weir_status script_open(void *self, weir_port *port,
				    const struct weir_http_request *request,
				    const struct weir_http_events *events, struct weir_error *err)
{
	struct script_http *script = self;
	const size_t last = script->answer_count - 1;
	const size_t which = script->opens < last ? script->opens : last;

	(void)port;
	ck_assert_msg(!script->open, "attempt %zu began before the one before was closed",
		      script->opens + 1);
	keep_request(script, request);
	script->opens++;
	script->answer = &script->answers[which];
	script->events = *events;
	script->begun_ms = script->fake->monotonic_ms;
	script->event = 0;
	script->sent = 0;
	script->began_event = false;
	script->paused = false;
	if (script->answer->events[0].refused)
		return weir_error_set(err, script->answer->events[0].fails, WEIR_REMEDY_RETRY,
				      "scripted refusal");
	script->open = true;
	return WEIR_OK;
}

static void tell_body(struct script_http *script, const struct script_event *event)
{
	const size_t len = event->len ? event->len : strlen(event->text);

	while (script->open && !script->paused && script->sent < len) {
		const size_t left = len - script->sent;
		const size_t piece = script->piece && script->piece < left ? script->piece : left;
		/* A copy of just that size, so that a sanitizer sees any byte read beyond it. */
		char *copy = malloc(piece);

		memcpy(copy, event->text + script->sent, piece);
		if (script->events.body(script->events.user, (struct weir_slice){ copy, piece }))
			script->sent += piece;
		else
			script->paused = true;
		script->refusals += script->paused;
		free(copy);
	}
}

static struct weir_slice slice(const char *text)
{
	return (struct weir_slice){ text, strlen(text) };
}

static void tell_end(struct script_http *script, const struct script_event *event)
{
	struct weir_error err;

	script->open = false;
	weir_error_set(&err, event->fails, WEIR_REMEDY_RETRY, "scripted failure");
	script->events.end(script->events.user, event->fails ? &err : NULL);
}

static void play(struct script_http *script)
{
	const struct script_event *event;

	while ((event = next_event(script)) && !script->paused &&
	       script->begun_ms + event->at_ms <= script->fake->monotonic_ms) {
		if (!script->began_event && event->status)
			script->events.status(script->events.user, event->status);
		if (!script->began_event && event->name)
			script->events.header(script->events.user, slice(event->name),
					      slice(event->value));
		script->began_event = true;
		if (event->text)
			tell_body(script, event);
		if (script->paused || !script->open)
			return;
		script->began_event = false;
		script->sent = 0;
		script->event++;
		if (event->ends || event->fails)
			tell_end(script, event);
	}
}

static void script_step(void *self, uint64_t now_ms)
{
	struct script_http *script = self;

	ck_assert_uint_eq(now_ms, script->fake->monotonic_ms);
	play(script);
}

static uint64_t script_deadline_ms(void *self)
{
	struct script_http *script = self;
	const struct script_event *event = script->paused ? NULL : next_event(script);

	return event ? script->begun_ms + event->at_ms : 0;
}

static void script_resume(void *self)
{
	struct script_http *script = self;

	script->paused = false;
	play(script);
}

static void script_close(void *self)
{
	struct script_http *script = self;

	script->closes++;
	script->open = false;
}

static void script_free(void *self)
{
	struct script_http *script = self;

	ck_assert_msg(!script->freed, "the transport was freed twice");
	ck_assert_msg(!script->open, "the transport was freed with an open exchange");
	script->freed = true;
}

static const struct weir_http_ops script_ops = {
	.size = sizeof script_ops,
	.open = script_open,
	.step = script_step,
	.deadline_ms = script_deadline_ms,
	.resume = script_resume,
	.close = script_close,
	.free = script_free,
};

struct weir_http script_http_init(struct script_http *script, struct fake_env *fake,
				  const struct script_answer *answers, size_t answer_count)
{
	*script = (struct script_http){
		.fake = fake,
		.answers = answers,
		.answer_count = answer_count,
		.requests = calloc(SCRIPT_REQUESTS, sizeof *script->requests),
	};
	ck_assert_ptr_nonnull(script->requests);
	return (struct weir_http){ &script_ops, script };
}

void script_http_release(struct script_http *script)
{
	free(script->requests);
	script->requests = NULL;
}

bool script_header(const struct script_request *request, const char *name, char *ret, size_t size)
{
	const size_t len = strlen(name);

	for (const char *line = request->headers; *line; line = strchr(line, '\n') + 1) {
		if (strncmp(line, name, len) != 0 || line[len] != ':')
			continue;
		line += len + 2;
		snprintf(ret, size, "%.*s", (int)strcspn(line, "\n"), line);
		return true;
	}
	return false;
}
