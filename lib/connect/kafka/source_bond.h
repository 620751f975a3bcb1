/* SPDX-License-Identifier: MIT */
/*
 * What a Kafka source and the sink that commits its offsets say to each other: exactly once. Each
 * side sets its own half and wakes the other. All zero: there is no such sink.
 */
#ifndef WEIR_KAFKA_SOURCE_BOND_H
#define WEIR_KAFKA_SOURCE_BOND_H

#include "weir/port.h"

struct weir__kafka_transaction;

struct weir__kafka_bond {
	bool is_bound;		/* for good: the source itself commits nothing */

	/* The sink's. */
	weir_port *sink;	/* NULL: it is not open */
	struct weir__kafka_transaction *transaction;	/* NULL: the same */
	bool is_gated;		/* nothing is to be emitted: a transaction is being ended */
	bool is_open;		/* a transaction may hold something of the source's */

	/* The source's. */
	bool wants_end;		/* of the transaction, now */
	bool must_abort;	/* the group waits no longer: until the partitions are given back, or
				 * the source is closed */
	bool has_lost;		/* a partition went, and what was under way of it with it */
};

#endif
