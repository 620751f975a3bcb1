/* SPDX-License-Identifier: MIT */
/* Runs a pipeline step by step on a fake clock; nothing is slept. */
#ifndef WEIR_TESTS_DRIVE_H
#define WEIR_TESTS_DRIVE_H

#include "support/fake_env.h"
#include "weir.h"

/*
 * Steps while there is work, moving the clock to the next deadline, until the pipeline has ended
 * or has nothing to do but wait for the outside, or `most_ms` of the fake clock are over. Checks
 * the accounting after every step, and fails the test when it takes more than `most_steps`.
 */
enum weir_status drive_for(weir_pipeline *pipeline, struct fake_env *fake, uint64_t most_ms,
			   size_t most_steps);
/* An hour and a hundred thousand steps. */
enum weir_status drive(weir_pipeline *pipeline, struct fake_env *fake);

/* The same on the system's clock, waiting as the pipeline asks, for so much real time at most. */
enum weir_status drive_real(weir_pipeline *pipeline, int most_ms);

/* Counts of the whole pipeline, a source, a sink. */
struct weir_metrics metrics_of(const weir_pipeline *pipeline);
struct weir_source_metrics source_metrics_of(const weir_source *source);
struct weir_sink_metrics sink_metrics_of(const weir_sink *sink);

#endif
