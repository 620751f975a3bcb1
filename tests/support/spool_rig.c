/* SPDX-License-Identifier: MIT */
/* The spool's test bench. */
#include "support/spool_rig.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/accounts.h"

/* ---- the sink ---- */

static enum weir_status out_open(void *self, weir_port *port, struct weir_error *err)
{
	struct spool_out *out = self;

	(void)err;
	out->port = port;
	return WEIR_OK;
}

unsigned spool_rig_number(struct weir_slice body)
{
	unsigned number = 0;

	for (size_t i = 5; i < body.len && ((const char *)body.data)[i] >= '0' &&
			   ((const char *)body.data)[i] <= '9'; i++)
		number = number * 10 + (unsigned)(((const char *)body.data)[i] - '0');
	return number;
}

static void describe(struct spool_out *out, weir_delivery *delivery)
{
	const weir_message *message = weir_delivery_message(delivery);
	const struct weir_slice key = weir_message_key(message);
	size_t count, len;
	const struct weir_header *headers = weir_delivery_headers(delivery, &count);

	len = (size_t)snprintf(out->last, sizeof out->last, "%s %s %x %.*s %llu",
			       weir_message_source(message),
			       weir_kind_name(weir_message_kind(message)),
			       weir_message_traits(message), (int)key.len,
			       key.data ? (const char *)key.data : "",
			       (unsigned long long)weir_message_time_ms(message));
	for (size_t i = 0; i < count && len < sizeof out->last; i++)
		len += (size_t)snprintf(out->last + len, sizeof out->last - len, " %s=%.*s",
					headers[i].name, (int)headers[i].value.len,
					(const char *)headers[i].value.data);
}

static enum weir_status out_submit(void *self, weir_delivery *delivery, struct weir_error *err)
{
	struct spool_out *out = self;

	(void)err;
	ck_assert_uint_lt(out->count, SPOOL_MOST);
	describe(out, delivery);
	out->numbers[out->count++] = spool_rig_number(weir_delivery_value(delivery));
	if (out->settled < out->settles) {
		out->settled++;
		weir_delivery_done(delivery);
	} else
		out->held[out->held_count++] = delivery;
	return WEIR_OK;
}

static enum weir_status out_step(void *self, uint64_t now_ms, struct weir_error *err)
{
	struct spool_out *out = self;

	(void)now_ms;
	(void)err;
	while (out->held_from < out->held_count && out->settled < out->settles) {
		out->settled++;
		weir_delivery_done(out->held[out->held_from++]);
	}
	return WEIR_OK;
}

static const struct weir_sink_ops out_ops = {
	.size = sizeof out_ops,
	.open = out_open,
	.submit = out_submit,
	.step = out_step,
};

/* ---- the rig ---- */

struct spool_rig *spool_rig_new(void)
{
	struct spool_rig *rig = calloc(1, sizeof *rig);

	ck_assert_ptr_nonnull(rig);
	rig->descriptors = open_descriptors();
	fake_env_init(&rig->fake);
	test_dir_make(&rig->dir);
	snprintf(rig->folder, sizeof rig->folder, "%s/spool", rig->dir.path);
	rig->pipeline_options = (struct weir_pipeline_options){
		.size = sizeof rig->pipeline_options, .env = &rig->fake.env };
	rig->options = (struct weir_spool_options){ .size = sizeof rig->options,
						    .dir = rig->folder };
	rig->out.settles = UINT64_MAX;
	rig->out.numbers = malloc(SPOOL_MOST * sizeof *rig->out.numbers);
	rig->out.held = malloc(SPOOL_MOST * sizeof(weir_delivery *));
	ck_assert(rig->out.numbers && rig->out.held);
	return rig;
}

void spool_rig_start(struct spool_rig *rig)
{
	weir_sink *sink;

	rig->pipeline = weir_pipeline_new(&rig->pipeline_options);
	rig->source = weir_push_source_add(rig->pipeline, "in",
					   WEIR_WITH(weir_push_source_options,
						     .queue_messages = SPOOL_MOST,
						     .queue_bytes = 512u << 20));
	rig->options.from = rig->source;
	rig->spool = weir_spool_add(rig->pipeline, "spool", &rig->options);
	sink = weir_sink_add(rig->pipeline, "out", &out_ops, &rig->out);
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .from = weir_spool_source(rig->spool)),
		       sink);
	rig->out.count = rig->out.held_from = rig->out.held_count = 0;
	rig->out.settled = 0;
}

void spool_rig_leave(struct spool_rig *rig)
{
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	rig->spool = NULL;
}

static void remove_folder(const char *path)
{
	struct test_dir dir;

	ck_assert_uint_lt(strlen(path), sizeof dir.path);
	memcpy(dir.path, path, strlen(path) + 1);
	if (access(path, F_OK) == 0)
		test_dir_remove(&dir);
}

void spool_rig_end(struct spool_rig *rig)
{
	spool_rig_leave(rig);
	fake_env_check_empty(&rig->fake);
	remove_folder(rig->folder);
	test_dir_remove(&rig->dir);
	ck_assert_uint_eq(open_descriptors(), rig->descriptors);
	free(rig->out.numbers);
	free(rig->out.held);
	free(rig);
}

void spool_rig_push(struct spool_rig *rig, unsigned count, size_t bytes)
{
	char *text = malloc(bytes + 64);

	ck_assert_ptr_nonnull(text);
	for (unsigned i = 0; i < count; i++) {
		size_t len = (size_t)sprintf(text, "{\"n\":%u,\"pad\":\"", rig->pushed++);

		while (len + 2 < bytes)
			text[len++] = 'x';
		text[len++] = '"';
		text[len++] = '}';
		ck_assert_int_eq(weir_push(rig->source, WEIR_WITH(weir_message_init,
								  .body = { text, len },
								  .kind = WEIR_KIND_RECORD)),
				 WEIR_OK);
	}
	free(text);
}

void spool_rig_settle(struct spool_rig *rig, uint64_t settles)
{
	rig->out.settles = settles;
	weir_port_wake(rig->out.port);
}

uint64_t spool_rig_real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum weir_status spool_rig_turn(struct spool_rig *rig)
{
	struct pollfd wait = { .fd = weir_pipeline_fd(rig->pipeline), .events = POLLIN };
	const enum weir_status status = weir_pipeline_step(rig->pipeline);
	int timeout_ms;

	check_accounts(rig->pipeline, NULL);
	timeout_ms = weir_pipeline_timeout_ms(rig->pipeline);
	if (status == WEIR_OK && timeout_ms != 0 && poll(&wait, 1, 1) == 0 && timeout_ms > 0)
		fake_env_advance(&rig->fake, timeout_ms < 5 ? (uint64_t)timeout_ms : 5);
	return status;
}

void spool_rig_give_up(const struct spool_rig *rig, const char *what)
{
	const struct weir_spool_metrics metrics = spool_rig_metrics(rig);

	ck_abort_msg("waited in vain for %s: arrived %zu, settled %llu, stored %llu\n%s", what,
		     rig->out.count, (unsigned long long)rig->out.settled,
		     (unsigned long long)metrics.stored, rig->fake.log);
	abort();
}

struct weir_spool_metrics spool_rig_metrics(const struct spool_rig *rig)
{
	struct weir_spool_metrics metrics = { .size = sizeof metrics };

	weir_spool_metrics(rig->spool, &metrics);
	ck_assert_uint_eq(metrics.stored, metrics.settled + metrics.expired + metrics.damaged +
						  metrics.waiting);
	return metrics;
}

static enum weir_status turn_to_end(struct spool_rig *rig)
{
	const uint64_t until_ms = spool_rig_real_ms() + 20000;
	enum weir_status status = WEIR_OK;

	while (status == WEIR_OK) {
		status = spool_rig_turn(rig);
		if (spool_rig_real_ms() > until_ms)
			spool_rig_give_up(rig, "the end");
	}
	return status;
}

enum weir_status spool_rig_finish(struct spool_rig *rig)
{
	weir_push_end(rig->source);
	return turn_to_end(rig);
}

enum weir_status spool_rig_stop(struct spool_rig *rig)
{
	weir_pipeline_stop(rig->pipeline);
	return turn_to_end(rig);
}

void spool_rig_check(const struct spool_rig *rig, unsigned from, unsigned to)
{
	for (size_t i = 0; i < rig->out.count && i < to - from; i++)
		ck_assert_msg(rig->out.numbers[i] == from + i, "message %zu is number %u, want %zu",
			      i, rig->out.numbers[i], from + i);
	ck_assert_msg(rig->out.count == to - from, "%zu messages arrived, want %u from %u on",
		      rig->out.count, to - from, from);
}

void spool_rig_check_all(struct spool_rig *rig, unsigned from, unsigned to)
{
	ck_assert_int_eq(spool_rig_finish(rig), WEIR_END);
	spool_rig_check(rig, from, to);
}
