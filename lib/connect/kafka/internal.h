/* SPDX-License-Identifier: MIT */
/* What the files of the Kafka sink share. */
#ifndef WEIR_KAFKA_INTERNAL_H
#define WEIR_KAFKA_INTERNAL_H

#include <librdkafka/rdkafka.h>

#include "weir/kafka.h"

/* Of Kafka's rules for names of topics. */
#define WEIR__KAFKA_TOPIC_BYTES 249

/*
 * A producer's configuration: weir's defaults, then the brokers, then the properties in their
 * order. NULL with `err`, which names the property and shows no secret value.
 */
rd_kafka_conf_t *weir__kafka_conf_new(const struct weir_kafka_sink_options *options,
				      struct weir_error *err);

/* Makes one line of librdkafka's words: no control characters, no blanks at the end. */
void weir__kafka_one_line(char *text);

/* Whether Kafka allows a topic of that name; the error says which rule it breaks. Remedy SKIP. */
enum weir_status weir__kafka_check_topic(const char *topic, struct weir_error *err);

/* A delivery that failed, as an error. `topic` may be NULL; partition below zero: none. */
enum weir_status weir__kafka_error(struct weir_error *err, rd_kafka_resp_err_t code,
				   const char *topic, int32_t partition);
/* What the client said of itself, as an error, with the remedy of its code. */
enum weir_status weir__kafka_client_error(struct weir_error *err, rd_kafka_resp_err_t code,
					  const char *text);

#endif
