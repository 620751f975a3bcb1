/* SPDX-License-Identifier: MIT */
/*
 * A sink's transactions: made from its options, begun with the sink, and ended with it.
 *
 * Guarantees: what is wrong is said before anything starts, by the option's name; a source has one
 * such sink at most. Called by sink.c and client.c.
 */
#include <inttypes.h>
#include <string.h>

#include "connect/kafka/internal.h"
#include "connect/kafka/source.h"
#include "ground/env.h"
#include "ground/error.h"

#define DEFAULT_EVERY_MS 1000

static bool is_uncommitted(const rd_kafka_conf_t *conf)
{
	char text[32] = "";
	size_t size = sizeof text;

	return rd_kafka_conf_get(conf, "isolation.level", text, &size) == RD_KAFKA_CONF_OK &&
	       strcmp(text, "read_uncommitted") == 0;
}

static enum weir_status check_source(const struct weir_env *env,
				     const struct weir__kafka_source *source,
				     struct weir_error *err)
{
	if (!source)
		return weir__error_invalid(err, "offsets_of is not a Kafka source with a group");
	if (source->env != env)
		return weir__error_invalid(err, "offsets_of is a source of another pipeline");
	if (source->bond.is_bound)
		return weir__error_invalid(err, "another sink commits the offsets of that source");
	if (is_uncommitted(source->conf))
		return weir__error_invalid(err, "offsets_of: its isolation.level is "
					   "read_uncommitted; with transactions it must be "
					   "read_committed");
	return WEIR_OK;
}

static uint64_t every_ms(const struct weir_kafka_sink_options *options)
{
	return options->transaction_ms ? options->transaction_ms : DEFAULT_EVERY_MS;
}

static enum weir_status check(const struct weir_kafka_sink_options *options,
			      const rd_kafka_conf_t *conf, struct weir_error *err)
{
	const uint64_t timeout_ms = weir__kafka_conf_number(conf, "transaction.timeout.ms");

	if (!options->transactional_id || !*options->transactional_id || !options->offsets_of)
		return weir__error_invalid(err, "transactional_id and offsets_of go together: set "
					   "both, or neither");
	if (!weir__kafka_conf_is_true(conf, "enable.idempotence"))
		return weir__error_invalid(err, "transactional_id needs enable.idempotence=true");
	if (every_ms(options) > timeout_ms / 2)
		return weir__error_invalid(err, "transaction_ms is %" PRIu64 ", and more than half "
					   "of transaction.timeout.ms, %" PRIu64,
					   every_ms(options), timeout_ms);
	return WEIR_OK;
}

enum weir_status weir__kafka_transaction_new(const struct weir_env *env,
					     const struct weir_kafka_sink_options *options,
					     const rd_kafka_conf_t *conf,
					     struct weir__kafka_transaction **ret,
					     struct weir_error *err)
{
	struct weir__kafka_source *source = weir__kafka_source_of(options->offsets_of);
	struct weir__kafka_transaction *transaction;

	if (!options->transactional_id && !options->offsets_of) {
		if (options->transaction_ms)
			return weir__error_invalid(err, "transaction_ms is for transactional_id");
		return WEIR_OK;
	}
	if (check(options, conf, err) < 0 || check_source(env, source, err) < 0)
		return err->status;
	transaction = weir__alloc(env, sizeof *transaction);
	if (!transaction)
		return weir__error_no_memory(err);
	transaction->source = source;
	transaction->of = options->offsets_of;
	transaction->every_ms = every_ms(options);
	transaction->timeout_ms = weir__kafka_conf_number(conf, "transaction.timeout.ms");
	transaction->id = weir__text_copy(env, options->transactional_id);
	if (!transaction->id) {
		weir__free(env, transaction, sizeof *transaction);
		return weir__error_no_memory(err);
	}
	source->bond.is_bound = true;
	*ret = transaction;
	return WEIR_OK;
}

void weir__kafka_transaction_free(struct weir__kafka_transaction *transaction,
				  const struct weir_env *env)
{
	if (!transaction)
		return;
	weir__kafka_flight_release(&transaction->held, env);
	weir__text_free(env, transaction->id);
	weir__free(env, transaction, sizeof *transaction);
}

enum weir_status weir__kafka_transaction_open(struct weir__kafka_sink *sink,
					      struct weir_error *err)
{
	struct weir__kafka_transaction *transaction = sink->transaction;

	transaction->worker = weir__kafka_worker_new(sink->env, sink->port,
						     transaction->source->group);
	if (!transaction->worker)
		return weir__error_no_memory(err);
	transaction->source->bond.sink = sink->port;
	transaction->source->bond.transaction = transaction;
	return WEIR_OK;
}

struct weir__kafka_worker *weir__kafka_transaction_close(struct weir__kafka_sink *sink)
{
	struct weir__kafka_transaction *transaction = sink->transaction;
	struct weir__kafka_worker *worker = transaction ? transaction->worker : NULL;

	if (!worker)
		return NULL;
	weir__kafka_worker_leave(worker);
	transaction->worker = NULL;
	transaction->source->bond.sink = NULL;
	transaction->source->bond.transaction = NULL;
	transaction->source->bond.is_open = false;
	return worker;
}
