/* SPDX-License-Identifier: MIT */
/* The accounting identity. */
#include "support/accounts.h"

#include <check.h>
#include <inttypes.h>

static void check_tally(const struct weir_tally *tally, const char *what)
{
	const uint64_t sum =
		tally->delivered + tally->dead_lettered + tally->dropped + tally->in_flight;

	ck_assert_msg(tally->received == sum,
		      "%s: received %" PRIu64 ", but %" PRIu64 " delivered, %" PRIu64
		      " dead-lettered, %" PRIu64 " dropped, %" PRIu64 " in flight",
		      what, tally->received, tally->delivered, tally->dead_lettered, tally->dropped,
		      tally->in_flight);
}

static void add(struct weir_tally *sum, const struct weir_tally *tally)
{
	sum->received += tally->received;
	sum->delivered += tally->delivered;
	sum->dead_lettered += tally->dead_lettered;
	sum->dropped += tally->dropped;
	sum->in_flight += tally->in_flight;
	sum->bytes += tally->bytes;
}

void check_accounts(const weir_pipeline *pipeline, const weir_source *source)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	struct weir_source_metrics of_source = WEIR_METRICS(weir_source_metrics);
	struct weir_tally sum = { 0 };
	uint64_t drops = 0;

	weir_pipeline_metrics(pipeline, &metrics);
	check_tally(&metrics.all, "pipeline");
	for (unsigned kind = 0; kind < WEIR_KIND_COUNT; kind++) {
		check_tally(&metrics.kinds[kind], weir_kind_name(1u << kind));
		add(&sum, &metrics.kinds[kind]);
	}
	ck_assert_uint_eq(sum.received, metrics.all.received);
	ck_assert_uint_eq(sum.delivered, metrics.all.delivered);
	ck_assert_uint_eq(sum.dead_lettered, metrics.all.dead_lettered);
	ck_assert_uint_eq(sum.dropped, metrics.all.dropped);
	ck_assert_uint_eq(sum.in_flight, metrics.all.in_flight);
	ck_assert_uint_eq(sum.bytes, metrics.all.bytes);
	for (size_t i = 0; i < WEIR_DROP_CAUSES; i++)
		drops += metrics.drops[i];
	ck_assert_uint_eq(drops, metrics.all.dropped);
	ck_assert(metrics.all.in_flight > 0 || metrics.in_flight_bytes == 0);
	weir_source_metrics(source, &of_source);
	check_tally(&of_source.all, "source");
}
