/* SPDX-License-Identifier: MIT */
/*
 * Ending clients in the background.
 *
 *     retire ─► thread: rd_kafka_destroy ─► gone ─► reaped: joined and freed by the sink
 *                                   └─ left to itself before ─► frees itself
 *
 * Invariant: the thread touches nothing of the sink, only its own struct, whose last owner frees
 * it: the sink while `is_left` is false, the thread afterwards. Callers: client.c, sink.c.
 */
#include "connect/kafka/retired.h"

#include <pthread.h>
#include <signal.h>

#include "ground/env.h"
#include "ground/wait.h"

struct weir__kafka_retired {
	struct weir__kafka_retired *next;
	struct weir_env env;	/* a copy: it may outlive the sink's */
	rd_kafka_t *client;
	weir_message **messages;
	size_t count;
	void *block;
	size_t block_size;
	void (*before)(void *user, rd_kafka_t *client);	/* NULL: nothing */
	void *user;
	pthread_t thread;
	pthread_mutex_t lock;	/* for what follows */
	pthread_cond_t went;
	bool is_gone, is_left;
};

static void retired_free(struct weir__kafka_retired *retired)
{
	const struct weir_env env = retired->env;

	for (size_t i = 0; i < retired->count; i++)
		weir_message_unref(retired->messages[i]);
	weir__free(&env, retired->messages, retired->count * sizeof *retired->messages);
	weir__free(&env, retired->block, retired->block_size);
	pthread_cond_destroy(&retired->went);
	pthread_mutex_destroy(&retired->lock);
	weir__free(&env, retired, sizeof *retired);
}

static void end(rd_kafka_t *client, void (*before)(void *user, rd_kafka_t *client), void *user)
{
	if (before)
		before(user, client);
	if (client)
		rd_kafka_destroy(client);
}

static void *end_client(void *user)
{
	struct weir__kafka_retired *retired = user;
	bool is_left;

	end(retired->client, retired->before, retired->user);
	pthread_mutex_lock(&retired->lock);
	retired->is_gone = true;
	is_left = retired->is_left;
	pthread_cond_signal(&retired->went);
	pthread_mutex_unlock(&retired->lock);
	if (is_left)
		retired_free(retired);
	return NULL;
}

/* The application's signals are not for this thread. */
static bool start_thread(struct weir__kafka_retired *retired)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&retired->thread, NULL, end_client, retired) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static struct weir__kafka_retired *retired_new(const struct weir_env *env, rd_kafka_t *client,
					       const struct weir__kafka_flight *flight)
{
	struct weir__kafka_retired *retired = weir__alloc(env, sizeof *retired);
	weir_message **messages = NULL;

	if (flight->count)
		messages = weir__alloc_array(env, flight->count, sizeof(weir_message *));
	if (!retired || (flight->count && !messages)) {
		weir__free(env, messages, flight->count * sizeof(weir_message *));
		return weir__free(env, retired, sizeof *retired);
	}
	*retired = (struct weir__kafka_retired){ .env = *env,
						 .client = client,
						 .messages = messages };
	for (weir_delivery *delivery = weir__kafka_flight_first(flight); delivery;
	     delivery = weir__kafka_flight_next(flight, delivery))
		messages[retired->count++] = weir_message_ref(weir_delivery_message(delivery));
	pthread_mutex_init(&retired->lock, NULL);
	weir__cond_init(&retired->went);
	return retired;
}

/* Where there is no `retired` or no thread, it is done here. False then. */
static bool retire(struct weir__kafka_retired **list, struct weir__kafka_retired *retired)
{
	if (retired && start_thread(retired)) {
		retired->next = *list;
		*list = retired;
		return true;
	}
	return false;
}

void weir__kafka_retire_after(struct weir__kafka_retired **list, const struct weir_env *env,
			      rd_kafka_t *client, const struct weir__kafka_flight *flight,
			      void (*before)(void *user, rd_kafka_t *client), void *user)
{
	struct weir__kafka_retired *retired = retired_new(env, client, flight);

	if (retired) {
		retired->before = before;
		retired->user = user;
	}
	if (retire(list, retired))
		return;
	end(client, before, user);
	if (retired)
		retired_free(retired);
}

void weir__kafka_retire(struct weir__kafka_retired **list, const struct weir_env *env,
			rd_kafka_t *client, const struct weir__kafka_flight *flight)
{
	weir__kafka_retire_after(list, env, client, flight, NULL, NULL);
}

void weir__kafka_retire_with(struct weir__kafka_retired **list, const struct weir_env *env,
			     rd_kafka_t *client, void (*before)(void *user, rd_kafka_t *client),
			     void *user, void *block, size_t size)
{
	struct weir__kafka_retired *retired =
		retired_new(env, client, &(struct weir__kafka_flight){ .count = 0 });

	if (retired) {
		retired->before = before;
		retired->user = user;
		retired->block = block;
		retired->block_size = size;
	}
	if (retire(list, retired))
		return;
	end(client, before, user);
	if (retired)
		retired_free(retired);
	else
		weir__free(env, block, size);
}

static bool wait_until_gone(struct weir__kafka_retired *retired, uint64_t until_ms)
{
	bool is_gone;

	pthread_mutex_lock(&retired->lock);
	while (!retired->is_gone && until_ms &&
	       weir__cond_wait(&retired->went, &retired->lock, until_ms))
		continue;
	is_gone = retired->is_gone;
	pthread_mutex_unlock(&retired->lock);
	return is_gone;
}

size_t weir__kafka_retired_reap(struct weir__kafka_retired **list, uint64_t wait_ms)
{
	const uint64_t until_ms = wait_ms ? weir__real_ms_after(wait_ms) : 0;
	size_t left = 0;

	while (*list) {
		struct weir__kafka_retired *retired = *list;

		if (!wait_until_gone(retired, until_ms)) {
			list = &retired->next;
			left++;
			continue;
		}
		*list = retired->next;
		pthread_join(retired->thread, NULL);
		retired_free(retired);
	}
	return left;
}

/* Whoever comes second, the thread's end or this, frees it. */
static void leave(struct weir__kafka_retired *retired)
{
	const pthread_t thread = retired->thread;
	bool is_gone;

	pthread_mutex_lock(&retired->lock);
	retired->is_left = true;
	is_gone = retired->is_gone;
	pthread_mutex_unlock(&retired->lock);
	if (is_gone) {
		pthread_join(thread, NULL);
		retired_free(retired);
	} else {
		pthread_detach(thread);
	}
}

void weir__kafka_retired_leave(struct weir__kafka_retired **list, uint64_t wait_ms)
{
	weir__kafka_retired_reap(list, wait_ms);
	while (*list) {
		struct weir__kafka_retired *retired = *list;

		*list = retired->next;
		leave(retired);
	}
}
