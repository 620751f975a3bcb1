/* SPDX-License-Identifier: MIT */
/*
 * A pipeline from numbered messages into the real cluster, turned by the test: after every turn the
 * accounts must be even. The log goes to standard error.
 */
#ifndef WEIR_TESTS_KAFKA_WIRE_H
#define WEIR_TESTS_KAFKA_WIRE_H

#include "kafka/cluster.h"
#include "kafka/numbered.h"
#include "weir.h"

#define WIRE_PARTITIONS 6

struct wire {
	struct numbered numbered;	/* set it before wire_start */
	const char *spool_dir;		/* as that; NULL: no spool in between */
	weir_spool *spool;
	const char *topic;
	weir_pipeline *pipeline;
	weir_source *source;
	weir_sink *sink;
	enum weir_status status;	/* of the last step */
	uint64_t turns;

	/* The longest time in which nothing was settled though something was under way. */
	uint64_t stall_ms;
	uint64_t moved_ms;	/* when something was settled last, or nothing was under way */
	uint64_t moved_to;
};

/* Makes the topic (replication 3, min.insync.replicas 2) and the pipeline, with every default. */
void wire_start(struct wire *wire, const char *topic);
/* Waits until there is something to do, at most so long, and does it. */
void wire_turn(struct wire *wire, int most_ms);
/* Allows the source to emit up to this number. */
void wire_allow(struct wire *wire, uint64_t number);
/* Turns until the pipeline has ended: fails the test unless it ends well. */
void wire_finish(struct wire *wire, uint64_t most_ms);
/* Reads all back, prints the verdict behind `what`, and fails the test unless it is all there. */
void wire_judge(const struct wire *wire, const char *what);
void wire_free(struct wire *wire);

#endif
