/* SPDX-License-Identifier: MIT */
/*
 * Metrics as text, in the Prometheus exposition format 0.0.4 (text/plain; version=0.0.4).
 *
 * Every family is a row: its name, type, help, and where the number stands in the snapshot. Names
 * the application chose appear as label values, escaped as the format demands.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/engine.h"

struct text {
	char *buffer;
	size_t size, len;
};

struct family {
	const char *name, *type, *help;
	size_t offset;	/* of a uint64_t in the snapshot */
};

#define TALLY(prefix, member)                                                                      \
	{ prefix "_received_total", "counter", "Messages taken in.",                               \
	  offsetof(struct member, all.received) },                                                 \
		{ prefix "_delivered_total", "counter", "Messages acknowledged.",                  \
		  offsetof(struct member, all.delivered) },                                        \
		{ prefix "_dead_lettered_total", "counter", "Messages with the dead letters.",     \
		  offsetof(struct member, all.dead_lettered) },                                    \
		{ prefix "_dropped_total", "counter", "Messages dropped by rule.",                 \
		  offsetof(struct member, all.dropped) },                                          \
		{ prefix "_in_flight", "gauge", "Messages under way.",                             \
		  offsetof(struct member, all.in_flight) },                                        \
		{ prefix "_received_bytes_total", "counter", "Bytes of bodies taken in.",          \
		  offsetof(struct member, all.bytes) }

static const struct family pipeline_families[] = {
	TALLY("weir", weir_metrics),
	{ "weir_in_flight_bytes", "gauge", "Memory that messages under way keep.",
	  offsetof(struct weir_metrics, in_flight_bytes) },
	{ "weir_fallbacks_total", "counter", "Destinations replaced by a fallback.",
	  offsetof(struct weir_metrics, fallbacks) },
	{ "weir_lag_milliseconds", "gauge", "Arrival minus time of the newest message.",
	  offsetof(struct weir_metrics, lag_ms) },
};

static const struct family kind_families[] = {
	{ "weir_kind_received_total", "counter", "Messages taken in, by kind.",
	  offsetof(struct weir_tally, received) },
	{ "weir_kind_delivered_total", "counter", "Messages acknowledged, by kind.",
	  offsetof(struct weir_tally, delivered) },
	{ "weir_kind_dead_lettered_total", "counter", "Dead letters, by kind.",
	  offsetof(struct weir_tally, dead_lettered) },
	{ "weir_kind_dropped_total", "counter", "Messages dropped by rule, by kind.",
	  offsetof(struct weir_tally, dropped) },
	{ "weir_kind_in_flight", "gauge", "Messages under way, by kind.",
	  offsetof(struct weir_tally, in_flight) },
};

static const struct family source_families[] = {
	TALLY("weir_source", weir_source_metrics),
	{ "weir_source_connects_total", "counter", "Connections answered well.",
	  offsetof(struct weir_source_metrics, connects) },
	{ "weir_source_keep_alives_total", "counter", "Empty lines.",
	  offsetof(struct weir_source_metrics, keep_alives) },
	{ "weir_source_missed_total", "counter", "Held back by the service, by its limit notices.",
	  offsetof(struct weir_source_metrics, missed) },
	{ "weir_source_too_large_total", "counter", "Messages above the size limit.",
	  offsetof(struct weir_source_metrics, too_large) },
	{ "weir_source_truncated_total", "counter", "Messages cut by the end of a connection.",
	  offsetof(struct weir_source_metrics, truncated) },
	{ "weir_source_gap_milliseconds_total", "counter", "Time without a connection.",
	  offsetof(struct weir_source_metrics, gap_ms) },
	{ "weir_source_percent_full", "gauge", "The server's queue, by its last warning.",
	  offsetof(struct weir_source_metrics, percent_full) },
	{ "weir_source_lag_milliseconds", "gauge", "Arrival minus time of the newest message.",
	  offsetof(struct weir_source_metrics, lag_ms) },
	{ "weir_source_wire_bytes_total", "counter", "Bytes read as they came.",
	  offsetof(struct weir_source_metrics, wire_bytes) },
};

static const struct family sink_families[] = {
	{ "weir_sink_submitted_total", "counter", "Deliveries handed to the sink.",
	  offsetof(struct weir_sink_metrics, submitted) },
	{ "weir_sink_delivered_total", "counter", "Deliveries acknowledged.",
	  offsetof(struct weir_sink_metrics, delivered) },
	{ "weir_sink_failed_total", "counter", "Deliveries given back.",
	  offsetof(struct weir_sink_metrics, failed) },
	{ "weir_sink_retried_total", "counter", "Deliveries offered again.",
	  offsetof(struct weir_sink_metrics, retried) },
	{ "weir_sink_in_flight", "gauge", "Deliveries with the sink.",
	  offsetof(struct weir_sink_metrics, in_flight) },
	{ "weir_sink_waiting", "gauge", "Deliveries before the sink.",
	  offsetof(struct weir_sink_metrics, waiting) },
	{ "weir_sink_delivered_bytes_total", "counter", "Bytes of bodies delivered.",
	  offsetof(struct weir_sink_metrics, bytes) },
	{ "weir_sink_possible_duplicates_total", "counter",
	  "Deliveries sent again that may have arrived before.",
	  offsetof(struct weir_sink_metrics, possible_duplicates) },
	{ "weir_sink_transactions_total", "counter", "Transactions committed.",
	  offsetof(struct weir_sink_metrics, transactions) },
	{ "weir_sink_transactions_aborted_total", "counter",
	  "Transactions aborted: what was in them is sent again.",
	  offsetof(struct weir_sink_metrics, transactions_aborted) },
};

static const struct family route_families[] = {
	{ "weir_route_matched_total", "counter", "Messages taken.",
	  offsetof(struct weir_route_metrics, matched) },
	{ "weir_route_delivered_total", "counter", "Messages acknowledged.",
	  offsetof(struct weir_route_metrics, delivered) },
	{ "weir_route_dead_lettered_total", "counter", "Messages with the dead letters.",
	  offsetof(struct weir_route_metrics, dead_lettered) },
	{ "weir_route_in_flight", "gauge", "Messages under way.",
	  offsetof(struct weir_route_metrics, in_flight) },
	{ "weir_route_fallbacks_total", "counter", "Destinations replaced by the fallback.",
	  offsetof(struct weir_route_metrics, fallbacks) },
	{ "weir_route_dropped_new_total", "counter", "Messages dropped on arrival: overflow.",
	  offsetof(struct weir_route_metrics, dropped_new) },
	{ "weir_route_dropped_old_total", "counter", "Messages dropped while waiting: overflow.",
	  offsetof(struct weir_route_metrics, dropped_old) },
	{ "weir_route_dropped_revoked_total", "counter",
	  "Messages dropped because another process delivers them.",
	  offsetof(struct weir_route_metrics, dropped_revoked) },
};

static void say(struct text *text, const char *format, ...) WEIR_PRINTF(2, 3);

static void say(struct text *text, const char *format, ...)
{
	const size_t room = text->len < text->size ? text->size - text->len : 0;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(room ? text->buffer + text->len : NULL, room, format, args);
	va_end(args);
	if (len > 0)
		text->len += (size_t)len;
}

static void say_label(struct text *text, const char *label, const char *value)
{
	say(text, "{%s=\"", label);
	for (; *value; value++) {
		if (*value == '\n')
			say(text, "\\n");
		else
			say(text, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	}
	say(text, "\"}");
}

static void say_head(struct text *text, const struct family *family)
{
	say(text, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
	    family->type);
}

static uint64_t value_of(const struct family *family, const void *snapshot)
{
	return *(const uint64_t *)((const char *)snapshot + family->offset);
}

static void say_drops(struct text *text, const struct weir_metrics *metrics)
{
	static const struct family family = { "weir_drops_total", "counter",
					      "Messages dropped, by cause.", 0 };

	say_head(text, &family);
	for (int cause = 0; cause < WEIR_DROP_CAUSES; cause++)
		say(text, "%s{cause=\"%s\"} %" PRIu64 "\n", family.name,
		    weir_drop_cause_name((enum weir_drop_cause)cause), metrics->drops[cause]);
}

static void say_pipeline(struct text *text, const weir_pipeline *pipeline)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);

	weir_pipeline_metrics(pipeline, &metrics);
	for (size_t i = 0; i < sizeof pipeline_families / sizeof *pipeline_families; i++) {
		const struct family *family = &pipeline_families[i];

		say_head(text, family);
		say(text, "%s %" PRIu64 "\n", family->name, value_of(family, &metrics));
	}
	say_drops(text, &metrics);
	for (size_t i = 0; i < sizeof kind_families / sizeof *kind_families; i++) {
		const struct family *family = &kind_families[i];

		say_head(text, family);
		for (unsigned kind = 0; kind < WEIR_KIND_COUNT; kind++)
			say(text, "%s{kind=\"%s\"} %" PRIu64 "\n", family->name,
			    weir_kind_name(1u << kind), value_of(family, &metrics.kinds[kind]));
	}
}

static void say_sources(struct text *text, const weir_pipeline *pipeline)
{
	for (size_t i = 0; i < sizeof source_families / sizeof *source_families; i++) {
		const struct family *family = &source_families[i];

		say_head(text, family);
		for (const weir_source *source = pipeline->sources; source; source = source->next) {
			struct weir_source_metrics metrics = WEIR_METRICS(weir_source_metrics);

			weir_source_metrics(source, &metrics);
			say(text, "%s", family->name);
			say_label(text, "source", source->name);
			say(text, " %" PRIu64 "\n", value_of(family, &metrics));
		}
	}
}

static void say_reconnects(struct text *text, const weir_pipeline *pipeline)
{
	static const struct family family = { "weir_source_reconnects_total", "counter",
					      "Connections made anew, by cause.", 0 };

	say_head(text, &family);
	for (const weir_source *source = pipeline->sources; source; source = source->next) {
		struct weir_source_metrics metrics = WEIR_METRICS(weir_source_metrics);

		weir_source_metrics(source, &metrics);
		for (int cause = 0; cause < WEIR_RECONNECT_CAUSES; cause++) {
			say(text, "%s", family.name);
			say_label(text, "source", source->name);
			text->len--;	/* one set of labels: on before its brace */
			say(text, ",cause=\"%s\"} %" PRIu64 "\n",
			    weir_reconnect_cause_name((enum weir_reconnect_cause)cause),
			    metrics.reconnects[cause]);
		}
	}
}

static void say_sinks(struct text *text, const weir_pipeline *pipeline)
{
	for (size_t i = 0; i < sizeof sink_families / sizeof *sink_families; i++) {
		const struct family *family = &sink_families[i];

		say_head(text, family);
		for (const weir_sink *sink = pipeline->sinks; sink; sink = sink->next) {
			struct weir_sink_metrics metrics = WEIR_METRICS(weir_sink_metrics);

			weir_sink_metrics(sink, &metrics);
			say(text, "%s", family->name);
			say_label(text, "sink", sink->name);
			say(text, " %" PRIu64 "\n", value_of(family, &metrics));
		}
	}
}

static void say_routes(struct text *text, const weir_pipeline *pipeline)
{
	for (size_t i = 0; i < sizeof route_families / sizeof *route_families; i++) {
		const struct family *family = &route_families[i];

		say_head(text, family);
		for (const weir_rule *rule = pipeline->rules; rule; rule = rule->next) {
			struct weir_route_metrics metrics = WEIR_METRICS(weir_route_metrics);

			weir_route_metrics(rule, &metrics);
			say(text, "%s", family->name);
			say_label(text, "route", rule->name);
			say(text, " %" PRIu64 "\n", value_of(family, &metrics));
		}
	}
}

size_t weir_metrics_write(const weir_pipeline *pipeline, char *buffer, size_t size)
{
	struct text text = { .buffer = buffer, .size = buffer ? size : 0 };

	if (text.size)
		buffer[0] = '\0';
	if (!pipeline)
		return 0;
	say_pipeline(&text, pipeline);
	say_sources(&text, pipeline);
	say_reconnects(&text, pipeline);
	say_sinks(&text, pipeline);
	say_routes(&text, pipeline);
	return text.len;
}
