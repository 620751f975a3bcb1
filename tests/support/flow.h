/* SPDX-License-Identifier: MIT */
/*
 * A pipeline on fakes: a source that emits what it was given, a sink that does what it was told,
 * a scripted environment. Every step asserts the accounting identity.
 */
#ifndef WEIR_TESTS_FLOW_H
#define WEIR_TESTS_FLOW_H

#include "support/accounts.h"
#include "support/fake_env.h"

#define FLOW_MOST 256

/* Emits its items in order, as far as there is room. */
struct flow_source {
	struct weir_message_init items[FLOW_MOST];
	size_t count, next;
	bool stays;		/* does not end when the items are used up */
	enum weir_status fail;	/* answered by the next step, once; below zero */
	enum weir_remedy remedy;
	enum weir_status fail_open;	/* answered by the next open, once */
	weir_port *port;
	unsigned opens, steps, closes, frees;
	struct weir_position acks[FLOW_MOST];
	size_t ack_count;
};

/* What the sink answers to one submit. */
enum flow_answer {
	FLOW_DONE,	/* takes it, done at once */
	FLOW_HOLD,	/* takes it, settled by flow_sink_done or _fail */
	FLOW_FULL,	/* WEIR_AGAIN; wakes itself */
	FLOW_RETRY,	/* refuses it, remedy RETRY */
	FLOW_SKIP,
	FLOW_STOP
};

struct flow_sink {
	enum flow_answer answers[FLOW_MOST];	/* of the first submits; FLOW_DONE (or `then`) after */
	size_t answer_count, submits;
	enum flow_answer then;
	weir_delivery *held[FLOW_MOST];
	size_t held_count;
	char log[65536];	/* "TO KEY BODY\n" of every delivery that was taken */
	size_t log_len;
	char headers[16384];	/* "NAME=VALUE\n" of every header of every delivery taken */
	size_t headers_len;
	char prepared[4096];	/* destinations, one a line */
	enum weir_status fail_prepare;	/* for destinations that begin with "bad" */
	enum weir_remedy prepare_remedy;
	enum weir_status fail_step;
	weir_port *port;
	unsigned opens, flushes, closes, frees;
};

struct flow {
	struct fake_env fake;
	struct flow_source in;
	struct flow_sink out, dead;
	weir_pipeline *pipeline;
	weir_source *source;
	weir_sink *sink, *dead_sink;
};

/* A pipeline with source "in" and sinks "out" and "dead"; options may be NULL. No routes yet. */
void flow_begin(struct flow *flow, const struct weir_pipeline_options *options);
/* The same with an allocation that fails, that of this number. */
void flow_begin_failing(struct flow *flow, const struct weir_pipeline_options *options,
			size_t fail_at);
/* Frees the pipeline; checks that nothing is left behind. */
void flow_end(struct flow *flow);

/* More sources and sinks of the same kind, all zero but for what the test set. */
weir_source *flow_source_add(struct flow *flow, const char *name, struct flow_source *source);
weir_sink *flow_sink_add(struct flow *flow, const char *name, struct flow_sink *sink);

/* Adds one item of this kind (0: told by looking at it) to a source; `text` is lent. */
void flow_feed_to(struct flow_source *source, unsigned kind, const char *text);
/* Adds one item; `text` is lent. Positions count from 1 on lane 0. */
void flow_feed(struct flow *flow, const char *text);
/* One step, and the identity. */
enum weir_status flow_step(struct flow *flow);
/*
 * Steps, moving the clock as the pipeline asks, until it has ended or waits for ever. Fails the
 * test after 10,000 steps: it spins.
 */
enum weir_status flow_run(struct flow *flow);

void flow_sink_done(struct flow_sink *sink, size_t held);
void flow_sink_fail(struct flow_sink *sink, size_t held, enum weir_remedy remedy);

struct weir_metrics flow_metrics(const struct flow *flow);

#endif
