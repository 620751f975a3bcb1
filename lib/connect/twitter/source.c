/* SPDX-License-Identifier: MIT */
/*
 * A stream as a source: the state machine around one connection at a time, whatever dialect it
 * speaks.
 *
 *             open                      due
 *     CLOSED ──────► WAITING ◄──────────────────► CONNECTING ──200──► STREAMING
 *        ▲              ▲  ▲                       │        │             │
 *        │              │  └──── no answer ────────┘      other           │
 *        │              │                                   ▼             │
 *      close,           ├──────── retry ──────────────── REFUSED          │
 *      failure          └── dropped, stalled, disconnected, reconfigured ─┘
 *
 * and from each of them, when it stops, has ended or fails: ──► LEAVING ──► CLOSED
 *
 * Guarantees: nothing is sent with wrong options; there is never more than one connection; events
 * of the transport only take notes and emit, decisions are made after its turn and only when
 * what came is handed over; a full outlet stops the reading, and that is no stall; each hole is
 * told once, or in the log when the pipeline takes no more; a stop ends the connection at once;
 * after close there is no wait and no connection left. Callers: the engine, through
 * weir/source.h; v1.c and x.c make them.
 */
#include "connect/twitter/source.h"

#include <stdio.h>

#include "connect/twitter/notice.h"
#include "connect/twitter/request.h"
#include "connect/twitter/show.h"
#include "ground/error.h"
#include "wire/http.h"

/* ---- what the transport tells ---- */

static bool fails(struct weir__twitter_source *source, enum weir_status status)
{
	if (status < 0)
		source->failure.status = status;
	return status < 0;
}

static bool asks_again(const struct weir__twitter_source *source)
{
	return source->config.backfill_minutes && source->state == WEIR__TWITTER_STREAMING;
}

/* What no backfill fills. */
static void alert_reach(const struct weir__twitter_source *source, uint64_t gap_ms)
{
	char text[160];

	if (!asks_again(source) || gap_ms <= (uint64_t)source->extra * 60000)
		return;
	snprintf(text, sizeof text, "a hole of %ju s is longer than the %d minutes asked for again "
		 "(backfill_minutes)", (uintmax_t)(gap_ms / 1000), source->extra);
	weir__twitter_alert(&source->config, source->port, text);
}

/* There is a connection again, or there is to be none: the gap can be told. */
static void close_hole(struct weir__twitter_source *source)
{
	const uint64_t gap_ms = source->now_ms - source->hole.since_ms;
	const uint64_t to_ms = weir__wall_ms(source->config.env);
	const struct weir__twitter_gap gap = {
		.from_ms = to_ms > gap_ms ? to_ms - gap_ms : 0,
		.to_ms = to_ms,
		.missed = source->hole.missed,
		.cause = source->hole.cause,
		.backfill_minutes = asks_again(source) ? source->extra : 0,
	};

	source->hole.is_open = false;
	alert_reach(source, gap_ms);
	weir_port_count(source->port, WEIR_COUNT_GAP_MS, gap_ms);
	weir__twitter_stream_hold_gap(&source->stream, &gap);
}

static void begin_stream(struct weir__twitter_source *source)
{
	source->state = WEIR__TWITTER_STREAMING;
	weir_port_count(source->port, WEIR_COUNT_CONNECTS, 1);
	weir_port_log(source->port, WEIR_LOG_INFO, "connected");
	weir__twitter_change_confirm(source);
	if (source->hole.is_open)
		close_hole(source);
}

static void on_status(void *user, int status)
{
	struct weir__twitter_source *source = user;

	source->answer.status = status;
	source->answered_ms = source->now_ms;
	source->heard_ms = source->now_ms;
	if (status == 200)
		begin_stream(source);
	else
		source->state = WEIR__TWITTER_REFUSED;
}

static void on_header(void *user, struct weir_slice name, struct weir_slice value)
{
	struct weir__twitter_source *source = user;

	source->heard_ms = source->now_ms;
	weir__twitter_answer_header(&source->answer, name, value);
}

/* The first bytes of a body: what its headers said of it is known now. */
static void begin_body(struct weir__twitter_source *source)
{
	source->heard = true;
	if (source->answer.unknown_coding)
		weir_error_set(&source->stream.broken, WEIR_ERR_PROTOCOL, WEIR_REMEDY_RETRY,
			       "the body's Content-Encoding is none that was asked for");
	else if (source->answer.compressed)
		fails(source, weir__twitter_stream_inflate(&source->stream, source->answer.coding,
							   &source->failure));
}

static bool on_body(void *user, struct weir_slice bytes)
{
	struct weir__twitter_source *source = user;
	enum weir_status status;

	source->heard_ms = source->now_ms;
	if (source->state == WEIR__TWITTER_REFUSED) {
		weir__twitter_answer_text(&source->answer, source->config.env, bytes);
		return true;
	}
	if (!source->heard && bytes.len)
		begin_body(source);
	if (source->failure.status < 0)
		return true;
	status = weir__twitter_stream_write(&source->stream, bytes, &source->failure);
	source->paused = status == WEIR_AGAIN;
	return fails(source, status) || !source->paused;
}

static void on_end(void *user, const struct weir_error *error)
{
	struct weir__twitter_source *source = user;

	source->answer.over = true;
	if (error)
		source->end = *error;
}

/* ---- one attempt ---- */

uint64_t weir__twitter_signing_ms(const struct weir__twitter_source *source)
{
	return weir__wall_ms(source->config.env) + (uint64_t)source->clock_offset_ms;
}

/* What no second attempt would cure. */
static bool is_ours(enum weir_status status)
{
	return status == WEIR_ERR_NOMEM || status == WEIR_ERR_INVALID ||
	       status == WEIR_ERR_UNSUPPORTED;
}

static void begin_attempt(struct weir__twitter_source *source)
{
	const struct weir_slice url = weir__twitter_show_url(source->config.options.url);

	weir__twitter_answer_clear(&source->answer);
	weir__twitter_stream_clear(&source->stream);	/* what ended the last one, too */
	weir__twitter_change_adopt(source);
	source->end = (struct weir_error){ .status = WEIR_OK };
	source->failure = (struct weir_error){ .status = WEIR_OK };
	source->heard_ms = source->now_ms;
	source->heard = false;
	source->paused = false;
	source->extra = source->without_extra ? 0 : source->config.dialect->extra_value(source);
	source->state = WEIR__TWITTER_CONNECTING;
	weir_port_log(source->port, WEIR_LOG_INFO, "connecting to %.*s", (int)url.len,
		      (const char *)url.data);
}

static enum weir_status attempt(struct weir__twitter_source *source, struct weir_error *err)
{
	const struct weir_http *http = &source->config.http;
	const struct weir_http_events events = {
		.user = source,
		.status = on_status,
		.header = on_header,
		.body = on_body,
		.end = on_end,
	};
	struct weir__twitter_request request;
	enum weir_status status;

	begin_attempt(source);
	status = weir__twitter_request_init(&request, &source->config,
					    weir__twitter_signing_ms(source), source->extra, err);
	if (status < 0)
		return status;
	status = http->ops->open(http->self, source->port, &request.http, &events, &source->end);
	weir__twitter_request_release(&request, source->config.env);
	if (status >= 0)
		return WEIR_OK;
	if (is_ours(status)) {
		*err = source->end;
		err->remedy = WEIR_REMEDY_STOP;
		return status;
	}
	source->end.status = status;
	source->answer.over = true;
	return WEIR_OK;
}

/* ---- beside the stream ---- */

static bool may_connect(const struct weir__twitter_source *source)
{
	return !source->beside || source->config.dialect->may_connect(source);
}

static void close_beside(struct weir__twitter_source *source)
{
	if (source->beside)
		source->config.dialect->close(source);
}

/* ---- the engine's calls ---- */

/* It goes for good, with this verdict, as soon as every hole is told. */
static void leave(struct weir__twitter_source *source, enum weir_status verdict,
		  const struct weir_error *why)
{
	if (source->hole.is_open)
		close_hole(source);
	weir__twitter_stream_settle_gap(&source->stream);
	source->state = WEIR__TWITTER_LEAVING;
	source->verdict = verdict;
	if (verdict < 0)
		source->failure = *why;
}

static void leave_at_stop(struct weir__twitter_source *source)
{
	close_beside(source);
	source->config.http.ops->close(source->config.http.self);
	weir__twitter_stream_clear(&source->stream);
	leave(source, WEIR_END, NULL);
}

static bool is_open(const struct weir__twitter_source *source)
{
	return source->state >= WEIR__TWITTER_CONNECTING && !source->answer.over;
}

/* A message that ends it, or damage: nothing more is read, whether or not the server closes. */
static void stop_reading(struct weir__twitter_source *source)
{
	if (!is_open(source) ||
	    (!source->stream.parting && source->stream.broken.status == WEIR_OK))
		return;
	source->config.http.ops->close(source->config.http.self);
	source->answer.over = true;
	source->paused = false;
}

static void turn_transport(struct weir__twitter_source *source, bool drained)
{
	const struct weir_http *http = &source->config.http;

	if (source->paused && drained) {
		source->paused = false;
		http->ops->resume(http->self);
	}
	if (is_open(source))
		http->ops->step(http->self, source->now_ms);
	stop_reading(source);
}

/* All that came is handed over: what follows. */
static enum weir_status decide(struct weir__twitter_source *source, struct weir_error *err)
{
	enum weir_status status;

	if (source->now_ms >= source->stream.gap_until_ms)
		weir__twitter_stream_settle_gap(&source->stream);
	status = weir__twitter_react(source, err);
	if (status != WEIR_OK)
		leave(source, status, err);
	return weir__twitter_stream_drain(&source->stream, err);
}

static void turn_beside(struct weir__twitter_source *source, struct weir_error *err)
{
	enum weir_status status;

	if (!source->beside || source->state == WEIR__TWITTER_LEAVING)
		return;
	status = source->config.dialect->turn(source, err);
	if (status >= 0)
		return;
	source->config.http.ops->close(source->config.http.self);
	weir__twitter_stream_clear(&source->stream);
	leave(source, status, err);
}

/* A gap of the connection before is handed over before there is another. */
static bool is_due(const struct weir__twitter_source *source)
{
	return source->state == WEIR__TWITTER_WAITING && source->now_ms >= source->due_ms &&
	       may_connect(source);
}

static enum weir_status turn_connection(struct weir__twitter_source *source,
					struct weir_error *err)
{
	enum weir_status status = weir__twitter_stream_drain(&source->stream, err);
	enum weir_status attempted = WEIR_OK;

	if (status == WEIR_OK && source->crowded)
		source->waited_ms = source->now_ms;
	if (status == WEIR_OK && is_due(source))
		attempted = attempt(source, err);
	if (attempted < 0)
		leave(source, attempted, err);
	if (status >= 0 && is_open(source)) {
		turn_transport(source, status == WEIR_OK);
		if (source->failure.status < 0) {
			*err = source->failure;
			return err->status;
		}
	}
	return status < 0 ? status : weir__twitter_stream_drain(&source->stream, err);
}

static enum weir_status turn(struct weir__twitter_source *source, struct weir_error *err)
{
	enum weir_status status;

	turn_beside(source, err);
	status = turn_connection(source, err);
	if (status == WEIR_OK)
		status = decide(source, err);
	source->crowded = status == WEIR_AGAIN;
	if (status < 0)
		return status;
	if (source->crowded || source->state != WEIR__TWITTER_LEAVING)
		return WEIR_OK;
	if (source->verdict < 0)
		*err = source->failure;
	return source->verdict;
}

static uint64_t earlier(uint64_t a_ms, uint64_t b_ms)
{
	return b_ms == 0 || (a_ms != 0 && a_ms < b_ms) ? a_ms : b_ms;
}

/* A full outlet decides nothing: then there is nothing of ours to wait for but room. */
static uint64_t next_of_stream_ms(const struct weir__twitter_source *source)
{
	const struct weir_http *http = &source->config.http;
	uint64_t at_ms = 0;

	if (source->state == WEIR__TWITTER_WAITING && !source->crowded && may_connect(source))
		return source->due_ms ? source->due_ms : 1;
	if (!is_open(source))
		return 0;
	if (http->ops->deadline_ms)
		at_ms = http->ops->deadline_ms(http->self);
	if (source->crowded)
		return at_ms;
	at_ms = earlier(at_ms, weir__twitter_stall_ms(source));
	at_ms = earlier(at_ms, weir__twitter_change_due_ms(source));
	if (source->stream.gap_state == WEIR__TWITTER_GAP_HELD)
		at_ms = earlier(at_ms, source->stream.gap_until_ms);
	if (source->state == WEIR__TWITTER_REFUSED)
		at_ms = earlier(at_ms, source->answered_ms + WEIR__TWITTER_WORDS_MS);
	return at_ms;
}

static uint64_t next_ms(const struct weir__twitter_source *source)
{
	const uint64_t at_ms = next_of_stream_ms(source);

	if (!source->beside || source->state == WEIR__TWITTER_LEAVING)
		return at_ms;
	return earlier(at_ms, source->config.dialect->deadline_ms(source));
}

static enum weir_status source_open(void *self, weir_port *port, struct weir_error *err)
{
	struct weir__twitter_source *source = self;

	(void)err;
	source->port = port;
	source->stream.port = port;
	source->state = WEIR__TWITTER_WAITING;
	source->due_ms = 0;
	atomic_store(&source->change.port, port);
	if (source->beside)
		source->config.dialect->open(source);
	weir_port_deadline(port, 1);
	return WEIR_OK;
}

static enum weir_status source_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				    struct weir_error *err)
{
	struct weir__twitter_source *source = self;
	enum weir_status status;

	source->now_ms = now_ms;
	source->stream.outlet = outlet;
	source->stream.now_ms = now_ms;
	if (weir_port_is_stopping(source->port) && source->state != WEIR__TWITTER_LEAVING)
		leave_at_stop(source);
	weir__twitter_change_note(source);
	status = turn(source, err);
	source->stream.outlet = NULL;
	if (status == WEIR_OK)
		weir_port_deadline(source->port, next_ms(source));
	return status;
}

/* Without a step before it when the pipeline has failed: then the log tells the last gap. */
static void source_close(void *self)
{
	struct weir__twitter_source *source = self;

	close_beside(source);
	source->config.http.ops->close(source->config.http.self);
	weir__twitter_stream_clear(&source->stream);
	weir__twitter_stream_drop_gap(&source->stream);
	if (source->hole.is_open) {
		source->now_ms = weir__monotonic_ms(source->config.env);
		close_hole(source);
		weir__twitter_stream_drop_gap(&source->stream);
	}
	source->state = WEIR__TWITTER_CLOSED;
}

void weir__twitter_source_free(struct weir__twitter_source *source)
{
	const struct weir_env *env = source->config.env;

	if (source->beside)
		source->config.dialect->free(source);
	weir__twitter_change_release(source);
	weir__twitter_answer_clear(&source->answer);
	weir__twitter_stream_release(&source->stream);
	weir__twitter_config_release(&source->config);
	weir__free(env, source, sizeof *source);
}

static void source_free(void *self)
{
	weir__twitter_source_free(self);
}

const struct weir_source_ops weir__twitter_source_ops = {
	.size = sizeof weir__twitter_source_ops,
	.open = source_open,
	.step = source_step,
	.close = source_close,
	.free = source_free,
	.drains = true,
};
