/* SPDX-License-Identifier: MIT */
/*
 * The list of what is in flight, in one array.
 *
 * Invariant: the places of deliveries form a ring through place 0, in the order of adding; all
 * others but 0 form the chain of the vacant. Callers: the sink's other files.
 */
#include "connect/kafka/flight.h"

#include "ground/env.h"

#define FIRST_CAPACITY 256

static uint32_t place_of(const weir_delivery *delivery)
{
	return (uint32_t)(uintptr_t)weir_delivery_user(delivery);
}

static bool grow(struct weir__kafka_flight *flight, const struct weir_env *env)
{
	const uint32_t old = flight->capacity;
	const uint32_t capacity = old ? 2 * old : FIRST_CAPACITY;
	struct weir__kafka_place *places = flight->places;

	if (capacity < old)
		return false;
	places = weir__resize(env, places, old * sizeof *places, capacity * sizeof *places);
	if (!places)
		return false;
	if (old == 0)
		places[0] = (struct weir__kafka_place){ .delivery = NULL };
	for (uint32_t i = old ? old : 1; i < capacity; i++)
		places[i] = (struct weir__kafka_place){ .next = i + 1 < capacity ? i + 1 : 0 };
	places[capacity - 1].next = flight->vacant;
	flight->vacant = old ? old : 1;
	flight->places = places;
	flight->capacity = capacity;
	return true;
}

bool weir__kafka_flight_reserve(struct weir__kafka_flight *flight, const struct weir_env *env,
				uint32_t count)
{
	while (flight->capacity <= count)
		if (!grow(flight, env))
			return false;
	return true;
}

bool weir__kafka_flight_add(struct weir__kafka_flight *flight, const struct weir_env *env,
			    weir_delivery *delivery)
{
	struct weir__kafka_place *places;
	uint32_t at;

	if (!flight->vacant && !grow(flight, env))
		return false;
	places = flight->places;
	at = flight->vacant;
	flight->vacant = places[at].next;
	places[at] = (struct weir__kafka_place){ .delivery = delivery, .prev = places[0].prev };
	places[places[0].prev].next = at;
	places[0].prev = at;
	flight->count++;
	weir_delivery_set_user(delivery, (void *)(uintptr_t)at);
	return true;
}

void weir__kafka_flight_remove(struct weir__kafka_flight *flight, const weir_delivery *delivery)
{
	struct weir__kafka_place *places = flight->places;
	const uint32_t at = place_of(delivery);

	places[places[at].prev].next = places[at].next;
	places[places[at].next].prev = places[at].prev;
	places[at] = (struct weir__kafka_place){ .next = flight->vacant };
	flight->vacant = at;
	flight->count--;
}

weir_delivery *weir__kafka_flight_first(const struct weir__kafka_flight *flight)
{
	return flight->count ? flight->places[flight->places[0].next].delivery : NULL;
}

weir_delivery *weir__kafka_flight_next(const struct weir__kafka_flight *flight,
				       const weir_delivery *delivery)
{
	return flight->places[flight->places[place_of(delivery)].next].delivery;
}

void weir__kafka_flight_release(struct weir__kafka_flight *flight, const struct weir_env *env)
{
	weir__free(env, flight->places, flight->capacity * sizeof *flight->places);
	*flight = (struct weir__kafka_flight){ .places = NULL };
}
