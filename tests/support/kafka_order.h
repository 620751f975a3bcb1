/* SPDX-License-Identifier: MIT */
/*
 * Numbered messages under a few keys, and the look at what a topic has of them: whether all are
 * there, whether those of a key stand in their order, and how many are there more than once.
 */
#ifndef WEIR_TESTS_KAFKA_ORDER_H
#define WEIR_TESTS_KAFKA_ORDER_H

#include "support/kafka_rig.h"

#define KAFKA_ORDER_KEYS 7

/* Pushes {"n":N,…}, from `from` on, `count` of them, under the key of N modulo KAFKA_ORDER_KEYS. */
void kafka_order_push(struct kafka_rig *rig, unsigned from, unsigned count);

/*
 * Fails the test unless the topic has 0 … count-1, and those of a key in their order when only the
 * first copy of each is looked at. How many copies there are beyond the first.
 */
unsigned kafka_order_check(const struct kafka_rig *rig, const char *topic, int32_t partitions,
			   unsigned count);

#endif
