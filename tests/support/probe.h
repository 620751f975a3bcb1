/* SPDX-License-Identifier: MIT */
/* A source whose steps the test writes; all its calls are counted. */
#ifndef WEIR_TESTS_PROBE_H
#define WEIR_TESTS_PROBE_H

#include "weir.h"

#define PROBE_MOST 256

struct probe {
	enum weir_status (*step)(struct probe *probe, weir_outlet *outlet, struct weir_error *err);
	weir_port *port;
	weir_outlet *outlet;		/* of the last step; of no use outside of it */
	unsigned opens, steps, closes, frees;
	unsigned emitted, released;	/* for the test to count */
	enum weir_status fail_open;	/* answered by every open while it is below zero */
	enum weir_remedy remedy;
	int fd;				/* for the test's use */
	struct weir_position acks[PROBE_MOST];
	size_t ack_count;
};

weir_source *probe_add(weir_pipeline *pipeline, const char *name, struct probe *probe);

#endif
