/* SPDX-License-Identifier: MIT */
/* Numbered messages, pushed and looked for. */
#include "support/kafka_order.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define MOST 1200

void kafka_order_push(struct kafka_rig *rig, unsigned from, unsigned count)
{
	for (unsigned n = from; n < from + count; n++) {
		char key[16], body[64];

		snprintf(key, sizeof key, "k%u", n % KAFKA_ORDER_KEYS);
		snprintf(body, sizeof body, "{\"n\":%u,\"fill\":\"xxxxxxxxxxxxxxxx\"}", n);
		ck_assert_int_eq(weir_push(rig->source,
					   WEIR_WITH(weir_message_init,
						     .body = { body, strlen(body) },
						     .key = { key, strlen(key) },
						     .position = { 0, n + 1 })),
				 WEIR_OK);
	}
}

unsigned kafka_order_check(const struct kafka_rig *rig, const char *topic, int32_t partitions,
			   unsigned count)
{
	static struct kafka_topic read;
	bool seen[MOST] = { false };
	unsigned next[KAFKA_ORDER_KEYS], copies = 0;

	ck_assert_uint_le(count, MOST);
	for (unsigned key = 0; key < KAFKA_ORDER_KEYS; key++)
		next[key] = key;
	kafka_topic_read(&read, &rig->cluster, topic, partitions);
	for (size_t i = 0; i < read.count; i++) {
		unsigned n, *want;

		ck_assert_int_eq(sscanf(read.messages[i]->payload, "{\"n\":%u", &n), 1);
		ck_assert_uint_lt(n, count);
		want = &next[n % KAFKA_ORDER_KEYS];
		if (seen[n]) {
			copies++;
			continue;
		}
		ck_assert_msg(n == *want, "of key %u came %u, and %u should have",
			      n % KAFKA_ORDER_KEYS, n, *want);
		seen[n] = true;
		*want += KAFKA_ORDER_KEYS;
	}
	for (unsigned n = 0; n < count; n++)
		ck_assert_msg(seen[n], "%u is not in the topic (of %zu records)", n, read.count);
	kafka_topic_release(&read);
	return copies;
}
