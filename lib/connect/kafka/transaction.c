/* SPDX-License-Identifier: MIT */
/*
 * A sink's transactions: what a source emitted and where it stands, committed as one.
 *
 *     RAW ─init─► READY ─begin─► OPEN ─due─► ENDING ─all held─► CLOSING ─► SENDING ─► COMMITTING
 *      ▲            ▲              └─────────┬──┴───────────────┴───────────┘ │            │
 *      │            ├────all given back── ABORTING ◄──────── spoiled, lost, too old        │
 *      │            └──all done, the source's offsets set ◄────────────────────────────────┤
 *      └── the client was lost (client.c)
 *
 * A commit that failed in any other way than that it is to be tried again is in doubt: once the
 * transaction is aborted, or the id is ours anew, the group is ASKED for its offsets, which say it.
 *
 * Guarantees: a delivery is done only when the transaction it is in was committed, together with
 * the offsets behind it; a transaction holds a partition's messages only if it moves its offset to
 * behind all that was emitted of it, or is aborted; of a partition that went nothing is sent again;
 * the pipeline's thread waits for no broker. Callers: the sink's other files.
 */
#include <inttypes.h>
#include <string.h>

#include "connect/kafka/internal.h"
#include "connect/kafka/source.h"
#include "ground/env.h"
#include "ground/error.h"

#define AGAIN_MS 100	/* before a call is made again */
#define PAUSE_MS 100	/* after an abort */
#define JOIN_MS 2000	/* a join of the group is waited for, so long at most */
#define LOOK_MS 20
#define RING_MS 1000

typedef struct weir__kafka_transaction txn;

static struct weir__kafka_bond *bond_of(const txn *transaction)
{
	return &transaction->source->bond;
}

/* ---- calls ---- */

static void call(struct weir__kafka_sink *sink, enum weir__kafka_stage stage,
		 const struct weir__kafka_call *call)
{
	sink->transaction->stage = stage;
	sink->transaction->again_ms = 0;
	weir__kafka_worker_call(sink->transaction->worker, call);
}

static void commit(struct weir__kafka_sink *sink)
{
	call(sink, WEIR__TXN_COMMITTING,
	     &(struct weir__kafka_call){ .what = WEIR__CALL_COMMIT, .client = sink->client });
}

static void init(struct weir__kafka_sink *sink)
{
	call(sink, WEIR__TXN_RAW,
	     &(struct weir__kafka_call){ .what = WEIR__CALL_INIT, .client = sink->client });
}

/* What the group says of a commit that was in doubt. */
static void on_asked(struct weir__kafka_sink *sink, const rd_kafka_topic_partition_list_t *offsets)
{
	txn *transaction = sink->transaction;
	const bool was_made = weir__kafka_lanes_sent_are(&transaction->source->lanes, offsets);

	if (was_made) {
		weir__kafka_transaction_finish(sink);
	} else {
		weir_port_count(sink->port, WEIR_COUNT_TRANSACTIONS_ABORTED, 1);
		weir__kafka_transaction_give_back(sink, transaction->is_spoiled
								? &transaction->cause
								: &sink->renewal.cause);
	}
	weir_port_log(sink->port, WEIR_LOG_INFO, "the commit in doubt was %s",
		      was_made ? "made" : "not made: its messages are sent again");
	weir__kafka_transaction_settle_down(sink, WEIR__TXN_READY);
}

/* There may be nothing to ask for: of what is still ours it had no offsets. */
static void ask(struct weir__kafka_sink *sink)
{
	const struct weir__kafka_source *source = sink->transaction->source;
	rd_kafka_topic_partition_list_t *sent = weir__kafka_lanes_list_sent(&source->lanes);

	if (sent->cnt == 0) {
		rd_kafka_topic_partition_list_destroy(sent);
		on_asked(sink, NULL);
		return;
	}
	call(sink, WEIR__TXN_ASKING,
	     &(struct weir__kafka_call){ .what = WEIR__CALL_ASK,
					 .client = sink->client,
					 .offsets = sent });
}

/*
 * What spoiled the transaction, from librdkafka itself: a begin is refused with it. A delivery
 * knows only that it was purged.
 */
static void find_cause(struct weir__kafka_sink *sink)
{
	rd_kafka_error_t *error = rd_kafka_begin_transaction(sink->client);

	if (error && rd_kafka_error_txn_requires_abort(error))
		weir__kafka_client_error(&sink->transaction->cause, rd_kafka_error_code(error),
					 rd_kafka_error_string(error));
	if (error)
		rd_kafka_error_destroy(error);
}

/* Of the transaction as a whole, not of one delivery: what another attempt cannot mend. */
static bool is_hopeless(const txn *transaction)
{
	return transaction->cause.remedy == WEIR_REMEDY_STOP ||
	       (transaction->cause.status == WEIR_ERR_AUTH && !transaction->has_skipped);
}

static enum weir_status abort_it(struct weir__kafka_sink *sink, struct weir_error *err)
{
	txn *transaction = sink->transaction;

	if (transaction->is_spoiled)
		find_cause(sink);
	if (transaction->is_spoiled && is_hopeless(transaction)) {
		*err = transaction->cause;
		return err->status;
	}
	bond_of(transaction)->is_gated = true;
	call(sink, WEIR__TXN_ABORTING,
	     &(struct weir__kafka_call){ .what = WEIR__CALL_ABORT, .client = sink->client });
	return WEIR_OK;
}

static void spoil_with(struct weir__kafka_sink *sink, rd_kafka_resp_err_t code, const char *why)
{
	struct weir_error cause;

	weir_error_set(&cause, WEIR_ERR_CANCELED, WEIR_REMEDY_RETRY, "%s", why);
	cause.remote_code = code;
	weir__kafka_transaction_spoil(sink, &cause);
}

/* What must end it without a commit, as long as none was asked for. */
static bool must_abort(struct weir__kafka_sink *sink, uint64_t now_ms)
{
	txn *transaction = sink->transaction;
	const struct weir__kafka_bond *bond = bond_of(transaction);

	if (bond->has_lost)
		spoil_with(sink, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
			   "partitions went to another process");
	else if (bond->must_abort)
		spoil_with(sink, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
			   "the group waits for partitions");
	else if (now_ms >= transaction->began_ms + transaction->timeout_ms / 4 * 3)
		spoil_with(sink, RD_KAFKA_RESP_ERR__TIMED_OUT,
			   "it has lasted for three quarters of transaction.timeout.ms; look at "
			   "the brokers, and at the other sinks of its messages");
	return transaction->is_spoiled;
}

/* The source's place in the group as it is now; NULL: it has none. */
static rd_kafka_consumer_group_metadata_t *find_member(const struct weir__kafka_source *source)
{
	return source->client ? weir__kafka_consumer_member(source) : NULL;
}

/* All is held: where the source stands goes with it. */
static enum weir_status send_offsets(struct weir__kafka_sink *sink, struct weir_error *err)
{
	txn *transaction = sink->transaction;
	struct weir__kafka_source *source = transaction->source;
	struct weir__kafka_call sends = { .what = WEIR__CALL_SEND, .client = sink->client };

	if (!weir__kafka_lanes_send(&source->lanes)) {
		commit(sink);
		return WEIR_OK;
	}
	sends.member = find_member(source);
	if (!sends.member) {
		spoil_with(sink, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
			   "the process is no member of its group just now");
		return abort_it(sink, err);
	}
	sends.offsets = weir__kafka_lanes_list_sent(&source->lanes);
	call(sink, WEIR__TXN_SENDING, &sends);
	return WEIR_OK;
}

/* ---- answers ---- */

/* A group that shares out its partitions anew is nothing to be warned of. */
static bool has_moved(const struct weir_error *cause)
{
	return cause->remote_code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
	       cause->remote_code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
	       cause->remote_code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

static void finish_aborted(struct weir__kafka_sink *sink, uint64_t now_ms)
{
	txn *transaction = sink->transaction;
	const struct weir_error *cause = &transaction->cause;
	const uint64_t count = weir__kafka_transaction_give_back(sink, cause) + transaction->again;

	weir_port_count(sink->port, WEIR_COUNT_TRANSACTIONS_ABORTED, 1);
	if (!weir__kafka_was_said(sink->said, (rd_kafka_resp_err_t)cause->remote_code, now_ms))
		weir_port_log(sink->port, has_moved(cause) ? WEIR_LOG_INFO : WEIR_LOG_WARN,
			      "a transaction was aborted, %" PRIu64
			      " messages that were in it are sent again: %s",
			      count, cause->text);
	transaction->pause_ms = now_ms + PAUSE_MS;
}

/* The client cannot go on: another can, or the pipeline fails. */
static enum weir_status lose(struct weir__kafka_sink *sink, const struct weir__kafka_answer *answer,
			     struct weir_error *err)
{
	struct weir_error cause;

	if (rd_kafka_fatal_error(sink->client, NULL, 0))
		return weir__kafka_fatal(sink, err);
	weir__kafka_client_error(&cause, answer->code, answer->text);
	if (cause.remedy == WEIR_REMEDY_STOP) {
		*err = cause;
		return err->status;
	}
	weir__kafka_recall(sink, &cause);
	return WEIR_OK;
}

static void warn(struct weir__kafka_sink *sink, const struct weir__kafka_answer *answer,
		 uint64_t now_ms)
{
	struct weir_error trouble;

	weir__kafka_client_error(&trouble, answer->code, answer->text);
	if (!weir__kafka_was_said(sink->said, answer->code, now_ms))
		weir_port_log(sink->port, WEIR_LOG_WARN, "transaction: %s", trouble.text);
}

/* The id is ours. */
static void on_init(struct weir__kafka_sink *sink)
{
	if (sink->transaction->is_doubtful)
		ask(sink);
	else
		weir__kafka_transaction_settle_down(sink, WEIR__TXN_READY);
}

/* librdkafka has reported all there was before it says so; else none of it may be in the next. */
static void on_aborted(struct weir__kafka_sink *sink, uint64_t now_ms)
{
	if (sink->flight.count > 0 || sink->reports) {
		weir__kafka_recall(sink, &sink->transaction->cause);
	} else if (sink->transaction->is_doubtful) {
		ask(sink);
	} else {
		finish_aborted(sink, now_ms);
		weir__kafka_transaction_settle_down(sink, WEIR__TXN_READY);
	}
}

static enum weir_status on_done(struct weir__kafka_sink *sink,
				const struct weir__kafka_answer *answer, uint64_t now_ms,
				struct weir_error *err)
{
	switch (answer->what) {
	case WEIR__CALL_INIT:
		on_init(sink);
		break;
	case WEIR__CALL_SEND:
		if (must_abort(sink, now_ms))
			return abort_it(sink, err);
		commit(sink);
		break;
	case WEIR__CALL_COMMIT:
		weir__kafka_transaction_finish(sink);
		weir__kafka_transaction_settle_down(sink, WEIR__TXN_READY);
		break;
	case WEIR__CALL_ABORT:
		on_aborted(sink, now_ms);
		break;
	case WEIR__CALL_ASK:
		on_asked(sink, answer->offsets);
		break;
	}
	return WEIR_OK;
}

static enum weir_status on_answer(struct weir__kafka_sink *sink,
				  const struct weir__kafka_answer *answer, uint64_t now_ms,
				  struct weir_error *err)
{
	struct weir_error cause;

	if (answer->end == WEIR__CALL_DONE)
		return on_done(sink, answer, now_ms, err);
	if (answer->end == WEIR__CALL_AGAIN) {
		warn(sink, answer, now_ms);
		if (answer->what == WEIR__CALL_SEND && must_abort(sink, now_ms))
			return abort_it(sink, err);
		sink->transaction->again_ms = now_ms + AGAIN_MS;
		return WEIR_OK;
	}
	sink->transaction->is_doubtful |= answer->what == WEIR__CALL_COMMIT;
	if (answer->end == WEIR__CALL_SPOILED && answer->what != WEIR__CALL_ABORT) {
		weir__kafka_client_error(&cause, answer->code, answer->text);
		weir__kafka_transaction_spoil(sink, &cause);
		return abort_it(sink, err);
	}
	return lose(sink, answer, err);
}

/* The client goes: only whether its last commit was made matters. */
static void on_last_answer(struct weir__kafka_sink *sink, const struct weir__kafka_answer *answer)
{
	if (answer->what != WEIR__CALL_COMMIT)
		return;
	if (answer->end == WEIR__CALL_DONE) {
		weir__kafka_transaction_finish(sink);
		weir__kafka_transaction_settle_down(sink, WEIR__TXN_RAW);
	} else {
		sink->transaction->is_doubtful = true;
	}
}

static enum weir_status take_answer(struct weir__kafka_sink *sink, uint64_t now_ms,
				    struct weir_error *err)
{
	struct weir__kafka_answer answer;

	if (!weir__kafka_worker_answer(sink->transaction->worker, &answer))
		return WEIR_OK;
	if (!sink->renewal.runs)
		return on_answer(sink, &answer, now_ms, err);
	on_last_answer(sink, &answer);
	return WEIR_OK;
}

/* ---- turns ---- */

/* Whether it is to be ended now. */
static bool is_due(const txn *transaction, uint64_t since_ms, uint64_t now_ms)
{
	return transaction->is_asked || bond_of(transaction)->wants_end ||
	       now_ms >= since_ms + transaction->every_ms;
}

/* Ends it when it is due, though nothing may be in it but offsets. */
static enum weir_status end_when_due(struct weir__kafka_sink *sink, uint64_t now_ms,
				     struct weir_error *err)
{
	txn *transaction = sink->transaction;
	const bool is_open = transaction->stage == WEIR__TXN_OPEN;

	if (now_ms < transaction->pause_ms || bond_of(transaction)->must_abort ||
	    !is_due(transaction, is_open ? transaction->began_ms : transaction->ended_ms, now_ms))
		return WEIR_OK;
	if (!is_open && !weir__kafka_lanes_have_new(&transaction->source->lanes)) {
		transaction->is_asked = bond_of(transaction)->wants_end = false;
		transaction->ended_ms = now_ms;
		return WEIR_OK;
	}
	if (!is_open && weir__kafka_transaction_begin(sink, err) != WEIR_OK)
		return WEIR_OK;
	bond_of(transaction)->is_gated = true;
	transaction->stage = WEIR__TXN_ENDING;
	transaction->ring_ms = now_ms + RING_MS;
	return WEIR_OK;
}

/* While the group is joined, the place in it is about to be another: a moment is worth the wait. */
static bool joins(const txn *transaction, uint64_t now_ms)
{
	const struct weir__kafka_source *source = transaction->source;

	return source->join && atomic_load(&source->join->runs) &&
	       now_ms < transaction->closing_ms + JOIN_MS;
}

static enum weir_status go_on(struct weir__kafka_sink *sink, uint64_t now_ms,
			      struct weir_error *err)
{
	txn *transaction = sink->transaction;

	if (transaction->stage >= WEIR__TXN_OPEN && transaction->stage <= WEIR__TXN_CLOSING &&
	    (transaction->is_spoiled || must_abort(sink, now_ms)))
		return abort_it(sink, err);
	if (transaction->stage == WEIR__TXN_READY || transaction->stage == WEIR__TXN_OPEN)
		end_when_due(sink, now_ms, err);
	if (transaction->stage == WEIR__TXN_ENDING &&
	    weir_source_deliveries(transaction->of) == transaction->held_of_source) {
		transaction->stage = WEIR__TXN_CLOSING;
		transaction->closing_ms = now_ms;
	}
	if (transaction->stage == WEIR__TXN_ENDING && now_ms >= transaction->ring_ms) {
		transaction->ring_ms = now_ms + RING_MS;
		return weir__kafka_transaction_check_ring(sink, err);
	}
	if (transaction->stage == WEIR__TXN_CLOSING && sink->flight.count == 0 &&
	    !sink->reports && !joins(transaction, now_ms))
		return send_offsets(sink, err);
	return WEIR_OK;
}

static uint64_t sooner(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms == 0 || (b_ms != 0 && b_ms < a_ms) ? b_ms : a_ms;
}

static uint64_t next_ms(const txn *transaction, uint64_t now_ms)
{
	const uint64_t end_ms = transaction->began_ms + transaction->timeout_ms / 4 * 3;
	uint64_t at_ms = transaction->again_ms;

	if (transaction->stage == WEIR__TXN_OPEN)
		at_ms = sooner(at_ms, transaction->began_ms + transaction->every_ms);
	if (transaction->stage == WEIR__TXN_READY)
		at_ms = sooner(at_ms, transaction->ended_ms + transaction->every_ms);
	if (transaction->stage >= WEIR__TXN_OPEN && transaction->stage <= WEIR__TXN_CLOSING)
		at_ms = sooner(at_ms, end_ms);
	if (transaction->stage == WEIR__TXN_ENDING ||	/* other sinks do not wake this one */
	    (transaction->stage == WEIR__TXN_CLOSING && joins(transaction, now_ms)))
		at_ms = now_ms + LOOK_MS;
	if (transaction->pause_ms > now_ms)
		at_ms = transaction->pause_ms;
	return at_ms;
}

enum weir_status weir__kafka_transaction_turn(struct weir__kafka_sink *sink, uint64_t now_ms,
					      uint64_t *ret_next_ms, struct weir_error *err)
{
	txn *transaction = sink->transaction;
	enum weir_status status = take_answer(sink, now_ms, err);

	*ret_next_ms = 0;
	if (status < 0 || sink->renewal.runs || !sink->client)
		return status;
	if (transaction->again_ms && now_ms >= transaction->again_ms) {
		transaction->again_ms = 0;
		weir__kafka_worker_call_again(transaction->worker);
	} else if (transaction->stage == WEIR__TXN_RAW && !transaction->again_ms &&
		   !weir__kafka_transaction_is_busy(sink)) {
		init(sink);
	} else {
		status = go_on(sink, now_ms, err);
	}
	*ret_next_ms = next_ms(transaction, now_ms);
	return status;
}
