/* SPDX-License-Identifier: MIT */
/* What the files of the Kafka source share. */
#ifndef WEIR_KAFKA_SOURCE_H
#define WEIR_KAFKA_SOURCE_H

#include <librdkafka/rdkafka.h>

#include "connect/kafka/internal.h"
#include "connect/kafka/source_bond.h"
#include "connect/kafka/source_join.h"
#include "connect/kafka/source_lane.h"
#include "connect/kafka/source_lookup.h"
#include "weir/source.h"

enum weir__kafka_phase { WEIR__KAFKA_CALM = 0, WEIR__KAFKA_GIVEN, WEIR__KAFKA_TAKEN };

/* What the group asks for and was not answered yet: see source_group.c. */
struct weir__kafka_rebalance {
	enum weir__kafka_phase phase;
	rd_kafka_event_t *event;	/* NULL: the partitions are the application's */
	bool has_committed;		/* of those it takes, what is settled */
	uint64_t until_ms;		/* it waits for what is under way, so long at most */
	struct weir__kafka_lookup *lookup;	/* of those it gives; NULL: none is needed */
};

struct weir__kafka_source {
	const struct weir_env *env;
	rd_kafka_conf_t *conf;		/* each client is made from a copy */
	rd_kafka_topic_partition_list_t *topics, *partitions;	/* one of them is NULL */
	char *group;			/* something to commit to; NULL: none */
	struct weir__kafka_bond bond;
	enum weir_kafka_start start;
	uint64_t start_time_ms;
	bool until_end;
	bool place_headers;
	unsigned kind;
	uint64_t commit_ms;

	weir_port *port;
	int event_fd;
	rd_kafka_t *client;		/* NULL: none any more */
	struct weir__kafka_join *join;	/* the client's */
	rd_kafka_queue_t *events;	/* rebalances, errors, logs */
	rd_kafka_queue_t *records;	/* of all partitions */
	rd_kafka_queue_t *answers;	/* to commits */
	bool is_open;
	bool is_last;			/* the commit before the end was tried */
	bool was_given;			/* partitions, for the first time */
	uint64_t empty_ms;		/* at an end it has had none since then; 0: not yet */
	bool is_committing;
	uint64_t commit_due_ms;
	uint64_t waits_ms, tell_ms;	/* for its group, since when, and when to say so; 0: not */
	struct weir__kafka_rebalance rebalance;
	struct weir__kafka_lanes lanes;
	struct weir__kafka_retired *retired;
	struct weir__kafka_said said[WEIR__KAFKA_SAID];
	struct weir_header *headers;	/* of one record, made anew for each */
	size_t header_capacity;
};

/* ---- source_conf.c ---- */

/* Checks the options and fills what comes of them alone. */
enum weir_status weir__kafka_source_configure(struct weir__kafka_source *source,
					      const struct weir_kafka_source_options *options,
					      struct weir_error *err);

/* ---- source.c ---- */

/* The Kafka source that this is, when it has a group; else NULL. */
struct weir__kafka_source *weir__kafka_source_of(const weir_source *source);
/* Asks the sink that commits for it to do so now; there is none: nothing. */
void weir__kafka_source_want_end(struct weir__kafka_source *source);

/* ---- source_client.c ---- */

enum weir_status weir__kafka_consumer_new(struct weir__kafka_source *source,
					  struct weir_error *err);
/* Commits what is settled and leaves the group: in the background. Nothing is there: nothing. */
void weir__kafka_consumer_leave(struct weir__kafka_source *source);
/*
 * Who it is in its group now, yours; NULL: nobody, so that offsets it sends could be a stranger's.
 */
rd_kafka_consumer_group_metadata_t *
weir__kafka_consumer_member(const struct weir__kafka_source *source);
/* From now on the partition's records come into source->records. */
void weir__kafka_consumer_collect(const struct weir__kafka_source *source, const char *topic,
				  int32_t partition);

/* ---- source_group.c ---- */

/* Heeds the group and commits what is due. */
enum weir_status weir__kafka_group_turn(struct weir__kafka_source *source, uint64_t now_ms,
					struct weir_error *err);
/* Begins with these partitions, at once or when they are looked up. Borrows the list. */
enum weir_status weir__kafka_group_begin(struct weir__kafka_source *source,
					 const rd_kafka_topic_partition_list_t *list,
					 struct weir_error *err);
/* A lane is not ours any more, and what is under way of it another's to deliver. */
void weir__kafka_group_let_go(struct weir__kafka_source *source, struct weir__kafka_lane *lane);
/*
 * Gives the group its answer, when it waits for one, before the client is given up. The lookup that
 * was under way, and was left: yours to end; NULL: none.
 */
struct weir__kafka_lookup *weir__kafka_group_abandon(struct weir__kafka_source *source);

/* ---- source_commit.c ---- */

/* Whether a commit may be made now: none is under way, nor a join of the group. */
bool weir__kafka_may_commit(const struct weir__kafka_source *source);
/* Starts a commit of what is settled and not committed; nothing is: nothing. */
void weir__kafka_commit(struct weir__kafka_source *source, uint64_t now_ms);
/* Works off the answers to commits. */
enum weir_status weir__kafka_commit_turn(struct weir__kafka_source *source, uint64_t now_ms,
					 struct weir_error *err);

/* ---- source_event.c ---- */

/* An error or a line for the log. Takes the event. */
enum weir_status weir__kafka_source_event(struct weir__kafka_source *source,
					  rd_kafka_event_t *event, uint64_t now_ms,
					  struct weir_error *err);
/* A client's error: warns of it, not too often; below zero: it ends the pipeline. */
enum weir_status weir__kafka_source_trouble(struct weir__kafka_source *source,
					    rd_kafka_resp_err_t code, const char *text,
					    uint64_t now_ms, struct weir_error *err);

/* ---- source_read.c ---- */

/* Emits records while there is room. *ret_more: there may be more of both. */
enum weir_status weir__kafka_read(struct weir__kafka_source *source, weir_outlet *outlet,
				  uint64_t now_ms, bool *ret_more, struct weir_error *err);

#endif
