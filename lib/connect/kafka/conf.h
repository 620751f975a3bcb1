/* SPDX-License-Identifier: MIT */
/* What the configuration of a librdkafka client is made from, be it a producer's or a consumer's. */
#ifndef WEIR_KAFKA_CONF_H
#define WEIR_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "weir/base.h"
#include "weir/error.h"

/* A property that would take away what a connector stands on. */
struct weir__kafka_refusal {
	const char *name;
	const char *allowed;	/* a value that does no harm; NULL: none */
	const char *reason;
};

/* Set in this order, the last counts: defaults, derived, brokers, properties. */
struct weir__kafka_wanted {
	const struct weir_property *defaults;
	size_t default_count;
	const struct weir_property *derived;	/* from what else was given */
	size_t derived_count;
	const char *brokers;
	const struct weir_property *properties;	/* the application's */
	size_t property_count;
	const struct weir__kafka_refusal *refusals;
	size_t refusal_count;
};

/* NULL with `err`, which names the property and shows no secret value. */
rd_kafka_conf_t *weir__kafka_conf_make(const struct weir__kafka_wanted *wanted,
				       struct weir_error *err);

#endif
