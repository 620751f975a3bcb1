/* SPDX-License-Identifier: MIT */
/* What the files of the Kafka sink share. */
#ifndef WEIR_KAFKA_INTERNAL_H
#define WEIR_KAFKA_INTERNAL_H

#include <librdkafka/rdkafka.h>

#include "connect/kafka/flight.h"
#include "connect/kafka/retired.h"
#include "connect/kafka/transaction.h"
#include "weir/kafka.h"
#include "weir/sink.h"

/* Of Kafka's rules for names of topics. */
#define WEIR__KAFKA_TOPIC_BYTES 249
/* Different warnings that are remembered, so as not to be said over and over. */
#define WEIR__KAFKA_SAID 8
/* Reports and events of one step. */
#define WEIR__KAFKA_MOST_REPORTS 5000
/* Reports that are looked at together. */
#define WEIR__KAFKA_AHEAD 16

/* Reports that were taken out of their event, to be worked off next. */
struct weir__kafka_ahead {
	const rd_kafka_message_t *reports[WEIR__KAFKA_AHEAD];
	size_t at, count;
};

/* A warning that was said, and when. */
struct weir__kafka_said {
	rd_kafka_resp_err_t code;
	uint64_t at_ms;
};

/* What a destination is to the engine: lives as long as the sink, whatever client there is. */
struct weir__kafka_topic {
	struct weir__kafka_topic *next;
	const char *name;		/* lent, until free */
	rd_kafka_topic_t *handle;	/* of the client there is; NULL: to be made */
};

/* How far it is with a client that takes the place of another: see client.c. */
struct weir__kafka_renewal {
	bool runs;			/* nothing is submitted */
	struct weir_error cause;
	uint64_t began_ms;		/* 0: with the next step */
	uint64_t made_ms;		/* when a client was last made, or tried to be */
	uint64_t times, again, twice;	/* since it was last said: clients, deliveries sent again,
					 * those of them that may be there already */
};

struct weir__kafka_sink {
	const struct weir_env *env;
	void (*on_outcome)(void *user, const weir_message *message,
			   const struct weir_kafka_outcome *outcome);
	void *user;
	char *topic;			/* NULL: none */
	rd_kafka_conf_t *conf;		/* each client is made from a copy */
	bool is_idempotent;
	bool lingers;			/* linger.ms is long */
	weir_port *port;
	int event_fd;
	rd_kafka_t *client;		/* NULL: being made anew, or closed */
	rd_kafka_queue_t *queue;
	rd_kafka_event_t *reports;	/* taken in part */
	struct weir__kafka_ahead ahead;
	struct weir__kafka_topic *topics;
	struct weir__kafka_flight flight;
	struct weir__kafka_renewal renewal;
	struct weir__kafka_transaction *transaction;	/* NULL: none are made */
	struct weir__kafka_retired *retired;
	struct weir__kafka_said said[WEIR__KAFKA_SAID];
	uint64_t settled;		/* reports so far */
	uint64_t quiet_settled, quiet_ms;	/* so many there were then … */
	bool was_waiting;			/* … and whether for more */
	uint64_t hurry_upto;		/* of settled: so many do not linger */
	bool closing;
};

/* ---- conf.c ---- */

/*
 * A producer's configuration: weir's defaults, then the brokers, then the properties in their
 * order. NULL with `err`, which names the property and shows no secret value.
 */
rd_kafka_conf_t *weir__kafka_conf_new(const struct weir_kafka_sink_options *options,
				      struct weir_error *err);
/* Whether a property is set to "true"; what a property that is a number is set to. */
bool weir__kafka_conf_is_true(const rd_kafka_conf_t *conf, const char *name);
uint64_t weir__kafka_conf_number(const rd_kafka_conf_t *conf, const char *name);

/* Makes one line of librdkafka's words: no control characters, no blanks at the end. */
void weir__kafka_one_line(char *text);

/* Whether Kafka allows a topic of that name; the error says which rule it breaks. Remedy SKIP. */
enum weir_status weir__kafka_check_topic(const char *topic, struct weir_error *err);

/* ---- error.c ---- */

/* A delivery that failed, as an error. `topic` may be NULL; partition below zero: none. */
enum weir_status weir__kafka_error(struct weir_error *err, rd_kafka_resp_err_t code,
				   const char *topic, int32_t partition);
/* What the client said of itself, as an error, with the remedy of its code. */
enum weir_status weir__kafka_client_error(struct weir_error *err, rd_kafka_resp_err_t code,
					  const char *text);

/* ---- report.c ---- */

/*
 * Works off what has come back, at most `most` reports and events; waits up to wait_ms for the
 * first. *ret_more: something may be left. Below zero: the client is of no more use.
 */
enum weir_status weir__kafka_serve(struct weir__kafka_sink *sink, size_t most, int wait_ms,
				   uint64_t now_ms, bool *ret_more, struct weir_error *err);
/* Lets go of reports that are taken in part: what is left of them is worked off no more. */
void weir__kafka_reports_drop(struct weir__kafka_sink *sink);
/* Settles what the client has not reported and never will: given back, or given up in a close. */
void weir__kafka_settle_rest(struct weir__kafka_sink *sink);
/* The client can go on no more. WEIR_OK: it is made anew · below zero: that would not help. */
enum weir_status weir__kafka_fatal(struct weir__kafka_sink *sink, struct weir_error *err);
/* Whether a warning of that code was said a short while ago; if not, it counts as said now. */
bool weir__kafka_was_said(struct weir__kafka_said *all, rd_kafka_resp_err_t code,
			  uint64_t now_ms);
/* A line that librdkafka says, for the log. */
void weir__kafka_log(const weir_port *port, rd_kafka_event_t *event);
/* Warns when messages are in flight and no report comes. When it is to look again. */
uint64_t weir__kafka_watch(struct weir__kafka_sink *sink, uint64_t now_ms);
/* librdkafka's callback for a broker that holds this client back; `opaque` is the sink. */
void weir__kafka_on_throttle(rd_kafka_t *client, const char *broker, int32_t broker_id,
			     int throttle_ms, void *opaque);

/* ---- client.c ---- */

enum weir_status weir__kafka_client_new(struct weir__kafka_sink *sink, struct weir_error *err);
/* NULL: librdkafka refuses the name, or is out of memory; rd_kafka_last_error says which. */
rd_kafka_topic_t *weir__kafka_topic_handle(const struct weir__kafka_sink *sink,
					   struct weir__kafka_topic *topic);
/* From now on nothing is submitted, until all came back and there is another client. */
void weir__kafka_recall(struct weir__kafka_sink *sink, const struct weir_error *cause);
/* A turn of that. When it wants the next; 0: it is through. */
uint64_t weir__kafka_renew(struct weir__kafka_sink *sink, uint64_t now_ms);
/* Gives up what is in flight, and the client with it, within a bounded time. */
void weir__kafka_client_close(struct weir__kafka_sink *sink);

#endif
