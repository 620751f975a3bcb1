/* SPDX-License-Identifier: MIT */
/* The recording sink. */
#include "support/recorder.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static enum weir_status recorder_open(void *self, weir_port *port, struct weir_error *err)
{
	struct recorder *recorder = self;

	(void)err;
	recorder->port = port;
	return WEIR_OK;
}

static void write_down(struct recorder *recorder, const weir_message *message)
{
	const struct weir_slice body = weir_message_body(message);
	struct record *record;

	if (recorder->count == recorder->size) {
		recorder->size = recorder->size ? recorder->size * 2 : 64;
		recorder->records = realloc(recorder->records,
					    recorder->size * sizeof *recorder->records);
		recorder->held = realloc(recorder->held, recorder->size * sizeof *recorder->held);
		ck_assert(recorder->records && recorder->held);
	}
	record = &recorder->records[recorder->count++];
	*record = (struct record){ weir_message_kind(message), body.len, malloc(body.len + 1) };
	ck_assert_ptr_nonnull(record->body);
	memcpy(record->body, body.data, body.len);
	record->body[body.len] = '\0';
}

static enum weir_status recorder_submit(void *self, weir_delivery *delivery,
					struct weir_error *err)
{
	struct recorder *recorder = self;

	(void)err;
	write_down(recorder, weir_delivery_message(delivery));
	if (recorder->holds)
		recorder->held[recorder->held_count++] = delivery;
	else
		weir_delivery_done(delivery);
	return WEIR_OK;
}

static enum weir_status recorder_step(void *self, uint64_t now_ms, struct weir_error *err)
{
	struct recorder *recorder = self;

	(void)now_ms;
	(void)err;
	for (size_t i = 0; !recorder->holds && i < recorder->held_count; i++)
		weir_delivery_done(recorder->held[i]);
	if (!recorder->holds)
		recorder->held_count = 0;
	return WEIR_OK;
}

static const struct weir_sink_ops recorder_ops = {
	.size = sizeof recorder_ops,
	.open = recorder_open,
	.submit = recorder_submit,
	.step = recorder_step,
};

weir_sink *recorder_add(struct recorder *recorder, weir_pipeline *pipeline, const char *name)
{
	*recorder = (struct recorder){ .count = 0 };
	return weir_sink_add(pipeline, name, &recorder_ops, recorder);
}

void recorder_let_go(struct recorder *recorder)
{
	recorder->holds = false;
	weir_port_wake(recorder->port);
}

void recorder_release(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->count; i++)
		free(recorder->records[i].body);
	free(recorder->records);
	free(recorder->held);
	*recorder = (struct recorder){ .count = 0 };
}

char *recorder_text(const struct recorder *recorder, unsigned kinds)
{
	size_t len = 0;
	char *text, *at;

	for (size_t i = 0; i < recorder->count; i++)
		len += recorder->records[i].len + 1;
	at = text = malloc(len + 1);
	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < recorder->count; i++) {
		if (!(recorder->records[i].kind & kinds))
			continue;
		memcpy(at, recorder->records[i].body, recorder->records[i].len);
		at += recorder->records[i].len;
		*at++ = '\n';
	}
	*at = '\0';
	return text;
}

size_t recorder_count(const struct recorder *recorder, unsigned kinds)
{
	size_t count = 0;

	for (size_t i = 0; i < recorder->count; i++)
		count += (recorder->records[i].kind & kinds) != 0;
	return count;
}
