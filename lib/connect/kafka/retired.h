/* SPDX-License-Identifier: MIT */
/*
 * Clients that are no longer used, and the threads that end them.
 *
 * rd_kafka_destroy waits for librdkafka's threads, and those may hang (in a name server, say): that
 * must hold up nobody. What they may still read, the messages not yet reported, is held until then.
 */
#ifndef WEIR_KAFKA_RETIRED_H
#define WEIR_KAFKA_RETIRED_H

#include <librdkafka/rdkafka.h>

#include "connect/kafka/flight.h"

#define WEIR__KAFKA_GONE_MS 2000	/* a free waits for librdkafka's threads, so long at most */

struct weir__kafka_retired;

/*
 * Ends a client, from which no handle and no queue is left, in the background; what is in `flight`
 * stays held until it is gone. Where there is no thread or no memory for that, it is waited for.
 */
void weir__kafka_retire(struct weir__kafka_retired **list, const struct weir_env *env,
			rd_kafka_t *client, const struct weir__kafka_flight *flight);
/*
 * The same; before the client is ended, before(user, client) is called on that thread, which may
 * take some seconds, and which frees `user`. The client may be NULL.
 */
void weir__kafka_retire_after(struct weir__kafka_retired **list, const struct weir_env *env,
			      rd_kafka_t *client, const struct weir__kafka_flight *flight,
			      void (*before)(void *user, rd_kafka_t *client), void *user);
/*
 * The same with nothing in flight, `before` NULL: nothing is called; `block` is memory of the
 * env's, of `size` bytes, that the client's threads look at: freed when it is gone.
 */
void weir__kafka_retire_with(struct weir__kafka_retired **list, const struct weir_env *env,
			     rd_kafka_t *client, void (*before)(void *user, rd_kafka_t *client),
			     void *user, void *block, size_t size);
/* Forgets those that are gone; waits up to wait_ms for that. How many are left. */
size_t weir__kafka_retired_reap(struct weir__kafka_retired **list, uint64_t wait_ms);
/* The same, and what is left then frees itself when it is gone. */
void weir__kafka_retired_leave(struct weir__kafka_retired **list, uint64_t wait_ms);

#endif
