/* SPDX-License-Identifier: MIT */
/* Where Kafka's Java client puts a key: its murmur2 (org.apache.kafka.common.utils.Utils), unsigned. */
#ifndef WEIR_TESTS_JAVA_PARTITION_H
#define WEIR_TESTS_JAVA_PARTITION_H

#include <stdint.h>
#include <string.h>

static inline uint32_t java_partition(const char *key, uint32_t partitions)
{
	const uint8_t *at = (const uint8_t *)key;
	const uint32_t m = 0x5bd1e995;
	size_t len = strlen(key);
	uint32_t h = 0x9747b28cu ^ (uint32_t)len;

	for (; len >= 4; at += 4, len -= 4) {
		uint32_t k = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
			     (uint32_t)at[3] << 24;

		k *= m;
		h = h * m ^ (k ^ k >> 24) * m;
	}
	for (size_t i = len; i > 0; i--)
		h ^= (uint32_t)at[i - 1] << (8 * (i - 1));
	if (len > 0)
		h *= m;
	h = (h ^ h >> 13) * m;
	return ((h ^ h >> 15) & 0x7fffffff) % partitions;
}

#endif
