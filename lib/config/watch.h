/* SPDX-License-Identifier: MIT */
/*
 * What a check is told of while a pipeline is built: each part before it is added, as it was read.
 *
 * All is lent until the end, which comes only when nothing is wrong. Names of parts that are not
 * there are NULL. Below zero: out of memory.
 */
#ifndef WEIR_CONFIG_WATCH_H
#define WEIR_CONFIG_WATCH_H

#include "config/internal.h"
#include "weir/file.h"
#include "weir/kafka.h"
#include "weir/router.h"
#include "weir/sink.h"
#include "weir/spool.h"
#include "weir/twitter.h"
#include "weir/x.h"

union weir__source_options {
	size_t size;
	struct weir_twitter_source_options twitter;
	struct weir_x_source_options x;
	struct weir_kafka_source_options kafka;
	struct weir_file_source_options file;
};

union weir__sink_options {
	size_t size;
	struct weir_kafka_sink_options kafka;
	struct weir_file_sink_options file;
};

void weir__watch_pipeline(struct weir__watch *watch, const struct weir_pipeline_options *options);
enum weir_status weir__watch_source(struct weir__watch *watch, const char *name, const char *type,
				    const union weir__source_options *options,
				    struct weir_error *err);
enum weir_status weir__watch_spool(struct weir__watch *watch, const char *name,
				   const struct weir_spool_options *options, const char *from,
				   struct weir_error *err);
enum weir_status weir__watch_sink(struct weir__watch *watch, const char *name, const char *type,
				  const union weir__sink_options *options, const char *offsets_of,
				  struct weir_error *err);
void weir__watch_dedup(struct weir__watch *watch, const char *name,
		       const struct weir_dedup_options *options, const char *sources);
enum weir_status weir__watch_route(struct weir__watch *watch, const struct weir_route *route,
				   const char *from, const char *sink, struct weir_error *err);
enum weir_status weir__watch_dead_letters(struct weir__watch *watch, const char *sink,
					  const char *to, struct weir_error *err);
#endif
