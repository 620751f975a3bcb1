/* SPDX-License-Identifier: MIT */
/* A sink that writes down what it gets, and holds it back when told to. */
#ifndef WEIR_TESTS_RECORDER_H
#define WEIR_TESTS_RECORDER_H

#include "weir/message.h"
#include "weir/sink.h"

struct record {
	unsigned kind;
	size_t len;
	char *body;		/* terminated */
};

struct recorder {
	struct record *records;	/* in the order of arrival */
	size_t count;
	size_t size;

	bool holds;		/* takes deliveries, but does not settle them until released */
	weir_delivery **held;
	size_t held_count;
	weir_port *port;
};

/* Adds it under this name. The recorder must outlive the pipeline. */
weir_sink *recorder_add(struct recorder *recorder, weir_pipeline *pipeline, const char *name);
/* Settles what is held, at the sink's next step. */
void recorder_let_go(struct recorder *recorder);
void recorder_release(struct recorder *recorder);

/* The bodies of these kinds, one a line. Yours: free it. */
char *recorder_text(const struct recorder *recorder, unsigned kinds);
size_t recorder_count(const struct recorder *recorder, unsigned kinds);

#endif
