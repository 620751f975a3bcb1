/* SPDX-License-Identifier: MIT */
/*
 * The end of a connection: what it was, and what follows.
 *
 *     what ended it                     delay before the next attempt
 *     a proven connection dropped       none
 *     … or stalled                      none
 *     an unproven one did               network
 *     no answer (DNS, connect, TLS)     network
 *     damaged framing or compression    network
 *     HTTP status                       by the table of statuses
 *     a message that ends it            by the row that its notice found
 *     other predicates are wanted       none
 *     the end of what has one           the source ends
 *
 * Proven: answered 200, sent at least one byte, and lived for proven_ms since. Only that resets
 * the delays, so that a server which accepts and closes at once is not asked without pause.
 *
 * Guarantees: the old connection is closed before there is a next one; each reconnect is counted
 * under its cause; no delay is below what is documented or what the server asked for. What may
 * never work is told as a warning at the first failure of a row and again when the delay has
 * reached its cap; the failures between are information. Callers: source.c.
 */
#include "connect/twitter/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "connect/twitter/notice.h"
#include "connect/twitter/show.h"
#include "ground/error.h"
#include "kit/text.h"

#define CLOCK_TOLERANCE_MS 60000u
#define TAKEOVER_FORGIVEN_MS 3600000u	/* a connection that lived so long was no part of a fight */

enum pace {
	FREE,		/* at once after a proven connection, else by class */
	BY_CLASS,
	AT_ONCE		/* something was corrected: the one permitted second try */
};

struct loss {
	enum weir_reconnect_cause cause;
	enum pace pace;
	enum weir__backoff_class class;
	uint64_t least_ms;	/* what the server asks for */
	struct weir_error why;
};

static bool is_proven(const struct weir__twitter_source *source)
{
	return source->state == WEIR__TWITTER_STREAMING && source->heard &&
	       source->now_ms - source->answered_ms >= source->config.options.proven_ms;
}

static void hang_up(struct weir__twitter_source *source)
{
	source->config.http.ops->close(source->config.http.self);
	if (source->state == WEIR__TWITTER_STREAMING)
		weir__twitter_stream_end(&source->stream);
}

/* A hole begins with a stream that is to go on. One that is open already stays as it is. */
static void open_hole(struct weir__twitter_source *source, enum weir_reconnect_cause cause)
{
	if (source->state != WEIR__TWITTER_STREAMING)
		return;
	source->hole = (struct weir__twitter_hole){
		.is_open = true,
		.since_ms = source->heard_ms,
		.missed = source->stream.missed,
		.cause = cause,
	};
}

static void alert_cap(const struct weir__twitter_source *source, uint64_t delay_ms,
		      const struct loss *loss)
{
	char text[320];

	snprintf(text, sizeof text, "the delay between attempts has reached its limit of %ju s: %s",
		 (uintmax_t)(delay_ms / 1000), loss->why.text);
	weir__twitter_alert(&source->config, source->port, text);
}

static uint64_t next_delay(struct weir__twitter_source *source, const struct loss *loss)
{
	const struct weir__twitter_config *config = &source->config;
	bool capped;
	uint64_t delay_ms = weir__backoff_next(&source->backoff, loss->class, &capped);
	uint32_t chance = 0;

	if (capped)
		alert_cap(source, delay_ms, loss);
	if (delay_ms < loss->least_ms)
		delay_ms = loss->least_ms;
	if (config->options.jitter_percent && weir__random(config->env, &chance, sizeof chance))
		delay_ms = weir__backoff_jitter(delay_ms, config->options.jitter_percent, chance);
	return delay_ms;
}

/* The first failure of its class in a row. For the rate class there has been an alert. */
static bool is_news(const struct weir__twitter_source *source, enum weir__backoff_class class)
{
	return class != WEIR__BACKOFF_RATE && source->backoff.last_ms[class] == 0;
}

static void forgive(struct weir__twitter_source *source)
{
	weir__backoff_reset(&source->backoff);
	source->failures = 0;
	source->tries = 0;
	source->corrected = false;
}

uint64_t weir__twitter_permitted_ms(const struct weir__twitter_source *source)
{
	const struct weir__twitter_answer *answer = &source->answer;
	const uint64_t since_ms = source->now_ms - source->answered_ms;
	uint64_t wait_ms;

	if (!answer->none_left || !answer->status)
		return 0;
	wait_ms = weir__twitter_answer_wait_ms(answer,
					       weir__wall_ms(source->config.env) - since_ms);
	return wait_ms > since_ms ? wait_ms - since_ms : 0;
}

static enum weir_status reconnect(struct weir__twitter_source *source, const struct loss *loss,
				  struct weir_error *err)
{
	const uint32_t most = source->config.options.most_attempts;
	const bool proven = is_proven(source);
	enum weir_log_level level = WEIR_LOG_INFO;
	uint64_t delay_ms = 0;

	hang_up(source);
	if (proven)
		forgive(source);
	if (loss->pace == BY_CLASS || (loss->pace == FREE && !proven)) {
		source->failures++;
		if (most && source->failures >= most) {
			weir_error_set(err, loss->why.status, WEIR_REMEDY_STOP,
				       "gave up after %u attempts: %s", source->failures,
				       loss->why.text);
			err->remote_code = loss->why.remote_code;
			return err->status;
		}
		if (is_news(source, loss->class))
			level = WEIR_LOG_WARN;
		delay_ms = next_delay(source, loss);
	}
	if (delay_ms < weir__twitter_permitted_ms(source))
		delay_ms = weir__twitter_permitted_ms(source);
	open_hole(source, loss->cause);
	weir_port_count(source->port, WEIR_COUNT_RECONNECTS + loss->cause, 1);
	weir_port_log(source->port, level, "%s; next attempt in %ju ms", loss->why.text,
		      (uintmax_t)delay_ms);
	source->state = WEIR__TWITTER_WAITING;
	source->due_ms = source->now_ms + delay_ms;
	return WEIR_OK;
}

/* ---- no answer, or the end of a good one ---- */

static enum weir_status on_end(struct weir__twitter_source *source, struct weir_error *err)
{
	const bool answered = source->state == WEIR__TWITTER_STREAMING;
	const struct weir_error *end = &source->end;
	struct loss loss = {
		.cause = answered ? WEIR_RECONNECT_DROPPED : WEIR_RECONNECT_NETWORK,
		.pace = answered ? FREE : BY_CLASS,
		.class = WEIR__BACKOFF_NETWORK,
	};

	if (answered && source->config.finite && end->status == WEIR_OK) {
		hang_up(source);
		weir_port_log(source->port, WEIR_LOG_INFO, "the stream is complete");
		return WEIR_END;
	}
	weir_error_set(&loss.why, end->status < 0 ? end->status : WEIR_ERR_IO, WEIR_REMEDY_RETRY,
		       "%s%s%s", answered ? "the connection ended" : "no answer",
		       end->status < 0 ? ": " : "", end->status < 0 ? end->text : "");
	return reconnect(source, &loss, err);
}

static enum weir_status on_stall(struct weir__twitter_source *source, struct weir_error *err)
{
	struct loss loss = {
		.cause = WEIR_RECONNECT_STALLED,
		.pace = FREE,
		.class = WEIR__BACKOFF_NETWORK,
	};

	weir_error_set(&loss.why, WEIR_ERR_TIMEOUT, WEIR_REMEDY_RETRY,
		       "stalled: not a byte for %ju ms (stall_ms)",
		       (uintmax_t)source->config.options.stall_ms);
	return reconnect(source, &loss, err);
}

static enum weir_status on_damage(struct weir__twitter_source *source, struct weir_error *err)
{
	const struct loss loss = {
		.cause = WEIR_RECONNECT_PROTOCOL,
		.pace = BY_CLASS,
		.class = WEIR__BACKOFF_NETWORK,
		.why = source->stream.broken,
	};

	return reconnect(source, &loss, err);
}

/* By ourselves: the next attempt asks for what is wanted. */
static enum weir_status on_change(struct weir__twitter_source *source, struct weir_error *err)
{
	struct loss loss = {
		.cause = WEIR_RECONNECT_RECONFIGURED,
		.pace = AT_ONCE,
		.class = WEIR__BACKOFF_NETWORK,
	};

	weir_error_set(&loss.why, WEIR_ERR_CANCELED, WEIR_REMEDY_RETRY,
		       "closed, to ask for other predicates");
	return reconnect(source, &loss, err);
}

/* ---- a message that ends it ---- */

static enum weir_status fail_parted(struct weir__twitter_source *source,
				    const struct weir__twitter_disconnect *row,
				    struct weir_error *err)
{
	const struct weir__twitter_stream *stream = &source->stream;

	hang_up(source);
	weir_error_set(err, row->status, WEIR_REMEDY_STOP, "disconnected, %s: %s; %s",
		       stream->parting_name, row->meaning, row->remedy);
	err->remote_code = stream->parting_code;
	return row->status;
}

/* Two consumers that each come back cut each other off for ever: one further try, then stop. */
static bool is_fight(struct weir__twitter_source *source)
{
	if (source->now_ms - source->answered_ms >= TAKEOVER_FORGIVEN_MS)
		source->takeovers = 0;
	return ++source->takeovers > 1;
}

static uint64_t until_tomorrow_ms(const struct weir__twitter_source *source)
{
	return WEIR__DAY_MS - weir__twitter_signing_ms(source) % WEIR__DAY_MS;
}

/* How each parting goes on, if it does. */
static const struct {
	enum pace pace;
	enum weir__backoff_class class;
} ways[] = {
	[WEIR__TWITTER_PART_NOT] = { FREE, WEIR__BACKOFF_NETWORK },
	[WEIR__TWITTER_PART_DROP] = { FREE, WEIR__BACKOFF_NETWORK },
	[WEIR__TWITTER_PART_BACKOFF] = { BY_CLASS, WEIR__BACKOFF_NETWORK },
	[WEIR__TWITTER_PART_SLOW] = { BY_CLASS, WEIR__BACKOFF_RATE },
	[WEIR__TWITTER_PART_CAPPED] = { BY_CLASS, WEIR__BACKOFF_RATE },
	[WEIR__TWITTER_PART_TAKEOVER] = { BY_CLASS, WEIR__BACKOFF_RATE },
	[WEIR__TWITTER_PART_END] = { FREE, WEIR__BACKOFF_NETWORK },
	[WEIR__TWITTER_PART_FATAL] = { FREE, WEIR__BACKOFF_NETWORK },
};

static enum weir_status on_parting(struct weir__twitter_source *source, struct weir_error *err)
{
	const struct weir__twitter_stream *stream = &source->stream;
	const struct weir__twitter_disconnect *row = stream->parting;
	struct loss loss = {
		.cause = WEIR_RECONNECT_DISCONNECT,
		.pace = ways[row->parting].pace,
		.class = ways[row->parting].class,
	};

	weir_error_set(&loss.why, WEIR_ERR_REFUSED, WEIR_REMEDY_RETRY,
		       "disconnected, %s: %s ('%s')", stream->parting_name, row->meaning, stream->parting_reason);
	loss.why.remote_code = stream->parting_code;
	if (row->alert)
		weir__twitter_alert_seldom(&source->stream, row->alert, row->alert);
	if (row->parting == WEIR__TWITTER_PART_END) {
		hang_up(source);
		weir_port_log(source->port, WEIR_LOG_INFO, "%s", loss.why.text);
		return WEIR_END;
	}
	if (row->parting == WEIR__TWITTER_PART_FATAL ||
	    (row->parting == WEIR__TWITTER_PART_TAKEOVER && is_fight(source)))
		return fail_parted(source, row, err);
	if (row->parting == WEIR__TWITTER_PART_CAPPED)
		loss.least_ms = until_tomorrow_ms(source);
	return reconnect(source, &loss, err);
}

/* ---- a status other than 200 ---- */

static void describe_refusal(const struct weir__twitter_source *source,
			     const struct weir__twitter_refusal *refusal, enum weir_remedy remedy,
			     struct weir_error *err)
{
	const struct weir__twitter_answer *answer = &source->answer;
	const struct weir__twitter_status *row = refusal->row;
	char words[WEIR__TWITTER_SHOWN];

	weir__twitter_show(&source->config, refusal->words, words);
	weir_error_set(err, row->status, remedy, "HTTP %d (%s): %s%s%s%s", answer->status,
		       row->meaning, row->remedy, *words ? "; it says: '" : "", words,
		       *words ? "'" : "");
	err->remote_code = answer->status;
}

/* True when our clock was off and now follows the server's. */
static bool correct_clock(struct weir__twitter_source *source)
{
	const uint64_t wall_ms = weir__wall_ms(source->config.env);
	const uint64_t date_ms = source->answer.date_ms;
	const int64_t offset_ms = (int64_t)(date_ms - wall_ms);
	const int64_t off_ms = offset_ms - source->clock_offset_ms;

	if (source->config.options.anonymous || !source->config.options.consumer_key ||
	    source->corrected || !date_ms ||
	    (off_ms <= (int64_t)CLOCK_TOLERANCE_MS && off_ms >= -(int64_t)CLOCK_TOLERANCE_MS))
		return false;
	weir_port_log(source->port, WEIR_LOG_WARN, "this machine's clock is off: the server's is "
		      "%jd s %s it; signing with the server's time",
		      imaxabs((intmax_t)offset_ms / 1000), offset_ms < 0 ? "behind" : "ahead of");
	source->clock_offset_ms = offset_ms;
	source->corrected = true;
	return true;
}

static bool leave_out_extra(struct weir__twitter_source *source)
{
	if (!source->extra)
		return false;
	weir_port_log(source->port, WEIR_LOG_WARN, "%s is not permitted: going on without",
		      source->config.dialect->extra);
	source->without_extra = true;
	return true;
}

/* Predicates are no reason to end while there are those that a stream had. */
static bool ask_as_before(struct weir__twitter_source *source, const struct loss *loss)
{
	char text[320];

	if (!weir__twitter_change_undo(source))
		return false;
	snprintf(text, sizeof text, "other predicates are refused, going on with those before: %s",
		 loss->why.text);
	weir__twitter_alert(&source->config, source->port, text);
	return true;
}

static uint64_t asked_ms(const struct weir__twitter_source *source)
{
	return weir__twitter_answer_wait_ms(&source->answer, weir__wall_ms(source->config.env));
}

static void calm_down(struct weir__twitter_source *source, struct loss *loss, uint64_t least_ms)
{
	loss->class = WEIR__BACKOFF_RATE;
	loss->least_ms = asked_ms(source);
	if (loss->least_ms < least_ms)
		loss->least_ms = least_ms;
	weir__twitter_alert(&source->config, source->port, loss->why.text);
}

/* By what the body says, where that is more than the status does. */
static struct weir__twitter_refusal explain(struct weir__twitter_source *source, char *buffer,
					    size_t size)
{
	const struct weir__twitter_answer *answer = &source->answer;
	const struct weir__twitter_dialect *dialect = source->config.dialect;
	struct weir__twitter_refusal refusal = { NULL, { NULL, 0 } };

	if (dialect->explain)
		dialect->explain(source, buffer, size, &refusal);
	if (!refusal.row)
		refusal.row = weir__twitter_status(dialect->statuses, answer->status);
	if (!refusal.words.data)
		refusal.words = (struct weir_slice){ answer->text, answer->text_len };
	return refusal;
}

/* What becomes of `loss`; true: there is no way on. */
static bool is_fatal(struct weir__twitter_source *source, enum weir__twitter_answer_to reaction,
		     struct loss *loss)
{
	switch (reaction) {
	case WEIR__TWITTER_BY_STATUS:
	case WEIR__TWITTER_FATAL:
		return true;
	case WEIR__TWITTER_TRY:
		return ++source->tries >= WEIR__TWITTER_TRIES;
	case WEIR__TWITTER_CALM:
		loss->cause = WEIR_RECONNECT_RATE;
		calm_down(source, loss, 0);
		return false;
	case WEIR__TWITTER_SLOW:
		calm_down(source, loss, 0);
		return false;
	case WEIR__TWITTER_CAPPED:
		loss->cause = WEIR_RECONNECT_RATE;
		calm_down(source, loss, until_tomorrow_ms(source));
		return false;
	case WEIR__TWITTER_CLOCK:
		loss->cause = WEIR_RECONNECT_CLOCK;
		loss->pace = AT_ONCE;
		return !correct_clock(source);
	case WEIR__TWITTER_LESS:
		loss->pace = AT_ONCE;
		return !leave_out_extra(source);
	case WEIR__TWITTER_BACK:
		loss->pace = AT_ONCE;
		return !ask_as_before(source, loss);
	case WEIR__TWITTER_RETRY:
		/* 503 may say how long the maintenance takes. */
		loss->least_ms = asked_ms(source);
		return false;
	}
	return true;
}

static enum weir_status on_refusal(struct weir__twitter_source *source, struct weir_error *err)
{
	char words[WEIR__TWITTER_WORDS];
	const struct weir__twitter_refusal refusal = explain(source, words, sizeof words);
	struct loss loss = {
		.cause = WEIR_RECONNECT_HTTP,
		.pace = BY_CLASS,
		.class = WEIR__BACKOFF_HTTP,
	};

	describe_refusal(source, &refusal, WEIR_REMEDY_RETRY, &loss.why);
	if (!is_fatal(source, refusal.row->reaction, &loss))
		return reconnect(source, &loss, err);
	hang_up(source);
	describe_refusal(source, &refusal, WEIR_REMEDY_STOP, err);
	return err->status;
}

uint64_t weir__twitter_stall_ms(const struct weir__twitter_source *source)
{
	const uint64_t since_ms =
		source->heard_ms > source->waited_ms ? source->heard_ms : source->waited_ms;

	return since_ms + source->config.options.stall_ms;
}

enum weir_status weir__twitter_react(struct weir__twitter_source *source, struct weir_error *err)
{
	const uint64_t now_ms = source->now_ms;
	const uint64_t change_ms = weir__twitter_change_due_ms(source);

	if (source->state < WEIR__TWITTER_CONNECTING)
		return WEIR_OK;
	if (source->stream.parting)
		return on_parting(source, err);
	if (source->stream.broken.status < 0)
		return on_damage(source, err);
	if (source->state == WEIR__TWITTER_REFUSED &&
	    (source->answer.over || weir__twitter_answer_is_full(&source->answer) ||
	     now_ms - source->answered_ms >= WEIR__TWITTER_WORDS_MS))
		return on_refusal(source, err);
	if (source->answer.over)
		return on_end(source, err);
	if (now_ms >= weir__twitter_stall_ms(source))
		return on_stall(source, err);
	if (change_ms && now_ms >= change_ms)
		return on_change(source, err);
	return WEIR_OK;
}
