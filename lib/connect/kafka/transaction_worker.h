/* SPDX-License-Identifier: MIT */
/*
 * The calls of librdkafka's that wait for the coordinator of transactions, made on a thread: one at
 * a time, each for CALL_MS at most; one that can be gone on with is to be made again.
 */
#ifndef WEIR_KAFKA_TRANSACTION_WORKER_H
#define WEIR_KAFKA_TRANSACTION_WORKER_H

#include <librdkafka/rdkafka.h>

#include "weir/port.h"

enum weir__kafka_what {
	WEIR__CALL_INIT,	/* the id is ours: what was open under it is ended */
	WEIR__CALL_SEND,	/* offsets, into the transaction */
	WEIR__CALL_COMMIT,
	WEIR__CALL_ABORT,
	WEIR__CALL_ASK		/* what the group has committed */
};

enum weir__kafka_end {
	WEIR__CALL_DONE,
	WEIR__CALL_AGAIN,	/* the same call is to be made again */
	WEIR__CALL_SPOILED,	/* the transaction can only be aborted */
	WEIR__CALL_LOST		/* this client cannot go on */
};

struct weir__kafka_call {
	enum weir__kafka_what what;
	rd_kafka_t *client;
	rd_kafka_topic_partition_list_t *offsets;	/* of SEND and ASK, which fills it */
	rd_kafka_consumer_group_metadata_t *member;	/* of SEND */
};

struct weir__kafka_answer {
	enum weir__kafka_what what;
	enum weir__kafka_end end;
	rd_kafka_resp_err_t code;
	char text[160];
	const rd_kafka_topic_partition_list_t *offsets;	/* the call's; lent until the next call */
};

struct weir__kafka_worker;

/*
 * Starts a thread, which wakes the port when a call has an answer; the group is who ASK asks.
 * NULL: no memory, no thread.
 */
struct weir__kafka_worker *weir__kafka_worker_new(const struct weir_env *env, weir_port *port,
						  const char *group);
/* Whether a call is under way, or its answer was not taken. */
bool weir__kafka_worker_is_busy(struct weir__kafka_worker *worker);
/* Makes a call; none is under way. Takes what it refers to, but for the client. */
void weir__kafka_worker_call(struct weir__kafka_worker *worker,
			     const struct weir__kafka_call *call);
/* Makes the call before again. */
void weir__kafka_worker_call_again(struct weir__kafka_worker *worker);
/* False: there is none yet. */
bool weir__kafka_worker_answer(struct weir__kafka_worker *worker, struct weir__kafka_answer *ret);
/* From here on it touches the port no more and makes no other call; end it, on any thread. */
void weir__kafka_worker_leave(struct weir__kafka_worker *worker);
/* Waits for the call it is in, aborts what this client has open, frees. `worker` is a void. */
void weir__kafka_worker_end(void *worker, rd_kafka_t *client);

#endif
