/* SPDX-License-Identifier: MIT */
/* A Kafka sink's transactions, which commit the offsets of a source: exactly once. */
#ifndef WEIR_KAFKA_TRANSACTION_H
#define WEIR_KAFKA_TRANSACTION_H

#include "connect/kafka/flight.h"
#include "connect/kafka/transaction_worker.h"
#include "weir/kafka.h"

struct weir__kafka_sink;
struct weir__kafka_source;

enum weir__kafka_stage {
	WEIR__TXN_RAW = 0,	/* the client is new: the id is not ours yet */
	WEIR__TXN_READY,	/* none is open */
	WEIR__TXN_OPEN,		/* deliveries go in */
	WEIR__TXN_ENDING,	/* the source stands still; what it has emitted goes in */
	WEIR__TXN_CLOSING,	/* nothing goes in; reports are waited for */
	WEIR__TXN_SENDING,	/* offsets */
	WEIR__TXN_COMMITTING,
	WEIR__TXN_ABORTING,
	WEIR__TXN_ASKING	/* the client is new, and whether the last commit was made unknown */
};

struct weir__kafka_transaction {
	char *id;
	struct weir__kafka_source *source;
	const weir_source *of;	/* the same, to the engine */
	uint64_t every_ms, timeout_ms;
	struct weir__kafka_worker *worker;	/* NULL: the sink is not open */
	enum weir__kafka_stage stage;
	struct weir__kafka_flight held;	/* reported well, and not committed yet */
	uint64_t held_of_source;
	uint64_t began_ms, closing_ms, ended_ms;
	uint64_t again_ms;	/* the call is to be made again then; 0: it is not */
	uint64_t ring_ms;	/* at its end, others that wait for it are then looked for */
	uint64_t pause_ms;	/* none is ended before, after one that was aborted */
	uint64_t again;		/* given back without having been held */
	bool is_asked;		/* to end what there is now */
	bool is_spoiled;	/* it can only be aborted */
	bool has_skipped;	/* one of its deliveries can go nowhere */
	bool is_doubtful;	/* a commit was tried, and its end is not known */
	struct weir_error cause;	/* of the abort */
	uint64_t looks;		/* for rings, so far */
	const struct weir__kafka_transaction *seen_by;	/* in this look of that one's */
	uint64_t seen_look;
};

/* ---- transaction_make.c ---- */

/* Checks the options; *ret stays NULL when they ask for none. */
enum weir_status weir__kafka_transaction_new(const struct weir_env *env,
					     const struct weir_kafka_sink_options *options,
					     const rd_kafka_conf_t *conf,
					     struct weir__kafka_transaction **ret,
					     struct weir_error *err);
void weir__kafka_transaction_free(struct weir__kafka_transaction *transaction,
				  const struct weir_env *env);

/* The sink opens, with a client. */
enum weir_status weir__kafka_transaction_open(struct weir__kafka_sink *sink,
					      struct weir_error *err);
/* The sink closes. What it returns is to be ended behind the client; NULL: nothing. */
struct weir__kafka_worker *weir__kafka_transaction_close(struct weir__kafka_sink *sink);

/* ---- transaction_held.c ---- */

/* WEIR_OK · WEIR_AGAIN: the client is made anew. */
enum weir_status weir__kafka_transaction_begin(struct weir__kafka_sink *sink,
					       struct weir_error *err);
/* None is open any more: the source goes on. */
void weir__kafka_transaction_settle_down(struct weir__kafka_sink *sink,
					 enum weir__kafka_stage stage);
/* It was committed. */
void weir__kafka_transaction_finish(struct weir__kafka_sink *sink);
/* It was not: what was held is offered again in its order. How many. */
uint64_t weir__kafka_transaction_give_back(struct weir__kafka_sink *sink,
					   const struct weir_error *cause);
/* Whether a delivery is not ours to make any more: it is to be dropped. */
bool weir__kafka_transaction_revokes(const struct weir__kafka_sink *sink,
				     const weir_delivery *delivery);
/* Room for one more: WEIR_OK · WEIR_AGAIN · below zero. */
enum weir_status weir__kafka_transaction_admit(struct weir__kafka_sink *sink,
					       struct weir_error *err);
/* Takes a delivery that was reported well. */
void weir__kafka_transaction_hold(struct weir__kafka_sink *sink, weir_delivery *delivery);
/* It can only be aborted; the first cause counts. */
void weir__kafka_transaction_spoil(struct weir__kafka_sink *sink, const struct weir_error *cause);
/* What is in it is to be committed now. */
void weir__kafka_transaction_end_now(struct weir__kafka_sink *sink);
/* Whether what lingers is to be sent: it is being ended. */
bool weir__kafka_transaction_lingers(const struct weir__kafka_sink *sink);
/* Whether librdkafka is in a call that must come back before the client can go. */
bool weir__kafka_transaction_is_busy(const struct weir__kafka_sink *sink);
/* The client is gone: what was held is given back, unless a commit of it is in doubt. */
void weir__kafka_transaction_lose_client(struct weir__kafka_sink *sink);
/* What a fence means: that this one took too long (true), or that another process has the id. */
bool weir__kafka_transaction_is_overdue(const struct weir__kafka_sink *sink);

/* ---- transaction_ring.c ---- */

/* It waits to be ended. Below zero: for a sink that waits for it, so that neither ever will be. */
enum weir_status weir__kafka_transaction_check_ring(struct weir__kafka_sink *sink,
						    struct weir_error *err);

/* ---- transaction.c ---- */

/* A turn. *ret_next_ms: when it wants the next; 0: it does not. Below zero: the pipeline fails. */
enum weir_status weir__kafka_transaction_turn(struct weir__kafka_sink *sink, uint64_t now_ms,
					      uint64_t *ret_next_ms, struct weir_error *err);

#endif
