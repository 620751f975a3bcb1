/* SPDX-License-Identifier: MIT */
/*
 * Looking up offsets by time, on a thread.
 *
 *     start ─► thread: committed ─► offsets for times ─► done, wakes the port ─► taken
 *                  └──────── failed: again, until it is left ─► end: joined
 *
 * Invariant: the list is the thread's until `is_done`, then the source's; the port is touched under
 * the lock only, and never once the lookup was left. Called by source_group.c; its end runs on the
 * thread that ends the client (retired.c).
 */
#include "connect/kafka/source_lookup.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "ground/env.h"
#include "ground/wait.h"

#define CALL_MS 3000
#define AGAIN_MS 500

struct weir__kafka_lookup {
	struct weir_env env;	/* a copy: it may outlive the source's */
	weir_port *port;
	rd_kafka_t *client;
	bool has_group;
	uint64_t time_ms;
	rd_kafka_topic_partition_list_t *list;
	pthread_t thread;
	atomic_bool is_done;
	pthread_mutex_t lock;	/* for what follows */
	pthread_cond_t told;
	bool is_left;
};

/* Those of the list that need it, when all went well, have an offset. */
static bool look_up_times(const struct weir__kafka_lookup *lookup)
{
	rd_kafka_topic_partition_list_t *times =
		rd_kafka_topic_partition_list_new(lookup->list->cnt);
	bool is_well = true;

	for (int i = 0; i < lookup->list->cnt; i++) {
		const rd_kafka_topic_partition_t *of = &lookup->list->elems[i];

		if (of->offset < 0)
			rd_kafka_topic_partition_list_add(times, of->topic, of->partition)->offset =
				(int64_t)lookup->time_ms;
	}
	if (times->cnt > 0)
		is_well = rd_kafka_offsets_for_times(lookup->client, times, CALL_MS) == 0;
	for (int i = 0; i < times->cnt && is_well; i++) {
		const rd_kafka_topic_partition_t *found = &times->elems[i];

		is_well = found->err == RD_KAFKA_RESP_ERR_NO_ERROR;
		rd_kafka_topic_partition_list_set_offset(
			lookup->list, found->topic, found->partition,
			found->offset >= 0 ? found->offset : RD_KAFKA_OFFSET_END);
	}
	rd_kafka_topic_partition_list_destroy(times);
	return is_well;
}

/* Into a copy: an offset that is set already stays. */
static bool look_up_committed(const struct weir__kafka_lookup *lookup)
{
	rd_kafka_topic_partition_list_t *committed;
	bool is_well;

	if (!lookup->has_group)
		return true;
	committed = rd_kafka_topic_partition_list_copy(lookup->list);
	is_well = rd_kafka_committed(lookup->client, committed, CALL_MS) == 0;
	for (int i = 0; i < committed->cnt && is_well; i++) {
		const rd_kafka_topic_partition_t *found = &committed->elems[i];
		rd_kafka_topic_partition_t *of = &lookup->list->elems[i];

		is_well = found->err == RD_KAFKA_RESP_ERR_NO_ERROR;
		if (of->offset < 0 && found->offset >= 0)
			of->offset = found->offset;
	}
	rd_kafka_topic_partition_list_destroy(committed);
	return is_well;
}

/* Waits a while. False: it was left. */
static bool rest(struct weir__kafka_lookup *lookup)
{
	const uint64_t until_ms = weir__real_ms_after(AGAIN_MS);
	bool is_left;

	pthread_mutex_lock(&lookup->lock);
	while (!lookup->is_left && weir__cond_wait(&lookup->told, &lookup->lock, until_ms))
		continue;
	is_left = lookup->is_left;
	pthread_mutex_unlock(&lookup->lock);
	return !is_left;
}

static void *look_up(void *user)
{
	struct weir__kafka_lookup *lookup = user;

	while (!look_up_committed(lookup) || !look_up_times(lookup))
		if (!rest(lookup))
			return NULL;
	atomic_store(&lookup->is_done, true);
	pthread_mutex_lock(&lookup->lock);
	if (!lookup->is_left)
		weir_port_wake(lookup->port);
	pthread_mutex_unlock(&lookup->lock);
	return NULL;
}

static void release(struct weir__kafka_lookup *lookup)
{
	const struct weir_env env = lookup->env;

	if (lookup->list)
		rd_kafka_topic_partition_list_destroy(lookup->list);
	pthread_cond_destroy(&lookup->told);
	pthread_mutex_destroy(&lookup->lock);
	weir__free(&env, lookup, sizeof *lookup);
}

struct weir__kafka_lookup *weir__kafka_lookup_start(const struct weir_env *env, weir_port *port,
						    rd_kafka_t *client, bool has_group,
						    const rd_kafka_topic_partition_list_t *list,
						    uint64_t time_ms)
{
	struct weir__kafka_lookup *lookup = weir__alloc(env, sizeof *lookup);
	sigset_t all, before;
	bool started;

	if (!lookup)
		return NULL;
	lookup->env = *env;
	lookup->port = port;
	lookup->client = client;
	lookup->has_group = has_group;
	lookup->time_ms = time_ms;
	lookup->list = rd_kafka_topic_partition_list_copy(list);
	pthread_mutex_init(&lookup->lock, NULL);
	weir__cond_init(&lookup->told);
	sigfillset(&all);	/* the application's signals are not for this thread */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&lookup->thread, NULL, look_up, lookup) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		return lookup;
	release(lookup);
	return NULL;
}

rd_kafka_topic_partition_list_t *weir__kafka_lookup_take(struct weir__kafka_lookup *lookup)
{
	rd_kafka_topic_partition_list_t *list;

	if (!atomic_load(&lookup->is_done))
		return NULL;
	list = lookup->list;
	lookup->list = NULL;
	return list;
}

void weir__kafka_lookup_leave(struct weir__kafka_lookup *lookup)
{
	pthread_mutex_lock(&lookup->lock);
	lookup->is_left = true;
	pthread_cond_signal(&lookup->told);
	pthread_mutex_unlock(&lookup->lock);
}

void weir__kafka_lookup_end(void *user, rd_kafka_t *client)
{
	struct weir__kafka_lookup *lookup = user;

	(void)client;
	pthread_join(lookup->thread, NULL);
	release(lookup);
}

void weir__kafka_lookup_free(struct weir__kafka_lookup *lookup)
{
	if (lookup)
		weir__kafka_lookup_end(lookup, NULL);
}
