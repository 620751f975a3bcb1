/* SPDX-License-Identifier: MIT */
/* What the files of the Kafka sink share. */
#ifndef WEIR_KAFKA_INTERNAL_H
#define WEIR_KAFKA_INTERNAL_H

#include <librdkafka/rdkafka.h>

#include "weir/kafka.h"
#include "weir/sink.h"

/* Of Kafka's rules for names of topics. */
#define WEIR__KAFKA_TOPIC_BYTES 249
/* Different warnings that are remembered, so as not to be said over and over. */
#define WEIR__KAFKA_SAID 8

/* A warning that was said, and when. */
struct weir__kafka_said {
	rd_kafka_resp_err_t code;
	uint64_t at_ms;
};

struct weir__kafka_sink {
	const struct weir_env *env;
	void (*on_outcome)(void *user, const weir_message *message,
			   const struct weir_kafka_outcome *outcome);
	void *user;
	char *topic;		/* NULL: none */
	rd_kafka_conf_t *conf;	/* until open */
	weir_port *port;
	rd_kafka_t *client;
	rd_kafka_queue_t *queue;
	rd_kafka_event_t *reports;	/* taken in part */
	int event_fd;
	rd_kafka_topic_t **topics;
	size_t topic_count, topic_capacity;
	uint64_t in_flight;		/* produced, not yet reported */
	struct weir__kafka_said said[WEIR__KAFKA_SAID];
	bool hurries;		/* nothing new comes, and linger.ms is long */
	bool closing;
};

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

/*
 * Works off what has come back, at most `most` reports and events; waits up to wait_ms for the first.
 * *ret_more: something may be left. Below zero: the client is of no more use.
 */
enum weir_status weir__kafka_serve(struct weir__kafka_sink *sink, size_t most, int wait_ms,
				   uint64_t now_ms, bool *ret_more, struct weir_error *err);
/* The client's fatal error, with remedy STOP. */
enum weir_status weir__kafka_fatal(struct weir__kafka_sink *sink, struct weir_error *err);

#endif
