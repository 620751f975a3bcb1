/* SPDX-License-Identifier: MIT */
/*
 * Sinks that wait for each other's commit, for ever.
 *
 *     sink A ends ──waits for what sink B holds of A's source──► sink B ends ──…──► sink A
 *
 * Guarantee: what is found here is such a ring: each of its sinks is ending its transaction, which
 * needs all that its source has emitted, and the next holds some of that until its own commit. No
 * routes are looked at, for which of them two messages take only their fields may say. Called by
 * transaction.c.
 */
#include "connect/kafka/internal.h"
#include "connect/kafka/source.h"
#include "ground/error.h"

typedef struct weir__kafka_transaction txn;

/* Whose commit the source of this delivery waits for, when it is another than `at`; NULL: none. */
static txn *find_waiting(const txn *at, const weir_delivery *delivery)
{
	const struct weir__kafka_source *source =
		weir__kafka_source_of(weir_delivery_source(delivery));
	txn *of = source ? source->bond.transaction : NULL;

	return of && of != at && of->stage == WEIR__TXN_ENDING ? of : NULL;
}

/*
 * Whether what `at` holds keeps `first` waiting, also by way of others, which are marked with this
 * look's number; *ret_next: the one behind `at`.
 */
static bool leads_to(const txn *at, const txn *first, uint64_t look, const txn **ret_next)
{
	const weir_delivery *delivery = weir__kafka_flight_first(&at->held);

	if (at->held.count == at->held_of_source)
		return false;
	for (; delivery; delivery = weir__kafka_flight_next(&at->held, delivery)) {
		txn *next = find_waiting(at, delivery);
		const txn *ignored;

		if (!next || (next->seen_by == first && next->seen_look == look))
			continue;
		*ret_next = next;
		if (next == first)
			return true;
		next->seen_by = first;
		next->seen_look = look;
		if (leads_to(next, first, look, &ignored))
			return true;
	}
	return false;
}

static const char *name_of(const txn *transaction)
{
	return weir_port_name(transaction->source->bond.sink);
}

static const char *source_of(const txn *transaction)
{
	return weir_port_name(transaction->source->port);
}

enum weir_status weir__kafka_transaction_check_ring(struct weir__kafka_sink *sink,
						    struct weir_error *err)
{
	txn *transaction = sink->transaction;
	const txn *next = NULL;

	if (!leads_to(transaction, transaction, ++transaction->looks, &next))
		return WEIR_OK;
	return weir__error_invalid(err, "it and sink '%.20s' wait for each other's commit: it holds "
				   "messages of source '%.20s', and others some of its own, "
				   "'%.20s'; give each, by .from of its routes, its own source's "
				   "only, or read all with one source",
				   name_of(next), source_of(next), source_of(transaction));
}
