/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong within a stream, and how a frame of its own bytes is made.
 *
 * Guarantee: a fault happens once, after as many messages as its step says. Called by stream.c, in
 * the thread of the stream.
 */
#include "stream.h"

#include "memory.h"

#include <inttypes.h>
#include <stdarg.h>

/* ---- frames */

void stream_set_frame(struct stream *stream, const char *body, size_t len, bool framed)
{
	stream->prefix_len = 0;
	if (framed && stream->delimited)
		stream->prefix_len = (size_t)snprintf(stream->prefix, sizeof stream->prefix,
						      "%zu\r\n", len);
	stream->body = body;
	stream->body_len = len;
	stream->at = 0;
}

void stream_inject(struct stream *stream, bool framed, const char *format, ...)
{
	va_list arguments;
	int len;

	free(stream->injected);
	va_start(arguments, format);
	len = vasprintf(&stream->injected, format, arguments);
	va_end(arguments);
	if (len < 0)
		need(NULL);
	stream_set_frame(stream, stream->injected, (size_t)len, framed);
}

const struct pool_message *stream_next_message(const struct stream *stream)
{
	const struct pool *pool = stream->pool;

	return pool->count ? &pool->messages[stream->index % pool->count] : NULL;
}

void stream_count_message(struct stream *stream)
{
	stream->index++;
	stream->sent++;
	atomic_fetch_add_explicit(&stream->server->messages, 1, memory_order_relaxed);
}

static void inject_disconnect(struct stream *stream)
{
	stream_inject(stream, true, "{\"disconnect\":{\"code\":%" PRId64 ",\"stream_name\":"
	       "\"mossgrove-statuses\",\"reason\":\"as the script says\"}}\r\n",
	       stream->fault->number);
}

static void inject_half(struct stream *stream)
{
	const struct pool_message *message = stream_next_message(stream);

	if (!message)
		return;
	stream_set_frame(stream, stream->pool->bytes + message->at, message->len, true);
	stream->body_len /= 2;
}

static void inject_garbage(struct stream *stream)
{
	stream->garbage = stream->zip != NULL;
	if (stream->zip)
		return;
	inject_half(stream);
	stream->then = ABORT;
}

/* The message is whole, the line before it says 7 bytes more. */
static void inject_bad_length(struct stream *stream)
{
	const struct pool_message *message = stream_next_message(stream);

	if (!message)
		return;
	stream_set_frame(stream, stream->pool->bytes + message->at, message->len, true);
	if (stream->delimited)
		stream->prefix_len = (size_t)snprintf(stream->prefix, sizeof stream->prefix,
						      "%zu\r\n", message->len + 7);
	stream_count_message(stream);
}

void stream_inject_keep_alive(struct stream *stream)
{
	stream_set_frame(stream, "\r\n", 2, false);
}

static void inject_text(struct stream *stream)
{
	stream_inject(stream, false, "%s\r\n", stream->fault->text);
}

static void inject_malformed(struct stream *stream)
{
	stream_inject(stream, true, "{\"a\":\r\n");
}

static void inject_bare_lf(struct stream *stream)
{
	stream_inject(stream, true, "{\"limit\":\n{\"track\":\n1}}\r\n");
}

static void inject_huge(struct stream *stream)
{
	const size_t len = (size_t)stream->fault->number;
	char *filling = need(malloc(len + 1));

	memset(filling, 'x', len);
	filling[len] = 0;
	stream_inject(stream, true, "{\"huge\":\"%s\"}\r\n", filling);
	free(filling);
}

/* A disconnect_type, or a kind of limit. */
static void inject_problem(struct stream *stream)
{
	const char *name = stream->fault->text;
	char *problem = x_limit_problem(name);
	char extra[96];

	snprintf(extra, sizeof extra, "\"disconnect_type\":\"%.60s\",", name);
	if (!problem)
		problem = x_problem("operational-disconnect", "operational-disconnect", extra);
	stream_inject(stream, true, "{\"errors\":[%s]}\r\n", problem);
	free(problem);
}

/* ---- faults: when, what, and what then */

enum trigger { NEVER, AT_START, AT_NUMBER, AT_SECOND };

static const struct {
	enum trigger trigger;
	void (*inject)(struct stream *stream);
	enum state then;
} faults[] = {
	[FAULT_CLOSE] = { AT_START, NULL, END },
	[FAULT_KEEPALIVE_CLOSE] = { AT_START, stream_inject_keep_alive, END },
	[FAULT_CUT] = { AT_NUMBER, inject_half, ABORT },
	[FAULT_CUT_CHUNK] = { AT_NUMBER, NULL, CUT_CHUNK },
	[FAULT_RESET] = { AT_NUMBER, inject_half, RESET },
	[FAULT_STALL] = { AT_NUMBER, NULL, SILENT },
	[FAULT_IDLE] = { AT_NUMBER, NULL, IDLE },
	[FAULT_DISCONNECT] = { AT_SECOND, inject_disconnect, END },
	[FAULT_DISCONNECT_HOLD] = { AT_SECOND, inject_disconnect, SILENT },
	[FAULT_PROBLEM] = { AT_SECOND, inject_problem, END },
	[FAULT_BAD_GZIP] = { AT_NUMBER, inject_garbage, SILENT },
	[FAULT_BAD_LENGTH] = { AT_NUMBER, inject_bad_length, RUN },
	[FAULT_TEXT] = { AT_START, inject_text, RUN },
	[FAULT_MALFORMED] = { AT_NUMBER, inject_malformed, RUN },
	[FAULT_BARE_LF] = { AT_NUMBER, inject_bare_lf, RUN },
	[FAULT_HUGE] = { AT_START, inject_huge, RUN },
};

bool stream_fault_due(const struct stream *stream)
{
	const enum trigger trigger = faults[stream->fault->kind].trigger;
	const int64_t at = trigger == AT_NUMBER ? stream->fault->number :
			   trigger == AT_SECOND ? stream->fault->second : 0;

	return trigger != NEVER && !stream->fired && stream->state == RUN &&
	       stream->sent == (uint64_t)at;
}

bool stream_take_fault(struct stream *stream)
{
	stream->fired = true;
	stream->then = faults[stream->fault->kind].then;
	if (faults[stream->fault->kind].inject)
		faults[stream->fault->kind].inject(stream);
	return true;
}
