/* SPDX-License-Identifier: MIT */
/*
 * What a sink sees of a delivery: value, key, destination, headers.
 *
 * Headers are made in the pipeline's scratch, big enough since the message was let in: nothing is
 * allocated here, and nothing can fail.
 */
#include "engine/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

weir_message *weir_delivery_message(const weir_delivery *delivery)
{
	return delivery->message;
}

struct weir_slice weir_delivery_value(const weir_delivery *delivery)
{
	return delivery->value;
}

uint64_t weir_delivery_time_ms(const weir_delivery *delivery)
{
	return delivery->time_ms;
}

struct weir_slice weir_delivery_key(const weir_delivery *delivery)
{
	return delivery->key;
}

const char *weir_delivery_to(const weir_delivery *delivery)
{
	return delivery->to->name;
}

void *weir_delivery_handle(const weir_delivery *delivery)
{
	return delivery->to->handle;
}

uint32_t weir_delivery_attempt(const weir_delivery *delivery)
{
	return delivery->attempt;
}

void weir_delivery_set_user(weir_delivery *delivery, void *user)
{
	delivery->user = user;
}

void *weir_delivery_user(const weir_delivery *delivery)
{
	return delivery->user;
}

static struct weir_slice text(const char *value)
{
	return (struct weir_slice){ value, strlen(value) };
}

static size_t add_route(const weir_delivery *delivery, struct weir__header_scratch *scratch,
			size_t count)
{
	const weir_message *message = delivery->message;
	const unsigned wanted = delivery->rule ? delivery->rule->headers : 0;
	struct weir_header *headers = scratch->headers;

	if (wanted & WEIR_HEADER_KIND)
		headers[count++] =
			(struct weir_header){ "weir.kind", text(weir_kind_name(message->kind)) };
	if (wanted & WEIR_HEADER_ID)
		headers[count++] = (struct weir_header){ "weir.id", message->key };
	if ((wanted & WEIR_HEADER_SOURCE) || delivery->death)
		headers[count++] = (struct weir_header){ "weir.source", text(message->source) };
	if (wanted & WEIR_HEADER_RECEIVED) {
		snprintf(scratch->received, sizeof scratch->received, "%" PRIu64,
			 message->received_ms);
		headers[count++] = (struct weir_header){ "weir.received", text(scratch->received) };
	}
	if (wanted & WEIR_HEADER_ROUTE)
		headers[count++] = (struct weir_header){ "weir.route", text(delivery->rule->name) };
	return count;
}

static size_t add_death(const weir_delivery *delivery, struct weir__header_scratch *scratch,
			size_t count)
{
	const struct weir__death *death = delivery->death;
	struct weir_header *headers = scratch->headers;

	snprintf(scratch->code, sizeof scratch->code, "%" PRId64, death->reason.remote_code);
	snprintf(scratch->time, sizeof scratch->time, "%" PRIu64,
		 delivery->sink->port.pipeline->wall_ms);
	headers[count++] = (struct weir_header){ "weir.reason", text(death->reason.text) };
	headers[count++] = (struct weir_header){ "weir.code", text(scratch->code) };
	headers[count++] = (struct weir_header){ "weir.sink", text(death->sink) };
	headers[count++] = (struct weir_header){ "weir.destination", text(death->destination) };
	headers[count++] = (struct weir_header){ "weir.time", text(scratch->time) };
	return count;
}

const weir_source *weir_delivery_source(const weir_delivery *delivery)
{
	return delivery->message->transit.source;
}

const struct weir_header *weir_delivery_headers(const weir_delivery *delivery, size_t *ret_count)
{
	struct weir__header_scratch *scratch = &delivery->sink->port.pipeline->scratch;
	const weir_message *message = delivery->message;
	size_t count = message->header_count;

	if (count)
		memcpy(scratch->headers, message->headers, count * sizeof *message->headers);
	count = add_route(delivery, scratch, count);
	if (delivery->death)
		count = add_death(delivery, scratch, count);
	*ret_count = count;
	return count ? scratch->headers : NULL;
}
