/* SPDX-License-Identifier: MIT */
/*
 * Where to begin on partitions, by time: what the group has committed, else the first record of
 * that time or later. librdkafka has only calls that wait for this: they are made on a thread.
 * Nobody waits for that thread but who ends the client, also on a thread.
 */
#ifndef WEIR_KAFKA_SOURCE_LOOKUP_H
#define WEIR_KAFKA_SOURCE_LOOKUP_H

#include <librdkafka/rdkafka.h>

#include "weir/port.h"

struct weir__kafka_lookup;

/*
 * Starts one; wakes the port when it is done. NULL: no memory, or no thread. Partitions with an
 * offset already keep it.
 */
struct weir__kafka_lookup *weir__kafka_lookup_start(const struct weir_env *env, weir_port *port,
						    rd_kafka_t *client, bool has_group,
						    const rd_kafka_topic_partition_list_t *list,
						    uint64_t time_ms);
/* The list with its offsets, yours; NULL: not yet. What troubles it meanwhile goes to the log. */
rd_kafka_topic_partition_list_t *weir__kafka_lookup_take(struct weir__kafka_lookup *lookup);
/* Frees one that was taken from. NULL is fine. */
void weir__kafka_lookup_free(struct weir__kafka_lookup *lookup);
/* Waits for nothing: it touches the port no more, but is in a call of the client's still. */
void weir__kafka_lookup_leave(struct weir__kafka_lookup *lookup);
/*
 * Waits until one that was left is out of that call, some seconds at most, and frees it: before the
 * client is ended (see weir__kafka_retire_with).
 */
void weir__kafka_lookup_end(void *lookup, rd_kafka_t *client);

#endif
