/* SPDX-License-Identifier: MIT */
/*
 * What is in flight: deliveries that were produced and not yet reported, in the order in which they
 * were. Adding and removing take constant time, and no memory once it has grown to its most.
 */
#ifndef WEIR_KAFKA_FLIGHT_H
#define WEIR_KAFKA_FLIGHT_H

#include "weir/sink.h"

struct weir__kafka_place {
	weir_delivery *delivery;
	uint32_t next, prev;
};

/* All zero: empty. */
struct weir__kafka_flight {
	struct weir__kafka_place *places;	/* place 0 is the ring's beginning and end */
	uint32_t capacity, count;
	uint32_t vacant;	/* the first of the places that are free; 0: none */
};

/* False when out of memory. A delivery in flight has its place as its user pointer. */
bool weir__kafka_flight_add(struct weir__kafka_flight *flight, const struct weir_env *env,
			    weir_delivery *delivery);
/* Room for so many at once; false when out of memory. */
bool weir__kafka_flight_reserve(struct weir__kafka_flight *flight, const struct weir_env *env,
				uint32_t count);
void weir__kafka_flight_remove(struct weir__kafka_flight *flight, const weir_delivery *delivery);
/* The one produced first, the one produced after that; NULL: none. */
weir_delivery *weir__kafka_flight_first(const struct weir__kafka_flight *flight);
weir_delivery *weir__kafka_flight_next(const struct weir__kafka_flight *flight,
				       const weir_delivery *delivery);
void weir__kafka_flight_release(struct weir__kafka_flight *flight, const struct weir_env *env);

#endif
