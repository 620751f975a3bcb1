/* SPDX-License-Identifier: MIT */
/*
 * The messages in the stream that are about the stream, read with a plan that is made once.
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

enum path { LIMIT_TRACK, WARNING_CODE, PERCENT_FULL, DISCONNECT_CODE, DISCONNECT_REASON, PATHS };

/* Inside a site stream's envelope they stand one level deeper. */
static const char *const paths[2 * PATHS] = {
	[LIMIT_TRACK] = "limit.track",
	[WARNING_CODE] = "warning.code",
	[PERCENT_FULL] = "warning.percent_full",
	[DISCONNECT_CODE] = "disconnect.code",
	[DISCONNECT_REASON] = "disconnect.reason",
	[PATHS + LIMIT_TRACK] = "message.limit.track",
	[PATHS + WARNING_CODE] = "message.warning.code",
	[PATHS + PERCENT_FULL] = "message.warning.percent_full",
	[PATHS + DISCONNECT_CODE] = "message.disconnect.code",
	[PATHS + DISCONNECT_REASON] = "message.disconnect.reason",
};

_Static_assert(2 * PATHS <= WEIR__TWITTER_FIELDS, "the fields hold all paths");

/* A message's fields while it is looked at; without memory for a plan it has none. */
struct view {
	const struct weir__twitter_fields *fields;	/* NULL: none */
	size_t base;
};

static struct view look_at(struct weir__twitter_stream *stream, const weir_message *message)
{
	struct weir__twitter_fields *fields = &stream->notices;
	struct view view = { .fields = NULL };

	if (!fields->plan && weir__twitter_fields_init(fields, stream->config->env, paths,
						       2 * PATHS, NULL) < 0)
		return view;
	if (weir__twitter_fields_read(fields, weir_message_body(message)))
		view.fields = fields;
	view.base = weir_message_traits(message) & WEIR_TRAIT_ENVELOPED ? PATHS : 0;
	return view;
}

static struct weir_slice read_raw(struct view view, enum path path, enum weir_field_type type)
{
	if (!view.fields)
		return (struct weir_slice){ NULL, 0 };
	return weir__twitter_fields_raw(view.fields, view.base + path, type);
}

static bool read_number(struct view view, enum path path, uint64_t *ret)
{
	struct weir_slice raw = read_raw(view, path, WEIR_FIELD_NUMBER);

	if (!raw.data)
		raw = read_raw(view, path, WEIR_FIELD_STRING);
	return raw.data && weir__text_to_u64(raw, ret);
}

static void show_field(const struct weir__twitter_stream *stream, struct view view, enum path path,
		       char ret[WEIR__TWITTER_SHOWN])
{
	const struct weir_slice raw = read_raw(view, path, WEIR_FIELD_STRING);
	char text[512];
	size_t len = 0;

	if (raw.data)
		len = weir__text_unescape(raw, text, sizeof text);
	if (len > sizeof text)
		len = sizeof text;
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

	if (!read_number(look_at(stream, message), LIMIT_TRACK, &track) || track <= stream->missed)
		return;
	weir_port_count(stream->port, WEIR_COUNT_MISSED, track - stream->missed);
	stream->missed = track;
}

static void on_warning(struct weir__twitter_stream *stream, const weir_message *message)
{
	const struct view view = look_at(stream, message);
	const struct weir_slice percent_full = read_raw(view, PERCENT_FULL, WEIR_FIELD_NUMBER);
	char code[WEIR__TWITTER_SHOWN];
	char kind[WEIR__TWITTER_SHOWN + 32];
	char text[ALERT_BYTES];
	double percent;

	show_field(stream, view, WARNING_CODE, code);
	snprintf(kind, sizeof kind, "the service warns: %s", *code ? code : "no code");
	snprintf(text, sizeof text, "%s", kind);
	if (percent_full.data && weir__text_to_double(percent_full, &percent) && percent >= 0 &&
	    percent <= 100) {
		weir_port_count(stream->port, WEIR_GAUGE_PERCENT_FULL, (uint64_t)percent);
		snprintf(text, sizeof text, "%s, its queue is %u%% full; this consumer is too slow",
			 kind, (unsigned)percent);
	}
	weir__twitter_alert_seldom(stream, kind, text);
}

static void on_disconnect(struct weir__twitter_stream *stream, const weir_message *message)
{
	const struct view view = look_at(stream, message);
	uint64_t code = 0;

	read_number(view, DISCONNECT_CODE, &code);
	stream->parting = weir__twitter_disconnect(code);
	stream->parting_code = (int64_t)code;
	snprintf(stream->parting_name, sizeof stream->parting_name, "code %ju", (uintmax_t)code);
	show_field(stream, view, DISCONNECT_REASON, stream->parting_reason);
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
