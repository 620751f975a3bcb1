/* SPDX-License-Identifier: MIT */
/*
 * A pipeline that keeps to itself what it fails with, until it is told in which words to say it.
 *
 * For whoever makes one of values that may be secrets: what an add says of them is for its maker
 * alone. Caller: config.
 */
#ifndef WEIR_ENGINE_WORDS_H
#define WEIR_ENGINE_WORDS_H

#include "weir/pipeline.h"

/* As weir_pipeline_new; holds its words from the beginning. */
weir_pipeline *weir__pipeline_new_held(const struct weir_pipeline_options *options);
/* A failure from here on is not logged. One that has failed has said it; NULL is fine. */
void weir__pipeline_hold(weir_pipeline *pipeline);
/*
 * The end of that: it has failed with `reason`, and it is logged. NULL: in its own words. Nothing
 * is said when it held none, or is well.
 */
void weir__pipeline_say(weir_pipeline *pipeline, const struct weir_error *reason);

#endif
