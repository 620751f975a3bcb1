/* SPDX-License-Identifier: MIT */
/*
 * The thread that waits for the coordinator of transactions.
 *
 *     call ─► thread: librdkafka's call, CALL_MS ─► answer, wakes the port ─► taken
 *                                  └── left before ─► end: joined, open transaction aborted
 *
 * Invariant: what a call refers to is the thread's until there is an answer; the port is touched
 * under the lock only, and never once the worker was left. Called by transaction.c; its end runs on
 * the thread that ends the client (retired.c).
 */
#include "connect/kafka/transaction_worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "connect/kafka/internal.h"
#include "ground/env.h"
#include "ground/wait.h"

#define CALL_MS 3000
#define LAST_ABORT_MS 2000

struct weir__kafka_worker {
	struct weir_env env;	/* a copy: it may outlive the sink's */
	weir_port *port;
	char *group;
	pthread_t thread;
	struct weir__kafka_call call;
	struct weir__kafka_answer answer;
	pthread_mutex_t lock;	/* for what follows */
	pthread_cond_t told;
	bool has_call, has_answer, is_left;
};

/* ---- the calls ---- */

/* Takes the error; NULL: none. */
static void sort(rd_kafka_error_t *error, struct weir__kafka_answer *answer)
{
	answer->end = WEIR__CALL_DONE;
	answer->code = RD_KAFKA_RESP_ERR_NO_ERROR;
	answer->text[0] = '\0';
	if (!error)
		return;
	answer->code = rd_kafka_error_code(error);
	snprintf(answer->text, sizeof answer->text, "%s", rd_kafka_error_string(error));
	weir__kafka_one_line(answer->text);
	if (rd_kafka_error_is_fatal(error))
		answer->end = WEIR__CALL_LOST;
	else if (rd_kafka_error_txn_requires_abort(error))
		answer->end = WEIR__CALL_SPOILED;
	else if (rd_kafka_error_is_retriable(error))
		answer->end = WEIR__CALL_AGAIN;
	else
		answer->end = WEIR__CALL_LOST;
	rd_kafka_error_destroy(error);
}

static rd_kafka_error_t *nothing_said(rd_kafka_resp_err_t code)
{
	return rd_kafka_error_new(code, "the group's offsets: %s", rd_kafka_err2str(code));
}

/* Of each partition that was asked for, what is committed; all or none. */
static rd_kafka_error_t *read_offsets(rd_kafka_event_t *event,
				      rd_kafka_topic_partition_list_t *offsets)
{
	const rd_kafka_ListConsumerGroupOffsets_result_t *result =
		rd_kafka_event_ListConsumerGroupOffsets_result(event);
	const rd_kafka_group_result_t **groups;
	const rd_kafka_topic_partition_list_t *found;
	size_t count = 0;

	if (rd_kafka_event_error(event) || !result)
		return nothing_said(rd_kafka_event_error(event));
	groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count);
	if (count != 1 || rd_kafka_group_result_error(groups[0]))
		return nothing_said(RD_KAFKA_RESP_ERR__FAIL);
	found = rd_kafka_group_result_partitions(groups[0]);
	for (int i = 0; i < offsets->cnt; i++) {
		rd_kafka_topic_partition_t *of = &offsets->elems[i];
		const rd_kafka_topic_partition_t *is =
			found ? rd_kafka_topic_partition_list_find(
					(rd_kafka_topic_partition_list_t *)(uintptr_t)found,
					of->topic, of->partition)
			      : NULL;

		if (!is || is->err)
			return nothing_said(is ? is->err : RD_KAFKA_RESP_ERR__FAIL);
		of->offset = is->offset;
	}
	return NULL;
}

static rd_kafka_error_t *ask(const struct weir__kafka_call *call, const char *group)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(call->client);
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(call->client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
	rd_kafka_ListConsumerGroupOffsets_t *request =
		rd_kafka_ListConsumerGroupOffsets_new(group, call->offsets);
	rd_kafka_error_t *error;
	rd_kafka_event_t *event;
	char text[160];

	rd_kafka_AdminOptions_set_request_timeout(options, CALL_MS, text, sizeof text);
	error = rd_kafka_AdminOptions_set_require_stable_offsets(options, 1);
	if (error)
		rd_kafka_error_destroy(error);
	rd_kafka_ListConsumerGroupOffsets(call->client, &request, 1, options, queue);
	event = rd_kafka_queue_poll(queue, CALL_MS + CALL_MS / 2);
	error = event ? read_offsets(event, call->offsets)
		      : nothing_said(RD_KAFKA_RESP_ERR__TIMED_OUT);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_ListConsumerGroupOffsets_destroy(request);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	return error;
}

static void make(const struct weir__kafka_call *call, const char *group,
		 struct weir__kafka_answer *answer)
{
	rd_kafka_error_t *error = NULL;

	switch (call->what) {
	case WEIR__CALL_INIT:
		error = rd_kafka_init_transactions(call->client, CALL_MS);
		break;
	case WEIR__CALL_SEND:
		error = rd_kafka_send_offsets_to_transaction(call->client, call->offsets,
							     call->member, CALL_MS);
		break;
	case WEIR__CALL_COMMIT:
		error = rd_kafka_commit_transaction(call->client, CALL_MS);
		break;
	case WEIR__CALL_ABORT:
		error = rd_kafka_abort_transaction(call->client, CALL_MS);
		break;
	case WEIR__CALL_ASK:
		error = ask(call, group);
		break;
	}
	sort(error, answer);
	if (call->what == WEIR__CALL_ASK && answer->end != WEIR__CALL_DONE)
		answer->end = WEIR__CALL_AGAIN;
	answer->what = call->what;
	answer->offsets = call->offsets;
}

/* ---- the thread ---- */

static bool wait_for_call(struct weir__kafka_worker *worker)
{
	bool is_left;

	pthread_mutex_lock(&worker->lock);
	while (!worker->is_left && (!worker->has_call || worker->has_answer))
		pthread_cond_wait(&worker->told, &worker->lock);
	is_left = worker->is_left;
	pthread_mutex_unlock(&worker->lock);
	return !is_left;
}

static void *work(void *user)
{
	struct weir__kafka_worker *worker = user;

	while (wait_for_call(worker)) {
		make(&worker->call, worker->group, &worker->answer);
		pthread_mutex_lock(&worker->lock);
		worker->has_answer = true;
		if (!worker->is_left)
			weir_port_wake(worker->port);
		pthread_mutex_unlock(&worker->lock);
	}
	return NULL;
}

static void forget_call(struct weir__kafka_worker *worker)
{
	if (worker->call.offsets)
		rd_kafka_topic_partition_list_destroy(worker->call.offsets);
	if (worker->call.member)
		rd_kafka_consumer_group_metadata_destroy(worker->call.member);
	worker->call = (struct weir__kafka_call){ .client = NULL };
}

static void release(struct weir__kafka_worker *worker)
{
	const struct weir_env env = worker->env;

	forget_call(worker);
	weir__text_free(&env, worker->group);
	pthread_cond_destroy(&worker->told);
	pthread_mutex_destroy(&worker->lock);
	weir__free(&env, worker, sizeof *worker);
}

/* ---- for the pipeline's thread ---- */

struct weir__kafka_worker *weir__kafka_worker_new(const struct weir_env *env, weir_port *port,
						  const char *group)
{
	struct weir__kafka_worker *worker = weir__alloc(env, sizeof *worker);
	sigset_t all, before;
	bool started;

	if (!worker)
		return NULL;
	worker->env = *env;
	worker->port = port;
	worker->group = weir__text_copy(env, group);
	pthread_mutex_init(&worker->lock, NULL);
	weir__cond_init(&worker->told);
	sigfillset(&all);	/* the application's signals are not for this thread */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = worker->group && pthread_create(&worker->thread, NULL, work, worker) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		return worker;
	release(worker);
	return NULL;
}

bool weir__kafka_worker_is_busy(struct weir__kafka_worker *worker)
{
	bool is_busy;

	pthread_mutex_lock(&worker->lock);
	is_busy = worker->has_call;
	pthread_mutex_unlock(&worker->lock);
	return is_busy;
}

void weir__kafka_worker_call_again(struct weir__kafka_worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->has_call = true;
	worker->has_answer = false;
	pthread_cond_signal(&worker->told);
	pthread_mutex_unlock(&worker->lock);
}

void weir__kafka_worker_call(struct weir__kafka_worker *worker,
			     const struct weir__kafka_call *call)
{
	forget_call(worker);
	worker->call = *call;
	weir__kafka_worker_call_again(worker);
}

bool weir__kafka_worker_answer(struct weir__kafka_worker *worker, struct weir__kafka_answer *ret)
{
	bool is_there;

	pthread_mutex_lock(&worker->lock);
	is_there = worker->has_answer;
	if (is_there)
		worker->has_call = worker->has_answer = false;
	pthread_mutex_unlock(&worker->lock);
	if (is_there)
		*ret = worker->answer;
	return is_there;
}

void weir__kafka_worker_leave(struct weir__kafka_worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->is_left = true;
	pthread_cond_signal(&worker->told);
	pthread_mutex_unlock(&worker->lock);
}

/* What is open would be held against readers until it times out at the coordinator. */
void weir__kafka_worker_end(void *user, rd_kafka_t *client)
{
	struct weir__kafka_worker *worker = user;
	rd_kafka_error_t *error = NULL;

	pthread_join(worker->thread, NULL);
	if (client)
		error = rd_kafka_abort_transaction(client, LAST_ABORT_MS);
	if (error)
		rd_kafka_error_destroy(error);
	release(worker);
}
