/* SPDX-License-Identifier: MIT */
/*
 * Whether the client is just joining its group.
 *
 * A broker answers a connection's requests one after another, and a join only when all members have
 * come: a commit sent behind it is answered after it, as one of a generation that is over, and
 * librdkafka 2.0 then takes the whole assignment for lost. So none is made meanwhile.
 */
#ifndef WEIR_KAFKA_SOURCE_JOIN_H
#define WEIR_KAFKA_SOURCE_JOIN_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>

struct weir__kafka_join {
	atomic_bool runs;
};

/* The client that is made from this tells `join`, which must live until the client is gone. */
void weir__kafka_join_watch(struct weir__kafka_join *join, rd_kafka_conf_t *conf);

#endif
