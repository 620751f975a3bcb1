/* SPDX-License-Identifier: MIT */
/*
 * What is in a sink's transaction, and what becomes of it.
 *
 *     submit ─admit─► librdkafka ─report─► held ─┬─ committed ─► done
 *        ▲                                       └─ aborted ─► given back, or dropped when its
 *        └────────────── offered again ◄──────────────┘           partition is another's now
 *
 * Invariant: a delivery that is held was acknowledged in the transaction that is open, or whose
 * commit is in doubt; the source's half and this one's of the bond agree when none is open. Called
 * by sink.c, report.c, client.c and transaction.c.
 */
#include "connect/kafka/internal.h"
#include "connect/kafka/source.h"
#include "ground/env.h"
#include "ground/error.h"

typedef struct weir__kafka_transaction txn;

static struct weir__kafka_bond *bond_of(const txn *transaction)
{
	return &transaction->source->bond;
}

static void wake_source(const txn *transaction)
{
	if (transaction->source->port)
		weir_port_wake(transaction->source->port);
}

/* ---- the sink's calls ---- */

bool weir__kafka_transaction_revokes(const struct weir__kafka_sink *sink,
				     const weir_delivery *delivery)
{
	const txn *transaction = sink->transaction;

	return weir_delivery_source(delivery) == transaction->of &&
	       weir__kafka_lane_is_gone(
		       &transaction->source->lanes,
		       weir_message_position(weir_delivery_message(delivery)).lane);
}

enum weir_status weir__kafka_transaction_begin(struct weir__kafka_sink *sink,
					       struct weir_error *err)
{
	txn *transaction = sink->transaction;
	rd_kafka_error_t *error = rd_kafka_begin_transaction(sink->client);

	if (error) {
		weir__kafka_client_error(err, rd_kafka_error_code(error),
					 rd_kafka_error_string(error));
		rd_kafka_error_destroy(error);
		weir__kafka_recall(sink, err);
		return WEIR_AGAIN;
	}
	transaction->stage = WEIR__TXN_OPEN;
	transaction->began_ms = weir__monotonic_ms(sink->env);
	transaction->is_spoiled = transaction->has_skipped = false;
	bond_of(transaction)->is_open = true;
	bond_of(transaction)->has_lost = false;
	weir_port_wake(sink->port);	/* for its deadline */
	return WEIR_OK;
}

enum weir_status weir__kafka_transaction_admit(struct weir__kafka_sink *sink,
					       struct weir_error *err)
{
	txn *transaction = sink->transaction;
	const enum weir__kafka_stage stage = transaction->stage;
	const struct weir__kafka_bond *bond = bond_of(transaction);

	if (transaction->is_spoiled || bond->must_abort || bond->has_lost ||
	    (stage != WEIR__TXN_READY && stage != WEIR__TXN_OPEN && stage != WEIR__TXN_ENDING))
		return WEIR_AGAIN;
	if (!weir__kafka_flight_reserve(&transaction->held, sink->env,
					transaction->held.count + sink->flight.count + 1)) {
		weir__error_no_memory(err);
		err->remedy = WEIR_REMEDY_RETRY;
		return err->status;
	}
	return stage == WEIR__TXN_READY ? weir__kafka_transaction_begin(sink, err) : WEIR_OK;
}

void weir__kafka_transaction_hold(struct weir__kafka_sink *sink, weir_delivery *delivery)
{
	txn *transaction = sink->transaction;

	weir__kafka_flight_add(&transaction->held, sink->env, delivery);
	transaction->held_of_source += weir_delivery_source(delivery) == transaction->of;
}

void weir__kafka_transaction_spoil(struct weir__kafka_sink *sink, const struct weir_error *cause)
{
	txn *transaction = sink->transaction;

	transaction->has_skipped |= cause->remedy == WEIR_REMEDY_SKIP;
	if (transaction->is_spoiled)
		return;
	transaction->is_spoiled = true;
	transaction->cause = *cause;
	weir_port_wake(sink->port);
}

void weir__kafka_transaction_end_now(struct weir__kafka_sink *sink)
{
	sink->transaction->is_asked = true;
	weir_port_wake(sink->port);
}

bool weir__kafka_transaction_lingers(const struct weir__kafka_sink *sink)
{
	return sink->lingers &&
	       (sink->transaction->stage == WEIR__TXN_ENDING ||
		sink->transaction->stage == WEIR__TXN_CLOSING);
}

bool weir__kafka_transaction_is_busy(const struct weir__kafka_sink *sink)
{
	return sink->transaction && weir__kafka_worker_is_busy(sink->transaction->worker);
}

bool weir__kafka_transaction_is_overdue(const struct weir__kafka_sink *sink)
{
	const txn *transaction = sink->transaction;

	return transaction->stage >= WEIR__TXN_OPEN &&
	       weir__monotonic_ms(sink->env) >= transaction->began_ms + transaction->timeout_ms;
}

/* ---- its ends ---- */

static weir_delivery *take_held(txn *transaction)
{
	weir_delivery *delivery = weir__kafka_flight_first(&transaction->held);

	if (!delivery)
		return NULL;
	weir__kafka_flight_remove(&transaction->held, delivery);
	transaction->held_of_source -= weir_delivery_source(delivery) == transaction->of;
	return delivery;
}

/* None is open any more: the source goes on. */
void weir__kafka_transaction_settle_down(struct weir__kafka_sink *sink,
					 enum weir__kafka_stage stage)
{
	txn *transaction = sink->transaction;
	struct weir__kafka_bond *bond = bond_of(transaction);

	transaction->stage = stage;
	transaction->ended_ms = weir__monotonic_ms(sink->env);
	transaction->is_asked = transaction->is_spoiled = transaction->is_doubtful = false;
	transaction->again_ms = transaction->again = 0;
	bond->is_open = bond->is_gated = bond->wants_end = bond->has_lost = false;
	weir__kafka_lanes_forget_sent(&transaction->source->lanes);
	wake_source(transaction);
}

void weir__kafka_transaction_finish(struct weir__kafka_sink *sink)
{
	txn *transaction = sink->transaction;
	weir_delivery *delivery;

	weir__kafka_lanes_commit_sent(&transaction->source->lanes);
	while ((delivery = take_held(transaction)))
		weir_delivery_done(delivery);
	weir_port_count(sink->port, WEIR_COUNT_TRANSACTIONS, 1);
}

/* Those that come back are offered again in their order. */
uint64_t weir__kafka_transaction_give_back(struct weir__kafka_sink *sink,
					   const struct weir_error *cause)
{
	struct weir_error reason = *cause;
	weir_delivery *delivery;
	uint64_t count = 0;

	reason.remedy = WEIR_REMEDY_RETRY;
	while ((delivery = take_held(sink->transaction))) {
		if (weir__kafka_transaction_revokes(sink, delivery)) {
			weir_delivery_drop(delivery);
			continue;
		}
		weir_delivery_fail(delivery, &reason);
		count++;
	}
	return count;
}

void weir__kafka_transaction_lose_client(struct weir__kafka_sink *sink)
{
	txn *transaction = sink->transaction;

	if (transaction->stage == WEIR__TXN_COMMITTING)
		transaction->is_doubtful = true;
	if (!transaction->is_doubtful) {
		if (transaction->stage >= WEIR__TXN_OPEN)
			weir_port_count(sink->port, WEIR_COUNT_TRANSACTIONS_ABORTED, 1);
		sink->renewal.again +=
			weir__kafka_transaction_give_back(sink, &sink->renewal.cause);
		weir__kafka_transaction_settle_down(sink, WEIR__TXN_RAW);
	}
	transaction->stage = WEIR__TXN_RAW;
	transaction->again_ms = 0;
}
