/* SPDX-License-Identifier: MIT */
/*
 * The callback sink: each delivery is one call of the application's.
 *
 * Guarantees: a message is settled by what the call answers, before submit returns; one that was
 * answered WEIR_AGAIN is offered again after again_ms, before any other. Nothing is buffered.
 */
#include "ground/env.h"
#include "ground/error.h"
#include "ground/options.h"
#include "weir/callback.h"
#include "weir/sink.h"

#define DEFAULT_AGAIN_MS 10

struct callback_sink {
	const struct weir_env *env;
	weir_port *port;
	weir_callback_fn *call;
	void *user;
	uint64_t again_ms;
};

static enum weir_status callback_open(void *self, weir_port *port, struct weir_error *err)
{
	struct callback_sink *sink = self;

	(void)err;
	sink->port = port;
	return WEIR_OK;
}

static enum weir_status callback_submit(void *self, weir_delivery *delivery,
					struct weir_error *err)
{
	struct callback_sink *sink = self;
	enum weir_status status;

	weir_error_set(err, WEIR_ERR_REFUSED, WEIR_REMEDY_STOP,
		       "the callback refused a message and gave no reason");
	status = sink->call(sink->user, weir_delivery_message(delivery),
			    weir_delivery_to(delivery), err);
	if (status < 0) {
		err->status = status;
		return status;
	}
	if (status == WEIR_AGAIN) {
		weir_port_deadline(sink->port, weir__monotonic_ms(sink->env) + sink->again_ms);
		return WEIR_AGAIN;
	}
	if (status != WEIR_OK)
		return weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_STOP,
				      "the callback answered %d (%s) for a message: only WEIR_OK, "
				      "WEIR_AGAIN and failures are answers",
				      (int)status, weir_status_name(status));
	weir_delivery_done(delivery);
	return WEIR_OK;
}

static void callback_free(void *self)
{
	struct callback_sink *sink = self;

	weir__free(sink->env, sink, sizeof *sink);
}

static const struct weir_sink_ops callback_ops = {
	.size = sizeof callback_ops,
	.open = callback_open,
	.submit = callback_submit,
	.free = callback_free,
};

static enum weir_status make(const struct weir_env *env, const char *name,
			     const struct weir_callback_sink_options *given,
			     struct callback_sink **ret_sink, struct weir_error *err)
{
	struct weir_callback_sink_options options;
	const enum weir_status status = weir__options_read(given, &options, sizeof options,
							   "weir_callback_sink_options", err);
	struct callback_sink *sink;

	if (status < 0)
		return status;
	if (!options.call)
		return weir__error_invalid(err, "sink '%s': set .call to the function to be called",
					   name ? name : "");
	sink = weir__alloc(env, sizeof *sink);
	if (!sink)
		return weir__error_no_memory(err);
	*sink = (struct callback_sink){
		.env = env,
		.call = options.call,
		.user = options.user,
		.again_ms = options.again_ms ? options.again_ms : DEFAULT_AGAIN_MS,
	};
	*ret_sink = sink;
	return WEIR_OK;
}

weir_sink *weir_callback_sink_add(weir_pipeline *pipeline, const char *name,
				  const struct weir_callback_sink_options *options)
{
	struct callback_sink *sink = NULL;
	struct weir_error err;

	if (!pipeline)
		return NULL;
	if (make(weir_pipeline_env(pipeline), name, options, &sink, &err) < 0) {
		weir_pipeline_fail(pipeline, &err);
		return NULL;
	}
	return weir_sink_add(pipeline, name, &callback_ops, sink);
}
