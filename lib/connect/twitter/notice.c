/* SPDX-License-Identifier: MIT */
/*
 * The messages in the stream that are about the stream.
 *
 * Guarantees: they are delivered like any other; what they say here only moves counters, raises
 * alerts, and marks the end of the connection. `limit.track` counts since the connection was
 * opened: its largest value counts, whatever order the notices come in. However many come, the log
 * and on_alert get one of a kind each minute, and how many more there were. The name of the stream
 * in a disconnect message holds an account: it is never shown. Callers: stream.c.
 */
#include "connect/twitter/notice.h"

#include <stdio.h>
#include <string.h>

#include "connect/twitter/show.h"
#include "kit/text.h"

#define EACH_MS 60000u		/* of a kind, one is said */
#define ALERT_BYTES 256

/* Fields of a message inside a site stream's envelope stand one level deeper. */
static struct weir_field read_field(const weir_message *message, const char *path)
{
	const bool enveloped = weir_message_traits(message) & WEIR_TRAIT_ENVELOPED;
	struct weir_field field = { .type = WEIR_FIELD_ABSENT };
	char whole[64];

	snprintf(whole, sizeof whole, "%s%s", enveloped ? "message." : "", path);
	if (weir_message_field(message, whole, &field) < 0)
		field.type = WEIR_FIELD_ABSENT;
	return field;
}

static bool read_number(const weir_message *message, const char *path, uint64_t *ret)
{
	const struct weir_field field = read_field(message, path);

	return (field.type == WEIR_FIELD_NUMBER || field.type == WEIR_FIELD_STRING) &&
	       weir__text_to_u64(field.raw, ret);
}

static void show_field(const struct weir__twitter_stream *stream, const weir_message *message,
		       const char *path, char ret[WEIR__TWITTER_SHOWN])
{
	const struct weir_field field = read_field(message, path);
	char text[512];
	size_t len = 0;

	if (field.type == WEIR_FIELD_STRING)
		len = weir_field_text(&field, text, sizeof text);
	if (len >= sizeof text)
		len = sizeof text - 1;
	weir__twitter_show(stream->config, (struct weir_slice){ text, len }, ret);
}

void weir__twitter_alert(const struct weir__twitter_config *config, const weir_port *port,
			 const char *text)
{
	weir_port_log(port, WEIR_LOG_WARN, "%s", text);
	if (config->options.on_alert)
		config->options.on_alert(config->options.user, text);
}

bool weir__twitter_may_say(struct weir__twitter_stream *stream, const char *kind,
			   char ret_more[WEIR__TWITTER_MORE])
{
	const struct weir_slice name = { kind, strlen(kind) };
	uint64_t held;

	if (!weir__limiter_pass(&stream->limiter, name, stream->now_ms, EACH_MS, &held))
		return false;
	*ret_more = '\0';
	if (held)
		snprintf(ret_more, WEIR__TWITTER_MORE, " (%ju more)", (uintmax_t)held);
	return true;
}

void weir__twitter_alert_seldom(struct weir__twitter_stream *stream, const char *kind,
				const char *text)
{
	char more[WEIR__TWITTER_MORE];
	char whole[ALERT_BYTES + WEIR__TWITTER_MORE];

	if (!weir__twitter_may_say(stream, kind, more))
		return;
	snprintf(whole, sizeof whole, "%s%s", text, more);
	weir__twitter_alert(stream->config, stream->port, whole);
}

static void on_limit(struct weir__twitter_stream *stream, const weir_message *message)
{
	uint64_t track;

	if (!read_number(message, "limit.track", &track) || track <= stream->missed)
		return;
	weir_port_count(stream->port, WEIR_COUNT_MISSED, track - stream->missed);
	stream->missed = track;
}

static void on_warning(struct weir__twitter_stream *stream, const weir_message *message)
{
	const struct weir_field percent_field = read_field(message, "warning.percent_full");
	char code[WEIR__TWITTER_SHOWN];
	char kind[WEIR__TWITTER_SHOWN + 32];
	char text[ALERT_BYTES];
	double percent;

	show_field(stream, message, "warning.code", code);
	snprintf(kind, sizeof kind, "the service warns: %s", *code ? code : "no code");
	snprintf(text, sizeof text, "%s", kind);
	if (percent_field.type == WEIR_FIELD_NUMBER &&
	    weir__text_to_double(percent_field.raw, &percent) && percent >= 0 && percent <= 100) {
		weir_port_count(stream->port, WEIR_GAUGE_PERCENT_FULL, (uint64_t)percent);
		snprintf(text, sizeof text, "%s, its queue is %u%% full; this consumer is too slow",
			 kind, (unsigned)percent);
	}
	weir__twitter_alert_seldom(stream, kind, text);
}

static void on_disconnect(struct weir__twitter_stream *stream, const weir_message *message)
{
	uint64_t code = 0;

	read_number(message, "disconnect.code", &code);
	stream->parting = weir__twitter_disconnect(code);
	stream->parting_code = (int64_t)code;
	snprintf(stream->parting_name, sizeof stream->parting_name, "code %ju", (uintmax_t)code);
	show_field(stream, message, "disconnect.reason", stream->parting_reason);
}

void weir__twitter_say_notice(struct weir__twitter_stream *stream, const weir_message *message)
{
	char text[WEIR__TWITTER_SHOWN];
	char more[WEIR__TWITTER_MORE];

	if (!weir__twitter_may_say(stream, "notice", more))
		return;
	weir__twitter_show(stream->config, weir_message_body(message), text);
	weir_port_log(stream->port, WEIR_LOG_WARN, "the service says: %s%s", text, more);
}

const struct weir__twitter_notice_row weir__twitter_v1_notices[WEIR__TWITTER_V1_NOTICES] = {
	{ WEIR_KIND_LIMIT, on_limit },
	{ WEIR_KIND_WARNING, on_warning },
	{ WEIR_KIND_DISCONNECT, on_disconnect },
	{ WEIR_KIND_NOTICE, weir__twitter_say_notice },
};

void weir__twitter_notice(struct weir__twitter_stream *stream, const weir_message *message)
{
	const struct weir__twitter_dialect *dialect = stream->config->dialect;
	const unsigned kind = weir_message_kind(message);

	for (size_t i = 0; i < dialect->notice_count; i++)
		if (dialect->notices[i].kind == kind)
			dialect->notices[i].act(stream, message);
}
