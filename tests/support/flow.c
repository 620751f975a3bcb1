/* SPDX-License-Identifier: MIT */
/* A pipeline on fakes. */
#include "support/flow.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static enum weir_status in_open(void *self, weir_port *port, struct weir_error *err)
{
	struct flow_source *in = self;
	const enum weir_status fail = in->fail_open;

	in->port = port;
	in->opens++;
	in->fail_open = WEIR_OK;
	return fail < 0 ? weir_error_set(err, fail, in->remedy, "open was told to fail") : WEIR_OK;
}

static enum weir_status in_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				struct weir_error *err)
{
	struct flow_source *in = self;
	const enum weir_status fail = in->fail;

	(void)now_ms;
	in->steps++;
	in->fail = WEIR_OK;
	if (fail < 0)
		return weir_error_set(err, fail, in->remedy, "step was told to fail");
	while (in->next < in->count && weir_outlet_room(outlet) > 0) {
		const enum weir_status status =
			weir_outlet_emit(outlet, &in->items[in->next], NULL, err);

		ck_assert_int_ne(status, WEIR_AGAIN);
		if (status < 0)
			return status;
		in->next++;
	}
	return in->next == in->count && !in->stays ? WEIR_END : WEIR_OK;
}

static void in_ack(void *self, struct weir_position upto)
{
	struct flow_source *in = self;

	in->acks[in->ack_count++] = upto;
}

static void in_close(void *self)
{
	((struct flow_source *)self)->closes++;
}

static void in_free(void *self)
{
	((struct flow_source *)self)->frees++;
}

static const struct weir_source_ops in_ops = {
	.size = sizeof in_ops,
	.open = in_open,
	.step = in_step,
	.ack = in_ack,
	.close = in_close,
	.free = in_free,
};

static enum weir_status out_open(void *self, weir_port *port, struct weir_error *err)
{
	struct flow_sink *out = self;

	(void)err;
	out->port = port;
	out->opens++;
	return WEIR_OK;
}

static enum weir_status out_prepare(void *self, const char *to, void **ret_handle,
				    struct weir_error *err)
{
	struct flow_sink *out = self;

	if (out->fail_prepare < 0 && !strncmp(to, "bad", 3))
		return weir_error_set(err, out->fail_prepare, out->prepare_remedy, "'%s' is bad",
				      to);
	strcat(strcat(out->prepared, to), "\n");
	*ret_handle = out;
	return WEIR_OK;
}

static void write_down(struct flow_sink *out, const weir_delivery *delivery)
{
	const struct weir_slice value = weir_delivery_value(delivery);
	const struct weir_slice key = weir_delivery_key(delivery);
	const struct weir_header *headers;
	size_t count;

	ck_assert_ptr_eq(weir_delivery_handle(delivery), out);
	out->log_len += (size_t)snprintf(out->log + out->log_len, sizeof out->log - out->log_len,
					 "%s %.*s %.*s\n", weir_delivery_to(delivery),
					 key.data ? (int)key.len : 1,
					 key.data ? (const char *)key.data : "-", (int)value.len,
					 (const char *)value.data);
	ck_assert_uint_lt(out->log_len, sizeof out->log);
	headers = weir_delivery_headers(delivery, &count);
	for (size_t i = 0; i < count; i++)
		out->headers_len += (size_t)snprintf(
			out->headers + out->headers_len, sizeof out->headers - out->headers_len,
			"%s=%.*s\n", headers[i].name, (int)headers[i].value.len,
			(const char *)headers[i].value.data);
	ck_assert_uint_lt(out->headers_len, sizeof out->headers);
}

static enum weir_status out_submit(void *self, weir_delivery *delivery, struct weir_error *err)
{
	struct flow_sink *out = self;
	const size_t turn = out->submits++;
	const enum flow_answer answer = turn < out->answer_count ? out->answers[turn] : out->then;

	switch (answer) {
	case FLOW_FULL:
		weir_port_wake(out->port);
		return WEIR_AGAIN;
	case FLOW_RETRY:
		return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_RETRY, "not now");
	case FLOW_SKIP:
		weir_error_set(err, WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP, "cannot go");
		err->remote_code = 10;
		return WEIR_ERR_REFUSED;
	case FLOW_STOP:
		return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP, "broken");
	case FLOW_DONE:
	case FLOW_HOLD:
		break;
	}
	write_down(out, delivery);
	if (answer == FLOW_HOLD)
		out->held[out->held_count++] = delivery;
	else
		weir_delivery_done(delivery);
	return WEIR_OK;
}

static enum weir_status out_step(void *self, uint64_t now_ms, struct weir_error *err)
{
	struct flow_sink *out = self;
	const enum weir_status fail = out->fail_step;

	(void)now_ms;
	out->fail_step = WEIR_OK;
	return fail < 0 ? weir_error_set(err, fail, WEIR_REMEDY_STOP, "the sink broke") : WEIR_OK;
}

static void out_flush(void *self)
{
	((struct flow_sink *)self)->flushes++;
}

static void out_close(void *self)
{
	((struct flow_sink *)self)->closes++;
}

static void out_free(void *self)
{
	((struct flow_sink *)self)->frees++;
}

static const struct weir_sink_ops out_ops = {
	.size = sizeof out_ops,
	.open = out_open,
	.prepare = out_prepare,
	.submit = out_submit,
	.step = out_step,
	.flush = out_flush,
	.close = out_close,
	.free = out_free,
};

void flow_begin(struct flow *flow, const struct weir_pipeline_options *options)
{
	flow_begin_failing(flow, options, 0);
}

void flow_begin_failing(struct flow *flow, const struct weir_pipeline_options *options,
			size_t fail_at)
{
	struct weir_pipeline_options given = { .size = sizeof given };

	memset(&flow->in, 0, sizeof flow->in);
	memset(&flow->out, 0, sizeof flow->out);
	memset(&flow->dead, 0, sizeof flow->dead);
	fake_env_init(&flow->fake);
	flow->fake.fail_at = fail_at;
	if (options)
		given = *options;
	given.env = &flow->fake.env;
	flow->pipeline = weir_pipeline_new(&given);
	flow->source = flow_source_add(flow, "in", &flow->in);
	flow->sink = flow_sink_add(flow, "out", &flow->out);
	flow->dead_sink = flow_sink_add(flow, "dead", &flow->dead);
}

weir_source *flow_source_add(struct flow *flow, const char *name, struct flow_source *source)
{
	return weir_source_add(flow->pipeline, name, &in_ops, source);
}

weir_sink *flow_sink_add(struct flow *flow, const char *name, struct flow_sink *sink)
{
	return weir_sink_add(flow->pipeline, name, &out_ops, sink);
}

void flow_end(struct flow *flow)
{
	flow->pipeline = weir_pipeline_free(flow->pipeline);
	ck_assert_uint_eq(flow->in.frees, 1);
	ck_assert_uint_eq(flow->out.frees, 1);
	ck_assert_uint_eq(flow->dead.frees, 1);
	ck_assert_uint_eq(flow->out.opens, flow->out.closes);
	fake_env_check_empty(&flow->fake);
}

void flow_feed_to(struct flow_source *in, unsigned kind, const char *text)
{
	ck_assert_uint_lt(in->count, FLOW_MOST);
	in->items[in->count] =
		(struct weir_message_init){ .size = sizeof(struct weir_message_init),
					    .body = { text, strlen(text) },
					    .kind = kind,
					    .position = { 0, in->count + 1 } };
	in->count++;
}

void flow_feed(struct flow *flow, const char *text)
{
	flow_feed_to(&flow->in, 0, text);
}

enum weir_status flow_step(struct flow *flow)
{
	const enum weir_status status = weir_pipeline_step(flow->pipeline);

	check_accounts(flow->pipeline, flow->source);
	return status;
}

enum weir_status flow_run(struct flow *flow)
{
	for (int i = 0; i < 10000; i++) {
		const enum weir_status status = flow_step(flow);
		const int timeout = weir_pipeline_timeout_ms(flow->pipeline);

		if (status != WEIR_OK || timeout < 0)
			return status;
		fake_env_advance(&flow->fake, (uint64_t)timeout);
	}
	ck_abort_msg("the pipeline spins");
	return WEIR_ERR_STATE;
}

/* Removes one from the held, in order. */
static weir_delivery *take(struct flow_sink *sink, size_t held)
{
	weir_delivery *delivery;

	ck_assert_uint_lt(held, sink->held_count);
	delivery = sink->held[held];
	sink->held_count--;
	memmove(sink->held + held, sink->held + held + 1,
		(sink->held_count - held) * sizeof *sink->held);
	return delivery;
}

void flow_sink_done(struct flow_sink *sink, size_t held)
{
	weir_delivery_done(take(sink, held));
}

void flow_sink_fail(struct flow_sink *sink, size_t held, enum weir_remedy remedy)
{
	struct weir_error reason;

	weir_error_set(&reason, WEIR_ERR_IO, remedy, "it did not arrive");
	weir_delivery_fail(take(sink, held), &reason);
}

struct weir_metrics flow_metrics(const struct flow *flow)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);

	weir_pipeline_metrics(flow->pipeline, &metrics);
	return metrics;
}
