/* SPDX-License-Identifier: MIT */
/* What the checks of a Kafka sink and of a Kafka source share: a client, its complaints, topics. */
#ifndef WEIR_KAFKA_EXAMINE_H
#define WEIR_KAFKA_EXAMINE_H

#include <librdkafka/rdkafka.h>

#include "ground/env.h"
#include "weir/check.h"

#define WEIR__EXAMINE_MS 5000	/* for each question */
#define WEIR__EXAMINE_LOOK_MS 200

struct weir__kafka_examination {
	struct weir_env env;
	const char *role;	/* "sink" */
	const char *name;
	weir_check_fn *tell;
	void *user;
	rd_kafka_t *client;
	char reason[300];	/* the client's last, and most telling, complaint, */
	rd_kafka_resp_err_t code;	/* and its code */
	bool is_final;		/* no use in waiting */
	struct weir_error *err;
};

void weir__examine_tell(const struct weir__kafka_examination *of, enum weir_check what,
			const char *format, ...) WEIR_PRINTF(3, 4);

/* Takes `conf`. */
enum weir_status weir__examine_open(struct weir__kafka_examination *of, rd_kafka_type_t type,
				    rd_kafka_conf_t *conf);
void weir__examine_close(struct weir__kafka_examination *of);
/* What the client says of itself. That all brokers are down says less than what was said before. */
void weir__examine_note(struct weir__kafka_examination *of, rd_kafka_event_t *event);

/*
 * All topics, and the brokers, which are told: to ask for a topic by name may make it. NULL: there
 * is no answer, and that is told.
 */
const struct rd_kafka_metadata *weir__examine_brokers(struct weir__kafka_examination *of);
/* NULL: it is not there, or not to be used, and that is told. */
const struct rd_kafka_metadata_topic *
weir__examine_topic(const struct weir__kafka_examination *of,
		    const struct rd_kafka_metadata *metadata, const char *topic);
/* How many of its partitions have no leader; tells that, or how many there are. */
int weir__examine_leaders(const struct weir__kafka_examination *of,
			  const struct rd_kafka_metadata_topic *topic);

#endif
